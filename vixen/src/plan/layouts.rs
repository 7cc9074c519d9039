//! Layouts: all that read one version of an image without a write between share one layout, so that nothing happens
//! between them, wherever in time they are.

use ash::vk::ImageLayout;

use super::track::Track;

/// The layout that serves both: the one of them that allows what the other does, else `GENERAL`.
pub(super) fn common(a: ImageLayout, b: ImageLayout) -> ImageLayout {
    const SAMPLED: ImageLayout = ImageLayout::SHADER_READ_ONLY_OPTIMAL;
    const DEPTH: ImageLayout = ImageLayout::DEPTH_STENCIL_READ_ONLY_OPTIMAL;
    match (a, b) {
        (ImageLayout::UNDEFINED, other) | (other, ImageLayout::UNDEFINED) => other,
        _ if a == b => a,
        (SAMPLED, DEPTH) | (DEPTH, SAMPLED) => DEPTH,
        _ => ImageLayout::GENERAL,
    }
}

/// Settles the layouts of the accesses of one image whose cells are `tracks`.
///
/// A read of several cells has one layout in all of them, and so ties the readers of these cells to one another. `common`
/// only ever goes up, twice at most, so repeating until nothing changes ends with the least that serves them all.
pub(super) fn settle<'a>(tracks: impl Iterator<Item = Track<'a>> + Clone, layouts: &mut [ImageLayout]) {
    for track in tracks.clone() {
        for item in track.items {
            layouts[item.access as usize] = track.input.accesses[item.access as usize].usage.layout;
        }
    }
    let several = tracks.clone().nth(1).is_some();
    loop {
        let mut changed = false;
        for (track, version) in tracks.clone().flat_map(|track| track.versions().map(move |version| (track, version))) {
            let readers = || version.readers.clone().map(|at| track.item(at).0.access as usize);
            let shared = readers().fold(ImageLayout::UNDEFINED, |shared, id| common(shared, layouts[id]));
            for id in readers() {
                changed |= layouts[id] != shared;
                layouts[id] = shared;
            }
        }
        // One cell ties its readers to one another only, and is done at once.
        if !changed || !several {
            return;
        }
    }
}
