//! `lazaret ledger export --epcis`.

use std::io::{BufWriter, IsTerminal};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lazaret_ledger::epcis::{BASE, Exchange};
use lazaret_store::export_epcis;

use super::not_written;
use super::place::{Place, failed};
use crate::output::{Failure, say};

/// A URI to put the names of EPCIS events under.
pub(crate) fn base(text: &str) -> Result<String, String> {
    Exchange::new(text, TimeZone::UTC, false)
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

pub(super) async fn export(base: Option<&str>, strict: bool, place: &Place) -> Result<(), Failure> {
    let store = place.open_reading().await?;
    let ledger = store.load().await.map_err(failed)?;
    let zone = ledger.state().rules().map(|rules| rules.time_zone.clone());
    let zone = zone
        .and_then(|name| TimeZone::get(&name).ok())
        .unwrap_or(TimeZone::UTC);
    let exchange = Exchange::new(base.unwrap_or(BASE), zone, strict)
        .map_err(|error| Failure::BadInput(error.to_string()))?;
    if std::io::stdout().is_terminal() {
        say("(redirect this to a file)\n");
    }
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let events = export_epcis(&store, &exchange, Timestamp::now(), &mut out)
        .await
        .map_err(not_written)?;
    say(&format!("{events} events\n"));
    Ok(())
}
