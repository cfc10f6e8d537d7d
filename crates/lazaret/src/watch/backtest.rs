//! `lazaret watch backtest`.

use clap::Args;
use lazaret_report::watch::score_sheet;
use lazaret_watch::resume::Origin;
use lazaret_watch::score::{backtest, steps};

use super::common::{Common, with_kernel, write_page};
use super::record::{Keeper, RecordArguments};
use super::score::Told;
use super::waiting::{Waiting, failed};
use crate::files::Output;
use crate::output::Failure;

/// Forecast from every date of publication in turn, and score each forecast
///
/// `--as-of` is the last date of the walk. The scores are added to the record of hits and misses.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    record: RecordArguments,
    /// Write one self-contained HTML file
    #[arg(long, value_name = "OUT.html", value_hint = clap::ValueHint::FilePath)]
    report: Option<Output>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let material = common.load()?;
    let gateway = material.gateway();
    let rows = &material.evidence.rows;
    // A record that cannot be read is told before the work, not after it.
    let keeper = arguments.record.keeper(&common.evidence);
    keeper.as_ref().map(Keeper::tally).transpose()?;
    let dates = steps(gateway, &material.rules, rows, material.as_of);
    let waiting = Waiting::begin(dates.len() as u64, "walking the dates", common.json)?;
    let belief = material.belief();
    let pool = common.effort.pool()?;
    let days = material.observations.last_day + 1;
    let made_from = material.made_from(common);
    let origin = Origin {
        gateway: &made_from,
        rules: &material.rules_text,
    };
    let walk = with_kernel!(common.kernel, gateway, &material.rules, days, kernel => waiting.attend(|attendance| {
        pool.install(|| backtest(
            kernel,
            gateway,
            &belief,
            &material.rules,
            rows,
            material.as_of,
            &material.effort,
            origin,
            attendance,
        ))
    }));
    waiting.end();
    let walk = walk.map_err(failed)?;
    let (done, all) = walk.steps;
    let partial = (done < all).then(|| {
        format!("PARTIAL: interrupted after {done} of {all} dates; the rest was not run.")
    });
    // A file that cannot be written must not cost the answer.
    let (tally, mut written) = match &keeper {
        Some(keeper) => match keeper.add(&walk.scoring.scored) {
            Ok(tally) => (tally, Ok(())),
            Err(failure) => (None, Err(failure)),
        },
        None => (None, Ok(())),
    };
    if let Some(output) = &arguments.report {
        let title = format!("{}: backtest over the dates of publication", gateway.name);
        let page = score_sheet(&title, &walk.scoring, tally.as_ref(), partial.as_deref());
        written = written.and(write_page(output, page, material.again(common)));
    }
    let told = Told {
        scoring: &walk.scoring,
        tally: tally.as_ref(),
        keeper: keeper.as_ref(),
        partial: partial.as_deref(),
        origin: material.origin(common),
    };
    told.tell(common.json)?;
    if partial.is_some() {
        return Err(Failure::Interrupted);
    }
    written
}
