//! What a hold costs in the yard.

use serde::Serialize;

use super::HoldAnswer;
use crate::experiment::{Design, Experiment, ExperimentError};
use crate::simulated::Simulated;

/// Replications by which the lots that come a day are counted.
const LOOK: u64 = 20;

/// What a day of hold costs in the yard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// Lots that come a day.
    pub lots_a_day: f64,
    /// Slots that one more day of hold takes: lots a day times one day (Little's law).
    pub slots_a_day_of_hold: f64,
    /// Slots that the shortest certain hold needs; none if there is no such hold.
    pub slots_for_sure_hold: Option<f64>,
    /// Slots in the place of the hold; none without a limit or without a known number.
    pub slots: Option<f64>,
}

/// How long to hold, and what that costs in slots.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HoldPriced {
    /// Risk by days held, and the shortest hold.
    #[serde(flatten)]
    pub hold: HoldAnswer,
    /// What it costs; none without a gateway file.
    pub price: Option<Price>,
}

/// What a day of hold costs at a gateway.
///
/// * `sure_days` — the shortest sure hold; not finite if there is none.
///
/// # Errors
/// If the gateway cannot be played.
pub fn price(experiment: &Simulated<'_>, sure_days: f64) -> Result<Price, ExperimentError> {
    let column = experiment.column(lazaret_sim::metrics::lots::ARRIVED.name())?;
    let rows = experiment.run(&Design::base(), 0..LOOK)?.column(column);
    let days = experiment.gateway().length.hours() / 24.0;
    let lots_a_day = rows.iter().sum::<f64>() / rows.len() as f64 / days;
    let slots = experiment
        .hold_place()
        .and_then(|name| experiment.gateway().places.iter().find(|p| p.name == name))
        .and_then(|p| Some(p.slots.as_ref()?.known_constant()? * p.count.known_constant()?));
    Ok(Price {
        lots_a_day,
        slots_a_day_of_hold: lots_a_day,
        slots_for_sure_hold: sure_days.is_finite().then_some(lots_a_day * sure_days),
        slots,
    })
}
