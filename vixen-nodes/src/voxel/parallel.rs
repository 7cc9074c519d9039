//! Loops on all cores.

use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use super::memory;

/// Fewer steps than this are not worth another thread.
const FEW: usize = 1 << 12;

/// How many threads run at once.
pub(crate) fn threads() -> usize {
    // To ask takes system calls and files.
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| thread::available_parallelism().map_or(1, |cores| cores.get()))
}

/// Cuts this many steps into a range for each thread and gives what each makes of its own, in order.
pub(crate) fn ranges<R: Send>(count: usize, of: impl Fn(Range<usize>) -> R + Sync) -> Vec<R> {
    let share = count.div_ceil(threads()).max(FEW);
    let range = |start: usize| start..count.min(start + share);
    thread::scope(|scope| {
        let of = &of;
        let others: Vec<_> = (share..count).step_by(share).map(|start| scope.spawn(move || of(range(start)))).collect();
        let own = of(range(0));
        std::iter::once(own).chain(others.into_iter().map(join)).collect()
    })
}

/// This many elements, each from its number.
pub(crate) fn collect<T: Send>(count: usize, of: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let mut all = memory::with_capacity(count);
    let share = count.div_ceil(threads()).max(FEW);
    thread::scope(|scope| {
        let parts = all.spare_capacity_mut()[..count].chunks_mut(share);
        for (part, start) in parts.zip((0..).step_by(share)) {
            let of = &of;
            let mut fill = move || {
                for (place, number) in part.iter_mut().zip(start..) {
                    place.write(of(number));
                }
            };
            // The last part is this thread's.
            if start + share < count {
                scope.spawn(fill);
            } else {
                fill();
            }
        }
    });
    // SAFETY: the parts cover the first `count` elements, for which there is room, and the scope ended, so each part was written to its
    // end: had a thread panicked, the scope would have too.
    unsafe { all.set_len(count) };
    all
}

/// Does something to each element.
pub(crate) fn for_each<T: Send>(all: &mut [T], change: impl Fn(&mut T) + Sync) {
    let share = all.len().div_ceil(threads()).max(FEW);
    each(all.chunks_mut(share).collect(), || (), |(), part| part.iter_mut().for_each(&change));
}

/// Runs all jobs; each thread has a state of its own and takes the next job when it is free.
pub(crate) fn each<T: Send, S>(jobs: Vec<T>, state: impl Fn() -> S + Sync, run: impl Fn(&mut S, T) + Sync) {
    let others = threads().min(jobs.len()).saturating_sub(1);
    let jobs = Mutex::new(jobs.into_iter());
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut state = state();
        while let Some(job) = next() {
            run(&mut state, job);
        }
    };
    thread::scope(|scope| {
        (0..others).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
}

/// The first elements of a slice, which it loses: for jobs that write to parts of one vector.
pub(crate) fn first<'a, T>(slice: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    slice.split_off_mut(..count).expect("the slice has all that is taken from it")
}

/// What a thread came to; its panic is this one's.
fn join<R>(thread: ScopedJoinHandle<'_, R>) -> R {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_turn() {
        for count in [0, 1, FEW, 3 * FEW + 5, 100_000] {
            assert_eq!(collect(count, |number| number), (0..count).collect::<Vec<_>>());
            let ranges = ranges(count, |range| range.collect::<Vec<_>>());
            assert_eq!(ranges.concat(), (0..count).collect::<Vec<_>>());
            let mut odd = collect(count, |number| number);
            for_each(&mut odd, |number| *number = 2 * *number + 1);
            assert!(odd.iter().enumerate().all(|(number, odd)| *odd == 2 * number + 1));
            let mut places = vec![0; count];
            each(places.iter_mut().enumerate().collect(), || (), |(), (number, place)| *place = number);
            assert_eq!(places, (0..count).collect::<Vec<_>>());
        }
    }
}
