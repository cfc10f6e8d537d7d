//! When things are open and due, found by looking at every day.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lazaret_gateway::model::{Closure, Gateway, Hours, Timetable};

/// Microseconds from the gateway's start.
pub(crate) fn micros(gateway: &Gateway, at: Timestamp) -> i64 {
    at.as_microsecond() - gateway.start.as_microsecond()
}

/// The instant of a local time. One that a change of offset skips is moved on by as much.
fn instant(gateway: &Gateway, date: Date, time: Time, zone: &TimeZone) -> i64 {
    let local = date.to_datetime(time);
    let zoned = local.to_zoned_datetime(zone.clone()).unwrap();
    micros(gateway, zoned.timestamp())
}

/// Every date that may matter, less those that the zone leaves out.
fn dates(gateway: &Gateway, zone: &TimeZone) -> Vec<Date> {
    let end = gateway.start + SignedDuration::from_micros(gateway.length.micros());
    let mut date = zone.to_datetime(gateway.start).date();
    let last = zone.to_datetime(end).date().tomorrow().unwrap();
    date = date.yesterday().unwrap().yesterday().unwrap();
    let mut all = Vec::new();
    while date <= last {
        let there = (0..24).any(|hour| {
            let local = date.at(hour, 59, 59, 0);
            let zoned = local.to_zoned_datetime(zone.clone()).unwrap();
            zoned.date() == date
        });
        if there {
            all.push(date);
        }
        date = date.tomorrow().unwrap();
    }
    all
}

/// Windows of work, and closures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open {
    /// None if it works round the clock.
    windows: Option<Vec<(i64, i64)>>,
    closed: Vec<(i64, i64, String)>,
}

impl Open {
    pub(crate) fn new(gateway: &Gateway, hours: Option<&Hours>, closed: &[Closure]) -> Open {
        let windows = hours.map(|hours| {
            let mut windows = Vec::new();
            for date in dates(gateway, &gateway.time_zone) {
                let weekday = date.weekday().to_monday_zero_offset() as usize;
                if !hours.days[weekday] || hours.holidays.contains(&date) {
                    continue;
                }
                for &(from, to) in &hours.windows {
                    let ends_on = if to > from {
                        date
                    } else {
                        date.tomorrow().unwrap()
                    };
                    windows.push((
                        instant(gateway, date, from, &gateway.time_zone),
                        instant(gateway, ends_on, to, &gateway.time_zone),
                    ));
                }
            }
            windows
        });
        let closed = closed
            .iter()
            .map(|c| {
                (
                    micros(gateway, c.from),
                    micros(gateway, c.to),
                    c.why.clone(),
                )
            })
            .collect();
        Open { windows, closed }
    }

    /// Whether it is open at `at`, seen just after what happens then.
    pub(crate) fn at(&self, at: i64) -> bool {
        let works = self
            .windows
            .as_ref()
            .is_none_or(|windows| windows.iter().any(|&(from, to)| from <= at && at < to));
        works && self.closure(at).is_none()
    }

    /// The reason of the closure that covers `at`.
    pub(crate) fn closure(&self, at: i64) -> Option<&str> {
        let covering = self
            .closed
            .iter()
            .find(|&&(from, to, _)| from <= at && at < to);
        covering.map(|(.., why)| why.as_str())
    }

    /// Instants after the start at which it opens or closes.
    pub(crate) fn changes(&self, until: i64) -> Vec<i64> {
        let windows = self.windows.iter().flatten().copied();
        let closures = self.closed.iter().map(|&(from, to, _)| (from, to));
        let mut edges: Vec<i64> = windows.chain(closures).flat_map(|(a, b)| [a, b]).collect();
        edges.sort_unstable();
        edges.dedup();
        edges.retain(|&at| 0 < at && at <= until && self.at(at) != self.at(at - 1));
        edges
    }

    /// When it opens again that is closed at `at`.
    pub(crate) fn opens(&self, at: i64) -> Option<i64> {
        let mut ends: Vec<i64> = self.closed.iter().map(|&(_, to, _)| to).collect();
        ends.sort_unstable();
        ends.into_iter().find(|&end| end > at && self.at(end))
    }
}

/// Instants of a timetable, from the start to the end.
pub(crate) fn due(gateway: &Gateway, timetable: &Timetable) -> Vec<i64> {
    let mut due = Vec::new();
    for date in dates(gateway, &timetable.zone) {
        let weekday = date.weekday().to_monday_zero_offset() as usize;
        if timetable.days[weekday] && !timetable.except.contains(&date) {
            for &time in &timetable.times {
                due.push(instant(gateway, date, time, &timetable.zone));
            }
        }
    }
    due.sort_unstable();
    due.retain(|&at| 0 <= at && at <= gateway.length.micros());
    due
}
