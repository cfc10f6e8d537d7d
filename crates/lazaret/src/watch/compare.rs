//! `lazaret watch compare`.

use std::path::{Path, PathBuf};

use clap::Args;
use lazaret_report::watch::compare_sheet;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::belief::Belief;
use lazaret_watch::compare::{Group, Hypothesis, Trial, judge, read, trial};
use lazaret_watch::estimate::Question;
use lazaret_watch::kernel::date_of;
use lazaret_watch::observation::bind;

use super::common::{
    Common, Material, lines, percent, plain, read_rules, refuse, with_kernel, write_page,
};
use super::waiting::{Waiting, failed};
use crate::files::Output;
use crate::input::{FileKind, expect_kind, read_text};
use crate::output::{Failure, print_words};

/// Compare explanations: which one the evidence favours, row by row
///
/// Hypotheses are changes to the gateway file, each with a prior weight. Hypotheses that make the same predictions are
/// reported as not distinguishable and are not scored.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The hypotheses
    #[arg(value_name = "HYPOTHESES.toml")]
    hypotheses: PathBuf,
    /// Write one self-contained HTML file
    #[arg(long, value_name = "OUT.html", value_hint = clap::ValueHint::FilePath)]
    report: Option<Output>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let material = common.load()?;
    let hypotheses = hypotheses(&arguments.hypotheses)?;
    let steps = distinct(&hypotheses) * material.trial_steps();
    let waiting = Waiting::begin(steps, "trying the explanations", common.json)?;
    let compared = waiting.attend(|attendance| {
        groups(
            common,
            &material,
            &hypotheses,
            &arguments.hypotheses,
            attendance,
        )
    });
    let compared = compared.map_err(|failure| waiting.without("comparison", failure))?;
    waiting.end();
    let Compared { groups, not_tried } = &compared;
    let partial = (!not_tried.is_empty()).then(|| {
        format!(
            "PARTIAL: interrupted before {} {} tried; these results are among the others only.",
            not_tried.join(", "),
            if not_tried.len() == 1 { "was" } else { "were" }
        )
    });
    // A page that cannot be written must not cost the answer.
    let written = match &arguments.report {
        Some(output) => {
            let name = &material.gateway().name;
            let page = compare_sheet(name, material.as_of, groups, partial.as_deref());
            write_page(output, page, material.again(common))
        }
        None => Ok(()),
    };
    if common.json {
        let answer = serde_json::json!({ "not_tried": not_tried, "groups": groups });
        material.origin(common).print(&answer, partial.is_some())?;
    } else {
        print_words(&text(groups, &material, partial.as_deref()))?;
    }
    if partial.is_some() {
        return Err(Failure::Interrupted);
    }
    written
}

/// Explanations that were tried and judged, and those for which there was no time.
pub(crate) struct Compared {
    pub(crate) groups: Vec<Group>,
    /// Their ids.
    pub(crate) not_tried: Vec<String>,
}

impl Compared {
    /// The groups, if all were tried.
    pub(crate) fn whole(self) -> Result<Vec<Group>, Failure> {
        if self.not_tried.is_empty() {
            Ok(self.groups)
        } else {
            Err(Failure::Interrupted)
        }
    }
}

/// Reads a file of hypotheses.
pub(crate) fn hypotheses(path: &Path) -> Result<Vec<Hypothesis>, Failure> {
    let file = read_text(path, lazaret_gateway::FILE_BYTES_MAX).map_err(Failure::BadInput)?;
    expect_kind(&path.display().to_string(), &file, FileKind::Hypotheses)?;
    read(&file).map_err(|wrong| refuse(path, &file, &wrong))
}

/// How many of the hypotheses change something different, and so must be tried.
pub(crate) fn distinct(hypotheses: &[Hypothesis]) -> u64 {
    let mut distinct: Vec<&[String]> = hypotheses.iter().map(|h| h.set.as_slice()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() as u64
}

/// Tries each and judges them; if an end is wanted, those that were tried by then.
pub(crate) fn groups(
    common: &Common,
    material: &Material,
    hypotheses: &[Hypothesis],
    path: &Path,
    attendance: &Attendance<'_>,
) -> Result<Compared, Failure> {
    let mut done: Vec<Hypothesis> = Vec::new();
    let mut trials: Vec<Trial> = Vec::new();
    let mut not_tried = Vec::new();
    for hypothesis in hypotheses {
        // Explanations that change the same are one model.
        let known = done.iter().position(|h| h.set == hypothesis.set);
        let trial = match known {
            Some(known) => trials[known].clone(),
            None if attendance.wants_an_end() => {
                not_tried.push(hypothesis.id.clone());
                continue;
            }
            None => match tried(common, material, hypothesis, path, attendance) {
                Ok(trial) => trial,
                Err(Failure::Interrupted) => {
                    not_tried.push(hypothesis.id.clone());
                    continue;
                }
                Err(failure) => return Err(failure),
            },
        };
        done.push(hypothesis.clone());
        trials.push(trial);
    }
    if done.is_empty() {
        return Err(Failure::Interrupted);
    }
    let ids: Vec<String> = material
        .observations
        .used
        .iter()
        .map(|o| material.evidence.rows[o.row].id.to_string())
        .collect();
    let gateway = material.gateway();
    let used = material.observations.used.iter();
    let dates: Vec<_> = used.map(|o| date_of(gateway, o.day)).collect();
    Ok(Compared {
        groups: judge(&done, &trials, &ids, &dates),
        not_tried,
    })
}

fn tried(
    common: &Common,
    material: &Material,
    hypothesis: &Hypothesis,
    path: &Path,
    attendance: &Attendance<'_>,
) -> Result<Trial, Failure> {
    let input = &common.input;
    let named = |set: &String| set.split('=').next().unwrap_or("").trim().to_string();
    let changed: Vec<String> = hypothesis.set.iter().map(named).collect();
    let kept = material
        .sets
        .iter()
        .filter(|set| !changed.contains(&named(set)));
    let overrides: Vec<String> = kept.chain(&hypothesis.set).cloned().collect();
    let document = &material.loaded.document;
    let reading = document
        .read(&overrides, &|name| input.csv(name))
        .map_err(|wrong| {
            crate::output::say(&format!(
                "hypothesis `{}` of {}:\n",
                hypothesis.id,
                path.display()
            ));
            crate::output::show(&wrong, &input.name(), document.text(), &overrides);
            Failure::BadInputShown
        })?;
    let gateway = &reading.gateway;
    let rules = read_rules(common.observe.as_deref(), &input.file, gateway)?;
    let observations = bind(gateway, &rules, &material.evidence.rows, material.as_of)
        .map_err(|wrong| Failure::BadInput(wrong[0].message.clone()))?;
    let question = Question {
        gateway,
        observations: &observations,
        until: observations.last_day,
        ..material.question(0)
    };
    let belief = Belief::changing(gateway, &rules.changes, observations.last_day);
    let pool = common.effort.pool()?;
    let tried = with_kernel!(common.kernel, gateway, &rules, question.until + 1, kernel => {
        pool.install(|| trial(kernel, &belief, &question, attendance))
    });
    tried.map_err(|error| match failed(error) {
        Failure::BadInput(why) => {
            Failure::BadInput(format!("hypothesis `{}`: {why}", hypothesis.id))
        }
        other => other,
    })
}

/// Days for which beliefs are printed.
const OVER_TIME_MOST: usize = 12;

fn text(groups: &[Group], material: &Material, partial: Option<&str>) -> String {
    let mut out = partial.map_or(String::new(), |partial| format!("{partial}\n\n"));
    out += &format!(
        "{} as known on {}\n",
        material.gateway().name,
        material.as_of
    );
    for group in groups {
        let header = ["", "before", "after", "over seeds", "log-evidence", "odd?"];
        let mut table = plain(&header);
        for standing in &group.hypotheses {
            table.row([
                standing.id.clone(),
                percent(standing.prior),
                match standing.posterior {
                    Some(posterior) => percent(posterior),
                    None if group.hypotheses.len() == 1 => "alone in its group".to_string(),
                    None => "not distinguishable".to_string(),
                },
                standing.range.map_or(String::new(), |(low, high)| {
                    format!("{} to {}", percent(low), percent(high))
                }),
                format!(
                    "{:.2}{}",
                    standing.log_evidence.mean,
                    standing
                        .log_evidence
                        .spread
                        .map_or(String::new(), |s| format!(" ± {s:.2}"))
                ),
                percent(standing.predictive_check),
            ]);
        }
        out += &format!("\n{}\n{}", group.name, lines(&table));
        let same: Vec<String> = group
            .hypotheses
            .iter()
            .filter(|s| !s.same_as.is_empty())
            .map(|s| s.id.clone())
            .collect();
        if !same.is_empty() {
            out += &format!(
                "These make the same predictions, so no evidence about this gateway can tell them apart: {}.\n",
                same.join(", ")
            );
        }
        for standing in &group.hypotheses {
            if let Some(disagreement) = &standing.disagreement {
                out += &format!(
                    "WARNING: THE RUNS OF `{}` DO NOT AGREE: {disagreement}. Increase --thetas and --runs.\n",
                    standing.id
                );
            }
        }
        if group.none_of_these {
            out += "NONE OF THESE would have produced such evidence.\n";
        }
        let scored: Vec<usize> = (0..group.hypotheses.len())
            .filter(|at| group.hypotheses[*at].posterior.is_some())
            .collect();
        let telling: Vec<_> = group
            .rows
            .iter()
            .filter(|row| scored.iter().any(|at| row.log_factors[*at].abs() > 0.05))
            .collect();
        if scored.len() > 1 && !telling.is_empty() {
            let mut header = vec!["row by row (log Bayes factor)"];
            header.extend(scored.iter().map(|at| group.hypotheses[*at].id.as_str()));
            let mut table = plain(&header);
            for row in telling {
                let mut cells = vec![row.id.clone()];
                cells.extend(
                    scored
                        .iter()
                        .map(|at| format!("{:+.2}", row.log_factors[*at])),
                );
                table.row(cells);
            }
            out += &lines(&table);
        }
        if scored.len() > 1 && group.over_time.len() > 1 {
            let mut header = vec!["belief by the rows about days up to"];
            header.extend(scored.iter().map(|at| group.hypotheses[*at].id.as_str()));
            let mut table = plain(&header);
            let step = group.over_time.len().div_ceil(OVER_TIME_MOST);
            let last = group.over_time.len() - 1;
            for at in (0..=last).filter(|at| (last - at).is_multiple_of(step)) {
                let of = &group.over_time[at];
                let mut cells = vec![of.date.to_string()];
                cells.extend(scored.iter().map(|at| percent(of.beliefs[*at])));
                table.row(cells);
            }
            out += &lines(&table);
        }
    }
    out.push_str(
        "\n\"odd?\" is the share of each explanation's predictions that are at least as odd as this evidence.\n",
    );
    out
}
