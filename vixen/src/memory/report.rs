//! Memory as a table: what is in use, and what came and went.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::budget::BudgetManager;
use super::category::Category;
use super::churn::Churn;
use super::ledger::Counts;
use super::live::Live;
use super::quota::QuotaUsage;
use super::scope::Phase;
use super::series::Sample;
use super::usage::Usage;

/// What a budget counted up to a moment. Prints as a table.
#[derive(Clone, Debug)]
pub struct MemoryReport {
    usage: Usage,
    staging: QuotaUsage,
    counts: Counts,
}

impl BudgetManager {
    /// What is in use, and what came and went by phase, node and category.
    pub fn report(&self) -> MemoryReport {
        let staging = self.staging_usage();
        let ledger = self.ledger();
        let mut counts = ledger.counts();
        counts.frames += self.frames.count();
        MemoryReport { usage: ledger.usage(), staging, counts }
    }

    /// What is alive, the largest first: for finding what was not freed.
    pub fn live(&self) -> Vec<Live> {
        self.ledger().live()
    }

    /// The use of memory over time: at most some 2,000 samples, however long ago it began.
    pub fn series(&self) -> Vec<Sample> {
        self.ledger().series()
    }

    /// Ends a frame, and returns what came and went since the last one ended. It allocates nothing and waits for nobody: if another
    /// thread is allocating just then, it returns nothing and the next frame returns it instead. Compiled graphs call it after each
    /// of their frames.
    #[inline]
    pub fn end_frame(&self) -> Churn {
        if self.frames.stirred.load(Ordering::Relaxed)
            && let Some(churn) = self.end_stirred_frame()
        {
            return churn;
        }
        self.frames.quiet.fetch_add(1, Ordering::Relaxed);
        Churn::default()
    }

    /// As [`end_frame`](Self::end_frame), for callers of which one runs at a time, as they hold the device's main queue: it costs
    /// an unchanged frame no atomic step.
    #[inline]
    pub(crate) fn end_submitted_frame(&self) {
        if self.frames.stirred.load(Ordering::Relaxed) && self.end_stirred_frame().is_some() {
            return;
        }
        let submitted = &self.frames.submitted;
        submitted.store(submitted.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    #[inline(never)]
    fn end_stirred_frame(&self) -> Option<Churn> {
        let mut ledger = self.try_gate()?;
        let churn = ledger.end_frame();
        self.frames.stirred.store(churn != Churn::default(), Ordering::Relaxed);
        Some(churn)
    }

    /// Forgets peaks, counts and the use over time. What is in use, and the limits, stay.
    pub fn reset_statistics(&self) {
        self.quota().reset();
        let mut ledger = self.ledger();
        self.frames.reset();
        ledger.reset();
    }
}

impl MemoryReport {
    /// What was in use.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// What of the staging quota was in use.
    pub fn staging(&self) -> &QuotaUsage {
        &self.staging
    }

    /// What came and went in a phase, counted as a category.
    pub fn churn(&self, phase: Phase, category: Category) -> Churn {
        self.counts.by_phase[phase as usize][category as usize]
    }

    /// What came and went in a phase.
    pub fn phase(&self, phase: Phase) -> Churn {
        Category::ALL.into_iter().fold(Churn::default(), |mut sum, category| {
            sum += self.churn(phase, category);
            sum
        })
    }

    /// What came and went for each node, the one that was allocated most for first.
    pub fn nodes(&self) -> &[(Arc<str>, Churn)] {
        &self.counts.by_node
    }

    /// What came and went in the last frame that ended.
    pub fn last_frame(&self) -> Churn {
        self.counts.last_frame
    }

    /// How many frames have ended.
    pub fn frames(&self) -> u64 {
        self.counts.frames
    }
}

impl fmt::Display for MemoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Usage { in_use, peak, limit, warning, resources, .. } = self.usage;
        writeln!(f, "{:<24}{:>14}{:>14}", "memory", "bytes", "of the limit")?;
        let share = |bytes: u64| format!("{:.1}%", bytes as f64 * 100.0 / limit.max(1) as f64);
        for (what, bytes) in [("limit", limit), ("warning from", warning), ("peak", peak), ("in use", in_use)] {
            writeln!(f, "{what:<24}{bytes:>14}{:>14}", share(bytes))?;
        }
        for category in Category::ALL.into_iter().filter(|&category| self.usage.of(category) > 0) {
            let bytes = self.usage.of(category);
            writeln!(f, "  {:<22}{bytes:>14}{:>14}", category.name(), share(bytes))?;
        }
        let QuotaUsage { limit, peak, waits, .. } = self.staging;
        writeln!(f, "{:<24}{peak:>14}  of {limit} bytes, {waits} waits", "staging peak")?;
        writeln!(f, "{:<24}{resources:>14}", "resources alive")?;

        let head = ["allocations", "bytes", "frees", "bytes"];
        writeln!(f, "{:<24}{:>14}{:>14}{:>14}{:>14}", "came and went", head[0], head[1], head[2], head[3])?;
        let row = |f: &mut fmt::Formatter<'_>, name: &str, churn: Churn| {
            let Churn { allocations, frees, bytes_allocated, bytes_freed } = churn;
            writeln!(f, "{name:<24}{allocations:>14}{bytes_allocated:>14}{frees:>14}{bytes_freed:>14}")
        };
        for phase in Phase::ALL.into_iter().filter(|&phase| self.phase(phase) != Churn::default()) {
            row(f, phase.name(), self.phase(phase))?;
            for category in
                Category::ALL.into_iter().filter(|&category| self.churn(phase, category) != Churn::default())
            {
                row(f, &format!("  {category}"), self.churn(phase, category))?;
            }
        }
        self.nodes().iter().try_for_each(|(name, churn)| row(f, &format!("node {name}"), *churn))
    }
}
