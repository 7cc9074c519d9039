//! What an owned resource owes the budget.

use std::fmt;
use std::sync::Arc;

use super::allocator::Allocator;
use super::budget::BudgetManager;
use super::category::Category;
use super::error::MemoryError;
use super::tracker::{LiveKind, Ticket};

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
    name: Arc<str>,
    kind: LiveKind,
    category: Category,
    bytes: u64,
    /// Whether the use rose to the warning mark with it, and nobody was told yet.
    rose: bool,
    /// Once the resource exists.
    ticket: Option<Ticket>,
}

impl Charge {
    /// Counts bytes as used if there is room.
    pub(super) fn new(budget: &Arc<BudgetManager>, request: &Request<'_>, bytes: u64) -> Result<Self, MemoryError> {
        let rose = budget.take(request, bytes, 0)?;
        budget.count_resource(true);
        let Request { name, kind, category, .. } = *request;
        Ok(Self { budget: budget.clone(), name: name.into(), kind, category, bytes, rose, ticket: None })
    }

    /// Corrects the count to what the allocator really took, and gives the warning that is due.
    pub(super) fn settle(&mut self, request: &Request<'_>, bytes: u64) -> Result<(), MemoryError> {
        if bytes > self.bytes {
            self.rose |= self.budget.take(request, bytes - self.bytes, self.bytes)?;
        } else {
            self.budget.give_back(self.bytes - bytes, self.category);
        }
        self.bytes = bytes;
        let budget = &self.budget;
        let sample = |seconds| budget.sample(seconds);
        self.ticket = Some(budget.tracker().allocated(&self.name, self.kind, bytes, self.category, sample));
        if std::mem::take(&mut self.rose) {
            budget.warn();
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
        &self.name
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
        if let Some(ticket) = self.ticket.take() {
            let budget = &self.budget;
            budget.tracker().freed(ticket, |seconds| budget.sample(seconds));
        }
        self.budget.count_resource(false);
    }
}
