//! `lazaret ledger …` on the trace of an example: taken in, proved, copied, and every way of falsifying it found.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use crate::{Said, lazaret, postgres};

/// Made once: `gateway.toml`, `trace.jsonl` of some simulated weeks, its ledger in `data` and the export `all.jsonl`.
static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();

/// A copy of what is made once.
fn kept() -> tempfile::TempDir {
    let made = MADE.get_or_init(make).path();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    for name in ["gateway.toml", "trace.jsonl", "all.jsonl", "data/ledger.db"] {
        std::fs::copy(made.join(name), folder.path().join(name)).unwrap();
    }
    folder
}

fn make() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let gateway = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/feed-quay/gateway.toml"
    );
    std::fs::copy(gateway, here.join("gateway.toml")).unwrap();
    let simulate = [
        "simulate",
        "gateway.toml",
        "--replications",
        "1",
        "--trace",
        "trace.jsonl",
    ];
    right(lazaret(here, &simulate));
    let trace = std::fs::read_to_string(here.join("trace.jsonl")).unwrap();
    let some: Vec<&str> = trace.lines().take(4_000).collect();
    std::fs::write(here.join("trace.jsonl"), some.join("\n")).unwrap();
    let taken = ledger(
        here,
        &["import-trace", "gateway.toml", "trace.jsonl", "--shortest"],
        "data",
    );
    assert!(right(taken).err.starts_with("4000 events are "));
    let all = right(ledger(here, &["export"], "data")).out;
    std::fs::write(here.join("all.jsonl"), all).unwrap();
    folder
}

fn ledger(folder: &Path, what: &[&str], data: &str) -> Said {
    let arguments = [&["ledger"], what, &["--data", data]].concat();
    lazaret(folder, &arguments)
}

#[track_caller]
fn right(said: Said) -> Said {
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    said
}

/// That it ends with 2 and says `what`.
#[track_caller]
fn wrong(said: &Said, what: &str) {
    assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
    assert!(said.err.contains(what), "{}", said.err);
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn what_was_edited_cut_or_swapped_is_found_with_its_place() {
    let folder = kept();
    let here = folder.path();
    let all = std::fs::read_to_string(here.join("all.jsonl")).unwrap();
    // The first line says the format.
    let lines: Vec<&str> = all.lines().skip(1).collect();
    assert!(lines.len() > 4_000, "{}", lines.len());
    let checkpoint = right(ledger(here, &["checkpoint"], "data"));
    std::fs::write(here.join("witness.json"), &checkpoint.out).unwrap();
    let verified = right(ledger(
        here,
        &["verify", "--witness", "witness.json"],
        "data",
    ));
    assert!(
        verified
            .out
            .starts_with(&format!("whole: {} records", lines.len()))
    );

    let mut falsified = 0;
    let mut refused = |lines: Vec<&str>, what: &str| {
        falsified += 1;
        let name = format!("false-{falsified}");
        std::fs::write(here.join(&name), lines.join("\n") + "\n").unwrap();
        wrong(
            &ledger(here, &["import", &name], &format!("data-{name}")),
            what,
        );
        // Nothing of it was taken.
        let kept = right(ledger(here, &["verify"], &format!("data-{name}")));
        assert!(kept.out.starts_with("whole: 0 records"), "{}", kept.out);
    };
    // A change that breaks no rule: only the chain tells it.
    let changed = lines[299].replacen("\"command\":\"", "\"command\":\"not-", 1);
    let mut edited = lines.clone();
    edited[299] = &changed;
    refused(
        edited,
        "line 301: record 301: it follows a record with digest",
    );
    let mut cut = lines.clone();
    cut.remove(299);
    refused(cut, "line 300: record 300: record 301 stands in its place");
    let mut swapped = lines.clone();
    swapped.swap(299, 300);
    refused(
        swapped,
        "line 300: record 300: record 301 stands in its place",
    );
    let mut torn = lines.clone();
    torn[299] = &lines[299][..40];
    refused(
        torn,
        "line 300: its bytes are not a record that this program knows",
    );
    // A cut at the end makes a shorter chain, which only a witness can tell from a whole one.
    std::fs::write(here.join("short"), lines[..3_000].join("\n")).unwrap();
    right(ledger(here, &["import", "short"], "data-short"));
    right(ledger(here, &["verify"], "data-short"));
    let said = ledger(here, &["verify", "--witness", "witness.json"], "data-short");
    wrong(
        &said,
        &format!(
            "record {}: a witness knows it, and the chain ends before it",
            lines.len()
        ),
    );
    assert!(said.out.starts_with("broken: 3000 records"), "{}", said.out);

    // Somebody who edits the database's file behind the program's back.
    let file = here.join("data/ledger.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let body = lines[2_000].as_bytes();
    let at = bytes
        .windows(body.len())
        .position(|window| window == body)
        .unwrap();
    let by = at + lines[2_000].find("\"by\":\"").unwrap() + 6;
    bytes[by] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let said = ledger(here, &["verify"], "data");
    wrong(&said, "record 2001");
    assert!(said.out.starts_with("broken: "), "{}", said.out);
}

#[test]
fn a_ledger_is_copied_whole_and_never_over_another() {
    let folder = kept();
    let here = folder.path();
    let backup = right(ledger(here, &["backup", "copy.db"], "data"));
    assert!(backup.err.starts_with("copy.db: "), "{}", backup.err);
    right(ledger(here, &["restore", "copy.db"], "restored"));
    let all = std::fs::read_to_string(here.join("all.jsonl")).unwrap();
    let export = |data: &str| right(ledger(here, &["export"], data)).out;
    assert!(export("restored") == all);
    right(ledger(here, &["import", "all.jsonl"], "imported"));
    assert!(export("imported") == all);
    for what in [&["restore", "copy.db"], &["import", "all.jsonl"]] {
        wrong(
            &ledger(here, what, "data"),
            "already contains a ledger: choose an empty one",
        );
    }
    wrong(
        &ledger(here, &["backup", "copy.db"], "data"),
        "copy.db already exists and was not changed",
    );
    wrong(
        &ledger(
            here,
            &["import-trace", "gateway.toml", "trace.jsonl", "--shortest"],
            "data",
        ),
        "already contains a ledger: choose an empty one",
    );
    wrong(
        &ledger(here, &["restore", "nowhere.db"], "new"),
        "nowhere.db is not there",
    );
    wrong(
        &ledger(here, &["verify"], "nowhere"),
        "give the folder with --data, or --database",
    );
    assert!(export("data") == all);
}

#[test]
fn a_ledger_moves_to_postgresql_and_back() {
    let Some(address) = postgres::database() else {
        return;
    };
    let folder = kept();
    let here = folder.path();
    let there = |what: &[&str]| {
        lazaret(
            here,
            &[
                &["ledger"],
                what,
                &["--data", "there", "--database", &address],
            ]
            .concat(),
        )
    };
    right(there(&["restore", "data/ledger.db"]));
    let all = std::fs::read_to_string(here.join("all.jsonl")).unwrap();
    assert!(right(there(&["export"])).out == all);
    assert!(right(there(&["verify"])).out.starts_with("whole: "));
    wrong(
        &there(&["restore", "data/ledger.db"]),
        "already contains a ledger",
    );
    right(ledger(here, &["restore", &address], "back"));
    assert!(right(ledger(here, &["export"], "back")).out == all);
}

#[test]
fn the_past_is_told_as_it_was_known_and_as_it_happened() {
    let folder = kept();
    let here = folder.path();
    let at = |moment: &str, how: &[&str]| -> Value {
        let said = right(ledger(here, &[&["as-of", moment], how].concat(), "data"));
        serde_json::from_str(&said.out).unwrap()
    };
    let all = std::fs::read_to_string(here.join("all.jsonl")).unwrap();
    let records: Vec<Value> = all
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let moment = records[3_000]["recorded_at"].as_str().unwrap();
    let known = records
        .iter()
        .filter(|r| r["recorded_at"].as_str().unwrap() <= moment)
        .count();
    let told = at(moment, &[]);
    assert_eq!(told["records"], known);
    let count = |what: &str| {
        let events = records[..known]
            .iter()
            .flat_map(|r| r["events"].as_array().unwrap());
        events.filter(|event| event["event"] == what).count()
    };
    assert!(count("lot_unloaded") > 20);
    assert_eq!(told["totals"]["lots_entered"], count("lot_unloaded"));
    assert_eq!(told["totals"]["lots_released"], count("lot_released"));
    // Everything of a trace is recorded when it happens: both pasts are the same.
    assert_eq!(at(moment, &["--happened"])["totals"], told["totals"]);
    assert_eq!(at("1990-01-01T00:00:00Z", &[])["records"], 0);
    wrong(
        &ledger(here, &["as-of", "yesterday"], "data"),
        "invalid value 'yesterday'",
    );
}

#[test]
fn what_is_no_ledger_is_an_error_with_its_place() {
    let folder = kept();
    let here = folder.path();
    std::fs::write(here.join("noise"), [0xff, 0xfe, 0x00, 0x0a]).unwrap();
    std::fs::write(here.join("other.json"), "{\"a\": 1}\n").unwrap();
    wrong(&ledger(here, &["import", "noise"], "n1"), "line 1: ");
    wrong(
        &ledger(here, &["import", "other.json"], "n2"),
        "line 1: its bytes are not a record that this program knows (`a` is not a field here",
    );
    wrong(&ledger(here, &["import", "nowhere"], "n3"), "nowhere: ");
    wrong(
        &ledger(
            here,
            &["import-trace", "gateway.toml", "other.json", "--shortest"],
            "n4",
        ),
        "line 1: ",
    );
    wrong(
        &ledger(here, &["verify", "--witness", "other.json"], "data"),
        "other.json: ",
    );
    // A trace of another gateway is refused at its line, with what stays behind.
    let uiju = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/uiju/gateway.toml"
    );
    let said = ledger(
        here,
        &["import-trace", uiju, "trace.jsonl", "--shortest"],
        "n5",
    );
    wrong(&said, "line 1: ");
    assert!(
        said.err
            .contains("n5/ledger.db contains the records before it"),
        "{}",
        said.err
    );
}

#[test]
fn a_crafted_release_is_named_by_the_auditor_and_not_imported() {
    let folder = kept();
    let here = folder.path();
    let audit = |file: &str| lazaret(here, &["ledger", "verify", "--rules", file]);
    let all = std::fs::read_to_string(here.join("all.jsonl")).unwrap();
    let last = all.lines().last().unwrap();
    for judged in [
        audit("all.jsonl"),
        ledger(here, &["verify", "--rules"], "data"),
    ] {
        assert!(right(judged).out.contains("no rule is broken: "));
    }
    let mut crafted: Value = serde_json::from_str(last).unwrap();
    let number = crafted["seq"].as_u64().unwrap() + 1;
    let digest = lazaret_ledger::chain::Digest::of(last.as_bytes());
    crafted["seq"] = number.into();
    crafted["previous"] = digest.to_string().into();
    crafted["command"] = "crafted".into();
    crafted["events"] = serde_json::json!([
        {"at": crafted["recorded_at"], "event": "lot_released", "lot": "nobody-signed-for-it"}
    ]);
    std::fs::write(here.join("crafted.jsonl"), format!("{all}{crafted}\n")).unwrap();
    let named = format!("record {number}: lot_released nobody-signed-for-it: rule ");
    let said = audit("crafted.jsonl");
    wrong(&said, &named);
    // The chain is whole.
    assert!(said.out.starts_with(&format!("whole: {number} records")));
    // The import names its line, by the auditor or because the ledger knows no such lot.
    let line = format!("line {}: ", number + 1);
    wrong(&ledger(here, &["import", "crafted.jsonl"], "new"), &line);
}

#[test]
fn nobody_founds_a_ledger_with_a_length_that_nobody_stated() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let uiju = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/uiju/gateway.toml"
    );
    std::fs::write(here.join("trace.jsonl"), "").unwrap();
    let serve = |more: &[&str]| {
        let all = [
            &["serve", uiju, "--listen", "127.0.0.1:0", "--data", "new"],
            more,
        ]
        .concat();
        lazaret(here, &all)
    };
    let said = serve(&[]);
    wrong(
        &said,
        "leaves open what the ledger's rules need, and nobody else may choose it",
    );
    assert!(said.err.contains("hold of general: 14 d to 30 d in the file (step.hold.takes, by unknown.hold_time): --hold general=30d"), "{}", said.err);
    assert!(
        said.err
            .contains("contact of disinfect of dairy: 1 d to 2 d in the file"),
        "{}",
        said.err
    );
    // Nothing was founded: a trace finds an empty ledger, and is asked the same.
    wrong(
        &ledger(here, &["import-trace", uiju, "trace.jsonl"], "new"),
        "--hold medicine=30d",
    );
    for (flags, said) in [
        (["--hold", "13d"], "outside hold of"),
        (["--hold", "general=31d"], "outside hold of general"),
        (["--hold", "gold=20d"], "the file leaves no such hold open"),
        (
            ["--hold", "long"],
            "write CLASS=LENGTH, such as general=30d",
        ),
        (["--slots", "yard=10"], "the file leaves no such slots open"),
    ] {
        wrong(&serve(&flags), said);
    }
    let stated = [
        "import-trace",
        uiju,
        "trace.jsonl",
        "--hold",
        "20d",
        "--contact",
        "disinfect=30h",
    ];
    right(ledger(here, &stated, "new"));
    let all = right(ledger(here, &["export"], "new")).out;
    assert_eq!(all.matches("\"hold_s\":1728000").count(), 3, "{all}");
    assert_eq!(all.matches("\"contact_s\":108000").count(), 3, "{all}");
    // The shortest is taken only by saying so, and not beside another.
    let both = [
        "import-trace",
        uiju,
        "trace.jsonl",
        "--shortest",
        "--hold",
        "20d",
    ];
    wrong(&ledger(here, &both, "other"), "cannot be used with");
}

#[test]
fn stock_is_previewed_row_by_row_before_anything_is_recorded() {
    let folder = kept();
    let here = folder.path();
    let empty = right(ledger(here, &["import-stock", "-"], "data")).out;
    assert!(empty.contains("lot,goods,source,place,unit"), "{empty}");
    let rows = "lot,goods,source,place,pieces,mass_kg,arrived\n\
        OLD-1,general,ships,nowhere,1,10,2001-01-01T08:00\nOLD-2,gold,ships,store,1,10,soon\n";
    std::fs::write(here.join("old.csv"), rows).unwrap();
    let said = ledger(here, &["import-stock", "old.csv"], "data");
    wrong(
        &said,
        "old.csv: row 3, goods: `gold`: there is no such class",
    );
    assert!(
        said.err.contains("old.csv: row 3, arrived: `soon`"),
        "{}",
        said.err
    );
    assert!(said.err.contains("nothing was recorded"), "{}", said.err);
    // What the cells do not show, the ledger does.
    std::fs::write(
        here.join("old.csv"),
        rows.replace("gold", "general")
            .replace("soon", "2001-01-02T08:00"),
    )
    .unwrap();
    let said = ledger(here, &["import-stock", "old.csv"], "data");
    wrong(
        &said,
        "row 2, lot OLD-1: there is no place nowhere; choose one of the places",
    );
    assert!(
        said.err
            .contains("1 of 2 lots are refused; nothing was recorded"),
        "{}",
        said.err
    );
    std::fs::write(
        here.join("old.csv"),
        rows.replace("gold", "general")
            .replace("soon", "2001-01-02T08:00")
            .replace("nowhere", "store"),
    )
    .unwrap();
    let said = right(ledger(here, &["import-stock", "old.csv"], "data"));
    assert!(said.out.contains("OLD-1: "), "{}", said.out);
    assert!(
        said.err.contains("nothing was recorded: name the person"),
        "{}",
        said.err
    );
    let unfit = right(ledger(here, &["unfit"], "data")).out;
    assert_eq!(
        unfit,
        "nothing rests on the signature of somebody who was found unfit\n"
    );
    assert_eq!(
        right(ledger(here, &["unfit", "--json"], "data")).out,
        "[]\n"
    );
}
