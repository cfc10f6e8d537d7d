//! Counts, losses and splits of lots.

use lazaret_vocabulary::event::LotId;
use lazaret_vocabulary::event::entry::{Counts, Entry, LotPart, PersonName, Role, Tally};
use serde_json::{Map, Value, json};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::Exchange;
use crate::refusal::{Fact, Refusal, Remedy};
use crate::role::{COUNTERS, NOBODY};
use crate::rule::{Rule, Warning};
use crate::state::apply::Touch;
use crate::state::rows::Parts;
use crate::state::{Flag, LotStage, State};
use crate::words::{list, tally_words};
use crate::work::{Work, on_lot};

impl<'a> Meaning<'a> for Counts<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Counts::LotCounted { .. } | Counts::LossDeclared { .. } | Counts::LotSplit { .. } => {
                COUNTERS
            }
            Counts::DiscrepancyFound { .. } => NOBODY,
        }
    }

    fn work(self) -> Option<Work<'a>> {
        match self {
            Counts::LotCounted { lot: l, .. } | Counts::LotSplit { lot: l, .. } => {
                on_lot(l, false, true)
            }
            Counts::DiscrepancyFound { .. } | Counts::LossDeclared { .. } => None,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Counts::LotCounted { lot, .. }
            | Counts::LossDeclared { lot, .. }
            | Counts::LotSplit { lot, .. } => judge.lot_came(lot).into_iter().collect(),
            Counts::DiscrepancyFound { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Counts::LotCounted { lot, tally } => judge.counted(lot, *tally, said),
            Counts::LossDeclared { lot, lost, because } => judge.lost(lot, *lost, because, said),
            Counts::LotSplit { lot, parts } => judge.split(lot, parts),
            // The ledger's own entries stop at the matrix of roles; a note may say anything.
            Counts::DiscrepancyFound { .. } => Ok(()),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        (_at, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Counts::LotCounted { lot, tally } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.tally(lot, *tally);
            }
            Counts::DiscrepancyFound { lot, exception, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let exception =
                    state.exception(exception.as_str(), now, "it is not what its papers say");
                state.freeze(lot, exception);
            }
            Counts::LossDeclared { lot, lost, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let row = &mut state.lots[lot];
                row.pieces = row.pieces.saturating_sub(lost.pieces);
                row.mass_kg = row.mass_kg.saturating_sub(lost.mass_kg);
            }
            Counts::LotSplit { lot, parts } => {
                let parent = state.lot_touched(lot.as_str(), touch)?;
                let first = state.lots.next();
                for part in parts {
                    let number = state.lot_names.add(part.lot.as_str());
                    if number != state.lots.next() {
                        return Err(format!("part {} is not new", part.lot));
                    }
                    state.split_off(parent, number, part.tally);
                    touch.lots.push(number);
                }
                state.leave(parent, now);
                let row = &mut state.lots[parent];
                row.stage = LotStage::Split;
                row.children = Some(Parts {
                    first,
                    count: parts.len() as u16,
                });
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Counts::LotCounted { lot, tally } => {
                format!("lot {lot} was counted: {}", tally_words(tally))
            }
            Counts::DiscrepancyFound {
                lot, papers, found, ..
            } => format!(
                "lot {lot} has {} and {} by its papers",
                tally_words(found),
                tally_words(papers)
            ),
            Counts::LossDeclared { lot, lost, because } => {
                format!("{} of {lot} are lost: {because}", tally_words(lost))
            }
            Counts::LotSplit { lot, parts } => format!(
                "lot {lot} became {}",
                list(parts.iter().map(|part| part.lot.to_string()))
            ),
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Counts::LotSplit { lot: id, parts } => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| exchange.name("lot", part.lot.as_str()))
                    .collect();
                Map::from_iter([
                    ("type".to_owned(), "TransformationEvent".into()),
                    ("bizStep".to_owned(), "repackaging".into()),
                    ("disposition".to_owned(), "in_progress".into()),
                    ("inputEPCList".to_owned(), json!([exchange.lot(id)])),
                    ("outputEPCList".to_owned(), json!(parts)),
                ])
            }
            Counts::LotCounted { .. }
            | Counts::DiscrepancyFound { .. }
            | Counts::LossDeclared { .. } => return None,
        })
    }
}

impl Judge<'_> {
    pub(crate) fn counted(
        &self,
        lot: &LotId,
        tally: Tally,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_present(lot)?;
        let row = self.state.lot(number);
        if !row.is(Flag::Tallied) || self.without(Rule::Conserved) {
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
                exception: self.exception_of("count"),
                papers,
                found: tally,
            }));
        }
        Ok(())
    }

    pub(crate) fn lost(
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

    pub(crate) fn split(&self, lot: &LotId, parts: &[LotPart]) -> Result<(), Refusal> {
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
        let Some(spot) = self.state.spot(row.unit).filter(|_| row.is(Flag::Slot)) else {
            return Ok(());
        };
        let rule = self.place(&spot)?;
        self.room_for(rule, &spot, None, parts.len() as u32 - 1)
    }
}
