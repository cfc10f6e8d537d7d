//! Event calendars for packed integer keys.
//!
//! A key is one `u64`: the instant in its upper bits, then the kind of event, then what the event is about.
//! Comparing keys compares instants first, and events of one instant have a fixed order whichever calendar
//! holds them: that is why the loops that differ only in their calendar give identical outputs.

pub mod heap;
pub mod ring;

/// The number of kinds of events that a calendar holds; kinds are numbered from 0.
pub const KINDS: usize = 4;
/// Bits below the kind, for what the event is about.
pub const PAYLOAD_BITS: u32 = 13;
/// Bits below the instant.
pub const TIME_SHIFT: u32 = PAYLOAD_BITS + 2;

/// Packs an event.
#[inline(always)]
#[must_use]
pub fn key(time: u64, kind: usize, payload: u32) -> u64 {
    debug_assert!(kind < KINDS && payload >> PAYLOAD_BITS == 0 && time >> (64 - TIME_SHIFT) == 0);
    time << TIME_SHIFT | (kind as u64) << PAYLOAD_BITS | u64::from(payload)
}

/// The instant of a key [ticks].
#[inline(always)]
#[must_use]
pub fn time(key: u64) -> u64 {
    key >> TIME_SHIFT
}

/// The kind of a key.
#[inline(always)]
#[must_use]
pub fn kind(key: u64) -> usize {
    (key >> PAYLOAD_BITS) as usize % KINDS
}

/// What the event is about.
#[inline(always)]
#[must_use]
pub fn payload(key: u64) -> u32 {
    (key as u32) & ((1 << PAYLOAD_BITS) - 1)
}

/// A set of future events that gives back the earliest.
pub trait Calendar: Default {
    /// Forgets all events; memory is kept.
    fn clear(&mut self);
    /// Adds an event. It must not lie before the event popped last, nor before a limit below which there was none.
    fn push(&mut self, kind: usize, key: u64);
    /// Takes the earliest event if its key is below `limit`.
    fn pop_below(&mut self, limit: u64) -> Option<u64>;
}
