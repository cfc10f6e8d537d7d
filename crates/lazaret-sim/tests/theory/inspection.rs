//! Inspections that send lots back to be treated again: a geometric number of rounds, cut off.

use crate::support::{check_mean, check_share, fails, model, pass, sample};
use lazaret_sim::Model;

/// Arrivals end in time for every lot to have left.
pub(crate) const FILE: &str = r#"
gateway = { name = "inspection", start = 2024-01-01T00:00:00, length = "60 d" }
source.border = { every = "exponential(1 h)", closed = [{ from = 2024-02-20, to = 2024-03-10 }] }
[place]
gate = { slots = "unlimited" }
hall = { slots = 12 }
lab  = { slots = 5 }
[[step]]
id = "unload"
at = "gate"
[[step]]
id = "treat"
at = "hall"
takes = "uniform(1 h, 3 h)"
[[step]]
id = "inspect"
at = "lab"
takes = "30 min"
pass = 0.55
again = { share = 0.3, from = "treat", at_most = 3 }
fail = 0.1
destroy = 0.05
"#;

fn check(model: &Model, seed: u64) -> Vec<Result<(), String>> {
    const AGAIN: f64 = 0.3;
    let sample = sample(model, seed, 60, 0.0);
    let left = sample.of("lots.in_gateway");
    assert!(
        left.iter().all(|&n| n == 0.0),
        "every lot has left: {left:?}"
    );
    let total = |name: &str| sample.of(name).iter().sum::<f64>();
    let lots = total("lots.arrived");
    // A lot is inspected once and up to three times more.
    let rounds: f64 = (0..=3).map(|round| AGAIN.powi(round)).sum();
    let worn_out = AGAIN.powi(4);
    let more = |name: &str| {
        let off: Vec<f64> = sample
            .of(&format!("step.{name}.started"))
            .iter()
            .zip(sample.of("lots.arrived"))
            .map(|(inspected, lots)| inspected - lots * rounds)
            .collect();
        check_mean(&format!("times of {name} beyond those expected"), &off, 0.0)
    };
    vec![
        check_share("dispatched", total("lots.dispatched"), lots, 0.55 * rounds),
        check_share("sent back", total("lots.sent_back"), lots, 0.1 * rounds),
        check_share(
            "destroyed",
            total("lots.destroyed"),
            lots,
            0.05 * rounds + worn_out,
        ),
        more("inspect"),
        more("treat"),
    ]
}

#[test]
fn rounds_are_geometric_and_cut_off() {
    pass(&check(&model(FILE, &[]), 1001));
}

#[test]
fn the_same_holds_where_lots_are_inspected_where_they_are_treated() {
    let hall = model(FILE, &["step.inspect.at=\"hall\"", "place.hall.slots=12"]);
    pass(&check(&hall, 1002));
}

#[test]
fn a_share_five_percent_too_great_is_seen() {
    let more = model(
        FILE,
        &["step.inspect.again.share=0.315", "step.inspect.pass=0.535"],
    );
    let checks = check(&more, 1003);
    for at in [0, 3, 4] {
        fails(checks[at].clone());
    }
}

#[test]
fn a_round_too_few_is_seen() {
    let fewer = model(FILE, &["step.inspect.again.at_most=2"]);
    let checks = check(&fewer, 1004);
    for at in [0, 2, 3, 4] {
        fails(checks[at].clone());
    }
}

#[test]
fn time_grows_by_what_each_round_takes() {
    // With room for all a lot that passes in round k has been treated and inspected k times, 2.5 hours each.
    let roomy = [
        "place.hall.slots=\"unlimited\"",
        "place.lab.slots=\"unlimited\"",
    ];
    let sample = sample(&model(FILE, &roomy), 1005, 60, 0.0);
    let weights: Vec<f64> = (0..=3).map(|round| 0.3f64.powi(round)).collect();
    let rounds = weights
        .iter()
        .zip(1..)
        .map(|(w, k)| w * f64::from(k))
        .sum::<f64>()
        / weights.iter().sum::<f64>();
    let check = |rounds: f64| {
        sample.check_over("lots.time_in_gateway.mean", "lots.dispatched", 2.5 * rounds)
    };
    pass(&[check(rounds)]);
    fails(check(rounds * 1.03));
}
