//! The result as one JSON object. Other programs read it: names only ever get added.

use lazaret_gateway::model::Study as Question;
use lazaret_sim::study::{Fan, Spread};
use lazaret_sim::{Estimate, MetricNames};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{Ended, Told, answer};
use crate::output::Failure;

#[derive(Serialize)]
struct Answer<'a> {
    gateway: &'a str,
    file_hash: String,
    version: &'static str,
    seed: u64,
    replications: u64,
    study: &'static str,
    settled: bool,
    partial: bool,
    stopped_by: &'static str,
    warm_up_hours: f64,
    warnings: Vec<String>,
    metrics: Named<'a, &'a [Estimate]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spread: Option<Named<'a, &'a [Spread]>>,
    occupancy: Vec<Occupancy<'a>>,
}

/// Values by metric, in the order of the metrics.
struct Named<'a, T>(&'a MetricNames, T);

impl Serialize for Named<'_, &[Estimate]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Figure {
            mean: Option<f64>,
            sd: Option<f64>,
            low: Option<f64>,
            high: Option<f64>,
            level: f64,
            n: u64,
        }
        let mut map = serializer.serialize_map(Some(self.1.len()))?;
        for (name, estimate) in self.0.iter().zip(self.1) {
            // One replication has a figure but no spread; none has neither.
            let known = |value: f64| finite(value).filter(|_| estimate.n > 0);
            let spread = |value: f64| finite(value).filter(|_| estimate.n > 1);
            map.serialize_entry(
                name,
                &Figure {
                    mean: known(estimate.mean),
                    sd: spread(estimate.sd),
                    low: spread(estimate.low),
                    high: spread(estimate.high),
                    level: estimate.level,
                    n: estimate.n,
                },
            )?;
        }
        map.end()
    }
}

impl Serialize for Named<'_, &[Spread]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Share {
            unknowns: f64,
            low: f64,
            high: f64,
        }
        let mut map = serializer.serialize_map(None)?;
        for (name, spread) in self.0.iter().zip(self.1) {
            if spread.unknowns.is_finite() {
                map.serialize_entry(
                    name,
                    &Share {
                        unknowns: spread.unknowns,
                        low: spread.low,
                        high: spread.high,
                    },
                )?;
            }
        }
        map.end()
    }
}

/// Occupancy of a place over time, between replications.
#[derive(Serialize)]
struct Occupancy<'a> {
    place: &'a str,
    bin_hours: f64,
    p05: Vec<Option<f64>>,
    p25: Vec<Option<f64>>,
    p50: Vec<Option<f64>>,
    p75: Vec<Option<f64>>,
    p95: Vec<Option<f64>>,
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The result as text, ending in a line break.
///
/// * `overrides` — those of the command line, in order.
pub(crate) fn json(told: &Told<'_>, overrides: &[String]) -> Result<String, Failure> {
    let (study, gateway) = (told.study, told.model.gateway());
    let metrics = told.model.metrics();
    let quantile = |fan: &Fan, nth: usize| {
        fan.quantiles
            .iter()
            .map(|bin| finite(bin[nth]))
            .collect::<Vec<_>>()
    };
    let answer = Answer {
        gateway: &gateway.name,
        file_hash: hash(told.loaded.document.text(), overrides),
        version: env!("CARGO_PKG_VERSION"),
        seed: told.settings.seed,
        replications: study.replications,
        study: match gateway.study {
            Question::Opening => "opening",
            Question::Steady => "steady",
        },
        settled: study.settled,
        partial: study.partial,
        stopped_by: match told.ended {
            Ended::Precision => "precision",
            Ended::Limit => "limit",
            Ended::Replications => "replications",
            Ended::Interrupt => "interrupt",
        },
        warm_up_hours: study.warm_up.hours(),
        warnings: answer::warnings(told),
        metrics: Named(metrics, study.estimates.as_slice()),
        spread: study.spread.as_deref().map(|spread| Named(metrics, spread)),
        occupancy: study
            .fans
            .iter()
            .map(|fan| Occupancy {
                place: &gateway.places[fan.place.index()].name,
                bin_hours: fan.bin_hours,
                p05: quantile(fan, 0),
                p25: quantile(fan, 1),
                p50: quantile(fan, 2),
                p75: quantile(fan, 3),
                p95: quantile(fan, 4),
            })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&answer)
        .map_err(|error| Failure::Machine(format!("the result cannot be written: {error}")))?;
    text.push('\n');
    Ok(text)
}

/// SHA-256 in hexadecimal of the file's text, followed by a zero byte and the text of each override.
pub(crate) fn hash(text: &str, overrides: &[String]) -> String {
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    for text in overrides {
        hash.update([0]);
        hash.update(text.as_bytes());
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
