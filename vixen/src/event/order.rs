//! The order of subscribers: whoever emits a type runs before whoever reads it.

/// What one subscriber reads and emits, as indices of types.
pub(super) struct Ports<'a> {
    pub reads: &'a [u32],
    pub emits: &'a [u32],
}

/// The subscribers in an order in which every event of a batch reaches those who read it in the same batch. Where nothing
/// forces another one it is the order in which they were declared.
///
/// # Errors
/// Those who wait for each other, directly or in a ring.
pub(super) fn order(subscribers: &[Ports<'_>]) -> Result<Vec<usize>, Vec<usize>> {
    let feeds = |from: usize, to: usize| subscribers[from].emits.iter().any(|of| subscribers[to].reads.contains(of));
    let mut left: Vec<usize> = (0..subscribers.len()).collect();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        match left.iter().position(|&next| !left.iter().any(|&other| feeds(other, next))) {
            Some(ready) => ordered.push(left.remove(ready)),
            None => return Err(ring(&left, feeds)),
        }
    }
    Ok(ordered)
}

/// A ring among subscribers, each of which is fed by another one of them, in the order in which events go round.
fn ring(left: &[usize], feeds: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut path = vec![left[0]];
    loop {
        let last = path[path.len() - 1];
        let feeder = left.iter().copied().find(|&other| feeds(other, last));
        let feeder = feeder.expect("a subscriber that nobody feeds would have been ready");
        if let Some(start) = path.iter().position(|&seen| seen == feeder) {
            path.drain(..start);
            path.reverse();
            // It begins with whoever was declared first.
            let first = (0..path.len()).min_by_key(|&at| path[at]).unwrap_or(0);
            path.rotate_left(first);
            return path;
        }
        path.push(feeder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(ports: &[(&[u32], &[u32])]) -> Result<Vec<usize>, Vec<usize>> {
        order(&ports.iter().map(|&(reads, emits)| Ports { reads, emits }).collect::<Vec<_>>())
    }

    #[test]
    fn emitters_run_before_readers() {
        assert_eq!(ordered(&[(&[2], &[]), (&[0], &[1]), (&[1], &[2])]), Ok(vec![1, 2, 0]));
        // Two ways to the last one: it waits for both.
        assert_eq!(ordered(&[(&[1, 2], &[]), (&[0], &[1]), (&[0, 1], &[2])]), Ok(vec![1, 2, 0]));
        assert_eq!(ordered(&[(&[0], &[]), (&[1], &[]), (&[0, 1], &[])]), Ok(vec![0, 1, 2]));
    }

    #[test]
    fn rings_are_found_without_those_who_only_hang_on_them() {
        assert_eq!(ordered(&[(&[0], &[0])]), Err(vec![0]));
        assert_eq!(ordered(&[(&[3], &[]), (&[1], &[2]), (&[2], &[1, 3])]), Err(vec![1, 2]));
    }
}
