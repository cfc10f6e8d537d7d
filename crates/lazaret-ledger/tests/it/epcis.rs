//! Records leave as EPCIS 2.0 events with steps and dispositions that the standard knows.

use lazaret_ledger::epcis::{EXTENSION, Exchange, event_hash, prehash};
use lazaret_vocabulary::event::entry::Outcome;
use serde_json::{Value, json};

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
            "https://lazaret.example/epcis/disinfecting",
            "inspecting",
            "holding",
            "storing",
            "sampling",
            "inspecting",
            "https://lazaret.example/epcis/releasing",
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

/// Fixtures of the reference implementation, with GS1 keys in their canonical form:
/// <https://github.com/RalphTro/epcis-event-hash-generator>, `tests/examples/expected/CBV2.0`.
#[test]
fn an_event_is_named_as_the_reference_names_it() {
    let single = json!({
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "epcList": [
            "https://id.gs1.org/01/10614141073464/21/2018",
            "https://id.gs1.org/01/10614141073464/21/2017",
        ],
        "eventTime": "2022-02-16T20:33:31.116000-06:00",
        "eventTimeZoneOffset": "-06:00",
        "readPoint": { "id": "https://id.gs1.org/414/0614141073467/254/1234" },
        "bizTransactionList": [
            { "type": "po", "bizTransaction": "http://transaction.acme.com/po/12345678" },
        ],
    });
    assert_eq!(
        event_hash(&single, &[]),
        "ni:///sha-256;ffa491b16867e34a7791a8d5389d826afc24e63a121026b6a4004ace38631b4b?ver=CBV2.0"
    );
    let extended = json!({
        "type": "ObjectEvent",
        "eventTime": "2020-03-04T11:00:30.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "recordTime": "2020-03-04T11:00:30.999+01:00",
        "eventID": "not part of it",
        "epcList": [
            "https://id.gs1.org/00/040123450000003338",
            "https://id.gs1.org/00/040123450000001112",
            "https://id.gs1.org/00/040123450000002225",
        ],
        "action": "OBSERVE",
        "bizStep": "departing",
        "readPoint": { "id": "https://id.gs1.org/414/4012345000115/254/987" },
        "example:myField1": { "example:mySubField1": "2", "example:mySubField2": "5" },
        "example:myField2": "0",
        "example:myField3": { "example:mySubField3": ["3", "1"] },
    });
    assert_eq!(
        event_hash(&extended, &[("example", "https://ns.example.com/epcis/")]),
        "ni:///sha-256;6ae96341e0acc6d7a261364751f60e68278a81cdf51da0abb6b4e617014e39d7?ver=CBV2.0"
    );
    // Numbers, rounded times, sensors and lists of dispositions.
    let judged = json!({
        "type": "ObjectEvent",
        "eventTime": "2020-09-29T14:00:00.0005+02:00",
        "eventTimeZoneOffset": "+02:00",
        "persistentDisposition": { "unset": ["unavailable"], "set": ["conformant"] },
        "sensorElementList": [{ "sensorReport": [
            { "type": "Time", "value": 50.0, "uom": "SEC" },
            { "type": "Temperature", "minValue": "-012.40", "uom": "CEL" },
        ] }],
    });
    assert_eq!(
        prehash(&judged, &[]),
        "eventType=ObjectEventeventTime=2020-09-29T12:00:00.001ZeventTimeZoneOffset=+02:00\
         persistentDispositionset=https://ref.gs1.org/cbv/Disp-conformant\
         unset=https://ref.gs1.org/cbv/Disp-unavailable\
         sensorElementsensorReporttype=https://ref.gs1.org/voc/TemperatureminValue=-12.4uom=CEL\
         sensorReporttype=https://ref.gs1.org/voc/Timevalue=50uom=SEC"
    );
}

#[test]
fn any_change_of_an_event_changes_its_name_and_another_order_does_not() {
    let document = document(false);
    let spaces = [("lz", EXTENSION)];
    for event in document["epcisBody"]["eventList"].as_array().unwrap() {
        let name = event["eventID"].as_str().unwrap();
        assert_eq!(event_hash(event, &spaces), name);
        for (field, value) in event.as_object().unwrap() {
            if ["eventID", "recordTime"].contains(&field.as_str()) {
                continue;
            }
            let mut less = event.clone();
            less.as_object_mut().unwrap().remove(field);
            assert_ne!(
                event_hash(&less, &spaces),
                name,
                "{field} is no part of the name"
            );
            if value.is_string() && field != "eventTime" {
                let mut other = event.clone();
                other[field] = format!("{}x", value.as_str().unwrap()).into();
                assert_ne!(event_hash(&other, &spaces), name, "{field}");
            }
        }
    }
}
