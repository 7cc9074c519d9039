//! Bad input: an error or a result, never a panic, an endless loop or an allocation out of proportion.

#[expect(dead_code, reason = "every test binary uses another part of it")]
mod support;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use support::{bytes, fixture, words};
use vixen_spirv::{ReflectError, reflect, reflect_entry};

const FIXTURES: &[&str] = &[
    "access.spv",
    "access-1.0.spv",
    "access-debug.spv",
    "descriptors.spv",
    "mesh.spv",
    "particles.spv",
    "pointers.spv",
    "shade.spv",
    "structured.spv",
    "trace.spv",
];

/// Refuses single requests beyond what a small module can justify.
struct Strict;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to `System` unchanged, which fulfils the contract; the cell is a thread-local without a destructor, so
// that touching it allocates nothing.
unsafe impl GlobalAlloc for Strict {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.with(|largest| largest.set(largest.get().max(layout.size())));
        // SAFETY: the caller's promise for `alloc` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Strict = Strict;

/// Whether a module reflects; checks that nothing large was asked for, and that a second run gives the same.
fn probe(module: &[u8]) -> bool {
    LARGEST.with(|largest| largest.set(0));
    let mut entry = None;
    let mut result = reflect(module);
    if let Err(ReflectError::SeveralEntryPoints { names }) = &result {
        entry = names.first().cloned();
        result = reflect_entry(module, entry.as_deref());
    }
    if result.is_ok() {
        assert_eq!(result, reflect_entry(module, entry.as_deref()), "the same bytes gave two results");
    }
    let largest = LARGEST.with(Cell::get);
    assert!(largest <= 4 << 20, "one allocation of {largest} bytes for a module of {}", module.len());
    result.is_ok()
}

/// Deterministic random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

#[test]
fn truncated_modules() {
    for name in FIXTURES {
        let module = fixture(name);
        for length in 0..module.len() {
            let cut = &module[..length];
            if length % 4 != 0 {
                assert_eq!(reflect(cut), Err(ReflectError::Length { length }));
            } else {
                probe(cut);
            }
        }
        // Without its last instruction a function has no end.
        assert_eq!(reflect(&module[..module.len() - 4]), Err(ReflectError::Truncated { word: module.len() / 4 - 1 }));
    }
}

#[test]
fn mutated_modules() {
    let modules: Vec<_> = FIXTURES.iter().map(|name| words(&fixture(name))).collect();
    let mut random = Random(2);
    let mut survivors = 0;
    for round in 0..20_000 {
        let mut module = modules[round % modules.len()].clone();
        for _ in 0..=random.below(4) {
            let at = random.below(module.len());
            module[at] = match random.below(6) {
                0 => random.next() as u32,
                1 => module[random.below(module.len())],
                2 => module[at] ^ 1 << random.below(32),
                3 => random.below(300) as u32,
                4 => module[at] & 0xffff | (random.below(12) as u32) << 16,
                _ => module[at] & 0xffff_0000 | random.below(400) as u32,
            };
        }
        survivors += usize::from(probe(&bytes(&module)));
    }
    // Both outcomes are being exercised.
    assert!((1_000..19_000).contains(&survivors), "{survivors} of 20000 still reflect");
}

#[test]
fn random_words() {
    let mut random = Random(3);
    for _ in 0..2_000 {
        let mut module = vec![0x0723_0203, 0x0001_0600, 0, 100, 0];
        for _ in 0..random.below(200) {
            let length = 1 + random.below(8) as u32;
            module.push(length << 16 | random.below(400) as u32);
            module.extend((1..length).map(|_| random.below(40) as u32));
        }
        probe(&bytes(&module));
    }
}

#[test]
fn foreign_files() {
    assert_eq!(reflect(&[]), Err(ReflectError::Truncated { word: 0 }));
    assert_eq!(reflect(b"\x7fELF\0\0\0\0"), Err(ReflectError::BadMagic { found: 0x464c_457f }));
    assert_eq!(reflect(b"#version 460 "), Err(ReflectError::Length { length: 13 }));
    let empty = [0x0723_0203, 0x0001_0600, 0, 1, 0];
    assert_eq!(reflect(&bytes(&empty)), Err(ReflectError::NoEntryPoint));
    let mut endless = empty.to_vec();
    endless.push(0);
    let problem = "an instruction has no length";
    assert_eq!(reflect(&bytes(&endless)), Err(ReflectError::Malformed { word: 5, problem }));
}

/// A compute shader whose only binding, %6, is a uniform block of type `block`; `types` come before it.
fn module(types: &[&[u32]], block: u32) -> Vec<u8> {
    const UNIFORM: u32 = 2;
    let mut words = vec![0x0723_0203, 0x0001_0600, 0, 1000, 0];
    let mut push = |opcode: u32, operands: &[u32]| {
        words.push((operands.len() as u32 + 1) << 16 | opcode);
        words.extend(operands);
    };
    push(15, &[5, 4, u32::from_le_bytes(*b"main"), 0]);
    push(71, &[6, 34, 0]);
    push(71, &[6, 33, 0]);
    push(19, &[1]);
    push(33, &[2, 1]);
    for ty in types {
        push(ty[0], &ty[1..]);
    }
    push(32, &[7, UNIFORM, block]);
    push(59, &[7, 6, UNIFORM]);
    push(54, &[1, 4, 0, 2]);
    push(248, &[8]);
    push(253, &[]);
    push(56, &[]);
    bytes(&words)
}

#[test]
fn a_type_that_contains_itself() {
    let offset: &[u32] = &[72, 10, 0, 35, 0];
    assert_eq!(reflect(&module(&[offset, &[30, 10, 10]], 10)), Err(ReflectError::TooComplex));
    assert_eq!(reflect(&module(&[&[29, 10, 10]], 10)).map(|_| ()), Err(unsupported()));
    let constant: &[&[u32]] = &[&[21, 11, 32, 0], &[43, 11, 12, 1], &[28, 10, 10, 12]];
    assert_eq!(reflect(&module(constant, 10)), Err(unsupported()));
}

fn unsupported() -> ReflectError {
    let problem = "a binding of a type that is no Vulkan descriptor";
    ReflectError::Unsupported { owner: "%6 (set 0, binding 0)".to_owned(), problem }
}

#[test]
fn types_that_unfold_exponentially() {
    // %100 is a number, and each following structure holds its predecessor twice: 2 to the power of 40 members.
    let mut types: Vec<Vec<u32>> = vec![vec![21, 100, 32, 0]];
    for id in 101..=140 {
        types.push(vec![72, id, 0, 35, 0]);
        types.push(vec![72, id, 1, 35, 0]);
        types.push(vec![30, id, id - 1, id - 1]);
    }
    let types: Vec<&[u32]> = types.iter().map(Vec::as_slice).collect();
    assert_eq!(reflect(&module(&types, 140)), Err(ReflectError::TooComplex));
    assert!(reflect(&module(&types, 105)).is_ok(), "a small one is fine");
}

#[test]
fn functions_that_call_themselves() {
    // %4 becomes: call %4, return.
    let mut words = words(&module(&[&[21, 10, 32, 0], &[72, 11, 0, 35, 0], &[30, 11, 10]], 11));
    let behind_label = words.len() - 2;
    words.splice(behind_label..behind_label, [4 << 16 | 57, 1, 9, 4]);
    assert!(reflect(&bytes(&words)).is_ok());
}
