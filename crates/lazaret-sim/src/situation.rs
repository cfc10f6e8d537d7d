//! The present state of a gateway, as plain data: what a replication can start from instead of an empty yard.
//!
//! A [`Situation`] uses the names of the gateway file and the words of the ledger, so it can come from a ledger, from a
//! replication that is cut at an instant ([`World::situation`](crate::World::situation)) or from a file that somebody
//! wrote. [`Start::new`] checks it against a model, once; any number of replications then start from it
//! ([`World::start_from`](crate::World::start_from)).

mod check;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::index::LegIx;
use crate::world::{Parts, Thing};

pub use check::{SituationError, UNNUMBERED};

/// The version of the format that [`Situation::format`] names.
pub const SITUATION_FORMAT: u32 = 1;

/// Where everything is at one instant. All names are those of the gateway file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    /// [`SITUATION_FORMAT`].
    pub format: u32,
    /// Name of the gateway.
    pub gateway: String,
    /// The instant at which it holds: all that falls on it has happened.
    pub at: Timestamp,
    /// Vehicles and lots that are here or on their way home.
    #[serde(default)]
    pub things: Vec<Standing>,
    /// How far the arrivals of each source have come.
    #[serde(default)]
    pub sources: Vec<SourceThere>,
    /// Convoys that are announced or on their way.
    #[serde(default)]
    pub convoys: Vec<ConvoyAhead>,
    /// How far the departures of each dispatch have come.
    #[serde(default)]
    pub departures: Vec<DepartureThere>,
    /// Units of places of which something is known beyond who is in them.
    #[serde(default)]
    pub units: Vec<UnitThere>,
    /// Members of crews and pieces of equipment of which something is known beyond what they work on.
    #[serde(default)]
    pub items: Vec<ItemThere>,
}

/// What a vehicle or lot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// It is done with what it did and has not yet asked for what its next step needs; it asks at once.
    Done,
    /// It waits for room in the place of its step: outside, in a slot that it holds up, or on its vehicle.
    WaitsForRoom,
    /// A lot on its vehicle whose turn to be unloaded has not come.
    WaitsForTurn,
    /// It has its slot and waits to begin.
    WaitsToBegin,
    /// Its work has begun and rests.
    Paused,
    /// It is worked on.
    InWork,
    /// A lot in a hold.
    Held,
    /// A lot that may leave with the next departure.
    WaitsForDeparture,
    /// On the way from another site to the slot that is kept for it.
    Travels,
    /// On the way from another site, without a slot.
    TravelsUnplaced,
    /// A vehicle whose lots are off it or being taken off it one by one.
    Unloaded,
    /// An emptied vehicle that is being washed without a place for it.
    IsWashed,
    /// An emptied vehicle in quarantine.
    IsKept,
    /// A vehicle that was let go and is not home yet.
    GoesHome,
}

/// A vehicle or lot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// What the record calls it.
    pub name: String,
    /// Where it came from.
    pub source: String,
    /// Number of its convoy, from 1.
    pub convoy: u32,
    /// Number of the vehicle in its convoy, from 1.
    pub vehicle: u32,
    /// Number of the lot on its vehicle, from 1; left out for a vehicle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<u32>,
    /// Its goods class.
    pub goods: String,
    /// When its convoy arrived.
    pub arrived: Timestamp,
    /// What it is doing.
    pub doing: Doing,
    /// The step that it does or that is next; `wash` for the washing of a vehicle. Left out if nothing is left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The place in which it has a slot of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Which unit of that place, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<u32>,
    /// A lot that is still on its vehicle, which is listed too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub on_vehicle: bool,
    /// When it became ready for its step.
    pub since: Timestamp,
    /// When the work, rest, hold, journey or wait with a slot that it is in began; `since` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Timestamp>,
    /// Microseconds of work on it before the present stretch or rest.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub worked_us: i64,
    /// When its hold ends, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// Lots in a vehicle that is not unloaded yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aboard: Vec<Aboard>,
    /// How often it has been sent back to be treated again.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub again: u16,
    /// The inspection that sent it back, if it is on its way from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_by: Option<String>,
    /// Steps from which a hold counts, and when it passed them last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<Passed>,
    /// What its present wait has consisted of so far, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<Waited>,
    /// Order among those that began at the same instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

/// A lot in a vehicle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aboard {
    /// What the record calls it.
    pub name: String,
    /// Its goods class.
    pub goods: String,
}

/// A step that a lot, or its vehicle, has passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passed {
    /// The step.
    pub step: String,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// Parts of a wait, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Waited {
    /// There was no room.
    pub no_room_us: i64,
    /// The place was closed or its unit broken.
    pub closed_us: i64,
    /// Goods that must be kept apart were there.
    pub kept_apart_us: i64,
    /// No crew or equipment was free.
    pub no_resource_us: i64,
}

/// How far the arrivals of a source have come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceThere {
    /// The source.
    pub source: String,
    /// How many convoys have been due.
    pub convoys: u32,
    /// When the last of them was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Number of a convoy that waits for its vehicles to come home, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for_vehicles: Option<u32>,
    /// Number of a convoy that waits for the source to open, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for_opening: Option<u32>,
    /// Order among what is due at the same instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

/// A convoy that is to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvoyAhead {
    /// What the record calls it.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// Its number, from 1.
    pub convoy: u32,
    /// How many vehicles it has.
    pub vehicles: u32,
    /// When it left the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// When it arrives, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives: Option<Timestamp>,
    /// What its first vehicles carry; of the others that is drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carries: Vec<VehicleAhead>,
    /// Order among those that left at the same instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

/// A vehicle that is to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VehicleAhead {
    /// What the record calls it.
    pub name: String,
    /// Its lots.
    pub lots: Vec<Aboard>,
}

/// How far the departures of a dispatch have come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartureThere {
    /// The step of the dispatch.
    pub step: String,
    /// How many departures have been due.
    pub departures: u32,
    /// When the last of them was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Order among what is due at the same instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

/// A unit of a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitThere {
    /// The place.
    pub place: String,
    /// Which unit of it, from 1.
    pub unit: u32,
    /// How it has failed, where the file says that it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<LifeThere>,
    /// The convoy whose group has it, where units are taken by groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// How many of that convoy have entered it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub entered: i64,
}

/// The convoy that a unit is taken by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Where it came from.
    pub source: String,
    /// Its number, from 1.
    pub convoy: u32,
}

/// A member of a crew or a piece of equipment that may fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemThere {
    /// The crew or equipment.
    pub resource: String,
    /// Which of it, from 1.
    pub item: u32,
    /// How it has failed.
    pub life: LifeThere,
}

/// The failures of one unit or item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeThere {
    /// It is broken.
    pub broken: bool,
    /// Since when it has been broken, or whole.
    pub since: Timestamp,
    /// How often it has been repaired or taken away.
    #[serde(default)]
    pub failures: u32,
    /// Order among those that began at the same instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(it: &bool) -> bool {
    !it
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(it: &i64) -> bool {
    *it == 0
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_nought(it: &u16) -> bool {
    *it == 0
}

/// A [`Situation`] that was checked against a model, from which replications of it start.
#[derive(Clone, Debug)]
pub struct Start {
    /// On the gateway's clock.
    pub(crate) at: i64,
    pub(crate) things: Vec<ThingPlan>,
    pub(crate) sources: Vec<DuePlan>,
    pub(crate) departures: Vec<DuePlan>,
    pub(crate) convoys: Vec<ConvoyPlan>,
    pub(crate) lives: Vec<LifePlan>,
    pub(crate) groups: Vec<GroupPlan>,
    /// Classes of lots in vehicles of several classes, by the names of their draws.
    pub(crate) classes: Arc<ByEntity<u8>>,
    /// What announced vehicles carry: class and number of lots.
    pub(crate) ahead: Arc<ByEntity<(u8, u16)>>,
    /// Lots of which it is noted when they leave.
    pub(crate) followed: Arc<ByEntity<u32>>,
    pub(crate) names: Vec<LotNamed>,
}

/// A lot of a situation: inside, in a vehicle that waits, or announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotNamed {
    /// What the record calls it.
    pub name: String,
    /// Its goods class.
    pub goods: String,
    /// The place in which it, or its vehicle, has a slot.
    pub place: Option<String>,
    /// It has not arrived yet.
    pub ahead: bool,
}

impl Start {
    /// The instant of the situation on the gateway's clock.
    #[must_use]
    pub fn at(&self) -> lazaret_vocabulary::time::GateTime {
        lazaret_vocabulary::time::GateTime::from_micros(self.at)
    }

    /// The lots that the situation names, in its order. [`World::left`](crate::World::left) is in this order.
    #[must_use]
    pub fn lots(&self) -> &[LotNamed] {
        &self.names
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ThingPlan {
    pub(crate) thing: Thing,
    pub(crate) doing: Doing,
    pub(crate) begun: i64,
    pub(crate) worked: i64,
    pub(crate) ends: Option<i64>,
    /// The vehicle that it is on, among the things.
    pub(crate) host: Option<usize>,
    pub(crate) marks: Vec<(u32, i64)>,
    pub(crate) waited: Option<Parts>,
    pub(crate) sent_by: Option<LegIx>,
    pub(crate) named_unit: bool,
    pub(crate) turn: u32,
    /// Classes of the lots that it is or carries.
    pub(crate) classes: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct DuePlan {
    pub(crate) nth: u32,
    pub(crate) since: Option<i64>,
    pub(crate) short: Option<u32>,
    pub(crate) held: Option<u32>,
    pub(crate) turn: Option<u32>,
    /// Vehicles of the source that are not home, of a fleet.
    pub(crate) out: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct ConvoyPlan {
    pub(crate) source: u16,
    pub(crate) number: u32,
    pub(crate) vehicles: u32,
    pub(crate) sent: i64,
    pub(crate) arrives: Option<i64>,
    pub(crate) turn: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct LifePlan {
    /// Whether it is a unit of a place, or an item of a resource.
    pub(crate) unit: bool,
    pub(crate) of: usize,
    pub(crate) nth: usize,
    pub(crate) broken: bool,
    pub(crate) since: i64,
    pub(crate) failures: u32,
    pub(crate) turn: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct GroupPlan {
    pub(crate) place: usize,
    pub(crate) unit: usize,
    pub(crate) group: u64,
    pub(crate) entered: i64,
}

/// A table by the name of a thing's draws, which is mixed already and needs no hash.
pub(crate) type ByEntity<T> = HashMap<u64, T, BuildHasherDefault<Mixed>>;

/// Takes a number that is mixed already for its hash.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

/// What a replication keeps of the situation that it started from; empty in one that started from an empty yard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun {
    pub(crate) classes: Arc<ByEntity<u8>>,
    pub(crate) ahead: Arc<ByEntity<(u8, u16)>>,
    pub(crate) followed: Arc<ByEntity<u32>>,
    /// When each followed lot left and by which way.
    pub(crate) left: Vec<Option<Left>>,
    /// Departures that left.
    pub(crate) departed: Vec<DepartedLoad>,
    /// Whether anything of that is noted.
    pub(crate) follows: bool,
    /// Work done on things before their work was stopped last.
    pub(crate) worked: Vec<Option<Worked>>,
    pub(crate) notes: StartNotes,
}

impl Begun {
    /// Forgets the situation, and keeps the room for what is noted.
    pub(crate) fn clear(&mut self) {
        if !self.classes.is_empty() || !self.ahead.is_empty() || !self.followed.is_empty() {
            *self = Begun::default();
        }
        self.left.clear();
        self.departed.clear();
        self.follows = false;
        self.worked.clear();
        self.notes = StartNotes::default();
    }
}

/// How much work was done on a thing in one step before it was stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worked {
    pub(crate) entity: u64,
    pub(crate) leg: LegIx,
    pub(crate) attempt: u16,
    pub(crate) micros: i64,
}

/// When a lot left the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The instant on the gateway's clock.
    pub at: lazaret_vocabulary::time::GateTime,
    /// It was dispatched, not destroyed or sent back.
    pub dispatched: bool,
}

/// A departure that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepartedLoad {
    /// Which dispatch, in the order of the file.
    pub dispatch: u16,
    /// The instant on the gateway's clock.
    pub at: lazaret_vocabulary::time::GateTime,
    /// How many lots it took.
    pub lots: u32,
}

/// What did not fit when a replication started from a situation, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StartNotes {
    /// Work, journeys and intervals that had lasted longer than the file says they can: they ended at the start.
    pub overdue: u32,
    /// Work that needs more crews or equipment than there are, or is in a closed place or a broken unit: it rests.
    pub stopped: u32,
    /// Places with more in them than they have slots.
    pub overfull: u32,
}
