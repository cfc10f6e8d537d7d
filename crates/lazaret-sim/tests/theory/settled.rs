//! Studies of the settled state: what they call settled is settled.

use std::ops::ControlFlow;

use crate::support::{check_mean, fails, model, pass, sample};
use lazaret_sim::study::{self, Settings, Stop, Study};
use lazaret_sim::{Estimate, Model};

/// M/M/1, started empty.
const QUEUE: &str = r#"
gateway = { name = "M/M/1", length = "1000 h", study = "steady" }
source.border = { every = "exponential(1 h)" }
place.platform = { slots = 1 }
step = [{ id = "unload", at = "platform", takes = "exponential(0.8 h)" }]
"#;

/// An endless yard that is emptied every Monday at 06:00.
const WEEKLY: &str = r#"
gateway = { name = "weekly", start = 2024-01-01T00:00:00, length = "70 d", study = "steady" }
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
takes = "30 h"
[[step]]
id = "dispatch"
at = "yard"
timetable = { days = ["Mon"], times = ["06:00"] }
"#;

fn run(model: &Model, seed: u64, stop: Stop) -> Study {
    let settings = Settings {
        seed,
        stop,
        threads: 1,
    };
    study::run(model, &settings, |_, _| ControlFlow::Continue(())).expect("no unknowns")
}

fn to_one_percent(model: &Model, limit: u64) -> Stop {
    Stop::Relative {
        metrics: vec![position(model)],
        share: 0.01,
        limit,
    }
}

fn position(model: &Model) -> usize {
    model
        .metrics()
        .position("lots.in_gateway.mean")
        .expect("a metric")
}

fn present(study: &Study, model: &Model) -> Estimate {
    study.estimates[position(model)]
}

#[test]
fn a_queue_that_settles_is_found_settled_at_its_exact_length() {
    // At load 0.8 relaxation takes 90 hours. What is left of the start after the warm-up that is found is small against
    // the chance error of 20 studies together.
    let model = model(QUEUE, &["gateway.length=\"2000 h\""]);
    let stop = Stop::Relative {
        metrics: vec![position(&model)],
        share: 0.02,
        limit: 2000,
    };
    let studies: Vec<Study> = (0..20)
        .map(|seed| run(&model, 1700 + seed, stop.clone()))
        .collect();
    let settled = studies.iter().filter(|study| study.settled).count();
    assert!(settled >= 16, "{settled} of 20 studies of a settled queue");
    let means: Vec<f64> = studies
        .iter()
        .map(|study| present(study, &model).mean)
        .collect();
    pass(&[check_mean("number present", &means, 4.0)]);
}

#[test]
fn a_queue_from_its_opening_is_shorter() {
    let opening = ["gateway.study=\"opening\"", "gateway.length=\"500 h\""];
    let number = sample(&model(QUEUE, &opening), 1710, 4000, 0.0);
    fails(number.check("lots.in_gateway.mean", 4.0));
}

#[test]
fn an_overloaded_queue_is_never_settled() {
    for load in ["1.02", "1.1", "1.5"] {
        for length in ["500 h", "3000 h"] {
            let takes = format!("step.unload.takes=\"exponential({load} h)\"");
            let model = model(QUEUE, &[&takes, &format!("gateway.length=\"{length}\"")]);
            let stops = [
                to_one_percent(&model, 400),
                Stop::After(30),
                Stop::Absolute {
                    metric: position(&model),
                    half_width: 1e3,
                    limit: 400,
                },
            ];
            for stop in stops {
                let study = run(&model, 1720, stop);
                assert!(
                    !study.settled,
                    "load {load}, {length}: {:?}",
                    present(&study, &model)
                );
                assert!(!study.warnings.is_empty());
            }
        }
    }
}

#[test]
fn a_run_too_short_for_its_queue_is_not_called_settled() {
    // At load 0.97 relaxation takes 2200 hours. After 500 half of the 32 lots have come, however many replications.
    let model = model(
        QUEUE,
        &[
            "step.unload.takes=\"exponential(0.97 h)\"",
            "gateway.length=\"500 h\"",
        ],
    );
    let stops = [
        Stop::Absolute {
            metric: position(&model),
            half_width: 2.0,
            limit: 10_000,
        },
        Stop::Absolute {
            metric: position(&model),
            half_width: 0.2,
            limit: 20_000,
        },
    ];
    for stop in stops {
        let study = run(&model, 1730, stop);
        assert!(!study.settled, "{:?}", present(&study, &model));
    }
}

/// A lot waits half a week on average after its hold.
const WEEKLY_PRESENT: f64 = 30.0 + 84.0;

#[test]
fn a_weekly_timetable_is_averaged_over_whole_weeks() {
    for (days, least_settled) in [(42, 4), (47, 4), (70, 8), (73, 8), (365, 10)] {
        let model = model(WEEKLY, &[&format!("gateway.length=\"{days} d\"")]);
        let settled: Vec<Study> = (0..12)
            .map(|seed| run(&model, 1740 + seed, to_one_percent(&model, 400)))
            .filter(|study| study.settled)
            .collect();
        assert!(
            settled.len() >= least_settled,
            "{days} days: {} of 12",
            settled.len()
        );
        for study in &settled {
            let counted = f64::from(days) * 24.0 - study.warm_up.hours();
            assert!(
                (counted / 168.0).fract() < 1e-9,
                "{days} days: {counted} hours"
            );
        }
        let means: Vec<f64> = settled
            .iter()
            .map(|study| present(study, &model).mean)
            .collect();
        pass(&[check_mean(
            &format!("present, {days} days"),
            &means,
            WEEKLY_PRESENT,
        )]);
    }
}

#[test]
fn too_few_weeks_are_not_called_settled() {
    for days in [15, 21, 24] {
        let model = model(WEEKLY, &[&format!("gateway.length=\"{days} d\"")]);
        for seed in 0..12 {
            assert!(
                !run(&model, 1760 + seed, to_one_percent(&model, 100)).settled,
                "{days} days"
            );
        }
    }
}

#[test]
fn weeks_that_are_not_whole_are_seen() {
    let days = sample(
        &model(WEEKLY, &["gateway.length=\"73 d\""]),
        1780,
        100,
        24.0 * 14.0,
    );
    fails(days.check("lots.in_gateway.mean", WEEKLY_PRESENT));
}
