//! The files that a study writes: a row for each replication, and the trace of one.
//!
//! Both get their name when they are whole, so that nobody takes half a file for all of it.

use std::io::{self, Write};
use std::path::PathBuf;

use lazaret_sim::{MetricNames, Model, Replication, Tell, World};
use lazaret_vocabulary::time::GateTime;

use super::wrote;
use crate::files::{Output, WholeFile};
use crate::output::Failure;
use crate::waiting::Interrupt;

/// One row a replication: its number, its seed, every metric; an empty cell where there was nothing to measure.
pub(super) struct PerReplication {
    file: WholeFile,
    line: String,
}

impl PerReplication {
    pub(super) fn create(output: &Output, metrics: &MetricNames) -> Result<Self, Failure> {
        let mut file = output.create()?;
        let mut line = String::from("replication,seed");
        for name in metrics.iter() {
            line.push(',');
            line.push_str(&cell(name));
        }
        line.push('\n');
        file.write_all(line.as_bytes())
            .map_err(|error| file.cannot(&error))?;
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
            .write_all(self.line.as_bytes())
            .map_err(|error| self.file.cannot(&error))
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        self.file.finish()
    }

    /// Keeps the rows of a study that was interrupted under their temporary name, which is returned.
    pub(super) fn keep_part(self) -> Result<Option<PathBuf>, Failure> {
        self.file.keep_part()
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

/// Writes the events of replication 0 to `output`, one JSON object a line.
pub(super) fn trace(
    output: &Output,
    model: &Model,
    seed: u64,
    interrupt: Interrupt,
) -> Result<(), Failure> {
    /// Parts of the run after which a full disk or Ctrl-C is noticed.
    const PARTS: i64 = 1000;
    let mut file = output.create()?;
    let mut failed: Option<io::Error> = None;
    let mut events = 0u64;
    let out = &mut file;
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
        return Err(file.cannot(&error));
    }
    if interrupted {
        return Err(Failure::Interrupted);
    }
    file.finish()?;
    wrote(&format!(
        "{}: {events} events of replication 0",
        output.path().display()
    ));
    Ok(())
}
