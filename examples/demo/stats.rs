//! The closing table, and the same as JSON.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use serde::Serialize;
use vixen::CompiledGraph;
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
}

#[derive(Serialize)]
struct CpuTime {
    median: f64,
    p99: f64,
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
            cpu_us: CpuTime { median: median(&mut costs.cpu_us), p99: percentile(&costs.cpu_us, 0.99) },
            gpu_ms: graph.gpu_times().map(|(node, time)| (node.to_owned(), time)).collect(),
            heap_allocations_max_per_frame: costs.heap_allocations_max,
        }
    }

    /// Prints the table.
    pub fn print(&self) {
        let per_voxel = self.voxel_bytes as f64 / self.voxels.max(1) as f64;
        let mut rows = vec![
            ("device".to_owned(), self.device.clone()),
            ("scene".to_owned(), self.scene.clone()),
            ("solid voxels".to_owned(), self.voxels.to_string()),
            ("bytes a voxel".to_owned(), format!("{per_voxel:.3}")),
            ("frames".to_owned(), self.frames.to_string()),
            ("nodes".to_owned(), self.nodes.to_string()),
            ("barrier commands".to_owned(), self.barrier_commands.to_string()),
            ("CPU µs a frame".to_owned(), format!("{:.1} (median), {:.1} (99%)", self.cpu_us.median, self.cpu_us.p99)),
            ("heap allocations".to_owned(), format!("{} in the worst frame", self.heap_allocations_max_per_frame)),
        ];
        rows.extend(self.gpu_ms.iter().map(|(node, time)| (format!("GPU ms, {node}"), format!("{time:.3}"))));
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, value) in rows {
            println!("{name:<width$}  {value}");
        }
    }

    /// Writes the JSON file.
    pub fn save(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text + "\n").map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(())
    }
}
