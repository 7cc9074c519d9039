//! A median and how sure it is.

/// The median of some samples, and an interval that holds the true median with a probability of 95%.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Figure {
    /// By order statistics: the true median lies between the k-th least and the k-th greatest of n independent samples with a
    /// probability that follows from the binomial distribution alone. Fewer than six samples cannot reach 95%: then it is
    /// all of them.
    pub fn of(samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else {
            return Self { median: f64::NAN, low: f64::NAN, high: f64::NAN };
        };
        let median = f64::midpoint(sorted[last / 2], sorted[sorted.len() / 2]);
        let outside = outside(sorted.len());
        Self { median, low: sorted[outside], high: sorted[last - outside] }
    }

    /// What is counted rather than measured.
    pub fn exact(value: f64) -> Self {
        Self { median: value, low: value, high: value }
    }
}

/// How many of the least and of the greatest of n samples the interval leaves out.
fn outside(n: usize) -> usize {
    // Both tails together: the probability that at most `k` samples lie below the true median, twice.
    let (mut term, mut tail, mut k) = (0.5f64.powi(n as i32), 0.0, 0);
    loop {
        tail += 2.0 * term;
        if tail > 0.05 || 2 * k + 1 >= n {
            return k.saturating_sub(usize::from(tail > 0.05)).min(k);
        }
        k += 1;
        term *= (n + 1 - k) as f64 / k as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_the_ranks_of_the_tables() {
        // The k-th least and greatest, as in tables of confidence intervals of the median: n, k.
        for (n, k) in [(1, 1), (5, 1), (6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (20, 6), (30, 10)] {
            let samples: Vec<f64> = (1..=n).map(f64::from).collect();
            let figure = Figure::of(&samples);
            assert_eq!((figure.low, figure.high), (f64::from(k), f64::from(n + 1 - k)), "of {n} samples");
        }
        assert_eq!(Figure::of(&[4.0, 1.0, 2.0, 100.0]).median, 3.0);
        assert!(Figure::of(&[]).median.is_nan());
    }
}
