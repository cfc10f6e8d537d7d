//! `lazaret watch check`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use comfy_table::{Table, presets};
use lazaret_watch::observation;
use serde_json::json;

use super::common::{read_evidence, read_rules, refuse};
use crate::input::Input;
use crate::output::{Failure, print};

/// Find every error of an evidence file, and which of its rows say something about a gateway
///
/// The columns are id, date_observed, date_published, observer, medium, subject, quantity, low, best, high, unit,
/// admiralty_source (A to F), admiralty_info (1 to 6), claim, url, and `copies` for the id of a row that is repeated.
/// Dates are 2022, 2022-01, 2022-01-17 or two of these with a slash between.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The evidence: a CSV file
    #[arg(value_name = "EVIDENCE")]
    evidence: PathBuf,
    /// The gateway file that it is about; `gateway.toml` beside the evidence if there is one
    #[arg(long, value_name = "FILE")]
    gateway: Option<PathBuf>,
    /// What the evidence measures; `observe.toml` beside the gateway file if not given
    #[arg(long, value_name = "RULES.toml")]
    observe: Option<PathBuf>,
    /// Print one JSON object for machines
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (evidence, text) = read_evidence(&arguments.evidence)?;
    let beside = arguments.evidence.with_file_name("gateway.toml");
    let gateway = arguments
        .gateway
        .clone()
        .or_else(|| beside.exists().then_some(beside));
    let Some(file) = gateway else {
        return tell(
            arguments,
            &format!("{} rows, no errors\n", evidence.rows.len()),
            &json!({
                "ok": true,
                "rows": evidence.rows.len(),
            }),
        );
    };
    let input = Input {
        file,
        set: Vec::new(),
    };
    let loaded = input.load()?;
    let gateway = &loaded.reading.gateway;
    let rules = read_rules(arguments.observe.as_deref(), &input.file, gateway)?;
    let latest = evidence.rows.iter().map(|row| row.published.last).max();
    let as_of = latest.unwrap_or_else(|| lazaret_watch::kernel::first_day(gateway));
    let observations = observation::bind(gateway, &rules, &evidence.rows, as_of)
        .map_err(|wrong| refuse(&arguments.evidence, &text, &wrong))?;
    let mut unused: BTreeMap<(String, String, &str), Vec<&str>> = BTreeMap::new();
    for row in &observations.unused {
        let of = &evidence.rows[row.row];
        unused
            .entry((of.subject.clone(), of.quantity.clone(), row.why.in_words()))
            .or_default()
            .push(&of.id);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["not used", "", "rows", "why"]);
    for ((subject, quantity, why), ids) in &unused {
        let shown = match ids.len() {
            0..=3 => ids.join(" "),
            n => format!("{} … ({n})", ids[..2].join(" ")),
        };
        table.add_row([subject.clone(), quantity.clone(), shown, (*why).to_string()]);
    }
    let mut said = format!(
        "{} rows, no errors; {} say something about {}, {} do not\n",
        evidence.rows.len(),
        observations.used.len(),
        gateway.name,
        observations.unused.len()
    );
    if !unused.is_empty() {
        let lines: String = table
            .lines()
            .map(|l| format!("{}\n", l.trim_end()))
            .collect();
        said = format!("{said}\n{lines}");
    }
    let value = json!({
        "ok": true,
        "rows": evidence.rows.len(),
        "used": observations.used.iter().map(|o| &evidence.rows[o.row].id).collect::<Vec<_>>(),
        "unused_rows": observations.unused.iter().map(|u| json!({
            "id": evidence.rows[u.row].id,
            "line": evidence.rows[u.row].line,
            "why": u.why.in_words(),
        })).collect::<Vec<_>>(),
    });
    tell(arguments, &said, &value)
}

fn tell(arguments: &Arguments, text: &str, value: &serde_json::Value) -> Result<(), Failure> {
    if arguments.json {
        print(&format!("{value:#}\n"))
    } else {
        print(text)
    }
}
