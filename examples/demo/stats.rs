//! The closing table, and the same as JSON.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use serde::Serialize;
use vixen::CompiledGraph;
use vixen_examples::say;
use vixen_examples::statistics::{median, percentile};
use vixen_nodes::voxel::Scene;

use crate::picture::Costs;

/// What a run of the demo measured.
#[derive(Serialize)]
pub struct Stats {
    device: String,
    scene: String,
    frames: u64,
    nodes: usize,
    barrier_commands: usize,
    voxels: u64,
    voxel_bytes: u64,
    cpu_us: CpuTime,
    gpu_ms: BTreeMap<String, f64>,
    heap_allocations_max_per_frame: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<Streaming>,
}

/// What streaming did.
#[derive(Serialize)]
struct Streaming {
    bricks: u32,
    room_bytes: u64,
    taken_bytes: u64,
    resident: u32,
    missing: u32,
    brought: u64,
    evicted: u64,
    uploaded_bytes: u64,
    update_us: CpuTime,
}

#[derive(Serialize)]
struct CpuTime {
    median: f64,
    p99: f64,
}

impl Streaming {
    /// Its part of the table.
    fn rows(&self, voxel_bytes: u64) -> [(String, String); 5] {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let memory = [voxel_bytes, self.room_bytes, self.taken_bytes].map(mib);
        let Self { bricks, resident, missing, brought, evicted, .. } = self;
        let row = |name: &str, value| (name.to_owned(), value);
        [
            row("bricks", format!("{resident} of {bricks} on the device, {missing} missing")),
            row("bricks that came", format!("{brought}, and {evicted} went")),
            row("MiB of voxels", format!("{:.1}, room for bricks {:.1}, {:.1} taken", memory[0], memory[1], memory[2])),
            row("MiB uploaded", format!("{:.1}", mib(self.uploaded_bytes))),
            row("CPU µs an update", self.update_us.to_string()),
        ]
    }
}

impl CpuTime {
    fn of(times: &mut [f64]) -> Self {
        Self { median: median(times), p99: percentile(times, 0.99) }
    }
}

impl fmt::Display for CpuTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} (median), {:.1} (99%)", self.median, self.p99)
    }
}

impl Stats {
    /// Gathers what the graph and the scene say. The graph's frames have finished.
    pub fn new(graph: &CompiledGraph, scene: &Scene, voxel_bytes: u64, costs: &mut Costs) -> Self {
        Self {
            device: graph.device().info().name.clone(),
            scene: scene.name.clone(),
            frames: graph.frames(),
            nodes: graph.report().nodes,
            barrier_commands: graph.report().barrier_commands,
            voxels: scene.map.solid_voxels,
            voxel_bytes,
            cpu_us: CpuTime::of(&mut costs.cpu_us),
            gpu_ms: graph.gpu_times().map(|(node, time)| (node.to_owned(), time)).collect(),
            heap_allocations_max_per_frame: costs.heap_allocations_max,
            stream: costs.streamed.map(|streamed| Streaming {
                bricks: streamed.bricks,
                room_bytes: streamed.room,
                taken_bytes: streamed.taken,
                resident: streamed.resident,
                missing: streamed.missing,
                brought: streamed.brought,
                evicted: streamed.evicted,
                uploaded_bytes: streamed.uploaded,
                update_us: CpuTime::of(&mut costs.update_us),
            }),
        }
    }

    /// Prints the table.
    pub fn print(&self) -> io::Result<()> {
        let per_voxel = self.voxel_bytes as f64 / self.voxels.max(1) as f64;
        let mut rows = vec![
            ("device".to_owned(), self.device.clone()),
            ("scene".to_owned(), self.scene.clone()),
            ("solid voxels".to_owned(), self.voxels.to_string()),
            ("bytes a voxel".to_owned(), format!("{per_voxel:.3}")),
            ("frames".to_owned(), self.frames.to_string()),
            ("nodes".to_owned(), self.nodes.to_string()),
            ("barrier commands".to_owned(), self.barrier_commands.to_string()),
            ("CPU µs a frame".to_owned(), self.cpu_us.to_string()),
            ("heap allocations".to_owned(), format!("{} in the worst frame", self.heap_allocations_max_per_frame)),
        ];
        rows.extend(self.gpu_ms.iter().map(|(node, time)| (format!("GPU ms, {node}"), format!("{time:.3}"))));
        rows.extend(self.stream.iter().flat_map(|stream| stream.rows(self.voxel_bytes)));
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, value) in rows {
            say(format_args!("{name:<width$}  {value}"))?;
        }
        Ok(())
    }

    /// Writes the JSON file.
    pub fn save(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text + "\n").map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(())
    }
}
