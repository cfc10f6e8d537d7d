//! Paired differences: verdicts, simultaneous coverage, what common random numbers gain.

use lazaret_plan::compare::{Verdict, compare, difference, pairing_gain};
use lazaret_plan::random::Stream;

use crate::chance::{check_at_least, check_coverage};

#[test]
fn verdicts_say_what_the_interval_says() {
    let base = [10.0, 12.0, 11.0, 13.0];
    let plus = |d: [f64; 4]| -> Vec<f64> { base.iter().zip(d).map(|(b, d)| b + d).collect() };
    let verdict = |d, t| difference(&base, &plus(d), 0.95, t).unwrap().verdict;
    assert_eq!(verdict([1.0, 1.1, 0.9, 1.0], None), Verdict::Higher);
    assert_eq!(verdict([-1.0, -1.1, -0.9, -1.0], None), Verdict::Lower);
    assert_eq!(verdict([0.0; 4], None), Verdict::Identical);
    assert_eq!(
        verdict([0.01, -0.01, 0.01, -0.01], Some(0.5)),
        Verdict::Same
    );
    assert!(matches!(
        verdict([1.0, -1.0, 1.0, 0.0], None),
        Verdict::CannotTell { more: Some(_) }
    ));
    // No mean difference at all and no tolerance: no number of replications would do.
    assert_eq!(
        verdict([1.0, -1.0, 1.0, -1.0], None),
        Verdict::CannotTell { more: None }
    );
}

#[test]
fn the_number_of_replications_still_wanted_is_about_right() {
    // Differences of mean 0.1 and variance 1: (1.96 / 0.1)^2 = 384 replications make the half-width as small as the mean.
    let n = 50;
    let mut d: Vec<f64> = (0..n)
        .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
        .collect();
    d.iter_mut()
        .for_each(|x| *x = *x * (49.0f64 / 50.0).sqrt() + 0.1);
    let base = vec![0.0; n];
    let Verdict::CannotTell { more: Some(more) } =
        difference(&base, &d, 0.95, None).unwrap().verdict
    else {
        panic!("a mean of 0.1 with standard error 0.14 cannot be told from zero");
    };
    assert!((330..345).contains(&more), "{more}");
}

/// In how many of the repetitions all intervals of three alternatives hold their true differences.
fn simultaneous(repetitions: u64, level: f64) -> u64 {
    let mut stream = Stream::new(21, 1);
    let truths = [0.0, 0.3, -0.5];
    (0..repetitions)
        .filter(|_| {
            let luck: Vec<f64> = (0..20).map(|_| stream.normal()).collect();
            let base: Vec<f64> = luck
                .iter()
                .map(|l| 5.0 + l + 0.3 * stream.normal())
                .collect();
            let others: Vec<Vec<f64>> = truths
                .iter()
                .map(|t| {
                    luck.iter()
                        .map(|l| 5.0 + t + l + 0.3 * stream.normal())
                        .collect()
                })
                .collect();
            let all = compare(&base, &others, level, None).unwrap();
            all.iter()
                .zip(truths)
                .all(|(d, t)| d.low <= t && t <= d.high)
        })
        .count() as u64
}

#[test]
fn all_intervals_hold_together() {
    let hits = simultaneous(2000, 0.95);
    check_at_least(hits, 2000, 0.95).unwrap();
    check_coverage(hits, 2000).unwrap();
}

#[test] // Twin: three intervals at 95 % each, not together, hold together only about 89 % of the time.
fn the_simultaneous_check_can_fail() {
    assert!(check_at_least(simultaneous(2000, 1.0 - 0.05 * 3.0), 2000, 0.95).is_err());
}

#[test]
fn pairing_gain_is_the_ratio_of_variances() {
    // b = a + 1 + small independent noise: var(a) = var(b) = 1, var(d) = 0.01, so the gain is near 200.
    let mut stream = Stream::new(22, 1);
    let a: Vec<f64> = (0..4000).map(|_| stream.normal()).collect();
    let b: Vec<f64> = a.iter().map(|x| x + 1.0 + 0.1 * stream.normal()).collect();
    let gain = pairing_gain(&a, &b);
    assert!((170.0..230.0).contains(&gain), "{gain}");
    let c: Vec<f64> = (0..4000).map(|_| stream.normal()).collect();
    assert!((0.9..1.1).contains(&pairing_gain(&a, &c)));
}
