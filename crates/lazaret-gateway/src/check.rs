//! What can be known of a gateway by arithmetic, before anything is simulated; and what looks wrong in it.
//!
//! The arithmetic takes mean rates and mean times and no waiting: the work offered to each place, crew, fleet and
//! departure over what each can do. Above 1 nothing can settle, whatever chance does. It leaves out waiting, blocking,
//! closures and dates left out of timetables, and takes a year of ordinary weeks.

mod arithmetic;
mod circles;
mod enough;

use jiff::Timestamp;

use crate::diagnostic::{Diagnostic, Location};
use crate::model::{Breakdown, Gateway, PlaceIx, ResourceIx, SourceIx, StepIx, StepKind, Term};
use crate::random::Key;
use crate::read::Reading;

use arithmetic::{Flows, Known};
pub(crate) use arithmetic::{Recurring, too_often};

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Offered load of everything that can be short, in the order of the file.
    pub loads: Vec<Load>,
    /// What is legal but looks wrong, those of reading included.
    pub warnings: Vec<Diagnostic>,
}

/// What can be short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// Slots of a place.
    Place(PlaceIx),
    /// Crew or equipment.
    Resource(ResourceIx),
    /// Vehicles of a source.
    Fleet(SourceIx),
    /// Room on departures.
    Dispatch(StepIx),
}

/// How much is asked of something that can be short.
#[derive(Clone, Debug)]
pub struct Load {
    /// Of what.
    pub of: Bottleneck,
    /// Its name.
    pub name: String,
    /// What is counted: slots, crew, vehicles, lots a day.
    pub unit: &'static str,
    /// For a capacity that changes with the calendar: since when this one holds.
    pub since: Option<Timestamp>,
    /// What is asked on average, with every unknown at its mean.
    pub offered: f64,
    /// Average capacity; none without a limit.
    pub capacity: Option<f64>,
    /// Offered over capacity; above 1 it can never settle.
    pub utilisation: Option<f64>,
    /// Range in which the utilisation lies with probability 0.9 over what is unknown; none if nothing unknown matters.
    pub range: Option<(f64, f64)>,
}

/// Draws of the unknowns behind [`Load::range`]: 5 % and 95 % are then the 10th and 191st of them.
const DRAWS: u64 = 200;
/// The most times that anything may happen in one replication.
pub(crate) const OFTEN_MOST: f64 = 1e9;

/// Works out the offered loads of `reading` and says what looks wrong in it.
#[must_use]
pub fn check(reading: &Reading) -> Check {
    let gateway = &reading.gateway;
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let known = Known::default();
    let mut loads = Flows::new(gateway, &means, &known).loads();
    if !means.is_empty() {
        let draws: Vec<Vec<Option<f64>>> = (0..DRAWS)
            .map(|draw| {
                let values: Vec<f64> = gateway
                    .unknowns
                    .iter()
                    .enumerate()
                    .map(|(i, unknown)| unknown.prior.sample(Key::new(0, draw, i as u64), 0))
                    .collect();
                Flows::new(gateway, &values, &known)
                    .loads()
                    .iter()
                    .map(|load| load.utilisation)
                    .collect()
            })
            .collect();
        for (i, load) in loads.iter_mut().enumerate() {
            let mut values: Vec<f64> = draws.iter().filter_map(|draw| draw[i]).collect();
            values.sort_by(f64::total_cmp);
            if let (Some(&low), Some(&high)) = (values.get(9), values.get(190))
                && high - low > 1e-9 * high.abs()
            {
                load.range = Some((low, high));
            }
        }
    }
    let mut warnings = reading.warnings.clone();
    warnings.extend(suspicions(reading, &loads));
    Check { loads, warnings }
}

fn suspicions(reading: &Reading, loads: &[Load]) -> Vec<Diagnostic> {
    let (gateway, at) = (&reading.gateway, &reading.locations);
    let mut out = Vec::new();
    for load in loads {
        let (place, what) = match load.of {
            Bottleneck::Place(p) => (at.places[p.index()], "place"),
            Bottleneck::Resource(r) => (at.resources[r.index()], "crew or equipment"),
            Bottleneck::Fleet(s) => (at.sources[s.index()], "fleet of"),
            Bottleneck::Dispatch(s) => (at.steps[s.index()], "dispatch"),
        };
        let Some(utilisation) = load.utilisation.filter(|u| *u > 1.0) else {
            continue;
        };
        let since = load.since.map_or_else(String::new, |since| {
            format!(" from {}", gateway.time_zone.to_datetime(since).date())
        });
        let capacity = load.capacity.unwrap_or(0.0);
        let advice = match load.of {
            Bottleneck::Place(_) => "more slots, shorter times in them, or fewer arrivals",
            Bottleneck::Resource(_) => "more of them, longer shifts, or less work",
            Bottleneck::Fleet(_) => {
                "more vehicles, or a quicker return; until then convoys wait for vehicles"
            }
            Bottleneck::Dispatch(_) => "more or larger departures",
        };
        out.push(
            Diagnostic::warning(
                "overloaded",
                place,
                format!(
                    "demand on {what} `{}`{since} is {:.1} {}, capacity is {:.1}: {:.0} %",
                    load.name,
                    load.offered,
                    load.unit,
                    capacity,
                    utilisation * 100.0
                ),
            )
            .help(format!(
                "its queue will grow without limit; what helps: {advice}"
            )),
        );
    }
    out.extend(unused(gateway, at));
    out.extend(odd_steps(gateway, at));
    out.extend(enough::never_enough(gateway, at));
    out.extend(circles::circles(gateway, at));
    out.extend(odd_things(gateway, at));
    out
}

fn unused(gateway: &Gateway, at: &crate::read::Locations) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut warn = |code, place: Location, message: String, help: &str| {
        out.push(Diagnostic::warning(code, place, message).help(help));
    };
    for (p, place) in gateway.places.iter().enumerate() {
        let here = PlaceIx(p as u16);
        let used = gateway.steps.iter().any(|step| step.at == here)
            || gateway
                .sources
                .iter()
                .any(|s| s.vehicle.wash_at == Some(here));
        if !used {
            warn(
                "unused-place",
                at.places[p],
                format!("no step uses place `{}`", place.name),
                "name it in the `at` of a step, or remove it",
            );
        }
    }
    for (r, resource) in gateway.resources.iter().enumerate() {
        let here = ResourceIx(r as u16);
        let names = |list: &[(ResourceIx, u32)]| list.iter().any(|(known, _)| *known == here);
        let used = gateway
            .places
            .iter()
            .any(|p| names(&p.needs) || names(&p.holds))
            || gateway
                .steps
                .iter()
                .any(|s| !matches!(s.kind, StepKind::Hold { .. }) && names(&s.needs))
            || gateway.sources.iter().any(|s| names(&s.vehicle.wash_needs));
        if !used {
            warn(
                "unused-crew",
                at.resources[r],
                format!("nothing needs `{}`", resource.name),
                "name it under `crew` or `needs` of a place or step, or remove it",
            );
        }
    }
    for (i, step) in gateway.steps.iter().enumerate() {
        if let (StepKind::Hold { .. }, Some(&(needed, _))) = (&step.kind, step.needs.first()) {
            warn(
                "unused-crew",
                at.steps[i],
                format!(
                    "step `{}` needs `{}` for nothing: a hold is not work",
                    step.name,
                    gateway.resources[needed.index()].name
                ),
                "remove `crew` and `needs` from the step, or give its place `holds`, which is kept as long as a lot is there",
            );
        }
    }
    let comes = |s: usize, g: usize| gateway.sources[s].mix[g] != Term::Value(0.0);
    for (g, class) in gateway.goods.iter().enumerate() {
        if !(0..gateway.sources.len()).any(|s| comes(s, g)) {
            warn(
                "unused-goods",
                at.goods[g],
                format!("no source brings `{}`", class.name),
                "give it a share, or remove it",
            );
        }
    }
    for (i, step) in gateway.steps.iter().enumerate() {
        let applies = (0..gateway.sources.len()).any(|s| {
            step.sources[s] && (0..gateway.goods.len()).any(|g| step.goods[g] && comes(s, g))
        });
        if !applies {
            warn(
                "unused-step",
                at.steps[i],
                format!("step `{}` applies to nothing that arrives", step.name),
                "check its `goods`, `except` and `sources`",
            );
        }
    }
    out
}

fn odd_steps(gateway: &Gateway, at: &crate::read::Locations) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (g, class) in gateway.goods.iter().enumerate() {
        let held = gateway
            .steps
            .iter()
            .any(|step| step.goods[g] && matches!(step.kind, StepKind::Hold { .. }));
        if class.hold.is_some() && !held {
            out.push(
                Diagnostic::warning(
                    "idle-hold",
                    at.goods[g],
                    format!(
                        "`{}` has a `hold`, but no hold step applies to it",
                        class.name
                    ),
                )
                .help("add a step with does = \"hold\", or remove `hold`"),
            );
        }
    }
    for (i, step) in gateway.steps.iter().enumerate() {
        match &step.kind {
            StepKind::Inspect(inspection)
                if inspection.again == Term::Value(0.0)
                    && inspection.fail == Term::Value(0.0)
                    && inspection.destroy == Term::Value(0.0) =>
            {
                out.push(
                    Diagnostic::warning(
                        "idle-inspection",
                        at.steps[i],
                        format!("inspection `{}` never finds anything", step.name),
                    )
                    .help("add fail, destroy or again = { share = 0.02 }"),
                );
            }
            _ => {}
        }
    }
    out
}

fn odd_things(gateway: &Gateway, at: &crate::read::Locations) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let end = gateway
        .start
        .as_microsecond()
        .saturating_add(gateway.length.micros());
    let outside = |from: Timestamp, to: Timestamp| {
        to.as_microsecond() <= gateway.start.as_microsecond() || from.as_microsecond() >= end
    };
    for (s, source) in gateway.sources.iter().enumerate() {
        if source.closed.iter().any(|c| outside(c.from, c.to)) {
            out.push(
                Diagnostic::warning(
                    "outside-horizon",
                    at.sources[s],
                    format!(
                        "a closure of source `{}` lies outside the simulated period",
                        source.name
                    ),
                )
                .help("check its dates, or `start` and `length` of [gateway]"),
            );
        }
        if source.fleet.is_some() && source.vehicle.back.is_none() {
            out.push(
                Diagnostic::warning(
                    "no-way-home",
                    at.sources[s],
                    format!(
                        "the fleet of `{}` is limited, but its vehicles are home the moment they are empty",
                        source.name
                    ),
                )
                .help("add [vehicle] with back = \"6 h\""),
            );
        }
    }
    let known = Known::default();
    let flows = Flows::new(gateway, &[], &known);
    let lasting = |breaks: Option<&Breakdown>| {
        breaks.is_some_and(|breaks| {
            breaks.repair.unknowns().next().is_none()
                && flows.mean(&breaks.repair) >= gateway.length.seconds()
        })
    };
    let broken = gateway
        .places
        .iter()
        .zip(&at.places)
        .filter(|(place, _)| lasting(place.breaks.as_ref()))
        .map(|(place, at)| (&place.name, at));
    let broken_resources = gateway
        .resources
        .iter()
        .zip(&at.resources)
        .filter(|(resource, _)| lasting(resource.breaks.as_ref()))
        .map(|(resource, at)| (&resource.name, at));
    for (name, at) in broken.chain(broken_resources) {
        out.push(
            Diagnostic::warning(
                "no-repair",
                *at,
                format!("a failure of `{name}` is not repaired within the simulated period"),
            )
            .help("check `repair` and `length`"),
        );
    }
    for (p, place) in gateway.places.iter().enumerate() {
        if place.closed.iter().any(|c| outside(c.from, c.to))
            || place.changes.iter().any(|c| c.at.as_microsecond() >= end)
        {
            out.push(
                Diagnostic::warning(
                    "outside-horizon",
                    at.places[p],
                    format!(
                        "a date of place `{}` lies outside the simulated period",
                        place.name
                    ),
                )
                .help("check its dates, or `start` and `length` of [gateway]"),
            );
        }
        let one_unit = place.count.known_constant() == Some(1.0);
        if one_unit && place.slots.is_some() {
            let kept_apart: Vec<&str> = gateway
                .goods
                .iter()
                .enumerate()
                .filter(|(g, class)| {
                    !class.apart_from.is_empty()
                        && gateway
                            .steps
                            .iter()
                            .any(|step| step.at.index() == p && step.goods[*g])
                })
                .map(|(_, class)| class.name.as_str())
                .collect();
            if kept_apart.len() > 1 {
                out.push(
                    Diagnostic::warning(
                        "one-unit-apart",
                        at.places[p],
                        format!(
                            "`{}` must be kept apart, but place `{}` has one unit, so one of them waits until the other is gone",
                            kept_apart.join("` and `"),
                            place.name
                        ),
                    )
                    .help("give it count = 2 or more"),
                );
            }
        }
    }
    out
}
