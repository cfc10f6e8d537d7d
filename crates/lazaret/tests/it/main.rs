//! The binary as a user meets it.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod bad_input;
#[cfg(unix)]
mod book;
mod doctor;
mod edges;
mod examples;
mod faces;
mod first_steps;
mod forecast;
mod house;
mod json;
mod ledger;
mod outputs;
mod plan;
#[path = "../../../lazaret-store/tests/it/postgres.rs"]
mod postgres;
mod simulate;
#[cfg(unix)]
mod slurm;
mod sweep;
mod watch;
mod watch_record;
#[cfg(target_os = "linux")]
mod watch_waiting;

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// What a command said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs `lazaret` with `arguments` in `folder`.
fn lazaret(folder: &Path, arguments: &[&str]) -> Said {
    let output = Command::cargo_bin("lazaret")
        .unwrap()
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .args(arguments)
        .output()
        .unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file in a fresh folder.
fn file(name: &str, text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}
