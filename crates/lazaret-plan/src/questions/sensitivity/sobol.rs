//! Sobol indices: the share of a metric's variance that each input owns, alone and with others, with intervals.
//!
//! **Chance is one more input.** A run depends on the unknowns and on the replication's random numbers. Both are taken
//! from two independent samples A and B, and each is swapped in turn. Then, by the law of total variance,
//!
//! * the total index of chance is E[Var(Y | unknowns)] / Var(Y): the share of the spread due to **variability**;
//! * one minus it is Var(E[Y | unknowns]) / Var(Y): the share due to the **unknowns**, which more knowledge can
//!   remove.
//!
//! **Estimators.** First order as in Saltelli2010, table 2 (b); total as in Jansen1999 and Saltelli2010, table 2 (f).
//!
//! **Intervals.** The points are Owen-scrambled Sobol points (Sobol1967, Burley2020), drawn in several independent
//! scrambles. The indices are ratios of means over all scrambles, and their error comes from the delete-one jackknife
//! over scrambles with Student's t. A bootstrap over points would treat them as independent, which scrambled points are
//! not: its intervals would be too wide and hide what the points gain.

use serde::Serialize;
use thiserror::Error;

use crate::quantiles;

/// The runs to make, and how to read the answers.
#[derive(Clone, Debug)]
pub struct SobolPlan {
    inputs: usize,
    rows: usize,
    scrambles: usize,
    chance: bool,
    seed: u64,
}

/// Why a plan cannot be made or read.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SobolError {
    /// Numbers out of range.
    #[error("{0}")]
    Setting(String),
    /// The metric was undefined in so many runs that no scramble is complete.
    #[error(
        "the metric is undefined in {undefined} of {runs} runs, so its spread cannot be attributed; choose a metric that every run defines"
    )]
    Undefined {
        /// Runs without a value.
        undefined: usize,
        /// All runs.
        runs: usize,
    },
    /// The metric never varies.
    #[error("the metric has the same value in every run, so there is no spread to attribute")]
    Constant,
}

/// An index with its interval. Estimates may lie slightly outside [0, 1] by chance. They are not clipped here, since clipping
/// biases what is reckoned with them; [`Index::possible`] gives what an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Index {
    /// The estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Index {
    /// The same as a share can be: figure and interval between 0 and 1.
    #[must_use]
    pub fn possible(self) -> Self {
        let share = |x: f64| x.clamp(0.0, 1.0);
        Index {
            value: share(self.value),
            low: share(self.low),
            high: share(self.high),
        }
    }
}

/// First and total index of one input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Indices {
    /// Share of the variance that would vanish if the input became known: Var(E[Y | input]) / Var(Y).
    pub first: Index,
    /// Share that stays if everything else became known: E[Var(Y | all others)] / Var(Y).
    pub total: Index,
}

/// What drives the spread.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// One entry an input, in order.
    pub inputs: Vec<Indices>,
    /// The indices of chance; none if the plan was made without it.
    pub chance: Option<Indices>,
    /// Mean of the metric over all inputs and chance.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
    /// Confidence level of the intervals.
    pub level: f64,
}

impl Sensitivity {
    /// The same with every index as a share can be.
    #[must_use]
    pub fn possible(mut self) -> Self {
        for indices in self.inputs.iter_mut().chain(&mut self.chance) {
            indices.first = indices.first.possible();
            indices.total = indices.total.possible();
        }
        self
    }
}

impl SobolPlan {
    /// * `inputs` — number of inputs, at most 127 (two columns each of the 256 that the sequence has).
    /// * `rows` — points a scramble, best a power of two, at most 65,536.
    /// * `scrambles` — independent scrambles, at least 4; 16 give t intervals that are 8 % wider than normal ones.
    /// * `chance` — true if runs have random numbers of their own, so that chance gets its indices.
    ///
    /// Cost: `scrambles × rows × (inputs + 2)` runs, and one more block with `chance`.
    ///
    /// # Errors
    /// [`SobolError::Setting`].
    pub fn new(
        inputs: usize,
        rows: usize,
        scrambles: usize,
        chance: bool,
        seed: u64,
    ) -> Result<Self, SobolError> {
        if inputs == 0 {
            return Err(SobolError::Setting(
                "there is no input to attribute the spread to".into(),
            ));
        }
        if inputs > 127 {
            return Err(SobolError::Setting(format!(
                "{inputs} inputs exceed the limit of 127; screen them first"
            )));
        }
        if !(2..=1 << 16).contains(&rows) {
            return Err(SobolError::Setting(format!(
                "{rows} rows per scramble; between 2 and 65536 are needed"
            )));
        }
        if scrambles < 4 {
            return Err(SobolError::Setting(format!(
                "{scrambles} scrambles; at least 4 are needed"
            )));
        }
        Ok(SobolPlan {
            inputs,
            rows,
            scrambles,
            chance,
            seed,
        })
    }

    /// The plan with the first `scrambles` of this one only; its runs are the first of these.
    ///
    /// # Errors
    /// [`SobolError::Setting`] for fewer than 4.
    pub fn first(&self, scrambles: usize) -> Result<Self, SobolError> {
        SobolPlan::new(
            self.inputs,
            self.rows,
            scrambles.min(self.scrambles),
            self.chance,
            self.seed,
        )
    }

    /// Runs in a row: A, B, A with each input from B, and A with chance from B.
    fn blocks(&self) -> usize {
        self.inputs + 2 + usize::from(self.chance)
    }

    /// Number of runs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scrambles * self.rows * self.blocks()
    }

    /// True if there is nothing to run; never the case for a plan that was made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Point and replication of run `i` of [`len`](Self::len). The point holds one probability in (0, 1) an input.
    #[must_use]
    pub fn run(&self, i: usize) -> (Vec<f64>, u64) {
        let blocks = self.blocks();
        let (row, block) = (i / blocks, i % blocks);
        let (scramble, within) = (row / self.rows, row % self.rows);
        // An input's two columns stand side by side: what an estimator multiplies are the two coordinates of one input,
        // and neighbouring columns of the sequence are even together after far fewer points than distant ones.
        let seed = crate::random::Stream::new(self.seed, 0x536F_626F_0000_0000 | scramble as u64)
            .bits() as u32;
        let column = |c: usize| {
            let u = f64::from(sobol_burley::sample(within as u32, c as u32, seed));
            // The sequence has 24 bits and may be 0: half a grain moves it inside.
            u + 0.5 / 16_777_216.0
        };
        let from_b = |input: usize| block == 1 || (block >= 2 && block - 2 == input);
        let point = (0..self.inputs)
            .map(|j| column(2 * j + usize::from(from_b(j))))
            .collect();
        let chance_from_b = block == 1 || block == self.inputs + 2;
        (point, 2 * row as u64 + u64::from(chance_from_b))
    }

    /// Reads the values of all runs, in order.
    ///
    /// A scramble in which the metric is undefined anywhere is left out whole, since a hole would bias it.
    ///
    /// # Errors
    /// [`SobolError::Undefined`] if fewer than 4 scrambles are whole; [`SobolError::Constant`] for a metric without
    /// spread.
    ///
    /// # Panics
    /// If `values` has another length than [`len`](Self::len).
    pub fn analyse(&self, values: &[f64], level: f64) -> Result<Sensitivity, SobolError> {
        assert_eq!(values.len(), self.len(), "one value a run");
        let blocks = self.blocks();
        let size = self.rows * blocks;
        let whole: Vec<&[f64]> = values
            .chunks(size)
            .filter(|c| c.iter().all(|v| v.is_finite()))
            .collect();
        if whole.len() < 4 {
            let undefined = values.iter().filter(|v| !v.is_finite()).count();
            return Err(SobolError::Undefined {
                undefined,
                runs: values.len(),
            });
        }
        let n = (whole.len() * self.rows * 2) as f64;
        let rows = || whole.iter().flat_map(|c| c.chunks(blocks));
        let mean = rows().map(|r| r[0] + r[1]).sum::<f64>() / n;
        let others = blocks - 2;
        // For each scramble: the variance, and for each input the two numerators.
        let parts: Vec<(f64, Vec<(f64, f64)>)> = whole
            .iter()
            .map(|chunk| {
                let mut variance = 0.0;
                let mut sums = vec![(0.0, 0.0); others];
                for row in chunk.chunks(blocks) {
                    let (a, b) = (row[0] - mean, row[1] - mean);
                    variance += (a * a + b * b) / 2.0;
                    for (sum, &swapped) in sums.iter_mut().zip(&row[2..]) {
                        let c = swapped - mean;
                        sum.0 += b * (c - a);
                        sum.1 += (a - c) * (a - c) / 2.0;
                    }
                }
                (variance, sums)
            })
            .collect();
        let total_variance: f64 = parts.iter().map(|p| p.0).sum();
        if total_variance <= 0.0 {
            return Err(SobolError::Constant);
        }
        let numerators = |j: usize, pick: fn(&(f64, f64)) -> f64| -> Vec<(f64, f64)> {
            parts.iter().map(|(v, sums)| (pick(&sums[j]), *v)).collect()
        };
        let indices = |j: usize| Indices {
            first: jackknife_ratio(&numerators(j, |s| s.0), level),
            total: jackknife_ratio(&numerators(j, |s| s.1), level),
        };
        Ok(Sensitivity {
            inputs: (0..self.inputs).map(indices).collect(),
            chance: self.chance.then(|| indices(self.inputs)),
            mean,
            sd: (total_variance / (n / 2.0)).sqrt(),
            level,
        })
    }
}

/// Ratio of sums with the interval of the delete-one jackknife (Efron1982, chapter 3).
fn jackknife_ratio(parts: &[(f64, f64)], level: f64) -> Index {
    let r = parts.len() as f64;
    let (top, bottom) = parts.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
    let value = top / bottom;
    let without: Vec<f64> = parts.iter().map(|p| (top - p.0) / (bottom - p.1)).collect();
    let average = without.iter().sum::<f64>() / r;
    let variance = (r - 1.0) / r * without.iter().map(|w| (w - average).powi(2)).sum::<f64>();
    let half = quantiles::student((1.0 + level) / 2.0, r - 1.0) * variance.sqrt();
    Index {
        value,
        low: value - half,
        high: value + half,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_no_share_below_nothing_or_above_all() {
        let wide = Index {
            value: -0.02,
            low: -0.18,
            high: 1.2,
        };
        let told = wide.possible();
        assert_eq!((told.value, told.low, told.high), (0.0, 0.0, 1.0));
        let inside = Index {
            value: 0.4,
            low: 0.3,
            high: 0.5,
        };
        assert_eq!(inside.possible(), inside);
    }
}
