//! `lazaret plan need`.

use clap::Args;
use lazaret_plan::need::{ClassFlow, Meaning, meaning};
use lazaret_plan::{Design, Estimate, Experiment, Stops, estimate};

use super::answers::NeedMet;
use super::common::{Runs, experiment_failed, foot, positive};
use super::words::{figure, interval, percent, stopped, table};
use super::{pages, source};
use crate::input::Input;
use crate::output::Failure;

/// What the flow means for the people it is for
///
/// Tonnes a head, the share of the trade before, and how many days of need each class of goods covers.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// People
    #[arg(long, value_name = "N", value_parser = positive)]
    population: f64,
    /// Trade before, in tonnes a year
    #[arg(long, value_name = "TONNES", value_parser = positive)]
    before: Option<f64>,
    /// Need of one person, in kilograms a year, such as medicine=0.5; may be given more than once
    #[arg(long = "need", value_name = "CLASS=KG", value_parser = need)]
    needs: Vec<(String, f64)>,
    /// Tonnes a lot, for classes to which the file gives no mass
    #[arg(long, value_name = "TONNES", default_value_t = 40.0, value_parser = positive)]
    tonnes_a_lot: f64,
    #[command(flatten)]
    runs: Runs,
}

fn need(text: &str) -> Result<(String, f64), String> {
    let wrong = || format!("`{text}` is not CLASS=KG; write, say, medicine=0.5");
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
    let answer = how.ask(&arguments.input, |experiment| {
        let gateway = experiment.gateway();
        for (class, _) in &arguments.needs {
            if !gateway.goods.iter().any(|g| g.name == *class) {
                let known: Vec<&str> = gateway.goods.iter().map(|g| g.name.as_str()).collect();
                return Err(Failure::BadInput(format!(
                    "--need {class}: the file has no such class of goods, it has {}",
                    known.join(", ")
                )));
            }
        }
        let rows = experiment
            .run(&Design::base(), 0..arguments.runs.replications)
            .map_err(experiment_failed)?;
        let days = gateway.length.hours() / 24.0;
        let typical: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
        let mut lots = Vec::new();
        let mut tonnes = Vec::new();
        for goods in &gateway.goods {
            let column = experiment
                .column(&format!("goods.{}.dispatched", goods.name))
                .map_err(experiment_failed)?;
            let yearly: Vec<f64> = rows
                .column(column)
                .iter()
                .map(|n| n * 365.0 / days)
                .collect();
            lots.push(
                estimate::mean(&yearly, how.level).map_err(|e| Failure::BadInput(e.to_string()))?,
            );
            let mass = goods
                .mass
                .as_ref()
                .and_then(|m| m.resolve(&typical).ok())
                .map(|d| d.mean() / 1000.0);
            tonnes.push(mass.unwrap_or(arguments.tonnes_a_lot));
        }
        let at = |pick: fn(&Estimate) -> f64| -> Result<Meaning, Failure> {
            let flows: Vec<ClassFlow> = gateway
                .goods
                .iter()
                .zip(&lots)
                .zip(&tonnes)
                .map(|((g, e), t)| ClassFlow {
                    class: g.name.clone(),
                    tonnes_a_year: pick(e).max(0.0) * t,
                    need_kg_a_head_year: arguments
                        .needs
                        .iter()
                        .find(|n| n.0 == g.name)
                        .map(|n| n.1),
                })
                .collect();
            meaning(&flows, arguments.population, arguments.before)
                .map_err(|e| Failure::BadInput(e.to_string()))
        };
        let (mean, low, high) = (at(|e| e.value)?, at(|e| e.low)?, at(|e| e.high)?);
        Ok(NeedMet {
            lots_a_year: lots,
            tonnes_a_lot: tonnes,
            mean,
            low,
            high,
            days,
            stops: Stops::count(experiment, &rows),
            replications: arguments.runs.replications,
        })
    })?;
    how.answer(
        &answer,
        &text(&answer, arguments),
        Some(
            &stopped("as in the file", &answer.stops)
                .into_iter()
                .collect::<Vec<_>>(),
        ),
        || pages::need(&answer),
        || source::again(&arguments.input, how.seed),
    )
}

fn text(answer: &NeedMet, arguments: &Arguments) -> String {
    let (m, l, h) = (&answer.mean, &answer.low, &answer.high);
    let mut text = format!(
        "\n{} tonnes a year leave the gateway ({}): {} kg a head and year for {} people.\n",
        figure(m.tonnes_a_year),
        interval(l.tonnes_a_year, h.tonnes_a_year),
        figure(m.kg_a_head_year),
        figure(arguments.population)
    );
    if let (Some(share), Some(before)) = (m.share_of_before, arguments.before) {
        text += &format!(
            "That is {} of the {} tonnes a year before.\n",
            percent(share),
            figure(before)
        );
    }
    let rows: Vec<Vec<String>> = m
        .classes
        .iter()
        .zip(&answer.lots_a_year)
        .zip(&answer.tonnes_a_lot)
        .map(|((c, lots), tonnes)| {
            vec![
                c.class.clone(),
                figure(lots.value),
                figure(*tonnes),
                figure(c.tonnes_a_year),
                figure(c.kg_a_head_year),
                c.days_of_need.map_or_else(|| "-".into(), figure),
                c.people_covered.map_or_else(|| "-".into(), figure),
            ]
        })
        .collect();
    text.push('\n');
    text += &table(
        &[
            "goods",
            "lots a year",
            "tonnes a lot",
            "tonnes a year",
            "kg a head",
            "days of need in a year's flow",
            "people covered",
        ],
        &rows,
        &[1, 2, 3, 4, 5, 6],
    );
    text += &format!(
        "\nThe run is {} days from its start; a year is reckoned from it, with what is still held at its end left out.{}",
        figure(answer.days),
        foot(&arguments.runs.how, arguments.runs.replications)
    );
    text
}
