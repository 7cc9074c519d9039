//! Which variables the code that an entry point can reach may read and store to.
//!
//! Pointers and handles (images, samplers, acceleration structures) form a graph: every such value points to the values that it
//! was made from, back to the variables. An instruction that reads or stores marks the value that it works on; the marks then
//! run back along the graph. An instruction that is not known marks all its operands as read and stored.

use std::collections::{HashMap, HashSet};

use spirv::Op;

use crate::{ReflectError, module::Module, raw_type::Kind, words::Instruction};

/// What may happen to the variables of a module; sets of ids, other values among them.
#[derive(Default)]
pub struct Usage {
    pub loads: HashSet<u32>,
    pub stores: HashSet<u32>,
    /// What an instruction mentions as a pointer or a handle.
    pub mentions: HashSet<u32>,
}

/// Walks the functions that `entry` reaches.
pub fn analyse(module: &Module, entry: u32) -> Result<Usage, ReflectError> {
    if module.functions.get(&entry).is_none_or(|function| !function.has_body) {
        return Err(ReflectError::BadId { id: entry, expected: "a function with a body" });
    }
    let mut flow =
        Flow { module, sources: HashMap::new(), reached: HashSet::new(), pending: Vec::new(), seen: Usage::default() };
    flow.touch(&module.escaped);
    // Initialisers are known to every function: they count as touched, not as mentioned.
    flow.seen.mentions.clear();
    flow.reach(entry);
    while let Some(id) = flow.pending.pop() {
        let Some(function) = module.functions.get(&id) else {
            continue;
        };
        for instruction in module.body(function) {
            flow.follow(id, instruction?)?;
        }
    }
    let Flow { sources, seen, .. } = flow;
    Ok(Usage { loads: trace(&sources, seen.loads), stores: trace(&sources, seen.stores), mentions: seen.mentions })
}

/// Everything that the marked values were made from, they themselves included.
fn trace(sources: &HashMap<u32, Vec<u32>>, mut marked: HashSet<u32>) -> HashSet<u32> {
    let mut pending: Vec<u32> = marked.iter().copied().collect();
    while let Some(id) = pending.pop() {
        for &source in sources.get(&id).into_iter().flatten() {
            if marked.insert(source) {
                pending.push(source);
            }
        }
    }
    marked
}

/// The graph while it is built.
struct Flow<'m, 'w> {
    module: &'m Module<'w>,
    /// From a value to those that it was made from; from a function to what it returns.
    sources: HashMap<u32, Vec<u32>>,
    reached: HashSet<u32>,
    pending: Vec<u32>,
    seen: Usage,
}

impl Flow<'_, '_> {
    /// Takes an instruction of `function` into account.
    fn follow(&mut self, function: u32, instruction: Instruction) -> Result<(), ReflectError> {
        let operand = |index| instruction.operand(index);
        let Some(op) = instruction.op() else {
            self.give_up(&instruction);
            return Ok(());
        };
        match op {
            Op::Load => match self.module.kind(operand(0)?) {
                Kind::Data => self.load(operand(2)?),
                Kind::Handle => self.made_from(operand(1)?, &[operand(2)?]),
                Kind::Other => {
                    self.load(operand(2)?);
                    self.made_from(operand(1)?, &[operand(2)?]);
                }
            },
            Op::Store => {
                self.store(operand(0)?);
                // A pointer that goes to memory is lost from sight; a number has no sources and stays without effect.
                self.touch(&[operand(1)?]);
            }
            Op::CopyMemory | Op::CopyMemorySized => {
                self.store(operand(0)?);
                self.load(operand(1)?);
            }
            Op::ImageWrite => self.store(operand(0)?),
            Op::AtomicLoad | Op::CooperativeMatrixLoadKHR => self.load(operand(2)?),
            Op::AtomicStore | Op::CooperativeMatrixStoreKHR => self.store(operand(0)?),
            Op::TraceRayKHR => self.load(operand(0)?),
            Op::RayQueryInitializeKHR => self.load(operand(1)?),
            Op::AccessChain
            | Op::InBoundsAccessChain
            | Op::PtrAccessChain
            | Op::InBoundsPtrAccessChain
            | Op::ImageTexelPointer
            | Op::CopyObject
            | Op::CopyLogical
            | Op::CompositeExtract
            | Op::Image => self.made_from(operand(1)?, &[operand(2)?]),
            Op::CompositeInsert | Op::SampledImage => self.made_from(operand(1)?, &[operand(2)?, operand(3)?]),
            Op::Select => self.made_from(operand(1)?, &[operand(3)?, operand(4)?]),
            Op::CompositeConstruct => self.made_from(operand(1)?, instruction.operands_from(2)),
            Op::Phi => {
                let (pairs, _) = instruction.operands_from(2).as_chunks::<2>();
                for [value, _block] in pairs {
                    self.made_from(operand(1)?, &[*value]);
                }
            }
            Op::ReturnValue => self.made_from(function, &[operand(0)?]),
            Op::FunctionCall => self.call(operand(1)?, operand(2)?, instruction.operands_from(3))?,
            Op::ArrayLength => self.mention(operand(2)?),
            Op::PtrEqual | Op::PtrNotEqual | Op::PtrDiff => {
                self.mention(operand(2)?);
                self.mention(operand(3)?);
            }
            Op::Variable => self.touch(instruction.operands_from(3)),
            Op::ExtInst | Op::ExtInstWithForwardRefsKHR => {
                if !self.module.debug_sets.contains(&operand(2)?) {
                    self.touch(instruction.operands_from(4));
                }
            }
            Op::AtomicFAddEXT | Op::AtomicFMinEXT | Op::AtomicFMaxEXT => self.touch(&[operand(2)?]),
            _ => match instruction.opcode {
                ATOMICS_FIRST..=ATOMICS_LAST => self.touch(&[operand(2)?]),
                opcode if reads_image(opcode) => self.load(operand(2)?),
                opcode if handles_only_data(opcode) => {}
                _ => self.give_up(&instruction),
            },
        }
        Ok(())
    }

    fn call(&mut self, result: u32, callee: u32, arguments: &[u32]) -> Result<(), ReflectError> {
        let Some(function) = self.module.functions.get(&callee) else {
            return Err(ReflectError::BadId { id: callee, expected: "a function" });
        };
        if !function.has_body || function.parameters.len() != arguments.len() {
            self.touch(arguments);
        }
        for (&parameter, &argument) in function.parameters.iter().zip(arguments) {
            self.made_from(parameter, &[argument]);
        }
        self.made_from(result, &[callee]);
        self.reach(callee);
        Ok(())
    }

    /// An unknown instruction may do anything to any of its operands, and call them.
    fn give_up(&mut self, instruction: &Instruction) {
        self.touch(instruction.operands);
        for &id in instruction.operands {
            if self.module.functions.contains_key(&id) {
                self.reach(id);
            }
        }
    }

    fn reach(&mut self, function: u32) {
        if self.reached.insert(function) {
            self.pending.push(function);
        }
    }

    fn made_from(&mut self, result: u32, sources: &[u32]) {
        sources.iter().for_each(|&source| self.mention(source));
        self.sources.entry(result).or_default().extend(sources);
    }

    fn touch(&mut self, ids: &[u32]) {
        for &id in ids {
            self.load(id);
            self.store(id);
        }
    }

    fn load(&mut self, id: u32) {
        self.mention(id);
        self.seen.loads.insert(id);
    }

    fn store(&mut self, id: u32) {
        self.mention(id);
        self.seen.stores.insert(id);
    }

    fn mention(&mut self, id: u32) {
        self.seen.mentions.insert(id);
    }
}

/// From `OpAtomicExchange` to `OpAtomicXor`: each reads and writes what its third operand points to.
const ATOMICS_FIRST: u32 = Op::AtomicExchange as u32;
const ATOMICS_LAST: u32 = Op::AtomicXor as u32;

/// Sampling, fetching, gathering and reading: the image is the third operand.
fn reads_image(opcode: u32) -> bool {
    matches!(opcode, 87..=98 | 305..=315 | 320)
}

/// Instructions that reach no variable: they work on numbers, or on values whose making was seen already.
fn handles_only_data(opcode: u32) -> bool {
    matches!(
        opcode,
        0 | 1 | 8 | 317 // nothing, undefined values, lines
        | 55 | 77..=79 | 84 // parameters, vectors, transposition
        | 101..=107 | 316 // queries of an image's size and kind, of a fetch's residency
        | 109..=116 | 126..=152 | 154..=168 | 170..=191 | 194..=205 | 207..=215 // conversion, arithmetic, logic, derivatives
        | 4427 | 4450..=4455 | 5630 | 5631 // fused multiply, integer dot products, hints
        | 218..=221 | 224 | 225 | 5294 | 5295 // vertices, barriers, meshes
        | 246..=253 | 255..=257 | 4416 | 5380 | 5381 // control flow, lifetimes, helper invocations
        | 333..=366 | 4421 | 4422 | 4428..=4432 | 5110 | 5111 | 5296 // subgroups
        | 4446 | 4448 | 4449 | 5334 // callables, any-hit and intersection results
        | 4474..=4477 | 4479 | 5340 | 6016..=6032 // ray queries that are under way
        | 5056 | 5364 | 5365 // clocks, interlocks
    )
}
