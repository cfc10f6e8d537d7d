//! Protocols and rules.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lazaret_vocabulary::strict;
use serde_json::{Value, json};

use crate::api::common::{Answer, NotDone, Problem};
use crate::api::protocols::{Preview, PreviewRequest, ProtocolsView};
use crate::app::App;
use crate::guard::Who;
use crate::read::protocols as read;

/// Protocols and rules.
#[utoipa::path(get, path = "/api/protocols", tag = "screens", responses((status = 200, description = "Done.", body = ProtocolsView), NotDone))]
pub(crate) async fn protocols(State(app): State<App>) -> Result<Response, Problem> {
    let view = read::list(&app).await?;
    let tag = HeaderValue::try_from(format!("\"{}\"", view.version))
        .map_err(|error| Problem::internal(error.to_string()))?;
    Ok(([(header::ETAG, tag)], Json(view)).into_response())
}

/// What a protocol would change before it is adopted.
#[utoipa::path(post, path = "/api/protocols/preview", tag = "screens", request_body = PreviewRequest, responses((status = 200, description = "Done.", body = Preview), NotDone))]
pub(crate) async fn preview_protocol(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<Value>,
) -> Answer<Preview> {
    let example = strict::example_of("protocol_adopted")
        .map(|adopted| json!({ "protocol": adopted["protocol"] }))
        .unwrap_or_default();
    let body: PreviewRequest = strict::read(&body, &example)
        .map_err(|misread| Problem::bad_request(misread.to_string()))?;
    read::preview(&app, &who, &body).await.map(Json)
}
