//! What was seen in watched frames.

use std::fmt;

use super::watch::{Counts, Sighting, What};

/// What a graph's frames allocated and created.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FramesReport {
    /// Frames that were watched.
    pub frames: u64,
    /// Recompiles inside of these frames, which may allocate and are not counted below.
    pub recompiles: u64,
    /// The most heap allocations of one frame.
    pub heap_max: u64,
    /// The most allocations that the driver made in one frame.
    pub driver_max: u64,
    /// The most that it makes in one frame for the same commands, recorded and submitted by hand.
    pub driver_by_hand_max: u64,
    /// The most by which a frame exceeds what its commands cause by hand.
    pub driver_over_by_hand_max: u64,
    /// The most objects that one frame created or allocated.
    pub create_max: u64,
    /// The most objects that one frame destroyed or freed: what was retired earlier. Nothing is wrong with that.
    pub destroy_max: u64,
    /// The first who allocated or created something: 'node `a`: heap allocation of 64 bytes in frame 3'.
    pub first_offender: Option<String>,
}

impl FramesReport {
    /// Whether nothing was allocated or created.
    pub fn is_empty(&self) -> bool {
        self.heap_max == 0 && self.driver_over_by_hand_max == 0 && self.create_max == 0
    }

    /// Fails a test when something was allocated or created.
    ///
    /// # Panics
    /// Then, with the whole report.
    #[track_caller]
    pub fn assert_empty(&self) {
        assert!(self.is_empty(), "frames must allocate nothing, but: {self}");
    }
}

impl fmt::Display for FramesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = &self.first_offender {
            write!(f, "{first}; ")?;
        }
        write!(
            f,
            "at most {} heap allocations, {} objects created and {} driver allocations more than by hand ({} against {}) in \
             one of {} frames",
            self.heap_max,
            self.create_max,
            self.driver_over_by_hand_max,
            self.driver_max,
            self.driver_by_hand_max,
            self.frames
        )
    }
}

/// Who allocated or created something.
pub(super) struct Offender {
    frame: u64,
    text: String,
}

impl From<Sighting> for Offender {
    fn from(sighting: Sighting) -> Self {
        let by = sighting.node().map_or_else(|| "the frame itself".to_owned(), |node| format!("node `{node}`"));
        let what = match sighting.what {
            What::Heap(bytes) => format!("heap allocation of {bytes} bytes"),
            What::Driver(bytes) => format!("driver allocation of {bytes} bytes"),
            What::Create(call) | What::Destroy(call) => format!("call of {}", call.to_string_lossy()),
            What::Uploads => "uploads".to_owned(),
        };
        Self { frame: sighting.frame, text: format!("{by}: {what} in frame {}", sighting.frame) }
    }
}

/// Frames with one state of the switches, with or without uploads: they record and submit the same.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub switches: u32,
    pub uploads: bool,
    driver_max: u64,
    driver_max_frame: u64,
    pub by_hand_max: u64,
}

/// Everything seen so far.
#[derive(Default)]
pub(super) struct Seen {
    frames: u64,
    pub recompiles: u64,
    max: Counts,
    pub states: Vec<State>,
}

impl Seen {
    /// Adds a frame.
    pub fn add(&mut self, frame: u64, switches: u32, counts: Counts) {
        self.frames += 1;
        self.max = Counts {
            heap: self.max.heap.max(counts.heap),
            driver: self.max.driver.max(counts.driver),
            created: self.max.created.max(counts.created),
            destroyed: self.max.destroyed.max(counts.destroyed),
            uploads: self.max.uploads.max(counts.uploads),
        };
        let uploads = counts.uploads > 0;
        match self.states.iter_mut().find(|state| (state.switches, state.uploads) == (switches, uploads)) {
            Some(state) if state.driver_max >= counts.driver => {}
            Some(state) => (state.driver_max, state.driver_max_frame) = (counts.driver, frame),
            None => self.states.push(State {
                switches,
                uploads,
                driver_max: counts.driver,
                driver_max_frame: frame,
                by_hand_max: 0,
            }),
        }
    }

    /// Adds what the driver allocates in a frame by hand.
    pub fn add_by_hand(&mut self, switches: u32, driver: u64) {
        for state in self.states.iter_mut().filter(|state| state.switches == switches) {
            state.by_hand_max = state.by_hand_max.max(driver);
        }
    }

    /// The report. The first offender is the one of the earliest frame.
    pub fn report(&self, heap: Option<Offender>, created: Option<Offender>) -> FramesReport {
        let over = |state: &&State| state.driver_max.saturating_sub(state.by_hand_max);
        let worst = self.states.iter().max_by_key(over);
        let driver = worst.filter(|state| over(state) > 0).map(|state| Offender {
            frame: state.driver_max_frame,
            text: format!(
                "the driver: {} allocations in frame {}, where the same commands by hand cause {}",
                state.driver_max, state.driver_max_frame, state.by_hand_max
            ),
        });
        let offenders = [heap, created, driver].into_iter().flatten();
        FramesReport {
            frames: self.frames,
            recompiles: self.recompiles,
            heap_max: self.max.heap,
            driver_max: self.max.driver,
            driver_by_hand_max: self.states.iter().map(|state| state.by_hand_max).max().unwrap_or(0),
            driver_over_by_hand_max: worst.as_ref().map_or(0, over),
            create_max: self.max.created,
            destroy_max: self.max.destroyed,
            first_offender: offenders.min_by_key(|offender| offender.frame).map(|offender| offender.text),
        }
    }
}
