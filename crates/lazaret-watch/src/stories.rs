//! Who tells whose story: rows that may go back to one origin, and share its error.
//!
//! Rows with the same word in the column `story`, and rows of which one names the other under `copies`, go back to one origin with a
//! stated chance. Rows of mouth or press that say nearly the same of the same thing at the same time may do so too, with a smaller
//! one. Whether the rows of a story are one is not known and is the same for all of them: either each speaks for itself, or all
//! but the first retell the first, and then they say nothing about the truth, however many they are.

use std::collections::HashMap;

use crate::evidence::Row;
use crate::kind::Kind;
use crate::observation::{Observation, Statement};
use crate::rules::Rules;

/// Stories of three rows or more that the particles keep track of; of others beyond it each row is judged by itself.
pub const FOLLOWED_MOST: usize = 64;

/// A retelling repeats the figure to the digit with this chance; else it is off by [`DRIFT`].
const VERBATIM: f64 = 0.5;

/// The standard deviation of the logarithm of what a figure gains or loses when it is retold in other words.
const DRIFT: f64 = 0.1;

/// Figures whose logarithms differ by no more than this may be one figure retold.
const NEAR: f64 = 0.16;

/// Days between the days of two rows, and between their publications, within which one may retell the other.
const DAYS: (i64, i64) = (3, 14);

/// Rows of the same thing that are looked at for one that a row may retell.
const LOOKED_AT: usize = 200;

/// Rows that may go back to one origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// Its name: the word in the column, or the id of its first row.
    pub name: String,
    /// Its rows, as positions among those used, in the order taken in.
    pub rows: Vec<usize>,
    /// The chance that they do.
    pub chance: f64,
    /// Whether the evidence says so, rather than the likeness of the rows.
    pub stated: bool,
}

/// That a row may retell an earlier one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retold {
    /// The first row of its story, by its position among those used.
    pub of: usize,
    /// The story, by its number.
    pub story: usize,
    /// The chance that the story has one origin, before anything is weighed.
    pub chance: f64,
    /// How likely the row is if it retells the first.
    pub likely: f64,
    /// Where particles keep whether the story has one origin; none if nothing but this row turns on it.
    pub slot: Option<usize>,
}

/// Finds the stories of rows in the order taken in, and tells each row of its own.
pub(crate) fn find(used: &mut [Observation], rows: &[Row], rules: &Rules) -> Vec<Story> {
    let mut found: Vec<Story> = Vec::new();
    let mut of: Vec<Option<usize>> = vec![None; used.len()];
    let by_id: HashMap<&str, usize> = used
        .iter()
        .enumerate()
        .map(|(at, o)| (rows[o.row].id.as_str(), at))
        .collect();
    let mut named: HashMap<&str, usize> = HashMap::new();
    // What is said goes before what looks alike.
    for at in 0..used.len() {
        let row = &rows[used[at].row];
        let original = row.copies.as_ref().and_then(|id| by_id.get(id.as_str()));
        let word = row.story.as_deref();
        let known = word.and_then(|word| named.get(word).copied());
        let told = original.and_then(|original| of[*original]);
        let story = match (known, told, original) {
            (Some(story), _, _) | (None, Some(story), _) => story,
            (None, None, _) if word.is_some() || original.is_some() => {
                found.push(Story {
                    name: word.unwrap_or(row.id.as_str()).to_string(),
                    rows: Vec::new(),
                    chance: rules.copies,
                    stated: true,
                });
                found.len() - 1
            }
            _ => continue,
        };
        for member in original.copied().into_iter().chain([at]) {
            if of[member].is_none() {
                of[member] = Some(story);
                found[story].rows.push(member);
            }
        }
        if let Some(word) = word {
            named.insert(word, story);
        }
    }
    // The least chance that rules can name means never.
    if rules.alike > 1e-4 {
        alike(used, rows, rules, &mut found, &mut of);
    }
    for story in &mut found {
        story.rows.sort_unstable();
    }
    found.retain(|story| story.rows.len() > 1);
    found.sort_by_key(|story| story.rows[0]);
    let mut slots = 0;
    for (number, story) in found.iter().enumerate() {
        let slot = (story.rows.len() > 2 && slots < FOLLOWED_MOST).then(|| {
            slots += 1;
            slots - 1
        });
        let first = story.rows[0];
        for at in story.rows.iter().skip(1) {
            let likely = retelling(&used[*at], &used[first]);
            used[*at].retold = Some(Retold {
                of: first,
                story: number,
                chance: story.chance,
                likely,
                slot,
            });
        }
    }
    found
}

/// Rows of mouth or press that say nearly the same of the same thing at the same time.
fn alike(
    used: &[Observation],
    rows: &[Row],
    rules: &Rules,
    found: &mut Vec<Story>,
    of: &mut [Option<usize>],
) {
    let mut about: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (at, observation) in used.iter().enumerate() {
        let row = &rows[observation.row];
        if matches!(observation.kind, Kind::Seen | Kind::Recorded) {
            continue;
        }
        let same = about.entry((&row.subject, &row.quantity)).or_default();
        if of[at].is_none() {
            let near = same.iter().rev().take(LOOKED_AT).filter(|other| {
                let story = of[**other].map(|story| &found[story]);
                // A row that looks like one of a stated story is not said to belong to it.
                story.is_none_or(|story| !story.stated)
            });
            let original = near
                .filter(|other| {
                    may_retell(observation, row, &used[**other], &rows[used[**other].row])
                })
                .min()
                .copied();
            if let Some(original) = original {
                let story = of[original].unwrap_or_else(|| {
                    found.push(Story {
                        name: rows[used[original].row].id.to_string(),
                        rows: vec![original],
                        chance: rules.alike,
                        stated: false,
                    });
                    found.len() - 1
                });
                (of[original], of[at]) = (Some(story), Some(story));
                found[story].rows.push(at);
            }
        }
        same.push(at);
    }
}

fn may_retell(of: &Observation, row: &Row, other: &Observation, earlier: &Row) -> bool {
    let apart = |a: jiff::civil::Date, b: jiff::civil::Date| i64::from((a - b).get_days()).abs();
    // A source that says the same again is one source, whose errors are learned together.
    row.source() != earlier.source()
        && apart(row.observed.last, earlier.observed.last) <= DAYS.0
        && apart(row.published.last, earlier.published.last) <= DAYS.1
        && wording(row) == wording(earlier)
        && match (of.statement, other.statement) {
            (Statement::Between(low, high), Statement::Between(from, to))
                if [low, high, from, to].iter().all(|end| end.is_finite()) =>
            {
                // Of two intervals both ends must be near: a fortnight to a month is not sixteen to twenty-one days.
                near(low * of.unit, from * other.unit) && near(high * of.unit, to * other.unit)
            }
            (Statement::Between(..), Statement::Between(..)) => {
                let figures = of.figure().zip(other.figure());
                figures.is_some_and(|(a, b)| near(a * of.unit, b * other.unit))
            }
            (a, b) => a == b,
        }
}

/// Which bounds a row gives where it names no figure; one that does is worded alike whatever it adds.
///
/// "Sixteen to twenty-one" and "about eighteen" are different words for what may be one thing, seen by two people. Were they
/// taken for one story, two reports that agree by themselves would weigh hardly more than one.
fn wording(row: &Row) -> Option<(bool, bool)> {
    (row.best.is_none()).then(|| (row.low.is_some(), row.high.is_some()))
}

/// Whether two figures may be one figure retold.
fn near(a: f64, b: f64) -> bool {
    a == b || (a > 0.0 && b > 0.0 && (a / b).ln().abs() <= NEAR)
}

/// How likely `row` is if it retells `first`.
fn retelling(row: &Observation, first: &Observation) -> f64 {
    let verbatim = match (row.statement, first.statement) {
        (Statement::Between(a, b), Statement::Between(c, d)) => {
            let scale = first.unit / row.unit;
            let near = |x: f64, y: f64| x == y || (x - y * scale).abs() < 1e-9 * x.abs().max(1.0);
            near(a, c) && near(b, d)
        }
        (a, b) => a == b,
    };
    let loosely = match row.statement {
        Statement::Is(_) => 0.05,
        Statement::Between(low, high) => first.figure().map_or(0.05, |figure| {
            let drift = crate::likelihood::Error {
                relative: DRIFT,
                least: row.least.min(0.05 * figure.abs()).max(1e-6),
                apart: 0.0,
                own: crate::likelihood::Own::default(),
            };
            drift.between(low, high, figure * first.unit / row.unit)
        }),
    };
    let exactly = if verbatim { VERBATIM } else { 0.0 };
    (exactly + (1.0 - VERBATIM) * loosely).clamp(1e-6, 1.0)
}
