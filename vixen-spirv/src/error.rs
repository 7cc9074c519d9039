//! Why a module could not be reflected.

/// Why a module could not be reflected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReflectError {
    /// SPIR-V is a sequence of 32-bit words, and this is none.
    #[error("not a SPIR-V module: its length of {length} bytes is not a multiple of 4")]
    Length {
        /// Bytes given.
        length: usize,
    },
    /// The first word is not SPIR-V's.
    #[error("not a SPIR-V module: it starts with {found:#010x} instead of 0x07230203")]
    BadMagic {
        /// The first word.
        found: u32,
    },
    /// The module ends inside its header, an instruction or a function.
    #[error("the SPIR-V module is cut off at word {word}; build the shader again")]
    Truncated {
        /// Number of words that are there.
        word: usize,
    },
    /// An instruction breaks SPIR-V's rules.
    #[error("the SPIR-V module is malformed at word {word}: {problem}; check it with spirv-val")]
    Malformed {
        /// Where the instruction starts.
        word: usize,
        /// The rule that it breaks.
        problem: &'static str,
    },
    /// An id is used for what it is not.
    #[error("the SPIR-V module is malformed: id %{id} is not {expected}; check it with spirv-val")]
    BadId {
        /// The id.
        id: u32,
        /// What it should have been.
        expected: &'static str,
    },
    /// There is nothing to run in the module.
    #[error("the SPIR-V module has no entry point; compile it as a shader, not as a library")]
    NoEntryPoint,
    /// No entry point has the name asked for.
    #[error("the SPIR-V module has no entry point `{name}`; it has {}", list(.names))]
    NoSuchEntryPoint {
        /// The name asked for.
        name: String,
        /// Those that there are, sorted.
        names: Vec<String>,
    },
    /// Several entry points could be meant.
    #[error("the SPIR-V module has several entry points, name one: {}", list(.names))]
    SeveralEntryPoints {
        /// Those that there are, sorted.
        names: Vec<String>,
    },
    /// The entry point is not for a Vulkan pipeline.
    #[error("entry point `{entry_point}` has execution model {model}, which is no stage of a Vulkan pipeline")]
    UnsupportedStage {
        /// The entry point's name.
        entry_point: String,
        /// SPIR-V's number of the model.
        model: u32,
    },
    /// A variable's type is one that cannot be described.
    #[error("{owner}: {problem}")]
    Unsupported {
        /// The variable, by name or by id.
        owner: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The types of the module unfold to more than any real shader needs.
    #[error("the types of the SPIR-V module are too large or too deeply nested to reflect")]
    TooComplex,
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
