//! Compares the layout of a Rust type with a shader's, member by member.

use super::contract::{ShaderBlock, ShaderMember, ShaderType};
use super::message::{Message, equal, is_padding, same_name};
use crate::shader::{BlockType, Member, Scalar, Type};

/// Where a comparison is: the slot, and the members that lead to what is compared.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    pub slot: &'a str,
    pub outer: Option<&'a Path<'a>>,
    pub name: &'a str,
}

impl<'a> Path<'a> {
    pub const fn slot(slot: &'a str) -> Self {
        Self { slot, outer: None, name: "" }
    }

    const fn member(&'a self, name: &'a str) -> Self {
        Self { slot: self.slot, outer: Some(self), name }
    }

    /// `slot `camera`: member `sun.direction``, or the slot alone for the block itself.
    const fn message(&self) -> Message {
        let message = Message::new().text("slot ").code(self.slot).text(": ");
        match self.outer {
            Some(_) => self.push(message.text("member `")).text("`"),
            None => message.text("it"),
        }
    }

    const fn push(&self, message: Message) -> Message {
        let message = match self.outer {
            Some(outer) if outer.outer.is_some() => outer.push(message).text("."),
            _ => message,
        };
        message.text(self.name)
    }
}

/// Compares a whole block. A block that only wraps one structure or bare value is looked into.
#[track_caller]
pub(super) const fn compare_block(path: &Path<'_>, rust: &'static BlockType, shader: &ShaderBlock) {
    if let [only] = shader.members
        && !has_member(rust, only.name)
        && (rust.bare.is_some() || matches!(only.ty, ShaderType::Struct(_)))
    {
        return compare_type(path, &type_of(rust), &only.ty);
    }
    match rust.bare {
        Some(_) => path
            .message()
            .text(" is ")
            .code(rust.name)
            .text(" in Rust and a block with several members in the shader; use a struct that derives `Block`")
            .fail(),
        None => compare_members(path, rust, shader),
    }
}

/// Compares two types at one place.
#[track_caller]
pub(super) const fn compare_type(path: &Path<'_>, rust: &Type, shader: &ShaderType) {
    match (rust, shader) {
        (Type::Struct(rust), ShaderType::Struct(shader)) => compare_members(path, rust, shader),
        (Type::Scalar(a), ShaderType::Scalar(b)) if holds(*a, *b) => {}
        (Type::Scalar(Scalar::U64), ShaderType::Pointer) => {}
        (Type::Vector(a, n), ShaderType::Vector(b, m)) if same(*a, *b) && *n == *m => {}
        (Type::Array { element: Type::Scalar(a), count: n, .. }, ShaderType::Vector(b, m))
            if holds(*a, *b) && *n == *m => {}
        (
            Type::Matrix { scalar: a, columns, rows, stride },
            ShaderType::Matrix { scalar: b, vectors, components, stride: shader_stride },
        ) if same(*a, *b) && *columns == *vectors && *rows == *components => {
            compare_stride(path, *stride, *shader_stride);
        }
        (
            Type::Array { element, count, stride },
            ShaderType::Matrix { scalar, vectors, components, stride: shader_stride },
        ) if holds_column(element, *scalar, *components) && *count == *vectors => {
            compare_stride(path, *stride, *shader_stride);
        }
        (
            Type::Array { element, count, stride },
            ShaderType::Array { element: shader, count: shader_count, stride: shader_stride },
        ) => {
            if *count != *shader_count {
                let message = path.message().text(" has ").number(*count).text(" elements in Rust and ");
                message.number(*shader_count).text(" in the shader").fail();
            }
            compare_stride(path, *stride, *shader_stride);
            compare_in_array(path, element, shader);
        }
        (Type::Vector(a, n), ShaderType::Array { element: ShaderType::Scalar(b), count, stride })
            if same(*a, *b) && *n == *count =>
        {
            compare_stride(path, size(*a), *stride);
        }
        _ => {
            let message = push_rust(path.message().text(" is "), rust).text(" in Rust and ");
            push_shader(message, shader).text(" in the shader").fail();
        }
    }
}

/// Compares the elements of a run-time array.
#[track_caller]
pub(super) const fn compare_element(path: &Path<'_>, rust: &'static BlockType, shader: &ShaderType, stride: u32) {
    match rust.size == stride {
        true => compare_in_array(path, &type_of(rust), shader),
        false => compare_type(path, &type_of(rust), shader),
    }
    compare_stride(path, rust.size, stride);
}

/// Compares elements of an array; a longer one holds the shader's with the padding that its stride demands.
#[track_caller]
const fn compare_in_array(path: &Path<'_>, rust: &Type, shader: &ShaderType) {
    let held = match shader {
        ShaderType::Scalar(scalar) => holds_column(rust, *scalar, 1),
        ShaderType::Vector(scalar, count) => holds_column(rust, *scalar, *count),
        _ => false,
    };
    if !held {
        compare_type(path, rust, shader);
    }
}

#[track_caller]
const fn compare_members(path: &Path<'_>, rust: &BlockType, shader: &ShaderBlock) {
    let mut index = 0;
    while index < shader.members.len() {
        let member = &shader.members[index];
        if !is_padding(member.name) {
            match find(rust, member) {
                Some(found) => compare_member(path, found, member),
                None => fail_missing(path, rust, member),
            }
        }
        index += 1;
    }
    let mut index = 0;
    while index < rust.members.len() {
        let member = &rust.members[index];
        if !is_padding(member.name) && !is_in_shader(shader, member) {
            let message = path.member(member.name).message().text(" of ").code(rust.name);
            message.text(" is not in the shader; add it there, or start its name with `_` if it is padding").fail();
        }
        index += 1;
    }
}

#[track_caller]
const fn compare_member(path: &Path<'_>, rust: &Member, shader: &ShaderMember) {
    let path = path.member(rust.name);
    if rust.offset != shader.offset {
        let message = path.message().text(" lies at offset ").number(rust.offset).text(" in Rust and at ");
        message.number(shader.offset).text(" in the shader").fail();
    }
    compare_type(&path, &rust.ty, &shader.ty);
}

#[track_caller]
const fn fail_missing(path: &Path<'_>, rust: &BlockType, shader: &ShaderMember) -> ! {
    let name = if shader.name.is_empty() { "(unnamed)" } else { shader.name };
    let member = path.member(name);
    let message = member
        .message()
        .text(" at offset ")
        .number(shader.offset)
        .text(" of the shader is missing in ")
        .code(rust.name);
    match at_offset(rust, shader.offset) {
        Some(other) if !is_padding(other.name) => message.text("; ").code(other.name).text(" lies there").fail(),
        _ => message.fail(),
    }
}

#[track_caller]
const fn compare_stride(path: &Path<'_>, rust: u32, shader: u32) {
    if rust != shader {
        let message = path.message().text(" has a stride of ").number(rust).text(" bytes in Rust and of ");
        message.number(shader).text(" in the shader").fail();
    }
}

const fn type_of(block: &'static BlockType) -> Type {
    match block.bare {
        Some(bare) => bare,
        None => Type::Struct(block),
    }
}

const fn find<'a>(rust: &'a BlockType, member: &ShaderMember) -> Option<&'a Member> {
    if member.name.is_empty() { at_offset(rust, member.offset) } else { by_name(rust, member.name) }
}

pub(super) const fn by_name<'a>(rust: &'a BlockType, name: &str) -> Option<&'a Member> {
    let mut index = 0;
    while index < rust.members.len() {
        if equal(rust.members[index].name, name) {
            return Some(&rust.members[index]);
        }
        index += 1;
    }
    let mut index = 0;
    while index < rust.members.len() {
        if same_name(rust.members[index].name, name) {
            return Some(&rust.members[index]);
        }
        index += 1;
    }
    None
}

const fn has_member(rust: &BlockType, name: &str) -> bool {
    !name.is_empty() && by_name(rust, name).is_some()
}

const fn at_offset(rust: &BlockType, offset: u32) -> Option<&Member> {
    let mut index = 0;
    while index < rust.members.len() {
        if rust.members[index].offset == offset {
            return Some(&rust.members[index]);
        }
        index += 1;
    }
    None
}

const fn is_in_shader(shader: &ShaderBlock, rust: &Member) -> bool {
    let mut index = 0;
    while index < shader.members.len() {
        let member = &shader.members[index];
        let same =
            if member.name.is_empty() { member.offset == rust.offset } else { same_name(member.name, rust.name) };
        if same {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether an array element can stand for a column; a longer one holds it with its padding.
const fn holds_column(element: &Type, scalar: Scalar, components: u32) -> bool {
    match element {
        Type::Vector(found, count) => same(*found, scalar) && *count >= components,
        Type::Array { element: Type::Scalar(found), count, .. } => holds(*found, scalar) && *count >= components,
        _ => false,
    }
}

/// Whether a number in Rust can be the shader's; Rust has no type for a half, so that `u16` holds its bits.
const fn holds(rust: Scalar, shader: Scalar) -> bool {
    same(rust, shader) || matches!((rust, shader), (Scalar::U16, Scalar::F16))
}

pub(super) const fn same(a: Scalar, b: Scalar) -> bool {
    a as u8 == b as u8
}

pub(super) const fn size(scalar: Scalar) -> u32 {
    match scalar {
        Scalar::I8 | Scalar::U8 => 1,
        Scalar::I16 | Scalar::U16 | Scalar::F16 => 2,
        Scalar::I32 | Scalar::U32 | Scalar::F32 => 4,
        Scalar::I64 | Scalar::U64 | Scalar::F64 => 8,
    }
}

const fn push_rust(message: Message, ty: &Type) -> Message {
    match ty {
        Type::Scalar(scalar) => message.code(rust_name(*scalar)),
        Type::Vector(scalar, count) => message.text("a vector of ").number(*count).text(" ").code(rust_name(*scalar)),
        Type::Matrix { scalar, columns, rows, .. } => {
            message.text("a ").number(*columns).text("x").number(*rows).text(" matrix of ").code(rust_name(*scalar))
        }
        Type::Array { element, count, .. } => {
            push_rust(message.text("an array of ").number(*count).text(" times "), element)
        }
        Type::Struct(block) => message.code(block.name),
    }
}

const fn push_shader(message: Message, ty: &ShaderType) -> Message {
    match ty {
        ShaderType::Scalar(scalar) => message.code(glsl_name(*scalar)),
        ShaderType::Vector(scalar, count) => {
            message.text("`").text(glsl_prefix(*scalar)).text("vec").number(*count).text("`")
        }
        ShaderType::Matrix { vectors, components, .. } => {
            message.text("`mat").number(*vectors).text("x").number(*components).text("`")
        }
        ShaderType::Array { element, count, .. } => {
            push_shader(message.text("an array of ").number(*count).text(" times "), element)
        }
        ShaderType::RuntimeArray { element, .. } => push_shader(message.text("a run-time array of "), element),
        ShaderType::Struct(_) => message.text("a structure"),
        ShaderType::Pointer => message.text("a buffer reference (`u64` in Rust)"),
    }
}

const fn rust_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::I8 => "i8",
        Scalar::U8 => "u8",
        Scalar::I16 => "i16",
        Scalar::U16 => "u16",
        Scalar::F16 => "f16",
        Scalar::I32 => "i32",
        Scalar::U32 => "u32",
        Scalar::F32 => "f32",
        Scalar::I64 => "i64",
        Scalar::U64 => "u64",
        Scalar::F64 => "f64",
    }
}

pub(super) const fn glsl_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::I8 => "int8_t",
        Scalar::U8 => "uint8_t",
        Scalar::I16 => "int16_t",
        Scalar::U16 => "uint16_t",
        Scalar::F16 => "float16_t",
        Scalar::I32 => "int",
        Scalar::U32 => "uint",
        Scalar::F32 => "float",
        Scalar::I64 => "int64_t",
        Scalar::U64 => "uint64_t",
        Scalar::F64 => "double",
    }
}

const fn glsl_prefix(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::I32 => "i",
        Scalar::U32 => "u",
        Scalar::F64 => "d",
        Scalar::F16 => "f16",
        Scalar::I8 => "i8",
        Scalar::U8 => "u8",
        Scalar::I16 => "i16",
        Scalar::U16 => "u16",
        Scalar::I64 => "i64",
        Scalar::U64 => "u64",
        Scalar::F32 => "",
    }
}
