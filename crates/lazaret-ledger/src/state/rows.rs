//! The rows of the state. Instants are µs since 1970.

use serde::{Deserialize, Serialize};

use crate::index::{
    AgentIx, ConvoyIx, DepartureIx, EpisodeIx, GoodsIx, HandlerIx, ListedIx, LotIx, ManifestIx,
    Number, PersonIx, PlaceIx, ProtocolIx, SourceIx, StepIx, TestIx, UnitIx, VehicleIx, VisitIx,
};
use crate::segregation::Hazards;

/// What is either so or not so of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    /// It belongs to an exercise.
    Trial = 1,
    /// It has a slot of its own where it is.
    Slot = 2,
    /// It was called back.
    Recalled = 4,
    /// An inspection refused it: it goes back to its sender.
    Refused = 8,
    /// An inspection condemned it: it is to be destroyed.
    Condemned = 16,
    /// It was released.
    Released = 32,
    /// It is on the clean side.
    Clean = 64,
    /// Pieces and mass are known, from papers or a count.
    Tallied = 128,
}

/// The flags that are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flags(u8);

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
    flags: Flags,
    pub(crate) frozen: u16,
    pub(crate) goods: GoodsIx,
    /// The version it came under.
    pub(crate) protocol: Option<ProtocolIx>,
    pub(crate) signatures_needed: u8,
    pub(crate) signatures: u8,
    pub(crate) signers: [Option<PersonIx>; 4],
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
    pub(crate) vehicle: Option<VehicleIx>,
    pub(crate) convoy: Option<ConvoyIx>,
    pub(crate) parent: Option<LotIx>,
    pub(crate) children: Option<Parts>,
    pub(crate) departure: Option<DepartureIx>,
    pub(crate) unit: Option<UnitIx>,
    /// Position in its unit's list, if it is in one.
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
    pub(crate) history: Option<ListedIx>,
    pub(crate) handlers: Option<HandlerIx>,
    pub(crate) visits: Option<VisitIx>,
    /// Where it is in the lists of lots.
    pub(crate) listed: Listing,
}

/// Where a lot is in the lists that screens show in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// Its earliest release, if it is held.
    pub(crate) held: Option<i64>,
    /// Whether it lacks only time and signatures.
    pub(crate) ready: bool,
    /// Its rank and when its hold ended, if it is released and still here.
    pub(crate) free: Option<(i32, i64)>,
}

/// The parts that a lot was split into: they were named one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    pub(crate) first: LotIx,
    pub(crate) count: u16,
}

impl Parts {
    pub(crate) fn lots(self) -> impl Iterator<Item = LotIx> {
        let first = self.first.position();
        (first..first + usize::from(self.count)).map(LotIx::at)
    }
}

impl Lot {
    pub(crate) fn new(goods: GoodsIx) -> Self {
        Lot {
            stage: LotStage::Announced,
            flags: Flags::default(),
            frozen: 0,
            goods,
            protocol: None,
            signatures_needed: 0,
            signatures: 0,
            signers: [None; 4],
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
            vehicle: None,
            convoy: None,
            parent: None,
            children: None,
            departure: None,
            unit: None,
            position: 0,
            entered: 0,
            came: i64::MIN,
            since: i64::MIN,
            base: None,
            floor: i64::MIN,
            clock: None,
            until: i64::MIN,
            hold_us: 0,
            treated_at: i64::MIN,
            history: None,
            handlers: None,
            visits: None,
            listed: Listing::default(),
        }
    }

    /// Whether a signature for its release is that of a person.
    pub(crate) fn signed_by(&self, person: PersonIx) -> bool {
        let signed = usize::from(self.signatures).min(self.signers.len());
        self.signers[..signed].contains(&Some(person))
    }

    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.flags.0 & flag as u8 != 0
    }

    pub(crate) fn set(&mut self, flag: Flag, on: bool) {
        if on {
            self.flags.0 |= flag as u8;
        } else {
            self.flags.0 &= !(flag as u8);
        }
    }
}

/// What is stated of the past of a lot that was here before the ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StockClaim {
    /// The record that states it.
    pub(crate) record: u64,
    pub(crate) by: PersonIx,
    /// When it was recorded.
    pub(crate) recorded: i64,
    pub(crate) source: SourceIx,
    /// Steps, and when they ended.
    pub(crate) treatments: Vec<(StepIx, i64)>,
    /// Tests, and when their samples were taken.
    pub(crate) tests: Vec<(TestIx, i64)>,
    pub(crate) held_from: Option<i64>,
    /// Whether it still waits for a witness; what happens to the lot meanwhile may undo it.
    pub(crate) open: bool,
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
    pub(crate) source: Option<SourceIx>,
    pub(crate) convoy: Option<ConvoyIx>,
    pub(crate) arrived: i64,
    /// When it was seen to come.
    pub(crate) came: i64,
    /// When it was seen to come to where it is, or to leave.
    pub(crate) since: i64,
    /// When it was seen to be empty.
    pub(crate) emptied_at: i64,
    pub(crate) unit: Option<UnitIx>,
    pub(crate) position: u32,
    /// Lots by the papers that are still on it.
    pub(crate) expected: u32,
    pub(crate) opened: bool,
    pub(crate) emptied: bool,
    /// Record time of its last wash since it was emptied.
    pub(crate) washed: Option<i64>,
    pub(crate) sealed: bool,
    /// The contacts of its present visit.
    pub(crate) episode: Option<EpisodeIx>,
    pub(crate) history: Option<ListedIx>,
}

impl Vehicle {
    pub(crate) fn new() -> Self {
        Vehicle {
            stage: VehicleStage::Announced,
            source: None,
            convoy: None,
            arrived: 0,
            came: i64::MIN,
            since: i64::MIN,
            emptied_at: i64::MIN,
            unit: None,
            position: 0,
            expected: 0,
            opened: false,
            emptied: false,
            washed: None,
            sealed: false,
            episode: None,
            history: None,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Convoy {
    pub(crate) source: Option<SourceIx>,
    pub(crate) arrived: Option<i64>,
    pub(crate) trial: bool,
    pub(crate) manifest: Option<ManifestIx>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ManifestStage {
    Announced,
    Withheld,
    Refused,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) convoy: ConvoyIx,
    pub(crate) stage: ManifestStage,
    pub(crate) due: Option<i64>,
    /// When it was seen to be announced.
    pub(crate) announced: i64,
    pub(crate) lots: Vec<LotIx>,
    pub(crate) amended: u16,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Departure {
    pub(crate) left: Option<i64>,
    pub(crate) lots: Vec<LotIx>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) lot: LotIx,
    pub(crate) test: TestIx,
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
    pub(crate) lots: Vec<LotIx>,
    /// Lots it calls back.
    pub(crate) recalled: Vec<LotIx>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Person {
    /// Bit n for the n-th role.
    pub(crate) roles: u16,
    /// First instant at which the clearance no longer holds.
    pub(crate) cleared_until: i64,
    pub(crate) agents: Vec<AgentIx>,
    pub(crate) on_shift: bool,
    pub(crate) shift_ended: Option<i64>,
    /// Worked on the dirty side since the personnel gate.
    pub(crate) dirty: bool,
    pub(crate) sick: bool,
    /// Their clearance was taken from them before its time, and not given back.
    pub(crate) lapsed: bool,
    pub(crate) episodes: Vec<EpisodeIx>,
}

/// A change that asks for less, as somebody proposed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    /// Of the rules or the protocol.
    pub(crate) digest: [u8; 32],
    pub(crate) by: PersonIx,
    /// Record time.
    pub(crate) at: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Position in the rules; none if they no longer name it.
    pub(crate) rule: Option<u16>,
    pub(crate) used: u32,
    /// Slots in all units together, after a change of capacity.
    pub(crate) slots_now: Option<u32>,
    /// Its units, by number from 1; none where none was used yet.
    pub(crate) units: Vec<Option<UnitIx>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unit {
    pub(crate) place: PlaceIx,
    pub(crate) number: u32,
    pub(crate) closed: Option<String>,
    pub(crate) broken: bool,
    pub(crate) used: u32,
    pub(crate) lots: Vec<LotIx>,
    pub(crate) vehicles: Vec<VehicleIx>,
    /// By beginning.
    pub(crate) episodes: Vec<EpisodeIx>,
}

/// One entry of a threaded list of records.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) record: u32,
    pub(crate) next: Option<ListedIx>,
}

/// Somebody who had a lot in hand.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Handler {
    pub(crate) person: PersonIx,
    pub(crate) next: Option<HandlerIx>,
    pub(crate) at: i64,
    /// Whether it was a treatment or a test, so that they may not sign.
    pub(crate) judged: bool,
}

/// A lot's stay on a surface.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub(crate) lot: LotIx,
    pub(crate) episode: EpisodeIx,
    pub(crate) from: i64,
    /// `i64::MAX` while it lasts.
    pub(crate) to: i64,
    pub(crate) record: u32,
    pub(crate) next_of_lot: Option<VisitIx>,
    pub(crate) next_in_episode: Option<VisitIx>,
}

/// What lots touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Touched {
    Vehicle(VehicleIx),
    Unit(UnitIx),
    Person(PersonIx),
    Seen,
}

/// A stretch of time in which a surface was never free of infection long enough to count as clean.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Episode {
    pub(crate) surface: Touched,
    pub(crate) head: Option<VisitIx>,
    /// Stays that last.
    pub(crate) open: u32,
    pub(crate) from: i64,
    /// End of the last stay that has ended.
    pub(crate) to: i64,
}
