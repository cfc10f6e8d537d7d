//! The watcher's board: evidence from outside, what it says, a row more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::At;

/// Where the board stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardState {
    /// The evidence is being weighed; an older page may be there meanwhile.
    Drawing,
    /// The page is of the present evidence.
    Ready,
    /// There is no page of the present evidence; `wrong` says why.
    Failed,
}

/// Where the watcher's board stands, and what a form for a row needs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BoardView {
    /// Where it stands.
    pub state: BoardState,
    /// Steps made of the present drawing.
    pub done: u64,
    /// Steps in all; 0 while that is not known.
    pub total: u64,
    /// The present evidence, by its digest.
    pub version: String,
    /// The evidence of the page at `/api/board/page`; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// When that page was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawn_at: Option<At>,
    /// How long that took, s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_s: Option<f64>,
    /// What is wrong with the evidence file, or why it cannot be weighed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
    /// The evidence file, without its folder.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// Rows that say something about the gateway.
    pub used: u64,
    /// Whether you may add a row.
    pub may_add: bool,
    /// A name for the next row.
    pub next_id: String,
    /// What the rules measure.
    pub measures: Vec<Measure>,
    /// Words already in use, by column.
    pub known: BTreeMap<String, Vec<String>>,
    /// After a row was added: why it says nothing about the gateway, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused: Option<String>,
}

/// Something that a row can be about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Measure {
    /// Of what.
    pub subject: String,
    /// What about it.
    pub quantity: String,
    /// In which unit.
    pub unit: String,
}

/// A row of evidence as it was typed. Which fields must be there is what `lazaret watch check` says.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewRow {
    /// Its name.
    pub id: String,
    /// When the thing was so: 2022, 2022-01, 2022-01-17, or two of these with a slash between.
    pub date_observed: String,
    /// When the world could first read it.
    pub date_published: String,
    /// Who says so.
    pub observer: String,
    /// image, press, official, statistics, interview.
    pub medium: String,
    /// Of what.
    pub subject: String,
    /// What about it.
    pub quantity: String,
    /// At least.
    pub low: String,
    /// About.
    pub best: String,
    /// At most.
    pub high: String,
    /// The unit of the three.
    pub unit: String,
    /// A to F.
    pub admiralty_source: String,
    /// 1 to 6.
    pub admiralty_info: String,
    /// The statement in words.
    pub claim: String,
    /// Where it was read.
    pub url: String,
    /// The row that this one repeats.
    pub copies: String,
}

impl NewRow {
    /// The cells by column.
    pub(crate) fn cells(self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("id", self.id),
            ("date_observed", self.date_observed),
            ("date_published", self.date_published),
            ("observer", self.observer),
            ("medium", self.medium),
            ("subject", self.subject),
            ("quantity", self.quantity),
            ("low", self.low),
            ("best", self.best),
            ("high", self.high),
            ("unit", self.unit),
            ("admiralty_source", self.admiralty_source),
            ("admiralty_info", self.admiralty_info),
            ("claim", self.claim),
            ("url", self.url),
            ("copies", self.copies),
        ])
    }
}
