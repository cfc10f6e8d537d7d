//! `lazaret plan hold`.

use std::path::PathBuf;

use clap::Args;
use lazaret_gateway::FILE_BYTES_MAX;
use lazaret_plan::questions::hold::{Hazard, HoldPriced, Shortest, answer, price};

use super::common::{How, experiment_failed};
use super::source;
use super::words::{figure, interval, percent, table};
use crate::input::{FileKind, Input, expect_kind, read_text, wrong_kind};
use crate::output::Failure;

/// Compute how long goods must be held: the risk of releasing a contaminated lot, by days held
///
/// Prevalence, decay, treatment and test come from a hazard file; each may be uncertain. With a gateway file, a day of
/// hold is also priced in yard slots.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The hazard file
    #[arg(value_name = "HAZARD.toml")]
    hazard: PathBuf,
    /// A gateway file, to price a day of hold in slots
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Change a value of the gateway file
    #[arg(long = "set", value_name = "PATH=VALUE", requires = "file")]
    set: Vec<String>,
    #[command(flatten)]
    how: How,
}

/// Input sets that are sampled from the uncertain inputs.
const SAMPLE: usize = 4096;

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.how;
    let shown = arguments.hazard.display();
    let text = read_text(&arguments.hazard, FILE_BYTES_MAX).map_err(Failure::BadInput)?;
    let name = shown.to_string();
    expect_kind(&name, &text, FileKind::Hazard)?;
    let hazard = Hazard::parse(&text)
        .map_err(|e| Failure::BadInput(wrong_kind(&name, &text, FileKind::Hazard, &e)))?;
    let hold = answer(&hazard, how.level, SAMPLE, how.seed)
        .map_err(|e| Failure::BadInput(format!("{shown}: {e}")))?;
    let input = arguments.file.as_ref().map(|file| Input {
        file: file.clone(),
        set: arguments.set.clone(),
    });
    let price = match &input {
        None => None,
        Some(input) => Some(how.ask(input, |experiment| {
            price(experiment, hold.for_risk.sure_days).map_err(experiment_failed)
        })?),
    };
    let answer = HoldPriced { hold, price };
    how.answer(
        &answer,
        &words(&answer, &hazard),
        None,
        || lazaret_report::plan::hold(&answer, &hazard),
        || source::of_hazard(&text, input.as_ref(), how.seed),
    )
}

fn days(x: f64) -> String {
    if x.is_finite() {
        format!("{} days", figure(x.ceil()))
    } else {
        "no hold up to the longest".into()
    }
}

/// * `certain` — whether every input is known exactly, so that there is one answer and no spread.
fn shortest(s: &Shortest, confidence: f64, certain: bool) -> String {
    if certain {
        return days(s.sure_days);
    }
    let mut text = format!(
        "{} for {} of the possible inputs; {} for half of them",
        days(s.sure_days),
        percent(confidence),
        days(s.median_days)
    );
    if s.never > 0.0 {
        text += &format!("; for {} of them no hold is long enough", percent(s.never));
    }
    text
}

fn words(answer: &HoldPriced, hazard: &Hazard) -> String {
    let hold = &answer.hold;
    let target = hazard.target;
    let certain = hold.sampled == 1;
    let mut text = format!("\n{}, {}\n\n", hold.hazard, hold.goods.replace('_', " "));
    text += &format!(
        "To release a live hazard with at most 1 in {} lots: {}.\n",
        figure((1.0 / target.risk).round()),
        shortest(&hold.for_risk, target.confidence, certain)
    );
    if let (Some(s), Some(r)) = (&hold.for_reduction, target.reduction) {
        let interval = if certain {
            String::new()
        } else {
            format!(
                " (interval {})",
                interval(s.low_days.floor(), s.high_days.ceil())
            )
        };
        text += &format!(
            "To inactivate {} by time alone: {}{interval}.\n",
            exact_percent(r),
            shortest(s, target.confidence, certain),
        );
    }
    if hold.clean_lots_stopped.median > 0.0 {
        text += &format!(
            "The test stops {} of clean lots.\n",
            percent(hold.clean_lots_stopped.median)
        );
    }
    let rows: Vec<Vec<String>> = hold
        .table
        .iter()
        .map(|d| {
            vec![
                figure(d.days),
                scientific(d.survives.median),
                scientific(d.risk.median),
                format!("{} to {}", scientific(d.risk.low), scientific(d.risk.high)),
                scientific(d.risk_released.median),
            ]
        })
        .collect();
    text.push('\n');
    text += &table(
        &[
            "days held",
            "survives",
            "risk a lot",
            "interval",
            "risk per released lot",
        ],
        &rows,
        &[0, 1, 2, 3, 4],
    );
    if let Some(price) = &answer.price {
        text += &format!(
            "\nOne day of hold needs {} slots at {} lots a day",
            figure(price.slots_a_day_of_hold),
            figure(price.lots_a_day)
        );
        if let Some(n) = price.slots_for_sure_hold {
            text += &format!("; the certain hold needs {}", figure(n));
        }
        text += &match price.slots {
            Some(n) => format!("; there are {}.\n", figure(n)),
            None => ".\n".to_owned(),
        };
    }
    for source in &hazard.hazard.sources {
        text += &format!("\nSource: {source}");
    }
    for assumption in &hazard.hazard.assumptions {
        text += &format!("\nAssumed: {assumption}");
    }
    text += &if certain {
        "\n\nEvery input is a known number, so nothing has an interval.\n".to_owned()
    } else {
        format!(
            "\n\nIntervals contain {} of {} sets of the uncertain inputs.\n",
            percent(hold.level),
            figure(hold.sampled as f64)
        )
    };
    text
}

/// 99.99 % must not become 100 %.
fn exact_percent(p: f64) -> String {
    let text = format!("{:.6}", 100.0 * p);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn scientific(x: f64) -> String {
    if x == 0.0 || (0.01..=1.0).contains(&x) {
        figure(x)
    } else {
        format!("{x:.1e}")
    }
}
