//! Results as one self-contained HTML file: no network, no script, readable on a phone and on paper.
//!
//! A [`Page`] is a question, its answer in a sentence, and sections of figures. Every [`Figure`] carries the table of the
//! numbers it shows, so that nothing is said by a picture alone. Charts are pure functions from data to a figure;
//! [`study::page`] puts them together for a simulated gateway.
//!
//! ```
//! use lazaret_report::{Again, Page, Section, chart::bars};
//! let bar = bars::Bar { name: "yard".into(), value: 0.4, low: 0.35, high: 0.45, limit: Some(1.0) };
//! let page = Page {
//!     title: "Uiju".into(),
//!     question: "What is full?".into(),
//!     answer: "Nothing is.".into(),
//!     figures: Vec::new(),
//!     sections: vec![Section::of("Utilisation", "Occupied slots over slots.", vec![bars::bars("Places", "share", &[bar])])],
//!     warnings: Vec::new(),
//!     again: Some(Again { command: "lazaret report uiju.toml".into(), seed: 1, version: "0.1.0".into(), file_hash: "…".into() }),
//! };
//! assert!(page.html().starts_with("<!doctype html>"));
//! ```

pub mod chart;
pub mod flows;
mod html;
mod page;
pub mod plan;
pub mod study;
mod table;
pub mod watch;

pub use html::escape;
pub use page::{Again, Figure, KeyFigure, Page, Section, Shown};
pub use table::{Bar, Cell, Table};
