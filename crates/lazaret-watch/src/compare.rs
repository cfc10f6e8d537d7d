//! Explanations side by side: what the evidence says for and against each, row by row.

use lazaret_smc::evidence::{LogEvidence, compare as beliefs};
use lazaret_smc::random::StreamKey;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::attendance::Attendance;
use crate::belief::Belief;
use crate::estimate::{
    EvidenceEstimate, Question, WatchError, Weighed, posterior_courses, predictive_check, weigh,
};
use crate::grades::learn;
use crate::kernel::Kernel;
use crate::site::Site;
use lazaret_gateway::Diagnostic;
use lazaret_gateway::diagnostic::{Location, Text};

/// An explanation: what it changes in the gateway file.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Its name.
    pub id: String,
    /// Explanations of a group exclude one another; each group is judged by itself.
    pub group: String,
    /// What it says, in words.
    pub says: String,
    /// Belief in it beforehand, in any scale common to its group.
    pub weight: f64,
    /// Overrides of the gateway file, such as `unknown.hold_time=lognormal(60 d, 20 d)`.
    pub set: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(default)]
    hypothesis: Vec<HypothesisFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HypothesisFile {
    id: Spanned<String>,
    #[serde(default)]
    group: String,
    #[serde(default)]
    says: String,
    weight: Option<Spanned<f64>>,
    #[serde(default)]
    set: Vec<String>,
}

/// Reads a file of hypotheses.
///
/// # Errors
/// A mistake of syntax or shape alone; else everything that is wrong.
pub fn read(text: &str) -> Result<Vec<Hypothesis>, Vec<Diagnostic>> {
    let place = |span: std::ops::Range<usize>| Location {
        text: Text::File,
        start: span.start,
        end: span.end,
    };
    let file: File = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        vec![Diagnostic::error(
            "hypotheses",
            place(span),
            error.message().trim(),
        )]
    })?;
    let mut wrong = Vec::new();
    let mut hypotheses: Vec<Hypothesis> = Vec::new();
    for given in file.hypothesis {
        let id = given.id.get_ref().clone();
        if hypotheses.iter().any(|h| h.id == id) {
            let message = format!("there are two hypotheses `{id}`");
            wrong.push(Diagnostic::error(
                "hypotheses",
                place(given.id.span()),
                message,
            ));
        }
        let weight = given.weight.as_ref().map_or(1.0, |w| *w.get_ref());
        if !(weight > 0.0 && weight.is_finite()) {
            let at = given.weight.as_ref().map_or(given.id.span(), Spanned::span);
            wrong.push(
                Diagnostic::error("hypotheses", place(at), format!("{weight} is not above 0"))
                    .help("leave out what you do not believe at all"),
            );
        }
        hypotheses.push(Hypothesis {
            id,
            group: given.group,
            says: given.says,
            weight,
            set: given.set,
        });
    }
    if hypotheses.is_empty() && wrong.is_empty() {
        wrong.push(
            Diagnostic::error("hypotheses", Location::TOP, "this file has no hypothesis")
                .help("write [[hypothesis]] with id, says and set"),
        );
    }
    if wrong.is_empty() {
        Ok(hypotheses)
    } else {
        Err(wrong)
    }
}

/// What the evidence says of one model.
#[derive(Clone, Debug)]
pub struct Trial {
    /// One estimate of the log-evidence a seed.
    pub evidence: LogEvidence,
    /// Monte Carlo standard error of the log-evidence of all runs together.
    pub error: f64,
    /// In words, where the runs differ by more than their errors allow.
    pub disagreement: Option<String>,
    /// Log-evidence of each row given those before it, by its position among those used.
    pub increments: Vec<f64>,
    /// See [`Estimate::predictive_check`](crate::estimate::Estimate::predictive_check).
    pub predictive_check: f64,
}

/// Runs one model over the evidence, with several seeds: a step a day of each.
///
/// # Errors
/// [`WatchError`].
pub fn trial<K: Kernel>(
    kernel: &K,
    belief: &Belief,
    question: &Question<'_>,
    attendance: &Attendance<'_>,
) -> Result<Trial, WatchError> {
    let unknowns = question.gateway.unknowns.iter();
    let means: Vec<f64> = unknowns.map(|u| u.prior.mean()).collect();
    let belief = &belief.seen_until(question.observations.last_day);
    let site =
        Site::new(kernel, question.observations, belief, &means, 1).map_err(WatchError::Gateway)?;
    let effort = question.effort;
    let used = question.observations.used.len();
    // The same seeds for every model: chance that they share cancels in the differences.
    let key = StreamKey::new(effort.seed);
    let runs = 0..effort.runs.max(1);
    let seeds: Vec<u64> = runs.map(|run| key.child(run).stream().bits()).collect();
    let Weighed { pool, sampler } = weigh(&site, belief, question, &seeds, attendance)?;
    if pool.runs().len() < seeds.len() {
        return Err(WatchError::Stopped);
    }
    let mut increments = vec![0.0; used];
    for increment in sampler.increments() {
        increments[increment.row] = increment.log_evidence;
    }
    for conflict in sampler.conflicts() {
        increments[conflict.row] = f64::NEG_INFINITY;
    }
    let key = StreamKey::new(seeds[0]).child(90);
    let courses = posterior_courses(&site, &sampler, question, key.child(2))?;
    let left_out: Vec<usize> = sampler.conflicts().iter().map(|c| c.row).collect();
    let learned = learn(question.observations, &courses, &left_out, key.child(5));
    let check = predictive_check(question.observations, &courses, &learned, key.child(4));
    // A row that was set aside as impossible leaves no evidence for the model.
    let mut evidence = pool.log_evidence();
    for (log, run) in evidence.runs.iter_mut().zip(pool.runs()) {
        if !run.conflicts().is_empty() {
            *log = f64::NEG_INFINITY;
        }
    }
    Ok(Trial {
        evidence,
        error: pool.log_evidence_known().error,
        increments,
        predictive_check: check,
        disagreement: pool.disagreement(),
    })
}

/// How a group of explanations fares.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its explanations, in the order of the file.
    pub hypotheses: Vec<Standing>,
    /// Whether none of them would have given such evidence.
    pub none_of_these: bool,
    /// Log-evidence of each row under each explanation less that under the mixture of all by their weights
    /// beforehand: above 0 speaks for it.
    pub rows: Vec<RowFactors>,
    /// Belief in each after the rows of each day that the evidence is about, in the order of the explanations.
    pub over_time: Vec<OverTime>,
}

/// Belief in the explanations of a group by a day.
#[derive(Clone, Debug, Serialize)]
pub struct OverTime {
    /// The day.
    pub date: jiff::civil::Date,
    /// Belief in each.
    pub beliefs: Vec<f64>,
}

/// One explanation after the evidence.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// Its name.
    pub id: String,
    /// What it says.
    pub says: String,
    /// Belief beforehand.
    pub prior: f64,
    /// Belief after the evidence; none if it predicts nothing that others do not.
    pub posterior: Option<f64>,
    /// Least and greatest belief over the seeds.
    pub range: Option<(f64, f64)>,
    /// Its log-evidence.
    pub log_evidence: EvidenceEstimate,
    /// How likely it is to give evidence as odd as this or odder.
    pub predictive_check: f64,
    /// In words, where independent runs differ by more than their errors allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disagreement: Option<String>,
    /// Explanations of the group that predict exactly the same.
    pub same_as: Vec<String>,
}

/// What one row says for and against the explanations of a group, in their order.
#[derive(Clone, Debug, Serialize)]
pub struct RowFactors {
    /// The row's id.
    pub id: String,
    /// Log Bayes factors against the mixture.
    pub log_factors: Vec<f64>,
}

/// Judges `hypotheses` by their `trials`, which are in the same order. `ids` are those of the rows used, `dates` the days at which they are
/// taken in, from the first to the last.
#[must_use]
pub fn judge(
    hypotheses: &[Hypothesis],
    trials: &[Trial],
    ids: &[String],
    dates: &[jiff::civil::Date],
) -> Vec<Group> {
    let mut names: Vec<&str> = Vec::new();
    for hypothesis in hypotheses {
        if !names.contains(&hypothesis.group.as_str()) {
            names.push(&hypothesis.group);
        }
    }
    names
        .into_iter()
        .map(|name| {
            let members: Vec<usize> = (0..hypotheses.len())
                .filter(|at| hypotheses[*at].group == name)
                .collect();
            group(name, &members, hypotheses, trials, (ids, dates))
        })
        .collect()
}

fn group(
    name: &str,
    members: &[usize],
    hypotheses: &[Hypothesis],
    trials: &[Trial],
    (ids, dates): (&[String], &[jiff::civil::Date]),
) -> Group {
    let total: f64 = members.iter().map(|at| hypotheses[*at].weight).sum();
    let same = |a: usize, b: usize| hypotheses[a].set == hypotheses[b].set;
    let all_same = members.iter().all(|at| same(members[0], *at)) && members.len() > 1;
    let weights: Vec<f64> = members
        .iter()
        .map(|at| hypotheses[*at].weight / total)
        .collect();
    let evidences: Vec<LogEvidence> = members
        .iter()
        .map(|at| trials[*at].evidence.clone())
        .collect();
    let believed = beliefs(&weights, &evidences);
    let standings: Vec<Standing> = members
        .iter()
        .enumerate()
        .map(|(position, at)| {
            let hypothesis = &hypotheses[*at];
            let same_as: Vec<String> = members
                .iter()
                .filter(|other| *other != at && same(*at, **other))
                .map(|other| hypotheses[*other].id.clone())
                .collect();
            let belief = believed
                .as_ref()
                .map(|b| b[position])
                // One that nothing stands against is neither favoured nor not.
                .filter(|_| !all_same && same_as.is_empty() && members.len() > 1);
            let evidence = &trials[*at].evidence;
            Standing {
                id: hypothesis.id.clone(),
                says: hypothesis.says.clone(),
                prior: weights[position],
                posterior: belief.map(|b| b.probability),
                range: belief.map(|b| b.range),
                log_evidence: EvidenceEstimate {
                    mean: evidence.mean(),
                    spread: Some(evidence.spread()).filter(|s| s.is_finite()),
                    error: trials[*at].error,
                },
                disagreement: trials[*at].disagreement.clone(),
                predictive_check: trials[*at].predictive_check,
                same_as,
            }
        })
        .collect();
    let rows = ids
        .iter()
        .enumerate()
        .map(|(row, id)| {
            let each: Vec<f64> = members
                .iter()
                .map(|at| trials[*at].increments[row])
                .collect();
            let terms: Vec<f64> = each.iter().zip(&weights).map(|(e, w)| e + w.ln()).collect();
            let mixture = lazaret_smc::weights::log_sum_exp(&terms);
            let factor = |e: &f64| {
                if mixture.is_finite() {
                    e - mixture
                } else {
                    0.0
                }
            };
            RowFactors {
                id: id.clone(),
                log_factors: each.iter().map(factor).collect(),
            }
        })
        .collect();
    Group {
        name: name.to_string(),
        none_of_these: standings.iter().all(|s| s.predictive_check < 0.02),
        hypotheses: standings,
        over_time: over_time(members, &weights, trials, dates),
        rows,
    }
}

/// Belief by the rows taken in so far, day by day.
fn over_time(
    members: &[usize],
    weights: &[f64],
    trials: &[Trial],
    dates: &[jiff::civil::Date],
) -> Vec<OverTime> {
    let mut logs: Vec<f64> = weights.iter().map(|weight| weight.ln()).collect();
    let mut found: Vec<OverTime> = Vec::new();
    for (row, date) in dates.iter().enumerate() {
        for (log, at) in logs.iter_mut().zip(members) {
            *log += trials[*at].increments[row];
        }
        let sum = lazaret_smc::weights::log_sum_exp(&logs);
        if !sum.is_finite() {
            break;
        }
        let beliefs = logs.iter().map(|log| (log - sum).exp()).collect();
        if found.last().is_some_and(|last| last.date == *date) {
            found.pop();
        }
        found.push(OverTime {
            date: *date,
            beliefs,
        });
    }
    found
}
