//! Which bricks the device holds, and which it should: decided from what rays looked into. Knows no Vulkan.
//!
//! Every resident brick has a slot. A slot is *busy* while rays look into its brick, or did in one of the last few frames, as thin things
//! come and go with the jitter of anti-aliasing. Otherwise it is *idle*. Idle slots are listed in the order in which they were last used,
//! and the first one makes room for the next brick. If none is idle, a brick takes the place of one that is clearly farther away: then
//! near bricks are resident even if not all fit, and bricks do not replace each other back and forth. Nothing here allocates after
//! [`Residency::new`].

use glam::Vec3;

use super::blocks::Blocks;
use super::nearest::Nearest;

/// No brick, or no slot.
const NONE: u32 = u32::MAX;
/// Words in a unit of room.
pub(super) const UNIT: u32 = 4;
/// The most bricks that one update brings.
pub(super) const MOST: usize = 2048;
/// The most slots that one update checks for a brick that is farther away.
const ASKED: usize = 4096;
/// A brick is idle when rays have not looked into it for this many frames, or twice as many at most.
const IDLE_AFTER: u32 = 8;
/// How many times as far away, squared, a brick must be to give way to one that is as much in use.
const FARTHER: f32 = 1.5;

/// A brick that was given room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub brick: u32,
    slot: u32,
    /// The first of its words.
    pub word: u32,
}

/// The bricks of a scene and the slots on the device.
pub(super) struct Residency {
    /// Where bricks are, in bricks.
    places: Vec<[u16; 3]>,
    /// Which bricks are resident, a bit each; and for the bricks of each such word, which of them are used.
    present: Vec<u32>,
    used: Vec<Used>,
    /// Frames of this window that were followed.
    frames: u32,
    /// The slot of each brick that has one.
    slot_of: Vec<u32>,
    /// The slots, and one more: the idle list's head.
    slots: Vec<Slot>,
    free: Vec<u32>,
    room: Blocks,
    /// Units of it that are taken.
    units: u32,
    wanted: Nearest,
    /// Where the search for a brick that is farther away goes on.
    hand: usize,
    eye: Vec3,
    /// Bricks that rays looked into in vain.
    pub missing: u32,
    /// What the update in progress has given room, and what it has taken it from.
    pub placed: Vec<Placed>,
    pub evicted: Vec<u32>,
}

/// The bricks that rays looked into in this window of frames, and in the one before: a bit each.
#[derive(Clone, Copy, Default)]
struct Used {
    now: u32,
    before: u32,
}

#[derive(Clone, Copy)]
struct Slot {
    brick: u32,
    start: u32,
    units: u32,
    /// Neighbours in the idle list; a busy slot is its own.
    before: u32,
    after: u32,
}

impl Residency {
    /// For bricks at these places, with room for this many slots and words. The bricks that `misses` names have no voxels on the device yet.
    pub fn new(places: Vec<[u16; 3]>, misses: impl Fn(usize) -> bool, slots: u32, words: u32) -> Self {
        let bricks = places.len();
        let mut present = vec![u32::MAX; bricks.div_ceil(32)];
        (0..bricks).filter(|&brick| misses(brick)).for_each(|brick| present[brick / 32] &= !(1 << (brick % 32)));
        let empty = |slot| Slot { brick: NONE, start: 0, units: 0, before: slot, after: slot };
        Self {
            places,
            used: vec![Used::default(); present.len()],
            present,
            frames: 0,
            slot_of: vec![NONE; bricks],
            slots: (0..=slots).map(empty).collect(),
            free: (0..slots).rev().collect(),
            room: Blocks::new(words / UNIT),
            units: 0,
            wanted: Nearest::new(MOST),
            hand: 0,
            eye: Vec3::ZERO,
            missing: 0,
            placed: Vec::with_capacity(MOST),
            evicted: Vec::with_capacity(slots as usize),
        }
    }

    /// Takes note of the bricks that rays looked into, a bit each, from an eye at a place in voxels.
    pub fn follow(&mut self, uses: &[u8], eye: Vec3) {
        self.eye = eye;
        self.missing = 0;
        self.wanted.clear();
        self.frames = (self.frames + 1) % IDLE_AFTER;
        for (index, bytes) in uses.chunks_exact(4).enumerate().take(self.used.len()) {
            let now = u32::from_ne_bytes(bytes.try_into().expect("a chunk has four bytes"));
            let present = self.present[index];
            let used = &mut self.used[index];
            let were_busy = used.now | used.before;
            *used = match self.frames {
                0 => Used { now, before: used.now },
                _ => Used { now: used.now | now, before: used.before },
            };
            let busy = used.now | used.before;
            let first = 32 * index as u32;
            for bit in bits((busy ^ were_busy) & present) {
                match self.slot_of[(first + bit) as usize] {
                    NONE => {}
                    slot if busy >> bit & 1 != 0 => self.unlink(slot),
                    slot => self.link_last(slot),
                }
            }
            for bit in bits(now & !present) {
                let brick = first + bit;
                self.missing += 1;
                self.wanted.offer(self.distance(brick), brick);
            }
        }
    }

    /// Gives the nearest of the missing bricks room, as long as `take` says that there is time for one more with this many words. `words`
    /// are those of a brick.
    pub fn place(&mut self, words: impl Fn(u32) -> u32, mut take: impl FnMut(u32) -> bool) {
        self.placed.clear();
        self.evicted.clear();
        let mut asked = 0;
        let mut wanted = std::mem::replace(&mut self.wanted, Nearest::new(0));
        for (distance, brick) in wanted.sorted() {
            let need = words(brick);
            if !take(need) {
                break;
            }
            let Some((slot, start)) = self.find_room(need.div_ceil(UNIT), distance, &mut asked) else { break };
            let own = Slot { brick, start, units: need.div_ceil(UNIT), before: slot, after: slot };
            self.slots[slot as usize] = own;
            self.units += own.units;
            self.slot_of[brick as usize] = slot;
            self.present[brick as usize / 32] |= 1 << (brick % 32);
            self.placed.push(Placed { brick, slot, word: start * UNIT });
        }
        wanted.clear();
        self.wanted = wanted;
    }

    /// Takes the room back that the last update gave.
    pub fn undo_placed(&mut self) {
        for index in 0..self.placed.len() {
            self.release(self.placed[index].slot);
        }
        self.placed.clear();
    }

    /// Words of room that are taken.
    pub fn taken(&self) -> u64 {
        u64::from(self.units) * u64::from(UNIT)
    }

    /// Slots that hold a brick.
    pub fn resident(&self) -> u32 {
        (self.slots.len() - 1 - self.free.len()) as u32
    }

    /// Where a brick is, if it is there.
    pub fn placed(&self, brick: u32) -> Option<Placed> {
        let slot = self.slot_of[brick as usize];
        (slot != NONE).then(|| Placed { brick, slot, word: self.slots[slot as usize].start * UNIT })
    }

    fn find_room(&mut self, units: u32, distance: f32, asked: &mut usize) -> Option<(u32, u32)> {
        loop {
            if let Some(&slot) = self.free.last()
                && let Some(start) = self.room.take(units)
            {
                self.free.pop();
                return Some((slot, start));
            }
            let victim = match self.slots[self.head()].after as usize {
                idle if idle != self.head() => idle as u32,
                _ => self.farther(distance * FARTHER, asked)?,
            };
            self.evicted.push(self.slots[victim as usize].brick);
            self.release(victim);
        }
    }

    /// A slot whose brick is farther away than this.
    fn farther(&mut self, distance: f32, asked: &mut usize) -> Option<u32> {
        while *asked < ASKED {
            *asked += 1;
            self.hand = (self.hand + 1) % self.head().max(1);
            let brick = self.slots[self.hand].brick;
            if brick != NONE && self.distance(brick) > distance {
                return Some(self.hand as u32);
            }
        }
        None
    }

    /// From the eye to the middle of a brick, in voxels, squared.
    fn distance(&self, brick: u32) -> f32 {
        let middle = Vec3::from_array(self.places[brick as usize].map(|at| 8.0 * f32::from(at) + 4.0));
        middle.distance_squared(self.eye)
    }

    fn release(&mut self, slot: u32) {
        self.unlink(slot);
        let own = &mut self.slots[slot as usize];
        let brick = std::mem::replace(&mut own.brick, NONE);
        self.room.give(own.start, own.units);
        self.units -= own.units;
        self.slot_of[brick as usize] = NONE;
        self.present[brick as usize / 32] &= !(1 << (brick % 32));
        self.free.push(slot);
    }

    fn head(&self) -> usize {
        self.slots.len() - 1
    }

    fn unlink(&mut self, slot: u32) {
        let Slot { before, after, .. } = self.slots[slot as usize];
        self.slots[before as usize].after = after;
        self.slots[after as usize].before = before;
        let own = &mut self.slots[slot as usize];
        (own.before, own.after) = (slot, slot);
    }

    /// Puts a busy slot at the end of the idle list.
    fn link_last(&mut self, slot: u32) {
        let head = self.head() as u32;
        let last = std::mem::replace(&mut self.slots[head as usize].before, slot);
        self.slots[last as usize].after = slot;
        let own = &mut self.slots[slot as usize];
        (own.before, own.after) = (last, head);
    }
}

/// The numbers of the bits that are set.
fn bits(mut word: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bricks in a row along x, each of which needs ten words.
    fn row(bricks: u16, slots: u32) -> Residency {
        let places = (0..bricks).map(|x| [x, 0, 0]).collect();
        Residency::new(places, |brick| brick != 0, slots, slots * 3 * UNIT)
    }

    /// What rays look into, as the device tells.
    fn uses(bricks: &[u32]) -> Vec<u8> {
        let mut words = [0_u32; 8];
        bricks.iter().for_each(|brick| words[*brick as usize / 32] |= 1 << (brick % 32));
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    /// An update in which rays look into some bricks from a place on the row, and which may bring this many: what came and what went.
    fn update(residency: &mut Residency, bricks: &[u32], eye: f32, most: usize) -> (Vec<u32>, Vec<u32>) {
        residency.follow(&uses(bricks), Vec3::new(8.0 * eye + 4.0, 4.0, 4.0));
        let mut left = most;
        residency.place(
            |_| 10,
            |_| {
                left = left.wrapping_sub(1);
                left != usize::MAX
            },
        );
        (residency.placed.iter().map(|placed| placed.brick).collect(), residency.evicted.clone())
    }

    fn held(residency: &Residency) -> Vec<u32> {
        (0..residency.places.len() as u32).filter(|&brick| residency.placed(brick).is_some()).collect()
    }

    #[test]
    fn what_is_near_comes_first_and_no_more_than_may() {
        let mut row = row(200, 100);
        assert_eq!(update(&mut row, &[0, 9, 40, 120, 7], 41.0, 3), (vec![40, 9, 7], vec![]));
        assert_eq!(row.missing, 4, "brick 0 misses nothing");
        assert_eq!(update(&mut row, &[0, 9, 40, 120, 7], 41.0, 3), (vec![120], vec![]));
        assert_eq!(update(&mut row, &[0, 9, 40, 120, 7], 41.0, 3), (vec![], vec![]));
        assert_eq!((row.resident(), row.missing), (4, 0));
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let mut row = row(200, 6);
        let mut look = |bricks: &[u32]| {
            let mut changes = (vec![], vec![]);
            for _ in 0..2 * IDLE_AFTER {
                let (came, went) = update(&mut row, bricks, 12.0, 9);
                changes.0.extend(came);
                changes.1.extend(went);
            }
            changes
        };
        look(&[10, 11, 12, 13, 14, 15]);
        // 13 goes out of sight first, then 10, then all others but 12; 13 was in sight once more in between.
        look(&[10, 11, 12, 14, 15]);
        look(&[11, 12, 13, 14, 15]);
        look(&[11, 12, 14, 15]);
        look(&[12]);
        assert_eq!(look(&[12, 50]), (vec![50], vec![10]));
        assert_eq!(look(&[12, 50, 51]), (vec![51], vec![13]));
        assert_eq!(look(&[12, 50, 51, 10]), (vec![10], vec![11]));
        assert_eq!(held(&row), [10, 12, 14, 15, 50, 51]);
    }

    #[test]
    fn bricks_that_flicker_keep_their_places() {
        let mut row = row(200, 8);
        // Those nearby are seen in every third frame, one far away in all.
        let looks = [[20, 21, 22, 90], [23, 24, 25, 90], [26, 27, 28, 90]];
        let mut went = Vec::new();
        for frame in 0..100 {
            let (_, evicted) = update(&mut row, &looks[frame % 3], 24.0, 9);
            if frame > 20 {
                went.extend(evicted);
            }
        }
        assert_eq!((went, held(&row).contains(&90)), (vec![], false));
    }

    #[test]
    fn where_not_all_fits_the_nearest_is_held_and_nothing_goes_back_and_forth() {
        let mut row = row(200, 10);
        let all: Vec<u32> = (1..200).collect();
        for _ in 0..40 {
            update(&mut row, &all, 150.0, 4);
        }
        for _ in 0..200 {
            update(&mut row, &all, 20.0, 4);
        }
        let worst = held(&row).into_iter().map(|brick| brick.abs_diff(20)).max();
        assert!(worst <= Some(7), "the farthest of ten is {worst:?} away");
        let before = held(&row);
        for _ in 0..10 {
            assert_eq!(update(&mut row, &all, 20.0, 4), (vec![], vec![]));
        }
        assert_eq!((held(&row), row.resident()), (before, 10));
    }

    #[test]
    fn what_could_not_be_brought_is_missing_again() {
        let mut row = row(64, 8);
        update(&mut row, &[3, 4], 3.0, 9);
        row.undo_placed();
        assert_eq!((row.resident(), row.placed(3)), (0, None));
        assert_eq!(update(&mut row, &[3, 4], 3.0, 9).0, [3, 4]);
    }

    #[test]
    fn no_two_bricks_share_room_however_the_camera_moves() {
        let mut row = row(250, 37);
        let mut random = 5_u32;
        for step in 0..3000 {
            random = random.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            let eye = (random >> 9) % 200 + 25;
            let seen: Vec<u32> =
                (eye - 20..eye + 20 + step % 5).filter(|brick| !(brick ^ random).is_multiple_of(3)).collect();
            update(&mut row, &seen, eye as f32, 6);
            let mut slots: Vec<_> = held(&row).iter().map(|&brick| row.placed(brick).expect("it is held")).collect();
            assert_eq!(slots.len() as u32, row.resident());
            slots.sort_by_key(|placed| placed.word);
            assert!(slots.windows(2).all(|pair| pair[0].word + 3 * UNIT <= pair[1].word), "step {step}");
            slots.sort_by_key(|placed| placed.slot);
            assert!(slots.windows(2).all(|pair| pair[0].slot < pair[1].slot), "step {step}");
        }
    }
}
