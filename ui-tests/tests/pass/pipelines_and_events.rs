//! Several pipelines in one node, a scratch buffer of its own, and events.
#![deny(warnings)]
use vixen::event::{Emits, Event, Receives};
use vixen::{Buffer, Compute, Node, node};

#[derive(Clone, Copy)]
struct Counted([u32; 4]);
#[derive(Clone, Copy)]
struct Reset;

impl Event for Counted {}
impl Event for Reset {}

#[node(
    compute,
    dynamic,
    pipeline(name = "copy", shader = "copy.comp.spv"),
    pipeline(name = "copy_again", shader = "stripped.comp.spv"),
    emits(Counted = 8),
    receives(Reset = 2),
    crate = ::vixen
)]
struct Twice {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(create, len = self.length)]
    destination: Buffer<[u32]>,
    length: u64,
}

#[node(crate = ::vixen)]
impl Compute for Twice {
    fn record(view: &View, commands: &mut Commands) {
        let resets = commands.events::<Reset>().len() as u32;
        let _ = commands.emit(Counted([resets; 4]));
        for pipeline in [Self::COPY, Self::COPY_AGAIN] {
            commands.bind(pipeline);
            commands.dispatch_over([*view.length as u32, 1, 1]);
        }
    }
}

fn main() {
    assert_eq!(<Twice as Emits<Counted>>::CAPACITY, 8);
    assert_eq!(<Twice as Receives<Reset>>::CAPACITY, 2);
    let events = Twice::REQUIREMENTS.events;
    assert_eq!((events.emitted, events.received, events.bytes), (8, 2, 8 * size_of::<Counted>() as u64));
    assert_eq!(Counted([0; 4]).0[0], 0);
    let _ = Reset;
}
