//! Comparisons for all of a block of 4×4×4 voxels, with what the processor has for it. All give the same bits.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use glam::{BVec4A, Vec4};

/// What a processor compares with. The sums are rounded as they are written, one addition after the other.
pub(super) trait Lanes: Copy {
    /// Bit 4j + i: whether place i and other j have a sum that is not below zero, in each of the three.
    fn inside(self, places: [Vec4; 3], others: [Vec4; 3]) -> u16;

    /// Bit 16k + 4j + i: whether `x[i] + (y[j] + z[k])` is not above zero with the first bound added, and not below with the second.
    fn between(self, x: Vec4, y: Vec4, z: Vec4, bounds: [Vec4; 2]) -> u64;
}

/// Four at a time: any processor.
#[derive(Clone, Copy)]
pub(super) struct Four;

impl Lanes for Four {
    #[inline(always)]
    fn inside(self, places: [Vec4; 3], others: [Vec4; 3]) -> u16 {
        let of = |other: usize, side: usize| (places[side] + others[side][other]).cmpge(Vec4::ZERO);
        let all = |other: usize| (of(other, 0) & of(other, 1) & of(other, 2)).bitmask() << (4 * other);
        (all(0) | all(1) | all(2) | all(3)) as u16
    }

    #[inline(always)]
    fn between(self, x: Vec4, y: Vec4, z: Vec4, [low, high]: [Vec4; 2]) -> u64 {
        // Arrays, since an index into lanes would be a jump.
        let (y, z) = (y.to_array(), z.to_array());
        let row = |row: usize| -> BVec4A {
            let along = x + (y[row % 4] + z[row / 4]);
            (along + low).cmple(Vec4::ZERO) & (along + high).cmpge(Vec4::ZERO)
        };
        (0..16).fold(0, |bits, number| bits | u64::from(row(number).bitmask()) << (4 * number))
    }
}

/// Sixteen at a time.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Sixteen(());

#[cfg(target_arch = "x86_64")]
impl Sixteen {
    /// Where the processor has AVX-512, and what came before it.
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("lzcnt");
        has.then_some(Self(()))
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for Sixteen {
    #[inline(always)]
    fn inside(self, places: [Vec4; 3], others: [Vec4; 3]) -> u16 {
        // SAFETY: these need AVX-512F, and nobody has a `Sixteen` on a processor where `detect` did not find that.
        unsafe {
            let not_below = |among: __mmask16, side: usize| {
                let sum = _mm512_add_ps(_mm512_broadcast_f32x4(places[side].into()), rows(others[side]));
                _mm512_mask_cmp_ps_mask::<_CMP_GE_OQ>(among, sum, _mm512_setzero_ps())
            };
            not_below(not_below(not_below(u16::MAX, 0), 1), 2)
        }
    }

    #[inline(always)]
    fn between(self, x: Vec4, y: Vec4, z: Vec4, [low, high]: [Vec4; 2]) -> u64 {
        // SAFETY: as above.
        unsafe {
            let zero = _mm512_setzero_ps();
            let [low, high, x] = [low, high, x].map(|v| _mm512_broadcast_f32x4(v.into()));
            let y = rows(y);
            let layer = |z: f32| {
                let along = _mm512_add_ps(x, _mm512_add_ps(y, _mm512_set1_ps(z)));
                let not_above = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(_mm512_add_ps(along, low), zero);
                u64::from(_mm512_mask_cmp_ps_mask::<_CMP_GE_OQ>(not_above, _mm512_add_ps(along, high), zero))
            };
            layer(z.x) | layer(z.y) << 16 | layer(z.z) << 32 | layer(z.w) << 48
        }
    }
}

/// Each of four lanes four times.
///
/// # Safety
/// The processor must have AVX-512F.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn rows(four: Vec4) -> __m512 {
    // SAFETY: the caller promises it.
    unsafe {
        let lane = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        _mm512_permutexvar_ps(lane, _mm512_castps128_ps512(four.into()))
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn sixteen_at_a_time_find_what_four_find() {
        let Some(sixteen) = Sixteen::detect() else {
            return eprintln!("skipped: the processor has no AVX-512");
        };
        let mut state = 1u32;
        // Few values, of which many sums are zero of either sign.
        let mut four = || {
            Vec4::from_array(std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                [-2.0, -1.0, -0.0, 0.0, 1.0, 2.5, 0.1, -0.1][state as usize >> 29]
            }))
        };
        for _ in 0..2000 {
            let (places, others) = ([four(), four(), four()], [four(), four(), four()]);
            assert_eq!(Four.inside(places, others), sixteen.inside(places, others), "{places:?} {others:?}");
            let (x, y, z, bounds) = (four(), four(), four(), [four(), four()]);
            assert_eq!(Four.between(x, y, z, bounds), sixteen.between(x, y, z, bounds), "{x} {y} {z} {bounds:?}");
        }
    }
}
