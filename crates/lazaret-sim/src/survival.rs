//! Durations of which some have not ended: the product-limit estimate (KaplanMeier1958).
//!
//! What has not ended yet has lasted at least as long as its age. Leaving it out flatters: where nine of ten never get
//! through, the tenth looks quick. Counting its age as a whole duration flatters too, since most ages are still short.

use crate::statistics::Durations;

const MICROS_PER_HOUR: f64 = 3.6e9;

/// The share of durations that last longer than each time, from durations that ended and ages of those that did not.
#[derive(Clone, Debug)]
pub(crate) struct Survival {
    /// Times in hours at which durations ended, with the share that lasts longer.
    steps: Vec<(f64, f64)>,
    /// The greatest duration or age, in hours; NaN if there is none.
    longest: f64,
}

impl Survival {
    /// * `ended` — durations that ended.
    /// * `ages` — ages in microseconds of those that did not; sorted here.
    pub(crate) fn of(ended: &Durations, ages: &mut [i64]) -> Self {
        ages.sort_unstable();
        let all = ended.count() + ages.len() as u64;
        let (mut over, mut share, mut passed) = (0u64, 1.0, 0usize);
        let mut steps = Vec::new();
        for (micros, count) in ended.durations() {
            // An age equal to a duration was still at risk of ending then.
            passed += ages[passed..].partition_point(|&age| (age as f64) < micros);
            let at_risk = all - over - passed as u64;
            share *= 1.0 - count as f64 / at_risk as f64;
            over += count;
            steps.push((micros / MICROS_PER_HOUR, share));
        }
        let oldest = ages
            .last()
            .map_or(f64::NAN, |&age| age as f64 / MICROS_PER_HOUR);
        Survival {
            steps,
            longest: ended.max().max(oldest),
        }
    }

    /// The share that lasts longer than all that was seen to end.
    fn left(&self) -> f64 {
        self.steps.last().map_or(1.0, |step| step.1)
    }

    /// The time in hours within which the share `p` ends: infinity if too many were not seen to end, NaN if there is
    /// nothing.
    pub(crate) fn quantile(&self, p: f64) -> f64 {
        if self.longest.is_nan() {
            return f64::NAN;
        }
        // The shares are products, so one that should be equal may be off by a rounding error.
        self.steps
            .iter()
            .find(|step| step.1 <= 1.0 - p + 1e-9)
            .map_or(f64::INFINITY, |step| step.0)
    }

    /// The mean in hours, with no duration counted beyond the longest that was seen: infinity if more than half were
    /// not seen to end, NaN if there is nothing.
    pub(crate) fn mean(&self) -> f64 {
        if self.longest.is_nan() {
            return f64::NAN;
        }
        if self.left() > 0.5 {
            return f64::INFINITY;
        }
        let (mut sum, mut from, mut share) = (0.0, 0.0, 1.0);
        for &(at, left) in &self.steps {
            sum += share * (at - from);
            (from, share) = (at, left);
        }
        sum + share * (self.longest - from).max(0.0)
    }

    /// The longest in hours, at least; NaN if there is nothing.
    pub(crate) fn max(&self) -> f64 {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn survival(ended: &[i64], ages: &[i64]) -> Survival {
        let mut tally = Durations::default();
        ended.iter().for_each(|&h| tally.add(h * HOUR));
        tally.settle();
        let mut ages: Vec<i64> = ages.iter().map(|&h| h * HOUR).collect();
        Survival::of(&tally, &mut ages)
    }

    #[test]
    fn it_agrees_with_the_worked_example_of_the_textbooks() {
        // Remission of 21 leukaemia patients under 6-MP in weeks (Freireich 1963, the usual example): S(6) = 18/21 =
        // 0.857, S(10) = 0.753, S(13) = 0.690, S(23) = 0.448, and the median is 23.
        let curve = survival(
            &[6, 6, 6, 7, 10, 13, 16, 22, 23],
            &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
        );
        let at = |t: f64| curve.steps.iter().find(|s| s.0 == t).unwrap().1;
        for (t, share) in [(6.0, 0.857), (10.0, 0.753), (13.0, 0.690), (23.0, 0.448)] {
            assert!((at(t) - share).abs() < 5e-4, "{t}: {}", at(t));
        }
        assert_eq!(curve.quantile(0.5), 23.0);
        assert_eq!(curve.quantile(0.95), f64::INFINITY);
        assert_eq!(curve.max(), 35.0);
    }

    #[test]
    fn without_anything_left_it_is_the_plain_figure() {
        let hours = [1, 2, 2, 5, 9, 30];
        let mut tally = Durations::default();
        hours.iter().for_each(|&h| tally.add(h * HOUR));
        tally.settle();
        let curve = survival(&hours, &[]);
        assert!((curve.mean() - tally.mean()).abs() < 1e-9);
        for p in [0.1, 0.5, 0.95] {
            assert_eq!(curve.quantile(p), tally.quantile(p), "{p}");
        }
        assert_eq!(curve.max(), tally.max());
    }

    #[test]
    fn what_never_gets_through_is_not_forgotten() {
        // One of ten takes an hour, nine have been inside for a hundred: half of all were never seen to leave.
        let stuck = survival(&[1], &[100; 9]);
        assert_eq!(stuck.mean(), f64::INFINITY);
        assert_eq!(stuck.quantile(0.5), f64::INFINITY);
        assert_eq!(stuck.max(), 100.0);
        // Young lots do not make the others look quicker.
        let young = survival(&[30; 50], &[1; 50]);
        assert_eq!((young.mean(), young.quantile(0.95)), (30.0, 30.0));
        let nothing = survival(&[], &[]);
        assert!(
            nothing.mean().is_nan() && nothing.quantile(0.5).is_nan() && nothing.max().is_nan()
        );
    }
}
