//! The use of memory over time, in a fixed number of samples.

/// The use of memory at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// Seconds since the budget was made.
    pub seconds: f64,
    /// The bytes in use: the most of the time since the sample before.
    pub in_use: u64,
    /// From how many bytes on there was a warning.
    pub warning: u64,
    /// The most bytes that might be in use.
    pub limit: u64,
}

impl Sample {
    /// The one with more in use; the later one of equals.
    fn higher(self, other: Self) -> Self {
        if self.in_use > other.in_use { self } else { other }
    }
}

/// Samples that cover all time in bounded memory: when there is no more room, neighbours become one, and from then on each
/// sample stands for twice as many moments. Peaks survive.
#[derive(Debug)]
pub(super) struct Series {
    samples: Vec<Sample>,
    /// How many moments a sample stands for.
    stride: u32,
    /// The highest of the moments that no sample stands for yet, and how many they are.
    pending: Option<(Sample, u32)>,
}

impl Series {
    const CAPACITY: usize = 2048;

    pub(super) fn new() -> Self {
        Self { samples: Vec::with_capacity(Self::CAPACITY), stride: 1, pending: None }
    }

    /// Adds a moment. It allocates nothing.
    pub(super) fn push(&mut self, moment: Sample) {
        let (sample, count) =
            self.pending.take().map_or((moment, 1), |(sample, count)| (sample.higher(moment), count + 1));
        if count < self.stride {
            self.pending = Some((sample, count));
            return;
        }
        if self.samples.len() == Self::CAPACITY {
            self.halve();
        }
        self.samples.push(sample);
    }

    /// All samples in the order of time, the unfinished one too.
    pub(super) fn samples(&self) -> Vec<Sample> {
        self.samples.iter().copied().chain(self.pending.map(|(sample, _)| sample)).collect()
    }

    fn halve(&mut self) {
        for pair in 0..Self::CAPACITY / 2 {
            self.samples[pair] = self.samples[2 * pair].higher(self.samples[2 * pair + 1]);
        }
        self.samples.truncate(Self::CAPACITY / 2);
        self.stride = self.stride.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_its_peaks_its_order_and_its_bounds() {
        let mut series = Series::new();
        let moments = 100_000;
        for moment in 0..moments {
            let in_use = if moment == 77_777 { 1_000_000 } else { moment % 100 };
            series.push(Sample { seconds: moment as f64, in_use, warning: 80, limit: 90 });
        }
        let samples = series.samples();
        assert_eq!(series.samples.capacity(), Series::CAPACITY);
        assert!((Series::CAPACITY / 2..=Series::CAPACITY + 1).contains(&samples.len()));
        assert!(samples.windows(2).all(|pair| pair[0].seconds < pair[1].seconds));
        assert_eq!(samples.iter().map(|sample| sample.in_use).max(), Some(1_000_000));
        assert!(samples[0].seconds < 128.0 && samples[samples.len() - 1].seconds > moments as f64 - 129.0);
    }
}
