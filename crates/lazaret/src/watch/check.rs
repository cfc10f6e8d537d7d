//! `lazaret watch check`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use lazaret_gateway::Diagnostic;
use lazaret_gateway::model::Gateway;
use lazaret_watch::estimate::UnusedRow;
use lazaret_watch::evidence::{self, Row};
use lazaret_watch::observation::{self, Observations};
use lazaret_watch::rules::Rules;
use serde::Serialize;
use serde_json::json;

use super::common::{
    changes_of_the_rules, evidence_text, lines, plain, read_evidence, read_rules, refuse,
};
use crate::input::Input;
use crate::origin::Origin;
use crate::output::{Failure, Lines, diagnostic_json, print, print_words, to_stdout};
use crate::simulate::result::hash;

/// Find every error in an evidence file, and list which of its rows are about a gateway
///
/// The columns are id, date_observed, date_published, observer, medium, subject, quantity, low, best, high, unit,
/// admiralty_source (A to F), admiralty_info (1 to 6), claim and url. Optional ones are `copies` (the id of the row that
/// this one repeats), `kind`, `story` and, for images, time, cloud, resolution_m and angle_deg. Dates are 2022, 2022-01, 2022-01-17 or two of these with a slash between.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The evidence: a CSV file
    #[arg(value_name = "EVIDENCE")]
    evidence: PathBuf,
    /// Gateway file that the evidence is about [default: gateway.toml next to the evidence, if it exists]
    #[arg(long, value_name = "FILE")]
    gateway: Option<PathBuf>,
    /// Observation rules: what the evidence measures [default: observe.toml next to the gateway file]
    #[arg(long, value_name = "RULES.toml")]
    observe: Option<PathBuf>,
    /// Print one JSON object for machines
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let beside = arguments.evidence.with_file_name("gateway.toml");
    let file = arguments
        .gateway
        .clone()
        .or_else(|| beside.exists().then_some(beside));
    let mut origin = Origin::nowhere();
    let about: Result<Option<(Gateway, Rules)>, Failure> = file
        .map(|file| -> Result<(Gateway, Rules), Failure> {
            let set = changes_of_the_rules(arguments.observe.as_deref(), &file)?;
            let input = Input { file, set };
            let loaded = input.load()?;
            let gateway = loaded.reading.gateway;
            origin = Origin::new(Some(&gateway.name), None, loaded.document.text(), &[]);
            let rules = read_rules(arguments.observe.as_deref(), &input.file, &gateway)?;
            Ok((gateway, rules))
        })
        .transpose();
    // What is wrong with the evidence is told also where the gateway file is wrong.
    let about = match about {
        Ok(about) => about,
        Err(failure) => {
            if arguments.json {
                for_machines(arguments, None, &origin)?;
            } else {
                read_evidence(&arguments.evidence)?;
            }
            return Err(failure);
        }
    };
    if arguments.json {
        return for_machines(arguments, about.as_ref(), &origin);
    }
    let (evidence, text) = read_evidence(&arguments.evidence)?;
    let rows = &evidence.rows;
    let Some((gateway, rules)) = about else {
        return print(&format!("{} rows, no errors\n", rows.len()));
    };
    let observations = bound(&gateway, &rules, rows)
        .map_err(|wrong| refuse(&arguments.evidence, &text, &wrong))?;
    print_words(&in_words(&gateway, rows, &observations))
}

/// What the rows say by the day of the latest publication.
fn bound(gateway: &Gateway, rules: &Rules, rows: &[Row]) -> Result<Observations, Vec<Diagnostic>> {
    let as_of = evidence::latest(rows).unwrap_or_else(|| lazaret_watch::kernel::first_day(gateway));
    observation::bind(gateway, rules, rows, as_of)
}

/// Subject, quantity, and why its rows are not used.
type Unmapped<'r> = (&'r str, &'r str, &'static str);

fn in_words(gateway: &Gateway, rows: &[Row], observations: &Observations) -> String {
    let mut unused: BTreeMap<Unmapped<'_>, Vec<&str>> = BTreeMap::new();
    let mut counts: BTreeMap<Unmapped<'_>, usize> = BTreeMap::new();
    for row in &observations.unused {
        let of = &rows[row.row];
        let key = (
            of.subject.as_str(),
            of.quantity.as_str(),
            row.why.in_words(),
        );
        *counts.entry(key).or_default() += 1;
        let ids = unused.entry(key).or_default();
        if ids.len() < 3 {
            ids.push(&of.id);
        }
    }
    // Where there are too many kinds to read, those with most rows.
    let mut least = 0;
    if counts.len() > KINDS_MOST {
        let mut sizes: Vec<usize> = counts.values().copied().collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        least = sizes[KINDS_MOST - 1];
    }
    let mut table = plain(&["not used", "", "rows", "why"]);
    let (mut kinds, mut left_out) = (0, 0);
    for (key, ids) in &unused {
        let n = counts[key];
        if n < least || kinds == KINDS_MOST {
            left_out += n;
            continue;
        }
        kinds += 1;
        let shown = match n {
            0..=3 => ids.join(" "),
            n => format!("{} … ({n})", ids[..2].join(" ")),
        };
        let (subject, quantity, why) = key;
        table.row([*subject, *quantity, &shown, *why]);
    }
    let mut said = format!(
        "{} rows, no errors; {} say something about {}, {} do not\n",
        rows.len(),
        observations.used.len(),
        gateway.name,
        observations.unused.len()
    );
    for unheard in &observations.unheard {
        said += &format!("{unheard}\n");
    }
    if !unused.is_empty() {
        said = format!("{said}\n{}", lines(&table));
    }
    if left_out > 0 {
        said += &format!(
            "… and {left_out} rows of {} more subjects and quantities; --json lists all\n",
            counts.len() - kinds
        );
    }
    said
}

/// The most kinds of rows that a person is shown.
const KINDS_MOST: usize = 60;

/// All that is wrong, and all rows, as they are found: there may be millions of them.
fn for_machines(
    arguments: &Arguments,
    about: Option<&(Gateway, Rules)>,
    origin: &Origin,
) -> Result<(), Failure> {
    let text = evidence_text(&arguments.evidence)?;
    let name = arguments.evidence.display().to_string();
    let places = Lines::of(&name, &text);
    let mut errors = 0_u64;
    to_stdout(|out| {
        write!(out, "{{\n  \"file\": {},", json!(name))?;
        let origin = origin.clone().with("evidence_hash", hash(&text, &[]));
        for (key, value) in origin.keys(false) {
            write!(out, "\n  \"{key}\": {value},")?;
        }
        let mut list = List::begin(out, "diagnostics")?;
        let mut failed = None;
        let mut tell = |diagnostic: &Diagnostic| {
            errors += u64::from(diagnostic.is_error());
            if failed.is_none() {
                failed = list.add(&diagnostic_json(diagnostic, &places)).err();
            }
        };
        let rows = evidence::read_telling(&text, &mut |diagnostic| tell(&diagnostic));
        let observations = match (&rows, about) {
            (Some(rows), Some((gateway, rules))) => match bound(gateway, rules, rows) {
                Ok(observations) => Some(observations),
                Err(wrong) => {
                    wrong.iter().for_each(tell);
                    None
                }
            },
            _ => None,
        };
        if let Some(error) = failed {
            return Err(error);
        }
        list.end()?;
        if let Some(rows) = &rows {
            write!(out, "\n  \"rows\": {},", rows.len())?;
            if let Some(found) = observations {
                let mut list = List::begin(out, "used")?;
                for observation in &found.used {
                    list.add(&rows[observation.row].id)?;
                }
                list.end()?;
                let mut list = List::begin(out, "unused_rows")?;
                for unused in &found.unused {
                    let row = &rows[unused.row];
                    list.add(&UnusedRow {
                        id: row.id.clone(),
                        line: row.line,
                        why: unused.why.in_words(),
                    })?;
                }
                list.end()?;
            }
        }
        write!(
            out,
            "\n  \"errors\": {errors},\n  \"ok\": {}\n}}\n",
            errors == 0
        )
    })?;
    if errors > 0 {
        return Err(Failure::BadInputShown);
    }
    Ok(())
}

/// A list of a JSON object, one line an entry, with a comma after it.
struct List<'o, W: Write> {
    out: &'o mut W,
    any: bool,
}

impl<'o, W: Write> List<'o, W> {
    fn begin(out: &'o mut W, name: &str) -> io::Result<Self> {
        write!(out, "\n  \"{name}\": [")?;
        Ok(Self { out, any: false })
    }

    fn add(&mut self, entry: &impl Serialize) -> io::Result<()> {
        self.out
            .write_all(if self.any { b",\n    " } else { b"\n    " })?;
        self.any = true;
        serde_json::to_writer(&mut *self.out, entry).map_err(io::Error::from)
    }

    fn end(self) -> io::Result<()> {
        let end: &[u8] = if self.any { b"\n  ]," } else { b"]," };
        self.out.write_all(end)
    }
}
