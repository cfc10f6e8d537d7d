//! The first sheet of an Excel workbook (ECMA-376), read as a stream.
//!
//! A workbook is a ZIP archive: a few kilobytes of it can unpack to gigabytes, name as many strings as they like, or
//! show one long string in every cell. So nothing is unpacked as a whole. The parts that are needed are parsed while
//! they are inflated, and what each may cost is counted: bytes unpacked, bytes of one tag or text, open elements,
//! shared strings. Whatever is beyond is refused before it takes memory.

mod values;
mod xml;

use std::collections::HashMap;
use std::io::{Cursor, Read};

use quick_xml::events::Event;
use zip::ZipArchive;
use zip::read::ZipFile;

use super::cells::{COLUMNS_MAX, Cells, ROWS_MAX, Texts, too_large, too_many_rows};
use super::{Choices, Table};
use values::{Format, Kind, formats, value};
use xml::{LIMITS, Limits, Xml, attribute, number, shortened, unreadable};

use crate::note::rows;
use crate::{Note, TableError};

/// Parts of an archive.
const PARTS_MAX: usize = 10_000;
/// Bytes of the name of a part.
const NAME_MAX: usize = 1000;
/// Sheets of a workbook.
const SHEETS_MAX: usize = 1000;

/// Reads the sheet of a workbook that was chosen, or the only one that is shown and has anything in it.
pub(super) fn read(bytes: &[u8], choices: &Choices) -> Result<Table, TableError> {
    Book::new(bytes, LIMITS)?.table(choices)
}

struct Book<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    limits: Limits,
    /// Parts by their names in small letters: names are compared without regard to case.
    parts: HashMap<String, usize>,
}

/// A part that is being read.
type Part<'p, 'a> = Xml<'p, ZipFile<'p, Cursor<&'a [u8]>>>;

/// What a workbook points at.
struct Relationship {
    kind: String,
    target: String,
}

impl<'a> Book<'a> {
    fn new(bytes: &'a [u8], limits: Limits) -> Result<Self, TableError> {
        if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            return Err(unreadable(
                "it has a password, or uses the format before 2007; save it as .xlsx without a password",
            ));
        }
        // Each part of the archive's list takes ten times its bytes in memory once it is read.
        let parts = bytes.windows(4).filter(|four| four == b"PK\x01\x02");
        if parts.take(PARTS_MAX + 1).count() > PARTS_MAX {
            return Err(too_large(format!(
                "a workbook has at most {PARTS_MAX} parts"
            )));
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
        let mut parts = HashMap::new();
        for at in 0..archive.len() {
            if let Some(Ok(name)) = archive.name_for_index(at)
                && name.len() <= NAME_MAX
            {
                let name = name.replace('\\', "/").to_lowercase();
                parts.insert(name.trim_start_matches('/').to_owned(), at);
            }
        }
        Ok(Book {
            archive,
            limits,
            parts,
        })
    }

    /// Reads a part, if there is one; whatever is wrong in it names the part.
    fn part<T>(
        &mut self,
        path: &str,
        read: impl FnOnce(&mut Part<'_, 'a>) -> Result<T, TableError>,
    ) -> Result<Option<T>, TableError> {
        let Some(&at) = self.parts.get(&path.to_lowercase()) else {
            return Ok(None);
        };
        let limits = &mut self.limits;
        let part = self.archive.by_index(at).map_err(unreadable);
        part.and_then(|part| read(&mut Xml::new(part, limits)))
            .map(Some)
            .map_err(|mut problem| {
                problem.detail = format!("part {path}: {}", problem.detail);
                problem
            })
    }

    /// The same of one that must be there.
    fn needed<T>(
        &mut self,
        path: &str,
        read: impl FnOnce(&mut Part<'_, 'a>) -> Result<T, TableError>,
    ) -> Result<T, TableError> {
        self.part(path, read)?
            .ok_or_else(|| unreadable(format!("there is no part {path}")))
    }

    fn table(mut self, choices: &Choices) -> Result<Table, TableError> {
        let workbook = self
            .relationships("", "")?
            .into_values()
            .find(|to| to.kind == "officeDocument")
            .map_or_else(|| "xl/workbook.xml".into(), |to| to.target);
        let (folder, name) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
        let relationships = self.relationships(folder, name)?;
        let (sheets, since_1904) = self.needed(&workbook, sheets)?;
        let target = |kind: &str| {
            let mut all = relationships.values();
            all.find(|to| to.kind == kind).map(|to| to.target.as_str())
        };
        let limits = self.limits;
        let strings = match target("sharedStrings") {
            Some(path) => self.part(path, |xml| strings(xml, limits))?,
            None => None,
        };
        let formats = match target("styles") {
            Some(path) => self.part(path, formats)?,
            None => None,
        };
        let known = Known {
            strings: strings.unwrap_or_default(),
            formats: formats.unwrap_or_default(),
            since_1904,
        };
        let mut notes = Vec::new();
        let wanted: Vec<&Sheet> = match &choices.sheet {
            Some(name) => {
                let names = || sheets.iter().map(|sheet| sheet.name.as_str());
                let Some(sheet) = sheets.iter().find(|sheet| sheet.name == *name) else {
                    let names: Vec<&str> = names().collect();
                    return Err(TableError::unreadable(format!(
                        "the workbook has no sheet {name:?}; its sheets are {}",
                        names.join(", ")
                    )));
                };
                vec![sheet]
            }
            None => {
                let hidden: Vec<String> = (sheets.iter().filter(|sheet| sheet.hidden))
                    .map(|sheet| sheet.name.clone())
                    .collect();
                if !hidden.is_empty() {
                    notes.push(Note::HiddenSheets { sheets: hidden });
                }
                sheets.iter().filter(|sheet| !sheet.hidden).collect()
            }
        };
        let mut found: Option<(&str, SheetRead)> = None;
        let mut missing = None;
        for sheet in &wanted {
            let Some(target) = relationships.get(&sheet.id).map(|to| to.target.clone()) else {
                if wanted.len() == 1 {
                    return Err(unreadable("its first sheet is not there"));
                }
                continue;
            };
            // A sheet that the book names and does not have is passed over while there are others.
            let Some(read) = self.part(&target, |xml| cells(xml, &known))? else {
                missing = missing.or(Some(target));
                continue;
            };
            if read.cells.is_empty() && wanted.len() > 1 {
                continue;
            }
            if let Some((first, _)) = found {
                return Err(TableError::unreadable(format!(
                    "the workbook has several sheets with content ({first}, {}); say which one to read",
                    sheet.name
                )));
            }
            found = Some((&sheet.name, read));
        }
        let Some((name, read)) = found else {
            if let Some(path) = missing {
                return Err(unreadable(format!("there is no part {path}")));
            }
            return Ok(Table {
                notes,
                ..Table::default()
            });
        };
        if sheets.len() > 1 {
            let sheet = name.to_owned();
            notes.push(Note::SheetRead { sheet });
        }
        let cells = shown_rows(read, choices, &mut notes)?;
        Ok(Table {
            cells,
            notes,
            semicolons: false,
        })
    }

    /// What a part points at, by id; targets are paths from the root.
    fn relationships(
        &mut self,
        folder: &str,
        name: &str,
    ) -> Result<HashMap<String, Relationship>, TableError> {
        let path = resolve(folder, &format!("_rels/{name}.rels"));
        let found = self.part(&path, |xml| relationships(xml, folder))?;
        Ok(found.unwrap_or_default())
    }
}

/// What a part points at, by id.
fn relationships(
    xml: &mut Part<'_, '_>,
    folder: &str,
) -> Result<HashMap<String, Relationship>, TableError> {
    let mut found = HashMap::new();
    loop {
        match xml.next()? {
            Event::Eof => return Ok(found),
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                let kind = attribute(&tag, "Type")?.unwrap_or_default();
                let target = attribute(&tag, "Target")?.unwrap_or_default();
                let id = attribute(&tag, "Id")?.unwrap_or_default();
                let long = kind.len().max(target.len()).max(id.len()) > NAME_MAX;
                found.insert(
                    id.into_owned(),
                    Relationship {
                        kind: kind.rsplit('/').next().unwrap_or("").to_owned(),
                        target: resolve(folder, &target),
                    },
                );
                if long || found.len() > PARTS_MAX {
                    return Err(too_large("too many entries, or too long ones"));
                }
            }
            _ => {}
        }
    }
}

/// A sheet as the workbook names it.
struct Sheet {
    name: String,
    /// Its relationship.
    id: String,
    hidden: bool,
}

/// What was read of a sheet.
struct SheetRead {
    cells: Cells,
    /// Rows that the sheet does not show, from 0.
    hidden: Vec<usize>,
}

/// Leaves hidden rows in or asks: a filter hides rows that somebody may mean to send, or not.
fn shown_rows(
    read: SheetRead,
    choices: &Choices,
    notes: &mut Vec<Note>,
) -> Result<Cells, TableError> {
    let filled = |row: &usize| {
        let row = read.cells.row(*row);
        row.is_some_and(|row| row.iter().any(|cell| !cell.is_empty()))
    };
    let hidden: Vec<usize> = read.hidden.iter().copied().filter(filled).collect();
    if hidden.is_empty() {
        return Ok(read.cells);
    }
    let named: Vec<usize> = hidden.iter().take(20).map(|row| row + 1).collect();
    let more = hidden.len() > named.len();
    match choices.hidden_rows {
        Some(true) => {
            notes.push(Note::HiddenRowsRead { named, more });
            Ok(read.cells)
        }
        Some(false) => {
            notes.push(Note::HiddenRowsSkipped { named, more });
            read.cells.without(&hidden)
        }
        None => Err(TableError::unreadable(format!(
            "{} are hidden; say whether to read them (hidden_rows=true) or skip them (hidden_rows=false)",
            rows(&named, more)
        ))),
    }
}

/// The sheets, and whether days count from 1904.
fn sheets(xml: &mut Part<'_, '_>) -> Result<(Vec<Sheet>, bool), TableError> {
    let (mut sheets, mut since_1904) = (Vec::new(), false);
    loop {
        match xml.next()? {
            Event::Eof => break,
            Event::Start(tag) if tag.local_name().as_ref() == "workbookPr" => {
                since_1904 =
                    attribute(&tag, "date1904")?.is_some_and(|is| is == "1" || is == "true");
            }
            Event::Start(tag) if tag.local_name().as_ref() == "sheet" => {
                let text = |name| {
                    Ok::<_, TableError>(attribute(&tag, name)?.unwrap_or_default().into_owned())
                };
                let sheet = Sheet {
                    name: text("name")?,
                    id: text("id")?,
                    hidden: attribute(&tag, "state")?.is_some_and(|state| state != "visible"),
                };
                if sheets.len() == SHEETS_MAX || sheet.name.len().max(sheet.id.len()) > NAME_MAX {
                    return Err(too_large(format!(
                        "a workbook has at most {SHEETS_MAX} sheets"
                    )));
                }
                sheets.push(sheet);
            }
            _ => {}
        }
    }
    if sheets.is_empty() {
        return Err(TableError::unreadable("the workbook has no sheet"));
    }
    Ok((sheets, since_1904))
}

/// The shared strings.
fn strings(xml: &mut Part<'_, '_>, limits: Limits) -> Result<Texts, TableError> {
    let mut strings = Texts::default();
    let mut text = String::new();
    loop {
        match xml.next()? {
            Event::Eof => return Ok(strings),
            Event::Start(tag) if tag.local_name().as_ref() == "si" => {
                text.clear();
                xml.spoken(&mut text)?;
                if strings.len() == limits.strings || strings.bytes() + text.len() > limits.text {
                    return Err(too_large(format!(
                        "a workbook has at most {} texts, {} MB in all; split the file",
                        limits.strings,
                        limits.text >> 20
                    )));
                }
                strings.push(&text);
            }
            _ => {}
        }
    }
}

/// A target as a path from the root.
fn resolve(folder: &str, target: &str) -> String {
    let whole = match target.strip_prefix('/') {
        Some(from_root) => from_root.to_owned(),
        None => format!("{folder}/{target}"),
    };
    let mut path: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    path.join("/")
}

struct Known {
    strings: Texts,
    formats: Vec<Format>,
    since_1904: bool,
}

/// Cell by cell: a sheet that names its last row and column would be a table of billions of cells.
fn cells<R: Read>(xml: &mut Xml<'_, R>, known: &Known) -> Result<SheetRead, TableError> {
    let mut cells = Cells::default();
    let mut hidden = Vec::new();
    // From 0: the row and column that the next cell has if it does not say.
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut text = String::new();
    loop {
        match xml.next()? {
            Event::Eof => break,
            // Which cells are one is said after them.
            Event::Start(tag) if tag.local_name().as_ref() == "mergeCell" => {
                let corners = attribute(&tag, "ref")?.and_then(|of| {
                    let (first, last) = of.split_once(':')?;
                    let ((top, left), (bottom, right)) = (place(first)?, place(last)?);
                    Some([top, left, bottom, right])
                });
                if let Some(corners) = corners {
                    cells.merge(corners);
                }
            }
            Event::End(tag) if tag.local_name().as_ref() == "row" => (row, column) = (row + 1, 0),
            Event::Start(tag) if tag.local_name().as_ref() == "row" => {
                if let Some(named) = number(&tag, "r")? {
                    row = named.saturating_sub(1) as usize;
                }
                let is_hidden =
                    attribute(&tag, "hidden")?.is_some_and(|is| is == "1" || is == "true");
                if is_hidden && row <= ROWS_MAX {
                    hidden.push(row);
                }
                column = 0;
            }
            Event::Start(tag) if tag.local_name().as_ref() == "c" => {
                if let Some(name) = attribute(&tag, "r")? {
                    let at = place(&name);
                    (row, column) = at.ok_or_else(|| {
                        unreadable(format!(
                            "there is no cell {:?} (row {})",
                            shortened(&name),
                            row + 1
                        ))
                    })?;
                }
                let kind = Kind::of(&attribute(&tag, "t")?.unwrap_or_default());
                let style = number(&tag, "s")?.unwrap_or(0) as usize;
                text.clear();
                let format = known.formats.get(style).copied().unwrap_or(Format::Plain);
                let holds = value(xml, kind, format, known, &mut text).map_err(|mut problem| {
                    problem.detail = format!(
                        "{} (row {}, column {})",
                        problem.detail,
                        row + 1,
                        column + 1
                    );
                    problem
                })?;
                if !text.trim().is_empty() && column < COLUMNS_MAX {
                    if row > ROWS_MAX {
                        return Err(too_many_rows());
                    }
                    if row < cells.len() || (row == cells.len() && column < cells.in_hand()) {
                        return Err(unreadable(format!(
                            "its cells are out of order at row {}, column {}; save it again with a spreadsheet program",
                            row + 1,
                            column + 1
                        )));
                    }
                    while cells.len() < row {
                        cells.end_row()?;
                    }
                    cells.put_as(column, &text, holds)?;
                }
                column += 1;
            }
            _ => {}
        }
    }
    if cells.in_hand() > 0 {
        cells.end_row()?;
    }
    Ok(SheetRead { cells, hidden })
}

/// Row and column, from 0, of a name such as `AB12`.
fn place(name: &str) -> Option<(usize, usize)> {
    let name = name.replace('$', "");
    let letters = name.len()
        - name
            .trim_start_matches(|c: char| c.is_ascii_alphabetic())
            .len();
    if !(1..=3).contains(&letters) {
        return None;
    }
    let column = name[..letters].bytes().fold(0, |sum, letter| {
        sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    let row: u32 = name[letters..].parse().ok()?;
    Some((row.checked_sub(1)? as usize, column - 1))
}

#[cfg(test)]
mod tests;
