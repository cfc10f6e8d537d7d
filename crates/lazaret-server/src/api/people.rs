//! Crew board.

use lazaret_vocabulary::event::entry::{AgentName, PersonName, Role};
use lazaret_vocabulary::event::{DepartureId, LotId};
use serde::Serialize;
use utoipa::ToSchema;

use super::common::{At, RefusalView};
use super::lots::TimelineItem;

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonRow {
    /// Who.
    pub person: PersonName,
    /// What they are.
    pub roles: Vec<Role>,
    /// First instant at which their clearance no longer holds; none if they never had one.
    pub cleared_until: Option<At>,
    /// Whether it holds now.
    pub cleared: bool,
    /// Days until it lapses, in tenths.
    pub days_left: Option<f64>,
    /// Agents they are trained for.
    pub agents: Vec<AgentName>,
    /// Whether they are on shift.
    pub on_shift: bool,
    /// Whether they worked on the dirty side since they last passed the personnel gate.
    pub dirty: bool,
    /// Whether they reported sick since they were last cleared.
    pub sick: bool,
    /// Why they may not work now; none if they may.
    pub refusal: Option<RefusalView>,
}

/// Somebody whose signature counts no more, and what rests on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnfitView {
    /// Who.
    pub signer: PersonName,
    /// Whether their clearance was taken from them; otherwise they are no officer any more.
    pub lapsed: bool,
    /// Lots that they signed for and that are here or have left. Those that are here lost the signature when the clearance
    /// was taken; those that have left are to be looked at, and called back if need be.
    pub lots: Vec<RestingView>,
}

/// A lot that rests on a signature that counts no more.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RestingView {
    /// The lot.
    #[schema(value_type = String)]
    pub lot: LotId,
    /// Where in its course, such as `departed`.
    pub stage: String,
    /// Whether it is, or left, released.
    pub released: bool,
    /// The departure that it is loaded for or left with.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departure: Option<DepartureId>,
    /// Whether it was called back.
    pub recalled: bool,
}

/// Everything about a person's work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonCard {
    /// Their row.
    #[serde(flatten)]
    pub row: PersonRow,
    /// What they said lately, newest first; at most 200.
    pub timeline: Vec<TimelineItem>,
}
