//! Cells become regions again: what is the same for cells side by side is said once for all of them.

use std::ops::Range;

use super::Dependency;
use super::lanes::{Grid, Lanes};

/// Where a dependency belongs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Its barrier command.
    pub barrier: u32,
    cell: u32,
}

/// Dependencies, resource by resource.
pub(super) struct Sink {
    pub dependencies: Vec<Dependency>,
    /// For each of them its place.
    pub places: Vec<Place>,
    /// Where those of the resource start that is being worked on.
    start: usize,
}

impl Sink {
    pub fn with_capacity(count: usize) -> Self {
        Self { dependencies: Vec::with_capacity(count), places: Vec::with_capacity(count), start: 0 }
    }

    #[inline]
    pub fn push(&mut self, barrier: u32, cell: u32, dependency: Dependency) {
        self.dependencies.push(dependency);
        self.places.push(Place { barrier, cell });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Ends a resource: joins those of its dependencies that are the same but for the cell.
    #[inline]
    pub fn end_resource(&mut self, lanes: &Lanes, grid: &Grid) {
        if grid.cells > 1 {
            self.join(lanes, grid);
        }
        self.start = self.len();
    }

    fn join(&mut self, lanes: &Lanes, grid: &Grid) {
        let own = self.places.drain(self.start..).zip(self.dependencies.drain(self.start..));
        let mut own: Vec<(Place, Dependency)> = own.collect();
        own.sort_unstable_by_key(|(place, dependency)| key(place, dependency));
        let mut cells = Vec::new();
        for same in own.chunk_by(|a, b| a.0.barrier == b.0.barrier && a.1 == b.1) {
            cells.clear();
            cells.extend(same.iter().map(|(place, _)| (place.cell / grid.columns, place.cell % grid.columns)));
            let (place, dependency) = same[0];
            let mut push = |rows, columns| {
                let dependency = Dependency { region: lanes.region(grid, rows, columns), ..dependency };
                self.push(place.barrier, place.cell, dependency);
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
        let Self { mut dependencies, places, .. } = self;
        // A counting sort. While it goes on, `ends[barrier]` is how far the command is filled.
        let mut ends = vec![0_u32; commands as usize];
        places.iter().for_each(|place| ends[place.barrier as usize] += 1);
        let mut start = 0;
        let to_range = |end: &mut u32| {
            let range = start..start + *end;
            (*end, start) = (start, range.end);
            range
        };
        let ranges = ends.iter_mut().map(to_range).collect();
        let mut order = vec![0_u32; places.len()];
        for (place, at) in places.iter().zip(0..) {
            let end = &mut ends[place.barrier as usize];
            order[*end as usize] = at;
            *end += 1;
        }
        permute(&mut dependencies, &mut order);
        (dependencies, ranges)
    }
}

/// Puts at each position the dependency of which `order` says that it belongs there; `order` ends as the identity.
///
/// In place, since a plan consists of little else, and the less memory it touches the faster it is.
fn permute(dependencies: &mut [Dependency], order: &mut [u32]) {
    for start in 0..order.len() {
        if order[start] as usize == start {
            continue;
        }
        // Around one cycle, with a gap that what belongs there is moved into.
        let (first, mut gap) = (dependencies[start], start);
        loop {
            let from = std::mem::replace(&mut order[gap], gap as u32) as usize;
            if from == start {
                dependencies[gap] = first;
                break;
            }
            dependencies[gap] = dependencies[from];
            gap = from;
        }
    }
}

/// Equal but for the cell for dependencies that can be joined, and so brings these together.
fn key(place: &Place, dependency: &Dependency) -> impl Ord + use<> {
    (
        place.barrier,
        dependency.age,
        [dependency.src_stages.as_raw(), dependency.dst_stages.as_raw()],
        [dependency.src_access.as_raw(), dependency.dst_access.as_raw()],
        [dependency.old_layout.as_raw(), dependency.new_layout.as_raw()],
        place.cell,
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
