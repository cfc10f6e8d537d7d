//! Which designs to run: full grids, Latin hypercubes, scrambled Sobol points, lists.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::experiment::Design;
use crate::random::Stream;

/// The values that one setting of the gateway file may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// Whole numbers from the first to the second, both included.
    Integer(i64, i64),
    /// Real numbers between the two, with a unit written after the number (empty for none).
    Real(f64, f64, String),
    /// One of these, as they would stand in the file.
    Choice(Vec<String>),
}

impl Values {
    /// The value at `u` of [0, 1): equal shares for whole numbers and choices, linear for reals.
    #[must_use]
    pub fn at(&self, u: f64) -> String {
        match self {
            Values::Integer(low, high) => {
                let count = (high - low + 1) as f64;
                (low + ((u * count) as i64).clamp(0, high - low)).to_string()
            }
            Values::Real(low, high, unit) => real(low + u * (high - low), unit),
            Values::Choice(all) => {
                all[((u * all.len() as f64) as usize).min(all.len() - 1)].clone()
            }
        }
    }

    /// The values of a grid: all of them for whole numbers and choices if there are at most `most`, else `most` of them
    /// evenly spread with both ends.
    #[must_use]
    pub fn grid(&self, most: usize) -> Vec<String> {
        let most = most.max(1);
        let spread = |i: usize, n: usize| {
            if n == 1 {
                0.5
            } else {
                i as f64 / (n - 1) as f64
            }
        };
        match self {
            Values::Integer(low, high) => {
                let n = ((high - low + 1) as usize).min(most);
                let mut values: Vec<i64> = (0..n)
                    .map(|i| low + (spread(i, n) * (high - low) as f64).round() as i64)
                    .collect();
                values.dedup();
                values.iter().map(ToString::to_string).collect()
            }
            Values::Real(low, high, unit) => (0..most)
                .map(|i| real(low + spread(i, most) * (high - low), unit))
                .collect(),
            Values::Choice(all) => all.clone(),
        }
    }

    fn check(&self, path: &str) -> Result<(), DesignError> {
        let empty = match self {
            Values::Integer(low, high) => low > high,
            Values::Real(low, high, _) => !(low <= high && low.is_finite() && high.is_finite()),
            Values::Choice(all) => all.is_empty(),
        };
        if empty {
            Err(DesignError::EmptyRange {
                path: path.to_owned(),
                values: format!("{self:?}"),
            })
        } else {
            Ok(())
        }
    }
}

/// A real number as the gateway file writes it: bare, or quoted with its unit.
fn real(x: f64, unit: &str) -> String {
    if unit.is_empty() {
        format!("{x:?}")
    } else {
        format!("\"{x} {unit}\"")
    }
}

/// One setting that a study varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Dotted path into the gateway file.
    pub path: String,
    /// What it may be.
    pub values: Values,
}

/// Why there are no designs.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum DesignError {
    /// Nothing to vary, or nothing to run.
    #[error("the study has no design to run: {0}")]
    Empty(String),
    /// A range with its ends the wrong way round, or a choice among nothing.
    #[error("`{path}` can take no value in {values}, write the lesser end first")]
    EmptyRange {
        /// The setting.
        path: String,
        /// Its range, as understood.
        values: String,
    },
    /// More than the sequence holds.
    #[error("{0}")]
    TooMany(String),
}

fn check(factors: &[Factor]) -> Result<(), DesignError> {
    if factors.is_empty() {
        return Err(DesignError::Empty("no setting is varied".into()));
    }
    factors.iter().try_for_each(|f| f.values.check(&f.path))
}

/// Every combination, with at most `levels` values of each factor; the last factor changes quickest.
///
/// # Errors
/// [`DesignError`]; more than a million designs are refused.
pub fn grid(factors: &[Factor], levels: usize) -> Result<Vec<Design>, DesignError> {
    check(factors)?;
    let columns: Vec<Vec<String>> = factors.iter().map(|f| f.values.grid(levels)).collect();
    let count = columns
        .iter()
        .try_fold(1usize, |n, c| n.checked_mul(c.len()))
        .unwrap_or(usize::MAX);
    if count > 1_000_000 {
        return Err(DesignError::TooMany(format!(
            "a grid of {} settings with up to {levels} values each has more than a million designs, use a Latin hypercube or Sobol points",
            factors.len()
        )));
    }
    Ok((0..count)
        .map(|mut i| {
            let mut picks = vec![0; columns.len()];
            for (pick, column) in picks.iter_mut().zip(&columns).rev() {
                *pick = i % column.len();
                i /= column.len();
            }
            factors
                .iter()
                .zip(&columns)
                .zip(&picks)
                .fold(Design::base(), |d, ((f, c), &p)| {
                    d.with(f.path.clone(), c[p].clone())
                })
        })
        .collect())
}

/// `n` designs of a Latin hypercube: each factor's range is cut into `n` equal parts and each part is used once
/// (McKayBeckmanConover1979).
///
/// # Errors
/// [`DesignError`].
pub fn latin_hypercube(
    factors: &[Factor],
    n: usize,
    seed: u64,
) -> Result<Vec<Design>, DesignError> {
    check(factors)?;
    at_points(factors, &latin_points(factors.len(), n, seed), n)
}

/// `n` designs at scrambled Sobol points.
///
/// # Errors
/// [`DesignError`]; at most 65,536 designs and 256 factors.
pub fn sobol(factors: &[Factor], n: usize, seed: u64) -> Result<Vec<Design>, DesignError> {
    check(factors)?;
    at_points(factors, &sobol_points(factors.len(), n, seed)?, n)
}

fn at_points(
    factors: &[Factor],
    points: &[Vec<f64>],
    n: usize,
) -> Result<Vec<Design>, DesignError> {
    if n == 0 {
        return Err(DesignError::Empty("0 designs are asked for".into()));
    }
    Ok(points
        .iter()
        .map(|p| {
            factors.iter().zip(p).fold(Design::base(), |d, (f, &u)| {
                d.with(f.path.clone(), f.values.at(u))
            })
        })
        .collect())
}

/// `n` points of (0, 1)^`dimensions` in a Latin hypercube.
#[must_use]
pub fn latin_points(dimensions: usize, n: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut points = vec![vec![0.0; dimensions]; n];
    for j in 0..dimensions {
        let mut stream = Stream::new(seed, 0x4C48_0000_0000_0000 | j as u64);
        let mut cells: Vec<usize> = (0..n).collect();
        stream.shuffle(&mut cells);
        for (point, cell) in points.iter_mut().zip(cells) {
            point[j] = (cell as f64 + stream.uniform()) / n as f64;
        }
    }
    points
}

/// `n` Owen-scrambled Sobol points of (0, 1)^`dimensions` (Sobol1967, Burley2020).
///
/// # Errors
/// [`DesignError::TooMany`] beyond 65,536 points or 256 dimensions.
pub fn sobol_points(dimensions: usize, n: usize, seed: u64) -> Result<Vec<Vec<f64>>, DesignError> {
    if n > 1 << 16 || dimensions > sobol_burley::NUM_DIMENSIONS as usize {
        return Err(DesignError::TooMany(format!(
            "{n} Sobol points in {dimensions} dimensions, the sequence has 65536 points and {} dimensions",
            sobol_burley::NUM_DIMENSIONS
        )));
    }
    let seed = Stream::new(seed, 0x5350).bits() as u32;
    Ok((0..n)
        .map(|i| {
            (0..dimensions)
                .map(|j| {
                    f64::from(sobol_burley::sample(i as u32, j as u32, seed)) + 0.5 / 16_777_216.0
                })
                .collect()
        })
        .collect())
}
