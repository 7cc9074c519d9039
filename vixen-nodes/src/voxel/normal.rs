//! Directions in 16 bits: the octahedral mapping (Meyer et al. 2010, "On floating-point normal vectors"), one byte a coordinate.

#[cfg(feature = "gltf")]
use glam::Vec4;
use glam::{Vec2, Vec3};

use super::whole::whole;

/// What stands for no normal: no direction is encoded so.
pub const NONE: u16 = u16::MAX;

/// Of a sum of normals one part in this many must be left.
#[cfg(feature = "gltf")]
const LEAST_LEFT: f32 = 64.0;

/// A direction of any length as two bytes; [`NONE`] for the zero vector, which is no direction.
///
/// It reckons with whole numbers, so that the GPU comes to the very same bytes: `shaders/voxel_normal.glsl` is the same code. Signs are as
/// good as random, so nothing here branches, and a loop over directions encodes several side by side.
#[inline(always)]
pub fn encode(direction: Vec3) -> u16 {
    let Vec3 { x, y, z } = direction;
    // Scaled by a power of two, which rounds nothing, so that the largest coordinate is between 2^20 and 2^21.
    let bits = |v: f32| v.to_bits() & i32::MAX as u32;
    let scale = f32::from_bits((274 - (bits(x).max(bits(y)).max(bits(z)) >> 23).clamp(21, 254)) << 23);
    let (x, y, z) = (whole(x * scale), whole(y * scale), whole(z * scale));
    let sum = x.abs() + y.abs() + z.abs();
    let part = 1.0 / f64::from(2 * sum.max(1));
    // 127 times the share of a coordinate, to the nearest. The half decides where that is two numbers and keeps the product farther from
    // there than it can be wrong, since the sum is below 2^23. Adding 2^52 rounds, and leaves the result in the lowest bits.
    let share = |v: i32| ((f64::from(254 * v.abs()) + 0.5) * part + (1u64 << 52) as f64).to_bits() as i32;
    let (u, v) = (share(x), share(y));
    // A sign is a mask of all bits or of none. The lower half of the octahedron is folded outside.
    let below = z >> 31;
    let folded = |own: i32, other: i32| own ^ ((own ^ (127 - other)) & below);
    let byte = |length: i32, of: i32| (127 + ((length ^ of >> 31) - (of >> 31))) as u16;
    let none = if sum == 0 { NONE } else { 0 };
    byte(folded(u, v), x) | byte(folded(v, u), y) << 8 | none
}

/// A normal, and in a fourth lane the sum of its coordinates without their signs: its size, which adds up where normals cancel out.
#[cfg(feature = "gltf")]
#[inline(always)]
pub(super) fn sized(normal: Vec3) -> Vec4 {
    normal.extend(normal.x.abs() + (normal.y.abs() + normal.z.abs()))
}

/// The direction of a sum of normals, given the sum of their sizes; [`NONE`] where so little is left of them that it is chance, as of a sheet whose sides face
/// either way.
#[cfg(feature = "gltf")]
#[inline(always)]
pub(super) fn encode_sum(sum: Vec3, size: f32) -> u16 {
    let left = sum.x.abs() + (sum.y.abs() + sum.z.abs());
    encode(sum) | if left * LEAST_LEFT < size { NONE } else { 0 }
}

/// The direction of two bytes, of length 1; `None` for [`NONE`].
pub fn decode(bits: u16) -> Option<Vec3> {
    if bits == NONE {
        return None;
    }
    let coordinate = |byte: u16| (f32::from(byte) - 127.0) / 127.0;
    let mut point = Vec2::new(coordinate(bits & 255), coordinate(bits >> 8)).clamp(Vec2::NEG_ONE, Vec2::ONE);
    let z = 1.0 - point.x.abs() - point.y.abs();
    if z < 0.0 {
        point = fold(point);
    }
    Some(point.extend(z).normalize())
}

/// Swaps the inner and the outer half of the square: the lower half of the octahedron lies outside.
fn fold(point: Vec2) -> Vec2 {
    let sign = |v: f32| if v < 0.0 { -1.0 } else { 1.0 };
    Vec2::new((1.0 - point.y.abs()) * sign(point.x), (1.0 - point.x.abs()) * sign(point.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_as_whole_numbers_are() {
        for i in 0..40_000u32 {
            // Also halves exactly: 254 |v| an odd multiple of the sum.
            let (x, y) = if i % 2 == 0 { (i % 509, 508 - i % 509) } else { (i * 7919 % 4093, i % 4099) };
            let sum = x + y;
            if sum == 0 {
                continue;
            }
            let share = |v: u32| 127 + (254 * v + sum) / (2 * sum);
            let expected = share(x) | share(y) << 8;
            assert_eq!(u32::from(encode(Vec3::new(x as f32, y as f32, 0.0))), expected, "{x} {y}");
        }
    }

    #[test]
    fn a_direction_survives_within_one_degree() {
        for i in 0..10_000 {
            let a = i as f32 * 0.61803;
            let z = 1.0 - 2.0 * (i as f32 + 0.5) / 10_000.0;
            let r = (1.0 - z * z).sqrt();
            let direction = Vec3::new(r * a.cos(), r * a.sin(), z);
            assert!(decode(encode(direction)).is_some_and(|d| d.dot(direction) > 0.9998), "{direction}");
        }
        assert_eq!(decode(encode(Vec3::Y)), Some(Vec3::Y));
        assert_eq!([Vec3::ZERO, -Vec3::ZERO].map(encode), [NONE; 2]);
        assert_eq!(decode(NONE), None);
    }
}
