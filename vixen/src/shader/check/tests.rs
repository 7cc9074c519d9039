//! The comparison of layouts, with types made by hand; `ui-tests` has the same through the macro.

use super::contract::{ShaderBlock, ShaderMember, ShaderType};
use super::layout::{Path, compare_block};
use super::{check_padding, check_push};
use crate::shader::{Block, BlockType, Member, Scalar, Type};

const F32: ShaderType = ShaderType::Scalar(Scalar::F32);
const VEC3: ShaderType = ShaderType::Vector(Scalar::F32, 3);
const MAT3: ShaderType = ShaderType::Matrix { scalar: Scalar::F32, vectors: 3, components: 3, stride: 16 };

const fn shader(name: &'static str, offset: u32, ty: ShaderType) -> ShaderMember {
    ShaderMember { name, offset, ty }
}

const fn rust(name: &'static str, offset: u32, ty: Type) -> Member {
    Member { name, offset, ty }
}

/// Leaks its arguments, as constants would live for ever.
fn compare<const N: usize, const M: usize>(members: [Member; N], block: [ShaderMember; M]) {
    let members = Box::leak(Box::new(members));
    let ty: &'static BlockType = Box::leak(Box::new(BlockType { name: "Params", size: 256, bare: None, members }));
    compare_block(&Path::slot("params"), ty, &ShaderBlock { members: Box::leak(Box::new(block)) });
}

#[test]
fn arrays_stand_for_vectors_and_padded_columns() {
    const ROW: Type = Type::Vector(Scalar::F32, 4);
    compare(
        [
            rust("eye", 0, Type::Array { element: &Type::Scalar(Scalar::F32), count: 3, stride: 4 }),
            rust("_pad", 12, Type::Scalar(Scalar::U32)),
            rust("turn", 16, Type::Array { element: &ROW, count: 3, stride: 16 }),
        ],
        [shader("eye", 0, VEC3), shader("turn", 16, MAT3)],
    );
}

#[test]
fn longer_elements_hold_shorter_ones_with_their_padding() {
    const ROW: Type = Type::Array { element: &Type::Scalar(Scalar::F32), count: 4, stride: 4 };
    const ROWS: Type = Type::Array { element: &ROW, count: 3, stride: 16 };
    compare(
        [rust("weights", 0, ROWS), rust("points", 48, ROWS)],
        [
            shader("weights", 0, ShaderType::Array { element: &F32, count: 3, stride: 16 }),
            shader("points", 48, ShaderType::Array { element: &VEC3, count: 3, stride: 16 }),
        ],
    );
}

#[test]
#[should_panic(expected = "member `weight` is an array of 4 times `f32` in Rust and `float` in the shader")]
fn outside_of_arrays_nothing_is_padded() {
    const ROW: Type = Type::Array { element: &Type::Scalar(Scalar::F32), count: 4, stride: 4 };
    compare([rust("weight", 0, ROW)], [shader("weight", 0, F32)]);
}

#[test]
fn the_bits_of_halves_are_integers() {
    const HALVES: Type = Type::Array { element: &Type::Scalar(Scalar::U16), count: 4, stride: 2 };
    compare(
        [rust("alone", 0, Type::Scalar(Scalar::U16)), rust("_pad", 2, HALVES), rust("four", 8, HALVES)],
        [shader("alone", 0, ShaderType::Scalar(Scalar::F16)), shader("four", 8, ShaderType::Vector(Scalar::F16, 4))],
    );
}

#[test]
fn stripped_members_match_by_offset() {
    compare(
        [rust("a", 0, Type::Scalar(Scalar::F32)), rust("b", 4, Type::Scalar(Scalar::F32))],
        [shader("", 0, F32), shader("", 4, F32)],
    );
}

#[test]
#[should_panic(expected = "member `(unnamed)` at offset 8 of the shader is missing in `Params`")]
fn a_stripped_member_at_another_offset_is_missing() {
    compare([rust("a", 0, Type::Scalar(Scalar::F32))], [shader("", 0, F32), shader("", 8, F32)]);
}

#[test]
#[should_panic(expected = "slot `params`: member `turn` has a stride of 12 bytes in Rust and of 16 in the shader")]
fn columns_of_another_stride_are_found() {
    let matrix = Type::Matrix { scalar: Scalar::F32, columns: 3, rows: 3, stride: 12 };
    compare([rust("turn", 0, matrix)], [shader("turn", 0, MAT3)]);
}

#[test]
#[should_panic(expected = "slot `params`: member `sun.power.inner` lies at offset 4 in Rust and at 0 in the shader")]
fn a_nested_member_is_named_by_its_path() {
    const INNER: BlockType =
        BlockType { name: "Inner", size: 8, bare: None, members: &[rust("inner", 4, Type::Scalar(Scalar::F32))] };
    const SUN: BlockType =
        BlockType { name: "Sun", size: 8, bare: None, members: &[rust("power", 0, Type::Struct(&INNER))] };
    const INNER_SHADER: ShaderBlock = ShaderBlock { members: &[shader("inner", 0, F32)] };
    const SUN_SHADER: ShaderBlock = ShaderBlock { members: &[shader("power", 0, ShaderType::Struct(INNER_SHADER))] };
    compare(
        [rust("sun", 0, Type::Struct(&SUN)), rust("other", 8, Type::Scalar(Scalar::F32))],
        [shader("sun", 0, ShaderType::Struct(SUN_SHADER)), shader("other", 8, F32)],
    );
}

#[test]
#[should_panic(expected = "member `power` is a 2x2 matrix of `f32` in Rust and `float` in the shader")]
fn types_are_named_on_both_sides() {
    let matrix = Type::Matrix { scalar: Scalar::F32, columns: 2, rows: 2, stride: 8 };
    compare([rust("power", 0, matrix)], [shader("power", 0, F32)]);
}

#[test]
#[should_panic(expected = "`Params` has 4 bytes of padding after `b`")]
fn padding_at_the_end_is_found() {
    check_padding("Params", 16, &[("a", 0, 8), ("b", 8, 4)]);
}

#[test]
#[should_panic(expected = "slot `params`: push constants are at most 128 bytes, and these are 132")]
fn large_push_constants_are_refused() {
    check_push("params", &<[u32; 33]>::TYPE, &ShaderBlock { members: &[] });
}
