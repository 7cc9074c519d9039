//! The only door to memory: it counts every byte and refuses what does not fit.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use ash::vk;

use super::allocator::{Allocator, Backing};
use super::category::Category;
use super::charge::{Charge, Request};
use super::desc::{BufferDesc, ImageDesc, Location, MemoryDesc};
use super::error::MemoryError;
use super::frames::Frames;
use super::heaps::{Heap, HeapIndex, HeapUsage, Heaps, percent};
use super::ledger::{Due, Ledger, Refused};
use super::live::LiveKind;
use super::owned::{Buffer, Image, Memory};
use super::quota::Quota;
use super::raw::{Raw, RawMemory};
use super::usage::{BudgetWarning, Usage};

/// Hands out buffers and images within a budget: one per device.
///
/// Every byte counts, wherever it lies: memory of the host that the device reads is as finite as its own. An allocation
/// beyond the limit fails and names who asked. The limit is at first 90% of the device's memory, the warning at 80%; a limit
/// below what is in use frees nothing and refuses everything until enough has been freed. A budget of nothing refuses
/// everything.
///
/// Each heap has a limit of its own besides, at first 90% of it, so that none overflows while there is room in others. In which
/// heap something lies is the allocator's choice; where that heap has no room it is given back, and the error names the heap.
///
/// How much memory there is for this process changes where other processes come and go. The budget asks the driver
/// (`VK_EXT_memory_budget`) when a graph is compiled, when [`Self::refresh`] is called, and otherwise at most once a second, while
/// something is allocated; limits that nobody set follow.
///
/// It and its device live until the last resource that it handed out is dropped.
pub struct BudgetManager {
    pub(super) frames: Frames,
    ledger: Mutex<Ledger>,
    listener: Mutex<Option<Arc<Listener>>>,
    /// Graphs whose event buses want to know too.
    graphs: Mutex<Vec<Weak<Listener>>>,
    quota: Quota,
    allocator: Box<dyn Allocator>,
}

/// What is called when the budget warns.
pub(crate) type Listener = dyn Fn(BudgetWarning) + Send + Sync;

impl BudgetManager {
    /// A budget for the memory of these heaps, in the order in which the allocator counts them.
    pub fn new(allocator: Box<dyn Allocator>, heaps: &[Heap]) -> Self {
        let heaps = Heaps::new(heaps);
        let total = heaps.device_bytes();
        Self {
            frames: Frames::default(),
            ledger: Mutex::new(Ledger::new(heaps)),
            listener: Mutex::new(None),
            graphs: Mutex::new(Vec::new()),
            quota: Quota::new(percent(total, 9)),
            allocator,
        }
    }

    /// Creates a buffer.
    pub fn buffer(self: &Arc<Self>, desc: &BufferDesc<'_>, category: Category) -> Result<Buffer, MemoryError> {
        self.own_buffer(desc, category, Backing::Pooled)
    }

    /// Creates a buffer with a device allocation of its own.
    pub fn dedicated_buffer(
        self: &Arc<Self>,
        desc: &BufferDesc<'_>,
        category: Category,
    ) -> Result<Buffer, MemoryError> {
        self.own_buffer(desc, category, Backing::Dedicated)
    }

    /// Creates an image.
    pub fn image(self: &Arc<Self>, desc: &ImageDesc<'_>, category: Category) -> Result<Image, MemoryError> {
        self.own_image(desc, category, Backing::Pooled)
    }

    /// Creates an image with a device allocation of its own.
    pub fn dedicated_image(self: &Arc<Self>, desc: &ImageDesc<'_>, category: Category) -> Result<Image, MemoryError> {
        self.own_image(desc, category, Backing::Dedicated)
    }

    /// Allocates device memory for resources that share it: see [`MemoryDesc::for_any_of`].
    pub fn memory(self: &Arc<Self>, desc: &MemoryDesc<'_>, category: Category) -> Result<Arc<Memory>, MemoryError> {
        desc.check()?;
        let request = Request { name: desc.name, kind: LiveKind::Memory, category, usage: &"shared memory" };
        // SAFETY: `make` holds the lock, so this is the only call.
        let allocate = |allocator: &dyn Allocator| unsafe { allocator.allocate(desc) };
        let own = |raw: &RawMemory, charge| Arc::new(Memory::new(*raw, desc, charge));
        self.make(&request, desc.size, || Ok(desc.size), allocate, own)
    }

    /// Creates a buffer from an offset on in memory that other resources use too. It counts as no bytes, since the memory does,
    /// and keeps the memory alive. Its contents are undefined whenever another resource at the same bytes has been written.
    pub fn aliased_buffer(
        self: &Arc<Self>,
        memory: &Arc<Memory>,
        offset: u64,
        desc: &BufferDesc<'_>,
    ) -> Result<Buffer, MemoryError> {
        if desc.location != Location::Device {
            let problem = "shares device memory, which the host does not reach: give it the location Device";
            return Err(MemoryError::invalid_parameters(desc.name, desc.size, desc.usage, problem));
        }
        let needs = self.allocator.buffer_requirements(desc)?;
        let raw = self.place(memory, offset, (desc.name, &desc.usage), &needs)?;
        let mut buffer = self.own_buffer(desc, memory.category(), Backing::Aliased { memory: &raw, offset })?;
        buffer.keep(memory);
        Ok(buffer)
    }

    /// Creates an image from an offset on in memory that other resources use too: see [`Self::aliased_buffer`]. It starts anew
    /// from the layout `UNDEFINED` each time that it takes its turn.
    pub fn aliased_image(
        self: &Arc<Self>,
        memory: &Arc<Memory>,
        offset: u64,
        desc: &ImageDesc<'_>,
    ) -> Result<Image, MemoryError> {
        let needs = self.allocator.image_requirements(desc)?;
        let raw = self.place(memory, offset, (desc.name, &desc.usage), &needs)?;
        let mut image = self.own_image(desc, memory.category(), Backing::Aliased { memory: &raw, offset })?;
        image.keep(memory);
        Ok(image)
    }

    /// What such a buffer needs of its memory.
    pub fn buffer_requirements(&self, desc: &BufferDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        self.allocator.buffer_requirements(desc)
    }

    /// What such an image needs of its memory.
    pub fn image_requirements(&self, desc: &ImageDesc<'_>) -> Result<vk::MemoryRequirements, MemoryError> {
        self.allocator.image_requirements(desc)
    }

    /// Sets the most bytes that may be in use.
    pub fn set_limit(&self, bytes: u64) {
        self.ledger().set_limit(bytes);
    }

    /// Asks the driver how much memory there is for this process now. Limits that nobody set follow, and where the use has
    /// reached a warning mark with that, there is a warning. It allocates nothing.
    pub fn refresh(&self) {
        let due = {
            let mut ledger = self.ledger();
            self.follow(&mut ledger);
            std::mem::take(&mut ledger.due)
        };
        self.warn(due);
    }

    fn follow(&self, ledger: &mut Ledger) {
        let mut bytes = [0; vk::MAX_MEMORY_HEAPS];
        ledger.heaps_change = self.allocator.heap_bytes(&mut bytes);
        ledger.stale = false;
        if ledger.heaps_change {
            ledger.follow(&bytes);
        }
    }

    /// Sets the most bytes that may be in use of one heap, by its number.
    pub fn set_heap_limit(&self, heap: u32, bytes: u64) {
        self.ledger().heaps.set_limit(HeapIndex::of(heap), bytes);
    }

    /// What is in use of each heap, by their numbers.
    pub fn heaps(&self) -> Vec<HeapUsage> {
        self.ledger().heaps.described().to_vec()
    }

    /// Sets from how many bytes in use on there is a warning.
    pub fn set_warning(&self, bytes: u64) {
        self.ledger().set_warning(bytes);
    }

    /// Calls a function each time that the use rises to the warning mark, on the thread that allocates. It takes the place of
    /// the one before; graphs whose event bus has a queue for [`BudgetWarning`] are told besides.
    pub fn on_warning(&self, listener: impl Fn(BudgetWarning) + Send + Sync + 'static) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(listener));
    }

    /// Calls another function as well, for as long as it is there. It must not ask for memory.
    pub(crate) fn tell(&self, graph: Weak<Listener>) {
        self.graphs.lock().unwrap_or_else(PoisonError::into_inner).push(graph);
    }

    /// What is in use.
    pub fn usage(&self) -> Usage {
        self.ledger().usage()
    }

    fn own_buffer(
        self: &Arc<Self>,
        desc: &BufferDesc<'_>,
        category: Category,
        backing: Backing<'_>,
    ) -> Result<Buffer, MemoryError> {
        desc.check()?;
        if desc.location == Location::DeviceMapped {
            return self.own_mapped_buffer(desc, category, backing);
        }
        self.try_buffer(desc, category, backing)
    }

    /// There is little mapped device memory on many devices: what finds no room there can lie elsewhere.
    #[inline(never)]
    fn own_mapped_buffer(
        self: &Arc<Self>,
        desc: &BufferDesc<'_>,
        category: Category,
        backing: Backing<'_>,
    ) -> Result<Buffer, MemoryError> {
        match self.try_buffer(desc, category, backing) {
            Err(error) if error.is_of_one_heap() => {
                let mut buffer = self.try_buffer(&desc.at(Location::Device), category, backing)?;
                buffer.location = desc.location;
                Ok(buffer)
            }
            result => result,
        }
    }

    fn try_buffer(
        self: &Arc<Self>,
        desc: &BufferDesc<'_>,
        category: Category,
        backing: Backing<'_>,
    ) -> Result<Buffer, MemoryError> {
        let request = Request { name: desc.name, kind: LiveKind::Buffer, category, usage: &desc.usage };
        let least = if let Backing::Aliased { .. } = backing { 0 } else { desc.size };
        let exact = || Ok(self.allocator.buffer_requirements(desc)?.size);
        // SAFETY: `make` holds the lock, so this is the only call; `place` made sure that shared memory is this allocator's and
        // the buffer fits; the caller keeps it alive.
        let create = |allocator: &dyn Allocator| unsafe { allocator.create_buffer(desc, backing) };
        self.make(&request, least, exact, create, |raw, charge| Buffer::new(raw, desc, charge))
    }

    fn own_image(
        self: &Arc<Self>,
        desc: &ImageDesc<'_>,
        category: Category,
        backing: Backing<'_>,
    ) -> Result<Image, MemoryError> {
        desc.check()?;
        let request = Request { name: desc.name, kind: LiveKind::Image, category, usage: &desc.usage };
        let least = if let Backing::Aliased { .. } = backing { 0 } else { desc.texel_bytes() };
        let exact = || Ok(self.allocator.image_requirements(desc)?.size);
        // SAFETY: as in `try_buffer`.
        let create = |allocator: &dyn Allocator| unsafe { allocator.create_image(desc, backing) };
        self.make(&request, least, exact, create, |raw, charge| Image::new(raw, desc, charge))
    }

    /// Makes something and counts it, under one lock. `least` is the least that it takes. `exact` costs more to find out and is
    /// asked only if `least` does not fit. What turns out not to fit once it has been made is destroyed again.
    ///
    /// `own` makes the owner from where `create` wrote it: moving it to and fro costs as much as counting it.
    #[inline]
    fn make<R: Raw, T>(
        self: &Arc<Self>,
        request: &Request<'_>,
        least: u64,
        exact: impl FnOnce() -> Result<u64, MemoryError>,
        create: impl FnOnce(&dyn Allocator) -> Result<R, MemoryError>,
        own: impl Fn(&R, Charge) -> T,
    ) -> Result<T, MemoryError> {
        let mut ledger = self.ledger();
        if ledger.stale {
            self.follow(&mut ledger);
        }
        if let Err(refused) = ledger.room(least) {
            let bytes = exact()?;
            let refused = if bytes < least { ledger.room(bytes) } else { Err(refused) };
            refused.map_err(|refused| refuse(&mut ledger, request, bytes, refused))?;
        }
        match create(&*self.allocator) {
            Ok(ref raw) => match ledger.open(self, request, raw.bytes(), HeapIndex::of(raw.heap())) {
                Ok(ticket) => {
                    let due = std::mem::take(&mut ledger.due);
                    drop(ledger);
                    let charge = Charge::new(self, ticket);
                    if due.any() {
                        return Ok(self.warned(own(raw, charge), due));
                    }
                    Ok(own(raw, charge))
                }
                Err(refused) => {
                    // SAFETY: it was made above, nobody has seen it, and the lock is held.
                    unsafe { raw.destroy(&*self.allocator) };
                    Err(refuse(&mut ledger, request, raw.bytes(), refused))
                }
            },
            Err(error) => Err(error),
        }
    }

    /// Makes sure that a resource fits into shared memory of this budget.
    fn place(
        self: &Arc<Self>,
        memory: &Memory,
        offset: u64,
        (name, usage): (&str, &dyn fmt::Debug),
        needs: &vk::MemoryRequirements,
    ) -> Result<RawMemory, MemoryError> {
        let problem = if !std::ptr::eq(memory.charge.budget(), &**self) {
            "shares memory of another budget: allocate the memory where the resource is created".to_owned()
        } else if memory.type_bits() & !needs.memory_type_bits != 0 {
            "cannot lie in memory of this type: name the resource when the memory is allocated".to_owned()
        } else if !offset.is_multiple_of(needs.alignment) {
            format!("starts at byte {offset} of shared memory, which is no multiple of {}", needs.alignment)
        } else if offset.checked_add(needs.size).is_none_or(|end| end > memory.size()) {
            format!("needs {} bytes from byte {offset} on, and the shared memory has {}", needs.size, memory.size())
        } else {
            return Ok(memory.raw());
        };
        Err(MemoryError::invalid_parameters(name, needs.size, usage, problem))
    }

    /// Gives the warnings that are due with a resource, which by now has an owner.
    #[cold]
    fn warned<T>(&self, resource: T, due: Due) -> T {
        self.warn(due);
        resource
    }

    /// Gives warnings, on this thread and with no lock held.
    fn warn(&self, due: Due) {
        due.each().for_each(|heap| self.warn_of(heap));
    }

    fn warn_of(&self, heap: Option<HeapIndex>) {
        let warning = {
            let mut ledger = self.ledger();
            ledger.warned();
            let Usage { in_use, warning, limit, .. } = ledger.usage();
            match heap {
                None => BudgetWarning { heap: None, in_use, warning, limit },
                Some(heap) => {
                    let HeapUsage { in_use, limit, .. } = ledger.heaps.usage(heap);
                    BudgetWarning { heap: Some(heap.number()), in_use, warning: ledger.heaps.warning(heap), limit }
                }
            }
        };
        self.graphs.lock().unwrap_or_else(PoisonError::into_inner).retain(|graph| match graph.upgrade() {
            Some(graph) => {
                graph(warning);
                true
            }
            None => false,
        });
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(listener) = listener {
            listener(warning);
        }
    }

    /// The counts, locked, for changes. The same lock lets one thread at a time call the allocator, so that an allocation takes
    /// no other.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        let ledger = self.gate();
        // Under the lock, as it is taken back.
        self.frames.stirred.store(true, Ordering::Relaxed);
        ledger
    }

    /// The same, to change no counts. A thread that panicked while it held them was counting, and left no count half made that
    /// matters more than going on.
    pub(super) fn gate(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, unless somebody else has them.
    pub(super) fn try_gate(&self) -> Option<MutexGuard<'_, Ledger>> {
        match self.ledger.try_lock() {
            Ok(ledger) => Some(ledger),
            Err(TryLockError::Poisoned(ledger)) => Some(ledger.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// To be called with the lock held.
    pub(super) fn allocator(&self) -> &dyn Allocator {
        &*self.allocator
    }

    pub(super) fn quota(&self) -> &Quota {
        &self.quota
    }
}

impl fmt::Debug for BudgetManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetManager").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

/// The error of a request that has no room, which is counted.
#[cold]
fn refuse(ledger: &mut Ledger, request: &Request<'_>, requested: u64, refused: Refused) -> MemoryError {
    ledger.refused();
    let Refused { in_use, limit, heap } = refused;
    let (name, usage) = (request.name.to_owned(), format!("{:?}", request.usage));
    let Some(index) = heap else { return MemoryError::OverBudget { name, requested, usage, in_use, limit } };
    let (heap, device_local) = (index.number(), ledger.heaps.usage(index).device_local);
    MemoryError::HeapFull { name, requested, usage, heap, device_local, in_use, limit }
}
