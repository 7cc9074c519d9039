//! Looks at files from time to time, on a thread of its own.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

/// How often files are looked at. What has changed is taken over when two looks in a row find it the same: whoever writes it
/// may not be done.
const INTERVAL: Duration = Duration::from_millis(100);

/// A file, and its contents as they are known.
pub(crate) struct Watched {
    /// What to call it when it has changed.
    pub id: &'static str,
    /// Where it lies.
    pub path: PathBuf,
    /// What was in it.
    pub contents: Vec<u8>,
}

/// A file that has changed.
pub(crate) struct Changed {
    pub id: &'static str,
    pub contents: Vec<u8>,
}

/// Watches files until it is dropped.
pub(crate) struct Watcher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Something has changed: whoever asks need not lock.
    any: AtomicBool,
    changed: Mutex<Vec<Changed>>,
    stop: AtomicBool,
}

impl Watcher {
    /// Starts to watch.
    pub fn new(files: Vec<Watched>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("vixen shaders".to_owned()).spawn(move || watch(&theirs, files))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// What has changed since the last call, the newest contents of each file. Allocates nothing where nothing has.
    pub fn changed(&self) -> Vec<Changed> {
        if !self.shared.any.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        std::mem::take(&mut *self.shared.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It has nothing to say, not even when it panicked.
            drop(thread.join());
        }
    }
}

/// What tells that a file may have changed.
type Stamp = (SystemTime, u64);

fn watch(shared: &Shared, files: Vec<Watched>) {
    let mut files: Vec<(Watched, Option<Stamp>, Option<Stamp>)> =
        files.into_iter().map(|file| (file, None, None)).collect();
    while !shared.stop.load(Ordering::Relaxed) {
        for (file, seen, read) in &mut files {
            // A file that is not there may be about to be replaced.
            let Some(stamp) = stamp(file) else { continue };
            let settled = seen.replace(stamp) == Some(stamp);
            if settled && *read != Some(stamp) && look(shared, file) {
                *read = Some(stamp);
            }
        }
        thread::park_timeout(INTERVAL);
    }
}

fn stamp(file: &Watched) -> Option<Stamp> {
    let metadata = fs::metadata(&file.path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Reads a file; false where that failed and is to be tried again.
fn look(shared: &Shared, file: &mut Watched) -> bool {
    let Ok(contents) = fs::read(&file.path) else { return false };
    if contents != file.contents {
        file.contents.clone_from(&contents);
        let mut changed = shared.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|other| other.id != file.id);
        changed.push(Changed { id: file.id, contents });
        shared.any.store(true, Ordering::Release);
    }
    true
}
