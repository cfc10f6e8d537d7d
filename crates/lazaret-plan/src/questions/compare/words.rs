//! The answer of `lazaret plan compare` in words.

use lazaret_vocabulary::figures::{figure, interval};

use super::CompareAnswer;
use crate::compare::Difference;
use crate::questions::words::{Words, foot, stopped};

/// Designs of which futures came to a stop.
#[must_use]
pub fn warnings(answer: &CompareAnswer) -> Vec<String> {
    let others = answer.alternatives.iter().zip(&answer.alternative_stops);
    std::iter::once((&answer.baseline, &answer.baseline_stops))
        .chain(others)
        .filter_map(|(design, stops)| stopped(design, stops))
        .collect()
}

/// The answer.
///
/// * `seed` — of the runs.
#[must_use]
pub fn text(answer: &CompareAnswer, seed: u64) -> Words {
    let mut text = Words::default();
    for metric in &answer.metrics {
        text += &format!(
            "\n{}, in {}: {} as it is\n",
            metric.metric,
            metric.unit,
            metric.baseline.in_words()
        );
        let rows: Vec<Vec<String>> = answer
            .alternatives
            .iter()
            .zip(&metric.differences)
            .map(|(name, d)| {
                vec![
                    name.clone(),
                    signed(d.value),
                    signed_interval(d.low, d.high),
                    d.verdict.in_words(),
                    gain(d.pairing_gain),
                ]
            })
            .collect();
        text.table(
            &["variant", "difference", "interval", "", "pairing gained"],
            rows,
            &[1, 2, 4],
        );
    }
    text += &format!(
        "\nThe intervals of one metric hold simultaneously. \"Pairing gained\" is the factor by which common random numbers reduce the variance.{}",
        foot(seed, answer.level, answer.replications)
    );
    text
}

fn signed(x: f64) -> String {
    if x > 0.0 {
        format!("+{}", figure(x))
    } else {
        figure(x)
    }
}

fn signed_interval(low: f64, high: f64) -> String {
    format!("{} to {}", signed(low), signed(high))
}

fn gain(x: f64) -> String {
    if x.is_finite() {
        format!("{} ×", figure(x))
    } else {
        "-".into()
    }
}

/// A difference and its interval, for other questions that print them.
pub(crate) fn difference(d: &Difference) -> (String, String) {
    (signed(d.value), interval(d.low, d.high))
}
