//! An independent judge of a ledger: it reads the records and nothing else, recomputes every rule the slow and obvious
//! way, and says what should not have been accepted or should have followed and did not.
//!
//! It shares no code with the ledger but the types of events. Where the ledger threads lists and keeps indices, the
//! oracle keeps maps by name and looks at everything again.

mod causes;
mod clock;
mod contact;
mod gate;
mod hold;
mod known;
mod lots;
mod papers;
mod people;
mod places;
mod stock;
mod treatment;
mod vehicles;
mod work;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Entry as E, Role, Tally};
use lazaret_vocabulary::event::rules::{PlaceRule, Protocol, RuleBook};
use lazaret_vocabulary::event::{Cause, Event, Happening as H, Spot, Thing};

use crate::Finding as Found;
use people::said;

use crate::record::Record;
use crate::say::{event as event_words, instant};
use crate::sound::Work;
use crate::spelling::Spellings;
use crate::visits::{OPEN, Visits};
use crate::weaker::Change;

#[derive(Clone, Debug, Default)]
struct Person {
    roles: Vec<Role>,
    until: i64,
    agents: Vec<String>,
    ended: Option<i64>,
    dirty: bool,
    on_shift: bool,
    /// Their clearance was taken from them and not given back.
    lapsed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Papers,
    Off,
    Here,
    Sent,
    Loaded,
    Departed,
    Destroyed,
    SentBack,
    Split,
}

#[derive(Clone, Debug, Default)]
struct Lot {
    at: At,
    goods: String,
    /// Where it came from, if no vehicle says it.
    source: String,
    vehicle: String,
    convoy: String,
    departure: String,
    wagon: Option<String>,
    spot: Option<(String, u32)>,
    slot: bool,
    protocols: Vec<usize>,
    tally: Option<Tally>,
    hazards: Vec<String>,
    treated: BTreeSet<String>,
    inspected: BTreeSet<String>,
    passed: BTreeSet<String>,
    doubtful: BTreeSet<String>,
    doubtful_since: i64,
    entered: i64,
    came: i64,
    since: i64,
    base: Option<i64>,
    floor: i64,
    clock: Option<i64>,
    until: i64,
    treated_at: i64,
    released: bool,
    signers: Vec<String>,
    stopped: BTreeSet<String>,
    refused: bool,
    condemned: bool,
    clean: bool,
    trial: bool,
    /// Papers of its convoy name it.
    on_papers: bool,
    parts: Vec<String>,
    /// The lot that it was split from.
    part_of: Option<String>,
    hands: Vec<(String, i64, bool)>,
}

#[derive(Clone, Debug, Default)]
struct Vehicle {
    here: bool,
    source: String,
    convoy: String,
    arrived: i64,
    came: i64,
    since: i64,
    emptied_at: i64,
    gone: bool,
    spot: Option<(String, u32)>,
    opened: bool,
    emptied: bool,
    washed: Option<i64>,
    sealed: bool,
}

/// The lots of one unit, summed up: nobody goes through a full yard for every lot that joins it.
#[derive(Clone, Debug, Default)]
struct Stand {
    /// Those that take a slot.
    taken: usize,
    /// How many there are of each class.
    goods: BTreeMap<String, usize>,
    /// How many belong to a trial run, and how many do not.
    trial: usize,
    real: usize,
    /// Those whose papers tell of a danger.
    dangerous: BTreeSet<String>,
}

/// The judge.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    rules: Option<Arc<RuleBook>>,
    protocols: Vec<Arc<Protocol>>,
    people: BTreeMap<String, Person>,
    lots: HashMap<String, Lot>,
    vehicles: HashMap<String, Vehicle>,
    arrived: BTreeSet<String>,
    trials: BTreeSet<String>,
    papers: HashMap<String, (String, bool, bool)>,
    departures: HashMap<String, (bool, Vec<String>)>,
    samples: HashMap<String, (String, String, i64, bool)>,
    /// Samples that are out, by their lots; lots that an exception stops.
    out: HashMap<String, BTreeSet<String>>,
    stops: HashMap<String, BTreeSet<String>>,
    exceptions: BTreeMap<String, bool>,
    units: BTreeMap<(String, u32), (bool, bool)>,
    capacity: BTreeMap<String, u32>,
    credits: BTreeMap<String, (i64, String)>,
    /// What is stated of lots that were here before the ledger; when the first record was made, when the first arrival was
    /// recorded, and when convoys were announced.
    stock: BTreeMap<String, stock::Claim>,
    founded: Option<i64>,
    went_live: Option<i64>,
    announced: HashMap<String, i64>,
    /// What stands where of lots and vehicles, lots by the convoy of their papers, papers by their convoy.
    stands: BTreeMap<(String, u32), Stand>,
    vehicles_at: BTreeMap<(String, u32), BTreeSet<String>>,
    lots_of: HashMap<String, BTreeSet<String>>,
    papers_of: HashMap<String, BTreeSet<String>>,
    /// Changes that were proposed, by whom and when; who was the first to void a name.
    proposals: Vec<(Change, String, i64)>,
    voiding: BTreeMap<String, String>,
    visits: Visits,
    work: BTreeMap<String, Work>,
    keys: HashSet<String>,
    spellings: Spellings,
    seq: u64,
    last: i64,
    seen: u32,
    /// How much sooner than its time something may happen, in µs: for a judge by another clock than the ledger's.
    slack: i64,
    doubted: bool,
    stated: Option<(u64, String)>,
    /// Who said it, in a few words.
    by: String,
    /// What was wrong in the record that was looked at last.
    wrong: Vec<Found>,
}

fn us(at: Timestamp) -> i64 {
    at.as_microsecond()
}

fn secs(seconds: u64) -> i64 {
    i64::try_from(seconds)
        .unwrap_or(OPEN)
        .saturating_mul(1_000_000)
}

fn spot_of(spot: &Spot) -> (String, u32) {
    (spot.place.to_string(), spot.unit)
}

/// An event, with the record that has it; times in µs since 1970.
#[derive(Clone, Copy)]
struct Told<'a> {
    event: &'a Event,
    record: &'a Record,
    /// When it happened.
    at: i64,
    /// When it was recorded.
    now: i64,
}

impl Oracle {
    /// A judge by another clock than the ledger's, by which things may happen sooner by `slack` µs.
    pub(crate) fn with_slack(slack: i64) -> Self {
        Oracle {
            slack,
            ..Oracle::default()
        }
    }

    fn fail(&mut self, rule: &'static str, what: impl Into<String>) {
        self.wrong.push(Found {
            record: self.seq,
            rule,
            what: self.by.clone(),
            why: what.into(),
        });
    }

    fn must(&mut self, rule: &'static str, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.fail(rule, what());
        }
    }

    fn place(&self, name: &str) -> Option<&PlaceRule> {
        self.rules
            .as_ref()?
            .places
            .iter()
            .find(|rule| rule.place.as_str() == name)
    }

    /// Looks at the next record.
    pub(crate) fn look(&mut self, record: &Record) {
        self.by = format!("said by {}", record.by);
        self.must("A1", record.seq == self.seq + 1, || "out of order".into());
        self.seq = record.seq;
        let now = us(record.recorded_at);
        let last = self.last;
        self.must("A10", now >= last, || {
            "recorded before the one before".into()
        });
        self.last = now;
        let key = record.command.to_string();
        let fresh = self.keys.insert(key.clone());
        self.must("A4", fresh, || format!("{key} counts twice"));
        let of_time = record.events.iter().any(|event| {
            matches!(
                event.happening,
                H::Entry(E::TimeStated { .. } | E::TimeConfirmed { .. })
            )
        });
        if let Some(rules) = self.rules.as_ref().filter(|_| !of_time) {
            let (remember, tolerance) = (secs(rules.remember_s), secs(rules.clock_tolerance_s));
            let issued = us(record.issued_at);
            self.must("A4", issued >= now.saturating_sub(remember), || {
                "it was written longer ago than keys are remembered".into()
            });
            self.must("A10", issued <= now.saturating_add(tolerance), || {
                "issued in the future".into()
            });
        }
        // 2200 begins so many microseconds after 1970.
        let ages = 0..7_258_118_400_000_000;
        for event in &record.events {
            let at = us(event.at);
            self.must("A10", at <= now, || {
                format!(
                    "{} is dated {}, in the future",
                    event_words(&event.happening),
                    instant(at)
                )
            });
            self.must("K1", ages.contains(&at), || {
                format!("{} is dated {}", event_words(&event.happening), instant(at))
            });
            self.not_before(&event.happening, at);
        }
        self.own_clock(record);
        let by = record.by.to_string();
        let mut now = now;
        // What follows from rules comes with something that somebody said; alone, somebody says it.
        let told = record.events.iter().any(|event| said(&event.happening));
        // What somebody said comes after corrections and warnings; the rest is what the ledger made of it.
        for event in &record.events {
            self.known(&event.happening);
            // A signature that falls with its signer's clearance follows from that.
            let follows = matches!(&event.happening,
                H::Entry(E::SignatureWithdrawn { signer, .. }) if found_unfit(record, signer.as_str()));
            if (said(&event.happening) || !told) && !follows {
                self.role(&by, &event.happening);
            }
            self.event(Told {
                event,
                record,
                at: us(event.at),
                now,
            });
            // By another clock than the ledger's much looks wrong that is not: then it goes on.
            if !self.wrong.is_empty() && self.slack == 0 {
                for found in &mut self.wrong {
                    found.what = named(event);
                }
                return;
            }
            if let H::Entry(E::TimeConfirmed {
                time: Some(right),
                wrong_since,
                ..
            }) = &event.happening
            {
                if self.slack == 0 {
                    self.retime(now, us(*right), wrong_since.map(us));
                }
                now = us(*right);
                self.last = now;
            }
        }
        self.founded = self.founded.or(Some(now));
    }

    /// All that was wrong in the record that was looked at last.
    pub(crate) fn take_wrong(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.wrong)
    }

    /// The first that was wrong.
    pub(crate) fn first(&self) -> Option<Found> {
        self.wrong.first().cloned()
    }

    /// One thing that happened: who may do it, what it does, and who did it.
    fn event(&mut self, told: Told<'_>) {
        self.spelt(&told.event.happening);
        self.able(told);
        self.happens(told);
        self.caused(told);
        self.did(told);
    }

    fn happens(&mut self, told: Told<'_>) {
        match &told.event.happening {
            H::ConvoyArrived { .. }
            | H::VehiclePlaced { .. }
            | H::VehicleLeft { .. }
            | H::UnloadingStarted { .. } => self.arrivals(told),
            H::VehicleEmptied { .. } | H::VehicleWashed { .. } | H::VehicleReleased { .. } => {
                self.homeward(told);
            }
            H::LotUnloaded { .. } | H::LotStored { .. } | H::LotSent { .. } => self.moves(told),
            H::TreatmentStarted { .. }
            | H::WorkPaused { .. }
            | H::WorkResumed { .. }
            | H::TreatmentEnded { .. } => self.treatments(told),
            H::InspectionStarted { .. } | H::LotInspected { .. } => self.inspections(told),
            H::HoldStarted { .. } | H::HoldRestarted { .. } | H::HoldEnded { .. } => {
                self.holds(told);
            }
            H::LotReleased { .. }
            | H::LotLoaded { .. }
            | H::Departed { .. }
            | H::LotDestroyed { .. }
            | H::LotSentBack { .. } => self.leaving(told),
            H::PlaceClosed { .. }
            | H::PlaceOpened { .. }
            | H::PlaceBroken { .. }
            | H::PlaceRepaired { .. }
            | H::CapacityChanged { .. } => self.places(told),
            H::Waiting {
                thing: Thing::Lot(lot),
                cause:
                    Cause::NoRoom(place)
                    | Cause::Closed(place)
                    | Cause::Broken(place)
                    | Cause::Segregated(place),
                ..
            } => self.beside(lot.as_str(), place.as_str()),
            H::Entry(entry) => self.entry(entry, told),
            _ => {}
        }
    }

    /// One entry of the office.
    fn entry(&mut self, entry: &E, told: Told<'_>) {
        match entry {
            E::NameVoided { .. }
            | E::RulesProposed { .. }
            | E::ProtocolProposed { .. }
            | E::RulesAdopted { .. }
            | E::ProtocolAdopted { .. } => self.of_rules(entry, told),
            E::PersonAppointed { .. }
            | E::PersonCleared { .. }
            | E::ClearanceLapsed { .. }
            | E::PersonShiftStarted { .. }
            | E::PersonShiftEnded { .. }
            | E::PersonPassedGate { .. }
            | E::PersonReportedSick { .. } => self.of_people(entry, told),
            E::ManifestAnnounced { .. }
            | E::ManifestAmended { .. }
            | E::ManifestWithheld { .. }
            | E::ManifestRefused { .. }
            | E::TrialDeclared { .. } => self.of_papers(entry, told),
            E::VehicleSealed { vehicle, .. } => self.sealed(vehicle.as_str()),
            E::LotCounted { .. }
            | E::DiscrepancyFound { .. }
            | E::LossDeclared { .. }
            | E::LotSplit { .. } => self.of_counts(entry, told),
            E::TreatmentDosed { .. }
            | E::TreatmentRead { .. }
            | E::TreatmentJudged { .. }
            | E::TreatmentVoided { .. } => self.of_treatments(entry, told),
            E::SampleTaken { .. } | E::ResultEntered { .. } => self.of_samples(entry, told),
            E::ContactSeen { .. }
            | E::ContaminationFound { .. }
            | E::ExceptionOpened { .. }
            | E::ExceptionClosed { .. }
            | E::LotFrozen { .. }
            | E::LotRecalled { .. } => self.of_contact(entry, told),
            E::Signed { .. } | E::SignatureWithdrawn { .. } => self.of_signatures(entry, told),
            E::StockRecorded { .. } | E::StockWitnessed { .. } | E::StockCredited { .. } => {
                self.of_stock(entry, told);
            }
            E::CreditAsked { .. } | E::CreditWitnessed { .. } | E::ClockCredited { .. } => {
                self.of_credit(entry, told);
            }
            E::Corrected {
                record: old,
                because,
            } => {
                let known = *old >= 1 && *old < self.seq && !because.trim().is_empty();
                self.must("A1", known, || format!("it corrects record {old}"));
            }
            _ => {}
        }
    }
}

/// What an event says, in a few words: its name and what it is about.
fn named(event: &Event) -> String {
    let json = serde_json::to_value(event).unwrap_or_default();
    let text = |name: &str| json.get(name).and_then(serde_json::Value::as_str);
    let about = ["lot", "sample", "vehicle", "departure", "convoy", "person"];
    let about = about.into_iter().find_map(text).unwrap_or("");
    format!("{} {about}", text("event").unwrap_or("?"))
        .trim_end()
        .to_owned()
}

fn present(at: At) -> bool {
    matches!(at, At::Here | At::Sent | At::Loaded)
}

fn unrelease(row: &mut Lot) {
    if present(row.at) {
        row.released = false;
        row.signers.clear();
    }
}

fn unit_surface(spot: &(String, u32)) -> String {
    format!("unit {} {}", spot.0, spot.1)
}

fn acknowledged(record: &Record, warning: &str) -> bool {
    record.events.iter().any(|event| {
        matches!(&event.happening,
            H::Entry(E::WarningAcknowledged { warning: of, .. }) if of == warning)
    })
}

/// Whether a record takes somebody's clearance from them.
fn found_unfit(record: &Record, person: &str) -> bool {
    record.events.iter().any(|event| {
        matches!(&event.happening, H::Entry(E::ClearanceLapsed { person: of, .. }) if of.as_str() == person)
    })
}

/// Whether a record stops a lot.
fn stops(record: &Record, lot: &str) -> bool {
    record.events.iter().any(|event| match &event.happening {
        H::Entry(E::ExceptionOpened { lots, .. }) => lots.iter().any(|of| of.as_str() == lot),
        H::Entry(E::DiscrepancyFound { lot: of, .. }) => of.as_str() == lot,
        _ => false,
    })
}

/// Who did the work of a record.
fn crew_of(record: &Record) -> Vec<String> {
    record
        .events
        .iter()
        .find_map(|event| match &event.happening {
            H::Entry(E::Worked { people, .. }) => {
                Some(people.iter().map(ToString::to_string).collect())
            }
            _ => None,
        })
        .unwrap_or_else(|| vec![record.by.to_string()])
}
