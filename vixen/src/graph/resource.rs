//! Resource kinds as types: what a wire can carry.

use std::marker::PhantomData;

use ash::vk;

use crate::graph::format::Format;
use crate::graph::view::{AccelerationStructureView, BufferView, ImageView, RawView};
use crate::shader::Block;

/// What kind of thing a resource is, as messages and descriptors need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A buffer.
    Buffer,
    /// An image.
    Image,
    /// An acceleration structure.
    AccelerationStructure,
}

/// What a wire carries: [`Buffer`], [`Image`] or [`AccelerationStructure`].
#[diagnostic::on_unimplemented(
    message = "a slot cannot hold `{Self}`",
    label = "not a resource",
    note = "a slot holds a `Buffer<T>` or `Buffer<[T]>` whose `T` derives `Block`, an `Image<Format>`, or an `AccelerationStructure`"
)]
pub trait Resource: Viewed {
    /// The Vulkan object that holds it.
    type Raw: vk::Handle + Default;

    /// What it is.
    const KIND: ResourceKind;
    /// The element layout of a buffer: `T` of `Buffer<T>` and of `Buffer<[T]>`.
    const BLOCK: Option<&'static crate::shader::BlockType> = None;
    /// Whether a buffer holds a run-time number of elements (`Buffer<[T]>`).
    const SLICE: bool = false;
    /// The bytes of one element of a buffer, or of one texel of an image.
    const STRIDE: u64 = 0;
    /// The format of an image.
    const FORMAT: Option<ImageFormat> = None;
    /// The dimension of an image.
    const DIMENSION: Option<Dimension> = None;
}

/// What a node's `record` sees of a [`Resource`].
///
/// It asks nothing of a buffer's elements, so that an element without a layout is one mistake and one message: that of the
/// check against the shader.
#[diagnostic::on_unimplemented(
    message = "a slot cannot hold `{Self}`",
    label = "not a resource",
    note = "a slot holds a `Buffer<T>` or `Buffer<[T]>` whose `T` derives `Block`, an `Image<Format>`, or an `AccelerationStructure`"
)]
pub trait Viewed: 'static {
    /// What is seen.
    type View<'v>: Copy;

    /// Makes the view from what the executor resolved.
    fn view(raw: RawView<'_>) -> Self::View<'_>;
}

/// The constants of a [`Format`], as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageFormat {
    /// The Vulkan format.
    pub format: vk::Format,
    /// The spelling of a GLSL layout qualifier.
    pub glsl: &'static str,
    /// Bytes a texel.
    pub bytes: u32,
    /// What a shader reads.
    pub texel: crate::graph::format::Texel,
    /// The name that messages use.
    pub name: &'static str,
    /// The parts that views and barriers cover.
    pub aspect: vk::ImageAspectFlags,
}

impl ImageFormat {
    /// The constants of `F`.
    pub const fn of<F: Format>() -> Self {
        Self { format: F::FORMAT, glsl: F::GLSL, bytes: F::BYTES, texel: F::TEXEL, name: F::NAME, aspect: F::ASPECT }
    }
}

/// A buffer of one `T`, or of a run-time number of them: `Buffer<[T]>`.
pub struct Buffer<T: ?Sized + 'static>(PhantomData<fn() -> &'static T>);

impl<T: ?Sized + 'static> Viewed for Buffer<T> {
    type View<'v> = BufferView<'v, T>;

    fn view(raw: RawView<'_>) -> Self::View<'_> {
        BufferView::new(raw)
    }
}

impl<T: Block> Resource for Buffer<T> {
    type Raw = vk::Buffer;

    const KIND: ResourceKind = ResourceKind::Buffer;
    const BLOCK: Option<&'static crate::shader::BlockType> = Some(&T::TYPE);
    const STRIDE: u64 = size_of::<T>() as u64;
}

impl<T: Block> Resource for Buffer<[T]> {
    type Raw = vk::Buffer;

    const KIND: ResourceKind = ResourceKind::Buffer;
    const BLOCK: Option<&'static crate::shader::BlockType> = Some(&T::TYPE);
    const SLICE: bool = true;
    const STRIDE: u64 = size_of::<T>() as u64;
}

/// An image of format `F` and dimension `D`.
pub struct Image<F, D = D2>(PhantomData<fn() -> (F, D)>);

impl<F: 'static, D: 'static> Viewed for Image<F, D> {
    type View<'v> = ImageView<'v, F, D>;

    fn view(raw: RawView<'_>) -> Self::View<'_> {
        ImageView::new(raw)
    }
}

impl<F: Format, D: Dim> Resource for Image<F, D> {
    type Raw = vk::Image;

    const KIND: ResourceKind = ResourceKind::Image;
    const STRIDE: u64 = F::BYTES as u64;
    const FORMAT: Option<ImageFormat> = Some(ImageFormat::of::<F>());
    const DIMENSION: Option<Dimension> = Some(D::DIMENSION);
}

/// A top-level acceleration structure.
pub struct AccelerationStructure(());

impl Viewed for AccelerationStructure {
    type View<'v> = AccelerationStructureView<'v>;

    fn view(raw: RawView<'_>) -> Self::View<'_> {
        AccelerationStructureView::new(raw)
    }
}

impl Resource for AccelerationStructure {
    type Raw = vk::AccelerationStructureKHR;

    const KIND: ResourceKind = ResourceKind::AccelerationStructure;
}

/// The shape of an image, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Width and height.
    D2,
    /// Several layers of width and height.
    D2Array,
    /// Width, height and depth.
    D3,
    /// Six square faces.
    Cube,
}

/// The shape of an image, as a type.
pub trait Dim: Copy + Send + Sync + 'static {
    /// The shape as data.
    const DIMENSION: Dimension;
}

macro_rules! dims {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;
        impl Dim for $name {
            const DIMENSION: Dimension = Dimension::$name;
        }
    )*};
}

dims! {
    /// Width and height.
    D2;
    /// Several layers of width and height.
    D2Array;
    /// Width, height and depth.
    D3;
    /// Six square faces.
    Cube;
}
