//! A disk that crashes: what was not synced is torn, and now and then a bit of what was synced flips.
//!
//! Records lie on it as frames one after the other: length, digest, bytes. What recovery may build on is the ledger's
//! own: the chain, the digests, and that a damaged snapshot is refused.

use lazaret_ledger::{Digest, Ledger, Record, Sealed};

use crate::life::Dice;

const SECTOR: usize = 512;
const HEAD: usize = 36;

/// What has been written, and how much of it is safe.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    dice: Dice,
    bytes: Vec<u8>,
    /// Where the frame of each record begins.
    frames: Vec<usize>,
    /// Bytes and records that were synced: those are acknowledged.
    synced: (usize, u64),
    snapshot: Vec<u8>,
    /// Loses synced bytes in a crash, as some disks do.
    lies: bool,
    pub(crate) crashes: u32,
    pub(crate) flips: u32,
    pub(crate) torn: u32,
}

impl Disk {
    pub(crate) fn new(seed: u64, lies: bool) -> Self {
        Disk {
            dice: Dice(seed.wrapping_mul(0xd6e8_feb8_6659_fd93) | 1),
            bytes: Vec::new(),
            frames: Vec::new(),
            synced: (0, 0),
            snapshot: Vec::new(),
            lies,
            crashes: 0,
            flips: 0,
            torn: 0,
        }
    }

    /// Writes a record; every few are synced together.
    pub(crate) fn write(&mut self, sealed: &Sealed, snapshot: impl FnOnce() -> Vec<u8>) {
        self.frames.push(self.bytes.len());
        let length = sealed.json.len() as u32;
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(sealed.digest.0);
        self.bytes.extend(&sealed.json);
        if self.dice.one_in(6) {
            self.synced = (self.bytes.len(), self.frames.len() as u64);
            if self.dice.one_in(50) {
                self.snapshot = snapshot();
            }
        }
    }

    /// Records that would be lost or torn if the power failed now.
    pub(crate) fn unsynced(&self) -> usize {
        self.frames.len() - self.synced.1 as usize
    }

    pub(crate) fn crashes_now(&mut self) -> bool {
        self.dice.one_in(1_200)
    }

    /// The power fails. What a start from the disk finds; an error says what of it is wrong.
    pub(crate) fn crash(&mut self) -> Result<Ledger, String> {
        self.crashes += 1;
        let (safe, acknowledged) = self.synced;
        let mut bytes = self.bytes.clone();
        // Some of what was not synced came to the disk, in any order of sectors.
        let from = if self.lies { safe / 2 } else { safe };
        let end = from + self.dice.below(bytes.len() - from + 1);
        bytes.truncate(end);
        for at in (from..end).step_by(SECTOR) {
            if self.dice.one_in(3) {
                let sector = at..end.min(at + SECTOR);
                bytes[sector].fill(0);
                self.torn += 1;
            }
        }
        let found = self.start(&bytes, &self.snapshot)?;
        if found.chain().seq < acknowledged {
            return Err(format!(
                "{acknowledged} records were acknowledged, {} are there",
                found.chain().seq
            ));
        }
        // The same from the records alone.
        let again = self.start(&bytes, &[])?;
        if found.snapshot() != again.snapshot() {
            return Err("a start from a snapshot gives another state".into());
        }
        self.rot(&bytes, acknowledged)?;
        // What lies beyond the end is written over.
        let seq = found.chain().seq as usize;
        let end = self.frames.get(seq).copied().unwrap_or(self.bytes.len());
        self.bytes.truncate(end);
        self.frames.truncate(seq);
        self.synced = (end, seq as u64);
        Ok(found)
    }

    /// One bit flips somewhere in what is safe: a start from the records ends just before it, and a snapshot with a
    /// flipped bit or a torn end is refused.
    fn rot(&mut self, bytes: &[u8], acknowledged: u64) -> Result<(), String> {
        if self.synced.0 == 0 {
            return Ok(());
        }
        self.flips += 1;
        let mut rotten = bytes.to_vec();
        let at = self.dice.below(self.synced.0);
        rotten[at] ^= 1 << self.dice.below(8);
        let hit = self.frames.partition_point(|&from| from <= at) as u64;
        let found = self.start(&rotten, &[])?.chain().seq;
        if found != hit - 1 {
            return Err(format!(
                "a bit of record {hit} flipped, and {found} of {acknowledged} records were taken"
            ));
        }
        let mut snapshot = self.snapshot.clone();
        if !snapshot.is_empty() {
            let at = self.dice.below(snapshot.len());
            if self.dice.one_in(2) {
                snapshot.truncate(at);
            } else {
                snapshot[at] ^= 1 << self.dice.below(8);
            }
            if Ledger::restore(&snapshot).is_ok() {
                return Err("a damaged snapshot was taken".into());
            }
        }
        Ok(())
    }

    /// A start: the snapshot if it is whole and belongs to the records, then the records up to the first that does
    /// not follow.
    fn start(&self, bytes: &[u8], snapshot: &[u8]) -> Result<Ledger, String> {
        let rows = frames(bytes);
        let mut ledger = Ledger::restore(snapshot)
            .ok()
            .filter(|ledger| {
                let seq = ledger.chain().seq as usize;
                rows.get(seq.wrapping_sub(1))
                    .is_some_and(|(digest, _)| *digest == ledger.chain().head)
            })
            .unwrap_or_default();
        for (digest, json) in rows.iter().skip(ledger.chain().seq as usize) {
            let mut chain = ledger.chain();
            if chain.follow(json, Some(*digest)).is_err() {
                break;
            }
            let record: Record = serde_json::from_slice(json).map_err(|error| error.to_string())?;
            ledger
                .replay(&record, *digest)
                .map_err(|broken| broken.to_string())?;
        }
        Ok(ledger)
    }
}

/// Frames up to the first that does not fit into the bytes.
fn frames(mut bytes: &[u8]) -> Vec<(Digest, &[u8])> {
    let mut rows = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(HEAD) {
        let (length, digest) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default()) as usize;
        let Some((json, rest)) = rest.split_at_checked(length) else {
            break;
        };
        rows.push((Digest(digest.try_into().unwrap_or_default()), json));
        bytes = rest;
    }
    rows
}
