//! Work, holds, inspections and departures: how each begins and ends.

use lazaret_gateway::model::{HoldClock, Inspection, StepKind};
use lazaret_gateway::random::{Key, hash_name, mix};
use lazaret_vocabulary::event::{Cause, DepartureId, Finding, Happening};

use super::{Doing, Kept, Play, What, is_each};
use crate::faults::Fault;

impl Play<'_> {
    /// Crews and equipment that what it does takes, each with how many.
    pub(super) fn uses(&self, x: usize) -> Vec<(usize, i64)> {
        let gateway = self.gateway;
        let thing = &self.things[x];
        let (own, p) = match self.step(x) {
            Some(step) => {
                let about = &gateway.steps[step];
                let by_lots = thing.lot.is_none() && is_each(&about.kind);
                let no_work = matches!(about.kind, StepKind::Hold { .. } | StepKind::Dispatch(_));
                if by_lots || no_work {
                    return Vec::new();
                }
                (&about.needs, about.at.index())
            }
            None if thing.washes => {
                let rule = &gateway.sources[thing.source].vehicle;
                (&rule.wash_needs, rule.wash_at.unwrap().index())
            }
            None => return Vec::new(),
        };
        let all = own.iter().chain(&gateway.places[p].needs);
        (0..self.resources.len())
            .filter_map(|r| {
                let n: i64 = all
                    .clone()
                    .filter(|need| need.0.index() == r)
                    .map(|need| i64::from(need.1))
                    .sum();
                (n > 0).then_some((r, n))
            })
            .collect()
    }

    /// What keeps anybody from working on it where it stands.
    pub(super) fn barrier(&self, x: usize) -> Option<Kept> {
        let (p, u) = self.stands(x)?;
        if !self.places[p].open {
            Some(Kept::Closed)
        } else if self.places[p].units[u].life.broken {
            Some(Kept::Broken)
        } else {
            None
        }
    }

    /// `x` has its slot: its step begins as soon as place, crews and equipment allow.
    pub(super) fn begin(&mut self, x: usize) {
        if let Some(step) = self.step(x) {
            match self.gateway.steps[step].kind {
                StepKind::Hold { clock } => return self.begin_hold(x, step, clock),
                StepKind::Dispatch(_) => return self.await_departure(x),
                _ => {}
            }
        }
        self.things[x].doing = Doing::AwaitsWork;
        self.things[x].began = self.now;
        if let Some(kept) = self.barrier(x) {
            self.things[x].listed = false;
            self.tell_waiting(x, kept);
        } else if self.uses(x).is_empty() {
            self.start(x);
        } else {
            self.things[x].listed = true;
            self.is_fresh(x);
        }
    }

    pub(super) fn tell_waiting(&mut self, x: usize, kept: Kept) {
        let p = self.stands(x).unwrap().0;
        let (thing, step, cause) = (self.named(x), self.step_label(x), self.cause(kept, p));
        self.tell(Happening::Waiting { thing, step, cause });
    }

    /// Order of those who wait to begin or go on.
    pub(super) fn turn(&self, x: usize) -> impl Ord + use<> {
        let thing = &self.things[x];
        let lot = thing.lot.map_or(0, |lot| u32::from(lot) + 1);
        let late = if self.fault == Some(Fault::LastFirst) {
            -thing.ready
        } else {
            thing.ready
        };
        (
            -self.priority(x),
            late,
            thing.rests.is_none(),
            thing.convoy,
            thing.vehicle,
            lot,
            thing.source,
        )
    }

    /// Those who wait to begin or go on where somebody could work on them, in their order.
    pub(super) fn line(&self) -> Vec<usize> {
        let waits =
            |x: &usize| self.things[*x].doing == Doing::AwaitsWork && self.barrier(*x).is_none();
        let mut line: Vec<usize> = self.all().filter(waits).collect();
        line.sort_by_key(|&x| self.turn(x));
        line
    }

    pub(super) fn first_who_can_begin(&self) -> Option<usize> {
        let line = self.line();
        let can = |nth: usize| {
            self.uses(line[nth])
                .iter()
                .all(|&(r, n)| self.free(r) >= n && !self.lacked_before(&line[..nth], r))
        };
        (0..line.len()).find(|&nth| can(nth)).map(|nth| line[nth])
    }

    /// Whether somebody of these needs more of resource `r` than is free.
    fn lacked_before(&self, before: &[usize], r: usize) -> bool {
        let lacks = |&x: &usize| {
            self.uses(x)
                .iter()
                .any(|&(need, n)| need == r && n > self.free(r))
        };
        self.fault != Some(Fault::Overtakes) && before.iter().any(lacks)
    }

    /// What it is said to wait for that waits for crews and equipment.
    pub(super) fn lacking(&self, x: usize) -> usize {
        let uses = self.uses(x);
        let line = self.line();
        let before = &line[..line.iter().position(|&y| y == x).unwrap_or(0)];
        let short = uses.iter().find(|&&(r, n)| self.free(r) < n);
        let kept = short.or_else(|| uses.iter().find(|&&(r, _)| self.lacked_before(before, r)));
        kept.or(uses.first()).map_or(0, |&(r, _)| r)
    }

    fn take(&mut self, x: usize, sign: i64) {
        for (r, n) in self.uses(x) {
            self.resources[r].in_use += sign * n;
        }
    }

    /// Begins the work on `x`, or goes on with it.
    pub(super) fn start(&mut self, x: usize) {
        self.things[x].listed = false;
        self.take(x, 1);
        let takes = if let Some((left, since)) = self.things[x].rests.take() {
            if let Some(step) = self.step(x) {
                self.figures.steps[step].paused += i128::from(self.now - since);
            }
            let (thing, step) = (self.named(x), self.step_label(x));
            self.tell(Happening::WorkResumed { thing, step });
            left
        } else {
            let each = self
                .step(x)
                .is_some_and(|step| is_each(&self.gateway.steps[step].kind));
            let vehicle = self.things[x].lot.is_none();
            if vehicle || !each {
                self.tell_started(x);
            }
            if vehicle && each {
                return self.unload(x);
            }
            self.wait_ends(x);
            match self.step(x) {
                Some(step) => {
                    self.mark(x, step, false);
                    self.takes(x, step)
                }
                None => {
                    let rule = &self.gateway.sources[self.things[x].source].vehicle;
                    self.home_time(x, "wash", rule.wash.as_ref())
                }
            }
        };
        self.things[x].doing = Doing::Works {
            until: self.now + takes,
        };
        self.things[x].began = self.now;
        if takes == 0 {
            self.served(x);
        } else {
            self.schedule(self.now + takes, What::Ends(x));
        }
    }

    fn takes(&self, x: usize, step: usize) -> i64 {
        let (goods, about) = (self.things[x].goods, &self.gateway.steps[step]);
        let own = self.gateway.goods[goods].hold.as_ref();
        let own = own.filter(|_| matches!(about.kind, StepKind::Hold { .. }));
        let quantity = own.unwrap_or(&about.takes[goods]);
        self.time(
            &format!("step.{}.takes", about.name),
            quantity,
            self.counter(x),
        )
    }

    fn mark(&mut self, x: usize, step: usize, end: bool) {
        let now = self.now;
        let marks = &mut self.things[x].marks;
        marks.retain(|&(of, ends, _)| (of, ends) != (step, end));
        marks.push((step, end, now));
    }

    fn tell_started(&mut self, x: usize) {
        let (step, spot) = (self.step_label(x), self.spot(self.stands(x).unwrap()));
        let kind = self.step(x).map(|step| &self.gateway.steps[step].kind);
        self.tell(match kind {
            Some(StepKind::Unload { .. }) => Happening::UnloadingStarted {
                vehicle: self.vehicle_id(x),
                step,
                spot,
            },
            Some(StepKind::Inspect(_)) => Happening::InspectionStarted {
                lot: self.lot_id(x),
                step,
                spot,
            },
            Some(StepKind::Treat) => Happening::TreatmentStarted {
                lot: self.lot_id(x),
                step,
                spot,
            },
            _ => Happening::VehicleStepStarted {
                vehicle: self.vehicle_id(x),
                step,
                spot,
            },
        });
    }

    fn begin_hold(&mut self, x: usize, step: usize, clock: HoldClock) {
        let marked = |of: usize, end: bool| {
            let mark = self.things[x]
                .marks
                .iter()
                .find(|&&(known, ends, _)| (known, ends) == (of, end));
            mark.map_or(self.now, |&(.., at)| at)
        };
        let from = match clock {
            _ if self.fault == Some(Fault::StoredClock) => self.now,
            HoldClock::Stored => self.now,
            HoldClock::Arrival => self.things[x].arrived,
            HoldClock::StepStart(of) => marked(of.index(), false),
            HoldClock::StepEnd(of) => marked(of.index(), true),
        };
        let ends = (from + self.takes(x, step)).max(self.now);
        self.wait_ends(x);
        self.things[x].doing = Doing::Held;
        let until =
            lazaret_vocabulary::time::GateTime::from_micros(ends).instant(self.gateway.start);
        let (lot, name) = (self.lot_id(x), self.step_name(step));
        self.tell(if self.things[x].rounds == 0 {
            Happening::HoldStarted {
                lot,
                step: name,
                until,
            }
        } else {
            Happening::HoldRestarted {
                lot,
                step: name,
                until,
                because: "treated again".into(),
            }
        });
        self.mark(x, step, false);
        self.schedule(ends, What::Ends(x));
    }

    /// What the list held for `x` has come.
    pub(super) fn ends(&mut self, x: usize) {
        match self.things[x].doing {
            Doing::Travels => {
                self.things[x].ready = self.now;
                self.begin(x);
            }
            Doing::Works { .. } | Doing::Held => self.served(x),
            other => unreachable!("{:?} ends {other:?}", self.named(x)),
        }
    }

    fn served(&mut self, x: usize) {
        if self.things[x].doing != Doing::Held {
            self.take(x, -1);
        }
        let Some(step) = self.step(x) else {
            self.tell(Happening::VehicleWashed {
                vehicle: self.vehicle_id(x),
            });
            self.vacate(x);
            return self.go_home(x, true);
        };
        self.figures.steps[step].finished += 1;
        self.mark(x, step, true);
        self.things[x].last = Some(step);
        self.things[x].done = Some(self.now);
        let name = self.step_name(step);
        let gateway = self.gateway;
        match &gateway.steps[step].kind {
            StepKind::Unload { each_lot: false } => return self.unload(x),
            StepKind::Inspect(inspection) => return self.inspected(x, step, inspection),
            StepKind::Handle => {
                let spot = self.spot(self.stands(x).unwrap());
                self.tell(Happening::VehicleStepEnded {
                    vehicle: self.vehicle_id(x),
                    step: name,
                    spot,
                });
            }
            StepKind::Unload { each_lot: true } => {
                let v = self.things[x].aboard.unwrap();
                self.tell_unloaded(x, v);
                self.turning.push_back(v);
            }
            StepKind::Hold { .. } => self.tell(Happening::HoldEnded {
                lot: self.lot_id(x),
                step: name,
            }),
            StepKind::Treat | StepKind::Dispatch(_) => {
                let spot = self.spot(self.stands(x).unwrap());
                self.tell(Happening::TreatmentEnded {
                    lot: self.lot_id(x),
                    step: name,
                    spot,
                });
            }
        }
        self.things[x].at += 1;
        self.proceed(x);
    }

    fn inspected(&mut self, x: usize, step: usize, inspection: &Inspection) {
        let name = &self.gateway.steps[step].name;
        let purpose = hash_name(&format!("step.{name}.finding"));
        let key = Key::new(self.replication.seed, self.replication.number, purpose);
        let u = key.uniform(self.counter(x));
        let shares = [
            inspection.pass,
            inspection.again,
            inspection.fail,
            inspection.destroy,
        ];
        let shares = shares.map(|share| share.value(&self.unknowns).max(0.0));
        let total: f64 = shares.iter().sum();
        let up_to = |n: usize| shares[..n].iter().sum::<f64>() / total;
        let back = inspection.again_from.and_then(|from| {
            let thing = &self.things[x];
            thing.path[..thing.at]
                .iter()
                .position(|&earlier| earlier == from.index())
        });
        let most = inspection.again_at_most - u32::from(self.fault == Some(Fault::OneRoundLess));
        let finding = if u < up_to(1) {
            Finding::Pass
        } else if u < up_to(2) {
            if back.is_some() && self.things[x].rounds < most {
                Finding::Again
            } else {
                Finding::Destroy
            }
        } else if u < up_to(3) {
            Finding::Fail
        } else {
            Finding::Destroy
        };
        let (lot, label) = (self.lot_id(x), self.step_name(step));
        self.tell(Happening::LotInspected {
            lot,
            step: label,
            finding,
        });
        match finding {
            Finding::Pass => {
                self.things[x].at += 1;
                self.proceed(x);
            }
            Finding::Again => {
                self.things[x].rounds += 1;
                self.things[x].at = back.unwrap();
                self.proceed(x);
            }
            Finding::Fail => {
                self.leave(x);
                self.figures.sent_back += 1;
                self.tell(Happening::LotSentBack {
                    lot: self.lot_id(x),
                });
                self.gone(x);
            }
            Finding::Destroy => {
                self.leave(x);
                self.figures.destroyed += 1;
                self.tell(Happening::LotDestroyed {
                    lot: self.lot_id(x),
                });
                self.gone(x);
            }
        }
    }

    fn gone(&mut self, x: usize) {
        let goods = self.things[x].goods;
        self.figures.goods[goods].inside -= 1;
        self.figures.lot_inside(-1);
        self.things[x].doing = Doing::Gone;
    }

    pub(super) fn dispatched(&mut self, x: usize) {
        let (goods, spent) = (self.things[x].goods, self.now - self.things[x].arrived);
        self.figures.goods[goods].times.push(spent);
        self.gone(x);
    }

    fn await_departure(&mut self, x: usize) {
        self.number += 1;
        let asked = self.number;
        let thing = &mut self.things[x];
        (thing.doing, thing.asked, thing.done) = (Doing::AwaitsDeparture, asked, None);
        self.tell(Happening::LotReleased {
            lot: self.lot_id(x),
        });
        let (thing, step) = (self.named(x), self.step_label(x));
        self.tell(Happening::Waiting {
            thing,
            step: step.clone(),
            cause: Cause::NoDeparture(step),
        });
    }

    pub(super) fn departure(&mut self, step: usize) {
        let gateway = self.gateway;
        let StepKind::Dispatch(dispatch) = &gateway.steps[step].kind else {
            unreachable!("only dispatches depart")
        };
        let path = format!("step.{}", gateway.steps[step].name);
        let nth = self.departures[step];
        self.departures[step] += 1;
        self.schedule_due(&path, &dispatch.due, nth + 1, What::Departure(step));
        let ready = |x: &usize| {
            self.things[*x].doing == Doing::AwaitsDeparture && self.step(*x) == Some(step)
        };
        let mut lots: Vec<usize> = self.all().filter(ready).collect();
        lots.sort_by_key(|&x| (-self.priority(x), self.things[x].asked));
        let counter = mix(u64::from(nth));
        let mut least = self
            .whole(&format!("{path}.at_least"), &dispatch.least, counter)
            .max(1);
        if self.fault == Some(Fault::OneLotLess) {
            least = (least - 1).max(1);
        }
        if (lots.len() as i64) < least {
            if !lots.is_empty() {
                self.figures.dispatches[step].cancelled += 1;
                let (step, ready, least) = (self.step_name(step), lots.len() as u32, least as u32);
                self.tell(Happening::DepartureCancelled { step, ready, least });
            }
            return;
        }
        if let Some(most) = &dispatch.most {
            lots.truncate(self.whole(&format!("{path}.takes_up_to"), most, counter) as usize);
        }
        if lots.is_empty() {
            return;
        }
        let departure = DepartureId::new(format!("{}-{}", gateway.steps[step].name, nth + 1));
        self.figures.dispatches[step].departures += 1;
        self.figures.dispatches[step].loaded += lots.len() as u64;
        for &x in &lots {
            self.wait_ends(x);
            self.figures.steps[step].finished += 1;
            self.tell(Happening::LotLoaded {
                lot: self.lot_id(x),
                departure: departure.clone(),
                wagon: None,
            });
            self.leave(x);
            self.dispatched(x);
        }
        self.tell(Happening::Departed {
            departure,
            step: self.step_name(step),
            lots: lots.len() as u32,
        });
    }
}
