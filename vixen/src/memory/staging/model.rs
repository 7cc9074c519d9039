//! A model check of the pool: every interleaving of a few threads, each step of which is what the pool does under its lock or
//! between two locks, with allocations that succeed and fail. Waiters sleep until somebody notifies them: a notification that
//! the pool forgets is a deadlock here (the real pool also looks again by itself, which would only hide it).

use std::collections::HashSet;

use super::tiers::{Step, TIERS, Tiers};

/// One thing that a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Act {
    /// Borrows a block of a tier and gives it back.
    Borrow(usize),
    /// Destroys idle blocks.
    Trim,
    /// Destroys surplus blocks.
    Adapt,
    /// Makes a block in advance.
    Add(usize),
}

/// Where in its act a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Start,
    /// Has decided, and is to look again.
    Retry,
    /// Making a block for which quota was reserved.
    Making,
    /// Could not make it, and has given the quota back.
    Failed,
    /// Has made a block in advance.
    Made(Block),
    /// Has taken a block out, to destroy it.
    Destroying(Block),
    /// Has destroyed a block, and is to tell.
    Destroyed,
    Asleep,
    Holding(usize, Block),
    /// Is to tell everyone before it goes on.
    Telling,
}

/// A block: which one, and its tier.
type Block = (u32, usize);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    tiers: Tiers<Block>,
    quota: u64,
    next: u32,
    threads: Vec<(Vec<Act>, usize, At)>,
}

impl World {
    /// The worlds that one step of a thread leads to; none if it sleeps or has finished.
    fn steps(&self, thread: usize, may_fail: bool) -> Vec<Self> {
        let (acts, act, at) = &self.threads[thread];
        let Some(&act) = acts.get(*act) else { return Vec::new() };
        let mut world = self.clone();
        match (act, *at) {
            (_, At::Asleep) => return Vec::new(),
            (Act::Borrow(asked), At::Start | At::Retry) => {
                if *at == At::Start {
                    world.tiers.want(asked);
                }
                let left = &mut world.quota;
                let step =
                    world.tiers.step(asked, |bytes| left.checked_sub(bytes).map(|after| *left = after).ok_or(()));
                let at = match step {
                    Step::Take(tier, block) => {
                        assert_eq!(block.1, tier, "a block is in the list of its tier");
                        assert!(tier >= asked, "a block is large enough");
                        At::Holding(tier, block)
                    }
                    Step::Make(()) => At::Making,
                    Step::Evict(block) => At::Destroying(block),
                    Step::Exhausted(()) => At::Asleep,
                };
                world.threads[thread].2 = at;
            }
            (Act::Borrow(tier) | Act::Add(tier), At::Making) => {
                if may_fail {
                    let mut failed = world.clone();
                    failed.quota += TIERS[tier];
                    failed.threads[thread].2 = At::Failed;
                    world.made(thread, act, tier);
                    return vec![world, failed];
                }
                world.made(thread, act, tier);
            }
            (Act::Borrow(tier), At::Failed) => {
                world.tiers.abandon(tier);
                world.tiers.unwant(tier);
                world.threads[thread].2 = At::Telling;
            }
            (Act::Borrow(asked), At::Holding(tier, block)) => {
                world.tiers.give_back(tier, block);
                world.tiers.unwant(asked);
                world.threads[thread].2 = At::Telling;
            }
            (Act::Add(tier), At::Start) => match world.quota.checked_sub(TIERS[tier]) {
                Some(left) => {
                    world.quota = left;
                    // Reserved outside the lock, counted under it: the model takes both at once, since nobody else can
                    // tell the two apart.
                    world.tiers.begin(tier);
                    world.threads[thread].2 = At::Making;
                }
                None => world.finish(thread),
            },
            (Act::Add(tier), At::Made(block)) => {
                world.tiers.give_back(tier, block);
                world.threads[thread].2 = At::Telling;
            }
            (Act::Add(tier), At::Failed) => {
                world.tiers.abandon(tier);
                world.threads[thread].2 = At::Telling;
            }
            (Act::Trim | Act::Adapt, At::Start) => {
                let block = if act == Act::Trim { world.tiers.any_idle() } else { world.tiers.surplus() };
                world.threads[thread].2 = block.map_or(At::Telling, At::Destroying);
            }
            (_, At::Destroying((_, tier))) => {
                world.quota += TIERS[tier];
                world.threads[thread].2 = At::Destroyed;
            }
            (Act::Borrow(_), At::Destroyed) => {
                world.notify();
                world.threads[thread].2 = At::Retry;
            }
            (_, At::Destroyed) => world.threads[thread].2 = At::Start,
            (_, At::Telling) => {
                world.notify();
                world.finish(thread);
            }
            (act, at) => unreachable!("{act:?} is never {at:?}"),
        }
        vec![world]
    }

    fn made(&mut self, thread: usize, act: Act, tier: usize) {
        let block = (self.next, tier);
        self.next += 1;
        self.threads[thread].2 = if matches!(act, Act::Add(_)) { At::Made(block) } else { At::Holding(tier, block) };
    }

    fn notify(&mut self) {
        for (_, _, at) in &mut self.threads {
            if *at == At::Asleep {
                *at = At::Retry;
            }
        }
    }

    fn finish(&mut self, thread: usize) {
        self.threads[thread].1 += 1;
        self.threads[thread].2 = At::Start;
    }

    /// Blocks in somebody's hands, and how many are being made, by tier.
    fn in_hands(&self) -> (Vec<Block>, [usize; TIERS.len()]) {
        let (mut blocks, mut making) = (Vec::new(), [0; TIERS.len()]);
        for (acts, act, at) in &self.threads {
            match *at {
                At::Holding(_, block) | At::Made(block) => blocks.push(block),
                At::Making | At::Failed => {
                    if let Act::Borrow(tier) | Act::Add(tier) = acts[*act] {
                        making[tier] += 1;
                    }
                }
                _ => {}
            }
        }
        (blocks, making)
    }

    fn check(&self, quota: u64) {
        let (mut blocks, making) = self.in_hands();
        let mut counted = 0;
        for (tier, &size) in TIERS.iter().enumerate() {
            let (made, idle) = self.tiers.count(tier);
            let held = blocks.iter().filter(|block| block.1 == tier).count();
            assert_eq!(made, idle + held + making[tier], "every block of tier {tier} is counted once: {self:?}");
            counted += made as u64 * size;
        }
        let mut tiers = self.tiers.clone();
        blocks.extend(std::iter::from_fn(|| tiers.any_idle()));
        let count = blocks.len();
        blocks.sort_unstable();
        blocks.dedup();
        assert_eq!(blocks.len(), count, "no block is in two hands: {self:?}");
        // What failed has given its quota back before its count; what is being destroyed the other way round.
        let failed = self.threads.iter().filter(|(_, _, at)| *at == At::Failed);
        let early: u64 = failed
            .map(|(acts, act, _)| match acts[*act] {
                Act::Borrow(tier) | Act::Add(tier) => TIERS[tier],
                _ => 0,
            })
            .sum();
        let late: u64 = self
            .threads
            .iter()
            .filter_map(|(_, _, at)| if let At::Destroying(block) = at { Some(TIERS[block.1]) } else { None })
            .sum();
        assert_eq!(self.quota + counted + late, quota + early, "every byte of the quota is somewhere: {self:?}");
    }
}

/// Visits every world that can be reached; returns how many there are.
fn explore(quota: u64, programs: &[&[Act]], may_fail: bool) -> usize {
    let threads = programs.iter().map(|acts| (acts.to_vec(), 0, At::Start)).collect();
    let start = World { tiers: Tiers::new(), quota, next: 0, threads };
    let (mut seen, mut open) = (HashSet::from([start.clone()]), vec![start]);
    while let Some(world) = open.pop() {
        world.check(quota);
        let mut stuck = true;
        for thread in 0..programs.len() {
            for next in world.steps(thread, may_fail) {
                stuck = false;
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        let finished = world.threads.iter().all(|(acts, act, _)| *act == acts.len());
        assert!(finished || !stuck, "threads wait for each other, or for a notification that nobody sends: {world:?}");
        if finished {
            let (held, making) = world.in_hands();
            assert!(held.is_empty() && making == [0; TIERS.len()]);
        }
    }
    seen.len()
}

const SMALL: u64 = TIERS[0];
const NEXT: u64 = TIERS[1];

#[test]
fn no_interleaving_loses_a_block_a_byte_or_a_wake_up() {
    use Act::{Adapt, Add, Borrow, Trim};
    let mut worlds = 0;
    for may_fail in [false, true] {
        // Room for one: everyone waits for everyone.
        worlds += explore(SMALL, &[&[Borrow(0), Borrow(0)], &[Borrow(0)], &[Borrow(0)]], may_fail);
        // Small ones must make way for a large one and come back.
        worlds += explore(NEXT, &[&[Borrow(0), Borrow(1)], &[Borrow(0), Borrow(0)], &[Borrow(0)]], may_fail);
        worlds += explore(NEXT, &[&[Borrow(0), Borrow(0)], &[Borrow(1)], &[Borrow(1), Borrow(0)]], may_fail);
        // Neither small nor large: not all of the quota can be used.
        worlds += explore(NEXT + SMALL, &[&[Borrow(1), Borrow(0)], &[Borrow(0), Borrow(1)], &[Borrow(0)]], may_fail);
        // Three tiers, the largest two steps above the smallest.
        worlds += explore(TIERS[2], &[&[Borrow(2), Borrow(0)], &[Borrow(0)], &[Borrow(1)]], may_fail);
        // With somebody who trims, adapts or warms in between.
        worlds += explore(NEXT, &[&[Borrow(0), Borrow(1)], &[Borrow(0)], &[Trim, Trim]], may_fail);
        worlds += explore(NEXT, &[&[Borrow(0), Borrow(1)], &[Borrow(1)], &[Add(0), Adapt]], may_fail);
        worlds += explore(SMALL, &[&[Borrow(0)], &[Borrow(0)], &[Add(0), Trim]], may_fail);
    }
    assert!(worlds > 5_000, "only {worlds} worlds: the programs do not meet");
}

#[test]
fn the_check_sees_a_forgotten_notification() {
    // Somebody sleeps for room, and who makes room says nothing.
    let mut tiers = Tiers::new();
    tiers.begin(0);
    tiers.give_back(0, (0, 0));
    let asleep = (vec![Act::Borrow(1)], 0, At::Asleep);
    let world = World { tiers, quota: NEXT - SMALL, next: 1, threads: vec![asleep] };
    assert!(world.steps(0, false).is_empty(), "only a notification wakes it");
}

#[test]
fn tiers_follow_demand() {
    let mut tiers = Tiers::new();
    for _ in 0..4 {
        tiers.want(0);
        assert!(matches!(tiers.step(0, |_| Ok::<_, ()>(())), Step::Make(())), "nothing is idle");
    }
    (0..4).for_each(|id| tiers.give_back(0, (id, 0)));
    // Four at a time, as the demand has seen.
    assert!(tiers.surplus().is_none());
    (0..4).for_each(|_| tiers.unwant(0));
    for frame in 0..64 {
        // One at a time from now on; demand is remembered for a window and a part.
        assert!(frame >= 33 || tiers.surplus().is_none(), "frame {frame}");
        tiers.want(0);
        tiers.unwant(0);
        tiers.end_frame();
    }
    let gone = std::iter::from_fn(|| tiers.surplus()).count();
    assert_eq!((gone, tiers.count(0)), (3, (1, 1)));
    // What got a larger block for want of its own is missing.
    tiers.begin(1);
    tiers.give_back(1, (9, 1));
    tiers.want(0);
    let Step::Take(0, _) = tiers.step(0, |_| Err::<(), _>(())) else { panic!("its own tier comes first") };
    tiers.want(0);
    let Step::Take(1, _) = tiers.step(0, |_| Err::<(), _>(())) else { panic!("then the next") };
    assert_eq!(tiers.missing(0), 1);
    // What is to be kept is kept.
    assert_eq!(tiers.keep(2, 3), 3);
    assert_eq!((tiers.missing(2), tiers.missing(3)), (3, 0));
}
