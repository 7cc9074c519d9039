//! The four that are compared, of one shape.

use clap::ValueEnum;
use vixen::Device;
use vixen::memory;

use super::by_hand::ByHand;
use super::ours::{Nodes, Ours};
use super::shape::{Shape, VALUES};
use crate::Failure;

/// Who runs a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// Our frame of static nodes.
    Unchanged,
    /// Hand-written: submits what was recorded once.
    Resubmit,
    /// Our frame of dynamic nodes.
    Dynamic,
    /// Hand-written: records everything in every frame.
    Record,
}

impl Side {
    /// All of them, in the order of their values.
    pub const ALL: [Self; 4] = [Self::Unchanged, Self::Resubmit, Self::Dynamic, Self::Record];

    /// What figures and the command line call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Resubmit => "resubmit",
            Self::Dynamic => "dynamic",
            Self::Record => "record",
        }
    }
}

/// What the sides run; only what is wanted is made.
pub struct Sides {
    shape: Shape,
    // In boxes, so that who is there is asked here and not in the far end of each.
    unchanged: Option<Box<Ours>>,
    dynamic: Option<Box<Ours>>,
    by_hand: Option<Box<ByHand>>,
    /// What was added up, by side.
    amounts: [u32; Side::ALL.len()],
}

/// One frame of one side. It is never inlined, so that a profiler can tell it from everything else.
#[inline(never)]
pub fn measured_frame(sides: &mut Sides, side: Side, amount: u32) -> Result<(), Failure> {
    sides.amounts[side as usize] = sides.amounts[side as usize].wrapping_add(amount);
    match side {
        Side::Unchanged => made(&mut sides.unchanged).frame(amount)?,
        Side::Dynamic => made(&mut sides.dynamic).frame(amount)?,
        Side::Resubmit => made(&mut sides.by_hand).resubmit(amount)?,
        Side::Record => made(&mut sides.by_hand).record_and_submit(amount)?,
    }
    Ok(())
}

impl Sides {
    /// Makes what the wanted sides need, in one order or the other.
    pub fn new(device: &Device, shape: Shape, wanted: &[Side], by_hand_first: bool) -> Result<Self, Failure> {
        let wants = |side: Side| wanted.contains(&side);
        let wants_by_hand = wants(Side::Resubmit) || wants(Side::Record);
        let by_hand = |now: bool| (now && wants_by_hand).then(|| ByHand::new(device, shape).map(Box::new)).transpose();
        let ours = |nodes| Ours::new(device, shape, nodes).map(Box::new);
        let first = by_hand(by_hand_first)?;
        Ok(Self {
            shape,
            unchanged: wants(Side::Unchanged).then(|| ours(Nodes::Static)).transpose()?,
            dynamic: wants(Side::Dynamic).then(|| ours(Nodes::Dynamic { threads: 1 })).transpose()?,
            by_hand: first.map_or_else(|| by_hand(!by_hand_first), |made| Ok(Some(made)))?,
            amounts: [0; Side::ALL.len()],
        })
    }

    /// Fails unless all sides have the same barriers: else they would not be comparable.
    pub fn check_barriers(&self) -> Result<(), Failure> {
        let wanted = self.by_hand.as_ref().map(|made| made.barriers());
        for (name, ours) in [("unchanged", &self.unchanged), ("dynamic", &self.dynamic)] {
            let found = ours.as_ref().map(|made| made.barriers());
            if found != wanted {
                let shape = self.shape;
                return Err(format!(
                    "the comparison would not be fair: {name} {shape:?} has (barrier commands, barriers) {found:?}, \
                     hand-written {wanted:?}"
                )
                .into());
            }
        }
        Ok(())
    }

    /// Fails unless every node of every frame ran.
    pub fn check_results(&mut self) -> Result<(), Failure> {
        let by_hand = made(&mut self.by_hand);
        by_hand.show_to_host()?;
        let amount = |side: Side| self.amounts[side as usize];
        let unchanged = made(&mut self.unchanged).columns();
        check(self.shape, "unchanged", unchanged, amount(Side::Unchanged))?;
        check(self.shape, "dynamic", made(&mut self.dynamic).columns(), amount(Side::Dynamic))?;
        let both = amount(Side::Resubmit).wrapping_add(amount(Side::Record));
        check(self.shape, "hand-written", by_hand.columns(), both)
    }
}

fn made<T>(side: &mut Option<Box<T>>) -> &mut T {
    side.as_mut().expect("a side runs only where it was asked for")
}

fn check(shape: Shape, name: &str, columns: &[memory::Buffer], amounts: u32) -> Result<(), Failure> {
    let wanted = shape.expected(amounts);
    let mut bytes = [0; VALUES as usize * size_of::<u32>()];
    for column in columns {
        column.read(0, &mut bytes)?;
        let values = bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
        if let Some(found) = values.into_iter().find(|&value| value != wanted) {
            let error = format!("the {name} {shape:?} computed {found} where it should have {wanted}");
            return Err(error.into());
        }
    }
    Ok(())
}
