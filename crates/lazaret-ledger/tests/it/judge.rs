//! The auditor looks at the records of a scene or a life, and what it finds is kept.

use std::collections::BTreeMap;

use lazaret_audit::Auditor;
use lazaret_ledger::Record;

/// The judge: it is handed records as an export has them.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    auditor: Auditor,
    /// Whether it judges by another clock than the ledger's, and so only what comes too soon.
    by_another_clock: bool,
    /// Events looked at.
    pub(crate) events: u64,
    /// What was wrong, each with its rule.
    pub(crate) wrong: Vec<(&'static str, String)>,
}

impl Oracle {
    /// A judge by another clock than the ledger's, by which things may happen sooner by `slack` µs.
    pub(crate) fn with_slack(slack: i64) -> Self {
        Oracle {
            auditor: Auditor::by_another_clock(slack),
            by_another_clock: true,
            ..Oracle::default()
        }
    }

    /// Looks at the next record.
    pub(crate) fn look(&mut self, record: &Record) {
        self.events += record.events.len() as u64;
        let line = serde_json::to_vec(record).expect("a record is JSON");
        if self.by_another_clock {
            let early = self.auditor.too_soon(&line);
            self.wrong
                .extend(early.into_iter().map(|f| (f.rule, f.to_string())));
        } else if let Err(finding) = self.auditor.line(&line) {
            self.wrong.push((finding.rule, finding.to_string()));
        }
    }

    /// What it would say of a record that came next.
    pub(crate) fn would(&self, record: &Record) -> Option<lazaret_audit::Finding> {
        let line = serde_json::to_vec(record).expect("a record is JSON");
        self.auditor.clone().line(&line).err()
    }

    /// What contamination may have reached that was on a lot from its entry on, and when.
    pub(crate) fn closure(&self, lot: &str) -> BTreeMap<String, i64> {
        self.auditor.contacts(lot)
    }

    /// When a lot may be released at the earliest, by what was recorded.
    pub(crate) fn earliest_of(&self, lot: &str) -> Option<i64> {
        self.auditor.earliest(lot)
    }
}
