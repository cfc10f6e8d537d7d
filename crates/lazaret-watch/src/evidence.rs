//! Evidence: dated, graded statements about a gateway, from a CSV file.
//!
//! One row is one observation. The columns are in [`COLUMNS`]; `copies` and others may be added, and those that are
//! not known are left alone. Everything that is wrong with a file is reported at once, at its characters.
//!
//! A file may have a million rows: they hold no words of their own but point into its text ([`Words`]), and
//! [`read_telling`] hands over what is wrong one by one, so that nobody must keep it all.

mod cells;
mod dates;
mod sight;
mod words;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use lazaret_gateway::Diagnostic;
use lazaret_gateway::diagnostic::{Location, Text};
use lazaret_vocabulary::near::suggestion;

use self::cells::{Cell, records};
pub use self::dates::DateRange;
pub use self::sight::Sight;
pub use self::words::Words;
use crate::kind::Kind;

/// Columns that every evidence file has, in any order.
pub const COLUMNS: [&str; 15] = [
    "id",
    "date_observed",
    "date_published",
    "observer",
    "medium",
    "subject",
    "quantity",
    "low",
    "best",
    "high",
    "unit",
    "admiralty_source",
    "admiralty_info",
    "claim",
    "url",
];

/// Columns that a file may have besides.
pub const MORE_COLUMNS: [&str; 7] = [
    "copies",
    "kind",
    "story",
    "time",
    "cloud",
    "resolution_m",
    "angle_deg",
];

/// Positions in [`COLUMNS`], and those of [`MORE_COLUMNS`] after them.
mod column {
    pub(super) const ID: usize = 0;
    pub(super) const DATE_OBSERVED: usize = 1;
    pub(super) const DATE_PUBLISHED: usize = 2;
    pub(super) const OBSERVER: usize = 3;
    pub(super) const MEDIUM: usize = 4;
    pub(super) const SUBJECT: usize = 5;
    pub(super) const QUANTITY: usize = 6;
    pub(super) const LOW: usize = 7;
    pub(super) const BEST: usize = 8;
    pub(super) const HIGH: usize = 9;
    pub(super) const UNIT: usize = 10;
    pub(super) const ADMIRALTY_SOURCE: usize = 11;
    pub(super) const ADMIRALTY_INFO: usize = 12;
    pub(super) const CLAIM: usize = 13;
    pub(super) const URL: usize = 14;
    pub(super) const COPIES: usize = 15;
    pub(super) const KIND: usize = 16;
    pub(super) const STORY: usize = 17;
    pub(super) const TIME: usize = 18;
    pub(super) const CLOUD: usize = 19;
    pub(super) const RESOLUTION_M: usize = 20;
    pub(super) const ANGLE_DEG: usize = 21;
}

/// The most rows that are read.
pub const ROWS_MOST: usize = 2_000_000;

/// How reliable the source is: A completely reliable to E unreliable, F cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceGrade(u8);

/// How credible the information is: 1 confirmed by others to 5 improbable, 6 cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoGrade(u8);

impl SourceGrade {
    /// A to F, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [letter] => {
                let letter = letter.to_ascii_uppercase();
                (b'A'..=b'F').contains(&letter).then(|| Self(letter - b'A'))
            }
            _ => None,
        }
    }

    /// 0 for A to 5 for F.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The letter.
    #[must_use]
    pub fn letter(self) -> char {
        char::from(b'A' + self.0)
    }
}

impl InfoGrade {
    /// 1 to 6.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [digit @ b'1'..=b'6'] => Some(Self(digit - b'1')),
            _ => None,
        }
    }

    /// 0 for 1 to 5 for 6.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The digit.
    #[must_use]
    pub fn digit(self) -> u8 {
        self.0 + 1
    }
}

/// One observation.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its line in the file, from 1.
    pub line: u32,
    /// Its name.
    pub id: Words,
    /// When the thing was so.
    pub observed: DateRange,
    /// When the world could first read it.
    pub published: DateRange,
    /// Who says so.
    pub observer: Words,
    /// image, press, official, statistics, interview.
    pub medium: Words,
    /// What was measured: with `quantity`, the same words mean the same measure.
    pub subject: Words,
    /// What about it.
    pub quantity: Words,
    /// At least, as the source gives it.
    pub low: Option<f64>,
    /// About, or exactly.
    pub best: Option<f64>,
    /// At most.
    pub high: Option<f64>,
    /// The unit of the three.
    pub unit: Words,
    /// Grade of the source.
    pub source_grade: SourceGrade,
    /// Grade of the information.
    pub info_grade: InfoGrade,
    /// The statement in words.
    pub claim: Words,
    /// Where it was read.
    pub url: Words,
    /// The row that this one repeats, by id.
    pub copies: Option<Words>,
    /// What kind of statement it is, where the file says.
    pub kind: Option<Kind>,
    /// The story that it tells: rows of one story may go back to one origin.
    pub story: Option<Words>,
    /// Hour of the day at which the thing was so, where the file says; 0 to 24.
    pub hour: Option<f32>,
    /// How well an image could see, where the file says.
    pub sight: Option<Box<Sight>>,
    /// Where the row stands.
    at: Span,
    /// Where its unit, or its values if it has no unit, stand.
    value_at: Span,
}

/// First byte of the file, and the first after: half of what a [`Location`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span(u32, u32);

impl Span {
    /// The reader refuses files whose places do not fit.
    fn of(at: Location) -> Self {
        let fit = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Self(fit(at.start), fit(at.end))
    }

    fn location(self) -> Location {
        Location {
            text: Text::File,
            start: self.0 as usize,
            end: self.1 as usize,
        }
    }
}

impl Row {
    /// Where the row stands.
    #[must_use]
    pub fn at(&self) -> Location {
        self.at.location()
    }

    /// Where its unit, or its values if it has no unit, stand.
    #[must_use]
    pub fn value_at(&self) -> Location {
        self.value_at.location()
    }

    /// Whether the row gives any value.
    #[must_use]
    pub fn has_value(&self) -> bool {
        self.low.is_some() || self.best.is_some() || self.high.is_some()
    }

    /// Whether the world could know the row on `date`. A month counts as published at its end.
    #[must_use]
    pub fn known_on(&self, date: Date) -> bool {
        self.published.last <= date
    }

    /// Who speaks: the observer up to `via`, which is what grades and records of hits are kept by.
    #[must_use]
    pub fn source(&self) -> &str {
        self.observer
            .split(" via ")
            .next()
            .unwrap_or(&self.observer)
            .trim()
    }

    /// The value in words, as the source gives it.
    #[must_use]
    pub fn value_in_words(&self) -> String {
        if self.unit == "bool"
            && let Some(value) = self.best.or(self.low).or(self.high)
        {
            return if value > 0.5 { "yes" } else { "no" }.to_string();
        }
        let n = |x: f64| format!("{x}");
        let value = match (self.low, self.best, self.high) {
            (Some(l), Some(b), Some(h)) if l == b && b == h => n(b),
            (Some(l), Some(b), Some(h)) => format!("{} ({} to {})", n(b), n(l), n(h)),
            (Some(l), None, None) => format!("at least {}", n(l)),
            (None, None, Some(h)) => format!("at most {}", n(h)),
            (Some(l), None, Some(h)) => format!("{} to {}", n(l), n(h)),
            (None, Some(b), None) => format!("about {}", n(b)),
            (Some(l), Some(b), None) => format!("about {}, at least {}", n(b), n(l)),
            (None, Some(b), Some(h)) => format!("about {}, at most {}", n(b), n(h)),
            (None, None, None) => return "no value".to_string(),
        };
        if self.unit.is_empty() {
            value
        } else {
            format!("{value} {}", self.unit)
        }
    }
}

/// The cells of a CSV file, record by record, as owned text.
pub(crate) fn cells_of(text: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    let owned = |record: Vec<Cell<'_>>| {
        record
            .into_iter()
            .map(|cell| cell.text.into_owned())
            .collect()
    };
    records(text).map(owned)
}

/// The day of the latest publication; none without rows.
#[must_use]
pub fn latest(rows: &[Row]) -> Option<Date> {
    rows.iter().map(|row| row.published.last).max()
}

/// An evidence file that has been read.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Its rows, in the order of the file.
    pub rows: Vec<Row>,
    /// What looks wrong in it.
    pub warnings: Vec<Diagnostic>,
}

/// Reads an evidence file.
///
/// # Errors
/// Everything that is wrong, with warnings, in the order of the file.
///
/// ```
/// let text = "id,date_observed,date_published,observer,medium,subject,quantity,low,best,high,unit,\
///     admiralty_source,admiralty_info,claim,url\n\
///     E1,2022-01-17,2022-01-17,Yonhap,press,train,wagons,15,,,wagon,B,3,At least fifteen cars.,\n";
/// let evidence = lazaret_watch::evidence::read(text).unwrap();
/// assert_eq!(evidence.rows[0].value_in_words(), "at least 15 wagon");
/// ```
pub fn read(text: &str) -> Result<Evidence, Vec<Diagnostic>> {
    let mut told = Vec::new();
    let rows = read_telling(&Arc::new(text.to_string()), &mut |diagnostic| {
        told.push(diagnostic);
    });
    told.sort_by_key(|d| d.labels[0].at);
    match rows {
        Some(rows) => Ok(Evidence {
            rows,
            warnings: told,
        }),
        None => Err(told),
    }
}

/// Reads an evidence file; none if something is wrong with it.
///
/// * `text` — the file. The rows point into it.
/// * `tell` — is told what is wrong or looks wrong: row by row in the order of the file, at last what is wrong with
///   `copies`, which can be seen only when all rows are known.
pub fn read_telling(text: &Arc<String>, tell: &mut dyn FnMut(Diagnostic)) -> Option<Vec<Row>> {
    let mut reader = Reader {
        text,
        tell,
        errors: 0,
        found: Vec::new(),
        ids: HashMap::new(),
    };
    if u32::try_from(text.len()).is_err() {
        let message = format!(
            "this file has {} bytes, which is more than can be read",
            text.len()
        );
        let help = "leave out rows that are not about this gateway";
        reader.error("too-long", Location::TOP, message, help);
        reader.hand_over();
        return None;
    }
    let mut records = records(text);
    let Some(header) = records.next() else {
        reader.found.push(
            Diagnostic::warning("no-evidence", Location::TOP, "this file is empty")
                .help("without evidence the answer is the prior"),
        );
        reader.hand_over();
        return Some(Vec::new());
    };
    let columns = reader.columns(&header);
    reader.hand_over();
    if reader.errors > 0 {
        return None;
    }
    // One row a line, or a few less: what is reserved and not used costs nothing.
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    let mut rows = Vec::with_capacity(lines.min(ROWS_MOST));
    reader.ids.reserve(lines.min(ROWS_MOST));
    for (at, record) in records.enumerate() {
        if at == ROWS_MOST {
            reader.error(
                "too-many-rows",
                record[0].at,
                format!("this file has more than the limit of {ROWS_MOST} rows"),
                "leave out rows that are not about this gateway",
            );
            reader.hand_over();
            break;
        }
        if let Some(row) = reader.row(&record, &columns, header.len()) {
            rows.push(row);
        }
        reader.hand_over();
    }
    reader.copies(&rows);
    if rows.is_empty() && reader.errors == 0 {
        reader.found.push(
            Diagnostic::warning("no-evidence", Location::TOP, "this file has no rows")
                .help("without evidence the answer is the prior"),
        );
    }
    reader.hand_over();
    (reader.errors == 0).then_some(rows)
}

struct Reader<'r> {
    text: &'r Arc<String>,
    tell: &'r mut dyn FnMut(Diagnostic),
    /// Errors handed over.
    errors: u64,
    /// What was found since.
    found: Vec<Diagnostic>,
    /// Where each id was met first.
    ids: HashMap<Words, Span>,
}

/// The position of each of [`COLUMNS`], then of [`MORE_COLUMNS`].
type Columns = [Option<usize>; COLUMNS.len() + MORE_COLUMNS.len()];

impl Reader<'_> {
    /// Tells what was found in a row, in the order of its characters.
    fn hand_over(&mut self) {
        self.found.sort_by_key(|d| d.labels[0].at);
        for diagnostic in self.found.drain(..) {
            self.errors += u64::from(diagnostic.is_error());
            (self.tell)(diagnostic);
        }
    }

    fn error(&mut self, code: &'static str, at: Location, message: String, help: &str) {
        let diagnostic = Diagnostic::error(code, at, message);
        self.found.push(if help.is_empty() {
            diagnostic
        } else {
            diagnostic.help(help)
        });
    }

    fn columns(&mut self, header: &[Cell<'_>]) -> Columns {
        let mut columns = [None; COLUMNS.len() + MORE_COLUMNS.len()];
        for (at, cell) in header.iter().enumerate() {
            let name = cell.text.trim_start_matches('\u{feff}').trim();
            let known = COLUMNS.iter().chain(&MORE_COLUMNS).position(|c| *c == name);
            match known {
                Some(known) if columns[known].is_some() => self.error(
                    "duplicate-column",
                    cell.at,
                    format!("the column `{name}` appears twice"),
                    "remove or rename one of the two",
                ),
                Some(known) => columns[known] = Some(at),
                None => {
                    let near = suggestion(name, COLUMNS.iter().copied().chain(MORE_COLUMNS));
                    let warning = Diagnostic::warning(
                        "unknown-column",
                        cell.at,
                        format!("the column `{name}` is not read"),
                    );
                    self.found.push(match near {
                        Some(question) => warning.help(question),
                        None => warning,
                    });
                }
            }
        }
        // What may be left out with nothing lost but words.
        let optional = ["claim", "url", "unit"];
        let missing: Vec<String> = COLUMNS
            .iter()
            .zip(columns)
            .filter(|(name, at)| at.is_none() && !optional.contains(name))
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        if !missing.is_empty() {
            let at = header.first().map_or(Location::TOP, |cell| Location {
                end: header.last().map_or(cell.at.end, |last| last.at.end),
                ..cell.at
            });
            self.error(
                "missing-column",
                at,
                format!("this line has no column {}", missing.join(", ")),
                "the first line names the columns; see `lazaret watch check --help`",
            );
        }
        columns
    }

    fn row(&mut self, record: &[Cell<'_>], columns: &Columns, width: usize) -> Option<Row> {
        let before = self.found.len();
        let whole = Location {
            text: Text::File,
            start: record[0].at.start,
            end: record[record.len() - 1].at.end,
        };
        if record.len() != width {
            self.error(
                "wrong-width",
                whole,
                format!(
                    "this row has {} cells, the first line has {width}",
                    record.len()
                ),
                "a cell that contains a comma must be in double quotes",
            );
            return None;
        }
        if let Some(cell) = record.iter().find(|cell| cell.unclosed) {
            self.error(
                "unclosed-quote",
                cell.at,
                "a double quote opened here is never closed".to_string(),
                "close it; write a quote inside a quoted cell twice",
            );
            return None;
        }
        let cell = |known: usize| -> (&str, Location) {
            // A column that the file lacks is missing in the whole row.
            columns[known].map_or(("", whole), |at| (record[at].text.trim(), record[at].at))
        };
        let words = |known: usize| match columns[known] {
            Some(at) => Words::of_cell(self.text, &record[at]),
            None => Words::default(),
        };
        let (id, id_at) = cell(column::ID);
        if id.is_empty() {
            self.error(
                "no-id",
                id_at,
                "this row has no id".to_string(),
                "give it a name that no other row has",
            );
        } else if let Some(Span(start, end)) = self.ids.get(id).copied() {
            let first = Span(start, end).location();
            self.found.push(
                Diagnostic::error("duplicate-id", id_at, format!("there are two rows `{id}`"))
                    .also(first, "the first is here"),
            );
        } else {
            self.ids.insert(words(column::ID), Span::of(id_at));
        }
        let observed = self.date(cell(column::DATE_OBSERVED), "date_observed");
        let published = self.date(cell(column::DATE_PUBLISHED), "date_published");
        if let (Some(observed), Some(published)) = (observed, published)
            && published.last < observed.first
        {
            self.found.push(
                Diagnostic::error(
                    "published-before-observed",
                    cell(column::DATE_PUBLISHED).1,
                    format!("published on {published}, before it was observed"),
                )
                .also(cell(column::DATE_OBSERVED).1, "observed here")
                .help("a forecast is observed when it is made; name its quantity as a forecast"),
            );
        }
        let low = self.number(cell(column::LOW), "low");
        let best = self.number(cell(column::BEST), "best");
        let high = self.number(cell(column::HIGH), "high");
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            self.error(
                "low-above-high",
                cell(column::LOW).1,
                format!("low {low} is above high {high}"),
                "low is the lowest value that the source gives, high the highest",
            );
        } else if let Some(best) = best
            && (low.is_some_and(|low| best < low) || high.is_some_and(|high| best > high))
        {
            let shown = |x: Option<f64>| x.map_or("nothing".to_string(), |x| x.to_string());
            self.error(
                "best-outside",
                cell(column::BEST).1,
                format!(
                    "best {best} is not between low {} and high {}",
                    shown(low),
                    shown(high)
                ),
                "leave empty what the source does not give",
            );
        }
        let (letter, letter_at) = cell(column::ADMIRALTY_SOURCE);
        let source_grade = SourceGrade::parse(letter);
        if source_grade.is_none() {
            self.error(
                "unknown-grade",
                letter_at,
                format!("`{letter}` is not a grade of a source"),
                "A completely reliable, B usually, C fairly, D not usually, E unreliable, F cannot be judged",
            );
        }
        let (digit, digit_at) = cell(column::ADMIRALTY_INFO);
        let info_grade = InfoGrade::parse(digit);
        if info_grade.is_none() {
            self.error(
                "unknown-grade",
                digit_at,
                format!("`{digit}` is not a grade of information"),
                "1 confirmed, 2 probably true, 3 possibly true, 4 doubtful, 5 improbable, 6 cannot be judged",
            );
        }
        for known in [
            column::SUBJECT,
            column::QUANTITY,
            column::OBSERVER,
            column::MEDIUM,
        ] {
            let (text, at) = cell(known);
            if text.is_empty() {
                let message = format!("this row has no {}", COLUMNS[known]);
                self.error("empty", at, message, "");
            }
        }
        let (kind_name, kind_at) = cell(column::KIND);
        let kind = Kind::parse(kind_name);
        if kind.is_none() && !kind_name.is_empty() {
            self.error(
                "unknown-kind",
                kind_at,
                format!("`{kind_name}` is not a kind of statement"),
                "write seen, recorded, rule, announced, expected or hearsay, or leave the cell empty",
            );
        }
        if self.found.len() > before {
            return None;
        }
        let (story, _) = cell(column::STORY);
        let hour = self.hour(cell(column::TIME));
        let sight =
            self.sight(&[column::CLOUD, column::RESOLUTION_M, column::ANGLE_DEG].map(&cell));
        if self.found.len() > before {
            return None;
        }
        let (copies, _) = cell(column::COPIES);
        let unit_at = cell(column::UNIT).1;
        let value_at = [
            unit_at,
            cell(column::BEST).1,
            cell(column::LOW).1,
            cell(column::HIGH).1,
        ]
        .into_iter()
        .find(|at| at.end > at.start)
        .unwrap_or(whole);
        Some(Row {
            line: u32::try_from(record[0].line).unwrap_or(u32::MAX),
            id: words(column::ID),
            observed: observed?,
            published: published?,
            observer: words(column::OBSERVER),
            medium: words(column::MEDIUM),
            subject: words(column::SUBJECT),
            quantity: words(column::QUANTITY),
            low,
            best,
            high,
            unit: words(column::UNIT),
            source_grade: source_grade?,
            info_grade: info_grade?,
            claim: words(column::CLAIM),
            url: words(column::URL),
            copies: (!copies.is_empty()).then(|| words(column::COPIES)),
            kind,
            story: (!story.is_empty()).then(|| words(column::STORY)),
            hour,
            sight,
            at: Span::of(whole),
            value_at: Span::of(value_at),
        })
    }

    fn date(&mut self, (text, at): (&str, Location), name: &str) -> Option<DateRange> {
        match DateRange::parse(text) {
            Ok(range) => Some(range),
            Err(problem) => {
                self.error(
                    "bad-date",
                    at,
                    format!("`{text}` is not a {name}: {problem}"),
                    "write 2022, 2022-01, 2022-01-17, or two of these with a slash between",
                );
                None
            }
        }
    }

    fn number(&mut self, (text, at): (&str, Location), name: &str) -> Option<f64> {
        if text.is_empty() {
            return None;
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number),
            _ => {
                self.error(
                    "bad-number",
                    at,
                    format!("`{text}` under {name} is not a number"),
                    "write digits with a point, without units or thousands marks",
                );
                None
            }
        }
    }

    /// Each row that repeats another names one that is there and was published no later.
    fn copies(&mut self, rows: &[Row]) {
        let copied: HashSet<&Words> = rows.iter().filter_map(|row| row.copies.as_ref()).collect();
        if copied.is_empty() {
            return;
        }
        let by_id: HashMap<&str, &Row> = rows
            .iter()
            .filter(|row| copied.contains(&row.id))
            .map(|row| (row.id.as_str(), row))
            .collect();
        for row in rows {
            let Some(copied) = &row.copies else { continue };
            match by_id.get(copied.as_str()) {
                _ if copied == &row.id => self.error(
                    "copies-itself",
                    row.at(),
                    format!("row `{copied}` copies itself"),
                    "name the row that it repeats, or leave the cell empty",
                ),
                None if !self.ids.contains_key(copied.as_str()) => self.error(
                    "copies-unknown",
                    row.at(),
                    format!(
                        "row `{}` copies `{copied}`, but there is no such row",
                        row.id
                    ),
                    "name the row that it repeats, or leave the cell empty",
                ),
                Some(original) if original.published.first > row.published.last => {
                    self.found.push(
                        Diagnostic::error(
                            "copies-later",
                            row.at(),
                            format!(
                                "row `{}` copies `{copied}`, which was published later",
                                row.id
                            ),
                        )
                        .also(original.at(), "this one"),
                    );
                }
                _ => {}
            }
            if in_a_circle(row, &by_id) {
                self.error(
                    "copies-circle",
                    row.at(),
                    format!("row `{}` copies a row that goes back to it", row.id),
                    "one row of the circle was first: leave its cell empty",
                );
            }
        }
    }
}

/// Whether following what each row copies leads from `row` back to it, by way of others.
fn in_a_circle(row: &Row, by_id: &HashMap<&str, &Row>) -> bool {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut at = row;
    while let Some(next) = at.copies.as_ref().and_then(|id| by_id.get(id.as_str())) {
        if next.id == row.id {
            return at.id != row.id;
        }
        if !seen.insert(next.id.as_str()) {
            return false;
        }
        at = *next;
    }
    false
}
