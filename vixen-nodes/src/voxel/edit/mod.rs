//! Editing: a brick map that changes where an edit reaches, and says which elements of its vectors changed.
//!
//! ```
//! use glam::{DVec3, UVec3};
//! use vixen_nodes::voxel::{Edit, Editor, Scene, Shape};
//!
//! let scene = Scene::from_fn("ground", UVec3::splat(64), |at| (at.y < 20).then_some(1))?;
//! let mut editor = Editor::new(scene.map);
//! let changes = editor.edit(Shape::Sphere { center: DVec3::new(32.0, 20.0, 32.0), radius: 9.0 }, Edit::Clear)?;
//! assert!(changes.bytes() > 0 && editor.map().get(glam::IVec3::new(32, 19, 32)).is_none());
//! # Ok::<(), vixen_nodes::voxel::SceneError>(())
//! ```

mod brick;
mod pool;
mod shape;

use std::ops::Range;

use glam::UVec3;

use self::brick::ByRank;
use self::pool::Pool;
use self::shape::Reach;
use super::brick_map::{BrickMap, cell_edge};
use super::build::{Children, Parts, solid_brick, solid_node};
use super::error::SceneError;
use super::layout::{BRICK_EDGE, BRICK_VOXELS, Brick, LOOKS_STORED, Node, SOLID, unmorton3};
use super::looks;
use super::source::{Cube, MaterialIndex};

pub use self::shape::Shape;

/// What to do with voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Make them solid, of this material and without normals of their own.
    Set(MaterialIndex),
    /// Make them empty.
    Clear,
}

/// Which elements of a brick map's vectors an edit changed: ranges that are disjoint and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Of the nodes.
    pub nodes: Vec<Range<u32>>,
    /// Of the bricks.
    pub bricks: Vec<Range<u32>>,
    /// Of the words of masks.
    pub masks: Vec<Range<u32>>,
    /// Of the attributes.
    pub attributes: Vec<Range<u32>>,
    /// The voxels among which all that changed are: from the first corner on and before the second.
    pub bounds: [UVec3; 2],
    /// Whether some of those may be solid now that were not.
    pub fills: bool,
    /// How many bricks were covered in part, and so looked into.
    pub bricks_opened: u32,
}

impl Changes {
    /// Whether the scene is as it was.
    pub fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// Bytes to upload.
    pub fn bytes(&self) -> u64 {
        bytes_of::<Node>(&self.nodes)
            + bytes_of::<Brick>(&self.bricks)
            + bytes_of::<[u8; 4]>(&self.masks)
            + bytes_of::<u32>(&self.attributes)
    }
}

fn bytes_of<T>(ranges: &[Range<u32>]) -> u64 {
    ranges.iter().map(|range| range.len() as u64).sum::<u64>() * size_of::<T>() as u64
}

/// Bytes between two changes that are uploaded with them.
const GAP: usize = 128;
/// Words that the looks of a brick take at most: 8-bit materials and normals.
const LOOKS_WORDS: u64 = 1 + 128 + 256;

/// A brick map and the room in it. Edits cost what they reach and not what the scene holds.
#[derive(Clone, Debug)]
pub struct Editor {
    map: BrickMap,
    nodes: Pool,
    bricks: Pool,
    masks: Pool,
    attributes: Pool,
}

impl Editor {
    /// Takes a map that was built, opened or [validated](BrickMap::validate).
    pub fn new(map: BrickMap) -> Self {
        let pool = Pool::default;
        Self { map, nodes: pool(), bricks: pool(), masks: pool(), attributes: pool() }
    }

    /// The map as it is.
    pub fn map(&self) -> &BrickMap {
        &self.map
    }

    /// The map, to be edited no more.
    pub fn into_map(self) -> BrickMap {
        self.map
    }

    /// Edits the voxels of a shape.
    ///
    /// # Errors
    /// When the scene might grow beyond what its buffers can address; nothing has changed then.
    pub fn edit(&mut self, shape: Shape, edit: Edit) -> Result<Changes, SceneError> {
        let bounds = shape.bounds(self.map.size);
        if bounds[0].cmpge(bounds[1]).any() {
            return Ok(Changes::default());
        }
        self.check_room(shape, bounds)?;
        let (looks, parts) = (&mut Default::default(), &mut Parts::default());
        let (levels, root) = (self.map.levels, self.map.nodes[0]);
        let mut pass = Pass { editor: self, shape, bounds, edit, looks, parts, bricks_opened: 0 };
        // A root without children is a scene without voxels.
        let new = pass.cell((root.mask != [0; 2]).then_some(root), levels + 1, UVec3::ZERO).unwrap_or_default();
        let bricks_opened = pass.bricks_opened;
        self.nodes.overwrite(&mut self.map.nodes, 0, &[new]);
        let (end, words) = (self.map.masks.len(), self.map.masks.len().next_multiple_of(4));
        self.map.masks.resize(words, 0);
        self.masks.release(end as u32, words - end);
        let in_words = |masks: Range<u32>| masks.start / 4..masks.end.div_ceil(4);
        Ok(Changes {
            nodes: self.nodes.changes((GAP / size_of::<Node>()) as u32),
            bricks: self.bricks.changes((GAP / size_of::<Brick>()) as u32),
            masks: self.masks.changes(GAP as u32).into_iter().map(in_words).collect(),
            attributes: self.attributes.changes((GAP / size_of::<u32>()) as u32),
            bounds,
            fills: edit != Edit::Clear,
            bricks_opened,
        })
    }

    /// Whether there is room even if every brick that is opened, and every node above one, is stored anew at the end.
    fn check_room(&self, shape: Shape, [low, high]: [UVec3; 2]) -> Result<(), SceneError> {
        let beyond = |len: usize, more: u64, limit: u64| len as u64 + more >= limit;
        let lacks = |opened: u64| {
            if beyond(self.map.attributes.len(), opened * LOOKS_WORDS, LOOKS_STORED.into()) {
                Some("materials")
            } else if beyond(self.map.masks.len(), opened * Brick::MOST_OCTETS, SOLID.into()) {
                Some("masks")
            } else if beyond(self.map.nodes.len().max(self.map.bricks.len()), opened * 64 * 5, SOLID.into()) {
                Some("nodes")
            } else {
                None
            }
        };
        // All that the bounds touch are more than the shape covers in part, and need no counting.
        let touched = (high - 1) / BRICK_EDGE - low / BRICK_EDGE + 1;
        if lacks(touched.element_product().into()).is_none() {
            return Ok(());
        }
        let mut opened = 0;
        count_opened(shape, self.map.size, self.map.levels, UVec3::ZERO, &mut opened);
        let name = || "the edited scene".to_owned();
        lacks(opened).map_or(Ok(()), |what| Err(SceneError::TooMuchMemory { name: name(), what }))
    }

    /// Gives back the room of a brick and returns how many solid voxels it had.
    fn release_brick(&mut self, brick: Brick) -> u64 {
        let voxels = if brick.first == SOLID {
            BRICK_VOXELS
        } else {
            self.masks.release(brick.first, brick.octet_count());
            brick.look_up(&self.map.masks, BRICK_VOXELS as u32).1 as usize
        };
        if let Some((place, words)) = looks::stored(&brick, &self.map.attributes, voxels) {
            self.attributes.release(place, words);
        }
        voxels as u64
    }

    /// The same for a node of this level and all below it.
    fn release_node(&mut self, node: Node, level: u32) -> u64 {
        if node.first == SOLID {
            return u64::from(4 * cell_edge(level)).pow(3);
        }
        let count = count(node.mask);
        let children = node.first as usize..node.first as usize + count;
        if level == 1 {
            let voxels = children.map(|child| self.release_brick(self.map.bricks[child])).sum();
            self.bricks.release(node.first, count);
            return voxels;
        }
        let voxels = children.map(|child| self.release_node(self.map.nodes[child], level - 1)).sum();
        self.nodes.release(node.first, count);
        voxels
    }
}

/// How many bricks a shape covers in part.
fn count_opened(shape: Shape, size: UVec3, level: u32, origin: UVec3, opened: &mut u64) {
    let edge = cell_edge(level);
    for number in 0..64 {
        let cube = Cube { origin: origin + UVec3::from_array(unmorton3(number)) * edge, edge };
        if cube.origin.cmplt(size).all() && reach(shape, size, cube) == Reach::Part {
            match level {
                1 => *opened += 1,
                _ => count_opened(shape, size, level - 1, cube.origin, opened),
            }
        }
    }
}

/// How much of a cube an edit covers. A cube that leaves the scene is never covered all through.
fn reach(shape: Shape, size: UVec3, cube: Cube) -> Reach {
    match shape.reach(cube) {
        Reach::All if !cube.is_inside(size) => Reach::Part,
        reach => reach,
    }
}

/// One edit under way. Records are taken by value, changed, and stored by whoever holds the node above them.
struct Pass<'a> {
    editor: &'a mut Editor,
    shape: Shape,
    /// Those of the shape.
    bounds: [UVec3; 2],
    edit: Edit,
    /// Those of the brick that is open, before and after.
    looks: &'a mut [ByRank; 2],
    /// Where its new form is made.
    parts: &'a mut Parts,
    bricks_opened: u32,
}

impl Pass<'_> {
    /// Edits what a cell of a node of this level holds.
    fn cell<R: Record>(&mut self, old: Option<R>, level: u32, origin: UVec3) -> Option<R> {
        let cube = Cube { origin, edge: cell_edge(level) };
        match reach(self.shape, self.editor.map.size, cube) {
            Reach::None => old,
            Reach::All => {
                let had = old.map_or(0, |old| old.release(self.editor, level - 1));
                self.editor.map.solid_voxels -= had;
                let Edit::Set(material) = self.edit else { return None };
                self.editor.map.solid_voxels += u64::from(cube.edge).pow(3);
                Some(R::solid(material))
            }
            Reach::Part => match (self.edit, old) {
                (Edit::Clear, None) => None,
                (Edit::Set(material), Some(old)) if old.solid_of() == Some(material) => Some(old),
                _ => R::edit(self, old, level - 1, origin),
            },
        }
    }

    /// Edits the cells of a node of this level, whose children are of one kind.
    fn children<R: Record>(&mut self, old: Option<Node>, level: u32, origin: UVec3) -> Option<Node> {
        let mut cells: [Option<R>; 64] = match old {
            None => [None; 64],
            Some(node) if node.first == SOLID => [Some(R::solid(node.material as MaterialIndex)); 64],
            Some(node) => {
                let (_, records) = R::vector(self.editor);
                let mut records = records[node.first as usize..].iter();
                std::array::from_fn(|number| {
                    let has = node.mask[number / 32] >> (number % 32) & 1 != 0;
                    has.then(|| records.next().copied()).flatten()
                })
            }
        };
        // What stands for a brick whose looks are stored: to look them up would cost more than the edit.
        let before = match (old, self.edit) {
            (Some(node), _) => node.material,
            (None, Edit::Set(material)) => material.into(),
            (None, Edit::Clear) => 0,
        };
        let mut children = Children::default();
        for (number, cell) in (0..).zip(&mut cells) {
            let origin = origin + UVec3::from_array(unmorton3(number)) * cell_edge(level);
            if origin.cmplt(self.editor.map.size).all() {
                *cell = self.cell(*cell, level, origin);
            }
            if let Some(record) = *cell {
                let stand_in = record.stand_in().unwrap_or(before);
                children.push(number, record, record.solid_of(), stand_in);
            }
        }
        let had = old.filter(|node| node.first != SOLID).map(|node| (node.first, count(node.mask)));
        let (pool, records) = R::vector(self.editor);
        if let Some((first, count)) = had {
            if children.all_solid().is_none() && count == children.records.len() {
                pool.overwrite(records, first, &children.records);
                return Some(Node { mask: children.mask, first, material: children.most_common() });
            }
            pool.release(first, count);
        }
        match children.all_solid() {
            Some(material) => Some(solid_node(material)),
            None if children.records.is_empty() => None,
            None => {
                let first = pool.store(records, &children.records);
                Some(Node { mask: children.mask, first, material: children.most_common() })
            }
        }
    }
}

/// What stands for a cell that is not empty: a node, or a brick.
trait Record: Copy + PartialEq {
    /// Solid all through, of one material.
    fn solid(material: MaterialIndex) -> Self;
    /// The material if it is that.
    fn solid_of(self) -> Option<MaterialIndex>;
    /// The material that stands for it at a distance, if the record tells.
    fn stand_in(self) -> Option<u32>;
    /// The vector that such records are in, and the room in it.
    fn vector(editor: &mut Editor) -> (&mut Pool, &mut Vec<Self>);
    /// Gives back the room of all that it refers to, and counts its voxels. Its level is that of a node; bricks have 0.
    fn release(self, editor: &mut Editor, level: u32) -> u64;
    /// Edits what a shape covers in part.
    fn edit(pass: &mut Pass<'_>, old: Option<Self>, level: u32, origin: UVec3) -> Option<Self>;
}

impl Record for Node {
    fn solid(material: MaterialIndex) -> Self {
        solid_node(material)
    }

    fn solid_of(self) -> Option<MaterialIndex> {
        (self.first == SOLID).then_some(self.material as MaterialIndex)
    }

    fn stand_in(self) -> Option<u32> {
        Some(self.material)
    }

    fn vector(editor: &mut Editor) -> (&mut Pool, &mut Vec<Self>) {
        (&mut editor.nodes, &mut editor.map.nodes)
    }

    fn release(self, editor: &mut Editor, level: u32) -> u64 {
        editor.release_node(self, level)
    }

    fn edit(pass: &mut Pass<'_>, old: Option<Self>, level: u32, origin: UVec3) -> Option<Self> {
        if level == 1 { pass.children::<Brick>(old, level, origin) } else { pass.children::<Self>(old, level, origin) }
    }
}

impl Record for Brick {
    fn solid(material: MaterialIndex) -> Self {
        solid_brick(material)
    }

    fn solid_of(self) -> Option<MaterialIndex> {
        self.is_whole().then_some(self.looks as MaterialIndex)
    }

    fn stand_in(self) -> Option<u32> {
        (self.looks & LOOKS_STORED == 0).then_some(self.looks)
    }

    fn vector(editor: &mut Editor) -> (&mut Pool, &mut Vec<Self>) {
        (&mut editor.bricks, &mut editor.map.bricks)
    }

    fn release(self, editor: &mut Editor, _: u32) -> u64 {
        editor.release_brick(self)
    }

    fn edit(pass: &mut Pass<'_>, old: Option<Self>, _: u32, origin: UVec3) -> Option<Self> {
        pass.brick(old, origin)
    }
}

fn count(mask: [u32; 2]) -> usize {
    (mask[0].count_ones() + mask[1].count_ones()) as usize
}

// The cells of a node of level 1 are bricks.
const _: () = assert!(cell_edge(1) == BRICK_EDGE);
