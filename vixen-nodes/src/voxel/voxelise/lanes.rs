//! Comparisons for all of a block of 4×4×4 voxels, with what the processor has for it. All give the same bits.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use glam::Vec4;

/// How many triangles are looked at side by side.
pub(super) const AT_ONCE: usize = 16;

/// A number for each of the triangles.
pub(super) type Each<T> = [T; AT_ONCE];

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

    /// As [`inside`](Self::inside) for each of the first `count` of sixteen triangles, which has its own first place and its own sides;
    /// bit `ACROSS * i + DOWN * j` is for i more along `u` and j more along `v`. Of the two distances one is 1, the other is 4.
    #[inline(always)]
    fn each_inside<const ACROSS: u32, const DOWN: u32>(
        self,
        count: usize,
        [u, v]: [&Each<f32>; 2],
        sides: &[[Each<f32>; 3]; 3],
    ) -> Each<u32> {
        let mut bits = [0; AT_ONCE];
        for (number, bits) in bits.iter_mut().enumerate().take(count) {
            let side = |side: usize| [sides[side][0][number], sides[side][1][number], sides[side][2][number]];
            let sides = [side(0), side(1), side(2)];
            *bits = u32::from(match ACROSS {
                1 => self.inside(self.across(u[number]), self.down(v[number]), sides),
                _ => self.inside(self.down(u[number]), self.across(v[number]), sides),
            });
        }
        bits
    }

    /// As [`between`](Self::between) for each of the first `count` of sixteen triangles.
    #[inline(always)]
    fn each_between(
        self,
        count: usize,
        [x, y, z]: [&Each<f32>; 3],
        normal: &[Each<f32>; 3],
        bounds: &[Each<f32>; 2],
    ) -> [Each<u32>; 4] {
        let mut bits = [[0; AT_ONCE]; 4];
        for number in 0..count {
            let normal = [normal[0][number], normal[1][number], normal[2][number]];
            let bounds = [bounds[0][number], bounds[1][number]];
            let all = self.between(self.across(x[number]), self.down(y[number]), z[number], normal, bounds);
            for (layer, bits) in bits.iter_mut().enumerate() {
                bits[number] = (all >> (16 * layer)) as u32 & 0xFFFF;
            }
        }
        bits
    }

    /// Lists the places that the set bits of a block stand for, each bit's offset after the first place. What follows in the list means nothing.
    #[inline(always)]
    fn list(self, mut block: u64, offsets: &[u8; 64], first: u16, places: &mut [u16; 64]) {
        for place in places {
            if block == 0 {
                break;
            }
            *place = first + u16::from(offsets[block.trailing_zeros() as usize % 64]);
            block &= block - 1;
        }
    }

    /// The coordinates of sixteen places, by axis.
    #[inline(always)]
    fn by_axis(self, place: impl Fn(usize) -> Vec4) -> [Each<f32>; 4] {
        let mut axes = [[0.0; AT_ONCE]; 4];
        let [xs, ys, zs, ws] = &mut axes;
        for number in 0..AT_ONCE {
            let place = place(number);
            (xs[number], ys[number], zs[number], ws[number]) = (place.x, place.y, place.z, place.w);
        }
        axes
    }

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
            && is_x86_feature_detected!("avx512vbmi2")
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
    fn each_inside<const ACROSS: u32, const DOWN: u32>(
        self,
        _count: usize,
        from: [&Each<f32>; 2],
        sides: &[[Each<f32>; 3]; 3],
    ) -> Each<u32> {
        // SAFETY: the processor has what this function asks for, since `detect` looked for it.
        unsafe { each_inside::<ACROSS, DOWN>(from, sides) }
    }

    #[inline(always)]
    fn each_between(
        self,
        _count: usize,
        from: [&Each<f32>; 3],
        normal: &[Each<f32>; 3],
        bounds: &[Each<f32>; 2],
    ) -> [Each<u32>; 4] {
        // SAFETY: as above.
        unsafe { each_between(from, normal, bounds) }
    }

    #[inline(always)]
    fn list(self, block: u64, offsets: &[u8; 64], first: u16, places: &mut [u16; 64]) {
        // SAFETY: as above.
        unsafe { list(block, offsets, first, places) }
    }

    #[inline(always)]
    fn by_axis(self, place: impl Fn(usize) -> Vec4) -> [Each<f32>; 4] {
        // SAFETY: as above.
        unsafe { by_axis(place) }
    }

    #[inline(always)]
    fn fetch<T>(self, slice: &[T], index: usize) {
        // SAFETY: SSE is there where AVX-512 is, and to prefetch an address neither reads nor writes memory, whatever it is.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(slice.as_ptr().wrapping_add(index).cast()) }
    }
}

/// [`Lanes::each_inside`]. Functions of their own, whose closures are compiled for the same processors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn each_inside<const ACROSS: u32, const DOWN: u32>([u, v]: [&Each<f32>; 2], sides: &[[Each<f32>; 3]; 3]) -> Each<u32> {
    let (u, v) = (load(u), load(v));
    let more = |from: __m512, more: u32| _mm512_add_ps(from, _mm512_set1_ps(more as f32));
    let along_u = |side: usize| {
        let along = |i: u32| _mm512_mul_ps(more(u, i), load(&sides[side][0]));
        [along(0), along(1), along(2), along(3)]
    };
    let along_u = [along_u(0), along_u(1), along_u(2)];
    let mut bits = _mm512_setzero_si512();
    for j in 0..4 {
        let v = more(v, j);
        // A sum is rounded to zero only where it is zero, so it is not below that where a summand is not below the other's opposite.
        let against = |side: usize| {
            let along_v = _mm512_add_ps(_mm512_mul_ps(v, load(&sides[side][1])), load(&sides[side][2]));
            negative(along_v)
        };
        let against = [against(0), against(1), against(2)];
        for i in 0..4 {
            let not_below = |side: usize, of: __mmask16| {
                _mm512_mask_cmp_ps_mask::<_CMP_GE_OQ>(of, along_u[side][i as usize], against[side])
            };
            let solid = not_below(2, not_below(1, not_below(0, u16::MAX)));
            bits = _mm512_mask_or_epi32(bits, solid, bits, _mm512_set1_epi32(1 << (ACROSS * i + DOWN * j)));
        }
    }
    store(bits)
}

/// [`Lanes::each_between`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn each_between(from: [&Each<f32>; 3], normal: &[Each<f32>; 3], bounds: &[Each<f32>; 2]) -> [Each<u32>; 4] {
    // As above, for two sums.
    let [high, low] = [negative(load(&bounds[0])), negative(load(&bounds[1]))];
    let along = |axis: usize| {
        let along =
            |more: f32| _mm512_mul_ps(_mm512_add_ps(load(from[axis]), _mm512_set1_ps(more)), load(&normal[axis]));
        [along(0.0), along(1.0), along(2.0), along(3.0)]
    };
    let (x, y, z) = (along(0), along(1), along(2));
    let layer = |layer: usize| {
        let mut bits = _mm512_setzero_si512();
        for (j, y) in (0..4).zip(y) {
            let along_yz = _mm512_add_ps(y, z[layer]);
            for (i, x) in (0..4).zip(x) {
                let along = _mm512_add_ps(x, along_yz);
                let not_above = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(along, high);
                let solid = _mm512_mask_cmp_ps_mask::<_CMP_GE_OQ>(not_above, along, low);
                bits = _mm512_mask_or_epi32(bits, solid, bits, _mm512_set1_epi32(1 << (i + 4 * j)));
            }
        }
        store(bits)
    };
    [layer(0), layer(1), layer(2), layer(3)]
}

/// [`Lanes::list`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx2")]
#[inline]
fn list(block: u64, offsets: &[u8; 64], first: u16, places: &mut [u16; 64]) {
    // SAFETY: there are 64 bytes to be read.
    let offsets = unsafe { _mm512_loadu_si512(offsets.as_ptr().cast()) };
    let (offsets, first) = (_mm512_maskz_compress_epi8(block, offsets), _mm512_set1_epi16(first as i16));
    let low = _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(offsets)), first);
    // SAFETY: there is room for 64 bytes.
    unsafe { _mm512_storeu_si512(places.as_mut_ptr().cast(), low) };
    // Hardly ever.
    if block.count_ones() > 32 {
        let high = _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(offsets)), first);
        // SAFETY: and for 64 more.
        unsafe { _mm512_storeu_si512(places.as_mut_ptr().add(32).cast(), high) };
    }
}

/// [`Lanes::by_axis`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn by_axis(place: impl Fn(usize) -> Vec4) -> [Each<f32>; 4] {
    // The places k, 4 + k, 8 + k and 12 + k side by side; then each quarter is transposed.
    let every_fourth = |k: usize| {
        let quarter = |number: usize| __m128::from(place(number));
        let all = _mm512_insertf32x4::<1>(_mm512_castps128_ps512(quarter(k)), quarter(4 + k));
        _mm512_insertf32x4::<3>(_mm512_insertf32x4::<2>(all, quarter(8 + k)), quarter(12 + k))
    };
    let [a, b, c, d] = [every_fourth(0), every_fourth(1), every_fourth(2), every_fourth(3)];
    // x and y, then z and w.
    let (low_ab, low_cd) = (_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
    let (high_ab, high_cd) = (_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
    let x = _mm512_shuffle_ps::<0b01_00_01_00>(low_ab, low_cd);
    let y = _mm512_shuffle_ps::<0b11_10_11_10>(low_ab, low_cd);
    let z = _mm512_shuffle_ps::<0b01_00_01_00>(high_ab, high_cd);
    let w = _mm512_shuffle_ps::<0b11_10_11_10>(high_ab, high_cd);
    [store_floats(x), store_floats(y), store_floats(z), store_floats(w)]
}

/// Sixteen numbers in a register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn load(each: &Each<f32>) -> __m512 {
    // SAFETY: there are sixteen floats to be read.
    unsafe { _mm512_loadu_ps(each.as_ptr()) }
}

/// Their opposites.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn negative(numbers: __m512) -> __m512 {
    _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(numbers), _mm512_set1_epi32(i32::MIN)))
}

/// And out of it.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn store(numbers: __m512i) -> Each<u32> {
    let mut each = [0; AT_ONCE];
    // SAFETY: there is room for sixteen numbers of four bytes.
    unsafe { _mm512_storeu_si512(each.as_mut_ptr().cast(), numbers) };
    each
}

/// The same for floats.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn store_floats(numbers: __m512) -> Each<f32> {
    let mut each = [0.0; AT_ONCE];
    // SAFETY: there is room for sixteen numbers of four bytes.
    unsafe { _mm512_storeu_ps(each.as_mut_ptr(), numbers) };
    each
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

    #[test]
    fn places_are_put_in_order_of_their_axes() {
        let place = |lane: usize| Vec4::new(lane as f32, 100.0 + lane as f32, -(lane as f32), 0.5 * lane as f32);
        let expected = [0, 1, 2, 3].map(|axis| std::array::from_fn(|lane| place(lane)[axis]));
        assert_eq!(Fours.by_axis(place), expected);
        match Avx512::detect() {
            Some(sixteen) => assert_eq!(sixteen.by_axis(place), expected),
            None => eprintln!("skipped: the processor has no AVX-512"),
        }
    }

    #[test]
    fn sixteen_triangles_find_what_each_finds() {
        let Some(sixteen) = Avx512::detect() else {
            return eprintln!("skipped: the processor has no AVX-512");
        };
        let mut state = 1u32;
        let mut number = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            [-2.0, -1.0, -0.0, 0.0, 1.0, 2.5, 0.1, -0.1][state as usize >> 29]
        };
        for _ in 0..500 {
            let mut each = || -> Each<f32> { [(); AT_ONCE].map(|()| number()) };
            let places = [each(), each(), each()].map(|each| each.map(f32::abs));
            let [x, y, z] = &places;
            let sides = [(); 3].map(|()| [each(), each(), each()]);
            let (normal, bounds) = ([each(), each(), each()], [each(), each()]);
            assert_eq!(
                Fours.each_inside::<1, 4>(AT_ONCE, [x, y], &sides),
                sixteen.each_inside::<1, 4>(AT_ONCE, [x, y], &sides)
            );
            assert_eq!(
                Fours.each_inside::<4, 1>(AT_ONCE, [z, x], &sides),
                sixteen.each_inside::<4, 1>(AT_ONCE, [z, x], &sides)
            );
            let fours = Fours.each_between(AT_ONCE, [x, y, z], &normal, &bounds);
            assert_eq!(fours, sixteen.each_between(AT_ONCE, [x, y, z], &normal, &bounds));
        }
    }
}
