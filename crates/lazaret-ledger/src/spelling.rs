//! One thing, one name: what makes two spellings the same name.
//!
//! A ledger keeps a name as it was first written and finds it again under every spelling that means the same: with
//! other white space, hyphens or case, composed or decomposed, in full-width forms, with invisible characters. Two
//! names that only *look* the same ([`look`]) are different names, and a second one is worth a question.
//!
//! ```
//! use lazaret_ledger::spelling::{Kind, clean, key, same_look};
//! assert_eq!(key(Kind::Mark, "21 81 2471 217-3"), key(Kind::Mark, "２１８１２４７１２１７３"));
//! assert_eq!(key(Kind::Plain, "LOT-A1"), key(Kind::Plain, " lot\u{2011}a\u{200b}1"));
//! assert_ne!(key(Kind::Mark, "dandong-1-13"), key(Kind::Mark, "dandong-11-3"));
//! assert!(same_look("quinn", "q\u{1d65}inn") || same_look("anna", "\u{430}nna"));
//! assert!(clean("two\nlines").is_err());
//! ```
//!
//! # Sources
//! UAX #15 (normalisation forms), UTS #39 (skeletons of confusable names).

use std::borrow::Cow;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::identity::ContainerCode;

/// Characters that a new name may have.
pub const NAME_MAX: usize = 64;

/// What spellings of a name may differ in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Case, kinds of white space and of hyphens, forms of the same character, invisible characters.
    #[default]
    Plain,
    /// A mark painted on a vehicle: the same, and blanks, hyphens and dots between a letter and a digit or inside a
    /// numbering that is known (UIC, 1520 mm railways, China, ISO 6346, EN 13044).
    Mark,
}

/// Why a text cannot be a new name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing is left without blanks and invisible characters, or only signs.
    #[error("a name has at least one letter or digit")]
    Empty,
    /// It is too long.
    #[error("a name has at most {NAME_MAX} characters, and this one has {0}")]
    Long(usize),
    /// It has a control character.
    #[error("a name has no control characters, and this one has U+{0:04X}")]
    Control(u32),
}

/// What two spellings of one name have in common.
#[must_use]
pub fn key(kind: Kind, name: &str) -> Cow<'_, str> {
    match kind {
        Kind::Plain if is_plain(name) => Cow::Borrowed(name),
        Kind::Plain => Cow::Owned(folded(name)),
        Kind::Mark => mark_key(name),
    }
}

/// What a name looks like, for a name that is a [`key`]: names that can be taken for one another look the same.
#[must_use]
pub fn look(key: &str) -> String {
    if key.is_ascii() {
        let mut look = String::with_capacity(key.len() + 8);
        for byte in key.bytes() {
            look.push_str(&ASCII_LOOKS[usize::from(byte)]);
        }
        return look;
    }
    skeleton(key).flat_map(char::to_lowercase).collect()
}

/// Whether two names can be taken for one another.
#[must_use]
pub fn same_look(one: &str, other: &str) -> bool {
    look(&key(Kind::Plain, one)) == look(&key(Kind::Plain, other))
}

/// A new name as it is recorded: composed (NFC), single blanks inside and none outside, no invisible characters.
///
/// # Errors
/// [`BadName`] if it has no letter or digit, more than [`NAME_MAX`] characters, or control characters.
pub fn clean(name: &str) -> Result<Cow<'_, str>, BadName> {
    if let Some(control) = name.chars().find(|c| c.is_control()) {
        return Err(BadName::Control(control as u32));
    }
    let tidy = name.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        && !name.starts_with(' ')
        && !name.ends_with(' ')
        && !name.contains("  ");
    let name = if tidy {
        Cow::Borrowed(name)
    } else {
        let visible: String = name.nfc().filter(|c| !is_invisible(*c)).collect();
        let words: Vec<&str> = visible.split_whitespace().collect();
        Cow::Owned(words.join(" "))
    };
    let length = name.chars().count();
    if length > NAME_MAX {
        Err(BadName::Long(length))
    } else if name.chars().any(char::is_alphanumeric) {
        Ok(name)
    } else {
        Err(BadName::Empty)
    }
}

/// How each character of ASCII looks to somebody who mistakes it.
static ASCII_LOOKS: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
    (0..128_u8)
        .map(|byte| {
            let character = char::from(byte).to_string();
            // The skeleton of a nought is a capital O, and a key has small letters only.
            let look: String = skeleton(&character).collect();
            look.to_ascii_lowercase().into()
        })
        .collect()
});

/// Whether a name is its own key: small letters, digits and signs of ASCII, single blanks inside.
fn is_plain(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut before = b' ';
    for &byte in bytes {
        let blank = byte == b' ';
        if blank && before == b' '
            || !blank && !byte.is_ascii_graphic()
            || byte.is_ascii_uppercase()
        {
            return false;
        }
        before = byte;
    }
    before != b' ' || bytes.is_empty()
}

/// Compatibility forms, case, white space, hyphens and invisible characters put aside.
fn folded(name: &str) -> String {
    let fold = |c: char| c.to_uppercase().flat_map(char::to_lowercase);
    let folded: String = name
        .nfkc()
        .filter(|c| !is_invisible(*c))
        .flat_map(fold)
        .collect();
    let one: String = folded
        .nfkc()
        .map(|c| if is_hyphen(c) { '-' } else { c })
        .collect();
    one.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn mark_key(name: &str) -> Cow<'_, str> {
    let painted = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if name.bytes().all(painted) {
        return Cow::Borrowed(name);
    }
    let folded = folded(name);
    let separates = |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '·' | '_');
    let compact: String = folded.chars().filter(|c| !separates(*c)).collect();
    let digits = compact.bytes().all(|b| b.is_ascii_digit());
    if digits && matches!(compact.len(), 7 | 8 | 12) || ContainerCode::read(&compact).is_some() {
        return Cow::Owned(compact);
    }
    // A separator between two letters or two digits keeps them apart: M AB 1 is not MA B 1, and 1-13 is not 11-3.
    let mut key = String::with_capacity(folded.len());
    let mut parted = false;
    for c in folded.chars() {
        if separates(c) {
            parted = true;
            continue;
        }
        if let Some(before) = key.chars().next_back().filter(|_| parted) {
            let alike = before.is_numeric() == c.is_numeric();
            if alike {
                key.push('-');
            }
        }
        parted = false;
        key.push(c);
    }
    Cow::Owned(key)
}

fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'
            ..='\u{2015}'
                | '\u{2212}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{58a}'
    )
}

/// Characters that show nothing: format characters, directions, joiners, variation selectors, fillers.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn one(kind: Kind, spellings: &[&str]) {
        for other in &spellings[1..] {
            assert_eq!(key(kind, spellings[0]), key(kind, other), "{other:?}");
        }
    }

    #[test]
    fn spellings_of_one_mark_have_one_key() {
        one(
            Kind::Mark,
            &[
                "218124712173",
                "21 81 2471 217-3",
                "21-81-2471-217-3",
                "2181 2471 217-3",
                "21 81 2471 217 3",
                "２１８１２４７１２１７３",
                "21\u{a0}81\u{2009}2471\u{3000}217\u{2011}3",
                "21.81.2471.217.3",
                "\u{202a}218124712173\u{202c}",
                " 218124\u{200b}712173 ",
            ],
        );
        one(
            Kind::Mark,
            &[
                "CSQU3054383",
                "csqu 305438 3",
                "CSQU-305438-3",
                "ＣＳＱＵ3054383",
            ],
        );
        one(Kind::Mark, &["5123 4567", "51234567", "5123-4567"]);
        one(Kind::Mark, &["W-901", "w901", "W 901", "w.901"]);
        one(Kind::Mark, &["AB 123 CD", "ab-123-cd", "AB123CD"]);
    }

    #[test]
    fn different_marks_keep_different_keys() {
        for (one, other) in [
            ("dandong-1-13", "dandong-11-3"),
            ("M AB 1", "MA B 1"),
            ("12-345", "123-45"),
            ("218124712173", "218124712181"),
            ("A/7", "A7"),
        ] {
            assert_ne!(
                key(Kind::Mark, one),
                key(Kind::Mark, other),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn spellings_of_one_name_have_one_key() {
        one(
            Kind::Plain,
            &["LOT-A1", "lot-a1", "Lot\u{2011}A1", "ＬＯＴ-A1"],
        );
        one(
            Kind::Plain,
            &["José", "Jose\u{301}", "JOSÉ", " José\u{200d} "],
        );
        one(Kind::Plain, &["Straße 7", "STRASSE\u{a0}7", "strasse  7"]);
        one(Kind::Plain, &["ΟΔΟΣ", "οδος", "οδοσ"]);
        assert_ne!(key(Kind::Plain, "A/7"), key(Kind::Plain, "7"));
        assert_ne!(key(Kind::Plain, "LOT A1"), key(Kind::Plain, "LOTA1"));
        // A key is its own key.
        for name in ["LOT-A1", "José", "ＬＯＴ", "Straße", "ﬁne", "İstanbul"] {
            let once = key(Kind::Plain, name).into_owned();
            assert_eq!(key(Kind::Plain, &once), once, "{name}");
        }
    }

    #[test]
    fn names_that_look_alike_are_told_from_names_that_are_the_same() {
        assert!(same_look("quinn", "quіnn")); // Cyrillic і
        assert!(same_look("anna1", "annal"));
        assert!(same_look("modern", "rnodern"));
        assert!(!same_look("quinn", "quill"));
    }

    #[test]
    fn a_new_name_is_short_visible_and_has_no_control_characters() {
        assert_eq!(clean("  a\u{3000} b\u{200b} ").unwrap(), "a b");
        assert_eq!(clean("Jose\u{301}").unwrap(), "José");
        assert_eq!(clean("\0a"), Err(BadName::Control(0)));
        assert_eq!(clean("a\nb"), Err(BadName::Control(10)));
        for empty in ["", " ", "\u{200b}", "--", "\u{202e}\u{202c}"] {
            assert_eq!(clean(empty), Err(BadName::Empty), "{empty:?}");
        }
        assert_eq!(clean(&"x".repeat(65)), Err(BadName::Long(65)));
        assert!(clean(&"é".repeat(64)).is_ok());
    }
}
