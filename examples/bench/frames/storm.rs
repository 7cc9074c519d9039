//! The weather that watched frames run in: events that fill every queue and its reserve, budget warnings, uploads, things to
//! retire.

use std::sync::Arc;

use vixen::ash::vk;
use vixen::device::Device;
use vixen::event::{BudgetWarning, Channel, Event, FrameBegin, FrameEnd, Overflow, Sender};
use vixen::memory::{Buffer as MemoryBuffer, BufferDesc, Category, StagingPool, Uploader, UploaderOptions};
use vixen::{Buffer, CompiledGraph, FrameInfo, Graph, Host, Shared, node};

use crate::Failure;

/// Events that each queue has room for, and as many again in a reserve.
const ROOM: u32 = 64;
/// Bytes that one upload writes.
const UPLOAD: usize = 256;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        struct $name {
            _payload: [u32; 8],
        }

        impl Event for $name {}
    )*};
}

events! {
    /// Refused where there is no room.
    Refused,
    /// Kept in a reserve where there is no room.
    Spilled,
    /// Makes room for itself.
    Dropped,
    /// What the echo hears.
    Call,
    /// What it says.
    Answer,
}

/// A node in the storm: answers every call.
#[node(host, receives(Call = 64), emits(Answer = 64))]
struct Echo {
    #[create]
    heard: Buffer<u32>,
    total: u32,
}

#[node]
impl Host for Echo {
    fn run(view: &mut View, frame: &FrameInfo) {
        for Call { _payload } in frame.events::<Call>() {
            *view.total = view.total.wrapping_add(1);
            // Who is not heard is counted.
            let _ = frame.emit(Answer { _payload });
        }
        *view.heard = *view.total;
    }
}

/// The channels to fill.
#[derive(Clone, Copy)]
pub struct Channels {
    refused: Channel<Refused>,
    spilled: Channel<Spilled>,
    dropped: Channel<Dropped>,
    calls: Channel<Call>,
}

/// Declares the queues of a graph, and who reads them.
pub fn declare(graph: &Graph) -> (Channels, Shared<Buffer<u32>>) {
    let heard = graph.add(Echo { total: 0 }).heard;
    let channels = graph.events(|events| {
        let channels = Channels {
            refused: events.queue(ROOM),
            spilled: events.queue(ROOM),
            dropped: events.queue(ROOM),
            calls: events.queue(ROOM),
        };
        events.overflow(channels.spilled, Overflow::Fallback { reserve: ROOM });
        events.overflow(channels.dropped, Overflow::Discard);
        events.on(channels.spilled, "spilled", |_| {});
        let (begin, end) = (events.queue::<FrameBegin>(1), events.queue::<FrameEnd>(1));
        events.on(begin, "begin", |_| {});
        events.on(end, "end", |_| {});
        let warning = events.queue::<BudgetWarning>(4);
        events.on(warning, "budget", |_| {});
        channels
    });
    (channels, heard.share())
}

/// What it is made of.
pub struct Storm {
    device: Device,
    channels: Channels,
    /// The same queues as other threads fill them.
    senders: (Sender<Refused>, Sender<Spilled>, Sender<Dropped>, Sender<Call>),
    uploader: Arc<Uploader>,
    target: Arc<MemoryBuffer>,
}

impl Storm {
    /// Attaches an uploader to the graph.
    pub fn new(graph: &mut CompiledGraph, channels: Channels) -> Result<Self, Failure> {
        let device = graph.device().clone();
        let uploader = Uploader::new(&device, &StagingPool::new(&device), UploaderOptions::default())?;
        graph.attach_uploader(&uploader)?;
        let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::STORAGE_BUFFER;
        let desc = BufferDesc::new("uploaded", 1 << 16, usage);
        let target = Arc::new(device.budget().buffer(&desc, Category::Other)?);
        let bus = graph.events();
        let senders = (
            bus.sender(channels.refused),
            bus.sender(channels.spilled),
            bus.sender(channels.dropped),
            bus.sender(channels.calls),
        );
        Ok(Self { device, channels, senders, uploader, target })
    }

    /// The uploader.
    pub fn uploader(&self) -> &Uploader {
        &self.uploader
    }

    /// The weather before a frame: it blows before every tenth, and something is uploaded before every seventh.
    pub fn before(&self, graph: &mut CompiledGraph, frame: u64) -> Result<(), Failure> {
        if frame.is_multiple_of(10) {
            self.fill_queues(graph);
            self.warn(graph)?;
        }
        if frame.is_multiple_of(7) {
            for piece in 0..4 {
                let offset = (frame * 4 + piece) * 2 * UPLOAD as u64 % self.target.size();
                self.uploader.buffer(&self.target, offset, &[piece as u8; UPLOAD])?;
            }
        }
        Ok(())
    }

    /// Fills every queue, the bus's own and that of other threads, and its reserve, to the last place.
    fn fill_queues(&self, graph: &mut CompiledGraph) {
        let Channels { refused, spilled, dropped, calls } = self.channels;
        let bus = graph.events();
        for number in 0..2 * ROOM {
            let _payload = [number; 8];
            // What is refused is counted, and so are the others.
            let _ = bus.emit(refused, Refused { _payload });
            let _ = bus.emit(spilled, Spilled { _payload });
            let _ = bus.emit(dropped, Dropped { _payload });
            let _ = bus.emit(calls, Call { _payload });
            let _ = self.senders.0.emit(Refused { _payload });
            let _ = self.senders.1.emit(Spilled { _payload });
            let _ = self.senders.2.emit(Dropped { _payload });
            let _ = self.senders.3.emit(Call { _payload });
        }
    }

    /// Lets the use of memory rise to the warning mark, and retires what it rose by.
    fn warn(&self, graph: &mut CompiledGraph) -> Result<(), Failure> {
        let budget = self.device.budget();
        let before = budget.usage().warning;
        budget.set_warning(budget.usage().in_use + 1);
        let desc = BufferDesc::new("the last straw", 1 << 12, vk::BufferUsageFlags::STORAGE_BUFFER);
        graph.retire(budget.buffer(&desc, Category::Other)?)?;
        budget.set_warning(before);
        Ok(())
    }

    /// Fails where an event was lost that nobody counted, or where a queue grew.
    pub fn check(graph: &mut CompiledGraph) -> Result<(), Failure> {
        for (event, counts) in graph.events().all_counts() {
            let accounted = counts.delivered + counts.pending + counts.dropped + counts.refused;
            if counts.emitted != accounted {
                return Err(
                    format!("{} events of `{event}` were emitted and {accounted} counted", counts.emitted).into()
                );
            }
            if counts.allocations > 0 {
                return Err(format!("the queue of `{event}` grew {} times", counts.allocations).into());
            }
        }
        Ok(())
    }
}
