//! What breaks first, and what one more of each thing would be worth: `lazaret plan bottleneck`.

pub mod defaults;
pub mod words;

use serde::Serialize;

use super::{QuestionError, estimate_error, run_all};
use crate::compare::{Difference, Verdict, compare, difference};
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

/// What to build next, as far as these futures tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Headline {
    /// One gain is shown, matters, and is greater than every other that may matter.
    Build {
        /// Which of the gains.
        gain: usize,
    },
    /// Several may be the greatest, or the greatest is not shown to be a gain.
    Undecided {
        /// Which of the gains, the greatest first.
        between: Vec<usize>,
        /// About how many more replications would decide; none if no number within reach would.
        more: Option<u64>,
    },
    /// No gain can be large enough to matter.
    Nothing,
}

/// A gain smaller than this share of the metric does not matter.
pub const MATTERS: f64 = 0.01;

/// The answer of `plan bottleneck`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BottleneckAnswer {
    /// The metric in which gains are counted.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Why this metric, if it was not asked for.
    pub because: Option<String>,
    /// Its mean as things are.
    pub now: Estimate,
    /// The least gain that matters.
    pub matters: f64,
    /// What to build next.
    pub headline: Headline,
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
    let base_stops = Stops::count(experiment, base);
    let replications = base.len() as u64;
    let scores =
        |rows: &Rows| -> Vec<f64> { rows.column(column).iter().map(|&x| aim.score(x)).collect() };
    let own = scores(base);
    let theirs: Vec<Vec<f64>> = others.iter().map(scores).collect();
    let fail = estimate_error(metric);
    let now = mean(&base.column(column), level).map_err(&fail)?;
    let now = super::possible(experiment, metric, now);
    let matters = MATTERS * now.value.abs();
    let gains: Vec<Gain> = compare(&own, &theirs, level, Some(matters))
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
    let order = by_size(&gains, base_stops);
    let theirs: Vec<&[f64]> = order.iter().map(|&i| theirs[i].as_slice()).collect();
    let gains: Vec<Gain> = order.iter().map(|&i| gains[i].clone()).collect();
    let headline = headline(&gains, &theirs, matters, base_stops, level).map_err(&fail)?;
    let losses = losses
        .iter()
        .map(|name| {
            let c = experiment.column(name)?;
            let unit = experiment.metrics()[c].unit.clone();
            Ok(mean(&base.column(c), level)
                .ok()
                .map(|e| (name.clone(), unit, super::possible(experiment, name, e))))
        })
        .collect::<Result<Vec<_>, QuestionError>>()?
        .into_iter()
        .flatten()
        .collect();
    Ok(BottleneckAnswer {
        metric: metric.to_owned(),
        because: None,
        matters,
        headline,
        unit: experiment.metrics()[column].unit.clone(),
        now,
        stops: base_stops,
        gains,
        losses,
        replications,
        partial,
        level,
    })
}

/// The gains by size; what makes no difference at all, and what makes more futures stop, comes last.
fn by_size(gains: &[Gain], now: Stops) -> Vec<usize> {
    let mut order: Vec<usize> = (0..gains.len()).collect();
    let last = |g: &Gain| (stops_more(g, now), g.gain.verdict == Verdict::Identical);
    order.sort_by(|&a, &b| {
        last(&gains[a])
            .cmp(&last(&gains[b]))
            .then(gains[b].gain.value.total_cmp(&gains[a].gain.value))
    });
    order
}

fn stops_more(gain: &Gain, now: Stops) -> bool {
    gain.stops.stopped > now.stopped
}

/// What to build next: the greatest gain if it is shown and beats all others that may matter.
///
/// * `scores` — the metric with each, more being better, in the order of `gains`, which is by size.
fn headline(
    gains: &[Gain],
    scores: &[&[f64]],
    matters: f64,
    now: Stops,
    level: f64,
) -> Result<Headline, crate::estimate::EstimateError> {
    let may_matter: Vec<usize> = (0..gains.len())
        .filter(|&i| !stops_more(&gains[i], now) && gains[i].gain.high > matters)
        .collect();
    let Some((&first, rivals)) = may_matter.split_first() else {
        return Ok(Headline::Nothing);
    };
    let each = 1.0 - (1.0 - level) / rivals.len().max(1) as f64;
    let mut between = vec![first];
    let mut more = Some(0);
    let mut wanted = |verdict: Verdict| match verdict {
        Verdict::CannotTell { more: n } => {
            more = more.zip(n).map(|(a, b): (u64, u64)| a.max(b));
        }
        // What is the same in every future stays the same in more of them.
        Verdict::Identical => more = None,
        _ => {}
    };
    let lead = &gains[first].gain;
    let shown = lead.low > 0.0 && lead.value >= matters;
    if !shown {
        wanted(lead.verdict);
    }
    for &rival in rivals {
        // In pairs, so that what both owe to the same luck does not hide which is greater.
        let ahead = difference(scores[rival], scores[first], each, None)?;
        if ahead.low <= 0.0 {
            between.push(rival);
            wanted(ahead.verdict);
        }
    }
    Ok(if shown && between.len() == 1 {
        Headline::Build { gain: first }
    } else {
        Headline::Undecided { between, more }
    })
}
