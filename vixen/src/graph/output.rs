//! Outputs: what a graph's extents can follow and what it presents to.

use crate::device::Surface;

/// A window's surface, or a size without a window.
pub struct Output {
    pub(crate) extent: [u32; 2],
    pub(crate) surface: Option<Surface>,
}

impl Output {
    /// An output without a window: `present` only keeps the image alive.
    pub fn headless(width: u32, height: u32) -> Self {
        Self { extent: [width, height], surface: None }
    }

    /// A window. `extent` is its size in pixels, for where the surface does not say.
    pub fn window(surface: Surface, extent: [u32; 2]) -> Self {
        Self { extent, surface: Some(surface) }
    }
}
