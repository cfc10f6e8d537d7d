//! `lazaret plan sensitivity`.

use clap::Args;
use lazaret_plan::Experiment;
use lazaret_plan::designs::{Factor, Values};
use lazaret_plan::questions::sensitivity::words::{text, warnings};
use lazaret_plan::questions::sensitivity::{
    Effort, Input as Varied, KEEP, METRIC, ROWS, SCRAMBLES, TRAJECTORIES, ask,
};

use super::common::{How, change, ended, failed, range};
use super::source;
use crate::input::Input;
use crate::output::Failure;

/// Find what drives the spread of a metric: which unknowns, which settings, how much is luck
///
/// Screens all inputs (Morris), then measures the strongest (Sobol indices). Luck counts as one more input, which
/// separates what more knowledge could remove from what it could not.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Metric whose spread is attributed to inputs
    #[arg(
        long,
        value_name = "METRIC",
        default_value = METRIC
    )]
    metric: String,
    /// A setting to vary in addition to the unknowns, such as place.yard.slots=800..1600; may be given more than once
    #[arg(long = "vary", value_name = "PATH=LOW..HIGH", value_parser = factor)]
    vary: Vec<Factor>,
    /// Number of Morris trajectories; 0 skips the screening
    #[arg(long, default_value_t = TRAJECTORIES)]
    trajectories: usize,
    /// Number of points in each of the 16 scrambles
    #[arg(long, default_value_t = ROWS)]
    rows: usize,
    /// Number of inputs to measure after screening
    #[arg(long, default_value_t = KEEP)]
    keep: usize,
    #[command(flatten)]
    how: How,
}

/// A setting with its range.
pub(super) fn factor(text: &str) -> Result<Factor, String> {
    let (path, value) = change(text)?;
    let span = range(&value)?;
    let values = if span.is_whole() {
        Values::Integer(span.low as i64, span.high as i64)
    } else {
        Values::Real(span.low, span.high, span.unit)
    };
    Ok(Factor { path, values })
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.how;
    let effort = Effort {
        trajectories: arguments.trajectories,
        rows: arguments.rows,
        scrambles: SCRAMBLES,
        keep: arguments.keep,
        seed: how.seed,
    };
    let answer = how.ask(&arguments.input, |experiment| {
        let inputs: Vec<Varied> = experiment
            .unknowns()
            .into_iter()
            .map(Varied::Unknown)
            .chain(arguments.vary.iter().cloned().map(Varied::Setting))
            .collect();
        ask(experiment, &inputs, &arguments.metric, effort, how.level).map_err(failed)
    })?;
    how.answer(
        &answer,
        &text(&answer, how.seed, how.level),
        Some(&warnings(&answer)),
        || lazaret_report::plan::sensitivity(&answer),
        || source::again(&arguments.input, how.seed),
    )?;
    ended(answer.partial)
}
