//! An independent auditor of a ledger: records in, the first that does not follow out.
//!
//! The chain of records proves that nothing was altered; the auditor proves that no rule was broken. It reads the records
//! and nothing else, recomputes every rule the slow and obvious way, and names the first record that should not have been
//! accepted or that lacks what should have followed. It shares no code with the ledger but the words of events
//! (`lazaret-vocabulary`): whoever doubts the ledger can read this crate alone.
//!
//! ```
//! use lazaret_audit::Auditor;
//! let mut auditor = Auditor::default();
//! let line = br#"{"seq":1,"recorded_at":"2022-01-17T01:00:00Z","by":"kim","command":"k-1","issued_at":"2022-01-17T01:00:00Z",
//!     "events":[{"at":"2022-01-17T01:00:00Z","event":"lot_released","lot":"a-1"}],"previous":""}"#;
//! let finding = auditor.line(line).unwrap_err();
//! assert_eq!((finding.record, finding.what.as_str()), (1, "lot_released a-1"));
//! ```

use std::collections::BTreeMap;
use std::fmt;

pub mod dangers;
mod oracle;
mod record;
mod say;
mod sound;
mod spelling;
mod visits;
mod weaker;

use oracle::Oracle;
pub use record::Record;

/// A record that does not follow from those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its number.
    pub record: u64,
    /// The rule that it breaks, as `docs/rules.md` names it.
    pub rule: &'static str,
    /// What it says, such as `lot_released a-1`.
    pub what: String,
    /// The fact that breaks the rule.
    pub why: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "record {}: {}: rule {}: {}",
            self.record, self.what, self.rule, self.why
        )
    }
}

impl std::error::Error for Finding {}

/// The auditor. It is fed the records of a ledger one by one, from the first.
///
/// Of a record it keeps what later ones are judged by; the records themselves are not kept.
#[derive(Clone, Debug, Default)]
pub struct Auditor {
    oracle: Oracle,
    found: Option<Finding>,
    records: u64,
}

impl Auditor {
    /// Reads and judges the next record, as a line of an export has it.
    ///
    /// # Errors
    /// The first [`Finding`]. It stands: what comes after a record that does not follow cannot be judged, and every
    /// further line gives the same finding.
    pub fn line(&mut self, json: &[u8]) -> Result<(), Finding> {
        if let Some(found) = &self.found {
            return Err(found.clone());
        }
        match Record::read(json) {
            Ok(record) => self.look(&record),
            Err(why) => {
                let found = Finding {
                    record: self.records + 1,
                    rule: "A1",
                    what: "an unreadable record".into(),
                    why,
                };
                self.found = Some(found.clone());
                Err(found)
            }
        }
    }

    /// Judges the next record.
    ///
    /// # Errors
    /// As [`Auditor::line`].
    pub fn look(&mut self, record: &Record) -> Result<(), Finding> {
        if let Some(found) = &self.found {
            return Err(found.clone());
        }
        self.records += 1;
        self.oracle.look(record);
        match self.oracle.first() {
            None => Ok(()),
            Some(found) => {
                self.found = Some(found.clone());
                Err(found)
            }
        }
    }

    /// An auditor by another clock than the ledger's, by which things may happen sooner by `slack` µs. It is asked with
    /// [`Auditor::too_soon`].
    #[must_use]
    pub fn by_another_clock(slack: i64) -> Self {
        Auditor {
            oracle: Oracle::with_slack(slack),
            ..Auditor::default()
        }
    }

    /// Looks at the next record, told by the other clock, and says what in it came too soon: rules G3b and P1. Other rules
    /// are not judged, because by another clock much looks wrong that is not.
    pub fn too_soon(&mut self, json: &[u8]) -> Vec<Finding> {
        let Ok(record) = Record::read(json) else {
            return Vec::new();
        };
        self.records += 1;
        self.oracle.look(&record);
        let mut found = self.oracle.take_wrong();
        found.retain(|found| matches!(found.rule, "G3b" | "P1"));
        found
    }

    /// Records judged.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// What contamination may have reached that was on a lot from its entry on, and when, in µs since 1970.
    #[must_use]
    pub fn contacts(&self, lot: &str) -> BTreeMap<String, i64> {
        self.oracle.closure(lot)
    }

    /// When a lot may be released at the earliest by what was recorded, in µs since 1970; none if nothing runs.
    #[must_use]
    pub fn earliest(&self, lot: &str) -> Option<i64> {
        self.oracle.earliest_of(lot)
    }
}
