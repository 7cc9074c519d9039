//! Type declarations as they stand in a module.

use spirv::Op;

use crate::{ReflectError, words::Instruction};

/// A type declaration.
#[derive(Clone, Copy)]
pub enum RawType<'w> {
    Bool,
    Int { width: u32, signed: bool },
    Float { width: u32 },
    Vector { component: u32, count: u32 },
    Matrix { column: u32, count: u32 },
    Image { scalar: u32, dim: u32, depth: u32, arrayed: bool, multisampled: bool, sampled: u32, format: u32 },
    SampledImage { image: u32 },
    Sampler,
    AccelerationStructure,
    Array { element: u32, length: u32 },
    RuntimeArray { element: u32 },
    Struct { members: &'w [u32] },
    Pointer { class: u32, pointee: u32 },
    Other,
}

impl<'w> RawType<'w> {
    /// The type that an instruction declares. None for an instruction that declares none that matters.
    pub fn parse(op: Op, instruction: &Instruction<'w>) -> Result<Option<Self>, ReflectError> {
        let operand = |index| instruction.operand(index);
        Ok(Some(match op {
            Op::TypeBool => RawType::Bool,
            Op::TypeInt => RawType::Int { width: operand(1)?, signed: operand(2)? != 0 },
            // A third operand names another encoding than IEEE's.
            Op::TypeFloat if instruction.operands.len() == 2 => RawType::Float { width: operand(1)? },
            Op::TypeVector => RawType::Vector { component: operand(1)?, count: operand(2)? },
            Op::TypeMatrix => RawType::Matrix { column: operand(1)?, count: operand(2)? },
            Op::TypeImage => RawType::Image {
                scalar: operand(1)?,
                dim: operand(2)?,
                depth: operand(3)?,
                arrayed: operand(4)? != 0,
                multisampled: operand(5)? != 0,
                sampled: operand(6)?,
                format: operand(7)?,
            },
            Op::TypeSampledImage => RawType::SampledImage { image: operand(1)? },
            Op::TypeSampler => RawType::Sampler,
            Op::TypeAccelerationStructureKHR => RawType::AccelerationStructure,
            Op::TypeArray => RawType::Array { element: operand(1)?, length: operand(2)? },
            Op::TypeRuntimeArray => RawType::RuntimeArray { element: operand(1)? },
            Op::TypeStruct => RawType::Struct { members: instruction.operands_from(1) },
            Op::TypePointer => RawType::Pointer { class: operand(1)?, pointee: operand(2)? },
            Op::TypeFloat | Op::TypeVoid | Op::TypeOpaque | Op::TypeFunction | Op::TypeRayQueryKHR => RawType::Other,
            _ => return Ok(None),
        }))
    }
}

/// What a value of a type is to the store analysis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers; reaching no descriptor.
    Data,
    /// Images, samplers and acceleration structures: loading one does not read what it stands for.
    Handle,
    /// Pointers and everything else.
    Other,
}
