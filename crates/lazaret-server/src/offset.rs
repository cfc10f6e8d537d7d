//! A clock that can be run on.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use jiff::Timestamp;
use lazaret_store::{Clock, given_clock};

/// Runs on: added to the system's clock.
#[derive(Debug, Default)]
pub struct Offset(pub(crate) AtomicI64);

impl Offset {
    /// A clock that is this much ahead.
    #[must_use]
    pub fn clock(self: &Arc<Self>) -> Clock {
        let offset = Arc::clone(self);
        given_clock(move || {
            let ahead = offset.0.load(std::sync::atomic::Ordering::Relaxed);
            let now = Timestamp::now().as_microsecond().saturating_add(ahead);
            Timestamp::from_microsecond(now).unwrap_or(Timestamp::MAX)
        })
    }
}
