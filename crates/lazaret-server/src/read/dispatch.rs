//! Dispatch: what is being loaded, what could be.

use std::collections::HashSet;

use jiff::Timestamp;
use lazaret_ledger::State;
use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::event::{DepartureId, Happening};

use crate::api::common::Problem;
use crate::api::lots::LotRow;
use crate::api::work::{
    DepartureView, DispatchBoard, DispatchStep, Proposal, ProposeRequest, ProposedLot,
};
use crate::app::App;
use crate::guard::Who;
use crate::view::{lots as view, refusal, site, trial, when};

/// The dispatch builder.
pub(crate) async fn builder(app: &App, who: &Who) -> Result<DispatchBoard, Problem> {
    let steps = dispatch_steps(app);
    let (board, _) = app
        .look(None, |state, now| DispatchBoard {
            loading: state
                .departures_loading()
                .filter_map(|id| departure_view(state, &id, &who.person, &steps, now))
                .collect(),
            next_name: free_name(state, now, app),
            releasable: state.counts().releasable as u64,
            steps: Vec::new(),
        })
        .await?;
    Ok(DispatchBoard { steps, ..board })
}

/// One departure with its lots.
pub(crate) async fn departure(
    app: &App,
    who: &Who,
    id: &DepartureId,
) -> Result<DepartureView, Problem> {
    let steps = dispatch_steps(app);
    let (found, _) = app
        .look(None, |state, now| {
            departure_view(state, id, &who.person, &steps, now)
        })
        .await?;
    found.ok_or_else(|| Problem::not_found(format!("there is no departure {id}")))
}

/// What to load, and why.
pub(crate) async fn propose(app: &App, body: &ProposeRequest) -> Result<Proposal, Problem> {
    let usual = || {
        dispatch_steps(app)
            .first()
            .and_then(|step| step.takes_up_to)
    };
    let most = body.lots.or_else(usual).unwrap_or(60);
    let (proposal, _) = app
        .look(None, |state, now| {
            let departure = body
                .departure
                .as_deref()
                .map_or_else(|| free_name(state, now, app), DepartureId::new);
            proposal(state, departure, body, most, now)
        })
        .await?;
    Ok(proposal)
}

fn departure_view(
    state: &State,
    id: &DepartureId,
    by: &PersonName,
    steps: &[DispatchStep],
    now: Timestamp,
) -> Option<DepartureView> {
    let (lots, left) = state.departure(id)?;
    let rows: Vec<LotRow> = lots
        .iter()
        .filter_map(|lot| view::row(state, lot, now))
        .collect();
    let leave = steps.first().map(|step| Happening::Departed {
        departure: id.clone(),
        step: step.step.clone(),
        lots: rows.len() as u32,
    });
    Some(DepartureView {
        departure: id.clone(),
        pieces: rows
            .iter()
            .filter_map(|r| r.tally)
            .map(|t| u64::from(t.pieces))
            .sum(),
        mass_kg: rows
            .iter()
            .filter_map(|r| r.tally)
            .map(|t| u64::from(t.mass_kg))
            .sum(),
        refusal: match (left, leave) {
            (None, Some(leave)) => refusal(trial(state, now, by, leave)),
            _ => None,
        },
        lots: rows,
        left: when(left),
    })
}

fn dispatch_steps(app: &App) -> Vec<DispatchStep> {
    site::steps(&app.0.gateway)
        .into_iter()
        .filter(|step| step.kind == crate::api::site::StepRole::Dispatch)
        .map(|step| DispatchStep {
            step: step.step,
            takes_up_to: step.takes_up_to,
        })
        .collect()
}

/// A departure's name that nobody has used.
fn free_name(state: &State, now: Timestamp, app: &App) -> DepartureId {
    let day = now.to_zoned_datetime(app.zone(state)).date();
    let known: HashSet<String> = state
        .departures()
        .map(|(departure, _)| departure.to_string())
        .collect();
    (1..)
        .map(|n| format!("D-{day}-{n}"))
        .find(|name| !known.contains(name))
        .map_or_else(|| DepartureId::new("D"), DepartureId::new)
}

/// The most urgent classes first, then whoever has been free the longest; what must be kept apart is not loaded together.
fn proposal(
    state: &State,
    departure: DepartureId,
    body: &ProposeRequest,
    most: u32,
    now: Timestamp,
) -> Proposal {
    let mut out = Proposal {
        lots: Vec::new(),
        left_out: Vec::new(),
        more_left_out: 0,
        pieces: 0,
        mass_kg: 0,
        words: String::new(),
        departure,
    };
    let goods_rules = state.rules().map_or(&[][..], |rules| &rules.goods);
    let priority = |goods: &str| {
        goods_rules
            .iter()
            .find(|rule| rule.goods.as_str() == goods)
            .map_or(0, |rule| rule.priority)
    };
    let apart = |one: &str, other: &str| {
        goods_rules.iter().any(|rule| {
            (rule.goods.as_str() == one && rule.apart_from.iter().any(|g| g.as_str() == other))
                || (rule.goods.as_str() == other
                    && rule.apart_from.iter().any(|g| g.as_str() == one))
        })
    };
    let already = state
        .departure(&out.departure)
        .map_or(0, |(lots, _)| lots.len() as u32);
    let room = most.saturating_sub(already);
    for line in state.releasable(None, 10_000) {
        let Some(row) = view::row(state, &line.lot, now) else {
            continue;
        };
        let mass = row.tally.map_or(0, |tally| u64::from(tally.mass_kg));
        let class = row.goods.as_str().to_owned();
        let clash = out
            .lots
            .iter()
            .find(|loaded| apart(&class, loaded.row.goods.as_str()))
            .map(|loaded| loaded.row.lot.to_string());
        let no = if !body.goods.is_empty() && !body.goods.contains(&class) {
            Some(format!("{class} was not requested"))
        } else if out.lots.len() as u32 >= room {
            Some(format!("the limit is {most} lots"))
        } else if body.mass_kg.is_some_and(|limit| out.mass_kg + mass > limit) {
            Some("it would be too heavy".to_owned())
        } else if row.trial {
            Some("it belongs to an exercise".to_owned())
        } else {
            clash.map(|lot| format!("{class} must be kept apart from {lot}"))
        };
        match no {
            Some(words) => {
                if out.left_out.len() < 100 {
                    out.left_out.push(ProposedLot { row, words });
                } else {
                    out.more_left_out += 1;
                }
            }
            None => {
                out.mass_kg += mass;
                out.pieces += row.tally.map_or(0, |tally| u64::from(tally.pieces));
                let free = row
                    .earliest
                    .map_or(String::new(), |at| format!(", free since {}", at.0));
                let words = format!("{class} has priority {}{free}", priority(&class));
                out.lots.push(ProposedLot { row, words });
            }
        }
    }
    out.words = if out.lots.is_empty() {
        "no released lot can be loaded".into()
    } else {
        format!(
            "{} lots, {} kg: the most urgent classes first, then the lots released longest ago",
            out.lots.len(),
            out.mass_kg
        )
    };
    out
}
