//! What a budget says of itself.

use super::category::Category;

/// The use of memory has reached the warning mark: because it rose, or because the mark fell with what other processes left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetWarning {
    /// The heap that it is about, by its number, where other processes have left less of that; otherwise it is about all memory.
    pub heap: Option<u32>,
    /// The bytes in use.
    pub in_use: u64,
    /// The mark that they reached.
    pub warning: u64,
    /// The limit.
    pub limit: u64,
}

/// What is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The bytes in use.
    pub in_use: u64,
    /// The most bytes that were ever in use.
    pub peak: u64,
    /// The most bytes that may be in use.
    pub limit: u64,
    /// From how many bytes on there is a warning.
    pub warning: u64,
    /// How many buffers, images and pieces of shared memory are alive.
    pub resources: u64,
    /// How often the use rose to the warning mark.
    pub warnings: u64,
    /// How often an allocation was refused for lack of budget.
    pub refusals: u64,
    pub(super) by_category: [u64; Category::ALL.len()],
}

impl Usage {
    /// The bytes in use for one category.
    pub const fn of(&self, category: Category) -> u64 {
        self.by_category[category as usize]
    }
}
