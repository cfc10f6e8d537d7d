//! The hazard file: what is feared, how it decays, what is done about it.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::uncertain::Uncertain;

/// A hazard file that passed its checks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hazard {
    /// What is feared and where its numbers come from.
    pub hazard: About,
    /// Decay by goods.
    pub goods: BTreeMap<String, GoodsDecay>,
    /// The hold.
    pub hold: Hold,
    /// Treatment before the hold, if any.
    pub treatment: Option<TreatmentInput>,
    /// Test, if any.
    pub test: Option<TestInput>,
    /// The target.
    pub target: Target,
}

/// What is feared.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Name of the hazard.
    pub name: String,
    /// Sources of the numbers.
    #[serde(default)]
    pub sources: Vec<String>,
    /// What is assumed for want of a source.
    #[serde(default)]
    pub assumptions: Vec<String>,
    /// Share of lots that arrive contaminated.
    pub prevalence: Uncertain,
    /// log10 of the infectious units in a contaminated lot; leave out for a risk proportional to the surviving share.
    pub load_log10: Option<Uncertain>,
}

/// Decay in one kind of goods.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoodsDecay {
    /// Half-life, in days unless a unit is given.
    pub half_life: Uncertain,
    /// Temperature at which it was measured, in °C. Needed to reckon with another.
    pub measured_at: Option<f64>,
    /// Degrees of cooling that make the half-life ten times longer (z-value).
    pub tenfold: Option<Uncertain>,
    /// Days before decay starts.
    pub lag: Option<Uncertain>,
    /// Share that decays slowly (biphasic decay).
    pub slow_share: Option<Uncertain>,
    /// Half-life of the slow part.
    pub slow_half_life: Option<Uncertain>,
}

/// The hold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Which goods; may be left out if the file has only one.
    pub goods: Option<String>,
    /// Temperature of the hold in °C; as measured if left out.
    pub temperature: Option<Uncertain>,
    /// Longest hold to consider, in days.
    #[serde(default = "year")]
    pub most_days: f64,
    /// Steps of the table, in days.
    #[serde(default = "week")]
    pub step_days: f64,
}

fn year() -> f64 {
    365.0
}

fn week() -> f64 {
    7.0
}

/// Treatment before the hold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreatmentInput {
    /// Share killed where it works.
    pub efficacy: Uncertain,
    /// Probability that it does not work on a lot.
    pub failure: Option<Uncertain>,
}

/// Test of samples of each lot.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestInput {
    /// Probability that a sample with the hazard tests positive.
    pub sensitivity: Uncertain,
    /// Probability that a sample without it tests negative; 1 if left out.
    pub specificity: Option<Uncertain>,
    /// Samples a lot.
    pub samples: u32,
    /// Share of the samples of a contaminated lot that hold the hazard; 1 if left out.
    pub affected: Option<Uncertain>,
}

/// The target.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Probability, for each lot that arrives, that it is released with a live hazard.
    pub risk: f64,
    /// Share to be inactivated by time alone, such as 0.9999; reported beside the risk.
    pub reduction: Option<f64>,
    /// Probability, over the uncertain inputs, with which the target must be met.
    #[serde(default = "sure")]
    pub confidence: f64,
}

fn sure() -> f64 {
    0.95
}

/// What is wrong with a hazard file.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum HazardError {
    /// It is no TOML, or has names it should not have. The message points at line and column.
    #[error("{0}")]
    Toml(String),
    /// A value outside its range.
    #[error("`{path}` is {value}: {expected}")]
    Value {
        /// Where.
        path: String,
        /// What stands there.
        value: String,
        /// What should.
        expected: String,
    },
}

impl Hazard {
    /// Reads and checks a hazard file.
    ///
    /// # Errors
    /// [`HazardError`], with the place and what is expected there.
    pub fn parse(text: &str) -> Result<Self, HazardError> {
        let hazard: Hazard = toml::from_str(text).map_err(|e| HazardError::Toml(e.to_string()))?;
        hazard.check()?;
        Ok(hazard)
    }

    /// Name and decay of the goods that are held.
    #[must_use]
    pub fn held(&self) -> (&str, &GoodsDecay) {
        let name = match &self.hold.goods {
            Some(name) => name,
            None => self.goods.keys().next().expect("checked on reading"),
        };
        (name, &self.goods[name])
    }

    fn check(&self) -> Result<(), HazardError> {
        self.check_hold()?;
        share("hazard.prevalence", &self.hazard.prevalence)?;
        self.check_goods()?;
        if let Some(t) = &self.treatment {
            share("treatment.efficacy", &t.efficacy)?;
            if let Some(f) = &t.failure {
                share("treatment.failure", f)?;
            }
        }
        if let Some(t) = &self.test {
            share("test.sensitivity", &t.sensitivity)?;
            if let Some(s) = &t.specificity {
                share("test.specificity", s)?;
            }
            if let Some(a) = &t.affected {
                share("test.affected", a)?;
            }
        }
        probability("target.risk", self.target.risk)?;
        probability("target.confidence", self.target.confidence)?;
        if let Some(r) = self.target.reduction {
            probability("target.reduction", r)?;
        }
        Ok(())
    }

    /// Decay of each kind of goods.
    fn check_goods(&self) -> Result<(), HazardError> {
        for (name, goods) in &self.goods {
            positive(&format!("goods.{name}.half_life"), &goods.half_life)?;
            if let Some(z) = &goods.tenfold {
                positive(&format!("goods.{name}.tenfold"), z)?;
            }
            if let Some(lag) = &goods.lag
                && lag.ends().0 < 0.0
            {
                return fail(
                    &format!("goods.{name}.lag"),
                    lag.to_string(),
                    "a time of 0 or more is expected",
                );
            }
            match (&goods.slow_share, &goods.slow_half_life) {
                (Some(w), Some(h)) => {
                    share(&format!("goods.{name}.slow_share"), w)?;
                    positive(&format!("goods.{name}.slow_half_life"), h)?;
                }
                (None, None) => {}
                _ => {
                    return fail(
                        &format!("goods.{name}"),
                        "half of a biphasic decay".into(),
                        "`slow_share` and `slow_half_life` go together",
                    );
                }
            }
        }
        Ok(())
    }

    /// Which goods are held, how warm, and for how long.
    fn check_hold(&self) -> Result<(), HazardError> {
        match &self.hold.goods {
            Some(name) if !self.goods.contains_key(name) => {
                let known: Vec<&str> = self.goods.keys().map(String::as_str).collect();
                return fail(
                    "hold.goods",
                    format!("`{name}`"),
                    &format!("one of {} is expected", known.join(", ")),
                );
            }
            None if self.goods.len() != 1 => {
                return fail(
                    "hold.goods",
                    "left out".into(),
                    &format!(
                        "the file has {} goods; name the one that is held",
                        self.goods.len()
                    ),
                );
            }
            _ => {}
        }
        if self.hold.temperature.is_some() {
            let (name, goods) = self.held();
            if goods.measured_at.is_none() || goods.tenfold.is_none() {
                return fail(
                    &format!("goods.{name}"),
                    "without `measured_at` or `tenfold`".into(),
                    "both are needed to compute the half-life at hold.temperature",
                );
            }
        }
        if !(self.hold.most_days > 0.0 && self.hold.most_days <= 1e5) {
            return fail(
                "hold.most_days",
                self.hold.most_days.to_string(),
                "between 0 and 100000 days are expected",
            );
        }
        if !(self.hold.step_days > 0.0 && self.hold.most_days / self.hold.step_days <= 1e4) {
            return fail(
                "hold.step_days",
                self.hold.step_days.to_string(),
                "a positive step, not finer than a 10000th of most_days, is expected",
            );
        }
        Ok(())
    }
}

/// What is wrong with the value at a path.
fn fail(path: &str, value: String, expected: &str) -> Result<(), HazardError> {
    Err(HazardError::Value {
        path: path.to_owned(),
        value,
        expected: expected.to_owned(),
    })
}

fn share(path: &str, u: &Uncertain) -> Result<(), HazardError> {
    let (low, high) = u.ends();
    if (0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) {
        Ok(())
    } else {
        fail(path, u.to_string(), "a share between 0 and 1 is expected")
    }
}

fn positive(path: &str, u: &Uncertain) -> Result<(), HazardError> {
    if u.ends().0 > 0.0 {
        Ok(())
    } else {
        fail(
            path,
            u.to_string(),
            "only values above 0 are possible; a normal must stay positive four deviations down",
        )
    }
}

fn probability(path: &str, x: f64) -> Result<(), HazardError> {
    if x > 0.0 && x < 1.0 {
        Ok(())
    } else {
        fail(
            path,
            x.to_string(),
            "a number strictly between 0 and 1 is expected",
        )
    }
}
