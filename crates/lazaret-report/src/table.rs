//! Tables, and numbers as people read them.

use crate::html::escape;

/// A table: a head and rows of the same length. The first column names the row, the others are numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Column names.
    pub head: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with the given column names and no rows yet.
    #[must_use]
    pub fn of(head: &[&str]) -> Self {
        Table {
            head: head.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn html(&self) -> String {
        let cells = |tag: &str, cells: &[String]| -> String {
            cells
                .iter()
                .map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)))
                .collect()
        };
        let head = cells("th scope=\"col\"", &self.head).replace("</th scope=\"col\">", "</th>");
        let rows: String = self
            .rows
            .iter()
            .map(|row| format!("<tr>{}</tr>", cells("td", row)))
            .collect();
        format!("<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    }
}

/// A number with about three figures: 1 234, 56.7, 0.89; a dash where there is none.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "–".into();
    }
    if size >= 999.5 {
        let digits = format!("{size:.0}");
        let mut out = String::new();
        for (nth, c) in digits.chars().enumerate() {
            // A thin space every three digits, as print does.
            if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
                out.push('\u{202f}');
            }
            out.push(c);
        }
        return if value < 0.0 {
            format!("−{out}")
        } else {
            out
        };
    }
    if size >= 99.95 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A share in per cent.
#[must_use]
pub fn percent(share: f64) -> String {
    if share.is_finite() {
        format!("{:.0} %", share * 100.0)
    } else {
        "–".into()
    }
}

/// A duration given in hours: in days from two days up.
#[must_use]
pub fn hours(value: f64) -> String {
    if !value.is_finite() {
        "–".into()
    } else if value >= 48.0 {
        format!("{} d", number(value / 24.0))
    } else {
        format!("{} h", number(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(1_234_567.0), "1\u{202f}234\u{202f}567");
        assert_eq!(
            (number(56.72), number(0.891), number(0.0), number(f64::NAN)),
            ("56.7".into(), "0.89".into(), "0".into(), "–".into())
        );
        assert_eq!((hours(36.0), hours(720.0)), ("36 h".into(), "30 d".into()));
    }
}
