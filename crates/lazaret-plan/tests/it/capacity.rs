//! Capacity: a yard of S slots with a fixed hold H sustains S / H, and intervals of a mean crossing cover.

use std::convert::Infallible;

use lazaret_plan::questions::capacity::search::{
    CapacityError, Direction, Range, Threshold, crossing, ends, thresholds,
};
use lazaret_plan::random::Stream;

use crate::chance::{check_coverage, check_share};

/// A yard of `slots` slots, each lot held `hold` days exactly, `intake` lots arriving each day for a year: does it overflow?
/// Whether each value is sustained in each replication.
type Model<'a> = &'a dyn Fn(&[(f64, u64)]) -> Result<Vec<bool>, Infallible>;

fn overflows(slots: usize, hold: usize, intake: usize) -> bool {
    let mut yard = std::collections::VecDeque::new();
    for day in 0..365 {
        while yard.front().is_some_and(|&out| out <= day) {
            yard.pop_front();
        }
        yard.extend(std::iter::repeat_n(day + hold, intake));
        if yard.len() > slots {
            return true;
        }
    }
    false
}

#[test]
fn a_yard_of_slots_with_a_fixed_hold_sustains_slots_over_hold_exactly() {
    for (slots, hold) in [(1200, 14), (1200, 30), (1200, 90), (7, 10), (100, 1)] {
        let range = Range {
            low: 0.0,
            high: 200.0,
            step: 1.0,
        };
        let found = thresholds(range, Direction::MoreIsWorse, None, 0..3, |asked| {
            Ok::<_, Infallible>(
                asked
                    .iter()
                    .map(|&(x, _)| !overflows(slots, hold, x as usize))
                    .collect(),
            )
        });
        assert_eq!(
            found.unwrap(),
            vec![Threshold::At((slots / hold) as f64); 3],
            "{slots} slots, hold {hold}"
        );
    }
}

#[test]
fn ends_of_the_range_are_named_as_such() {
    let range = Range {
        low: 1.0,
        high: 9.0,
        step: 1.0,
    };
    let at = |limit: f64| {
        thresholds(range, Direction::MoreIsWorse, None, 0..1, |asked| {
            Ok::<_, Infallible>(asked.iter().map(|a| a.0 <= limit).collect())
        })
        .unwrap()[0]
    };
    assert_eq!(at(0.0), Threshold::BelowRange);
    assert_eq!(at(1.0), Threshold::At(1.0));
    assert_eq!(at(8.0), Threshold::At(8.0));
    assert_eq!(at(9.0), Threshold::AboveRange);
    let backwards = Range {
        low: 9.0,
        high: 1.0,
        step: 1.0,
    };
    let error = thresholds(backwards, Direction::MoreIsWorse, None, 0..1, |_| {
        Ok::<_, Infallible>(vec![])
    })
    .unwrap_err();
    assert!(
        matches!(error, CapacityError::Setting(_)) && error.to_string().contains("lower end first")
    );
}

/// How often the interval covers the true crossing 12.34 of 1,000 noisy margins `(12.34 - x) + noise`, at `level`.
fn covers(level: f64) -> u64 {
    let range = Range {
        low: 0.0,
        high: 40.0,
        step: 0.01,
    };
    (0..1000)
        .filter(|&seed| {
            let c = crossing(range, level, |x| {
                // Common random numbers: replication r has the same luck at every x.
                Ok::<_, Infallible>(
                    (0..15)
                        .map(|r| (12.34 - x) * 2.0 + 5.0 * Stream::new(seed, r).normal())
                        .collect(),
                )
            })
            .unwrap();
            c.low <= 12.34 && 12.34 <= c.high
        })
        .count() as u64
}

#[test]
fn the_interval_of_a_crossing_covers_as_one_test_does() {
    check_share(covers(0.95), 1000, 0.95).unwrap();
    check_coverage(covers(0.95), 1000).unwrap();
}

#[test] // Twin: intervals made for 80 % must be flagged as not being 95 % ones.
fn the_crossing_check_can_fail() {
    assert!(check_share(covers(0.80), 1000, 0.95).is_err());
}

#[test]
fn a_crossing_outside_the_range_is_open_ended() {
    let range = Range {
        low: 0.0,
        high: 10.0,
        step: 1.0,
    };
    let always = crossing(range, 0.95, |_| Ok::<_, Infallible>(vec![1.0, 1.1, 0.9])).unwrap();
    assert_eq!((always.value, always.high), (f64::INFINITY, f64::INFINITY));
    let never = crossing(range, 0.95, |_| Ok::<_, Infallible>(vec![-1.0, -1.1, -0.9])).unwrap();
    assert_eq!(
        (never.value, never.low, never.high),
        (f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0)
    );
}

#[test]
fn the_ends_tell_the_direction_and_each_way_is_searched() {
    let range = Range {
        low: 1.0,
        high: 100_000.0,
        step: 1.0,
    };
    for limit in [
        0.0, 1.0, 2.0, 777.0, 65_536.0, 99_999.0, 100_000.0, 100_001.0,
    ] {
        let worse = |asked: &[(f64, u64)]| {
            Ok::<_, Infallible>(asked.iter().map(|a| a.0 <= limit).collect::<Vec<bool>>())
        };
        let better = |asked: &[(f64, u64)]| {
            Ok::<_, Infallible>(asked.iter().map(|a| a.0 >= limit).collect::<Vec<bool>>())
        };
        let (w, b) = (
            ends(range, 0..3, worse).unwrap(),
            ends(range, 0..3, better).unwrap(),
        );
        if (1.0..100_000.0).contains(&limit) {
            assert_eq!(w.direction(), Direction::MoreIsWorse);
            assert_eq!((w.low_only, w.against()), (3, 0));
        }
        if limit > 1.0 && limit <= 100_000.0 {
            assert_eq!(b.direction(), Direction::MoreIsBetter);
        }
        for near in [None, Some(1.0), Some(800.0), Some(100_000.0)] {
            let find =
                |direction, f: Model<'_>| thresholds(range, direction, near, 0..1, f).unwrap()[0];
            let up = find(Direction::MoreIsWorse, &worse);
            let expected = match limit {
                l if l < 1.0 => Threshold::BelowRange,
                l if l >= 100_000.0 => Threshold::AboveRange,
                l => Threshold::At(l),
            };
            assert_eq!(up, expected, "{limit} from {near:?}");
            let down = find(Direction::MoreIsBetter, &better);
            let expected = match limit {
                l if l <= 1.0 => Threshold::BelowRange,
                l if l > 100_000.0 => Threshold::AboveRange,
                l => Threshold::At(l),
            };
            assert_eq!(down, expected, "{limit} from {near:?}");
        }
    }
}

#[test]
fn a_search_from_near_stays_near() {
    let range = Range {
        low: 1.0,
        high: 1e6,
        step: 1.0,
    };
    let mut greatest = 0.0f64;
    let found = thresholds(range, Direction::MoreIsWorse, Some(40.0), 0..1, |asked| {
        greatest = asked.iter().fold(greatest, |g, a| g.max(a.0));
        Ok::<_, Infallible>(asked.iter().map(|a| a.0 <= 50.0).collect())
    });
    assert_eq!(found.unwrap(), [Threshold::At(50.0)]);
    assert!(greatest < 200.0, "{greatest} was tried, far above 50");
}
