//! M/D/1, and M/G/1 in general: Pollaczek and Khinchine.

use crate::support::{Sample, fails, model, pass, sample};

pub(crate) const FILE: &str = r#"
gateway = { name = "M/G/1", length = "12000 h" }
source.border = { every = "exponential(1 h)" }
place.platform = { slots = 1 }
step = [{ id = "unload", at = "platform", takes = "48 min" }]
"#;

fn run(takes: &str, seed: u64) -> Sample {
    let takes = format!("step.unload.takes=\"{takes}\"");
    sample(&model(FILE, &[&takes]), seed, 100, 2000.0)
}

/// Mean wait at one arrival an hour.
fn pollaczek_khinchine(mean: f64, variance: f64) -> f64 {
    (variance + mean * mean) / (2.0 * (1.0 - mean))
}

fn check(sample: &Sample, wait: f64, load: f64) -> [Result<(), String>; 3] {
    [
        sample.check_over("step.unload.wait.mean", "step.unload.started", wait),
        sample.check("source.border.waiting.mean", wait),
        sample.check("place.platform.full", load),
    ]
}

#[test]
fn constant_service() {
    pass(&check(
        &run("48 min", 201),
        pollaczek_khinchine(0.8, 0.0),
        0.8,
    ));
}

#[test]
fn a_constant_service_four_percent_too_long_is_seen() {
    check(&run("49.92 min", 202), pollaczek_khinchine(0.8, 0.0), 0.8)
        .into_iter()
        .for_each(fails);
}

#[test]
fn service_of_any_shape_counts_by_its_variance() {
    // Triangular 0.2, 0.4, 1.5 hours: mean 0.7, variance as in the guide.
    let (a, m, b) = (0.2, 0.4, 1.5);
    let variance = (a * a + m * m + b * b - a * m - a * b - m * b) / 18.0;
    let (mean, lognormal) = (0.7, 0.49);
    pass(&check(
        &run("triangular(0.2 h, 0.4 h, 1.5 h)", 203),
        pollaczek_khinchine(mean, variance),
        mean,
    ));
    // A standard deviation equal to the mean: the same wait as exponential service.
    pass(&check(
        &run("lognormal(0.7 h, 0.7 h)", 204),
        pollaczek_khinchine(mean, lognormal),
        mean,
    ));
}

#[test]
fn constant_service_taken_for_exponential_is_seen() {
    let [wait, waiting, _] = check(&run("42 min", 205), pollaczek_khinchine(0.7, 0.49), 0.7);
    fails(wait);
    fails(waiting);
}
