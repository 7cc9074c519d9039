//! Ranges of elements that changed and are to be sent.

use std::ops::Range;

/// Puts ranges in order, and those together that overlap or have no more than `near` elements between them: one longer copy is faster
/// than two.
pub(crate) fn join(ranges: &mut Vec<Range<u32>>, near: u32) {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|range, before| {
        let joins = range.start <= before.end.saturating_add(near);
        if joins {
            before.end = before.end.max(range.end);
        }
        joins
    });
}
