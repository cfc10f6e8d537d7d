//! What screens ask of a state.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{
    AgentName, ExceptionId, ManifestId, PersonName, Role, SampleId, StockLot, Tally, TestName,
};
use lazaret_vocabulary::event::rules::Protocol;
use lazaret_vocabulary::event::{
    ConvoyId, DepartureId, GoodsName, LotId, PlaceName, SourceName, Spot, VehicleId,
};

use super::rows::{Listed, Listing, Parts};
use super::views::*;
use super::{Flag, LotStage, ManifestStage, State, VehicleStage, seconds, timestamp};
use crate::index::{GoodsIx, ListedIx, LotIx, PersonIx, UnitIx};
use crate::refusal::Fallen;

impl State {
    /// A lot by its name.
    #[must_use]
    pub fn lot_view(&self, lot: &LotId) -> Option<LotView> {
        let number = self.lot_names.find(lot.as_str())?;
        let row = self.lot(number);
        let known = row.protocol.is_some();
        let mut handlers = Vec::new();
        for handling in self.handlers_of(number) {
            let person = PersonName::new(self.person_names.get(handling.person));
            if !handlers.contains(&person) {
                handlers.push(person);
            }
        }
        let entered = known.then(|| timestamp(row.entered));
        Some(LotView {
            lot: self.lot_id(number),
            goods: GoodsName::new(self.goods_names.get(row.goods)),
            stage: self.stage(number),
            spot: self.spot(row.unit),
            vehicle: row
                .vehicle
                .map(|v| VehicleId::new(self.vehicle_names.get(v))),
            convoy: row.convoy.map(|c| ConvoyId::new(self.convoy_names.get(c))),
            source: (self.source_of(number))
                .map(|source| SourceName::new(self.source_names.get(source))),
            departure: row
                .departure
                .map(|d| DepartureId::new(self.departure_names.get(d))),
            parent: row.parent.map(|lot| self.lot_id(lot)),
            parts: (row.children.into_iter().flat_map(Parts::lots))
                .map(|lot| self.lot_id(lot))
                .collect(),
            tally: row.is(Flag::Tallied).then_some(Tally {
                pieces: row.pieces,
                mass_kg: row.mass_kg,
            }),
            entered,
            clock: row.clock.map(timestamp),
            earliest: known
                .then(|| self.earliest(row))
                .filter(|&at| at != i64::MAX)
                .map(timestamp),
            protocols: (self.versions_of(number).map(Protocol::pin)).collect(),
            treated: known && self.treated(row),
            tests_missing: self.tests(row.tests_needed & !row.tests_passed),
            signers: self.signers(number),
            signatures_needed: row.signatures_needed,
            exceptions: self.exceptions_of(number),
            recalled: row.is(Flag::Recalled),
            trial: row.is(Flag::Trial),
            rejected: row.is(Flag::Refused) || row.is(Flag::Condemned),
            handlers,
        })
    }

    /// Lots that are held, by earliest release; those whose clock does not run come last.
    #[must_use]
    pub fn hold_list(&self, after: Option<Cursor>, limit: usize) -> Vec<HoldLine> {
        let after = after.map(|cursor| (cursor.at, cursor.lot));
        (self.boards.held(after).take(limit))
            .map(|&(at, lot)| self.line(0, at, lot))
            .collect()
    }

    /// Held lots that lack nothing but signatures at `now`.
    #[must_use]
    pub fn release_queue(
        &self,
        now: Timestamp,
        after: Option<Cursor>,
        limit: usize,
    ) -> Vec<HoldLine> {
        let after = after.map(|cursor| (cursor.at, cursor.lot));
        let now = super::micros(now);
        (self.boards.ready(after))
            .take_while(|&&(at, _)| at <= now)
            .take(limit)
            .map(|&(at, lot)| self.line(0, at, lot))
            .collect()
    }

    /// Released lots that are still here, the most urgent class first, then the longest free.
    #[must_use]
    pub fn releasable(&self, after: Option<Cursor>, limit: usize) -> Vec<HoldLine> {
        let after = after.map(|cursor| (cursor.rank, cursor.at, cursor.lot));
        (self.boards.free(after).take(limit))
            .map(|&(rank, at, lot)| self.line(rank, at, lot))
            .collect()
    }

    /// Every lot that is at the gateway, in the order in which they came to be known.
    pub fn lots_here(&self) -> impl Iterator<Item = HoldLine> {
        (self.lots.keys())
            .filter(|&lot| self.lot(lot).stage.present())
            .map(|lot| self.line(0, self.earliest(self.lot(lot)), lot))
    }

    /// How many lots are here, by what keeps them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.boards.counts()
    }

    /// What has happened so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Numbers of the records that touched a lot, the oldest first; with those of the lot it was split from.
    #[must_use]
    pub fn lot_history(&self, lot: &LotId) -> Vec<u64> {
        self.lot_names
            .find(lot.as_str())
            .map(|lot| self.listed(self.lot(lot).history))
            .unwrap_or_default()
    }

    /// Numbers of the records that touched a vehicle, the oldest first.
    #[must_use]
    pub fn vehicle_history(&self, vehicle: &VehicleId) -> Vec<u64> {
        self.vehicle_names
            .find(vehicle.as_str())
            .map(|vehicle| self.listed(self.vehicles[vehicle].history))
            .unwrap_or_default()
    }

    fn listed(&self, head: Option<ListedIx>) -> Vec<u64> {
        let mut records = Vec::new();
        let mut at = head;
        while let Some(number) = at {
            let Listed { record, next } = self.history[number];
            records.push(record.into());
            at = next;
        }
        records.reverse();
        records
    }

    /// A vehicle by its mark.
    #[must_use]
    pub fn vehicle_view(&self, vehicle: &VehicleId) -> Option<VehicleView> {
        let number = self.vehicle_names.find(vehicle.as_str())?;
        let row = &self.vehicles[number];
        Some(VehicleView {
            vehicle: VehicleId::new(self.vehicle_names.get(number)),
            source: row
                .source
                .map(|s| SourceName::new(self.source_names.get(s))),
            convoy: row.convoy.map(|c| ConvoyId::new(self.convoy_names.get(c))),
            here: row.stage == VehicleStage::Here,
            spot: self.spot(row.unit),
            arrived: (row.stage != VehicleStage::Announced).then(|| timestamp(row.arrived)),
            expected: row.expected,
            emptied: row.emptied,
            washed: row.washed.map(timestamp),
            sealed: row.sealed,
        })
    }

    /// Vehicles at the gateway, by when they were first known.
    pub fn vehicles_here(&self) -> impl Iterator<Item = VehicleView> {
        self.vehicles_here.iter().filter_map(|&vehicle| {
            self.vehicle_view(&VehicleId::new(self.vehicle_names.get(vehicle)))
        })
    }

    /// Every unit of every place of the rules, used or not, in their order.
    #[must_use]
    pub fn places(&self) -> Vec<PlaceView> {
        let Some(rules) = self.rules() else {
            return Vec::new();
        };
        let mut views = Vec::new();
        for rule in &rules.places {
            let place = self.place_names.find(rule.place.as_str());
            let used: &[Option<UnitIx>] = place.map_or(&[], |place| &self.places[place].units);
            let count = (rule.units.unwrap_or(1) as usize)
                .max(used.len())
                .min(10_000);
            for index in 0..count {
                let unit = used.get(index).copied().flatten();
                let unit = unit.map(|unit| &self.units[unit]);
                views.push(PlaceView {
                    spot: Spot {
                        place: rule.place.clone(),
                        unit: index as u32 + 1,
                    },
                    side: Some(rule.side),
                    slots: rule.slots,
                    used: unit.map_or(0, |unit| unit.used),
                    closed: unit.and_then(|unit| unit.closed.clone()),
                    broken: unit.is_some_and(|unit| unit.broken),
                    lots: unit.map_or_else(Vec::new, |unit| {
                        unit.lots.iter().map(|&lot| self.lot_id(lot)).collect()
                    }),
                    vehicles: unit.map_or_else(Vec::new, |unit| {
                        unit.vehicles
                            .iter()
                            .map(|&v| VehicleId::new(self.vehicle_names.get(v)))
                            .collect()
                    }),
                });
            }
        }
        views
    }

    /// How many lots of a class are at the gateway, and how many are announced.
    #[must_use]
    pub fn lots_of_class(&self, goods: &str) -> (u64, u64) {
        let Some(goods) = self.goods_names.find(goods) else {
            return (0, 0);
        };
        let of = |fits: fn(LotStage) -> bool| {
            let lots = self.lots.iter();
            lots.filter(|lot| lot.goods == goods && fits(lot.stage))
                .count() as u64
        };
        (
            of(LotStage::present),
            of(|stage| stage == LotStage::Announced),
        )
    }

    /// Everybody who was ever appointed or cleared.
    pub fn people(&self) -> impl Iterator<Item = PersonView> {
        self.people.keys().map(|person| {
            let row = &self.people[person];
            PersonView {
                person: PersonName::new(self.person_names.get(person)),
                roles: roles(row.roles),
                cleared_until: (row.cleared_until != i64::MIN)
                    .then(|| timestamp(row.cleared_until)),
                agents: row
                    .agents
                    .iter()
                    .map(|&agent| AgentName::new(self.agent_names.get(agent)))
                    .collect(),
                on_shift: row.on_shift,
                dirty: row.dirty,
                sick: row.sick,
            }
        })
    }

    /// The roles of a person; empty if they have none.
    #[must_use]
    pub fn roles_of(&self, person: &PersonName) -> Vec<Role> {
        self.person_names
            .find(person.as_str())
            .map(|person| roles(self.people[person].roles))
            .unwrap_or_default()
    }

    /// Exceptions, the latest first; only the open ones if `open`.
    #[must_use]
    pub fn exceptions(&self, open: bool) -> Vec<ExceptionView> {
        self.exceptions
            .keys()
            .rev()
            .filter(|exception| !open || self.exceptions[*exception].open)
            .map(|exception| {
                let row = &self.exceptions[exception];
                ExceptionView {
                    exception: ExceptionId::new(self.exception_names.get(exception)),
                    open: row.open,
                    opened_at: timestamp(row.opened_at),
                    record: row.record,
                    because: row.because.clone(),
                    lots: row.lots.iter().map(|&lot| self.lot_id(lot)).collect(),
                    recalled: row.recalled.iter().map(|&lot| self.lot_id(lot)).collect(),
                }
            })
            .collect()
    }

    /// Papers, the latest first.
    pub fn manifests(&self) -> impl Iterator<Item = ManifestView> {
        self.manifests.keys().rev().map(|manifest| {
            let row = &self.manifests[manifest];
            ManifestView {
                manifest: ManifestId::new(self.manifest_names.get(manifest)),
                convoy: ConvoyId::new(self.convoy_names.get(row.convoy)),
                due: row.due.map(timestamp),
                arrived: self.convoys[row.convoy].arrived.map(timestamp),
                withheld: row.stage == ManifestStage::Withheld,
                refused: row.stage == ManifestStage::Refused,
                amended: row.amended,
                lots: row.lots.iter().map(|&lot| self.lot_id(lot)).collect(),
            }
        })
    }

    /// Lots loaded for a departure, and when it left, if it has.
    #[must_use]
    pub fn departure(&self, departure: &DepartureId) -> Option<(Vec<LotId>, Option<Timestamp>)> {
        let number = self.departure_names.find(departure.as_str())?;
        let row = &self.departures[number];
        let lots = row.lots.iter().map(|&lot| self.lot_id(lot)).collect();
        Some((lots, row.left.map(timestamp)))
    }

    /// Departures that are being loaded.
    pub fn departures_loading(&self) -> impl Iterator<Item = DepartureId> {
        self.departures
            .keys()
            .filter(|&d| {
                let row = &self.departures[d];
                row.left.is_none() && !row.lots.is_empty()
            })
            .map(|d| DepartureId::new(self.departure_names.get(d)))
    }

    /// What adopting `protocol` would change for lots that are here: every lot whose date, tests or signatures move.
    /// Empty if it would not bind held lots.
    #[must_use]
    pub fn preview(&self, protocol: &Protocol) -> Vec<MovedDate> {
        if !protocol.held_too {
            return Vec::new();
        }
        let at = |micros: i64| (micros != i64::MAX).then(|| timestamp(micros));
        self.bound_by(protocol)
            .into_iter()
            .filter_map(|lot| {
                let row = self.lot(lot);
                let mut bound = row.clone();
                bound.signatures_needed = bound.signatures_needed.max(protocol.signatures);
                if let Some(hold) = &protocol.hold {
                    bound.hold_us = bound.hold_us.max(seconds(hold.hold_s));
                    if (self.protocol_of(row)).is_some_and(|own| own.hold.is_none()) {
                        bound.clock = bound.clock.or(Some(bound.entered.max(bound.floor)));
                    }
                }
                let more_tests: Vec<TestName> = protocol
                    .tests
                    .iter()
                    .map(|rule| rule.test.clone())
                    .filter(|test| {
                        self.test_names
                            .find(test.as_str())
                            .is_none_or(|number| row.tests_needed & number.bit() == 0)
                    })
                    .collect();
                let (before, after) = (self.earliest(row), self.earliest(&bound));
                let changes = before != after
                    || !more_tests.is_empty()
                    || bound.signatures_needed != row.signatures_needed
                    || row.is(Flag::Released);
                changes.then(|| MovedDate {
                    lot: self.lot_id(lot),
                    before: at(before),
                    after: at(after),
                    more_tests,
                    signatures: bound.signatures_needed,
                    unreleased: row.is(Flag::Released),
                })
            })
            .collect()
    }

    /// Bytes that the state holds, by capacity; the tree lists are estimated at 24 bytes an entry.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of = |lots: &Vec<LotIx>| lots.capacity() * size_of::<LotIx>();
        self.lot_names.bytes()
            + self.vehicle_names.bytes()
            + self.convoy_names.bytes()
            + self.departure_names.bytes()
            + self.sample_names.bytes()
            + self.lots.bytes()
            + self.vehicles.bytes()
            + self.convoys.bytes()
            + self.samples.bytes()
            + self.departures.bytes()
            + self.departures.iter().map(|d| of(&d.lots)).sum::<usize>()
            + self.units.bytes()
            + self.units.iter().map(|u| of(&u.lots)).sum::<usize>()
            + self.history.bytes()
            + self.handlers.bytes()
            + self.contacts.bytes()
            + self.boards.bytes()
            + self.keys.bytes()
    }

    pub(crate) fn reindex(&mut self, lot: LotIx) {
        let row = &self.lots[lot];
        let held = row.stage.present() && !row.is(Flag::Released);
        let earliest = if row.stage.present() {
            self.earliest(row)
        } else {
            i64::MIN
        };
        let ready = held
            && row.stage == LotStage::Here
            && row.frozen == 0
            && !row.is(Flag::Refused)
            && !row.is(Flag::Condemned)
            && self.treated(row)
            && self.tested(row);
        let free = (row.stage == LotStage::Here && row.is(Flag::Released) && row.frozen == 0)
            .then(|| (-self.priority(row.goods), earliest));
        let listing = Listing {
            held: held.then_some(earliest),
            ready,
            free,
        };
        let listed = std::mem::replace(&mut self.lots[lot].listed, listing);
        self.boards.relist(lot, listed, listing);
    }

    fn priority(&self, goods: GoodsIx) -> i32 {
        let name = self.goods_names.get(goods);
        self.rules()
            .and_then(|rules| rules.goods.iter().find(|rule| rule.goods.as_str() == name))
            .map_or(0, |rule| rule.priority)
    }

    fn line(&self, rank: i32, at: i64, lot: LotIx) -> HoldLine {
        let row = self.lot(lot);
        HoldLine {
            lot: self.lot_id(lot),
            goods: GoodsName::new(self.goods_names.get(row.goods)),
            spot: self.spot(row.unit),
            earliest: (at != i64::MAX).then(|| timestamp(at)),
            signers: self.signers(lot),
            cursor: Cursor { rank, at, lot },
        }
    }

    pub(crate) fn stage(&self, lot: LotIx) -> Stage {
        let row = self.lot(lot);
        match row.stage {
            LotStage::Announced => Stage::Announced,
            LotStage::Withdrawn => Stage::Withdrawn,
            LotStage::Here if row.is(Flag::Released) => Stage::Released,
            LotStage::Here => Stage::Held,
            LotStage::Sent => Stage::Sent,
            LotStage::Loaded => Stage::Loaded,
            LotStage::Departed => Stage::Departed,
            LotStage::Destroyed => Stage::Destroyed,
            LotStage::SentBack => Stage::SentBack,
            LotStage::Split => Stage::Split,
        }
    }

    /// Signatures of a lot whose signer has been found unfit since: their clearance was taken from them, or they are
    /// no longer an officer. A clearance that ran out, and a shift that ended, take nothing back.
    pub(crate) fn fallen_signatures(&self, lot: LotIx) -> Vec<Fallen> {
        let officers = 1 << Role::QuarantineOfficer as u16 | 1 << Role::ChiefOfficer as u16;
        let row = self.lot(lot);
        if row.is(Flag::Released) {
            return Vec::new();
        }
        row.signers[..usize::from(row.signatures).min(row.signers.len())]
            .iter()
            .filter_map(|&signer| {
                let signer = signer?;
                let person = self.people.row(signer)?;
                let fell = person.lapsed || person.roles & officers == 0;
                fell.then(|| Fallen {
                    signer: PersonName::new(self.person_names.get(signer)),
                    lapsed: person.lapsed,
                })
            })
            .collect()
    }

    /// Lots at the gateway that are released by the signature of somebody, among others.
    pub(crate) fn released_by(&self, signer: &PersonName) -> Vec<LotIx> {
        let Some(signer) = self.person_names.find(signer.as_str()) else {
            return Vec::new();
        };
        (self.lots.keys())
            .filter(|&lot| {
                let row = self.lot(lot);
                row.is(Flag::Released) && row.stage.present() && row.signed_by(signer)
            })
            .collect()
    }

    /// Everybody who signed for a lot that is here or has left, and whose signature counts no more: their clearance was
    /// taken from them, or they are no officer any more. Lots that were destroyed or sent back are left out.
    #[must_use]
    pub fn unfit_signers(&self) -> Vec<UnfitSigner> {
        let officers = 1 << Role::QuarantineOfficer as u16 | 1 << Role::ChiefOfficer as u16;
        let mut unfit: Vec<(PersonIx, UnfitSigner)> = (self.people.pairs())
            .filter(|(_, person)| person.lapsed || person.roles & officers == 0)
            .map(|(number, person)| {
                let signer = UnfitSigner {
                    signer: PersonName::new(self.person_names.get(number)),
                    lapsed: person.lapsed,
                    lots: Vec::new(),
                };
                (number, signer)
            })
            .collect();
        for (lot, row) in self.lots.pairs() {
            let stands = row.stage.present() || row.stage == LotStage::Departed;
            if row.signatures == 0 || !stands {
                continue;
            }
            for (number, signer) in &mut unfit {
                if row.signed_by(*number) {
                    signer.lots.push(RestingLot {
                        lot: self.lot_id(lot),
                        stage: self.stage(lot),
                        released: row.is(Flag::Released),
                        departure: (row.departure)
                            .map(|d| DepartureId::new(self.departure_names.get(d))),
                        recalled: row.is(Flag::Recalled),
                    });
                }
            }
        }
        let unfit = unfit.into_iter().map(|(_, signer)| signer);
        unfit.filter(|signer| !signer.lots.is_empty()).collect()
    }

    /// The record that waits for a witness and states exactly these lots, with who stated it.
    #[must_use]
    pub fn stock_stated(&self, lots: &[StockLot]) -> Option<StockWaiting> {
        let same = |stated: &StockWaiting| {
            stated.lots.len() == lots.len()
                && lots.iter().all(|lot| {
                    let number = self.lot_names.find(lot.lot.as_str());
                    let claim = number.and_then(|number| self.stock.get(&number));
                    claim.is_some_and(|claim| claim.record == stated.record && claim.open)
                })
        };
        self.stock_waiting().into_iter().find(same)
    }

    /// Statements of stock that wait for a witness, in order of their records.
    #[must_use]
    pub fn stock_waiting(&self) -> Vec<StockWaiting> {
        let mut waiting: Vec<StockWaiting> = Vec::new();
        let open = (self.stock.iter())
            .filter(|(lot, claim)| claim.open && self.lot(**lot).stage.present());
        for (&lot, claim) in open {
            let at = waiting
                .iter()
                .position(|other| other.record == claim.record);
            let at = at.unwrap_or_else(|| {
                waiting.push(StockWaiting {
                    record: claim.record,
                    by: PersonName::new(self.person_names.get(claim.by)),
                    at: timestamp(claim.recorded),
                    lots: Vec::new(),
                });
                waiting.len() - 1
            });
            waiting[at].lots.push(self.lot_id(lot));
        }
        waiting.sort_by_key(|stated| stated.record);
        waiting
    }

    pub(crate) fn lot_id(&self, lot: LotIx) -> LotId {
        LotId::new(self.lot_names.get(lot))
    }

    pub(crate) fn spot(&self, unit: Option<UnitIx>) -> Option<Spot> {
        let unit = &self.units[unit?];
        Some(Spot {
            place: PlaceName::new(self.place_names.get(unit.place)),
            unit: unit.number,
        })
    }

    /// Samples of a lot, or of what it was split from, whose result is not in.
    pub(crate) fn samples_out(&self, lot: LotIx) -> Vec<SampleId> {
        (self.samples.pairs())
            .filter(|(_, sample)| !sample.settled && self.whole(sample.lot).contains(&lot))
            .map(|(number, _)| SampleId::new(self.sample_names.get(number)))
            .collect()
    }

    pub(crate) fn unit_at(&self, spot: &Spot) -> Option<&super::Unit> {
        let place = self.place_names.find(spot.place.as_str())?;
        let index = spot.unit.checked_sub(1)? as usize;
        let unit = (*self.places[place].units.get(index)?)?;
        Some(&self.units[unit])
    }

    pub(crate) fn signers(&self, lot: LotIx) -> Vec<PersonName> {
        let row = self.lot(lot);
        row.signers
            .iter()
            .flatten()
            .map(|&signer| PersonName::new(self.person_names.get(signer)))
            .collect()
    }

    pub(crate) fn exceptions_of(&self, lot: LotIx) -> Vec<ExceptionId> {
        if self.lot(lot).frozen == 0 {
            return Vec::new();
        }
        self.open_exceptions
            .iter()
            .filter(|&&e| self.exceptions[e].lots.contains(&lot))
            .map(|&e| ExceptionId::new(self.exception_names.get(e)))
            .collect()
    }

    pub(crate) fn tests(&self, mask: u32) -> Vec<TestName> {
        self.test_names
            .keys()
            .filter(|test| mask & test.bit() != 0)
            .map(|test| TestName::new(self.test_names.get(test)))
            .collect()
    }
}

/// Roles of a mask, in their order.
fn roles(mask: u16) -> Vec<Role> {
    [
        Role::YardMaster,
        Role::DisinfectionLead,
        Role::QuarantineOfficer,
        Role::ChiefOfficer,
        Role::Dispatcher,
        Role::Gate,
        Role::Crew,
        Role::Auditor,
        Role::Administrator,
    ]
    .into_iter()
    .filter(|role| mask >> *role as u16 & 1 == 1)
    .collect()
}
