//! `lazaret plan sensitivity`.

use clap::Args;
use lazaret_plan::Experiment;
use lazaret_plan::designs::{Factor, Values};
use lazaret_plan::questions::sensitivity::sobol::Index;
use lazaret_plan::questions::sensitivity::{Effort, Input as Varied, SensitivityAnswer, ask};

use super::common::{How, change, ended, failed, range};
use super::source;
use super::words::{figure, percent, stopped, table};
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
        default_value = "lots.time_in_gateway.mean"
    )]
    metric: String,
    /// A setting to vary in addition to the unknowns, such as place.yard.slots=800..1600; may be given more than once
    #[arg(long = "vary", value_name = "PATH=LOW..HIGH", value_parser = factor)]
    vary: Vec<Factor>,
    /// Number of Morris trajectories; 0 skips the screening
    #[arg(long, default_value_t = 20)]
    trajectories: usize,
    /// Number of points in each of the 16 scrambles
    #[arg(long, default_value_t = 64)]
    rows: usize,
    /// Number of inputs to measure after screening
    #[arg(long, default_value_t = 8)]
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
        scrambles: 16,
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
        &text(&answer, how),
        Some(&warnings(&answer)),
        || lazaret_report::plan::sensitivity(&answer),
        || source::again(&arguments.input, how.seed),
    )?;
    ended(answer.partial)
}

fn warnings(answer: &SensitivityAnswer) -> Vec<String> {
    stopped("over all inputs together", &answer.stops)
        .into_iter()
        .collect()
}

fn text(answer: &SensitivityAnswer, how: &How) -> String {
    let indices = &answer.indices;
    let mut order: Vec<usize> = (0..answer.inputs.len()).collect();
    order.sort_by(|&a, &b| {
        indices.inputs[b]
            .total
            .value
            .total_cmp(&indices.inputs[a].total.value)
    });
    let strongest = order.first().map_or("-", |&i| answer.inputs[i].as_str());
    let mut text = format!(
        "\n{} is {} {} on average, with a standard deviation of {}.\n{} of its spread is due to the varied inputs, most of all {strongest}; {} is due to chance between replications.\n",
        answer.metric,
        figure(indices.mean),
        answer.unit,
        figure(indices.sd),
        percent(answer.owed_to_inputs()),
        percent(answer.owed_to_variability()),
    );
    let index = |i: Index| {
        vec![
            percent_of(i.value),
            format!("{} to {}", percent_of(i.low), percent_of(i.high)),
        ]
    };
    let mut rows: Vec<Vec<String>> = order
        .iter()
        .map(|&i| {
            let both = &indices.inputs[i];
            [
                vec![answer.inputs[i].clone()],
                index(both.first),
                index(both.total),
            ]
            .concat()
        })
        .collect();
    if let Some(chance) = indices.chance {
        rows.push(
            [
                vec!["(luck)".to_owned()],
                index(chance.first),
                index(chance.total),
            ]
            .concat(),
        );
    }
    text.push('\n');
    text += &table(
        &["input", "alone", "interval", "with others", "interval"],
        &rows,
        &[1, 2, 3, 4],
    );
    if !answer.screening.is_empty() {
        let rows: Vec<Vec<String>> = answer
            .screening
            .iter()
            .map(|s| {
                let e = &s.effect;
                let kind = if e.importance.value == 0.0 {
                    "none"
                } else if e.sd > 0.5 * e.importance.value {
                    "nonlinear, or interacting"
                } else {
                    "straight"
                };
                vec![
                    s.input.clone(),
                    figure(e.mean),
                    figure(e.importance.value),
                    kind.to_owned(),
                    if s.kept {
                        String::new()
                    } else {
                        "not measured".to_owned()
                    },
                ]
            })
            .collect();
        text += &format!(
            "\nScreening: change of the metric when an input crosses its range, in {}\n",
            answer.unit
        );
        text += &table(&["input", "mean", "size", "effect", ""], &rows, &[1, 2]);
    }
    text += &format!(
        "\n\"Alone\" is the share of the variance that would vanish if the input became known; \"with others\" is the share that\nwould remain if everything else became known. {} runs, seed {}; intervals at {}.\n",
        figure(answer.runs as f64),
        how.seed,
        percent(how.level)
    );
    text
}

/// A share in per cent with one decimal.
fn percent_of(x: f64) -> String {
    format!("{:.1} %", (1000.0 * x).round() / 10.0)
}
