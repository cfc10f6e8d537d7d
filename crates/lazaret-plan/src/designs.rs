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

    /// How many values [`Values::grid`] gives, without making them.
    #[must_use]
    pub fn count(&self, most: usize) -> usize {
        let most = most.max(1);
        match self {
            Values::Integer(low, high) => usize::try_from(i128::from(*high) - i128::from(*low) + 1)
                .map_or(most, |n| n.min(most)),
            Values::Real(..) => most,
            Values::Choice(all) => all.len(),
        }
    }

    /// Checks that there is something to choose.
    ///
    /// # Errors
    /// [`DesignError`] for a range that is empty, runs backwards or is too wide, and for a choice that is empty or
    /// names a value twice.
    pub fn check(&self, path: &str) -> Result<(), DesignError> {
        /// Beyond this, neighbouring whole numbers are one and the same to a search.
        const WIDEST: i128 = 1 << 53;
        let wrong = |why: String| {
            Err(DesignError::Range {
                path: path.to_owned(),
                why,
            })
        };
        let backwards = |low: String, high: String| {
            format!("runs backwards, from {low} to {high}: write the lower end first")
        };
        match self {
            Values::Integer(low, high) if low > high => {
                wrong(backwards(low.to_string(), high.to_string()))
            }
            Values::Integer(low, high) if i128::from(*high) - i128::from(*low) >= WIDEST => wrong(
                format!("has too many values from {low} to {high}: narrow the range"),
            ),
            Values::Real(low, high, _) if !(low.is_finite() && high.is_finite()) => {
                wrong("needs two finite numbers as its ends".into())
            }
            Values::Real(low, high, _) if !(high - low).is_finite() => wrong(format!(
                "is too wide from {low} to {high}: narrow the range"
            )),
            Values::Real(low, high, unit) if low > high => {
                let end = |x: &f64| format!("{x} {unit}").trim_end().to_owned();
                wrong(backwards(end(low), end(high)))
            }
            Values::Choice(all) if all.is_empty() => {
                wrong("is an empty choice: name at least one value".into())
            }
            Values::Choice(all) => {
                let twice = (1..all.len()).find(|&i| all[..i].contains(&all[i]));
                twice.map_or(Ok(()), |i| {
                    wrong(format!("lists the value {} twice: remove one", all[i]))
                })
            }
            _ => Ok(()),
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
    /// Values that nothing can be chosen from.
    #[error("`{path}` {why}")]
    Range {
        /// The setting.
        path: String,
        /// What is wrong with its values, and what to do.
        why: String,
    },
    /// More designs than are allowed, or than a sequence holds.
    #[error("{0}")]
    TooMany(String),
}

/// The most designs that a study may have.
pub const DESIGNS_MOST: usize = 1_000_000;

/// Checks that there are settings to vary, each once and each with values.
///
/// # Errors
/// [`DesignError`].
pub fn check(factors: &[Factor]) -> Result<(), DesignError> {
    if factors.is_empty() {
        return Err(DesignError::Empty("no setting is varied".into()));
    }
    for (i, factor) in factors.iter().enumerate() {
        if factors[..i].iter().any(|f| f.path == factor.path) {
            return Err(DesignError::Range {
                path: factor.path.clone(),
                why: "is varied twice: remove one".into(),
            });
        }
        factor.values.check(&factor.path)?;
    }
    Ok(())
}

fn check_count(n: usize) -> Result<(), DesignError> {
    if n == 0 {
        return Err(DesignError::Empty("the number of designs is 0".into()));
    }
    if n > DESIGNS_MOST {
        return Err(DesignError::TooMany(format!(
            "{n} designs exceed the limit of {DESIGNS_MOST}"
        )));
    }
    Ok(())
}

/// Every combination, with at most `levels` values of each factor; the last factor changes quickest.
///
/// # Errors
/// [`DesignError`]; more than a million designs are refused.
pub fn grid(factors: &[Factor], levels: usize) -> Result<Vec<Design>, DesignError> {
    check(factors)?;
    if levels == 0 {
        return Err(DesignError::Empty(
            "a grid needs `levels` of 1 or more".into(),
        ));
    }
    // Counted before the first value is made: the values of one setting alone may be more than memory holds.
    let count = factors
        .iter()
        .try_fold(1usize, |n, f| n.checked_mul(f.values.count(levels)))
        .filter(|&n| n <= DESIGNS_MOST)
        .ok_or_else(|| {
            DesignError::TooMany(format!(
                "a grid of {} setting{} with up to {levels} values each has more than {DESIGNS_MOST} designs; give it fewer levels, or use a Latin hypercube or Sobol points",
                factors.len(),
                if factors.len() == 1 { "" } else { "s" }
            ))
        })?;
    let columns: Vec<Vec<String>> = factors.iter().map(|f| f.values.grid(levels)).collect();
    // A short range of whole numbers may give fewer values than levels.
    let count = columns.iter().map(Vec::len).product::<usize>().min(count);
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
    check_count(n)?;
    at_points(factors, &latin_points(factors.len(), n, seed))
}

/// `n` designs at scrambled Sobol points.
///
/// # Errors
/// [`DesignError`]; at most 65,536 designs and 256 factors.
pub fn sobol(factors: &[Factor], n: usize, seed: u64) -> Result<Vec<Design>, DesignError> {
    check(factors)?;
    check_count(n)?;
    at_points(factors, &sobol_points(factors.len(), n, seed)?)
}

fn at_points(factors: &[Factor], points: &[Vec<f64>]) -> Result<Vec<Design>, DesignError> {
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
            "{n} Sobol points in {dimensions} dimensions, the limit is 65536 points and {} dimensions",
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
