//! A gateway file that has changed, compared with the rules and protocols in force.

use std::borrow::Cow;

use axum::http::StatusCode;
use lazaret_bridge::{Adoption, LotOutlook, Open, OpenKind, Renamed, Stated, Wishes, adoption};
use lazaret_gateway::model::Gateway;
use lazaret_vocabulary::event::GoodsName;
use lazaret_vocabulary::event::entry::Entry;

use super::protocols::version;
use crate::api::adoption::{AdoptionRequest, AdoptionView, OpenView, OutlookView};
use crate::api::common::{At, Problem};
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

/// What the request says besides the file.
pub(crate) fn wishes(body: &AdoptionRequest) -> Result<Wishes, Problem> {
    let mut stated = Stated::default();
    for said in &body.stated {
        let kind = OpenKind::named(&said.kind).ok_or_else(|| {
            let kinds = OpenKind::ALL.map(OpenKind::name).join(", ");
            Problem::bad_request(format!("`kind` is `{}`: write one of {kinds}", said.kind))
        })?;
        let text = format!("{}={}", said.name, said.amount);
        stated.state(kind, &text).map_err(Problem::bad_request)?;
    }
    let renamed = (body.renamed.iter())
        .map(|names| Renamed {
            old: GoodsName::new(names.old.trim()),
            new: GoodsName::new(names.new.trim()),
        })
        .collect();
    Ok(Wishes {
        renamed,
        stated,
        held_too: body.held_too,
    })
}

/// A file compared with what is in force.
pub(crate) struct Compared {
    pub(crate) adoption: Adoption,
    /// The version of rules and protocols that it was compared with.
    pub(crate) version: u64,
    /// Classes of the ledger that the file does not have.
    lost: Vec<String>,
    /// Classes of the file that the ledger does not have.
    new: Vec<String>,
}

/// What the file asks of the ledger.
pub(crate) async fn compared(
    app: &App,
    gateway: &Gateway,
    wishes: &Wishes,
) -> Result<Compared, Problem> {
    let (found, _) = app
        .look(None, |state, now| {
            let known: Vec<&str> = (state.rules().into_iter())
                .flat_map(|rules| &rules.goods)
                .map(|rule| rule.goods.as_str())
                .collect();
            let file: Vec<&str> = gateway
                .goods
                .iter()
                .map(|class| class.name.as_str())
                .collect();
            let without = |of: &[&str], other: &[&str]| {
                let missing = of.iter().filter(|name| !other.contains(name));
                missing.map(|name| (*name).to_owned()).collect()
            };
            Compared {
                adoption: adoption(gateway, state, wishes, now),
                version: version(state),
                lost: without(&known, &file),
                new: without(&file, &known),
            }
        })
        .await?;
    Ok(found)
}

/// Lots that an answer shows.
const LOTS_MAX: usize = 1000;

/// The same as an answer.
pub(crate) fn view(gateway: &Gateway, compared: Compared) -> AdoptionView {
    let Compared {
        adoption,
        version,
        lost,
        new,
    } = compared;
    let lots_here = adoption.lots.len() as u64;
    let mut lots = adoption.lots;
    lots.sort_by_key(|lot| lot.before == lot.after && lot.notes.is_empty());
    lots.truncate(LOTS_MAX);
    AdoptionView {
        gateway: gateway.name.clone(),
        changes: adoption.entries.iter().map(change).collect(),
        differences: adoption.differences,
        consequences: adoption.consequences,
        weaker: adoption.weaker,
        obstacles: adoption.obstacles,
        open: adoption.open.iter().map(open_view).collect(),
        lost_classes: lost,
        new_classes: new,
        lots: lots.into_iter().map(outlook).collect(),
        lots_here,
        version,
    }
}

fn open_view(open: &Open) -> OpenView {
    OpenView {
        kind: open.kind.name().to_owned(),
        name: open.name.clone(),
        told: open.to_string(),
        longest: open.longest(),
    }
}

fn outlook(lot: LotOutlook) -> OutlookView {
    OutlookView {
        lot: lot.lot,
        spot: lot.spot,
        before: lot.before.map(At),
        after: lot.after.map(At),
        notes: lot.notes,
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
