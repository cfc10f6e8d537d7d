//! The record of hits and misses: a file of JSON lines beside the evidence, to which every scoring adds what is new.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use lazaret_watch::score::{Scored, Tally};

use super::common::{lines, plain};
use crate::files::{Kept, keeps};
use crate::output::{Failure, say};

/// The largest record that is read, in bytes.
const BYTES_MAX: u64 = 256 << 20;

/// Where the record is kept.
#[derive(Args, Clone, Debug)]
pub(crate) struct RecordArguments {
    /// Record of hits and misses, a file of JSON lines [default: EVIDENCE.scores.jsonl next to the evidence]
    #[arg(long, value_name = "RECORD.jsonl", conflicts_with = "no_record", value_hint = clap::ValueHint::FilePath)]
    pub(crate) record: Option<Kept>,
    /// Keep no record, and show none
    #[arg(long)]
    pub(crate) no_record: bool,
}

/// The record at its place.
pub(crate) struct Keeper {
    pub(crate) path: PathBuf,
    /// Whether the place was asked for: then a failure to write is one of the command.
    asked: bool,
}

impl RecordArguments {
    /// The record, if one is kept.
    pub(crate) fn keeper(&self, evidence: &Path) -> Option<Keeper> {
        if self.no_record {
            return None;
        }
        Some(match &self.record {
            Some(Kept(path)) => Keeper {
                path: path.clone(),
                asked: true,
            },
            None => Keeper::beside(evidence),
        })
    }

    /// What is in the record so far; none if there is no such file.
    pub(crate) fn tally(&self, evidence: &Path) -> Result<Option<Tally>, Failure> {
        self.keeper(evidence)
            .map_or(Ok(None), |keeper| keeper.tally())
    }
}

impl Keeper {
    /// The record of evidence for which no other place was named.
    pub(crate) fn beside(evidence: &Path) -> Self {
        Self {
            path: evidence.with_extension("scores.jsonl"),
            asked: false,
        }
    }

    /// What is in the record so far; none if there is no such file.
    pub(crate) fn tally(&self) -> Result<Option<Tally>, Failure> {
        keeps(&self.path)?;
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unreadable(&error.to_string())),
        };
        let (kept, _) = self.read(&mut file)?;
        Ok(Some(Tally::of(&kept)))
    }

    /// Adds what is new of `scored`, each a whole line, and gives the record as it is then.
    pub(crate) fn add(&self, scored: &[Scored]) -> Result<Option<Tally>, Failure> {
        keeps(&self.path)?;
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)
            // Two who score at once wait for one another, so that neither counts what the other adds.
            .and_then(|file| file.lock().map(|()| file));
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if self.asked => return Err(self.unwritable(&error)),
            Err(error) => {
                say(&format!(
                    "no record is kept because {} cannot be written: {error}; choose another file with --record PATH\n",
                    self.path.display()
                ));
                return self.tally().or(Ok(None));
            }
        };
        let (mut kept, end) = self.read(&mut file)?;
        let mut text = String::new();
        for one in scored {
            // What is scored again is known already; a row that was corrected says something else.
            if kept.iter().any(|known| known.is_again(one)) {
                continue;
            }
            text +=
                &serde_json::to_string(one).map_err(|error| Failure::Machine(error.to_string()))?;
            text.push('\n');
            kept.push(one.clone());
        }
        let written = match end {
            End::Whole => Ok(()),
            End::WithoutNewline => file.write_all(b"\n"),
            // Half a line would spoil the next.
            End::Half(at) => file.set_len(at),
        };
        written
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.sync_data())
            .map_err(|error| self.unwritable(&error))?;
        Ok(Some(Tally::of(&kept)))
    }

    fn read(&self, file: &mut File) -> Result<(Vec<Scored>, End), Failure> {
        let mut text = String::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.take(BYTES_MAX + 1).read_to_string(&mut text))
            .map_err(|error| self.unreadable(&error.to_string()))?;
        if text.len() as u64 > BYTES_MAX {
            return Err(self.unreadable(&format!("it has more than {BYTES_MAX} bytes")));
        }
        let mut kept = Vec::new();
        let mut end = End::Whole;
        let mut from = 0;
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let start = from;
            from += line.len();
            let whole = line.ends_with('\n');
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(line) {
                Ok(scored) => {
                    kept.push(scored);
                    if !whole {
                        end = End::WithoutNewline;
                    }
                }
                Err(error) if !whole && error.is_eof() => {
                    say(&format!(
                        "the last line of {}, line {}, is incomplete because an earlier run was cut off; it is ignored\n",
                        self.path.display(),
                        at + 1
                    ));
                    end = End::Half(start as u64);
                }
                Err(error) => {
                    return Err(self.unreadable(&format!(
                        "line {} is not a score: {error}; remove it, or use --no-record",
                        at + 1
                    )));
                }
            }
        }
        Ok((kept, end))
    }

    fn unreadable(&self, why: &str) -> Failure {
        Failure::BadInput(format!(
            "the record {} cannot be read: {why}",
            self.path.display()
        ))
    }

    fn unwritable(&self, error: &std::io::Error) -> Failure {
        Failure::Machine(format!(
            "the record {} cannot be written: {error}",
            self.path.display()
        ))
    }
}

/// How the record ends.
enum End {
    Whole,
    /// With a score whose line has no end.
    WithoutNewline,
    /// With half a line that begins at this byte.
    Half(u64),
}

/// The record in words.
pub(crate) fn in_words(tally: &Tally) -> String {
    let header = [
        "predicted",
        "ahead",
        "reports",
        "in 50 %",
        "in 80 %",
        "in 90 %",
        "log",
        "file",
        "CRPS",
        "Brier",
        "to last",
        "to file",
    ];
    let mut table = plain(&header);
    for line in tally.lines() {
        table.row([
            line.foretold(),
            line.ahead().to_string(),
            line.reports.clone(),
            line.share(0),
            line.share(1),
            line.share(2),
            line.log_score,
            line.log_score_climatology,
            line.crps,
            line.brier,
            line.skill_to_persistence,
            line.skill_to_climatology,
        ]);
    }
    let mut out = lines(&table);
    out += "Shares inside the intervals, each with its 95 % interval.\n\
            Log, file: mean log score, ours and by the gateway file alone.\n\
            To last, to file: skill compared with \"as last reported\" and the file alone; 1 is perfect, 0 no better.\n";
    if let Some(superseded) = tally.superseded_in_words() {
        out += &format!("{superseded}\n");
    }
    out
}
