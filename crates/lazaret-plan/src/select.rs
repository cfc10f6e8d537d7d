//! Choosing the best of a few designs: with a guarantee ([`kn`]) or with a fixed budget ([`ocba`]).

pub mod kn;
pub mod ocba;

pub use kn::{IndifferenceZone, Selection};

/// Which end is best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// The greatest mean is best.
    Maximise,
    /// The least mean is best.
    Minimise,
}

impl Aim {
    /// Value with its sign turned so that greater is better.
    #[must_use]
    pub fn score(self, value: f64) -> f64 {
        match self {
            Aim::Maximise => value,
            Aim::Minimise => -value,
        }
    }
}
