//! What a flow means to those who wait for it: tonnes a head, share of the earlier trade, days of need covered.

pub mod words;

use serde::Serialize;
use thiserror::Error;

use super::{QuestionError, estimate_error};
use crate::estimate::{Estimate, mean};
use crate::experiment::{Design, Experiment};
use crate::simulated::Simulated;
use crate::stops::Stops;

/// Tonnes of a lot whose class has no mass in the file, if nothing else is said: a loaded wagon.
pub const TONNES_A_LOT: f64 = 40.0;

/// The flow of one goods class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassFlow {
    /// Name of the class.
    pub class: String,
    /// Tonnes a year that leave the gateway.
    pub tonnes_a_year: f64,
    /// What one person needs, in kilograms a year; none if not given.
    pub need_kg_a_head_year: Option<f64>,
}

/// What the flow of one class means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassMeaning {
    /// Name of the class.
    pub class: String,
    /// Tonnes a year.
    pub tonnes_a_year: f64,
    /// Kilograms a head and year.
    pub kg_a_head_year: f64,
    /// Days of a year's need that a year's flow covers (365 = all of it); none without a need.
    pub days_of_need: Option<f64>,
    /// People whose whole need it covers; none without a need.
    pub people_covered: Option<f64>,
}

/// What the flow means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Meaning {
    /// All classes together, in tonnes a year.
    pub tonnes_a_year: f64,
    /// Kilograms a head and year.
    pub kg_a_head_year: f64,
    /// Share of the earlier trade; none if that is not given.
    pub share_of_before: Option<f64>,
    /// Class by class.
    pub classes: Vec<ClassMeaning>,
}

/// Why the question has no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NeedError {
    /// Nobody to supply, or a negative amount.
    #[error("{what} must be {expected}; it is {value}")]
    Value {
        /// Which number.
        what: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        value: f64,
    },
}

/// Sets a flow against a population and the earlier trade.
///
/// * `population` — people.
/// * `before_tonnes_a_year` — what the trade carried before, over all classes.
///
/// # Errors
/// [`NeedError::Value`] for numbers that mean nothing.
pub fn meaning(
    flows: &[ClassFlow],
    population: f64,
    before_tonnes_a_year: Option<f64>,
) -> Result<Meaning, NeedError> {
    let check = |what: &str, value: f64, sound: bool, expected: &'static str| {
        if sound {
            Ok(())
        } else {
            Err(NeedError::Value {
                what: what.to_owned(),
                expected,
                value,
            })
        }
    };
    check(
        "the population",
        population,
        population > 0.0 && population.is_finite(),
        "above 0",
    )?;
    if let Some(b) = before_tonnes_a_year {
        check("the earlier trade", b, b > 0.0 && b.is_finite(), "above 0")?;
    }
    for flow in flows {
        let what = format!("the flow of {}", flow.class);
        check(
            &what,
            flow.tonnes_a_year,
            flow.tonnes_a_year >= 0.0,
            "0 or more",
        )?;
        if let Some(need) = flow.need_kg_a_head_year {
            check(
                &format!("the need of {}", flow.class),
                need,
                need > 0.0,
                "above 0",
            )?;
        }
    }
    let total: f64 = flows.iter().map(|f| f.tonnes_a_year).sum();
    Ok(Meaning {
        tonnes_a_year: total,
        kg_a_head_year: 1000.0 * total / population,
        share_of_before: before_tonnes_a_year.map(|b| total / b),
        classes: flows
            .iter()
            .map(|f| {
                let a_head = 1000.0 * f.tonnes_a_year / population;
                ClassMeaning {
                    class: f.class.clone(),
                    tonnes_a_year: f.tonnes_a_year,
                    kg_a_head_year: a_head,
                    days_of_need: f.need_kg_a_head_year.map(|n| 365.0 * a_head / n),
                    people_covered: f.need_kg_a_head_year.map(|n| 1000.0 * f.tonnes_a_year / n),
                }
            })
            .collect(),
    })
}

/// What is asked of `plan need`.
#[derive(Clone, Copy, Debug)]
pub struct NeedQuestion<'a> {
    /// People.
    pub population: f64,
    /// Earlier trade, in tonnes a year.
    pub before: Option<f64>,
    /// Need of one person in kilograms a year, by class.
    pub needs: &'a [(String, f64)],
    /// Tonnes per lot, for classes without a mass in the file.
    pub tonnes_a_lot: f64,
    /// Replications.
    pub replications: u64,
    /// Level of the intervals.
    pub level: f64,
}

/// The flow and what it means, at the mean and at both ends of its interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NeedMet {
    /// Lots dispatched a year, by class, in the order of `mean.classes`.
    pub lots_a_year: Vec<Estimate>,
    /// Tonnes a lot, by class.
    pub tonnes_a_lot: Vec<f64>,
    /// What the mean flow means.
    pub mean: Meaning,
    /// What the flow at the lower ends means.
    pub low: Meaning,
    /// What the flow at the upper ends means.
    pub high: Meaning,
    /// Length of the run in days.
    pub days: f64,
    /// Futures that came to a stop.
    pub stops: Stops,
    /// Replications that were run.
    pub replications: u64,
}

/// Plays the gateway and says what its flow means.
///
/// # Errors
/// [`QuestionError`].
pub fn ask(
    experiment: &Simulated<'_>,
    question: &NeedQuestion<'_>,
) -> Result<NeedMet, QuestionError> {
    let gateway = experiment.gateway();
    let rows = experiment.run(&Design::base(), 0..question.replications)?;
    let days = gateway.length.hours() / 24.0;
    let typical: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let mut lots = Vec::new();
    let mut tonnes = Vec::new();
    for goods in &gateway.goods {
        let metric = lazaret_sim::metrics::goods::DISPATCHED.of(&goods.name);
        let counted = rows.column(experiment.column(&metric)?);
        let yearly: Vec<f64> = counted.iter().map(|n| n * 365.0 / days).collect();
        lots.push(mean(&yearly, question.level).map_err(estimate_error(&metric))?);
        let mass = goods
            .mass
            .as_ref()
            .and_then(|m| m.resolve(&typical).ok())
            .map(|d| d.mean() / 1000.0);
        tonnes.push(mass.unwrap_or(question.tonnes_a_lot));
    }
    let at = |pick: fn(&Estimate) -> f64| -> Result<Meaning, QuestionError> {
        let flows: Vec<ClassFlow> = gateway
            .goods
            .iter()
            .zip(&lots)
            .zip(&tonnes)
            .map(|((g, e), t)| ClassFlow {
                class: g.name.clone(),
                tonnes_a_year: pick(e).max(0.0) * t,
                need_kg_a_head_year: question.needs.iter().find(|n| n.0 == g.name).map(|n| n.1),
            })
            .collect();
        meaning(&flows, question.population, question.before)
            .map_err(|e| QuestionError::Setting(e.to_string()))
    };
    let (mean, low, high) = (at(|e| e.value)?, at(|e| e.low)?, at(|e| e.high)?);
    Ok(NeedMet {
        lots_a_year: lots,
        tonnes_a_lot: tonnes,
        mean,
        low,
        high,
        days,
        stops: Stops::count(experiment, &rows),
        replications: question.replications,
    })
}
