use vixen::{Buffer, node};

#[node(host)]
struct Zoom<'a> {
    #[create]
    zoom: Buffer<f32>,
    name: &'a str,
}

fn main() {}
