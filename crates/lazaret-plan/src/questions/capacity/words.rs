//! The answer of `lazaret plan capacity` in words.

use lazaret_sim::metrics::GROWTH;
use lazaret_vocabulary::figures::{figure, share};

use super::search::Direction;
use super::{CapacityAnswer, ClaimVerdict, GROWTH_MOST};
use crate::estimate::Estimate;
use crate::questions::words::{Words, foot, stopped};

/// A value of the setting with its unit.
#[must_use]
pub fn value(answer: &CapacityAnswer, x: f64) -> String {
    format!("{} {}", figure(x), answer.unit)
        .trim_end()
        .to_owned()
}

/// The interval of a quantile of the thresholds. An end that these futures do not bound is not printed as a number.
#[must_use]
pub fn bounds(answer: &CapacityAnswer, e: &Estimate) -> String {
    match (e.low.is_finite(), e.high.is_finite()) {
        (true, true) => format!("{} to {}", value(answer, e.low), value(answer, e.high)),
        (true, false) => format!("{} or more", value(answer, e.low)),
        (false, true) => format!("{} or less", value(answer, e.high)),
        (false, false) => format!("not bounded after {} futures", e.n),
    }
}

/// What "sustained" means, in words.
#[must_use]
pub fn criterion(answer: &CapacityAnswer) -> String {
    if answer.criterion.starts_with(GROWTH.name) {
        format!(
            "at most {} of what is due is not served because the backlog grows or too few vehicles are home ({})",
            share(GROWTH_MOST),
            answer.criterion
        )
    } else {
        answer.criterion.clone()
    }
}

/// What is sustained, in a sentence or two.
#[must_use]
pub fn found(answer: &CapacityAnswer) -> String {
    let n = answer.replications;
    let (path, safe) = (&answer.path, share(answer.safe));
    let range = format!(
        "from {} to {}",
        value(answer, answer.range[0]),
        value(answer, answer.range[1])
    );
    let (all, none) = match answer.direction {
        Direction::MoreIsWorse => (answer.above_range, answer.below_range),
        Direction::MoreIsBetter => (answer.below_range, answer.above_range),
    };
    if all == n {
        return format!(
            "Every value of {path} {range} is sustained in all {n} futures. Widen --range to find the limit."
        );
    }
    if none == n {
        return format!("No value of {path} {range} is sustained in any of {n} futures.");
    }
    let (least, more) = match answer.direction {
        Direction::MoreIsWorse => ("", "at most"),
        Direction::MoreIsBetter => (" or more", "at least"),
    };
    let one = |e: &Estimate, share: &str| {
        if e.value.is_finite() {
            return format!(
                "{path} = {}{least} is sustained in {share} of futures ({})",
                value(answer, e.value),
                bounds(answer, e)
            );
        }
        let everywhere = (e.value > 0.0) == (answer.direction == Direction::MoreIsWorse);
        if everywhere {
            format!("all of {path} {range} is sustained in {share} of futures")
        } else {
            format!("no value of {path} {range} is sustained in {share} of futures")
        }
    };
    let mut text = one(&answer.safe_value, &safe);
    if let Some(first) = text.get(..1).filter(|_| text.starts_with("no ")) {
        text = format!("{}{}", first.to_uppercase(), &text[1..]);
    }
    text += &if answer.safe_value.value == answer.median_value.value {
        format!(
            "; the same in half of them ({}).",
            bounds(answer, &answer.median_value)
        )
    } else {
        format!("; {}.", one(&answer.median_value, "half"))
    };
    if all > 0 {
        text += &format!(
            " {all} of {n} futures sustain the whole range; widen --range to find the limit."
        );
    }
    if none > 0 {
        text += &format!(" {none} of {n} futures sustain no value in it.");
    }
    if answer.ends.against() > 0 {
        text += &format!(
            " Caveat: {} of the first {} futures show the opposite at the two ends; the search assumes that a value is sustained if it is {more} a sustained one.",
            answer.ends.against(),
            answer.ends.low_only + answer.ends.high_only + answer.ends.both + answer.ends.neither
        );
    }
    text
}

/// Whether a claim holds, in a sentence.
#[must_use]
pub fn claimed(answer: &CapacityAnswer) -> String {
    let Some(claim) = &answer.claim else {
        return String::new();
    };
    let verdict = match &claim.verdict {
        ClaimVerdict::Yes => "yes".to_owned(),
        ClaimVerdict::No => "no".to_owned(),
        ClaimVerdict::Depends { on } if on.is_empty() => {
            "it depends on chance from lot to lot".to_owned()
        }
        ClaimVerdict::Depends { on } => format!("it depends on {}", on.join(" and ")),
        ClaimVerdict::NotShown { more: Some(more) } => format!(
            "not shown yet; {} more replications would decide",
            figure(*more as f64)
        ),
        ClaimVerdict::NotShown { more: None } => {
            "not shown, and no feasible number of replications would decide".to_owned()
        }
    };
    format!(
        "\nCan it sustain {}? {}: {} of futures do ({} to {}).\n",
        value(answer, claim.value),
        verdict,
        share(claim.share.value),
        share(claim.share.low),
        share(claim.share.high),
    )
}

/// What happens above the capacity, as a table: when the hold is full only if the file has one.
#[must_use]
pub fn above(answer: &CapacityAnswer) -> (Vec<String>, Vec<Vec<String>>) {
    let mut head = vec![
        "above it".to_owned(),
        "futures that still sustain it".into(),
    ];
    let holds = answer.overflow_metric.is_some();
    if holds {
        head.push("otherwise the hold is full after".into());
    }
    let rows = answer
        .above
        .iter()
        .map(|a| {
            let mut row = vec![value(answer, a.value), share(a.sustained.value)];
            if holds {
                let days = |h: f64| figure((h / 24.0).round().max(0.0));
                row.push(a.overflow.map_or_else(
                    || "not within the run".to_owned(),
                    |o| {
                        format!(
                            "{} days ({} to {})",
                            days(o.value),
                            days(o.low),
                            days(o.high)
                        )
                    },
                ));
            }
            row
        })
        .collect();
    (head, rows)
}

/// Futures that came to a stop.
#[must_use]
pub fn warnings(answer: &CapacityAnswer) -> Vec<String> {
    stopped(
        &format!("at the value of {} next to their threshold", answer.path),
        &answer.stops,
    )
    .into_iter()
    .collect()
}

/// That the run is too short to tell growth from, if it is.
fn too_short(answer: &CapacityAnswer) -> String {
    let short = answer.cycles.filter(|cycles| *cycles < CYCLES);
    short.map_or_else(String::new, |cycles| {
        format!(
            "The run holds only {} of the file's longest cycles (between convoys or departures, or weeks), from which growth\ncan hardly be told; make gateway.length {CYCLES} of them or more.\n",
            figure(cycles)
        )
    })
}

/// Cycles that a run should hold for growth to be told from them.
const CYCLES: f64 = 3.0;

/// The answer.
///
/// * `seed` — of the runs.
/// * `level` — of the intervals.
#[must_use]
pub fn text(answer: &CapacityAnswer, seed: u64, level: f64) -> Words {
    let mut text = Words::from(format!(
        "\n{}\nSustained means: {}.\n",
        found(answer),
        criterion(answer)
    ));
    text += &too_short(answer);
    text += &claimed(answer);
    if !answer.limits.is_empty() {
        let parts: Vec<String> = answer
            .limits
            .iter()
            .map(|(name, of)| format!("{name} in {}", share(*of)))
            .collect();
        let just = match answer.direction {
            Direction::MoreIsWorse => "above",
            Direction::MoreIsBetter => "below",
        };
        text += &format!(
            "\nWhat limits, just {just}: {} of futures.\n",
            parts.join(", ")
        );
    }
    if answer.depends_on.is_empty() {
        text += "No unknown changes the capacity by more than chance.\n";
    } else {
        let rows: Vec<Vec<String>> = answer
            .depends_on
            .iter()
            .map(|d| vec![d.unknown.clone(), format!("{:+.2}", d.correlation)])
            .collect();
        text += "\n";
        text.table(&["the capacity depends on", "rank correlation"], rows, &[1]);
    }
    if !answer.boundary.is_empty() {
        boundary(&mut text, answer, &value(answer, answer.boundary_at));
    }
    if !answer.above.is_empty() {
        let (head, rows) = above(answer);
        text += "\n";
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        text.table(&head, rows, &[0, 1]);
    }
    text += &foot(seed, level, answer.replications);
    text
}

/// The share of sustaining futures over the two strongest unknowns, as a small map.
fn boundary(text: &mut Words, answer: &CapacityAnswer, at: &str) {
    let cells = 5;
    let (first, second) = (&answer.depends_on[0].unknown, &answer.depends_on[1].unknown);
    *text += &format!(
        "\nFutures that sustain {at}, by {first} (down) and {second} (across), each from low to high:\n"
    );
    let quintiles = ["lowest", "low", "middle", "high", "highest"];
    let mut header = vec![""];
    header.extend(quintiles);
    let rows: Vec<Vec<String>> = (0..cells)
        .map(|x| {
            let mut row = vec![quintiles[x].to_owned()];
            row.extend((0..cells).map(|y| {
                let cell = answer.boundary[x * cells + y];
                if cell.n == 0 {
                    "-".into()
                } else {
                    share(cell.sustained as f64 / cell.n as f64)
                }
            }));
            row
        })
        .collect();
    text.table(&header, rows, &[1, 2, 3, 4, 5]);
}
