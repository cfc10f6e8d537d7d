//! The ledger from outside.

mod canonical;
mod life;
mod oracle;
mod scene;
mod story;
mod traces;
