//! Dates and times as tables write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use unicode_normalization::UnicodeNormalization;

use crate::Wrong;

/// Which comes first in a date such as `05/12/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOrder {
    /// The day.
    DayFirst,
    /// The month.
    MonthFirst,
}

impl DayOrder {
    /// By its name in a request: `day` or `month`.
    #[must_use]
    pub fn named(name: &str) -> Option<DayOrder> {
        match name {
            "day" => Some(DayOrder::DayFirst),
            "month" => Some(DayOrder::MonthFirst),
            _ => None,
        }
    }
}

/// Reads a date and time; without an offset it is local time in `zone`.
///
/// # Errors
/// What is wrong and what to write.
pub(crate) fn read(
    text: &str,
    order: Option<DayOrder>,
    zone: &TimeZone,
) -> Result<Timestamp, Wrong> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let local = civil(text, order)?;
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => Err(Wrong::TimeSkipped {
            local: local.to_string(),
        }),
        AmbiguousOffset::Fold { before, after } => Err(Wrong::TimeTwice {
            local: local.to_string(),
            before: before.to_string(),
            after: after.to_string(),
        }),
        AmbiguousOffset::Unambiguous { .. } => {
            ambiguous.unambiguous().map_err(|_| Wrong::OutsideCalendar {
                local: local.to_string(),
            })
        }
    }
}

fn civil(text: &str, order: Option<DayOrder>) -> Result<DateTime, Wrong> {
    let plain: String = text.nfkc().collect();
    if let Ok(at) = plain.trim().parse::<DateTime>() {
        return Ok(at);
    }
    let mut groups: Vec<&str> = Vec::new();
    let mut marks = String::new();
    let mut rest = plain.trim();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        if end > 0 {
            groups.push(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let next = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let mark: String = rest[..next]
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        // A blank parts the date from the time, and a dot ends a Korean or German date.
        marks.push_str(if mark.is_empty() { " " } else { &mark });
        marks.push('|');
        rest = &rest[next..];
    }
    if marks
        .chars()
        .any(|c| c.is_alphabetic() && !"年月日시분초년월일时分秒點点T".contains(c))
        || !(3..=6).contains(&groups.len())
    {
        return Err(Wrong::DateExpected);
    }
    let part = |at: usize| {
        groups
            .get(at)
            .map_or(Ok(0), |g| g.parse::<i16>())
            .map_err(|_| Wrong::DateExpected)
    };
    let (first, second, third) = (part(0)?, part(1)?, part(2)?);
    let (year, month, day) = if groups[0].len() == 4 {
        (first, second, third)
    } else if groups[2].len() == 4 && marks.starts_with('.') {
        // Dots and the year last: the day comes first everywhere.
        (third, second, first)
    } else if groups[2].len() == 4 {
        match (first > 12, second > 12, order) {
            (true, false, _) => (third, second, first),
            (false, true, _) => (third, first, second),
            (false, false, _) if first == second => (third, second, first),
            (false, false, Some(DayOrder::DayFirst)) => (third, second, first),
            (false, false, Some(DayOrder::MonthFirst)) => (third, first, second),
            _ => {
                return Err(Wrong::DayOrMonth);
            }
        }
    } else {
        return Err(Wrong::DateExpected);
    };
    let (hour, minute, second) = (part(3)?, part(4)?, part(5)?);
    let small = |n: i16| i8::try_from(n).map_err(|_| Wrong::DateExpected);
    DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    )
    .map_err(|_| Wrong::DateExpected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, order: Option<DayOrder>, zone: &str) -> Result<String, String> {
        read(text, order, &TimeZone::get(zone).unwrap())
            .map(|at| at.to_string())
            .map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn dates_are_read_in_the_ways_of_offices() {
        for text in [
            "2022-03-05T17:10",
            "2022-03-05 17:10",
            "2022/03/05 17:10",
            "2022/3/5 17:10:00",
            "05.03.2022 17:10",
            "2022. 3. 5. 17:10",
            "2022年3月5日 17:10",
            "2022년 3월 5일 17시 10분",
            "25/2/2022 17:10",
        ] {
            let day = if text.starts_with("25/") {
                "02-25"
            } else {
                "03-05"
            };
            assert_eq!(
                told(text, None, "Asia/Pyongyang"),
                Ok(format!("2022-{day}T08:10:00Z")),
                "{text}"
            );
        }
        assert_eq!(
            told("2022-03-05T08:10:00Z", None, "Asia/Pyongyang"),
            Ok("2022-03-05T08:10:00Z".into())
        );
        assert_eq!(
            told("05/12/2026 00:00", Some(DayOrder::DayFirst), "UTC"),
            Ok("2026-12-05T00:00:00Z".into())
        );
        assert_eq!(
            told("05/12/2026 00:00", Some(DayOrder::MonthFirst), "UTC"),
            Ok("2026-05-12T00:00:00Z".into())
        );
    }

    #[test]
    fn what_is_no_instant_is_refused_with_the_reason() {
        assert!(
            told("05/12/2026 08:00", None, "UTC")
                .unwrap_err()
                .contains("days=day")
        );
        assert!(
            told("2027-03-28T02:30", None, "Europe/Berlin")
                .unwrap_err()
                .contains("does not exist")
        );
        assert!(
            told("2027-10-31T02:30", None, "Europe/Berlin")
                .unwrap_err()
                .contains("twice")
        );
        for text in [
            "17:10",
            "soon",
            "2022",
            "2022-13-05 10:00",
            "31.02.2022 10:00",
            "44612.7",
            "5 Mar 2022",
        ] {
            assert!(told(text, None, "UTC").is_err(), "{text}");
        }
    }
}
