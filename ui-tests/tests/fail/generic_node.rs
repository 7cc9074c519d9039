use vixen::{Compute, Extent, Format, Image, R32Uint, Rgba8Unorm, node};

#[node(compute, shader = "tone_map.comp.spv")]
struct ToneMap<F: Format> {
    #[sampled(linear)]
    hdr: Image<F>,
    #[storage(write)]
    ldr: Image<Rgba8Unorm>,
}

#[node]
impl<F: Format> Compute for ToneMap<F> {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {
    let graph = vixen_ui_tests::graph();
    let (_, march) = vixen_ui_tests::marched(&graph);
    let right = graph.add(ToneMap { hdr: &march.color, ldr: graph.image(Extent::Output) });
    graph.present(right.ldr);
    let (_, object) = graph.history::<R32Uint, vixen::D2, 1>(Extent::Output);
    let objects = graph.add(Objects { objects: object });
    let wrong = graph.add(ToneMap { hdr: &objects.objects, ldr: graph.image(Extent::Output) });
    graph.present(wrong.ldr);
}

#[node(transfer)]
struct Objects {
    #[transfer_destination]
    objects: Image<R32Uint>,
}

#[node]
impl vixen::Transfer for Objects {
    fn record(_view: &View, _commands: &mut Commands) {}
}
