//! The board that `lazaret serve --evidence` keeps: what the server shows, made with the watcher's commands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use lazaret_gateway::Diagnostic;
use lazaret_gateway::model::Gateway;
use lazaret_server::{Board, Checked, Draw, Progress};
use lazaret_watch::attendance::Attendance;
use lazaret_watch::compare::Hypothesis;
use lazaret_watch::evidence::{self, COLUMNS, Evidence};
use lazaret_watch::kernel::{day_of, first_day};
use lazaret_watch::observation::{self, Observations};
use lazaret_watch::rules::Rules;

use super::common::{Common, DAYS_MOST, EffortArguments, KernelName, Material, read_rules};
use super::record::Keeper;
use super::{compare, estimate, next};
use crate::input::Input;
use crate::output::Failure;

/// Number of days that the board looks ahead.
const AHEAD: usize = 28;

/// Makes boards of evidence about one gateway.
struct Painter {
    gateway: Gateway,
    rules: Rules,
    common: Common,
    hypotheses: Option<(PathBuf, Vec<Hypothesis>)>,
    /// What a drawing needs; it is drawn once at a time.
    material: Mutex<Material>,
}

/// Reads what a board needs and begins to draw it.
///
/// * `given` — the file of explanations; that beside the gateway file if not given.
pub(crate) fn start(
    input: &Input,
    evidence: &Path,
    given: Option<&Path>,
) -> Result<Arc<Board>, Failure> {
    if input.file.as_os_str() == "-" {
        return Err(Failure::BadInput(
            "a board needs the files next to the gateway file; name the gateway file instead of `-`"
                .to_string(),
        ));
    }
    // People at work come first: the board takes half of the machine.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let common = Common {
        input: input.clone(),
        evidence: evidence.to_path_buf(),
        observe: None,
        as_of: None,
        effort: EffortArguments {
            seed: 1,
            threads: Some(u16::try_from(cores.div_ceil(2)).unwrap_or(u16::MAX)),
            thetas: 512,
            states: 128,
            runs: 3,
        },
        kernel: KernelName::Count,
        json: false,
    };
    // All that is wrong is told now, with its place, and not when somebody looks.
    let material = common.load()?;
    let gateway = material.gateway().clone();
    let rules = read_rules(None, &input.file, &gateway)?;
    let hypotheses = match estimate::hypotheses(given, &common) {
        Some(path) => Some((path.clone(), compare::hypotheses(&path)?)),
        None => None,
    };
    let painter = Painter {
        gateway,
        rules,
        common,
        hypotheses,
        material: Mutex::new(material),
    };
    Board::start(evidence, painter).map_err(Failure::BadInput)
}

impl Painter {
    /// What `watch check` reads: rows, what they say, and the day of the latest publication.
    fn read(&self, text: &str) -> Result<(Evidence, Observations, Date), Vec<Diagnostic>> {
        let evidence = evidence::read(text)?;
        let latest = evidence.rows.iter().max_by_key(|row| row.published.last);
        let as_of = latest.map_or_else(|| first_day(&self.gateway), |row| row.published.last);
        if let Some(row) = latest
            && day_of(&self.gateway, as_of) > DAYS_MOST
        {
            return Err(vec![
                Diagnostic::error(
                    "too-late",
                    row.at(),
                    format!(
                        "{as_of} is more than ten years after the gateway file starts on {}",
                        first_day(&self.gateway)
                    ),
                )
                .help("is the date of publication right?"),
            ]);
        }
        let observations = observation::bind(&self.gateway, &self.rules, &evidence.rows, as_of)?;
        Ok((evidence, observations, as_of))
    }

    fn page(&self, material: &Material, progress: &Progress) -> Result<String, Failure> {
        let tried = self
            .hypotheses
            .as_ref()
            .map_or(0, |(_, hypotheses)| compare::distinct(hypotheses));
        progress.expect(material.steps() + tried * material.trial_steps() + next::steps(material));
        let attendance = Attendance {
            progress: &|steps| progress.made(steps as u64),
            ..Attendance::nobody()
        };
        let until = material.observations.last_day + AHEAD;
        let answer = estimate::answer(&self.common, material, &[], until, &attendance)?;
        let groups = match &self.hypotheses {
            Some((path, hypotheses)) => {
                compare::groups(&self.common, material, hypotheses, path, &attendance)?.groups
            }
            None => Vec::new(),
        };
        let tally = Keeper::beside(&self.common.evidence).tally()?;
        let page = estimate::page_of(
            material,
            &answer,
            until,
            &groups,
            tally.as_ref(),
            &attendance,
        )?;
        Ok(page.html())
    }
}

impl Draw for Painter {
    fn columns(&self) -> Vec<&'static str> {
        COLUMNS.iter().copied().chain(["copies"]).collect()
    }

    fn check(&self, text: &str) -> Result<Checked, Vec<Diagnostic>> {
        let (evidence, observations, _) = self.read(text)?;
        let mut words: BTreeMap<&'static str, BTreeSet<&str>> = BTreeMap::new();
        for row in &evidence.rows {
            for (column, word) in [
                ("observer", &row.observer),
                ("medium", &row.medium),
                ("subject", &row.subject),
                ("quantity", &row.quantity),
                ("unit", &row.unit),
            ] {
                words.entry(column).or_default().insert(word);
            }
        }
        let mut known: BTreeMap<&'static str, Vec<String>> = words
            .into_iter()
            .map(|(column, words)| (column, words.into_iter().map(str::to_owned).collect()))
            .collect();
        let ids = evidence.rows.iter().map(|row| row.id.to_string()).collect();
        known.insert("id", ids);
        let measures = self.rules.observe.iter().map(|rule| {
            let unit = rule.unit.clone().unwrap_or_default();
            [rule.subject.clone(), rule.quantity.clone(), unit]
        });
        Ok(Checked {
            rows: evidence.rows.len(),
            unused: observations
                .unused
                .iter()
                .map(|unused| {
                    (
                        evidence.rows[unused.row].id.to_string(),
                        unused.why.in_words(),
                    )
                })
                .collect(),
            known,
            measures: measures.collect(),
        })
    }

    fn draw(&self, text: &str, progress: &Progress) -> Result<String, String> {
        let (evidence, observations, as_of) =
            self.read(text).map_err(|wrong| wrong[0].message.clone())?;
        let mut material = self.material.lock().unwrap_or_else(PoisonError::into_inner);
        material.observations = observations;
        material.evidence = evidence;
        material.as_of = as_of;
        self.page(&material, progress)
            .map_err(|failure| match failure {
                Failure::BadInput(why) | Failure::Machine(why) => why,
                _ => {
                    "the files next to the gateway file can no longer be read; the server's output \
                      gives the reason"
                        .to_string()
                }
            })
    }
}
