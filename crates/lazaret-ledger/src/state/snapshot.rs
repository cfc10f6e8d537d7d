//! A state as bytes, and back.
//!
//! A snapshot is a head and pieces. The head says how long each piece is and what its digest is, so that pieces can be
//! checked and decoded beside each other, while those after them are still being read from disk. Head: magic, digest
//! of what follows in it, its length, then the end of the chain and the list of pieces.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::State;
use crate::chain::{Chain, Digest};

/// First bytes of a snapshot: what it is and in which layout.
const MAGIC: &[u8; 8] = b"lazaret7";
/// Bytes before the list of pieces: magic, digest, length.
const FIXED: usize = 8 + 32 + 4;
/// Bytes that a list of pieces may have: there are a dozen.
const LIST_MAX: usize = 4096;

/// Why a snapshot cannot be read. Start from the records instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It is not a snapshot, or one of another version of the program.
    #[error("not a snapshot of this version")]
    Unknown,
    /// Its bytes are not those that were written.
    #[error("the snapshot is damaged: its digest does not match")]
    Damaged,
    /// Its bytes do not make a state.
    #[error("the snapshot cannot be read: {0}")]
    Unreadable(String),
}

impl From<postcard::Error> for SnapshotError {
    fn from(error: postcard::Error) -> Self {
        SnapshotError::Unreadable(error.to_string())
    }
}

/// What goes into which piece. The large ones come first, so that little is left to do when the last byte is read.
macro_rules! pieces {
    ($($number:literal: $($field:ident),+;)+) => {
        /// How many pieces there are.
        const PIECES: usize = [$($number),+].len();

        impl State {
            fn piece(&self, number: usize, bytes: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
                // A field that is in no piece does not compile.
                let State { $($($field,)+)+ } = self;
                match number {
                    $($number => postcard::to_extend(&($($field,)+), bytes),)+
                    _ => Ok(bytes),
                }
            }
        }

        /// Decodes a piece: what puts it into a state.
        fn decode(number: usize, bytes: &[u8]) -> Result<Put, SnapshotError> {
            match number {
                $($number => {
                    let ($($field,)+) = whole(bytes)?;
                    Ok(Box::new(move |state: &mut State| {
                        $(state.$field = $field;)+
                    }))
                })+
                _ => Err(SnapshotError::Unknown),
            }
        }
    };
}

pieces! {
    0: contacts;
    1: lots;
    2: history;
    3: handlers;
    4: lot_names;
    5: boards, proposals, voiding;
    6: keys, clock;
    7: vehicles, vehicle_names, convoys, convoy_names;
    8: seq, recorded_at, rules, protocols, manifests, departures, samples, exceptions, people, places, units,
       treatments, seals, vehicles_here, totals;
    9: manifest_names, departure_names, sample_names, exception_names, person_names, place_names, source_names,
       goods_names, step_names, agent_names, test_names, open_exceptions;
    10: wagons, credits, later, stock, founded, went_live;
}

type Put = Box<dyn FnOnce(&mut State) + Send>;

fn whole<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, SnapshotError> {
    let (value, rest) = postcard::take_from_bytes(bytes)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(SnapshotError::Damaged)
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    seq: u64,
    head: [u8; 32],
    pieces: Vec<(u64, [u8; 32])>,
}

/// A snapshot that is being read: bytes go in as they come, pieces come out to be decoded wherever there is time.
#[derive(Default)]
pub struct Restoring {
    head: Vec<u8>,
    chain: Chain,
    /// Length and digest of each piece, once the head is read.
    pieces: Vec<(u64, [u8; 32])>,
    begun: bool,
    /// The piece that is being read.
    number: usize,
    bytes: Vec<u8>,
    state: State,
    put: usize,
}

/// Bytes of one piece.
pub struct Piece {
    number: usize,
    digest: [u8; 32],
    bytes: Vec<u8>,
}

/// A piece that was read.
pub struct Decoded(Put);

impl Restoring {
    /// Takes the next bytes; gives the pieces that they complete.
    ///
    /// # Errors
    /// If they are no snapshot, or one that is damaged.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<Vec<Piece>, SnapshotError> {
        let mut complete = Vec::new();
        if !self.begun {
            bytes = self.begin(bytes)?;
            if !self.begun {
                return Ok(complete);
            }
        }
        while let Some(&(length, digest)) = self.pieces.get(self.number) {
            let missing = length as usize - self.bytes.len();
            let (now, later) = bytes.split_at(missing.min(bytes.len()));
            if self.bytes.is_empty() {
                // A length is what the head's digest vouches for, but memory is taken as the bytes come.
                self.bytes.reserve(now.len().max(missing.min(1 << 30)));
            }
            self.bytes.extend_from_slice(now);
            bytes = later;
            if now.len() < missing {
                return Ok(complete);
            }
            complete.push(Piece {
                number: self.number,
                digest,
                bytes: std::mem::take(&mut self.bytes),
            });
            self.number += 1;
        }
        if bytes.is_empty() {
            Ok(complete)
        } else {
            Err(SnapshotError::Damaged)
        }
    }

    fn begin<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], SnapshotError> {
        let take = |head: &mut Vec<u8>, bytes: &'b [u8], to: usize| {
            let (now, later) = bytes.split_at(to.saturating_sub(head.len()).min(bytes.len()));
            head.extend_from_slice(now);
            later
        };
        let bytes = take(&mut self.head, bytes, FIXED);
        let Some((fixed, _)) = self.head.split_at_checked(FIXED) else {
            return Ok(bytes);
        };
        if &fixed[..8] != MAGIC {
            return Err(SnapshotError::Unknown);
        }
        let mut length = [0; 4];
        length.copy_from_slice(&fixed[40..]);
        let length = u32::from_le_bytes(length) as usize;
        if length > LIST_MAX {
            return Err(SnapshotError::Damaged);
        }
        let bytes = take(&mut self.head, bytes, FIXED + length);
        if self.head.len() < FIXED + length {
            return Ok(bytes);
        }
        if Digest::of(&self.head[40..]).0 != self.head[8..40] {
            return Err(SnapshotError::Damaged);
        }
        let Head { seq, head, pieces } = whole(&self.head[FIXED..])?;
        if pieces.len() != PIECES {
            return Err(SnapshotError::Unknown);
        }
        let head = Digest(head);
        (self.chain, self.pieces, self.begun) = (Chain { seq, head }, pieces, true);
        Ok(bytes)
    }

    /// The head, once it is read. It names the end of the chain and the digest of every piece: who vouches for it
    /// vouches for the whole snapshot.
    #[must_use]
    pub fn head(&self) -> Option<&[u8]> {
        self.begun.then_some(&self.head[..])
    }

    /// Puts a piece into its place; the order does not matter.
    pub fn put(&mut self, Decoded(put): Decoded) {
        put(&mut self.state);
        self.put += 1;
    }

    /// The state and the end of the chain that it belongs to.
    ///
    /// # Errors
    /// If pieces are missing.
    pub fn finish(self) -> Result<(State, Chain), SnapshotError> {
        match self.put {
            PIECES => Ok((self.state, self.chain)),
            0 if !self.begun => Err(SnapshotError::Unknown),
            _ => Err(SnapshotError::Damaged),
        }
    }
}

impl Piece {
    /// Checks and decodes it.
    ///
    /// # Errors
    /// If its bytes are not those that were written.
    pub fn decode(self) -> Result<Decoded, SnapshotError> {
        if Digest::of(&self.bytes).0 != self.digest {
            return Err(SnapshotError::Damaged);
        }
        decode(self.number, &self.bytes).map(Decoded)
    }
}

impl State {
    /// The state as bytes, with the end of the chain that it belongs to.
    ///
    /// # Errors
    /// None in practice: every part of a state has a form in bytes. The encoder's own error is passed on.
    pub fn snapshot(&self, chain: &Chain) -> Result<Vec<u8>, SnapshotError> {
        let mut head = Head {
            seq: chain.seq,
            head: chain.head.0,
            pieces: Vec::with_capacity(PIECES),
        };
        let mut body = Vec::new();
        for number in 0..PIECES {
            let from = body.len();
            body = self.piece(number, body)?;
            let piece = &body[from..];
            head.pieces.push((piece.len() as u64, Digest::of(piece).0));
        }
        let list = postcard::to_stdvec(&head)?;
        let mut bytes = vec![0; FIXED];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[40..].copy_from_slice(&(list.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&list);
        let Digest(digest) = Digest::of(&bytes[40..]);
        bytes[8..40].copy_from_slice(&digest);
        // In front of what may be a gigabyte, without a second one.
        body.splice(..0, bytes);
        Ok(body)
    }

    /// Reads a snapshot, on as many threads as there are.
    ///
    /// # Errors
    /// If it is not one, was damaged, or was written by a version with another layout.
    pub fn restore(bytes: &[u8]) -> Result<(State, Chain), SnapshotError> {
        let mut restoring = Restoring::default();
        let pieces = Mutex::new(restoring.feed(bytes)?.into_iter());
        let decoded = Mutex::new(Vec::new());
        let work = || {
            loop {
                let piece = pieces.lock().ok().and_then(|mut pieces| pieces.next());
                let Some(piece) = piece else { return };
                let piece = piece.decode();
                if let Ok(mut decoded) = decoded.lock() {
                    decoded.push(piece);
                }
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 1..threads.min(PIECES) {
                scope.spawn(work);
            }
            work();
        });
        for piece in decoded.into_inner().unwrap_or_default() {
            restoring.put(piece?);
        }
        restoring.finish()
    }
}
