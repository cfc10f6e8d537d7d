//! A gateway with the evidence about it, as a model that the samplers of `lazaret-smc` can run.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lazaret_smc::filter::Emphasis;
use lazaret_smc::model::{BatchModel, Family};
use lazaret_smc::random::{StreamKey, Streams};
use lazaret_smc::weights::log_sum_exp;

use crate::belief::Belief;
use crate::changes::Path;
use crate::grades::Misreports;
use crate::kernel::{Figures, Kernel};
use crate::observation::{Observation, Observations};
use crate::rules::Metric;
use crate::sources::Source;
use crate::tally::Tally;

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
    /// Stories that are followed.
    followed: usize,
    needs_no_state: bool,
    /// The last day to which unknowns that change are followed.
    until: usize,
    /// By row used, what is known of how likely it is; none where it is not about counts alone.
    tables: Arc<Vec<Option<CountTable>>>,
}

type Known<F> = HashMap<Vec<u64>, Arc<Setting<F>>>;

const SHARDS: usize = 16;
/// Settings kept in a shard; enough for five hundred θ and as many proposals, at some twenty kilobytes each.
const KEPT_MOST: usize = 64;

/// The unknowns over time and the kernel set to them; no kernel where they make no distribution.
struct Setting<F> {
    path: Path,
    fixed: Vec<Arc<F>>,
}

impl<F> Setting<F> {
    /// Which of the values holds on `day`.
    fn on(&self, day: usize) -> usize {
        match self.path.len() {
            1 => 0,
            _ => self.path.partition_point(|(from, _)| *from <= day).max(1) - 1,
        }
    }

    fn unknowns(&self, day: usize) -> &[f64] {
        &self.path[self.on(day)].1
    }
}

/// The model at one value of the unknowns.
pub struct Member<'s, K: Kernel> {
    kernel: &'s K,
    observations: &'s Observations,
    setting: Arc<Setting<K::Fixed>>,
    fallback: Arc<K::Fixed>,
    window: usize,
    counted: usize,
    followed: usize,
    tables: &'s [Option<CountTable>],
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
    /// What stood in the places that rows compare, on the latest days: for each course and each such place as many as `flows`.
    stocks: Vec<u32>,
    /// What is known of the sources that are counted: as many for each course as there are such.
    tallies: Vec<Tally>,
    /// For each course and each story that is followed: whether its rows have one origin, known once a retelling was taken in.
    one_origin: Vec<bool>,
    /// For each story that is followed, whether that is known; the same for all courses.
    drawn: Vec<bool>,
}

impl<P: Clone> Clone for Followed<P> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            flows: self.flows.clone(),
            stocks: self.stocks.clone(),
            tallies: self.tallies.clone(),
            one_origin: self.one_origin.clone(),
            drawn: self.drawn.clone(),
            ..*self
        }
    }

    fn clone_from(&mut self, from: &Self) {
        self.inner.clone_from(&from.inner);
        self.flows.clone_from(&from.flows);
        self.stocks.clone_from(&from.stocks);
        self.tallies.clone_from(&from.tallies);
        self.one_origin.clone_from(&from.one_origin);
        self.drawn.clone_from(&from.drawn);
        (self.count, self.day) = (from.count, from.day);
    }
}

impl<P> Followed<P> {
    /// The sum of one flow of the latest `days` days of the course `index`.
    fn sum(&self, index: usize, days: usize, flow: usize) -> u32 {
        if self.flows.is_empty() {
            return 0;
        }
        let window = self.flows.len() / self.count;
        let row = &self.flows[index * window..][..window];
        let ago = 0..days.min(self.day + 1).min(window);
        ago.map(|ago| u32::from(row[(self.day - ago) % window][flow]))
            .sum()
    }

    /// Sums of the flows of the latest `days` days of the course `index`; 0 where no rate is observed.
    fn sums(&self, index: usize, days: usize) -> [f64; 4] {
        let mut sums = [0.0; 4];
        if days > 0 && !self.flows.is_empty() {
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
            followed: followed(observations),
            needs_no_state: false,
            until: observations.last_day,
            tables: Arc::new(CountTable::of_rows(observations)),
        };
        site.needs_no_state = site.needs_no_state();
        Ok(site)
    }

    /// The same with unknowns that change followed to day `until`, which is later than the evidence.
    #[must_use]
    pub fn reaching(&self, until: usize) -> Self {
        Self {
            kernel: self.kernel,
            observations: self.observations,
            belief: self.belief,
            fallback: Arc::clone(&self.fallback),
            known: std::array::from_fn(|_| Mutex::new(HashMap::new())),
            until: until.max(self.until),
            tables: Arc::clone(&self.tables),
            ..*self
        }
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
        let path = self.belief.path(theta, self.until);
        let each: Vec<&[f64]> = path.iter().map(|(_, values)| values.as_slice()).collect();
        let fixed = self.kernel.fix_path(&each).unwrap_or_default();
        let fixed = fixed.into_iter().map(Arc::new).collect();
        let setting = Arc::new(Setting { path, fixed });
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: usize = shard.values().map(|setting| setting.fixed.len()).sum();
        if kept >= KEPT_MOST {
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
        self.followed <= WAYS_MOST && rows.iter().all(|row| row.rule.of.iter().all(unknown))
    }

    /// Values of the unknowns under `theta` on the last day of the evidence.
    #[must_use]
    pub fn unknowns(&self, theta: &[f64]) -> Vec<f64> {
        self.belief.unknowns(theta)
    }

    /// Values of the unknowns over time under `theta`; nothing if none changes.
    #[must_use]
    pub(crate) fn path(&self, theta: &[f64]) -> Path {
        if self.belief.changes() {
            self.belief.path(theta, self.until)
        } else {
            Path::new()
        }
    }
}

impl<K: Kernel> Site<'_, K> {
    /// The logarithm of the chance that of the stories that are followed those have one origin whose bits are set in `way`, and
    /// the log-likelihood of each row given those before it.
    fn in_one_way(&self, said: &[(usize, f64, (f64, f64))], way: usize) -> (f64, Vec<f64>) {
        let sources = &self.observations.sources;
        let mut tallies: Vec<(Misreports, usize)> = Vec::new();
        tallies.resize_with(sources.len(), || (Misreports::none(), 0));
        // Of all stories, also of those whose rows are left out, so that the chances of all ways add up to 1.
        let (mut log_chance, mut counted) = (0.0, 0usize);
        for retold in self.observations.used.iter().filter_map(|o| o.retold) {
            let Some(slot) = retold.slot.filter(|slot| counted >> slot & 1 == 0) else {
                continue;
            };
            counted |= 1 << slot;
            let one = way >> slot & 1 == 1;
            log_chance += if one {
                retold.chance
            } else {
                1.0 - retold.chance
            }
            .ln();
        }
        let mut logs = Vec::with_capacity(said.len());
        for (row, power, alone) in said {
            let observation = &self.observations.used[*row];
            let mut either = *alone;
            if let Some(retold) = observation.retold {
                let Some(slot) = retold.slot else {
                    let mixed = |p: f64| retold.chance * retold.likely + (1.0 - retold.chance) * p;
                    logs.push(self.next(
                        &mut tallies,
                        observation,
                        (mixed(alone.0), mixed(alone.1)),
                        *power,
                    ));
                    continue;
                };
                let one = way >> slot & 1 == 1;
                if one {
                    either = (retold.likely, retold.likely);
                }
            }
            logs.push(self.next(&mut tallies, observation, either, *power));
        }
        (log_chance, logs)
    }

    /// The log-likelihood of a row, after which its source is known a little better.
    fn next(
        &self,
        known: &mut [(Misreports, usize)],
        observation: &Observation,
        said: (f64, f64),
        power: f64,
    ) -> f64 {
        let source = observation
            .source
            .map(|at| (at, &self.observations.sources[at]));
        let p = match source {
            Some((at, source)) if source.slot.is_some() => {
                let (tally, taken) = &mut known[at];
                let (after, p) = tally.after(source, *taken, said);
                (*tally, *taken) = (after, *taken + 1);
                p
            }
            _ => {
                let b = observation.misreport;
                (1.0 - b) * said.0 + b * said.1
            }
        };
        power * p.ln()
    }
}

/// Stories up to which all ways in which they can have one origin are tried.
const WAYS_MOST: usize = 6;

impl<K: Kernel> Family for Site<'_, K> {
    type Population = Followed<K::Population>;
    type State = Figures;
    type Model<'s>
        = Member<'s, K>
    where
        Self: 's;

    fn model<'s>(&'s self, theta: &[f64]) -> Member<'s, K> {
        let setting = self.setting(theta);
        Member {
            kernel: self.kernel,
            observations: self.observations,
            fallback: Arc::clone(&self.fallback),
            setting,
            window: self.window,
            counted: self.counted,
            followed: self.followed,
            tables: &self.tables,
        }
    }

    /// What sources have done is summed over, as it is for answers.
    fn without_state(&self, theta: &[f64], last: usize, emphasis: &Emphasis) -> Option<Vec<f64>> {
        if !self.needs_no_state {
            return None;
        }
        let setting = self.setting(theta);
        if setting.fixed.is_empty() {
            let rows = self.observations.by_day.iter().take(last + 1).flatten();
            let counted = rows.filter(|row| emphasis.of(**row) > 0.0).count();
            return Some(vec![f64::NEG_INFINITY; counted]);
        }
        let none = Figures::default();
        let said: Vec<(usize, f64, (f64, f64))> = self
            .observations
            .by_day
            .iter()
            .take(last + 1)
            .flatten()
            .map(|row| (*row, emphasis.of(*row)))
            .filter(|(_, power)| *power > 0.0)
            .map(|(row, power)| {
                let observation = &self.observations.used[row];
                let truth =
                    observation.truth(&none, &[0.0; 4], None, setting.unknowns(observation.day));
                (row, power, observation.alone(truth))
            })
            .collect();
        // All ways in which the stories that are followed can have one origin or not.
        let ways = 0..1usize << self.followed;
        let each: Vec<(f64, Vec<f64>)> = ways.map(|way| self.in_one_way(&said, way)).collect();
        let mut before = 0.0;
        let mut terms: Vec<f64> = each.iter().map(|(log, _)| *log).collect();
        let mut logs = Vec::with_capacity(said.len());
        for at in 0..said.len() {
            for (term, (_, rows)) in terms.iter_mut().zip(&each) {
                *term += rows[at];
            }
            let sum = log_sum_exp(&terms);
            logs.push(sum - before);
            before = sum;
        }
        Some(logs)
    }
}

impl<K: Kernel> Member<'_, K> {
    /// The kernel as it is on `day`.
    fn fixed(&self, day: usize) -> &K::Fixed {
        let fixed = self.setting.fixed.get(self.setting.on(day));
        fixed.unwrap_or(&self.fallback)
    }

    /// What stood in the metrics of `observation` at the end of the first day of its window.
    fn first(
        &self,
        population: &Followed<K::Population>,
        observation: &Observation,
        index: usize,
    ) -> Option<f64> {
        if !observation.compares() {
            return None;
        }
        let compared = &self.observations.compared;
        let ago = (observation.window - 1).min(population.day);
        let place = (population.day - ago) % self.window;
        let of_course = &population.stocks[index * compared.len() * self.window..];
        let each = observation.rule.of.iter().map(|metric| {
            let at = compared.iter().position(|known| known == metric);
            at.map_or(0.0, |at| f64::from(of_course[at * self.window + place]))
        });
        Some(each.sum())
    }

    fn remember(&self, population: &mut Followed<K::Population>) {
        if self.window <= 1 {
            return;
        }
        let place = population.day % self.window;
        let short = |n: u32| n.min(u32::from(u16::MAX)) as u16;
        for (i, row) in population.flows.chunks_exact_mut(self.window).enumerate() {
            row[place] = self.kernel.flows(&population.inner, i).map(short);
        }
        let compared = &self.observations.compared;
        if compared.is_empty() {
            return;
        }
        let rows = population
            .stocks
            .chunks_exact_mut(self.window * compared.len());
        for (i, rows) in rows.enumerate() {
            let today = self.kernel.today(&population.inner, i);
            for (row, metric) in rows.chunks_exact_mut(self.window).zip(compared) {
                row[place] = metric.value(&today, &[]) as u32;
            }
        }
    }

    /// What the metrics of `observation`, which are counts, add up to in the course `index`.
    #[inline]
    fn total(
        &self,
        population: &Followed<K::Population>,
        observation: &Observation,
        index: usize,
    ) -> u32 {
        let days = observation.summed();
        let each = observation.rule.of.iter().map(|metric| {
            let flow = match metric {
                Metric::Convoys => 0,
                Metric::Vehicles => 1,
                Metric::Lots => 2,
                Metric::Dispatched => 3,
                _ => 4,
            };
            if flow < 4 && days > 0 {
                population.sum(index, days, flow)
            } else {
                self.kernel.figure(&population.inner, index, *metric)
            }
        });
        each.sum()
    }

    /// How likely the row is in the course `index`, as a right report and as a misreport.
    #[inline]
    fn alone(
        &self,
        population: &Followed<K::Population>,
        row: usize,
        index: usize,
        known: &mut Remembered,
    ) -> (f64, f64) {
        let observation = &self.observations.used[row];
        let table = self.tables[row].as_ref();
        let found = table
            .and_then(|table| table.alone(observation, self.total(population, observation, index)));
        found
            .unwrap_or_else(|| known.alone(observation, self.truth(population, observation, index)))
    }

    /// The likelihood of a row in each course.
    fn likelihoods(&self, population: &Followed<K::Population>, row: usize, into: &mut [f64]) {
        let observation = &self.observations.used[row];
        let chances = self.chances(observation);
        let mut known = Remembered::new();
        for (i, slot) in into.iter_mut().enumerate() {
            let origin = self.origin(population, observation, i);
            if let Origin::Told(likely) = origin {
                *slot = likely;
                continue;
            }
            let (right, wrong) = self.alone(population, row, i, &mut known);
            let b = chances.of(&population.tallies, i);
            let p = (1.0 - b) * right + b * wrong;
            *slot = match origin {
                Origin::Open => observation.repeated(p),
                _ => p,
            };
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
        let sums = population.sums(index, observation.summed());
        let first = self.first(population, observation, index);
        observation.truth(&today, &sums, first, self.setting.unknowns(population.day))
    }

    /// Whether `observation` retells an earlier row in the course `index`.
    fn origin(
        &self,
        population: &Followed<K::Population>,
        observation: &Observation,
        index: usize,
    ) -> Origin {
        match observation.retold {
            None => Origin::Alone,
            // Until a retelling is taken in nothing is drawn, and it is weighed with that summed out.
            Some(retold) => match retold.slot {
                None => Origin::Open,
                Some(slot) if !population.drawn[slot] => Origin::Open,
                Some(slot) if population.one_origin[index * self.followed + slot] => {
                    Origin::Told(retold.likely)
                }
                Some(_) => Origin::Alone,
            },
        }
    }

    /// The chances that `observation` is a misreport.
    fn chances(&self, observation: &Observation) -> Chances {
        let source = observation.source.map(|s| &self.observations.sources[s]);
        let slot = source.and_then(|source| source.slot);
        Chances {
            slot: slot.unwrap_or(0),
            stride: slot.map_or(0, |_| self.counted),
            fixed: observation.misreport,
        }
    }
}

/// Kept apart, or the power is worked out for every particle whether it is asked for or not: a third of the time of long evidence.
#[cold]
#[inline(never)]
fn raised(p: f64, exponent: f64) -> f64 {
    p.powf(exponent)
}

/// How likely a row is by the truths that were met lately: particles share theirs, as most of them are small counts.
struct Remembered([(u64, (f64, f64)); REMEMBERED]);

const REMEMBERED: usize = 64;

impl Remembered {
    fn new() -> Self {
        Self([(u64::MAX, (0.0, 0.0)); REMEMBERED])
    }

    /// [`Observation::alone`], worked out only for a truth that has not been met.
    fn alone(&mut self, observation: &Observation, truth: f64) -> (f64, f64) {
        let bits = truth.to_bits();
        let slot = &mut self.0[(bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize];
        if slot.0 != bits {
            *slot = (bits, observation.alone(truth));
        }
        slot.1
    }
}

/// How likely a row about whole numbers is as a right report, by the number: worked out once for all courses and settings, which
/// share their numbers. Who works a cell out first is a matter of chance, and what it holds is not.
struct CountTable {
    wrong: f64,
    /// Bits of the probability with the sign bit set; 0 where it is not known yet.
    right: Box<[AtomicU64]>,
}

/// Numbers up to which probabilities are kept, and rows of which they are.
const COUNTS_KEPT: usize = 4096;
const TABLES_MOST: usize = 4096;

/// Set where a cell is known: no probability is negative.
const KNOWN: u64 = 1 << 63;

impl CountTable {
    fn of_rows(observations: &Observations) -> Vec<Option<Self>> {
        let counts = |observation: &Observation| {
            let unknown = |metric: &Metric| matches!(metric, Metric::Unknown(_));
            !observation.compares() && !observation.rule.of.iter().any(unknown)
        };
        let each = observations.used.iter().enumerate();
        each.map(|(at, observation)| {
            (at < TABLES_MOST && counts(observation)).then(|| Self {
                wrong: observation.alone(0.0).1,
                right: (0..COUNTS_KEPT).map(|_| AtomicU64::new(0)).collect(),
            })
        })
        .collect()
    }

    /// [`Observation::alone`] where the metrics add up to `total`; none if that is too great to be kept.
    #[inline]
    fn alone(&self, observation: &Observation, total: u32) -> Option<(f64, f64)> {
        let cell = self.right.get(total as usize)?;
        let bits = cell.load(Ordering::Relaxed);
        let right = if bits & KNOWN != 0 {
            f64::from_bits(bits & !KNOWN)
        } else {
            let right = observation.right(observation.figure_of_total(f64::from(total), 0.0, None));
            cell.store(right.to_bits() | KNOWN, Ordering::Relaxed);
            right
        };
        Some((right, self.wrong))
    }
}

/// Whether a row retells an earlier one.
#[derive(Clone, Copy)]
enum Origin {
    /// It speaks for itself.
    Alone,
    /// It retells, which makes it this likely.
    Told(f64),
    /// Either may be.
    Open,
}

/// Stories that particles follow.
fn followed(observations: &Observations) -> usize {
    let slots = observations.used.iter().filter_map(|o| o.retold?.slot);
    slots.max().map_or(0, |last| last + 1)
}

/// Where courses keep the chance that a row is a misreport.
struct Chances {
    /// The place of its source, and places of a course; 0 if nothing is learned.
    slot: usize,
    stride: usize,
    /// The chance if nothing is.
    fixed: f64,
}

impl Chances {
    fn of(&self, tallies: &[Tally], index: usize) -> f64 {
        if self.stride == 0 {
            return self.fixed;
        }
        tallies[index * self.stride + self.slot].chance()
    }
}

impl<K: Kernel> BatchModel for Member<'_, K> {
    type Population = Followed<K::Population>;
    type State = Figures;

    fn initialise(&self, count: usize, streams: &Streams) -> Self::Population {
        let days = if self.window > 1 { self.window } else { 0 };
        let mut heard: Vec<&Source> = (self.observations.sources.iter())
            .filter(|source| source.slot.is_some())
            .collect();
        heard.sort_by_key(|source| source.slot);
        let unheard: Vec<Tally> = heard.into_iter().map(Tally::of).collect();
        let mut population = Followed {
            inner: self.kernel.start(self.fixed(0), count, streams),
            count,
            day: 0,
            flows: vec![[0; 4]; count * days],
            stocks: vec![0; count * days * self.observations.compared.len()],
            tallies: unheard.repeat(count),
            one_origin: vec![false; count * self.followed],
            drawn: vec![false; self.followed],
        };
        self.remember(&mut population);
        population
    }

    fn step(&self, population: &mut Self::Population, day: usize, streams: &Streams) {
        self.kernel
            .step(self.fixed(day), &mut population.inner, day, streams);
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
        into.stocks.clear();
        let kept = self.window * self.observations.compared.len();
        if !from.stocks.is_empty() {
            for ancestor in ancestors {
                let row = &from.stocks[*ancestor as usize * kept..][..kept];
                into.stocks.extend_from_slice(row);
            }
        }
        into.tallies.clear();
        if self.counted > 0 {
            for ancestor in ancestors {
                let row = &from.tallies[*ancestor as usize * self.counted..][..self.counted];
                into.tallies.extend_from_slice(row);
            }
        }
        into.drawn.clone_from(&from.drawn);
        into.one_origin.clear();
        if self.followed > 0 {
            for ancestor in ancestors {
                let row = &from.one_origin[*ancestor as usize * self.followed..][..self.followed];
                into.one_origin.extend_from_slice(row);
            }
        }
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
        if self.setting.fixed.is_empty() {
            into.fill(f64::NEG_INFINITY);
            return;
        }
        self.likelihoods(population, row, into);
        for slot in into {
            *slot = slot.ln();
        }
    }

    fn likelihood(
        &self,
        population: &Self::Population,
        _day: usize,
        row: usize,
        into: &mut [f64],
    ) -> bool {
        if self.setting.fixed.is_empty() {
            return false;
        }
        self.likelihoods(population, row, into);
        true
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
        let draws_origin = observation
            .retold
            .filter(|retold| retold.slot.is_some_and(|slot| !population.drawn[slot]));
        let chances = self.chances(observation);
        let teaches = observation.teaches && chances.stride > 0;
        if !teaches && draws_origin.is_none() {
            return;
        }
        let streams = key.at(observation.address as usize);
        let mut known = Remembered::new();
        for i in 0..population.count {
            let b = chances.of(&population.tallies, i);
            let power = |p: f64| {
                if exponent == 1.0 {
                    p
                } else {
                    raised(p, exponent)
                }
            };
            let said = self.alone(population, row, i, &mut known);
            let (right, wrong) = (power(said.0), power(said.1));
            let alone = (1.0 - b) * right + b * wrong;
            if let Some(retold) = draws_origin
                && let Some(slot) = retold.slot
            {
                let told = retold.chance * power(retold.likely);
                let one = told / (told + (1.0 - retold.chance) * alone);
                let drawn = streams.particle(i).uniform();
                population.one_origin[i * self.followed + slot] = drawn < one;
            }
            if !teaches {
                continue;
            }
            let drawn = draws_origin.and_then(|retold| retold.slot);
            let origin = match drawn.map(|slot| population.one_origin[i * self.followed + slot]) {
                Some(true) => Origin::Told(1.0),
                Some(false) => Origin::Alone,
                None => self.origin(population, observation, i),
            };
            let misreported = match origin {
                // A retelling leaves open whether its source would have been wrong: it teaches nothing.
                Origin::Told(_) => b,
                Origin::Alone => b * wrong / alone,
                Origin::Open => {
                    let (right, wrong) =
                        (observation.repeated(said.0), observation.repeated(said.1));
                    let (right, wrong) = (power(right), power(wrong));
                    b * wrong / (b * wrong + (1.0 - b) * right)
                }
            };
            let tally = &mut population.tallies[i * chances.stride + chances.slot];
            *tally = tally.after(misreported);
        }
        if let Some(slot) = draws_origin.and_then(|retold| retold.slot) {
            population.drawn[slot] = true;
        }
    }

    fn state(&self, population: &Self::Population, index: usize) -> Figures {
        self.kernel.today(&population.inner, index)
    }
}
