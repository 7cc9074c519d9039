//! Small nodes that several tests wire.
#![allow(dead_code, reason = "each test uses a part of it")]

use vixen::{Block, Buffer, Compute, D2Array, FrameInfo, Host, Image, R32Uint, Transfer, node};

/// One number, as a uniform.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Settings {
    /// Added by `Fill`.
    pub offset: u32,
}

/// One number, as push constants.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Amount {
    /// What it means depends on the node.
    pub amount: u32,
}

/// One number, as push constants.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Factor {
    /// Multiplied by the index.
    pub factor: u32,
}

/// A colour and how far away it is, as push constants of a triangle that covers everything.
#[derive(Clone, Copy, Block)]
#[repr(C)]
pub struct Tint {
    /// Red, green, blue and opacity.
    pub tint: [f32; 4],
    /// 0 to 1.
    pub depth: f32,
}

/// Writes index × factor + offset.
#[node(compute, shader = "tests/shaders/fill.comp.spv")]
pub struct Fill {
    #[uniform]
    settings: Buffer<Settings>,
    #[storage(write)]
    values: Buffer<[u32]>,
    #[push]
    params: Factor,
}

#[node]
impl Compute for Fill {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

/// Writes index × factor, with a factor that is a specialisation constant.
#[node(compute, shader = "tests/shaders/spec.comp.spv")]
pub struct Ramp {
    #[spec]
    factor: u32,
    #[spec]
    offset: f32,
    #[storage(write)]
    values: Buffer<[u32]>,
}

#[node]
impl Compute for Ramp {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

/// Adds to every element in place.
#[node(compute, shader = "tests/shaders/add.comp.spv")]
pub struct Add {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for Add {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

/// Adds to every element in place, and is recorded in every frame.
#[node(compute, dynamic, shader = "tests/shaders/add.comp.spv")]
pub struct AddDynamic {
    #[storage(read_write)]
    values: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for AddDynamic {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.values.len());
    }
}

/// Copies, and adds to every element.
#[node(compute, shader = "tests/shaders/copy.comp.spv")]
pub struct Copy {
    #[storage]
    source: Buffer<[u32]>,
    #[storage(write)]
    target: Buffer<[u32]>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for Copy {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.target.len());
    }
}

/// Sums two buffers.
#[node(compute, shader = "tests/shaders/sum.comp.spv")]
pub struct Sum {
    #[storage]
    a: Buffer<[u32]>,
    #[storage]
    b: Buffer<[u32]>,
    #[storage(write)]
    total: Buffer<[u32]>,
}

#[node]
impl Compute for Sum {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_items(view.total.len());
    }
}

/// Counts how often it ran.
#[node(compute, shader = "tests/shaders/count.comp.spv")]
pub struct Count {
    #[storage(read_write)]
    values: Buffer<[u32]>,
}

#[node]
impl Compute for Count {
    fn record(_view: &View, commands: &mut Commands) {
        commands.dispatch(1, 1, 1);
    }
}

/// Paints x + 256 y + amount.
#[node(compute, shader = "tests/shaders/paint.comp.spv")]
pub struct Paint {
    #[storage(write)]
    color: Image<R32Uint>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for Paint {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

/// Paints amount + layer.
#[node(compute, shader = "tests/shaders/paint_layer.comp.spv")]
pub struct PaintLayers {
    #[storage(write)]
    color: Image<R32Uint, D2Array>,
    #[push]
    params: Amount,
}

#[node]
impl Compute for PaintLayers {
    fn record(view: &View, commands: &mut Commands) {
        let [width, height, _] = view.color.extent();
        commands.dispatch_over([width, height, view.color.layers()]);
    }
}

/// Zeroes.
#[node(transfer)]
pub struct Zero {
    #[transfer_destination]
    values: Buffer<[u32]>,
}

#[node]
impl Transfer for Zero {
    fn record(view: &View, commands: &mut Commands) {
        commands.fill(view.values, 0);
    }
}

/// Writes the frame's number, times the index, plus its own offset.
#[node(host)]
pub struct Clock {
    #[create(len = self.len)]
    values: Buffer<[u32]>,
    len: u32,
    offset: u32,
}

#[node]
impl Host for Clock {
    fn run(view: &mut View, frame: &FrameInfo) {
        for (index, value) in (0..).zip(view.values.iter_mut()) {
            *value = frame.number as u32 * index + *view.offset;
        }
    }
}

/// `count` times `factor`, plus `offset`.
pub fn ramp(count: u32, factor: u32, offset: u32) -> Vec<u32> {
    (0..count).map(|index| index * factor + offset).collect()
}
