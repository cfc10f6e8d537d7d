//! Hours, shifts, closures and timetables, worked out for the length of a simulation.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use lazaret_gateway::model::{Closure, Hours, Timetable};
use lazaret_vocabulary::time::GateTime;

/// A change between open and closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Toggle {
    pub(crate) at: i64,
    pub(crate) open: bool,
    /// Which closure closes it, if one does; otherwise the shift is over.
    pub(crate) closure: Option<u32>,
}

/// Where civil time lies on the gateway's clock.
pub(crate) struct Clock {
    pub(crate) start: Timestamp,
    pub(crate) zone: TimeZone,
    /// Microseconds simulated.
    pub(crate) horizon: i64,
}

impl Clock {
    pub(crate) fn at(&self, instant: Timestamp) -> i64 {
        GateTime::of(instant, self.start).micros()
    }

    /// A local time on the gateway's clock. A time that a change of offset skips is moved on by as much.
    fn local(&self, date: Date, time: Time, zone: &TimeZone) -> Option<i64> {
        date.to_datetime(time)
            .to_zoned_datetime(zone.clone())
            .ok()
            .map(|z| self.at(z.timestamp()))
    }

    /// Local dates from the day before the start to the day after the end.
    fn dates(&self, zone: &TimeZone) -> impl Iterator<Item = Date> + use<> {
        let first = zone.to_datetime(self.start).date().yesterday().ok();
        let last = zone
            .to_datetime(GateTime::from_micros(self.horizon).instant(self.start))
            .date()
            .tomorrow()
            .unwrap_or(Date::MAX);
        let zone = zone.clone();
        std::iter::successors(first, |date| date.tomorrow().ok())
            .take_while(move |date| *date <= last)
            .filter(move |date| {
                // A day that a change of offset skips whole is not there: neither its first nor its last moment falls on it.
                let falls = |time: Time| {
                    let local = date.to_datetime(time).to_zoned_datetime(zone.clone());
                    local.is_ok_and(|z| z.date() == *date)
                };
                falls(Time::midnight()) || falls(Time::MAX)
            })
    }

    /// State at the start and the changes after it, of something that works in `hours` less `closed`.
    pub(crate) fn toggles(&self, hours: Option<&Hours>, closed: &[Closure]) -> (bool, Vec<Toggle>) {
        // Count what keeps it shut: no window, and each closure. It is open at nil.
        let mut edges: Vec<(i64, i32, Option<u32>)> = Vec::new();
        if let Some(hours) = hours {
            edges.push((i64::MIN, 1, None));
            for (from, to) in self.windows(hours) {
                edges.push((from, -1, None));
                edges.push((to, 1, None));
            }
        }
        for (nth, closure) in closed.iter().enumerate() {
            edges.push((self.at(closure.from), 1, Some(nth as u32)));
            edges.push((self.at(closure.to), -1, Some(nth as u32)));
        }
        edges.sort_by_key(|&(at, ..)| at);
        let mut shut = 0;
        let (mut initial, mut toggles) = (true, Vec::new());
        let mut edges = edges.into_iter().peekable();
        while let Some((at, change, closure)) = edges.next() {
            let was = shut;
            shut += change;
            let mut by = closure;
            while let Some(&(next, change, closure)) = edges.peek() {
                if next != at {
                    break;
                }
                shut += change;
                by = by.or(closure);
                edges.next();
            }
            if (was == 0) == (shut == 0) {
                continue;
            }
            if at <= 0 {
                initial = shut == 0;
            } else if at <= self.horizon {
                toggles.push(Toggle {
                    at,
                    open: shut == 0,
                    closure: by,
                });
            }
        }
        (initial, toggles)
    }

    fn windows(&self, hours: &Hours) -> Vec<(i64, i64)> {
        let mut windows = Vec::new();
        for date in self.dates(&self.zone) {
            let weekday = date.weekday().to_monday_zero_offset() as usize;
            if !hours.days[weekday] || hours.holidays.contains(&date) {
                continue;
            }
            for &(from, to) in &hours.windows {
                let last = if to > from {
                    Some(date)
                } else {
                    date.tomorrow().ok()
                };
                let span = (
                    self.local(date, from, &self.zone),
                    last.and_then(|d| self.local(d, to, &self.zone)),
                );
                if let (Some(from), Some(to)) = span {
                    windows.push((from, to));
                }
            }
        }
        windows.sort_unstable();
        // Windows that touch or overlap are one.
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(windows.len());
        for (from, to) in windows {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        merged
    }

    /// Instants at which `timetable` is due, from the start to the end.
    pub(crate) fn due(&self, timetable: &Timetable) -> Vec<i64> {
        let mut due: Vec<i64> = self
            .dates(&timetable.zone)
            .filter(|date| {
                timetable.days[date.weekday().to_monday_zero_offset() as usize]
                    && !timetable.except.contains(date)
            })
            .flat_map(|date| {
                timetable
                    .times
                    .iter()
                    .filter_map(move |&time| self.local(date, time, &timetable.zone))
            })
            .filter(|at| (0..=self.horizon).contains(at))
            .collect();
        due.sort_unstable();
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn clock(days: i64) -> Clock {
        // A Sunday, midnight.
        Clock {
            start: "2022-01-16T00:00:00+09:00".parse().unwrap(),
            zone: TimeZone::get("Asia/Pyongyang").unwrap(),
            horizon: days * 24 * HOUR,
        }
    }

    fn hours(from: &str, to: &str) -> Hours {
        Hours {
            days: [true; 7],
            windows: vec![(from.parse().unwrap(), to.parse().unwrap())],
            holidays: vec![],
        }
    }

    fn edges(toggles: &[Toggle]) -> Vec<(i64, bool)> {
        toggles.iter().map(|t| (t.at / HOUR, t.open)).collect()
    }

    #[test]
    fn a_day_shift_opens_and_closes_daily() {
        let (open, toggles) = clock(2).toggles(Some(&hours("08:00:00", "20:00:00")), &[]);
        assert!(!open);
        assert_eq!(
            edges(&toggles),
            [(8, true), (20, false), (32, true), (44, false)]
        );
    }

    #[test]
    fn a_night_shift_runs_over_midnight() {
        let (open, toggles) = clock(1).toggles(Some(&hours("22:00:00", "06:00:00")), &[]);
        assert!(open);
        assert_eq!(edges(&toggles), [(6, false), (22, true)]);
    }

    #[test]
    fn a_closure_within_a_shift_closes_once_and_says_why() {
        let closed = Closure {
            from: "2022-01-16T10:00:00+09:00".parse().unwrap(),
            to: "2022-01-17T12:00:00+09:00".parse().unwrap(),
            why: "flood".into(),
        };
        let (_, toggles) = clock(2).toggles(Some(&hours("08:00:00", "20:00:00")), &[closed]);
        assert_eq!(
            edges(&toggles),
            [(8, true), (10, false), (36, true), (44, false)]
        );
        assert_eq!(toggles[1].closure, Some(0));
    }

    #[test]
    fn round_the_clock_is_always_open() {
        let (open, toggles) = clock(3).toggles(Some(&hours("00:00:00", "00:00:00")), &[]);
        assert!(open);
        assert!(toggles.is_empty());
    }

    #[test]
    fn a_timetable_runs_on_its_days() {
        let timetable = Timetable {
            days: [true, false, false, true, false, false, false],
            times: vec!["08:30:00".parse().unwrap()],
            zone: TimeZone::get("Asia/Pyongyang").unwrap(),
            except: vec!["2022-01-20".parse().unwrap()],
        };
        let due: Vec<f64> = clock(10)
            .due(&timetable)
            .iter()
            .map(|&at| at as f64 / HOUR as f64)
            .collect();
        // Monday 17 and Monday 24; Thursday 20 is left out.
        assert_eq!(due, [32.5, 200.5]);
    }

    #[test]
    fn a_day_that_was_skipped_has_no_times_and_no_shift() {
        // Samoa went from 29 to 31 December 2011.
        let zone = TimeZone::get("Pacific/Apia").unwrap();
        let clock = Clock {
            start: "2011-12-29T00:00:00-10:00".parse().unwrap(),
            zone: zone.clone(),
            horizon: 3 * 24 * HOUR,
        };
        let timetable = Timetable {
            days: [true; 7],
            times: vec!["06:00:00".parse().unwrap()],
            zone,
            except: vec![],
        };
        let due: Vec<i64> = clock.due(&timetable).iter().map(|at| at / HOUR).collect();
        assert_eq!(due, [6, 30, 54]);
        let (_, toggles) = clock.toggles(Some(&hours("08:00:00", "20:00:00")), &[]);
        assert_eq!(
            edges(&toggles),
            [
                (8, true),
                (20, false),
                (32, true),
                (44, false),
                (56, true),
                (68, false)
            ]
        );
    }
}
