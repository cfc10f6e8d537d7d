//! How figures are written, on a terminal, on a page and in print.
//!
//! One policy: digits beyond what anybody compares are left out, thousands are set apart by a narrow blank that does not
//! break, a range is told with "to", and a share never claims nothing or everything unless it is.
//!
//! Dates have one policy, too. A sentence has the day, the month in words and the year: [`date`], [`moment`]. The year is
//! left out only where the reader cannot mistake it: [`day_of_year`]. An axis has the short forms of [`tick`]. A column of a
//! table, a name of a file and whatever a program may read have ISO 8601, `2022-02-03`, which is how a [`Date`] displays.

use jiff::civil::{Date, DateTime};

/// What sets thousands apart. On a terminal it is spelled as a plain blank.
pub const GAP: char = '\u{202f}';

/// What stands for a figure that is not there.
pub const NONE: &str = "–";

/// `value` with `decimals`, thousands apart from five digits on. Nothing is minus nil.
#[must_use]
pub fn with_decimals(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let plain = format!("{value:.decimals$}");
    let (sign, plain) = match plain.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => ("", digits),
        Some(digits) => ("-", digits),
        None => ("", plain.as_str()),
    };
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    if whole.len() < 5 {
        return format!("{sign}{plain}");
    }
    let mut apart = String::from(sign);
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth).is_multiple_of(3) {
            apart.push(GAP);
        }
        apart.push(digit);
    }
    apart + rest
}

/// A number with about three figures that count: 12 345, 56.7, 0.89, 0.0042.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = if !size.is_finite() || size.fract() == 0.0 || size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else if size >= 0.0995 {
        2
    } else {
        // Two figures, so that minutes told in days do not all become 0.01.
        (1.0 - size.log10().floor()).min(9.0) as usize
    };
    with_decimals(value, decimals)
}

/// A number that something is decided on: four figures that count, and whole numbers whole. What has no limit is said in
/// words.
#[must_use]
pub fn figure(value: f64) -> String {
    if value == f64::INFINITY {
        return "without limit".into();
    }
    if value == f64::NEG_INFINITY {
        return "below any number".into();
    }
    let size = value.abs();
    if value.is_nan() || size >= 999.95 || (size.fract() == 0.0 && size < 1e15) {
        return with_decimals(value, 0);
    }
    let decimals = if size >= 99.995 {
        1
    } else if size >= 9.9995 {
        2
    } else if size >= 0.0995 {
        3
    } else if size >= 0.00995 {
        4
    } else {
        return format!("{value:.2e}");
    };
    let text = with_decimals(value, decimals);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A range: `17.1 to 17.5`. An end that is not bounded is not written as a number.
#[must_use]
pub fn interval(low: f64, high: f64) -> String {
    match (low == f64::NEG_INFINITY, high == f64::INFINITY) {
        (false, false) => format!("{} to {}", figure(low), figure(high)),
        (true, false) => format!("{} or less", figure(high)),
        (false, true) => format!("{} or more", figure(low)),
        (true, true) => "not bounded".into(),
    }
}

/// A share in per cent, with its tails kept apart from nothing and from all: `under 0.1 %`, `1.2 %`, `74 %`, `99.9 %`.
#[must_use]
pub fn share(of: f64) -> String {
    let percent = 100.0 * of;
    if !percent.is_finite() {
        NONE.to_owned()
    } else if percent > 0.0 && percent < 0.095 {
        "under 0.1 %".to_owned()
    } else if percent > 99.95 && percent < 100.0 {
        "over 99.9 %".to_owned()
    } else if (percent > 99.0 && percent < 100.0) || (percent > 0.0 && percent < 9.95) {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// A probability that was estimated from draws, which does not claim more than they can say: also where none, or all, of
/// the worlds that were drawn say so, there are others.
#[must_use]
pub fn chance(p: f64) -> String {
    match p {
        p if p.is_nan() => NONE.to_owned(),
        p if p < 0.01 => "under 1 %".to_owned(),
        p if p > 0.99 => "over 99 %".to_owned(),
        p => format!("{:.0} %", 100.0 * p),
    }
}

/// A duration given in hours: in minutes below one, in days from two days up.
#[must_use]
pub fn hours(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let (value, unit) = match value.abs() {
        h if h >= 48.0 => (value / 24.0, "d"),
        h if h >= 1.0 || h == 0.0 => (value, "h"),
        _ => (value * 60.0, "min"),
    };
    format!("{} {unit}", number(value))
}

/// A date in a sentence: `3 February 2022`.
#[must_use]
pub fn date(of: Date) -> String {
    of.strftime("%-d %B %Y").to_string()
}

/// A date in a sentence that leaves no doubt about the year: `3 February`.
#[must_use]
pub fn day_of_year(of: Date) -> String {
    of.strftime("%-d %B").to_string()
}

/// An instant on the clock of its place: `3 February 2022, 06:00`.
#[must_use]
pub fn moment(at: DateTime) -> String {
    at.strftime("%-d %B %Y, %H:%M").to_string()
}

/// A date under an axis on which the year is known: `3 Feb`.
#[must_use]
pub fn day_of_month(of: Date) -> String {
    of.strftime("%-d %b").to_string()
}

/// A date under an axis, with its year: `3 Feb 2022`.
#[must_use]
pub fn short_date(of: Date) -> String {
    of.strftime("%-d %b %Y").to_string()
}

/// A date under an axis of years: `Feb 2022`.
#[must_use]
pub fn month(of: Date) -> String {
    of.strftime("%b %Y").to_string()
}

/// A date under an axis that is `days` long: the day, or from two years and some weeks on the month and year.
#[must_use]
pub fn tick(of: Date, days: usize) -> String {
    if days > 800 {
        month(of)
    } else {
        day_of_month(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_figures_and_no_minus_nil() {
        for (value, text) in [
            (1_234_567.4, "1\u{202f}234\u{202f}567"),
            (-12_345.0, "-12\u{202f}345"),
            (1_234.5, "1234"),
            (56.72, "56.7"),
            (9.999, "10.0"),
            (0.891, "0.89"),
            (0.00421, "0.0042"),
            (-0.0, "0"),
            (0.0, "0"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(with_decimals(-0.0001, 2), "0.00");
    }

    #[test]
    fn figures_keep_what_counts() {
        for (x, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (1_234_567.4, "1\u{202f}234\u{202f}567"),
            (-1234.0, "-1234"),
            (123.456, "123.5"),
            (999.96, "1000"),
            (12.3456, "12.35"),
            (1.23456, "1.235"),
            (0.5, "0.5"),
            (0.01, "0.01"),
            (0.00123, "1.23e-3"),
            (f64::NAN, "–"),
            (f64::INFINITY, "without limit"),
        ] {
            assert_eq!(figure(x), text);
        }
        assert_eq!(interval(-2.0, 5.5), "-2 to 5.5");
        assert_eq!(interval(f64::NEG_INFINITY, 3.0), "3 or less");
    }

    #[test]
    fn shares_and_chances_claim_no_more_than_they_can() {
        for (of, text) in [
            (0.5, "50 %"),
            (0.999, "99.9 %"),
            (0.0, "0 %"),
            (0.0123, "1.2 %"),
            (0.9999, "over 99.9 %"),
            (1e-5, "under 0.1 %"),
            (1.0, "100 %"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(share(of), text);
        }
        assert_eq!(
            (chance(0.0), chance(1.0)),
            ("under 1 %".into(), "over 99 %".into())
        );
        assert_eq!(chance(0.3), "30 %");
    }

    #[test]
    fn durations_are_told_in_the_unit_that_people_use() {
        let told: Vec<String> = [0.25, 7.25, 36.0, 720.0].map(hours).into();
        assert_eq!(told, ["15 min", "7.25 h", "36 h", "30 d"]);
    }

    #[test]
    fn dates_have_one_form_for_each_place() {
        let of = jiff::civil::date(2022, 2, 3);
        assert_eq!(date(of), "3 February 2022");
        assert_eq!(day_of_year(of), "3 February");
        assert_eq!(moment(of.at(6, 0, 0, 0)), "3 February 2022, 06:00");
        assert_eq!(short_date(of), "3 Feb 2022");
        assert_eq!(tick(of, 800), "3 Feb");
        assert_eq!(tick(of, 801), "Feb 2022");
        assert_eq!(of.to_string(), "2022-02-03");
    }
}
