//! What the tests share: fixtures, and modules changed word by word.

use std::path::PathBuf;

use vixen_spirv::{Binding, Shader, reflect};

/// The bytes of a fixture.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The reflection of a fixture's only entry point.
pub fn shader(name: &str) -> Shader {
    reflect(&fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A module as words.
pub fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect()
}

/// A module as bytes.
pub fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A module's header and its instructions.
pub fn split(words: &[u32]) -> (&[u32], Vec<Vec<u32>>) {
    let (header, mut rest) = words.split_at(5);
    let mut instructions = Vec::new();
    while let Some(first) = rest.first() {
        let (instruction, behind) = rest.split_at((first >> 16) as usize);
        instructions.push(instruction.to_vec());
        rest = behind;
    }
    (header, instructions)
}

/// Each binding's name with what the code does to it: `used`, `loads`, `stores`.
pub fn uses(bindings: &[Binding]) -> Vec<(String, [bool; 3])> {
    let name = |it: &Binding| it.name.clone().unwrap_or_else(|| format!("{}.{}", it.set, it.binding));
    bindings.iter().map(|it| (name(it), [it.used, it.access.loads, it.access.stores])).collect()
}
