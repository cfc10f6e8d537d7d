//! What to know before believing an estimate, in plain words.

use lazaret_smc::at_once::{AtOnce, Pool};
use lazaret_smc::smc2::Smc2;

use super::{Estimate, Question};

pub(super) fn diagnostics<P: Clone + Send + Sync>(
    estimate: &Estimate,
    question: &Question<'_>,
    pool: &Pool,
    sampler: &Smc2<P>,
) -> Vec<String> {
    let mut said = Vec::new();
    let used = question.observations.used.len();
    if used == 0 {
        said.push(
            "No row of the evidence says anything about this gateway on this day: the answer is the prior."
                .to_string(),
        );
    } else {
        let of_sources = estimate.sources.len();
        let from = if of_sources > 0 {
            format!(
                " from {of_sources} source{}",
                if of_sources == 1 { "" } else { "s" }
            )
        } else {
            String::new()
        };
        said.push(format!(
            "{used} row{} used{from}, {} not.",
            if used == 1 { "" } else { "s" },
            estimate.unused_rows.len()
        ));
    }
    let copies = question
        .observations
        .used
        .iter()
        .filter(|o| o.copies.is_some())
        .count();
    if copies > 0 {
        said.push(format!(
            "{copies} of them may repeat an earlier one and count for less."
        ));
    }
    for unknown in &estimate.unknowns {
        if let Some(bound) = unknown.leans_on {
            said.push(format!(
                "WARNING: {} leans on the bound {bound:.4} {} of its prior: the bound, not the evidence, decides, \
                 and values beyond it were never tried. Give it a wider tail, such as lognormal(mean, sd).",
                unknown.name, unknown.unit
            ));
        }
        if used > 0 && unknown.gained < 0.02 {
            said.push(format!(
                "The evidence says next to nothing about {}: it is as before.",
                unknown.name
            ));
        }
    }
    if !estimate.conflicts.is_empty() {
        let ids: Vec<&str> = estimate.conflicts.iter().map(|c| c.id.as_str()).collect();
        said.push(format!(
            "The rest of the evidence speaks against {}: more likely misreports than not.",
            ids.join(", ")
        ));
    }
    said.extend(of_sources(estimate, question));
    said.extend_from_slice(&question.observations.unheard);
    if used > 0 {
        let p = estimate.predictive_check;
        if p < 0.05 {
            said.push(format!(
                "WARNING: only {:.1} % of the worlds that fit best would give evidence as odd as this: the gateway \
                 file, the grades or the copies are probably wrong.",
                100.0 * p
            ));
        } else {
            said.push(format!(
                "{:.0} % of the worlds that fit would give evidence as odd as this or odder: nothing strange.",
                100.0 * p
            ));
        }
    }
    said.extend(of_computation(estimate, question, pool, sampler));
    said
}

/// How far the computation can be trusted.
fn of_computation<P: Clone + Send + Sync>(
    estimate: &Estimate,
    question: &Question<'_>,
    pool: &Pool,
    sampler: &Smc2<P>,
) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(disagreement) = pool.disagreement() {
        said.push(format!(
            "WARNING: THE RUNS DO NOT AGREE: {disagreement}. What they say together may still miss an explanation; ask for \
             more values of the unknowns (--thetas) and runs (--runs), and cross-check with --exact."
        ));
    }
    let noise = pool
        .runs()
        .iter()
        .filter_map(AtOnce::log_likelihood_sd)
        .fold(0.0, f64::max);
    if noise > 1.5 {
        said.push(format!(
            "WARNING: the likelihoods are noisy (standard deviation {noise:.1}, 1.5 is tolerable): allow more state \
             particles."
        ));
    }
    if let Some(surprise) = sampler
        .increments()
        .iter()
        .filter(|increment| increment.state_share_after < 0.03)
        .min_by(|a, b| a.state_share_after.total_cmp(&b.state_share_after))
    {
        let row = question.observations.used.get(surprise.row);
        let id = row.map_or("?", |o| question.rows[o.row].id.as_str());
        said.push(format!(
            "Row {id} surprised even the best explanations ({:.1} % of the states could account for it).",
            100.0 * surprise.state_share_after
        ));
    }
    if estimate.log_evidence.error > 0.5 {
        said.push(format!(
            "The log-evidence is known to ± {:.2} only: differences of that size mean nothing.",
            estimate.log_evidence.error
        ));
    }
    let runs = pool.runs();
    let points: usize = runs.iter().map(|run| run.points().len()).sum();
    let rounds: usize = runs.iter().map(AtOnce::rounds).sum();
    let effective = pool.effective_sample_size();
    let filters = if runs.iter().all(AtOnce::is_without_state) {
        "no filter needed, as all rows are about unknowns".to_string()
    } else {
        let most = runs.iter().map(AtOnce::state_particles).max();
        format!("{} state particles each", most.unwrap_or(0))
    };
    said.push(format!(
        "{points} values of the unknowns (effective {effective:.0}) in {} run{} of {rounds} rounds in all, {filters}.",
        runs.len(),
        if runs.len() == 1 { "" } else { "s" },
    ));
    said
}

/// Sources that are not what their letters say, and those that could not be followed.
fn of_sources(estimate: &Estimate, question: &Question<'_>) -> Vec<String> {
    let percent = |p: f64| format!("{:.0} %", 100.0 * p);
    let mut said: Vec<String> = estimate
        .grades
        .iter()
        .filter(|graded| {
            let (before, after) = (graded.before.mean, graded.after.mean);
            after > 1.5 * before && after - before > 0.05
        })
        .map(|graded| {
            format!(
                "{} errs more often than its letter {} says: {} of its rows are misreports rather than {} ({} to {}, from \
                 {} row{}).",
                graded.source,
                graded.letter,
                percent(graded.after.mean),
                percent(graded.before.mean),
                percent(graded.after.q05),
                percent(graded.after.q95),
                graded.rows,
                if graded.rows == 1 { "" } else { "s" },
            )
        })
        .collect();
    let crowded = question.observations.sources.iter();
    let crowded = crowded.filter(|source| source.crowded_out).count();
    if crowded > 0 {
        said.push(format!(
            "{crowded} sources with few rows each keep to their letters: {} are followed.",
            crate::grades::COUNTED_MOST
        ));
    }
    said
}
