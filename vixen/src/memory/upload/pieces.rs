//! From writes in the order they were made to pieces that can be copied in any order: sorted, free of overlaps, neighbours
//! merged. Plain data; allocates nothing within its capacity.

use std::collections::BinaryHeap;

use super::queue::BLOCKS;
use crate::memory::staging::TIERS;

/// Bytes of a staging block on their way to a buffer. There are many, and all are gone through several times: so it is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Write {
    /// The buffer: its raw handle, since several entries of the target table may mean the same one.
    pub buffer: u64,
    /// Where in the buffer.
    pub to: u64,
    /// Where in the block.
    pub from: u32,
    /// How many bytes: at most a block's.
    pub len: u32,
    /// The buffer in the batch's target table.
    pub target: u32,
    /// The staging block.
    pub block: u16,
    /// Nothing that was submitted before uses these bytes.
    pub fresh: bool,
    /// How a piece gets there; without meaning before it is one.
    pub lane: Lane,
}

// Places in a block and lengths of its parts are 32 bits long, and numbers of blocks 16.
const _: () = assert!(TIERS[TIERS.len() - 1] <= u32::MAX as u64 && BLOCKS <= 1 << 16 && size_of::<Write>() == 32);

/// How a piece gets to its buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// As a region of a copy on the transfer queue.
    Transfer,
    /// As a region of a copy on the main queue.
    #[default]
    Copy,
    /// By the compute shader.
    Scatter,
}

impl Write {
    /// Where in the buffer it ends.
    pub fn end(&self) -> u64 {
        self.to + u64::from(self.len)
    }

    /// The part between two places of the buffer.
    fn part(&self, start: u64, end: u64) -> Self {
        Self { to: start, len: (end - start) as u32, from: self.from + (start - self.to) as u32, ..*self }
    }

    /// Whether one region can copy this and then `next`.
    pub fn continues_with(&self, next: &Self) -> bool {
        let same = (self.buffer, self.block, self.fresh) == (next.buffer, next.block, next.fresh);
        same && self.end() == next.to && self.from + self.len == next.from
    }
}

/// Makes pieces of writes.
#[derive(Debug)]
pub(super) struct Pieces {
    pieces: Vec<Write>,
    /// What is sorted in place of the writes, which are larger.
    sorted: Vec<Key>,
    spare: Vec<Key>,
    /// Writes that cover the place that has been reached, by index.
    covering: BinaryHeap<u32>,
}

impl Pieces {
    /// For at most this many writes.
    pub fn with_capacity(writes: usize) -> Self {
        // Every write but the last can cut one earlier write in two.
        let pieces = Vec::with_capacity(2 * writes);
        let [sorted, spare] = [Vec::with_capacity(writes), Vec::with_capacity(writes)];
        Self { pieces, sorted, spare, covering: BinaryHeap::with_capacity(writes) }
    }

    /// Makes pieces of the writes, by buffer and place. Of two writes to the same byte the later one counts.
    pub fn resolve(&mut self, writes: &[Write]) -> &mut [Write] {
        self.pieces.clear();
        self.covering.clear();
        self.sorted.clear();
        let Some(&first) = writes.first() else { return &mut self.pieces };
        let (mut one_buffer, mut in_order, mut differ, mut before) = (true, true, 0, 0);
        self.sorted.extend(writes.iter().zip(0..).map(|(write, index)| {
            one_buffer &= write.buffer == first.buffer;
            in_order &= write.to >= before;
            differ |= write.to ^ first.to;
            before = write.to;
            Key { to: write.to, index }
        }));
        if !one_buffer {
            self.sorted.sort_unstable_by_key(|&Key { to, index }| (writes[index as usize].buffer, to, index));
        } else if !in_order {
            sort(&mut self.sorted, &mut self.spare, differ);
        }
        if !self.keep_apart(writes) {
            self.pieces.clear();
            self.cut(writes);
        }
        &mut self.pieces
    }

    /// Pieces of writes that overlap nowhere, which is common; false where two do.
    fn keep_apart(&mut self, writes: &[Write]) -> bool {
        let (mut buffer, mut end) = (0, 0);
        for key in &self.sorted {
            let write = &writes[key.index as usize];
            if write.buffer == buffer && write.to < end {
                return false;
            }
            (buffer, end) = (write.buffer, write.end());
            match self.pieces.last_mut() {
                Some(last) if last.continues_with(write) => last.len += write.len,
                _ => self.pieces.push(*write),
            }
        }
        true
    }

    /// Pieces of writes of which some overlap.
    fn cut(&mut self, writes: &[Write]) {
        let mut rest = 0;
        let mut at = 0;
        while rest < writes.len() || !self.covering.is_empty() {
            let next = self.sorted.get(rest).map(|key| writes[key.index as usize]);
            let Some(&top) = self.covering.peek() else {
                let Some(write) = next else { break };
                let index = self.sorted[rest].index;
                rest += 1;
                match self.sorted.get(rest).map(|key| &writes[key.index as usize]) {
                    Some(after) if after.buffer == write.buffer && after.to < write.end() => {
                        self.covering.push(index);
                        at = write.to;
                    }
                    // Nobody else writes here.
                    _ => self.push(write),
                }
                continue;
            };
            let top = writes[top as usize];
            if top.end() <= at {
                self.covering.pop();
                continue;
            }
            match next.filter(|next| next.buffer == top.buffer) {
                Some(next) if next.to <= at => {
                    self.covering.push(self.sorted[rest].index);
                    rest += 1;
                }
                next => {
                    let end = next.map_or(top.end(), |next| next.to.min(top.end()));
                    self.push(top.part(at, end));
                    at = end;
                }
            }
        }
    }

    fn push(&mut self, piece: Write) {
        match self.pieces.last_mut() {
            Some(last) if last.continues_with(&piece) => last.len += piece.len,
            _ => self.pieces.push(piece),
        }
    }
}

/// Where in the buffer a write goes, and which one it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    to: u64,
    index: u32,
}

/// Below this, comparisons are as good.
const FEW: usize = 64;

/// Bits of a place that are sorted by at a time: all in which the places within 8 MiB of a buffer's pages differ.
const DIGIT: u32 = 11;

/// Sorts keys that come in the order of their indices: digit by digit, and only by those bits in which places differ at all,
/// which are few. Comparisons of scattered places are what no processor predicts.
fn sort(keys: &mut Vec<Key>, spare: &mut Vec<Key>, differ: u64) {
    if keys.len() < FEW {
        return keys.sort_unstable();
    }
    let mut shift = differ.trailing_zeros();
    while shift < u64::BITS && differ >> shift != 0 {
        let bits = (u64::BITS - differ.leading_zeros() - shift).min(DIGIT);
        let digit = |key: &Key| (key.to >> shift) as usize % (1 << bits);
        let mut starts = [0_u32; 1 << DIGIT];
        let starts = &mut starts[..1 << bits];
        keys.iter().for_each(|key| starts[digit(key)] += 1);
        let mut sum = 0;
        for start in starts.iter_mut() {
            sum += std::mem::replace(start, sum);
        }
        spare.resize(keys.len(), Key::default());
        for key in keys.iter() {
            let place = &mut starts[digit(key)];
            spare[*place as usize] = *key;
            *place += 1;
        }
        std::mem::swap(keys, spare);
        shift += DIGIT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(buffer: u64, to: u64, len: u64, from: u64) -> Write {
        let (len, from) = (len as u32, from as u32);
        Write { buffer, to, len, block: 0, from, target: 0, fresh: false, lane: Lane::Copy }
    }

    #[test]
    fn neighbours_become_one() {
        let mut writes: Vec<_> = (0..1000).map(|index| write(1, index * 4, 4, index * 4)).collect();
        let mut pieces = Pieces::with_capacity(writes.len());
        assert_eq!(pieces.resolve(&writes), [write(1, 0, 4000, 0)]);
        // In whatever order they came.
        writes.reverse();
        assert_eq!(pieces.resolve(&writes).len(), 1);
        // Neighbours in the buffer that are none in staging stay two, and so do those of another block or lane.
        let apart = [write(1, 0, 4, 0), write(1, 4, 4, 8), write(2, 8, 4, 12)];
        assert_eq!(pieces.resolve(&apart).len(), 3);
        let other_block = [write(1, 0, 4, 0), Write { block: 1, ..write(1, 4, 4, 4) }];
        assert_eq!(pieces.resolve(&other_block).len(), 2);
        let other_lane = [write(1, 0, 4, 0), Write { fresh: true, ..write(1, 4, 4, 4) }];
        assert_eq!(pieces.resolve(&other_lane).len(), 2);
    }

    #[test]
    fn keys_are_sorted_by_place_and_then_by_order() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for bits in [0, 3, 12, 20, 41, 63] {
            for count in [0, 1, FEW - 1, FEW, 1000] {
                let mut keys: Vec<Key> = (0..count as u32)
                    .map(|index| {
                        random ^= random << 13;
                        random ^= random >> 7;
                        random ^= random << 17;
                        Key { to: random & ((1 << bits) - 1), index }
                    })
                    .collect();
                let mut expected = keys.clone();
                expected.sort();
                let mut spare = Vec::with_capacity(count);
                let differ = keys.iter().fold(0, |bits, key| bits | (key.to ^ keys[0].to));
                sort(&mut keys, &mut spare, differ);
                assert_eq!(keys, expected, "{count} of {bits} bits");
            }
        }
    }

    #[test]
    fn the_last_write_of_every_byte_counts() {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = move |bound: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % bound
        };
        for case in 0..20_000 {
            let (count, span) = (1 + below(12), 1 + below(40));
            let mut writes = Vec::new();
            let mut expected = [[None; 64]; 2];
            let mut from = 0;
            for _ in 0..count {
                let (buffer, to, len) = (below(2), below(span), 1 + below(20));
                writes.push(write(buffer, to, len, from));
                for byte in 0..len {
                    expected[buffer as usize][(to + byte) as usize] = Some(from + byte);
                }
                from += len + below(2);
            }
            let mut pieces = Pieces::with_capacity(writes.len());
            let capacity = pieces.pieces.capacity();
            let mut found = [[None; 64]; 2];
            for piece in pieces.resolve(&writes) {
                for byte in 0..u64::from(piece.len) {
                    let place = &mut found[piece.buffer as usize][(piece.to + byte) as usize];
                    assert_eq!(*place, None, "case {case}: pieces overlap");
                    *place = Some(u64::from(piece.from) + byte);
                }
            }
            assert_eq!(found, expected, "case {case}: {writes:?}");
            assert_eq!(pieces.pieces.capacity(), capacity, "nothing is allocated");
        }
    }
}
