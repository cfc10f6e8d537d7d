//! Sources that stop and start again, and that answer to the state of the place.

use lazaret_gateway::model::Gateway;

use super::plan::Plan;
use crate::rules::Metric;

/// How a source stops and answers; by default it does neither.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// How it stops and starts again.
    pub stops: Option<Stops>,
    /// How it answers to what stands in the place.
    pub answers: Option<Answers>,
}

/// Runs and pauses of unknown length, both without memory: each morning a source that runs stops with the chance 1 /
/// `runs_days`, and one that pauses starts with the chance 1 / `pauses_days`. What is due in a pause is cancelled. It
/// runs at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stops {
    /// Mean length of a run, in days.
    pub runs_days: f64,
    /// Mean length of a pause, in days.
    pub pauses_days: f64,
}

/// While more than `above` stand in `of`, only the share `lets_through` of what is due comes; the rest is cancelled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answers {
    /// The queue, all inside, or what stands in a place.
    pub of: Metric,
    /// The number above which it holds back.
    pub above: f64,
    /// The share of convoys that come even then.
    pub lets_through: f64,
}

/// What the state is asked for when a convoy is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Asked {
    Queue,
    Inside,
    Stored,
    Stage(usize),
}

/// A flow in terms of the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ruled {
    /// Chances to stop and to start again, each morning.
    pub(super) stops: Option<(f64, f64)>,
    /// What is asked, the most at which all come, and the share that comes beyond it.
    pub(super) answers: Option<(Asked, f64, f64)>,
}

impl Ruled {
    pub(super) fn of(gateway: &Gateway, plan: &Plan, flow: &Flow) -> Result<Self, String> {
        let answers = flow.answers.map(|answers| {
            let asked = match answers.of {
                Metric::Queue => Some(Asked::Queue),
                Metric::Inside => Some(Asked::Inside),
                Metric::In(place) => {
                    let stage = plan.stages.iter().position(|stage| stage.place == place);
                    let stored = plan
                        .store
                        .as_ref()
                        .is_some_and(|store| store.place == place);
                    stage.map(Asked::Stage).or(stored.then_some(Asked::Stored))
                }
                _ => None,
            };
            let of = answers.of.name(gateway);
            let asked = asked.ok_or_else(|| format!("a source cannot respond to {of}"))?;
            Ok::<_, String>((asked, answers.above, answers.lets_through))
        });
        Ok(Self {
            stops: flow
                .stops
                .map(|stops| (1.0 / stops.runs_days, 1.0 / stops.pauses_days)),
            answers: answers.transpose()?,
        })
    }
}
