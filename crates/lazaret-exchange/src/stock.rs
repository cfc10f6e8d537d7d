//! Goods that were here before the ledger, from a table: a line for each lot, and more for more treatments or tests.

use std::collections::HashMap;

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{
    Hazard, SampleId, StockLot, StockTest, StockTreatment, Tally, TestName,
};
use lazaret_vocabulary::event::{GoodsName, LotId, PlaceName, SourceName, Spot, StepName};

use crate::headings::Field;
use crate::manifest::columns::{Column, Wanted};
use crate::manifest::{ERRORS_MAX, Place, Said};
use crate::numbers::Decimal;
use crate::rows::{self, Rows};
use crate::table::{Row, Table};
use crate::{CellError, Note, TableError, Wrong};

/// The columns of a list of stock.
const WANTED: Wanted = Wanted {
    fields: &Field::STOCK,
    needs: &[
        Field::Lot,
        Field::Goods,
        Field::Place,
        Field::Pieces,
        Field::Mass,
        Field::Arrived,
    ],
    or_said: &[Field::Source],
};

/// What a further line of a lot may leave empty, and otherwise must say as the first does.
const OF_THE_LOT: [Field; 10] = [
    Field::Goods,
    Field::Source,
    Field::Place,
    Field::Unit,
    Field::Pieces,
    Field::Mass,
    Field::Hazards,
    Field::Arrived,
    Field::Unloaded,
    Field::HeldFrom,
];

/// What a table of stock holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Rows of goods.
    pub rows: u64,
    /// The lots, each with the row that a spreadsheet shows it in first.
    pub lots: Vec<(u64, StockLot)>,
    /// Wrong cells. If there are any, nothing must be imported.
    pub errors: Vec<CellError>,
    /// What each column was taken for, with samples.
    pub columns: Vec<Column>,
    /// What was decided while it was read.
    pub notes: Vec<Note>,
}

/// Reads a list of stock from a table.
///
/// # Errors
/// [`Fault::Unreadable`](crate::Fault::Unreadable) if the table is empty. Wrong cells are in [`Read::errors`].
pub fn read(table: &Table, said: &Said, place: Place<'_>) -> Result<Read, TableError> {
    let opened = rows::open(table, said, place, &WANTED)?;
    let mut read = Read {
        columns: opened.columns,
        ..Read::default()
    };
    let mut rows = match opened.rows {
        Ok(rows) => rows,
        Err((errors, notes)) => {
            return Ok(Read {
                errors,
                notes,
                ..read
            });
        }
    };
    let mut known: HashMap<String, usize> = HashMap::new();
    for (row, cells) in rows::filled(table, rows.columns.first_row) {
        read.rows += 1;
        rows.beyond(row, cells);
        let name = rows.named(row, cells, Field::Lot, None);
        let lot = match known.get(&name).copied() {
            Some(lot) => {
                let first = read.lots.get(lot).map_or(row, |(first, _)| *first);
                rows.says_the_same(row, cells, first);
                Some(lot)
            }
            None => rows.lot(row, cells, &name).map(|lot| {
                read.lots.push((row, lot));
                known.insert(name, read.lots.len() - 1);
                read.lots.len() - 1
            }),
        };
        let (treatment, test) = (rows.treatment(row, cells), rows.test(row, cells));
        if let Some((_, lot)) = lot.and_then(|lot| read.lots.get_mut(lot)) {
            lot.treatments.extend(treatment);
            lot.tests.extend(test);
        }
        if rows.errors.len() >= ERRORS_MAX {
            break;
        }
    }
    rows.tell_of_rounding();
    read.errors = rows.errors;
    read.notes = rows.notes;
    Ok(read)
}

/// A table to fill in: the headings, and lines that show how.
#[must_use]
pub fn template() -> String {
    let headings: Vec<&str> = Field::STOCK.into_iter().map(Field::name).collect();
    format!(
        "\u{feff}{}\r\nL-812-1,general,dandong,yard,1,40,1200,,2026-01-05T17:10,2026-01-05T19:00,2026-01-07T09:00,disinfect,2026-01-06T08:00,2026-01-07T09:00,pcr,S-17,2026-01-18T10:00\r\n",
        headings.join(",")
    )
}

impl Rows<'_> {
    /// The first line of a lot.
    fn lot(&mut self, row: u64, cells: Row<'_>, name: &str) -> Option<StockLot> {
        let before = self.errors.len();
        let said = self.said;
        let place = self.place;
        let goods = self.named(row, cells, Field::Goods, None);
        let source = self.named(row, cells, Field::Source, said.source.as_deref());
        self.one_of(row, Field::Source, &source, place.sources, |known| {
            Wrong::NoSuchSource { known }
        });
        self.one_of(row, Field::Goods, &goods, place.goods, |known| {
            Wrong::NoSuchClass { known }
        });
        let stands = self.named(row, cells, Field::Place, None);
        let unit = self.unit_number(row, cells);
        let pieces = self.pieces(row, cells);
        let mass_kg = self.mass(row, cells);
        let hazards = self.hazards(row, cells);
        let arrived = self.needed_time(row, cells, Field::Arrived);
        let unloaded = self.time(row, cells, Field::Unloaded).or(arrived);
        let held_from = self.time(row, cells, Field::HeldFrom);
        let (arrived, unloaded) = (arrived?, unloaded?);
        (self.errors.len() == before && !name.is_empty()).then(|| StockLot {
            lot: LotId::new(name),
            goods: GoodsName::new(goods),
            source: SourceName::new(source),
            spot: Spot {
                place: PlaceName::new(stands),
                unit,
            },
            tally: Tally { pieces, mass_kg },
            hazards: hazards.into_iter().map(Hazard::new).collect(),
            arrived,
            unloaded,
            treatments: Vec::new(),
            tests: Vec::new(),
            held_from,
        })
    }

    /// A further line of a lot says nothing else of it than its first.
    fn says_the_same(&mut self, row: u64, cells: Row<'_>, first: u64) {
        let Some(first_cells) = self.table.cells.row(first as usize - 1) else {
            return;
        };
        for field in OF_THE_LOT {
            let (text, _) = self.cell(row, cells, field);
            let (value, _) = self.cell(first, first_cells, field);
            if !text.is_empty() && text != value {
                let wrong = Wrong::OtherInLot { row: first, value };
                self.wrong(row, field, &text, wrong);
            }
        }
    }

    fn needed_time(&mut self, row: u64, cells: Row<'_>, field: Field) -> Option<Timestamp> {
        let (text, _) = self.cell(row, cells, field);
        if text.is_empty() {
            self.wrong(row, field, "", Wrong::TimeNeeded);
            return None;
        }
        self.time(row, cells, field)
    }

    /// Which unit of its place; the first if nothing is said.
    fn unit_number(&mut self, row: u64, cells: Row<'_>) -> u32 {
        let (text, kind) = self.cell(row, cells, Field::Unit);
        if text.is_empty() {
            return 1;
        }
        let number = self.number(row, Field::Unit, &text, kind);
        let Some(number) = number else {
            return 1;
        };
        match Decimal::whole(number).map(u32::try_from) {
            Some(Ok(unit)) if unit >= 1 => unit,
            _ => {
                self.wrong(row, Field::Unit, &text, Wrong::UnitExpected);
                1
            }
        }
    }

    fn says_any(&self, row: u64, cells: Row<'_>, fields: &[Field]) -> bool {
        let mut fields = fields.iter();
        fields.any(|field| !self.cell(row, cells, *field).0.is_empty())
    }

    fn treatment(&mut self, row: u64, cells: Row<'_>) -> Option<StockTreatment> {
        let fields = [
            Field::Treatment,
            Field::TreatmentBegan,
            Field::TreatmentEnded,
        ];
        if !self.says_any(row, cells, &fields) {
            return None;
        }
        let before = self.errors.len();
        let step = self.named(row, cells, Field::Treatment, None);
        let from = self.needed_time(row, cells, Field::TreatmentBegan);
        let to = self.needed_time(row, cells, Field::TreatmentEnded);
        let (from, to) = (from?, to?);
        (self.errors.len() == before).then(|| StockTreatment {
            step: StepName::new(step),
            from,
            to,
        })
    }

    fn test(&mut self, row: u64, cells: Row<'_>) -> Option<StockTest> {
        if !self.says_any(row, cells, &[Field::Test, Field::Sample, Field::Taken]) {
            return None;
        }
        let before = self.errors.len();
        let test = self.named(row, cells, Field::Test, None);
        let sample = self.named(row, cells, Field::Sample, None);
        let taken = self.needed_time(row, cells, Field::Taken)?;
        (self.errors.len() == before).then(|| StockTest {
            test: TestName::new(test),
            sample: SampleId::new(sample),
            taken,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::table::Choices;

    fn told(text: &str) -> Read {
        let table = Table::read(text.as_bytes(), "text/csv", &Choices::default()).unwrap();
        let zone = TimeZone::get("Asia/Pyongyang").unwrap();
        let place = Place {
            sources: &["dandong"],
            goods: &["general", "medicine"],
            zone: &zone,
            is_hazard: |text| text == "3",
        };
        read(&table, &Said::default(), place).unwrap()
    }

    fn wrong(text: &str) -> Vec<(u64, String, Wrong)> {
        let errors = told(text).errors.into_iter();
        errors.map(|e| (e.row, e.column, e.wrong)).collect()
    }

    #[test]
    fn the_template_is_a_table_that_is_right() {
        let read = told(&template());
        assert_eq!(read.errors, Vec::new());
        let (row, lot) = &read.lots[0];
        assert_eq!((*row, lot.lot.as_str(), lot.spot.unit), (2, "L-812-1", 1));
        assert_eq!(lot.arrived.to_string(), "2026-01-05T08:10:00Z");
        assert_eq!(lot.treatments[0].to, lot.held_from.unwrap());
        assert_eq!(lot.tests[0].sample.as_str(), "S-17");
    }

    #[test]
    fn further_lines_of_a_lot_are_its_other_treatments_and_tests() {
        let head = "lot;goods;source;place;pieces;mass_kg;arrived;treatment;treatment_began;treatment_ended";
        let read = told(&format!(
            "{head}\nA;general;dandong;yard;1;10;2026-01-05 08:00;wash;2026-01-06 08:00;2026-01-06 09:00\n\
             B;general;dandong;yard;1;10;2026-01-05 08:00;;;\nA;;;;;;;spray;2026-01-07 08:00;2026-01-07 09:00\n"
        ));
        assert_eq!(read.errors, Vec::new());
        assert_eq!((read.rows, read.lots.len()), (3, 2));
        let steps: Vec<&str> = (read.lots[0].1.treatments.iter())
            .map(|had| had.step.as_str())
            .collect();
        assert_eq!(steps, ["wash", "spray"]);
        // A lot was unloaded when it came, and stands in the first unit, if nothing else is said.
        let lot = &read.lots[1].1;
        assert_eq!(
            (lot.unloaded, lot.spot.unit, lot.held_from),
            (lot.arrived, 1, None)
        );
        let other = wrong(&format!(
            "{head}\nA;general;dandong;yard;1;10;2026-01-05 08:00;;;\nA;medicine;;;;;;;;\n"
        ));
        assert_eq!(other[0].0, 3);
        assert!(matches!(&other[0].2, Wrong::OtherInLot { row: 2, value } if value == "general"));
    }

    #[test]
    fn every_wrong_cell_is_told_with_its_place() {
        let head = "lot,goods,source,place,unit,pieces,mass_kg,hazards,arrived,treatment,treatment_began,treatment_ended,test,sample,taken";
        let all = wrong(&format!(
            "{head}\nA,gold,moon,yard,0,1,10,99,,,,,,,\nB,general,dandong,yard,1,1,10,,2026-01-05 08:00,wash,,soon,pcr,,\n"
        ));
        let places: Vec<(u64, &str)> = all
            .iter()
            .map(|(row, column, _)| (*row, column.as_str()))
            .collect();
        assert_eq!(
            places,
            [
                (2, "source"),
                (2, "goods"),
                (2, "unit"),
                (2, "hazards"),
                (2, "arrived"),
                (3, "treatment_began"),
                (3, "treatment_ended"),
                (3, "sample"),
                (3, "taken"),
            ]
        );
        let missing = wrong("lot,goods,place\nA,general,yard\n");
        let columns: Vec<&str> = missing
            .iter()
            .map(|(_, column, _)| column.as_str())
            .collect();
        assert_eq!(columns, ["pieces", "mass_kg", "arrived", "source"]);
        // A column of papers is none of a list of stock.
        let other = wrong("lot,goods,source,place,pieces,mass_kg,arrived,receiver\n");
        assert!(
            matches!(other[0].2, Wrong::UnknownColumn { .. }),
            "{other:?}"
        );
    }
}
