//! `lazaret doctor`.

mod ledger;
mod machine;
mod server;

use std::path::PathBuf;

use clap::Args;

use crate::output::{Failure, columns, print};

/// Check this machine: what Lazaret needs, what is missing, and what to do about it
///
/// Looks at the program, the machine, the folder and the database of a ledger, the browser, Node.js, the clock and the
/// permissions. It changes nothing: files that it writes to test permissions are removed. The exit code is 1 if there is a fault;
/// a note says what would not work, and is not a fault.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Folder of the ledger
    #[arg(long, value_name = "DIR", default_value = "lazaret-data")]
    data: PathBuf,
    /// PostgreSQL database to check: postgres://user@host/name
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Address on which the server will listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Only ask a running server whether it is up and can write: http://127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["data", "database", "listen"])]
    server: Option<String>,
}

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As it should be.
    Good,
    /// Something would not work, and may not be wanted.
    Note,
    /// Something that was asked for, or that everything needs, does not work.
    Fault,
    /// Not looked at, with the reason.
    Skipped,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Good => "ok",
            State::Note => "note",
            State::Fault => "FAULT",
            State::Skipped => "-",
        }
    }
}

/// What was found out about one thing.
#[derive(Debug)]
struct Finding {
    about: &'static str,
    state: State,
    found: String,
    /// What to do; empty if nothing is to be done.
    remedy: String,
}

impl Finding {
    fn good(about: &'static str, found: impl Into<String>) -> Finding {
        Finding::of(about, State::Good, found, "")
    }

    fn note(about: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding::of(about, State::Note, found, remedy)
    }

    fn fault(about: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding::of(about, State::Fault, found, remedy)
    }

    fn skipped(
        about: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding::of(about, State::Skipped, found, remedy)
    }

    fn of(
        about: &'static str,
        state: State,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            about,
            state,
            found: found.into(),
            remedy: remedy.into(),
        }
    }
}

/// The line that builds all of the program from a checkout.
const BUILD_ALL: &str = "cargo install --path crates/lazaret --locked --features full";

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let findings = match &arguments.server {
        Some(address) => server::asked(address)?,
        None => of_this_machine(arguments),
    };
    print(&written(&findings, columns().unwrap_or(100)))?;
    let count = |state| findings.iter().filter(|f| f.state == state).count();
    match (count(State::Fault), findings.len()) {
        (0, _) => Ok(()),
        (1, all) => Err(Failure::Machine(format!(
            "1 of {all} checks found a fault; its line above says what to do"
        ))),
        (faults, all) => Err(Failure::Machine(format!(
            "{faults} of {all} checks found a fault; their lines above say what to do"
        ))),
    }
}

/// Everything that can be found out about this machine.
fn of_this_machine(arguments: &Arguments) -> Vec<Finding> {
    let mut findings = vec![machine::program(), machine::processor()];
    findings.extend(machine::memory());
    findings.push(machine::disk(&arguments.data));
    findings.extend(machine::folders());
    findings.push(ledger::folder(&arguments.data));
    findings.push(ledger::database(arguments.database.as_deref()));
    findings.push(ledger::address(&arguments.listen));
    findings.push(machine::browser());
    findings.push(machine::screens());
    findings.extend(machine::clock());
    findings
}

/// The findings as lines no wider than `width`: state, thing, what was found; below it what to do.
fn written(findings: &[Finding], width: usize) -> String {
    let broad = (findings.iter().map(|f| f.about.len()).max()).unwrap_or(0);
    let margin = " ".repeat(5 + 2 + broad + 2);
    let mut text = String::new();
    for finding in findings {
        text += &format!("{:<5}  {:<broad$}  ", finding.state.word(), finding.about);
        text += &filled(&finding.found, width, &margin);
        if !finding.remedy.is_empty() {
            text += &margin;
            text += &filled(&format!("do: {}", finding.remedy), width, &margin);
        }
    }
    let notes = findings.iter().filter(|f| f.state == State::Note).count();
    let faults = findings.iter().filter(|f| f.state == State::Fault).count();
    let many = |n: usize, what: &str| match n {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    text + &format!("\n{}, {}\n", many(faults, "fault"), many(notes, "note"))
}

/// Words in lines no wider than `width`, the first of which begins after a margin that is already there.
fn filled(text: &str, width: usize, margin: &str) -> String {
    let mut out = String::new();
    let mut used = margin.len();
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > margin.len() && used + 1 + length > width {
            out.push('\n');
            out.push_str(margin);
            used = margin.len();
        } else if used > margin.len() {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_lines_that_fit() {
        let findings = [
            Finding::good("clock", "right"),
            Finding::fault("folder", "cannot be written by you at all", "chmod it"),
        ];
        let text = written(&findings, 30);
        assert_eq!(
            text,
            "ok     clock   right\n\
             FAULT  folder  cannot be\n               \
             written by you\n               \
             at all\n               \
             do: chmod it\n\
             \n1 fault, no notes\n"
        );
        assert!(text.lines().all(|line| line.len() <= 30), "{text}");
    }
}
