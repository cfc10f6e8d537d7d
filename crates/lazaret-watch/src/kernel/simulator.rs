//! The simulator as a kernel: any gateway file, some hundred times slower than counts.

use jiff::Timestamp;
use lazaret_gateway::model::{Gateway, GoodsIx, PlaceIx};
use lazaret_sim::{CompileError, Model, Observer, Replication, World};
use lazaret_smc::random::Streams;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::time::GateTime;

use super::{Figures, Kernel, PLACES_MOST, date_of};

/// The kernel that steps the simulator from midnight to midnight.
#[derive(Debug)]
pub struct SimulatorKernel {
    model: Model,
    /// The end of each day on the gateway's clock.
    ends: Vec<GateTime>,
}

/// Values of the unknowns, known to make distributions.
#[derive(Clone, Debug)]
pub struct Unknowns(Vec<f64>);

/// Counts what arrives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrivals {
    convoys: u32,
    vehicles: u32,
}

impl Observer for Arrivals {
    fn happens(&mut self, _: Timestamp, happening: Happening) {
        if let Happening::ConvoyArrived { vehicles, .. } = happening {
            self.convoys += 1;
            self.vehicles += vehicles.len() as u32;
        }
    }
}

/// A replication in progress, with the figures of its day.
#[derive(Clone, Debug)]
pub struct Course<'m> {
    world: World<'m, Arrivals>,
    today: Figures,
}

impl SimulatorKernel {
    /// Compiles `gateway` for days 0 to `days - 1`.
    ///
    /// # Errors
    /// As the simulator's.
    pub fn new(gateway: &Gateway, days: usize) -> Result<Self, CompileError> {
        let mut gateway = gateway.clone();
        // The simulator stops where the file says; the watch may go on for longer.
        let needed = lazaret_vocabulary::time::Span::from_hours(24 * (days as i64 + 1));
        gateway.length = gateway.length.max(needed);
        let ends = (0..days)
            .map(|day| {
                let midnight = date_of(&gateway, day + 1)
                    .to_datetime(jiff::civil::Time::midnight())
                    .to_zoned_datetime(gateway.time_zone.clone());
                let instant = midnight.map_or(Timestamp::MAX, |zoned| zoned.timestamp());
                // What happens at midnight itself belongs to the day that begins.
                GateTime::from_micros(GateTime::of(instant, gateway.start).micros() - 1)
            })
            .collect();
        Ok(Self {
            model: Model::compile(&gateway)?,
            ends,
        })
    }

    fn finish_day(&self, course: &mut Course<'_>, day: usize) {
        let before = course.today;
        course.world.observer = Arrivals::default();
        if let Some(end) = self.ends.get(day) {
            course.world.advance(*end);
        }
        let gateway = self.model.gateway();
        let goods = (0..gateway.goods.len()).map(|at| GoodsIx(at as u16));
        let inside: i64 = goods.map(|goods| course.world.inside(goods)).sum();
        let inside = u32::try_from(inside).unwrap_or(0);
        let dispatched_total = course.world.dispatched() as u32;
        let mut today = Figures {
            convoys: course.world.observer.convoys,
            vehicles: course.world.observer.vehicles,
            inside,
            dispatched: dispatched_total - before.dispatched_total,
            dispatched_total,
            ..Figures::default()
        };
        // What an inspection refused in the day is missing here: lots that came are counted by what stayed or left.
        today.lots =
            (inside + dispatched_total).saturating_sub(before.inside + before.dispatched_total);
        for at in 0..gateway.places.len().min(PLACES_MOST) {
            let occupied = course.world.occupied(PlaceIx(at as u16));
            today.places[at] = u32::try_from(occupied).unwrap_or(0);
        }
        today.queue = u32::try_from(course.world.outside()).unwrap_or(0);
        course.today = today;
    }
}

/// The courses borrow the compiled model, so the kernel is a reference to it.
impl<'m> Kernel for &'m SimulatorKernel {
    type Fixed = Unknowns;
    type Population = Vec<Course<'m>>;

    fn fix(&self, unknowns: &[f64]) -> Result<Unknowns, String> {
        let mut world = World::new(&self.model, Arrivals::default());
        let replication = Replication::new(0, 0);
        world
            .start_with(replication, GateTime::START, unknowns.to_vec())
            .map_err(|error| error.to_string())?;
        Ok(Unknowns(unknowns.to_vec()))
    }

    fn start(&self, fixed: &Unknowns, count: usize, streams: &Streams) -> Vec<Course<'m>> {
        (0..count)
            .map(|i| {
                let mut rng = streams.particle(i);
                let mut world = World::new(&self.model, Arrivals::default());
                let replication = Replication::new(rng.bits(), rng.bits());
                let started = world.start_with(replication, GateTime::START, fixed.0.clone());
                assert!(
                    started.is_ok(),
                    "unknowns were tried before, yet {started:?}"
                );
                let mut course = Course {
                    world,
                    today: Figures::default(),
                };
                self.finish_day(&mut course, 0);
                course
            })
            .collect()
    }

    fn step(&self, _: &Unknowns, courses: &mut Vec<Course<'m>>, day: usize, streams: &Streams) {
        for (i, course) in courses.iter_mut().enumerate() {
            let mut rng = streams.particle(i);
            course
                .world
                .redraw_as(Replication::new(rng.bits(), rng.bits()));
            self.finish_day(course, day);
        }
    }

    fn select(&self, from: &Vec<Course<'m>>, ancestors: &[u32], into: &mut Vec<Course<'m>>) {
        lazaret_smc::model::select(from, ancestors, into);
    }

    fn today(&self, courses: &Vec<Course<'m>>, index: usize) -> Figures {
        courses[index].today
    }
}
