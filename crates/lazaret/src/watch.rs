//! `lazaret watch`.

mod check;
mod common;
mod estimate;

use clap::{Args, Subcommand};

use crate::output::Failure;

/// Watch a gateway from outside: what graded evidence says about it
///
/// Evidence is a CSV file of dated observations. What each measures stands in a file of rules, `observe.toml` beside the
/// gateway file. See docs/watch.md.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Estimate(estimate::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Estimate(arguments) => estimate::run(arguments),
    }
}
