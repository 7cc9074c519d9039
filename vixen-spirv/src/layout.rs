//! Types with their layout, from the tables of a module.

use std::collections::HashSet;

use spirv::{Decoration, StorageClass};

use crate::{Block, Member, ReflectError, Scalar, Type, module::Module, raw_type::RawType};

/// Nesting that no real shader comes near, and no stack minds.
const MAX_DEPTH: u32 = 64;
/// What all types of a shader may take: shared types unfold to a tree, which a hostile module can make exponential.
const MAX_BYTES: usize = 16 << 20;

/// Builds types, and refuses when they get too many.
pub struct Layouts<'m, 'w> {
    module: &'m Module<'w>,
    bytes_left: usize,
    /// The constants that lengths of arrays come from.
    lengths: HashSet<u32>,
}

/// What a type takes from where it stands.
#[derive(Clone, Copy)]
struct Place<'o> {
    /// What is being described, for errors.
    owner: &'o str,
    /// In memory, with offsets and strides; else in a stage interface.
    explicit: bool,
    matrix_stride: Option<u32>,
    row_major: bool,
    depth: u32,
}

impl<'m, 'w> Layouts<'m, 'w> {
    pub fn new(module: &'m Module<'w>) -> Self {
        Self { module, bytes_left: MAX_BYTES, lengths: HashSet::new() }
    }

    /// The layout of a block in memory. `owner` is named in errors.
    pub fn block(&mut self, owner: &str, id: u32) -> Result<Block, ReflectError> {
        self.structure(id, Place { owner, explicit: true, matrix_stride: None, row_major: false, depth: 0 })
    }

    /// The type of a stage's input or output.
    pub fn interface(&mut self, owner: &str, id: u32) -> Result<Type, ReflectError> {
        self.ty(id, Place { owner, explicit: false, matrix_stride: None, row_major: false, depth: 0 })
    }

    /// The type of a number.
    pub fn scalar(&self, owner: &str, id: u32) -> Result<Scalar, ReflectError> {
        Ok(match self.module.types.get(&id) {
            Some(RawType::Bool) => Scalar::Bool,
            Some(RawType::Int { width: 8, signed: true }) => Scalar::I8,
            Some(RawType::Int { width: 8, signed: false }) => Scalar::U8,
            Some(RawType::Int { width: 16, signed: true }) => Scalar::I16,
            Some(RawType::Int { width: 16, signed: false }) => Scalar::U16,
            Some(RawType::Int { width: 32, signed: true }) => Scalar::I32,
            Some(RawType::Int { width: 32, signed: false }) => Scalar::U32,
            Some(RawType::Int { width: 64, signed: true }) => Scalar::I64,
            Some(RawType::Int { width: 64, signed: false }) => Scalar::U64,
            Some(RawType::Float { width: 16 }) => Scalar::F16,
            Some(RawType::Float { width: 32 }) => Scalar::F32,
            Some(RawType::Float { width: 64 }) => Scalar::F64,
            _ => {
                return Err(unsupported(owner, "a number of a type that Rust does not have"));
            }
        })
    }

    /// The length of an array.
    pub fn length(&mut self, owner: &str, id: u32) -> Result<u32, ReflectError> {
        let mut from = vec![id];
        while let Some(id) = from.pop() {
            if self.lengths.insert(id) {
                from.extend(self.module.operations.get(&id).copied().unwrap_or_default());
            }
        }
        self.constant(owner, id)
    }

    /// Whether lengths of arrays come from a specialisation constant.
    pub fn is_length(&self, spec_id: u32) -> bool {
        self.lengths.iter().any(|&id| self.module.decoration(id, None, Decoration::SpecId) == Some(spec_id))
    }

    /// A constant's value, a specialisation constant's default.
    pub fn constant(&self, owner: &str, id: u32) -> Result<u32, ReflectError> {
        let constant =
            self.module.constants.get(&id).ok_or(unsupported(owner, "a length that is no known constant"))?;
        u32::try_from(constant.value).map_err(|_| unsupported(owner, "a length beyond 32 bits"))
    }

    /// The name of an id or of a member, counted: one long name can stand for many things.
    pub fn name(&mut self, id: u32, member: Option<u32>) -> Result<Option<String>, ReflectError> {
        let name = self.module.name(id, member);
        self.spend(name.as_ref().map_or(0, String::len))?;
        Ok(name)
    }

    fn structure(&mut self, id: u32, place: Place) -> Result<Block, ReflectError> {
        let Some(&RawType::Struct { members: types }) = self.module.types.get(&id) else {
            return Err(ReflectError::BadId { id, expected: "a structure type" });
        };
        let name = self.name(id, None)?;
        let mut members = Vec::new();
        let mut size = 0;
        for (member, &ty) in (0..).zip(types) {
            let decoration = |decoration| self.module.decoration(id, Some(member), decoration);
            let offset = layout(decoration(Decoration::Offset), place, "a member of a block has no offset")?;
            let place = Place {
                matrix_stride: decoration(Decoration::MatrixStride),
                row_major: decoration(Decoration::RowMajor).is_some(),
                ..place
            };
            let name = self.name(id, Some(member))?;
            let ty = self.ty(ty, place)?;
            let end = byte_size(&ty).and_then(|bytes| offset.checked_add(bytes));
            size = size.max(end.ok_or(unsupported(place.owner, "a type larger than 4 GiB"))?);
            members.push(Member { name, offset, ty });
        }
        Ok(Block { name, size, members })
    }

    fn ty(&mut self, id: u32, place: Place) -> Result<Type, ReflectError> {
        self.spend(size_of::<Member>())?;
        if place.depth == MAX_DEPTH {
            return Err(ReflectError::TooComplex);
        }
        let inner = Place { depth: place.depth + 1, ..place };
        let owner = place.owner;
        Ok(match self.module.ty(id)? {
            RawType::Bool | RawType::Int { .. } | RawType::Float { .. } => Type::Scalar(self.scalar(owner, id)?),
            RawType::Vector { component, count } => Type::Vector(self.scalar(owner, component)?, count),
            RawType::Matrix { column, count } => {
                let Some(&RawType::Vector { component, count: rows }) = self.module.types.get(&column) else {
                    return Err(ReflectError::BadId { id: column, expected: "a vector type" });
                };
                Type::Matrix {
                    scalar: self.scalar(owner, component)?,
                    columns: count,
                    rows,
                    column_stride: layout(place.matrix_stride, place, "a matrix in a block has no stride")?,
                    row_major: place.row_major,
                }
            }
            RawType::Array { element, length } => {
                let count = self.length(owner, length)?;
                let stride = self.array_stride(id, place)?;
                Type::Array { element: Box::new(self.ty(element, inner)?), count, stride }
            }
            RawType::RuntimeArray { element } => {
                let stride = self.array_stride(id, place)?;
                Type::RuntimeArray { element: Box::new(self.ty(element, inner)?), stride }
            }
            RawType::Struct { .. } => Type::Struct(self.structure(id, inner)?),
            RawType::Pointer { class, .. } if class == StorageClass::PhysicalStorageBuffer as u32 => Type::Pointer,
            _ => {
                return Err(unsupported(owner, "a member is neither a number nor made of numbers"));
            }
        })
    }

    fn array_stride(&self, id: u32, place: Place) -> Result<u32, ReflectError> {
        layout(self.module.decoration(id, None, Decoration::ArrayStride), place, "an array in a block has no stride")
    }

    fn spend(&mut self, bytes: usize) -> Result<(), ReflectError> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(ReflectError::TooComplex)?;
        Ok(())
    }
}

/// A type's error, under the name of what it belongs to.
pub fn unsupported(owner: &str, problem: &'static str) -> ReflectError {
    ReflectError::Unsupported { owner: owner.to_owned(), problem }
}

fn layout(given: Option<u32>, place: Place, missing: &'static str) -> Result<u32, ReflectError> {
    match given {
        Some(given) if place.explicit => Ok(given),
        None if place.explicit => Err(unsupported(place.owner, missing)),
        _ => Ok(0),
    }
}

/// Bytes that a type takes, 0 for a runtime array. None beyond 32 bits.
fn byte_size(ty: &Type) -> Option<u32> {
    match ty {
        Type::Scalar(scalar) => Some(scalar.size()),
        Type::Vector(scalar, count) => scalar.size().checked_mul(*count),
        Type::Matrix { columns, rows, column_stride, row_major, .. } => {
            column_stride.checked_mul(if *row_major { *rows } else { *columns })
        }
        Type::Array { count, stride, .. } => stride.checked_mul(*count),
        Type::RuntimeArray { .. } => Some(0),
        Type::Struct(block) => Some(block.size),
        Type::Pointer => Some(8),
    }
}
