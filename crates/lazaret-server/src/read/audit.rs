//! Records as the audit reads them: filtered, the latest first, a page at a time.

use lazaret_ledger::chain::Record;
use lazaret_store::Stored;
use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::event::{LotId, VehicleId};

use crate::api::audit::{AuditQuery, ReadRow, RecordCard, RecordRow};
use crate::api::common::{Page, PageQuery, Problem, position, rows_of};
use crate::app::App;
use crate::words::{in_words, name};

/// Records looked at for one page; a filter that finds nothing in so many gives the place to go on from.
const LOOKED_AT: usize = 100_000;
/// Bytes of records on one page: the next page goes on from there.
const PAGE_BYTES: usize = 4 << 20;

/// Records that fit, the latest first.
pub(crate) async fn page(app: &App, query: &AuditQuery) -> Result<Page<RecordRow>, Problem> {
    let limit = rows_of(query.limit);
    let range = range(app, query).await?;
    let (first, mut before) = (range.start, range.end);
    let listed = listed(app, query).await?;
    let q = query.q.as_deref().map(str::to_lowercase);
    let mut items = Vec::new();
    let (mut looked, mut bytes) = (0, 0);
    let mut next = None;
    'pages: loop {
        let rows = stretch(app, listed.as_deref(), first, before).await?;
        if rows.is_empty() {
            break;
        }
        for stored in &rows {
            if stored.seq < first {
                break 'pages;
            }
            let full = items.len() == limit || bytes >= PAGE_BYTES;
            if full || looked == LOOKED_AT {
                next = Some((stored.seq + 1).to_string());
                break 'pages;
            }
            before = stored.seq;
            looked += 1;
            let record = stored.record()?;
            if fits(query, q.as_deref(), stored, &record) {
                bytes += stored.body.len();
                items.push(row(stored, record));
            }
        }
    }
    Ok(Page {
        items,
        next,
        total: None,
    })
}

/// The numbers of the records that a query may mean.
async fn range(app: &App, query: &AuditQuery) -> Result<std::ops::Range<u64>, Problem> {
    let store = app.0.live.store();
    let instant = jiff::SignedDuration::from_micros(1);
    let mut before = match position(query.after.as_deref())? {
        Some(after) => after as u64,
        None => app.0.live.seq() + 1,
    };
    if let Some(to) = query.to {
        // Everything recorded before `to`, which itself is left out.
        before = before.min(store.seq_at(to.0 - instant).await? + 1);
    }
    let first = match query.from {
        Some(from) => store.seq_at(from.0 - instant).await? + 1,
        None => 1,
    };
    Ok(first..before)
}

/// A lot's and a vehicle's records are listed in the state; none if all are to be looked through.
async fn listed(app: &App, query: &AuditQuery) -> Result<Option<Vec<u64>>, Problem> {
    let (listed, _) = app
        .look(None, |state, _| match (&query.lot, &query.vehicle) {
            (Some(lot), _) => Some(state.lot_history(&LotId::new(lot.as_str()))),
            (_, Some(vehicle)) => Some(state.vehicle_history(&VehicleId::new(vehicle.as_str()))),
            _ => None,
        })
        .await?;
    Ok(listed)
}

/// The next records downwards from `before`.
async fn stretch(
    app: &App,
    listed: Option<&[u64]>,
    first: u64,
    before: u64,
) -> Result<Vec<Stored>, Problem> {
    let store = app.0.live.store();
    let Some(listed) = listed else {
        return Ok(store.before(before, 1000).await?);
    };
    let mut seqs: Vec<u64> = listed
        .iter()
        .copied()
        .filter(|seq| (first..before).contains(seq))
        .collect();
    seqs.reverse();
    seqs.truncate(1000);
    Ok(store.records(&seqs).await?)
}

/// * `q` — what the record's bytes contain, in small letters.
fn fits(query: &AuditQuery, q: Option<&str>, stored: &Stored, record: &Record) -> bool {
    let by = query.by.as_ref();
    let event = query.event.as_ref();
    by.is_none_or(|by| record.by.as_str() == by)
        && event.is_none_or(|event| record.events.iter().any(|e| name(e) == *event))
        && q.is_none_or(|q| {
            String::from_utf8_lossy(&stored.body)
                .to_lowercase()
                .contains(q)
        })
}

fn row(stored: &Stored, record: Record) -> RecordRow {
    RecordRow {
        seq: record.seq,
        recorded_at: record.recorded_at.into(),
        by: record.by,
        device: record.device,
        command: record.command.to_string(),
        words: in_words(&record.events),
        events: record.events,
        digest: stored.digest().unwrap_or_default().to_string(),
    }
}

/// One record with the bytes that were hashed.
pub(crate) async fn card(app: &App, seq: u64) -> Result<RecordCard, Problem> {
    let stored = app.0.live.store().record(seq).await?;
    let stored = stored.ok_or_else(|| Problem::not_found(format!("there is no record {seq}")))?;
    let record = stored.record()?;
    Ok(RecordCard {
        previous: record.previous.to_string(),
        proved: stored.digest() == Some(lazaret_ledger::Digest::of(&stored.body)),
        canonical: String::from_utf8_lossy(&stored.body).into_owned(),
        row: row(&stored, record),
    })
}

/// Who looked at sensitive pages, the latest first.
pub(crate) async fn reads(app: &App, query: &PageQuery) -> Result<Page<ReadRow>, Problem> {
    let before = position(query.after.as_deref())?.map_or(u64::MAX, |after| after as u64);
    let limit = query.limit();
    let mut rows = app.0.office.reads(before, limit as u32 + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Page {
        next: rows.last().filter(|_| more).map(|row| row.id.to_string()),
        items: rows
            .into_iter()
            .map(|row| ReadRow {
                id: row.id,
                at: row.at.into(),
                person: PersonName::new(row.person),
                path: row.path,
                from: row.address,
            })
            .collect(),
        total: None,
    })
}
