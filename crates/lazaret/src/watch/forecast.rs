//! `lazaret watch forecast`.

use clap::Args;
use lazaret_report::watch::forecast_sheet;
use lazaret_smc::summary::Weighted;
use lazaret_watch::estimate::Summary;
use lazaret_watch::forecast::{Forecast, forecast};
use lazaret_watch::kernel::day_of;

use super::common::{
    Common, date, lines, not_too_late, percent, plain, with_kernel, within_the_file, write_json,
    write_page,
};
use super::record::RecordArguments;
use super::waiting::{Waiting, failed};
use crate::files::Output;
use crate::output::{Failure, print_words, say};

/// Forecast the yard, first departures and full places, as dated statements that can be scored later
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The last day of the forecast
    #[arg(long, value_name = "DATE")]
    until: String,
    /// Save the forecast to a file, for `lazaret watch score`
    #[arg(long, value_name = "OUT.json", value_hint = clap::ValueHint::FilePath)]
    save: Option<Output>,
    #[command(flatten)]
    record: RecordArguments,
    /// Write one self-contained HTML file with pictures
    #[arg(long, value_name = "OUT.html", value_hint = clap::ValueHint::FilePath)]
    report: Option<Output>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let material = common.load()?;
    let until = date("--until", &arguments.until)?;
    if until <= material.as_of {
        return Err(Failure::BadInput(format!(
            "--until {until} is not after {}, the day of which the forecast is",
            material.as_of
        )));
    }
    not_too_late("--until", until, material.gateway())?;
    let until = day_of(material.gateway(), until).max(0) as usize;
    within_the_file("--until", until, material.gateway())?;
    let question = material.question(until);
    // A record that cannot be read is told before the work, not after it.
    let tally = match arguments.report {
        Some(_) => arguments.record.tally(&common.evidence)?,
        None => None,
    };
    let steps = material.trial_steps();
    let waiting = Waiting::begin(steps, "weighing the evidence", common.json)?;
    let belief = material.belief();
    let pool = common.effort.pool()?;
    let made = with_kernel!(common.kernel, material.gateway(), &material.rules, question.until + 1, kernel => {
        waiting.attend(|attendance| {
            pool.install(|| forecast(kernel, &belief, &question, attendance))
        })
    });
    let made = made.map_err(|error| waiting.without("forecast", failed(error)))?;
    waiting.end();
    // A file that cannot be written must not cost the answer.
    let mut written = Ok(());
    if let Some(output) = &arguments.save {
        written = write_json(output, &made);
        if written.is_ok() {
            say(&format!("forecast saved to {}\n", output.path().display()));
        }
    }
    if let Some(output) = &arguments.report {
        let page = forecast_sheet(&made, tally.as_ref());
        written = written.and(write_page(output, page, material.again(common)));
    }
    if common.json {
        // The courses are for scoring: a reader of the figures has no use for a megabyte of them.
        let shown = Forecast {
            courses: None,
            ..made
        };
        material.origin(common).print(&shown, false)?;
    } else {
        print_words(&text(&made))?;
    }
    written
}

fn text(made: &Forecast) -> String {
    let mut out = format!(
        "{}, forecast of {} to {}\n\n",
        made.gateway, made.as_of, made.until
    );
    let mut table = plain(&[
        "",
        "10 % by",
        "half by",
        "90 % by",
        "by the end",
        "file alone",
    ]);
    for event in &made.events {
        let day = |p| {
            event
                .reaches(p)
                .map_or("later".to_string(), |d| d.to_string())
        };
        let Some(last) = event.by.last() else {
            continue;
        };
        table.row([
            event.what.clone(),
            day(0.1),
            day(0.5),
            day(0.9),
            percent(last.probability),
            percent(last.climatology),
        ]);
    }
    out += &lines(&table);
    let mut table = plain(&["median (90 %)", "in a week", "in two weeks", "at the end"]);
    for series in &made.series {
        let at = |ahead: usize| {
            let day = series.days.get(ahead.min(series.days.len()) - 1);
            day.map_or(String::new(), |day| {
                Summary::of(&Weighted::equal(day.values.clone())).in_words()
            })
        };
        table.row([series.metric.clone(), at(7), at(14), at(usize::MAX)]);
    }
    out += &format!("\n{}\n", lines(&table));
    for said in &made.diagnostics {
        out += &format!("{said}\n");
    }
    out
}
