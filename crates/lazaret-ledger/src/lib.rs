//! The operating core of a gateway: commands in, events or refusals out.
//!
//! A ledger records what people say has happened, if the rules allow it. Goods are held from the moment they enter,
//! without a command, and [`State::may_leave`] is the only gate by which they leave. `docs/rules.md` explains each rule.
//!
//! This crate is pure: it uses no files, no clock and no threads of its own. Whoever calls it passes in the time and
//! stores the records, so it can be tested under simulated clocks, crashes and faults.
//!
//! # Life cycle
//! 1. [`Ledger::default`] is empty. The first command adopts a rule book, the second appoints an administrator.
//! 2. [`Ledger::submit`] decides on a [`Command`] at a given time. It returns a sealed record to store, says that the
//!    command was recorded before, or returns a [`Refusal`]: the rule, the fact that breaks it and what would help.
//! 3. Store the record's bytes ([`Sealed::json`]) before you tell anyone that the command was accepted.
//! 4. After a restart, [`Ledger::replay`] reads the stored records in order and arrives at the same state.
//!    [`Ledger::snapshot`] and [`Ledger::restore`] save time for long ledgers.
//!
//! [`decide`], [`Chain::seal`](chain::Chain::seal) and [`apply`] are the three steps of `submit`, for callers that need
//! them separately: a trial run of a command, for example, only decides.
//!
//! # Example
//! ```
//! use lazaret_ledger::{Accepted, Command, Ledger, Rule, chain};
//! use serde_json::{Value, json};
//!
//! let now = "2026-01-05T08:00:00Z";
//! let command = |key: &str, by: &str, what: Value| -> serde_json::Result<Command> {
//!     let mut command = json!({ "id": key, "by": by, "issued_at": now, "at": now });
//!     command.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
//!     serde_json::from_value(command)
//! };
//! let rules = json!({
//!     "gateway": "Quay",
//!     "time_zone": "UTC",
//!     "places": [],
//!     "goods": [{ "goods": "general", "priority": 0 }],
//!     "vehicles": [{ "source": "north", "wash": true, "dwell_s": 0, "seal": false }],
//!     "people": {},
//!     "mass_tolerance_permille": 0,
//!     "clock_tolerance_s": 600,
//!     "remember_s": 86400,
//! });
//! let found = command("found", "ada", json!({ "event": "rules_adopted", "rules": rules }))?;
//! let appoint = command(
//!     "appoint",
//!     "ada",
//!     json!({ "event": "person_appointed", "person": "ada", "roles": ["administrator"] }),
//! )?;
//!
//! let now = now.parse()?;
//! let mut ledger = Ledger::default();
//! let mut stored = Vec::new();
//! for command in [&found, &appoint] {
//!     if let Accepted::New(sealed) = ledger.submit(command, now)? {
//!         stored.push(*sealed);
//!     }
//! }
//!
//! // The same command under the same key counts once.
//! assert_eq!(ledger.submit(&found, now)?, Accepted::Already { seq: 1 });
//!
//! // A refusal names its rule and changes nothing.
//! let note = command("note", "eve", json!({ "event": "noted", "thing": null, "text": "all well" }))?;
//! let refused = ledger.submit(&note, now).unwrap_err();
//! assert_eq!(refused.rule, Rule::Allowed);
//! assert_eq!(refused.fact.to_string(), "eve is nobody here");
//!
//! // The records alone give the same state.
//! let mut again = Ledger::default();
//! for sealed in &stored {
//!     again.replay(&chain::read(&sealed.json)?, sealed.digest)?;
//! }
//! assert_eq!(again.snapshot()?, ledger.snapshot()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Pitfalls
//! * **`submit` changes the ledger before anything is stored.** If storing fails, drop the ledger and read it again
//!   from the records; otherwise it runs ahead of them.
//! * **Time never runs backwards.** If `now` is before the last record, the time of that record is used. Use
//!   [`Ledger::submit_by`] where the clock itself may be wrong.
//! * **Make sure of the sender yourself.** [`Command::by`] is believed; the ledger knows roles, not passwords.
//! * **A key belongs to one sender and one content.** Send a command again under the same key, and a different command
//!   under a new one.
//! * **Numbers beyond 2⁵³ and instants outside 1970 to 2199 are refused**, because no record can hold them.

pub mod canonical;
pub mod chain;
pub mod clock;
pub mod command;
mod decide;
pub mod epcis;
mod family;
mod gate;
pub mod identity;
mod index;
mod ledger;
mod names;
mod refusal;
pub mod role;
pub mod rule;
pub mod segregation;
pub mod spelling;
mod state;
pub mod treatment;
pub mod words;
mod work;

pub use chain::{Chain, Digest, Record, Sealed};
pub use command::{Command, CommandId, Correction};
pub use decide::{Decision, decide, decide_without, warnings};
pub use family::{StockLook, StockOutlook, look_at_stock};
pub use gate::Way;
pub use ledger::{Accepted, Ledger};
pub use refusal::{
    Dangers, Fact, Fallen, Less, Milestone, NameFault, Nearness, Noun, PastMoment, Refusal, Remedy,
    When,
};
pub use rule::{Rule, Warning};
pub use state::{
    Broken, Chained, Closure, ConvoyView, Counts, Cursor, ExceptionView, HoldLine, LotView,
    ManifestView, MovedDate, NameKind, PersonView, PlaceView, RestingLot, Restoring, SampleView,
    SnapshotError, Stage, State, StockWaiting, Totals, TreatmentView, UnfitSigner, VehicleView,
};

/// Brings a state up to date with the next record.
///
/// # Errors
/// If the record is not the next, or speaks of things that are not there: it cannot come from this ledger. The state
/// is then of no further use.
pub fn apply(state: &mut State, record: &Record) -> Result<(), Broken> {
    state.apply(record)
}
