//! Finding the warm-up of a study of the settled state.

use lazaret_gateway::model::{Gateway, Recurrence, StepKind};

use crate::estimate::Moments;

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

/// Looks whether a level still drifts after the warm-up: its means over two successive parts of a run, replication by
/// replication.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drift {
    change: Moments,
    level: Moments,
}

impl Drift {
    /// Takes in the means over the last part but one and the last part of a replication.
    pub(crate) fn add(&mut self, earlier: f64, later: f64) {
        self.change.add(later - earlier);
        self.level.add((earlier + later) / 2.0);
    }

    /// Whether it drifts: the change is more than 2 % of the level and more than chance explains. A test at level 1e-3 on
    /// paired differences: about one settled study in a thousand is called drifting.
    pub(crate) fn is_seen(&self) -> bool {
        let (change, half) = (self.change.mean().abs(), self.change.half_width(0.999));
        half.is_finite() && change > half && change > 0.02 * self.level.mean().abs()
    }

    /// Whether so much is known that a drift can be ruled out: with 95 % confidence the change is below 5 % of the level.
    /// Without this a study of few replications would be called settled because it could not see that it is not.
    pub(crate) fn is_ruled_out(&self) -> bool {
        let most = self.change.mean().abs() + self.change.half_width(0.90);
        most <= 0.05 * self.level.mean().abs()
    }
}

/// After how many microseconds the calendar of `gateway` repeats itself: a week if it has timetables or working hours, the
/// length of its regular intervals, or what all of these have in common. Where that is too long to come up four times, the
/// longest of them. None if nothing is regular.
///
/// Dates, holidays and changes of the clock come on top; they have no period.
pub(crate) fn period(gateway: &Gateway) -> Option<i64> {
    const WEEK: i64 = 7 * 86_400;
    let recurs = |due: &Recurrence| match due {
        Recurrence::Timetable(_) => Some(WEEK),
        Recurrence::Every { interval, .. } => interval
            .known_constant()
            .filter(|seconds| *seconds >= 1.0 && seconds.fract() == 0.0)
            .map(|seconds| seconds as i64),
    };
    let dispatches = gateway.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Dispatch(dispatch) => recurs(&dispatch.due),
        _ => None,
    });
    let hours = gateway.places.iter().map(|place| &place.hours);
    let hours = hours.chain(gateway.resources.iter().map(|resource| &resource.hours));
    let all: Vec<i64> = gateway
        .sources
        .iter()
        .filter_map(|source| recurs(&source.due))
        .chain(dispatches)
        .chain(hours.flatten().map(|_| WEEK))
        .collect();
    let longest = all.iter().copied().max()?;
    let common = all
        .into_iter()
        .fold(1, |a, b| (a / divisor(a, b)).saturating_mul(b));
    let often = common.saturating_mul(4) <= gateway.length.micros() / 1_000_000;
    Some((if often { common } else { longest }).saturating_mul(1_000_000))
}

/// Greatest common divisor of two positive numbers.
fn divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// Mean of a series of equal bins over the part [`from`, `to`) of it, in bins; within a bin the level counts as even.
pub(crate) fn mean_over(series: &[f32], from: f64, to: f64) -> f64 {
    let (first, last) = (
        from.floor() as usize,
        (to.ceil() as usize).min(series.len()),
    );
    let sum: f64 = (first..last)
        .map(|bin| {
            let covered = (to.min(bin as f64 + 1.0) - from.max(bin as f64)).max(0.0);
            covered * f64::from(series[bin])
        })
        .sum();
    sum / (to - from)
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
    fn a_slow_drift_is_seen_and_a_level_is_not_taken_for_one() {
        let study = |change: f64, n: u64| {
            let mut drift = Drift::default();
            for i in 0..n {
                drift.add(11.0 + 3.0 * noise(i), 11.0 + change + 3.0 * noise(i + 999));
            }
            (drift.is_seen(), drift.is_ruled_out())
        };
        assert_eq!(study(1.0, 200), (true, false));
        assert_eq!(study(0.0, 200), (false, true));
        assert_eq!(study(0.0, 3), (false, false), "three rows say nothing");
    }

    #[test]
    fn means_over_parts_of_bins_add_up() {
        let series = [1.0f32, 2.0, 4.0, 8.0];
        assert_eq!(mean_over(&series, 0.0, 4.0), 3.75);
        assert_eq!(mean_over(&series, 1.0, 2.0), 2.0);
        assert_eq!(mean_over(&series, 0.5, 2.5), (0.5 + 2.0 + 2.0) / 2.0);
    }

    #[test]
    fn a_calendar_repeats_itself_after_what_its_parts_have_in_common() {
        let of = |source: &str, dispatch: &str, place: &str| {
            let text = format!(
                r#"
gateway = {{ name = "calendar", length = "100 d" }}
source.border = {{ {source} }}
place.gate = {{ slots = 10 {place} }}
step = [
    {{ id = "unload", at = "gate", takes = "1 h" }},
    {{ id = "dispatch", at = "gate", {dispatch} }},
]
"#
            );
            let none: [&str; 0] = [];
            let reading = lazaret_gateway::read(&text, &none, &|_| Err("none".into()));
            period(&reading.expect("a gateway").gateway).map(|micros| micros / 3_600_000_000)
        };
        let random = "every = \"exponential(5 h)\"";
        let timetable = "timetable = { days = \"Mon-Fri\", times = [\"06:00\"] }";
        assert_eq!(of(random, random, ""), None);
        assert_eq!(of(random, "every = \"48 h\"", ""), Some(48));
        assert_eq!(of("every = \"36 h\"", "every = \"48 h\"", ""), Some(144));
        assert_eq!(of(random, timetable, ""), Some(168));
        assert_eq!(of("every = \"48 h\"", timetable, ""), Some(336));
        assert_eq!(of(random, random, ", shift = \"08:00-20:00\""), Some(168));
    }
}
