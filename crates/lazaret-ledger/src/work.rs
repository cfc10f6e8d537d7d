//! Which happenings are work that somebody does on a thing, and what that says about who may sign for it later.

use lazaret_vocabulary::event::entry::Entry;
use lazaret_vocabulary::event::{Finding, Happening, LotId, Thing, VehicleId};

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
    use Happening as H;
    let lot = |lot, judged, begins| {
        Some(Work {
            on: WorkedOn::Lot(lot),
            judged,
            begins,
        })
    };
    let vehicle = |vehicle, begins| {
        Some(Work {
            on: WorkedOn::Vehicle(vehicle),
            judged: false,
            begins,
        })
    };
    match happening {
        H::TreatmentStarted { lot: l, .. } | H::InspectionStarted { lot: l, .. } => {
            lot(l, true, true)
        }
        H::TreatmentEnded { lot: l, .. } => lot(l, true, false),
        // What is found wanting is taken from anybody; that a lot has passed says the inspection itself.
        H::LotInspected {
            lot: l, finding, ..
        } => lot(l, true, *finding == Finding::Pass),
        // The same work as the beginning of the unloading, said of one lot.
        H::LotUnloaded { lot: l, .. } => lot(l, false, true),
        H::LotStored { lot: l, .. } | H::LotSent { lot: l, .. } | H::LotLoaded { lot: l, .. } => {
            lot(l, false, true)
        }
        H::UnloadingStarted { vehicle: v, .. } | H::VehicleWashed { vehicle: v } => {
            vehicle(v, true)
        }
        H::VehicleStepStarted { vehicle: v, .. } => vehicle(v, true),
        H::Entry(Entry::TreatmentDosed { lot: l, .. } | Entry::TreatmentRead { lot: l, .. }) => {
            lot(l, true, false)
        }
        H::Entry(Entry::SampleTaken { lot: l, .. }) => lot(l, true, true),
        H::Entry(Entry::LotCounted { lot: l, .. } | Entry::LotSplit { lot: l, .. }) => {
            lot(l, false, true)
        }
        _ => None,
    }
}
