//! The record of hits and misses line by line, each cell as people read it: the same on a page, in Markdown, on a
//! terminal.

use super::{Coverage, Horizon, Kind, Origin, Record, Sum, Tally};
use crate::writing::number;

/// One line of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Made in its time, or in a walk over the past.
    pub origin: Origin,
    /// What was foretold and how far ahead; none for all of the origin.
    pub part: Option<(Kind, Horizon)>,
    /// Number of reports foretold.
    pub reports: String,
    /// Shares of figures inside the 50, 80 and 90 % intervals; none without figures.
    pub inside: Option<[Coverage; 3]>,
    /// Mean log score.
    pub log_score: String,
    /// Of the gateway file alone.
    pub log_score_climatology: String,
    /// Mean CRPS; empty without figures.
    pub crps: String,
    /// Mean Brier score; empty without a yes or no.
    pub brier: String,
    /// Skill beside "as last reported"; empty if there is none.
    pub skill_to_persistence: String,
    /// Skill beside the gateway file alone; empty if there is none.
    pub skill_to_climatology: String,
}

impl Line {
    fn of(origin: Origin, part: Option<(Kind, Horizon)>, record: &Record) -> Self {
        let skill = |value: Option<f64>| value.map_or(String::new(), skill_in_words);
        Self {
            origin,
            part,
            reports: record.reports.to_string(),
            inside: record.coverage,
            log_score: format!("{:.2}", record.log_score),
            log_score_climatology: format!("{:.2}", record.log_score_climatology),
            crps: record.crps.map_or(String::new(), number),
            brier: record
                .brier
                .map_or(String::new(), |brier| format!("{brier:.3}")),
            skill_to_persistence: skill(record.skill_to_persistence),
            skill_to_climatology: skill(record.skill_to_climatology),
        }
    }

    /// What was foretold, in words.
    #[must_use]
    pub fn foretold(&self) -> String {
        match self.part {
            Some((kind, _)) => kind.in_words().to_string(),
            None => format!("all {}", self.origin.in_words()),
        }
    }

    /// How far ahead, in words; empty for all of an origin.
    #[must_use]
    pub fn ahead(&self) -> &'static str {
        self.part.map_or("", |(_, horizon)| horizon.in_words())
    }

    /// The share inside interval number `level`, with what so few say of it; empty without figures.
    #[must_use]
    pub fn share(&self, level: usize) -> String {
        self.inside
            .map_or(String::new(), |inside| inside[level].to_string())
    }
}

impl Tally {
    /// Line by line: the parts of each origin, then their sum.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for Sum { origin, record } in &self.sums {
            let parts = self.parts.iter().filter(|part| part.origin == *origin);
            lines.extend(
                parts.map(|part| Line::of(*origin, Some((part.kind, part.horizon)), &part.record)),
            );
            lines.push(Line::of(*origin, None, record));
        }
        lines
    }

    /// What does not count, in words; none if everything does.
    #[must_use]
    pub fn superseded_in_words(&self) -> Option<String> {
        (self.superseded > 0).then(|| {
            format!(
                "Superseded and not counted: {} of the scores in the record, because another forecast of the same day about the same report was scored later.",
                self.superseded
            )
        })
    }
}

/// A skill, without a sign for nothing.
fn skill_in_words(skill: f64) -> String {
    let shown = format!("{skill:.2}");
    if shown == "-0.00" {
        "0.00".to_string()
    } else {
        shown
    }
}
