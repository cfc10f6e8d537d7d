//! The gate: the one place that says whether goods may leave.
//!
//! Loading, departing, sending between sites, returning and destroying all ask [`State::may_leave`]; so does the
//! screen that explains why a lot cannot go. Nothing else compares what a lot's status is with what it would have to
//! be.

use jiff::Timestamp;
use lazaret_vocabulary::event::LotId;

use crate::rule::{Refusal, Rule};
use crate::state::{Lot, LotStage, State, flag, micros, timestamp};

/// By which way goods would leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// To their receiver.
    Inland,
    /// To another site of the gateway, still in quarantine.
    Transfer,
    /// Back to their sender.
    SendBack,
    /// Nowhere: they are destroyed.
    Destroy,
}

impl State {
    /// Whether a lot may leave by `way` at `now`.
    ///
    /// # Errors
    /// The weightiest reason why not.
    pub fn may_leave(&self, lot: &LotId, way: Way, now: Timestamp) -> Result<(), Refusal> {
        let lot = self.known_lot(lot)?;
        let now = micros(self.not_before_last_record(now));
        Gate {
            state: self,
            now,
            without: None,
        }
        .may_leave(lot, way)
    }

    /// Everything that keeps a lot from leaving inland at `now`, the weightiest first; empty if it may go.
    #[must_use]
    pub fn why_held(&self, lot: &LotId, now: Timestamp) -> Vec<Refusal> {
        let number = match self.known_lot(lot) {
            Ok(number) => number,
            Err(refusal) => return vec![refusal],
        };
        let now = micros(self.not_before_last_record(now));
        let gate = Gate {
            state: self,
            now,
            without: None,
        };
        let row = self.lot(number);
        if let Err(refusal) = gate.here(number, true) {
            return vec![refusal];
        }
        let mut reasons = gate.unfulfilled(number);
        if !row.is(flag::RELEASED) {
            reasons.push(gate.unsigned(number));
        }
        reasons
    }

    pub(crate) fn known_lot(&self, lot: &LotId) -> Result<u32, Refusal> {
        self.lot_names.find(lot.as_str()).ok_or_else(|| {
            Refusal::new(
                Rule::Known,
                format!("there is no lot {lot}"),
                "check the name, or record that it was unloaded",
            )
        })
    }
}

/// The gate at one instant, with one rule left out if a test asks what that rule is for.
pub(crate) struct Gate<'a> {
    pub(crate) state: &'a State,
    pub(crate) now: i64,
    pub(crate) without: Option<Rule>,
}

impl Gate<'_> {
    pub(crate) fn may_leave(&self, lot: u32, way: Way) -> Result<(), Refusal> {
        self.here(lot, way == Way::Inland)?;
        let row = self.state.lot(lot);
        let name = self.state.lot_id(lot);
        let stopped = || self.stopped(lot).map_or(Ok(()), Err);
        match way {
            Way::Inland => {
                if let Some(reason) = self.unfulfilled(lot).into_iter().next() {
                    return Err(reason);
                }
                if !row.is(flag::RELEASED) && self.without != Some(Rule::Held) {
                    return Err(self.unsigned(lot));
                }
                Ok(())
            }
            Way::Transfer => stopped(),
            Way::SendBack => {
                stopped()?;
                self.need(Rule::Decided, !row.is(flag::CONDEMNED), || {
                    (
                        format!("an inspection condemned {name}"),
                        "record its destruction".into(),
                    )
                })
            }
            Way::Destroy => Ok(()),
        }
    }

    /// What the protocol asks and the lot has not fulfilled, signatures aside; the weightiest first.
    pub(crate) fn unfulfilled(&self, lot: u32) -> Vec<Refusal> {
        let checks = [
            self.stopped(lot),
            self.rejected(lot),
            self.untreated(lot),
            self.untested(lot),
            self.waiting(lot),
        ];
        checks.into_iter().flatten().collect()
    }

    fn stopped(&self, lot: u32) -> Option<Refusal> {
        let row = self.state.lot(lot);
        if row.frozen == 0 || self.without == Some(Rule::NoException) {
            return None;
        }
        let names: Vec<String> = self
            .state
            .exceptions_of(lot)
            .iter()
            .map(ToString::to_string)
            .collect();
        Some(Refusal::new(
            Rule::NoException,
            format!(
                "{} is stopped by {}",
                self.state.lot_id(lot),
                names.join(", ")
            ),
            "a chief officer must close what stops it",
        ))
    }

    fn rejected(&self, lot: u32) -> Option<Refusal> {
        let row = self.state.lot(lot);
        if self.without == Some(Rule::Decided) {
            return None;
        }
        let name = self.state.lot_id(lot);
        if row.is(flag::CONDEMNED) {
            return Some(Refusal::new(
                Rule::Decided,
                format!("an inspection condemned {name}"),
                "record its destruction",
            ));
        }
        row.is(flag::REFUSED).then(|| {
            Refusal::new(
                Rule::Decided,
                format!("an inspection refused {name}"),
                "record its return to the sender, or its destruction",
            )
        })
    }

    fn untreated(&self, lot: u32) -> Option<Refusal> {
        let row = self.state.lot(lot);
        if self.state.treated(row) || self.without == Some(Rule::Treated) {
            return None;
        }
        let protocol = self.state.protocol_of(row)?;
        let missing: Vec<&str> = protocol
            .treatments
            .iter()
            .enumerate()
            .filter(|(bit, _)| row.treated >> bit & 1 == 0)
            .map(|(_, rule)| rule.step.as_str())
            .collect();
        Some(Refusal::new(
            Rule::Treated,
            format!(
                "{} has no valid {}",
                self.state.lot_id(lot),
                missing.join(", ")
            ),
            format!("complete {} as its protocol asks", missing.join(", ")),
        ))
    }

    fn untested(&self, lot: u32) -> Option<Refusal> {
        let row = self.state.lot(lot);
        if self.state.tested(row) || self.without == Some(Rule::Tested) {
            return None;
        }
        let protocol = self.state.protocol_of(row)?;
        let inspections = protocol
            .inspections
            .iter()
            .enumerate()
            .filter(|(bit, _)| row.inspected >> bit & 1 == 0)
            .map(|(_, rule)| rule.step.to_string());
        let tests = self
            .state
            .tests(row.tests_needed & !row.tests_passed)
            .into_iter()
            .map(|test| test.to_string());
        let name = self.state.lot_id(lot);
        let missing = inspections.chain(tests).collect::<Vec<_>>().join(", ");
        if !missing.is_empty() {
            return Some(Refusal::new(
                Rule::Tested,
                format!("{name} has not passed {missing}"),
                format!("sample or inspect it for {missing} within its present hold"),
            ));
        }
        if row.samples_out > 0 {
            let out = self.state.samples_out(lot).join(", ");
            return Some(Refusal::new(
                Rule::Tested,
                format!("{name} waits for the result of {out}"),
                "enter it; a sample that was lost is inconclusive, and another is taken",
            ));
        }
        let tests = self.state.tests(row.in_doubt);
        let tests: Vec<String> = tests.iter().map(ToString::to_string).collect();
        let tests = tests.join(", ");
        Some(Refusal::new(
            Rule::Tested,
            format!("the last result of {tests} of {name} was inconclusive"),
            format!("take another sample for {tests}"),
        ))
    }

    fn waiting(&self, lot: u32) -> Option<Refusal> {
        let row = self.state.lot(lot);
        let earliest = self.state.earliest(row);
        if earliest <= self.now || self.without == Some(Rule::ClockRun) {
            return None;
        }
        let name = self.state.lot_id(lot);
        Some(if earliest == i64::MAX {
            Refusal::new(
                Rule::ClockRun,
                format!("the clock of {name} has not begun"),
                "complete its treatment and bring it to where it is held",
            )
        } else {
            let until = timestamp(earliest);
            let mut refusal = Refusal::new(
                Rule::ClockRun,
                format!(
                    "{name} is held until {until} ({} from now)",
                    lazaret_vocabulary::time::Span::from_micros(earliest - self.now)
                ),
                format!("wait until {until}"),
            );
            refusal.retry_at = Some(until);
            refusal
        })
    }

    fn unsigned(&self, lot: u32) -> Refusal {
        let row = self.state.lot(lot);
        let fallen = self.state.fallen_signatures(lot);
        let mut fact = format!(
            "{} has {} of {} signatures",
            self.state.lot_id(lot),
            usize::from(row.signatures) - fallen.len(),
            row.signatures_needed
        );
        for (signer, why) in &fallen {
            fact.push_str(&format!("; that of {signer} counts no more: {why}"));
        }
        Refusal::new(
            Rule::Held,
            fact,
            "different cleared officers who neither treated nor tested it must sign, the last a chief",
        )
    }

    /// That the lot is here at all, or loaded if that will do.
    fn here(&self, lot: u32, or_loaded: bool) -> Result<(), Refusal> {
        let row: &Lot = self.state.lot(lot);
        if self.state.protocol_of(row).is_none() {
            return Err(Refusal::new(
                Rule::Known,
                format!("{} was never unloaded here", self.state.lot_id(lot)),
                "record its unloading first",
            ));
        }
        let ok = row.stage == LotStage::Here || or_loaded && row.stage == LotStage::Loaded;
        self.need(Rule::OnePlace, ok, || {
            (
                format!("{} is {}", self.state.lot_id(lot), where_it_is(row.stage)),
                "only what is here can leave".into(),
            )
        })
    }

    pub(crate) fn need(
        &self,
        rule: Rule,
        holds: bool,
        why: impl FnOnce() -> (String, String),
    ) -> Result<(), Refusal> {
        // A test may leave one rule out; what the state cannot even represent stays refused.
        if holds || (self.without == Some(rule) && rule != Rule::Known) {
            return Ok(());
        }
        let (fact, remedy) = why();
        Err(Refusal::new(rule, fact, remedy))
    }
}

pub(crate) fn where_it_is(stage: LotStage) -> &'static str {
    match stage {
        LotStage::Announced => "announced and not yet unloaded",
        LotStage::Withdrawn => "no longer on any papers",
        LotStage::Here => "here",
        LotStage::Sent => "on its way between two sites",
        LotStage::Loaded => "loaded for a departure",
        LotStage::Departed => "gone inland",
        LotStage::Destroyed => "destroyed",
        LotStage::SentBack => "gone back to its sender",
        LotStage::Split => "split into parts",
    }
}
