//! What a ledger's records say of a moment is what the simulator that made them says of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lazaret_bridge::{Importer, SituationReader, Stated, Taken};
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Accepted, Command, Ledger};
use lazaret_sim::situation::{Doing, Standing};
use lazaret_sim::{Model, Replication, Situation, Tell, World};
use lazaret_vocabulary::event::Event;
use lazaret_vocabulary::time::GateTime;

use super::GATEWAYS;

/// Simulates up to `hours`, and what the records of the same say then.
fn both(gateway: &Gateway, hours: i64) -> (Situation, Taken) {
    let model = Model::compile(gateway).unwrap();
    let mut events: Vec<Event> = Vec::new();
    let mut world = World::new(&model, Tell(|event| events.push(event)));
    world
        .start(Replication::new(5, 0), GateTime::START)
        .unwrap();
    // Between two whole minutes, at which nothing else happens.
    let cut = GateTime::from_micros(hours * 3_600_000_000 + 31_416_001);
    world.advance(cut);
    let situation = world.situation();
    drop(world);
    let stated = Stated::shortest();
    let mut importer = Importer::new(gateway, &stated);
    let (mut ledger, mut reader) = (Ledger::default(), SituationReader::new(gateway));
    let mut submit = |command: &Command| match ledger.submit(command, command.at) {
        Ok(Accepted::New(sealed)) => sealed
            .record
            .events
            .iter()
            .for_each(|event| reader.take(event)),
        Ok(Accepted::Already { .. }) => {}
        Err(refusal) => panic!("{}: {refusal}", command.at),
    };
    importer.opening(gateway.start).iter().for_each(&mut submit);
    for event in &events {
        importer.commands(event).iter().for_each(&mut submit);
    }
    importer.finish().iter().for_each(&mut submit);
    let taken = reader.situation(cut.instant(gateway.start));
    (situation, taken)
}

/// What the record knows of a thing.
fn known(standing: &Standing) -> String {
    let works = matches!(standing.doing, Doing::InWork | Doing::Paused);
    let begun = standing.begun.unwrap_or(standing.since);
    let begun: Option<Timestamp> = works.then_some(begun);
    format!(
        "{:?} {:?} at {:?}, on its vehicle {}, arrived {}, begun {begun:?} after {} µs, until {:?}, again {}",
        standing.doing,
        standing.step,
        standing.place,
        standing.on_vehicle,
        standing.arrived,
        standing.worked_us,
        standing.ends,
        standing.again
    )
}

/// Compares, and returns how many things were compared.
fn compare(name: &str, gateway: &Gateway, hours: i64) -> usize {
    let (cut, taken) = both(gateway, hours);
    let by_name = |situation: &Situation| -> BTreeMap<(bool, String), Standing> {
        let named = situation
            .things
            .iter()
            .map(|thing| ((thing.lot.is_some(), thing.name.clone()), thing.clone()));
        named.collect()
    };
    let (cut_things, mut read_things) = (by_name(&cut), by_name(&taken.situation));
    for (which, thing) in &cut_things {
        // Until it is off its vehicle no record names a lot.
        if thing.on_vehicle && thing.doing != Doing::WaitsForRoom {
            read_things.remove(which);
            continue;
        }
        let Some(read) = read_things.remove(which) else {
            panic!(
                "{name} after {hours} h: the records do not know {which:?}, which is {}",
                known(thing)
            );
        };
        let mut read = read;
        if thing.doing == Doing::Held && read.ends.is_none() {
            // Only the last hold has a clock in the ledger.
            read.ends = thing.ends;
        }
        assert_eq!(
            known(thing),
            known(&read),
            "{name} after {hours} h: {which:?}"
        );
    }
    assert!(
        read_things.is_empty(),
        "{name} after {hours} h: only the records know {:?}",
        read_things.keys()
    );
    let ahead = |situation: &Situation| -> Vec<(String, u32, Option<Timestamp>)> {
        let mut ahead: Vec<_> = situation
            .convoys
            .iter()
            .map(|convoy| (convoy.name.clone(), convoy.vehicles, convoy.sent))
            .collect();
        ahead.sort();
        ahead
    };
    assert_eq!(
        ahead(&cut),
        ahead(&taken.situation),
        "{name} after {hours} h"
    );
    // And the simulator can start from it.
    let model = Model::compile_from(gateway, &taken.situation)
        .unwrap_or_else(|wrong| panic!("{name} after {hours} h: {wrong}"));
    let mut world = World::new(&model, Tell(|_| ()));
    world.run(Replication::new(1, 0), GateTime::START).unwrap();
    cut_things.len()
}

#[test]
fn records_and_simulator_agree_on_where_everything_is() {
    let no_files = |_: &str| Err("no files here".to_string());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut texts: Vec<(String, String)> = GATEWAYS
        .iter()
        .map(|&(name, text)| (name.into(), text.into()))
        .collect();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if let Ok(text) = std::fs::read_to_string(path.join("gateway.toml")) {
            texts.push((path.display().to_string(), text));
        }
    }
    let mut compared = 0;
    for (nth, (name, text)) in texts.iter().enumerate() {
        let short = ["gateway.length=\"20 d\""];
        let gateway = lazaret_gateway::read(text, &short, &no_files)
            .unwrap()
            .gateway;
        compared += compare(name, &gateway, [171, 402][nth % 2]);
    }
    assert!(
        texts.len() > 8 && compared > 500,
        "{compared} things of {} gateways",
        texts.len()
    );
}
