//! The cells of a table's rows, read field by field: what is wrong with each is kept with its place.

use jiff::Timestamp;

use crate::headings::{Field, MassUnit};
use crate::manifest::columns::{Column, Columns, Wanted as Headings};
use crate::manifest::{ERRORS_MAX, Place, Said, dates};
use crate::numbers::{self, Decimal, DecimalMark, NotRead};
use crate::table::{Kind, Row, Table};
use crate::{CellError, Note, TableError, Wanted, Wrong, shortened};

/// Seals and classes of danger of a whole table: a line has a handful, and each takes thirty times its two bytes.
const LISTED_MAX: usize = 1_000_000;
/// Characters of a name.
const NAME_MAX: usize = 64;

/// What the rows so far add up to, to hold the sheet's own total against.
#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) pieces: i128,
    /// In milligrams.
    pub(crate) mass_mg: i128,
    rounded: u64,
    bulk: u64,
}

/// The rows of a table under its headings.
pub(crate) struct Rows<'a> {
    pub(crate) table: &'a Table,
    pub(crate) said: &'a Said,
    pub(crate) place: Place<'a>,
    pub(crate) mark: Option<DecimalMark>,
    pub(crate) columns: Columns,
    pub(crate) errors: Vec<CellError>,
    /// Seals and classes of danger so far.
    listed: usize,
    pub(crate) sums: Sums,
    pub(crate) notes: Vec<Note>,
}

/// A table whose headings were looked at.
pub(crate) struct Opened<'a> {
    /// What each column was taken for.
    pub(crate) columns: Vec<Column>,
    /// Its rows; if a heading is wrong, what is, and what was decided so far.
    pub(crate) rows: Result<Rows<'a>, (Vec<CellError>, Vec<Note>)>,
}

/// Finds the columns of a table.
///
/// # Errors
/// If the table is empty.
pub(crate) fn open<'a>(
    table: &'a Table,
    said: &'a Said,
    place: Place<'a>,
    wanted: &Headings,
) -> Result<Opened<'a>, TableError> {
    let mut notes = table.notes.clone();
    let mut columns = Columns::find(table, said, wanted, &mut notes)?;
    let wrong = std::mem::take(&mut columns.errors);
    Ok(Opened {
        columns: columns.all.clone(),
        rows: if wrong.is_empty() {
            Ok(Rows::new(table, said, place, columns, notes))
        } else {
            Err((wrong, notes))
        },
    })
}

/// The rows from `first` on, counted from 0, that have anything in them, each with its number in a spreadsheet.
pub(crate) fn filled(table: &Table, first: usize) -> impl Iterator<Item = (u64, Row<'_>)> {
    (first..table.cells.len())
        .map_while(|at| Some((at as u64 + 1, table.cells.row(at)?)))
        .filter(|(_, cells)| !cells.iter().all(str::is_empty))
}

/// The marks that part the seals or classes of danger of one cell.
const PARTS: &[char] = &[';', ',', '|', '\n', '\r', '、', '；', '，'];

impl<'a> Rows<'a> {
    /// The rows of a table whose columns are found.
    fn new(
        table: &'a Table,
        said: &'a Said,
        place: Place<'a>,
        columns: Columns,
        notes: Vec<Note>,
    ) -> Self {
        let mark = said.decimal.or_else(|| columns.decimal_mark(table));
        Rows {
            table,
            said,
            place,
            mark,
            columns,
            errors: Vec::new(),
            listed: 0,
            sums: Sums::default(),
            notes,
        }
    }

    /// Says that a row has more cells than there are headings, if it has.
    pub(crate) fn beyond(&mut self, row: u64, cells: Row<'_>) {
        if let Some(extra) = self.columns.beyond(cells) {
            self.errors.push(CellError {
                row,
                column: format!("column {}", extra + 1),
                value: shortened(cells.get(extra).unwrap_or("")),
                wrong: Wrong::MoreCells,
            });
        }
    }

    /// Classes of danger; each that is none is wrong.
    pub(crate) fn hazards(&mut self, row: u64, cells: Row<'_>) -> Vec<String> {
        let hazards = self.many(row, cells, Field::Hazards);
        for hazard in &hazards {
            if !(self.place.is_hazard)(hazard) {
                self.wrong(row, Field::Hazards, hazard, Wrong::UnknownHazard);
            }
        }
        hazards
    }

    /// The text of a field and what kind of cell it is in; empty beyond the last cell that was written.
    pub(crate) fn cell(&self, row: u64, cells: Row<'_>, field: Field) -> (String, Kind) {
        let Some(at) = self.columns.at(field) else {
            return Default::default();
        };
        let text = cells.get(at).unwrap_or("");
        let merged = || self.table.cells.merged_with(row as usize - 1, at);
        if text.is_empty()
            && self.said.fill_merged
            && let Some((row, column)) = merged()
            && let Some(first) = self.table.cells.row(row)
        {
            return (
                first.get(column).unwrap_or("").to_owned(),
                first.kind(column),
            );
        }
        (text.to_owned(), cells.kind(at))
    }

    pub(crate) fn wrong(&mut self, row: u64, field: Field, value: &str, wrong: Wrong) {
        // One cell may list thousands of seals.
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(CellError {
                row,
                column: self.columns.heading(field),
                value: shortened(value),
                wrong,
            });
        }
    }

    pub(crate) fn one_of(
        &mut self,
        row: u64,
        field: Field,
        value: &str,
        known: &[&str],
        wrong: impl FnOnce(Vec<String>) -> Wrong,
    ) {
        if !value.is_empty() && !known.contains(&value) {
            let known = known.iter().map(|known| (*known).to_owned()).collect();
            self.wrong(row, field, value, wrong(known));
        }
    }

    /// What a spreadsheet has made of a name, if it is spoilt: its display is not what was typed.
    pub(crate) fn spoilt(kind: Kind, text: &str) -> Option<Wrong> {
        let formula_error = Wrong::FormulaError {
            wanted: Wanted::Name,
        };
        match kind {
            Kind::Error => Some(formula_error),
            Kind::Truth => Some(Wrong::TruthForName),
            Kind::Date | Kind::Time => Some(Wrong::DateForName),
            Kind::Spoilt => Some(Wrong::DigitsLost),
            Kind::Number | Kind::Text if numbers::scientific(text) => Some(Wrong::ScientificName),
            Kind::Text if text.starts_with('#') && is_error(text) => Some(formula_error),
            Kind::Number | Kind::Text => None,
        }
    }

    pub(crate) fn named(
        &mut self,
        row: u64,
        cells: Row<'_>,
        field: Field,
        given: Option<&str>,
    ) -> String {
        let (mut text, kind) = self.cell(row, cells, field);
        if text.is_empty() {
            text = given.unwrap_or_default().to_owned();
        }
        if text.is_empty() {
            let wrong = match self
                .columns
                .at(field)
                .and_then(|at| self.table.cells.merged_with(row as usize - 1, at))
            {
                Some((first, _)) => Wrong::MergedCell { row: first + 1 },
                None => Wrong::NameExpected,
            };
            self.wrong(row, field, "", wrong);
        } else if let Some(why) = Self::spoilt(kind, &text) {
            self.wrong(row, field, &text, why);
        } else if text.chars().count() > NAME_MAX || text.chars().any(char::is_control) {
            self.wrong(row, field, &text, Wrong::NameTooLong { most: NAME_MAX });
        }
        text
    }

    /// A text that may be left out.
    pub(crate) fn text(&mut self, row: u64, cells: Row<'_>, field: Field) -> Option<String> {
        let (text, kind) = self.cell(row, cells, field);
        if kind == Kind::Error {
            self.wrong(row, field, &text, Wrong::TextOfFormulaError);
        }
        (!text.is_empty()).then_some(text)
    }

    pub(crate) fn many(&mut self, row: u64, cells: Row<'_>, field: Field) -> Vec<String> {
        let (text, kind) = self.cell(row, cells, field);
        if text.is_empty() {
            return Vec::new();
        }
        if let Some(why) = Self::spoilt(kind, &text) {
            self.wrong(row, field, &text, why);
            return Vec::new();
        }
        let parts: Vec<String> = (text.split(PARTS).map(str::trim))
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        self.listed += parts.len();
        if self.listed > LISTED_MAX {
            self.wrong(row, field, &text, Wrong::TooManyListed { most: LISTED_MAX });
            return Vec::new();
        }
        parts
    }

    pub(crate) fn unit(&self) -> MassUnit {
        self.columns.unit.unwrap_or(MassUnit::Kilogram)
    }

    pub(crate) fn number(
        &mut self,
        row: u64,
        field: Field,
        text: &str,
        kind: Kind,
    ) -> Option<Decimal> {
        let wanted = Wanted::Number;
        let refused = match kind {
            Kind::Error => Wrong::FormulaError { wanted },
            Kind::Truth => Wrong::TruthValue { wanted },
            Kind::Date | Kind::Time => Wrong::DateForNumber,
            // A workbook writes numbers with a point, whatever it shows.
            Kind::Number | Kind::Spoilt => match numbers::read(text, Some(DecimalMark::Point)) {
                Ok(number) => return Some(number),
                Err(_) => Wrong::TooManyDigits,
            },
            Kind::Text => match numbers::read(text, self.mark) {
                Ok(number) => return Some(number),
                Err(NotRead::Ambiguous) => Wrong::AmbiguousNumber,
                Err(NotRead::Scientific) => Wrong::ScientificNumber,
                Err(NotRead::TooLong) => Wrong::TooManyDigits,
                Err(NotRead::No) => Wrong::NumberExpected,
            },
        };
        self.wrong(row, field, text, refused);
        None
    }

    /// Pieces; none for goods in bulk.
    pub(crate) fn pieces(&mut self, row: u64, cells: Row<'_>) -> u32 {
        let (text, kind) = self.cell(row, cells, Field::Pieces);
        if text.is_empty() {
            self.sums.bulk += 1;
            return 0;
        }
        let Some(number) = self.number(row, Field::Pieces, &text, kind) else {
            return 0;
        };
        match number.whole().map(u32::try_from) {
            Some(Ok(pieces)) => {
                self.sums.bulk += u64::from(pieces == 0);
                self.sums.pieces += i128::from(pieces);
                pieces
            }
            _ => {
                self.wrong(row, Field::Pieces, &text, Wrong::PiecesExpected);
                0
            }
        }
    }

    /// Mass in whole kilograms.
    pub(crate) fn mass(&mut self, row: u64, cells: Row<'_>) -> u32 {
        let (text, kind) = self.cell(row, cells, Field::Mass);
        if text.is_empty() {
            self.wrong(row, Field::Mass, "", Wrong::MassExpected);
            return 0;
        }
        let Some(number) = self.number(row, Field::Mass, &text, kind) else {
            return 0;
        };
        let unit = self.unit();
        let Some(mg) = number.times(unit.milligrams()) else {
            self.wrong(row, Field::Mass, &text, Wrong::FinerThanMilligram);
            return 0;
        };
        let kilogram = MassUnit::Kilogram.milligrams();
        if mg <= 0 || mg > i128::from(u32::MAX) * kilogram {
            self.wrong(row, Field::Mass, &text, Wrong::MassAboveZero);
            return 0;
        }
        let rest = mg % kilogram;
        if rest != 0 && !self.said.round {
            self.wrong(row, Field::Mass, &text, Wrong::NotWholeKilograms);
            return 0;
        }
        self.sums.mass_mg += mg;
        self.sums.rounded += u64::from(rest != 0);
        let whole = mg / kilogram + i128::from(rest * 2 >= kilogram && rest != 0);
        // A lot of a few grams still weighs something.
        whole.max(1) as u32
    }

    /// An instant that may be left out.
    pub(crate) fn time(&mut self, row: u64, cells: Row<'_>, field: Field) -> Option<Timestamp> {
        let (text, kind) = self.cell(row, cells, field);
        if text.is_empty() {
            return None;
        }
        let wanted = Wanted::Time;
        let read = match kind {
            Kind::Error => Err(Wrong::FormulaError { wanted }),
            Kind::Truth => Err(Wrong::TruthValue { wanted }),
            Kind::Time => Err(Wrong::TimeWithoutDate),
            Kind::Number | Kind::Spoilt => Err(Wrong::NumberForTime),
            Kind::Text | Kind::Date => dates::read(&text, self.said.days, self.place.zone),
        };
        match read {
            Ok(at) => Some(at),
            Err(wrong) => {
                self.wrong(row, field, &text, wrong);
                None
            }
        }
    }

    pub(crate) fn tell_of_rounding(&mut self) {
        let unit = self.unit();
        if unit != MassUnit::Kilogram {
            let unit = unit.symbol().to_owned();
            self.notes.push(Note::MassesConverted { unit });
        }
        if self.sums.rounded > 0 {
            let masses = self.sums.rounded;
            self.notes.push(Note::MassesRounded { masses });
        }
        if self.sums.bulk > 0 {
            let lots = self.sums.bulk;
            self.notes.push(Note::InBulk { lots });
        }
    }
}

/// The errors that spreadsheets write into cells.
fn is_error(text: &str) -> bool {
    matches!(
        text,
        "#N/A"
            | "#REF!"
            | "#VALUE!"
            | "#NAME?"
            | "#DIV/0!"
            | "#NUM!"
            | "#NULL!"
            | "#SPILL!"
            | "#CALC!"
            | "#####"
    )
}
