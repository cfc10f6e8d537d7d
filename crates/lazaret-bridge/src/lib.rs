//! From a gateway file to a ledger: the rules and protocols that the file asks for, the command that founds a
//! ledger with them, and the commands that a simulated trace stands for.
//!
//! The gateway file and the ledger do not know each other. This crate knows both.

mod adopt;
mod book;
mod founding;
mod trace;

pub use adopt::{Adoption, Renamed, adoption};
pub use book::{founding_protocols, founding_rules, open_lengths, protocols_of, rules_of};
pub use founding::founding;
pub use trace::Importer;
