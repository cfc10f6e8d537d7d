//! Answers as people read them: sentences and tables, for a terminal that knows its own width.

use std::ops::AddAssign;

use lazaret_vocabulary::figures::share;

use crate::stops::Stops;

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Sentences.
    Text(String),
    /// A table.
    Table {
        /// Column names.
        head: Vec<String>,
        /// Rows.
        rows: Vec<Vec<String>>,
        /// Columns of figures, from 0.
        right: Vec<usize>,
    },
}

/// An answer in words, part by part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words(Vec<Part>);

impl Words {
    /// The parts in the order in which they are read.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    pub(crate) fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>, right: &[usize]) {
        self.0.push(Part::Table {
            head: head.iter().map(ToString::to_string).collect(),
            rows,
            right: right.to_vec(),
        });
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Words(vec![Part::Text(text)])
    }
}

impl AddAssign<&str> for Words {
    fn add_assign(&mut self, more: &str) {
        if let Some(Part::Text(text)) = self.0.last_mut() {
            text.push_str(more);
        } else {
            self.0.push(Part::Text(more.to_owned()));
        }
    }
}

/// That futures of a design came to a stop; none if none did.
///
/// * `design` — which, such as `place.dock.slots = 4`.
#[must_use]
pub fn stopped(design: &str, stops: &Stops) -> Option<String> {
    (stops.stopped > 0).then(|| format!("{stops}: {design}"))
}

/// Warnings above an answer, with what follows from them; empty if there are none.
#[must_use]
pub fn warned(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines: String = warnings.iter().map(|w| format!("Warning: {w}\n")).collect();
    format!(
        "\n{lines}Such a future meets no condition, and its times only cover what got through before the stop.\n`lazaret simulate` with the same --set says where it stops and why.\n"
    )
}

/// How the runs were made, for the foot of an answer.
pub(crate) fn foot(seed: u64, level: f64, replications: u64) -> String {
    format!(
        "\n{replications} replications of each design, seed {seed}, with common random numbers; intervals at {}.\n",
        share(level)
    )
}
