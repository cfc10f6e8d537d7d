//! Instants and durations of gateway time, and how a file writes a duration.
//!
//! Both count whole microseconds: fine enough that two draws of a continuous distribution rarely meet, and the
//! same grain in which a ledger stores its instants. Statistics are reported in hours as `f64`.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const MICROS_PER_SECOND: f64 = 1e6;
const MICROS_PER_HOUR: f64 = 3.6e9;

/// A duration in microseconds; never negative where a file gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A duration of whole microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Span(micros)
    }

    /// A duration of whole hours.
    #[must_use]
    pub const fn from_hours(hours: i64) -> Self {
        Span(hours * 3_600_000_000)
    }

    /// The nearest whole microsecond to `seconds`, saturating at the ends of the range; NaN gives zero.
    #[must_use]
    pub fn from_seconds(seconds: f64) -> Self {
        Span((seconds * MICROS_PER_SECOND).round() as i64)
    }

    /// Length in microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Length in seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND
    }

    /// Length in hours.
    #[must_use]
    pub fn hours(self) -> f64 {
        self.0 as f64 / MICROS_PER_HOUR
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}

impl fmt::Display for Span {
    /// Days and hours from a day up, hours and minutes from an hour up, else minutes and seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(1_000_000);
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        match (days, hours) {
            (0, 0) if seconds < 60 => write!(f, "{seconds} s"),
            (0, 0) => write!(f, "{minutes} min"),
            (0, _) if minutes == 0 => write!(f, "{hours} h"),
            (0, _) => write!(f, "{hours} h {minutes} min"),
            (_, 0) => write!(f, "{days} d"),
            _ => write!(f, "{days} d {hours} h"),
        }
    }
}

/// `seconds` in days, hours, minutes and seconds, with nothing rounded: `8 days`, `1 day 12 hours`.
///
/// For sentences that compare two lengths of time, where a rounded figure could hide the difference.
///
/// # Example
/// ```
/// use lazaret_vocabulary::time::spelled;
/// assert_eq!(spelled(691_200), "8 days");
/// assert_eq!(spelled(90_060), "1 day 1 hour 1 minute");
/// ```
#[must_use]
pub fn spelled(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{count} {unit}{plural}"));
        }
    }
    if parts.is_empty() {
        return "0 seconds".into();
    }
    parts.join(" ")
}

/// An instant, as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
#[serde(transparent)]
pub struct When(pub Timestamp);

impl From<Timestamp> for When {
    fn from(at: Timestamp) -> Self {
        When(at)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An instant of gateway time, in microseconds since the gateway's `start`.
///
/// Instant minus instant is a [`Span`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GateTime(i64);

impl GateTime {
    /// The gateway's `start`.
    pub const START: GateTime = GateTime(0);
    /// Later than anything a simulation reaches.
    pub const NEVER: GateTime = GateTime(i64::MAX / 32);

    /// The instant `micros` microseconds after the gateway's start.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        GateTime(micros)
    }

    /// Microseconds since the gateway's start.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Hours since the gateway's start.
    #[must_use]
    pub fn hours(self) -> f64 {
        self.0 as f64 / MICROS_PER_HOUR
    }

    /// Where `instant` lies on the clock of a gateway that starts at `start`.
    #[must_use]
    pub fn of(instant: Timestamp, start: Timestamp) -> Self {
        GateTime(instant.as_microsecond() - start.as_microsecond())
    }

    /// The civil instant, for a gateway that starts at `start`; saturates at the ends of the calendar.
    #[must_use]
    pub fn instant(self, start: Timestamp) -> Timestamp {
        start
            .checked_add(SignedDuration::from_micros(self.0))
            .unwrap_or(if self.0 < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            })
    }
}

impl Add<Span> for GateTime {
    type Output = GateTime;
    fn add(self, span: Span) -> GateTime {
        GateTime(self.0 + span.0)
    }
}

impl AddAssign<Span> for GateTime {
    fn add_assign(&mut self, span: Span) {
        self.0 += span.0;
    }
}

impl Sub for GateTime {
    type Output = Span;
    fn sub(self, other: GateTime) -> Span {
        Span(self.0 - other.0)
    }
}

/// Units of time that a file may use, with their length in seconds.
pub const TIME_UNITS: &[(&str, f64)] = &[
    ("s", 1.0),
    ("sec", 1.0),
    ("second", 1.0),
    ("seconds", 1.0),
    ("min", 60.0),
    ("minute", 60.0),
    ("minutes", 60.0),
    ("h", 3_600.0),
    ("hour", 3_600.0),
    ("hours", 3_600.0),
    ("d", 86_400.0),
    ("day", 86_400.0),
    ("days", 86_400.0),
    ("w", 604_800.0),
    ("week", 604_800.0),
    ("weeks", 604_800.0),
];

/// Seconds in one `unit` of time, if that is a unit of time.
#[must_use]
pub fn seconds_per(unit: &str) -> Option<f64> {
    TIME_UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|&(_, seconds)| seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        assert_eq!(Span::from_hours(36).to_string(), "1 d 12 h");
        assert_eq!(Span::from_seconds(5_400.0).to_string(), "1 h 30 min");
        assert_eq!(Span::from_seconds(42.0).to_string(), "42 s");
        assert_eq!(Span::from_hours(48).to_string(), "2 d");
    }

    #[test]
    fn a_spelled_length_hides_no_second() {
        let cases = [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "1 minute 30 seconds"),
            (86_400, "1 day"),
            (691_200, "8 days"),
            (691_201, "8 days 1 second"),
            (1 << 53, "104249991374 days 7 hours 36 minutes 32 seconds"),
        ];
        for (seconds, words) in cases {
            assert_eq!(spelled(seconds), words);
        }
    }

    #[test]
    fn gate_time_counts_elapsed_time_over_a_change_of_offset() {
        // Pyongyang went from +09:00 to +08:30 on 15 August 2015: fourteen days are still 336 hours.
        let before: Timestamp = "2015-08-10T08:00:00+09:00".parse().unwrap();
        let after: Timestamp = "2015-08-24T08:00:00+08:30".parse().unwrap();
        assert_eq!(GateTime::of(after, before).hours(), 336.5);
        assert_eq!(GateTime::of(after, before).instant(before), after);
    }
}
