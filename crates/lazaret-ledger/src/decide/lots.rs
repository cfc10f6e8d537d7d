//! What happens to lots in the yard: unloading, moves, treatments, holds.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{AgentName, Entry};
use lazaret_vocabulary::event::rules::{ClockFrom, HoldRule, Side};
use lazaret_vocabulary::event::{
    Event, GoodsName, Happening, LotId, PlaceName, Spot, StepName, VehicleId,
};

use super::{Judge, Said};
use crate::gate::unknown;
use crate::refusal::{Fact, Noun, Refusal, Remedy, when};
use crate::rule::{Rule, Warning};
use crate::state::{LotStage, flag, micros, seconds, some, timestamp};
use crate::treatment::{Treatment, judge};

impl Judge<'_> {
    pub(super) fn unloaded(
        &self,
        lot: &LotId,
        vehicle: &VehicleId,
        goods: &GoodsName,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let carrier = self.vehicle_at(vehicle, spot)?;
        self.papers_allow(vehicle)?;
        let known = self.rules()?.goods.iter().any(|rule| rule.goods == *goods);
        self.need(Rule::Known, known, || {
            (unknown(Noun::Goods, goods.as_str()), Remedy::ChooseGoods)
        })?;
        let class = self
            .state
            .goods_names
            .find(goods.as_str())
            .unwrap_or(u32::MAX);
        let Some(protocol) = self.state.protocol_for(
            class,
            self.state.vehicles[carrier as usize].source,
            self.now,
        ) else {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NoProtocol {
                    goods: goods.clone(),
                },
                Remedy::AdoptProtocol,
            ));
        };
        if !self.state.lot_names.has_room(lot.as_str().len()) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NoRoomForNames,
                Remedy::NextLedger,
            ));
        }
        if let Some(number) = self.state.lot_names.find(lot.as_str()) {
            let row = self.state.lot(number);
            let announced = row.stage == LotStage::Announced && row.vehicle == carrier;
            if !announced {
                return Err(Refusal::new(
                    Rule::OnePlace,
                    match row.stage {
                        LotStage::Announced => Fact::AnnouncedElsewhere {
                            lot: lot.clone(),
                            vehicle: VehicleId::new(self.state.vehicle_names.get(row.vehicle)),
                        },
                        _ => Fact::LotIs {
                            lot: lot.clone(),
                            stage: self.state.stage(number),
                        },
                    },
                    Remedy::CorrectNameOrPapers,
                ));
            }
            self.need(Rule::Conserved, row.goods == class, || {
                (
                    Fact::OtherGoods {
                        papers: GoodsName::new(self.state.goods_names.get(row.goods)),
                        goods: goods.clone(),
                    },
                    Remedy::AmendPapersOrClass,
                )
            })?;
        }
        if self.state.lot_names.find(lot.as_str()).is_none() {
            self.unannounced(lot, self.state.vehicles[carrier as usize].convoy, said);
        }
        // What its papers say of its dangers counts from the first moment.
        let announced = self.state.lot_names.find(lot.as_str());
        self.apart(announced, class, spot, said)?;
        self.keep_trials_apart(
            self.state.convoys[self.state.vehicles[carrier as usize].convoy as usize].trial,
            spot,
            None,
        )?;
        // A wait that counts from arrival and waits for no treatment runs from the first moment.
        let protocol = &self.state.protocols[usize::from(protocol)].0;
        if let Some(hold) = protocol
            .hold
            .as_ref()
            .filter(|hold| hold.clock == ClockFrom::Arrival)
            .filter(|hold| {
                (protocol.treatments.iter()).all(|rule| hold.before.contains(&rule.step))
            })
        {
            let from = self.state.vehicles[carrier as usize].arrived;
            said.after.push(Event {
                at: timestamp(from),
                happening: Happening::HoldStarted {
                    lot: lot.clone(),
                    step: hold.step.clone(),
                    until: timestamp(from.saturating_add(seconds(hold.hold_s))),
                },
            });
        }
        Ok(())
    }

    pub(super) fn stored(&self, lot: &LotId, spot: &Spot, said: &mut Said) -> Result<(), Refusal> {
        let number = self.lot(lot)?;
        let row = self.state.lot(number);
        let movable = row.stage.present();
        if !movable {
            self.lot_here(lot)?;
        }
        let rule = self.place(spot)?;
        let from = self.state.spot(row.unit);
        self.need(
            Rule::OnePlace,
            from.as_ref() != Some(spot) || !row.is(flag::SLOT) || row.stage == LotStage::Sent,
            || {
                (
                    Fact::LotAlreadyIn {
                        lot: lot.clone(),
                        place: spot.place.clone(),
                        unit: spot.unit,
                    },
                    Remedy::OtherPlace,
                )
            },
        )?;
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
        if from.as_ref() != Some(spot) {
            self.way(from.as_ref(), spot, lot.as_str())?;
        }
        self.need(
            Rule::OneWay,
            rule.side != Side::Clean || self.state.treated(row),
            || {
                (
                    Fact::UntreatedForClean {
                        lot: lot.clone(),
                        place: spot.place.clone(),
                    },
                    Remedy::TreatOrDirtyPlace,
                )
            },
        )?;
        let back = row.is(flag::CLEAN) && rule.side != Side::Clean;
        if back {
            said.warnings.push((
                Warning::BackToDirty,
                Rule::OneWay,
                Fact::BackToDirty {
                    lot: lot.clone(),
                    place: spot.place.clone(),
                },
            ));
            if !self.without(Rule::OneWay) {
                said.before.push(self.now(Entry::TreatmentVoided {
                    lot: lot.clone(),
                    because: format!("it went back to {} {}", spot.place, spot.unit),
                }));
            }
        }
        // What comes from another site has had its slot since it was sent.
        let expected = row.stage == LotStage::Sent && from.as_ref() == Some(spot);
        if !expected {
            self.open(spot)?;
            self.room(rule, spot, from.as_ref().filter(|_| row.is(flag::SLOT)))?;
        }
        self.apart(Some(number), row.goods, spot, said)?;
        self.keep_trials_apart(self.is_trial(number), spot, Some(number))?;
        let here =
            |from: &ClockFrom| matches!(from, ClockFrom::Stored(place) if *place == spot.place);
        if back {
            self.begins_anew(number, said, here);
        } else {
            self.starts_clock(number, said, here);
        }
        self.mixing(number, spot, rule.contact, said);
        Ok(())
    }

    pub(super) fn treatment_started(
        &self,
        lot: &LotId,
        step: &StepName,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_at(lot, spot)?;
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
        let place = self.place(spot)?;
        self.need(Rule::OneWay, place.side != Side::Clean, || {
            (
                Fact::CleanForStep {
                    place: spot.place.clone(),
                    step: step.clone(),
                },
                Remedy::BringToTreatment,
            )
        })?;
        let rule = (self.state.protocol_of(self.state.lot(number)))
            .and_then(|protocol| protocol.treatments.iter().find(|rule| rule.step == *step));
        let places = rule.map_or(&[] as &[_], |rule| rule.places.as_slice());
        let known = |place: &&PlaceName| {
            (self.state.rules().into_iter())
                .any(|book| book.places.iter().any(|rule| rule.place == **place))
        };
        // Where the rules no longer have any of its places, the protocol is the older of the two.
        let elsewhere = !places.contains(&spot.place) && places.iter().any(|place| known(&place));
        self.need(Rule::Treated, !elsewhere, || {
            let fact = Fact::NotDoneThere {
                lot: lot.clone(),
                place: spot.place.clone(),
                step: step.clone(),
            };
            let places = places.to_vec();
            (fact, Remedy::BringTo { places })
        })?;
        self.starts_clock(
            number,
            said,
            |from| matches!(from, ClockFrom::StepStart(named) if named == step),
        );
        Ok(())
    }

    pub(super) fn treatment_ended(
        &self,
        lot: &LotId,
        step: &StepName,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let treatment = self.treatment_in_hand(number, lot, step)?;
        self.need(Rule::Treated, self.at >= treatment.from, || {
            (
                Fact::EndedBeforeBeginning {
                    from: when(treatment.from),
                    at: when(self.at),
                },
                Remedy::CorrectEnd,
            )
        })?;
        let row = self.state.lot(number);
        let Some(protocol) = self.state.protocol_of(row) else {
            return Ok(());
        };
        let mut treated = row.treated;
        if let Some(bit) = self.state.treatment_bit(number, step) {
            let agent = some(treatment.agent)
                .map(|agent| AgentName::new(self.state.agent_names.get(agent)));
            let pauses: Vec<_> = (treatment.pauses.iter())
                .map(|&(from, to)| (timestamp(from), timestamp(to)))
                .collect();
            let judgement = judge(
                &protocol.treatments[bit],
                &Treatment {
                    from: timestamp(treatment.from),
                    to: timestamp(self.at),
                    agent: agent.as_ref(),
                    dosed: timestamp(treatment.dosed),
                    dose_mg_m3: treatment.dose,
                    pauses: &pauses,
                    readings: &treatment.readings,
                },
            );
            let valid = judgement.fault.is_none() || self.without(Rule::Treated);
            if valid {
                treated |= 1 << bit;
            }
            said.after.push(self.now(Entry::TreatmentJudged {
                lot: lot.clone(),
                step: step.clone(),
                valid,
                contact_s: judgement.contact_s,
                ct_mg_h_m3: judgement.ct_mg_h_m3,
                pin: protocol.pin(),
                because: judgement.fault,
            }));
            if !valid {
                return Ok(());
            }
        }
        let base = match &protocol.hold {
            Some(hold) if matches!(&hold.clock, ClockFrom::StepEnd(named) if named == step) => {
                Some(self.now)
            }
            _ => row.base,
        };
        let complete = self.state.may_run(row, treated);
        said.after.extend(self.clock_event(number, complete, base));
        Ok(())
    }

    pub(super) fn treatment_in_hand(
        &self,
        lot: u32,
        name: &LotId,
        step: &StepName,
    ) -> Result<&crate::state::OpenTreatment, Refusal> {
        let treatment = self.state.treatments.get(&lot);
        treatment
            .filter(|treatment| self.state.step_names.get(treatment.step) == step.as_str())
            .ok_or_else(|| {
                Refusal::new(
                    Rule::Treated,
                    match treatment {
                        Some(other) => Fact::OtherTreatment {
                            lot: name.clone(),
                            other: StepName::new(self.state.step_names.get(other.step)),
                            step: step.clone(),
                        },
                        None => Fact::NotBegun {
                            lot: name.clone(),
                            step: step.clone(),
                        },
                    },
                    Remedy::RecordBeginning,
                )
            })
    }

    pub(super) fn in_hand(
        &self,
        lot: &LotId,
        step: &StepName,
    ) -> Result<(u32, &crate::state::OpenTreatment), Refusal> {
        let number = self.lot_here(lot)?;
        Ok((number, self.treatment_in_hand(number, lot, step)?))
    }

    /// The lot, which must be in that unit.
    pub(super) fn lot_at(&self, lot: &LotId, spot: &Spot) -> Result<u32, Refusal> {
        let number = self.lot_here(lot)?;
        self.place(spot)?;
        let at = self.state.spot(self.state.lot(number).unit);
        self.need(Rule::OnePlace, at.as_ref() == Some(spot), || {
            (
                match &at {
                    Some(at) => Fact::LotElsewhere {
                        lot: lot.clone(),
                        place: at.place.clone(),
                        unit: at.unit,
                    },
                    None => Fact::LotNowhere { lot: lot.clone() },
                },
                Remedy::BroughtFirst {
                    place: spot.place.clone(),
                    unit: spot.unit,
                },
            )
        })?;
        Ok(number)
    }

    /// Whether the event at hand, being what the clock of `lot` counts from, starts it.
    pub(super) fn starts_clock(&self, lot: u32, said: &mut Said, is: impl Fn(&ClockFrom) -> bool) {
        let row = self.state.lot(lot);
        let Some(protocol) = self.state.protocol_of(row) else {
            return;
        };
        let base = match &protocol.hold {
            Some(hold) if is(&hold.clock) => Some(self.now),
            _ => row.base,
        };
        said.after
            .extend(self.clock_event(lot, self.state.may_run(row, row.treated), base));
    }

    /// Whether a lot that has just been voided may wait again at once: if it waits before it is treated.
    fn begins_anew(&self, lot: u32, said: &mut Said, is: impl Fn(&ClockFrom) -> bool) {
        let row = self.state.lot(lot);
        let hold = self.state.protocol_of(row).and_then(|p| p.hold.as_ref());
        if self.state.may_run(row, 0)
            && let Some(hold) =
                hold.filter(|hold| hold.clock == ClockFrom::Arrival || is(&hold.clock))
            && !self.without(Rule::OneWay)
        {
            said.after.push(self.held_from(lot, hold, self.now));
        }
    }

    /// The beginning of a hold at `from`.
    fn held_from(&self, lot: u32, hold: &HoldRule, from: i64) -> Event {
        Event {
            at: timestamp(from),
            happening: Happening::HoldStarted {
                lot: self.state.lot_id(lot),
                step: hold.step.clone(),
                until: timestamp(from.saturating_add(self.state.lot(lot).hold_us)),
            },
        }
    }

    /// The beginning of the hold of `lot`, if nothing is missing for it and it has not begun.
    pub(super) fn clock_event(&self, lot: u32, treated: bool, base: Option<i64>) -> Option<Event> {
        let row = self.state.lot(lot);
        let hold = self.state.protocol_of(row)?.hold.as_ref()?;
        // A wait that counts from something before the treatment may begin with it; any other begins now at the
        // earliest, when the last thing it waited for has come.
        let from = match hold.clock {
            ClockFrom::Arrival | ClockFrom::StepStart(_) => base?,
            ClockFrom::Stored(_) | ClockFrom::StepEnd(_) => base?.max(self.now),
        }
        .max(row.floor);
        (treated && row.clock.is_none()).then(|| self.held_from(lot, hold, from))
    }

    pub(super) fn hold_started(
        &self,
        lot: &LotId,
        until: Timestamp,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let row = self.state.lot(number);
        self.need(Rule::Treated, self.state.may_run(row, row.treated), || {
            (
                Fact::NotTreated { lot: lot.clone() },
                Remedy::CompleteTreatment,
            )
        })?;
        if row.clock.is_some() {
            return self.never_shorter(number, until);
        }
        if self
            .state
            .protocol_of(row)
            .is_none_or(|protocol| protocol.hold.is_none())
        {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NoHold { lot: lot.clone() },
                Remedy::ExceptionOrProtocol,
            ));
        }
        // Said before what the clock counts from: it starts now, and not when somebody says it did. No contact is later.
        said.before
            .extend(self.clock_event(number, true, Some(self.now)));
        let least = self.now.saturating_add(row.hold_us);
        if micros(until) < least {
            return Err(self.too_short(lot, least));
        }
        Ok(())
    }

    pub(super) fn never_shorter(&self, lot: u32, until: Timestamp) -> Result<(), Refusal> {
        let row = self.state.lot(lot);
        let earliest = self.state.earliest(row);
        if row.clock.is_some() && micros(until) < earliest {
            return Err(self.too_short(&self.state.lot_id(lot), earliest));
        }
        Ok(())
    }

    pub(super) fn too_short(&self, lot: &LotId, least: i64) -> Refusal {
        Refusal::new(
            Rule::NeverShorter,
            Fact::HeldUntil {
                lot: lot.clone(),
                until: when(least),
            },
            Remedy::ThatInstantOrLater,
        )
    }

    pub(super) fn hold_ended(&self, lot: &LotId) -> Result<(), Refusal> {
        let number = self.lot_present(lot)?;
        let earliest = self.state.earliest(self.state.lot(number));
        self.need(Rule::ClockRun, earliest <= self.now, || {
            (
                if earliest == i64::MAX {
                    Fact::ClockNotBegun { lot: lot.clone() }
                } else {
                    Fact::HeldUntil {
                        lot: lot.clone(),
                        until: when(earliest),
                    }
                },
                Remedy::WaitForClock,
            )
        })
    }

    pub(super) fn lot_present(&self, lot: &LotId) -> Result<u32, Refusal> {
        let number = self.lot(lot)?;
        if self.state.lot(number).stage.present() {
            return Ok(number);
        }
        self.lot_here(lot)
    }
}
