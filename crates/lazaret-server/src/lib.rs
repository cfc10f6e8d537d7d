//! The operator's HTTP API and screens.

pub mod api;
mod routes;

pub use routes::document;

/// Every route of the API.
pub fn router() -> axum::Router {
    routes::router()
}
