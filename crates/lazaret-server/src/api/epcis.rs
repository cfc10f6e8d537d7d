//! Records as EPCIS 2.0 events, asked for as the standard's interface asks.

use serde::Deserialize;
use utoipa::IntoParams;

use super::common::At;

/// Which events. Names and meanings are those of the standard's `GET /events`; a list is separated by commas.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
#[allow(non_snake_case, reason = "names of the standard")]
pub struct EventQuery {
    /// Only events of these types, such as `ObjectEvent`.
    #[serde(rename = "eventType")]
    #[param(rename = "eventType")]
    pub event_type: Option<String>,
    /// Happened at or after this instant.
    pub GE_eventTime: Option<At>,
    /// Happened before this instant.
    pub LT_eventTime: Option<At>,
    /// Recorded at or after this instant.
    pub GE_recordTime: Option<At>,
    /// Recorded before this instant.
    pub LT_recordTime: Option<At>,
    /// Only with one of these actions: `ADD`, `OBSERVE`, `DELETE`.
    pub EQ_action: Option<String>,
    /// Only with one of these business steps.
    pub EQ_bizStep: Option<String>,
    /// Only with one of these dispositions.
    pub EQ_disposition: Option<String>,
    /// Only at one of these read points.
    pub EQ_readPoint: Option<String>,
    /// Only with one of these names.
    pub EQ_eventID: Option<String>,
    /// Only events about one of these things, as part, parent, input or output.
    pub MATCH_anyEPC: Option<String>,
    /// Only events that were taken back (`true`) or were not (`false`).
    #[serde(rename = "EXISTS_errorDeclaration")]
    #[param(rename = "EXISTS_errorDeclaration")]
    pub exists_error_declaration: Option<bool>,
    /// Events on the page: 1 to 1000, 30 if not given.
    #[serde(rename = "perPage")]
    #[param(rename = "perPage", minimum = 1, maximum = 1000)]
    pub per_page: Option<u32>,
    /// From the `Link` of the page before.
    #[serde(rename = "nextPageToken")]
    #[param(rename = "nextPageToken")]
    pub next_page_token: Option<String>,
}
