//! Mistakes in a file that says everything, each with what is said about it.
//!
//! A mistake is a list of replacements in `tests/samples/all.toml`; the answer is the plain form of all diagnostics:
//! line and column, the rule, the message, the characters, the advice.

mod calendar;
mod flow;
mod keys;
mod overrides;
mod quantities;
mod shares;
mod syntax;

use lazaret_gateway::read;

const ALL: &str = include_str!("../samples/all.toml");

fn no_files(name: &str) -> Result<String, String> {
    match name {
        "times.csv" => Ok("day,hours\n1,2.5\n2,\n3,4\n".to_string()),
        "empty.csv" => Ok(String::new()),
        "words.csv" => Ok("day,hours\n1,2.5\n2,long\n".to_string()),
        _ => Err(format!("{name} cannot be opened: there is no such file")),
    }
}

/// The file that says everything, with each of `changes` made in it.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = ALL.to_string();
    for (old, new) in changes {
        assert!(text.contains(old), "`{old}` is not in the file");
        text = text.replacen(old, new, 1);
    }
    text
}

/// What is said about the file with `changes`.
fn said(changes: &[(&str, &str)]) -> String {
    said_of(&changed(changes), &[])
}

/// What is said about the file with `overrides`.
fn said_with(overrides: &[&str]) -> String {
    said_of(ALL, overrides)
}

fn said_of(text: &str, overrides: &[&str]) -> String {
    let diagnostics = match read(text, overrides, &no_files) {
        Ok(reading) => reading.warnings,
        Err(diagnostics) => diagnostics,
    };
    diagnostics
        .iter()
        .map(|d| d.plain(text, overrides))
        .collect()
}

#[test]
fn the_file_that_says_everything_is_right() {
    assert_eq!(said(&[]), "");
}
