//! Bringing what was recorded under a wrong clock to the right time.

use lazaret_vocabulary::event::rules::Contact;

use super::rows::{Lot, Touched};
use super::{Flag, LotStage, OpenTreatment, Pause, State, micros, timestamp};
use crate::clock::Retiming;
use crate::index::{EpisodeIx, LotIx};

/// Lots that a wrong clock treated too well.
#[derive(Debug, Default)]
pub(crate) struct Wronged {
    /// Released, or gone inland, before their clock had run.
    pub(crate) released: Vec<LotIx>,
    /// Their treatment would end after now: it was shorter than it seemed.
    pub(crate) treated: Vec<LotIx>,
    /// They joined others in a mixing place while it seemed that nobody had been there for long.
    pub(crate) mixed: Vec<LotIx>,
}

impl State {
    /// When the hold of a lot would end, if each of its stamps became what `of` makes of it.
    fn earliest_by(&self, row: &Lot, of: impl Fn(i64) -> i64) -> i64 {
        let mut row = row.clone();
        retime_hold(&mut row, of);
        self.earliest(&row)
    }

    /// Lots that profited from a wrong clock.
    pub(crate) fn wronged(&self, retiming: &Retiming) -> Wronged {
        let mut wronged = Wronged::default();
        let ahead = retiming.right < retiming.was;
        for lot in self.lots.keys() {
            let row = self.lot(lot);
            let present = row.stage.present();
            if row.is(Flag::Released) && present {
                let earliest = self.earliest_by(row, |stamp| retiming.of(stamp));
                if earliest > retiming.right {
                    wronged.released.push(lot);
                }
            }
            if row.stage == LotStage::Departed
                && !row.is(Flag::Recalled)
                && let Some(departure) = row.departure
                && let Some(left) = self.departures[departure].left
                && self.earliest_by(row, |stamp| retiming.truly(stamp)) > retiming.truly(left)
            {
                wronged.released.push(lot);
            }
            if present && ahead && row.treated != 0 && row.treated_at > retiming.right {
                wronged.treated.push(lot);
            }
            let mixing = row.unit.is_some_and(|unit| {
                self.place_rule(self.units[unit].place)
                    .is_some_and(|rule| rule.contact == Contact::Mixing)
            });
            if present && ahead && mixing {
                let came = self.visits_of(lot).next().map(|(_, visit)| visit.from);
                if came.is_some_and(|came| came > retiming.right) {
                    wronged.mixed.push(lot);
                }
            }
        }
        wronged
    }

    /// Moves every stamp to the right time, and goes by that from here on.
    pub(crate) fn retime(&mut self, retiming: &Retiming) {
        let of = |stamp: i64| retiming.of(stamp);
        let move_some = |stamp: &mut Option<i64>| *stamp = stamp.map(of);
        for row in &mut self.lots {
            retime_hold(row, of);
            row.entered = of(row.entered);
            (row.came, row.since, row.doubt_at) = (of(row.came), of(row.since), of(row.doubt_at));
            row.base = row.base.map(of);
            row.treated_at = of(row.treated_at);
        }
        move_some(&mut self.founded);
        move_some(&mut self.went_live);
        for claim in self.stock.values_mut() {
            claim.recorded = of(claim.recorded);
            move_some(&mut claim.held_from);
            let ends = claim.treatments.iter_mut().map(|(_, to)| to);
            ends.for_each(|to| *to = of(*to));
            let taken = claim.tests.iter_mut().map(|(_, at)| at);
            taken.for_each(|at| *at = of(*at));
        }
        for row in &mut self.manifests {
            row.announced = of(row.announced);
        }
        for row in &mut self.vehicles {
            row.arrived = of(row.arrived);
            (row.came, row.since) = (of(row.came), of(row.since));
            row.emptied_at = of(row.emptied_at);
            move_some(&mut row.washed);
        }
        for row in &mut self.convoys {
            move_some(&mut row.arrived);
        }
        for row in &mut self.departures {
            move_some(&mut row.left);
        }
        for row in &mut self.proposals {
            row.at = of(row.at);
        }
        for row in &mut self.samples {
            row.taken = of(row.taken);
        }
        for row in &mut self.exceptions {
            row.opened_at = of(row.opened_at);
        }
        for row in &mut self.people {
            move_some(&mut row.shift_ended);
        }
        for row in &mut self.handlers {
            row.at = of(row.at);
        }
        for treatment in self.treatments.values_mut() {
            retime_treatment(treatment, retiming);
        }
        self.contacts.retime(of);
        self.keys.retime(|at| retiming.of_key(at));
        self.recorded_at = retiming.right;
        self.tie_again(retiming.was, retiming.right);
        self.clock.doubt = None;
        self.clock.stated = None;
        self.merge_episodes();
        self.recheck_tests();
        for lot in self.lots.keys() {
            let row = self.lot(lot);
            if row.stage.present() {
                if row.signatures > 0 && self.earliest(row) > retiming.right {
                    self.unrelease(lot);
                }
                self.reindex(lot);
            }
        }
    }

    /// Tests whose samples were taken too early by the right time are no longer passed.
    fn recheck_tests(&mut self) {
        for number in self.samples.keys() {
            let sample = self.samples[number].clone();
            for lot in self.whole(sample.lot) {
                if self.lot(lot).stage.present()
                    && self.protocol_of(self.lot(lot)).is_some()
                    && !self.sample_counts(&sample, lot)
                {
                    self.lots[lot].tests_passed &= !sample.test.bit();
                }
            }
        }
    }

    /// Joins stays on a surface that a wrong clock kept apart: by the right time no pause between them was long enough.
    fn merge_episodes(&mut self) {
        let units = self.units.keys().map(Touched::Unit);
        let people = self.people.keys().map(Touched::Person);
        let surfaces: Vec<Touched> = units.chain(people).collect();
        for surface in surfaces {
            let tail = self.tail(surface);
            let mut episodes = self.episodes_of(surface).to_vec();
            episodes.sort_by_key(|&e| (self.episode_from(e), e));
            let mut kept: Vec<EpisodeIx> = Vec::with_capacity(episodes.len());
            for episode in episodes {
                let joins = kept.last().copied().filter(|&before| {
                    let from = self.episode_from(episode);
                    self.contacts.reaches(before, from, tail)
                });
                match joins {
                    Some(before) => self.contacts.merge(episode, before),
                    None => kept.push(episode),
                }
            }
            match surface {
                Touched::Unit(unit) => self.units[unit].episodes = kept,
                Touched::Person(person) => self.people[person].episodes = kept,
                Touched::Vehicle(_) | Touched::Seen => {}
            }
        }
    }
}

/// What a hold becomes. An end that somebody put off never comes nearer.
fn retime_hold(row: &mut Lot, of: impl Fn(i64) -> i64) {
    let (clock, floor) = (row.clock.map(&of), of(row.floor));
    let began = row.clock.unwrap_or(row.floor);
    let moved = of(began).saturating_sub(began);
    let own = |since: i64| since.saturating_add(row.hold_us);
    row.until = match (row.clock, clock) {
        _ if row.until == i64::MIN => row.until,
        (Some(before), Some(after)) if row.until <= own(before) => own(after),
        _ => row.until.saturating_add(moved.max(0)),
    };
    (row.clock, row.floor) = (clock, floor);
}

/// What a treatment in hand becomes. One that would have gone on after now begins anew: nobody knows for how long it did.
fn retime_treatment(treatment: &mut OpenTreatment, retiming: &Retiming) {
    let right = retiming.right;
    let stamps = (treatment.readings.iter().map(|reading| micros(reading.at)))
        .chain((treatment.pauses.iter()).flat_map(|pause| [pause.from].into_iter().chain(pause.to)))
        .chain([treatment.from, treatment.dosed]);
    let late = stamps.into_iter().any(|stamp| stamp > right);
    if late && right < retiming.was {
        let paused = treatment
            .pauses
            .last()
            .is_some_and(|pause| pause.to.is_none());
        treatment.pauses = if paused {
            vec![Pause {
                from: right,
                to: None,
            }]
        } else {
            Vec::new()
        };
        treatment.readings.clear();
        (treatment.from, treatment.dosed) = (right, right);
    }
    for stamp in [
        &mut treatment.from,
        &mut treatment.recorded,
        &mut treatment.dosed,
    ] {
        *stamp = retiming.of(*stamp);
    }
    for pause in &mut treatment.pauses {
        pause.from = retiming.of(pause.from);
        pause.to = pause.to.map(|to| retiming.of(to));
    }
    for reading in &mut treatment.readings {
        // One may be dated a little ahead.
        reading.at = timestamp(retiming.of(micros(reading.at).min(retiming.was)));
    }
}
