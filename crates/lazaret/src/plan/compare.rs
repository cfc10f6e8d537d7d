//! `lazaret plan compare`.

use std::path::PathBuf;

use clap::Args;
use lazaret_gateway::Document;
use lazaret_plan::Design;
use lazaret_plan::compare::Difference;
use lazaret_plan::questions::compare::{CompareAnswer, ask};
use lazaret_plan::simulated::Simulated;

use super::common::{Runs, design, ended, failed, foot, not_negative, set_up};
use super::source;
use super::words::{figure, interval, stopped, table};
use crate::input::Input;
use crate::output::Failure;
use crate::simulate::result::hash;
use crate::waiting::LookOn;

/// Compare variants of a gateway: which differences are real, and how large
///
/// Every variant is run in the same futures, so luck is not mistaken for a difference. If the runs cannot decide, the
/// answer says so and gives the number of replications that would.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// A variant: one change or several, such as 'place.yard.slots=1400; crew.cleaner.count=50'; may be given more than
    /// once
    #[arg(long = "vs", value_name = "CHANGES", value_parser = design)]
    vs: Vec<Design>,
    /// Another gateway file as a variant; may be given more than once
    #[arg(long = "vs-file", value_name = "FILE")]
    vs_file: Vec<PathBuf>,
    /// Metrics to compare [default: throughput, time in the gateway and vehicles waiting outside]
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,
    /// Largest difference that does not matter, in the metric's unit
    #[arg(long, value_name = "X", value_parser = not_negative)]
    tolerance: Option<f64>,
    #[command(flatten)]
    runs: Runs,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.runs.how;
    let looks_on = LookOn::begin(how.json)?;
    let files: Vec<Input> = std::iter::once(arguments.input.clone())
        .chain(arguments.vs_file.iter().map(|file| Input {
            file: file.clone(),
            set: Vec::new(),
        }))
        .collect();
    let documents: Vec<Document> = files
        .iter()
        .map(Input::document)
        .collect::<Result<_, _>>()?;
    let readers: Vec<_> = files
        .iter()
        .map(|f| move |name: &str| f.csv(name))
        .collect();
    let experiments: Vec<Simulated<'_>> = files
        .iter()
        .zip(&documents)
        .zip(&readers)
        .map(|((f, d), csv)| set_up(f, d, csv, how.seed, &looks_on))
        .collect::<Result<_, _>>()?;
    let mut others: Vec<(&Simulated<'_>, Design)> = arguments
        .vs
        .iter()
        .map(|d| (&experiments[0], d.clone()))
        .collect();
    others.extend(experiments[1..].iter().map(|x| (x, Design::base())));
    let metrics = if arguments.metrics.is_empty() {
        [
            "lots.throughput",
            "lots.time_in_gateway.mean",
            "gateway.outside",
        ]
        .map(str::to_owned)
        .to_vec()
    } else {
        arguments.metrics.clone()
    };
    let mut answer = how
        .pool()?
        .install(|| {
            ask(
                (&experiments[0], &Design::base()),
                &others,
                &metrics,
                arguments.runs.replications,
                how.level,
                arguments.tolerance,
            )
        })
        .map_err(failed)?;
    for (text, file) in answer.alternatives[arguments.vs.len()..]
        .iter_mut()
        .zip(&arguments.vs_file)
    {
        *text = file.display().to_string();
    }
    drop(looks_on);
    how.answer(
        &answer,
        &text(&answer, arguments),
        Some(&warnings(&answer)),
        || lazaret_report::plan::compare(&answer),
        || {
            let texts = documents[1..]
                .iter()
                .map(|document| hash(document.text(), &[]));
            let hashes: Vec<String> = texts.collect();
            Ok(source::again(&arguments.input, how.seed)?.with("vs_file_hashes", hashes))
        },
    )?;
    ended(answer.partial)
}

fn warnings(answer: &CompareAnswer) -> Vec<String> {
    let others = answer.alternatives.iter().zip(&answer.alternative_stops);
    std::iter::once((&answer.baseline, &answer.baseline_stops))
        .chain(others)
        .filter_map(|(design, stops)| stopped(design, stops))
        .collect()
}

fn text(answer: &CompareAnswer, arguments: &Arguments) -> String {
    let mut text = String::new();
    for metric in &answer.metrics {
        text += &format!(
            "\n{}, in {}: {} as it is\n",
            metric.metric,
            metric.unit,
            metric.baseline.in_words()
        );
        let rows: Vec<Vec<String>> = answer
            .alternatives
            .iter()
            .zip(&metric.differences)
            .map(|(name, d)| {
                vec![
                    name.clone(),
                    signed(d.value),
                    signed_interval(d.low, d.high),
                    d.verdict.in_words(),
                    gain(d.pairing_gain),
                ]
            })
            .collect();
        text += &table(
            &["variant", "difference", "interval", "", "pairing gained"],
            &rows,
            &[1, 2, 4],
        );
    }
    text += &format!(
        "\nThe intervals of one metric hold simultaneously. \"Pairing gained\" is the factor by which common random numbers reduce the variance.{}",
        foot(&arguments.runs.how, answer.replications)
    );
    text
}

fn signed(x: f64) -> String {
    if x > 0.0 {
        format!("+{}", figure(x))
    } else {
        figure(x)
    }
}

fn signed_interval(low: f64, high: f64) -> String {
    format!("{} to {}", signed(low), signed(high))
}

fn gain(x: f64) -> String {
    if x.is_finite() {
        format!("{} ×", figure(x))
    } else {
        "-".into()
    }
}

/// Kept beside the verdicts so that other questions print intervals of differences alike.
pub(crate) fn difference(d: &Difference) -> (String, String) {
    (signed(d.value), interval(d.low, d.high))
}
