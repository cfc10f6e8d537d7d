//! The protocols of the folder `protocols`: each can be adopted, and judges as its schedule says.

use std::collections::BTreeMap;
use std::path::Path;

use lazaret_ledger::treatment::{Treatment, judge};
use lazaret_vocabulary::event::entry::{AgentName, Entry, LineName, Reading};
use lazaret_vocabulary::event::rules::{Protocol, TreatmentRule};

use crate::scene::{HOUR, Scene, after, start};

fn published() -> BTreeMap<String, Protocol> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    (files.filter(|path| path.extension().is_some_and(|end| end == "json")))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let protocol = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name, protocol)
        })
        .collect()
}

/// What was read on three lines: hour, g/m³ and °C of each reading.
fn on_three(readings: &[(f64, f64, f64)]) -> Vec<Reading> {
    let mut all = Vec::new();
    for line in ["top", "middle", "foot"] {
        for (hour, grams, celsius) in readings {
            all.push(Reading {
                at: after(start(), (hour * HOUR as f64) as i64),
                concentration_mg_m3: (grams * 1_000.0) as u32,
                temperature_mc: (celsius * 1_000.0) as i32,
                line: Some(LineName::new(line)),
            });
        }
    }
    all
}

fn passes(rule: &TreatmentRule, hours: i64, dose: Option<u32>, readings: &[Reading]) -> bool {
    let agent = rule
        .agents
        .first()
        .map(|rule| AgentName::new(rule.agent.as_str()));
    let judged = judge(
        rule,
        &Treatment {
            from: start(),
            to: after(start(), hours * HOUR),
            agent: agent.as_ref(),
            dosed: start(),
            dose_mg_m3: dose,
            pauses: &[],
            readings,
        },
    );
    judged.fault.is_none()
}

#[test]
fn each_is_named_in_the_table_and_can_be_adopted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols");
    let table = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut scene = Scene::open();
    let all = published();
    assert_eq!(all.len(), 7);
    for (name, protocol) in all {
        assert!(table.contains(&format!("| `{name}.json` |")), "{name}");
        assert_eq!(protocol.protocol.as_str(), name);
        scene.say(
            "admin",
            Entry::ProtocolAdopted {
                protocol: Box::new(protocol),
            },
        );
    }
}

#[test]
fn fumigations_are_judged_as_their_schedules_say() {
    let all = published();
    let rule = |name: &str| all[name].treatments[0].clone();
    let flat = |hours: f64, grams: f64, celsius: f64| {
        on_three(&[
            (0.0, grams, celsius),
            (hours / 2.0, grams, celsius),
            (hours, grams, celsius),
        ])
    };
    let ispm = rule("ispm-15-methyl-bromide");
    // 28 g/m³ for 24 h are 672: enough from 21 °C, too little below.
    assert!(passes(&ispm, 24, None, &flat(24.0, 28.0, 21.0)));
    assert!(!passes(&ispm, 24, None, &flat(24.0, 28.0, 20.9)));
    assert!(passes(&ispm, 24, None, &flat(24.0, 34.0, 16.0)));
    assert!(passes(&ispm, 24, None, &flat(24.0, 38.0, 10.0)));
    assert!(!passes(&ispm, 24, None, &flat(24.0, 38.0, 9.9)));
    assert!(!passes(&ispm, 23, None, &flat(23.0, 40.0, 21.0)));
    let two: Vec<Reading> = (flat(24.0, 40.0, 21.0).into_iter())
        .filter(|read| read.line != Some(LineName::new("foot")))
        .collect();
    assert!(!passes(&ispm, 24, None, &two));
    // A top-up at the end hides nothing of what was lost before.
    let topped =
        |least: f64| on_three(&[(0.0, 80.0, 21.0), (20.0, least, 21.0), (24.0, 40.0, 21.0)]);
    assert!(passes(&ispm, 24, None, &topped(24.0)));
    assert!(!passes(&ispm, 24, None, &topped(23.9)));
    let fluoride = rule("ispm-15-sulfuryl-fluoride");
    assert!(passes(&fluoride, 48, None, &flat(48.0, 63.0, 20.0)));
    assert!(!passes(&fluoride, 48, None, &flat(48.0, 62.0, 20.0)));
    assert!(passes(&fluoride, 24, None, &flat(24.0, 59.0, 30.0)));
    assert!(!passes(&fluoride, 24, None, &flat(24.0, 59.0, 29.9)));
    // The rate of 2018, 16 g/m³ at 15 °C for 12 h, passes no more.
    let bugs = rule("stink-bugs-methyl-bromide");
    assert!(!passes(&bugs, 12, Some(16_000), &flat(12.0, 16.0, 15.0)));
    let falls = |hours: f64, end: f64| {
        on_three(&[
            (0.0, 24.0, 10.0),
            (hours / 2.0, 18.0, 10.0),
            (hours, end, 10.0),
        ])
    };
    assert!(passes(&bugs, 12, Some(24_000), &falls(12.0, 12.0)));
    assert!(!passes(&bugs, 12, Some(24_000), &falls(12.0, 11.9)));
    assert!(passes(&bugs, 24, Some(24_000), &falls(24.0, 8.0)));
    assert!(!passes(&bugs, 24, Some(23_000), &falls(24.0, 8.0)));
    let fluoride = rule("stink-bugs-sulfuryl-fluoride");
    assert!(passes(&fluoride, 12, None, &flat(12.0, 17.0, 10.0)));
    assert!(passes(&fluoride, 12, Some(24_000), &falls(12.0, 12.0)));
    assert!(!passes(&fluoride, 12, None, &flat(12.0, 16.0, 10.0)));
}

#[test]
fn heat_and_cold_are_judged_as_their_schedules_say() {
    let all = published();
    let rule = |name: &str| all[name].treatments[0].clone();
    let every = |minutes: f64, n: usize, celsius: f64| -> Vec<Reading> {
        let readings: Vec<(f64, f64, f64)> = (0..=n)
            .map(|nth| (nth as f64 * minutes / 60.0, 0.0, celsius))
            .collect();
        on_three(&readings)
    };
    let heat = rule("ispm-15-heat");
    assert!(passes(&heat, 1, None, &every(5.0, 6, 56.0)));
    assert!(!passes(&heat, 1, None, &every(5.0, 5, 56.0)));
    assert!(!passes(&heat, 1, None, &every(5.0, 12, 55.9)));
    assert!(!passes(&heat, 1, None, &every(5.0, 12, 20.0)));
    let bugs = rule("stink-bugs-heat");
    assert!(passes(&bugs, 1, None, &every(2.0, 5, 60.0)));
    assert!(!passes(&bugs, 1, None, &every(2.0, 5, 59.9)));
    assert!(passes(&bugs, 1, None, &every(5.0, 6, 56.0)));
    let cold = rule("fruit-fly-cold");
    assert!(passes(&cold, 24 * 21, None, &every(60.0, 24 * 18, 2.0)));
    assert!(!passes(&cold, 24 * 21, None, &every(60.0, 24 * 18, 2.1)));
    assert!(passes(&cold, 24 * 21, None, &every(60.0, 24 * 20, 3.0)));
    assert!(!passes(
        &cold,
        24 * 21,
        None,
        &every(60.0, 24 * 20 - 1, 3.0)
    ));
}
