//! The cross-check of `--exact`: an even grid over the unknowns, with a filter at each of its points.

use lazaret_smc::at_once::{AtOnce, AtOnceSettings, Known, Pool};

use super::{Question, shown, unit};
use crate::belief::Belief;
use crate::kernel::Kernel;
use crate::question::WatchError;
use crate::site::Site;
use crate::writing::number;

/// Unknowns that a grid can fill.
pub const UNKNOWNS_MOST: usize = 4;

/// Points of the grid, as a multiple of those of a round.
const POINTS: usize = 8;

/// Weighs the evidence on a grid that is spread like the prior, and says in words whether the answer agrees with it.
pub(super) fn check<K: Kernel>(
    site: &Site<'_, K>,
    belief: &Belief,
    question: &Question<'_>,
    pool: &Pool,
) -> Result<String, WatchError> {
    let effort = question.effort;
    let count = pool.runs()[0].points()[0].theta.len();
    if count > UNKNOWNS_MOST {
        return Ok(format!(
            "There is no cross-check by a grid: {count} unknowns exceed the limit of {UNKNOWNS_MOST}."
        ));
    }
    let particles = pool.runs().iter().map(AtOnce::state_particles).max();
    let particles = particles.unwrap_or(effort.states);
    let settings = AtOnceSettings {
        points: POINTS * effort.thetas,
        points_without_state: 16 * POINTS * effort.thetas,
        state_particles: particles,
        most_state_particles: particles,
        most_rounds: 1,
        ..effort.at_once()
    };
    let last = question.observations.last_day;
    let run = AtOnce::run(site, &belief.prior, &settings, !effort.seed, last)?;
    let points = run.points().len();
    let grid = Pool::new(vec![run]);
    let mut apart = Vec::new();
    let mut figures = Vec::new();
    let mut beside = |what: String, here: &Known, there: &Known, unit: &str| {
        let figure = format!(
            "{what} {} ± {} {unit} by the grid, {} ± {} here",
            number(there.value),
            number(there.error),
            number(here.value),
            number(here.error)
        );
        // Four standard errors: of ten figures one is apart by chance in one answer of a thousand.
        if (here.value - there.value).abs() > 4.0 * here.error.hypot(there.error) {
            apart.push(what);
        }
        figures.push(figure);
    };
    beside(
        "log-evidence".to_string(),
        &pool.log_evidence_known(),
        &grid.log_evidence_known(),
        "",
    );
    for (at, unknown) in question.gateway.unknowns.iter().enumerate() {
        let value = |theta: &[f64]| shown(unknown.dimension, belief.unknowns(theta)[at]);
        beside(
            format!("mean of {}", unknown.name),
            &pool.mean(value),
            &grid.mean(value),
            unit(unknown.dimension),
        );
    }
    let effective = grid.effective_sample_size();
    let verdict = if effective < 30.0 {
        format!(
            "too few of its points matter ({effective:.0}) to say whether it agrees; increase --thetas"
        )
    } else if apart.is_empty() {
        "agrees".to_string()
    } else {
        format!("DOES NOT AGREE on {}", apart.join(", "))
    };
    Ok(format!(
        "{}A cross-check with a regular grid of {points} values of the unknowns {verdict}: {}.",
        if apart.is_empty() || effective < 30.0 {
            ""
        } else {
            "WARNING: "
        },
        figures.join("; ")
    ))
}
