//! What each row and each source of the evidence did to the answer: the answer with it beside the answer without it.

use lazaret_smc::SmcError;
use lazaret_smc::smc2::LeftOut;

use super::{Influence, Question, Sampler, Shift, shown};
use crate::belief::Belief;
use crate::grades::Learned;
use crate::kernel::Kernel;
use crate::site::Site;

/// What each row did.
pub(super) fn row_influences<K: Kernel>(
    site: &Site<'_, K>,
    sampler: &Sampler<K>,
    question: &Question<'_>,
    belief: &Belief,
    learned: &Learned,
) -> Result<Vec<Influence>, SmcError> {
    let used = &question.observations.used;
    (0..used.len())
        .map(|at| {
            let name = question.rows[used[at].row].id.to_string();
            influence(site, sampler, question, belief, learned, name, &[at])
        })
        .collect()
}

/// What each source did, the greatest first.
pub(super) fn source_influences<K: Kernel>(
    site: &Site<'_, K>,
    sampler: &Sampler<K>,
    question: &Question<'_>,
    belief: &Belief,
    learned: &Learned,
) -> Result<Vec<Influence>, SmcError> {
    let used = &question.observations.used;
    let mut sources: Vec<&str> = used.iter().map(|o| question.rows[o.row].source()).collect();
    sources.sort_unstable();
    sources.dedup();
    let mut influences = sources
        .into_iter()
        .map(|source| {
            let of_source = |at: &usize| question.rows[used[*at].row].source() == source;
            let group: Vec<usize> = (0..used.len()).filter(of_source).collect();
            let name = source.to_string();
            let mut influence = influence(site, sampler, question, belief, learned, name, &group)?;
            let mut letters: Vec<usize> = group.iter().filter_map(|at| used[*at].source).collect();
            letters.sort_unstable();
            letters.dedup();
            influence.learned = learned.pooled(&letters);
            Ok(influence)
        })
        .collect::<Result<Vec<_>, SmcError>>()?;
    influences.sort_by(|a, b| b.moved.total_cmp(&a.moved));
    Ok(influences)
}

fn influence<K: Kernel>(
    site: &Site<'_, K>,
    sampler: &Sampler<K>,
    question: &Question<'_>,
    belief: &Belief,
    learned: &Learned,
    name: String,
    group: &[usize],
) -> Result<Influence, SmcError> {
    let used = &question.observations.used;
    let mean =
        |f: &dyn Fn(usize) -> f64| group.iter().map(|at| f(*at)).sum::<f64>() / group.len() as f64;
    let with = sampler.weights();
    let left_out = match sampler.leave_out(site, group) {
        Ok(left_out) => left_out,
        // Without the group the rest is impossible for these θ: it cannot be told what it did, only that it did much.
        Err(SmcError::Revision { .. }) => LeftOut {
            weights: with.clone(),
            share: 0.0,
            log_evidence: f64::NEG_INFINITY,
            log_evidence_of_rows: f64::NEG_INFINITY,
        },
        Err(other) => return Err(other),
    };
    let moved = with
        .iter()
        .zip(&left_out.weights)
        .filter(|(w, v)| **w > 0.0 && **v > 0.0)
        .map(|(w, v)| w * (w / v).ln())
        .sum::<f64>()
        .max(0.0);
    let unknowns: Vec<Vec<f64>> = sampler
        .thetas()
        .map(|theta| belief.unknowns(theta))
        .collect();
    let shifts = question
        .gateway
        .unknowns
        .iter()
        .enumerate()
        .map(|(at, unknown)| {
            let mean = |weights: &[f64]| -> f64 {
                unknowns.iter().zip(weights).map(|(u, w)| u[at] * w).sum()
            };
            Shift {
                unknown: unknown.name.clone(),
                mean: shown(unknown.dimension, mean(&with) - mean(&left_out.weights)),
            }
        })
        .collect();
    Ok(Influence {
        name,
        rows: group.iter().map(|at| used[*at].row).collect(),
        moved,
        shifts,
        log_evidence: left_out.log_evidence_of_rows,
        misreport: mean(&|at| learned.rows[at]),
        misreport_before: mean(&|at| used[at].misreport),
        learned: None,
        rough: left_out.share < 0.1 && sampler.thetas().len() > 1,
    })
}
