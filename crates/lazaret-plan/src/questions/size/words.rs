//! The answer of `lazaret plan size` in words.

use lazaret_vocabulary::figures::{figure, share};

use super::search::{Candidate, Standing};
use super::{Relation, SizeAnswer};
use crate::questions::words::{Words, stopped};

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

/// Candidates of which futures came to a stop.
#[must_use]
pub fn warnings(answer: &SizeAnswer) -> Vec<String> {
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
            share(best.successes as f64 / best.n as f64),
            share(best.low),
            share(best.high)
        );
    }
    text
}

/// The answer.
///
/// * `seed` — of the runs.
#[must_use]
pub fn text(answer: &SizeAnswer, seed: u64) -> Words {
    let name = |c: &Candidate| name(answer, c);
    let relation = match answer.condition.relation {
        Relation::AtMost => "at most",
        Relation::AtLeast => "at least",
    };
    let goal = format!(
        "{} is {relation} {} in {} of futures",
        answer.condition.metric,
        answer.condition.limit(),
        share(answer.probability)
    );
    let sizing = &answer.sizing;
    let mut text = Words::from(match sizing.smallest.as_slice() {
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
    });
    let rows: Vec<Vec<String>> = sizing
        .looked_at
        .iter()
        .map(|c| {
            vec![
                name(c),
                share(c.successes as f64 / c.n as f64),
                format!("{} to {}", share(c.low), share(c.high)),
                figure(c.n as f64),
                match c.standing {
                    Standing::Meets => "meets it".into(),
                    Standing::Misses => "misses it".into(),
                    Standing::Undecided => "undecided: raise --most".to_owned(),
                },
            ]
        })
        .collect();
    text += "\n";
    text.table(
        &["looked at", "futures", "interval", "runs", ""],
        rows,
        &[1, 2, 3],
    );
    if sizing.not_monotone {
        text += "\nWarning: a larger number fails where a smaller one succeeds, so a smallest number means little here.\n";
    }
    text += &still_inside(answer);
    text += &format!(
        "\nAll claims are true simultaneously with probability {}. Seed {}; the search assumes that more is never worse.\n",
        share(answer.level),
        seed
    );
    text
}
