//! What a gateway file says, and what is said about a wrong one.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod guide;
mod mistakes;
mod mutations;
mod overrides;
mod samples;
mod schema;
mod speed;
