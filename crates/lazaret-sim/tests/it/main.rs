//! What the simulator does, scenario by scenario: `docs/semantics.md` says the rules, these show them at work.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read and write the documents they check"
)]

mod chance;
mod metrics;
mod properties;
mod scenarios;
mod situations;
