//! Names of resources, without the heap as long as they are short.

/// A name.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Short { len: u8, bytes: [u8; Self::SHORT] },
    Long(Box<str>),
}

impl Name {
    const SHORT: usize = 22;

    /// No name.
    pub(super) const NONE: Self = Self::Short { len: 0, bytes: [0; Self::SHORT] };

    /// Sets the name in place: moving one costs as much as counting what it names.
    pub(super) fn set(&mut self, name: &str) {
        match self {
            Self::Short { len, bytes } if name.len() <= Self::SHORT => {
                bytes[..name.len()].copy_from_slice(name.as_bytes());
                *len = name.len() as u8;
            }
            _ => *self = Self::Long(name.into()),
        }
    }

    /// Forgets the name, and gives back what it holds on the heap.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Short { len, .. } => *len = 0,
            Self::Long(_) => *self = Self::NONE,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Short { len, bytes } => str::from_utf8(&bytes[..usize::from(*len)]).expect("a whole name was put in"),
            Self::Long(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_length_come_back() {
        let mut kept = Name::NONE;
        for len in (0..60).chain([3, 40, 0]) {
            let name: String = "voxel bricks of the märz ".chars().cycle().take(len).collect();
            kept.clear();
            assert_eq!(kept.as_str(), "");
            kept.set(&name);
            assert_eq!((kept.as_str(), kept.clone().as_str()), (&*name, &*name));
            assert_eq!(matches!(kept, Name::Short { .. }), name.len() <= 22);
        }
    }
}
