//! What a place allows: ways to it, opening, room, and what must not stand together.

use lazaret_vocabulary::event::rules::PlaceRule;
use lazaret_vocabulary::event::{LotId, Spot};

use super::yard::classes;
use super::{Judge, Said};
use crate::rule::{Refusal, Rule, Warning};
use crate::segregation::{Segregation, strictest};

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

    /// That nothing in the unit must be kept apart from goods of that class, or from that lot.
    pub(super) fn apart(
        &self,
        lot: Option<u32>,
        goods: u32,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let Some(unit) = self.state.unit_at(spot) else {
            return Ok(());
        };
        let rules = self.rules()?;
        let hazards = lot.map_or(0, |lot| self.state.lot(lot).hazards);
        let name = self.state.goods_names.get(goods);
        // Most goods stand beside anything: a yard of thousands is looked through only for those that do not.
        let segregated = rules.goods.iter().any(|rule| {
            let own = rule.goods.as_str() == name && !rule.apart_from.is_empty();
            own || rule.apart_from.iter().any(|other| other.as_str() == name)
        });
        if !segregated && hazards == 0 {
            return Ok(());
        }
        for &other in unit.lots.iter().filter(|&&other| Some(other) != lot) {
            let row = self.state.lot(other);
            let other_name = self.state.goods_names.get(row.goods);
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
            let asked = strictest(hazards, row.hazards);
            self.need(Rule::Apart, asked < Segregation::Separated, || {
                (
                    format!(
                        "{} ({}) is in {} {}, and {} must be separated from it",
                        self.state.lot_id(other),
                        classes(row.hazards),
                        spot.place,
                        spot.unit,
                        classes(hazards)
                    ),
                    "choose another unit".into(),
                )
            })?;
            if asked == Segregation::Away {
                said.warnings.push((
                    Warning::Near,
                    Rule::Apart,
                    format!(
                        "{} ({}) must be kept away from {}",
                        self.state.lot_id(other),
                        classes(row.hazards),
                        classes(hazards)
                    ),
                ));
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
