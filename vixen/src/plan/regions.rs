//! Cells become regions again: what is the same for cells side by side is said once for all of them.

use std::ops::Range;

use super::Dependency;
use super::lanes::{Grid, Lanes};

/// Dependencies, the barrier commands that they go into, and their cells.
#[derive(Default)]
pub(super) struct Sink {
    pub dependencies: Vec<Dependency>,
    pub barriers: Vec<u32>,
    cells: Vec<u32>,
}

impl Sink {
    pub fn with_capacity(capacity: usize) -> Self {
        let vec = || Vec::with_capacity(capacity);
        Self { dependencies: Vec::with_capacity(capacity), barriers: vec(), cells: vec() }
    }

    pub fn push(&mut self, barrier: u32, cell: u32, dependency: Dependency) {
        self.dependencies.push(dependency);
        self.barriers.push(barrier);
        self.cells.push(cell);
    }

    /// Takes all dependencies of one resource and joins the cells of those that are the same.
    pub fn take(&mut self, lanes: &Lanes, grid: Grid, own: &mut Self) {
        let mut order: Vec<usize> = (0..own.barriers.len()).collect();
        order.sort_unstable_by_key(|&at| own.key(at));
        let mut cells = Vec::new();
        for same in order.chunk_by(|&a, &b| own.can_join(a, b)) {
            cells.clear();
            cells.extend(same.iter().map(|&at| (own.cells[at] / grid.columns, own.cells[at] % grid.columns)));
            let mut push = |rows, columns| {
                let region = lanes.region(grid, rows, columns);
                self.push(own.barriers[same[0]], 0, Dependency { region, ..own.dependencies[same[0]] });
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
        own.dependencies.clear();
        own.barriers.clear();
        own.cells.clear();
    }

    fn can_join(&self, a: usize, b: usize) -> bool {
        self.barriers[a] == self.barriers[b] && self.dependencies[a] == self.dependencies[b]
    }

    /// Equal but for the cell for dependencies that can be joined, and so brings these together.
    fn key(&self, at: usize) -> impl Ord + use<> {
        let dependency = &self.dependencies[at];
        (
            self.barriers[at],
            dependency.age,
            [dependency.src_stages.as_raw(), dependency.dst_stages.as_raw()],
            [dependency.src_access.as_raw(), dependency.dst_access.as_raw()],
            [dependency.old_layout.as_raw(), dependency.new_layout.as_raw()],
            self.cells[at],
        )
    }

    /// The dependencies in the order of their barrier commands, and the range of each command.
    pub fn finish(mut self, commands: u32) -> (Vec<Dependency>, Vec<Range<u32>>) {
        let mut ends = vec![0_u32; commands as usize + 1];
        self.barriers.iter().for_each(|&barrier| ends[barrier as usize + 1] += 1);
        for barrier in 1..ends.len() {
            ends[barrier] += ends[barrier - 1];
        }
        let ranges = ends.windows(2).map(|pair| pair[0]..pair[1]).collect();
        // From here on `barriers` holds the place of each dependency, and `ends` how far each command is filled.
        for barrier in &mut self.barriers {
            let end = &mut ends[*barrier as usize];
            *barrier = *end;
            *end += 1;
        }
        for at in 0..self.barriers.len() {
            // Every swap brings one dependency to its place, so this is linear, and needs no second copy of them.
            while self.barriers[at] as usize != at {
                let place = self.barriers[at] as usize;
                self.dependencies.swap(at, place);
                self.barriers.swap(at, place);
            }
        }
        (self.dependencies, ranges)
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
