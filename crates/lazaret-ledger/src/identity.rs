//! The marks of wagons and containers, and their check digits.
//!
//! A mark is what somebody read off the side of a vehicle. Where its numbering has a check digit, a mark that fails
//! it is kept as read and called unverified: it is never silently put right, because the digit that is wrong need not
//! be the last.
//!
//! ```
//! use lazaret_ledger::identity::{Check, Mark, WagonId};
//! let mark = WagonId::read("21 81 2471 217-3");
//! assert_eq!(mark, Mark { id: WagonId::Uic12("218124712173".into()), check: Check::Holds });
//! assert_eq!(WagonId::read("21 81 2471 218-3").check, Check::Fails { expected: '1' });
//! ```
//!
//! # Sources
//! UIC leaflet 912-2 (twelve digits); the eight-digit numbering of 1520 mm railways, whose check is the same sum on
//! seven digits; TB/T 2435 (China, seven digits, no check digit); ISO 6346 (containers); the IMO ship identification number scheme
//! (resolution A.1117(30)); GS1 General Specifications.

use std::fmt;

/// What is known of a mark after its check digit was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The check digit is right.
    Holds,
    /// The check digit is wrong; it would have to be `expected`.
    Fails {
        /// The digit that the rest of the mark asks for.
        expected: char,
    },
    /// This numbering has no check digit.
    None,
}

/// A mark as read, with its check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark<T> {
    /// What was read.
    pub id: T,
    /// Whether its check digit agrees.
    pub check: Check,
}

/// A wagon's mark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WagonId {
    /// Twelve digits, UIC.
    Uic12(Box<str>),
    /// Eight digits, 1520 mm railways.
    Cis8(Box<str>),
    /// Seven digits, China.
    Cn7(Box<str>),
    /// A ship: `IMO` and seven digits. Without `IMO` before them seven digits are a wagon's.
    Imo7(Box<str>),
    /// Anything else, as painted, outer blanks removed.
    Local(Box<str>),
}

impl WagonId {
    /// Reads a mark. Blanks and hyphens between digits do not count; a text that is not digits alone, or of another
    /// length, is a local mark.
    #[must_use]
    pub fn read(text: &str) -> Mark<WagonId> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        if let Some(ship) = imo(&digits) {
            return ship;
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            let id = WagonId::Local(text.trim().into());
            return Mark {
                id,
                check: Check::None,
            };
        }
        let checked = || {
            let (body, last) = digits.split_at(digits.len() - 1);
            compare(luhn(body), last)
        };
        let (id, check) = match digits.len() {
            12 => (WagonId::Uic12(digits.as_str().into()), checked()),
            8 => (WagonId::Cis8(digits.as_str().into()), checked()),
            7 => (WagonId::Cn7(digits.as_str().into()), Check::None),
            _ => (WagonId::Local(text.trim().into()), Check::None),
        };
        Mark { id, check }
    }

    /// The mark without blanks, as it is stored and scanned.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            WagonId::Uic12(text)
            | WagonId::Cis8(text)
            | WagonId::Cn7(text)
            | WagonId::Imo7(text)
            | WagonId::Local(text) => text,
        }
    }
}

impl fmt::Display for WagonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Grouped as painted: type and interchange, country, kind, serial, check.
            WagonId::Uic12(d) => write!(
                f,
                "{} {} {} {}-{}",
                &d[..2],
                &d[2..4],
                &d[4..8],
                &d[8..11],
                &d[11..]
            ),
            WagonId::Imo7(text) => write!(f, "IMO {}", &text[3..]),
            WagonId::Cis8(text) | WagonId::Cn7(text) | WagonId::Local(text) => f.write_str(text),
        }
    }
}

/// A ship's number with `IMO` before it: its last digit is that of the sum of the other six, taken 7 to 2 times.
fn imo(text: &str) -> Option<Mark<WagonId>> {
    let digits = (text.get(..3))
        .filter(|head| head.eq_ignore_ascii_case("IMO"))
        .and_then(|_| text.get(3..))
        .filter(|digits| digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit()))?;
    let sum: u32 = (digits.bytes().zip((2..=7).rev()))
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    Some(Mark {
        id: WagonId::Imo7(format!("IMO{digits}").into()),
        check: compare((sum % 10) as u8, &digits[6..]),
    })
}

/// A container's code: three letters of its owner, a category, six digits and a check digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerCode(Box<str>);

impl ContainerCode {
    /// Reads a code, in either case, with or without blanks and hyphens; none if it has not the shape of one.
    ///
    /// Categories `U`, `J` and `Z` are of ISO 6346; `A`, `B`, `D`, `E` and `K` are swap bodies of EN 13044.
    #[must_use]
    pub fn read(text: &str) -> Option<Mark<ContainerCode>> {
        let code: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let bytes = code.as_bytes();
        let shape = bytes.len() == 11
            && bytes[..3].iter().all(u8::is_ascii_uppercase)
            && b"UJZABDEK".contains(&bytes[3])
            && bytes[4..].iter().all(u8::is_ascii_digit);
        if !shape {
            return None;
        }
        // Letters count from 10 and skip the multiples of 11, so that no letter is blind to the sum modulo 11.
        let value = |byte: u8| match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'A' => 10,
            b'B'..=b'K' => u32::from(byte - b'B') + 12,
            b'L'..=b'U' => u32::from(byte - b'L') + 23,
            _ => u32::from(byte - b'V') + 34,
        };
        let sum: u32 = bytes[..10]
            .iter()
            .enumerate()
            .map(|(i, &byte)| value(byte) << i)
            .sum();
        let expected = (sum % 11 % 10) as u8;
        let check = compare(expected, &code[10..]);
        Some(Mark {
            id: ContainerCode(code.into()),
            check,
        })
    }

    /// The code in capitals without blanks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the check digit of a vehicle's mark agrees, be it a container's or a wagon's, in any spelling.
#[must_use]
pub fn check_of(mark: &str) -> Check {
    let plain = crate::spelling::key(crate::spelling::Kind::Mark, mark);
    ContainerCode::read(&plain).map_or_else(|| WagonId::read(&plain).check, |mark| mark.check)
}

/// The check digit of a GS1 key (GTIN, GLN, SSCC): weights 3 and 1 from the right.
///
/// * `body` — the key without its check digit.
///
/// None if `body` is empty or has anything but digits.
#[must_use]
pub fn gs1_check_digit(body: &str) -> Option<char> {
    if body.is_empty() || !body.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, byte)| u32::from(byte - b'0') * if i % 2 == 0 { 3 } else { 1 })
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10)
}

fn compare(expected: u8, found: &str) -> Check {
    let expected = char::from(b'0' + expected);
    if found.starts_with(expected) {
        Check::Holds
    } else {
        Check::Fails { expected }
    }
}

/// Weights 2, 1, 2, … from the right, digits of the products summed, complement to ten.
fn luhn(digits: &str) -> u8 {
    let sum: u8 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, byte)| {
            let product = (byte - b'0') * if i % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    (10 - sum % 10) % 10
}
