//! `lazaret watch score`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use lazaret_report::watch::score_sheet;
use lazaret_vocabulary::figures::date;
use lazaret_watch::evidence::latest;
use lazaret_watch::forecast::Forecast;
use lazaret_watch::observation::bind;
use lazaret_watch::score::{Record, Scored, Scoring, Tally, Unscored, score_forecast};

use super::common::{lines, number, percent, plain, read_evidence, read_rules, refuse, write_page};
use super::record::{Keeper, RecordArguments, in_words};
use crate::again::again_of;
use crate::files::Output;
use crate::input::{FileKind, Input, read_text, wrong_kind};
use crate::origin::Origin;
use crate::output::{Failure, print_words};
use crate::simulate::result::hash;

/// Score a saved forecast against later reports, next to "as last reported" and the gateway file alone
///
/// Only rows published after the forecast count. The scores are added to the record of hits and misses next to the
/// evidence; scoring the same report again does not count twice.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Forecast written by `lazaret watch forecast --save`
    #[arg(value_name = "FORECAST.json")]
    forecast: PathBuf,
    /// Evidence, including everything published since
    #[arg(value_name = "EVIDENCE")]
    evidence: PathBuf,
    /// Gateway file [default: gateway.toml next to the evidence]
    #[arg(long, value_name = "FILE")]
    gateway: Option<PathBuf>,
    /// Observation rules: what the evidence measures [default: observe.toml next to the gateway file]
    #[arg(long, value_name = "RULES.toml")]
    observe: Option<PathBuf>,
    #[command(flatten)]
    record: RecordArguments,
    /// Write one self-contained HTML file
    #[arg(long, value_name = "OUT.html", value_hint = clap::ValueHint::FilePath)]
    report: Option<Output>,
    /// Print one JSON object for machines
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let text = read_text(&arguments.forecast, 64 << 20).map_err(Failure::BadInput)?;
    let forecast: Forecast = serde_json::from_str(&text).map_err(|error| {
        let name = arguments.forecast.display().to_string();
        Failure::BadInput(wrong_kind(&name, &text, FileKind::Forecast, &error))
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
    let later = bind(
        gateway,
        &rules,
        &evidence.rows,
        latest(&evidence.rows).unwrap_or(forecast.as_of),
    )
    .map_err(|wrong| refuse(&arguments.evidence, &text, &wrong))?;
    let keeper = arguments.record.keeper(&arguments.evidence);
    let scoring = score_forecast(gateway, &forecast, &evidence.rows, &later);
    let tally = match &keeper {
        Some(keeper) => keeper.add(&scoring.scored)?,
        None => None,
    };
    // A page that cannot be written must not cost the answer.
    let written = match &arguments.report {
        Some(output) => {
            let title = format!(
                "{}: the forecast of {}",
                forecast.gateway,
                date(forecast.as_of)
            );
            let page = score_sheet(&title, &scoring, tally.as_ref(), None);
            write_page(
                output,
                page,
                again_of(loaded.document.text(), &[], forecast.seed),
            )
        }
        None => Ok(()),
    };
    let told = Told {
        scoring: &scoring,
        tally: tally.as_ref(),
        keeper: keeper.as_ref(),
        partial: None,
        origin: Origin::new(
            Some(&gateway.name),
            Some(forecast.seed),
            loaded.document.text(),
            &[],
        )
        .with("evidence_hash", hash(&text, &[]))
        .with("as_of", forecast.as_of.to_string()),
    };
    told.tell(arguments.json)?;
    written
}

/// What is told of scores.
pub(super) struct Told<'a> {
    pub(super) scoring: &'a Scoring,
    /// The record with them.
    pub(super) tally: Option<&'a Tally>,
    pub(super) keeper: Option<&'a Keeper>,
    /// Why they are not all.
    pub(super) partial: Option<&'a str>,
    /// What they were made from.
    pub(super) origin: Origin,
}

impl Told<'_> {
    /// Prints scores, their sum, what could not be scored, and the record.
    pub(super) fn tell(&self, json: bool) -> Result<(), Failure> {
        let Scoring { scored, unscored } = self.scoring;
        let record = Record::of(scored);
        if json {
            let answer = serde_json::json!({
                "scores": scored,
                "record": record,
                "unscored": unscored,
                "tally": self.tally,
            });
            return self.origin.print(&answer, self.partial.is_some());
        }
        let mut out = String::new();
        if let Some(partial) = self.partial {
            out += &format!("{partial}\n\n");
        }
        if scored.is_empty() {
            out += "nothing that the forecast covers has been reported since\n";
        } else {
            out += &format!("{}\n{}", table(scored), summary(&record));
        }
        out += &left_out(unscored);
        if let (Some(tally), Some(keeper)) = (self.tally, self.keeper)
            && !tally.is_empty()
        {
            out += &format!(
                "\nThe record so far, {}\n{}",
                keeper.path.display(),
                in_words(tally)
            );
        }
        print_words(&out)
    }
}

fn table(scored: &[Scored]) -> String {
    let header = [
        "of",
        "row",
        "about",
        "what",
        "forecast (90 %)",
        "reported",
        "log score",
        "file alone",
    ];
    let mut table = plain(&header);
    for one in scored {
        let (forecast, reported) = match (&one.figure, &one.event) {
            (Some(figure), _) => (figure.foretold(), number(figure.reported)),
            (None, Some(event)) => (
                percent(event.probability),
                if event.happened { "yes" } else { "no" }.to_string(),
            ),
            (None, None) => ("".to_string(), one.says.clone()),
        };
        table.row([
            one.as_of.to_string(),
            one.row.clone(),
            one.about(),
            one.metric.clone(),
            forecast,
            reported,
            format!("{:.2}", one.log_score),
            format!("{:.2}", one.log_score_climatology),
        ]);
    }
    lines(&table)
}

/// What could not be scored, by reason.
fn left_out(unscored: &[Unscored]) -> String {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in unscored {
        reasons.entry(&one.why).or_default().push(&one.row);
    }
    let mut out = String::new();
    for (why, rows) in reasons {
        let few = rows.iter().take(8).copied().collect::<Vec<_>>().join(" ");
        let more = if rows.len() > 8 { " …" } else { "" };
        out += &format!("not scored, {} ({few}{more}): {why}\n", rows.len());
    }
    out
}

fn summary(record: &Record) -> String {
    let mut out = format!(
        "{} reports predicted; mean log score {:.2}, by the file alone {:.2} (higher is better)\n",
        record.reports, record.log_score, record.log_score_climatology
    );
    if let (Some(crps), Some(file)) = (record.crps, record.crps_climatology) {
        out += &format!(
            "CRPS of figures {}, by the file alone {} (lower is better)",
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
