//! `lazaret ledger situation`: where everything is, as a file from which the simulator starts.

use std::path::Path;

use jiff::Timestamp;
use lazaret_bridge::{SituationReader, Taken};
use lazaret_gateway::model::Gateway;
use lazaret_ledger::Record;

use super::place::{Place, failed, runtime};
use crate::files::Output;
use crate::output::{Failure, print, say};

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
    let mut last = 0;
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
            record.events.iter().for_each(|event| reader.take(event));
        }
    }
    if last == 0 {
        return Err(Failure::BadInput("the ledger has no records yet".into()));
    }
    Ok(reader.situation(at))
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
    say(&format!(
        "{at}: {lots} lots, {vehicles} vehicles and {} announced convoys\n",
        taken.situation.convoys.len()
    ));
    match out {
        Some(out) => out.write(format!("{text}\n").as_bytes()),
        None => print(&format!("{text}\n")),
    }
}
