//! `lazaret watch score`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use lazaret_watch::board::score_sheet;
use lazaret_watch::forecast::Forecast;
use lazaret_watch::observation::bind;
use lazaret_watch::score::{Record, Scored, score_forecast};

use super::common::{lines, number, percent, plain, read_evidence, read_rules, refuse, write};
use crate::input::{Input, read_text};
use crate::output::{Failure, print, print_json};

/// How good a kept forecast was, beside "as last reported" and the gateway file alone
///
/// Only rows published after the forecast count. With `--record` the scores are added to a file of JSON lines, which
/// is the record of hits and misses.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The forecast that `lazaret watch forecast --save` kept
    #[arg(value_name = "FORECAST.json")]
    forecast: PathBuf,
    /// The evidence, with what has been published since
    #[arg(value_name = "EVIDENCE")]
    evidence: PathBuf,
    /// The gateway file; `gateway.toml` beside the evidence if not given
    #[arg(long, value_name = "FILE")]
    gateway: Option<PathBuf>,
    /// What the evidence measures; `observe.toml` beside the gateway file if not given
    #[arg(long, value_name = "RULES.toml")]
    observe: Option<PathBuf>,
    /// Add the scores to this file of JSON lines, and sum up all that is in it
    #[arg(long, value_name = "RECORD.jsonl")]
    record: Option<PathBuf>,
    /// Write one self-contained HTML file
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
    /// Print one JSON object for machines
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let text = read_text(&arguments.forecast, 64 << 20).map_err(Failure::BadInput)?;
    let forecast: Forecast = serde_json::from_str(&text).map_err(|error| {
        Failure::BadInput(format!(
            "{} is no forecast that `lazaret watch forecast --save` kept: {error}",
            arguments.forecast.display()
        ))
    })?;
    let (evidence, text) = read_evidence(&arguments.evidence)?;
    let file = arguments
        .gateway
        .clone()
        .unwrap_or_else(|| arguments.evidence.with_file_name("gateway.toml"));
    let input = Input {
        file,
        set: Vec::new(),
    };
    let loaded = input.load()?;
    let gateway = &loaded.reading.gateway;
    let rules = read_rules(arguments.observe.as_deref(), &input.file, gateway)?;
    let latest = evidence.rows.iter().map(|row| row.published.last).max();
    let later = bind(
        gateway,
        &rules,
        &evidence.rows,
        latest.unwrap_or(forecast.as_of),
    )
    .map_err(|wrong| refuse(&arguments.evidence, &text, &wrong))?;
    let scored = score_forecast(gateway, &forecast, &evidence.rows, &later);
    if let Some(path) = &arguments.record {
        keep(path, &scored)?;
    }
    if let Some(path) = &arguments.report {
        let whole = arguments.record.as_deref().map(kept).transpose()?;
        let whole = whole.map(|all| Record::of(&all));
        let title = format!("{}: the forecast of {}", forecast.gateway, forecast.as_of);
        write(path, &score_sheet(&title, &scored, whole.as_ref()))?;
    }
    tell(&scored, arguments.json)?;
    if let Some(path) = &arguments.record
        && !arguments.json
    {
        let all = kept(path)?;
        print(&format!(
            "\nThe whole record, {}\n{}",
            path.display(),
            summary(&Record::of(&all))
        ))?;
    }
    Ok(())
}

fn keep(path: &Path, scored: &[Scored]) -> Result<(), Failure> {
    let known = if path.exists() {
        kept(path)?
    } else {
        Vec::new()
    };
    let failed = |error: std::io::Error| {
        Failure::Machine(format!("{} cannot be written: {error}", path.display()))
    };
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(failed)?;
    for one in scored {
        // Scored twice, a forecast counts once.
        if known
            .iter()
            .any(|k| (&k.row, k.as_of) == (&one.row, one.as_of))
        {
            continue;
        }
        let line =
            serde_json::to_string(one).map_err(|error| Failure::Machine(error.to_string()))?;
        writeln!(file, "{line}").map_err(failed)?;
    }
    Ok(())
}

fn kept(path: &Path) -> Result<Vec<Scored>, Failure> {
    let text = read_text(path, 256 << 20).map_err(Failure::BadInput)?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| {
                Failure::BadInput(format!("{} line {}: {error}", path.display(), at + 1))
            })
        })
        .collect()
}

/// Prints scores and their sum.
pub(super) fn tell(scored: &[Scored], json: bool) -> Result<(), Failure> {
    let record = Record::of(scored);
    if json {
        return print_json(&serde_json::json!({
            "scores": scored,
            "record": record,
        }));
    }
    if scored.is_empty() {
        return print("nothing that the forecast speaks of has been reported since\n");
    }
    let header = [
        "of",
        "row",
        "about",
        "what",
        "forecast",
        "reported",
        "log score",
        "file alone",
    ];
    let mut table = plain(&header);
    for one in scored {
        let (forecast, reported) = match (&one.figure, &one.event) {
            (Some(figure), _) => (number(figure.median), number(figure.reported)),
            (None, Some(event)) => (
                percent(event.probability),
                if event.happened { "yes" } else { "no" }.to_string(),
            ),
            (None, None) => ("".to_string(), "a bound".to_string()),
        };
        table.add_row([
            one.as_of.to_string(),
            one.row.clone(),
            one.date.to_string(),
            one.metric.clone(),
            forecast,
            reported,
            format!("{:.2}", one.log_score),
            format!("{:.2}", one.log_score_climatology),
        ]);
    }
    print(&format!("{}\n{}", lines(&table), summary(&record)))
}

fn summary(record: &Record) -> String {
    let mut out = format!(
        "{} reports foretold; mean log score {:.2}, by the file alone {:.2} (greater is better)\n",
        record.reports, record.log_score, record.log_score_climatology
    );
    if let (Some(crps), Some(file)) = (record.crps, record.crps_climatology) {
        out += &format!(
            "CRPS of figures {}, by the file alone {} (smaller is better)",
            number(crps),
            number(file)
        );
        if let Some(ratio) = record.crps_to_persistence {
            out += &format!("; {ratio:.2} of that of \"as last reported\"");
        }
        out.push('\n');
    }
    if let Some(brier) = record.brier {
        out += &format!("Brier score of yes or no {brier:.3}\n");
    }
    if let Some([half, most, nearly]) = record.coverage {
        out += &format!("inside the 50, 80, 90 % intervals: {half}, {most}, {nearly}\n");
    }
    out
}
