//! Records that were crafted by somebody who can write the database and seal a chain: the chain is whole, and the auditor
//! names the first record that does not follow.

use jiff::Timestamp;
use lazaret_audit::{Auditor, Finding};
use lazaret_ledger::chain::{Chain, Digest, verify};
use lazaret_vocabulary::event::entry::{
    Entry, ExceptionId, ManifestId, Outcome, PersonName, Soiled,
};
use lazaret_vocabulary::event::{LotId, VehicleId};
use serde_json::{Value, json};

use crate::scene::*;

/// The records as lines of an export, numbered and chained anew.
pub(crate) fn chained(records: &mut [Value]) -> Vec<Vec<u8>> {
    let mut previous = Digest::default();
    let mut lines = Vec::new();
    for (number, record) in (1_u64..).zip(records) {
        record["seq"] = json!(number);
        record["previous"] = json!(previous.to_string());
        let line = serde_json::to_vec(record).unwrap();
        previous = Digest::of(&line);
        lines.push(line);
    }
    lines
}

pub(crate) fn judged(lines: &[Vec<u8>]) -> Result<(), Finding> {
    let mut auditor = Auditor::default();
    lines.iter().try_for_each(|line| auditor.line(line))
}

pub(crate) fn records_of(scene: &Scene) -> Vec<Value> {
    let json = |record| serde_json::to_value(record).unwrap();
    scene.records.iter().map(json).collect()
}

/// What the auditor says of the scene once `change` has been made to its records; it says nothing before.
#[track_caller]
fn crafted(scene: &Scene, change: impl FnOnce(&mut Vec<Value>)) -> Finding {
    let mut records = records_of(scene);
    judged(&chained(&mut records)).expect("what was honestly said follows");
    change(&mut records);
    let lines = chained(&mut records);
    verify(Chain::default(), lines.iter().map(|line| (&line[..], None))).expect("a whole chain");
    judged(&lines).expect_err("a crafted record does not follow")
}

/// A record like the last one with other events, said now.
pub(crate) fn said(records: &mut Vec<Value>, now: Timestamp, by: &str, events: &[Value]) {
    let mut record = records.last().unwrap().clone();
    record["by"] = json!(by);
    record["command"] = json!(format!("crafted-{}", records.len()));
    record["recorded_at"] = json!(now.to_string());
    record["issued_at"] = json!(now.to_string());
    record["events"] = events.iter().cloned().collect();
    for event in record["events"].as_array_mut().unwrap() {
        event["at"] = json!(now.to_string());
    }
    records.push(record);
}

/// The finding of a record that `by` says after the scene.
#[track_caller]
pub(crate) fn appended(scene: &Scene, by: &str, events: &[Value]) -> Finding {
    let finding = crafted(scene, |records| said(records, scene.now, by, events));
    assert_eq!(finding.record, scene.records.len() as u64 + 1, "{finding}");
    finding
}

#[track_caller]
fn is(finding: &Finding, rule: &str, what: &str) {
    assert_eq!((finding.rule, &*finding.what), (rule, what), "{finding}");
}

/// One lot, treated and in the yard; tested on the eleventh day, `days` after its treatment.
pub(crate) fn held(days: i64) -> Scene {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.treat(&["w1-1".into()], 1);
    scene.say("crew", stored("w1-1", "yard", 1));
    scene.wait(11 * DAY);
    scene.swab("w1-1", "s1", Outcome::Negative);
    scene.wait((days - 11) * DAY);
    scene
}

pub(crate) fn signature(by: &str) -> Value {
    json!({"event": "signed", "lot": "w1-1", "signer": by, "meaning": "x", "pin": {"protocol": "standard", "version": 1}})
}

#[test]
fn a_release_without_signatures_is_named() {
    let release = json!({"event": "lot_released", "lot": "w1-1"});
    let finding = appended(&held(15), "chief", std::slice::from_ref(&release));
    is(&finding, "G1", "lot_released w1-1");
    let mut scene = held(15);
    scene.say("officer", signed("w1-1", "officer"));
    is(
        &appended(&scene, "chief", &[release]),
        "G3e",
        "lot_released w1-1",
    );
}

#[test]
fn papers_that_are_written_anew_settle_nothing() {
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("w1")]));
    scene.say("yard", arrived("k1", &["w1"]));
    let mut heavier = line("w1");
    heavier.tally.mass_kg += 1;
    let amended = || Entry::ManifestAmended {
        manifest: ManifestId::new("papers"),
        lines: vec![heavier.clone()],
        because: "the sender says so".into(),
    };
    // What changes after the arrival stops the lot, and the same papers once more do not let it go.
    scene.say("yard", amended());
    scene.say("yard", amended());
    scene.say("yard", placed("w1", "platform", 1));
    scene.say("yard", unloaded("w1-1", "w1", "general", "platform", 1));
    let finding = appended(&scene, "officer", &[signature("officer")]);
    is(&finding, "G3d", "signed w1-1");
}

#[test]
fn one_person_does_not_sign_twice() {
    let mut scene = held(15);
    scene.say("officer", signed("w1-1", "officer"));
    is(
        &appended(&scene, "officer", &[signature("officer")]),
        "G3e",
        "signed w1-1",
    );
    is(
        &appended(&scene, "officer", &[signature("chief")]),
        "G3e",
        "signed w1-1",
    );
}

#[test]
fn a_signer_who_is_sick_or_not_cleared_is_named() {
    let mut scene = held(15);
    scene.say(
        "chief",
        Entry::ClearanceLapsed {
            person: PersonName::new("officer"),
            because: "fraud".into(),
        },
    );
    is(
        &appended(&scene, "officer", &[signature("officer")]),
        "P1",
        "signed w1-1",
    );
    let mut scene = held(15);
    scene.say(
        "officer",
        Entry::PersonReportedSick {
            person: PersonName::new("officer"),
            since: scene.now,
            exception: ExceptionId::new("x1"),
        },
    );
    is(
        &appended(&scene, "officer", &[signature("officer")]),
        "P1",
        "signed w1-1",
    );
}

#[test]
fn nothing_leaves_before_its_clock_has_run() {
    let leaves = [
        json!({"event": "lot_loaded", "lot": "w1-1", "departure": "d1"}),
        json!({"event": "departed", "departure": "d1", "step": "dispatch", "lots": 1}),
    ];
    is(
        &appended(&held(12), "dispatcher", &leaves),
        "G3b",
        "lot_loaded w1-1",
    );
    is(
        &appended(&held(15), "dispatcher", &leaves),
        "G1",
        "lot_loaded w1-1",
    );
    is(
        &appended(&held(15), "dispatcher", &leaves[1..]),
        "G5",
        "departed d1",
    );
}

fn contaminated(scene: &mut Scene) {
    let since = after(scene.now, -HOUR);
    scene.say(
        "tester",
        Entry::ContaminationFound {
            on: Soiled::Lot(LotId::new("w1-1")),
            since,
            because: "droppings".into(),
            exception: ExceptionId::new("x1"),
        },
    );
}

/// Takes the events of that name out of the last record.
fn without(records: &mut [Value], name: &str) {
    let events = records.last_mut().unwrap()["events"]
        .as_array_mut()
        .unwrap();
    let before = events.len();
    events.retain(|event| event["event"] != name);
    assert!(events.len() < before, "{name}");
}

#[test]
fn a_hold_restarts_after_contamination_at_once_and_whole() {
    let mut scene = held(12);
    contaminated(&mut scene);
    let finding = crafted(&scene, |records| without(records, "hold_restarted"));
    is(&finding, "C1", "contamination_found");
    for (field, days) in [("at", -2), ("until", 13)] {
        let finding = crafted(&scene, |records| {
            let events = records.last_mut().unwrap()["events"]
                .as_array_mut()
                .unwrap();
            for event in events
                .iter_mut()
                .filter(|event| event["event"] == "hold_restarted")
            {
                event[field] = json!(after(scene.now, days * DAY).to_string());
            }
        });
        is(&finding, "C1", "contamination_found");
        assert_eq!(finding.record, scene.records.len() as u64);
    }
}

#[test]
fn what_was_released_is_called_back() {
    let mut scene = held(15);
    scene.say("officer", signed("w1-1", "officer"));
    scene.say("chief", signed("w1-1", "chief"));
    contaminated(&mut scene);
    let finding = crafted(&scene, |records| without(records, "lot_recalled"));
    is(&finding, "C1", "contamination_found");
}

#[test]
fn a_treatment_that_was_not_sound_is_not_valid() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.say("lead", treatment_started("w1-1", 1));
    scene.say("lead", dosed("w1-1", "peroxide"));
    scene.say("lead", read("w1-1", scene.now, 300, 20_000));
    scene.wait(HOUR);
    scene.say("lead", read("w1-1", scene.now, 10, 20_000));
    scene.say("lead", treatment_ended("w1-1", 1));
    let finding = crafted(&scene, |records| {
        let events = records.last_mut().unwrap()["events"]
            .as_array_mut()
            .unwrap();
        let judged = events
            .iter_mut()
            .find(|event| event["event"] == "treatment_judged");
        judged.unwrap()["valid"] = json!(true);
    });
    is(&finding, "G3a", "treatment_ended w1-1");
}

#[test]
fn a_protocol_is_changed_by_those_who_may_and_by_two_if_it_asks_for_less() {
    let scene = held(12);
    let mut weaker = protocol();
    weaker.version = 2;
    weaker.signatures = 1;
    weaker.held_too = true;
    let adopted = json!({"event": "protocol_adopted", "protocol": weaker});
    let finding = appended(&scene, "yard", std::slice::from_ref(&adopted));
    is(&finding, "R1", "protocol_adopted");
    is(
        &appended(&scene, "admin", &[adopted]),
        "R1",
        "protocol_adopted",
    );
    let mut bare = rules();
    bare.vehicles[0].wash = false;
    let adopted = json!({"event": "rules_adopted", "rules": bare});
    is(
        &appended(&scene, "admin", &[adopted]),
        "R1",
        "rules_adopted",
    );
}

#[test]
fn people_are_appointed_and_cleared_by_those_who_may() {
    let appointed =
        json!({"event": "person_appointed", "person": "crew", "roles": ["chief_officer"]});
    is(
        &appended(&held(15), "crew", &[appointed]),
        "R1",
        "person_appointed crew",
    );
    let cleared = json!({"event": "person_cleared", "person": "crew", "until": "2030-01-01T00:00:00Z", "agents": []});
    is(
        &appended(&held(15), "crew", &[cleared]),
        "R1",
        "person_cleared crew",
    );
}

#[test]
fn a_lot_is_in_one_place() {
    let mut scene = held(12);
    let person = PersonName::new("yard");
    scene.say("yard", Entry::PersonPassedGate { person });
    let again = json!({"event": "lot_unloaded", "lot": "w1-1", "vehicle": "w1", "goods": "general", "place": "platform", "unit": 1});
    is(
        &appended(&scene, "yard", &[again]),
        "G7",
        "lot_unloaded w1-1",
    );
}

#[test]
fn a_vehicle_goes_home_empty_and_washed() {
    let mut scene = held(12);
    let home = json!({"event": "vehicle_released", "vehicle": "w1"});
    let released = "vehicle_released w1";
    is(
        &appended(&scene, "yard", std::slice::from_ref(&home)),
        "W1",
        released,
    );
    scene.say(
        "yard",
        lazaret_vocabulary::event::Happening::VehicleEmptied {
            vehicle: VehicleId::new("w1"),
        },
    );
    is(&appended(&scene, "yard", &[home]), "W1", released);
}

/// Whatever stands in a line, the auditor says something and goes on standing.
#[test]
fn no_line_makes_the_auditor_panic() {
    let mut scene = held(15);
    contaminated(&mut scene);
    let lines = chained(&mut records_of(&scene));
    let mut dice = crate::life::Dice(7);
    for _ in 0..3_000 {
        let mut lines = lines.clone();
        let at = dice.below(lines.len());
        let byte = dice.below(lines[at].len());
        lines[at][byte] = *b"0123456789-\"{}[]:,truefalsn".get(dice.below(27)).unwrap();
        let _ = judged(&lines);
    }
    let mut rules = serde_json::to_value(rules()).unwrap();
    for field in ["clock_tolerance_s", "remember_s", "weaker_after_s"] {
        rules[field] = json!(u64::MAX);
    }
    rules["places"][0]["slots"] = json!(u32::MAX);
    rules["places"][0]["units"] = json!(u32::MAX);
    rules["vehicles"][0]["dwell_s"] = json!(u64::MAX);
    rules["people"]["rest_s"] = json!(u64::MAX);
    let huge = json!({"event": "rules_adopted", "rules": rules});
    let mut records = records_of(&scene);
    records[0]["events"][0] = huge;
    records[0]["events"][0]["at"] = records[0]["recorded_at"].clone();
    let _ = judged(&chained(&mut records));
}

/// What is spoken of and does not exist is named as such, whatever else would be wrong with it.
#[test]
fn what_does_not_exist_is_named() {
    let scene = held(15);
    for (by, event) in [
        (
            "yard",
            json!({"event": "lot_stored", "lot": "ghost", "place": "yard", "unit": 1}),
        ),
        (
            "yard",
            json!({"event": "lot_stored", "lot": "w1-1", "place": "moon", "unit": 1}),
        ),
        (
            "yard",
            json!({"event": "vehicle_placed", "vehicle": "ghost", "place": "platform", "unit": 1}),
        ),
        (
            "yard",
            json!({"event": "vehicle_released", "vehicle": "ghost"}),
        ),
        (
            "dispatcher",
            json!({"event": "lot_loaded", "lot": "ghost", "departure": "d1"}),
        ),
        (
            "officer",
            json!({"event": "sample_taken", "lot": "ghost", "sample": "s9", "test": "swab"}),
        ),
        (
            "officer",
            json!({"event": "result_entered", "sample": "ghost", "outcome": "negative", "exception": "x"}),
        ),
        (
            "chief",
            json!({"event": "exception_closed", "exception": "ghost", "because": "x"}),
        ),
        (
            "officer",
            json!({"event": "exception_opened", "exception": "x", "lots": ["ghost"], "because": "x"}),
        ),
        (
            "officer",
            json!({"event": "contact_seen", "lots": ["w1-1", "ghost"], "because": "x"}),
        ),
        (
            "yard",
            json!({"event": "lot_counted", "lot": "ghost", "pieces": 1, "mass_kg": 1}),
        ),
        (
            "yard",
            json!({"event": "lot_split", "lot": "ghost", "parts": []}),
        ),
        (
            "yard",
            json!({"event": "manifest_refused", "manifest": "ghost", "because": "x"}),
        ),
        (
            "admin",
            json!({"event": "person_cleared", "person": "ghost", "until": "2030-01-01T00:00:00Z", "agents": []}),
        ),
        ("chief", json!({"event": "lot_released", "lot": "ghost"})),
        ("chief", json!({"event": "lot_destroyed", "lot": "ghost"})),
        (
            "officer",
            json!({"event": "treatment_judged", "lot": "ghost", "step": "disinfect", "valid": true, "contact_s": 1, "ct_mg_h_m3": 1, "pin": {"protocol": "standard", "version": 1}}),
        ),
        (
            "officer",
            json!({"event": "credit_asked", "lot": "w1-1", "from": "2022-01-17T01:00:00Z", "witness": "ghost"}),
        ),
    ] {
        let name = event["event"].as_str().unwrap().to_owned();
        let finding = appended(&scene, by, &[event]);
        assert_eq!(finding.rule, "K1", "{name}: {finding}");
    }
}

#[test]
fn nothing_is_judged_or_credited_out_of_nothing() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    let note = json!({"event": "noted", "text": "all is well"});
    let judged = json!({"event": "treatment_judged", "lot": "w1-1", "step": "disinfect", "valid": true, "contact_s": 7200, "ct_mg_h_m3": 900, "pin": {"protocol": "standard", "version": 1}});
    is(
        &appended(&scene, "lead", &[note.clone(), judged]),
        "G3a",
        "treatment_judged w1-1",
    );
    let credited = json!({"event": "clock_credited", "lot": "w1-1", "from": scene.now.to_string(), "witness": "officer"});
    is(
        &appended(&held(15), "officer", &[note, credited]),
        "A10",
        "clock_credited w1-1",
    );
}

#[test]
fn goods_do_not_disappear_from_the_books() {
    let warned =
        json!({"event": "warning_acknowledged", "warning": "loss", "by": "yard", "fact": "x"});
    let lost =
        json!({"event": "loss_declared", "lot": "w1-1", "pieces": 0, "mass_kg": 0, "because": "x"});
    let finding = appended(&held(12), "yard", &[warned, lost]);
    is(&finding, "G5", "loss_declared w1-1");
    // Papers that drop what has come, with what stops it left out.
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("w1")]));
    scene.say("yard", arrived("k1", &["w1"]));
    scene.say(
        "yard",
        Entry::ManifestAmended {
            manifest: ManifestId::new("papers"),
            lines: Vec::new(),
            because: "the sender says so".into(),
        },
    );
    let finding = crafted(&scene, |records| {
        let events = records.last_mut().unwrap()["events"]
            .as_array_mut()
            .unwrap();
        events.retain(|event| event["event"] != "exception_opened");
    });
    assert_eq!(finding.rule, "G5", "{finding}");
    // Two of the crew call a lot that was treated a mistake of entry.
    let voided = json!({"event": "name_voided", "thing": {"lot": "w1-1"}, "because": "never came"});
    let finding = crafted(&held(15), |records| {
        let now = held(15).now;
        said(records, now, "crew", std::slice::from_ref(&voided));
        said(records, now, "yard", &[voided]);
    });
    assert_eq!(finding.rule, "R1", "{finding}");
}

#[test]
fn a_protocol_with_easier_bands_asks_for_less() {
    let scene = held(12);
    let mut weaker = protocol();
    weaker.version = 2;
    weaker.treatments[0].agents[0].bands[0].ct_mg_h_m3 = 1;
    let adopted = json!({"event": "protocol_adopted", "protocol": weaker});
    is(
        &appended(&scene, "admin", &[adopted]),
        "R1",
        "protocol_adopted",
    );
    let mut wider = rules();
    wider.goods[0].apart_from.clear();
    wider.places[0].tail_s = 0;
    wider.people.contact_tail_s = None;
    wider.weaker_after_s = Some(0);
    let adopted = json!({"event": "rules_adopted", "rules": wider});
    is(
        &appended(&scene, "admin", &[adopted]),
        "R1",
        "rules_adopted",
    );
}
