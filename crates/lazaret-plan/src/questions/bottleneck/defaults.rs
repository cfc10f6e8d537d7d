//! What `lazaret plan bottleneck` looks at if nothing else is asked for: one more of each thing, the usual metric, and
//! all waits.

use lazaret_gateway::model::{Gateway, Hours, Quantity, Recurrence, ResourceKind, StepKind};
use lazaret_sim::metrics::{GROWTH, LOSSES, lots, step};
use lazaret_vocabulary::figures::share;

use super::OneMore;
use crate::experiment::{Design, Experiment, ExperimentError};
use crate::questions::capacity::GROWTH_MOST;
use crate::select::Aim;
use crate::simulated::Simulated;

/// Replications after which the usual metric is chosen.
pub const LOOK: u64 = 20;

/// The metric in which gains are counted if none is named, which way is better, and why it is not the usual one.
///
/// * `look` — replications looked at.
///
/// # Errors
/// If they cannot be run.
pub fn metric(
    experiment: &Simulated<'_>,
    look: u64,
) -> Result<(String, Aim, Option<String>), ExperimentError> {
    // Times of what got through say little where much does not. Lots are then counted where their hold starts: what is
    // dispatched also depends on whether the last departure falls just before or after the end of the run.
    let column = experiment.column(GROWTH.name)?;
    let growth = experiment.run(&Design::base(), 0..look)?.column(column);
    let mean = growth.iter().sum::<f64>() / look as f64;
    let held = experiment
        .gateway()
        .steps
        .iter()
        .find(|s| matches!(s.kind, StepKind::Hold { .. }));
    Ok(if mean > GROWTH_MOST {
        (
            held.map_or_else(
                || lots::DISPATCHED.name().into(),
                |s| step::STARTED.of(&s.name),
            ),
            Aim::Maximise,
            Some(format!(
                "{} of what is due is not served, so times would only cover what gets through",
                share(mean)
            )),
        )
    } else {
        (
            lots::TIME_IN_GATEWAY_MEAN.name().into(),
            Aim::Minimise,
            None,
        )
    })
}

/// Metrics of waiting and blocking, step by step.
#[must_use]
pub fn losses(experiment: &Simulated<'_>) -> Vec<String> {
    experiment
        .gateway()
        .steps
        .iter()
        .flat_map(|s| LOSSES.iter().map(|(loss, _)| loss.of(&s.name)))
        .filter(|name| experiment.metrics().iter().any(|m| m.name == *name))
        .collect()
}

fn known(quantity: Option<&Quantity>) -> Option<f64> {
    quantity.and_then(Quantity::known_constant)
}

/// Everything that the file gives as a known number, with one more of it.
#[must_use]
pub fn candidates(gateway: &Gateway) -> Vec<OneMore> {
    let mut all = Vec::new();
    let mut add = |what: String, path: String, value: String| {
        all.push(OneMore {
            what,
            design: Design::base().with(path, value),
        });
    };
    for place in &gateway.places {
        let (name, count) = (&place.name, place.count.known_constant());
        if let Some(slots) = known(place.slots.as_ref()) {
            let what = match count {
                Some(n) if n > 1.0 => format!("one more slot in each of the {n} units of {name}"),
                _ => format!("one more slot in {name}"),
            };
            add(
                what,
                format!("place.{name}.slots"),
                (slots + 1.0).to_string(),
            );
            if let Some(n) = count.filter(|n| *n > 1.0) {
                add(
                    format!("one more unit of {name}"),
                    format!("place.{name}.count"),
                    (n + 1.0).to_string(),
                );
            }
        }
    }
    for resource in &gateway.resources {
        let kind = if resource.kind == ResourceKind::Crew {
            "crew"
        } else {
            "equipment"
        };
        if let Some(n) = resource.count.known_constant() {
            add(
                format!("one more {}", resource.name),
                format!("{kind}.{}.count", resource.name),
                (n + 1.0).to_string(),
            );
        }
        if let Some(shift) = resource.hours.as_ref().and_then(longer) {
            add(
                format!("one more hour of shift for {}", resource.name),
                format!("{kind}.{}.shift", resource.name),
                format!("\"{shift}\""),
            );
        }
    }
    for source in &gateway.sources {
        if let Some(n) = known(source.fleet.as_ref()) {
            add(
                format!("one more vehicle in the fleet of {}", source.name),
                format!("source.{}.fleet", source.name),
                (n + 1.0).to_string(),
            );
        }
    }
    for step in &gateway.steps {
        let StepKind::Dispatch(dispatch) = &step.kind else {
            continue;
        };
        if let Some(n) = known(dispatch.most.as_ref()) {
            add(
                format!("one more lot on each departure of {}", step.name),
                format!("step.{}.takes_up_to", step.name),
                (n + 1.0).to_string(),
            );
        }
        if let Recurrence::Every { interval, .. } = &dispatch.due
            && let Some(seconds) = interval.known_constant()
        {
            const WEEK: f64 = 7.0 * 86_400.0;
            let shorter = WEEK / (WEEK / seconds + 1.0);
            add(
                format!("one more departure a week of {}", step.name),
                format!("step.{}.every", step.name),
                format!("\"{}\"", in_minutes(shorter)),
            );
        }
    }
    all
}

/// A duration to the minute, as the file writes it.
fn in_minutes(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round().max(1.0) as u64;
    match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m} min"),
    }
}

/// A shift of one window, an hour longer; none if it has several windows or fills the day.
fn longer(hours: &Hours) -> Option<String> {
    let [(from, to)] = hours.windows.as_slice() else {
        return None;
    };
    let minutes = |hour: i8, minute: i8| i32::from(hour) * 60 + i32::from(minute);
    let end = minutes(to.hour(), to.minute());
    let length = (end - minutes(from.hour(), from.minute())).rem_euclid(24 * 60);
    if length == 0 || length > 23 * 60 {
        return None;
    }
    let end = (end + 60) % (24 * 60);
    Some(format!(
        "{:02}:{:02}-{:02}:{:02}",
        from.hour(),
        from.minute(),
        end / 60,
        end % 60
    ))
}

// The candidates are read back by the gateway's own reader, so a path that it does not know would be found by this
// test.
#[cfg(test)]
mod tests {
    use lazaret_gateway::Document;

    use super::*;

    #[test]
    fn every_candidate_of_uiju_is_a_valid_change() {
        let text = include_str!("../../../../../examples/uiju/gateway.toml");
        let document = Document::parse(text).unwrap();
        let none = |_: &str| Err("no files".to_owned());
        let gateway = document.read(&[] as &[String], &none).unwrap().gateway;
        let all = candidates(&gateway);
        assert!(all.len() >= 9, "{all:?}");
        for one in &all {
            let change = &one.design.changes[0];
            let set = [format!("{}={}", change.path, change.value)];
            assert!(document.read(&set, &none).is_ok(), "{set:?}");
        }
    }
}
