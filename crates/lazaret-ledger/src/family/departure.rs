//! Departures inland: loaded, gone, cancelled.

use lazaret_vocabulary::event::entry::{PersonName, Role};
use lazaret_vocabulary::event::{DepartureId, Departures, LotId, VehicleId};
use serde_json::{Map, Value, json};

use super::Meaning;
use crate::decide::ground::ungrouped;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::{Exchange, object};
use crate::gate::Way;
use crate::index::LotIx;
use crate::refusal::{Fact, Nearness, Refusal, Remedy};
use crate::role::DISPATCH;
use crate::rule::{Rule, Warning};
use crate::segregation::Segregation;
use crate::state::apply::Touch;
use crate::state::{Flag, LotStage, State};
use crate::words::count_of;
use crate::work::{Work, on_lot};

impl<'a> Meaning<'a> for Departures<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Departures::LotLoaded { .. }
            | Departures::Departed { .. }
            | Departures::DepartureCancelled { .. } => DISPATCH,
        }
    }

    fn work(self) -> Option<Work<'a>> {
        match self {
            Departures::LotLoaded { lot: l, .. } => on_lot(l, false, true),
            Departures::Departed { .. } | Departures::DepartureCancelled { .. } => None,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Departures::LotLoaded { lot, .. } => {
                judge.lot_since(lot, Rule::OnePlace).into_iter().collect()
            }
            Departures::Departed { departure, .. } => {
                (judge.state.departure(departure).into_iter())
                    .flat_map(|(lots, _)| lots)
                    .filter_map(|lot| judge.lot_since(&lot, Rule::OnePlace))
                    .collect()
            }
            Departures::DepartureCancelled { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Departures::LotLoaded {
                lot,
                departure,
                wagon,
            } => judge.loaded(lot, departure, wagon.as_ref(), said),
            Departures::Departed {
                departure, lots, ..
            } => judge.departed(departure, *lots),
            Departures::DepartureCancelled { .. } => Ok(()),
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
            Departures::LotLoaded {
                lot,
                departure,
                wagon,
            } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                if let Some(wagon) = wagon {
                    state.wagons.insert(lot, wagon.as_str().to_owned());
                }
                let departure = state.departure_row(departure.as_str());
                state.leave(lot, now);
                let row = &mut state.lots[lot];
                (row.stage, row.departure) = (LotStage::Loaded, Some(departure));
                row.since = at.min(now);
                state.departures[departure].lots.push(lot);
            }
            Departures::Departed { departure, .. } => {
                let departure = state.departure_row(departure.as_str());
                let row = &mut state.departures[departure];
                row.left = Some(now);
                for lot in row.lots.clone() {
                    state.gone(lot, LotStage::Departed, now);
                    touch.lots.push(lot);
                    state.totals.lots_departed += 1;
                }
            }
            Departures::DepartureCancelled { .. } => {}
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Departures::LotLoaded {
                lot,
                departure,
                wagon,
            } => match wagon {
                Some(wagon) => format!("lot {lot} was loaded for {departure}, in {wagon}"),
                None => format!("lot {lot} was loaded for {departure}"),
            },
            Departures::Departed {
                departure, lots, ..
            } => format!(
                "{departure} left with {}",
                count_of(u64::from(*lots), "lot")
            ),
            Departures::DepartureCancelled { step, ready, least } => {
                format!("{step} did not leave: {ready} lots are ready, {least} are needed")
            }
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Departures::LotLoaded {
                lot: id, departure, ..
            } => Map::from_iter([
                ("type".to_owned(), "AggregationEvent".into()),
                ("action".to_owned(), "ADD".into()),
                ("bizStep".to_owned(), "loading".into()),
                ("disposition".to_owned(), "in_transit".into()),
                (
                    "parentID".to_owned(),
                    exchange.name("departure", departure.as_str()).into(),
                ),
                ("childEPCs".to_owned(), json!([exchange.lot(id)])),
            ]),
            Departures::Departed { departure, .. } => object(
                "OBSERVE",
                "departing",
                "in_transit",
                vec![exchange.name("departure", departure.as_str())],
            ),
            Departures::DepartureCancelled { .. } => return None,
        })
    }
}

impl Judge<'_> {
    pub(crate) fn loaded(
        &self,
        lot: &LotId,
        departure: &DepartureId,
        wagon: Option<&VehicleId>,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        self.gate.may_leave(number, Way::Inland)?;
        let Some(train) = self.state.departure_names.find(departure.as_str()) else {
            return Ok(());
        };
        let train = &self.state.departures[train];
        self.need(Rule::OnePlace, train.left.is_none(), || {
            (
                Fact::DepartureLeft {
                    departure: departure.clone(),
                },
                Remedy::ChooseLoading,
            )
        })?;
        let row = self.state.lot(number);
        for &other in &train.lots {
            let other_row = self.state.lot(other);
            self.need(
                Rule::Trial,
                row.is(Flag::Trial) == other_row.is(Flag::Trial),
                || {
                    (
                        Fact::TrialAboard {
                            lot: lot.clone(),
                            other: self.state.lot_id(other),
                        },
                        Remedy::TrialDeparture,
                    )
                },
            )?;
            self.dangers_aboard((number, wagon), other, said)?;
        }
        Ok(())
    }

    /// That two lots of one departure are as far from each other as the tables of segregation ask.
    ///
    /// Wagons are apart from each other, so that only what is in one wagon can be too near; what needs a whole
    /// compartment between needs another departure, because nobody records in which order wagons are coupled.
    pub(crate) fn dangers_aboard(
        &self,
        (lot, wagon): (LotIx, Option<&VehicleId>),
        other: LotIx,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let (own, theirs) = (&self.state.lot(lot).hazards, &self.state.lot(other).hazards);
        let (asked, _) = own.strictest(theirs);
        if asked == Segregation::None {
            return Ok(());
        }
        let (name, other_name) = (self.state.lot_id(lot), self.state.lot_id(other));
        self.need(Rule::Apart, asked < Segregation::Compartment, || {
            (
                Fact::CompartmentBetween {
                    lot: name.clone(),
                    own: own.into(),
                    other: other_name.clone(),
                    dangers: theirs.into(),
                },
                Remedy::OtherDeparture,
            )
        })?;
        let wagons = wagon.zip(self.state.wagons.get(&other));
        let together = wagons.map(|(own, theirs)| same_mark(own.as_str(), theirs));
        if together == Some(false) {
            return Ok(());
        }
        self.need(
            Rule::Apart,
            together.is_none() || asked < Segregation::Separated,
            || {
                (
                    Fact::SameWagon {
                        lot: other_name.clone(),
                        dangers: theirs.into(),
                        own: own.into(),
                    },
                    if ungrouped(own, theirs) {
                        Remedy::OtherWagonOrGroup
                    } else {
                        Remedy::OtherWagon
                    },
                )
            },
        )?;
        let how = Nearness::of(asked).unwrap_or(Nearness::OtherWagon);
        said.warnings.push((
            Warning::Near,
            Rule::Apart,
            Fact::NearAboard {
                lot: other_name,
                dangers: theirs.into(),
                how,
                other: name,
                own: own.into(),
                wagons_known: together.is_some(),
            },
        ));
        Ok(())
    }

    pub(crate) fn departed(&self, departure: &DepartureId, lots: u32) -> Result<(), Refusal> {
        let train = self
            .state
            .departure_names
            .find(departure.as_str())
            .map(|train| &self.state.departures[train]);
        if let Some(train) = train {
            if train.left.is_some() {
                return Err(Refusal::new(
                    Rule::OnePlace,
                    Fact::DepartureLeftAlready {
                        departure: departure.clone(),
                    },
                    Remedy::CorrectName,
                ));
            }
            for &lot in &train.lots {
                self.gate.may_leave(lot, Way::Inland)?;
            }
        }
        let loaded = train.map_or(0, |train| train.lots.len());
        self.need(Rule::Conserved, loaded == lots as usize, || {
            (
                Fact::LoadedDiffers {
                    departure: departure.clone(),
                    loaded: loaded as u32,
                    lots,
                },
                Remedy::RecordLoading,
            )
        })
    }
}

/// Whether two marks are of one wagon, however they are written. Two wagons that look alike count as one.
pub(crate) fn same_mark(a: &str, b: &str) -> bool {
    let plain = |mark: &str| -> String {
        (mark.chars().filter(|c| c.is_alphanumeric()))
            .flat_map(char::to_uppercase)
            .collect()
    };
    plain(a) == plain(b)
}
