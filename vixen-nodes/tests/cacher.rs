//! The core of cachers: one key, one thing, whoever asks and how many.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use vixen::ash::vk;
use vixen::memory::{Buffer, BufferDesc, Category};
use vixen::testing::{CountingAllocator, counted, serial};
use vixen::{Device, DeviceOptions};
use vixen_nodes::cacher::{Cached, Cacher, Workers, evict_on_warning};

/// Something of this many bytes.
#[derive(Debug, PartialEq)]
struct Thing(u64);

impl Cached for Thing {
    fn bytes(&self) -> u64 {
        self.0
    }
}

fn made(bytes: u64) -> Result<Thing, String> {
    Ok(Thing(bytes))
}

fn refused() -> Result<Thing, String> {
    Err("no".to_owned())
}

#[test]
fn keys_of_one_hash_are_two_keys() {
    #[derive(Clone, PartialEq, Eq)]
    struct Key(u32);
    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            0.hash(state);
        }
    }
    let cacher = Cacher::new("things");
    for number in 0..100 {
        cacher.get_or_build(&Key(number), || made(number.into())).expect("it is made");
    }
    for number in 0..100 {
        assert_eq!(cacher.get(&Key(number)).as_deref(), Some(&Thing(number.into())));
    }
}

#[test]
fn many_who_ask_at_once_get_the_same() {
    let cacher = Cacher::new("things");
    let (builds, start) = (AtomicU32::new(0), Barrier::new(16));
    let things: Vec<Arc<Thing>> = thread::scope(|scope| {
        let ask = |_| {
            scope.spawn(|| {
                start.wait();
                let build = || {
                    builds.fetch_add(1, SeqCst);
                    // Long enough for everybody to have asked.
                    thread::sleep(std::time::Duration::from_millis(30));
                    made(5)
                };
                cacher.get_or_build(&1, build).expect("it is made")
            })
        };
        let threads: Vec<_> = (0..16).map(ask).collect();
        threads.into_iter().map(|thread| thread.join().expect("nobody panics")).collect()
    });
    assert_eq!(builds.load(SeqCst), 1);
    assert!(things.iter().all(|thing| Arc::ptr_eq(thing, &things[0])));
    let statistics = cacher.statistics();
    assert_eq!((statistics.misses, statistics.hits, statistics.entries, statistics.bytes), (1, 15, 1, 5));
    assert!(statistics.build_time.as_millis() >= 30);
}

#[test]
fn a_build_keeps_nobody_else_waiting() {
    let cacher = Cacher::new("things");
    let inner = cacher.get_or_build(&1, || {
        // Another thread, another key, while this one is being built; and this build needs a third.
        thread::scope(|scope| scope.spawn(|| cacher.get_or_build(&2, || made(2))).join().expect("no panic"))?;
        let third = cacher.get_or_build(&3, || made(30))?;
        assert_eq!(cacher.get(&1), None, "it is not there yet");
        made(third.0 + 1)
    });
    assert_eq!(inner.as_deref(), Ok(&Thing(31)));
    assert_eq!(cacher.statistics().entries, 3);
}

#[test]
fn who_waited_for_a_failure_builds() {
    for panics in [false, true] {
        let cacher = Cacher::new("things");
        let (begun, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let cacher = &cacher;
            let first = scope.spawn(move || {
                cacher.get_or_build(&1, || {
                    begun.send(()).expect("somebody listens");
                    may_go.recv().expect("somebody tells");
                    assert!(!panics, "a build that panics");
                    refused()
                })
            });
            has_begun.recv().expect("the first build begins");
            let second = scope.spawn(|| cacher.get_or_build(&1, || made(8)));
            while cacher.statistics().joins == 0 {
                thread::yield_now();
            }
            go.send(()).expect("the first build waits");
            assert_eq!(first.join().is_err(), panics);
            assert_eq!(second.join().expect("no panic").as_deref(), Ok(&Thing(8)));
        });
        let statistics = cacher.statistics();
        assert_eq!((statistics.failures, statistics.misses, statistics.entries), (1, 2, 1));
    }
}

#[test]
#[should_panic(expected = "asks for the key that it builds")]
fn a_build_that_waits_for_itself_is_told() {
    let cacher = Cacher::new("things");
    let _ = cacher.get_or_build(&1, || cacher.get_or_build(&1, || made(1)).map(|_| Thing(1)));
}

/// Two threads build two keys, and each asks for the other one's.
#[test]
fn builds_that_wait_for_each_other_are_told() {
    let (cacher, barrier) = (Cacher::new("things"), Barrier::new(2));
    let build = |key: u64| {
        cacher.get_or_build(&key, || {
            barrier.wait();
            cacher.get_or_build(&(1 - key), || made(5)).map(|other| Thing(other.0 + 1))
        })
    };
    thread::scope(|scope| {
        let both = [0, 1].map(|key| scope.spawn(move || build(key)));
        let ended = both.map(|thread| thread.join().map(|thing| thing.expect("nothing is refused").0));
        // The one that closed the ring is told; the other one then builds both.
        assert_eq!(ended.iter().filter(|ended| ended.is_err()).count(), 1);
        assert_eq!(ended.iter().flatten().collect::<Vec<_>>(), [&6]);
    });
    assert_eq!(cacher.statistics().entries, 2);
}

#[test]
fn the_last_to_hold_workers_may_be_one_of_them() {
    let workers = Arc::new(Workers::new(2));
    let (held, (go, may_go)) = (workers.clone(), mpsc::channel::<()>());
    let request = workers.request(move || {
        may_go.recv().expect("somebody tells");
        drop(held);
        made(1).map(Arc::new)
    });
    drop(workers);
    go.send(()).expect("the build waits");
    assert_eq!(request.wait().expect("it had begun").as_deref(), Ok(&Thing(1)));
}

#[test]
fn what_was_not_used_for_longest_leaves_first() {
    let cacher = Cacher::new("things");
    for key in 0..5 {
        cacher.get_or_build(&key, || made(10)).expect("it is made");
    }
    let held = cacher.get(&1).expect("it is there");
    cacher.get(&0).expect("it is there");
    // Least recently used first: 1 (but it is held), 2, 3, 4, 0.
    assert_eq!(cacher.evict(15), 20);
    assert_eq!([0, 1, 2, 3, 4].map(|key| cacher.get(&key).is_some()), [true, true, false, false, true]);
    assert_eq!(cacher.evict(u64::MAX), 20);
    drop(held);
    assert_eq!((cacher.evict(1), cacher.evict(1)), (10, 0));
    let statistics = cacher.statistics();
    assert_eq!((statistics.evictions, statistics.entries, statistics.bytes), (5, 0, 0));
}

#[test]
fn workers_build_while_others_go_on() {
    let (cacher, workers) = (Arc::new(Cacher::new("things")), Workers::new(2));
    let (go, may_go) = mpsc::channel::<()>();
    let slow = cacher.request(&workers, 1, move || {
        may_go.recv().expect("somebody tells");
        made(1)
    });
    let failing = cacher.request(&workers, 2, refused);
    assert_eq!(failing.wait(), Some(Err("no".to_owned())));
    assert!(slow.poll().is_none() && cacher.get(&1).is_none(), "it is still being built");
    go.send(()).expect("the build waits");
    assert_eq!(slow.wait().expect("the workers live").as_deref(), Ok(&Thing(1)));
    let there = cacher.request(&workers, 1, refused);
    assert_eq!(there.poll().expect("it is there").as_deref(), Ok(&Thing(1)));
    assert_eq!(there.poll(), None, "it was handed out");
    let panics = cacher.request(&workers, 3, || -> Result<Thing, String> { panic!("a build that panics") });
    assert!(thread::spawn(|| panics.wait()).join().is_err(), "who asked is told");
    assert_eq!(cacher.request(&workers, 3, || made(3)).wait().expect("the workers live").as_deref(), Ok(&Thing(3)));
}

struct Memory(Buffer);

impl Cached for Memory {
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }
}

#[test]
fn entries_leave_when_the_budget_warns() {
    serial();
    let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
    const MIB: u64 = 1 << 20;
    let budget = device.budget();
    let (meshes, scenes) = (Arc::new(Cacher::new("meshes")), Arc::new(Cacher::new("scenes")));
    evict_on_warning(budget, [meshes.evictable(), scenes.evictable()]);
    budget.set_warning(16 * MIB);
    let build = || {
        let desc = BufferDesc::new("thing", MIB, vk::BufferUsageFlags::STORAGE_BUFFER);
        budget.buffer(&desc, Category::Cacher).map(Memory)
    };
    for key in 0..7 {
        meshes.get_or_build(&key, build).expect("there is room");
        scenes.get_or_build(&key, build).expect("there is room");
    }
    assert_eq!((budget.usage().in_use, budget.usage().warnings), (14 * MIB, 0));
    let held = meshes.get(&0).expect("it is there");
    scenes.get_or_build(&7, build).expect("there is room");
    assert_eq!(scenes.statistics().evictions, 0, "the mark is not reached");
    scenes.get_or_build(&8, build).expect("there is room");
    // At 16 MiB, one eighth of the mark leaves: the two that nobody used for longest, of all cachers.
    assert_eq!((budget.usage().in_use, budget.usage().warnings), (14 * MIB, 1));
    assert_eq!((meshes.statistics().evictions, scenes.statistics().evictions), (1, 1));
    assert!(meshes.get(&1).is_none() && scenes.get(&0).is_none() && scenes.get(&8).is_some());
    for key in 100..200 {
        scenes.get_or_build(&key, build).expect("there is always room");
        assert!(budget.usage().in_use <= 16 * MIB);
    }
    assert!(meshes.get(&0).is_some_and(|thing| Arc::ptr_eq(&thing, &held)), "what is used stays");
    drop((held, meshes, scenes));
    assert_eq!(budget.usage().in_use, 0, "the listener keeps no cacher alive");
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn a_hit_allocates_nothing() {
    let cacher = Cacher::new("things");
    let key = "a key that owns memory".to_owned();
    cacher.get_or_build(&key, || made(1)).expect("it is made");
    let ((), allocations) = counted(|| {
        for _ in 0..1000 {
            cacher.get(&key).expect("it is there");
            cacher.get_or_build(&key, refused).expect("it is there");
        }
    });
    assert_eq!(allocations, 0);
    assert_eq!(counted(|| key.clone()).1, 1, "allocations are counted");
}
