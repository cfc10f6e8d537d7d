//! `lazaret ledger verify --rules`: every record is judged again by the auditor, which shares nothing with the ledger.

use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use lazaret_audit::{Auditor, Finding};
use lazaret_ledger::chain::{Chain, Digest};
use lazaret_store::{Checkpoint, Store, export_records, is_export_head};

use crate::ledger::place::failed;
use crate::output::{Failure, print, say};

/// The longest line of an export that is read, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Lines that are judged as one piece of work.
const LINES: usize = 1024;
/// Pieces that may wait for the auditor.
const PIECES: usize = 8;

/// Hands every line that is written to it to the auditor, which judges on a thread of its own while the next are read.
struct Judging {
    lines: Vec<Vec<u8>>,
    line: Vec<u8>,
    headed: bool,
    sends: SyncSender<Vec<Vec<u8>>>,
}

impl Judging {
    fn end_line(&mut self) -> std::io::Result<()> {
        let line = std::mem::take(&mut self.line);
        if std::mem::replace(&mut self.headed, true) {
            self.lines.push(line);
        }
        if self.lines.len() >= LINES {
            self.send()?;
        }
        Ok(())
    }

    fn send(&mut self) -> std::io::Result<()> {
        let lines = std::mem::take(&mut self.lines);
        self.sends
            .send(lines)
            .map_err(|_| std::io::Error::other("the auditor has stopped"))
    }
}

impl Write for Judging {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            self.line.extend_from_slice(text);
            if ended {
                self.end_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.send()
    }
}

/// Judges every record of a database: the auditor, and the first record that does not follow.
pub(crate) async fn judged(store: &Store) -> Result<(Auditor, Option<Finding>), Failure> {
    let (sends, gets) = sync_channel::<Vec<Vec<u8>>>(PIECES);
    let judge = std::thread::spawn(move || {
        let (mut auditor, mut found) = (Auditor::default(), None);
        // What comes after a finding is taken and not judged.
        for line in gets.iter().flatten() {
            if found.is_none() {
                found = auditor.line(&line).err();
            }
        }
        (auditor, found)
    });
    let mut judging = Judging {
        lines: Vec::new(),
        line: Vec::new(),
        headed: false,
        sends,
    };
    let read = export_records(store, &mut judging).await.map_err(failed);
    let sent = judging.send();
    drop(judging);
    let found = judge
        .join()
        .map_err(|_| Failure::Machine("the auditor has a defect".into()))?;
    read?;
    sent.map_err(|error| Failure::Machine(error.to_string()))?;
    Ok(found)
}

/// Judges every record of a database, and says what was found.
pub(crate) async fn rules_of(store: &Store) -> Result<(), Failure> {
    let began = Instant::now();
    let (auditor, found) = judged(store).await?;
    told(&auditor, found.as_ref(), began)
}

/// What the auditor found, said; a finding ends the command as bad input does.
fn told(auditor: &Auditor, found: Option<&Finding>, began: Instant) -> Result<(), Failure> {
    let seconds = began.elapsed().as_secs_f64();
    let (records, rate) = (
        auditor.records(),
        auditor.records() as f64 / seconds.max(1e-9),
    );
    let Some(finding) = found else {
        return print(&format!(
            "no rule is broken: {records} records judged in {seconds:.2} s ({rate:.0} a second)\n"
        ));
    };
    say(&format!("{finding}\n"));
    print(&format!(
        "a rule is broken: record {} does not follow from the records before it; later records were not judged\n",
        finding.record
    ))?;
    Err(Failure::BadInputShown)
}

/// Follows the chain of an export and judges every record of it.
pub(crate) fn rules_of_export(
    file: &Path,
    mut lines: Box<dyn BufRead>,
    witness: Option<&(String, Checkpoint)>,
) -> Result<(), Failure> {
    let bad = |line: u64, what: String| {
        Failure::BadInput(format!("{}: line {line}: {what}", file.display()))
    };
    let began = Instant::now();
    let (mut chain, mut auditor, mut found) = (Chain::default(), Auditor::default(), None);
    let mut seen = None;
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        let read = (&mut lines)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut text);
        if read.map_err(|error| bad(number, error.to_string()))? == 0 {
            break;
        }
        if text.len() as u64 == LINE_BYTES_MAX {
            return Err(bad(
                number,
                format!("it is longer than {LINE_BYTES_MAX} bytes"),
            ));
        }
        let line = text.trim_ascii_end();
        let head = number == 1 && is_export_head(line).map_err(|what| bad(number, what))?;
        if head || line.is_empty() {
            continue;
        }
        chain
            .follow(line, None)
            .map_err(|broken| bad(number, broken.to_string()))?;
        if witness.is_some_and(|(_, checkpoint)| checkpoint.seq == chain.seq) {
            seen = Some(chain.head);
        }
        if found.is_none() {
            found = auditor.line(line).err();
        }
    }
    if let Some((gateway, checkpoint)) = witness {
        witnessed(gateway, checkpoint, seen)?;
    }
    print(&format!(
        "whole: {} records, the last {}\n",
        chain.seq, chain.head
    ))?;
    told(&auditor, found.as_ref(), began)
}

/// Whether a witness's checkpoint bears out what was found at its record.
fn witnessed(gateway: &str, checkpoint: &Checkpoint, seen: Option<Digest>) -> Result<(), Failure> {
    let at = checkpoint.seq;
    let wrong = if !checkpoint.is_signed(gateway) {
        "the checkpoint is not signed by the key that it names".to_owned()
    } else if at == 0 || seen == Some(checkpoint.digest) {
        return Ok(());
    } else if let Some(seen) = seen {
        format!(
            "a witness saw digest {} here, but the chain has {seen}",
            checkpoint.digest
        )
    } else {
        "a witness knows it, but the export ends before it".to_owned()
    };
    Err(Failure::BadInput(format!("record {at}: {wrong}")))
}
