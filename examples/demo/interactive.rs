//! The demo in a window.

use std::error::Error;

use vixen::frame::FrameOutcome;
use vixen::{CompiledGraph, Device, Output};
use vixen_nodes::voxel::{Scene, View, default_view};
use vixen_nodes::window::Application;
use vixen_nodes::{Orbit, orbited};

use crate::args::How;
use crate::picture::{Costs, Handles, Picture};
use crate::stream::Stream;

/// Orbits with the mouse.
pub struct Interactive<'a> {
    scene: &'a Scene,
    how: How,
    start: View,
    frames: Option<u32>,
    orbit: Orbit,
    pub handles: Option<Handles>,
    /// Where the scene is streamed.
    pub stream: Option<Stream<'a>>,
    pub costs: Costs,
    pub voxel_bytes: u64,
    /// Watch the shaders.
    pub reload: bool,
    shown: u32,
}

impl<'a> Interactive<'a> {
    pub fn new(scene: &'a Scene, how: How, frames: Option<u32>) -> Self {
        let (orbit, costs) = (Orbit::default(), Costs::default());
        let (start, shown) = (default_view(scene), 0);
        Self {
            scene,
            how,
            start,
            frames,
            orbit,
            handles: None,
            stream: None,
            costs,
            voxel_bytes: 0,
            reload: false,
            shown,
        }
    }

    fn moved(&mut self, graph: &mut CompiledGraph) {
        if let Some(handles) = self.handles {
            handles.set_orbit(graph, self.orbit);
        }
        if let Some(stream) = &mut self.stream {
            stream.eye = orbited(&self.start, &self.orbit).eye;
        }
    }
}

impl Application for Interactive<'_> {
    fn start(&mut self, device: &Device, output: Output) -> Result<CompiledGraph, Box<dyn Error>> {
        let (mut picture, voxel_bytes) = Picture::new(device, self.scene, self.how, output)?;
        self.handles = Some(picture.handles());
        self.voxel_bytes = voxel_bytes;
        self.stream = picture.stream.take();
        if self.reload {
            picture.graph.watch_shaders(None)?;
        }
        Ok(picture.graph)
    }

    fn dragged(&mut self, graph: &mut CompiledGraph, dx: f32, dy: f32) {
        const RADIANS_A_PIXEL: f32 = 0.005;
        self.orbit.yaw -= dx * RADIANS_A_PIXEL;
        self.orbit.pitch += dy * RADIANS_A_PIXEL;
        self.moved(graph);
    }

    fn scrolled(&mut self, graph: &mut CompiledGraph, lines: f32) {
        self.orbit.zoom = (self.orbit.zoom - 0.1 * lines).clamp(-4.0, 2.0);
        self.moved(graph);
    }

    fn frame(&mut self, graph: &mut CompiledGraph) -> Result<bool, Box<dyn Error>> {
        if let FrameOutcome::Submitted(_) = self.costs.frame(graph, self.stream.as_mut())? {
            self.shown += 1;
        }
        Ok(self.frames.is_none_or(|frames| self.shown < frames))
    }
}
