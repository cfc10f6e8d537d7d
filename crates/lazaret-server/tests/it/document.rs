//! The OpenAPI document that the screens are built against is the one that the code says.

use std::path::Path;

#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/openapi.json");
    let mut document = lazaret_server::document().to_pretty_json().unwrap();
    document.push('\n');
    if std::env::var_os("LAZARET_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document,
        "web/openapi.json is out of step: run LAZARET_WRITE_OPENAPI=1 cargo test -p lazaret-server document"
    );
}

/// A field that nobody reads is a misspelt one: a witness that is not compared, an account that is not disabled. Commands
/// are read strictly by a way of their own.
#[test]
fn every_body_refuses_fields_that_it_does_not_know() {
    let document = serde_json::to_value(lazaret_server::document()).unwrap();
    let (mut bodies, mut loose) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let Some(name) = schema["$ref"].as_str() else {
                continue;
            };
            let name = name.rsplit('/').next().unwrap();
            let own = &document["components"]["schemas"][name]["additionalProperties"];
            bodies += 1;
            if *own != false && !["CommandRequest", "BatchRequest"].contains(&name) {
                loose.push(format!("{method} {path}: {name}"));
            }
        }
    }
    assert!(bodies > 12, "{bodies}");
    assert_eq!(loose, Vec::<String>::new());
}

/// A route takes its request apart, asks a read model and answers. What is longer than that has a home elsewhere.
#[test]
fn a_route_is_at_most_twenty_lines() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    let (mut routes, mut long) = (0, Vec::new());
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for route in text.split("\n#[utoipa::path(").skip(1) {
            let handler = &route[route.find("async fn ").unwrap()..];
            let body = handler.split_once("{\n").unwrap().1;
            let lines = body.split_once("\n}\n").unwrap().0.lines().count();
            routes += 1;
            if lines > 20 {
                let name = handler.split(['(', '<']).next().unwrap_or_default();
                long.push(format!("{}: {name}: {lines} lines", path.display()));
            }
        }
    }
    assert!(routes > 60, "{routes} routes");
    assert_eq!(long, Vec::<String>::new());
}

/// What the catalogue of the screens is held against: one of each thing that is told, and how English says it.
#[test]
fn the_committed_examples_are_those_of_the_code() {
    use lazaret_ledger::treatment::Shortfall;
    use lazaret_ledger::{Fact, Less, Remedy, Rule};
    use lazaret_vocabulary::doubt::Doubt;

    fn told<T: serde::Serialize + ToString>(all: &[T]) -> Vec<serde_json::Value> {
        let one = |one: &T| serde_json::json!({ "data": one, "english": one.to_string() });
        all.iter().map(one).collect()
    }
    let happened: Vec<_> = lazaret_vocabulary::strict::one_of_each()
        .iter()
        .map(|one| {
            let english = lazaret_ledger::words::words(one);
            serde_json::json!({ "data": one, "english": english })
        })
        .collect();
    let rules: Vec<_> = (Rule::ALL.iter())
        .map(|rule| serde_json::json!({ "data": rule, "english": rule.says() }))
        .collect();
    let examples = serde_json::json!({
        "rules": rules,
        "doubts": told(&Doubt::one_of_each()),
        "notes": told(&lazaret_exchange::Note::one_of_each()),
        "facts": told(&Fact::one_of_each()),
        "remedies": told(&Remedy::one_of_each()),
        "less": told(&Less::one_of_each()),
        "wrong": told(&lazaret_exchange::Wrong::one_of_each()),
        "shortfalls": told(&Shortfall::one_of_each()),
        "events": happened,
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/words/told.json");
    let mut examples = serde_json::to_string_pretty(&examples).unwrap();
    examples.push('\n');
    if std::env::var_os("LAZARET_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &examples).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == examples,
        "web/src/words/told.json is out of step: run LAZARET_WRITE_OPENAPI=1 cargo test -p lazaret-server document"
    );
}
