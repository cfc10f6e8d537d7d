//! The first sheet of an Excel workbook (ECMA-376), read as a stream.
//!
//! A workbook is a ZIP archive: a few kilobytes of it can unpack to gigabytes, name as many strings as they like, or
//! show one long string in every cell. So nothing is unpacked as a whole. The parts that are needed are parsed while
//! they are inflated, and what each may cost is counted: bytes unpacked, bytes of one tag or text, open elements,
//! shared strings. Whatever is beyond is refused before it takes memory.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::cells::{COLUMNS_MAX, Cells, Kind as Holds, ROWS_MAX, Texts, too_large, too_many_rows};
use super::{Choices, Table};
use crate::TableError;

/// What a workbook may cost.
#[derive(Clone, Copy)]
struct Limits {
    /// Bytes unpacked from it.
    unpacked: u64,
    /// Bytes between two events: one tag, one text, one comment.
    event: u64,
    /// How many shared strings there are.
    strings: usize,
    /// Bytes of all shared strings together.
    text: usize,
}

/// 200,000 rows of thirteen columns take about 100 MB, and a cell has at most 32,767 characters.
const LIMITS: Limits = Limits {
    unpacked: 256 << 20,
    event: 1 << 20,
    strings: 4_000_000,
    text: 64 << 20,
};
/// Open elements; a sheet needs seven.
const DEPTH_MAX: u32 = 64;
/// Parts of an archive.
const PARTS_MAX: usize = 10_000;
/// Cell styles and formats of numbers; Excel itself has at most 65,490.
const STYLES_MAX: usize = 100_000;
/// Bytes of the name of a part.
const NAME_MAX: usize = 1000;
/// Sheets of a workbook.
const SHEETS_MAX: usize = 1000;
/// Digits of a number that a spreadsheet keeps exactly.
const DIGITS_EXACT: f64 = 1e15;

/// Reads the sheet of a workbook that was chosen, or the only one that is shown and has anything in it.
pub(super) fn read(bytes: &[u8], choices: &Choices) -> Result<Table, TableError> {
    Book::new(bytes, LIMITS)?.table(choices)
}

fn unreadable(what: impl std::fmt::Display) -> TableError {
    TableError::unreadable(format!("the workbook cannot be read: {what}"))
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
                let hidden: Vec<&str> = (sheets.iter().filter(|sheet| sheet.hidden))
                    .map(|sheet| sheet.name.as_str())
                    .collect();
                if !hidden.is_empty() {
                    notes.push(format!("hidden sheets were skipped: {}", hidden.join(", ")));
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
            notes.push(format!("the sheet {name} was read"));
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
    notes: &mut Vec<String>,
) -> Result<Cells, TableError> {
    let filled = |row: &usize| {
        let row = read.cells.row(*row);
        row.is_some_and(|row| row.iter().any(|cell| !cell.is_empty()))
    };
    let hidden: Vec<usize> = read.hidden.iter().copied().filter(filled).collect();
    if hidden.is_empty() {
        return Ok(read.cells);
    }
    let named: Vec<String> = hidden
        .iter()
        .take(20)
        .map(|row| (row + 1).to_string())
        .collect();
    let more = if hidden.len() > 20 { " and more" } else { "" };
    let named = format!("rows {}{more}", named.join(", "));
    match choices.hidden_rows {
        Some(true) => {
            notes.push(format!("{named} are hidden and were read"));
            Ok(read.cells)
        }
        Some(false) => {
            notes.push(format!("{named} are hidden and were skipped"));
            read.cells.without(&hidden)
        }
        None => Err(TableError::unreadable(format!(
            "{named} are hidden; say whether to read them (hidden_rows=true) or skip them (hidden_rows=false)"
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

/// How a style shows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// As it is.
    Plain,
    /// As a date, a time, or both.
    Date,
    /// With zeros in front, up to so many digits.
    Zeros(u8),
}

/// How each style of a cell shows a number.
fn formats(xml: &mut Part<'_, '_>) -> Result<Vec<Format>, TableError> {
    let mut formats = Vec::new();
    // Formats that the workbook brings along.
    let mut own: HashMap<u32, Format> = HashMap::new();
    let mut in_cells = false;
    loop {
        match xml.next()? {
            Event::Eof => return Ok(formats),
            Event::Start(tag) if tag.local_name().as_ref() == "numFmt" => {
                let code = attribute(&tag, "formatCode")?.unwrap_or_default();
                if let Some(id) = number(&tag, "numFmtId")? {
                    own.insert(id, format_of(&code));
                }
            }
            Event::Start(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = true,
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Start(tag) if tag.local_name().as_ref() == "xf" && in_cells => {
                let format = number(&tag, "numFmtId")?.unwrap_or(0);
                let built_in = match format {
                    14..=22 | 27..=36 | 45..=47 | 50..=58 => Format::Date,
                    _ => Format::Plain,
                };
                formats.push(own.get(&format).copied().unwrap_or(built_in));
            }
            _ => {}
        }
        if formats.len().max(own.len()) > STYLES_MAX {
            return Err(too_large("the workbook has too many styles"));
        }
    }
}

/// What a format shows: a date if it has a letter of one outside of quotes, brackets and escapes; zeros if it has
/// nothing else.
fn format_of(code: &str) -> Format {
    let plain = code.split(';').next().unwrap_or("").trim();
    if (2..=40).contains(&plain.len()) && plain.bytes().all(|b| b == b'0') {
        return Format::Zeros(plain.len() as u8);
    }
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => while letters.next().is_some_and(|next| next != '"') {},
            '[' => while letters.next().is_some_and(|next| next != ']') {},
            '\\' | '_' | '*' => {
                letters.next();
            }
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return Format::Date,
            _ => {}
        }
    }
    Format::Plain
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

/// How a cell writes its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    /// Position among the shared strings.
    Shared,
    /// Text in place.
    Inline,
    Truth,
    /// The error of a formula.
    Error,
    /// A date in ISO 8601.
    Day,
    /// The text of a formula: unchanged.
    Plain,
}

impl Kind {
    fn of(kind: &str) -> Kind {
        match kind {
            "s" => Kind::Shared,
            "inlineStr" => Kind::Inline,
            "b" => Kind::Truth,
            "e" => Kind::Error,
            "d" => Kind::Day,
            "str" => Kind::Plain,
            _ => Kind::Number,
        }
    }
}

/// The value of the cell in hand, up to its end.
fn value<R: Read>(
    xml: &mut Xml<'_, R>,
    kind: Kind,
    format: Format,
    known: &Known,
    out: &mut String,
) -> Result<Holds, TableError> {
    let inside = xml.depth;
    let mut raw = String::new();
    let mut reads = false;
    loop {
        match xml.next()? {
            Event::Eof => return Err(unreadable("it ends within a cell")),
            Event::Start(tag) if tag.local_name().as_ref() == "v" => reads = true,
            Event::Start(tag) if tag.local_name().as_ref() == "is" => xml.spoken(out)?,
            said if reads => say(&mut raw, &words(&said)?)?,
            Event::End(tag) if tag.local_name().as_ref() == "v" => reads = false,
            _ => {}
        }
        if xml.depth < inside {
            break;
        }
    }
    let raw = raw.trim();
    let mut holds = Holds::Text;
    match kind {
        _ if raw.is_empty() => {}
        Kind::Inline => {}
        Kind::Plain => out.push_str(&unescaped(raw)),
        Kind::Error => {
            out.push_str(&unescaped(raw));
            holds = Holds::Error;
        }
        Kind::Day => {
            out.push_str(raw);
            holds = Holds::Date;
        }
        Kind::Truth => {
            out.push_str(if raw == "1" { "true" } else { "false" });
            holds = Holds::Truth;
        }
        Kind::Shared => {
            let text = raw.parse().ok().and_then(|at| known.strings.get(at));
            out.push_str(text.ok_or_else(|| unreadable(format!("there is no text {raw}")))?);
        }
        Kind::Number => holds = shown_number(raw, format, known.since_1904, out)?,
    }
    Ok(holds)
}

/// Writes a number as its format shows it.
fn shown_number(
    raw: &str,
    format: Format,
    since_1904: bool,
    out: &mut String,
) -> Result<Holds, TableError> {
    let number: f64 = raw
        .parse()
        .map_err(|_| unreadable(format!("{:?} is not a number", shortened(raw))))?;
    if format == Format::Date
        && let Some(date) = date(number, since_1904)
    {
        out.push_str(&date);
        // Half past two, and no day: the calendar would make it the last day of 1899.
        return Ok(if number < 1.0 {
            Holds::Time
        } else {
            Holds::Date
        });
    }
    // Excel keeps whole numbers as fractions, and fifteen digits of them.
    if number.fract() == 0.0 && number.abs() < DIGITS_EXACT {
        let zeros = match format {
            Format::Zeros(digits) if number >= 0.0 => usize::from(digits),
            _ => 0,
        };
        out.push_str(&format!("{:0zeros$}", number as i64));
        return Ok(Holds::Number);
    }
    out.push_str(&number.to_string());
    Ok(if number.abs() >= DIGITS_EXACT {
        Holds::Spoilt
    } else {
        Holds::Number
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A day number as a date and time; none outside the calendar. Day 60 of the calendar from 1900 never was.
fn date(number: f64, since_1904: bool) -> Option<String> {
    let first = match (since_1904, number < 60.0) {
        (true, _) => jiff::civil::date(1904, 1, 1),
        (false, true) => jiff::civil::date(1899, 12, 31),
        (false, false) => jiff::civil::date(1899, 12, 30),
    };
    if !(0.0..2_958_466.0).contains(&number) {
        return None;
    }
    let seconds = (number * 86_400.0).round() as i64;
    let at = first
        .at(0, 0, 0, 0)
        .checked_add(jiff::SignedDuration::from_secs(seconds))
        .ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

/// Text without `_xHHHH_`, by which workbooks write characters that XML cannot.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let letter = (rest.get(2..6).filter(|_| rest[6..].starts_with('_')))
            .and_then(|four| u32::from_str_radix(four, 16).ok())
            .and_then(char::from_u32);
        match letter {
            Some(letter) => {
                out.push(letter);
                rest = &rest[7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[2..];
            }
        }
    }
    out.push_str(rest);
    out.into()
}

/// An attribute by its name without prefix.
fn attribute<'t>(tag: &'t BytesStart<'_>, name: &str) -> Result<Option<Cow<'t, str>>, TableError> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(unreadable)?;
        if attribute.key.local_name().as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            return value.map(Some).map_err(unreadable);
        }
    }
    Ok(None)
}

/// An attribute that is a whole number; none if it is none.
fn number(tag: &BytesStart<'_>, name: &str) -> Result<Option<u32>, TableError> {
    Ok(attribute(tag, name)?.and_then(|value| value.parse().ok()))
}

/// What an event adds to the text around it.
fn words<'e>(event: &'e Event<'_>) -> Result<Cow<'e, str>, TableError> {
    Ok(match event {
        Event::Text(text) => text.xml10_content(),
        Event::CData(text) => text.xml10_content(),
        Event::GeneralRef(name) => match name.resolve_char_ref().map_err(unreadable)? {
            Some(letter) => letter.to_string().into(),
            None => resolve_predefined_entity(name)
                .ok_or_else(|| unreadable(format!("there is no entity {:?}", shortened(name))))?
                .into(),
        },
        _ => Cow::Borrowed(""),
    })
}

/// A part of the archive, parsed while it is unpacked.
struct Xml<'a, R: Read> {
    reader: quick_xml::Reader<Counted<'a, R>>,
    event: Vec<u8>,
    /// How many elements are open.
    depth: u32,
}

impl<'a, R: Read> Xml<'a, R> {
    fn new(part: R, limits: &'a mut Limits) -> Self {
        let mut reader = quick_xml::Reader::from_reader(Counted {
            inner: BufReader::new(part),
            limits,
            event: 0,
        });
        reader.config_mut().expand_empty_elements = true;
        Xml {
            reader,
            event: Vec::new(),
            depth: 0,
        }
    }

    fn next(&mut self) -> Result<Event<'_>, TableError> {
        self.event.clear();
        self.reader.get_mut().event = 0;
        let event = self
            .reader
            .read_event_into(&mut self.event)
            .map_err(|error| match &error {
                quick_xml::Error::Io(io) if io.kind() == ErrorKind::FileTooLarge => {
                    too_large(io.to_string())
                }
                _ => unreadable(error),
            })?;
        match event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => {
                return Err(unreadable(
                    "it declares a document type, as no spreadsheet does",
                ));
            }
            _ => {}
        }
        if self.depth > DEPTH_MAX {
            return Err(too_large(format!(
                "more than {DEPTH_MAX} elements are open"
            )));
        }
        Ok(event)
    }

    /// Adds what the element in hand says, without what tells how to pronounce it, up to its end.
    fn spoken(&mut self, out: &mut String) -> Result<(), TableError> {
        let inside = self.depth;
        let (mut text, mut aloud, mut phonetic) = (String::new(), false, false);
        while self.depth >= inside {
            let event = self.next()?;
            match &event {
                Event::Eof => return Err(unreadable("it ends within a text")),
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "t" => aloud = !phonetic,
                    "rPh" => phonetic = true,
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "t" => aloud = false,
                    "rPh" => phonetic = false,
                    _ => {}
                },
                said if aloud => say(&mut text, &words(said)?)?,
                _ => {}
            }
        }
        out.push_str(&unescaped(&text));
        Ok(())
    }
}

/// Adds to the text of one cell, which may come in many pieces.
fn say(text: &mut String, more: &str) -> Result<(), TableError> {
    if text.len() + more.len() > LIMITS.event as usize {
        return Err(too_large("a text is longer than a spreadsheet allows"));
    }
    text.push_str(more);
    Ok(())
}

/// Counts what is unpacked, of the workbook and since the last event, and ends at their limits.
struct Counted<'a, R> {
    inner: BufReader<R>,
    /// Those of the workbook; what has been unpacked is taken away.
    limits: &'a mut Limits,
    /// Bytes since the last event.
    event: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill_buf()?;
        let count = filled.len().min(out.len());
        out[..count].copy_from_slice(&filled[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Counted<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let too_large = |what| Err(io::Error::new(ErrorKind::FileTooLarge, what));
        if self.limits.unpacked == 0 {
            return too_large("the unpacked file is too large; split it");
        }
        if self.event > self.limits.event {
            return too_large("one text is longer than a spreadsheet allows");
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.limits.unpacked = self.limits.unpacked.saturating_sub(count as u64);
        self.event += count as u64;
        self.inner.consume(count);
    }
}

#[cfg(test)]
mod tests;
