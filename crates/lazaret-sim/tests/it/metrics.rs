//! `docs/metrics.md` and the program name the same metrics.

use std::collections::BTreeSet;

use lazaret_sim::Model;

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
    let explained: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_string())
        .collect();
    let missing: Vec<_> = measured.difference(&explained).collect();
    let idle: Vec<_> = explained.difference(&measured).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "not explained: {missing:?}; explained but not there: {idle:?}"
    );
}
