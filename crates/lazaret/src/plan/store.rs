//! Results on disk: shards that cannot be mistaken for whole when they are not, and the merged table.
//!
//! A shard is one text file: a line of JSON that says what it is, the rows as CSV, and a last line `end HASH` with the
//! SHA-256 of everything before. It is written under another name and renamed when it is safe on disk. The table is CSV
//! and, with the feature `parquet`, Parquet.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use lazaret_plan::sweep::Part;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::files::{OutFolder, Output, WholeFile, reason};
use crate::output::Failure;

/// The first line of a shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Which part of which sweep.
    pub(crate) part: Part,
    /// The study file.
    pub(crate) study: String,
    /// The gateway file.
    pub(crate) gateway: String,
    /// What each column of the rows is.
    pub(crate) columns: Vec<Column>,
}

/// One column of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Column {
    /// Name, as in the header.
    pub(crate) name: String,
    /// Unit in words.
    pub(crate) unit: String,
    /// What it holds.
    pub(crate) meaning: String,
    /// How it is stored.
    pub(crate) kind: Kind,
}

/// How a column is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A whole number from 0.
    Whole,
    /// A real number; empty where it is undefined.
    Real,
    /// Text.
    Text,
}

/// What a merge writes to the folder of a sweep.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    results: Output,
    #[cfg(feature = "parquet")]
    parquet: Output,
    columns: Output,
    study: Output,
    gateway: Output,
    begun: Output,
}

/// The file that says which sweep was begun in a folder, so that it is known what is missing before any shard is whole.
const BEGUN: &str = "sweep.json";

impl Files {
    /// The files of `folder`, refused if one of them is an input of the command.
    pub(crate) fn of(folder: &OutFolder) -> Result<Self, Failure> {
        Ok(Files {
            results: folder.file("results.csv")?,
            #[cfg(feature = "parquet")]
            parquet: folder.file("results.parquet")?,
            columns: folder.file("columns.csv")?,
            study: folder.file("study.toml")?,
            gateway: folder.file("gateway.toml")?,
            begun: folder.file(BEGUN)?,
        })
    }

    /// Writes down which sweep is begun. All its shards write the same.
    pub(crate) fn begin(&self, part: &Part) -> Result<(), Failure> {
        let first = Part {
            shard: 0,
            ..part.clone()
        };
        let text = serde_json::to_string(&first).map_err(|e| Failure::Machine(e.to_string()))?;
        self.begun.write(format!("{text}\n").as_bytes())
    }

    /// Refuses to overwrite a study or a gateway file that is not a copy of this sweep's: somebody may have put their
    /// own into the folder.
    ///
    /// * `study`, `gateway` — the texts that will be written.
    pub(crate) fn are_own(&self, study: &str, gateway: &str) -> Result<(), Failure> {
        for (output, text) in [(&self.study, study), (&self.gateway, gateway)] {
            if fs::read(output.path()).is_ok_and(|there| there != text.as_bytes()) {
                return Err(Failure::BadInput(format!(
                    "{} is not the file from which this sweep was made, and merging would overwrite it; move it, or sweep into another folder",
                    output.path().display()
                )));
            }
        }
        Ok(())
    }
}

/// The file name of a shard.
pub(crate) fn shard_name(shard: u64, shards: u64) -> String {
    format!("shard-{shard:05}-of-{shards:05}.lzs")
}

/// Writes shards row by row.
pub(crate) struct ShardWriter {
    file: WholeFile,
    hash: Sha256,
    line: String,
}

impl ShardWriter {
    /// Starts a shard.
    pub(crate) fn create(shard: &Output, head: &Head) -> Result<Self, Failure> {
        let mut writer = ShardWriter {
            file: shard.create()?,
            hash: Sha256::new(),
            line: String::new(),
        };
        let json = serde_json::to_string(head).map_err(|e| Failure::Machine(e.to_string()))?;
        writer.push(&json)?;
        Ok(writer)
    }

    fn push(&mut self, line: &str) -> Result<(), Failure> {
        for bytes in [line.as_bytes(), b"\n"] {
            self.hash.update(bytes);
            self.file
                .write_all(bytes)
                .map_err(|e| self.file.cannot(&e))?;
        }
        Ok(())
    }

    /// Writes a row: run, design, replication, settings, metrics.
    pub(crate) fn row(
        &mut self,
        numbers: [u64; 3],
        settings: &[String],
        metrics: &[f64],
    ) -> Result<(), Failure> {
        use std::fmt::Write as _;
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let [run, design, replication] = numbers;
        let _ = write!(line, "{run},{design},{replication}");
        for setting in settings {
            line.push(',');
            line.push_str(&quoted(setting));
        }
        for &x in metrics {
            line.push(',');
            // The shortest text that reads back as the same number; nothing where there is none.
            if !x.is_nan() {
                let _ = write!(line, "{x:?}");
            }
        }
        let done = self.push(&line);
        self.line = line;
        done
    }

    /// Ends the shard.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let hash = hex(&std::mem::take(&mut self.hash).finalize());
        self.file
            .write_all(format!("end {hash}\n").as_bytes())
            .map_err(|e| self.file.cannot(&e))?;
        self.file.finish()
    }
}

/// A cell of a CSV file, quoted where it must be.
pub(crate) fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads the head of a shard and checks that the shard is whole.
///
/// The error says what is wrong with it.
pub(crate) fn check_shard(path: &Path) -> Result<Head, String> {
    let mut first = None;
    let rows = read_lines(path, |number, line| {
        if number == 0 {
            first = Some(
                serde_json::from_str::<Head>(line)
                    .map_err(|e| format!("it has no readable header: {e}"))?,
            );
        }
        Ok(())
    })?;
    let head = first.ok_or("it is empty")?;
    let runs = head.part.runs().map_err(|e| e.to_string())?;
    if rows != runs.end - runs.start + 1 {
        return Err(format!(
            "it has {} rows of {}",
            rows.saturating_sub(1),
            runs.end - runs.start
        ));
    }
    Ok(head)
}

/// Hands each line but the last to `each` and checks the hash in the last; returns the number of lines handed out.
fn read_lines(
    path: &Path,
    mut each: impl FnMut(u64, &str) -> Result<(), String>,
) -> Result<u64, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut reader = BufReader::new(file);
    let mut hash = Sha256::new();
    let (mut number, mut line) = (0, String::new());
    loop {
        line.clear();
        let n = reader.read_line(&mut line).map_err(|e| e.to_string())?;
        if n == 0 {
            return Err("it is cut off: its last line is missing".into());
        }
        if let Some(end) = line.strip_prefix("end ") {
            return if end.trim_end() == hex(&hash.finalize()) {
                Ok(number)
            } else {
                Err("it is damaged: its contents do not have the hash in its last line".into())
            };
        }
        hash.update(line.as_bytes());
        each(number, line.trim_end_matches('\n'))?;
        number += 1;
    }
}

/// Shards of a folder: the sound ones with their heads, and what is wrong with the others.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Path and head of each sound shard.
    pub(crate) shards: Vec<(PathBuf, Head)>,
    /// Path and fault of each other.
    pub(crate) faulty: Vec<(PathBuf, String)>,
    /// The sweep that was begun there, if that was written down.
    pub(crate) begun: Option<Part>,
}

/// Looks through a folder.
pub(crate) fn look(folder: &Path) -> Result<Folder, Failure> {
    let entries = fs::read_dir(folder).map_err(|e| {
        Failure::BadInput(format!(
            "{} cannot be read: {}",
            folder.display(),
            reason(&e)
        ))
    })?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "lzs"))
        .collect();
    paths.sort();
    let mut found = Folder {
        shards: Vec::new(),
        faulty: Vec::new(),
        begun: fs::read(folder.join(BEGUN))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok()),
    };
    for path in paths {
        match check_shard(&path) {
            Ok(head) => found.shards.push((path, head)),
            Err(fault) => found.faulty.push((path, fault)),
        }
    }
    Ok(found)
}

/// Merges whole shards, in order of their number, into the table.
///
/// Rows of a shard are in order of run, and shards are consecutive ranges of runs, so the table is in order of run
/// whatever the number of shards: its bytes do not depend on it.
pub(crate) fn merge(files: &Files, shards: &mut [(PathBuf, Head)]) -> Result<u64, Failure> {
    shards.sort_by_key(|(_, head)| head.part.shard);
    let head = shards[0].1.clone();
    let mut csv = files.results.create()?;
    let write = |file: &mut WholeFile, text: &str| {
        file.write_all(text.as_bytes()).map_err(|e| file.cannot(&e))
    };
    let names: Vec<String> = head.columns.iter().map(|c| quoted(&c.name)).collect();
    write(&mut csv, &format!("{}\n", names.join(",")))?;
    #[cfg(feature = "parquet")]
    let mut table = super::store::table::Table::create(&files.parquet, &head)?;
    let mut next = 0u64;
    for (path, _) in shards.iter() {
        let mut failure = None;
        let read = read_lines(path, |number, line| {
            if number == 0 {
                return Ok(());
            }
            let run = line.split(',').next().unwrap_or("");
            if run != next.to_string() {
                return Err(format!(
                    "line {} has run {run} where run {next} is expected",
                    number + 1
                ));
            }
            next += 1;
            if let Err(e) = write(&mut csv, line).and_then(|()| write(&mut csv, "\n")) {
                failure = Some(e);
                return Err("stopped".into());
            }
            #[cfg(feature = "parquet")]
            if let Err(e) = table.row(line) {
                failure = Some(e);
                return Err("stopped".into());
            }
            Ok(())
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        read.map_err(|e| Failure::BadInput(format!("{}: {e}", path.display())))?;
    }
    csv.finish()?;
    #[cfg(feature = "parquet")]
    table.finish()?;
    let mut columns = String::from("column,unit,meaning\n");
    for c in &head.columns {
        columns += &format!(
            "{},{},{}\n",
            quoted(&c.name),
            quoted(&c.unit),
            quoted(&c.meaning)
        );
    }
    for (output, text) in [
        (&files.columns, &columns),
        (&files.study, &head.study),
        (&files.gateway, &head.gateway),
    ] {
        output.write(text.as_bytes())?;
    }
    Ok(next)
}

/// The table as Parquet.
#[cfg(feature = "parquet")]
mod table {
    use std::collections::HashMap;
    use std::path::PathBuf;
    use std::sync::Arc;

    use arrow_array::builder::{Float64Builder, StringBuilder, UInt64Builder};
    use arrow_array::{ArrayRef, RecordBatch};
    use arrow_schema::{DataType, Field, Schema};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{Compression, ZstdLevel};
    use parquet::file::metadata::KeyValue;
    use parquet::file::properties::WriterProperties;

    use super::{Head, Kind};
    use crate::files::{Output, WholeFile};
    use crate::output::Failure;

    /// Rows written together; fixed, so that the file does not depend on how the rows come.
    const ROWS: usize = 1 << 14;

    enum Builder {
        Whole(UInt64Builder),
        Real(Float64Builder),
        Text(StringBuilder),
    }

    /// A Parquet file under way.
    pub(super) struct Table {
        writer: ArrowWriter<WholeFile>,
        schema: Arc<Schema>,
        builders: Vec<Builder>,
        rows: usize,
        path: PathBuf,
    }

    impl Table {
        /// Opens the file; study, gateway and hash go into its metadata, unit and meaning into each column's.
        pub(super) fn create(output: &Output, head: &Head) -> Result<Self, Failure> {
            let fields: Vec<Field> = head
                .columns
                .iter()
                .map(|c| {
                    let kind = match c.kind {
                        Kind::Whole => DataType::UInt64,
                        Kind::Real => DataType::Float64,
                        Kind::Text => DataType::Utf8,
                    };
                    Field::new(&c.name, kind, true).with_metadata(HashMap::from([
                        ("unit".to_owned(), c.unit.clone()),
                        ("meaning".to_owned(), c.meaning.clone()),
                    ]))
                })
                .collect();
            let schema = Arc::new(Schema::new(fields));
            let about = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .set_max_row_group_row_count(Some(ROWS * 16))
                .set_key_value_metadata(Some(vec![
                    about("lazaret.version", &head.part.version),
                    about("lazaret.study_sha256", &head.part.study),
                    about("lazaret.study", &head.study),
                    about("lazaret.gateway", &head.gateway),
                ]))
                .build();
            let writer =
                ArrowWriter::try_new(output.create()?, Arc::clone(&schema), Some(properties))
                    .map_err(|e| Failure::Machine(format!("{}: {e}", output.path().display())))?;
            let builders = head
                .columns
                .iter()
                .map(|c| match c.kind {
                    Kind::Whole => Builder::Whole(UInt64Builder::new()),
                    Kind::Real => Builder::Real(Float64Builder::new()),
                    Kind::Text => Builder::Text(StringBuilder::new()),
                })
                .collect();
            Ok(Table {
                writer,
                schema,
                builders,
                rows: 0,
                path: output.path().to_owned(),
            })
        }

        /// Adds a row given as a line of CSV.
        pub(super) fn row(&mut self, line: &str) -> Result<(), Failure> {
            let bad = || {
                Failure::BadInput(format!(
                    "a row of the shards does not match its header: {line}"
                ))
            };
            let mut cells = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_bytes());
            let record = cells
                .records()
                .next()
                .and_then(Result::ok)
                .ok_or_else(bad)?;
            if record.len() != self.builders.len() {
                return Err(bad());
            }
            for (builder, cell) in self.builders.iter_mut().zip(&record) {
                match builder {
                    Builder::Whole(b) => b.append_value(cell.parse().map_err(|_| bad())?),
                    Builder::Real(b) if cell.is_empty() => b.append_null(),
                    Builder::Real(b) => b.append_value(cell.parse().map_err(|_| bad())?),
                    Builder::Text(b) => b.append_value(cell),
                }
            }
            self.rows += 1;
            if self.rows == ROWS {
                self.write()
            } else {
                Ok(())
            }
        }

        fn write(&mut self) -> Result<(), Failure> {
            if self.rows == 0 {
                return Ok(());
            }
            self.rows = 0;
            let columns: Vec<ArrayRef> = self
                .builders
                .iter_mut()
                .map(|b| match b {
                    Builder::Whole(b) => Arc::new(b.finish()) as ArrayRef,
                    Builder::Real(b) => Arc::new(b.finish()),
                    Builder::Text(b) => Arc::new(b.finish()),
                })
                .collect();
            RecordBatch::try_new(Arc::clone(&self.schema), columns)
                .map_err(|e| e.to_string())
                .and_then(|batch| self.writer.write(&batch).map_err(|e| e.to_string()))
                .map_err(|e| Failure::Machine(format!("{}: {e}", self.path.display())))
        }

        /// Ends the file.
        pub(super) fn finish(mut self) -> Result<(), Failure> {
            self.write()?;
            let path = self.path.clone();
            self.writer
                .into_inner()
                .map_err(|e| Failure::Machine(format!("{}: {e}", path.display())))?
                .finish()
        }
    }
}
