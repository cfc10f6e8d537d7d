//! One thing, one name: what two spellings of a name have in common, the slow and obvious way.
//!
//! # Sources
//! UAX #15 (normalisation forms), UTS #39 (skeletons of confusable names), UIC 438-2, ISO 6346 and EN 13044 (marks).

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Characters that a name may have.
const NAME_MAX: usize = 64;

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Lot,
    Vehicle,
    Convoy,
    Papers,
    Person,
    Sample,
    Exception,
    Departure,
    Place,
    Goods,
    Source,
}

/// Names on record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spellings {
    kinds: [Spelt; 11],
    /// People by what their names look like.
    looks: HashMap<String, String>,
}

/// Names of one kind: as they are written, and by what their spellings have in common.
#[derive(Clone, Debug, Default)]
struct Spelt {
    written: HashSet<String>,
    keys: HashMap<String, String>,
}

impl Spellings {
    /// Looks at a name that may be new.
    ///
    /// # Errors
    /// Why it cannot be one: it is another spelling of a name on record, or no name at all.
    pub(crate) fn see(&mut self, of: Of, name: &str) -> Result<(), String> {
        let kind = &mut self.kinds[of as usize];
        if kind.written.contains(name) {
            return Ok(());
        }
        let own = key(of, name);
        kind.written.insert(name.to_owned());
        if let Some(other) = kind.keys.insert(own.clone(), name.to_owned()) {
            return Err(format!("`{name}` is another spelling of `{other}`"));
        }
        let control = name.chars().any(char::is_control);
        let shown = name.chars().any(char::is_alphanumeric);
        if control || !shown || name.chars().count() > NAME_MAX {
            let name: String = name.chars().take(NAME_MAX).collect();
            return Err(format!("`{}` cannot be a name", name.escape_debug()));
        }
        if of == Of::Person {
            let look: String = skeleton(&own).flat_map(char::to_lowercase).collect();
            if let Some(other) = self.looks.insert(look, name.to_owned()) {
                return Err(format!("`{name}` can be taken for `{other}`"));
            }
        }
        Ok(())
    }
}

/// What the spellings of a name have in common.
pub(crate) fn key(of: Of, name: &str) -> String {
    let folded = folded(name);
    if of == Of::Vehicle {
        mark(&folded)
    } else {
        folded
    }
}

/// Compatibility forms of characters, case, kinds of blanks and hyphens, and what shows nothing put aside.
fn folded(name: &str) -> String {
    if name.is_ascii() {
        let words = name.split_whitespace().map(str::to_ascii_lowercase);
        return words.collect::<Vec<_>>().join(" ");
    }
    let shown: String = name.nfkc().filter(|&c| !shows_nothing(c)).collect();
    let cased: String = (shown.chars())
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    let dashed: String = (cased.nfkc())
        .map(|c| if hyphen(c) { '-' } else { c })
        .collect();
    dashed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A mark without what separates its groups. Groups of one kind stay apart, for nobody knows where they end, unless the
/// numbering is one whose length is known.
fn mark(folded: &str) -> String {
    let separates = |c: char| c.is_whitespace() || "-.·_".contains(c);
    let groups: Vec<&str> = (folded.split(separates))
        .filter(|group| !group.is_empty())
        .collect();
    let compact: String = groups.concat();
    let digits = compact.chars().all(|c| c.is_ascii_digit());
    if digits && [7, 8, 12].contains(&compact.len()) || container(&compact) {
        return compact;
    }
    let mut mark = String::new();
    for group in groups {
        let touching = mark.chars().next_back().zip(group.chars().next());
        if touching.is_some_and(|(a, b)| a.is_numeric() == b.is_numeric()) {
            mark.push('-');
        }
        mark.push_str(group);
    }
    mark
}

/// Whether a text has the form of a container's code: an owner's three letters, a category and seven digits.
fn container(compact: &str) -> bool {
    let (owner, number) = match compact.char_indices().nth(4) {
        Some((at, _)) => compact.split_at(at),
        None => return false,
    };
    let category = owner.chars().last().unwrap_or(' ');
    owner.chars().all(|c| c.is_ascii_lowercase())
        && "ujzabdek".contains(category)
        && number.len() == 7
        && number.chars().all(|c| c.is_ascii_digit())
}

fn hyphen(c: char) -> bool {
    "\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\u{fe58}\u{fe63}\u{ff0d}\u{2e3a}\u{2e3b}\u{58a}"
        .contains(c)
}

/// Characters of no width: format characters, joiners, selectors, fillers.
fn shows_nothing(c: char) -> bool {
    const RANGES: [(u32, u32); 21] = [
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x600, 0x605),
        (0x61c, 0x61c),
        (0x6dd, 0x6dd),
        (0x70f, 0x70f),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfffb),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
    ];
    let point = u32::from(c);
    RANGES
        .iter()
        .any(|&(first, last)| (first..=last).contains(&point))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_spelling_of_a_name_is_named() {
        for (of, one, other) in [
            (Of::Vehicle, "21 81 2471 217-3", "218124712173"),
            (Of::Vehicle, "CSQU 305438-3", "csqu3054383"),
            (Of::Vehicle, "W-901", "w 901"),
            (Of::Lot, "LOT-A1", "lot\u{2011}a1"),
            (Of::Person, "Jos\u{e9}", "jose\u{301}"),
            (Of::Place, "yard", "ya\u{200b}rd"),
        ] {
            let mut names = Spellings::default();
            names.see(of, one).unwrap();
            names.see(of, one).unwrap();
            assert!(names.see(of, other).is_err(), "{other}");
        }
        let mut names = Spellings::default();
        for name in ["dandong-1-13", "dandong-11-3", "M AB 1", "MA B 1"] {
            names.see(Of::Vehicle, name).unwrap();
        }
        names.see(Of::Lot, "quinn").unwrap();
        names.see(Of::Person, "quinn").unwrap();
        assert!(names.see(Of::Person, "qu\u{456}nn").is_err());
        for name in ["", "--", "a\nb"] {
            assert!(names.see(Of::Lot, name).is_err(), "{name:?}");
        }
    }
}
