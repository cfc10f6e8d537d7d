//! What the stamps of records say of the clock that made them.

use jiff::{SignedDuration, Timestamp};
use lazaret_ledger::Record;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::Entry;
use lazaret_vocabulary::time::Span;

use crate::records::Bare;
use crate::verify::Finding;

/// A silence that is named where nothing ties the ledger's time to a steady clock.
const SILENCE: SignedDuration = SignedDuration::from_hours(4 * 24);
/// How far a stamp may be ahead of this machine's clock without being named.
const AHEAD: SignedDuration = SignedDuration::from_mins(2);

/// The stamps of a run of records.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    first: Option<(u64, Timestamp)>,
    last: Option<Timestamp>,
    /// Records of the run tie the ledger's time to a steady clock.
    tied: bool,
    /// What is named whatever came before.
    named: Vec<Finding>,
    /// Silences before anything of the run ties the time.
    silences: Vec<Finding>,
}

impl Stamps {
    /// Looks at the next record.
    pub(crate) fn look(&mut self, row: &Bare, now: Timestamp) {
        let Some(at) = recorded_at(&row.body) else {
            return;
        };
        let of_time = contains(&row.body, br#""event":"time_"#);
        let ties = contains(&row.body, br#""clock":{"boot""#);
        if at > now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX) {
            self.name(
                row.seq,
                format!("it is dated {at}, but by this machine's clock it is {now}"),
            );
        }
        match self.last {
            Some(before) => self.follows(row.seq, before, at, ties),
            None => self.first = Some((row.seq, at)),
        }
        self.tied |= ties;
        self.last = Some(at);
        if of_time && let Ok(record) = serde_json::from_slice::<Record>(&row.body) {
            self.of_time(&record);
        }
    }

    /// The run that comes after this one, joined to it.
    pub(crate) fn join(&mut self, after: Stamps) {
        self.named.extend(after.named);
        if !self.tied {
            self.silences.extend(after.silences);
        }
        if let (Some(before), Some((seq, at))) = (self.last, after.first) {
            self.follows(seq, before, at, after.tied);
        }
        self.tied |= after.tied;
        self.first = self.first.or(after.first);
        self.last = after.last.or(self.last);
    }

    /// What is to be named, in order.
    pub(crate) fn findings(mut self) -> Vec<Finding> {
        self.named.append(&mut self.silences);
        self.named.sort_by_key(|finding| finding.seq);
        self.named
    }

    fn name(&mut self, seq: u64, what: String) {
        self.named.push(Finding { seq, what });
    }

    fn follows(&mut self, seq: u64, before: Timestamp, at: Timestamp, ties: bool) {
        let passed = at.duration_since(before);
        let span = Span::from_micros(
            (passed.unsigned_abs().as_micros())
                .try_into()
                .unwrap_or(i64::MAX),
        );
        if passed < SignedDuration::ZERO {
            self.name(
                seq,
                format!("it is dated {at}, {span} earlier than the record before it"),
            );
        } else if passed > SILENCE && !ties && !self.tied {
            let what = format!(
                "it is {span} later than the record before it, and nothing confirms that this much time had passed"
            );
            self.silences.push(Finding { seq, what });
        }
    }

    fn of_time(&mut self, record: &Record) {
        for event in &record.events {
            match &event.happening {
                Happening::Entry(Entry::TimeDoubted { because, .. }) => {
                    self.name(record.seq, format!("the ledger stopped: {because}"));
                }
                Happening::Entry(Entry::TimeConfirmed {
                    time: Some(time), ..
                }) => {
                    let (by, stamp) = (&record.by, record.recorded_at);
                    self.name(
                        record.seq,
                        format!("{by} confirmed that it was {time} when the ledger had {stamp}"),
                    );
                    // What comes next goes by the confirmed time.
                    self.last = Some(*time);
                }
                _ => {}
            }
        }
    }
}

/// When a record was made, by its bytes: they are canonical, so that the key is there once, near the end.
fn recorded_at(body: &[u8]) -> Option<Timestamp> {
    const KEY: &[u8] = br#""recorded_at":""#;
    let at = (body.windows(KEY.len())).rposition(|window| window == KEY)?;
    let rest = &body[at + KEY.len()..];
    let end = rest.iter().position(|&byte| byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

fn contains(body: &[u8], what: &[u8]) -> bool {
    body.windows(what.len()).any(|window| window == what)
}
