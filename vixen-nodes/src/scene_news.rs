//! Telling graphs' event buses that a scene has changed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use vixen::event::{SceneChanged, Sender};

/// A scene as events know it, and who wants to hear of it.
pub(crate) struct SceneNews {
    scene: u64,
    generation: AtomicU64,
    listeners: Mutex<Vec<Sender<SceneChanged>>>,
}

impl SceneNews {
    /// Of a new scene, in its first generation.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let scene = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { scene, generation: AtomicU64::new(1), listeners: Mutex::new(Vec::new()) }
    }

    pub fn scene(&self) -> u64 {
        self.scene
    }

    /// Adds somebody, who hears at once of the scene as it is.
    pub fn tell(&self, listener: Sender<SceneChanged>) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        say(&listener, SceneChanged { scene: self.scene, generation: self.generation.load(Ordering::Relaxed) });
        listeners.push(listener);
    }

    /// The scene is another one now.
    pub fn changed(&self) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        listeners.iter().for_each(|listener| say(listener, SceneChanged { scene: self.scene, generation }));
    }
}

fn say(listener: &Sender<SceneChanged>, event: SceneChanged) {
    // A full queue counts what it refuses; the newest generation tells all that the others did.
    let _ = listener.emit(event);
}
