//! Nodes that are generic over formats, element types and lengths; outputs and views take the parameters that they use.
#![deny(warnings)]
use vixen::{Block, Buffer, Compute, Extent, Format, Host, FrameInfo, Image, Rgba16Float, node};

/// Samples any format.
#[node(compute, shader = "tone_map.comp.spv")]
pub struct Tone<F: Format> {
    #[sampled(linear)]
    hdr: Image<F>,
    #[storage(write)]
    ldr: Image<vixen::Rgba8Unorm>,
}

#[node]
impl<F: Format> Compute for Tone<F> {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.hdr.extent());
    }
}

/// Makes a buffer of anything.
#[node(host)]
struct Fill<T, const N: usize>
where
    T: Block,
{
    #[create(len = N)]
    elements: Buffer<[T]>,
    value: T,
}

#[node]
impl<T: Block, const N: usize> Host for Fill<T, N> {
    fn run(view: &mut View, _frame: &FrameInfo) {
        view.elements.fill(*view.value);
    }
}

/// Copies words.
#[node(compute, shader = "copy.comp.spv")]
struct Words<T: Block> {
    #[storage]
    source: Buffer<[T]>,
    #[storage(write)]
    destination: Buffer<[T]>,
}

#[node]
impl<T: Block> Compute for Words<T> {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over([view.source.len() as u32, 1, 1]);
    }
}

fn main() {
    let graph = vixen_ui_tests::graph();
    let fill = graph.add(Fill::<u32, 16> { value: 7, });
    let words = graph.add(Words { source: &fill.elements, destination: graph.buffer(16) });
    let _ = graph.read_back(&words.destination);
    let (_, march) = vixen_ui_tests::marched(&graph);
    let tone = graph.add(Tone::<Rgba16Float> { hdr: &march.color, ldr: graph.image(Extent::Output) });
    graph.present(tone.ldr);
}
