//! EPCIS 2.0: the events of the ledger for the systems of others.

use axum::extract::{Query, State};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};

use lazaret_ledger::epcis::text;

use crate::api::common::{NotDone, Problem};
use crate::api::epcis::EventQuery;
use crate::app::App;
use crate::read::epcis as read;

/// Events in the order in which they were recorded, as an `EPCISQueryDocument`. `Link` with `rel="next"` leads to the
/// next page; the last has none. A correction gives the wrong event once more, with its `errorDeclaration`.
#[utoipa::path(get, path = "/api/epcis/events", tag = "files", params(EventQuery), responses((status = 200, description = "Done.", body = serde_json::Value, content_type = "application/ld+json", headers(("Link" = String, description = "The next page."))), NotDone))]
pub(crate) async fn events(
    State(app): State<App>,
    uri: Uri,
    Query(query): Query<EventQuery>,
) -> Result<Response, Problem> {
    let exchange = app.exchange().await?;
    let (events, next) = read::page(&app, &exchange, &query).await?;
    let answer = exchange.answer(app.0.live.now(), &events);
    let mut response = text(&answer).into_response();
    let headers = response.headers_mut();
    let json_ld = HeaderValue::from_static("application/ld+json");
    headers.insert(header::CONTENT_TYPE, json_ld);
    for (name, version) in [("gs1-epcis-version", "2.0.0"), ("gs1-cbv-version", "2.0.0")] {
        headers.insert(name, HeaderValue::from_static(version));
    }
    if let Some(link) = next.and_then(|token| link(&uri, &token)) {
        headers.insert(header::LINK, link);
    }
    Ok(response)
}

/// The same query from `token` on.
fn link(uri: &Uri, token: &str) -> Option<HeaderValue> {
    let kept = uri.query().unwrap_or("").split('&');
    let kept = kept.filter(|part| !part.is_empty() && !part.starts_with("nextPageToken="));
    let next = format!("nextPageToken={token}");
    let query: Vec<&str> = kept.chain([next.as_str()]).collect();
    HeaderValue::try_from(format!(
        "<{}?{}>; rel=\"next\"",
        uri.path(),
        query.join("&")
    ))
    .ok()
}
