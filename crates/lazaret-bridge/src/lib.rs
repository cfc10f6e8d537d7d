//! From a gateway file to a ledger: the rules and protocols that the file asks for, the command that founds a
//! ledger with them, the commands that a simulated trace stands for, and the situation that the records say.
//!
//! The gateway file and the ledger do not know each other. This crate knows both.

mod adopt;
mod book;
mod founding;
mod open;
mod situation;
mod trace;

pub use adopt::{Adoption, LotOutlook, Renamed, Wishes, adoption};
pub use book::{founding_protocols, founding_rules, protocols_of, rules_of};
pub use founding::founding;
pub use open::{Open, OpenKind, Stated, open_choices};
pub use situation::{SituationReader, Taken};
pub use trace::Importer;
