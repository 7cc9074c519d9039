//! Finds the members of vertex types that feed a vertex shader's inputs.

use ash::vk;

use super::contract::VertexInput;
use super::layout::{by_name, glsl_name};
use super::message::{Message, is_padding};
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

/// One attribute for each input: by name where every input has a member of its name, otherwise in declared order.
#[track_caller]
pub const fn vertex_attributes<const N: usize>(
    slots: &[VertexSlot],
    inputs: &[VertexInput; N],
) -> [VertexAttribute; N] {
    let mut attributes =
        [VertexAttribute { location: 0, slot: 0, format: vk::Format::UNDEFINED, offset: 0, stride: 0 }; N];
    let mut all_named = true;
    let mut index = 0;
    while index < N {
        all_named = all_named && named(slots, inputs[index].name).is_some();
        index += 1;
    }
    if !all_named && total(slots) != N {
        fail_unmatched(slots, inputs);
    }
    let mut index = 0;
    while index < N {
        let input = &inputs[index];
        let found = if all_named { named(slots, input.name) } else { nth(slots, index) };
        match found {
            Some((slot, member)) => {
                attributes[index] = VertexAttribute {
                    location: input.location,
                    slot: slot.slot,
                    format: format(slot, member, input),
                    offset: member.offset,
                    stride: match slot.block {
                        Some(block) => block.size,
                        None => 0,
                    },
                };
            }
            None => fail_unmatched(slots, inputs),
        }
        index += 1;
    }
    attributes
}

const fn named<'a>(slots: &'a [VertexSlot], name: &str) -> Option<(&'a VertexSlot, &'a Member)> {
    let mut index = 0;
    while index < slots.len() {
        if let Some(block) = slots[index].block
            && !name.is_empty()
            && let Some(member) = by_name(block, name)
        {
            return Some((&slots[index], member));
        }
        index += 1;
    }
    None
}

const fn nth(slots: &[VertexSlot], mut number: usize) -> Option<(&VertexSlot, &Member)> {
    let mut index = 0;
    while index < slots.len() {
        if let Some(block) = slots[index].block {
            let mut member = 0;
            while member < block.members.len() {
                if !is_padding(block.members[member].name) {
                    if number == 0 {
                        return Some((&slots[index], &block.members[member]));
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

const fn total(slots: &[VertexSlot]) -> usize {
    let mut count = 0;
    while nth(slots, count).is_some() {
        count += 1;
    }
    count
}

#[track_caller]
const fn fail_unmatched<const N: usize>(slots: &[VertexSlot], inputs: &[VertexInput; N]) -> ! {
    let mut index = 0;
    while index < N {
        if named(slots, inputs[index].name).is_none() {
            let message =
                Message::new().text("the vertex shader's input ").code(inputs[index].name).text(" (location ");
            let message = message.number(inputs[index].location).text(") has no member of its name in the vertex type");
            match slots {
                [only] => message.text(" of slot ").code(only.name).fail(),
                _ => message.text("s of the node's vertex slots").fail(),
            }
        }
        index += 1;
    }
    Message::new().text("the vertex shader's inputs match no vertex slot").fail()
}

#[track_caller]
const fn format(slot: &VertexSlot, member: &Member, input: &VertexInput) -> vk::Format {
    let (scalar, count) = match member.ty {
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
    let message = Message::new().text("slot ").code(slot.name).text(": member ").code(member.name);
    let message = message.text(" cannot feed the vertex shader's input of ").number(input.components).text(" ");
    message.code(glsl_name(input.scalar)).text(" at location ").number(input.location).fail()
}
