//! Places and shifts: opened, closed, broken, repaired, manned.

use lazaret_vocabulary::event::entry::{PersonName, Role};
use lazaret_vocabulary::event::{Places, Spot};

use super::Meaning;
use crate::decide::{Judge, Said};
use crate::refusal::Refusal;
use crate::role::YARD;
use crate::state::State;
use crate::state::apply::Touch;

impl<'a> Meaning<'a> for Places<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Places::PlaceOpened { .. }
            | Places::PlaceClosed { .. }
            | Places::PlaceBroken { .. }
            | Places::PlaceRepaired { .. }
            | Places::CapacityChanged { .. }
            | Places::ShiftStarted { .. }
            | Places::ShiftEnded { .. } => YARD,
        }
    }

    fn decide(self, judge: &Judge<'_>, _: &mut Said) -> Result<(), Refusal> {
        match self {
            Places::PlaceOpened { spot }
            | Places::PlaceClosed { spot, .. }
            | Places::PlaceBroken { spot }
            | Places::PlaceRepaired { spot } => judge.place(spot).map(drop),
            Places::CapacityChanged { place, .. } => judge
                .place(&Spot {
                    place: place.clone(),
                    unit: 1,
                })
                .map(drop),
            Places::ShiftStarted { .. } | Places::ShiftEnded { .. } => Ok(()),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        _: (i64, i64),
        _: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Places::PlaceOpened { spot } => {
                let unit = state.unit(spot);
                state.units[unit].closed = None;
            }
            Places::PlaceClosed { spot, because } => {
                let unit = state.unit(spot);
                state.units[unit].closed = Some(because.clone());
            }
            Places::PlaceBroken { spot } => {
                let unit = state.unit(spot);
                state.units[unit].broken = true;
            }
            Places::PlaceRepaired { spot } => {
                let unit = state.unit(spot);
                state.units[unit].broken = false;
            }
            Places::CapacityChanged { place, slots } => {
                let place = state.place(place.as_str());
                state.places[place].slots_now = Some(*slots);
            }
            Places::ShiftStarted { .. } | Places::ShiftEnded { .. } => {}
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Places::PlaceOpened { spot } => format!("{} {} opened", spot.place, spot.unit),
            Places::PlaceClosed { spot, because } => {
                format!("{} {} closed: {because}", spot.place, spot.unit)
            }
            Places::PlaceBroken { spot } => format!("{} {} broke down", spot.place, spot.unit),
            Places::PlaceRepaired { spot } => format!("{} {} was repaired", spot.place, spot.unit),
            Places::CapacityChanged { place, slots } => format!("{place} has {slots} slots now"),
            Places::ShiftStarted { resource } => format!("{resource} came on shift"),
            Places::ShiftEnded { resource } => format!("{resource} went off shift"),
        }
    }
}
