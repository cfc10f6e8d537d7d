//! Who is told what happens in a replication.

use jiff::Timestamp;
use lazaret_vocabulary::event::{Event, Happening};

/// Is told each happening in order of time.
pub trait Observer {
    /// Whether it listens at all. A replication without a listener makes no events.
    const ON: bool = true;

    /// Something happened.
    fn happens(&mut self, at: Timestamp, happening: Happening);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    const ON: bool = false;

    fn happens(&mut self, _: Timestamp, _: Happening) {}
}

/// Passes each event on to a function.
#[derive(Debug)]
pub struct Tell<F>(pub F);

impl<F: FnMut(Event)> Observer for Tell<F> {
    fn happens(&mut self, at: Timestamp, happening: Happening) {
        (self.0)(Event { at, happening });
    }
}
