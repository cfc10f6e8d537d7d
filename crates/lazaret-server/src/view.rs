//! What the screens show, worked out from a state and from records.

pub(crate) mod arrivals;
pub(crate) mod health;
pub(crate) mod lots;
pub(crate) mod site;
pub(crate) mod timeline;
pub(crate) mod today;
pub(crate) mod vehicles;

use jiff::Timestamp;
use lazaret_ledger::{Command, CommandId, Refusal, State, decide};
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::PersonName;

use crate::api::common::{At, RefusalView};

/// Days from `now` to `at` in tenths; 0 if it is past.
pub(crate) fn days_left(now: Timestamp, at: Timestamp) -> f64 {
    let seconds = (at.as_second() - now.as_second()).max(0) as f64;
    (seconds / 8640.0).ceil() / 10.0
}

pub(crate) fn when(at: Option<Timestamp>) -> Option<At> {
    at.map(At)
}

/// What the ledger would say if `by` said that `what` happened now. Nothing is recorded.
pub(crate) fn trial(
    state: &State,
    now: Timestamp,
    by: &PersonName,
    what: Happening,
) -> Result<(), Refusal> {
    let command = Command {
        id: trial_id(),
        by: by.clone(),
        device: None,
        site: None,
        issued_at: now,
        at: now,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        body: None,
        what,
    };
    decide(state, &command, now).map(drop)
}

/// A key that no client uses: the ledger would otherwise say that it had been recorded.
fn trial_id() -> CommandId {
    CommandId::new("~trial").expect("five printable characters are a key")
}

pub(crate) fn refusal(outcome: Result<(), Refusal>) -> Option<RefusalView> {
    outcome.err().map(|refusal| RefusalView::from(&refusal))
}
