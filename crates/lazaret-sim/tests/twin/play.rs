//! A second interpreter of `docs/semantics.md`: one list of events, and everything else found by looking at all there is.
//!
//! It is written to be compared with the text, rule by rule, and shares nothing with the engine but the checked gateway and
//! the draws, which are functions of what they are for. Where the engine keeps a list, a count or a flag, this asks again.

mod arrivals;
mod begin;
mod figures;
mod hours;
mod move_on;
mod stops;

use std::collections::VecDeque;

use lazaret_gateway::model::{AtShiftEnd, Fill, Gateway, Quantity, ResourceKind, StepKind};
use lazaret_gateway::random::{Key, hash_name, mix};
use lazaret_sim::Replication;
use lazaret_vocabulary::event::{
    Cause, Event, Happening, LotId, PlaceName, ResourceName, SourceName, Spot, StepName,
    Thing as Named, VehicleId,
};
use lazaret_vocabulary::time::GateTime;

use crate::faults::Fault;
pub(crate) use figures::Figures;
use hours::Open;

/// Parts of a wait.
pub(crate) const NO_ROOM: usize = 0;
pub(crate) const CLOSED: usize = 1;
pub(crate) const SEGREGATED: usize = 2;
pub(crate) const NO_RESOURCE: usize = 3;
pub(crate) const NO_DEPARTURE: usize = 4;

/// What one replication shows.
pub(crate) struct Told {
    pub(crate) events: Vec<Event>,
    pub(crate) figures: Figures,
    /// What waits in vain: step, how many, since when, whether others were served before them.
    pub(crate) standstills: Vec<(usize, u32, i64, bool)>,
    /// When everything stopped, and the places of which none can empty.
    pub(crate) deadlock: Option<(i64, Vec<usize>)>,
}

/// What is on the list of events.
#[derive(Clone, Copy, Debug)]
enum What {
    PlaceHours(usize),
    ResourceHours(usize),
    PlaceChange(usize, usize),
    ResourceChange(usize, usize),
    WarmUp,
    UnitFails(usize, usize),
    UnitRepaired(usize, usize),
    ItemFails(usize, usize),
    ItemRepaired(usize, usize),
    /// Work, a hold or a journey ends.
    Ends(usize),
    /// A stage of a vehicle's way home ends.
    Home(usize),
    Departure(usize),
    Due(usize),
    Reopens(usize),
    Arrives {
        source: usize,
        convoy: u32,
        vehicles: u32,
    },
}

impl What {
    /// Its place in the order of one instant.
    fn rank(self, fault: Option<Fault>) -> u8 {
        match self {
            What::Ends(_) if fault == Some(Fault::DeparturesFirst) => 4,
            What::Ends(_) => 2,
            What::Home(_) => 3,
            What::Departure(_) => 4,
            What::Due(_) | What::Reopens(_) => 5,
            What::Arrives { .. } => 6,
            _ => 1,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    at: i64,
    number: u64,
    what: What,
}

/// What a thing is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    /// A lot whose turn to be unloaded has not come.
    AwaitsTurn,
    AwaitsRoom,
    /// Has its slot and waits to begin or go on.
    AwaitsWork,
    Works {
        until: i64,
    },
    Held,
    /// A vehicle whose lots are leaving it.
    Empties,
    Travels,
    AwaitsDeparture,
    GoesHome {
        stage: u8,
    },
    Gone,
}

/// What kept a thing out when it asked for room.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    Closed,
    NoRoom,
    Resource(usize),
    Apart,
    Broken,
}

/// A vehicle or a lot.
#[derive(Clone, Debug)]
struct Thing {
    source: usize,
    convoy: u32,
    vehicle: u32,
    lot: Option<u16>,
    goods: usize,
    arrived: i64,
    /// How often it has been treated again.
    rounds: u32,
    /// Steps that apply to it.
    path: Vec<usize>,
    /// Which of them it does or asks for.
    at: usize,
    /// A vehicle that is to be washed at a place or is.
    washes: bool,
    /// Lots that a vehicle brings.
    load: u16,
    /// The vehicle that a lot is still on.
    aboard: Option<usize>,
    /// Lots that are still on a vehicle.
    lots: Vec<usize>,
    /// Place and unit.
    slot: Option<(usize, usize)>,
    doing: Doing,
    /// Ready for its step since.
    ready: i64,
    /// Order of asking for room, or of becoming ready to depart.
    asked: u64,
    kept: Kept,
    /// Has arrived and waits for a first slot.
    outside: bool,
    parts: [i64; 5],
    /// Time before an open place with free slots.
    before_free: i64,
    /// The step that it has done last.
    last: Option<usize>,
    /// Since when it is done and keeps its slot.
    done: Option<i64>,
    /// Steps that started or ended, and when.
    marks: Vec<(usize, bool, i64)>,
    /// Its work was begun and stopped: what is left of it, and since when it rests.
    rests: Option<(i64, i64)>,
    /// When its work began or went on.
    began: i64,
    /// Waits for crews and equipment, not for its place or unit.
    listed: bool,
}

#[derive(Clone, Debug, Default)]
struct Unit {
    inside: Vec<usize>,
    /// Convoy whose group has it, and how many of it have entered.
    group: Option<(usize, u32)>,
    entered: usize,
    life: Life,
}

/// How a unit or an item fails.
#[derive(Clone, Copy, Debug, Default)]
struct Life {
    broken: bool,
    fails: Option<i64>,
    /// Times that its clock has run out or was stopped.
    nth: u32,
}

struct Place {
    hours: Open,
    open: bool,
    count: i64,
    slots: i64,
    unlimited: bool,
    units: Vec<Unit>,
    changes_left: usize,
}

struct Resource {
    hours: Open,
    on_shift: bool,
    total: i64,
    in_use: i64,
    /// Of those in use, how many are held by slots.
    held: i64,
    items: Vec<Life>,
    changes_left: usize,
}

#[derive(Default)]
struct Source {
    due: u32,
    home: i64,
    closed: Open,
    /// A convoy that waits for its vehicles.
    short: Option<(u32, i64)>,
    /// A convoy that waits for the source to open.
    held: Option<u32>,
    reopens: bool,
    waiting: i64,
}

/// One replication.
pub(crate) struct Play<'g> {
    gateway: &'g Gateway,
    replication: Replication,
    fault: Option<Fault>,
    unknowns: Vec<f64>,
    now: i64,
    end: i64,
    warm: i64,
    pending: Vec<Pending>,
    number: u64,
    things: Vec<Thing>,
    places: Vec<Place>,
    resources: Vec<Resource>,
    sources: Vec<Source>,
    departures: Vec<u32>,
    /// Things that began to wait for crews in this event.
    fresh: Vec<usize>,
    /// Vehicles of which a lot has come off.
    turning: VecDeque<usize>,
    /// Vehicles with one lot left that waits for room.
    handing: VecDeque<usize>,
    unloading: Option<usize>,
    figures: Figures,
    events: Vec<Event>,
    deadlock: Option<(i64, Vec<usize>)>,
}

impl<'g> Play<'g> {
    pub(crate) fn new(
        gateway: &'g Gateway,
        replication: Replication,
        warm: i64,
        fault: Option<Fault>,
    ) -> Self {
        let unknowns = gateway.unknowns.iter().map(|unknown| {
            let purpose = hash_name(&format!("unknown.{}", unknown.name));
            let key = Key::new(replication.seed, replication.unknowns, purpose);
            unknown.prior.sample(key, 0)
        });
        Play {
            gateway,
            replication,
            fault,
            unknowns: unknowns.collect(),
            now: 0,
            end: gateway.length.micros(),
            warm,
            pending: Vec::new(),
            number: 0,
            things: Vec::new(),
            places: Vec::new(),
            resources: Vec::new(),
            sources: Vec::new(),
            departures: vec![0; gateway.steps.len()],
            fresh: Vec::new(),
            turning: VecDeque::new(),
            handing: VecDeque::new(),
            unloading: None,
            figures: Figures::new(gateway),
            events: Vec::new(),
            deadlock: None,
        }
    }

    /// Plays it to the end.
    pub(crate) fn run(mut self) -> Told {
        self.set_up();
        while let Some(next) = self.take_next(None) {
            self.pass_time(next.at);
            match next.what {
                What::Ends(x) => self.ends(x),
                What::Home(v) => self.on_its_way(v),
                What::Departure(step) => self.departure(step),
                What::Due(source) => self.convoy_due(source),
                What::Reopens(source) => self.reopened(source),
                What::Arrives {
                    source,
                    convoy,
                    vehicles,
                } => self.arrives(source, convoy, vehicles),
                _ => self.turn_calendar(next),
            }
            self.settle();
        }
        self.pass_time(self.end);
        Told {
            standstills: self.standstills(),
            figures: self.figures,
            events: self.events,
            deadlock: self.deadlock,
        }
    }

    fn schedule(&mut self, at: i64, what: What) {
        self.number += 1;
        let number = self.number;
        self.pending.push(Pending { at, number, what });
    }

    /// Takes the first event off the list, or the first of the calendar at `instant`.
    fn take_next(&mut self, instant: Option<i64>) -> Option<Pending> {
        let fault = self.fault;
        let hours_first = |what: What| {
            let lives = matches!(
                what,
                What::UnitFails(..)
                    | What::UnitRepaired(..)
                    | What::ItemFails(..)
                    | What::ItemRepaired(..)
            );
            u8::from(lives)
        };
        let order = |p: &Pending| (p.at, p.what.rank(fault), hours_first(p.what), p.number);
        let next = (0..self.pending.len()).min_by_key(|&i| order(&self.pending[i]))?;
        let first = self.pending[next];
        let wanted = match instant {
            None => first.at <= self.end,
            Some(instant) => first.at == instant && first.what.rank(fault) == 1,
        };
        wanted.then(|| self.pending.remove(next))
    }

    fn turn_calendar(&mut self, first: Pending) {
        let mut next = Some(first);
        while let Some(pending) = next {
            self.change(pending.what);
            next = self.take_next(Some(self.now));
        }
        self.stop_and_go_on();
    }

    /// Lets everything move that can.
    fn settle(&mut self) {
        loop {
            if let Some(v) = self.turning.pop_front() {
                self.next_turn(v);
            } else if let Some(v) = self.handing.pop_front() {
                self.hand_over_last(v);
            } else if let Some((x, p, unit)) = self.first_who_may_enter() {
                self.room_found(x, p);
                self.enter(x, p, unit);
            } else if let Some(x) = self.first_who_can_begin() {
                self.start(x);
            } else {
                break;
            }
        }
        for x in std::mem::take(&mut self.fresh) {
            if self.things[x].doing == Doing::AwaitsWork && self.things[x].listed {
                let cause = Cause::NoResource(self.resource_name(self.lacking(x)));
                self.tell(Happening::Waiting {
                    thing: self.named(x),
                    step: self.step_label(x),
                    cause,
                });
            }
        }
        self.look_for_deadlock();
    }

    /// A draw of the quantity that the file gives at `path`, for the entity `counter`.
    fn draw(&self, path: &str, quantity: &Quantity, counter: u64) -> f64 {
        let key = Key::new(
            self.replication.seed,
            self.replication.number,
            hash_name(path),
        );
        quantity
            .resolve(&self.unknowns)
            .unwrap()
            .sample(key, counter)
    }

    fn time(&self, path: &str, quantity: &Quantity, counter: u64) -> i64 {
        let seconds = self.draw(path, quantity, counter);
        ((seconds * 1e6).round() as i64).min(1 << 55)
    }

    fn whole(&self, path: &str, quantity: &Quantity, counter: u64) -> i64 {
        (self.draw(path, quantity, counter).round() as i64).clamp(0, i64::from(u32::MAX >> 4))
    }

    /// Names the draws of a thing.
    fn counter(&self, x: usize) -> u64 {
        let thing = &self.things[x];
        let salt = hash_name(&self.gateway.sources[thing.source].name);
        let vehicle = vehicle_counter(salt, thing.convoy, thing.vehicle);
        let entity = thing.lot.map_or(vehicle, |lot| lot_counter(vehicle, lot));
        match thing.rounds {
            0 => entity,
            _ if self.fault == Some(Fault::SameDraw) => entity,
            rounds => entity ^ mix(u64::from(rounds)),
        }
    }

    fn tell(&mut self, happening: Happening) {
        let at = GateTime::from_micros(self.now).instant(self.gateway.start);
        self.events.push(Event { at, happening });
    }

    fn priority(&self, x: usize) -> i32 {
        self.gateway.goods[self.things[x].goods].priority
    }

    /// Where it stands: in its own slot or on its vehicle.
    fn stands(&self, x: usize) -> Option<(usize, usize)> {
        match self.things[x].aboard {
            Some(vehicle) => self.things[vehicle].slot,
            None => self.things[x].slot,
        }
    }

    /// The step that it does or asks for; none for a wash and for what leaves.
    fn step(&self, x: usize) -> Option<usize> {
        let thing = &self.things[x];
        if thing.washes {
            None
        } else {
            thing.path.get(thing.at).copied()
        }
    }

    /// The place of that.
    fn goes_to(&self, x: usize) -> Option<usize> {
        if self.things[x].washes {
            let wash_at = self.gateway.sources[self.things[x].source].vehicle.wash_at;
            return wash_at.map(lazaret_gateway::model::PlaceIx::index);
        }
        self.step(x).map(|step| self.gateway.steps[step].at.index())
    }

    fn occupied(&self, p: usize) -> i64 {
        self.places[p]
            .units
            .iter()
            .map(|unit| unit.inside.len() as i64)
            .sum()
    }

    fn capacity(&self, p: usize) -> i64 {
        let place = &self.places[p];
        if place.unlimited && place.count > 0 {
            i64::MAX
        } else {
            place.count.saturating_mul(place.slots)
        }
    }

    fn has_room(&self, p: usize) -> bool {
        self.occupied(p) < self.capacity(p)
    }

    /// Slots that a unit has now.
    fn room_of(&self, p: usize, unit: usize) -> i64 {
        let place = &self.places[p];
        if unit as i64 >= place.count {
            0
        } else if place.unlimited {
            i64::MAX
        } else {
            place.slots
        }
    }

    fn broken(&self, r: usize) -> i64 {
        let resource = &self.resources[r];
        let there = resource.items.iter().take(resource.total as usize);
        there.filter(|item| item.broken).count() as i64
    }

    fn free(&self, r: usize) -> i64 {
        let resource = &self.resources[r];
        if resource.on_shift {
            resource.total - self.broken(r) - resource.in_use
        } else {
            0
        }
    }

    fn finishes(&self, r: usize) -> bool {
        self.gateway.resources[r].at_shift_end == AtShiftEnd::Finish
    }

    fn all(&self) -> std::ops::Range<usize> {
        0..self.things.len()
    }
}

// Names of things.
impl Play<'_> {
    fn vehicle_id(&self, x: usize) -> VehicleId {
        let thing = &self.things[x];
        let source = &self.gateway.sources[thing.source].name;
        VehicleId::new(format!(
            "{source}-{}-{}",
            thing.convoy + 1,
            thing.vehicle + 1
        ))
    }

    fn lot_id(&self, x: usize) -> LotId {
        let lot = self.things[x].lot.unwrap() + 1;
        LotId::new(format!("{}-{lot}", self.vehicle_id(x)))
    }

    fn named(&self, x: usize) -> Named {
        match self.things[x].lot {
            Some(_) => Named::Lot(self.lot_id(x)),
            None => Named::Vehicle(self.vehicle_id(x)),
        }
    }

    fn step_name(&self, step: usize) -> StepName {
        StepName::new(self.gateway.steps[step].name.as_str())
    }

    fn step_label(&self, x: usize) -> StepName {
        self.step(x)
            .map_or_else(|| StepName::new("wash"), |step| self.step_name(step))
    }

    fn place_name(&self, p: usize) -> PlaceName {
        PlaceName::new(self.gateway.places[p].name.as_str())
    }

    fn resource_name(&self, r: usize) -> ResourceName {
        ResourceName::new(self.gateway.resources[r].name.as_str())
    }

    fn source_name(&self, s: usize) -> SourceName {
        SourceName::new(self.gateway.sources[s].name.as_str())
    }

    fn spot(&self, (p, unit): (usize, usize)) -> Spot {
        Spot {
            place: self.place_name(p),
            unit: unit as u32 + 1,
        }
    }

    fn cause(&self, kept: Kept, p: usize) -> Cause {
        match kept {
            Kept::Closed => Cause::Closed(self.place_name(p)),
            Kept::NoRoom => Cause::NoRoom(self.place_name(p)),
            Kept::Resource(r) => Cause::NoResource(self.resource_name(r)),
            Kept::Apart => Cause::Segregated(self.place_name(p)),
            Kept::Broken => Cause::Broken(self.place_name(p)),
        }
    }
}

fn vehicle_counter(salt: u64, convoy: u32, vehicle: u32) -> u64 {
    mix(salt ^ (u64::from(convoy) << 32 | u64::from(vehicle)))
}

fn lot_counter(vehicle: u64, lot: u16) -> u64 {
    vehicle ^ mix(u64::from(lot) + 1)
}

/// Names the `nth` failure and repair of a unit or item.
fn failure_counter(number: usize, nth: u32) -> u64 {
    mix((number as u64) << 32 | u64::from(nth))
}

fn kind_word(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Crew => "crew",
        ResourceKind::Equipment => "equipment",
    }
}

fn is_each(kind: &StepKind) -> bool {
    matches!(kind, StepKind::Unload { each_lot: true })
}

fn by_groups(fill: Fill) -> bool {
    fill == Fill::Groups
}
