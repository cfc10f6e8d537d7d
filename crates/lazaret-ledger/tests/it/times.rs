//! What cannot have been is refused: events before what they are about, instants of no age, numbers that no record holds.

use jiff::Timestamp;
use lazaret_ledger::Rule;
use lazaret_vocabulary::event::entry::{
    Entry as E, ExceptionId, ManifestId, Outcome, PersonName, Tally,
};
use lazaret_vocabulary::event::rules::{Protocol, RuleBook};
use lazaret_vocabulary::event::{Happening as H, LotId, PlaceName, StepName, Thing, VehicleId};

use crate::scene::*;

/// What the ledger says of an event so many seconds before now; none if it takes it.
fn said_at(
    scene: &mut Scene,
    by: &str,
    what: impl Into<H>,
    at: Timestamp,
) -> Option<(Rule, String)> {
    let mut command = scene.command(by, what);
    command.at = at;
    (scene.submit(&command).err()).map(|refusal| (refusal.rule, refusal.fact.to_string()))
}

fn vehicle() -> VehicleId {
    VehicleId::new("w1")
}

#[test]
fn nothing_happens_to_a_thing_before_it_is_there() {
    let mut scene = Scene::open();
    let arrived_at = scene.now;
    scene.say("yard", arrived("k1", &["w1"]));
    let before = after(arrived_at, -1);
    let place = || placed("w1", "platform", 1);
    assert_eq!(
        said_at(&mut scene, "yard", place(), before),
        Some((
            Rule::OnePlace,
            "the entry is dated 2022-01-15T23:59:59Z, but vehicle w1 came to its present place at 2022-01-16T00:00:00Z".into()
        ))
    );
    scene.wait(HOUR);
    scene.say("yard", place());
    let placed_at = scene.now;
    let unload = || unloaded("w1-1", "w1", "general", "platform", 1);
    let year_1990: Timestamp = "1990-01-01T00:00:00Z".parse().unwrap();
    for at in [year_1990, before, after(placed_at, -1)] {
        let (rule, _) = said_at(&mut scene, "yard", unload(), at).unwrap();
        assert_eq!(rule, Rule::OnePlace, "{at}");
    }
    scene.wait(HOUR);
    scene.say("yard", unload());
    let came = scene.now;
    scene.wait(HOUR);
    let lot = || LotId::new("w1-1");
    let lost = || E::LossDeclared {
        lot: lot(),
        lost: Tally::default(),
        because: "wet".into(),
    };
    let note = |thing| E::Noted {
        thing: Some(thing),
        text: "torn".into(),
    };
    let count = || E::LotCounted {
        lot: lot(),
        tally: Tally {
            pieces: 1,
            mass_kg: 10,
        },
    };
    let early = after(came, -1);
    for what in [
        H::from(lost()),
        note(Thing::Lot(lot())).into(),
        count().into(),
        sampled("w1-1", "s0").into(),
    ] {
        let by = match &what {
            H::Entry(E::SampleTaken { .. }) => "tester",
            _ => "crew",
        };
        let said = said_at(&mut scene, by, what.clone(), early);
        assert_eq!(said.map(|(rule, _)| rule), Some(Rule::Known), "{what:?}");
    }
    let early_note = said_at(&mut scene, "crew", note(Thing::Vehicle(vehicle())), before);
    assert!(early_note.is_some());
    // What happened in between, and is entered late, is taken.
    assert_eq!(said_at(&mut scene, "crew", count(), came), None);
    let way = || stored("w1-1", "warehouse", 1);
    assert!(said_at(&mut scene, "yard", way(), early).is_some());
    assert_eq!(said_at(&mut scene, "yard", way(), came), None);
}

#[test]
fn a_wash_is_after_the_emptying_and_an_arrival_after_the_departure() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.wait(HOUR);
    scene.say("yard", H::VehicleEmptied { vehicle: vehicle() });
    let early = after(scene.now, -1);
    scene.wait(HOUR);
    let wash = || H::VehicleWashed { vehicle: vehicle() };
    let said = said_at(&mut scene, "lead", wash(), early);
    assert_eq!(said.map(|(rule, _)| rule), Some(Rule::VehicleClean));
    scene.say("lead", wash());
    scene.wait(4 * HOUR);
    let left = scene.now;
    scene.say("yard", H::VehicleReleased { vehicle: vehicle() });
    scene.wait(DAY);
    let again = || arrived("k2", &["w1"]);
    let mut command = scene.command("yard", again());
    command.acknowledged = vec![lazaret_ledger::Warning::NoPapers];
    command.at = after(left, -1);
    assert_eq!(scene.submit(&command).unwrap_err().rule, Rule::OnePlace);
    scene.say("yard", again());
}

#[test]
fn a_treatment_counts_from_when_the_lot_was_there() {
    // Unloaded a moment ago, and said to have been treated for a month.
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    let since = scene.now;
    let month = after(since, -30 * DAY);
    let start = || treatment_started("w1-1", 1);
    assert_eq!(
        said_at(&mut scene, "lead", start(), month),
        Some((
            Rule::Treated,
            "the entry is dated 2021-12-17T00:00:00Z, but w1-1 came to its present place at 2022-01-16T00:00:00Z".into()
        ))
    );
    // Time in another unit is no time in this one.
    scene.wait(3 * HOUR);
    scene.say("yard", stored("w1-1", "warehouse", 2));
    let start = || treatment_started("w1-1", 2);
    let said = said_at(&mut scene, "lead", start(), since);
    assert_eq!(said.map(|(rule, _)| rule), Some(Rule::Treated));
    scene.say("lead", start());
    let began = scene.now;
    scene.wait(HOUR);
    for what in [
        H::from(dosed("w1-1", "peroxide")),
        read("w1-1", began, 300, 20_000).into(),
        treatment_ended("w1-1", 2),
        paused("w1-1"),
    ] {
        let said = said_at(&mut scene, "lead", what.clone(), after(began, -1));
        assert_eq!(said.map(|(rule, _)| rule), Some(Rule::Treated), "{what:?}");
    }
}

#[test]
fn a_result_is_after_its_sample() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.wait(HOUR);
    let mut sample = scene.command("tester", sampled("w1-1", "s1"));
    sample.acknowledged = vec![lazaret_ledger::Warning::EarlySample];
    scene.submit(&sample).unwrap();
    let early = after(scene.now, -1);
    scene.wait(HOUR);
    let said = said_at(&mut scene, "tester", result("s1", Outcome::Negative), early);
    assert_eq!(said.map(|(rule, _)| rule), Some(Rule::Tested));
    scene.say("tester", result("s1", Outcome::Negative));
}

#[test]
fn goods_are_treated_where_their_protocol_says_and_never_on_the_clean_side() {
    let mut place = protocol();
    place.treatments[0].places = vec![PlaceName::new("warehouse")];
    let mut scene = Scene::with(rules(), vec![place]);
    scene.arrive("k1", &["w1"], "general");
    let start_in = |place: &str, unit| H::TreatmentStarted {
        lot: LotId::new("w1-1"),
        step: StepName::new("disinfect"),
        spot: spot(place, unit),
    };
    let refusal = scene.refused("lead", start_in("platform", 1));
    assert_eq!(
        (
            refusal.rule,
            refusal.fact.to_string().as_str(),
            refusal.remedy.to_string().as_str()
        ),
        (
            Rule::Treated,
            "w1-1 is in platform, but disinfect is not done there",
            "bring it to warehouse first"
        )
    );
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.treat(&["w1-1".into()], 1);
    scene.say("crew", stored("w1-1", "yard", 1));
    scene.say(
        "yard",
        E::PersonPassedGate {
            person: PersonName::new("lead"),
        },
    );
    assert_eq!(
        scene.refused("lead", start_in("yard", 1)).rule,
        Rule::OneWay
    );
}

#[test]
fn an_arrival_is_not_before_its_papers_nor_before_the_ledger() {
    let mut scene = Scene::open();
    scene.wait(DAY);
    let before = after(start(), -121);
    let said = said_at(
        &mut scene,
        "yard",
        announced("k1", vec![line("w1")]),
        before,
    );
    assert!(said.is_some_and(|(_, fact)| fact.contains("was founded")));
    scene.say("yard", announced("k1", vec![line("w1")]));
    let told = scene.now;
    scene.wait(DAY);
    let come = |convoy: &str, vehicle: &str| arrived(convoy, &[vehicle]);
    assert_eq!(
        said_at(&mut scene, "yard", come("k1", "w1"), after(told, -1)),
        Some((
            Rule::Known,
            "the entry is dated 2022-01-16T23:59:59Z, but k1 was announced at 2022-01-17T00:00:00Z"
                .into()
        ))
    );
    // One that nobody announced is no older than the ledger, and neither is anything else that is entered late.
    let mut unannounced = scene.command("yard", come("k2", "w2"));
    unannounced.acknowledged = vec![lazaret_ledger::Warning::NoPapers];
    unannounced.at = before;
    let refusal = scene.submit(&unannounced).unwrap_err();
    assert!(
        refusal
            .fact
            .to_string()
            .ends_with("the ledger was founded at 2022-01-16T00:00:00Z"),
        "{refusal}"
    );
    for (by, what) in [
        (
            "yard",
            H::PlaceClosed {
                spot: spot("yard", 1),
                because: "ice".into(),
            },
        ),
        (
            "yard",
            E::PersonShiftStarted {
                person: PersonName::new("crew"),
            }
            .into(),
        ),
        (
            "crew",
            E::Noted {
                thing: None,
                text: "x".into(),
            }
            .into(),
        ),
    ] {
        let said = said_at(&mut scene, by, what, before);
        assert!(
            (said.as_ref()).is_some_and(|(_, fact)| fact.contains("was founded")),
            "{by}: {said:?}"
        );
    }
    // Announced late and come late, in that order: both are possible.
    let mut announcement = announced("k4", vec![line("w4")]);
    if let E::ManifestAnnounced { manifest, .. } = &mut announcement {
        *manifest = ManifestId::new("papers of k4");
    }
    let mut papers = scene.command("yard", announcement);
    papers.at = after(told, 60);
    scene.submit(&papers).unwrap();
    assert_eq!(
        said_at(&mut scene, "yard", come("k4", "w4"), after(told, 59)).map(|(rule, _)| rule),
        Some(Rule::Known)
    );
    assert_eq!(
        said_at(&mut scene, "yard", come("k4", "w4"), after(told, 61)),
        None
    );
}

#[test]
fn an_instant_is_of_an_age_that_has_gateways() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    let note = || E::Noted {
        thing: None,
        text: "hm".into(),
    };
    for at in ["-009998-06-01T00:00:00Z", "1969-12-31T23:59:59Z"] {
        let said = said_at(&mut scene, "crew", note(), at.parse().unwrap());
        assert_eq!(said.map(|(rule, _)| rule), Some(Rule::Known), "{at}");
    }
    // An instant of that age can be written down, and nothing here is older than the ledger.
    let said = said_at(&mut scene, "crew", note(), Timestamp::UNIX_EPOCH);
    assert_eq!(
        said.map(|(_, fact)| fact).as_deref(),
        Some(
            "the entry is dated 1970-01-01T00:00:00Z, but the ledger was founded at 2022-01-16T00:00:00Z"
        )
    );
    let late: Timestamp = "2200-01-01T00:00:00Z".parse().unwrap();
    let last: Timestamp = "2199-12-31T23:59:59Z".parse().unwrap();
    let clear = |until| E::PersonCleared {
        person: PersonName::new("crew"),
        until,
        agents: Vec::new(),
    };
    let refusal = scene.refused("admin", clear(late));
    assert_eq!(
        (refusal.rule, refusal.fact.to_string().as_str()),
        (Rule::Known, "`until` is 2200-01-01T00:00:00Z")
    );
    scene.say("admin", clear(last));
    let sick = E::PersonReportedSick {
        person: PersonName::new("crew"),
        since: "-009998-06-01T00:00:00Z".parse().unwrap(),
        exception: ExceptionId::new("ill"),
    };
    scene.refused("crew", sick);
    let mut papers = announced("k9", Vec::new());
    if let E::ManifestAnnounced { due, .. } = &mut papers {
        *due = Some(late);
    }
    assert_eq!(scene.refused("yard", papers).rule, Rule::Known);
}

/// Every number of a JSON value, replaced by one that no record can hold, one at a time.
fn too_large(value: &serde_json::Value) -> Vec<(String, serde_json::Value)> {
    fn walk(value: &serde_json::Value, path: &str, out: &mut Vec<String>) {
        match value {
            serde_json::Value::Number(_) => out.push(path.to_owned()),
            serde_json::Value::Array(values) => {
                for (at, value) in values.iter().enumerate() {
                    walk(value, &format!("{path}/{at}"), out);
                }
            }
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    walk(value, &format!("{path}/{name}"), out);
                }
            }
            _ => {}
        }
    }
    let mut paths = Vec::new();
    walk(value, "", &mut paths);
    (paths.into_iter())
        .map(|path| {
            let mut changed = value.clone();
            *changed.pointer_mut(&path).unwrap() = (1_u64 << 53).into();
            (path, changed)
        })
        .collect()
}

#[test]
fn a_number_that_no_record_can_hold_is_refused_by_name() {
    let mut scene = Scene::open();
    let mut book = rules();
    book.people.contact_tail_s = Some(1);
    let mut next = protocol();
    next.version = 2;
    let mut tried = 0;
    for (path, changed) in too_large(&serde_json::to_value(&book).unwrap()) {
        // Numbers of 32 bits do not read at all.
        let Ok(rules) = serde_json::from_value::<RuleBook>(changed) else {
            continue;
        };
        let refusal = scene.refused(
            "admin",
            E::RulesAdopted {
                rules: Box::new(rules),
            },
        );
        assert_eq!(refusal.rule, Rule::Known, "{path}");
        assert!(
            refusal.fact.to_string().contains("9007199254740992"),
            "{}",
            refusal.fact.to_string()
        );
        tried += 1;
    }
    for (path, changed) in too_large(&serde_json::to_value(&next).unwrap()) {
        let Ok(protocol) = serde_json::from_value::<Protocol>(changed) else {
            continue;
        };
        let refusal = scene.refused(
            "admin",
            E::ProtocolAdopted {
                protocol: Box::new(protocol),
            },
        );
        assert_eq!(refusal.rule, Rule::Known, "{path}");
        tried += 1;
    }
    assert!(tried > 20, "{tried}");
    next.hold.as_mut().unwrap().hold_s = u64::MAX;
    let refusal = scene.refused(
        "admin",
        E::ProtocolAdopted {
            protocol: Box::new(next.clone()),
        },
    );
    assert_eq!(
        refusal.fact.to_string(),
        "`protocol.hold.hold_s` is 18446744073709551615, which is too large for a record"
    );
    next.hold.as_mut().unwrap().hold_s = (1 << 53) - 1;
    scene.say(
        "admin",
        E::ProtocolAdopted {
            protocol: Box::new(next),
        },
    );
}
