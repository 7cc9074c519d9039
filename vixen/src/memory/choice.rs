//! Which allocator a device's budget asks.

use std::fmt;
use std::sync::Arc;

use super::allocator::Allocator;
use super::direct::DirectAllocator;
use super::vma::VmaAllocator;
use crate::device::{Capabilities, DeviceCore, DeviceError};

/// The allocators that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllocatorKind {
    /// [`VmaAllocator`]: many resources share few device allocations.
    #[default]
    Vma,
    /// [`DirectAllocator`]: one device allocation a resource.
    Direct,
}

/// An allocator, and what is to stand between it and the budget.
#[derive(Clone, Default)]
pub(crate) struct AllocatorChoice {
    pub kind: AllocatorKind,
    pub wrap: Option<Arc<Wrap>>,
}

/// Makes an allocator of another.
pub(crate) type Wrap = dyn Fn(Box<dyn Allocator>) -> Box<dyn Allocator> + Send + Sync;

impl AllocatorChoice {
    /// The allocator for a device.
    pub fn make(&self, core: &Arc<DeviceCore>, capabilities: &Capabilities) -> Result<Box<dyn Allocator>, DeviceError> {
        let allocator: Box<dyn Allocator> = match self.kind {
            AllocatorKind::Vma => Box::new(VmaAllocator::new(core, capabilities)?),
            AllocatorKind::Direct => Box::new(DirectAllocator::of(core, capabilities)),
        };
        Ok(match &self.wrap {
            Some(wrap) => wrap(allocator),
            None => allocator,
        })
    }
}

impl fmt::Debug for AllocatorChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllocatorChoice").field("kind", &self.kind).field("wrapped", &self.wrap.is_some()).finish()
    }
}
