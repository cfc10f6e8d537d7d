//! Today: what is here, what may go, what is wrong, what comes next.

use lazaret_vocabulary::event::entry::Role;
use lazaret_vocabulary::event::{ConvoyId, Event, PlaceName, SourceName};
use serde::Serialize;
use utoipa::ToSchema;

use super::common::At;
use super::session::{ClockView, Screen};

/// The digest of the day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Today {
    /// The server's clock.
    pub now: At,
    /// Set while nothing is recorded because the ledger's clock is in doubt.
    pub clock: Option<ClockView>,
    /// The numbers that matter.
    pub counts: Counts,
    /// What comes next.
    pub next_convoy: Option<NextConvoy>,
    /// What waits for the person who asks, by their roles; the urgent first.
    pub for_you: Vec<Task>,
    /// The coming fourteen days, today first.
    pub days: Vec<Day>,
    /// Places with limited room.
    pub occupancy: Vec<Occupancy>,
    /// The last things that happened.
    pub latest: Vec<Latest>,
}

/// Numbers of now.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Counts {
    /// Lots that are held.
    pub held: u64,
    /// Lots that are released and still here.
    pub releasable: u64,
    /// Lots that lack only signatures.
    pub to_sign: u64,
    /// Exceptions that are open.
    pub exceptions: u64,
    /// Vehicles at the gateway.
    pub vehicles_here: u64,
    /// Of them empty and not yet gone home.
    pub vehicles_empty: u64,
    /// Lots that were ever unloaded.
    pub lots_entered: u64,
    /// Lots that left inland.
    pub lots_departed: u64,
    /// People on shift.
    pub people_on_shift: u64,
}

/// The next convoy by its papers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NextConvoy {
    /// Which.
    pub convoy: ConvoyId,
    /// Where it comes from.
    pub source: Option<SourceName>,
    /// When it is due.
    pub due: Option<At>,
    /// Vehicles in it.
    pub vehicles: u32,
    /// Papers that do not agree.
    pub mismatches: u32,
}

/// What waits to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Lots that wait for a first signature.
    SignFirst,
    /// Lots that wait for another signature, which this person may give.
    SignNext,
    /// Samples to take.
    TakeSamples,
    /// Samples without a result.
    EnterResults,
    /// Treatments that ended and did not count.
    RepeatTreatment,
    /// Treatments in hand.
    TreatmentsInHand,
    /// Lots that wait for treatment.
    Treat,
    /// Exceptions to settle.
    SettleExceptions,
    /// Lots that were here before the ledger and wait for a second person to confirm their past.
    WitnessStock,
    /// Convoys announced with mismatches.
    CheckPapers,
    /// Vehicles to unload.
    Unload,
    /// Vehicles to wash.
    Wash,
    /// Vehicles that may go home.
    SendHome,
    /// Released lots to load.
    Load,
    /// Lots that were called back.
    Recalled,
    /// Clearances that lapse within a week.
    RenewClearances,
    /// Places that are closed or broken.
    PlacesClosed,
}

/// One line of "for you".
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Task {
    /// What.
    pub kind: TaskKind,
    /// How many.
    pub count: u64,
    /// Where it is done.
    pub screen: Screen,
    /// For which of the person's roles.
    pub role: Role,
    /// Whether it is late or dangerous.
    pub urgent: bool,
    /// The first few things it is about.
    pub first: Vec<String>,
}

/// One of the coming days, by the gateway's calendar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Day {
    /// The civil date, `YYYY-MM-DD`.
    #[schema(format = Date)]
    pub date: String,
    /// Vehicles due by papers.
    pub vehicles_due: u32,
    /// Lots whose clock ends on this day.
    pub clocks_end: u32,
    /// Clearances that lapse.
    pub clearances_lapse: u32,
}

/// How full a place is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Occupancy {
    /// The place.
    pub place: PlaceName,
    /// Slots taken.
    pub used: u32,
    /// Slots in all; none if not limited.
    pub slots: Option<u32>,
    /// Units closed or broken.
    pub units_out: u32,
}

/// One of the last records, in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Latest {
    /// The record.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: At,
    /// Who said it.
    pub by: String,
    /// What, in words.
    pub words: String,
    /// What, as an event; none if the reader may not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
}
