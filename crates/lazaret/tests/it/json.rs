//! The keys of every JSON answer are those of docs/json.md, and say what the answer was made from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::lazaret;
use crate::watch::{QUICK, uiju};

/// Keys by section of the page; those that may be absent are in the second set.
fn documented() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.md");
    let mut sections = BTreeMap::new();
    let mut section = String::new();
    for line in fs::read_to_string(page).unwrap().lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title.to_string();
        }
        let Some(row) = line.strip_prefix("| `") else {
            continue;
        };
        let (keys, meaning) = row.split_once(" | ").unwrap();
        let (must, may): &mut (BTreeSet<String>, BTreeSet<String>) =
            sections.entry(section.clone()).or_default();
        for key in keys.split(", ") {
            let key = key.trim_matches('`').to_string();
            if meaning.contains("absent") {
                may.insert(key);
            } else {
                must.insert(key);
            }
        }
    }
    sections
}

fn answer(here: &Path, words: &str) -> Value {
    let mut all: Vec<&str> = words.split(' ').collect();
    all.push("--json");
    if words.starts_with("watch") && !words.contains("score") && !words.contains("check") {
        all.extend(QUICK);
    }
    if words.starts_with("plan") && !words.contains("optimise") && !words.contains("hazard") {
        all.extend(["--set", "gateway.length=\"60 d\""]);
    }
    let said = lazaret(here, &all);
    assert_eq!(said.code, Some(0), "{words}: {}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

/// A situation of `small.toml` in which nothing is there yet.
fn situation(here: &Path) -> String {
    let file = fs::read_to_string(here.join("small.toml")).unwrap();
    let of = |key: &str| {
        let line = file.lines().find(|line| line.starts_with(key)).unwrap();
        let value = line.split('=').nth(1).unwrap();
        value
            .split('#')
            .next()
            .unwrap()
            .trim()
            .trim_matches('"')
            .to_string()
    };
    format!(
        r#"{{"format":1,"gateway":"{}","at":"2022-03-01T00:00:00Z"}}"#,
        of("name")
    )
}

#[test]
fn every_answer_has_the_keys_of_the_page_and_no_others() {
    let folder = uiju(None);
    let here = folder.path();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    fs::copy(
        examples.join("hazards/asf-feed.toml"),
        here.join("hazard.toml"),
    )
    .unwrap();
    let starter = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("starter.toml"));
    fs::write(here.join("small.toml"), starter.unwrap()).unwrap();
    fs::write(
        here.join("study.toml"),
        "gateway = \"small.toml\"\nset = ['gateway.length=\"60 d\"']\nreplications = 10\nmatters = 1000\n\
         [vary]\n\"crew.cleaner.count\" = { from = 39, to = 40 }\n\
         [[aim]]\nmetric = \"lots.time_in_gateway.mean\"\n",
    )
    .unwrap();
    fs::write(here.join("situation.json"), situation(here)).unwrap();
    let save = "watch forecast gateway.toml evidence.csv --until 2022-02-10 --save forecast.json";
    answer(here, save);
    let sections = documented();
    let commands = [
        "forecast small.toml --from situation.json --futures 20 --days 2 --reach 3",
        "plan capacity small.toml --vary source.north.convoy --range 15..20 --claim 16 --replications 5",
        "plan bottleneck small.toml --replications 3",
        "plan compare small.toml --vs place.yard.slots=900 --vs-file small.toml --replications 3",
        "plan size small.toml --choose source.north.fleet=60..61 --so-that lots.arrived>=0 --with 0.5 --most 100",
        "plan sensitivity small.toml --trajectories 2 --rows 2 --keep 1",
        "plan optimise study.toml",
        "plan hold hazard.toml",
        "plan need small.toml --population 10 --replications 3",
        "watch check evidence.csv",
        "watch estimate gateway.toml evidence.csv --no-influence --as-of 2022-02-03",
        "watch forecast gateway.toml evidence.csv --until 2022-02-20 --as-of 2022-02-03",
        "watch compare gateway.toml evidence.csv explanations.toml --as-of 2022-02-03",
        "watch next gateway.toml evidence.csv --as-of 2022-02-03 --ahead 7",
        "watch score forecast.json evidence.csv",
        "watch backtest gateway.toml evidence.csv --as-of 2022-01-25",
        "watch digest gateway.toml evidence.csv --from 2022-01-24 --to 2022-02-03",
        "watch sensitivity gateway.toml evidence.csv --as-of 2022-01-20",
    ];
    let mut seen = BTreeSet::new();
    for words in commands {
        let mut parts = words.split(' ');
        let (family, question) = (parts.next().unwrap(), parts.next().unwrap());
        let title = if family == "forecast" {
            family.to_string()
        } else {
            format!("{family} {question}")
        };
        let mut must = BTreeSet::new();
        let mut may = BTreeSet::new();
        for section in [
            "Every answer of check, plan and watch",
            &format!("Every answer of {family}"),
            &title,
        ] {
            let Some((a, b)) = sections.get(section) else {
                continue;
            };
            must.extend(a.clone());
            may.extend(b.clone());
        }
        let found = answer(here, words);
        let keys: BTreeSet<String> = found.as_object().unwrap().keys().cloned().collect();
        let missing: Vec<_> = must.difference(&keys).collect();
        let unknown: Vec<_> = keys
            .difference(&must)
            .filter(|key| !may.contains(*key))
            .collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "{title}: missing {missing:?}, not in docs/json.md {unknown:?}"
        );
        assert_eq!(found["version"], env!("CARGO_PKG_VERSION"), "{title}");
        assert_eq!(found["partial"], false, "{title}");
        let hash = found["file_hash"].as_str().unwrap();
        assert_eq!(hash.len(), 64, "{title}");
        if title != "plan hold" {
            assert!(found["gateway"].is_string(), "{title}");
        }
        if title != "watch check" {
            assert!(found["seed"].is_u64(), "{title}");
        }
        seen.insert(title);
    }
    // No answer is left out.
    let answers: BTreeSet<String> = sections
        .keys()
        .filter(|t| !t.starts_with("Every") && *t != "check")
        .cloned()
        .collect();
    assert_eq!(seen, answers);
}

#[test]
fn the_hash_is_that_of_the_file_that_was_read() {
    use sha2::{Digest, Sha256};
    let folder = uiju(None);
    let here = folder.path();
    let hex = |text: &[u8]| -> String {
        Sha256::digest(text)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    };
    let gateway = fs::read(here.join("gateway.toml")).unwrap();
    let evidence = fs::read(here.join("evidence.csv")).unwrap();
    let found = answer(here, "watch check evidence.csv");
    assert_eq!(found["file_hash"], hex(&gateway));
    assert_eq!(found["evidence_hash"], hex(&evidence));
    let found = answer(
        here,
        "plan need gateway.toml --population 10 --replications 2",
    );
    let with = [&gateway[..], b"\0gateway.length=\"60 d\""].concat();
    assert_eq!(found["file_hash"], hex(&with));
}

#[test]
fn the_answer_of_check_says_what_it_was_made_from() {
    let folder = uiju(None);
    let here = folder.path();
    let sections = documented();
    let known: BTreeSet<String> = ["Every answer of check, plan and watch", "check"]
        .into_iter()
        .flat_map(|section| sections[section].0.clone())
        .collect();
    let found = answer(here, "check gateway.toml");
    let keys: BTreeSet<String> = found.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, known);
    assert_eq!(found["gateway"], "Uiju");
    assert_eq!(found["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(found["file_hash"].as_str().unwrap().len(), 64);
    // A file with errors is named, too.
    let said = lazaret(
        here,
        &[
            "check",
            "gateway.toml",
            "--set",
            "place.yard.slots=-1",
            "--json",
        ],
    );
    assert_eq!(said.code, Some(2), "{}", said.err);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found["ok"], false);
    assert!(found["file_hash"].is_string() && found["gateway"].is_null());
}
