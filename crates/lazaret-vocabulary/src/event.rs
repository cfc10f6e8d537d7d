//! The vocabulary of events: what can happen at a gateway.
//!
//! The simulator writes these, a ledger records them, a watcher infers them from outside. An event says what
//! happened, when, to what and where, in names that mean the same in all three uses. Who recorded it, when it was
//! recorded and by which signature belongs to the record around it, not to the event.
//!
//! As JSON an event is one flat object: `at` (RFC 3339, UTC), `event` (the variant in snake case) and its fields.
//!
//! ```
//! use lazaret_vocabulary::event::{Event, Happening, LotId, PlaceName, Spot, StepName};
//! let event = Event {
//!     at: "2022-01-17T01:00:00Z".parse().unwrap(),
//!     happening: Happening::TreatmentStarted {
//!         lot: LotId::new("dandong-1-3-1"),
//!         step: StepName::new("disinfect"),
//!         spot: Spot { place: PlaceName::new("warehouse"), unit: 2 },
//!     },
//! };
//! let line = serde_json::to_string(&event).unwrap();
//! assert_eq!(line, r#"{"at":"2022-01-17T01:00:00Z","event":"treatment_started","lot":"dandong-1-3-1","step":"disinfect","place":"warehouse","unit":2}"#);
//! assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as given.
            #[must_use]
            pub fn new(name: impl Into<Box<str>>) -> Self {
                $name(name.into())
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl crate::event::examples::Example for $name {
            fn example() -> Self {
                $name::new("x")
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

#[macro_use]
mod rows;
pub mod entry;
mod examples;
mod names;
pub mod rules;

pub use entry::Entry;
pub use examples::Example;
pub use names::{Name, Named, Noun};

names! {
    /// A convoy: what arrives together. The simulator numbers them `<source>-<n>`.
    ConvoyId;
    /// A vehicle by its mark; `<convoy>-<n>` in a simulation.
    VehicleId;
    /// A lot; `<vehicle>-<n>` in a simulation.
    LotId;
    /// A departure inland; `<step>-<n>` in a simulation.
    DepartureId;
    /// A source of the gateway file.
    SourceName;
    /// A place of the gateway file.
    PlaceName;
    /// A step of the gateway file.
    StepName;
    /// A goods class of the gateway file.
    GoodsName;
    /// A crew or a piece of equipment of the gateway file.
    ResourceName;
}

/// Where in a place: which of its `count` units, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spot {
    /// The place.
    pub place: PlaceName,
    /// Which unit of it, from 1.
    pub unit: u32,
}

/// A thing that can wait or be blocked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A convoy that has not been split into vehicles.
    Convoy(ConvoyId),
    /// A vehicle.
    Vehicle(VehicleId),
    /// A lot.
    Lot(LotId),
}

/// Why a thing waits, or why it cannot leave where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The place has no room.
    NoRoom(PlaceName),
    /// The place is closed or off shift.
    Closed(PlaceName),
    /// The place is broken.
    Broken(PlaceName),
    /// Goods that must be kept apart are in the place.
    Segregated(PlaceName),
    /// No such crew or equipment is free or on shift.
    NoResource(ResourceName),
    /// Too few vehicles are home.
    NoVehicle(SourceName),
    /// The source is closed; its reason.
    SourceClosed(String),
    /// It waits for the next departure.
    NoDeparture(StepName),
}

/// What an inspection found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// In order: the lot goes on.
    Pass,
    /// To be treated again.
    Again,
    /// Refused: the lot goes back to its sender.
    Fail,
    /// To be destroyed.
    Destroy,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// When it happened.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

happenings! {
    /// What can happen at a gateway.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    #[serde(tag = "event", rename_all = "snake_case")]
    pub enum Happening as Family {
        /// How convoys come, and what waits.
        Convoys {
            /// A convoy left its source for the gateway.
            ConvoySent {
                /// The convoy.
                convoy: ConvoyId,
                /// Where it comes from.
                source: SourceName,
                /// Vehicles in it.
                vehicles: u32,
            }
            /// A convoy that was due did not leave its source.
            ConvoyCancelled {
                /// The source.
                source: SourceName,
                /// Why not.
                cause: Cause,
            }
            /// A convoy reached the gateway.
            ConvoyArrived {
                /// The convoy.
                convoy: ConvoyId,
                /// Where it comes from.
                source: SourceName,
                /// Its vehicles, in order.
                vehicles: Vec<VehicleId>,
            }
            /// A thing began to wait for the step that it needs next, holding nothing that others wait for.
            Waiting {
                /// What waits.
                thing: Thing,
                /// What for.
                #[serde(rename = "for")]
                step: StepName,
                /// Why.
                cause: Cause,
            }
            /// A thing is done where it is and cannot leave, so it keeps its slot.
            Blocked {
                /// What is blocked.
                thing: Thing,
                /// The step it is done with.
                step: StepName,
                /// Where it is.
                #[serde(flatten)]
                spot: Spot,
                /// What stands in its way.
                cause: Cause,
            }
            /// Nothing in this list can ever move again: each waits for the next, the last for the first.
            Deadlocked {
                /// The places of the cycle.
                places: Vec<PlaceName>,
            }
        }
        /// How lots move and end.
        Lots {
            /// A lot was taken off its vehicle; from here on it is a thing of its own.
            LotUnloaded {
                /// The lot.
                lot: LotId,
                /// Where it came from.
                vehicle: VehicleId,
                /// Its class.
                goods: GoodsName,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A lot took a slot.
            LotStored {
                /// The lot.
                lot: LotId,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A lot left for another site of the same gateway.
            LotSent {
                /// The lot.
                lot: LotId,
                /// The place it will take.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A lot was destroyed.
            LotDestroyed {
                /// The lot.
                lot: LotId,
            }
            /// A lot went back to its sender.
            LotSentBack {
                /// The lot.
                lot: LotId,
            }
        }
        /// How lots leave inland.
        Departures {
            /// A lot was loaded for a departure.
            LotLoaded {
                /// The lot.
                lot: LotId,
                /// The departure.
                departure: DepartureId,
                /// The wagon or truck of the departure that it is in, if that is recorded.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                wagon: Option<VehicleId>,
            }
            /// A departure left with its lots.
            Departed {
                /// The departure.
                departure: DepartureId,
                /// The dispatch step.
                step: StepName,
                /// Lots on it.
                lots: u32,
            }
            /// A departure that was due did not leave.
            DepartureCancelled {
                /// The dispatch step.
                step: StepName,
                /// Releasable lots that were ready.
                ready: u32,
                /// The least that it leaves with.
                least: u32,
            }
        }
        /// What is done with vehicles.
        Vehicles {
            /// A vehicle took a slot.
            VehiclePlaced {
                /// The vehicle.
                vehicle: VehicleId,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A vehicle left its slot.
            VehicleLeft {
                /// The vehicle.
                vehicle: VehicleId,
                /// Where from.
                #[serde(flatten)]
                spot: Spot,
            }
            /// Work on a vehicle began that does not unload it: spotting, checking, waiting at anchor.
            VehicleStepStarted {
                /// The vehicle.
                vehicle: VehicleId,
                /// The step.
                step: StepName,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// That work ended.
            VehicleStepEnded {
                /// The vehicle.
                vehicle: VehicleId,
                /// The step.
                step: StepName,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// Unloading of a vehicle began.
            UnloadingStarted {
                /// The vehicle.
                vehicle: VehicleId,
                /// The step.
                step: StepName,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A vehicle is empty.
            VehicleEmptied {
                /// The vehicle.
                vehicle: VehicleId,
            }
            /// A vehicle was washed and disinfected.
            VehicleWashed {
                /// The vehicle.
                vehicle: VehicleId,
            }
            /// An empty vehicle left the gateway for home.
            VehicleReleased {
                /// The vehicle.
                vehicle: VehicleId,
            }
            /// A vehicle is home again.
            VehicleReturned {
                /// The vehicle.
                vehicle: VehicleId,
                /// Its home.
                source: SourceName,
            }
        }
        /// Treatments of lots, and pauses of work.
        Treatment {
            /// A treatment (disinfection, fumigation, …) of a lot began.
            TreatmentStarted {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A treatment of a lot ended.
            TreatmentEnded {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// Work in hand stopped, because a shift ended or something broke; it goes on later from where it was.
            WorkPaused {
                /// What is worked on.
                thing: Thing,
                /// The step.
                step: StepName,
                /// Why.
                cause: Cause,
            }
            /// Paused work went on.
            WorkResumed {
                /// What is worked on.
                thing: Thing,
                /// The step.
                step: StepName,
            }
        }
        /// Inspections of lots.
        Inspection {
            /// An inspection of a lot began.
            InspectionStarted {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// An inspection of a lot ended.
            LotInspected {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// What was found.
                finding: Finding,
            }
        }
        /// The clock of a hold.
        Hold {
            /// The quarantine clock of a lot began to run.
            HoldStarted {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// When the hold ends if nothing restarts it.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                until: Timestamp,
            }
            /// The quarantine clock of a lot began anew.
            HoldRestarted {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// When the hold ends now.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                until: Timestamp,
                /// Why, in words.
                because: String,
            }
            /// The quarantine clock of a lot has run.
            HoldEnded {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
            }
        }
        /// The release of a lot.
        Release {
            /// A lot was released: it may leave.
            LotReleased {
                /// The lot.
                lot: LotId,
            }
        }
        /// What becomes of places and shifts.
        Places {
            /// A place or one unit of it opened.
            PlaceOpened {
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A place or one unit of it closed to new entries and work.
            PlaceClosed {
                /// Where.
                #[serde(flatten)]
                spot: Spot,
                /// Why, in words.
                because: String,
            }
            /// A unit of a place broke down.
            PlaceBroken {
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A unit of a place was repaired.
            PlaceRepaired {
                /// Where.
                #[serde(flatten)]
                spot: Spot,
            }
            /// A place was built up or taken down to another capacity.
            CapacityChanged {
                /// The place.
                place: PlaceName,
                /// Slots it has now, in all units together.
                slots: u32,
            }
            /// A crew came on shift, or equipment came into service.
            ShiftStarted {
                /// The crew or equipment.
                resource: ResourceName,
            }
            /// A crew went off shift, or equipment went out of service.
            ShiftEnded {
                /// The crew or equipment.
                resource: ResourceName,
            }
        }
    }
    and {
        /// What only an office knows: papers, readings, tests, signatures, people, rules. The simulator writes none.
        #[serde(untagged)]
        Entry(Entry)
    }
}

impl From<Entry> for Happening {
    fn from(entry: Entry) -> Self {
        Happening::Entry(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::entry::{Entry, ExceptionId, Outcome, PersonName, SampleId};
    use super::*;

    #[track_caller]
    fn reads_back(happening: Happening, json: &str) {
        let event = Event {
            at: "2022-01-17T01:00:00Z".parse().unwrap(),
            happening,
        };
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
        assert_eq!(serde_json::from_str::<Event>(json).unwrap(), event);
    }

    #[test]
    fn what_an_office_records_is_as_flat_as_what_a_yard_does() {
        reads_back(
            Entry::ResultEntered {
                sample: SampleId::new("s1"),
                outcome: Outcome::Negative,
                exception: ExceptionId::new("x1"),
            }
            .into(),
            r#"{"at":"2022-01-17T01:00:00Z","event":"result_entered","sample":"s1","outcome":"negative","exception":"x1"}"#,
        );
        reads_back(
            Entry::PersonShiftStarted {
                person: PersonName::new("kim"),
            }
            .into(),
            r#"{"at":"2022-01-17T01:00:00Z","event":"person_shift_started","person":"kim"}"#,
        );
        reads_back(
            Happening::LotReleased {
                lot: LotId::new("a-1"),
            },
            r#"{"at":"2022-01-17T01:00:00Z","event":"lot_released","lot":"a-1"}"#,
        );
    }
}
