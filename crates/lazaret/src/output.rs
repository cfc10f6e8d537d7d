//! Printing: results to standard output, everything about the run to standard error.

mod drawn;
mod lines;

use std::ffi::OsStr;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use lazaret_gateway::diagnostic::{Diagnostic, Severity, Text};
use lazaret_report::Table;
use lazaret_vocabulary::figures::GAP;
use serde::Serialize;
use serde_json::{Value, json};

use self::drawn::{Pen, Texts};
pub(crate) use self::lines::Lines;

/// Why a command ended without its result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was given is wrong; all there is to say has been printed.
    BadInputShown,
    /// What was given is wrong, with the reason.
    BadInput(String),
    /// The machine failed: a disk is full, a folder is read-only.
    Machine(String),
    /// Ctrl-C was pressed; what was known by then has been printed.
    Interrupted,
    /// The reader of the output has closed it: nothing more to do, and nothing wrong.
    OutputClosed,
    /// Help or the version was asked for and has been printed.
    Told,
}

impl Failure {
    /// Says what happened and gives the exit code for it.
    pub(crate) fn report(&self) -> ExitCode {
        let code = match self {
            Failure::BadInputShown => 2,
            Failure::BadInput(message) => {
                say(&format!("error: {message}\n"));
                2
            }
            Failure::Machine(message) => {
                say(&format!("error: {message}\n"));
                1
            }
            Failure::Interrupted => {
                say("interrupted\n");
                130
            }
            Failure::OutputClosed | Failure::Told => 0,
        };
        ExitCode::from(code)
    }
}

/// Prints a result to standard output, with thousands set apart by plain blanks: not every terminal has a narrow one.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let text = text.replace(GAP, " ");
    to_stdout(|out| out.write_all(text.as_bytes()))
}

/// Prints a result for people: no line is wider than the terminal if blanks allow it.
pub(crate) fn print_words(text: &str) -> Result<(), Failure> {
    match columns() {
        Some(width) => print(&fitted(text, width)),
        None => print(text),
    }
}

/// A text with its long lines broken at blanks, each part under the beginning of its line.
fn fitted(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // Tables fit already. Lines with colours are headings: their signs take no room.
        let inner = line.trim();
        if line.chars().count() <= width || inner.contains('\u{1b}') {
            out.push_str(line);
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let mut used = 0;
        for word in inner.split(' ') {
            let length = word.chars().count();
            if used == 0 {
                out.push_str(&line[..indent]);
                used = indent;
            } else if used + 1 + length > width {
                out.push('\n');
                out.push_str(&line[..indent]);
                used = indent;
            } else {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += length;
        }
        if line.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// Prints a result as indented JSON to standard output, as it is made: it may be longer than what memory should hold.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    to_stdout(|out| {
        serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
        out.write_all(b"\n")
    })
}

/// Writes to standard output what `write` writes.
pub(crate) fn to_stdout(
    write: impl FnOnce(&mut BufWriter<io::StdoutLock<'_>>) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) => Err(cannot_print(&error)),
    }
}

/// Prints what clap has to say: help and the version as results, a mistake on the command line as an error.
pub(crate) fn usage(error: &clap::Error) -> Failure {
    match error.print() {
        Ok(()) if error.use_stderr() => Failure::BadInputShown,
        Ok(()) => Failure::Told,
        Err(_) if error.use_stderr() => Failure::BadInputShown,
        Err(failed) => cannot_print(&failed),
    }
}

/// A result that standard output did not take.
pub(crate) fn cannot_print(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::OutputClosed;
    }
    Failure::Machine(format!("the result cannot be written: {error}"))
}

/// Characters in a line of the terminal: what `COLUMNS` says, else what the terminal says; none where there is neither.
pub(crate) fn columns() -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok();
    let asked = asked.and_then(|text| text.trim().parse::<usize>().ok());
    let terminal = || {
        io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0))
    };
    // Narrower than this no table can be read.
    asked.or_else(terminal).filter(|width| *width >= 20)
}

/// A table as wide as the terminal allows: the columns numbered in `right` to the right.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut table = Table::of(head).right(right);
    for row in rows {
        table.row(row.iter().map(String::as_str));
    }
    table.lines(columns())
}

/// A word as a shell reads it: in quotes unless it is plain.
pub(crate) fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c));
    if plain {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A path as the argument of a command; one that looks like an option is told from one.
pub(crate) fn quoted_path(path: &Path) -> String {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") && path.as_os_str() != "-" {
        return quoted(Path::new(".").join(path).as_os_str());
    }
    quoted(path.as_os_str())
}

/// Prints a remark to standard error. If even that fails there is nobody to tell.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// After this many diagnostics the rest is only counted: nobody reads the five hundredth.
pub(crate) const SHOWN_MOST: usize = 40;

/// Prints `diagnostics` to standard error, each with the lines of its text.
///
/// * `file_name` — what the file is called in messages.
/// * `file` — its text.
/// * `overrides` — the overrides that were read with it.
pub(crate) fn show(diagnostics: &[Diagnostic], file_name: &str, file: &str, overrides: &[String]) {
    if diagnostics.is_empty() {
        return;
    }
    let terminal = io::stderr().is_terminal();
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let pen = Pen {
        width: columns().unwrap_or(100),
        colour: terminal && !set("NO_COLOR"),
    };
    let texts = Texts {
        file: Lines::of(file_name, file),
        overrides: overrides.iter().map(|o| Lines::of("--set", o)).collect(),
        none: Lines::of("--set", ""),
    };
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN_MOST) {
        text += &drawn::diagnostic(diagnostic, &texts, pen);
        text.push('\n');
    }
    if diagnostics.len() > SHOWN_MOST {
        text.push_str(&format!("… and {} more\n", diagnostics.len() - SHOWN_MOST));
    }
    say(&text);
}

/// A diagnostic for machines, each label with its line and column.
pub(crate) fn diagnostic_json(diagnostic: &Diagnostic, lines: &Lines<'_>) -> Value {
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            let (source, (line, column)) = match label.at.text {
                Text::File => ("file".to_string(), lines.place(label.at.start)),
                Text::Override(i) => (format!("set {i}"), (1, label.at.start + 1)),
            };
            json!({
                "source": source,
                "line": line,
                "column": column,
                "start": label.at.start,
                "end": label.at.end,
                "text": label.text,
            })
        })
        .collect();
    json!({
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "code": diagnostic.code,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "labels": labels,
    })
}
