//! What happens to files, for tests of those that read them.

use super::random::Random;

/// Damages a file's bytes in one of the ways that happen: bits and words that differ, parts that are blank, lost, doubled or cut off. Half
/// of it happens to the beginning, where headers are. Now and then nothing changes.
pub fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.len() < 16 {
        return bytes.push(random.bits() as u8);
    }
    let end = if random.chance(50) { bytes.len() } else { bytes.len().min(256) };
    let at = random.below(end as u32 - 8) as usize;
    match random.below(7) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at..at + 4].copy_from_slice(&random.bits().to_le_bytes()),
        2 => bytes[at..at + 8].fill(*random.pick(&[0, 0xFF])),
        3 => bytes.truncate(at),
        4 => bytes.extend_from_within(at..at + 8),
        5 => bytes[at..].fill(0),
        _ => drop(bytes.drain(at..at + 1 + random.below(7) as usize)),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::*;

    #[test]
    fn files_change_and_become_shorter_and_longer() {
        let (mut random, good) = (Random::new(1), vec![7; 400]);
        let mut kinds = Vec::new();
        for _ in 0..200 {
            let mut bytes = good.clone();
            damage(&mut bytes, &mut random);
            kinds.push((bytes.len().cmp(&good.len()), bytes != good));
        }
        assert!([Less, Equal, Greater].iter().all(|kind| kinds.contains(&(*kind, true))));
        damage(&mut Vec::new(), &mut random);
    }
}
