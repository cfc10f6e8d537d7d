//! Read models: everything that one answer needs, worked out from the ledger's state and from its records, a page at a
//! time. Routes and exports ask here, so that a table to download says what the screen says. What needs no records is a
//! function of the state; what does reads them once, between two looks at the state. Rows and cards are in `view`.

pub(crate) mod adoption;
pub(crate) mod arrivals;
pub(crate) mod audit;
pub(crate) mod dispatch;
pub(crate) mod epcis;
pub(crate) mod exceptions;
pub(crate) mod export;
pub(crate) mod lots;
pub(crate) mod people;
pub(crate) mod protocols;
pub(crate) mod release;
pub(crate) mod search;
pub(crate) mod site;
pub(crate) mod tests;
pub(crate) mod vehicles;

use lazaret_ledger::chain::Record;

use crate::api::common::Problem;
use crate::app::App;
use crate::guard::Who;
use crate::view::health;

/// Records by their numbers, in order and each once, with what `who` may read of them.
async fn records(app: &App, who: &Who, mut seqs: Vec<u64>) -> Result<Vec<Record>, Problem> {
    seqs.sort_unstable();
    seqs.dedup();
    let mut records = crate::view::timeline::records(app.0.live.store(), &seqs).await?;
    for record in &mut records {
        record.events = health::readable(&who.roles, &record.events);
    }
    Ok(records)
}
