//! The answer of `lazaret plan sensitivity` in words.

use lazaret_vocabulary::figures::{figure, share};

use super::SensitivityAnswer;
use super::sobol::Index;
use crate::questions::words::{Words, stopped};

/// Futures that came to a stop.
#[must_use]
pub fn warnings(answer: &SensitivityAnswer) -> Vec<String> {
    stopped("over all inputs together", &answer.stops)
        .into_iter()
        .collect()
}

/// The answer.
///
/// * `seed` — of the runs.
/// * `level` — of the intervals.
#[must_use]
pub fn text(answer: &SensitivityAnswer, seed: u64, level: f64) -> Words {
    let indices = &answer.indices;
    let mut order: Vec<usize> = (0..answer.inputs.len()).collect();
    order.sort_by(|&a, &b| {
        indices.inputs[b]
            .total
            .value
            .total_cmp(&indices.inputs[a].total.value)
    });
    let strongest = order.first().map_or("-", |&i| answer.inputs[i].as_str());
    let mut text = Words::from(format!(
        "\n{} is {} {} on average, with a standard deviation of {}.\n{} of its spread is due to the varied inputs, most of all {strongest}; {} is due to chance between replications.\n",
        answer.metric,
        figure(indices.mean),
        answer.unit,
        figure(indices.sd),
        share(answer.owed_to_inputs()),
        share(answer.owed_to_variability()),
    ));
    let index = |i: Index| {
        vec![
            percent_of(i.value),
            format!("{} to {}", percent_of(i.low), percent_of(i.high)),
        ]
    };
    let mut rows: Vec<Vec<String>> = order
        .iter()
        .map(|&i| {
            let both = &indices.inputs[i];
            [
                vec![answer.inputs[i].clone()],
                index(both.first),
                index(both.total),
            ]
            .concat()
        })
        .collect();
    if let Some(chance) = indices.chance {
        rows.push(
            [
                vec!["(luck)".to_owned()],
                index(chance.first),
                index(chance.total),
            ]
            .concat(),
        );
    }
    text += "\n";
    text.table(
        &["input", "alone", "interval", "with others", "interval"],
        rows,
        &[1, 2, 3, 4],
    );
    if !answer.screening.is_empty() {
        let rows: Vec<Vec<String>> = answer
            .screening
            .iter()
            .map(|s| {
                let e = &s.effect;
                let kind = if e.importance.value == 0.0 {
                    "none"
                } else if e.sd > 0.5 * e.importance.value {
                    "nonlinear, or interacting"
                } else {
                    "straight"
                };
                vec![
                    s.input.clone(),
                    figure(e.mean),
                    figure(e.importance.value),
                    kind.to_owned(),
                    if s.kept {
                        String::new()
                    } else {
                        "not measured".to_owned()
                    },
                ]
            })
            .collect();
        text += &format!(
            "\nScreening: change of the metric when an input crosses its range, in {}\n",
            answer.unit
        );
        text.table(&["input", "mean", "size", "effect", ""], rows, &[1, 2]);
    }
    text += &format!(
        "\n\"Alone\" is the share of the variance that would vanish if the input became known; \"with others\" is the share that\nwould remain if everything else became known. {} runs, seed {}; intervals at {}.\n",
        figure(answer.runs as f64),
        seed,
        share(level)
    );
    text
}

/// A share in per cent with one decimal.
fn percent_of(x: f64) -> String {
    format!("{:.1} %", (1000.0 * x).round() / 10.0)
}
