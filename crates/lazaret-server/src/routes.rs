//! Every route of the API, once: the router and its document are made of the same list.

mod accounts;
mod adoption;
mod arrivals;
mod audit;
mod board;
mod commands;
mod demo;
mod epcis;
mod exceptions;
mod export;
mod import;
mod live;
mod lots;
mod people;
mod protocols;
pub(crate) mod session;
mod site;
mod stock;
mod work;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use lazaret_store::{Readiness, Standing};
use utoipa::OpenApi;
use utoipa::openapi::schema::{ArrayItems, Object, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::guard;
use crate::pages;

/// Title and tags of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Lazaret",
        description = "The operator's API of a quarantine gateway. Sign in with `POST /api/session` (a cookie) or send `Authorization: Bearer` with an API token. Errors are problems of RFC 9457."
    ),
    // Queries, and answers that are the same everywhere, do not collect what they refer to.
    components(schemas(crate::api::site::AsOf, crate::api::common::Problem)),
    tags(
        (name = "session", description = "Who is signed in, and accounts."),
        (name = "commands", description = "Commands: statements that something happened."),
        (name = "screens", description = "What the screens show."),
        (name = "audit", description = "Filter, prove, export."),
        (name = "files", description = "Tables and labels, in and out, and live updates."),
        (name = "demo", description = "A demonstration's clock.")
    )
)]
struct Document;

/// The routes with their document.
fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::setup_state, session::setup))
        .routes(routes!(session::join))
        .routes(routes!(
            session::sign_in,
            session::session,
            session::sign_out
        ))
        .routes(routes!(session::change_password))
        .routes(routes!(session::preferences, session::set_preferences))
        .routes(routes!(session::tokens, session::make_token))
        .routes(routes!(session::revoke_token))
        .routes(routes!(accounts::accounts, accounts::make_account))
        .routes(routes!(accounts::account, accounts::change_account))
        .routes(routes!(accounts::account_link))
        .routes(routes!(accounts::end_sessions))
        .routes(routes!(accounts::account_tokens))
        .routes(routes!(accounts::revoke_account_token))
        .routes(routes!(commands::command))
        .routes(routes!(commands::check_command))
        .routes(routes!(commands::command_batch))
        .routes(routes!(site::gateway))
        .routes(routes!(site::today))
        .routes(routes!(arrivals::arrivals))
        .routes(routes!(arrivals::arrival))
        .routes(routes!(site::site))
        .routes(routes!(site::search))
        .routes(routes!(arrivals::vehicles))
        .routes(routes!(arrivals::vehicle))
        .routes(routes!(people::people))
        .routes(routes!(people::person))
        .routes(routes!(people::unfit))
        .routes(routes!(exceptions::exceptions))
        .routes(routes!(exceptions::exception))
        .routes(routes!(protocols::protocols))
        .routes(routes!(protocols::preview_protocol))
        .routes(routes!(adoption::adoption))
        .routes(routes!(adoption::adopt))
        .routes(routes!(stock::stock))
        .routes(routes!(stock::stock_template))
        .routes(routes!(lots::lots))
        .routes(routes!(lots::lot))
        .routes(routes!(lots::lot_contacts))
        .routes(routes!(lots::lot_trace))
        .routes(routes!(lots::lot_targets))
        .routes(routes!(lots::holds))
        .routes(routes!(work::tests))
        .routes(routes!(work::release_queue))
        .routes(routes!(lots::releasable))
        .routes(routes!(work::dispatch))
        .routes(routes!(work::departure))
        .routes(routes!(work::propose))
        .routes(routes!(audit::records))
        .routes(routes!(audit::record))
        .routes(routes!(epcis::events))
        .routes(routes!(audit::proof))
        .routes(routes!(audit::make_checkpoint))
        .routes(routes!(audit::verify))
        .routes(routes!(audit::reads))
        .routes(routes!(board::board))
        .routes(routes!(board::board_page))
        .routes(routes!(board::add_row))
        .routes(routes!(demo::demo_clock))
        .routes(routes!(demo::advance))
        .routes(routes!(export::export))
        .routes(routes!(lots::label))
        .routes(routes!(live::live))
}

/// Routes that take tables, and so more bytes than others.
fn tables() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(import::import_manifests))
        .routes(routes!(stock::import_stock))
        .routes(routes!(import::manifest_template))
}

/// The document of the API.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = described().merge(tables()).into_openapi();
    if let Some(components) = &mut document.components {
        mend(&mut components.schemas);
    }
    document
}

/// Two shapes of events that the derived schemas cannot say: what an office records is not wrapped in a variant, and
/// a unit is its place and its number.
fn mend(schemas: &mut std::collections::BTreeMap<String, RefOr<Schema>>) {
    if let Some(RefOr::T(Schema::OneOf(happening))) = schemas.get_mut("Happening") {
        happening.items.pop();
        happening.items.push(Ref::from_schema_name("Entry").into());
    }
    for name in ["Surface", "Soiled"] {
        let Some(RefOr::T(Schema::OneOf(variants))) = schemas.get_mut(name) else {
            continue;
        };
        for variant in &mut variants.items {
            let RefOr::T(Schema::Object(object)) = variant else {
                continue;
            };
            if let Some(RefOr::T(Schema::Array(pair))) = object.properties.get_mut("unit") {
                pair.items = ArrayItems::False;
                pair.prefix_items = vec![
                    Object::with_type(Type::String).into(),
                    Object::with_type(Type::Integer).into(),
                ];
            }
        }
    }
}

/// Bytes of a request's body, but for tables.
const BODY_MAX: usize = 2 << 20;
/// Bytes of a table.
const TABLE_MAX: usize = 64 << 20;

/// The routes of a server.
pub(crate) fn router(app: &App) -> Router {
    let (api, _) = described().split_for_parts();
    let api = api
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .merge(
            tables()
                .split_for_parts()
                .0
                .layer(DefaultBodyLimit::max(TABLE_MAX)),
        )
        .route_layer(middleware::from_fn_with_state(app.clone(), guard::guard));
    Router::new()
        .merge(api)
        .merge(api_page())
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(pages::page)
        .layer(middleware::from_fn_with_state(app.clone(), guard::headers))
        .with_state(app.clone())
}

/// The API's document, and a page that explains it.
#[cfg(feature = "api-page")]
fn api_page() -> Router<App> {
    let page = utoipa_swagger_ui::SwaggerUi::new("/api/docs");
    Router::from(page.url("/api/openapi.json", document()))
}

/// The API's document. This build has no page that explains it, and says so where the page would be.
#[cfg(not(feature = "api-page"))]
fn api_page() -> Router<App> {
    async fn without_page() -> (StatusCode, &'static str) {
        let said = "This server was built without the page of its API; /api/openapi.json describes it. \
                    `cargo build --release --features full` builds everything.\n";
        (StatusCode::NOT_FOUND, said)
    }
    Router::new()
        .route("/api/openapi.json", get(async || axum::Json(document())))
        .route("/api/docs", get(without_page))
        .route("/api/docs/", get(without_page))
}

/// The process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The database was read just now, and this server proved within the last seconds that it may write.
async fn readyz(State(app): State<App>) -> Response {
    let (status, state, why) = match app.0.live.readiness().await {
        Readiness::Ready => match app.0.live.clock_doubt() {
            None => (StatusCode::OK, "ready", None),
            Some(why) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the clock is in doubt",
                Some(why.to_string()),
            ),
        },
        Readiness::Standby { holder } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "standing by",
            Some(format!("{holder} writes")),
        ),
        Readiness::Stopped => (StatusCode::SERVICE_UNAVAILABLE, "stopping", None),
        Readiness::Failing { why } => (StatusCode::SERVICE_UNAVAILABLE, "not ready", Some(why)),
    };
    let mut body = serde_json::json!({ "state": state });
    if let Some(why) = why {
        body["why"] = why.into();
    }
    (status, Json(body)).into_response()
}

/// Numbers for Prometheus. They name routes, never people or goods.
async fn metrics(State(app): State<App>) -> Response {
    let active = app.0.live.standing() == Standing::Active;
    let (counts, seq) = match app.look(None, |state, _| state.counts()).await {
        Ok(seen) => seen,
        Err(problem) => return problem.into_response(),
    };
    let text = app.0.metrics.text(&[
        ("active", "Whether this server writes.", f64::from(active)),
        ("records", "Records in the ledger.", seq as f64),
        (
            "commits",
            "Commits since the start.",
            app.0.live.commits() as f64,
        ),
        ("lots_held", "Lots that are held.", counts.held as f64),
        (
            "lots_releasable",
            "Lots that are released and here.",
            counts.releasable as f64,
        ),
    ]);
    (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4"),
        )],
        text,
    )
        .into_response()
}
