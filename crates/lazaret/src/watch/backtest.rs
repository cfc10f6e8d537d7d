//! `lazaret watch backtest`.

use std::path::PathBuf;

use clap::Args;
use lazaret_watch::board::score_sheet;
use lazaret_watch::score::{backtest, steps};

use super::common::{Common, bar, with_kernel, write};
use super::score::tell;
use crate::output::Failure;

/// Walk the dates of publication: forecast what was published next from what was known, and score every step
///
/// `--as-of` is the last date of the walk.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Write one self-contained HTML file
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let material = common.load()?;
    let gateway = material.gateway();
    let rows = &material.evidence.rows;
    let dates = steps(gateway, &material.rules, rows, material.as_of);
    let progress = bar(dates.len() as u64, "walking the dates");
    let belief = material.belief();
    let pool = common.effort.pool()?;
    let done = |dates: usize| progress.inc(dates as u64);
    let days = material.observations.last_day + 1;
    let scored = with_kernel!(common.kernel, gateway, days, kernel => pool.install(|| {
        backtest(kernel, gateway, &belief, &material.rules, rows, material.as_of, &material.effort, &done)
    }));
    progress.finish_and_clear();
    let scored = scored.map_err(|error| Failure::BadInput(error.to_string()))?;
    if let Some(path) = &arguments.report {
        let title = format!("{}: a walk over the dates of publication", gateway.name);
        write(path, &score_sheet(&title, &scored, None))?;
    }
    tell(&scored, common.json)
}
