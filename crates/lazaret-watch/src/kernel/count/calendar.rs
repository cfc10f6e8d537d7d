//! The calendar of a gateway in slices of the day: what is open, what is due.

use jiff::civil::{Date, Time};
use lazaret_gateway::model::{Closure, Gateway, Hours, Timetable};

use crate::kernel::date_of;

/// The slices of the days that are looked at. Slice 0 begins at local midnight of day 0.
#[derive(Clone, Debug)]
pub(super) struct Slices {
    /// Hours of a slice; divides 24.
    pub(super) hours: u32,
    /// Number of days.
    pub(super) days: usize,
}

impl Slices {
    /// The longest slice, up to four hours, whose edges meet those of all shifts.
    pub(super) fn of(gateway: &Gateway, days: usize) -> Self {
        let windows = (gateway.places.iter().filter_map(|p| p.hours.as_ref()))
            .chain(gateway.resources.iter().filter_map(|r| r.hours.as_ref()))
            .flat_map(|hours| &hours.windows);
        let edges: Vec<Time> = windows.flat_map(|(from, to)| [*from, *to]).collect();
        let hours = [4, 3, 2]
            .into_iter()
            .find(|hours| {
                let meets = |t: &Time| t.minute() == 0 && (t.hour() as u32).is_multiple_of(*hours);
                edges.iter().all(meets)
            })
            .unwrap_or(1);
        Self { hours, days }
    }

    pub(super) fn a_day(&self) -> usize {
        (24 / self.hours) as usize
    }

    pub(super) fn count(&self) -> usize {
        self.days * self.a_day()
    }

    pub(super) fn seconds(&self) -> f64 {
        f64::from(self.hours) * 3600.0
    }

    /// Hours from local midnight of day 0 to `instant`.
    pub(super) fn hours_to(gateway: &Gateway, instant: jiff::Timestamp) -> f64 {
        let local = gateway.time_zone.to_datetime(instant);
        let days = (local.date() - crate::kernel::first_day(gateway)).get_days();
        let time = local.time();
        f64::from(days) * 24.0
            + f64::from(time.hour())
            + f64::from(time.minute()) / 60.0
            + f64::from(time.second()) / 3600.0
    }

    /// Whether the middle of each slice lies in `hours` and in none of `closed`.
    pub(super) fn open(
        &self,
        gateway: &Gateway,
        hours: &[&Hours],
        closed: &[&Closure],
    ) -> Vec<bool> {
        let shut: Vec<(f64, f64)> = closed
            .iter()
            .map(|c| {
                (
                    Self::hours_to(gateway, c.from),
                    Self::hours_to(gateway, c.to),
                )
            })
            .collect();
        (0..self.count())
            .map(|slice| {
                let middle = (slice as f64 + 0.5) * f64::from(self.hours);
                let date = date_of(gateway, slice / self.a_day());
                hours
                    .iter()
                    .all(|h| works(h, date, middle.rem_euclid(24.0)))
                    && !shut
                        .iter()
                        .any(|(from, to)| *from <= middle && middle < *to)
            })
            .collect()
    }

    /// Hours since local midnight of day 0 at which `timetable` is due.
    pub(super) fn due(&self, gateway: &Gateway, timetable: &Timetable) -> Vec<f64> {
        let mut due: Vec<f64> = (0..self.days)
            .map(|day| date_of(gateway, day))
            .filter(|date| {
                timetable.days[date.weekday().to_monday_zero_offset() as usize]
                    && !timetable.except.contains(date)
            })
            .flat_map(|date| {
                timetable.times.iter().filter_map(move |time| {
                    let zoned = date
                        .to_datetime(*time)
                        .to_zoned_datetime(timetable.zone.clone());
                    zoned.ok().map(|z| Self::hours_to(gateway, z.timestamp()))
                })
            })
            .collect();
        due.sort_by(f64::total_cmp);
        let start = Self::hours_to(gateway, gateway.start);
        due.retain(|hour| *hour >= start);
        due
    }
}

fn works(hours: &Hours, date: Date, hour: f64) -> bool {
    let on = |date: Date| {
        hours.days[date.weekday().to_monday_zero_offset() as usize]
            && !hours.holidays.contains(&date)
    };
    let at = |time: Time| f64::from(time.hour()) + f64::from(time.minute()) / 60.0;
    hours.windows.iter().any(|&(from, to)| {
        let (from, to) = (at(from), at(to));
        if to > from {
            on(date) && from <= hour && hour < to
        } else {
            // Over midnight: the evening of this date, or the morning after the date before.
            (on(date) && hour >= from) || (date.yesterday().is_ok_and(on) && hour < to)
        }
    })
}
