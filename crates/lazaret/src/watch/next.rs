//! `lazaret watch next`.

use clap::Args;
use lazaret_gateway::model::Gateway;
use lazaret_report::watch::next_sheet;
use lazaret_smc::random::StreamKey;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::estimate::{Ask, Course, Question};
use lazaret_watch::forecast::without_influence;
use lazaret_watch::next::{Aim, Suggestion, next};

use super::common::{
    Common, Material, lines, number, plain, with_kernel, within_the_file, write_page,
};
use super::waiting::{Waiting, failed};
use crate::files::Output;
use crate::output::{Failure, print_words};

/// Rank possible observations by how much they would teach for their cost
///
/// Possible observations are listed in `observe.toml` under `[[look]]`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// What to learn: an unknown, a statement such as 'hold_time > 20 d', or `everything` [default: the first unknown]
    #[arg(long, value_name = "QUESTION")]
    about: Option<String>,
    /// Number of days ahead for which looks are considered
    #[arg(long, value_name = "N", default_value_t = 28, value_parser = clap::value_parser!(u64).range(1..=365))]
    ahead: u64,
    /// Consider looks every N days
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=365))]
    every: u64,
    /// Write one self-contained HTML file
    #[arg(long, value_name = "OUT.html", value_hint = clap::ValueHint::FilePath)]
    report: Option<Output>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let material = common.load()?;
    if material.rules.looks.is_empty() {
        return Err(Failure::BadInput(
            "the observation rules have no [[look]]; add one to observe.toml, see docs/watch.md"
                .to_string(),
        ));
    }
    let until = material.observations.last_day + arguments.ahead as usize;
    within_the_file("--ahead", until, material.gateway())?;
    let question = material.question(until);
    let steps = material.trial_steps() + steps(&material);
    let waiting = Waiting::begin(steps, "weighing the evidence", common.json)?;
    let belief = material.belief();
    let pool = common.effort.pool()?;
    let made = with_kernel!(common.kernel, material.gateway(), &material.rules, question.until + 1, kernel => {
        waiting.attend(|attendance| {
            pool.install(|| without_influence(kernel, &belief, &question, attendance))
        })
    });
    let without = |failure| waiting.without("ranking of looks", failure);
    let made = made.map_err(|error| without(failed(error)))?;
    let courses = &made.after;
    let every = arguments.every as usize;
    let about = arguments.about.as_deref();
    let found = waiting.attend(|attendance| {
        pool.install(|| suggestions(&material, &question, courses, about, every, attendance))
    });
    let found = found.map_err(without)?;
    waiting.end();
    // A page that cannot be written must not cost the answer.
    let written = match &arguments.report {
        Some(output) => {
            let about = subject(arguments.about.as_deref(), material.gateway());
            let name = &material.gateway().name;
            let page = next_sheet(name, material.as_of, about, &found);
            write_page(output, page, material.again(common))
        }
        None => Ok(()),
    };
    if common.json {
        let about = subject(arguments.about.as_deref(), material.gateway());
        let answer = serde_json::json!({
            "about": about,
            "looks": found,
            "diagnostics": made.diagnostics,
        });
        material.origin(common).print(&answer, false)?;
    } else {
        let said: String = made
            .diagnostics
            .iter()
            .map(|said| format!("{said}\n"))
            .collect();
        print_words(&format!("{}\n{said}", table(&found)))?;
    }
    written
}

/// The looks that tell most for their cost.
fn table(found: &[Suggestion]) -> String {
    let mut table = plain(&[
        "look",
        "on",
        "gain (nats)",
        "± s.e.",
        "cost",
        "gain for cost",
    ]);
    for look in found.iter().take(20) {
        table.row([
            look.look.clone(),
            look.date.to_string(),
            format!("{:.3}", look.gain),
            format!("{:.3}", look.standard_error),
            number(look.cost),
            format!("{:.3}", look.gain_per_cost),
        ]);
    }
    lines(&table)
}

/// Steps of ranking the looks.
pub(crate) fn steps(material: &Material) -> u64 {
    material.rules.looks.len() as u64
}

/// What is asked: the hold unless something is said, as it is asked most; else the file's first unknown.
fn subject<'a>(about: Option<&'a str>, gateway: &'a Gateway) -> &'a str {
    let mut names = gateway.unknowns.iter().map(|u| u.name.as_str());
    about.unwrap_or_else(|| {
        let first = names.clone().next().unwrap_or("everything");
        names.find(|name| *name == "hold_time").unwrap_or(first)
    })
}

/// Ranks the looks for the question `about`.
pub(crate) fn suggestions(
    material: &Material,
    question: &Question<'_>,
    courses: &[Course],
    about: Option<&str>,
    every: usize,
    attendance: &Attendance<'_>,
) -> Result<Vec<Suggestion>, Failure> {
    let gateway = material.gateway();
    let about = subject(about, gateway);
    let unknown = gateway.unknowns.iter().position(|u| u.name == about);
    let aim = match (about, unknown) {
        ("everything", _) => Aim::Everything,
        (_, Some(at)) => Aim::Unknown(at),
        (text, None) => Aim::Statement(
            Ask::parse(text, gateway)
                .map_err(|error| Failure::BadInput(format!("--about {error}")))?,
        ),
    };
    let key = StreamKey::new(material.effort.seed).child(91);
    next(
        question,
        &material.rules,
        courses,
        &aim,
        every,
        key,
        attendance,
    )
    .map_err(failed)
}
