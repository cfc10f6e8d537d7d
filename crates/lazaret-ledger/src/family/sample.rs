//! Inspections, samples and their results.

use lazaret_vocabulary::event::entry::{
    ExceptionId, Outcome, PersonName, Role, SampleId, Samples, TestName,
};
use lazaret_vocabulary::event::rules::ClockFrom;
use lazaret_vocabulary::event::{Finding, Inspection, LotId};
use serde_json::{Map, Value};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::{Exchange, object};
use crate::gate::unknown;
use crate::index::LotIx;
use crate::refusal::{Fact, Milestone, Noun, Refusal, Remedy};
use crate::role::OFFICERS;
use crate::rule::{Rule, Warning};
use crate::state::apply::{Touch, ends_with, find, starts_with};
use crate::state::{Flag, Sample, State};
use crate::work::{Work, on_lot};

impl<'a> Meaning<'a> for Inspection<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Inspection::InspectionStarted { .. } | Inspection::LotInspected { .. } => OFFICERS,
        }
    }

    fn work(self) -> Option<Work<'a>> {
        match self {
            Inspection::InspectionStarted { lot: l, .. } => on_lot(l, true, true),
            // What is found wanting is taken from anybody; that a lot has passed says the inspection itself.
            Inspection::LotInspected {
                lot: l, finding, ..
            } => on_lot(l, true, *finding == Finding::Pass),
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Inspection::InspectionStarted { lot, .. } => {
                judge.lot_since(lot, Rule::OnePlace).into_iter().collect()
            }
            Inspection::LotInspected { lot, .. } => judge.lot_came(lot).into_iter().collect(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Inspection::InspectionStarted { lot, step, spot } => {
                let number = judge.lot_at(lot, spot)?;
                judge.starts_clock(
                    number,
                    said,
                    |from| matches!(from, ClockFrom::StepStart(named) if named == step),
                );
                Ok(())
            }
            Inspection::LotInspected { lot, step, finding } => {
                let number = judge.lot_here(lot)?;
                if *finding == Finding::Pass {
                    judge.starts_clock(
                        number,
                        said,
                        |from| matches!(from, ClockFrom::StepEnd(named) if named == step),
                    );
                }
                Ok(())
            }
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
            Inspection::InspectionStarted { lot, step, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.base(lot, now, |from| starts_with(from, step));
            }
            Inspection::LotInspected { lot, step, finding } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                match finding {
                    Finding::Pass => {
                        let protocol = state.protocol_of(state.lot(lot));
                        let bit = protocol.and_then(|protocol| {
                            let mut inspections = protocol.inspections.iter();
                            inspections.position(|rule| rule.step == *step)
                        });
                        if let Some(bit) = bit {
                            state.lots[lot].inspected |= 1 << bit;
                        }
                        state.base(lot, now, |from| ends_with(from, step));
                    }
                    Finding::Again => {
                        // Not a contact: what its clock counts from stays, unless that is done again too.
                        let keep = state.lot(lot).treated & state.kept_after(lot, step);
                        // A wait that comes before the treatment is over, and is not begun again for it.
                        let waited = state
                            .protocol_of(state.lot(lot))
                            .and_then(|protocol| protocol.hold.as_ref())
                            .is_some_and(|hold| !hold.before.is_empty())
                            && state.may_run(state.lot(lot), keep);
                        state.unrelease(lot);
                        let row = &mut state.lots[lot];
                        row.treated = keep;
                        row.inspected = 0;
                        row.tests_passed = 0;
                        if !waited {
                            row.clock = None;
                        }
                        row.set(Flag::Clean, false);
                    }
                    Finding::Fail => state.lots[lot].set(Flag::Refused, true),
                    Finding::Destroy => state.lots[lot].set(Flag::Condemned, true),
                }
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Inspection::InspectionStarted { lot, step, .. } => format!("{step} of {lot} began"),
            Inspection::LotInspected { lot, step, finding } => {
                let found = match finding {
                    Finding::Pass => "in order",
                    Finding::Again => "to be treated again",
                    Finding::Fail => "refused",
                    Finding::Destroy => "condemned",
                };
                format!("{step} of {lot}: {found}")
            }
        }
    }
}

impl<'a> Meaning<'a> for Samples<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Samples::SampleTaken { .. } | Samples::ResultEntered { .. } => OFFICERS,
        }
    }

    fn work(self) -> Option<Work<'a>> {
        match self {
            Samples::SampleTaken { lot: l, .. } => on_lot(l, true, true),
            Samples::ResultEntered { .. } => None,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Samples::SampleTaken { lot, .. } => judge.lot_came(lot).into_iter().collect(),
            Samples::ResultEntered { sample, .. } => {
                let number = judge.state.sample_names.find(sample.as_str());
                (number.into_iter())
                    .map(|number| Bound {
                        least: judge.state.samples[number].taken,
                        rule: Rule::Tested,
                        after: Milestone::SampleTaken {
                            sample: sample.clone(),
                        },
                    })
                    .collect()
            }
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Samples::SampleTaken { lot, sample, test } => judge.sampled(lot, sample, test, said),
            Samples::ResultEntered {
                sample,
                outcome,
                exception,
            } => judge.result(sample, *outcome, exception, said),
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
            Samples::SampleTaken { lot, sample, test } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let test = state.test_names.add(test.as_str());
                let number = state.sample_names.add(sample.as_str());
                if number != state.samples.next() {
                    return Err(format!("sample {sample} is not new"));
                }
                let row = &mut state.lots[lot];
                row.samples_out = row.samples_out.saturating_add(1);
                state.samples.add(Sample {
                    lot,
                    test,
                    taken: at,
                    settled: false,
                });
            }
            Samples::ResultEntered {
                sample, outcome, ..
            } => {
                let number = find(&state.sample_names, sample.as_str(), "sample")?;
                let sample = &mut state.samples[number];
                let first = !std::mem::replace(&mut sample.settled, true);
                let sample = sample.clone();
                for lot in state.whole(sample.lot) {
                    touch.lots.push(lot);
                    state.result(lot, &sample, *outcome, first);
                }
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Samples::SampleTaken { lot, sample, test } => {
                format!("sample {sample} was taken from {lot} for {test}")
            }
            Samples::ResultEntered {
                sample, outcome, ..
            } => format!(
                "sample {sample} is {}",
                match outcome {
                    Outcome::Negative => "negative",
                    Outcome::Positive => "positive",
                    Outcome::Inconclusive => "inconclusive",
                }
            ),
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Samples::SampleTaken {
                lot: id,
                sample,
                test,
            } => {
                let mut fields =
                    object("OBSERVE", "sampling", "unavailable", vec![exchange.lot(id)]);
                fields.insert("lz:sample".into(), sample.as_str().into());
                fields.insert("lz:test".into(), test.as_str().into());
                fields
            }
            Samples::ResultEntered {
                sample, outcome, ..
            } => {
                let disposition = match outcome {
                    Outcome::Negative => "conformant",
                    Outcome::Positive => "non_conformant",
                    Outcome::Inconclusive => "unknown",
                };
                let sample = exchange.name("sample", sample.as_str());
                object("OBSERVE", "inspecting", disposition, vec![sample])
            }
        })
    }
}

impl Judge<'_> {
    pub(crate) fn sampled(
        &self,
        lot: &LotId,
        sample: &SampleId,
        test: &TestName,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        if self.state.sample_names.find(sample.as_str()).is_some() {
            return Err(Refusal::new(
                Rule::Known,
                Fact::SampleKnown {
                    sample: sample.clone(),
                },
                Remedy::NameSampleAnew,
            ));
        }
        let known = self.state.test_names.find(test.as_str());
        let Some(test_number) = known else {
            return Err(Refusal::new(
                Rule::Known,
                unknown(Noun::Test, test.as_str()),
                Remedy::ChooseTest,
            ));
        };
        let taken = crate::state::Sample {
            lot: number,
            test: test_number,
            taken: self.at,
            settled: false,
        };
        if !self.state.sample_counts(&taken, number) {
            said.warnings.push((
                Warning::EarlySample,
                Rule::Tested,
                Fact::SampleTooEarly {
                    lot: lot.clone(),
                    test: test.clone(),
                },
            ));
        }
        Ok(())
    }

    pub(crate) fn result(
        &self,
        sample: &SampleId,
        outcome: Outcome,
        exception: &ExceptionId,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let Some(number) = self.state.sample_names.find(sample.as_str()) else {
            return Err(Refusal::new(
                Rule::Known,
                unknown(Noun::Sample, sample.as_str()),
                Remedy::RecordSample,
            ));
        };
        let row = &self.state.samples[number];
        // A second result for the same sample may only be worse: it never makes a lot free.
        self.need(
            Rule::Known,
            !row.settled || outcome == Outcome::Positive,
            || {
                (
                    Fact::ResultKnown {
                        sample: sample.clone(),
                    },
                    Remedy::NewSample,
                )
            },
        )?;
        if outcome != Outcome::Positive {
            return Ok(());
        }
        self.new_exception(exception)?;
        if self.without(Rule::Positive) {
            return Ok(());
        }
        let seeds: Vec<(LotIx, i64)> = self.state.since_entry(row.lot);
        let because = format!(
            "{} of {} is positive (sample {sample})",
            self.state.test_names.get(row.test),
            self.state.lot_id(row.lot)
        );
        self.stop(&seeds, exception, &because, false, said);
        Ok(())
    }
}

impl State {
    /// What a result says of one lot that the sample is from.
    ///
    /// A result that tells nothing takes nothing away that an earlier one said, but it holds the lot until a sample that
    /// was taken no earlier is negative.
    pub(crate) fn result(&mut self, lot: LotIx, sample: &Sample, outcome: Outcome, first: bool) {
        let counts = self.sample_counts(sample, lot);
        let row = &mut self.lots[lot];
        if first {
            row.samples_out = row.samples_out.saturating_sub(1);
        }
        let test = sample.test.bit();
        match outcome {
            Outcome::Negative if counts => {
                row.tests_passed |= test;
                if sample.taken >= row.doubt_at {
                    row.in_doubt &= !test;
                }
            }
            Outcome::Inconclusive => {
                row.in_doubt |= test;
                row.doubt_at = row.doubt_at.max(sample.taken);
            }
            Outcome::Negative | Outcome::Positive => {}
        }
    }
}
