//! A gateway file from disk, with its overrides and the CSV files beside it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Args;
use lazaret_gateway::diagnostic::Diagnostic;
use lazaret_gateway::{Document, FILE_BYTES_MAX, Reading};

use crate::output::{Failure, show};

/// The largest CSV file that is read, in bytes.
const CSV_BYTES_MAX: usize = 64 << 20;

/// A gateway file and what to change in it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Input {
    /// The gateway file; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Change a value of the file, such as place.yard.slots=440; may be given more than once
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
}

/// A gateway file that has been read.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The parsed file, to be read again with other overrides.
    pub(crate) document: Document,
    /// What it says with the overrides of the command line.
    pub(crate) reading: Reading,
    /// How the file is called in messages.
    pub(crate) file_name: String,
}

impl Input {
    /// Reads the file with its overrides; if something is wrong, prints it all.
    pub(crate) fn load(&self) -> Result<Loaded, Failure> {
        let document = self.document()?;
        match document.read(&self.set, &|name| self.csv(name)) {
            Ok(reading) => Ok(Loaded {
                document,
                reading,
                file_name: self.name(),
            }),
            Err(diagnostics) => Err(self.refuse(&diagnostics, document.text())),
        }
    }

    /// Parses the file without reading what it says.
    pub(crate) fn document(&self) -> Result<Document, Failure> {
        let text = if self.file.as_os_str() == "-" {
            standard_input()
        } else {
            read_text(&self.file, FILE_BYTES_MAX)
        }
        .map_err(Failure::BadInput)?;
        Document::parse(text).map_err(|diagnostic| self.refuse(&[diagnostic], ""))
    }

    /// The text of a CSV file that the gateway file names, looked for beside it.
    pub(crate) fn csv(&self, name: &str) -> Result<String, String> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        read_text(&folder.join(name), CSV_BYTES_MAX)
    }

    /// How the file is called in messages.
    pub(crate) fn name(&self) -> String {
        self.file.display().to_string()
    }

    /// Prints what is wrong.
    pub(crate) fn refuse(&self, diagnostics: &[Diagnostic], text: &str) -> Failure {
        show(diagnostics, &self.name(), text, &self.set);
        let errors = diagnostics.iter().filter(|d| d.is_error()).count();
        crate::output::say(&format!(
            "{}: {errors} error{}\n",
            self.name(),
            if errors == 1 { "" } else { "s" }
        ));
        Failure::BadInputShown
    }
}

/// The text of standard input. It can be read only once and may be asked for again, for the page of an answer.
fn standard_input() -> Result<String, String> {
    static TEXT: OnceLock<Result<String, String>> = OnceLock::new();
    let read = || text_of(std::io::stdin().lock(), "standard input", FILE_BYTES_MAX);
    TEXT.get_or_init(read).clone()
}

/// The text of the file at `path`, which may have `bytes_max` bytes.
pub(crate) fn read_text(path: &Path, bytes_max: usize) -> Result<String, String> {
    let shown = path.display();
    crate::files::reads(path)?;
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (about, file) = opened.map_err(|error| {
        let advice = match error.kind() {
            std::io::ErrorKind::NotFound => "; is the path right?",
            _ => "",
        };
        format!("{shown} cannot be opened: {}{advice}", in_words(&error))
    })?;
    if about.is_dir() {
        let inside = path.join("gateway.toml");
        let advice = if inside.exists() {
            format!("; did you mean {}?", inside.display())
        } else {
            String::new()
        };
        return Err(format!("{shown} is a folder{advice}"));
    }
    if about.len() > bytes_max as u64 {
        return Err(format!(
            "{shown} has {} bytes, and {bytes_max} are the most that is read",
            about.len()
        ));
    }
    text_of(file, &shown.to_string(), bytes_max)
}

fn text_of(reader: impl Read, shown: &str, bytes_max: usize) -> Result<String, String> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too long from one that just fits.
    reader
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("{shown} cannot be read: {}", in_words(&error)))?;
    if bytes.len() > bytes_max {
        return Err(format!(
            "{shown} has more than {bytes_max} bytes, the most that is read"
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        format!(
            "{shown} is not text in UTF-8: line {line} has a byte that is none; save it as UTF-8"
        )
    })
}

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        std::io::ErrorKind::PermissionDenied => "permission is denied".to_string(),
        _ => error.to_string(),
    }
}
