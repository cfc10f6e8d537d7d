//! The crate's tests, one file a behaviour.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests read the environment, and long ones say what they found"
)]

mod analyst;
mod case;
mod changes;
mod evidence;
mod grades;
mod inference;
mod kernels;
mod kinds;
mod measures;
mod opinions;
mod scores;
mod without;
