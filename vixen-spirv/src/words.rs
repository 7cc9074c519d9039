//! SPIR-V as a stream: words, instructions and strings, nothing of their meaning.

use spirv::Op;

use crate::ReflectError;

/// Words before the first instruction: magic, version, generator, bound, schema.
pub const HEADER_LEN: usize = 5;

/// The words of a module whose header is whole.
pub fn words(bytes: &[u8]) -> Result<Vec<u32>, ReflectError> {
    let (chunks, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(ReflectError::Length { length: bytes.len() });
    }
    let words: Vec<u32> = chunks.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect();
    match words.first() {
        Some(&found) if found != spirv::MAGIC_NUMBER => Err(ReflectError::BadMagic { found }),
        Some(_) if words.len() >= HEADER_LEN => Ok(words),
        _ => Err(ReflectError::Truncated { word: words.len() }),
    }
}

/// One instruction.
#[derive(Clone, Copy)]
pub struct Instruction<'w> {
    /// Index of its first word in the module.
    pub at: usize,
    /// Its opcode by number, for what [`Op`] does not know.
    pub opcode: u32,
    /// The words after the first.
    pub operands: &'w [u32],
}

impl<'w> Instruction<'w> {
    /// What the instruction is. None for an opcode from after this crate's time.
    pub fn op(&self) -> Option<Op> {
        Op::from_u32(self.opcode)
    }

    /// The operand at `index`.
    pub fn operand(&self, index: usize) -> Result<u32, ReflectError> {
        self.operands.get(index).copied().ok_or(self.malformed("an instruction has too few operands"))
    }

    /// The operands from `index` on.
    pub fn operands_from(&self, index: usize) -> &'w [u32] {
        self.operands.get(index..).unwrap_or_default()
    }

    /// The string that starts at operand `index`, and the index behind it.
    pub fn string(&self, index: usize) -> Result<(String, usize), ReflectError> {
        let mut bytes = Vec::new();
        for (offset, word) in self.operands_from(index).iter().enumerate() {
            for byte in word.to_le_bytes() {
                if byte == 0 {
                    return Ok((String::from_utf8_lossy(&bytes).into_owned(), index + offset + 1));
                }
                bytes.push(byte);
            }
        }
        Err(self.malformed("a string has no end"))
    }

    /// An error at this instruction.
    pub fn malformed(&self, problem: &'static str) -> ReflectError {
        ReflectError::Malformed { word: self.at, problem }
    }
}

/// The instructions in a range of a module's words.
pub struct Instructions<'w> {
    words: &'w [u32],
    at: usize,
    end: usize,
}

impl<'w> Instructions<'w> {
    /// Starts at word `at` and stops before word `end`.
    pub fn new(words: &'w [u32], at: usize, end: usize) -> Self {
        Self { words, at, end: end.min(words.len()) }
    }
}

impl<'w> Iterator for Instructions<'w> {
    type Item = Result<Instruction<'w>, ReflectError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let at = self.at;
        let first = self.words[at];
        let length = (first >> 16) as usize;
        // One error ends the stream: behind it nothing is known to be an instruction.
        self.at = self.end;
        if length == 0 {
            return Some(Err(ReflectError::Malformed { word: at, problem: "an instruction has no length" }));
        }
        let Some(operands) = self.words[..self.end].get(at + 1..at + length) else {
            return Some(Err(ReflectError::Truncated { word: self.end }));
        };
        self.at = at + length;
        Some(Ok(Instruction { at, opcode: first & 0xffff, operands }))
    }
}
