//! One table for every face: a page, a terminal, paper.

use comfy_table::{CellAlignment, ContentArrangement, presets};

use crate::html::escape;

/// A table: a head and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Column names.
    pub head: Vec<String>,
    /// Rows, each with a cell for every column, or with one cell that stands across all of them.
    pub rows: Vec<Vec<Cell>>,
    /// Columns that are aligned to the right, from 0. If none is named, a page takes all but the first for figures.
    pub right: Vec<usize>,
}

/// A cell. On a terminal it is its text; a page may draw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    /// What a page shows instead of the text, as HTML.
    drawn: Option<String>,
}

impl Cell {
    /// A text that a page links to `address`, if that is one of the web: nothing else may be opened by a click.
    #[must_use]
    pub fn link(text: &str, address: &str) -> Self {
        let web = address.starts_with("http://") || address.starts_with("https://");
        Cell {
            text: text.into(),
            drawn: web.then(|| format!("<a href=\"{}\">{}</a>", escape(address), escape(text))),
        }
    }

    /// A text with a remark under it.
    #[must_use]
    pub fn noted(text: &str, note: &str) -> Self {
        Cell {
            text: format!("{text} ({note})"),
            drawn: Some(format!(
                "{}<br><span class=\"soft\">{}</span>",
                escape(text),
                escape(note)
            )),
        }
    }

    /// A text that stands out.
    #[must_use]
    pub fn strong(text: &str) -> Self {
        Cell {
            text: text.into(),
            drawn: Some(format!("<b>{}</b>", escape(text))),
        }
    }

    /// Bars of shares from 0 to 1, one under the other: full ones, or the outline of one that is not the answer yet.
    #[must_use]
    pub fn bars(text: &str, bars: &[(f64, Bar)]) -> Self {
        let bars = bars.iter().map(|(share, bar)| {
            let width = (180.0 * share.clamp(0.0, 1.0)).round();
            let class = match bar {
                Bar::Full => "share",
                Bar::Outline => "share before",
            };
            format!("<span class=\"{class}\" style=\"width:{width}px\"></span>")
        });
        Cell {
            text: text.into(),
            drawn: Some(bars.collect::<Vec<_>>().join("<br>")),
        }
    }

    /// A picture as SVG, whose text a terminal shows.
    pub(crate) fn picture(text: String, svg: String) -> Self {
        Cell {
            text,
            drawn: Some(svg),
        }
    }

    fn html(&self) -> String {
        self.drawn.clone().unwrap_or_else(|| escape(&self.text))
    }
}

/// How a bar of a cell is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// Filled.
    Full,
    /// Only its outline.
    Outline,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell {
            text: text.into(),
            drawn: None,
        }
    }
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

    /// The same table with these columns aligned to the right.
    #[must_use]
    pub fn right(mut self, columns: &[usize]) -> Self {
        self.right.extend(columns);
        self
    }

    /// Adds a row.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Adds a row of cells of different kinds.
    pub fn cells<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    fn is_figure(&self, column: usize) -> bool {
        if self.right.is_empty() {
            column > 0
        } else {
            self.right.contains(&column)
        }
    }

    pub(crate) fn html(&self) -> String {
        let class = |column: usize| {
            if self.is_figure(column) {
                ""
            } else {
                " class=\"words\""
            }
        };
        let mut head = String::new();
        for (column, name) in self.head.iter().enumerate() {
            head += &format!("<th scope=\"col\"{}>{}</th>", class(column), escape(name));
        }
        let mut rows = String::new();
        for row in &self.rows {
            rows += "<tr>";
            if let ([across], true) = (row.as_slice(), self.head.len() > 1) {
                rows += &format!(
                    "<td class=\"words\" colspan=\"{}\"><b>{}</b></td>",
                    self.head.len(),
                    across.html()
                );
            } else {
                for (column, cell) in row.iter().enumerate() {
                    rows += &format!("<td{}>{}</td>", class(column), cell.html());
                }
            }
            rows += "</tr>";
        }
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
            table.add_row(row.iter().map(|cell| cell.text.clone()));
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
        let cells = "<td class=\"words\">a &lt;yard&gt;</td><td>7</td>";
        assert!(table().html().contains(cells), "{}", table().html());
    }

    #[test]
    fn what_a_page_draws_is_text_on_a_terminal_and_never_markup_of_others() {
        let mut table = Table::of(&["row", "chance"]);
        table.row(["a <heading> of its own"]);
        table.cells([
            Cell::link("<r1>", "https://example.org/?a=\"><b>"),
            Cell::bars("40 %", &[(0.5, Bar::Outline), (0.4, Bar::Full)]),
        ]);
        table.cells([
            Cell::link("r2", "javascript:alert(1)"),
            Cell::noted("<3 %", "0 to <5 %"),
        ]);
        let page = table.html();
        for part in [
            "<td class=\"words\" colspan=\"2\"><b>a &lt;heading&gt; of its own</b></td>",
            "<a href=\"https://example.org/?a=&quot;&gt;&lt;b&gt;\">&lt;r1&gt;</a>",
            "<span class=\"share before\" style=\"width:90px\"></span><br><span class=\"share\" style=\"width:72px\">",
            "<td class=\"words\">r2</td>",
            "&lt;3 %<br><span class=\"soft\">0 to &lt;5 %</span>",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(!page.contains("javascript"));
        let terminal = table.lines(None);
        assert!(
            terminal.contains(" <r1>                    40 %"),
            "{terminal}"
        );
        assert!(terminal.contains("<3 % (0 to <5 %)"), "{terminal}");
    }
}
