//! Answers that the program puts together of more than one question of the library, as they are printed.

use lazaret_plan::hold::HoldAnswer;
use lazaret_plan::need::Meaning;
use lazaret_plan::{Estimate, Stops};
use serde::Serialize;

/// What a day of hold costs in the yard.
#[derive(Debug, Serialize)]
pub(crate) struct Price {
    /// Lots that come a day.
    pub(crate) lots_a_day: f64,
    /// Slots that one more day of hold takes: lots a day times one day (Little's law).
    pub(crate) slots_a_day_of_hold: f64,
    /// Slots that the shortest sure hold takes; none if there is no such hold.
    pub(crate) slots_for_sure_hold: Option<f64>,
    /// Slots in the place of the hold; none without a limit or without a known number.
    pub(crate) slots: Option<f64>,
}

/// How long to hold, and what that costs in slots.
#[derive(Debug, Serialize)]
pub(crate) struct HoldPriced {
    #[serde(flatten)]
    pub(crate) hold: HoldAnswer,
    pub(crate) price: Option<Price>,
}

/// The flow and what it means, at the mean and at both ends of its interval.
#[derive(Debug, Serialize)]
pub(crate) struct NeedMet {
    /// Lots dispatched a year, by class, in the order of `mean.classes`.
    pub(crate) lots_a_year: Vec<Estimate>,
    /// Tonnes a lot, by class.
    pub(crate) tonnes_a_lot: Vec<f64>,
    /// What the mean flow means.
    pub(crate) mean: Meaning,
    /// What the flow at the lower ends means.
    pub(crate) low: Meaning,
    /// What the flow at the upper ends means.
    pub(crate) high: Meaning,
    /// Length of the run in days.
    pub(crate) days: f64,
    /// Futures that came to a stop.
    pub(crate) stops: Stops,
    /// Replications that were run.
    pub(crate) replications: u64,
}
