//! Compares slots with shaders in const evaluation: what `#[node]` cannot know because it sees names, not types.
//!
//! Every function here either returns or stops const evaluation with a message that names the slot. They are all
//! `#[track_caller]`, so that the compiler points at the slot and not in here.

mod contract;
mod layout;
pub(crate) mod message;
#[cfg(test)]
mod tests;
mod vertex;

pub use contract::{Contract, ImageContract, ShaderBlock, ShaderMember, ShaderType, VertexInput};
pub use vertex::{VertexSlot, vertex_attributes};

use layout::{Path, compare_block, compare_element, glsl_name, same};
use message::{Message, equal};

use crate::graph::format::Texel;
use crate::graph::{Buffer, Dimension, Resource, ResourceKind};
use crate::shader::{Block, BlockType, Scalar};

/// The most bytes of push constants that every device has.
const PUSH_LIMIT: u32 = 128;

/// Checks that `R` is what the slot's contract demands.
#[track_caller]
pub const fn check_slot<R: Resource>(slot: &str, contract: &Contract) {
    match contract {
        Contract::UniformBuffer(block) => check_buffer::<R>(slot, "a uniform buffer", block, true),
        Contract::StorageBuffer(block) => check_buffer::<R>(slot, "a storage buffer", block, false),
        Contract::SampledImage(image) => check_image::<R>(slot, "a sampled image", image, false),
        Contract::CombinedImageSampler(image) => check_image::<R>(slot, "a combined image sampler", image, false),
        Contract::StorageImage(image) => check_image::<R>(slot, "a storage image", image, true),
        Contract::AccelerationStructure => {
            check_kind::<R>(slot, "an acceleration structure", ResourceKind::AccelerationStructure);
        }
        Contract::Color(output) => check_color::<R>(slot, *output),
        Contract::Depth => {
            check_kind::<R>(slot, "a depth attachment", ResourceKind::Image);
            if !is_depth::<R>() {
                start(slot).text("it is a depth attachment; use a depth format such as `Depth32Float`").fail();
            }
        }
        Contract::Vertex => {
            check_kind::<R>(slot, "a vertex buffer", ResourceKind::Buffer);
            if !R::SLICE {
                start(slot).text("a vertex buffer holds many vertices; use `Buffer<[T]>`").fail();
            }
        }
        Contract::Index => check_index::<R>(slot),
        Contract::Indirect => check_kind::<R>(slot, "a buffer of indirect arguments", ResourceKind::Buffer),
        Contract::Host => check_kind::<R>(slot, "memory that the CPU sees", ResourceKind::Buffer),
        Contract::Copied => {
            if matches!(R::KIND, ResourceKind::AccelerationStructure) {
                start(slot).text("an acceleration structure cannot be copied here; use a buffer or an image").fail();
            }
        }
    }
}

/// Checks a `Buffer<T>`. Its type parameter is the element, so that an element that is no block is what a message is about.
#[track_caller]
pub const fn check_buffer_slot<T: Block>(slot: &str, contract: &Contract) {
    check_slot::<Buffer<T>>(slot, contract);
}

/// Checks a `Buffer<[T]>`.
#[track_caller]
pub const fn check_slice_slot<T: Block>(slot: &str, contract: &Contract) {
    check_slot::<Buffer<[T]>>(slot, contract);
}

/// Compiles for a block alone: says first what is wrong with an element that is none.
pub const fn check_element<T: Block>() {}

/// Checks push constants of a type against a shader's block.
#[track_caller]
pub const fn check_push(slot: &str, ty: &'static BlockType, block: &ShaderBlock) {
    if ty.size > PUSH_LIMIT {
        let message = start(slot).text("push constants are at most 128 bytes, and these are ").number(ty.size);
        message.text("; put the rest into a uniform buffer").fail();
    }
    if !ty.size.is_multiple_of(4) {
        start(slot).text("push constants are a multiple of 4 bytes long; add padding").fail();
    }
    compare_block(&Path::slot(slot), ty, block);
}

/// Checks that a specialisation constant, given as a [`SpecValue`]'s `SCALAR` and `NAME`, has the shader's type.
#[track_caller]
pub const fn check_spec(slot: &str, scalar: Scalar, name: &str, shader: Scalar) {
    if !same(scalar, shader) {
        let message = field(slot).text("the shader's specialisation constant is ").code(glsl_name(shader));
        message.text(", the field is ").code(name).fail();
    }
}

/// Checks that a boolean specialisation constant is filled by a `bool`; `name` is a [`SpecValue`]'s.
#[track_caller]
pub const fn check_spec_bool(slot: &str, name: &str) {
    if !equal(name, "bool") {
        field(slot).text("the shader's specialisation constant is `bool`, the field is ").code(name).fail();
    }
}

/// Checks a fixed array's length, which the macro cannot see where it is an expression.
#[track_caller]
pub const fn check_count(slot: &str, rust: usize, shader: u32) {
    if rust != shader as usize {
        let message = start(slot).text("it has ").number(rust as u32).text(" elements in Rust and ").number(shader);
        message.text(" in the shader").fail();
    }
}

/// Checks that the bytes of a struct are all some member's: `members` are offset and size of each.
#[track_caller]
pub const fn check_padding(block: &str, size: usize, members: &[(&str, usize, usize)]) {
    let mut end = 0;
    let mut previous = "";
    let mut index = 0;
    while index <= members.len() {
        let next = if index < members.len() { members[index].1 } else { size };
        if next != end {
            let message =
                Message::new().code(block).text(" has ").number((next - end) as u32).text(" bytes of padding");
            let message = if previous.is_empty() { message } else { message.text(" after ").code(previous) };
            let message = message.text("; make them a member, such as `_pad: [u8; ").number((next - end) as u32);
            message.text("]`").fail();
        }
        if index < members.len() {
            end = next + members[index].2;
            previous = members[index].0;
        }
        index += 1;
    }
}

/// A value that can fill a specialisation constant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a specialisation constant",
    note = "a `#[spec]` field is a `bool`, `u32`, `i32`, `f32`, `u64`, `i64` or `f64`"
)]
pub trait SpecValue: Copy {
    /// What a shader gets.
    type Bits: Block;
    /// The shader's type.
    const SCALAR: Scalar;
    /// The Rust name.
    const NAME: &'static str;
    /// What a shader gets for this value.
    fn bits(self) -> Self::Bits;
}

macro_rules! spec_values {
    ($($ty:ident = $bits:ident $scalar:ident;)*) => {$(
        #[diagnostic::do_not_recommend] // The note lists them.
        impl SpecValue for $ty {
            type Bits = $bits;
            const SCALAR: Scalar = Scalar::$scalar;
            const NAME: &'static str = stringify!($ty);
            fn bits(self) -> $bits {
                self.into()
            }
        }
    )*};
}

spec_values! {
    bool = u32 U32;
    u32 = u32 U32;
    i32 = i32 I32;
    f32 = f32 F32;
    u64 = u64 U64;
    i64 = i64 I64;
    f64 = f64 F64;
}

const fn start(slot: &str) -> Message {
    Message::new().text("slot ").code(slot).text(": ")
}

const fn field(name: &str) -> Message {
    Message::new().text("field ").code(name).text(": ")
}

#[track_caller]
const fn check_kind<R: Resource>(slot: &str, what: &str, kind: ResourceKind) {
    if R::KIND as u8 != kind as u8 {
        let wanted = match kind {
            ResourceKind::Buffer => "`Buffer<..>`",
            ResourceKind::Image => "`Image<..>`",
            ResourceKind::AccelerationStructure => "`AccelerationStructure`",
        };
        let found = match R::KIND {
            ResourceKind::Buffer => "a buffer",
            ResourceKind::Image => "an image",
            ResourceKind::AccelerationStructure => "an acceleration structure",
        };
        start(slot)
            .text("it is used as ")
            .text(what)
            .text(", but declared as ")
            .text(found)
            .text("; use ")
            .text(wanted)
            .fail();
    }
}

#[track_caller]
const fn check_buffer<R: Resource>(slot: &str, what: &str, block: &ShaderBlock, uniform: bool) {
    check_kind::<R>(slot, what, ResourceKind::Buffer);
    let Some(rust) = R::BLOCK else { return };
    let path = Path::slot(slot);
    if !R::SLICE {
        if let [.., ShaderMember { ty: ShaderType::RuntimeArray { .. }, .. }] = block.members {
            let message = start(slot).text("the shader's block ends in a run-time array; ");
            match block.members.len() {
                1 => message.text("use `Buffer<[T]>`").fail(),
                _ => message.text("put that into a block of its own, which is a `Buffer<[T]>`").fail(),
            }
        }
        return compare_block(&path, rust, block);
    }
    match block.members {
        [ShaderMember { ty: ShaderType::RuntimeArray { element, stride }, .. }] => {
            compare_element(&path, rust, element, *stride)
        }
        [.., ShaderMember { ty: ShaderType::RuntimeArray { .. }, .. }] => start(slot)
            .text("the shader's block has members before its run-time array; put them into a block of their own")
            .fail(),
        _ if uniform => {
            start(slot).text("a uniform block has no run-time array; use `Buffer<T>`, or `Buffer<[T; N]>`").fail()
        }
        _ => start(slot).text("the shader's block does not end in a run-time array; use `Buffer<T>`").fail(),
    }
}

#[track_caller]
const fn check_image<R: Resource>(slot: &str, what: &str, image: &ImageContract, storage: bool) {
    check_kind::<R>(slot, what, ResourceKind::Image);
    let (Some(format), Some(dimension)) = (R::FORMAT, R::DIMENSION) else { return };
    if dimension as u8 != image.dimension as u8 {
        let message = start(slot).text("the image is ").code(dimension_name(dimension)).text(" in Rust and ");
        message.code(dimension_name(image.dimension)).text(" in the shader").fail();
    }
    if storage && format.glsl.is_empty() {
        start(slot)
            .code(format.name)
            .text(" cannot be the format of a storage image; sample it, or use another format")
            .fail();
    }
    if let Some(wanted) = image.format
        && !equal(wanted, format.glsl)
    {
        let message =
            start(slot).text("the image is ").code(format.name).text(" (").code(format.glsl).text(") in Rust and ");
        message.code(wanted).text(" in the shader").fail();
    }
    check_texel(slot, format.texel, image.texel);
}

#[track_caller]
const fn check_color<R: Resource>(slot: &str, output: Option<Texel>) {
    check_kind::<R>(slot, "a colour attachment", ResourceKind::Image);
    if is_depth::<R>() {
        start(slot).text("a depth format cannot be a colour attachment; use `#[depth]`").fail();
    }
    if let (Some(format), Some(output)) = (R::FORMAT, output) {
        check_texel(slot, format.texel, output);
    }
}

#[track_caller]
const fn check_index<R: Resource>(slot: &str) {
    check_kind::<R>(slot, "an index buffer", ResourceKind::Buffer);
    let fits = match R::BLOCK {
        Some(block) => equal(block.name, "u32") || equal(block.name, "u16"),
        None => false,
    };
    if !R::SLICE || !fits {
        start(slot).text("indices are `Buffer<[u32]>` or `Buffer<[u16]>`").fail();
    }
}

#[track_caller]
const fn check_texel(slot: &str, rust: Texel, shader: Texel) {
    // A depth image is sampled as floating point.
    let rust = if matches!(rust, Texel::Depth) { Texel::Float } else { rust };
    if rust as u8 != shader as u8 {
        let message = start(slot).text("the image's texels are ").text(texel_name(rust)).text(" in Rust and ");
        message.text(texel_name(shader)).text(" in the shader").fail();
    }
}

const fn is_depth<R: Resource>() -> bool {
    match R::FORMAT {
        Some(format) => matches!(format.texel, Texel::Depth),
        None => false,
    }
}

const fn texel_name(texel: Texel) -> &'static str {
    match texel {
        Texel::Float => "floating point",
        Texel::Int => "signed integers",
        Texel::Uint => "unsigned integers",
        Texel::Depth => "depth",
    }
}

const fn dimension_name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::D2 => "D2",
        Dimension::D2Array => "D2Array",
        Dimension::D3 => "D3",
        Dimension::Cube => "Cube",
    }
}
