//! Finding the warm-up of a study of the settled state.

/// Mean squared error rule on batches of five (MSER-5, WhiteCobbSpratt2000): the truncation that makes the interval of
/// the remaining mean shortest.
///
/// * `series` — a level over equal spans of time, averaged over replications.
///
/// Returns how many values to drop, or none if the series has not settled in its first half.
#[must_use]
pub fn mser5(series: &[f64]) -> Option<usize> {
    const BATCH: usize = 5;
    let batches: Vec<f64> = series
        .chunks_exact(BATCH)
        .map(|batch| batch.iter().sum::<f64>() / BATCH as f64)
        .collect();
    let n = batches.len();
    if n < 4 {
        return None;
    }
    // Sums from the end, so that each truncation costs constant time.
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, n);
    for d in (0..n).rev() {
        sum += batches[d];
        squares += batches[d] * batches[d];
        let kept = (n - d) as f64;
        // Too few batches always look settled.
        if d > n / 2 {
            continue;
        }
        let error = (squares - sum * sum / kept).max(0.0) / (kept * kept);
        if error <= best.0 {
            best = (error, d);
        }
    }
    (best.1 < n / 2).then_some(best.1 * BATCH)
}

/// Whether a level still drifts: its means over the second and the last third of what was kept differ by more than 2 %
/// and by more than chance explains.
///
/// * `thirds` — for each replication the mean over each third.
///
/// A test at level 1e-3 on paired differences: about one settled study in a thousand is called drifting.
#[must_use]
pub fn drifts(thirds: &[[f64; 3]]) -> bool {
    let mut change = crate::estimate::Moments::default();
    let mut level = crate::estimate::Moments::default();
    for third in thirds {
        change.add(third[2] - third[1]);
        level.add((third[1] + third[2]) / 2.0);
    }
    let half = change.half_width(0.999);
    half.is_finite()
        && change.mean().abs() > half
        && change.mean().abs() > 0.02 * level.mean().abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lazaret_gateway::random::Key;

    fn noise(i: u64) -> f64 {
        Key::new(3, 0, 1).uniform(i) - 0.5
    }

    #[test]
    fn a_start_from_empty_is_dropped() {
        let series: Vec<f64> = (0..360)
            .map(|i| 100.0 * (1.0 - (-f64::from(i) / 20.0).exp()) + noise(i as u64))
            .collect();
        let drop = mser5(&series).unwrap();
        assert!((60..160).contains(&drop), "{drop}");
    }

    #[test]
    fn a_level_that_only_rises_is_not_settled() {
        let series: Vec<f64> = (0..360).map(|i| f64::from(i) + noise(i as u64)).collect();
        assert_eq!(mser5(&series), None);
    }

    #[test]
    fn a_slow_drift_is_seen_and_a_period_is_not_taken_for_one() {
        let rising: Vec<[f64; 3]> = (0..20)
            .map(|i| [10.0, 11.0 + noise(i), 12.0 + noise(i + 99)])
            .collect();
        assert!(drifts(&rising));
        let level: Vec<[f64; 3]> = (0..20)
            .map(|i| [10.0, 11.0 + noise(i), 11.0 + noise(i + 99)])
            .collect();
        assert!(!drifts(&level));
    }
}
