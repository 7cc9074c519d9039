//! The only door to memory: it counts every byte and refuses what does not fit.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::allocator::{Allocator, BufferDesc, ImageDesc};
use super::category::Category;
use super::error::MemoryError;
use super::owned::{Buffer, Image};
use super::quota::Quota;

/// Hands out buffers and images within a budget: one per device.
///
/// Every byte counts, wherever it lies: memory of the host that the device reads is as finite as its own. An allocation
/// beyond the limit fails and names who asked. The limit is at first 90% of the device's memory, the warning at 80%; a limit
/// below what is in use frees nothing and refuses everything until enough has been freed.
///
/// It and its device live until the last resource that it handed out is dropped.
pub struct BudgetManager {
    // Relaxed atomics suffice throughout: each number stands for itself, and no other memory is published through them.
    limit: AtomicU64,
    warning: AtomicU64,
    in_use: AtomicU64,
    peak: AtomicU64,
    resources: AtomicU64,
    by_category: [AtomicU64; Category::ALL.len()],
    warnings: AtomicU64,
    refusals: AtomicU64,
    listener: Mutex<Option<Arc<Listener>>>,
    quota: Quota,
    allocator: Box<dyn Allocator>,
}

type Listener = dyn Fn(BudgetWarning) + Send + Sync;

/// The use of memory has reached the warning mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetWarning {
    /// The bytes in use.
    pub in_use: u64,
    /// The mark that they reached.
    pub warning: u64,
    /// The limit.
    pub limit: u64,
}

/// What is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The bytes in use.
    pub in_use: u64,
    /// The most bytes that were ever in use.
    pub peak: u64,
    /// The most bytes that may be in use.
    pub limit: u64,
    /// From how many bytes on there is a warning.
    pub warning: u64,
    /// How many buffers and images are alive.
    pub resources: u64,
    /// How often the use rose to the warning mark.
    pub warnings: u64,
    /// How often an allocation was refused for lack of budget.
    pub refusals: u64,
    by_category: [u64; Category::ALL.len()],
}

impl Usage {
    /// The bytes in use for one category.
    pub const fn of(&self, category: Category) -> u64 {
        self.by_category[category as usize]
    }
}

impl BudgetManager {
    /// A budget for the memory of these heaps, given in bytes.
    pub fn new(allocator: Box<dyn Allocator>, heaps: &[u64]) -> Self {
        let total = heaps.iter().fold(0_u64, |sum, &heap| sum.saturating_add(heap));
        Self {
            limit: AtomicU64::new(percent(total, 90)),
            warning: AtomicU64::new(percent(total, 80)),
            in_use: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            resources: AtomicU64::new(0),
            by_category: Default::default(),
            warnings: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            listener: Mutex::new(None),
            quota: Quota::new(percent(total, 9)),
            allocator,
        }
    }

    /// Creates a buffer.
    pub fn buffer(self: &Arc<Self>, desc: &BufferDesc<'_>, category: Category) -> Result<Buffer, MemoryError> {
        let charge = self.charge(desc.name, self.allocator.buffer_bytes(desc)?, category)?;
        let raw = self.allocator.create_buffer(desc)?;
        // Owned from here on: whatever fails below frees it.
        let mut buffer = Buffer::new(raw, desc, charge);
        buffer.charge.settle(desc.name, raw.bytes)?;
        Ok(buffer)
    }

    /// Creates an image.
    pub fn image(self: &Arc<Self>, desc: &ImageDesc<'_>, category: Category) -> Result<Image, MemoryError> {
        let charge = self.charge(desc.name, self.allocator.image_bytes(desc)?, category)?;
        let raw = self.allocator.create_image(desc)?;
        // Owned from here on: whatever fails below frees it.
        let mut image = Image::new(raw, desc, charge);
        image.charge.settle(desc.name, raw.bytes)?;
        Ok(image)
    }

    /// Sets the most bytes that may be in use.
    pub fn set_limit(&self, bytes: u64) {
        self.limit.store(bytes, Relaxed);
    }

    /// Sets from how many bytes in use on there is a warning.
    pub fn set_warning(&self, bytes: u64) {
        self.warning.store(bytes, Relaxed);
    }

    /// Calls a function each time that the use rises to the warning mark, on the thread that allocates.
    pub fn on_warning(&self, listener: impl Fn(BudgetWarning) + Send + Sync + 'static) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(listener));
    }

    /// What is in use. While other threads allocate, the numbers may belong to different moments.
    pub fn usage(&self) -> Usage {
        Usage {
            in_use: self.in_use.load(Relaxed),
            peak: self.peak.load(Relaxed),
            limit: self.limit.load(Relaxed),
            warning: self.warning.load(Relaxed),
            resources: self.resources.load(Relaxed),
            warnings: self.warnings.load(Relaxed),
            refusals: self.refusals.load(Relaxed),
            by_category: std::array::from_fn(|index| self.by_category[index].load(Relaxed)),
        }
    }

    pub(super) fn quota(&self) -> &Quota {
        &self.quota
    }

    fn charge(self: &Arc<Self>, name: &str, bytes: u64, category: Category) -> Result<Charge, MemoryError> {
        let rose = self.take(name, bytes, category)?;
        self.resources.fetch_add(1, Relaxed);
        Ok(Charge { budget: self.clone(), category, bytes, rose })
    }

    /// Counts bytes as used if there is room, and says whether the use rose to the warning mark with them.
    fn take(&self, name: &str, bytes: u64, category: Category) -> Result<bool, MemoryError> {
        let limit = self.limit.load(Relaxed);
        let room = |in_use: u64| in_use.checked_add(bytes).filter(|&after| after <= limit);
        let before = self.in_use.fetch_update(Relaxed, Relaxed, room).map_err(|in_use| {
            self.refusals.fetch_add(1, Relaxed);
            MemoryError::OverBudget { name: name.to_owned(), requested: bytes, in_use, limit }
        })?;
        let after = before + bytes;
        self.peak.fetch_max(after, Relaxed);
        self.by_category[category as usize].fetch_add(bytes, Relaxed);
        let warning = self.warning.load(Relaxed);
        Ok(before < warning && warning <= after)
    }

    fn give_back(&self, bytes: u64, category: Category) {
        self.in_use.fetch_sub(bytes, Relaxed);
        self.by_category[category as usize].fetch_sub(bytes, Relaxed);
    }

    fn warn(&self) {
        self.warnings.fetch_add(1, Relaxed);
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(listener) = listener {
            let Usage { in_use, warning, limit, .. } = self.usage();
            listener(BudgetWarning { in_use, warning, limit });
        }
    }
}

/// Bytes that are counted as used until this is dropped. It keeps the budget, its allocator and with that the device alive.
pub(super) struct Charge {
    budget: Arc<BudgetManager>,
    category: Category,
    bytes: u64,
    /// Whether the use rose to the warning mark with it, and nobody was told yet.
    rose: bool,
}

impl Charge {
    /// Corrects the count to what the allocator really took, and gives the warning that is due.
    fn settle(&mut self, name: &str, bytes: u64) -> Result<(), MemoryError> {
        if bytes > self.bytes {
            self.rose |= self.budget.take(name, bytes - self.bytes, self.category)?;
        } else {
            self.budget.give_back(self.bytes - bytes, self.category);
        }
        self.bytes = bytes;
        if std::mem::take(&mut self.rose) {
            self.budget.warn();
        }
        Ok(())
    }

    pub(super) fn allocator(&self) -> &dyn Allocator {
        &*self.budget.allocator
    }

    pub(super) fn budget(&self) -> &Arc<BudgetManager> {
        &self.budget
    }

    pub(super) fn category(&self) -> Category {
        self.category
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes, self.category);
        self.budget.resources.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for BudgetManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetManager").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

/// So many hundredths of a number of bytes, rounded down.
fn percent(bytes: u64, hundredths: u64) -> u64 {
    (u128::from(bytes) * u128::from(hundredths) / 100) as u64
}
