//! The ledger from outside.

mod canonical;
mod figures;
mod life;
mod oracle;
mod rules;
mod scene;
mod story;
mod traces;
