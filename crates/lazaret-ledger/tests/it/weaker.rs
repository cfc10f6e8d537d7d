//! No field of the rules or of a protocol can be made weaker by one person: every field is walked, so that none is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_ledger::{Rule, State};
use lazaret_vocabulary::event::entry::{AgentName, Entry as E, ProtocolName, TestName};
use lazaret_vocabulary::event::rules::{
    Contact, InspectionRule, PlaceRule, Protocol, RuleBook, SetReading, Side, TemperatureRule,
    TestRule, TreatmentRule,
};
use lazaret_vocabulary::event::{GoodsName, PlaceName, SourceName, StepName};
use serde_json::{Value, json};

use crate::crafted::{chained, judged, records_of, said};
use crate::scene::*;

/// Fields of the rules that cannot ask for less, with the reason.
const RULES_FREE: &[(&str, &str)] = &[
    ("gateway", "a name"),
    ("time_zone", "for show: every rule counts elapsed time"),
    (
        "places[].units",
        "room, which a yard master alone states, too",
    ),
    (
        "places[].slots",
        "room, which a yard master alone states, too",
    ),
    (
        "places[].pooled",
        "room, which a yard master alone states, too",
    ),
    ("goods[].priority", "who goes first, not whether"),
];

const OTHERS: &str = "what it no longer names stays under what bound it before";

/// Fields of a protocol that cannot ask for less, with the reason.
const PROTOCOL_FREE: &[(&str, &str)] = &[
    ("protocol", "a name; what it takes the place of is compared"),
    ("version", "the next number is required"),
    ("from", "what binds the goods at that time is compared"),
    ("held_too", "on lots that are held a version can only add"),
    ("goods", OTHERS),
    ("goods[]", OTHERS),
    ("sources", OTHERS),
    ("sources[]", OTHERS),
    ("hold.step", "a name in what is recorded"),
];

fn book() -> RuleBook {
    let mut book = rules();
    for (number, place) in book.places.iter_mut().enumerate() {
        place.tail_s = 3_600;
        place.pooled = number % 2 == 0;
    }
    book.places[0].leads_to = vec![PlaceName::new("warehouse")];
    book.places[1].leads_to = vec![PlaceName::new("yard"), PlaceName::new("pile")];
    book.places[2].leads_to = vec![PlaceName::new("pile")];
    book.places[3].leads_to = vec![PlaceName::new("yard")];
    for goods in &mut book.goods {
        goods.apart_from = vec![GoodsName::new("acid"), GoodsName::new("medicine")];
        goods.spoiled_by = vec![AgentName::new("chlorine"), AgentName::new("peroxide")];
    }
    book.vehicles[0].seal = true;
    let mut other = book.vehicles[0].clone();
    other.source = SourceName::new("nampo");
    book.vehicles.push(other);
    book.people.on_shift = true;
    book.people.contact_tail_s = Some(7_200);
    book.weaker_after_s = Some(172_800);
    book
}

/// A protocol in which everything that can be said is said.
fn full() -> Protocol {
    let mut full = protocol();
    let rule = &mut full.treatments[0];
    rule.places = vec![PlaceName::new("platform"), PlaceName::new("warehouse")];
    rule.temperatures = [56_000, 60_000]
        .map(|from_mc| TemperatureRule {
            from_mc,
            below_mc: 90_000,
            contact_s: 1_800,
            readings_every_s: 300,
            lines: 2,
            excursions_s: 60,
        })
        .into();
    for agent in &mut rule.agents {
        agent.lines = 2;
        for band in &mut agent.bands {
            (band.dose_mg_m3, band.start_mg_m3) = (900, 700);
            band.warmest_mc = Some(39_000);
            let at = |after_s| SetReading {
                after_s,
                within_s: 60,
                least_mg_m3: 400,
            };
            band.at = vec![at(1_800), at(3_600)];
        }
    }
    let mut air: TreatmentRule = rule.clone();
    air.step = StepName::new("air");
    full.treatments.push(air);
    full.inspections = ["look", "smell"]
        .map(|step| InspectionRule {
            step: StepName::new(step),
            again: Some(vec![StepName::new("disinfect"), StepName::new("air")]),
        })
        .into();
    full.tests.push(TestRule {
        test: TestName::new("blood"),
        not_before_s: DAY as u64,
    });
    full.hold.as_mut().unwrap().before = vec![StepName::new("air")];
    full.signatures = 3;
    full.goods = ["general", "medicine", "acid"].map(GoodsName::new).into();
    full.sources = ["dandong", "nampo"].map(SourceName::new).into();
    full
}

/// Every place in `value` where something can be changed, with its path: `[]` for any item of a list.
fn walk(value: &Value, path: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = [path, if path.is_empty() { "" } else { "." }, name].concat();
                found.push((path.clone(), format!("{pointer}/{name}")));
                walk(inner, &path, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter().enumerate() {
                let (path, pointer) = (format!("{path}[]"), format!("{pointer}/{number}"));
                if !inner.is_object() {
                    found.push((path.clone(), pointer.clone()));
                }
                walk(inner, &path, &pointer, found);
            }
        }
        _ => {}
    }
}

/// Other values for a field; none is nothing, which leaves the field out.
fn others(value: &Value) -> Vec<Option<Value>> {
    match value {
        Value::Bool(on) => vec![Some(json!(!on)), None],
        Value::Number(number) => {
            let number = number.as_i64().unwrap();
            vec![
                Some(json!(0)),
                Some(json!(number - 1)),
                Some(json!(number + 1)),
                None,
            ]
        }
        Value::String(_) => {
            let words = [
                "dirty",
                "dirty_to_clean",
                "clean",
                "apart",
                "traced",
                "mixing",
                "arrival",
                "yard",
                "warehouse",
                "general",
                "acid",
                "dandong",
                "2023-01-01T00:00:00Z",
                "another",
            ];
            words.map(|word| Some(json!(word))).into()
        }
        Value::Array(items) => {
            let mut all = vec![Some(json!([])), None];
            for number in 0..items.len() {
                let mut fewer = items.clone();
                fewer.remove(number);
                all.push(Some(fewer.into()));
            }
            for word in ["yard", "warehouse", "platform", "another"] {
                let mut more = items.clone();
                more.push(json!(word));
                all.push(Some(more.into()));
            }
            all
        }
        Value::Object(_) | Value::Null => vec![Some(Value::Null), Some(json!("arrival")), None],
    }
}

/// All mutants of `value`, by the path of what was changed.
fn mutants(value: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    walk(value, "", "", &mut places);
    let mut all = Vec::new();
    for (path, pointer) in places {
        for other in others(value.pointer(&pointer).unwrap()) {
            let mut mutant = value.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            match (other, mutant.pointer_mut(parent).unwrap()) {
                (Some(other), _) => *mutant.pointer_mut(&pointer).unwrap() = other,
                (None, Value::Object(fields)) => drop(fields.remove(name)),
                (None, _) => continue,
            }
            all.push((path.clone(), mutant));
        }
    }
    all
}

/// What the auditor says when a chief officer alone adopts it.
fn alone(scene: &Scene, event: &str, field: &str, what: &Value) -> Result<(), String> {
    let mut records = records_of(scene);
    let adopted = json!({"event": event, field: what});
    said(&mut records, scene.now, "chief", &[adopted]);
    judged(&chained(&mut records)).map_err(|finding| finding.to_string())
}

/// Walks every field of `value`: each change is weaker to the ledger exactly if it is to the auditor, and each field can be
/// made weaker unless `free` says why not.
fn every_field(
    scene: &Scene,
    value: &Value,
    (event, field): (&str, &str),
    free: &[(&str, &str)],
    weaker: impl Fn(&State, &Value) -> Option<usize>,
) {
    let mut seen: BTreeMap<String, bool> = BTreeMap::new();
    for (path, mutant) in mutants(value) {
        let Some(less) = weaker(scene.ledger.state(), &mutant) else {
            continue;
        };
        let told = alone(scene, event, field, &mutant);
        // What cannot be adopted at all is not weaker.
        let unfit = told.as_ref().is_err_and(|told| told.contains("rule K1"));
        let weaker = less > 0 && !unfit;
        assert_eq!(
            weaker,
            told.is_err() && !unfit,
            "{path}: {told:?}\n{mutant}"
        );
        *seen.entry(path).or_default() |= weaker;
    }
    let never: BTreeSet<&str> = (seen.iter())
        .filter(|(_, weaker)| !**weaker)
        .map(|(path, _)| &**path)
        .collect();
    let free: BTreeSet<&str> = free.iter().map(|(path, _)| *path).collect();
    assert_eq!(
        never, free,
        "fields that one person can change as they like"
    );
    let mut paths = Vec::new();
    walk(value, "", "", &mut paths);
    for (path, _) in paths {
        assert!(
            seen.contains_key(&path),
            "no change of {path} could be read"
        );
    }
}

/// A scene with goods: before the first came nobody is freed by anything.
fn scene() -> Scene {
    let mut scene = Scene::with(book(), vec![full()]);
    scene.say("yard", arrived("k1", &["w1"]));
    scene.say("yard", announced("k2", vec![line("w2")]));
    scene
}

#[test]
fn no_field_of_the_rules_is_made_weaker_by_one() {
    let scene = scene();
    assert_eq!(judged(&chained(&mut records_of(&scene))), Ok(()));
    let value = serde_json::to_value(book()).unwrap();
    let weaker = |state: &State, mutant: &Value| {
        let rules: RuleBook = serde_json::from_value(mutant.clone()).ok()?;
        Some(state.weaker_rules(&rules).len())
    };
    every_field(
        &scene,
        &value,
        ("rules_adopted", "rules"),
        RULES_FREE,
        weaker,
    );
}

#[test]
fn no_field_of_a_protocol_is_made_weaker_by_one() {
    let scene = scene();
    let mut next = full();
    next.version = 2;
    let value = serde_json::to_value(next).unwrap();
    let weaker = |state: &State, mutant: &Value| {
        let protocol: Protocol = serde_json::from_value(mutant.clone()).ok()?;
        Some(state.weaker_protocol(&protocol).len())
    };
    let event = ("protocol_adopted", "protocol");
    every_field(&scene, &value, event, PROTOCOL_FREE, weaker);
}

#[test]
fn a_new_place_may_not_be_the_easy_one() {
    let bound = book();
    let place = |side, contact, tail_s, leads_to: &[&str]| PlaceRule {
        place: PlaceName::new("annexe"),
        side,
        units: None,
        slots: None,
        pooled: false,
        contact,
        tail_s,
        leads_to: leads_to.iter().map(|name| PlaceName::new(*name)).collect(),
    };
    let scene = scene();
    let less = |place: PlaceRule| {
        let mut next = bound.clone();
        next.places.push(place);
        let less = scene.ledger.state().weaker_rules(&next);
        let told = alone(
            &scene,
            "rules_adopted",
            "rules",
            &serde_json::to_value(next).unwrap(),
        );
        assert_eq!(!less.is_empty(), told.is_err(), "{less:?} {told:?}");
        !less.is_empty()
    };
    let traced = Contact::Traced;
    assert!(!less(place(
        Side::DirtyToClean,
        traced,
        3_600,
        &["yard", "pile"]
    )));
    assert!(less(place(
        Side::DirtyToClean,
        Contact::Apart,
        3_600,
        &["yard"]
    )));
    assert!(less(place(Side::DirtyToClean, traced, 3_599, &["yard"])));
    assert!(less(place(Side::DirtyToClean, traced, 3_600, &[])));
    // No place of the dirty side leads past the treatment.
    assert!(less(place(Side::Dirty, Contact::Apart, 3_600, &["yard"])));
    assert!(!less(place(
        Side::Dirty,
        Contact::Apart,
        3_600,
        &["warehouse"]
    )));
    assert!(!less(place(Side::Clean, Contact::Apart, 3_600, &["yard"])));
}

#[test]
fn goods_from_nowhere_known_keep_what_binds_them() {
    // Every known source has a protocol of its own; the general one binds the rest.
    let mut own = full();
    own.protocol = ProtocolName::new("by source");
    own.goods = Vec::new();
    let mut general = full();
    (general.goods, general.sources) = (Vec::new(), Vec::new());
    let mut scene = Scene::with(book(), vec![general.clone(), own]);
    scene.say("yard", arrived("k1", &["w1"]));
    let mut next = general;
    (next.version, next.signatures) = (2, 2);
    assert!(!scene.ledger.state().weaker_protocol(&next).is_empty());
    let told = alone(
        &scene,
        "protocol_adopted",
        "protocol",
        &serde_json::to_value(&next).unwrap(),
    );
    assert!(told.is_err());
}

#[test]
fn no_protocol_waits_for_a_source_that_is_not_there_yet() {
    let mut general = full();
    (general.goods, general.sources) = (Vec::new(), Vec::new());
    let mut scene = Scene::with(book(), vec![general]);
    scene.say("yard", arrived("k1", &["w1"]));
    // An easy protocol for a source that the same person would bring into the rules afterwards.
    let mut easy = full();
    easy.protocol = ProtocolName::new("easy");
    easy.sources = vec![SourceName::new("annexe")];
    easy.treatments.clear();
    (easy.hold, easy.inspections, easy.tests) = (None, Vec::new(), Vec::new());
    let told = alone(
        &scene,
        "protocol_adopted",
        "protocol",
        &serde_json::to_value(&easy).unwrap(),
    );
    assert!(told.unwrap_err().contains("annexe"));
    let protocol = Box::new(easy.clone());
    let refusal = scene.refused("chief", E::ProtocolAdopted { protocol });
    assert_eq!(refusal.rule, Rule::Known, "{refusal}");
    // Once the source is there, it asks for less than what binds all.
    let mut wider = book();
    let mut source = wider.vehicles[0].clone();
    source.source = SourceName::new("annexe");
    wider.vehicles.push(source);
    let rules = Box::new(wider);
    scene.say("chief", E::RulesAdopted { rules });
    let protocol = Box::new(easy);
    let refusal = scene.refused("chief", E::ProtocolAdopted { protocol });
    assert_eq!(refusal.rule, Rule::Allowed, "{refusal}");
}
