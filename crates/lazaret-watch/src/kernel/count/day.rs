//! Sixteen courses through a day, slice by slice.

use lazaret_smc::random::Streams;

use super::courses::Block;
use super::crowd::Crowd;
use super::fix::{Fixed, at};
use super::flows::Asked;
use super::lags::Draw;
use super::lanes::{Dice, LANES, Lanes, put, take};

/// The most lots that a convoy is taken to bring, so that no count overflows.
const CONVOY_MOST: f64 = 1e6;

/// A block of courses on its way through the slices of a day.
pub(super) struct Day<'a> {
    fixed: &'a Fixed,
    block: Block<'a>,
    dice: Dice,
}

impl<'a> Day<'a> {
    /// * `first` — number of the first course of the block.
    pub(super) fn new(fixed: &'a Fixed, block: Block<'a>, first: usize, streams: &Streams) -> Self {
        Self {
            fixed,
            block,
            dice: Dice::new(streams, first),
        }
    }

    /// Draws when each source is first due.
    pub(super) fn begin(&mut self) {
        for (source, state) in self.fixed.sources.iter().zip(&mut *self.block.sources) {
            let Some(interval) = &source.interval else {
                continue;
            };
            let first = source.first.as_ref().unwrap_or(interval);
            for (lane, clock) in state.clock.iter_mut().enumerate() {
                let wait = first.draw(self.dice.of(lane)) / 3600.0;
                *clock = (self.fixed.plan.start + wait) as f32;
            }
        }
    }

    /// One day.
    pub(super) fn run(mut self, day: usize) {
        let slices = &self.fixed.plan.slices;
        let a_day = slices.a_day();
        let now = &mut self.block.now;
        now.convoys = Lanes::NONE;
        now.vehicles = Lanes::NONE;
        now.lots = Lanes::NONE;
        now.dispatched = Lanes::NONE;
        let first = if day == 0 {
            (self.fixed.plan.start / f64::from(slices.hours)) as usize
        } else {
            day * a_day
        };
        if day > 0 {
            self.mornings();
        }
        for slice in first..((day + 1) * a_day).min(slices.count()) {
            self.slice(slice);
        }
    }

    #[inline]
    fn slice(&mut self, slice: usize) {
        let fixed = self.fixed;
        let facts = &fixed.cells.slices[slice];
        // What stood still before stands still now unless one of these comes about in one of the courses.
        let mut moved = facts.wakes;
        // What ends.
        for (k, stage) in fixed.stages.iter().enumerate() {
            if facts.runs >> k & 1 != 0 {
                let ended = take(&mut self.block.rings[stage.ring.at(facts.worked[k] as usize)]);
                if ended.any() {
                    self.block.stages[k].busy -= ended;
                    self.end(k, ended);
                    moved = true;
                }
            }
        }
        // Vehicles home.
        for (s, source) in fixed.sources.iter().enumerate() {
            if source.fleet.is_some() {
                let home = take(&mut self.block.rings[source.home_ring.at(slice)]);
                self.block.sources[s].home += home;
                if self.block.sources[s].short.any() {
                    self.send_those_short(s, slice);
                }
            }
        }
        // Departures.
        let at_will = fixed.least.is_none();
        if facts.departures > 0 || at_will {
            let board = usize::from(facts.board);
            self.block.now.ready += take(&mut self.block.rings[fixed.store.at(board)]);
        }
        for _ in 0..facts.departures {
            let load = self.load();
            moved |= load.any();
            self.leave(load);
        }
        if at_will && self.block.now.ready.any() {
            self.leave(self.block.now.ready);
            moved = true;
        }
        // What is due at the sources.
        for s in 0..fixed.sources.len() {
            if let Some(crowd) = &fixed.sources[s].crowd {
                self.crowd(s, crowd, slice);
                continue;
            }
            let due = facts.due >> s & 1 != 0 || fixed.sources[s].interval.is_some();
            if due || self.block.sources[s].held.contains(&true) {
                for lane in 0..LANES {
                    self.due(s, lane, slice);
                }
            }
        }
        // Arrivals.
        for source in &fixed.sources {
            let convoys = take(&mut self.block.rings[source.convoys.at(slice)]);
            if convoys.any() {
                let vehicles = if source.crowd.is_some() {
                    self.vehicles_of(convoys, &source.vehicles)
                } else {
                    take(&mut self.block.rings[source.on_the_way.at(slice)])
                };
                self.arrive(convoys, vehicles, &source.lots);
                moved = true;
            }
        }
        if moved {
            self.settle(slice);
        }
    }

    /// What is due at source `s` in one slice, where it is so much that it is drawn together.
    fn crowd(&mut self, s: usize, crowd: &Crowd, slice: usize) {
        let fixed = self.fixed;
        let closed = fixed.cells.slices[slice].closed >> s & 1 != 0;
        let hours = f64::from(fixed.plan.slices.hours);
        let end = ((slice + 1) as f64 * hours) as f32;
        let mut leave = Lanes::NONE;
        for lane in 0..LANES {
            let source = &mut self.block.sources[s];
            let mut due = 0;
            if source.clock[lane] > f32::NEG_INFINITY {
                // The first is due at its own time; from then on slices do not remember.
                if let Some(interval) = &fixed.sources[s].interval {
                    while source.clock[lane] < end {
                        due += 1;
                        let wait = interval.draw(self.dice.of(lane)) / 3600.0;
                        source.clock[lane] += wait.max(1e-3) as f32;
                    }
                }
                if due > 0 {
                    source.clock[lane] = f32::NEG_INFINITY;
                }
            } else {
                due = crowd.draw(self.dice.of(lane));
            }
            if closed {
                let waits = fixed.plan.sources[s].waits_while_closed;
                source.held[lane] |= waits && due > 0;
                continue;
            }
            due += i32::from(std::mem::take(&mut source.held[lane]));
            if !fixed.flows.is_empty() {
                due = (0..due).filter(|_| !self.kept_back(s, lane)).count() as i32;
            }
            leave.0[lane] = due;
        }
        let source = &fixed.sources[s];
        let at_once = crowd.travel.scatter(
            leave,
            &mut self.dice,
            self.block.rings,
            #[inline]
            |lag| {
                let lag = usize::from(lag).min(source.transit_most);
                source.convoys.at(slice + lag)
            },
        );
        put(&mut self.block.rings[source.convoys.at(slice)], at_once);
    }

    /// Vehicles of convoys that have come.
    fn vehicles_of(&mut self, convoys: Lanes, each: &Draw) -> Lanes {
        let mut vehicles = Lanes::NONE;
        for lane in 0..LANES {
            let convoys = convoys.0[lane];
            let total: f64 = match each {
                Draw::Constant(each) => f64::from(convoys) * (each + 0.5).floor(),
                each => (0..convoys)
                    .map(|_| (each.draw(self.dice.of(lane)) + 0.5).floor())
                    .sum(),
            };
            vehicles.0[lane] = total.clamp(0.0, CONVOY_MOST) as i32;
        }
        vehicles
    }

    fn arrive(&mut self, convoys: Lanes, vehicles: Lanes, lots: &Draw) {
        let mut brought = Lanes::NONE;
        for lane in 0..LANES {
            let vehicles = vehicles.0[lane];
            let total = match lots {
                Draw::Constant(each) => f64::from(vehicles) * each + 0.5,
                lots => (0..vehicles)
                    .map(|_| lots.draw(self.dice.of(lane)).max(0.0).floor())
                    .sum(),
            };
            brought.0[lane] = total.min(CONVOY_MOST) as i32;
        }
        let now = &mut self.block.now;
        now.convoys += convoys;
        now.vehicles += vehicles;
        now.lots += brought;
        now.queue += brought;
        now.inside += brought;
    }

    /// Work on `ended` lots is over at stage `k`; inspection may keep some from going on.
    fn end(&mut self, k: usize, ended: Lanes) {
        let on = match &self.fixed.stages[k].kept {
            None => ended,
            Some(kept) => {
                let bits = self.dice.bits_for(&ended);
                let on = kept.draw(ended, &bits, &mut self.dice);
                self.block.now.inside += on;
                self.block.now.inside -= ended;
                on
            }
        };
        self.block.stages[k].done += on;
    }

    /// What the next departure takes.
    fn load(&mut self) -> Lanes {
        let ready = self.block.now.ready;
        let mut load = ready;
        for lane in 0..LANES {
            let mut draw = |of: &Option<Draw>, without: f64| match of {
                None => without,
                Some(Draw::Constant(value)) => *value,
                Some(draw) => draw.draw(self.dice.of(lane)),
            };
            let least = draw(&self.fixed.least, 0.0);
            let most = draw(&self.fixed.most, f64::INFINITY);
            let fits = ready.0[lane].min(most.clamp(0.0, 1e9) as i32);
            load.0[lane] = if f64::from(ready.0[lane]) < least {
                0
            } else {
                fits
            };
        }
        load
    }

    fn leave(&mut self, lots: Lanes) {
        let now = &mut self.block.now;
        now.ready -= lots;
        now.stored -= lots;
        now.inside -= lots;
        now.dispatched += lots;
        now.dispatched_total += lots;
    }

    /// What is due at source `s` in one course.
    #[inline]
    fn due(&mut self, s: usize, lane: usize, slice: usize) {
        let (fixed, hours) = (self.fixed, f64::from(self.fixed.plan.slices.hours));
        let facts = &fixed.cells.slices[slice];
        let closed = facts.closed >> s & 1 != 0;
        if self.block.sources[s].held[lane] && !closed {
            self.block.sources[s].held[lane] = false;
            self.convoy(s, lane, slice, slice as f64 * hours);
        }
        if let Some(interval) = &fixed.sources[s].interval {
            let end = ((slice + 1) as f64 * hours) as f32;
            while self.block.sources[s].clock[lane] < end {
                let now = f64::from(self.block.sources[s].clock[lane]);
                // An interval of nothing at all would never let the clock pass.
                let wait = (interval.draw(self.dice.of(lane)) / 3600.0).max(1e-3);
                self.block.sources[s].clock[lane] += wait as f32;
                self.convoy_unless_closed(s, lane, slice, now, closed);
            }
        } else if facts.due >> s & 1 != 0 {
            for now in &fixed.cells.due[s][slice] {
                self.convoy_unless_closed(s, lane, slice, f64::from(*now), closed);
            }
        }
    }

    /// Sources stop or start again.
    fn mornings(&mut self) {
        let fixed = self.fixed;
        for (ruled, state) in fixed.flows.iter().zip(&mut *self.block.sources) {
            let Some((stops, starts)) = ruled.stops else {
                continue;
            };
            for (lane, stopped) in state.stopped.iter_mut().enumerate() {
                let chance = if *stopped { starts } else { stops };
                *stopped ^= self.dice.of(lane).uniform() < chance;
            }
        }
    }

    /// Whether a convoy that is due does not come: the source pauses, or holds back for what stands in the place.
    fn kept_back(&mut self, s: usize, lane: usize) -> bool {
        let Some(ruled) = self.fixed.flows.get(s) else {
            return false;
        };
        if self.block.sources[s].stopped[lane] {
            return true;
        }
        let Some((asked, above, lets_through)) = ruled.answers else {
            return false;
        };
        let now = &self.block.now;
        let stands = match asked {
            Asked::Queue => now.queue.0[lane],
            Asked::Inside => now.inside.0[lane],
            Asked::Stored => now.stored.0[lane],
            Asked::Stage(k) => {
                let stage = &self.block.stages[k];
                stage.waiting.0[lane] + stage.busy.0[lane] + stage.done.0[lane]
            }
        };
        f64::from(stands) > above && self.dice.of(lane).uniform() >= lets_through
    }

    #[inline]
    fn convoy_unless_closed(
        &mut self,
        s: usize,
        lane: usize,
        slice: usize,
        now: f64,
        closed: bool,
    ) {
        if !closed {
            self.convoy(s, lane, slice, now);
        } else if self.fixed.plan.sources[s].waits_while_closed {
            self.block.sources[s].held[lane] = true;
        }
    }

    #[inline]
    fn convoy(&mut self, s: usize, lane: usize, slice: usize, now: f64) {
        if !self.fixed.flows.is_empty() && self.kept_back(s, lane) {
            return;
        }
        let source = &self.fixed.sources[s];
        let vehicles = source.vehicles.draw(self.dice.of(lane)) + 0.5;
        let vehicles = vehicles.clamp(0.0, 6e4) as i32;
        let state = &mut self.block.sources[s];
        let (home, short) = (state.home.0[lane], state.short.0[lane]);
        if source.fleet.is_none() || home >= vehicles && short == 0 {
            self.send(s, lane, vehicles, slice, now);
        } else if self.fixed.plan.sources[s].waits_for_fleet {
            if short == 0 {
                state.short.0[lane] = vehicles;
            }
        } else if home > 0 {
            self.send(s, lane, vehicles.min(home), slice, now);
        }
    }

    /// Sends convoys that waited for a fleet, where it has come home.
    #[cold]
    fn send_those_short(&mut self, s: usize, slice: usize) {
        let now = (slice as f64 + 0.5) * f64::from(self.fixed.plan.slices.hours);
        for lane in 0..LANES {
            let source = &mut self.block.sources[s];
            let vehicles = source.short.0[lane];
            if vehicles > 0 && source.home.0[lane] >= vehicles {
                source.short.0[lane] = 0;
                self.send(s, lane, vehicles, slice, now);
            }
        }
    }

    #[inline]
    fn send(&mut self, s: usize, lane: usize, vehicles: i32, slice: usize, now: f64) {
        if vehicles == 0 {
            return;
        }
        let source = &self.fixed.sources[s];
        if source.fleet.is_some() {
            self.block.sources[s].home.0[lane] -= vehicles;
        }
        let hours = f64::from(self.fixed.plan.slices.hours);
        let travel = source.travel.draw(self.dice.of(lane)) / 3600.0;
        let arrives = ((now + travel) / hours) as usize;
        let after = (arrives.max(slice) - slice).min(source.transit_most);
        let rings = &mut self.block.rings;
        rings[source.convoys.at(slice + after)][lane] += 1;
        let vehicles_then = &mut rings[source.on_the_way.at(slice + after)][lane];
        *vehicles_then = vehicles_then.saturating_add(vehicles as u16);
    }

    /// Lets everything move that may move in this slice. Where nothing may, nothing does, so that courses which stand
    /// still are not harmed by others that do not.
    fn settle(&mut self, slice: usize) {
        let fixed = self.fixed;
        let last = fixed.stages.len() - 1;
        let open = fixed.cells.slices[slice].open;
        loop {
            // Places are gone through from the last to the first, so that room made ahead is filled in the same pass;
            // only what is over as soon as it began asks for another.
            let mut again = false;
            let done = self.block.stages[last].done;
            if done.any() {
                let lots = done.that_fit(at(&fixed.store_room, slice), self.block.now.stored);
                if lots.any() {
                    self.block.stages[last].done -= lots;
                    if fixed.stages[last].vehicles {
                        self.unloaded(lots, slice);
                    }
                    self.store(lots, slice);
                }
            }
            for k in (0..fixed.stages.len()).rev() {
                let stage = &fixed.stages[k];
                let source = match k {
                    0 => self.block.now.queue,
                    _ => self.block.stages[k - 1].done,
                };
                if source.any() {
                    let here = &self.block.stages[k];
                    let taken = here.waiting + here.busy + here.done;
                    let lots = source.that_fit(at(&stage.room, slice), taken);
                    if lots.any() {
                        self.block.stages[k].waiting += lots;
                        if k == 0 {
                            self.block.now.queue -= lots;
                        } else {
                            self.block.stages[k - 1].done -= lots;
                            if fixed.stages[k - 1].vehicles && !stage.vehicles {
                                self.unloaded(lots, slice);
                            }
                        }
                    }
                }
                if open >> k & 1 != 0 && self.block.stages[k].waiting.any() {
                    again |= self.work(k, slice);
                }
            }
            if !again {
                return;
            }
        }
    }

    /// Begins work on what waits at stage `k`, as far as there are people; true if some of it is over at once.
    fn work(&mut self, k: usize, slice: usize) -> bool {
        let stage = &self.fixed.stages[k];
        let here = &mut self.block.stages[k];
        if stage.lags.is_nothing() {
            let lots = std::mem::take(&mut here.waiting);
            self.end(k, lots);
            return true;
        }
        let lots = here.waiting.that_fit(at(&stage.servers, slice), here.busy);
        if !lots.any() {
            return false;
        }
        here.waiting -= lots;
        let now = self.fixed.cells.slices[slice].worked[k] as usize;
        let at_once = stage.lags.scatter(
            lots,
            &mut self.dice,
            self.block.rings,
            #[inline]
            |lag| stage.ring.at(now + usize::from(lag).min(stage.ring.mask())),
        );
        here.busy += lots;
        here.busy -= at_once;
        let again = at_once.any();
        if again {
            self.end(k, at_once);
        }
        again
    }

    /// Lots have left the vehicles that brought them, which go home.
    fn unloaded(&mut self, lots: Lanes, slice: usize) {
        let fixed = self.fixed;
        if !fixed.fleets {
            return;
        }
        let mut left = lots;
        // Mostly a vehicle carries a lot, and no division is needed.
        if fixed.lots_a_vehicle != 1.0 {
            for lane in 0..LANES {
                let part = &mut self.block.now.part_unloaded.0[lane];
                let off = *part + lots.0[lane];
                let vehicles = (f64::from(off) / fixed.lots_a_vehicle) as i32;
                *part = off - (f64::from(vehicles) * fixed.lots_a_vehicle) as i32;
                left.0[lane] = vehicles;
            }
        }
        // Which source a vehicle belongs to is not followed: those with most vehicles out come first.
        for (source, state) in fixed.sources.iter().zip(&mut *self.block.sources) {
            let Some(fleet) = source.fleet else { continue };
            let back = if fixed.sources.len() == 1 {
                left
            } else {
                left.that_fit(fleet, state.home)
            };
            left -= back;
            state.home += source.home.scatter(
                back,
                &mut self.dice,
                self.block.rings,
                #[inline]
                |lag| {
                    let lag = usize::from(lag).min(source.home_ring.mask());
                    source.home_ring.at(slice + lag)
                },
            );
        }
    }

    /// Lots take their slots for the hold.
    fn store(&mut self, lots: Lanes, slice: usize) {
        let fixed = self.fixed;
        self.block.now.stored += lots;
        let Some(hold) = &fixed.hold else {
            self.block.now.ready += lots;
            return;
        };
        let end = fixed.plan.slices.count();
        let at_once = hold.scatter(
            lots,
            &mut self.dice,
            self.block.rings,
            #[inline]
            |lag| {
                // What ripens beyond the last day never shows.
                let board = fixed.cells.slices[(slice + usize::from(lag)).min(end)].board;
                fixed.store.at(usize::from(board))
            },
        );
        self.block.now.ready += at_once;
    }
}
