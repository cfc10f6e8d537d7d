//! Printing: results to standard output, everything about the run to standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use lazaret_gateway::diagnostic::{Diagnostic, Label, Severity, Text};
use miette::{MietteHandlerOpts, NamedSource, ReportHandler};

/// Why a command ended without its result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was given is wrong; all there is to say has been printed.
    BadInputShown,
    /// What was given is wrong, in words.
    BadInput(String),
    /// The machine failed: a disk is full, a folder is read-only.
    Machine(String),
    /// Somebody pressed Ctrl-C; what was known by then has been printed.
    Interrupted,
    /// Whoever read the output has closed it: nothing more to do, and nothing wrong.
    OutputClosed,
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
            Failure::OutputClosed => 0,
        };
        ExitCode::from(code)
    }
}

/// Prints a result to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::OutputClosed),
        Err(error) => Err(Failure::Machine(format!(
            "the result cannot be written: {error}"
        ))),
    }
}

/// Prints a remark to standard error. If even that fails there is nobody to tell.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// After so many diagnostics the rest is only counted: nobody reads the five hundredth.
const SHOWN_MOST: usize = 40;

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
    let mut options = MietteHandlerOpts::new()
        .unicode(true)
        .context_lines(1)
        .force_graphical(true)
        .terminal_links(false);
    if !terminal {
        options = options.color(false).width(100);
    }
    let handler = options.build();
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN_MOST) {
        use fmt::Write as _;
        let shown = Shown::new(diagnostic, file_name, file, overrides);
        let _ = writeln!(text, "{}", Rendered(&shown, &handler));
    }
    if diagnostics.len() > SHOWN_MOST {
        text.push_str(&format!("… and {} more\n", diagnostics.len() - SHOWN_MOST));
    }
    say(&text);
}

struct Rendered<'r>(&'r Shown, &'r miette::MietteHandler);

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1.debug(self.0, f)
    }
}

/// A diagnostic with the text that its labels point into. Labels that point into another text (an override against the
/// file) become related ones.
#[derive(Debug)]
struct Shown {
    message: String,
    code: Option<&'static str>,
    severity: miette::Severity,
    help: Option<String>,
    source: NamedSource<String>,
    labels: Vec<miette::LabeledSpan>,
    related: Vec<Shown>,
}

impl Shown {
    fn new(diagnostic: &Diagnostic, file_name: &str, file: &str, overrides: &[String]) -> Shown {
        let main = diagnostic.labels.first().map_or(Text::File, |l| l.at.text);
        let source = |text: Text| match text {
            Text::File => NamedSource::new(file_name, file.to_string()),
            Text::Override(i) => {
                NamedSource::new("--set", overrides.get(i).cloned().unwrap_or_default())
            }
        };
        let span = |label: &Label| {
            let remark = (!label.text.is_empty()).then(|| label.text.clone());
            miette::LabeledSpan::new(
                remark,
                label.at.start,
                label.at.end.saturating_sub(label.at.start),
            )
        };
        let related = diagnostic
            .labels
            .iter()
            .filter(|label| label.at.text != main)
            .map(|label| Shown {
                message: label.text.clone(),
                code: None,
                severity: miette::Severity::Advice,
                help: None,
                source: source(label.at.text),
                labels: vec![miette::LabeledSpan::underline(label.at.start..label.at.end)],
                related: Vec::new(),
            })
            .collect();
        Shown {
            message: diagnostic.message.clone(),
            code: Some(diagnostic.code),
            severity: match diagnostic.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            help: diagnostic.help.clone(),
            source: source(main),
            labels: diagnostic
                .labels
                .iter()
                .filter(|label| label.at.text == main)
                .map(span)
                .collect(),
            related,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code
            .map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(
            self.related.iter().map(|r| r as &dyn miette::Diagnostic),
        ))
    }
}
