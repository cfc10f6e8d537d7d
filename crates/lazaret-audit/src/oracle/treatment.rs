//! Treatments and inspections.

use lazaret_vocabulary::event::entry::Entry as E;
use lazaret_vocabulary::event::rules::{ClockFrom, Side};
use lazaret_vocabulary::event::{Finding, Happening as H, StepName, Thing};

use super::{At, Oracle, Told, crew_of, present, secs, spot_of, unrelease, us};
use crate::record::Record;
use crate::say::instant;
use crate::sound::{Work, sound};
use crate::visits::OPEN;

impl Oracle {
    /// Treatments that begin, rest and end.
    pub(super) fn treatments(&mut self, told: Told<'_>) {
        let Told {
            event,
            record,
            at,
            now,
        } = told;
        match &event.happening {
            H::TreatmentStarted { lot, step, spot } => {
                let busy = self.work.insert(
                    lot.to_string(),
                    Work {
                        step: step.to_string(),
                        from: at,
                        agent: None,
                        dosed: at,
                        dose: None,
                        pauses: Vec::new(),
                        readings: Vec::new(),
                    },
                );
                self.must("G7", busy.is_none(), || format!("{lot} is under treatment"));
                let row = self.lots.entry(lot.to_string()).or_default();
                let ok = row.at == At::Here && row.spot == Some(spot_of(spot));
                self.must("G7", ok, || format!("{lot} is not there"));
                let clean = self
                    .place(spot.place.as_str())
                    .is_some_and(|rule| rule.side == Side::Clean);
                self.must("G8", !clean, || {
                    format!("{lot} is treated on the clean side")
                });
                let done_at = (self.protocols_of(lot.as_str()).first())
                    .and_then(|p| p.treatments.iter().find(|rule| rule.step == *step))
                    .map(|rule| rule.places.clone())
                    .unwrap_or_default();
                let here = done_at.is_empty() || done_at.contains(&spot.place);
                self.must("G3a", here, || format!("{step} of {lot} is not done there"));
                self.base(lot.as_str(), now, &ClockFrom::StepStart(step.clone()));
            }
            H::WorkPaused {
                thing: Thing::Lot(lot),
                step,
                ..
            } => {
                self.worked_on(lot.as_str());
                if let Some(work) = self.work.get_mut(lot.as_str())
                    && work.step == step.as_str()
                    && work.pauses.iter().all(|(_, to)| *to != OPEN)
                {
                    work.pauses.push((at.max(work.from), OPEN));
                }
            }
            H::WorkResumed {
                thing: Thing::Lot(lot),
                step,
            } => {
                self.worked_on(lot.as_str());
                if let Some(work) = self.work.get_mut(lot.as_str())
                    && work.step == step.as_str()
                {
                    for (from, to) in &mut work.pauses {
                        if *to == OPEN {
                            *to = at.max(*from);
                        }
                    }
                }
            }
            H::TreatmentEnded { lot, step, spot } => {
                let there = (self.lots.get(lot.as_str()))
                    .is_some_and(|row| row.at == At::Here && row.spot == Some(spot_of(spot)));
                self.must("G7", there, || format!("{lot} is not there"));
                self.ended(lot.as_str(), step.as_str(), at, now, record);
            }
            _ => {}
        }
    }

    /// That a lot is here to be worked on.
    fn worked_on(&mut self, lot: &str) {
        let here = self.lots.get(lot).is_some_and(|row| present(row.at));
        self.must("G7", here, || format!("{lot} is not here"));
    }

    /// Inspections.
    pub(super) fn inspections(&mut self, told: Told<'_>) {
        let Told { event, now, .. } = told;
        match &event.happening {
            H::InspectionStarted { lot, step, spot } => {
                let row = self.lots.entry(lot.to_string()).or_default();
                let ok = row.at == At::Here && row.spot == Some(spot_of(spot));
                self.must("G7", ok, || format!("{lot} is not there"));
                self.base(lot.as_str(), now, &ClockFrom::StepStart(step.clone()));
            }
            H::LotInspected { lot, step, finding } => match finding {
                Finding::Pass => {
                    self.base(lot.as_str(), now, &ClockFrom::StepEnd(step.clone()));
                    let row = self.lots.entry(lot.to_string()).or_default();
                    row.inspected.insert(step.to_string());
                }
                Finding::Again => {
                    let again = self
                        .protocols_of(lot.as_str())
                        .first()
                        .and_then(|protocol| {
                            let rule = protocol
                                .inspections
                                .iter()
                                .find(|rule| rule.step == *step)?;
                            rule.again.clone()
                        });
                    let row = self.lots.entry(lot.to_string()).or_default();
                    match again {
                        Some(again) => {
                            for step in again {
                                row.treated.remove(step.as_str());
                            }
                        }
                        None => row.treated.clear(),
                    }
                    row.inspected.clear();
                    row.passed.clear();
                    row.clean = false;
                    unrelease(row);
                    let before = self.protocols_of(lot.as_str()).first().is_some_and(|p| {
                        p.hold.as_ref().is_some_and(|hold| !hold.before.is_empty())
                    });
                    if !before || !self.may_wait(lot.as_str()) {
                        self.lots.entry(lot.to_string()).or_default().clock = None;
                    }
                }
                Finding::Fail => self.lots.entry(lot.to_string()).or_default().refused = true,
                Finding::Destroy => {
                    self.lots.entry(lot.to_string()).or_default().condemned = true;
                }
            },
            _ => {}
        }
    }

    pub(super) fn ended(&mut self, lot: &str, step: &str, at: i64, now: i64, record: &Record) {
        let Some(work) = self.work.remove(lot) else {
            return self.fail("G3a", format!("{lot} was not under treatment"));
        };
        self.must("G3a", work.step == step && at >= work.from, || {
            format!("{lot} was under {}", work.step)
        });
        let row = self.lots.entry(lot.into()).or_default();
        row.treated_at = at;
        let rule = self
            .protocols_of(lot)
            .first()
            .and_then(|p| p.treatments.iter().find(|rule| rule.step.as_str() == step))
            .cloned();
        let judged = record
            .events
            .iter()
            .find_map(|event| match &event.happening {
                H::Entry(E::TreatmentJudged {
                    lot: of,
                    valid,
                    pin,
                    ..
                }) if of.as_str() == lot => Some((*valid, pin.clone())),
                _ => None,
            });
        match (rule, judged) {
            (Some(rule), Some((valid, pin))) => {
                let right = sound(&rule, &work, at);
                self.must("G3a", valid == right, || {
                    let found = |valid| if valid { "valid" } else { "invalid" };
                    format!(
                        "the treatment of {lot} to {} was judged {}, but is {}",
                        instant(at),
                        found(valid),
                        found(right)
                    )
                });
                let own = self.protocols_of(lot).first().map(|p| p.pin());
                self.must("A6", own == Some(pin), || {
                    format!("{lot} was judged by another version")
                });
            }
            (Some(_), None) => self.fail("G3a", format!("{lot} was not judged")),
            (None, _) => {
                let step = StepName::new(step);
                self.base(lot, now, &ClockFrom::StepEnd(step));
            }
        }
    }

    /// What is dosed, read and judged.
    pub(super) fn of_treatments(&mut self, entry: &E, told: Told<'_>) {
        let Told {
            record, at, now, ..
        } = told;
        match entry {
            E::TreatmentDosed {
                lot,
                step,
                agent,
                dose_mg_m3,
                ..
            } => {
                self.in_hand(lot.as_str(), step.as_str());
                if let Some(work) = self.work.get_mut(lot.as_str())
                    && (work.agent.as_deref() != Some(agent.as_str()) || at < work.dosed)
                {
                    work.dose = *dose_mg_m3;
                }
                self.dosed(
                    (lot.as_str(), step.as_str(), agent.as_str()),
                    record,
                    at,
                    now,
                );
            }
            E::TreatmentRead { lot, step, reading } => {
                self.in_hand(lot.as_str(), step.as_str());
                let tolerance =
                    (self.rules.as_ref()).map_or(0, |rules| secs(rules.clock_tolerance_s));
                let read = us(reading.at);
                self.must("A10", read <= now.saturating_add(tolerance), || {
                    format!("{lot} was read in the future")
                });
                let from = self
                    .work
                    .get(lot.as_str())
                    .map_or(i64::MIN, |work| work.from);
                self.must("G3a", read >= from, || {
                    format!("{lot} was read before its treatment began")
                });
                if let Some(work) = self.work.get_mut(lot.as_str()) {
                    let line = reading.line.as_ref().map(ToString::to_string);
                    let (at, c) = (us(reading.at), reading.concentration_mg_m3);
                    let read = (line, at, c, reading.temperature_mc);
                    let clash = work
                        .readings
                        .iter()
                        .any(|other| other.0 == read.0 && other.1 == read.1 && *other != read);
                    work.readings.push(read);
                    self.must("G3a", !clash, || {
                        format!("{lot} was read twice at {}", instant(at))
                    });
                }
            }
            E::TreatmentJudged {
                lot, step, valid, ..
            } if *valid => {
                let ended = record.events.iter().any(|event| {
                    matches!(&event.happening,
                        H::TreatmentEnded { lot: of, step: done, .. } if of == lot && done == step)
                });
                self.must("G3a", ended, || format!("no {step} of {lot} ended"));
                self.base(lot.as_str(), now, &ClockFrom::StepEnd(step.clone()));
                let row = self.lots.entry(lot.to_string()).or_default();
                row.treated.insert(step.to_string());
            }
            E::TreatmentVoided { lot, .. } => {
                let arrival = self.protocols_of(lot.as_str()).first().is_some_and(|p| {
                    p.hold
                        .as_ref()
                        .is_some_and(|h| h.clock == ClockFrom::Arrival)
                });
                let row = self.lots.entry(lot.to_string()).or_default();
                row.treated.clear();
                row.inspected.clear();
                row.passed.clear();
                row.clock = None;
                if !arrival {
                    row.base = None;
                }
                row.floor = row.floor.max(now);
                row.clean = false;
                unrelease(row);
                self.past_is_void(lot.as_str());
            }
            _ => {}
        }
    }

    /// That a lot is under that treatment.
    fn in_hand(&mut self, lot: &str, step: &str) {
        let work = self.work.get(lot);
        let right = work.is_some_and(|work| work.step == step);
        self.must("G3a", right, || format!("{lot} is not under {step}"));
    }

    pub(super) fn dosed(
        &mut self,
        (lot, step, agent): (&str, &str, &str),
        record: &Record,
        at: i64,
        now: i64,
    ) {
        let rule = self
            .protocols_of(lot)
            .first()
            .and_then(|p| p.treatments.iter().find(|rule| rule.step.as_str() == step))
            .cloned();
        let named = rule.is_none_or(|rule| {
            rule.agents.is_empty() || rule.agents.iter().any(|a| a.agent.as_str() == agent)
        });
        self.must("S3", named, || format!("{agent} is not for {lot}"));
        let goods = self
            .lots
            .get(lot)
            .map(|row| row.goods.clone())
            .unwrap_or_default();
        let spoils = self.rules.iter().flat_map(|r| &r.goods).any(|rule| {
            rule.goods.as_str() == goods && rule.spoiled_by.iter().any(|a| a.as_str() == agent)
        });
        self.must("S3", !spoils, || format!("{agent} spoils {lot}"));
        for person in crew_of(record) {
            self.cleared(&person, now);
            let trained = self
                .people
                .get(&person)
                .is_some_and(|p| p.agents.iter().any(|a| a == agent));
            self.must("P1", trained, || {
                format!("{person} is not trained for {agent}")
            });
        }
        if let Some(work) = self.work.get_mut(lot) {
            let same = work.agent.as_deref() == Some(agent);
            let since = if same { work.dosed.min(at) } else { at };
            work.dosed = since.max(work.from);
            work.agent = Some(agent.into());
        }
    }
}
