//! A module taken apart: tables from ids to what they were declared as, with nothing resolved yet.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use spirv::{Decoration, Op, StorageClass};

use crate::{
    ReflectError, constant,
    raw_type::{Kind, RawType},
    words::{HEADER_LEN, Instruction, Instructions},
};

/// The decorations that reflection asks for.
const DECORATIONS: &[Decoration] = &[
    Decoration::SpecId,
    Decoration::Block,
    Decoration::BufferBlock,
    Decoration::RowMajor,
    Decoration::ArrayStride,
    Decoration::MatrixStride,
    Decoration::BuiltIn,
    Decoration::NonWritable,
    Decoration::NonReadable,
    Decoration::Location,
    Decoration::Component,
    Decoration::Binding,
    Decoration::DescriptorSet,
    Decoration::Offset,
];

/// What a module declares. Ids may be anything; every look-up can fail.
#[derive(Default)]
pub struct Module<'w> {
    words: &'w [u32],
    pub capabilities: BTreeSet<u32>,
    pub entry_points: Vec<EntryPoint<'w>>,
    /// Execution modes with literal operands, and with ids.
    pub modes: Vec<(u32, &'w [u32])>,
    names: HashMap<(u32, Option<u32>), String>,
    decorations: HashMap<(u32, Option<u32>, Decoration), u32>,
    /// (group, target, member) of every use of a decoration group.
    groups: Vec<(u32, u32, Option<u32>)>,
    pub types: HashMap<u32, RawType<'w>>,
    kinds: HashMap<u32, Kind>,
    /// Values of scalar constants, specialisation constants by their defaults, with their types.
    pub constants: HashMap<u32, Constant>,
    pub composites: HashMap<u32, &'w [u32]>,
    /// The operands of operations on constants; some are numbers and no ids, which does no harm to who looks them up.
    pub operations: HashMap<u32, &'w [u32]>,
    /// The constant that overrides every declared workgroup size.
    pub workgroup_size: Option<u32>,
    pub variables: BTreeMap<u32, Variable>,
    pub functions: HashMap<u32, Function>,
    /// Extended instruction sets that only carry debug information.
    pub debug_sets: HashSet<u32>,
    /// Pointers that constants and initialisers take, out of any function's sight.
    pub escaped: Vec<u32>,
}

/// An `OpEntryPoint`.
pub struct EntryPoint<'w> {
    pub model: u32,
    pub function: u32,
    pub name: String,
    pub interface: &'w [u32],
}

/// A module-scope `OpVariable`.
#[derive(Clone, Copy)]
pub struct Variable {
    pub pointer_type: u32,
    pub class: u32,
}

/// A scalar constant.
#[derive(Clone, Copy)]
pub struct Constant {
    pub ty: u32,
    /// The bits, zero-extended.
    pub value: u64,
    pub specialised: bool,
}

/// A function's parameters, and the words of its body.
pub struct Function {
    pub parameters: Vec<u32>,
    pub start: usize,
    pub end: usize,
    /// False for a mere import.
    pub has_body: bool,
}

impl<'w> Module<'w> {
    pub fn parse(words: &'w [u32]) -> Result<Self, ReflectError> {
        let mut module = Self { words, ..Self::default() };
        let mut open: Option<(u32, Function)> = None;
        for instruction in Instructions::new(words, HEADER_LEN, words.len()) {
            let instruction = instruction?;
            match (&mut open, instruction.op()) {
                (None, Some(Op::Function)) => {
                    let start = instruction.at + 1 + instruction.operands.len();
                    let function = Function { parameters: Vec::new(), start, end: start, has_body: false };
                    open = Some((instruction.operand(1)?, function));
                }
                (None, _) => module.declare(instruction)?,
                (Some(_), Some(Op::Function)) => {
                    return Err(instruction.malformed("a function inside a function"));
                }
                (Some((_, function)), Some(Op::FunctionParameter)) => function.parameters.push(instruction.operand(1)?),
                (Some((_, function)), Some(Op::Label)) => function.has_body = true,
                (Some(_), Some(Op::FunctionEnd)) => {
                    if let Some((id, function)) = open.take() {
                        module.functions.insert(id, Function { end: instruction.at, ..function });
                    }
                }
                (Some(_), _) => {}
            }
        }
        if open.is_some() {
            return Err(ReflectError::Truncated { word: words.len() });
        }
        module.apply_groups();
        Ok(module)
    }

    /// The name of an id, or of a struct's member.
    pub fn name(&self, id: u32, member: Option<u32>) -> Option<String> {
        self.names.get(&(id, member)).cloned()
    }

    /// What a variable is called in an error.
    pub fn owner(&self, id: u32) -> String {
        let name = self.name(id, None).map_or_else(|| format!("%{id}"), |name| format!("`{name}`"));
        let Some(binding) = self.decoration(id, None, Decoration::Binding) else {
            return name;
        };
        let set = self.decoration(id, None, Decoration::DescriptorSet).unwrap_or(0);
        format!("{name} (set {set}, binding {binding})")
    }

    /// A type's declaration.
    pub fn ty(&self, id: u32) -> Result<RawType<'w>, ReflectError> {
        self.types.get(&id).copied().ok_or(ReflectError::BadId { id, expected: "a type" })
    }

    /// The operand of a decoration on an id or on a struct's member; 0 where it has none.
    pub fn decoration(&self, id: u32, member: Option<u32>, decoration: Decoration) -> Option<u32> {
        self.decorations.get(&(id, member, decoration)).copied()
    }

    /// Every id with a decoration, sorted.
    pub fn decorated(&self, decoration: Decoration) -> BTreeSet<u32> {
        self.decorations.keys().filter(|key| key.1.is_none() && key.2 == decoration).map(|key| key.0).collect()
    }

    /// What a type is to the store analysis.
    pub fn kind(&self, ty: u32) -> Kind {
        self.kinds.get(&ty).copied().unwrap_or(Kind::Other)
    }

    /// The pointee of a variable.
    pub fn pointee(&self, variable: Variable) -> Result<u32, ReflectError> {
        match self.types.get(&variable.pointer_type) {
            Some(&RawType::Pointer { pointee, .. }) => Ok(pointee),
            _ => Err(ReflectError::BadId { id: variable.pointer_type, expected: "a pointer type" }),
        }
    }

    /// The instructions of a function, parameters included.
    pub fn body(&self, function: &Function) -> Instructions<'w> {
        Instructions::new(self.words, function.start, function.end)
    }

    /// Takes note of an instruction outside functions.
    fn declare(&mut self, instruction: Instruction<'w>) -> Result<(), ReflectError> {
        let Some(op) = instruction.op() else {
            return Ok(());
        };
        let operand = |index| instruction.operand(index);
        match op {
            Op::Capability => {
                self.capabilities.insert(operand(0)?);
            }
            Op::ExtInstImport => {
                let (name, _) = instruction.string(1)?;
                if name.starts_with("NonSemantic.") || name.starts_with("OpenCL.DebugInfo.") {
                    self.debug_sets.insert(operand(0)?);
                }
            }
            Op::EntryPoint => {
                let (name, end) = instruction.string(2)?;
                let interface = instruction.operands_from(end);
                self.entry_points.push(EntryPoint { model: operand(0)?, function: operand(1)?, name, interface });
            }
            Op::ExecutionMode | Op::ExecutionModeId => self.modes.push((operand(0)?, instruction.operands_from(1))),
            Op::Name => self.declare_name(operand(0)?, None, instruction.string(1)?.0),
            Op::MemberName => self.declare_name(operand(0)?, Some(operand(1)?), instruction.string(2)?.0),
            Op::Decorate => self.declare_decoration(operand(0)?, None, operand(1)?, instruction.operands_from(2)),
            Op::MemberDecorate => {
                let member = Some(operand(1)?);
                self.declare_decoration(operand(0)?, member, operand(2)?, instruction.operands_from(3));
            }
            Op::GroupDecorate => {
                let group = operand(0)?;
                self.groups.extend(instruction.operands_from(1).iter().map(|&target| (group, target, None)));
            }
            Op::GroupMemberDecorate => {
                let group = operand(0)?;
                let (pairs, _) = instruction.operands_from(1).as_chunks::<2>();
                self.groups.extend(pairs.iter().map(|&[target, member]| (group, target, Some(member))));
            }
            Op::Variable => {
                let variable = Variable { pointer_type: operand(0)?, class: operand(2)? };
                self.variables.insert(operand(1)?, variable);
                self.escaped.extend(instruction.operands_from(3));
            }
            Op::ConstantComposite | Op::SpecConstantComposite => {
                self.composites.insert(operand(1)?, instruction.operands_from(2));
            }
            Op::ConstantTrue
            | Op::ConstantFalse
            | Op::Constant
            | Op::ConstantNull
            | Op::SpecConstantTrue
            | Op::SpecConstantFalse
            | Op::SpecConstant
            | Op::SpecConstantOp => self.declare_constant(op, instruction)?,
            _ => self.declare_type(op, instruction)?,
        }
        Ok(())
    }

    fn declare_name(&mut self, id: u32, member: Option<u32>, name: String) {
        if !name.is_empty() {
            self.names.insert((id, member), name);
        }
    }

    fn declare_decoration(&mut self, id: u32, member: Option<u32>, decoration: u32, operands: &[u32]) {
        let Some(decoration) = Decoration::from_u32(decoration) else {
            return;
        };
        let operand = operands.first().copied().unwrap_or(0);
        if decoration == Decoration::BuiltIn && operand == spirv::BuiltIn::WorkgroupSize as u32 {
            self.workgroup_size = Some(id);
        }
        if DECORATIONS.contains(&decoration) {
            self.decorations.insert((id, member, decoration), operand);
        }
    }

    fn apply_groups(&mut self) {
        for (group, target, member) in std::mem::take(&mut self.groups) {
            for &decoration in DECORATIONS {
                if let Some(&operand) = self.decorations.get(&(group, None, decoration)) {
                    self.decorations.insert((target, member, decoration), operand);
                }
            }
        }
    }

    fn declare_constant(&mut self, op: Op, instruction: Instruction<'w>) -> Result<(), ReflectError> {
        let (ty, id) = (instruction.operand(0)?, instruction.operand(1)?);
        let operands = instruction.operands_from(2);
        let value = match op {
            Op::ConstantTrue | Op::SpecConstantTrue => Some(1),
            Op::Constant | Op::SpecConstant => {
                let high = operands.get(1).copied().unwrap_or(0);
                Some(u64::from(instruction.operand(2)?) | u64::from(high) << 32)
            }
            Op::SpecConstantOp => {
                let inner = Op::from_u32(instruction.operand(2)?);
                let arguments = instruction.operands_from(3);
                if matches!(inner, Some(Op::AccessChain | Op::InBoundsAccessChain | Op::PtrAccessChain)) {
                    self.escaped.extend(arguments);
                }
                self.operations.insert(id, arguments);
                inner.and_then(|inner| constant::evaluate(self, ty, inner, arguments))
            }
            _ => Some(0),
        };
        if let Some(value) = value {
            let specialised = matches!(op, Op::SpecConstantTrue | Op::SpecConstantFalse | Op::SpecConstant);
            self.constants.insert(id, Constant { ty, value, specialised });
        }
        Ok(())
    }

    fn declare_type(&mut self, op: Op, instruction: Instruction<'w>) -> Result<(), ReflectError> {
        let Some(ty) = RawType::parse(op, &instruction)? else {
            return Ok(());
        };
        let id = instruction.operand(0)?;
        let kind = self.kind_of(ty);
        self.types.insert(id, ty);
        self.kinds.insert(id, kind);
        Ok(())
    }

    /// Types stand before their uses, so that no recursion is needed.
    fn kind_of(&self, ty: RawType) -> Kind {
        match ty {
            RawType::Bool | RawType::Int { .. } | RawType::Float { .. } => Kind::Data,
            RawType::Vector { .. } | RawType::Matrix { .. } => Kind::Data,
            // The address of other memory: a number here.
            RawType::Pointer { class, .. } if class == StorageClass::PhysicalStorageBuffer as u32 => Kind::Data,
            RawType::Image { .. }
            | RawType::SampledImage { .. }
            | RawType::Sampler
            | RawType::AccelerationStructure => Kind::Handle,
            RawType::Array { element, .. } | RawType::RuntimeArray { element } => self.kind(element),
            RawType::Struct { members } => {
                let mut kinds = members.iter().map(|&member| self.kind(member));
                let first = kinds.next().unwrap_or(Kind::Data);
                if kinds.all(|kind| kind == first) { first } else { Kind::Other }
            }
            RawType::Pointer { .. } | RawType::Other => Kind::Other,
        }
    }
}
