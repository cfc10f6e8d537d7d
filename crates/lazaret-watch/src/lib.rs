//! A gateway watched from outside.
pub mod kernel;
