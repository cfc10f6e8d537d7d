//! Scores in sum: how many, how good, how often inside.

use std::collections::BTreeMap;

use jiff::civil::Date;
use lazaret_sim::{LEVEL, share_low};
use serde::Serialize;

use super::{EventScore, FigureScore, Horizon, Kind, Origin, Scored};

/// All scores together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Number of reports foretold.
    pub reports: usize,
    /// Mean log score.
    pub log_score: f64,
    /// Mean log score of what the gateway file alone says.
    pub log_score_climatology: f64,
    /// Mean CRPS over figures; none if there are none.
    pub crps: Option<f64>,
    /// Of climatology.
    pub crps_climatology: Option<f64>,
    /// CRPS as a share of that of persistence, over figures that had been reported before.
    pub crps_to_persistence: Option<f64>,
    /// Mean Brier score over yes or no.
    pub brier: Option<f64>,
    /// Of climatology.
    pub brier_climatology: Option<f64>,
    /// Skill beside "as last reported" by CRPS: 1 is perfect, 0 no better, below 0 worse.
    pub skill_to_persistence: Option<f64>,
    /// Skill beside the gateway file alone: by CRPS over figures, by Brier score if there are none.
    pub skill_to_climatology: Option<f64>,
    /// Shares of figures inside the 50, 80 and 90 % intervals.
    pub coverage: Option<[Coverage; 3]>,
}

/// A share of figures that were counted inside their intervals, with what so few of them say of the share in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// Share inside.
    pub share: f64,
    /// Lower end of its 95 % interval, exact for independent figures (ClopperPearson1934).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Coverage {
    /// * `inside` — figures inside, of `n`, at least one.
    fn counted(inside: usize, n: usize) -> Self {
        let tail = (1.0 - LEVEL) / 2.0;
        let (inside, n) = (inside as u64, n as u64);
        Self {
            share: inside as f64 / n as f64,
            low: share_low(inside, n, tail),
            high: 1.0 - share_low(n - inside, n, tail),
        }
    }
}

impl Coverage {
    /// The share, in words.
    #[must_use]
    pub fn share_in_words(&self) -> String {
        format!("{:.0} %", 100.0 * self.share)
    }

    /// Its interval, in words.
    #[must_use]
    pub fn interval_in_words(&self) -> String {
        format!("{:.0} to {:.0} %", 100.0 * self.low, 100.0 * self.high)
    }
}

impl std::fmt::Display for Coverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} ({})",
            self.share_in_words(),
            self.interval_in_words()
        )
    }
}

impl Record {
    /// Sums up.
    #[must_use]
    pub fn of(scored: &[Scored]) -> Self {
        let mean = |values: Vec<f64>| {
            let n = values.len() as f64;
            (n > 0.0).then(|| values.iter().sum::<f64>() / n)
        };
        let figures: Vec<&FigureScore> = scored.iter().filter_map(|s| s.figure.as_ref()).collect();
        let persisted: Vec<(f64, f64)> = figures
            .iter()
            .filter_map(|f| Some((f.crps, f.crps_persistence?)))
            .collect();
        let ratio = {
            let ours: f64 = persisted.iter().map(|(ours, _)| ours).sum();
            let last: f64 = persisted.iter().map(|(_, last)| last).sum();
            (last > 0.0).then(|| ours / last)
        };
        let held = |level: usize| {
            let held = figures.iter().filter(|f| f.inside[level]).count();
            Coverage::counted(held, figures.len())
        };
        let crps = mean(figures.iter().map(|f| f.crps).collect());
        let crps_climatology = mean(figures.iter().map(|f| f.crps_climatology).collect());
        let events: Vec<&EventScore> = scored.iter().filter_map(|s| s.event.as_ref()).collect();
        let brier = mean(events.iter().map(|e| e.brier).collect());
        let brier_climatology = mean(events.iter().map(|e| e.brier_climatology).collect());
        let skill = |ours: Option<f64>, other: Option<f64>| match (ours, other) {
            (Some(ours), Some(other)) if other > 0.0 => Some(1.0 - ours / other),
            _ => None,
        };
        Self {
            reports: scored.len(),
            log_score: mean(scored.iter().map(|s| s.log_score).collect()).unwrap_or(0.0),
            log_score_climatology: mean(scored.iter().map(|s| s.log_score_climatology).collect())
                .unwrap_or(0.0),
            crps,
            crps_climatology,
            crps_to_persistence: ratio,
            brier,
            brier_climatology,
            skill_to_persistence: ratio.map(|ratio| 1.0 - ratio),
            skill_to_climatology: match crps {
                Some(_) => skill(crps, crps_climatology),
                None => skill(brier, brier_climatology),
            },
            coverage: (!figures.is_empty()).then(|| [held(0), held(1), held(2)]),
        }
    }
}

/// The record of hits and misses: all scores that were kept, by what was foretold and how far ahead.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// By origin, kind and horizon.
    pub parts: Vec<Part>,
    /// By origin alone.
    pub sums: Vec<Sum>,
    /// Scores that do not count, since another forecast of the same day about the same report was scored later.
    pub superseded: usize,
}

/// All scores of one origin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sum {
    /// Made in its time, or in a walk over the past.
    pub origin: Origin,
    /// The scores.
    pub record: Record,
}

/// The scores of one kind and horizon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Made in its time, or in a walk over the past.
    pub origin: Origin,
    /// What was foretold.
    pub kind: Kind,
    /// How far ahead.
    pub horizon: Horizon,
    /// The scores.
    pub record: Record,
}

impl Tally {
    /// Sums up scores in the order in which they were kept.
    ///
    /// A forecast of a day may be made again, with another seed or a better gateway file: for each day and report the last
    /// that was scored counts, so that making it often does not count often.
    #[must_use]
    pub fn of(kept: &[Scored]) -> Self {
        let mut standing: BTreeMap<(Origin, Date, &str), &Scored> = BTreeMap::new();
        for one in kept {
            standing.insert((one.origin, one.as_of, one.row.as_str()), one);
        }
        let superseded = kept.len() - standing.len();
        let mut parts: BTreeMap<(Origin, Kind, Horizon), Vec<Scored>> = BTreeMap::new();
        let mut sums: BTreeMap<Origin, Vec<Scored>> = BTreeMap::new();
        for one in standing.into_values() {
            let part = (one.origin, one.kind(), one.horizon());
            parts.entry(part).or_default().push(one.clone());
            sums.entry(one.origin).or_default().push(one.clone());
        }
        Self {
            parts: parts
                .into_iter()
                .map(|((origin, kind, horizon), scored)| Part {
                    origin,
                    kind,
                    horizon,
                    record: Record::of(&scored),
                })
                .collect(),
            sums: sums
                .into_iter()
                .map(|(origin, scored)| Sum {
                    origin,
                    record: Record::of(&scored),
                })
                .collect(),
            superseded,
        }
    }

    /// Whether nothing has been scored yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}
