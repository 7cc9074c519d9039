//! Large copies into mapped memory that several threads share.
//!
//! One processor core fills two thirds of the bus of an H200 (20 of 31 GB/s), and less where what it reads is far away.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::copy::copy_in_lines;
use crate::workers::Workers;

/// The smallest copy that threads share: one thread copies this much while another wakes up.
const LARGE: u64 = 1 << 20;
/// The smallest average piece of such a copy: each range goes through all pieces.
const LARGE_PIECE: u64 = 1 << 10;
/// How many ranges of the target a copy is cut into. A thread that has finished one takes the next; more threads than this would find none.
const RANGES: u64 = 16;
/// Whole pages of a range belong to one thread.
const PAGE: u64 = 4 << 10;

/// The threads that copy, the caller's among them.
pub(super) struct Copiers(Option<Mutex<Workers>>);

/// Bytes of a target, which begins at an address.
#[derive(Clone, Copy)]
struct Target(NonNull<u8>);

// SAFETY: an address; whoever writes to it answers for that.
unsafe impl Sync for Target {}

impl Target {
    /// # Safety
    /// The place is in the target.
    unsafe fn at(&self, place: u64) -> NonNull<u8> {
        // SAFETY: the caller vouches for it.
        unsafe { self.0.add(place as usize) }
    }
}

impl Copiers {
    /// The caller alone.
    pub const NONE: Self = Self(None);

    /// This many, or the caller alone where the system has no threads to give.
    pub fn new(count: usize) -> Self {
        let workers = (count > 1).then(|| Workers::new("copy", count.min(RANGES as usize)));
        Self(workers.and_then(Result::ok).map(Mutex::new))
    }

    /// Copies pieces into a range of a target, one after another. `place` says where a piece goes: for the end of the one before
    /// it, and the place that stands beside it.
    ///
    /// Where pieces overlap, the later one counts: each thread takes whole ranges of the target, and all pieces in turn.
    ///
    /// # Safety
    /// The range of `target` is valid for writes and nobody else uses it; all places of pieces lie within it, and none of their
    /// bytes do.
    pub unsafe fn copy(
        &self,
        target: NonNull<u8>,
        range: Range<u64>,
        pieces: &[(u64, &[u8])],
        place: impl Fn(u64, u64) -> u64 + Sync,
    ) {
        let target = Target(target);
        let copy = |part: Range<u64>| {
            let mut cursor = range.start;
            for &(to, bytes) in pieces {
                let from = place(cursor, to);
                cursor = from + bytes.len() as u64;
                let (start, end) = (from.max(part.start), cursor.min(part.end));
                if start < end {
                    let bytes = &bytes[(start - from) as usize..(end - from) as usize];
                    // SAFETY: the part lies within the range, for which the caller vouches; no other thread has this part.
                    unsafe { copy_in_lines(bytes, target.at(start)) };
                }
            }
        };
        let large = || {
            let bytes = pieces.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
            bytes >= LARGE.max(pieces.len() as u64 * LARGE_PIECE)
        };
        // Who finds them busy copies alone.
        match self.0.as_ref().filter(|_| large()).and_then(|workers| workers.try_lock().ok()) {
            None => copy(range.clone()),
            Some(mut workers) => {
                let first = range.start / PAGE * PAGE;
                let part = (range.end - first).div_ceil(RANGES).next_multiple_of(PAGE);
                let next = AtomicU64::new(first);
                // What a thread has written has left its core when it counts itself out, even where memory is write-combining: it
                // takes a lock for that.
                workers.share(&|_| {
                    loop {
                        let start = next.fetch_add(part, Ordering::Relaxed);
                        if start >= range.end {
                            break;
                        }
                        copy(start..start + part);
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_piece_counts_whoever_copies() {
        const LEN: usize = 3 << 20;
        let source: Vec<u8> = (0..LEN).map(|index| (index * 31 + index / 251) as u8).collect();
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = move |bound: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % bound as u64) as usize
        };
        for copiers in [Copiers::NONE, Copiers::new(3)] {
            for most in [10, 10_000, 400_000, LEN] {
                let pieces: Vec<(u64, &[u8])> = (0..300)
                    .map(|_| {
                        let (len, from) = (below(most), below(LEN));
                        let len = len.min(LEN - from);
                        (below(LEN - len + 1) as u64, &source[from..from + len])
                    })
                    .collect();
                let mut expected = vec![0; LEN];
                for &(to, bytes) in &pieces {
                    expected[to as usize..][..bytes.len()].copy_from_slice(bytes);
                }
                let mut found = vec![0; LEN];
                // SAFETY: the target is as long as the range, in which the pieces lie, and nobody else uses it.
                unsafe { copiers.copy(NonNull::from(&mut found[..]).cast(), 0..LEN as u64, &pieces, |_, to| to) };
                assert!(found == expected, "pieces of at most {most} bytes");
            }
        }
    }

    #[test]
    fn there_are_no_more_threads_than_ranges() {
        let Copiers(workers) = Copiers::new(usize::MAX);
        let count = workers.map(|workers| workers.lock().expect("nobody panicked").count());
        assert!(count.is_none_or(|count| count as u64 == RANGES));
    }
}
