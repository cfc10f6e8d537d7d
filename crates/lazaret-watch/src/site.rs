//! A gateway with the evidence about it, as a model that the samplers of `lazaret-smc` can run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lazaret_smc::filter::Emphasis;
use lazaret_smc::model::{BatchModel, Family};
use lazaret_smc::random::{StreamKey, Streams};

use crate::belief::Belief;
use crate::grades::Tally;
use crate::kernel::{Figures, Kernel};
use crate::observation::{Observation, Observations};
use crate::rules::Metric;

/// A kernel, the evidence and the prior: one model for each value of the unknowns.
pub struct Site<'a, K: Kernel> {
    kernel: &'a K,
    observations: &'a Observations,
    belief: &'a Belief,
    /// Stands in where the unknowns make no distribution; such values are impossible under any evidence.
    fallback: Arc<K::Fixed>,
    /// Kernels that were set lately; setting one costs as much as stepping it a hundred times.
    known: [Mutex<Known<K::Fixed>>; SHARDS],
    /// Days that rates look back.
    window: usize,
    /// Sources whose misreports are counted.
    counted: usize,
    needs_no_state: bool,
}

type Known<F> = HashMap<Vec<u64>, Arc<Setting<F>>>;

const SHARDS: usize = 16;
/// Settings kept in a shard; enough for five hundred θ and as many proposals, at some twenty kilobytes each.
const KEPT_MOST: usize = 64;

/// The unknowns and the kernel set to them.
struct Setting<F> {
    unknowns: Vec<f64>,
    fixed: Option<Arc<F>>,
}

/// The model at one value of the unknowns.
pub struct Member<'s, K: Kernel> {
    kernel: &'s K,
    observations: &'s Observations,
    setting: Arc<Setting<K::Fixed>>,
    fixed: Arc<K::Fixed>,
    window: usize,
    counted: usize,
}

/// Courses of the kernel with what rates need to remember of each.
#[derive(Debug)]
pub struct Followed<P> {
    /// The kernel's own.
    inner: P,
    count: usize,
    /// The day reached.
    day: usize,
    /// Flows of the latest days: convoys, vehicles, lots, dispatched. Each course has a row of as many days as rates
    /// look back, in which a day has its place by its number; empty if no rate is observed.
    flows: Vec<[u16; 4]>,
    /// Misreports of the sources that are counted, among their rows taken in: as many for each course as there are such.
    erred: Vec<u16>,
    /// Their rows taken in; the same for all courses.
    taken: Vec<u16>,
}

impl<P: Clone> Clone for Followed<P> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            flows: self.flows.clone(),
            erred: self.erred.clone(),
            taken: self.taken.clone(),
            ..*self
        }
    }

    fn clone_from(&mut self, from: &Self) {
        self.inner.clone_from(&from.inner);
        self.flows.clone_from(&from.flows);
        self.erred.clone_from(&from.erred);
        self.taken.clone_from(&from.taken);
        (self.count, self.day) = (from.count, from.day);
    }
}

impl<P> Followed<P> {
    /// Sums of the flows of the latest `days` days of the course `index`; 0 unless it is more than one.
    fn sums(&self, index: usize, days: usize) -> [f64; 4] {
        let mut sums = [0.0; 4];
        if days > 1 {
            let window = self.flows.len() / self.count;
            let row = &self.flows[index * window..][..window];
            for ago in 0..days.min(self.day + 1).min(window) {
                let flows = row[(self.day - ago) % window];
                for (sum, flow) in sums.iter_mut().zip(flows) {
                    *sum += f64::from(flow);
                }
            }
        }
        sums
    }
}

impl<'a, K: Kernel> Site<'a, K> {
    /// Ties the three together.
    ///
    /// * `window` — days that rates may look back, if more than the evidence needs.
    ///
    /// # Errors
    /// If the means of the unknowns make no distribution in the gateway file.
    pub fn new(
        kernel: &'a K,
        observations: &'a Observations,
        belief: &'a Belief,
        means: &[f64],
        window: usize,
    ) -> Result<Self, String> {
        let mut site = Self {
            kernel,
            observations,
            belief,
            fallback: Arc::new(kernel.fix(means)?),
            known: std::array::from_fn(|_| Mutex::new(HashMap::new())),
            window: observations.window_most.max(window),
            counted: observations
                .sources
                .iter()
                .filter(|s| s.slot.is_some())
                .count(),
            needs_no_state: false,
        };
        site.needs_no_state = site.needs_no_state();
        Ok(site)
    }

    fn setting(&self, theta: &[f64]) -> Arc<Setting<K::Fixed>> {
        let bits: Vec<u64> = theta.iter().map(|x| x.to_bits()).collect();
        let mixed = bits.iter().fold(0u64, |sum, b| {
            (sum ^ b)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
        });
        let shard = &self.known[(mixed >> 32) as usize % SHARDS];
        // A poisoned lock means that another thread panicked; what it kept is still right.
        let found = shard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&bits)
            .cloned();
        if let Some(found) = found {
            return found;
        }
        let unknowns = self.belief.unknowns(theta);
        let fixed = self.kernel.fix(&unknowns).ok().map(Arc::new);
        let setting = Arc::new(Setting { unknowns, fixed });
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= KEPT_MOST {
            shard.clear();
        }
        shard.insert(bits, Arc::clone(&setting));
        setting
    }

    /// Whether all rows are about unknowns, so that how likely they are does not depend on the course of things.
    #[must_use]
    pub fn needs_no_state(&self) -> bool {
        let unknown = |metric: &Metric| matches!(metric, Metric::Unknown(_));
        let rows = &self.observations.used;
        rows.iter().all(|row| row.rule.of.iter().all(unknown))
    }

    /// Values of the unknowns under `theta`.
    #[must_use]
    pub fn unknowns(&self, theta: &[f64]) -> Vec<f64> {
        self.belief.unknowns(theta)
    }
}

impl<K: Kernel> Family for Site<'_, K> {
    type Population = Followed<K::Population>;
    type State = Figures;
    type Model<'s>
        = Member<'s, K>
    where
        Self: 's;

    fn model<'s>(&'s self, theta: &[f64]) -> Member<'s, K> {
        let setting = self.setting(theta);
        let fixed = setting.fixed.as_ref().unwrap_or(&self.fallback);
        Member {
            kernel: self.kernel,
            observations: self.observations,
            fixed: Arc::clone(fixed),
            setting,
            window: self.window,
            counted: self.counted,
        }
    }

    /// What sources have done is summed over, as it is for answers.
    fn without_state(&self, theta: &[f64], last: usize, emphasis: &Emphasis) -> Option<Vec<f64>> {
        if !self.needs_no_state {
            return None;
        }
        let unknowns = self.belief.unknowns(theta);
        if self.kernel.fix(&unknowns).is_err() {
            let rows = self.observations.by_day.iter().take(last + 1).flatten();
            let counted = rows.filter(|row| emphasis.of(**row) > 0.0).count();
            return Some(vec![f64::NEG_INFINITY; counted]);
        }
        let none = Figures::default();
        let mut tallies: Vec<(Tally, usize)> = Vec::new();
        tallies.resize_with(self.observations.sources.len(), || (Tally::none(), 0));
        let mut logs = Vec::new();
        for row in self.observations.by_day.iter().take(last + 1).flatten() {
            let power = emphasis.of(*row);
            if power == 0.0 {
                continue;
            }
            let observation = &self.observations.used[*row];
            let said = observation.either(observation.truth(&none, &[0.0; 4], &unknowns));
            let source = observation
                .source
                .map(|s| (s, &self.observations.sources[s]));
            let p = match source {
                Some((at, source)) if source.slot.is_some() => {
                    let (tally, taken) = &mut tallies[at];
                    let (after, p) = tally.after(source, *taken, said);
                    (*tally, *taken) = (after, *taken + 1);
                    p
                }
                _ => {
                    let b = observation.misreport;
                    (1.0 - b) * said.0 + b * said.1
                }
            };
            logs.push(power * p.ln());
        }
        Some(logs)
    }
}

impl<K: Kernel> Member<'_, K> {
    fn remember(&self, population: &mut Followed<K::Population>) {
        if self.window <= 1 {
            return;
        }
        let place = population.day % self.window;
        let short = |n: u32| n.min(u32::from(u16::MAX)) as u16;
        for (i, row) in population.flows.chunks_exact_mut(self.window).enumerate() {
            row[place] = self.kernel.flows(&population.inner, i).map(short);
        }
    }

    /// The true figure of `observation` in the course `index`.
    fn truth(
        &self,
        population: &Followed<K::Population>,
        observation: &Observation,
        index: usize,
    ) -> f64 {
        let today = self.kernel.today(&population.inner, index);
        let sums = population.sums(index, observation.window);
        observation.truth(&today, &sums, &self.setting.unknowns)
    }

    /// The chances that `observation` is a misreport.
    fn chances(&self, population: &Followed<K::Population>, observation: &Observation) -> Chances {
        let source = observation.source.map(|s| &self.observations.sources[s]);
        match source.and_then(|source| Some((source, source.slot?))) {
            Some((source, slot)) => {
                let taken = f64::from(population.taken[slot]);
                Chances {
                    slot,
                    stride: self.counted,
                    // The chance after m of n is (k·b + m) / (k + n).
                    none: source.chance(0.0, taken),
                    each: 1.0 / (source.strength + taken),
                }
            }
            None => Chances {
                slot: 0,
                stride: 0,
                none: observation.misreport,
                each: 0.0,
            },
        }
    }
}

/// Chances of a misreport, by the misreports that a course counts so far.
struct Chances {
    /// Where they are counted, and counts of a course; 0 if nothing is.
    slot: usize,
    stride: usize,
    /// The chance if there were none.
    none: f64,
    /// What each adds to it.
    each: f64,
}

impl Chances {
    fn of(&self, erred: &[u16], index: usize) -> f64 {
        if self.stride == 0 {
            return self.none;
        }
        self.none + self.each * f64::from(erred[index * self.stride + self.slot])
    }
}

impl<K: Kernel> BatchModel for Member<'_, K> {
    type Population = Followed<K::Population>;
    type State = Figures;

    fn initialise(&self, count: usize, streams: &Streams) -> Self::Population {
        let days = if self.window > 1 { self.window } else { 0 };
        let mut population = Followed {
            inner: self.kernel.start(&self.fixed, count, streams),
            count,
            day: 0,
            flows: vec![[0; 4]; count * days],
            erred: vec![0; count * self.counted],
            taken: vec![0; self.counted],
        };
        self.remember(&mut population);
        population
    }

    fn step(&self, population: &mut Self::Population, day: usize, streams: &Streams) {
        self.kernel
            .step(&self.fixed, &mut population.inner, day, streams);
        population.day = day;
        self.remember(population);
    }

    fn select(&self, from: &Self::Population, ancestors: &[u32], into: &mut Self::Population) {
        self.kernel.select(&from.inner, ancestors, &mut into.inner);
        (into.count, into.day) = (ancestors.len(), from.day);
        into.flows.clear();
        if self.window > 1 {
            for ancestor in ancestors {
                let row = &from.flows[*ancestor as usize * self.window..][..self.window];
                into.flows.extend_from_slice(row);
            }
        }
        into.erred.clear();
        if self.counted > 0 {
            for ancestor in ancestors {
                let row = &from.erred[*ancestor as usize * self.counted..][..self.counted];
                into.erred.extend_from_slice(row);
            }
        }
        into.taken.clone_from(&from.taken);
    }

    fn rows(&self, day: usize) -> impl Iterator<Item = usize> + '_ {
        self.observations
            .by_day
            .get(day)
            .into_iter()
            .flatten()
            .copied()
    }

    fn log_likelihood(
        &self,
        population: &Self::Population,
        _day: usize,
        row: usize,
        into: &mut [f64],
    ) {
        if self.setting.fixed.is_none() {
            into.fill(f64::NEG_INFINITY);
            return;
        }
        let observation = &self.observations.used[row];
        let chances = self.chances(population, observation);
        for (i, slot) in into.iter_mut().enumerate() {
            let truth = self.truth(population, observation, i);
            *slot = observation.log_likelihood_if(truth, chances.of(&population.erred, i));
        }
    }

    fn taken_in(
        &self,
        population: &mut Self::Population,
        _day: usize,
        row: usize,
        exponent: f64,
        key: StreamKey,
    ) {
        let observation = &self.observations.used[row];
        if !observation.teaches {
            return;
        }
        let chances = self.chances(population, observation);
        if chances.stride == 0 {
            return;
        }
        let streams = key.at(observation.address as usize);
        for i in 0..population.count {
            let b = chances.of(&population.erred, i);
            let (mut right, mut wrong) = observation.either(self.truth(population, observation, i));
            if exponent != 1.0 {
                (right, wrong) = (right.powf(exponent), wrong.powf(exponent));
            }
            let misreported = b * wrong / (b * wrong + (1.0 - b) * right);
            let erred = streams.particle(i).uniform() < misreported;
            population.erred[i * chances.stride + chances.slot] += u16::from(erred);
        }
        population.taken[chances.slot] += 1;
    }

    fn state(&self, population: &Self::Population, index: usize) -> Figures {
        self.kernel.today(&population.inner, index)
    }
}
