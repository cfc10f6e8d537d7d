//! `lazaret plan sweep`, `missing` and `merge`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use lazaret_plan::questions::words::stopped;
use lazaret_plan::sweep::{Part, list, missing as missing_shards};
use lazaret_plan::{Design, Experiment, ExperimentError, Stops};
use sha2::{Digest, Sha256};

use super::common::{experiment_failed, set_up};
use super::store::{
    Column, Files, Head, Kind, ShardWriter, hex, look, merge as merge_shards, shard_name,
};
use super::study::Read;
use crate::files::{OutFolder, reads};
use crate::output::{Failure, print, say};
use crate::waiting::LookOn;

/// Run every design of a study in every replication, completely or one shard at a time
///
/// Without --shard the whole study is run and merged. With --shard I/N one shard is run. Shards may run anywhere and in
/// any order; `plan missing` lists those to run again, and `plan merge` makes the table, whose bytes do not depend on
/// the shards.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The study file
    #[arg(value_name = "STUDY.toml")]
    study: PathBuf,
    /// Folder for the results; created if it does not exist
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    out: OutFolder,
    /// Shard to run, numbered from 0, and number of shards, such as 3/8
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(u64, u64)>,
    /// Number of threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

/// List the missing or damaged shards of a folder, in the format of a Slurm array
///
/// Prints nothing if the sweep is complete.
#[derive(Args, Debug)]
pub(crate) struct MissingArguments {
    /// Folder of the shards
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Merge the shards of a folder into results.csv and results.parquet
#[derive(Args, Debug)]
pub(crate) struct MergeArguments {
    /// Folder of the shards
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

fn shard(text: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("`{text}` is not a shard; write I/N such as 3/8");
    let (i, n) = text.split_once('/').ok_or_else(wrong)?;
    let (i, n) = (
        i.trim().parse().map_err(|_| wrong())?,
        n.trim().parse().map_err(|_| wrong())?,
    );
    if n == 0 || i >= n {
        return Err(format!(
            "shard {i} of {n} does not exist; shards are numbered from 0"
        ));
    }
    if n > 99_999 {
        return Err("at most 99999 shards are possible".into());
    }
    Ok((i, n))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let read = Read::open(&arguments.study)?;
    let designs = read.sweep_designs()?;
    let input = read.input();
    let document = input.document()?;
    let (shard, shards) = arguments.shard.unwrap_or((0, 1));
    arguments.out.make()?;
    let shard_file = arguments.out.file(&shard_name(shard, shards))?;
    let files = Files::of(&arguments.out)?;
    let csv = |name: &str| input.csv(name);
    let looks_on = LookOn::begin(false)?;
    let experiment = set_up(&input, &document, &csv, read.file.seed, &looks_on)?;
    // Paths in order of name, so that the columns do not depend on the order of a list's header.
    let paths: Vec<String> = designs
        .iter()
        .flat_map(|d| d.changes.iter().map(|c| c.path.clone()))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let settings: Vec<Vec<String>> = designs.iter().map(|d| settings(d, &paths)).collect();
    let mut hash = Sha256::new();
    for text in [
        &read.text,
        document.text(),
        &format!("{:?}", experiment.gateway()),
        &format!("{settings:?}"),
    ] {
        hash.update(text.len().to_le_bytes());
        hash.update(text.as_bytes());
    }
    let part = Part {
        study: hex(&hash.finalize()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        designs: designs.len() as u64,
        replications: read.file.replications,
        shard,
        shards,
    };
    let head = Head {
        columns: columns(&paths, &settings, experiment.metrics()),
        study: read.text.clone(),
        gateway: document.text().to_owned(),
        part: part.clone(),
    };
    refuse_strangers(arguments.out.path(), &part)?;
    files.are_own(&read.text, document.text())?;
    files.begin(&part)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads.map_or(0, usize::from))
        .build()
        .map_err(|e| Failure::Machine(format!("threads cannot be started: {e}")))?;
    let mut writer = ShardWriter::create(&shard_file, &head)?;
    let pieces = part
        .pieces()
        .map_err(|e| Failure::BadInput(e.to_string()))?;
    let mut runs = 0_u64;
    let mut stops = Stops::default();
    for (design, replications) in pieces {
        let at = design as usize;
        // Pieces of a thousand replications keep memory small without idling threads.
        let mut from = replications.start;
        while from < replications.end {
            let to = (from + 1024).min(replications.end);
            let rows = pool
                .install(|| experiment.run(&designs[at], from..to))
                .map_err(|error| cut_short(error, runs))?;
            stops.add(Stops::count(&experiment, &rows));
            for i in 0..rows.len() {
                let replication = from + i as u64;
                let run = design * part.replications + replication;
                writer.row([run, design, replication], &settings[at], rows.row(i))?;
                runs += 1;
            }
            from = to;
        }
    }
    writer.finish()?;
    drop(looks_on);
    if let Some(warning) = stopped("see the columns `gateway.stopped` and following", &stops) {
        say(&format!("warning: {warning}\n"));
    }
    if arguments.shard.is_some() {
        return print(&format!(
            "shard {shard} of {shards}: {runs} runs in {}\n",
            shard_file.path().display()
        ));
    }
    merge_folder(arguments.out.path())
}

/// A shard that was not finished. Its runs are not kept: nobody could tell them from all of it.
fn cut_short(error: ExperimentError, runs: u64) -> Failure {
    match error {
        ExperimentError::Interrupted => {
            say(&format!(
                "stopped after {runs} runs, which are discarded: a shard is only kept when it is complete; smaller shards (--shard I/N) lose less\n"
            ));
            Failure::Interrupted
        }
        other => experiment_failed(other),
    }
}

/// The value of each path in a design; empty where the file's own holds.
fn settings(design: &Design, paths: &[String]) -> Vec<String> {
    paths
        .iter()
        .map(|p| {
            let value = design
                .changes
                .iter()
                .rev()
                .find(|c| c.path == *p)
                .map_or("", |c| c.value.as_str());
            value
                .strip_prefix('"')
                .and_then(|v| v.strip_suffix('"'))
                .unwrap_or(value)
                .to_owned()
        })
        .collect()
}

fn columns(
    paths: &[String],
    settings: &[Vec<String>],
    metrics: &[lazaret_plan::Metric],
) -> Vec<Column> {
    let column = |name: &str, unit: &str, meaning: &str, kind| Column {
        name: name.to_owned(),
        unit: unit.to_owned(),
        meaning: meaning.to_owned(),
        kind,
    };
    let mut all = vec![
        column(
            "run",
            "",
            "number of the run: design times replications plus replication",
            Kind::Whole,
        ),
        column("design", "", "number of the design, from 0", Kind::Whole),
        column(
            "replication",
            "",
            "number of the replication; equal numbers share their random numbers",
            Kind::Whole,
        ),
    ];
    for (i, path) in paths.iter().enumerate() {
        let numbers = settings
            .iter()
            .all(|s| s[i].is_empty() || s[i].parse::<f64>().is_ok());
        let kind = if numbers { Kind::Real } else { Kind::Text };
        all.push(column(
            path,
            "as in the gateway file",
            "value of this setting; empty if the file's own value is used",
            kind,
        ));
    }
    all.extend(
        metrics
            .iter()
            .map(|m| column(&m.name, &m.unit, &m.meaning, Kind::Real)),
    );
    all
}

/// Refuses a folder that holds shards of another study, version or split.
fn refuse_strangers(folder: &Path, part: &Part) -> Result<(), Failure> {
    let found = look(folder)?;
    for (path, head) in &found.shards {
        let same = Part {
            shard: part.shard,
            ..head.part.clone()
        };
        if same != *part {
            return Err(Failure::BadInput(format!(
                "{} belongs to another study, version, seed or number of shards; use a separate folder for each sweep",
                path.display()
            )));
        }
    }
    Ok(())
}

fn parts(found: &super::store::Folder) -> Vec<(String, Part)> {
    found
        .shards
        .iter()
        .map(|(path, head)| (path.display().to_string(), head.part.clone()))
        .collect()
}

pub(crate) fn missing(arguments: &MissingArguments) -> Result<(), Failure> {
    let found = look(&arguments.folder)?;
    for (path, fault) in &found.faulty {
        say(&format!("{}: {fault}; run it again\n", path.display()));
    }
    let numbers = match &found.begun {
        // Not one is whole: all are missing.
        Some(part) if found.shards.is_empty() => (0..part.shards).collect(),
        _ => missing_shards(&parts(&found)).map_err(|e| {
            Failure::BadInput(format!(
                "{}: {e}; was a sweep run into this folder?",
                arguments.folder.display()
            ))
        })?,
    };
    if numbers.is_empty() {
        Ok(())
    } else {
        print(&format!("{}\n", list(&numbers)))
    }
}

pub(crate) fn merge(arguments: &MergeArguments) -> Result<(), Failure> {
    for (path, _) in look(&arguments.folder)?.shards {
        reads(&path).map_err(Failure::BadInput)?;
    }
    merge_folder(&arguments.folder)
}

fn merge_folder(folder: &Path) -> Result<(), Failure> {
    let mut found = look(folder)?;
    if let Some((path, fault)) = found.faulty.first() {
        return Err(Failure::BadInput(format!(
            "{}: {fault}; run it again",
            path.display()
        )));
    }
    let numbers = missing_shards(&parts(&found)).map_err(|e| Failure::BadInput(e.to_string()))?;
    if !numbers.is_empty() {
        let shards = found.shards[0].1.part.shards;
        let error = lazaret_plan::sweep::SweepError::Missing {
            missing: numbers,
            shards,
        };
        return Err(Failure::BadInput(error.to_string()));
    }
    let head = &found.shards[0].1;
    let files = Files::of(&OutFolder::at(folder))?;
    files.are_own(&head.study, &head.gateway)?;
    let runs = merge_shards(&files, &mut found.shards)?;
    let parquet = folder.join("results.parquet");
    let tables = if cfg!(feature = "parquet") {
        " and results.parquet".to_string()
    } else if parquet.exists() {
        format!(
            " ({} is of an earlier merge: this build writes no Parquet)",
            parquet.display()
        )
    } else {
        " (this build writes no Parquet; one made with `--features parquet` does)".to_string()
    };
    print(&format!(
        "{runs} runs in {}{tables}; columns.csv says what each column is\n",
        folder.join("results.csv").display()
    ))
}
