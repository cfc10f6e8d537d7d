//! What a place allows: ways to it, opening, room, and what must not stand together.

use lazaret_vocabulary::event::rules::PlaceRule;
use lazaret_vocabulary::event::{GoodsName, LotId, Spot, Thing};

use super::{Judge, Said};
use crate::index::{GoodsIx, LotIx};
use crate::refusal::{Fact, Nearness, Refusal, Remedy};
use crate::rule::{Rule, Warning};
use crate::segregation::{Hazards, Segregation};

impl Judge<'_> {
    /// That a thing which waits or is worked on is here.
    pub(crate) fn thing(&self, thing: &Thing) -> Result<(), Refusal> {
        match thing {
            Thing::Lot(lot) => self.lot_present(lot).map(drop),
            Thing::Vehicle(vehicle) => self.vehicle_here(vehicle).map(drop),
            Thing::Convoy(_) => Ok(()),
        }
    }

    /// That the rules know a way from where it is.
    pub(crate) fn way(&self, from: Option<&Spot>, to: &Spot, name: &str) -> Result<(), Refusal> {
        let Some(from) = from else {
            return Ok(());
        };
        // Where it stands may have been taken out of the rules since; anything may be moved out of there.
        let Some(rule) = self
            .rules()?
            .places
            .iter()
            .find(|rule| rule.place == from.place)
        else {
            return Ok(());
        };
        let leads =
            rule.leads_to.is_empty() || from.place == to.place || rule.leads_to.contains(&to.place);
        self.need(Rule::OnePlace, leads, || {
            (
                Fact::NoWay {
                    thing: name.to_owned(),
                    from: from.place.clone(),
                    to: to.place.clone(),
                },
                Remedy::GoBy {
                    places: rule.leads_to.clone(),
                },
            )
        })
    }

    pub(crate) fn open(&self, spot: &Spot) -> Result<(), Refusal> {
        let Some(unit) = self.state.unit_at(spot) else {
            return Ok(());
        };
        let closed = unit.closed.as_deref();
        self.need(Rule::Open, closed.is_none() && !unit.broken, || {
            (
                match closed {
                    Some(why) => Fact::UnitClosed {
                        place: spot.place.clone(),
                        unit: spot.unit,
                        because: why.to_owned(),
                    },
                    None => Fact::UnitBroken {
                        place: spot.place.clone(),
                        unit: spot.unit,
                    },
                },
                Remedy::OtherUnitOrOpen,
            )
        })
    }

    /// That there is room for one more.
    ///
    /// * `from` — where it has a slot now, which it would give up.
    pub(crate) fn room(
        &self,
        rule: &PlaceRule,
        spot: &Spot,
        from: Option<&Spot>,
    ) -> Result<(), Refusal> {
        self.room_for(rule, spot, from, 1)
    }

    pub(crate) fn room_for(
        &self,
        rule: &PlaceRule,
        spot: &Spot,
        from: Option<&Spot>,
        more: u32,
    ) -> Result<(), Refusal> {
        let (slots_now, used) =
            self.state
                .place_names
                .find(spot.place.as_str())
                .map_or((None, 0), |place| {
                    let place = &self.state.places[place];
                    (place.slots_now, place.used)
                });
        let given_up = u32::from(from.is_some_and(|from| from.place == spot.place));
        let total = slots_now.or_else(|| {
            rule.pooled
                .then(|| Some(rule.slots?.saturating_mul(rule.units?)))
                .flatten()
        });
        if let Some(total) = total {
            let would = used.saturating_sub(given_up).saturating_add(more);
            self.need(Rule::Room, would <= total, || {
                (
                    Fact::PlaceFull {
                        place: spot.place.clone(),
                        slots: total,
                        used,
                    },
                    Remedy::FreeSlotOrPlace,
                )
            })?;
        }
        if rule.pooled || slots_now.is_some() {
            return Ok(());
        }
        let Some(slots) = rule.slots else {
            return Ok(());
        };
        let used = self.state.unit_at(spot).map_or(0, |unit| unit.used);
        let given_up = u32::from(from == Some(spot));
        let would = used.saturating_sub(given_up).saturating_add(more);
        self.need(Rule::Room, would <= slots, || {
            (
                Fact::UnitFull {
                    place: spot.place.clone(),
                    unit: spot.unit,
                    slots,
                    used,
                },
                Remedy::FreeSlotOrUnit,
            )
        })
    }

    /// That nothing in the unit must be kept apart from goods of that class, and nothing in it or beside it from the
    /// dangers of that lot.
    pub(crate) fn apart(
        &self,
        lot: Option<LotIx>,
        goods: Option<GoodsIx>,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let hazards = lot.map_or_else(Hazards::default, |lot| self.state.lot(lot).hazards);
        self.apart_as(lot, goods, &hazards, spot, said)
    }

    /// As [`apart`](Self::apart), with the dangers told.
    pub(crate) fn apart_as(
        &self,
        lot: Option<LotIx>,
        goods: Option<GoodsIx>,
        hazards: &Hazards,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        if !hazards.is_empty() {
            self.dangers_apart(lot, hazards, spot, said)?;
        }
        let Some(unit) = self.state.unit_at(spot) else {
            return Ok(());
        };
        let rules = self.rules()?;
        let name = goods.map_or("", |goods| self.state.goods_names.get(goods));
        // Most goods stand beside anything: a yard of thousands is looked through only for those that do not.
        let segregated = rules.goods.iter().any(|rule| {
            let own = rule.goods.as_str() == name && !rule.apart_from.is_empty();
            own || rule.apart_from.iter().any(|other| other.as_str() == name)
        });
        if !segregated {
            return Ok(());
        }
        for &other in unit.lots.iter().filter(|&&other| Some(other) != lot) {
            let other_name = self.state.goods_names.get(self.state.lot(other).goods);
            let apart = rules.goods.iter().any(|rule| {
                let pair = |a: &str, b: &str| {
                    rule.goods.as_str() == a && rule.apart_from.iter().any(|g| g.as_str() == b)
                };
                pair(name, other_name) || pair(other_name, name)
            });
            self.need(Rule::Apart, !apart, || {
                (
                    Fact::GoodsApart {
                        lot: self.state.lot_id(other),
                        goods: GoodsName::new(other_name),
                        place: spot.place.clone(),
                        unit: spot.unit,
                        own: GoodsName::new(name),
                    },
                    Remedy::OtherUnit,
                )
            })?;
        }
        Ok(())
    }

    /// That a unit and those beside it hold nothing that the tables of segregation forbid there.
    ///
    /// Units are numbered as they stand: a whole unit is between 1 and 3, and none between 1 and 2.
    fn dangers_apart(
        &self,
        lot: Option<LotIx>,
        hazards: &Hazards,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        for number in spot.unit.saturating_sub(1)..=spot.unit.saturating_add(1) {
            let near = Spot {
                place: spot.place.clone(),
                unit: number,
            };
            let Some(unit) = self.state.unit_at(&near) else {
                continue;
            };
            for &other in unit.lots.iter().filter(|&&other| Some(other) != lot) {
                let theirs = &self.state.lot(other).hazards;
                let (asked, _) = hazards.strictest(theirs);
                let name = self.state.lot_id(other);
                let (place, unit) = (&near.place, near.unit);
                if number != spot.unit {
                    self.need(Rule::Apart, asked < Segregation::Compartment, || {
                        (
                            Fact::UnitBetween {
                                lot: name.clone(),
                                dangers: theirs.into(),
                                place: place.clone(),
                                unit,
                                own: hazards.into(),
                            },
                            Remedy::UnitNotBeside,
                        )
                    })?;
                    continue;
                }
                self.need(Rule::Apart, asked < Segregation::Separated, || {
                    (
                        Fact::SeparatedFrom {
                            lot: name.clone(),
                            dangers: theirs.into(),
                            place: place.clone(),
                            unit,
                            own: hazards.into(),
                        },
                        if ungrouped(hazards, theirs) {
                            Remedy::OtherUnitOrGroup
                        } else {
                            Remedy::OtherUnit
                        },
                    )
                })?;
                if let Some(how) = Nearness::of(asked) {
                    said.warnings.push((
                        Warning::Near,
                        Rule::Apart,
                        Fact::Near {
                            lot: name,
                            dangers: theirs.into(),
                            how,
                            own: hazards.into(),
                        },
                    ));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn keep_trials_apart(
        &self,
        trial: bool,
        spot: &Spot,
        lot: Option<LotIx>,
    ) -> Result<(), Refusal> {
        let other = self.state.unit_at(spot).and_then(|unit| {
            unit.lots
                .iter()
                .copied()
                // The first other lot tells: a unit never has both kinds.
                .find(|&other| Some(other) != lot)
                .filter(|&other| self.is_trial(other) != trial)
        });
        self.need(Rule::Trial, other.is_none(), || {
            let other = other.map_or_else(|| LotId::new(""), |other| self.state.lot_id(other));
            let fact = Fact::TrialInUnit {
                place: spot.place.clone(),
                unit: spot.unit,
                lot: other,
                trial: !trial,
            };
            (fact, Remedy::OtherUnit)
        })
    }
}

/// Whether knowing what kind of explosive one of two lots is might let them be together.
pub(crate) fn ungrouped(own: &Hazards, theirs: &Hazards) -> bool {
    own.ungrouped() || theirs.ungrouped()
}
