//! Which happenings are work that somebody does on a thing, and what that says about who may sign for it later.

use lazaret_vocabulary::event::{Happening, LotId, Thing, VehicleId};

use crate::family::in_family;

/// Work on a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Work<'a> {
    pub(crate) on: WorkedOn<'a>,
    /// It treats or tests the lot: who does it may not sign for its release.
    pub(crate) judged: bool,
    /// It begins: who does it must be cleared. Ends and readings are taken from anybody who was there, because a
    /// lapsed clearance must stop new work and never the record.
    pub(crate) begins: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkedOn<'a> {
    Lot(&'a LotId),
    Vehicle(&'a VehicleId),
}

impl WorkedOn<'_> {
    pub(crate) fn thing(self) -> Thing {
        match self {
            WorkedOn::Lot(lot) => Thing::Lot(lot.clone()),
            WorkedOn::Vehicle(vehicle) => Thing::Vehicle(vehicle.clone()),
        }
    }
}

/// The work that a happening is, if it is any.
pub(crate) fn work(happening: &Happening) -> Option<Work<'_>> {
    in_family!(happening, event => event.work())
}

/// Work on a lot.
pub(crate) fn on_lot(lot: &LotId, judged: bool, begins: bool) -> Option<Work<'_>> {
    Some(Work {
        on: WorkedOn::Lot(lot),
        judged,
        begins,
    })
}

/// Work on a vehicle, which judges nothing.
pub(crate) fn on_vehicle(vehicle: &VehicleId, begins: bool) -> Option<Work<'_>> {
    Some(Work {
        on: WorkedOn::Vehicle(vehicle),
        judged: false,
        begins,
    })
}
