//! From uncertain inputs to a table by days and the shortest hold.

use serde::Serialize;
use thiserror::Error;

use super::file::Hazard;
use super::model::{Decay, Known, Test, Treatment, half_life_at};
use crate::designs::sobol_points;
use crate::uncertain::Uncertain;

/// A quantity over the uncertain inputs: median and an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half of the input sets give less.
    pub median: f64,
    /// Lower end of the interval over the inputs.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Day {
    /// Days held.
    pub days: f64,
    /// Share of the hazard that survives time alone.
    pub survives: Spread,
    /// Probability that a lot that arrives is released with a live hazard.
    pub risk: Spread,
    /// Probability that a released lot carries a live hazard.
    pub risk_released: Spread,
}

/// The shortest hold for a goal; infinity where some input sets never reach it within the longest hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shortest {
    /// Days that suffice for half of the input sets.
    pub median_days: f64,
    /// Days that suffice with the confidence asked for.
    pub sure_days: f64,
    /// Interval over the inputs.
    pub low_days: f64,
    /// Its upper end.
    pub high_days: f64,
    /// Share of the input sets for which no hold up to the longest suffices.
    pub never: f64,
}

/// The answer of `plan hold`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HoldAnswer {
    /// Name of the hazard.
    pub hazard: String,
    /// Goods held.
    pub goods: String,
    /// The table by days.
    pub table: Vec<Day>,
    /// Shortest hold for the target risk.
    pub for_risk: Shortest,
    /// Shortest hold that inactivates the share asked for by time alone.
    pub for_reduction: Option<Shortest>,
    /// Share of clean lots that the test stops.
    pub clean_lots_stopped: Spread,
    /// Level of the intervals over the inputs.
    pub level: f64,
    /// Input sets sampled.
    pub sampled: usize,
}

/// Why there is no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum HoldError {
    /// A sample of the inputs left the range of its quantity, which the file's check should exclude.
    #[error("{0}")]
    Sample(String),
}

/// Answers a hazard file.
///
/// * `level` — level of the intervals over the uncertain inputs, such as 0.95.
/// * `sample` — input sets, best a power of two; 4,096 give quantiles to about a thousandth. One set if all is known.
/// * `seed` — scrambles the sample.
///
/// # Errors
/// [`HoldError::Sample`] if more than 65,536 sets are asked for.
pub fn answer(
    hazard: &Hazard,
    level: f64,
    sample: usize,
    seed: u64,
) -> Result<HoldAnswer, HoldError> {
    let known = sets(hazard, sample, seed)?;
    let spread = |f: &dyn Fn(&Known) -> f64| -> Spread {
        let mut values: Vec<f64> = known.iter().map(f).collect();
        values.sort_by(f64::total_cmp);
        Spread {
            median: at(&values, 0.5),
            low: at(&values, (1.0 - level) / 2.0),
            high: at(&values, f64::midpoint(1.0, level)),
        }
    };
    let shortest = |f: &dyn Fn(&Known) -> f64| -> Shortest {
        let mut days: Vec<f64> = known.iter().map(f).collect();
        days.sort_by(f64::total_cmp);
        Shortest {
            median_days: at(&days, 0.5),
            sure_days: at(&days, hazard.target.confidence),
            low_days: at(&days, (1.0 - level) / 2.0),
            high_days: at(&days, f64::midpoint(1.0, level)),
            never: days.iter().filter(|d| d.is_infinite()).count() as f64 / days.len() as f64,
        }
    };
    let most = hazard.hold.most_days;
    let steps = (most / hazard.hold.step_days + 1e-9).floor() as usize;
    let table = (0..=steps)
        .map(|i| {
            let days = i as f64 * hazard.hold.step_days;
            Day {
                days,
                survives: spread(&|k| k.decay.survives(days)),
                risk: spread(&|k| k.risk_a_lot(days)),
                risk_released: spread(&|k| k.risk_a_released_lot(days)),
            }
        })
        .collect();
    Ok(HoldAnswer {
        hazard: hazard.hazard.name.clone(),
        goods: hazard.held().0.to_owned(),
        table,
        for_risk: shortest(&|k| k.shortest_hold(hazard.target.risk, most)),
        for_reduction: hazard
            .target
            .reduction
            .map(|r| shortest(&|k| k.decay.days_to_inactivate(r))),
        clean_lots_stopped: spread(&|k| 1.0 - k.test.map_or(1.0, |t| t.passes_clean())),
        level,
        sampled: known.len(),
    })
}

/// The order statistic ceil(n p) of sorted values.
fn at(sorted: &[f64], p: f64) -> f64 {
    let n = sorted.len();
    sorted[((n as f64 * p - 1e-9).ceil() as usize).clamp(1, n) - 1]
}

/// Samples sets of known numbers from the uncertain inputs.
fn sets(hazard: &Hazard, sample: usize, seed: u64) -> Result<Vec<Known>, HoldError> {
    let (_, decay) = hazard.held();
    let none = Uncertain::Exactly(0.0);
    let one = Uncertain::Exactly(1.0);
    let forever = Uncertain::Exactly(f64::INFINITY);
    let measured = Uncertain::Exactly(decay.measured_at.unwrap_or(0.0));
    let treatment = hazard.treatment.as_ref();
    let test = hazard.test.as_ref();
    // One place each, so that the sample's columns do not move when an input becomes known.
    let inputs: [&Uncertain; 13] = [
        &hazard.hazard.prevalence,
        hazard.hazard.load_log10.as_ref().unwrap_or(&none),
        &decay.half_life,
        decay.tenfold.as_ref().unwrap_or(&one),
        decay.lag.as_ref().unwrap_or(&none),
        decay.slow_share.as_ref().unwrap_or(&none),
        decay.slow_half_life.as_ref().unwrap_or(&forever),
        hazard.hold.temperature.as_ref().unwrap_or(&measured),
        treatment.map_or(&none, |t| &t.efficacy),
        treatment.and_then(|t| t.failure.as_ref()).unwrap_or(&none),
        test.map_or(&one, |t| &t.sensitivity),
        test.and_then(|t| t.specificity.as_ref()).unwrap_or(&one),
        test.and_then(|t| t.affected.as_ref()).unwrap_or(&one),
    ];
    let sample = if inputs.iter().all(|i| i.is_exact()) {
        1
    } else {
        sample.max(2)
    };
    let points =
        sobol_points(inputs.len(), sample, seed).map_err(|e| HoldError::Sample(e.to_string()))?;
    Ok(points
        .iter()
        .map(|p| {
            let x: Vec<f64> = inputs.iter().zip(p).map(|(i, &u)| i.at(u)).collect();
            let warm = |h: f64| {
                if hazard.hold.temperature.is_some() {
                    half_life_at(h, decay.measured_at.unwrap_or(0.0), x[7], x[3])
                } else {
                    h
                }
            };
            Known {
                prevalence: x[0],
                load_log10: hazard.hazard.load_log10.as_ref().map(|_| x[1]),
                decay: Decay {
                    half_life_days: warm(x[2]),
                    lag_days: x[4],
                    slow_share: x[5],
                    slow_half_life_days: warm(x[6]),
                },
                treatment: treatment.map(|_| Treatment {
                    efficacy: x[8],
                    failure: x[9],
                }),
                test: test.map(|t| Test {
                    sensitivity: x[10],
                    specificity: x[11],
                    samples: t.samples,
                    affected: x[12],
                }),
            }
        })
        .collect())
}
