//! Finds the members of vertex types that feed a vertex shader's inputs.

use ash::vk;

use super::contract::VertexInput;
use super::layout::{by_name, glsl_name};
use super::message::{Message, is_padding, same_name};
use crate::shader::{BlockType, Member, Scalar, Type, VertexAttribute};

/// A vertex slot: its index among the node's slots, its name and the layout of an element.
#[derive(Clone, Copy, Debug)]
pub struct VertexSlot {
    /// Index among the node's slots.
    pub slot: u32,
    /// The field's name.
    pub name: &'static str,
    /// Layout of an element.
    pub block: Option<&'static BlockType>,
}

/// One attribute for each input. Members feed inputs of their name; a slot of bare numbers, vectors or matrices is named
/// itself. Where no input has a name that a member has, and there are as many of both, they go by declared order.
#[track_caller]
pub const fn vertex_attributes<const N: usize>(
    slots: &[VertexSlot],
    inputs: &[VertexInput; N],
) -> [VertexAttribute; N] {
    let mut attributes =
        [VertexAttribute { location: 0, slot: 0, format: vk::Format::UNDEFINED, offset: 0, stride: 0 }; N];
    let in_order = !any_named(slots, inputs) && total(slots) == variables(inputs, N);
    let mut index = 0;
    while index < N {
        let input = &inputs[index];
        let found = if in_order { nth(slots, variables(inputs, index + 1) - 1) } else { named(slots, input.name) };
        let Some((slot, member)) = found else { fail_unmatched(slots, input) };
        let (offset, ty) = vector(&slot, &member, input);
        attributes[index] = VertexAttribute {
            location: input.location,
            slot: slot.slot,
            format: format(&slot, &member, &ty, input),
            offset,
            stride: match slot.block {
                Some(block) => block.size,
                None => 0,
            },
        };
        index += 1;
    }
    attributes
}

/// Where in an element the vector lies that feeds an input, and its type.
#[track_caller]
const fn vector(slot: &VertexSlot, member: &Member, input: &VertexInput) -> (u32, Type) {
    let (count, stride, ty) = match member.ty {
        Type::Matrix { scalar, columns, rows, stride } => (columns, stride, Type::Vector(scalar, rows)),
        Type::Array { element: Type::Scalar(_), .. } if input.vectors == 1 => (1, 0, member.ty),
        Type::Array { element, count, stride } => (count, stride, *element),
        ty => (1, 0, ty),
    };
    if count != input.vectors {
        let message =
            start(slot, member).text(" has ").number(count).text(" vectors in Rust, and the vertex shader's input ");
        message.text("at location ").number(input.location - input.vector).text(" ").number(input.vectors).fail();
    }
    (member.offset + input.vector * stride, ty)
}

/// How many variables the first `count` inputs are.
const fn variables(inputs: &[VertexInput], count: usize) -> usize {
    let (mut variables, mut index) = (0, 0);
    while index < count {
        if inputs[index].vector == 0 {
            variables += 1;
        }
        index += 1;
    }
    variables
}

const fn any_named(slots: &[VertexSlot], inputs: &[VertexInput]) -> bool {
    let mut index = 0;
    while index < inputs.len() {
        if named(slots, inputs[index].name).is_some() {
            return true;
        }
        index += 1;
    }
    false
}

const fn named(slots: &[VertexSlot], name: &str) -> Option<(VertexSlot, Member)> {
    let mut index = 0;
    while index < slots.len() && !name.is_empty() {
        if let Some(block) = slots[index].block {
            match (block.bare, by_name(block, name)) {
                (Some(ty), _) if same_name(slots[index].name, name) => {
                    return Some((slots[index], bare(&slots[index], ty)));
                }
                (None, Some(member)) => return Some((slots[index], *member)),
                _ => {}
            }
        }
        index += 1;
    }
    None
}

const fn nth(slots: &[VertexSlot], mut number: usize) -> Option<(VertexSlot, Member)> {
    let mut index = 0;
    while index < slots.len() {
        if let Some(block) = slots[index].block {
            if let Some(ty) = block.bare {
                if number == 0 {
                    return Some((slots[index], bare(&slots[index], ty)));
                }
                number -= 1;
            }
            let mut member = 0;
            while member < block.members.len() {
                if !is_padding(block.members[member].name) {
                    if number == 0 {
                        return Some((slots[index], block.members[member]));
                    }
                    number -= 1;
                }
                member += 1;
            }
        }
        index += 1;
    }
    None
}

/// The element of a slot that holds no structures.
const fn bare(slot: &VertexSlot, ty: Type) -> Member {
    Member { name: slot.name, offset: 0, ty }
}

const fn total(slots: &[VertexSlot]) -> usize {
    let mut count = 0;
    while nth(slots, count).is_some() {
        count += 1;
    }
    count
}

#[track_caller]
const fn fail_unmatched(slots: &[VertexSlot], input: &VertexInput) -> ! {
    let name = if input.name.is_empty() { "(unnamed)" } else { input.name };
    let message =
        Message::new().text("the vertex shader's input ").code(name).text(" (location ").number(input.location);
    let message = message.text(") has no member of its name in the vertex type");
    let message = match slots {
        [only] => message.text(" of slot ").code(only.name),
        _ => message.text("s of the node's vertex slots"),
    };
    let mut message = message.text("; there is ");
    let mut index = 0;
    while let Some((_, member)) = nth(slots, index) {
        message = if index == 0 { message } else { message.text(", ") }.code(member.name);
        index += 1;
    }
    message.fail()
}

/// ``slot `vertices`: member `color` ``
const fn start(slot: &VertexSlot, member: &Member) -> Message {
    Message::new().text("slot ").code(slot.name).text(": member ").code(member.name)
}

#[track_caller]
const fn format(slot: &VertexSlot, member: &Member, ty: &Type, input: &VertexInput) -> vk::Format {
    let (scalar, count) = match *ty {
        Type::Scalar(scalar) => (scalar, 1),
        Type::Vector(scalar, count) => (scalar, count),
        Type::Array { element: Type::Scalar(scalar), count, .. } => (*scalar, count),
        _ => fail_format(slot, member, input),
    };
    match (scalar, count, input.scalar) {
        (Scalar::F32, 1, Scalar::F32) => vk::Format::R32_SFLOAT,
        (Scalar::F32, 2, Scalar::F32) => vk::Format::R32G32_SFLOAT,
        (Scalar::F32, 3, Scalar::F32) => vk::Format::R32G32B32_SFLOAT,
        (Scalar::F32, 4, Scalar::F32) => vk::Format::R32G32B32A32_SFLOAT,
        (Scalar::I32, 1, Scalar::I32) => vk::Format::R32_SINT,
        (Scalar::I32, 2, Scalar::I32) => vk::Format::R32G32_SINT,
        (Scalar::I32, 3, Scalar::I32) => vk::Format::R32G32B32_SINT,
        (Scalar::I32, 4, Scalar::I32) => vk::Format::R32G32B32A32_SINT,
        (Scalar::U32, 1, Scalar::U32) => vk::Format::R32_UINT,
        (Scalar::U32, 2, Scalar::U32) => vk::Format::R32G32_UINT,
        (Scalar::U32, 3, Scalar::U32) => vk::Format::R32G32B32_UINT,
        (Scalar::U32, 4, Scalar::U32) => vk::Format::R32G32B32A32_UINT,
        (Scalar::U8, 4, Scalar::F32) => vk::Format::R8G8B8A8_UNORM,
        (Scalar::I8, 4, Scalar::F32) => vk::Format::R8G8B8A8_SNORM,
        (Scalar::U8, 4, Scalar::U32) => vk::Format::R8G8B8A8_UINT,
        (Scalar::U16, 2, Scalar::F32) => vk::Format::R16G16_UNORM,
        (Scalar::U16, 4, Scalar::F32) => vk::Format::R16G16B16A16_UNORM,
        _ => fail_format(slot, member, input),
    }
}

#[track_caller]
const fn fail_format(slot: &VertexSlot, member: &Member, input: &VertexInput) -> ! {
    let message =
        start(slot, member).text(" cannot feed the vertex shader's input of ").number(input.components).text(" ");
    message.code(glsl_name(input.scalar)).text(" at location ").number(input.location).fail()
}
