//! Cells become regions again: what is the same for cells side by side is said once for all of them.

use std::ops::Range;

use super::barriers::CellDependency;
use super::lanes::{Grid, Lanes};
use super::{Dependency, Region};

/// The dependencies sorted by barrier command, and the range of each command.
pub(super) fn gather(lanes: &Lanes, closed: &[CellDependency], commands: u32) -> (Vec<Dependency>, Vec<Range<u32>>) {
    let mut starts = vec![0_u32; commands as usize + 2];
    for entry in closed {
        starts[entry.barrier as usize + 2] += 1;
    }
    for barrier in 2..starts.len() {
        starts[barrier] += starts[barrier - 1];
    }
    let mut sorted = vec![0_u32; closed.len()];
    for (entry, at) in closed.iter().zip(0..) {
        // As in `Lanes::fill`: in the end this is where the barrier's entries end.
        let end = &mut starts[entry.barrier as usize + 1];
        sorted[*end as usize] = at;
        *end += 1;
    }
    let mut merger = Merger { lanes, closed, dependencies: Vec::with_capacity(closed.len()), cells: Vec::new() };
    let mut ranges = Vec::with_capacity(commands as usize);
    for barrier in 0..commands as usize {
        let first = merger.dependencies.len() as u32;
        merger.merge(&mut sorted[starts[barrier] as usize..starts[barrier + 1] as usize]);
        ranges.push(first..merger.dependencies.len() as u32);
    }
    (merger.dependencies, ranges)
}

struct Merger<'a> {
    lanes: &'a Lanes,
    closed: &'a [CellDependency],
    dependencies: Vec<Dependency>,
    cells: Vec<(u32, u32)>,
}

impl Merger<'_> {
    /// Adds the entries of one barrier command, which are sorted by resource and cell.
    fn merge(&mut self, entries: &mut [u32]) {
        let closed = self.closed;
        let resource = |at: u32| closed[at as usize].dependency.resource;
        for entries in entries.chunk_by_mut(|&a, &b| resource(a) == resource(b)) {
            let grid = self.lanes.grids[resource(entries[0]).0 as usize];
            if grid.cells == 1 {
                for &at in &*entries {
                    let region = self.lanes.region(grid, 0..1, 0..1);
                    self.dependencies.push(Dependency { region, ..closed[at as usize].dependency });
                }
                continue;
            }
            entries.sort_by_key(|&at| key(&closed[at as usize].dependency));
            for same in entries.chunk_by(|&a, &b| closed[a as usize].dependency == closed[b as usize].dependency) {
                self.push_regions(grid, same);
            }
        }
    }

    /// Adds one dependency for each rectangle of cells.
    fn push_regions(&mut self, grid: Grid, entries: &[u32]) {
        let cell = |at: &u32| self.closed[*at as usize].cell;
        let dependency = self.closed[entries[0] as usize].dependency;
        self.cells.clear();
        self.cells.extend(entries.iter().map(cell).map(|cell| (cell / grid.columns, cell % grid.columns)));
        let by_rows = strips(&mut self.cells);
        let regions: Vec<Region> = if by_rows.len() == 1 {
            by_rows.into_iter().map(|(rows, columns)| self.lanes.region(grid, rows, columns)).collect()
        } else {
            self.cells.iter_mut().for_each(|cell| *cell = (cell.1, cell.0));
            let by_columns = strips(&mut self.cells);
            if by_columns.len() < by_rows.len() {
                by_columns.into_iter().map(|(columns, rows)| self.lanes.region(grid, rows, columns)).collect()
            } else {
                by_rows.into_iter().map(|(rows, columns)| self.lanes.region(grid, rows, columns)).collect()
            }
        };
        self.dependencies.extend(regions.into_iter().map(|region| Dependency { region, ..dependency }));
    }
}

/// Equal for dependencies that may be merged, and so brings these together.
fn key(dependency: &Dependency) -> impl Ord + use<> {
    (
        dependency.age,
        [dependency.src_stages.as_raw(), dependency.dst_stages.as_raw()],
        [dependency.src_access.as_raw(), dependency.dst_access.as_raw()],
        [dependency.old_layout.as_raw(), dependency.new_layout.as_raw()],
    )
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
