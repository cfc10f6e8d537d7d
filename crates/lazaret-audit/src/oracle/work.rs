//! Work: who may do it, and who had what in hand.

use lazaret_vocabulary::event::entry::{Entry as E, PersonName};
use lazaret_vocabulary::event::rules::Side;
use lazaret_vocabulary::event::{Finding, Happening as H, LotId, Thing, VehicleId};

use super::{Oracle, Told, crew_of, spot_of};
use crate::visits::Visit;

/// Work on a lot or a vehicle.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    lot: Option<&'a LotId>,
    vehicle: Option<&'a VehicleId>,
    /// It treats or tests: who does it judges nothing of the lot later.
    judged: bool,
    /// It begins: who does it must be cleared. What was begun is recorded to its end.
    begins: bool,
}

impl<'a> Job<'a> {
    /// The work that something is, if it is any.
    fn of(what: &'a H) -> Option<Job<'a>> {
        let on_lot = |lot, judged, begins| {
            Some(Job {
                lot: Some(lot),
                vehicle: None,
                judged,
                begins,
            })
        };
        match what {
            H::TreatmentStarted { lot, .. }
            | H::InspectionStarted { lot, .. }
            | H::Entry(E::SampleTaken { lot, .. }) => on_lot(lot, true, true),
            H::TreatmentEnded { lot, .. }
            | H::Entry(E::TreatmentDosed { lot, .. } | E::TreatmentRead { lot, .. }) => {
                on_lot(lot, true, false)
            }
            H::LotInspected { lot, finding, .. } => on_lot(lot, true, *finding == Finding::Pass),
            H::LotUnloaded { lot, .. }
            | H::LotStored { lot, .. }
            | H::LotSent { lot, .. }
            | H::LotLoaded { lot, .. }
            | H::Entry(E::LotCounted { lot, .. } | E::LotSplit { lot, .. }) => {
                on_lot(lot, false, true)
            }
            H::UnloadingStarted { vehicle, .. }
            | H::VehicleWashed { vehicle }
            | H::VehicleStepStarted { vehicle, .. } => Some(Job {
                lot: None,
                vehicle: Some(vehicle),
                judged: false,
                begins: true,
            }),
            _ => None,
        }
    }
}

impl Oracle {
    /// The side of the wall on which a thing stands, if it stands anywhere.
    fn side_of(&self, lot: Option<&str>, vehicle: Option<&str>) -> Option<Side> {
        let lot = lot.and_then(|lot| self.lots.get(lot)?.spot.as_ref());
        let vehicle = || self.vehicles.get(vehicle?)?.spot.as_ref();
        let (place, _) = lot.or_else(vehicle)?;
        Some(self.place(place)?.side)
    }

    /// Who begins work is cleared and on the right side of the wall.
    pub(super) fn able(&mut self, told: Told<'_>) {
        let what = &told.event.happening;
        let Some(job) = Job::of(what).filter(|job| job.begins) else {
            return;
        };
        let side = match what {
            H::LotStored { spot, .. } => self.place(&spot_of(spot).0).map(|rule| rule.side),
            _ => self.side_of(
                job.lot.map(LotId::as_str),
                job.vehicle.map(VehicleId::as_str),
            ),
        };
        let gate = self.rules.as_ref().is_some_and(|rules| rules.people.gate);
        for person in crew_of(told.record) {
            self.cleared(&person, told.now);
            let dirty = self.people.get(&person).is_some_and(|row| row.dirty);
            self.must("P2", !(gate && side == Some(Side::Clean) && dirty), || {
                format!("{person} came from the dirty side")
            });
        }
    }

    /// Who did it, once it is done.
    pub(super) fn did(&mut self, told: Told<'_>) {
        if let H::Entry(E::Worked { thing, people }) = &told.event.happening {
            let jobs = told.record.events.iter();
            let judged = jobs
                .filter_map(|event| Job::of(&event.happening))
                .any(|job| job.judged);
            self.handled(thing, people, judged, told);
            return;
        }
        let Some(job) = Job::of(&told.event.happening) else {
            return;
        };
        // Whoever says it did it, unless it is said who did; who treats or tests and says so had it in hand as well.
        let named = told
            .record
            .events
            .iter()
            .any(|event| matches!(event.happening, H::Entry(E::Worked { .. })));
        if named && !job.judged {
            return;
        }
        let thing = match (job.lot, job.vehicle) {
            (Some(lot), _) => Thing::Lot(lot.clone()),
            (None, Some(vehicle)) => Thing::Vehicle(vehicle.clone()),
            (None, None) => return,
        };
        let by = std::slice::from_ref(&told.record.by);
        self.handled(&thing, by, job.judged, told);
    }

    fn handled(&mut self, thing: &Thing, people: &[PersonName], judged: bool, told: Told<'_>) {
        let (lot, vehicle) = match thing {
            Thing::Lot(lot) => (Some(lot.as_str()), None),
            Thing::Vehicle(vehicle) => (None, Some(vehicle.as_str())),
            Thing::Convoy(_) => return,
        };
        let side = self.side_of(lot, vehicle);
        let dirty = side.is_some_and(|side| side != Side::Clean);
        let traced = (self.rules.as_ref()).is_some_and(|r| r.people.contact_tail_s.is_some());
        for person in people {
            if dirty {
                self.people.entry(person.to_string()).or_default().dirty = true;
            }
            let Some(lot) = lot else {
                continue;
            };
            self.hand(lot, person.as_str(), told.at, judged);
            if traced {
                self.stays(Visit {
                    lot: lot.to_owned(),
                    surface: format!("person {person}"),
                    from: told.at.min(told.now),
                    to: told.now,
                    record: self.seq,
                });
            }
        }
    }

    pub(super) fn hand(&mut self, lot: &str, person: &str, at: i64, judged: bool) {
        let at = at.min(self.last);
        let row = self.lots.entry(lot.into()).or_default();
        row.hands.push((person.into(), at, judged));
    }
}
