//! The operating core of a gateway: commands in, events or refusals out.
//!
//! A ledger records what is said to have happened, if the rules allow it. [`decide`] looks at a [`State`] and a
//! [`Command`] and gives events or a [`Refusal`]; [`Chain::seal`](chain::Chain::seal) makes a record of the events;
//! [`apply`] brings the state up to date. All three are pure: no files, no clock, no threads. Whoever stands above
//! them may crash between any two and start again from the records. [`Ledger`] puts the three together.
//!
//! Goods are held from the moment they enter, without a command; [`State::may_leave`] is the one gate by which they
//! leave.

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
pub use decide::{Decision, decide, decide_without};
pub use gate::Way;
pub use ledger::{Accepted, Ledger};
pub use refusal::{
    Dangers, Fact, Fallen, Less, Milestone, NameFault, Nearness, Noun, Refusal, Remedy, When,
};
pub use rule::{Rule, Warning};
pub use state::{
    Broken, Chained, Closure, ConvoyView, Counts, Cursor, ExceptionView, HoldLine, LotView,
    ManifestView, MovedDate, NameKind, PersonView, PlaceView, Restoring, SampleView, SnapshotError,
    Stage, State, Totals, TreatmentView, VehicleView,
};

/// Brings a state up to date with the next record.
///
/// # Errors
/// If the record is not the next, or speaks of things that are not there: it cannot come from this ledger. The state
/// is then of no further use.
pub fn apply(state: &mut State, record: &Record) -> Result<(), Broken> {
    state.apply(record)
}
