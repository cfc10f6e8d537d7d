//! What an entry of an office changes.

use lazaret_vocabulary::event::Thing;
use lazaret_vocabulary::event::entry::{Entry, ManifestLine, Outcome, PersonName, Soiled};

use super::super::rows::Touched;
use super::super::{
    AsJson, LotStage, Manifest, ManifestStage, NONE, Proposal, Sample, State, VehicleStage, flag,
    micros, seconds, some,
};
use super::{Touch, ends_with, find};
use crate::chain::Digest;
use crate::clock::{Retiming, Stated};
use crate::segregation::Class;

/// Proposals that are kept: those beyond it were forgotten long ago.
const PROPOSALS_MAX: usize = 64;

impl State {
    pub(super) fn entry(
        &mut self,
        entry: &Entry,
        by: &PersonName,
        (at, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        use Entry as E;
        match entry {
            E::RulesAdopted { rules } => {
                for rule in &rules.goods {
                    self.goods_names.add(rule.goods.as_str());
                }
                for rule in &rules.vehicles {
                    self.source_names.add(rule.source.as_str());
                }
                for place in &mut self.places {
                    place.rule = NONE;
                }
                for (position, rule) in rules.places.iter().enumerate() {
                    let place = self.place(rule.place.as_str());
                    self.places[place as usize].rule = position as u32;
                }
                self.rules = Some(AsJson((**rules).clone()));
                self.settle_proposal(entry);
            }
            E::ProtocolAdopted { protocol } => {
                self.settle_proposal(entry);
                self.adopt(protocol, touch);
            }
            E::RulesProposed { .. } | E::ProtocolProposed { .. } => self.propose(entry, by, now),
            E::ConvoyPostponed { convoy, due, .. } => {
                let convoy = find(&self.convoy_names, convoy.as_str(), "convoy")?;
                if let Some(manifest) = some(self.convoys[convoy as usize].manifest) {
                    self.manifests[manifest as usize].due = Some(micros(*due));
                }
            }
            E::NameVoided { thing, .. } => self.void_name(thing, by, now, touch)?,
            E::PersonAppointed { person, roles } => {
                let person = self.person(person);
                self.people[person as usize].roles =
                    roles.iter().fold(0, |mask, role| mask | 1 << *role as u16);
            }
            E::PersonCleared {
                person,
                until,
                agents,
            } => {
                let agents: Vec<u32> = agents
                    .iter()
                    .map(|agent| self.agent_names.add(agent.as_str()))
                    .collect();
                let person = self.person(person);
                let row = &mut self.people[person as usize];
                row.cleared_until = micros(*until);
                row.agents = agents;
                row.sick = false;
                row.lapsed = false;
            }
            E::ClearanceLapsed { person, .. } => {
                let person = self.person(person);
                let row = &mut self.people[person as usize];
                row.cleared_until = row.cleared_until.min(now);
                row.lapsed = true;
            }
            E::PersonShiftStarted { person } => {
                let person = self.person(person);
                self.people[person as usize].on_shift = true;
            }
            E::PersonShiftEnded { person } => {
                let person = self.person(person);
                let row = &mut self.people[person as usize];
                row.on_shift = false;
                row.shift_ended = Some(now);
            }
            E::PersonPassedGate { person } => {
                let person = self.person(person);
                self.people[person as usize].dirty = false;
            }
            E::PersonReportedSick {
                person, exception, ..
            } => {
                let person = self.person(person);
                let row = &mut self.people[person as usize];
                row.sick = true;
                row.cleared_until = row.cleared_until.min(now);
                self.exception(exception.as_str(), now, "a person reported sick");
            }
            E::ManifestAnnounced {
                manifest,
                convoy,
                source,
                due,
                lines,
            } => {
                let source = self.source_names.add(source.as_str());
                let convoy = self.convoy(convoy.as_str());
                self.convoys[convoy as usize].source = source;
                let number = self.manifest_names.add(manifest.as_str());
                if number as usize == self.manifests.len() {
                    self.manifests.push(Manifest {
                        convoy,
                        stage: ManifestStage::Announced,
                        due: due.map(micros),
                        lots: Vec::new(),
                        amended: 0,
                    });
                } else {
                    // Papers that their sender took back come again.
                    let row = &mut self.manifests[number as usize];
                    row.convoy = convoy;
                    row.stage = ManifestStage::Announced;
                    row.due = due.map(micros);
                }
                self.convoys[convoy as usize].manifest = number;
                self.announce(number, lines, touch);
            }
            E::ManifestAmended {
                manifest, lines, ..
            } => {
                let number = find(&self.manifest_names, manifest.as_str(), "manifest")?;
                let row = &mut self.manifests[number as usize];
                row.amended = row.amended.saturating_add(1);
                row.stage = ManifestStage::Announced;
                self.announce(number, lines, touch);
            }
            E::ManifestWithheld { manifest, .. } => {
                let number = find(&self.manifest_names, manifest.as_str(), "manifest")?;
                self.manifests[number as usize].stage = ManifestStage::Withheld;
                self.announce(number, &[], touch);
            }
            E::ManifestRefused { manifest, .. } => {
                let number = find(&self.manifest_names, manifest.as_str(), "manifest")?;
                self.manifests[number as usize].stage = ManifestStage::Refused;
            }
            E::TrialDeclared { convoy } => {
                let convoy = self.convoy(convoy.as_str());
                self.convoys[convoy as usize].trial = true;
            }
            E::VehicleChecked { vehicle, .. } => {
                self.vehicle_touched(vehicle.as_str(), touch)?;
            }
            E::VehicleSealed { vehicle, .. } => {
                let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                self.vehicles[vehicle as usize].sealed = true;
            }
            E::LotCounted { lot, tally } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.tally(lot, *tally);
            }
            E::DiscrepancyFound { lot, exception, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let exception =
                    self.exception(exception.as_str(), now, "it is not what its papers say");
                self.freeze(lot, exception);
            }
            E::LossDeclared { lot, lost, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let row = &mut self.lots[lot as usize];
                row.pieces = row.pieces.saturating_sub(lost.pieces);
                row.mass_kg = row.mass_kg.saturating_sub(lost.mass_kg);
            }
            E::LotSplit { lot, parts } => {
                let parent = self.lot_touched(lot.as_str(), touch)?;
                let first = self.lots.len() as u32;
                for part in parts {
                    let number = self.lot_names.add(part.lot.as_str());
                    if number as usize != self.lots.len() {
                        return Err(format!("part {} is not new", part.lot));
                    }
                    self.split_off(parent, number, part.tally);
                    touch.lots.push(number);
                }
                self.leave(parent, now);
                let row = &mut self.lots[parent as usize];
                row.stage = LotStage::Split;
                row.children = (first, parts.len() as u16);
            }
            E::TreatmentDosed {
                lot,
                agent,
                dose_mg_m3,
                ..
            } => {
                let agent = self.agent_names.add(agent.as_str());
                let lot = self.lot_touched(lot.as_str(), touch)?;
                if let Some(treatment) = self.treatments.get_mut(&lot) {
                    // More of the same goes on from where it began; another agent begins anew.
                    if treatment.agent != agent || at < treatment.dosed {
                        treatment.dose = *dose_mg_m3;
                    }
                    if treatment.agent != agent {
                        (treatment.agent, treatment.dosed) = (agent, at);
                    }
                    treatment.dosed = treatment.dosed.min(at).max(treatment.from);
                }
            }
            E::TreatmentRead { lot, reading, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                if let Some(treatment) = self.treatments.get_mut(&lot) {
                    treatment.readings.push(reading.clone());
                }
            }
            E::TreatmentJudged {
                lot, step, valid, ..
            } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                if let Some(bit) = self.treatment_bit(lot, step).filter(|_| *valid) {
                    self.lots[lot as usize].treated |= 1 << bit;
                    self.base(lot, now, |from| ends_with(from, step));
                }
            }
            E::TreatmentVoided { lot, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.void(lot, now);
            }
            E::SampleTaken { lot, sample, test } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let test = self.test_names.add(test.as_str());
                let number = self.sample_names.add(sample.as_str());
                if number as usize != self.samples.len() {
                    return Err(format!("sample {sample} is not new"));
                }
                let row = &mut self.lots[lot as usize];
                row.samples_out = row.samples_out.saturating_add(1);
                self.samples.push(Sample {
                    lot,
                    test,
                    taken: at,
                    settled: false,
                });
            }
            E::ResultEntered {
                sample, outcome, ..
            } => {
                let number = find(&self.sample_names, sample.as_str(), "sample")?;
                let sample = &mut self.samples[number as usize];
                let first = !std::mem::replace(&mut sample.settled, true);
                let sample = sample.clone();
                for lot in self.whole(sample.lot) {
                    touch.lots.push(lot);
                    self.result(lot, &sample, *outcome, first);
                }
            }
            E::ContactSeen { lots, .. } => {
                let mut episode = NONE;
                for lot in lots {
                    let lot = self.lot_touched(lot.as_str(), touch)?;
                    if episode == NONE {
                        episode = self.open_episode(Touched::Seen, at.min(now));
                    }
                    self.join(lot, episode, at.min(now), now);
                }
            }
            E::ContaminationFound { on, exception, .. } => {
                match on {
                    Soiled::Lot(lot) => {
                        self.lot_touched(lot.as_str(), touch)?;
                    }
                    Soiled::Vehicle(vehicle) => {
                        let vehicle = self.vehicle_touched(vehicle.as_str(), touch)?;
                        self.vehicles[vehicle as usize].washed = None;
                    }
                    Soiled::Unit(..) => {}
                }
                let _ = exception;
            }
            E::ExceptionOpened {
                exception,
                lots,
                because,
            } => {
                let exception = self.exception(exception.as_str(), now, because);
                for lot in lots {
                    let lot = self.lot_touched(lot.as_str(), touch)?;
                    self.freeze(lot, exception);
                }
            }
            E::ExceptionClosed { exception, .. } => {
                let exception = find(&self.exception_names, exception.as_str(), "exception")?;
                self.open_exceptions.remove(&exception);
                let row = &mut self.exceptions[exception as usize];
                row.open = false;
                for lot in row.lots.clone() {
                    let lot_row = &mut self.lots[lot as usize];
                    lot_row.frozen = lot_row.frozen.saturating_sub(1);
                    touch.lots.push(lot);
                }
            }
            E::LotFrozen { lot, exception, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let exception = self.exception(exception.as_str(), now, "");
                self.freeze(lot, exception);
            }
            E::LotRecalled { lot, exception, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let exception = self.exception(exception.as_str(), now, "");
                self.lots[lot as usize].set(flag::RECALLED, true);
                self.unrelease(lot);
                self.exceptions[exception as usize].recalled.push(lot);
            }
            E::Signed { lot, signer, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let signer = self.person(signer);
                let row = &mut self.lots[lot as usize];
                if let Some(place) = row.signers.get_mut(usize::from(row.signatures)) {
                    *place = signer;
                    row.signatures += 1;
                }
            }
            E::SignatureWithdrawn { lot, signer, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let signer = self.person(signer);
                let row = &mut self.lots[lot as usize];
                if let Some(at) = row.signers.iter().position(|&by| by == signer) {
                    row.signers[at..].rotate_left(1);
                    if let Some(last) = row.signers.last_mut() {
                        *last = NONE;
                    }
                    row.signatures -= 1;
                }
            }
            E::CreditAsked { lot, from, witness } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let witness = self.person(witness);
                self.credits.insert(lot, (micros(*from), witness));
            }
            E::CreditWitnessed { lot, .. } => {
                self.lot_touched(lot.as_str(), touch)?;
            }
            E::ClockCredited { lot, from, .. } => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                self.credits.remove(&lot);
                let row = &mut self.lots[lot as usize];
                if let Some(clock) = row.clock {
                    let credit = clock - micros(*from);
                    row.clock = Some(clock - credit);
                    row.until = row.until.saturating_sub(credit);
                }
            }
            E::TimeDoubted { because, .. } => {
                self.clock.doubt = Some(because.clone());
                self.clock.stated = None;
            }
            E::TimeStated {
                time, wrong_since, ..
            } => {
                self.clock.stated = Some(Stated {
                    record: self.seq,
                    by: by.to_string(),
                    time: micros(*time),
                    wrong_since: wrong_since.map(micros),
                    at: now,
                });
            }
            E::TimeConfirmed {
                time, wrong_since, ..
            } => {
                let right = time.map_or(now, micros);
                self.retime(&Retiming {
                    was: now,
                    right,
                    since: wrong_since.map(micros),
                });
            }
            E::Noted { thing, .. } => match thing {
                Some(Thing::Lot(lot)) => {
                    self.lot_touched(lot.as_str(), touch)?;
                }
                Some(Thing::Vehicle(vehicle)) => {
                    self.vehicle_touched(vehicle.as_str(), touch)?;
                }
                Some(Thing::Convoy(_)) | None => {}
            },
            E::Worked { .. } | E::Corrected { .. } | E::WarningAcknowledged { .. } => {}
        }
        Ok(())
    }

    fn propose(&mut self, entry: &Entry, by: &PersonName, now: i64) {
        let Some(Digest(digest)) = State::change_digest(entry) else {
            return;
        };
        let by = self.person(by);
        let known =
            (self.proposals.iter()).any(|proposal| proposal.digest == digest && proposal.by == by);
        // The first time counts: proposing again does not begin the wait anew.
        if !known {
            if self.proposals.len() >= PROPOSALS_MAX {
                self.proposals.remove(0);
            }
            self.proposals.push(Proposal {
                digest,
                by,
                at: now,
            });
        }
    }

    /// A change that was adopted needs its proposals no more: to adopt it again later needs new ones.
    fn settle_proposal(&mut self, entry: &Entry) {
        if let Some(Digest(digest)) = State::change_digest(entry) {
            self.proposals.retain(|proposal| proposal.digest != digest);
        }
    }

    /// One person says that a thing is not here; once a second says the same, it is not.
    fn void_name(
        &mut self,
        thing: &Thing,
        by: &PersonName,
        now: i64,
        touch: &mut Touch,
    ) -> Result<(), String> {
        let key = match thing {
            Thing::Lot(lot) => (true, self.lot_touched(lot.as_str(), touch)?),
            Thing::Vehicle(vehicle) => (false, self.vehicle_touched(vehicle.as_str(), touch)?),
            Thing::Convoy(_) => return Ok(()),
        };
        let by = self.person(by);
        if self.voiding.get(&key).is_none_or(|first| *first == by) {
            self.voiding.insert(key, by);
            return Ok(());
        }
        self.voiding.remove(&key);
        let (is_lot, number) = key;
        if is_lot {
            self.gone(number, LotStage::Withdrawn, now);
            self.totals.lots_entered = self.totals.lots_entered.saturating_sub(1);
        } else {
            self.take_vehicle(number);
            self.vehicles[number as usize].stage = VehicleStage::Gone;
            self.vehicles_here.remove(&number);
            self.seals.remove(&number);
            self.totals.vehicles_arrived = self.totals.vehicles_arrived.saturating_sub(1);
        }
        Ok(())
    }

    /// What a result says of one lot that the sample is from.
    ///
    /// A result that tells nothing takes nothing away that an earlier one said, but it holds the lot until a sample that
    /// was taken no earlier is negative.
    fn result(&mut self, lot: u32, sample: &Sample, outcome: Outcome, first: bool) {
        let counts = self.sample_counts(sample, lot);
        let row = &mut self.lots[lot as usize];
        if first {
            row.samples_out = row.samples_out.saturating_sub(1);
        }
        let test = 1 << sample.test;
        match outcome {
            Outcome::Negative if counts => {
                row.tests_passed |= test;
                if sample.taken >= row.doubt_at {
                    row.in_doubt &= !test;
                }
            }
            Outcome::Inconclusive => {
                row.in_doubt |= test;
                row.doubt_at = row.doubt_at.max(sample.taken);
            }
            Outcome::Negative | Outcome::Positive => {}
        }
    }

    pub(super) fn adopt(
        &mut self,
        protocol: &lazaret_vocabulary::event::rules::Protocol,
        touch: &mut Touch,
    ) {
        let number = self.protocols.len() as u16;
        let tests = protocol.tests.iter().fold(0, |mask, rule| {
            mask | 1 << self.test_names.add(rule.test.as_str())
        });
        self.protocols.push(AsJson(protocol.clone()));
        if !protocol.held_too {
            return;
        }
        for lot in self.bound_by(protocol) {
            self.later.entry(lot).or_default().push(number);
            let row = &mut self.lots[lot as usize];
            row.tests_needed |= tests;
            row.signatures_needed = row.signatures_needed.max(protocol.signatures);
            if let Some(hold) = &protocol.hold {
                row.hold_us = row.hold_us.max(seconds(hold.hold_s));
                // A lot that had no wait of its own waits from its entry or its last contact.
                if self.protocols[usize::from(row.protocol)].0.hold.is_none() {
                    row.clock = row.clock.or(Some(row.entered.max(row.floor)));
                }
            }
            self.unrelease(lot);
            touch.lots.push(lot);
        }
    }

    pub(super) fn announce(&mut self, manifest: u32, lines: &[ManifestLine], touch: &mut Touch) {
        let convoy = self.manifests[manifest as usize].convoy;
        let arrived = self.convoys[convoy as usize].arrived.is_some();
        for lot in std::mem::take(&mut self.manifests[manifest as usize].lots) {
            if self.lot(lot).stage != LotStage::Announced {
                self.manifests[manifest as usize].lots.push(lot);
                continue;
            }
            self.lots[lot as usize].stage = LotStage::Withdrawn;
            let vehicle = self.lot(lot).vehicle;
            if arrived && self.vehicles[vehicle as usize].convoy == convoy {
                let row = &mut self.vehicles[vehicle as usize];
                row.expected = row.expected.saturating_sub(1);
            }
            touch.lots.push(lot);
        }
        for line in lines {
            let goods = self.goods_names.add(line.goods.as_str());
            let vehicle = self.vehicle(line.vehicle.as_str());
            let lot = self.new_lot(line.lot.as_str(), goods);
            // A line for a lot that has been unloaded meanwhile changes only what its papers said, dangers aside.
            if self.lot(lot).stage == LotStage::Withdrawn {
                self.lots[lot as usize].stage = LotStage::Announced;
            }
            let hazards = (line.hazards.iter()).filter_map(|hazard| Class::read(hazard.as_str()));
            let row = &mut self.lots[lot as usize];
            if row.stage.present() {
                // Papers may tell of a danger late. That they no longer tell of one frees nothing.
                hazards.clone().for_each(|class| row.hazards.add(class));
            }
            if row.stage == LotStage::Announced {
                row.goods = goods;
                row.vehicle = vehicle;
                row.convoy = convoy;
                row.pieces = line.tally.pieces;
                row.mass_kg = line.tally.mass_kg;
                row.set(flag::TALLIED, true);
                row.hazards = hazards.collect();
                if arrived {
                    self.expect(lot);
                }
                self.manifests[manifest as usize].lots.push(lot);
            }
            if !line.seals.is_empty() {
                let seals = self.seals.entry(vehicle).or_default();
                for seal in &line.seals {
                    if !seals.contains(seal) {
                        seals.push(seal.clone());
                    }
                }
            }
            touch.lots.push(lot);
        }
    }

    pub(super) fn expect(&mut self, lot: u32) {
        let row = &self.lots[lot as usize];
        if row.stage == LotStage::Announced {
            let vehicle = &mut self.vehicles[row.vehicle as usize];
            if vehicle.convoy == row.convoy {
                vehicle.expected += 1;
            }
        }
    }
}
