//! The crew board.

use jiff::Timestamp;
use lazaret_ledger::{PersonView, RestingLot, State};
use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::event::{Happening, VehicleId};

use crate::api::common::Problem;
use crate::api::people::{PersonCard, PersonRow, RestingView, UnfitView};
use crate::app::App;
use crate::guard::Who;
use crate::view::timeline::timeline;
use crate::view::{days_left, refusal, trial, when};

/// Records of a person that their card shows.
const SHOWN: usize = 200;
/// Records that are looked through for them: this is a board, not the audit.
const LOOKED_AT: u64 = 20_000;

/// Everybody who has a role or a clearance, by name.
pub(crate) async fn list(app: &App) -> Result<Vec<PersonRow>, Problem> {
    let (rows, _) = app
        .look(None, |state, now| {
            let mut rows: Vec<PersonRow> = state
                .people()
                .filter(|view| !view.roles.is_empty() || view.cleared_until.is_some())
                .map(|view| person_row(state, view, now))
                .collect();
            rows.sort_by(|a, b| a.person.cmp(&b.person));
            rows
        })
        .await?;
    Ok(rows)
}

/// Signers whose signature counts no more, and what rests on it.
pub(crate) async fn unfit(app: &App) -> Result<Vec<UnfitView>, Problem> {
    let (unfit, _) = app.look(None, |state, _| state.unfit_signers()).await?;
    let resting = |lot: RestingLot| RestingView {
        lot: lot.lot,
        stage: lot.stage.name().to_owned(),
        released: lot.released,
        departure: lot.departure,
        recalled: lot.recalled,
    };
    let told = unfit.into_iter().map(|unfit| UnfitView {
        signer: unfit.signer,
        lapsed: unfit.lapsed,
        lots: unfit.lots.into_iter().map(resting).collect(),
    });
    Ok(told.collect())
}

/// Everything about a person's work.
pub(crate) async fn card(app: &App, who: &Who, person: &PersonName) -> Result<PersonCard, Problem> {
    let (found, seq) = app
        .look(None, |state, now| {
            state
                .people()
                .find(|view| view.person == *person)
                .map(|view| person_row(state, view, now))
        })
        .await?;
    let row = found.ok_or_else(|| Problem::not_found(format!("there is no person {person}")))?;
    let mut said = Vec::new();
    let mut before = seq + 1;
    while said.len() < SHOWN && before + LOOKED_AT > seq + 1 {
        let rows = app.0.live.store().before(before, 1000).await?;
        let Some(last) = rows.last() else { break };
        before = last.seq;
        for stored in &rows {
            let record = stored.record()?;
            if record.by == *person {
                said.push(record);
            }
        }
    }
    said.truncate(SHOWN);
    Ok(PersonCard {
        row,
        timeline: timeline(&who.roles, &said, |_| true),
    })
}

fn person_row(state: &State, view: PersonView, now: Timestamp) -> PersonRow {
    // Anything that begins would do; a wash of a vehicle that is not here fails only after its people were looked at.
    let what = Happening::VehicleWashed {
        vehicle: VehicleId::new("~trial"),
    };
    let refusal = refusal(trial(state, now, &view.person, what))
        .filter(|refusal| refusal.rule.code().starts_with('P'));
    let cleared = view.cleared_until.is_some_and(|until| until > now);
    PersonRow {
        days_left: view.cleared_until.map(|until| days_left(now, until)),
        cleared,
        cleared_until: when(view.cleared_until),
        person: view.person,
        roles: view.roles,
        agents: view.agents,
        on_shift: view.on_shift,
        dirty: view.dirty,
        sick: view.sick,
        refusal,
    }
}
