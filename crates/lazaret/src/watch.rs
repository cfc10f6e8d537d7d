//! `lazaret watch`.

mod backtest;
#[cfg(feature = "server")]
pub(crate) mod board;
mod check;
mod common;
mod compare;
mod digest;
mod estimate;
mod forecast;
mod import;
mod next;
mod record;
mod score;
mod sensitivity;
mod waiting;

use clap::{Args, Subcommand};

use crate::output::Failure;

/// Watch a gateway from outside: infer what happens there from graded evidence
///
/// Evidence is a CSV file of dated observations. The observation rules, `observe.toml` next to the gateway file, say
/// what each row measures. See docs/watch.md.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Estimate(estimate::Arguments),
    Forecast(forecast::Arguments),
    Compare(compare::Arguments),
    Next(next::Arguments),
    Score(score::Arguments),
    Backtest(backtest::Arguments),
    Digest(digest::Arguments),
    Sensitivity(sensitivity::Arguments),
    Import(import::Arguments),
    Kinds(import::Kinds),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Estimate(arguments) => estimate::run(arguments),
        Command::Forecast(arguments) => forecast::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Next(arguments) => next::run(arguments),
        Command::Score(arguments) => score::run(arguments),
        Command::Backtest(arguments) => backtest::run(arguments),
        Command::Digest(arguments) => digest::run(arguments),
        Command::Sensitivity(arguments) => sensitivity::run(arguments),
        Command::Import(arguments) => import::run(arguments),
        Command::Kinds(arguments) => import::kinds(arguments),
    }
}
