//! Search and scan.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HitKind {
    /// A lot.
    Lot,
    /// A vehicle.
    Vehicle,
    /// A convoy.
    Convoy,
    /// Papers.
    Manifest,
    /// A sample.
    Sample,
    /// A person.
    Person,
    /// An exception.
    Exception,
    /// A departure.
    Departure,
    /// A place.
    Place,
    /// A record.
    Record,
}

/// What was typed or scanned.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    /// A name, a mark (with or without blanks and hyphens), part of either, or what a label's code says.
    pub q: String,
}

/// Something found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its name.
    pub id: String,
    /// More, in words.
    pub words: String,
    /// Whether the whole name agrees: a scan opens it at once.
    pub exact: bool,
}

/// What was found, the best first; at most 20.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Hits {
    /// The hits.
    pub hits: Vec<Hit>,
    /// Whether more names fit: more of the name must be typed to see them.
    pub more: bool,
}
