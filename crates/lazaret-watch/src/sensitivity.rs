//! What the answer owes to choices that nobody has measured: kinds of statement, stories, grades, and how things change. Each is
//! made otherwise by one step, and the answers stand side by side.

use serde::Serialize;

use crate::attendance::Attendance;
use crate::belief::Belief;
use crate::estimate::{Answer, Ask, Effort, Estimate, Question, Summary, WatchError, estimate};
use crate::kernel::Kernel;
use crate::observation::bind;
use crate::rules::Rules;

/// A choice made otherwise.
#[derive(Clone, Debug)]
pub struct Choice {
    /// In words.
    pub says: String,
    /// The rules with it.
    pub rules: Rules,
}

/// The answer under one choice.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The choice, in words.
    pub choice: String,
    /// What is left of each unknown, in the order of the file.
    pub unknowns: Vec<Summary>,
    /// Answers to what was asked.
    pub asks: Vec<Answer>,
    /// Mean log-evidence: above that of the file as it is, the choice explains the evidence better.
    pub log_evidence: f64,
}

/// The rules as they are, and each choice in them made otherwise by one step.
#[must_use]
pub fn choices(rules: &Rules) -> Vec<Choice> {
    let mut all = vec![Choice {
        says: "as the rules say".to_string(),
        rules: rules.clone(),
    }];
    let mut add = |says: &str, change: &dyn Fn(&mut Rules)| {
        let mut changed = rules.clone();
        change(&mut changed);
        if changed != *rules {
            all.push(Choice {
                says: says.to_string(),
                rules: changed,
            });
        }
    };
    add("kinds: all as sharp as sightings", &|r| {
        (r.spread, r.holds) = ([0.0; 6], [1.0; 6]);
    });
    add("kinds: spreads half as wide", &|r| {
        r.spread = r.spread.map(|s| 0.5 * s);
    });
    add("kinds: spreads twice as wide", &|r| {
        r.spread = r.spread.map(|s| 2.0 * s);
    });
    add("transfers: half as wide", &|r| {
        r.observe.iter_mut().for_each(|rule| rule.transfer *= 0.5);
    });
    add("transfers: twice as wide", &|r| {
        r.observe.iter_mut().for_each(|rule| rule.transfer *= 2.0);
    });
    add("stories: every row speaks for itself", &|r| {
        (r.copies, r.alike) = (1e-4, 1e-4);
    });
    add("stories: those alike have one origin too", &|r| {
        r.alike = r.copies;
    });
    add("grades: twice as many misreports", &|r| {
        r.misreport = r.misreport.map(|b| (2.0 * b).min(0.9));
        r.by_source
            .values_mut()
            .for_each(|b| *b = (2.0 * *b).min(0.9));
    });
    add("grades: half as many misreports", &|r| {
        r.misreport = r.misreport.map(|b| 0.5 * b);
        r.by_source.values_mut().for_each(|b| *b *= 0.5);
    });
    add("grades: errors twice as wide", &|r| {
        r.error = r.error.map(|e| 2.0 * e);
    });
    add("grades: nothing is learned of sources", &|r| {
        r.strength = f64::INFINITY;
        r.strength_by_source.clear();
    });
    add("changes: nothing changes over time", &|r| {
        r.changes.clear();
        r.flows.clear();
    });
    all
}

/// Works out the answer under each choice.
///
/// * `kernel` — makes the kernel of given rules, for they say how flows stop.
/// * `attendance` — is told of each choice that is done.
///
/// # Errors
/// [`WatchError`].
pub fn lines<K: Kernel>(
    kernel: impl Fn(&Rules) -> Result<K, String>,
    question: &Question<'_>,
    choices: &[Choice],
    asks: &[Ask],
    attendance: &Attendance<'_>,
) -> Result<Vec<Line>, WatchError> {
    let effort = Effort {
        influence: false,
        grid: false,
        ..question.effort.clone()
    };
    let mut lines = Vec::new();
    for choice in choices {
        let observations = bind(
            question.gateway,
            &choice.rules,
            question.rows,
            question.as_of,
        )
        .map_err(|wrong| WatchError::Gateway(wrong[0].message.clone()))?;
        let belief = Belief::changing(
            question.gateway,
            &choice.rules.changes,
            observations.last_day,
        );
        let question = Question {
            observations: &observations,
            effort: &effort,
            ..*question
        };
        let kernel = kernel(&choice.rules).map_err(WatchError::Gateway)?;
        let made: Estimate = estimate(&kernel, &belief, &question, asks, &attendance.untold())?;
        if made.is_partial() {
            return Err(WatchError::Stopped);
        }
        lines.push(Line {
            choice: choice.says.clone(),
            unknowns: made
                .unknowns
                .iter()
                .map(|unknown| unknown.posterior)
                .collect(),
            asks: made.asks,
            log_evidence: made.log_evidence.mean,
        });
        attendance.done(1);
    }
    Ok(lines)
}

/// Which choices would change the answer, the greatest change first, in words: those that move the median of an unknown by more than a
/// quarter of its 90 % interval, or an answer by more than ten points and three of its errors.
#[must_use]
pub fn would_change(lines: &[Line], unknowns: &[&str]) -> Vec<String> {
    let Some((base, others)) = lines.split_first() else {
        return Vec::new();
    };
    let mut found: Vec<(f64, String)> = Vec::new();
    for line in others {
        for ((is, was), name) in line.unknowns.iter().zip(&base.unknowns).zip(unknowns) {
            let wide = (was.q95 - was.q05).max(1e-12);
            let moved = (is.q50 - was.q50).abs() / wide;
            if moved > 0.25 {
                let said = format!(
                    "{}: {name} {} instead of {}",
                    line.choice,
                    is.in_words(),
                    was.in_words()
                );
                found.push((moved, said));
            }
        }
        for (is, was) in line.asks.iter().zip(&base.asks) {
            let moved = (is.probability - was.probability).abs();
            if moved > 0.1 && moved > 3.0 * is.standard_error.hypot(was.standard_error) {
                let said = format!(
                    "{}: {} {} instead of {}",
                    line.choice,
                    is.ask,
                    lazaret_vocabulary::figures::chance(is.probability),
                    lazaret_vocabulary::figures::chance(was.probability)
                );
                found.push((moved, said));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, said)| said).collect()
}
