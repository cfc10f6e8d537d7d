//! Records leave as EPCIS 2.0 events with steps and dispositions that the standard knows.

use lazaret_gateway::event::entry::Outcome;
use lazaret_ledger::epcis::Exchange;
use serde_json::Value;

use crate::scene::*;

/// Of CBV 2.0, as far as the mapping uses them.
const STEPS: &[&str] = &[
    "arriving",
    "departing",
    "destroying",
    "entering_exiting",
    "holding",
    "inspecting",
    "loading",
    "repackaging",
    "sampling",
    "shipping",
    "storing",
    "unloading",
];
const DISPOSITIONS: &[&str] = &[
    "available",
    "conformant",
    "destroyed",
    "in_progress",
    "in_transit",
    "non_conformant",
    "recalled",
    "returned",
    "unavailable",
    "unknown",
];

fn document(strict: bool) -> Value {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored(&lots[0], "warehouse", 1));
    scene.treat(&lots, 1);
    scene.say("crew", stored(&lots[0], "yard", 1));
    scene.wait(15 * DAY);
    scene.swab(&lots[0], "s1", Outcome::Negative);
    scene.say("officer", signed(&lots[0], "officer"));
    scene.say("chief", signed(&lots[0], "chief"));
    scene.say("dispatcher", loaded(&lots[0], "d1"));
    scene.say("dispatcher", departed("d1", 1));
    let exchange = Exchange {
        base: "https://gate.example/".into(),
        offset: "+09:00".into(),
        strict,
    };
    exchange.document(&scene.records)
}

#[test]
fn a_lot_can_be_followed_through() {
    let document = document(false);
    let events = document["epcisBody"]["eventList"].as_array().unwrap();
    let steps: Vec<&str> = events
        .iter()
        .map(|event| event["bizStep"].as_str().unwrap())
        .collect();
    assert_eq!(
        steps,
        [
            "arriving",
            "entering_exiting",
            "unloading",
            "storing",
            "lz:disinfecting",
            "inspecting",
            "holding",
            "storing",
            "sampling",
            "inspecting",
            "lz:releasing",
            "loading",
            "departing",
        ]
    );
    let released = &events[10];
    assert_eq!(released["persistentDisposition"]["unset"][0], "unavailable");
    assert_eq!(released["epcList"][0], "https://gate.example/lot/w1-1");
}

#[test]
fn a_strict_receiver_gets_only_what_the_standard_knows() {
    let document = document(true);
    let mut ids = std::collections::BTreeSet::new();
    for event in document["epcisBody"]["eventList"].as_array().unwrap() {
        let text = |key: &str| event[key].as_str().unwrap_or("");
        assert!(STEPS.contains(&text("bizStep")), "{event}");
        assert!(DISPOSITIONS.contains(&text("disposition")), "{event}");
        assert!(!text("eventTime").is_empty() && text("eventTimeZoneOffset") == "+09:00");
        assert!(ids.insert(text("eventID").to_owned()), "{event}");
        match text("type") {
            "ObjectEvent" => assert!(event["epcList"].is_array() && event["action"].is_string()),
            "AggregationEvent" => {
                assert!(event["parentID"].is_string() && event["childEPCs"].is_array());
            }
            other => panic!("{other}"),
        }
        // Persistent dispositions are for object and transformation events only.
        assert!(event.get("persistentDisposition").is_none() || text("type") == "ObjectEvent");
    }
}
