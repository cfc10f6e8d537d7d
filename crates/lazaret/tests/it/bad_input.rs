//! What is wrong is shown at its place, and the exit code is 2.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::{file, lazaret};

const RIGHT: &str = include_str!("../../starter.toml");

#[test]
fn all_errors_are_shown_at_their_characters() {
    let text = RIGHT
        .replace("takes = \"hold_time\"", "takes = \"holdtime\"")
        .replace("slots = 700", "slots = 0");
    let (folder, _) = file("bad.toml", text);
    let said = lazaret(folder.path(), &["check", "bad.toml"]);
    assert_eq!(said.code, Some(2));
    assert_eq!(said.out, "");
    insta::assert_snapshot!(said.err, @r#"
    out-of-range

      × a place with no slots holds nothing
        ╭─[bad.toml:44:9]
     43 │ [place.yard]
     44 │ slots = 0
        ·         ─
     45 │ zone  = "clean"
        ╰────
      help: write the number of slots, or "unlimited"; for a place that is built later, write count = 0
            and from = [{ date = …, count = 5 }]

    unknown-name

      × `holdtime` is neither a number nor one of the unknowns
        ╭─[bad.toml:65:10]
     64 │ at    = "yard"
     65 │ takes = "holdtime"
        ·          ────────
     66 │ clock = "starts when disinfection ends"
        ╰────
      help: did you mean `hold_time`?

    bad.toml: 2 errors
    "#);
}

#[test]
fn an_error_in_an_override_is_shown_in_the_override() {
    let (folder, _) = file("g.toml", RIGHT);
    let said = lazaret(
        folder.path(),
        &["check", "g.toml", "--set", "place.yrad.slots=440"],
    );
    assert_eq!(said.code, Some(2));
    insta::assert_snapshot!(said.err, @r#"
    override

      × place `yrad` is not declared
       ╭─[--set:1:7]
     1 │ place.yrad.slots=440
       ·       ────
       ╰────
      help: did you mean `yard`?

    g.toml: 1 error
    "#);
}

#[test]
fn warnings_do_not_change_the_exit_code() {
    let (folder, _) = file("g.toml", RIGHT);
    let said = lazaret(
        folder.path(),
        &["check", "g.toml", "--set", "place.yard.slots=300"],
    );
    assert_eq!(said.code, Some(0));
    insta::assert_snapshot!(said.err, @r#"
    overloaded

      ⚠ demand on place `yard` is 402.5 slots, capacity is 300.0: 134 %
        ╭─[g.toml:43:8]
     42 │ 
     43 │ [place.yard]
        ·        ────
     44 │ slots = 700
        ╰────
      help: its queue will grow without limit; what helps: more slots, shorter times in them, or fewer
            arrivals

    g.toml: no errors, 1 warning
    "#);
}

#[test]
fn files_that_cannot_be_read_are_named_with_the_reason() {
    let (folder, _) = file("latin.toml", b"[gateway]\nname = \"Gda\xf1sk\"\n");
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    std::fs::write(folder.path().join("mine/gateway.toml"), RIGHT).unwrap();
    let said: String = ["latin.toml", "nothing.toml", "mine"]
        .iter()
        .map(|name| {
            let said = lazaret(folder.path(), &["check", name]);
            assert_eq!(said.code, Some(2));
            said.err
        })
        .collect();
    insta::assert_snapshot!(said, @r#"
    error: latin.toml is not UTF-8 text: line 2 has an invalid byte; save it as UTF-8
    error: nothing.toml cannot be opened: there is no such file; is the path right?
    error: mine is a folder; did you mean `mine/gateway.toml`?
    "#);
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_at_once() {
    let (folder, path) = file("big.toml", "");
    let mut big = std::fs::File::create(&path).unwrap();
    for _ in 0..100 {
        big.write_all(&vec![b'#'; 1 << 20]).unwrap();
    }
    drop(big);
    let started = Instant::now();
    let said = lazaret(folder.path(), &["check", "big.toml"]);
    assert_eq!(said.code, Some(2));
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(
        said.err,
        "error: big.toml has 104857600 bytes; the limit is 8388608\n"
    );
}

#[test]
fn measurements_are_looked_for_beside_the_gateway_file() {
    let text = RIGHT.replace(
        "takes = \"uniform(6 h, 12 h)\"",
        "takes = 'empirical(\"wash.csv\", \"hours\", h)'",
    );
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("place");
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("g.toml"), text).unwrap();
    let missing = lazaret(folder.path(), &["check", "place/g.toml"]);
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.err.contains("place/wash.csv cannot be opened"),
        "{}",
        missing.err
    );
    std::fs::write(place.join("wash.csv"), "lot,hours\n1,6\n2,8.5\n").unwrap();
    let there = lazaret(folder.path(), &["check", "place/g.toml"]);
    assert_eq!(there.code, Some(0), "{}", there.err);
}

#[test]
fn machines_get_json_with_lines_and_columns() {
    let (folder, _) = file("bad.toml", RIGHT.replace("slots = 700", "slots = 0"));
    let said = lazaret(folder.path(), &["check", "--json", "bad.toml"]);
    assert_eq!(said.code, Some(2));
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answer["ok"], false);
    let label = &answer["diagnostics"][0]["labels"][0];
    let line = RIGHT
        .lines()
        .position(|line| line == "slots = 700")
        .unwrap()
        + 1;
    assert_eq!(label["line"], line);
    assert_eq!(label["column"], 9);
}

#[test]
fn a_server_says_what_its_certificate_lacks() {
    let (folder, _) = file("right.toml", RIGHT);
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    let serve = |tls: &[&str]| {
        lazaret(
            folder.path(),
            &[&["serve", "right.toml", "--listen", "127.0.0.1:0"], tls].concat(),
        )
    };
    let missing = serve(&["--tls-cert", "nowhere.pem", "--tls-key", "empty.pem"]);
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.err.starts_with("error: nowhere.pem: No such file"),
        "{}",
        missing.err
    );
    let empty = serve(&["--tls-cert", "empty.pem", "--tls-key", "empty.pem"]);
    assert_eq!(
        empty.err,
        "error: empty.pem contains no certificate; give the file that begins with BEGIN CERTIFICATE\n"
    );
    let half = serve(&["--tls-cert", "empty.pem"]);
    assert_eq!(half.code, Some(2));
    assert!(half.err.contains("--tls-key <FILE>"), "{}", half.err);
    // Nothing was made on the way.
    assert!(!folder.path().join("lazaret-data").exists());
}
