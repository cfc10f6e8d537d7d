//! The operator's HTTP API and screens.
//!
//! [`App`] is a server over a ledger in use; [`router`] its routes; [`serve`] listens. What may be said is for the ledger
//! to decide; who may ask for what stands in one table, [`access::ROUTES`]; the document of the API comes from the routes
//! themselves ([`document`]) and the screens are built against it.

#![allow(clippy::disallowed_methods, reason = "a server is I/O")]

pub mod access;
pub mod api;
mod app;
mod board;
mod demo;
mod guard;
mod import;
mod label;
mod limits;
mod metrics;
mod offset;
mod pages;
mod read;
mod routes;
mod scan;
mod secrets;
mod serve;
mod tables;
mod tls;
mod view;
mod vocabulary;
mod words;

pub use api::common::{CellError, Problem};
pub use api::stock::StockQuery;
pub use app::{App, Options};
pub use board::{Board, Checked, Draw, Progress};
pub use demo::Demo;
pub use import::{Known, StockRead, stock as read_stock};
pub use lazaret_exchange::stock::template as stock_template;
pub use offset::Offset;
pub use pages::has_screens;
pub use routes::document;
pub use secrets::fits as password_fits;
pub use serve::serve;
pub use tls::{Tls, TlsError};

/// Every route of a server.
pub fn router(app: &App) -> axum::Router {
    routes::router(app)
}
