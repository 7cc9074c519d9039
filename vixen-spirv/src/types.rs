//! What a reflected shader says: plain data, owned, comparable, in an order that does not depend on the compiler.

use crate::ImageFormat;

/// One entry point of a SPIR-V module and all that it asks of its environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shader {
    /// The pipeline stage that the entry point runs in.
    pub stage: Stage,
    /// The entry point's name.
    pub entry_point: String,
    /// Invocations in a workgroup of a compute, task or mesh shader; specialisation constants count with their defaults.
    pub local_size: Option<[u32; 3]>,
    /// For each side of the workgroup the id of the specialisation constant that it is, where it is one.
    pub local_size_ids: [Option<u32>; 3],
    /// Every descriptor that the module declares, sorted by set and binding. Two variables that share
    /// one binding give two entries: an alias of a buffer, or the image and the sampler of HLSL's combined image samplers.
    pub bindings: Vec<Binding>,
    /// The push-constant block.
    pub push_constants: Option<PushConstants>,
    /// Every specialisation constant of the module, sorted by its id.
    pub spec_constants: Vec<SpecConstant>,
    /// The stage's inputs with a location, built-ins left out, sorted by location.
    pub inputs: Vec<Interface>,
    /// The stage's outputs with a location, built-ins left out, sorted by location.
    pub outputs: Vec<Interface>,
    /// The capabilities that the module declares, by SPIR-V number, sorted.
    pub capabilities: Vec<u32>,
}

/// A pipeline stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Vertex shader.
    Vertex,
    /// Fragment shader.
    Fragment,
    /// Compute shader.
    Compute,
    /// Ray generation shader.
    RayGeneration,
    /// Intersection shader.
    Intersection,
    /// Any-hit shader.
    AnyHit,
    /// Closest-hit shader.
    ClosestHit,
    /// Miss shader.
    Miss,
    /// Callable shader.
    Callable,
    /// Geometry shader.
    Geometry,
    /// Tessellation control (hull) shader.
    TessellationControl,
    /// Tessellation evaluation (domain) shader.
    TessellationEvaluation,
    /// Task (amplification) shader.
    Task,
    /// Mesh shader.
    Mesh,
}

/// One descriptor binding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Binding {
    /// Descriptor set.
    pub set: u32,
    /// Binding in the set.
    pub binding: u32,
    /// The variable's name: a block's instance name. None for unnamed instances and in stripped modules.
    pub name: Option<String>,
    /// The name of a block's type, as the compiler wrote it. None for what is no block and in stripped modules.
    pub block_name: Option<String>,
    /// What is bound.
    pub descriptor: Descriptor,
    /// How many descriptors the binding holds.
    pub count: Count,
    /// What the shader may do and does with it.
    pub access: Access,
    /// Whether a function that the entry point can reach mentions it.
    pub used: bool,
}

/// What a binding binds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Descriptor {
    /// A uniform buffer.
    UniformBuffer(Block),
    /// A storage buffer.
    StorageBuffer(Block),
    /// An image that is sampled or fetched from.
    SampledImage(ImageType),
    /// An image that is read and written by texel.
    StorageImage(ImageType),
    /// An image together with its sampler.
    CombinedImageSampler(ImageType),
    /// A sampler.
    Sampler,
    /// A subpass input.
    InputAttachment,
    /// A formatted buffer that is only fetched from.
    UniformTexelBuffer,
    /// A formatted buffer that is read and written by texel.
    StorageTexelBuffer,
    /// A ray-tracing acceleration structure.
    AccelerationStructure,
}

/// How many descriptors a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Count {
    /// One, not in an array.
    One,
    /// An array of this many; a specialisation constant counts with its default.
    Array(u32),
    /// An array whose length the shader does not say.
    Runtime,
}

/// What an image binding demands of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageType {
    /// Dimensions of the image.
    pub dim: Dim,
    /// Whether it has layers.
    pub arrayed: bool,
    /// Whether it has several samples a texel.
    pub multisampled: bool,
    /// Whether it is compared with, as a shadow map is. None where the shader does not say.
    pub depth: Option<bool>,
    /// Texel format. None where the shader does not say.
    pub format: Option<ImageFormat>,
    /// Type of a component as the shader sees it.
    pub scalar: Scalar,
}

/// Dimensions of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dim {
    /// One dimension.
    D1,
    /// Two dimensions.
    D2,
    /// Three dimensions.
    D3,
    /// Cube map.
    Cube,
    /// Rectangle texture, which Vulkan does not have.
    Rect,
}

/// What a shader may do with a binding by its declaration, and what its code does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access {
    /// The declaration allows reads: it is not `writeonly`.
    pub readable: bool,
    /// The declaration allows writes: a storage descriptor that is not `readonly`, neither as a whole nor in every member.
    pub writable: bool,
    /// A read, an atomic operation, a sample or a trace may reach it. True unless proven otherwise. A query of its size is no read.
    pub loads: bool,
    /// A store, an image write or an atomic operation may reach it through this variable. True unless proven otherwise. A store
    /// through a buffer reference reaches other memory and counts for no binding.
    pub stores: bool,
}

/// A block or structure with its layout.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Block {
    /// The structure's type name.
    pub name: Option<String>,
    /// Bytes from offset 0 to the end of the last member, a runtime array not counted and no padding behind.
    pub size: u32,
    /// The members in the order of their declaration.
    pub members: Vec<Member>,
}

/// A member of a [`Block`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// The member's name.
    pub name: Option<String>,
    /// Bytes from the start of the structure.
    pub offset: u32,
    /// The member's type.
    pub ty: Type,
}

/// A type as laid out in a block. Strides and offsets are 0 in a stage interface, which has no layout.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// A number.
    Scalar(Scalar),
    /// A vector of this many components.
    Vector(Scalar, u32),
    /// A matrix.
    Matrix {
        /// Type of a component.
        scalar: Scalar,
        /// Number of columns.
        columns: u32,
        /// Number of rows.
        rows: u32,
        /// Bytes from one column to the next, or from one row to the next where `row_major`.
        column_stride: u32,
        /// Whether rows, not columns, lie together.
        row_major: bool,
    },
    /// An array; a specialisation constant counts with its default.
    Array {
        /// Type of an element.
        element: Box<Type>,
        /// Number of elements.
        count: u32,
        /// Bytes from one element to the next.
        stride: u32,
    },
    /// An array that reaches to the end of the buffer.
    RuntimeArray {
        /// Type of an element.
        element: Box<Type>,
        /// Bytes from one element to the next.
        stride: u32,
    },
    /// A nested structure.
    Struct(Block),
    /// A buffer reference: the 64-bit address of other memory.
    Pointer,
}

/// Type of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scalar {
    /// A truth value; never in a block, where compilers use `U32`.
    Bool,
    /// 8-bit signed integer.
    I8,
    /// 8-bit unsigned integer.
    U8,
    /// 16-bit signed integer.
    I16,
    /// 16-bit unsigned integer.
    U16,
    /// 16-bit float.
    F16,
    /// 32-bit signed integer.
    I32,
    /// 32-bit unsigned integer.
    U32,
    /// 32-bit float.
    F32,
    /// 64-bit signed integer.
    I64,
    /// 64-bit unsigned integer.
    U64,
    /// 64-bit float.
    F64,
}

impl Scalar {
    /// Bytes in memory.
    pub fn size(self) -> u32 {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::Bool | Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }
}

/// The push-constant block of a shader.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PushConstants {
    /// The variable's name: the block's instance name.
    pub name: Option<String>,
    /// The block. Offsets are absolute: a block that starts at `layout(offset = 16)` has a first member at 16.
    pub block: Block,
    /// Whether a function that the entry point can reach mentions it.
    pub used: bool,
}

/// A specialisation constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpecConstant {
    /// The `constant_id`.
    pub id: u32,
    /// The constant's name.
    pub name: Option<String>,
    /// The constant's type.
    pub scalar: Scalar,
    /// An array of bindings or in a block is as long as it says, perhaps by way of others: what is reflected of that array holds
    /// for its default alone.
    pub is_length: bool,
}

/// An input or output of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Interface {
    /// The first location that it takes.
    pub location: u32,
    /// The variable's name, or the member's for a member of an interface block.
    pub name: Option<String>,
    /// Its type. A member of an arrayed interface block has the type of one array element.
    pub ty: Type,
}
