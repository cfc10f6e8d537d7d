//! `lazaret plan hold`.

use std::path::PathBuf;

use clap::Args;
use lazaret_gateway::FILE_BYTES_MAX;
use lazaret_plan::questions::hold::words::text as words;
use lazaret_plan::questions::hold::{Hazard, HoldPriced, SAMPLE, answer, price};

use super::common::{How, experiment_failed};
use super::source;
use crate::input::{FileKind, Input, expect_kind, read_text, wrong_kind};
use crate::output::Failure;

/// Compute how long goods must be held: the risk of releasing a contaminated lot, by days held
///
/// Prevalence, decay, treatment and test come from a hazard file; each may be uncertain. With a gateway file, a day of
/// hold is also priced in yard slots.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The hazard file
    #[arg(value_name = "HAZARD.toml")]
    hazard: PathBuf,
    /// A gateway file, to price a day of hold in slots
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Change a value of the gateway file
    #[arg(long = "set", value_name = "PATH=VALUE", requires = "file")]
    set: Vec<String>,
    #[command(flatten)]
    how: How,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.how;
    let shown = arguments.hazard.display();
    let text = read_text(&arguments.hazard, FILE_BYTES_MAX).map_err(Failure::BadInput)?;
    let name = shown.to_string();
    expect_kind(&name, &text, FileKind::Hazard)?;
    let hazard = Hazard::parse(&text)
        .map_err(|e| Failure::BadInput(wrong_kind(&name, &text, FileKind::Hazard, &e)))?;
    let hold = answer(&hazard, how.level, SAMPLE, how.seed)
        .map_err(|e| Failure::BadInput(format!("{shown}: {e}")))?;
    let input = arguments.file.as_ref().map(|file| Input {
        file: file.clone(),
        set: arguments.set.clone(),
    });
    let price = match &input {
        None => None,
        Some(input) => Some(how.ask(input, |experiment| {
            price(experiment, hold.for_risk.sure_days).map_err(experiment_failed)
        })?),
    };
    let answer = HoldPriced { hold, price };
    how.answer(
        &answer,
        &words(&answer, &hazard),
        None,
        || lazaret_report::plan::hold(&answer, &hazard),
        || source::of_hazard(&text, input.as_ref(), how.seed),
    )
}
