//! Lots: unloaded, stored, sent to another site, destroyed, sent back.

use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};
use lazaret_vocabulary::event::rules::{ClockFrom, Side};
use lazaret_vocabulary::event::{Event, GoodsName, Happening, LotId, Lots, Spot, VehicleId};
use serde_json::{Map, Value, json};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::{Exchange, object};
use crate::gate::{Way, unknown};
use crate::index::LotIx;
use crate::refusal::{Fact, Noun, Refusal, Remedy};
use crate::role::{CHIEF, OFFICERS, YARD};
use crate::rule::{Rule, Warning};
use crate::state::apply::Touch;
use crate::state::rows::Touched;
use crate::state::{Flag, LotStage, State, seconds, timestamp};
use crate::work::{Work, on_lot};

impl<'a> Meaning<'a> for Lots<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Lots::LotUnloaded { .. } | Lots::LotStored { .. } | Lots::LotSent { .. } => YARD,
            Lots::LotSentBack { .. } => OFFICERS,
            Lots::LotDestroyed { .. } => CHIEF,
        }
    }

    fn work(self) -> Option<Work<'a>> {
        match self {
            // The same work as the beginning of the unloading, said of one lot.
            Lots::LotUnloaded { lot: l, .. } => on_lot(l, false, true),
            Lots::LotStored { lot: l, .. } | Lots::LotSent { lot: l, .. } => on_lot(l, false, true),
            Lots::LotDestroyed { .. } | Lots::LotSentBack { .. } => None,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Lots::LotUnloaded { vehicle, .. } => judge.vehicle_since(vehicle).into_iter().collect(),
            Lots::LotStored { lot, .. }
            | Lots::LotSent { lot, .. }
            | Lots::LotDestroyed { lot }
            | Lots::LotSentBack { lot } => {
                judge.lot_since(lot, Rule::OnePlace).into_iter().collect()
            }
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Lots::LotUnloaded {
                lot,
                vehicle,
                goods,
                spot,
            } => judge.unloaded(lot, vehicle, goods, spot, said),
            Lots::LotStored { lot, spot } => judge.stored(lot, spot, true, said),
            Lots::LotSent { lot, spot } => {
                judge.gate.may_leave(judge.lot(lot)?, Way::Transfer)?;
                judge.stored(lot, spot, false, said)
            }
            Lots::LotDestroyed { lot } => judge.gate.may_leave(judge.lot(lot)?, Way::Destroy),
            Lots::LotSentBack { lot } => judge.gate.may_leave(judge.lot(lot)?, Way::SendBack),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        (at, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Lots::LotUnloaded {
                lot,
                vehicle,
                goods,
                spot,
            } => {
                let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                let goods = state.goods_names.add(goods.as_str());
                let lot = state.new_lot(lot.as_str(), goods);
                state.unload(lot, vehicle, goods, now)?;
                let row = &mut state.lots[lot];
                (row.came, row.since) = (at.min(now), at.min(now));
                touch.lots.push(lot);
                let unit = state.unit(spot);
                let from = (state.vehicles[vehicle].episode)
                    .map_or(now, |visit| state.episode_from(visit));
                state.visit(lot, Touched::Vehicle(vehicle), from, now.max(from));
                state.enter(lot, unit, false, at.min(now), now);
                state.totals.lots_entered += 1;
            }
            Lots::LotStored { lot, spot } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.unload_from_departure(lot);
                let row = &mut state.lots[lot];
                (row.stage, row.since) = (LotStage::Here, at.min(now));
                let unit = state.unit(spot);
                state.enter(lot, unit, true, at.min(now), now);
                let clean = state
                    .place_rule(state.units[unit].place)
                    .is_some_and(|rule| rule.side == Side::Clean);
                let row = &mut state.lots[lot];
                if clean {
                    row.set(Flag::Clean, true);
                }
                state.base(
                    lot,
                    now,
                    |from| matches!(from, ClockFrom::Stored(place) if *place == spot.place),
                );
            }
            Lots::LotSent { lot, spot } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.leave(lot, now);
                // Its slot is kept for it; it touches nothing there before it has come.
                let unit = state.unit(spot);
                state.occupy_as(lot, unit, true);
                let row = &mut state.lots[lot];
                (row.stage, row.since) = (LotStage::Sent, at.min(now));
            }
            Lots::LotDestroyed { lot } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.gone(lot, LotStage::Destroyed, now);
                state.totals.lots_destroyed += 1;
            }
            Lots::LotSentBack { lot } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.gone(lot, LotStage::SentBack, now);
                state.totals.lots_sent_back += 1;
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Lots::LotUnloaded {
                lot,
                vehicle,
                goods,
                ..
            } => format!("lot {lot} ({goods}) was unloaded from {vehicle}"),
            Lots::LotStored { lot, spot } => {
                format!("lot {lot} was put in {} {}", spot.place, spot.unit)
            }
            Lots::LotSent { lot, spot } => {
                format!("lot {lot} was sent to {} {}", spot.place, spot.unit)
            }
            Lots::LotDestroyed { lot } => format!("lot {lot} was destroyed"),
            Lots::LotSentBack { lot } => format!("lot {lot} went back to its sender"),
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Lots::LotUnloaded {
                lot: id,
                vehicle,
                spot,
                ..
            } => {
                let fields = Map::from_iter([
                    ("type".to_owned(), "AggregationEvent".into()),
                    ("action".to_owned(), "DELETE".into()),
                    ("bizStep".to_owned(), "unloading".into()),
                    ("disposition".to_owned(), "in_progress".into()),
                    (
                        "parentID".to_owned(),
                        exchange.name("vehicle", vehicle.as_str()).into(),
                    ),
                    ("childEPCs".to_owned(), json!([exchange.lot(id)])),
                ]);
                exchange.at(fields, spot)
            }
            Lots::LotStored { lot: id, spot } => exchange.at(
                object("OBSERVE", "storing", "in_progress", vec![exchange.lot(id)]),
                spot,
            ),
            Lots::LotDestroyed { lot: id } => {
                object("DELETE", "destroying", "destroyed", vec![exchange.lot(id)])
            }
            Lots::LotSentBack { lot: id } => {
                object("OBSERVE", "shipping", "returned", vec![exchange.lot(id)])
            }
            Lots::LotSent { .. } => return None,
        })
    }
}

impl Judge<'_> {
    pub(crate) fn unloaded(
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
        let class = self.state.goods_names.find(goods.as_str());
        let Some(protocol) =
            self.state
                .protocol_for(class, self.state.vehicles[carrier].source, self.now)
        else {
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
            let announced = row.stage == LotStage::Announced && row.vehicle == Some(carrier);
            if !announced {
                return Err(Refusal::new(
                    Rule::OnePlace,
                    match row.stage {
                        LotStage::Announced => Fact::AnnouncedElsewhere {
                            lot: lot.clone(),
                            vehicle: VehicleId::new(self.state.vehicle_of(row)),
                        },
                        _ => Fact::LotIs {
                            lot: lot.clone(),
                            stage: self.state.stage(number),
                        },
                    },
                    Remedy::CorrectNameOrPapers,
                ));
            }
            self.need(Rule::Conserved, Some(row.goods) == class, || {
                (
                    Fact::OtherGoods {
                        papers: GoodsName::new(self.state.goods_names.get(row.goods)),
                        goods: goods.clone(),
                    },
                    Remedy::AmendPapersOrClass,
                )
            })?;
        }
        let convoy = self.state.vehicles[carrier].convoy;
        if self.state.lot_names.find(lot.as_str()).is_none() {
            self.unannounced(lot, convoy, said);
        }
        // What its papers say of its dangers counts from the first moment.
        let announced = self.state.lot_names.find(lot.as_str());
        self.apart(announced, class, spot, said)?;
        self.keep_trials_apart(
            convoy.is_some_and(|convoy| self.state.convoys[convoy].trial),
            spot,
            None,
        )?;
        // A wait that counts from arrival and waits for no treatment runs from the first moment.
        let protocol = &self.state.protocols[protocol].0;
        if let Some(hold) = protocol
            .hold
            .as_ref()
            .filter(|hold| hold.clock == ClockFrom::Arrival)
            .filter(|hold| {
                (protocol.treatments.iter()).all(|rule| hold.before.contains(&rule.step))
            })
        {
            let from = self.state.vehicles[carrier].arrived;
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

    /// * `comes` — whether it comes there now; otherwise it is sent, and what it starts and touches there waits until it has
    ///   come.
    pub(crate) fn stored(
        &self,
        lot: &LotId,
        spot: &Spot,
        comes: bool,
        said: &mut Said,
    ) -> Result<(), Refusal> {
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
            from.as_ref() != Some(spot) || !row.is(Flag::Slot) || row.stage == LotStage::Sent,
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
        let back = row.is(Flag::Clean) && rule.side != Side::Clean;
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
            self.room(rule, spot, from.as_ref().filter(|_| row.is(Flag::Slot)))?;
        }
        self.apart(Some(number), Some(row.goods), spot, said)?;
        self.keep_trials_apart(self.is_trial(number), spot, Some(number))?;
        let here = |from: &ClockFrom| {
            comes && matches!(from, ClockFrom::Stored(place) if *place == spot.place)
        };
        if comes {
            // What was voided as it was sent waits anew from here on: on its way it is nowhere.
            let protocol = self.state.protocol_of(row);
            let from_arrival = (protocol.and_then(|p| p.hold.as_ref()))
                .is_some_and(|hold| hold.clock == ClockFrom::Arrival);
            let voided = row.stage == LotStage::Sent && row.clock.is_none() && from_arrival;
            if back || (voided && self.state.may_run(row, 0)) {
                self.begins_anew(number, said, here);
            } else {
                self.starts_clock(number, said, here);
            }
            self.mixing(number, spot, rule.contact, said);
        }
        Ok(())
    }

    /// The lot, which must be in that unit.
    pub(crate) fn lot_at(&self, lot: &LotId, spot: &Spot) -> Result<LotIx, Refusal> {
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

    pub(crate) fn lot_present(&self, lot: &LotId) -> Result<LotIx, Refusal> {
        let number = self.lot(lot)?;
        if self.state.lot(number).stage.present() {
            return Ok(number);
        }
        self.lot_here(lot)
    }
}
