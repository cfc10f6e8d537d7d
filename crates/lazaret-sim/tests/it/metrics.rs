//! `docs/metrics.md` and the program name the same metrics.

use std::collections::BTreeSet;

use lazaret_sim::metrics::{GROWTH, STOPS, dispatch, equipment, goods, reference, step};
use lazaret_sim::{Model, Unit};

/// A gateway with one of everything, each named after what it is.
const EVERYTHING: &str = r#"
[gateway]
name = "test"
length = "1 d"
[goods]
CLASS = {}
[source.ID]
every = "1 h"
[place.ID]
slots = 1
[crew.ID]
count = 1
[equipment.EID]
count = 1
[[step]]
id = "ID"
does = "unload"
at = "ID"
needs = { ID = 1, EID = 1 }
[[step]]
id = "DID"
does = "dispatch"
at = "ID"
every = "1 h"
"#;

#[test]
fn every_metric_is_explained_and_every_explanation_has_its_metric() {
    let none = |_: &str| Err("no files".to_string());
    let reading = lazaret_gateway::read(EVERYTHING, &[] as &[&str], &none).unwrap();
    let model = Model::compile(&reading.gateway).unwrap();
    let measured: BTreeSet<String> = model
        .metrics()
        .iter()
        .map(|name| {
            let parts: Vec<&str> = name
                .split('.')
                .map(|part| match part {
                    "CLASS" => "<class>",
                    "ID" | "EID" | "DID" => "<id>",
                    part => part,
                })
                .collect();
            parts.join(".")
        })
        .collect();
    let text = include_str!("../../../../docs/metrics.md");
    let only_plan: BTreeSet<&str> = std::iter::once(GROWTH.name)
        .chain(STOPS.iter().map(|f| f.name))
        .collect();
    let explained: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_string())
        .filter(|name| !only_plan.contains(name.as_str()))
        .collect();
    let missing: Vec<_> = measured.difference(&explained).collect();
    let idle: Vec<_> = explained.difference(&measured).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "not explained: {missing:?}; explained but not there: {idle:?}"
    );
}

/// Set UPDATE_DOCS to write the reference anew after a change of the table of metrics.
#[test]
fn the_reference_is_what_the_table_of_metrics_says() {
    const BEGIN: &str = "<!-- reference: begin -->\n";
    const END: &str = "<!-- reference: end -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let text = std::fs::read_to_string(path).unwrap();
    let begin = text.find(BEGIN).unwrap() + BEGIN.len();
    let end = text.find(END).unwrap();
    let wanted = format!("{}\n", reference());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{}{wanted}{}", &text[..begin], &text[end..])).unwrap();
        return;
    }
    assert!(
        text[begin..end] == wanted,
        "docs/metrics.md is not in step: UPDATE_DOCS=1 cargo test -p lazaret-sim metrics"
    );
}

#[test]
fn units_follow_the_metric_and_not_its_spelling() {
    let text = EVERYTHING
        .replace("CLASS", "stay")
        .replace("\"DID\"", "\"load\"")
        .replace("at = \"ID\"", "at = \"full\"")
        .replace("[place.ID]", "[place.full]");
    let none = |_: &str| Err("no files".to_string());
    let reading = lazaret_gateway::read(&text, &[] as &[&str], &none).unwrap();
    let model = Model::compile(&reading.gateway).unwrap();
    for (name, unit) in [
        ("goods.stay.arrived", Unit::Lots),
        ("goods.stay.time_in_gateway.p95", Unit::Hours),
        ("dispatch.load.departures", Unit::Departures),
        ("dispatch.load.cancelled", Unit::Departures),
        ("dispatch.load.load.mean", Unit::Lots),
        ("source.ID.cancelled", Unit::Convoys),
        ("place.full.occupancy.mean", Unit::Slots),
        ("place.full.full", Unit::Share),
        ("place.full.first_full", Unit::Hours),
        ("place.full.load", Unit::Share),
        ("step.load.started", Unit::Lots),
        ("vehicle.returned", Unit::Vehicles),
        ("gateway.outside", Unit::Convoys),
    ] {
        let at = model.metrics().position(name).unwrap();
        assert_eq!(model.metrics().all()[at].unit, unit, "{name}");
    }
}

/// A thing may be called what a figure is called: names and units still come from the table.
#[test]
fn a_thing_called_like_a_figure_keeps_the_unit_of_its_figures() {
    let odd = EVERYTHING
        .replace("CLASS", "stay")
        .replace("EID", "mean")
        .replace("DID", "cancelled")
        .replace("ID", "wait");
    let none = |_: &str| Err("no files".to_string());
    let reading = lazaret_gateway::read(&odd, &[] as &[&str], &none).unwrap();
    let model = Model::compile(&reading.gateway).unwrap();
    let unit = |name: String| {
        let at = model.metrics().position(&name).unwrap();
        model.metrics().all()[at].unit
    };
    assert_eq!(unit(goods::ARRIVED.of("stay")), Unit::Lots);
    assert_eq!(unit(goods::TIME_IN_GATEWAY_MEAN.of("stay")), Unit::Hours);
    assert_eq!(unit(equipment::IN_USE_MEAN.of("mean")), Unit::Units);
    assert_eq!(unit(dispatch::DEPARTURES.of("cancelled")), Unit::Departures);
    assert_eq!(unit(dispatch::LOAD_MEAN.of("cancelled")), Unit::Lots);
    assert_eq!(unit(step::STARTED.of("wait")), Unit::Lots);
    assert_eq!(step::WAIT_MEAN.whose("step.wait.wait.mean"), Some("wait"));
    assert_eq!(step::WAIT_MEAN.whose("step.wait.mean"), None);
}
