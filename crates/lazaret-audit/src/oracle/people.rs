//! Who may say what, who may work, and who had what in hand.

use lazaret_vocabulary::event::Happening as H;
use lazaret_vocabulary::event::entry::{Entry as E, PersonName, Role};

use super::{At, Oracle, Person, Told, present, secs, us};
use crate::say::{event as event_words, instant};

/// Who may clear others.
const CLEAR: &[Role] = &[
    Role::Administrator,
    Role::QuarantineOfficer,
    Role::ChiefOfficer,
];

impl Oracle {
    /// Whether there is no administrator yet.
    pub(super) fn founding(&self) -> bool {
        let mut people = self.people.values();
        !people.any(|person| person.roles.contains(&Role::Administrator))
    }

    /// Rule R1: each role does its own work only.
    pub(super) fn role(&mut self, by: &str, what: &H) {
        // An empty ledger belongs to whoever sets its rules and appoints its first administrator.
        let founds = matches!(
            what,
            H::Entry(E::RulesAdopted { .. } | E::PersonAppointed { .. })
        );
        if founds && self.founding() {
            return;
        }
        let roles = may_say(what);
        // What stands around something that is said, and what the ledger says by itself.
        let around = matches!(
            what,
            H::Entry(
                E::Corrected { .. }
                    | E::WarningAcknowledged { .. }
                    | E::Worked { .. }
                    | E::TimeDoubted { .. }
            )
        );
        // A release that nobody signed is named as that.
        if around || matches!(what, H::LotReleased { .. }) {
            return;
        }
        let own = self.people.get(by).map_or(&[][..], |row| &row.roles);
        let may = own.iter().any(|role| roles.contains(role));
        self.must("R1", may, || {
            format!("{by} may not record {}", event_words(what))
        });
    }

    /// People, their clearances, shifts and sickness.
    pub(super) fn of_people(&mut self, entry: &E, told: Told<'_>) {
        let Told { record, now, .. } = told;
        match entry {
            E::PersonAppointed { person, roles } => {
                let others = (self.people.iter()).any(|(name, row)| {
                    name != person.as_str() && row.roles.contains(&Role::Administrator)
                });
                let stays = others || roles.contains(&Role::Administrator);
                self.must("R1", stays, || {
                    format!("nobody would administer but {person}")
                });
                self.people.entry(person.to_string()).or_default().roles = roles.clone();
            }
            E::PersonCleared {
                person,
                until,
                agents,
            } => {
                let clears = |row: &&Person| row.roles.iter().any(|role| CLEAR.contains(role));
                let others = self.people.values().filter(clears).count() >= 2;
                let own = *person == record.by && others;
                self.must("P1", !own, || format!("{person} cleared themselves"));
                self.must("P1", us(*until) > now, || {
                    format!("{person} was cleared for the past")
                });
                let row = self.people.entry(person.to_string()).or_default();
                row.until = us(*until);
                row.lapsed = false;
                row.agents = agents.iter().map(ToString::to_string).collect();
            }
            E::ClearanceLapsed { person, .. } => {
                let row = self.people.entry(person.to_string()).or_default();
                row.until = row.until.min(now);
                row.lapsed = true;
                self.unfit(person.as_str(), record);
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
                self.people.entry(person.to_string()).or_default().on_shift = true;
            }
            E::PersonShiftEnded { person } => {
                let row = self.people.entry(person.to_string()).or_default();
                let worked = std::mem::replace(&mut row.on_shift, false);
                row.ended = Some(now);
                self.must("K1", worked, || format!("{person} was not on shift"));
            }
            E::PersonPassedGate { person } => {
                self.people.entry(person.to_string()).or_default().dirty = false;
            }
            E::PersonReportedSick {
                person,
                since,
                exception,
            } => {
                self.may_report(person, us(*since), told);
                self.opens(exception.as_str());
                let row = self.people.entry(person.to_string()).or_default();
                row.until = row.until.min(now);
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

    /// Who reports somebody sick, and since when that can be.
    fn may_report(&mut self, person: &PersonName, since: i64, told: Told<'_>) {
        let Told { record, now, .. } = told;
        let roles = |name: &str| self.people.get(name).map_or(&[][..], |row| &row.roles);
        let works = (roles(person.as_str()).iter())
            .all(|role| matches!(role, Role::Crew | Role::Gate | Role::Dispatcher));
        let may = *person == record.by
            || roles(record.by.as_str()).iter().any(|role| match role {
                Role::QuarantineOfficer | Role::ChiefOfficer | Role::Administrator => true,
                Role::YardMaster | Role::DisinfectionLead => works,
                _ => false,
            });
        self.must("R1", may, || {
            format!("{} reported {person} sick", record.by)
        });
        let tolerance = (self.rules.as_ref()).map_or(0, |rules| secs(rules.clock_tolerance_s));
        let can_be = now.saturating_sub(secs(100 * 86_400))..=now.saturating_add(tolerance);
        self.must("A10", can_be.contains(&since), || {
            format!("{person} cannot have been sick since {}", instant(since))
        });
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
        let asked = self
            .rules
            .as_ref()
            .is_some_and(|rules| rules.people.on_shift);
        self.must("P1", !asked || row.on_shift, || {
            format!("{person} is not on shift")
        });
    }
}

/// Whether somebody said it; the rest is what the ledger made of what they said.
pub(super) fn said(what: &H) -> bool {
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
                    | E::TimeDoubted { .. }
                    | E::ClockCredited { .. }
                    | E::StockCredited { .. }
            )
    )
}

/// The roles that may say it; none for what follows from rules.
fn may_say(what: &H) -> &'static [Role] {
    use Role as R;
    const OFFICERS: &[Role] = &[R::QuarantineOfficer, R::ChiefOfficer];
    const YARD: &[Role] = &[R::YardMaster, R::Crew];
    const ARRIVALS: &[Role] = &[R::YardMaster, R::Gate];
    const TREATS: &[Role] = &[R::DisinfectionLead, R::Crew];
    const PAPERS: &[Role] = &[R::YardMaster, R::Gate, R::QuarantineOfficer];
    const AT_WORK: &[Role] = &[
        R::YardMaster,
        R::DisinfectionLead,
        R::QuarantineOfficer,
        R::ChiefOfficer,
        R::Dispatcher,
        R::Gate,
        R::Crew,
    ];
    const ALL: &[Role] = &[
        R::YardMaster,
        R::DisinfectionLead,
        R::QuarantineOfficer,
        R::ChiefOfficer,
        R::Dispatcher,
        R::Gate,
        R::Crew,
        R::Auditor,
        R::Administrator,
    ];
    match what {
        H::LotLoaded { .. } | H::Departed { .. } | H::DepartureCancelled { .. } => &[R::Dispatcher],
        H::LotDestroyed { .. } | H::Entry(E::ExceptionClosed { .. }) => &[R::ChiefOfficer],
        H::InspectionStarted { .. }
        | H::LotInspected { .. }
        | H::HoldStarted { .. }
        | H::HoldRestarted { .. }
        | H::HoldEnded { .. }
        | H::LotSentBack { .. }
        | H::Entry(
            E::Signed { .. }
            | E::SignatureWithdrawn { .. }
            | E::ClockCredited { .. }
            | E::CreditAsked { .. }
            | E::SampleTaken { .. }
            | E::ResultEntered { .. },
        ) => OFFICERS,
        H::TreatmentStarted { .. }
        | H::TreatmentEnded { .. }
        | H::VehicleWashed { .. }
        | H::Entry(E::TreatmentDosed { .. } | E::TreatmentRead { .. }) => TREATS,
        H::WorkPaused { .. } | H::WorkResumed { .. } => {
            &[R::YardMaster, R::DisinfectionLead, R::Crew]
        }
        H::ConvoySent { .. }
        | H::ConvoyCancelled { .. }
        | H::ConvoyArrived { .. }
        | H::VehicleReleased { .. }
        | H::VehicleReturned { .. }
        | H::Entry(E::VehicleChecked { .. } | E::VehicleSealed { .. }) => ARRIVALS,
        H::Entry(
            E::RulesAdopted { .. }
            | E::RulesProposed { .. }
            | E::ProtocolAdopted { .. }
            | E::ProtocolProposed { .. },
        ) => &[R::Administrator, R::ChiefOfficer],
        H::Entry(E::PersonAppointed { .. } | E::TimeStated { .. }) => &[R::Administrator],
        H::Entry(
            E::PersonCleared { .. }
            | E::ClearanceLapsed { .. }
            | E::StockRecorded { .. }
            | E::StockWitnessed { .. },
        ) => CLEAR,
        H::Entry(
            E::PersonShiftStarted { .. }
            | E::PersonShiftEnded { .. }
            | E::PersonPassedGate { .. }
            | E::CreditWitnessed { .. },
        ) => AT_WORK,
        H::Entry(E::PersonReportedSick { .. } | E::Noted { .. } | E::TimeConfirmed { .. }) => ALL,
        H::Entry(
            E::ManifestAnnounced { .. }
            | E::ManifestAmended { .. }
            | E::ManifestWithheld { .. }
            | E::ManifestRefused { .. }
            | E::ConvoyPostponed { .. }
            | E::TrialDeclared { .. },
        ) => PAPERS,
        H::Entry(E::NameVoided { .. }) => &[
            R::YardMaster,
            R::Gate,
            R::Crew,
            R::QuarantineOfficer,
            R::ChiefOfficer,
        ],
        H::Entry(E::LotCounted { .. } | E::LossDeclared { .. } | E::LotSplit { .. }) => {
            &[R::YardMaster, R::Crew, R::QuarantineOfficer]
        }
        H::Entry(
            E::ContactSeen { .. } | E::ContaminationFound { .. } | E::ExceptionOpened { .. },
        ) => &[
            R::QuarantineOfficer,
            R::ChiefOfficer,
            R::YardMaster,
            R::DisinfectionLead,
            R::Crew,
        ],
        H::LotReleased { .. }
        | H::Entry(
            E::DiscrepancyFound { .. }
            | E::TreatmentJudged { .. }
            | E::TreatmentVoided { .. }
            | E::StockCredited { .. }
            | E::LotFrozen { .. }
            | E::LotRecalled { .. }
            | E::TimeDoubted { .. }
            | E::Worked { .. }
            | E::Corrected { .. }
            | E::WarningAcknowledged { .. },
        ) => &[],
        _ => YARD,
    }
}
