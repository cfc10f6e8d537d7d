//! What is believed of the unknowns before any evidence: the `[unknown]` section as a prior that can be sampled.

use lazaret_gateway::distribution::Distribution;
use lazaret_gateway::model::Gateway;
use lazaret_smc::prior::{Density, Independent, Table};

/// The prior of the unknowns of a gateway.
pub struct Belief {
    /// The prior of the sampler's θ. Its entries are unknowns, or ranks that stand for one of certain values.
    pub prior: Independent,
    /// How each unknown of the file follows from θ.
    decode: Vec<Decode>,
}

#[derive(Clone, Debug)]
enum Decode {
    /// A number that is known after all.
    Known(f64),
    /// Entry of θ.
    Same(usize),
    /// Entry of θ is a rank.
    Ranked(usize, Table),
}

impl Belief {
    /// The prior of `gateway`.
    #[must_use]
    pub fn of(gateway: &Gateway) -> Self {
        let mut prior = Independent::new();
        let mut decode = Vec::new();
        let mut entries = 0;
        for unknown in &gateway.unknowns {
            let (density, table) = match density(&unknown.prior) {
                Shape::Known(value) => {
                    decode.push(Decode::Known(value));
                    continue;
                }
                Shape::Density(density) => (density, None),
                Shape::Values(values) => match Table::new(&values) {
                    Some(table) => (
                        Density::Uniform {
                            low: 0.0,
                            high: 1.0,
                        },
                        Some(table),
                    ),
                    None => {
                        decode.push(Decode::Known(unknown.prior.mean()));
                        continue;
                    }
                },
            };
            prior.push(unknown.name.clone(), Box::new(density));
            decode.push(match table {
                None => Decode::Same(entries),
                Some(table) => Decode::Ranked(entries, table),
            });
            entries += 1;
        }
        Self { prior, decode }
    }

    /// Values of the unknowns of the file, in base units, under `theta`.
    #[must_use]
    pub fn unknowns(&self, theta: &[f64]) -> Vec<f64> {
        self.decode
            .iter()
            .map(|decode| match decode {
                Decode::Known(value) => *value,
                Decode::Same(at) => theta[*at],
                Decode::Ranked(at, table) => table.value(theta[*at]),
            })
            .collect()
    }
}

enum Shape {
    Known(f64),
    Density(Density),
    Values(Vec<(f64, f64)>),
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
            return Shape::Values(values.collect());
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
            return Shape::Values(values.collect());
        }
        Distribution::Discrete { ref table } => {
            let mut below = 0.0;
            let values = table.iter().map(|&(value, cumulative)| {
                let weight = cumulative - below;
                below = cumulative;
                (value, weight)
            });
            return Shape::Values(values.collect());
        }
        Distribution::Empirical { ref values } => {
            return Shape::Values(values.iter().map(|value| (*value, 1.0)).collect());
        }
    })
}
