//! `lazaret simulate`.

mod answer;
pub(crate) mod files;
mod picture;
pub(crate) mod progress;
pub(crate) mod result;
mod screen;
mod units;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use clap::Args;
use lazaret_gateway::check::check;
use lazaret_gateway::model::Dimension;
use lazaret_sim::study::{self, Settings, Stop, Study, headline};
use lazaret_sim::{Estimate, MetricNames, Model, Unit};
use lazaret_vocabulary::near::suggestion;

use crate::files::Output;
use crate::input::{Input, Loaded};
use crate::output::{Failure, print, print_words, say};
use crate::plan::seed;
use crate::start::StartFrom;
use crate::waiting::Interrupt;

use files::{PerReplication, trace};
use progress::Progress;

/// The headline figures are settled when their intervals are within this share of their means.
pub(crate) const SETTLED_SHARE: f64 = 0.01;

/// Simulate a gateway and print what it can do
///
/// Replications run until the headline figures (lots a day, time in the gateway and its 95 % point, lots in the
/// gateway) are known to within 1 % of their means, or until `--limit`; the answer says which. Every figure comes with
/// its 95 % interval. The same file, seed and version give the same result on any number of threads.
///
/// Ctrl-C ends the run and prints what is known by then, marked as partial. A second Ctrl-C ends it immediately.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    from: StartFrom,
    /// Run exactly this many replications
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    replications: Option<u64>,
    /// Maximum number of replications when running until the figures have settled
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        conflicts_with = "replications",
        value_parser = clap::value_parser!(u64).range(1..=1_000_000_000)
    )]
    limit: u64,
    /// Seed of all draws
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = seed)]
    seed: u64,
    /// Number of threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,
    /// Print one JSON object for machines
    #[arg(long)]
    json: bool,
    /// Write one row per replication: its number, its seed and every metric
    #[arg(long, value_name = "OUT.csv", value_hint = clap::ValueHint::FilePath)]
    per_replication: Option<Output>,
    /// Write the events of replication 0 as JSON lines
    #[arg(long, value_name = "OUT.jsonl", value_hint = clap::ValueHint::FilePath)]
    trace: Option<Output>,
    /// Run until the interval of METRIC is no wider than VALUE on either side (times in hours)
    #[arg(long, value_name = "METRIC=VALUE", conflicts_with = "replications")]
    until_half_width: Option<String>,
}

/// What ended a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The figures asked for were precise enough.
    Precision,
    /// The most replications allowed were run.
    Limit,
    /// The number asked for was run.
    Replications,
    /// Somebody pressed Ctrl-C.
    Interrupt,
}

/// A study with what is needed to tell it.
pub(crate) struct Told<'a> {
    loaded: &'a Loaded,
    model: &'a Model,
    settings: &'a Settings,
    study: &'a Study,
    ended: Ended,
    /// What `check` finds suspicious.
    suspicions: Vec<String>,
    /// Rows kept for quantiles between replications.
    kept: &'a Kept,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = arguments.input.load()?;
    let model = arguments
        .from
        .compile(&loaded.reading.gateway, &loaded.file_name)?;
    let settings = Settings {
        seed: arguments.seed,
        stop: stop(arguments, &model)?,
        threads: threads(arguments.threads),
    };
    let interrupt = Interrupt::listen()?;
    if let Some(path) = &arguments.trace {
        trace(path, &model, settings.seed, interrupt)?;
    }
    let mut rows = arguments
        .per_replication
        .as_ref()
        .map(|path| PerReplication::create(path, model.metrics()))
        .transpose()?;
    let mut progress = Progress::new(&settings.stop, model.metrics());
    let mut kept = Kept::new(&model);
    let mut failed = None;
    let study = study::run(&model, &settings, |replication, outcome| {
        kept.take(&outcome.values);
        progress.take(&outcome.values);
        if let Some(rows) = &mut rows
            && let Err(failure) = rows.write(replication, &outcome.values)
        {
            failed = Some(failure);
            return ControlFlow::Break(());
        }
        if interrupt.came() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    progress.clear();
    if let Some(failure) = failed {
        return Err(failure);
    }
    let study =
        study.map_err(|error| Failure::BadInput(format!("{}: {error}", loaded.file_name)))?;
    if study.replications == 0 {
        return Err(Failure::Interrupted);
    }
    // Rows that cannot be written must not cost the answer.
    let written = match rows {
        Some(rows) if study.partial => rows.keep_part().map(|part| {
            if let Some(part) = part {
                wrote(&format!(
                    "interrupted: the rows of {} replications are in {}",
                    study.replications,
                    part.display()
                ));
            }
        }),
        Some(rows) => rows.finish(),
        None => Ok(()),
    };
    let suspicions = check(&loaded.reading)
        .warnings
        .into_iter()
        .map(|warning| warning.message)
        .collect();
    let told = Told {
        loaded: &loaded,
        model: &model,
        settings: &settings,
        study: &study,
        ended: ended(&settings.stop, &study),
        suspicions,
        kept: &kept,
    };
    if arguments.json {
        print(&result::json(&told, &arguments.input.set)?)?;
    } else {
        print_words(&answer::text(&told, &screen::Screen::of_stdout()))?;
    }
    if study.partial {
        return Err(Failure::Interrupted);
    }
    written
}

/// The threads asked for, or as many as there are.
pub(crate) fn threads(asked: Option<u64>) -> usize {
    asked.map_or_else(
        || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        |threads| threads as usize,
    )
}

fn stop(arguments: &Arguments, model: &Model) -> Result<Stop, Failure> {
    if let Some(replications) = arguments.replications {
        return Ok(Stop::After(replications));
    }
    let limit = arguments.limit;
    let Some(wish) = &arguments.until_half_width else {
        return Ok(Stop::Relative {
            metrics: headline(model),
            share: SETTLED_SHARE,
            limit,
        });
    };
    let bad = |message: String| Failure::BadInput(format!("--until-half-width {wish}: {message}"));
    let (name, value) = wish.split_once('=').ok_or_else(|| {
        bad("write METRIC=VALUE, such as lots.time_in_gateway.mean=2".to_string())
    })?;
    let metric = position(model.metrics(), name.trim()).map_err(bad)?;
    let unit = model.metrics().all()[metric].unit;
    let half_width = limit_in(value.trim(), unit).ok_or_else(|| {
        bad(format!(
            "`{}` is not a number; give the half-width in the unit of the metric (hours for times), such as 2 or 0.5",
            value.trim()
        ))
    })?;
    if !(half_width.is_finite() && half_width > 0.0) {
        return Err(bad("the half-width must be above 0".to_string()));
    }
    Ok(Stop::Absolute {
        metric,
        half_width,
        limit,
    })
}

/// A number in the unit of a metric: without a unit, or a time with its own, such as `30 min`.
fn limit_in(text: &str, unit: Unit) -> Option<f64> {
    text.parse().ok().or_else(|| {
        let (seconds, dimension) = lazaret_gateway::quantity::amount(text).ok()?;
        let time = dimension == Some(Dimension::Duration) && unit == Unit::Hours;
        time.then_some(seconds / 3600.0)
    })
}

/// Where the metric `name` stands, or what to say about a name that is none.
fn position(metrics: &MetricNames, name: &str) -> Result<usize, String> {
    metrics.position(name).ok_or_else(|| {
        let advice = suggestion(name, metrics.iter()).unwrap_or_else(|| {
            "`lazaret simulate FILE --json` lists all metrics; docs/metrics.md explains them".into()
        });
        format!("there is no metric `{name}`; {advice}")
    })
}

fn ended(stop: &Stop, study: &Study) -> Ended {
    let within = |metric: usize, aim: &dyn Fn(&Estimate) -> f64| {
        let estimate = &study.estimates[metric];
        estimate.n == 0 || estimate.half_width() <= aim(estimate)
    };
    let precise = match *stop {
        Stop::After(_) => false,
        Stop::Relative {
            ref metrics, share, ..
        } => metrics
            .iter()
            .all(|&metric| within(metric, &|e| share * e.mean.abs())),
        Stop::Absolute {
            metric, half_width, ..
        } => within(metric, &|_| half_width),
    };
    match stop {
        _ if study.partial => Ended::Interrupt,
        Stop::After(_) => Ended::Replications,
        // At the limit a study of the settled state may be precise and yet not know whether that drifts.
        Stop::Relative { limit, .. }
            if precise && study.replications == *limit && !study.settled =>
        {
            Ended::Limit
        }
        _ if precise => Ended::Precision,
        _ => Ended::Limit,
    }
}

/// Rows of the first replications, for quantiles between them.
pub(crate) struct Kept {
    width: usize,
    values: Vec<f32>,
}

impl Kept {
    /// What is kept must not grow with the number of replications.
    const BYTES_MOST: usize = 4 << 20;

    fn new(model: &Model) -> Self {
        Kept {
            width: model.metrics().len(),
            values: Vec::new(),
        }
    }

    fn take(&mut self, values: &[f64]) {
        if (self.values.len() + self.width) * size_of::<f32>() <= Self::BYTES_MOST {
            self.values.extend(values.iter().map(|&value| value as f32));
        }
    }

    /// 5, 50 and 95 % points of a metric between replications that have it; none if fewer than twenty have.
    pub(crate) fn quantiles(&self, metric: usize) -> Option<[f64; 3]> {
        let mut values: Vec<f32> = self
            .values
            .iter()
            .skip(metric)
            .step_by(self.width)
            .copied()
            .filter(|value| !value.is_nan())
            .collect();
        if values.len() < 20 {
            return None;
        }
        values.sort_unstable_by(f32::total_cmp);
        let at = |p: f64| {
            let rank = (p * values.len() as f64).ceil() as usize;
            f64::from(values[rank.clamp(1, values.len()) - 1])
        };
        Some([at(0.05), at(0.5), at(0.95)])
    }
}

/// Says on standard error that something was written.
fn wrote(what: &str) {
    say(&format!("{what}\n"));
}
