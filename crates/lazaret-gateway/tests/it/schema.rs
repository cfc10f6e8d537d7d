//! The JSON Schema accepts what the reader accepts, and marks the commonest mistakes while they are typed.
//!
//! Judged by a validator that is not ours (boon).

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The first complaint of the schema about `text`, if it has one.
fn complaint(text: &str) -> Option<String> {
    let document: toml::Value = toml::from_str(text).expect("the file is TOML");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("gateway.json", lazaret_gateway::schema::schema())
        .unwrap();
    let index = compiler
        .compile("gateway.json", &mut schemas)
        .expect("the schema is a schema");
    schemas
        .validate(&json(&document), index)
        .err()
        .map(|error| error.to_string())
}

/// As tools that check TOML by JSON Schema do it: dates become strings.
fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Datetime(moment) => Value::from(moment.to_string()),
        toml::Value::Array(items) => items.iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(
            table
                .iter()
                .map(|(key, value)| (key.clone(), json(value)))
                .collect(),
        ),
    }
}

/// Every gateway file of the repository.
fn gateway_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![
        root.join("crates/lazaret-gateway/tests/samples/uiju.toml"),
        root.join("crates/lazaret-gateway/tests/samples/all.toml"),
        root.join("crates/lazaret-gateway/tests/samples/reference.toml"),
        root.join("crates/lazaret/starter.toml"),
    ];
    let bench = root.join("bench/gateway-ref.toml");
    files.extend(bench.exists().then_some(bench));
    let examples = std::fs::read_dir(root.join("examples"))
        .into_iter()
        .flatten();
    files.extend(
        examples
            .filter_map(Result::ok)
            .map(|entry| entry.path().join("gateway.toml"))
            .filter(|path| path.exists()),
    );
    files
}

#[test]
fn the_schema_accepts_every_gateway_file_of_the_repository() {
    for file in gateway_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(complaint(&text), None, "{}", file.display());
    }
}

#[test]
fn every_gateway_file_of_the_repository_reads() {
    for file in gateway_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let folder = file.parent().unwrap().to_path_buf();
        let csv = |name: &str| {
            std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string())
        };
        let no_overrides: [&str; 0] = [];
        if let Err(said) = lazaret_gateway::read(&text, &no_overrides, &csv) {
            let said: String = said.iter().map(|d| d.plain(&text, &no_overrides)).collect();
            panic!("{}\n{said}", file.display());
        }
    }
}

#[test]
fn the_schema_marks_common_mistakes() {
    let all = include_str!("../samples/all.toml");
    let mistakes = [
        ("slots = 4\n", "slotz = 4\n"),
        ("takes = \"1 d\"", "takes = 24"),
        ("takes = \"1 d\"", "takes = \"24\""),
        ("takes = \"1 d\"", "takes = \"1 t\""),
        ("triangular(1 h, 2 h, 4 h)", "triangle(1 h, 2 h, 4 h)"),
        ("route = \"sea\"", "route = \"air\""),
        ("fill = \"one_by_one\"", "fill = \"one\""),
        ("shift = \"08:00-20:00\"", "shift = \"8-20\""),
        ("share = 0.6,", "share = 60,"),
        ("slots = 3\n", "slots = 0\n"),
        ("at = \"platform\"\n", ""),
        ("[place.bay]", "[palce.bay]"),
        ("\"quarantine 2 d\"", "\"later\""),
        ("count = 60", "count = 60.5"),
        ("uniform(", "unifrom("),
        ("time_zone = \"", "time_zone = \"the time of "),
        ("\"Mon", "\"Moon"),
        ("clock = \"", "clock = \"whenever it suits, "),
        ("takes = \"1 d\"", "takes = \"-1 d\""),
        ("shift = \"08:00-20:00\"", "shift = \"24:00-25:00\""),
        ("shift = \"08:00-20:00\"", "shift = []"),
        ("\"quarantine 2 d\"", "\"quarantine 14\""),
    ];
    assert_eq!(complaint(all), None);
    for (old, new) in [
        ("slots = 3\n", "slots = \"3\"\n"),
        ("\"dirty -> clean\"", "\"dirty->clean\""),
        ("\"quarantine 2 d\"", "\"quarantine uniform(1 d, 2 d)\""),
        (
            "shift = \"08:00-20:00\"",
            "shift = [\"08:00-20:00\", \"22:00-24:00\"]",
        ),
    ] {
        assert!(all.contains(old), "{old}");
        let text = all.replacen(old, new, 1);
        assert_eq!(complaint(&text), None, "{new}");
        let read = lazaret_gateway::read(&text, &[] as &[&str], &|_: &str| Err(String::new()));
        assert!(read.is_ok(), "{new}: {:?}", read.err());
    }
    for (old, new) in mistakes {
        assert!(all.contains(old), "{old}");
        let text = all.replacen(old, new, 1);
        assert!(complaint(&text).is_some(), "`{new}` is not marked");
    }
}

/// The patterns of a schema, wherever they are.
fn patterns(schema: &Value, into: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "pattern" => into.push(text.clone()),
                    _ => patterns(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| patterns(item, into)),
        _ => {}
    }
}

/// Python, JavaScript, Java and .NET differ in what follows a backslash and in what a dot and `(?` mean.
#[test]
fn patterns_keep_to_what_every_validator_understands() {
    let mut found = Vec::new();
    patterns(&lazaret_gateway::schema::schema(), &mut found);
    assert!(found.len() > 20, "{}", found.len());
    for pattern in found {
        let mut within = false;
        let mut before = ' ';
        for (at, c) in pattern.char_indices() {
            let escaped = before == '\\';
            match c {
                '[' if !within && !escaped => within = true,
                ']' if within && !escaped => within = false,
                '.' => assert!(within, "a dot outside of a class: {pattern}"),
                '?' => assert!(before != '(', "a group that is not simple: {pattern}"),
                _ => {}
            }
            if escaped {
                assert!("[]\\".contains(c), "an escape at {at}: {pattern}");
            }
            before = c;
        }
    }
}

#[test]
fn names_in_any_script_are_taken() {
    let all = include_str!("../samples/all.toml");
    for name in ["apron", "마당", "Hof-2", "двор_3", "庭"] {
        let text = format!("{all}\n[place.\"{name}\"]\nslots = 1\nzone = \"clean\"\n");
        assert_eq!(complaint(&text), None, "{name}");
    }
    for name in ["2nd", "a b", "a.b", "a/b", ""] {
        let text = format!("{all}\n[place.\"{name}\"]\nslots = 1\nzone = \"clean\"\n");
        assert!(complaint(&text).is_some(), "{name}");
    }
}
