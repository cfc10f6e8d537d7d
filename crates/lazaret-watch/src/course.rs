//! Possible courses of a gateway, from what is believed before the evidence and after it.

use std::collections::HashMap;

use lazaret_gateway::model::Gateway;
use lazaret_smc::SmcError;
use lazaret_smc::at_once::Pool;
use lazaret_smc::model::{Family, simulate};
use lazaret_smc::prior::Prior;
use lazaret_smc::random::StreamKey;

use crate::belief::Belief;
use crate::changes::{Path, values_on};
use crate::kernel::{Figures, Kernel};
use crate::observation::Observation;
use crate::question::{Question, Sampler};
use crate::rules::{METRICS, Metric};
use crate::site::Site;

/// A possible course of things.
#[derive(Clone, Debug)]
pub struct Course {
    /// Values of the unknowns on the last day of the evidence, in base units.
    pub unknowns: Vec<f64>,
    /// Their values over time, with the days from which they are so; empty if nothing changes.
    pub path: Path,
    /// Figures from day 0 on.
    pub days: Vec<Figures>,
}

impl Course {
    /// The true figure of `observation`, in the unit of the evidence.
    #[must_use]
    pub fn truth(&self, observation: &Observation) -> f64 {
        let end = observation.day.min(self.days.len() - 1);
        let mut sums = [0.0; 4];
        let days = observation.summed();
        if days > 0 {
            let first = (end + 1).saturating_sub(days);
            for day in &self.days[first..=end] {
                for (sum, flow) in sums.iter_mut().zip(day.flows()) {
                    *sum += f64::from(flow);
                }
            }
        }
        let first = observation.compares().then(|| {
            let first = &self.days[(end + 1).saturating_sub(observation.window)];
            let of = observation.rule.of.iter();
            of.map(|metric| metric.value(first, &[])).sum()
        });
        observation.truth(
            &self.days[end],
            &sums,
            first,
            self.unknowns_on(observation.day),
        )
    }

    /// The value of `metric` on `day`.
    #[must_use]
    pub fn value(&self, metric: Metric, day: usize) -> f64 {
        let figures = &self.days[day.min(self.days.len() - 1)];
        metric.value(figures, self.unknowns_on(day))
    }

    /// Values of the unknowns on `day`.
    #[must_use]
    pub fn unknowns_on(&self, day: usize) -> &[f64] {
        if self.path.is_empty() {
            &self.unknowns
        } else {
            values_on(&self.path, day)
        }
    }
}

/// Figures that are followed over time, by name.
#[must_use]
pub fn followed(gateway: &Gateway) -> Vec<Metric> {
    let places = 0..gateway.places.len().min(crate::kernel::PLACES_MOST);
    places
        .map(|at| Metric::In(lazaret_gateway::model::PlaceIx(at as u16)))
        .chain(METRICS.iter().map(|(_, metric)| *metric))
        .collect()
}

/// Courses from the prior, without looking at the evidence.
pub fn prior_courses<K: Kernel>(
    site: &Site<'_, K>,
    belief: &Belief,
    question: &Question<'_>,
    key: StreamKey,
) -> Vec<Course> {
    use rayon::prelude::*;
    let site = &site.reaching(question.until);
    (0..question.effort.courses as u64)
        .into_par_iter()
        .map(|i| {
            let key = key.child(i);
            let theta = belief.prior.sample(&mut key.stream());
            Course {
                unknowns: belief.unknowns(&theta),
                path: site.path(&theta),
                days: simulate(&site.model(&theta), question.until, key.child(1)),
            }
        })
        .collect()
}

/// Courses from the posterior: the past as the evidence leaves it, the future as it follows.
///
/// # Errors
/// As the sampler's.
pub fn posterior_courses<K: Kernel>(
    site: &Site<'_, K>,
    sampler: &Sampler<K>,
    question: &Question<'_>,
    key: StreamKey,
) -> Result<Vec<Course>, SmcError> {
    let count = question.effort.courses;
    let site = &site.reaching(question.until);
    let paths = sampler.paths(site, count, question.until, key, |figures, _| *figures)?;
    Ok(paths
        .into_iter()
        .map(|path| Course {
            unknowns: site.unknowns(&path.theta),
            path: site.path(&path.theta),
            days: path.values,
        })
        .collect())
}

/// As [`posterior_courses`], with the run of `pool` that found the unknowns of each.
pub(crate) fn courses_by_run<K: Kernel>(
    site: &Site<'_, K>,
    pool: &Pool,
    sampler: &Sampler<K>,
    question: &Question<'_>,
    key: StreamKey,
) -> Result<(Vec<Course>, Vec<usize>), SmcError> {
    let bits = |theta: &[f64]| -> Vec<u64> { theta.iter().map(|x| x.to_bits()).collect() };
    let mut of: HashMap<Vec<u64>, usize> = HashMap::new();
    for (at, run) in pool.runs().iter().enumerate() {
        of.extend(run.points().iter().map(|point| (bits(&point.theta), at)));
    }
    let count = question.effort.courses;
    let site = &site.reaching(question.until);
    let paths = sampler.paths(site, count, question.until, key, |figures, _| *figures)?;
    Ok(paths
        .into_iter()
        .map(|path| {
            let run = of.get(&bits(&path.theta)).copied().unwrap_or(0);
            let course = Course {
                unknowns: site.unknowns(&path.theta),
                path: site.path(&path.theta),
                days: path.values,
            };
            (course, run)
        })
        .unzip())
}
