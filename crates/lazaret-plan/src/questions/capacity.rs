//! What intake can be sustained, on what it depends, and what happens above it: `lazaret plan capacity`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{QuestionError, estimate_error, unless_stopped};
use crate::capacity::{Range, Threshold, thresholds};
use crate::condition::{Condition, Judge, Relation};
use crate::estimate::{Estimate, mean, quantile, share};
use crate::experiment::{Design, Experiment};
use crate::stops::{StopColumns, Stops};

/// When an intake counts as sustained in a replication: a metric is at most a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Sustained {
    /// The metric.
    pub metric: String,
    /// Its limit.
    pub limit: f64,
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
    /// Metrics whose greatest names the place that limits, such as the utilisations of the places.
    pub load_metrics: Vec<String>,
    /// Share of futures in which the safe intake must be sustained.
    pub safe: f64,
    /// Replications.
    pub replications: u64,
    /// Confidence level.
    pub level: f64,
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
    /// It depends: on the unknowns named, strongest first, or on luck if none is.
    Depends {
        /// Names of the unknowns it depends on.
        on: Vec<String>,
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
    /// What "sustained" means here, in words.
    pub criterion: String,
    /// The value sustained in the share `safe` of futures, with the interval of that quantile.
    pub safe_value: Estimate,
    /// The share of futures meant by it.
    pub safe: f64,
    /// The value sustained in half of the futures.
    pub median_value: Estimate,
    /// Mean over the futures whose threshold lies inside the range; none if fewer than two do.
    pub mean_value: Option<Estimate>,
    /// Replications whose threshold lies below the range.
    pub below_range: u64,
    /// Replications that sustain even the end of the range.
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
    /// What happens above.
    pub above: Vec<Above>,
    /// Threshold of each replication.
    pub thresholds: Vec<Threshold>,
    /// Replications.
    pub replications: u64,
    /// True if the user stopped it; what was known by then is given.
    pub partial: bool,
    /// Confidence level of all intervals.
    pub level: f64,
}

/// Answers the question.
///
/// # Errors
/// [`QuestionError`].
pub fn ask<X: Experiment>(
    experiment: &X,
    question: &CapacityQuestion,
) -> Result<CapacityAnswer, QuestionError> {
    let q = question;
    let judge = Judge::new(
        experiment,
        &Condition {
            metric: q.sustained.metric.clone(),
            relation: Relation::AtMost,
            value: q.sustained.limit,
        },
    )?;
    let stop_columns = StopColumns::of(experiment);
    let mut columns = judge.columns();
    columns.extend(stop_columns.iter().flat_map(|c| c.all()));
    // How each future failed at the least value that it was seen to fail at: a bisection comes to it last.
    let mut failed: BTreeMap<u64, [f64; 4]> = BTreeMap::new();
    let at = |x: f64| Design::base().with(q.path.clone(), written(x, q.range.step, &q.unit));
    let mut sustains = |asked: &[(f64, u64)]| {
        let runs: Vec<(Design, u64)> = asked.iter().map(|&(x, r)| (at(x), r)).collect();
        let rows = experiment.run_each(&runs, &columns)?;
        // An undefined metric is not evidence of sustaining anything.
        let answers: Vec<bool> = (0..rows.len())
            .map(|i| {
                let row = rows.row(i);
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
    // Block by block, so that what is stopped keeps the futures that are done.
    let mut found = Vec::new();
    let mut partial = false;
    while (found.len() as u64) < q.replications {
        let from = found.len() as u64;
        match thresholds(
            q.range,
            from..(from + super::BLOCK).min(q.replications),
            &mut sustains,
        ) {
            Ok(more) => found.extend(more),
            Err(crate::capacity::CapacityError::Model(crate::ExperimentError::Interrupted))
                if from > 0 =>
            {
                partial = true;
                break;
            }
            Err(other) => return Err(other.into()),
        }
    }
    let replications = found.len() as u64;
    let mut stops = Stops {
        of: replications,
        ..Stops::default()
    };
    for (_, kinds) in failed.range(..replications) {
        stops.take(*kinds);
        stops.of -= 1;
    }
    let numbers: Vec<f64> = found.iter().map(|t| t.number()).collect();
    let fail = estimate_error(&q.path);
    let safe_value = quantile(&numbers, 1.0 - q.safe, q.level).map_err(&fail)?;
    let median_value = quantile(&numbers, 0.5, q.level).map_err(&fail)?;
    let inside: Vec<f64> = numbers.iter().copied().filter(|x| x.is_finite()).collect();

    let names = experiment.unknowns();
    let ranks: Vec<Vec<f64>> = (0..replications)
        .map(|r| experiment.unknown_ranks(r))
        .collect();
    let mut depends_on: Vec<Dependence> = names
        .iter()
        .enumerate()
        .map(|(j, name)| {
            let column: Vec<f64> = ranks.iter().map(|r| r[j]).collect();
            Dependence {
                unknown: name.clone(),
                correlation: rank_correlation(&column, &numbers),
            }
        })
        .filter(|d| {
            // Under independence a rank correlation of n pairs has standard deviation 1 / sqrt(n - 1); three of them are
            // asked for before an unknown is named.
            d.correlation.is_finite()
                && d.correlation.abs() > 3.0 / ((replications.max(2) - 1) as f64).sqrt()
        })
        .collect();
    depends_on.sort_by(|a, b| b.correlation.abs().total_cmp(&a.correlation.abs()));

    let claim = q
        .claim
        .map(|value| {
            let held = numbers.iter().filter(|&&t| t >= value).count() as u64;
            let share = share(held, replications, q.level).map_err(&fail)?;
            let verdict = if share.low >= q.safe {
                ClaimVerdict::Yes
            } else if share.high <= 1.0 - q.safe {
                ClaimVerdict::No
            } else {
                ClaimVerdict::Depends {
                    on: depends_on.iter().map(|d| d.unknown.clone()).collect(),
                }
            };
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
    let boundary = boundary(&depends_on, &names, &ranks, &numbers, boundary_at);

    let limits = unless_stopped(limits(experiment, q, &numbers, &at))?;
    let above = unless_stopped(above(experiment, q, &numbers, &median_value, &at))?;

    Ok(CapacityAnswer {
        path: q.path.clone(),
        unit: q.unit.clone(),
        criterion: format!("{} is at most {}", q.sustained.metric, q.sustained.limit),
        safe_value,
        safe: q.safe,
        median_value,
        mean_value: mean(&inside, q.level).ok(),
        below_range: found
            .iter()
            .filter(|t| **t == Threshold::BelowRange)
            .count() as u64,
        above_range: found
            .iter()
            .filter(|t| **t == Threshold::AboveRange)
            .count() as u64,
        claim,
        depends_on,
        boundary,
        boundary_at,
        stops,
        limits,
        above,
        thresholds: found,
        replications,
        partial,
        level: q.level,
    })
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

/// Which load is the greatest one step above each replication's threshold, as shares of the replications looked at.
fn limits<X: Experiment>(
    experiment: &X,
    q: &CapacityQuestion,
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
        if threshold == f64::INFINITY {
            continue;
        }
        let value = if threshold.is_finite() {
            threshold + q.range.step
        } else {
            q.range.low
        };
        let row = experiment.run(&at(value), r as u64..r as u64 + 1)?;
        let best = columns
            .iter()
            .enumerate()
            .filter(|(_, c)| !row.values[**c].is_nan())
            .max_by(|a, b| row.values[*a.1].total_cmp(&row.values[*b.1]));
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
    thresholds: &[f64],
    value: f64,
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
            let inside: Vec<f64> = ranks
                .iter()
                .zip(thresholds)
                .filter(|(r, _)| cell(r[a]) == x && cell(r[b]) == y)
                .map(|(_, &t)| t)
                .collect();
            BoundaryCell {
                first: edges(x),
                second: edges(y),
                n: inside.len() as u64,
                sustained: inside.iter().filter(|&&t| t >= value).count() as u64,
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
