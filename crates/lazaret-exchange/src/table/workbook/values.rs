//! What a cell holds, as a spreadsheet would show it: numbers by their format, dates, texts.

use std::collections::HashMap;
use std::io::Read;

use quick_xml::events::Event;

use super::super::cells::{Kind as Holds, too_large};
use super::xml::{Xml, attribute, number, say, shortened, unescaped, unreadable, words};
use super::{Known, Part};
use crate::TableError;

/// Cell styles and formats of numbers; Excel itself has at most 65,490.
pub(super) const STYLES_MAX: usize = 100_000;
/// Digits of a number that a spreadsheet keeps exactly.
const DIGITS_EXACT: f64 = 1e15;

/// How a style shows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As it is.
    Plain,
    /// As a date, a time, or both.
    Date,
    /// With zeros in front, up to so many digits.
    Zeros(u8),
}

/// How each style of a cell shows a number.
pub(super) fn formats(xml: &mut Part<'_, '_>) -> Result<Vec<Format>, TableError> {
    let mut formats = Vec::new();
    // Formats that the workbook brings along.
    let mut own: HashMap<u32, Format> = HashMap::new();
    let mut in_cells = false;
    loop {
        match xml.next()? {
            Event::Eof => return Ok(formats),
            Event::Start(tag) if tag.local_name().as_ref() == "numFmt" => {
                let code = attribute(&tag, "formatCode")?.unwrap_or_default();
                if let Some(id) = number(&tag, "numFmtId")? {
                    own.insert(id, format_of(&code));
                }
            }
            Event::Start(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = true,
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Start(tag) if tag.local_name().as_ref() == "xf" && in_cells => {
                let format = number(&tag, "numFmtId")?.unwrap_or(0);
                let built_in = match format {
                    14..=22 | 27..=36 | 45..=47 | 50..=58 => Format::Date,
                    _ => Format::Plain,
                };
                formats.push(own.get(&format).copied().unwrap_or(built_in));
            }
            _ => {}
        }
        if formats.len().max(own.len()) > STYLES_MAX {
            return Err(too_large("the workbook has too many styles"));
        }
    }
}

/// What a format shows: a date if it has a letter of one outside of quotes, brackets and escapes; zeros if it has
/// nothing else.
pub(super) fn format_of(code: &str) -> Format {
    let plain = code.split(';').next().unwrap_or("").trim();
    if (2..=40).contains(&plain.len()) && plain.bytes().all(|b| b == b'0') {
        return Format::Zeros(plain.len() as u8);
    }
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => while letters.next().is_some_and(|next| next != '"') {},
            '[' => while letters.next().is_some_and(|next| next != ']') {},
            '\\' | '_' | '*' => {
                letters.next();
            }
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return Format::Date,
            _ => {}
        }
    }
    Format::Plain
}

/// How a cell writes its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// Position among the shared strings.
    Shared,
    /// Text in place.
    Inline,
    Truth,
    /// The error of a formula.
    Error,
    /// A date in ISO 8601.
    Day,
    /// The text of a formula: unchanged.
    Plain,
}

impl Kind {
    pub(super) fn of(kind: &str) -> Kind {
        match kind {
            "s" => Kind::Shared,
            "inlineStr" => Kind::Inline,
            "b" => Kind::Truth,
            "e" => Kind::Error,
            "d" => Kind::Day,
            "str" => Kind::Plain,
            _ => Kind::Number,
        }
    }
}

/// The value of the cell in hand, up to its end.
pub(super) fn value<R: Read>(
    xml: &mut Xml<'_, R>,
    kind: Kind,
    format: Format,
    known: &Known,
    out: &mut String,
) -> Result<Holds, TableError> {
    let inside = xml.depth;
    let mut raw = String::new();
    let mut reads = false;
    loop {
        match xml.next()? {
            Event::Eof => return Err(unreadable("it ends within a cell")),
            Event::Start(tag) if tag.local_name().as_ref() == "v" => reads = true,
            Event::Start(tag) if tag.local_name().as_ref() == "is" => xml.spoken(out)?,
            said if reads => say(&mut raw, &words(&said)?)?,
            Event::End(tag) if tag.local_name().as_ref() == "v" => reads = false,
            _ => {}
        }
        if xml.depth < inside {
            break;
        }
    }
    let raw = raw.trim();
    let mut holds = Holds::Text;
    match kind {
        _ if raw.is_empty() => {}
        Kind::Inline => {}
        Kind::Plain => out.push_str(&unescaped(raw)),
        Kind::Error => {
            out.push_str(&unescaped(raw));
            holds = Holds::Error;
        }
        Kind::Day => {
            out.push_str(raw);
            holds = Holds::Date;
        }
        Kind::Truth => {
            out.push_str(if raw == "1" { "true" } else { "false" });
            holds = Holds::Truth;
        }
        Kind::Shared => {
            let text = raw.parse().ok().and_then(|at| known.strings.get(at));
            out.push_str(text.ok_or_else(|| unreadable(format!("there is no text {raw}")))?);
        }
        Kind::Number => holds = shown_number(raw, format, known.since_1904, out)?,
    }
    Ok(holds)
}

/// Writes a number as its format shows it.
fn shown_number(
    raw: &str,
    format: Format,
    since_1904: bool,
    out: &mut String,
) -> Result<Holds, TableError> {
    let number: f64 = raw
        .parse()
        .map_err(|_| unreadable(format!("{:?} is not a number", shortened(raw))))?;
    if format == Format::Date
        && let Some(date) = date(number, since_1904)
    {
        out.push_str(&date);
        // Half past two, and no day: the calendar would make it the last day of 1899.
        return Ok(if number < 1.0 {
            Holds::Time
        } else {
            Holds::Date
        });
    }
    // Excel keeps whole numbers as fractions, and fifteen digits of them.
    if number.fract() == 0.0 && number.abs() < DIGITS_EXACT {
        let zeros = match format {
            Format::Zeros(digits) if number >= 0.0 => usize::from(digits),
            _ => 0,
        };
        out.push_str(&format!("{:0zeros$}", number as i64));
        return Ok(Holds::Number);
    }
    out.push_str(&number.to_string());
    Ok(if number.abs() >= DIGITS_EXACT {
        Holds::Spoilt
    } else {
        Holds::Number
    })
}

/// A day number as a date and time; none outside the calendar. Day 60 of the calendar from 1900 never was.
fn date(number: f64, since_1904: bool) -> Option<String> {
    let first = match (since_1904, number < 60.0) {
        (true, _) => jiff::civil::date(1904, 1, 1),
        (false, true) => jiff::civil::date(1899, 12, 31),
        (false, false) => jiff::civil::date(1899, 12, 30),
    };
    if !(0.0..2_958_466.0).contains(&number) {
        return None;
    }
    let seconds = (number * 86_400.0).round() as i64;
    let at = first
        .at(0, 0, 0, 0)
        .checked_add(jiff::SignedDuration::from_secs(seconds))
        .ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}
