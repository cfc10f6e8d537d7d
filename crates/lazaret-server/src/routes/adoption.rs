//! A gateway file that has changed: compared with what is in force, and adopted.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use lazaret_ledger::Rule;
use lazaret_vocabulary::event::entry::Entry;

use super::commands::{is_current, say};
use crate::api::adoption::{AdoptionDone, AdoptionOutcome, AdoptionRequest, AdoptionView};
use crate::api::common::{Answer, NotDone, Problem};
use crate::app::App;
use crate::guard::Who;
use crate::read::adoption::{Compared, change, compared, gateway_of, view, wishes};

/// How a gateway file differs from the rules and protocols in force, and what that means for what is here. Nothing is recorded.
#[utoipa::path(post, path = "/api/gateway/adoption", tag = "screens", request_body = AdoptionRequest, responses((status = 200, description = "Done.", body = AdoptionView), NotDone))]
pub(crate) async fn adoption(
    State(app): State<App>,
    Json(body): Json<AdoptionRequest>,
) -> Answer<AdoptionView> {
    let gateway = gateway_of(&app, body.file.as_deref())?;
    let found = compared(&app, &gateway, &wishes(&body)?).await?;
    Ok(Json(view(&gateway, found)))
}

/// Adopts what a gateway file asks; needs `If-Match`. What asks for less is proposed, for another person to adopt.
#[utoipa::path(post, path = "/api/gateway/adopt", tag = "screens", request_body = AdoptionRequest, responses((status = 200, description = "Done.", body = Vec<AdoptionOutcome>), NotDone))]
pub(crate) async fn adopt(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    Json(body): Json<AdoptionRequest>,
) -> Answer<Vec<AdoptionOutcome>> {
    let gateway = gateway_of(&app, body.file.as_deref())?;
    let Compared {
        adoption, version, ..
    } = compared(&app, &gateway, &wishes(&body)?).await?;
    is_current(&headers, version)?;
    if !adoption.obstacles.is_empty() {
        return Err(in_the_way(&adoption.obstacles));
    }
    let mut outcomes = Vec::with_capacity(adoption.entries.len());
    for entry in adoption.entries {
        outcomes.push(record(&app, &who, entry).await?);
    }
    Ok(Json(outcomes))
}

fn in_the_way(obstacles: &[String]) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "in-the-way",
        "settle what is in the way first",
        obstacles.join("; "),
    )
}

/// Records a change. One that asks for less is proposed if nobody else has, and waits if somebody has.
async fn record(app: &App, who: &Who, entry: Entry) -> Result<AdoptionOutcome, Problem> {
    let outcome = |done, record| AdoptionOutcome {
        change: change(&entry),
        done,
        record,
        from: None,
    };
    let (less, _) = app
        .look(None, |state, _| match &entry {
            Entry::RulesAdopted { rules } => state.weaker_rules(rules),
            Entry::ProtocolAdopted { protocol } => state.weaker_protocol(protocol),
            _ => Vec::new(),
        })
        .await?;
    let problem = match say(app, &who.person, entry.clone()).await {
        Ok(receipt) => return Ok(outcome(AdoptionDone::Adopted, Some(receipt.seq))),
        Err(problem) => problem,
    };
    let second = (problem.refusal.as_deref())
        .filter(|refusal| !less.is_empty() && refusal.rule == Rule::Allowed);
    let Some(refusal) = second else {
        return Err(problem);
    };
    if refusal.retry_at.is_some() {
        return Ok(AdoptionOutcome {
            from: refusal.retry_at,
            ..outcome(AdoptionDone::Waits, None)
        });
    }
    let Some(proposal) = proposal(&entry) else {
        return Err(problem);
    };
    let receipt = say(app, &who.person, proposal).await?;
    Ok(outcome(AdoptionDone::Proposed, Some(receipt.seq)))
}

fn proposal(entry: &Entry) -> Option<Entry> {
    match entry.clone() {
        Entry::RulesAdopted { rules } => Some(Entry::RulesProposed { rules }),
        Entry::ProtocolAdopted { protocol } => Some(Entry::ProtocolProposed { protocol }),
        _ => None,
    }
}
