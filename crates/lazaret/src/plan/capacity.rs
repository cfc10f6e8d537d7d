//! `lazaret plan capacity`.

use clap::Args;
use lazaret_plan::capacity::Range;
use lazaret_plan::questions::capacity::{
    CapacityAnswer, CapacityQuestion, ClaimVerdict, Sustained, ask,
};
use lazaret_plan::questions::size::{Condition, Relation};
use lazaret_plan::simulated::Simulated;

use super::common::{Runs, Span, ended, failed, foot, probability, range};
use super::words::{figure, percent, stopped, table};
use super::{pages, source};
use crate::input::Input;
use crate::output::Failure;

/// Find the greatest intake that can be sustained, what limits it, and on what it depends
///
/// Searches, in each future, for the greatest value that the gateway sustains. The low end of these values is the intake
/// that is safe; what moves them is what the capacity depends on.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// The setting to be raised, such as source.dandong.convoy
    #[arg(long, value_name = "PATH")]
    vary: String,
    /// Values to search, such as 1..60 or '6 h..48 h:1 h'; from 1 to four times as in the file if left out
    #[arg(long, value_name = "LOW..HIGH", value_parser = range)]
    range: Option<Span>,
    /// When a value counts as sustained, such as 'place.yard.full <= 0.01'; at most half a convoy waiting outside on average if
    /// left out
    #[arg(long, value_name = "CONDITION", value_parser = Condition::parse)]
    sustained: Option<Condition>,
    /// A value that somebody claims can be sustained: is it so?
    #[arg(long, value_name = "VALUE")]
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
        &warnings(&answer),
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
    let sustained = match &arguments.sustained {
        None => Sustained {
            metric: "gateway.outside".into(),
            limit: 0.5,
        },
        Some(Condition {
            metric,
            relation: Relation::AtMost,
            value,
        }) => Sustained {
            metric: metric.clone(),
            limit: *value,
        },
        Some(_) => {
            return Err(Failure::BadInput(
                "`--sustained` takes METRIC <= NUMBER".into(),
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

/// From 1 to four times the mean of the file, for the number of vehicles in a convoy.
fn default_range(path: &str, experiment: &Simulated<'_>) -> Option<Span> {
    let gateway = experiment.gateway();
    let name = path.strip_prefix("source.")?.strip_suffix(".convoy")?;
    let source = gateway.sources.iter().find(|s| s.name == name)?;
    let typical: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let mean = source.vehicles.resolve(&typical).ok()?.mean();
    Some(Span {
        low: 1.0,
        high: (4.0 * mean).ceil().max(4.0),
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

fn text(answer: &CapacityAnswer, arguments: &Arguments) -> String {
    let value = |x: f64| {
        if answer.unit.is_empty() {
            figure(x)
        } else {
            format!("{} {}", figure(x), answer.unit)
        }
    };
    let bounds = |low: f64, high: f64| format!("{} to {}", value(low), value(high));
    let mut text = format!(
        "\n{} = {} is sustained in {} of futures ({}), {} in half of them ({}).\n",
        answer.path,
        value(answer.safe_value.value),
        percent(answer.safe),
        bounds(answer.safe_value.low, answer.safe_value.high),
        value(answer.median_value.value),
        bounds(answer.median_value.low, answer.median_value.high),
    );
    text += &format!("Sustained means: {}.\n", answer.criterion);
    if let Some(claim) = &answer.claim {
        let verdict = match &claim.verdict {
            ClaimVerdict::Yes => "yes".to_owned(),
            ClaimVerdict::No => "no".to_owned(),
            ClaimVerdict::Depends { on } if on.is_empty() => "it depends on luck".to_owned(),
            ClaimVerdict::Depends { on } => format!("it depends on {}", on.join(" and ")),
        };
        text += &format!(
            "\nCan it sustain {}? {}: {} of futures do ({} to {}).\n",
            value(claim.value),
            verdict,
            percent(claim.share.value),
            percent(claim.share.low),
            percent(claim.share.high),
        );
    }
    if !answer.limits.is_empty() {
        let parts: Vec<String> = answer
            .limits
            .iter()
            .map(|(name, share)| format!("{} in {}", name, percent(*share)))
            .collect();
        text += &format!(
            "\nWhat limits, just above: {} of futures.\n",
            parts.join(", ")
        );
    }
    if answer.depends_on.is_empty() {
        text += "No unknown moves the capacity by more than luck does.\n";
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
        text += &boundary(answer, &value(answer.boundary_at));
    }
    if !answer.above.is_empty() {
        let rows: Vec<Vec<String>> = answer
            .above
            .iter()
            .map(|a| {
                let days = a.overflow.map_or_else(
                    || "not within the run".to_owned(),
                    |o| {
                        let days = |h: f64| figure((h / 24.0).round().max(0.0));
                        format!(
                            "{} days ({} to {})",
                            days(o.value),
                            days(o.low),
                            days(o.high)
                        )
                    },
                );
                vec![value(a.value), percent(a.sustained.value), days]
            })
            .collect();
        text.push('\n');
        text += &table(
            &[
                "above it",
                "futures that still sustain it",
                "else the hold is full after",
            ],
            &rows,
            &[0, 1],
        );
    }
    if answer.above_range > 0 {
        text += &format!(
            "\n{} of {} futures sustain even the end of the range; widen --range to see how much more.\n",
            answer.above_range, answer.replications
        );
    }
    text + &foot(&arguments.runs.how, answer.replications)
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
