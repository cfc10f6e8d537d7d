//! `lazaret plan compare`.

use std::path::PathBuf;

use clap::Args;
use lazaret_gateway::Document;
use lazaret_plan::Design;
use lazaret_plan::questions::compare::words::{text, warnings};
use lazaret_plan::questions::compare::{METRICS, ask};
use lazaret_plan::simulated::Simulated;

use super::common::{Runs, design, ended, failed, not_negative, set_up_from};
use super::source;
use crate::input::Input;
use crate::output::Failure;
use crate::simulate::result::hash;
use crate::start::StartFrom;
use crate::waiting::LookOn;

/// Compare variants of a gateway: which differences are real, and how large
///
/// Every variant is run in the same futures, so luck is not mistaken for a difference. If the runs cannot decide, the
/// answer says so and gives the number of replications that would.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    from: StartFrom,
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
        .map(|((f, d), csv)| set_up_from(f, Some(&arguments.from), d, csv, (how.seed, &looks_on)))
        .collect::<Result<_, _>>()?;
    let mut others: Vec<(&Simulated<'_>, Design)> = arguments
        .vs
        .iter()
        .map(|d| (&experiments[0], d.clone()))
        .collect();
    others.extend(experiments[1..].iter().map(|x| (x, Design::base())));
    let metrics = if arguments.metrics.is_empty() {
        METRICS.map(str::to_owned).to_vec()
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
        &text(&answer, how.seed),
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
