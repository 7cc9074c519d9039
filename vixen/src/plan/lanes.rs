//! Sub-resources: every resource is cut into cells along the edges of the regions that are declared for it, and each cell
//! has a lane for each age. Two accesses can only conflict within a frame if they share a lane.
//!
//! The lanes are walked over and over, so what is asked for on the way stands in them in a few bytes, and the accesses of
//! the input stay untouched.

use std::ops::Range;

use super::check;
use super::{Access, Condition, Effect, Input, PlanError, Region, Residency, ResourceId};

/// How a resource is cut into cells.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    /// All of it that is touched, where that is one cell.
    pub region: Region,
    /// The lane of cell 0 at age 0; the ages of a cell lie side by side.
    pub first_lane: u32,
    /// How many copies there are: 1, or depth + 1 of a history.
    pub ages: u32,
    /// How many cells; none of a resource that nothing touches.
    pub cells: u32,
    /// How many cells lie side by side along the minor axis.
    pub columns: u32,
    /// Whether it has layouts.
    pub image: bool,
    /// Where the edges of several cells start in `Lanes::edges`: rows + 1 major ones, then columns + 1 minor ones.
    edges: u32,
}

impl Grid {
    /// The lanes of all cells and ages.
    pub fn lanes(&self) -> Range<u32> {
        self.first_lane..self.first_lane + self.cells * self.ages
    }
}

/// As much of an access as lies in one lane.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub lane: u32,
    /// Its position in `Lanes::items`, once the lanes are filled.
    pub item: u32,
    pub access: u32,
    pub effect: Effect,
}

/// A piece as it stands in its lane, with what its barriers need: walking a lane is not to jump about in the input.
#[derive(Clone, Copy)]
pub(super) struct Item {
    pub node: u32,
    pub access: u32,
    /// The position of the next item of the lane that writes; that of the lane's end where there is none.
    pub next_write: u32,
    pub effect: Effect,
}

/// Where the items of a lane lie: up to the start of the next lane.
#[derive(Clone, Copy)]
struct Lane {
    start: u32,
    /// The position of the first item that writes; that of the lane's end where there is none.
    first_write: u32,
    /// The node of the first item.
    first_node: u32,
}

/// The accesses of the living nodes: node by node, and sorted by lane and within a lane by input order.
pub(super) struct Lanes {
    pub grids: Vec<Grid>,
    edges: Vec<u64>,
    pieces: Vec<Piece>,
    /// For each node the start of its pieces, and one more entry for the end.
    piece_starts: Vec<u32>,
    /// How many lanes there are.
    count: u32,
    /// One more than there are, for the end.
    lanes: Vec<Lane>,
    pub items: Vec<Item>,
    /// Whether the presentation engine lends any of the resources.
    pub any_lent: bool,
    /// Whether there are other copies of any resource in other frames.
    pub any_varies: bool,
}

impl Lanes {
    /// Checks every access and cuts the resources; the lanes are empty until `fill`.
    pub fn cut(input: &Input) -> Result<Self, PlanError> {
        let mut lanes = Self {
            grids: Vec::with_capacity(input.resources.len()),
            edges: Vec::new(),
            pieces: Vec::new(),
            piece_starts: Vec::with_capacity(input.nodes.len() + 1),
            count: 0,
            lanes: Vec::new(),
            items: Vec::new(),
            any_lent: false,
            any_varies: false,
        };
        check::ranges(input)?;
        lanes.lay_out(input)?;
        if lanes.read(input)? {
            lanes.split(input);
        }
        Ok(lanes)
    }

    /// Gives every resource one lane for each age, as though all accesses named the same region of it.
    fn lay_out(&mut self, input: &Input) -> Result<(), PlanError> {
        for (resource, id) in input.resources.iter().zip(0..) {
            let depth = if let Residency::History { depth } = resource.residency { Some(depth) } else { None };
            if depth.is_some() && (resource.entry.is_some() || resource.exit.is_some()) {
                return Err(PlanError::SharedHistory { resource: ResourceId(id) });
            }
            self.any_lent |= resource.residency == Residency::Swapchain;
            self.any_varies |= !matches!(resource.residency, Residency::Transient | Residency::Persistent);
            let (first_lane, ages, image) = (self.count, depth.unwrap_or(0) + 1, resource.image);
            self.count += ages;
            self.grids.push(Grid { region: Region::WHOLE, first_lane, ages, cells: 0, columns: 1, image, edges: 0 });
        }
        Ok(())
    }

    /// Checks every access and takes down which lane it lies in. Returns whether any resource must be split.
    fn read(&mut self, input: &Input) -> Result<bool, PlanError> {
        let grids = self.grids.as_mut_slice();
        let mut pieces = Vec::with_capacity(input.accesses.len());
        let mut any_split = false;
        for (id, access) in (0..).zip(&input.accesses) {
            let Some(grid) = grids.get_mut(access.resource.0 as usize) else { return Err(check::fault(input, id)) };
            if !check::is_sound(access, grid, input.switches) {
                return Err(check::fault(input, id));
            }
            // Nearly always it is all of the resource.
            if grid.region != access.region {
                if check::is_empty(&access.region) {
                    return Err(check::fault(input, id));
                }
                if grid.cells == 0 {
                    grid.region = access.region;
                } else {
                    grid.columns = SEVERAL;
                    any_split = true;
                }
            }
            grid.cells = 1;
            pieces.push(Piece { lane: grid.first_lane + access.age, item: 0, access: id, effect: access.effect });
        }
        self.pieces = pieces;
        self.piece_starts.extend(input.nodes.iter().map(|node| node.accesses.start));
        self.piece_starts.push(input.accesses.len() as u32);
        Ok(any_split)
    }

    /// Gives the resources whose accesses name different regions their edges, and lanes beyond those that there were.
    #[cold]
    fn split(&mut self, input: &Input) {
        let several = |access: &&Access| self.grids[access.resource.0 as usize].columns == SEVERAL;
        let cut = |access: &Access| (access.resource.0, access.region);
        let mut cuts: Vec<_> = input.accesses.iter().filter(several).map(cut).collect();
        cuts.sort_unstable_by_key(|cut| cut.0);
        let (mut major, mut minor) = (Vec::new(), Vec::new());
        for own in cuts.chunk_by(|a, b| a.0 == b.0) {
            edges_of(&mut major, own.iter().flat_map(|cut| cut.1.major));
            edges_of(&mut minor, own.iter().flat_map(|cut| cut.1.minor.map(u64::from)));
            let grid = &mut self.grids[own[0].0 as usize];
            grid.first_lane = self.count;
            grid.edges = self.edges.len() as u32;
            grid.columns = minor.len() as u32 - 1;
            grid.cells = grid.columns * (major.len() as u32 - 1);
            self.count += grid.cells * grid.ages;
            self.edges.extend(major.iter().chain(&minor));
        }
        self.cut_pieces(input);
    }

    fn cut_pieces(&mut self, input: &Input) {
        let whole = std::mem::take(&mut self.pieces);
        let mut pieces = Vec::with_capacity(2 * whole.len());
        for node in 0..input.nodes.len() {
            let own = self.piece_starts[node] as usize..self.piece_starts[node + 1] as usize;
            self.piece_starts[node] = pieces.len() as u32;
            for piece in &whole[own] {
                let access = &input.accesses[piece.access as usize];
                let grid = &self.grids[access.resource.0 as usize];
                if grid.cells == 1 {
                    pieces.push(*piece);
                } else {
                    let lane = grid.first_lane + access.age;
                    self.push_cells(&mut pieces, grid, &access.region, Piece { lane, ..*piece });
                }
            }
        }
        self.piece_starts[input.nodes.len()] = pieces.len() as u32;
        self.pieces = pieces;
    }

    fn push_cells(&self, pieces: &mut Vec<Piece>, grid: &Grid, region: &Region, first: Piece) {
        let rows = (grid.cells / grid.columns) as usize;
        let edges = &self.edges[grid.edges as usize..];
        let (major, minor) = (&edges[..=rows], &edges[rows + 1..rows + 2 + grid.columns as usize]);
        let find = |edges: &[u64], at: u64| edges.partition_point(|&edge| edge < at) as u32;
        let columns = find(minor, region.minor[0].into())..find(minor, region.minor[1].into());
        for row in find(major, region.major[0])..find(major, region.major[1]) {
            let cells = columns.clone().map(|column| row * grid.columns + column);
            pieces.extend(cells.map(|cell| Piece { lane: first.lane + cell * grid.ages, ..first }));
        }
    }

    /// Puts the accesses that can happen into their lanes: those of living nodes, unless a node only ever runs when the
    /// switches do not let the access happen.
    pub fn fill(&mut self, input: &Input, conditions: &[Option<Condition>]) -> Result<(), PlanError> {
        if input.switches > 0 || conditions.contains(&None) {
            self.keep_what_happens(input, conditions);
        }
        self.lanes = vec![Lane { start: 0, first_write: 0, first_node: u32::MAX }; self.count() + 1];
        for piece in &self.pieces {
            self.lanes[piece.lane as usize].start += 1;
        }
        let mut end = 0;
        for lane in &mut self.lanes {
            end += lane.start;
            *lane = Lane { start: end, first_write: end, ..*lane };
        }
        // From the last item of a lane to its first: then what comes next in the lane is known.
        let unset = Item { node: 0, access: 0, next_write: 0, effect: Effect::Read };
        let mut items = vec![unset; self.pieces.len()];
        let mut conflict = None;
        let lanes = self.lanes.as_mut_slice();
        let mut pieces = self.pieces.as_mut_slice();
        for (node, &start) in (0..conditions.len() as u32).zip(&self.piece_starts).rev() {
            let (before, own) = pieces.split_at_mut(start as usize);
            pieces = before;
            for piece in own.iter_mut().rev() {
                let Piece { access, effect, .. } = *piece;
                let lane = &mut lanes[piece.lane as usize];
                let Lane { start: next, first_write: next_write, first_node: next_node } = *lane;
                if next_node == node && (effect.writes() || next_write == next) {
                    conflict = Some((node, [access, items[next as usize].access]));
                }
                let start = next - 1;
                let first_write = if effect.writes() { start } else { next_write };
                *lane = Lane { start, first_write, first_node: node };
                piece.item = start;
                items[start as usize] = Item { node, access, next_write, effect };
            }
        }
        self.items = items;
        conflict.map_or(Ok(()), |(node, accesses)| Err(check::conflict(input, node, accesses)))
    }

    fn keep_what_happens(&mut self, input: &Input, conditions: &[Option<Condition>]) {
        let mut kept = 0;
        for (node, condition) in conditions.iter().enumerate() {
            let range = self.piece_starts[node]..self.piece_starts[node + 1];
            self.piece_starts[node] = kept;
            let Some(condition) = condition else { continue };
            for at in range {
                let piece = self.pieces[at as usize];
                if !condition.excludes(input.accesses[piece.access as usize].condition) {
                    self.pieces[kept as usize] = piece;
                    kept += 1;
                }
            }
        }
        self.piece_starts[conditions.len()] = kept;
        self.pieces.truncate(kept as usize);
    }

    /// The pieces of a node's accesses, in the order of the accesses.
    #[inline]
    pub fn of(&self, node: u32) -> &[Piece] {
        &self.pieces[self.piece_starts[node as usize] as usize..self.piece_starts[node as usize + 1] as usize]
    }

    /// The pieces of one node after the other.
    #[inline]
    pub fn of_nodes(&self) -> impl DoubleEndedIterator<Item = &[Piece]> + ExactSizeIterator {
        let pieces = self.pieces.as_slice();
        self.piece_starts.windows(2).map(move |pair| &pieces[pair[0] as usize..pair[1] as usize])
    }

    /// How many lanes there are.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// Where the items of a lane lie.
    #[inline]
    pub fn range(&self, lane: u32) -> Range<usize> {
        self.lanes[lane as usize].start as usize..self.lanes[lane as usize + 1].start as usize
    }

    /// The position of the first item of a lane that writes; that of the lane's end where there is none.
    pub fn first_write(&self, lane: u32) -> usize {
        self.lanes[lane as usize].first_write as usize
    }

    /// The items of a cell, over all ages: first those of this frame, then those that see it a frame later, and so on.
    #[inline]
    pub fn track(&self, grid: &Grid, cell: u32) -> &[Item] {
        let first = grid.first_lane + cell * grid.ages;
        &self.items[self.lanes[first as usize].start as usize..self.lanes[(first + grid.ages) as usize].start as usize]
    }

    /// The items of all cells of a resource.
    #[inline]
    pub fn items_of(&self, grid: &Grid) -> &[Item] {
        let lanes = grid.lanes();
        &self.items[self.lanes[lanes.start as usize].start as usize..self.lanes[lanes.end as usize].start as usize]
    }

    /// The region of a block of cells, given by rows and columns.
    pub fn region(&self, grid: &Grid, rows: Range<u32>, columns: Range<u32>) -> Region {
        let edges = &self.edges[grid.edges as usize..];
        let minor = &edges[(grid.cells / grid.columns) as usize + 1..];
        Region {
            major: [edges[rows.start as usize], edges[rows.end as usize]],
            minor: [minor[columns.start as usize] as u32, minor[columns.end as usize] as u32],
        }
    }
}

/// Stands for the number of columns until they are counted.
const SEVERAL: u32 = u32::MAX;

fn edges_of(edges: &mut Vec<u64>, ends: impl Iterator<Item = u64>) {
    edges.clear();
    edges.extend(ends);
    edges.sort_unstable();
    edges.dedup();
}
