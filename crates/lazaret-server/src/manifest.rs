//! Manifests from tables: every wrong cell at once, and nothing taken half.

mod cells;
mod workbook;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use lazaret_gateway::model::Gateway;
use lazaret_ledger::segregation::Class;
use lazaret_vocabulary::event::entry::{Entry, Hazard, ManifestId, ManifestLine, Tally};
use lazaret_vocabulary::event::{ConvoyId, GoodsName, LotId, SourceName, VehicleId};

use crate::api::arrivals::ImportQuery;
use crate::api::common::{CellError, Problem};
use crate::api::vehicles::MarkCheck;
use crate::view::vehicles::mark_check;

pub(crate) use cells::{Cells, wrong_cells};
use cells::{Row, shortened};

/// Wrong cells told at once; a file with more is a file of another kind.
const ERRORS_MAX: usize = 2000;
/// Seals and classes of danger of a whole table: a line has a handful, and each takes thirty times its two bytes.
const LISTED_MAX: usize = 1_000_000;

/// Columns by heading. The first five may come with the request instead.
const COLUMNS: &[&str] = &[
    "manifest", "convoy", "source", "due", "vehicle", "lot", "goods", "pieces", "mass_kg",
    "hazards", "seals", "sender", "receiver",
];

/// Papers found in a table, with the row of their first line.
pub(crate) struct Found {
    pub(crate) row: u64,
    pub(crate) entry: Entry,
    pub(crate) manifest: ManifestId,
    pub(crate) convoy: ConvoyId,
    pub(crate) vehicles: u32,
    pub(crate) lots: u32,
    pub(crate) unverified: Vec<VehicleId>,
}

/// What a table holds.
pub(crate) struct Read {
    pub(crate) rows: u64,
    pub(crate) found: Vec<Found>,
    pub(crate) errors: Vec<CellError>,
}

/// The cells of a file, headings first.
///
/// * `kind` — its content type.
pub(crate) fn cells(bytes: &[u8], kind: &str) -> Result<Cells, Problem> {
    if kind.starts_with("text/csv") || kind.starts_with("text/plain") {
        return Cells::from_csv(bytes);
    }
    if kind.contains("spreadsheetml") || kind.contains("octet-stream") {
        return Cells::from_workbook(bytes);
    }
    Err(Problem::new(
        axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-table",
        "this kind of file is not taken",
        "send text/csv, or an Excel workbook (.xlsx)",
    ))
}

/// Reads papers from cells.
pub(crate) fn read(cells: &Cells, query: &ImportQuery, gateway: &Gateway) -> Result<Read, Problem> {
    let Some(headings) = cells.row(0) else {
        return Err(Problem::bad_request(
            "the table is empty: its first row names the columns",
        ));
    };
    let mut columns: HashMap<&str, usize> = HashMap::new();
    let mut errors = Vec::new();
    for (at, heading) in headings.iter().enumerate() {
        let plain = heading.trim().to_lowercase().replace([' ', '-'], "_");
        match COLUMNS.iter().find(|known| **known == plain) {
            Some(known) => {
                columns.insert(known, at);
            }
            None if plain.is_empty() => {}
            None => errors.push(CellError {
                row: 1,
                column: shortened(heading),
                value: shortened(heading),
                message: format!(
                    "there is no such column; columns are {}",
                    COLUMNS.join(", ")
                ),
            }),
        }
    }
    for needed in ["vehicle", "lot", "goods", "pieces", "mass_kg"] {
        if !columns.contains_key(needed) {
            errors.push(CellError {
                row: 1,
                column: needed.into(),
                value: String::new(),
                message: "this column is missing".into(),
            });
        }
    }
    for (needed, given) in [
        ("manifest", query.manifest.is_some()),
        ("convoy", query.convoy.is_some()),
        ("source", query.source.is_some()),
    ] {
        if !given && !columns.contains_key(needed) {
            errors.push(CellError {
                row: 1,
                column: needed.into(),
                value: String::new(),
                message: "this column is missing, and the request does not say it either".into(),
            });
        }
    }
    let rows = cells.len() as u64 - 1;
    if !errors.is_empty() {
        return Ok(Read {
            rows,
            found: Vec::new(),
            errors,
        });
    }
    let mut table = Table {
        columns,
        query,
        gateway,
        errors,
        papers: BTreeMap::new(),
        lots: HashMap::new(),
        listed: 0,
    };
    for (row, cells) in (1..).zip(cells.iter()).skip(1) {
        if cells.iter().all(str::is_empty) {
            continue;
        }
        table.line(row, cells);
        if table.errors.len() >= ERRORS_MAX {
            break;
        }
    }
    Ok(Read {
        rows,
        found: table.papers.into_values().map(Papers::found).collect(),
        errors: table.errors,
    })
}

struct Table<'a> {
    columns: HashMap<&'static str, usize>,
    query: &'a ImportQuery,
    gateway: &'a Gateway,
    errors: Vec<CellError>,
    papers: BTreeMap<String, Papers>,
    /// The row of each lot.
    lots: HashMap<String, u64>,
    /// Seals and classes of danger so far.
    listed: usize,
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
        let mut vehicles: Vec<&VehicleId> = self.lines.iter().map(|line| &line.vehicle).collect();
        vehicles.sort();
        vehicles.dedup();
        let unverified = vehicles
            .iter()
            .filter(|vehicle| mark_check(vehicle.as_str()) == MarkCheck::Fails)
            .map(|vehicle| (*vehicle).clone())
            .collect();
        let manifest = ManifestId::new(self.manifest);
        let convoy = ConvoyId::new(self.convoy);
        Found {
            row: self.row,
            vehicles: vehicles.len() as u32,
            lots: self.lines.len() as u32,
            unverified,
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

impl Table<'_> {
    fn cell<'c>(&self, cells: Row<'c>, column: &str) -> &'c str {
        self.columns
            .get(column)
            .and_then(|at| cells.get(*at))
            .unwrap_or("")
    }

    fn wrong(&mut self, row: u64, column: &str, value: &str, message: impl Into<String>) {
        // One cell may list thousands of seals.
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(CellError {
                row,
                column: column.into(),
                value: shortened(value),
                message: message.into(),
            });
        }
    }

    fn line(&mut self, row: u64, cells: Row<'_>) {
        let before = self.errors.len();
        let manifest = self.named(row, cells, "manifest", self.query.manifest.clone());
        let convoy = self.named(row, cells, "convoy", self.query.convoy.clone());
        let source = self.named(row, cells, "source", self.query.source.clone());
        let vehicle = self.named(row, cells, "vehicle", None);
        let lot = self.named(row, cells, "lot", None);
        let goods = self.named(row, cells, "goods", None);
        let sources: Vec<&str> = self
            .gateway
            .sources
            .iter()
            .map(|s| s.name.as_str())
            .collect();
        if !source.is_empty() && !sources.contains(&source.as_str()) {
            let message = format!(
                "there is no such source; sources are {}",
                sources.join(", ")
            );
            self.wrong(row, "source", &source, message);
        }
        let classes: Vec<&str> = self.gateway.goods.iter().map(|g| g.name.as_str()).collect();
        if !goods.is_empty() && !classes.contains(&goods.as_str()) {
            let message = format!("there is no such class; classes are {}", classes.join(", "));
            self.wrong(row, "goods", &goods, message);
        }
        if !lot.is_empty()
            && let Some(first) = self.lots.insert(lot.clone(), row)
        {
            self.wrong(
                row,
                "lot",
                &lot,
                format!("row {first} has this lot already"),
            );
        }
        let pieces = self.whole(row, cells, "pieces");
        let mass_kg = self.whole(row, cells, "mass_kg");
        let due = self.due(row, cells);
        let many = |text: &str| -> Vec<String> {
            text.split([';', ',', '|'])
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let (hazards, seals) = (
            many(self.cell(cells, "hazards")),
            many(self.cell(cells, "seals")),
        );
        self.listed += hazards.len() + seals.len();
        if self.listed > LISTED_MAX {
            let message = format!(
                "a table has at most {LISTED_MAX} seals and classes of danger; split the file"
            );
            self.wrong(row, "seals", self.cell(cells, "seals"), message);
        }
        for hazard in &hazards {
            if Class::read(hazard).is_none() {
                self.wrong(
                    row,
                    "hazards",
                    hazard,
                    "unknown hazard class; write one such as 3, 2.1 or, with its compatibility group, 1.4S",
                );
            }
        }
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let line = ManifestLine {
            vehicle: VehicleId::new(vehicle),
            lot: LotId::new(lot),
            goods: GoodsName::new(goods),
            tally: Tally { pieces, mass_kg },
            hazards: hazards.into_iter().map(Hazard::new).collect(),
            seals,
            sender: text(self.cell(cells, "sender")),
            receiver: text(self.cell(cells, "receiver")),
        };
        if self.errors.len() > before {
            return;
        }
        if let Some(papers) = self.papers.get_mut(&manifest) {
            let due_text =
                |due: Option<Timestamp>| due.map_or_else(String::new, |at| at.to_string());
            let (said, meant) = (due_text(due), due_text(papers.due));
            let clash = [
                ("due", due != papers.due, &said, meant),
                (
                    "convoy",
                    papers.convoy != convoy,
                    &convoy,
                    papers.convoy.clone(),
                ),
                (
                    "source",
                    papers.source != source,
                    &source,
                    papers.source.clone(),
                ),
            ]
            .into_iter()
            .find(|(_, clash, ..)| *clash);
            let first = papers.row;
            match clash {
                Some((column, _, value, other)) => {
                    let message = format!("row {first} says {other} for the same papers");
                    let value = value.clone();
                    self.wrong(row, column, &value, message);
                }
                None => papers.lines.push(line),
            }
        } else {
            self.papers.insert(
                manifest.clone(),
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
    }

    fn named(&mut self, row: u64, cells: Row<'_>, column: &str, given: Option<String>) -> String {
        let text = self.cell(cells, column).to_owned();
        let text = if text.is_empty() {
            given.unwrap_or_default()
        } else {
            text
        };
        if text.is_empty() {
            self.wrong(row, column, "", "a name is expected here");
        } else if text.chars().count() > 64 || text.chars().any(char::is_control) {
            self.wrong(
                row,
                column,
                &text,
                "a name has at most 64 characters and no control characters",
            );
        }
        text
    }

    fn whole(&mut self, row: u64, cells: Row<'_>, column: &str) -> u32 {
        let text = self.cell(cells, column).to_owned();
        match text.parse::<u32>() {
            Ok(number) if number > 0 => number,
            _ => {
                self.wrong(
                    row,
                    column,
                    &text,
                    "a whole number above 0 is expected here",
                );
                0
            }
        }
    }

    fn due(&mut self, row: u64, cells: Row<'_>) -> Option<Timestamp> {
        let text = self.cell(cells, "due").to_owned();
        if text.is_empty() {
            return self.query.due.map(|at| at.0);
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(at);
        }
        let zone: &TimeZone = &self.gateway.time_zone;
        let local = text
            .parse::<DateTime>()
            .ok()
            .and_then(|local| local.to_zoned_datetime(zone.clone()).ok());
        match local {
            Some(at) => Some(at.timestamp()),
            None => {
                self.wrong(
                    row,
                    "due",
                    &text,
                    "a date and time is expected here, such as 2026-01-05T17:10 (local) or 2026-01-05T08:10:00Z",
                );
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "manifest,convoy,source,due,vehicle,lot,goods,pieces,mass_kg,hazards,seals\n\
        M-1,K-1,dandong,2022-02-20T17:10,W-1,W-1-1,medicine,40,800,3;8,S1;S2\n\
        M-1,K-1,dandong,2022-02-20T17:10,W-2,W-2-1,general,12,400,,\n\
        M-2,K-2,dandong,,W-3,W-3-1,general,1,4,,\n";

    fn gateway() -> Gateway {
        let text = include_str!("../../../examples/uiju/gateway.toml");
        let no_files = |_: &str| Err("no files here".to_string());
        lazaret_gateway::read(text, &[] as &[&str], &no_files)
            .unwrap()
            .gateway
    }

    fn workbook(text: &str) -> Vec<u8> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (row, line) in text.lines().enumerate() {
            for (column, cell) in line.split(',').enumerate() {
                let column = column as u16;
                match cell.parse::<f64>() {
                    Ok(number) => sheet.write_number(row as u32, column, number).unwrap(),
                    Err(_) => sheet.write_string(row as u32, column, cell).unwrap(),
                };
            }
        }
        book.save_to_buffer().unwrap()
    }

    /// Whatever comes: either it cannot be read, or every complaint is about a cell that the table has or should have,
    /// or everything is in order and every row that says something is a line of some papers.
    fn holds(bytes: &[u8], kind: &str, gateway: &Gateway) -> Result<(), TestCaseError> {
        let query = ImportQuery::default();
        let Ok(cells) = cells(bytes, kind) else {
            return Ok(());
        };
        let Ok(read) = read(&cells, &query, gateway) else {
            return Ok(());
        };
        for error in &read.errors {
            prop_assert!((1..=cells.len() as u64).contains(&error.row), "{error:?}");
            let mut heads = cells.row(0).unwrap().iter();
            // A heading without end is told by its beginning.
            let named = heads.any(|head| shortened(head) == error.column)
                || COLUMNS.contains(&error.column.as_str());
            prop_assert!(named, "{error:?}");
            prop_assert!(!error.message.is_empty());
        }
        if read.errors.is_empty() {
            let rows = (cells.iter().skip(1)).filter(|row| row.iter().any(|cell| !cell.is_empty()));
            let lines: u32 = read.found.iter().map(|papers| papers.lots).sum();
            prop_assert_eq!(lines as usize, rows.count());
        }
        Ok(())
    }

    #[test]
    fn a_heading_without_end_is_told_by_its_beginning() {
        let long = "manifest\tconvoy\t".repeat(20);
        let text = GOOD.replacen("manifest,", &format!("{long},"), 1);
        holds(text.as_bytes(), "text/csv", &gateway()).unwrap();
        let cells = cells(text.as_bytes(), "text/csv").unwrap();
        let read = read(&cells, &ImportQuery::default(), &gateway()).unwrap();
        let told = read
            .errors
            .iter()
            .find(|error| long.starts_with(&error.column));
        assert_eq!(told.unwrap().column.chars().count(), 200);
    }

    #[test]
    fn a_right_table_is_read_alike_from_both_kinds_of_file() {
        let gateway = gateway();
        let query = ImportQuery::default();
        let csv = cells(GOOD.as_bytes(), "text/csv").unwrap();
        let sheet = cells(&workbook(GOOD), "application/octet-stream").unwrap();
        for cells in [csv, sheet] {
            let read = read(&cells, &query, &gateway).unwrap();
            assert_eq!(read.errors.len(), 0, "{:?}", read.errors);
            assert_eq!(read.found.len(), 2);
            assert_eq!((read.found[0].row, read.found[1].row), (2, 4));
        }
    }

    #[test]
    fn a_row_has_the_number_that_a_spreadsheet_shows() {
        let gateway = gateway();
        let text = GOOD
            .replacen("\nM-1", "\r\n\r\n\r\nM-1", 1)
            .replace("S1;S2", "\"S1\n\nS2\"")
            .replace(",general,1,4", ",general,none,4");
        let cells = cells(text.as_bytes(), "text/csv").unwrap();
        let read = read(&cells, &ImportQuery::default(), &gateway).unwrap();
        let told: Vec<(u64, &str)> = read
            .errors
            .iter()
            .map(|error| (error.row, error.column.as_str()))
            .collect();
        assert_eq!(told, [(6, "pieces")], "{:?}", read.errors);
    }

    #[test]
    fn a_sheet_that_ends_in_its_last_cell_costs_no_memory() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "manifest").unwrap();
        sheet.write_string(1_048_575, 16_383, "far").unwrap();
        let far = book.save_to_buffer().unwrap();
        // What stands in columns that nobody reads is no row either.
        let far = cells(&far, "application/octet-stream").unwrap();
        assert_eq!(far.len(), 1);
        assert_eq!(far.row(0).unwrap().iter().collect::<Vec<_>>(), ["manifest"]);
        let sheet = book.worksheet_from_index(0).unwrap();
        sheet.write_string(1_048_575, 0, "far").unwrap();
        let deep = book.save_to_buffer().unwrap();
        assert!(cells(&deep, "application/octet-stream").is_err());
    }

    #[test]
    fn papers_that_disagree_with_themselves_are_told() {
        let text = GOOD.replacen(
            "M-1,K-1,dandong,2022-02-20T17:10,W-2",
            "M-1,K-1,dandong,,W-2",
            1,
        );
        let cells = cells(text.as_bytes(), "text/csv").unwrap();
        let read = read(&cells, &ImportQuery::default(), &gateway()).unwrap();
        assert_eq!(read.errors.len(), 1);
        assert_eq!(
            (read.errors[0].row, read.errors[0].column.as_str()),
            (3, "due")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_text_breaks_the_reader(
            cuts in proptest::collection::vec((0_usize..400, 0_usize..30, ".{0,12}"), 0..6),
            separator in prop_oneof![Just(','), Just(';'), Just('\t')],
        ) {
            let mut text: Vec<char> = GOOD.replace(',', &separator.to_string()).chars().collect();
            for (at, length, put) in cuts {
                let at = at.min(text.len());
                let end = (at + length).min(text.len());
                text.splice(at..end, put.chars());
            }
            let text: String = text.into_iter().collect();
            holds(text.as_bytes(), "text/csv", &gateway())?;
        }

        #[test]
        fn no_bytes_break_the_reader(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
            end in any::<prop::sample::Index>(),
            cut in any::<bool>(),
        ) {
            let mut bytes = workbook(GOOD);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if cut {
                bytes.truncate(end.index(bytes.len()));
            }
            holds(&bytes, "application/octet-stream", &gateway())?;
            holds(&bytes, "text/csv", &gateway())?;
        }
    }
}
