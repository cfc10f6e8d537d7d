//! `lazaret plan need`.

use clap::Args;
use lazaret_plan::questions::need::words::text;
use lazaret_plan::questions::need::{NeedQuestion, TONNES_A_LOT, ask};

use super::common::{Runs, failed, positive};
use super::source;
use crate::input::Input;
use crate::output::Failure;
use lazaret_plan::questions::words::stopped;

/// Show what the flow means for the people who receive it
///
/// Prints tonnes per head, the flow as a share of earlier trade, and how many days of need each goods class covers.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Number of people
    #[arg(long, value_name = "N", value_parser = positive)]
    population: f64,
    /// Earlier trade, in tonnes a year
    #[arg(long, value_name = "TONNES", value_parser = positive)]
    before: Option<f64>,
    /// Need of one person, in kilograms a year, such as medicine=0.5; may be given more than once
    #[arg(long = "need", value_name = "CLASS=KG", value_parser = need)]
    needs: Vec<(String, f64)>,
    /// Tonnes per lot, for classes without a mass in the file
    #[arg(long, value_name = "TONNES", default_value_t = TONNES_A_LOT, value_parser = positive)]
    tonnes_a_lot: f64,
    #[command(flatten)]
    runs: Runs,
}

fn need(text: &str) -> Result<(String, f64), String> {
    let wrong = || format!("`{text}` is not CLASS=KG; write for example medicine=0.5");
    let (class, kg) = text.split_once('=').ok_or_else(wrong)?;
    if class.trim().is_empty() {
        return Err(wrong());
    }
    let kg = positive(kg).map_err(|_| {
        format!(
            "`{}` in `{text}` is not a number of kilograms above 0",
            kg.trim()
        )
    })?;
    Ok((class.trim().to_owned(), kg))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let how = &arguments.runs.how;
    let question = NeedQuestion {
        population: arguments.population,
        before: arguments.before,
        needs: &arguments.needs,
        tonnes_a_lot: arguments.tonnes_a_lot,
        replications: arguments.runs.replications,
        level: how.level,
    };
    let answer = how.ask(&arguments.input, |experiment| {
        let gateway = experiment.gateway();
        for (class, _) in &arguments.needs {
            if !gateway.goods.iter().any(|g| g.name == *class) {
                let known: Vec<&str> = gateway.goods.iter().map(|g| g.name.as_str()).collect();
                return Err(Failure::BadInput(format!(
                    "--need {class}: the file has no such goods class; it has {}",
                    known.join(", ")
                )));
            }
        }
        ask(experiment, &question).map_err(failed)
    })?;
    how.answer(
        &answer,
        &text(&answer, &question, how.seed),
        Some(
            &stopped("as in the file", &answer.stops)
                .into_iter()
                .collect::<Vec<_>>(),
        ),
        || lazaret_report::plan::need(&answer),
        || source::again(&arguments.input, how.seed),
    )
}
