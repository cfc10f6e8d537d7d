//! The files that a study writes: a row for each replication, and the trace of one.
//!
//! Both grow under a temporary name beside their own and are renamed when they are whole, so that nobody takes half a
//! file for all of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use lazaret_sim::{MetricNames, Model, Replication, Tell, World};
use lazaret_vocabulary::time::GateTime;

use super::interrupt::Interrupt;
use super::wrote;
use crate::output::Failure;

/// A file that gets its name when it is whole.
struct WholeFile {
    out: BufWriter<File>,
    path: PathBuf,
    /// Its temporary name; none if it is a device or a pipe, which cannot be replaced.
    part: Option<PathBuf>,
}

impl WholeFile {
    fn create(path: &Path) -> Result<WholeFile, Failure> {
        let about = fs::metadata(path);
        if about.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Err(Failure::BadInput(format!(
                "{} is a folder; give the name of a file",
                path.display()
            )));
        }
        let special = about.is_ok_and(|about| !about.is_file());
        let name = path.file_name().ok_or_else(|| {
            Failure::BadInput(format!("{} is not the name of a file", path.display()))
        })?;
        let part = (!special).then(|| {
            let mut part = name.to_os_string();
            part.push(format!(".{}.part", std::process::id()));
            path.with_file_name(part)
        });
        let mut options = OpenOptions::new();
        options.write(true);
        if part.is_some() {
            options.create(true).truncate(true);
        }
        let opened = options
            .open(part.as_deref().unwrap_or(path))
            .map_err(|error| cannot_write(path, &error))?;
        Ok(WholeFile {
            out: BufWriter::new(opened),
            path: path.to_path_buf(),
            part,
        })
    }

    fn finish(mut self) -> Result<(), Failure> {
        let path = self.path.clone();
        let fails = |error: io::Error| cannot_write(&path, &error);
        self.out.flush().map_err(fails)?;
        if let Some(part) = self.part.take() {
            let renamed = self
                .out
                .get_ref()
                .sync_all()
                .and_then(|()| fs::rename(&part, &self.path));
            if let Err(error) = renamed {
                self.part = Some(part);
                return Err(fails(error));
            }
        }
        Ok(())
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            // What is left over is of no use to anybody; if it cannot be removed, its name says what it is.
            let _ = fs::remove_file(part);
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let advice = match error.kind() {
        io::ErrorKind::NotFound => "; is there such a folder?",
        _ => "",
    };
    Failure::Machine(format!(
        "{} cannot be written: {error}{advice}",
        path.display()
    ))
}

/// Writes `bytes` to `path`, all or nothing.
pub(crate) fn whole_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = WholeFile::create(path)?;
    file.out
        .write_all(bytes)
        .map_err(|error| cannot_write(path, &error))?;
    file.finish()
}

/// One row a replication: its number, its seed, every metric; an empty cell where there was nothing to measure.
pub(super) struct PerReplication {
    file: WholeFile,
    line: String,
}

impl PerReplication {
    pub(super) fn create(path: &Path, metrics: &MetricNames) -> Result<Self, Failure> {
        let mut file = WholeFile::create(path)?;
        let mut line = String::from("replication,seed");
        for name in metrics.iter() {
            line.push(',');
            line.push_str(&cell(name));
        }
        line.push('\n');
        file.out
            .write_all(line.as_bytes())
            .map_err(|error| cannot_write(path, &error))?;
        Ok(PerReplication { file, line })
    }

    pub(super) fn write(&mut self, of: Replication, values: &[f64]) -> Result<(), Failure> {
        use std::fmt::Write as _;
        self.line.clear();
        let _ = write!(self.line, "{},{}", of.number, of.seed);
        for value in values {
            self.line.push(',');
            if value.is_finite() {
                let _ = write!(self.line, "{value}");
            }
        }
        self.line.push('\n');
        self.file
            .out
            .write_all(self.line.as_bytes())
            .map_err(|error| cannot_write(&self.file.path, &error))
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        self.file.finish()
    }
}

/// A name as a cell of a CSV file.
fn cell(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_string()
    }
}

/// Writes the events of replication 0 to `path`, one JSON object a line.
pub(super) fn trace(
    path: &Path,
    model: &Model,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    /// Parts of the run after which a full disk or Ctrl-C is noticed.
    const PARTS: i64 = 1000;
    let mut file = WholeFile::create(path)?;
    let mut failed: Option<io::Error> = None;
    let mut events = 0u64;
    let out = &mut file.out;
    let mut world = World::new(
        model,
        Tell(|event| {
            if failed.is_some() {
                return;
            }
            let written = serde_json::to_writer(&mut *out, &event)
                .map_err(io::Error::from)
                .and_then(|()| out.write_all(b"\n"));
            match written {
                Ok(()) => events += 1,
                Err(error) => failed = Some(error),
            }
        }),
    );
    let began = world.start(Replication::new(seed, 0), GateTime::START);
    if let Err(error) = began {
        return Err(Failure::BadInput(error.to_string()));
    }
    let horizon = model.gateway().length.micros();
    let mut interrupted = false;
    for part in 1..=PARTS {
        let until = (i128::from(horizon) * i128::from(part) / i128::from(PARTS)) as i64;
        world.advance(GateTime::from_micros(until));
        if interrupt.came() {
            interrupted = true;
            break;
        }
    }
    drop(world);
    if let Some(error) = failed {
        return Err(cannot_write(path, &error));
    }
    if interrupted {
        return Err(Failure::Interrupted);
    }
    file.finish()?;
    wrote(&format!(
        "{}: {events} events of replication 0",
        path.display()
    ));
    Ok(())
}
