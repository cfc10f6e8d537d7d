//! Every trace of the simulator replays without a refusal.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod adopt;
mod situation;

use lazaret_bridge::Importer;
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Command, Ledger};
use lazaret_sim::{Model, Replication, Tell, World};
use lazaret_vocabulary::event::Event;
use lazaret_vocabulary::time::GateTime;

fn trace(gateway: &Gateway, seed: u64) -> Vec<Event> {
    let model = Model::compile(gateway).unwrap();
    let mut events = Vec::new();
    let mut world = World::new(&model, Tell(|event| events.push(event)));
    world
        .run(Replication::new(seed, 0), GateTime::START)
        .unwrap();
    drop(world);
    events
}

#[track_caller]
fn replays(name: &str, text: &str, seed: u64) -> Ledger {
    let no_files = |_: &str| Err("no files here".to_string());
    let gateway = lazaret_gateway::read(text, &[] as &[&str], &no_files)
        .unwrap_or_else(|found| panic!("{name}: {found:?}"))
        .gateway;
    let events = trace(&gateway, seed);
    let mut ledger = Ledger::default();
    let stated = lazaret_bridge::Stated::shortest();
    let mut importer = Importer::new(&gateway, &stated);
    let mut submit = |command: &Command| {
        if let Err(refusal) = ledger.submit(command, command.at) {
            panic!(
                "{name}, seed {seed}, at {}: {:?}\n{refusal}",
                command.at, command.what
            );
        }
    };
    importer.opening(gateway.start).iter().for_each(&mut submit);
    for event in &events {
        importer.commands(event).iter().for_each(&mut submit);
    }
    importer.finish().iter().for_each(&mut submit);
    assert!(events.len() > 100, "{name}: {} events", events.len());
    ledger
}

#[test]
fn every_example_replays() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(path.join("gateway.toml")) else {
            continue;
        };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let totals = replays(&name, &text, 1).state().totals();
        assert!(totals.lots_departed > 100, "{name}: {totals:?}");
        seen += 1;
    }
    assert!(seen > 4, "{seen} examples");
}

#[test]
fn uiju_replays() {
    let text = include_str!("../../../../examples/uiju/gateway.toml");
    let ledger = replays("uiju", text, 2);
    let totals = ledger.state().totals();
    assert!(totals.lots_departed > 1_000, "{totals:?}");
    // What follows from the steps: a lot goes on to the bay and from there to its pile, never past the bay.
    let rules = ledger.state().rules().unwrap();
    let leads = |place: &str| -> Vec<&str> {
        let rule = rules
            .places
            .iter()
            .find(|rule| rule.place.as_str() == place);
        rule.unwrap()
            .leads_to
            .iter()
            .map(lazaret_vocabulary::event::PlaceName::as_str)
            .collect()
    };
    assert_eq!(leads("platform"), ["warehouse"]);
    assert_eq!(leads("warehouse"), ["yard", "platform"]);
}

/// Gateways that use what Uiju does not.
const GATEWAYS: &[(&str, &str)] = &[
    (
        "inspection with every finding, washing at a place, a hold from arrival",
        r#"
        gateway = { name = "depot", length = "100 d" }
        source.road = { every = "exponential(6 h)", convoy = "uniform_int(1, 3)", route = "road", lots = "uniform_int(1, 3)" }
        place.ramp = { count = 2, slots = 3, zone = "dirty" }
        place.hall = { count = 2, slots = 6, zone = "dirty -> clean" }
        place.desk = { slots = 4, zone = "clean" }
        place.store = { slots = 300, zone = "clean" }
        place.bay = { slots = 2, zone = "dirty" }
        step = [
          { id = "unload", at = "ramp", takes = "exponential(1 h)" },
          { id = "fumigate", at = "hall", takes = "uniform(6 h, 9 h)" },
          { id = "look", does = "inspect", at = "desk", takes = "exponential(30 min)", again = { share = 0.2, from = "fumigate", at_most = 2 }, fail = 0.05, destroy = 0.05 },
          { id = "hold", at = "store", takes = "uniform(3 d, 5 d)", clock = "on arrival" },
          { id = "dispatch", at = "store", every = "12 h" },
        ]
        vehicle = { wash = "uniform(1 h, 2 h)", wash_at = "bay", back = "5 h" }
        "#,
    ),
    (
        "classes kept apart, units filled in order, crews, breakdowns, a capacity that changes, a buffer",
        r#"
        gateway = { name = "yard", length = "100 d", start = 2022-01-16T08:00:00 }
        source.rail = { every = "12 h", convoy = "uniform_int(4, 8)", fleet = 30 }
        goods = { acid = { share = 0.3, apart_from = ["food"], priority = 1 }, food = { share = 0.7, hold = "2 d" } }
        crew.hand = { count = 6, shift = "06:00-22:00" }
        place.track = { count = 2, slots = 5, zone = "dirty" }
        place.shed = { count = 4, slots = 3, zone = "dirty -> clean", crew = "hand", breaks = { every = "exponential(10 d)", repair = "exponential(5 h)" } }
        place.field = { count = 3, slots = 40, zone = "clean", from = [{ date = 2022-03-01, count = 2 }] }
        step = [
          { id = "check", does = "handle", at = "track", takes = "20 min" },
          { id = "unload", at = "track", takes = "triangular(1 h, 2 h, 3 h)" },
          { id = "spray", at = "shed", takes = "uniform(2 h, 4 h)" },
          { id = "hold", at = "field", takes = "uniform(3 d, 5 d)", clock = "when stored" },
          { id = "dispatch", at = "field", every = "24 h", takes_up_to = 30 },
        ]
        vehicle = { wash = "1 h", back = "8 h" }
        "#,
    ),
    (
        "two sources with other steps, a hold at anchor, two treatments, a hold from the beginning of one",
        r#"
        gateway = { name = "port", length = "150 d" }
        source.sea = { every = "exponential(5 d)", route = "sea", convoy = "uniform_int(10, 20)" }
        source.road = { every = "exponential(10 h)", route = "road" }
        place.anchorage = { slots = 4, zone = "dirty" }
        place.quay = { slots = 2, zone = "dirty" }
        place.shed = { count = 3, slots = 20, zone = "dirty -> clean" }
        place.store = { slots = 500, zone = "clean" }
        step = [
          { id = "wait", does = "handle", at = "anchorage", takes = "uniform(3 d, 6 d)", sources = ["sea"] },
          { id = "unload", at = "quay", takes = "uniform(2 h, 10 h)" },
          { id = "heat", at = "shed", takes = "uniform(5 h, 6 h)" },
          { id = "spray", at = "shed", takes = "uniform(1 h, 2 h)", sources = ["sea"] },
          { id = "hold", at = "store", takes = "uniform(5 d, 9 d)", clock = "starts when heat starts" },
          { id = "dispatch", at = "store", every = "2 d" },
        ]
        "#,
    ),
];

#[test]
fn gateways_of_every_kind_replay() {
    for (name, text) in GATEWAYS {
        for seed in 1..=2 {
            replays(name, text, seed);
        }
    }
}
