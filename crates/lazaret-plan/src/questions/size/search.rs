//! The smallest numbers that meet a target with a stated probability.
//!
//! "Meets" is a claim about a probability: P(metric ≤ X) ≥ p. It is judged by a confidence sequence, an interval that
//! may be looked at after every replication and still covers at all looks together (Robbins1970): a fleet is called
//! large enough only if the sequence lies above p, too small only if it lies below. What the budget cannot decide is
//! said to be undecided and never counts as enough.
//!
//! The search relies on monotony: if some numbers meet the target, larger ones do. [`smallest`] reports when what it
//! saw contradicts that.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use serde::Serialize;
use statrs::function::beta::ln_beta;
use thiserror::Error;

use crate::estimate::{EstimateError, check_probability};

/// The target and what may be spent on showing it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeTarget {
    /// Probability with which the target must be met in a replication.
    pub probability: f64,
    /// Probability that no claim of the search is wrong.
    pub level: f64,
    /// Replications between looks.
    pub batch: u64,
    /// Most replications a candidate.
    pub most: u64,
}

/// What is known of one candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Shown to meet the target.
    Meets,
    /// Shown to miss it.
    Misses,
    /// Not decided within the budget.
    Undecided,
}

/// One candidate that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The numbers chosen, in order of the decision variables.
    pub numbers: Vec<i64>,
    /// Replications that met the target.
    pub successes: u64,
    /// Replications run.
    pub n: u64,
    /// Lower end of the confidence sequence for the probability.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What follows.
    pub standing: Standing,
}

/// The answer of a sizing search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sizing {
    /// Smallest sets of numbers shown to meet the target: none of them can be lowered in one variable and still be
    /// shown to meet it. Empty if none was found.
    pub smallest: Vec<Candidate>,
    /// The candidate with the most successes, for the message when nothing meets the target.
    pub best: Candidate,
    /// All that was looked at, in order of the numbers.
    pub looked_at: Vec<Candidate>,
    /// True if a larger candidate was shown to miss what a smaller one was shown to meet: then the answer is not to be
    /// trusted.
    pub not_monotone: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SizeError<E> {
    /// A range backwards, no variable, or no budget.
    #[error("{0}")]
    Setting(String),
    /// A bad probability.
    #[error(transparent)]
    Estimate(#[from] EstimateError),
    /// The model failed.
    #[error(transparent)]
    Model(E),
}

/// The anytime-valid interval of a success probability after `successes` of `n`, at `level`.
///
/// It holds the p with B(1/2 + s, 1/2 + n - s) / B(1/2, 1/2) < p^s (1-p)^(n-s) / (1 - level): the likelihood ratio of a
/// Jeffreys mixture against p is a martingale under p, and Ville's inequality bounds its maximum (Robbins1970).
#[must_use]
pub fn confidence_sequence(successes: u64, n: u64, level: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (s, f) = (successes as f64, (n - successes) as f64);
    let limit = -(1.0 - level).ln();
    let mixture = ln_beta(0.5 + s, 0.5 + f) - ln_beta(0.5, 0.5);
    let excess = |p: f64| {
        let a = if s > 0.0 { s * p.ln() } else { 0.0 };
        let b = if f > 0.0 { f * (-p).ln_1p() } else { 0.0 };
        mixture - a - b - limit
    };
    let centre = s / n as f64;
    let edge = |mut inside: f64, mut outside: f64| {
        if excess(outside.clamp(1e-15, 1.0 - 1e-15)) < 0.0 {
            return outside;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(inside, outside);
            if excess(middle) < 0.0 {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        outside
    };
    (edge(centre, 0.0), edge(centre, 1.0))
}

/// The most candidates that a search of `ranges` looks at, or why they cannot be searched.
fn candidates(ranges: &[RangeInclusive<i64>]) -> Result<f64, String> {
    /// Neighbouring whole numbers beyond this are one to a search.
    const WIDEST: i128 = 1 << 53;
    /// A boundary of more points than this would take for ever.
    const ROWS_MOST: f64 = 100_000.0;
    let Some((last, heads)) = ranges.split_last() else {
        return Err("there is no number to choose".into());
    };
    let width = |r: &RangeInclusive<i64>| i128::from(*r.end()) - i128::from(*r.start()) + 1;
    if let Some(r) = ranges.iter().find(|r| r.is_empty()) {
        return Err(format!(
            "the range {}..{} is empty; write the lower end first",
            r.start(),
            r.end()
        ));
    }
    if let Some(r) = ranges.iter().find(|r| width(r) > WIDEST) {
        return Err(format!(
            "the range {}..{} has too many values; narrow it",
            r.start(),
            r.end()
        ));
    }
    let rows: f64 = heads.iter().map(|r| width(r) as f64).product();
    if rows > ROWS_MOST {
        return Err(format!(
            "all ranges but the last have {rows:.0} combinations; the limit is {ROWS_MOST:.0}; narrow them, or choose the number with the widest range last"
        ));
    }
    let bisection = (width(last) as f64).log2().ceil() + 1.0;
    Ok(rows * bisection + 2.0)
}

/// Finds the smallest numbers that meet the target.
///
/// * `ranges` — one range a decision variable.
/// * `successes` — how many replications of a range meet the target with the given numbers. Called with consecutive
///   ranges for one candidate.
///
/// One variable takes about log2(range) candidates; two take a walk along the boundary; each further variable
/// multiplies by its range.
///
/// # Errors
/// [`SizeError`].
pub fn smallest<E>(
    ranges: &[RangeInclusive<i64>],
    target: SizeTarget,
    mut successes: impl FnMut(&[i64], Range<u64>) -> Result<u64, E>,
) -> Result<Sizing, SizeError<E>> {
    check_probability("the probability to be met", target.probability)?;
    check_probability("the confidence level", target.level)?;
    let candidates = candidates(ranges).map_err(SizeError::Setting)?;
    if target.batch == 0 || target.most == 0 {
        return Err(SizeError::Setting("the limit allows no replication".into()));
    }
    // Every candidate's claim may be wrong with an equal part of what is allowed in all.
    let last = ranges.last().expect("checked above");
    let each = 1.0 - (1.0 - target.level) / candidates;
    let mut known: BTreeMap<Vec<i64>, Candidate> = BTreeMap::new();
    let mut judge = |numbers: &[i64]| -> Result<Standing, SizeError<E>> {
        if let Some(c) = known.get(numbers) {
            return Ok(c.standing);
        }
        let (mut hits, mut n) = (0, 0);
        let candidate = loop {
            let to = (n + target.batch).min(target.most);
            hits += successes(numbers, n..to).map_err(SizeError::Model)?;
            n = to;
            let (low, high) = confidence_sequence(hits, n, each);
            let standing = if low >= target.probability {
                Standing::Meets
            } else if high < target.probability {
                Standing::Misses
            } else {
                Standing::Undecided
            };
            if standing != Standing::Undecided || n >= target.most {
                break Candidate {
                    numbers: numbers.to_vec(),
                    successes: hits,
                    n,
                    low,
                    high,
                    standing,
                };
            }
        };
        let standing = candidate.standing;
        known.insert(numbers.to_vec(), candidate);
        Ok(standing)
    };
    // For each setting of the variables but the last, the least value of the last that meets the target. A larger
    // setting can only lower it, which bounds the next search from above.
    let mut found: Vec<Vec<i64>> = Vec::new();
    let mut head: Vec<i64> = ranges[..ranges.len() - 1]
        .iter()
        .map(|r| *r.start())
        .collect();
    loop {
        let bound = found
            .iter()
            .filter(|f| f.iter().zip(&head).all(|(a, b)| a <= b))
            .map(|f| f[head.len()])
            .min();
        let (mut low, mut high) = (*last.start(), bound.unwrap_or(*last.end()));
        let probe = |x: i64, head: &[i64]| [head, &[x]].concat();
        // The upper end first: where even it fails, nothing below it needs a look.
        let open = bound.is_some() || judge(&probe(*last.end(), &head))? == Standing::Meets;
        if open {
            while low < high {
                let middle = low + (high - low) / 2;
                if judge(&probe(middle, &head))? == Standing::Meets {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            if bound.is_none_or(|b| high < b) {
                found.push(probe(high, &head));
            }
        }
        // Next setting of the head, the last of it quickest.
        let mut done = true;
        for (h, r) in head.iter_mut().zip(&ranges[..ranges.len() - 1]).rev() {
            if *h < *r.end() {
                *h += 1;
                done = false;
                break;
            }
            *h = *r.start();
        }
        if done {
            break;
        }
    }
    if found.is_empty() {
        // Had the target been met nowhere at the upper ends, the lower end tells whether more is worse.
        let lowest: Vec<i64> = ranges.iter().map(|r| *r.start()).collect();
        judge(&lowest)?;
    }
    Ok(sizing(&found, &known))
}

/// What was found, put together.
///
/// * `found` — for each setting of all but the last, the least last that meets the target.
/// * `known` — everything that was looked at.
fn sizing(found: &[Vec<i64>], known: &BTreeMap<Vec<i64>, Candidate>) -> Sizing {
    let looked_at: Vec<Candidate> = known.values().cloned().collect();
    let best = looked_at
        .iter()
        .max_by(|a, b| {
            let share = |c: &Candidate| c.successes as f64 / c.n as f64;
            share(a)
                .total_cmp(&share(b))
                .then(b.numbers.cmp(&a.numbers))
        })
        .expect("at least one candidate was looked at")
        .clone();
    let below =
        |a: &Candidate, b: &Candidate| a.numbers.iter().zip(&b.numbers).all(|(x, y)| x <= y);
    let not_monotone = looked_at
        .iter()
        .filter(|a| a.standing == Standing::Meets)
        .any(|a| {
            looked_at
                .iter()
                .any(|b| b.standing == Standing::Misses && below(a, b))
        });
    let smallest = found
        .iter()
        .filter(|f| {
            !found
                .iter()
                .any(|g| g != *f && g.iter().zip(*f).all(|(a, b)| a <= b))
        })
        .map(|f| known[f].clone())
        .collect();
    Sizing {
        smallest,
        best,
        looked_at,
        not_monotone,
    }
}
