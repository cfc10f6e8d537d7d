//! Records as EPCIS 2.0 events, for exchange with other systems.
//!
//! The mapping is fixed. Core Business Vocabulary 2.0 has no step for disinfecting and none for releasing, and no
//! disposition for quarantine; those are terms of the extension `lz`, and a strict receiver gets the nearest standard
//! step instead. Goods in quarantine have the persistent disposition `unavailable` until their release.
//!
//! A correction takes back the events of the record that it corrects: each comes once more, under the same name, with an
//! `errorDeclaration` that names the events which replace it.
//!
//! An event is named by its hash ([`event_hash`]), so that a receiver can check the name and takes it once.
//!
//! What a yard does inside one place (waiting, shifts, readings one by one) has no counterpart and is left out.
//!
//! # Source
//! GS1 EPCIS and CBV 2.0; JSON schema of <https://github.com/gs1/EPCIS>.

mod hash;

pub use hash::{event_hash, prehash};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lazaret_vocabulary::event::entry::Entry as E;
use lazaret_vocabulary::event::{Happening as H, LotId, Spot};
use serde_json::{Map, Value, json};

use crate::chain::Record;
use crate::family::in_family;

/// Under which lots, vehicles and places are named if no address is chosen.
pub const BASE: &str = "lazaret:";

/// What is not a URI to put names under.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a URI to put names under; write one such as https://gate.example.org/")]
pub struct NotABase(pub String);

/// How events are named and placed for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    base: String,
    zone: TimeZone,
    strict: bool,
}

/// An event or document as JSON text, with the `type` of each object first: the reference implementation of the hash
/// takes the members of a business transaction in the order in which they are written.
#[must_use]
pub fn text(value: &Value) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Array(items) => {
                out.push('[');
                for (nth, item) in items.iter().enumerate() {
                    if nth > 0 {
                        out.push(',');
                    }
                    write(item, out);
                }
                out.push(']');
            }
            Value::Object(fields) => {
                out.push('{');
                let rest = fields.iter().filter(|(name, _)| *name != "type");
                let first = fields.get_key_value("type");
                for (nth, (name, field)) in first.into_iter().chain(rest).enumerate() {
                    if nth > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    write(field, out);
                }
                out.push('}');
            }
            plain => out.push_str(&plain.to_string()),
        }
    }
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// The record that `record` corrects, if it corrects one.
#[must_use]
pub fn corrects(record: &Record) -> Option<u64> {
    let mut entries = record.events.iter().map(|event| &event.happening);
    entries.find_map(|happening| match happening {
        H::Entry(E::Corrected { record, .. }) => Some(*record),
        _ => None,
    })
}

impl Exchange {
    /// How events are named.
    ///
    /// * `base` — URI under which lots, vehicles, places and the terms of the extension are named; ends in `/` or `:`,
    ///   or gets a slash.
    /// * `zone` — of the gateway's clocks.
    /// * `strict` — whether receivers accept only standard business steps.
    ///
    /// # Errors
    /// If `base` has no scheme, or has characters that no URI has.
    pub fn new(base: &str, zone: TimeZone, strict: bool) -> Result<Exchange, NotABase> {
        let wrong = || NotABase(base.to_owned());
        let (scheme, rest) = base.split_once(':').ok_or_else(wrong)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let letter = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
        // No query and no fragment: names are put behind it.
        let known =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/@!$&'()*+,;=%[]".contains(&byte);
        let web = ["http", "https"].contains(&scheme);
        let host = !web
            || rest
                .strip_prefix("//")
                .is_some_and(|host| !host.starts_with(['/', ':']) && !host.is_empty());
        if !letter || !scheme.bytes().all(plain) || !rest.bytes().all(known) || !host {
            return Err(wrong());
        }
        let slash = if base.ends_with(['/', ':']) { "" } else { "/" };
        Ok(Exchange {
            base: format!("{base}{slash}"),
            zone,
            strict,
        })
    }

    /// Namespace of the extension `lz`.
    #[must_use]
    pub fn namespace(&self) -> String {
        format!("{}epcis/", self.base)
    }

    /// What every document begins with.
    fn context(&self) -> Value {
        json!([
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            { "lz": self.namespace() },
        ])
    }

    /// The text before and after the events of a document, which are joined by commas.
    ///
    /// * `created` — when it is made.
    #[must_use]
    pub fn around(&self, created: Timestamp) -> (String, &'static str) {
        let context = self.context();
        let before = format!(
            "{{\"@context\":{context},\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"{created}\",\"epcisBody\":{{\"eventList\":["
        );
        (before, "]}}\n")
    }

    /// The answer to a query: those events that were asked for.
    ///
    /// * `created` — when it is made.
    #[must_use]
    pub fn answer(&self, created: Timestamp, events: &[Value]) -> Value {
        json!({
            "@context": self.context(),
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": created.to_string(),
            "epcisBody": { "queryResults": {
                "queryName": "SimpleEventQuery",
                "resultsBody": { "eventList": events },
            } },
        })
    }

    /// The EPCIS events of one record; what has no counterpart in EPCIS is left out.
    ///
    /// * `corrected` — the record that this one [`corrects`].
    #[must_use]
    pub fn events(&self, record: &Record, corrected: Option<&Record>) -> Vec<Value> {
        let mut events = self.own(record);
        let names: Vec<Value> = events
            .iter()
            .map(|event| event["eventID"].clone())
            .collect();
        for mut wrong in corrected.map(|old| self.own(old)).unwrap_or_default() {
            let mut error = json!({ "declarationTime": record.recorded_at.to_string() });
            error["reason"] = if names.is_empty() {
                "did_not_occur".into()
            } else {
                error["correctiveEventIDs"] = names.clone().into();
                "incorrect_data".into()
            };
            if let Some(fields) = wrong.as_object_mut() {
                fields.insert("errorDeclaration".into(), error);
                fields.insert("recordTime".into(), record.recorded_at.to_string().into());
            }
            events.push(wrong);
        }
        events
    }

    /// The events of a record by itself.
    fn own(&self, record: &Record) -> Vec<Value> {
        let namespace = self.namespace();
        record
            .events
            .iter()
            .enumerate()
            .filter_map(|(nth, event)| {
                let mut fields = in_family!(event.happening, event => event.export(self))?;
                fields.insert("eventTime".into(), event.at.to_string().into());
                let offset = self.zone.to_offset(event.at).seconds() / 60;
                let sign = if offset < 0 { '-' } else { '+' };
                let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
                let offset = format!("{sign}{hours:02}:{minutes:02}");
                fields.insert("eventTimeZoneOffset".into(), offset.into());
                fields.insert("recordTime".into(), record.recorded_at.to_string().into());
                // The same each time it is exported, and no other event's: record and position are in it.
                fields.insert("lz:record".into(), record.seq.into());
                fields.insert("lz:position".into(), nth.into());
                fields.insert("lz:digestBefore".into(), record.previous.to_string().into());
                let mut event = Value::Object(fields);
                let hash = event_hash(&event, &[("lz", &namespace)]);
                if let Some(fields) = event.as_object_mut() {
                    fields.insert("eventID".into(), hash.into());
                }
                Some(event)
            })
            .collect()
    }

    /// A lot as a URI.
    pub(crate) fn lot(&self, lot: &LotId) -> String {
        self.name("lot", lot.as_str())
    }

    /// A hold that begins or begins anew.
    pub(crate) fn held(&self, lot: &LotId, until: Timestamp) -> Map<String, Value> {
        let mut fields = object("OBSERVE", "holding", "unavailable", vec![self.lot(lot)]);
        fields.insert(
            "persistentDisposition".into(),
            json!({ "set": ["unavailable"] }),
        );
        fields.insert("lz:heldUntil".into(), until.to_string().into());
        fields
    }

    /// A step that the standard does not have, as an address, or the nearest that it has.
    pub(crate) fn step(&self, own: &str, nearest: &str) -> String {
        if self.strict {
            nearest.to_owned()
        } else {
            format!("{}{own}", self.namespace())
        }
    }

    pub(crate) fn at(&self, mut fields: Map<String, Value>, spot: &Spot) -> Map<String, Value> {
        let place = self.name("place", &format!("{}-{}", spot.place, spot.unit));
        fields.insert("readPoint".into(), json!({ "id": place }));
        fields
    }

    /// A thing as a URI: whatever is not a plain letter, digit, dot, hyphen or underscore is escaped.
    pub(crate) fn name(&self, kind: &str, name: &str) -> String {
        use std::fmt::Write;
        let mut uri = format!("{}{kind}/", self.base);
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
                uri.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
        uri
    }
}

pub(crate) fn object(
    action: &str,
    step: &str,
    disposition: &str,
    epcs: Vec<String>,
) -> Map<String, Value> {
    Map::from_iter([
        ("type".to_owned(), "ObjectEvent".into()),
        ("action".to_owned(), action.into()),
        ("bizStep".to_owned(), step.into()),
        ("disposition".to_owned(), disposition.into()),
        ("epcList".to_owned(), epcs.into()),
    ])
}

/// A version of a protocol.
pub(crate) fn pin_uri(pin: &lazaret_vocabulary::event::entry::Pin) -> String {
    format!("{}/{}", pin.protocol, pin.version)
}
