//! `lazaret plan bottleneck`.

use clap::Args;
use lazaret_gateway::model::{Gateway, Hours, Quantity, Recurrence, ResourceKind, StepKind};
use lazaret_plan::compare::Verdict;
use lazaret_plan::questions::bottleneck::{BottleneckAnswer, Gain, Headline, OneMore, ask};
use lazaret_plan::select::Aim;
use lazaret_plan::simulated::Simulated;
use lazaret_plan::{Design, Experiment};
use lazaret_sim::metrics::GROWTH;

use super::capacity::GROWTH_MOST;
use super::common::{Runs, ended, experiment_failed, failed, foot};
use super::compare::difference;
use super::words::{figure, percent, stopped, table, verdict, with_interval};
use super::{pages, source};
use crate::input::Input;
use crate::output::Failure;

/// Where time is lost and why, and what one more of each thing would be worth
///
/// One more slot, unit, crew member, vehicle, departure or hour of shift, each by itself, in the same futures.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// The metric in which gains are counted [default: the mean time in the gateway; if what waits grows all the time, the
    /// lots that reach their hold]
    #[arg(long, value_name = "METRIC")]
    metric: Option<String>,
    /// More of the metric is better; only with --metric
    #[arg(long, requires = "metric")]
    maximise: bool,
    #[command(flatten)]
    runs: Runs,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.runs.how;
    let answer = how.ask(&arguments.input, |experiment| {
        let candidates = candidates(experiment.gateway());
        let (metric, aim, because) = metric(arguments, experiment)?;
        let losses = losses(experiment);
        ask(
            experiment,
            &candidates,
            &metric,
            aim,
            &losses,
            arguments.runs.replications,
            how.level,
        )
        .map(|answer| BottleneckAnswer { because, ..answer })
        .map_err(failed)
    })?;
    how.answer(
        &answer,
        &text(&answer, arguments),
        Some(&warnings(&answer)),
        || pages::bottleneck(&answer),
        || source::again(&arguments.input, how.seed),
    )?;
    ended(answer.partial)
}

/// The metric, which way is better, and why it was taken if it was not asked for.
fn metric(
    arguments: &Arguments,
    experiment: &Simulated<'_>,
) -> Result<(String, Aim, Option<String>), Failure> {
    if let Some(metric) = &arguments.metric {
        let aim = if arguments.maximise {
            Aim::Maximise
        } else {
            Aim::Minimise
        };
        return Ok((metric.clone(), aim, None));
    }
    // Times of what got through say little where much does not. Lots are then counted where their hold starts: what is
    // dispatched also depends on whether the last departure falls just before or after the end of the run.
    let look = arguments.runs.replications.min(20);
    let column = experiment.column(GROWTH.name).map_err(experiment_failed)?;
    let growth = experiment
        .run(&Design::base(), 0..look)
        .map_err(experiment_failed)?
        .column(column);
    let mean = growth.iter().sum::<f64>() / look as f64;
    let held = experiment
        .gateway()
        .steps
        .iter()
        .find(|s| matches!(s.kind, StepKind::Hold { .. }));
    Ok(if mean > GROWTH_MOST {
        (
            held.map_or_else(
                || "lots.dispatched".into(),
                |s| format!("step.{}.started", s.name),
            ),
            Aim::Maximise,
            Some(format!(
                "{} of what is due is not served, so times would be of what gets through only",
                percent(mean)
            )),
        )
    } else {
        ("lots.time_in_gateway.mean".into(), Aim::Minimise, None)
    })
}

/// Metrics of waiting and blocking, step by step.
fn losses(experiment: &Simulated<'_>) -> Vec<String> {
    let kinds = [
        "wait.no_room.mean",
        "wait.closed.mean",
        "wait.segregated.mean",
        "wait.no_resource.mean",
        "wait.no_departure.mean",
        "paused.mean",
        "blocked.mean",
    ];
    experiment
        .gateway()
        .steps
        .iter()
        .flat_map(|s| kinds.iter().map(move |k| format!("step.{}.{k}", s.name)))
        .filter(|name| experiment.metrics().iter().any(|m| m.name == *name))
        .collect()
}

fn known(quantity: Option<&Quantity>) -> Option<f64> {
    quantity.and_then(Quantity::known_constant)
}

/// Everything that the file gives as a known number, with one more of it.
pub(super) fn candidates(gateway: &Gateway) -> Vec<OneMore> {
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
    let minutes = |t: jiff::civil::Time| i32::from(t.hour()) * 60 + i32::from(t.minute());
    let length = (minutes(*to) - minutes(*from)).rem_euclid(24 * 60);
    if length == 0 || length > 23 * 60 {
        return None;
    }
    let end = (minutes(*to) + 60) % (24 * 60);
    Some(format!(
        "{:02}:{:02}-{:02}:{:02}",
        from.hour(),
        from.minute(),
        end / 60,
        end % 60
    ))
}

fn warnings(answer: &BottleneckAnswer) -> Vec<String> {
    let gains = answer.gains.iter().map(|g| (g.change.as_str(), &g.stops));
    std::iter::once(("as in the file", &answer.stops))
        .chain(gains)
        .filter_map(|(design, stops)| stopped(design, stops))
        .collect()
}

/// What to build next, in a sentence.
fn headline(answer: &BottleneckAnswer) -> String {
    /// More than these are only counted.
    const NAMED: usize = 4;
    let worth = |g: &Gain| format!("{} ({} {})", g.what, figure(g.gain.value), answer.unit);
    match &answer.headline {
        Headline::Build { gain } => {
            let g = &answer.gains[*gain];
            format!(
                "Build next: {}. It is worth {} {} of {}.",
                g.what,
                figure(g.gain.value),
                answer.unit,
                answer.metric
            )
        }
        Headline::Undecided { between, more } => {
            let names: Vec<String> = between
                .iter()
                .take(NAMED)
                .map(|&i| worth(&answer.gains[i]))
                .collect();
            let others = match between.len().saturating_sub(NAMED) {
                0 => String::new(),
                n => format!(" and {n} others"),
            };
            let more = match more {
                Some(n) => format!("about {} more replications would tell", figure(*n as f64)),
                None => "no number of replications within reach would tell".into(),
            };
            let what = if between.len() == 1 {
                "Not shown yet to be a gain"
            } else {
                "Undecided between"
            };
            format!("{what}: {}{others}; {more}.", names.join(", "))
        }
        Headline::Nothing if answer.gains.is_empty() => {
            "The file has no known number of which there could be one more.".to_owned()
        }
        Headline::Nothing => format!(
            "Nothing that matters: one more of anything by itself changes {} by less than 1 %.",
            answer.metric
        ),
    }
}

fn text(answer: &BottleneckAnswer, arguments: &Arguments) -> String {
    let mut text = format!("\n{}\n", headline(answer));
    if let Some(because) = &answer.because {
        text += &format!("Gains are counted in {}: {because}.\n", answer.metric);
    }
    text += &format!(
        "As it is: {} is {} {}.\n\n",
        answer.metric,
        with_interval(&answer.now),
        answer.unit
    );
    let rows: Vec<Vec<String>> = answer
        .gains
        .iter()
        .map(|g| {
            let (value, interval) = difference(&g.gain);
            let verdict = match g.gain.verdict {
                Verdict::Higher if g.gain.high < answer.matters => {
                    "better, but by less than 1 %".to_owned()
                }
                Verdict::Higher => "better".to_owned(),
                Verdict::Lower => "worse".to_owned(),
                _ => verdict(&g.gain),
            };
            vec![g.what.clone(), value, interval, verdict, g.change.clone()]
        })
        .collect();
    text += &table(
        &[
            "one more",
            &format!("gain, {}", answer.unit),
            "interval",
            "",
            "as a change of the file",
        ],
        &rows,
        &[1, 2],
    );
    let mut losses: Vec<_> = answer
        .losses
        .iter()
        .filter(|(_, _, e)| e.value > 0.0)
        .collect();
    losses.sort_by(|a, b| b.2.value.total_cmp(&a.2.value));
    if losses.is_empty() {
        text += "\nNothing waits for anything.\n";
    } else {
        let rows: Vec<Vec<String>> = losses
            .iter()
            .map(|(name, unit, e)| {
                let (step, why) = words(name);
                vec![step, why, with_interval(e), unit.clone()]
            })
            .collect();
        text += "\nWhere time is lost, a lot or vehicle on average:\n";
        text += &table(&["step", "why", "time", ""], &rows, &[2]);
    }
    text + &foot(&arguments.runs.how, answer.replications)
}

/// Step and reason of a metric of waiting.
fn words(metric: &str) -> (String, String) {
    let step = metric.strip_prefix("step.").unwrap_or(metric);
    for (end, why) in [
        (".wait.no_room.mean", "waits for room"),
        (
            ".wait.closed.mean",
            "waits for a place that is closed or broken",
        ),
        (
            ".wait.segregated.mean",
            "waits because of goods that must be kept apart",
        ),
        (".wait.no_resource.mean", "waits for crew or equipment"),
        (".wait.no_departure.mean", "waits for a departure"),
        (".paused.mean", "work stopped between shifts"),
        (".blocked.mean", "done, but blocked by what comes next"),
    ] {
        if let Some(step) = step.strip_suffix(end) {
            return (step.to_owned(), why.to_owned());
        }
    }
    (step.to_owned(), String::new())
}

// The candidates are read back by the gateway's own reader, so a path that it does not know would be found by this test.
#[cfg(test)]
mod tests {
    use lazaret_gateway::Document;

    use super::*;

    #[test]
    fn every_candidate_of_uiju_is_a_valid_change() {
        let text = include_str!("../../../../examples/uiju/gateway.toml");
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
