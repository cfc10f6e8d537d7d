//! What to look at next: how much each look on each day would tell, and at what cost.

use jiff::civil::Date;
use lazaret_smc::information::{
    Experiment, InformationGain, expected_information_gain, expected_information_gain_about,
};
use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::summary::Weighted;
use serde::Serialize;

use crate::attendance::Attendance;
use crate::estimate::{Ask, Course, Question, WatchError};
use crate::grades::learn;
use crate::kernel::date_of;
use crate::observation::{Observation, Statement};
use crate::rules::Rules;

/// What is to be learned.
#[derive(Clone, Debug)]
pub enum Aim {
    /// Whether a statement is true.
    Statement(Ask),
    /// The value of an unknown, in quarters that are equally likely now.
    Unknown(usize),
    /// Everything: unknowns and state on the day of the look.
    Everything,
}

/// A look on a day, and what it would tell.
#[derive(Clone, Debug, Serialize)]
pub struct Suggestion {
    /// What to look at, with which instrument.
    pub look: String,
    /// When.
    pub date: Date,
    /// Expected information, in nats.
    pub gain: f64,
    /// Monte Carlo standard error of the gain.
    pub standard_error: f64,
    /// Cost of the look.
    pub cost: f64,
    /// Gain for a unit of cost.
    pub gain_per_cost: f64,
}

struct Looking<'a> {
    observation: Observation,
    truths: Vec<f64>,
    /// Chance of a misreport by course, where its source is known.
    misreports: Option<Vec<f64>>,
    courses: &'a [Course],
}

impl Looking<'_> {
    fn misreport(&self, index: usize) -> f64 {
        let known = self.misreports.as_ref().map(|chances| chances[index]);
        known.unwrap_or(self.observation.misreport)
    }
}

impl Experiment for Looking<'_> {
    type Outcome = Statement;

    fn draws(&self) -> usize {
        self.courses.len()
    }

    fn simulate(&self, index: usize, rng: &mut Stream) -> Statement {
        let truth = self.truths[index];
        self.observation
            .simulate_if(truth, self.misreport(index), rng)
    }

    fn log_density(&self, index: usize, outcome: &Statement) -> f64 {
        let truth = self.truths[index];
        let seen = self.observation.saying(*outcome);
        seen.log_likelihood_if(truth, self.misreport(index))
    }
}

/// Ranks all looks of `rules` on every `step`-th day after the present by gain for cost, the best first.
///
/// * `courses` — draws from the posterior that reach the last day of `question`.
/// * `attendance` — is told of each look.
///
/// # Errors
/// [`WatchError::Stopped`].
pub fn next(
    question: &Question<'_>,
    rules: &Rules,
    courses: &[Course],
    aim: &Aim,
    step: usize,
    key: StreamKey,
    attendance: &Attendance<'_>,
) -> Result<Vec<Suggestion>, WatchError> {
    let first = question.observations.last_day + 1;
    let answers: Option<Vec<usize>> = match aim {
        Aim::Everything => None,
        Aim::Statement(ask) => Some(
            courses
                .iter()
                .map(|c| usize::from(ask.holds_in(c, question.until)))
                .collect(),
        ),
        Aim::Unknown(at) => {
            let values: Vec<f64> = courses.iter().map(|c| c.unknowns[*at]).collect();
            let sorted = Weighted::equal(values.clone());
            let cuts = [0.25, 0.5, 0.75].map(|level| sorted.quantile(level));
            let quarter = |value: &f64| cuts.iter().filter(|cut| value > *cut).count();
            Some(values.iter().map(quarter).collect())
        }
    };
    let mut suggestions = Vec::new();
    let learned = rules
        .looks
        .iter()
        .any(|look| look.source.is_some())
        .then(|| {
            let key = key.child(rules.looks.len() as u64);
            learn(question.observations, courses, &[], key)
        });
    for (position, look) in rules.looks.iter().enumerate() {
        let misreports = look.source.as_deref().zip(learned.as_ref());
        let misreports = misreports.and_then(|(name, learned)| {
            let source = question.observations.source(name, look.grades.0)?;
            let courses = 0..courses.len();
            Some(
                courses
                    .map(|i| learned.chance(i, source))
                    .collect::<Vec<f64>>(),
            )
        });
        let (every, from) = look.calendar;
        let looks_on = |day: &usize| match every {
            0 => (day - first).is_multiple_of(step.max(1)),
            every => (*day as i64 - from).rem_euclid(every as i64) == 0,
        };
        for day in (first..=question.until.max(first)).filter(looks_on) {
            let observation = Observation::of_look(look, position, day, rules);
            let experiment = Looking {
                truths: courses.iter().map(|c| c.truth(&observation)).collect(),
                misreports: misreports.clone(),
                observation,
                courses,
            };
            if attendance.wants_an_end() {
                return Err(WatchError::Stopped);
            }
            let key = key.child(position as u64).child(day as u64);
            let found: InformationGain = match &answers {
                Some(answers) => expected_information_gain_about(&experiment, answers, key),
                None => expected_information_gain(&experiment, key),
            };
            suggestions.push(Suggestion {
                look: look.name.clone(),
                date: date_of(question.gateway, day),
                // A look that shows nothing tells nothing: no image is not an image of nothing.
                gain: look.works * found.gain.max(0.0),
                standard_error: look.works * found.standard_error,
                cost: look.cost,
                gain_per_cost: look.works * found.gain.max(0.0) / look.cost,
            });
            // What is about an unknown alone tells the same on every day.
            if experiment.observation.is_duration(question.gateway) {
                break;
            }
        }
        attendance.done(1);
    }
    suggestions.sort_by(|a, b| b.gain_per_cost.total_cmp(&a.gain_per_cost));
    Ok(suggestions)
}
