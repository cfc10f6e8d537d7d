//! The whole ledger as JSON lines: a head that says of which format it is, then one record a line, the bytes that were
//! hashed.

use std::io::{BufRead, Write};

use jiff::Timestamp;
use lazaret_ledger::Ledger;
use lazaret_ledger::chain::{self, Chain, Digest, Record};
use lazaret_ledger::epcis::{Exchange, corrects, text};

use crate::database::Store;
use crate::error::StoreError;
use crate::snapshots::CHUNK;

/// What was written or read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// Records.
    pub records: u64,
    /// The end of the chain.
    pub head: Chain,
}

/// The format of records and of the exports that hold them.
pub const FORMAT: u64 = 1;

/// The first line of an export.
#[must_use]
pub fn export_head() -> String {
    format!("{{\"lazaret\":\"ledger\",\"format\":{FORMAT}}}\n")
}

/// The format that a line says, if it is the head of an export.
fn format_of(line: &str) -> Option<Result<u64, String>> {
    #[derive(serde::Deserialize)]
    struct Head {
        lazaret: String,
        format: u64,
    }
    let head: Head = serde_json::from_str(line).ok()?;
    if head.lazaret != "ledger" {
        return Some(Err(format!(
            "this is the export of a {}, not of a ledger",
            head.lazaret
        )));
    }
    Some(Ok(head.format))
}

/// Whether the first line of an export is its head, which says the format, or already a record.
///
/// # Errors
/// If it is the head of something else, or of a format that only a newer program knows.
pub fn is_export_head(line: &[u8]) -> Result<bool, String> {
    let Some(format) = std::str::from_utf8(line).ok().and_then(format_of) else {
        return Ok(false);
    };
    let format = format?;
    if format > FORMAT {
        return Err(format!(
            "it was written by a newer program: its format is {format}, but this program only reads up to {FORMAT}; use \
             the newer program"
        ));
    }
    Ok(true)
}

/// Writes every record as a line.
///
/// # Errors
/// If the database or the writer fails.
pub async fn export_records(store: &Store, out: &mut impl Write) -> Result<Exchanged, StoreError> {
    let mut done = Exchanged::default();
    out.write_all(export_head().as_bytes())
        .map_err(|error| StoreError::file("output", error))?;
    loop {
        let rows = store.after(done.head.seq, CHUNK).await?;
        let Some(last) = rows.last() else {
            break;
        };
        done.head = Chain {
            seq: last.seq,
            head: last.digest().unwrap_or_default(),
        };
        done.records += rows.len() as u64;
        for row in &rows {
            out.write_all(&row.body)
                .and_then(|()| out.write_all(b"\n"))
                .map_err(|error| StoreError::file("output", error))?;
        }
    }
    out.flush()
        .map_err(|error| StoreError::file("output", error))?;
    Ok(done)
}

/// The EPCIS events of a stored record; the record that it corrects is looked up.
///
/// # Errors
/// If the database fails, or bytes are not a record.
pub async fn epcis_events(
    store: &Store,
    exchange: &Exchange,
    record: &Record,
) -> Result<Vec<serde_json::Value>, StoreError> {
    let corrected = match corrects(record) {
        Some(seq) => store.record(seq).await?,
        None => None,
    };
    let corrected = corrected.map(|stored| stored.record()).transpose()?;
    Ok(exchange.events(record, corrected.as_ref()))
}

/// Writes an EPCIS 2.0 document of every record that has a meaning there, as it is read. Gives the number of events.
///
/// * `created` — when it is made.
///
/// # Errors
/// If the database or the writer fails, or bytes are not a record.
pub async fn export_epcis(
    store: &Store,
    exchange: &Exchange,
    created: Timestamp,
    out: &mut impl Write,
) -> Result<u64, StoreError> {
    let cannot = |error| StoreError::file("output", error);
    let (before, end) = exchange.around(created);
    out.write_all(before.as_bytes()).map_err(cannot)?;
    let (mut after, mut events) = (0, 0);
    loop {
        let rows = store.after(after, CHUNK).await?;
        let Some(last) = rows.last() else {
            break;
        };
        after = last.seq;
        for row in &rows {
            for event in epcis_events(store, exchange, &row.record()?).await? {
                let comma = if events > 0 { ",\n" } else { "\n" };
                write!(out, "{comma}{}", text(&event)).map_err(cannot)?;
                events += 1;
            }
        }
    }
    out.write_all(end.as_bytes())
        .and_then(|()| out.flush())
        .map_err(cannot)?;
    Ok(events)
}

/// Reads records into an empty ledger. Every line is checked: its place in the chain, and that it fits the state.
///
/// Nothing is left behind of a file that is wrong in the middle but the records before the wrong one, which are a
/// ledger.
///
/// # Errors
/// [`StoreError::Line`] at the first line that is wrong, [`StoreError::NotEmpty`] if there are records already.
pub async fn import_records(store: &Store, input: impl BufRead) -> Result<Exchanged, StoreError> {
    import_judged(store, input, |_| Ok(())).await
}

/// As [`import_records`], with somebody who judges each line that fits, and says why where one must not be taken.
///
/// # Errors
/// As [`import_records`]; what the judge says is [`StoreError::Line`].
pub async fn import_judged(
    store: &Store,
    input: impl BufRead,
    judge: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<Exchanged, StoreError> {
    if store.head().await?.seq != 0 {
        return Err(StoreError::NotEmpty("the database".into()));
    }
    let lease = store
        .take_lease("import")
        .await?
        .ok_or_else(|| StoreError::InUse("a server".into()))?;
    let outcome = import_under(store, input, lease.token(), judge).await;
    lease.give_back(store).await?;
    outcome
}

async fn import_under(
    store: &Store,
    input: impl BufRead,
    token: i64,
    mut judge: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<Exchanged, StoreError> {
    let mut ledger = Ledger::default();
    let mut rows: Vec<(i64, i64, Vec<u8>, Digest)> = Vec::new();
    let mut done = Exchanged::default();
    for (line, text) in (1..).zip(input.lines()) {
        let wrong = |what: String| StoreError::Line { line, what };
        let text = text.map_err(|error| wrong(error.to_string()))?;
        if text.trim().is_empty() {
            continue;
        }
        if line == 1 && is_export_head(text.as_bytes()).map_err(wrong)? {
            continue;
        }
        let record: Record = chain::read(text.as_bytes()).map_err(wrong)?;
        let body = text.into_bytes();
        let digest = Digest::of(&body);
        ledger
            .replay(&record, digest)
            .map_err(|broken| wrong(broken.what))?;
        judge(&body).map_err(wrong)?;
        let at = crate::records::micros(record.recorded_at);
        rows.push((record.seq as i64, at, body, digest));
        if rows.len() >= CHUNK as usize {
            put(store, token, &mut rows).await?;
        }
        done.records += 1;
        done.head = ledger.chain();
    }
    put(store, token, &mut rows).await?;
    if let Ok(bytes) = ledger.snapshot() {
        store.keep_snapshot(ledger.chain().seq, &bytes).await?;
    }
    Ok(done)
}

async fn put(
    store: &Store,
    token: i64,
    rows: &mut Vec<(i64, i64, Vec<u8>, Digest)>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let parts = rows
        .iter()
        .map(|(seq, at, body, digest)| (*seq, *at, &body[..], &digest.0[..]));
    store.append_rows(token, parts).await?;
    rows.clear();
    Ok(())
}
