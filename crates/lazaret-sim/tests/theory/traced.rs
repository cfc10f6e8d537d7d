//! A replication that is listened to gives the figures of one that is not, to the last bit.
//!
//! Where nobody listens the simulator leaves out events and takes short ways, so this compares two ways through it. The
//! models are those of the other tests, a few made to need the long way here and the short one there, and every gateway
//! file of the repository.

use std::path::{Path, PathBuf};

use crate::support::hours;
use crate::{
    blocking_line, breakdowns, convoys, departures, finite_queue, fleet, infinite_server,
    inspection, md1, mmc, priority, reference, shifts, spread,
};
use lazaret_sim::{Measurements, Model, Replication, Silent, Tell, World};
use lazaret_vocabulary::event::Event;

/// Everything that a replication gives, as bits: a figure that does not exist is equal to itself.
fn bits(outcome: &Measurements) -> Vec<u64> {
    let values = outcome.values.iter().map(|value| value.to_bits());
    let occupancy = outcome
        .occupancy
        .iter()
        .map(|level| u64::from(level.to_bits()));
    values.chain(occupancy).collect()
}

/// The names of the figures in which replications with and without a listener differ.
fn differences(
    model: &Model,
    silent: Replication,
    heard: Replication,
    warm_up_h: f64,
) -> Vec<String> {
    let mut events = 0;
    let mut listened = World::new(model, Tell(|_: Event| events += 1));
    let heard = bits(listened.run(heard, hours(warm_up_h)).expect("draws"));
    assert!(events > 0, "nothing was heard");
    let mut world = World::new(model, Silent);
    let unheard = bits(world.run(silent, hours(warm_up_h)).expect("draws"));
    let names: Vec<&str> = model.metrics().iter().collect();
    heard
        .iter()
        .zip(&unheard)
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(at, (&a, &b))| match names.get(at) {
            Some(name) => format!(
                "{name}: {} heard, {} unheard",
                f64::from_bits(a),
                f64::from_bits(b)
            ),
            None => format!("occupancy, bin {}", at - names.len()),
        })
        .collect()
}

fn compare(what: &str, model: &Model, replications: u64) {
    for number in 0..replications {
        for warm_up in [0.0, 250.0] {
            let replication = Replication::new(1600, number);
            let differ = differences(model, replication, replication, warm_up);
            assert!(
                differ.is_empty(),
                "{what}, replication {number}, warm-up {warm_up}: {differ:#?}"
            );
        }
    }
}

fn short(text: &str, overrides: &[&str]) -> Model {
    let overrides = [overrides, &["gateway.length=\"1200 h\""]].concat();
    crate::support::model(text, &overrides)
}

#[test]
fn models_of_these_tests() {
    let dispatch = |how: &str| {
        let step = format!("[[step]]\nid = \"dispatch\"\nat = \"yard\"\n{how}\n");
        format!("{}{step}", departures::FILE)
    };
    let crew = "place.bay.crew=\"gang\"";
    let files: [(&str, &str, &[&str]); 19] = [
        ("mmc", mmc::FILE, &["place.platform.slots=2"]),
        ("md1", md1::FILE, &[]),
        ("priority", priority::FILE, &[]),
        ("infinite_server", infinite_server::FILE, &[]),
        ("finite_queue", finite_queue::FILE, &[]),
        ("blocking_line", blocking_line::TWO, &[]),
        ("blocking_line", blocking_line::THREE, &[]),
        (
            "blocking_line",
            blocking_line::THREE,
            &["place.yard.buffer=\"unlimited\""],
        ),
        ("fleet", fleet::FILE, &[]),
        ("departures", &dispatch(departures::TIMETABLE), &[]),
        ("departures", &dispatch(departures::LEAST), &[]),
        (
            "departures",
            &dispatch(departures::LEAST),
            &["place.yard.slots=60"],
        ),
        ("breakdowns", breakdowns::BUSY, &[]),
        ("breakdowns", breakdowns::QUEUE, &[]),
        (
            "shifts",
            &format!("{}{}", shifts::CREW, shifts::FILE),
            &[crew],
        ),
        ("inspection", inspection::FILE, &["source.border.closed=[]"]),
        (
            "inspection",
            inspection::FILE,
            &["source.border.closed=[]", "step.inspect.at=\"hall\""],
        ),
        ("spread", spread::FILE, &[]),
        ("convoys", convoys::FILE, &[]),
    ];
    for (what, text, overrides) in files {
        compare(what, &short(text, overrides), 3);
    }
}

#[test]
fn the_reference_model_blocked_in_every_way() {
    let blocked: [&[&str]; 6] = [
        &[],
        &["source.border.every=\"24 h\""],
        &["place.yard.slots=300"],
        &["place.warehouse.count=1", "place.warehouse.slots=20"],
        &["place.platform.count=1", "place.platform.slots=2"],
        &[
            "source.border.lots=\"uniform_int(0, 2)\"",
            "vehicle.wash=\"1 h\"",
            "place.yard.slots=400",
        ],
    ];
    for overrides in blocked {
        compare("gateway-ref", &short(reference::FILE, overrides), 3);
    }
}

#[test]
fn another_replication_is_told_apart() {
    let model = short(reference::FILE, &[]);
    let (one, other) = (Replication::new(1600, 0), Replication::new(1600, 1));
    assert!(differences(&model, one, other, 0.0).len() > 10);
}

/// All files called gateway.toml under `folder`.
fn gateways(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("a file of the repository").path();
        if path.is_dir() {
            gateways(&path, found);
        } else if path.file_name().is_some_and(|name| name == "gateway.toml") {
            found.push(path);
        }
    }
}

#[test]
fn every_example() {
    let mut files = Vec::new();
    gateways(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples"),
        &mut files,
    );
    assert!(!files.is_empty());
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let beside = |name: &str| {
            let file = path.with_file_name(name);
            std::fs::read_to_string(file).map_err(|error| error.to_string())
        };
        let reading = lazaret_gateway::read(&text, &[] as &[&str], &beside)
            .unwrap_or_else(|wrong| panic!("{}: {wrong:#?}", path.display()));
        let model = Model::compile(&reading.gateway).expect("an example compiles");
        compare(&path.display().to_string(), &model, 1);
    }
}
