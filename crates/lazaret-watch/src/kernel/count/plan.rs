//! From a gateway to the stages that lots pass, or the reason why counts cannot express it.

use lazaret_gateway::model::{
    AtShiftEnd, Fill, Gateway, HoldClock, Hours, PlaceIx, Quantity, Recurrence, ResourceIx,
    StepKind, Term, WhenClosed, WhenShort,
};

use super::calendar::Slices;
use crate::kernel::PLACES_MOST;

/// Why the count kernel cannot stand in for a gateway file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be expressed by daily counts: {why}")]
pub struct CannotExpress {
    /// The thing of the file, such as `place.yard`.
    pub what: String,
    /// What about it.
    pub why: String,
}

fn cannot<T>(what: impl Into<String>, why: impl Into<String>) -> Result<T, CannotExpress> {
    Err(CannotExpress {
        what: what.into(),
        why: why.into(),
    })
}

/// Room or number of people, with the slice from which it is so.
pub(super) type Changes = Vec<(usize, Quantity)>;

/// Work on lots (or on the vehicles that carry them) at a place.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) place: PlaceIx,
    /// Whether its slots are for vehicles.
    pub(super) vehicles: bool,
    /// Units and slots of each.
    pub(super) units: Changes,
    pub(super) slots: Option<Changes>,
    /// Work, by class.
    pub(super) takes: Vec<Quantity>,
    /// Whether the work is done anew for each lot of a vehicle.
    pub(super) each_lot: bool,
    /// Crews: how many there are, and how many one lot takes.
    pub(super) crews: Vec<(Changes, u32)>,
    /// By slice.
    pub(super) open: Vec<bool>,
    /// Whether what has begun goes on outside the hours.
    pub(super) goes_on: bool,
    /// Shares that do not go on, if it inspects.
    pub(super) lost: Vec<Term>,
}

#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) place: PlaceIx,
    pub(super) units: Changes,
    pub(super) slots: Option<Changes>,
    /// The hold, by class; none if lots may go at once.
    pub(super) hold: Option<Vec<Quantity>>,
}

#[derive(Clone, Debug)]
pub(super) struct Departures {
    pub(super) due: Due,
    pub(super) least: Quantity,
    pub(super) most: Option<Quantity>,
}

/// When something falls due, in hours since local midnight of day 0.
#[derive(Clone, Debug)]
pub(super) enum Due {
    At(Vec<f64>),
    /// Every so many seconds, drawn anew each time, from the start of the gateway.
    Renewal {
        interval: Quantity,
        first: Option<Quantity>,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    pub(super) due: Due,
    pub(super) vehicles: Quantity,
    pub(super) lots: Quantity,
    pub(super) travel: Quantity,
    pub(super) fleet: Option<Quantity>,
    pub(super) waits_for_fleet: bool,
    /// Slices in which nothing leaves, and whether what is due in them waits.
    pub(super) closed: Vec<bool>,
    pub(super) waits_while_closed: bool,
    /// Washing, quarantine and the way home.
    pub(super) home: Vec<Quantity>,
    /// Shares of the classes.
    pub(super) mix: Vec<Term>,
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) slices: Slices,
    pub(super) start: f64,
    pub(super) stages: Vec<Stage>,
    pub(super) store: Option<Store>,
    pub(super) departures: Option<Departures>,
    pub(super) sources: Vec<Arrivals>,
}

/// Stages and sources beyond this do not fit the state.
pub(super) const STAGES_MOST: usize = 5;
pub(super) const SOURCES_MOST: usize = 4;

/// A third of what a cell of a ring holds.
const BETWEEN_DEPARTURES_MOST: f64 = 20_000.0;

impl Plan {
    pub(super) fn of(gateway: &Gateway, days: usize) -> Result<Plan, CannotExpress> {
        let slices = Slices::of(gateway, days);
        if gateway.sites.len() > 1 || !gateway.routes.is_empty() {
            return cannot(
                "several sites",
                "lots in transit between sites are not modelled",
            );
        }
        if gateway.places.len() > PLACES_MOST {
            return cannot("the file", format!("it has more than {PLACES_MOST} places"));
        }
        if gateway.sources.len() > SOURCES_MOST {
            return cannot(
                "the file",
                format!("it has more than {SOURCES_MOST} sources"),
            );
        }
        for resource in &gateway.resources {
            if resource.breaks.is_some() {
                return cannot(resource.name.clone(), "it breaks down");
            }
        }
        let mut stages: Vec<Stage> = Vec::new();
        let mut hold: Option<(PlaceIx, Vec<Quantity>)> = None;
        let mut departures: Option<(PlaceIx, Departures)> = None;
        let mut crews_used: Vec<ResourceIx> = Vec::new();
        let mut last_stage_step = 0;
        for (at, step) in gateway.steps.iter().enumerate() {
            let name = format!("step.{}", step.name);
            if step.goods.iter().any(|g| !g) || step.sources.iter().any(|s| !s) {
                return cannot(name, "it is for some goods or sources only");
            }
            if step.next.is_some_and(|next| next.index() != at + 1) {
                return cannot(name, "it does not lead to the next step of the file");
            }
            match &step.kind {
                StepKind::Handle
                | StepKind::Unload { .. }
                | StepKind::Treat
                | StepKind::Inspect(_) => {
                    if hold.is_some() || departures.is_some() {
                        return cannot(name, "work after the hold is not modelled");
                    }
                    if stages.iter().any(|stage| stage.place == step.at) {
                        return cannot(name, "two steps of work share its place");
                    }
                    stages.push(stage(gateway, &slices, step, &mut crews_used)?);
                    last_stage_step = at;
                }
                StepKind::Hold { clock } => {
                    let follows = match clock {
                        HoldClock::Stored => true,
                        HoldClock::StepEnd(of) => of.index() == last_stage_step,
                        HoldClock::Arrival | HoldClock::StepStart(_) => false,
                    };
                    if !follows {
                        return cannot(name, "its clock starts before the last work has ended");
                    }
                    if hold.is_some() {
                        return cannot(name, "there are two holds");
                    }
                    hold = Some((step.at, step.takes.clone()));
                }
                StepKind::Dispatch(dispatch) => {
                    if departures.is_some() {
                        return cannot(name, "there are two steps of dispatch");
                    }
                    let due = due(gateway, &slices, &dispatch.due);
                    if matches!(due, Due::Renewal { .. }) {
                        return cannot(name, "its departures are not at fixed times");
                    }
                    departures = Some((
                        step.at,
                        Departures {
                            due,
                            least: dispatch.least.clone(),
                            most: dispatch.most.clone(),
                        },
                    ));
                }
            }
        }
        if stages.is_empty() || stages.len() > STAGES_MOST {
            return cannot(
                "the file",
                format!("it must have 1 to {STAGES_MOST} steps of work"),
            );
        }
        let store_at = match (&hold, &departures) {
            (Some((a, _)), Some((b, _))) if a != b => {
                return cannot("the dispatch", "it is not at the place of the hold");
            }
            (Some((at, _)), _) | (None, Some((at, _))) => Some(*at),
            (None, None) => None,
        };
        let store = match store_at {
            None => None,
            Some(at) => {
                if stages.iter().any(|stage| stage.place == at) {
                    return cannot("the hold", "its place is also one of work");
                }
                plain_place(gateway, at)?;
                let (units, slots) = capacity(gateway, &slices, at);
                Some(Store {
                    place: at,
                    units,
                    slots,
                    hold: hold.map(|(_, takes)| takes),
                })
            }
        };
        let sources = gateway
            .sources
            .iter()
            .map(|source| {
                if !source.vehicle.wash_needs.is_empty() || source.vehicle.wash_at.is_some() {
                    return cannot(
                        format!("source.{}", source.name),
                        "its vehicles are washed at a place or by a crew",
                    );
                }
                let closed: Vec<_> = source.closed.iter().collect();
                let rule = &source.vehicle;
                Ok(Arrivals {
                    due: due(gateway, &slices, &source.due),
                    vehicles: source.vehicles.clone(),
                    lots: source.lots.clone(),
                    travel: source.travel.clone(),
                    fleet: source.fleet.clone(),
                    waits_for_fleet: source.when_short == WhenShort::Wait,
                    closed: (slices.open(gateway, &[], &closed).iter().map(|o| !o)).collect(),
                    waits_while_closed: source.when_closed == WhenClosed::Wait,
                    home: [&rule.wash, &rule.quarantine, &rule.back]
                        .into_iter()
                        .flatten()
                        .cloned()
                        .collect(),
                    mix: source.mix.clone(),
                })
            })
            .collect::<Result<_, CannotExpress>>()?;
        let plan = Plan {
            start: Slices::hours_to(gateway, gateway.start),
            slices,
            stages,
            store,
            departures: departures.map(|(_, departures)| departures),
            sources,
        };
        let unknowns: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
        if plan.between_departures(&unknowns) > BETWEEN_DEPARTURES_MOST {
            return cannot(
                "the file",
                format!(
                    "more than {BETWEEN_DEPARTURES_MOST} lots arrive between two departures, which exceeds its counters"
                ),
            );
        }
        Ok(plan)
    }

    /// Lots that come, in the mean, in the longest time between two departures.
    fn between_departures(&self, unknowns: &[f64]) -> f64 {
        let days = self.slices.days as f64;
        let mean = |quantity: &Quantity| quantity.resolve(unknowns).map_or(0.0, |d| d.mean());
        let a_day: f64 = (self.sources.iter())
            .map(|source| {
                let convoys = match &source.due {
                    Due::At(times) => times.len() as f64 / days,
                    Due::Renewal { interval, .. } => 86_400.0 / mean(interval).max(1.0),
                };
                convoys * mean(&source.vehicles) * mean(&source.lots)
            })
            .sum();
        let longest = match self.departures.as_ref().map(|departures| &departures.due) {
            Some(Due::At(times)) => {
                let ends = [self.start, 24.0 * days];
                let mut times: Vec<f64> = times.iter().copied().chain(ends).collect();
                times.sort_by(f64::total_cmp);
                let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
                gaps.fold(0.0, f64::max) / 24.0
            }
            _ => 1.0,
        };
        a_day * longest
    }
}

impl Plan {
    /// Slices from which room or a crew is another than before.
    pub(super) fn changes(&self) -> impl Iterator<Item = usize> + '_ {
        let of_stages = self.stages.iter().flat_map(|stage| {
            let crews = stage.crews.iter().map(|(changes, _)| changes);
            crews.chain([&stage.units]).chain(&stage.slots)
        });
        let of_store = self.store.iter();
        of_stages
            .chain(of_store.flat_map(|store| [&store.units].into_iter().chain(&store.slots)))
            .flatten()
            .map(|(from, _)| *from)
    }
}

fn plain_place(gateway: &Gateway, at: PlaceIx) -> Result<(), CannotExpress> {
    let place = &gateway.places[at.index()];
    let name = format!("place.{}", place.name);
    if place.breaks.is_some() {
        return cannot(name, "it breaks down");
    }
    if place.unlimited_buffer {
        return cannot(name, "things wait beside it without a slot");
    }
    if place.fill == Fill::Groups {
        return cannot(name, "it is filled by groups");
    }
    if !place.holds.is_empty() {
        return cannot(name, "its slots take equipment");
    }
    let apart = |class: &lazaret_gateway::model::GoodsClass| !class.apart_from.is_empty();
    if gateway.goods.iter().any(apart) {
        return cannot("the goods", "some classes must be kept apart");
    }
    Ok(())
}

fn stage(
    gateway: &Gateway,
    slices: &Slices,
    step: &lazaret_gateway::model::Step,
    crews_used: &mut Vec<ResourceIx>,
) -> Result<Stage, CannotExpress> {
    plain_place(gateway, step.at)?;
    let place = &gateway.places[step.at.index()];
    let (units, slots) = capacity(gateway, slices, step.at);
    let mut hours: Vec<&Hours> = place.hours.iter().collect();
    let mut crews: Vec<(Changes, u32)> = Vec::new();
    let mut goes_on = false;
    for (resource, takes) in place.needs.iter().chain(&step.needs) {
        if crews_used.contains(resource) {
            return cannot(
                format!("step.{}", step.name),
                format!(
                    "it shares `{}` with other work",
                    gateway.resources[resource.index()].name
                ),
            );
        }
        crews_used.push(*resource);
        let crew = &gateway.resources[resource.index()];
        hours.extend(crew.hours.iter());
        goes_on |= crew.hours.is_some() && crew.at_shift_end == AtShiftEnd::Finish;
        let mut changes = vec![(0, crew.count.clone())];
        for (from, count) in &crew.changes {
            changes.push((slice_of(gateway, slices, *from), count.clone()));
        }
        crews.push((changes, *takes));
    }
    let closed: Vec<_> = place.closed.iter().collect();
    let lost = match &step.kind {
        StepKind::Inspect(inspection) => {
            if inspection.again != Term::Value(0.0) {
                return cannot(format!("step.{}", step.name), "some lots are treated again");
            }
            vec![inspection.fail, inspection.destroy]
        }
        _ => Vec::new(),
    };
    Ok(Stage {
        place: step.at,
        vehicles: matches!(step.kind, StepKind::Handle | StepKind::Unload { .. }),
        units,
        slots,
        takes: step.takes.clone(),
        each_lot: matches!(step.kind, StepKind::Unload { each_lot: true }),
        crews,
        open: slices.open(gateway, &hours, &closed),
        goes_on,
        lost,
    })
}

fn slice_of(gateway: &Gateway, slices: &Slices, instant: jiff::Timestamp) -> usize {
    let hours = Slices::hours_to(gateway, instant);
    (hours / f64::from(slices.hours)).max(0.0) as usize
}

/// Units, and slots of each, over time.
fn capacity(gateway: &Gateway, slices: &Slices, at: PlaceIx) -> (Changes, Option<Changes>) {
    let place = &gateway.places[at.index()];
    let mut units = vec![(0, place.count.clone())];
    let mut slots = place.slots.clone().map(|slots| vec![(0, slots)]);
    for change in &place.changes {
        let from = slice_of(gateway, slices, change.at);
        if let Some(count) = &change.count {
            units.push((from, count.clone()));
        }
        if let (Some(list), Some(new)) = (&mut slots, &change.slots) {
            list.push((from, new.clone()));
        }
    }
    (units, slots)
}

fn due(gateway: &Gateway, slices: &Slices, recurrence: &Recurrence) -> Due {
    let start = Slices::hours_to(gateway, gateway.start);
    match recurrence {
        Recurrence::Timetable(timetable) => Due::At(slices.due(gateway, timetable)),
        Recurrence::Every { interval, first } => {
            let fixed = |q: &Quantity| q.known_constant().map(|seconds| seconds / 3600.0);
            let first_known = match first {
                None => fixed(interval),
                Some(first) => fixed(first),
            };
            match (fixed(interval), first_known) {
                (Some(every), Some(first)) if every > 0.0 => {
                    let end = slices.days as f64 * 24.0;
                    let count = ((end - start - first) / every).floor().max(-1.0) as i64 + 1;
                    Due::At(
                        (0..count)
                            .map(|i| start + first + i as f64 * every)
                            .collect(),
                    )
                }
                _ => Due::Renewal {
                    interval: interval.clone(),
                    first: first.clone(),
                },
            }
        }
    }
}
