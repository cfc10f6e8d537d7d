//! Means, quantiles, shares and stopping: exact cases, coverage, and twins that must fail.

use lazaret_plan::estimate::{EstimateError, mean, quantile, replications_for_quantile, share};
use lazaret_plan::random::Stream;
use lazaret_plan::sequential::{Next, Precision, Target};

use crate::chance::{check_at_least, check_coverage, check_share};

const REPETITIONS: u64 = 2000;

#[test]
fn the_mean_of_five_numbers_has_the_interval_of_the_textbook() {
    // 1..5: mean 3, standard error sqrt(2.5 / 5), t(0.975, 4) = 2.776445.
    let e = mean(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
    assert!((e.value - 3.0).abs() < 1e-12);
    assert!(
        (e.half_width() - 2.776_445_105 * 0.5f64.sqrt()).abs() < 1e-6,
        "{e:?}"
    );
    assert_eq!((e.n, e.undefined, e.constant), (5, 0, false));
}

#[test]
fn undefined_values_are_left_out_and_counted() {
    let e = mean(&[1.0, f64::NAN, 3.0], 0.95).unwrap();
    assert_eq!((e.value, e.n, e.undefined), (2.0, 2, 1));
    assert_eq!(
        mean(&[1.0, f64::NAN], 0.95),
        Err(EstimateError::TooFew { n: 1, asked: 2 })
    );
    assert!(
        mean(&[1.0, 2.0], 1.0)
            .unwrap_err()
            .to_string()
            .contains("strictly between 0 and 1")
    );
}

#[test]
fn equal_values_say_what_they_cannot_rule_out() {
    // 59 replications without an event: an event of probability 5 % would have stayed unseen with probability 0.95^59 = 4.8 %.
    let e = mean(&[0.0; 59], 0.95).unwrap();
    assert!(e.constant && e.half_width() == 0.0);
    assert!((e.unseen() - 0.0495).abs() < 1e-3, "{}", e.unseen());
}

/// How often the t interval of `n` normal values covers their mean, with its width scaled by `scale`.
fn t_coverage(n: usize, scale: f64) -> u64 {
    let mut stream = Stream::new(11, 1);
    (0..REPETITIONS)
        .filter(|_| {
            let xs: Vec<f64> = (0..n).map(|_| 7.0 + 3.0 * stream.normal()).collect();
            let e = mean(&xs, 0.95).unwrap();
            (e.value - 7.0).abs() <= scale * e.half_width()
        })
        .count() as u64
}

#[test]
fn the_t_interval_covers_exactly_what_it_says() {
    check_share(t_coverage(5, 1.0), REPETITIONS, 0.95).unwrap();
}

#[test] // Twin: the normal quantile in place of Student's, 1.96 for 2.776, must be flagged.
fn the_t_interval_check_can_fail() {
    assert!(check_share(t_coverage(5, 1.96 / 2.776), REPETITIONS, 0.95).is_err());
}

#[test] // Waits are skewed: 30 exponential values.
fn the_t_interval_covers_skewed_values_well_enough() {
    let mut stream = Stream::new(12, 1);
    let hits = (0..REPETITIONS)
        .filter(|_| {
            let xs: Vec<f64> = (0..30).map(|_| -stream.uniform().ln()).collect();
            mean(&xs, 0.95).unwrap().holds(1.0)
        })
        .count() as u64;
    check_coverage(hits, REPETITIONS).unwrap();
}

#[test]
fn quantile_ranks_are_those_of_the_tables() {
    // The 95 % interval of a median of 10 lies between ranks 2 and 9 (each tail 11/1024 = 1.07 %).
    let xs: Vec<f64> = (1..=10).map(f64::from).collect();
    let e = quantile(&xs, 0.5, 0.95).unwrap();
    assert_eq!((e.value, e.low, e.high), (5.0, 2.0, 9.0));
    // With 59 values the 95 % quantile has no upper bound at 95 % two-sided; 72 values give one.
    assert_eq!(replications_for_quantile(0.95, 0.95), 72);
    let xs: Vec<f64> = (1..=71).map(f64::from).collect();
    assert_eq!(quantile(&xs, 0.95, 0.95).unwrap().high, f64::INFINITY);
    let xs: Vec<f64> = (1..=72).map(f64::from).collect();
    assert_eq!(quantile(&xs, 0.95, 0.95).unwrap().high, 72.0);
}

fn quantile_coverage(shift: f64) -> u64 {
    let mut stream = Stream::new(13, 1);
    (0..REPETITIONS)
        .filter(|_| {
            let xs: Vec<f64> = (0..100).map(|_| -stream.uniform().ln()).collect();
            // The 90 % quantile of an exponential is ln 10.
            quantile(&xs, 0.9, 0.95).unwrap().holds(10f64.ln() + shift)
        })
        .count() as u64
}

#[test]
fn the_quantile_interval_covers_at_least_what_it_says() {
    let hits = quantile_coverage(0.0);
    check_at_least(hits, REPETITIONS, 0.95).unwrap();
    check_coverage(hits, REPETITIONS).unwrap();
}

#[test] // Twin: a quantile that is 12 % off must be flagged.
fn the_quantile_check_can_fail() {
    assert!(check_at_least(quantile_coverage(0.12 * 10f64.ln()), REPETITIONS, 0.95).is_err());
}

#[test]
fn clopper_pearson_is_that_of_the_paper() {
    // 0 of 10: upper bound 1 - 0.025^(1/10). 3 of 10: 0.0667 to 0.6525.
    let e = share(0, 10, 0.95).unwrap();
    assert!(e.low == 0.0 && (e.high - (1.0 - 0.025f64.powf(0.1))).abs() < 1e-9);
    let e = share(3, 10, 0.95).unwrap();
    assert!(
        (e.low - 0.0667).abs() < 1e-4 && (e.high - 0.6525).abs() < 1e-4,
        "{e:?}"
    );
}

#[test]
fn shares_cover() {
    let mut stream = Stream::new(14, 1);
    let hits = (0..REPETITIONS)
        .filter(|_| {
            let k = (0..200).filter(|_| stream.uniform() < 0.07).count() as u64;
            share(k, 200, 0.95).unwrap().holds(0.07)
        })
        .count() as u64;
    check_at_least(hits, REPETITIONS, 0.95).unwrap();
    check_coverage(hits, REPETITIONS).unwrap();
}

/// Runs the stopping rule to its end on exponential values of mean 1; returns replications and whether the interval covers.
fn stop(rule: Precision, stream: &mut Stream) -> (u64, bool) {
    let mut xs = Vec::new();
    loop {
        match rule.next(&xs).unwrap() {
            Next::Run(more) => xs.extend((0..more).map(|_| -stream.uniform().ln())),
            Next::Enough(e) => return (e.n as u64, e.holds(1.0)),
            Next::Spent(e) => panic!("budget spent at {e:?}"),
        }
    }
}

#[test]
fn stopping_at_a_width_still_covers_and_needs_about_the_right_number() {
    // (1.96 / 0.1)^2 = 384 values of variance 1.
    let rule = Precision {
        level: 0.95,
        target: Target::Absolute(0.1),
        first: 30,
        most: 100_000,
    };
    let mut stream = Stream::new(15, 1);
    let ends: Vec<(u64, bool)> = (0..REPETITIONS).map(|_| stop(rule, &mut stream)).collect();
    check_coverage(ends.iter().filter(|e| e.1).count() as u64, REPETITIONS).unwrap();
    let average = ends.iter().map(|e| e.0 as f64).sum::<f64>() / REPETITIONS as f64;
    assert!(
        (350.0..480.0).contains(&average),
        "{average} replications on average"
    );
}

#[test] // Twin: three first replications let a lucky variance stop the run; the coverage check must see it.
fn stopping_too_early_is_flagged() {
    let rule = Precision {
        level: 0.95,
        target: Target::Absolute(0.3),
        first: 3,
        most: 100_000,
    };
    let mut stream = Stream::new(16, 1);
    let hits = (0..REPETITIONS)
        .filter(|_| stop(rule, &mut stream).1)
        .count() as u64;
    assert!(check_coverage(hits, REPETITIONS).is_err(), "{hits}");
}

#[test]
fn the_budget_is_kept() {
    let rule = Precision {
        level: 0.95,
        target: Target::Relative(1e-9),
        first: 10,
        most: 25,
    };
    let mut xs = Vec::new();
    let mut stream = Stream::new(17, 1);
    while let Next::Run(more) = rule.next(&xs).unwrap() {
        xs.extend((0..more).map(|_| stream.normal()));
    }
    assert_eq!(xs.len(), 25);
    assert!(matches!(rule.next(&xs).unwrap(), Next::Spent(_)));
}
