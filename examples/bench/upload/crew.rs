//! Threads that share the pieces of a round. They are started once and spin between rounds, so that what is measured is the
//! work and not their waking up.

use std::hint::spin_loop;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a thread does with a part of a round's pieces.
pub type Work<'w> = &'w (dyn Fn(Range<usize>) + Sync);

/// Tells the threads to stop.
const STOP: usize = usize::MAX;

/// The caller's thread and some more.
pub struct Crew<'w> {
    threads: usize,
    pieces: usize,
    works: &'w [Work<'w>],
    /// Rounds begun, what the newest one is to do, and how many threads have done it.
    round: AtomicUsize,
    which: AtomicUsize,
    done: AtomicUsize,
}

impl<'w> Crew<'w> {
    /// Calls `body` while this many threads, its own among them, stand ready to do any of `works` with this many pieces.
    pub fn with<R>(threads: usize, pieces: usize, works: &'w [Work<'w>], body: impl FnOnce(&Self) -> R) -> R {
        let [round, which, done] = [const { AtomicUsize::new(0) }; 3];
        let crew = Self { threads, pieces, works, round, which, done };
        std::thread::scope(|scope| {
            for number in 1..threads {
                let crew = &crew;
                scope.spawn(move || crew.serve(number));
            }
            let _stop = Stop(&crew);
            body(&crew)
        })
    }

    /// Does one of the works, each thread its part.
    pub fn run(&self, which: usize) {
        self.begin(which);
        self.works[which](self.part(0));
        while self.done.load(Ordering::Acquire) < self.threads - 1 {
            spin_loop();
        }
    }

    fn begin(&self, which: usize) {
        self.which.store(which, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.round.fetch_add(1, Ordering::Release);
    }

    fn serve(&self, number: usize) {
        for round in 1.. {
            while self.round.load(Ordering::Acquire) < round {
                spin_loop();
            }
            let which = self.which.load(Ordering::Relaxed);
            if which == STOP {
                return;
            }
            self.works[which](self.part(number));
            self.done.fetch_add(1, Ordering::Release);
        }
    }

    fn part(&self, number: usize) -> Range<usize> {
        let part = self.pieces.div_ceil(self.threads);
        (number * part).min(self.pieces)..((number + 1) * part).min(self.pieces)
    }
}

/// Stops the threads, also when the body panics.
struct Stop<'c, 'w>(&'c Crew<'w>);

impl Drop for Stop<'_, '_> {
    fn drop(&mut self) {
        self.0.begin(STOP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_done_once_a_round() {
        let counts: Vec<AtomicUsize> = (0..10).map(|_| AtomicUsize::new(0)).collect();
        let add = |amount: usize| {
            let counts = &counts;
            move |part: Range<usize>| {
                for count in &counts[part] {
                    count.fetch_add(amount, Ordering::Relaxed);
                }
            }
        };
        let (one, hundred) = (add(1), add(100));
        for threads in [1, 2, 3] {
            Crew::with(threads, counts.len(), &[&one, &hundred], |crew| {
                crew.run(0);
                crew.run(1);
            });
        }
        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 303));
    }
}
