//! The kernel with its unknowns set: what each step needs, worked out once for all particles of those values.

use std::sync::Arc;

use lazaret_gateway::distribution::{Distribution, Sampler};
use lazaret_gateway::model::Quantity;

use super::binomial::Binomial;
use super::crowd::Crowd;
use super::flows::Ruled;
use super::lags::{Draw, Lags};
use super::plan::{Changes, Due, Plan};
use super::tables::Tables;
use super::{Cells, CountKernel};

/// The kernel with the unknowns set.
#[derive(Clone, Debug)]
pub struct Fixed {
    pub(super) plan: Arc<Plan>,
    pub(super) stages: Vec<FixedStage>,
    pub(super) store_room: Vec<(usize, i32)>,
    pub(super) hold: Option<Arc<Lags>>,
    pub(super) sources: Vec<FixedSource>,
    pub(super) least: Option<Draw>,
    pub(super) most: Option<Draw>,
    /// Lots in a vehicle, in the mean over the sources.
    pub(super) lots_a_vehicle: f64,
    pub(super) rings: usize,
    pub(super) store: Ring,
    /// Whether vehicles of any source are counted, and so come home.
    pub(super) fleets: bool,
    pub(super) cells: Cells,
    /// By source; empty if none stops or answers.
    pub(super) flows: Arc<Vec<Ruled>>,
}

#[derive(Clone, Debug)]
pub(super) struct FixedStage {
    /// In lots.
    pub(super) room: Vec<(usize, i32)>,
    pub(super) servers: Vec<(usize, i32)>,
    pub(super) lags: Arc<Lags>,
    /// How many lots go on, unless all do.
    pub(super) kept: Option<Binomial>,
    pub(super) ring: Ring,
    pub(super) vehicles: bool,
}

#[derive(Clone, Debug)]
pub(super) struct FixedSource {
    pub(super) interval: Option<Draw>,
    /// Where so much comes that it is drawn by the slice.
    pub(super) crowd: Option<Crowd>,
    pub(super) first: Option<Draw>,
    pub(super) vehicles: Draw,
    pub(super) lots: Draw,
    pub(super) travel: Draw,
    pub(super) fleet: Option<i32>,
    pub(super) home: Arc<Lags>,
    pub(super) home_ring: Ring,
    /// Slices that a convoy can be under way at most.
    pub(super) transit_most: usize,
    pub(super) convoys: Ring,
    pub(super) on_the_way: Ring,
}

/// Where among the cells of a block a ring lies. Its length is a power of two: a place in it is found without a division.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ring {
    first: usize,
    mask: usize,
}

impl Ring {
    #[inline]
    pub(super) fn at(self, position: usize) -> usize {
        self.first + (position & self.mask)
    }

    /// The farthest that it reaches ahead.
    #[inline]
    pub(super) fn mask(self) -> usize {
        self.mask
    }
}

/// What holds in a slice.
#[inline]
pub(super) fn at(changes: &[(usize, i32)], slice: usize) -> i32 {
    match changes {
        [(_, always)] => *always,
        _ => changes
            .iter()
            .rev()
            .find(|(from, _)| *from <= slice)
            .map_or(NO_LIMIT, |(_, value)| *value),
    }
}

/// Room or people without limit: more than any count reaches.
const NO_LIMIT: i32 = i32::MAX / 2;

/// A limit as a count.
fn limit(of: f64) -> i32 {
    of.clamp(0.0, f64::from(NO_LIMIT)) as i32
}

/// What the kernel is at values of the unknowns that follow one another: all rings are as long as the longest needs, so that
/// courses can be moved by any of them.
pub(super) fn fix_path(kernel: &CountKernel, path: &[&[f64]]) -> Result<Vec<Fixed>, String> {
    let mut lengths: Vec<usize> = Vec::new();
    let mut all: Vec<Fixed> = Vec::new();
    for unknowns in path {
        let mut own = lengths.clone();
        all.push(fix(kernel, unknowns, &mut own)?);
        if own != lengths && !lengths.is_empty() {
            all.clear();
            lengths = own;
            break;
        }
        lengths = own;
    }
    if all.len() == path.len() {
        return Ok(all);
    }
    // Some needs longer rings than those before it: now all get the greatest lengths.
    for unknowns in path {
        fix(kernel, unknowns, &mut lengths)?;
    }
    let each = path.iter();
    each.map(|unknowns| fix(kernel, unknowns, &mut lengths.clone()))
        .collect()
}

/// What the kernel is at these values of the unknowns.
///
/// * `lengths` — least lengths of its rings, in order; made as long as they come to be.
pub(super) fn fix(
    kernel: &CountKernel,
    unknowns: &[f64],
    lengths: &mut Vec<usize>,
) -> Result<Fixed, String> {
    let plan = &kernel.plan;
    let slice = plan.slices.seconds();
    // Shares of the classes: the mean over the sources.
    let classes = plan
        .sources
        .first()
        .map_or(1, |source| source.mix.len().max(1));
    let mut mix = vec![0.0; classes];
    for source in &plan.sources {
        let total: f64 = source.mix.iter().map(|t| t.value(unknowns).max(0.0)).sum();
        for (share, term) in mix.iter_mut().zip(&source.mix) {
            *share += term.value(unknowns).max(0.0) / total;
        }
    }
    if mix.iter().sum::<f64>() <= 0.0 {
        mix.fill(1.0);
    }
    let mut lots_a_vehicle = 0.0;
    for source in &plan.sources {
        lots_a_vehicle += resolve(&source.lots, unknowns)?.mean() / plan.sources.len() as f64;
    }
    let tables = &kernel.tables;
    // Each list of durations of the file has its place among the tables.
    let mut places = 0..;
    let mut place = || places.next().unwrap_or(0);
    let by_class = |takes: &[Quantity], factor: f64, place: usize| -> Result<Arc<Lags>, String> {
        let parts = takes
            .iter()
            .zip(&mix)
            .filter(|(_, share)| **share > 0.0)
            .map(|(takes, share)| Ok((*share, resolve(takes, unknowns)?)))
            .collect::<Result<Vec<_>, String>>()?;
        let alike = parts.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let parts = if alike { parts[..1].to_vec() } else { parts };
        Ok(tables.lags(place, parts, factor, |of| {
            Lags::new(of, factor, slice, tables)
        }))
    };
    let (mut rings, mut number) = (0, 0);
    let mut ring = |length: usize| {
        let first = rings;
        let least = lengths.get(number).copied().unwrap_or(0);
        let length = length.next_power_of_two().max(least);
        if number < lengths.len() {
            lengths[number] = length;
        } else {
            lengths.push(length);
        }
        number += 1;
        rings += length;
        Ring {
            first,
            mask: length - 1,
        }
    };
    let horizon = plan.slices.count();
    let mut stages = Vec::with_capacity(plan.stages.len());
    for stage in &plan.stages {
        let factor = if stage.each_lot { lots_a_vehicle } else { 1.0 };
        let lags = by_class(&stage.takes, factor, place())?;
        let slots_in_lots = if stage.vehicles { lots_a_vehicle } else { 1.0 };
        let room = room(&stage.units, stage.slots.as_ref(), slots_in_lots, unknowns)?;
        let mut servers = vec![(0, NO_LIMIT)];
        for (count, takes) in &stage.crews {
            let count = whole(count, unknowns)?;
            let crew: Vec<(usize, i32)> = count
                .into_iter()
                .map(|(from, n)| (from, limit(n / f64::from((*takes).max(1)) * slots_in_lots)))
                .collect();
            // Two crews with changes of their own are rare; the lesser at each change counts.
            let mut froms: Vec<usize> =
                crew.iter().chain(&servers).map(|(from, _)| *from).collect();
            froms.sort_unstable();
            froms.dedup();
            let least = |from: &usize| (*from, at(&crew, *from).min(at(&servers, *from)));
            servers = froms.iter().map(least).collect();
        }
        let lost: f64 = stage.lost.iter().map(|term| term.value(unknowns)).sum();
        stages.push(FixedStage {
            room,
            servers,
            kept: (lost > 0.0).then(|| Binomial::new((1.0 - lost).clamp(0.0, 1.0))),
            ring: ring(lags.most().min(horizon) + 1),
            vehicles: stage.vehicles,
            lags,
        });
    }
    let sources = plan
        .sources
        .iter()
        .map(|source| {
            let travel = resolve(&source.travel, unknowns)?;
            let vehicles = resolve(&source.vehicles, unknowns)?;
            let (interval, first, crowd) = match &source.due {
                Due::At(_) => (None, None, None),
                Due::Renewal { interval, first } => {
                    let interval = resolve(interval, unknowns)?;
                    // Vehicles of a fleet are counted one by one, and a convoy of none is none.
                    let crowd = (source.fleet.is_none() && vehicles.support().0 >= 0.5)
                        .then(|| Crowd::of(&interval, &travel, slice, (place(), tables)))
                        .flatten();
                    let first = first.as_ref().map(|first| resolve(first, unknowns));
                    let first = first.transpose()?.map(|first| Draw::new(&first));
                    (Some(Draw::new(&interval)), first, crowd)
                }
            };
            let spread = travel.variance().sqrt();
            let longest = match travel.support().1 {
                high if high.is_finite() => high,
                _ => travel.mean() + 8.0 * spread,
            };
            let transit_most = ((longest / slice) as usize).min(horizon) + 1;
            let home = source
                .home
                .iter()
                .map(|part| resolve(part, unknowns))
                .collect::<Result<Vec<_>, String>>()?;
            let home: Vec<(f64, Distribution)> = home.into_iter().map(|part| (1.0, part)).collect();
            let home = tables.lags(place(), home, 1.0, |of| way_home(of, slice, tables));
            let fleet = source
                .fleet
                .as_ref()
                .map(|fleet| resolve(fleet, unknowns).map(|d| d.mean().round() as i32))
                .transpose()?;
            let home_most = if fleet.is_some() { home.most() } else { 0 };
            Ok(FixedSource {
                interval,
                crowd,
                first,
                vehicles: Draw::new(&vehicles),
                lots: Draw::new(&resolve(&source.lots, unknowns)?),
                travel: Draw::new(&travel),
                fleet,
                home,
                home_ring: ring(home_most.min(horizon) + 1),
                transit_most,
                convoys: ring(transit_most + 1),
                on_the_way: ring(transit_most + 1),
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let hold = match &plan.store {
        Some(store) => store
            .hold
            .as_ref()
            .map(|takes| by_class(takes, 1.0, place()))
            .transpose()?,
        None => None,
    };
    let store_room = match &plan.store {
        Some(store) => room(&store.units, store.slots.as_ref(), 1.0, unknowns)?,
        None => vec![(0, NO_LIMIT)],
    };
    let sampler = |quantity: &Quantity| resolve(quantity, unknowns).map(|d| Draw::new(&d));
    let (least, most) = match &plan.departures {
        Some(departures) => (
            Some(sampler(&departures.least)?),
            departures.most.as_ref().map(sampler).transpose()?,
        ),
        None => (None, None),
    };
    let slices = &kernel.cells.slices;
    let longest = hold.as_ref().map_or(0, |hold| hold.most());
    let ahead = (0..horizon)
        .map(|slice| slices[(slice + longest).min(horizon)].board - slices[slice].board)
        .max();
    let store = ring(usize::from(ahead.unwrap_or(0)) + 1);
    Ok(Fixed {
        plan: Arc::clone(plan),
        stages,
        fleets: sources.iter().any(|source| source.fleet.is_some()),
        store_room,
        hold,
        sources,
        least,
        most,
        lots_a_vehicle: lots_a_vehicle.max(1e-9),
        rings,
        store,
        cells: kernel.cells.clone(),
        flows: Arc::clone(&kernel.flows),
    })
}

fn resolve(quantity: &Quantity, unknowns: &[f64]) -> Result<Distribution, String> {
    quantity
        .resolve(unknowns)
        .map_err(|error| error.to_string())
}

/// A whole number that is so from a slice on; the mean, where it varies.
fn whole(changes: &Changes, unknowns: &[f64]) -> Result<Vec<(usize, f64)>, String> {
    changes
        .iter()
        .map(|(from, quantity)| Ok((*from, resolve(quantity, unknowns)?.mean().round().max(0.0))))
        .collect()
}

/// Units × slots over time.
fn room(
    units: &Changes,
    slots: Option<&Changes>,
    factor: f64,
    unknowns: &[f64],
) -> Result<Vec<(usize, i32)>, String> {
    let Some(slots) = slots else {
        return Ok(vec![(0, NO_LIMIT)]);
    };
    let (units, slots) = (whole(units, unknowns)?, whole(slots, unknowns)?);
    let mut from: Vec<usize> = units.iter().chain(&slots).map(|(from, _)| *from).collect();
    from.sort_unstable();
    from.dedup();
    let last = |list: &[(usize, f64)], slice: usize| {
        let found = list.iter().rev().find(|(from, _)| *from <= slice);
        found.map_or(0.0, |(_, value)| *value)
    };
    Ok(from
        .into_iter()
        .map(|slice| {
            (
                slice,
                limit(last(&units, slice) * last(&slots, slice) * factor),
            )
        })
        .collect())
}

/// Washing, quarantine and the way home as one: their sum by the quantiles of a normal of the same moments would be
/// wrong at the edges, so each is taken at unrelated ranks.
fn way_home(parts: &[(f64, Distribution)], slice: f64, tables: &Tables) -> Lags {
    if parts.is_empty() {
        let at_once = Distribution::Constant { value: 0.0 };
        return Lags::new(&[(1.0, at_once)], 1.0, slice, tables);
    }
    let key = |part: usize| lazaret_gateway::random::Key::new(1, 0, part as u64);
    let samplers: Vec<Sampler> = parts.iter().map(|(_, part)| Sampler::new(part)).collect();
    let mut sums: Vec<f64> = (0..512u64)
        .map(|i| {
            let draw = |(part, sampler): (usize, &Sampler)| {
                sampler.sample(key(part), lazaret_gateway::random::mix(i))
            };
            samplers.iter().enumerate().map(draw).sum()
        })
        .collect();
    sums.sort_by(f64::total_cmp);
    Lags::new(
        &[(
            1.0,
            Distribution::Empirical {
                values: sums.into(),
            },
        )],
        1.0,
        slice,
        tables,
    )
}
