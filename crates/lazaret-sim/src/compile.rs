//! From a gateway to the tables of [`Model`].

mod circles;

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;

use lazaret_gateway::distribution::{ParameterError, Sampler};
use lazaret_gateway::model::{
    AtShiftEnd, Fill, Gateway, GoodsIx, HoldClock, Mode, PlaceIx, Quantity, Recurrence, ResourceIx,
    ResourceKind, SourceIx, StepIx, StepKind, Study, Term, Zone,
};
use lazaret_gateway::random::hash_name;

use crate::hours::Clock;
use crate::index::{DrawIx, LegIx};
use crate::metrics::MetricNames;
use crate::model::{
    BreaksM, DispatchM, Draw, DueM, HoldClockM, InspectionM, Leg, LegKind, Legs, Model, NO_PLACE,
    NOTHING, NumberChange, Path, PlaceM, ResourceM, SizeChange, SourceM,
};
use crate::situation::{Situation, SituationError, Start};

/// Why a gateway that reads well cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A quantity is not a distribution.
    #[error("{path}: {reason}")]
    Quantity {
        /// Where the file gives it.
        path: String,
        /// What must hold.
        reason: ParameterError,
    },
    /// No step unloads a class.
    #[error(
        "goods `{goods}` from source `{from}` are never unloaded: make a step with `does = \"unload\"` apply to them"
    )]
    NeverUnloaded {
        /// The class.
        goods: String,
        /// Its source.
        from: String,
    },
    /// More than the tables hold.
    #[error("{0}")]
    TooMany(String),
}

struct Compiler<'g> {
    gateway: &'g Gateway,
    draws: Vec<Draw>,
    legs: Vec<Leg>,
    /// Combinations of needs.
    claims: Vec<Needs>,
    known_claims: HashMap<Needs, u16>,
}

type Needs = Box<[(u16, u32)]>;

/// Why replications of a gateway cannot start from a situation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FromError {
    /// The gateway cannot be simulated.
    #[error(transparent)]
    Compile(CompileError),
    /// The situation cannot be that of the gateway.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Situation(Vec<SituationError>),
}

impl Compiler<'_> {
    fn draw(&mut self, path: String, quantity: &Quantity) -> Result<DrawIx, CompileError> {
        let fixed = if quantity.unknowns().next().is_none() {
            let distribution = quantity
                .resolve(&[])
                .map_err(|reason| CompileError::Quantity {
                    path: path.clone(),
                    reason,
                })?;
            Some(Sampler::new(&distribution))
        } else {
            None
        };
        let purpose = hash_name(&path);
        self.draws.push(Draw {
            quantity: quantity.clone(),
            path,
            purpose,
            fixed,
        });
        Ok(DrawIx::new(self.draws.len() - 1))
    }

    fn optional(
        &mut self,
        path: String,
        quantity: Option<&Quantity>,
    ) -> Result<Option<DrawIx>, CompileError> {
        quantity
            .map(|quantity| self.draw(path, quantity))
            .transpose()
    }

    fn due(
        &mut self,
        path: &str,
        recurrence: &Recurrence,
        clock: &Clock,
    ) -> Result<DueM, CompileError> {
        Ok(match recurrence {
            Recurrence::Every { interval, first } => DueM::Every {
                interval: self.draw(format!("{path}.every"), interval)?,
                first: self.optional(format!("{path}.first"), first.as_ref())?,
            },
            Recurrence::Timetable(timetable) => DueM::Table(clock.due(timetable)),
        })
    }

    /// The number of what `step` and its place need together.
    fn claim(&mut self, step: &[(ResourceIx, u32)], place: PlaceIx) -> u16 {
        let needs = add_needs(step, &self.gateway.places[place.index()].needs);
        let next = self.claims.len() as u16;
        let claim = *self.known_claims.entry(needs.clone()).or_insert(next);
        if claim == next {
            self.claims.push(needs);
        }
        claim
    }

    /// The legs of one class from one source; returns where vehicle and lot begin.
    fn path(
        &mut self,
        source: SourceIx,
        goods: GoodsIx,
        takes: &[Vec<Option<DrawIx>>],
        travels: &[DrawIx],
        marks: &[Mark],
        dispatch_of: &[u16],
    ) -> Result<Path, CompileError> {
        let gateway = self.gateway;
        let path = gateway.path(source, goods);
        let base = self.legs.len();
        let mut lot_leg = None;
        let mut before: Option<(PlaceIx, bool)> = None;
        for (nth, &step_ix) in path.iter().enumerate() {
            let step = &gateway.steps[step_ix.index()];
            let on_vehicle = lot_leg.is_none();
            let (kind, clock, inspection) = match &step.kind {
                StepKind::Handle => (LegKind::Handle, HoldClockM::Stored, None),
                StepKind::Unload { each_lot: false } => (LegKind::Unload, HoldClockM::Stored, None),
                StepKind::Unload { each_lot: true } => {
                    (LegKind::UnloadEach, HoldClockM::Stored, None)
                }
                StepKind::Treat if on_vehicle => (LegKind::Handle, HoldClockM::Stored, None),
                StepKind::Treat => (LegKind::Treat, HoldClockM::Stored, None),
                StepKind::Inspect(inspection) => {
                    let back = inspection
                        .again_from
                        .and_then(|from| path[..nth].iter().position(|&earlier| earlier == from));
                    let again = back.map(|at| LegIx::new(base + at));
                    let again_travel = back.and_then(|at| {
                        let to = gateway.steps[path[at].index()].at;
                        self.way(step.at, to, travels)
                    });
                    let found = InspectionM {
                        purpose: hash_name(&format!("step.{}.finding", step.name)),
                        shares: [
                            inspection.pass,
                            inspection.again,
                            inspection.fail,
                            inspection.destroy,
                        ],
                        again_leg: again,
                        again_travel,
                        again_at_most: inspection.again_at_most,
                    };
                    (LegKind::Inspect, HoldClockM::Stored, Some(Box::new(found)))
                }
                StepKind::Hold { clock } => {
                    let clock = match *clock {
                        HoldClock::Stored => HoldClockM::Stored,
                        HoldClock::Arrival => HoldClockM::Arrival,
                        HoldClock::StepStart(of) => Mark { of, end: false }.index(marks),
                        HoldClock::StepEnd(of) => Mark { of, end: true }.index(marks),
                    };
                    (LegKind::Hold, clock, None)
                }
                StepKind::Dispatch(_) => (LegKind::Dispatch, HoldClockM::Stored, None),
            };
            let (travel, stays) = match before {
                Some((place, aboard)) if place != step.at || aboard => {
                    (self.way(place, step.at, travels), false)
                }
                Some(_) => (None, true),
                None => (None, false),
            };
            let bits = |end: bool| {
                let mark = Mark { of: step_ix, end };
                marks
                    .iter()
                    .position(|&m| m == mark)
                    .map_or(0, |at| 1 << at)
            };
            let claim = self.claim(&step.needs, step.at);
            self.legs.push(Leg {
                kind,
                source: source.0,
                claim,
                watched: false,
                at_once: step.at_once.and_then(NonZero::new),
                step: step_ix.0,
                place: step.at.0,
                stays,
                travel,
                takes: takes[step_ix.index()][goods.index()],
                mark_start: bits(false),
                mark_end: bits(true),
                clock,
                inspection,
                dispatch: dispatch_of[step_ix.index()],
                ripens: false,
                swift_entry: false,
                swift: false,
            });
            let unloads = matches!(kind, LegKind::Unload | LegKind::UnloadEach);
            if unloads && lot_leg.is_none() {
                // A lot that is unloaded by itself begins at the unloading; others after it.
                let after = usize::from(kind == LegKind::Unload);
                lot_leg = Some(LegIx::new(base + nth + after));
            }
            // Neither a lot on its vehicle nor one that has departed has a slot of its own there.
            before = Some((step.at, unloads || kind == LegKind::Dispatch));
        }
        self.legs.push(Leg {
            kind: LegKind::Out,
            source: source.0,
            claim: NOTHING,
            watched: false,
            at_once: None,
            step: NO_PLACE,
            place: NO_PLACE,
            stays: true,
            travel: None,
            takes: None,
            mark_start: 0,
            mark_end: 0,
            clock: HoldClockM::Stored,
            inspection: None,
            dispatch: NO_PLACE,
            ripens: false,
            swift_entry: false,
            swift: false,
        });
        let Some(lot) = lot_leg else {
            return Err(CompileError::NeverUnloaded {
                goods: gateway.goods[goods.index()].name.clone(),
                from: gateway.sources[source.index()].name.clone(),
            });
        };
        if self.legs.len() >= usize::from(u16::MAX) {
            return Err(CompileError::TooMany(
                "at most 65,000 steps, counted for each source and class, can be simulated".into(),
            ));
        }
        let vehicle = LegIx::new(base);
        Ok(Path { vehicle, lot })
    }

    fn way(&self, from: PlaceIx, to: PlaceIx, travels: &[DrawIx]) -> Option<DrawIx> {
        let (from, to) = (
            self.gateway.places[from.index()].site,
            self.gateway.places[to.index()].site,
        );
        if from == to {
            return None;
        }
        self.gateway
            .routes
            .iter()
            .position(|route| route.from == from && route.to == to)
            .map(|route| travels[route])
    }
}

fn add_needs(step: &[(ResourceIx, u32)], place: &[(ResourceIx, u32)]) -> Needs {
    let mut needs: Vec<(u16, u32)> = Vec::new();
    for &(resource, count) in step.iter().chain(place) {
        match needs.iter_mut().find(|(known, _)| *known == resource.0) {
            Some((_, needed)) => *needed += count,
            None => needs.push((resource.0, count)),
        }
    }
    needs.sort_unstable();
    needs.into()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    of: StepIx,
    end: bool,
}

impl Mark {
    fn index(self, marks: &[Mark]) -> HoldClockM {
        marks
            .iter()
            .position(|&mark| mark == self)
            .map_or(HoldClockM::Stored, |at| HoldClockM::Mark(at as u8))
    }
}

impl Model {
    /// Compiles `gateway`.
    ///
    /// # Errors
    /// If a quantity without unknowns is not a distribution, a class is never unloaded, or a table would overflow.
    pub fn compile(gateway: &Gateway) -> Result<Model, CompileError> {
        let mut gateway = gateway.clone();
        add_wash_places(&mut gateway);
        let gateway = gateway;
        if gateway.goods.len() > 64 {
            return Err(CompileError::TooMany(
                "at most 64 goods classes can be simulated".into(),
            ));
        }
        let clock = Clock {
            start: gateway.start,
            zone: gateway.time_zone.clone(),
            horizon: gateway.length.micros(),
        };
        let mut compiler = Compiler {
            gateway: &gateway,
            draws: Vec::new(),
            legs: Vec::new(),
            claims: vec![Needs::default()],
            known_claims: HashMap::from([(Needs::default(), NOTHING)]),
        };

        let mut priorities: Vec<i32> = gateway.goods.iter().map(|class| class.priority).collect();
        priorities.sort_unstable_by_key(|&p| std::cmp::Reverse(p));
        priorities.dedup();
        let level: Vec<u8> = gateway
            .goods
            .iter()
            .map(|class| {
                priorities
                    .iter()
                    .position(|&p| p == class.priority)
                    .unwrap_or(0) as u8
            })
            .collect();
        let apart: Vec<u64> = gateway
            .goods
            .iter()
            .map(|class| {
                class
                    .apart_from
                    .iter()
                    .fold(0, |bits, other| bits | 1 << other.index())
            })
            .collect();

        let mut takes = Vec::with_capacity(gateway.steps.len());
        for step in &gateway.steps {
            let mut by_class = Vec::with_capacity(gateway.goods.len());
            for (class, goods) in gateway.goods.iter().enumerate() {
                let quantity = match (&step.kind, &goods.hold) {
                    (StepKind::Dispatch(_), _) => None,
                    (StepKind::Hold { .. }, Some(own)) => Some(own),
                    _ => step.takes.get(class),
                };
                by_class.push(compiler.optional(format!("step.{}.takes", step.name), quantity)?);
            }
            takes.push(by_class);
        }
        let mut travels = Vec::with_capacity(gateway.routes.len());
        for route in &gateway.routes {
            travels.push(compiler.draw(format!("route.{}.takes", route.name), &route.takes)?);
        }
        let mut marks: Vec<Mark> = Vec::new();
        for step in &gateway.steps {
            let mark = match step.kind {
                StepKind::Hold {
                    clock: HoldClock::StepStart(of),
                } => Mark { of, end: false },
                StepKind::Hold {
                    clock: HoldClock::StepEnd(of),
                } => Mark { of, end: true },
                _ => continue,
            };
            if !marks.contains(&mark) {
                marks.push(mark);
            }
        }
        if marks.len() > 32 {
            return Err(CompileError::TooMany(
                "at most 32 different hold clocks can be simulated".into(),
            ));
        }
        let mut dispatches = Vec::new();
        let mut dispatch_of = vec![NO_PLACE; gateway.steps.len()];
        for (nth, step) in gateway.steps.iter().enumerate() {
            let StepKind::Dispatch(dispatch) = &step.kind else {
                continue;
            };
            let path = format!("step.{}", step.name);
            dispatch_of[nth] = dispatches.len() as u16;
            let due = compiler.due(&path, &dispatch.due, &clock)?;
            let least = compiler.draw(format!("{path}.at_least"), &dispatch.least)?;
            let most = match &dispatch.most {
                Some(most) => Some(compiler.draw(format!("{path}.takes_up_to"), most)?),
                None => None,
            };
            dispatches.push(DispatchM {
                step: nth as u16,
                due,
                least,
                most,
                interval: 0,
                ripens: false,
            });
        }

        let mut sources = Vec::with_capacity(gateway.sources.len());
        for (nth, source) in gateway.sources.iter().enumerate() {
            let path = format!("source.{}", source.name);
            let mut paths = Vec::new();
            for class in 0..gateway.goods.len() {
                let comes = source
                    .mix
                    .get(class)
                    .is_none_or(|share| *share != Term::Value(0.0));
                let path = if comes {
                    Some(compiler.path(
                        SourceIx(nth as u16),
                        GoodsIx(class as u16),
                        &takes,
                        &travels,
                        &marks,
                        &dispatch_of,
                    )?)
                } else {
                    None
                };
                paths.push(path);
            }
            let rule = &source.vehicle;
            let wash_leg = match rule.wash_at {
                None => None,
                Some(place) => {
                    let takes =
                        compiler.optional(format!("{path}.vehicle.wash"), rule.wash.as_ref())?;
                    let claim = compiler.claim(&rule.wash_needs, place);
                    compiler.legs.push(Leg {
                        kind: LegKind::Wash,
                        source: nth as u16,
                        claim,
                        watched: false,
                        at_once: None,
                        step: NO_PLACE,
                        place: place.0,
                        stays: false,
                        travel: None,
                        takes,
                        mark_start: 0,
                        mark_end: 0,
                        clock: HoldClockM::Stored,
                        inspection: None,
                        dispatch: NO_PLACE,
                        ripens: false,
                        swift_entry: false,
                        swift: false,
                    });
                    Some(LegIx::new(compiler.legs.len() - 1))
                }
            };
            let wash = rule.wash.as_ref().filter(|_| rule.wash_at.is_none());
            let home = [
                compiler.optional(format!("{path}.vehicle.wash"), wash)?,
                compiler.optional(
                    format!("{path}.vehicle.quarantine"),
                    rule.quarantine.as_ref(),
                )?,
                compiler.optional(format!("{path}.vehicle.back"), rule.back.as_ref())?,
            ];
            let due = compiler.due(&path, &source.due, &clock)?;
            let fleet = match &source.fleet {
                Some(fleet) => Some(compiler.draw(format!("{path}.fleet"), fleet)?),
                None => None,
            };
            let lots_fixed = source.lots.known_constant().map(|lots| lots.round() as u16);
            sources.push(SourceM {
                salt: hash_name(&source.name),
                due,
                vehicles: compiler.draw(format!("{path}.convoy"), &source.vehicles)?,
                lots: compiler.draw(format!("{path}.lots"), &source.lots)?,
                lots_fixed,
                alike: lots_fixed.filter(|_| source.mix.len() <= 1 && !source.mixed_vehicles),
                travel: compiler.draw(format!("{path}.travel"), &source.travel)?,
                fleet,
                when_short: source.when_short,
                when_closed: source.when_closed,
                closed: source
                    .closed
                    .iter()
                    .map(|c| (clock.at(c.from), clock.at(c.to)))
                    .collect(),
                mix: source.mix.clone(),
                class_purpose: hash_name(&format!("{path}.class")),
                mixed_vehicles: source.mixed_vehicles,
                paths,
                wash_leg,
                home,
            });
        }

        let mut places = Vec::with_capacity(gateway.places.len());
        for place in &gateway.places {
            let path = format!("place.{}", place.name);
            let (open, toggles) = clock.toggles(place.hours.as_ref(), &place.closed);
            let mut changes = Vec::new();
            for change in &place.changes {
                let at = clock.at(change.at);
                let units =
                    compiler.optional(format!("{path}.from.count"), change.count.as_ref())?;
                let slots =
                    compiler.optional(format!("{path}.from.slots"), change.slots.as_ref())?;
                changes.push(SizeChange { at, units, slots });
            }
            let breaks = match &place.breaks {
                Some(breaks) => Some(BreaksM {
                    every: compiler.draw(format!("{path}.breaks.every"), &breaks.every)?,
                    repair: compiler.draw(format!("{path}.breaks.repair"), &breaks.repair)?,
                }),
                None => None,
            };
            let holds: Vec<(u16, u32)> = place.holds.iter().map(|&(r, n)| (r.0, n)).collect();
            let segregated = apart.iter().any(|&bits| bits != 0);
            let by_unit = segregated || breaks.is_some() || place.fill != Fill::Pool;
            let plain = open && toggles.is_empty() && !by_unit && holds.is_empty();
            places.push(PlaceM {
                count: compiler.draw(format!("{path}.count"), &place.count)?,
                slots: compiler.optional(format!("{path}.slots"), place.slots.as_ref())?,
                fill: place.fill,
                buffer: place.unlimited_buffer,
                open,
                toggles,
                changes,
                breaks,
                holds,
                by_unit,
                segregated,
                in_cycle: false,
                searched: false,
                plain,
            });
        }

        let mut resources = Vec::with_capacity(gateway.resources.len());
        for resource in &gateway.resources {
            let kind = match resource.kind {
                ResourceKind::Crew => "crew",
                ResourceKind::Equipment => "equipment",
            };
            let path = format!("{kind}.{}", resource.name);
            let (on_shift, toggles) = clock.toggles(resource.hours.as_ref(), &[]);
            let mut changes = Vec::new();
            for (at, count) in &resource.changes {
                changes.push(NumberChange {
                    at: clock.at(*at),
                    number: compiler.draw(format!("{path}.from.count"), count)?,
                });
            }
            let breaks = match &resource.breaks {
                Some(breaks) => Some(BreaksM {
                    every: compiler.draw(format!("{path}.breaks.every"), &breaks.every)?,
                    repair: compiler.draw(format!("{path}.breaks.repair"), &breaks.repair)?,
                }),
                None => None,
            };
            resources.push(ResourceM {
                count: compiler.draw(format!("{path}.count"), &resource.count)?,
                on_shift,
                toggles,
                changes,
                breaks,
                pause: resource.at_shift_end == AtShiftEnd::Pause,
                claims: Vec::new(),
                held_by: Vec::new(),
                changes_ever: false,
            });
        }

        let unknowns: Vec<(Sampler, u64)> = gateway
            .unknowns
            .iter()
            .map(|unknown| {
                (
                    Sampler::new(&unknown.prior),
                    hash_name(&format!("unknown.{}", unknown.name)),
                )
            })
            .collect();
        let Compiler {
            draws,
            mut legs,
            claims,
            ..
        } = compiler;
        let_ripen(&mut legs, &mut dispatches);
        find_swift(&mut legs, &places, &sources);
        let pace = pace(&gateway, &draws, &sources, &legs, &mut dispatches);
        let metrics = MetricNames::of(&gateway);
        let mut model = Model {
            horizon: gateway.length.micros(),
            draws,
            unknowns,
            level,
            levels: priorities.len().max(1),
            apart,
            sources,
            places,
            resources,
            legs: Legs::new(legs),
            claims: Vec::new(),
            dispatches,
            marks: marks.len(),
            mark_of: marks.iter().map(|mark| (mark.of.0, mark.end)).collect(),
            metrics,
            gap: pace.gap,
            reach: pace.reach,
            longest_hold: pace.longest_hold,
            from: None,
            gateway,
        };
        model.find_cycles();
        model.find_claims(claims);
        Ok(model)
    }

    /// Compiles a gateway whose replications start from `situation`: their first instant is that of the situation, they
    /// last as long as the file says, and figures count from there. A warm-up makes no sense and is left out.
    ///
    /// # Errors
    /// If the gateway cannot be simulated, or the situation cannot be its own.
    pub fn compile_from(gateway: &Gateway, situation: &Situation) -> Result<Model, FromError> {
        let mut gateway = gateway.clone();
        gateway.start = situation.at;
        gateway.study = Study::Opening;
        let mut model = Model::compile(&gateway).map_err(FromError::Compile)?;
        let start = Start::new(&model, situation).map_err(FromError::Situation)?;
        model.from = Some(Arc::new(start));
        Ok(model)
    }

    /// Where its replications start, if not from empty.
    #[must_use]
    pub fn from(&self) -> Option<&Start> {
        self.from.as_deref()
    }

    /// When departures are due, of each step that has a timetable for them: ascending, µs from the start.
    pub fn timetables(&self) -> impl Iterator<Item = &[i64]> {
        self.dispatches
            .iter()
            .filter_map(|dispatch| match &dispatch.due {
                DueM::Table(due) => Some(due.as_slice()),
                DueM::Every { .. } => None,
            })
    }

    /// The gateway it was compiled from.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Whether the study starts from empty or drops a warm-up.
    #[must_use]
    pub fn study(&self) -> Study {
        self.gateway.study
    }

    /// Names of the metrics, in the order of a row.
    #[must_use]
    pub fn metrics(&self) -> &MetricNames {
        &self.metrics
    }
}

/// Washing that needs a crew but no place gets a place without limit to wait in.
fn add_wash_places(gateway: &mut Gateway) {
    use lazaret_gateway::model::{Dimension, Place, SiteIx};
    for nth in 0..gateway.sources.len() {
        let rule = &gateway.sources[nth].vehicle;
        if rule.wash_at.is_some() || rule.wash_needs.is_empty() || rule.wash.is_none() {
            continue;
        }
        let place = PlaceIx(gateway.places.len() as u16);
        gateway.places.push(Place {
            name: format!("wash of {}", gateway.sources[nth].name),
            site: SiteIx(0),
            zone: Zone::Dirty,
            count: Quantity::constant(Dimension::Number, 1.0),
            slots: None,
            fill: Fill::Pool,
            unlimited_buffer: false,
            hours: None,
            closed: Vec::new(),
            changes: Vec::new(),
            breaks: None,
            needs: Vec::new(),
            holds: Vec::new(),
        });
        gateway.sources[nth].vehicle.wash_at = Some(place);
    }
}

/// Finds the legs that the world's `swift` module may handle.
fn find_swift(legs: &mut [Leg], places: &[PlaceM], sources: &[SourceM]) {
    for leg in legs.iter_mut() {
        let kind = matches!(
            leg.kind,
            LegKind::Handle | LegKind::Unload | LegKind::Treat | LegKind::Hold
        );
        let plain = places
            .get(usize::from(leg.place))
            .is_some_and(|place| place.plain && !place.buffer);
        let quiet =
            leg.claim == NOTHING && leg.mark_start == 0 && leg.travel.is_none() && !leg.stays;
        leg.swift_entry = kind && plain && quiet;
    }
    for nth in 1..legs.len() {
        let from = &legs[nth - 1];
        let leaves = matches!(from.kind, LegKind::Unload | LegKind::Treat)
            && from.claim == NOTHING
            && from.place != legs[nth].place;
        let source = &sources[usize::from(from.source)];
        // A vehicle of which a plain lot and a way home that nobody sees are left.
        let unseen = from.kind != LegKind::Unload
            || !source.mixed_vehicles && source.wash_leg.is_none() && source.fleet.is_none();
        let plain = places
            .get(usize::from(from.place))
            .is_some_and(|place| place.plain);
        legs[nth - 1].swift =
            leaves && unseen && plain && from.mark_end == 0 && legs[nth].swift_entry;
    }
}

/// Finds the holds whose end need not be seen.
fn let_ripen(legs: &mut [Leg], dispatches: &mut [DispatchM]) {
    dispatches
        .iter_mut()
        .for_each(|dispatch| dispatch.ripens = true);
    for nth in 0..legs.len() {
        if legs[nth].kind != LegKind::Dispatch {
            continue;
        }
        let before = nth.checked_sub(1).map(|at| &legs[at]);
        let straight = before.is_some_and(|leg| leg.kind == LegKind::Hold) && legs[nth].stays;
        let last = legs
            .get(nth + 1)
            .is_some_and(|leg| leg.kind == LegKind::Out);
        dispatches[usize::from(legs[nth].dispatch)].ripens &= straight && last;
    }
    for nth in 1..legs.len() {
        if legs[nth].kind == LegKind::Dispatch && dispatches[usize::from(legs[nth].dispatch)].ripens
        {
            legs[nth - 1].ripens = true;
        }
    }
}

/// Times, in microseconds, that size the calendar.
struct Pace {
    /// Expected between events.
    gap: i64,
    /// How far ahead most events are scheduled.
    reach: i64,
    longest_hold: i64,
}

fn pace(
    gateway: &Gateway,
    draws: &[Draw],
    sources: &[SourceM],
    legs: &[Leg],
    dispatches: &mut [DispatchM],
) -> Pace {
    let typical: Vec<f64> = gateway
        .unknowns
        .iter()
        .map(|unknown| unknown.prior.mean())
        .collect();
    let mean = |draw: DrawIx| {
        let distribution = draws[draw.at()].quantity.resolve(&typical);
        distribution.map_or(0.0, |distribution| distribution.mean())
    };
    let horizon = gateway.length.seconds().max(1.0);
    let recurs = |due: &DueM| match due {
        DueM::Every { interval, .. } => mean(*interval).max(1e-3),
        DueM::Table(due) => horizon / (due.len().max(1) as f64),
    };
    let micros = |seconds: f64| (seconds.clamp(1e-6, 3e9) * 1e6) as i64;
    let mut rate = 1.0 / horizon;
    for (source, given) in sources.iter().zip(&gateway.sources) {
        let lots = mean(source.vehicles).max(1.0)
            * if given.route == Mode::Sea {
                mean(source.lots)
            } else {
                1.0
            };
        rate += (2.0 + lots * gateway.steps.len() as f64) / recurs(&source.due);
    }
    for dispatch in dispatches {
        dispatch.interval = micros(recurs(&dispatch.due));
    }
    let longest = |ripens: bool| {
        legs.iter()
            .filter(|leg| leg.ripens == ripens)
            .map(|leg| leg.takes.map_or(0.0, mean))
            .fold(0.0, f64::max)
    };
    // Narrow buckets are often empty, which a bitmap skips, and seldom hold two events, which would have to be sorted.
    const NARROW: f64 = 16.0;
    Pace {
        gap: micros(1.0 / rate / NARROW),
        reach: micros((longest(false) * 1.6).min(horizon)),
        longest_hold: micros((longest(true) * 1.6).min(horizon)),
    }
}
