//! What is believed of the unknowns before any evidence: the `[unknown]` section as a prior that can be sampled.

use lazaret_gateway::distribution::Distribution;
use lazaret_gateway::model::Gateway;
use lazaret_smc::prior::{Density, Independent, Prior, Table};

use std::collections::BTreeMap;

use crate::changes::{Changes, Changing, Law, Path, Scale, together};
use crate::kernel::day_of;

/// The prior of the unknowns of a gateway.
pub struct Belief {
    /// The prior of the sampler's θ. Its entries are unknowns, ranks that stand for one of certain values, or steps by which
    /// unknowns change up to the last day of the evidence.
    pub prior: Independent,
    /// How each unknown of the file follows from θ.
    decode: Vec<Decode>,
    /// What each unknown of the file is before any evidence, and how it may change.
    unknowns: Vec<(String, Shape, Option<Law>)>,
    last: usize,
}

#[derive(Clone, Debug)]
enum Decode {
    /// A number that is known after all.
    Known(f64),
    /// Entry of θ.
    Same(usize),
    /// Entry of θ is a rank.
    Ranked(usize, Table),
    /// It changes over time.
    Changes(Changing),
}

impl Belief {
    /// The prior of `gateway`, in which nothing changes.
    #[must_use]
    pub fn of(gateway: &Gateway) -> Self {
        Self::changing(gateway, &BTreeMap::new(), 0)
    }

    /// The prior of `gateway` whose unknowns may change.
    ///
    /// * `changes` — by the name of the unknown; names that the file does not have say nothing.
    /// * `last` — the last day of the evidence that will be weighed.
    #[must_use]
    pub fn changing(gateway: &Gateway, changes: &BTreeMap<String, Changes>, last: usize) -> Self {
        let unknowns = gateway.unknowns.iter().map(|unknown| {
            let law = changes.get(&unknown.name).map(|law| match law {
                Changes::Walk(share) => Law::Walk(*share),
                Changes::Regimes(days) => Law::Regimes(*days),
                Changes::On(date, chance) => {
                    Law::On(usize::try_from(day_of(gateway, *date)).ok(), *chance)
                }
            });
            (unknown.name.clone(), density(&unknown.prior), law)
        });
        Self::build(unknowns.collect(), last)
    }

    /// The same for evidence that reaches to day `last`.
    #[must_use]
    pub fn seen_until(&self, last: usize) -> Self {
        Self::build(self.unknowns.clone(), last)
    }

    fn build(unknowns: Vec<(String, Shape, Option<Law>)>, last: usize) -> Self {
        let mut prior = Independent::new();
        let mut decode = Vec::new();
        for (number, (name, shape, law)) in unknowns.iter().enumerate() {
            let scale = match shape {
                Shape::Known(value) => {
                    decode.push(Decode::Known(*value));
                    continue;
                }
                Shape::Density(density) => Scale::Density(density.clone()),
                Shape::Values(values, mean) => match Table::new(values) {
                    Some(table) => Scale::Table(table),
                    None => {
                        decode.push(Decode::Known(*mean));
                        continue;
                    }
                },
            };
            let at = prior.names().len();
            let entry = match &scale {
                Scale::Density(density) => density.clone(),
                Scale::Table(_) => Density::Uniform {
                    low: 0.0,
                    high: 1.0,
                },
            };
            prior.push(name.clone(), Box::new(entry));
            decode.push(match (law, scale) {
                (Some(law), scale) => {
                    let place = (at, number as u64);
                    let into = (name.as_str(), &mut prior);
                    Decode::Changes(Changing::new(*law, scale, place, last, into))
                }
                (None, Scale::Density(_)) => Decode::Same(at),
                (None, Scale::Table(table)) => Decode::Ranked(at, table),
            });
        }
        Self {
            prior,
            decode,
            unknowns,
            last,
        }
    }

    /// Whether any unknown changes over time.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.decode.iter().any(|d| matches!(d, Decode::Changes(_)))
    }

    /// Whether the unknown number `at` changes over time.
    #[must_use]
    pub fn changes_at(&self, at: usize) -> bool {
        matches!(self.decode.get(at), Some(Decode::Changes(_)))
    }

    /// Values of the unknowns of the file, in base units, under `theta`; of what changes, those of the last day of the evidence.
    #[must_use]
    pub fn unknowns(&self, theta: &[f64]) -> Vec<f64> {
        self.each(theta, self.last)
            .into_iter()
            .map(|path| path.last().map_or(f64::NAN, |(_, value)| *value))
            .collect()
    }

    /// Values of the unknowns of the file under `theta`, with the days from which they are so, up to day `until`.
    #[must_use]
    pub fn path(&self, theta: &[f64], until: usize) -> Path {
        together(&self.each(theta, until))
    }

    fn each(&self, theta: &[f64], until: usize) -> Vec<Vec<(usize, f64)>> {
        self.decode
            .iter()
            .map(|decode| match decode {
                Decode::Known(value) => vec![(0, *value)],
                Decode::Same(at) => vec![(0, theta[*at])],
                Decode::Ranked(at, table) => vec![(0, table.value(theta[*at]))],
                Decode::Changes(changing) => changing.path(theta, until),
            })
            .collect()
    }
}

#[derive(Clone, Debug)]
enum Shape {
    Known(f64),
    Density(Density),
    /// Values with their weights, and their mean.
    Values(Vec<(f64, f64)>, f64),
}

fn density(of: &Distribution) -> Shape {
    Shape::Density(match *of {
        Distribution::Constant { value } => return Shape::Known(value),
        Distribution::Uniform { low, high }
        | Distribution::Triangular { low, high, .. }
        | Distribution::Pert { low, high, .. }
            if low >= high =>
        {
            return Shape::Known(low);
        }
        Distribution::Uniform { low, high } => Density::Uniform { low, high },
        Distribution::UniformInt { low, high } => {
            let values = (low..=high).take(100_000).map(|v| (v as f64, 1.0));
            return Shape::Values(values.collect(), of.mean());
        }
        Distribution::Triangular { low, mode, high } => Density::Triangular { low, mode, high },
        Distribution::Pert { low, mode, high } => {
            let a = 1.0 + 4.0 * (mode - low) / (high - low);
            Density::ScaledBeta {
                a,
                b: 6.0 - a,
                low,
                high,
            }
        }
        Distribution::Exponential { mean } => Density::Exponential { rate: 1.0 / mean },
        Distribution::Normal { mean, sd: 0.0, .. } => return Shape::Known(mean),
        Distribution::Normal {
            mean,
            sd,
            low,
            high,
        } => Density::CutNormal {
            mean,
            sd,
            low,
            high,
        },
        Distribution::LogNormal { mean, sd: 0.0 } => return Shape::Known(mean),
        Distribution::LogNormal { mean, sd } => {
            let variance = (sd / mean).powi(2).ln_1p();
            Density::LogNormal {
                mean_log: mean.ln() - variance / 2.0,
                sd_log: variance.sqrt(),
            }
        }
        Distribution::Gamma { mean, sd } => Density::Gamma {
            shape: (mean / sd).powi(2),
            rate: mean / (sd * sd),
        },
        Distribution::Erlang { k, mean } => Density::Gamma {
            shape: f64::from(k),
            rate: f64::from(k) / mean,
        },
        Distribution::Weibull { shape, scale } => Density::Weibull { shape, scale },
        Distribution::Poisson { mean } => {
            let most = (mean + 12.0 * mean.sqrt() + 12.0) as u64;
            let mut log = -mean;
            let values = (0..=most).map(|k| {
                if k > 0 {
                    log += mean.ln() - (k as f64).ln();
                }
                (k as f64, log.exp())
            });
            return Shape::Values(values.collect(), of.mean());
        }
        Distribution::Discrete { ref table } => {
            let mut below = 0.0;
            let values = table.iter().map(|&(value, cumulative)| {
                let weight = cumulative - below;
                below = cumulative;
                (value, weight)
            });
            return Shape::Values(values.collect(), of.mean());
        }
        Distribution::Empirical { ref values } => {
            let values = values.iter().map(|value| (*value, 1.0));
            return Shape::Values(values.collect(), of.mean());
        }
    })
}
