//! Exceptions, contacts and contamination: what stops lots.

use jiff::Timestamp;
use lazaret_vocabulary::event::LotId;
use lazaret_vocabulary::event::entry::{Entry, ExceptionId, Exceptions, PersonName, Role, Soiled};
use serde_json::{Map, Value};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::{Exchange, object};
use crate::refusal::{Fact, Refusal, Remedy};
use crate::role::{CHIEF, FINDERS, NOBODY};
use crate::rule::Rule;
use crate::state::apply::{Touch, find};
use crate::state::rows::Touched;
use crate::state::{Flag, State, micros};
use crate::words::{list, surface_words};

impl<'a> Meaning<'a> for Exceptions<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Exceptions::ContactSeen { .. }
            | Exceptions::ContaminationFound { .. }
            | Exceptions::ExceptionOpened { .. } => FINDERS,
            Exceptions::ExceptionClosed { .. } => CHIEF,
            Exceptions::LotFrozen { .. } | Exceptions::LotRecalled { .. } => NOBODY,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Exceptions::ContactSeen { lots, .. } | Exceptions::ExceptionOpened { lots, .. } => {
                (lots.iter().filter_map(|lot| judge.lot_came(lot))).collect()
            }
            Exceptions::ContaminationFound { .. }
            | Exceptions::ExceptionClosed { .. }
            | Exceptions::LotFrozen { .. }
            | Exceptions::LotRecalled { .. } => Vec::new(),
        }
    }

    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        match self {
            // How long ago somebody can have fallen ill is asked where it is reported.
            Exceptions::ContaminationFound { since, .. } => vec![("since", *since)],
            Exceptions::ContactSeen { .. }
            | Exceptions::ExceptionOpened { .. }
            | Exceptions::ExceptionClosed { .. }
            | Exceptions::LotFrozen { .. }
            | Exceptions::LotRecalled { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Exceptions::ContactSeen { lots, because } => judge.contact_seen(lots, because, said),
            Exceptions::ContaminationFound {
                on,
                since,
                because,
                exception,
            } => judge.contamination(on, *since, because, exception, said),
            Exceptions::ExceptionOpened {
                exception,
                lots,
                because,
            } => judge.exception_opened(exception, lots, because),
            Exceptions::ExceptionClosed { exception, because } => {
                judge.exception_closed(exception, because)
            }
            // The ledger's own entries stop at the matrix of roles; a note may say anything.
            Exceptions::LotFrozen { .. } | Exceptions::LotRecalled { .. } => Ok(()),
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
            Exceptions::ContactSeen { lots, .. } => {
                let from = at.min(now);
                let mut episode = None;
                for lot in lots {
                    let lot = state.lot_touched(lot.as_str(), touch)?;
                    let episode =
                        *episode.get_or_insert_with(|| state.open_episode(Touched::Seen, from));
                    state.join(lot, episode, from, now);
                }
            }
            Exceptions::ContaminationFound { on, exception, .. } => {
                match on {
                    Soiled::Lot(lot) => {
                        state.lot_touched(lot.as_str(), touch)?;
                    }
                    Soiled::Vehicle(vehicle) => {
                        let vehicle = state.vehicle_touched(vehicle.as_str(), touch)?;
                        state.vehicles[vehicle].washed = None;
                    }
                    Soiled::Unit(..) => {}
                }
                let _ = exception;
            }
            Exceptions::ExceptionOpened {
                exception,
                lots,
                because,
            } => {
                let exception = state.exception(exception.as_str(), now, because);
                for lot in lots {
                    let lot = state.lot_touched(lot.as_str(), touch)?;
                    state.freeze(lot, exception);
                }
            }
            Exceptions::ExceptionClosed { exception, .. } => {
                let exception = find(&state.exception_names, exception.as_str(), "exception")?;
                state.open_exceptions.remove(&exception);
                let row = &mut state.exceptions[exception];
                row.open = false;
                for lot in row.lots.clone() {
                    let lot_row = &mut state.lots[lot];
                    lot_row.frozen = lot_row.frozen.saturating_sub(1);
                    touch.lots.push(lot);
                }
            }
            Exceptions::LotFrozen { lot, exception, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let exception = state.exception(exception.as_str(), now, "");
                state.freeze(lot, exception);
            }
            Exceptions::LotRecalled { lot, exception, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let exception = state.exception(exception.as_str(), now, "");
                state.lots[lot].set(Flag::Recalled, true);
                state.unrelease(lot);
                state.exceptions[exception].recalled.push(lot);
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Exceptions::ContactSeen { lots, because } => format!(
                "{} touched: {because}",
                list(lots.iter().map(ToString::to_string))
            ),
            Exceptions::ContaminationFound { on, because, .. } => {
                let on = match on {
                    Soiled::Lot(lot) => format!("lot {lot}"),
                    Soiled::Vehicle(vehicle) => format!("vehicle {vehicle}"),
                    Soiled::Unit(place, unit) => format!("{place} {unit}"),
                };
                format!("contamination was found on {on}: {because}")
            }
            Exceptions::ExceptionOpened {
                exception, because, ..
            } => format!("exception {exception} was opened: {because}"),
            Exceptions::ExceptionClosed { exception, because } => {
                format!("exception {exception} was settled: {because}")
            }
            Exceptions::LotFrozen {
                lot,
                exception,
                link,
            } => match link {
                None => format!("lot {lot} is stopped by {exception}"),
                Some(link) => format!(
                    "lot {lot} is stopped by {exception}: it met {} {}",
                    link.from,
                    surface_words(&link.surface)
                ),
            },
            Exceptions::LotRecalled {
                lot,
                exception,
                link,
            } => match link {
                None => format!("lot {lot} is called back by {exception}"),
                Some(link) => format!(
                    "lot {lot} is called back by {exception}: it met {} {}",
                    link.from,
                    surface_words(&link.surface)
                ),
            },
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Exceptions::LotRecalled {
                lot: id, exception, ..
            } => {
                let mut fields = object("OBSERVE", "holding", "recalled", vec![exchange.lot(id)]);
                fields.insert("lz:exception".into(), exception.as_str().into());
                fields
            }
            Exceptions::ContactSeen { .. }
            | Exceptions::ContaminationFound { .. }
            | Exceptions::ExceptionOpened { .. }
            | Exceptions::ExceptionClosed { .. }
            | Exceptions::LotFrozen { .. } => return None,
        })
    }
}

impl Judge<'_> {
    pub(crate) fn new_exception(&self, exception: &ExceptionId) -> Result<(), Refusal> {
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

    pub(crate) fn contact_seen(
        &self,
        lots: &[LotId],
        because: &str,
        said: &mut Said,
    ) -> Result<(), Refusal> {
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

    pub(crate) fn contamination(
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

    pub(crate) fn exception_opened(
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

    pub(crate) fn exception_closed(
        &self,
        exception: &ExceptionId,
        because: &str,
    ) -> Result<(), Refusal> {
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

    /// Opens an exception of the ledger's own: stops lots, and tells whoever settles exceptions.
    pub(crate) fn raise(&self, kind: &str, lots: Vec<LotId>, because: String, said: &mut Said) {
        let exception = self.exception_of(kind);
        said.after.push(self.now(Entry::ExceptionOpened {
            exception,
            lots,
            because,
        }));
    }

    /// The name of an exception that the ledger opens by itself: one that nobody has given to another.
    pub(crate) fn exception_of(&self, kind: &str) -> ExceptionId {
        let taken = |name: &str| self.state.exception_names.find(name).is_some();
        let plain = format!("{kind}-{}", self.state.seq() + 1);
        let name = (2..)
            .map(|again| format!("{plain}-{again}"))
            .find(|name| !taken(name))
            .filter(|_| taken(&plain))
            .unwrap_or(plain);
        ExceptionId::new(name)
    }
}
