//! The crate's tests, one file a behaviour.
mod case;
mod changes;
mod evidence;
mod grades;
mod inference;
mod kernels;
mod kinds;
mod measures;
mod scores;
