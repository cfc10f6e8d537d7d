//! What each row and each source of the evidence did to the answer: the answer with it beside the answer without it.

use std::collections::{BTreeMap, HashMap};

use lazaret_smc::SmcError;
use lazaret_smc::prior::Prior;
use lazaret_smc::random::StreamKey;
use lazaret_smc::smc2::LeftOut;

use super::without::Without;
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

/// Groups that filters run again without at most, where the courses drawn with them cannot tell: those that moved the answer most.
const AGAIN_MOST: usize = 12;

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
        let mut groups: Vec<(String, Vec<usize>)> =
            (0..used.len()).map(|at| (row(at), vec![at])).collect();
        let of_sources = sources(self.question);
        let named = of_sources.iter();
        groups.extend(named.map(|(name, group)| (name.to_string(), group.clone())));
        let told = self.question.observations.stories.iter();
        groups.extend(told.map(|story| (story.name.clone(), story.rows.clone())));
        let Some(mut rows) = self.each(&groups)? else {
            return Ok(None);
        };
        let mut sources = rows.split_off(used.len());
        let mut stories = sources.split_off(of_sources.len());
        stories.sort_by(|a, b| b.moved.total_cmp(&a.moved));
        for (source, group) in sources.iter_mut().zip(of_sources.values()) {
            let mut letters: Vec<usize> = group.iter().filter_map(|at| used[*at].source).collect();
            letters.sort_unstable();
            letters.dedup();
            source.learned = self.learned.pooled(&letters);
        }
        sources.sort_by(|a, b| b.moved.total_cmp(&a.moved));
        Ok(Some((rows, sources, stories)))
    }

    /// What each group of rows did. Courses that were drawn with it are weighed anew; filters run again without it where these
    /// cannot tell. A source with a single row did what its row did.
    fn each(&self, groups: &[(String, Vec<usize>)]) -> Result<Option<Vec<Influence>>, SmcError> {
        let mut different: Vec<Vec<usize>> = Vec::new();
        let mut number: HashMap<&[usize], usize> = HashMap::new();
        let of: Vec<usize> = groups
            .iter()
            .map(|(_, group)| {
                *number.entry(group).or_insert_with(|| {
                    different.push(group.clone());
                    different.len() - 1
                })
            })
            .collect();
        let Some(found) = self.left_out(&different)? else {
            return Ok(None);
        };
        let each = groups.iter().zip(of).map(|((name, group), at)| {
            self.attendance.done(1);
            self.influence(name.clone(), group, &found[at])
        });
        Ok(Some(each.collect()))
    }

    /// The answer without each group.
    fn left_out(&self, groups: &[Vec<usize>]) -> Result<Option<Vec<Gone>>, SmcError> {
        let thetas = self.sampler.thetas().len();
        let left_out: Vec<usize> = self.sampler.conflicts().iter().map(|c| c.row).collect();
        let key = StreamKey::new(self.question.effort.seed).child(94);
        let observations = self.question.observations;
        let without = Without::of(
            self.site,
            self.sampler,
            observations,
            &left_out,
            groups,
            key,
        )?;
        let mut found: Vec<Gone> = match &without {
            Some(without) => {
                let with = without.with(thetas);
                let each = (0..groups.len()).map(|group| {
                    let left = without.group(group, thetas);
                    Gone {
                        moved: moved(&with, &left.weights),
                        with: with.clone(),
                        share: share(&left.weights),
                        without: left.weights,
                        log_evidence_of_rows: left.log_evidence_of_rows,
                        reliable: left.reliable,
                        shape: Some(left.shape).filter(|shape| shape.is_finite()),
                    }
                });
                each.collect()
            }
            // So many stories hang together that no sum over them is made.
            None => {
                let with = self.sampler.weights();
                let roughly = self.sampler.leave_out_roughly(self.site, groups)?;
                let each = roughly.into_iter().map(|left| Gone::of(&with, left, false));
                each.collect()
            }
        };
        let mut again: Vec<usize> = (0..found.len()).filter(|at| !found[*at].reliable).collect();
        again.sort_by(|a, b| found[*b].moved.total_cmp(&found[*a].moved));
        let with = self.sampler.weights();
        for at in again.into_iter().take(AGAIN_MOST) {
            if self.attendance.wants_an_end() {
                return Ok(None);
            }
            match self.sampler.leave_out(self.site, &groups[at]) {
                Ok(left) => found[at] = Gone::of(&with, left, true),
                // Without the group the rest is impossible for these θ: it cannot be told what it did, only that it did much.
                Err(SmcError::Revision { .. }) => {
                    found[at].log_evidence_of_rows = f64::NEG_INFINITY;
                }
                Err(other) => return Err(other),
            }
        }
        Ok((!self.attendance.wants_an_end()).then_some(found))
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

    fn influence(&self, name: String, group: &[usize], gone: &Gone) -> Influence {
        let Self {
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
                    mean: shown(unknown.dimension, mean(&gone.with) - mean(&gone.without)),
                    unit: unit(unknown.dimension),
                }
            })
            .collect();
        Influence {
            name,
            rows: group.iter().map(|at| used[*at].row).collect(),
            moved: gone.moved,
            shifts,
            log_evidence: gone.log_evidence_of_rows,
            misreport: mean(&|at| learned.rows[at]),
            misreport_before: mean(&|at| used[at].misreport),
            learned: None,
            rough: !gone.reliable && gone.moved > 0.05
                || gone.share < 0.1 && sampler.thetas().len() > 1,
            pareto_k: gone.shape,
            says_of: if group.len() > 1 {
                self.says_of(&unknowns, &gone.with, &gone.without)
            } else {
                Vec::new()
            },
        }
    }
}

/// The answer with a group of rows and without it.
struct Gone {
    /// Weights of the sampler's θ.
    with: Vec<f64>,
    /// See `with`.
    without: Vec<f64>,
    /// How far the one is from the other.
    moved: f64,
    /// Effective share of the θ without it.
    share: f64,
    log_evidence_of_rows: f64,
    /// Whether it does not hang on a few courses.
    reliable: bool,
    /// See [`Influence::pareto_k`].
    shape: Option<f64>,
}

impl Gone {
    fn of(with: &[f64], left: LeftOut, reliable: bool) -> Self {
        Self {
            with: with.to_vec(),
            moved: moved(with, &left.weights),
            share: left.share,
            without: left.weights,
            log_evidence_of_rows: left.log_evidence_of_rows,
            reliable,
            shape: None,
        }
    }
}

/// Effective number of weights that sum to 1, as a share of how many there are.
fn share(weights: &[f64]) -> f64 {
    1.0 / (weights.iter().map(|w| w * w).sum::<f64>() * weights.len() as f64)
}
