//! `lazaret plan size`.

use std::ops::RangeInclusive;

use clap::Args;
use lazaret_plan::Design;
use lazaret_plan::questions::size::search::SizeTarget;
use lazaret_plan::questions::size::words::{text, warnings};
use lazaret_plan::questions::size::{BATCH, Condition, MOST, PROBABILITY, ask};

use super::common::{How, change, failed, probability, range};
use super::source;
use crate::input::Input;
use crate::output::Failure;

/// Find the smallest numbers that meet a target with a stated probability
///
/// A number counts as enough only if the interval of the probability lies above the target. Numbers that the budget
/// cannot decide do not count.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// A number to choose, such as source.dandong.fleet=20..120; may be given more than once
    #[arg(long = "choose", value_name = "PATH=LOW..HIGH", required = true, value_parser = choice)]
    choose: Vec<(String, RangeInclusive<i64>)>,
    /// Condition that must hold in a replication, such as 'source.dandong.cancelled <= 3'
    #[arg(long = "so-that", value_name = "CONDITION", value_parser = Condition::parse)]
    so_that: Condition,
    /// Share of futures in which it must hold
    #[arg(long = "with", value_name = "P", default_value_t = PROBABILITY, value_parser = probability)]
    with: f64,
    /// Maximum number of replications of each candidate
    #[arg(long, default_value_t = MOST, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    most: u64,
    #[command(flatten)]
    how: How,
}

fn choice(text: &str) -> Result<(String, RangeInclusive<i64>), String> {
    let (path, value) = change(text)?;
    let span = range(&value)?;
    if !span.is_whole() || span.step.is_some() {
        return Err(format!(
            "`{value}` must be a range of whole numbers without unit or step"
        ));
    }
    Ok((path, span.low as i64..=span.high as i64))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.how;
    let target = SizeTarget {
        probability: arguments.with,
        level: how.level,
        batch: BATCH,
        most: arguments.most,
    };
    let answer = how.ask(&arguments.input, |experiment| {
        ask(
            experiment,
            &Design::base(),
            &arguments.choose,
            &arguments.so_that,
            target,
        )
        .map_err(failed)
    })?;
    how.answer(
        &answer,
        &text(&answer, how.seed),
        Some(&warnings(&answer)),
        || lazaret_report::plan::size(&answer),
        || source::again(&arguments.input, how.seed),
    )
}
