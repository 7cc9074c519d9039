//! The core: from key to thing, thread-safe, each thing built once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use super::flight::Flight;
use super::statistics::{Counters, Statistics, add};

/// What a cacher can hold.
pub trait Cached: Send + Sync + 'static {
    /// What it occupies, mostly in the device's memory.
    fn bytes(&self) -> u64;

    /// Whether a part of it that others share is used elsewhere, so that dropping it would free nothing yet. That somebody holds
    /// the thing itself, the cacher knows.
    fn in_use(&self) -> bool {
        false
    }
}

/// Things by key. Keys are compared in full, so two keys of the same hash are two things.
///
/// A hit takes a shared lock and allocates nothing. Builds run outside every lock: requests for other keys go on meanwhile,
/// and requests for the same key wait for that one build. A build may ask for other keys, but not for one whose build waits for it.
pub struct Cacher<K, V> {
    name: &'static str,
    slots: RwLock<HashMap<K, Slot<V>>>,
    counters: Counters,
}

enum Slot<V> {
    Ready(Entry<V>),
    Building(Arc<Flight>),
}

struct Entry<V> {
    thing: Arc<V>,
    bytes: u64,
    /// The tick of [`CLOCK`] at which it was last asked for.
    last_used: AtomicU64,
}

/// Orders uses, across all cachers so that they can be compared.
static CLOCK: AtomicU64 = AtomicU64::new(0);

fn tick() -> u64 {
    CLOCK.fetch_add(1, Relaxed)
}

/// Who builds a key.
enum Claim<'a, K: Eq + Hash, V> {
    Nobody(Arc<V>),
    Another(Arc<Flight>),
    Mine(Build<'a, K, V>),
}

impl<K: Eq + Hash + Clone, V: Cached> Cacher<K, V> {
    /// An empty cacher. The name is for messages.
    pub fn new(name: &'static str) -> Self {
        Self { name, slots: RwLock::default(), counters: Counters::default() }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What is there under this key, if it is.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        match self.read().get(key)? {
            Slot::Building(_) => None,
            Slot::Ready(entry) => {
                entry.last_used.store(tick(), Relaxed);
                add(&self.counters.hits, 1);
                Some(entry.thing.clone())
            }
        }
    }

    /// What is there under this key, or what `build` makes. While another thread builds the same, this waits for it; when that
    /// fails, one of those who waited builds.
    ///
    /// # Errors
    /// What `build` fails with. Nothing is kept of a failure.
    ///
    /// # Panics
    /// When a build asks for the key that it builds, or for one whose build waits for it on another thread: it would wait for itself.
    pub fn get_or_build<E>(&self, key: &K, build: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        loop {
            if let Some(thing) = self.get(key) {
                return Ok(thing);
            }
            match self.claim(key) {
                Claim::Nobody(thing) => return Ok(thing),
                Claim::Another(flight) => {
                    add(&self.counters.joins, 1);
                    assert!(flight.wait(), "a build of the cacher `{}` asks for the key that it builds", self.name);
                }
                Claim::Mine(mine) => {
                    add(&self.counters.misses, 1);
                    let start = Instant::now();
                    let built = build();
                    add(&self.counters.build_nanoseconds, start.elapsed().as_nanos() as u64);
                    return built.map(|thing| mine.finish(thing));
                }
            }
        }
    }

    /// Lets go of what nobody uses, least recently used first, until this many bytes are free or nothing is left. Returns how
    /// many bytes left.
    pub fn evict(&self, bytes: u64) -> u64 {
        let mut idle = self.idle();
        idle.sort_unstable_by_key(|&(last_used, _)| last_used);
        let mut freed = 0;
        for (last_used, key) in idle {
            if freed >= bytes {
                break;
            }
            freed += self.remove_idle(&key, last_used);
        }
        freed
    }

    /// What it has done so far.
    pub fn statistics(&self) -> Statistics {
        self.counters.read()
    }

    /// When the idle entry that has not been used for longest was used.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.idle().into_iter().map(|(last_used, _)| last_used).min()
    }

    /// The keys of what nobody uses, and when each was last used.
    fn idle(&self) -> Vec<(u64, K)> {
        let slots = self.read();
        let idle = slots.iter().filter_map(|(key, slot)| match slot {
            Slot::Ready(entry) if entry.is_idle() => Some((entry.last_used.load(Relaxed), key.clone())),
            _ => None,
        });
        idle.collect()
    }

    /// Removes an entry unless it has been used since, and returns its bytes.
    fn remove_idle(&self, key: &K, last_used: u64) -> u64 {
        let mut slots = self.write();
        let still = |slot: &Slot<V>| match slot {
            Slot::Ready(entry) => entry.is_idle() && entry.last_used.load(Relaxed) == last_used,
            Slot::Building(_) => false,
        };
        if !slots.get(key).is_some_and(still) {
            return 0;
        }
        let Some(Slot::Ready(entry)) = slots.remove(key) else { return 0 };
        // What it holds is freed outside the lock: that may take long.
        drop(slots);
        add(&self.counters.evictions, 1);
        self.counters.entries.fetch_sub(1, Relaxed);
        self.counters.bytes.fetch_sub(entry.bytes, Relaxed);
        entry.bytes
    }

    fn claim(&self, key: &K) -> Claim<'_, K, V> {
        let mut slots = self.write();
        match slots.get(key) {
            Some(Slot::Ready(entry)) => {
                add(&self.counters.hits, 1);
                Claim::Nobody(entry.thing.clone())
            }
            Some(Slot::Building(flight)) => Claim::Another(flight.clone()),
            None => {
                let flight = Arc::new(Flight::new());
                slots.insert(key.clone(), Slot::Building(flight.clone()));
                Claim::Mine(Build { cacher: self, key: key.clone(), flight, thing: None })
            }
        }
    }
}

impl<K: Eq + Hash, V> Cacher<K, V> {
    // No code that can panic runs while a lock is held, other than that of keys; a poisoned lock hides nothing.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, Slot<V>>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, Slot<V>>> {
        self.slots.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Cached> Entry<V> {
    /// Whether nobody but the cacher has it. Who wants it needs the cacher's lock.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.thing) == 1 && !self.thing.in_use()
    }
}

/// The right to build a key. Dropped without a thing, by an error or a panic, it leaves the key to the next.
struct Build<'a, K: Eq + Hash, V> {
    cacher: &'a Cacher<K, V>,
    key: K,
    flight: Arc<Flight>,
    thing: Option<(Arc<V>, u64)>,
}

impl<K: Eq + Hash, V: Cached> Build<'_, K, V> {
    fn finish(mut self, thing: V) -> Arc<V> {
        let bytes = thing.bytes();
        let thing = Arc::new(thing);
        self.thing = Some((thing.clone(), bytes));
        thing
    }
}

impl<K: Eq + Hash, V> Drop for Build<'_, K, V> {
    fn drop(&mut self) {
        let counters = &self.cacher.counters;
        let mut slots = self.cacher.write();
        match self.thing.take() {
            Some((thing, bytes)) => {
                let slot = slots.get_mut(&self.key).expect("nobody but its builder removes a key that is being built");
                *slot = Slot::Ready(Entry { thing, bytes, last_used: AtomicU64::new(tick()) });
                add(&counters.entries, 1);
                add(&counters.bytes, bytes);
            }
            None => {
                slots.remove(&self.key);
                add(&counters.failures, 1);
            }
        }
        drop(slots);
        self.flight.land();
    }
}
