//! Problems whose answer is known, to measure everything else against.
//!
//! Nothing here is random and nothing is approximate beyond rounding, save the numerical integrals of
//! [`infinite_server`], which say their error.

pub mod conjugate;
pub mod hmm;
pub mod infinite_server;
pub mod information;
pub mod kalman;
