//! Lots: lists, cards, contacts, traces.

use jiff::Timestamp;
use lazaret_ledger::{Cursor, HoldLine, LotView, State};
use lazaret_store::Moment;
use lazaret_vocabulary::event::entry::{Entry, ManifestLine};
use lazaret_vocabulary::event::{ConvoyId, Happening, LotId};

use super::records;
use crate::api::common::{At, Page, PageQuery, Problem, position, rows_of};
use crate::api::lots::{ContactGraph, LotCard, LotQuery, LotRow, LotStage, Target, Trace};
use crate::app::App;
use crate::guard::Who;
use crate::view::timeline::{about_lot, timeline};
use crate::view::{lots as view, when};

fn missing(lot: &LotId) -> Problem {
    Problem::not_found(format!("there is no lot {lot}"))
}

/// Lots by stage, class, place, the latest named first; `after` is the number of the last one seen.
pub(crate) async fn list(app: &App, query: &LotQuery) -> Result<Page<LotRow>, Problem> {
    let after = position(query.after.as_deref())?;
    let limit = rows_of(query.limit);
    let (page, _) = app
        .look(None, |state, now| lot_page(state, now, query, after, limit))
        .await?;
    Ok(page)
}

fn lot_page(
    state: &State,
    now: Timestamp,
    query: &LotQuery,
    after: Option<usize>,
    limit: usize,
) -> Page<LotRow> {
    let mut items = Vec::new();
    let mut next = None;
    let q = query.q.as_deref().map(str::to_lowercase);
    let from = after.unwrap_or(state.lots_named()).min(state.lots_named());
    for number in (0..from).rev() {
        let Some(lot) = state.lot_named(number) else {
            continue;
        };
        if q.as_ref()
            .is_some_and(|q| !lot.as_str().to_lowercase().contains(q.as_str()))
        {
            continue;
        }
        let Some(found) = state.lot_view(&lot) else {
            continue;
        };
        if !fits(query, &found) {
            continue;
        }
        if items.len() == limit {
            next = Some((number + 1).to_string());
            break;
        }
        items.push(view::row_of(state, found, now));
    }
    Page {
        items,
        next,
        total: None,
    }
}

fn fits(query: &LotQuery, found: &LotView) -> bool {
    let is = |wanted: &Option<String>, known: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| known == Some(wanted))
    };
    query
        .stage
        .is_none_or(|stage| LotStage::from(found.stage) == stage)
        && is(&query.goods, Some(found.goods.as_str()))
        && is(
            &query.place,
            found.spot.as_ref().map(|spot| spot.place.as_str()),
        )
        && is(&query.convoy, found.convoy.as_ref().map(ConvoyId::as_str))
}

/// The list of held lots, by their earliest release.
pub(crate) async fn holds(app: &App, query: &PageQuery) -> Result<Page<LotRow>, Problem> {
    lines(app, query, |state, after, limit| {
        let total = state.counts().held;
        (state.hold_list(after, limit), total)
    })
    .await
}

/// Released lots that are here, the most urgent first.
pub(crate) async fn releasable(app: &App, query: &PageQuery) -> Result<Page<LotRow>, Problem> {
    lines(app, query, |state, after, limit| {
        let total = state.counts().releasable;
        (state.releasable(after, limit), total)
    })
    .await
}

/// A page of lots in an order that the ledger keeps.
///
/// * `read` — that many lines after a place, and how many there are in all.
async fn lines(
    app: &App,
    query: &PageQuery,
    read: impl FnOnce(&State, Option<Cursor>, usize) -> (Vec<HoldLine>, usize),
) -> Result<Page<LotRow>, Problem> {
    let after = cursor_of(query)?;
    let limit = query.limit();
    let (page, _) = app
        .look(None, |state, now| {
            let (mut lines, total) = read(state, after, limit + 1);
            let next = cut(&mut lines, limit);
            Page {
                items: lines
                    .iter()
                    .filter_map(|line| view::row(state, &line.lot, now))
                    .collect(),
                next,
                total: Some(total as u64),
            }
        })
        .await?;
    Ok(page)
}

/// Cuts lines to a page of `limit`; where the next page begins if there is one.
pub(super) fn cut(lines: &mut Vec<HoldLine>, limit: usize) -> Option<String> {
    let more = lines.len() > limit;
    lines.truncate(limit);
    let last = lines.last().filter(|_| more)?;
    serde_json::to_string(&last.cursor).ok()
}

pub(super) fn cursor_of(query: &PageQuery) -> Result<Option<Cursor>, Problem> {
    query
        .after
        .as_deref()
        .map(|text| {
            serde_json::from_str(text).map_err(|_| {
                Problem::bad_request("`after` must be the `next` of the previous page")
            })
        })
        .transpose()
}

/// Everything ever known of a lot.
///
/// * `at` — as it was then; now if there is none.
pub(crate) async fn card(
    app: &App,
    who: &Who,
    lot: &LotId,
    at: Option<Moment>,
) -> Result<LotCard, Problem> {
    let (found, _) = app
        .look(at, |state, now| {
            let found = state.lot_view(lot)?;
            let actions = match at {
                None => view::actions(state, &found, &who.person, &who.roles, now),
                Some(_) => Vec::new(),
            };
            let reached = state.contacts(lot).reached.len() as u64;
            let reasons = view::reasons(state, lot, now);
            Some((found, state.lot_history(lot), reached, actions, reasons))
        })
        .await?;
    let (found, seqs, reached, actions, reasons) = found.ok_or_else(|| missing(lot))?;
    let records = records(app, who, seqs).await?;
    let ((row, more, now), _) = app
        .look(at, |state, now| {
            let row = view::row_of(state, found.clone(), now);
            (row, view::from_records(state, &found, &records), now)
        })
        .await?;
    Ok(LotCard {
        may_go: reasons.is_empty(),
        row,
        reasons,
        clock: when(found.clock),
        protocols: found.protocols,
        treatments: more.treatments,
        tests: more.tests,
        signatures: more.signatures,
        papers: papers(lot, &records),
        parent: found.parent,
        parts: found.parts,
        departure: found.departure,
        handlers: found.handlers,
        timeline: timeline(&who.roles, &records, |what| about_lot(what, lot.as_str())),
        holds: more.holds,
        contacts: reached.saturating_sub(1),
        actions,
        as_of: At(now),
    })
}

/// What the latest papers say of the lot.
fn papers(lot: &LotId, records: &[lazaret_ledger::Record]) -> Option<ManifestLine> {
    records
        .iter()
        .rev()
        .flat_map(|record| &record.events)
        .find_map(|event| match &event.happening {
            Happening::Entry(
                Entry::ManifestAnnounced { lines, .. } | Entry::ManifestAmended { lines, .. },
            ) => lines.iter().find(|line| line.lot == *lot).cloned(),
            _ => None,
        })
}

/// The lot as the ledger sees it.
pub(crate) async fn known(app: &App, lot: &LotId) -> Result<LotView, Problem> {
    let (found, _) = app.look(None, |state, _| state.lot_view(lot)).await?;
    found.ok_or_else(|| missing(lot))
}

/// What contamination of the lot may have reached.
pub(crate) async fn contacts(app: &App, lot: &LotId) -> Result<ContactGraph, Problem> {
    let (graph, _) = app
        .look(None, |state, now| {
            state.lot_view(lot)?;
            Some(view::graph(state, &state.contacts(lot), now))
        })
        .await?;
    graph.ok_or_else(|| missing(lot))
}

/// Where it comes from and where it went.
pub(crate) async fn trace(app: &App, who: &Who, lot: &LotId) -> Result<Trace, Problem> {
    let (found, _) = app
        .look(None, |state, _| {
            let found = state.lot_view(lot)?;
            Some((found, state.lot_history(lot)))
        })
        .await?;
    let (found, seqs) = found.ok_or_else(|| missing(lot))?;
    let records = records(app, who, seqs).await?;
    let (trace, _) = app
        .look(None, |state, _| view::trace(state, &found, &records))
        .await?;
    Ok(trace)
}

/// Units it could be moved to, and why not to the others.
pub(crate) async fn targets(app: &App, who: &Who, lot: &LotId) -> Result<Vec<Target>, Problem> {
    let (targets, _) = app
        .look(None, |state, now| {
            state.lot_view(lot)?;
            Some(view::targets(state, lot, &who.person, now))
        })
        .await?;
    targets.ok_or_else(|| missing(lot))
}
