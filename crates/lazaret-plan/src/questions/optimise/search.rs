//! Where to look next when there are too many designs to try them all.
//!
//! A surface is laid through the objective and one through each constraint; the next point has the greatest expected
//! improvement times the probability of keeping every constraint (the usual extension of JonesSchonlauWelch1998 to constraints). The best so far is not the best noisy
//! mean but the best **predicted** mean among the points tried that are likely to keep the constraints, so that a lucky mean does not
//! pass for a good design.

use crate::designs::{latin_points, sobol_points};
use crate::kriging::{KrigingError, Observation, Surface, expected_improvement};
use crate::quantiles;

/// A constraint on a second surface: its value may be at most `limit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// What was seen of it, at the same points as the objective.
    pub observations: Vec<Observation>,
    /// The limit.
    pub limit: f64,
}

/// Where to look next.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The point, in the unit cube.
    pub at: Vec<f64>,
    /// Expected improvement there, times the probability of keeping the constraints.
    pub improvement: f64,
    /// Index of the point tried that is best by prediction and keeps the constraints with probability above a half; none if no
    /// point tried does.
    pub best: Option<usize>,
    /// Predicted objective at the best point; infinity if there is none.
    pub best_mean: f64,
    /// Standard deviation of that prediction.
    pub best_sd: f64,
}

/// Proposes the next point for a problem in which less is better.
///
/// * `objective` — what was seen of the objective.
/// * `constraints` — what was seen of each constraint.
/// * `snap` — moves a point of the cube to the nearest that can be run (whole numbers, choices); identity for reals.
/// * `seed` — for the candidates among which the best is chosen.
///
/// # Errors
/// [`KrigingError`].
pub fn propose(
    objective: &[Observation],
    constraints: &[Constraint],
    snap: impl Fn(&[f64]) -> Vec<f64>,
    seed: u64,
) -> Result<Proposal, KrigingError> {
    let surface = Surface::fit(objective)?;
    let limits: Vec<(Surface, f64)> = constraints
        .iter()
        .map(|c| Ok((Surface::fit(&c.observations)?, c.limit)))
        .collect::<Result<_, KrigingError>>()?;
    let keeps = |x: &[f64]| -> f64 {
        limits
            .iter()
            .map(|(s, limit)| {
                let p = s.predict(x);
                if p.sd <= 0.0 {
                    f64::from(u8::from(p.mean <= *limit))
                } else {
                    quantiles::normal_cdf((limit - p.mean) / p.sd)
                }
            })
            .product()
    };
    let best = (0..objective.len())
        .filter(|&i| keeps(&objective[i].at) > 0.5)
        .map(|i| (i, surface.predict(&objective[i].at)))
        .min_by(|a, b| a.1.mean.total_cmp(&b.1.mean));
    let score = |x: &[f64]| -> f64 {
        let feasible = keeps(x);
        // Where nothing feasible is known yet, only feasibility is searched for.
        best.map_or(feasible, |(_, b)| {
            feasible * expected_improvement(surface.predict(x), b.mean)
        })
    };
    let dimensions = objective[0].at.len();
    let tried = |x: &[f64]| {
        objective
            .iter()
            .any(|o| o.at.iter().zip(x).all(|(a, b)| (a - b).abs() < 1e-9))
    };
    let count = (256 * dimensions).min(2048);
    let mut candidates = sobol_points(dimensions, count, seed)
        .unwrap_or_else(|_| latin_points(dimensions, count, seed));
    let mut stream = crate::random::Stream::new(seed, 0x4F70);
    if let Some((i, _)) = best {
        // Around the best point too, ever more closely: the last improvements lie near it.
        for j in 0..count {
            let width = 0.3 * 0.5f64.powi((j % 8) as i32);
            candidates.push(
                objective[i]
                    .at
                    .iter()
                    .map(|x| (x + width * stream.normal()).clamp(0.0, 1.0))
                    .collect(),
            );
        }
    }
    let (improvement, at) = candidates
        .iter()
        .map(|x| snap(x))
        .filter(|x| !tried(x))
        .map(|x| (score(&x), x))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap_or_else(|| (0.0, objective[best.map_or(0, |b| b.0)].at.clone()));
    Ok(Proposal {
        at,
        improvement,
        best: best.map(|b| b.0),
        best_mean: best.map_or(f64::INFINITY, |b| b.1.mean),
        best_sd: best.map_or(f64::INFINITY, |b| b.1.sd),
    })
}
