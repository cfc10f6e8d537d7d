//! The ledger from outside.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod canonical;
mod chain;
mod clocks;
mod crafted;
mod dangers;
mod disk;
mod door;
mod edges;
mod epcis;
mod forged;
mod identity;
mod judge;
mod life;
mod published;
mod rules;
mod scene;
mod stock;
mod story;
mod times;
mod treatments;
mod unfit;
mod versions;
mod weaker;
