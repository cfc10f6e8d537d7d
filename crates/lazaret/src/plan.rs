//! `lazaret plan …`: the planner's questions.
//!
//! Each submodule is one question: its arguments, the call into `lazaret_plan`, and how its answer is printed.

mod bottleneck;
mod capacity;
mod common;
mod compare;
mod hold;
mod need;
mod optimise;
mod sensitivity;
mod size;
mod source;
mod store;
mod study;
mod sweep;

use clap::{Args, Subcommand};

pub(crate) use self::common::seed;
use crate::output::Failure;

/// Answer planners' questions: what a gateway can take, what limits it, what to build
///
/// Every answer has intervals; `--json` prints it for machines. docs/plan.md explains each question.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    Capacity(capacity::Arguments),
    Bottleneck(bottleneck::Arguments),
    Compare(compare::Arguments),
    Size(size::Arguments),
    Sensitivity(sensitivity::Arguments),
    Optimise(optimise::Arguments),
    Hold(hold::Arguments),
    Need(need::Arguments),
    Sweep(sweep::Arguments),
    Missing(sweep::MissingArguments),
    Merge(sweep::MergeArguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.question {
        Question::Capacity(a) => capacity::run(a),
        Question::Bottleneck(a) => bottleneck::run(a),
        Question::Compare(a) => compare::run(a),
        Question::Size(a) => size::run(a),
        Question::Sensitivity(a) => sensitivity::run(a),
        Question::Optimise(a) => optimise::run(a),
        Question::Hold(a) => hold::run(a),
        Question::Need(a) => need::run(a),
        Question::Sweep(a) => sweep::run(a),
        Question::Missing(a) => sweep::missing(a),
        Question::Merge(a) => sweep::merge(a),
    }
}
