//! `lazaret plan optimise`.

use std::path::PathBuf;

use clap::Args;
use lazaret_plan::questions::optimise::ask;
use lazaret_plan::questions::optimise::words::{text, warnings};

use super::common::{How, failed};
use super::source;
use super::study::Read;
use crate::output::Failure;
use crate::simulate::result::hash;

/// Find what to build: the best design of a study, or the front between two aims
///
/// If there are few designs, all are run and the best is selected with a guarantee (KN); many are searched with a
/// surface (kriging). Seed and level come from the study file; --seed and --level are not used.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The study file
    #[arg(value_name = "STUDY.toml")]
    study: PathBuf,
    #[command(flatten)]
    how: How,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let read = Read::open(&arguments.study)?;
    let study = read.optimisation()?;
    let how = How {
        seed: study.seed,
        level: study.level,
        ..arguments.how.clone()
    };
    let answer = how.ask(&read.input(), |experiment| {
        ask(experiment, &study).map_err(failed)
    })?;
    how.answer(
        &answer,
        &text(&answer),
        Some(&warnings(&answer)),
        || lazaret_report::plan::optimise(&answer),
        || {
            let source = source::again(&read.input(), how.seed)?;
            Ok(source.with("study_hash", hash(&read.text, &[])))
        },
    )
}
