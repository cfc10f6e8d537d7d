//! One table for every face: a page, a terminal, paper.

use comfy_table::{CellAlignment, ContentArrangement, presets};

use crate::html::escape;

/// A table: a head and rows of the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Column names.
    pub head: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
    /// Columns that a terminal aligns to the right, from 0. A page does so with all but the first.
    pub right: Vec<usize>,
}

impl Table {
    /// A table with the given column names and no rows yet.
    #[must_use]
    pub fn of(head: &[&str]) -> Self {
        Table {
            head: head.iter().map(ToString::to_string).collect(),
            ..Table::default()
        }
    }

    /// The same table with these columns aligned to the right on a terminal.
    #[must_use]
    pub fn right(mut self, columns: &[usize]) -> Self {
        self.right.extend(columns);
        self
    }

    /// Adds a row.
    pub fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
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

    /// The lines of the table for a terminal, without blanks at their ends.
    ///
    /// * `width` — characters in a line of the terminal; cells are broken so that the table fits. None for as wide as it is.
    #[must_use]
    pub fn lines(&self, width: Option<usize>) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(self.head.clone());
        for row in &self.rows {
            table.add_row(row.clone());
        }
        for &column in &self.right {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        table
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::of(&["what", "lots"]).right(&[1]);
        table.row(["a <yard>", "7"]);
        table.row(["a quay & its cranes", "1\u{202f}234\u{202f}567"]);
        table
    }

    #[test]
    fn a_terminal_has_aligned_columns_that_fit() {
        assert_eq!(
            table().lines(None).replace('\u{202f}', " "),
            " what                      lots\n a <yard>                     7\n a quay & its cranes  1 234 567\n"
        );
        assert!(
            table()
                .lines(Some(24))
                .lines()
                .all(|line| line.chars().count() <= 24)
        );
    }

    #[test]
    fn a_page_has_the_same_cells() {
        assert!(table().html().contains("<td>a &lt;yard&gt;</td><td>7</td>"));
    }
}
