//! A situation against a model: every name is looked up and every entry must be possible.

mod calendar;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use lazaret_gateway::model::Quantity;
use lazaret_vocabulary::near::did_you_mean;
use lazaret_vocabulary::time::GateTime;

use super::{
    Aboard, ByEntity, Doing, DuePlan, LotNamed, SITUATION_FORMAT, Situation, Standing, Start,
    ThingPlan,
};
use crate::index::LegIx;
use crate::model::{LegKind, Model, NO_PLACE};
use crate::world::{OUTSIDE, State, Thing, VEHICLE, lot_entity, parts, vehicle_entity};

/// From here on numbers are those of convoys whose names have none; no source comes to them.
pub const UNNUMBERED: u32 = 1 << 31;
/// Mistakes that are listed at once.
const MOST: usize = 20;

/// Why a situation cannot be that of a gateway: which entry, what is wrong with it, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{entry}: {what}")]
pub struct SituationError {
    /// The entry, such as `things[3] (dandong-1-2)`.
    pub entry: String,
    /// What is wrong with it and what to do.
    pub what: String,
}

impl Start {
    /// Checks `situation` against `model`.
    ///
    /// # Errors
    /// Everything that is wrong, up to twenty mistakes.
    pub fn new(model: &Model, situation: &Situation) -> Result<Start, Vec<SituationError>> {
        let mut check = Check {
            model,
            wrong: Vec::new(),
            at: GateTime::of(situation.at, model.gateway.start).micros(),
            out: vec![0; model.sources.len()],
            last: vec![0; model.sources.len()],
            here: HashSet::new(),
        };
        check.heading(situation);
        if !check.wrong.is_empty() {
            return Err(check.wrong);
        }
        let start = check.everything(situation);
        if check.wrong.is_empty() {
            Ok(start)
        } else {
            check.wrong.truncate(MOST);
            Err(check.wrong)
        }
    }
}

struct Check<'m> {
    model: &'m Model,
    wrong: Vec<SituationError>,
    at: i64,
    /// Vehicles of each source that are not home.
    out: Vec<i64>,
    /// The greatest number of a convoy of each source that is here or announced, from 1.
    last: Vec<u32>,
    /// Source and number of the convoys of which something is here.
    here: HashSet<(usize, u32)>,
}

/// Where a name is among those of the gateway.
fn position<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Result<usize, String> {
    names
        .clone()
        .position(|known| known == name)
        .ok_or_else(|| {
            let near = lazaret_vocabulary::near::nearest(name, names);
            near.map_or(String::new(), |near| format!("; {}", did_you_mean(near)))
        })
}

impl Check<'_> {
    fn say(&mut self, entry: &str, what: impl Into<String>) {
        if self.wrong.len() <= MOST {
            self.wrong.push(SituationError {
                entry: entry.to_string(),
                what: what.into(),
            });
        }
    }

    fn heading(&mut self, situation: &Situation) {
        if situation.format != SITUATION_FORMAT {
            let found = situation.format;
            self.say(
                "format",
                format!("this program reads format {SITUATION_FORMAT}, not {found}; write the situation again with it"),
            );
        }
        let name = &self.model.gateway.name;
        if situation.gateway != *name {
            let what = format!(
                "the situation is of the gateway \"{}\", the file is of \"{name}\"; name the file that it belongs to",
                situation.gateway
            );
            self.say("gateway", what);
        }
        let start = self.model.gateway.start;
        if self.at < 0 {
            let what = format!(
                "{} is before the start of the gateway, {start}; set gateway.start to that day or earlier",
                situation.at
            );
            self.say("at", what);
        } else if self.at >= self.model.horizon {
            let what = format!(
                "{} is not before the end of the run, which begins at {start}; make gateway.length longer",
                situation.at
            );
            self.say("at", what);
        }
    }

    /// An instant on the gateway's clock, which must not be later than the situation.
    fn past(&mut self, entry: &str, key: &str, at: Timestamp) -> i64 {
        let micros = GateTime::of(at, self.model.gateway.start).micros();
        if micros > self.at {
            self.say(
                entry,
                format!("{key} {at} is after the instant of the situation; it must not be later"),
            );
        }
        micros.min(self.at)
    }

    fn named<'a>(
        &mut self,
        entry: &str,
        kind: &str,
        name: &str,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<usize> {
        match position(name, names) {
            Ok(at) => Some(at),
            Err(hint) => {
                self.say(
                    entry,
                    format!("there is no {kind} \"{name}\" in the gateway file{hint}"),
                );
                None
            }
        }
    }

    fn source(&mut self, entry: &str, name: &str) -> Option<usize> {
        let model = self.model;
        self.named(
            entry,
            "source",
            name,
            model.gateway.sources.iter().map(|s| s.name.as_str()),
        )
    }

    fn goods(&mut self, entry: &str, name: &str) -> Option<usize> {
        let model = self.model;
        self.named(
            entry,
            "goods class",
            name,
            model.gateway.goods.iter().map(|g| g.name.as_str()),
        )
    }

    fn place(&mut self, entry: &str, name: &str) -> Option<usize> {
        let model = self.model;
        self.named(
            entry,
            "place",
            name,
            model.gateway.places.iter().map(|p| p.name.as_str()),
        )
    }

    fn step(&mut self, entry: &str, name: &str) -> Option<usize> {
        let model = self.model;
        self.named(
            entry,
            "step",
            name,
            model.gateway.steps.iter().map(|s| s.name.as_str()),
        )
    }

    fn everything(&mut self, situation: &Situation) -> Start {
        let mut start = Start {
            at: self.at,
            things: Vec::new(),
            sources: vec![DuePlan::default(); self.model.sources.len()],
            departures: vec![DuePlan::default(); self.model.dispatches.len()],
            convoys: Vec::new(),
            lives: Vec::new(),
            groups: Vec::new(),
            classes: Arc::default(),
            ahead: Arc::default(),
            followed: Arc::default(),
            names: Vec::new(),
        };
        let mut tables = Tables::default();
        let mut vehicles: HashMap<u64, usize> = HashMap::new();
        let mut seen: HashSet<(bool, u64)> = HashSet::new();
        // Vehicles first, so that lots find those that they are on.
        let mut order: Vec<usize> = (0..situation.things.len()).collect();
        order.sort_by_key(|&nth| situation.things[nth].lot.is_some());
        for nth in order {
            let standing = &situation.things[nth];
            let entry = format!("things[{nth}] ({})", standing.name);
            let Some(mut plan) = self.thing(&entry, standing, &mut tables) else {
                continue;
            };
            plan.turn = standing.turn.unwrap_or(u32::MAX);
            let entity = plan.thing.entity;
            if !seen.insert((standing.lot.is_some(), entity)) {
                self.say(
                    &entry,
                    "another entry, or a vehicle that has it aboard, has the same source, convoy, vehicle and lot; number them apart",
                );
                continue;
            }
            let aboard = (0..standing.aboard.len()).map(|lot| lot_entity(entity, lot as u16));
            seen.extend(aboard.map(|lot| (true, lot)));
            if plan.thing.is(VEHICLE) {
                vehicles.insert(entity, start.things.len());
            } else if standing.on_vehicle {
                self.aboard_of(&entry, standing, &mut plan, &mut start.things, &vehicles);
            }
            start.things.push(plan);
        }
        let empty = |plan: &ThingPlan| plan.doing == Doing::Unloaded && plan.thing.lots == 0;
        if start.things.iter().any(empty) {
            self.say(
                "things",
                "a vehicle is unloaded and no lot is on it; say what it does next, such as is_washed or goes_home",
            );
        }
        self.ahead(situation, &mut start, &mut tables);
        self.due(situation, &mut start);
        self.lives(situation, &mut start);
        for (s, plan) in start.sources.iter_mut().enumerate() {
            plan.out = self.out[s];
            // Those that are still to come get numbers of their own.
            plan.nth = plan.nth.max(self.last[s]);
        }
        start.classes = Arc::new(tables.classes);
        start.ahead = Arc::new(tables.ahead);
        start.followed = Arc::new(tables.followed);
        start.names = tables.names;
        start
    }

    /// Puts a lot on its vehicle.
    fn aboard_of(
        &mut self,
        entry: &str,
        standing: &Standing,
        plan: &mut ThingPlan,
        things: &mut [ThingPlan],
        vehicles: &HashMap<u64, usize>,
    ) {
        let of = lot_entity(plan.thing.entity, plan.thing.lots);
        match vehicles.get(&of) {
            Some(&v) if things[v].doing == Doing::Unloaded => {
                plan.host = Some(v);
                plan.thing.unit = things[v].thing.unit;
                let vehicle = &mut things[v].thing;
                vehicle.lots = vehicle.lots.saturating_add(1);
            }
            _ => {
                let what = format!(
                    "it is on vehicle {} of convoy {}, which is not listed as unloaded; list that vehicle, or give the lot a place",
                    standing.vehicle, standing.convoy
                );
                self.say(entry, what);
            }
        }
    }

    fn thing(
        &mut self,
        entry: &str,
        standing: &Standing,
        tables: &mut Tables,
    ) -> Option<ThingPlan> {
        let s = self.source(entry, &standing.source)?;
        let goods = self.goods(entry, &standing.goods)?;
        let place = match &standing.place {
            Some(name) => Some(self.place(entry, name)?),
            None => None,
        };
        let numbers = [standing.convoy, standing.vehicle, standing.lot.unwrap_or(1)];
        let many = standing.aboard.len().max(numbers[2] as usize);
        if numbers.contains(&0) || many > usize::from(u16::MAX) {
            self.say(
                entry,
                "convoys, vehicles and lots are numbered from 1, lots up to 65535",
            );
            return None;
        }
        self.came(s, standing.convoy);
        self.here.insert((s, standing.convoy));
        let source = &self.model.sources[s];
        let vehicle = vehicle_entity(source.salt, standing.convoy - 1, standing.vehicle - 1);
        let Some(Some(path)) = source.paths.get(goods).copied() else {
            let what = format!(
                "goods \"{}\" do not come from {}",
                standing.goods, standing.source
            );
            self.say(entry, what);
            return None;
        };
        let is_lot = standing.lot.is_some();
        let leg = self.leg(
            entry,
            standing,
            s,
            if is_lot { path.lot } else { path.vehicle },
        )?;
        let arrived = self.past(entry, "arrived", standing.arrived);
        let since = self.past(entry, "since", standing.since);
        let begun = standing
            .begun
            .map_or(since, |at| self.past(entry, "begun", at));
        self.unit(entry, place, standing.unit)?;
        self.lengths(entry, standing, arrived)?;
        let nth = (numbers[2] - 1) as u16;
        let thing = Thing {
            entity: if is_lot {
                lot_entity(vehicle, nth)
            } else {
                vehicle
            },
            arrived,
            since,
            due: -1,
            mark: begun,
            next: None,
            host: None,
            leg,
            place: place.map_or(NO_PLACE, |p| p as u16),
            unit: (standing.unit.unwrap_or(1) - 1) as u16,
            lots: if is_lot {
                nth
            } else {
                standing.aboard.len() as u16
            },
            attempt: standing.again,
            cause: 0,
            goods: goods as u8,
            flags: if is_lot { 0 } else { VEHICLE },
            state: State::WaitRoom,
        };
        let mut plan = ThingPlan {
            thing,
            doing: standing.doing,
            begun,
            worked: standing.worked_us,
            ends: standing
                .ends
                .map(|at| GateTime::of(at, self.model.gateway.start).micros()),
            host: None,
            marks: Vec::new(),
            waited: standing.waited.map(|waited| parts(&waited)),
            sent_by: None,
            named_unit: standing.unit.is_some(),
            turn: 0,
            classes: Vec::new(),
        };
        if !is_lot {
            self.out[s] += 1;
        }
        self.possible(entry, standing, &plan)?;
        if !is_lot && plan.thing.place == NO_PLACE && leg == path.vehicle {
            plan.thing.flags |= OUTSIDE;
        }
        self.history(entry, standing, s, path.lot, &mut plan);
        self.name_lots(entry, standing, s, vehicle, &mut plan, tables);
        Some(plan)
    }

    /// Whether place `p` has a unit of this number, as far as the file says how many there are.
    fn unit(&mut self, entry: &str, p: Option<usize>, unit: Option<u32>) -> Option<()> {
        let Some(unit) = unit else { return Some(()) };
        let most = p.map_or(u32::from(u16::MAX), |p| {
            let place = &self.model.gateway.places[p];
            let later = place.changes.iter().filter_map(|c| c.count.as_ref());
            self.most(std::iter::once(&place.count).chain(later))
        });
        if (1..=most).contains(&unit) {
            return Some(());
        }
        self.say(
            entry,
            format!("there is no unit {unit}; units are numbered from 1 to {most}"),
        );
        None
    }

    /// The greatest number that something of which there are so many can have.
    fn most<'q>(&self, counts: impl Iterator<Item = &'q Quantity>) -> u32 {
        let most = counts
            .map(Quantity::known_constant)
            .try_fold(0.0, |most, count| count.map(|count| f64::max(most, count)));
        most.map_or(u32::from(u16::MAX), |most| most.clamp(0.0, 65_535.0) as u32)
    }

    /// Whether what a thing worked and waited fits into the time since it arrived.
    fn lengths(&mut self, entry: &str, standing: &Standing, arrived: i64) -> Option<()> {
        let here = i128::from(self.at - arrived);
        let waited = standing.waited.map_or([0; 4], |waited| {
            [
                waited.no_room_us,
                waited.closed_us,
                waited.kept_apart_us,
                waited.no_resource_us,
            ]
        });
        let below = waited.iter().chain([&standing.worked_us]).any(|us| *us < 0);
        let sum: i128 = waited.iter().copied().map(i128::from).sum();
        if !below && sum <= here && i128::from(standing.worked_us) <= here {
            return Some(());
        }
        self.say(
            entry,
            "what it worked or waited is below zero or longer than it has been here; give microseconds since it arrived",
        );
        None
    }

    /// Names the lot that a thing is, or the lots that are in it.
    fn name_lots(
        &mut self,
        entry: &str,
        standing: &Standing,
        s: usize,
        vehicle: u64,
        plan: &mut ThingPlan,
        tables: &mut Tables,
    ) {
        let place_name = standing.place.clone();
        let source = &self.model.sources[s];
        if standing.lot.is_some() {
            let goods = plan.thing.goods;
            plan.classes.push(goods);
            tables.follow(
                plan.thing.entity,
                &standing.name,
                &standing.goods,
                place_name,
                false,
            );
            if source.mixed_vehicles {
                tables.classes.insert(plan.thing.entity, goods);
            }
        } else {
            self.load(
                entry,
                s,
                &standing.aboard,
                usize::from(plan.thing.goods),
                &mut plan.classes,
            );
            for (lot, aboard) in standing.aboard.iter().enumerate() {
                let entity = lot_entity(vehicle, lot as u16);
                tables.follow(
                    entity,
                    &aboard.name,
                    &aboard.goods,
                    place_name.clone(),
                    false,
                );
                if source.mixed_vehicles
                    && let Some(&class) = plan.classes.get(lot)
                {
                    tables.classes.insert(entity, class);
                }
            }
        }
    }

    /// A convoy of source `s` has this number.
    fn came(&mut self, s: usize, number: u32) {
        if number < UNNUMBERED {
            self.last[s] = self.last[s].max(number);
        }
    }

    /// The classes of the lots in a vehicle.
    fn load(
        &mut self,
        entry: &str,
        s: usize,
        aboard: &[Aboard],
        of_vehicle: usize,
        classes: &mut Vec<u8>,
    ) {
        let source = &self.model.sources[s];
        for lot in aboard {
            let Some(goods) = self.goods(entry, &lot.goods) else {
                continue;
            };
            if source.paths.get(goods).is_none_or(Option::is_none) {
                self.say(
                    entry,
                    format!(
                        "goods \"{}\" of lot {} do not come from its source",
                        lot.goods, lot.name
                    ),
                );
            } else if !source.mixed_vehicles && goods != of_vehicle {
                self.say(entry, format!("lot {} is of \"{}\", and by rail and road all lots of a vehicle are of its class; give the vehicle that class", lot.name, lot.goods));
            }
            classes.push(goods as u8);
        }
    }

    /// The leg of the step that a thing does or that is next.
    fn leg(&mut self, entry: &str, standing: &Standing, s: usize, first: LegIx) -> Option<LegIx> {
        let legs = self.model.legs.as_slice();
        let is_lot = standing.lot.is_some();
        let wash = self.model.sources[s].wash_leg;
        let going = matches!(
            standing.doing,
            Doing::IsWashed | Doing::IsKept | Doing::GoesHome
        );
        if !is_lot && going {
            return Some(first);
        }
        let last = (first.at()..legs.len()).find(|&at| {
            let kind = legs[at].kind;
            kind == LegKind::Out || !is_lot && matches!(kind, LegKind::Unload | LegKind::UnloadEach)
        })?;
        let Some(name) = &standing.step else {
            if is_lot && standing.doing == Doing::Done {
                return Some(LegIx::new(last));
            }
            self.say(
                entry,
                "its step is missing; name the step that it does or that is next",
            );
            return None;
        };
        let named = self
            .model
            .gateway
            .steps
            .iter()
            .position(|step| step.name == *name);
        let found = named
            .and_then(|step| (first.at()..=last).find(|&at| usize::from(legs[at].step) == step));
        match found {
            Some(at) => Some(LegIx::new(at)),
            None if !is_lot && name == "wash" && wash.is_some() => wash,
            None if named.is_none() => {
                self.step(entry, name);
                None
            }
            None => {
                let what = if is_lot { "a lot" } else { "a vehicle" };
                let what = format!(
                    "step \"{name}\" is not among the steps of {what} of \"{}\" from {}",
                    standing.goods, standing.source
                );
                self.say(entry, what);
                None
            }
        }
    }

    /// Whether what a thing is said to do can be.
    fn possible(&mut self, entry: &str, standing: &Standing, plan: &ThingPlan) -> Option<()> {
        let model = self.model;
        let (thing, leg) = (&plan.thing, &model.legs[plan.thing.leg]);
        let is_lot = !thing.is(VEHICLE);
        let placed = thing.place != NO_PLACE;
        let there = thing.place == leg.place || standing.on_vehicle;
        let works = !matches!(leg.kind, LegKind::Hold | LegKind::Dispatch | LegKind::Out);
        let fault = match standing.doing {
            Doing::Done | Doing::WaitsForRoom => None,
            Doing::WaitsForTurn if is_lot && standing.on_vehicle => None,
            Doing::WaitsForTurn => Some("only a lot on its vehicle waits for its turn"),
            Doing::WaitsToBegin | Doing::Paused | Doing::InWork if !works => {
                Some("a hold or departure is not work; write held or waits_for_departure")
            }
            Doing::WaitsToBegin | Doing::Paused | Doing::InWork if !there => Some(
                "work is done in the place of its step; give it that place, or write waits_for_room",
            ),
            Doing::InWork | Doing::Paused if !is_lot && leg.kind == LegKind::UnloadEach => Some(
                "its lots are unloaded one by one; write unloaded and list them with on_vehicle",
            ),
            Doing::Held if leg.kind != LegKind::Hold || thing.place != leg.place => {
                Some("a hold needs the step of a hold and a slot in its place")
            }
            Doing::WaitsForDeparture
                if leg.kind != LegKind::Dispatch || thing.place != leg.place =>
            {
                Some("it waits for departure with the step of a dispatch and a slot in its place")
            }
            Doing::Travels
                if leg.travel.is_none() && standing.again == 0 || thing.place != leg.place =>
            {
                Some(
                    "it travels to the place of its step, which must be at another site, and has its slot there",
                )
            }
            Doing::TravelsUnplaced if leg.travel.is_none() || placed => {
                Some("without a slot it travels to another site after a departure")
            }
            Doing::Unloaded
                if is_lot
                    || !matches!(leg.kind, LegKind::Unload | LegKind::UnloadEach)
                    || !placed =>
            {
                Some("only a vehicle in the place of its unloading is unloaded")
            }
            Doing::IsWashed | Doing::IsKept | Doing::GoesHome if is_lot || placed => {
                Some("only an emptied vehicle without a slot is on its way home")
            }
            _ => None,
        };
        let loaded = matches!(
            standing.doing,
            Doing::Done | Doing::WaitsForRoom | Doing::WaitsToBegin | Doing::Paused | Doing::InWork
        ) && leg.kind != LegKind::Wash;
        let fault = fault.or_else(|| {
            let aboard = !standing.aboard.is_empty();
            if is_lot && standing.on_vehicle && placed {
                Some("it is on its vehicle and has a place; leave out one of them")
            } else if aboard && (is_lot || !loaded) {
                Some("only a vehicle that is still to be unloaded has lots aboard")
            } else {
                None
            }
        });
        match fault {
            Some(what) => {
                self.say(entry, what);
                None
            }
            None => Some(()),
        }
    }

    /// What a thing has passed.
    fn history(
        &mut self,
        entry: &str,
        standing: &Standing,
        s: usize,
        first: LegIx,
        plan: &mut ThingPlan,
    ) {
        let model = self.model;
        for passed in &standing.passed {
            let Some(step) = self.step(entry, &passed.step) else {
                continue;
            };
            for (at, end) in [(passed.started, false), (passed.ended, true)] {
                let mark = model
                    .mark_of
                    .iter()
                    .position(|&known| known == (step as u16, end));
                if let (Some(at), Some(mark)) = (at, mark) {
                    let at = self.past(entry, "passed", at);
                    plan.marks.push((1 << mark, at));
                }
            }
        }
        let Some(by) = &standing.sent_by else {
            return;
        };
        let legs = model.legs.as_slice();
        let step = self.step(entry, by);
        let found = step.and_then(|step| {
            (first.at()..legs.len())
                .take_while(|&at| {
                    usize::from(legs[at].source) == s && legs[at].kind != LegKind::Out
                })
                .find(|&at| usize::from(legs[at].step) == step && legs[at].inspection.is_some())
        });
        if found.is_none() {
            self.say(
                entry,
                format!("sent_by names \"{by}\", which is not an inspection of this lot"),
            );
        }
        plan.sent_by = found.map(LegIx::new);
    }
}

/// What is looked up by the names of draws.
#[derive(Default)]
struct Tables {
    classes: ByEntity<u8>,
    ahead: ByEntity<(u8, u16)>,
    followed: ByEntity<u32>,
    names: Vec<LotNamed>,
}

impl Tables {
    fn follow(&mut self, entity: u64, name: &str, goods: &str, place: Option<String>, ahead: bool) {
        self.followed.insert(entity, self.names.len() as u32);
        self.names.push(LotNamed {
            name: name.to_string(),
            goods: goods.to_string(),
            place,
            ahead,
        });
    }
}
