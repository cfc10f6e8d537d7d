//! A misspelt field is refused by name, however deep it lies: every body of the OpenAPI document is built in full, and a
//! field that nobody knows is put into each of its objects.

use std::time::Duration;

use axum::http::StatusCode;
use lazaret_vocabulary::strict::one_of_each;
use serde_json::{Map, Value, json};

use crate::scene::{PASSWORD, Server, send};

const UNKNOWN: &str = "nobody_knows_this";

/// A value with every field that its schema has.
fn full(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return full(document, &document["components"]["schemas"][name]);
    }
    for one_of in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[one_of].as_array() {
            let some = choices.iter().find(|choice| choice["type"] != "null");
            return full(document, some.unwrap());
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut all = Map::new();
        for part in parts {
            if let Value::Object(fields) = full(document, part) {
                all.extend(fields);
            }
        }
        return all.into();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null").unwrap(),
        kind => kind,
    };
    match (kind.as_str(), schema["format"].as_str()) {
        (Some("object"), _) => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            fields
                .map(|(name, field)| (name.clone(), full(document, field)))
                .collect::<Map<_, _>>()
                .into()
        }
        (Some("array"), _) => vec![full(document, &schema["items"])].into(),
        (Some("string"), Some("date-time")) => json!("2026-01-05T08:00:00Z"),
        (Some("string"), _) => json!("text"),
        (Some("integer"), _) => json!(1),
        (Some("number"), _) => json!(1.5),
        (Some("boolean"), _) => json!(false),
        _ => Value::Null,
    }
}

/// `value` with the unknown field in one of its objects, for each of them with the place of that.
fn spoilt(value: &Value) -> Vec<(String, Value)> {
    fn objects(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    objects(inner, format!("{at}/{name}"), found);
                }
                found.push(at);
            }
            Value::Array(items) => {
                for (number, inner) in items.iter().enumerate() {
                    objects(inner, format!("{at}/{number}"), found);
                }
            }
            _ => {}
        }
    }
    let mut places = Vec::new();
    objects(value, String::new(), &mut places);
    let spoil = |at: String| {
        let mut spoilt = value.clone();
        spoilt.pointer_mut(&at).unwrap()[UNKNOWN] = json!(1);
        (at, spoilt)
    };
    places.into_iter().map(spoil).collect()
}

/// Every command with every field.
fn commands() -> Vec<Value> {
    let around = json!({"id": "k-1", "device": "tablet-7", "crew": ["cleo"], "acknowledged": []});
    let with = |one| {
        let mut command = serde_json::to_value(one).unwrap();
        for (name, value) in around.as_object().unwrap() {
            command[name] = value.clone();
        }
        command
    };
    one_of_each().iter().map(with).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_field_is_refused_by_name_at_every_depth() {
    let server = Server::demo().await;
    let mut seats = Vec::new();
    for person in ["ada", "chen"] {
        seats.push(server.sign_in(person, PASSWORD).await);
    }
    let document = serde_json::to_value(lazaret_server::document()).unwrap();
    let (mut asked, mut passed, mut nested) = (0, Vec::new(), 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let Some(name) = schema["$ref"].as_str() else {
                continue;
            };
            let bodies = match name.rsplit('/').next().unwrap() {
                "CommandRequest" => commands(),
                "BatchRequest" => commands()
                    .chunks(50)
                    .map(|some| json!({"commands": some}))
                    .collect(),
                _ => vec![full(&document, schema)],
            };
            let filled = path.replace("{person}", "cleo");
            assert!(
                !filled.contains('{'),
                "{path} names something unknown to this test"
            );
            for body in bodies {
                for (at, spoilt) in spoilt(&body) {
                    // What a screen keeps for itself is its own.
                    if (path.as_str(), at.as_str()) == ("/api/preferences", "/values") {
                        continue;
                    }
                    asked += 1;
                    nested += usize::from(!at.is_empty());
                    let mut answers = Vec::new();
                    for seat in &seats {
                        let answer = loop {
                            let request =
                                send(&method.to_uppercase(), &filled, Some(seat), &spoilt);
                            let answer = server.ask(request).await;
                            if answer.status != StatusCode::TOO_MANY_REQUESTS {
                                break answer;
                            }
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        };
                        let text = String::from_utf8(answer.body).unwrap();
                        answers.push((answer.status, text.contains(UNKNOWN)));
                        if text.contains(UNKNOWN) {
                            break;
                        }
                    }
                    let batch = name.ends_with("BatchRequest") && !at.is_empty();
                    let named = answers.last().is_some_and(|(status, named)| {
                        *named && (batch || status.is_client_error())
                    });
                    if !named {
                        passed.push(format!("{method} {path} at {at}: {answers:?}"));
                    }
                }
            }
        }
    }
    assert_eq!(passed, Vec::<String>::new());
    assert!(
        asked > 200 && nested > 100,
        "{asked} asked, {nested} of them nested"
    );
}
