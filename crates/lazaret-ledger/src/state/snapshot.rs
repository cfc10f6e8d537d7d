//! A state as bytes, and back.

use super::State;
use crate::chain::{Chain, Digest};

/// First bytes of a snapshot: what it is and in which layout.
const MAGIC: &[u8; 8] = b"lazaret2";

/// Why a snapshot cannot be read. Start from the records instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It is not a snapshot, or one of another version of the program.
    #[error("not a snapshot of this version")]
    Unknown,
    /// Its bytes are not those that were written.
    #[error("the snapshot is damaged: its digest does not agree")]
    Damaged,
    /// Its bytes do not make a state.
    #[error("the snapshot cannot be read: {0}")]
    Unreadable(String),
}

impl State {
    /// The state as bytes, with the end of the chain that it belongs to: magic, digest of the rest, chain, rows.
    ///
    /// # Errors
    /// None in practice: every part of a state has a form in bytes. The encoder's own error is passed on.
    pub fn snapshot(&self, chain: &Chain) -> Result<Vec<u8>, SnapshotError> {
        let unreadable = |error: postcard::Error| SnapshotError::Unreadable(error.to_string());
        let mut bytes = vec![0; 40];
        bytes[..8].copy_from_slice(MAGIC);
        bytes = postcard::to_extend(&(chain.seq, chain.head.0), bytes).map_err(unreadable)?;
        bytes = postcard::to_extend(self, bytes).map_err(unreadable)?;
        let Digest(digest) = Digest::of(&bytes[40..]);
        bytes[8..40].copy_from_slice(&digest);
        Ok(bytes)
    }

    /// Reads a snapshot.
    ///
    /// # Errors
    /// If it is not one, was damaged, or was written by a version with another layout.
    pub fn restore(bytes: &[u8]) -> Result<(State, Chain), SnapshotError> {
        let unreadable = |error: postcard::Error| SnapshotError::Unreadable(error.to_string());
        let (Some(head), Some(body)) = (bytes.get(..40), bytes.get(40..)) else {
            return Err(SnapshotError::Unknown);
        };
        if &head[..8] != MAGIC {
            return Err(SnapshotError::Unknown);
        }
        if Digest::of(body).0 != head[8..] {
            return Err(SnapshotError::Damaged);
        }
        let ((seq, head), rest) =
            postcard::take_from_bytes::<(u64, [u8; 32])>(body).map_err(unreadable)?;
        let state = postcard::from_bytes(rest).map_err(unreadable)?;
        Ok((
            state,
            Chain {
                seq,
                head: Digest(head),
            },
        ))
    }
}
