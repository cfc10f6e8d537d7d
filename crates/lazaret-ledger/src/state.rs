//! The state of a gateway as its records leave it: rows of plain numbers, joined by position.
//!
//! A lot is one row of fixed size. What has no fixed length (its records, its stays, who handled it) hangs on it as
//! lists threaded through long arrays, so that two million lots cost no two million allocations. Lists that a screen
//! shows in order (by earliest release, ready to sign, ready to load) are kept in that order.

pub(crate) mod apply;
mod contact;
mod list;
mod query;
mod retime;
pub(crate) mod rows;
mod snapshot;
mod views;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hashbrown::HashMap;
use jiff::Timestamp;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, LineName, PersonName, Reading};
use lazaret_vocabulary::event::rules::{Protocol, RuleBook};
use serde::{Deserialize, Serialize};

use crate::chain::{Digest, Record};
use crate::clock::OwnClock;
use crate::names::{Marks, NONE, Names};

pub use apply::Broken;
pub use contact::{Chained, Closure};
pub use list::{ConvoyView, NameKind, SampleView, TreatmentView};
use rows::{Convoy, Episode, Handler, Listed, Visit};
pub(crate) use rows::{
    Departure, ExceptionRow, Lot, LotStage, Manifest, ManifestStage, Person, Place, Proposal,
    Sample, Unit, Vehicle, VehicleStage, flag,
};
pub use snapshot::{Restoring, SnapshotError};
pub use views::{
    Counts, Cursor, ExceptionView, HoldLine, LotView, ManifestView, MovedDate, PersonView,
    PlaceView, Stage, Totals, VehicleView,
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
    pub(crate) clock: OwnClock,
    pub(crate) rules: Option<AsJson<RuleBook>>,
    pub(crate) protocols: Vec<AsJson<Protocol>>,

    pub(crate) lot_names: Names,
    pub(crate) vehicle_names: Marks,
    pub(crate) convoy_names: Names,
    pub(crate) manifest_names: Names,
    pub(crate) departure_names: Names,
    pub(crate) sample_names: Names,
    pub(crate) exception_names: Names,
    pub(crate) person_names: Names,
    pub(crate) place_names: Names,
    pub(crate) source_names: Names,
    pub(crate) goods_names: Names,
    pub(crate) step_names: Names,
    pub(crate) agent_names: Names,
    pub(crate) test_names: Names,

    pub(crate) lots: Vec<Lot>,
    pub(crate) vehicles: Vec<Vehicle>,
    pub(crate) convoys: Vec<Convoy>,
    pub(crate) manifests: Vec<Manifest>,
    pub(crate) departures: Vec<Departure>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) exceptions: Vec<ExceptionRow>,
    pub(crate) people: Vec<Person>,
    pub(crate) places: Vec<Place>,
    pub(crate) units: Vec<Unit>,

    /// Records by lot and vehicle, newest first: `(record, next)`.
    history: Vec<Listed>,
    handlers: Vec<Handler>,
    visits: Vec<Visit>,
    pub(crate) episodes: Vec<Episode>,
    /// The longest episode that has ended, in µs: how far back a late stay has to look for what it joins.
    longest: i64,

    /// Treatments in hand, by lot.
    pub(crate) treatments: BTreeMap<u32, OpenTreatment>,
    /// Seals by the papers, by vehicle, until it is empty.
    pub(crate) seals: BTreeMap<u32, Vec<String>>,
    /// Versions adopted for held lots since they came, by lot, in order of adoption.
    pub(crate) later: BTreeMap<u32, Vec<u16>>,
    /// Credit of a clock that waits for its witness, by lot: since when, and who.
    pub(crate) credits: BTreeMap<u32, (i64, u32)>,
    /// Wagons that lots were put in for a departure, by lot, until they leave.
    pub(crate) wagons: BTreeMap<u32, String>,

    /// Held lots by earliest release (µs); those whose clock does not run come last.
    held: Sorted<(i64, u32)>,
    /// Held lots that lack only time and signatures, by the same.
    ready: Sorted<(i64, u32)>,
    /// Released lots that are still here, most urgent class first, then by when their hold ended.
    free: Sorted<(i32, i64, u32)>,
    pub(crate) open_exceptions: BTreeSet<u32>,
    pub(crate) vehicles_here: BTreeSet<u32>,
    /// Changes that ask for less, until they are adopted.
    pub(crate) proposals: Vec<Proposal>,
    /// Things that one person says are not here, and who; lots by `true`.
    pub(crate) voiding: BTreeMap<(bool, u32), u32>,

    keys: Keys,
    pub(crate) totals: Totals,
}

/// A set that is read back at once: serde inserts one by one, which takes four times as long.
#[derive(Clone, Debug)]
struct Sorted<T>(BTreeSet<T>);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Sorted(BTreeSet::new())
    }
}

impl<T> std::ops::Deref for Sorted<T> {
    type Target = BTreeSet<T>;
    fn deref(&self) -> &BTreeSet<T> {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Sorted<T> {
    fn deref_mut(&mut self) -> &mut BTreeSet<T> {
        &mut self.0
    }
}

impl<T: Serialize> Serialize for Sorted<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for Sorted<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `collect` sorts, which costs one look over what is in order, and builds the tree from its leaves.
        let entries = Vec::<T>::deserialize(deserializer)?;
        Ok(Sorted(entries.into_iter().collect()))
    }
}

/// A treatment that has begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenTreatment {
    pub(crate) step: u32,
    pub(crate) from: i64,
    /// Record time of the beginning.
    pub(crate) recorded: i64,
    pub(crate) agent: u32,
    /// Since when the agent is on the goods.
    pub(crate) dosed: i64,
    /// How much of it there was to begin with, mg/m³.
    pub(crate) dose: Option<u32>,
    /// Pauses, from and to; the last may be open.
    pub(crate) pauses: Vec<(i64, i64)>,
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

/// Keys of commands that have been recorded, for as long as they may come again.
#[derive(Clone, Debug, Default)]
struct Keys {
    /// In order of record: `(key, record, recorded at, mark)`.
    order: VecDeque<(u128, u32, i64, u128)>,
    /// Record and mark of each key; the mark tells who said what.
    records: HashMap<u128, (u32, u128), Plain>,
}

/// What is known of a command whose key was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The same person said the same.
    Same {
        /// In this record.
        seq: u64,
    },
    /// Somebody else, or something else.
    Other,
}

/// Keys are digests already; hashing them again would only cost.
#[derive(Clone, Copy, Debug, Default)]
struct Plain(u64);

impl std::hash::BuildHasher for Plain {
    type Hasher = Plain;
    fn build_hasher(&self) -> Plain {
        Plain(0)
    }
}

impl std::hash::Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
    fn write_u128(&mut self, key: u128) {
        self.0 ^= key as u64;
    }
}

impl Keys {
    fn of(key: &str) -> u128 {
        half(Digest::of(key.as_bytes()))
    }

    /// The mark of a command by what was sent.
    fn mark(by: &PersonName, body: Digest) -> u128 {
        half(Digest::of(
            &[b"sent\0", by.as_str().as_bytes(), b"\0", &body.0[..]].concat(),
        ))
    }

    /// The mark of a command by what was recorded of it, for records that do not have the digest of its body.
    fn recorded_mark(by: &PersonName, what: Option<&Happening>) -> u128 {
        let mut what = what.cloned();
        // The ledger fills this in.
        if let Some(Happening::Entry(Entry::Signed { pin, .. })) = &mut what {
            *pin = None;
        }
        if let Some(Happening::Entry(Entry::TimeConfirmed {
            time, wrong_since, ..
        })) = &mut what
        {
            (*time, *wrong_since) = (None, None);
        }
        let said = crate::canonical::to_vec(&what).unwrap_or_default();
        half(Digest::of(
            &[b"recorded\0", by.as_str().as_bytes(), b"\0", &said[..]].concat(),
        ))
    }

    fn add(&mut self, key: u128, mark: u128, record: u64, recorded_at: i64, keep: i64) {
        while let Some(&(old, _, at, _)) = self.order.front() {
            if at >= recorded_at.saturating_sub(keep) {
                break;
            }
            self.records.remove(&old);
            self.order.pop_front();
        }
        self.order
            .push_back((key, record as u32, recorded_at, mark));
        self.records.insert(key, (record as u32, mark));
    }
}

/// Half of a digest, which is enough to tell keys apart.
fn half(Digest(digest): Digest) -> u128 {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    u128::from_le_bytes(half)
}

impl Serialize for Keys {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.order.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let order = <VecDeque<(u128, u32, i64, u128)>>::deserialize(deserializer)?;
        let records = order
            .iter()
            .map(|&(key, record, _, mark)| (key, (record, mark)))
            .collect();
        Ok(Keys { order, records })
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
        self.keyed(key).map(|(record, _)| record.into())
    }

    /// The record of a key and the mark of its command, if the key is remembered.
    fn keyed(&self, key: u128) -> Option<(u32, u128)> {
        let of_time = || {
            let mut keys = self.clock.keys.iter();
            keys.find(|(known, ..)| *known == key)
                .map(|&(_, record, mark)| (record, mark))
        };
        self.keys.records.get(&key).copied().or_else(of_time)
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
        let kinds: [(&'static str, &Names); 8] = [
            ("lot", &self.lot_names),
            ("vehicle", &self.vehicle_names),
            ("person", &self.person_names),
            ("convoy", &self.convoy_names),
            ("paper", &self.manifest_names),
            ("sample", &self.sample_names),
            ("place", &self.place_names),
            ("exception", &self.exception_names),
        ];
        kinds
            .into_iter()
            .flat_map(|(kind, names)| names.doubles().into_iter().map(move |row| (kind, row)))
            .map(|(kind, row)| (kind, row.into_iter().map(str::to_owned).collect()))
            .collect()
    }

    /// Whether a command's key was used before, and for the same command by the same person.
    pub(crate) fn again(&self, command: &crate::Command) -> Option<Again> {
        let key = Keys::of(command.id.as_str());
        let (record, mark) = self.keyed(key)?;
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
        let of_time = record.events.iter().any(|event| {
            matches!(
                event.happening,
                Happening::Entry(Entry::TimeStated { .. } | Entry::TimeConfirmed { .. })
            )
        });
        if of_time {
            self.clock.keys.push((key, record.seq as u32, mark));
        }
        self.keys.add(key, mark, record.seq, recorded_at, keep);
    }

    pub(crate) fn lot(&self, lot: u32) -> &Lot {
        &self.lots[lot as usize]
    }

    /// The protocol version that a lot of `goods` from `source` is under if it comes at `at`.
    pub(crate) fn protocol_for(&self, goods: u32, source: u32, at: i64) -> Option<u16> {
        self.protocols
            .iter()
            .enumerate()
            .filter(|(_, AsJson(protocol))| micros(protocol.from) <= at)
            .filter_map(|(position, AsJson(protocol))| {
                let rank = self.speaks_of(protocol, goods, source)?;
                Some((rank, micros(protocol.from), position))
            })
            .max()
            .map(|(.., position)| position as u16)
    }

    /// How closely a protocol speaks of a class from a source; none if it does not.
    pub(crate) fn speaks_of(&self, protocol: &Protocol, goods: u32, source: u32) -> Option<u8> {
        let (goods, source) = (self.goods_names.get(goods), self.source_names.get(source));
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
    pub(crate) fn bound_by(&self, protocol: &Protocol) -> Vec<u32> {
        (0..self.lots.len() as u32)
            .filter(|&lot| {
                let row = self.lot(lot);
                let source = match some(row.vehicle) {
                    Some(vehicle) if row.stage.present() => self.vehicles[vehicle as usize].source,
                    _ => return false,
                };
                let Some(rank) = self.speaks_of(protocol, row.goods, source) else {
                    return false;
                };
                // A lot with a protocol that speaks of it more closely stays under that.
                self.protocol_of(row)
                    .and_then(|own| self.speaks_of(own, row.goods, source))
                    .is_none_or(|own| own <= rank)
            })
            .collect()
    }

    /// The protocol version that a lot came under; none before it was unloaded.
    pub(crate) fn protocol_of(&self, lot: &Lot) -> Option<&Protocol> {
        self.protocols
            .get(usize::from(lot.protocol))
            .map(|AsJson(protocol)| protocol)
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
    pub(crate) fn versions_of(&self, lot: u32) -> impl Iterator<Item = &Protocol> {
        let later = self.later.get(&lot).map_or(&[] as &[u16], Vec::as_slice);
        std::iter::once(&self.lot(lot).protocol)
            .chain(later)
            .filter_map(|&version| self.protocols.get(usize::from(version)))
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

/// A list number that may be the end.
pub(crate) fn some(number: u32) -> Option<u32> {
    (number != NONE).then_some(number)
}
