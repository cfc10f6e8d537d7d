//! What drives the spread: `lazaret plan sensitivity`.

pub mod morris;
pub mod sobol;
pub mod words;

use serde::Serialize;

use super::QuestionError;
use crate::designs::Factor;
use crate::experiment::{Design, Experiment};
use crate::questions::sensitivity::morris::{Effect, MorrisPlan, inside};
use crate::questions::sensitivity::sobol::{Sensitivity, SobolPlan};
use crate::stops::{StopColumns, Stops};

/// One input of the study.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// An unknown of the file, varied over its prior.
    Unknown(String),
    /// A setting of the file, varied evenly over its values.
    Setting(Factor),
}

impl Input {
    /// Its name in tables.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Input::Unknown(name) => name,
            Input::Setting(factor) => &factor.path,
        }
    }

    fn put(&self, design: Design, u: f64) -> Design {
        match self {
            Input::Unknown(name) => design.pin(name.clone(), u),
            Input::Setting(factor) => design.with(factor.path.clone(), factor.values.at(u)),
        }
    }
}

/// The metric whose spread is attributed to inputs, if none is named.
pub const METRIC: &str = lazaret_sim::metrics::lots::TIME_IN_GATEWAY_MEAN.name();

/// Morris trajectories, if nothing else is asked.
pub const TRAJECTORIES: usize = 20;

/// Sobol points a scramble, if nothing else is asked.
pub const ROWS: usize = 64;

/// Scrambles.
pub const SCRAMBLES: usize = 16;

/// Inputs that are measured after the screening, if nothing else is asked.
pub const KEEP: usize = 8;

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Morris trajectories; 0 for no screening.
    pub trajectories: usize,
    /// Sobol points a scramble.
    pub rows: usize,
    /// Scrambles.
    pub scrambles: usize,
    /// Maximum number of inputs that get Sobol indices: the strongest by the screening.
    pub keep: usize,
    /// Seed of the points.
    pub seed: u64,
}

/// An input after screening.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Screened {
    /// Its name.
    pub input: String,
    /// What it does over the whole of its range.
    pub effect: Effect,
    /// Whether it went on to the Sobol indices.
    pub kept: bool,
}

/// The answer of `plan sensitivity`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SensitivityAnswer {
    /// Metric whose spread is attributed to inputs.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The screening, strongest first; empty without one.
    pub screening: Vec<Screened>,
    /// Names of the inputs with indices, in the order of `indices.inputs`.
    pub inputs: Vec<String>,
    /// Indices of the inputs and of chance.
    pub indices: Sensitivity,
    /// Runs made.
    pub runs: u64,
    /// Runs that came to a stop.
    pub stops: Stops,
    /// True if the user stopped it; what was known by then is given.
    pub partial: bool,
}

impl SensitivityAnswer {
    /// Share of the spread due to the inputs: what knowing them would remove.
    #[must_use]
    pub fn owed_to_inputs(&self) -> f64 {
        1.0 - self.owed_to_variability()
    }

    /// Share due to variability: what would remain.
    #[must_use]
    pub fn owed_to_variability(&self) -> f64 {
        self.indices.chance.map_or(0.0, |c| c.total.value)
    }
}

/// The points of a screening are held in memory, and a thousand trajectories are more than any screening needs.
const TRAJECTORIES_MOST: usize = 10_000;

/// Refuses what cannot be run.
fn check(inputs: &[Input], metric: &str, effort: Effort) -> Result<(), QuestionError> {
    if inputs.is_empty() {
        return Err(QuestionError::Setting(
            "the file has no [unknown] and no setting is varied, so there is nothing to attribute the spread to; name one with --vary".into(),
        ));
    }
    for (i, input) in inputs.iter().enumerate() {
        if inputs[..i].iter().any(|other| other.name() == input.name()) {
            return Err(QuestionError::Setting(format!(
                "`{}` is varied twice; remove one",
                input.name()
            )));
        }
        if let Input::Setting(factor) = input {
            let check = factor.values.check(&factor.path);
            check.map_err(|e| QuestionError::Setting(e.to_string()))?;
        }
    }
    if effort.trajectories > TRAJECTORIES_MOST {
        return Err(QuestionError::Setting(format!(
            "{} trajectories exceed the limit of {TRAJECTORIES_MOST}",
            effort.trajectories
        )));
    }
    let kept_most = inputs.len().min(effort.keep.max(1));
    SobolPlan::new(kept_most, effort.rows, effort.scrambles, true, effort.seed).map_err(
        |error| QuestionError::Sobol {
            metric: metric.to_owned(),
            error,
        },
    )?;
    Ok(())
}

/// The inputs by what each does, the strongest first; so many of them go on to the indices.
fn screened(inputs: &[Input], effects: Vec<Effect>, keep: usize) -> Vec<Screened> {
    let mut screening: Vec<Screened> = inputs
        .iter()
        .zip(effects)
        .map(|(i, effect)| Screened {
            input: i.name().to_owned(),
            effect: Effect {
                // A size is never below nothing.
                importance: effect.importance.within(0.0, f64::INFINITY),
                ..effect
            },
            kept: true,
        })
        .collect();
    screening.sort_by(|a, b| {
        b.effect
            .importance
            .value
            .total_cmp(&a.effect.importance.value)
    });
    for dropped in screening.iter_mut().skip(keep.max(1)) {
        dropped.kept = false;
    }
    screening
}

/// Shares the spread of `metric` among inputs and chance.
///
/// # Errors
/// [`QuestionError`].
pub fn ask<X: Experiment>(
    experiment: &X,
    inputs: &[Input],
    metric: &str,
    effort: Effort,
    level: f64,
) -> Result<SensitivityAnswer, QuestionError> {
    check(inputs, metric, effort)?;
    let column = experiment.column(metric)?;
    let stop_columns = StopColumns::of(experiment);
    let columns: Vec<usize> = std::iter::once(column)
        .chain(stop_columns.iter().flat_map(|c| c.all()))
        .collect();
    let mut stops = Stops::default();
    // Runs, counts the stops among them and gives the metric.
    let mut run = |asked: &[(Design, u64)]| -> Result<Vec<f64>, crate::ExperimentError> {
        let rows = experiment.run_each(asked, &columns)?;
        for i in 0..rows.len() {
            match rows.row(i) {
                [_, a, b, c, d] => stops.take([*a, *b, *c, *d]),
                _ => stops.of += 1,
            }
        }
        Ok(rows.column(0))
    };
    let mut runs = 0u64;
    let mut screening: Vec<Screened> = Vec::new();
    let mut kept: Vec<Input> = inputs.to_vec();
    if effort.trajectories >= 2 {
        let plan = MorrisPlan::new(inputs.len(), effort.trajectories, effort.seed);
        let asked: Vec<(Design, u64)> = plan
            .runs()
            .map(|(x, r)| {
                (
                    inputs
                        .iter()
                        .zip(x)
                        .fold(Design::base(), |d, (i, &u)| i.put(d, inside(u))),
                    r,
                )
            })
            .collect();
        let values = run(&asked)?;
        runs += values.len() as u64;
        let effects = plan
            .analyse(&values, level)
            .map_err(super::estimate_error(metric))?;
        screening = screened(inputs, effects, effort.keep);
        kept = inputs
            .iter()
            .filter(|input| screening.iter().any(|s| s.kept && s.input == input.name()))
            .cloned()
            .collect();
    }
    let fail = |error| QuestionError::Sobol {
        metric: metric.to_owned(),
        error,
    };
    let plan = SobolPlan::new(kept.len(), effort.rows, effort.scrambles, true, effort.seed)
        .map_err(fail)?;
    // Scramble by scramble, so that what is stopped keeps the scrambles that are done.
    let size = plan.len() / effort.scrambles;
    let mut values = Vec::with_capacity(plan.len());
    let mut partial = false;
    while values.len() < plan.len() {
        let asked: Vec<(Design, u64)> = (values.len()..values.len() + size)
            .map(|i| {
                let (x, r) = plan.run(i);
                (
                    kept.iter()
                        .zip(&x)
                        .fold(Design::base(), |d, (k, &u)| k.put(d, u)),
                    r,
                )
            })
            .collect();
        match run(&asked) {
            Ok(more) => values.extend(more),
            Err(crate::ExperimentError::Interrupted) if values.len() >= 4 * size => {
                partial = true;
                break;
            }
            Err(other) => return Err(other.into()),
        }
    }
    let plan = if partial {
        plan.first(values.len() / size).map_err(fail)?
    } else {
        plan
    };
    runs += values.len() as u64;
    let indices = plan.analyse(&values, level).map_err(fail)?.possible();
    Ok(SensitivityAnswer {
        metric: metric.to_owned(),
        unit: experiment.metrics()[column].unit.clone(),
        screening,
        inputs: kept.iter().map(|i| i.name().to_owned()).collect(),
        indices,
        runs,
        stops,
        partial,
    })
}
