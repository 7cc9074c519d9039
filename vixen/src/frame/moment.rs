//! Which of its variants a recording, a descriptor set or a copy of a resource is.
//!
//! A command buffer is recorded once for each combination of what it touches: frame slot, history phase, the states of the
//! switches that it depends on, and the swapchain image. A [`Moment`] is one such combination as a frame meets it.

use crate::plan::Residency;

/// What changes from frame to frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Frame slot: frame number modulo frames in flight.
    pub slot: u32,
    /// Frame number.
    pub frame: u64,
    /// State of every switch, a bit each.
    pub switches: u32,
    /// Swapchain image of each output.
    pub images: [u32; MAX_OUTPUTS],
}

/// The most outputs that a graph can have.
pub(crate) const MAX_OUTPUTS: usize = 8;

/// The most recordings of one segment, or sets of descriptors of one node: what depends on more is refused.
pub(crate) const MAX_VARIANTS: u64 = 4096;

/// The most frames that can be in flight.
pub(crate) const MAX_FRAME_SLOTS: usize = 8;

/// What a thing depends on, and so in how many variants it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variants {
    /// Frame slots: 1 when it does not depend on them.
    pub slots: u32,
    /// History phases: 1 when it does not depend on them.
    pub phases: u32,
    /// Mask of the switches that it depends on.
    pub switches: u32,
    /// Swapchain images: 1 when it does not depend on them.
    pub images: u32,
    /// The output whose images they are.
    pub output: u32,
}

impl Variants {
    /// Depends on nothing.
    pub const ONE: Self = Self { slots: 1, phases: 1, switches: 0, images: 1, output: 0 };

    /// How many variants there are.
    pub fn count(self) -> usize {
        usize::try_from(self.wanted()).unwrap_or(usize::MAX)
    }

    /// How many variants there are, however absurd: compile refuses more than [`MAX_VARIANTS`].
    pub fn wanted(self) -> u64 {
        let states = 1u64 << self.switches.count_ones();
        [self.slots, self.phases, self.images]
            .into_iter()
            .fold(states, |count, factor| count.saturating_mul(factor.into()))
    }

    /// Whether frames of the same slot can need different ones.
    pub fn vary_within_slot(self) -> bool {
        self.phases > 1 || self.images > 1 || self.switches != 0
    }

    /// The variant for a moment.
    #[inline]
    pub fn index(self, moment: &Moment) -> usize {
        // Most nodes depend on the slot at most.
        if !self.vary_within_slot() {
            return if self.slots == 1 { 0 } else { moment.slot as usize };
        }
        let phase = if self.phases == 1 { 0 } else { (moment.frame % u64::from(self.phases)) as u32 };
        let slot = if self.slots == 1 { 0 } else { moment.slot };
        let image = if self.images == 1 { 0 } else { moment.images[self.output as usize] };
        let outer = ((image * self.slots + slot) * self.phases + phase) as usize;
        (outer << self.switches.count_ones()) | gather(moment.switches, self.switches) as usize
    }

    /// A moment that a variant is for.
    pub fn moment(self, index: usize) -> Moment {
        let states = self.switches.count_ones();
        let switches = scatter(index as u32 & ((1 << states) - 1), self.switches);
        let outer = (index >> states) as u32;
        let phase = outer % self.phases;
        let slot = outer / self.phases % self.slots;
        let mut images = [0; MAX_OUTPUTS];
        images[self.output as usize] = outer / self.phases / self.slots;
        Moment { slot, frame: phase.into(), switches, images }
    }

    /// Also depends on where `residency` keeps its copies.
    pub fn touch(&mut self, residency: Residency, frame_slots: u32, (output, images): (u32, u32)) {
        match residency {
            Residency::Transient | Residency::Persistent => {}
            Residency::PerSlot => self.slots = frame_slots,
            Residency::History { depth } => self.phases = least_common_multiple(self.phases, depth + 1),
            Residency::Swapchain => (self.output, self.images) = (output, images),
        }
    }
}

/// Which copy of a resource a moment means by "the one of `age` frames ago".
///
/// `output` is that of a swapchain image.
pub(crate) fn copy_index(residency: Residency, output: u32, age: u32, moment: &Moment) -> usize {
    match residency {
        Residency::Transient | Residency::Persistent => 0,
        Residency::PerSlot => moment.slot as usize,
        Residency::History { depth } => {
            let ring = u64::from(depth) + 1;
            ((moment.frame % ring + ring - u64::from(age)) % ring) as usize
        }
        Residency::Swapchain => moment.images[output as usize] as usize,
    }
}

/// How many copies there are.
pub(crate) fn copies(residency: Residency, frame_slots: u32, images: u32) -> u32 {
    match residency {
        Residency::Transient | Residency::Persistent => 1,
        Residency::PerSlot => frame_slots,
        Residency::History { depth } => depth + 1,
        Residency::Swapchain => images,
    }
}

/// The bits of `state` under `mask`, moved together.
fn gather(state: u32, mask: u32) -> u32 {
    let (mut gathered, mut rest, mut bit) = (0, mask, 0);
    while rest != 0 {
        let lowest = rest & rest.wrapping_neg();
        if state & lowest != 0 {
            gathered |= 1 << bit;
        }
        bit += 1;
        rest ^= lowest;
    }
    gathered
}

/// The reverse of [`gather`].
fn scatter(gathered: u32, mask: u32) -> u32 {
    let (mut state, mut rest, mut bit) = (0, mask, 0);
    while rest != 0 {
        let lowest = rest & rest.wrapping_neg();
        if gathered >> bit & 1 != 0 {
            state |= lowest;
        }
        bit += 1;
        rest ^= lowest;
    }
    state
}

fn least_common_multiple(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x).saturating_mul(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_is_the_index_of_its_moment() {
        let variants = Variants { slots: 2, phases: 3, switches: 0b1010, images: 4, output: 1 };
        assert_eq!(variants.count(), 2 * 3 * 4 * 4);
        for index in 0..variants.count() {
            assert_eq!(variants.index(&variants.moment(index)), index);
        }
    }

    #[test]
    fn a_history_moves_on_by_one_copy_a_frame() {
        let residency = Residency::History { depth: 2 };
        for frame in 0..7 {
            let now = Moment { frame, ..Moment::default() };
            let next = Moment { frame: frame + 1, ..now };
            for age in 0..2 {
                assert_eq!(copy_index(residency, 0, age, &now), copy_index(residency, 0, age + 1, &next));
            }
        }
    }
}
