//! The memory layout of a Rust type, as a constant that can be compared with what a shader declares.

/// A scalar of a shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
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

/// The type of a member. Rust's own strides; a shader's must be equal.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// One number.
    Scalar(Scalar),
    /// Two to four numbers, tightly packed.
    Vector(Scalar, u32),
    /// Columns of vectors.
    Matrix {
        /// Component type.
        scalar: Scalar,
        /// Number of columns.
        columns: u32,
        /// Components a column.
        rows: u32,
        /// Bytes from one column to the next.
        stride: u32,
    },
    /// A fixed number of equal elements.
    Array {
        /// Type of an element.
        element: &'static Type,
        /// How many.
        count: u32,
        /// Bytes from one element to the next.
        stride: u32,
    },
    /// A nested block.
    Struct(&'static BlockType),
}

/// One member of a block.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name in Rust.
    pub name: &'static str,
    /// Bytes from the start of the block.
    pub offset: u32,
    /// Its type.
    pub ty: Type,
}

/// The layout of a block: a struct with members, or a bare number, vector or matrix (then `members` is empty).
#[derive(Clone, Copy, Debug)]
pub struct BlockType {
    /// Its name in Rust.
    pub name: &'static str,
    /// Its size in bytes.
    pub size: u32,
    /// Its type where it is not a struct.
    pub bare: Option<Type>,
    /// Its members, in declared order.
    pub members: &'static [Member],
}

/// Plain data whose layout is known on both sides: what uniform and storage buffers and push constants hold.
///
/// Derive it: `#[derive(Clone, Copy, Block)] #[repr(C)] struct Params { .. }`.
///
/// # Safety
/// `TYPE` describes the type exactly, every byte of it is initialised (no padding), and every bit pattern is valid.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no layout that a shader can be checked against",
    label = "not a `Block`",
    note = "a struct derives it: `#[derive(Clone, Copy, vixen::Block)] #[repr(C)]`",
    note = "its members are numbers, `glam` vectors and matrices, arrays of these, and other blocks; a shader's `bool` is a `u32` here, and a `float16_t` the bits of one in a `u16`"
)]
pub unsafe trait Block: Copy + Send + Sync + 'static {
    /// The layout.
    const TYPE: BlockType;
}

/// What a block is where it is a member of another, or push constants.
#[doc(hidden)]
pub trait BlockMember: Block {
    /// Its own type where it is bare, itself as a nested block otherwise.
    const MEMBER: Type = match Self::TYPE.bare {
        Some(bare) => bare,
        None => Type::Struct(&Self::TYPE),
    };
    /// As push constants.
    const PUSH: PushType<Self> = PushType { ty: &Self::TYPE, bytes: bytes_of };
}

/// Push constants of type `T`.
#[doc(hidden)]
#[derive(Debug)]
pub struct PushType<T> {
    /// The layout.
    pub ty: &'static BlockType,
    /// What a shader sees of a value.
    pub bytes: fn(&T) -> &[u8],
}

impl<T: Block> BlockMember for T {}

/// The bytes of a block, as a shader sees them.
pub fn bytes_of<T: Block>(value: &T) -> &[u8] {
    // SAFETY: `value` is a live `T` of `size_of::<T>()` bytes, every one of which is initialised, as `Block` promises;
    // `u8` has no alignment, and the borrow of `value` outlives the slice.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast(), size_of::<T>()) }
}

/// The layout of a type that is no struct.
const fn bare(name: &'static str, size: usize, ty: Type) -> BlockType {
    BlockType { name, size: size as u32, bare: Some(ty), members: &[] }
}

macro_rules! scalars {
    ($($ty:ident = $scalar:ident;)*) => {$(
        // SAFETY: a primitive number has no padding, and every bit pattern is a value of it.
        unsafe impl Block for $ty {
            const TYPE: BlockType = bare(stringify!($ty), size_of::<Self>(), Type::Scalar(Scalar::$scalar));
        }
    )*};
}

scalars! {
    i8 = I8;
    u8 = U8;
    i16 = I16;
    u16 = U16;
    i32 = I32;
    u32 = U32;
    f32 = F32;
    i64 = I64;
    u64 = U64;
    f64 = F64;
}

macro_rules! vectors {
    ($($ty:ident = $scalar:ident $number:ident, $count:literal;)*) => {$(
        const _: () = assert!(size_of::<glam::$ty>() == $count * size_of::<$number>());
        // SAFETY: glam lays these vectors out as `$count` numbers without padding, as the size asserted above confirms;
        // every bit pattern of a number is valid.
        unsafe impl Block for glam::$ty {
            const TYPE: BlockType = bare(stringify!($ty), size_of::<Self>(), Type::Vector(Scalar::$scalar, $count));
        }
    )*};
}

vectors! {
    Vec2 = F32 f32, 2;
    Vec3 = F32 f32, 3;
    Vec4 = F32 f32, 4;
    Quat = F32 f32, 4;
    IVec2 = I32 i32, 2;
    IVec3 = I32 i32, 3;
    IVec4 = I32 i32, 4;
    UVec2 = U32 u32, 2;
    UVec3 = U32 u32, 3;
    UVec4 = U32 u32, 4;
}

macro_rules! matrices {
    ($($ty:ident = $columns:literal x $rows:literal;)*) => {$(
        const _: () = assert!(size_of::<glam::$ty>() == $columns * $rows * size_of::<f32>());
        // SAFETY: glam lays these matrices out as columns of `f32` without padding, as the size asserted above confirms;
        // every bit pattern of an `f32` is valid.
        unsafe impl Block for glam::$ty {
            const TYPE: BlockType = bare(
                stringify!($ty),
                size_of::<Self>(),
                Type::Matrix { scalar: Scalar::F32, columns: $columns, rows: $rows, stride: $rows * 4 },
            );
        }
    )*};
}

matrices! {
    Mat2 = 2 x 2;
    Mat3 = 3 x 3;
    Mat4 = 4 x 4;
}

// SAFETY: an array is its elements one after the other, with nothing between: what holds for one element holds for all.
unsafe impl<T: Block, const N: usize> Block for [T; N] {
    const TYPE: BlockType = bare(
        "array",
        size_of::<Self>(),
        Type::Array { element: &T::MEMBER, count: N as u32, stride: size_of::<T>() as u32 },
    );
}
