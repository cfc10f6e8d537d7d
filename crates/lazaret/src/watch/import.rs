//! `lazaret watch import` and `lazaret watch kinds`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lazaret_watch::evidence::{InfoGrade, SourceGrade};
use lazaret_watch::import::{Alike, catalogue, geojson};
use lazaret_watch::track::learn;

use super::common::{date, lines, plain, read_evidence};
use crate::input::read_text;
use crate::output::{Failure, print};

/// The largest file that is read, in bytes.
const BYTES_MAX: usize = 64 << 20;

/// Turn the counts of a GeoJSON file or the looks of an image catalogue into rows of evidence
///
/// Prints the rows. Counts give one row a day with the number of features marked on it. Looks give one row an image with its cloud,
/// resolution and angle but no figure: an image about which nothing is said never means that nothing was there.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// A GeoJSON FeatureCollection, or a CSV list of images
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the file holds [default: counts for .geojson and .json, looks for others]
    #[arg(long, value_enum)]
    of: Option<Holds>,
    /// Who counted or took the images
    #[arg(long, value_name = "NAME")]
    observer: String,
    /// Subject of the rows
    #[arg(long, value_name = "WORD")]
    subject: String,
    /// Quantity of the rows
    #[arg(long, value_name = "WORD")]
    quantity: String,
    /// Grades of source and information
    #[arg(long, value_name = "GRADES", default_value = "B2")]
    grades: String,
    /// Text with which the ids of the rows begin
    #[arg(long, value_name = "WORD", default_value = "")]
    prefix: String,
    /// Day of publication [default: the day itself]
    #[arg(long, value_name = "DATE")]
    published: Option<String>,
    /// Property of a feature that holds its day [default: date, datetime, acquired or observed]
    #[arg(long, value_name = "KEY")]
    date_key: Option<String>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Holds {
    /// Features marked on images
    Counts,
    /// Images that were taken
    Looks,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let published = arguments
        .published
        .as_deref()
        .map(|text| date("--published", text))
        .transpose()?;
    let graded = arguments.grades.split_at_checked(1);
    if graded.is_none_or(|(a, b)| SourceGrade::parse(a).is_none() || InfoGrade::parse(b).is_none())
    {
        return Err(Failure::BadInput(format!(
            "--grades `{}` is not a letter A to F and a digit 1 to 6; write B2",
            arguments.grades
        )));
    }
    let text = read_text(&arguments.file, BYTES_MAX).map_err(Failure::BadInput)?;
    let alike = Alike {
        observer: &arguments.observer,
        subject: &arguments.subject,
        quantity: &arguments.quantity,
        grades: &arguments.grades,
        prefix: &arguments.prefix,
        published,
    };
    let json = arguments
        .file
        .extension()
        .is_some_and(|ending| ending == "geojson" || ending == "json");
    let holds = arguments
        .of
        .unwrap_or(if json { Holds::Counts } else { Holds::Looks });
    let made = match holds {
        Holds::Counts => geojson(&text, arguments.date_key.as_deref(), &alike),
        Holds::Looks => catalogue(&text, &alike),
    };
    let made =
        made.map_err(|why| Failure::BadInput(format!("{}: {why}", arguments.file.display())))?;
    print(&made)
}

/// Measure how far rules, plans, guesses and hearsay were from what was seen later
///
/// Prints a `[kinds]` section to paste into the rules of any gateway: a track record that gateways can share.
#[derive(Args, Debug)]
pub(crate) struct Kinds {
    /// Evidence files
    #[arg(value_name = "EVIDENCE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn kinds(arguments: &Kinds) -> Result<(), Failure> {
    let mut files = Vec::new();
    for path in &arguments.files {
        files.push(read_evidence(path)?.0.rows);
    }
    let rows: Vec<&[_]> = files.iter().map(Vec::as_slice).collect();
    let learned = learn(&rows);
    let mut table = plain(&["kind", "outcomes", "assumed", "learned", "says too much by"]);
    for of in &learned {
        table.row([
            of.kind.to_string(),
            of.outcomes.to_string(),
            format!("{:.2}", of.assumed),
            format!("{:.2}", of.spread),
            if of.outcomes == 0 {
                String::new()
            } else {
                format!("{:+.0} %", 100.0 * of.bias.exp_m1())
            },
        ]);
    }
    let section: String = learned
        .iter()
        .map(|of| format!("{} = {:.2}\n", of.kind, of.spread))
        .collect();
    print(&format!("{}\n[kinds]\n{section}", lines(&table)))
}
