//! Scenes larger than the memory they may take on the device: bricks come as rays need them.
//!
//! The device always holds the tree, and for each brick one coarse voxel in place of its 8×8×8, so the picture is whole from the first frame
//! on. In each frame the march notes the bricks that rays look into. When the frame has finished, [`StreamedScene::update`] reads the notes.
//! It gives the nearest missing bricks places in a pool of fixed size, evicting those that were used longest ago, and queues their voxels
//! with the [`Uploader`]; the next frame's own submission brings them. Nobody waits.
//!
//! ```no_run
//! # use std::{error::Error, sync::Arc};
//! # use vixen::{CompiledGraph, Device, Graph, memory::{StagingPool, Uploader, UploaderOptions}};
//! # use vixen_nodes::{StreamOptions, StreamedScene, voxel::{BrickMap, CameraUniform, MarchParams}};
//! # fn stream(device: &Device, graph: &Graph, map: Arc<BrickMap>, params: MarchParams, view: CameraUniform) -> Result<(), Box<dyn Error>> {
//! let uploader = Uploader::new(device, &StagingPool::new(device), UploaderOptions::default())?;
//! let options = StreamOptions { budget: Some(64 << 20), ..StreamOptions::default() };
//! let mut scene = StreamedScene::new(device, &uploader, map, &options)?;
//! let (_, camera) = graph.param(view);
//! let (color, uses) = graph.add(&scene).draw(graph, &camera, params);
//! graph.present(color);
//! let mut compiled = graph.compile(device)?;
//! compiled.attach_uploader(&uploader)?;
//! loop {
//!     compiled.wait_for_turn()?;
//!     scene.update(&compiled, uses, glam::Vec3::from_slice(&view.position))?;
//!     compiled.frame()?;
//! }
//! # }
//! ```

mod blocks;
mod nearest;
mod nodes;
mod residency;
mod size;
mod wires;

use std::ops::Deref;
use std::sync::Arc;

use bytemuck::{bytes_of, cast_slice};
use glam::Vec3;
use vixen::ash::vk;
use vixen::device::{DeviceError, Feature};
use vixen::memory::{Buffer as DeviceBuffer, BufferDesc, Memory, Uploader};
use vixen::{CompiledGraph, Device, Graph, Source};

use self::residency::{MOST, Residency};
use self::size::Size;
use crate::VoxelSceneWires;
use crate::voxel::coarse::Coarse;
use crate::voxel::{Brick, BrickMap};
use crate::voxel_scene::{desc, side_by_side};

pub use self::nodes::{
    StreamClear, StreamClearOutputs, StreamClearView, StreamHits, StreamHitsOutputs, StreamHitsView, StreamMarch,
    StreamMarchOutputs, StreamMarchView, StreamRays, StreamRaysOutputs, StreamRaysView,
};
pub use self::wires::{StreamWires, Uses};

/// How a scene is streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamOptions {
    /// Bytes of device memory that the scene takes at most. Without it, half of what the device's budget has left.
    pub budget: Option<u64>,
    /// Bytes of voxels that an update uploads at most; at least one brick comes with each.
    pub update_bytes: u64,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self { budget: None, update_bytes: 1 << 20 }
    }
}

/// What a streamed scene has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStatistics {
    /// Bricks whose voxels are on the device.
    pub resident: u32,
    /// Bytes of room for them, and bytes of it that are taken.
    pub room: u64,
    /// See `room`.
    pub taken: u64,
    /// Bricks of the scene that have voxels to bring.
    pub bricks: u32,
    /// Bricks that rays of the newest frame that is known looked into in vain.
    pub missing: u32,
    /// Bricks that were brought, and that made room for others, since the scene was made.
    pub brought: u64,
    /// See `brought`.
    pub evicted: u64,
    /// Bytes that were uploaded since then.
    pub uploaded: u64,
}

/// Why a scene cannot be streamed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// What must always be on the device does not fit.
    #[error(
        "a budget of {budget} bytes is too small to stream this scene: its tree takes {least} with the least room for bricks; raise the budget, or \
         build the scene at a lower resolution"
    )]
    Budget {
        /// What was given.
        budget: u64,
        /// The least that would do.
        least: u64,
    },
    /// The device cannot hold it.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

vixen::debug_as_display!(StreamError);

/// A brick map in the host's memory, of which the device holds what its rays need. Made for one graph that draws it.
pub struct StreamedScene<M> {
    map: M,
    coarse: Vec<Brick>,
    residency: Residency,
    bricks: Arc<DeviceBuffer>,
    /// Masks and looks of the bricks that are there.
    pool: Arc<DeviceBuffer>,
    /// Nodes, palette and grid, which never change.
    fixed: [Arc<DeviceBuffer>; 3],
    /// How the cells of the grid lie in memory.
    grid_format: i32,
    memory: Arc<Memory>,
    uploader: Arc<Uploader>,
    update_bytes: u64,
    /// The newest frame whose notes were read.
    seen: Option<u64>,
    /// Uploading failed, so nobody knows what the device's bricks say.
    torn: bool,
    statistics: StreamStatistics,
}

impl<M: Deref<Target = BrickMap>> StreamedScene<M> {
    /// Makes the pool and copies to the device what must always be there. Waits until it is.
    ///
    /// # Errors
    /// When the budget is too small, or the device's memory does not suffice.
    pub fn new(
        device: &Device,
        uploader: &Arc<Uploader>,
        map: M,
        options: &StreamOptions,
    ) -> Result<Self, StreamError> {
        let Coarse { places, bricks: coarse } = Coarse::of(&map);
        let usage = device.budget().usage();
        let budget = options.budget.unwrap_or(usage.limit.saturating_sub(usage.in_use) / 2);
        let (size, grid) = Size::within(budget, &map)?;

        let changing =
            |name, bytes| BufferDesc { size: bytes, usage: CHANGING | addresses(device), ..desc(name, &[0_u32]) };
        let descs = [
            desc("streamed nodes", &map.nodes),
            desc("streamed palette", &map.palette),
            desc("streamed grid", grid.words()),
            changing("streamed bricks", size_of_val(&coarse[..]) as u64),
            changing("streamed voxels", u64::from(size.words) * 4),
        ];
        let contents =
            [cast_slice(&map.nodes), cast_slice(&map.palette), cast_slice(grid.words()), cast_slice(&coarse), &[]];
        let grid_format = grid.shader_format();
        let ([nodes, palette, grid, bricks, pool], memory) = side_by_side(device, "streamed scene", descs, contents)?;
        uploader.warm(options.update_bytes, 3)?;
        let residency = Residency::new(places, |brick| !map.bricks[brick].is_whole(), size.slots, size.words);
        let room = u64::from(size.words) * 4;
        let statistics = StreamStatistics { bricks: size.bricks, room, ..StreamStatistics::default() };
        Ok(Self {
            map,
            coarse,
            residency,
            bricks,
            pool,
            fixed: [nodes, palette, grid],
            grid_format,
            memory,
            uploader: uploader.clone(),
            update_bytes: options.update_bytes,
            seen: None,
            torn: false,
            statistics,
        })
    }

    /// Bytes of device memory: no more than the budget.
    pub fn bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// What it has done.
    pub fn statistics(&self) -> StreamStatistics {
        self.statistics
    }

    /// The map in the host's memory.
    pub fn map(&self) -> &BrickMap {
        &self.map
    }

    /// Reads which bricks the newest finished frame has looked into from `eye`, a place in voxels, and queues what was missing. The next
    /// frame of the graph that the uploader is attached to sees it. Allocates nothing, and waits for nobody.
    ///
    /// # Errors
    /// When the uploader cannot take it; what could not be brought is asked for again.
    pub fn update(&mut self, graph: &CompiledGraph, uses: Uses, eye: Vec3) -> Result<StreamStatistics, DeviceError> {
        let Some((frame, notes)) = graph.read(uses)?.filter(|(frame, _)| self.seen != Some(*frame)) else {
            return Ok(self.statistics);
        };
        self.seen = Some(frame);
        self.residency.follow(notes, eye);
        let (map, mut bytes) = (&*self.map, 0);
        self.residency.place(
            |brick| map.words_of(&map.bricks[brick as usize]),
            |words| {
                let more = bytes + cost(words);
                let takes = bytes == 0 || more <= self.update_bytes;
                if takes {
                    bytes = more;
                }
                takes
            },
        );
        if let Err(error) = self.send() {
            self.residency.undo_placed();
            self.torn = true;
            return Err(error);
        }
        let placed = self.residency.placed.len();
        self.statistics.brought += placed as u64;
        self.statistics.evicted += self.residency.evicted.len() as u64;
        let map = &*self.map;
        let costs = self.residency.placed.iter().map(|placed| cost(map.words_of(&map.bricks[placed.brick as usize])));
        self.statistics.uploaded += costs.sum::<u64>();
        self.statistics.resident = self.residency.resident();
        self.statistics.taken = self.residency.taken() * 4;
        self.statistics.missing = self.residency.missing - placed as u32;
        Ok(self.statistics)
    }

    /// Queues what an update has changed: first those that go, so that nothing refers to room that others get.
    fn send(&mut self) -> Result<(), DeviceError> {
        let Residency { evicted, placed, .. } = &self.residency;
        if self.torn {
            self.send_records(0..self.coarse.len() as u32)?;
            self.torn = false;
        }
        self.send_records(evicted.iter().copied())?;
        for placed in placed.chunks(TOGETHER) {
            let mut pieces = [(0, &[] as &[u8]); 2 * TOGETHER];
            for (pair, placed) in pieces.as_chunks_mut().0.iter_mut().zip(placed) {
                let brick = &self.map.bricks[placed.brick as usize];
                let (masks, looks) = self.map.contents_of(brick);
                let at = u64::from(placed.word) * 4;
                *pair = [(at, masks), (at + masks.len().next_multiple_of(4) as u64, cast_slice(looks))];
            }
            self.uploader.buffer_pieces(&self.pool, &pieces[..2 * placed.len()])?;
        }
        self.send_records(placed.iter().map(|placed| placed.brick))
    }

    /// Queues what bricks are to say by now.
    fn send_records(&self, bricks: impl Iterator<Item = u32>) -> Result<(), DeviceError> {
        let (mut records, mut numbers, mut count) = ([Brick::default(); TOGETHER], [0; TOGETHER], 0);
        let mut bricks = bricks.peekable();
        while let Some(brick) = bricks.next() {
            (records[count], numbers[count]) = (self.record(brick), brick);
            count += 1;
            if count == TOGETHER || bricks.peek().is_none() {
                let mut pieces = [(0, &[] as &[u8]); TOGETHER];
                for (piece, (record, number)) in pieces.iter_mut().zip(records.iter().zip(&numbers)) {
                    *piece = (u64::from(*number) * size_of::<Brick>() as u64, bytes_of(record));
                }
                self.uploader.buffer_pieces(&self.bricks, &pieces[..count])?;
                count = 0;
            }
        }
        Ok(())
    }

    /// What a brick says on the device: of its own voxels where they are there.
    fn record(&self, brick: u32) -> Brick {
        let own = &self.map.bricks[brick as usize];
        match self.residency.placed(brick) {
            None => self.coarse[brick as usize],
            Some(placed) => {
                let words = self.map.contents_of(own).0.len().div_ceil(4) as u32;
                own.moved(placed.word * 4, placed.word + words)
            }
        }
    }
}

impl<M: Deref<Target = BrickMap>> Source for StreamedScene<M> {
    const NAME: &'static str = "StreamedScene";
    type Wires = StreamWires;

    fn share(&self, graph: &Graph) -> StreamWires {
        let [nodes, palette, grid] = &self.fixed;
        let scene = VoxelSceneWires {
            nodes: graph.share_buffer(nodes),
            bricks: graph.share_buffer(&self.bricks),
            masks: graph.share_buffer(&self.pool),
            attributes: graph.share_buffer(&self.pool),
            palette: graph.share_buffer(palette),
            grid: graph.share_buffer(grid),
            grid_format: self.grid_format,
        };
        StreamWires { scene, bricks: self.coarse.len() as u64 }
    }
}

/// How buffers are used whose contents change.
const CHANGING: vk::BufferUsageFlags = vk::BufferUsageFlags::from_raw(
    vk::BufferUsageFlags::STORAGE_BUFFER.as_raw() | vk::BufferUsageFlags::TRANSFER_DST.as_raw(),
);

/// Bricks whose pieces go to the uploader together.
const TOGETHER: usize = 32;

/// With addresses the uploader can put small pieces in their places by a shader, where that is faster.
fn addresses(device: &Device) -> vk::BufferUsageFlags {
    match device.capabilities().has(Feature::BufferDeviceAddress) {
        true => vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS,
        false => vk::BufferUsageFlags::empty(),
    }
}

// An update's pieces, and the records of what it evicts, fit into an uploader's queue: see `UploaderOptions::writes`.
const _: () = assert!(4 * MOST < 16_384);

/// Bytes that bring a brick of this many words.
fn cost(words: u32) -> u64 {
    size_of::<Brick>() as u64 + 4 * u64::from(words)
}
