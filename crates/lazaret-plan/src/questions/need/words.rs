//! The answer of `lazaret plan need` in words.

use lazaret_vocabulary::figures::{figure, interval, share};

use super::{NeedMet, NeedQuestion};
use crate::questions::words::{Words, foot};

/// The answer.
///
/// * `seed` — of the runs.
#[must_use]
pub fn text(answer: &NeedMet, question: &NeedQuestion<'_>, seed: u64) -> Words {
    let (m, l, h) = (&answer.mean, &answer.low, &answer.high);
    let mut text = Words::from(format!(
        "\n{} tonnes a year leave the gateway ({}): {} kg per head and year for {} people.\n",
        figure(m.tonnes_a_year),
        interval(l.tonnes_a_year, h.tonnes_a_year),
        figure(m.kg_a_head_year),
        figure(question.population)
    ));
    if let (Some(part), Some(before)) = (m.share_of_before, question.before) {
        text += &format!(
            "That is {} of the earlier {} tonnes a year.\n",
            share(part),
            figure(before)
        );
    }
    let rows: Vec<Vec<String>> = m
        .classes
        .iter()
        .zip(&answer.lots_a_year)
        .zip(&answer.tonnes_a_lot)
        .map(|((c, lots), tonnes)| {
            vec![
                c.class.clone(),
                figure(lots.value),
                figure(*tonnes),
                figure(c.tonnes_a_year),
                figure(c.kg_a_head_year),
                c.days_of_need.map_or_else(|| "-".into(), figure),
                c.people_covered.map_or_else(|| "-".into(), figure),
            ]
        })
        .collect();
    text += "\n";
    text.table(
        &[
            "goods",
            "lots a year",
            "tonnes a lot",
            "tonnes a year",
            "kg a head",
            "days of need in a year's flow",
            "people covered",
        ],
        rows,
        &[1, 2, 3, 4, 5, 6],
    );
    text += &format!(
        "\nThe run is {} days from its start; the figures per year are extrapolated from it, without the lots still held at its end.{}",
        figure(answer.days),
        foot(seed, question.level, question.replications)
    );
    text
}
