//! Is one of these better? `lazaret plan compare`.

pub mod words;

use lazaret_sim::metrics::{gateway, lots};
use serde::Serialize;

use super::{QuestionError, estimate_error, run_all};
use crate::compare::{Difference, compare};
use crate::estimate::{Estimate, mean};
use crate::experiment::{Design, Experiment, Metric};
use crate::stops::Stops;

/// The metrics that are compared if none is named.
pub const METRICS: [&str; 3] = [
    lots::THROUGHPUT.name(),
    lots::TIME_IN_GATEWAY_MEAN.name(),
    gateway::OUTSIDE.name(),
];

/// One metric of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Name of the metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// What it counts.
    pub meaning: String,
    /// The baseline's mean.
    pub baseline: Estimate,
    /// The difference that each alternative makes, in the order of [`CompareAnswer::alternatives`].
    pub differences: Vec<Difference>,
}

/// The answer of `plan compare`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompareAnswer {
    /// What the baseline is.
    pub baseline: String,
    /// What each alternative is.
    pub alternatives: Vec<String>,
    /// Futures of the baseline that came to a stop.
    pub baseline_stops: Stops,
    /// Futures of each alternative that did.
    pub alternative_stops: Vec<Stops>,
    /// One entry a metric asked for.
    pub metrics: Vec<Compared>,
    /// Replications of each design.
    pub replications: u64,
    /// True if the user stopped it; what was known by then is given.
    pub partial: bool,
    /// Probability with which the intervals of one metric hold together.
    pub level: f64,
}

/// Compares alternatives with a baseline in the same replications.
///
/// * `alternatives` — each a model and a design of it; the models may be different files, if they have the metrics.
/// * `metrics` — names of the metrics to compare.
/// * `tolerance` — a difference no larger than this does not matter, in the unit of each metric; none if every one
///   does.
///
/// # Errors
/// [`QuestionError`].
pub fn ask<X: Experiment>(
    baseline: (&X, &Design),
    alternatives: &[(&X, Design)],
    metrics: &[String],
    replications: u64,
    level: f64,
    tolerance: Option<f64>,
) -> Result<CompareAnswer, QuestionError> {
    if alternatives.is_empty() {
        return Err(QuestionError::Setting(
            "there is nothing to compare with; name an alternative".into(),
        ));
    }
    let columns = |x: &X| {
        metrics
            .iter()
            .map(|m| x.column(m))
            .collect::<Result<Vec<usize>, _>>()
    };
    let own_columns = columns(baseline.0)?;
    let other_columns = alternatives
        .iter()
        .map(|(x, _)| columns(x))
        .collect::<Result<Vec<_>, _>>()?;
    let mut designs: Vec<(&X, &Design)> = vec![baseline];
    designs.extend(alternatives.iter().map(|(x, d)| (*x, d)));
    let (rows, partial) = run_all(&designs, replications)?;
    let (base, others) = (&rows[0], &rows[1..]);
    let replications = base.len() as u64;
    let compared = own_columns
        .iter()
        .enumerate()
        .map(|(i, &c)| {
            let Metric {
                name,
                unit,
                meaning,
            } = baseline.0.metrics()[c].clone();
            let own = base.column(c);
            let theirs: Vec<Vec<f64>> = others
                .iter()
                .zip(&other_columns)
                .map(|(rows, at)| rows.column(at[i]))
                .collect();
            let fail = estimate_error(&name);
            let estimate = mean(&own, level).map_err(&fail)?;
            let estimate = super::possible(baseline.0, &name, estimate);
            let differences = compare(&own, &theirs, level, tolerance).map_err(&fail)?;
            Ok(Compared {
                baseline: estimate,
                differences,
                unit,
                meaning,
                metric: name.clone(),
            })
        })
        .collect::<Result<_, QuestionError>>()?;
    Ok(CompareAnswer {
        baseline: baseline.1.to_string(),
        alternatives: alternatives.iter().map(|(_, d)| d.to_string()).collect(),
        baseline_stops: Stops::count(baseline.0, base),
        alternative_stops: alternatives
            .iter()
            .zip(others)
            .map(|((x, _), rows)| Stops::count(*x, rows))
            .collect(),
        metrics: compared,
        replications,
        partial,
        level,
    })
}
