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
        let mut mask = Self::default();
        for (group, bits) in (0..).zip(&mut mask.groups) {
            let corner = unmorton3(group);
            *bits = u64::MAX;
            for axis in 0..3 {
                let within = (0..4).filter(|slice| (low[axis]..high[axis]).contains(&(4 * corner[axis] + slice)));
                *bits &= within.fold(0, |slices, slice| slices | GROUP_SLICES[axis][slice as usize]);
            }
        }
        mask
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

    /// Which octets hold voxels.
    pub(super) fn octets(&self) -> u64 {
        let octets = self.groups.iter().flat_map(|group| group.to_le_bytes()).enumerate();
        octets.fold(0, |octets, (number, mask)| octets | u64::from(mask != 0) << number)
    }

    /// Appends the masks of its octets that are not empty to `words`, and says which these are.
    pub(super) fn pack(&self, words: &mut Vec<u32>) -> [u32; 2] {
        let (mut octets, mut word, mut bits) = (0u64, 0, 0);
        for (number, mask) in
            self.groups.into_iter().flat_map(u64::to_le_bytes).enumerate().filter(|(_, mask)| *mask != 0)
        {
            octets |= 1 << number;
            word |= u32::from(mask) << bits;
            bits += 8;
            if bits == 32 {
                words.push(word);
                (word, bits) = (0, 0);
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
