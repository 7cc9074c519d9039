//! One queue: fixed room, a policy for what is more, and exact counts.

use std::collections::TryReserveError;

use crate::event::builtin::QueueLevel;

/// What happens to an event that finds its queue full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It is refused with [`QueueFull`].
    #[default]
    Strict,
    /// It goes into a reserve that was made with the queue, and a warning goes out. Nothing is lost: past the reserve the
    /// queue grows, which allocates, is counted and names the queue.
    Fallback {
        /// How many events the reserve has room for.
        reserve: u32,
    },
    /// The oldest event makes room for it.
    Discard,
}

/// What became of the events of one type, from the beginning.
///
/// At any time `emitted == delivered + pending + dropped + refused`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that emitted one, refused ones too.
    pub emitted: u64,
    /// Delivered by a dispatch, to all subscribers that there are.
    pub delivered: u64,
    /// Waiting for the next dispatch.
    pub pending: u64,
    /// The oldest of a full queue with [`Overflow::Discard`].
    pub dropped: u64,
    /// Refused by a full queue with [`Overflow::Strict`].
    pub refused: u64,
    /// Kept in the reserve, or past it, by [`Overflow::Fallback`].
    pub spilled: u64,
    /// How often a queue grew past its reserve.
    pub allocations: u64,
    /// How often a queue got 80% full between two dispatches.
    pub warnings: u64,
}

impl Counts {
    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            emitted: self.emitted + other.emitted,
            delivered: self.delivered + other.delivered,
            pending: self.pending + other.pending,
            dropped: self.dropped + other.dropped,
            refused: self.refused + other.refused,
            spilled: self.spilled + other.spilled,
            allocations: self.allocations + other.allocations,
            warnings: self.warnings + other.warnings,
        }
    }
}

/// A queue with the policy [`Overflow::Strict`] has no room for another event.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the queue of `{event}` is full: it has room for {capacity} between two dispatches; declare a larger capacity, or \
     another overflow policy"
)]
pub struct QueueFull {
    /// The type of event.
    pub event: &'static str,
    /// Events that there is room for.
    pub capacity: u32,
}

crate::debug_as_display!(QueueFull);

/// How a queue was declared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    pub capacity: u32,
    pub overflow: Overflow,
}

impl Limits {
    /// What there is room for before anything allocates.
    pub fn room(self) -> usize {
        let reserve = match self.overflow {
            Overflow::Fallback { reserve } => reserve,
            Overflow::Strict | Overflow::Discard => 0,
        };
        self.capacity as usize + reserve as usize
    }

    /// The number of events with which a queue is 80% full.
    fn warning(self) -> usize {
        (self.capacity as usize * 4).div_ceil(5)
    }
}

/// Events of one type, the oldest first. Emptying it keeps its memory. What tells that it is idle comes first.
#[repr(C)]
pub(super) struct Queue<T> {
    /// Always has room for one more.
    items: Vec<T>,
    /// How full it has been since it was last asked.
    level: Option<QueueLevel>,
    /// While there are fewer items than this, a push has nothing else to do. Never more than the capacity.
    quiet: usize,
    /// The oldest of a full queue that discards.
    oldest: usize,
    limits: Limits,
    /// Of what was emitted into this queue; `emitted`, `pending` and `delivered` follow from what is in it.
    counts: Counts,
}

impl<T: Copy> Queue<T> {
    /// # Errors
    /// When there is no memory for this many.
    pub fn new(limits: Limits) -> Result<Self, TryReserveError> {
        let mut items = Vec::new();
        items.try_reserve_exact(limits.room().saturating_add(1))?;
        let mut queue = Self { items, oldest: 0, quiet: 0, limits, counts: Counts::default(), level: None };
        queue.clear();
        Ok(queue)
    }

    /// How many events there is memory for.
    pub fn room(&self) -> usize {
        self.items.capacity() - 1
    }

    /// Appends an event, or does what the policy says.
    #[inline]
    pub fn push(&mut self, event: T) -> Result<(), QueueFull> {
        let len = self.items.len();
        debug_assert!(len < self.items.capacity());
        // SAFETY: there is room for one more than there are items, as the field says, so the place at `len` is inside the
        // allocation. `T` is `Copy`: what was written there before needs no drop.
        unsafe { self.items.as_mut_ptr().add(len).write(event) };
        // Written before it is known to stay, so that the event need not be handed to the slow path: that keeps it out of
        // memory on the fast one.
        if len < self.quiet {
            // SAFETY: `len` is less than the capacity, as above, and the item at `len` was just written.
            unsafe { self.items.set_len(len + 1) };
            return Ok(());
        }
        self.push_watched()
    }

    /// Decides about the event behind the last item.
    #[cold]
    #[inline(never)]
    fn push_watched(&mut self) -> Result<(), QueueFull> {
        let (len, capacity) = (self.items.len(), self.limits.capacity as usize);
        if len < capacity {
            self.keep();
            if len + 1 == self.limits.warning() {
                self.counts.warnings += 1;
                self.quiet = capacity;
                self.level = self.level.max(Some(QueueLevel::NearlyFull));
            }
            return Ok(());
        }
        self.level = self.level.max(Some(QueueLevel::Overflowed));
        match self.limits.overflow {
            Overflow::Strict => {
                self.counts.refused += 1;
                return Err(QueueFull { event: std::any::type_name::<T>(), capacity: self.limits.capacity });
            }
            Overflow::Fallback { .. } => {
                self.counts.spilled += 1;
                self.keep();
            }
            Overflow::Discard => {
                self.counts.dropped += 1;
                // SAFETY: `push`, the only caller, has just written the item at `len`, which is inside the allocation.
                let event = unsafe { self.items.as_ptr().add(len).read() };
                // Without any room the new one is the oldest too.
                if let Some(oldest) = self.items.get_mut(self.oldest) {
                    *oldest = event;
                    self.oldest = (self.oldest + 1) % capacity;
                }
            }
        }
        Ok(())
    }

    /// Counts the event that was written behind the last item in, and makes room for another one behind it.
    fn keep(&mut self) {
        // SAFETY: `push`, from which this is called, has just written the item at the length, inside the allocation.
        unsafe { self.items.set_len(self.items.len() + 1) };
        if self.items.len() == self.items.capacity() {
            self.items.reserve(1);
            self.counts.allocations += 1;
            self.level = Some(QueueLevel::Allocated);
        }
    }

    /// Forgets the events, which have been delivered.
    pub fn clear(&mut self) {
        self.counts.delivered += self.items.len() as u64;
        self.items.clear();
        self.oldest = 0;
        self.quiet = self.limits.warning().saturating_sub(1);
    }

    /// How full it has been since the last call.
    pub fn take_level(&mut self) -> Option<QueueLevel> {
        self.level.take()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether nothing was pushed since it was emptied and asked for its level.
    pub fn is_idle(&self) -> bool {
        self.items.is_empty() && self.level.is_none()
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The events in two runs, the older ones first.
    #[inline]
    pub fn slices(&self) -> [&[T]; 2] {
        let (newer, older) = self.items.split_at(self.oldest);
        [older, newer]
    }

    #[inline]
    pub fn get(&self, index: usize) -> Option<T> {
        let [older, newer] = self.slices();
        older.get(index).or_else(|| newer.get(index - older.len())).copied()
    }

    /// The counts, with what is in the queue as `pending`.
    pub fn counts(&self) -> Counts {
        let pending = self.items.len() as u64;
        let counts = self.counts;
        Counts { emitted: counts.delivered + pending + counts.dropped + counts.refused, pending, ..counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(capacity: u32, overflow: Overflow) -> Queue<u32> {
        Queue::new(Limits { capacity, overflow }).expect("there is memory for some events")
    }

    fn items(queue: &Queue<u32>) -> Vec<u32> {
        queue.slices().concat()
    }

    #[test]
    fn strict_refuses_the_new_one_and_keeps_the_rest() {
        let mut queue = queue(2, Overflow::Strict);
        assert_eq!((queue.push(1), queue.push(2)), (Ok(()), Ok(())));
        assert_eq!(queue.push(3), Err(QueueFull { event: "u32", capacity: 2 }));
        assert_eq!(items(&queue), [1, 2]);
        let expected = Counts { emitted: 3, pending: 2, refused: 1, warnings: 1, ..Counts::default() };
        assert_eq!(queue.counts(), expected);
    }

    #[test]
    fn discard_drops_the_oldest_however_often_it_wraps() {
        let mut queue = queue(3, Overflow::Discard);
        for event in 0..11 {
            queue.push(event).expect("it never refuses");
        }
        assert_eq!(items(&queue), [8, 9, 10]);
        assert_eq!((0..4).map(|index| queue.get(index)).collect::<Vec<_>>(), [Some(8), Some(9), Some(10), None]);
        assert_eq!((queue.counts().dropped, queue.counts().emitted), (8, 11));
        queue.clear();
        queue.push(11).expect("it never refuses");
        assert_eq!(items(&queue), [11]);
        assert_eq!(queue.counts().delivered, 3);
    }

    #[test]
    fn fallback_keeps_all_and_allocates_only_past_its_reserve() {
        let mut queue = queue(2, Overflow::Fallback { reserve: 2 });
        let before = queue.items.as_ptr();
        for event in 0..4 {
            queue.push(event).expect("it never refuses");
        }
        assert_eq!(queue.items.as_ptr(), before, "the reserve is there from the beginning");
        assert_eq!((queue.counts().spilled, queue.counts().allocations), (2, 0));
        queue.push(4).expect("it never refuses");
        assert_eq!((queue.counts().spilled, queue.counts().allocations), (3, 1));
        assert_eq!(items(&queue), [0, 1, 2, 3, 4]);
        let room = queue.items.capacity();
        queue.clear();
        assert_eq!(queue.items.capacity(), room, "what has grown is never given back");
    }

    #[test]
    fn it_warns_once_when_four_fifths_are_full() {
        for capacity in 1..40 {
            let mut queue = queue(capacity, Overflow::Strict);
            for round in 1..=2 {
                for event in 0..capacity {
                    let warned = queue.counts.warnings == round;
                    assert_eq!(warned, u64::from(event) * 5 >= u64::from(capacity) * 4, "{event} of {capacity}");
                    queue.push(event).expect("there is room");
                }
                assert_eq!(queue.counts.warnings, round, "a full queue of {capacity} has warned");
                queue.clear();
            }
        }
    }

    #[test]
    fn a_queue_without_room_counts_what_it_loses() {
        let mut none = queue(0, Overflow::Discard);
        none.push(1).expect("it never refuses");
        assert_eq!((none.counts().dropped, none.counts().pending), (1, 0));
        assert!(queue(0, Overflow::Strict).push(1).is_err());
    }
}
