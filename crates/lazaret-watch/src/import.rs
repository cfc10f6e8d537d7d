//! Rows of evidence from what image analysts and archives hand over: counts from GeoJSON, looks from the list of a catalogue.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

/// What every row of an import says alike.
#[derive(Clone, Debug)]
pub struct Alike<'a> {
    /// Who says so.
    pub observer: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The quantity.
    pub quantity: &'a str,
    /// Grades of source and information, such as `B2`.
    pub grades: &'a str,
    /// Begins the ids of the rows.
    pub prefix: &'a str,
    /// Day of publication; the day itself if none.
    pub published: Option<Date>,
}

/// Columns of the rows, in the order of an evidence file.
pub const HEADER: &str = "id,date_observed,date_published,observer,medium,subject,quantity,low,best,high,unit,\
                          admiralty_source,admiralty_info,claim,url,kind,time,cloud,resolution_m,angle_deg";

/// The most rows that are made.
pub const ROWS_MOST: usize = 100_000;

fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

/// What differs from row to row.
struct Row<'a> {
    id: String,
    date: Date,
    figure: String,
    claim: &'a str,
    rest: [String; 4],
}

impl Alike<'_> {
    fn row(&self, row: &Row<'_>) -> String {
        let published = self.published.unwrap_or(row.date).max(row.date);
        let (letter, digit) = self.grades.split_at(self.grades.len().min(1));
        let figures = [row.figure.as_str(); 3].join(",");
        format!(
            "{},{},{published},{},image,{},{},{figures},,{letter},{digit},{},,seen,{}\n",
            cell(&row.id),
            row.date,
            cell(self.observer),
            cell(self.subject),
            cell(self.quantity),
            cell(row.claim),
            row.rest.join(",")
        )
    }
}

/// The day, and the hour if it is told, of `2022-02-03` or `2022-02-03T02:11:09Z`.
fn moment(text: &str) -> Option<(Date, String)> {
    let text = text.trim();
    let date: Date = text.get(..10)?.parse().ok()?;
    let hour = match text.get(10..) {
        Some(rest) if rest.len() >= 6 && rest.starts_with(['T', ' ']) => {
            rest.get(1..6)?.to_string()
        }
        _ => String::new(),
    };
    Some((date, hour))
}

/// One row for each day: how many features of a collection were marked on it.
///
/// * `key` — the property that holds the day; the first of `date`, `datetime`, `acquired` and `observed` that a feature has, if none.
///
/// A day on which no feature was marked makes no row: whether anybody looked is not told by it.
///
/// # Errors
/// Says in words what is wrong, and with which feature.
pub fn geojson(text: &str, key: Option<&str>, alike: &Alike<'_>) -> Result<String, String> {
    const KEYS: [&str; 4] = ["date", "datetime", "acquired", "observed"];
    let file: Value =
        serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?;
    let features = file.get("features").and_then(Value::as_array);
    let features =
        features.ok_or("this is not a GeoJSON FeatureCollection: it has no list `features`")?;
    let mut counts: BTreeMap<Date, usize> = BTreeMap::new();
    for (number, feature) in features.iter().enumerate() {
        let property = |key: &str| feature.get("properties")?.get(key)?.as_str();
        let found = match key {
            Some(key) => property(key),
            None => KEYS.iter().find_map(|key| property(key)),
        };
        let (date, _) = found.and_then(moment).ok_or_else(|| {
            format!(
                "feature {} has no day under {}; name the property that holds it with --date-key",
                number + 1,
                key.map_or_else(|| KEYS.join(", "), ToString::to_string)
            )
        })?;
        *counts.entry(date).or_default() += 1;
    }
    let rows = counts.iter().map(|(date, count)| {
        alike.row(&Row {
            id: format!("{}{date}", alike.prefix),
            date: *date,
            figure: count.to_string(),
            claim: "counted features of a GeoJSON file",
            rest: Default::default(),
        })
    });
    Ok(format!("{HEADER}\n{}", rows.collect::<String>()))
}

/// Names that catalogues give to a column, the plainest first.
const NAMES: [(&str, &[&str]); 5] = [
    (
        "day",
        &[
            "acquired",
            "datetime",
            "date",
            "start_datetime",
            "sensing_time",
            "acquisition_date",
        ],
    ),
    (
        "cloud",
        &[
            "cloud_cover",
            "cloud",
            "eo:cloud_cover",
            "cloudcover",
            "cloud_percent",
        ],
    ),
    (
        "resolution",
        &["gsd", "resolution", "pixel_resolution", "resolution_m"],
    ),
    (
        "angle",
        &[
            "off_nadir",
            "view_angle",
            "view:off_nadir",
            "off_nadir_angle",
            "angle_deg",
        ],
    ),
    ("id", &["id", "name", "title", "scene_id", "product_id"]),
];

/// One row for each image that a catalogue lists, without a figure: a look that happened, and of which nothing is said. Fill in
/// what it shows, or leave it; it never counts as nothing there.
///
/// # Errors
/// Says in words what is wrong, and in which line.
pub fn catalogue(text: &str, alike: &Alike<'_>) -> Result<String, String> {
    let mut records = crate::evidence::cells_of(text);
    let header = records.next().ok_or("this file is empty")?;
    let header: Vec<String> = header
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim().to_lowercase())
        .collect();
    let column = |which: usize| -> Option<usize> {
        let known = NAMES[which].1.iter();
        known
            .filter_map(|known| header.iter().position(|name| name == known))
            .next()
    };
    let day = column(0).ok_or_else(|| {
        format!(
            "no column holds the day; call it one of {}",
            NAMES[0].1.join(", ")
        )
    })?;
    let (cloud, resolution, angle, id) = (column(1), column(2), column(3), column(4));
    let records: Vec<Vec<String>> = records.take(ROWS_MOST).collect();
    let at = |record: &[String], column: Option<usize>| -> String {
        column
            .and_then(|at| record.get(at))
            .map_or(String::new(), |cell| cell.trim().to_string())
    };
    // Some catalogues give percent, some shares; a list in which any is above 1 is in percent.
    let clouds = records
        .iter()
        .filter_map(|record| at(record, cloud).parse::<f64>().ok());
    let percent = clouds.fold(0.0, f64::max) > 1.0;
    let mut out = format!("{HEADER}\n");
    for (number, record) in records.iter().enumerate() {
        let line = number + 2;
        let (date, hour) = record
            .get(day)
            .and_then(|cell| moment(cell))
            .ok_or_else(|| {
                format!("line {line} has no day; write 2022-02-03 or 2022-02-03T02:11:09Z")
            })?;
        let numbers = |what: &str, column: Option<usize>, factor: f64| -> Result<String, String> {
            match at(record, column).as_str() {
                "" => Ok(String::new()),
                cell => {
                    let number: f64 = cell
                        .parse()
                        .map_err(|_| format!("line {line}: `{cell}` is not a {what}"))?;
                    Ok(format!("{}", factor * number))
                }
            }
        };
        let rest = [
            // Times of catalogues are universal; the hour would be another at the place.
            if hour.is_empty() { hour } else { String::new() },
            numbers("cloud cover", cloud, if percent { 0.01 } else { 1.0 })?,
            numbers("resolution", resolution, 1.0)?,
            numbers("angle", angle, 1.0)?,
        ];
        let name = at(record, id);
        out += &alike.row(&Row {
            id: format!(
                "{}{}",
                alike.prefix,
                if name.is_empty() {
                    format!("{date}-{line}")
                } else {
                    name
                }
            ),
            date,
            figure: String::new(),
            claim: "an image was taken; nothing is said of what it shows",
            rest,
        });
    }
    Ok(out)
}
