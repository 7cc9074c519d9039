//! Room in a buffer of a fixed length: blocks of any length come and go, and neither allocates.
//!
//! A buddy system (Knowlton 1965) that gives back at once what a block does not need of its power of two.

/// A block is at most 2^(ORDERS - 1) units long.
const ORDERS: usize = 8;
/// In place of an order: no free block starts here. In place of a unit: there is none.
const TAKEN: u8 = u8::MAX;
const NONE: u32 = u32::MAX;

/// The free blocks, counted in units of whatever their owner likes.
pub(super) struct Blocks {
    /// Order of the free block that starts at a unit.
    orders: Vec<u8>,
    /// The free blocks of the same order before and after it.
    links: Vec<[u32; 2]>,
    /// The first free block of each order.
    first: [u32; ORDERS],
}

impl Blocks {
    /// The longest block that there can be.
    pub const LONGEST: u32 = 1 << (ORDERS - 1);

    /// All of so many units are free.
    pub fn new(units: u32) -> Self {
        let (orders, links) = (vec![TAKEN; units as usize], vec![[NONE; 2]; units as usize]);
        let mut blocks = Self { orders, links, first: [NONE; ORDERS] };
        blocks.give(0, units);
        blocks
    }

    /// Takes a block of so many units, if one is free, and says where it starts.
    pub fn take(&mut self, units: u32) -> Option<u32> {
        if units == 0 {
            return Some(0);
        }
        let least = units.next_power_of_two().ilog2() as usize;
        let order = (least..ORDERS).find(|&order| self.first[order] != NONE)?;
        let start = self.first[order];
        self.unlink(start);
        self.give(start + units, (1 << order) - units);
        Some(start)
    }

    /// Gives units back that were taken.
    pub fn give(&mut self, mut start: u32, mut units: u32) {
        while units > 0 {
            let aligned = start.trailing_zeros().min(ORDERS as u32 - 1);
            let order = aligned.min(units.ilog2());
            self.insert(start, order as u8);
            (start, units) = (start + (1 << order), units - (1 << order));
        }
    }

    /// Makes a block free, and one with its buddy where that is free too.
    fn insert(&mut self, mut start: u32, mut order: u8) {
        while usize::from(order) + 1 < ORDERS {
            let buddy = start ^ 1 << order;
            if self.orders.get(buddy as usize) != Some(&order) {
                break;
            }
            self.unlink(buddy);
            start = start.min(buddy);
            order += 1;
        }
        let next = std::mem::replace(&mut self.first[usize::from(order)], start);
        self.orders[start as usize] = order;
        self.links[start as usize] = [NONE, next];
        if next != NONE {
            self.links[next as usize][0] = start;
        }
    }

    fn unlink(&mut self, start: u32) {
        let order = std::mem::replace(&mut self.orders[start as usize], TAKEN);
        let [before, after] = self.links[start as usize];
        match before {
            NONE => self.first[usize::from(order)] = after,
            before => self.links[before as usize][1] = after,
        }
        if after != NONE {
            self.links[after as usize][0] = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Blocks {
        fn free(&self) -> u32 {
            self.orders.iter().filter(|&&order| order != TAKEN).map(|order| 1 << order).sum()
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
        assert_eq!([blocks.take(3), blocks.take(8)].map(|start| start.is_some()), [true, false]);
        let rest: u32 = [4, 2, 1].into_iter().filter(|&units| blocks.take(units).is_some()).sum();
        assert_eq!((rest, blocks.free(), blocks.take(1), blocks.take(0)), (7, 0, None, Some(0)));
    }
}
