//! A replication that begins from a situation instead of an empty gateway.
//!
//! The calendar of the file is wound forward to the instant without anybody in the gateway, so that hours, dates and
//! numbers are what they are then. Then everything is put where it is, what is left of work in hand is drawn on condition
//! of what has elapsed, and whatever can move moves.

mod left;

use std::sync::Arc;

use lazaret_gateway::distribution::Distribution;
use lazaret_vocabulary::time::GateTime;

use super::flow::Admission;
use super::ripening::Ripe;
use super::waits::{CLOSED, NO_RESOURCE, NO_ROOM, PARTS, Parts, SEGREGATED};
use super::{
    AGAIN, Kind, LISTED, Life, Measurements, OUTSIDE, PAUSED, Replication, State, TRAVELLED,
    UnknownsError, VEHICLE, What, World, cause, failure,
};
use crate::index::{DrawIx, Instant, ThingIx};
use crate::model::{LegKind, NO_PLACE};
use crate::observer::Observer;
use crate::situation::{
    DepartedLoad, Doing, DuePlan, Left, Start, StartNotes, ThingPlan, Waited, Worked,
};

/// Parts of a wait in the order of their sums.
pub(crate) fn parts(waited: &Waited) -> Parts {
    let mut parts = [0; PARTS];
    parts[NO_ROOM] = waited.no_room_us.max(0);
    parts[CLOSED] = waited.closed_us.max(0);
    parts[SEGREGATED] = waited.kept_apart_us.max(0);
    parts[NO_RESOURCE] = waited.no_resource_us.max(0);
    parts
}

/// An event that is to be scheduled: turn, when what it ends began, order of listing, time, and what it is.
type Pending = (u32, i64, usize, i64, Kind, usize);

impl<O: Observer> World<'_, O> {
    /// Runs one replication from `start` to the end. Statistics count from the instant of the situation on.
    ///
    /// # Errors
    /// See [`World::run`].
    pub fn run_from(
        &mut self,
        start: &Start,
        replication: Replication,
    ) -> Result<&Measurements, UnknownsError> {
        self.start_from(start, replication)?;
        self.outcome.inside.clear();
        self.advance(GateTime::from_micros(self.horizon));
        Ok(self.finish())
    }

    /// Sets the gateway up as `start` says, with unknowns drawn from their priors, and lets everything move that can.
    ///
    /// What is left of work, journeys and intervals is drawn on condition of what has elapsed, under the key and counter
    /// of the whole. What has lasted longer than the file says it can ends now; [`World::start_notes`] counts it.
    ///
    /// # Errors
    /// See [`World::run`].
    pub fn start_from(
        &mut self,
        start: &Start,
        replication: Replication,
    ) -> Result<(), UnknownsError> {
        let unknowns = self.drawn_unknowns(replication);
        self.begin_from(start, replication, unknowns)
    }

    pub(super) fn begin_from(
        &mut self,
        start: &Start,
        replication: Replication,
        unknowns: Vec<f64>,
    ) -> Result<(), UnknownsError> {
        self.prepare(replication, unknowns)?;
        self.clear_all(false);
        self.wind_to(start.at);
        self.warm = start.at;
        self.warm();
        self.picture.begin_at(start.at);
        self.begun.classes = Arc::clone(&start.classes);
        self.begun.ahead = Arc::clone(&start.ahead);
        let mut hand = Hand::new(self.model.draws.len());
        self.restore_lives(start, &mut hand);
        let placed = self.add_things(start);
        self.set_going(start, &placed, &mut hand);
        self.restore_recurrences(start, &mut hand);
        hand.pending
            .sort_by_key(|&(turn, begun, nth, ..)| (turn, begun, nth));
        for &(.., at, kind, nth) in &hand.pending {
            self.schedule(at, kind, nth);
        }
        self.line_up(start, &placed);
        self.inside_when_warm = self.inside.now();
        for p in 0..self.places.len() {
            let place = &self.places[p];
            hand.notes.overfull += u32::from(place.occupied.now() > place.capacity);
            self.suspect |= self.model.places[p].in_cycle && place.occupied.now() > 0;
            if self.places[p].waiting != 0 {
                self.revisit_place(p);
            }
        }
        self.begun.notes = hand.notes;
        // Those that are ready and have not asked yet ask now, in the order in which they became ready.
        let mut done: Vec<usize> = (0..start.things.len())
            .filter(|&nth| start.things[nth].doing == Doing::Done)
            .collect();
        done.sort_by_key(|&nth| (start.things[nth].thing.since, start.things[nth].turn, nth));
        for nth in done {
            self.request(placed[nth]);
            self.settle();
        }
        self.settle();
        Ok(())
    }

    /// From here on it is noted when each lot of the situation leaves, and with how many lots each departure.
    pub fn follow(&mut self, start: &Start) {
        self.begun.followed = Arc::clone(&start.followed);
        self.begun.left.clear();
        self.begun.left.resize(start.names.len(), None);
        self.begun.departed.clear();
        self.begun.follows = true;
    }

    /// When each lot of [`Start::lots`] left the gateway; nothing for those that have not. Empty unless
    /// [`World::follow`] was called after the start.
    #[must_use]
    pub fn left(&self) -> &[Option<Left>] {
        &self.begun.left
    }

    /// Departures that have left since [`World::follow`] was called, in order of time.
    #[must_use]
    pub fn departed(&self) -> &[DepartedLoad] {
        &self.begun.departed
    }

    /// What did not fit when the replication started from a situation.
    #[must_use]
    pub fn start_notes(&self) -> StartNotes {
        self.begun.notes
    }

    /// Notes that a followed lot leaves.
    pub(super) fn note_left(&mut self, entity: u64, dispatched: bool) {
        if let Some(&nth) = self.begun.followed.get(&entity)
            && let Some(left) = self.begun.left.get_mut(nth as usize)
        {
            let at = GateTime::from_micros(self.now);
            *left = Some(Left { at, dispatched });
        }
    }

    pub(super) fn note_departed(&mut self, d: usize, lots: i64) {
        if self.begun.follows {
            self.begun.departed.push(DepartedLoad {
                dispatch: d as u16,
                at: GateTime::from_micros(self.now),
                lots: lots as u32,
            });
        }
    }

    /// Makes the changes of the file's calendar up to `at` and forgets everything else that was scheduled by then.
    fn wind_to(&mut self, at: i64) {
        while let Some((time, what)) = self.calendar.pop(at) {
            self.now = time;
            let what = What::unpack(what);
            let nth = what.nth();
            match what.kind() {
                Kind::PlaceToggle => drop(self.turn_place(nth)),
                Kind::ResourceToggle => drop(self.turn_resource(nth)),
                Kind::PlaceChange => self.resize_place(nth),
                Kind::ResourceChange => self.renumber_resource(nth),
                _ => {}
            }
        }
        // The calendar has looked ahead for its next event, and takes none before that any more: it starts anew.
        let mut ahead = Vec::new();
        while let Some((time, what)) = self.calendar.pop(i64::MAX) {
            let kind = What::unpack(what).kind();
            if !matches!(kind, Kind::UnitBreak | Kind::ItemBreak) {
                ahead.push((time, kind.rank(), what));
            }
        }
        self.calendar.begin_at(at);
        for (time, rank, what) in ahead {
            self.calendar.push(time, rank, what);
        }
        self.now = at;
        for unit in &mut self.units {
            unit.life = Life::default();
        }
        self.items.fill(Life::default());
        for p in 0..self.places.len() {
            self.places[p].bar(at);
        }
        for resource in &mut self.resources {
            resource.changed = false;
            resource.broken = 0;
        }
        self.changed_resources.clear();
        self.places_changed = false;
        self.suspect = false;
    }

    /// The failures of units and items. Of those that the situation does not name the clock starts now.
    fn restore_lives(&mut self, start: &Start, hand: &mut Hand) {
        for plan in &start.lives {
            let (index, breaks, there) = if plan.unit {
                let place = &self.places[plan.of];
                let there = (plan.nth as i64) < place.count;
                let index = (plan.nth < place.units as usize)
                    .then_some(place.unit_start as usize + plan.nth);
                (index, self.model.places[plan.of].breaks, there)
            } else {
                let there = (plan.nth as i64) < self.resources[plan.of].total;
                let index = self.resources[plan.of].item_start as usize + plan.nth;
                let known = self
                    .item_resource
                    .get(index)
                    .is_some_and(|&r| usize::from(r) == plan.of);
                (
                    known.then_some(index),
                    self.model.resources[plan.of].breaks,
                    there,
                )
            };
            let (Some(index), Some(breaks)) = (index, breaks) else {
                continue;
            };
            let mut life = Life {
                broken: plan.broken,
                fails: None,
                nth: plan.failures,
                since: plan.since,
            };
            let counter = failure(plan.nth as u32, plan.failures);
            let draw = if plan.broken {
                breaks.repair
            } else {
                breaks.every
            };
            let kind = match (plan.unit, plan.broken) {
                (true, true) => Kind::UnitRepair,
                (true, false) => Kind::UnitBreak,
                (false, true) => Kind::ItemRepair,
                (false, false) => Kind::ItemBreak,
            };
            if plan.broken || there {
                let left = self.rest_of(hand, Some(draw), counter, self.now - plan.since);
                let at = self.now + left;
                life.fails = (!plan.broken).then_some(at);
                hand.pending
                    .push((plan.turn, plan.since, index, at, kind, index));
            }
            if plan.unit {
                self.units[index].life = life;
            } else {
                self.items[index] = life;
                self.resources[plan.of].broken += i64::from(plan.broken && there);
            }
            hand.lives.insert((plan.unit, index));
        }
        for unit in 0..self.units.len() {
            let p = usize::from(self.unit_place[unit]);
            let number = unit as i64 - i64::from(self.places[p].unit_start);
            if number < self.places[p].count && !hand.lives.contains(&(true, unit)) {
                self.start_unit(unit);
            }
        }
        for item in 0..self.items.len() {
            let r = usize::from(self.item_resource[item]);
            let number = item as i64 - i64::from(self.resources[r].item_start);
            if number < self.resources[r].total && !hand.lives.contains(&(false, item)) {
                self.start_item(item);
            }
        }
        for r in 0..self.resources.len() {
            let now = self.now;
            let resource = &mut self.resources[r];
            resource.last = now;
        }
    }

    /// Puts everything where it is: slots, units and what the slots hold.
    fn add_things(&mut self, start: &Start) -> Vec<ThingIx> {
        let now = self.now;
        for plan in &start.groups {
            let place = &self.places[plan.place];
            if plan.unit < place.units as usize {
                let unit = &mut self.units[place.unit_start as usize + plan.unit];
                unit.group = plan.group;
                unit.entered = plan.entered;
            }
        }
        let mut placed = Vec::with_capacity(start.things.len());
        for plan in &start.things {
            let x = self.things.add(plan.thing);
            placed.push(x);
            for &(bits, at) in &plan.marks {
                self.things.mark(x, bits, at);
            }
            if let Some(by) = plan.sent_by {
                if self.sent_by.len() <= x.at() {
                    self.sent_by.resize(x.at() + 1, None);
                }
                self.sent_by[x.at()] = Some(by);
            }
            if let Some(host) = plan.host {
                self.things[x].host = Some(placed[host]);
            }
            let thing = plan.thing;
            if thing.place != NO_PLACE {
                let p = usize::from(thing.place);
                self.places[p].occupied.add(1, now);
                if !self.places[p].has_room() {
                    self.places[p].fill_up(now);
                }
                if self.model.places[p].by_unit || O::ON {
                    let unit = if plan.named_unit {
                        thing.unit.min((self.places[p].units - 1) as u16)
                    } else {
                        self.spare_unit(p)
                    };
                    self.things[x].unit = unit;
                    self.occupy_listed(x, p, unit, start);
                }
                for &(r, n) in &self.model.places[p].holds {
                    let resource = &mut self.resources[usize::from(r)];
                    resource.held += i64::from(n);
                    resource.in_use.add(i64::from(n), now);
                }
            }
            for &goods in &plan.classes {
                self.goods[usize::from(goods)].inside += 1;
            }
            self.inside.add(plan.classes.len() as i64, now);
        }
        for (plan, &x) in start.things.iter().zip(&placed) {
            if let Some(host) = plan.host {
                self.things[x].unit = self.things[placed[host]].unit;
            }
        }
        placed
    }

    fn occupy_listed(&mut self, x: ThingIx, p: usize, nth: u16, start: &Start) {
        let at = self.places[p].unit_start as usize + usize::from(nth);
        let listed = start
            .groups
            .iter()
            .any(|plan| plan.place == p && plan.unit == usize::from(nth));
        let entered = self.units[at].entered;
        self.occupy_unit(x, p, nth);
        if listed {
            // The situation says whose it is and how many have entered, those that have left again included.
            let plan = start
                .groups
                .iter()
                .find(|plan| plan.place == p && plan.unit == usize::from(nth));
            let unit = &mut self.units[at];
            unit.group = plan.map_or(unit.group, |plan| plan.group);
            unit.entered = entered.max(unit.occupied);
        }
    }

    /// Gives everything the state that it is in, and finds when what is under way ends.
    fn set_going(&mut self, start: &Start, placed: &[ThingIx], hand: &mut Hand) {
        let mut order: Vec<usize> = (0..placed.len()).collect();
        // If there are too few crews for all that is in hand, what began last rests.
        order.sort_by_key(|&nth| (start.things[nth].begun, start.things[nth].turn, nth));
        for nth in order {
            let (plan, x) = (&start.things[nth], placed[nth]);
            let leg = &self.model.legs[plan.thing.leg];
            let ends = match plan.doing {
                Doing::InWork => self.resume_work(x, plan, hand),
                Doing::Held => {
                    let ends = self.hold_ends(x, plan, hand);
                    self.things[x].state = State::InService;
                    self.things[x].due = ends;
                    self.note_hold(x, 0);
                    if leg.ripens && !O::ON {
                        continue;
                    }
                    Some((ends, Kind::Thing))
                }
                Doing::Travels | Doing::TravelsUnplaced => {
                    let again = self.sent_by_travel(x, plan);
                    let draw = if again.is_some() { again } else { leg.travel };
                    let left = self.rest_of(hand, draw, self.counter(x), self.now - plan.begun);
                    if plan.doing == Doing::Travels {
                        self.things[x].state = State::Travelling;
                        self.keep_parts(x, plan);
                    } else {
                        self.things[x].state = State::InTransit;
                        self.things[x].flags |= TRAVELLED;
                    }
                    Some((self.now + left, Kind::Thing))
                }
                Doing::IsWashed | Doing::IsKept | Doing::GoesHome => {
                    let stage = match plan.doing {
                        Doing::IsWashed => 0,
                        Doing::IsKept => 1,
                        _ => 2,
                    };
                    let home = self.model.sources[usize::from(leg.source)].home;
                    let elapsed = self.now - plan.begun;
                    let left = self.rest_of(hand, home[stage], plan.thing.entity, elapsed);
                    let thing = &mut self.things[x];
                    thing.state = State::Returning;
                    thing.attempt = stage as u16;
                    Some((self.now + left, Kind::Home))
                }
                Doing::Unloaded => {
                    self.things[x].state = State::Hosting;
                    self.things[x].due = 0;
                    None
                }
                Doing::WaitsForTurn => {
                    self.things[x].state = State::WaitTurn;
                    None
                }
                _ => None,
            };
            if let Some((at, kind)) = ends {
                hand.pending
                    .push((plan.turn, plan.begun, nth, at, kind, x.at()));
            }
        }
    }

    /// The way of `x` back to where it is treated again, if that is what it travels.
    fn sent_by_travel(&self, x: ThingIx, plan: &ThingPlan) -> Option<DrawIx> {
        let by = plan.sent_by.filter(|_| plan.thing.attempt > 0)?;
        let inspection = self.model.legs[by].inspection.as_ref()?;
        inspection
            .again_travel
            .filter(|_| inspection.again_leg == Some(self.things[x].leg))
    }

    /// When the hold of `x` ends.
    fn hold_ends(&mut self, x: ThingIx, plan: &ThingPlan, hand: &mut Hand) -> i64 {
        let leg = &self.model.legs[plan.thing.leg];
        match plan.ends {
            Some(ends) => ends.max(self.now),
            None => {
                let from = match leg.clock {
                    crate::model::HoldClockM::Stored => plan.begun,
                    crate::model::HoldClockM::Arrival => plan.thing.arrived,
                    crate::model::HoldClockM::Mark(mark) => {
                        self.things.marks(x)[usize::from(mark)].map_or(plan.begun, Instant::micros)
                    }
                };
                let left = self.rest_of(hand, leg.takes, self.counter(x), self.now - from);
                self.now + left
            }
        }
    }

    /// Work on `x` is in hand: it takes what it needs and goes on, or rests if it cannot.
    fn resume_work(
        &mut self,
        x: ThingIx,
        plan: &ThingPlan,
        hand: &mut Hand,
    ) -> Option<(i64, Kind)> {
        let model = self.model;
        let leg = &model.legs[plan.thing.leg];
        let worked = plan.worked + self.now - plan.begun;
        self.note_worked(x, plan.worked);
        let left = self.rest_of(hand, leg.takes, self.counter(x), worked);
        if leg.watched {
            self.watch(x);
        }
        let barred = !self.places[usize::from(leg.place)].plain && self.barrier(x, leg).is_some();
        let hands = self.needs_hands(x, leg);
        let needs = &model.claims[usize::from(leg.claim)].needs;
        let lacks = hands
            && needs.iter().any(|&(r, n)| {
                let resource = &self.resources[usize::from(r)];
                let works = resource.on_shift || !model.resources[usize::from(r)].pause;
                let there = if works {
                    resource.total - resource.broken
                } else {
                    0
                };
                resource.in_use.now() + i64::from(n) > there
            });
        if left > 0 && (barred || lacks) {
            hand.notes.stopped += 1;
            self.note_worked(x, worked);
            let thing = &mut self.things[x];
            thing.state = State::WaitWork;
            thing.flags |= PAUSED;
            thing.due = left;
            thing.mark = self.now;
            return None;
        }
        if hands {
            let now = self.now;
            for &(r, n) in needs {
                self.resources[usize::from(r)].in_use.add(i64::from(n), now);
            }
        }
        let thing = &mut self.things[x];
        thing.state = State::InService;
        thing.due = self.now + left;
        Some((thing.due, Kind::Thing))
    }

    /// The parts so far of the wait of `x`, which has its slot.
    fn keep_parts(&mut self, x: ThingIx, plan: &ThingPlan) {
        self.things[x].due = -1;
        let waited = plan.begun - plan.thing.since;
        // Parts that do not add up to the wait are not believed.
        match plan.waited {
            Some(parts) if parts.iter().sum::<i64>() == waited => {
                for (part, micros) in parts.into_iter().enumerate() {
                    self.keep_part(x, part, micros);
                }
            }
            _ => self.keep_part(x, NO_ROOM, waited.max(0)),
        }
    }

    /// Everybody who waits takes their turn.
    fn line_up(&mut self, start: &Start, placed: &[ThingIx]) {
        let mut order: Vec<usize> = (0..placed.len()).collect();
        order.sort_by_key(|&nth| (start.things[nth].turn, start.things[nth].thing.since, nth));
        for &nth in &order {
            let (plan, x) = (&start.things[nth], placed[nth]);
            match plan.doing {
                Doing::WaitsForRoom => self.line_up_for_room(x, plan),
                Doing::WaitsToBegin => self.line_up_for_work(x, plan),
                Doing::Paused | Doing::InWork => {
                    if plan.doing == Doing::Paused {
                        self.rest(x, plan);
                    }
                    if self.things[x].is(PAUSED) {
                        self.line_up_for_work(x, plan);
                    }
                }
                Doing::Held => self.ripens(x),
                Doing::WaitsForDeparture => self.line_up_for_departure(x, plan),
                _ => {}
            }
        }
        self.line_up_turns(start, placed);
        for (plan, &x) in start.things.iter().zip(placed) {
            if plan.doing == Doing::Unloaded {
                self.block_vehicle(x);
                let vehicle = &self.things[x];
                if vehicle.lots == 1 && vehicle.due == 1 {
                    self.handing.push_back(x);
                }
            }
        }
    }

    /// Lots on vehicles whose turn has not come, in their order.
    fn line_up_turns(&mut self, start: &Start, placed: &[ThingIx]) {
        let mut waiting: Vec<(ThingIx, u16, ThingIx)> = Vec::new();
        for (plan, &x) in start.things.iter().zip(placed) {
            if let (Doing::WaitsForTurn, Some(host)) = (plan.doing, plan.host) {
                waiting.push((placed[host], plan.thing.lots, x));
            }
        }
        waiting.sort_unstable();
        for (host, _, x) in waiting {
            self.turns.entry(host).or_default().push_back(x);
        }
    }

    /// The work on `x` has stopped: what is left of it is drawn.
    fn rest(&mut self, x: ThingIx, plan: &ThingPlan) {
        let leg = &self.model.legs[plan.thing.leg];
        self.note_worked(x, plan.worked);
        let mut hand = Hand::new(self.model.draws.len());
        let left = self.rest_of(&mut hand, leg.takes, self.counter(x), plan.worked);
        self.begun.notes.overdue += hand.notes.overdue;
        if leg.watched {
            self.watch(x);
        }
        let thing = &mut self.things[x];
        thing.flags |= PAUSED;
        thing.due = left;
        thing.mark = plan.begun;
    }

    fn line_up_for_work(&mut self, x: ThingIx, plan: &ThingPlan) {
        let model = self.model;
        let leg = &model.legs[plan.thing.leg];
        let mark = self.things[x].mark;
        self.things[x].state = State::WaitWork;
        if !self.things[x].is(PAUSED) {
            self.keep_parts(x, plan);
        }
        if leg.watched {
            self.watch(x);
        }
        let barrier = if self.places[usize::from(leg.place)].plain {
            None
        } else {
            self.barrier(x, leg)
        };
        match barrier {
            Some(why) => self.things[x].cause = why,
            None => self.claim(x, leg, true),
        }
        self.things[x].mark = mark;
        debug_assert!(barrier.is_some() || self.things[x].is(LISTED));
    }

    fn line_up_for_room(&mut self, x: ThingIx, plan: &ThingPlan) {
        let model = self.model;
        let thing = self.things[x];
        let leg = &model.legs[thing.leg];
        let p = usize::from(leg.place);
        if leg.kind == LegKind::Out || thing.place == leg.place {
            // It waits for nothing: it goes on at once.
            self.request(x);
            return;
        }
        if thing.attempt > 0 && plan.sent_by.is_some() {
            self.things[x].flags |= AGAIN;
        }
        let why = match self.admission(x, p) {
            Admission::Unit(_) => cause::NO_ROOM,
            Admission::Nobody(why) | Admission::NotThis(why) => why,
        };
        let waited = self.now - thing.since;
        let (was_closed, was_full) = match (plan.waited, why) {
            (Some(parts), _) if parts[CLOSED] + parts[NO_ROOM] <= waited => {
                (parts[CLOSED], parts[NO_ROOM])
            }
            (_, cause::CLOSED) => (waited, 0),
            (_, cause::NO_ROOM) => (0, waited),
            _ => (0, 0),
        };
        let (closed, full) = self.places[p].barred_until(self.now);
        let thing = &mut self.things[x];
        thing.state = State::WaitRoom;
        thing.cause = why;
        (thing.due, thing.mark) = (closed - was_closed, full - was_full);
        self.queue_up(x, p);
        match self.things[x].host {
            Some(host) => {
                let vehicle = &mut self.things[host];
                vehicle.due += 1;
                vehicle.next = x.xor(vehicle.next);
            }
            None => self.block(x),
        }
        if self.things[x].is(OUTSIDE) {
            self.sources[usize::from(leg.source)]
                .waiting
                .add(1, self.now);
        }
    }

    /// A hold of `x` whose end nobody sees is filed for its departure.
    fn ripens(&mut self, x: ThingIx) {
        let model = self.model;
        let thing = self.things[x];
        let leg = &model.legs[thing.leg];
        if !leg.ripens || O::ON {
            return;
        }
        let dispatch = usize::from(model.legs[thing.leg.next()].dispatch);
        self.ripening[dispatch].file(Ripe {
            level: model.level[usize::from(thing.goods)],
            ends: thing.due,
            sequence: 0,
            thing: x,
            step: leg.step,
            noted: false,
        });
    }

    fn line_up_for_departure(&mut self, x: ThingIx, plan: &ThingPlan) {
        let model = self.model;
        let thing = self.things[x];
        let leg = &model.legs[thing.leg];
        let d = usize::from(leg.dispatch);
        let level = model.level[usize::from(thing.goods)];
        let lot = &mut self.things[x];
        lot.state = State::Ready;
        lot.cause = cause::NO_DEPARTURE;
        lot.mark = plan.begun;
        if model.dispatches[d].ripens && !O::ON {
            // Such lots leave from the list of those that ripened unseen, with waits that have no parts.
            let ends = plan.begun;
            lot.since = ends;
            lot.due = -1;
            let step = model.legs[thing.leg.before()].step;
            self.ripening[d].add_ripe(Ripe {
                level,
                ends,
                sequence: 0,
                thing: x,
                step,
                noted: true,
            });
            return;
        }
        self.keep_parts(x, plan);
        self.ready[d * model.levels + usize::from(level)].push(&mut self.things, x);
        self.dispatches[d].ready += 1;
    }

    /// Takes note of how much work was done on `x` before its present stretch.
    pub(super) fn note_worked(&mut self, x: ThingIx, micros: i64) {
        let thing = &self.things[x];
        let worked = Worked {
            entity: thing.entity,
            leg: thing.leg,
            attempt: thing.attempt,
            micros,
        };
        let kept = &mut self.begun.worked;
        if kept.len() <= x.at() {
            kept.resize(x.at() + 1, None);
        }
        kept[x.at()] = Some(worked);
    }

    /// How much work was done on `x` in its step before its present stretch.
    pub(super) fn worked_before(&self, x: ThingIx) -> i64 {
        let thing = &self.things[x];
        let known = self.begun.worked.get(x.at()).copied().flatten();
        let same = known.filter(|worked| {
            (worked.entity, worked.leg, worked.attempt) == (thing.entity, thing.leg, thing.attempt)
        });
        same.map_or(0, |worked| worked.micros)
    }

    /// Whether `x` is a vehicle.
    pub(super) fn is_vehicle(&self, x: ThingIx) -> bool {
        self.things[x].is(VEHICLE)
    }
}

/// What is at hand while a replication is set up.
struct Hand {
    pending: Vec<Pending>,
    /// Distributions under the unknowns of this replication, as far as they were needed.
    resolved: Vec<Option<Distribution>>,
    lives: std::collections::HashSet<(bool, usize)>,
    notes: StartNotes,
}

impl Hand {
    fn new(draws: usize) -> Self {
        Hand {
            pending: Vec::new(),
            resolved: vec![None; draws],
            lives: std::collections::HashSet::new(),
            notes: StartNotes::default(),
        }
    }

    fn recur(&mut self, plan: &DuePlan, nth: usize, at: Option<i64>, kind: Kind) {
        if let Some(at) = at {
            let turn = plan.turn.unwrap_or(u32::MAX);
            self.pending
                .push((turn, plan.since.unwrap_or(0), nth, at, kind, nth));
        }
    }
}
