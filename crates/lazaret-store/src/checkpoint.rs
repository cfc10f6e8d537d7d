//! Checkpoints: where the chain stood, signed, for a witness outside.
//!
//! Whoever can write to the database can write a whole new chain. They cannot make it agree with a checkpoint that
//! somebody else has kept.

use std::io::Write;
use std::path::Path;

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use jiff::Timestamp;
use lazaret_ledger::chain::{Chain, Digest};
use sqlx::Row;

use crate::database::{Store, either};
use crate::error::StoreError;
use crate::records::{instant, micros};

/// The key of a server, kept in a file that only it reads.
#[derive(Clone)]
pub struct Key(SigningKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", hex(self.0.verifying_key().as_bytes()))
    }
}

impl Key {
    /// Reads the key in `file`, or makes one there.
    ///
    /// # Errors
    /// If the file cannot be read or written, or holds something else.
    pub fn open(file: &Path) -> Result<Key, StoreError> {
        match std::fs::read_to_string(file) {
            Ok(text) => unhex::<32>(text.trim())
                .map(|seed| Key(SigningKey::from_bytes(&seed)))
                .ok_or_else(|| StoreError::Key(file.display().to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed)
                    .map_err(|error| StoreError::Key(format!("no random bytes: {error}")))?;
                let mut options = std::fs::File::options();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let mut out = options
                    .open(file)
                    .map_err(|error| StoreError::file(file, error))?;
                writeln!(out, "{}", hex(&seed))
                    .and_then(|()| out.sync_all())
                    .map_err(|error| StoreError::file(file, error))?;
                Ok(Key(SigningKey::from_bytes(&seed)))
            }
            Err(error) => Err(StoreError::file(file, error)),
        }
    }

    /// Vouches for a snapshot by its head.
    pub(crate) fn sign_snapshot(&self, head: &[u8]) -> [u8; 64] {
        self.0.sign(&snapshot_text(head)).to_bytes()
    }

    /// Whether this key vouched for the snapshot with this head.
    pub(crate) fn signed_snapshot(&self, head: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.0
            .verifying_key()
            .verify_strict(&snapshot_text(head), &signature)
            .is_ok()
    }

    /// Signs where a chain stands.
    #[must_use]
    pub fn sign(&self, gateway: &str, chain: Chain, at: Timestamp) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            seq: chain.seq,
            digest: chain.head,
            at: instant(micros(at)),
            key: self.0.verifying_key().to_bytes(),
            signature: [0; 64],
        };
        checkpoint.signature = self.0.sign(checkpoint.text(gateway).as_bytes()).to_bytes();
        checkpoint
    }
}

/// What is signed of a snapshot: nothing that a checkpoint could be taken for.
fn snapshot_text(head: &[u8]) -> Vec<u8> {
    [b"lazaret snapshot\n", head].concat()
}

/// Where a chain stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The record.
    pub seq: u64,
    /// Its digest.
    pub digest: Digest,
    /// When it was signed.
    pub at: Timestamp,
    /// The server's public key.
    pub key: [u8; 32],
    /// The signature over [`text`](Checkpoint::text).
    pub signature: [u8; 64],
}

impl Checkpoint {
    /// What is signed, and what a witness keeps.
    #[must_use]
    pub fn text(&self, gateway: &str) -> String {
        format!(
            "lazaret checkpoint\n{gateway}\n{}\n{}\n{}\n",
            self.seq, self.digest, self.at
        )
    }

    /// Whether the signature is of its key. Whether the key is the server's is for the witness to know.
    #[must_use]
    pub fn is_signed(&self, gateway: &str) -> bool {
        VerifyingKey::from_bytes(&self.key).is_ok_and(|key| {
            key.verify(
                self.text(gateway).as_bytes(),
                &Signature::from_bytes(&self.signature),
            )
            .is_ok()
        })
    }

    /// The public key in hexadecimal.
    #[must_use]
    pub fn key_text(&self) -> String {
        hex(&self.key)
    }

    /// The signature in hexadecimal.
    #[must_use]
    pub fn signature_text(&self) -> String {
        hex(&self.signature)
    }

    /// A checkpoint from its parts as text; none if one is malformed.
    #[must_use]
    pub fn read(
        seq: u64,
        digest: &str,
        at: Timestamp,
        key: &str,
        signature: &str,
    ) -> Option<Checkpoint> {
        Some(Checkpoint {
            seq,
            digest: Digest::read(digest)?,
            at,
            key: unhex(key)?,
            signature: unhex(signature)?,
        })
    }
}

impl Store {
    /// Keeps a checkpoint.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn keep_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let text =
            "INSERT INTO checkpoint (seq, digest, at, key, signature) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (seq) DO NOTHING";
        either!(self, pool => {
            sqlx::query(text)
                .bind(checkpoint.seq as i64)
                .bind(&checkpoint.digest.0[..])
                .bind(micros(checkpoint.at))
                .bind(&checkpoint.key[..])
                .bind(&checkpoint.signature[..])
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// Checkpoints, the latest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn checkpoints(&self, limit: u32) -> Result<Vec<Checkpoint>, StoreError> {
        let text =
            "SELECT seq, digest, at, key, signature FROM checkpoint ORDER BY seq DESC LIMIT $1";
        Ok(either!(self, pool => {
            sqlx::query(text)
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?
                .into_iter()
                .map(|row| Checkpoint {
                    seq: row.get::<i64, _>("seq") as u64,
                    digest: Digest(bytes(row.get("digest")).unwrap_or_default()),
                    at: instant(row.get("at")),
                    // A damaged one keeps its place and fails its check.
                    key: bytes(row.get("key")).unwrap_or_default(),
                    signature: bytes(row.get("signature")).unwrap_or([0; 64]),
                })
                .collect()
        }))
    }
}

fn bytes<const N: usize>(stored: Vec<u8>) -> Option<[u8; N]> {
    stored.try_into().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
