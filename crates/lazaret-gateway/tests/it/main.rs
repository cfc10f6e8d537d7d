//! What a gateway file says, and what is said about a wrong one.

mod mistakes;
mod mutations;
mod samples;
mod schema;
