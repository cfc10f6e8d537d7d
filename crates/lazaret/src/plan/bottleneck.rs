//! `lazaret plan bottleneck`.

use clap::Args;
use lazaret_plan::compare::Verdict;
use lazaret_plan::questions::bottleneck::defaults::{candidates, losses, metric};
use lazaret_plan::questions::bottleneck::words::{headline, wait};
use lazaret_plan::questions::bottleneck::{BottleneckAnswer, ask};
use lazaret_plan::select::Aim;

use super::common::{Runs, ended, experiment_failed, failed, foot};
use super::compare::difference;
use super::source;
use super::words::{stopped, table};
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
            None => metric(experiment, arguments.runs.replications.min(20))
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
        &text(&answer, arguments),
        Some(&warnings(&answer)),
        || lazaret_report::plan::bottleneck(&answer),
        || source::again(&arguments.input, how.seed),
    )?;
    ended(answer.partial)
}

fn warnings(answer: &BottleneckAnswer) -> Vec<String> {
    let gains = answer.gains.iter().map(|g| (g.change.as_str(), &g.stops));
    std::iter::once(("as in the file", &answer.stops))
        .chain(gains)
        .filter_map(|(design, stops)| stopped(design, stops))
        .collect()
}

fn text(answer: &BottleneckAnswer, arguments: &Arguments) -> String {
    let mut text = format!("\n{}\n", headline(answer));
    if let Some(because) = &answer.because {
        text += &format!("Gains are counted in {}: {because}.\n", answer.metric);
    }
    text += &format!(
        "At present {} is {} {}.\n\n",
        answer.metric,
        answer.now.in_words(),
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
                _ => g.gain.verdict.in_words(),
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
                let (step, why) = wait(name);
                vec![step, why, e.in_words(), unit.clone()]
            })
            .collect();
        text += "\nTime lost, mean per lot or vehicle:\n";
        text += &table(&["step", "why", "time", ""], &rows, &[2]);
    }
    text + &foot(&arguments.runs.how, answer.replications)
}
