//! The words of a gateway: what can happen there, who can say it, by which rules, and when.
//!
//! Everything else is built on this crate and it is built on nothing of ours. The simulator emits an
//! [`Event`](event::Event), the ledger records the same event. A program that reads either needs only these types:
//!
//! - [`event`]: what happens to vehicles and lots, with the names that it happens to;
//! - [`event::entry`]: what people record, from papers and signatures to sick leave;
//! - [`event::rules`]: the protocols and the rule book that a ledger adopts;
//! - [`strict`]: reading events as JSON, with every unknown, missing or wrong field named;
//! - [`time`]: instants and spans of gateway time;
//! - [`doubt`]: why a ledger cannot believe its clock;
//! - [`figures`]: how figures and dates are written for people;
//! - [`markup`]: text inside a page or a label;
//! - [`near`]: "did you mean …?";
//! - [`told!`]: what a program tells people, as data with its English beside it.

pub mod doubt;
pub mod event;
pub mod figures;
pub mod markup;
pub mod near;
pub mod strict;
pub mod time;
mod told;
