//! What each row and each source of the evidence did to the answer: the answer with it beside the answer without it.

use std::collections::BTreeMap;

use lazaret_smc::SmcError;
use lazaret_smc::smc2::LeftOut;

use super::{Influence, Question, Sampler, Shift, shown, unit};
use crate::attendance::Attendance;
use crate::belief::Belief;
use crate::grades::Learned;
use crate::kernel::Kernel;
use crate::site::Site;

/// An answer, and what is needed to leave rows out of it.
pub(super) struct LeavingOut<'a, K: Kernel> {
    pub(super) site: &'a Site<'a, K>,
    pub(super) sampler: &'a Sampler<K>,
    pub(super) question: &'a Question<'a>,
    pub(super) belief: &'a Belief,
    /// What the evidence taught about its sources, and the chance that each row used is a misreport.
    pub(super) learned: &'a Learned,
    pub(super) attendance: &'a Attendance<'a>,
}

/// Steps of an estimate: one a day of each run, and one for each row and each source whose influence is worked out.
#[must_use]
pub fn steps(question: &Question<'_>) -> u64 {
    let observations = question.observations;
    let days = (observations.last_day as u64 + 1) * question.effort.runs.max(1);
    if question.effort.influence {
        let groups = sources(question).len() + observations.stories.len();
        days + (observations.used.len() + groups) as u64
    } else {
        days
    }
}

/// The sources of the rows used, each with its rows, by name.
fn sources<'q>(question: &Question<'q>) -> BTreeMap<&'q str, Vec<usize>> {
    let mut sources: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, observation) in question.observations.used.iter().enumerate() {
        let source = question.rows[observation.row].source();
        sources.entry(source).or_default().push(at);
    }
    sources
}

/// What each row did, what each source did, and what each story did.
type RowsAndSources = (Vec<Influence>, Vec<Influence>, Vec<Influence>);

impl<K: Kernel> LeavingOut<'_, K> {
    /// What each row did, and what each source did, the greatest first; none if an end is wanted before all is known.
    pub(super) fn rows_and_sources(&self) -> Result<Option<RowsAndSources>, SmcError> {
        let used = &self.question.observations.used;
        let row = |at: usize| self.question.rows[used[at].row].id.to_string();
        let rows = self.each((0..used.len()).map(|at| (row(at), vec![at])))?;
        let groups = sources(self.question);
        let named = groups
            .iter()
            .map(|(name, group)| (name.to_string(), group.clone()));
        let sources = self.each(named)?;
        let told = self.question.observations.stories.iter();
        let stories = self.each(told.map(|story| (story.name.clone(), story.rows.clone())))?;
        Ok(rows
            .zip(sources)
            .zip(stories)
            .map(|((rows, mut sources), mut stories)| {
                stories.sort_by(|a, b| b.moved.total_cmp(&a.moved));
                for (source, group) in sources.iter_mut().zip(groups.values()) {
                    let mut letters: Vec<usize> =
                        group.iter().filter_map(|at| used[*at].source).collect();
                    letters.sort_unstable();
                    letters.dedup();
                    source.learned = self.learned.pooled(&letters);
                }
                sources.sort_by(|a, b| b.moved.total_cmp(&a.moved));
                (rows, sources, stories)
            }))
    }

    fn each(
        &self,
        groups: impl Iterator<Item = (String, Vec<usize>)>,
    ) -> Result<Option<Vec<Influence>>, SmcError> {
        let mut influences = Vec::new();
        for (name, group) in groups {
            if self.attendance.wants_an_end() {
                return Ok(None);
            }
            influences.push(self.influence(name, &group)?);
            self.attendance.done(1);
        }
        Ok(Some(influences))
    }

    fn influence(&self, name: String, group: &[usize]) -> Result<Influence, SmcError> {
        let Self {
            site,
            sampler,
            question,
            belief,
            learned,
            ..
        } = *self;
        let used = &question.observations.used;
        let mean = |f: &dyn Fn(usize) -> f64| {
            group.iter().map(|at| f(*at)).sum::<f64>() / group.len() as f64
        };
        let with = sampler.weights();
        let left_out = match sampler.leave_out(site, group) {
            Ok(left_out) => left_out,
            // Without the group the rest is impossible for these θ: it cannot be told what it did, only that it did much.
            Err(SmcError::Revision { .. }) => LeftOut {
                weights: with.clone(),
                share: 0.0,
                log_evidence: f64::NEG_INFINITY,
                log_evidence_of_rows: f64::NEG_INFINITY,
            },
            Err(other) => return Err(other),
        };
        let moved = with
            .iter()
            .zip(&left_out.weights)
            .filter(|(w, v)| **w > 0.0 && **v > 0.0)
            .map(|(w, v)| w * (w / v).ln())
            .sum::<f64>()
            .max(0.0);
        let unknowns: Vec<Vec<f64>> = sampler
            .thetas()
            .map(|theta| belief.unknowns(theta))
            .collect();
        let shifts = question
            .gateway
            .unknowns
            .iter()
            .enumerate()
            .map(|(at, unknown)| {
                let mean = |weights: &[f64]| -> f64 {
                    unknowns.iter().zip(weights).map(|(u, w)| u[at] * w).sum()
                };
                Shift {
                    unknown: unknown.name.clone(),
                    mean: shown(unknown.dimension, mean(&with) - mean(&left_out.weights)),
                    unit: unit(unknown.dimension),
                }
            })
            .collect();
        Ok(Influence {
            name,
            rows: group.iter().map(|at| used[*at].row).collect(),
            moved,
            shifts,
            log_evidence: left_out.log_evidence_of_rows,
            misreport: mean(&|at| learned.rows[at]),
            misreport_before: mean(&|at| used[at].misreport),
            learned: None,
            rough: left_out.share < 0.1 && sampler.thetas().len() > 1,
        })
    }
}
