//! The ledger as it was.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lazaret_ledger::{Ledger, State};
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::Entry;

use crate::database::Store;
use crate::error::StoreError;
use crate::records::Stored;
use crate::snapshots::CHUNK;

/// Which past is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// What was known then: the records made until then.
    Known(Timestamp),
    /// What had happened until then, by everything recorded to date.
    Happened(Timestamp),
}

/// A moment, and the record up to which it was looked at.
type Asked = (Moment, u64);

/// Pasts looked at lately: a slider asks for the same ones again and again.
const KEPT: usize = 6;

/// The ledger as it was, at any moment.
#[derive(Debug)]
pub struct Past {
    store: Store,
    kept: Mutex<Vec<(Asked, Arc<State>)>>,
}

impl Past {
    /// The pasts of a ledger.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Past {
            store,
            kept: Mutex::new(Vec::new()),
        }
    }

    /// The state at a moment.
    ///
    /// # Errors
    /// If the database fails or its records do not follow.
    pub async fn at(&self, moment: Moment) -> Result<Arc<State>, StoreError> {
        let (key, to) = match moment {
            Moment::Known(at) => {
                let seq = self.store.seq_at(at).await?;
                // Moments between two records are the same.
                ((Moment::Known(Timestamp::MIN), seq), seq)
            }
            Moment::Happened(_) => {
                let seq = self.store.head().await?.seq;
                ((moment, seq), seq)
            }
        };
        if let Some(state) = self.kept(key) {
            return Ok(state);
        }
        let state = Arc::new(match moment {
            Moment::Known(_) => {
                let mut ledger = self.store.from_snapshot(to).await?;
                self.store.catch_up(&mut ledger, to).await?;
                ledger.state().clone()
            }
            Moment::Happened(at) => self.happened(at, to).await?,
        });
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(0, (key, Arc::clone(&state)));
        kept.truncate(KEPT);
        Ok(state)
    }

    fn kept(&self, key: Asked) -> Option<Arc<State>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| *known == key)?;
        let entry = kept.remove(at);
        let state = Arc::clone(&entry.1);
        kept.insert(0, entry);
        Some(state)
    }

    /// Everything that had happened by `at`, whenever it was recorded.
    ///
    /// An event whose cause is dated after it does not fit a past in which the cause had not happened; such records are
    /// left out, as they would be in the minds of people then.
    async fn happened(&self, at: Timestamp, to: u64) -> Result<State, StoreError> {
        let mut left_out: Vec<u64> = Vec::new();
        'again: loop {
            let mut state = State::default();
            let mut seq = 0;
            while seq < to {
                let rows: Vec<Stored> = self.store.after(seq, CHUNK).await?;
                if rows.is_empty() {
                    break;
                }
                for stored in rows.iter().take_while(|row| row.seq <= to) {
                    let mut record = stored.record()?;
                    seq = record.seq;
                    if left_out.contains(&seq) {
                        record.events.clear();
                    }
                    record.events.retain(|event| {
                        event.at <= at || matches!(&event.happening, Happening::Entry(entry) if timeless(entry))
                    });
                    if let Err(broken) = lazaret_ledger::apply(&mut state, &record) {
                        if left_out.len() >= 1000 {
                            return Err(StoreError::Record {
                                seq: broken.record,
                                what: broken.what,
                            });
                        }
                        left_out.push(seq);
                        continue 'again;
                    }
                }
            }
            return Ok(state);
        }
    }

    /// The ledger's records up to a moment, as a whole ledger with its chain.
    ///
    /// # Errors
    /// If the database fails or its records do not follow.
    pub async fn ledger_at(&self, at: Timestamp) -> Result<Ledger, StoreError> {
        let seq = self.store.seq_at(at).await?;
        let mut ledger = self.store.from_snapshot(seq).await?;
        self.store.catch_up(&mut ledger, seq).await?;
        Ok(ledger)
    }
}

/// What holds whenever it was entered: without rules and protocols nothing else fits.
fn timeless(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::RulesAdopted { .. } | Entry::ProtocolAdopted { .. }
    )
}
