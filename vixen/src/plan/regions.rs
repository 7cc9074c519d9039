//! Cells become regions again: what is the same for cells side by side is said once for all of them.

use std::ops::Range;

use super::Dependency;
use super::lanes::{Grid, Lanes};

/// A dependency on its way into the plan.
#[derive(Clone, Copy)]
pub(super) struct Pending {
    pub dependency: Dependency,
    /// Its barrier command.
    pub barrier: u32,
    cell: u32,
}

/// Dependencies, resource by resource.
pub(super) struct Sink {
    pub pending: Vec<Pending>,
    /// Where those of the resource start that is being worked on.
    start: usize,
}

impl Sink {
    pub fn with_capacity(dependencies: usize) -> Self {
        Self { pending: Vec::with_capacity(dependencies), start: 0 }
    }

    #[inline]
    pub fn push(&mut self, barrier: u32, cell: u32, dependency: Dependency) {
        self.pending.push(Pending { dependency, barrier, cell });
    }

    /// Ends a resource: joins those of its dependencies that are the same but for the cell.
    #[inline]
    pub fn end_resource(&mut self, lanes: &Lanes, grid: &Grid) {
        if grid.cells > 1 {
            self.join(lanes, grid);
        }
        self.start = self.pending.len();
    }

    fn join(&mut self, lanes: &Lanes, grid: &Grid) {
        let mut own = self.pending.split_off(self.start);
        own.sort_unstable_by_key(Pending::key);
        let mut cells = Vec::new();
        for same in own.chunk_by(Pending::can_join) {
            cells.clear();
            cells.extend(same.iter().map(|one| (one.cell / grid.columns, one.cell % grid.columns)));
            let mut push = |rows, columns| {
                let dependency = Dependency { region: lanes.region(grid, rows, columns), ..same[0].dependency };
                self.pending.push(Pending { dependency, ..same[0] });
            };
            let by_rows = strips(&mut cells);
            cells.iter_mut().for_each(|cell| *cell = (cell.1, cell.0));
            let by_columns = if by_rows.len() > 1 { strips(&mut cells) } else { Vec::new() };
            if by_rows.len() > 1 && by_columns.len() < by_rows.len() {
                by_columns.into_iter().for_each(|(columns, rows)| push(rows, columns));
            } else {
                by_rows.into_iter().for_each(|(rows, columns)| push(rows, columns));
            }
        }
    }

    /// The dependencies in the order of their barrier commands, and the range of each command.
    pub fn finish(self, commands: u32) -> (Vec<Dependency>, Vec<Range<u32>>) {
        let mut ends = vec![0_u32; commands as usize + 1];
        self.pending.iter().for_each(|one| ends[one.barrier as usize + 1] += 1);
        for barrier in 1..ends.len() {
            ends[barrier] += ends[barrier - 1];
        }
        let ranges = ends.windows(2).map(|pair| pair[0]..pair[1]).collect();
        // From here on `ends` holds how far each command is filled.
        let mut order = vec![0_u32; self.pending.len()];
        for (one, at) in self.pending.iter().zip(0..) {
            let end = &mut ends[one.barrier as usize];
            order[*end as usize] = at;
            *end += 1;
        }
        (order.into_iter().map(|at| self.pending[at as usize].dependency).collect(), ranges)
    }
}

impl Pending {
    fn can_join(&self, other: &Self) -> bool {
        self.barrier == other.barrier && self.dependency == other.dependency
    }

    /// Equal but for the cell for dependencies that can be joined, and so brings these together.
    fn key(&self) -> impl Ord + use<> {
        let dependency = &self.dependency;
        (
            self.barrier,
            dependency.age,
            [dependency.src_stages.as_raw(), dependency.dst_stages.as_raw()],
            [dependency.src_access.as_raw(), dependency.dst_access.as_raw()],
            [dependency.old_layout.as_raw(), dependency.new_layout.as_raw()],
            self.cell,
        )
    }
}

/// Covers cells by runs along the second axis, then joins equal runs that follow one another along the first.
fn strips(cells: &mut [(u32, u32)]) -> Vec<(Range<u32>, Range<u32>)> {
    cells.sort_unstable();
    let mut runs: Vec<(Range<u32>, u32)> = Vec::new();
    for &(row, column) in &*cells {
        match runs.last_mut() {
            Some((run, of)) if *of == row && run.end == column => run.end += 1,
            _ => runs.push((column..column + 1, row)),
        }
    }
    runs.sort_unstable_by_key(|(run, row)| (run.start, run.end, *row));
    let mut strips: Vec<(Range<u32>, Range<u32>)> = Vec::new();
    for (run, row) in runs {
        match strips.last_mut() {
            Some((rows, columns)) if *columns == run && rows.end == row => rows.end += 1,
            _ => strips.push((row..row + 1, run)),
        }
    }
    strips
}
