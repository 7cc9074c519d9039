//! Recording of dynamic segments in a frame, on one thread or several.
//!
//! Which thread records a segment is settled at compile, and each thread has command pools of its own. So threads share nothing
//! that changes, and what is submitted, in which order, does not depend on how many there are.

use std::marker::PhantomData;
use std::ops::Range;
use std::slice;
use std::sync::{Mutex, PoisonError};

use ash::vk;

use crate::event::NodeEvents;
use crate::frame::compiled::CompiledGraph;
use crate::frame::moment::Moment;
use crate::frame::record::{RecordError, Recorder};
use crate::frame::run::FrameError;
use crate::frame::watched;
use crate::memory::Phase;

impl CompiledGraph {
    /// Records the dynamic segments for a moment. The frame that had its slot has finished.
    pub(in crate::frame) fn record_dynamic(&mut self, moment: &Moment) -> Result<(), FrameError> {
        let (device, resources, timing) = (&self.device, &self.resources, self.timing.as_ref());
        let events = Some(NodeEvents::new(&mut self.events.bus));
        let recorder = Recorder::new(device, resources, &mut self.gathered, timing, moment, events);
        let (graph, threads) = (self.graph, self.workers.count());
        let (segments, pools) = self.segments.parts();
        let (segments, nodes) = (Parts::new(segments), Parts::new(&mut self.nodes));
        // The first error in the order of the segments: the same one, whichever thread is faster.
        let first = Mutex::new(None);
        let fail = |at: usize, error: RecordError| {
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            if first.as_ref().is_none_or(|&(other, _)| at < other) {
                *first = Some((at, error));
            }
        };
        self.workers.run(&|thread| {
            let _phase = Phase::Execute.enter();
            let _watched = watched::frame(graph, moment.frame);
            if let Err(error) = pools.reset(device, thread, moment.slot) {
                return fail(thread, error.into());
            }
            for index in (thread..segments.len()).step_by(threads) {
                // SAFETY: this thread alone takes the indices that leave this remainder.
                let segment = unsafe { &mut segments.get(index..index + 1)[0] };
                if segment.dynamic {
                    let of_segment = segment.tape.nodes();
                    // SAFETY: tapes have no nodes in common, and this thread alone has this segment's.
                    let nodes = unsafe { nodes.get(of_segment.start as usize..of_segment.end as usize) };
                    let (commands, flags) = (segment.commands(moment), vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT);
                    let recorded = recorder.segment(nodes, &mut segment.tape, commands, flags);
                    recorded.unwrap_or_else(|error| fail(index, error));
                }
            }
        });
        match first.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some((_, RecordError::Device(error))) => Err(error.into()),
            Some((_, refused)) => Err(FrameError::Record(refused.named(&self.nodes))),
        }
    }
}

/// A slice of which each thread takes its own parts.
struct Parts<'p, T> {
    start: *mut T,
    len: usize,
    whole: PhantomData<&'p mut [T]>,
}

// SAFETY: it gives out nothing but exclusive references to parts that do not overlap, as `get` asks for; those may go to other
// threads when `T` may.
unsafe impl<T: Send> Sync for Parts<'_, T> {}

impl<'p, T> Parts<'p, T> {
    fn new(whole: &'p mut [T]) -> Self {
        Self { start: whole.as_mut_ptr(), len: whole.len(), whole: PhantomData }
    }

    fn len(&self) -> usize {
        self.len
    }

    /// A part.
    ///
    /// # Safety
    /// It overlaps with no other part that is still in use.
    #[expect(clippy::mut_from_ref, reason = "the caller keeps the parts apart")]
    unsafe fn get(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "segments and nodes are counted at compile");
        // SAFETY: the range is in the slice, which is borrowed exclusively for `'p`, and the caller has this part alone.
        unsafe { slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}
