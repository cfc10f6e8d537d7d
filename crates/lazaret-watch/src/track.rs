//! How far statements of each kind have been from what was seen later, in one file of evidence or in many: track records for `[kinds]`.

use serde::Serialize;

use crate::evidence::Row;
use crate::kind::{KINDS, Kind, SPREAD};

/// Outcomes that weigh as much as what is assumed of a kind.
pub const STRENGTH: f64 = 6.0;

/// What the outcomes of a kind teach.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Learned {
    /// The kind.
    pub kind: &'static str,
    /// Statements that were later seen or recorded otherwise, or the same.
    pub outcomes: usize,
    /// Spread that is assumed of it: the standard deviation of the logarithm.
    pub assumed: f64,
    /// The same given the outcomes.
    pub spread: f64,
    /// Mean logarithm of statement over outcome: above 0 they say too much.
    pub bias: f64,
}

/// The figure of a row that gives one, with the middle of bounds on the scale of logarithms.
fn figure(row: &Row) -> Option<f64> {
    let figure = row.best.or_else(|| Some((row.low? * row.high?).sqrt()))?;
    (figure > 0.0).then_some(figure)
}

/// Compares every rule, announcement, guess and hearsay with what was seen or recorded of the same subject, quantity and unit for a time
/// that overlaps its own, published later. Of several outcomes of one statement the first counts.
///
/// The spread is √((k s₀² + Σ d²) / (k + n)) with the assumed s₀, k = [`STRENGTH`], and n differences d of logarithms: the mean of an
/// inverse-gamma posterior of the variance, up to its degrees of freedom.
///
/// * `files` — the rows of each file; statements are held against outcomes of their own file only.
#[must_use]
pub fn learn(files: &[&[Row]]) -> Vec<Learned> {
    let mut differences: [Vec<f64>; 6] = Default::default();
    for rows in files {
        for row in *rows {
            let kind = row.kind.unwrap_or_else(|| Kind::assumed(row));
            let (false, Some(said)) = (matches!(kind, Kind::Seen | Kind::Recorded), figure(row))
            else {
                continue;
            };
            let outcome = rows
                .iter()
                .filter(|later| {
                    let kind = later.kind.unwrap_or_else(|| Kind::assumed(later));
                    matches!(kind, Kind::Seen | Kind::Recorded)
                        && later.published.last > row.published.last
                        && (
                            later.subject.as_str(),
                            later.quantity.as_str(),
                            later.unit.as_str(),
                        ) == (
                            row.subject.as_str(),
                            row.quantity.as_str(),
                            row.unit.as_str(),
                        )
                        && later.observed.last >= row.observed.first
                })
                .filter_map(|later| Some((later.published.last, figure(later)?)))
                .min_by_key(|(date, _)| *date);
            if let Some((_, was)) = outcome {
                differences[kind.index()].push((said / was).ln());
            }
        }
    }
    KINDS
        .iter()
        .filter(|(_, kind)| !matches!(kind, Kind::Seen | Kind::Recorded))
        .map(|(name, kind)| {
            let found = &differences[kind.index()];
            let assumed = SPREAD[kind.index()];
            let n = found.len() as f64;
            let squares: f64 = found.iter().map(|d| d * d).sum();
            Learned {
                kind: name,
                outcomes: found.len(),
                assumed,
                spread: ((STRENGTH * assumed * assumed + squares) / (STRENGTH + n)).sqrt(),
                bias: found.iter().sum::<f64>() / n.max(1.0),
            }
        })
        .collect()
}
