//! The rows of the state. Instants are µs since 1970; `NONE` in a number means nothing there.

use serde::{Deserialize, Serialize};

use crate::names::NONE;
use crate::segregation::Hazards;

/// What a lot's flags mean.
pub(crate) mod flag {
    /// It belongs to an exercise.
    pub(crate) const TRIAL: u8 = 1;
    /// It has a slot of its own where it is.
    pub(crate) const SLOT: u8 = 2;
    /// It was called back.
    pub(crate) const RECALLED: u8 = 4;
    /// An inspection refused it: it goes back to its sender.
    pub(crate) const REFUSED: u8 = 8;
    /// An inspection condemned it: it is to be destroyed.
    pub(crate) const CONDEMNED: u8 = 16;
    /// It was released.
    pub(crate) const RELEASED: u8 = 32;
    /// It is on the clean side.
    pub(crate) const CLEAN: u8 = 64;
    /// Pieces and mass are known, from papers or a count.
    pub(crate) const TALLIED: u8 = 128;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LotStage {
    Announced,
    Withdrawn,
    Here,
    /// Between two sites of the gateway.
    Sent,
    Loaded,
    Departed,
    Destroyed,
    SentBack,
    Split,
}

impl LotStage {
    /// Whether it is at the gateway, in whatever hands.
    pub(crate) fn present(self) -> bool {
        matches!(self, LotStage::Here | LotStage::Sent | LotStage::Loaded)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lot {
    pub(crate) stage: LotStage,
    pub(crate) flags: u8,
    pub(crate) frozen: u16,
    pub(crate) goods: u32,
    /// The version it came under.
    pub(crate) protocol: u16,
    pub(crate) signatures_needed: u8,
    pub(crate) signatures: u8,
    pub(crate) signers: [u32; 4],
    pub(crate) treated: u16,
    pub(crate) inspected: u16,
    pub(crate) tests_needed: u32,
    pub(crate) tests_passed: u32,
    /// Samples whose result is not in.
    pub(crate) samples_out: u16,
    /// Tests whose last result told nothing, as bits, and when the latest of their samples was taken.
    pub(crate) in_doubt: u32,
    pub(crate) doubt_at: i64,
    pub(crate) hazards: Hazards,
    pub(crate) pieces: u32,
    pub(crate) mass_kg: u32,
    pub(crate) vehicle: u32,
    pub(crate) convoy: u32,
    pub(crate) parent: u32,
    pub(crate) children: (u32, u16),
    pub(crate) departure: u32,
    pub(crate) unit: u32,
    /// Position in its unit's list.
    pub(crate) position: u32,
    pub(crate) entered: i64,
    /// When it was seen to be unloaded.
    pub(crate) came: i64,
    /// When it was seen to come to where it is.
    pub(crate) since: i64,
    /// Record time of what its clock counts from.
    pub(crate) base: Option<i64>,
    /// Record time of the last contact: its clock starts no earlier.
    pub(crate) floor: i64,
    /// Since when its clock runs.
    pub(crate) clock: Option<i64>,
    pub(crate) until: i64,
    pub(crate) hold_us: i64,
    /// When its last valid treatment was seen to end.
    pub(crate) treated_at: i64,
    pub(crate) history: u32,
    pub(crate) handlers: u32,
    pub(crate) visits: u32,
    /// Its key in the list of held lots, and whether it is in the others; `i64::MIN` if it is in none.
    pub(crate) held_key: i64,
    pub(crate) ready: bool,
    pub(crate) free_key: Option<(i32, i64)>,
}

impl Lot {
    pub(crate) fn new(goods: u32) -> Self {
        Lot {
            stage: LotStage::Announced,
            flags: 0,
            frozen: 0,
            goods,
            protocol: u16::MAX,
            signatures_needed: 0,
            signatures: 0,
            signers: [NONE; 4],
            treated: 0,
            inspected: 0,
            tests_needed: 0,
            tests_passed: 0,
            samples_out: 0,
            in_doubt: 0,
            doubt_at: i64::MIN,
            hazards: Hazards::default(),
            pieces: 0,
            mass_kg: 0,
            vehicle: NONE,
            convoy: NONE,
            parent: NONE,
            children: (NONE, 0),
            departure: NONE,
            unit: NONE,
            position: NONE,
            entered: 0,
            came: i64::MIN,
            since: i64::MIN,
            base: None,
            floor: i64::MIN,
            clock: None,
            until: i64::MIN,
            hold_us: 0,
            treated_at: i64::MIN,
            history: NONE,
            handlers: NONE,
            visits: NONE,
            held_key: i64::MIN,
            ready: false,
            free_key: None,
        }
    }

    pub(crate) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn set(&mut self, flag: u8, on: bool) {
        if on {
            self.flags |= flag;
        } else {
            self.flags &= !flag;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum VehicleStage {
    Announced,
    Here,
    Gone,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vehicle {
    pub(crate) stage: VehicleStage,
    pub(crate) source: u32,
    pub(crate) convoy: u32,
    pub(crate) arrived: i64,
    /// When it was seen to come.
    pub(crate) came: i64,
    /// When it was seen to come to where it is, or to leave.
    pub(crate) since: i64,
    /// When it was seen to be empty.
    pub(crate) emptied_at: i64,
    pub(crate) unit: u32,
    pub(crate) position: u32,
    /// Lots by the papers that are still on it.
    pub(crate) expected: u32,
    pub(crate) opened: bool,
    pub(crate) emptied: bool,
    /// Record time of its last wash since it was emptied.
    pub(crate) washed: Option<i64>,
    pub(crate) sealed: bool,
    /// The contacts of its present visit.
    pub(crate) episode: u32,
    pub(crate) history: u32,
}

impl Vehicle {
    pub(crate) fn new() -> Self {
        Vehicle {
            stage: VehicleStage::Announced,
            source: NONE,
            convoy: NONE,
            arrived: 0,
            came: i64::MIN,
            since: i64::MIN,
            emptied_at: i64::MIN,
            unit: NONE,
            position: NONE,
            expected: 0,
            opened: false,
            emptied: false,
            washed: None,
            sealed: false,
            episode: NONE,
            history: NONE,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Convoy {
    pub(crate) source: u32,
    pub(crate) arrived: Option<i64>,
    pub(crate) trial: bool,
    pub(crate) manifest: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ManifestStage {
    Announced,
    Withheld,
    Refused,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) convoy: u32,
    pub(crate) stage: ManifestStage,
    pub(crate) due: Option<i64>,
    pub(crate) lots: Vec<u32>,
    pub(crate) amended: u16,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Departure {
    pub(crate) left: Option<i64>,
    pub(crate) lots: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) lot: u32,
    pub(crate) test: u32,
    /// When it was seen to be taken.
    pub(crate) taken: i64,
    pub(crate) settled: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ExceptionRow {
    pub(crate) open: bool,
    pub(crate) opened_at: i64,
    pub(crate) record: u64,
    pub(crate) because: String,
    /// Lots it stops.
    pub(crate) lots: Vec<u32>,
    /// Lots it calls back.
    pub(crate) recalled: Vec<u32>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Person {
    /// Bit n for the n-th role.
    pub(crate) roles: u16,
    /// First instant at which the clearance no longer holds.
    pub(crate) cleared_until: i64,
    pub(crate) agents: Vec<u32>,
    pub(crate) on_shift: bool,
    pub(crate) shift_ended: Option<i64>,
    /// Worked on the dirty side since the personnel gate.
    pub(crate) dirty: bool,
    pub(crate) sick: bool,
    /// Their clearance was taken from them before its time, and not given back.
    pub(crate) lapsed: bool,
    pub(crate) episodes: Vec<u32>,
}

/// A change that asks for less, as somebody proposed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    /// Of the rules or the protocol.
    pub(crate) digest: [u8; 32],
    pub(crate) by: u32,
    /// Record time.
    pub(crate) at: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Position in the rules; `NONE` if they no longer name it.
    pub(crate) rule: u32,
    pub(crate) used: u32,
    /// Slots in all units together, after a change of capacity.
    pub(crate) slots_now: Option<u32>,
    /// Positions of its units, by number from 1; `NONE` where none was used yet.
    pub(crate) units: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unit {
    pub(crate) place: u32,
    pub(crate) number: u32,
    pub(crate) closed: Option<String>,
    pub(crate) broken: bool,
    pub(crate) used: u32,
    pub(crate) lots: Vec<u32>,
    pub(crate) vehicles: Vec<u32>,
    /// By beginning.
    pub(crate) episodes: Vec<u32>,
}

/// One entry of a threaded list of records.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) record: u32,
    pub(crate) next: u32,
}

/// Somebody who had a lot in hand.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Handler {
    pub(crate) person: u32,
    pub(crate) next: u32,
    pub(crate) at: i64,
    /// Whether it was a treatment or a test, so that they may not sign.
    pub(crate) judged: bool,
}

/// A lot's stay on a surface.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub(crate) lot: u32,
    pub(crate) episode: u32,
    pub(crate) from: i64,
    /// `i64::MAX` while it lasts.
    pub(crate) to: i64,
    pub(crate) record: u32,
    pub(crate) next_of_lot: u32,
    pub(crate) next_in_episode: u32,
}

/// What lots touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Touched {
    Vehicle(u32),
    Unit(u32),
    Person(u32),
    Seen,
}

/// A stretch of time in which a surface was never free of infection long enough to count as clean.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Episode {
    pub(crate) surface: Touched,
    pub(crate) head: u32,
    /// Stays that last.
    pub(crate) open: u32,
    pub(crate) from: i64,
    /// End of the last stay that has ended.
    pub(crate) to: i64,
}
