//! What `#[graph]` makes of a function that builds a graph: the sum of what it adds, and a budget that it is compared with
//! in const evaluation.

use crate::graph::requirements::Requirements;
use crate::shader::check::message::{Message, equal};

/// What a `#[graph]` function adds: a node or another such function.
#[derive(Clone, Copy, Debug)]
pub struct Contribution {
    /// Its name in the function.
    pub name: &'static str,
    /// How often it is added at most.
    pub times: u32,
    /// What it needs each time.
    pub requirements: Requirements,
}

/// What a budget limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Descriptors of all types, in one variant.
    Descriptors,
    /// Events that are emitted or received, in a frame.
    Events,
    /// Bytes of staging memory, in a frame.
    Staging,
    /// Frames that the deepest history keeps.
    History,
}

impl Requirements {
    /// What a history of this many frames needs.
    pub const fn history(depth: u32) -> Self {
        Self { history_depth: depth, ..Self::NONE }
    }

    /// What all of these need.
    pub const fn sum(contributions: &[Contribution]) -> Self {
        let (mut sum, mut index) = (Self::NONE, 0);
        while index < contributions.len() {
            let Contribution { requirements, times, .. } = contributions[index];
            sum = sum.plus_times(requirements, times);
            index += 1;
        }
        sum
    }
}

impl Limited {
    const fn of(self, requirements: Requirements) -> u64 {
        match self {
            Self::Descriptors => requirements.descriptors.total() as u64,
            Self::Events => requirements.events.emitted as u64 + requirements.events.received as u64,
            Self::Staging => requirements.staging_bytes,
            Self::History => requirements.history_depth as u64,
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::Descriptors => " descriptors",
            Self::Events => " events a frame",
            Self::Staging => " bytes of staging memory",
            Self::History => " frames of history",
        }
    }
}

/// Stops const evaluation where a function adds more than its budget, and names what adds most.
#[track_caller]
pub const fn check_budget(function: &str, limited: Limited, budget: i128, contributions: &[Contribution]) {
    let needed = limited.of(Requirements::sum(contributions));
    if needed as i128 <= budget {
        return;
    }
    if budget < 0 {
        Message::new().text("the budget of ").code(function).text(" is less than nothing").fail();
    }
    let budget = budget as u64;
    let message = Message::new().code(function).text(" needs ").long(needed).text(limited.unit());
    let mut message = message.text(", and its budget is ").long(budget).text("; most is needed by ");
    let (mut named, mut below) = (0, Share { amount: u64::MAX, index: 0 });
    while named < NAMED {
        let Some(share) = largest(limited, contributions, below) else { break };
        let separator = if named == 0 { "" } else { ", " };
        message = message.text(separator).code(contributions[share.index].name).text(" (").long(share.amount).text(")");
        (named, below) = (named + 1, share);
    }
    message.fail()
}

/// How many contributors a message names.
const NAMED: u32 = 3;

/// What all contributions of one name need, and where the first of them stands.
#[derive(Clone, Copy)]
struct Share {
    amount: u64,
    index: usize,
}

/// The largest share that comes after `below` in descending order. Equal ones are in the order in which they were added.
const fn largest(limited: Limited, contributions: &[Contribution], below: Share) -> Option<Share> {
    let (mut largest, mut index): (Option<Share>, _) = (None, 0);
    while index < contributions.len() {
        let amount = share(limited, contributions, index);
        let is_below = amount < below.amount || amount == below.amount && index > below.index;
        let is_larger = match largest {
            None => true,
            Some(other) => amount > other.amount,
        };
        if amount > 0 && is_below && is_larger {
            largest = Some(Share { amount, index });
        }
        index += 1;
    }
    largest
}

/// What all contributions with the name of this one need; nothing where it is not the first of them.
const fn share(limited: Limited, contributions: &[Contribution], first: usize) -> u64 {
    let (mut sum, mut index) = (Requirements::NONE, 0);
    while index < contributions.len() {
        let Contribution { name, times, requirements } = contributions[index];
        if equal(name, contributions[first].name) {
            if index < first {
                return 0;
            }
            sum = sum.plus_times(requirements, times);
        }
        index += 1;
    }
    limited.of(sum)
}

/// Counts the rounds of a loop that says `#[max(n)]`.
///
/// # Panics
/// When there are more than it says: the budget would not hold.
#[track_caller]
pub fn count_round(rounds: &mut u32, max: u32) {
    assert!(*rounds < max, "this loop adds to the graph more often than its `#[max({max})]` says");
    *rounds += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::requirements::DescriptorCounts;

    const fn node(name: &'static str, times: u32, descriptors: u32, history_depth: u32) -> Contribution {
        let counts = DescriptorCounts { storage_images: descriptors, ..Requirements::NONE.descriptors };
        Contribution {
            name,
            times,
            requirements: Requirements { descriptors: counts, history_depth, ..Requirements::NONE },
        }
    }

    const ADDED: &[Contribution] = &[
        node("Small", 1, 1, 0),
        node("Large", 3, 4, 1),
        node("None", 9, 0, 2),
        node("Small", 2, 2, 1),
        node("Other", 5, 1, 0),
    ];

    #[test]
    fn requirements_add_up_and_the_deepest_history_counts() {
        const SUM: Requirements = Requirements::sum(ADDED);
        assert_eq!((SUM.descriptors.storage_images, SUM.history_depth), (22, 2));
        check_budget("all", Limited::Descriptors, 22, ADDED);
        check_budget("all", Limited::History, 2, ADDED);
        check_budget("all", Limited::Staging, 0, ADDED);
    }

    #[test]
    #[should_panic(
        expected = "`all` needs 22 descriptors, and its budget is 21; most is needed by `Large` (12), `Small` (5), `Other` (5)"
    )]
    fn the_largest_contributors_are_named() {
        check_budget("all", Limited::Descriptors, 21, ADDED);
    }

    #[test]
    #[should_panic(expected = "more often than its `#[max(2)]` says")]
    fn rounds_are_counted() {
        let mut rounds = 0;
        (0..3).for_each(|_| count_round(&mut rounds, 2));
    }
}
