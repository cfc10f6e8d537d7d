//! Breakdowns and repairs: availability, and a queue before a slot that breaks down.

use crate::support::{Sample, check_mean, fails, model, pass, sample, stationary};

/// Three bays that always have a truck: of the fleet of twelve, those that are home are sent every half hour, and no
/// unloading takes less than one.
pub(crate) const BUSY: &str = r#"
gateway = { name = "availability", length = "8000 h" }
source.border = { every = "30 min", convoy = 12, fleet = 12, when_short = "go_short" }
[place.bay]
count  = 3
slots  = 1
breaks = { every = "weibull(1.5, 30 h)", repair = "lognormal(6 h, 4 h)" }
[[step]]
id = "unload"
at = "bay"
takes = "uniform(1 h, 3 h)"
"#;
/// Γ(1 + 1/1.5) = 0.902745.
const UP: f64 = 30.0 * 0.902_745_292_950_934;

fn check_busy(sample: &Sample, repair: f64) -> [Result<(), String>; 2] {
    let available = UP / (UP + repair);
    let worked: Vec<f64> = sample
        .of("vehicle.returned")
        .iter()
        .map(|n| n * 2.0 / 7000.0)
        .collect();
    [
        // By renewal and reward, whatever the shapes: work goes on for as long as a bay is whole.
        check_mean("bays at work", &worked, 3.0 * available),
        // A truck keeps its bay while it is broken.
        sample.check("place.bay.utilisation", 1.0),
    ]
}

#[test]
fn broken_bays_lose_the_share_of_time_that_they_are_broken() {
    pass(&check_busy(
        &sample(&model(BUSY, &[]), 901, 80, 1000.0),
        6.0,
    ));
}

#[test]
fn repairs_five_percent_too_long_are_seen() {
    let long = model(BUSY, &["place.bay.breaks.repair=\"lognormal(6.3 h, 4 h)\""]);
    let [worked, _] = check_busy(&sample(&long, 902, 80, 1000.0), 6.0);
    fails(worked);
}

#[test]
fn broken_cranes_lose_it_too() {
    let cranes = r#"
[equipment.crane]
count  = 2
breaks = { every = "exponential(20 h)", repair = "erlang(2, 5 h)" }
"#;
    let file = BUSY.replace(
        "breaks = { every = \"weibull(1.5, 30 h)\", repair = \"lognormal(6 h, 4 h)\" }",
        "needs  = { crane = 1 }",
    );
    let cranes = model(&format!("{file}{cranes}"), &[]);
    let sample = sample(&cranes, 903, 80, 1000.0);
    let check = |working: f64| {
        let worked: Vec<f64> = sample
            .of("vehicle.returned")
            .iter()
            .map(|n| n * 2.0 / 7000.0)
            .collect();
        [
            check_mean("cranes at work", &worked, working),
            sample.check("equipment.crane.in_use.mean", working),
        ]
    };
    pass(&check(2.0 * 20.0 / 25.0));
    pass(&[sample.check("equipment.crane.utilisation", 1.0)]);
    check(2.0 * 20.0 / 25.0 * 1.01).into_iter().for_each(fails);
}

/// One slot that breaks down whether it works or not; work goes on where it was.
pub(crate) const QUEUE: &str = r#"
gateway = { name = "queue", length = "20000 h" }
source.border = { every = "exponential(2 h)" }
[place.bay]
slots  = 1
breaks = { every = "exponential(12 h)", repair = "exponential(3 h)" }
[[step]]
id = "unload"
at = "bay"
takes = "exponential(1 h)"
"#;

/// Mean number present, from the chain of (number, whole or broken); beyond 120 the chance is below 1e-20.
fn present(breaks: f64, repair: f64) -> f64 {
    const MOST: usize = 120;
    let mut rates = vec![vec![0.0; 2 * MOST]; 2 * MOST];
    for n in 0..MOST {
        let (whole, broken) = (2 * n, 2 * n + 1);
        rates[whole][broken] = 1.0 / breaks;
        rates[broken][whole] = 1.0 / repair;
        if n + 1 < MOST {
            rates[whole][whole + 2] = 0.5;
            rates[broken][broken + 2] = 0.5;
        }
        if n > 0 {
            rates[whole][whole - 2] = 1.0;
        }
    }
    let p = stationary(rates);
    p.iter()
        .enumerate()
        .map(|(state, p)| (state / 2) as f64 * p)
        .sum()
}

fn check_queue(sample: &Sample) -> [Result<(), String>; 2] {
    let present = present(12.0, 3.0);
    [
        sample.check("lots.in_gateway.mean", present),
        sample.check_over(
            "lots.time_in_gateway.mean",
            "lots.dispatched",
            2.0 * present,
        ),
    ]
}

#[test]
fn a_queue_before_a_slot_that_breaks_down() {
    pass(&check_queue(&sample(&model(QUEUE, &[]), 904, 100, 2000.0)));
}

#[test]
fn a_slot_that_breaks_five_percent_more_often_is_seen() {
    let often = model(QUEUE, &["place.bay.breaks.every=\"exponential(11.4 h)\""]);
    check_queue(&sample(&often, 905, 100, 2000.0))
        .into_iter()
        .for_each(fails);
}
