//! Names of resources, without the heap as long as they are short.

/// A name. Words and not bytes, since it is moved as often as what it names, and words move faster.
#[derive(Clone, Debug)]
pub(super) enum Name {
    /// The bytes of the name; the last one says how many.
    Short([u64; 3]),
    Long(Box<str>),
}

impl Name {
    const SHORT: usize = size_of::<[u64; 3]>() - 1;

    pub(super) fn new(name: &str) -> Self {
        if name.len() > Self::SHORT {
            return Self::Long(name.into());
        }
        let mut bytes = [0; Self::SHORT + 1];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        bytes[Self::SHORT] = name.len() as u8;
        Self::Short(bytemuck::cast(bytes))
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Short(words) => {
                let bytes: &[u8] = bytemuck::cast_slice(words);
                let len = bytes[Self::SHORT] as usize;
                str::from_utf8(&bytes[..len]).expect("a whole name was put in")
            }
            Self::Long(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_length_come_back() {
        for len in 0..60 {
            let name: String = "voxel bricks of the märz ".chars().cycle().take(len).collect();
            let kept = Name::new(&name);
            assert_eq!((kept.as_str(), kept.clone().as_str()), (&*name, &*name));
            assert_eq!(matches!(kept, Name::Short(_)), name.len() <= 23);
        }
    }
}
