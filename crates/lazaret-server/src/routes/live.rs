//! Live updates.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use lazaret_ledger::chain::{Record, Sealed};
use lazaret_vocabulary::event::entry::Role;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use crate::api::common::{NotDone, Problem};
use crate::api::live::LiveRecord;
use crate::app::{App, Inner};
use crate::guard::Who;
use crate::view::{health, timeline};
use crate::words::{in_words, name};

/// How often it is asked whether a session or a token ended, while streams are open. Another server may have ended it.
const ASK: Duration = Duration::from_millis(400);
/// Records that are sent again to whoever comes back; beyond it everything should be read again.
const MISSED: u64 = 1000;

/// Live updates as server-sent events: `event: record` with a LiveRecord as data, `event: lost` when so many were
/// missed that everything should be read again. Goes on after `Last-Event-ID`. Ends within a second when the session or
/// token by which it was opened does.
#[utoipa::path(
    get,
    path = "/api/live",
    tag = "files",
    responses(
        (status = 200, description = "The stream.", body = LiveRecord, content_type = "text/event-stream"),
        NotDone
    )
)]
pub(crate) async fn live(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let feed = app.0.live.listen();
    let (missed, seen) = missed(&app, &who, &headers).await?;
    let mut listener = Listener {
        changes: changes(&app),
        app,
        who,
        feed,
        missed,
        seen,
    };
    // It may have ended since the guard looked.
    if !listener.is_let_in().await {
        return Err(Problem::not_signed_in());
    }
    let stream = stream::unfold(listener, |mut listener| async move {
        let message = listener.next().await?;
        Some((Ok::<_, Infallible>(message), listener))
    });
    let alive = KeepAlive::default();
    Ok(Sse::new(stream).keep_alive(alive).into_response())
}

/// What somebody who comes back has missed, and the last record that they then know.
async fn missed(
    app: &App,
    who: &Who,
    headers: &HeaderMap,
) -> Result<(VecDeque<Message>, u64), Problem> {
    let mut missed = VecDeque::new();
    let mut seen = app.0.live.seq();
    let last: Option<u64> = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let Some(last) = last else {
        return Ok((missed, seen));
    };
    if seen.saturating_sub(last) > MISSED {
        missed.push_back(Message::default().event("lost").data("{}"));
    } else {
        for stored in app.0.live.store().after(last, MISSED as u32).await? {
            seen = stored.seq;
            missed.push_back(message(&who.roles, &stored.record()?));
        }
    }
    Ok((missed, seen))
}

/// Somebody who listens.
struct Listener {
    app: App,
    who: Who,
    feed: broadcast::Receiver<Arc<Sealed>>,
    /// Goes up when a session or a token ended.
    changes: watch::Receiver<u64>,
    missed: VecDeque<Message>,
    seen: u64,
}

impl Listener {
    /// The next message; none at the end.
    async fn next(&mut self) -> Option<Message> {
        let live = self.app.0.live.clone();
        loop {
            if let Some(message) = self.missed.pop_front() {
                return Some(message);
            }
            let left = self.who.until.duration_since(Timestamp::now());
            let left = Duration::try_from(left).unwrap_or_default();
            let heard = tokio::select! {
                biased;
                // Open streams would hold up a server that stops.
                () = live.stands(lazaret_store::Standing::Stopped) => return None,
                () = tokio::time::sleep(left) => {
                    if !self.is_let_in().await {
                        return None;
                    }
                    continue;
                }
                changed = self.changes.changed() => {
                    if changed.is_err() || !self.is_let_in().await {
                        return None;
                    }
                    continue;
                }
                heard = self.feed.recv() => heard,
            };
            match heard {
                Ok(sealed) if sealed.record.seq <= self.seen => {}
                Ok(sealed) => {
                    self.seen = sealed.record.seq;
                    // What somebody is may have changed since they came.
                    let who = &self.who.person;
                    let roles = live.read(|state, _| state.roles_of(who)).await.ok()?;
                    return Some(message(&roles.value, &sealed.record));
                }
                Err(RecvError::Lagged(_)) => {
                    return Some(Message::default().event("lost").data("{}"));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Whether the session or the token still opens this stream.
    async fn is_let_in(&mut self) -> bool {
        let office = &self.app.0.office;
        let now = Timestamp::now();
        let until = match (&self.who.session, self.who.token) {
            (Some(key), _) => match office.session(&key.0, now).await {
                Ok(session) => session.map(|session| session.until),
                Err(_) => None,
            },
            (None, Some(id)) => match office.token_works(id, now).await {
                Ok(true) if now < self.who.until => Some(self.who.until),
                _ => None,
            },
            (None, None) => None,
        };
        match until {
            Some(until) => {
                self.who.until = until;
                true
            }
            None => false,
        }
    }
}

/// Tells when a session or a token ended: one look at the database serves every stream.
fn changes(app: &App) -> watch::Receiver<u64> {
    let sender = app.0.changes.get_or_init(|| {
        let sender = watch::Sender::new(0);
        tokio::spawn(look(Arc::downgrade(&app.0), sender.clone()));
        sender
    });
    sender.subscribe()
}

async fn look(app: Weak<Inner>, sender: watch::Sender<u64>) {
    let mut known = None;
    loop {
        tokio::time::sleep(ASK).await;
        let Some(app) = app.upgrade() else { return };
        if sender.receiver_count() == 0 {
            continue;
        }
        // While the database does not answer nothing new comes over the streams either.
        if let Ok(count) = app.office.changes().await
            && known.replace(count) != Some(count)
        {
            sender.send_replace(count);
        }
    }
}

/// * `roles` — of whoever listens.
fn message(roles: &[Role], record: &Record) -> Message {
    let (mut all_lots, mut all_vehicles) = (Vec::new(), Vec::new());
    let events = health::readable(roles, &record.events);
    for event in &events {
        timeline::names(&event.happening, &mut |kind, name| {
            let list = if kind == "lot" {
                &mut all_lots
            } else {
                &mut all_vehicles
            };
            // A positive test may touch thousands; whoever shows lists reads them again anyway.
            if list.len() < 200 && !list.iter().any(|known| known == name) {
                list.push(name.to_owned());
            }
        });
    }
    let view = LiveRecord {
        seq: record.seq,
        recorded_at: record.recorded_at.into(),
        by: record.by.to_string(),
        words: in_words(&events).join("; ").chars().take(400).collect(),
        events: events.iter().map(name).collect(),
        lots: all_lots,
        vehicles: all_vehicles,
    };
    let data = serde_json::to_string(&view).unwrap_or_else(|_| "{}".into());
    Message::default()
        .event("record")
        .id(record.seq.to_string())
        .data(data)
}
