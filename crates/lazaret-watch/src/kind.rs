//! What kind of statement a row is, and how far such statements are from the truth for reasons of their own.

use crate::evidence::Row;

/// What kind of statement a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Somebody or an instrument saw or counted it.
    Seen,
    /// It was written down where it happened: customs, a timetable, a register.
    Recorded,
    /// A rule says that it shall be so.
    Rule,
    /// Who decides on it says that it will be so.
    Announced,
    /// Somebody from outside thinks that it is or will be so.
    Expected,
    /// It was told by somebody who had it from others.
    Hearsay,
}

/// All kinds with their names in files.
pub const KINDS: [(&str, Kind); 6] = [
    ("seen", Kind::Seen),
    ("recorded", Kind::Recorded),
    ("rule", Kind::Rule),
    ("announced", Kind::Announced),
    ("expected", Kind::Expected),
    ("hearsay", Kind::Hearsay),
];

/// By kind, in the order of [`KINDS`]: the standard deviation of the logarithm of what statements are off by, over and above the
/// error of their digit. Assumptions, as no track record is kept by kind yet: what was seen or recorded is off by its digit
/// alone; a figure that went by mouth by a quarter; a rule is kept to within a third; a plan slips by half; a guess is good
/// for a factor of two.
pub const SPREAD: [f64; 6] = [0.0, 0.0, 0.35, 0.5, 0.7, 0.25];

/// By kind: the chance that a yes or no of it is so. Assumptions as well.
pub const HOLDS: [f64; 6] = [1.0, 1.0, 0.9, 0.75, 0.7, 0.95];

/// What a rule of another place or year is off by, where `transfer = true` says no more: the standard deviation of the
/// logarithm. Holds of goods from China were given as 10, 15, 90 and 92 days by four rules of other places and years in the
/// evidence about Uiju, whose logarithms have a standard deviation of 1.2.
pub const TRANSFER: f64 = 1.0;

impl Kind {
    /// The kind called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let found = KINDS.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS[self.index()].0
    }

    /// Its position in [`KINDS`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// What a row is taken for that does not say what it is: by its quantity, its subject and its medium.
    #[must_use]
    pub fn assumed(row: &Row) -> Self {
        let named = |words: &str, parts: &[&str]| {
            words
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| parts.contains(&word.to_lowercase().as_str()))
        };
        if named(&row.quantity, &["forecast", "expected", "expectation"]) {
            Self::Expected
        } else if named(&row.quantity, &["planned", "plan", "announced"]) {
            Self::Announced
        } else if named(&row.subject, &["rule", "rules", "law", "regulation"]) {
            Self::Rule
        } else {
            match row.medium.as_str() {
                "image" => Self::Seen,
                "official" | "statistics" => Self::Recorded,
                _ => Self::Hearsay,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_at_their_index() {
        for (at, (name, kind)) in KINDS.iter().enumerate() {
            assert_eq!((kind.index(), Kind::parse(name)), (at, Some(*kind)));
            assert_eq!(kind.name(), *name);
        }
        assert_eq!(Kind::parse("guess"), None);
    }
}
