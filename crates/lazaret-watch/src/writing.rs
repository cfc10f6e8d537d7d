//! Figures as people read them.

pub use lazaret_vocabulary::figures::{chance as percent, number};
