//! What a flow means to those who wait for it: tonnes a head, share of the trade before, days of need covered.

use serde::Serialize;
use thiserror::Error;

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
    /// Share of the trade before; none if that is not given.
    pub share_of_before: Option<f64>,
    /// Class by class.
    pub classes: Vec<ClassMeaning>,
}

/// Why the question has no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NeedError {
    /// Nobody to supply, or a negative amount.
    #[error("{what} must be {expected}, it is {value}")]
    Value {
        /// Which number.
        what: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        value: f64,
    },
}

/// Sets a flow against a population and the trade before.
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
        check("the trade before", b, b > 0.0 && b.is_finite(), "above 0")?;
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
