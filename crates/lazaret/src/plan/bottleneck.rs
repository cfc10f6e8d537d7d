//! `lazaret plan bottleneck`.

use clap::Args;
use lazaret_plan::questions::bottleneck::defaults::{LOOK, candidates, losses, metric};
use lazaret_plan::questions::bottleneck::words::{text, warnings};
use lazaret_plan::questions::bottleneck::{BottleneckAnswer, ask};
use lazaret_plan::select::Aim;

use super::common::{Runs, ended, experiment_failed, failed};
use super::source;
use crate::input::Input;
use crate::output::Failure;

/// Find where time is lost, and what one more of each thing would gain
///
/// Tries one more slot, unit, crew member, vehicle, departure or hour of shift, each by itself, in the same futures.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Metric in which gains are measured [default: the mean time in the gateway; if the backlog keeps growing, the
    /// lots that reach their hold]
    #[arg(long, value_name = "METRIC")]
    metric: Option<String>,
    /// Treat more of the metric as better; only with --metric
    #[arg(long, requires = "metric")]
    maximise: bool,
    #[command(flatten)]
    runs: Runs,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.runs.how;
    let answer = how.ask(&arguments.input, |experiment| {
        let candidates = candidates(experiment.gateway());
        let (metric, aim, because) = match &arguments.metric {
            Some(metric) if arguments.maximise => (metric.clone(), Aim::Maximise, None),
            Some(metric) => (metric.clone(), Aim::Minimise, None),
            None => metric(experiment, arguments.runs.replications.min(LOOK))
                .map_err(experiment_failed)?,
        };
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
        &text(&answer, how.seed, how.level),
        Some(&warnings(&answer)),
        || lazaret_report::plan::bottleneck(&answer),
        || source::again(&arguments.input, how.seed),
    )?;
    ended(answer.partial)
}
