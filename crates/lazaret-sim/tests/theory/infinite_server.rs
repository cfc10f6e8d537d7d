//! M/G/∞: a yard without end. Mean, variance and covariance of the number held, at every time since opening.

use crate::support::{check_mean, fails, hours, integral, model, pass, sample, sample_and};
use lazaret_gateway::model::PlaceIx;
use lazaret_sim::{Model, OCCUPANCY_BINS, Replication, Silent, World};
use lazaret_vocabulary::time::GateTime;

pub(crate) const FILE: &str = r#"
gateway = { name = "M/G/inf", length = "360 h" }
source.border = { every = "exponential(6 min)" }
[place]
gate = { slots = "unlimited" }
yard = { slots = "unlimited" }
[[step]]
id = "unload"
at = "gate"
takes = "0 h"
[[step]]
id = "hold"
at = "yard"
takes = "uniform(24 h, 72 h)"
"#;
const YARD: PlaceIx = PlaceIx(1);
const RATE: f64 = 10.0;

/// The chance that a hold of FILE lasts longer than `t` hours.
fn survival(t: f64) -> f64 {
    ((72.0 - t) / 48.0).clamp(0.0, 1.0)
}

/// Mean and variance of the number held at `t`: it is Poisson, as a thinned Poisson process.
fn held(t: f64) -> f64 {
    RATE * (integral(survival, 0.0, t.min(24.0)) + integral(survival, t.min(24.0), t.min(72.0)))
}

/// Covariance of the numbers held at `s` and at the later `t`: those that are there both times.
fn held_both(s: f64, t: f64) -> f64 {
    // The kinks of the survival curve are limits of integration.
    let cuts = [0.0, 24.0 - (t - s), 72.0 - (t - s), s];
    let cuts: Vec<f64> = cuts.iter().map(|cut| cut.clamp(0.0, s)).collect();
    cuts.windows(2)
        .map(|cut| RATE * integral(|age| survival(age + t - s), cut[0], cut[1]))
        .sum()
}

/// Occupancy of the yard averaged over each of the first hours, and after all have settled.
fn check_over_time(model: &Model, seed: u64) -> Vec<Result<(), String>> {
    assert_eq!(OCCUPANCY_BINS, 360, "a bin is an hour");
    let mut bins: Vec<Vec<f64>> = vec![Vec::new(); OCCUPANCY_BINS];
    let _ = sample_and(model, seed, 300, 0.0, |outcome| {
        let yard = &outcome.occupancy[OCCUPANCY_BINS..2 * OCCUPANCY_BINS];
        bins.iter_mut()
            .zip(yard)
            .for_each(|(bin, &level)| bin.push(f64::from(level)));
    });
    [0, 11, 23, 24, 35, 50, 71, 72, 150, 359]
        .map(|bin| {
            let mean = integral(held, bin as f64, bin as f64 + 1.0);
            check_mean(&format!("occupancy in hour {bin}"), &bins[bin], mean)
        })
        .into()
}

#[test]
fn the_yard_fills_as_the_integral_of_the_survival_curve() {
    pass(&check_over_time(&model(FILE, &[]), 401));
}

#[test]
fn a_hold_three_percent_too_long_is_seen_once_lots_leave() {
    let long = model(FILE, &["step.hold.takes=\"uniform(24.72 h, 74.16 h)\""]);
    check_over_time(&long, 402)
        .into_iter()
        .skip(5)
        .for_each(fails);
}

#[test]
fn once_settled_only_the_mean_hold_matters() {
    for (nth, hold) in [
        "48 h",
        "exponential(48 h)",
        "erlang(3, 48 h)",
        "pert(20 h, 47 h, 80 h)",
        "lognormal(48 h, 60 h)",
    ]
    .iter()
    .enumerate()
    {
        let takes = format!("step.hold.takes=\"{hold}\"");
        let longer = model(FILE, &[&takes, "gateway.length=\"3000 h\""]);
        let sample = sample(&longer, 410 + nth as u64, 60, 1500.0);
        pass(&[sample.check("place.yard.occupancy.mean", RATE * 48.0)]);
        fails(sample.check("place.yard.occupancy.mean", RATE * 48.0 * 1.01));
    }
}

/// Squares and products of deviations from the exact means at some times.
fn check_moments(model: &Model, seed: u64) -> Vec<Result<(), String>> {
    const AT: [f64; 4] = [12.0, 40.0, 60.0, 200.0];
    let mut world = World::new(model, Silent);
    let off: Vec<[f64; 4]> = (0..2500)
        .map(|number| {
            world
                .start(Replication::new(seed, number), GateTime::START)
                .expect("no unknowns");
            AT.map(|t| {
                world.advance(hours(t));
                world.occupied(YARD) as f64 - held(t)
            })
        })
        .collect();
    let product = |i: usize, j: usize| {
        let values: Vec<f64> = off.iter().map(|off| off[i] * off[j]).collect();
        let what = format!("covariance at {} and {} h", AT[i], AT[j]);
        check_mean(&what, &values, held_both(AT[i], AT[j]))
    };
    vec![
        product(0, 0),
        product(1, 1),
        product(2, 2),
        product(3, 3),
        product(0, 1),
        product(1, 2),
    ]
}

#[test]
fn the_number_held_is_poisson_at_any_time() {
    assert!((held_both(60.0, 60.0) - held(60.0)).abs() < 1e-6);
    pass(&check_moments(
        &model(FILE, &["gateway.length=\"200 h\""]),
        420,
    ));
}

#[test]
fn arrivals_more_even_than_poisson_are_seen_in_the_variance() {
    let even = model(
        FILE,
        &[
            "gateway.length=\"200 h\"",
            "source.border.every=\"erlang(2, 6 min)\"",
        ],
    );
    check_moments(&even, 421)
        .into_iter()
        .take(4)
        .for_each(fails);
}
