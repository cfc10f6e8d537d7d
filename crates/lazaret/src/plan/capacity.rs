//! `lazaret plan capacity`.

use clap::Args;
use lazaret_plan::Estimate;
use lazaret_plan::capacity::{Direction, Range};
use lazaret_plan::condition::Judge;
use lazaret_plan::questions::capacity::{
    CapacityAnswer, CapacityQuestion, ClaimVerdict, Sustained, ask,
};
use lazaret_plan::questions::size::{Condition, Relation};
use lazaret_plan::simulated::Simulated;
use lazaret_sim::metrics::GROWTH;

use super::common::{
    Runs, Span, ended, experiment_failed, failed, finite, foot, probability, range,
};
use super::words::{figure, percent, stopped, table};
use super::{pages, source};
use crate::input::Input;
use crate::output::Failure;

/// Find the greatest intake that can be sustained, what limits it, and on what it depends
///
/// Both ends of the range are tried first, so that it is known whether more of the setting is worse (an intake) or better
/// (slots, crew). Then each future is searched for the value up to which, or from which on, it is sustained.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// The setting to be varied, such as source.dandong.convoy
    #[arg(long, value_name = "PATH")]
    vary: String,
    /// Values to search, such as 1..60 or '6 h..48 h:1 h'; from 1 to four times as in the file if left out
    #[arg(long, value_name = "LOW..HIGH", allow_hyphen_values = true, value_parser = range)]
    range: Option<Span>,
    /// When a value counts as sustained, such as 'place.yard.full <= 0.01' [default: the backlog grows by at most 3 % of what
    /// arrives]
    #[arg(long, value_name = "CONDITION", value_parser = Condition::parse)]
    sustained: Option<Condition>,
    /// A value that somebody claims can be sustained: is it so?
    #[arg(long, value_name = "VALUE", value_parser = finite)]
    claim: Option<f64>,
    /// Share of futures in which the safe intake is sustained
    #[arg(long, value_name = "P", default_value_t = 0.9, value_parser = probability)]
    safe: f64,
    #[command(flatten)]
    runs: Runs,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.runs.how;
    let answer = how.ask(&arguments.input, |experiment| {
        let question = question(arguments, experiment)?;
        ask(experiment, &question).map_err(failed)
    })?;
    how.answer(
        &answer,
        &text(&answer, arguments),
        Some(&warnings(&answer)),
        || pages::capacity(&answer),
        || source::again(&arguments.input, how.seed),
    )?;
    ended(answer.partial)
}

fn question(
    arguments: &Arguments,
    experiment: &Simulated<'_>,
) -> Result<CapacityQuestion, Failure> {
    let span = match &arguments.range {
        Some(span) => span.clone(),
        None => default_range(&arguments.vary, experiment).ok_or_else(|| {
            Failure::BadInput(format!(
                "say which values of `{}` to search, with --range LOW..HIGH",
                arguments.vary
            ))
        })?,
    };
    let step = span.step.unwrap_or(if span.is_whole() {
        1.0
    } else {
        (span.high - span.low) / 256.0
    });
    if let Some(condition) = &arguments.sustained {
        Judge::new(experiment, condition).map_err(experiment_failed)?;
    }
    let sustained = match &arguments.sustained {
        None => Sustained {
            metric: GROWTH.name.into(),
            limit: GROWTH_MOST,
        },
        Some(Condition {
            metric,
            relation: Relation::AtMost,
            value,
            ..
        }) => Sustained {
            metric: metric.clone(),
            limit: *value,
        },
        Some(_) => {
            return Err(Failure::BadInput(
                "write `--sustained` as METRIC <= NUMBER, with the metric that must stay small"
                    .into(),
            ));
        }
    };
    Ok(CapacityQuestion {
        path: arguments.vary.clone(),
        range: Range {
            low: span.low,
            high: span.high,
            step,
        },
        unit: span.unit,
        sustained,
        claim: arguments.claim,
        overflow_metric: experiment
            .hold_place()
            .map(|p| format!("place.{p}.first_full")),
        load_metrics: experiment.load_metrics(),
        safe: arguments.safe,
        replications: arguments.runs.replications,
        level: arguments.runs.how.level,
    })
}

/// From 1 to four times the mean of the file, for the number of vehicles in a convoy; no more than the source's fleet, since
/// the greatest value is run too.
fn default_range(path: &str, experiment: &Simulated<'_>) -> Option<Span> {
    let gateway = experiment.gateway();
    let name = path.strip_prefix("source.")?.strip_suffix(".convoy")?;
    let source = gateway.sources.iter().find(|s| s.name == name)?;
    let typical: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let mean = source.vehicles.resolve(&typical).ok()?.mean();
    let fleet = source
        .fleet
        .as_ref()
        .and_then(lazaret_gateway::model::Quantity::known_constant);
    Some(Span {
        low: 1.0,
        high: (4.0 * mean)
            .ceil()
            .max(4.0)
            .min(fleet.unwrap_or(f64::INFINITY).max(1.0)),
        step: Some(1.0),
        unit: String::new(),
    })
}

fn warnings(answer: &CapacityAnswer) -> Vec<String> {
    stopped(
        &format!("at the value of {} next to what they sustain", answer.path),
        &answer.stops,
    )
    .into_iter()
    .collect()
}

/// The growth of the backlog, as a share of what arrives, up to which a value counts as sustained.
pub(super) const GROWTH_MOST: f64 = 0.03;

/// A value of the setting with its unit.
pub(super) fn value(answer: &CapacityAnswer, x: f64) -> String {
    format!("{} {}", figure(x), answer.unit)
        .trim_end()
        .to_owned()
}

/// The interval of a quantile of the thresholds. An end that these futures do not bound is not printed as a number.
pub(super) fn bounds(answer: &CapacityAnswer, e: &Estimate) -> String {
    match (e.low.is_finite(), e.high.is_finite()) {
        (true, true) => format!("{} to {}", value(answer, e.low), value(answer, e.high)),
        (true, false) => format!("{} or more", value(answer, e.low)),
        (false, true) => format!("{} or less", value(answer, e.high)),
        (false, false) => format!("not bounded by {} futures", e.n),
    }
}

/// What "sustained" means, in words.
pub(super) fn criterion(answer: &CapacityAnswer) -> String {
    if answer.criterion.starts_with(GROWTH.name) {
        format!(
            "at most {} of what is due is not served, because what waits grows or too few vehicles are home ({})",
            percent(GROWTH_MOST),
            answer.criterion
        )
    } else {
        answer.criterion.clone()
    }
}

/// What is sustained, in a sentence or two.
pub(super) fn found(answer: &CapacityAnswer) -> String {
    let n = answer.replications;
    let (path, safe) = (&answer.path, percent(answer.safe));
    let range = format!(
        "from {} to {}",
        value(answer, answer.range[0]),
        value(answer, answer.range[1])
    );
    let (all, none) = match answer.direction {
        Direction::MoreIsWorse => (answer.above_range, answer.below_range),
        Direction::MoreIsBetter => (answer.below_range, answer.above_range),
    };
    if all == n {
        return format!(
            "Every value of {path} {range} is sustained in all {n} futures. Widen --range to see where that ends."
        );
    }
    if none == n {
        return format!("No value of {path} {range} is sustained in any of {n} futures.");
    }
    let (least, more) = match answer.direction {
        Direction::MoreIsWorse => ("", "at most"),
        Direction::MoreIsBetter => (" or more", "at least"),
    };
    let one = |e: &Estimate, share: &str| {
        if e.value.is_finite() {
            return format!(
                "{path} = {}{least} is sustained in {share} of futures ({})",
                value(answer, e.value),
                bounds(answer, e)
            );
        }
        let everywhere = (e.value > 0.0) == (answer.direction == Direction::MoreIsWorse);
        if everywhere {
            format!("{path} {range} is all sustained in {share} of futures")
        } else {
            format!("no value of {path} {range} is sustained in {share} of futures")
        }
    };
    let mut text = one(&answer.safe_value, &safe);
    if let Some(first) = text.get(..1).filter(|_| text.starts_with("no ")) {
        text = format!("{}{}", first.to_uppercase(), &text[1..]);
    }
    text += &if answer.safe_value.value == answer.median_value.value {
        format!(
            "; the same in half of them ({}).",
            bounds(answer, &answer.median_value)
        )
    } else {
        format!("; {}.", one(&answer.median_value, "half"))
    };
    if all > 0 {
        text += &format!(
            " {all} of {n} futures sustain all of the range; widen --range to see where that ends."
        );
    }
    if none > 0 {
        text += &format!(" {none} of {n} futures sustain none of it.");
    }
    if answer.ends.against() > 0 {
        text += &format!(
            " Mind: {} of the first {} futures tell the opposite at the two ends; the search assumes that a value is sustained if it is {more} what is.",
            answer.ends.against(),
            answer.ends.low_only + answer.ends.high_only + answer.ends.both + answer.ends.neither
        );
    }
    text
}

/// Whether a claim holds, in a sentence.
fn claimed(answer: &CapacityAnswer) -> String {
    let Some(claim) = &answer.claim else {
        return String::new();
    };
    let verdict = match &claim.verdict {
        ClaimVerdict::Yes => "yes".to_owned(),
        ClaimVerdict::No => "no".to_owned(),
        ClaimVerdict::Depends { on } if on.is_empty() => {
            "it depends on chance from lot to lot".to_owned()
        }
        ClaimVerdict::Depends { on } => format!("it depends on {}", on.join(" and ")),
        ClaimVerdict::NotShown { more: Some(more) } => format!(
            "not shown yet, {} more replications would tell",
            figure(*more as f64)
        ),
        ClaimVerdict::NotShown { more: None } => {
            "not shown, and no number of replications within reach would tell".to_owned()
        }
    };
    format!(
        "\nCan it sustain {}? {}: {} of futures do ({} to {}).\n",
        value(answer, claim.value),
        verdict,
        percent(claim.share.value),
        percent(claim.share.low),
        percent(claim.share.high),
    )
}

fn text(answer: &CapacityAnswer, arguments: &Arguments) -> String {
    let mut text = format!(
        "\n{}\nSustained means: {}.\n",
        found(answer),
        criterion(answer)
    );
    text += &claimed(answer);
    if !answer.limits.is_empty() {
        let parts: Vec<String> = answer
            .limits
            .iter()
            .map(|(name, share)| format!("{} in {}", name, percent(*share)))
            .collect();
        let just = match answer.direction {
            Direction::MoreIsWorse => "above",
            Direction::MoreIsBetter => "below",
        };
        text += &format!(
            "\nWhat limits, just {just}: {} of futures.\n",
            parts.join(", ")
        );
    }
    if answer.depends_on.is_empty() {
        text += "No unknown moves the capacity by more than chance does.\n";
    } else {
        let rows: Vec<Vec<String>> = answer
            .depends_on
            .iter()
            .map(|d| vec![d.unknown.clone(), format!("{:+.2}", d.correlation)])
            .collect();
        text.push('\n');
        text += &table(
            &["the capacity depends on", "rank correlation"],
            &rows,
            &[1],
        );
    }
    if !answer.boundary.is_empty() {
        text += &boundary(answer, &value(answer, answer.boundary_at));
    }
    if !answer.above.is_empty() {
        let (head, rows) = above(answer);
        text.push('\n');
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        text += &table(&head, &rows, &[0, 1]);
    }
    text + &foot(&arguments.runs.how, answer.replications)
}

/// What happens above the capacity, as a table: when the hold is full only if the file has one.
pub(super) fn above(answer: &CapacityAnswer) -> (Vec<String>, Vec<Vec<String>>) {
    let mut head = vec![
        "above it".to_owned(),
        "futures that still sustain it".into(),
    ];
    let holds = answer.overflow_metric.is_some();
    if holds {
        head.push("else the hold is full after".into());
    }
    let rows = answer
        .above
        .iter()
        .map(|a| {
            let mut row = vec![value(answer, a.value), percent(a.sustained.value)];
            if holds {
                let days = |h: f64| figure((h / 24.0).round().max(0.0));
                row.push(a.overflow.map_or_else(
                    || "not within the run".to_owned(),
                    |o| {
                        format!(
                            "{} days ({} to {})",
                            days(o.value),
                            days(o.low),
                            days(o.high)
                        )
                    },
                ));
            }
            row
        })
        .collect();
    (head, rows)
}

/// The share of sustaining futures over the two strongest unknowns, as a small map.
fn boundary(answer: &CapacityAnswer, at: &str) -> String {
    let cells = 5;
    let (first, second) = (&answer.depends_on[0].unknown, &answer.depends_on[1].unknown);
    let mut text = format!(
        "\nFutures that sustain {at}, by {first} (down) and {second} (across), each from low to high:\n"
    );
    let quintiles = ["lowest", "low", "middle", "high", "highest"];
    let mut header = vec![""];
    header.extend(quintiles);
    let rows: Vec<Vec<String>> = (0..cells)
        .map(|x| {
            let mut row = vec![quintiles[x].to_owned()];
            row.extend((0..cells).map(|y| {
                let cell = answer.boundary[x * cells + y];
                if cell.n == 0 {
                    "-".into()
                } else {
                    percent(cell.sustained as f64 / cell.n as f64)
                }
            }));
            row
        })
        .collect();
    text += &table(&header, &rows, &[1, 2, 3, 4, 5]);
    text
}
