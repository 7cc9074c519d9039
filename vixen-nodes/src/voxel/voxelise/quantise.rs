//! Any number of colours in a palette of 256.

use std::collections::HashMap;

use super::super::layout::Material;
use super::super::source::{MaterialIndex, full_palette};

/// A palette and each colour's place in it, as often as the colour. Exact up to 256 colours; with more, similar ones share an entry that
/// is their mean.
pub(super) fn palette(colors: &[([f32; 3], usize)]) -> (Box<[Material; 256]>, Vec<MaterialIndex>) {
    let fits = |bits: u32| {
        let mut entries: HashMap<[u8; 3], usize> = HashMap::new();
        for (color, _) in colors {
            let next = entries.len();
            entries.entry(bucket(*color, bits)).or_insert(next);
            if entries.len() > 256 {
                return None;
            }
        }
        Some((bits, entries))
    };
    let (bits, entries) = (2..=8).rev().find_map(fits).expect("two bits a channel are 64 colours at most");
    let mut sums = vec![([0.0f64; 3], 0usize); entries.len()];
    let mut places = Vec::with_capacity(colors.iter().map(|(_, times)| times).sum());
    for (color, times) in colors {
        let entry = entries[&bucket(*color, bits)];
        let (sum, count) = &mut sums[entry];
        sum.iter_mut().zip(color).for_each(|(sum, channel)| *sum += f64::from(*channel) * *times as f64);
        *count += times;
        places.extend(std::iter::repeat_n(entry as MaterialIndex, *times));
    }
    let mean = |(sum, count): ([f64; 3], usize)| {
        let [r, g, b] = sum.map(|channel| (channel / count as f64) as f32);
        Material { color: [r, g, b, 0.0] }
    };
    (full_palette(sums.into_iter().map(mean)), places)
}

/// The colour with this many bits a channel, in even steps of lightness: about the square root of a linear value.
fn bucket(color: [f32; 3], bits: u32) -> [u8; 3] {
    color.map(|channel| (channel.clamp(0.0, 1.0).sqrt() * 255.0).round() as u8 >> (8 - bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_stay_as_they_are() {
        let colors: Vec<_> = (0..200)
            .map(|i| [i as f32 / 200.0, 0.5, 0.25])
            .map(|[r, g, b]| ([(r * 255.0).round() / 255.0, g, b], 1))
            .collect();
        let (palette, places) = palette(&colors);
        for ((color, _), place) in colors.iter().zip(places) {
            let entry = palette[usize::from(place)].color;
            assert!((entry[0] - color[0]).abs() < 0.02 && entry[1..3] == color[1..]);
        }
    }

    #[test]
    fn many_colours_are_near_their_entry() {
        let colors: Vec<_> =
            (0..20_000).map(|i| ([i % 27, i / 27 % 27, i / 729 % 27].map(|v| v as f32 / 26.0), 1)).collect();
        let (palette, places) = palette(&colors);
        let worst = colors.iter().zip(places).map(|((color, _), place)| {
            (0..3).map(|i| (color[i] - palette[usize::from(place)].color[i]).abs()).fold(0.0, f32::max)
        });
        assert!(worst.fold(0.0, f32::max) < 0.4);
    }
}
