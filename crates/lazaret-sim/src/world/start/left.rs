//! When what is under way ends, and when sources and dispatches are due next.

use lazaret_gateway::distribution::Distribution;
use lazaret_gateway::random::mix;

use super::Hand;
use crate::draws::micros;
use crate::index::DrawIx;
use crate::model::DueM;
use crate::observer::Observer;
use crate::situation::{DuePlan, Start};
use crate::world::{ConvoyS, Kind, World};

/// Recurrences of a source or dispatch that are passed over at most to come to the present.
const CAUGHT_UP: u32 = 1_000_000;

impl<O: Observer> World<'_, O> {
    /// Convoys under way, and when sources and dispatches are due next.
    pub(super) fn restore_recurrences(&mut self, start: &Start, hand: &mut Hand) {
        let model = self.model;
        for (s, plan) in start.sources.iter().enumerate() {
            if let Some(fleet) = model.sources[s].fleet {
                let fleet = self.draws.whole(fleet, 0);
                self.sources[s].fleet = fleet;
                self.sources[s].home = (fleet - plan.out).max(0);
            }
            let (nth, before, at) = self.next_due(hand, &model.sources[s].due, plan);
            self.sources[s].due = nth;
            self.sources[s].before = before;
            self.sources[s].last_due = plan.since.unwrap_or(0);
            hand.recur(plan, s, at, Kind::Due);
        }
        for (d, plan) in start.departures.iter().enumerate() {
            let (nth, before, at) = self.next_due(hand, &model.dispatches[d].due, plan);
            self.dispatches[d].due = nth;
            self.dispatches[d].before = before;
            self.dispatches[d].last_due = plan.since.unwrap_or(0);
            hand.recur(plan, model.sources.len() + d, at, Kind::Departure);
            if let Some(last) = hand.pending.last_mut()
                && last.4 == Kind::Departure
                && last.5 == model.sources.len() + d
            {
                last.5 = d;
            }
        }
        for (nth, plan) in start.convoys.iter().enumerate() {
            let source = &model.sources[usize::from(plan.source)];
            let at = match plan.arrives {
                Some(arrives) => arrives.max(self.now),
                None => {
                    let counter = mix(u64::from(plan.number));
                    self.now
                        + self.rest_of(hand, Some(source.travel), counter, self.now - plan.sent)
                }
            };
            self.convoys.push(ConvoyS {
                source: plan.source,
                number: plan.number,
                vehicles: plan.vehicles,
                sent: plan.sent,
            });
            let convoy = self.convoys.len() - 1;
            hand.pending
                .push((plan.turn, plan.sent, nth, at, Kind::Arrival, convoy));
        }
        for (s, plan) in start.sources.iter().enumerate() {
            self.sources[s].held = plan.held;
            if let Some(number) = plan.short {
                let vehicles = self
                    .draws
                    .whole(model.sources[s].vehicles, mix(u64::from(number)))
                    .min(i64::from(u16::MAX));
                self.sources[s].short = Some((number, vehicles));
                self.send_short(s);
            }
            if self.sources[s].held.is_some() && !self.wait_for_opening(s) {
                self.source_reopened(s);
            }
        }
    }

    /// Number of the next recurrence, that of the first in its timetable, and when the next is.
    fn next_due(&mut self, hand: &mut Hand, due: &DueM, plan: &DuePlan) -> (u32, u32, Option<i64>) {
        match due {
            DueM::Table(due) => {
                let after = self.now.max(plan.since.unwrap_or(self.now));
                let nth = due.partition_point(|&at| at <= after);
                // Those that were before the run began keep their numbers.
                let number = plan.nth.max(nth as u32);
                (number, number - nth as u32, due.get(nth).copied())
            }
            DueM::Every { interval, first } => {
                let (mut nth, mut since) = (plan.nth, plan.since.unwrap_or(0));
                if plan.since.is_none() && nth > 0 {
                    // Nobody knows when the last one was: the clock starts now.
                    since = self.now;
                }
                let draw = first.filter(|_| nth == 0).unwrap_or(*interval);
                let elapsed = self.now - since;
                let before = hand.notes.overdue;
                let counter = mix(u64::from(nth));
                let left = self.rest_of(hand, Some(draw), counter, elapsed);
                if hand.notes.overdue == before {
                    return (nth, 0, Some(self.now.max(since) + left));
                }
                // It has been longer than the file says it can be: some were not recorded. They are passed over.
                for _ in 0..CAUGHT_UP {
                    let draw = first.filter(|_| nth == 0).unwrap_or(*interval);
                    since += self.draws.micros(draw, mix(u64::from(nth))).max(1);
                    if since > self.now {
                        break;
                    }
                    nth += 1;
                }
                (nth, 0, Some(since.max(self.now)))
            }
        }
    }

    /// What is left, in microseconds, of what `draw` says under `counter` if `elapsed` of it is over.
    pub(super) fn rest_of(
        &mut self,
        hand: &mut Hand,
        draw: Option<DrawIx>,
        counter: u64,
        elapsed: i64,
    ) -> i64 {
        let Some(draw) = draw else {
            return 0;
        };
        if elapsed <= 0 {
            return self.draws.micros(draw, counter);
        }
        let model = &self.model.draws[draw.at()];
        let distribution = hand.resolved[draw.at()].get_or_insert_with(|| {
            // It was resolved when the replication was set up, so that it can be.
            let resolved = model.quantity.resolve(&self.unknowns);
            resolved.unwrap_or(Distribution::Constant { value: 0.0 })
        });
        let total = if let Distribution::Constant { .. } = distribution {
            Some(self.draws.micros(draw, counter)).filter(|&total| total > elapsed)
        } else {
            let u = self.draws.uniform(draw, counter);
            distribution
                .longer_than(elapsed as f64 / 1e6, u)
                .map(micros)
        };
        match total {
            Some(total) => (total - elapsed).max(0),
            None => {
                hand.notes.overdue += 1;
                0
            }
        }
    }
}
