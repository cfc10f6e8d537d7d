//! A gateway file that has changed, compared with the rules and protocols in force.

use std::borrow::Cow;

use axum::http::StatusCode;
use lazaret_bridge::{Adoption, adoption};
use lazaret_gateway::model::Gateway;
use lazaret_vocabulary::event::entry::Entry;

use super::protocols::version;
use crate::api::adoption::AdoptionView;
use crate::api::common::Problem;
use crate::app::App;

/// The gateway that is meant: a file that was sent, or the one that the server was started with.
pub(crate) fn gateway_of<'a>(
    app: &'a App,
    file: Option<&str>,
) -> Result<Cow<'a, Gateway>, Problem> {
    let Some(text) = file else {
        return Ok(Cow::Borrowed(&app.0.gateway));
    };
    let apart = |name: &str| {
        Err(format!(
            "{name} cannot be read from here; start the server with this gateway file to compare it"
        ))
    };
    let none: [&str; 0] = [];
    match lazaret_gateway::read(text, &none, &apart) {
        Ok(reading) => Ok(Cow::Owned(reading.gateway)),
        Err(found) => {
            let wrong = found.iter().filter(|diagnostic| diagnostic.is_error());
            let said: Vec<String> = wrong
                .map(|diagnostic| diagnostic.plain("the file", &none))
                .collect();
            Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "wrong-file",
                "this gateway file cannot be read",
                said.join("\n"),
            ))
        }
    }
}

/// What the file asks of the ledger, with the version of rules and protocols that it was compared with.
pub(crate) async fn compared(app: &App, gateway: &Gateway) -> Result<(Adoption, u64), Problem> {
    let (found, _) = app
        .look(None, |state, now| {
            (adoption(gateway, state, &[], now), version(state))
        })
        .await?;
    Ok(found)
}

/// The same as an answer.
pub(crate) fn view(gateway: &Gateway, adoption: Adoption, version: u64) -> AdoptionView {
    AdoptionView {
        gateway: gateway.name.clone(),
        changes: adoption.entries.iter().map(change).collect(),
        differences: adoption.differences,
        consequences: adoption.consequences,
        weaker: adoption.weaker,
        obstacles: adoption.obstacles,
        version,
    }
}

/// What an entry changes.
pub(crate) fn change(entry: &Entry) -> String {
    match entry {
        Entry::ProtocolAdopted { protocol } => {
            format!(
                "protocol {}, version {}",
                protocol.protocol, protocol.version
            )
        }
        _ => "the rules of the place".into(),
    }
}
