//! The course of a treatment as its records tell it.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{AgentName, Entry, Reading};
use lazaret_vocabulary::event::{Event, Happening, LotId, StepName, Thing};

use super::{Fault, Treatment, judge};
use crate::state::State;

/// What was done since a treatment began.
struct Course {
    from: Timestamp,
    agent: Option<AgentName>,
    dosed: Timestamp,
    dose_mg_m3: Option<u32>,
    pauses: Vec<(Timestamp, Timestamp)>,
    readings: Vec<Reading>,
    to: Option<Timestamp>,
}

impl Course {
    fn began(from: Timestamp) -> Self {
        Course {
            from,
            agent: None,
            dosed: from,
            dose_mg_m3: None,
            pauses: Vec::new(),
            readings: Vec::new(),
            to: None,
        }
    }

    /// More of the same agent goes on from where it began; another begins anew.
    fn dosed(&mut self, at: Timestamp, agent: &AgentName, dose_mg_m3: Option<u32>) {
        let other = self.agent.as_ref() != Some(agent);
        if other || at < self.dosed {
            self.dose_mg_m3 = dose_mg_m3;
        }
        if other {
            (self.agent, self.dosed) = (Some(agent.clone()), at);
        }
        self.dosed = self.dosed.min(at).max(self.from);
    }

    fn paused(&mut self, at: Timestamp) {
        if self
            .pauses
            .last()
            .is_none_or(|pause| pause.1 != Timestamp::MAX)
        {
            self.pauses.push((at.max(self.from), Timestamp::MAX));
        }
    }

    fn went_on(&mut self, at: Timestamp) {
        if let Some(pause) = self
            .pauses
            .last_mut()
            .filter(|pause| pause.1 == Timestamp::MAX)
        {
            pause.1 = at.max(pause.0);
        }
    }
}

/// Why the last treatment of a lot by that step does not count, as data.
///
/// A record tells it as a sentence. This judges the treatment again by the version that the record names, and gives what
/// it finds if that is the same sentence; none if the treatment counts, or if `events` do not tell all of it.
///
/// * `events` — everything on record of the lot, in order.
#[must_use]
pub fn fault_on_record<'a>(
    state: &State,
    lot: &LotId,
    step: &StepName,
    events: impl IntoIterator<Item = &'a Event>,
) -> Option<Fault> {
    let mut course: Option<Course> = None;
    let mut found = None;
    for event in events {
        if let Happening::TreatmentStarted {
            lot: of, step: by, ..
        } = &event.happening
            && (of, by) == (lot, step)
        {
            course = Some(Course::began(event.at));
        }
        let Some(course) = &mut course else { continue };
        match &event.happening {
            Happening::TreatmentEnded {
                lot: of, step: by, ..
            } if (of, by) == (lot, step) => {
                course.to = Some(event.at);
            }
            Happening::WorkPaused {
                thing: Thing::Lot(of),
                step: by,
                ..
            } if (of, by) == (lot, step) => {
                course.paused(event.at);
            }
            Happening::WorkResumed {
                thing: Thing::Lot(of),
                step: by,
            } if (of, by) == (lot, step) => {
                course.went_on(event.at);
            }
            Happening::Entry(Entry::TreatmentDosed {
                lot: of,
                agent,
                dose_mg_m3,
                ..
            }) if of == lot => {
                course.dosed(event.at, agent, *dose_mg_m3);
            }
            Happening::Entry(Entry::TreatmentRead {
                lot: of, reading, ..
            }) if of == lot => {
                course.readings.push(reading.clone());
            }
            Happening::Entry(Entry::TreatmentJudged {
                lot: of,
                step: by,
                pin,
                because,
                ..
            }) if (of, by) == (lot, step) => {
                let protocol = state.protocols().find(|protocol| protocol.pin() == *pin);
                let rule = protocol
                    .and_then(|protocol| protocol.treatments.iter().find(|rule| rule.step == *by));
                let fault = rule.zip(course.to).and_then(|(rule, to)| {
                    let treatment = Treatment {
                        from: course.from,
                        to,
                        agent: course.agent.as_ref(),
                        dosed: course.dosed,
                        dose_mg_m3: course.dose_mg_m3,
                        pauses: &course.pauses,
                        readings: &course.readings,
                    };
                    judge(rule, &treatment).fault
                });
                found = fault.filter(|fault| Some(fault.to_string()) == *because);
            }
            _ => {}
        }
    }
    found
}
