//! Every byte that is in use, and every allocation and free: by phase, by node, by category, and over time.

use std::collections::HashMap;
use std::ops::{AddAssign, SubAssign};
use std::sync::Arc;
use std::time::Instant;

use super::budget::Usage;
use super::category::Category;
use super::charge::Request;
use super::name::Name;
use super::records::{Record, Records, Ticket};
use super::scope::{Phase, current_node};
use super::series::{Sample, Series};

/// How much was allocated and freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Churn {
    /// How many allocations.
    pub allocations: u64,
    /// How many frees.
    pub frees: u64,
    /// Bytes allocated.
    pub bytes_allocated: u64,
    /// Bytes freed.
    pub bytes_freed: u64,
}

impl Churn {
    /// By how many bytes the use grew; negative when it shrank.
    pub const fn delta(&self) -> i64 {
        self.bytes_allocated.wrapping_sub(self.bytes_freed) as i64
    }

    const fn allocated(bytes: u64) -> Self {
        Self { allocations: 1, frees: 0, bytes_allocated: bytes, bytes_freed: 0 }
    }

    const fn freed(bytes: u64) -> Self {
        Self { allocations: 0, frees: 1, bytes_allocated: 0, bytes_freed: bytes }
    }
}

// An allocator may claim to have made what no machine has room for, so bytes do not overflow.
impl AddAssign for Churn {
    fn add_assign(&mut self, other: Self) {
        self.allocations += other.allocations;
        self.frees += other.frees;
        self.bytes_allocated = self.bytes_allocated.saturating_add(other.bytes_allocated);
        self.bytes_freed = self.bytes_freed.saturating_add(other.bytes_freed);
    }
}

impl SubAssign for Churn {
    fn sub_assign(&mut self, other: Self) {
        self.allocations = self.allocations.saturating_sub(other.allocations);
        self.frees = self.frees.saturating_sub(other.frees);
        self.bytes_allocated = self.bytes_allocated.saturating_sub(other.bytes_allocated);
        self.bytes_freed = self.bytes_freed.saturating_sub(other.bytes_freed);
    }
}

/// What a piece of memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveKind {
    /// A buffer.
    Buffer,
    /// An image.
    Image,
    /// Memory that several resources share.
    Memory,
}

/// Something that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Live {
    /// What messages call it.
    pub name: String,
    /// What it is.
    pub kind: LiveKind,
    /// The bytes that it takes.
    pub bytes: u64,
    /// What they count as.
    pub category: Category,
    /// When it was allocated.
    pub phase: Phase,
    /// For which node, if for one.
    pub node: Option<Arc<str>>,
}

/// There is no room: what is in use, and what may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub in_use: u64,
    pub limit: u64,
}

/// All counts of a budget. Its owner keeps it behind one lock, which an allocation takes once, and a free once.
#[derive(Debug)]
pub(super) struct Ledger {
    pub limit: u64,
    pub warning: u64,
    in_use: u64,
    peak: u64,
    resources: u64,
    by_category: [u64; Category::ALL.len()],
    warnings: u64,
    refusals: u64,
    records: Records,
    by_phase: [[Churn; Category::ALL.len()]; Phase::ALL.len()],
    by_node: HashMap<Arc<str>, Churn>,
    /// Since the last frame ended.
    frame: Churn,
    last_frame: Churn,
    frames: u64,
    start: Instant,
    series: Series,
    /// The most in use since the last sample, and how often that could have changed.
    highest: u64,
    unsampled: u32,
    /// How many more changes have a sample each.
    early: u32,
    newest: Newest,
}

/// The most in use with the newest allocation, and before it: ever, and since the last sample.
#[derive(Clone, Copy, Debug, Default)]
struct Newest {
    with: u64,
    peak: u64,
    highest: u64,
}

/// A snapshot of the ledger's counts.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub by_phase: [[Churn; Category::ALL.len()]; Phase::ALL.len()],
    pub by_node: Vec<(Arc<str>, Churn)>,
    pub last_frame: Churn,
    pub frames: u64,
}

/// After so many changes outside frames there is a sample: reading the clock each time would cost a good part of all the rest.
const SAMPLE_EVERY: u32 = 32;
/// So many changes have a sample each: a program may make all that it has with few, far apart.
const EARLY: u32 = 256;

impl Ledger {
    pub(super) fn new(limit: u64, warning: u64) -> Self {
        Self {
            limit,
            warning,
            in_use: 0,
            peak: 0,
            resources: 0,
            by_category: [0; Category::ALL.len()],
            warnings: 0,
            refusals: 0,
            records: Records::default(),
            by_phase: Default::default(),
            by_node: HashMap::new(),
            frame: Churn::default(),
            last_frame: Churn::default(),
            frames: 0,
            start: Instant::now(),
            series: Series::new(),
            highest: 0,
            unsampled: 0,
            early: EARLY,
            newest: Newest::default(),
        }
    }

    /// Enters an allocation by the calling thread, if there is room. Says whether the use rose to the warning mark.
    #[inline]
    pub(super) fn open(&mut self, request: &Request<'_>, bytes: u64) -> Result<(Ticket, bool), Refused> {
        let (peak, highest) = (self.peak, self.highest);
        let rose = self.take(bytes, request.category)?;
        self.resources += 1;
        let (phase, node) = (Phase::current(), current_node());
        let Request { kind, category, .. } = *request;
        self.count(phase, category, node.as_ref(), |churn| *churn += Churn::allocated(bytes));
        let name = Name::new(request.name);
        let ticket = self.records.insert(Record { name, kind, bytes, category, phase, node });
        self.newest = Newest { with: self.in_use, peak, highest };
        Ok((ticket, rose))
    }

    /// Corrects what an allocation takes, if there is room. Says whether the use rose to the warning mark.
    pub(super) fn correct(&mut self, ticket: &mut Ticket, bytes: u64) -> Result<bool, Refused> {
        // SAFETY: this owns the records.
        let Record { bytes: before, category, phase, ref node, .. } = *unsafe { ticket.record() };
        let node = node.clone();
        let rose = if bytes > before {
            self.take(bytes - before, category)
                .map_err(|refused| Refused { in_use: refused.in_use - before, ..refused })?
        } else {
            self.give_back(before - bytes, category);
            false
        };
        self.count(phase, category, node.as_ref(), |churn| {
            *churn -= Churn { allocations: 0, ..Churn::allocated(before) };
            *churn += Churn { allocations: 0, ..Churn::allocated(bytes) };
        });
        self.records.set_bytes(ticket, bytes);
        Ok(rose)
    }

    /// Crosses out an allocation that did not come about.
    pub(super) fn abort(&mut self, ticket: Ticket) {
        let entry = self.remove(ticket);
        // Where others allocated meanwhile, the peaks are theirs, and have this in them.
        let Newest { with, peak, highest } = self.newest;
        if self.peak == with {
            self.peak = peak.max(self.in_use);
        }
        if self.highest == with {
            self.highest = highest.max(self.in_use);
        }
        self.count(entry.phase, entry.category, entry.node.as_ref(), |churn| *churn -= Churn::allocated(entry.bytes));
    }

    /// Takes note that the calling thread frees something.
    pub(super) fn close(&mut self, ticket: Ticket) {
        let entry = self.remove(ticket);
        let churn = Churn::freed(entry.bytes);
        self.count(Phase::current(), entry.category, entry.node.as_ref(), |sum| *sum += churn);
        self.changed();
    }

    /// Ends a frame, and says what moved since the last one ended.
    pub(super) fn end_frame(&mut self) -> Churn {
        self.frames += 1;
        self.last_frame = std::mem::take(&mut self.frame);
        // In a frame in which nothing moved, the use over time stands where its newest sample says; reading the clock would
        // be a good part of what such a frame costs.
        if self.last_frame != Churn::default() {
            self.sample();
        }
        self.last_frame
    }

    /// Counts that there was a warning.
    pub(super) fn warned(&mut self) {
        self.warnings += 1;
    }

    /// Counts that an allocation was refused.
    pub(super) fn refused(&mut self) {
        self.refusals += 1;
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            in_use: self.in_use,
            peak: self.peak,
            limit: self.limit,
            warning: self.warning,
            resources: self.resources,
            warnings: self.warnings,
            refusals: self.refusals,
            by_category: self.by_category,
        }
    }

    /// What is alive, the largest first.
    pub(super) fn live(&self) -> Vec<Live> {
        let entries = self.records.iter().map(|entry| Live {
            name: entry.name.as_str().to_owned(),
            kind: entry.kind,
            bytes: entry.bytes,
            category: entry.category,
            phase: entry.phase,
            node: entry.node.clone(),
        });
        let mut live: Vec<Live> = entries.collect();
        live.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
        live
    }

    /// The use over time, up to now.
    pub(super) fn series(&mut self) -> Vec<Sample> {
        if self.unsampled > 0 {
            self.sample();
        }
        // Since the newest sample nothing has changed.
        let mut samples = self.series.samples();
        samples.push(self.now(self.in_use));
        samples
    }

    pub(super) fn counts(&self) -> Counts {
        let mut by_node: Vec<_> = self.by_node.iter().map(|(name, &churn)| (name.clone(), churn)).collect();
        by_node.sort_by(|(a_name, a), (b_name, b)| {
            b.bytes_allocated.cmp(&a.bytes_allocated).then_with(|| a_name.cmp(b_name))
        });
        Counts { by_phase: self.by_phase, by_node, last_frame: self.last_frame, frames: self.frames }
    }

    /// Forgets what was; what is alive stays known.
    pub(super) fn reset(&mut self) {
        (self.peak, self.warnings, self.refusals) = (self.in_use, 0, 0);
        self.by_phase = Default::default();
        self.by_node.clear();
        (self.frame, self.last_frame, self.frames) = (Churn::default(), Churn::default(), 0);
        self.series = Series::new();
        (self.highest, self.unsampled, self.early) = (self.in_use, 0, EARLY);
    }

    fn take(&mut self, bytes: u64, category: Category) -> Result<bool, Refused> {
        let (before, limit) = (self.in_use, self.limit);
        let after = before.checked_add(bytes).filter(|&after| after <= limit);
        let after = after.ok_or(Refused { in_use: before, limit })?;
        self.in_use = after;
        self.by_category[category as usize] += bytes;
        self.peak = self.peak.max(after);
        self.changed();
        Ok(before < self.warning && self.warning <= after)
    }

    fn give_back(&mut self, bytes: u64, category: Category) {
        self.in_use -= bytes;
        self.by_category[category as usize] -= bytes;
    }

    fn remove(&mut self, ticket: Ticket) -> Record {
        let entry = self.records.remove(ticket);
        self.resources -= 1;
        self.give_back(entry.bytes, entry.category);
        entry
    }

    fn count(&mut self, phase: Phase, category: Category, node: Option<&Arc<str>>, change: impl Fn(&mut Churn)) {
        change(&mut self.frame);
        change(&mut self.by_phase[phase as usize][category as usize]);
        let Some(node) = node else { return };
        match self.by_node.get_mut(node) {
            Some(known) => change(known),
            None => change(self.by_node.entry(node.clone()).or_default()),
        }
    }

    /// The use has changed.
    fn changed(&mut self) {
        if self.early > 0 || self.unsampled == SAMPLE_EVERY {
            self.early = self.early.saturating_sub(1);
            // Of the time before this change.
            self.sample();
        }
        self.highest = self.highest.max(self.in_use);
        self.unsampled += 1;
    }

    #[cold]
    fn sample(&mut self) {
        let sample = self.now(self.highest);
        self.series.push(sample);
        (self.highest, self.unsampled) = (self.in_use, 0);
    }

    fn now(&self, in_use: u64) -> Sample {
        let Self { warning, limit, .. } = *self;
        Sample { seconds: self.start.elapsed().as_secs_f64(), in_use, warning, limit }
    }
}
