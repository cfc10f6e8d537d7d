//! Manifests from tables: every wrong cell at once, and nothing taken half.

mod columns;
mod dates;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lazaret_vocabulary::event::entry::{Entry, Hazard, ManifestId, ManifestLine, Tally};
use lazaret_vocabulary::event::{ConvoyId, GoodsName, LotId, SourceName, VehicleId};

use crate::headings::{Field, MassUnit, fold};
use crate::numbers::{self, Decimal, DecimalMark, NotRead};
use crate::table::{Kind, Row, Table};
use crate::{CellError, Note, TableError, Wanted, Wrong, shortened};

use columns::Columns;
pub use columns::{Column, template};
pub use dates::DayOrder;

/// Wrong cells told at once; a file with more is a file of another kind.
const ERRORS_MAX: usize = 2000;
/// Seals and classes of danger of a whole table: a line has a handful, and each takes thirty times its two bytes.
const LISTED_MAX: usize = 1_000_000;
/// Characters of a name.
const NAME_MAX: usize = 64;

/// What the gateway knows that a line may name.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Its sources.
    pub sources: &'a [&'a str],
    /// Its goods classes.
    pub goods: &'a [&'a str],
    /// Its time zone, in which tables write times.
    pub zone: &'a TimeZone,
    /// Whether a text is a class of danger.
    pub is_hazard: fn(&str) -> bool,
}

/// What the sender of a table said about it beyond the table itself.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The number of the papers, if no column says it.
    pub manifest: Option<String>,
    /// The convoy, if no column says it.
    pub convoy: Option<String>,
    /// The source, if no column says it.
    pub source: Option<String>,
    /// When it is due, if no column says it.
    pub due: Option<Timestamp>,
    /// Which heading is which field, by hand; a heading without a field is left out.
    pub columns: Vec<(String, Option<Field>)>,
    /// The decimal mark, if the table does not show it.
    pub decimal: Option<DecimalMark>,
    /// Whether `05/12/2026` is the fifth or the twelfth of a month.
    pub days: Option<DayOrder>,
    /// Whether masses are rounded to whole kilograms, half a kilogram up.
    pub round: bool,
    /// Whether a cell that is merged with one above or before it says the same.
    pub fill_merged: bool,
}

/// Papers found in a table, with the row of their first line.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The row that a spreadsheet shows.
    pub row: u64,
    /// The announcement.
    pub entry: Entry,
    /// Their number.
    pub manifest: ManifestId,
    /// Their convoy.
    pub convoy: ConvoyId,
    /// The vehicles they name, each once.
    pub vehicles: Vec<VehicleId>,
    /// How many lots.
    pub lots: u32,
}

/// What a table holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Rows of goods.
    pub rows: u64,
    /// Papers.
    pub found: Vec<Found>,
    /// Wrong cells. If there are any, nothing must be imported.
    pub errors: Vec<CellError>,
    /// What each column was taken for, with samples.
    pub columns: Vec<Column>,
    /// What was decided while it was read.
    pub notes: Vec<Note>,
}

/// Reads papers from a table.
///
/// # Errors
/// [`Fault::Unreadable`](crate::Fault::Unreadable) if the table is empty. Wrong cells are in [`Read::errors`].
pub fn read(table: &Table, said: &Said, place: Place<'_>) -> Result<Read, TableError> {
    let mut notes = table.notes.clone();
    let columns = Columns::find(table, said, &mut notes)?;
    let mut read = Read {
        columns: columns.all.clone(),
        ..Read::default()
    };
    if !columns.errors.is_empty() {
        read.errors = columns.errors;
        read.notes = notes;
        return Ok(read);
    }
    let mark = said.decimal.or_else(|| columns.decimal_mark(table));
    let mut lines = Lines {
        table,
        said,
        place,
        mark,
        columns,
        errors: Vec::new(),
        papers: BTreeMap::new(),
        lots: HashMap::new(),
        listed: 0,
        sums: Sums::default(),
        notes,
        rows: 0,
    };
    for at in lines.columns.first_row..table.cells.len() {
        let Some(cells) = table.cells.row(at) else {
            break;
        };
        if cells.iter().all(str::is_empty) {
            continue;
        }
        if lines.is_total(cells) {
            lines.total(at as u64 + 1, cells);
            continue;
        }
        lines.rows += 1;
        lines.line(at as u64 + 1, cells);
        if lines.errors.len() >= ERRORS_MAX {
            break;
        }
    }
    lines.tell_of_rounding();
    read.rows = lines.rows;
    read.found = lines.papers.into_values().map(Papers::found).collect();
    read.errors = lines.errors;
    read.notes = lines.notes;
    Ok(read)
}

/// What the rows so far add up to, to hold the sheet's own total against.
#[derive(Default)]
struct Sums {
    pieces: i128,
    /// In milligrams.
    mass_mg: i128,
    rounded: u64,
    bulk: u64,
}

struct Lines<'a> {
    table: &'a Table,
    said: &'a Said,
    place: Place<'a>,
    mark: Option<DecimalMark>,
    columns: Columns,
    errors: Vec<CellError>,
    papers: BTreeMap<String, Papers>,
    /// The row of each lot.
    lots: HashMap<String, u64>,
    /// Seals and classes of danger so far.
    listed: usize,
    sums: Sums,
    notes: Vec<Note>,
    rows: u64,
}

struct Papers {
    row: u64,
    manifest: String,
    convoy: String,
    source: String,
    due: Option<Timestamp>,
    lines: Vec<ManifestLine>,
}

impl Papers {
    fn found(self) -> Found {
        let mut vehicles: Vec<VehicleId> = (self.lines.iter())
            .map(|line| line.vehicle.clone())
            .collect();
        vehicles.sort();
        vehicles.dedup();
        let manifest = ManifestId::new(self.manifest);
        let convoy = ConvoyId::new(self.convoy);
        Found {
            row: self.row,
            vehicles,
            lots: self.lines.len() as u32,
            entry: Entry::ManifestAnnounced {
                manifest: manifest.clone(),
                convoy: convoy.clone(),
                source: SourceName::new(self.source),
                due: self.due,
                lines: self.lines,
            },
            manifest,
            convoy,
        }
    }
}

/// Words with which the row of a total begins, folded.
const TOTALS: &[&str] = &[
    "total",
    "totals",
    "grandtotal",
    "subtotal",
    "sum",
    "summe",
    "gesamt",
    "insgesamt",
    "합계",
    "총계",
    "소계",
    "계",
    "合计",
    "总计",
    "小计",
    "共计",
    "итого",
    "всего",
    "итог",
];

/// The marks that part the seals or classes of danger of one cell.
const PARTS: &[char] = &[';', ',', '|', '\n', '\r', '、', '；', '，'];

impl Lines<'_> {
    /// The text of a field and what kind of cell it is in; empty beyond the last cell that was written.
    fn cell(&self, row: u64, cells: Row<'_>, field: Field) -> (String, Kind) {
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

    fn wrong(&mut self, row: u64, field: Field, value: &str, wrong: Wrong) {
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

    /// Whether a row is a total: it names neither lot nor vehicle, and says so.
    fn is_total(&self, cells: Row<'_>) -> bool {
        let empty = |field| {
            let at = self.columns.at(field);
            at.and_then(|at| cells.get(at)).unwrap_or("").is_empty()
        };
        let says = |cell: &str| TOTALS.contains(&fold(cell).as_str());
        let named = |field| {
            let at = self.columns.at(field);
            says(at.and_then(|at| cells.get(at)).unwrap_or(""))
        };
        let nothing = |field| empty(field) || named(field);
        nothing(Field::Lot) && nothing(Field::Vehicle) && cells.iter().any(says)
    }

    /// A total is left out, and held against the sum of the rows above it.
    fn total(&mut self, row: u64, cells: Row<'_>) {
        let before = self.errors.len();
        for (field, unit, sum) in [
            (Field::Pieces, 1, self.sums.pieces),
            (Field::Mass, self.unit().milligrams(), self.sums.mass_mg),
        ] {
            let (text, _) = self.cell(row, cells, field);
            if text.is_empty() {
                continue;
            }
            match numbers::read(&text, self.mark)
                .ok()
                .and_then(|n| n.times(unit))
            {
                Some(total) if total == sum => {}
                _ => {
                    let sum = (sum as f64 / unit as f64).to_string();
                    self.wrong(row, field, &text, Wrong::LooksLikeTotal { sum });
                }
            }
        }
        if self.errors.len() == before {
            self.notes.push(Note::TotalSkipped { row });
        }
    }

    fn line(&mut self, row: u64, cells: Row<'_>) {
        let before = self.errors.len();
        if let Some(extra) = self.columns.beyond(cells) {
            self.errors.push(CellError {
                row,
                column: format!("column {}", extra + 1),
                value: shortened(cells.get(extra).unwrap_or("")),
                wrong: Wrong::MoreCells,
            });
        }
        let said = self.said;
        let manifest = self.named(row, cells, Field::Manifest, said.manifest.as_deref());
        let convoy = self.named(row, cells, Field::Convoy, said.convoy.as_deref());
        let source = self.named(row, cells, Field::Source, said.source.as_deref());
        let vehicle = self.named(row, cells, Field::Vehicle, None);
        let lot = self.named(row, cells, Field::Lot, None);
        let goods = self.named(row, cells, Field::Goods, None);
        self.one_of(row, Field::Source, &source, self.place.sources, |known| {
            Wrong::NoSuchSource { known }
        });
        self.one_of(row, Field::Goods, &goods, self.place.goods, |known| {
            Wrong::NoSuchClass { known }
        });
        if !lot.is_empty()
            && let Some(first) = self.lots.insert(lot.clone(), row)
        {
            self.wrong(row, Field::Lot, &lot, Wrong::LotTwice { row: first });
        }
        let pieces = self.pieces(row, cells);
        let mass_kg = self.mass(row, cells);
        let due = self.due(row, cells);
        let hazards = self.many(row, cells, Field::Hazards);
        let seals = self.many(row, cells, Field::Seals);
        for hazard in &hazards {
            if !(self.place.is_hazard)(hazard) {
                self.wrong(row, Field::Hazards, hazard, Wrong::UnknownHazard);
            }
        }
        let sender = self.text(row, cells, Field::Sender);
        let receiver = self.text(row, cells, Field::Receiver);
        if self.errors.len() > before {
            return;
        }
        let line = ManifestLine {
            vehicle: VehicleId::new(vehicle),
            lot: LotId::new(lot),
            goods: GoodsName::new(goods),
            tally: Tally { pieces, mass_kg },
            hazards: hazards.into_iter().map(Hazard::new).collect(),
            seals,
            sender,
            receiver,
        };
        self.add(
            row,
            Papers {
                row,
                manifest,
                convoy,
                source,
                due,
                lines: vec![line],
            },
        );
    }

    /// Adds a line to its papers, unless it says of them what an earlier line does not.
    fn add(&mut self, row: u64, line: Papers) {
        let Some(papers) = self.papers.get_mut(&line.manifest) else {
            self.papers.insert(line.manifest.clone(), line);
            return;
        };
        let due_text = |due: Option<Timestamp>| due.map_or_else(String::new, |at| at.to_string());
        let clash = if papers.due != line.due {
            Some((Field::Due, due_text(line.due), due_text(papers.due)))
        } else if papers.convoy != line.convoy {
            Some((Field::Convoy, line.convoy, papers.convoy.clone()))
        } else if papers.source != line.source {
            Some((Field::Source, line.source, papers.source.clone()))
        } else {
            papers.lines.extend(line.lines);
            return;
        };
        if let Some((field, value, other)) = clash {
            let wrong = Wrong::OtherInPapers {
                row: papers.row,
                value: other,
            };
            self.wrong(row, field, &value, wrong);
        }
    }

    fn one_of(
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
    fn spoilt(kind: Kind, text: &str) -> Option<Wrong> {
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

    fn named(&mut self, row: u64, cells: Row<'_>, field: Field, given: Option<&str>) -> String {
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
    fn text(&mut self, row: u64, cells: Row<'_>, field: Field) -> Option<String> {
        let (text, kind) = self.cell(row, cells, field);
        if kind == Kind::Error {
            self.wrong(row, field, &text, Wrong::TextOfFormulaError);
        }
        (!text.is_empty()).then_some(text)
    }

    fn many(&mut self, row: u64, cells: Row<'_>, field: Field) -> Vec<String> {
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

    fn unit(&self) -> MassUnit {
        self.columns.unit.unwrap_or(MassUnit::Kilogram)
    }

    fn number(&mut self, row: u64, field: Field, text: &str, kind: Kind) -> Option<Decimal> {
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
    fn pieces(&mut self, row: u64, cells: Row<'_>) -> u32 {
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
    fn mass(&mut self, row: u64, cells: Row<'_>) -> u32 {
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

    fn due(&mut self, row: u64, cells: Row<'_>) -> Option<Timestamp> {
        let (text, kind) = self.cell(row, cells, Field::Due);
        if text.is_empty() {
            return self.said.due;
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
                self.wrong(row, Field::Due, &text, wrong);
                None
            }
        }
    }

    fn tell_of_rounding(&mut self) {
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

#[cfg(test)]
mod tests;
