//! What can be wrong with a binding.

/// Why something could not be bound.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// There is no descriptor slot of that name.
    #[error("there is no binding `{name}`: the bindings are {known}")]
    NoSuchName {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// There is no descriptor slot of that index.
    #[error("there is no binding {index}: there are {count}")]
    NoSuchSlot {
        /// The index.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// More elements than the slot has.
    #[error("binding `{name}` has {count} descriptors: {found} from element {first} on go beyond its end")]
    TooMany {
        /// The slot.
        name: &'static str,
        /// How many descriptors it has.
        count: u32,
        /// The first to be written.
        first: u32,
        /// How many were to be written.
        found: usize,
    },
    /// Another kind of resource than the slot's descriptors point to.
    #[error("binding `{name}` is a {descriptor:?}, which cannot point to {found}")]
    WrongKind {
        /// The slot.
        name: &'static str,
        /// Its descriptor type.
        descriptor: ash::vk::DescriptorType,
        /// What was to be bound.
        found: &'static str,
    },
}

crate::debug_as_display!(BindError);
