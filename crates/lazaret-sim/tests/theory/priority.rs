//! M/M/1 with priorities that do not interrupt: Cobham1954.

use crate::support::{Sample, fails, model, pass, sample};

pub(crate) const FILE: &str = r#"
gateway = { name = "priorities", length = "12000 h" }
[goods]
medicine = { share = 0.3, priority = 7 }
dairy    = { share = 0.2, priority = 1 }
general  = { share = 0.5, priority = -2 }
[source.border]
every = "exponential(1 h)"
[place.platform]
slots = 1
[[step]]
id = "unload"
at = "platform"
takes = { medicine = "exponential(0.5 h)", dairy = "1.2 h", general = "uniform(0.4 h, 1.4 h)" }
"#;

/// Rate, mean service and second moment of service of each class, in falling priority.
const CLASSES: [(&str, f64, f64, f64); 3] = [
    ("medicine", 0.3, 0.5, 0.5),
    ("dairy", 0.2, 1.2, 1.44),
    ("general", 0.5, 0.9, 0.81 + 1.0 / 12.0),
];

/// Time in the gateway of each class: what is left of the service in hand, over one less the load of those before it,
/// over one less the load with its own class, and its own service.
fn cobham() -> Vec<f64> {
    let rest: f64 = CLASSES
        .iter()
        .map(|(_, rate, _, second)| rate * second / 2.0)
        .sum();
    let mut load = 0.0;
    CLASSES
        .iter()
        .map(|(_, rate, mean, _)| {
            let before = load;
            load += rate * mean;
            rest / ((1.0 - before) * (1.0 - load)) + mean
        })
        .collect()
}

fn check(sample: &Sample) -> Vec<Result<(), String>> {
    CLASSES
        .iter()
        .zip(cobham())
        .map(|((name, ..), time)| {
            sample.check_over(
                &format!("goods.{name}.time_in_gateway.mean"),
                &format!("goods.{name}.dispatched"),
                time,
            )
        })
        .collect()
}

#[test]
fn the_greater_priority_goes_first_and_interrupts_nobody() {
    pass(&check(&sample(&model(FILE, &[]), 301, 100, 2000.0)));
}

#[test]
fn two_classes_of_one_rank_are_seen() {
    let equal = model(FILE, &["goods.dairy.priority=-2"]);
    let checks = check(&sample(&equal, 302, 100, 2000.0));
    checks.into_iter().skip(1).for_each(fails);
}

#[test]
fn arrivals_three_percent_too_often_are_seen() {
    let often = model(FILE, &["source.border.every=\"exponential(58.2 min)\""]);
    let checks = check(&sample(&often, 303, 100, 2000.0));
    // The last class bears what the queue bears.
    checks.into_iter().skip(2).for_each(fails);
}
