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

use lazaret_vocabulary::event::entry::{Entry as E, Outcome};
use lazaret_vocabulary::event::{Happening as H, Spot};
use serde_json::{Map, Value, json};

use crate::chain::Record;

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
                let mut fields = self.event(&event.happening)?;
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

    fn event(&self, happening: &H) -> Option<Map<String, Value>> {
        let lot = |lot: &dyn ToString| self.name("lot", &lot.to_string());
        Some(match happening {
            H::ConvoyArrived {
                convoy, vehicles, ..
            } => {
                let vehicles: Vec<String> = vehicles
                    .iter()
                    .map(|vehicle| self.name("vehicle", vehicle.as_str()))
                    .collect();
                let mut fields = object("OBSERVE", "arriving", "in_progress", vehicles);
                fields.insert(
                    "bizTransactionList".into(),
                    json!([{ "type": "bol", "bizTransaction": self.name("convoy", convoy.as_str()) }]),
                );
                fields
            }
            H::VehiclePlaced { vehicle, spot } => self.at(
                object(
                    "OBSERVE",
                    "entering_exiting",
                    "in_progress",
                    vec![self.name("vehicle", vehicle.as_str())],
                ),
                spot,
            ),
            H::LotUnloaded {
                lot: id,
                vehicle,
                spot,
                ..
            } => {
                let fields = Map::from_iter([
                    ("type".to_owned(), "AggregationEvent".into()),
                    ("action".to_owned(), "DELETE".into()),
                    ("bizStep".to_owned(), "unloading".into()),
                    ("disposition".to_owned(), "in_progress".into()),
                    (
                        "parentID".to_owned(),
                        self.name("vehicle", vehicle.as_str()).into(),
                    ),
                    ("childEPCs".to_owned(), json!([lot(id)])),
                ]);
                self.at(fields, spot)
            }
            H::LotStored { lot: id, spot } => self.at(
                object("OBSERVE", "storing", "in_progress", vec![lot(id)]),
                spot,
            ),
            H::TreatmentEnded {
                lot: id,
                step,
                spot,
            } => {
                let step_name = self.step("disinfecting", "inspecting");
                let mut fields = object("OBSERVE", &step_name, "in_progress", vec![lot(id)]);
                fields.insert("lz:step".into(), step.as_str().into());
                self.at(fields, spot)
            }
            H::Entry(E::TreatmentJudged {
                lot: id,
                valid,
                pin,
                contact_s,
                ct_mg_h_m3,
                ..
            }) => {
                let disposition = if *valid {
                    "conformant"
                } else {
                    "non_conformant"
                };
                let mut fields = object("OBSERVE", "inspecting", disposition, vec![lot(id)]);
                let report = json!({ "type": "Time", "value": contact_s, "uom": "SEC" });
                fields.insert(
                    "sensorElementList".into(),
                    json!([{ "sensorReport": [report] }]),
                );
                if let Some(ct) = ct_mg_h_m3 {
                    // No unit of Recommendation 20 is for it.
                    fields.insert("lz:concentrationTimeMgHM3".into(), json!(ct));
                }
                fields.insert("lz:ruleId".into(), rule(pin).into());
                fields
            }
            H::HoldStarted { lot: id, until, .. } | H::HoldRestarted { lot: id, until, .. } => {
                let mut fields = object("OBSERVE", "holding", "unavailable", vec![lot(id)]);
                fields.insert(
                    "persistentDisposition".into(),
                    json!({ "set": ["unavailable"] }),
                );
                fields.insert("lz:heldUntil".into(), until.to_string().into());
                if let H::HoldRestarted { because, .. } = happening {
                    fields.insert("lz:because".into(), because.as_str().into());
                }
                fields
            }
            H::Entry(E::SampleTaken {
                lot: id,
                sample,
                test,
            }) => {
                let mut fields = object("OBSERVE", "sampling", "unavailable", vec![lot(id)]);
                fields.insert("lz:sample".into(), sample.as_str().into());
                fields.insert("lz:test".into(), test.as_str().into());
                fields
            }
            H::Entry(E::ResultEntered {
                sample, outcome, ..
            }) => {
                let disposition = match outcome {
                    Outcome::Negative => "conformant",
                    Outcome::Positive => "non_conformant",
                    Outcome::Inconclusive => "unknown",
                };
                let sample = self.name("sample", sample.as_str());
                object("OBSERVE", "inspecting", disposition, vec![sample])
            }
            H::LotReleased { lot: id } => {
                let step = self.step("releasing", "inspecting");
                let mut fields = object("OBSERVE", &step, "available", vec![lot(id)]);
                fields.insert(
                    "persistentDisposition".into(),
                    json!({ "unset": ["unavailable"], "set": ["conformant"] }),
                );
                fields
            }
            H::Entry(E::LotRecalled {
                lot: id, exception, ..
            }) => {
                let mut fields = object("OBSERVE", "holding", "recalled", vec![lot(id)]);
                fields.insert("lz:exception".into(), exception.as_str().into());
                fields
            }
            H::LotLoaded {
                lot: id, departure, ..
            } => Map::from_iter([
                ("type".to_owned(), "AggregationEvent".into()),
                ("action".to_owned(), "ADD".into()),
                ("bizStep".to_owned(), "loading".into()),
                ("disposition".to_owned(), "in_transit".into()),
                (
                    "parentID".to_owned(),
                    self.name("departure", departure.as_str()).into(),
                ),
                ("childEPCs".to_owned(), json!([lot(id)])),
            ]),
            H::Departed { departure, .. } => object(
                "OBSERVE",
                "departing",
                "in_transit",
                vec![self.name("departure", departure.as_str())],
            ),
            H::LotDestroyed { lot: id } => {
                object("DELETE", "destroying", "destroyed", vec![lot(id)])
            }
            H::LotSentBack { lot: id } => object("OBSERVE", "shipping", "returned", vec![lot(id)]),
            H::VehicleReleased { vehicle } => object(
                "OBSERVE",
                "departing",
                "in_transit",
                vec![self.name("vehicle", vehicle.as_str())],
            ),
            H::Entry(E::LotSplit { lot: id, parts }) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| self.name("lot", part.lot.as_str()))
                    .collect();
                Map::from_iter([
                    ("type".to_owned(), "TransformationEvent".into()),
                    ("bizStep".to_owned(), "repackaging".into()),
                    ("disposition".to_owned(), "in_progress".into()),
                    ("inputEPCList".to_owned(), json!([lot(id)])),
                    ("outputEPCList".to_owned(), json!(parts)),
                ])
            }
            _ => return None,
        })
    }

    /// A step that the standard does not have, as an address, or the nearest that it has.
    fn step(&self, own: &str, nearest: &str) -> String {
        if self.strict {
            nearest.to_owned()
        } else {
            format!("{EXTENSION}{own}")
        }
    }

    fn at(&self, mut fields: Map<String, Value>, spot: &Spot) -> Map<String, Value> {
        let place = self.name("place", &format!("{}-{}", spot.place, spot.unit));
        fields.insert("readPoint".into(), json!({ "id": place }));
        fields
    }

    /// A thing as a URI: whatever is not a plain letter, digit, dot, hyphen or underscore is escaped.
    fn name(&self, kind: &str, name: &str) -> String {
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

fn object(action: &str, step: &str, disposition: &str, epcs: Vec<String>) -> Map<String, Value> {
    Map::from_iter([
        ("type".to_owned(), "ObjectEvent".into()),
        ("action".to_owned(), action.into()),
        ("bizStep".to_owned(), step.into()),
        ("disposition".to_owned(), disposition.into()),
        ("epcList".to_owned(), epcs.into()),
    ])
}

fn rule(pin: &lazaret_vocabulary::event::entry::Pin) -> String {
    format!("{}/{}", pin.protocol, pin.version)
}
