//! `lazaret watch digest`.

use clap::Args;
use jiff::civil::Date;
use lazaret_report::watch::{Board, page};
use lazaret_watch::attendance::Attendance;
use lazaret_watch::estimate::Estimate;
use lazaret_watch::forecast::{Forecast, of_courses};
use lazaret_watch::grades::Graded;
use lazaret_watch::kernel::day_of;
use lazaret_watch::observation::bind;
use lazaret_watch::score::Tally;
use std::collections::HashMap;
use std::fmt::Write as _;

use super::common::{Common, Material, date, last_day_of, number, percent, write_page};
use super::record::RecordArguments;
use super::waiting::Waiting;
use super::{estimate, next};
use crate::files::Output;
use crate::output::{Failure, print};

/// Write a digest of the reports in a period: what they changed and what is expected next
///
/// Prints Markdown; `--html` also writes the board of the last day.
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
    #[command(flatten)]
    record: RecordArguments,
    /// Also write one self-contained HTML file with pictures
    #[arg(long, alias = "report", value_name = "OUT.html", value_hint = clap::ValueHint::FilePath)]
    html: Option<Output>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (from, to) = (
        date("--from", &arguments.from)?,
        date("--to", &arguments.to)?,
    );
    if to < from {
        return Err(Failure::BadInput(format!(
            "--to {to} is before --from {from}"
        )));
    }
    if arguments.common.as_of.is_some() {
        return Err(Failure::BadInput(
            "a digest is as of --to; leave out --as-of".to_string(),
        ));
    }
    let common = Common {
        as_of: Some(arguments.to.clone()),
        ..arguments.common.clone()
    };
    let mut material = common.load()?;
    // A record that cannot be read is told before the work, not after it.
    let tally = arguments.record.tally(&common.evidence)?;
    let day_before = from.yesterday().unwrap_or(from);
    let days_before = day_of(material.gateway(), day_before).max(0) as u64 + 1;
    let steps = days_before * material.effort.runs + material.steps() + next::steps(&material);
    let waiting = Waiting::begin(steps, "weighing the evidence", common.json)?;
    let without = |failure| waiting.without("digest", failure);
    let before = waiting
        .attend(|attendance| before(&common, &mut material, day_before, attendance))
        .map_err(without)?;
    let until = (material.observations.last_day + 28)
        .min(last_day_of(material.gateway()).max(material.observations.last_day + 1));
    let now = waiting.attend(|attendance| {
        let now = estimate::answer(&common, &material, &[], until, attendance)?;
        // Half a digest would pass for a whole one.
        if attendance.wants_an_end() {
            return Err(Failure::Interrupted);
        }
        Ok(now)
    });
    let now = now.map_err(without)?;
    let question = material.question(until);
    let looks = waiting.attend(|attendance| {
        next::suggestions(&material, &question, &now.after, None, 7, attendance)
    });
    let looks = looks.map_err(without)?;
    waiting.end();
    let forecast = of_courses(&question, &now.before, &now.after);
    // A page that cannot be written must not cost the answer.
    let mut written = Ok(());
    if let Some(output) = &arguments.html {
        let board = Board {
            question: &question,
            estimate: &now,
            forecast: Some(&forecast),
            groups: &[],
            next: &looks,
            tally: tally.as_ref(),
        };
        written = write_page(output, page(&board), material.again(&common));
    }
    let mut out = head(&material, from, to, &now, &before);
    let _ = writeln!(out, "\n## Forecast\n");
    for event in &forecast.events {
        let Some(last) = event.by.last() else {
            continue;
        };
        let half = event
            .reaches(0.5)
            .map_or(String::new(), |d| format!("as likely as not by {d}; "));
        let _ = writeln!(
            out,
            "- {}: {half}{} by {}.",
            event.what,
            percent(last.probability),
            last.date
        );
    }
    if !looks.is_empty() {
        let _ = writeln!(out, "\n## Looks\n");
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
    if let Some(tally) = tally.as_ref().filter(|tally| !tally.is_empty()) {
        let _ = writeln!(out, "\n## Record of forecasts\n\n{}", fared(tally));
    }
    let _ = writeln!(out, "\n## Caveats\n");
    for said in &now.diagnostics {
        let _ = writeln!(out, "- {said}");
    }
    if common.json {
        let answer = serde_json::json!({
            "from": from,
            "to": to,
            "markdown": out,
            "before": before,
            "now": now,
            "forecast": Forecast { courses: None, ..forecast },
            "next": looks,
            "tally": tally,
        });
        material.origin(&common).print(&answer, false)?;
    } else {
        print(&out)?;
    }
    written
}

/// The record of hits and misses as a table.
fn fared(tally: &Tally) -> String {
    let mut out = "| predicted | ahead | reports | in 50 % | in 80 % | in 90 % | log score (file) | CRPS | Brier | skill to last | skill to file |\n\
                   | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        .to_string();
    for line in tally.lines() {
        let _ = write!(
            out,
            "\n| {} | {} | {} | {} | {} | {} | {} ({}) | {} | {} | {} | {} |",
            line.foretold(),
            line.ahead(),
            line.reports,
            line.share(0),
            line.share(1),
            line.share(2),
            line.log_score,
            line.log_score_climatology,
            line.crps,
            line.brier,
            line.skill_to_persistence,
            line.skill_to_climatology,
        );
    }
    if let Some(superseded) = tally.superseded_in_words() {
        let _ = write!(out, "\n\n{superseded}");
    }
    out
}

/// What was known on an earlier day. The material is left as it was.
fn before(
    common: &Common,
    material: &mut Material,
    day: Date,
    attendance: &Attendance<'_>,
) -> Result<Estimate, Failure> {
    let rows = &material.evidence.rows;
    let observations = bind(material.gateway(), &material.rules, rows, day)
        .map_err(|wrong| Failure::BadInput(wrong[0].message.clone()))?;
    let now = (
        std::mem::replace(&mut material.observations, observations),
        std::mem::replace(&mut material.as_of, day),
        std::mem::replace(&mut material.effort.influence, false),
    );
    let answer = estimate::answer(common, material, &[], 0, attendance).and_then(|answer| {
        if attendance.wants_an_end() {
            Err(Failure::Interrupted)
        } else {
            Ok(answer)
        }
    });
    (
        material.observations,
        material.as_of,
        material.effort.influence,
    ) = now;
    answer
}

/// Unused rows are listed up to this many; the rest are counted.
const UNUSED_LISTED_MOST: usize = 200;

fn head(material: &Material, from: Date, to: Date, now: &Estimate, before: &Estimate) -> String {
    let mut out = format!(
        "# {}: {from} to {to}\n\n## Reports\n\n",
        material.gateway().name
    );
    let moved: HashMap<&str, f64> = now
        .rows
        .iter()
        .map(|i| (i.name.as_str(), i.moved))
        .collect();
    let why: HashMap<usize, &str> = material
        .observations
        .unused
        .iter()
        .map(|unused| (unused.row, unused.why.in_words()))
        .collect();
    let (mut any, mut unused) = (false, 0);
    for (at, row) in material.evidence.rows.iter().enumerate() {
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
                None => why
                    .get(&at)
                    .map_or("Not used.".to_string(), |why| format!("Not used: {why}.")),
            },
            row.url
        );
    }
    if !any {
        out.push_str("Nothing.\n");
    }
    if unused > UNUSED_LISTED_MOST {
        let more = unused - UNUSED_LISTED_MOST;
        let _ = writeln!(out, "- … and {more} more rows that are not used.");
    }
    let _ = writeln!(out, "\n## Estimates before and now\n");
    let _ = writeln!(
        out,
        "| unknown | unit | before {from} | on {to} |\n| --- | --- | --- | --- |"
    );
    for (was, is) in before.unknowns.iter().zip(&now.unknowns) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            is.name,
            is.unit,
            was.posterior.in_words(),
            is.posterior.in_words()
        );
    }
    worth_of_sources(&mut out, now, before);
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

/// Sources whose chance of a misreport has moved by two points or more.
fn worth_of_sources(out: &mut String, now: &Estimate, before: &Estimate) {
    let known = |of: &Graded| {
        let same = |other: &&Graded| other.source == of.source && other.letter == of.letter;
        before.grades.iter().find(same).map(|was| was.after.mean)
    };
    let moved: Vec<(&Graded, f64)> = now
        .grades
        .iter()
        .map(|is| (is, known(is).unwrap_or(is.before.mean)))
        .filter(|(is, was)| (is.after.mean - was).abs() >= 0.02)
        .collect();
    if moved.is_empty() {
        return;
    }
    out.push_str(
        "\n| misreports of | letter | before | now | 90 % |\n| --- | --- | --- | --- | --- |\n",
    );
    for (is, was) in moved {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} to {} |",
            is.source,
            is.letter,
            percent(was),
            percent(is.after.mean),
            percent(is.after.q05),
            percent(is.after.q95)
        );
    }
}
