//! Instances and devices come and go while nobody names an object.
//!
//! Vulkan allows both at once. Loaders of 1.3.239 (Debian 12) walk the devices of all instances in order to name an object, and
//! lock none of them: a device that another thread destroys meanwhile crashes them.

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
