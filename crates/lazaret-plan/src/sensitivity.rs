//! What drives the spread: [`morris`] screens many inputs cheaply, [`sobol`] measures the few that matter.

pub mod morris;
pub mod sobol;
