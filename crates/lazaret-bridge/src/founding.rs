//! The first record of a ledger.

use jiff::Timestamp;
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Command, CommandId, Digest};
use lazaret_vocabulary::event::entry::{Entry, PersonName};

use crate::book::founding_rules;
use crate::open::Stated;

/// The command that founds a ledger at `now` with the rules that `gateway` asks for, with what was stated of what it leaves open.
///
/// Its key and the digest of its body are always the same, so two servers that found one ledger at once found it once.
#[must_use]
pub fn founding(gateway: &Gateway, stated: &Stated, now: Timestamp) -> Command {
    Command {
        id: CommandId::new("founding-rules").expect("the key is short and plain"),
        by: PersonName::new("lazaret"),
        device: None,
        site: None,
        issued_at: now,
        at: now,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        body: Some(Digest::of(b"founding-rules")),
        what: Entry::RulesAdopted {
            rules: Box::new(founding_rules(gateway, stated)),
        }
        .into(),
    }
}
