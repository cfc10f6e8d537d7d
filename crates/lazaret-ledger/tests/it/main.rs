//! The ledger from outside.

mod scene;
mod story;
mod traces;
