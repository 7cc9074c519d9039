//! Sub-resources: every resource is cut into cells along the edges of the regions that are declared for it, and each cell
//! has a lane for each age. Two accesses can only conflict within a frame if they share a lane.

use std::ops::Range;

use super::{Access, Condition, Effect, Input, NodeId, PlanError, Region, Residency, ResourceItem};

/// How a resource is cut into cells.
#[derive(Clone, Copy, Default)]
pub(super) struct Grid {
    /// The lane of cell 0 at age 0; the ages of a cell lie side by side.
    pub first_lane: u32,
    /// How many copies there are: 1, or depth + 1 of a history.
    pub ages: u32,
    /// How many cells.
    pub cells: u32,
    /// How many cells lie side by side along the minor axis.
    pub columns: u32,
    /// Where the edges start in `Lanes::edges`: rows + 1 major ones, then columns + 1 minor ones.
    edges: u32,
}

/// An access as it stands in a lane.
#[derive(Clone, Copy, Default)]
pub(super) struct Item {
    pub node: u32,
    pub access: u32,
}

/// The accesses of the living nodes, sorted by lane and within a lane by input order.
#[derive(Default)]
pub(super) struct Lanes {
    pub grids: Vec<Grid>,
    edges: Vec<u64>,
    /// The effect of each access: it is asked for often, and lies closer together here.
    pub effects: Vec<Effect>,
    /// For each access where its lanes lie in `pieces`.
    spans: Vec<[u32; 2]>,
    pieces: Vec<u32>,
    /// For each lane the start of its items, and one more entry for the end.
    item_starts: Vec<u32>,
    pub items: Vec<Item>,
}

impl Lanes {
    /// Checks every access and cuts the resources; the lanes are empty until `fill`.
    pub fn cut(input: &Input) -> Result<Self, PlanError> {
        let mut lanes = Self { grids: vec![Grid::default(); input.resources.len()], ..Self::default() };
        let split = lanes.check(input)?;
        lanes.lay_out(input, &split);
        lanes.spans.reserve_exact(input.accesses.len());
        lanes.effects.reserve_exact(input.accesses.len());
        lanes.pieces.reserve(input.accesses.len());
        for access in &input.accesses {
            let start = lanes.pieces.len() as u32;
            let grid = lanes.grids[access.resource.0 as usize];
            if grid.cells <= 1 {
                lanes.pieces.push(grid.first_lane + access.age);
            } else {
                lanes.push_cells(grid, access);
            }
            lanes.effects.push(access.effect);
            lanes.spans.push([start, lanes.pieces.len() as u32]);
        }
        Ok(lanes)
    }

    /// Puts the accesses that can happen into their lanes: those of living nodes, unless a node only ever runs when the
    /// switches do not let the access happen.
    pub fn fill(&mut self, input: &Input, conditions: &[Option<Condition>]) -> Result<(), PlanError> {
        for (node, condition) in input.nodes.iter().zip(conditions) {
            for id in node.accesses.clone() {
                let access = input.accesses[id as usize].condition;
                if condition.is_none_or(|condition| condition.excludes(access)) {
                    self.spans[id as usize][1] = self.spans[id as usize][0];
                }
            }
        }
        let count = self.count();
        let mut starts = vec![0_u32; count + 2];
        for access in 0..input.accesses.len() as u32 {
            for &lane in self.of(access) {
                starts[lane as usize + 2] += 1;
            }
        }
        for lane in 2..starts.len() {
            starts[lane] += starts[lane - 1];
        }
        let mut items = vec![Item::default(); starts[count + 1] as usize];
        for (node, id) in input.nodes.iter().zip(0..) {
            for access in node.accesses.clone() {
                for &lane in self.of(access) {
                    // `starts[lane + 1]` is where the lane's next item goes; when all are in, it is where the lane ends.
                    let end = &mut starts[lane as usize + 1];
                    items[*end as usize] = Item { node: id, access };
                    *end += 1;
                }
            }
        }
        starts.pop();
        self.item_starts = starts;
        self.items = items;
        self.items.windows(2).try_for_each(|pair| self.check_conflict(input, pair[0], pair[1]))
    }

    /// A node must not write what it touches through another access.
    fn check_conflict(&self, input: &Input, first: Item, second: Item) -> Result<(), PlanError> {
        if first.node != second.node || first.access == second.access {
            return Ok(());
        }
        let (a, b) = (&input.accesses[first.access as usize], &input.accesses[second.access as usize]);
        let writes = a.effect.writes() || b.effect.writes();
        if writes && self.of(first.access).iter().any(|lane| self.of(second.access).contains(lane)) {
            return Err(PlanError::Conflict {
                node: NodeId(first.node),
                slots: [a.slot, b.slot],
                resource: a.resource,
            });
        }
        Ok(())
    }

    /// The lanes of an access; none if it never happens.
    #[inline]
    pub fn of(&self, access: u32) -> &[u32] {
        let [start, end] = self.spans[access as usize];
        &self.pieces[start as usize..end as usize]
    }

    /// How many lanes there are.
    pub fn count(&self) -> usize {
        self.grids.last().map_or(0, |grid| grid.first_lane + grid.cells * grid.ages) as usize
    }

    /// Where the items of a lane lie.
    #[inline]
    pub fn range(&self, lane: u32) -> Range<usize> {
        self.item_starts[lane as usize] as usize..self.item_starts[lane as usize + 1] as usize
    }

    /// The items of a cell, over all ages: first those of this frame, then those that see it a frame later, and so on.
    #[inline]
    pub fn track(&self, grid: Grid, cell: u32) -> &[Item] {
        let first = grid.first_lane + cell * grid.ages;
        &self.items[self.range(first).start..self.range(first + grid.ages - 1).end]
    }

    /// The region of a block of cells, given by rows and columns.
    #[inline]
    pub fn region(&self, grid: Grid, rows: Range<u32>, columns: Range<u32>) -> Region {
        let edges = &self.edges[grid.edges as usize..];
        let minor = &edges[(grid.cells / grid.columns) as usize + 1..];
        Region {
            major: [edges[rows.start as usize], edges[rows.end as usize]],
            minor: [minor[columns.start as usize] as u32, minor[columns.end as usize] as u32],
        }
    }

    /// Checks every access; returns for each resource the one region that all its accesses name, or that they differ.
    fn check(&self, input: &Input) -> Result<Vec<Shape>, PlanError> {
        if input.switches > 32 {
            return Err(PlanError::TooManySwitches { count: input.switches });
        }
        let known = if input.switches == 32 { u32::MAX } else { (1 << input.switches) - 1 };
        let kinds: Vec<_> = input.resources.iter().map(|resource| (resource.image, depth(resource))).collect();
        let mut shapes = vec![Shape::Untouched; input.resources.len()];
        let mut expected = 0;
        for (index, item) in input.nodes.iter().enumerate() {
            let node = NodeId(index as u32);
            let range = item.accesses.clone();
            if range.start != expected || range.end < range.start || range.end as usize > input.accesses.len() {
                return Err(PlanError::AccessRange { node });
            }
            expected = range.end;
            for access in &input.accesses[range.start as usize..range.end as usize] {
                let slot = access.slot;
                let Some(&(image, depth)) = kinds.get(access.resource.0 as usize) else {
                    return Err(PlanError::UnknownResource { node, slot, resource: access.resource });
                };
                if access.region.major[0] >= access.region.major[1] || access.region.minor[0] >= access.region.minor[1]
                {
                    return Err(PlanError::EmptyRegion { node, slot });
                }
                if image && access.usage.layout == ash::vk::ImageLayout::UNDEFINED {
                    return Err(PlanError::NoLayout { node, slot });
                }
                if access.age > depth {
                    return Err(PlanError::AgeBeyondDepth { node, slot, age: access.age, depth });
                }
                if access.condition.mask & !known != 0 || access.condition.value & !access.condition.mask != 0 {
                    return Err(PlanError::UnknownSwitch { node, slot, switches: input.switches });
                }
                let shape = &mut shapes[access.resource.0 as usize];
                match *shape {
                    Shape::Untouched => *shape = Shape::One(access.region),
                    Shape::One(region) if region != access.region => *shape = Shape::Many,
                    _ => {}
                }
            }
        }
        if expected as usize != input.accesses.len() {
            return Err(PlanError::AccessRange { node: NodeId(input.nodes.len() as u32) });
        }
        Ok(shapes)
    }

    /// Gives every resource its edges and its lanes.
    fn lay_out(&mut self, input: &Input, shapes: &[Shape]) {
        let mut cuts = Vec::new();
        if shapes.contains(&Shape::Many) {
            let many = |access: &&Access| shapes[access.resource.0 as usize] == Shape::Many;
            cuts.extend(input.accesses.iter().filter(many).map(|access| (access.resource.0, access.region)));
            cuts.sort_unstable_by_key(|cut| cut.0);
        }
        let mut cuts = cuts.as_slice();
        let (mut major, mut minor) = (Vec::new(), Vec::new());
        self.edges.reserve(4 * shapes.len());
        let mut first_lane = 0;
        for (id, (shape, resource)) in shapes.iter().zip(&input.resources).enumerate() {
            let edges = self.edges.len() as u32;
            let (mut cells, mut columns) = (1, 1);
            match shape {
                Shape::Untouched => cells = 0,
                Shape::One(Region { major, minor }) => {
                    self.edges.extend_from_slice(&[major[0], major[1], minor[0].into(), minor[1].into()]);
                }
                Shape::Many => {
                    let (own, rest) = cuts.split_at(cuts.partition_point(|cut| cut.0 as usize <= id));
                    cuts = rest;
                    edges_of(&mut major, own.iter().flat_map(|cut| cut.1.major));
                    edges_of(&mut minor, own.iter().flat_map(|cut| cut.1.minor.map(u64::from)));
                    self.edges.extend(major.iter().chain(&minor));
                    columns = minor.len() as u32 - 1;
                    cells = columns * (major.len() as u32 - 1);
                }
            }
            let ages = depth(resource) + 1;
            self.grids[id] = Grid { first_lane, ages, cells, columns, edges };
            first_lane += cells * ages;
        }
    }

    fn push_cells(&mut self, grid: Grid, access: &Access) {
        let rows = (grid.cells / grid.columns) as usize;
        let edges = &self.edges[grid.edges as usize..];
        let (major, minor) = (&edges[..=rows], &edges[rows + 1..rows + 2 + grid.columns as usize]);
        let find = |edges: &[u64], at: u64| edges.partition_point(|&edge| edge < at) as u32;
        let columns = find(minor, access.region.minor[0].into())..find(minor, access.region.minor[1].into());
        for row in find(major, access.region.major[0])..find(major, access.region.major[1]) {
            let first = grid.first_lane + (row * grid.columns) * grid.ages + access.age;
            self.pieces.extend(columns.clone().map(|column| first + column * grid.ages));
        }
    }
}

/// The regions that are declared for a resource.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Untouched,
    One(Region),
    Many,
}

/// How many ages there are besides the newest.
fn depth(resource: &ResourceItem) -> u32 {
    if let Residency::History { depth } = resource.residency { depth } else { 0 }
}

fn edges_of(edges: &mut Vec<u64>, ends: impl Iterator<Item = u64>) {
    edges.clear();
    edges.extend(ends);
    edges.sort_unstable();
    edges.dedup();
}
