//! The ledger from outside.

mod canonical;
mod chain;
mod disk;
mod edges;
mod epcis;
mod identity;
mod life;
mod oracle;
mod rules;
mod scene;
mod story;
mod treatments;
