//! What an owned resource owes the budget.

use std::fmt;
use std::sync::Arc;

use super::allocator::Allocator;
use super::budget::BudgetManager;
use super::category::Category;
use super::error::MemoryError;
use super::ledger::{LiveKind, Refused};
use super::records::{Record, Ticket};

/// Who asks for memory, and what for.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub name: &'a str,
    pub kind: LiveKind,
    pub category: Category,
    pub usage: &'a dyn fmt::Debug,
}

/// Bytes that are counted as used until this is dropped. It keeps the budget, its allocator and with that the device alive.
pub(super) struct Charge {
    budget: Arc<BudgetManager>,
    /// Whether the use rose to the warning mark with it, and nobody was told yet.
    rose: bool,
    /// Whether what it is for came about.
    settled: bool,
    /// Until it is dropped.
    ticket: Option<Ticket>,
}

impl Charge {
    /// Counts bytes as used if there is room. `least` is what the resource takes at least; `exact`, which costs more to find
    /// out, is asked only where that much has no room.
    #[inline]
    pub(super) fn new(
        budget: &Arc<BudgetManager>,
        request: &Request<'_>,
        least: u64,
        exact: impl FnOnce() -> Result<u64, MemoryError>,
    ) -> Result<Self, MemoryError> {
        let opened = budget.ledger().open(request, least);
        let (ticket, rose) = match opened {
            Ok(opened) => opened,
            Err(refused) => Self::second_try(budget, request, (least, refused), exact()?)?,
        };
        Ok(Self { budget: budget.clone(), rose, settled: false, ticket: Some(ticket) })
    }

    /// What a resource takes exactly may be less than was refused.
    #[cold]
    fn second_try(
        budget: &BudgetManager,
        request: &Request<'_>,
        (least, refused): (u64, Refused),
        bytes: u64,
    ) -> Result<(Ticket, bool), MemoryError> {
        if bytes >= least {
            return Err(budget.refuse(request, bytes, refused));
        }
        let opened = budget.ledger().open(request, bytes);
        opened.map_err(|refused| budget.refuse(request, bytes, refused))
    }

    /// The resource came about: corrects the count to what it really took, and gives the warning that is due.
    #[inline]
    pub(super) fn settle(&mut self, request: &Request<'_>, bytes: u64) -> Result<(), MemoryError> {
        if bytes != self.bytes() {
            let ticket = self.ticket.as_mut().expect("it is there until the charge is dropped");
            let corrected = self.budget.ledger().correct(ticket, bytes);
            self.rose |= corrected.map_err(|refused: Refused| self.budget.refuse(request, bytes, refused))?;
        }
        self.settled = true;
        if std::mem::take(&mut self.rose) {
            self.budget.warn();
        }
        Ok(())
    }

    pub(super) fn allocator(&self) -> &dyn Allocator {
        self.budget.allocator()
    }

    pub(super) fn budget(&self) -> &Arc<BudgetManager> {
        &self.budget
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
        let ticket = self.ticket.as_ref().expect("it is there until the charge is dropped");
        // SAFETY: the charge keeps its budget alive, and with it the ledger's records.
        unsafe { ticket.record() }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        if self.settled {
            self.budget.ledger().close(ticket);
        } else {
            self.budget.ledger().abort(ticket);
        }
    }
}
