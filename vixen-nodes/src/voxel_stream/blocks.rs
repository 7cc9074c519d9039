//! Room in a buffer of a fixed length: blocks of any length come and go, and neither allocates.
//!
//! Free neighbours grow together by boundary tags (Knuth 1973, 2.5), and a list for each length finds the best fit at once.

/// There is no unit.
const NONE: u32 = u32::MAX;

/// The free blocks, counted in units of whatever their owner likes.
pub(super) struct Blocks {
    /// The length of the free block of which a unit is the first or the last; 0 for all others.
    lengths: Vec<u32>,
    /// For the first unit of a free block, the ones of as long blocks before and after it.
    links: Vec<[u32; 2]>,
    /// The first free block of each length, from 1 on; the last is of those that are longer, too.
    first: [u32; Self::LONGEST as usize],
    /// Of which lengths there are free blocks: a bit each.
    present: u128,
}

impl Blocks {
    /// The longest block that can be taken.
    pub const LONGEST: u32 = u128::BITS;

    /// All of this many units are free.
    pub fn new(units: u32) -> Self {
        let (lengths, links) = (vec![0; units as usize], vec![[NONE; 2]; units as usize]);
        let mut blocks = Self { lengths, links, first: [NONE; Self::LONGEST as usize], present: 0 };
        blocks.give(0, units);
        blocks
    }

    /// Takes a block of this many units, if there is one, and says where it starts.
    pub fn take(&mut self, units: u32) -> Option<u32> {
        if units == 0 {
            return Some(0);
        }
        let fitting = self.present & u128::MAX.checked_shl(units - 1).unwrap_or(0);
        let start = (fitting != 0).then(|| self.first[fitting.trailing_zeros() as usize])?;
        let length = self.remove(start);
        self.insert(start + units, length - units);
        Some(start)
    }

    /// Gives units back that were taken.
    pub fn give(&mut self, mut start: u32, mut units: u32) {
        if units == 0 {
            return;
        }
        if let Some(before) = start.checked_sub(1)
            && self.lengths[before as usize] > 0
        {
            start -= self.lengths[before as usize];
            units += self.remove(start);
        }
        if self.lengths.get((start + units) as usize).is_some_and(|&length| length > 0) {
            units += self.remove(start + units);
        }
        self.insert(start, units);
    }

    /// Makes units a free block.
    fn insert(&mut self, start: u32, units: u32) {
        if units == 0 {
            return;
        }
        let list = list_of(units);
        let next = std::mem::replace(&mut self.first[list], start);
        self.links[start as usize] = [NONE, next];
        if next != NONE {
            self.links[next as usize][0] = start;
        }
        self.present |= 1 << list;
        self.lengths[start as usize] = units;
        self.lengths[(start + units - 1) as usize] = units;
    }

    /// Makes a free block none, and says how long it is.
    fn remove(&mut self, start: u32) -> u32 {
        let units = std::mem::take(&mut self.lengths[start as usize]);
        self.lengths[(start + units - 1) as usize] = 0;
        let list = list_of(units);
        let [before, after] = self.links[start as usize];
        match before {
            NONE => self.first[list] = after,
            before => self.links[before as usize][1] = after,
        }
        if after != NONE {
            self.links[after as usize][0] = before;
        }
        if self.first[list] == NONE {
            self.present &= !(1 << list);
        }
        units
    }
}

/// In which list a free block is.
fn list_of(units: u32) -> usize {
    (units.min(Blocks::LONGEST) - 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Blocks {
        fn free(&self) -> u32 {
            let mut unit = 0;
            let mut free = 0;
            while let Some(&length) = self.lengths.get(unit) {
                free += length;
                unit += length.max(1) as usize;
            }
            free
        }
    }

    /// Blocks that are alive, beside a map of who has which unit.
    struct Model {
        blocks: Blocks,
        owners: Vec<bool>,
        alive: Vec<(u32, u32)>,
    }

    impl Model {
        fn take(&mut self, units: u32) -> bool {
            let Some(start) = self.blocks.take(units) else { return false };
            for unit in start..start + units {
                assert!(!std::mem::replace(&mut self.owners[unit as usize], true), "unit {unit} is somebody's");
            }
            self.alive.push((start, units));
            true
        }

        fn give(&mut self, index: usize) {
            let (start, units) = self.alive.swap_remove(index);
            (start..start + units).for_each(|unit| self.owners[unit as usize] = false);
            self.blocks.give(start, units);
        }
    }

    #[test]
    fn blocks_never_overlap_and_all_room_comes_back() {
        let units = 5003;
        let mut model = Model { blocks: Blocks::new(units), owners: vec![false; units as usize], alive: Vec::new() };
        let mut random = 1_u32;
        let mut next = |below: usize| {
            random = random.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            (random >> 8) as usize % below
        };
        let mut refused = 0;
        for _ in 0..50_000 {
            let taken = next(5) < 3 && model.take(1 + next(Blocks::LONGEST as usize) as u32 / 2);
            if !taken && !model.alive.is_empty() {
                refused += 1;
                model.give(next(model.alive.len()));
            }
        }
        assert!(refused > 1000, "it was full {refused} times");
        let used: u32 = model.alive.iter().map(|(_, units)| units).sum();
        assert_eq!(model.blocks.free(), units - used);
        while !model.alive.is_empty() {
            model.give(0);
        }
        let longest = (0..units / Blocks::LONGEST).all(|_| model.take(Blocks::LONGEST));
        assert!(longest && !model.take(Blocks::LONGEST), "all has grown together again");
    }

    #[test]
    fn a_full_room_is_full_to_the_last_unit() {
        let mut blocks = Blocks::new(10);
        assert_eq!([blocks.take(3), blocks.take(8), blocks.take(Blocks::LONGEST)], [Some(0), None, None]);
        assert_eq!([blocks.take(7), blocks.take(1), blocks.take(0)], [Some(3), None, Some(0)]);
        // The best fit: three units in the middle, and not the start of the four at the end.
        blocks.give(6, 4);
        blocks.give(1, 3);
        assert_eq!((blocks.take(3), blocks.free()), (Some(1), 4));
    }
}
