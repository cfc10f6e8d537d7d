//! Time figures that count what is still inside when a replication ends.
//!
//! [`Measurements`](super::Measurements) only cover what got through. A condition such as "95 of 100 lots within
//! 12 hours" must not be kept by a place that locked up with nearly everything inside, so these figures count what is
//! still there as lasting at least as long as its age.

use lazaret_gateway::model::Gateway;

use super::{State, Thing, VEHICLE, World};
use crate::metrics::{goods, lots, step, vehicle};
use crate::model::{Model, NO_PLACE};
use crate::observer::Observer;
use crate::statistics::Durations;
use crate::survival::Survival;

impl<O: Observer> World<'_, O> {
    /// Lots of all classes that are in the gateway now, waiting outside or placed.
    #[must_use]
    pub fn lots(&self) -> u64 {
        self.inside.now().max(0) as u64
    }

    /// Lots that wait now: for their turn to be unloaded, for room, outside or in a slot that they hold up, for a place
    /// to open, for crew or equipment, or for a departure. Lots in work or in a hold do not. Looks at every vehicle and lot: for a few times
    /// a run.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        let waits = |thing: &&Thing| match thing.state {
            State::WaitTurn | State::WaitRoom | State::WaitWork | State::Ready => true,
            // A hold that leads straight to a departure makes no event when it ends.
            State::InService => !thing.is(VEHICLE) && thing.due < self.now,
            _ => false,
        };
        let lots = |thing: &Thing| {
            if thing.is(VEHICLE) {
                u64::from(thing.lots)
            } else {
                1
            }
        };
        self.things.iter().filter(waits).map(lots).sum()
    }

    /// Convoys of each source that were due since the warm-up and did not run because too few vehicles were at home.
    pub fn without_vehicles(&self) -> impl Iterator<Item = u64> + '_ {
        self.sources.iter().map(|source| source.without_vehicles)
    }
}

/// Whose durations a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Lots,
    Goods(usize),
    Wait(usize),
    TurnRound,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Figure {
    Mean,
    Quantile(f64),
    Max,
}

/// Which metrics have a figure that counts what is still inside, and their values. Kept from replication to
/// replication.
#[derive(Clone, Debug)]
pub struct StillInside {
    figures: Vec<(usize, Of, Figure)>,
    goods: Vec<Vec<i64>>,
    waits: Vec<Vec<i64>>,
    vehicles: Vec<i64>,
    all: Durations,
}

impl StillInside {
    /// Finds these metrics among those of `model`: times in the gateway, waits, and turn-rounds of vehicles.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let gateway: &Gateway = model.gateway();
        let mut figures = Vec::new();
        let mut add = |of: Of, figure: Figure, name: &str| {
            let at = model.metrics().position(name);
            figures.extend(at.map(|at| (at, of, figure)));
        };
        for (name, figure) in [
            (lots::TIME_IN_GATEWAY_MEAN, Figure::Mean),
            (lots::TIME_IN_GATEWAY_P50, Figure::Quantile(0.5)),
            (lots::TIME_IN_GATEWAY_P95, Figure::Quantile(0.95)),
            (lots::TIME_IN_GATEWAY_MAX, Figure::Max),
        ] {
            add(Of::Lots, figure, name.name());
        }
        for (g, class) in gateway.goods.iter().enumerate() {
            for (name, figure) in [
                (goods::TIME_IN_GATEWAY_MEAN, Figure::Mean),
                (goods::TIME_IN_GATEWAY_P50, Figure::Quantile(0.5)),
                (goods::TIME_IN_GATEWAY_P95, Figure::Quantile(0.95)),
                (goods::TIME_IN_GATEWAY_MAX, Figure::Max),
            ] {
                add(Of::Goods(g), figure, &name.of(&class.name));
            }
        }
        for (s, one) in gateway.steps.iter().enumerate() {
            add(Of::Wait(s), Figure::Mean, &step::WAIT_MEAN.of(&one.name));
            let late = Figure::Quantile(0.95);
            add(Of::Wait(s), late, &step::WAIT_P95.of(&one.name));
        }
        for (name, figure) in [
            (vehicle::TURN_ROUND_MEAN, Figure::Mean),
            (vehicle::TURN_ROUND_P95, Figure::Quantile(0.95)),
        ] {
            add(Of::TurnRound, figure, name.name());
        }
        StillInside {
            figures,
            goods: vec![Vec::new(); gateway.goods.len()],
            waits: vec![Vec::new(); gateway.steps.len()],
            vehicles: Vec::new(),
            all: Durations::default(),
        }
    }

    /// Positions of these metrics, in the order of the values that [`StillInside::measure`] gives.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        self.figures.iter().map(|figure| figure.0)
    }

    /// Appends the figures of `world`, which has come to its end, in hours: infinity where too many are still inside
    /// that the figure cannot be known, NaN where there was nothing to measure.
    pub fn measure<O: Observer>(&mut self, world: &World<'_, O>, values: &mut Vec<f64>) {
        self.collect(world);
        self.all.clear();
        for goods in &world.goods {
            self.all.merge(&goods.time);
        }
        let mut everything: Vec<i64> = self.goods.concat();
        let mut last: Option<(Of, Survival)> = None;
        for &(_, of, figure) in &self.figures {
            if last.as_ref().is_none_or(|known| known.0 != of) {
                let curve = match of {
                    Of::Lots => Survival::of(&self.all, &mut everything),
                    Of::Goods(g) => Survival::of(&world.goods[g].time, &mut self.goods[g]),
                    Of::Wait(s) => Survival::of(&world.steps[s].wait, &mut self.waits[s]),
                    Of::TurnRound => Survival::of(&world.turn_round, &mut self.vehicles),
                };
                last = Some((of, curve));
            }
            let Some((_, curve)) = &last else { continue };
            values.push(match figure {
                Figure::Mean => curve.mean(),
                Figure::Quantile(p) => curve.quantile(p),
                Figure::Max => curve.max(),
            });
        }
    }

    /// Collects the ages of what is there.
    fn collect<O: Observer>(&mut self, world: &World<'_, O>) {
        self.goods.iter_mut().for_each(Vec::clear);
        self.waits.iter_mut().for_each(Vec::clear);
        self.vehicles.clear();
        for thing in world.things.iter().filter(|t| t.state != State::Free) {
            let age = world.now - thing.arrived;
            if thing.is(VEHICLE) {
                self.vehicles.push(age);
                // Lots that are off it are things of their own, and a vehicle on its way home has none.
                if !matches!(thing.state, State::Hosting | State::Returning) {
                    for lot in 0..thing.lots {
                        let source = world.model.legs[thing.leg].source;
                        let class = world.lot_class(source, thing.entity, lot, thing.goods);
                        self.goods[usize::from(class)].push(age);
                    }
                }
            } else {
                self.goods[usize::from(thing.goods)].push(age);
            }
            let step = world.model.legs[thing.leg].step;
            let waits = matches!(
                thing.state,
                State::WaitRoom | State::WaitWork | State::Ready
            ) && !thing.is(super::PAUSED);
            if waits && step != NO_PLACE {
                self.waits[usize::from(step)].push(world.now - thing.since);
            }
        }
    }
}
