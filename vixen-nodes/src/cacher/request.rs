//! Builds on worker threads, while frames go on with what they have.

use std::any::Any;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::table::{Cached, Cacher};
use crate::voxel::parallel;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that build. Dropping them waits for the builds under way on other threads and forgets those that have not begun.
pub struct Workers {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Workers {
    /// This many threads, at least one.
    pub fn new(threads: usize) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (queue, stop) = (Arc::new(Mutex::new(queue)), Arc::new(AtomicBool::new(false)));
        let worker = |_| {
            let (queue, stop) = (queue.clone(), stop.clone());
            thread::spawn(move || {
                while let Ok(job) = next(&queue) {
                    if stop.load(Relaxed) {
                        break;
                    }
                    job();
                }
            })
        };
        Self { jobs: Some(jobs), threads: (0..threads.max(1)).map(worker).collect(), stop }
    }

    /// Has a worker get something.
    pub fn request<V: Send + Sync + 'static, E: Send + 'static>(
        &self,
        get: impl FnOnce() -> Result<Arc<V>, E> + Send + 'static,
    ) -> Request<V, E> {
        // There is room for the one answer; who asked may have lost interest.
        let (sender, answer) = mpsc::sync_channel(1);
        let job = move || {
            // What it shares with others is a cacher's, and a cacher leaves nothing half done when a build panics.
            let _ = sender.try_send(catch_unwind(AssertUnwindSafe(get)));
        };
        let jobs = self.jobs.as_ref().expect("the sender is there until the workers are dropped");
        // The threads end only when the sender does, since what jobs panic with is caught.
        jobs.send(Box::new(job)).expect("a worker is there to receive");
        Request { answer }
    }
}

fn next(queue: &Mutex<Receiver<Job>>) -> Result<Job, mpsc::RecvError> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv()
}

impl Default for Workers {
    /// One thread less than there are cores, so that frames have one for themselves.
    fn default() -> Self {
        Self::new(parallel::threads() - 1)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        drop(self.jobs.take());
        // A job may have been the last to hold them: its thread ends when the job does.
        let own = thread::current().id();
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != own) {
            // Jobs catch their panics, so a worker has none.
            let _ = thread.join();
        }
    }
}

type Answer<V, E> = Result<Result<Arc<V>, E>, Box<dyn Any + Send>>;

/// Something that was asked for and may still be built.
pub struct Request<V, E> {
    answer: Receiver<Answer<V, E>>,
}

impl<V, E> Request<V, E> {
    /// What was asked for, or why it could not be built, once either is known. It is handed out once.
    ///
    /// # Panics
    /// With what the build panicked with.
    pub fn poll(&self) -> Option<Result<Arc<V>, E>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(open(answer)),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
        }
    }

    /// Waits for it. `None` if it was handed out before, or if the workers were dropped before they began with it.
    ///
    /// # Panics
    /// With what the build panicked with.
    pub fn wait(self) -> Option<Result<Arc<V>, E>> {
        self.answer.recv().ok().map(open)
    }
}

fn open<V, E>(answer: Answer<V, E>) -> Result<Arc<V>, E> {
    answer.unwrap_or_else(|panic| resume_unwind(panic))
}

impl<K, V> Cacher<K, V>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: Cached,
{
    /// As [`get_or_build`](Self::get_or_build), on a worker thread. What is there already arrives at once.
    pub fn request<E: Send + 'static>(
        self: &Arc<Self>,
        workers: &Workers,
        key: K,
        build: impl FnOnce() -> Result<V, E> + Send + 'static,
    ) -> Request<V, E> {
        if let Some(thing) = self.get(&key) {
            let (sender, answer) = mpsc::sync_channel(1);
            let _ = sender.try_send(Ok(Ok(thing)));
            return Request { answer };
        }
        let cacher = self.clone();
        workers.request(move || cacher.get_or_build(&key, build))
    }
}
