//! M/M/c: wagons come one by one, c slots, exponential unloading. Erlang's formulas.

use crate::support::{Sample, fails, model, pass, sample};

pub(crate) const FILE: &str = r#"
gateway = { name = "M/M/c", length = "12000 h" }
source.border = { every = "exponential(1 h)" }
place.platform = { slots = 1 }
step = [{ id = "unload", at = "platform", takes = "exponential(1 h)" }]
"#;

/// Erlang's C: the chance of waiting with `c` servers at offered load `a`, by the recursion of Erlang's B.
fn erlang_c(c: u32, a: f64) -> f64 {
    let b = (1..=c).fold(1.0, |b, k| a * b / (f64::from(k) + a * b));
    b / (1.0 - a / f64::from(c) * (1.0 - b))
}

fn run(c: u32, service_h: f64, seed: u64, n: u64) -> Sample {
    let slots = format!("place.platform.slots={c}");
    let takes = format!("step.unload.takes=\"exponential({service_h} h)\"");
    // Relaxation takes 1 / (μ(1-√ρ)²): 19 hours at load 0.7, 90 at 0.85. After 2000 nothing is left of the start.
    sample(&model(FILE, &[&slots, &takes]), seed, n, 2000.0)
}

/// All that Erlang says of an arrival an hour, `c` servers and a service of `service_h` hours.
fn check(sample: &Sample, c: u32, service_h: f64) -> Vec<Result<(), String>> {
    let waits = erlang_c(c, service_h);
    let wait = waits * service_h / (f64::from(c) - service_h);
    vec![
        sample.check_over("step.unload.wait.mean", "step.unload.started", wait),
        sample.check("source.border.waiting.mean", wait),
        // Poisson arrivals see time averages (Wolff1982), so the chance of waiting is the share of time without a slot.
        sample.check("place.platform.full", waits),
        sample.check("place.platform.occupancy.mean", service_h),
        sample.check("place.platform.utilisation", service_h / f64::from(c)),
        sample.check("lots.in_gateway.mean", wait + service_h),
        sample.check_over(
            "lots.time_in_gateway.mean",
            "lots.dispatched",
            wait + service_h,
        ),
    ]
}

#[test]
fn one_server() {
    pass(&check(&run(1, 0.7, 101, 100), 1, 0.7));
}

#[test]
fn three_servers() {
    pass(&check(&run(3, 2.4, 102, 100), 3, 2.4));
}

#[test]
fn twenty_servers() {
    pass(&check(&run(20, 17.0, 103, 100), 20, 17.0));
}

#[test]
fn a_service_four_percent_too_long_is_seen_in_each_figure() {
    check(&run(3, 2.4 * 1.04, 104, 100), 3, 2.4)
        .into_iter()
        .for_each(fails);
}

#[test]
fn a_slot_too_many_is_seen() {
    let checks = check(&run(21, 17.0, 105, 100), 20, 17.0);
    // Occupancy does not depend on the number of slots; waits do.
    checks.into_iter().take(3).for_each(fails);
}

#[test]
fn the_95th_percentile_of_waits_is_that_of_a_defective_exponential() {
    // P(wait > t) = C exp(-(c-a)t/s). The percentile of one long run is nearly unbiased and nearly normal.
    let (c, s) = (3, 2.4);
    let p95 = (erlang_c(c, s) / 0.05).ln() * s / (f64::from(c) - s);
    pass(&[run(c, s, 106, 100).check("step.unload.wait.p95", p95)]);
    fails(run(c, s * 1.04, 107, 100).check("step.unload.wait.p95", p95));
}
