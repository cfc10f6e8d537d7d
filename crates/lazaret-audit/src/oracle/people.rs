//! Who may say what, who may work, and who had what in hand.

use lazaret_vocabulary::event::entry::{Entry as E, PersonName, Role};
use lazaret_vocabulary::event::rules::Side;
use lazaret_vocabulary::event::{Event, Happening as H, Thing};

use super::{At, Oracle, Told, crew_of, present, secs, spot_of, us};
use crate::record::Record;

impl Oracle {
    pub(super) fn said_by_people(&self, what: &H) -> bool {
        !matches!(
            what,
            H::LotReleased { .. }
                | H::HoldStarted { .. }
                | H::HoldRestarted { .. }
                | H::Entry(
                    E::TreatmentJudged { .. }
                        | E::TreatmentVoided { .. }
                        | E::DiscrepancyFound { .. }
                        | E::LotFrozen { .. }
                        | E::LotRecalled { .. }
                        | E::ExceptionOpened { .. }
                        | E::Worked { .. }
                        | E::Corrected { .. }
                        | E::WarningAcknowledged { .. }
                        | E::ClockCredited { .. }
                )
        )
    }

    /// Whether there is no administrator yet.
    pub(super) fn founding(&self) -> bool {
        let mut people = self.people.values();
        !people.any(|person| person.roles.contains(&Role::Administrator))
    }

    pub(super) fn role(&mut self, by: &str, what: &H) {
        use Role as R;
        let roles: &[R] = match what {
            H::LotLoaded { .. } | H::Departed { .. } => &[R::Dispatcher],
            H::LotDestroyed { .. } | H::Entry(E::ExceptionClosed { .. }) => &[R::ChiefOfficer],
            H::Entry(
                E::Signed { .. }
                | E::SignatureWithdrawn { .. }
                | E::CreditAsked { .. }
                | E::ResultEntered { .. },
            )
            | H::LotInspected { .. }
            | H::LotSentBack { .. } => &[R::QuarantineOfficer, R::ChiefOfficer],
            H::TreatmentStarted { .. } | H::TreatmentEnded { .. } | H::VehicleWashed { .. } => {
                &[R::DisinfectionLead, R::Crew]
            }
            H::VehicleReleased { .. } | H::ConvoyArrived { .. } => &[R::YardMaster, R::Gate],
            H::LotStored { .. } | H::LotUnloaded { .. } => &[R::YardMaster, R::Crew],
            // An empty ledger belongs to whoever sets its rules and appoints its first administrator.
            H::Entry(E::RulesAdopted { .. } | E::PersonAppointed { .. }) if self.founding() => {
                return;
            }
            H::Entry(
                E::RulesAdopted { .. }
                | E::RulesProposed { .. }
                | E::ProtocolAdopted { .. }
                | E::ProtocolProposed { .. },
            ) => &[R::Administrator, R::ChiefOfficer],
            H::Entry(E::PersonAppointed { .. }) => &[R::Administrator],
            H::Entry(E::PersonCleared { .. } | E::ClearanceLapsed { .. }) => {
                &[R::Administrator, R::QuarantineOfficer, R::ChiefOfficer]
            }
            _ => return,
        };
        let own = self
            .people
            .get(by)
            .map(|p| p.roles.clone())
            .unwrap_or_default();
        self.must("R1", own.iter().any(|role| roles.contains(role)), || {
            format!("{by} may not say {what:?}")
        });
    }

    /// People, their clearances, shifts and sickness.
    pub(super) fn of_people(&mut self, entry: &E, told: Told<'_>) {
        let Told { record, now, .. } = told;
        match entry {
            E::PersonAppointed { person, roles } => {
                self.people.entry(person.to_string()).or_default().roles = roles.clone();
            }
            E::PersonCleared {
                person,
                until,
                agents,
            } => {
                let row = self.people.entry(person.to_string()).or_default();
                row.until = us(*until);
                row.lapsed = false;
                row.agents = agents.iter().map(ToString::to_string).collect();
            }
            E::ClearanceLapsed { person, .. } => {
                let row = self.people.entry(person.to_string()).or_default();
                row.until = row.until.min(now);
                row.lapsed = true;
            }
            E::PersonShiftStarted { person } => {
                let rest = self
                    .rules
                    .as_ref()
                    .map_or(0, |rules| secs(rules.people.rest_s));
                let row = self
                    .people
                    .get(person.as_str())
                    .cloned()
                    .unwrap_or_default();
                let slack = self.slack;
                let rested = row
                    .ended
                    .is_none_or(|ended| ended.saturating_add(rest) <= now.saturating_add(slack));
                self.must(
                    "P1",
                    rested && row.until > now.saturating_sub(slack),
                    || format!("{person} must rest"),
                );
            }
            E::PersonShiftEnded { person } => {
                self.people.entry(person.to_string()).or_default().ended = Some(now);
            }
            E::PersonPassedGate { person } => {
                self.people.entry(person.to_string()).or_default().dirty = false;
            }
            E::PersonReportedSick {
                person,
                since,
                exception,
            } => {
                let row = self.people.entry(person.to_string()).or_default();
                row.until = row.until.min(now);
                self.exceptions.insert(exception.to_string(), true);
                let since = us(*since);
                let seeds: Vec<(String, i64)> = self
                    .lots
                    .iter()
                    .filter_map(|(lot, row)| {
                        let first = row
                            .hands
                            .iter()
                            .filter(|(who, at, _)| who == person.as_str() && *at >= since)
                            .map(|(_, at, _)| *at)
                            .min()?;
                        (present(row.at) || row.released && row.at != At::Destroyed)
                            .then(|| (lot.clone(), first))
                    })
                    .collect();
                self.stopped_in(record, &seeds, exception.as_str(), "P3");
            }
            _ => {}
        }
    }

    /// Whether a signature of theirs still counts.
    pub(super) fn stands(&self, person: &str) -> bool {
        self.people.get(person).is_some_and(|row| {
            let officer = row
                .roles
                .iter()
                .any(|role| matches!(role, Role::QuarantineOfficer | Role::ChiefOfficer));
            officer && !row.lapsed
        })
    }

    pub(super) fn cleared(&mut self, person: &str, now: i64) {
        let row = self.people.get(person).cloned().unwrap_or_default();
        let now = now.saturating_sub(self.slack);
        self.must("P1", row.until > now, || format!("{person} is not cleared"));
    }

    /// Who begins work must be cleared and on the right side of the wall.
    pub(super) fn worker(&mut self, event: &Event, record: &Record, now: i64) {
        let (spot, lot) = match &event.happening {
            H::LotStored { spot, .. } => (Some(spot_of(spot)), None),
            H::TreatmentStarted { lot, .. }
            | H::InspectionStarted { lot, .. }
            | H::LotLoaded { lot, .. }
            | H::Entry(E::SampleTaken { lot, .. }) => {
                let spot = self.lots.get(lot.as_str()).and_then(|row| row.spot.clone());
                (spot, Some(lot))
            }
            H::UnloadingStarted { vehicle, .. } | H::VehicleWashed { vehicle } => {
                let row = self.vehicles.get(vehicle.as_str());
                (row.and_then(|row| row.spot.clone()), None)
            }
            _ => (None, None),
        };
        let side = spot
            .as_ref()
            .and_then(|spot| self.place(&spot.0))
            .map(|rule| rule.side);
        let gate = self.rules.as_ref().is_some_and(|rules| rules.people.gate);
        for person in crew_of(record) {
            self.cleared(&person, now);
            let dirty = self.people.get(&person).is_some_and(|p| p.dirty);
            self.must("P2", !(gate && side == Some(Side::Clean) && dirty), || {
                format!("{person} came from the dirty side")
            });
            // Loading takes a lot out of its place: nobody is then on either side.
            let loads = matches!(event.happening, H::LotLoaded { .. });
            if !loads && side.is_some_and(|side| side != Side::Clean) {
                self.people.entry(person).or_default().dirty = true;
            }
        }
        let _ = lot;
    }

    pub(super) fn hand(&mut self, lot: &str, person: &str, at: i64, judged: bool) {
        let at = at.min(self.last);
        let row = self.lots.entry(lot.into()).or_default();
        row.hands.push((person.into(), at, judged));
    }

    /// Whoever says it did it, unless it is said who did.
    pub(super) fn hands(&mut self, lot: &str, record: &Record, at: i64) {
        for person in crew_of(record) {
            self.hand(lot, &person, at, false);
        }
    }

    /// Who worked.
    pub(super) fn worked(&mut self, thing: &Thing, people: &[PersonName], told: Told<'_>) {
        let Thing::Lot(lot) = thing else {
            return;
        };
        let judged = told.record.events.iter().any(|event| {
            matches!(
                event.happening,
                H::TreatmentStarted { .. }
                    | H::TreatmentEnded { .. }
                    | H::InspectionStarted { .. }
                    | H::LotInspected { .. }
                    | H::Entry(
                        E::TreatmentDosed { .. } | E::TreatmentRead { .. } | E::SampleTaken { .. }
                    )
            )
        });
        for person in people {
            self.hand(lot.as_str(), person.as_str(), told.at, judged);
        }
    }
}
