//! What is known of everything that is alive, at addresses that stay: so that a name is kept once, and its owner reads it
//! without a lock.

use std::ptr::NonNull;
use std::sync::Arc;

use super::category::Category;
use super::heaps::HeapIndex;
use super::live::LiveKind;
use super::name::Name;
use super::scope::Phase;

/// What is known of a piece of memory. It fills a cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Record {
    pub name: Name,
    pub node: Option<Arc<str>>,
    pub bytes: u64,
    pub kind: LiveKind,
    pub heap: HeapIndex,
    pub category: Category,
    pub phase: Phase,
    /// Somebody has its ticket.
    live: bool,
}

const _: () = assert!(size_of::<Record>() == 64, "a record grew beyond a cache line");

/// How many records are made at a time.
const CHUNK: usize = 64;

/// All records. They go with this, so whoever holds a ticket keeps this alive.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// From boxes.
    chunks: Vec<NonNull<[Record; CHUNK]>>,
    vacant: Vec<NonNull<Record>>,
}

/// The right to one record, of which there is no second.
///
/// A record is written by whoever has both its ticket and, exclusively, the records; so who shares either can read it.
#[derive(Debug)]
pub(super) struct Ticket(NonNull<Record>);

// SAFETY: a record is plain data, which any thread may read and drop; who may do so when is said above.
unsafe impl Send for Ticket {}
// SAFETY: as above.
unsafe impl Sync for Ticket {}
// SAFETY: the chunks are owned by this alone, and hold such data.
unsafe impl Send for Records {}

impl Records {
    /// Adds a record, to be filled where it lies: all of it but its name, which is none.
    #[inline]
    pub fn insert(&mut self) -> (Ticket, &mut Record) {
        let mut slot = self.vacant.pop().unwrap_or_else(|| self.grow());
        let ticket = Ticket(slot);
        // SAFETY: the record is of a chunk of this, and vacant: nobody has a ticket for it but the caller, for whom `self` is
        // borrowed as long as the record; and that keeps readers of all records out.
        let record = unsafe { slot.as_mut() };
        record.live = true;
        (ticket, record)
    }

    /// Takes a record out, and hands it to `look` for the last time. It allocates nothing.
    #[inline]
    pub fn remove<T>(&mut self, ticket: Ticket, look: impl FnOnce(&mut Record) -> T) -> T {
        let mut slot = ticket.0;
        self.vacant.push(slot);
        // SAFETY: the ticket came from here and is given up, and `&mut self` keeps readers of all records out.
        let record = unsafe { slot.as_mut() };
        let seen = look(record);
        record.live = false;
        record.name.clear();
        record.node = None;
        seen
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.chunks.len() * CHUNK - self.vacant.len()
    }

    /// All records, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        // SAFETY: the chunks live as long as this, and nobody writes a record of them while this is shared.
        self.chunks.iter().flat_map(|chunk| unsafe { chunk.as_ref() }).filter(|record| record.live)
    }

    /// Makes room for more, and for giving all of it back. Returns one of the new places.
    #[cold]
    fn grow(&mut self) -> NonNull<Record> {
        let chunk = NonNull::from(Box::leak(Box::new([Record::VACANT; CHUNK])));
        self.chunks.push(chunk);
        self.vacant.reserve(self.chunks.len() * CHUNK);
        let first = chunk.cast::<Record>();
        // SAFETY: the indices are within the chunk.
        self.vacant.extend((1..CHUNK).rev().map(|index| unsafe { first.add(index) }));
        first
    }
}

impl Record {
    const VACANT: Self = Self {
        name: Name::NONE,
        node: None,
        bytes: 0,
        kind: LiveKind::Buffer,
        heap: HeapIndex::UNKNOWN,
        category: Category::Other,
        phase: Phase::Setup,
        live: false,
    };
}

impl Ticket {
    /// The record.
    ///
    /// # Safety
    /// The records that it is of are alive, and the one that [`Records::insert`] returned with it is not used any more.
    pub unsafe fn record(&self) -> &Record {
        // SAFETY: the record is alive, as the caller promises, and written only by who has this ticket exclusively.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        for chunk in self.chunks.drain(..) {
            // SAFETY: it came from a box, and is dropped only here.
            drop(unsafe { Box::from_raw(chunk.as_ptr()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(records: &mut Records, index: u64) -> Ticket {
        let (ticket, record) = records.insert();
        record.name.set(&index.to_string());
        record.bytes = index;
        ticket
    }

    #[test]
    fn records_stay_where_they_are_while_others_come_and_go() {
        let mut records = Records::default();
        let mut tickets: Vec<_> = (0..1000).map(|index| (index, insert(&mut records, index))).collect();
        for round in 0..5_u64 {
            let mut kept = Vec::new();
            for (index, ticket) in tickets.drain(..) {
                if (index + round) % 3 == 0 {
                    let room = records.vacant.capacity();
                    assert_eq!(records.remove(ticket, |record| record.bytes), index);
                    assert_eq!(records.vacant.capacity(), room, "nothing is allocated");
                } else {
                    kept.push((index, ticket));
                }
            }
            tickets = kept;
            tickets.extend((0..300).map(|new| new + round * 1000).map(|new| (new, insert(&mut records, new))));
            for (index, ticket) in &tickets {
                // SAFETY: the records are alive.
                let record = unsafe { ticket.record() };
                assert_eq!((record.name.as_str(), record.bytes), (&*index.to_string(), *index));
            }
            assert_eq!((records.iter().count(), records.len()), (tickets.len(), tickets.len()));
        }
    }
}
