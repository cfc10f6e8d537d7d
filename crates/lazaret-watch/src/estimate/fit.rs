//! Whether the evidence fits: rows that contradict the rest, and whether any values of the unknowns explain it at all.

use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::summary::Weighted;

use super::{Conflicting, Course, Predicted, Question};
use crate::grades::Learned;
use crate::observation::{Observation, Observations};

/// Rows that the rest makes more likely wrong than right, and those whose like the model cannot give.
pub(super) fn conflicts(
    question: &Question<'_>,
    impossible: &[lazaret_smc::Conflict],
    misreports: &[f64],
) -> Vec<Conflicting> {
    let used = &question.observations.used;
    let against = |at: usize| -> Vec<String> {
        let a = &used[at];
        let others = |believed: bool| -> Vec<String> {
            used.iter()
                .enumerate()
                .filter(|(other, b)| {
                    *other != at
                        && (!believed || misreports[*other] < 0.5)
                        && b.rule.of == a.rule.of
                        && disagree(a, b)
                })
                .map(|(_, b)| question.rows[b.row].id.to_string())
                .collect()
        };
        // Where the gateway file believes none of them, they still contradict one another.
        let believed = others(true);
        if believed.is_empty() {
            others(false)
        } else {
            believed
        }
    };
    (0..used.len())
        .filter_map(|at| {
            let left_out = impossible.iter().any(|conflict| conflict.row == at);
            let misreport = if left_out { 1.0 } else { misreports[at] };
            (misreport > 0.5).then(|| {
                let row = &question.rows[used[at].row];
                Conflicting {
                    id: row.id.to_string(),
                    line: row.line,
                    says: row.value_in_words(),
                    misreport,
                    with: against(at),
                    left_out,
                }
            })
        })
        .collect()
}

/// Whether two statements about the same thing cannot both be right.
fn disagree(a: &Observation, b: &Observation) -> bool {
    use crate::observation::Statement::{Between, Is};
    match (a.statement, b.statement) {
        (Between(low, high), Between(from, to)) => {
            let (a, b) = (a.unit, b.unit);
            high * a < from * b || to * b < low * a
        }
        (Is(yes), Is(no)) => yes != no,
        _ => false,
    }
}

/// What the worlds of the posterior would have each row say, beside what it says.
pub(super) fn predicted(
    question: &Question<'_>,
    posterior: &[Course],
    learned: &Learned,
    key: StreamKey,
) -> Vec<Predicted> {
    use crate::observation::Statement::{Between, Is};
    let used = question.observations.used.iter().take(PREDICTED_MOST);
    used.enumerate()
        .filter(|_| !posterior.is_empty())
        .map(|(at, observation)| {
            let key = key.child(at as u64);
            let mut figures = Vec::new();
            let mut yes = 0.0;
            for (i, course) in posterior.iter().enumerate() {
                let mut rng = key.child(i as u64).stream();
                let truth = course.truth(observation);
                let misreport = observation
                    .source
                    .map_or(observation.misreport, |source| learned.drawn(i, source));
                match observation.simulate_if(truth, misreport, &mut rng) {
                    Between(low, high) => figures.push(0.5 * (low + high)),
                    Is(said) => yes += f64::from(u8::from(said)),
                }
            }
            let row = &question.rows[observation.row];
            let of = (!figures.is_empty()).then(|| Weighted::equal(figures));
            let said = match observation.statement {
                Between(low, high) => (Some(low), Some(high)),
                Is(_) => (None, None),
            };
            Predicted {
                id: row.id.to_string(),
                date: row.observed.last,
                says: row.value_in_words(),
                low: said.0.filter(|x| x.is_finite()),
                high: said.1.filter(|x| x.is_finite()),
                q05: of.as_ref().map(|of| of.quantile(0.05)),
                q50: of.as_ref().map(|of| of.quantile(0.5)),
                q95: of.as_ref().map(|of| of.quantile(0.95)),
                yes: of.is_none().then(|| yes / posterior.len() as f64),
            }
        })
        .collect()
}

/// Rows that are told beside what would be expected of them; of more a picture would show nothing.
const PREDICTED_MOST: usize = 500;

/// Share of worlds drawn from the posterior whose evidence, made up by the same sources as they have turned out to be, would be as unlikely as what
/// was reported or more so. Near 0: no values of the unknowns explain the evidence.
pub(crate) fn predictive_check(
    observations: &Observations,
    posterior: &[Course],
    learned: &Learned,
    key: StreamKey,
) -> f64 {
    if observations.used.is_empty() || posterior.is_empty() {
        return 1.0;
    }
    let worse = posterior.iter().enumerate().filter(|(i, course)| {
        let mut rng = key.child(*i as u64).stream();
        let (mut said, mut made_up) = (0.0, 0.0);
        for observation in &observations.used {
            // A retelling is no evidence of its own.
            if observation.retold.is_some() {
                continue;
            }
            let truth = course.truth(observation);
            let misreport = observation
                .source
                .map_or(observation.misreport, |source| learned.drawn(*i, source));
            said += observation.log_likelihood_if(truth, misreport);
            made_up += made_up_like(observation, truth, misreport, &mut rng);
        }
        made_up <= said
    });
    worse.count() as f64 / posterior.len() as f64
}

/// Log-likelihood of a statement of the same form, made up from the truth: plain figures for plain figures, intervals
/// of the same width for intervals, bounds for bounds.
fn made_up_like(observation: &Observation, truth: f64, misreport: f64, rng: &mut Stream) -> f64 {
    use crate::observation::Statement::{Between, Is};
    let simulated = observation.simulate_if(truth, misreport, rng);
    let like = match (observation.statement, simulated) {
        (Between(low, high), Between(from, to)) => {
            let centre = 0.5 * (from + to);
            let half = 0.5 * (to - from);
            match (low.is_finite(), high.is_finite()) {
                (true, true) => Between(centre - 0.5 * (high - low), centre + 0.5 * (high - low)),
                (true, false) => Between(centre - half, f64::INFINITY),
                (false, true) => Between(f64::NEG_INFINITY, centre + half),
                (false, false) => Between(low, high),
            }
        }
        (_, Is(yes)) => Is(yes),
        (said, _) => said,
    };
    let made_up = observation.saying(like);
    made_up.log_likelihood_if(truth, misreport)
}
