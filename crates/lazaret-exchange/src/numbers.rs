//! Numbers as tables write them, kept exactly. A separator that could mean two things is decided by the table, or asked.

use unicode_normalization::UnicodeNormalization;

/// The decimal mark of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

impl DecimalMark {
    /// By its name in a request: `point` or `comma`.
    #[must_use]
    pub fn named(name: &str) -> Option<DecimalMark> {
        match name {
            "point" => Some(DecimalMark::Point),
            "comma" => Some(DecimalMark::Comma),
            _ => None,
        }
    }

    fn letter(self) -> char {
        match self {
            DecimalMark::Point => '.',
            DecimalMark::Comma => ',',
        }
    }
}

/// A decimal number: `digits` × 10^-`places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// All its digits.
    pub digits: i128,
    /// How many of them are behind the decimal mark.
    pub places: u32,
}

impl Decimal {
    /// The number times `factor`, if that is whole.
    #[must_use]
    pub fn times(self, factor: i128) -> Option<i128> {
        let scale = 10_i128.checked_pow(self.places)?;
        let product = self.digits.checked_mul(factor)?;
        (product % scale == 0).then_some(product / scale)
    }

    /// The number, if it is whole.
    #[must_use]
    pub fn whole(self) -> Option<i128> {
        self.times(1)
    }
}

/// Why a text is not read as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// It is not a number.
    No,
    /// It is in scientific notation: a program has dropped its last digits.
    Scientific,
    /// It has more digits than a spreadsheet keeps.
    TooLong,
    /// Its one separator groups or is the decimal mark.
    Ambiguous,
}

/// Reads a number. `mark` is the table's decimal mark, if it is known.
///
/// # Errors
/// Says why it is not read; see [`NotRead`].
pub fn read(text: &str, mark: Option<DecimalMark>) -> Result<Decimal, NotRead> {
    let plain: String = text.nfkc().collect();
    let plain = plain.trim();
    if scientific(plain) {
        return Err(NotRead::Scientific);
    }
    let (negative, bare) = match plain.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, plain.strip_prefix('+').unwrap_or(plain)),
    };
    let blank = |c: char| c.is_whitespace() || matches!(c, '\'' | '’');
    let groups: Vec<&str> = bare.split(blank).collect();
    let grouped = groups.len() > 1;
    // Blanks only between groups of three.
    let last = groups.last().copied().unwrap_or("");
    let last_whole = last.split(['.', ',']).next().unwrap_or("");
    if grouped
        && (!digits(groups[0], 1..=3)
            || !groups[1..groups.len() - 1].iter().all(|g| digits(g, 3..=3))
            || !digits(last_whole, 3..=3))
    {
        return Err(NotRead::No);
    }
    let joined: String = groups.concat();
    let marks: Vec<(usize, char)> = joined
        .match_indices(['.', ','])
        .map(|(at, m)| (at, m.chars().next().unwrap_or('.')))
        .collect();
    if joined.is_empty()
        || !joined
            .chars()
            .all(|c| c.is_ascii_digit() || c == '.' || c == ',')
    {
        return Err(NotRead::No);
    }
    let decimal_at = match marks.as_slice() {
        [] => None,
        [(at, letter)] => {
            let three = !grouped
                && digits(&joined[at + 1..], 3..=3)
                && digits(&joined[..*at], 1..=3)
                && !joined.starts_with('0');
            match mark {
                Some(mark) if mark.letter() == *letter => Some(*at),
                Some(_) if three => None,
                Some(_) => return Err(NotRead::No),
                None if three => return Err(NotRead::Ambiguous),
                None => Some(*at),
            }
        }
        [first, .., last] => {
            let same = marks.iter().all(|(_, letter)| *letter == first.1);
            let group_letter = first.1;
            // `1.234.567` groups; `1.234,5` groups and ends in a decimal mark.
            let decimal = (!same).then_some(last.0);
            if !same
                && marks[..marks.len() - 1]
                    .iter()
                    .any(|(_, letter)| *letter != group_letter)
            {
                return Err(NotRead::No);
            }
            let whole = &joined[..decimal.unwrap_or(joined.len())];
            let mut parts = whole.split(group_letter);
            if grouped
                || !digits(parts.next().unwrap_or(""), 1..=3)
                || !parts.all(|part| digits(part, 3..=3))
            {
                return Err(NotRead::No);
            }
            if mark.is_some_and(|mark| mark.letter() == group_letter) {
                return Err(NotRead::No);
            }
            decimal
        }
    };
    let (whole, rest) = match decimal_at {
        Some(at) => (&joined[..at], &joined[at + 1..]),
        None => (joined.as_str(), ""),
    };
    if whole.is_empty() || (decimal_at.is_some() && rest.is_empty()) {
        return Err(NotRead::No);
    }
    let mut all: String = whole.chars().filter(char::is_ascii_digit).collect();
    // Zeros at the end of a fraction say nothing.
    let rest = rest.trim_end_matches('0');
    all.push_str(rest);
    if all.trim_start_matches('0').len() > 15 {
        return Err(NotRead::TooLong);
    }
    let value: i128 = all.parse().map_err(|_| NotRead::No)?;
    Ok(Decimal {
        digits: if negative { -value } else { value },
        places: rest.len() as u32,
    })
}

/// The decimal mark that a text can only have been written with, if it says one.
#[must_use]
pub fn evidence(text: &str) -> Option<DecimalMark> {
    let marks: Vec<char> = text.chars().filter(|c| matches!(c, '.' | ',')).collect();
    if marks.is_empty() || read(text, None).is_err() {
        return None;
    }
    let of = |letter: char| match letter {
        '.' => DecimalMark::Point,
        _ => DecimalMark::Comma,
    };
    let (first, last) = (marks[0], marks[marks.len() - 1]);
    if marks.len() > 1 && first == last {
        // It groups, so the other is the decimal mark.
        return Some(of(if first == '.' { ',' } else { '.' }));
    }
    Some(of(last))
}

/// Whether a text is a number in scientific notation, such as `2.18125E+11`.
#[must_use]
pub fn scientific(text: &str) -> bool {
    let lower = text.trim().to_ascii_lowercase();
    let Some((mantissa, exponent)) = lower.split_once('e') else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let fraction = mantissa.contains(['.', ',']);
    let mantissa_digits: String = mantissa
        .chars()
        .filter(|c| !matches!(c, '.' | ','))
        .collect();
    // `1E5` may be a name; `1.2E5` and `1E+11` are what programs write.
    let signed = lower.contains("e+") || lower.contains("e-");
    digits(&mantissa_digits, 1..=17) && digits(exponent, 1..=3) && (fraction || signed)
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use DecimalMark::{Comma, Point};

    fn told(text: &str, mark: Option<DecimalMark>) -> Result<f64, NotRead> {
        read(text, mark).map(|d| d.digits as f64 / 10_f64.powi(d.places as i32))
    }

    #[test]
    fn numbers_are_read_in_the_ways_of_tables() {
        for (text, mark, value) in [
            ("24000", None, 24000.0),
            ("24,000", Some(Point), 24000.0),
            ("24.000", Some(Comma), 24000.0),
            ("24.000", Some(Point), 24.0),
            ("24.000,5", None, 24000.5),
            ("24,000.5", None, 24000.5),
            ("1.234.567", None, 1_234_567.0),
            ("1 200", None, 1200.0),
            ("1\u{a0}200,5", None, 1200.5),
            ("1'200", None, 1200.0),
            ("200.5", None, 200.5),
            ("0,125", None, 0.125),
            ("10.0", None, 10.0),
            ("１２", None, 12.0),
            ("-3", None, -3.0),
        ] {
            assert_eq!(told(text, mark), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_can_mean_two_things_is_asked_and_the_rest_is_refused() {
        assert_eq!(told("24.000", None), Err(NotRead::Ambiguous));
        assert_eq!(told("1,200", None), Err(NotRead::Ambiguous));
        for text in ["2.18125E+11", "1.06141E+17", "1E+11", "2,5e-3"] {
            assert_eq!(told(text, None), Err(NotRead::Scientific), "{text}");
        }
        assert_eq!(told("1234567890123456", None), Err(NotRead::TooLong));
        for text in [
            "",
            "-",
            "abc",
            "1,2,3",
            "12,34,567",
            "1 2",
            "1.2.3",
            "12 t",
            ",5",
            "5,",
            "1.234,567.8",
            "1E5",
            "#N/A",
            "NaN",
            "∞",
        ] {
            assert_eq!(told(text, None), Err(NotRead::No), "{text}");
        }
        assert_eq!(told("7,5", Some(Point)), Err(NotRead::No));
    }

    #[test]
    fn a_table_shows_its_decimal_mark() {
        assert_eq!(evidence("24.000,5"), Some(Comma));
        assert_eq!(evidence("1.234.567"), Some(Comma));
        assert_eq!(evidence("7.25"), Some(Point));
        assert_eq!(evidence("24.000"), None);
        assert_eq!(evidence("24000"), None);
        assert_eq!(evidence("A.5"), None);
    }
}
