//! Which voxels of a brick are solid: all 512 bits while it is built or edited, and packed as [`layout`](super::layout) stores them.

use super::layout::{Brick, GROUP_SLICES, unmorton3};

/// Which voxels of a brick are solid, in Morton order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrickMask {
    /// Eight aligned groups of 4×4×4 voxels.
    pub groups: [u64; 8],
}

impl BrickMask {
    /// All voxels are solid.
    pub const FULL: Self = Self { groups: [u64::MAX; 8] };

    /// The voxels from one corner on and before another one, both within the brick.
    pub(crate) fn of_box(low: [u32; 3], high: [u32; 3]) -> Self {
        // By axis and half of the brick, the voxels of a group that lie between.
        let slices: [[u64; 2]; 3] = std::array::from_fn(|axis| {
            std::array::from_fn(|half| {
                let within = (0..4).filter(|slice| (low[axis]..high[axis]).contains(&(4 * half as u32 + slice)));
                within.fold(0, |slices, slice| slices | GROUP_SLICES[axis][slice as usize])
            })
        });
        let groups = std::array::from_fn(|group| {
            let [x, y, z] = unmorton3(group as u32).map(|half| half as usize);
            slices[0][x] & slices[1][y] & slices[2][z]
        });
        Self { groups }
    }

    /// Each group of this combined with that of another mask.
    pub(crate) fn zip(&self, other: &Self, with: impl Fn(u64, u64) -> u64) -> Self {
        let mut mask = *self;
        mask.groups.iter_mut().zip(other.groups).for_each(|(group, other)| *group = with(*group, other));
        mask
    }

    /// Whether the voxel with this number is solid.
    #[inline]
    pub fn contains(&self, number: u32) -> bool {
        self.groups[number as usize >> 6] >> (number & 63) & 1 != 0
    }

    /// Makes the voxel with this number solid.
    #[inline]
    pub fn insert(&mut self, number: u32) {
        self.groups[number as usize >> 6] |= 1 << (number & 63);
    }

    /// Makes the voxel with this number empty.
    #[inline]
    pub fn remove(&mut self, number: u32) {
        self.groups[number as usize >> 6] &= !(1 << (number & 63));
    }

    /// The number of solid voxels.
    pub fn count(&self) -> u32 {
        self.groups.iter().map(|group| group.count_ones()).sum()
    }

    /// The numbers of the solid voxels, in order.
    pub fn solid(&self) -> impl Iterator<Item = usize> {
        self.groups.into_iter().enumerate().flat_map(|(index, mut group)| {
            std::iter::from_fn(move || {
                let bit = (group != 0).then(|| group.trailing_zeros())?;
                group &= group - 1;
                Some(index * 64 + bit as usize)
            })
        })
    }

    /// Appends the masks of its octets that are not empty to `words`, and says which these are.
    pub(super) fn pack(&self, words: &mut Vec<u32>) -> [u32; 2] {
        let (mut octets, mut word, mut bits) = (0u64, 0, 0);
        for (group, &voxels) in self.groups.iter().enumerate().filter(|(_, voxels)| **voxels != 0) {
            for number in 0..8 {
                let mask = (voxels >> (8 * number)) as u32 & 0xFF;
                if mask == 0 {
                    continue;
                }
                octets |= 1 << (8 * group + number);
                word |= mask << bits;
                bits += 8;
                if bits == 32 {
                    words.push(word);
                    (word, bits) = (0, 0);
                }
            }
        }
        if bits > 0 {
            words.push(word);
        }
        [octets as u32, (octets >> 32) as u32]
    }
}

impl Brick {
    /// Which octets hold voxels.
    pub(crate) fn octets(&self) -> u64 {
        u64::from(self.mask[0]) | u64::from(self.mask[1]) << 32
    }

    /// Words that the masks of its octets take, unless it is solid.
    pub(super) fn words(&self) -> usize {
        self.octets().count_ones().div_ceil(4) as usize
    }

    /// How many voxels are solid, unless the brick is or an octet that should hold some does not.
    pub(super) fn count(&self, masks: &[u32]) -> Option<u32> {
        let (octets, words) = (self.octets().count_ones(), self.words());
        // Of the last word only so many bytes are used.
        let unused = u32::MAX.checked_shl(8 * ((octets + 3) % 4 + 1)).unwrap_or(0);
        let mut voxels = 0;
        for (place, word) in (1..).zip(&masks[self.first as usize..][..words]) {
            let unused = if place == words { unused } else { 0 };
            let filled = word | unused;
            // A byte of zeros is what borrows from the next one.
            if filled.wrapping_sub(0x0101_0101) & !filled & 0x8080_8080 != 0 {
                return None;
            }
            voxels += (word & !unused).count_ones();
        }
        Some(voxels)
    }

    /// All its bits, unless it is solid, from what all bricks have packed.
    pub(crate) fn unpack(&self, masks: &[u32]) -> BrickMask {
        let (mut octets, words) = (self.octets(), &masks[self.first as usize..]);
        let mut bytes = [[0; 8]; 8];
        for place in 0.. {
            if octets == 0 {
                break;
            }
            let number = octets.trailing_zeros() as usize;
            octets &= octets - 1;
            bytes[number / 8][number % 8] = (words[place / 4] >> (place % 4 * 8)) as u8;
        }
        BrickMask { groups: bytes.map(u64::from_le_bytes) }
    }

    /// The bits of one of its groups of 4×4×4, unless it is solid.
    pub(super) fn group(&self, masks: &[u32], group: u32) -> u64 {
        let (octets, words) = (self.octets(), &masks[self.first as usize..]);
        let before = (octets & ((1 << (8 * group)) - 1)).count_ones() as usize;
        let held = (0..8).filter(|number| octets >> (8 * group + number) & 1 != 0);
        let octet = |place: usize| u64::from(words[place / 4] >> (place % 4 * 8) & 0xFF);
        (before..).zip(held).fold(0, |bits, (place, number)| bits | octet(place) << (8 * number))
    }

    /// Whether the voxel with this number is solid, and how many are before it, unless the brick is solid. Also for the number of
    /// voxels in a brick: all are before it.
    pub(super) fn look_up(&self, masks: &[u32], number: u32) -> (bool, u32) {
        let (octet, octets) = (number >> 3, self.octets());
        let before = octets & 1u64.checked_shl(octet).unwrap_or(0).wrapping_sub(1);
        let in_octet = octets.checked_shr(octet).unwrap_or(0) & 1 != 0;
        // Of the brick's bits in `masks`.
        let bit = 8 * before.count_ones() + if in_octet { number & 7 } else { 0 };
        let words = &masks[self.first as usize..];
        let whole: u32 = words[..bit as usize / 32].iter().map(|word| word.count_ones()).sum();
        // No word may be left where none of its bits counts.
        let last = words.get(bit as usize / 32).copied().unwrap_or(0);
        (in_octet && last >> (bit % 32) & 1 != 0, whole + (last & ((1 << (bit % 32)) - 1)).count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voxel::layout::BRICK_VOXELS;

    fn check(solid: &[u32]) {
        let mut mask = BrickMask::default();
        solid.iter().for_each(|&number| mask.insert(number));
        // Something before and something after.
        let mut words = vec![0xDEAD_BEEF];
        let brick = Brick { mask: mask.pack(&mut words), first: 1, looks: 0 };
        assert_eq!(words.len(), 1 + brick.words());
        words.push(0xDEAD_BEEF);
        assert_eq!(brick.unpack(&words), mask);
        (0..8).for_each(|group| assert_eq!(brick.group(&words, group), mask.groups[group as usize]));
        assert_eq!(brick.count(&words), Some(solid.len() as u32));
        for octet in 0..brick.octets().count_ones() as usize {
            let mut words = words.clone();
            words[1 + octet / 4] &= !(0xFF << (octet % 4 * 8));
            assert_eq!(brick.count(&words), None, "without octet {octet} of {solid:?}");
        }
        for number in 0..=BRICK_VOXELS as u32 {
            let before = solid.iter().filter(|&&other| other < number).count() as u32;
            assert_eq!(brick.look_up(&words, number), (solid.contains(&number), before), "{number} of {solid:?}");
        }
    }

    #[test]
    fn packed_voxels_are_found_and_counted() {
        check(&[0, 31, 32, 63, 64, 300, 511]);
        check(&[17]);
        check(&[504, 505, 511]);
        check(&(0..512).collect::<Vec<_>>());
        check(&(0..512).filter(|number| number % 5 == 0).collect::<Vec<_>>());
        check(&(100..230).filter(|number| number % 11 == 0).collect::<Vec<_>>());
    }

    #[test]
    fn boxes_hold_what_is_between_their_corners() {
        for (low, high) in
            [([0, 0, 0], [8, 8, 8]), ([1, 3, 5], [6, 4, 8]), ([4, 0, 2], [4, 8, 8]), ([7, 7, 7], [8, 8, 8])]
        {
            let mask = BrickMask::of_box(low, high);
            for number in 0..BRICK_VOXELS as u32 {
                let at = unmorton3(number);
                let inside = (0..3).all(|axis| (low[axis]..high[axis]).contains(&at[axis]));
                assert_eq!(mask.contains(number), inside, "{low:?} to {high:?}: {at:?}");
            }
        }
    }

    #[test]
    fn voxels_come_and_go() {
        let mut mask = BrickMask::default();
        [511, 0, 64, 63].into_iter().for_each(|number| mask.insert(number));
        mask.remove(64);
        assert!(mask.contains(63) && !mask.contains(64) && mask.count() == 3);
        assert_eq!(mask.solid().collect::<Vec<_>>(), [0, 63, 511]);
    }
}
