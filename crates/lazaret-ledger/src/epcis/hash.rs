//! The identifier that an EPCIS event has by its own content.
//!
//! Fields are strung together in a fixed order, lists in the order of their code points, times in UTC to the
//! millisecond, bare words as addresses of the vocabulary; then extensions in the order of their texts. When it was
//! recorded and how it was called before is no part of it. Whoever has the event can name it, and who sends it twice
//! has sent one.
//!
//! Values that a ledger of ours writes are canonical already: GS1 keys in the older form of URNs, which it never writes,
//! are left as they are.
//!
//! # Source
//! CBV 2.0, section 8.9 (event hash IDs); the fixtures of <https://github.com/RalphTro/epcis-event-hash-generator>.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde_json::{Map, Value};

use crate::chain::Digest;

/// Where an element is kept under its list, and what is in it.
enum Shape {
    /// A value, or a list of values.
    Plain,
    /// A point in time.
    Time,
    /// A word of the vocabulary, which begins with this in full.
    Word(&'static str),
    /// A list whose elements carry a name of their own.
    List(&'static str),
    /// Fields in order; a list of such goes without a name of its own where the name is empty.
    Fields(&'static str, &'static [(&'static str, Shape)]),
}

use Shape::{Fields, List, Plain, Time, Word};

const STEP: Shape = Word("https://ref.gs1.org/cbv/BizStep-");
const DISPOSITION: Shape = Word("https://ref.gs1.org/cbv/Disp-");
const QUANTITY: Shape = Fields(
    "quantityElement",
    &[("epcClass", Plain), ("quantity", Plain), ("uom", Plain)],
);

const ORDER: &[(&str, Shape)] = &[
    ("eventTime", Time),
    ("eventTimeZoneOffset", Plain),
    ("epcList", List("epc")),
    ("parentID", Plain),
    ("inputEPCList", List("epc")),
    ("childEPCs", List("epc")),
    ("quantityList", QUANTITY),
    ("childQuantityList", QUANTITY),
    ("inputQuantityList", QUANTITY),
    ("outputEPCList", List("epc")),
    ("outputQuantityList", QUANTITY),
    ("action", Plain),
    ("transformationID", Plain),
    ("bizStep", STEP),
    ("disposition", DISPOSITION),
    (
        "persistentDisposition",
        Fields("", &[("set", DISPOSITION), ("unset", DISPOSITION)]),
    ),
    ("readPoint", Fields("", &[("id", Plain)])),
    ("bizLocation", Fields("", &[("id", Plain)])),
    (
        "bizTransactionList",
        Fields(
            "",
            &[
                ("type", Word("https://ref.gs1.org/cbv/BTT-")),
                ("bizTransaction", Plain),
            ],
        ),
    ),
];

/// What a report of a sensor says, in order.
const REPORT: &[(&str, Shape)] = &[
    ("type", Word("https://gs1.org/voc/")),
    ("deviceID", Plain),
    ("time", Time),
    ("value", Plain),
    ("stringValue", Plain),
    ("minValue", Plain),
    ("maxValue", Plain),
    ("meanValue", Plain),
    ("uom", Plain),
];

/// The identifier of an event as [`Exchange`](super::Exchange) writes it.
///
/// * `spaces` — prefixes of extensions and what they stand for.
#[must_use]
pub fn event_hash(event: &Value, spaces: &[(&str, &str)]) -> String {
    let digest = Digest::of(prehash(event, spaces).as_bytes());
    format!("ni:///sha-256;{digest}?ver=CBV2.0")
}

/// What is hashed.
#[must_use]
pub fn prehash(event: &Value, spaces: &[(&str, &str)]) -> String {
    let empty = Map::new();
    let event = event.as_object().unwrap_or(&empty);
    let mut text = String::from("eventType=");
    text.push_str(event.get("type").and_then(Value::as_str).unwrap_or(""));
    text.push_str(&fields(event, ORDER));
    let mut elements: Vec<String> = listed(event.get("sensorElementList"))
        .map(|element| {
            let mut reports: Vec<String> = listed(element.get("sensorReport"))
                .filter_map(Value::as_object)
                .map(|report| format!("sensorReport{}", fields(report, REPORT)))
                .collect();
            reports.sort_unstable();
            format!("sensorElement{}", reports.concat())
        })
        .collect();
    elements.sort_unstable();
    if !elements.is_empty() {
        text.push_str("sensorElementList");
    }
    text.push_str(&elements.concat());
    text.push_str(&extensions(event, spaces));
    text
}

fn fields(object: &Map<String, Value>, order: &[(&str, Shape)]) -> String {
    let mut text = String::new();
    for (name, shape) in order {
        let Some(value) = object.get(*name) else {
            continue;
        };
        let mut parts: Vec<String> = listed(Some(value))
            .filter_map(|value| match shape {
                Plain => Some(format!("{name}={}", plain(value)?)),
                Time => Some(format!("{name}={}", instant(value.as_str()?))),
                Word(base) => Some(format!("{name}={}", word(value.as_str()?, base))),
                List(element) => Some(format!("{element}={}", plain(value)?)),
                Fields(element, order) => {
                    Some(format!("{element}{}", fields(value.as_object()?, order)))
                }
            })
            .collect();
        parts.sort_unstable();
        if matches!(shape, List(_) | Fields(..)) && !parts.is_empty() {
            text.push_str(name);
        }
        text.push_str(&parts.concat());
    }
    text
}

fn listed(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let many = value.and_then(Value::as_array);
    let one = value.filter(|value| !value.is_array());
    many.into_iter().flatten().chain(one)
}

/// Fields with a prefix, whatever is in them.
fn extensions(object: &Map<String, Value>, spaces: &[(&str, &str)]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (name, value) in object {
        let Some((prefix, local)) = name.split_once(':') else {
            continue;
        };
        let Some((_, space)) = spaces.iter().find(|(known, _)| *known == prefix) else {
            continue;
        };
        for value in listed(Some(value)) {
            let text = match value {
                Value::Object(inner) => extensions(inner, spaces),
                value => plain(value).map_or_else(String::new, |text| format!("={text}")),
            };
            parts.push(format!("{{{space}}}{local}{text}"));
        }
    }
    parts.sort_unstable();
    parts.concat()
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(number(text.trim())),
        Value::Number(value) => Some(number(&value.to_string())),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Without needless signs and zeros, if it is a number.
fn number(text: &str) -> String {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !all(whole) || !all(part) {
        return text.to_owned();
    }
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    match (whole, part) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{minus}{whole}"),
        (whole, part) => format!("{minus}{whole}.{part}"),
    }
}

/// In UTC, to the millisecond, half up.
fn instant(text: &str) -> String {
    let read = text.trim().parse::<Timestamp>().and_then(|at| {
        at.round(
            TimestampRound::new()
                .smallest(Unit::Millisecond)
                .mode(RoundMode::HalfCeil),
        )
    });
    match read {
        Ok(at) => format!("{at:.3}"),
        Err(_) => text.to_owned(),
    }
}

fn word(text: &str, base: &str) -> String {
    // An address, or a name with a prefix, is in full already.
    if text.contains(':') {
        text.to_owned()
    } else {
        format!("{base}{text}")
    }
}
