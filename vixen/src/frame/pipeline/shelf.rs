//! Things that are made once for each key and shared.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a kind of shared object has been asked for, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// How often one was there already.
    pub hits: u64,
    /// How often one had to be made.
    pub misses: u64,
    /// How many there are.
    pub entries: u64,
    /// The time that making them took, all threads together.
    pub build_time: Duration,
}

/// Things by key, which are compared in full. Whoever asks for what another thread is making waits for it; other keys go on.
pub(crate) struct Shelf<K, V> {
    slots: Mutex<HashMap<K, Slot<V>>>,
    hits: AtomicU64,
    misses: AtomicU64,
    nanoseconds: AtomicU64,
}

/// Empty before it is made for the first time, and where that failed. Locked while it is being made.
type Slot<V> = Arc<Mutex<Option<Arc<V>>>>;

impl<K: Eq + Hash, V> Shelf<K, V> {
    pub fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Self { slots: Mutex::default(), hits: zero(), misses: zero(), nanoseconds: zero() }
    }

    /// What is there under a key, or what `make` makes. Nothing is kept of a failure.
    pub fn get_or_make<E>(&self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        let slot = Arc::clone(lock(&self.slots).entry(key).or_default());
        let mut thing = lock(&slot);
        if let Some(thing) = &*thing {
            self.hits.fetch_add(1, Relaxed);
            return Ok(Arc::clone(thing));
        }
        self.misses.fetch_add(1, Relaxed);
        let start = Instant::now();
        let made = make().map(Arc::new);
        self.nanoseconds.fetch_add(start.elapsed().as_nanos() as u64, Relaxed);
        let made = made?;
        *thing = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Lets go of what nobody has but the shelf, and returns how many that were.
    pub fn forget_unused(&self) -> u64 {
        let mut slots = lock(&self.slots);
        let mut forgotten = 0;
        slots.retain(|_, slot| {
            // Who holds the slot is about to have the thing.
            Arc::strong_count(slot) > 1
                || lock(slot).as_ref().is_some_and(|thing| {
                    let used = Arc::strong_count(thing) > 1;
                    forgotten += u64::from(!used);
                    used
                })
        });
        forgotten
    }

    pub fn statistics(&self) -> Sharing {
        let slots = lock(&self.slots);
        // One that is locked is being made.
        let is_there = |slot: &&Slot<V>| slot.try_lock().is_ok_and(|thing| thing.is_some());
        Sharing {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            entries: slots.values().filter(is_there).count() as u64,
            build_time: Duration::from_nanos(self.nanoseconds.load(Relaxed)),
        }
    }
}

/// A panic while something was made leaves its slot empty, which is what it was before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_ask_at_once_get_the_same_thing_made_once() {
        let shelf = Shelf::<u32, u32>::new();
        let made = AtomicU64::new(0);
        let get = |key: u32| {
            shelf.get_or_make(key, || {
                made.fetch_add(1, Relaxed);
                std::thread::yield_now();
                Ok::<_, ()>(key * 10)
            })
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|key| assert_eq!(get(key).as_deref(), Ok(&(key * 10)))));
            }
        });
        assert_eq!(made.load(Relaxed), 100);
        let Sharing { hits, misses, entries, .. } = shelf.statistics();
        assert_eq!((hits, misses, entries), (700, 100, 100));
    }

    #[test]
    fn what_is_used_stays_and_a_failure_leaves_nothing() {
        let shelf = Shelf::<&str, u32>::new();
        let kept = shelf.get_or_make("kept", || Ok::<_, ()>(1)).expect("it is made");
        drop(shelf.get_or_make("dropped", || Ok::<_, ()>(2)));
        assert_eq!(shelf.get_or_make("failed", || Err("why")), Err("why"));
        assert_eq!(shelf.statistics().entries, 2);
        assert_eq!(shelf.forget_unused(), 1);
        assert_eq!(shelf.statistics().entries, 1);
        let again = shelf.get_or_make("kept", || Ok::<_, ()>(3)).expect("it is there");
        assert!(Arc::ptr_eq(&kept, &again));
        assert_eq!(shelf.get_or_make("failed", || Ok::<_, ()>(4)).as_deref(), Ok(&4));
    }
}
