//! Courses kept with a forecast, so that reports about stretches of days, sums and lengths of time can be scored too.

use jiff::civil::Date;
use lazaret_gateway::model::Gateway;
use serde::{Deserialize, Serialize};

use crate::estimate::{Course, Question, followed};
use crate::kernel::{Figures, date_of, day_of};
use crate::rules::Metric;

/// Numbers that all courses together take up at most, before and after the evidence.
const NUMBERS_MOST: usize = 1_000_000;

/// Fewest and most courses that are kept.
const COURSES: (usize, usize) = (50, 200);

/// Days before the day of the forecast that are kept: sources look back over a month, a quarter or a year.
const DAYS_BACK: usize = 400;

/// Courses before and after the evidence, each equally likely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptCourses {
    /// The first day that is kept.
    pub first: Date,
    /// What the numbers of a day are, in their order.
    pub figures: Vec<String>,
    /// What is not known, in the order of the file.
    pub unknowns: Vec<String>,
    /// Given the evidence.
    pub values: Vec<KeptCourse>,
    /// Without it: what the gateway file alone says.
    pub climatology: Vec<KeptCourse>,
}

/// One course.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptCourse {
    /// Values of the unknowns, in base units.
    pub unknowns: Vec<f64>,
    /// Their values over time, where they change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: crate::changes::Path,
    /// The figures of the first day, then those of the next.
    pub days: Vec<u32>,
}

fn names(gateway: &Gateway) -> (Vec<String>, Vec<String>) {
    let figures = followed(gateway).into_iter().map(|m| m.name(gateway));
    let unknowns = gateway.unknowns.iter().map(|u| u.name.clone());
    (figures.collect(), unknowns.collect())
}

impl KeptCourses {
    /// Keeps as many of the courses as make a file of a moderate size.
    pub(super) fn of(question: &Question<'_>, prior: &[Course], posterior: &[Course]) -> Self {
        let gateway = question.gateway;
        let metrics = followed(gateway);
        let first = question.observations.last_day.saturating_sub(DAYS_BACK);
        let numbers = 2 * metrics.len() * (question.until + 1 - first.min(question.until));
        let count = (NUMBERS_MOST / numbers).clamp(COURSES.0, COURSES.1);
        let thinned = |courses: &[Course]| -> Vec<KeptCourse> {
            let count = count.min(courses.len());
            (0..count)
                .map(|at| &courses[at * courses.len() / count])
                .map(|course| KeptCourse {
                    unknowns: course.unknowns.clone(),
                    path: course.path.clone(),
                    days: course.days[first.min(course.days.len() - 1)..]
                        .iter()
                        .flat_map(|day| metrics.iter().map(|metric| count_of(*metric, day)))
                        .collect(),
                })
                .collect()
        };
        let (figures, unknowns) = names(gateway);
        Self {
            first: date_of(gateway, first),
            figures,
            unknowns,
            values: thinned(posterior),
            climatology: thinned(prior),
        }
    }

    /// The courses before and after the evidence, and the first day of theirs that is known; what stands before it is
    /// left at 0.
    ///
    /// # Errors
    /// Says in words what does not fit `gateway`.
    pub(crate) fn read(&self, gateway: &Gateway) -> Result<ReadCourses, String> {
        let (figures, unknowns) = names(gateway);
        if self.figures != figures || self.unknowns != unknowns {
            return Err(
                "the gateway file has different places or unknowns from that of the forecast"
                    .to_string(),
            );
        }
        let first = day_of(gateway, self.first);
        let first = usize::try_from(first)
            .map_err(|_| "the gateway file starts later than that of the forecast".to_string())?;
        let metrics = followed(gateway);
        let courses = |kept: &[KeptCourse]| -> Result<Vec<Course>, String> {
            let whole = |course: &KeptCourse| {
                let fits = |values: &Vec<f64>| values.len() == unknowns.len();
                fits(&course.unknowns)
                    && course.path.iter().all(|(_, values)| fits(values))
                    && !course.days.is_empty()
                    && course.days.len().is_multiple_of(metrics.len())
            };
            if kept.is_empty() || !kept.iter().all(whole) {
                return Err("the courses stored in the forecast are incomplete".to_string());
            }
            let course = |kept: &KeptCourse| {
                let mut days = vec![Figures::default(); first];
                days.extend(kept.days.chunks(metrics.len()).map(|numbers| {
                    let mut day = Figures::default();
                    for (metric, number) in metrics.iter().zip(numbers) {
                        set(*metric, &mut day, *number);
                    }
                    day
                }));
                Course {
                    unknowns: kept.unknowns.clone(),
                    path: kept.path.clone(),
                    days,
                }
            };
            Ok(kept.iter().map(course).collect())
        };
        Ok(ReadCourses {
            first,
            prior: courses(&self.climatology)?,
            posterior: courses(&self.values)?,
        })
    }
}

/// Courses as they were kept.
pub(crate) struct ReadCourses {
    /// The first day that is known.
    pub(crate) first: usize,
    /// Before the evidence.
    pub(crate) prior: Vec<Course>,
    /// After it.
    pub(crate) posterior: Vec<Course>,
}

/// The figure of a day that a metric other than an unknown is.
fn count_of(metric: Metric, day: &Figures) -> u32 {
    let mut day = *day;
    *place(metric, &mut day)
}

fn set(metric: Metric, day: &mut Figures, number: u32) {
    *place(metric, day) = number;
}

fn place(metric: Metric, day: &mut Figures) -> &mut u32 {
    match metric {
        Metric::Convoys => &mut day.convoys,
        Metric::Vehicles => &mut day.vehicles,
        Metric::Lots => &mut day.lots,
        Metric::Queue => &mut day.queue,
        Metric::Inside => &mut day.inside,
        Metric::Dispatched => &mut day.dispatched,
        Metric::DispatchedTotal => &mut day.dispatched_total,
        Metric::In(place) => &mut day.places[place.index()],
        Metric::Unknown(_) => unreachable!("no unknown is followed from day to day"),
    }
}
