//! Medians: a benchmark on a shared machine has outliers to one side only.

/// The middle of the samples; NaN where there is none.
pub fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    match samples {
        [] => f64::NAN,
        samples if samples.len() % 2 == 1 => samples[samples.len() / 2],
        samples => f64::midpoint(samples[samples.len() / 2 - 1], samples[samples.len() / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut [9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 100.0]), 3.0);
        assert!(median(&mut []).is_nan());
    }
}
