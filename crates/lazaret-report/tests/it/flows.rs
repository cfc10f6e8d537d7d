//! The flow picture balances: what comes into a place leaves it or is still there.

use lazaret_report::flows::{Flows, Moves, Node};
use lazaret_sim::Model;

use crate::page_of;

/// Two sources and two classes whose ways part and meet; some is treated again, some destroyed, and trucks carry two lots.
const BRANCHES: &str = r#"
[gateway]
name = "branches"
length = "30 d"
[goods]
food = { share = 0.7 }
wood = { share = 0.3 }
[source.ferry]
every = "6 h"
convoy = 3
lots = 2
[source.rail]
every = "24 h"
convoy = 4
goods = { wood = 1 }
[place.quay]
zone = "clean"
slots = 8
[place.track]
zone = "clean"
slots = 8
[place.lab]
zone = "clean"
slots = 4
[place.kiln]
zone = "clean"
slots = 6
[place.yard]
zone = "clean"
slots = 200
[[step]]
id = "unload_ferry"
does = "unload"
at = "quay"
sources = ["ferry"]
takes = "30 min"
[[step]]
id = "unload_rail"
does = "unload"
at = "track"
sources = ["rail"]
takes = "30 min"
[[step]]
id = "bake"
does = "treat"
at = "kiln"
goods = ["wood"]
takes = "2 h"
[[step]]
id = "inspect"
at = "lab"
takes = "20 min"
again = { share = 0.1, from = "bake" }
destroy = 0.05
[[step]]
id = "hold"
at = "yard"
takes = "24 h"
clock = "when stored"
[[step]]
id = "load"
does = "dispatch"
at = "yard"
every = "12 h"
"#;

fn counted(text: &str) -> (Model, Flows) {
    let reading = lazaret_gateway::read(text, &[] as &[&str], &|_| Err("no files".into()));
    let reading = reading.unwrap_or_else(|wrong| {
        let said: String = wrong
            .iter()
            .map(|d| d.plain(text, &[] as &[&str]))
            .collect();
        panic!("{said}")
    });
    let model = Model::compile(&reading.gateway).unwrap();
    let flows = Flows::count(&model, 1, 3).unwrap();
    (model, flows)
}

fn check_balance(text: &str) {
    let (model, flows) = counted(text);
    let mut passed = 0;
    for p in 0..model.gateway().places.len() {
        for moves in [Moves::Vehicles, Moves::Lots] {
            let [to, from, still] = flows.balance(Node::Place(p), moves);
            assert!(
                (to - from - still).abs() < 1e-9,
                "{} {moves:?}: {to} in, {from} out, {still} still there",
                model.gateway().places[p].name
            );
            passed += usize::from(to > 0.0);
        }
    }
    assert!(passed > 1, "nothing passed");
}

#[test]
fn what_comes_into_each_place_leaves_it_or_is_still_there() {
    check_balance(BRANCHES);
    for example in ["uiju", "cold-store", "break-of-gauge", "nampo"] {
        let path = format!(
            "{}/../../examples/{example}/gateway.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        check_balance(&std::fs::read_to_string(path).unwrap());
    }
}

#[test]
fn bands_go_only_where_lots_go() {
    let (model, flows) = counted(BRANCHES);
    let place = |name: &str| {
        let at = model.gateway().places.iter().position(|p| p.name == name);
        Node::Place(at.unwrap())
    };
    let of = |from: &str, to: &str| -> Vec<&str> {
        let bands = flows.bands.iter();
        let there =
            bands.filter(|b| b.moves == Moves::Lots && (b.from, b.to) == (place(from), place(to)));
        there.map(|b| b.class.as_str()).collect()
    };
    assert_eq!(of("quay", "lab"), ["food"]);
    assert_eq!(of("quay", "kiln"), ["wood"]);
    assert_eq!(of("track", "kiln"), ["wood"]);
    assert_eq!(of("lab", "kiln"), ["wood"]);
    assert!(of("quay", "track").is_empty() && of("track", "lab").is_empty());
    // Ferries bring 12 vehicles of two lots a day, trains 4 of one: in the figures the units are kept apart.
    let [vehicles, ..] = flows.balance(place("quay"), Moves::Vehicles);
    let [lots, ..] = flows.balance(place("quay"), Moves::Lots);
    assert!((vehicles - 12.0).abs() < 0.5, "{vehicles}");
    assert!((lots - 24.0).abs() < 1.0, "{lots}");
}

#[test]
fn inland_is_what_the_simulator_says_is_dispatched() {
    let (model, flows) = counted(BRANCHES);
    let at = model.metrics().position("lots.throughput").unwrap();
    let mut world = lazaret_sim::World::new(&model, lazaret_sim::Silent);
    let mean: f64 = (0..flows.replications)
        .map(|r| {
            let run = lazaret_sim::Replication::new(1, r);
            let start = lazaret_vocabulary::time::GateTime::START;
            world.replicate(run, start).unwrap().values[at]
        })
        .sum::<f64>()
        / flows.replications as f64;
    let [inland, ..] = flows.balance(Node::Inland, Moves::Lots);
    assert!((inland - mean).abs() < 1e-9, "{inland} for {mean}");
}

#[test]
fn all_assumptions_are_on_the_page() {
    let html = page_of(BRANCHES);
    for said in [
        "destroy = 0.05",
        "again = { share = 0.1",
        "lots = 2",
        "share = 0.7",
        "every = &quot;12 h&quot;",
        "--set place.yard.slots=7",
    ] {
        assert!(html.contains(said), "{said} is missing");
    }
    assert!(html.contains("still there"));
    // On paper nothing scrolls.
    assert!(html.contains("@media print") && html.contains(".scroll{overflow:visible}"));
}
