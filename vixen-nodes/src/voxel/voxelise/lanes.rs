//! Comparisons for all of a block of 4×4×4 voxels, with what the processor has for it. All give the same bits.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use glam::Vec4;

/// What a processor compares with: four places along each of two axes make sixteen. Everything is rounded as it is written.
pub(super) trait Lanes: Copy {
    /// Sixteen numbers.
    type Sixteen: Copy;

    /// Number 4j + i is so many and i more.
    fn across(self, from: f32) -> Self::Sixteen;

    /// Number 4j + i is so many and j more.
    fn down(self, from: f32) -> Self::Sixteen;

    /// A bit for each of the sixteen: whether `u * side[0] + (v * side[1] + side[2])` is not below zero for any of three sides.
    fn inside(self, u: Self::Sixteen, v: Self::Sixteen, sides: [[f32; 3]; 3]) -> u16;

    /// Sixteen bits for each of four z, from one on: whether `x * normal[0] + (y * normal[1] + z * normal[2])` is not above zero with the
    /// first bound added, and not below with the second.
    fn between(self, x: Self::Sixteen, y: Self::Sixteen, z: f32, normal: [f32; 3], bounds: [f32; 2]) -> u64;

    /// Has an element of a slice, if it is one, come nearer before it is asked for.
    fn fetch<T>(self, _slice: &[T], _index: usize) {}
}

/// Four at a time: any processor.
#[derive(Clone, Copy)]
pub(super) struct Fours;

impl Lanes for Fours {
    type Sixteen = [Vec4; 4];

    #[inline(always)]
    fn across(self, from: f32) -> [Vec4; 4] {
        [Vec4::new(0.0, 1.0, 2.0, 3.0) + from; 4]
    }

    #[inline(always)]
    fn down(self, from: f32) -> [Vec4; 4] {
        [0.0, 1.0, 2.0, 3.0].map(|more| Vec4::splat(from + more))
    }

    #[inline(always)]
    fn inside(self, u: [Vec4; 4], v: [Vec4; 4], [a, b, c]: [[f32; 3]; 3]) -> u16 {
        let row = |row: usize| {
            let of = |side: [f32; 3]| (u[row] * side[0] + (v[row] * side[1] + side[2])).cmpge(Vec4::ZERO);
            (of(a) & of(b) & of(c)).bitmask() << (4 * row)
        };
        (row(0) | row(1) | row(2) | row(3)) as u16
    }

    #[inline(always)]
    fn between(self, x: [Vec4; 4], y: [Vec4; 4], z: f32, normal: [f32; 3], [low, high]: [f32; 2]) -> u64 {
        let row = |row: usize| {
            let along = x[row % 4] * normal[0] + (y[row % 4] * normal[1] + (z + (row / 4) as f32) * normal[2]);
            let solid = (along + low).cmple(Vec4::ZERO) & (along + high).cmpge(Vec4::ZERO);
            u64::from(solid.bitmask()) << (4 * row)
        };
        (0..16).fold(0, |bits, number| bits | row(number))
    }
}

/// All sixteen at a time.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    /// Where the processor has AVX-512, and what came before it.
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && has_avx2();
        has.then_some(Self(()))
    }
}

/// Whether the processor has AVX2, and what came before it.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
}

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512 {
    type Sixteen = __m512;

    #[inline(always)]
    fn across(self, from: f32) -> __m512 {
        // SAFETY: this needs AVX-512F, and nobody has an `Avx512` on a processor where `detect` did not find that.
        unsafe {
            let more = _mm512_setr_ps(0., 1., 2., 3., 0., 1., 2., 3., 0., 1., 2., 3., 0., 1., 2., 3.);
            _mm512_add_ps(more, _mm512_set1_ps(from))
        }
    }

    #[inline(always)]
    fn down(self, from: f32) -> __m512 {
        // SAFETY: as above.
        unsafe {
            let more = _mm512_setr_ps(0., 0., 0., 0., 1., 1., 1., 1., 2., 2., 2., 2., 3., 3., 3., 3.);
            _mm512_add_ps(more, _mm512_set1_ps(from))
        }
    }

    #[inline(always)]
    fn inside(self, u: __m512, v: __m512, [a, b, c]: [[f32; 3]; 3]) -> u16 {
        // SAFETY: as above.
        unsafe {
            let of = |side: [f32; 3]| {
                let [by_u, by_v, constant] = side.map(|factor| _mm512_set1_ps(factor));
                let sum = _mm512_add_ps(_mm512_mul_ps(u, by_u), _mm512_add_ps(_mm512_mul_ps(v, by_v), constant));
                _mm512_cmp_ps_mask::<_CMP_GE_OQ>(sum, _mm512_setzero_ps())
            };
            of(a) & of(b) & of(c)
        }
    }

    #[inline(always)]
    fn between(self, x: __m512, y: __m512, z: f32, normal: [f32; 3], bounds: [f32; 2]) -> u64 {
        // SAFETY: as above.
        unsafe {
            let zero = _mm512_setzero_ps();
            let [low, high] = bounds.map(|bound| _mm512_set1_ps(bound));
            let x = _mm512_mul_ps(x, _mm512_set1_ps(normal[0]));
            let y = _mm512_mul_ps(y, _mm512_set1_ps(normal[1]));
            let layer = |z: f32| {
                let along = _mm512_add_ps(x, _mm512_add_ps(y, _mm512_set1_ps(z * normal[2])));
                let not_above = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(_mm512_add_ps(along, low), zero);
                u64::from(not_above & _mm512_cmp_ps_mask::<_CMP_GE_OQ>(_mm512_add_ps(along, high), zero))
            };
            layer(z) | layer(z + 1.0) << 16 | layer(z + 2.0) << 32 | layer(z + 3.0) << 48
        }
    }

    #[inline(always)]
    fn fetch<T>(self, slice: &[T], index: usize) {
        // SAFETY: SSE is there where AVX-512 is, and to prefetch an address neither reads nor writes memory, whatever it is.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(slice.as_ptr().wrapping_add(index).cast()) }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn sixteen_at_a_time_find_what_four_find() {
        let Some(sixteen) = Avx512::detect() else {
            return eprintln!("skipped: the processor has no AVX-512");
        };
        let mut state = 1u32;
        // Few values, of which many sums are zero of either sign.
        let mut number = || -> f32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            [-2.0, -1.0, -0.0, 0.0, 1.0, 2.5, 0.1, -0.1][state as usize >> 29]
        };
        for _ in 0..2000 {
            let (x, y, z) = (number().abs(), number().abs(), number());
            let sides = [(); 3].map(|()| [(); 3].map(|()| number()));
            let (normal, bounds) = (sides[0], [number(), number()]);
            let fours = Fours.inside(Fours.across(x), Fours.down(y), sides);
            assert_eq!(fours, sixteen.inside(sixteen.across(x), sixteen.down(y), sides), "{x} {y} {sides:?}");
            let fours = Fours.between(Fours.across(x), Fours.down(y), z, normal, bounds);
            let sixteen = sixteen.between(sixteen.across(x), sixteen.down(y), z, normal, bounds);
            assert_eq!(fours, sixteen, "{x} {y} {z} {normal:?} {bounds:?}");
        }
    }
}
