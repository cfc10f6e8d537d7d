//! Manifests from tables: every wrong cell at once, and nothing taken half.

pub(crate) mod columns;
pub(crate) mod dates;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lazaret_vocabulary::event::entry::{Entry, Hazard, ManifestId, ManifestLine, Tally};
use lazaret_vocabulary::event::{ConvoyId, GoodsName, LotId, SourceName, VehicleId};

use crate::headings::{Field, fold};
use crate::numbers::{self, DecimalMark};
use crate::rows::{self, Rows};
use crate::table::{Row, Table};
use crate::{CellError, Note, TableError, Wrong};

use columns::Wanted;
pub use columns::{Column, template};
pub use dates::DayOrder;

/// Wrong cells told at once; a file with more is a file of another kind.
pub(crate) const ERRORS_MAX: usize = 2000;

/// The columns of papers.
const WANTED: Wanted = Wanted {
    fields: &Field::ALL,
    needs: &[
        Field::Vehicle,
        Field::Lot,
        Field::Goods,
        Field::Pieces,
        Field::Mass,
    ],
    or_said: &[Field::Manifest, Field::Convoy, Field::Source],
};

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
    let opened = rows::open(table, said, place, &WANTED)?;
    let mut read = Read {
        columns: opened.columns,
        ..Read::default()
    };
    let rows = match opened.rows {
        Ok(rows) => rows,
        Err((errors, notes)) => {
            return Ok(Read {
                errors,
                notes,
                ..read
            });
        }
    };
    let mut lines = Lines {
        rows,
        papers: BTreeMap::new(),
        lots: HashMap::new(),
        count: 0,
    };
    for (row, cells) in rows::filled(table, lines.columns.first_row) {
        if lines.is_total(cells) {
            lines.total(row, cells);
            continue;
        }
        lines.count += 1;
        lines.line(row, cells);
        if lines.errors.len() >= ERRORS_MAX {
            break;
        }
    }
    lines.tell_of_rounding();
    read.rows = lines.count;
    read.found = lines.papers.into_values().map(Papers::found).collect();
    read.errors = lines.rows.errors;
    read.notes = lines.rows.notes;
    Ok(read)
}

struct Lines<'a> {
    rows: Rows<'a>,
    papers: BTreeMap<String, Papers>,
    /// The row of each lot.
    lots: HashMap<String, u64>,
    count: u64,
}

impl<'a> std::ops::Deref for Lines<'a> {
    type Target = Rows<'a>;
    fn deref(&self) -> &Rows<'a> {
        &self.rows
    }
}

impl std::ops::DerefMut for Lines<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.rows
    }
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

impl Lines<'_> {
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
        self.beyond(row, cells);
        let said = self.said;
        let manifest = self.named(row, cells, Field::Manifest, said.manifest.as_deref());
        let convoy = self.named(row, cells, Field::Convoy, said.convoy.as_deref());
        let source = self.named(row, cells, Field::Source, said.source.as_deref());
        let vehicle = self.named(row, cells, Field::Vehicle, None);
        let lot = self.named(row, cells, Field::Lot, None);
        let goods = self.named(row, cells, Field::Goods, None);
        let place = self.place;
        self.one_of(row, Field::Source, &source, place.sources, |known| {
            Wrong::NoSuchSource { known }
        });
        self.one_of(row, Field::Goods, &goods, place.goods, |known| {
            Wrong::NoSuchClass { known }
        });
        if !lot.is_empty()
            && let Some(first) = self.lots.insert(lot.clone(), row)
        {
            self.wrong(row, Field::Lot, &lot, Wrong::LotTwice { row: first });
        }
        let pieces = self.pieces(row, cells);
        let mass_kg = self.mass(row, cells);
        let due = self.time(row, cells, Field::Due).or(said.due);
        let hazards = self.hazards(row, cells);
        let seals = self.many(row, cells, Field::Seals);
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
}

#[cfg(test)]
mod tests;
