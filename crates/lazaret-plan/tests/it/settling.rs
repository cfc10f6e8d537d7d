//! `settled` never claims what is not.

use lazaret_plan::random::Stream;
use lazaret_plan::settled::{Settled, Settling, mser5, settled};

use crate::chance::check_at_least;

/// Replications of an autoregressive series about `level(t)`, as occupancies are.
fn series(
    replications: usize,
    bins: usize,
    seed: u64,
    level: impl Fn(usize) -> f64,
) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(seed, 31);
    (0..replications)
        .map(|_| {
            let mut x = 0.0;
            (0..bins)
                .map(|t| {
                    x = 0.6 * x + stream.normal();
                    level(t) + x
                })
                .collect()
        })
        .collect()
}

#[test]
fn a_level_after_a_warm_up_is_settled_and_the_warm_up_found() {
    let s = series(20, 400, 1, |t| 100.0 * (1.0 - (-(t as f64) / 15.0).exp()));
    let Settled::Yes {
        warm_up,
        over,
        cycle,
    } = settled(&s, Settling::default())
    else {
        panic!("{:?}", settled(&s, Settling::default()));
    };
    assert!((30..120).contains(&warm_up), "warm-up {warm_up}");
    assert_eq!(over, 400 - warm_up);
    assert!(cycle.is_none());
}

#[test]
fn a_slow_drift_is_not_settled() {
    // 15 % over the run, in steps that no eye sees from day to day.
    let s = series(20, 400, 2, |t| 100.0 + 15.0 * t as f64 / 400.0);
    assert!(!matches!(
        settled(&s, Settling::default()),
        Settled::Yes { .. }
    ));
}

#[test]
fn a_filling_yard_has_not_ended_its_warm_up() {
    let s = series(10, 200, 3, |t| t as f64);
    let verdict = settled(&s, Settling::default());
    assert!(
        matches!(verdict, Settled::WarmUpNotOver | Settled::Drifting { .. }),
        "{verdict:?}"
    );
}

#[test]
fn a_week_is_a_cycle_and_a_cycle_as_long_as_the_run_is_not_settled() {
    let wave = |period: f64| {
        move |t: usize| 100.0 + 12.0 * (std::f64::consts::TAU * t as f64 / period).sin()
    };
    let weekly = settled(&series(20, 420, 4, wave(7.0)), Settling::default());
    let Settled::Yes {
        cycle: Some(cycle), ..
    } = weekly
    else {
        panic!("{weekly:?}")
    };
    assert!(
        (cycle.period - 7.0).abs() < 0.2 && (cycle.amplitude - 12.0).abs() < 2.0,
        "{cycle:?}"
    );
    for period in [150.0, 200.0, 300.0, 420.0, 600.0, 840.0] {
        let slow = settled(&series(20, 420, 5, wave(period)), Settling::default());
        assert!(
            !matches!(slow, Settled::Yes { .. }),
            "period {period}: {slow:?}"
        );
    }
}

#[test]
fn noise_too_wild_to_judge_is_not_judged() {
    let wild: Vec<Vec<f64>> = series(5, 60, 6, |_| 0.0)
        .into_iter()
        .map(|s| s.into_iter().map(|x| 100.0 + 60.0 * x).collect())
        .collect();
    let verdict = settled(&wild, Settling::default());
    assert!(!matches!(verdict, Settled::Yes { .. }), "{verdict:?}");
    assert_eq!(settled(&wild[..4], Settling::default()), Settled::TooShort);
}

/// In how many of 1,000 runs with a drift of `drift` over the run, on a level of about 100, "settled" is **not** claimed.
fn unclaimed(drift: f64, tolerance: f64) -> u64 {
    (0..1000)
        .filter(|&i| {
            let s = series(8, 100, 1000 + i, |t| 100.0 + drift * t as f64 / 99.0);
            !matches!(
                settled(
                    &s,
                    Settling {
                        level: 0.95,
                        tolerance
                    }
                ),
                Settled::Yes { .. }
            )
        })
        .count() as u64
}

#[test] // The promise: a drift as large as the tolerance is called settled at most 2.5 % of the time.
fn false_claims_are_as_rare_as_promised() {
    check_at_least(unclaimed(5.2, 0.05), 1000, 0.975).unwrap();
}

#[test] // Twin: judged with three times the tolerance, the same drift is called settled, and the check sees it.
fn the_false_claim_check_can_fail() {
    assert!(check_at_least(unclaimed(5.2, 0.15), 1000, 0.975).is_err());
}

#[test]
fn mser_drops_what_is_plainly_warm_up_and_nothing_of_a_constant() {
    let mut s = vec![0.0; 50];
    s.extend(vec![10.0; 150]);
    assert_eq!(mser5(&s), Some(50));
    assert_eq!(mser5(&vec![3.0; 100]), Some(0));
    assert_eq!(mser5(&[1.0; 10]), None);
}
