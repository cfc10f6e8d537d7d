//! The gate: the one place that says whether goods may leave.
//!
//! Loading, departing, sending between sites, returning and destroying all ask [`State::may_leave`]; so does the
//! screen that explains why a lot cannot go. Nothing else compares what a lot's status is with what it would have to
//! be.

use jiff::Timestamp;
use lazaret_vocabulary::event::{LotId, StepName};

use crate::index::LotIx;
use crate::refusal::{Fact, Noun, Refusal, Remedy};
use crate::rule::Rule;
use crate::state::{Flag, Lot, LotStage, State, micros, timestamp};

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
        if !row.is(Flag::Released) {
            reasons.push(gate.unsigned(number));
        }
        reasons
    }

    pub(crate) fn known_lot(&self, lot: &LotId) -> Result<LotIx, Refusal> {
        self.lot_names.find(lot.as_str()).ok_or_else(|| {
            Refusal::new(
                Rule::Known,
                unknown(Noun::Lot, lot.as_str()),
                Remedy::CheckNameOrUnload,
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
    pub(crate) fn may_leave(&self, lot: LotIx, way: Way) -> Result<(), Refusal> {
        self.here(lot, way == Way::Inland)?;
        let row = self.state.lot(lot);
        let name = self.state.lot_id(lot);
        let stopped = || self.stopped(lot).map_or(Ok(()), Err);
        match way {
            Way::Inland => {
                if let Some(reason) = self.unfulfilled(lot).into_iter().next() {
                    return Err(reason);
                }
                if !row.is(Flag::Released) && self.without != Some(Rule::Held) {
                    return Err(self.unsigned(lot));
                }
                Ok(())
            }
            Way::Transfer => stopped(),
            Way::SendBack => {
                stopped()?;
                self.need(Rule::Decided, !row.is(Flag::Condemned), || {
                    (
                        Fact::Condemned { lot: name.clone() },
                        Remedy::RecordDestruction,
                    )
                })
            }
            Way::Destroy => Ok(()),
        }
    }

    /// What the protocol asks and the lot has not fulfilled, signatures aside; the weightiest first.
    pub(crate) fn unfulfilled(&self, lot: LotIx) -> Vec<Refusal> {
        let checks = [
            self.stopped(lot),
            self.rejected(lot),
            self.untreated(lot),
            self.untested(lot),
            self.waiting(lot),
        ];
        checks.into_iter().flatten().collect()
    }

    fn stopped(&self, lot: LotIx) -> Option<Refusal> {
        let row = self.state.lot(lot);
        if row.frozen == 0 || self.without == Some(Rule::NoException) {
            return None;
        }
        Some(Refusal::new(
            Rule::NoException,
            Fact::Stopped {
                lot: self.state.lot_id(lot),
                exceptions: self.state.exceptions_of(lot),
            },
            Remedy::ChiefCloses,
        ))
    }

    fn rejected(&self, lot: LotIx) -> Option<Refusal> {
        let row = self.state.lot(lot);
        if self.without == Some(Rule::Decided) {
            return None;
        }
        let name = self.state.lot_id(lot);
        if row.is(Flag::Condemned) {
            return Some(Refusal::new(
                Rule::Decided,
                Fact::Condemned { lot: name },
                Remedy::RecordDestruction,
            ));
        }
        row.is(Flag::Refused).then(|| {
            Refusal::new(
                Rule::Decided,
                Fact::RefusedByInspection { lot: name },
                Remedy::ReturnOrDestroy,
            )
        })
    }

    fn untreated(&self, lot: LotIx) -> Option<Refusal> {
        let row = self.state.lot(lot);
        if self.state.treated(row) || self.without == Some(Rule::Treated) {
            return None;
        }
        let protocol = self.state.protocol_of(row)?;
        let missing: Vec<StepName> = protocol
            .treatments
            .iter()
            .enumerate()
            .filter(|(bit, _)| row.treated >> bit & 1 == 0)
            .map(|(_, rule)| rule.step.clone())
            .collect();
        Some(Refusal::new(
            Rule::Treated,
            Fact::Untreated {
                lot: self.state.lot_id(lot),
                steps: missing.clone(),
            },
            Remedy::CompleteSteps { steps: missing },
        ))
    }

    fn untested(&self, lot: LotIx) -> Option<Refusal> {
        let row = self.state.lot(lot);
        if self.state.tested(row) || self.without == Some(Rule::Tested) {
            return None;
        }
        let protocol = self.state.protocol_of(row)?;
        let inspections: Vec<StepName> = protocol
            .inspections
            .iter()
            .enumerate()
            .filter(|(bit, _)| row.inspected >> bit & 1 == 0)
            .map(|(_, rule)| rule.step.clone())
            .collect();
        let tests = self.state.tests(row.tests_needed & !row.tests_passed);
        let name = self.state.lot_id(lot);
        if !inspections.is_empty() || !tests.is_empty() {
            return Some(Refusal::new(
                Rule::Tested,
                Fact::Untested {
                    lot: name,
                    inspections: inspections.clone(),
                    tests: tests.clone(),
                },
                Remedy::SampleOrInspect { inspections, tests },
            ));
        }
        if row.samples_out > 0 {
            return Some(Refusal::new(
                Rule::Tested,
                Fact::ResultsOut {
                    lot: name,
                    samples: self.state.samples_out(lot),
                },
                Remedy::EnterResult,
            ));
        }
        let tests = self.state.tests(row.in_doubt);
        Some(Refusal::new(
            Rule::Tested,
            Fact::Inconclusive {
                lot: name,
                tests: tests.clone(),
            },
            Remedy::SampleAgain { tests },
        ))
    }

    fn waiting(&self, lot: LotIx) -> Option<Refusal> {
        let row = self.state.lot(lot);
        let earliest = self.state.earliest(row);
        if earliest <= self.now || self.without == Some(Rule::ClockRun) {
            return None;
        }
        let name = self.state.lot_id(lot);
        Some(if earliest == i64::MAX {
            Refusal::new(
                Rule::ClockRun,
                Fact::ClockNotBegun { lot: name },
                Remedy::TreatAndStore,
            )
        } else {
            let until = timestamp(earliest);
            Refusal::until(
                Rule::ClockRun,
                until,
                Fact::HeldFor {
                    lot: name,
                    until: until.into(),
                    left_s: (earliest - self.now) / 1_000_000,
                },
                Remedy::WaitUntil {
                    until: until.into(),
                },
            )
        })
    }

    fn unsigned(&self, lot: LotIx) -> Refusal {
        let row = self.state.lot(lot);
        let fallen = self.state.fallen_signatures(lot);
        let fact = Fact::Unsigned {
            lot: self.state.lot_id(lot),
            have: u32::from(row.signatures) - fallen.len() as u32,
            need: row.signatures_needed,
            fallen,
        };
        Refusal::new(Rule::Held, fact, Remedy::OfficersSign)
    }

    /// That the lot is here at all, or loaded if that will do.
    fn here(&self, lot: LotIx, or_loaded: bool) -> Result<(), Refusal> {
        let row: &Lot = self.state.lot(lot);
        if self.state.protocol_of(row).is_none() {
            return Err(Refusal::new(
                Rule::Known,
                Fact::LotNeverUnloaded {
                    lot: self.state.lot_id(lot),
                },
                Remedy::RecordUnloading,
            ));
        }
        let ok = row.stage == LotStage::Here || or_loaded && row.stage == LotStage::Loaded;
        self.need(Rule::OnePlace, ok, || {
            (
                Fact::LotIs {
                    lot: self.state.lot_id(lot),
                    stage: self.state.stage(lot),
                },
                Remedy::OnlyHereLeaves,
            )
        })
    }

    pub(crate) fn need(
        &self,
        rule: Rule,
        holds: bool,
        why: impl FnOnce() -> (Fact, Remedy),
    ) -> Result<(), Refusal> {
        // A test may leave one rule out; what the state cannot even represent stays refused.
        if holds || (self.without == Some(rule) && rule != Rule::Known) {
            return Ok(());
        }
        let (fact, remedy) = why();
        Err(Refusal::new(rule, fact, remedy))
    }
}

/// That nothing is called so.
pub(crate) fn unknown(what: Noun, name: &str) -> Fact {
    Fact::Unknown {
        what,
        name: name.to_owned(),
    }
}
