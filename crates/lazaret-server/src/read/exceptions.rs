//! Exceptions, with their contact graphs.

use lazaret_ledger::chain::Record;
use lazaret_ledger::{Chained, Closure, ExceptionView, State};
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, ExceptionId, Role};

use super::records;
use crate::api::common::{Cut, Page, Problem};
use crate::api::exceptions::{ExceptionCard, ExceptionQuery, ExceptionRow};
use crate::api::lots::{Action, TimelineItem};
use crate::app::App;
use crate::guard::Who;
use crate::view::timeline::timeline;
use crate::view::{health, lots, refusal, trial};

/// * `roles` — of the reader.
fn exception_row(roles: &[Role], view: &ExceptionView) -> ExceptionRow {
    ExceptionRow {
        exception: view.exception.clone(),
        open: view.open,
        opened_at: view.opened_at.into(),
        seq: view.record,
        because: health::because(roles, &view.because),
        lots: view.lots.len() as u64,
        recalled: view.recalled.len() as u64,
        first: view.lots.iter().take(5).cloned().collect(),
    }
}

/// Exceptions, the latest first.
pub(crate) async fn page(
    app: &App,
    who: &Who,
    query: &ExceptionQuery,
) -> Result<Page<ExceptionRow>, Problem> {
    let cut = Cut::of(query.after.as_deref(), query.limit)?;
    let (views, _) = app
        .look(None, |state, _| state.exceptions(!query.all))
        .await?;
    let mut page = cut.page(views.iter().map(|view| exception_row(&who.roles, view)));
    page.total = Some(views.len() as u64);
    Ok(page)
}

/// Everything about an exception.
pub(crate) async fn card(
    app: &App,
    who: &Who,
    exception: &ExceptionId,
) -> Result<ExceptionCard, Problem> {
    let (found, _) = app
        .look(None, |state, now| {
            let view = state
                .exceptions(false)
                .into_iter()
                .find(|view| view.exception == *exception)?;
            let closed = Happening::from(Entry::ExceptionClosed {
                exception: exception.clone(),
                because: "trial".into(),
            });
            let allowed = lazaret_ledger::role::roles_for(&closed);
            let mut actions = Vec::new();
            if view.open && who.roles.iter().any(|role| allowed.contains(role)) {
                let refusal = refusal(trial(state, now, &who.person, closed));
                actions.push(Action {
                    event: "exception_closed".into(),
                    possible: refusal.is_none(),
                    refusal,
                });
            }
            let seqs = history(state, &view);
            Some((view, seqs, actions))
        })
        .await?;
    let (view, seqs, actions) =
        found.ok_or_else(|| Problem::not_found(format!("there is no exception {exception}")))?;
    let records = records(app, who, seqs).await?;
    let closure = closure(exception, &records);
    let (graph, _) = app
        .look(None, |state, now| lots::graph(state, &closure, now))
        .await?;
    Ok(ExceptionCard {
        row: exception_row(&who.roles, &view),
        graph,
        timeline: told(who, &view, &records),
        stopped: view.lots,
        called_back: view.recalled,
        actions,
    })
}

/// Its own record tells who was stopped and by which contact; later ones may have closed it.
fn history(state: &State, view: &ExceptionView) -> Vec<u64> {
    let mut seqs = vec![view.record];
    if let Some(lot) = view.lots.first().or(view.recalled.first()) {
        let later = state.lot_history(lot).into_iter();
        seqs.extend(later.filter(|seq| *seq > view.record));
    }
    seqs
}

/// The lots that the exception stopped or called back, each with its link.
fn closure(exception: &ExceptionId, records: &[Record]) -> Closure {
    let mut closure = Closure::default();
    for event in records.iter().flat_map(|record| &record.events) {
        if let Happening::Entry(
            Entry::LotFrozen {
                lot,
                exception: of,
                link,
            }
            | Entry::LotRecalled {
                lot,
                exception: of,
                link,
            },
        ) = &event.happening
            && of == exception
            && !closure.reached.iter().any(|known| known.lot == *lot)
        {
            closure.reached.push(Chained {
                lot: lot.clone(),
                since: event.at,
                link: link.clone(),
            });
        }
    }
    closure
}

fn told(who: &Who, view: &ExceptionView, records: &[Record]) -> Vec<TimelineItem> {
    let about = |what: &Happening| match what {
        Happening::Entry(Entry::ExceptionClosed { exception, .. }) => *exception == view.exception,
        Happening::Entry(Entry::LotFrozen { .. } | Entry::LotRecalled { .. }) => false,
        _ => true,
    };
    timeline(&who.roles, records, about)
        .into_iter()
        .filter(|item| item.seq == view.record || item.words.contains("settled"))
        .collect()
}
