//! Who may say what.

use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, Role};

/// The roles that may say that this happened; empty for what the ledger says itself.
#[must_use]
pub fn roles_for(happening: &Happening) -> &'static [Role] {
    use Entry as E;
    use Happening as H;
    use Role::{
        Administrator, Auditor, ChiefOfficer, Crew, DisinfectionLead, Dispatcher, Gate,
        QuarantineOfficer, YardMaster,
    };
    const YARD: &[Role] = &[YardMaster, Crew];
    const ARRIVALS: &[Role] = &[YardMaster, Gate];
    const TREATMENT: &[Role] = &[DisinfectionLead, Crew];
    const PAUSES: &[Role] = &[YardMaster, DisinfectionLead, Crew];
    const OFFICERS: &[Role] = &[QuarantineOfficer, ChiefOfficer];
    const FINDERS: &[Role] = &[
        QuarantineOfficer,
        ChiefOfficer,
        YardMaster,
        DisinfectionLead,
        Crew,
    ];
    const COUNTERS: &[Role] = &[YardMaster, Crew, QuarantineOfficer];
    const ENTRANTS: &[Role] = &[YardMaster, Gate, Crew, QuarantineOfficer, ChiefOfficer];
    const PAPERS: &[Role] = &[YardMaster, Gate, QuarantineOfficer];
    const DISPATCH: &[Role] = &[Dispatcher];
    const CHIEF: &[Role] = &[ChiefOfficer];
    const RULES: &[Role] = &[Administrator, ChiefOfficer];
    const CLEARANCE: &[Role] = &[Administrator, QuarantineOfficer, ChiefOfficer];
    const SHIFTS: &[Role] = &[
        YardMaster,
        DisinfectionLead,
        QuarantineOfficer,
        ChiefOfficer,
        Dispatcher,
        Gate,
        Crew,
    ];
    const ANYBODY: &[Role] = &[
        YardMaster,
        DisinfectionLead,
        QuarantineOfficer,
        ChiefOfficer,
        Dispatcher,
        Gate,
        Crew,
        Auditor,
        Administrator,
    ];
    match happening {
        H::ConvoySent { .. } | H::ConvoyCancelled { .. } | H::ConvoyArrived { .. } => ARRIVALS,
        H::VehicleReleased { .. } | H::VehicleReturned { .. } => ARRIVALS,
        H::VehiclePlaced { .. }
        | H::VehicleLeft { .. }
        | H::VehicleStepStarted { .. }
        | H::VehicleStepEnded { .. }
        | H::UnloadingStarted { .. }
        | H::LotUnloaded { .. }
        | H::LotStored { .. }
        | H::LotSent { .. }
        | H::VehicleEmptied { .. }
        | H::PlaceOpened { .. }
        | H::PlaceClosed { .. }
        | H::PlaceBroken { .. }
        | H::PlaceRepaired { .. }
        | H::CapacityChanged { .. }
        | H::ShiftStarted { .. }
        | H::ShiftEnded { .. }
        | H::Waiting { .. }
        | H::Blocked { .. }
        | H::Deadlocked { .. } => YARD,
        H::TreatmentStarted { .. } | H::TreatmentEnded { .. } | H::VehicleWashed { .. } => {
            TREATMENT
        }
        H::WorkPaused { .. } | H::WorkResumed { .. } => PAUSES,
        H::InspectionStarted { .. }
        | H::LotInspected { .. }
        | H::HoldStarted { .. }
        | H::HoldRestarted { .. }
        | H::HoldEnded { .. }
        | H::LotSentBack { .. } => OFFICERS,
        H::LotDestroyed { .. } => CHIEF,
        H::LotLoaded { .. } | H::Departed { .. } | H::DepartureCancelled { .. } => DISPATCH,
        H::LotReleased { .. } => &[],
        H::Entry(entry) => match entry {
            E::RulesAdopted { .. }
            | E::ProtocolAdopted { .. }
            | E::RulesProposed { .. }
            | E::ProtocolProposed { .. } => RULES,
            E::PersonAppointed { .. } | E::TimeStated { .. } => &[Administrator],
            E::PersonCleared { .. } | E::ClearanceLapsed { .. } => CLEARANCE,
            E::PersonShiftStarted { .. } | E::PersonShiftEnded { .. } => SHIFTS,
            E::PersonPassedGate { .. } => SHIFTS,
            E::PersonReportedSick { .. } | E::Noted { .. } | E::TimeConfirmed { .. } => ANYBODY,
            E::ManifestAnnounced { .. }
            | E::ManifestAmended { .. }
            | E::ManifestWithheld { .. }
            | E::ManifestRefused { .. }
            | E::ConvoyPostponed { .. }
            | E::TrialDeclared { .. } => PAPERS,
            E::NameVoided { .. } => ENTRANTS,
            E::VehicleChecked { .. } | E::VehicleSealed { .. } => ARRIVALS,
            E::LotCounted { .. } | E::LossDeclared { .. } | E::LotSplit { .. } => COUNTERS,
            E::TreatmentDosed { .. } | E::TreatmentRead { .. } => TREATMENT,
            E::SampleTaken { .. } | E::ResultEntered { .. } => OFFICERS,
            E::ContactSeen { .. } | E::ContaminationFound { .. } | E::ExceptionOpened { .. } => {
                FINDERS
            }
            E::ExceptionClosed { .. } => CHIEF,
            E::Signed { .. }
            | E::SignatureWithdrawn { .. }
            | E::ClockCredited { .. }
            | E::CreditAsked { .. } => OFFICERS,
            // Whoever was there saw it.
            E::CreditWitnessed { .. } => SHIFTS,
            E::DiscrepancyFound { .. }
            | E::TreatmentJudged { .. }
            | E::TreatmentVoided { .. }
            | E::LotFrozen { .. }
            | E::LotRecalled { .. }
            | E::TimeDoubted { .. }
            | E::Worked { .. }
            | E::Corrected { .. }
            | E::WarningAcknowledged { .. } => &[],
        },
    }
}
