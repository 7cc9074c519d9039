//! Layouts: all that read one version of an image without a write between share one layout, so that nothing happens
//! between them, wherever in time they are.

use ash::vk::ImageLayout;

use super::Input;
use super::lanes::Lanes;
use super::track::{Bounds, Track};

/// The layout of every access, `UNDEFINED` where it is of a buffer or never happens.
pub(super) fn settle(input: &Input, lanes: &Lanes, bounds: &[Bounds]) -> Vec<ImageLayout> {
    let mut layouts = vec![ImageLayout::UNDEFINED; input.accesses.len()];
    for (grid, &bounds) in lanes.grids.iter().zip(bounds).filter(|(grid, _)| grid.image) {
        let tracks = (0..grid.cells).map(|cell| Track { items: lanes.track(grid, cell), bounds });
        settle_image(input, tracks, &mut layouts);
    }
    layouts
}

/// Settles the layouts of the accesses of one image whose cells are `tracks`.
///
/// A read of several cells has one layout in all of them, and so ties the readers of these cells to one another. `common`
/// only ever goes up, twice at most, so repeating until nothing changes ends with the least that serves them all.
fn settle_image<'a>(input: &Input, tracks: impl Iterator<Item = Track<'a>> + Clone, layouts: &mut [ImageLayout]) {
    for item in tracks.clone().flat_map(|track| track.items) {
        layouts[item.access as usize] = input.accesses[item.access as usize].usage.layout;
    }
    let several = tracks.clone().nth(1).is_some();
    let mut readers: Vec<usize> = Vec::new();
    loop {
        let mut changed = false;
        let mut share = |readers: &mut Vec<usize>| {
            let shared = readers.iter().fold(ImageLayout::UNDEFINED, |shared, &id| common(shared, layouts[id]));
            for id in readers.drain(..) {
                changed |= layouts[id] != shared;
                layouts[id] = shared;
            }
        };
        for track in tracks.clone() {
            for (item, _) in track.from(track.origin().map_or(0, |origin| origin + 1), 1) {
                if item.effect.writes() {
                    share(&mut readers);
                } else {
                    readers.push(item.access as usize);
                }
            }
            share(&mut readers);
        }
        // One cell ties its readers to one another only, and is done at once.
        if !changed || !several {
            return;
        }
    }
}

/// The layout that serves both: the one of them that allows what the other does, else `GENERAL`.
fn common(a: ImageLayout, b: ImageLayout) -> ImageLayout {
    const SAMPLED: ImageLayout = ImageLayout::SHADER_READ_ONLY_OPTIMAL;
    const DEPTH: ImageLayout = ImageLayout::DEPTH_STENCIL_READ_ONLY_OPTIMAL;
    match (a, b) {
        (ImageLayout::UNDEFINED, other) | (other, ImageLayout::UNDEFINED) => other,
        _ if a == b => a,
        (SAMPLED, DEPTH) | (DEPTH, SAMPLED) => DEPTH,
        _ => ImageLayout::GENERAL,
    }
}
