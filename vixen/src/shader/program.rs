//! What `#[node]` found in a node's shaders: constants that the executor builds pipelines from.

use ash::vk;

pub use vk::DescriptorType;

/// One shader stage of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShaderStage {
    /// The stage.
    pub stage: vk::ShaderStageFlags,
    /// Name of the entry point.
    pub entry: &'static str,
    /// SPIR-V, little endian.
    pub code: &'static [u8],
    /// The file it came from, for messages and debug names.
    pub path: &'static str,
    /// Where that file was when the program was built; known with the feature `hot-reload` only.
    pub file: Option<&'static str>,
    /// The specialisation constants that it declares and a `#[spec]` field fills.
    pub spec: &'static [SpecConstant],
    /// The SPIR-V capabilities that it declares, by number: compile asks the device for them.
    pub capabilities: &'static [u32],
}

/// A specialisation constant that a field of the node fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpecConstant {
    /// `SpecId` in the shader.
    pub id: u32,
    /// Byte offset of its value in the node's specialisation data.
    pub offset: u32,
    /// Bytes of its value.
    pub size: u32,
}

/// One pipeline of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Program {
    /// The name it is bound by; empty for a node with a single pipeline.
    pub name: &'static str,
    /// What kind of pipeline, with the fixed state of that kind.
    pub kind: ProgramKind,
    /// Its stages; those of a ray-tracing pipeline in the order ray generation, miss, hit groups.
    pub stages: &'static [ShaderStage],
}

/// The fixed state of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProgramKind {
    /// A compute pipeline.
    Compute {
        /// How many invocations run together.
        workgroup: Workgroup,
    },
    /// A graphics pipeline with dynamic rendering.
    Graphics {
        /// How vertices make primitives.
        topology: vk::PrimitiveTopology,
        /// Which faces are dropped.
        cull: vk::CullModeFlags,
        /// Which winding is the front.
        front: vk::FrontFace,
        /// Fill, line or point.
        polygon: vk::PolygonMode,
        /// Depth comparison; `None` switches the depth test off.
        depth_compare: Option<vk::CompareOp>,
        /// Whether passing fragments write their depth.
        depth_write: bool,
        /// Blending of every colour attachment.
        blend: Blend,
        /// Vertex attributes: (location, index of the `vertex` slot, format, offset).
        attributes: &'static [VertexAttribute],
    },
    /// A ray-tracing pipeline.
    RayTracing {
        /// Number of miss shaders.
        misses: u32,
        /// The hit groups, as indices into `stages`.
        hit_groups: &'static [HitGroup],
        /// Deepest recursion of `traceRayEXT`.
        max_depth: u32,
    },
}

/// The workgroup of a compute shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Workgroup {
    /// Invocations along each side.
    pub size: [u32; 3],
    /// For each side the id of the specialisation constant that it is, where it is one.
    pub ids: [Option<u32>; 3],
}

impl Workgroup {
    /// The workgroup where a node's specialisation data fill the constants of `stage`.
    pub fn specialised(self, stage: &ShaderStage, data: &[u8]) -> Self {
        let side = |axis: usize| {
            let constant = stage.spec.iter().find(|constant| Some(constant.id) == self.ids[axis])?;
            let bytes = data.get(constant.offset as usize..)?.first_chunk()?;
            Some(u32::from_ne_bytes(*bytes))
        };
        Self { size: std::array::from_fn(|axis| side(axis).unwrap_or(self.size[axis])), ..self }
    }
}

/// How a fragment's colour meets what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blend {
    /// Replaces it.
    None,
    /// `src.a` over it.
    Alpha,
    /// Premultiplied alpha over it.
    Premultiplied,
    /// Adds to it.
    Add,
}

/// One vertex attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VertexAttribute {
    /// `location` in the vertex shader.
    pub location: u32,
    /// The `vertex` slot that holds it, as an index of the node's slots.
    pub slot: u32,
    /// Its format.
    pub format: vk::Format,
    /// Byte offset in an element.
    pub offset: u32,
    /// Bytes of an element.
    pub stride: u32,
}

/// One hit group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HitGroup {
    /// Closest-hit stage.
    pub closest: Option<u32>,
    /// Any-hit stage.
    pub any: Option<u32>,
    /// Intersection stage; none for triangles.
    pub intersection: Option<u32>,
}
