//! What a shader demands of a slot, as `#[node]` reflected it: constants to compare with Rust types.

use crate::graph::Dimension;
use crate::graph::format::Texel;
use crate::shader::Scalar;

/// What a slot's resource must be.
#[derive(Clone, Copy, Debug)]
pub enum Contract {
    /// A uniform buffer with this layout.
    UniformBuffer(ShaderBlock),
    /// A storage buffer with this layout.
    StorageBuffer(ShaderBlock),
    /// An image without a sampler.
    SampledImage(ImageContract),
    /// An image that is read and written by texel.
    StorageImage(ImageContract),
    /// An image with its sampler.
    CombinedImageSampler(ImageContract),
    /// An acceleration structure.
    AccelerationStructure,
    /// A colour attachment, and what the fragment shader writes to it if it is known.
    Color(Option<Texel>),
    /// A depth attachment.
    Depth,
    /// A vertex buffer.
    Vertex,
    /// An index buffer.
    Index,
    /// A buffer of indirect arguments.
    Indirect,
    /// A buffer or image that is copied.
    Copied,
    /// A buffer that the CPU reads or writes.
    Host,
}

/// What a shader demands of an image.
#[derive(Clone, Copy, Debug)]
pub struct ImageContract {
    /// Its dimension.
    pub dimension: Dimension,
    /// Its format in GLSL's spelling, where the shader says one.
    pub format: Option<&'static str>,
    /// What the shader reads or writes.
    pub texel: Texel,
}

/// A block of a shader.
#[derive(Clone, Copy, Debug)]
pub struct ShaderBlock {
    /// Its members, in declared order.
    pub members: &'static [ShaderMember],
}

/// A member of a [`ShaderBlock`].
#[derive(Clone, Copy, Debug)]
pub struct ShaderMember {
    /// Its name; empty in stripped modules.
    pub name: &'static str,
    /// Bytes from the start of the block.
    pub offset: u32,
    /// Its type.
    pub ty: ShaderType,
}

/// The type of a [`ShaderMember`].
#[derive(Clone, Copy, Debug)]
pub enum ShaderType {
    /// One number.
    Scalar(Scalar),
    /// Two to four numbers.
    Vector(Scalar, u32),
    /// A matrix, as it lies in memory: `vectors` vectors of `components` numbers.
    Matrix {
        /// Component type.
        scalar: Scalar,
        /// Vectors that lie together: columns, or rows where the shader says `row_major`.
        vectors: u32,
        /// Components of such a vector.
        components: u32,
        /// Bytes from one vector to the next.
        stride: u32,
    },
    /// A fixed number of equal elements.
    Array {
        /// Type of an element.
        element: &'static ShaderType,
        /// How many.
        count: u32,
        /// Bytes from one element to the next.
        stride: u32,
    },
    /// Elements up to the buffer's end.
    RuntimeArray {
        /// Type of an element.
        element: &'static ShaderType,
        /// Bytes from one element to the next.
        stride: u32,
    },
    /// A nested block.
    Struct(ShaderBlock),
    /// A 64-bit address.
    Pointer,
}

/// An input of a vertex shader.
#[derive(Clone, Copy, Debug)]
pub struct VertexInput {
    /// Its location.
    pub location: u32,
    /// Its name; empty in stripped modules.
    pub name: &'static str,
    /// Type of a component.
    pub scalar: Scalar,
    /// Number of components.
    pub components: u32,
    /// Which of `vectors` it is.
    pub vector: u32,
    /// How many vectors a matrix or an array has, each with its location; 1 for anything else.
    pub vectors: u32,
}
