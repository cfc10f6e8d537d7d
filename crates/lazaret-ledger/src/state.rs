//! The state of a gateway as its records leave it: rows of plain numbers, joined by position.
//!
//! A lot is one row of fixed size. What has no fixed length (its records, its stays, who handled it) hangs on it as
//! lists threaded through long arrays, so that two million lots cost no two million allocations. Lists that a screen
//! shows in order (by earliest release, ready to sign, ready to load) are kept in that order.

pub(crate) mod apply;
mod boards;
mod contact;
mod keys;
mod list;
mod query;
mod retime;
pub(crate) mod rows;
mod snapshot;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, LineName, PersonName, Reading};
use lazaret_vocabulary::event::rules::{Protocol, RuleBook};
use serde::{Deserialize, Serialize};

use crate::chain::Record;
use crate::clock::OwnClock;
use crate::index::{
    AgentIx, ConvoyIx, DepartureIx, ExceptionIx, GoodsIx, HandlerIx, ListedIx, LotIx, ManifestIx,
    PersonIx, PlaceIx, ProtocolIx, Rows, SampleIx, SourceIx, StepIx, TestIx, UnitIx, VehicleIx,
};
use crate::names::{AnyNames, Marks, Names};

pub use apply::Broken;
use boards::Boards;
pub(crate) use contact::Contacts;
pub use contact::{Chained, Closure};
use keys::Keys;
pub(crate) use keys::{Again, Keyed};
pub use list::{ConvoyView, NameKind, SampleView, TreatmentView};
use rows::{Convoy, Handler, Listed};
pub(crate) use rows::{
    Departure, ExceptionRow, Flag, Lot, LotStage, Manifest, ManifestStage, Person, Place, Proposal,
    Sample, StockClaim, Unit, Vehicle, VehicleStage,
};
pub use snapshot::{Restoring, SnapshotError};
pub use views::{
    Counts, Cursor, ExceptionView, HoldLine, LotView, ManifestView, MovedDate, PersonView,
    PlaceView, RestingLot, Stage, StockWaiting, Totals, UnfitSigner, VehicleView,
};

/// Everything that the records of a ledger say, ready for the next decision.
///
/// Starts empty with [`State::default`] and changes only by [`apply`](crate::apply). The same records give the same
/// state, and the same state the same [`snapshot`](State::snapshot), byte for byte.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(crate) seq: u64,
    /// When the last record was made; µs since 1970.
    pub(crate) recorded_at: i64,
    /// When the first record was made.
    pub(crate) founded: Option<i64>,
    /// When the first arrival was recorded: what is stated as stock came no later.
    pub(crate) went_live: Option<i64>,
    pub(crate) clock: OwnClock,
    pub(crate) rules: Option<AsJson<RuleBook>>,
    pub(crate) protocols: Rows<ProtocolIx, AsJson<Protocol>>,

    pub(crate) lot_names: Names<LotIx>,
    pub(crate) vehicle_names: Marks,
    pub(crate) convoy_names: Names<ConvoyIx>,
    pub(crate) manifest_names: Names<ManifestIx>,
    pub(crate) departure_names: Names<DepartureIx>,
    pub(crate) sample_names: Names<SampleIx>,
    pub(crate) exception_names: Names<ExceptionIx>,
    pub(crate) person_names: Names<PersonIx>,
    pub(crate) place_names: Names<PlaceIx>,
    pub(crate) source_names: Names<SourceIx>,
    pub(crate) goods_names: Names<GoodsIx>,
    pub(crate) step_names: Names<StepIx>,
    pub(crate) agent_names: Names<AgentIx>,
    pub(crate) test_names: Names<TestIx>,

    pub(crate) lots: Rows<LotIx, Lot>,
    pub(crate) vehicles: Rows<VehicleIx, Vehicle>,
    pub(crate) convoys: Rows<ConvoyIx, Convoy>,
    pub(crate) manifests: Rows<ManifestIx, Manifest>,
    pub(crate) departures: Rows<DepartureIx, Departure>,
    pub(crate) samples: Rows<SampleIx, Sample>,
    pub(crate) exceptions: Rows<ExceptionIx, ExceptionRow>,
    pub(crate) people: Rows<PersonIx, Person>,
    pub(crate) places: Rows<PlaceIx, Place>,
    pub(crate) units: Rows<UnitIx, Unit>,

    /// Records by lot and vehicle, newest first.
    history: Rows<ListedIx, Listed>,
    handlers: Rows<HandlerIx, Handler>,
    pub(crate) contacts: Contacts,

    /// Treatments in hand, by lot.
    pub(crate) treatments: BTreeMap<LotIx, OpenTreatment>,
    /// Seals by the papers, by vehicle, until it is empty.
    pub(crate) seals: BTreeMap<VehicleIx, Vec<String>>,
    /// Versions adopted for held lots since they came, by lot, in order of adoption.
    pub(crate) later: BTreeMap<LotIx, Vec<ProtocolIx>>,
    /// Credit of a clock that waits for its witness, by lot.
    pub(crate) credits: BTreeMap<LotIx, Credit>,
    /// What is stated of the past of lots that were here before the ledger, by lot.
    pub(crate) stock: BTreeMap<LotIx, StockClaim>,
    /// Wagons that lots were put in for a departure, by lot, until they leave.
    pub(crate) wagons: BTreeMap<LotIx, String>,

    boards: Boards,
    pub(crate) open_exceptions: BTreeSet<ExceptionIx>,
    pub(crate) vehicles_here: BTreeSet<VehicleIx>,
    /// Changes that ask for less, until they are adopted.
    pub(crate) proposals: Vec<Proposal>,
    /// Things that one person says are not here, and who.
    pub(crate) voiding: BTreeMap<Absent, PersonIx>,

    keys: Keys,
    pub(crate) totals: Totals,
}

/// Credit of a clock that one person asked for and another has to witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credit {
    /// Since when the clock is to count.
    pub(crate) from: i64,
    pub(crate) witness: PersonIx,
}

/// What a person may say is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Absent {
    Vehicle(VehicleIx),
    Lot(LotIx),
}

/// A stretch of time in which a treatment did not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    pub(crate) from: i64,
    /// None while it lasts.
    pub(crate) to: Option<i64>,
}

/// A treatment that has begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenTreatment {
    pub(crate) step: StepIx,
    pub(crate) from: i64,
    /// Record time of the beginning.
    pub(crate) recorded: i64,
    pub(crate) agent: Option<AgentIx>,
    /// Since when the agent is on the goods.
    pub(crate) dosed: i64,
    /// How much of it there was to begin with, mg/m³.
    pub(crate) dose: Option<u32>,
    /// The last may still be open.
    pub(crate) pauses: Vec<Pause>,
    #[serde(with = "readings_as_numbers")]
    pub(crate) readings: Vec<Reading>,
}

mod readings_as_numbers {
    use super::{LineName, Reading, micros, timestamp};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        readings: &[Reading],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        readings
            .iter()
            .map(|r| {
                let line = r.line.as_ref().map(LineName::as_str);
                (micros(r.at), r.concentration_mg_m3, r.temperature_mc, line)
            })
            .collect::<Vec<_>>()
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Reading>, D::Error> {
        let numbers = <Vec<(i64, u32, i32, Option<String>)>>::deserialize(deserializer)?;
        Ok(numbers
            .into_iter()
            .map(|(at, concentration_mg_m3, temperature_mc, line)| Reading {
                at: timestamp(at),
                concentration_mg_m3,
                temperature_mc,
                line: line.map(LineName::new),
            })
            .collect())
    }
}

/// Something kept in snapshots as JSON, because its shape leaves fields out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AsJson<T>(pub(crate) T);

impl<T: Serialize> Serialize for AsJson<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for AsJson<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text)
            .map(AsJson)
            .map_err(serde::de::Error::custom)
    }
}

impl State {
    /// Number of the last record.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The ledger's time at the last record: its stamp, or what two people confirmed with it.
    #[must_use]
    pub fn recorded_at(&self) -> Timestamp {
        timestamp(self.recorded_at)
    }

    /// `now`, or when the last record was made if the ledger's own clock has been set back since.
    #[must_use]
    pub fn not_before_last_record(&self, now: Timestamp) -> Timestamp {
        timestamp(micros(now).max(self.recorded_at))
    }

    /// The record that a command's key is in, if it is remembered.
    #[must_use]
    pub fn recorded_as(&self, id: &crate::CommandId) -> Option<u64> {
        let key = Keys::of(id.as_str());
        self.keyed(key).map(|keyed| keyed.record.into())
    }

    /// What a key stands for, if it is remembered.
    fn keyed(&self, key: u128) -> Option<Keyed> {
        let of_time = || {
            let mut keys = self.clock.keys.iter();
            keys.find(|(known, _)| *known == key)
                .map(|&(_, keyed)| keyed)
        };
        self.keys.get(key).or_else(of_time)
    }

    /// The name that a person has on record, in whatever spelling it is given; the name as given if it is not known.
    #[must_use]
    pub fn spelling_of(&self, person: &PersonName) -> PersonName {
        match self.person_names.find(person.as_str()) {
            Some(known) => PersonName::new(self.person_names.get(known)),
            None => person.clone(),
        }
    }

    /// Somebody else whose name can be taken for that of `person`.
    #[must_use]
    pub fn looks_like(&self, person: &PersonName) -> Option<PersonName> {
        self.person_names
            .alike(person.as_str())
            .map(PersonName::new)
    }

    /// Names that differ in their spelling alone, with what they name: an earlier version told them apart, and they
    /// stay apart. A command must spell each exactly.
    #[must_use]
    pub fn double_spellings(&self) -> Vec<(&'static str, Vec<String>)> {
        let kinds: [(&'static str, &dyn AnyNames); 8] = [
            ("lot", &self.lot_names),
            ("vehicle", &*self.vehicle_names),
            ("person", &self.person_names),
            ("convoy", &self.convoy_names),
            ("paper", &self.manifest_names),
            ("sample", &self.sample_names),
            ("place", &self.place_names),
            ("exception", &self.exception_names),
        ];
        kinds
            .into_iter()
            .flat_map(|(kind, names)| names.doubled().into_iter().map(move |row| (kind, row)))
            .map(|(kind, row)| (kind, row.into_iter().map(str::to_owned).collect()))
            .collect()
    }

    /// Whether a command's key was used before, and for the same command by the same person.
    pub(crate) fn again(&self, command: &crate::Command) -> Option<Again> {
        let key = Keys::of(command.id.as_str());
        let Keyed { record, mark } = self.keyed(key)?;
        let by = self.spelling_of(&command.by);
        let same = mark == Keys::mark(&by, command.body_digest())
            || mark == Keys::recorded_mark(&by, Some(&command.what));
        Some(if same {
            Again::Same { seq: record.into() }
        } else {
            Again::Other
        })
    }

    /// The rules in force; none before the first are adopted.
    #[must_use]
    pub fn rules(&self) -> Option<&RuleBook> {
        self.rules.as_ref().map(|rules| &rules.0)
    }

    /// Every version of every protocol, in order of adoption.
    pub fn protocols(&self) -> impl Iterator<Item = &Protocol> {
        self.protocols.iter().map(|protocol| &protocol.0)
    }

    fn remember(&mut self, record: &Record, recorded_at: i64) {
        let keep = self.rules().map_or(0, |rules| {
            seconds(rules.remember_s.saturating_add(rules.clock_tolerance_s))
        });
        let key = Keys::of(record.command.as_str());
        let mark = match record.body {
            Some(body) => Keys::mark(&record.by, body),
            None => Keys::recorded_mark(&record.by, record.said()),
        };
        let keyed = Keyed {
            record: record.seq as u32,
            mark,
        };
        let of_time = record.events.iter().any(|event| {
            matches!(
                event.happening,
                Happening::Entry(Entry::TimeStated { .. } | Entry::TimeConfirmed { .. })
            )
        });
        if of_time {
            self.clock.keys.push((key, keyed));
        }
        self.keys.add(key, keyed, recorded_at, keep);
    }

    pub(crate) fn lot(&self, lot: LotIx) -> &Lot {
        &self.lots[lot]
    }

    /// The protocol version that a lot of `goods` from `source` is under if it comes at `at`.
    pub(crate) fn protocol_for(
        &self,
        goods: Option<GoodsIx>,
        source: Option<SourceIx>,
        at: i64,
    ) -> Option<ProtocolIx> {
        self.protocols
            .pairs()
            .filter(|(_, AsJson(protocol))| micros(protocol.from) <= at)
            .filter_map(|(number, AsJson(protocol))| {
                let rank = self.speaks_of(protocol, goods, source)?;
                Some((rank, micros(protocol.from), number))
            })
            .max()
            .map(|(.., number)| number)
    }

    /// How closely a protocol speaks of a class from a source; none if it does not.
    pub(crate) fn speaks_of(
        &self,
        protocol: &Protocol,
        goods: Option<GoodsIx>,
        source: Option<SourceIx>,
    ) -> Option<u8> {
        let goods = goods.map_or("", |goods| self.goods_names.get(goods));
        let source = source.map_or("", |source| self.source_names.get(source));
        let class = protocol.goods.iter().any(|named| named.as_str() == goods);
        let origin = protocol
            .sources
            .iter()
            .any(|named| named.as_str() == source);
        let speaks =
            (class || protocol.goods.is_empty()) && (origin || protocol.sources.is_empty());
        speaks.then_some(2 * u8::from(class) + u8::from(origin))
    }

    /// Lots at the gateway that a version adopted for held lots binds: those it would bind if they came now.
    pub(crate) fn bound_by(&self, protocol: &Protocol) -> Vec<LotIx> {
        self.lots
            .keys()
            .filter(|&lot| {
                let row = self.lot(lot);
                if !row.stage.present() || row.vehicle.is_none() && !self.stock.contains_key(&lot) {
                    return false;
                }
                let source = self.source_of(lot);
                let Some(rank) = self.speaks_of(protocol, Some(row.goods), source) else {
                    return false;
                };
                // A lot with a protocol that speaks of it more closely stays under that.
                self.protocol_of(row)
                    .and_then(|own| self.speaks_of(own, Some(row.goods), source))
                    .is_none_or(|own| own <= rank)
            })
            .collect()
    }

    /// The mark of the vehicle that a lot came or comes with; empty if it is not known.
    pub(crate) fn vehicle_of(&self, lot: &Lot) -> &str {
        lot.vehicle
            .map_or("", |vehicle| self.vehicle_names.get(vehicle))
    }

    /// Whether goods were ever here: before that nobody is freed by rules that ask for less.
    pub(crate) fn has_goods(&self) -> bool {
        // A vehicle that was voided counts: two people said that it never came, and the rules did not begin anew by that.
        let came = |row: &Vehicle| row.stage != VehicleStage::Announced;
        self.vehicles.iter().any(came) || !self.stock.is_empty()
    }

    /// Where a lot comes from, if it is known.
    pub(crate) fn source_of(&self, lot: LotIx) -> Option<SourceIx> {
        match self.lot(lot).vehicle {
            Some(vehicle) => self.vehicles[vehicle].source,
            None => self.stock.get(&lot).map(|claim| claim.source),
        }
    }

    /// The protocol version that a lot came under; none before it was unloaded.
    pub(crate) fn protocol_of(&self, lot: &Lot) -> Option<&Protocol> {
        let AsJson(protocol) = self.protocols.row(lot.protocol?)?;
        Some(protocol)
    }

    /// Whether the treatments of its protocol are all valid.
    pub(crate) fn treated(&self, lot: &Lot) -> bool {
        self.protocol_of(lot)
            .is_some_and(|protocol| lot.treated.count_ones() as usize == protocol.treatments.len())
    }

    /// Whether every treatment that the clock of a lot waits for would be valid with those of `treated`, as bits.
    pub(crate) fn may_run(&self, lot: &Lot, treated: u16) -> bool {
        self.protocol_of(lot).is_some_and(|protocol| {
            protocol.treatments.iter().enumerate().all(|(bit, rule)| {
                treated >> bit & 1 == 1
                    || (protocol.hold.as_ref()).is_some_and(|hold| hold.before.contains(&rule.step))
            })
        })
    }

    /// Whether its inspections and tests are all passed.
    pub(crate) fn tested(&self, lot: &Lot) -> bool {
        self.protocol_of(lot).is_some_and(|protocol| {
            lot.inspected.count_ones() as usize == protocol.inspections.len()
                && lot.tests_needed & !lot.tests_passed == 0
                && lot.samples_out == 0
                && lot.in_doubt == 0
        })
    }

    /// Every version that binds a lot: the one it came under, then those adopted for held lots since.
    pub(crate) fn versions_of(&self, lot: LotIx) -> impl Iterator<Item = &Protocol> {
        let later = self
            .later
            .get(&lot)
            .map_or(&[] as &[ProtocolIx], Vec::as_slice);
        (self.lot(lot).protocol.iter().chain(later))
            .filter_map(|&version| self.protocols.row(version))
            .map(|AsJson(protocol)| protocol)
    }

    /// The instant from which its clock no longer holds a lot; `i64::MAX` while the clock does not run.
    pub(crate) fn earliest(&self, lot: &Lot) -> i64 {
        let waits = self
            .protocol_of(lot)
            .is_none_or(|protocol| protocol.hold.is_some() || lot.hold_us > 0);
        match (waits, lot.clock) {
            (_, Some(clock)) => lot.until.max(clock.saturating_add(lot.hold_us)),
            (true, None) => i64::MAX,
            (false, None) => lot.until.max(lot.entered),
        }
    }
}

/// Microseconds since 1970.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The instant of so many microseconds since 1970; the ends of the calendar where there is none.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Seconds as microseconds, saturating.
pub(crate) fn seconds(seconds: u64) -> i64 {
    i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000_000)
}
