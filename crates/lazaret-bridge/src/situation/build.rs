//! The situation that the reader has come to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lazaret_gateway::model::{GoodsIx, Quantity, SourceIx, StepKind};
use lazaret_sim::Situation;
use lazaret_sim::situation::{
    Aboard, ConvoyAhead, DepartureThere, Doing, LifeThere, Passed, SITUATION_FORMAT, SourceThere,
    Standing, UNNUMBERED, UnitThere, VehicleAhead,
};
use lazaret_vocabulary::event::{ConvoyId, LotId, StepName, VehicleId};

use super::{ConvoySeen, LotSeen, Phase, SituationReader, Taken, VehicleSeen};

/// Names that a sentence shows of those that it is about.
const SHOWN: usize = 5;

/// What is said of the things that could not be taken as they are, by what is wrong with them.
#[derive(Default)]
struct Notes {
    of: BTreeMap<&'static str, Vec<String>>,
}

impl Notes {
    fn add(&mut self, what: &'static str, name: &impl ToString) {
        self.of.entry(what).or_default().push(name.to_string());
    }

    fn sentences(self) -> Vec<String> {
        let sentence = |(what, names): (&str, Vec<String>)| {
            let shown = names[..names.len().min(SHOWN)].join(", ");
            let more = names.len().saturating_sub(SHOWN);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("{what}: {shown}{more}")
        };
        self.of.into_iter().map(sentence).collect()
    }
}

/// Numbers for convoys, vehicles and lots: those of their names, or new ones.
#[derive(Default)]
struct Numbers {
    convoys: BTreeMap<String, u32>,
    lots: BTreeMap<(u32, u32), u32>,
}

impl Numbers {
    /// The numbers in a name such as `dandong-3-2-1`.
    fn parse(name: &str, source: &str, parts: usize) -> Option<Vec<u32>> {
        let rest = name.strip_prefix(source)?.strip_prefix('-')?;
        let numbers: Option<Vec<u32>> = rest.split('-').map(|part| part.parse().ok()).collect();
        let fits = |n: &u32| (1..UNNUMBERED).contains(n);
        numbers.filter(|numbers| numbers.len() == parts && numbers.iter().all(fits))
    }

    fn convoy(&mut self, name: &str, source: &str) -> u32 {
        if let Some(numbers) = Numbers::parse(name, source, 1) {
            return numbers[0];
        }
        let next = UNNUMBERED + 1 + self.convoys.len() as u32;
        *self.convoys.entry(name.to_string()).or_insert(next)
    }
}

/// What is known of a vehicle besides what it did last.
struct OfVehicle<'a> {
    name: &'a VehicleId,
    /// The step after the one that it did last.
    next: usize,
    unload: usize,
    wash_at: bool,
    /// Lots that are off it and still stand on it.
    on_vehicle: u32,
}

/// That a vehicle or lot works at a step, or rests in it, since `begun`.
fn set_at_work(
    standing: &mut Standing,
    (step, doing): (&StepName, Doing),
    begun: Timestamp,
    worked_us: i64,
) {
    standing.step = Some(step.to_string());
    standing.doing = doing;
    standing.begun = Some(begun);
    standing.worked_us = worked_us;
}

impl SituationReader<'_> {
    /// The situation at `at`, after the events that were taken in.
    #[must_use]
    pub fn situation(&self, at: Timestamp) -> Taken {
        let mut notes = Notes::default();
        let mut numbers = Numbers::default();
        let mut situation = Situation {
            format: SITUATION_FORMAT,
            gateway: self.gateway.name.clone(),
            at,
            ..Situation::default()
        };
        let mut on_vehicle: BTreeMap<&VehicleId, u32> = BTreeMap::new();
        for lot in self.lots.values().filter(|lot| lot.on_vehicle) {
            if let Some(vehicle) = &lot.vehicle {
                *on_vehicle.entry(vehicle).or_default() += 1;
            }
        }
        let mut vehicles: Vec<(&VehicleId, &VehicleSeen)> = self.vehicles.iter().collect();
        vehicles.sort_by_key(|(name, seen)| {
            (
                seen.arrived,
                seen.convoy.clone(),
                seen.number,
                (*name).clone(),
            )
        });
        for (name, seen) in vehicles {
            let off = on_vehicle.get(name).copied().unwrap_or(0);
            if let Some(standing) = self.vehicle(name, seen, off, at, &mut numbers, &mut notes) {
                situation.things.push(standing);
            }
        }
        let mut lots: Vec<(&LotId, &LotSeen)> = self.lots.iter().collect();
        lots.sort_by_key(|(name, seen)| (seen.since, (*name).clone()));
        for (name, seen) in lots {
            if let Some(standing) = self.lot(name, seen, at, &mut numbers, &mut notes) {
                situation.things.push(standing);
            }
        }
        self.recurrences(at, &mut situation, &mut numbers, &mut notes);
        self.places(at, &mut situation, &mut notes);
        for lots in self.frozen.values() {
            let here = lots.iter().filter(|lot| self.lots.contains_key(lot));
            here.for_each(|lot| {
                notes.add(
                    "stopped or called back by an open exception, and taken as free to go on",
                    lot,
                );
            });
        }
        for person in self.sick.keys() {
            notes.add("reported sick; the file counts crews by number, so change their number with --set if that matters", person);
        }
        if self.corrected > 0 {
            notes.add("records that correct others; what they corrected is taken as it was first recorded unless it was recorded again", &self.corrected);
        }
        Taken {
            situation,
            left_out: notes.sentences(),
        }
    }

    fn is_trial(&self, convoy: Option<&ConvoyId>) -> bool {
        let seen = convoy.and_then(|convoy| self.convoys.get(convoy));
        seen.is_some_and(|seen| seen.trial)
    }

    /// The steps of goods from a source, as positions in the file.
    fn path(&self, source: &str, goods: &str) -> Option<Vec<usize>> {
        let s = self
            .gateway
            .sources
            .iter()
            .position(|known| known.name == source)?;
        let g = self
            .gateway
            .goods
            .iter()
            .position(|known| known.name == goods)?;
        let path = self.gateway.path(SourceIx(s as u16), GoodsIx(g as u16));
        Some(
            path.into_iter()
                .map(lazaret_gateway::model::StepIx::index)
                .collect(),
        )
    }

    fn unload_of(&self, path: &[usize]) -> Option<usize> {
        let unloads =
            |&step: &usize| matches!(self.gateway.steps[step].kind, StepKind::Unload { .. });
        path.iter().position(unloads)
    }

    fn place_of(&self, step: usize) -> &str {
        &self.gateway.places[self.gateway.steps[step].at.index()].name
    }

    fn passed(passed: &BTreeMap<StepName, (Option<Timestamp>, Option<Timestamp>)>) -> Vec<Passed> {
        let told = passed.iter().map(|(step, &(started, ended))| Passed {
            step: step.to_string(),
            started,
            ended,
        });
        told.collect()
    }

    /// Goods and lots of a vehicle that is not unloaded: by its papers, else as the file says that most are.
    fn cargo(
        &self,
        name: &VehicleId,
        seen: &VehicleSeen,
        notes: &mut Notes,
    ) -> Option<(String, Vec<Aboard>)> {
        let papers = self.convoys.get(&seen.convoy).map(|convoy| &convoy.papers);
        let listed: Vec<Aboard> = papers
            .into_iter()
            .flatten()
            .filter(|(vehicle, ..)| vehicle == name)
            .map(|(_, lot, goods)| Aboard {
                name: lot.to_string(),
                goods: goods.to_string(),
            })
            .collect();
        if let Some(first) = listed.first() {
            return Some((first.goods.clone(), listed));
        }
        let source = self
            .gateway
            .sources
            .iter()
            .find(|source| source.name == seen.source.as_str())?;
        let shares = source.mix.iter().map(|share| share.value(&self.middles()));
        let goods = shares
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            .map_or(0, |(goods, _)| goods);
        let goods = self.gateway.goods.get(goods)?.name.clone();
        let lots = self.middle(&source.lots).round().clamp(1.0, 65_535.0) as usize;
        let known = source
            .lots
            .resolve(&self.middles())
            .is_ok_and(|lots| lots.variance() == 0.0);
        if !known || self.gateway.goods.len() > 1 {
            notes.add(
                "vehicles without papers, taken to carry what most from their source do",
                name,
            );
        }
        let aboard = (1..=lots).map(|nth| Aboard {
            name: format!("{name}-{nth}"),
            goods: goods.clone(),
        });
        Some((goods.clone(), aboard.collect()))
    }

    /// The unknowns at the middle of their priors.
    fn middles(&self) -> Vec<f64> {
        let unknowns = self.gateway.unknowns.iter();
        unknowns.map(|unknown| unknown.prior.mean()).collect()
    }

    fn middle(&self, quantity: &Quantity) -> f64 {
        quantity
            .resolve(&self.middles())
            .map_or(1.0, |found| found.mean())
    }

    fn vehicle(
        &self,
        name: &VehicleId,
        seen: &VehicleSeen,
        on_vehicle: u32,
        at: Timestamp,
        numbers: &mut Numbers,
        notes: &mut Notes,
    ) -> Option<Standing> {
        if self.is_trial(Some(&seen.convoy)) {
            notes.add("vehicles of exercises, left out", name);
            return None;
        }
        let source = seen.source.as_str();
        let known = Numbers::parse(name.as_str(), source, 2);
        let (convoy, vehicle) = match &known {
            Some(known) => (known[0], known[1]),
            None => (numbers.convoy(seen.convoy.as_str(), source), seen.number),
        };
        let Some((goods, aboard)) = self.cargo(name, seen, notes) else {
            notes.add(
                "vehicles of a source that the file does not have, left out",
                name,
            );
            return None;
        };
        let path = self.path(source, &goods).unwrap_or_default();
        let Some(unload) = self.unload_of(&path) else {
            notes.add("vehicles that the file never unloads, left out", name);
            return None;
        };
        let next = |last: Option<&StepName>| {
            let done = last.and_then(|last| self.step(last));
            let after = done.and_then(|done| path.iter().position(|&step| step == done));
            path[after.map_or(0, |after| after + 1).min(unload)]
        };
        let rule = self
            .gateway
            .sources
            .iter()
            .find(|known| known.name == source)
            .map(|known| &known.vehicle)?;
        let mut standing = Standing {
            name: name.to_string(),
            source: source.to_string(),
            convoy,
            vehicle,
            lot: None,
            goods,
            arrived: seen.arrived.min(at),
            doing: Doing::Done,
            step: None,
            place: seen.spot.as_ref().map(|spot| spot.place.to_string()),
            unit: seen.spot.as_ref().map(|spot| spot.unit),
            on_vehicle: false,
            since: seen.since.min(at),
            begun: None,
            worked_us: 0,
            ends: None,
            aboard,
            again: 0,
            sent_by: None,
            passed: Self::passed(&seen.passed),
            waited: None,
            turn: None,
        };
        let of = OfVehicle {
            name,
            next: next(seen.last.as_ref()),
            unload: path[unload],
            wash_at: rule.wash_at.is_some(),
            on_vehicle,
        };
        self.vehicle_does(&mut standing, seen, &of, at, notes)?;
        if matches!(standing.doing, Doing::WaitsForRoom | Doing::WaitsToBegin)
            && let Some(since) = seen.waits
        {
            standing.begun = (standing.doing == Doing::WaitsToBegin).then_some(since.min(at));
        }
        Some(standing)
    }

    /// What a vehicle does.
    fn vehicle_does(
        &self,
        standing: &mut Standing,
        seen: &VehicleSeen,
        of: &OfVehicle<'_>,
        at: Timestamp,
        notes: &mut Notes,
    ) -> Option<()> {
        let waits = |standing: &mut Standing, step: usize| {
            standing.step = Some(self.gateway.steps[step].name.clone());
            let there = standing.place.as_deref() == Some(self.place_of(step));
            standing.doing = if there {
                Doing::WaitsToBegin
            } else {
                Doing::WaitsForRoom
            };
        };
        match &seen.phase {
            Phase::Came | Phase::Done { .. } => waits(standing, of.next),
            Phase::Working {
                step,
                begun,
                worked_us,
            } => {
                let each = self.step(step).is_some_and(|step| {
                    matches!(
                        self.gateway.steps[step].kind,
                        StepKind::Unload { each_lot: true }
                    )
                });
                if each {
                    notes.add(
                        "vehicles unloaded lot by lot of which none is off, taken to begin now",
                        of.name,
                    );
                    waits(standing, of.unload);
                } else {
                    set_at_work(
                        standing,
                        (step, Doing::InWork),
                        (*begun).min(at),
                        *worked_us,
                    );
                }
            }
            Phase::Resting {
                step,
                since,
                worked_us,
            } => {
                set_at_work(
                    standing,
                    (step, Doing::Paused),
                    (*since).min(at),
                    *worked_us,
                );
            }
            Phase::Unloaded if of.on_vehicle > 0 && standing.place.is_some() => {
                standing.aboard.clear();
                standing.doing = Doing::Unloaded;
                standing.step = Some(self.gateway.steps[of.unload].name.clone());
                let each = matches!(
                    self.gateway.steps[of.unload].kind,
                    StepKind::Unload { each_lot: true }
                );
                if each {
                    notes.add("vehicles unloaded lot by lot, whose other lots the record does not name yet", of.name);
                }
            }
            Phase::Unloaded | Phase::Emptied => {
                standing.aboard.clear();
                match (of.wash_at, standing.place.is_some()) {
                    (false, false) => standing.doing = Doing::IsWashed,
                    (false, true) => {
                        notes.add(
                            "emptied vehicles that still have a slot, taken to leave it now",
                            of.name,
                        );
                        (standing.place, standing.unit) = (None, None);
                        standing.doing = Doing::IsWashed;
                    }
                    (true, _) => {
                        standing.step = Some("wash".into());
                        standing.doing = Doing::Done;
                    }
                }
            }
            Phase::Washed | Phase::LetGo => {
                standing.aboard.clear();
                (standing.place, standing.unit) = (None, None);
                standing.doing = if seen.phase == Phase::Washed {
                    Doing::IsKept
                } else {
                    Doing::GoesHome
                };
            }
            _ => return None,
        }
        Some(())
    }

    fn lot(
        &self,
        name: &LotId,
        seen: &LotSeen,
        at: Timestamp,
        numbers: &mut Numbers,
        notes: &mut Notes,
    ) -> Option<Standing> {
        let of = seen
            .vehicle
            .as_ref()
            .and_then(|vehicle| self.vehicles.get(vehicle));
        let convoy_name = of.map(|of| of.convoy.clone());
        if self.is_trial(convoy_name.as_ref()) {
            notes.add("lots of exercises, left out", name);
            return None;
        }
        let named = |known: &&lazaret_gateway::model::Source| {
            name.as_str().starts_with(&format!("{}-", known.name))
        };
        let source = seen.source.as_ref().map(ToString::to_string).or_else(|| {
            self.gateway
                .sources
                .iter()
                .find(named)
                .map(|known| known.name.clone())
        });
        let path = source
            .as_deref()
            .and_then(|source| self.path(source, seen.goods.as_str()));
        let (Some(source), Some(path)) = (source, path) else {
            notes.add(
                "lots of a source or class that the file does not have, left out",
                name,
            );
            return None;
        };
        let (convoy, vehicle, lot) = match Numbers::parse(name.as_str(), &source, 3) {
            Some(known) => (known[0], known[1], known[2]),
            None => {
                let vehicle = seen
                    .vehicle
                    .as_ref()
                    .map_or_else(|| format!("stock of {source}"), ToString::to_string);
                let known = Numbers::parse(&vehicle, &source, 2);
                let (convoy, vehicle) = match (known, of) {
                    (Some(known), _) => (known[0], known[1]),
                    (None, Some(of)) => (numbers.convoy(of.convoy.as_str(), &source), of.number),
                    (None, None) => (numbers.convoy(&vehicle, &source), 1),
                };
                // Lots named otherwise are counted from the top, so that they meet no other.
                let next = numbers.lots.entry((convoy, vehicle)).or_insert(60_000);
                *next += 1;
                (convoy, vehicle, *next)
            }
        };
        let mut standing = Standing {
            name: name.to_string(),
            source,
            convoy,
            vehicle,
            lot: Some(lot),
            goods: seen.goods.to_string(),
            arrived: seen.arrived.min(at),
            doing: Doing::Done,
            step: None,
            place: seen.spot.as_ref().map(|spot| spot.place.to_string()),
            unit: seen.spot.as_ref().map(|spot| spot.unit),
            on_vehicle: seen.on_vehicle,
            since: seen.since.min(at),
            begun: None,
            worked_us: 0,
            ends: None,
            aboard: Vec::new(),
            again: seen.again,
            sent_by: None,
            passed: Self::passed(&seen.passed),
            waited: None,
            turn: None,
        };
        self.lot_does(&mut standing, name, (seen, &path), at, notes)?;
        Some(standing)
    }

    /// What a lot does.
    fn lot_does(
        &self,
        standing: &mut Standing,
        name: &LotId,
        (seen, path): (&LotSeen, &[usize]),
        at: Timestamp,
        notes: &mut Notes,
    ) -> Option<()> {
        let unload = self.unload_of(path)?;
        let after = |step: Option<&StepName>| {
            let done = step.and_then(|step| self.step(step));
            let at = done.and_then(|done| path.iter().position(|&step| step == done));
            path.get(at.map_or(unload + 1, |at| at + 1).max(unload + 1))
                .copied()
        };
        let set = |standing: &mut Standing, step: &StepName, doing: Doing| {
            standing.step = Some(step.to_string());
            standing.doing = doing;
        };
        match &seen.phase {
            Phase::Working {
                step,
                begun,
                worked_us,
            } => {
                set_at_work(
                    standing,
                    (step, Doing::InWork),
                    (*begun).min(at),
                    *worked_us,
                );
            }
            Phase::Resting {
                step,
                since,
                worked_us,
            } => {
                set_at_work(
                    standing,
                    (step, Doing::Paused),
                    (*since).min(at),
                    *worked_us,
                );
            }
            Phase::Held { step, ends } => {
                let here = self
                    .step(step)
                    .is_some_and(|step| standing.place.as_deref() == Some(self.place_of(step)));
                if here {
                    set(standing, step, Doing::Held);
                    standing.ends = Some(*ends);
                } else {
                    // Its clock runs, but it has not come to the place of the hold.
                    self.goes_on(standing, after(seen.last.as_ref()), seen);
                }
            }
            Phase::Again { by } => {
                let from = self
                    .step(by)
                    .and_then(|by| match &self.gateway.steps[by].kind {
                        StepKind::Inspect(inspection) => inspection.again_from,
                        _ => None,
                    });
                standing.sent_by = Some(by.to_string());
                self.goes_on(
                    standing,
                    from.map(lazaret_gateway::model::StepIx::index),
                    seen,
                );
            }
            Phase::Sent => {
                standing.doing = Doing::Travels;
                let to = after(seen.last.as_ref());
                standing.step = to.map(|to| self.gateway.steps[to].name.clone());
            }
            Phase::Released | Phase::Loaded(_) => {
                let leaves = path.iter().rev().find(|&&step| self.is_dispatch(step));
                match leaves {
                    Some(&step) if standing.place.as_deref() == Some(self.place_of(step)) => {
                        standing.step = Some(self.gateway.steps[step].name.clone());
                        standing.doing = Doing::WaitsForDeparture;
                    }
                    Some(&step) => self.goes_on(standing, Some(step), seen),
                    None => standing.step = None,
                }
                if let Phase::Loaded(departure) = &seen.phase {
                    notes.add(
                        "lots aboard departures that have not left, taken to wait for the next",
                        &format!("{name} ({departure})"),
                    );
                }
            }
            _ => self.goes_on(standing, after(seen.last.as_ref()), seen),
        }
        Some(())
    }

    /// A lot that is done goes on to the step `next`.
    fn goes_on(&self, standing: &mut Standing, next: Option<usize>, seen: &LotSeen) {
        let Some(next) = next else {
            standing.step = None;
            standing.doing = Doing::Done;
            return;
        };
        standing.step = Some(self.gateway.steps[next].name.clone());
        let there = !standing.on_vehicle && standing.place.as_deref() == Some(self.place_of(next));
        standing.doing = match (there, self.is_hold(next), self.is_dispatch(next)) {
            (false, ..) => Doing::WaitsForRoom,
            (true, true, _) => Doing::Held,
            (true, _, true) => Doing::WaitsForDeparture,
            (true, ..) => Doing::WaitsToBegin,
        };
        if let (Doing::WaitsToBegin, Some(since)) = (standing.doing, seen.waits) {
            standing.begun = Some(since.min(standing.since.max(since)));
        }
    }

    fn recurrences(
        &self,
        at: Timestamp,
        situation: &mut Situation,
        numbers: &mut Numbers,
        notes: &mut Notes,
    ) {
        for source in &self.gateway.sources {
            let known = self
                .sources
                .iter()
                .find(|(name, _)| name.as_str() == source.name);
            let (mut convoys, mut since) = known.map_or((0, None), |(_, &(n, at))| (n, Some(at)));
            for (name, seen) in &self.convoys {
                let Some(ahead) = self.ahead(name, seen, &source.name, at, numbers, notes) else {
                    continue;
                };
                if seen.sent.is_none() {
                    convoys += 1;
                    let travel = jiff::SignedDuration::from_micros(
                        (self.middle(&source.travel) * 1e6) as i64,
                    );
                    let due = seen.due.and_then(|due| due.checked_sub(travel).ok());
                    since = since.max(due);
                }
                situation.convoys.push(ahead);
            }
            situation.sources.push(SourceThere {
                source: source.name.clone(),
                convoys,
                since,
                waits_for_vehicles: None,
                waits_for_opening: None,
                turn: None,
            });
        }
        for (name, seen) in &self.convoys {
            let source = seen
                .source
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            if !seen.arrived
                && !self
                    .gateway
                    .sources
                    .iter()
                    .any(|known| known.name == source)
            {
                notes.add(
                    "announced convoys of a source that the file does not have, left out",
                    name,
                );
            }
        }
        for (step, &(departures, since)) in &self.departures {
            if self.step(step).is_some_and(|step| self.is_dispatch(step)) {
                situation.departures.push(DepartureThere {
                    step: step.to_string(),
                    departures,
                    since: Some(since.min(at)),
                    turn: None,
                });
            } else {
                notes.add("departures that are no step of the file, left out", step);
            }
        }
    }

    /// A convoy of `source` that is to come.
    fn ahead(
        &self,
        name: &ConvoyId,
        seen: &ConvoySeen,
        source: &str,
        at: Timestamp,
        numbers: &mut Numbers,
        notes: &mut Notes,
    ) -> Option<ConvoyAhead> {
        let of = seen
            .source
            .as_ref()
            .is_some_and(|known| known.as_str() == source);
        if seen.arrived || !of {
            return None;
        }
        if seen.trial || seen.withheld {
            notes.add("announced convoys that are exercises or whose papers are withheld or refused, left out", name);
            return None;
        }
        let mut carries: Vec<VehicleAhead> = Vec::new();
        for (vehicle, lot, goods) in &seen.papers {
            let aboard = Aboard {
                name: lot.to_string(),
                goods: goods.to_string(),
            };
            match carries
                .iter_mut()
                .find(|known| known.name == vehicle.as_str())
            {
                Some(known) => known.lots.push(aboard),
                None => carries.push(VehicleAhead {
                    name: vehicle.to_string(),
                    lots: vec![aboard],
                }),
            }
        }
        let vehicles = seen.vehicles.max(carries.len() as u32);
        if vehicles == 0 {
            notes.add("announced convoys without vehicles, left out", name);
            return None;
        }
        let arrives = seen.due;
        if arrives.is_none() && seen.sent.is_none() {
            notes.add(
                "announced convoys without a date, taken to set out now",
                name,
            );
        } else if arrives.is_some_and(|due| due < at) {
            notes.add("announced convoys that are late, taken to arrive now", name);
        }
        Some(ConvoyAhead {
            name: name.to_string(),
            source: source.to_string(),
            convoy: numbers.convoy(name.as_str(), source),
            vehicles,
            sent: seen.sent.map(|sent| sent.min(at)),
            arrives,
            carries,
            turn: None,
        })
    }

    fn places(&self, at: Timestamp, situation: &mut Situation, notes: &mut Notes) {
        for ((place, unit), &since) in &self.broken {
            let known = self
                .gateway
                .places
                .iter()
                .find(|known| known.name == *place);
            if known.is_some_and(|known| known.breaks.is_some()) {
                situation.units.push(UnitThere {
                    place: place.clone(),
                    unit: *unit,
                    life: Some(LifeThere {
                        broken: true,
                        since: since.min(at),
                        failures: 0,
                        turn: None,
                    }),
                    group: None,
                    entered: 0,
                });
            } else {
                notes.add(
                    "broken units of places that never break by the file, taken as whole",
                    &format!("{place} {unit}"),
                );
            }
        }
        for ((place, unit), because) in &self.closed {
            let known = self
                .gateway
                .places
                .iter()
                .find(|known| known.name == *place);
            let by_calendar = known.is_some_and(|known| {
                known.hours.is_some() || known.closed.iter().any(|closed| closed.why == *because)
            });
            if !by_calendar {
                notes.add("units closed by hand, taken as the file says; write the closure into the file with closed = [...]", &format!("{place} {unit} ({because})"));
            }
        }
    }
}
