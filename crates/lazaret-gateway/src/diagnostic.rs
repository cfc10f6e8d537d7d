//! What is wrong with a file, or looks wrong, and where exactly.

use std::fmt;

use lazaret_vocabulary::near::{did_you_mean, nearest};

/// Characters of the file or of an override.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Which text.
    pub text: Text,
    /// First byte.
    pub start: usize,
    /// First byte after it.
    pub end: usize,
}

/// A text that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Text {
    /// The gateway file.
    File,
    /// The override at this position in the list.
    Override(usize),
}

impl Location {
    /// No characters at all: the beginning of the file.
    pub const TOP: Location = Location {
        text: Text::File,
        start: 0,
        end: 0,
    };

    /// The part of this location from byte `start` to byte `end`, both counted from its first byte.
    #[must_use]
    pub fn part(self, start: usize, end: usize) -> Location {
        Location {
            text: self.text,
            start: (self.start + start).min(self.end),
            end: (self.start + end).min(self.end),
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// Legal, but probably not what was meant.
    Warning,
}

/// Some characters and what to say about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The characters.
    pub at: Location,
    /// The remark; may be empty.
    pub text: String,
}

/// One thing that is wrong, or looks wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A short stable name of the rule, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// Where; the first label is the main one.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `at`.
    #[must_use]
    pub fn error(code: &'static str, at: Location, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            code,
            message: message.into(),
            labels: vec![Label {
                at,
                text: String::new(),
            }],
            help: None,
        }
    }

    /// A warning at `at`.
    #[must_use]
    pub fn warning(code: &'static str, at: Location, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, at, message)
        }
    }

    /// With this remark under the main characters.
    #[must_use]
    pub fn said(mut self, text: impl Into<String>) -> Self {
        self.labels[0].text = text.into();
        self
    }

    /// With a second place and its remark.
    #[must_use]
    pub fn also(mut self, at: Location, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            at,
            text: text.into(),
        });
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With advice, if there is any.
    #[must_use]
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Whether the file cannot be used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// As plain text: `line:column: severity: message`, then each label's characters, then the help.
    ///
    /// * `file` — the text of the file that was read.
    /// * `overrides` — the overrides that were read with it.
    #[must_use]
    pub fn plain(&self, file: &str, overrides: &[impl AsRef<str>]) -> String {
        use fmt::Write as _;
        let text_of = |text| match text {
            Text::File => file,
            Text::Override(i) => overrides.get(i).map_or("", AsRef::as_ref),
        };
        let mut out = String::new();
        for (i, label) in self.labels.iter().enumerate() {
            let text = text_of(label.at.text);
            let before = text.get(..label.at.start).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            let place = match label.at.text {
                Text::File => format!("{line}:{column}"),
                Text::Override(_) => format!("--set:{column}"),
            };
            let shown = text.get(label.at.start..label.at.end).unwrap_or("");
            let shown = shown.lines().next().unwrap_or("");
            let severity = match self.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            if i == 0 {
                let _ = write!(
                    out,
                    "{place}: {severity}[{}]: {}\n  at `{shown}`",
                    self.code, self.message
                );
            } else {
                let _ = write!(out, "  and {place} `{shown}`");
            }
            if !label.text.is_empty() {
                let _ = write!(out, ": {}", label.text);
            }
            out.push('\n');
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "  help: {help}");
        }
        out
    }
}

/// "did you mean …", else the list of what there is.
pub(crate) fn suggest<'a>(
    given: &str,
    what: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    match nearest(given, names.clone()) {
        Some(name) => did_you_mean(name),
        None => {
            let mut all: Vec<String> = Vec::new();
            for name in names {
                let name = format!("`{name}`");
                if !all.contains(&name) {
                    all.push(name);
                }
                if all.len() > 12 {
                    break;
                }
            }
            if all.is_empty() {
                format!("this file has no {what}")
            } else if all.len() > 12 {
                format!("known names are {}, …", all[..12].join(", "))
            } else {
                format!("known: {}", all.join(", "))
            }
        }
    }
}
