//! `lazaret watch sensitivity`.

use clap::Args;
use lazaret_watch::estimate::{Ask, Summary};
use lazaret_watch::sensitivity::{Line, choices, lines as work_out, would_change};

use super::common::{
    Common, KernelName, Material, count_kernel, lines, percent, plain, within_the_file,
};
use super::waiting::{Waiting, failed};
use crate::output::{Failure, print_words};

/// Show how the answer depends on kinds, stories and grades: each changed by one step, in one table
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// A statement whose probability is compared, such as 'hold_time > 32 d'; may be given more than once
    #[arg(long = "ask", value_name = "STATEMENT")]
    asks: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let material = common.load()?;
    if common.kernel == KernelName::Simulator {
        return Err(Failure::BadInput(
            "a table of a dozen answers would take the simulator hours; use --kernel count"
                .to_string(),
        ));
    }
    let asks = arguments
        .asks
        .iter()
        .map(|text| Ask::parse(text, material.gateway()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::BadInput(format!("--ask {error}")))?;
    let until = asks.iter().filter_map(Ask::day).max().unwrap_or(0);
    within_the_file("--ask", until, material.gateway())?;
    let question = material.question(until);
    let choices = choices(&material.rules);
    // A kernel that cannot be made is told before the work.
    count_kernel(material.gateway(), &material.rules, question.until + 1)?;
    let waiting = Waiting::begin(choices.len() as u64, "trying other choices", common.json)?;
    let pool = common.effort.pool()?;
    let made = waiting.attend(|attendance| {
        pool.install(|| {
            let kernel = |rules: &_| {
                count_kernel(material.gateway(), rules, question.until + 1)
                    .map_err(|_| "the kernel cannot be made".to_string())
            };
            work_out(kernel, &question, &choices, &asks, attendance)
        })
    });
    let made = made.map_err(|error| waiting.without("table", failed(error)))?;
    waiting.end();
    let names: Vec<&str> = material
        .gateway()
        .unknowns
        .iter()
        .map(|u| u.name.as_str())
        .collect();
    let changes = would_change(&made, &names);
    if common.json {
        let answer = serde_json::json!({
            "unknowns": names,
            "choices": made,
            "would_change": changes,
        });
        material.origin(common).print(&answer, false)
    } else {
        print_words(&text(&material, &made, &names, &changes))
    }
}

fn text(material: &Material, made: &[Line], names: &[&str], changes: &[String]) -> String {
    let mut header = vec!["choice".to_string()];
    header.extend(names.iter().map(ToString::to_string));
    header.extend(made[0].asks.iter().map(|ask| ask.ask.clone()));
    header.push("log-evidence".to_string());
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = plain(&header);
    for line in made {
        let mut cells = vec![line.choice.clone()];
        cells.extend(line.unknowns.iter().map(Summary::in_words));
        cells.extend(line.asks.iter().map(|ask| percent(ask.probability)));
        cells.push(format!("{:.2}", line.log_evidence));
        table.row(cells);
    }
    let mut out = format!(
        "{} as known on {}: median (90 %) under each choice\n\n{}\nWhat would change this answer\n",
        material.gateway().name,
        material.as_of,
        lines(&table)
    );
    if changes.is_empty() {
        out += "  None of these choices would by much.\n";
    }
    for change in changes {
        out += &format!("  {change}\n");
    }
    out
}
