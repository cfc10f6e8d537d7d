//! `lazaret watch estimate`.

use clap::Args;
use std::path::{Path, PathBuf};

use lazaret_report::Page;
use lazaret_report::watch::{Board, page};
use lazaret_watch::attendance::Attendance;
use lazaret_watch::compare::Group;
use lazaret_watch::estimate::{Ask, Attended, Estimate, GRID_UNKNOWNS_MOST, estimate_attended};
use lazaret_watch::forecast::of_courses;
use lazaret_watch::resume::{Kept, Origin};
use lazaret_watch::score::Tally;

use super::common::{
    Common, Material, last_day_of, lines, number, percent, plain, with_kernel, within_the_file,
    write_json, write_page,
};
use super::record::RecordArguments;
use super::waiting::{Waiting, failed};
use super::{compare, next};
use crate::files::Output;
use crate::input::{FileKind, read_text, wrong_kind};
use crate::output::{Failure, print_words, say};

/// Estimate the unknowns and the yard over time from the evidence, with the effect of each row
///
/// Prior and posterior are shown side by side. Rows are weighed by their grades; rows that the rest contradicts and
/// rows that are not used are listed. The same files, day and seed give the same answer on any number of threads.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Ask for the probability of a statement, such as 'hold_time > 32 d' or 'in.yard > 400 on 2022-02-20'; may be
    /// given more than once
    #[arg(long = "ask", value_name = "STATEMENT")]
    asks: Vec<String>,
    /// Skip the effect of each row and source, which takes most of the time
    #[arg(long)]
    no_influence: bool,
    /// Cross-check the answer with a regular grid over the unknowns (at most four)
    #[arg(long)]
    exact: bool,
    /// Save the estimate to a file, for a later `--resume`
    #[arg(long, value_name = "OUT.json", value_hint = clap::ValueHint::FilePath)]
    save: Option<Output>,
    /// Continue from an estimate saved with `--save`: immediate if nothing has been published since, otherwise all rows
    /// are weighed again. Refused if the gateway, the rules, the seed or a weighed row has changed
    #[arg(long, value_name = "KEPT.json")]
    resume: Option<PathBuf>,
    /// Write the board: one self-contained HTML file with pictures
    #[arg(long, value_name = "OUT.html", value_hint = clap::ValueHint::FilePath)]
    report: Option<Output>,
    /// Explanations for the board [default: hypotheses.toml next to the gateway file, if it exists]
    #[arg(long, value_name = "HYPOTHESES.toml", requires = "report")]
    hypotheses: Option<PathBuf>,
    #[command(flatten)]
    record: RecordArguments,
    /// Number of days that the board looks ahead
    #[arg(long, value_name = "N", default_value_t = 28, value_parser = clap::value_parser!(u64).range(1..=730))]
    ahead: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut material = arguments.common.load()?;
    material.effort.influence = !arguments.no_influence;
    material.effort.grid = arguments.exact;
    let unknowns = material.gateway().unknowns.len();
    if arguments.exact && unknowns > GRID_UNKNOWNS_MOST {
        return Err(Failure::BadInput(format!(
            "--exact fills a grid over at most {GRID_UNKNOWNS_MOST} unknowns, but this gateway file has {unknowns}; fix \
             some of them with --set, or leave out --exact"
        )));
    }
    let asks = arguments
        .asks
        .iter()
        .map(|text| Ask::parse(text, material.gateway()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::BadInput(format!("--ask {error}")))?;
    let mut until = asks.iter().filter_map(Ask::day).max().unwrap_or(0);
    within_the_file("--ask", until, material.gateway())?;
    if arguments.report.is_some() {
        let ahead = material.observations.last_day + arguments.ahead as usize;
        until = until.max(
            ahead.min(last_day_of(material.gateway()).max(material.observations.last_day + 1)),
        );
    }
    let earlier = arguments.resume.as_deref().map(kept).transpose()?;
    let common = &arguments.common;
    let mut steps = material.steps();
    let mut tried = None;
    if arguments.report.is_some() {
        steps += next::steps(&material);
        tried = match hypotheses(arguments.hypotheses.as_deref(), common) {
            Some(path) => Some((compare::hypotheses(&path)?, path)),
            None => None,
        };
        if let Some((hypotheses, _)) = &tried {
            steps += compare::distinct(hypotheses) * material.trial_steps();
        }
    }
    // A record that cannot be read is told before the work, not after it.
    let tally = match arguments.report {
        Some(_) => arguments.record.tally(&common.evidence)?,
        None => None,
    };
    let waiting = Waiting::begin(steps, "weighing the evidence", common.json)?;
    let found = waiting.attend(|attendance| {
        attended(
            common,
            &material,
            &asks,
            until,
            earlier.as_ref(),
            attendance,
        )
    });
    let (answer, keep) = found.map_err(|failure| waiting.without("estimate", failure))?;
    // A file that cannot be written must not cost the answer.
    let mut written = Ok(());
    if let Some(output) = &arguments.save
        && !waiting.interrupted()
    {
        written = write_json(output, &keep);
        if written.is_ok() {
            say(&format!("estimate saved to {}\n", output.path().display()));
        }
    }
    if let Some(output) = &arguments.report {
        let page = waiting.attend(|attendance| -> Result<Page, Failure> {
            let groups = match &tried {
                Some((hypotheses, path)) => {
                    compare::groups(common, &material, hypotheses, path, attendance)?.whole()?
                }
                None => Vec::new(),
            };
            page_of(
                &material,
                &answer,
                until,
                &groups,
                tally.as_ref(),
                attendance,
            )
        });
        match page {
            Ok(page) => written = written.and(write_page(output, page, material.again(common))),
            Err(Failure::Interrupted) => {
                say(&format!(
                    "stopped before {} was written\n",
                    output.path().display()
                ));
            }
            Err(failure) => written = written.and(Err(failure)),
        }
    }
    waiting.end();
    if arguments.common.json {
        material
            .origin(common)
            .print(&answer, waiting.interrupted())?;
    } else {
        print_words(&text(&answer, &material))?;
    }
    if waiting.interrupted() {
        return Err(Failure::Interrupted);
    }
    written
}

/// An estimate that `--save` kept.
fn kept(path: &Path) -> Result<Kept, Failure> {
    let text = read_text(path, 1 << 30).map_err(Failure::BadInput)?;
    serde_json::from_str(&text).map_err(|error| {
        let name = path.display().to_string();
        Failure::BadInput(wrong_kind(&name, &text, FileKind::Estimate, &error))
    })
}

/// Works the answer out with the kernel asked for.
pub(crate) fn answer(
    common: &Common,
    material: &Material,
    asks: &[Ask],
    until: usize,
    attendance: &Attendance<'_>,
) -> Result<Estimate, Failure> {
    attended(common, material, asks, until, None, attendance).map(|(answer, _)| answer)
}

/// Works the answer out from where an earlier one was kept, until it is stopped.
fn attended(
    common: &Common,
    material: &Material,
    asks: &[Ask],
    until: usize,
    earlier: Option<&Kept>,
    attendance: &Attendance<'_>,
) -> Result<(Estimate, Kept), Failure> {
    let question = material.question(until);
    let gateway = material.made_from(common);
    let belief = material.belief();
    let pool = common.effort.pool()?;
    let course = Attended {
        attendance: *attendance,
        origin: Origin {
            gateway: &gateway,
            rules: &material.rules_text,
        },
        earlier,
    };
    let answer = with_kernel!(common.kernel, material.gateway(), &material.rules, question.until + 1, kernel => {
        pool.install(|| estimate_attended(kernel, &belief, &question, asks, &course))
    });
    answer.map_err(failed)
}

/// The file of explanations: that which is given, else one beside the gateway file.
pub(crate) fn hypotheses(given: Option<&Path>, common: &Common) -> Option<PathBuf> {
    let beside = common.input.file.with_file_name("hypotheses.toml");
    given
        .map(Path::to_path_buf)
        .or_else(|| beside.exists().then_some(beside))
}

/// The page of an answer and its explanations.
pub(crate) fn page_of(
    material: &Material,
    answer: &Estimate,
    until: usize,
    groups: &[Group],
    tally: Option<&Tally>,
    attendance: &Attendance<'_>,
) -> Result<Page, Failure> {
    let question = material.question(until);
    let suggestions = next::suggestions(material, &question, &answer.after, None, 7, attendance)?;
    let forecast = of_courses(&question, &answer.before, &answer.after);
    Ok(page(&Board {
        question: &question,
        estimate: answer,
        forecast: Some(&forecast),
        groups,
        next: &suggestions,
        tally,
    }))
}

/// What moved the answer: sources, and stories.
fn moved(answer: &Estimate) -> String {
    let mut out = String::new();
    if !answer.sources.is_empty() {
        let mut table = plain(&[
            "what moved it",
            "rows",
            "moved (nats)",
            "misreport: letter → learned",
            "shifts",
        ])
        .right(&[1, 2]);
        for source in answer.sources.iter().take(12) {
            table.row([
                source.name.clone(),
                source.rows.len().to_string(),
                format!(
                    "{:.3}{}",
                    source.moved,
                    if source.rough { " ?" } else { "" }
                ),
                source.misreport_in_words(),
                source.shifts_in_words(),
            ]);
        }
        out.push('\n');
        out += &lines(&table);
    }
    if !answer.stories.is_empty() {
        let mut table = plain(&["by story", "rows", "moved (nats)", "shifts"]);
        for story in answer.stories.iter().take(12) {
            table.row([
                story.name.clone(),
                story.rows.len().to_string(),
                format!("{:.3}{}", story.moved, if story.rough { " ?" } else { "" }),
                story.shifts_in_words(),
            ]);
        }
        out.push('\n');
        out += &lines(&table);
    }
    out
}

fn text(answer: &Estimate, material: &Material) -> String {
    let mut out = format!(
        "{} as known on {}\n\n",
        material.gateway().name,
        answer.as_of
    );
    if !answer.unknowns.is_empty() {
        let mut table = plain(&[
            "",
            "before",
            "after the evidence (median, 90 %)",
            "by chance",
            "unit",
        ]);
        for unknown in &answer.unknowns {
            table.row([
                unknown.name.clone(),
                unknown.prior.in_words(),
                unknown.posterior.in_words(),
                unknown.posterior.error_in_words(),
                unknown.unit.to_string(),
            ]);
        }
        out += &lines(&table);
        out.push('\n');
    }
    let day = material.observations.last_day;
    let mut table = plain(&[
        "on the day",
        "before",
        "after the evidence (median, 90 %)",
        "by chance",
        "room",
    ]);
    for series in &answer.state {
        if let Some(of) = series.days.get(day) {
            table.row([
                series.metric.clone(),
                of.prior.in_words(),
                of.posterior.in_words(),
                of.posterior.error_in_words(),
                series.room.map_or(String::new(), number),
            ]);
        }
    }
    out += &lines(&table);
    if !answer.asks.is_empty() {
        out.push('\n');
        for ask in &answer.asks {
            out += &format!("{}: {}\n", ask.ask, ask.in_words());
        }
    }
    out += &moved(answer);
    if !answer.conflicts.is_empty() {
        out += "\nContradicted by the rest\n";
        for conflict in &answer.conflicts {
            let with = if conflict.with.is_empty() {
                "by what the gateway file allows".to_string()
            } else {
                format!("by {}", conflict.with.join(", "))
            };
            out += &format!(
                "  {} (line {}): {}; a misreport with {}, {with}\n",
                conflict.id,
                conflict.line,
                conflict.says,
                percent(conflict.misreport)
            );
        }
    }
    out.push('\n');
    for said in &answer.diagnostics {
        out += &format!("{said}\n");
    }
    let evidence = &answer.log_evidence;
    out += &format!(
        "Log-evidence {:.2} (± {:.2}){}.\n",
        evidence.mean,
        evidence.error,
        evidence.spread.map_or(String::new(), |spread| format!(
            ", spread {spread:.2} between seeds"
        ))
    );
    out
}
