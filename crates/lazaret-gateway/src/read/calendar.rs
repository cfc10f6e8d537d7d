//! Dates, times of day, shifts, timetables and closures.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use lazaret_vocabulary::near::suggestion;

use super::Reader;
use super::section::Section;
use crate::diagnostic::{Diagnostic, Location};
use crate::document::{Node, Value};
use crate::fields;
use crate::model::{Closure, Hours, Recurrence, Timetable};

const DAY_NAMES: [(&str, &str); 7] = [
    ("mon", "monday"),
    ("tue", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
];

/// A date as the file gives it.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) local: DateTime,
    /// Whether only the day was given.
    pub(super) whole_day: bool,
}

impl<'d> Reader<'d> {
    pub(super) fn zone_of(&mut self, section: &Section<'d>, key: &str) -> Option<TimeZone> {
        let name = self.text_value(section, key)?;
        if name == "UTC" {
            return Some(TimeZone::UTC);
        }
        // The database inside the program, so that a file means the same on every machine.
        let zones = TimeZoneDatabase::bundled();
        if let Ok(zone) = zones.get(name) {
            return Some(zone);
        }
        let all: Vec<String> = zones.available().map(|n| n.to_string()).collect();
        let help = suggestion(name, all.iter().map(String::as_str))
            .unwrap_or_else(|| "write an IANA name, such as \"Asia/Pyongyang\"".to_string());
        self.error(
            Diagnostic::error(
                "unknown-name",
                section.at_key(key),
                format!("`{name}` is not a time zone"),
            )
            .help(help),
        );
        None
    }

    pub(super) fn moment_of(&mut self, node: &Node) -> Option<Moment> {
        let Value::Moment(moment) = &node.value else {
            let help = match &node.value {
                Value::Text(text) if text.parse::<DateTime>().is_ok() => {
                    Some(format!("write it without quotes: {text}"))
                }
                _ => Some("write 2022-01-16 or 2022-01-16T08:00:00, without quotes".to_string()),
            };
            self.error(
                Diagnostic::error(
                    "wrong-kind",
                    node.at,
                    format!("a date is expected here, not {}", node.kind()),
                )
                .maybe_help(help),
            );
            return None;
        };
        if moment.offset.is_some() {
            self.error(
                Diagnostic::error(
                    "wrong-kind",
                    node.at,
                    "dates in a gateway file have no offset",
                )
                .help("write local time; `time_zone` of [gateway] gives the zone"),
            );
            return None;
        }
        let Some(date) = moment.date else {
            self.error(
                Diagnostic::error("wrong-kind", node.at, "this is a time without a date")
                    .help("write 2022-01-16T08:00:00"),
            );
            return None;
        };
        let date = Date::new(date.year as i16, date.month as i8, date.day as i8).ok()?;
        let whole_day = moment.time.is_none();
        let time = match moment.time {
            None => Time::midnight(),
            Some(time) => Time::new(
                time.hour as i8,
                time.minute as i8,
                time.second.unwrap_or(0).min(59) as i8,
                time.nanosecond.unwrap_or(0) as i32,
            )
            .ok()?,
        };
        if !(1600..=2600).contains(&date.year()) {
            self.error(Diagnostic::error(
                "out-of-range",
                node.at,
                "dates must lie between 1600 and 2600",
            ));
            return None;
        }
        Some(Moment {
            local: DateTime::from_parts(date, time),
            whole_day,
        })
    }

    /// The instant of a local time; one that a change of the clocks skips is moved forward by the skip.
    pub(super) fn instant(&mut self, local: DateTime, at: Location) -> Option<Timestamp> {
        match self.zone.to_timestamp(local) {
            Ok(instant) => Some(instant),
            Err(error) => {
                self.error(Diagnostic::error("out-of-range", at, error.to_string()));
                None
            }
        }
    }

    pub(super) fn moment(&mut self, section: &Section<'d>, key: &str) -> Option<Timestamp> {
        let entry = section.entry(key)?;
        let moment = self.moment_of(&entry.node)?;
        self.instant(moment.local, entry.node.at)
    }

    pub(super) fn dates(&mut self, section: &Section<'d>, key: &str) -> Vec<Date> {
        let Some(entry) = section.entry(key) else {
            return Vec::new();
        };
        let Value::List(items) = &entry.node.value else {
            self.wrong_kind(&entry.node, "a list of dates");
            return Vec::new();
        };
        let mut dates = Vec::new();
        for item in items {
            match self.moment_of(item) {
                Some(moment) if moment.whole_day => dates.push(moment.local.date()),
                Some(_) => self.error(Diagnostic::error(
                    "wrong-kind",
                    item.at,
                    "a day is expected here, without a time",
                )),
                None => {}
            }
        }
        dates.sort_unstable();
        dates.dedup();
        dates
    }

    fn time_text(&mut self, node: &Node, text: &str, offset: usize) -> Option<Time> {
        let trimmed = text.trim();
        let parsed = trimmed.split_once(':').and_then(|(hour, minute)| {
            let hour: i8 = hour.parse().ok()?;
            let minute: i8 = minute.parse().ok()?;
            if hour == 24 && minute == 0 {
                return Some(Time::midnight());
            }
            Time::new(hour, minute, 0, 0).ok()
        });
        if parsed.is_none() {
            let whole = match &node.value {
                Value::Text(whole) => whole.as_str(),
                _ => text,
            };
            let at = self.inside(node, whole, offset..offset + text.len());
            self.error(
                Diagnostic::error(
                    "wrong-kind",
                    at,
                    format!("`{trimmed}` is not a time of day"),
                )
                .help("write hours and minutes, such as \"08:00\""),
            );
        }
        parsed
    }

    pub(super) fn times(&mut self, section: &Section<'d>, key: &str) -> Option<Vec<Time>> {
        let entry = section.entry(key)?;
        let items = match &entry.node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&entry.node),
        };
        let mut times = Vec::new();
        for item in items {
            match &item.value {
                Value::Text(text) => times.extend(self.time_text(item, text, 0)),
                Value::Moment(moment) if moment.date.is_none() => {
                    let time = moment.time.and_then(|t| {
                        Time::new(t.hour as i8, t.minute as i8, t.second.unwrap_or(0) as i8, 0).ok()
                    });
                    times.extend(time);
                }
                _ => self.wrong_kind(item, "a time of day such as \"06:00\""),
            }
        }
        times.sort_unstable();
        times.dedup();
        if items.is_empty() {
            self.error(
                Diagnostic::error(
                    "impossible",
                    entry.node.at,
                    "a timetable needs a time of day",
                )
                .help("write times = [\"06:00\"]"),
            );
            return None;
        }
        Some(times)
    }

    fn day_index(&mut self, node: &Node, whole: &str, word: &str) -> Option<usize> {
        let lower = word.trim().to_lowercase();
        let found = DAY_NAMES
            .iter()
            .position(|&(short, long)| lower == short || lower == long);
        if found.is_none() {
            let offset = whole.find(word).unwrap_or(0);
            let at = self.inside(node, whole, offset..offset + word.len());
            self.error(
                Diagnostic::error(
                    "unknown-word",
                    at,
                    format!("`{}` is not a day of the week", word.trim()),
                )
                .help("write days such as \"Mon-Fri\" or [\"Mon\", \"Thu\"]"),
            );
        }
        found
    }

    pub(super) fn days(&mut self, section: &Section<'d>, key: &str) -> Option<[bool; 7]> {
        let entry = section.entry(key)?;
        let items = match &entry.node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&entry.node),
        };
        let mut days = [false; 7];
        for item in items {
            let Value::Text(text) = &item.value else {
                self.wrong_kind(item, "days such as \"Mon-Fri\"");
                return None;
            };
            for part in text.split(',').filter(|part| !part.trim().is_empty()) {
                match part.split_once('-') {
                    None => days[self.day_index(item, text, part)?] = true,
                    Some((from, to)) => {
                        let from = self.day_index(item, text, from)?;
                        let to = self.day_index(item, text, to)?;
                        let mut day = from;
                        days[day] = true;
                        // "Sat-Mon" goes over the end of the week.
                        while day != to {
                            day = (day + 1) % 7;
                            days[day] = true;
                        }
                    }
                }
            }
        }
        if days == [false; 7] {
            self.error(
                Diagnostic::error("impossible", entry.node.at, "this names no day of the week")
                    .help("for every day, leave it out"),
            );
            return None;
        }
        Some(days)
    }

    fn windows(&mut self, section: &Section<'d>, key: &str) -> Option<Vec<(Time, Time)>> {
        let entry = section.entry(key)?;
        let items = match &entry.node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&entry.node),
        };
        let mut windows: Vec<(Time, Time)> = Vec::new();
        for item in items {
            let Value::Text(text) = &item.value else {
                self.wrong_kind(item, "a shift such as \"08:00-20:00\"");
                continue;
            };
            let Some((from, to)) = text.split_once('-') else {
                self.error(
                    Diagnostic::error(
                        "wrong-kind",
                        item.at,
                        "a shift needs a beginning and an end",
                    )
                    .help("write \"08:00-20:00\"; \"22:00-06:00\" spans midnight"),
                );
                continue;
            };
            let start = self.time_text(item, from, 0);
            let end = self.time_text(item, to, from.len() + 1);
            if let (Some(start), Some(end)) = (start, end) {
                let whole_day = start == end && start == Time::midnight();
                if start == end && !whole_day {
                    self.error(
                        Diagnostic::error("impossible", item.at, "this shift ends when it begins")
                            .help("write \"00:00-24:00\" for the whole day"),
                    );
                    continue;
                }
                windows.push((start, end));
            }
        }
        if items.is_empty() {
            self.error(
                Diagnostic::error("impossible", entry.node.at, "this lists no shift")
                    .help("for work round the clock, leave it out"),
            );
            return None;
        }
        windows.sort_unstable();
        Some(windows)
    }

    /// Shift, days and holidays of a crew or place; none if it always works.
    pub(super) fn hours(
        &mut self,
        section: &Section<'d>,
        works_holidays_by_default: bool,
        holidays: &[Date],
    ) -> Option<Hours> {
        let windows = self.windows(section, "shift");
        let days = self.days(section, "days");
        let works = self
            .flag(section, "works_holidays")
            .unwrap_or(works_holidays_by_default);
        let rests = !works && !holidays.is_empty();
        if windows.is_none() && days.is_none() && !rests {
            return None;
        }
        Some(Hours {
            days: days.unwrap_or([true; 7]),
            windows: windows.unwrap_or_else(|| vec![(Time::midnight(), Time::midnight())]),
            holidays: if works { Vec::new() } else { holidays.to_vec() },
        })
    }

    pub(super) fn closures(&mut self, section: &Section<'d>, key: &str) -> Vec<Closure> {
        let Some(entry) = section.entry(key) else {
            return Vec::new();
        };
        let items = match &entry.node.value {
            Value::List(items) => items.as_slice(),
            Value::Table(_) => std::slice::from_ref(&entry.node),
            _ => {
                self.wrong_kind(
                    &entry.node,
                    "a list such as [{ from = 2022-02-01, to = 2022-02-03 }]",
                );
                return Vec::new();
            }
        };
        let mut closures: Vec<Closure> = Vec::new();
        for item in items {
            let Value::Table(table) = &item.value else {
                self.wrong_kind(
                    item,
                    "a table such as { from = 2022-02-01, to = 2022-02-03 }",
                );
                continue;
            };
            let inner = self.open(table, fields::CLOSURE, item.at, "a closure");
            let why = self.text_value(&inner, "why").unwrap_or("").to_string();
            let (Some(from_node), Some(to_node)) = (table.get("from"), table.get("to")) else {
                continue;
            };
            let (from, to) = (self.moment_of(from_node), self.moment_of(to_node));
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            // A day given as the end belongs to the closure.
            let end = if to.whole_day {
                match to.local.date().tomorrow() {
                    Ok(next) => next.to_datetime(Time::midnight()),
                    Err(_) => continue,
                }
            } else {
                to.local
            };
            if end <= from.local {
                self.error(
                    Diagnostic::error(
                        "dates-backwards",
                        to_node.at,
                        "this closure ends before it begins",
                    )
                    .also(from_node.at, "it begins here")
                    .help("swap the two dates"),
                );
                continue;
            }
            let from = self.instant(from.local, from_node.at);
            let to = self.instant(end, to_node.at);
            if let (Some(from), Some(to)) = (from, to)
                && from < to
            {
                closures.push(Closure { from, to, why });
            }
        }
        closures.sort_by_key(|closure| (closure.from, closure.to));
        closures
    }

    /// `every` with `first`, or `timetable`.
    pub(super) fn recurrence(
        &mut self,
        section: &Section<'d>,
        what: &str,
        holidays: &[Date],
    ) -> Option<Recurrence> {
        let (every, timetable) = (section.entry("every"), section.entry("timetable"));
        match (every, timetable) {
            (None, None) => {
                self.error(
                    Diagnostic::error(
                        "missing-key",
                        section.at,
                        format!("{what} has neither `every` nor `timetable`"),
                    )
                    .help("add every = \"24 h\" or timetable = { times = [\"06:00\"] }"),
                );
                None
            }
            (Some(every), Some(timetable)) => {
                self.error(
                    Diagnostic::error(
                        "one-of-two",
                        timetable.key_at,
                        format!("{what} has both `every` and `timetable`"),
                    )
                    .also(every.key_at, "the other")
                    .help("remove one of them"),
                );
                None
            }
            (Some(_), None) => {
                let interval = self.quantity(section, "every");
                let first = self.quantity(section, "first");
                Some(Recurrence::Every {
                    interval: interval?,
                    first,
                })
            }
            (None, Some(entry)) => {
                if let Some(first) = section.entry("first") {
                    self.error(
                        Diagnostic::error(
                            "does-not-apply",
                            first.key_at,
                            "`first` belongs to `every`",
                        )
                        .help("remove it: the timetable gives the first departure"),
                    );
                }
                let Value::Table(table) = &entry.node.value else {
                    self.wrong_kind(
                        &entry.node,
                        "a table such as { days = \"Mon-Fri\", times = [\"06:00\"] }",
                    );
                    return None;
                };
                let inner = self.open(table, fields::TIMETABLE, entry.key_at, "a timetable");
                let days = self.days(&inner, "days").unwrap_or([true; 7]);
                let times = self.times(&inner, "times");
                let zone = self
                    .zone_of(&inner, "zone")
                    .unwrap_or_else(|| self.zone.clone());
                let mut except = self.dates(&inner, "except");
                if self.flag(&inner, "works_holidays") == Some(false) {
                    except.extend_from_slice(holidays);
                    except.sort_unstable();
                    except.dedup();
                }
                Some(Recurrence::Timetable(Timetable {
                    days,
                    times: times?,
                    zone,
                    except,
                }))
            }
        }
    }
}
