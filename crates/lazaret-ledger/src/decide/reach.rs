//! What contact and contamination make of other lots.

use lazaret_vocabulary::event::entry::{Entry, ExceptionId, Surface};
use lazaret_vocabulary::event::rules::Contact;
use lazaret_vocabulary::event::{Event, Happening, LotId, Spot, StepName};

use super::{Judge, Said};
use crate::index::LotIx;
use crate::rule::Rule;
use crate::state::{Flag, LotStage, timestamp};

impl Judge<'_> {
    /// The clock of `lot` starts anew, with the reason.
    pub(crate) fn restart(&self, lot: LotIx, because: String) -> Event {
        let row = self.state.lot(lot);
        let step = self
            .state
            .protocol_of(row)
            .and_then(|protocol| protocol.hold.as_ref())
            .map_or_else(|| StepName::new("hold"), |hold| hold.step.clone());
        self.now(Happening::HoldRestarted {
            lot: self.state.lot_id(lot),
            step,
            until: timestamp(self.now.saturating_add(row.hold_us)),
            because,
        })
    }

    /// How dirty a lot is compared with another: a later clock is dirtier, and no clock dirtiest.
    pub(crate) fn dirt(&self, lot: LotIx) -> i64 {
        let row = self.state.lot(lot);
        match row.clock {
            Some(clock) if row.frozen == 0 => clock,
            _ => i64::MAX,
        }
    }

    /// Restarts that follow when `lot` joins the unit of `spot`, where lots share a clock.
    pub(crate) fn mixing(&self, lot: LotIx, spot: &Spot, contact: Contact, said: &mut Said) {
        if contact != Contact::Mixing || self.without(Rule::Restarts) {
            return;
        }
        let name = self.state.lot_id(lot);
        let own = self.dirt(lot);
        let mut dirtiest: Option<(i64, LotIx)> = None;
        for companion in self.state.company(spot, self.at, lot) {
            let (other, from_record) = (companion.lot, companion.record);
            let dirt = self.dirt(other);
            if dirt > own && dirtiest.is_none_or(|(most, _)| dirt > most) {
                dirtiest = Some((dirt, other));
            }
            let row = self.state.lot(other);
            if companion.overlaps && own > dirt && row.stage.present() {
                said.after.push(self.restart(
                    other,
                    format!(
                        "{name} joined it in {} {} (records {from_record} and {})",
                        spot.place,
                        spot.unit,
                        self.state.seq() + 1
                    ),
                ));
            }
        }
        if let Some((_, other)) = dirtiest {
            let other = self.state.lot_id(other);
            said.after.push(self.restart(
                lot,
                format!(
                    "it joined {other} in {} {} (record {})",
                    spot.place,
                    spot.unit,
                    self.state.seq() + 1
                ),
            ));
        }
    }

    /// Restarts that follow when lots are seen to touch: each whose clock began before that of another.
    pub(crate) fn touching(&self, lots: &[LotIx], because: &str, said: &mut Said) {
        if self.without(Rule::Restarts) {
            return;
        }
        for &lot in lots {
            let own = self.dirt(lot);
            let dirtier = lots.iter().find(|&&other| self.dirt(other) > own);
            if let Some(&other) = dirtier.filter(|_| self.state.lot(lot).stage.present()) {
                said.after.push(self.restart(
                    lot,
                    format!("contact with {}: {because}", self.state.lot_id(other)),
                ));
            }
        }
    }

    /// Restarts everything that contamination may have reached, and calls back what was released.
    pub(crate) fn contaminate(
        &self,
        seeds: &[(LotIx, i64)],
        exception: &ExceptionId,
        because: &str,
        said: &mut Said,
    ) {
        if self.without(Rule::Restarts) {
            return;
        }
        let mut recalls = Vec::new();
        for reached in self.state.reach(seeds) {
            let row = self.state.lot(reached.lot);
            let lot = self.state.lot_id(reached.lot);
            let link = self.state.link(&reached);
            if row.is(Flag::Released) && row.stage != LotStage::Destroyed {
                recalls.push(self.now(Entry::LotRecalled {
                    lot,
                    exception: exception.clone(),
                    link: link.clone(),
                }));
            }
            if row.stage.present() {
                let how = link.map_or_else(String::new, |link| {
                    format!(
                        "; through {} by {} (records {} and {})",
                        link.from,
                        surface(&link.surface),
                        link.records[0],
                        link.records[1]
                    )
                });
                said.after
                    .push(self.restart(reached.lot, format!("{because}{how}")));
            }
        }
        if !recalls.is_empty() {
            said.after.push(self.now(Entry::ExceptionOpened {
                exception: exception.clone(),
                lots: Vec::new(),
                because: because.to_owned(),
            }));
            said.after.extend(recalls);
        }
    }

    /// Stops everything that contamination may have reached, restarts its clocks and calls back what was released.
    ///
    /// * `opened` — whether the command's own event opens the exception already.
    pub(crate) fn stop(
        &self,
        seeds: &[(LotIx, i64)],
        exception: &ExceptionId,
        because: &str,
        opened: bool,
        said: &mut Said,
    ) {
        if !opened {
            said.after.push(self.now(Entry::ExceptionOpened {
                exception: exception.clone(),
                lots: Vec::new(),
                because: because.to_owned(),
            }));
        }
        for reached in self.state.reach(seeds) {
            let row = self.state.lot(reached.lot);
            let lot: LotId = self.state.lot_id(reached.lot);
            let link = self.state.link(&reached);
            if row.is(Flag::Released) && row.stage != LotStage::Destroyed {
                said.after.push(self.now(Entry::LotRecalled {
                    lot: lot.clone(),
                    exception: exception.clone(),
                    link: link.clone(),
                }));
            }
            if row.stage.present() {
                said.after.push(self.now(Entry::LotFrozen {
                    lot,
                    exception: exception.clone(),
                    link,
                }));
                said.after
                    .push(self.restart(reached.lot, because.to_owned()));
            }
        }
    }
}

fn surface(surface: &Surface) -> String {
    match surface {
        Surface::Vehicle(vehicle) => format!("vehicle {vehicle}"),
        Surface::Unit(place, unit) => format!("{place} {unit}"),
        Surface::Person(person) => person.to_string(),
        Surface::Seen => "contact that was seen".into(),
    }
}
