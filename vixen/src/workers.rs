//! Threads that help another: parked while there is nothing to do. Giving them work allocates nothing.

use std::any::Any;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::{io, mem};

/// A number of threads, the caller's among them.
pub(crate) struct Workers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    start: Condvar,
    finish: Condvar,
}

#[derive(Default)]
struct State {
    /// Counts jobs, so that nobody does one twice.
    round: u64,
    job: Option<&'static Job<'static>>,
    /// How many threads have not begun it, and how many have not finished it.
    waiting: usize,
    busy: usize,
    /// What the first of them panicked with.
    panic: Option<Box<dyn Any + Send>>,
    ended: bool,
}

/// Called once on each thread, with the thread's number.
type Job<'j> = dyn Fn(usize) + Sync + 'j;

/// How often to look before going to sleep: some microseconds, which is less than being woken up takes.
const LOOKS: usize = 100;

impl Workers {
    /// Threads for some task. The caller's own is number 0 and counts as one of them.
    pub fn new(task: &str, count: usize) -> io::Result<Self> {
        let (state, start, finish) = (Mutex::default(), Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { state, start, finish });
        let mut workers = Self { shared, threads: Vec::with_capacity(count.saturating_sub(1)) };
        for number in 1..count {
            let shared = Arc::clone(&workers.shared);
            let named = thread::Builder::new().name(format!("vixen {task} {number}"));
            workers.threads.push(named.spawn(move || shared.work(number))?);
        }
        // What locks and threads make when they are first used is made now.
        workers.run(&|_| {});
        Ok(workers)
    }

    /// How many threads there are.
    pub fn count(&self) -> usize {
        self.threads.len() + 1
    }

    /// Calls `job` on every thread, on this one with 0, and returns when all have. A panic of any of them goes on here.
    pub fn run(&mut self, job: &Job<'_>) {
        self.call(job, false);
    }

    /// The same for a job that any number of threads can do: who has not begun when this one has finished need not.
    pub fn share(&mut self, job: &Job<'_>) {
        self.call(job, true);
    }

    // Exclusive: of two jobs at a time, each would count the threads of the other.
    fn call(&mut self, job: &Job<'_>, lets_off: bool) {
        if self.threads.is_empty() {
            return job(0);
        }
        // SAFETY: the threads use the job only until they have counted themselves out of `busy`, which counts this job alone,
        // since `self` is exclusive. `finish` waits for that, whether or not this thread's part panics, and so for no longer than
        // the reference lives.
        let job_of_threads = unsafe { mem::transmute::<&Job<'_>, &'static Job<'static>>(job) };
        let mut state = self.shared.lock();
        (state.round, state.job) = (state.round + 1, Some(job_of_threads));
        (state.waiting, state.busy) = (self.threads.len(), self.threads.len());
        drop(state);
        self.shared.start.notify_all();
        let result = catch_unwind(AssertUnwindSafe(|| job(0)));
        // Taken in any case: the next job did not panic.
        let panic = self.shared.finish(lets_off);
        if let Some(panic) = result.err().or(panic) {
            resume_unwind(panic);
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.start.notify_all();
        for thread in self.threads.drain(..) {
            // It catches the panics of its jobs and has none of its own.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn work(&self, number: usize) {
        let mut done = 0;
        while let Some(job) = self.next(&mut done) {
            let result = catch_unwind(AssertUnwindSafe(|| job(number)));
            let mut state = self.lock();
            if let Err(panic) = result {
                state.panic.get_or_insert(panic);
            }
            state.busy -= 1;
            if state.busy == 0 {
                self.finish.notify_one();
            }
        }
    }

    /// Waits for a job that is not done yet; none at the end.
    fn next(&self, done: &mut u64) -> Option<&'static Job<'static>> {
        // Whoever comes too late for a job finds none.
        let idle = |state: &mut State| !state.ended && (state.round == *done || state.job.is_none());
        let mut state = self.start.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        *done = state.round;
        state.waiting = state.waiting.saturating_sub(1);
        state.job.filter(|_| !state.ended)
    }

    /// Waits until all threads have finished the job; returns what the first of them panicked with.
    fn finish(&self, lets_off: bool) -> Option<Box<dyn Any + Send>> {
        let mut state = self.lock();
        if lets_off {
            state.job = None;
            state.busy -= mem::take(&mut state.waiting);
        }
        for _ in 0..LOOKS {
            if state.busy == 0 {
                break;
            }
            drop(state);
            (0..16).for_each(|_| spin_loop());
            state = self.lock();
        }
        let mut state = self.finish.wait_while(state, |state| state.busy > 0).unwrap_or_else(PoisonError::into_inner);
        state.job = None;
        state.panic.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_thread_does_every_job_once() {
        for count in [1, 2, 5] {
            let mut workers = Workers::new("test", count).expect("threads can be started");
            let calls: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            for round in 1..=100 {
                workers.run(&|number| {
                    calls[number].fetch_add(1, Ordering::Relaxed);
                });
                assert!(calls.iter().all(|calls| calls.load(Ordering::Relaxed) == round));
            }
        }
    }

    #[test]
    fn a_panic_of_any_thread_comes_back_when_all_have_finished() {
        let mut workers = Workers::new("test", 3).expect("threads can be started");
        for unlucky in [&[0][..], &[1], &[2], &[0, 1, 2]] {
            let others = AtomicUsize::new(0);
            let job = |number| {
                assert!(!unlucky.contains(&number), "on purpose");
                others.fetch_add(1, Ordering::Relaxed);
            };
            assert!(catch_unwind(AssertUnwindSafe(|| workers.run(&job))).is_err());
            assert_eq!(others.load(Ordering::Relaxed), 3 - unlucky.len());
            // Nothing of it is left for the next job.
            workers.run(&|_| {});
        }
    }

    #[test]
    fn who_comes_late_is_let_off() {
        let mut workers = Workers::new("test", 4).expect("threads can be started");
        for round in 0..2000 {
            let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
            workers.share(&|number| {
                begun.fetch_add(1, Ordering::Relaxed);
                (0..number * round % 100).for_each(|_| spin_loop());
                ended.fetch_add(1, Ordering::Relaxed);
            });
            // Nobody does it any more, or begins.
            assert_eq!(begun.load(Ordering::Relaxed), ended.load(Ordering::Relaxed));
            assert!((1..=4).contains(&ended.load(Ordering::Relaxed)));
        }
    }
}
