//! `lazaret watch digest`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use lazaret_watch::board::{Board, page};
use lazaret_watch::estimate::Estimate;
use lazaret_watch::forecast::of_courses;
use lazaret_watch::observation::bind;

use super::common::{Common, Material, date, number, percent, write};
use super::{estimate, next};
use crate::output::{Failure, print, print_json};

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
    let mut material = common.load()?;
    let before = before(&common, &mut material, from)?;
    let until = material.observations.last_day + 28;
    let now = estimate::answer(&common, &material, &[], until)?;
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
        return print_json(&serde_json::json!({
            "from": from,
            "to": to,
            "markdown": out,
            "before": before,
            "now": now,
            "forecast": forecast,
            "next": looks,
        }));
    }
    print(&out)
}

/// What was known on the day before `from`. The material is left as it was.
fn before(common: &Common, material: &mut Material, from: Date) -> Result<Estimate, Failure> {
    let day = from.yesterday().unwrap_or(from);
    let rows = &material.evidence.rows;
    let observations = bind(material.gateway(), &material.rules, rows, day)
        .map_err(|wrong| Failure::BadInput(wrong[0].message.clone()))?;
    let now = (
        std::mem::replace(&mut material.observations, observations),
        std::mem::replace(&mut material.as_of, day),
        std::mem::replace(&mut material.effort.influence, false),
    );
    let answer = estimate::answer(common, material, &[], 0);
    (
        material.observations,
        material.as_of,
        material.effort.influence,
    ) = now;
    answer
}

/// Rows that are not used are listed up to so many, the rest counted.
const UNUSED_LISTED_MOST: usize = 200;

fn head(material: &Material, from: Date, to: Date, now: &Estimate, before: &Estimate) -> String {
    let mut out = format!(
        "# {}: {from} to {to}\n\n## What was reported\n\n",
        material.gateway().name
    );
    let moved: HashMap<&str, f64> = now
        .rows
        .iter()
        .map(|i| (i.name.as_str(), i.moved))
        .collect();
    let (mut any, mut unused) = (false, 0);
    for row in &material.evidence.rows {
        let published = row.published.last;
        if published < from || published > to {
            continue;
        }
        any = true;
        let moved = moved.get(row.id.as_str());
        if moved.is_none() {
            unused += 1;
            if unused > UNUSED_LISTED_MOST {
                continue;
            }
        }
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
                Some(moved) => format!("Moved the answer by {moved:.3} nats."),
                None => "Not used.".to_string(),
            },
            row.url
        );
    }
    if !any {
        out.push_str("Nothing.\n");
    }
    if unused > UNUSED_LISTED_MOST {
        let more = unused - UNUSED_LISTED_MOST;
        let _ = writeln!(out, "- … and {more} rows more that are not used.");
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
