//! Names of resources, without the heap as long as they are short.

use arrayvec::ArrayString;

/// A name.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Short(ArrayString<46>),
    Long(Box<str>),
}

impl Name {
    pub(super) fn new(name: &str) -> Self {
        ArrayString::from(name).map_or_else(|_| Self::Long(name.into()), Self::Short)
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Short(name) => name,
            Self::Long(name) => name,
        }
    }
}
