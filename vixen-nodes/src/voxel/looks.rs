//! What the voxels of a brick look like, as [`layout`](super::layout) stores it: materials, then normals, by rank.

use super::layout::{
    BRICK_VOXELS, Brick, LOOKS_STORED, MATERIALS_4_BIT, MATERIALS_8_BIT, MATERIALS_ONE, MATERIALS_SHIFT, NORMALS_SHIFT,
};
use super::source::MaterialIndex;

/// Those of one brick.
#[derive(Clone, Copy)]
pub(super) enum Looks<'a> {
    /// One material and no normals.
    Plain(MaterialIndex),
    /// All words from the first on.
    Stored(&'a [u32]),
}

impl<'a> Looks<'a> {
    /// Those of a brick, in what is stored for all bricks.
    pub fn of(brick: &Brick, attributes: &'a [u32]) -> Self {
        match brick.looks & LOOKS_STORED {
            0 => Self::Plain(brick.looks as MaterialIndex),
            _ => Self::Stored(&attributes[place(brick)..]),
        }
    }

    /// The material, if all voxels are of one.
    pub fn one_material(self) -> Option<MaterialIndex> {
        match self {
            Self::Plain(material) => Some(material),
            Self::Stored(words) => (kind(words[0]) == MATERIALS_ONE).then_some(words[0] as MaterialIndex),
        }
    }

    /// The material of the solid voxel of this rank.
    pub fn material(self, rank: usize) -> MaterialIndex {
        let words = match self {
            Self::Plain(material) => return material,
            Self::Stored(words) => words,
        };
        match kind(words[0]) {
            MATERIALS_ONE => words[0] as MaterialIndex,
            MATERIALS_4_BIT => byte(&words[1..], (words[5 + rank / 8] >> (rank % 8 * 4)) as usize & 15),
            _ => byte(&words[1..], rank),
        }
    }

    /// The materials of the first solid voxels by rank, as many as a multiple of 8 holds: as places in a palette of their own, which is
    /// returned, or as they are if they are too many for one. What is beyond all voxels means nothing.
    pub fn materials(self, by_rank: &mut [u8]) -> Option<Local> {
        let one = |material: MaterialIndex, by_rank: &mut [u8]| {
            by_rank.fill(0);
            Some([material; 16])
        };
        let words = match self {
            Self::Plain(material) => return one(material, by_rank),
            Self::Stored(words) => words,
        };
        match kind(words[0]) {
            MATERIALS_ONE => one(words[0] as MaterialIndex, by_rank),
            MATERIALS_4_BIT => {
                let eights = by_rank.as_chunks_mut().0.iter_mut().zip(&words[5..]);
                eights.for_each(|(eight, word)| *eight = from_nibbles(*word).to_le_bytes());
                Some(std::array::from_fn(|place| byte(&words[1..], place)))
            }
            _ => {
                let fours = by_rank.as_chunks_mut().0.iter_mut().zip(&words[1..]);
                fours.for_each(|(four, word)| *four = word.to_le_bytes());
                None
            }
        }
    }

    /// Whether any voxel has a normal.
    pub fn has_normals(self) -> bool {
        matches!(self, Self::Stored(words) if words[0] >> NORMALS_SHIFT != 0)
    }

    /// The normal of the solid voxel of this rank as it is stored, if any voxel has one.
    pub fn normal(self, rank: usize) -> Option<u16> {
        let Self::Stored(words) = self else { return None };
        let start = (words[0] >> NORMALS_SHIFT) as usize;
        (start != 0).then(|| (words[start + rank / 2] >> (rank % 2 * 16)) as u16)
    }

    /// The normals of the first solid voxels by rank as they are stored, if they have some: as many as a multiple of 2 holds.
    pub fn normals(self, by_rank: &mut [u16]) {
        let Self::Stored(words) = self else { return };
        let words = &words[(words[0] >> NORMALS_SHIFT) as usize..];
        by_rank
            .as_chunks_mut()
            .0
            .iter_mut()
            .zip(words)
            .for_each(|(two, word)| *two = [*word as u16, (word >> 16) as u16]);
    }

    /// How many words are stored for this many solid voxels; `None` if the first of them makes no sense.
    pub fn words(self, voxels: usize) -> Option<usize> {
        let Self::Stored(words) = self else { return Some(0) };
        let materials = match kind(*words.first()?) {
            MATERIALS_ONE => 1,
            MATERIALS_4_BIT => 5 + voxels.div_ceil(8),
            MATERIALS_8_BIT => 1 + voxels.div_ceil(4),
            _ => return None,
        };
        match (words[0] >> NORMALS_SHIFT) as usize {
            0 => Some(materials),
            start => (start == materials).then(|| materials + voxels.div_ceil(2)),
        }
    }
}

/// Where the looks of a brick stand that are stored.
pub(super) fn place(brick: &Brick) -> usize {
    (brick.looks & !LOOKS_STORED) as usize
}

/// Where the looks of a valid brick of this many solid voxels stand and how many words they take, if they are stored.
pub(super) fn stored(brick: &Brick, attributes: &[u32], voxels: usize) -> Option<(u32, usize)> {
    let looks = Looks::of(brick, attributes);
    let words = || looks.words(voxels).expect("the brick is valid");
    (brick.looks & LOOKS_STORED != 0).then(|| (place(brick) as u32, words()))
}

/// The palette of one brick: 4 bits choose among its materials. None of them is used at two places.
pub(super) type Local = [MaterialIndex; 16];

/// The materials of a brick's solid voxels, by rank.
#[derive(Clone, Copy)]
pub(super) struct Materials<'a> {
    /// The palette that the others are places in, or else they are materials.
    pub local: Option<&'a Local>,
    /// One a voxel.
    pub by_rank: &'a [u8],
}

impl Materials<'_> {
    /// The material, if there are voxels and all are of one.
    pub fn one(&self) -> Option<MaterialIndex> {
        let first = *self.by_rank.first()?;
        let others = |some: &[u8]| some.iter().fold(0, |others, other| others | (other ^ first));
        let one = self.by_rank.chunks(32).all(|some| others(some) == 0);
        one.then(|| self.local.map_or(first, |local| local[usize::from(first)]))
    }
}

/// Stores the materials and normals of a brick's solid voxels, and says what the brick has to know.
pub(super) fn store(words: &mut Vec<u32>, materials: Materials<'_>, normals: Option<&[u16]>) -> u32 {
    let (start, one) = (words.len(), materials.one());
    if let (Some(material), None) = (one, normals) {
        return material.into();
    }
    words.push(0);
    let kind = match (one, materials.local) {
        (Some(_), _) => MATERIALS_ONE,
        (None, Some(local)) => {
            pack::<4, _>(words, local, |material| material.into());
            let (eights, rest) = materials.by_rank.as_chunks();
            words.extend(eights.iter().map(|eight| nibbles(u64::from_le_bytes(*eight))));
            pack::<8, _>(words, rest, |place| place.into());
            MATERIALS_4_BIT
        }
        (None, None) => store_materials(words, materials.by_rank),
    };
    let after = normals.map_or(0, |_| words.len() - start);
    if let Some(normals) = normals {
        let (pairs, last) = normals.as_chunks();
        words.extend(pairs.iter().map(|[low, high]| u32::from(*low) | u32::from(*high) << 16));
        words.extend(last.iter().map(|normal| u32::from(*normal)));
    }
    words[start] = u32::from(one.unwrap_or(0)) | kind << MATERIALS_SHIFT | (after as u32) << NORMALS_SHIFT;
    LOOKS_STORED | start as u32
}

/// Stores materials and says of what kind they are.
fn store_materials(words: &mut Vec<u32>, materials: &[MaterialIndex]) -> u32 {
    // The materials that there are, the place of each among them, and that of each voxel's.
    let (mut local, mut places, mut of_voxels) = ([0; 16], [u8::MAX; 256], [0; BRICK_VOXELS]);
    let mut count = 0;
    for (&material, of_voxel) in materials.iter().zip(&mut of_voxels) {
        let place = &mut places[usize::from(material)];
        if *place == u8::MAX {
            if count == local.len() {
                pack::<4, _>(words, materials, |material| material.into());
                return MATERIALS_8_BIT;
            }
            *place = count as u8;
            local[count] = material;
            count += 1;
        }
        *of_voxel = *place;
    }
    pack::<4, _>(words, &local, |material| material.into());
    let eights = of_voxels.as_chunks().0.iter().map(|eight| nibbles(u64::from_le_bytes(*eight)));
    words.extend(eights.take(materials.len().div_ceil(8)));
    MATERIALS_4_BIT
}

/// Eight bytes below 16 as four bits each.
fn nibbles(bytes: u64) -> u32 {
    let pairs = (bytes | bytes >> 4) & 0x00FF_00FF_00FF_00FF;
    let quads = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF;
    (quads | quads >> 16) as u32
}

/// The reverse of [`nibbles`].
fn from_nibbles(word: u32) -> u64 {
    let word = u64::from(word);
    let quads = (word | word << 16) & 0x0000_FFFF_0000_FFFF;
    let pairs = (quads | quads << 8) & 0x00FF_00FF_00FF_00FF;
    (pairs | pairs << 4) & 0x0F0F_0F0F_0F0F_0F0F
}

fn kind(word: u32) -> u32 {
    word >> MATERIALS_SHIFT & 3
}

fn byte(words: &[u32], index: usize) -> u8 {
    (words[index / 4] >> (index % 4 * 8)) as u8
}

/// Appends numbers, this many to a word, lowest bits first; starts at a new word.
fn pack<const A_WORD: usize, T: Copy>(words: &mut Vec<u32>, values: &[T], number: impl Fn(T) -> u32) {
    let bits = 32 / A_WORD;
    let word = |values: &[T]| {
        values.iter().enumerate().fold(0, |word, (index, &value)| word | number(value) << (index * bits))
    };
    words.extend(values.chunks(A_WORD).map(word));
}
