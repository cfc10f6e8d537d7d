//! The answer of `lazaret plan bottleneck` in words.

use lazaret_sim::metrics::{Each, LOSSES};
use lazaret_vocabulary::figures::figure;

use super::{BottleneckAnswer, Gain, Headline};
use crate::compare::Verdict;
use crate::questions::compare::words::difference;
use crate::questions::words::{Words, foot, stopped};

/// What to build next, in a sentence.
#[must_use]
pub fn headline(answer: &BottleneckAnswer) -> String {
    /// More than these are only counted.
    const NAMED: usize = 4;
    let worth = |g: &Gain| format!("{} ({} {})", g.what, figure(g.gain.value), answer.unit);
    match &answer.headline {
        Headline::Build { gain } => {
            let g = &answer.gains[*gain];
            format!(
                "Build next: {}. It is worth {} {} of {}.",
                g.what,
                figure(g.gain.value),
                answer.unit,
                answer.metric
            )
        }
        Headline::Undecided { between, more } => {
            let names: Vec<String> = between
                .iter()
                .take(NAMED)
                .map(|&i| worth(&answer.gains[i]))
                .collect();
            let others = match between.len().saturating_sub(NAMED) {
                0 => String::new(),
                n => format!(" and {n} others"),
            };
            let more = match more {
                Some(n) => format!("about {} more replications would decide", figure(*n as f64)),
                None => "no feasible number of replications would decide".into(),
            };
            let what = if between.len() == 1 {
                "Not shown yet to be a gain"
            } else {
                "Undecided between"
            };
            format!("{what}: {}{others}; {more}.", names.join(", "))
        }
        Headline::Nothing if answer.gains.is_empty() => {
            "The file has no known number that could be increased by one.".to_owned()
        }
        Headline::Nothing => format!(
            "Nothing that matters: one more of any single thing changes {} by less than 1 %.",
            answer.metric
        ),
    }
}

/// Step and reason of a metric of waiting.
fn wait(metric: &str) -> (String, String) {
    let known = |(loss, why): &(Each, &str)| {
        let step = loss.whose(metric)?;
        Some((step.to_owned(), (*why).to_owned()))
    };
    let found = LOSSES.iter().find_map(known);
    found.unwrap_or_else(|| (metric.to_owned(), String::new()))
}

/// Designs of which futures came to a stop.
#[must_use]
pub fn warnings(answer: &BottleneckAnswer) -> Vec<String> {
    let gains = answer.gains.iter().map(|g| (g.change.as_str(), &g.stops));
    std::iter::once(("as in the file", &answer.stops))
        .chain(gains)
        .filter_map(|(design, stops)| stopped(design, stops))
        .collect()
}

/// The answer.
///
/// * `seed` — of the runs.
/// * `level` — of the intervals.
#[must_use]
pub fn text(answer: &BottleneckAnswer, seed: u64, level: f64) -> Words {
    let mut text = Words::from(format!("\n{}\n", headline(answer)));
    if let Some(because) = &answer.because {
        text += &format!("Gains are counted in {}: {because}.\n", answer.metric);
    }
    text += &format!(
        "At present {} is {} {}.\n\n",
        answer.metric,
        answer.now.in_words(),
        answer.unit
    );
    let rows: Vec<Vec<String>> = answer
        .gains
        .iter()
        .map(|g| {
            let (value, interval) = difference(&g.gain);
            let verdict = match g.gain.verdict {
                Verdict::Higher if g.gain.high < answer.matters => {
                    "better, but by less than 1 %".to_owned()
                }
                Verdict::Higher => "better".to_owned(),
                Verdict::Lower => "worse".to_owned(),
                _ => g.gain.verdict.in_words(),
            };
            vec![g.what.clone(), value, interval, verdict, g.change.clone()]
        })
        .collect();
    text.table(
        &[
            "one more",
            &format!("gain, {}", answer.unit),
            "interval",
            "",
            "as a change of the file",
        ],
        rows,
        &[1, 2],
    );
    let mut losses: Vec<_> = answer
        .losses
        .iter()
        .filter(|(_, _, e)| e.value > 0.0)
        .collect();
    losses.sort_by(|a, b| b.2.value.total_cmp(&a.2.value));
    if losses.is_empty() {
        text += "\nNothing waits for anything.\n";
    } else {
        let rows: Vec<Vec<String>> = losses
            .iter()
            .map(|(name, unit, e)| {
                let (step, why) = wait(name);
                vec![step, why, e.in_words(), unit.clone()]
            })
            .collect();
        text += "\nTime lost, mean per lot or vehicle:\n";
        text.table(&["step", "why", "time", ""], rows, &[2]);
    }
    text += &foot(seed, level, answer.replications);
    text
}
