//! The nearest few of very many, in room for only a few.

/// Keeps the nearest of what it is offered.
pub(super) struct Nearest {
    /// Distance and what is there; twice as many as are kept at most.
    items: Vec<(u32, u32)>,
    most: usize,
    /// What is as far away as this or farther is not kept.
    limit: u32,
}

impl Nearest {
    /// Keeps the nearest, this many at most.
    pub fn new(most: usize) -> Self {
        Self { items: Vec::with_capacity(2 * most), most, limit: u32::MAX }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.items.clear();
        self.limit = u32::MAX;
    }

    /// Offers something.
    pub fn offer(&mut self, distance: f32, what: u32) {
        // Numbers that are not negative are in the order of their bits.
        let distance = distance.to_bits();
        if distance < self.limit {
            self.items.push((distance, what));
            if self.items.len() == 2 * self.most {
                self.cut();
            }
        }
    }

    /// What is kept, nearest first, with distances.
    pub fn sorted(&mut self) -> impl Iterator<Item = (f32, u32)> {
        self.items.sort_unstable();
        self.items.iter().take(self.most).map(|&(distance, what)| (f32::from_bits(distance), what))
    }

    fn cut(&mut self) {
        let (_, &mut farthest, _) = self.items.select_nth_unstable(self.most - 1);
        self.items.truncate(self.most);
        self.limit = farthest.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_kept() {
        let mut nearest = Nearest::new(10);
        for count in [0_u32, 3, 10, 19, 20, 21, 1000] {
            nearest.clear();
            (0..count).for_each(|i| nearest.offer((i * 619 % 1009) as f32, i));
            let mut all: Vec<_> = (0..count).map(|i| ((i * 619 % 1009) as f32, i)).collect();
            all.sort_by_key(|&(distance, i)| (distance as u32, i));
            all.truncate(10);
            assert_eq!(nearest.sorted().collect::<Vec<_>>(), all, "of {count}");
        }
    }
}
