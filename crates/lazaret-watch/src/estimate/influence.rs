//! What each row and each source of the evidence did to the answer: the answer with it beside the answer without it.

use std::collections::{BTreeMap, HashMap};

use lazaret_smc::SmcError;
use lazaret_smc::prior::Prior;
use lazaret_smc::random::StreamKey;
use lazaret_smc::smc2::LeftOut;

use super::{Influence, Question, Sampler, SaysOf, Shift, shown, unit};
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

/// Groups whose influence is worked out by running filters without them, if there are more: those that moved the answer most.
const EXACTLY_MOST: usize = 48;

/// How far weights are from others: the divergence, in nats.
fn moved(with: &[f64], without: &[f64]) -> f64 {
    with.iter()
        .zip(without)
        .filter(|(w, v)| **w > 0.0 && **v > 0.0)
        .map(|(w, v)| w * (w / v).ln())
        .sum::<f64>()
        .max(0.0)
}

/// Parts of the prior in which what a group says is told.
const PARTS: usize = 12;

/// What each row did, what each source did, and what each story did.
type RowsAndSources = (Vec<Influence>, Vec<Influence>, Vec<Influence>);

impl<K: Kernel> LeavingOut<'_, K> {
    /// What each row did, and what each source did, the greatest first; none if an end is wanted before all is known.
    pub(super) fn rows_and_sources(&self) -> Result<Option<RowsAndSources>, SmcError> {
        let used = &self.question.observations.used;
        let row = |at: usize| self.question.rows[used[at].row].id.to_string();
        let mut known = HashMap::new();
        let rows = self.each(&mut known, (0..used.len()).map(|at| (row(at), vec![at])))?;
        let groups = sources(self.question);
        let named = groups
            .iter()
            .map(|(name, group)| (name.to_string(), group.clone()));
        let sources = self.each(&mut known, named)?;
        let told = self.question.observations.stories.iter();
        let stories = told.map(|story| (story.name.clone(), story.rows.clone()));
        let stories = self.each(&mut known, stories)?;
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

    /// * `known` — what groups of rows did, so that a source with a single row is not tried again.
    fn each(
        &self,
        known: &mut HashMap<Vec<usize>, Influence>,
        groups: impl Iterator<Item = (String, Vec<usize>)>,
    ) -> Result<Option<Vec<Influence>>, SmcError> {
        let (names, groups): (Vec<String>, Vec<Vec<usize>>) = groups.unzip();
        // Filters run again without those that matter; what the rest did follows well enough from what is known already.
        let mut roughly: Vec<Option<LeftOut>> = vec![None; groups.len()];
        if groups.len() > EXACTLY_MOST {
            let found = self.sampler.leave_out_roughly(self.site, &groups)?;
            let with = self.sampler.weights();
            let mut order: Vec<(f64, usize)> = found
                .iter()
                .enumerate()
                .map(|(at, left_out)| (moved(&with, &left_out.weights), at))
                .collect();
            order.sort_by(|a, b| b.0.total_cmp(&a.0));
            roughly = found.into_iter().map(Some).collect();
            for (_, at) in order.into_iter().take(EXACTLY_MOST) {
                roughly[at] = None;
            }
        }
        let mut influences = Vec::new();
        for ((name, group), rough) in names.into_iter().zip(groups).zip(roughly) {
            if self.attendance.wants_an_end() {
                return Ok(None);
            }
            let found = match known.get(&group) {
                Some(found) => Influence {
                    name,
                    ..found.clone()
                },
                None => self.influence(name, &group, rough)?,
            };
            influences.push(found.clone());
            known.insert(group, found);
            self.attendance.done(1);
        }
        Ok(Some(influences))
    }

    /// The likelihood of what was left out, part by part: how much more likely values there are with it than without.
    fn says_of(&self, unknowns: &[Vec<f64>], with: &[f64], without: &[f64]) -> Vec<SaysOf> {
        let key = StreamKey::new(self.question.effort.seed).child(93);
        let prior: Vec<Vec<f64>> = (0..1200)
            .map(|i| self.belief.prior.sample(&mut key.child(i).stream()))
            .map(|theta| self.belief.unknowns(&theta))
            .collect();
        let of_unknown = |(at, unknown): (usize, &lazaret_gateway::model::Unknown)| {
            let mut values: Vec<f64> = prior.iter().map(|values| values[at]).collect();
            values.sort_by(f64::total_cmp);
            let quantile = |share: f64| {
                let place = (share * values.len() as f64) as usize;
                values[place.min(values.len() - 1)]
            };
            let edges: Vec<f64> = (1..PARTS)
                .map(|i| quantile(i as f64 / PARTS as f64))
                .collect();
            let mut sums = [(0.0, 0.0); PARTS];
            for ((values, with), without) in unknowns.iter().zip(with).zip(without) {
                let part = edges.partition_point(|edge| *edge <= values[at]);
                sums[part].0 += with;
                sums[part].1 += without;
            }
            let logs = sums.map(|(with, without)| {
                (with > 0.0 && without > 0.0).then(|| (with / without).ln())
            });
            let greatest = logs
                .iter()
                .flatten()
                .copied()
                .fold(f64::NEG_INFINITY, f64::max);
            SaysOf {
                unknown: unknown.name.clone(),
                at: (0..PARTS)
                    .map(|i| shown(unknown.dimension, quantile((i as f64 + 0.5) / PARTS as f64)))
                    .collect(),
                log_likelihood: logs
                    .iter()
                    .map(|log| log.map(|log| log - greatest))
                    .collect(),
            }
        };
        let all = self.question.gateway.unknowns.iter().enumerate();
        all.map(of_unknown).collect()
    }

    fn influence(
        &self,
        name: String,
        group: &[usize],
        roughly: Option<LeftOut>,
    ) -> Result<Influence, SmcError> {
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
        let exactly = roughly.is_none();
        let left_out = roughly.map_or_else(|| sampler.leave_out(site, group), Ok);
        let left_out = match left_out {
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
        let moved = moved(&with, &left_out.weights);
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
            rough: !exactly && moved > 0.05 || left_out.share < 0.1 && sampler.thetas().len() > 1,
            says_of: if group.len() > 1 {
                self.says_of(&unknowns, &with, &left_out.weights)
            } else {
                Vec::new()
            },
        })
    }
}
