//! How good forecasts were: against what was reported later, beside persistence and climatology.

mod lines;
mod record;

use jiff::civil::Date;
use lazaret_gateway::model::Gateway;
use lazaret_smc::random::StreamKey;
use lazaret_smc::scores::{brier, central_interval, crps, randomised_pit};
use lazaret_smc::summary::Weighted;
use lazaret_smc::weights::log_mean_exp;
use serde::{Deserialize, Serialize};

pub use self::lines::Line;
pub use self::record::{Coverage, Part, Record, Sum, Tally};
use crate::attendance::Attendance;
use crate::belief::Belief;
use crate::estimate::{Course, Effort, Question, WatchError};
use crate::evidence::{Row, Words};
use crate::forecast::{Forecast, both_courses};
use crate::grades::learn;
use crate::kernel::{Kernel, date_of};
use crate::observation::{Observation, Observations, Statement, bind};
use crate::resume::{Origin as MadeFrom, fingerprint, says};
use crate::rules::{Measure, Metric, Rules};
use crate::writing::number;

/// How a forecast came about.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was kept in a file before it was scored.
    #[default]
    Forecast,
    /// A walk over the dates of publication made it.
    Backtest,
}

/// What is foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A figure of one day.
    Figure,
    /// A rate or a sum over several days.
    OverDays,
    /// A bound of a figure, such as "at least", or an interval.
    Bound,
    /// Yes or no.
    YesNo,
}

/// How long before the last day that a report is about it was foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Horizon {
    /// On that day or after it: what was so already, and had not been reported.
    Past,
    /// 1 to 7 days.
    Week,
    /// 8 to 14 days.
    Fortnight,
    /// 15 to 31 days.
    Month,
    /// More than that.
    Later,
}

impl Origin {
    /// In words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Origin::Forecast => "forecasts saved beforehand",
            Origin::Backtest => "backtests",
        }
    }
}

impl Kind {
    /// In words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Kind::Figure => "a figure of a day",
            Kind::OverDays => "a rate or sum over days",
            Kind::Bound => "a bound or interval",
            Kind::YesNo => "yes or no",
        }
    }
}

impl Horizon {
    /// In words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Horizon::Past => "already so",
            Horizon::Week => "1 to 7 days",
            Horizon::Fortnight => "8 to 14 days",
            Horizon::Month => "15 to 31 days",
            Horizon::Later => "over 31 days",
        }
    }
}

/// A forecast of one report against what the report said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// How it came about.
    #[serde(default)]
    pub origin: Origin,
    /// Which forecast it was: a fingerprint of all that made it. Empty in records of earlier versions.
    #[serde(default)]
    pub forecast: String,
    /// The day of which the forecast was.
    pub as_of: Date,
    /// The row that was foretold.
    pub row: String,
    /// What the row says, in words.
    #[serde(default)]
    pub says: String,
    /// The day that it is about; the last of them if it is about several.
    pub date: Date,
    /// Days that it is about.
    #[serde(default = "one_day")]
    pub days: usize,
    /// What it measures.
    pub metric: String,
    /// Log-probability of what was said.
    pub log_score: f64,
    /// The same by what the gateway file alone says.
    pub log_score_climatology: f64,
    /// For figures.
    pub figure: Option<FigureScore>,
    /// For yes or no.
    pub event: Option<EventScore>,
}

fn one_day() -> usize {
    1
}

impl Scored {
    /// What was foretold.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match (&self.event, &self.figure) {
            (Some(_), _) => Kind::YesNo,
            (None, None) => Kind::Bound,
            (None, Some(_)) if self.days > 1 => Kind::OverDays,
            (None, Some(_)) => Kind::Figure,
        }
    }

    /// How far ahead.
    #[must_use]
    pub fn horizon(&self) -> Horizon {
        match (self.date - self.as_of).get_days() {
            ..=0 => Horizon::Past,
            1..=7 => Horizon::Week,
            8..=14 => Horizon::Fortnight,
            15..=31 => Horizon::Month,
            _ => Horizon::Later,
        }
    }

    /// Whether `other` is the same forecast against the same statement.
    #[must_use]
    pub fn is_again(&self, other: &Self) -> bool {
        let same = (self.origin, self.as_of, &self.row) == (other.origin, other.as_of, &other.row);
        // Records of earlier versions do not say which forecast it was, nor what was said.
        let known = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
        same && known(&self.forecast, &other.forecast) && known(&self.says, &other.says)
    }

    /// What it is about, in words: a day, or the last of several.
    #[must_use]
    pub fn about(&self) -> String {
        match self.days {
            1 => self.date.to_string(),
            days => format!("{days} d to {}", self.date),
        }
    }
}

/// A report that could not be scored, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unscored {
    /// The row.
    pub row: Words,
    /// Its line in the file.
    pub line: u32,
    /// Why, in words.
    pub why: String,
}

/// What came of looking at the reports that a forecast did not know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scoring {
    /// Those that were foretold.
    pub scored: Vec<Scored>,
    /// Those that were not, in the order of the file.
    pub unscored: Vec<Unscored>,
}

/// Scores of a figure; smaller CRPS is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureScore {
    /// What was reported.
    pub reported: f64,
    /// Median of the forecast.
    pub median: f64,
    /// Ends of its 90 % interval; none in records of earlier versions.
    #[serde(default)]
    pub interval: Option<(f64, f64)>,
    /// Continuous ranked probability score.
    pub crps: f64,
    /// Of what the gateway file alone says.
    pub crps_climatology: f64,
    /// Of "as last reported"; none if nothing was reported before.
    pub crps_persistence: Option<f64>,
    /// Whether the 50, 80 and 90 % intervals held it.
    pub inside: [bool; 3],
    /// Randomised probability integral transform: even between 0 and 1 if forecasts are calibrated.
    pub pit: f64,
}

impl FigureScore {
    /// What was foretold, in words: the median and, in brackets, its 90 % interval where it is known.
    #[must_use]
    pub fn foretold(&self) -> String {
        let median = number(self.median);
        self.interval.map_or(median.clone(), |(low, high)| {
            format!("{median} ({} to {})", number(low), number(high))
        })
    }
}

/// Scores of a yes or no; smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventScore {
    /// Probability of yes.
    pub probability: f64,
    /// What was reported.
    pub happened: bool,
    /// Squared error of the probability.
    pub brier: f64,
    /// Of what the gateway file alone says.
    pub brier_climatology: f64,
}

/// The figure that a statement gives, if it gives one. An interval is none: its middle is nobody's figure, and it is
/// scored by the probability of the interval.
fn reported(of: &Observation, statement: Statement) -> Option<f64> {
    match statement {
        Statement::Between(low, high) if high - low <= 2.0 * of.rounding() + 1e-9 => {
            Some(0.5 * (low + high))
        }
        _ => None,
    }
}

/// A true figure and the chance of a misreport that goes with it.
type Seen = (f64, f64);

/// Scores of one report from equally likely true figures, before and after the evidence.
fn score(
    observation: &Observation,
    truths: &[Seen],
    climatology: &[Seen],
    last: Option<f64>,
    key: StreamKey,
) -> (f64, f64, Option<FigureScore>, Option<EventScore>) {
    let log = |truths: &[Seen]| {
        let logs: Vec<f64> = truths
            .iter()
            .map(|(truth, misreport)| observation.log_likelihood_if(*truth, *misreport))
            .collect();
        log_mean_exp(&logs)
    };
    let made_up = |truths: &[Seen], key: StreamKey| -> Weighted {
        let mut rng = key.stream();
        let said = truths.iter().filter_map(|(truth, misreport)| {
            reported(
                observation,
                observation.simulate_if(*truth, *misreport, &mut rng),
            )
        });
        Weighted::equal(said.collect())
    };
    let figure = reported(observation, observation.statement).map(|value| {
        let forecast = made_up(truths, key.child(1));
        let file = made_up(climatology, key.child(2));
        let intervals = [0.5, 0.8, 0.9].map(|level| central_interval(&forecast, level));
        FigureScore {
            reported: value,
            median: forecast.quantile(0.5),
            interval: Some(intervals[2]),
            crps: crps(&forecast, value),
            crps_climatology: crps(&file, value),
            crps_persistence: last.map(|last| (last - value).abs()),
            inside: intervals.map(|(low, high)| low <= value && value <= high),
            pit: randomised_pit(&forecast, value, key.child(3).stream().uniform()),
        }
    });
    let event = match observation.statement {
        Statement::Is(happened) => {
            let yes = observation.saying(Statement::Is(true));
            let p = |truths: &[Seen]| {
                let each = truths.iter();
                let each = each.map(|(truth, b)| yes.log_likelihood_if(*truth, *b).exp());
                each.sum::<f64>() / truths.len().max(1) as f64
            };
            Some(EventScore {
                probability: p(truths),
                happened,
                brier: brier(p(truths), happened),
                brier_climatology: brier(p(climatology), happened),
            })
        }
        Statement::Between(..) => None,
    };
    (log(truths), log(climatology), figure, event)
}

/// What was last reported under the same rule by `as_of`, in the unit of `of`.
fn last_reported(later: &Observations, rows: &[Row], of: &Observation, as_of: Date) -> Option<f64> {
    // A rule is found by these two. Whole rules are never equal: what does not apply to one is NaN in it.
    let same = |o: &&Observation| {
        (&o.rule.subject, &o.rule.quantity) == (&of.rule.subject, &of.rule.quantity)
    };
    later
        .used
        .iter()
        .filter(same)
        .filter(|o| rows[o.row].known_on(as_of))
        .filter_map(|o| Some((o.day, reported(o, o.statement)? * o.unit / of.unit)))
        .max_by_key(|(day, _)| *day)
        .map(|(_, value)| value)
}

/// Scores a kept forecast against the rows of `later` that it did not know.
///
/// Rates and sums over days, lengths of time, and what was so already but had not been reported are scored by the
/// courses that the forecast keeps. A forecast without courses is scored by its figures day by day.
#[must_use]
pub fn score_forecast(
    gateway: &Gateway,
    forecast: &Forecast,
    rows: &[Row],
    later: &Observations,
) -> Scoring {
    let courses = forecast.courses.as_ref().map(|kept| kept.read(gateway));
    let name = short(&serde_json::to_string(forecast).unwrap_or_default());
    let mut scoring = Scoring::default();
    let mut missed: Vec<(usize, String)> = Vec::new();
    for unused in &later.unused {
        if !rows[unused.row].known_on(forecast.as_of) {
            missed.push((unused.row, unused.why.in_words().to_string()));
        }
    }
    for observation in &later.used {
        if rows[observation.row].known_on(forecast.as_of) {
            continue;
        }
        let truths = match &courses {
            Some(Ok(courses)) => by_courses(gateway, forecast, courses, observation),
            Some(Err(why)) => Err(why.clone()),
            None => by_days(gateway, forecast, observation),
        };
        match truths {
            Ok(truths) => scoring.scored.push(scored(
                gateway,
                rows,
                later,
                observation,
                &truths.known_by(|_| {
                    let row = &rows[observation.row];
                    forecast.misreport_of(row.source(), row.source_grade.letter())
                }),
                &Foretold {
                    origin: Origin::Forecast,
                    name: &name,
                    as_of: forecast.as_of,
                    key: StreamKey::new(forecast.seed).child(observation.row as u64),
                },
            )),
            Err(why) => missed.push((observation.row, why)),
        }
    }
    scoring.unscored = unscored(rows, missed);
    scoring
}

fn unscored(rows: &[Row], mut missed: Vec<(usize, String)>) -> Vec<Unscored> {
    missed.sort_by_key(|(row, _)| *row);
    missed
        .into_iter()
        .map(|(row, why)| Unscored {
            row: rows[row].id.clone(),
            line: rows[row].line,
            why,
        })
        .collect()
}

/// Equally likely true figures, in the unit of the evidence, each with the chance of a misreport.
struct Truths {
    posterior: Vec<Seen>,
    prior: Vec<Seen>,
}

impl Truths {
    fn of(observation: &Observation, prior: &[Course], posterior: &[Course]) -> Self {
        let truths = |courses: &[Course]| -> Vec<Seen> {
            let truths = courses.iter().map(|c| c.truth(observation));
            truths.map(|truth| (truth, observation.misreport)).collect()
        };
        Self {
            posterior: truths(posterior),
            prior: truths(prior),
        }
    }

    /// With what the evidence taught about the source, where it did.
    ///
    /// * `misreport` — its chance of a misreport, by the number of the course.
    fn known_by(mut self, misreport: impl Fn(usize) -> Option<f64>) -> Self {
        for (course, (_, chance)) in self.posterior.iter_mut().enumerate() {
            *chance = misreport(course).unwrap_or(*chance);
        }
        self
    }
}

fn by_courses(
    gateway: &Gateway,
    forecast: &Forecast,
    courses: &crate::forecast::ReadCourses,
    observation: &Observation,
) -> Result<Truths, String> {
    let date = date_of(gateway, observation.day);
    let of_unknowns = observation
        .rule
        .of
        .iter()
        .all(|m| matches!(m, Metric::Unknown(_)));
    if !of_unknowns && date > forecast.until {
        return Err(format!("about {date}, after the last day of the forecast"));
    }
    if !of_unknowns && (observation.day + 1).saturating_sub(observation.window) < courses.first {
        return Err(format!(
            "about days before {}, the first day of the forecast",
            date_of(gateway, courses.first)
        ));
    }
    Ok(Truths::of(observation, &courses.prior, &courses.posterior))
}

fn by_days(
    gateway: &Gateway,
    forecast: &Forecast,
    observation: &Observation,
) -> Result<Truths, String> {
    if observation.window > 1 {
        return Err(
            "about several days, but this forecast stores no courses: save forecasts with --save"
                .to_string(),
        );
    }
    let date = date_of(gateway, observation.day);
    let mut sums = [
        vec![0.0; crate::forecast::POINTS],
        vec![0.0; crate::forecast::POINTS],
    ];
    for metric in &observation.rule.of {
        let name = metric.name(gateway);
        let series = forecast.series.iter().find(|s| s.metric == name);
        let Some(series) = series else {
            return Err(format!("the forecast says nothing about {name}"));
        };
        let Some(day) = series.on(date) else {
            return Err(format!(
                "about {date}, a day that the forecast does not cover"
            ));
        };
        for (sums, values) in sums.iter_mut().zip([&day.values, &day.climatology]) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
    }
    let [posterior, prior] = sums.map(|sums| {
        sums.into_iter()
            .map(|x| (figure_of(observation, x), observation.misreport))
            .collect()
    });
    Ok(Truths { posterior, prior })
}

/// A forecast that is held to a report.
struct Foretold<'a> {
    origin: Origin,
    name: &'a str,
    as_of: Date,
    key: StreamKey,
}

fn scored(
    gateway: &Gateway,
    rows: &[Row],
    later: &Observations,
    observation: &Observation,
    truths: &Truths,
    foretold: &Foretold<'_>,
) -> Scored {
    let observation = Observation {
        retold: None,
        ..observation.clone()
    };
    let last = last_reported(later, rows, &observation, foretold.as_of);
    let (log_score, log_score_climatology, figure, event) = score(
        &observation,
        &truths.posterior,
        &truths.prior,
        last,
        foretold.key,
    );
    let row = &rows[observation.row];
    Scored {
        origin: foretold.origin,
        forecast: foretold.name.to_string(),
        as_of: foretold.as_of,
        row: row.id.to_string(),
        says: row.value_in_words(),
        date: date_of(gateway, observation.day),
        days: observation.window,
        metric: observation.of_in_words(gateway),
        log_score,
        log_score_climatology,
        figure,
        event,
    }
}

/// A value of the model in the unit of the evidence.
fn figure_of(observation: &Observation, value: f64) -> f64 {
    let rule = &observation.rule;
    let value = if rule.measure == Measure::Share {
        value / rule.room
    } else {
        value
    };
    value * rule.scale
}

/// A walk over the dates of publication.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walk {
    /// What was foretold at each step, and what could not be.
    pub scoring: Scoring,
    /// Steps done, and how many there are; fewer if an end was wanted.
    pub steps: (usize, usize),
}

/// Walks the dates of publication: at each, forecasts what is published next from what was known, and scores it.
///
/// * `kernel` — must reach the last day of the evidence.
/// * `origin` — what the forecasts are made from, so that each can be told from others of its day.
/// * `attendance` — is told of each date. If an end is wanted, the steps done by then are given.
///
/// # Errors
/// [`WatchError`], but not [`WatchError::Stopped`].
#[expect(
    clippy::too_many_arguments,
    reason = "what a question holds, before its day is known"
)]
pub fn backtest<K: Kernel>(
    kernel: &K,
    gateway: &Gateway,
    belief: &Belief,
    rules: &Rules,
    rows: &[Row],
    until: Date,
    effort: &Effort,
    origin: MadeFrom<'_>,
    attendance: &Attendance<'_>,
) -> Result<Walk, WatchError> {
    let bound = |as_of: Date| {
        bind(gateway, rules, rows, as_of)
            .map_err(|wrong| WatchError::Gateway(wrong[0].message.clone()))
    };
    let dates = steps(gateway, rules, rows, until);
    let mut walk = Walk {
        steps: (0, dates.len()),
        ..Walk::default()
    };
    for (known, next) in dates {
        let observations = bound(known)?;
        let later = bound(next)?;
        let question = Question {
            gateway,
            rows,
            observations: &observations,
            as_of: known,
            until: later.last_day,
            effort,
        };
        let courses = both_courses(kernel, belief, &question, &attendance.untold());
        let (prior, posterior) = match courses {
            Ok(courses) => courses,
            Err(WatchError::Stopped) => return Ok(walk),
            Err(error) => return Err(error),
        };
        let key = StreamKey::new(effort.seed).child(91);
        let learned = learn(&observations, &posterior, &[], key);
        let name = name_of(&question, origin);
        for observation in &later.used {
            if rows[observation.row].known_on(known) {
                continue;
            }
            let key = StreamKey::new(effort.seed)
                .child(observation.row as u64)
                .child(observation.day as u64);
            walk.scoring.scored.push(scored(
                gateway,
                rows,
                &later,
                observation,
                &Truths::of(observation, &prior, &posterior).known_by(|course| {
                    let row = &rows[observation.row];
                    let source = observations.source(row.source(), row.source_grade)?;
                    Some(learned.chance(course, source))
                }),
                &Foretold {
                    origin: Origin::Backtest,
                    name: &name,
                    as_of: known,
                    key,
                },
            ));
        }
        walk.steps.0 += 1;
        attendance.done(1);
    }
    let start = crate::kernel::first_day(gateway);
    let all = bound(until)?;
    let known_at_the_start = all.used.iter().filter(|o| rows[o.row].known_on(start));
    let why = format!("published by {start}, before the first step of the backtest");
    let mut missed: Vec<(usize, String)> =
        known_at_the_start.map(|o| (o.row, why.clone())).collect();
    let unused = all.unused.iter();
    missed.extend(unused.map(|u| (u.row, u.why.in_words().to_string())));
    walk.scoring.unscored = unscored(rows, missed);
    Ok(walk)
}

/// Enough of a fingerprint to tell the forecasts of one record apart.
fn short(text: &str) -> String {
    fingerprint(text).chars().take(16).collect()
}

/// Tells a forecast from others of its day: by what it was made from, how much was computed, and what it knew.
fn name_of(question: &Question<'_>, origin: MadeFrom<'_>) -> String {
    let effort = question.effort;
    let known = question.observations.used.iter();
    let known: Vec<String> = known.map(|o| says(&question.rows[o.row])).collect();
    short(&format!(
        "{}\n{}\n{} {} {} {}\n{}",
        origin.gateway,
        origin.rules,
        question.as_of,
        effort.seed,
        effort.thetas,
        effort.states,
        known.join(" ")
    ))
}

/// Pairs of a day and the next on which something is published that says something about the gateway after it opened.
#[must_use]
pub fn steps(gateway: &Gateway, rules: &Rules, rows: &[Row], until: Date) -> Vec<(Date, Date)> {
    let start = crate::kernel::first_day(gateway);
    let mut dates: Vec<Date> = rows
        .iter()
        .filter(|row| rules.find(&row.subject, &row.quantity).is_some() && row.has_value())
        .map(|row| row.published.last)
        .filter(|date| *date >= start && *date <= until)
        .collect();
    dates.push(start);
    dates.sort_unstable();
    dates.dedup();
    dates.windows(2).map(|pair| (pair[0], pair[1])).collect()
}
