//! Transfer nodes: every command that they have.

use vixen::ash::vk;
use vixen::{Buffer, Extent, Graph, Image, R32Uint, Rgba8Unorm, Rgba16Float, Transfer, node};

use crate::common::nodes::{Amount, Paint, Ramp, ramp};
use crate::common::{bytes, in_every_order, step, words};

#[node(transfer)]
struct CopyBuffer {
    #[transfer_source]
    source: Buffer<[u32]>,
    #[transfer_destination]
    destination: Buffer<[u32]>,
}

#[node]
impl Transfer for CopyBuffer {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_buffer(view.source, view.destination);
    }
}

#[node(transfer)]
struct FillHalf {
    #[transfer_destination(read_write)]
    half: Buffer<[u32]>,
    word: u32,
}

#[node]
impl Transfer for FillHalf {
    fn record(view: &View, commands: &mut Commands) {
        commands.fill(view.half, *view.word);
    }
}

#[test]
fn buffers_are_copied_and_filled() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let source = graph.add(Ramp { factor: 1, offset: 0.0, values: graph.buffer(128) }).values;
        let copy = graph.add(CopyBuffer { source: &source, destination: graph.buffer(128) }).destination;
        let [low, high] = copy.split_at(64);
        let high = graph.add(FillHalf { half: high, word: 0xabcd }).half;
        let copy = graph.read_back(&vixen::Wire::join([low, high]));
        let mut compiled = compile(&graph);
        for _ in 0..2 {
            step(&mut compiled);
            assert_eq!(words(&compiled, copy), [ramp(64, 1, 0), vec![0xabcd; 64]].concat());
        }
    });
}

#[node(transfer)]
struct Round {
    #[transfer_source]
    source: Image<R32Uint>,
    #[transfer_destination]
    copy: Image<R32Uint>,
}

#[node]
impl Transfer for Round {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_image(view.source, view.copy);
    }
}

#[node(transfer)]
struct ToBuffer {
    #[transfer_source]
    source: Image<R32Uint>,
    #[transfer_destination]
    rows: Buffer<[u32]>,
}

#[node]
impl Transfer for ToBuffer {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_image_to_buffer(view.source, view.rows);
    }
}

#[node(transfer)]
struct ToImage {
    #[transfer_source]
    rows: Buffer<[u32]>,
    #[transfer_destination]
    image: Image<R32Uint>,
}

#[node]
impl Transfer for ToImage {
    fn record(view: &View, commands: &mut Commands) {
        commands.copy_buffer_to_image(view.rows, view.image);
    }
}

#[test]
fn images_go_through_images_and_buffers() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let extent = Extent::fixed(7, 3);
        let painted = graph.add(Paint { color: graph.image(extent), params: Amount { amount: 5 } }).color;
        let copy = graph.add(Round { source: &painted, copy: graph.image(extent) }).copy;
        let rows = graph.add(ToBuffer { source: &copy, rows: graph.buffer(21) }).rows;
        let image = graph.add(ToImage { rows: &rows, image: graph.image(extent) }).image;
        let image = graph.read_back(&image);
        let mut compiled = compile(&graph);
        for _ in 0..2 {
            step(&mut compiled);
            let expected: Vec<u32> = (0..21).map(|at| at % 7 + 256 * (at / 7) + 5).collect();
            assert_eq!(words(&compiled, image), expected);
        }
    });
}

#[node(transfer)]
struct ClearColor {
    #[transfer_destination]
    image: Image<Rgba16Float>,
}

#[node]
impl Transfer for ClearColor {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.image, [1.0, 0.0, 0.2, 1.0]);
    }
}

#[node(transfer)]
struct ClearNumber {
    #[transfer_destination]
    image: Image<R32Uint>,
}

#[node]
impl Transfer for ClearNumber {
    fn record(view: &View, commands: &mut Commands) {
        commands.clear(view.image, [77.0; 4]);
    }
}

#[node(transfer)]
struct Shrink {
    #[transfer_source]
    large: Image<Rgba16Float>,
    #[transfer_destination]
    small: Image<Rgba8Unorm>,
}

#[node]
impl Transfer for Shrink {
    fn record(view: &View, commands: &mut Commands) {
        commands.blit(view.large, view.small, vk::Filter::LINEAR);
    }
}

#[test]
fn images_are_cleared_and_scaled() {
    in_every_order(|compile| {
        let graph = Graph::without_output();
        let large = graph.add(ClearColor { image: graph.image(Extent::fixed(8, 8)) }).image;
        let small = graph.add(Shrink { large: &large, small: graph.image(Extent::fixed(2, 2)) }).small;
        let number = graph.add(ClearNumber { image: graph.image(Extent::fixed(2, 2)) }).image;
        let small = graph.read_back(&small);
        let number = graph.read_back(&number);
        let mut compiled = compile(&graph);
        step(&mut compiled);
        assert_eq!(bytes(&compiled, small), [255, 0, 51, 255].repeat(4));
        assert_eq!(words(&compiled, number), [77; 4]);
    });
}
