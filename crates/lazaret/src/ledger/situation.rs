//! `lazaret ledger situation`: where everything is, as a file from which the simulator starts.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use lazaret_bridge::{SituationReader, Taken};
use lazaret_gateway::model::Gateway;
use lazaret_ledger::Record;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::Entry;

use super::place::{Place, failed, runtime};
use crate::files::Output;
use crate::output::{Failure, print, say};

/// After so long without a record the situation is said to be old.
const SILENT_MOST: SignedDuration = SignedDuration::from_hours(48);
/// Records that are read at once.
const CHUNK: u32 = 2_000;

/// What the ledger at `place` knew at `at` of where everything was.
pub(super) async fn taken(
    place: &Place,
    gateway: &Gateway,
    at: Timestamp,
) -> Result<Taken, Failure> {
    let store = place.open_reading().await?;
    let mut reader = SituationReader::new(gateway);
    let (mut last, mut latest, mut name) = (0, None, None);
    'records: loop {
        let rows = store.after(last, CHUNK).await.map_err(failed)?;
        let Some(end) = rows.last() else {
            break;
        };
        last = end.seq;
        for row in &rows {
            let record: Record = serde_json::from_slice(&row.body)
                .map_err(|error| Failure::BadInput(format!("record {}: {error}", row.seq)))?;
            if record.recorded_at > at {
                break 'records;
            }
            latest = Some(record.recorded_at);
            for event in &record.events {
                if let Happening::Entry(Entry::RulesAdopted { rules, .. }) = &event.happening {
                    name = Some(rules.gateway.clone());
                }
                reader.take(event);
            }
        }
    }
    let Some(latest) = latest else {
        return Err(Failure::BadInput(format!(
            "the ledger has no records up to {at}"
        )));
    };
    if let Some(name) = name.filter(|name| *name != gateway.name) {
        return Err(Failure::BadInput(format!(
            "the ledger is of the gateway \"{name}\", the file is of \"{}\"; name the file that it belongs to, or adopt the changed one with `lazaret ledger adopt`",
            gateway.name
        )));
    }
    let mut taken = reader.situation(at);
    let silent = at.duration_since(latest);
    if silent > SILENT_MOST {
        taken.left_out.push(format!(
            "the last record before {at} is of {latest}, {} days earlier; what has happened since is not known",
            silent.as_hours() / 24
        ));
    }
    Ok(taken)
}

/// What the ledger in `folder` says of the present.
pub(crate) fn of_folder(folder: &Path, gateway: &Gateway) -> Result<Taken, Failure> {
    let place = Place {
        data: folder.to_path_buf(),
        database: None,
    };
    runtime()?.block_on(taken(&place, gateway, Timestamp::now()))
}

pub(super) async fn write(
    gateway: &Gateway,
    at: Option<Timestamp>,
    out: Option<&Output>,
    place: &Place,
) -> Result<(), Failure> {
    let at = at.unwrap_or_else(Timestamp::now);
    let taken = taken(place, gateway, at).await?;
    let text = serde_json::to_string_pretty(&taken.situation)
        .map_err(|error| Failure::Machine(error.to_string()))?;
    for sentence in &taken.left_out {
        say(&format!("note: {sentence}\n"));
    }
    let lots = taken
        .situation
        .things
        .iter()
        .filter(|thing| thing.lot.is_some())
        .count();
    let vehicles = taken.situation.things.len() - lots;
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    say(&format!(
        "{at}: {}, {} and {}\n",
        count(lots, "lot"),
        count(vehicles, "vehicle"),
        count(taken.situation.convoys.len(), "announced convoy")
    ));
    match out {
        Some(out) => out.write(format!("{text}\n").as_bytes()),
        None => print(&format!("{text}\n")),
    }
}
