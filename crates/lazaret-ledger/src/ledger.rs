//! A state with its chain.

use jiff::Timestamp;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::Entry;

use crate::chain::{Chain, Digest, Record, Sealed};
use crate::clock::{ClockNote, Doubted, Known, Reading, Time};
use crate::command::Command;
use crate::decide::{Decision, decide, lapsed, stopped, timeless};
use crate::refusal::Refusal;
use crate::state::{Broken, Restoring, SnapshotError, State};

/// A state and the end of the chain that led to it.
///
/// [`submit`](Ledger::submit) changes both at once, before anything is stored: whoever stores the sealed record must
/// drop the ledger and read it again if storing fails.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    state: State,
    chain: Chain,
}

/// What became of an accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// A new record, to be stored before the answer is given.
    New(Box<Sealed>),
    /// It was recorded before.
    Already {
        /// In this record.
        seq: u64,
    },
}

impl Ledger {
    /// The state.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The end of the chain.
    #[must_use]
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// Decides on a command and records it.
    ///
    /// * `now` — the ledger's own clock; if it was set back, the time of the last record is used instead.
    ///
    /// # Errors
    /// [`Refusal`] if a rule forbids it; nothing has changed.
    ///
    /// # Panics
    /// If a decision does not fit the state that it was made on: a defect of this program.
    pub fn submit(&mut self, command: &Command, now: Timestamp) -> Result<Accepted, Refusal> {
        self.submit_timed(command, now, None)
    }

    /// As [`submit`](Ledger::submit), by the clocks of this server. What may be recorded while the time is in doubt,
    /// such as a statement of the right time, is stamped with the least that is known.
    ///
    /// The first time that a clock which was right is found wrong, a record of the ledger's own says so and comes
    /// before what is accepted; it is to be stored too, whatever becomes of the command.
    ///
    /// # Errors
    /// [`Refusal`] if a rule forbids it. While the time is in doubt the rule is [`Rule::OwnClock`].
    ///
    /// # Panics
    /// As [`submit`](Ledger::submit).
    pub fn submit_by(
        &mut self,
        command: &Command,
        reading: &Reading,
        time: Time,
    ) -> (Option<Box<Sealed>>, Result<Accepted, Refusal>) {
        let (now, note, stop) = match time {
            Time::Known { now, note } => (now, note, None),
            Time::Doubted(doubted) => {
                let stop = (!timeless(&command.what)).then(|| stopped(&doubted.why));
                let own = self.doubt(reading, &doubted);
                if let Some(stop) = stop {
                    return (own, Err(stop));
                }
                // The record of the doubt has tied the time already.
                let note = doubted.note.filter(|_| own.is_none());
                (doubted.at_least, note, Some(own))
            }
        };
        let note = match &command.what {
            Happening::Entry(Entry::TimeConfirmed { .. }) => {
                if !self.state.tied_to(reading) {
                    return (stop.flatten(), Err(lapsed()));
                }
                Some(reading.note(Known::Confirmed))
            }
            _ => note,
        };
        (stop.flatten(), self.submit_timed(command, now, note))
    }

    /// Records that the ledger has stopped, if a clock that was right was found wrong and that is not on record yet.
    ///
    /// # Panics
    /// As [`submit`](Ledger::submit).
    pub fn doubt(&mut self, reading: &Reading, doubted: &Doubted) -> Option<Box<Sealed>> {
        if !doubted.lasting || self.state.clock_doubt().is_some() {
            return None;
        }
        let sealed = self.chain.seal_doubt(reading, doubted);
        self.take(&sealed);
        Some(Box::new(sealed))
    }

    fn submit_timed(
        &mut self,
        command: &Command,
        now: Timestamp,
        note: Option<ClockNote>,
    ) -> Result<Accepted, Refusal> {
        let now = self.state.not_before_last_record(now);
        match decide(&self.state, command, now)? {
            Decision::Already { seq } => Ok(Accepted::Already { seq }),
            Decision::Record(events) => {
                // The record bears the sender's name as it was first written, like every other name in it.
                let mut sent = std::borrow::Cow::Borrowed(command);
                let by = self.state.spelling_of(&command.by);
                if by != command.by {
                    sent.to_mut().body = Some(command.body_digest());
                    sent.to_mut().by = by;
                }
                let sealed = self.chain.seal_timed(&sent, events, now, note);
                self.take(&sealed);
                Ok(Accepted::New(Box::new(sealed)))
            }
        }
    }

    fn take(&mut self, sealed: &Sealed) {
        if let Err(broken) = self.state.apply(&sealed.record) {
            panic!("{broken}");
        }
    }

    /// Takes a stored record.
    ///
    /// * `digest` — of its stored bytes: the record after it must name it.
    ///
    /// # Errors
    /// [`Broken`] if the record does not follow.
    pub fn replay(&mut self, record: &Record, digest: Digest) -> Result<(), Broken> {
        self.chain
            .link(record.seq, record.previous, digest)
            .map_err(|found| Broken {
                record: record.seq,
                what: found.to_string(),
            })?;
        self.state.apply(record)
    }

    /// The whole as bytes.
    ///
    /// # Errors
    /// As [`State::snapshot`].
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        self.state.snapshot(&self.chain)
    }

    /// Reads what [`snapshot`](Ledger::snapshot) wrote.
    ///
    /// # Errors
    /// As [`State::restore`].
    pub fn restore(bytes: &[u8]) -> Result<Ledger, SnapshotError> {
        let (state, chain) = State::restore(bytes)?;
        Ok(Ledger { state, chain })
    }

    /// The ledger of a snapshot that was read piece by piece.
    ///
    /// # Errors
    /// As [`Restoring::finish`].
    pub fn restored(restoring: Restoring) -> Result<Ledger, SnapshotError> {
        let (state, chain) = restoring.finish()?;
        Ok(Ledger { state, chain })
    }
}
