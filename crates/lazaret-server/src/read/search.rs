//! What a name, mark or label's code stands for.

use jiff::Timestamp;
use lazaret_ledger::{NameKind, State};
use lazaret_vocabulary::event::LotId;
use lazaret_vocabulary::event::entry::PersonName;

use crate::api::common::Problem;
use crate::api::search::{Hit, HitKind, Hits};
use crate::app::App;
use crate::scan::{self, Scanned};
use crate::view::lots;
use crate::words::name_of;

/// Hits that are sent: what is not among them is found by typing more of it.
const HITS: usize = 20;

/// What was typed or scanned: exact names first, then names that contain it, then a record of that number.
pub(crate) async fn hits(app: &App, typed: &str) -> Result<Hits, Problem> {
    let typed = typed.trim();
    let scanned = scan::read(typed);
    if plain(&scanned.part).is_empty() {
        return Ok(Hits {
            hits: Vec::new(),
            more: false,
        });
    }
    let (mut hits, seq) = app
        .look(None, |state, now| named(state, now, &scanned))
        .await?;
    let mut more = hits.len() > HITS;
    hits.truncate(HITS);
    let number = typed.trim_start_matches('#').parse::<u64>().ok();
    if let Some(number) = number.filter(|number| (1..=seq).contains(number)) {
        more |= hits.len() == HITS;
        hits.truncate(HITS - 1);
        hits.push(Hit {
            kind: HitKind::Record,
            id: number.to_string(),
            words: "record".into(),
            exact: typed.starts_with('#'),
        });
    }
    Ok(Hits { hits, more })
}

/// A name as it is compared: people leave blanks and hyphens out.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .flat_map(char::to_lowercase)
        .collect()
}

fn named(state: &State, now: Timestamp, scanned: &Scanned) -> Vec<Hit> {
    let wanted = plain(&scanned.part);
    let meant = scanned
        .names
        .iter()
        .map(|name| state.named(name))
        .map(|mut found| {
            found.retain(|(kind, _)| !scanned.lot || *kind == NameKind::Lot);
            found
        })
        .find(|found| !found.is_empty())
        .unwrap_or_default();
    let mut found = meant.clone();
    found.extend(state.names(40, |name| plain(name).contains(&wanted)));
    found.sort();
    found.dedup();
    let mut hits: Vec<Hit> = found
        .into_iter()
        .map(|(kind, id)| Hit {
            exact: meant.contains(&(kind, id.clone())),
            words: words(state, now, kind, &id),
            kind: kind.into(),
            id,
        })
        .collect();
    hits.sort_by_key(|hit| (!hit.exact, hit.id.len(), hit.kind));
    hits
}

/// What tells one hit from the next.
fn words(state: &State, now: Timestamp, kind: NameKind, id: &str) -> String {
    let spoken = |name: String| name.replace('_', " ");
    match kind {
        NameKind::Lot => lots::row(state, &LotId::new(id), now)
            .map(|row| {
                let how = row.why.unwrap_or_else(|| spoken(name_of(&row.stage)));
                format!("{}, {how}", row.goods)
            })
            .unwrap_or_default(),
        NameKind::Person => {
            let roles = state.roles_of(&PersonName::new(id));
            let said: Vec<String> = roles.iter().map(|role| spoken(name_of(role))).collect();
            said.join(", ")
        }
        _ => String::new(),
    }
}

impl From<NameKind> for HitKind {
    fn from(kind: NameKind) -> Self {
        match kind {
            NameKind::Lot => HitKind::Lot,
            NameKind::Vehicle => HitKind::Vehicle,
            NameKind::Convoy => HitKind::Convoy,
            NameKind::Manifest => HitKind::Manifest,
            NameKind::Sample => HitKind::Sample,
            NameKind::Person => HitKind::Person,
            NameKind::Exception => HitKind::Exception,
            NameKind::Departure => HitKind::Departure,
            NameKind::Place => HitKind::Place,
        }
    }
}
