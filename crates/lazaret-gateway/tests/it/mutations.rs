//! Whatever is done to a file, reading ends soon, without a panic, and points at characters that are there.

use std::time::{Duration, Instant};

use lazaret_gateway::check::check;
use lazaret_gateway::diagnostic::{Diagnostic, Text};
use lazaret_gateway::read;
use proptest::prelude::*;

const FILES: [&str; 3] = [
    include_str!("../samples/uiju.toml"),
    include_str!("../samples/all.toml"),
    include_str!("../samples/reference.toml"),
];

/// Values that have broken readers before.
const HOSTILE: &[&str] = &[
    "nan",
    "inf",
    "-inf",
    "1e999",
    "1e308",
    "-1",
    "0",
    "9223372036854775807",
    "1e-308",
    "0.1",
    "\"\"",
    "\"uniform(\"",
    "\"1e300 w\"",
    "\"-5 h\"",
    "\"unlimited\"",
    "\"uniform(0 h, 1e18 w)\"",
    "\"normal(1 h, 1e300 h)\"",
    "\"discrete(1:0)\"",
    "\"poisson(1e9)\"",
    "\"weibull(0.05, 1 h)\"",
    "\"erlang(1e30, 1 h)\"",
    "\"1 h 1 h 1 h\"",
    "\"hold_time\"",
    "\"found\"",
    "\"other\"",
    "'empirical(\"a.csv\", \"x\", h)'",
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "true",
    "2022-02-01",
    "10:00:00",
    "2022-02-01T00:00:00+05:00",
    "\"quarantine\"",
    "\"starts when ends\"",
    "\"Mon-\"",
    "\"-\"",
    "\"24:00-24:00\"",
    "\"\\u0000\"",
    "\"日本 h\"",
    "'''\nx'''",
    "0x7fffffffffffffff",
    "\"uniform_int(1, 65535)\"",
    "\"exponential(1 s)\"",
    "\"100 %\"",
    "{ share = 1 }",
    "{ medicine = 1, other = \"1 h\" }",
];

#[derive(Clone, Debug)]
enum Mutation {
    /// The value of the n-th `key = value` line becomes a hostile one.
    Value(usize, usize),
    /// The n-th line goes.
    Drop(usize),
    /// The n-th line comes twice.
    Twice(usize),
    /// Two lines change places.
    Swap(usize, usize),
    /// Some characters go.
    Cut(usize, usize),
    /// Some characters come.
    Insert(usize, String),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        4 => (any::<usize>(), 0..HOSTILE.len()).prop_map(|(n, h)| Mutation::Value(n, h)),
        1 => any::<usize>().prop_map(Mutation::Drop),
        1 => any::<usize>().prop_map(Mutation::Twice),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        1 => (any::<usize>(), 0..12usize).prop_map(|(at, n)| Mutation::Cut(at, n)),
        1 => (any::<usize>(), "\\PC{0,6}").prop_map(|(at, text)| Mutation::Insert(at, text)),
    ]
}

fn apply(text: &str, mutation: &Mutation) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let count = lines.len().max(1);
    let boundary = |at: usize| {
        let mut at = at % (text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    match mutation {
        Mutation::Value(n, hostile) => {
            let keyed: Vec<usize> = (0..lines.len())
                .filter(|&i| lines[i].contains(" = "))
                .collect();
            if let Some(&i) = keyed.get(n % keyed.len().max(1)) {
                let key = lines[i].split(" = ").next().unwrap_or("").to_string();
                lines[i] = format!("{key} = {}", HOSTILE[*hostile]);
            }
        }
        Mutation::Drop(n) => {
            if !lines.is_empty() {
                lines.remove(n % count);
            }
        }
        Mutation::Twice(n) => {
            if let Some(line) = lines.get(n % count).cloned() {
                lines.insert(n % count, line);
            }
        }
        Mutation::Swap(a, b) => {
            if !lines.is_empty() {
                lines.swap(a % count, b % count);
            }
        }
        Mutation::Cut(at, n) => {
            let (start, end) = (boundary(*at), boundary(at.saturating_add(*n)));
            let (start, end) = (start.min(end), start.max(end));
            return format!("{}{}", &text[..start], &text[end..]);
        }
        Mutation::Insert(at, new) => {
            let at = boundary(*at);
            return format!("{}{new}{}", &text[..at], &text[at..]);
        }
    }
    lines.join("\n")
}

/// Reads `text` and checks what must hold of any answer.
fn survives(text: &str, overrides: &[String]) {
    let csv = |_: &str| Ok("x\n1\n2\n".to_string());
    let started = Instant::now();
    let (diagnostics, reading) = match read(text, overrides, &csv) {
        Ok(reading) => (reading.warnings.clone(), Some(reading)),
        Err(diagnostics) => {
            assert!(
                diagnostics.iter().any(Diagnostic::is_error),
                "refused without an error"
            );
            (diagnostics, None)
        }
    };
    let mut said = diagnostics;
    if let Some(reading) = &reading {
        let checked = check(reading);
        said.extend(checked.warnings);
        for load in &checked.loads {
            assert!(!load.offered.is_nan(), "{load:?}");
        }
        for source in 0..reading.gateway.sources.len() {
            let source = lazaret_gateway::model::SourceIx(source as u16);
            let goods = lazaret_gateway::model::GoodsIx(0);
            assert!(reading.gateway.path(source, goods).len() <= reading.gateway.steps.len());
        }
    }
    for diagnostic in &said {
        assert!(!diagnostic.labels.is_empty(), "{diagnostic:?}");
        for label in &diagnostic.labels {
            let of = match label.at.text {
                Text::File => text,
                Text::Override(i) => &overrides[i],
            };
            assert!(
                of.get(label.at.start..label.at.end).is_some(),
                "{diagnostic:?} points outside of the text"
            );
        }
        let _ = diagnostic.plain(text, overrides);
    }
    // Generous, for a busy machine; what this finds takes minutes.
    let took = started.elapsed();
    assert!(took < Duration::from_secs(120), "reading took {took:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_is_answered(
        file in 0..FILES.len(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let mut text = FILES[file].to_string();
        for mutation in &mutations {
            text = apply(&text, mutation);
        }
        survives(&text, &[]);
    }

    #[test]
    fn any_override_is_answered(
        path in "(place|source|step|goods|unknown|vehicle|gateway|crew|route|[a-z]{1,3})(\\.(yard|platform|east|ship|hold|inspect|slots|takes|again|from|closed|goods|count|share|every|[0-9]|\\PC{0,3})){0,4}",
        value in 0..HOSTILE.len(),
        rest in "\\PC{0,8}",
    ) {
        survives(FILES[1], &[format!("{path}={}", HOSTILE[value]), format!("{path}={rest}"), rest]);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        survives(&text, &[]);
    }

    #[test]
    fn any_quantity_is_answered(quantity in "(uniform|normal|discrete|pert|erlang|poisson|weibull|x)?[(]?([0-9.,:%() hdwtk_e+-]|hold_time|nan|inf|'){0,30}[)]?") {
        let text = FILES[1].replace("\"1 d\"", &format!("\"{quantity}\""));
        survives(&text, &[format!("source.ship.convoy={quantity}")]);
    }
}

#[test]
fn a_file_of_many_megabytes_is_refused_at_once() {
    let text = "# a comment that goes on\n".repeat(4_500_000);
    let started = Instant::now();
    let no_overrides: [&str; 0] = [];
    let said = read(&text, &no_overrides, &|_| Err(String::new())).unwrap_err();
    assert_eq!(said[0].code, "file-too-large");
    assert!(started.elapsed() < Duration::from_secs(120));
}

#[test]
fn files_with_thousands_of_things_are_answered_in_time() {
    use std::fmt::Write as _;
    let mut text = String::from("[gateway]\nname = \"many\"\nlength = \"10 d\"\n");
    for i in 0..3_000 {
        let _ = write!(
            text,
            "[place.p{i}]\nslots = 3\n[source.s{i}]\nevery = \"1 d\"\n"
        );
        let _ = writeln!(text, "[goods.g{i}]");
    }
    for i in 0..3_000 {
        let _ = write!(
            text,
            "[[step]]\nid = \"t{i}\"\nat = \"p{i}\"\ngoods = [\"g{i}\"]\n"
        );
    }
    survives(&text, &[]);
    // As many as are read: 60 classes, 60 sources, 2500 steps.
    let mut text = String::from("[gateway]\nname = \"many\"\nlength = \"10 d\"\n");
    for i in 0..60 {
        let _ = write!(text, "[goods.g{i}]\n[source.s{i}]\nevery = \"1 d\"\n");
    }
    for i in 0..2_500 {
        let _ = write!(text, "[place.p{i}]\nslots = 3\n");
        let _ = write!(text, "[[step]]\nid = \"t{i}\"\nat = \"p{i}\"\n");
    }
    survives(&text, &[]);
    let nested = format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    survives(&nested, &[]);
    let deep = format!("[{}x]", "a.".repeat(100_000));
    survives(&deep, &[]);
}
