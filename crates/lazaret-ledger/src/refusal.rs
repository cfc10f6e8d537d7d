//! Why a command is refused, as data: the rule, the fact that breaks it and what would make the command acceptable.
//!
//! A refusal carries lots, people, instants and amounts, so that a screen can say it in its own language and in local
//! time, and a program need not read prose. English is what [`Display`](fmt::Display) writes, one row beside the data.
//! A new refusal is one row in `refusal/fact.rs` and, if no remedy fits, one in `refusal/remedy.rs`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rule::{Rule, Warning};

mod fact;
mod less;
mod remedy;
mod terms;

pub use fact::Fact;
pub use less::Less;
pub use remedy::Remedy;
pub use terms::{Dangers, Fallen, Milestone, NameFault, Nearness, Noun, PastMoment, When};
pub(crate) use terms::{role_name, when};

/// Why a command was not accepted. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule it would break.
    pub rule: Rule,
    /// The fact that breaks it.
    pub fact: Box<Fact>,
    /// What would make the command acceptable.
    pub remedy: Box<Remedy>,
    /// When the same command would be accepted, if waiting is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// The warning to acknowledge, if that is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
}

impl Refusal {
    pub(crate) fn new(rule: Rule, fact: Fact, remedy: Remedy) -> Self {
        Refusal {
            rule,
            fact: Box::new(fact),
            remedy: Box::new(remedy),
            retry_at: None,
            warning: None,
        }
    }

    /// A refusal that waiting ends.
    pub(crate) fn until(rule: Rule, until: Timestamp, fact: Fact, remedy: Remedy) -> Self {
        Refusal {
            retry_at: Some(until),
            ..Refusal::new(rule, fact, remedy)
        }
    }
}

impl fmt::Display for Refusal {
    /// Three lines: rule, fact, remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}", self.rule, self.fact, self.remedy)
    }
}

impl std::error::Error for Refusal {}
