//! Another valid order, chosen by a seed, with its barriers placed where they fall due: not the fewest, but as right.

use super::Condition;
use super::order::{DEAD, Hazards, Schedule};
use super::steps::Order;

/// A random linear extension of the hazards within the frame, and the batches that it falls into.
///
/// The order of the nodes within the batches comes with it.
pub(super) fn shuffled(hazards: &Hazards, conditions: &[Option<Condition>], seed: u64) -> (Schedule, Order) {
    let count = hazards.input.nodes.len();
    let mut waits = vec![0_u32; count];
    let living = || (0..count as u32).filter(|&node| conditions[node as usize].is_some());
    living().for_each(|node| hazards.successors(node, |next| waits[next as usize] += 1));
    let mut ready: Vec<u32> = living().filter(|&node| waits[node as usize] == 0).collect();
    let mut random = seed;
    let mut order = Order { nodes: Vec::with_capacity(count), starts: Vec::new() };
    // The earliest batch that a node may be in for what it waits for, then the batch that it is in.
    let mut batches = vec![DEAD; count];
    let (mut current, mut last) = (0, 0);
    let mut due = vec![0; count];
    living().filter(|&node| hazards.has_entry(node)).for_each(|node| due[node as usize] = 1);
    while !ready.is_empty() {
        let node = ready.swap_remove((next_random(&mut random) % ready.len() as u64) as usize);
        current = current.max(due[node as usize]);
        batches[node as usize] = current;
        if hazards.has_exit(node) {
            last = last.max(current + 1);
        }
        order.starts.resize(current as usize + 1, order.nodes.len() as u32);
        order.nodes.push(node);
        hazards.successors(node, |next| {
            due[next as usize] = due[next as usize].max(current + 1);
            waits[next as usize] -= 1;
            if waits[next as usize] == 0 {
                ready.push(next);
            }
        });
    }
    order.starts.resize(current as usize + 2, order.nodes.len() as u32);
    let boundary = last > current || hazards.crosses(&batches, current);
    (Schedule { batches, inner: current, boundary }, order)
}

/// SplitMix64.
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
