//! Which bytes of staging an upload gets, and when a block is free again: the state of the upload queue without its contents,
//! a device or a lock, so that every interleaving of its steps can be checked.
//!
//! A block is filled from its start on. It goes back when nobody fills it any more, no queued write reads it, and the last
//! batch that does has finished.

/// What an upload goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Buffer,
    Image,
}

/// Where in its block an upload may start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub align: u64,
    pub residue: u64,
}

/// Bytes of a block that one thread fills, and places in the list of what they are for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Room {
    kind: Kind,
    places: usize,
    pub block: u32,
    pub from: u64,
}

/// The rooms in all blocks `B` of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rooms<B> {
    /// As many places as were ever needed at a time.
    blocks: Vec<Option<Lent<B>>>,
    /// How many places there may be.
    most_blocks: usize,
    /// The block that is being filled.
    open: Option<usize>,
    /// For each kind how many writes a batch may have, how many are queued, and how many belong to rooms given out.
    places: [Places; 2],
    /// The number of the batch that is being collected.
    batch: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Places {
    capacity: usize,
    queued: usize,
    taken: usize,
}

/// A block while it is filled and read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Lent<B> {
    block: B,
    size: u64,
    cursor: u64,
    /// Rooms in it that are being filled.
    writers: u32,
    /// Whether a queued write reads it.
    queued: bool,
    /// The last batch that reads it.
    batch: u64,
}

impl<B> Rooms<B> {
    /// For batches of this many writes to buffers and to images, in this many blocks at a time.
    pub fn new(capacities: [usize; 2], blocks: usize) -> Self {
        Self {
            blocks: Vec::with_capacity(blocks),
            most_blocks: blocks,
            open: None,
            places: capacities.map(|capacity| Places { capacity, queued: 0, taken: 0 }),
            batch: 1,
        }
    }

    /// Whether this many more writes of a kind have places in their list, those that are being filled counted in.
    pub fn has_places(&self, kind: Kind, places: usize) -> bool {
        let Places { capacity, queued, taken } = self.places[kind as usize];
        queued + taken + places <= capacity
    }

    /// Room for this many writes, of this many bytes together, in the open block; to be settled.
    pub fn room(&mut self, kind: Kind, places: usize, len: u64, fit: Fit) -> Option<Room> {
        let index = self.open?;
        let lent = self.blocks[index].as_mut().expect("the open block is there");
        let from = fit.at_or_after(lent.cursor);
        let end = from.checked_add(len).filter(|&end| end <= lent.size)?;
        lent.cursor = end;
        lent.writers += 1;
        self.places[kind as usize].taken += places;
        Some(Room { kind, places, block: index as u32, from })
    }

    /// How many bytes the open block has left for rooms of that fit.
    pub fn left(&self, fit: Fit) -> u64 {
        let open = self.open.and_then(|index| self.blocks[index].as_ref());
        open.map_or(0, |lent| lent.size.saturating_sub(fit.at_or_after(lent.cursor)))
    }

    /// Where another block can be put.
    pub fn vacancy(&self) -> Option<usize> {
        let places = self.blocks.len();
        self.blocks.iter().position(Option::is_none).or((places < self.most_blocks).then_some(places))
    }

    /// Puts a block there, and fills it from now on.
    pub fn open(&mut self, vacancy: usize, block: B, size: u64) {
        let lent = Some(Lent { block, size, cursor: 0, writers: 0, queued: false, batch: 0 });
        match self.blocks.get_mut(vacancy) {
            Some(place) => *place = lent,
            None => self.blocks.push(lent),
        }
        self.open = Some(vacancy);
    }

    /// Gives back the blocks that nobody fills or reads, now that batches up to `finished` are done; the open one starts anew.
    pub fn reclaim(&mut self, finished: u64, mut give_back: impl FnMut(B)) {
        for (index, place) in self.blocks.iter_mut().enumerate() {
            let Some(lent) = place else { continue };
            if lent.writers > 0 || lent.queued || lent.batch > finished {
                continue;
            }
            if self.open == Some(index) {
                lent.cursor = 0;
            } else if let Some(lent) = place.take() {
                give_back(lent.block);
            }
        }
    }

    /// Gives back the open block too, if nobody needs it.
    pub fn close(&mut self, finished: u64, give_back: impl FnMut(B)) {
        self.open = None;
        self.reclaim(finished, give_back);
    }

    /// A room has been filled, and its writes have been queued, of which there are this many now; returns the number of their
    /// batch.
    pub fn settle(&mut self, room: &Room, queued: usize) -> u64 {
        let lent = self.blocks[room.block as usize].as_mut().expect("a block that is being filled is there");
        lent.writers -= 1;
        lent.queued = true;
        let places = &mut self.places[room.kind as usize];
        places.taken -= room.places;
        places.queued = queued;
        self.batch
    }

    /// The number of the batch that is being collected.
    pub fn batch(&self) -> u64 {
        self.batch
    }

    /// Everything that is queued becomes one batch, and the next begins; says of each block that the batch reads where it is.
    pub fn take<E>(&mut self, mut read: impl FnMut(usize, &B) -> Result<(), E>) -> Result<(), E> {
        for (index, place) in self.blocks.iter_mut().enumerate() {
            let Some(lent) = place.as_mut().filter(|lent| lent.queued) else { continue };
            lent.queued = false;
            lent.batch = self.batch;
            read(index, &lent.block)?;
        }
        self.places.iter_mut().for_each(|places| places.queued = 0);
        self.batch += 1;
        Ok(())
    }

    /// The block of a room.
    pub fn block(&self, room: &Room) -> &B {
        &self.blocks[room.block as usize].as_ref().expect("a block that is being filled is there").block
    }

    /// The block in a place.
    #[cfg(test)]
    pub fn at(&self, place: usize) -> Option<&B> {
        self.blocks.get(place)?.as_ref().map(|lent| &lent.block)
    }

    /// How many writes of a kind are queued, and how many belong to rooms given out.
    #[cfg(test)]
    pub fn counted(&self, kind: Kind) -> (usize, usize) {
        let Places { queued, taken, .. } = self.places[kind as usize];
        (queued, taken)
    }

    /// All blocks.
    pub fn blocks(&self) -> impl Iterator<Item = &B> {
        self.blocks.iter().flatten().map(|lent| &lent.block)
    }
}

impl Room {
    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl Fit {
    /// For a range of a buffer: neighbours there can lie side by side in staging, and both are aligned alike.
    pub fn to(to: u64) -> Self {
        Self { align: 16, residue: to % 16 }
    }

    /// The first such place.
    pub fn at_or_after(self, cursor: u64) -> u64 {
        // Nearly always so, and a division takes longer than all else here.
        if self.align == 16 {
            return cursor + (self.residue.wrapping_sub(cursor) & 15);
        }
        let start = cursor / self.align * self.align + self.residue;
        if start < cursor { start + self.align } else { start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_a_buffer_lie_side_by_side_in_staging() {
        let (mut cursor, mut to) = (0, 7);
        for (index, len) in [3, 16, 1, 4096, 30].into_iter().enumerate() {
            let from = Fit { align: 16, residue: to % 16 }.at_or_after(cursor);
            assert!(from >= cursor && from % 16 == to % 16);
            assert!(index == 0 || from == cursor, "no gap before write {index}");
            (cursor, to) = (from + len, to + len);
        }
    }

    #[test]
    fn texels_start_at_whole_blocks() {
        for cursor in 0..200 {
            let from = Fit { align: 48, residue: 0 }.at_or_after(cursor);
            assert!(from >= cursor && from < cursor + 48 && from.is_multiple_of(48));
        }
    }
}
