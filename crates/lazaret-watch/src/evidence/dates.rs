//! Dates as sources give them: a day, a month, a year, or from one to another.

use std::fmt;

use jiff::civil::Date;

/// The days that a date of the file may mean, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
}

impl DateRange {
    /// One day.
    #[must_use]
    pub fn day(date: Date) -> Self {
        Self {
            first: date,
            last: date,
        }
    }

    /// `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, or `a/b` of those.
    ///
    /// # Errors
    /// Says in words what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".to_string());
        }
        let Some((from, to)) = text.split_once('/') else {
            return single(text);
        };
        let (from, to) = (single(from.trim())?, single(to.trim())?);
        if to.last < from.first {
            return Err(format!(
                "it ends on {} before it begins on {}",
                to.last, from.first
            ));
        }
        Ok(Self {
            first: from.first,
            last: to.last,
        })
    }

    /// Number of days.
    #[must_use]
    pub fn days(&self) -> i64 {
        i64::from((self.last - self.first).get_days()) + 1
    }
}

impl fmt::Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{} to {}", self.first, self.last)
        }
    }
}

fn single(text: &str) -> Result<DateRange, String> {
    let mut parts = text.split('-');
    let digits = |part: &str, width: usize| {
        (part.len() == width && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<i16>().ok())
            .flatten()
    };
    let unclear = || "it is not a year, month or day".to_string();
    let mut part = |width: usize| -> Result<Option<i16>, String> {
        let part = parts.next().map(|part| digits(part, width));
        part.map(|number| number.ok_or_else(unclear)).transpose()
    };
    let year = part(4)?.ok_or_else(unclear)?;
    let (month, day) = (part(2)?, part(2)?);
    if parts.next().is_some() {
        return Err(unclear());
    }
    let date = |month: i16, day: i16| {
        Date::new(year, month as i8, day as i8)
            .map_err(|_| format!("there is no day {year:04}-{month:02}-{day:02}"))
    };
    match (month, day) {
        (None, _) => Ok(DateRange {
            first: date(1, 1)?,
            last: date(12, 31)?,
        }),
        (Some(month), None) => {
            let first = date(month, 1)?;
            Ok(DateRange {
                first,
                last: first.last_of_month(),
            })
        }
        (Some(month), Some(day)) => Ok(DateRange::day(date(month, day)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sources_write_is_read() {
        let shown = |text| DateRange::parse(text).map(|range| range.to_string());
        assert_eq!(shown("2022-01-17").unwrap(), "2022-01-17");
        assert_eq!(shown("2022-02").unwrap(), "2022-02-01 to 2022-02-28");
        assert_eq!(shown("2021").unwrap(), "2021-01-01 to 2021-12-31");
        assert_eq!(
            shown("2021-08/2021-12").unwrap(),
            "2021-08-01 to 2021-12-31"
        );
        for wrong in [
            "",
            "2022-13",
            "2022-02-30",
            "22-01-01",
            "soon",
            "2022-1-7",
            "2022-03/2022-01",
        ] {
            assert!(DateRange::parse(wrong).is_err(), "{wrong}");
        }
    }
}
