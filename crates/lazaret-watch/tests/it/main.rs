//! The crate's tests, one file a behaviour.
mod kernels;
