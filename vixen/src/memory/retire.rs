//! Destruction that waits until no frame uses a thing any more.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::owned::{Buffer, Image};

/// What can be retired.
#[derive(Debug)]
pub enum Retired {
    /// A buffer.
    Buffer(Buffer),
    /// An image.
    Image(Image),
    /// One handle of a shared buffer.
    SharedBuffer(Arc<Buffer>),
    /// One handle of a shared image.
    SharedImage(Arc<Image>),
}

macro_rules! retired {
    ($($variant:ident($kind:ty),)*) => {$(
        impl From<$kind> for Retired {
            fn from(item: $kind) -> Self {
                Self::$variant(item)
            }
        }
    )*};
}

retired! {
    Buffer(Buffer),
    Image(Image),
    SharedBuffer(Arc<Buffer>),
    SharedImage(Arc<Image>),
}

/// Things to drop once this many frames have finished, in room that is made once and never grows.
pub struct RetireRing<T> {
    /// The frames that have to finish, and what is dropped then; both in the order in which they came.
    items: VecDeque<(u64, T)>,
    capacity: usize,
}

impl<T> RetireRing<T> {
    /// A ring with room for this many things.
    pub fn new(capacity: usize) -> Self {
        Self { items: VecDeque::with_capacity(capacity), capacity }
    }

    /// Keeps a thing until `frames` frames have finished, and allocates nothing. When there is no room it gives the thing back:
    /// the caller waits for [`oldest`](RetireRing::oldest) frames, collects, and tries again.
    ///
    /// # Errors
    /// The thing, when there is no room.
    pub fn retire(&mut self, item: T, frames: u64) -> Result<(), T> {
        if self.items.len() == self.capacity {
            return Err(item);
        }
        // Frames finish in order, so what waits for fewer of them than the one before it waits for as many.
        let frames = self.items.back().map_or(frames, |&(before, _)| before.max(frames));
        self.items.push_back((frames, item));
        Ok(())
    }

    /// Drops what waited for at most `finished` frames, and says how much that was.
    pub fn collect(&mut self, finished: u64) -> usize {
        let before = self.items.len();
        while self.items.front().is_some_and(|&(frames, _)| frames <= finished) {
            self.items.pop_front();
        }
        before - self.items.len()
    }

    /// How many frames the first thing waits for, if there is one.
    pub fn oldest(&self) -> Option<u64> {
        self.items.front().map(|&(frames, _)| frames)
    }

    /// How many things wait.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many of these have memory already.
    pub(crate) fn room(&self) -> usize {
        self.items.capacity().min(self.capacity)
    }

    /// How many things have room.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

impl<T> fmt::Debug for RetireRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetireRing").field("len", &self.len()).field("capacity", &self.capacity).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_dropped_when_their_frames_have_finished_and_not_before() {
        let alive = Arc::new(());
        let mut ring = RetireRing::new(3);
        for frames in [1, 3, 2] {
            ring.retire(alive.clone(), frames).expect("there is room");
        }
        assert!(ring.retire(alive.clone(), 4).is_err(), "the ring does not grow");
        assert_eq!((ring.oldest(), ring.items.capacity() >= 3, Arc::strong_count(&alive)), (Some(1), true, 4));
        assert_eq!((ring.collect(0), ring.collect(1), Arc::strong_count(&alive)), (0, 1, 3));
        // The last one came after the one that waits for three frames.
        assert_eq!((ring.collect(2), ring.collect(3), Arc::strong_count(&alive)), (0, 2, 1));
        assert!(ring.is_empty());
    }
}
