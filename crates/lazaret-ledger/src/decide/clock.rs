//! What the ledger takes while its time is in doubt, and how two people settle it.

use jiff::Timestamp;
use lazaret_vocabulary::doubt::Doubt;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::Entry;

use super::{Judge, Said};
use crate::clock::{Retiming, STATEMENT_S};
use crate::gate::Gate;
use crate::refusal::{Fact, Refusal, Remedy};
use crate::rule::Rule;
use crate::state::{micros, seconds, timestamp};

/// What counts by no clock: it may be recorded while the time is in doubt.
///
/// Without appointments nobody might be there to confirm the time.
#[must_use]
pub fn timeless(what: &Happening) -> bool {
    matches!(
        what,
        Happening::Entry(
            Entry::TimeStated { .. } | Entry::TimeConfirmed { .. } | Entry::PersonAppointed { .. }
        )
    )
}

/// That the ledger has stopped.
pub(crate) fn stopped(doubt: &Doubt) -> Refusal {
    Refusal::new(Rule::OwnClock, in_doubt(doubt), Remedy::SettleTime)
}

fn in_doubt(doubt: &Doubt) -> Fact {
    Fact::TimeInDoubt {
        why: doubt.to_string(),
        doubt: Some(doubt.clone()),
    }
}

/// That a statement of the time no longer counts.
pub(crate) fn lapsed() -> Refusal {
    Refusal::new(
        Rule::OwnClock,
        Fact::StatementLapsed,
        Remedy::StateTimeAgain,
    )
}

impl Judge<'_> {
    /// That the ledger has not stopped.
    pub(crate) fn running(&self) -> Result<(), Refusal> {
        let doubt = (self.state.clock_doubt()).filter(|_| !timeless(&self.command.what));
        match doubt.filter(|_| !self.without(Rule::OwnClock)) {
            None => Ok(()),
            Some(doubt) => Err(stopped(doubt)),
        }
    }

    pub(crate) fn time_stated(
        &self,
        time: Timestamp,
        wrong_since: Option<Timestamp>,
        because: &str,
    ) -> Result<(), Refusal> {
        let years = Timestamp::UNIX_EPOCH..timestamp(7_258_118_400_000_000);
        self.need(Rule::OwnClock, years.contains(&time), || {
            (
                Fact::TimeOutOfRange { at: time.into() },
                Remedy::StateTimeNow,
            )
        })?;
        let late = wrong_since.filter(|&since| micros(since) > self.now);
        self.need(Rule::OwnClock, late.is_none(), || {
            (
                Fact::NoRecordSoLate {
                    at: late.unwrap_or_default().into(),
                },
                Remedy::FirstWrongStamp,
            )
        })?;
        self.need(Rule::OwnClock, !because.trim().is_empty(), || {
            (Fact::TimeUnexplained, Remedy::SayByWhichClock)
        })
    }

    pub(crate) fn time_confirmed(&self, record: u64, said: &mut Said) -> Result<(), Refusal> {
        let stated = (self.state.clock.stated.as_ref())
            .filter(|stated| stated.record == record)
            .filter(|stated| self.now.saturating_sub(stated.at) <= seconds(STATEMENT_S))
            .ok_or_else(lapsed)?;
        let by = &self.command.by;
        let other =
            self.state.person_names.find(&stated.by) != self.state.person_names.find(by.as_str());
        self.need(Rule::OwnClock, other, || {
            (
                Fact::TimeStatedThemselves { person: by.clone() },
                Remedy::OtherConfirms,
            )
        })?;
        let right = (stated.time).saturating_add(self.now.saturating_sub(stated.at));
        let off = right.saturating_sub(self.now);
        // Within the tolerance no stamp is wrong.
        let since = (stated.wrong_since.or_else(|| self.state.tied_since()))
            .filter(|_| off.abs() > self.state.clock_tolerance());
        said.own = Some(
            Entry::TimeConfirmed {
                record,
                time: Some(timestamp(right)),
                wrong_since: since.map(timestamp),
            }
            .into(),
        );
        let retiming = Retiming {
            was: self.now,
            right,
            since,
        };
        if !self.without(Rule::OwnClock) {
            self.make_good(&retiming, said);
        }
        Ok(())
    }

    /// What follows for lots that a wrong clock treated too well, as of the right time.
    fn make_good(&self, retiming: &Retiming, said: &mut Said) {
        let wronged = self.state.wronged(retiming);
        let judge = Judge {
            state: self.state,
            command: self.command,
            now: retiming.right,
            at: retiming.right,
            gate: Gate {
                state: self.state,
                now: retiming.right,
                without: self.gate.without,
            },
        };
        let because = || "the ledger's clock was wrong".to_owned();
        if !wronged.released.is_empty() {
            let exception = self.exception_of("clock");
            let names: Vec<String> = (wronged.released.iter())
                .map(|&lot| self.state.lot_id(lot).to_string())
                .collect();
            said.after.push(judge.now(Entry::ExceptionOpened {
                exception: exception.clone(),
                lots: Vec::new(),
                because: format!(
                    "released before their clock had run, while the ledger's clock was wrong: {}",
                    names.join(", ")
                ),
            }));
            for &lot in &wronged.released {
                said.after.push(judge.now(Entry::LotRecalled {
                    lot: self.state.lot_id(lot),
                    exception: exception.clone(),
                    link: None,
                }));
            }
        }
        for &lot in &wronged.treated {
            said.after.push(judge.now(Entry::TreatmentVoided {
                lot: self.state.lot_id(lot),
                because: because(),
            }));
        }
        for &lot in wronged
            .mixed
            .iter()
            .filter(|lot| !wronged.treated.contains(lot))
        {
            said.after.push(judge.restart(lot, because()));
        }
    }
}
