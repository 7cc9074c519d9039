//! From a source to a [`BrickMap`]: parallel over subtrees, without ever holding more than the result.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use glam::UVec3;

use super::brick_map::{BrickMap, cell_edge, levels_for};
use super::error::SceneError;
use super::layout::{BRICK_VOXELS, Brick, LOOKS_STORED, MAX_EDGE, Material, Node, SOLID, unmorton3};
use super::looks::{self, Looks, Materials};
use super::packed::BrickMask;
use super::source::{BrickVoxels, Content, Cube, MaterialIndex, SolidVoxels, VoxelSource};
use super::{memory, parallel};

/// How far a long job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, as a present participle: "building bricks".
    pub stage: &'static str,
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 if that is not known.
    pub total: u64,
}

/// The subtrees that threads build have roots of this level, 128³ voxels, or in a small scene of the level below its own root.
const TASK_LEVEL: u32 = 2;

/// Builds the brick map of a source. `name` is for messages; `progress` is called on this thread.
pub fn build(
    name: &str,
    source: &dyn VoxelSource,
    palette: &[Material; 256],
    progress: &dyn Fn(Progress),
) -> Result<BrickMap, SceneError> {
    let size = source.size();
    if size.max_element() > MAX_EDGE {
        return Err(SceneError::TooLarge { size: size.to_array().map(u64::from) });
    }
    let levels = levels_for(size);
    let mut tasks = Vec::new();
    let task_level = TASK_LEVEL.min(levels - 1).max(1);
    let plan = plan(source, levels, UVec3::ZERO, task_level, &mut tasks);

    let (mut parts, roots) = run(name, source, &tasks, progress)?;
    let root = parts.close(&plan, levels, &roots);

    parts.nodes[0] = match root {
        Built::Node(node) => node,
        Built::Solid(material) => solid_node(material),
        Built::Empty => return Err(SceneError::NothingSolid { name: name.to_owned() }),
    };
    // Buffers of no bytes cannot be bound, so every one has an element.
    parts.bricks.is_empty().then(|| parts.bricks.push(Brick::default()));
    parts.masks.resize(parts.masks.len().max(1).next_multiple_of(4), 0);
    parts.attributes.is_empty().then(|| parts.attributes.push(0));
    let Parts { nodes, bricks, masks, attributes, solid_voxels, .. } = parts;
    Ok(BrickMap { size, levels, nodes, bricks, masks, attributes, palette: palette.to_vec(), solid_voxels })
}

/// A subtree's root, before it has a place in its parent.
enum Built {
    Empty,
    Solid(MaterialIndex),
    Node(Node),
}

/// The top of the tree, down to the tasks.
enum Plan {
    Empty,
    Solid(MaterialIndex),
    Task(usize),
    Cells(Vec<(u32, Plan)>),
}

/// Asks the source about the upper levels and leaves the rest as tasks: pairs of level and origin.
fn plan(source: &dyn VoxelSource, level: u32, origin: UVec3, task_level: u32, tasks: &mut Vec<(u32, UVec3)>) -> Plan {
    if level == task_level {
        tasks.push((level, origin));
        return Plan::Task(tasks.len() - 1);
    }
    let mut cells = Vec::new();
    for (number, cube, content) in cells_of(source, level, origin) {
        let cell = match content {
            Content::Empty => continue,
            Content::Solid(material) => Plan::Solid(material),
            Content::Mixed => plan(source, level - 1, cube.origin, task_level, tasks),
        };
        cells.push((number, cell));
    }
    if cells.is_empty() { Plan::Empty } else { Plan::Cells(cells) }
}

/// The cells of a node that hold something, with their numbers and what they hold.
fn cells_of(source: &dyn VoxelSource, level: u32, origin: UVec3) -> impl Iterator<Item = (u32, Cube, Content)> {
    let (edge, size) = (cell_edge(level), source.size());
    let cells = source.cells(Cube { origin, edge: 4 * edge });
    (0..64).zip(cells).filter(|(_, content)| *content != Content::Empty).filter_map(move |(number, content)| {
        let cube = Cube { origin: origin + UVec3::from_array(unmorton3(number)) * edge, edge };
        cube.origin.cmplt(size).all().then_some((number, cube, content))
    })
}

/// Builds all tasks on all cores. Puts their forests one after another, behind a place for the root, and gives their roots as they are from
/// there.
fn run(
    name: &str,
    source: &dyn VoxelSource,
    tasks: &[(u32, UVec3)],
    progress: &dyn Fn(Progress),
) -> Result<(Parts, Vec<Built>), SceneError> {
    let mut all = Parts { nodes: vec![Node::default()], node_levels: vec![0], ..Parts::default() };
    let mut roots = Vec::with_capacity(tasks.len());
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let threads = parallel::threads().min(tasks.len());
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                let mut voxels = BrickVoxels::default();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&(level, origin)) = tasks.get(index) else { break };
                    let mut parts = Parts::default();
                    let root = parts.node(source, level, origin, &mut voxels);
                    if sender.send((index, root, parts)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        // While others are built, those that are next in order go to their place, and the memory that they leave is used for more.
        let mut early: Vec<Option<(Built, Parts)>> = tasks.iter().map(|_| None).collect();
        for (done, (index, root, part)) in receiver.into_iter().enumerate() {
            early[index] = Some((root, part));
            while let Some((root, part)) = early.get_mut(roots.len()).and_then(Option::take) {
                all.make_room(&part, [roots.len() + 1, tasks.len()]);
                roots.push(all.append(name, tasks[roots.len()].0, root, part)?);
            }
            progress(Progress { stage: "building bricks", done: done as u64 + 1, total: tasks.len() as u64 });
        }
        Ok((all, roots))
    })
}

/// A forest under construction. Indices count from the start of these vectors.
#[derive(Default)]
pub(super) struct Parts {
    nodes: Vec<Node>,
    /// The level of each node: whether its children are bricks.
    node_levels: Vec<u8>,
    bricks: Vec<Brick>,
    pub(super) masks: Vec<u8>,
    pub(super) attributes: Vec<u32>,
    pub(super) solid_voxels: u64,
}

impl Parts {
    /// Forgets the bricks that were stored.
    pub(super) fn clear(&mut self) {
        self.masks.clear();
        self.attributes.clear();
        self.solid_voxels = 0;
    }

    /// Builds a node and all below it.
    fn node(&mut self, source: &dyn VoxelSource, level: u32, origin: UVec3, voxels: &mut BrickVoxels) -> Built {
        if level == 1 {
            return self.node_of_bricks(source, origin, voxels);
        }
        let mut children = Children::default();
        for (number, cube, content) in cells_of(source, level, origin) {
            match content {
                Content::Empty => {}
                Content::Solid(material) => self.solid_cell(&mut children, number, material, cube),
                Content::Mixed => match self.node(source, level - 1, cube.origin, voxels) {
                    Built::Empty => {}
                    Built::Solid(material) => {
                        children.push(number, solid_node(material), Some(material), u32::from(material))
                    }
                    Built::Node(node) => children.push(number, node, None, node.material),
                },
            }
        }
        self.close_node(children, level)
    }

    /// Builds a node of level 1.
    fn node_of_bricks(&mut self, source: &dyn VoxelSource, origin: UVec3, voxels: &mut BrickVoxels) -> Built {
        let mut children = Children::default();
        for (number, cube, content) in cells_of(source, 1, origin) {
            match content {
                Content::Empty => {}
                Content::Solid(material) => {
                    debug_assert!(cube.is_inside(source.size()), "a cube that leaves the scene cannot be solid");
                    self.solid_voxels += BRICK_VOXELS as u64;
                    children.push(number, solid_brick(material), Some(material), u32::from(material));
                }
                Content::Mixed => {
                    voxels.clear();
                    source.fill(cube.origin, voxels);
                    if let Some((brick, solid, material)) = self.brick(voxels) {
                        children.push(number, brick, solid, material);
                    }
                }
            }
        }
        match children.all_solid() {
            Some(material) => Built::Solid(material),
            None if children.records.is_empty() => Built::Empty,
            None => {
                let node =
                    Node { mask: children.mask, first: self.bricks.len() as u32, material: children.most_common() };
                self.bricks.extend(children.records);
                Built::Node(node)
            }
        }
    }

    /// Stores a brick, unless it is empty. Also gives its material where it is solid and of one, and the material to stand for it.
    fn brick(&mut self, voxels: &BrickVoxels) -> Option<(Brick, Option<MaterialIndex>, u32)> {
        let mut solid = SolidVoxels::default();
        voxels.solid(&mut solid);
        let materials = Materials { local: None, by_rank: solid.materials() };
        let normals = voxels.has_normals().then(|| solid.normals());
        let brick = self.store_brick(voxels.mask(), materials, normals)?;
        let material = match Looks::of(&brick, &self.attributes).one_material() {
            Some(material) => material.into(),
            None => most_common(solid.materials().iter().map(|&material| u32::from(material))),
        };
        Some((brick, brick.is_whole().then_some(material as MaterialIndex), material))
    }

    /// The same for voxels whose looks have been put in order.
    pub(super) fn store_brick(
        &mut self,
        mask: &BrickMask,
        materials: Materials<'_>,
        normals: Option<&[u16]>,
    ) -> Option<Brick> {
        let count = materials.by_rank.len();
        self.solid_voxels += count as u64;
        let (mask, first) = match count {
            0 => return None,
            BRICK_VOXELS => ([u32::MAX; 2], SOLID),
            _ => {
                let place = self.masks.len() as u32;
                (mask.pack(&mut self.masks), place)
            }
        };
        Some(Brick { mask, first, looks: looks::store(&mut self.attributes, materials, normals) })
    }

    /// Adds a cell that the source calls solid.
    fn solid_cell(&mut self, children: &mut Children<Node>, number: u32, material: MaterialIndex, cube: Cube) {
        self.solid_voxels += u64::from(cube.edge).pow(3);
        children.push(number, solid_node(material), Some(material), u32::from(material));
    }

    /// Stores the children of a node above level 1 and gives the node.
    fn close_node(&mut self, children: Children<Node>, level: u32) -> Built {
        match children.all_solid() {
            Some(material) => Built::Solid(material),
            None if children.records.is_empty() => Built::Empty,
            None => {
                let node =
                    Node { mask: children.mask, first: self.nodes.len() as u32, material: children.most_common() };
                self.node_levels.extend(children.records.iter().map(|_| level as u8 - 1));
                self.nodes.extend(children.records);
                Built::Node(node)
            }
        }
    }

    /// Builds what stands above the tasks' `roots`, whose parts were appended.
    fn close(&mut self, plan: &Plan, level: u32, roots: &[Built]) -> Built {
        match plan {
            Plan::Empty => Built::Empty,
            Plan::Solid(material) => Built::Solid(*material),
            Plan::Task(index) => match roots[*index] {
                Built::Empty => Built::Empty,
                Built::Solid(material) => Built::Solid(material),
                Built::Node(node) => Built::Node(node),
            },
            Plan::Cells(cells) => {
                let mut children = Children::default();
                for (number, cell) in cells {
                    if let Plan::Solid(_) = cell {
                        self.solid_voxels += u64::from(cell_edge(level)).pow(3);
                    }
                    match self.close(cell, level - 1, roots) {
                        Built::Empty => {}
                        Built::Solid(material) => {
                            children.push(*number, solid_node(material), Some(material), u32::from(material))
                        }
                        Built::Node(node) => children.push(*number, node, None, node.material),
                    }
                }
                self.close_node(children, level)
            }
        }
    }

    /// Makes room for a task's forest, and for those of other tasks: steps as those of [`memory::make_room`].
    fn make_room(&mut self, part: &Self, steps: [usize; 2]) {
        memory::make_room(&mut self.nodes, part.nodes.len(), steps);
        memory::make_room(&mut self.node_levels, part.node_levels.len(), steps);
        memory::make_room(&mut self.bricks, part.bricks.len(), steps);
        memory::make_room(&mut self.masks, part.masks.len(), steps);
        memory::make_room(&mut self.attributes, part.attributes.len(), steps);
    }

    /// Moves a task's forest here and gives its root as it is from here.
    fn append(&mut self, name: &str, level: u32, root: Built, part: Self) -> Result<Built, SceneError> {
        let too_much = |what| SceneError::TooMuchMemory { name: name.to_owned(), what };
        if self.nodes.len() + part.nodes.len() >= SOLID as usize
            || self.bricks.len() + part.bricks.len() >= SOLID as usize
        {
            return Err(too_much("nodes"));
        }
        // With room for the bytes that fill the last word.
        if self.masks.len() + part.masks.len() >= SOLID as usize - 3 {
            return Err(too_much("masks"));
        }
        if self.attributes.len() + part.attributes.len() >= LOOKS_STORED as usize {
            return Err(too_much("materials"));
        }
        let (nodes, bricks) = (self.nodes.len() as u32, self.bricks.len() as u32);
        let (masks, attributes) = (self.masks.len() as u32, self.attributes.len() as u32);
        let moved = |mut node: Node, level: u8| {
            if node.first != SOLID {
                node.first += if level == 1 { bricks } else { nodes };
            }
            node
        };
        self.nodes.extend(part.nodes.iter().zip(&part.node_levels).map(|(node, level)| moved(*node, *level)));
        self.bricks.extend(part.bricks.iter().map(|brick| Brick {
            mask: brick.mask,
            first: if brick.first == SOLID { SOLID } else { brick.first + masks },
            looks: if brick.looks & LOOKS_STORED == 0 { brick.looks } else { brick.looks + attributes },
        }));
        self.node_levels.extend(part.node_levels);
        self.masks.extend(part.masks);
        self.attributes.extend(part.attributes);
        self.solid_voxels += part.solid_voxels;
        Ok(match root {
            Built::Node(node) => Built::Node(moved(node, level as u8)),
            other => other,
        })
    }
}

/// The children of a node, gathered in order of their cells.
pub(super) struct Children<T> {
    pub(super) mask: [u32; 2],
    pub(super) records: Vec<T>,
    /// The material that stands for each.
    materials: Vec<u32>,
    /// The material of those that are solid all through, while they are all of one.
    solid: Option<MaterialIndex>,
    solid_count: u32,
}

impl<T> Default for Children<T> {
    fn default() -> Self {
        Self {
            mask: [0; 2],
            records: Vec::with_capacity(64),
            materials: Vec::with_capacity(64),
            solid: None,
            solid_count: 0,
        }
    }
}

impl<T> Children<T> {
    pub(super) fn push(&mut self, number: u32, record: T, solid: Option<MaterialIndex>, material: u32) {
        self.mask[number as usize / 32] |= 1 << (number % 32);
        if solid.is_some() && (self.records.is_empty() || solid == self.solid) {
            self.solid = solid;
            self.solid_count += 1;
        }
        self.records.push(record);
        self.materials.push(material);
    }

    /// The material, if all cells are solid and of one.
    pub(super) fn all_solid(&self) -> Option<MaterialIndex> {
        self.solid.filter(|_| self.solid_count == 64)
    }

    pub(super) fn most_common(&self) -> u32 {
        most_common(self.materials.iter().copied())
    }
}

/// The value that more than half are, if there is one; else one of those there are (Boyer and Moore's vote).
fn most_common(values: impl Iterator<Item = u32>) -> u32 {
    let (mut winner, mut lead) = (0, 0u32);
    for value in values {
        match (value == winner, lead) {
            (true, _) => lead += 1,
            (false, 0) => (winner, lead) = (value, 1),
            (false, _) => lead -= 1,
        }
    }
    winner
}

pub(super) fn solid_node(material: MaterialIndex) -> Node {
    Node { mask: [u32::MAX; 2], first: SOLID, material: material.into() }
}

pub(super) fn solid_brick(material: MaterialIndex) -> Brick {
    Brick { mask: [u32::MAX; 2], first: SOLID, looks: material.into() }
}
