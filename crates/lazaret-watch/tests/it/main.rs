//! The crate's tests, one file a behaviour.
mod evidence;
mod inference;
mod kernels;
mod scores;
