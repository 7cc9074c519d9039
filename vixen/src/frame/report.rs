//! What compile found and made, as data, and as pictures of the graph.

use std::collections::HashMap;
use std::fmt::Write;

use crate::graph::tables::Declared;
use crate::graph::{Requirements, SlotEffect, usage};
use crate::plan::{Condition, Input, NodeId, Plan, Step};

/// What compile found and made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Nodes that no sink needs.
    pub culled: Vec<Culled>,
    /// Wires of living nodes that nothing reads.
    pub leftover: Vec<Leftover>,
    /// The sum of what the living nodes declare.
    pub requirements: Requirements,
    /// Living nodes.
    pub nodes: usize,
    /// Barrier commands a frame, those of the plan: a node that calls `commands.barrier()` between its own commands adds its own.
    pub barrier_commands: usize,
    /// Command buffers that a frame submits.
    pub segments: usize,
    drawing: Drawing,
}

/// A node that no sink needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Culled {
    /// The node's instance.
    pub node: String,
    /// Where it was added.
    pub at: String,
}

/// A wire that nothing reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leftover {
    /// The node's instance.
    pub node: String,
    /// The slot whose output it is.
    pub slot: &'static str,
    /// Where the node was added.
    pub at: String,
}

/// Nodes, wires, barriers and segments as strings and indices.
#[derive(Clone, Debug, Default)]
struct Drawing {
    segments: Vec<DrawnSegment>,
    edges: Vec<Edge>,
    hosts: Vec<(u32, String)>,
}

#[derive(Clone, Debug)]
struct DrawnSegment {
    title: String,
    items: Vec<(Id, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Node(u32),
    Barrier(u32),
}

#[derive(Clone, Debug)]
struct Edge {
    from: u32,
    to: u32,
    label: String,
}

impl Report {
    pub(super) fn new(declared: &Declared, input: &Input, plan: &Plan, conditions: &[Option<Condition>]) -> Self {
        let nodes = || declared.nodes.iter().zip(conditions);
        let culled = nodes()
            .filter(|(_, condition)| condition.is_none())
            .map(|(node, _)| Culled { node: node.name.clone(), at: node.at.to_string() })
            .collect();
        let leftover = declared
            .wires
            .iter()
            .filter(|wire| !wire.used)
            .filter_map(|wire| {
                let (node, slot) = wire.producer?;
                conditions[node.0 as usize]?;
                let node = &declared.nodes[node.0 as usize];
                let slot = &node.declaration.slots[slot as usize];
                // A resource that is a sink itself, as a presented one, is wanted without a reader.
                let sink = wire.parts.iter().any(|part| declared.resources[part.resource.0 as usize].sink);
                (!sink).then(|| Leftover { node: node.name.clone(), slot: slot.name, at: node.at.to_string() })
            })
            .collect();
        let living = nodes().filter(|(_, condition)| condition.is_some());
        Self {
            culled,
            leftover,
            requirements: living
                .clone()
                .fold(Requirements::NONE, |sum, (node, _)| sum.plus(node.declaration.requirements)),
            nodes: living.count(),
            barrier_commands: plan.barriers.len(),
            segments: plan.segments.len(),
            drawing: Drawing::new(declared, input, plan, conditions),
        }
    }

    /// The graph in the language of Graphviz: nodes, wires, barriers, and a box for each segment.
    pub fn to_dot(&self) -> String {
        let mut out =
            String::from("digraph vixen {\n    rankdir=LR;\n    node [shape=box, fontname=\"sans-serif\"];\n");
        for (index, segment) in self.drawing.segments.iter().enumerate() {
            let _ = writeln!(out, "    subgraph cluster_{index} {{\n        label=\"{}\";", escape(&segment.title));
            for (id, label) in &segment.items {
                let shape =
                    if matches!(id, Id::Barrier(_)) { ", shape=cds, style=filled, fillcolor=lightgrey" } else { "" };
                let _ = writeln!(out, "        {} [label=\"{}\"{shape}];", id.name(), escape(label));
            }
            let chain: Vec<String> = segment.items.iter().map(|(id, _)| id.name()).collect();
            if chain.len() > 1 {
                let _ = writeln!(out, "        {} [style=invis];", chain.join(" -> "));
            }
            out.push_str("    }\n");
        }
        for (host, label) in &self.drawing.hosts {
            let _ = writeln!(out, "    n{host} [label=\"{}\", style=dashed];", escape(label));
        }
        for edge in &self.drawing.edges {
            let _ = writeln!(out, "    n{} -> n{} [label=\"{}\"];", edge.from, edge.to, escape(&edge.label));
        }
        out.push_str("}\n");
        out
    }

    /// The graph as a Mermaid flow chart.
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (index, segment) in self.drawing.segments.iter().enumerate() {
            let _ = writeln!(out, "    subgraph s{index}[\"{}\"]", escape(&segment.title));
            for (id, label) in &segment.items {
                let label = escape(label);
                let _ = match id {
                    Id::Node(_) => writeln!(out, "        {}[\"{label}\"]", id.name()),
                    Id::Barrier(_) => writeln!(out, "        {}{{{{\"{label}\"}}}}", id.name()),
                };
            }
            out.push_str("    end\n");
        }
        for (host, label) in &self.drawing.hosts {
            let _ = writeln!(out, "    n{host}([\"{}\"])", escape(label));
        }
        for edge in &self.drawing.edges {
            let _ = writeln!(out, "    n{} -->|\"{}\"| n{}", edge.from, escape(&edge.label), edge.to);
        }
        out
    }
}

impl Drawing {
    fn new(declared: &Declared, input: &Input, plan: &Plan, conditions: &[Option<Condition>]) -> Self {
        let name = |node: NodeId| declared.nodes[node.0 as usize].name.clone();
        let segments = plan
            .segments
            .iter()
            .enumerate()
            .map(|(index, segment)| {
                let kind = if segment.dynamic { "recorded in every frame" } else { "recorded once" };
                let steps = &plan.steps[segment.steps.start as usize..segment.steps.end as usize];
                let items = steps.iter().map(|step| match *step {
                    Step::Node(node) => (Id::Node(node.0), name(node)),
                    Step::Barrier(barrier) => {
                        let range = &plan.barriers[barrier as usize];
                        (Id::Barrier(barrier), format!("barrier of {}", range.end - range.start))
                    }
                });
                DrawnSegment { title: format!("segment {index}, {kind}"), items: items.collect() }
            })
            .collect();

        let mut edges = Vec::new();
        let mut writers: HashMap<crate::plan::ResourceId, u32> = HashMap::new();
        for (index, node) in (0u32..).zip(&input.nodes) {
            if conditions[index as usize].is_none() {
                continue;
            }
            let declaration = declared.nodes[index as usize].declaration;
            let accesses = &input.accesses[node.accesses.start as usize..node.accesses.end as usize];
            for access in accesses {
                let slot = &declaration.slots[access.slot as usize];
                if matches!(slot.effect, SlotEffect::Read | SlotEffect::ReadWrite)
                    && let Some(&from) = writers.get(&access.resource)
                {
                    edges.push(Edge { from, to: index, label: slot.name.to_owned() });
                }
            }
            for access in accesses.iter().filter(|access| access.effect.writes()) {
                writers.insert(access.resource, index);
            }
        }
        let hosts = (0u32..)
            .zip(&declared.nodes)
            .filter(|(index, node)| conditions[*index as usize].is_some() && usage::on_host(node.declaration))
            .map(|(index, node)| (index, node.name.clone()))
            .collect();
        Self { segments, edges, hosts }
    }
}

impl Id {
    fn name(self) -> String {
        match self {
            Self::Node(node) => format!("n{node}"),
            Self::Barrier(barrier) => format!("b{barrier}"),
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "'")
}
