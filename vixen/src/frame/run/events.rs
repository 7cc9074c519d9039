//! The event bus of a compiled graph, and the events that the graph emits itself.

use std::sync::Arc;

use crate::event::{
    BudgetWarning, Channel, DeviceLost, Event, EventBus, FrameBegin, FrameEnd, RecompileCause, RecompileDone,
    RecompileRequested, WindowResized,
};
use crate::frame::compiled::CompiledGraph;
use crate::graph::OutputId;
use crate::memory::{BudgetManager, Listener};

/// A bus, and the channels of those built-in events that somebody declared a queue for.
pub(crate) struct GraphEvents {
    pub bus: EventBus,
    begin: Option<Channel<FrameBegin>>,
    end: Option<Channel<FrameEnd>>,
    resized: Option<Channel<WindowResized>>,
    lost: Option<Channel<DeviceLost>>,
    requested: Option<Channel<RecompileRequested>>,
    recompiled: Option<Channel<RecompileDone>>,
    /// What the budget tells its warnings to, for as long as the graph lives.
    _budget: Option<Arc<Listener>>,
}

impl GraphEvents {
    pub fn new(bus: EventBus, budget: &BudgetManager) -> Self {
        let (begin, end, resized) = (bus.channel(), bus.channel(), bus.channel());
        let (lost, requested, recompiled) = (bus.channel(), bus.channel(), bus.channel());
        let _budget = bus.channel::<BudgetWarning>().map(|channel| {
            let sender = bus.sender(channel);
            let listener: Arc<Listener> = Arc::new(move |warning| {
                // Counted where it is refused, as in `emit`.
                let _ = sender.emit(warning);
            });
            budget.tell(Arc::downgrade(&listener));
            listener
        });
        Self { bus, begin, end, resized, lost, requested, recompiled, _budget }
    }

    /// A frame begins: delivers what was emitted since the one before.
    pub fn begin_frame(&mut self, number: u64) {
        emit(&mut self.bus, self.begin, FrameBegin { number });
        self.bus.dispatch();
    }

    /// A frame was submitted.
    pub fn end_frame(&mut self, number: u64) {
        emit(&mut self.bus, self.end, FrameEnd { number });
    }

    /// A frame was left out: delivers what was emitted all the same.
    pub fn no_frame(&mut self) {
        self.bus.dispatch();
    }

    /// An output has another size.
    pub fn resized(&mut self, output: OutputId, extent: [u32; 2]) {
        emit(&mut self.bus, self.resized, WindowResized { output, extent });
    }

    /// The device is lost. No frame begins any more that could deliver it: it is delivered at once, and only once.
    pub fn device_lost(&mut self, frame: u64) {
        if let Some(lost) = self.lost.take() {
            // Counted where it is refused, as in `emit`.
            let _ = self.bus.deliver(lost, DeviceLost { frame });
        }
    }

    /// Something has to be made anew.
    pub fn recompile_requested(&mut self, cause: RecompileCause) {
        emit(&mut self.bus, self.requested, RecompileRequested { cause });
    }

    /// Shaders have another module.
    #[cfg(feature = "hot-reload")]
    pub fn reloaded(&mut self, reloaded: crate::shader::reload::Reloaded) {
        let crate::shader::reload::Reloaded { shader, nodes, pipelines } = reloaded;
        let channel = self.bus.channel();
        emit(&mut self.bus, channel, crate::event::ShaderReloaded { shader, nodes, pipelines });
    }

    /// Something was made anew.
    pub fn recompiled(&mut self, cause: RecompileCause, count: u64) {
        emit(&mut self.bus, self.recompiled, RecompileDone { cause, count });
    }
}

fn emit<T: Event>(bus: &mut EventBus, channel: Option<Channel<T>>, event: T) {
    if let Some(channel) = channel {
        // A full queue counts what it refuses, and says so by `QueuePressure`; a frame does not fail for it.
        let _ = bus.emit(channel, event);
    }
}

impl CompiledGraph {
    /// The graph's event bus. Each frame dispatches it once, before host nodes run.
    pub fn events(&mut self) -> &mut EventBus {
        &mut self.events.bus
    }
}
