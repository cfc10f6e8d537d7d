//! What to know before believing an estimate, in plain words.

use std::collections::BTreeMap;

use lazaret_smc::at_once::{AtOnce, Pool};
use lazaret_smc::smc2::Smc2;

use super::{Estimate, Question};
use crate::kind::KINDS;

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
            "No row of the evidence is about this gateway on this day, so the answer is the prior."
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
        .filter(|o| o.retold.is_some())
        .count();
    if copies > 0 {
        said.push(format!(
            "{copies} of them may repeat an earlier one and count for less: {}.",
            stories_in_words(question)
        ));
    }
    said.extend(assumed_kinds(question));
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
                "The evidence says next to nothing about {}: it is unchanged.",
                unknown.name
            ));
        }
    }
    said.extend(changes(estimate, question));
    if !estimate.conflicts.is_empty() {
        let ids: Vec<&str> = estimate.conflicts.iter().map(|c| c.id.as_str()).collect();
        said.push(format!(
            "The rest of the evidence contradicts {}: more likely misreports than not.",
            ids.join(", ")
        ));
    }
    said.extend(of_sources(estimate, question));
    said.extend_from_slice(&question.observations.unheard);
    if used > 0 {
        let p = estimate.predictive_check;
        if p < 0.05 {
            said.push(format!(
                "WARNING: only {:.1} % of the worlds that fit best would give evidence at least as odd as this: the gateway file, the grades or the copies are probably wrong.",
                100.0 * p
            ));
        } else {
            said.push(format!(
                "{:.0} % of the worlds that fit would give evidence at least as odd as this: nothing unusual.",
                100.0 * p
            ));
        }
    }
    said.extend(of_computation(estimate, question, pool, sampler));
    said
}

/// Rows listed by story or kind before the rest is counted.
const LISTED_MOST: usize = 8;

/// The stories, each with its rows and the chance that it is one.
fn stories_in_words(question: &Question<'_>) -> String {
    let observations = question.observations;
    let id = |at: &usize| question.rows[observations.used[*at].row].id.as_str();
    let mut each: Vec<String> = observations
        .stories
        .iter()
        .take(LISTED_MOST)
        .map(|story| {
            let ids: Vec<&str> = story.rows.iter().take(LISTED_MOST).map(id).collect();
            let more = story.rows.len().saturating_sub(LISTED_MOST);
            format!(
                "{}{} ({:.0} %, {})",
                ids.join(" = "),
                if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                },
                100.0 * story.chance,
                if story.stated {
                    "stated"
                } else {
                    "by their likeness"
                }
            )
        })
        .collect();
    let more = observations.stories.len().saturating_sub(LISTED_MOST);
    if more > 0 {
        each.push(format!("{more} stories more"));
    }
    each.join("; ")
}

/// What rows were taken for that do not say what kind of statement they are.
fn assumed_kinds(question: &Question<'_>) -> Option<String> {
    let used = &question.observations.used;
    let kinds: Vec<String> = KINDS
        .iter()
        .filter_map(|(name, kind)| {
            let of_kind: Vec<&str> = used
                .iter()
                .filter(|o| o.kind_assumed && o.kind == *kind)
                .map(|o| question.rows[o.row].id.as_str())
                .collect();
            let more = of_kind.len().saturating_sub(LISTED_MOST);
            let shown = of_kind
                .iter()
                .take(LISTED_MOST)
                .copied()
                .collect::<Vec<_>>();
            (!of_kind.is_empty()).then(|| {
                format!(
                    "{name}: {}{}",
                    shown.join(" "),
                    if more > 0 {
                        format!(" and {more} more")
                    } else {
                        String::new()
                    }
                )
            })
        })
        .collect();
    (!kinds.is_empty()).then(|| {
        format!(
            "Rows that do not state their kind were treated as {}. State it in a column `kind`, or as `kind` in the observation rules.",
            kinds.join("; ")
        )
    })
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
            "WARNING: THE RUNS DO NOT AGREE: {disagreement}. Their combined answer may still miss an explanation; increase the number of values of the unknowns (--thetas) and runs (--runs), and cross-check with --exact."
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
            "The log-evidence is only known to ± {:.2}: differences of that size mean nothing.",
            estimate.log_evidence.error
        ));
    }
    let runs = pool.runs();
    let points: usize = runs.iter().map(|run| run.points().len()).sum();
    let rounds: usize = runs.iter().map(AtOnce::rounds).sum();
    let effective = pool.effective_sample_size();
    let filters = if runs.iter().all(AtOnce::is_without_state) {
        "no filter needed, because all rows are about unknowns".to_string()
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

/// Reports of one measure that change over time where some of them are contradicted: a place that changes looks like a
/// source that errs, as unknowns are constant here.
fn changes(estimate: &Estimate, question: &Question<'_>) -> Vec<String> {
    let used = &question.observations.used;
    let contradicted = |at: usize| {
        let id = question.rows[used[at].row].id.as_str();
        estimate.conflicts.iter().any(|conflict| conflict.id == id)
    };
    let mut by_measure: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, observation) in used.iter().enumerate() {
        let rule = &observation.rule;
        let measure = (rule.subject.as_str(), rule.quantity.as_str());
        by_measure.entry(measure).or_default().push(at);
    }
    let mut said = Vec::new();
    for ((subject, quantity), rows) in by_measure {
        let figures: Vec<(usize, f64)> = rows
            .iter()
            .filter_map(|at| Some((used[*at].day, used[*at].figure()? * used[*at].unit)))
            .collect();
        let mut days: Vec<usize> = figures.iter().map(|(day, _)| *day).collect();
        days.sort_unstable();
        days.dedup();
        let least = figures
            .iter()
            .map(|(_, figure)| *figure)
            .fold(f64::INFINITY, f64::min);
        let greatest = figures
            .iter()
            .map(|(_, figure)| *figure)
            .fold(0.0, f64::max);
        if days.len() < 3 || greatest < 1.5 * least || !rows.iter().any(|at| contradicted(*at)) {
            continue;
        }
        said.push(format!(
            "Before you distrust a source: {} of {} rows of {subject} {quantity} are contradicted, and their reports differ from day to day. The place may have changed in a way that no unknown of the gateway file can, or the file may be wrong about it; look at their dates first.",
            rows.iter().filter(|at| contradicted(**at)).count(),
            rows.len()
        ));
    }
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
                "{} errs more often than its letter {} says, if neither the place nor the file is other than thought: {} of its rows are misreports rather than {} ({} to {}, from \
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
            "{crowded} sources with few rows each keep the rates of their letters: only {} are learned about.",
            crate::grades::COUNTED_MOST
        ));
    }
    said
}
