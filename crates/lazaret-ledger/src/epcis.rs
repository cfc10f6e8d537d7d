//! Records as EPCIS 2.0 events, for exchange with other systems.
//!
//! The mapping is fixed. Core Business Vocabulary 2.0 has no step for disinfecting and none for releasing, and no
//! disposition for quarantine; those are terms of the extension `lz`, and a strict receiver gets the nearest standard
//! step instead. Goods in quarantine have the persistent disposition `unavailable` until their release.
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
use lazaret_vocabulary::event::entry::Entry as E;
use lazaret_vocabulary::event::{Happening as H, LotId, Spot};
use serde_json::{Map, Value, json};

use crate::chain::Record;
use crate::family::in_family;

/// Namespace of the extension.
pub const EXTENSION: &str = "https://lazaret.example/epcis/";

/// How events are named and placed for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// URI under which lots, vehicles and places are named, with its final slash.
    pub base: String,
    /// Offset of the gateway's clock from UTC as EPCIS writes it, such as `+09:00`.
    pub offset: String,
    /// Whether receivers accept only standard business steps.
    pub strict: bool,
}

impl Exchange {
    /// A document of the events of `records`; what has no counterpart in EPCIS is left out.
    pub fn document<'a>(&self, records: impl IntoIterator<Item = &'a Record>) -> Value {
        let mut created = None;
        let mut events = Vec::new();
        for record in records {
            created = Some(record.recorded_at);
            events.extend(self.events(record));
        }
        json!({
            "@context": [
                "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                { "lz": EXTENSION },
            ],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": created.map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), |at| at.to_string()),
            "epcisBody": { "eventList": events },
        })
    }

    /// The EPCIS events of one record.
    #[must_use]
    pub fn events(&self, record: &Record) -> Vec<Value> {
        let corrects = record
            .events
            .iter()
            .find_map(|event| match &event.happening {
                H::Entry(E::Corrected { record, .. }) => Some(*record),
                _ => None,
            });
        record
            .events
            .iter()
            .enumerate()
            .filter_map(|(nth, event)| {
                let mut fields = in_family!(event.happening, event => event.export(self))?;
                fields.insert("eventTime".into(), event.at.to_string().into());
                fields.insert("eventTimeZoneOffset".into(), self.offset.clone().into());
                fields.insert("recordTime".into(), record.recorded_at.to_string().into());
                // The same each time it is exported, and no other event's: record and position are in it.
                fields.insert("lz:record".into(), record.seq.into());
                fields.insert("lz:position".into(), nth.into());
                fields.insert("lz:digestBefore".into(), record.previous.to_string().into());
                if let Some(old) = corrects {
                    fields.insert("lz:corrects".into(), old.into());
                }
                let mut event = Value::Object(fields);
                let hash = event_hash(&event, &[("lz", EXTENSION)]);
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
            format!("{EXTENSION}{own}")
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
