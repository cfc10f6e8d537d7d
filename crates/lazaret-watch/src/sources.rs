//! Who says what the evidence says: sources by name and letter, and the chance that one of their rows is a misreport.

use std::collections::{BTreeSet, HashMap};

use lazaret_smc::random::Stream;
use rand_distr::Distribution;

use lazaret_vocabulary::near::suggestion;

use crate::evidence::{Row, SourceGrade};
use crate::rules::Rules;

/// Sources that the particles keep count of; those with the fewest rows beyond it keep to their letters.
pub const COUNTED_MOST: usize = 64;

/// A source, as far as it has one letter: its rows share the chance of a misreport.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its letter.
    pub letter: SourceGrade,
    /// Chance of a misreport beforehand.
    pub misreport: f64,
    /// Reports that this weighs as much as; infinite if nothing is learned.
    pub strength: f64,
    /// Its rows, as positions among those used, in the order taken in.
    pub rows: Vec<usize>,
    /// Where particles count its misreports; none if there is nothing to count for.
    pub slot: Option<usize>,
    /// Whether it keeps to its letter because there are too many sources to count for.
    pub crowded_out: bool,
}

impl Source {
    /// Chance that its next row is a misreport, after `erred` of `taken`.
    #[must_use]
    pub fn chance(&self, erred: f64, taken: f64) -> f64 {
        if self.strength.is_finite() {
            (self.strength * self.misreport + erred) / (self.strength + taken)
        } else {
            self.misreport
        }
    }

    /// Draws the chance of a misreport, after `erred` of `taken` are known.
    pub fn draw(&self, erred: f64, taken: f64, rng: &mut Stream) -> f64 {
        if self.strength.is_infinite() {
            return self.misreport;
        }
        let (a, b) = self.shape(erred, taken);
        let drawn = rand_distr::Beta::new(a, b).map_or(self.misreport, |beta| beta.sample(rng));
        // A chance of exactly 0 or 1 would make some rows impossible; shapes near 0 can overflow.
        let drawn = if drawn.is_finite() {
            drawn
        } else {
            a / (a + b)
        };
        drawn.clamp(1e-9, 1.0 - 1e-9)
    }

    pub(crate) fn shape(&self, erred: f64, taken: f64) -> (f64, f64) {
        let (k, b) = (self.strength, self.misreport);
        (k * b + erred, k * (1.0 - b) + taken - erred)
    }
}

/// Sources of rows, and which row is whose.
pub(crate) struct Sources {
    /// In the order in which they first speak.
    pub(crate) all: Vec<Source>,
    /// The source of each row, by position.
    pub(crate) of: Vec<usize>,
    /// Whether a row teaches something that a later one of its source is judged by.
    pub(crate) teaches: Vec<bool>,
}

/// Finds the sources of `used`, rows in the order taken in.
pub(crate) fn sources<'a>(used: impl Iterator<Item = &'a Row>, rules: &Rules) -> Sources {
    let mut all: Vec<Source> = Vec::new();
    let mut of = Vec::new();
    let mut known: HashMap<(&str, SourceGrade), usize> = HashMap::new();
    for (at, row) in used.enumerate() {
        let (name, letter) = (row.source(), row.source_grade);
        let index = *known.entry((name, letter)).or_insert_with(|| {
            all.push(Source {
                name: name.to_string(),
                letter,
                misreport: rules.misreport_of(name, letter),
                strength: rules.strength_of(name),
                rows: Vec::new(),
                slot: None,
                crowded_out: false,
            });
            all.len() - 1
        });
        all[index].rows.push(at);
        of.push(index);
    }
    let mut teaches = vec![false; of.len()];
    // The first row of a source is judged by its letter alone, so one that has no second needs no count.
    let mut counted: Vec<usize> = (0..all.len())
        .filter(|i| all[*i].rows.len() > 1 && all[*i].strength.is_finite())
        .collect();
    counted.sort_by_key(|i| (usize::MAX - all[*i].rows.len(), *i));
    for (slot, index) in counted.into_iter().enumerate() {
        let source = &mut all[index];
        if slot < COUNTED_MOST {
            source.slot = Some(slot);
            let (_, before_last) = source.rows.split_last().unwrap_or((&0, &[]));
            for at in before_last {
                teaches[*at] = true;
            }
        } else {
            source.strength = f64::INFINITY;
            source.crowded_out = true;
        }
    }
    Sources { all, of, teaches }
}

/// Sources that the rules name and of which no row is: likely a slip of the pen, which would go unnoticed otherwise.
pub(crate) fn unheard(rows: &[Row], rules: &Rules) -> Vec<String> {
    let looks = rules.looks.iter().filter_map(|look| look.source.as_ref());
    let named: BTreeSet<&str> = rules
        .by_source
        .keys()
        .chain(rules.strength_by_source.keys())
        .chain(looks)
        .map(String::as_str)
        .collect();
    if named.is_empty() {
        return Vec::new();
    }
    let heard: BTreeSet<&str> = rows.iter().map(Row::source).collect();
    named
        .difference(&heard)
        .map(|name| match suggestion(name, heard.iter().copied()) {
            Some(question) => format!(
                "The observation rules name the source `{name}`, which has no row: {question}"
            ),
            None => format!("The observation rules name the source `{name}`, which has no row."),
        })
        .collect()
}
