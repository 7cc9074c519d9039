//! Every byte that is in use, and every allocation and free: by phase, by node, by category, and over time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::budget::BudgetManager;
use super::category::Category;
use super::charge::Request;
use super::churn::Churn;
use super::heaps::{HeapIndex, Heaps, LIMIT, WARNING, percent};
use super::live::Live;
use super::records::{Record, Records, Ticket};
use super::scope::{self, Phase};
use super::series::{Sample, Series};
use super::usage::Usage;

/// There is no room: what is in use, and what may be, of all memory or of one heap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub in_use: u64,
    pub limit: u64,
    pub heap: Option<HeapIndex>,
}

/// Warnings: a bit for each heap, and one for all memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Due(u32);

impl Due {
    const ALL_MEMORY: u32 = 1 << 31;

    pub fn any(self) -> bool {
        self.0 != 0
    }

    /// What to warn of: all memory, or a heap.
    pub fn each(self) -> impl Iterator<Item = Option<HeapIndex>> {
        let all = (self.0 & Self::ALL_MEMORY != 0).then_some(None);
        all.into_iter().chain((0..31).filter(move |heap| self.0 >> heap & 1 != 0).map(|heap| Some(HeapIndex::of(heap))))
    }
}

/// All counts of a budget.
pub(super) struct Ledger {
    limit: u64,
    warning: u64,
    /// Whether somebody set them: then they do not follow what there is.
    limit_set: bool,
    warning_set: bool,
    /// Warnings that nobody has given yet.
    pub due: Due,
    /// It is time to ask how much memory there is.
    pub stale: bool,
    /// Whether that can change; where it cannot, nobody asks again.
    pub heaps_change: bool,
    /// When somebody asked last.
    asked: Instant,
    in_use: u64,
    /// The most that was in use when something was freed: since the last sample, and before that.
    highest: u64,
    peak: u64,
    by_category: [u64; Category::ALL.len()],
    pub heaps: Heaps,
    warnings: u64,
    refusals: u64,
    records: Records,
    by_phase: [[Churn; Category::ALL.len()]; Phase::ALL.len()],
    by_node: HashMap<Arc<str>, Churn>,
    /// What had come and gone when the last frame ended, and what did in that frame.
    frame_start: Churn,
    last_frame: Churn,
    frames: u64,
    start: Instant,
    series: Series,
    /// How often the use could have changed since the last sample.
    unsampled: u32,
    /// How many more changes have a sample each.
    early: u32,
    /// The budget itself, for as long as anything is alive.
    keeper: Option<Arc<BudgetManager>>,
}

/// A snapshot of the ledger's counts.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub by_phase: [[Churn; Category::ALL.len()]; Phase::ALL.len()],
    pub by_node: Vec<(Arc<str>, Churn)>,
    pub last_frame: Churn,
    pub frames: u64,
}

/// After this many changes outside frames there is a sample: reading the clock each time would cost a good part of all the rest.
const SAMPLE_EVERY: u32 = 32;
/// An allocation that comes this long after the last question asks the driver again how much memory there is.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Each of the first changes has a sample of its own: a program may make all that it has with few, far apart.
const EARLY: u32 = 256;

impl Ledger {
    pub(super) fn new(heaps: Heaps) -> Self {
        let total = heaps.device_bytes();
        Self {
            limit: percent(total, LIMIT),
            warning: percent(total, WARNING),
            limit_set: false,
            warning_set: false,
            due: Due::default(),
            stale: false,
            heaps_change: true,
            asked: Instant::now(),
            in_use: 0,
            highest: 0,
            peak: 0,
            by_category: [0; Category::ALL.len()],
            heaps,
            warnings: 0,
            refusals: 0,
            records: Records::default(),
            by_phase: Default::default(),
            by_node: HashMap::new(),
            frame_start: Churn::default(),
            last_frame: Churn::default(),
            frames: 0,
            start: Instant::now(),
            series: Series::new(),
            unsampled: 0,
            early: EARLY,
            keeper: None,
        }
    }

    /// Whether there is room for this many bytes more, wherever they lie.
    pub(super) fn room(&self, bytes: u64) -> Result<(), Refused> {
        let Self { in_use, limit, .. } = *self;
        match in_use.checked_add(bytes) {
            Some(after) if after <= limit => Ok(()),
            _ => Err(Refused { in_use, limit, heap: None }),
        }
    }

    pub(super) fn set_limit(&mut self, bytes: u64) {
        (self.limit, self.limit_set) = (bytes, true);
    }

    pub(super) fn set_warning(&mut self, bytes: u64) {
        (self.warning, self.warning_set) = (bytes, true);
    }

    /// From now on there are this many bytes of each heap. Limits and marks that nobody set follow.
    pub(super) fn follow(&mut self, bytes: &[u64]) {
        self.due.0 |= self.heaps.follow(bytes);
        let total = self.heaps.device_bytes();
        if !self.limit_set {
            self.limit = percent(total, LIMIT);
        }
        let before = self.warning;
        if !self.warning_set {
            self.warning = percent(total, WARNING);
        }
        if self.in_use < before && self.in_use >= self.warning {
            self.due.0 |= Due::ALL_MEMORY;
        }
        self.asked = Instant::now();
    }

    /// Enters an allocation by the calling thread, if there is room. A warning is due where the use rises to its mark.
    #[inline]
    pub(super) fn open(
        &mut self,
        budget: &Arc<BudgetManager>,
        request: &Request<'_>,
        bytes: u64,
        heap: HeapIndex,
    ) -> Result<Ticket, Refused> {
        self.room(bytes)?;
        self.heaps.room(heap, bytes)?;
        self.changes();
        let Request { kind, category, name, .. } = *request;
        let before = self.in_use;
        self.in_use += bytes;
        self.by_category[category as usize] += bytes;
        self.heaps.take(heap, bytes);
        if before < self.warning && self.warning <= self.in_use {
            self.due.0 |= Due::ALL_MEMORY;
        }
        let (phase, node) = scope::current();
        self.count(phase, category, node.as_ref(), |churn| {
            churn.allocations += 1;
            churn.bytes_allocated = churn.bytes_allocated.saturating_add(bytes);
        });
        if self.keeper.is_none() {
            self.keeper = Some(budget.clone());
        }
        let (ticket, record) = self.records.insert();
        record.name.set(name);
        (record.kind, record.heap, record.bytes) = (kind, heap, bytes);
        (record.category, record.phase, record.node) = (category, phase, node);
        Ok(ticket)
    }

    /// Takes note that the calling thread frees something. What is returned is to be dropped when the ledger is no longer locked.
    #[inline]
    pub(super) fn close(&mut self, ticket: Ticket) -> Option<Arc<BudgetManager>> {
        self.highest = self.highest.max(self.in_use);
        self.changes();
        let look = |record: &mut Record| (record.category, record.bytes, record.heap, record.node.take());
        let (category, bytes, heap, node) = self.records.remove(ticket, look);
        self.in_use -= bytes;
        self.by_category[category as usize] -= bytes;
        self.heaps.give_back(heap, bytes);
        self.count(Phase::current(), category, node.as_ref(), |churn| {
            churn.frees += 1;
            churn.bytes_freed = churn.bytes_freed.saturating_add(bytes);
        });
        if self.records.len() == 0 { self.keeper.take() } else { None }
    }

    /// Ends a frame, and says what moved since the last one ended.
    pub(super) fn end_frame(&mut self) -> Churn {
        self.frames += 1;
        let mut moved = self.churn();
        let start = std::mem::replace(&mut self.frame_start, moved);
        moved -= start;
        self.last_frame = moved;
        // In a frame in which nothing moved, the use over time stands where its newest sample says; reading the clock would
        // be a good part of what such a frame costs.
        if moved != Churn::default() {
            self.sample();
        }
        moved
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
            peak: self.peak.max(self.highest).max(self.in_use),
            limit: self.limit,
            warning: self.warning,
            resources: self.records.len() as u64,
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
        (self.highest, self.peak, self.warnings, self.refusals) = (0, 0, 0, 0);
        self.by_phase = Default::default();
        self.by_node.clear();
        (self.frame_start, self.last_frame, self.frames) = (Churn::default(), Churn::default(), 0);
        self.series = Series::new();
        (self.unsampled, self.early) = (0, EARLY);
    }

    fn count(&mut self, phase: Phase, category: Category, node: Option<&Arc<str>>, change: impl Fn(&mut Churn)) {
        change(&mut self.by_phase[phase as usize][category as usize]);
        if let Some(node) = node {
            self.count_for(node, change);
        }
    }

    #[cold]
    fn count_for(&mut self, node: &Arc<str>, change: impl Fn(&mut Churn)) {
        match self.by_node.get_mut(node) {
            Some(known) => change(known),
            None => change(self.by_node.entry(node.clone()).or_default()),
        }
    }

    /// All that came and went.
    fn churn(&self) -> Churn {
        self.by_phase.iter().flatten().fold(Churn::default(), |mut sum, &churn| {
            sum += churn;
            sum
        })
    }

    /// The use is about to change.
    fn changes(&mut self) {
        if self.early > 0 || self.unsampled == SAMPLE_EVERY {
            self.early = self.early.saturating_sub(1);
            self.sample();
        }
        self.unsampled += 1;
    }

    #[cold]
    fn sample(&mut self) {
        let highest = self.highest.max(self.in_use);
        let sample = self.now(highest);
        self.stale =
            self.heaps_change && self.start + Duration::from_secs_f64(sample.seconds) >= self.asked + ASK_EVERY;
        self.series.push(sample);
        (self.highest, self.peak, self.unsampled) = (0, self.peak.max(highest), 0);
    }

    fn now(&self, in_use: u64) -> Sample {
        let Self { warning, limit, .. } = *self;
        Sample { seconds: self.start.elapsed().as_secs_f64(), in_use, warning, limit }
    }
}
