//! What is kept beside a database and must not be in it: the key that its snapshots are signed with, the last record
//! that was acknowledged, and which damage an administrator has accepted.
//!
//! Whoever can only write to the database cannot make it agree with these.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lazaret_ledger::chain::{Chain, Digest};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Key;
use crate::database::Store;
use crate::error::StoreError;
use crate::verify::Finding;

/// The file of the key, in the data folder. It also signs checkpoints.
const KEY: &str = "checkpoint.key";
const LAST: &str = "ledger.last";
const ACCEPTED: &str = "ledger.accepted";
/// Bytes of one place in the file of the last record.
const SLOT: usize = 128;

/// Files beside a database.
#[derive(Debug)]
pub(crate) struct Beside {
    key: Key,
    /// None if this program only reads.
    last: Option<Last>,
    accepted: PathBuf,
}

/// The last record that was acknowledged, in two places that are written in turn: one that is torn leaves the other.
///
/// It is written before each answer and not synced, which a killed process survives; a second later it is synced with
/// what came meanwhile. A power cut may thus leave it up to a second behind the database, never ahead of it.
#[derive(Debug)]
struct Last {
    path: PathBuf,
    open: Mutex<Option<(File, bool)>>,
}

/// Damage that was accepted.
#[derive(Debug, Serialize, Deserialize)]
struct Acceptance {
    by: String,
    because: String,
    seq: u64,
    findings: Vec<String>,
}

impl Store {
    /// Keeps key, last record and accepted damage in `folder`, which is made with its key if it is new.
    ///
    /// # Errors
    /// If the files cannot be read or written.
    pub fn keeping(mut self, folder: &Path) -> Result<Store, StoreError> {
        private_folder(folder)?;
        self.beside = Some(Arc::new(Beside {
            key: Key::open(&folder.join(KEY))?,
            last: Some(Last {
                path: folder.join(LAST),
                open: Mutex::new(None),
            }),
            accepted: folder.join(ACCEPTED),
        }));
        Ok(self)
    }

    /// Believes snapshots that the key in `folder` signed, if there is one; writes nothing there.
    ///
    /// # Errors
    /// If the key cannot be read.
    pub fn believing(mut self, folder: &Path) -> Result<Store, StoreError> {
        let file = folder.join(KEY);
        if file.exists() {
            self.beside = Some(Arc::new(Beside {
                key: Key::open(&file)?,
                last: None,
                accepted: folder.join(ACCEPTED),
            }));
        }
        Ok(self)
    }

    pub(crate) fn key(&self) -> Option<&Key> {
        self.beside.as_ref().map(|beside| &beside.key)
    }

    /// Notes that everything up to the end of `chain` is acknowledged.
    pub(crate) fn note_last(&self, chain: Chain) -> Result<(), StoreError> {
        match self.last_file() {
            Some(last) => last.note(chain),
            None => Ok(()),
        }
    }

    /// Syncs what was noted.
    pub(crate) fn sync_last(&self) -> Result<(), StoreError> {
        match self.last_file() {
            Some(last) => last.sync(),
            None => Ok(()),
        }
    }

    fn last_file(&self) -> Option<&Last> {
        self.beside.as_ref()?.last.as_ref()
    }

    /// What is missing or different at the end of the records, by the file that is kept outside.
    ///
    /// # Errors
    /// If the file or the database cannot be read.
    pub(crate) async fn lost(&self) -> Result<Option<Finding>, StoreError> {
        let Some(last) = self.last_file() else {
            return Ok(None);
        };
        let Some(known) = last.read()? else {
            return Ok(None);
        };
        let head = self.head().await?;
        let finding = |seq, what| Some(Finding { seq, what });
        if head.seq < known.seq {
            let what = format!(
                "it and those up to {} were acknowledged and are not in the database",
                known.seq
            );
            return Ok(finding(head.seq + 1, what));
        }
        let Some(stored) = self.record(known.seq).await? else {
            return Ok(match known.seq {
                0 => None,
                seq => finding(seq, "it was acknowledged and is missing".into()),
            });
        };
        if Digest::of(&stored.body) == known.head {
            return Ok(None);
        }
        Ok(finding(
            known.seq,
            "it is not the record that was acknowledged".into(),
        ))
    }

    /// Everything that speaks against the records as they are and was not accepted before: what the chain says, and
    /// what was acknowledged and is gone.
    ///
    /// * `gateway` — the name in signed texts.
    ///
    /// # Errors
    /// If the database or the files fail.
    pub async fn doubts(&self, gateway: &str) -> Result<Vec<Finding>, StoreError> {
        let mut doubts = Vec::from_iter(self.lost().await?);
        doubts.extend(self.verify(gateway, None).await?.findings);
        let accepted = self.accepted()?;
        doubts.retain(|doubt| !accepted.contains(&doubt.to_string()));
        Ok(doubts)
    }

    fn accepted(&self) -> Result<Vec<String>, StoreError> {
        let Some(beside) = &self.beside else {
            return Ok(Vec::new());
        };
        let file = &beside.accepted;
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::file(file, error)),
        };
        let mut all = Vec::new();
        for line in text.lines() {
            let read: Acceptance = serde_json::from_str(line)
                .map_err(|error| StoreError::file(file, std::io::Error::other(error)))?;
            all.extend(read.findings);
        }
        Ok(all)
    }

    /// Accepts the records as they are: from now on a server starts in spite of `doubts`.
    ///
    /// # Errors
    /// If nothing is kept beside this database, or the files fail.
    pub async fn accept(
        &self,
        doubts: &[Finding],
        by: &str,
        because: &str,
    ) -> Result<Chain, StoreError> {
        let head = self.head().await?;
        let (Some(beside), Some(last)) = (&self.beside, self.last_file()) else {
            return Err(StoreError::Key("the data folder".into()));
        };
        let line = Acceptance {
            by: by.into(),
            because: because.into(),
            seq: head.seq,
            findings: doubts.iter().map(ToString::to_string).collect(),
        };
        let line = serde_json::to_string(&line)
            .map_err(|error| StoreError::file(&beside.accepted, std::io::Error::other(error)))?;
        let mut options = File::options();
        options.append(true).create(true);
        private(&mut options);
        options
            .open(&beside.accepted)
            .and_then(|mut file| {
                writeln!(file, "{line}")?;
                file.sync_all()
            })
            .map_err(|error| StoreError::file(&beside.accepted, error))?;
        last.reset(head)?;
        Ok(head)
    }
}

impl Last {
    fn failed(&self, error: std::io::Error) -> StoreError {
        StoreError::file(&self.path, error)
    }

    fn read(&self) -> Result<Option<Chain>, StoreError> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(file) => {
                let read = file.take(2 * SLOT as u64).read_to_end(&mut bytes);
                read.map_err(|error| self.failed(error))?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        }
        let known = bytes
            .chunks(SLOT)
            .filter_map(slot)
            .max_by_key(|chain| chain.seq);
        if known.is_none() && !bytes.is_empty() {
            return Err(self.failed(std::io::Error::other(
                "it is damaged, so the last acknowledged record is unknown; if you are sure that the records are \
                 complete, remove it",
            )));
        }
        Ok(known)
    }

    fn note(&self, chain: Chain) -> Result<(), StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            let mut options = File::options();
            options.write(true).create(true).truncate(false);
            private(&mut options);
            let file = options
                .open(&self.path)
                .map_err(|error| self.failed(error))?;
            *open = Some((file, false));
        }
        let Some((file, second)) = open.as_mut() else {
            return Ok(());
        };
        let place = if *second { SLOT as u64 } else { 0 };
        *second = !*second;
        file.seek(SeekFrom::Start(place))
            .and_then(|_| file.write_all(&text(chain)))
            .map_err(|error| self.failed(error))
    }

    fn sync(&self) -> Result<(), StoreError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match &*open {
            Some((file, _)) => file.sync_data().map_err(|error| self.failed(error)),
            None => Ok(()),
        }
    }

    /// Forgets what was there: the records that are left are all that count.
    fn reset(&self, chain: Chain) -> Result<(), StoreError> {
        self.note(chain)?;
        self.note(chain)?;
        self.sync()
    }
}

/// One place in the file: number, digest, and a check of both.
fn text(chain: Chain) -> Vec<u8> {
    let said = format!("{:020} {}", chain.seq, chain.head);
    let check = Digest::of(said.as_bytes()).to_string();
    let mut bytes = format!("{said} {}", &check[..16]).into_bytes();
    bytes.resize(SLOT - 1, b' ');
    bytes.push(b'\n');
    bytes
}

fn slot(bytes: &[u8]) -> Option<Chain> {
    let words = std::str::from_utf8(bytes).ok()?;
    let mut words = words.split_whitespace();
    let chain = Chain {
        seq: words.next()?.parse().ok()?,
        head: Digest::read(words.next()?)?,
    };
    (text(chain) == bytes).then_some(chain)
}

/// Nobody but the server's own user may read what is made with these options.
pub(crate) fn private(options: &mut std::fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Makes a folder that nobody but the server's own user may enter; one that is there stays as it is.
pub(crate) fn private_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| StoreError::file(folder, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_place_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let last = Last {
            path: folder.path().join(LAST),
            open: Mutex::new(None),
        };
        assert_eq!(last.read().unwrap(), None);
        let chain = |seq| Chain {
            seq,
            head: Digest::of(&[seq as u8]),
        };
        for seq in 1..=5 {
            last.note(chain(seq)).unwrap();
            assert_eq!(last.read().unwrap(), Some(chain(seq)));
        }
        let whole = std::fs::read(&last.path).unwrap();
        for place in 0..SLOT {
            let mut torn = whole.clone();
            torn[place] ^= 1;
            std::fs::write(&last.path, torn).unwrap();
            assert_eq!(last.read().unwrap(), Some(chain(4)), "byte {place}");
        }
        std::fs::write(&last.path, vec![0; 2 * SLOT]).unwrap();
        assert!(last.read().is_err());
        std::fs::write(&last.path, whole).unwrap();
        last.reset(chain(2)).unwrap();
        assert_eq!(last.read().unwrap(), Some(chain(2)));
    }
}
