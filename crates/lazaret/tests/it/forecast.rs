//! From a ledger to a situation, and from that to runs and forecasts.

use std::path::Path;

use serde_json::Value;

use crate::lazaret;

/// A quay whose goods are held for four days.
const QUAY: &str = r#"
[gateway]
name = "Quay"
start = 2026-01-05T00:00:00
length = "20 d"
[source.lorries]
route = "road"
every = "uniform(3 h, 9 h)"
lots = 2
[place.dock]
slots = 4
zone = "dirty -> clean"
[place.store]
slots = 40
zone = "clean"
[[step]]
id = "unload"
at = "dock"
takes = "uniform(1 h, 5 h)"
[[step]]
id = "hold"
at = "store"
takes = "4 d"
clock = "when stored"
[[step]]
id = "train"
does = "dispatch"
at = "store"
every = "24 h"
"#;

fn ok(here: &Path, words: &str) -> String {
    let words: Vec<&str> = words.split(' ').collect();
    let said = lazaret(here, &words);
    assert_eq!(said.code, Some(0), "{words:?}: {}", said.err);
    said.out
}

#[test]
fn a_ledger_gives_a_situation_that_runs_and_forecasts_start_from() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("quay.toml"), QUAY).unwrap();
    ok(
        here,
        "simulate quay.toml --replications 2 --trace quay.jsonl",
    );
    ok(
        here,
        "ledger import-trace quay.toml quay.jsonl --shortest --data book",
    );
    let at = "2026-01-15T12:00:30Z";
    ok(
        here,
        &format!("ledger situation quay.toml --data book --as-of {at} --out now.json"),
    );
    let situation: Value =
        serde_json::from_str(&std::fs::read_to_string(here.join("now.json")).unwrap()).unwrap();
    assert_eq!(situation["at"], at);
    let things = situation["things"].as_array().unwrap();
    let held: Vec<&Value> = things
        .iter()
        .filter(|thing| thing["doing"] == "held")
        .collect();
    // Four lorries of two lots come in a day, and each lot is held for four days.
    assert!((24..=40).contains(&held.len()), "{}", held.len());
    let found: Value = serde_json::from_str(&ok(
        here,
        "forecast quay.toml --from now.json --futures 40 --threads 1 --json",
    ))
    .unwrap();
    let lots = found["lots"].as_array().unwrap();
    for thing in &held {
        let lot = lots.iter().find(|lot| lot["lot"] == thing["name"]).unwrap();
        // The hold is known, and so is the train at midnight after it.
        let leaves = &lot["leaves"];
        assert_eq!(leaves["low"], leaves["high"], "{lot}");
        let (ends, leaves) = (
            thing["ends"].as_str().unwrap(),
            leaves["median"].as_str().unwrap(),
        );
        assert!(
            ends <= leaves && leaves.ends_with("T00:00:00Z"),
            "{ends} {leaves}"
        );
        assert_eq!(&leaves[..8], "2026-01-");
        let day = |text: &str| text[8..10].parse::<u32>().unwrap();
        assert_eq!(
            day(leaves),
            day(ends) + u32::from(!ends.ends_with("T00:00:00Z"))
        );
    }
    let text = ok(here, "forecast quay.toml --from now.json --futures 40");
    assert!(
        text.contains("may be full from") && text.contains("store"),
        "{text}"
    );
    // Runs from the same start.
    let run: Value = serde_json::from_str(&ok(
        here,
        "simulate quay.toml --from now.json --replications 5 --json",
    ))
    .unwrap();
    assert!(run.is_object());
    ok(
        here,
        "plan compare quay.toml --from now.json --vs place.dock.slots=2 --replications 5",
    );
    // An instant within a second moves no departure to the minute before.
    ok(
        here,
        "ledger situation quay.toml --data book --as-of 2026-01-15T12:00:30.5Z --out half.json",
    );
    let half = ok(here, "forecast quay.toml --from half.json --futures 40");
    assert!(half.contains("00:00") && !half.contains("23:59"), "{half}");
    // Nothing that is written may be a file of the ledger that is read.
    let before = std::fs::read(here.join("book/ledger.db")).unwrap();
    for words in [
        "ledger situation quay.toml --data book --out book/ledger.db",
        "ledger situation quay.toml --data book --out book/checkpoint.key",
        "simulate quay.toml --from-ledger book --replications 1 --trace book/../book/ledger.db",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let said = lazaret(here, &words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.err);
        assert!(said.err.contains("is the same file as"), "{}", said.err);
    }
    assert!(std::fs::read(here.join("book/ledger.db")).unwrap() == before);
    // Another gateway's file, and a time before the first record, give no empty gateway.
    std::fs::write(here.join("other.toml"), QUAY.replace("Quay", "Key")).unwrap();
    for (words, says) in [
        (
            "forecast other.toml --from-ledger book",
            "the ledger is of the gateway \"Quay\", the file is of \"Key\"",
        ),
        (
            "ledger situation quay.toml --data book --as-of 1990-01-01T00:00:00Z",
            "the ledger has no records up to 1990-01-01T00:00:00Z",
        ),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let said = lazaret(here, &words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.err);
        assert!(said.err.contains(says), "{}", said.err);
    }
    // The present of the ledger is years after its last record: everything is overdue, and that is said.
    let said = lazaret(
        here,
        &[
            "forecast",
            "quay.toml",
            "--from-ledger",
            "book",
            "--futures",
            "20",
        ],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains("what has happened since is not known"),
        "{}",
        said.err
    );
    let many = [
        "forecast",
        "quay.toml",
        "--from",
        "now.json",
        "--futures",
        "100000",
        "--days",
        "366",
    ];
    let said = lazaret(here, &many);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(
        said.err.contains("lower --futures or --days"),
        "{}",
        said.err
    );
}

/// A lot that is destroyed in most futures is not one that stays.
#[test]
fn a_lot_that_may_be_refused_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let inspected = QUAY.replace(
        "[[step]]\nid = \"train\"",
        "[[step]]\nid = \"inspect\"\nat = \"store\"\ntakes = \"1 h\"\npass = 0.25\ndestroy = SHARE\n[[step]]\nid = \"train\"",
    );
    let forecast = |pass: &str, destroy: &str| {
        let file = inspected.replace("SHARE", destroy).replace("0.25", pass);
        std::fs::write(here.join("quay.toml"), file).unwrap();
        let now = r#"{"format":1,"gateway":"Quay","at":"2026-01-15T12:00:00Z","things":[{"name":"x","source":"lorries",
            "convoy":1,"vehicle":1,"lot":1,"goods":"general","arrived":"2026-01-11T00:00:00Z","doing":"waits_to_begin",
            "step":"inspect","place":"store","since":"2026-01-15T12:00:00Z"}]}"#;
        std::fs::write(here.join("now.json"), now).unwrap();
        let words = "forecast quay.toml --from now.json --futures 400";
        (ok(here, words), ok(here, &format!("{words} --json")))
    };
    let (text, json) = forecast("0.25", "0.75");
    let found: Value = serde_json::from_str(&json).unwrap();
    let lot = &found["lots"][0];
    let refused = lot["refused"].as_f64().unwrap();
    // Binomial: 0.75 with a standard error of 0.022; five of them.
    assert!((0.64..=0.86).contains(&refused), "{refused}");
    assert_eq!(lot["leaves"]["median"], "2026-01-16T12:00:00Z");
    assert!(
        text.contains("refused in") && !text.contains("later than"),
        "{text}"
    );
    let (text, json) = forecast("0", "1");
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["lots"][0]["leaves"]["median"], Value::Null);
    assert!(text.contains("never") && text.contains("100 %"), "{text}");
}

#[test]
fn a_start_that_cannot_be_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("quay.toml"), QUAY).unwrap();
    let refused = |text: &str, words: &[&str]| {
        std::fs::write(here.join("now.json"), text).unwrap();
        let said = lazaret(here, words);
        assert_eq!(said.code, Some(2), "{}", said.err);
        said.err
    };
    let simulate = ["simulate", "quay.toml", "--from", "now.json"];
    let said = refused("{\"format\":1}", &simulate);
    assert!(said.contains("now.json: missing field `gateway`"), "{said}");
    let said = refused("{\"format\":2,\"new\":1}", &simulate);
    assert!(
        said.contains("now.json: this program reads format 1, not 2"),
        "{said}"
    );
    let said = refused(
        r#"{"format":1,"gateway":"Quay","at":"2026-01-08T00:00:00Z","things":[{"name":"x","source":"lories","convoy":1,
           "vehicle":1,"goods":"general","arrived":"2026-01-07T00:00:00Z","doing":"done","step":"unload","since":"2026-01-07T00:00:00Z"}]}"#,
        &simulate,
    );
    assert!(
        said.contains("now.json: things[0] (x): there is no source \"lories\"")
            && said.contains("lorries"),
        "{said}"
    );
    let said = refused("{}", &["forecast", "quay.toml"]);
    assert!(
        said.contains("--from SITUATION.json or --from-ledger DIR"),
        "{said}"
    );
}
