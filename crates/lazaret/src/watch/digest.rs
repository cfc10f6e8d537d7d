//! `lazaret watch digest`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use lazaret_watch::board::{Board, page};
use lazaret_watch::estimate::Estimate;
use lazaret_watch::forecast::of_courses;
use lazaret_watch::observation::bind;

use super::common::{Common, Material, date, json_of, number, percent, write};
use super::{estimate, next};
use crate::output::{Failure, print};

/// What was reported in a stretch of days, what it moved, and what follows: dated, with its sources
///
/// Markdown to standard output, or the board of the last day with `--html`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// First day of publication
    #[arg(long, value_name = "DATE")]
    from: String,
    /// Last day of publication
    #[arg(long, value_name = "DATE")]
    to: String,
    /// Also write one self-contained HTML file with pictures
    #[arg(long, alias = "report", value_name = "OUT.html")]
    html: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (from, to) = (date(&arguments.from)?, date(&arguments.to)?);
    if to < from {
        return Err(Failure::BadInput(format!(
            "--to {to} is before --from {from}"
        )));
    }
    if arguments.common.as_of.is_some() {
        return Err(Failure::BadInput(
            "a digest is as known at --to; leave --as-of out".to_string(),
        ));
    }
    let common = Common {
        as_of: Some(arguments.to.clone()),
        ..arguments.common.clone()
    };
    let material = common.load()?;
    let until = material.observations.last_day + 28;
    let now = estimate::answer(&common, &material, &[], until)?;
    let before_day = from.yesterday().unwrap_or(from);
    let before = {
        let observations = bind(
            material.gateway(),
            &material.rules,
            &material.evidence.rows,
            before_day,
        )
        .map_err(|wrong| Failure::BadInput(wrong[0].message.clone()))?;
        let mut earlier = common.load()?;
        earlier.observations = observations;
        earlier.as_of = before_day;
        earlier.effort.influence = false;
        estimate::answer(&common, &earlier, &[], 0)?
    };
    let question = material.question(until);
    let looks = next::suggestions(&material, &question, &now.after, None, 7)?;
    let forecast = of_courses(&question, &now.before, &now.after);
    if let Some(path) = &arguments.html {
        let board = Board {
            question: &question,
            estimate: &now,
            forecast: Some(&forecast),
            groups: &[],
            next: &looks,
        };
        write(path, &page(&board))?;
    }
    let mut out = head(&material, from, to, &now, &before);
    let _ = writeln!(out, "\n## What is expected\n");
    for event in &forecast.events {
        let Some(last) = event.by.last() else {
            continue;
        };
        let half = event
            .reaches(0.5)
            .map_or("not".to_string(), |d| format!("by {d}"));
        let _ = writeln!(
            out,
            "- {}: as likely as not {half}; {} by {}.",
            event.what,
            percent(last.probability),
            last.date
        );
    }
    if !looks.is_empty() {
        let _ = writeln!(out, "\n## What to look at next\n");
        for look in looks.iter().take(3) {
            let _ = writeln!(
                out,
                "- {} on {}: {:.3} nats (± {:.3}) at cost {}.",
                look.look,
                look.date,
                look.gain,
                look.standard_error,
                number(look.cost)
            );
        }
    }
    let _ = writeln!(out, "\n## Before you believe it\n");
    for said in &now.diagnostics {
        let _ = writeln!(out, "- {said}");
    }
    if common.json {
        return print(&json_of(&serde_json::json!({
            "from": from,
            "to": to,
            "markdown": out,
            "before": before,
            "now": now,
            "forecast": forecast,
            "next": looks,
        }))?);
    }
    print(&out)
}

fn head(material: &Material, from: Date, to: Date, now: &Estimate, before: &Estimate) -> String {
    let mut out = format!(
        "# {}: {from} to {to}\n\n## What was reported\n\n",
        material.gateway().name
    );
    let mut any = false;
    for row in &material.evidence.rows {
        let published = row.published.last;
        if published < from || published > to {
            continue;
        }
        any = true;
        let moved = now.rows.iter().find(|influence| influence.name == row.id);
        let _ = writeln!(
            out,
            "- {} ({}{}, {}, of {}): {} {}. {} {}",
            row.id,
            row.source_grade.letter(),
            row.info_grade.digit(),
            row.observer,
            row.observed,
            row.quantity,
            row.value_in_words(),
            match moved {
                Some(moved) => format!("Moved the answer by {:.3} nats.", moved.moved),
                None => "Not used.".to_string(),
            },
            row.url
        );
    }
    if !any {
        out.push_str("Nothing.\n");
    }
    let _ = writeln!(out, "\n## What is known now, and what was before\n");
    let _ = writeln!(
        out,
        "| unknown | unit | before {from} | on {to} |\n| --- | --- | --- | --- |"
    );
    for (was, is) in before.unknowns.iter().zip(&now.unknowns) {
        let range = |s: &lazaret_watch::estimate::Summary| {
            format!("{} ({} to {})", number(s.q50), number(s.q05), number(s.q95))
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            is.name,
            is.unit,
            range(&was.posterior),
            range(&is.posterior)
        );
    }
    let day = material.observations.last_day;
    let _ = writeln!(out, "\n| on {to} | median | 90 % |\n| --- | --- | --- |");
    for series in &now.state {
        if let Some(of) = series.days.get(day) {
            let _ = writeln!(
                out,
                "| {} | {} | {} to {} |",
                series.metric,
                number(of.posterior.q50),
                number(of.posterior.q05),
                number(of.posterior.q95)
            );
        }
    }
    out
}
