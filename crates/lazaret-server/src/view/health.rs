//! What of people's health a reader may know: the crew see their own work, not everybody's health, by whatever door.

use lazaret_vocabulary::event::entry::{Entry, Role};
use lazaret_vocabulary::event::{Event, Happening};

use crate::access::{Access, allows, may_export};

/// What the ledger gives as the reason of an exception that somebody's sickness opened.
const SAYS: &str = "reported sick";
/// What is told instead.
const HIDDEN: &str = "a matter of a person's health; ask an officer";

/// Whether somebody with `roles` may know about people's health: those who may read the list of people.
fn may_know(roles: &[Role]) -> bool {
    let access = may_export("people");
    access != Access::SignedIn && allows(access, roles)
}

/// Events as somebody with `roles` may read them.
pub(crate) fn readable(roles: &[Role], events: &[Event]) -> Vec<Event> {
    if may_know(roles) {
        return events.to_vec();
    }
    events
        .iter()
        .filter(|event| {
            !matches!(
                event.happening,
                Happening::Entry(Entry::PersonReportedSick { .. })
            )
        })
        .cloned()
        .map(|mut event| {
            // What follows from a sickness gives it as its reason: the exception, and each clock that begins anew.
            if let Happening::Entry(
                Entry::ExceptionOpened { because: why, .. }
                | Entry::TreatmentVoided { because: why, .. },
            )
            | Happening::HoldRestarted { because: why, .. } = &mut event.happening
            {
                *why = because(roles, why);
            }
            event
        })
        .collect()
}

/// A reason as somebody with `roles` may read it.
pub(crate) fn because(roles: &[Role], text: &str) -> String {
    if text.contains(SAYS) && !may_know(roles) {
        HIDDEN.into()
    } else {
        text.into()
    }
}
