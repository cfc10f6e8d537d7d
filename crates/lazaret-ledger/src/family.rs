//! What each event means to the ledger, one file for each family of events.
//!
//! A family says of each of its events who may say it, what work it is, what must hold and what follows, what it
//! changes, how it reads and how it is exported. Its `match`es name every event of the family and no other: a new event
//! of the vocabulary does not compile until its family has answered each question.

mod convoy;
mod count;
mod departure;
mod exception;
mod hold;
mod lot;
mod office;
mod papers;
mod people;
mod place;
mod sample;
mod seal;
mod signature;
mod stock;
mod treatment;
mod vehicle;

pub use stock::{StockLook, StockOutlook, look_at_stock};

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{PersonName, Role};
use serde_json::{Map, Value};

use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::Exchange;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::apply::Touch;
use crate::work::Work;

/// What the events of a family mean.
pub(crate) trait Meaning<'a>: Sized {
    /// The roles that may say it; none for what the ledger says itself.
    fn who(self) -> &'static [Role];

    /// The work that it is, if it is any.
    fn work(self) -> Option<Work<'a>> {
        None
    }

    /// What it cannot have been before.
    fn bounds(self, _judge: &Judge<'_>) -> Vec<Bound> {
        Vec::new()
    }

    /// Instants that it names besides its own, by field.
    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        Vec::new()
    }

    /// That it can be; what else is recorded with it.
    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal>;

    /// What it changes.
    ///
    /// * `by` — who said it; `at` — when it was; `now` — when it was recorded, µs.
    ///
    /// # Errors
    /// If it speaks of things that the state does not have.
    fn apply(
        self,
        state: &mut State,
        by: &PersonName,
        at_and_now: (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String>;

    /// How it reads: a sentence without a full stop.
    fn words(self) -> String;

    /// Its EPCIS event without what all have in common, if EPCIS has a counterpart.
    fn export(self, _exchange: &Exchange) -> Option<Map<String, Value>> {
        None
    }
}

/// Asks the family of a happening: one line for each family.
macro_rules! in_family {
    ($happening:expr, $event:ident => $do:expr) => {{
        use lazaret_vocabulary::event::Family;
        use lazaret_vocabulary::event::entry::EntryFamily;
        #[allow(unused_imports, reason = "a caller may have the trait in scope")]
        use $crate::family::Meaning;
        match $happening.family() {
            Family::Convoys($event) => $do,
            Family::Lots($event) => $do,
            Family::Departures($event) => $do,
            Family::Vehicles($event) => $do,
            Family::Treatment($event) => $do,
            Family::Inspection($event) => $do,
            Family::Hold($event) => $do,
            Family::Release($event) => $do,
            Family::Places($event) => $do,
            Family::Entry(entry) => match entry.family() {
                EntryFamily::Dosage($event) => $do,
                EntryFamily::Samples($event) => $do,
                EntryFamily::Credits($event) => $do,
                EntryFamily::Stock($event) => $do,
                EntryFamily::Signatures($event) => $do,
                EntryFamily::Office($event) => $do,
                EntryFamily::People($event) => $do,
                EntryFamily::Papers($event) => $do,
                EntryFamily::Seals($event) => $do,
                EntryFamily::Counts($event) => $do,
                EntryFamily::Exceptions($event) => $do,
            },
        }
    }};
}
pub(crate) use in_family;
