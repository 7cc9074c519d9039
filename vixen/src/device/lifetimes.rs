//! A lock that keeps objects from being named while an instance or a device is created or destroyed.
//!
//! Vulkan allows both at once. But the loader 1.3.239 (Debian 12) walks the devices of all instances to name an object, without a
//! lock, and crashes when another thread destroys a device meanwhile.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static LIFETIMES: RwLock<()> = RwLock::new(());

/// Held while an instance or a device is created or destroyed.
pub(super) fn change() -> RwLockWriteGuard<'static, ()> {
    LIFETIMES.write().unwrap_or_else(PoisonError::into_inner)
}

/// Held while an object is named.
pub(super) fn hold() -> RwLockReadGuard<'static, ()> {
    LIFETIMES.read().unwrap_or_else(PoisonError::into_inner)
}
