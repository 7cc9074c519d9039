//! Two nodes, one graph, one frame: the code of the README.

use vixen::{Compute, Device, DeviceOptions, Extent, Graph, Image, Output, Rgba8Unorm, node};

/// Fills a picture.
#[node(compute, shader = "gradient.comp.spv")]
struct Gradient {
    #[storage(write)]
    picture: Image<Rgba8Unorm>,
}

/// Darkens a picture towards its corners.
#[node(compute, shader = "vignette.comp.spv")]
struct Vignette {
    #[storage]
    picture: Image<Rgba8Unorm>,
    #[storage(write)]
    darkened: Image<Rgba8Unorm>,
    #[push]
    strength: f32,
}

#[node]
impl Compute for Gradient {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.picture.extent());
    }
}

#[node]
impl Compute for Vignette {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.darkened.extent());
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let graph = Graph::new(Output::headless(640, 360));
    let gradient = graph.add(Gradient { picture: graph.image(Extent::Output) });
    let vignette = graph.add(Vignette {
        picture: &gradient.picture,
        darkened: graph.image(Extent::Output),
        strength: 1.5,
    });
    let pixels = graph.read_back(&vignette.darkened);

    let mut compiled = graph.compile(&Device::new(&DeviceOptions::new())?)?;
    compiled.frame()?; // submits; allocates nothing and creates nothing
    compiled.wait()?;
    let (frame, bytes) = compiled.read(pixels)?.ok_or("the frame has not finished")?;
    println!("frame {frame}: {} bytes, first pixel {:?}", bytes.len(), &bytes[..4]);
    Ok(())
}
