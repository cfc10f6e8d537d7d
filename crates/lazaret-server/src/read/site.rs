//! The gateway, the day, the site map.

use jiff::Timestamp;
use lazaret_ledger::chain::Record;
use lazaret_store::Moment;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::Entry;

use crate::api::common::{At, Problem};
use crate::api::site::{AsOf, GatewayView, SiteMap, SiteQuery};
use crate::api::today::{Latest, Today};
use crate::app::App;
use crate::guard::Who;
use crate::view::{health, site as view};
use crate::words::words;

/// Records that Today names.
const LATEST: u32 = 12;

/// The gateway as it is built.
pub(crate) async fn gateway(app: &App) -> Result<GatewayView, Problem> {
    let (found, _) = app
        .look(None, |state, _| view::gateway_view(&app.0.gateway, state))
        .await?;
    Ok(found)
}

/// The digest of the day.
pub(crate) async fn today(app: &App, who: &Who) -> Result<Today, Problem> {
    let (mut today, seq) = app
        .look(None, |state, now| {
            crate::view::today::today(state, &who.person, &who.roles, &app.zone(state), now)
        })
        .await?;
    today.clock = app.clock_view().await?;
    for stored in app.0.live.store().before(seq + 1, LATEST).await? {
        today.latest.push(latest(who, &stored.record()?));
    }
    Ok(today)
}

fn latest(who: &Who, record: &Record) -> Latest {
    // What the command itself said comes last of what must stand before it.
    let before = |happening: &Happening| {
        matches!(
            happening,
            Happening::Entry(Entry::Corrected { .. } | Entry::WarningAcknowledged { .. })
        )
    };
    let said = health::readable(&who.roles, &record.events)
        .iter()
        .find(|event| !before(&event.happening))
        .cloned();
    Latest {
        seq: record.seq,
        recorded_at: record.recorded_at.into(),
        by: record.by.to_string(),
        words: said
            .as_ref()
            .map_or_else(String::new, |event| words(&event.happening)),
        event: said,
    }
}

/// The moment that a query asks for.
pub(crate) fn moment(as_of: Option<At>, mode: AsOf) -> Option<Moment> {
    as_of.map(|at| match mode {
        AsOf::Known => Moment::Known(at.0),
        AsOf::Happened => Moment::Happened(at.0),
    })
}

/// The site map, now or as of an instant.
pub(crate) async fn map(app: &App, query: &SiteQuery) -> Result<SiteMap, Problem> {
    let (mut map, _) = app
        .look(moment(query.as_of, query.mode), |state, now| {
            view::site_map(&app.0.gateway, state, now)
        })
        .await?;
    let first = app.0.live.store().record(1).await?;
    map.live = query.as_of.is_none();
    map.from = first
        .and_then(|first| Timestamp::from_microsecond(first.at).ok())
        .map(Into::into);
    map.to = app.0.live.now().into();
    Ok(map)
}
