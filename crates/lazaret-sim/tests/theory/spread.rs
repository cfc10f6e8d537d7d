//! The spread of a figure split into unknowns and variability, where both parts are known: an endless yard whose hold
//! nobody knows.

use std::ops::ControlFlow;

use crate::support::{at_most, check_mean, fails, integral, model, pass, sample};
use lazaret_sim::Model;
use lazaret_sim::study::{self, Settings, Stop};

pub(crate) const FILE: &str = r#"
gateway = { name = "unknown hold", length = "100 h" }
unknown.hold_time = "uniform(15 h, 25 h)"
source.border = { every = "exponential(1 h)" }
[place]
gate = { slots = "unlimited" }
yard = { slots = "unlimited" }
[[step]]
id = "unload"
at = "gate"
[[step]]
id = "hold"
at = "yard"
takes = "hold_time"
"#;
const LENGTH: f64 = 100.0;

/// Mean of the occupancy averaged over the run, at a hold of `h` hours and a lot an hour: a lot that came at s adds
/// min(h, T - s) / T.
fn mean_at(h: f64) -> f64 {
    h - h * h / (2.0 * LENGTH)
}

/// Its variance: that of a compound Poisson sum is the integral of the squares.
fn variance_at(h: f64) -> f64 {
    (h * h * (LENGTH - h) + h.powi(3) / 3.0) / (LENGTH * LENGTH)
}

/// Mean over the unknown, variance owed to it, variance owed to chance.
fn exact(low: f64, high: f64) -> (f64, f64, f64) {
    let over = |f: &dyn Fn(f64) -> f64| integral(f, low, high) / (high - low);
    let mean = over(&mean_at);
    (
        mean,
        over(&|h| (mean_at(h) - mean).powi(2)),
        over(&variance_at),
    )
}

/// Estimates of the share of the unknowns by many studies, and how many of their intervals hold `share`.
fn studies(model: &Model, share: f64) -> (Vec<f64>, u32) {
    let metric = model
        .metrics()
        .position("place.yard.occupancy.mean")
        .expect("a metric");
    let mut held = 0;
    let shares = (0..STUDIES)
        .map(|seed| {
            let settings = Settings {
                seed: 1100 + u64::from(seed),
                stop: Stop::After(400),
                threads: 1,
            };
            let study = study::run(model, &settings, |_, _| ControlFlow::Continue(()))
                .expect("holds are durations");
            let spread = study.spread.expect("there is an unknown")[metric];
            held += u32::from((spread.low..=spread.high).contains(&share));
            spread.unknowns
        })
        .collect();
    (shares, held)
}

const STUDIES: u32 = 100;

#[test]
fn the_share_of_the_unknowns_is_found() {
    let (_, unknowns, chance) = exact(15.0, 25.0);
    let share = unknowns / (unknowns + chance);
    let (shares, held) = studies(&model(FILE, &[]), share);
    pass(&[check_mean("share of the unknowns", &shares, share)]);
    // A right interval at 95 % holds the share in fewer than 84 of 100 studies with a chance of 2e-5.
    assert!(at_most(83, STUDIES, 0.95) < 1e-4 && held >= 84, "{held}");
}

#[test]
fn an_unknown_of_a_tenth_more_spread_is_seen() {
    let (_, unknowns, chance) = exact(15.0, 25.0);
    let wider = model(FILE, &["unknown.hold_time=\"uniform(14.5 h, 25.5 h)\""]);
    let share = unknowns / (unknowns + chance);
    fails(check_mean(
        "share of the unknowns",
        &studies(&wider, share).0,
        share,
    ));
}

#[test]
fn mean_and_variance_are_those_of_both_kinds_of_not_knowing() {
    let (mean, unknowns, chance) = exact(15.0, 25.0);
    let check = |model: &Model| {
        let occupancy = sample(model, 1200, 4000, 0.0).of("place.yard.occupancy.mean");
        let squares: Vec<f64> = occupancy.iter().map(|o| (o - mean).powi(2)).collect();
        [
            check_mean("occupancy", &occupancy, mean),
            check_mean("its variance", &squares, unknowns + chance),
        ]
    };
    pass(&check(&model(FILE, &[])));
    // A hold drawn anew for each lot has the same mean and far less spread.
    let [same, less] = check(&model(FILE, &["step.hold.takes=\"uniform(15 h, 25 h)\""]));
    pass(&[same]);
    fails(less);
}
