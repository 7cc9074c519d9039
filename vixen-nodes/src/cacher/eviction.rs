//! What leaves when memory gets short.

use std::hash::Hash;
use std::sync::{Arc, Weak};

use vixen::memory::BudgetManager;

use super::table::{Cached, Cacher};

/// A cacher of whatever kind, as far as memory is concerned.
pub trait Evictable: Send + Sync {
    /// When the least recently used entry that nobody uses was used, in ticks that all cachers share.
    fn oldest(&self) -> Option<u64>;

    /// Lets that entry go and returns its bytes.
    fn evict_oldest(&self) -> u64;
}

impl<K: Eq + Hash + Clone + Send + Sync, V: Cached> Evictable for Cacher<K, V> {
    fn oldest(&self) -> Option<u64> {
        self.oldest()
    }

    fn evict_oldest(&self) -> u64 {
        self.evict(1)
    }
}

impl<K: Eq + Hash + Clone + Send + Sync + 'static, V: Cached> Cacher<K, V> {
    /// This cacher for [`evict_on_warning`].
    pub fn evictable(self: &Arc<Self>) -> Weak<dyn Evictable> {
        let strong: Arc<dyn Evictable> = self.clone();
        Arc::downgrade(&strong)
    }
}

/// Below the warning mark by this part of it: so that the next allocation does not warn again.
const MARGIN: u64 = 8;

/// Whenever the budget warns, entries of these cachers that nobody uses leave, the least recently used of all first, until the
/// use is well below the mark again. It takes the place of the budget's listener. The cachers may be dropped before.
pub fn evict_on_warning(budget: &BudgetManager, cachers: impl IntoIterator<Item = Weak<dyn Evictable>>) {
    let cachers: Vec<_> = cachers.into_iter().collect();
    budget.on_warning(move |warning| {
        let wanted = warning.in_use.saturating_sub(warning.warning - warning.warning / MARGIN);
        evict(&cachers, wanted);
    });
}

/// Evicts until this many bytes are free or nothing is idle.
fn evict(cachers: &[Weak<dyn Evictable>], wanted: u64) {
    let cachers: Vec<_> = cachers.iter().filter_map(Weak::upgrade).collect();
    let mut freed = 0;
    while freed < wanted {
        let oldest = cachers.iter().filter_map(|cacher| Some((cacher.oldest()?, cacher))).min_by_key(|(used, _)| *used);
        let Some((_, cacher)) = oldest else { break };
        // Nothing comes of it where another thread was faster; the next look finds what is left.
        freed += cacher.evict_oldest();
    }
}
