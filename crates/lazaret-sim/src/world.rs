//! The state of one replication and its event loop.
//!
//! Whatever moves is a *thing*: a vehicle until it is unloaded, a lot from then on. A thing that is ready for its next
//! leg asks for room in that leg's place ([`flow`]), takes its slot, leaves the old one, gets its crews and equipment
//! ([`work`]) and is served. `docs/semantics.md` is the contract that these modules keep.

mod arrivals;
mod claims;
mod cut;
mod deadlock;
mod departures;
mod flow;
mod invariants;
mod lives;
mod measure;
mod picture;
mod queue;
mod ripening;
mod start;
mod state;
mod still_inside;
mod swift;
mod things;
mod unloading;
pub(crate) mod waits;
mod work;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use lazaret_gateway::distribution::{ParameterError, Sampler};
use lazaret_gateway::model::{GoodsIx, PlaceIx, Study};
use lazaret_gateway::random::{Key, mix};
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::time::GateTime;

use crate::calendar::Calendar;
use crate::draws::Draws;
use crate::index::{DrawIx, Instant, LegIx, ThingIx};
use crate::model::{DueM, HoldClockM, Model, OCCUPANCY_BINS};
use crate::observer::{Observer, Silent};
use crate::situation::Begun;
use crate::statistics::{Durations, Level, Mean};

use claims::{Claim, Watched};
use picture::Picture;
use queue::Searched;
use ripening::Ripening;
pub(crate) use start::parts;
pub(crate) use state::*;
use swift::Moved;
use things::{List, Things};
pub(crate) use waits::Parts;

pub use deadlock::Deadlock;
pub use measure::{Measurements, Standstill};
pub use still_inside::StillInside;

/// Which replication to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replication {
    /// The experiment's seed.
    pub seed: u64,
    /// Number of the replication: names the draws of variability.
    pub number: u64,
    /// Number under which the unknowns are drawn; [`Replication::new`] makes it the same as `number`.
    pub unknowns: u64,
}

impl Replication {
    /// Replication `number` under `seed`, with its own unknowns.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        Replication {
            seed,
            number,
            unknowns: number,
        }
    }
}

/// The values that the unknowns of a gateway took do not make a distribution.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{path}: {reason} (with {unknowns})")]
pub struct UnknownsError {
    /// Where the file uses them.
    pub path: String,
    /// What must hold.
    pub reason: ParameterError,
    /// The unknowns and their values.
    pub unknowns: String,
}

/// One replication in progress. Reused across replications so that its allocations are.
#[derive(Clone, Debug)]
pub struct World<'m, O> {
    pub(crate) model: &'m Model,
    /// Is told what happens.
    pub observer: O,
    pub(crate) now: i64,
    pub(crate) horizon: i64,
    pub(crate) warm: i64,
    pub(crate) calendar: Calendar,
    pub(crate) things: Things,
    /// For each thing that is [`AGAIN`] the leg of the inspection that sent it back.
    pub(crate) sent_by: Vec<Option<LegIx>>,
    pub(crate) places: Vec<PlaceS>,
    pub(crate) units: Vec<UnitS>,
    /// Who is in each unit, by class; only where classes are kept apart.
    pub(crate) unit_goods: Vec<u32>,
    pub(crate) unit_place: Vec<u16>,
    /// Waiting lists, by place and level.
    pub(crate) queues: Vec<List>,
    /// Waiting lists that must be searched, by place.
    pub(crate) searched: Vec<Searched>,
    pub(crate) resources: Vec<ResourceS>,
    pub(crate) item_resource: Vec<u16>,
    pub(crate) items: Vec<Life>,
    /// Who waits to begin or go on, by what is needed.
    pub(crate) claims: Vec<VecDeque<Claim>>,
    pub(crate) stale_claim: Vec<bool>,
    pub(crate) stale_claims: Vec<u16>,
    /// Things that began to wait in this instant and of which nothing has been told yet; only with a listener.
    pub(crate) fresh: Vec<ThingIx>,
    pub(crate) watched: Watched,
    /// Parts of waits that go on.
    pub(crate) parts: Vec<Parts>,
    pub(crate) free_parts: Vec<u32>,
    /// Lots on a vehicle whose turn to be unloaded has not come.
    pub(crate) turns: BTreeMap<ThingIx, VecDeque<ThingIx>>,
    /// The vehicle whose lots are being made.
    pub(crate) making: Option<ThingIx>,
    /// Vehicles with one lot left, which may take over the slot.
    pub(crate) handing: VecDeque<ThingIx>,
    /// Vehicles of which a lot has come off, so that the next comes to its turn.
    pub(crate) turning: VecDeque<ThingIx>,
    /// Something in the calendar changed the hours or units of a place.
    pub(crate) places_changed: bool,
    /// Resources that it changed.
    pub(crate) changed_resources: Vec<u16>,
    pub(crate) sources: Vec<SourceS>,
    pub(crate) dispatches: Vec<DispatchS>,
    /// Lots that may depart, by dispatch and level.
    pub(crate) ready: Vec<List>,
    /// Lots whose hold ends unseen, by dispatch.
    pub(crate) ripening: Vec<Ripening>,
    pub(crate) loading: Vec<ripening::Ripe>,
    pub(crate) convoys: Vec<ConvoyS>,
    pub(crate) free_convoys: Vec<u32>,
    /// How long the hold of each thing lasts, as drawn when it began; only where that is checked.
    pub(crate) held_for: Vec<i64>,
    /// Vehicles of the convoy that is arriving.
    pub(crate) arrived: Vec<ThingIx>,
    pub(crate) draws: Draws,
    pub(crate) class_keys: Vec<Key>,
    /// Rising probability of the classes, by source.
    pub(crate) mixes: Vec<Vec<f64>>,
    pub(crate) unknowns: Vec<f64>,
    pub(crate) stale_places: BinaryHeap<Reverse<u16>>,
    pub(crate) sequence: u64,
    pub(crate) steps: Vec<StepS>,
    pub(crate) goods: Vec<GoodsS>,
    pub(crate) inside: Level,
    pub(crate) destroyed: u64,
    pub(crate) sent_back: u64,
    pub(crate) inside_when_warm: i64,
    pub(crate) turn_round: Durations,
    pub(crate) stay: Mean,
    pub(crate) picture: Picture,
    pub(crate) suspect: bool,
    pub(crate) deadlock: Option<Deadlock>,
    pub(crate) replication: Replication,
    /// What is kept of the situation that it started from.
    pub(crate) begun: Begun,
    pub(crate) lots_time: Durations,
    pub(crate) outcome: Measurements,
}

impl<'m, O: Observer> World<'m, O> {
    /// Room for replications of `model`; nothing has happened yet.
    #[must_use]
    pub fn new(model: &'m Model, observer: O) -> Self {
        let levels = model.levels;
        World {
            model,
            observer,
            now: 0,
            horizon: model.horizon,
            warm: 0,
            calendar: Calendar::new(model.gap, model.reach),
            things: Things::new(model.marks),
            sent_by: Vec::new(),
            places: vec![PlaceS::default(); model.places.len()],
            units: Vec::new(),
            unit_goods: Vec::new(),
            unit_place: Vec::new(),
            queues: vec![List::default(); model.places.len() * levels],
            searched: vec![Searched::default(); model.places.len()],
            resources: vec![ResourceS::default(); model.resources.len()],
            item_resource: Vec::new(),
            items: Vec::new(),
            claims: vec![VecDeque::new(); model.claims.len()],
            stale_claim: vec![false; model.claims.len()],
            stale_claims: Vec::new(),
            fresh: Vec::new(),
            watched: Watched::default(),
            parts: Vec::new(),
            free_parts: Vec::new(),
            turns: BTreeMap::new(),
            making: None,
            handing: VecDeque::new(),
            turning: VecDeque::new(),
            places_changed: false,
            changed_resources: Vec::new(),
            sources: vec![SourceS::default(); model.sources.len()],
            dispatches: vec![DispatchS::default(); model.dispatches.len()],
            ready: vec![List::default(); model.dispatches.len() * levels],
            ripening: model
                .dispatches
                .iter()
                .map(|dispatch| Ripening::new(dispatch.interval, model.longest_hold))
                .collect(),
            loading: Vec::new(),
            convoys: Vec::new(),
            free_convoys: Vec::new(),
            held_for: Vec::new(),
            arrived: Vec::new(),
            draws: Draws::new(
                model
                    .draws
                    .iter()
                    .map(|draw| draw.fixed.clone().unwrap_or(Sampler::constant(0.0)))
                    .collect(),
            ),
            class_keys: vec![Key::new(0, 0, 0); model.sources.len()],
            mixes: vec![Vec::new(); model.sources.len()],
            unknowns: vec![0.0; model.unknowns.len()],
            stale_places: BinaryHeap::new(),
            sequence: 0,
            steps: vec![StepS::default(); model.gateway.steps.len()],
            goods: vec![GoodsS::default(); model.gateway.goods.len()],
            inside: Level::default(),
            destroyed: 0,
            sent_back: 0,
            inside_when_warm: 0,
            turn_round: Durations::default(),
            stay: Mean::default(),
            picture: Picture::new(model.places.len(), model.horizon),
            suspect: false,
            deadlock: None,
            replication: Replication::new(0, 0),
            begun: Begun::default(),
            lots_time: Durations::default(),
            outcome: Measurements::default(),
        }
    }

    /// Runs one replication to the end.
    ///
    /// * `warm_up` — statistics start there; [`GateTime::START`] counts everything.
    ///
    /// # Errors
    /// If the values drawn for the unknowns do not make a distribution somewhere.
    pub fn run(
        &mut self,
        replication: Replication,
        warm_up: GateTime,
    ) -> Result<&Measurements, UnknownsError> {
        self.start(replication, warm_up)?;
        self.outcome.inside.clear();
        if self.model.study() == Study::Steady {
            self.advance_by_bins();
        } else {
            self.advance(GateTime::from_micros(self.horizon));
        }
        Ok(self.finish())
    }

    /// Goes on to the end and notes the mean number of lots in the gateway in each bin. Places do not show it: what
    /// waits to be placed is in none.
    fn advance_by_bins(&mut self) {
        let mut before = self.inside.integral(self.now);
        for bin in 1..=OCCUPANCY_BINS as i64 {
            let (from, to) = (self.now, bin * self.picture.width());
            self.advance(GateTime::from_micros(to));
            let after = self.inside.integral(self.now);
            // Statistics start anew at the end of the warm-up, so its bin shows the level at its end.
            let mean = if from < self.warm && self.warm <= to {
                self.inside.now() as f32
            } else {
                (after - before) as f32 / (self.now - from).max(1) as f32
            };
            self.outcome.inside.push(mean);
            before = after;
        }
        self.advance(GateTime::from_micros(self.horizon));
    }

    /// Sets the gateway up at its first instant, with unknowns drawn from their priors: empty, or as the situation says that
    /// the model was compiled from, which knows no warm-up.
    ///
    /// # Errors
    /// See [`World::run`].
    pub fn start(
        &mut self,
        replication: Replication,
        warm_up: GateTime,
    ) -> Result<(), UnknownsError> {
        let unknowns = self.drawn_unknowns(replication);
        self.start_with(replication, warm_up, unknowns)
    }

    /// Values of the unknowns, drawn from their priors.
    fn drawn_unknowns(&mut self, replication: Replication) -> Vec<f64> {
        let mut unknowns = std::mem::take(&mut self.unknowns);
        unknowns.clear();
        unknowns.extend(self.model.unknowns.iter().map(|(prior, purpose)| {
            prior.sample(
                Key::new(replication.seed, replication.unknowns, *purpose),
                0,
            )
        }));
        unknowns
    }

    /// Sets the gateway up with given values of its unknowns, one each, in base units.
    ///
    /// # Errors
    /// See [`World::run`].
    pub fn start_with(
        &mut self,
        replication: Replication,
        warm_up: GateTime,
        unknowns: Vec<f64>,
    ) -> Result<(), UnknownsError> {
        if let Some(start) = &self.model.from {
            return self.begin_from(start, replication, unknowns);
        }
        self.prepare(replication, unknowns)?;
        self.reset(warm_up.micros());
        Ok(())
    }

    /// Keys and distributions of everything that `replication` draws.
    fn prepare(
        &mut self,
        replication: Replication,
        unknowns: Vec<f64>,
    ) -> Result<(), UnknownsError> {
        self.unknowns = unknowns;
        self.replication = replication;
        for (at, draw) in self.model.draws.iter().enumerate() {
            let key = Key::new(replication.seed, replication.number, draw.purpose);
            self.draws.set_key(at, key);
            if draw.fixed.is_none() {
                match draw.quantity.resolve(&self.unknowns) {
                    Ok(distribution) => self.draws.set_sampler(at, Sampler::new(&distribution)),
                    Err(reason) => {
                        return Err(UnknownsError {
                            path: draw.path.clone(),
                            reason,
                            unknowns: self.describe_unknowns(),
                        });
                    }
                }
            }
        }
        for (at, source) in self.model.sources.iter().enumerate() {
            self.class_keys[at] =
                Key::new(replication.seed, replication.number, source.class_purpose);
            let mix = &mut self.mixes[at];
            mix.clear();
            let mut sum = 0.0;
            for share in &source.mix {
                sum += share.value(&self.unknowns).max(0.0);
                mix.push(sum);
            }
            mix.iter_mut().for_each(|share| *share /= sum);
        }
        Ok(())
    }

    fn describe_unknowns(&self) -> String {
        let names = self
            .model
            .gateway
            .unknowns
            .iter()
            .map(|unknown| &unknown.name);
        let each: Vec<String> = names
            .zip(&self.unknowns)
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        each.join(", ")
    }

    fn reset(&mut self, warm: i64) {
        let model = self.model;
        self.warm = warm;
        self.clear_all(true);
        for at in 0..model.sources.len() {
            let source = &model.sources[at];
            if let Some(fleet) = source.fleet {
                let fleet = self.draws.whole(fleet, 0);
                self.sources[at].home = fleet;
                self.sources[at].fleet = fleet;
            }
            self.schedule_due(&source.due, (0, 0), Kind::Due, at);
        }
        for (at, dispatch) in model.dispatches.iter().enumerate() {
            self.schedule_due(&dispatch.due, (0, 0), Kind::Departure, at);
        }
        if warm > 0 {
            self.schedule(warm, Kind::WarmUp, 0);
        }
    }

    /// Empties the gateway and sets places, crews and equipment up as they are at its first instant.
    ///
    /// * `tells` — what changes at that instant is told.
    fn clear_all(&mut self, tells: bool) {
        let model = self.model;
        self.now = 0;
        self.begun.clear();
        self.calendar.clear();
        self.picture.clear();
        self.things.clear();
        self.queues.fill(List::default());
        self.ready.fill(List::default());
        self.ripening.iter_mut().for_each(Ripening::clear);
        self.units.clear();
        self.unit_place.clear();
        self.item_resource.clear();
        self.items.clear();
        self.searched.iter_mut().for_each(Searched::clear);
        self.claims.iter_mut().for_each(VecDeque::clear);
        self.stale_claim.fill(false);
        self.stale_claims.clear();
        self.fresh.clear();
        self.watched.clear();
        self.parts.clear();
        self.free_parts.clear();
        self.turns.clear();
        self.handing.clear();
        self.turning.clear();
        self.making = None;
        self.dispatches.fill(DispatchS::default());
        self.sources.fill_with(SourceS::default);
        self.convoys.clear();
        self.free_convoys.clear();
        self.stale_places.clear();
        self.sequence = 0;
        self.suspect = false;
        self.deadlock = None;
        self.inside = Level::default();
        self.clear_statistics();
        self.inside_when_warm = 0;
        for at in 0..model.places.len() {
            self.set_up_place(at, tells);
        }
        self.unit_goods.clear();
        if model.places.iter().any(|place| place.segregated) {
            self.unit_goods
                .resize(self.units.len() * model.gateway.goods.len(), 0);
        }
        for at in 0..model.resources.len() {
            self.set_up_resource(at);
        }
        self.places_changed = false;
        self.changed_resources.clear();
        for resource in &mut self.resources {
            resource.changed = false;
        }
    }

    /// Handles all events up to and including `until`.
    pub fn advance(&mut self, until: GateTime) {
        let until = until.micros().min(self.horizon);
        while let Some((at, what)) = self.calendar.pop(until) {
            if cfg!(debug_assertions) && at > self.now {
                self.check_instant();
            }
            self.now = at;
            if self.picture.is_due(at) {
                self.picture.note(&self.places, at);
            }
            let what = What::unpack(what);
            if what.is_of_a_thing() {
                let x = ThingIx::new(what.nth());
                match self.move_swiftly(x) {
                    Moved::Quietly => continue,
                    Moved::MakingRoom => {}
                    Moved::Not => self.thing_is_due(x),
                }
            } else {
                self.happens(what);
            }
            self.settle();
        }
        self.now = until;
    }

    /// What the calendar has is due, and nothing that moves.
    #[inline(never)]
    fn happens(&mut self, what: What) {
        let nth = what.nth();
        match what.kind() {
            Kind::Home => self.vehicle_on_its_way(ThingIx::new(nth)),
            Kind::Departure => self.departure(nth),
            Kind::Due => self.convoy_due(nth),
            Kind::Reopened => self.source_reopened(nth),
            Kind::Arrival => self.convoy_arrives(nth as u32),
            _ => self.turn_calendar(what),
        }
    }

    /// Makes all changes that the calendar has for this instant, of which `first` is the first; then stops what has to
    /// stop.
    fn turn_calendar(&mut self, first: What) {
        let mut next = Some(first);
        while let Some(what) = next {
            let index = what.nth();
            match what.kind() {
                Kind::PlaceToggle => self.toggle_place(index),
                Kind::ResourceToggle => self.toggle_resource(index),
                Kind::PlaceChange => self.change_place(index),
                Kind::ResourceChange => self.change_resource(index),
                Kind::UnitBreak => self.break_unit(index),
                Kind::UnitRepair => self.repair_unit(index),
                Kind::ItemBreak => self.break_item(index),
                Kind::ItemRepair => self.repair_item(index),
                Kind::WarmUp => self.warm(),
                other => unreachable!("{other:?} is not of the calendar"),
            }
            let same = self.calendar.pop_same(self.now, Kind::WarmUp.rank());
            next = same.map(What::unpack);
        }
        self.stop_and_go_on();
    }

    /// Lets everything move that may move in this instant.
    #[inline(never)]
    pub(crate) fn settle(&mut self) {
        loop {
            if let Some(vehicle) = self.turning.pop_front() {
                self.next_turn(vehicle);
            } else if let Some(vehicle) = self.handing.pop_front() {
                self.hand_over_last(vehicle);
            } else if let Some(Reverse(place)) = self.stale_places.pop() {
                self.places[usize::from(place)].stale = false;
                self.let_one_in(usize::from(place));
            } else if self.stale_claims.is_empty() || !self.let_one_begin() {
                break;
            }
        }
        if O::ON {
            self.tell_fresh();
        }
        if self.suspect {
            self.suspect = false;
            self.look_for_deadlock();
        }
    }

    /// From here on, what is drawn is drawn as in `replication`; what was drawn before stays.
    ///
    /// Copies of a world that are to go different ways need this: they would draw the same otherwise.
    pub fn redraw_as(&mut self, replication: Replication) {
        self.replication = replication;
        for (at, draw) in self.model.draws.iter().enumerate() {
            let key = Key::new(replication.seed, replication.number, draw.purpose);
            self.draws.set_key(at, key);
        }
        for (at, source) in self.model.sources.iter().enumerate() {
            self.class_keys[at] =
                Key::new(replication.seed, replication.number, source.class_purpose);
        }
    }

    /// The instant reached.
    #[must_use]
    pub fn now(&self) -> GateTime {
        GateTime::from_micros(self.now)
    }

    /// Slots of `place` that are occupied now.
    #[must_use]
    pub fn occupied(&self, place: PlaceIx) -> i64 {
        self.places[place.index()].occupied.now()
    }

    /// Lots of `goods` that are in the gateway now.
    #[must_use]
    pub fn inside(&self, goods: GoodsIx) -> i64 {
        self.goods[goods.index()].inside
    }

    /// Lots on vehicles that wait outside for a first slot. Looks at every vehicle and lot: for a few times a day.
    #[must_use]
    pub fn outside(&self) -> i64 {
        let waits = |thing: &&Thing| thing.state != State::Free && thing.is(OUTSIDE);
        let lots = self.things.iter().filter(waits).map(|t| i64::from(t.lots));
        lots.sum()
    }

    /// Lots of all classes dispatched since statistics started.
    #[must_use]
    pub fn dispatched(&self) -> u64 {
        self.goods.iter().map(|goods| goods.dispatched).sum()
    }

    /// Values of the unknowns in this replication, in base units.
    #[must_use]
    pub fn unknowns(&self) -> &[f64] {
        &self.unknowns
    }

    #[inline]
    pub(crate) fn schedule(&mut self, at: i64, kind: Kind, nth: usize) {
        // What lies beyond the end never happens; leaving it out keeps the calendar short.
        if at <= self.horizon {
            let what = What::new(kind, nth);
            self.calendar.push(at, kind.rank(), what.packed());
        }
    }

    /// A duration in microseconds; nothing where none is given.
    #[inline]
    pub(crate) fn duration(&self, draw: Option<DrawIx>, counter: u64) -> i64 {
        draw.map_or(0, |draw| self.draws.micros(draw, counter))
    }

    /// Counter of the draws of `thing`: another one for each time that it is treated again.
    #[inline]
    pub(crate) fn counter(&self, thing: ThingIx) -> u64 {
        let thing = &self.things[thing];
        if thing.attempt == 0 {
            thing.entity
        } else {
            thing.entity ^ mix(u64::from(thing.attempt))
        }
    }

    /// Schedules the `nth` recurrence, from now.
    ///
    /// * `before` — how many there had been when the run began.
    pub(crate) fn schedule_due(
        &mut self,
        due: &DueM,
        (nth, before): (u32, u32),
        kind: Kind,
        of: usize,
    ) {
        let at = match due {
            DueM::Every { interval, first } => {
                let draw = first.filter(|_| nth == 0).unwrap_or(*interval);
                let wait = self.draws.micros(draw, mix(u64::from(nth)));
                // An interval of nothing would stop the clock.
                self.now + if nth == 0 { wait } else { wait.max(1) }
            }
            DueM::Table(due) => match due.get(nth.wrapping_sub(before) as usize) {
                Some(&at) => at,
                None => return,
            },
        };
        self.schedule(at, kind, of);
    }

    /// The instant from which a hold of `x` counts that begins now.
    #[inline]
    pub(crate) fn counts_from(&self, x: ThingIx, clock: HoldClockM) -> i64 {
        match clock {
            HoldClockM::Stored => self.now,
            HoldClockM::Arrival => self.things[x].arrived,
            // Its class may pass the step by.
            HoldClockM::Mark(mark) => {
                self.things.marks(x)[usize::from(mark)].map_or(self.now, Instant::micros)
            }
        }
    }

    /// Tells the observer, if it listens.
    #[inline]
    pub(crate) fn tell(&mut self, happening: impl FnOnce(&Self) -> Happening) {
        if O::ON {
            let happening = happening(self);
            self.observer.happens(
                GateTime::from_micros(self.now).instant(self.model.gateway.start),
                happening,
            );
        }
    }
}

impl World<'_, Silent> {
    /// [`World::run`] without a listener, compiled once here instead of in every crate that simulates.
    ///
    /// # Errors
    /// See [`World::run`].
    pub fn replicate(
        &mut self,
        replication: Replication,
        warm_up: GateTime,
    ) -> Result<&Measurements, UnknownsError> {
        self.run(replication, warm_up)
    }
}

/// Counter of the draws of a vehicle: its numbers from 0, mixed so that the draws may use it as it is.
#[inline]
pub(crate) fn vehicle_entity(salt: u64, convoy: u32, vehicle: u32) -> u64 {
    mix(salt ^ (u64::from(convoy) << 32 | u64::from(vehicle)))
}

/// Counter of the draws of the `lot`th lot of a vehicle, from 0.
#[inline]
pub(crate) fn lot_entity(vehicle: u64, lot: u16) -> u64 {
    vehicle ^ mix(u64::from(lot) + 1)
}

/// Counter of the `nth` failure or repair of one unit or item.
pub(crate) fn failure(unit: u32, nth: u32) -> u64 {
    mix(u64::from(unit) << 32 | u64::from(nth))
}
