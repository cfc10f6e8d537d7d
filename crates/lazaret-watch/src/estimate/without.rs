//! What the answer would be without some rows, from courses that were drawn with all of them.
//!
//! Along a course of things the rows depend on one another only through their sources and stories, so how much more likely all
//! rows are than the others alone is a sum over what the sources may have done and over which stories have one origin: exact, given
//! the course. Weighing courses by its inverse gives the answer without the rows, with no filter run again. Where few courses
//! would have to stand for all, the [shape](lazaret_smc::pareto) of the weights tells, and filters run again.

use lazaret_smc::SmcError;
use lazaret_smc::pareto;
use lazaret_smc::random::StreamKey;
use lazaret_smc::weights::log_sum_exp;

use super::Sampler;
use crate::course::Course;
use crate::grades::each_given_others;
use crate::kernel::Kernel;
use crate::observation::Observations;
use crate::site::Site;

/// Courses that are drawn at most, and what all of them together may cost: the products of a source with n rows are n².
const COURSES_MOST: usize = 8192;
const COURSES_LEAST: usize = 1024;
const WORK_MOST: f64 = 4e8;
/// What it takes to say how likely a row is along a course, in such products.
const WORK_OF_A_ROW: f64 = 40.0;

/// Stories up to which all ways in which they can have one origin are summed over.
const WAYS_MOST: usize = 6;

/// Of each group, along each course: the logarithm of how likely the other rows are, less that of all.
pub(super) struct Without {
    /// The number of the sampler's θ that each course is of.
    pub(super) of: Vec<usize>,
    /// By group, by course.
    pub(super) log_ratios: Vec<Vec<f32>>,
}

/// What is left without a group, by weighing courses anew.
pub(super) struct Reweighed {
    /// Weights of the sampler's θ.
    pub(super) weights: Vec<f64>,
    /// Log-evidence of the group given all others.
    pub(super) log_evidence_of_rows: f64,
    /// Shape of the tail of the weights.
    pub(super) shape: f64,
    /// Whether it can be relied on.
    pub(super) reliable: bool,
}

impl Without {
    /// Draws courses and weighs them; none where too many stories hang together to sum over.
    ///
    /// * `left_out` — rows that were not taken in.
    /// * `groups` — rows, by their positions among those used.
    pub(super) fn of<K: Kernel>(
        site: &Site<'_, K>,
        sampler: &Sampler<K>,
        observations: &Observations,
        left_out: &[usize],
        groups: &[Vec<usize>],
        key: StreamKey,
    ) -> Result<Option<Self>, SmcError> {
        let Some(said) = Said::of(observations, left_out) else {
            return Ok(None);
        };
        let squares: f64 = said
            .by_source
            .iter()
            .map(|rows| (rows.len() as f64).powi(2))
            .sum();
        let work =
            3.0 * squares * said.ways.len() as f64 + WORK_OF_A_ROW * observations.used.len() as f64;
        let count = ((WORK_MOST / work.max(1.0)) as usize).clamp(COURSES_LEAST, COURSES_MOST);
        let parts: Vec<Vec<Part>> = groups.iter().map(|group| said.parts(group)).collect();
        let paths = sampler.paths_by_theta(site, count, key, |theta, states| {
            let course = Course {
                unknowns: site.unknowns(theta),
                path: site.path(theta),
                days: states,
            };
            said.ratios(observations, &course, &parts)
        })?;
        let mut log_ratios = vec![Vec::with_capacity(paths.len()); groups.len()];
        let mut of = Vec::with_capacity(paths.len());
        for (theta, ratios) in paths {
            of.push(theta);
            for (into, ratio) in log_ratios.iter_mut().zip(ratios) {
                into.push(ratio as f32);
            }
        }
        Ok(Some(Self { of, log_ratios }))
    }

    /// The answer without group number `group`.
    ///
    /// * `thetas` — how many θ the sampler has.
    pub(super) fn group(&self, group: usize, thetas: usize) -> Reweighed {
        let mut logs: Vec<f64> = self.log_ratios[group]
            .iter()
            .map(|log| f64::from(*log))
            .collect();
        let shape = pareto::smooth(&mut logs);
        let greatest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights = vec![0.0; thetas];
        let mut total = 0.0;
        for (of, log) in self.of.iter().zip(&logs) {
            let weight = (log - greatest).exp();
            weights[*of] += weight;
            total += weight;
        }
        for weight in &mut weights {
            *weight /= total;
        }
        Reweighed {
            weights,
            log_evidence_of_rows: -(greatest + (total / logs.len() as f64).ln()),
            shape,
            reliable: shape <= pareto::reliable(logs.len()),
        }
    }

    /// Weights of the sampler's θ with all rows, as the courses have them.
    pub(super) fn with(&self, thetas: usize) -> Vec<f64> {
        let mut weights = vec![0.0; thetas];
        for of in &self.of {
            weights[*of] += 1.0 / self.of.len() as f64;
        }
        weights
    }
}

/// Rows of one source that belong to a group.
struct Part {
    source: usize,
    rows: Vec<usize>,
}

/// What is the same along every course: who said what, and the ways in which stories can have one origin.
struct Said {
    /// By source: its rows that were taken in.
    by_source: Vec<Vec<usize>>,
    /// Bits of the stories that have one origin, and the logarithm of its chance.
    ways: Vec<(usize, f64)>,
}

impl Said {
    fn of(observations: &Observations, left_out: &[usize]) -> Option<Self> {
        let used = &observations.used;
        let mut chances: Vec<(usize, f64)> = Vec::new();
        for retold in used.iter().filter_map(|observation| observation.retold) {
            if let Some(slot) = retold.slot
                && !chances.iter().any(|(known, _)| *known == slot)
            {
                chances.push((slot, retold.chance));
            }
        }
        if chances.len() > WAYS_MOST {
            return None;
        }
        let ways = (0..1usize << chances.len()).map(|way| {
            let mut bits = 0;
            let mut log = 0.0;
            for (at, (slot, chance)) in chances.iter().enumerate() {
                if way >> at & 1 == 1 {
                    bits |= 1 << slot;
                    log += chance.ln();
                } else {
                    log += (1.0 - chance).ln();
                }
            }
            (bits, log)
        });
        let by_source = observations.sources.iter().map(|source| {
            let rows = source.rows.iter().copied();
            rows.filter(|row| !left_out.contains(row)).collect()
        });
        Some(Self {
            by_source: by_source.collect(),
            ways: ways.collect(),
        })
    }

    /// The rows of a group by source; those that were not taken in are gone already.
    fn parts(&self, group: &[usize]) -> Vec<Part> {
        let parts = self.by_source.iter().enumerate().map(|(source, taken)| {
            let rows = taken.iter().copied();
            Part {
                source,
                rows: rows.filter(|row| group.contains(row)).collect(),
            }
        });
        parts.filter(|part| !part.rows.is_empty()).collect()
    }

    /// For each group, the logarithm of how likely the other rows are along a course, less that of all.
    fn ratios(
        &self,
        observations: &Observations,
        course: &Course,
        groups: &[Vec<Part>],
    ) -> Vec<f64> {
        let used = &observations.used;
        let alone: Vec<(f64, f64)> = used
            .iter()
            .map(|observation| observation.alone(course.truth(observation)))
            .collect();
        let said = |row: usize, way: usize| -> (f64, f64) {
            let Some(retold) = used[row].retold else {
                return alone[row];
            };
            match retold.slot {
                Some(slot) if way >> slot & 1 == 1 => (retold.likely, retold.likely),
                Some(_) => alone[row],
                None => {
                    let mixed = |p: f64| retold.chance * retold.likely + (1.0 - retold.chance) * p;
                    (mixed(alone[row].0), mixed(alone[row].1))
                }
            }
        };
        // By way: all rows, and all without each group.
        let mut whole = Vec::with_capacity(self.ways.len());
        let mut without = vec![Vec::with_capacity(self.ways.len()); groups.len()];
        for (way, log_chance) in &self.ways {
            let mut each = vec![0.0; used.len()];
            let mut sums = Vec::with_capacity(self.by_source.len());
            for (source, rows) in observations.sources.iter().zip(&self.by_source) {
                let of_rows: Vec<(f64, f64)> = rows.iter().map(|row| said(*row, *way)).collect();
                let (log, logs) = each_given_others(source, &of_rows);
                for (row, log) in rows.iter().zip(logs) {
                    each[*row] = log;
                }
                sums.push(log);
            }
            let all = log_chance + sums.iter().sum::<f64>();
            whole.push(all);
            for (group, into) in groups.iter().zip(&mut without) {
                let mut taken = 0.0;
                for part in group {
                    taken += match part.rows.as_slice() {
                        rows if rows.len() == self.by_source[part.source].len() => {
                            sums[part.source]
                        }
                        [row] => each[*row],
                        gone => {
                            let rows = self.by_source[part.source].iter();
                            let others: Vec<(f64, f64)> = rows
                                .filter(|row| !gone.contains(row))
                                .map(|row| said(*row, *way))
                                .collect();
                            let source = &observations.sources[part.source];
                            sums[part.source] - each_given_others(source, &others).0
                        }
                    };
                }
                into.push(all - taken);
            }
        }
        let all = log_sum_exp(&whole);
        without.iter().map(|logs| log_sum_exp(logs) - all).collect()
    }
}
