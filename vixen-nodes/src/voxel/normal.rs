//! Directions in 16 bits: the octahedral mapping (Meyer et al. 2010, "On floating-point normal vectors"), one byte a coordinate.

use glam::{Vec2, Vec3};

/// What stands for no normal: no direction is encoded so.
pub const NONE: u16 = u16::MAX;

/// A direction of any length as two bytes. The zero vector, which is none, becomes +z.
///
/// It reckons with whole numbers, so that the GPU comes to the very same bytes: `shaders/voxel_normal.glsl` is the same code.
pub fn encode(direction: Vec3) -> u16 {
    // Scaled by a power of two, which rounds nothing, so that the largest coordinate is between 2^20 and 2^21.
    let exponent = (direction.abs().max_element().to_bits() >> 23).clamp(21, 254);
    let scaled = direction * f32::from_bits((274 - exponent) << 23);
    let [x, y, z] = scaled.to_array().map(|v| v as i32);
    let sum = x.unsigned_abs() + y.unsigned_abs() + z.unsigned_abs();
    if sum == 0 {
        return 127 | 127 << 8;
    }
    // 127 times the share of a coordinate, to the nearest: (254 |v| + sum) / (2 sum) without the division. The half keeps the product
    // farther from whole numbers than it can be wrong, since the sum is below 2^23.
    let part = 1.0 / f64::from(2 * sum);
    let share = |v: i32| ((f64::from(254 * v.unsigned_abs() + sum) + 0.5) * part) as i32;
    let (mut u, mut v) = (share(x), share(y));
    if z < 0 {
        (u, v) = (127 - v, 127 - u);
    }
    let byte = |length: i32, of: i32| (127 + if of < 0 { -length } else { length }) as u16;
    byte(u, x) | byte(v, y) << 8
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
        assert_eq!(decode(encode(Vec3::ZERO)), Some(Vec3::Z));
        assert_eq!(decode(NONE), None);
    }
}
