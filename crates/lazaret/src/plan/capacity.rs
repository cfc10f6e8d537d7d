//! `lazaret plan capacity`.

use clap::Args;
use lazaret_plan::condition::Judge;
use lazaret_plan::questions::capacity::search::Range;
use lazaret_plan::questions::capacity::words::{text, warnings};
use lazaret_plan::questions::capacity::{CapacityQuestion, SAFE, Sustained, ask, default_range};
use lazaret_plan::questions::size::{Condition, Relation};
use lazaret_plan::simulated::Simulated;

use super::common::{Runs, Span, ended, experiment_failed, failed, finite, probability, range};
use super::source;
use crate::input::Input;
use crate::output::Failure;
use crate::start::StartFrom;

/// Find the greatest intake that can be sustained, what limits it, and what it depends on
///
/// Both ends of the range are tried first, to find out whether more of the setting is worse (an intake) or better
/// (slots, crew). Then each future is searched for the limit of what it sustains.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    from: StartFrom,
    /// Setting to vary, such as source.dandong.convoy
    #[arg(long, value_name = "PATH")]
    vary: String,
    /// Values to search, such as 1..60 or '6 h..48 h:1 h' [default: from 1 to four times the value in the file]
    #[arg(long, value_name = "LOW..HIGH", allow_hyphen_values = true, value_parser = range)]
    range: Option<Span>,
    /// When a value counts as sustained, such as 'place.yard.full <= 0.01' [default: at most 3 % of what is due is not served,
    /// because the backlog grows or too few vehicles are home]
    #[arg(long, value_name = "CONDITION", value_parser = Condition::parse)]
    sustained: Option<Condition>,
    /// Claimed value to check
    #[arg(long, value_name = "VALUE", value_parser = finite)]
    claim: Option<f64>,
    /// Share of futures in which the safe intake is sustained
    #[arg(long, value_name = "P", default_value_t = SAFE, value_parser = probability)]
    safe: f64,
    #[command(flatten)]
    runs: Runs,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.runs.how;
    let answer = how.ask_from(&arguments.input, Some(&arguments.from), |experiment| {
        let question = question(arguments, experiment)?;
        ask(experiment, &question).map_err(failed)
    })?;
    how.answer(
        &answer,
        &text(&answer, how.seed, how.level),
        Some(&warnings(&answer)),
        || lazaret_report::plan::capacity(&answer),
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
        None => {
            let range = default_range(&arguments.vary, experiment.gateway()).ok_or_else(|| {
                Failure::BadInput(format!(
                    "give the values of `{}` to search with --range LOW..HIGH",
                    arguments.vary
                ))
            })?;
            Span {
                low: range.low,
                high: range.high,
                step: Some(range.step),
                unit: String::new(),
            }
        }
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
        None => Sustained::default(),
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
        cycles: (arguments.sustained.is_none())
            .then(|| experiment.cycles())
            .flatten(),
        overflow_metric: experiment
            .hold_place()
            .map(|p| lazaret_sim::metrics::place::FIRST_FULL.of(p)),
        load_metrics: experiment.load_metrics(),
        safe: arguments.safe,
        replications: arguments.runs.replications,
        level: arguments.runs.how.level,
    })
}
