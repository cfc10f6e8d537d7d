//! A gateway file from disk, with its overrides and the CSV files beside it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::Args;
use lazaret_gateway::diagnostic::Diagnostic;
use lazaret_gateway::{Document, FILE_BYTES_MAX, Reading};
use lazaret_vocabulary::near::did_you_mean;

use crate::output::{Failure, show};

/// The largest CSV file that is read, in bytes.
const CSV_BYTES_MAX: usize = 64 << 20;

/// A gateway file and changes to it.
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
        let text = text_once(&self.file).map_err(Failure::BadInput)?;
        expect_kind(&self.name(), &text, FileKind::Gateway)?;
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

/// The text of a gateway file as it was when it was first read. An answer is traced by the hash of its file, which must
/// be that of the text it was made from; and standard input can be read only once.
fn text_once(path: &Path) -> Result<String, String> {
    static TEXTS: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = texts.get(path) {
        return Ok(text.clone());
    }
    let text = if path.as_os_str() == "-" {
        text_of(std::io::stdin().lock(), "standard input", FILE_BYTES_MAX)?
    } else {
        read_text(path, FILE_BYTES_MAX)?
    };
    texts.insert(path.to_path_buf(), text.clone());
    Ok(text)
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
            format!("; {}", did_you_mean(&inside.display().to_string()))
        } else {
            String::new()
        };
        return Err(format!("{shown} is a folder{advice}"));
    }
    if about.len() > bytes_max as u64 {
        return Err(format!(
            "{shown} has {} bytes; the limit is {bytes_max}",
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
            "{shown} has more than the limit of {bytes_max} bytes"
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        format!("{shown} is not UTF-8 text: line {line} has an invalid byte; save it as UTF-8")
    })
}

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        std::io::ErrorKind::PermissionDenied => "permission is denied".to_string(),
        _ => error.to_string(),
    }
}

/// The kinds of files that commands read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Gateway,
    Study,
    Hazard,
    Rules,
    Hypotheses,
    Evidence,
    Forecast,
    Estimate,
}

impl FileKind {
    /// What it is, with where an example is found.
    fn in_words(self) -> &'static str {
        match self {
            FileKind::Gateway => "a gateway file (see docs/gateway-file.md)",
            FileKind::Study => {
                "a study file, which has `gateway = \"FILE.toml\"` and a table [vary] (see docs/plan.md, such as examples/uiju/studies/sweep.toml)"
            }
            FileKind::Hazard => {
                "a hazard file, which has [hazard], [goods.NAME], [hold] and [target] (see docs/plan.md, such as examples/hazards/asf-feed.toml)"
            }
            FileKind::Rules => {
                "a file of rules (see docs/watch.md, such as examples/uiju/observe.toml)"
            }
            FileKind::Hypotheses => {
                "a file of hypotheses (see docs/watch.md, such as examples/uiju/hypotheses.toml)"
            }
            FileKind::Evidence => {
                "evidence (see docs/watch.md, such as examples/uiju/evidence.csv)"
            }
            FileKind::Forecast => "a forecast that `lazaret watch forecast --save` wrote",
            FileKind::Estimate => "an estimate that `lazaret watch estimate --save` wrote",
        }
    }

    /// The kind that a text looks like.
    fn of(text: &str) -> Option<FileKind> {
        if text
            .lines()
            .next()
            .is_some_and(|line| line.contains("date_observed") && line.contains("date_published"))
        {
            return Some(FileKind::Evidence);
        }
        if let Ok(serde_json::Value::Object(keys)) = serde_json::from_str(text) {
            return if keys.contains_key("courses") && keys.contains_key("until") {
                Some(FileKind::Forecast)
            } else {
                None
            };
        }
        if text.len() > FILE_BYTES_MAX {
            return None;
        }
        let table: toml::Table = toml::from_str(text).ok()?;
        let is_list = |key: &str| table.get(key).is_some_and(toml::Value::is_array);
        match table.get("gateway") {
            Some(toml::Value::Table(_)) => return Some(FileKind::Gateway),
            Some(toml::Value::String(_)) => return Some(FileKind::Study),
            _ => {}
        }
        if table.contains_key("hazard") {
            return Some(FileKind::Hazard);
        }
        if table.contains_key("step") || table.contains_key("place") {
            return Some(FileKind::Gateway);
        }
        if is_list("hypothesis") {
            return Some(FileKind::Hypotheses);
        }
        (is_list("observe") || is_list("look")).then_some(FileKind::Rules)
    }
}

/// Refuses a file that is plainly of another kind than the one that is wanted.
pub(crate) fn expect_kind(name: &str, text: &str, wanted: FileKind) -> Result<(), Failure> {
    match FileKind::of(text) {
        Some(found) if found != wanted => Err(Failure::BadInput(format!(
            "{name} is {}; {} is needed here",
            found.in_words(),
            wanted.in_words()
        ))),
        _ => Ok(()),
    }
}

/// What to say of a file that is not of the kind that is wanted.
pub(crate) fn wrong_kind(
    name: &str,
    text: &str,
    wanted: FileKind,
    error: &dyn std::fmt::Display,
) -> String {
    match FileKind::of(text) {
        Some(found) if found != wanted => format!(
            "{name} is {}; {} is needed here",
            found.in_words(),
            wanted.in_words()
        ),
        Some(_) => format!("{name}: {error}"),
        None => format!("{name} is not {}: {error}", wanted.in_words()),
    }
}
