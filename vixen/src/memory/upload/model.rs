//! A model check of the uploader: every interleaving of a few threads that upload, flush, wait and trim, and of a device that
//! finishes batches when it likes. Each step is what the uploader does under one of its locks, or between two of them.
//!
//! Checked in every world that can be reached: no two rooms, queued writes or writes under way share a byte of staging; no
//! block is in two hands; the device finds in staging what was put there; nothing is lost or comes twice; and from there all
//! threads can get to their ends, so none waits for something that never comes.

use std::collections::HashMap;

use super::rooms::{Fit, Kind, Room, Rooms};

/// Bytes of a block, and how many the pool has; how many writes a batch may have, and batches may be under way.
const SIZE: u64 = 2;
const BLOCKS: usize = 2;

/// One thing that a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Act {
    /// Uploads this many bytes, which are copied with the lock held.
    Short(u64),
    /// Uploads this many bytes, which are copied while others have the lock.
    Long(u64),
    /// Submits what is queued.
    Flush,
    /// Waits for the last upload of this thread.
    Wait,
    /// Gives back what nobody needs.
    Trim,
}

/// Where in its act a thread is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At {
    Start,
    /// Has room, and is to copy into it.
    Room(Room),
    /// Has copied.
    Filled(Room),
    /// There was no room: is to submit what is queued.
    Refused,
    /// Has the submission's lock, and the number of the next batch.
    Submitting(u64),
    /// Has taken a batch and recorded it.
    Recorded(u64, Vec<Write>),
    /// There was nothing to submit: waits until a batch has finished.
    Waiting(u64),
}

/// An upload in staging: whose it is, its number there, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Write {
    upload: (usize, usize),
    block: u32,
    from: u64,
    len: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Thread {
    acts: Vec<Act>,
    act: usize,
    at: At,
    /// The batch of its last upload.
    ticket: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    rooms: Rooms<u32>,
    pool: Vec<u32>,
    /// Who filled each byte of each block last.
    bytes: [[Option<(usize, usize)>; SIZE as usize]; BLOCKS],
    queued: Vec<Write>,
    /// The batch that each slot was last used for, and who has the submission's lock.
    slots: Vec<u64>,
    submitting: bool,
    submitted: u64,
    finished: u64,
    under_way: Vec<(u64, Vec<Write>)>,
    /// Uploads that have arrived, in order.
    arrived: Vec<(usize, usize)>,
    threads: Vec<Thread>,
    /// Takes every batch for finished.
    careless: bool,
}

impl World {
    fn new(programs: &[&[Act]], writes: usize, batches: usize) -> Self {
        let thread = |acts: &&[Act]| Thread { acts: acts.to_vec(), act: 0, at: At::Start, ticket: 0 };
        Self {
            rooms: Rooms::new([writes, 0], BLOCKS),
            pool: (0..BLOCKS as u32).collect(),
            bytes: Default::default(),
            queued: Vec::new(),
            slots: vec![0; batches],
            submitting: false,
            submitted: 0,
            finished: 0,
            under_way: Vec::new(),
            arrived: Vec::new(),
            threads: programs.iter().map(thread).collect(),
            careless: false,
        }
    }

    /// The world after the device's next step, if it has something to do.
    fn device(&self) -> Option<Self> {
        let mut world = self.clone();
        (!world.under_way.is_empty()).then(|| world.under_way.remove(0)).map(|(number, writes)| {
            assert_eq!(number, world.finished + 1, "batches finish in their order");
            for Write { upload, block, from, len } in writes {
                let bytes = &world.bytes[world.block(block)][from as usize..(from + len) as usize];
                assert!(bytes.iter().all(|&by| by == Some(upload)), "the device reads what {upload:?} put there");
                world.arrived.push(upload);
            }
            world.finished = number;
            world
        })
    }

    /// The world after a thread's next step, if it can do one.
    fn step(&self, index: usize) -> Option<Self> {
        let Thread { acts, act, at, ticket } = &self.threads[index];
        let (act, upload) = (*acts.get(*act)?, (index, *act));
        let mut world = self.clone();
        match (act, at.clone()) {
            (Act::Short(len) | Act::Long(len), At::Start) => match world.room(len) {
                None => world.go(index, At::Refused),
                Some(room) if matches!(act, Act::Short(_)) => {
                    world.fill(&room, upload, len);
                    world.queue(index, &room, upload, len);
                }
                Some(room) => world.go(index, At::Room(room)),
            },
            (Act::Long(len), At::Room(room)) => {
                world.fill(&room, upload, len);
                world.go(index, At::Filled(room));
            }
            (Act::Long(len), At::Filled(room)) => world.queue(index, &room, upload, len),
            (Act::Flush, At::Start) => world.go(index, At::Refused),
            (Act::Wait, At::Start) if world.submitted < *ticket => world.go(index, At::Refused),
            (Act::Wait, At::Start) => {
                if world.finished < *ticket {
                    return None;
                }
                world.end(index);
            }
            (Act::Trim, At::Start) => {
                let finished = world.known();
                let Self { rooms, pool, .. } = &mut world;
                rooms.close(finished, |block| pool.push(block));
                world.end(index);
            }
            (_, At::Refused) => {
                if world.submitting {
                    return None;
                }
                world.submitting = true;
                let number = world.rooms.batch();
                world.go(index, At::Submitting(number));
            }
            (_, At::Submitting(number)) => {
                let slot = number as usize % world.slots.len();
                if world.finished < world.slots[slot] {
                    return None;
                }
                assert_eq!(world.rooms.batch(), number, "only who has the lock takes batches");
                if world.queued.is_empty() {
                    world.submitting = false;
                    match act {
                        Act::Flush => world.end(index),
                        Act::Wait => world.go(index, At::Start),
                        _ if world.finished < world.submitted => world.go(index, At::Waiting(world.finished + 1)),
                        // Looks again after a moment.
                        _ => world.go(index, At::Start),
                    }
                } else {
                    let mut read = Vec::new();
                    let taken = world.rooms.take(|place, _| {
                        read.push(place as u32);
                        Ok::<_, ()>(())
                    });
                    taken.expect("nothing fails here");
                    let writes = std::mem::take(&mut world.queued);
                    assert!(writes.iter().all(|write| read.contains(&write.block)), "the batch knows its blocks");
                    world.go(index, At::Recorded(number, writes));
                }
            }
            (_, At::Recorded(number, writes)) => {
                let slot = number as usize % world.slots.len();
                world.slots[slot] = number;
                world.submitted = number;
                world.under_way.push((number, writes));
                world.submitting = false;
                if act == Act::Flush { world.end(index) } else { world.go(index, At::Start) }
            }
            (_, At::Waiting(batch)) => {
                if world.finished < batch {
                    return None;
                }
                world.go(index, At::Start);
            }
            (act, at) => unreachable!("{act:?} is never {at:?}"),
        }
        Some(world)
    }

    /// As `Uploader::room`, under the queue's lock.
    fn room(&mut self, len: u64) -> Option<Room> {
        let fit = Fit { align: 1, residue: 0 };
        loop {
            if !self.rooms.has_places(Kind::Buffer, 1) {
                return None;
            }
            if let Some(room) = self.rooms.room(Kind::Buffer, 1, len, fit) {
                return Some(room);
            }
            let finished = self.known();
            let Self { rooms, pool, .. } = self;
            rooms.reclaim(finished, |block| pool.push(block));
            if let Some(room) = rooms.room(Kind::Buffer, 1, len, fit) {
                return Some(room);
            }
            let vacancy = rooms.vacancy()?;
            rooms.open(vacancy, pool.pop()?, SIZE);
        }
    }

    /// The batches that are known to have finished.
    fn known(&self) -> u64 {
        if self.careless { u64::MAX } else { self.finished }
    }

    fn fill(&mut self, room: &Room, upload: (usize, usize), len: u64) {
        let block = *self.rooms.block(room) as usize;
        self.bytes[block][room.from as usize..(room.from + len) as usize].fill(Some(upload));
    }

    fn queue(&mut self, index: usize, room: &Room, upload: (usize, usize), len: u64) {
        let (block, from) = (room.block, room.from);
        self.queued.push(Write { upload, block, from, len });
        self.threads[index].ticket = self.rooms.settle(room, self.queued.len());
        self.end(index);
    }

    /// Which block is in a place.
    fn block(&self, place: u32) -> usize {
        self.rooms.at(place as usize).copied().expect("what the device reads is there") as usize
    }

    fn go(&mut self, index: usize, at: At) {
        self.threads[index].at = at;
    }

    fn end(&mut self, index: usize) {
        self.threads[index].act += 1;
        self.threads[index].at = At::Start;
    }

    fn is_finished(&self) -> bool {
        self.threads.iter().all(|thread| thread.act == thread.acts.len())
    }

    fn check(&self) {
        let mut blocks: Vec<u32> = self.rooms.blocks().chain(&self.pool).copied().collect();
        blocks.sort_unstable();
        assert!(blocks.into_iter().eq(0..BLOCKS as u32), "every block is in one hand: {self:?}");

        // Everything in staging: rooms, what is queued, what was recorded, and what is under way.
        let mut taken = [[false; SIZE as usize]; BLOCKS];
        let mut uploads = self.arrived.clone();
        let mut claim = |block: u32, from: u64, len: u64| {
            for byte in &mut taken[self.block(block)][from as usize..(from + len) as usize] {
                assert!(!std::mem::replace(byte, true), "two share a byte of block {block}: {self:?}");
            }
        };
        let recorded = self.threads.iter().filter_map(|thread| match &thread.at {
            At::Recorded(_, writes) => Some(writes),
            _ => None,
        });
        let under_way = self.under_way.iter().map(|(_, writes)| writes);
        for write in under_way.chain(recorded).chain([&self.queued]).flatten() {
            claim(write.block, write.from, write.len);
            uploads.push(write.upload);
        }
        let mut rooms = 0;
        for thread in &self.threads {
            if let (Some(Act::Long(len)), At::Room(room) | At::Filled(room)) = (thread.acts.get(thread.act), &thread.at)
            {
                claim(room.block, room.from, *len);
                rooms += 1;
            }
        }
        assert_eq!(self.rooms.counted(Kind::Buffer), (self.queued.len(), rooms), "every place is counted: {self:?}");

        // Each upload that has returned is somewhere once, those of a thread in their order.
        for (index, thread) in self.threads.iter().enumerate() {
            let is_upload = |act: &usize| matches!(thread.acts[*act], Act::Short(_) | Act::Long(_));
            let returned = (0..thread.act).filter(is_upload);
            let found = uploads.iter().filter(|upload| upload.0 == index).map(|upload| upload.1);
            assert!(found.eq(returned), "nothing is lost, comes twice or overtakes: {self:?}");
            let waited = (0..thread.act).rfind(|&act| thread.acts[act] == Act::Wait).unwrap_or(0);
            let here = (0..waited).filter(is_upload).all(|act| self.arrived.contains(&(index, act)));
            assert!(here, "what was waited for has arrived: {self:?}");
        }
    }
}

/// Visits every world that can be reached; returns how many there are.
fn explore(start: World) -> usize {
    let mut numbers = HashMap::from([(start.clone(), 0)]);
    let (mut open, mut before, mut finished) = (vec![start], vec![Vec::new()], Vec::new());
    while let Some(world) = open.pop() {
        world.check();
        let number = numbers[&world];
        if world.is_finished() {
            finished.push(number);
        }
        let threads = (0..world.threads.len()).filter_map(|thread| world.step(thread));
        for next in threads.chain(world.device()) {
            let new = before.len();
            let next_number = *numbers.entry(next.clone()).or_insert(new);
            if next_number == new {
                before.push(Vec::new());
                open.push(next);
            }
            before[next_number].push(number);
        }
    }
    // Backwards from the ends: every world leads to one.
    let mut leads = vec![false; before.len()];
    while let Some(number) = finished.pop() {
        if !std::mem::replace(&mut leads[number], true) {
            finished.extend(&before[number]);
        }
    }
    if let Some((world, _)) = numbers.iter().find(|&(_, &number)| !leads[number]) {
        panic!("threads wait for what never comes: {world:?}");
    }
    before.len()
}

#[test]
fn no_interleaving_loses_an_upload_or_overwrites_what_is_read() {
    use Act::{Flush, Long, Short, Trim, Wait};
    let mut worlds = 0;
    // (writes of a batch, batches under way): ample, one write at a time, one batch at a time.
    for (writes, batches) in [(8, 2), (1, 2), (2, 1)] {
        let programs: [&[&[Act]]; 6] = [
            // More than staging holds: everybody waits for everybody.
            &[&[Long(2), Long(2)], &[Long(2), Long(1)], &[Short(1)]],
            &[&[Long(1), Long(2), Wait], &[Short(2), Short(2)]],
            // Somebody submits while others still copy.
            &[&[Long(1), Long(1)], &[Long(2)], &[Flush, Flush]],
            &[&[Long(1), Wait, Long(1), Wait], &[Long(1), Flush]],
            // Blocks go while others want them.
            &[&[Long(2), Flush, Long(2)], &[Long(1)], &[Trim, Trim]],
            &[&[Short(1), Flush, Trim, Short(2), Wait], &[Long(1), Long(1)]],
        ];
        worlds += programs.map(|programs| explore(World::new(programs, writes, batches))).iter().sum::<usize>();
    }
    assert!(worlds > 10_000, "only {worlds} worlds: the programs do not meet");
}

#[test]
#[should_panic(expected = "two share a byte")]
fn the_check_sees_a_block_that_is_given_back_too_early() {
    let mut world = World::new(&[&[Act::Short(2), Act::Flush, Act::Short(2), Act::Short(2)]], 8, 2);
    world.careless = true;
    explore(world);
}

#[test]
#[should_panic(expected = "threads wait for what never comes")]
fn the_check_sees_a_wait_without_an_end() {
    // No batch has a place for it.
    explore(World::new(&[&[Act::Short(1)]], 0, 2));
}
