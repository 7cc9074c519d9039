//! What an owned resource owes the budget.

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use super::allocator::Allocator;
use super::budget::BudgetManager;
use super::category::Category;
use super::error::MemoryError;
use super::live::LiveKind;
use super::records::{Record, Ticket};
use crate::device::Device;

/// Who asks for memory, and what for.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub name: &'a str,
    pub kind: LiveKind,
    pub category: Category,
    pub usage: &'a dyn fmt::Debug,
}

/// Bytes that are counted as used until [`Self::end`]. It keeps the budget, its allocator and with that the device alive.
pub(super) struct Charge {
    /// Alive until the charge ends: until then the ledger keeps an `Arc` of it.
    budget: NonNull<BudgetManager>,
    /// Until it ends.
    ticket: Option<Ticket>,
}

// SAFETY: the pointer stands for a shared reference to the budget, which any thread may use; the rest may be sent anyway.
unsafe impl Send for Charge {}
// SAFETY: as above.
unsafe impl Sync for Charge {}

const _: () = {
    const fn any_thread<T: Send + Sync>() {}
    any_thread::<BudgetManager>();
    any_thread::<Ticket>();
};

impl Charge {
    /// Of a record that the budget's ledger has just entered.
    #[inline]
    pub(super) fn new(budget: &Arc<BudgetManager>, ticket: Ticket) -> Self {
        // From the pointer to all that the `Arc` holds, so that another `Arc` can be made of it.
        let budget = NonNull::new(Arc::as_ptr(budget).cast_mut()).expect("an `Arc` points to something");
        Self { budget, ticket: Some(ticket) }
    }

    /// Has a resource destroyed and gives its bytes back, under one lock.
    #[inline]
    pub(super) fn end(&mut self, destroy: impl FnOnce(&dyn Allocator)) {
        let Some(ticket) = self.ticket.take() else { return };
        // SAFETY: the ledger keeps the budget until it has the ticket back, and then gives away what it kept it by: that is
        // dropped last, when the lock, which is the budget's, has been let go.
        let budget = unsafe { self.budget.as_ref() };
        let keeper = {
            let mut ledger = budget.ledger();
            destroy(budget.allocator());
            ledger.close(ticket)
        };
        drop(keeper);
    }

    #[inline]
    pub(super) fn budget(&self) -> &BudgetManager {
        assert!(self.ticket.is_some(), "the charge has ended");
        // SAFETY: the ticket is there, and until the ledger has it back it keeps an `Arc` of the budget.
        unsafe { self.budget.as_ref() }
    }

    /// Whether it lies in the memory of a device.
    #[inline]
    pub(super) fn is_on(&self, device: &Device) -> bool {
        let budget = self.budget();
        // Another budget of the same device will do.
        let same = || budget.allocator().device().is_none_or(|own| own == device.raw().handle());
        std::ptr::eq(budget, &**device.budget()) || same()
    }

    /// Refuses what lies in the memory of another device.
    #[inline]
    pub(super) fn check_device(&self, device: &Device) -> Result<(), MemoryError> {
        if self.is_on(device) {
            return Ok(());
        }
        Err(MemoryError::OtherDevice { name: self.name().to_owned(), device: device.info().name.clone() })
    }

    /// Another handle of the budget.
    pub(super) fn share_budget(&self) -> Arc<BudgetManager> {
        assert!(self.ticket.is_some(), "the charge has ended");
        let budget = self.budget.as_ptr().cast_const();
        // SAFETY: the pointer came from an `Arc` of which the ledger keeps one; the count is raised for the one made here.
        unsafe {
            Arc::increment_strong_count(budget);
            Arc::from_raw(budget)
        }
    }

    pub(super) fn name(&self) -> &str {
        self.record().name.as_str()
    }

    pub(super) fn category(&self) -> Category {
        self.record().category
    }

    pub(super) fn bytes(&self) -> u64 {
        self.record().bytes
    }

    fn record(&self) -> &Record {
        let ticket = self.ticket.as_ref().expect("it is there until the charge ends");
        // SAFETY: the charge keeps its budget alive, and with it the ledger's records; the ledger filled this one before it gave
        // the ticket away.
        unsafe { ticket.record() }
    }
}
