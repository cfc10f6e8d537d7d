//! What follows from rules follows from something that the same record says.

use lazaret_vocabulary::event::entry::Entry as E;
use lazaret_vocabulary::event::{Happening as H, LotId};

use super::people::said;
use super::{Oracle, Told};

impl Oracle {
    /// That what nobody may say by itself has its cause in the record.
    pub(super) fn caused(&mut self, told: Told<'_>) {
        let record = told.record;
        let among =
            |is: &dyn Fn(&H) -> bool| record.events.iter().any(|event| is(&event.happening));
        let (rule, follows) = match &told.event.happening {
            H::LotReleased { lot } => (
                "G1",
                among(&|other| matches!(other, H::Entry(E::Signed { lot: of, .. }) if of == lot)),
            ),
            H::Entry(E::TreatmentJudged { lot, step, .. }) => (
                "G3a",
                among(
                    &|other| matches!(other, H::TreatmentEnded { lot: of, step: done, .. } if of == lot && done == step),
                ),
            ),
            H::Entry(E::DiscrepancyFound { lot, .. }) => (
                "G5",
                among(
                    &|other| matches!(other, H::Entry(E::LotCounted { lot: of, .. }) if of == lot),
                ),
            ),
            H::Entry(E::TreatmentVoided { lot, .. }) => (
                "G8",
                among(&|other| {
                    matches!(other, H::Entry(E::TimeConfirmed { .. }))
                        || matches!(other, H::LotStored { lot: of, .. } | H::LotSent { lot: of, .. } if of == lot)
                }),
            ),
            H::Entry(E::LotFrozen { .. } | E::LotRecalled { .. }) => (
                "C1",
                among(&|other| {
                    matches!(
                        other,
                        H::Entry(
                            E::ResultEntered { .. }
                                | E::PersonReportedSick { .. }
                                | E::ContaminationFound { .. }
                                | E::TimeConfirmed { .. }
                        )
                    )
                }),
            ),
            // An officer says it, or it follows from what is done with the lot.
            H::HoldStarted { lot, .. } | H::HoldRestarted { lot, .. } => {
                let alone = !among(&said);
                ("G4", alone || among(&|other| concerns(other, lot)))
            }
            H::Entry(E::WarningAcknowledged { by, .. }) => ("A8", *by == record.by),
            _ => return,
        };
        self.must(rule, follows, || {
            "nothing in the record is its cause".into()
        });
    }
}

/// Whether a clock of the lot may begin, or begin anew, by what is said.
fn concerns(what: &H, lot: &LotId) -> bool {
    match what {
        H::LotUnloaded { lot: of, .. }
        | H::LotSent { lot: of, .. }
        | H::TreatmentStarted { lot: of, .. }
        | H::TreatmentEnded { lot: of, .. }
        | H::InspectionStarted { lot: of, .. }
        | H::LotInspected { lot: of, .. } => of == lot,
        // Whoever is there already begins anew with it.
        H::LotStored { .. }
        | H::Entry(
            E::StockRecorded { .. }
            | E::ContactSeen { .. }
            | E::ContaminationFound { .. }
            | E::ResultEntered { .. }
            | E::PersonReportedSick { .. }
            | E::TimeConfirmed { .. },
        ) => true,
        _ => false,
    }
}
