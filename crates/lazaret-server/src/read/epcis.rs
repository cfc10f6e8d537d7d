//! EPCIS events in the order of their records, filtered, a page at a time.

use jiff::{SignedDuration, Timestamp};
use lazaret_ledger::epcis::Exchange;
use lazaret_store::epcis_events;
use serde_json::Value;

use crate::api::common::Problem;
use crate::api::epcis::EventQuery;
use crate::app::App;

/// Records looked at for one page; a filter that finds nothing in so many gives the place to go on from.
const LOOKED_AT: usize = 100_000;
/// Events of a page if nothing is said, and the most.
const PER_PAGE: (u32, u32) = (30, 1000);

/// Where a page begins: a record, and how many of its events came before.
#[derive(Clone, Copy)]
struct Place {
    seq: u64,
    nth: usize,
}

impl Place {
    fn read(token: &str) -> Option<Place> {
        let (seq, nth) = token.split_once('-')?;
        let (seq, nth) = (seq.parse().ok()?, nth.parse().ok()?);
        Some(Place { seq, nth })
    }
}

/// The events of a page, and the token of the next.
pub(crate) async fn page(
    app: &App,
    exchange: &Exchange,
    query: &EventQuery,
) -> Result<(Vec<Value>, Option<String>), Problem> {
    let store = app.0.live.store();
    let most = query.per_page.unwrap_or(PER_PAGE.0).clamp(1, PER_PAGE.1) as usize;
    let instant = SignedDuration::from_micros(1);
    let mut place = match &query.next_page_token {
        Some(token) => Place::read(token).ok_or_else(|| {
            Problem::bad_request("`nextPageToken` must be that of the previous page's Link")
        })?,
        None => Place { seq: 1, nth: 0 },
    };
    if let Some(from) = query.GE_recordTime {
        let first = store.seq_at(from.0 - instant).await? + 1;
        if first > place.seq {
            place = Place { seq: first, nth: 0 };
        }
    }
    let last = match query.LT_recordTime {
        Some(to) => store.seq_at(to.0 - instant).await?,
        None => u64::MAX,
    };
    let wanted = Wanted::of(query);
    let mut found = Vec::new();
    let mut looked = 0;
    loop {
        let rows = store.after(place.seq.saturating_sub(1), 1000).await?;
        if rows.is_empty() {
            return Ok((found, None));
        }
        for row in rows {
            if row.seq > last {
                return Ok((found, None));
            }
            if looked == LOOKED_AT {
                return Ok((found, Some(format!("{}-{}", place.seq, place.nth))));
            }
            looked += 1;
            let events = epcis_events(store, exchange, &row.record()?).await?;
            for (nth, event) in events.into_iter().enumerate().skip(place.nth) {
                if !wanted.is(&event) {
                    continue;
                }
                if found.len() == most {
                    return Ok((found, Some(format!("{}-{nth}", row.seq))));
                }
                found.push(event);
            }
            place = Place {
                seq: row.seq + 1,
                nth: 0,
            };
        }
    }
}

/// What an event must be, taken from a query once.
struct Wanted<'q> {
    /// A field, and the values of which it must have one.
    fields: Vec<(&'static str, Vec<&'q str>)>,
    things: Option<Vec<&'q str>>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    taken_back: Option<bool>,
}

impl<'q> Wanted<'q> {
    fn of(query: &'q EventQuery) -> Self {
        let list = |text: &'q String| text.split(',').map(str::trim).collect::<Vec<_>>();
        let fields = [
            ("type", &query.event_type),
            ("action", &query.EQ_action),
            ("bizStep", &query.EQ_bizStep),
            ("disposition", &query.EQ_disposition),
            ("eventID", &query.EQ_eventID),
            ("readPoint", &query.EQ_readPoint),
        ];
        Wanted {
            fields: fields
                .into_iter()
                .filter_map(|(field, values)| Some((field, list(values.as_ref()?))))
                .collect(),
            things: query.MATCH_anyEPC.as_ref().map(list),
            from: query.GE_eventTime.map(|at| at.0),
            to: query.LT_eventTime.map(|at| at.0),
            taken_back: query.exists_error_declaration,
        }
    }

    fn is(&self, event: &Value) -> bool {
        let fits = |(field, values): &(&str, Vec<&str>)| {
            let value = &event[*field];
            let value = value.as_str().or_else(|| value["id"].as_str());
            value.is_some_and(|value| values.contains(&value))
        };
        let at = || event["eventTime"].as_str()?.parse::<Timestamp>().ok();
        let about = |things: &Vec<&str>| {
            [
                "parentID",
                "epcList",
                "childEPCs",
                "inputEPCList",
                "outputEPCList",
            ]
            .iter()
            .any(|field| match &event[*field] {
                Value::String(one) => things.contains(&one.as_str()),
                Value::Array(many) => many
                    .iter()
                    .any(|one| one.as_str().is_some_and(|one| things.contains(&one))),
                _ => false,
            })
        };
        self.fields.iter().all(fits)
            && self.things.as_ref().is_none_or(about)
            && self
                .from
                .is_none_or(|from| at().is_some_and(|at| at >= from))
            && self.to.is_none_or(|to| at().is_some_and(|at| at < to))
            && self
                .taken_back
                .is_none_or(|taken| event.get("errorDeclaration").is_some() == taken)
    }
}
