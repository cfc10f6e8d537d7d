//! Forged histories: an honest ledger with one record more, or one changed, sealed into a whole chain. The auditor names each
//! at the first record that does not follow.

use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::VehicleId;
use serde_json::{Value, json};

use crate::crafted::{chained, held, judged, records_of, said, signature};
use crate::scene::*;

/// A record that somebody adds: who, what, and the rule that it breaks.
type Forged = (&'static str, Vec<Value>, &'static str);

/// Says which of them the auditor does not name, or names for something else.
#[track_caller]
fn all_named(scene: &Scene, forged: Vec<Forged>) {
    let honest = records_of(scene);
    judged(&chained(&mut honest.clone())).expect("what was honestly said follows");
    let mut wrong = Vec::new();
    for (by, events, rule) in forged {
        let mut records = honest.clone();
        said(&mut records, scene.now, by, &events);
        match judged(&chained(&mut records)) {
            Err(found) if found.rule == rule && found.record == records.len() as u64 => {}
            other => wrong.push(format!("{rule} {events:?}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn lot(event: &str) -> Value {
    json!({"event": event, "lot": "w1-1"})
}

fn at(event: &str, place: &str) -> Value {
    json!({"event": event, "lot": "w1-1", "place": place, "unit": 1})
}

#[test]
fn a_lot_that_waits_is_let_go_by_nothing() {
    let scene = held(15);
    let mut silent = signature("officer");
    silent["meaning"] = json!(" ");
    let mut other = signature("officer");
    other["pin"]["version"] = json!(2);
    let restarted = |until: i64| {
        json!({"event": "hold_restarted", "lot": "w1-1", "step": "hold", "because": "x",
            "until": after(scene.now, until).to_string()})
    };
    all_named(
        &scene,
        vec![
            ("officer", vec![silent], "A7"),
            ("officer", vec![other], "A6"),
            ("crew", vec![signature("crew")], "R1"),
            ("tester", vec![signature("tester")], "G3f"),
            (
                "dispatcher",
                vec![json!({"event": "lot_loaded", "lot": "w1-1", "departure": "d1"})],
                "G1",
            ),
            (
                "officer",
                vec![lot("lot_sent_back"), at("lot_stored", "yard")],
                "R1",
            ),
            ("crew", vec![lot("lot_destroyed")], "R1"),
            ("officer", vec![restarted(-3 * DAY)], "G4"),
            ("crew", vec![restarted(20 * DAY)], "R1"),
            (
                "crew",
                vec![json!({"event": "noted", "text": "x"}), restarted(20 * DAY)],
                "G4",
            ),
            (
                "officer",
                vec![
                    json!({"event": "credit_asked", "lot": "w1-1", "from": start().to_string(), "witness": "tester"}),
                ],
                "G4",
            ),
            (
                "officer",
                vec![
                    json!({"event": "signature_withdrawn", "lot": "w1-1", "signer": "chief", "because": "x"}),
                ],
                "G3e",
            ),
            (
                "officer",
                vec![
                    json!({"event": "result_entered", "sample": "s1", "outcome": "negative", "exception": "x"}),
                ],
                "K1",
            ),
            (
                "officer",
                vec![
                    json!({"event": "sample_taken", "lot": "w1-1", "sample": "s1", "test": "swab"}),
                ],
                "K1",
            ),
            (
                "officer",
                vec![
                    json!({"event": "sample_taken", "lot": "w1-1", "sample": "s2", "test": "taste"}),
                ],
                "K1",
            ),
            (
                "officer",
                vec![json!({"event": "lot_recalled", "lot": "w1-1", "exception": "x"})],
                "R1",
            ),
            (
                "crew",
                vec![json!({"event": "treatment_voided", "lot": "w1-1", "because": "x"})],
                "R1",
            ),
        ],
    );
}

#[test]
fn work_is_done_on_what_is_there_by_those_who_may() {
    let mut scene = held(15);
    let person = lazaret_vocabulary::event::entry::PersonName::new("lead");
    let read = |minutes: i64| {
        json!({"event": "treatment_read", "lot": "w1-1", "step": "disinfect",
            "reading": {"at": after(scene.now, minutes * 60).to_string(), "concentration_mg_m3": 1, "temperature_mc": 1}})
    };
    let counted = |pieces: u32| json!({"event": "lot_counted", "lot": "w1-1", "pieces": pieces, "mass_kg": 1});
    let split = |parts: &[&str]| {
        let parts: Vec<_> = (parts.iter())
            .map(|lot| json!({"lot": lot, "pieces": 0, "mass_kg": 0}))
            .collect();
        json!({"event": "lot_split", "lot": "w1-1", "parts": parts})
    };
    let forged = vec![
        ("lead", vec![read(0)], "G3a"),
        (
            "lead",
            vec![
                json!({"event": "treatment_dosed", "lot": "w1-1", "step": "disinfect", "agent": "peroxide"}),
            ],
            "G3a",
        ),
        (
            "lead",
            vec![
                json!({"event": "treatment_ended", "lot": "w1-1", "step": "disinfect", "place": "yard", "unit": 1}),
            ],
            "G3a",
        ),
        (
            "lead",
            vec![
                json!({"event": "treatment_started", "lot": "w1-1", "step": "disinfect", "place": "yard", "unit": 1}),
            ],
            "P2",
        ),
        ("yard", vec![at("lot_stored", "yard")], "P2"),
        ("crew", vec![at("lot_stored", "yard")], "G7"),
        ("crew", vec![at("lot_stored", "platform")], "G8"),
        (
            "crew",
            vec![json!({"event": "place_closed", "place": "yard", "unit": 7, "because": "x"})],
            "K1",
        ),
        (
            "crew",
            vec![json!({"event": "capacity_changed", "place": "moon", "slots": 1})],
            "K1",
        ),
        ("crew", vec![split(&["p1"])], "K1"),
        ("crew", vec![split(&["W1-1", "p2"])], "K1"),
        (
            "crew",
            vec![
                json!({"event": "noted", "text": "x"}),
                json!({"event": "discrepancy_found", "lot": "w1-1", "exception": "x", "papers": {"pieces": 1, "mass_kg": 1}, "found": {"pieces": 1, "mass_kg": 1}}),
            ],
            "G5",
        ),
        ("dispatcher", vec![counted(1)], "R1"),
    ];
    all_named(&scene, forged);
    // Nobody worked with it again once it had gone through the gate.
    scene.say(
        "lead",
        lazaret_vocabulary::event::entry::Entry::PersonPassedGate { person },
    );
    let again = json!({"event": "treatment_started", "lot": "w1-1", "step": "disinfect", "place": "yard", "unit": 1});
    all_named(&scene, vec![("lead", vec![again], "G8")]);
}

#[test]
fn people_say_what_they_may_with_their_reasons() {
    let scene = held(15);
    let forged = vec![
        (
            "yard",
            vec![
                json!({"event": "person_reported_sick", "person": "chief", "since": scene.now.to_string(), "exception": "x"}),
            ],
            "R1",
        ),
        (
            "chief",
            vec![
                json!({"event": "person_reported_sick", "person": "chief", "since": "2021-01-01T00:00:00Z", "exception": "x"}),
            ],
            "A10",
        ),
        (
            "chief",
            vec![json!({"event": "person_shift_ended", "person": "chief"})],
            "K1",
        ),
        (
            "chief",
            vec![
                json!({"event": "person_cleared", "person": "crew", "until": start().to_string(), "agents": []}),
            ],
            "P1",
        ),
        (
            "chief",
            vec![
                json!({"event": "person_cleared", "person": "chief", "until": "2030-01-01T00:00:00Z", "agents": []}),
            ],
            "P1",
        ),
        (
            "officer",
            vec![json!({"event": "contact_seen", "lots": ["w1-1"], "because": "x"})],
            "K1",
        ),
        (
            "officer",
            vec![
                json!({"event": "exception_opened", "exception": "x", "lots": [], "because": "x"}),
            ],
            "K1",
        ),
        (
            "officer",
            vec![
                json!({"event": "exception_opened", "exception": "x", "lots": ["w1-1"], "because": ""}),
            ],
            "K1",
        ),
        (
            "crew",
            vec![
                json!({"event": "warning_acknowledged", "warning": "loss", "by": "chief", "fact": "x"}),
                json!({"event": "noted", "text": "x"}),
            ],
            "A8",
        ),
        (
            "crew",
            vec![
                json!({"event": "corrected", "record": 1, "because": ""}),
                json!({"event": "noted", "text": "x"}),
            ],
            "A1",
        ),
        (
            "crew",
            vec![json!({"event": "time_stated", "time": scene.now.to_string(), "because": "x"})],
            "A11",
        ),
    ];
    all_named(&scene, forged);
}

#[test]
fn vehicles_papers_and_rules_are_what_was_said_of_them() {
    let mut scene = held(15);
    let emptied = Happening::VehicleEmptied {
        vehicle: VehicleId::new("w1"),
    };
    scene.say("yard", emptied);
    scene.say(
        "crew",
        Happening::VehicleWashed {
            vehicle: VehicleId::new("w1"),
        },
    );
    let mut third = protocol();
    third.version = 3;
    let mut unsigned = protocol();
    (unsigned.version, unsigned.signatures) = (2, 0);
    let mut moved = rules();
    moved.vehicles[0].source = lazaret_vocabulary::event::SourceName::new("elsewhere");
    let mut lax = rules();
    lax.vehicles.push(lax.vehicles[0].clone());
    lax.vehicles[1].source = lazaret_vocabulary::event::SourceName::new("elsewhere");
    lax.vehicles[1].dwell_s = 0;
    let arrived = |convoy: &str, vehicle: &str| json!({"event": "convoy_arrived", "convoy": convoy, "source": "dandong", "vehicles": [vehicle]});
    let no_papers =
        json!({"event": "warning_acknowledged", "warning": "no_papers", "by": "yard", "fact": "x"});
    let papers = |vehicle: &str, lot: &str, goods: &str| {
        json!({"event": "manifest_announced", "manifest": "m1", "convoy": "k9", "source": "dandong",
            "lines": [{"vehicle": vehicle, "lot": lot, "goods": goods, "pieces": 1, "mass_kg": 1}]})
    };
    scene.say("yard", announced("k8", vec![line("w8")]));
    all_named(
        &scene,
        vec![
            (
                "yard",
                vec![
                    papers("w9", "w9-1", "general"),
                    papers("w9", "w9-2", "general"),
                ],
                "K1",
            ),
            ("yard", vec![papers("w8", "w8-1", "general")], "G7"),
            ("yard", vec![papers("w1", "w1-1", "general")], "G7"),
            (
                "yard",
                vec![json!({"event": "vehicle_released", "vehicle": "w1"})],
                "W1",
            ),
            ("yard", vec![arrived("k1", "w7")], "K1"),
            ("yard", vec![no_papers.clone(), arrived("k7", "w1")], "G7"),
            ("yard", vec![arrived("k7", "w7")], "A8"),
            ("yard", vec![arrived("k7", "W 1")], "K1"),
            ("yard", vec![arrived("K1", "w7")], "K1"),
            ("yard", vec![papers("w7", "w7-1", "gold")], "K1"),
            ("yard", vec![papers("w7", "W1-1", "general")], "K1"),
            ("yard", vec![papers("w\u{200b}1", "w7-1", "general")], "K1"),
            (
                "admin",
                vec![json!({"event": "person_appointed", "person": "Chief", "roles": ["crew"]})],
                "K1",
            ),
            (
                "admin",
                vec![
                    json!({"event": "person_appointed", "person": "chi\u{435}f", "roles": ["crew"]}),
                ],
                "K1",
            ),
            (
                "admin",
                vec![json!({"event": "person_appointed", "person": "--", "roles": ["crew"]})],
                "K1",
            ),
            (
                "admin",
                vec![json!({"event": "person_appointed", "person": "admin", "roles": ["crew"]})],
                "R1",
            ),
            (
                "admin",
                vec![json!({"event": "protocol_adopted", "protocol": third})],
                "K1",
            ),
            (
                "admin",
                vec![json!({"event": "protocol_adopted", "protocol": unsigned})],
                "K1",
            ),
            (
                "admin",
                vec![json!({"event": "rules_adopted", "rules": moved})],
                "R1",
            ),
            (
                "admin",
                vec![json!({"event": "rules_adopted", "rules": lax})],
                "R1",
            ),
            (
                "yard",
                vec![
                    json!({"event": "lot_unloaded", "lot": "w1-2", "vehicle": "w1", "goods": "general", "place": "warehouse", "unit": 1}),
                ],
                "G7",
            ),
        ],
    );
}
