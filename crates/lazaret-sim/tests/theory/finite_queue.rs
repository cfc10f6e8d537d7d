//! M/M/c/K: a limited fleet that goes when it can loses the departures for which nothing is home.

use crate::support::{Sample, fails, model, pass, sample};

pub(crate) const FILE: &str = r#"
gateway = { name = "M/M/c/K", length = "12000 h" }
source.border = { every = "exponential(1 h)", fleet = 5, when_short = "go_short" }
place.platform = { slots = 2 }
step = [{ id = "unload", at = "platform", takes = "exponential(1.8 h)" }]
"#;

/// Distribution of the number present at an arrival an hour, `c` servers, room for `k`.
fn present(c: u32, k: u32, service: f64) -> Vec<f64> {
    let mut p = vec![1.0];
    for n in 1..=k {
        p.push(p[n as usize - 1] * service / f64::from(n.min(c)));
    }
    let total: f64 = p.iter().sum();
    p.into_iter().map(|p| p / total).collect()
}

fn check(sample: &Sample, c: u32, k: u32, service: f64) -> Vec<Result<(), String>> {
    let p = present(c, k, service);
    let lost = p[k as usize];
    let mean = |of: &dyn Fn(f64) -> f64| {
        p.iter()
            .enumerate()
            .map(|(n, p)| of(n as f64) * p)
            .sum::<f64>()
    };
    let slots = f64::from(c);
    let queue = mean(&|n| (n - slots).max(0.0));
    vec![
        sample.check_ratio(
            "source.border.cancelled",
            "source.border.convoys",
            lost / (1.0 - lost),
        ),
        sample.check("place.platform.occupancy.mean", mean(&|n| n.min(slots))),
        sample.check("source.border.waiting.mean", queue),
        sample.check_over(
            "step.unload.wait.mean",
            "step.unload.started",
            queue / (1.0 - lost),
        ),
        sample.check("lots.throughput", 24.0 * (1.0 - lost)),
    ]
}

#[test]
fn a_queue_with_room_for_five() {
    pass(&check(
        &sample(&model(FILE, &[]), 501, 80, 200.0),
        2,
        5,
        1.8,
    ));
}

#[test]
fn room_for_one_more_is_seen() {
    let room = model(FILE, &["source.border.fleet=6"]);
    check(&sample(&room, 502, 80, 200.0), 2, 5, 1.8)
        .into_iter()
        .for_each(fails);
}

#[test]
fn one_departure_that_waits_for_a_vehicle_is_a_place_more() {
    // The source has room for one departure; a second that is due meanwhile does not run. Only what is lost and what is
    // served tells: the place more is at the source.
    let waits = model(FILE, &["source.border.when_short=\"wait\""]);
    let sample = sample(&waits, 503, 80, 200.0);
    let lost_and_served = |k: u32| {
        let checks = check(&sample, 2, k, 1.8);
        [0, 1, 4].map(|at| checks[at].clone())
    };
    pass(&lost_and_served(6));
    lost_and_served(5).into_iter().for_each(fails);
}

#[test]
fn without_room_to_wait_only_the_mean_service_matters() {
    // Erlang's loss formula holds for any service.
    for (nth, takes) in [
        "108 min",
        "erlang(2, 1.8 h)",
        "weibull(0.7, 1.422 h)",
        "uniform(0.6 h, 3 h)",
    ]
    .iter()
    .enumerate()
    {
        let takes = format!("step.unload.takes=\"{takes}\"");
        let loss = model(FILE, &["source.border.fleet=2", &takes]);
        // Γ(1 + 1/0.7) = 1.265749: a Weibull mean of 1.79990.
        let checks = check(&sample(&loss, 504 + nth as u64, 60, 200.0), 2, 2, 1.8);
        pass(&[checks[0].clone(), checks[1].clone(), checks[4].clone()]);
    }
}
