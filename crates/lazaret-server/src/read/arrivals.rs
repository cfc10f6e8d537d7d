//! Convoys, announced and here.

use lazaret_ledger::{ConvoyView, State};
use lazaret_vocabulary::event::ConvoyId;
use lazaret_vocabulary::event::entry::ManifestLine;

use super::records;
use crate::api::arrivals::{ArrivalCard, ArrivalQuery, ArrivalRow, ArrivalStage, Mismatch};
use crate::api::common::{Cut, Page, Problem};
use crate::app::App;
use crate::guard::Who;
use crate::view::{arrivals as view, lots, vehicles};

/// The arrivals list.
pub(crate) async fn page(app: &App, query: &ArrivalQuery) -> Result<Page<ArrivalRow>, Problem> {
    let cut = Cut::of(query.after.as_deref(), query.limit)?;
    let (page, _) = app
        .look(None, |state, now| {
            let convoys = state.convoys().filter(|convoy| fits(state, query, convoy));
            let page = cut.page(convoys);
            let all = view::Convoys::of(state, &page.items);
            let mut rows = page.map(|convoy| all.row(&convoy, now));
            if query.stage.is_none() {
                // What comes next first, then what is here.
                rows.items
                    .sort_by_key(|row| (row.stage != ArrivalStage::Announced, row.due));
            }
            rows
        })
        .await?;
    Ok(page)
}

fn fits(state: &State, query: &ArrivalQuery, convoy: &ConvoyView) -> bool {
    let stage = view::stage(state, convoy);
    match query.stage {
        Some(wanted) => wanted == stage,
        None => matches!(stage, ArrivalStage::Announced | ArrivalStage::Here),
    }
}

/// Everything about a convoy.
pub(crate) async fn card(app: &App, who: &Who, convoy: &ConvoyId) -> Result<ArrivalCard, Problem> {
    let (found, _) = app
        .look(None, |state, now| {
            let found = state.convoys().find(|known| known.convoy == *convoy)?;
            let all = view::Convoys::of(state, std::slice::from_ref(&found));
            Some(ArrivalCard {
                row: all.row(&found, now),
                lines: Vec::new(),
                vehicle_rows: state
                    .vehicles_of(convoy)
                    .iter()
                    .filter_map(|vehicle| state.vehicle_view(vehicle))
                    .map(|found| vehicles::row(state, found, &who.person, now))
                    .collect(),
                lot_rows: state
                    .lots_of(convoy)
                    .iter()
                    .filter_map(|lot| lots::row(state, lot, now))
                    .collect(),
            })
        })
        .await?;
    let mut card =
        found.ok_or_else(|| Problem::not_found(format!("there is no convoy {convoy}")))?;
    let (more, lines) = mismatches(app, who, convoy, card.row.arrived.is_some()).await?;
    card.row.mismatches.extend(more);
    card.lines = lines;
    Ok(card)
}

/// Where papers and goods disagree, and the lines of the papers.
async fn mismatches(
    app: &App,
    who: &Who,
    convoy: &ConvoyId,
    arrived: bool,
) -> Result<(Vec<Mismatch>, Vec<ManifestLine>), Problem> {
    let ((vehicles, seqs), _) = app
        .look(None, |state, _| {
            let vehicles = state.vehicles_of(convoy);
            let mut seqs: Vec<u64> = vehicles
                .iter()
                .flat_map(|vehicle| state.vehicle_history(vehicle))
                .collect();
            // Papers touch every lot of theirs; counts touch one, however late they come.
            for lot in state.lots_of(convoy) {
                seqs.extend(state.lot_history(&lot));
            }
            (vehicles, seqs)
        })
        .await?;
    let records = records(app, who, seqs).await?;
    let lines = view::lines(convoy, &records);
    let (found, _) = app
        .look(None, |state, _| {
            view::mismatches(state, &lines, arrived, &vehicles, &records)
        })
        .await?;
    Ok((found, lines))
}
