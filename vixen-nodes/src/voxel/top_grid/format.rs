//! How cells lie in the words of the grid.

use std::ops::Range;

use super::{BRICK, EIGHTH, MOST_BRICKS, MOST_BRICKS_OF_EIGHTHS, MOST_BRICKS_OF_HALVES, Occupant};

/// The size of cells, and how they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// log2 of a cell's edge.
    pub shift: u32,
    /// Half a word is a cell.
    pub halves: bool,
}

impl Format {
    /// All that there are, the most memory first.
    pub const ALL: [Self; 5] = [
        Self { shift: EIGHTH, halves: false },
        Self { shift: BRICK, halves: false },
        Self { shift: BRICK, halves: true },
        Self { shift: 4, halves: false },
        Self { shift: 5, halves: false },
    ];
    /// Those whose cells lead to bricks and do not tell what is in them.
    pub const OF_BRICKS: &[Self] = Self::ALL.split_at(1).1;

    /// Words that this many cells take.
    pub fn words(self, cells: usize) -> usize {
        match self {
            Self { halves: true, .. } => cells.div_ceil(2),
            Self { shift: EIGHTH, .. } => 3 * cells,
            _ => cells,
        }
    }

    /// The words that hold a cell.
    pub fn range(self, cell: usize) -> Range<u32> {
        let cell = cell as u32;
        match self {
            Self { halves: true, .. } => cell / 2..cell / 2 + 1,
            Self { shift: EIGHTH, .. } => 3 * cell..3 * cell + 3,
            _ => cell..cell + 1,
        }
    }

    /// The most bricks that cells can lead to.
    pub fn most_bricks(self) -> usize {
        match self {
            Self { halves: true, .. } => MOST_BRICKS_OF_HALVES,
            Self { shift: EIGHTH | BRICK, .. } => MOST_BRICKS,
            _ => MOST_BRICKS_OF_EIGHTHS,
        }
    }

    /// A cell's word and, where it has them, its voxels.
    pub(super) fn get(self, words: &[u32], cell: usize) -> Occupant {
        let word = |at: usize| words[at];
        match self {
            Self { halves: true, .. } => Occupant { word: widened(word(cell / 2) >> half_at(cell)), voxels: 0 },
            Self { shift: EIGHTH, .. } => {
                let voxels = u64::from(word(3 * cell + 1)) | u64::from(word(3 * cell + 2)) << 32;
                Occupant { word: word(3 * cell), voxels }
            }
            _ => Occupant { word: word(cell), voxels: 0 },
        }
    }

    /// Makes a cell say something. Leaps that have no room become shorter.
    pub(super) fn put(self, words: &mut [u32], cell: usize, occupant: Occupant) {
        match self {
            Self { halves: true, .. } => {
                let word = &mut words[cell / 2];
                *word = *word & !(0xFFFF << half_at(cell)) | halved(occupant.word) << half_at(cell);
            }
            Self { shift: EIGHTH, .. } => words[3 * cell..3 * cell + 3].copy_from_slice(&[
                occupant.word,
                occupant.voxels as u32,
                (occupant.voxels >> 32) as u32,
            ]),
            _ => words[cell] = occupant.word,
        }
    }
}

/// How far up in its word the half lies that is a cell.
fn half_at(cell: usize) -> usize {
    16 * (cell % 2)
}

/// The lowest bits of an empty cell are those of octant +++, and not 0.
fn more_by_one(octant: u32) -> u32 {
    u32::from(octant == 0)
}

/// A cell's word as half of one.
fn halved(word: u32) -> u32 {
    if word & 15 == 0 {
        return word >> 4 << 2 & 0x7FFC | word >> 31 << 15;
    }
    let bits = |octant: u32| ((word >> (4 * octant) & 15).ilog2() + more_by_one(octant)).min(3);
    (0..8).fold(0, |half, octant| half | bits(octant) << (2 * octant))
}

/// The word that half of one stands for, which is the lower half of this.
fn widened(half: u32) -> u32 {
    if half & 3 == 0 {
        return (half >> 2 & 0x1FFF) << 4 | (half >> 15 & 1) << 31;
    }
    let leap = |octant: u32| 1 << (half >> (2 * octant) & 3) >> more_by_one(octant);
    (0..8).fold(0, |word, octant| word | leap(octant) << (4 * octant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_say_what_words_say_and_leap_no_farther() {
        // Bricks, a material, and leaps of all octants from 1 to 15.
        for word in [0, 8191 << 4, 4711 << 4, 1 << 31 | 255 << 4] {
            assert_eq!(widened(0xABCD_0000 | halved(word)), word);
        }
        for leap in 1..=15 {
            let half = halved(leap * 0x1111_1111);
            assert!(half < 1 << 16 && half & 3 != 0);
            assert_eq!(widened(half), (1 << leap.ilog2().min(3)) * 0x1111_1110 + (1 << leap.ilog2().min(2)));
        }
    }
}
