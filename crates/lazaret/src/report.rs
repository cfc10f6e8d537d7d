//! `lazaret report`.

use std::ops::ControlFlow;

use clap::Args;
use lazaret_gateway::check::check;
use lazaret_report::flows::Flows;
use lazaret_report::{Again, study::Told};
use lazaret_sim::Model;
use lazaret_sim::study::{self, Settings, Stop, headline};

use crate::files::Output;
use crate::input::Input;
use crate::output::{Failure, print, quoted, quoted_path};
use crate::plan::seed;
use crate::simulate::progress::Progress;
use crate::simulate::result::hash;
use crate::simulate::{SETTLED_SHARE, threads};
use crate::waiting::Interrupt;

/// Write a report on what a gateway can do, as one HTML file with pictures
///
/// The file needs no network, prints well and fits a phone. It contains the answer in a sentence, the flow through the
/// gateway, occupancy over time, waits and their causes, what drives the spread, and all assumptions.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// File to write
    #[arg(long, value_name = "OUT.html", default_value = "report.html", value_hint = clap::ValueHint::FilePath)]
    out: Output,
    /// Run exactly this many replications, such as 20 for a sketch
    #[arg(long, value_name = "N", conflicts_with = "limit", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    replications: Option<u64>,
    /// Maximum number of replications when running until the figures have settled
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(2..=1_000_000_000))]
    limit: u64,
    /// Seed of all draws
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = seed)]
    seed: u64,
    /// Number of threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = arguments.input.load()?;
    let bad = |message: String| Failure::BadInput(format!("{}: {message}", loaded.file_name));
    let model = Model::compile(&loaded.reading.gateway).map_err(|e| bad(e.to_string()))?;
    let settings = Settings {
        seed: arguments.seed,
        stop: arguments.replications.map_or_else(
            || Stop::Relative {
                metrics: headline(&model),
                share: SETTLED_SHARE,
                limit: arguments.limit,
            },
            Stop::After,
        ),
        threads: threads(arguments.threads),
    };
    let interrupt = Interrupt::listen()?;
    let mut progress = Progress::new(&settings.stop, model.metrics());
    let study = study::run(&model, &settings, |_, outcome| {
        progress.take(&outcome.values);
        if interrupt.came() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    progress.clear();
    let study = study.map_err(|e| bad(e.to_string()))?;
    if study.replications == 0 {
        return Err(Failure::Interrupted);
    }
    let flows =
        Flows::count(&model, settings.seed, study.replications).map_err(|e| bad(e.to_string()))?;
    let suspicions: Vec<String> = check(&loaded.reading)
        .warnings
        .into_iter()
        .map(|w| w.message)
        .collect();
    let told = Told {
        model: &model,
        study: &study,
        flows: &flows,
        file: (loaded.document.text(), &arguments.input.set),
        suspicions: &suspicions,
        again: Again {
            command: command(arguments),
            seed: arguments.seed,
            version: env!("CARGO_PKG_VERSION").into(),
            file_hash: hash(loaded.document.text(), &arguments.input.set),
        },
    };
    arguments
        .out
        .write(lazaret_report::study::page(&told).html().as_bytes())?;
    print(&format!(
        "{}: {} replications\n",
        arguments.out.path().display(),
        study.replications
    ))?;
    if study.partial {
        Err(Failure::Interrupted)
    } else {
        Ok(())
    }
}

/// The command that writes the same report.
fn command(arguments: &Arguments) -> String {
    let mut words = vec![
        "lazaret report".to_string(),
        quoted_path(&arguments.input.file),
    ];
    words.extend(
        arguments
            .input
            .set
            .iter()
            .map(|set| format!("--set {}", quoted(set.as_ref()))),
    );
    words.push(match arguments.replications {
        Some(n) => format!("--seed {} --replications {n}", arguments.seed),
        None => format!("--seed {} --limit {}", arguments.seed, arguments.limit),
    });
    words.join(" ")
}
