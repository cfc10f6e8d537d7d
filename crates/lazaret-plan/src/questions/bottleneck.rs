//! What breaks first, and what one more of each thing would be worth: `lazaret plan bottleneck`.

use serde::Serialize;

use super::{QuestionError, estimate_error, run_all};
use crate::compare::{Difference, Verdict, compare};
use crate::estimate::{Estimate, mean};
use crate::experiment::{Design, Experiment, Rows};
use crate::select::Aim;
use crate::stops::Stops;

/// One more of something.
#[derive(Clone, Debug, PartialEq)]
pub struct OneMore {
    /// What is added, in words: `one more slot in yard`.
    pub what: String,
    /// The design with it.
    pub design: Design,
}

/// What one more of something is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// What is added.
    pub what: String,
    /// The change of the file that adds it.
    pub change: String,
    /// Gain in the metric, positive for better, with its interval and verdict turned the same way.
    pub gain: Difference,
    /// Futures with it that came to a stop.
    pub stops: Stops,
}

/// The answer of `plan bottleneck`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BottleneckAnswer {
    /// The metric in which gains are counted.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Its mean as things are.
    pub now: Estimate,
    /// Futures that came to a stop as things are.
    pub stops: Stops,
    /// All gains, the greatest first.
    pub gains: Vec<Gain>,
    /// Means of the metrics that show where time is lost, as things are: (name, unit, estimate); metrics that are undefined
    /// are left out.
    pub losses: Vec<(String, String, Estimate)>,
    /// Replications of each design.
    pub replications: u64,
    /// True if the user stopped it; what was known by then is given.
    pub partial: bool,
    /// Probability with which all intervals of the gains hold together.
    pub level: f64,
}

/// Ranks what one more of each thing is worth.
///
/// * `metric` — in which gains are counted; `aim` says which way is better.
/// * `losses` — names of metrics shown as they are.
///
/// Gains are paired differences in the same replications, so that the value of one slot among a thousand is not drowned by luck.
///
/// # Errors
/// [`QuestionError`].
pub fn ask<X: Experiment>(
    experiment: &X,
    candidates: &[OneMore],
    metric: &str,
    aim: Aim,
    losses: &[String],
    replications: u64,
    level: f64,
) -> Result<BottleneckAnswer, QuestionError> {
    let column = experiment.column(metric)?;
    let file = Design::base();
    let mut designs = vec![(experiment, &file)];
    designs.extend(candidates.iter().map(|c| (experiment, &c.design)));
    let (rows, partial) = run_all(&designs, replications)?;
    let (base, others) = (&rows[0], &rows[1..]);
    let replications = base.len() as u64;
    let scores =
        |rows: &Rows| -> Vec<f64> { rows.column(column).iter().map(|&x| aim.score(x)).collect() };
    let own = scores(base);
    let theirs: Vec<Vec<f64>> = others.iter().map(scores).collect();
    let fail = estimate_error(metric);
    let now = mean(&base.column(column), level).map_err(&fail)?;
    let mut gains: Vec<Gain> = compare(&own, &theirs, level, None)
        .map_err(&fail)?
        .into_iter()
        .zip(candidates)
        .zip(others)
        .map(|((gain, c), rows)| Gain {
            what: c.what.clone(),
            change: c.design.to_string(),
            gain,
            stops: Stops::count(experiment, rows),
        })
        .collect();
    // Sure gains first, then by size; what makes no difference at all comes last.
    let rank = |g: &Gain| match g.gain.verdict {
        Verdict::Higher => 0,
        Verdict::CannotTell { .. } | Verdict::Same => 1,
        Verdict::Identical => 2,
        Verdict::Lower => 3,
    };
    gains.sort_by(|a, b| {
        rank(a)
            .cmp(&rank(b))
            .then(b.gain.value.total_cmp(&a.gain.value))
    });
    let losses = losses
        .iter()
        .map(|name| {
            let c = experiment.column(name)?;
            let unit = experiment.metrics()[c].unit.clone();
            Ok(mean(&base.column(c), level)
                .ok()
                .map(|e| (name.clone(), unit, e)))
        })
        .collect::<Result<Vec<_>, QuestionError>>()?
        .into_iter()
        .flatten()
        .collect();
    Ok(BottleneckAnswer {
        metric: metric.to_owned(),
        unit: experiment.metrics()[column].unit.clone(),
        now,
        stops: Stops::count(experiment, base),
        gains,
        losses,
        replications,
        partial,
        level,
    })
}
