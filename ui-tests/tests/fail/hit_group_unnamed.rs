use vixen::{AccelerationStructure, Image, RayTracing, Rgba16Float, node};

#[node(ray_tracing, raygen = "trace.rgen.spv", miss = "trace.rmiss.spv", hit("trace.rchit.spv"))]
struct Trace {
    #[acceleration_structure]
    scene: AccelerationStructure,
    #[storage(write)]
    color: Image<Rgba16Float>,
}

#[node]
impl RayTracing for Trace {
    fn record(_view: &View, _commands: &mut Commands) {}
}

fn main() {}
