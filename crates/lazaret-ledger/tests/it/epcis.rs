//! Records leave as EPCIS 2.0 events with steps and dispositions that the standard knows.

use jiff::tz::TimeZone;
use lazaret_ledger::epcis::{BASE, Exchange, corrects, event_hash, prehash, text};
use lazaret_ledger::{Correction, Record};
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
    whole(&exchange(strict), &scene.records)
}

fn exchange(strict: bool) -> Exchange {
    let zone = TimeZone::get("Asia/Pyongyang").unwrap();
    Exchange::new("https://gate.example", zone, strict).unwrap()
}

/// A document of all records.
fn whole(exchange: &Exchange, records: &[Record]) -> Value {
    let (before, after) = exchange.around(records[0].recorded_at);
    let events: Vec<String> = records
        .iter()
        .flat_map(|record| {
            let old = corrects(record).map(|seq| &records[seq as usize - 1]);
            exchange.events(record, old)
        })
        .map(|event| event.to_string())
        .collect();
    serde_json::from_str(&format!("{before}{}{after}", events.join(","))).unwrap()
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
            "https://gate.example/epcis/disinfecting",
            "inspecting",
            "holding",
            "storing",
            "sampling",
            "inspecting",
            "https://gate.example/epcis/releasing",
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

const ARRIVING: &str =
    "ni:///sha-256;33dbf4a1a004785ed6b2e3ba86eaf4d6027554cb3d3597f3dfd9b35f158e8394?ver=CBV2.0";
const INSPECTED: &str =
    "ni:///sha-256;c2d38227f32658bccaf99b6dabf6d2fce86f2d33cf8eb74f3f4fc7e84d0a2e52?ver=CBV2.0";

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
    // Two events of ours, as release 1.9.3 of the reference implementation names them.
    let namespace = [("lz", "https://gate.example.org/epcis/")];
    let arriving = json!({
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "arriving",
        "disposition": "in_progress",
        "bizTransactionList": [
            { "type": "bol", "bizTransaction": "https://gate.example.org/convoy/wharf-1" },
        ],
        "epcList": ["https://gate.example.org/vehicle/wharf-1-1"],
        "eventTime": "2022-08-31T16:02:42.393185Z",
        "eventTimeZoneOffset": "+10:00",
        "lz:digestBefore": "47677694e2189fa9ba7ad35ba613a2b52cb668776ea70612a4bf6bc7628f455e",
        "lz:position": 1,
        "lz:record": 14,
        "recordTime": "2022-08-31T16:02:42.393185Z",
    });
    assert_eq!(event_hash(&arriving, &namespace), ARRIVING);
    let inspected = json!({
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "inspecting",
        "disposition": "conformant",
        "epcList": ["https://gate.example.org/lot/wharf-8-1-1"],
        "eventTime": "2022-09-04T04:48:31.566891Z",
        "eventTimeZoneOffset": "+10:00",
        "sensorElementList": [
            { "sensorReport": [{ "type": "Time", "value": 268_407, "uom": "SEC" }] },
        ],
        "lz:digestBefore": "1478640903864c55fa31862d5dd8c9c05d4a2d06cb6d28c37e880374aaf94ef3",
        "lz:position": 1,
        "lz:record": 608,
        "lz:ruleId": "machinery from wharf/1",
        "recordTime": "2022-09-04T04:48:31.566891Z",
    });
    assert_eq!(event_hash(&inspected, &namespace), INSPECTED);
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
         sensorElementListsensorElementsensorReporttype=https://gs1.org/voc/TemperatureminValue=-12.4uom=CEL\
         sensorReporttype=https://gs1.org/voc/Timevalue=50uom=SEC"
    );
}

#[test]
fn any_change_of_an_event_changes_its_name_and_another_order_does_not() {
    let document = document(false);
    let namespace = exchange(false).namespace();
    let spaces = [("lz", namespace.as_str())];
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

#[test]
fn a_correction_takes_back_the_events_of_the_record_under_their_own_names() {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1"], "general");
    let wrong = scene.say("yard", stored(&lots[0], "warehouse", 1));
    let mut command = scene.command("yard", stored(&lots[0], "warehouse", 2));
    command.corrects = Some(Correction {
        record: wrong.seq,
        because: "Kim has a fever and scanned the wrong bay".into(),
    });
    let right = scene.submit(&command).unwrap().unwrap();
    let exchange = exchange(false);
    let before = exchange.events(&wrong, None);
    let [new, old] = &exchange.events(&right, Some(&wrong))[..] else {
        panic!("one event replaces one");
    };
    assert_eq!(corrects(&right), Some(wrong.seq));
    // The same event but for the declaration and when that was recorded, so its name is still its hash.
    let mut same = old.clone();
    same.as_object_mut().unwrap().remove("errorDeclaration");
    same["recordTime"] = before[0]["recordTime"].clone();
    assert_eq!(same, before[0]);
    assert_eq!(
        old["errorDeclaration"],
        json!({
            "declarationTime": right.recorded_at.to_string(),
            "reason": "incorrect_data",
            "correctiveEventIDs": [new["eventID"]],
        })
    );
    assert!(new.get("errorDeclaration").is_none());
    assert_ne!(new["eventID"], old["eventID"]);
    // What somebody wrote as a reason may be about people, and stays here.
    assert!(!format!("{new}{old}").contains("fever"));
}

#[test]
fn a_type_is_written_first_and_nothing_else_is_changed() {
    let document = document(false);
    let written = text(&document);
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), document);
    assert!(written.starts_with("{\"type\":\"EPCISDocument\""));
    assert!(written.contains("[{\"type\":\"bol\",\"bizTransaction\":"));
    let odd = json!({ "a\"\n": [1, [], {}, null, "é\u{1}"], "type": { "b": 0.5, "type": true } });
    assert_eq!(serde_json::from_str::<Value>(&text(&odd)).unwrap(), odd);
}

#[test]
fn names_stand_under_an_address_that_can_be_chosen() {
    let zone = TimeZone::UTC;
    for (base, lot) in [
        (BASE, "lazaret:epcis/"),
        ("https://gate.example", "https://gate.example/epcis/"),
        ("https://gate.example/a/", "https://gate.example/a/epcis/"),
        ("urn:example:gate:", "urn:example:gate:epcis/"),
    ] {
        let exchange = Exchange::new(base, zone.clone(), false).unwrap();
        assert_eq!(exchange.namespace(), lot);
    }
    for base in [
        "",
        "gate.example/",
        "https:",
        "https://",
        "https:///x",
        "http://:80",
        "1x:y",
        "https://gate.example/?a=",
        "https://gate.example/#a",
        "https://gate.example/\"},",
        "https://gate example/",
    ] {
        let refused = Exchange::new(base, zone.clone(), false).unwrap_err();
        assert!(refused.to_string().contains("is not a URI"), "{base}");
    }
}

#[test]
fn the_offset_is_that_of_the_day() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    let mut record = scene.records.last().unwrap().clone();
    let offset = |at: &str, record: &mut Record| {
        record.events[0].at = at.parse().unwrap();
        let zone = TimeZone::get("America/St_Johns").unwrap();
        let exchange = Exchange::new(BASE, zone, false).unwrap();
        exchange.events(record, None)[0]["eventTimeZoneOffset"].clone()
    };
    assert_eq!(offset("2022-01-05T00:00:00Z", &mut record), "-03:30");
    assert_eq!(offset("2022-07-05T00:00:00Z", &mut record), "-02:30");
}
