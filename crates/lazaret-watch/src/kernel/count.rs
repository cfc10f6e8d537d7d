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

mod binomial;
mod calendar;
mod courses;
mod crowd;
mod day;
mod fix;
mod flows;
mod lags;
mod lanes;
mod plan;
mod tables;

use std::collections::BTreeMap;
use std::sync::Arc;

use lazaret_gateway::model::Gateway;
use lazaret_smc::random::Streams;

pub use self::courses::Courses;
use self::day::Day;
pub use self::fix::Fixed;
use self::fix::{fix, fix_path};
use self::flows::Ruled;
pub use self::flows::{Answers, Flow, Stops};
pub use self::plan::CannotExpress;
use self::plan::{Due, Plan, STAGES_MOST};
use self::tables::Tables;
use super::{Figures, Kernel};
use crate::rules::Metric;

/// The kernel of one gateway over a number of days. See the [module](self).
#[derive(Clone, Debug)]
pub struct CountKernel {
    plan: Arc<Plan>,
    cells: Cells,
    tables: Arc<Tables>,
    /// By source; empty if none stops or answers.
    flows: Arc<Vec<Ruled>>,
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
            tables: Arc::default(),
            flows: Arc::default(),
        })
    }

    /// The same with sources that stop and start again, or answer to the state of the place.
    ///
    /// * `flows` — by the name of the source.
    ///
    /// # Errors
    /// If a flow names what the kernel does not follow.
    pub fn with_flows(
        self,
        gateway: &Gateway,
        flows: &BTreeMap<String, Flow>,
    ) -> Result<Self, CannotExpress> {
        let mut ruled = vec![Ruled::default(); gateway.sources.len()];
        for (name, flow) in flows {
            let Some(at) = gateway.sources.iter().position(|s| s.name == *name) else {
                continue;
            };
            ruled[at] = Ruled::of(gateway, &self.plan, flow).map_err(|why| CannotExpress {
                what: format!("flow.{name}"),
                why,
            })?;
        }
        Ok(Self {
            flows: Arc::new(if flows.is_empty() { Vec::new() } else { ruled }),
            ..self
        })
    }

    /// Days that it was derived for.
    #[must_use]
    pub fn days(&self) -> usize {
        self.plan.slices.days
    }
}

impl Kernel for CountKernel {
    type Fixed = Fixed;
    type Population = Courses;

    fn fix(&self, unknowns: &[f64]) -> Result<Fixed, String> {
        fix(self, unknowns, &mut Vec::new())
    }

    fn fix_path(&self, path: &[&[f64]]) -> Result<Vec<Fixed>, String> {
        fix_path(self, path)
    }

    fn start(&self, fixed: &Fixed, count: usize, streams: &Streams) -> Courses {
        let mut courses = Courses::empty(fixed, count);
        for (first, block) in courses.blocks() {
            let mut day = Day::new(fixed, block, first, streams);
            day.begin();
            day.run(0);
        }
        courses
    }

    fn step(&self, fixed: &Fixed, courses: &mut Courses, day: usize, streams: &Streams) {
        for (first, block) in courses.blocks() {
            Day::new(fixed, block, first, streams).run(day);
        }
    }

    fn select(&self, from: &Courses, ancestors: &[u32], into: &mut Courses) {
        into.select(from, ancestors);
    }

    fn today(&self, courses: &Courses, index: usize) -> Figures {
        courses.today(&self.plan, index)
    }

    fn figure(&self, courses: &Courses, index: usize, metric: Metric) -> u32 {
        courses.figure(&self.plan, index, metric)
    }

    fn flows(&self, courses: &Courses, index: usize) -> [u32; 4] {
        courses.flows(index)
    }
}
