//! What should be built: `lazaret plan optimise`.
//!
//! Few designs are ranked with a guarantee (KN); many are searched with a surface. Constraints are by probability: a
//! design keeps one if the share of replications that keep it is shown to be at least as asked.

pub mod search;
pub mod words;

use lazaret_vocabulary::near::suggestion;
use serde::{Deserialize, Serialize};

use super::QuestionError;
use crate::condition::{Condition, Judge};
use crate::designs::{DESIGNS_MOST, Factor, Values, grid};
use crate::estimate::{Estimate, mean, mean_and_variance, share};
use crate::experiment::{Design, Experiment};
use crate::kriging::Observation;
use crate::pareto::front;
use crate::questions::optimise::search::{Constraint, propose};
use crate::select::Aim;
use crate::select::kn::{IndifferenceZone, select};
use crate::stops::Stops;
use crate::value::{Value, unit_written};

/// One aim: a metric, or the cost of the design.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AimOf {
    /// Name of the metric; `cost` for the cost model.
    pub metric: String,
    /// True if less is better.
    pub minimise: bool,
}

impl AimOf {
    fn aim(&self) -> Aim {
        if self.minimise {
            Aim::Minimise
        } else {
            Aim::Maximise
        }
    }
}

/// Price of one unit of a decision variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Path of the decision variable.
    pub path: String,
    /// Price of one unit of it.
    pub each: f64,
    /// Units that are there already and cost nothing.
    #[serde(default)]
    pub free: f64,
    /// The unit that has the price, such as `h`. If left out, the one in which all values of the variable are written,
    /// and hours or kilograms if they are written in several.
    #[serde(default)]
    pub unit: Option<String>,
}

impl Price {
    /// What `value` of the variable costs; an error if it is not a number of the price's unit.
    fn of(&self, value: &str) -> Result<f64, QuestionError> {
        let unit = self.unit.as_deref().unwrap_or_default();
        let number = Value::parse(value)
            .and_then(|v| v.in_units_of(unit))
            .map_err(|why| {
                QuestionError::Setting(format!("`{}` = {value} has no price: {why}", self.path))
            })?;
        let cost = self.each * (number - self.free).max(0.0);
        if cost.is_finite() {
            Ok(cost)
        } else {
            Err(QuestionError::Setting(format!(
                "`{}` = {value} is too expensive to compute with, at {} each",
                self.path, self.each
            )))
        }
    }

    /// This price with its unit named.
    fn with_unit(&self, values: &Values) -> Result<Price, QuestionError> {
        let unit = match (&self.unit, values) {
            (Some(unit), _) => unit.clone(),
            (None, Values::Integer(..)) => String::new(),
            (None, Values::Real(_, _, unit)) => unit.clone(),
            (None, Values::Choice(all)) => {
                let first = unit_written(&all[0]);
                if all.iter().all(|v| unit_written(v) == first) {
                    first.to_owned()
                } else {
                    Value::parse(&all[0])
                        .map_or("", Value::usual_unit)
                        .to_owned()
                }
            }
        };
        Ok(Price {
            unit: Some(unit),
            ..self.clone()
        })
    }
}

/// A constraint by probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ByProbability {
    /// What must hold in a replication.
    pub condition: Condition,
    /// In what share of replications.
    pub probability: f64,
}

/// A study.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// Decision variables.
    pub decisions: Vec<Factor>,
    /// One aim or two.
    pub aims: Vec<AimOf>,
    /// Prices; a variable without one costs nothing.
    pub prices: Vec<Price>,
    /// Constraints.
    pub constraints: Vec<ByProbability>,
    /// The difference in the first aim that matters.
    pub matters: f64,
    /// Probability of choosing right.
    pub level: f64,
    /// Replications a design.
    pub replications: u64,
    /// Most designs that are run.
    pub designs: usize,
    /// Seed of the search.
    pub seed: u64,
}

/// One design that was run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// What it is.
    pub design: String,
    /// Its cost.
    pub cost: f64,
    /// Each aim, in order.
    pub aims: Vec<Estimate>,
    /// Share of replications that keep each constraint.
    pub keeps: Vec<Estimate>,
    /// Futures that came to a stop; they keep no constraint.
    pub stops: Stops,
    /// Whether all constraints are kept: shown, or at least not refuted.
    pub feasible: Feasible,
    /// Whether it is on the Pareto front of the feasible designs.
    pub on_front: bool,
}

/// What is known of a design's constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feasible {
    /// Every constraint is shown to be kept.
    Yes,
    /// None is refuted, but not all are shown.
    Open,
    /// One is shown to be broken.
    No,
}

/// How the best was chosen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "method")]
pub enum Method {
    /// Every feasible design was run and the best selected with a guarantee.
    Kn {
        /// The guarantee: right with this probability if the best leads by `matters`.
        level: f64,
        /// The difference that matters.
        matters: f64,
        /// Replications in all.
        replications: u64,
    },
    /// A surface guided the search; no guarantee.
    Surface {
        /// What the surface expects of one more design, in the unit of the first aim. A guess, and no promise.
        improvement_left: f64,
        /// True if no priced number of the best design can be lowered by itself and still be shown to keep the
        /// constraints.
        lowest: bool,
    },
    /// All designs were run and cost alone decides; nothing is random in the aim.
    Certain,
    /// Two aims: the front is the answer.
    Front,
    /// No design was shown to keep, or not to break, the constraints.
    NoneFeasible,
}

/// The answer of `plan optimise`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptimiseAnswer {
    /// The aims.
    pub aims: Vec<AimOf>,
    /// The constraints.
    pub constraints: Vec<ByProbability>,
    /// The prices, each with its unit.
    pub prices: Vec<Price>,
    /// Index into `tried` of the best design; none if no design is feasible, or there are two aims.
    pub best: Option<usize>,
    /// How it was chosen.
    pub method: Method,
    /// All designs that were run.
    pub tried: Vec<Tried>,
    /// Designs there are in all; none if they cannot be counted.
    pub of: Option<usize>,
}

/// Solves a study.
///
/// # Errors
/// [`QuestionError`].
pub fn ask<X: Experiment>(experiment: &X, study: &Study) -> Result<OptimiseAnswer, QuestionError> {
    check(experiment, study)?;
    let study = &Study {
        prices: prices(study)?,
        ..study.clone()
    };
    // Reals have no last value, so a study with one is always searched.
    let countable = study
        .decisions
        .iter()
        .all(|d| !matches!(d.values, Values::Real(..)));
    let all = if countable {
        let count = study
            .decisions
            .iter()
            .try_fold(1usize, |n, d| n.checked_mul(d.values.count(usize::MAX)))
            .filter(|&n| n <= DESIGNS_MOST);
        match count {
            Some(n) if n <= study.designs => Some(
                grid(&study.decisions, usize::MAX)
                    .map_err(|e| QuestionError::Setting(e.to_string()))?,
            ),
            _ => None,
        }
    } else {
        None
    };
    match all {
        Some(designs) => enumerate(experiment, study, &designs),
        None => search(experiment, study),
    }
}

fn check<X: Experiment>(experiment: &X, study: &Study) -> Result<(), QuestionError> {
    let setting = |s: String| Err(QuestionError::Setting(s));
    if study.decisions.is_empty() {
        return setting("the study has no decision: list the choices under [vary]".into());
    }
    crate::designs::check(&study.decisions).map_err(|e| QuestionError::Setting(e.to_string()))?;
    if study.aims.is_empty() || study.aims.len() > 2 {
        return setting(format!(
            "a study has one or two aims; this one has {}",
            study.aims.len()
        ));
    }
    for aim in &study.aims {
        if aim.metric == "cost" {
            if study.prices.is_empty() {
                return setting(
                    "the aim is `cost`, but nothing has a price: add a [[price]] with `path` and `each`".into(),
                );
            }
            if !aim.minimise {
                return setting("the aim `cost` cannot be maximised: remove `maximise`".into());
            }
        } else if let Err(error) = experiment.column(&aim.metric) {
            if let Some(question) = suggestion(&aim.metric, ["cost"]) {
                return setting(format!("there is no metric `{}`; {question}", aim.metric));
            }
            return Err(error.into());
        }
    }
    if !(study.matters > 0.0 && study.matters.is_finite()) {
        return setting(format!(
            "`matters` must be above 0; it is {}",
            study.matters
        ));
    }
    for c in &study.constraints {
        if c.condition.metric == "cost" {
            return setting("`cost` can be an aim but not a constraint".into());
        }
        experiment.column(&c.condition.metric)?;
    }
    for (i, p) in study.prices.iter().enumerate() {
        for (key, x) in [("each", p.each), ("free", p.free)] {
            if !(x >= 0.0 && x.is_finite()) {
                return setting(format!(
                    "`{key}` of the price of `{}` must be 0 or more; it is {x}",
                    p.path
                ));
            }
        }
        if study.prices[..i].iter().any(|q| q.path == p.path) {
            return setting(format!("`{}` has two prices; remove one", p.path));
        }
    }
    if let Some(p) = study
        .prices
        .iter()
        .find(|p| !study.decisions.iter().any(|d| d.path == p.path))
    {
        return setting(format!(
            "`{}` has a price but is not a decision of the study",
            p.path
        ));
    }
    if study.replications < 10 || study.designs < 2 {
        return setting("at least 10 replications and 2 designs are needed".into());
    }
    if study.designs > DESIGNS_MOST {
        return setting(format!(
            "{} designs exceed the limit of {DESIGNS_MOST}",
            study.designs
        ));
    }
    Ok(())
}

/// The prices with their units. Every value that can be named beforehand is priced once, so that what has no price is
/// found before the first run.
fn prices(study: &Study) -> Result<Vec<Price>, QuestionError> {
    study
        .prices
        .iter()
        .filter_map(|p| Some((p, study.decisions.iter().find(|d| d.path == p.path)?)))
        .map(|(price, decision)| {
            let price = price.with_unit(&decision.values)?;
            match &decision.values {
                Values::Choice(all) => all.iter().try_for_each(|v| price.of(v).map(drop))?,
                ends => [0.0, 1.0 - f64::EPSILON]
                    .iter()
                    .try_for_each(|&u| price.of(&ends.at(u)).map(drop))?,
            }
            Ok(price)
        })
        .collect()
}

/// What a design costs: the sum over the prices.
fn cost(study: &Study, design: &Design) -> Result<f64, QuestionError> {
    study
        .prices
        .iter()
        .filter_map(|p| {
            let change = design.changes.iter().rev().find(|c| c.path == p.path)?;
            Some(p.of(&change.value))
        })
        .sum()
}

/// Runs one design and judges it.
fn run<X: Experiment>(
    experiment: &X,
    study: &Study,
    design: &Design,
) -> Result<(Tried, Vec<f64>), QuestionError> {
    let rows = experiment.run(design, 0..study.replications)?;
    let price = cost(study, design)?;
    let column = |metric: &str| -> Result<Vec<f64>, QuestionError> {
        if metric == "cost" {
            return Ok(vec![price; rows.len()]);
        }
        Ok(rows.column(experiment.column(metric)?))
    };
    let aims = study
        .aims
        .iter()
        .map(|a| {
            let found = mean(&column(&a.metric)?, study.level);
            let found = found.map_err(super::estimate_error(&a.metric))?;
            Ok(super::possible(experiment, &a.metric, found))
        })
        .collect::<Result<Vec<_>, QuestionError>>()?;
    let keeps = study
        .constraints
        .iter()
        .map(|c| {
            let judge = Judge::new(experiment, &c.condition)?;
            let held = (0..rows.len())
                .filter(|&i| judge.holds(|at| rows.row(i)[at]))
                .count();
            share(held as u64, rows.len() as u64, study.level)
                .map_err(super::estimate_error(&c.condition.metric))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let stops = Stops::count(experiment, &rows);
    // A constraint says how many futures may break it, and those that stop do. Without one, none may stop.
    let locks_up = study.constraints.is_empty() && stops.stopped > 0;
    let feasible = if locks_up
        || keeps
            .iter()
            .zip(&study.constraints)
            .any(|(k, c)| k.high < c.probability)
    {
        Feasible::No
    } else if keeps
        .iter()
        .zip(&study.constraints)
        .all(|(k, c)| k.low >= c.probability)
    {
        Feasible::Yes
    } else {
        Feasible::Open
    };
    let first = column(&study.aims[0].metric)?;
    Ok((
        Tried {
            design: design.to_string(),
            cost: price,
            aims,
            keeps,
            stops,
            feasible,
            on_front: false,
        },
        first,
    ))
}

/// Marks the front among what is not refuted.
fn mark_front(study: &Study, tried: &mut [Tried]) {
    let candidates: Vec<usize> = (0..tried.len())
        .filter(|&i| tried[i].feasible != Feasible::No)
        .collect();
    let points: Vec<Vec<f64>> = candidates
        .iter()
        .map(|&i| tried[i].aims.iter().map(|a| a.value).collect())
        .collect();
    let aims: Vec<Aim> = study.aims.iter().map(AimOf::aim).collect();
    for i in front(&points, &aims) {
        tried[candidates[i]].on_front = true;
    }
}

/// All designs are few: run each, then select the best of the feasible with a guarantee.
fn enumerate<X: Experiment>(
    experiment: &X,
    study: &Study,
    designs: &[Design],
) -> Result<OptimiseAnswer, QuestionError> {
    let mut tried = Vec::with_capacity(designs.len());
    for design in designs {
        tried.push(run(experiment, study, design)?.0);
    }
    mark_front(study, &mut tried);
    // Designs shown to be feasible come first; only if there is none do those not refuted take their place.
    let of_kind = |kind: Feasible| -> Vec<usize> {
        (0..tried.len())
            .filter(|&i| tried[i].feasible == kind)
            .collect()
    };
    let mut candidates = of_kind(Feasible::Yes);
    if candidates.is_empty() {
        candidates = of_kind(Feasible::Open);
    }
    let first = &study.aims[0];
    let (best, method) = if candidates.is_empty() {
        (None, Method::NoneFeasible)
    } else if study.aims.len() == 2 {
        (None, Method::Front)
    } else if first.metric == "cost" || candidates.len() == 1 {
        let best = candidates.iter().copied().max_by(|&a, &b| {
            let score = |i: usize| first.aim().score(tried[i].aims[0].value);
            score(a).total_cmp(&score(b)).then(b.cmp(&a))
        });
        (best, Method::Certain)
    } else {
        let column = experiment.column(&first.metric)?;
        let zone = IndifferenceZone {
            delta: study.matters,
            level: study.level,
            first: study.replications.min(30),
            aim: first.aim(),
        };
        let selection = select(candidates.len(), zone, 64, |alive, range| {
            alive
                .iter()
                .map(|&a| {
                    Ok(experiment
                        .run(&designs[candidates[a]], range.clone())?
                        .column(column))
                })
                .collect::<Result<Vec<Vec<f64>>, crate::ExperimentError>>()
        })?;
        let replications = selection.used.iter().sum();
        (
            Some(candidates[selection.best]),
            Method::Kn {
                level: study.level,
                matters: study.matters,
                replications,
            },
        )
    };
    Ok(OptimiseAnswer {
        aims: study.aims.clone(),
        constraints: study.constraints.clone(),
        prices: study.prices.clone(),
        best,
        method,
        tried,
        of: Some(designs.len()),
    })
}

/// A point of the cube stands for its design; the middle of a whole number's share makes equal designs equal points.
fn snap(study: &Study, u: &[f64]) -> Vec<f64> {
    study
        .decisions
        .iter()
        .zip(u)
        .map(|(f, &x)| {
            let steps = match &f.values {
                Values::Integer(low, high) => (high - low + 1) as f64,
                Values::Choice(all) => all.len() as f64,
                Values::Real(..) => 65_536.0,
            };
            ((x * steps).floor().min(steps - 1.0) + 0.5) / steps
        })
        .collect()
}

/// The design to build: what is shown to be feasible goes before what is only not refuted.
///
/// * `promised` — the one that the surface takes for the best.
fn choose(study: &Study, tried: &[Tried], promised: Option<usize>) -> Option<usize> {
    let aim = study.aims[0].aim();
    let of_kind = |kind: Feasible| {
        (0..tried.len())
            .filter(|&i| tried[i].feasible == kind)
            .max_by(|&a, &b| {
                let score = |i: usize| aim.score(tried[i].aims[0].value);
                score(a).total_cmp(&score(b)).then(b.cmp(&a))
            })
    };
    // Among those the surface's choice is the best by prediction, where luck plays a part.
    promised
        .filter(|&i| tried[i].feasible == Feasible::Yes && study.aims[0].metric != "cost")
        .or_else(|| of_kind(Feasible::Yes))
        .or_else(|| promised.filter(|&i| tried[i].feasible == Feasible::Open))
        .or_else(|| of_kind(Feasible::Open))
}

/// Designs are many: lay a surface through what was run and look where it promises most.
fn search<X: Experiment>(experiment: &X, study: &Study) -> Result<OptimiseAnswer, QuestionError> {
    let dimensions = study.decisions.len();
    let design_at = |u: &[f64]| {
        study
            .decisions
            .iter()
            .zip(u)
            .fold(Design::base(), |d, (f, &x)| {
                d.with(f.path.clone(), f.values.at(x))
            })
    };
    let snap = |u: &[f64]| snap(study, u);
    let aims: Vec<Aim> = study.aims.iter().map(AimOf::aim).collect();
    let start = (10 * dimensions)
        .clamp(4, (study.designs / 2).max(4))
        .min(study.designs);
    let mut queue: Vec<Vec<f64>> = crate::designs::latin_points(dimensions, start, study.seed)
        .iter()
        .map(|u| snap(u))
        .collect();
    queue.sort_by(|a, b| {
        a.iter()
            .zip(b)
            .map(|(x, y)| x.total_cmp(y))
            .find(|o| o.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    queue.dedup();
    queue.reverse();
    let mut points: Vec<Vec<f64>> = Vec::new();
    let mut tried: Vec<Tried> = Vec::new();
    let mut noises: Vec<Vec<f64>> = Vec::new();
    let mut improvement_left = f64::INFINITY;
    let mut best: Option<usize> = None;
    let mut designs: Vec<Design> = Vec::new();
    let to_lower = Lowering::<X>::designs(study);
    while tried.len() < study.designs - to_lower {
        let at = match queue.pop() {
            Some(at) => at,
            None => {
                let step = tried.len() as u64;
                let (objective, constraints) =
                    surfaces(study, &points, &tried, &noises, &aims, step);
                let proposal = propose(&objective, &constraints, snap, study.seed ^ step)
                    .map_err(|e| QuestionError::Setting(e.to_string()))?;
                improvement_left = proposal.improvement;
                best = proposal.best;
                // Nothing left to gain that matters, or nothing left to try.
                if points.contains(&proposal.at)
                    || (proposal.best.is_some() && proposal.improvement < 0.05 * study.matters)
                {
                    break;
                }
                proposal.at
            }
        };
        let design = design_at(&at);
        let (result, first) = run(experiment, study, &design)?;
        designs.push(design);
        let mut noise = vec![mean_and_variance(&first).1 / first.len() as f64];
        noise.extend(
            result
                .aims
                .iter()
                .skip(1)
                .map(|a| (a.half_width() / 2.0).powi(2)),
        );
        noises.push(noise);
        tried.push(result);
        points.push(at);
    }
    let lowest = if to_lower > 0 {
        let mut lowering = Lowering {
            experiment,
            study,
            designs,
            tried,
        };
        let lowest = lowering.lower()?;
        tried = lowering.tried;
        lowest
    } else {
        false
    };
    mark_front(study, &mut tried);
    let best = choose(study, &tried, best);
    let method = match (best, study.aims.len()) {
        (None, _) => Method::NoneFeasible,
        (_, 2) => Method::Front,
        _ => Method::Surface {
            improvement_left,
            lowest,
        },
    };
    Ok(OptimiseAnswer {
        aims: study.aims.clone(),
        constraints: study.constraints.clone(),
        prices: study.prices.clone(),
        best: if study.aims.len() == 2 { None } else { best },
        method,
        tried,
        of: None,
    })
}

/// Lowers the priced numbers of the best design one at a time, as far as the constraints are shown to be kept.
///
/// A surface tells apart what is a few hundredths of a range apart. Where the range is wide and the best lies at its
/// end, halving the way to it finds it; it assumes for where to look, and only for that, that more of a number keeps
/// constraints at least as well.
struct Lowering<'a, X> {
    experiment: &'a X,
    study: &'a Study,
    designs: Vec<Design>,
    tried: Vec<Tried>,
}

impl<X: Experiment> Lowering<'_, X> {
    /// Designs of the study that are kept back for it; none where cost is not the only aim.
    fn designs(study: &Study) -> usize {
        if study.aims.len() != 1 || study.aims[0].metric != "cost" {
            return 0;
        }
        let halvings: usize = study
            .decisions
            .iter()
            .filter_map(|d| Self::range(study, d))
            .map(|(low, high)| 2 + (i128::from(high) - i128::from(low) + 1).ilog2() as usize)
            .sum();
        halvings.min(study.designs / 2)
    }

    /// The whole numbers of a decision between which its cost grows; none if it has no price or is not a whole number.
    fn range(study: &Study, decision: &Factor) -> Option<(i64, i64)> {
        let Values::Integer(low, high) = decision.values else {
            return None;
        };
        let price = study.prices.iter().find(|p| p.path == decision.path)?;
        let free = price.free.ceil().min(high as f64) as i64;
        (price.each > 0.0).then_some((low.max(free), high))
    }

    /// The cheapest design that is shown to keep the constraints.
    fn best(&self) -> Option<usize> {
        (0..self.tried.len())
            .filter(|&i| self.tried[i].feasible == Feasible::Yes)
            .min_by(|&a, &b| self.tried[a].cost.total_cmp(&self.tried[b].cost))
    }

    /// Runs `design` unless it has been; gives where it is among those tried, or nothing if no more may be run.
    fn at(&mut self, design: &Design) -> Result<Option<usize>, QuestionError> {
        let name = design.to_string();
        if let Some(at) = self.tried.iter().position(|t| t.design == name) {
            return Ok(Some(at));
        }
        if self.tried.len() >= self.study.designs {
            return Ok(None);
        }
        self.tried.push(run(self.experiment, self.study, design)?.0);
        self.designs.push(design.clone());
        Ok(Some(self.tried.len() - 1))
    }

    /// Returns true if in the end no number can be lowered.
    fn lower(&mut self) -> Result<bool, QuestionError> {
        let priced: Vec<(usize, i64, i64)> = (0..self.study.decisions.len())
            .filter_map(|d| {
                let (low, high) = Self::range(self.study, &self.study.decisions[d])?;
                Some((d, low, high))
            })
            .collect();
        if self.best().is_none() {
            // Nothing found keeps them: the most of everything is the last that could.
            let most = self
                .study
                .decisions
                .iter()
                .fold(Design::base(), |d, f| match &f.values {
                    Values::Integer(_, high) => d.with(f.path.clone(), high.to_string()),
                    values => d.with(f.path.clone(), values.at(1.0 - f64::EPSILON)),
                });
            self.at(&most)?;
        }
        loop {
            let mut moved = false;
            for &(decision, low, _) in &priced {
                let Some(best) = self.best() else {
                    return Ok(false);
                };
                let start = self.designs[best].clone();
                let now = start.changes[decision].value.parse().unwrap_or(low);
                let (mut short, mut enough): (i64, i64) = (low, now);
                while short < enough {
                    let middle = short + (enough - short) / 2;
                    let mut design = start.clone();
                    design.changes[decision].value = middle.to_string();
                    let Some(at) = self.at(&design)? else {
                        return Ok(false);
                    };
                    if self.tried[at].feasible == Feasible::Yes {
                        enough = middle;
                        moved = true;
                    } else {
                        short = middle + 1;
                    }
                }
            }
            if !moved {
                return Ok(true);
            }
        }
    }
}

/// Two standard errors of a share, but no more than half of what is left above it.
fn margin(probability: f64, replications: u64) -> f64 {
    let error = (probability * (1.0 - probability) / replications as f64).sqrt();
    (2.0 * error).min((1.0 - probability) / 2.0)
}

/// Surfaces through the aims and the constraints, with less being better everywhere.
///
/// With two aims, each step looks along another weighting of the two, so that the front is found end to end (the idea
/// of ParEGO, Knowles2006, with the weighted sum in place of the Chebyshev norm).
fn surfaces(
    study: &Study,
    points: &[Vec<f64>],
    tried: &[Tried],
    noises: &[Vec<f64>],
    aims: &[Aim],
    step: u64,
) -> (Vec<Observation>, Vec<Constraint>) {
    let loss = |i: usize, a: usize| -aims[a].score(tried[i].aims[a].value);
    let objective: Vec<Observation> = if aims.len() == 1 {
        (0..tried.len())
            .map(|i| Observation {
                at: points[i].clone(),
                mean: loss(i, 0),
                noise: noises[i][0],
            })
            .collect()
    } else {
        let range = |a: usize| {
            let all = (0..tried.len()).map(|i| loss(i, a));
            let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| {
                (l.min(x), h.max(x))
            });
            if high > low { high - low } else { 1.0 }
        };
        let weight = (step % 5) as f64 / 4.0;
        let (w0, w1) = (weight / range(0), (1.0 - weight) / range(1));
        (0..tried.len())
            .map(|i| Observation {
                at: points[i].clone(),
                mean: w0 * loss(i, 0) + w1 * loss(i, 1),
                noise: w0 * w0 * noises[i][0] + w1 * w1 * noises[i].get(1).copied().unwrap_or(0.0),
            })
            .collect()
    };
    let constraints = study
        .constraints
        .iter()
        .enumerate()
        .map(|(c, constraint)| Constraint {
            observations: (0..tried.len())
                .map(|i| {
                    let k = &tried[i].keeps[c];
                    // Agresti and Coull's two successes and two failures keep the noise of a share of 0 or 1 above
                    // zero.
                    let p = (k.value * k.n as f64 + 2.0) / (k.n as f64 + 4.0);
                    Observation {
                        at: points[i].clone(),
                        mean: -k.value,
                        noise: p * (1.0 - p) / (k.n as f64 + 4.0),
                    }
                })
                .collect(),
            // Aim a margin inside, so that the designs found are not only feasible but can be shown to be.
            limit: -(constraint.probability + margin(constraint.probability, study.replications)),
        })
        .collect();
    (objective, constraints)
}
