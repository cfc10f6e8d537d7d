//! Which column of a table is which field, and where its rows begin.

use crate::headings::{self, Field, MassUnit};
use crate::numbers::{self, DecimalMark};
use crate::table::{Kind, Row, Table};
use crate::{CellError, Note, TableError, Wrong, shortened};

use super::Said;

/// Rows among which the headings are looked for: above them are titles, addresses, dates.
const HEAD_ROWS: usize = 30;
/// Known headings that make a row the row of headings.
const HEADINGS_MIN: usize = 3;
/// Samples of a column that a report shows.
const SAMPLES: usize = 3;

/// A column and what it was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading as the table has it.
    pub heading: String,
    /// The field, if it is one; it is left out otherwise.
    pub field: Option<Field>,
    /// Whether the sender said so by hand.
    pub said: bool,
    /// Its first cells that are not empty.
    pub samples: Vec<String>,
}

/// Which columns a kind of table has.
pub(crate) struct Wanted {
    pub(crate) fields: &'static [Field],
    /// Those that it must have.
    pub(crate) needs: &'static [Field],
    /// Those that it must have unless the sender says them.
    pub(crate) or_said: &'static [Field],
}

/// The columns of a table.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) all: Vec<Column>,
    /// From 0: the first row under the headings.
    pub(crate) first_row: usize,
    /// The unit that the heading of the masses names.
    pub(crate) unit: Option<MassUnit>,
    pub(crate) errors: Vec<CellError>,
    at: Vec<(Field, usize)>,
    width: usize,
}

impl Columns {
    /// Finds them.
    pub(crate) fn find(
        table: &Table,
        said: &Said,
        wanted: &Wanted,
        notes: &mut Vec<Note>,
    ) -> Result<Columns, TableError> {
        let head = head_row(table, said, wanted.fields).ok_or_else(|| {
            TableError::unreadable("the table is empty; its first row must name the columns")
        })?;
        let row = table.cells.row(head).expect("it was found among the rows");
        if head > 0 {
            let above: Vec<&str> = (0..head)
                .filter_map(|at| table.cells.row(at))
                .flat_map(Row::iter)
                .filter(|cell| !cell.is_empty())
                .take(3)
                .collect();
            if !above.is_empty() {
                notes.push(Note::HeadingsBelow {
                    row: head + 1,
                    above: shortened(&above.join(" … ")),
                });
            }
        }
        let mut columns = Columns {
            first_row: head + 1,
            width: row.iter().count(),
            ..Columns::default()
        };
        for (at, heading) in row.iter().enumerate() {
            columns.take((table, said), wanted.fields, head, at, heading);
        }
        for (heading, _) in &said.columns {
            if !columns.all.iter().any(|column| column.heading == *heading) {
                columns.wrong(head, heading, Wrong::HeadingNotFound);
            }
        }
        for &field in wanted.needs {
            if columns.at(field).is_none() {
                columns.wrong(head, field.name(), Wrong::ColumnMissing);
            }
        }
        for &field in wanted.or_said {
            let given = match field {
                Field::Manifest => said.manifest.is_some(),
                Field::Convoy => said.convoy.is_some(),
                Field::Source => said.source.is_some(),
                _ => false,
            };
            if !given && columns.at(field).is_none() {
                columns.wrong(head, field.name(), Wrong::ColumnUnsaid);
            }
        }
        Ok(columns)
    }

    fn take(
        &mut self,
        (table, said): (&Table, &Said),
        fields: &'static [Field],
        head: usize,
        at: usize,
        heading: &str,
    ) {
        let samples: Vec<String> = (head + 1..table.cells.len().min(head + 200))
            .filter_map(|row| table.cells.row(row)?.get(at))
            .filter(|cell| !cell.is_empty())
            .take(SAMPLES)
            .map(shortened)
            .collect();
        if heading.is_empty() {
            if !samples.is_empty() {
                self.wrong(head, &format!("column {}", at + 1), Wrong::NoHeading);
            }
            return;
        }
        let by_hand = said.columns.iter().find(|(name, _)| name == heading);
        let found = headings::find(heading, fields);
        let field = match by_hand {
            Some((_, field)) => *field,
            None => found.map(|known| known.field),
        };
        if by_hand.is_none() && field.is_none() {
            let unknown = Wrong::UnknownColumn {
                heading: heading.to_owned(),
                near: headings::nearest(heading, fields).map(|near| near.name().to_owned()),
                fields: fields.iter().map(|field| field.name().to_owned()).collect(),
            };
            self.wrong(head, heading, unknown);
        }
        if let Some(field) = field {
            if let Some(before) = self.at(field) {
                let first = self
                    .all
                    .iter()
                    .filter(|c| !c.heading.is_empty())
                    .find(|c| c.field == Some(field));
                let first =
                    first.map_or_else(|| format!("column {}", before + 1), |c| c.heading.clone());
                self.wrong(head, heading, Wrong::ColumnTwice { first });
                return;
            }
            self.at.push((field, at));
            if field == Field::Mass {
                self.unit = found.and_then(|known| known.unit);
            }
        }
        self.all.push(Column {
            heading: shortened(heading),
            field,
            said: by_hand.is_some(),
            samples,
        });
    }

    fn wrong(&mut self, head: usize, heading: &str, wrong: Wrong) {
        self.errors.push(CellError {
            row: head as u64 + 1,
            column: shortened(heading),
            value: shortened(heading),
            wrong,
        });
    }

    /// Where a field is, from 0.
    pub(crate) fn at(&self, field: Field) -> Option<usize> {
        self.at
            .iter()
            .find(|(of, _)| *of == field)
            .map(|(_, at)| *at)
    }

    /// The heading that the table has for a field, or the field's own name.
    pub(crate) fn heading(&self, field: Field) -> String {
        let column = self.all.iter().find(|column| column.field == Some(field));
        column.map_or_else(|| field.name().to_owned(), |column| column.heading.clone())
    }

    /// The first cell of a row that has something in it and no heading above it.
    pub(crate) fn beyond(&self, row: Row<'_>) -> Option<usize> {
        row.iter()
            .enumerate()
            .skip(self.width)
            .find(|(_, cell)| !cell.is_empty())
            .map(|(at, _)| at)
    }

    /// The decimal mark that the numbers of the table show, if they agree.
    pub(crate) fn decimal_mark(&self, table: &Table) -> Option<DecimalMark> {
        let at: Vec<usize> = [Field::Pieces, Field::Mass]
            .into_iter()
            .filter_map(|field| self.at(field))
            .collect();
        let mut found = None;
        for row in (self.first_row..table.cells.len()).filter_map(|row| table.cells.row(row)) {
            for column in &at {
                if row.kind(*column) != Kind::Text {
                    continue;
                }
                match (found, numbers::evidence(row.get(*column).unwrap_or(""))) {
                    (_, None) => {}
                    (None, shown) => found = shown,
                    (Some(before), Some(shown)) if before == shown => {}
                    // They disagree: each ambiguous number is asked about.
                    _ => return None,
                }
            }
        }
        found
    }
}

/// The row near the top with the most known headings; the first row with anything in it where no row has enough.
fn head_row(table: &Table, said: &Said, fields: &[Field]) -> Option<usize> {
    let known = |row: Row<'_>| {
        row.iter()
            .filter(|cell| {
                headings::known(cell, fields) || said.columns.iter().any(|(name, _)| name == cell)
            })
            .count()
    };
    let rows =
        (0..table.cells.len().min(HEAD_ROWS)).filter_map(|at| Some((at, table.cells.row(at)?)));
    let best = rows
        .clone()
        .map(|(at, row)| (at, known(row)))
        .rev()
        .max_by_key(|(_, known)| *known);
    match best {
        Some((at, known)) if known >= HEADINGS_MIN => Some(at),
        _ => rows
            .clone()
            .find(|(_, row)| row.iter().any(|cell| !cell.is_empty()))
            .map(|(at, _)| at),
    }
}

/// A table to fill in: the headings, and one line that shows how.
#[must_use]
pub fn template() -> String {
    let headings: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
    format!(
        "\u{feff}{}\r\nM-1,T-900,dandong,2026-01-05T17:10,218124712173,L-900-1,general,40,1200,,S1;S2,Sender,Receiver\r\n",
        headings.join(",")
    )
}
