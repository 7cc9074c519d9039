//! Room in the vectors of a brick map: blocks come and go without moving anything else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::ranges;

/// The free blocks of one vector, and which of its elements changed. No two free blocks touch.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    /// Length by start.
    free: BTreeMap<u32, u32>,
    /// The same as pairs of length and start: the smallest that suffices is found at once.
    by_length: BTreeSet<(u32, u32)>,
    changed: Vec<Range<u32>>,
}

impl Pool {
    /// Puts a block where there is room, at the end if nowhere else, and says where.
    pub fn store<T: Copy>(&mut self, items: &mut Vec<T>, block: &[T]) -> u32 {
        let start = match self.take(block.len() as u32) {
            Some(start) => {
                items[start as usize..][..block.len()].copy_from_slice(block);
                start
            }
            None => {
                items.extend_from_slice(block);
                (items.len() - block.len()) as u32
            }
        };
        self.changed.push(start..start + block.len() as u32);
        start
    }

    /// Puts a block in the place of another one, start and length, if it is as long, or else where there is room, and says where.
    /// Nothing is nowhere: 0.
    pub fn replace<T: Copy + PartialEq>(&mut self, items: &mut Vec<T>, old: Option<(u32, usize)>, block: &[T]) -> u32 {
        match old {
            Some((start, len)) if len == block.len() => {
                self.overwrite(items, start, block);
                return start;
            }
            Some((start, len)) => self.release(start, len),
            None => {}
        }
        if block.is_empty() { 0 } else { self.store(items, block) }
    }

    /// Writes those elements of a block that are others than before.
    pub fn overwrite<T: Copy + PartialEq>(&mut self, items: &mut [T], start: u32, block: &[T]) {
        for (at, (old, new)) in (start..).zip(items[start as usize..].iter_mut().zip(block)) {
            if old != new {
                *old = *new;
                match self.changed.last_mut() {
                    Some(last) if last.end == at => last.end += 1,
                    _ => self.changed.push(at..at + 1),
                }
            }
        }
    }

    /// Gives a block's room back.
    pub fn release(&mut self, mut start: u32, len: usize) {
        if len == 0 {
            return;
        }
        let mut end = start + len as u32;
        if let Some((&before, &length)) = self.free.range(..start).next_back()
            && before + length == start
        {
            self.remove(before, length);
            start = before;
        }
        if let Some(&length) = self.free.get(&end) {
            self.remove(end, length);
            end += length;
        }
        self.insert(start, end - start);
    }

    /// What changed since it was asked last: disjoint and in order. Elements between two changes, as many as `gap`, count as
    /// changed too.
    pub fn changes(&mut self, gap: u32) -> Vec<Range<u32>> {
        ranges::join(&mut self.changed, gap);
        self.changed.drain(..).collect()
    }

    /// Room of this length: from the smallest block that has it, whose rest stays free.
    fn take(&mut self, len: u32) -> Option<u32> {
        let &(length, start) = self.by_length.range((len, 0)..).next()?;
        self.remove(start, length);
        if length > len {
            self.insert(start + len, length - len);
        }
        Some(start)
    }

    fn insert(&mut self, start: u32, length: u32) {
        self.free.insert(start, length);
        self.by_length.insert((length, start));
    }

    fn remove(&mut self, start: u32, length: u32) {
        self.free.remove(&start);
        self.by_length.remove(&(length, start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_join_and_the_smallest_room_is_taken() {
        let (mut pool, mut items) = (Pool::default(), Vec::new());
        let blocks = [3, 5, 2, 9, 1].map(|len| pool.store(&mut items, &vec![len; len as usize]));
        assert_eq!((blocks, items.len()), ([0, 3, 8, 10, 19], 20));
        pool.release(3, 5);
        pool.release(10, 9);
        assert_eq!(pool.store(&mut items, &[7; 4]), 3, "four fit into five");
        pool.release(8, 2);
        assert_eq!(pool.store(&mut items, &[7; 12]), 7, "what was left of five, two and nine");
        assert_eq!(pool.store(&mut items, &[7]), 20, "nothing is free");
        pool.changes(0);
        pool.overwrite(&mut items, 7, &[7, 7, 6, 6, 7, 6]);
        assert_eq!(pool.changes(0), [9..11, 12..13]);
        pool.overwrite(&mut items, 7, &[7; 6]);
        assert_eq!(pool.changes(1), vec![Range { start: 9, end: 13 }]);
    }

    #[test]
    fn a_block_as_long_stays_where_the_other_was() {
        let (mut pool, mut items) = (Pool::default(), Vec::new());
        let [first, second] = [4, 6].map(|len| pool.store(&mut items, &vec![len; len as usize]));
        pool.changes(0);
        assert_eq!(pool.replace(&mut items, Some((second, 6)), &[6, 6, 1, 6, 6, 6]), second);
        assert_eq!(pool.changes(0), vec![Range { start: 6, end: 7 }]);
        assert_eq!(pool.replace(&mut items, Some((second, 6)), &[]), 0);
        assert_eq!(pool.replace(&mut items, Some((first, 4)), &[3; 5]), first, "there is room for ten");
        assert_eq!((items.len(), pool.replace(&mut items, None, &[8; 5])), (10, 5));
    }
}
