//! The one program of Lazaret: reads files and the command line, calls the crates that do the work, prints.
//!
//! # Exit codes
//! 0 — success, with or without warnings. 1 — the machine failed, for example because a result could not be written. 2 — bad input: the
//! command line, a gateway file, an override or a CSV file is wrong, and what was printed says where. 130 — interrupted
//! by Ctrl-C; what was known by then has been printed, marked as partial.
//!
//! # Features
//! A build without features plans and watches. `Cargo.toml` lists what can be left out; `full` is everything. A command that
//! is left out stays on the command line and says which line builds it.

#![allow(
    clippy::disallowed_methods,
    reason = "the binary is where files and clocks are read"
)]

#[cfg(not(all(feature = "server", feature = "ledger")))]
mod absent;
mod again;
#[cfg(feature = "ledger")]
mod audit;
mod browser;
mod check;
#[cfg(feature = "server")]
mod demo;
mod doctor;
mod files;
mod forecast;
mod input;
#[cfg(feature = "ledger")]
mod ledger;
mod new;
mod origin;
mod output;
mod parts;
mod plan;
mod report;
mod schema;
#[cfg(feature = "server")]
mod serve;
mod shell;
mod simulate;
mod start;
#[cfg(any(feature = "server", feature = "ledger"))]
mod stated;
mod waiting;
mod watch;

use std::process::ExitCode;

use clap::{ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::output::Failure;

/// Plan, run and watch a quarantine gateway for freight.
///
/// A gateway file describes the place. `lazaret new NAME` writes one to start from; docs/gateway-file.md explains it.
#[derive(Debug, Parser)]
#[command(name = "lazaret", version, long_version = parts::version(), propagate_version = true, after_help = exit_codes())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Exit codes and what they mean.
pub(crate) const EXIT_CODES: [(&str, &str); 4] = [
    ("0", "success, with or without warnings"),
    (
        "1",
        "the machine failed, for example because a result could not be written",
    ),
    ("2", "bad input; the message says where"),
    (
        "130",
        "interrupted; the partial result was printed if there was one",
    ),
];

fn exit_codes() -> String {
    let lines = EXIT_CODES.map(|(code, meaning)| format!("{code:>5}  {meaning}"));
    format!("Exit codes:\n{}", lines.join("\n"))
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Simulate(simulate::Arguments),
    Forecast(forecast::Arguments),
    Report(report::Arguments),
    New(new::Arguments),
    Doctor(doctor::Arguments),
    Plan(plan::Arguments),
    Watch(watch::Arguments),
    #[cfg(feature = "server")]
    Demo(demo::Arguments),
    /// Open a demonstration in the browser (not in this build)
    #[cfg(not(feature = "server"))]
    Demo(absent::Arguments),
    #[cfg(feature = "server")]
    Serve(serve::Arguments),
    /// Run a gateway: the ledger, its API and the operators' screens (not in this build)
    #[cfg(not(feature = "server"))]
    Serve(absent::Arguments),
    #[cfg(feature = "ledger")]
    Ledger(ledger::Arguments),
    /// Verify, copy, export and import a ledger (not in this build)
    #[cfg(not(feature = "ledger"))]
    Ledger(absent::Arguments),
    Schema(schema::Arguments),
    Completions(shell::CompletionsArguments),
    Man(shell::ManArguments),
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Check(arguments) => check::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Forecast(arguments) => forecast::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::New(arguments) => new::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        #[cfg(feature = "server")]
        Command::Demo(arguments) => demo::run(arguments),
        #[cfg(not(feature = "server"))]
        Command::Demo(arguments) => absent::run("demo", arguments),
        Command::Plan(arguments) => plan::run(arguments),
        Command::Watch(arguments) => watch::run(arguments),
        #[cfg(feature = "server")]
        Command::Serve(arguments) => serve::run(arguments),
        #[cfg(not(feature = "server"))]
        Command::Serve(arguments) => absent::run("serve", arguments),
        #[cfg(feature = "ledger")]
        Command::Ledger(arguments) => ledger::run(arguments),
        #[cfg(not(feature = "ledger"))]
        Command::Ledger(arguments) => absent::run("ledger", arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Completions(arguments) => shell::completions(arguments),
        Command::Man(arguments) => shell::man(arguments),
    }
}

/// The command line as it is parsed, completed and described; the tests of the guide ask it, too.
#[must_use]
pub fn whole_command() -> clap::Command {
    /// `--claim -3` gives a value that is wrong, not an option that does not exist.
    fn take_negative_numbers(command: clap::Command) -> clap::Command {
        command
            .mut_args(|argument| match argument.get_action() {
                ArgAction::Set | ArgAction::Append if argument.get_long().is_some() => {
                    argument.allow_negative_numbers(true)
                }
                _ => argument,
            })
            .mut_subcommands(take_negative_numbers)
    }
    take_negative_numbers(Cli::command())
}

/// What to do first, for who types the name alone.
fn first_words() -> String {
    let absent = |words: &str| {
        if cfg!(feature = "server") {
            words.to_owned()
        } else {
            format!("{words} (not in this build)")
        }
    };
    format!(
        "Lazaret plans, runs and watches a quarantine gateway for freight.\n\n\
         Begin with a place of your own:\n  \
           lazaret new NAME                    write a gateway file to start from\n  \
           lazaret check NAME/gateway.toml     find every mistake in it\n  \
           lazaret simulate NAME/gateway.toml  what the place can do, and what it waits for\n  \
           lazaret report NAME/gateway.toml --out report.html\n\
         {:38}the same as a page with pictures\n\n\
         Then ask:\n  \
           lazaret plan --help                 what limits it, what to build, how long to hold\n  \
           lazaret watch --help                what reports from outside say about it\n  \
           lazaret demo                        {}\n  \
           lazaret serve NAME/gateway.toml     {}\n\n\
         If something does not work:\n  \
           lazaret doctor                      check this machine\n  \
           lazaret --help                      every command\n",
        "",
        absent("a day of work in the browser"),
        absent("the real work: record and screens"),
    )
}

/// The command line, and its paths checked before anything is done.
fn command_line() -> Result<Cli, Failure> {
    if std::env::args_os().len() < 2 {
        output::say(&first_words());
        return Err(Failure::BadInputShown);
    }
    let mut command = whole_command();
    let told = |error: clap::Error| output::usage(&error);
    let matches: ArgMatches = command
        .try_get_matches_from_mut(std::env::args_os())
        .map_err(told)?;
    let cli = Cli::from_arg_matches(&matches).map_err(told)?;
    files::check(&command, &matches)?;
    Ok(cli)
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    match command_line().and_then(|cli| run(&cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
