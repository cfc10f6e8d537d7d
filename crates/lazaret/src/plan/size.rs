//! `lazaret plan size`.

use std::ops::RangeInclusive;

use clap::Args;
use lazaret_plan::Design;
use lazaret_plan::questions::size::search::{Candidate, SizeTarget, Standing};
use lazaret_plan::questions::size::{Condition, Relation, SizeAnswer, ask};

use super::common::{How, change, failed, probability, range};
use super::source;
use super::words::{figure, percent, stopped, table};
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
    #[arg(long = "with", value_name = "P", default_value_t = 0.95, value_parser = probability)]
    with: f64,
    /// Maximum number of replications of each candidate
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
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
        batch: 100,
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
        &text(&answer, how),
        Some(&warnings(&answer)),
        || lazaret_report::plan::size(&answer),
        || source::again(&arguments.input, how.seed),
    )
}

/// A candidate as settings of the file.
fn name(answer: &SizeAnswer, c: &Candidate) -> String {
    let parts: Vec<String> = answer
        .paths
        .iter()
        .zip(&c.numbers)
        .map(|(p, n)| format!("{p} = {n}"))
        .collect();
    parts.join(", ")
}

fn warnings(answer: &SizeAnswer) -> Vec<String> {
    let looked_at = answer.sizing.looked_at.iter().zip(&answer.stops);
    looked_at
        .filter_map(|(c, stops)| stopped(&name(answer, c), stops))
        .collect()
}

/// How many lots the condition counts that were still inside at the end; nothing if it is not on a time.
fn still_inside(answer: &SizeAnswer) -> String {
    let shown = answer
        .sizing
        .smallest
        .first()
        .unwrap_or(&answer.sizing.best);
    let at = answer.sizing.looked_at.iter().position(|c| c == shown);
    match at.and_then(|at| answer.still_inside[at]) {
        Some(lots) => format!(
            "With {}, {} lots are still inside at the end of a future on average; each counts with at least its present age.\n",
            name(answer, shown),
            figure((10.0 * lots).round() / 10.0)
        ),
        None => String::new(),
    }
}

/// What is said if nothing in the range is shown to meet the target.
fn nothing(answer: &SizeAnswer, goal: &str) -> String {
    let sizing = &answer.sizing;
    let best = &sizing.best;
    let none = sizing
        .looked_at
        .iter()
        .all(|c| c.standing == Standing::Misses);
    let mut text = if none {
        format!("\nNo setting in the range does it: {goal}.\n")
    } else {
        format!("\nNo setting in the range is shown to do it yet: {goal}. Raise --most.\n")
    };
    if best.successes == 0 {
        text += "No combination that was tried does it in any future.\n";
    } else {
        text += &format!(
            "The most successful one: {}, in {} of futures ({} to {}).\n",
            name(answer, best),
            percent(best.successes as f64 / best.n as f64),
            percent(best.low),
            percent(best.high)
        );
    }
    text
}

fn text(answer: &SizeAnswer, how: &How) -> String {
    let name = |c: &Candidate| name(answer, c);
    let relation = match answer.condition.relation {
        Relation::AtMost => "at most",
        Relation::AtLeast => "at least",
    };
    let goal = format!(
        "{} is {relation} {} in {} of futures",
        answer.condition.metric,
        figure(answer.condition.value),
        percent(answer.probability)
    );
    let sizing = &answer.sizing;
    let mut text = match sizing.smallest.as_slice() {
        [] => nothing(answer, &goal),
        [one] => format!(
            "\n{} is the smallest number shown to do it: {goal}.\n",
            name(one)
        ),
        many => {
            let names: Vec<String> = many.iter().map(name).collect();
            format!(
                "\nThe smallest numbers shown to do it: {goal}:\n  {}\n",
                names.join("\n  ")
            )
        }
    };
    let rows: Vec<Vec<String>> = sizing
        .looked_at
        .iter()
        .map(|c| {
            vec![
                name(c),
                percent(c.successes as f64 / c.n as f64),
                format!("{} to {}", percent(c.low), percent(c.high)),
                figure(c.n as f64),
                match c.standing {
                    Standing::Meets => "meets it".into(),
                    Standing::Misses => "misses it".into(),
                    Standing::Undecided => "undecided: raise --most".to_owned(),
                },
            ]
        })
        .collect();
    text.push('\n');
    text += &table(
        &["looked at", "futures", "interval", "runs", ""],
        &rows,
        &[1, 2, 3],
    );
    if sizing.not_monotone {
        text += "\nWarning: a larger number fails where a smaller one succeeds, so a smallest number means little here.\n";
    }
    text += &still_inside(answer);
    text += &format!(
        "\nAll claims are true simultaneously with probability {}. Seed {}; the search assumes that more is never worse.\n",
        percent(answer.level),
        how.seed
    );
    text
}
