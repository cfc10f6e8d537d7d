//! What a gateway file says, and what is said about a wrong one.

mod guide;
mod mistakes;
mod mutations;
mod overrides;
mod samples;
mod schema;
mod speed;
