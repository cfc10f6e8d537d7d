//! What is believed of unknown numbers before any data.
//!
//! A [`Prior`] can be drawn from, has a density, and can be *unbounded*: each θ corresponds to a point u of
//! unconstrained space, where a random walk may propose anything. [`Independent`] builds one out of named
//! [`Marginal`]s; the distributions in [`Density`] cover the usual ones and any other type may join by
//! implementing the trait.
//!
//! An unknown that takes certain values only (a number of crews, one of three suppliers) has no density to walk
//! in. Let θ hold a *rank* between 0 and 1 instead, evenly distributed, and look the value up in a [`Table`].
//!
//! ```
//! use lazaret_smc::prior::{Density, Independent, Prior};
//! use lazaret_smc::random::StreamKey;
//!
//! let prior = Independent::new()
//!     .with("rate", Density::Gamma { shape: 2.0, rate: 0.1 })
//!     .with("share", Density::Beta { a: 4.0, b: 1.5 });
//! let theta = prior.sample(&mut StreamKey::new(1).stream());
//! let back = prior.constrain(&prior.unconstrain(&theta));
//! assert!((theta[1] - back[1]).abs() < 1e-12);
//! ```

mod density;
mod table;

use serde::{Deserialize, Serialize};

pub use self::density::Density;
pub use self::table::Table;
use crate::random::Stream;

/// A joint prior of the unknowns θ.
pub trait Prior: Sync {
    /// The names of the unknowns, in the order of θ.
    fn names(&self) -> Vec<String>;

    /// Draws θ.
    fn sample(&self, rng: &mut Stream) -> Vec<f64>;

    /// Log-density at θ, up to nothing: evidence depends on the constant. `-inf` outside the support.
    fn log_density(&self, theta: &[f64]) -> f64;

    /// Takes θ of the support to unconstrained space.
    fn unconstrain(&self, theta: &[f64]) -> Vec<f64>;

    /// The inverse of [`unconstrain`](Self::unconstrain).
    fn constrain(&self, unconstrained: &[f64]) -> Vec<f64>;

    /// log |dθ/du| at the point `unconstrained`: what turns a density of θ into one of u.
    fn log_jacobian(&self, unconstrained: &[f64]) -> f64;

    /// The point u of unconstrained space whose entries have the given ranks, each between 0 and 1, under the prior:
    /// evenly spread ranks give points spread like the prior. `None` if the prior cannot tell; it is then drawn from.
    fn at_ranks(&self, _ranks: &[f64]) -> Option<Vec<f64>> {
        None
    }
}

/// Where an unknown may lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Support {
    /// Any real number.
    Real,
    /// Above a bound; taken to the line by the logarithm.
    Above(f64),
    /// Between two bounds; taken to the line by the logit.
    Between(f64, f64),
}

impl Support {
    /// From the support to the line. Points at or beyond a bound are taken just inside it.
    #[must_use]
    pub fn unconstrain(self, x: f64) -> f64 {
        match self {
            Self::Real => x,
            Self::Above(low) => (x - low).max(f64::MIN_POSITIVE).ln(),
            Self::Between(low, high) => {
                let share = ((x - low) / (high - low)).clamp(1e-300, 1.0 - 1e-16);
                share.ln() - (-share).ln_1p()
            }
        }
    }

    /// From the line to the support.
    #[must_use]
    pub fn constrain(self, u: f64) -> f64 {
        match self {
            Self::Real => u,
            Self::Above(low) => low + u.exp(),
            Self::Between(low, high) => low + (high - low) / (1.0 + (-u).exp()),
        }
    }

    /// log |dx/du|.
    #[must_use]
    pub fn log_jacobian(self, u: f64) -> f64 {
        match self {
            Self::Real => 0.0,
            Self::Above(_) => u,
            // log(width · s(u) · s(-u)) with log s(u) = -log(1 + e^-u), safe for large |u|.
            Self::Between(low, high) => {
                (high - low).ln() - u.abs() - 2.0 * (-u.abs()).exp().ln_1p()
            }
        }
    }
}

/// The prior of one unknown.
pub trait Marginal: Send + Sync {
    /// Draws a value.
    fn sample(&self, rng: &mut Stream) -> f64;
    /// Log-density, normalised; `-inf` outside the support.
    fn log_density(&self, x: f64) -> f64;
    /// Where the density is positive.
    fn support(&self) -> Support;
    /// P(X ≤ x), where it can be worked out.
    fn distribution(&self, _x: f64) -> Option<f64> {
        None
    }
}

/// The unconstrained point with rank `rank`, by bisection.
fn at_rank(marginal: &dyn Marginal, rank: f64) -> Option<f64> {
    let support = marginal.support();
    let below = |u: f64| marginal.distribution(support.constrain(u));
    let (mut low, mut high) = (-1.0, 1.0);
    while below(low)? > rank && low > -1e300 {
        low *= 2.0;
    }
    while below(high)? < rank && high < 1e300 {
        high *= 2.0;
    }
    // Fifty halvings of what doubling found leave nothing that a quadrature would notice.
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if below(middle)? < rank {
            low = middle;
        } else {
            high = middle;
        }
    }
    let u = 0.5 * (low + high);
    (u.is_finite() && marginal.log_density(support.constrain(u)).is_finite()).then_some(u)
}

impl Density {
    /// The value below which the share `rank` lies, by bisection; `rank` between 0 and 1. `NaN` if the parameters make no
    /// distribution.
    #[must_use]
    pub fn quantile(&self, rank: f64) -> f64 {
        at_rank(self, rank).map_or(f64::NAN, |u| self.support().constrain(u))
    }
}

/// Named unknowns that are independent of one another before the data.
#[derive(Default)]
pub struct Independent {
    names: Vec<String>,
    marginals: Vec<Box<dyn Marginal>>,
}

impl Independent {
    /// Nothing unknown yet. Left so, SMC² is a plain filter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an unknown.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, marginal: impl Marginal + 'static) -> Self {
        self.push(name, Box::new(marginal));
        self
    }

    /// Adds an unknown.
    pub fn push(&mut self, name: impl Into<String>, marginal: Box<dyn Marginal>) {
        self.names.push(name.into());
        self.marginals.push(marginal);
    }
}

impl Prior for Independent {
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn sample(&self, rng: &mut Stream) -> Vec<f64> {
        self.marginals
            .iter()
            .map(|marginal| marginal.sample(rng))
            .collect()
    }

    fn log_density(&self, theta: &[f64]) -> f64 {
        self.marginals
            .iter()
            .zip(theta)
            .map(|(marginal, x)| marginal.log_density(*x))
            .sum()
    }

    fn unconstrain(&self, theta: &[f64]) -> Vec<f64> {
        let pairs = self.marginals.iter().zip(theta);
        pairs
            .map(|(marginal, x)| marginal.support().unconstrain(*x))
            .collect()
    }

    fn constrain(&self, unconstrained: &[f64]) -> Vec<f64> {
        let pairs = self.marginals.iter().zip(unconstrained);
        pairs
            .map(|(marginal, u)| marginal.support().constrain(*u))
            .collect()
    }

    fn log_jacobian(&self, unconstrained: &[f64]) -> f64 {
        let pairs = self.marginals.iter().zip(unconstrained);
        pairs
            .map(|(marginal, u)| marginal.support().log_jacobian(*u))
            .sum()
    }

    fn at_ranks(&self, ranks: &[f64]) -> Option<Vec<f64>> {
        let pairs = self.marginals.iter().zip(ranks);
        pairs
            .map(|(marginal, rank)| at_rank(marginal.as_ref(), *rank))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supports_go_to_the_line_and_back_with_the_right_jacobian() {
        for support in [
            Support::Real,
            Support::Above(2.0),
            Support::Between(-1.0, 4.0),
        ] {
            for u in [-30.0, -3.0, -0.2, 0.0, 1.7, 20.0] {
                let x = support.constrain(u);
                if u.abs() < 10.0 {
                    assert!((support.unconstrain(x) - u).abs() < 1e-9, "{support:?} {u}");
                    let h = 1e-6;
                    let slope = (support.constrain(u + h) - support.constrain(u - h)) / (2.0 * h);
                    assert!(
                        (slope.ln() - support.log_jacobian(u)).abs() < 1e-6,
                        "{support:?} {u}"
                    );
                }
                assert!(support.log_jacobian(u).is_finite());
            }
        }
    }

    #[test]
    fn ranks_are_those_of_the_distribution() {
        let prior = Independent::new()
            .with(
                "days",
                Density::LogNormal {
                    mean_log: 14.0,
                    sd_log: 0.8,
                },
            )
            .with(
                "share",
                Density::Uniform {
                    low: -2.0,
                    high: 3.0,
                },
            )
            .with("shift", Density::Normal { mean: 1e6, sd: 2.0 });
        for rank in [1e-4, 0.2, 0.5, 0.975] {
            let point = prior.at_ranks(&[rank; 3]).unwrap();
            let theta = prior.constrain(&point);
            for (marginal, x) in prior.marginals.iter().zip(&theta) {
                let back = marginal.distribution(*x).unwrap();
                assert!((back - rank).abs() < 1e-6, "{rank}: {back}");
            }
        }
    }
}
