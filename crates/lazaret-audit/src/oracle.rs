//! An independent judge of a ledger: it reads the records and nothing else, recomputes every rule the slow and obvious
//! way, and says what should not have been accepted or should have followed and did not.
//!
//! It shares no code with the ledger but the types of events. Where the ledger threads lists and keeps indices, the
//! oracle keeps maps by name and looks at everything again.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Entry as E, Outcome, Role, Soiled, Surface, Tally};
use lazaret_vocabulary::event::rules::{ClockFrom, Contact, PlaceRule, Protocol, RuleBook, Side};
use lazaret_vocabulary::event::{Event, Finding, Happening as H, Spot, Thing};

use crate::record::Record;
use crate::sound::{Work, sound};
use crate::visits::{OPEN, Visit, Visits};
use crate::weaker::{self, Change};
use crate::{Finding as Found, dangers};

#[derive(Clone, Debug, Default)]
struct Person {
    roles: Vec<Role>,
    until: i64,
    agents: Vec<String>,
    ended: Option<i64>,
    dirty: bool,
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
    parts: Vec<String>,
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

/// The judge.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    rules: Option<Arc<RuleBook>>,
    protocols: Vec<Arc<Protocol>>,
    people: BTreeMap<String, Person>,
    lots: BTreeMap<String, Lot>,
    vehicles: BTreeMap<String, Vehicle>,
    arrived: BTreeSet<String>,
    trials: BTreeSet<String>,
    papers: BTreeMap<String, (String, bool, bool)>,
    departures: BTreeMap<String, (bool, Vec<String>)>,
    samples: BTreeMap<String, (String, String, i64, bool)>,
    exceptions: BTreeMap<String, bool>,
    units: BTreeMap<(String, u32), (bool, bool)>,
    capacity: BTreeMap<String, u32>,
    credits: BTreeMap<String, (i64, String)>,
    /// Lots and vehicles by where they are, lots by the convoy of their papers, papers by their convoy.
    lots_at: BTreeMap<(String, u32), BTreeSet<String>>,
    vehicles_at: BTreeMap<(String, u32), BTreeSet<String>>,
    lots_of: BTreeMap<String, BTreeSet<String>>,
    papers_of: BTreeMap<String, BTreeSet<String>>,
    /// Changes that were proposed, by whom and when; who was the first to void a name.
    proposals: Vec<(Change, String, i64)>,
    voiding: BTreeMap<String, String>,
    visits: Visits,
    work: BTreeMap<String, Work>,
    keys: HashSet<String>,
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
                "too old to tell".into()
            });
            self.must("A10", issued <= now.saturating_add(tolerance), || {
                "issued in the future".into()
            });
        }
        // 2200 begins so many microseconds after 1970.
        let ages = 0..7_258_118_400_000_000;
        for event in &record.events {
            let at = us(event.at);
            self.must("A10", at <= now, || format!("{event:?} is in the future"));
            self.must("K1", ages.contains(&at), || {
                format!("{event:?} is of no age")
            });
            self.not_before(&event.happening, at);
        }
        self.own_clock(record);
        let by = record.by.to_string();
        let mut now = now;
        // What somebody said comes after corrections and warnings; the rest is what the ledger made of it.
        for event in &record.events {
            if self.said_by_people(&event.happening) {
                self.role(&by, &event.happening);
            }
            self.event(event, record, now);
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
    }

    /// Rule A11: while the time is in doubt nothing else is recorded, and two people settle it.
    fn own_clock(&mut self, record: &Record) {
        for event in &record.events {
            let H::Entry(entry) = &event.happening else {
                continue;
            };
            match entry {
                E::TimeDoubted { .. } => self.doubted = true,
                E::TimeStated { .. } => {
                    let admin = (self.people.get(record.by.as_str()))
                        .is_some_and(|p| p.roles.contains(&Role::Administrator));
                    self.must("A11", admin, || format!("{} stated the time", record.by));
                    self.stated = Some((record.seq, record.by.to_string()));
                }
                E::TimeConfirmed { record: of, .. } => {
                    let stated = self.stated.take();
                    let other =
                        stated.is_some_and(|(seq, by)| seq == *of && by != record.by.as_str());
                    self.must("A11", other, || format!("{} confirmed alone", record.by));
                    self.doubted = false;
                    return;
                }
                _ => {}
            }
        }
        let timeless = (record.events.iter()).any(|event| {
            matches!(
                event.happening,
                H::Entry(E::TimeDoubted { .. } | E::TimeStated { .. } | E::PersonAppointed { .. })
            )
        });
        let ok = !self.doubted || timeless;
        self.must("A11", ok, || "recorded while the time was in doubt".into());
    }

    /// Stamps of a clock that was behind move on from `since`; of one that was ahead none stays later than `right`.
    fn retime(&mut self, was: i64, right: i64, since: Option<i64>) {
        let of = |stamp: &mut i64| {
            if *stamp == i64::MIN || *stamp > was {
                return;
            }
            if right > was && since.is_some_and(|since| *stamp >= since) {
                *stamp += right - was;
            }
            *stamp = (*stamp).min(right);
        };
        let some = |stamp: &mut Option<i64>| {
            if let Some(stamp) = stamp {
                of(stamp);
            }
        };
        let names: Vec<String> = self.lots.keys().cloned().collect();
        for name in names {
            let hold = self.hold_us(&name);
            let Some(row) = self.lots.get_mut(&name) else {
                continue;
            };
            let before = row.clock.unwrap_or(row.floor);
            let own = row.clock.is_some_and(|clock| row.until <= clock + hold);
            some(&mut row.clock);
            of(&mut row.floor);
            some(&mut row.base);
            of(&mut row.entered);
            of(&mut row.treated_at);
            let after = row.clock.unwrap_or(row.floor);
            if row.until != i64::MIN {
                if own {
                    row.until = after + hold;
                } else if before != i64::MIN {
                    row.until += (after - before).max(0);
                }
            }
            for (_, at, _) in &mut row.hands {
                of(at);
            }
        }
        for row in self.vehicles.values_mut() {
            of(&mut row.arrived);
            of(&mut row.came);
            some(&mut row.washed);
        }
        for row in self.people.values_mut() {
            some(&mut row.ended);
        }
        for visit in &mut self.visits {
            of(&mut visit.from);
            of(&mut visit.to);
        }
        for work in self.work.values_mut() {
            let ends = work.pauses.iter().flat_map(|(from, to)| [*from, *to]);
            let late = ends
                .filter(|&to| to != OPEN)
                .chain(work.readings.iter().map(|(_, at, ..)| *at))
                .chain([work.from, work.dosed])
                .max();
            if right < was && late > Some(right) {
                // Nobody knows for how long it has gone on: it begins anew.
                (work.from, work.dosed) = (right, right);
                work.readings.clear();
                let paused = work.pauses.last().is_some_and(|(_, to)| *to == OPEN);
                work.pauses = Vec::from_iter(paused.then_some((right, OPEN)));
            }
            for (_, at, ..) in &mut work.readings {
                *at = (*at).min(was);
                of(at);
            }
            of(&mut work.from);
            of(&mut work.dosed);
            for (from, to) in &mut work.pauses {
                of(from);
                of(to);
            }
        }
        for (_, _, taken, _) in self.samples.values_mut() {
            of(taken);
        }
        // Tests and signatures that hang on the time are looked at again.
        for (sample, (lot, test, taken, _)) in self.samples.clone() {
            for part in self.whole(&lot) {
                if !self.sample_counts(&part, &test, taken)
                    && let Some(row) = self.lots.get_mut(&part)
                    && present(row.at)
                {
                    row.passed.remove(&test);
                }
            }
            let _ = sample;
        }
        for name in self.lots.keys().cloned().collect::<Vec<_>>() {
            let held = self.earliest(&name) > right;
            let Some(row) = self.lots.get_mut(&name) else {
                continue;
            };
            if held && present(row.at) && !row.signers.is_empty() {
                unrelease(row);
            }
        }
    }

    /// All that was wrong in the record that was looked at last.
    pub(crate) fn take_wrong(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.wrong)
    }

    /// The first that was wrong.
    pub(crate) fn first(&self) -> Option<Found> {
        self.wrong.first().cloned()
    }

    fn said_by_people(&self, what: &H) -> bool {
        !matches!(
            what,
            H::LotReleased { .. }
                | H::HoldStarted { .. }
                | H::HoldRestarted { .. }
                | H::Entry(
                    E::TreatmentJudged { .. }
                        | E::TreatmentVoided { .. }
                        | E::DiscrepancyFound { .. }
                        | E::LotFrozen { .. }
                        | E::LotRecalled { .. }
                        | E::ExceptionOpened { .. }
                        | E::Worked { .. }
                        | E::Corrected { .. }
                        | E::WarningAcknowledged { .. }
                        | E::ClockCredited { .. }
                )
        )
    }

    /// Nothing is before what it is about.
    fn not_before(&mut self, what: &H, at: i64) {
        let lot = |lot: &lazaret_vocabulary::event::LotId| self.lots.get(lot.as_str());
        let vehicle = |id: &lazaret_vocabulary::event::VehicleId| self.vehicles.get(id.as_str());
        let least = match what {
            H::ConvoyArrived { vehicles, .. } => (vehicles.iter().filter_map(vehicle))
                .filter(|row| row.gone)
                .map(|row| row.since)
                .max(),
            H::VehiclePlaced { vehicle: of, .. }
            | H::VehicleLeft { vehicle: of, .. }
            | H::UnloadingStarted { vehicle: of, .. }
            | H::LotUnloaded { vehicle: of, .. }
            | H::VehicleEmptied { vehicle: of }
            | H::VehicleReleased { vehicle: of } => vehicle(of).map(|row| row.since),
            H::VehicleWashed { vehicle: of } | H::Entry(E::VehicleSealed { vehicle: of, .. }) => {
                vehicle(of).map(|row| row.since.max(row.emptied_at))
            }
            H::LotStored { lot: of, .. }
            | H::LotSent { lot: of, .. }
            | H::LotLoaded { lot: of, .. }
            | H::LotDestroyed { lot: of }
            | H::LotSentBack { lot: of }
            | H::InspectionStarted { lot: of, .. }
            | H::TreatmentStarted { lot: of, .. } => lot(of).map(|row| row.since),
            H::TreatmentEnded { lot: of, .. }
            | H::Entry(E::TreatmentDosed { lot: of, .. } | E::TreatmentRead { lot: of, .. }) => {
                self.work.get(of.as_str()).map(|work| work.from)
            }
            H::LotInspected { lot: of, .. }
            | H::Entry(
                E::LotCounted { lot: of, .. }
                | E::LossDeclared { lot: of, .. }
                | E::LotSplit { lot: of, .. }
                | E::SampleTaken { lot: of, .. }
                | E::Signed { lot: of, .. },
            ) => lot(of).map(|row| row.came),
            H::Entry(E::ContactSeen { lots, .. }) => {
                lots.iter().filter_map(lot).map(|row| row.came).max()
            }
            H::Entry(E::ResultEntered { sample, .. }) => {
                self.samples.get(sample.as_str()).map(|sample| sample.2)
            }
            H::Departed { departure, .. } => {
                (self.departures.get(departure.as_str())).and_then(|(_, aboard)| {
                    aboard
                        .iter()
                        .filter_map(|of| self.lots.get(of))
                        .map(|row| row.since)
                        .max()
                })
            }
            _ => None,
        };
        let late = least.is_none_or(|least| at >= least);
        let rule = match what {
            H::TreatmentStarted { .. } | H::TreatmentEnded { .. } => "G3a",
            _ => "G7",
        };
        self.must(rule, late, || {
            format!("{what:?} at {at} is before {least:?}")
        });
    }

    /// Whether there is no administrator yet.
    fn founding(&self) -> bool {
        let mut people = self.people.values();
        !people.any(|person| person.roles.contains(&Role::Administrator))
    }

    fn role(&mut self, by: &str, what: &H) {
        use Role as R;
        let roles: &[R] = match what {
            H::LotLoaded { .. } | H::Departed { .. } => &[R::Dispatcher],
            H::LotDestroyed { .. } | H::Entry(E::ExceptionClosed { .. }) => &[R::ChiefOfficer],
            H::Entry(
                E::Signed { .. }
                | E::SignatureWithdrawn { .. }
                | E::CreditAsked { .. }
                | E::ResultEntered { .. },
            )
            | H::LotInspected { .. }
            | H::LotSentBack { .. } => &[R::QuarantineOfficer, R::ChiefOfficer],
            H::TreatmentStarted { .. } | H::TreatmentEnded { .. } | H::VehicleWashed { .. } => {
                &[R::DisinfectionLead, R::Crew]
            }
            H::VehicleReleased { .. } | H::ConvoyArrived { .. } => &[R::YardMaster, R::Gate],
            H::LotStored { .. } | H::LotUnloaded { .. } => &[R::YardMaster, R::Crew],
            // An empty ledger belongs to whoever sets its rules and appoints its first administrator.
            H::Entry(E::RulesAdopted { .. } | E::PersonAppointed { .. }) if self.founding() => {
                return;
            }
            H::Entry(
                E::RulesAdopted { .. }
                | E::RulesProposed { .. }
                | E::ProtocolAdopted { .. }
                | E::ProtocolProposed { .. },
            ) => &[R::Administrator, R::ChiefOfficer],
            H::Entry(E::PersonAppointed { .. }) => &[R::Administrator],
            H::Entry(E::PersonCleared { .. } | E::ClearanceLapsed { .. }) => {
                &[R::Administrator, R::QuarantineOfficer, R::ChiefOfficer]
            }
            _ => return,
        };
        let own = self
            .people
            .get(by)
            .map(|p| p.roles.clone())
            .unwrap_or_default();
        self.must("R1", own.iter().any(|role| roles.contains(role)), || {
            format!("{by} may not say {what:?}")
        });
    }

    fn event(&mut self, event: &Event, record: &Record, now: i64) {
        let at = us(event.at);
        let by = record.by.to_string();
        match &event.happening {
            H::ConvoyArrived {
                convoy,
                source,
                vehicles,
            } => {
                let fresh = self.arrived.insert(convoy.to_string());
                self.must("K1", fresh, || format!("{convoy} arrived twice"));
                let papers = self.papers_for(convoy.as_str()).any(|row| !row.1);
                let warned = acknowledged(record, "no_papers");
                self.must("A8", papers || warned, || format!("{convoy} has no papers"));
                for vehicle in vehicles {
                    self.park(vehicle.as_str(), None);
                    let row = self.vehicles.entry(vehicle.to_string()).or_default();
                    let here = row.here;
                    *row = Vehicle {
                        here: true,
                        source: source.to_string(),
                        convoy: convoy.to_string(),
                        arrived: now,
                        came: at.min(now),
                        since: at.min(now),
                        ..Vehicle::default()
                    };
                    self.must("G7", !here, || format!("{vehicle} was here"));
                }
            }
            H::VehiclePlaced { vehicle, spot } => {
                self.enter_checks(spot);
                let to = spot_of(spot);
                let side = self.place(&to.0).map(|rule| rule.side);
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                let (here, ready, from) = (
                    row.here,
                    row.emptied && row.washed.is_some(),
                    row.spot.clone(),
                );
                row.since = at.min(now);
                if side == Some(Side::Dirty) {
                    row.washed = None;
                    row.sealed = false;
                }
                self.park(vehicle.as_str(), Some(to.clone()));
                self.must("G7", here, || format!("{vehicle} is not here"));
                self.must("G7", from.as_ref() != Some(&to), || {
                    format!("{vehicle} is there")
                });
                self.way(from.as_ref(), &to);
                self.must("G8", side != Some(Side::Clean) || ready, || {
                    format!("{vehicle} crossed dirty")
                });
                self.room(&to);
            }
            H::VehicleLeft { vehicle, spot } => {
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                let ok = row.here && row.spot == Some(spot_of(spot));
                row.since = at.min(now);
                self.park(vehicle.as_str(), None);
                self.must("G7", ok, || format!("{vehicle} was not there"));
            }
            H::UnloadingStarted { vehicle, .. } => {
                self.worker(event, record, now);
                self.not_turned_away(vehicle.as_str());
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                row.opened = true;
            }
            H::LotUnloaded {
                lot,
                vehicle,
                goods,
                spot,
            } => self.unloaded(
                (
                    lot.as_str(),
                    vehicle.as_str(),
                    goods.as_str(),
                    &spot_of(spot),
                ),
                at,
                now,
                record,
            ),
            H::LotStored { lot, spot } | H::LotSent { lot, spot } => {
                let sent = matches!(event.happening, H::LotSent { .. });
                if !sent {
                    self.worker(event, record, now);
                }
                self.stored(lot.as_str(), &spot_of(spot), sent, at, now, record);
            }
            H::TreatmentStarted { lot, step, spot } => {
                self.worker(event, record, now);
                let busy = self.work.insert(
                    lot.to_string(),
                    Work {
                        step: step.to_string(),
                        from: at,
                        agent: None,
                        dosed: at,
                        dose: None,
                        pauses: Vec::new(),
                        readings: Vec::new(),
                    },
                );
                self.must("G7", busy.is_none(), || format!("{lot} is under treatment"));
                let row = self.lots.entry(lot.to_string()).or_default();
                let ok = row.at == At::Here && row.spot == Some(spot_of(spot));
                self.must("G7", ok, || format!("{lot} is not there"));
                let clean = self
                    .place(spot.place.as_str())
                    .is_some_and(|rule| rule.side == Side::Clean);
                self.must("G8", !clean, || {
                    format!("{lot} is treated on the clean side")
                });
                let done_at = (self.protocols_of(lot.as_str()).first())
                    .and_then(|p| p.treatments.iter().find(|rule| rule.step == *step))
                    .map(|rule| rule.places.clone())
                    .unwrap_or_default();
                let here = done_at.is_empty() || done_at.contains(&spot.place);
                self.must("G3a", here, || format!("{step} of {lot} is not done there"));
                self.base(lot.as_str(), now, &ClockFrom::StepStart(step.clone()));
                self.hand(lot.as_str(), &by, at, true);
            }
            H::WorkPaused {
                thing: Thing::Lot(lot),
                step,
                ..
            } => {
                if let Some(work) = self.work.get_mut(lot.as_str())
                    && work.step == step.as_str()
                    && work.pauses.iter().all(|(_, to)| *to != OPEN)
                {
                    work.pauses.push((at.max(work.from), OPEN));
                }
            }
            H::WorkResumed {
                thing: Thing::Lot(lot),
                step,
            } => {
                if let Some(work) = self.work.get_mut(lot.as_str())
                    && work.step == step.as_str()
                {
                    for (from, to) in &mut work.pauses {
                        if *to == OPEN {
                            *to = at.max(*from);
                        }
                    }
                }
            }
            H::TreatmentEnded { lot, step, .. } => {
                self.ended(lot.as_str(), step.as_str(), at, now, record);
                self.hand(lot.as_str(), &by, at, true);
            }
            H::InspectionStarted { lot, step, spot } => {
                self.worker(event, record, now);
                let row = self.lots.entry(lot.to_string()).or_default();
                let ok = row.at == At::Here && row.spot == Some(spot_of(spot));
                self.must("G7", ok, || format!("{lot} is not there"));
                self.base(lot.as_str(), now, &ClockFrom::StepStart(step.clone()));
                self.hand(lot.as_str(), &by, at, true);
            }
            H::LotInspected { lot, step, finding } => {
                match finding {
                    Finding::Pass => {
                        self.base(lot.as_str(), now, &ClockFrom::StepEnd(step.clone()));
                        let row = self.lots.entry(lot.to_string()).or_default();
                        row.inspected.insert(step.to_string());
                    }
                    Finding::Again => {
                        let again = self
                            .protocols_of(lot.as_str())
                            .first()
                            .and_then(|protocol| {
                                let rule = protocol
                                    .inspections
                                    .iter()
                                    .find(|rule| rule.step == *step)?;
                                rule.again.clone()
                            });
                        let row = self.lots.entry(lot.to_string()).or_default();
                        match again {
                            Some(again) => {
                                for step in again {
                                    row.treated.remove(step.as_str());
                                }
                            }
                            None => row.treated.clear(),
                        }
                        row.inspected.clear();
                        row.passed.clear();
                        row.clean = false;
                        unrelease(row);
                        let before = self.protocols_of(lot.as_str()).first().is_some_and(|p| {
                            p.hold.as_ref().is_some_and(|hold| !hold.before.is_empty())
                        });
                        if !before || !self.may_wait(lot.as_str()) {
                            self.lots.entry(lot.to_string()).or_default().clock = None;
                        }
                    }
                    Finding::Fail => self.lots.entry(lot.to_string()).or_default().refused = true,
                    Finding::Destroy => {
                        self.lots.entry(lot.to_string()).or_default().condemned = true;
                    }
                }
                self.hand(lot.as_str(), &by, at, true);
            }
            H::HoldStarted { lot, until, .. } => {
                self.hold_started(lot.as_str(), at, us(*until), now);
            }
            H::HoldRestarted { lot, until, .. } => {
                let row = self.lots.entry(lot.to_string()).or_default();
                row.floor = row.floor.max(at);
                row.clock = row.clock.map(|clock| clock.max(at));
                row.until = row.until.max(us(*until));
                row.passed.clear();
                unrelease(row);
            }
            H::HoldEnded { lot, .. } => {
                let earliest = self.earliest(lot.as_str());
                let now = now.saturating_add(self.slack);
                self.must("G3b", earliest <= now, || format!("{lot} is still held"));
            }
            H::LotReleased { lot } => {
                self.may_go(lot.as_str(), now);
                let row = self.lots.get(lot.as_str()).cloned().unwrap_or_default();
                let needed = self
                    .protocols_of(lot.as_str())
                    .iter()
                    .map(|protocol| protocol.signatures)
                    .max();
                let distinct: BTreeSet<&String> = row.signers.iter().collect();
                let enough = Some(distinct.len()) >= needed.map(usize::from);
                let chief = row.signers.last().is_some_and(|signer| {
                    self.people
                        .get(signer)
                        .is_some_and(|p| p.roles.contains(&Role::ChiefOfficer))
                });
                let fallen = row
                    .signers
                    .iter()
                    .find(|signer| !self.stands(signer))
                    .cloned();
                self.must("G3e", fallen.is_none(), || {
                    format!("{lot} rests on the signature of {fallen:?}")
                });
                self.must("G1", !row.signers.is_empty(), || {
                    format!("nobody signed for {lot}")
                });
                self.must("G3e", enough && chief, || {
                    format!("{lot}: {:?}", row.signers)
                });
                self.lots.entry(lot.to_string()).or_default().released = true;
            }
            H::LotLoaded {
                lot,
                departure,
                wagon,
            } => {
                self.worker(event, record, now);
                let wagon = wagon.as_ref().map(ToString::to_string);
                self.loaded(lot.as_str(), departure.as_str(), wagon, record, now);
                self.lots.entry(lot.to_string()).or_default().since = at.min(now);
                self.hands(lot.as_str(), record, at);
            }
            H::Departed {
                departure, lots, ..
            } => {
                let row = self.departures.entry(departure.to_string()).or_default();
                let (left, aboard) = (std::mem::replace(&mut row.0, true), row.1.clone());
                self.must("G7", !left, || format!("{departure} left twice"));
                self.must("G5", aboard.len() == *lots as usize, || {
                    format!("{departure} has {} lots", aboard.len())
                });
                for lot in aboard {
                    self.may_go(&lot, now);
                    let released = self
                        .lots
                        .get(&lot)
                        .is_some_and(|row| row.released && row.at != At::Destroyed);
                    self.must("G1", released, || format!("{lot} left unreleased"));
                    self.end_visits(&lot, now);
                    self.lots.entry(lot).or_default().at = At::Departed;
                }
            }
            H::LotDestroyed { lot } | H::LotSentBack { lot } => {
                let row = self.lots.get(lot.as_str()).cloned().unwrap_or_default();
                self.must("G7", row.at == At::Here, || format!("{lot} is not here"));
                if matches!(event.happening, H::LotSentBack { .. }) {
                    self.must("G3d", row.stopped.is_empty(), || {
                        format!("{lot} is stopped")
                    });
                    self.must("G2", !row.condemned, || format!("{lot} was condemned"));
                }
                self.end_visits(lot.as_str(), now);
                self.work.remove(lot.as_str());
                let row = self.lots.entry(lot.to_string()).or_default();
                row.at = if matches!(event.happening, H::LotDestroyed { .. }) {
                    At::Destroyed
                } else {
                    At::SentBack
                };
                row.slot = false;
                self.put(lot.as_str(), None);
            }
            H::VehicleEmptied { vehicle } => {
                let row = self
                    .vehicles
                    .get(vehicle.as_str())
                    .cloned()
                    .unwrap_or_default();
                let of_convoy = self.lots_of.get(&row.convoy).into_iter().flatten();
                let aboard = of_convoy.filter_map(|lot| self.lots.get(lot)).any(|lot| {
                    lot.at == At::Papers
                        && lot.vehicle == vehicle.as_str()
                        && lot.convoy == row.convoy
                });
                self.must("G7", row.here, || format!("{vehicle} is not here"));
                self.must("G5", !aboard, || {
                    format!("{vehicle} has lots by its papers")
                });
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                row.emptied = true;
                row.emptied_at = at.min(now);
                row.washed = None;
                row.sealed = false;
            }
            H::VehicleWashed { vehicle } => {
                self.worker(event, record, now);
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                let ok = row.here && row.emptied;
                row.washed = Some(now);
                self.must("W1", ok, || format!("{vehicle} was washed full"));
            }
            H::VehicleReleased { vehicle } => {
                self.vehicle_released(vehicle.as_str(), now);
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                (row.gone, row.since) = (true, at.min(now));
            }
            H::PlaceClosed { spot, .. } => self.units.entry(spot_of(spot)).or_default().0 = true,
            H::PlaceOpened { spot } => self.units.entry(spot_of(spot)).or_default().0 = false,
            H::PlaceBroken { spot } => self.units.entry(spot_of(spot)).or_default().1 = true,
            H::PlaceRepaired { spot } => self.units.entry(spot_of(spot)).or_default().1 = false,
            H::CapacityChanged { place, slots } => {
                self.capacity.insert(place.to_string(), *slots);
            }
            H::Entry(entry) => self.entry(entry, at, now, record, event),
            _ => {}
        }
    }

    fn entry(&mut self, entry: &E, at: i64, now: i64, record: &Record, event: &Event) {
        let by = record.by.to_string();
        match entry {
            E::NameVoided { thing, .. } => self.voided(thing, &by, now),
            E::RulesProposed { rules } => {
                let change = Change::Rules(rules.clone());
                self.proposals.push((change, by, now));
            }
            E::ProtocolProposed { protocol } => {
                let change = Change::protocol(protocol);
                self.proposals.push((change, by, now));
            }
            E::RulesAdopted { rules } => {
                let less = (self.rules.as_ref()).and_then(|bound| weaker::of_rules(bound, rules));
                self.second_person(less, &Change::Rules(rules.clone()), &by, now);
                self.rules = Some(Arc::new((**rules).clone()));
            }
            E::ProtocolAdopted { protocol } => {
                let less = self.less_of(protocol, now);
                self.second_person(less, &Change::protocol(protocol), &by, now);
                self.protocols.push(Arc::new((**protocol).clone()));
                if protocol.held_too {
                    self.bind(protocol);
                }
            }
            E::PersonAppointed { person, roles } => {
                self.people.entry(person.to_string()).or_default().roles = roles.clone();
            }
            E::PersonCleared {
                person,
                until,
                agents,
            } => {
                let row = self.people.entry(person.to_string()).or_default();
                row.until = us(*until);
                row.lapsed = false;
                row.agents = agents.iter().map(ToString::to_string).collect();
            }
            E::ClearanceLapsed { person, .. } => {
                let row = self.people.entry(person.to_string()).or_default();
                row.until = row.until.min(now);
                row.lapsed = true;
            }
            E::PersonShiftStarted { person } => {
                let rest = self
                    .rules
                    .as_ref()
                    .map_or(0, |rules| secs(rules.people.rest_s));
                let row = self
                    .people
                    .get(person.as_str())
                    .cloned()
                    .unwrap_or_default();
                let slack = self.slack;
                let rested = row
                    .ended
                    .is_none_or(|ended| ended.saturating_add(rest) <= now.saturating_add(slack));
                self.must(
                    "P1",
                    rested && row.until > now.saturating_sub(slack),
                    || format!("{person} must rest"),
                );
            }
            E::PersonShiftEnded { person } => {
                self.people.entry(person.to_string()).or_default().ended = Some(now);
            }
            E::PersonPassedGate { person } => {
                self.people.entry(person.to_string()).or_default().dirty = false;
            }
            E::PersonReportedSick {
                person,
                since,
                exception,
            } => {
                let row = self.people.entry(person.to_string()).or_default();
                row.until = row.until.min(now);
                self.exceptions.insert(exception.to_string(), true);
                let since = us(*since);
                let seeds: Vec<(String, i64)> = self
                    .lots
                    .iter()
                    .filter_map(|(lot, row)| {
                        let first = row
                            .hands
                            .iter()
                            .filter(|(who, at, _)| who == person.as_str() && *at >= since)
                            .map(|(_, at, _)| *at)
                            .min()?;
                        (present(row.at) || row.released && row.at != At::Destroyed)
                            .then(|| (lot.clone(), first))
                    })
                    .collect();
                self.stopped_in(record, &seeds, exception.as_str(), "P3");
            }
            E::ManifestAnnounced {
                manifest,
                convoy,
                lines,
                ..
            } => {
                self.papers
                    .insert(manifest.to_string(), (convoy.to_string(), false, false));
                let names = self.papers_of.entry(convoy.to_string()).or_default();
                names.insert(manifest.to_string());
                self.announce(convoy.as_str(), lines);
            }
            E::ManifestAmended {
                manifest, lines, ..
            } => {
                if let Some(row) = self.papers.get_mut(manifest.as_str()) {
                    *row = (row.0.clone(), false, false);
                    let convoy = row.0.clone();
                    self.announce(&convoy, lines);
                }
            }
            E::ManifestWithheld { manifest, .. } => {
                if let Some(row) = self.papers.get_mut(manifest.as_str()) {
                    *row = (row.0.clone(), true, false);
                    let convoy = row.0.clone();
                    self.announce(&convoy, &[]);
                }
            }
            E::ManifestRefused { manifest, .. } => {
                if let Some(row) = self.papers.get_mut(manifest.as_str()) {
                    *row = (row.0.clone(), false, true);
                }
            }
            E::TrialDeclared { convoy } => {
                let late = self.arrived.contains(convoy.as_str());
                self.must("X1", !late, || format!("{convoy} has arrived"));
                self.trials.insert(convoy.to_string());
            }
            E::VehicleSealed { vehicle, .. } => {
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                let ok = row.here && row.emptied;
                row.sealed = true;
                self.must("W1", ok, || format!("{vehicle} was sealed full"));
            }
            E::LotCounted { lot, tally } => {
                let tolerance = self.rules.as_ref().map_or(0, |r| r.mass_tolerance_permille);
                let row = self.lots.entry(lot.to_string()).or_default();
                let before = row.tally.replace(*tally);
                let off = before.is_some_and(|papers| {
                    papers.pieces != tally.pieces
                        || u64::from(papers.mass_kg.abs_diff(tally.mass_kg)) * 1_000
                            > u64::from(tolerance) * u64::from(papers.mass_kg)
                });
                let told = record.events.iter().any(|event| {
                    matches!(&event.happening,
                        H::Entry(E::DiscrepancyFound { lot: of, .. }) if of == lot)
                });
                self.must("G5", off == told, || {
                    format!("{lot} differs, and told: {told}")
                });
                self.hands(lot.as_str(), record, at);
            }
            E::DiscrepancyFound { lot, exception, .. } => {
                self.exceptions.insert(exception.to_string(), true);
                self.stop(lot.as_str(), exception.as_str());
            }
            E::LossDeclared { lot, lost, .. } => {
                let warned = acknowledged(record, "loss");
                self.must("A8", warned, || format!("a loss of {lot} unseen"));
                let row = self.lots.entry(lot.to_string()).or_default();
                let tally = row.tally.unwrap_or_default();
                let enough = lost.pieces <= tally.pieces && lost.mass_kg <= tally.mass_kg;
                if row.tally.is_some() {
                    row.tally = Some(Tally {
                        pieces: tally.pieces.saturating_sub(lost.pieces),
                        mass_kg: tally.mass_kg.saturating_sub(lost.mass_kg),
                    });
                }
                self.must("G5", enough, || {
                    format!("more of {lot} lost than there was")
                });
            }
            E::LotSplit { lot, parts } => self.split(lot.as_str(), parts, now),
            E::TreatmentDosed {
                lot,
                step,
                agent,
                dose_mg_m3,
                ..
            } => {
                if let Some(work) = self.work.get_mut(lot.as_str())
                    && (work.agent.as_deref() != Some(agent.as_str()) || at < work.dosed)
                {
                    work.dose = *dose_mg_m3;
                }
                self.dosed(
                    (lot.as_str(), step.as_str(), agent.as_str()),
                    record,
                    at,
                    now,
                );
                self.hand(lot.as_str(), &by, at, true);
            }
            E::TreatmentRead { lot, reading, .. } => {
                if let Some(work) = self.work.get_mut(lot.as_str()) {
                    let line = reading.line.as_ref().map(ToString::to_string);
                    let (at, c) = (us(reading.at), reading.concentration_mg_m3);
                    let read = (line, at, c, reading.temperature_mc);
                    let clash = work
                        .readings
                        .iter()
                        .any(|other| other.0 == read.0 && other.1 == read.1 && *other != read);
                    work.readings.push(read);
                    self.must("G3a", !clash, || format!("{lot} was read twice at {at}"));
                }
                self.hand(lot.as_str(), &by, at, true);
            }
            E::TreatmentJudged {
                lot, step, valid, ..
            } if *valid => {
                self.base(lot.as_str(), now, &ClockFrom::StepEnd(step.clone()));
                let row = self.lots.entry(lot.to_string()).or_default();
                row.treated.insert(step.to_string());
            }
            E::TreatmentVoided { lot, .. } => {
                let arrival = self.protocols_of(lot.as_str()).first().is_some_and(|p| {
                    p.hold
                        .as_ref()
                        .is_some_and(|h| h.clock == ClockFrom::Arrival)
                });
                let row = self.lots.entry(lot.to_string()).or_default();
                row.treated.clear();
                row.inspected.clear();
                row.passed.clear();
                row.clock = None;
                if !arrival {
                    row.base = None;
                }
                row.floor = row.floor.max(now);
                row.clean = false;
                unrelease(row);
            }
            E::SampleTaken { lot, sample, test } => {
                self.worker(event, record, now);
                let fresh = self
                    .samples
                    .insert(
                        sample.to_string(),
                        (lot.to_string(), test.to_string(), at, false),
                    )
                    .is_none();
                self.must("K1", fresh, || format!("{sample} was taken twice"));
                let counts = self.sample_counts(lot.as_str(), test.as_str(), at);
                let warned = acknowledged(record, "early_sample");
                self.must("A8", counts || warned, || format!("{sample} is too early"));
                self.hand(lot.as_str(), &by, at, true);
            }
            E::ResultEntered {
                sample,
                outcome,
                exception,
            } => self.result(sample.as_str(), *outcome, exception.as_str(), record, at),
            E::ContactSeen { lots, .. } => {
                let keys: Vec<(String, i64)> = lots
                    .iter()
                    .map(|lot| (lot.to_string(), self.dirt(lot.as_str())))
                    .collect();
                for (lot, own) in &keys {
                    if keys.iter().any(|(_, other)| other > own) {
                        self.restarted_in(record, lot, "C1");
                    }
                }
                self.seen += 1;
                let surface = format!("seen {}", self.seen);
                for lot in lots {
                    self.visits.push(Visit {
                        lot: lot.to_string(),
                        surface: surface.clone(),
                        from: at.min(now),
                        to: now,
                        record: self.seq,
                    });
                }
            }
            E::ContaminationFound {
                on,
                since,
                exception,
                ..
            } => self.contaminated(on, us(*since).min(now), exception.as_str(), record),
            E::ExceptionOpened {
                exception, lots, ..
            } => {
                self.exceptions.insert(exception.to_string(), true);
                for lot in lots {
                    self.stop(lot.as_str(), exception.as_str());
                }
            }
            E::ExceptionClosed { exception, .. } => {
                let open = self.exceptions.insert(exception.to_string(), false);
                self.must("K1", open == Some(true), || {
                    format!("{exception} was not open")
                });
                for row in self.lots.values_mut() {
                    row.stopped.remove(exception.as_str());
                }
            }
            E::LotFrozen {
                lot,
                exception,
                link,
            } => {
                if let Some(link) = link {
                    self.linked(lot.as_str(), link);
                }
                self.stop(lot.as_str(), exception.as_str());
            }
            E::LotRecalled { lot, link, .. } => {
                if let Some(link) = link {
                    self.linked(lot.as_str(), link);
                }
                unrelease(self.lots.entry(lot.to_string()).or_default());
            }
            E::Signed {
                lot,
                signer,
                pin,
                also,
                ..
            } => {
                let named: Vec<_> = also.iter().chain(pin).cloned().collect();
                let bound: Vec<_> =
                    (self.protocols_of(lot.as_str()).iter().map(|p| p.pin())).collect();
                self.must("A6", named == bound, || {
                    format!("{signer} signed for {named:?} of {bound:?}")
                });
                self.must("G3e", signer.as_str() == by, || {
                    format!("{by} signed as {signer}")
                });
                self.may_go(lot.as_str(), now);
                self.cleared(signer.as_str(), now);
                let row = self.lots.get(lot.as_str()).cloned().unwrap_or_default();
                let again = row.signers.iter().any(|who| who == signer.as_str());
                self.must("G3e", !again, || format!("{signer} signed {lot} twice"));
                let own = row
                    .hands
                    .iter()
                    .any(|(who, _, judged)| *judged && who == signer.as_str());
                self.must("G3f", !own, || format!("{signer} judged {lot}"));
                let row = self.lots.entry(lot.to_string()).or_default();
                row.signers.push(signer.to_string());
            }
            E::SignatureWithdrawn {
                lot,
                signer,
                because,
            } => {
                // One's own, or one that counts no more and is taken back for the next who signs.
                let stands = self.stands(signer.as_str());
                let row = self.lots.entry(lot.to_string()).or_default();
                let own = signer.as_str() == by || !stands;
                let ok = row.at == At::Here && !row.released && own;
                let signed = row.signers.iter().any(|who| who == signer.as_str());
                row.signers.retain(|who| who != signer.as_str());
                self.must("G3e", ok && signed && !because.trim().is_empty(), || {
                    format!("{by} took back what {signer} signed for {lot}")
                });
            }
            E::CreditAsked { lot, from, witness } => {
                self.must("A10", witness.as_str() != by, || {
                    format!("{by} saw it alone")
                });
                self.cleared(witness.as_str(), now);
                let asked = (us(*from), witness.to_string());
                self.credits.insert(lot.to_string(), asked);
            }
            E::CreditWitnessed { lot, from } => {
                let asked = self.credits.get(lot.as_str());
                let right = asked.is_some_and(|(since, who)| *since == us(*from) && *who == by);
                self.must("A10", right, || format!("{by} was not asked about {lot}"));
                self.cleared(&by, now);
            }
            E::ClockCredited { lot, from, witness } => {
                let said = record.events.iter().any(|event| {
                    matches!(&event.happening,
                        H::Entry(E::CreditWitnessed { lot: of, .. }) if of == lot)
                });
                self.must("A10", said && witness.as_str() == by, || {
                    format!("{witness} has not said what they saw of {lot}")
                });
                self.credits.remove(lot.as_str());
                let from = us(*from);
                let row = self.lots.entry(lot.to_string()).or_default();
                let least = row.treated_at.max(row.floor).max(row.entered);
                let clock = row.clock.unwrap_or(i64::MIN);
                row.until = row.until.saturating_sub(clock.saturating_sub(from));
                row.clock = Some(from);
                self.must("G4", least <= from && from <= clock, || {
                    format!("{lot} was credited too much")
                });
            }
            E::Worked { thing, people } => {
                let judged = record.events.iter().any(|event| {
                    matches!(
                        event.happening,
                        H::TreatmentStarted { .. }
                            | H::TreatmentEnded { .. }
                            | H::InspectionStarted { .. }
                            | H::LotInspected { .. }
                            | H::Entry(
                                E::TreatmentDosed { .. }
                                    | E::TreatmentRead { .. }
                                    | E::SampleTaken { .. }
                            )
                    )
                });
                if let Thing::Lot(lot) = thing {
                    for person in people {
                        self.hand(lot.as_str(), person.as_str(), at, judged);
                    }
                }
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

    fn unloaded(
        &mut self,
        (lot, vehicle, goods, to): (&str, &str, &str, &(String, u32)),
        at: i64,
        now: i64,
        record: &Record,
    ) {
        let carrier = self.vehicles.get(vehicle).cloned().unwrap_or_default();
        let there = carrier.here && carrier.spot.as_ref() == Some(to);
        self.must("G7", there, || format!("{vehicle} is not there"));
        self.not_turned_away(vehicle);
        let known = self.lots.get(lot).cloned();
        let ok = known
            .as_ref()
            .is_none_or(|row| row.at == At::Papers && row.vehicle == vehicle);
        self.must("G7", ok, || format!("{lot} is known from elsewhere"));
        let same = known.as_ref().is_none_or(|row| row.goods == goods);
        self.must("G5", same, || format!("{lot} is not {goods} by its papers"));
        let mut row = known.unwrap_or_default();
        let protocol = self.protocol_for(goods, &carrier.source, now);
        let from_arrival = protocol.is_some_and(|p| {
            self.protocols[p]
                .hold
                .as_ref()
                .is_some_and(|hold| hold.clock == ClockFrom::Arrival)
        });
        row.at = At::Here;
        row.goods = goods.into();
        row.vehicle = vehicle.into();
        row.convoy = carrier.convoy.clone();
        row.protocols = protocol.into_iter().collect();
        row.entered = carrier.arrived;
        (row.came, row.since) = (at.min(now), at.min(now));
        row.base = from_arrival.then_some(carrier.arrived);
        row.floor = i64::MIN;
        row.until = i64::MIN;
        row.treated_at = i64::MIN;
        row.trial = self.trials.contains(&carrier.convoy);
        row.slot = false;
        self.lots.insert(lot.into(), row);
        self.put(lot, Some(to.clone()));
        self.vehicles.entry(vehicle.into()).or_default().opened = true;
        self.company_checks(lot, to, record);
        self.visits.push(Visit {
            lot: lot.into(),
            surface: format!("vehicle {vehicle} {}", carrier.convoy),
            from: carrier.came,
            to: now.max(carrier.came),
            record: self.seq,
        });
        self.stay(lot, to, at, now);
        self.hands(lot, record, at);
    }

    fn stored(
        &mut self,
        lot: &str,
        to: &(String, u32),
        sent: bool,
        at: i64,
        now: i64,
        record: &Record,
    ) {
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        self.must("G7", present(row.at), || format!("{lot} is not here"));
        let busy = self.work.contains_key(lot);
        self.must("G7", !busy, || format!("{lot} is under treatment"));
        let expected = row.at == At::Sent && row.spot.as_ref() == Some(to);
        let there = row.spot.as_ref() == Some(to) && row.slot && !expected;
        self.must("G7", !there, || format!("{lot} is there"));
        self.way(row.spot.as_ref(), to);
        if sent {
            self.must("G3d", row.stopped.is_empty(), || {
                format!("{lot} is stopped")
            });
        }
        let side = self.place(&to.0).map(|rule| rule.side);
        let treated = self.treated(lot);
        self.must("G8", side != Some(Side::Clean) || treated, || {
            format!("{lot} crossed untreated")
        });
        if row.clean && side != Some(Side::Clean) {
            // The record must have voided it before; then it is no longer clean here.
            self.fail("G8", format!("{lot} went back and stayed clean"));
        }
        let voided = record.events.iter().any(
            |e| matches!(&e.happening, H::Entry(E::TreatmentVoided { lot: of, .. }) if of.as_str() == lot),
        );
        let warned = acknowledged(record, "back_to_dirty");
        self.must("A8", !voided || warned, || {
            format!("{lot} went back unseen")
        });
        if !expected {
            self.enter_checks(&Spot {
                place: lazaret_vocabulary::event::PlaceName::new(to.0.as_str()),
                unit: to.1,
            });
        }
        if row.at == At::Loaded
            && let Some((_, aboard)) = self.departures.get_mut(&row.departure)
        {
            aboard.retain(|other| other != lot);
        }
        // Who shares a clock with whom is looked at before anything changes.
        let mixing = self
            .place(&to.0)
            .is_some_and(|rule| rule.contact == Contact::Mixing);
        let mut restarts = BTreeSet::new();
        if mixing && !sent {
            let tail = self.tail(&unit_surface(to));
            let own = self.dirt(lot);
            let surface = unit_surface(to);
            let since = at.min(now).saturating_sub(tail);
            for visit in self.visits.on_since(&surface, since) {
                if visit.lot == lot {
                    continue;
                }
                let other = self.dirt(&visit.lot);
                if visit.to.saturating_add(tail) >= at.min(now) && other > own {
                    restarts.insert(lot.to_owned());
                }
                let still = self.lots.get(&visit.lot).is_some_and(|row| present(row.at));
                if visit.to >= at.min(now) && own > other && still {
                    restarts.insert(visit.lot.clone());
                }
            }
        }
        self.end_visits(lot, now);
        self.put(lot, Some(to.clone()));
        let entry = self.lots.entry(lot.into()).or_default();
        entry.since = at.min(now);
        entry.slot = true;
        entry.at = if sent { At::Sent } else { At::Here };
        if side == Some(Side::Clean) && !sent {
            entry.clean = true;
        }
        if !expected {
            self.room(to);
        }
        self.company_checks(lot, to, record);
        if sent {
            return;
        }
        let place = lazaret_vocabulary::event::PlaceName::new(to.0.as_str());
        self.base(lot, now, &ClockFrom::Stored(place));
        self.stay(lot, to, at, now);
        self.hands(lot, record, at);
        for lot in restarts {
            self.restarted_in(record, &lot, "C1");
        }
    }

    fn stay(&mut self, lot: &str, to: &(String, u32), at: i64, now: i64) {
        let traced = self
            .place(&to.0)
            .is_some_and(|rule| rule.contact != Contact::Apart);
        if traced {
            self.visits.push(Visit {
                lot: lot.into(),
                surface: unit_surface(to),
                from: at.min(now),
                to: OPEN,
                record: self.seq,
            });
        }
    }

    fn end_visits(&mut self, lot: &str, now: i64) {
        self.visits.end(lot, now);
    }

    /// Open, not broken.
    fn enter_checks(&mut self, spot: &Spot) {
        let (closed, broken) = self.units.get(&spot_of(spot)).copied().unwrap_or_default();
        self.must("S1b", !closed && !broken, || format!("{spot:?} is closed"));
        let known = self.place(spot.place.as_str()).is_some_and(|rule| {
            rule.units
                .is_none_or(|units| (1..=units).contains(&spot.unit))
        });
        self.must("K1", known, || format!("there is no {spot:?}"));
    }

    /// Counts everything again, with the newcomer in.
    fn room(&mut self, to: &(String, u32)) {
        let Some(rule) = self.place(&to.0).cloned() else {
            return;
        };
        let count = |filter: &dyn Fn(&(String, u32)) -> bool| {
            let lots = self.lots_at.iter().filter(|(spot, _)| filter(spot));
            let lots = lots.flat_map(|(_, lots)| lots);
            let vehicles = self.vehicles_at.iter().filter(|(spot, _)| filter(spot));
            lots.filter(|lot| self.lots.get(*lot).is_some_and(|row| row.slot))
                .count()
                + vehicles.map(|(_, vehicles)| vehicles.len()).sum::<usize>()
        };
        let in_place = count(&|spot| spot.0 == to.0);
        let in_unit = count(&|spot| spot == to);
        if let Some(&total) = self.capacity.get(&to.0) {
            self.must("S1", in_place <= total as usize, || {
                format!("{to:?} is over full")
            });
        } else if let Some(slots) = rule.slots {
            let ok = if rule.pooled {
                in_place as u64 <= u64::from(slots) * u64::from(rule.units.unwrap_or(1))
            } else {
                in_unit <= slots as usize
            };
            self.must("S1", ok, || format!("{to:?} is over full"));
        }
    }

    fn way(&mut self, from: Option<&(String, u32)>, to: &(String, u32)) {
        let Some(rule) = from.and_then(|from| self.place(&from.0)).cloned() else {
            return;
        };
        let ok = rule.leads_to.is_empty()
            || rule.place.as_str() == to.0
            || rule.leads_to.iter().any(|place| place.as_str() == to.0);
        self.must("G7", ok, || {
            format!("no way from {} to {}", rule.place, to.0)
        });
    }

    fn company_checks(&mut self, lot: &str, to: &(String, u32), record: &Record) {
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        let beside = |(place, unit): &(String, u32)| *place == to.0 && unit.abs_diff(to.1) == 1;
        let near: Vec<String> = (self.lots_at.iter())
            .filter(|(spot, _)| beside(spot))
            .flat_map(|(_, lots)| lots)
            .filter(|name| {
                let other = self.lots.get(*name);
                other.is_some_and(|other| dangers::asked(&row.hazards, &other.hazards) >= 3)
            })
            .cloned()
            .collect();
        self.must("S2", near.is_empty(), || {
            format!("{lot} is beside {near:?}")
        });
        let rules = self.rules.clone();
        let apart = |a: &str, b: &str| {
            rules.iter().flat_map(|rules| &rules.goods).any(|rule| {
                rule.goods.as_str() == a && rule.apart_from.iter().any(|g| g.as_str() == b)
            })
        };
        let told = acknowledged(record, "near");
        let (mut bad, mut mixed) = (Vec::new(), Vec::new());
        for name in self.lots_at.get(to).into_iter().flatten() {
            let Some(other) = self.lots.get(name).filter(|_| name != lot) else {
                continue;
            };
            let asked = dangers::asked(&row.hazards, &other.hazards);
            let apart = row.goods != other.goods
                && (apart(&row.goods, &other.goods) || apart(&other.goods, &row.goods))
                || row.goods == other.goods && apart(&row.goods, &row.goods);
            if apart || asked >= 2 || asked == 1 && !told {
                bad.push(name.clone());
            }
            if row.trial != other.trial {
                mixed.push(name.clone());
            }
        }
        self.must("S2", bad.is_empty(), || format!("{lot} is with {bad:?}"));
        self.must("X1", mixed.is_empty(), || {
            format!("{lot} is with {mixed:?}")
        });
    }

    fn ended(&mut self, lot: &str, step: &str, at: i64, now: i64, record: &Record) {
        let Some(work) = self.work.remove(lot) else {
            return self.fail("G3a", format!("{lot} was not under treatment"));
        };
        self.must("G3a", work.step == step && at >= work.from, || {
            format!("{lot} was under {}", work.step)
        });
        let row = self.lots.entry(lot.into()).or_default();
        row.treated_at = at;
        let rule = self
            .protocols_of(lot)
            .first()
            .and_then(|p| p.treatments.iter().find(|rule| rule.step.as_str() == step))
            .cloned();
        let judged = record
            .events
            .iter()
            .find_map(|event| match &event.happening {
                H::Entry(E::TreatmentJudged {
                    lot: of,
                    valid,
                    pin,
                    ..
                }) if of.as_str() == lot => Some((*valid, pin.clone())),
                _ => None,
            });
        match (rule, judged) {
            (Some(rule), Some((valid, pin))) => {
                let right = sound(&rule, &work, at);
                self.must("G3a", valid == right, || {
                    format!("{lot} was judged {valid}: {work:?} to {at}")
                });
                let own = self.protocols_of(lot).first().map(|p| p.pin());
                self.must("A6", own == Some(pin), || {
                    format!("{lot} was judged by another")
                });
            }
            (Some(_), None) => self.fail("G3a", format!("{lot} was not judged")),
            (None, _) => {
                let step = lazaret_vocabulary::event::StepName::new(step);
                self.base(lot, now, &ClockFrom::StepEnd(step));
            }
        }
    }

    fn dosed(
        &mut self,
        (lot, step, agent): (&str, &str, &str),
        record: &Record,
        at: i64,
        now: i64,
    ) {
        let rule = self
            .protocols_of(lot)
            .first()
            .and_then(|p| p.treatments.iter().find(|rule| rule.step.as_str() == step))
            .cloned();
        let named = rule.is_none_or(|rule| {
            rule.agents.is_empty() || rule.agents.iter().any(|a| a.agent.as_str() == agent)
        });
        self.must("S3", named, || format!("{agent} is not for {lot}"));
        let goods = self
            .lots
            .get(lot)
            .map(|row| row.goods.clone())
            .unwrap_or_default();
        let spoils = self.rules.iter().flat_map(|r| &r.goods).any(|rule| {
            rule.goods.as_str() == goods && rule.spoiled_by.iter().any(|a| a.as_str() == agent)
        });
        self.must("S3", !spoils, || format!("{agent} spoils {lot}"));
        for person in crew_of(record) {
            self.cleared(&person, now);
            let trained = self
                .people
                .get(&person)
                .is_some_and(|p| p.agents.iter().any(|a| a == agent));
            self.must("P1", trained, || {
                format!("{person} is not trained for {agent}")
            });
        }
        if let Some(work) = self.work.get_mut(lot) {
            let same = work.agent.as_deref() == Some(agent);
            let since = if same { work.dosed.min(at) } else { at };
            work.dosed = since.max(work.from);
            work.agent = Some(agent.into());
        }
    }

    fn hold_started(&mut self, lot: &str, at: i64, until: i64, now: i64) {
        let treated = self.may_wait(lot);
        let hold = self.hold_us(lot);
        let protocol = self.protocols_of(lot).first().cloned();
        let row = self.lots.entry(lot.into()).or_default();
        if row.clock.is_some() {
            row.until = row.until.max(until);
            return;
        }
        // The clock starts at the earliest from what it counts from, the last contact, and, unless the protocol counts
        // from something before the treatment, the record at which the last condition came true.
        let before = protocol
            .and_then(|p| p.hold.clone())
            .is_some_and(|hold| matches!(hold.clock, ClockFrom::Arrival | ClockFrom::StepStart(_)));
        let least = if before {
            row.base.unwrap_or(now).max(row.floor)
        } else {
            now.max(row.floor)
        };
        row.clock = Some(at.max(row.floor));
        row.until = row.until.max(until);
        self.must("G4", at >= least.min(now), || {
            format!("{lot} started at {at}, not {least}")
        });
        self.must("G4", until >= at.saturating_add(hold), || {
            format!("{lot} is held too short")
        });
        self.must("G3a", treated, || format!("{lot} is held untreated"));
    }

    fn loaded(
        &mut self,
        lot: &str,
        departure: &str,
        wagon: Option<String>,
        record: &Record,
        now: i64,
    ) {
        self.may_go(lot, now);
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        self.must("G7", row.at == At::Here, || format!("{lot} is not here"));
        self.must("G1", row.released, || format!("{lot} is not released"));
        let (left, aboard) = self.departures.get(departure).cloned().unwrap_or_default();
        self.must("G7", !left, || format!("{departure} has left"));
        for other in aboard {
            let theirs = self.lots.get(&other).cloned().unwrap_or_default();
            self.must("X1", theirs.trial == row.trial, || {
                format!("{lot} goes with {other}")
            });
            let asked = dangers::asked(&row.hazards, &theirs.hazards);
            let told = acknowledged(record, "near");
            let well = match (&wagon, &theirs.wagon) {
                (Some(a), Some(b)) if a != b => asked < 3,
                (Some(_), Some(_)) => asked == 0 || asked < 2 && told,
                _ => asked == 0 || asked < 3 && told,
            };
            self.must("S2", well, || format!("{lot} leaves with {other}"));
        }
        self.end_visits(lot, now);
        let entry = self.departures.entry(departure.into()).or_default();
        entry.1.push(lot.into());
        let row = self.lots.entry(lot.into()).or_default();
        row.at = At::Loaded;
        row.departure = departure.into();
        row.wagon = wagon;
        row.slot = false;
        self.put(lot, None);
    }

    /// Everything that must hold of a lot that somebody signs for, loads or sends off.
    fn may_go(&mut self, lot: &str, now: i64) {
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        self.must("G3d", row.stopped.is_empty(), || {
            format!("{lot} is stopped")
        });
        self.must("G2", !row.refused && !row.condemned, || {
            format!("{lot} was refused")
        });
        let treated = self.treated(lot);
        self.must("G3a", treated, || format!("{lot} is not treated"));
        let tested = self
            .protocols_of(lot)
            .iter()
            .enumerate()
            .all(|(nth, protocol)| {
                protocol
                    .tests
                    .iter()
                    .all(|rule| row.passed.contains(rule.test.as_str()))
                    && (nth > 0
                        || protocol
                            .inspections
                            .iter()
                            .all(|rule| row.inspected.contains(rule.step.as_str())))
            });
        self.must("G3c", tested, || format!("{lot} is not tested"));
        let out: Vec<String> = (self.samples.iter())
            .filter(|(_, (of, _, _, settled))| !settled && self.whole(of).iter().any(|w| w == lot))
            .map(|(sample, _)| sample.clone())
            .collect();
        self.must("G3c", out.is_empty() && row.doubtful.is_empty(), || {
            format!(
                "{lot} goes while {out:?} are out and {:?} told nothing",
                row.doubtful
            )
        });
        let earliest = self.earliest(lot);
        let now = now.saturating_add(self.slack);
        self.must("G3b", earliest <= now, || {
            format!("{lot} is held until {earliest}, and it is {now}")
        });
    }

    fn treated(&self, lot: &str) -> bool {
        let protocols = self.protocols_of(lot);
        let Some(protocol) = protocols.first() else {
            return false;
        };
        let row = &self.lots[lot];
        protocol
            .treatments
            .iter()
            .all(|rule| row.treated.contains(rule.step.as_str()))
    }

    /// Whether the treatments are done that come before its wait.
    fn may_wait(&self, lot: &str) -> bool {
        let protocols = self.protocols_of(lot);
        let (Some(protocol), Some(row)) = (protocols.first(), self.lots.get(lot)) else {
            return false;
        };
        let after: Vec<&str> = match &protocol.hold {
            Some(hold) => hold
                .before
                .iter()
                .map(lazaret_vocabulary::event::StepName::as_str)
                .collect(),
            None => Vec::new(),
        };
        let mut due = protocol.treatments.iter().map(|rule| rule.step.as_str());
        due.all(|step| row.treated.contains(step) || after.contains(&step))
    }

    fn hold_us(&self, lot: &str) -> i64 {
        self.protocols_of(lot)
            .iter()
            .filter_map(|protocol| protocol.hold.as_ref())
            .map(|hold| secs(hold.hold_s))
            .max()
            .unwrap_or(0)
    }

    fn earliest(&self, lot: &str) -> i64 {
        let Some(row) = self.lots.get(lot) else {
            return OPEN;
        };
        let waits = self.protocols_of(lot).iter().any(|p| p.hold.is_some());
        match row.clock {
            Some(clock) => row.until.max(clock.saturating_add(self.hold_us(lot))),
            None if waits => OPEN,
            None => row.until.max(row.entered),
        }
    }

    fn protocols_of(&self, lot: &str) -> Vec<Arc<Protocol>> {
        let Some(row) = self.lots.get(lot) else {
            return Vec::new();
        };
        row.protocols
            .iter()
            .map(|&p| Arc::clone(&self.protocols[p]))
            .collect()
    }

    fn speaks(protocol: &Protocol, goods: &str, source: &str) -> Option<u8> {
        let class = protocol.goods.iter().any(|g| g.as_str() == goods);
        let origin = protocol.sources.iter().any(|s| s.as_str() == source);
        if !(class || protocol.goods.is_empty()) || !(origin || protocol.sources.is_empty()) {
            return None;
        }
        Some(u8::from(class) * 2 + u8::from(origin))
    }

    fn protocol_for(&self, goods: &str, source: &str, now: i64) -> Option<usize> {
        let mut best: Option<(u8, i64, usize)> = None;
        for (number, protocol) in self.protocols.iter().enumerate() {
            let from = us(protocol.from);
            if from > now {
                continue;
            }
            if let Some(rank) = Oracle::speaks(protocol, goods, source) {
                best = best.max(Some((rank, from, number)));
            }
        }
        best.map(|(.., number)| number)
    }

    /// What a protocol asks less of than the one that it comes before, for goods that the rules know.
    fn less_of(&self, protocol: &Protocol, now: i64) -> Option<String> {
        let rules = self.rules.as_ref()?;
        let from = us(protocol.from).max(now);
        let pairs = (rules.goods.iter()).flat_map(|goods| {
            (rules.vehicles.iter())
                .map(move |source| (goods.goods.as_str(), source.source.as_str()))
        });
        pairs
            .filter_map(|(goods, source)| {
                let rank = Oracle::speaks(protocol, goods, source)?;
                let bound = &self.protocols[self.protocol_for(goods, source, from)?];
                let other = Oracle::speaks(bound, goods, source)?;
                (other <= rank).then(|| weaker::of_protocol(bound, protocol))?
            })
            .next()
    }

    /// What asks for less was proposed by somebody else, and has waited. Before the first goods came nothing is freed.
    fn second_person(&mut self, less: Option<String>, change: &Change, by: &str, now: i64) {
        let Some(less) = less.filter(|_| !self.arrived.is_empty()) else {
            return;
        };
        let waits = (self.rules.as_ref()).and_then(|rules| rules.weaker_after_s);
        let waits = secs(waits.unwrap_or(86_400));
        let proposed = (self.proposals.iter()).any(|(other, who, at)| {
            other == change && who != by && at.saturating_add(waits) <= now
        });
        self.must("R1", proposed, || {
            format!("it asks for less ({less}), and nobody else proposed it in time")
        });
    }

    /// A name that two people void was never here.
    fn voided(&mut self, thing: &Thing, by: &str, now: i64) {
        let key = format!("{thing:?}");
        match self.voiding.get(&key) {
            Some(first) if first != by => self.voiding.remove(&key),
            _ => {
                self.voiding.insert(key, by.to_owned());
                return;
            }
        };
        match thing {
            Thing::Lot(lot) => {
                self.end_visits(lot.as_str(), now);
                self.work.remove(lot.as_str());
                self.put(lot.as_str(), None);
                let row = self.lots.entry(lot.to_string()).or_default();
                (row.at, row.slot) = (At::Off, false);
            }
            Thing::Vehicle(vehicle) => {
                self.park(vehicle.as_str(), None);
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                row.here = false;
            }
            Thing::Convoy(_) => {}
        }
    }

    fn bind(&mut self, protocol: &Protocol) {
        let number = self.protocols.len() - 1;
        let names: Vec<String> = self.lots.keys().cloned().collect();
        for lot in names {
            let row = self.lots[&lot].clone();
            if !present(row.at) {
                continue;
            }
            let source = self.vehicles.get(&row.vehicle).map(|v| v.source.clone());
            let source = source.unwrap_or_default();
            let Some(rank) = Oracle::speaks(protocol, &row.goods, &source) else {
                continue;
            };
            let own = self
                .protocols_of(&lot)
                .first()
                .and_then(|own| Oracle::speaks(own, &row.goods, &source));
            if own.is_some_and(|own| own > rank) {
                continue;
            }
            let waited = self
                .protocols_of(&lot)
                .first()
                .is_some_and(|own| own.hold.is_some());
            let row = self.lots.entry(lot).or_default();
            row.protocols.push(number);
            if protocol.hold.is_some() && !waited {
                row.clock = row.clock.or(Some(row.entered.max(row.floor)));
            }
            unrelease(row);
        }
    }

    fn base(&mut self, lot: &str, now: i64, from: &ClockFrom) {
        let counts = self
            .protocols_of(lot)
            .first()
            .and_then(|p| p.hold.clone())
            .is_some_and(|hold| hold.clock == *from);
        let row = self.lots.entry(lot.into()).or_default();
        if counts && row.clock.is_none() {
            row.base = Some(now);
        }
    }

    fn announce(&mut self, convoy: &str, lines: &[lazaret_vocabulary::event::entry::ManifestLine]) {
        for lot in self.lots_of.get(convoy).into_iter().flatten() {
            if let Some(row) = self.lots.get_mut(lot)
                && row.at == At::Papers
                && row.convoy == convoy
            {
                row.at = At::Off;
            }
        }
        for line in lines {
            for hazard in &line.hazards {
                self.must("S2", dangers::known(hazard.as_str()), || {
                    format!("{hazard} of {} is not a class of dangerous goods", line.lot)
                });
            }
            let names = self.lots_of.entry(convoy.to_owned()).or_default();
            names.insert(line.lot.to_string());
            let row = self.lots.entry(line.lot.to_string()).or_default();
            if present(row.at) {
                // What is here gets no less dangerous by new papers.
                row.hazards
                    .extend(line.hazards.iter().map(ToString::to_string));
            }
            let fresh = row.vehicle.is_empty();
            if fresh || row.at == At::Off {
                *row = Lot {
                    at: At::Papers,
                    goods: line.goods.to_string(),
                    vehicle: line.vehicle.to_string(),
                    convoy: convoy.into(),
                    tally: Some(line.tally),
                    hazards: line.hazards.iter().map(ToString::to_string).collect(),
                    ..Lot::default()
                };
            }
        }
    }

    /// The papers of a convoy: its name, whether they were withheld, whether refused.
    fn papers_for(&self, convoy: &str) -> impl Iterator<Item = &(String, bool, bool)> {
        let names = self.papers_of.get(convoy).into_iter().flatten();
        names.filter_map(|name| self.papers.get(name))
    }

    /// Puts a lot there, or nowhere.
    fn put(&mut self, lot: &str, to: Option<(String, u32)>) {
        let row = self.lots.entry(lot.into()).or_default();
        if let Some(from) = row.spot.take()
            && let Some(there) = self.lots_at.get_mut(&from)
        {
            there.remove(lot);
        }
        if let Some(to) = &to {
            let there = self.lots_at.entry(to.clone()).or_default();
            there.insert(lot.into());
        }
        row.spot = to;
    }

    /// Puts a vehicle there, or nowhere.
    fn park(&mut self, vehicle: &str, to: Option<(String, u32)>) {
        let row = self.vehicles.entry(vehicle.into()).or_default();
        if let Some(from) = row.spot.take()
            && let Some(there) = self.vehicles_at.get_mut(&from)
        {
            there.remove(vehicle);
        }
        if let Some(to) = &to {
            let there = self.vehicles_at.entry(to.clone()).or_default();
            there.insert(vehicle.into());
        }
        row.spot = to;
    }

    fn not_turned_away(&mut self, vehicle: &str) {
        let refused = self.turned_away(vehicle);
        self.must("G2", !refused, || {
            format!("the papers of {vehicle} were refused")
        });
    }

    fn turned_away(&self, vehicle: &str) -> bool {
        self.vehicles
            .get(vehicle)
            .is_some_and(|row| self.papers_for(&row.convoy).any(|(_, _, refused)| *refused))
    }

    fn vehicle_released(&mut self, vehicle: &str, now: i64) {
        let row = self.vehicles.get(vehicle).cloned().unwrap_or_default();
        self.must("G7", row.here, || format!("{vehicle} is not here"));
        let turned = !row.opened && self.turned_away(vehicle);
        let rule = self
            .rules
            .iter()
            .flat_map(|r| &r.vehicles)
            .find(|rule| rule.source.as_str() == row.source)
            .cloned();
        let ok = turned
            || row.emptied
                && rule.is_none_or(|rule| {
                    (!rule.wash || row.washed.is_some())
                        && row
                            .washed
                            .is_none_or(|washed| washed.saturating_add(secs(rule.dwell_s)) <= now)
                        && (!rule.seal || row.sealed)
                });
        self.must("W1", ok, || format!("{vehicle} went home too early"));
        let row = self.vehicles.entry(vehicle.into()).or_default();
        row.here = false;
        self.park(vehicle, None);
    }

    /// Whether a signature of theirs still counts.
    fn stands(&self, person: &str) -> bool {
        self.people.get(person).is_some_and(|row| {
            let officer = row
                .roles
                .iter()
                .any(|role| matches!(role, Role::QuarantineOfficer | Role::ChiefOfficer));
            officer && !row.lapsed
        })
    }

    fn cleared(&mut self, person: &str, now: i64) {
        let row = self.people.get(person).cloned().unwrap_or_default();
        let now = now.saturating_sub(self.slack);
        self.must("P1", row.until > now, || format!("{person} is not cleared"));
    }

    /// Who begins work must be cleared and on the right side of the wall.
    fn worker(&mut self, event: &Event, record: &Record, now: i64) {
        let (spot, lot) = match &event.happening {
            H::LotStored { spot, .. } => (Some(spot_of(spot)), None),
            H::TreatmentStarted { lot, .. }
            | H::InspectionStarted { lot, .. }
            | H::LotLoaded { lot, .. }
            | H::Entry(E::SampleTaken { lot, .. }) => {
                let spot = self.lots.get(lot.as_str()).and_then(|row| row.spot.clone());
                (spot, Some(lot))
            }
            H::UnloadingStarted { vehicle, .. } | H::VehicleWashed { vehicle } => {
                let row = self.vehicles.get(vehicle.as_str());
                (row.and_then(|row| row.spot.clone()), None)
            }
            _ => (None, None),
        };
        let side = spot
            .as_ref()
            .and_then(|spot| self.place(&spot.0))
            .map(|rule| rule.side);
        let gate = self.rules.as_ref().is_some_and(|rules| rules.people.gate);
        for person in crew_of(record) {
            self.cleared(&person, now);
            let dirty = self.people.get(&person).is_some_and(|p| p.dirty);
            self.must("P2", !(gate && side == Some(Side::Clean) && dirty), || {
                format!("{person} came from the dirty side")
            });
            // Loading takes a lot out of its place: nobody is then on either side.
            let loads = matches!(event.happening, H::LotLoaded { .. });
            if !loads && side.is_some_and(|side| side != Side::Clean) {
                self.people.entry(person).or_default().dirty = true;
            }
        }
        let _ = lot;
    }

    fn hand(&mut self, lot: &str, person: &str, at: i64, judged: bool) {
        let at = at.min(self.last);
        let row = self.lots.entry(lot.into()).or_default();
        row.hands.push((person.into(), at, judged));
    }

    /// Whoever says it did it, unless it is said who did.
    fn hands(&mut self, lot: &str, record: &Record, at: i64) {
        for person in crew_of(record) {
            self.hand(lot, &person, at, false);
        }
    }

    fn stop(&mut self, lot: &str, exception: &str) {
        let row = self.lots.entry(lot.into()).or_default();
        row.stopped.insert(exception.into());
        unrelease(row);
    }

    fn split(&mut self, lot: &str, parts: &[lazaret_vocabulary::event::entry::LotPart], now: i64) {
        let row = self.lots.get(lot).cloned().unwrap_or_default();
        self.must(
            "G7",
            row.at == At::Here && !self.work.contains_key(lot),
            || format!("{lot} cannot be split"),
        );
        let tally = row.tally.unwrap_or_default();
        let pieces: u64 = parts.iter().map(|p| u64::from(p.tally.pieces)).sum();
        let mass: u64 = parts.iter().map(|p| u64::from(p.tally.mass_kg)).sum();
        let sums = pieces == u64::from(tally.pieces) && mass == u64::from(tally.mass_kg);
        self.must("G5", sums, || format!("the parts of {lot} do not add up"));
        let stays: Vec<Visit> = self.visits.of(lot).cloned().collect();
        for part in parts {
            let fresh = !self.lots.contains_key(part.lot.as_str());
            self.must("K1", fresh, || format!("{} is not new", part.lot));
            let mut child = row.clone();
            child.tally = row.tally.map(|_| part.tally);
            child.spot = None;
            self.lots.insert(part.lot.to_string(), child);
            self.put(part.lot.as_str(), row.spot.clone());
            for stay in &stays {
                self.visits.push(Visit {
                    lot: part.lot.to_string(),
                    ..stay.clone()
                });
            }
        }
        self.end_visits(lot, now);
        let entry = self.lots.entry(lot.into()).or_default();
        entry.at = At::Split;
        entry.parts = parts.iter().map(|p| p.lot.to_string()).collect();
        entry.slot = false;
        self.put(lot, None);
        if let Some(spot) = row.spot.filter(|_| row.slot) {
            self.room(&spot);
        }
    }

    fn whole(&self, lot: &str) -> Vec<String> {
        let mut whole = vec![lot.to_owned()];
        let mut seen: BTreeSet<String> = whole.iter().cloned().collect();
        let mut next = 0;
        while let Some(row) = whole.get(next).map(|lot| self.lots.get(lot)) {
            let parts = row.map(|row| row.parts.clone()).unwrap_or_default();
            whole.extend(parts.into_iter().filter(|part| seen.insert(part.clone())));
            next += 1;
        }
        whole
    }

    fn sample_counts(&self, lot: &str, test: &str, taken: i64) -> bool {
        let Some(row) = self.lots.get(lot) else {
            return false;
        };
        let protocols = self.protocols_of(lot);
        // Every version that binds it says how late a sample must be.
        let not_before = protocols
            .iter()
            .flat_map(|p| &p.tests)
            .filter(|rule| rule.test.as_str() == test)
            .map(|rule| secs(rule.not_before_s))
            .max()
            .unwrap_or(0);
        let from = if protocols.first().is_some_and(|p| p.hold.is_some()) {
            row.clock
        } else {
            Some(row.clock.unwrap_or(row.entered).max(row.floor))
        };
        from.is_some_and(|from| taken >= from.saturating_add(not_before))
    }

    fn result(
        &mut self,
        sample: &str,
        outcome: Outcome,
        exception: &str,
        record: &Record,
        at: i64,
    ) {
        let Some((lot, test, taken, settled)) = self.samples.get(sample).cloned() else {
            return self.fail("K1", format!("there is no sample {sample}"));
        };
        self.must("K1", !settled || outcome == Outcome::Positive, || {
            format!("{sample} is settled")
        });
        if let Some(row) = self.samples.get_mut(sample) {
            row.3 = true;
        }
        self.hand(&lot, record.by.as_str(), at, true);
        match outcome {
            Outcome::Negative => {
                for lot in self.whole(&lot) {
                    if self.sample_counts(&lot, &test, taken) {
                        let row = self.lots.entry(lot).or_default();
                        row.passed.insert(test.clone());
                        if taken >= row.doubtful_since {
                            row.doubtful.remove(&test);
                        }
                    }
                }
            }
            Outcome::Positive => {
                self.exceptions.insert(exception.into(), true);
                let seeds = self.since_entry(&lot);
                self.stopped_in(record, &seeds, exception, "G9");
            }
            Outcome::Inconclusive => {
                for lot in self.whole(&lot) {
                    let row = self.lots.entry(lot).or_default();
                    row.doubtful.insert(test.clone());
                    row.doubtful_since = row.doubtful_since.max(taken);
                }
            }
        }
    }

    fn since_entry(&self, lot: &str) -> Vec<(String, i64)> {
        self.whole(lot)
            .into_iter()
            .map(|lot| {
                let first = self.visits.of(&lot).map(|visit| visit.from).min();
                let entered = self.lots.get(&lot).map_or(0, |row| row.entered);
                (lot, first.unwrap_or(entered))
            })
            .collect()
    }

    /// What contamination may have reached that was on a lot from its entry on, and when.
    pub(crate) fn closure(&self, lot: &str) -> BTreeMap<String, i64> {
        self.reach(&self.since_entry(lot))
    }

    fn tail(&self, surface: &str) -> i64 {
        let Some(rest) = surface.strip_prefix("unit ") else {
            return 0;
        };
        let place = rest.rsplit_once(' ').map_or(rest, |(place, _)| place);
        self.place(place).map_or(0, |rule| secs(rule.tail_s))
    }

    /// Everything that contamination may have reached from the seeds: pair by pair, until nothing changes.
    pub(crate) fn reach(&self, seeds: &[(String, i64)]) -> BTreeMap<String, i64> {
        let mut reached: BTreeMap<String, i64> = BTreeMap::new();
        for (lot, since) in seeds {
            let known = reached.entry(lot.clone()).or_insert(*since);
            *known = (*known).min(*since);
        }
        let mut next: Vec<String> = reached.keys().cloned().collect();
        while let Some(lot) = next.pop() {
            let Some(&tx) = reached.get(&lot) else {
                continue;
            };
            for x in self.visits.of(&lot).filter(|x| tx <= x.to) {
                let tail = self.tail(&x.surface);
                let soiled = tx.max(x.from);
                for y in self.visits.on_since(&x.surface, soiled) {
                    if y.lot == x.lot || y.from > x.to.saturating_add(tail) {
                        continue;
                    }
                    let at = soiled.max(y.from);
                    let known = reached.get(&y.lot).copied();
                    if known.is_none_or(|known| at < known) {
                        reached.insert(y.lot.clone(), at);
                        next.push(y.lot.clone());
                    }
                }
            }
        }
        reached
    }

    /// The record must stop exactly what was reached and is here, restart it, and call back what was released.
    fn stopped_in(
        &mut self,
        record: &Record,
        seeds: &[(String, i64)],
        exception: &str,
        rule: &'static str,
    ) {
        let reached = self.reach(seeds);
        let mut frozen = BTreeSet::new();
        let mut recalled = BTreeSet::new();
        for event in &record.events {
            match &event.happening {
                H::Entry(E::LotFrozen {
                    lot, exception: of, ..
                }) if of.as_str() == exception => {
                    frozen.insert(lot.to_string());
                }
                H::Entry(E::LotRecalled { lot, .. }) => {
                    recalled.insert(lot.to_string());
                }
                _ => {}
            }
        }
        let here: BTreeSet<String> = self.those(&reached, |row| present(row.at));
        let free: BTreeSet<String> =
            self.those(&reached, |row| row.released && row.at != At::Destroyed);
        self.must(rule, frozen == here, || {
            format!("stopped {frozen:?}, reached {here:?}")
        });
        self.must(rule, recalled == free, || {
            format!("recalled {recalled:?}, free {free:?}")
        });
        for lot in here {
            self.restarted_in(record, &lot, rule);
        }
    }

    fn those(
        &self,
        reached: &BTreeMap<String, i64>,
        is: impl Fn(&Lot) -> bool,
    ) -> BTreeSet<String> {
        reached
            .keys()
            .filter(|lot| self.lots.get(*lot).is_some_and(&is))
            .cloned()
            .collect()
    }

    /// That the record starts a clock anew, from the record on and for the whole hold.
    fn restarted_in(&mut self, record: &Record, lot: &str, rule: &'static str) {
        let hold = self.hold_us(lot);
        let now = us(record.recorded_at);
        let restarted = record.events.iter().any(|event| {
            matches!(&event.happening, H::HoldRestarted { lot: of, until, .. }
                if of.as_str() == lot && us(event.at) >= now && us(*until) >= now.saturating_add(hold))
        });
        self.must(rule, restarted, || {
            format!("{lot} goes on as if nothing had happened")
        });
    }

    fn contaminated(&mut self, on: &Soiled, since: i64, exception: &str, record: &Record) {
        self.exceptions.insert(exception.into(), true);
        let surface = match on {
            Soiled::Lot(_) => None,
            Soiled::Vehicle(vehicle) => {
                let row = self.vehicles.entry(vehicle.to_string()).or_default();
                row.washed = None;
                Some(format!("vehicle {vehicle} {}", row.convoy))
            }
            Soiled::Unit(place, unit) => Some(unit_surface(&(place.to_string(), *unit))),
        };
        let seeds: Vec<(String, i64)> = match (on, surface) {
            (Soiled::Lot(lot), _) => self
                .whole(lot.as_str())
                .into_iter()
                .map(|lot| (lot, since))
                .collect(),
            (_, Some(surface)) => self
                .visits
                .on_since(&surface, since)
                .map(|visit| (visit.lot.clone(), since.max(visit.from)))
                .collect(),
            _ => Vec::new(),
        };
        let reached = self.reach(&seeds);
        for lot in self.those(&reached, |row| present(row.at)) {
            self.restarted_in(record, &lot, "C1");
        }
        let recalled: BTreeSet<String> = record
            .events
            .iter()
            .filter_map(|event| match &event.happening {
                H::Entry(E::LotRecalled { lot, .. }) => Some(lot.to_string()),
                _ => None,
            })
            .collect();
        let free = self.those(&reached, |row| row.released && row.at != At::Destroyed);
        self.must("C1", recalled == free, || {
            format!("recalled {recalled:?}, free {free:?}")
        });
    }

    /// A link must name two stays that overlap on one surface.
    fn linked(&mut self, lot: &str, link: &lazaret_vocabulary::event::entry::Link) {
        let is = |visit: &Visit, lot: &str, record: u64| {
            let surface = match &link.surface {
                Surface::Vehicle(vehicle) => {
                    visit.surface.starts_with(&format!("vehicle {vehicle} "))
                }
                Surface::Unit(place, unit) => {
                    visit.surface == unit_surface(&(place.to_string(), *unit))
                }
                Surface::Person(person) => visit.surface == format!("person {person}"),
                Surface::Seen => visit.surface.starts_with("seen "),
            };
            surface && visit.lot == lot && visit.record == record
        };
        let found = self.visits.of(link.from.as_str()).any(|x| {
            is(x, link.from.as_str(), link.records[0])
                && self.visits.of(lot).any(|y| {
                    let tail = self.tail(&y.surface);
                    is(y, lot, link.records[1])
                        && y.from <= x.to.saturating_add(tail)
                        && x.from <= y.to.saturating_add(tail)
                })
        });
        self.must("C3", found, || format!("{lot}: {link:?}"));
    }

    /// A later clock is dirtier; no clock, or a stop, is dirtiest.
    fn dirt(&self, lot: &str) -> i64 {
        match self.lots.get(lot) {
            Some(row) if row.stopped.is_empty() => row.clock.unwrap_or(OPEN),
            _ => OPEN,
        }
    }

    /// When a lot may be released at the earliest, by what was recorded.
    pub(crate) fn earliest_of(&self, lot: &str) -> Option<i64> {
        Some(self.earliest(lot)).filter(|&at| at != OPEN)
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
