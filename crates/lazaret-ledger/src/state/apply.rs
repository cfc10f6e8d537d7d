//! Bringing a state up to date with a record.
//!
//! Nothing is decided here: what a record says has been accepted. A record that speaks of things the state does not
//! have cannot come from this ledger, and is an error that names it.

mod lots;
mod made;

use lazaret_vocabulary::event::entry::{Entry, PersonName};
use lazaret_vocabulary::event::rules::ClockFrom;
use lazaret_vocabulary::event::{Event, Happening, StepName, Thing};

use super::rows::Listed;
use super::{Names, State, micros};
use crate::chain::Record;
use crate::family::in_family;
use crate::index::{ListedIx, LotIx, Number, Rows, VehicleIx};
use crate::work::{WorkedOn, work};

/// A record that does not fit the state. The state is no longer of use; start again from the records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {record} does not fit the ledger before it: {what}")]
pub struct Broken {
    /// The record.
    pub record: u64,
    /// What does not fit.
    pub what: String,
}

/// What one record touches, so that each is listed and ordered once.
#[derive(Default)]
pub(crate) struct Touch {
    pub(crate) lots: Vec<LotIx>,
    pub(crate) vehicles: Vec<VehicleIx>,
}

impl State {
    pub(crate) fn apply(&mut self, record: &Record) -> Result<(), Broken> {
        if record.seq != self.seq + 1 {
            return Err(Broken {
                record: record.seq,
                what: format!("record {} comes next", self.seq + 1),
            });
        }
        if record.seq >= u64::from(u32::MAX) {
            return Err(Broken {
                record: record.seq,
                what: "a ledger holds fewer than 2^32 records; close it and open the next".into(),
            });
        }
        self.seq = record.seq;
        let mut now = micros(record.recorded_at).max(self.recorded_at);
        self.recorded_at = now;
        if let Some(note) = &record.clock {
            self.tie(note, now);
        }
        let mut touch = Touch::default();
        let worked = record
            .events
            .iter()
            .any(|event| matches!(event.happening, Happening::Entry(Entry::Worked { .. })));
        let mut judging = false;
        for event in &record.events {
            if let Some(work) = work(&event.happening) {
                judging = work.judged;
                let people: &[PersonName] = if worked && !judging {
                    &[]
                } else {
                    std::slice::from_ref(&record.by)
                };
                self.event(event, &record.by, now, &mut touch)
                    .and_then(|()| self.handled(work.on, people, work.judged, event, &mut touch))
            } else if let Happening::Entry(Entry::Worked { thing, people }) = &event.happening {
                let on = match thing {
                    Thing::Lot(lot) => WorkedOn::Lot(lot),
                    Thing::Vehicle(vehicle) => WorkedOn::Vehicle(vehicle),
                    Thing::Convoy(_) => continue,
                };
                self.handled(on, people, judging, event, &mut touch)
            } else {
                self.event(event, &record.by, now, &mut touch)
            }
            .map_err(|what| Broken {
                record: record.seq,
                what,
            })?;
            if let Happening::Entry(Entry::TimeConfirmed {
                time: Some(right), ..
            }) = &event.happening
            {
                // What follows from it counts by the right time.
                now = micros(*right);
            }
        }
        // Results bear on lots through their samples, whoever enters them.
        for event in &record.events {
            if let Happening::Entry(Entry::ResultEntered { sample, .. }) = &event.happening {
                let sample = find(&self.sample_names, sample.as_str(), "sample");
                if let Ok(sample) = sample {
                    let lot = self.samples[sample].lot;
                    let by = self.person(&record.by);
                    self.add_handler(lot, by, micros(event.at), true);
                }
            }
        }
        self.founded = self.founded.or(Some(now));
        self.list(&touch);
        self.remember(record, now);
        Ok(())
    }

    fn list(&mut self, touch: &Touch) {
        let seq = self.seq as u32;
        let push = |history: &mut Rows<ListedIx, Listed>, head: &mut Option<ListedIx>| {
            if head.is_none_or(|head| history[head].record != seq) {
                *head = Some(history.add(Listed {
                    record: seq,
                    next: *head,
                }));
            }
        };
        for &lot in &touch.lots {
            push(&mut self.history, &mut self.lots[lot].history);
        }
        for &vehicle in &touch.vehicles {
            push(&mut self.history, &mut self.vehicles[vehicle].history);
        }
        for &lot in &touch.lots {
            self.reindex(lot);
        }
    }

    fn event(
        &mut self,
        event: &Event,
        by: &PersonName,
        now: i64,
        touch: &mut Touch,
    ) -> Result<(), String> {
        let at = micros(event.at);
        in_family!(event.happening, event => event.apply(self, by, (at, now), touch))
    }
}

pub(crate) fn find<I: Number + Ord>(names: &Names<I>, name: &str, what: &str) -> Result<I, String> {
    names
        .exact(name)
        .ok_or_else(|| format!("there is no {what} {name}"))
}

pub(crate) fn starts_with(from: &ClockFrom, step: &StepName) -> bool {
    matches!(from, ClockFrom::StepStart(named) if named == step)
}

pub(crate) fn ends_with(from: &ClockFrom, step: &StepName) -> bool {
    matches!(from, ClockFrom::StepEnd(named) if named == step)
}
