//! A node with a shader of its own, in a crate outside of Vixen's workspace: `custom-node [PICTURE.ppm]`.
//!
//! `shaders/rings.comp` was compiled to the `rings.comp.spv` beside it, by any compiler. `#[node]` reads it while this crate is
//! compiled: a slot that the shader does not have, another format, or a push constant of another layout is an error at its line.

use std::error::Error;
use std::process::ExitCode;

use vixen::{
    Block, Buffer, Compute, Device, DeviceOptions, Extent, Graph, Image, Output, Rgba8Unorm, Transfer, Wire, node,
};

/// `Light` in `rings.comp`: what the application may change between frames.
#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Light {
    color: [f32; 3],
    fading: f32,
}

/// `Rings` in `rings.comp`: what is the same in all frames.
#[derive(Clone, Copy, Block)]
#[repr(C)]
struct Rings {
    center: [f32; 2],
    width: f32,
}

/// Adds rings of light to an image.
#[node(compute, shader = "rings.comp.spv")]
struct AddRings {
    /// What they are added to: taken as it is, and given back with the rings.
    #[storage(read_write)]
    color: Image<Rgba8Unorm>,
    #[uniform]
    light: Buffer<Light>,
    #[push]
    rings: Rings,
}

#[node]
impl Compute for AddRings {
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over(view.color.extent());
    }
}

/// Fills an image with one colour; a node needs no shader to copy and to clear.
#[node(transfer)]
struct Background {
    #[transfer_destination]
    image: Image<Rgba8Unorm>,
    rgba: [f32; 4],
}

#[node]
impl Transfer for Background {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.image, *view.rgba);
    }
}

/// A part of a graph is a function from wires to wires.
fn two_stones(graph: &Graph, color: Wire<Image<Rgba8Unorm>>, light: &Wire<Buffer<Light>>) -> Wire<Image<Rgba8Unorm>> {
    let first = AddRings { color, light, rings: Rings { center: [0.35, 0.4], width: 16.0 } };
    let color = graph.add(first).color;
    let second = AddRings { color, light, rings: Rings { center: [0.7, 0.65], width: 24.0 } };
    graph.add(second).color
}

fn draw(picture: &str) -> Result<(), Box<dyn Error>> {
    let [width, height] = [320, 200];
    let graph = Graph::new(Output::headless(width, height));
    let (light, light_wire) = graph.param(Light { color: [0.0; 3], fading: 0.5 });
    let background = graph.add(Background { image: graph.image(Extent::Output), rgba: [0.02, 0.1, 0.2, 1.0] });
    let drawn = two_stones(&graph, background.image, &light_wire);
    let pixels = graph.read_back(&drawn);

    let mut compiled = graph.compile(&Device::new(&DeviceOptions::new())?)?;
    compiled.set(light, Light { color: [0.8, 0.7, 0.4], fading: 0.4 });
    compiled.frame()?;
    compiled.wait()?;
    let (_, rgba) = compiled.read(pixels)?.ok_or("the frame has not finished")?;
    let rgb = rgba.chunks_exact(4).flat_map(|texel| &texel[..3]).copied();
    std::fs::write(
        picture,
        format!("P6 {width} {height} 255\n").into_bytes().into_iter().chain(rgb).collect::<Vec<_>>(),
    )
    .map_err(|error| format!("cannot write {picture}: {error}"))?;
    println!("wrote {picture}");
    Ok(())
}

fn main() -> ExitCode {
    let picture = std::env::args().nth(1).unwrap_or_else(|| "rings.ppm".to_owned());
    match draw(&picture) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
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
        let (_, light) = graph.param(Light { color: [0.8, 0.7, 0.4], fading: 0.4 });
        let background = graph.add(Background { image: graph.image(Extent::Output), rgba: [0.0; 4] });
        graph.read_back(&two_stones(&graph, background.image, &light));
        let device = Device::new(&DeviceOptions::new().watched()).expect("there is a driver");
        let mut compiled = graph.compile(&device).expect("the graph is valid");
        frames(&mut compiled, 2000, |_graph, _frame| {}).expect("frames run").assert_empty();
    }
}
