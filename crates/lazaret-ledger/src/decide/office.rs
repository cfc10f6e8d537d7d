//! What offices decide: papers, counts, readings, tests, contacts, exceptions, signatures.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{
    AgentName, Entry, ExceptionId, LotPart, Outcome, PersonName, Reading, SampleId, Soiled, Tally,
    TestName,
};
use lazaret_vocabulary::event::rules::Protocol;
use lazaret_vocabulary::event::{GoodsName, Happening, LotId, StepName, VehicleId};

use super::{Judge, Said};
use crate::gate::unknown;
use crate::identity::{Check, check_of};
use crate::refusal::{Fact, Noun, Refusal, Remedy, when};
use crate::rule::{Rule, Warning};
use crate::spelling::{Kind, key};
use crate::state::{flag, micros, seconds};

/// Characters in the name of a monitoring line.
const LINE_CHARS_MAX: usize = 64;

impl Judge<'_> {
    pub(super) fn entry(&self, entry: &Entry, said: &mut Said) -> Result<(), Refusal> {
        use Entry as E;
        match entry {
            E::RulesAdopted { rules } => {
                self.rules_adopted(rules)?;
                self.may_ask_for_less(entry, &self.state.weaker_rules(rules))
            }
            E::ProtocolAdopted { protocol } => {
                self.protocol_adopted(protocol)?;
                self.may_ask_for_less(entry, &self.state.weaker_protocol(protocol))
            }
            E::RulesProposed { rules } => self.rules_adopted(rules),
            E::ProtocolProposed { protocol } => self.protocol_adopted(protocol),
            E::PersonAppointed { person, roles } => self.appointed(person, roles),
            E::PersonCleared { person, until, .. } => self.person_cleared(person, *until),
            E::ClearanceLapsed { person, .. } | E::PersonPassedGate { person } => {
                self.person(person).map(drop)
            }
            E::PersonShiftStarted { person } => self.shift_started(person),
            E::PersonShiftEnded { person } => self.shift_ended(person),
            E::PersonReportedSick {
                person,
                since,
                exception,
            } => self.sick(person, *since, exception, said),
            E::ManifestAnnounced {
                manifest,
                convoy,
                source,
                lines,
                ..
            } => self.announced(manifest, convoy, source, lines),
            E::ManifestAmended {
                manifest,
                lines,
                because,
            } => self.amended(manifest, lines, because, said),
            E::ManifestWithheld { manifest, because } => {
                let known = self.manifest(manifest)?;
                let fact = format!("its sender took papers {manifest} back: {because}");
                self.papers_in_question(known, &fact, said);
                Ok(())
            }
            E::ManifestRefused { manifest, because } => {
                let known = self.manifest(manifest)?;
                let fact = format!("papers {manifest} were refused: {because}");
                self.papers_in_question(known, &fact, said);
                Ok(())
            }
            E::ConvoyPostponed {
                convoy,
                due,
                because,
            } => self.postponed(convoy, *due, because),
            E::NameVoided { thing, because } => self.name_voided(thing, because),
            E::TrialDeclared { convoy } => self.trial_declared(convoy),
            E::VehicleChecked {
                vehicle,
                mark,
                seals,
            } => self.checked(vehicle, mark, seals, said),
            E::VehicleSealed { vehicle, .. } => self.sealed(vehicle),
            E::LotCounted { lot, tally } => self.counted(lot, *tally, said),
            E::LossDeclared { lot, lost, because } => self.lost(lot, *lost, because, said),
            E::LotSplit { lot, parts } => self.split(lot, parts),
            E::TreatmentDosed {
                lot, step, agent, ..
            } => self.dosed(lot, step, agent),
            E::TreatmentRead { lot, step, reading } => self.read(lot, step, reading),
            E::SampleTaken { lot, sample, test } => self.sampled(lot, sample, test, said),
            E::ResultEntered {
                sample,
                outcome,
                exception,
            } => self.result(sample, *outcome, exception, said),
            E::ContactSeen { lots, because } => self.contact_seen(lots, because, said),
            E::ContaminationFound {
                on,
                since,
                because,
                exception,
            } => self.contamination(on, *since, because, exception, said),
            E::ExceptionOpened {
                exception,
                lots,
                because,
            } => self.exception_opened(exception, lots, because),
            E::ExceptionClosed { exception, because } => self.exception_closed(exception, because),
            E::Signed {
                lot,
                signer,
                meaning,
                ..
            } => self.signed(lot, signer, meaning, said),
            E::SignatureWithdrawn {
                lot,
                signer,
                because,
            } => self.withdrawn(lot, signer, because),
            E::ClockCredited { lot, from, witness } | E::CreditAsked { lot, from, witness } => {
                self.credit_asked(lot, *from, witness, said)
            }
            E::CreditWitnessed { lot, from } => self.credit_witnessed(lot, *from, said),
            E::TimeStated {
                time,
                wrong_since,
                because,
            } => self.time_stated(*time, *wrong_since, because),
            E::TimeConfirmed { record, .. } => self.time_confirmed(*record, said),
            // The ledger's own entries stop at the matrix of roles; a note may say anything.
            E::Noted { .. }
            | E::DiscrepancyFound { .. }
            | E::TreatmentJudged { .. }
            | E::TreatmentVoided { .. }
            | E::LotFrozen { .. }
            | E::LotRecalled { .. }
            | E::TimeDoubted { .. }
            | E::Worked { .. }
            | E::Corrected { .. }
            | E::WarningAcknowledged { .. } => self.noted(entry),
        }
    }

    fn noted(&self, entry: &Entry) -> Result<(), Refusal> {
        use lazaret_vocabulary::event::Thing;
        match entry {
            Entry::Noted {
                thing: Some(Thing::Lot(lot)),
                ..
            } => self.lot(lot).map(drop),
            Entry::Noted {
                thing: Some(Thing::Vehicle(vehicle)),
                ..
            } => self.vehicle_known(vehicle).map(drop),
            _ => Ok(()),
        }
    }

    /// The vehicle, which must have been here or on papers.
    fn vehicle_known(&self, vehicle: &VehicleId) -> Result<u32, Refusal> {
        let number = self.state.vehicle_names.find(vehicle.as_str());
        number.ok_or_else(|| {
            let vehicle = vehicle.clone();
            Refusal::new(
                Rule::Known,
                Fact::NeverHere { vehicle },
                Remedy::CorrectMark,
            )
        })
    }

    fn checked(
        &self,
        vehicle: &VehicleId,
        mark: &str,
        seals: &[String],
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let same = key(Kind::Mark, mark) == key(Kind::Mark, vehicle.as_str());
        self.need(Rule::Known, same, || {
            (
                Fact::OtherMark {
                    mark: mark.to_owned(),
                    vehicle: vehicle.clone(),
                },
                Remedy::OtherVehicleOrPapers,
            )
        })?;
        if let Check::Fails { expected } = check_of(mark) {
            said.warnings.push((
                Warning::UnverifiedMark,
                Rule::Known,
                Fact::CheckDigit {
                    mark: mark.to_owned(),
                    expected: expected.to_string(),
                },
            ));
        }
        if let Some(papers) = self.state.seals.get(&number) {
            let keys = |seals: &[String]| -> Vec<String> {
                let mut keys: Vec<String> = seals
                    .iter()
                    .map(|seal| key(Kind::Mark, seal).into_owned())
                    .collect();
                keys.sort();
                keys.dedup();
                keys
            };
            if keys(papers) != keys(seals) {
                said.warnings.push((
                    Warning::SealsDiffer,
                    Rule::Known,
                    Fact::SealsDiffer {
                        papers: papers.clone(),
                        found: seals.to_vec(),
                    },
                ));
            }
        }
        Ok(())
    }

    fn sealed(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.need(
            Rule::VehicleClean,
            self.state.vehicles[number as usize].emptied,
            || {
                (
                    Fact::NotEmpty {
                        vehicle: vehicle.clone(),
                    },
                    Remedy::EmptyThenSeal,
                )
            },
        )
    }

    fn counted(&self, lot: &LotId, tally: Tally, said: &mut Said) -> Result<(), Refusal> {
        let number = self.lot_present(lot)?;
        let row = self.state.lot(number);
        if !row.is(flag::TALLIED) || self.without(Rule::Conserved) {
            return Ok(());
        }
        let papers = Tally {
            pieces: row.pieces,
            mass_kg: row.mass_kg,
        };
        let tolerance = u64::from(self.rules()?.mass_tolerance_permille);
        let off = u64::from(papers.mass_kg.abs_diff(tally.mass_kg));
        let same =
            papers.pieces == tally.pieces && off * 1_000 <= tolerance * u64::from(papers.mass_kg);
        if !same {
            said.after.push(self.now(Entry::DiscrepancyFound {
                lot: lot.clone(),
                exception: ExceptionId::new(format!("count-{}", self.state.seq() + 1)),
                papers,
                found: tally,
            }));
        }
        Ok(())
    }

    fn lost(
        &self,
        lot: &LotId,
        lost: Tally,
        because: &str,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_present(lot)?;
        let row = self.state.lot(number);
        let enough = lost.pieces <= row.pieces && lost.mass_kg <= row.mass_kg;
        self.need(Rule::Conserved, enough, || {
            (
                Fact::LossTooLarge {
                    lot: lot.clone(),
                    has: Tally {
                        pieces: row.pieces,
                        mass_kg: row.mass_kg,
                    },
                    lost,
                },
                Remedy::NoMoreThanThere,
            )
        })?;
        said.warnings.push((
            Warning::Loss,
            Rule::Conserved,
            Fact::Loss {
                lot: lot.clone(),
                lost,
                because: because.to_owned(),
            },
        ));
        // Goods that are declared lost are missing like goods that a count does not find.
        let fact = format!(
            "{} pieces and {} kg of {lot} were declared lost: {because}",
            lost.pieces, lost.mass_kg
        );
        self.raise("loss", vec![lot.clone()], fact, said);
        Ok(())
    }

    fn split(&self, lot: &LotId, parts: &[LotPart]) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let row = self.state.lot(number);
        self.need(
            Rule::OnePlace,
            !self.state.treatments.contains_key(&number),
            || {
                (
                    Fact::UnderTreatment { lot: lot.clone() },
                    Remedy::EndTreatment,
                )
            },
        )?;
        if parts.len() < 2 || parts.len() > usize::from(u16::MAX) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::TooFewParts {
                    lot: lot.clone(),
                    parts: parts.len(),
                },
                Remedy::TwoParts,
            ));
        }
        for (position, part) in parts.iter().enumerate() {
            let taken = self.state.lot_names.find(part.lot.as_str()).is_some()
                || parts[..position].iter().any(|other| other.lot == part.lot);
            if taken {
                return Err(Refusal::new(
                    Rule::Known,
                    Fact::NameTaken {
                        lot: part.lot.clone(),
                    },
                    Remedy::NamePartsApart,
                ));
            }
        }
        let pieces: u64 = parts.iter().map(|part| u64::from(part.tally.pieces)).sum();
        let mass: u64 = parts.iter().map(|part| u64::from(part.tally.mass_kg)).sum();
        self.need(
            Rule::Conserved,
            pieces == u64::from(row.pieces) && mass == u64::from(row.mass_kg),
            || {
                (
                    Fact::PartsDiffer {
                        lot: lot.clone(),
                        pieces,
                        mass_kg: mass,
                        has: Tally {
                            pieces: row.pieces,
                            mass_kg: row.mass_kg,
                        },
                    },
                    Remedy::PartsAddUp,
                )
            },
        )?;
        let Some(spot) = self.state.spot(row.unit).filter(|_| row.is(flag::SLOT)) else {
            return Ok(());
        };
        let rule = self.place(&spot)?;
        self.room_for(rule, &spot, None, parts.len() as u32 - 1)
    }

    fn dosed(&self, lot: &LotId, step: &StepName, agent: &AgentName) -> Result<(), Refusal> {
        let (number, _) = self.in_hand(lot, step)?;
        let row = self.state.lot(number);
        let protocol = self.state.protocol_of(row);
        let allowed: Option<Vec<AgentName>> = protocol
            .and_then(|protocol| protocol.treatments.iter().find(|rule| rule.step == *step))
            .filter(|rule| !rule.agents.is_empty())
            .map(|rule| rule.agents.iter().map(|rule| rule.agent.clone()).collect());
        self.need(
            Rule::Agent,
            allowed
                .as_ref()
                .is_none_or(|allowed| allowed.contains(agent)),
            || {
                (
                    Fact::AgentNotNamed {
                        lot: lot.clone(),
                        agent: agent.clone(),
                        step: step.clone(),
                    },
                    Remedy::UseAgent {
                        agents: allowed.clone().unwrap_or_default(),
                    },
                )
            },
        )?;
        let goods = self.state.goods_names.get(row.goods);
        let spoils = self
            .rules()?
            .goods
            .iter()
            .any(|rule| rule.goods.as_str() == goods && rule.spoiled_by.contains(agent));
        self.need(Rule::Agent, !spoils, || {
            (
                Fact::AgentSpoils {
                    agent: agent.clone(),
                    goods: GoodsName::new(goods),
                },
                Remedy::OtherAgent,
            )
        })?;
        for person in self.workers() {
            self.cleared(person)?;
            self.trained(person, agent)?;
        }
        Ok(())
    }

    fn read(&self, lot: &LotId, step: &StepName, reading: &Reading) -> Result<(), Refusal> {
        let (_, treatment) = self.in_hand(lot, step)?;
        let tolerance = seconds(self.rules()?.clock_tolerance_s);
        self.need(
            Rule::Skew,
            micros(reading.at) <= self.now.saturating_add(tolerance),
            || {
                (
                    Fact::ReadingFromFuture {
                        at: reading.at.into(),
                        now: when(self.now),
                    },
                    Remedy::CorrectReading,
                )
            },
        )?;
        self.need(Rule::Treated, micros(reading.at) >= treatment.from, || {
            (
                Fact::ReadingTooEarly {
                    at: reading.at.into(),
                    step: step.clone(),
                    from: when(treatment.from),
                },
                Remedy::CorrectReading,
            )
        })?;
        if let Some(line) = &reading.line {
            let text = line.as_str();
            let plain = !text.is_empty()
                && text.trim() == text
                && text.chars().count() <= LINE_CHARS_MAX
                && !text.chars().any(char::is_control);
            self.need(Rule::Known, plain, || {
                (
                    Fact::BadLine {
                        line: text.to_owned(),
                    },
                    Remedy::ShortLine {
                        most: LINE_CHARS_MAX,
                    },
                )
            })?;
        }
        // Which of two is right nobody can tell, and the better one must not win.
        let other = treatment.readings.iter().find(|other| {
            other.at == reading.at && other.line == reading.line && *other != reading
        });
        self.need(Rule::Treated, other.is_none(), || {
            let (concentration_mg_m3, temperature_mc) =
                other.map_or((0, 0), |o| (o.concentration_mg_m3, o.temperature_mc));
            let fact = Fact::ReadAlready {
                line: reading.line.clone(),
                at: reading.at.into(),
                concentration_mg_m3,
                temperature_mc,
            };
            (fact, Remedy::NameLines)
        })
    }

    fn sampled(
        &self,
        lot: &LotId,
        sample: &SampleId,
        test: &TestName,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        if self.state.sample_names.find(sample.as_str()).is_some() {
            return Err(Refusal::new(
                Rule::Known,
                Fact::SampleKnown {
                    sample: sample.clone(),
                },
                Remedy::NameSampleAnew,
            ));
        }
        let known = self.state.test_names.find(test.as_str());
        let Some(test_number) = known else {
            return Err(Refusal::new(
                Rule::Known,
                unknown(Noun::Test, test.as_str()),
                Remedy::ChooseTest,
            ));
        };
        let taken = crate::state::Sample {
            lot: number,
            test: test_number,
            taken: self.at,
            settled: false,
        };
        if !self.state.sample_counts(&taken, number) {
            said.warnings.push((
                Warning::EarlySample,
                Rule::Tested,
                Fact::SampleTooEarly {
                    lot: lot.clone(),
                    test: test.clone(),
                },
            ));
        }
        Ok(())
    }

    fn result(
        &self,
        sample: &SampleId,
        outcome: Outcome,
        exception: &ExceptionId,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let Some(number) = self.state.sample_names.find(sample.as_str()) else {
            return Err(Refusal::new(
                Rule::Known,
                unknown(Noun::Sample, sample.as_str()),
                Remedy::RecordSample,
            ));
        };
        let row = &self.state.samples[number as usize];
        // A second result for the same sample may only be worse: it never makes a lot free.
        self.need(
            Rule::Known,
            !row.settled || outcome == Outcome::Positive,
            || {
                (
                    Fact::ResultKnown {
                        sample: sample.clone(),
                    },
                    Remedy::NewSample,
                )
            },
        )?;
        if outcome != Outcome::Positive {
            return Ok(());
        }
        self.new_exception(exception)?;
        if self.without(Rule::Positive) {
            return Ok(());
        }
        let seeds: Vec<(u32, i64)> = self.state.since_entry(row.lot);
        let because = format!(
            "{} of {} is positive (sample {sample})",
            self.state.test_names.get(row.test),
            self.state.lot_id(row.lot)
        );
        self.stop(&seeds, exception, &because, false, said);
        Ok(())
    }

    pub(super) fn new_exception(&self, exception: &ExceptionId) -> Result<(), Refusal> {
        if self
            .state
            .exception_names
            .find(exception.as_str())
            .is_none()
        {
            return Ok(());
        }
        Err(Refusal::new(
            Rule::Known,
            Fact::ExceptionExists {
                exception: exception.clone(),
            },
            Remedy::NameExceptionAnew,
        ))
    }

    fn contact_seen(&self, lots: &[LotId], because: &str, said: &mut Said) -> Result<(), Refusal> {
        let mut numbers = Vec::with_capacity(lots.len());
        for lot in lots {
            let number = self.lot_present(lot)?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        if numbers.len() < 2 {
            return Err(Refusal::new(
                Rule::Known,
                Fact::ContactOfOne,
                Remedy::NameContacts,
            ));
        }
        self.touching(&numbers, because, said);
        Ok(())
    }

    fn contamination(
        &self,
        on: &Soiled,
        since: Timestamp,
        because: &str,
        exception: &ExceptionId,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        use lazaret_vocabulary::event::Spot;
        self.new_exception(exception)?;
        let since = micros(since).min(self.now);
        let seeds = match on {
            Soiled::Lot(lot) => {
                let number = self.lot(lot)?;
                self.state
                    .whole(number)
                    .into_iter()
                    .map(|lot| (lot, since))
                    .collect()
            }
            Soiled::Vehicle(vehicle) => self.state.on_vehicle(self.vehicle_known(vehicle)?, since),
            Soiled::Unit(place, unit) => {
                let spot = Spot {
                    place: place.clone(),
                    unit: *unit,
                };
                self.place(&spot)?;
                self.state.in_unit(&spot, since)
            }
        };
        self.contaminate(&seeds, exception, because, said);
        Ok(())
    }

    fn exception_opened(
        &self,
        exception: &ExceptionId,
        lots: &[LotId],
        because: &str,
    ) -> Result<(), Refusal> {
        self.new_exception(exception)?;
        if lots.is_empty() || because.trim().is_empty() {
            return Err(Refusal::new(
                Rule::Known,
                Fact::ExceptionEmpty,
                Remedy::NameLotsAndReason,
            ));
        }
        for (position, lot) in lots.iter().enumerate() {
            self.lot_present(lot)?;
            if lots[..position].contains(lot) {
                return Err(Refusal::new(
                    Rule::Known,
                    Fact::LotTwice { lot: lot.clone() },
                    Remedy::NameEachLotOnce,
                ));
            }
        }
        Ok(())
    }

    fn exception_closed(&self, exception: &ExceptionId, because: &str) -> Result<(), Refusal> {
        let open = self
            .state
            .exception_names
            .find(exception.as_str())
            .is_some_and(|exception| self.state.open_exceptions.contains(&exception));
        if !open {
            return Err(Refusal::new(
                Rule::Known,
                Fact::ExceptionNotOpen {
                    exception: exception.clone(),
                },
                Remedy::CorrectName,
            ));
        }
        self.need(Rule::NoException, !because.trim().is_empty(), || {
            (
                Fact::ClosingUnexplained {
                    exception: exception.clone(),
                },
                Remedy::SayHow,
            )
        })
    }

    fn signed(
        &self,
        lot: &LotId,
        signer: &PersonName,
        meaning: &str,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let row = self.state.lot(number);
        self.need(Rule::Signers, *signer == self.command.by, || {
            (
                Fact::SignsAsOther {
                    person: self.command.by.clone(),
                    signer: signer.clone(),
                },
                Remedy::SignForYourself,
            )
        })?;
        self.need(Rule::Signers, !meaning.trim().is_empty(), || {
            (Fact::SignatureEmpty, Remedy::SayWhatIsSigned)
        })?;
        if row.is(flag::RELEASED) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::AlreadyReleased { lot: lot.clone() },
                Remedy::NothingToSign,
            ));
        }
        if let Some(reason) = self.gate.unfulfilled(number).into_iter().next() {
            return Err(reason);
        }
        self.cleared(signer)?;
        self.need(
            Rule::Signers,
            !self
                .state
                .signers(number)
                .iter()
                .any(|earlier| same_person(earlier, signer)),
            || {
                (
                    Fact::SignedAlready {
                        signer: signer.clone(),
                        lot: lot.clone(),
                    },
                    Remedy::OtherSigns,
                )
            },
        )?;
        let judged = self.state.handlers_of(number).any(|(handler, _, judged)| {
            let handler = PersonName::new(self.state.person_names.get(handler));
            judged && same_person(&handler, signer)
        });
        self.need(Rule::Independent, !judged, || {
            (
                Fact::TreatedOrTested {
                    signer: signer.clone(),
                    lot: lot.clone(),
                },
                Remedy::NeutralSigns,
            )
        })?;
        // Asked again now: a signature of somebody who should not have signed any more counts for nothing.
        let fallen = self.state.fallen_signatures(number);
        let count = usize::from(row.signatures) - fallen.len() + 1;
        for fallen in fallen {
            said.before.push(self.now(Entry::SignatureWithdrawn {
                lot: lot.clone(),
                because: format!("it counts no more: {fallen}"),
                signer: fallen.signer,
            }));
        }
        let last = count >= usize::from(row.signatures_needed) || self.without(Rule::Signers);
        let chief = self
            .state
            .roles_of(signer)
            .contains(&lazaret_vocabulary::event::entry::Role::ChiefOfficer);
        self.need(Rule::Signers, !last || chief, || {
            let early = self.state.signers(number).into_iter().find(|earlier| {
                let roles = self.state.roles_of(earlier);
                roles.contains(&lazaret_vocabulary::event::entry::Role::ChiefOfficer)
            });
            let remedy = match early {
                // Else one chief who was too quick would keep the lot here for ever.
                Some(early) => Remedy::ChiefSignsAgain {
                    early,
                    signer: signer.clone(),
                },
                None => Remedy::ChiefSignsLast,
            };
            let signer = signer.clone();
            (Fact::NotChief { signer }, remedy)
        })?;
        let mut pins: Vec<_> = (self.state.versions_of(number).map(Protocol::pin)).collect();
        said.own = Some(
            Entry::Signed {
                lot: lot.clone(),
                signer: signer.clone(),
                meaning: meaning.to_owned(),
                pin: pins.pop(),
                also: pins,
            }
            .into(),
        );
        if last {
            said.after
                .push(self.now(Happening::LotReleased { lot: lot.clone() }));
        }
        Ok(())
    }

    fn withdrawn(&self, lot: &LotId, signer: &PersonName, because: &str) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        self.need(Rule::Signers, *signer == self.command.by, || {
            (
                Fact::WithdrawsOther {
                    person: self.command.by.clone(),
                    signer: signer.clone(),
                },
                Remedy::TakeBackOwn,
            )
        })?;
        self.need(Rule::Signers, !because.trim().is_empty(), || {
            (Fact::WithdrawalUnexplained, Remedy::SayWhy)
        })?;
        if self.state.lot(number).is(flag::RELEASED) {
            return Err(Refusal::new(
                Rule::Signers,
                Fact::Released { lot: lot.clone() },
                Remedy::OpenException,
            ));
        }
        if self.state.signers(number).contains(signer) {
            return Ok(());
        }
        Err(Refusal::new(
            Rule::Known,
            Fact::NotSigned {
                signer: signer.clone(),
                lot: lot.clone(),
            },
            Remedy::NothingToTakeBack,
        ))
    }

    fn credit_asked(
        &self,
        lot: &LotId,
        from: Timestamp,
        witness: &PersonName,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let by = &self.command.by;
        self.need(Rule::Skew, !same_person(witness, by), || {
            (
                Fact::OwnWitness { person: by.clone() },
                Remedy::OtherWitness,
            )
        })?;
        self.person(witness)?;
        self.cleared(witness)?;
        self.cleared(by)?;
        self.creditable(number, from)?;
        let asked = Entry::CreditAsked {
            lot: lot.clone(),
            from,
            witness: witness.clone(),
        };
        if self.without(Rule::Skew) {
            // A test that takes the witness away.
            said.after.push(self.now(Entry::ClockCredited {
                lot: lot.clone(),
                from,
                witness: witness.clone(),
            }));
        }
        said.own = Some(asked.into());
        Ok(())
    }

    /// The second half of a credit: the witness says, by an entry of their own, since when it was as they saw it.
    fn credit_witnessed(
        &self,
        lot: &LotId,
        from: Timestamp,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let by = &self.command.by;
        let witness = self.state.person_names.find(by.as_str());
        let asked = (self.state.credits.get(&number)).filter(|asked| Some(asked.1) == witness);
        let Some(&(since, _)) = asked else {
            return Err(Refusal::new(
                Rule::Skew,
                Fact::NotAskedToWitness {
                    person: by.clone(),
                    lot: lot.clone(),
                },
                Remedy::AskForCredit,
            ));
        };
        self.need(Rule::Skew, since == micros(from), || {
            (
                Fact::OtherCredit {
                    asked: when(since),
                    person: by.clone(),
                    seen: from.into(),
                },
                Remedy::SayWhatWasSeen,
            )
        })?;
        self.cleared(by)?;
        self.creditable(number, from)?;
        said.after.push(self.now(Entry::ClockCredited {
            lot: lot.clone(),
            from,
            witness: by.clone(),
        }));
        Ok(())
    }

    /// That the clock of a lot runs, and was not held up by anything since.
    fn creditable(&self, lot: u32, from: Timestamp) -> Result<(), Refusal> {
        let row = self.state.lot(lot);
        let name = self.state.lot_id(lot);
        let Some(clock) = row.clock else {
            return Err(Refusal::new(
                Rule::NeverShorter,
                Fact::ClockStopped { lot: name },
                Remedy::CreditLateClock,
            ));
        };
        let least = row.treated_at.max(row.floor).max(row.entered);
        self.need(
            Rule::NeverShorter,
            micros(from) >= least && micros(from) <= clock,
            || {
                (
                    Fact::CreditTooLong {
                        lot: name,
                        clock: when(clock),
                        least: when(least),
                    },
                    Remedy::CreditLess,
                )
            },
        )
    }
}

/// Whether two names are one person's. An earlier version made two people of two spellings; they give one signature.
fn same_person(one: &PersonName, other: &PersonName) -> bool {
    one == other || key(Kind::Plain, one.as_str()) == key(Kind::Plain, other.as_str())
}
