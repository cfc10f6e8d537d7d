//! The clock of a hold: begun, restarted, ended, credited.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Credits, Entry, PersonName, Role};
use lazaret_vocabulary::event::rules::{ClockFrom, HoldRule};
use lazaret_vocabulary::event::{Event, Happening, Hold, LotId};
use serde_json::{Map, Value};

use super::Meaning;
use super::signature::same_person;
use crate::decide::{Judge, Said};
use crate::epcis::Exchange;
use crate::index::LotIx;
use crate::refusal::{Fact, Refusal, Remedy, when};
use crate::role::{OFFICERS, SHIFTS};
use crate::rule::Rule;
use crate::state::apply::Touch;
use crate::state::{Credit, State, micros, timestamp};

impl<'a> Meaning<'a> for Hold<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Hold::HoldStarted { .. } | Hold::HoldRestarted { .. } | Hold::HoldEnded { .. } => {
                OFFICERS
            }
        }
    }

    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        match self {
            Hold::HoldStarted { until, .. } | Hold::HoldRestarted { until, .. } => {
                vec![("until", *until)]
            }
            Hold::HoldEnded { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Hold::HoldStarted { lot, until, .. } => judge.hold_started(lot, *until, said),
            Hold::HoldRestarted { lot, until, .. } => {
                let number = judge.lot_present(lot)?;
                judge.never_shorter(number, *until)
            }
            Hold::HoldEnded { lot, .. } => judge.hold_ended(lot),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        (at, _now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Hold::HoldStarted { lot, until, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let row = &mut state.lots[lot];
                if row.clock.is_none() {
                    row.clock = Some(at.max(row.floor));
                }
                row.until = row.until.max(micros(*until));
            }
            Hold::HoldRestarted { lot, until, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.unrelease(lot);
                let row = &mut state.lots[lot];
                row.floor = row.floor.max(at);
                row.clock = row.clock.map(|clock| clock.max(at));
                row.until = row.until.max(micros(*until));
                row.tests_passed = 0;
            }
            Hold::HoldEnded { lot, .. } => {
                state.lot_touched(lot.as_str(), touch)?;
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Hold::HoldStarted { lot, until, .. } => {
                format!("the clock of {lot} runs; held until {until} or later")
            }
            Hold::HoldRestarted {
                lot,
                until,
                because,
                ..
            } => format!("the clock of {lot} restarted and runs until {until}: {because}"),
            Hold::HoldEnded { lot, .. } => format!("the clock of {lot} has run"),
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        match self {
            Hold::HoldStarted { lot, until, .. } => Some(exchange.held(lot, *until)),
            Hold::HoldRestarted {
                lot,
                until,
                because,
                ..
            } => {
                let mut fields = exchange.held(lot, *until);
                fields.insert("lz:because".into(), because.as_str().into());
                Some(fields)
            }
            Hold::HoldEnded { .. } => None,
        }
    }
}

impl<'a> Meaning<'a> for Credits<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Credits::ClockCredited { .. } | Credits::CreditAsked { .. } => OFFICERS,
            // Whoever was there saw it.
            Credits::CreditWitnessed { .. } => SHIFTS,
        }
    }

    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        match self {
            Credits::ClockCredited { from, .. }
            | Credits::CreditAsked { from, .. }
            | Credits::CreditWitnessed { from, .. } => vec![("from", *from)],
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Credits::ClockCredited { lot, from, witness }
            | Credits::CreditAsked { lot, from, witness } => {
                judge.credit_asked(lot, *from, witness, said)
            }
            Credits::CreditWitnessed { lot, from } => judge.credit_witnessed(lot, *from, said),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        _: (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Credits::CreditAsked { lot, from, witness } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let witness = state.person(witness);
                let from = micros(*from);
                state.credits.insert(lot, Credit { from, witness });
            }
            Credits::CreditWitnessed { lot, .. } => {
                state.lot_touched(lot.as_str(), touch)?;
            }
            Credits::ClockCredited { lot, from, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.credits.remove(&lot);
                let row = &mut state.lots[lot];
                if let Some(clock) = row.clock {
                    let credit = clock - micros(*from);
                    row.clock = Some(clock - credit);
                    row.until = row.until.saturating_sub(credit);
                }
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Credits::CreditAsked { lot, from, witness } => {
                format!("{witness} is asked to witness that the clock of {lot} counts from {from}")
            }
            Credits::CreditWitnessed { lot, from } => {
                format!("the clock of {lot} was seen to count from {from}")
            }
            Credits::ClockCredited { lot, from, witness } => {
                format!("the clock of {lot} counts from {from}, as {witness} saw")
            }
        }
    }
}

impl Judge<'_> {
    /// Whether the event at hand, being what the clock of `lot` counts from, starts it.
    pub(crate) fn starts_clock(
        &self,
        lot: LotIx,
        said: &mut Said,
        is: impl Fn(&ClockFrom) -> bool,
    ) {
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
    pub(crate) fn begins_anew(&self, lot: LotIx, said: &mut Said, is: impl Fn(&ClockFrom) -> bool) {
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
    pub(crate) fn held_from(&self, lot: LotIx, hold: &HoldRule, from: i64) -> Event {
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
    pub(crate) fn clock_event(
        &self,
        lot: LotIx,
        treated: bool,
        base: Option<i64>,
    ) -> Option<Event> {
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

    pub(crate) fn hold_started(
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

    pub(crate) fn never_shorter(&self, lot: LotIx, until: Timestamp) -> Result<(), Refusal> {
        let row = self.state.lot(lot);
        let earliest = self.state.earliest(row);
        if row.clock.is_some() && micros(until) < earliest {
            return Err(self.too_short(&self.state.lot_id(lot), earliest));
        }
        Ok(())
    }

    pub(crate) fn too_short(&self, lot: &LotId, least: i64) -> Refusal {
        Refusal::new(
            Rule::NeverShorter,
            Fact::HeldUntil {
                lot: lot.clone(),
                until: when(least),
            },
            Remedy::ThatInstantOrLater,
        )
    }

    pub(crate) fn hold_ended(&self, lot: &LotId) -> Result<(), Refusal> {
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

    pub(crate) fn credit_asked(
        &self,
        lot: &LotId,
        from: Timestamp,
        witness: &PersonName,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let by = &self.command.by;
        self.need(Rule::Skew, !same_person(witness, by), || {
            (
                Fact::OwnWitness { person: by.clone() },
                Remedy::OtherWitness,
            )
        })?;
        self.person(witness)?;
        self.cleared(witness)?;
        self.cleared(by)?;
        self.creditable(number, from)?;
        let asked = Entry::CreditAsked {
            lot: lot.clone(),
            from,
            witness: witness.clone(),
        };
        if self.without(Rule::Skew) {
            // A test that takes the witness away.
            said.after.push(self.now(Entry::ClockCredited {
                lot: lot.clone(),
                from,
                witness: witness.clone(),
            }));
        }
        said.own = Some(asked.into());
        Ok(())
    }

    /// The second half of a credit: the witness says, by an entry of their own, since when it was as they saw it.
    pub(crate) fn credit_witnessed(
        &self,
        lot: &LotId,
        from: Timestamp,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let by = &self.command.by;
        let witness = self.state.person_names.find(by.as_str());
        let asked =
            (self.state.credits.get(&number)).filter(|asked| Some(asked.witness) == witness);
        let Some(&Credit { from: since, .. }) = asked else {
            return Err(Refusal::new(
                Rule::Skew,
                Fact::NotAskedToWitness {
                    person: by.clone(),
                    lot: lot.clone(),
                },
                Remedy::AskForCredit,
            ));
        };
        self.need(Rule::Skew, since == micros(from), || {
            (
                Fact::OtherCredit {
                    asked: when(since),
                    person: by.clone(),
                    seen: from.into(),
                },
                Remedy::SayWhatWasSeen,
            )
        })?;
        self.cleared(by)?;
        self.creditable(number, from)?;
        said.after.push(self.now(Entry::ClockCredited {
            lot: lot.clone(),
            from,
            witness: by.clone(),
        }));
        Ok(())
    }

    /// That the clock of a lot runs, and was not held up by anything since.
    pub(crate) fn creditable(&self, lot: LotIx, from: Timestamp) -> Result<(), Refusal> {
        let row = self.state.lot(lot);
        let name = self.state.lot_id(lot);
        let Some(clock) = row.clock else {
            return Err(Refusal::new(
                Rule::NeverShorter,
                Fact::ClockStopped { lot: name },
                Remedy::CreditLateClock,
            ));
        };
        // Of the time before a statement of stock only its witness tells.
        let stated = self.state.stock.get(&lot).map(|claim| claim.recorded);
        let least =
            (row.treated_at.max(row.floor).max(row.entered)).max(stated.unwrap_or(i64::MIN));
        self.need(
            Rule::NeverShorter,
            micros(from) >= least && micros(from) <= clock,
            || {
                (
                    Fact::CreditTooLong {
                        lot: name,
                        clock: when(clock),
                        least: when(least),
                    },
                    Remedy::CreditLess,
                )
            },
        )
    }
}
