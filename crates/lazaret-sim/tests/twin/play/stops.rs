//! The calendar: what opens, closes, comes, goes, fails and is repaired; what stops then, and what stops for good.

use lazaret_gateway::model::{Breakdown, Hours, StepKind};
use lazaret_vocabulary::event::{Happening, Spot};

use super::hours::{Open, micros};
use super::{
    Doing, Kept, Life, Place, Play, Resource, Source, Unit, What, failure_counter, kind_word,
};
use crate::faults::Fault;

impl Play<'_> {
    pub(super) fn set_up(&mut self) {
        let gateway = self.gateway;
        for p in 0..gateway.places.len() {
            self.set_up_place(p);
        }
        for r in 0..gateway.resources.len() {
            self.set_up_resource(r);
        }
        if self.warm > 0 {
            self.schedule(self.warm, What::WarmUp);
        }
        for (s, source) in gateway.sources.iter().enumerate() {
            let path = format!("source.{}", source.name);
            let home = source
                .fleet
                .as_ref()
                .map_or(0, |fleet| self.whole(&format!("{path}.fleet"), fleet, 0));
            let closed = Open::new(gateway, None, &source.closed);
            self.sources.push(Source {
                home,
                closed,
                ..Source::default()
            });
            self.schedule_due(&path, &source.due, 0, What::Due(s));
        }
        for (step, about) in gateway.steps.iter().enumerate() {
            if let StepKind::Dispatch(dispatch) = &about.kind {
                self.schedule_due(
                    &format!("step.{}", about.name),
                    &dispatch.due,
                    0,
                    What::Departure(step),
                );
            }
        }
    }

    fn without_holidays(&self, hours: Option<&Hours>) -> Option<Hours> {
        let mut hours = hours.cloned();
        if let Some(hours) = hours
            .as_mut()
            .filter(|_| self.fault == Some(Fault::NoHolidays))
        {
            hours.holidays.clear();
        }
        hours
    }

    fn set_up_place(&mut self, p: usize) {
        let gateway = self.gateway;
        let about = &gateway.places[p];
        let path = format!("place.{}", about.name);
        let hours = Open::new(
            gateway,
            self.without_holidays(about.hours.as_ref()).as_ref(),
            &about.closed,
        );
        for at in hours.changes(self.end) {
            self.schedule(at, What::PlaceHours(p));
        }
        let count = self.whole(&format!("{path}.count"), &about.count, 0);
        let slots = about
            .slots
            .as_ref()
            .map_or(0, |slots| self.whole(&format!("{path}.slots"), slots, 0));
        let mut most = count;
        for (nth, change) in about.changes.iter().enumerate() {
            if let Some(units) = &change.count {
                most = most.max(self.whole(&format!("{path}.from.count"), units, 0));
            }
            if micros(gateway, change.at) > 0 {
                self.schedule(micros(gateway, change.at), What::PlaceChange(p, nth));
            }
        }
        self.places.push(Place {
            open: hours.at(0),
            hours,
            count: 0,
            slots,
            unlimited: about.slots.is_none(),
            units: vec![Unit::default(); most.clamp(1, 65_535) as usize],
            changes_left: about.changes.len(),
        });
        self.size_place(p, count, slots);
        for nth in 0..about.changes.len() {
            if micros(gateway, about.changes[nth].at) <= 0 {
                self.change_place(p, nth);
            }
        }
        self.note_occupation(p);
    }

    fn size_place(&mut self, p: usize, count: i64, slots: i64) {
        let before = self.places[p].count;
        (self.places[p].count, self.places[p].slots) = (count, slots);
        for unit in before..count {
            self.start_unit(p, unit as usize);
        }
        for unit in count..before {
            self.places[p].units[unit as usize].life.stop();
        }
    }

    fn change_place(&mut self, p: usize, nth: usize) {
        let about = &self.gateway.places[p];
        let (count, slots) = (self.places[p].count, self.places[p].slots);
        let change = &about.changes[nth];
        let path = format!("place.{}.from", about.name);
        let count = change
            .count
            .as_ref()
            .map_or(count, |q| self.whole(&format!("{path}.count"), q, 0));
        let slots = change
            .slots
            .as_ref()
            .map_or(slots, |q| self.whole(&format!("{path}.slots"), q, 0));
        self.places[p].changes_left -= 1;
        self.size_place(p, count, slots);
        let slots = self.capacity(p).min(i64::from(u32::MAX)) as u32;
        self.tell(Happening::CapacityChanged {
            place: self.place_name(p),
            slots,
        });
    }

    fn set_up_resource(&mut self, r: usize) {
        let gateway = self.gateway;
        let about = &gateway.resources[r];
        let path = format!("{}.{}", kind_word(about.kind), about.name);
        let hours = Open::new(
            gateway,
            self.without_holidays(about.hours.as_ref()).as_ref(),
            &[],
        );
        for at in hours.changes(self.end) {
            self.schedule(at, What::ResourceHours(r));
        }
        let count = self.whole(&format!("{path}.count"), &about.count, 0);
        let mut most = count;
        for (nth, (at, count)) in about.changes.iter().enumerate() {
            most = most.max(self.whole(&format!("{path}.from.count"), count, 0));
            if micros(gateway, *at) > 0 {
                self.schedule(micros(gateway, *at), What::ResourceChange(r, nth));
            }
        }
        self.resources.push(Resource {
            on_shift: hours.at(0),
            hours,
            total: 0,
            in_use: 0,
            held: 0,
            items: vec![Life::default(); most as usize],
            changes_left: about.changes.len(),
        });
        self.size_resource(r, count);
        for nth in 0..about.changes.len() {
            if micros(gateway, about.changes[nth].0) <= 0 {
                self.change_resource(r, nth);
            }
        }
    }

    fn size_resource(&mut self, r: usize, total: i64) {
        let before = std::mem::replace(&mut self.resources[r].total, total);
        for item in before..total {
            self.start_item(r, item as usize);
        }
        for item in total..before {
            if self.fault != Some(Fault::FailsUnseen) {
                self.resources[r].items[item as usize].stop();
            }
        }
    }

    fn change_resource(&mut self, r: usize, nth: usize) {
        let about = &self.gateway.resources[r];
        let path = format!("{}.{}.from.count", kind_word(about.kind), about.name);
        let total = self.whole(&path, &about.changes[nth].1, 0);
        self.resources[r].changes_left -= 1;
        self.size_resource(r, total);
    }

    fn place_breaks(&self, p: usize) -> Option<&Breakdown> {
        self.gateway.places[p].breaks.as_ref()
    }

    /// The clock of a unit starts: it has come, or is repaired.
    fn start_unit(&mut self, p: usize, u: usize) {
        let life = self.places[p].units[u].life;
        let Some(breaks) = self
            .place_breaks(p)
            .filter(|_| !life.broken && life.fails.is_none())
        else {
            return;
        };
        let path = format!("place.{}.breaks.every", self.gateway.places[p].name);
        let lasts = self.time(&path, &breaks.every, failure_counter(u, life.nth));
        let fails = self.now + if life.nth == 0 { lasts } else { lasts.max(1) };
        self.places[p].units[u].life.fails = Some(fails);
        self.schedule(fails, What::UnitFails(p, u));
    }

    fn start_item(&mut self, r: usize, item: usize) {
        let about = &self.gateway.resources[r];
        let life = self.resources[r].items[item];
        let Some(breaks) = about
            .breaks
            .as_ref()
            .filter(|_| !life.broken && life.fails.is_none())
        else {
            return;
        };
        let path = format!("{}.{}.breaks.every", kind_word(about.kind), about.name);
        let lasts = self.time(&path, &breaks.every, failure_counter(item, life.nth));
        let fails = self.now + if life.nth == 0 { lasts } else { lasts.max(1) };
        self.resources[r].items[item].fails = Some(fails);
        self.schedule(fails, What::ItemFails(r, item));
    }

    /// Makes one change of the calendar.
    pub(super) fn change(&mut self, what: What) {
        match what {
            What::PlaceHours(p) => self.place_hours(p),
            What::ResourceHours(r) => {
                let on = self.resources[r].hours.at(self.now);
                self.resources[r].on_shift = on;
                let resource = self.resource_name(r);
                self.tell(if on {
                    Happening::ShiftStarted { resource }
                } else {
                    Happening::ShiftEnded { resource }
                });
            }
            What::PlaceChange(p, nth) => {
                self.change_place(p, nth);
                self.note_occupation(p);
            }
            What::ResourceChange(r, nth) => self.change_resource(r, nth),
            What::WarmUp => {
                if self.fault != Some(Fault::NoWarmUp) {
                    self.start_statistics_anew();
                }
            }
            What::UnitFails(p, u) => {
                if self.places[p].units[u].life.fails != Some(self.now) {
                    return;
                }
                let nth = self.places[p].units[u].life.fail();
                let spot = self.spot((p, u));
                self.tell(Happening::PlaceBroken { spot });
                let path = format!("place.{}.breaks.repair", self.gateway.places[p].name);
                let repair = &self.place_breaks(p).unwrap().repair;
                let takes = self.time(&path, repair, failure_counter(u, nth));
                self.schedule(self.now + takes, What::UnitRepaired(p, u));
            }
            What::UnitRepaired(p, u) => {
                self.places[p].units[u].life.repair();
                let spot = self.spot((p, u));
                self.tell(Happening::PlaceRepaired { spot });
                if (u as i64) < self.places[p].count {
                    self.start_unit(p, u);
                }
            }
            What::ItemFails(r, item) => {
                if self.resources[r].items[item].fails != Some(self.now) {
                    return;
                }
                let nth = self.resources[r].items[item].fail();
                let about = &self.gateway.resources[r];
                let path = format!("{}.{}.breaks.repair", kind_word(about.kind), about.name);
                let repair = &about.breaks.as_ref().unwrap().repair;
                let takes = self.time(&path, repair, failure_counter(item, nth));
                self.schedule(self.now + takes, What::ItemRepaired(r, item));
            }
            What::ItemRepaired(r, item) => {
                self.resources[r].items[item].repair();
                if (item as i64) < self.resources[r].total {
                    self.start_item(r, item);
                }
            }
            other => unreachable!("{other:?} is not of the calendar"),
        }
    }

    fn place_hours(&mut self, p: usize) {
        let open = self.places[p].hours.at(self.now);
        self.places[p].open = open;
        for u in 0..self.places[p].units.len() {
            let spot: Spot = self.spot((p, u));
            let because = self.places[p]
                .hours
                .closure(self.now)
                .unwrap_or("off shift")
                .to_string();
            self.tell(if open {
                Happening::PlaceOpened { spot }
            } else {
                Happening::PlaceClosed { spot, because }
            });
        }
    }

    /// Stops what has to stop after the changes of an instant.
    pub(super) fn stop_and_go_on(&mut self) {
        for x in self.at_work() {
            if let Some(kept) = self.barrier(x) {
                self.pause(x, kept);
            }
        }
        for x in self.all() {
            if self.things[x].doing != Doing::AwaitsWork {
                continue;
            }
            match self.barrier(x) {
                None if !self.things[x].listed => {
                    self.things[x].listed = true;
                    self.is_fresh(x);
                }
                Some(kept) if self.things[x].listed => {
                    self.things[x].listed = false;
                    self.tell_waiting(x, kept);
                }
                _ => {}
            }
        }
        for r in 0..self.resources.len() {
            self.stop_excess(r);
        }
    }

    /// Work in hand that does not end in this instant, what began or went on last first; of several, the last in line first.
    fn at_work(&self) -> Vec<usize> {
        let works = |x: &usize| match self.things[*x].doing {
            Doing::Works { until } => until > self.now || self.fault == Some(Fault::StopsAtTheEnd),
            _ => false,
        };
        let mut found: Vec<usize> = self.all().filter(works).collect();
        found.sort_by_key(|&x| (self.things[x].began, self.turn(x)));
        found.reverse();
        found
    }

    /// If more of `r` is at work than there is, the work that began or went on last stops.
    fn stop_excess(&mut self, r: usize) {
        let resource = &self.resources[r];
        let there = if resource.on_shift || self.finishes(r) {
            resource.total - self.broken(r)
        } else {
            0
        };
        let used_of = |play: &Self, x: usize| {
            play.uses(x)
                .iter()
                .filter(|need| need.0 == r)
                .map(|need| need.1)
                .sum::<i64>()
        };
        let mut in_use = resource.in_use;
        let at_work = self.at_work();
        for x in self.all() {
            if matches!(self.things[x].doing, Doing::Works { .. }) && !at_work.contains(&x) {
                in_use -= used_of(self, x);
            }
        }
        for x in at_work {
            let uses = used_of(self, x);
            if in_use > there && uses > 0 {
                in_use -= uses;
                self.pause(x, Kept::Resource(r));
            }
        }
    }

    fn pause(&mut self, x: usize, kept: Kept) {
        let Doing::Works { until } = self.things[x].doing else {
            return;
        };
        self.pending
            .retain(|pending| !matches!(pending.what, What::Ends(y) if y == x));
        if self.fault != Some(Fault::KeepsCrew) {
            for (r, n) in self.uses(x) {
                self.resources[r].in_use -= n;
            }
        }
        let thing = &mut self.things[x];
        thing.doing = Doing::AwaitsWork;
        thing.rests = Some((until - self.now, self.now));
        thing.listed = matches!(kept, Kept::Resource(_));
        let p = self.stands(x).unwrap().0;
        let (thing, step, cause) = (self.named(x), self.step_label(x), self.cause(kept, p));
        self.tell(Happening::WorkPaused { thing, step, cause });
    }

    pub(super) fn is_fresh(&mut self, x: usize) {
        if !self.fresh.contains(&x) {
            self.fresh.push(x);
        }
    }

    /// Looks for places in which everything waits for room in one of them.
    pub(super) fn look_for_deadlock(&mut self) {
        if self.deadlock.is_some() {
            return;
        }
        let mut stuck: Vec<usize> = (0..self.places.len())
            .filter(|&p| self.occupied(p) > 0)
            .collect();
        loop {
            let stays = |&p: &usize| {
                let there = self
                    .all()
                    .filter(|&x| self.stands(x).is_some_and(|(stands, _)| stands == p));
                there.into_iter().all(|x| self.is_stuck(x, &stuck))
            };
            let left: Vec<usize> = stuck.iter().copied().filter(stays).collect();
            if left.len() == stuck.len() {
                break;
            }
            stuck = left;
        }
        if !stuck.is_empty() {
            let held_back = (0..self.places.len()).filter(|&p| self.held_back(p, &stuck));
            let held_back: Vec<usize> = held_back.filter(|p| !stuck.contains(p)).collect();
            stuck.extend(held_back);
            let places = stuck.iter().map(|&p| self.place_name(p)).collect();
            self.tell(Happening::Deadlocked { places });
            self.deadlock = Some((self.now, stuck));
        }
    }

    fn is_stuck(&self, x: usize, stuck: &[usize]) -> bool {
        match self.things[x].doing {
            // It goes when its lots do.
            Doing::Empties => true,
            Doing::AwaitsRoom => {
                let to = self.goes_to(x).unwrap();
                let place = &self.places[to];
                let may_yet_open = !place.open
                    || place.changes_left > 0
                    || place.units.iter().any(|unit| unit.life.broken);
                !may_yet_open && (stuck.contains(&to) || self.held_back(to, stuck))
            }
            _ => false,
        }
    }

    /// Whether a place with room lets nobody in because all that it holds is held by slots that none can leave.
    fn held_back(&self, p: usize, stuck: &[usize]) -> bool {
        let holds = |p: usize, r: usize| {
            self.gateway.places[p]
                .holds
                .iter()
                .any(|need| need.0.index() == r)
        };
        self.has_room(p)
            && self.gateway.places[p].holds.iter().any(|&(r, n)| {
                let r = r.index();
                let resource = &self.resources[r];
                let holders: Vec<usize> = (0..self.places.len())
                    .filter(|&q| holds(q, r) && self.occupied(q) > 0)
                    .collect();
                let by_stuck = !holders.is_empty() && holders.iter().all(|q| stuck.contains(q));
                let settled =
                    resource.on_shift && self.broken(r) == 0 && resource.changes_left == 0;
                settled
                    && resource.in_use == resource.held
                    && self.free(r) < i64::from(n)
                    && by_stuck
            })
    }

    /// Who waits at the end for a quarter of the run or more, while nobody is served, or others were.
    pub(super) fn standstills(&self) -> Vec<(usize, u32, i64, bool)> {
        let quarter = ((self.end - self.warm) / 4).max(1);
        let mut found: Vec<(usize, u32, i64, bool)> = Vec::new();
        for x in self.all() {
            let thing = &self.things[x];
            let waits = match thing.doing {
                Doing::AwaitsRoom | Doing::AwaitsDeparture => true,
                Doing::AwaitsWork => thing.rests.is_none(),
                _ => false,
            };
            let Some(step) = self
                .step(x)
                .filter(|_| waits && self.end - thing.ready >= quarter)
            else {
                continue;
            };
            let served = &self.figures.steps[step];
            let overtaken = served.latest_ready > thing.ready;
            if !overtaken && self.end - served.last_began < quarter {
                continue;
            }
            match found
                .iter_mut()
                .find(|known| known.0 == step && known.3 == overtaken)
            {
                Some(known) => (known.1, known.2) = (known.1 + 1, known.2.min(thing.ready)),
                None => found.push((step, 1, thing.ready, overtaken)),
            }
        }
        found.sort_by_key(|&(step, .., overtaken)| (step, overtaken));
        found
    }
}

impl Life {
    /// One that is taken away fails no more.
    fn stop(&mut self) {
        if self.fails.take().is_some() {
            self.nth += 1;
        }
    }

    /// It fails; which failure that is.
    fn fail(&mut self) -> u32 {
        (self.broken, self.fails) = (true, None);
        self.nth
    }

    fn repair(&mut self) {
        self.broken = false;
        self.nth += 1;
    }
}
