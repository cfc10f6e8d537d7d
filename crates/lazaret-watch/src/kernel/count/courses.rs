//! Many courses of a gateway as counts, laid out so that sixteen are moved together.

use super::fix::Fixed;
use super::lanes::{Cell, LANES, Lanes};
use super::plan::{Plan, Stage};
use crate::kernel::Figures;
use crate::rules::Metric;

/// Possible courses of the gateway, by counts. Blocks of sixteen follow one another; the last may be part idle.
#[derive(Debug, PartialEq)]
pub struct Courses {
    pub(super) count: usize,
    /// For each block.
    pub(super) now: Vec<Now>,
    /// For each block, its stages.
    pub(super) stages: Vec<AtStage>,
    /// For each block, its sources.
    pub(super) sources: Vec<AtSource>,
    /// For each block, the cells of its rings.
    pub(super) rings: Vec<Cell>,
    /// Lots in a vehicle.
    lots_a_vehicle: f64,
}

/// What happened today and what is at no one stage or source.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Now {
    pub(super) convoys: Lanes,
    pub(super) vehicles: Lanes,
    pub(super) lots: Lanes,
    pub(super) dispatched: Lanes,
    pub(super) dispatched_total: Lanes,
    /// Lots that wait outside.
    pub(super) queue: Lanes,
    pub(super) stored: Lanes,
    pub(super) ready: Lanes,
    pub(super) inside: Lanes,
    /// Lots taken off vehicles that have not made up a whole vehicle yet.
    pub(super) part_unloaded: Lanes,
}

/// Lots at a place of work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct AtStage {
    pub(super) waiting: Lanes,
    pub(super) busy: Lanes,
    pub(super) done: Lanes,
}

/// A source of convoys.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct AtSource {
    /// Vehicles at home.
    pub(super) home: Lanes,
    /// Vehicles of the convoy that waits for a fleet; 0 if none does.
    pub(super) short: Lanes,
    /// Whether a convoy waits for the source to open.
    pub(super) held: [bool; LANES],
    /// Whether it pauses.
    pub(super) stopped: [bool; LANES],
    /// Hour at which the next convoy is due, where that is drawn.
    pub(super) clock: [f32; LANES],
}

impl Clone for Courses {
    fn clone(&self) -> Self {
        Self {
            now: self.now.clone(),
            stages: self.stages.clone(),
            sources: self.sources.clone(),
            rings: self.rings.clone(),
            ..*self
        }
    }

    // Resampling overwrites populations over and over; they keep their memory.
    fn clone_from(&mut self, from: &Self) {
        self.now.clone_from(&from.now);
        self.stages.clone_from(&from.stages);
        self.sources.clone_from(&from.sources);
        self.rings.clone_from(&from.rings);
        (self.count, self.lots_a_vehicle) = (from.count, from.lots_a_vehicle);
    }
}

/// Sixteen courses, to be moved.
pub(super) struct Block<'a> {
    pub(super) now: &'a mut Now,
    pub(super) stages: &'a mut [AtStage],
    pub(super) sources: &'a mut [AtSource],
    pub(super) rings: &'a mut [Cell],
}

impl Courses {
    /// `count` courses in which nothing has happened yet.
    pub(super) fn empty(fixed: &Fixed, count: usize) -> Self {
        let blocks = count.div_ceil(LANES);
        let source = |at: usize| AtSource {
            home: Lanes::all(fixed.sources[at % fixed.sources.len()].fleet.unwrap_or(0)),
            short: Lanes::NONE,
            held: [false; LANES],
            stopped: [false; LANES],
            clock: [f32::INFINITY; LANES],
        };
        Self {
            count,
            now: vec![Now::default(); blocks],
            stages: vec![AtStage::default(); blocks * fixed.stages.len()],
            sources: (0..blocks * fixed.sources.len()).map(source).collect(),
            rings: vec![[0; LANES]; blocks * fixed.rings],
            lots_a_vehicle: fixed.lots_a_vehicle,
        }
    }

    /// The blocks, with the number of the first course of each.
    pub(super) fn blocks(&mut self) -> impl Iterator<Item = (usize, Block<'_>)> {
        let blocks = self.now.len().max(1);
        let each = |list: usize| (list / blocks).max(1);
        let (stages, sources) = (each(self.stages.len()), each(self.sources.len()));
        let rings = each(self.rings.len());
        let parts = (self.now.iter_mut())
            .zip(self.stages.chunks_exact_mut(stages))
            .zip(self.sources.chunks_exact_mut(sources))
            .zip(self.rings.chunks_exact_mut(rings));
        parts
            .enumerate()
            .map(|(at, (((now, stages), sources), rings))| {
                let block = Block {
                    now,
                    stages,
                    sources,
                    rings,
                };
                (at * LANES, block)
            })
    }

    /// Makes these the courses `from[ancestors[0]], from[ancestors[1]], …`.
    pub(super) fn select(&mut self, from: &Self, ancestors: &[u32]) {
        let (old, new) = (from.now.len().max(1), ancestors.len().div_ceil(LANES));
        (self.count, self.lots_a_vehicle) = (ancestors.len(), from.lots_a_vehicle);
        let each = |list: usize| new * (list / old);
        self.now.resize(new, Now::default());
        self.stages
            .resize(each(from.stages.len()), AtStage::default());
        self.sources
            .resize(each(from.sources.len()), AtSource::default());
        self.rings.resize(each(from.rings.len()), [0; LANES]);
        for (into, block) in ancestors.chunks(LANES).enumerate() {
            for (lane, ancestor) in block.iter().enumerate() {
                let (of, at) = (*ancestor as usize / LANES, *ancestor as usize % LANES);
                self.now[into].copy(lane, &from.now[of], at);
                let old = part(&from.stages, of, old);
                for (into, from) in part_mut(&mut self.stages, into, new).iter_mut().zip(old) {
                    into.copy(lane, from, at);
                }
            }
            for (lane, ancestor) in block.iter().enumerate() {
                let (of, at) = (*ancestor as usize / LANES, *ancestor as usize % LANES);
                let sources = part(&from.sources, of, old);
                for (into, from) in part_mut(&mut self.sources, into, new)
                    .iter_mut()
                    .zip(sources)
                {
                    into.copy(lane, from, at);
                }
                let rings = part(&from.rings, of, old);
                for (into, from) in part_mut(&mut self.rings, into, new).iter_mut().zip(rings) {
                    into[lane] = from[at];
                }
            }
        }
    }

    /// What passed in the day last reached in the course `index`.
    pub(super) fn flows(&self, index: usize) -> [u32; 4] {
        let now = &self.now[index / LANES];
        [&now.convoys, &now.vehicles, &now.lots, &now.dispatched]
            .map(|lanes| lanes.0[index % LANES].max(0) as u32)
    }

    /// Lots or vehicles at a stage in one lane.
    fn stands(&self, stage: &Stage, held: &AtStage, lane: usize) -> u32 {
        let lots = held.waiting.0[lane] + held.busy.0[lane] + held.done.0[lane];
        let lots = lots.max(0) as u32;
        if stage.vehicles && self.lots_a_vehicle != 1.0 {
            (f64::from(lots) / self.lots_a_vehicle).ceil() as u32
        } else {
            lots
        }
    }

    /// One figure of the day last reached in the course `index`: as [`today`](Self::today) gives it.
    pub(super) fn figure(&self, plan: &Plan, index: usize, metric: Metric) -> u32 {
        let (block, lane) = (index / LANES, index % LANES);
        let now = &self.now[block];
        let of = |lanes: &Lanes| lanes.0[lane].max(0) as u32;
        match metric {
            Metric::Convoys => of(&now.convoys),
            Metric::Vehicles => of(&now.vehicles),
            Metric::Lots => of(&now.lots),
            Metric::Queue => of(&now.queue),
            Metric::Inside => of(&now.inside),
            Metric::Dispatched => of(&now.dispatched),
            Metric::DispatchedTotal => of(&now.dispatched_total),
            Metric::In(place) => {
                let store = plan.store.as_ref().filter(|store| store.place == place);
                if store.is_some() {
                    return of(&now.stored);
                }
                let at = plan.stages.iter().position(|stage| stage.place == place);
                at.map_or(0, |at| {
                    let stages = part(&self.stages, block, self.now.len());
                    self.stands(&plan.stages[at], &stages[at], lane)
                })
            }
            Metric::Unknown(_) => 0,
        }
    }

    /// The figures of the day last reached in the course `index`.
    pub(super) fn today(&self, plan: &Plan, index: usize) -> Figures {
        let (block, lane) = (index / LANES, index % LANES);
        let now = &self.now[block];
        let of = |lanes: &Lanes| lanes.0[lane].max(0) as u32;
        let mut figures = Figures {
            convoys: of(&now.convoys),
            vehicles: of(&now.vehicles),
            lots: of(&now.lots),
            queue: of(&now.queue),
            inside: of(&now.inside),
            dispatched: of(&now.dispatched),
            dispatched_total: of(&now.dispatched_total),
            ..Figures::default()
        };
        let stages = part(&self.stages, block, self.now.len());
        for (stage, held) in plan.stages.iter().zip(stages) {
            figures.places[stage.place.index()] = self.stands(stage, held, lane);
        }
        if let Some(store) = &plan.store {
            figures.places[store.place.index()] = of(&now.stored);
        }
        figures
    }
}

/// The part of a list that belongs to block `at` of `blocks`.
#[inline]
fn part<T>(list: &[T], at: usize, blocks: usize) -> &[T] {
    let each = list.len() / blocks;
    &list[at * each..][..each]
}

#[inline]
fn part_mut<T>(list: &mut [T], at: usize, blocks: usize) -> &mut [T] {
    let each = list.len() / blocks;
    &mut list[at * each..][..each]
}

impl Now {
    /// Makes course `lane` that of `from` in its lane `at`.
    #[inline]
    fn copy(&mut self, lane: usize, from: &Now, at: usize) {
        for (into, from) in [
            (&mut self.convoys, &from.convoys),
            (&mut self.vehicles, &from.vehicles),
            (&mut self.lots, &from.lots),
            (&mut self.dispatched, &from.dispatched),
            (&mut self.dispatched_total, &from.dispatched_total),
            (&mut self.queue, &from.queue),
            (&mut self.stored, &from.stored),
            (&mut self.ready, &from.ready),
            (&mut self.inside, &from.inside),
            (&mut self.part_unloaded, &from.part_unloaded),
        ] {
            into.0[lane] = from.0[at];
        }
    }
}

impl AtStage {
    #[inline]
    fn copy(&mut self, lane: usize, from: &AtStage, at: usize) {
        self.waiting.0[lane] = from.waiting.0[at];
        self.busy.0[lane] = from.busy.0[at];
        self.done.0[lane] = from.done.0[at];
    }
}

impl AtSource {
    #[inline]
    fn copy(&mut self, lane: usize, from: &AtSource, at: usize) {
        self.home.0[lane] = from.home.0[at];
        self.short.0[lane] = from.short.0[at];
        self.held[lane] = from.held[at];
        self.stopped[lane] = from.stopped[at];
        self.clock[lane] = from.clock[at];
    }
}
