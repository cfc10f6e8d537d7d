//! Dated statements about what will be, kept so that they can be scored later.

mod courses;

use jiff::civil::Date;
use lazaret_gateway::model::Gateway;
use lazaret_smc::random::StreamKey;
use lazaret_smc::summary::Weighted;
use serde::{Deserialize, Serialize};

pub(crate) use self::courses::ReadCourses;
pub use self::courses::{KeptCourse, KeptCourses};
use crate::attendance::Attendance;
use crate::belief::Belief;
use crate::estimate::{Course, Effort, Estimate, Question, WatchError, estimate, followed};
use crate::grades::{Graded, learn};
use crate::kernel::{Kernel, date_of};
use crate::rules::Metric;

/// Equally likely values that stand for a distribution.
pub const POINTS: usize = 50;

/// A forecast, as it is kept in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Name of the gateway.
    pub gateway: String,
    /// The day of which it is: nothing published later was known.
    pub as_of: Date,
    /// The last day it speaks of.
    pub until: Date,
    /// Seed of its draws.
    pub seed: u64,
    /// Figures by day.
    pub series: Vec<ForecastSeries>,
    /// What may happen by a date.
    pub events: Vec<Event>,
    /// What the evidence taught about its sources; empty if nothing was known of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grades: Vec<Graded>,
    /// What to know before believing it, in words, as the estimate that it was made from says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<String>,
    /// Some of the courses that it was made from, for reports about stretches of days. What is printed for machines goes
    /// without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courses: Option<KeptCourses>,
}

/// A figure on the days to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastSeries {
    /// Its name, such as `in.yard`.
    pub metric: String,
    /// Its days.
    pub days: Vec<ForecastDay>,
}

/// A figure on one day, as equally likely values in ascending order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastDay {
    /// The day.
    pub date: Date,
    /// Given the evidence.
    pub values: Vec<f64>,
    /// Without it: what the gateway file alone says.
    pub climatology: Vec<f64>,
}

/// Something that may have happened by the end of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// In words.
    pub what: String,
    /// The figure that tells.
    pub metric: String,
    /// It has happened once the figure is this or more.
    pub at_least: f64,
    /// By the end of each day, its probability given the evidence and without it.
    pub by: Vec<EventDay>,
}

/// The probability that something has happened by the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventDay {
    /// The day.
    pub date: Date,
    /// Given the evidence.
    pub probability: f64,
    /// Without it.
    pub climatology: f64,
}

impl Forecast {
    /// Chance that the next row of a source is a misreport, by what was known of it; none if nothing was.
    #[must_use]
    pub fn misreport_of(&self, source: &str, letter: char) -> Option<f64> {
        let of_source = |graded: &&Graded| graded.source == source && graded.letter == letter;
        Some(self.grades.iter().find(of_source)?.after.mean)
    }
}

impl ForecastSeries {
    /// The day `date`, if it is spoken of.
    #[must_use]
    pub fn on(&self, date: Date) -> Option<&ForecastDay> {
        self.days.iter().find(|day| day.date == date)
    }
}

impl Event {
    /// The first day by whose end it has happened with this probability; none if it has not within the forecast.
    #[must_use]
    pub fn reaches(&self, probability: f64) -> Option<Date> {
        let day = self.by.iter().find(|day| day.probability >= probability)?;
        Some(day.date)
    }
}

/// Forecasts from the evidence of `question` to its last day.
///
/// # Errors
/// [`WatchError`].
pub fn forecast<K: Kernel>(
    kernel: &K,
    belief: &Belief,
    question: &Question<'_>,
    attendance: &Attendance<'_>,
) -> Result<Forecast, WatchError> {
    let estimate = without_influence(kernel, belief, question, attendance)?;
    Ok(Forecast {
        diagnostics: estimate.diagnostics,
        ..of_courses(question, &estimate.before, &estimate.after)
    })
}

/// The estimate that a forecast or a ranking of looks is made from: all runs, but not what each row did.
///
/// # Errors
/// [`WatchError`]. One that is stopped before all runs are done gives none.
pub fn without_influence<K: Kernel>(
    kernel: &K,
    belief: &Belief,
    question: &Question<'_>,
    attendance: &Attendance<'_>,
) -> Result<Estimate, WatchError> {
    let effort = Effort {
        influence: false,
        ..question.effort.clone()
    };
    let question = Question {
        effort: &effort,
        ..*question
    };
    let made = estimate(kernel, belief, &question, &[], attendance)?;
    if made.is_partial() {
        return Err(WatchError::Stopped);
    }
    Ok(made)
}

/// Courses before and after the evidence.
///
/// # Errors
/// [`WatchError`].
pub fn both_courses<K: Kernel>(
    kernel: &K,
    belief: &Belief,
    question: &Question<'_>,
    attendance: &Attendance<'_>,
) -> Result<(Vec<Course>, Vec<Course>), WatchError> {
    let made = without_influence(kernel, belief, question, attendance)?;
    Ok((made.before, made.after))
}

/// The forecast that courses before and after the evidence make.
#[must_use]
pub fn of_courses(question: &Question<'_>, prior: &[Course], posterior: &[Course]) -> Forecast {
    let gateway = question.gateway;
    let first = question.observations.last_day + 1;
    let days = first..=question.until.max(first);
    let points = |courses: &[Course], metric: Metric, day: usize| -> Vec<f64> {
        let values = Weighted::equal(courses.iter().map(|c| c.value(metric, day)).collect());
        (0..POINTS)
            .map(|i| values.quantile((i as f64 + 0.5) / POINTS as f64))
            .collect()
    };
    let series = followed(gateway)
        .into_iter()
        .map(|metric| ForecastSeries {
            metric: metric.name(gateway),
            days: days
                .clone()
                .map(|day| ForecastDay {
                    date: date_of(gateway, day),
                    values: points(posterior, metric, day),
                    climatology: points(prior, metric, day),
                })
                .collect(),
        })
        .collect();
    let events = events(gateway)
        .into_iter()
        .map(|(what, metric, at_least)| {
            let by = days
                .clone()
                .map(|day| {
                    let share = |courses: &[Course]| {
                        let happened = |course: &&Course| {
                            // What counts up tells by its last value; what goes up and down by its greatest since.
                            let from = if metric == Metric::DispatchedTotal {
                                day
                            } else {
                                first
                            };
                            (from..=day).any(|d| course.value(metric, d) >= at_least)
                        };
                        courses.iter().filter(happened).count() as f64 / courses.len() as f64
                    };
                    EventDay {
                        date: date_of(gateway, day),
                        probability: share(posterior),
                        climatology: share(prior),
                    }
                })
                .collect();
            Event {
                what,
                metric: metric.name(gateway),
                at_least,
                by,
            }
        })
        .collect();
    let key = StreamKey::new(question.effort.seed).child(91);
    Forecast {
        gateway: gateway.name.clone(),
        as_of: question.as_of,
        until: date_of(gateway, *days.end()),
        seed: question.effort.seed,
        series,
        events,
        grades: learn(question.observations, posterior, &[], key).sources,
        diagnostics: Vec::new(),
        courses: Some(KeptCourses::of(question, prior, posterior)),
    }
}

/// What may happen at a gateway by a date: first lots inland, a place full.
fn events(gateway: &Gateway) -> Vec<(String, Metric, f64)> {
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let mut events = vec![(
        "the first lots have left inland".to_string(),
        Metric::DispatchedTotal,
        1.0,
    )];
    for metric in followed(gateway) {
        if let Metric::In(place) = metric
            && let Some(room) = crate::kernel::room(gateway, place, &means)
        {
            let name = &gateway.places[place.index()].name;
            events.push((format!("{name} has been full"), metric, room));
        }
    }
    events
}
