//! The simulator as an [`Experiment`]: designs are overrides of a gateway file, replications run on all threads.
//!
//! Every draw of the simulator is keyed by (seed, replication, purpose, entity), so replication `r` shares all draws
//! that mean the same thing in all designs: the common random numbers that the methods of this crate rely on.
//!
//! Besides the simulator's own metrics each row holds a few that plans need, listed in `lazaret_sim::metrics`.

mod course;
pub mod prior;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use lazaret_gateway::model::{Gateway, StepKind};
use lazaret_gateway::{Diagnostic, Document};
use lazaret_sim::metrics::{self, GROWTH, STOPS};
use lazaret_sim::{Measurements, Model, Replication, Silent, Situation, StillInside, Unit, World};
use lazaret_vocabulary::time::GateTime;
use rayon::prelude::*;

use self::course::Course;
use crate::experiment::{Design, Experiment, ExperimentError, Metric, Rows};

/// Is told how far the runs are, and asked whether to stop. Called from many threads.
pub trait Watch: Sync {
    /// One more replication has been run.
    fn ran(&self);

    /// Whether the user wants to stop.
    fn stop(&self) -> bool;
}

/// Nobody watches and nobody stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn ran(&self) {}

    fn stop(&self) -> bool {
        false
    }
}

/// Gives the text of a CSV file that the gateway file names; may be asked from any thread.
pub type SharedCsvFiles<'a> = &'a (dyn Fn(&str) -> Result<String, String> + Sync);

/// A gateway file under experiment.
pub struct Simulated<'a> {
    document: &'a Document,
    overrides: Vec<String>,
    csv: SharedCsvFiles<'a>,
    seed: u64,
    warm_up: GateTime,
    watch: &'a dyn Watch,
    gateway: Gateway,
    metrics: Vec<Metric>,
    /// Metrics that the simulator measures itself; those of plans follow.
    own: usize,
    /// Which metric is the growth of the backlog.
    growth: usize,
    /// Times that count what is still inside; their values follow those.
    still_inside: StillInside,
    /// Compiled designs, for designs that come again and again.
    compiled: Mutex<HashMap<String, Arc<Model>>>,
    /// Where every future starts, if not from an empty gateway.
    situation: Option<Situation>,
}

/// Why an experiment cannot be set up.
#[derive(Debug)]
pub enum SetUpError {
    /// The file is not a valid gateway; everything that is wrong with it.
    File(Vec<Diagnostic>),
    /// It reads well but cannot be simulated.
    Compile(String),
}

impl<'a> Simulated<'a> {
    /// Sets the experiment up and compiles the base design.
    ///
    /// * `overrides` — PATH=VALUE, put over the file in every design.
    /// * `warm_up` — statistics start there; [`GateTime::START`] counts everything.
    ///
    /// Besides the simulator's metrics a row has those that `lazaret_sim::metrics` lists for plans: the growth of the
    /// backlog, times that count what is still inside (ending in `.with_inside`), and whether the future came to a
    /// stop.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn new(
        document: &'a Document,
        overrides: &[String],
        csv: SharedCsvFiles<'a>,
        seed: u64,
        warm_up: GateTime,
        watch: &'a dyn Watch,
    ) -> Result<Self, SetUpError> {
        let gateway = document
            .read(overrides, csv)
            .map_err(SetUpError::File)?
            .gateway;
        let model = Model::compile(&gateway).map_err(|e| SetUpError::Compile(e.to_string()))?;
        let described = |name: &str, unit: Unit, meaning: &str| Metric {
            name: name.to_owned(),
            unit: unit.words().to_owned(),
            meaning: meaning.to_owned(),
        };
        let mut metrics: Vec<Metric> = model
            .metrics()
            .all()
            .iter()
            .map(|m| described(&m.name, m.unit, m.meaning))
            .collect();
        let own = metrics.len();
        let growth = metrics.len();
        metrics.push(described(GROWTH.name, GROWTH.unit, GROWTH.meaning));
        let still_inside = StillInside::new(&model);
        let again: Vec<Metric> = still_inside
            .positions()
            .map(|at| Metric {
                name: metrics::with_inside(&metrics[at].name),
                unit: metrics[at].unit.clone(),
                meaning: format!(
                    "{}, with what is still inside at the end counted as at least its age",
                    metrics[at].meaning
                ),
            })
            .collect();
        metrics.extend(again);
        metrics.extend(STOPS.iter().map(|f| described(f.name, f.unit, f.meaning)));
        let compiled = Mutex::new(HashMap::from([(String::new(), Arc::new(model))]));
        Ok(Simulated {
            document,
            overrides: overrides.to_vec(),
            csv,
            seed,
            warm_up,
            watch,
            gateway,
            metrics,
            own,
            growth,
            still_inside,
            compiled,
            situation: None,
        })
    }

    /// The same, with every future of every design starting from `situation`. There is no warm-up then.
    ///
    /// # Errors
    /// If the situation cannot be that of the base design.
    pub fn starting_from(mut self, situation: Situation) -> Result<Self, SetUpError> {
        let model = Model::compile_from(&self.gateway, &situation)
            .map_err(|e| SetUpError::Compile(e.to_string()))?;
        self.gateway = model.gateway().clone();
        self.warm_up = GateTime::START;
        self.still_inside = StillInside::new(&model);
        self.compiled = Mutex::new(HashMap::from([(String::new(), Arc::new(model))]));
        self.situation = Some(situation);
        Ok(self)
    }

    /// The gateway of the base design.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// How many of the longest regular cycles of the gateway the run holds; none if nothing recurs.
    #[must_use]
    pub fn cycles(&self) -> Option<f64> {
        let cycle = course::longest_cycle(&self.gateway);
        let span = self.gateway.length.micros() - self.warm_up.micros();
        (cycle > 0.0).then(|| span as f64 / cycle)
    }

    /// The place of the first hold, if the gateway has one: the place whose filling up is "overflow".
    #[must_use]
    pub fn hold_place(&self) -> Option<&str> {
        self.gateway
            .steps
            .iter()
            .find(|s| matches!(s.kind, StepKind::Hold { .. }))
            .map(|s| self.gateway.places[s.at.index()].name.as_str())
    }

    /// Names of the load metrics: of each place with limited room, and of each crew and piece of equipment.
    #[must_use]
    pub fn load_metrics(&self) -> Vec<String> {
        let places = self
            .gateway
            .places
            .iter()
            .filter(|p| p.slots.is_some())
            .map(|p| metrics::place::LOAD.of(&p.name));
        let resources = self.gateway.resources.iter();
        let resources = resources.map(|r| metrics::utilisation(r.kind, &r.name));
        places
            .chain(resources)
            .filter(|n| self.metrics.iter().any(|m| m.name == *n))
            .collect()
    }

    fn model(&self, design: &Design) -> Result<Arc<Model>, ExperimentError> {
        let changes: Vec<String> = design
            .changes
            .iter()
            .map(|c| format!("{}={}", c.path, c.value))
            .collect();
        let key = changes.join("\n");
        if let Some(model) = self
            .compiled
            .lock()
            .expect("no thread panics with the lock held")
            .get(&key)
        {
            return Ok(Arc::clone(model));
        }
        let bad = |message: String| ExperimentError::BadDesign {
            design: design.to_string(),
            message,
        };
        let all: Vec<String> = self.overrides.iter().cloned().chain(changes).collect();
        let reading = self
            .document
            .read(&all, &|name: &str| (self.csv)(name))
            .map_err(|wrong| {
                let texts: Vec<String> = wrong
                    .iter()
                    .filter(|d| d.is_error())
                    .map(|d| match &d.help {
                        Some(help) => format!("{}, {help}", d.message),
                        None => d.message.clone(),
                    })
                    .collect();
                bad(texts.join("; "))
            })?;
        let model = match &self.situation {
            None => Model::compile(&reading.gateway).map_err(|e| bad(e.to_string()))?,
            Some(situation) => {
                Model::compile_from(&reading.gateway, situation).map_err(|e| bad(e.to_string()))?
            }
        };
        // The metrics are named after what the file has, so a design must not add or rename anything.
        if model.metrics().len() != self.own
            || model
                .metrics()
                .iter()
                .zip(&self.metrics)
                .any(|(a, b)| a != b.name)
        {
            return Err(bad(
                "it adds, removes or renames things, so its metrics are not those of the file"
                    .into(),
            ));
        }
        let model = Arc::new(model);
        let mut compiled = self
            .compiled
            .lock()
            .expect("no thread panics with the lock held");
        // A bound on memory; designs of a search rarely come again after so many others.
        if compiled.len() >= 256 {
            compiled.clear();
        }
        compiled.insert(key, Arc::clone(&model));
        Ok(model)
    }

    /// Positions and priors of the pinned unknowns, checked.
    fn pins(&self, model: &Model, design: &Design) -> Result<Vec<(usize, f64)>, ExperimentError> {
        design
            .pinned
            .iter()
            .map(|(name, u)| {
                let unknowns = &model.gateway().unknowns;
                let at = unknowns
                    .iter()
                    .position(|k| k.name == *name)
                    .ok_or_else(|| {
                        let known: Vec<&str> = unknowns.iter().map(|k| k.name.as_str()).collect();
                        ExperimentError::BadDesign {
                            design: design.to_string(),
                            message: format!(
                                "unknown `{name}` is not declared; the file has {}",
                                known.join(", ")
                            ),
                        }
                    })?;
                Ok((
                    at,
                    prior::quantile(&unknowns[at].prior, u.clamp(1e-12, 1.0 - 1e-12)),
                ))
            })
            .collect()
    }

    fn runner(&self, lots_most: u64) -> Runner<'_> {
        Runner {
            lots_most,
            width: self.metrics.len(),
            growth: self.growth,
            seed: self.seed,
            warm_up: self.warm_up,
            watch: self.watch,
            still_inside: &self.still_inside,
        }
    }
}

/// What threads need of an experiment.
#[derive(Clone, Copy)]
struct Runner<'a> {
    /// A run with more lots than this in the gateway is given up.
    lots_most: u64,
    /// Metrics a row, and which of them is the growth of the backlog.
    width: usize,
    growth: usize,
    seed: u64,
    warm_up: GateTime,
    watch: &'a dyn Watch,
    still_inside: &'a StillInside,
}

impl Runner<'_> {
    /// Runs one replication and appends its row.
    fn one(
        &self,
        (world, still_inside): (&mut World<'_, Silent>, &mut StillInside),
        course: &Course,
        pins: &[(usize, f64)],
        replication: u64,
        row: &mut Vec<f64>,
    ) -> Result<(), ExperimentError> {
        if self.watch.stop() {
            return Err(ExperimentError::Interrupted);
        }
        let number = Replication::new(self.seed, replication);
        let bad = |e: lazaret_sim::UnknownsError| ExperimentError::BadDesign {
            design: format!("replication {replication}"),
            message: e.to_string(),
        };
        if !pins.is_empty() {
            world.start(number, self.warm_up).map_err(bad)?;
            let mut unknowns = world.unknowns().to_vec();
            for &(at, value) in pins {
                unknowns[at] = value;
            }
            world
                .start_with(number, self.warm_up, unknowns)
                .map_err(bad)?;
        } else {
            world.start(number, self.warm_up).map_err(bad)?;
        }
        let from = row.len();
        let Some(backlog) = course.run(world, self.lots_most) else {
            row.resize(from + self.width, f64::NAN);
            row[from + self.growth] = f64::INFINITY;
            self.watch.ran();
            return Ok(());
        };
        let unsent = course.unsent(world);
        let outcome = world.finish();
        row.extend_from_slice(&outcome.values);
        let stops = stops(outcome);
        // The first of all metrics counts the lots that arrived.
        row.push(course.growth(backlog, row[from], unsent));
        still_inside.measure(world, row);
        row.extend(stops);
        self.watch.ran();
        Ok(())
    }
}

impl Experiment for Simulated<'_> {
    fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    fn unknowns(&self) -> Vec<String> {
        self.gateway
            .unknowns
            .iter()
            .map(|u| u.name.clone())
            .collect()
    }

    fn unknown_ranks(&self, replication: u64) -> Vec<f64> {
        let Ok(model) = self.model(&Design::base()) else {
            return Vec::new();
        };
        let mut world = World::new(&model, Silent);
        if world
            .start(Replication::new(self.seed, replication), self.warm_up)
            .is_err()
        {
            return vec![f64::NAN; self.gateway.unknowns.len()];
        }
        self.gateway
            .unknowns
            .iter()
            .zip(world.unknowns())
            .map(|(u, &x)| prior::rank(&u.prior, x))
            .collect()
    }

    fn run(&self, design: &Design, replications: Range<u64>) -> Result<Rows, ExperimentError> {
        let model = self.model(design)?;
        let pins = self.pins(&model, design)?;
        let width = self.metrics.len();
        let first = replications.start;
        let runner = self.runner(u64::MAX);
        let course = Course::of(&model, self.warm_up);
        let rows: Vec<Vec<f64>> = replications
            .into_par_iter()
            .map_init(
                || (World::new(&model, Silent), runner.still_inside.clone()),
                |(world, inside), r| {
                    let mut row = Vec::with_capacity(width);
                    runner.one((world, inside), &course, &pins, r, &mut row)?;
                    Ok(row)
                },
            )
            .collect::<Result<_, ExperimentError>>()?;
        Ok(Rows {
            first,
            width,
            values: rows.concat(),
        })
    }

    fn run_each(&self, runs: &[(Design, u64)], columns: &[usize]) -> Result<Rows, ExperimentError> {
        self.run_each_within(runs, columns, u64::MAX)
    }

    fn run_each_within(
        &self,
        runs: &[(Design, u64)],
        columns: &[usize],
        lots_most: u64,
    ) -> Result<Rows, ExperimentError> {
        // Runs of one set of changes share a compiled model; pinned unknowns do not change it.
        let mut groups: HashMap<&[crate::experiment::Change], Vec<usize>> = HashMap::new();
        for (i, (design, _)) in runs.iter().enumerate() {
            groups.entry(&design.changes).or_default().push(i);
        }
        let width = columns.len();
        let mut values = vec![f64::NAN; runs.len() * width];
        let runner = self.runner(lots_most);
        for members in groups.values() {
            let model = self.model(&runs[members[0]].0)?;
            let course = Course::of(&model, self.warm_up);
            let pinned = members
                .iter()
                .map(|&i| Ok((self.pins(&model, &runs[i].0)?, runs[i].1)))
                .collect::<Result<Vec<_>, ExperimentError>>()?;
            let found: Vec<Vec<f64>> = pinned
                .par_iter()
                .map_init(
                    || {
                        let world = World::new(&model, Silent);
                        (world, runner.still_inside.clone(), Vec::new())
                    },
                    |(world, inside, row), (pins, r)| {
                        row.clear();
                        runner.one((world, inside), &course, pins, *r, row)?;
                        Ok(columns.iter().map(|&c| row[c]).collect())
                    },
                )
                .collect::<Result<_, ExperimentError>>()?;
            for (&i, row) in members.iter().zip(found) {
                values[i * width..(i + 1) * width].copy_from_slice(&row);
            }
        }
        Ok(Rows {
            first: 0,
            width,
            values,
        })
    }
}

/// Whether a replication came to a stop, and of what kind: the values of the four metrics that say so.
fn stops(outcome: &Measurements) -> [f64; 4] {
    let deadlock = outcome.deadlock.is_some();
    let any = |overtaken| outcome.standstills.iter().any(|s| s.overtaken == overtaken);
    let (standstill, starvation) = (any(false), any(true));
    [
        deadlock || standstill || starvation,
        deadlock,
        standstill,
        starvation,
    ]
    .map(f64::from)
}
