//! What all questions of a watcher share: files, the day, threads, the kernel, progress.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use lazaret_gateway::Diagnostic;
use lazaret_gateway::model::Gateway;
use lazaret_report::{Again, Page, Table};
pub(crate) use lazaret_vocabulary::figures::{chance as percent, number};
use lazaret_watch::belief::Belief;
use lazaret_watch::estimate::{Effort, Question, steps};
use lazaret_watch::evidence::{self, Evidence, latest};
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::kernel::{date_of, day_of};
use lazaret_watch::observation::{self, Observations};
use lazaret_watch::rules::{self, Rules};
use serde::Serialize;

use crate::again::again_of;
use crate::files::Output;
use crate::input::{FileKind, Input, Loaded, expect_kind, read_text};
use crate::origin::Origin;
use crate::output::{Failure, SHOWN_MOST, columns, say, show};
use crate::plan::seed;
use crate::simulate::result::hash;

/// The largest evidence file that is read, in bytes.
const EVIDENCE_BYTES_MAX: usize = 512 << 20;

/// The latest day that is asked about, from the start of the gateway file: ten years.
pub(crate) const DAYS_MOST: i64 = 3650;

/// The gateway, the evidence about it, and how much is computed.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The evidence: a CSV file
    #[arg(value_name = "EVIDENCE")]
    pub(crate) evidence: PathBuf,
    /// Observation rules: what the evidence measures [default: observe.toml next to the gateway file]
    #[arg(long, value_name = "RULES.toml")]
    pub(crate) observe: Option<PathBuf>,
    /// Use what was known on this day, by date of publication [default: the day of the latest publication]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<String>,
    #[command(flatten)]
    pub(crate) effort: EffortArguments,
    /// How the gateway is advanced from day to day
    #[arg(long, value_enum, default_value_t = KernelName::Count)]
    pub(crate) kernel: KernelName,
    /// Print one JSON object for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// How much is computed, with which seed, on how many threads.
#[derive(Args, Clone, Debug)]
pub(crate) struct EffortArguments {
    /// Seed of all draws
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = seed)]
    pub(crate) seed: u64,
    /// Number of threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Number of values of the unknowns in each round of a run
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u64).range(16..=100_000))]
    pub(crate) thetas: u64,
    /// Number of state particles for each value at the start; increased where needed
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u64).range(16..=100_000))]
    pub(crate) states: u64,
    /// Number of independent runs, which are combined; their disagreement gives the error of every answer
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub(crate) runs: u64,
}

/// What advances the gateway from day to day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KernelName {
    /// Counts of lots: fast, but refuses files that counts cannot express
    Count,
    /// The simulator: accepts any file, but is about a hundred times slower
    Simulator,
}

/// Writes what a command made to a file, all or nothing.
pub(crate) fn write(output: &Output, text: &str) -> Result<(), Failure> {
    output.write(text.as_bytes())
}

/// Writes a page to a file, all or nothing, with how to get it again.
pub(crate) fn write_page(output: &Output, mut page: Page, again: Again) -> Result<(), Failure> {
    page.again = Some(again);
    write(output, &page.html())
}

/// Writes what a command keeps for later to a file, as one line of JSON, all or nothing.
pub(crate) fn write_json(output: &Output, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::Machine(error.to_string()))?;
    write(output, &format!("{text}\n"))
}

/// A table without lines.
pub(crate) fn plain(header: &[&str]) -> Table {
    Table::of(header)
}

/// The lines of a table, as wide as the terminal allows.
pub(crate) fn lines(table: &Table) -> String {
    table.lines(columns())
}

/// Everything that was read.
pub(crate) struct Material {
    pub(crate) rules: Rules,
    /// Text of the rules file; empty without one.
    pub(crate) rules_text: String,
    pub(crate) loaded: Loaded,
    /// What is set on top of the gateway file.
    pub(crate) sets: Vec<String>,
    pub(crate) evidence: Evidence,
    pub(crate) observations: Observations,
    pub(crate) as_of: Date,
    pub(crate) effort: Effort,
    /// SHA-256 of the evidence.
    evidence_hash: String,
}

impl Material {
    /// What an answer was made from.
    pub(crate) fn origin(&self, common: &Common) -> Origin {
        Origin::new(
            Some(&self.gateway().name),
            Some(common.effort.seed),
            self.loaded.document.text(),
            &common.input.set,
        )
        .with("evidence_hash", self.evidence_hash.as_str())
        .with("as_of", self.as_of.to_string())
    }

    /// How to get a page about it again.
    pub(crate) fn again(&self, common: &Common) -> Again {
        let seed = common.effort.seed;
        again_of(self.loaded.document.text(), &common.input.set, seed)
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.loaded.reading.gateway
    }

    /// The question of the day, looking ahead to day `until`.
    pub(crate) fn question(&self, until: usize) -> Question<'_> {
        Question {
            gateway: self.gateway(),
            rows: &self.evidence.rows,
            observations: &self.observations,
            as_of: self.as_of,
            until: until.max(self.observations.last_day),
            effort: &self.effort,
        }
    }

    /// Steps of one answer.
    pub(crate) fn steps(&self) -> u64 {
        steps(&self.question(0))
    }

    /// Steps of trying one explanation: a day each, over all runs.
    pub(crate) fn trial_steps(&self) -> u64 {
        (self.observations.last_day as u64 + 1) * self.effort.runs
    }

    /// The gateway file with what is set on the command line, which is part of it, and what steps it.
    pub(crate) fn made_from(&self, common: &Common) -> String {
        let text = self.loaded.document.text();
        let kernel = match common.kernel {
            KernelName::Count => "",
            KernelName::Simulator => "\nby the simulator",
        };
        format!("{text}\n{}{kernel}", self.sets.join("\n"))
    }

    pub(crate) fn belief(&self) -> Belief {
        Belief::changing(
            self.gateway(),
            &self.rules.changes,
            self.observations.last_day,
        )
    }
}

impl EffortArguments {
    pub(crate) fn effort(&self) -> Effort {
        Effort {
            seed: self.seed,
            thetas: self.thetas as usize,
            states: self.states as usize,
            runs: self.runs,
            ..Effort::default()
        }
    }

    /// The threads asked for.
    pub(crate) fn pool(&self) -> Result<rayon::ThreadPool, Failure> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.map_or(0, usize::from))
            .build()
            .map_err(|error| Failure::Machine(format!("threads cannot be started: {error}")))
    }
}

impl Common {
    /// Reads everything; if something is wrong, prints all of it.
    pub(crate) fn load(&self) -> Result<Material, Failure> {
        let as_of = self
            .as_of
            .as_deref()
            .map(|text| date("--as-of", text))
            .transpose()?;
        let sets = self.sets()?;
        let input = Input {
            set: sets.clone(),
            ..self.input.clone()
        };
        let loaded = input.load()?;
        let rules = rules_and_text(
            self.observe.as_deref(),
            &self.input.file,
            &loaded.reading.gateway,
        )?;
        let (evidence, text) = read_evidence(&self.evidence)?;
        let material = bind(self, loaded, rules, evidence, &text, as_of)?;
        Ok(Material { sets, ..material })
    }

    /// What is set on top of the gateway file: priors of the rules, then the command line, which has the last word.
    fn sets(&self) -> Result<Vec<String>, Failure> {
        let mut sets = changes_of_the_rules(self.observe.as_deref(), &self.input.file)?;
        let named = |set: &str| set.split('=').next().unwrap_or("").trim().to_string();
        let given: Vec<String> = self.input.set.iter().map(|set| named(set)).collect();
        sets.retain(|set| !given.contains(&named(set)));
        sets.extend(self.input.set.iter().cloned());
        Ok(sets)
    }
}

fn bind(
    common: &Common,
    loaded: Loaded,
    (rules, rules_text): (Rules, String),
    evidence: Evidence,
    text: &str,
    as_of: Option<Date>,
) -> Result<Material, Failure> {
    let gateway = &loaded.reading.gateway;
    let start = lazaret_watch::kernel::first_day(gateway);
    let as_of = as_of.or_else(|| latest(&evidence.rows)).unwrap_or(start);
    not_too_late("--as-of", as_of, gateway)?;
    if let Some(note) = beyond_the_file(as_of, gateway) {
        say(&note);
    }
    let observations = observation::bind(gateway, &rules, &evidence.rows, as_of)
        .map_err(|wrong| refuse(&common.evidence, text, &wrong))?;
    Ok(Material {
        rules,
        rules_text,
        evidence,
        observations,
        as_of,
        effort: common.effort.effort(),
        evidence_hash: hash(text, &[]),
        sets: Vec::new(),
        loaded,
    })
}

/// A date of the command line.
///
/// * `option` — what it was given by, such as `--as-of`.
pub(crate) fn date(option: &str, text: &str) -> Result<Date, Failure> {
    text.parse::<Date>().map_err(|_| {
        Failure::BadInput(format!(
            "{option} `{text}` is not a date; write one such as 2022-02-03"
        ))
    })
}

/// Refuses a day more than ten years ahead, which is likely a slip of the pen.
///
/// * `option` — what the day was given by, such as `--as-of`.
pub(crate) fn not_too_late(option: &str, day: Date, gateway: &Gateway) -> Result<(), Failure> {
    if day_of(gateway, day) <= DAYS_MOST {
        return Ok(());
    }
    Err(Failure::BadInput(format!(
        "{day} is more than ten years after the gateway file starts on {}; is {option} right?",
        lazaret_watch::kernel::first_day(gateway)
    )))
}

/// What to know about evidence of days that the gateway file does not describe any more; nothing if there are none.
fn beyond_the_file(as_of: Date, gateway: &Gateway) -> Option<String> {
    let (day, last) = (day_of(gateway, as_of), last_day_of(gateway) as i64);
    (day > last).then(|| {
        format!(
            "the gateway file describes the place until {}, and the evidence goes on to {as_of}: later days are weighed as if the \
             place went on unchanged. If the file is valid for that long, say so with --set 'gateway.length=\"{} d\"'; if not, add \
             what changed.\n",
            date_of(gateway, last as usize),
            day + 1
        )
    })
}

/// The last day that the gateway file describes, from 0 at its start.
pub(crate) fn last_day_of(gateway: &Gateway) -> usize {
    (gateway.length.seconds() / 86_400.0).max(0.0) as usize
}

/// Refuses a day to look ahead to that the gateway file does not describe.
///
/// * `option` — what the day was given by, such as `--until`.
pub(crate) fn within_the_file(option: &str, day: usize, gateway: &Gateway) -> Result<(), Failure> {
    let last = last_day_of(gateway);
    if day <= last {
        return Ok(());
    }
    Err(Failure::BadInput(format!(
        "{option} reaches {}, but the gateway file describes the place only until {}; give an earlier day, or extend it \
         with --set 'gateway.length=\"{day} d\"' if it is valid for that long",
        date_of(gateway, day),
        date_of(gateway, last)
    )))
}

/// The rules at `given`, else beside `beside`, else those that map nothing.
pub(crate) fn read_rules(
    given: Option<&Path>,
    beside: &Path,
    gateway: &Gateway,
) -> Result<Rules, Failure> {
    rules_and_text(given, beside, gateway).map(|(rules, _)| rules)
}

/// Where the rules are: at `given`, else beside `beside`.
fn rules_path(given: Option<&Path>, beside: &Path) -> PathBuf {
    given.map_or_else(|| beside.with_file_name("observe.toml"), Path::to_path_buf)
}

/// What the rules change in the gateway file: what was believed of unknowns before any row, and what only the watcher takes otherwise.
pub(crate) fn changes_of_the_rules(
    given: Option<&Path>,
    beside: &Path,
) -> Result<Vec<String>, Failure> {
    let path = rules_path(given, beside);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read_text(&path, lazaret_gateway::FILE_BYTES_MAX).map_err(Failure::BadInput)?;
    Ok(rules::priors(&text))
}

fn rules_and_text(
    given: Option<&Path>,
    beside: &Path,
    gateway: &Gateway,
) -> Result<(Rules, String), Failure> {
    let found = rules_path(given, beside);
    if given.is_none() && !found.exists() {
        say(&format!(
            "there is no {}, so no row of the evidence can be used; see docs/watch.md\n",
            found.display()
        ));
        return Ok((Rules::default(), String::new()));
    }
    let text = read_text(&found, lazaret_gateway::FILE_BYTES_MAX).map_err(Failure::BadInput)?;
    expect_kind(&found.display().to_string(), &text, FileKind::Rules)?;
    match rules::read(&text, gateway) {
        Ok(rules) => Ok((rules, text)),
        Err(wrong) => Err(refuse(&found, &text, &wrong)),
    }
}

/// The evidence at `path`, with what looks wrong printed; if something is wrong, prints that and counts it.
pub(crate) fn read_evidence(path: &Path) -> Result<(Evidence, Arc<String>), Failure> {
    let text = evidence_text(path)?;
    let mut told = Told::default();
    let rows = evidence::read_telling(&text, &mut |diagnostic| told.take(diagnostic));
    told.show(path, &text);
    match rows {
        Some(rows) => Ok((
            Evidence {
                rows,
                warnings: Vec::new(),
            },
            text,
        )),
        None => Err(Failure::BadInputShown),
    }
}

/// The text of the evidence at `path`.
pub(crate) fn evidence_text(path: &Path) -> Result<Arc<String>, Failure> {
    let text = read_text(path, EVIDENCE_BYTES_MAX).map_err(Failure::BadInput)?;
    expect_kind(&path.display().to_string(), &text, FileKind::Evidence)?;
    Ok(Arc::new(text))
}

pub(crate) fn refuse(path: &Path, text: &str, wrong: &[Diagnostic]) -> Failure {
    let mut told = Told::default();
    for diagnostic in wrong {
        told.take(diagnostic.clone());
    }
    told.show(path, text);
    Failure::BadInputShown
}

/// What is wrong with a file: what is shown of it, and how much there is of each kind.
#[derive(Default)]
struct Told {
    shown: Vec<Diagnostic>,
    all: usize,
    /// Errors by the name of their rule.
    errors: BTreeMap<&'static str, usize>,
}

impl Told {
    fn take(&mut self, diagnostic: Diagnostic) {
        self.all += 1;
        if diagnostic.is_error() {
            *self.errors.entry(diagnostic.code).or_default() += 1;
        }
        if self.shown.len() < SHOWN_MOST {
            self.shown.push(diagnostic);
        }
    }

    fn show(&self, path: &Path, text: &str) {
        let name = path.display().to_string();
        show(&self.shown, &name, text, &[]);
        if self.all > self.shown.len() {
            say(&format!("… and {} more\n", self.all - self.shown.len()));
        }
        let errors: usize = self.errors.values().sum();
        if errors == 0 {
            return;
        }
        let kinds: Vec<String> = if errors > SHOWN_MOST {
            let kinds = self.errors.iter();
            kinds.map(|(code, n)| format!("{n} {code}")).collect()
        } else {
            Vec::new()
        };
        say(&format!(
            "{name}: {errors} error{}{}{}\n",
            if errors == 1 { "" } else { "s" },
            if kinds.is_empty() { "" } else { ": " },
            kinds.join(", ")
        ));
    }
}

/// Evaluates an expression with the kernel that was asked for, for days 0 to `$days - 1`.
macro_rules! with_kernel {
    ($name:expr, $gateway:expr, $rules:expr, $days:expr, $kernel:ident => $body:expr) => {
        match $name {
            $crate::watch::common::KernelName::Count => {
                let $kernel = &$crate::watch::common::count_kernel($gateway, $rules, $days)?;
                $body
            }
            $crate::watch::common::KernelName::Simulator => {
                $crate::watch::common::nothing_changes($rules)?;
                let compiled =
                    lazaret_watch::kernel::simulator::SimulatorKernel::new($gateway, $days)
                        .map_err(|error| $crate::output::Failure::BadInput(error.to_string()))?;
                let $kernel = &&compiled;
                $body
            }
        }
    };
}
pub(crate) use with_kernel;

/// The count kernel, or why it cannot be.
pub(crate) fn count_kernel(
    gateway: &Gateway,
    rules: &Rules,
    days: usize,
) -> Result<CountKernel, Failure> {
    let kernel = CountKernel::new(gateway, days);
    let kernel = kernel.and_then(|kernel| kernel.with_flows(gateway, &rules.flows));
    kernel.map_err(|error| {
        Failure::BadInput(format!(
            "{error}; use --kernel simulator, which is slower but supports this"
        ))
    })
}

/// Refuses rules that say how things change: the simulator steps the gateway file as it is.
pub(crate) fn nothing_changes(rules: &Rules) -> Result<(), Failure> {
    let unknowns = rules.changes.keys().map(|name| format!("[unknown.{name}]"));
    let flows = rules.flows.keys().map(|name| format!("[flow.{name}]"));
    let named: Vec<String> = unknowns.chain(flows).collect();
    if named.is_empty() {
        return Ok(());
    }
    Err(Failure::BadInput(format!(
        "--kernel simulator steps the gateway file as it is, and the rules say under {} how things change; use --kernel \
         count, or remove them from the rules",
        named.join(", ")
    )))
}
