//! What the simulator does, scenario by scenario: `docs/semantics.md` says the rules, these show them at work.

mod chance;
mod metrics;
mod properties;
mod scenarios;
