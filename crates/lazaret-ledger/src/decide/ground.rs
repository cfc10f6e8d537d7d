//! What a place allows: ways to it, opening, room, and what must not stand together.

use lazaret_vocabulary::event::rules::PlaceRule;
use lazaret_vocabulary::event::{LotId, Spot};

use super::{Judge, Said};
use crate::rule::{Refusal, Rule, Warning};
use crate::segregation::{Hazards, Segregation};

impl Judge<'_> {
    /// That the rules know a way from where it is.
    pub(super) fn way(&self, from: Option<&Spot>, to: &Spot, name: &str) -> Result<(), Refusal> {
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
                format!(
                    "no way leads from {} to {} for {name}",
                    from.place, to.place
                ),
                format!(
                    "go by {}",
                    rule.leads_to
                        .iter()
                        .map(lazaret_vocabulary::event::PlaceName::as_str)
                        .collect::<Vec<_>>()
                        .join(" or ")
                ),
            )
        })
    }

    pub(super) fn open(&self, spot: &Spot) -> Result<(), Refusal> {
        let Some(unit) = self.state.unit_at(spot) else {
            return Ok(());
        };
        let closed = unit.closed.as_deref();
        self.need(Rule::Open, closed.is_none() && !unit.broken, || {
            (
                match closed {
                    Some(why) => format!("{} {} is closed: {why}", spot.place, spot.unit),
                    None => format!("{} {} is broken", spot.place, spot.unit),
                },
                "choose another unit, or open or repair it first".into(),
            )
        })
    }

    /// That there is room for one more.
    ///
    /// * `from` — where it has a slot now, which it would give up.
    pub(super) fn room(
        &self,
        rule: &PlaceRule,
        spot: &Spot,
        from: Option<&Spot>,
    ) -> Result<(), Refusal> {
        self.room_for(rule, spot, from, 1)
    }

    pub(super) fn room_for(
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
                    let place = &self.state.places[place as usize];
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
                    format!("{} has {total} slots, and {used} are taken", spot.place),
                    "free a slot, or choose another place".into(),
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
                format!(
                    "{} {} has {slots} slots, and {used} are taken",
                    spot.place, spot.unit
                ),
                "free a slot, or choose another unit".into(),
            )
        })
    }

    /// That nothing in the unit must be kept apart from goods of that class, and nothing in it or beside it from the
    /// dangers of that lot.
    pub(super) fn apart(
        &self,
        lot: Option<u32>,
        goods: u32,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let hazards = lot.map_or_else(Hazards::default, |lot| self.state.lot(lot).hazards);
        if !hazards.is_empty() {
            self.dangers_apart(lot, &hazards, spot, said)?;
        }
        let Some(unit) = self.state.unit_at(spot) else {
            return Ok(());
        };
        let rules = self.rules()?;
        let name = self.state.goods_names.get(goods);
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
                    format!(
                        "{} ({other_name}) is in {} {}, and {name} must be kept apart from it",
                        self.state.lot_id(other),
                        spot.place,
                        spot.unit
                    ),
                    "choose another unit".into(),
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
        lot: Option<u32>,
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
                            format!(
                                "{name} ({theirs}) is in {place} {unit}, and {hazards} must have a whole unit between"
                            ),
                            "choose a unit that is not beside it".into(),
                        )
                    })?;
                    continue;
                }
                self.need(Rule::Apart, asked < Segregation::Separated, || {
                    (
                        format!(
                            "{name} ({theirs}) is in {place} {unit}, and {hazards} must be separated from it"
                        ),
                        elsewhere(hazards, theirs, "choose another unit"),
                    )
                })?;
                if let Some(how) = only_if(asked) {
                    said.warnings.push((
                        Warning::Near,
                        Rule::Apart,
                        format!("{name} ({theirs}) must be {how} {hazards}"),
                    ));
                }
            }
        }
        Ok(())
    }

    pub(super) fn keep_trials_apart(
        &self,
        trial: bool,
        spot: &Spot,
        lot: Option<u32>,
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
            (
                format!(
                    "{} {} has {other}, which {} to a trial run",
                    spot.place,
                    spot.unit,
                    if trial { "does not belong" } else { "belongs" }
                ),
                "choose another unit".into(),
            )
        })
    }
}

/// What goods that may be near each other must be nevertheless; none if nothing is asked, or more than a warning.
pub(super) fn only_if(asked: Segregation) -> Option<String> {
    match asked {
        Segregation::Away => Some("kept away from".into()),
        Segregation::UnderNote(note) => Some(format!(
            "such as note {note} of IMDG 7.2.7.1.4 allows beside"
        )),
        _ => None,
    }
}

/// What to do with goods that may not be together: go elsewhere, or first say what kind of explosive they are.
pub(super) fn elsewhere(own: &Hazards, theirs: &Hazards, elsewhere: &str) -> String {
    if own.ungrouped() || theirs.ungrouped() {
        format!("{elsewhere}, or have the papers name the compatibility group, such as 1.4S")
    } else {
        elsewhere.to_owned()
    }
}
