//! A node, a graph, a frame: the code of the README.

use vixen::{Compute, Device, DeviceOptions, Extent, Graph, Image, Output, Rgba16Float, node};
use vixen_nodes::ToneMap;

/// An evening sky.
#[node(compute, shader = "sky.comp.spv")]
struct Sky {
    #[storage(write)]
    color: Image<Rgba16Float>, // in the wiring: Target<Image<Rgba16Float>>, which comes back as a Wire
    #[push]
    glow: f32,
}

#[node]
impl Compute for Sky {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let graph = Graph::new(Output::headless(640, 360));
    let sky = graph.add(Sky { color: graph.image(Extent::Output), glow: 2.0 });
    let tone = graph.add(ToneMap { hdr: &sky.color, ldr: graph.image(Extent::Output) }); // a read borrows the wire
    let pixels = graph.read_back(&tone.ldr);

    let mut compiled = graph.compile(&Device::new(&DeviceOptions::new())?)?;
    compiled.frame()?; // allocates nothing and creates nothing
    compiled.wait()?;
    let (frame, bytes) = compiled.read(pixels)?.ok_or("the frame has not finished")?;
    println!("frame {frame}: {} bytes, first pixel {:?}", bytes.len(), &bytes[..4]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use vixen::testing::{CountingAllocator, frames};

    use super::*;

    #[global_allocator]
    static ALLOCATOR: CountingAllocator = CountingAllocator;

    #[test]
    fn frames_allocate_nothing() {
        let graph = Graph::new(Output::headless(16, 16));
        let sky = graph.add(Sky { color: graph.image(Extent::Output), glow: 2.0 });
        let tone = graph.add(ToneMap { hdr: &sky.color, ldr: graph.image(Extent::Output) });
        graph.read_back(&tone.ldr);
        let device = Device::new(&DeviceOptions::new().watched()).expect("there is a driver");
        let mut compiled = graph.compile(&device).expect("the graph is valid");
        frames(&mut compiled, 2000, |_graph, _frame| {}).expect("frames run").assert_empty();
    }
}
