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

    /// Appends the masks of its octets that are not empty to those of other bricks, and says which these are.
    pub(super) fn pack(&self, masks: &mut Vec<u8>) -> [u32; 2] {
        let (mut octets, mut packed, mut count) = (0u64, [0; 64], 0);
        for (group, voxels) in self.groups.iter().enumerate().filter(|(_, voxels)| **voxels != 0) {
            for (number, mask) in voxels.to_le_bytes().into_iter().enumerate() {
                octets |= u64::from(mask != 0) << (8 * group + number);
                packed[count] = mask;
                count += usize::from(mask != 0);
            }
        }
        masks.extend_from_slice(&packed[..count]);
        [octets as u32, (octets >> 32) as u32]
    }
}

impl Brick {
    /// Which octets hold voxels.
    pub(crate) fn octets(&self) -> u64 {
        u64::from(self.mask[0]) | u64::from(self.mask[1]) << 32
    }

    /// How many octets hold voxels: bytes that their masks take, unless it is solid.
    pub(super) fn octet_count(&self) -> usize {
        self.octets().count_ones() as usize
    }

    /// The masks of its octets, unless it is solid, from those of all bricks.
    fn packed<'m>(&self, masks: &'m [u8]) -> &'m [u8] {
        &masks[self.first as usize..][..self.octet_count()]
    }

    /// How many voxels are solid, unless the brick is or an octet that should hold some does not.
    pub(super) fn count(&self, masks: &[u8]) -> Option<u32> {
        let packed = self.packed(masks);
        (!packed.contains(&0)).then(|| ones(packed))
    }

    /// All its bits, unless it is solid, from what all bricks have packed.
    pub(crate) fn unpack(&self, masks: &[u8]) -> BrickMask {
        let (mut octets, mut bytes) = (self.octets(), [[0; 8]; 8]);
        for mask in self.packed(masks) {
            let number = octets.trailing_zeros() as usize;
            octets &= octets - 1;
            bytes[number / 8][number % 8] = *mask;
        }
        BrickMask { groups: bytes.map(u64::from_le_bytes) }
    }

    /// The bits of one of its groups of 4×4×4, unless it is solid.
    pub(super) fn group(&self, masks: &[u8], group: u32) -> u64 {
        let octets = self.octets();
        let before = (octets & ((1 << (8 * group)) - 1)).count_ones() as usize;
        let held = (0..8).filter(|number| octets >> (8 * group + number) & 1 != 0);
        held.zip(&self.packed(masks)[before..]).fold(0, |bits, (number, mask)| bits | u64::from(*mask) << (8 * number))
    }

    /// Whether the voxel with this number is solid, and how many are before it, unless the brick is solid. Also for the number of
    /// voxels in a brick: all are before it.
    pub(super) fn look_up(&self, masks: &[u8], number: u32) -> (bool, u32) {
        let (octet, octets) = (number >> 3, self.octets());
        let before = octets & 1u64.checked_shl(octet).unwrap_or(0).wrapping_sub(1);
        let in_octet = octets.checked_shr(octet).unwrap_or(0) & 1 != 0;
        let (before, rest) = self.packed(masks).split_at(before.count_ones() as usize);
        let own = if in_octet { rest[0] } else { 0 };
        (own >> (number & 7) & 1 != 0, ones(before) + (own & ((1 << (number & 7)) - 1)).count_ones())
    }
}

/// The bits that are set.
fn ones(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks();
    let whole: u32 = words.iter().map(|word| u64::from_le_bytes(*word).count_ones()).sum();
    whole + rest.iter().map(|byte| byte.count_ones()).sum::<u32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voxel::layout::BRICK_VOXELS;

    fn check(solid: &[u32]) {
        let mut mask = BrickMask::default();
        solid.iter().for_each(|&number| mask.insert(number));
        // Something before and something after.
        let mut masks = vec![0xBE];
        let brick = Brick { mask: mask.pack(&mut masks), first: 1, looks: 0 };
        assert_eq!(masks.len(), 1 + brick.octet_count());
        masks.push(0xEF);
        assert_eq!(brick.unpack(&masks), mask);
        (0..8).for_each(|group| assert_eq!(brick.group(&masks, group), mask.groups[group as usize]));
        assert_eq!(brick.count(&masks), Some(solid.len() as u32));
        for octet in 0..brick.octet_count() {
            let mut masks = masks.clone();
            masks[1 + octet] = 0;
            assert_eq!(brick.count(&masks), None, "without octet {octet} of {solid:?}");
        }
        for number in 0..=BRICK_VOXELS as u32 {
            let before = solid.iter().filter(|&&other| other < number).count() as u32;
            assert_eq!(brick.look_up(&masks, number), (solid.contains(&number), before), "{number} of {solid:?}");
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
