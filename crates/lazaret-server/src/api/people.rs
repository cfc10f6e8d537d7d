//! Crew board.

use lazaret_vocabulary::event::entry::{AgentName, PersonName, Role};
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

/// Everything about a person's work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonCard {
    /// Their row.
    #[serde(flatten)]
    pub row: PersonRow,
    /// What they said lately, newest first; at most 200.
    pub timeline: Vec<TimelineItem>,
}
