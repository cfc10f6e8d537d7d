//! The intervals that are printed: how often they hold the truth, over many studies of models whose truth is known.

use std::ops::ControlFlow;

use crate::support::{at_most, model};
use lazaret_sim::study::{self, Settings, Stop};
use lazaret_sim::{Estimate, Model};

const OPENING: &str = r#"
gateway = { name = "opening", length = "100 h" }
source.border = { every = "exponential(2 h)" }
place.gate = { slots = "unlimited" }
step = [{ id = "unload", at = "gate", takes = "exponential(8 h)" }]
"#;

const STEADY: &str = r#"
gateway = { name = "M/M/1", length = "1000 h", study = "steady" }
source.border = { every = "exponential(1 h)" }
place.platform = { slots = 1 }
step = [{ id = "unload", at = "platform", takes = "exponential(0.6 h)" }]
"#;

/// The intervals of `metric` that `studies` studies of `replications` print.
fn intervals(model: &Model, metric: &str, studies: u32, replications: u64) -> Vec<Estimate> {
    let metric = model.metrics().position(metric).expect("a metric");
    (0..studies)
        .map(|seed| {
            let settings = Settings {
                seed: 1300 + u64::from(seed),
                stop: Stop::After(replications),
                threads: 1,
            };
            study::run(model, &settings, |_, _| ControlFlow::Continue(()))
                .expect("no unknowns")
                .estimates[metric]
        })
        .collect()
}

fn held(intervals: &[Estimate], truth: f64) -> u32 {
    intervals
        .iter()
        .map(|e| u32::from((e.low..=e.high).contains(&truth)))
        .sum()
}

/// The chance of a count this far from what 95 % would give, on its side.
fn chance(held: u32, studies: u32) -> f64 {
    let below = at_most(held, studies, 0.95);
    let above = 1.0 - at_most(held.max(1) - 1, studies, 0.95);
    below.min(above)
}

#[test]
fn intervals_from_an_empty_start_hold_the_truth_in_95_of_100_studies() {
    // The occupancy of an endless place, averaged from opening to the end: λs(1 - s(1 - exp(-T/s))/T).
    let (length, stay) = (100.0f64, 8.0f64);
    let truth = 0.5 * stay * (1.0 - stay * (1.0 - (-length / stay).exp()) / length);
    let model = model(OPENING, &[]);
    for replications in [5, 20] {
        let intervals = intervals(&model, "place.gate.occupancy.mean", 1000, replications);
        let n = held(&intervals, truth);
        assert!(
            chance(n, 1000) > 5e-5,
            "{n} of 1000 studies of {replications}"
        );
        // Intervals around a truth that is 4 % off would not do.
        let n = held(&intervals, truth * 1.04);
        assert!(replications == 5 || chance(n, 1000) < 5e-5, "{n} of 1000");
    }
}

#[test]
fn intervals_of_the_settled_state_hold_the_truth_in_90_to_99_of_100_studies() {
    // The warm-up is found by the program, so an interval may be off its level by what is left of the start; 90 to 99 % is
    // what is asked. At 90 % fewer than 425 of 500 come up with a chance of 2e-4, at 99 % all of 500 with one of 7e-3.
    assert!(at_most(424, 500, 0.90) < 3e-4);
    let intervals = intervals(&model(STEADY, &[]), "lots.in_gateway.mean", 500, 20);
    let n = held(&intervals, 1.5);
    assert!((425..500).contains(&n), "{n} of 500 studies");
    // At a load of 0.62 it would be 1.63.
    let n = held(&intervals, 0.62 / 0.38);
    assert!(n < 425, "{n} of 500 studies");
}
