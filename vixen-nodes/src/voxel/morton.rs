//! Things sorted along the Morton curve, on which every aligned cube is one run.

use glam::UVec3;

/// The place of a point on the curve. Coordinates of up to 21 bits.
pub(crate) fn key(at: UVec3) -> u64 {
    spread(at.x) | spread(at.y) << 1 | spread(at.z) << 2
}

/// Moves bit `i` to bit `3i`.
fn spread(v: u32) -> u64 {
    let mut v = u64::from(v) & 0x1F_FFFF;
    v = (v | v << 32) & 0x001F_0000_0000_FFFF;
    v = (v | v << 16) & 0x001F_0000_FF00_00FF;
    v = (v | v << 8) & 0x100F_00F0_0F00_F00F;
    v = (v | v << 4) & 0x10C3_0C30_C30C_30C3;
    (v | v << 2) & 0x1249_2492_4924_9249
}

/// The part of a sorted slice whose keys lie in an aligned cube of this edge, a power of two.
#[cfg(any(feature = "vox", feature = "gltf", test))]
pub(super) fn cube<T>(sorted: &[T], key_of: impl Fn(&T) -> u64, origin: UVec3, edge: u32) -> &[T] {
    let start = key(origin);
    let end = start + u64::from(edge).pow(3);
    let from = sorted.partition_point(|item| key_of(item) < start);
    let rest = &sorted[from..];
    // Short runs are the rule: look near before halving the rest.
    let near = rest.len().min(4096);
    let within = |part: &[T]| part.partition_point(|item| key_of(item) < end);
    let length = within(&rest[..near]);
    if length < near { &rest[..length] } else { &rest[..within(rest)] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voxel::layout::morton3;

    #[test]
    fn the_low_bits_number_the_voxels_of_a_brick() {
        for at in [UVec3::ZERO, UVec3::new(7, 0, 3), UVec3::new(8191, 4097, 13)] {
            assert_eq!(key(at) & 511, u64::from(morton3(at.x, at.y, at.z)));
        }
        assert_eq!(key(UVec3::splat(8191)), (1 << 39) - 1);
    }

    #[test]
    fn a_cube_is_one_run() {
        let mut keys: Vec<u64> =
            (0..20_000u32).map(|i| key(UVec3::new(i * 7 % 61, i * 13 % 59, i * 29 % 64))).collect();
        keys.sort_unstable();
        for (origin, edge) in [(UVec3::ZERO, 64), (UVec3::new(32, 0, 32), 32), (UVec3::new(8, 16, 56), 8)] {
            let expected =
                keys.iter().filter(|&&k| k >= key(origin) && k < key(origin) + u64::from(edge).pow(3)).count();
            assert_eq!(cube(&keys, |&k| k, origin, edge).len(), expected);
        }
    }
}
