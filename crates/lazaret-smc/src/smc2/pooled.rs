//! A sampler made of points that were weighed by all rows at once.

use rayon::prelude::*;

use super::{Member, Progress, Smc2, Smc2Settings};
use crate::at_once::{AtOnce, Pool};
use crate::error::SmcError;
use crate::filter::{Emphasis, Filter, Scratch};
use crate::model::Family;
use crate::prior::Prior;
use crate::random::StreamKey;
use crate::resampling::systematic;

impl<P: Clone + Send + Sync> Smc2<P> {
    /// The sampler whose θ are at most `theta_particles` of the points of a pool, drawn by their weights: for paths, forecasts
    /// and what leaving rows out would change.
    ///
    /// # Errors
    /// [`SmcError::Setting`], [`SmcError::NotANumber`].
    pub fn of_pool<F: Family<Population = P>>(
        pool: &Pool,
        family: &F,
        prior: &impl Prior,
        settings: &Smc2Settings,
        seed: u64,
    ) -> Result<Self, SmcError> {
        settings.check()?;
        let points: Vec<_> = pool.points().collect();
        let weights: Vec<f64> = points.iter().map(|(_, weight)| *weight).collect();
        let mut picks = vec![0u32; settings.theta_particles.min(points.len())];
        let picked = systematic(
            &weights,
            StreamKey::new(seed).stream().uniform(),
            &mut picks,
        );
        assert!(picked.is_ok(), "weights of a pool sum to 1, yet {picked:?}");
        let runs = pool.runs();
        let state_particles = runs.iter().map(AtOnce::state_particles).max();
        let conflicts = runs[0].conflicts().to_vec();
        let mut emphasis = Emphasis::default();
        for conflict in &conflicts {
            emphasis.set(conflict.row, 0.0);
        }
        let mut sampler = Self {
            settings: settings.clone(),
            seed,
            names: prior.names(),
            members: Vec::new(),
            log_weights: Vec::new(),
            progress: Progress {
                time: Some(runs[0].last()),
                rows_done: 0,
                complete: true,
                state_particles: state_particles.unwrap_or(settings.state_particles),
                emphasis,
                generation: 0,
                log_evidence: pool.log_evidence().mean(),
                increments: runs[0].named_increments(family),
                conflicts,
                rejuvenations: Vec::new(),
            },
        };
        let plan = sampler.plan(usize::MAX);
        let groups: Vec<&[u32]> = picks.chunk_by(|a, b| a == b).collect();
        let members: Vec<(Member<P>, f64)> = groups
            .into_par_iter()
            .map_init(Scratch::default, |scratch, same| {
                let (point, _) = points[same[0] as usize];
                let model = family.model(&point.theta);
                let (filter, before): (Filter<P>, f64) = plan.run(&model, point.key, scratch)?;
                let share = same.len() as f64 / picks.len() as f64;
                let member = Member {
                    theta: point.theta.clone(),
                    filter,
                    before,
                };
                Ok((member, share.ln()))
            })
            .collect::<Result<_, SmcError>>()?;
        (sampler.members, sampler.log_weights) = members.into_iter().unzip();
        let model = family.model(&sampler.members[0].theta);
        sampler.progress.rows_done = crate::model::BatchModel::rows(&model, runs[0].last()).count();
        Ok(sampler)
    }
}
