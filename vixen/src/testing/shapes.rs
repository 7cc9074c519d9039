//! Graphs of a known shape: chains, layers, and every directed acyclic graph up to a size.

use ash::vk::{AccessFlags2, ImageLayout, PipelineStageFlags2};

use super::random::Random;
use crate::plan::{Access, Condition, Effect, Input, NodeItem, Region, Residency, ResourceId, ResourceItem, Use};

/// An input with `resources` transient buffers and no node.
fn buffers(resources: u32) -> Input {
    let item = ResourceItem {
        image: false,
        residency: Residency::Transient,
        entry: None,
        exit: None,
        sink: false,
        device: Default::default(),
    };
    Input { resources: vec![item; resources as usize], ..Input::default() }
}

/// Adds a compute node that touches whole buffers.
fn add(input: &mut Input, accesses: impl IntoIterator<Item = (u32, Effect)>) {
    let first = input.accesses.len() as u32;
    for (slot, (resource, effect)) in (0..).zip(accesses) {
        let access = match effect {
            Effect::Read => AccessFlags2::SHADER_STORAGE_READ,
            Effect::Write => AccessFlags2::SHADER_STORAGE_WRITE,
            Effect::ReadWrite => AccessFlags2::SHADER_STORAGE_READ | AccessFlags2::SHADER_STORAGE_WRITE,
        };
        input.accesses.push(Access {
            resource: ResourceId(resource),
            age: 0,
            region: Region::WHOLE,
            effect,
            usage: Use { stages: PipelineStageFlags2::COMPUTE_SHADER, access, layout: ImageLayout::UNDEFINED },
            condition: Condition::ALWAYS,
            slot,
        });
    }
    input.nodes.push(NodeItem {
        accesses: first..input.accesses.len() as u32,
        device: Default::default(),
        queue: Default::default(),
        rate: Default::default(),
        dynamic: false,
        sink: false,
    });
}

/// Makes sinks of the nodes whose results no later node takes, as in a real graph: the others live because of these.
fn end_in_sinks(mut input: Input) -> Input {
    let mut taken = vec![false; input.resources.len()];
    for node in input.nodes.iter_mut().rev() {
        let accesses = &input.accesses[node.accesses.start as usize..node.accesses.end as usize];
        node.sink = !accesses.iter().any(|access| access.effect.writes() && taken[access.resource.0 as usize]);
        accesses.iter().for_each(|access| taken[access.resource.0 as usize] |= access.effect != Effect::Write);
    }
    input
}

/// Each node reads what the one before it wrote.
pub fn chain(nodes: u32) -> Input {
    let mut input = buffers(nodes);
    for node in 0..nodes {
        let read = node.checked_sub(1).map(|before| (before, Effect::Read));
        add(&mut input, read.into_iter().chain([(node, Effect::Write)]));
    }
    end_in_sinks(input)
}

/// Layers of `width` nodes; node `i` of a layer updates in place buffer `i`, which outlives the frame.
///
/// `layers` barrier commands are the fewest: one between each two layers, and one at the frame boundary because the last
/// layer writes what the first layer of the next frame writes.
pub fn layers_in_place(width: u32, layers: u32) -> Input {
    let mut input = buffers(width);
    input.resources.iter_mut().for_each(|resource| resource.residency = Residency::Persistent);
    for _ in 0..layers {
        (0..width).for_each(|buffer| add(&mut input, [(buffer, Effect::ReadWrite)]));
    }
    end_in_sinks(input)
}

/// Layers of `width` nodes; every node writes its own transient and reads two of those that the layer before wrote.
///
/// `layers - 1` barrier commands are the fewest: what the last layer touches, the first layer of the next frame does not, so
/// those two may run side by side.
pub fn layers_of_transients(width: u32, layers: u32) -> Input {
    let mut input = buffers(width * layers);
    for node in 0..width * layers {
        let (layer, index) = (node / width, node % width);
        let reads = [index, (index + 1) % width]
            .map(|index| (layer.wrapping_sub(1).wrapping_mul(width).wrapping_add(index), Effect::Read));
        let reads = if layer == 0 || width == 1 { &reads[..usize::from(layer > 0)] } else { &reads[..] };
        add(&mut input, reads.iter().copied().chain([(node, Effect::Write)]));
    }
    end_in_sinks(input)
}

/// Each node writes its own transient and reads up to three random earlier ones.
pub fn random_reads(nodes: u32, seed: u64) -> Input {
    let mut random = Random::new(seed);
    let mut input = buffers(nodes);
    for node in 0..nodes {
        let mut reads: Vec<u32> = (0..random.below(4).min(node)).map(|_| random.below(node)).collect();
        reads.sort_unstable();
        reads.dedup();
        add(&mut input, reads.into_iter().map(|read| (read, Effect::Read)).chain([(node, Effect::Write)]));
    }
    end_in_sinks(input)
}

/// How the edges of a directed acyclic graph become resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// One buffer for each node, read by all its successors.
    PerProducer,
    /// One buffer for each edge.
    PerEdge,
}

/// Every directed acyclic graph of exactly `nodes` (at most 6) nodes, once for each way to name its nodes, as its edges.
pub fn unlabelled_dags(nodes: u32) -> Vec<Vec<(u32, u32)>> {
    let pairs: Vec<(u32, u32)> = (0..nodes).flat_map(|to| (0..to).map(move |from| (from, to))).collect();
    let permutations = permutations(nodes);
    let mut seen = vec![false; 1 << pairs.len()];
    let mut graphs = Vec::new();
    for graph in 0..1_usize << pairs.len() {
        if seen[graph] {
            continue;
        }
        let edges: Vec<_> = (0..pairs.len()).filter(|bit| graph >> bit & 1 == 1).map(|bit| pairs[bit]).collect();
        // Every other name that keeps the edges pointing from lower to higher numbers is the same graph.
        for names in &permutations {
            let renamed = edges.iter().map(|&(from, to)| (names[from as usize], names[to as usize]));
            let bits = renamed.map(|(from, to)| if from < to { Some(1 << (to * (to - 1) / 2 + from)) } else { None });
            if let Some(same) = bits.sum::<Option<usize>>() {
                seen[same] = true;
            }
        }
        graphs.push(edges);
    }
    graphs
}

fn permutations(count: u32) -> Vec<Vec<u32>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let insert = |shorter: Vec<u32>| {
        (0..count as usize).map(move |at| {
            let mut longer = shorter.clone();
            longer.insert(at, count - 1);
            longer
        })
    };
    permutations(count - 1).into_iter().flat_map(insert).collect()
}

/// The input of a directed acyclic graph.
pub fn of_dag(nodes: u32, edges: &[(u32, u32)], wiring: Wiring) -> Input {
    let count = if wiring == Wiring::PerProducer { nodes } else { edges.len() as u32 };
    let mut input = buffers(count);
    for node in 0..nodes {
        let reads = (0..).zip(edges).filter(|(_, edge)| edge.1 == node);
        let writes = (0..).zip(edges).filter(|(_, edge)| edge.0 == node);
        let accesses: Vec<_> = match wiring {
            Wiring::PerProducer => {
                reads.map(|(_, edge)| (edge.0, Effect::Read)).chain([(node, Effect::Write)]).collect()
            }
            Wiring::PerEdge => {
                let writes = writes.map(|(index, _)| (index, Effect::Write));
                reads.map(|(index, _)| (index, Effect::Read)).chain(writes).collect()
            }
        };
        add(&mut input, accesses);
    }
    end_in_sinks(input)
}
