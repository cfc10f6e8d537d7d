//! The count kernel: how many lots are where, and when they are through, in slices of a few hours.
//!
//! A lot has no name here. Each place of work keeps the numbers that wait, are worked on and are done but find no room
//! ahead; a ring tells how many will be done in each slice to come. The yard keeps how many lots become ready in each
//! slice. Shifts, closures, crews, fleets, room and departures are those of the gateway file; what counts cannot
//! express is refused with its reason ([`CannotExpress`]).
//!
//! **What is approximate.** Within a slice things happen in one order: what ends, vehicles home, departures, what is
//! due, arrivals, moves. Durations are rounded to slices at random so that their means are kept. Classes of goods are
//! one mixture: their shares are followed, their priorities are not. The offset of local time is that of the start.

mod calendar;
mod fix;
mod lags;
mod plan;

use std::sync::Arc;

use lazaret_gateway::model::Gateway;
use lazaret_smc::random::{Stream, Streams};

use self::fix::fix;
use self::lags::{Draw, Lags};
pub use self::plan::CannotExpress;
use self::plan::{Due, Plan, SOURCES_MOST, STAGES_MOST};
use super::{Figures, Kernel};

/// The kernel of one gateway over a number of days. See the [module](self).
#[derive(Clone, Debug)]
pub struct CountKernel {
    plan: Arc<Plan>,
    cells: Cells,
}

/// What is known of the slices beforehand; worked out once.
#[derive(Clone, Debug, Default)]
struct Cells {
    /// One entry more than slices, for all that comes after the last day.
    slices: Arc<Vec<Slice>>,
    /// Hours at which each source is due in each slice, where that is fixed.
    due: Arc<Vec<Vec<Vec<f32>>>>,
}

/// What is known of one slice. Sets of stages and sources are bits.
#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    /// Stages at which work may begin.
    open: u8,
    /// Stages at which work goes on.
    runs: u8,
    /// Sources from which nothing leaves.
    closed: u8,
    /// Sources of which a convoy is due, where that is fixed.
    due: u8,
    departures: u8,
    /// Whether a shift begins or room or crews change, so that what could not move before may.
    wakes: bool,
    /// The departure that lots which become ready now are in time for. What they do in between shows nowhere, so the
    /// yard's ring has a cell a departure, not one a slice. Where lots leave as soon as they may, each slice counts.
    board: u16,
    /// Slices that each stage has worked so far: the clock of its ring.
    worked: [u32; STAGES_MOST],
}

/// The kernel with the unknowns set.
#[derive(Clone, Debug)]
pub struct Fixed {
    plan: Arc<Plan>,
    stages: Vec<FixedStage>,
    store_room: Vec<(usize, u32)>,
    hold: Option<Lags>,
    sources: Vec<FixedSource>,
    least: Option<Draw>,
    most: Option<Draw>,
    /// Lots in a vehicle, in the mean over the sources.
    lots_a_vehicle: f64,
    rings: usize,
    store: Ring,
    /// Whether vehicles of any source are counted, and so come home.
    fleets: bool,
    /// Whether convoys of any source are due at times that are drawn.
    renewals: bool,
    cells: Cells,
}

#[derive(Clone, Debug)]
struct FixedStage {
    /// In lots.
    room: Vec<(usize, u32)>,
    servers: Vec<(usize, u32)>,
    lags: Lags,
    /// Share of lots that go on.
    kept: f64,
    ring: Ring,
    vehicles: bool,
}

#[derive(Clone, Debug)]
struct FixedSource {
    interval: Option<Draw>,
    first: Option<Draw>,
    vehicles: Draw,
    lots: Draw,
    travel: Draw,
    fleet: Option<i32>,
    home: Lags,
    home_ring: Ring,
    /// Slices that a convoy can be under way at most.
    transit_most: usize,
    convoys: Ring,
    on_the_way: Ring,
}

/// Where in [`CountState::rings`] a ring lies. Its length is a power of two: a place in it is found without a division.
#[derive(Clone, Copy, Debug)]
struct Ring {
    first: usize,
    mask: usize,
}

impl Ring {
    #[inline]
    fn at(self, position: usize) -> usize {
        self.first + (position & self.mask)
    }
}

#[inline]
fn take(rings: &mut [u16], at: usize) -> u32 {
    // Most are 0: not writing those again spares the reads that follow a wait.
    match rings[at] {
        0 => 0,
        count => {
            rings[at] = 0;
            u32::from(count)
        }
    }
}

#[inline]
fn add(rings: &mut [u16], at: usize, count: u32) {
    rings[at] = rings[at].saturating_add(count.min(u32::from(u16::MAX)) as u16);
}

/// Lots at a place of work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct AtStage {
    waiting: u32,
    busy: u32,
    done: u32,
}

/// One possible course of the gateway, by counts.
#[derive(Debug, PartialEq)]
pub struct CountState {
    today: Figures,
    stages: [AtStage; STAGES_MOST],
    /// Lots that wait outside.
    queue: u32,
    stored: u32,
    ready: u32,
    inside: u32,
    /// Lots taken off vehicles that have not made up a whole vehicle yet.
    part_unloaded: u32,
    home: [i32; SOURCES_MOST],
    /// Vehicles of the convoy that waits for a fleet; 0 if none does.
    short: [u32; SOURCES_MOST],
    /// Whether a convoy waits for its source to open.
    held: [bool; SOURCES_MOST],
    /// Hour at which the next convoy is due, where that is drawn.
    clock: [f32; SOURCES_MOST],
    rings: Vec<u16>,
}

impl Clone for CountState {
    fn clone(&self) -> Self {
        Self {
            rings: self.rings.clone(),
            ..*self
        }
    }

    // Resampling overwrites states by the million; their rings keep their memory.
    fn clone_from(&mut self, from: &Self) {
        let mut rings = std::mem::take(&mut self.rings);
        rings.clone_from(&from.rings);
        *self = Self { rings, ..*from };
    }
}

impl CountKernel {
    /// Derives the kernel of `gateway` for days 0 to `days - 1`.
    ///
    /// # Errors
    /// [`CannotExpress`] names what of the file counts cannot express; the simulator can.
    pub fn new(gateway: &Gateway, days: usize) -> Result<Self, CannotExpress> {
        let plan = Plan::of(gateway, days.max(1))?;
        let count = plan.slices.count();
        let hours = f64::from(plan.slices.hours);
        let mut slices = vec![Slice::default(); count + 1];
        if let Some(step) = &plan.departures
            && let Due::At(times) = &step.due
        {
            for slice in times.iter().map(|at| (at / hours) as usize) {
                if slice < count {
                    slices[slice].departures = slices[slice].departures.saturating_add(1);
                }
            }
        }
        for from in plan.changes() {
            if let Some(slice) = slices.get_mut(from) {
                slice.wakes = true;
            }
        }
        let mut now = Slice::default();
        for (at, slice) in slices.iter_mut().enumerate() {
            slice.board = now.board;
            slice.worked = now.worked;
            if at == count {
                break;
            }
            now.board += u16::from(plan.departures.is_none() || slice.departures > 0);
            for (k, stage) in plan.stages.iter().enumerate() {
                let runs = stage.open[at] || stage.goes_on;
                slice.open |= u8::from(stage.open[at]) << k;
                slice.runs |= u8::from(runs) << k;
                now.worked[k] += u32::from(runs);
            }
            slice.wakes |= slice.open & !now.open != 0;
            now.open = slice.open;
            for (s, source) in plan.sources.iter().enumerate() {
                slice.closed |= u8::from(source.closed[at]) << s;
                if let Due::At(times) = &source.due {
                    let due = times.iter().any(|time| (time / hours) as usize == at);
                    slice.due |= u8::from(due) << s;
                }
            }
        }
        let due = plan
            .sources
            .iter()
            .map(|source| {
                let mut cells = vec![Vec::new(); count];
                if let Due::At(times) = &source.due {
                    for at in times {
                        if let Some(cell) = cells.get_mut((at / hours) as usize) {
                            cell.push(*at as f32);
                        }
                    }
                }
                cells
            })
            .collect();
        Ok(Self {
            plan: Arc::new(plan),
            cells: Cells {
                slices: Arc::new(slices),
                due: Arc::new(due),
            },
        })
    }

    /// Days that it was derived for.
    #[must_use]
    pub fn days(&self) -> usize {
        self.plan.slices.days
    }
}

fn at(changes: &[(usize, u32)], slice: usize) -> u32 {
    match changes {
        [(_, always)] => *always,
        _ => changes
            .iter()
            .rev()
            .find(|(from, _)| *from <= slice)
            .map_or(u32::MAX, |(_, value)| *value),
    }
}

impl Kernel for CountKernel {
    type Fixed = Fixed;
    type Population = Vec<CountState>;

    fn fix(&self, unknowns: &[f64]) -> Result<Fixed, String> {
        fix(self, unknowns)
    }

    fn start(&self, fixed: &Fixed, count: usize, streams: &Streams) -> Vec<CountState> {
        (0..count)
            .map(|i| fixed.start(&mut streams.particle(i)))
            .collect()
    }

    fn step(&self, fixed: &Fixed, states: &mut Vec<CountState>, day: usize, streams: &Streams) {
        for (i, state) in states.iter_mut().enumerate() {
            fixed.day(state, day, &mut streams.particle(i));
        }
    }

    fn select(&self, from: &Vec<CountState>, ancestors: &[u32], into: &mut Vec<CountState>) {
        lazaret_smc::model::select(from, ancestors, into);
    }

    fn today(&self, states: &Vec<CountState>, index: usize) -> Figures {
        states[index].today
    }
}

impl Fixed {
    fn start(&self, rng: &mut Stream) -> CountState {
        let mut state = CountState {
            today: Figures::default(),
            stages: [AtStage::default(); STAGES_MOST],
            queue: 0,
            stored: 0,
            ready: 0,
            inside: 0,
            part_unloaded: 0,
            home: [0; SOURCES_MOST],
            short: [0; SOURCES_MOST],
            held: [false; SOURCES_MOST],
            clock: [f32::INFINITY; SOURCES_MOST],
            rings: vec![0; self.rings],
        };
        for (at, source) in self.sources.iter().enumerate() {
            state.home[at] = source.fleet.unwrap_or(i32::MAX);
            if let Some(interval) = &source.interval {
                let first = source.first.as_ref().unwrap_or(interval).draw(rng) / 3600.0;
                state.clock[at] = (self.plan.start + first) as f32;
            }
        }
        self.day(&mut state, 0, rng);
        state
    }

    /// One day, slice by slice.
    fn day(&self, state: &mut CountState, day: usize, rng: &mut Stream) {
        let a_day = self.plan.slices.a_day();
        state.today = Figures {
            dispatched_total: state.today.dispatched_total,
            ..Figures::default()
        };
        let first = if day == 0 {
            (self.plan.start / f64::from(self.plan.slices.hours)) as usize
        } else {
            day * a_day
        };
        let end = ((day + 1) * a_day).min(self.plan.slices.count());
        for slice in first..end {
            self.slice(state, slice, rng);
        }
        state.today.queue = state.queue;
        state.today.inside = state.inside;
        for (stage, held) in self.plan.stages.iter().zip(&state.stages) {
            let lots = held.waiting + held.busy + held.done;
            let shown = if stage.vehicles && self.lots_a_vehicle != 1.0 {
                (f64::from(lots) / self.lots_a_vehicle).ceil() as u32
            } else {
                lots
            };
            state.today.places[stage.place.index()] = shown;
        }
        if let Some(store) = &self.plan.store {
            state.today.places[store.place.index()] = state.stored;
        }
    }

    #[inline]
    fn slice(&self, state: &mut CountState, slice: usize, rng: &mut Stream) {
        let facts = &self.cells.slices[slice];
        // What stood still before stands still now unless one of these comes about.
        let mut moved = facts.wakes;
        // What ends.
        for (k, stage) in self.stages.iter().enumerate() {
            if facts.runs >> k & 1 != 0 {
                let ended = take(&mut state.rings, stage.ring.at(facts.worked[k] as usize));
                if ended > 0 {
                    state.stages[k].busy -= ended;
                    self.end(state, k, ended, rng);
                    moved = true;
                }
            }
        }
        // Vehicles home.
        for (s, source) in self.sources.iter().enumerate() {
            if source.fleet.is_some() {
                state.home[s] += take(&mut state.rings, source.home_ring.at(slice)) as i32;
                if state.short[s] > 0 && state.home[s] >= state.short[s] as i32 {
                    let vehicles = std::mem::take(&mut state.short[s]);
                    let now = (slice as f64 + 0.5) * f64::from(self.plan.slices.hours);
                    self.send(state, s, vehicles, slice, now, rng);
                }
            }
        }
        // Departures.
        let at_will = self.least.is_none();
        if facts.departures > 0 || at_will {
            let board = usize::from(facts.board);
            state.ready += take(&mut state.rings, self.store.at(board));
        }
        for _ in 0..facts.departures {
            moved |= self.depart(state, rng);
        }
        if at_will && state.ready > 0 {
            let ready = state.ready;
            self.leave(state, ready);
            moved = true;
        }
        // What is due at the sources.
        if facts.due != 0 || self.renewals || state.held.contains(&true) {
            for s in 0..self.sources.len() {
                self.due(state, s, slice, facts, rng);
            }
        }
        // Arrivals.
        for source in &self.sources {
            let convoys = take(&mut state.rings, source.convoys.at(slice));
            if convoys > 0 {
                let vehicles = take(&mut state.rings, source.on_the_way.at(slice));
                let lots = match source.lots {
                    Draw::Constant(each) => (f64::from(vehicles) * each + 0.5) as u32,
                    ref lots => (0..vehicles).map(|_| lots.draw(rng).max(0.0) as u32).sum(),
                };
                state.today.convoys += convoys;
                state.today.vehicles += vehicles;
                state.today.lots += lots;
                state.queue += lots;
                state.inside += lots;
                moved = true;
            }
        }
        if moved {
            self.settle(state, slice, rng);
        }
    }

    /// Work on `ended` lots is over at stage `k`; inspection may keep some from going on.
    fn end(&self, state: &mut CountState, k: usize, ended: u32, rng: &mut Stream) {
        let kept = self.stages[k].kept;
        let on = if kept >= 1.0 {
            ended
        } else {
            (0..ended).filter(|_| rng.uniform() < kept).count() as u32
        };
        state.inside -= ended - on;
        state.stages[k].done += on;
    }

    fn depart(&self, state: &mut CountState, rng: &mut Stream) -> bool {
        let least = self.least.as_ref().map_or(0.0, |least| least.draw(rng));
        let most = self
            .most
            .as_ref()
            .map_or(f64::INFINITY, |most| most.draw(rng));
        let load = state.ready.min(most.clamp(0.0, 1e9) as u32);
        if load == 0 || f64::from(state.ready) < least {
            return false;
        }
        self.leave(state, load);
        true
    }

    fn leave(&self, state: &mut CountState, lots: u32) {
        state.ready -= lots;
        state.stored -= lots;
        state.inside -= lots;
        state.today.dispatched += lots;
        state.today.dispatched_total += lots;
    }

    #[inline]
    fn due(&self, state: &mut CountState, s: usize, slice: usize, facts: &Slice, rng: &mut Stream) {
        let hours = f64::from(self.plan.slices.hours);
        let closed = facts.closed >> s & 1 != 0;
        if state.held[s] && !closed {
            state.held[s] = false;
            self.convoy(state, s, slice, slice as f64 * hours, rng);
        }
        if let Some(interval) = &self.sources[s].interval {
            let end = ((slice + 1) as f64 * hours) as f32;
            while state.clock[s] < end {
                let now = f64::from(state.clock[s]);
                // An interval of nothing at all would never let the clock pass.
                state.clock[s] += (interval.draw(rng) / 3600.0).max(1e-3) as f32;
                self.convoy_unless_closed(state, s, slice, now, closed, rng);
            }
        } else if facts.due >> s & 1 != 0 {
            for now in &self.cells.due[s][slice] {
                let now = f64::from(*now);
                self.convoy_unless_closed(state, s, slice, now, closed, rng);
            }
        }
    }

    fn convoy_unless_closed(
        &self,
        state: &mut CountState,
        s: usize,
        slice: usize,
        now: f64,
        closed: bool,
        rng: &mut Stream,
    ) {
        if !closed {
            self.convoy(state, s, slice, now, rng);
        } else if self.plan.sources[s].waits_while_closed {
            state.held[s] = true;
        }
    }

    fn convoy(&self, state: &mut CountState, s: usize, slice: usize, now: f64, rng: &mut Stream) {
        let source = &self.sources[s];
        let vehicles = (source.vehicles.draw(rng) + 0.5).clamp(0.0, 6e4) as u32;
        if source.fleet.is_none() || state.home[s] >= vehicles as i32 && state.short[s] == 0 {
            self.send(state, s, vehicles, slice, now, rng);
        } else if self.plan.sources[s].waits_for_fleet {
            if state.short[s] == 0 {
                state.short[s] = vehicles;
            }
        } else if state.home[s] > 0 {
            let vehicles = vehicles.min(state.home[s] as u32);
            self.send(state, s, vehicles, slice, now, rng);
        }
    }

    fn send(
        &self,
        state: &mut CountState,
        s: usize,
        vehicles: u32,
        slice: usize,
        now: f64,
        rng: &mut Stream,
    ) {
        if vehicles == 0 {
            return;
        }
        let source = &self.sources[s];
        if source.fleet.is_some() {
            state.home[s] -= vehicles as i32;
        }
        let hours = f64::from(self.plan.slices.hours);
        let arrives = ((now + source.travel.draw(rng) / 3600.0) / hours) as usize;
        let after = (arrives.max(slice) - slice).min(source.transit_most);
        add(&mut state.rings, source.convoys.at(slice + after), 1);
        add(
            &mut state.rings,
            source.on_the_way.at(slice + after),
            vehicles,
        );
    }

    /// Lets everything move that may move in this slice.
    fn settle(&self, state: &mut CountState, slice: usize, rng: &mut Stream) {
        let last = self.stages.len() - 1;
        let open = self.cells.slices[slice].open;
        loop {
            // Places are gone through from the last to the first, so that room made ahead is filled in the same pass;
            // only what is over as soon as it began asks for another.
            let mut again = false;
            let done = state.stages[last].done;
            if done > 0 {
                let free = at(&self.store_room, slice).saturating_sub(state.stored);
                let lots = done.min(free);
                if lots > 0 {
                    state.stages[last].done -= lots;
                    if self.stages[last].vehicles {
                        self.unloaded(state, lots, slice, rng);
                    }
                    self.store(state, lots, slice, rng);
                }
            }
            for k in (0..self.stages.len()).rev() {
                let stage = &self.stages[k];
                let here = state.stages[k];
                let source = if k == 0 {
                    state.queue
                } else {
                    state.stages[k - 1].done
                };
                if source > 0 {
                    let taken = here.waiting + here.busy + here.done;
                    let lots = source.min(at(&stage.room, slice).saturating_sub(taken));
                    if lots > 0 {
                        if k == 0 {
                            state.queue -= lots;
                        } else {
                            state.stages[k - 1].done -= lots;
                            if self.stages[k - 1].vehicles && !stage.vehicles {
                                self.unloaded(state, lots, slice, rng);
                            }
                        }
                        state.stages[k].waiting += lots;
                    }
                }
                if state.stages[k].waiting > 0 && open >> k & 1 != 0 {
                    again |= self.work(state, k, slice, rng);
                }
            }
            if !again {
                return;
            }
        }
    }

    /// Begins work on what waits at stage `k`, as far as there are people; true if some of it is over at once.
    fn work(&self, state: &mut CountState, k: usize, slice: usize, rng: &mut Stream) -> bool {
        let stage = &self.stages[k];
        let here = &mut state.stages[k];
        if stage.lags.is_nothing() {
            let lots = std::mem::take(&mut here.waiting);
            self.end(state, k, lots, rng);
            return true;
        }
        let lots = here
            .waiting
            .min(at(&stage.servers, slice).saturating_sub(here.busy));
        if lots == 0 {
            return false;
        }
        here.waiting -= lots;
        here.busy += lots;
        let now = self.cells.slices[slice].worked[k] as usize;
        let mut at_once = 0;
        let rings = &mut state.rings;
        stage.lags.scatter(lots, rng, |lag, count| {
            if lag == 0 {
                at_once += count;
            } else {
                let lag = usize::from(lag).min(stage.ring.mask);
                add(rings, stage.ring.at(now + lag), count);
            }
        });
        state.stages[k].busy -= at_once;
        self.end(state, k, at_once, rng);
        at_once > 0
    }

    /// Lots have left the vehicles that brought them, which go home.
    fn unloaded(&self, state: &mut CountState, lots: u32, slice: usize, rng: &mut Stream) {
        if !self.fleets {
            return;
        }
        state.part_unloaded += lots;
        // Mostly a vehicle carries a lot, and no division is needed.
        let vehicles = if self.lots_a_vehicle == 1.0 {
            state.part_unloaded
        } else {
            (f64::from(state.part_unloaded) / self.lots_a_vehicle) as u32
        };
        state.part_unloaded = if self.lots_a_vehicle == 1.0 {
            0
        } else {
            state.part_unloaded - (f64::from(vehicles) * self.lots_a_vehicle) as u32
        };
        let mut left = vehicles;
        // Which source a vehicle belongs to is not followed: those with most vehicles out come first.
        for (s, source) in self.sources.iter().enumerate() {
            let Some(fleet) = source.fleet else { continue };
            let out = (fleet - state.home[s]).max(0) as u32;
            let back = if self.sources.len() == 1 {
                left
            } else {
                left.min(out)
            };
            left -= back;
            let rings = &mut state.rings;
            let home = &mut state.home[s];
            source.home.scatter(back, rng, |lag, count| {
                if lag == 0 {
                    *home += count as i32;
                } else {
                    let lag = usize::from(lag).min(source.home_ring.mask);
                    add(rings, source.home_ring.at(slice + lag), count);
                }
            });
        }
    }

    /// Lots take their slots for the hold.
    fn store(&self, state: &mut CountState, lots: u32, slice: usize, rng: &mut Stream) {
        state.stored += lots;
        let Some(hold) = &self.hold else {
            state.ready += lots;
            return;
        };
        let end = self.plan.slices.count();
        let mut at_once = 0;
        let rings = &mut state.rings;
        hold.scatter(lots, rng, |lag, count| {
            if lag == 0 {
                at_once += count;
            } else {
                // What ripens beyond the last day never shows.
                let board = self.cells.slices[(slice + usize::from(lag)).min(end)].board;
                add(rings, self.store.at(usize::from(board)), count);
            }
        });
        state.ready += at_once;
    }
}
