//! The examples, each with the answer that stands beside it.
//!
//! A changed answer shows that something moved, not that a number is right: read it, then write it anew with
//! `LAZARET_BLESS=1 cargo test -p lazaret --test it examples`.

use std::path::PathBuf;

use super::lazaret;

fn check(example: &str) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = format!("examples/{example}/gateway.toml");
    let said = lazaret(&root, &["check", &file]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let said = lazaret(
        &root,
        &["simulate", &file, "--replications", "40", "--threads", "2"],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    let golden = root.join(format!("examples/{example}/answer.txt"));
    if std::env::var_os("LAZARET_BLESS").is_some() {
        std::fs::write(&golden, &said.out).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    if let Some((was, is)) = expected
        .lines()
        .chain(std::iter::repeat("(end)"))
        .zip(said.out.lines().chain(["(end)"]))
        .find(|(was, is)| was != is)
    {
        panic!(
            "examples/{example}/answer.txt differs:\n  was: {was}\n  is:  {is}\nread it all, then bless it with LAZARET_BLESS=1"
        );
    }
}

#[test]
fn uiju_answers_as_written_beside_it() {
    check("uiju");
}

#[test]
fn nampo_answers_as_written_beside_it() {
    check("nampo");
}

#[test]
fn the_cold_store_answers_as_written_beside_it() {
    check("cold-store");
}

#[test]
fn the_fumigation_depot_answers_as_written_beside_it() {
    check("fumigation");
}

#[test]
fn the_break_of_gauge_answers_as_written_beside_it() {
    check("break-of-gauge");
}
