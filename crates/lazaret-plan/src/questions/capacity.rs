//! What intake can be sustained, on what it depends, and what happens above it: `lazaret plan capacity`.

pub mod search;
pub mod words;

use std::collections::BTreeMap;

use lazaret_gateway::model::Gateway;
use serde::Serialize;

use super::{QuestionError, estimate_error, unless_stopped};
use crate::condition::{Condition, Judge, Relation};
use crate::estimate::{Estimate, mean, quantile, share};
use crate::experiment::{Design, Experiment};
use crate::questions::capacity::search::{Direction, Ends, Range, Threshold, ends, thresholds};
use crate::stops::{StopColumns, Stops};

/// The growth of the backlog, as a share of what arrives, up to which a value counts as sustained.
pub const GROWTH_MOST: f64 = 0.03;

/// Share of futures in which the safe intake is sustained, if nothing else is asked.
pub const SAFE: f64 = 0.9;

/// When an intake counts as sustained in a replication: a metric is at most a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Sustained {
    /// The metric.
    pub metric: String,
    /// Its limit.
    pub limit: f64,
}

impl Default for Sustained {
    /// At most [`GROWTH_MOST`] of what is due is not served.
    fn default() -> Self {
        Sustained {
            metric: lazaret_sim::metrics::GROWTH.name.into(),
            limit: GROWTH_MOST,
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct CapacityQuestion {
    /// The setting that is varied, as a path into the file.
    pub path: String,
    /// The values searched.
    pub range: Range,
    /// Unit written after each value, or empty.
    pub unit: String,
    /// When a value counts as sustained.
    pub sustained: Sustained,
    /// A value that somebody claims can be sustained; none if nobody does.
    pub claim: Option<f64>,
    /// A metric that tells how long it takes to overflow, shown above the capacity; none if there is none.
    pub overflow_metric: Option<String>,
    /// How many of the file's longest regular cycles the run holds, where growth is what is judged.
    pub cycles: Option<f64>,
    /// Metrics whose greatest names the place that limits, such as the utilisations of the places.
    pub load_metrics: Vec<String>,
    /// Share of futures in which the safe intake must be sustained.
    pub safe: f64,
    /// Replications.
    pub replications: u64,
    /// Confidence level.
    pub level: f64,
}

impl CapacityQuestion {
    /// The same with a range that reaches as far as the claim: what was not run is not judged.
    fn widened(&self) -> CapacityQuestion {
        let mut wide = self.clone();
        let range = &mut wide.range;
        let steps = |distance: f64| (distance / range.step - 1e-9).ceil() * range.step;
        if let Some(claim) = self
            .claim
            .filter(|claim| claim.is_finite() && range.step > 0.0)
        {
            if claim > range.high {
                range.high = range.low + steps(claim - range.low);
            } else if claim < range.low {
                range.low = claim;
            }
        }
        wide
    }
}

/// How the capacity moves with one unknown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dependence {
    /// The unknown.
    pub unknown: String,
    /// Rank correlation of the threshold with the unknown, -1 to 1.
    pub correlation: f64,
}

/// Whether a claim holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum ClaimVerdict {
    /// It is sustained in nearly all futures: the interval of the share lies above the safe share.
    Yes,
    /// It is sustained in hardly any: the interval lies below one minus the safe share.
    No,
    /// It depends: the interval of the share lies between the two. On the unknowns named, strongest first, or on chance
    /// from lot to lot if none is.
    Depends {
        /// Names of the unknowns it depends on.
        on: Vec<String>,
    },
    /// These futures are too few to tell: the interval of the share holds one of the two limits.
    NotShown {
        /// About how many more would tell, if the share stays as it looks; none if no number within reach would.
        more: Option<u64>,
    },
}

/// A claim that was checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The value claimed.
    pub value: f64,
    /// Share of futures that sustain it.
    pub share: Estimate,
    /// What follows.
    pub verdict: ClaimVerdict,
}

/// One cell of the boundary over two unknowns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BoundaryCell {
    /// Range of the first unknown, as probabilities of its prior.
    pub first: (f64, f64),
    /// Range of the second.
    pub second: (f64, f64),
    /// Replications in the cell.
    pub n: u64,
    /// How many of them sustain the value.
    pub sustained: u64,
}

/// What happens at one value above the capacity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Above {
    /// The value.
    pub value: f64,
    /// The overflow metric over the replications that do not sustain it.
    pub overflow: Option<Estimate>,
    /// Share of futures that sustain it all the same.
    pub sustained: Estimate,
}

/// The answer of `plan capacity`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapacityAnswer {
    /// The setting that is varied.
    pub path: String,
    /// Unit of its values.
    pub unit: String,
    /// The values searched: the least, the greatest and the step.
    pub range: [f64; 3],
    /// What "sustained" means here.
    pub criterion: String,
    /// Which way the setting acts, as the two ends of the range tell.
    pub direction: Direction,
    /// What the first futures do at the two ends.
    pub ends: Ends,
    /// The value sustained in the share `safe` of futures, with the interval of that quantile: the greatest, or where more
    /// is better the least.
    pub safe_value: Estimate,
    /// The share of futures meant by it.
    pub safe: f64,
    /// The value sustained in half of the futures.
    pub median_value: Estimate,
    /// Mean over the futures whose threshold lies inside the range; none if fewer than two do.
    pub mean_value: Option<Estimate>,
    /// Replications whose threshold lies below the range: none of it is sustained, or, where more is better, all of it.
    pub below_range: u64,
    /// Replications whose threshold lies above it or at its end: all of it is sustained, or, where more is better, none.
    pub above_range: u64,
    /// The claim, if there was one.
    pub claim: Option<Claim>,
    /// On which unknowns the capacity depends, the strongest first.
    pub depends_on: Vec<Dependence>,
    /// The two strongest unknowns, and the share of sustaining replications over them at `boundary_at`.
    pub boundary: Vec<BoundaryCell>,
    /// The value to which the boundary belongs: the claim, or the median.
    pub boundary_at: f64,
    /// Futures that came to a stop at the least value that they were seen not to sustain.
    pub stops: Stops,
    /// The load metrics by how often each was the greatest just above a replication's threshold: what limits.
    pub limits: Vec<(String, f64)>,
    /// What happens above; empty where more is better.
    pub above: Vec<Above>,
    /// The metric that tells how long it takes to overflow, if the file has one.
    pub overflow_metric: Option<String>,
    /// How many of the file's longest regular cycles the run holds, where growth is what is judged.
    pub cycles: Option<f64>,
    /// Threshold of each replication.
    pub thresholds: Vec<Threshold>,
    /// Replications.
    pub replications: u64,
    /// True if the user stopped it; what was known by then is given.
    pub partial: bool,
    /// Confidence level of all intervals.
    pub level: f64,
}

/// Futures in which both ends of the range are tried first.
const PILOTS: u64 = 8;
/// A future with more lots in the gateway than this at once is taken not to sustain what it was given.
const LOTS_MOST: u64 = 1_000_000;

/// What the search of all futures found.
struct Search {
    direction: Direction,
    ends: Ends,
    thresholds: Vec<Threshold>,
    stops: Stops,
    partial: bool,
}

/// Finds each future's threshold, block by block, so that what is stopped keeps the futures that are done.
fn search<X: Experiment>(
    experiment: &X,
    q: &CapacityQuestion,
    at: &impl Fn(f64) -> Design,
) -> Result<Search, QuestionError> {
    let judge = Judge::new(
        experiment,
        &Condition {
            metric: q.sustained.metric.clone(),
            relation: Relation::AtMost,
            value: q.sustained.limit,
            written: None,
        },
    )?;
    let stop_columns = StopColumns::of(experiment);
    let mut columns = judge.columns();
    columns.extend(stop_columns.iter().flat_map(|c| c.all()));
    // How each future failed at the value next to its threshold: a bisection comes to it last.
    let mut failed: BTreeMap<u64, [f64; 4]> = BTreeMap::new();
    // Whether the gateway could run at any value so far.
    let mut ran = false;
    let mut sustains = |asked: &[(f64, u64)]| {
        let runs: Vec<(Design, u64)> = asked.iter().map(|&(x, r)| (at(x), r)).collect();
        let rows = run_possible(experiment, &runs, &columns, &mut ran)?;
        // An undefined metric is not evidence of sustaining anything.
        let answers: Vec<bool> = (rows.iter().enumerate())
            .map(|(i, row)| {
                let Some(row) = row else { return false };
                let value = |c: usize| {
                    let at = columns.iter().position(|known| *known == c);
                    at.map_or(f64::NAN, |at| row[at])
                };
                let held = judge.holds(value);
                if !held {
                    let kinds = stop_columns.map_or([0.0; 4], |c| c.all().map(value));
                    failed.insert(asked[i].1, kinds);
                }
                held
            })
            .collect();
        Ok::<_, crate::ExperimentError>(answers)
    };
    // What cannot be run sustains nothing, such as no slots or more vehicles than there are. Less than nothing, or half a
    // vehicle, is a slip.
    for value in [q.range.low, q.range.low + q.range.step] {
        if value < 0.0 || value.fract() != 0.0 {
            experiment.run_each_within(&[(at(value), 0)], &columns, LOTS_MOST)?;
        }
    }
    let pilots = q.replications.min(PILOTS);
    let ends = ends(q.range, 0..pilots, &mut sustains)?;
    let direction = ends.direction();
    let mut found: Vec<Threshold> = Vec::new();
    let mut partial = false;
    while (found.len() as u64) < q.replications {
        let from = found.len() as u64;
        let to = if from < pilots {
            pilots
        } else {
            (from + super::BLOCK).min(q.replications)
        };
        match thresholds(q.range, direction, middle(&found), from..to, &mut sustains) {
            Ok(more) => found.extend(more),
            Err(crate::questions::capacity::search::CapacityError::Model(
                crate::ExperimentError::Interrupted,
            )) if from > 0 => {
                partial = true;
                break;
            }
            Err(other) => return Err(other.into()),
        }
    }
    let mut stops = Stops::default();
    for (_, kinds) in failed.range(..found.len() as u64) {
        stops.take(*kinds);
    }
    stops.of = found.len() as u64;
    Ok(Search {
        direction,
        ends,
        thresholds: found,
        stops,
        partial,
    })
}

/// What is beyond the answer is left out where the user stopped, or where the gateway cannot run at the next value.
fn unless_impossible<T: Default>(result: Result<T, QuestionError>) -> Result<T, QuestionError> {
    match unless_stopped(result) {
        Err(QuestionError::Experiment(crate::ExperimentError::BadDesign { .. })) => {
            Ok(T::default())
        }
        other => other,
    }
}

/// Runs each design in its future. A value at which the gateway cannot run, such as a convoy of more vehicles than there
/// are, sustains nothing and has no row.
///
/// # Errors
/// [`ExperimentError`](crate::ExperimentError); that of a bad design only if the gateway has run at no value, which `ran`
/// remembers from call to call.
fn run_possible<X: Experiment>(
    experiment: &X,
    runs: &[(Design, u64)],
    columns: &[usize],
    ran: &mut bool,
) -> Result<Vec<Option<Vec<f64>>>, crate::ExperimentError> {
    let kept = |rows: &crate::Rows| {
        (0..rows.len())
            .map(|i| Some(rows.row(i).to_vec()))
            .collect()
    };
    match experiment.run_each_within(runs, columns, LOTS_MOST) {
        Ok(rows) => {
            *ran = true;
            return Ok(kept(&rows));
        }
        Err(crate::ExperimentError::BadDesign { .. }) => {}
        Err(other) => return Err(other),
    }
    let mut found: Vec<Option<Vec<f64>>> = vec![None; runs.len()];
    let mut done = vec![false; runs.len()];
    let mut bad = None;
    for first in 0..runs.len() {
        if done[first] {
            continue;
        }
        let same: Vec<usize> = (first..runs.len())
            .filter(|i| runs[*i].0 == runs[first].0)
            .collect();
        let group: Vec<(Design, u64)> = same.iter().map(|i| runs[*i].clone()).collect();
        for i in &same {
            done[*i] = true;
        }
        match experiment.run_each_within(&group, columns, LOTS_MOST) {
            Ok(rows) => {
                *ran = true;
                for (row, i) in same.iter().enumerate() {
                    found[*i] = Some(rows.row(row).to_vec());
                }
            }
            Err(error @ crate::ExperimentError::BadDesign { .. }) => bad = Some(error),
            Err(other) => return Err(other),
        }
    }
    match bad {
        Some(error) if !*ran => Err(error),
        _ => Ok(found),
    }
}

/// The median of the thresholds inside the range.
fn middle(found: &[Threshold]) -> Option<f64> {
    let mut inside: Vec<f64> = found
        .iter()
        .map(|t| t.number())
        .filter(|x| x.is_finite())
        .collect();
    inside.sort_by(f64::total_cmp);
    inside.get(inside.len() / 2).copied()
}

/// Values to search if none are given: from 1 to four times the mean of the file, for the number of vehicles in a convoy;
/// no more than the source's fleet, since the greatest value is run too. None for any other setting.
#[must_use]
pub fn default_range(path: &str, gateway: &Gateway) -> Option<Range> {
    let name = path.strip_prefix("source.")?.strip_suffix(".convoy")?;
    let source = gateway.sources.iter().find(|s| s.name == name)?;
    let typical: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let mean = source.vehicles.resolve(&typical).ok()?.mean();
    let fleet = source
        .fleet
        .as_ref()
        .and_then(lazaret_gateway::model::Quantity::known_constant);
    Some(Range {
        low: 1.0,
        high: (4.0 * mean)
            .ceil()
            .max(4.0)
            .min(fleet.unwrap_or(f64::INFINITY).max(1.0)),
        step: 1.0,
    })
}

/// Answers the question.
///
/// # Errors
/// [`QuestionError`].
pub fn ask<X: Experiment>(
    experiment: &X,
    question: &CapacityQuestion,
) -> Result<CapacityAnswer, QuestionError> {
    let widened = question.widened();
    let q = &widened;
    let at = |x: f64| Design::base().with(q.path.clone(), written(x, q.range.step, &q.unit));
    let found = search(experiment, q, &at)?;
    let direction = found.direction;
    let replications = found.thresholds.len() as u64;
    let numbers: Vec<f64> = found.thresholds.iter().map(|t| t.number()).collect();
    let fail = estimate_error(&q.path);
    let safe_at = match direction {
        Direction::MoreIsWorse => 1.0 - q.safe,
        Direction::MoreIsBetter => q.safe,
    };
    let safe_value = quantile(&numbers, safe_at, q.level).map_err(&fail)?;
    let median_value = quantile(&numbers, 0.5, q.level).map_err(&fail)?;
    let inside: Vec<f64> = numbers.iter().copied().filter(|x| x.is_finite()).collect();

    let names = experiment.unknowns();
    let ranks: Vec<Vec<f64>> = (0..replications)
        .map(|r| experiment.unknown_ranks(r))
        .collect();
    let depends_on = depends_on(&names, &ranks, &numbers);
    let held = |value: f64| {
        numbers
            .iter()
            .filter(|&&t| sustained_at(direction, t, value))
            .count() as u64
    };
    let claim = q
        .claim
        .map(|value| {
            let share = share(held(value), replications, q.level).map_err(&fail)?;
            let verdict = verdict(&share, q, &depends_on);
            Ok::<_, QuestionError>(Claim {
                value,
                share,
                verdict,
            })
        })
        .transpose()?;

    let boundary_at = q.claim.unwrap_or(if median_value.value.is_finite() {
        median_value.value
    } else {
        q.range.low
    });
    let sustained: Vec<bool> = numbers
        .iter()
        .map(|&t| sustained_at(direction, t, boundary_at))
        .collect();
    let boundary = boundary(&depends_on, &names, &ranks, &sustained);
    let limits = unless_impossible(limits(experiment, q, direction, &numbers, &at))?;
    let above = match direction {
        Direction::MoreIsWorse => {
            unless_impossible(above(experiment, q, &numbers, &median_value, &at))?
        }
        Direction::MoreIsBetter => Vec::new(),
    };
    let count = |kind: Threshold| found.thresholds.iter().filter(|t| **t == kind).count() as u64;
    Ok(CapacityAnswer {
        path: q.path.clone(),
        unit: q.unit.clone(),
        range: [q.range.low, q.range.high, q.range.step],
        criterion: format!("{} is at most {}", q.sustained.metric, q.sustained.limit),
        direction,
        ends: found.ends,
        safe_value,
        safe: q.safe,
        median_value,
        mean_value: mean(&inside, q.level).ok(),
        below_range: count(Threshold::BelowRange),
        above_range: count(Threshold::AboveRange),
        claim,
        depends_on,
        boundary,
        boundary_at,
        stops: found.stops,
        limits,
        above,
        overflow_metric: q.overflow_metric.clone(),
        cycles: q.cycles,
        thresholds: found.thresholds,
        replications,
        partial: found.partial,
        level: q.level,
    })
}

/// Whether a future with this threshold sustains `value`.
fn sustained_at(direction: Direction, threshold: f64, value: f64) -> bool {
    match direction {
        Direction::MoreIsWorse => threshold >= value,
        Direction::MoreIsBetter => threshold <= value,
    }
}

/// The unknowns with which the threshold moves, the strongest first.
fn depends_on(names: &[String], ranks: &[Vec<f64>], numbers: &[f64]) -> Vec<Dependence> {
    let mut depends_on: Vec<Dependence> = names
        .iter()
        .enumerate()
        .map(|(j, name)| {
            let column: Vec<f64> = ranks.iter().map(|r| r[j]).collect();
            Dependence {
                unknown: name.clone(),
                correlation: rank_correlation(&column, numbers),
            }
        })
        .filter(|d| {
            // Under independence a rank correlation of n pairs has standard deviation 1 / sqrt(n - 1); three of them are
            // asked for before an unknown is named.
            d.correlation.is_finite()
                && d.correlation.abs() > 3.0 / ((numbers.len().max(2) - 1) as f64).sqrt()
        })
        .collect();
    depends_on.sort_by(|a, b| b.correlation.abs().total_cmp(&a.correlation.abs()));
    depends_on
}

/// What follows for a claim from the share of futures that sustain it.
fn verdict(found: &Estimate, q: &CapacityQuestion, depends_on: &[Dependence]) -> ClaimVerdict {
    let decided = |e: &Estimate| {
        e.low >= q.safe || e.high <= 1.0 - q.safe || (e.low > 1.0 - q.safe && e.high < q.safe)
    };
    if found.low >= q.safe {
        ClaimVerdict::Yes
    } else if found.high <= 1.0 - q.safe {
        ClaimVerdict::No
    } else if decided(found) {
        ClaimVerdict::Depends {
            on: depends_on.iter().map(|d| d.unknown.clone()).collect(),
        }
    } else {
        ClaimVerdict::NotShown {
            more: more_to_decide(found, decided),
        }
    }
}

/// About how many more replications decide, if the share stays: none beyond ten million.
fn more_to_decide(found: &Estimate, decided: impl Fn(&Estimate) -> bool) -> Option<u64> {
    const MOST: u64 = 10_000_000;
    let enough = |n: u64| {
        let hits = (found.value * n as f64).round() as u64;
        share(hits, n, found.level).is_ok_and(|e| decided(&e))
    };
    let n = found.n as u64;
    let mut high = 2 * n.max(1);
    while !enough(high) {
        high *= 2;
        if high > MOST {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high - n)
}

/// A value as the file writes it.
fn written(x: f64, step: f64, unit: &str) -> String {
    let number = if step.fract() == 0.0 && x.fract() == 0.0 {
        format!("{x:.0}")
    } else {
        format!("{x}")
    };
    if unit.is_empty() {
        number
    } else {
        format!("\"{number} {unit}\"")
    }
}

/// Which load is the greatest one step beyond each replication's threshold, as shares of the replications looked at.
fn limits<X: Experiment>(
    experiment: &X,
    q: &CapacityQuestion,
    direction: Direction,
    numbers: &[f64],
    at: &impl Fn(f64) -> Design,
) -> Result<Vec<(String, f64)>, QuestionError> {
    if q.load_metrics.is_empty() {
        return Ok(Vec::new());
    }
    let columns: Vec<usize> = q
        .load_metrics
        .iter()
        .map(|m| experiment.column(m))
        .collect::<Result<_, _>>()?;
    // Sixty replications tell which place limits; more would only cost time.
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    let mut looked = 0u64;
    for (r, &threshold) in numbers.iter().enumerate().take(60) {
        // A future that sustains all of the range is not limited in it.
        let value = match (direction, threshold.is_finite()) {
            (Direction::MoreIsWorse, true) => threshold + q.range.step,
            (Direction::MoreIsBetter, true) => threshold - q.range.step,
            (Direction::MoreIsWorse, false) if threshold < 0.0 => q.range.low,
            (Direction::MoreIsBetter, false) if threshold > 0.0 => q.range.high,
            _ => continue,
        };
        let row = experiment.run_each_within(&[(at(value), r as u64)], &columns, LOTS_MOST)?;
        let best = row
            .values
            .iter()
            .enumerate()
            .filter(|(_, load)| !load.is_nan())
            .max_by(|a, b| a.1.total_cmp(b.1));
        if let Some((i, _)) = best {
            *counts.entry(i).or_default() += 1;
            looked += 1;
        }
    }
    let mut limits: Vec<(String, f64)> = counts
        .iter()
        .map(|(&i, &n)| (q.load_metrics[i].clone(), n as f64 / looked as f64))
        .collect();
    limits.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(limits)
}

/// What happens at a few values above the median threshold.
fn above<X: Experiment>(
    experiment: &X,
    q: &CapacityQuestion,
    numbers: &[f64],
    median: &Estimate,
    at: &impl Fn(f64) -> Design,
) -> Result<Vec<Above>, QuestionError> {
    if !median.value.is_finite() {
        return Ok(Vec::new());
    }
    let overflow = q
        .overflow_metric
        .as_ref()
        .map(|m| experiment.column(m))
        .transpose()?;
    let mut values: Vec<f64> = [1.1, 1.25, 1.5, 2.0]
        .iter()
        .map(|f| {
            q.range.low + (((median.value * f - q.range.low) / q.range.step).ceil()) * q.range.step
        })
        .filter(|v| *v <= q.range.high)
        .collect();
    values.dedup();
    let n = q.replications.min(200);
    values
        .into_iter()
        .map(|value| {
            let held = numbers.iter().filter(|&&t| t >= value).count() as u64;
            let sustained =
                share(held, numbers.len() as u64, q.level).map_err(estimate_error(&q.path))?;
            let overflow = match overflow {
                Some(c) => {
                    let column = experiment.run(&at(value), 0..n)?.column(c);
                    let lost: Vec<f64> = column
                        .iter()
                        .zip(numbers)
                        .filter(|(_, t)| **t < value)
                        .map(|(x, _)| *x)
                        .collect();
                    mean(&lost, q.level).ok()
                }
                None => None,
            };
            Ok(Above {
                value,
                overflow,
                sustained,
            })
        })
        .collect()
}

/// Counts sustaining replications in five by five cells of the two strongest unknowns.
fn boundary(
    depends_on: &[Dependence],
    names: &[String],
    ranks: &[Vec<f64>],
    sustained: &[bool],
) -> Vec<BoundaryCell> {
    const CELLS: usize = 5;
    let index = |d: &Dependence| names.iter().position(|n| *n == d.unknown);
    let [first, second, ..] = depends_on else {
        return Vec::new();
    };
    let (Some(a), Some(b)) = (index(first), index(second)) else {
        return Vec::new();
    };
    let cell = |u: f64| ((u * CELLS as f64) as usize).min(CELLS - 1);
    let edges = |i: usize| (i as f64 / CELLS as f64, (i + 1) as f64 / CELLS as f64);
    (0..CELLS * CELLS)
        .map(|i| {
            let (x, y) = (i / CELLS, i % CELLS);
            let inside: Vec<bool> = ranks
                .iter()
                .zip(sustained)
                .filter(|(r, _)| cell(r[a]) == x && cell(r[b]) == y)
                .map(|(_, &held)| held)
                .collect();
            BoundaryCell {
                first: edges(x),
                second: edges(y),
                n: inside.len() as u64,
                sustained: inside.iter().filter(|&&held| held).count() as u64,
            }
        })
        .collect()
}

/// Spearman's rank correlation, ties at their mean rank.
fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (ranks_of(x), ranks_of(y));
    let middle = (x.len() as f64 - 1.0) / 2.0;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(&y) {
        let (a, b) = (a - middle, b - middle);
        xy += a * b;
        xx += a * a;
        yy += b * b;
    }
    xy / (xx * yy).sqrt()
}

fn ranks_of(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let mut ranks = vec![0.0; x.len()];
    let mut i = 0;
    while i < order.len() {
        let mut j = i;
        while j + 1 < order.len() && x[order[j + 1]] == x[order[i]] {
            j += 1;
        }
        let rank = (i + j) as f64 / 2.0;
        order[i..=j].iter().for_each(|&k| ranks[k] = rank);
        i = j + 1;
    }
    ranks
}
