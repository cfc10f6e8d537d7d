//! How good forecasts were: against what was reported later, beside persistence and climatology.

use jiff::civil::Date;
use lazaret_gateway::model::Gateway;
use lazaret_sim::{LEVEL, share_low};
use lazaret_smc::random::StreamKey;
use lazaret_smc::scores::{brier, central_interval, crps, randomised_pit};
use lazaret_smc::summary::Weighted;
use lazaret_smc::weights::log_mean_exp;
use serde::{Deserialize, Serialize};

use crate::belief::Belief;
use crate::estimate::{Course, Effort, Question, WatchError};
use crate::evidence::Row;
use crate::forecast::{Forecast, both_courses};
use crate::grades::learn;
use crate::kernel::{Kernel, date_of};
use crate::observation::{Observation, Observations, Statement, bind};
use crate::rules::{Measure, Rules};

/// A forecast of one report against what the report said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The day of which the forecast was.
    pub as_of: Date,
    /// The row that was foretold.
    pub row: String,
    /// The day that it is about.
    pub date: Date,
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

/// Scores of a figure; smaller CRPS is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureScore {
    /// What was reported.
    pub reported: f64,
    /// Median of the forecast.
    pub median: f64,
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

/// All scores together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Number of reports foretold.
    pub reports: usize,
    /// Mean log score.
    pub log_score: f64,
    /// Mean log score of what the gateway file alone says.
    pub log_score_climatology: f64,
    /// Mean CRPS over figures; none if there are none.
    pub crps: Option<f64>,
    /// Of climatology.
    pub crps_climatology: Option<f64>,
    /// CRPS as a share of that of persistence, over figures that had been reported before.
    pub crps_to_persistence: Option<f64>,
    /// Mean Brier score over yes or no.
    pub brier: Option<f64>,
    /// Shares of figures inside the 50, 80 and 90 % intervals.
    pub coverage: Option<[Coverage; 3]>,
}

/// A share of figures that were counted inside their intervals, with what so few of them say of the share in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// Share inside.
    pub share: f64,
    /// Lower end of its 95 % interval, exact for independent figures (ClopperPearson1934).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Coverage {
    /// * `inside` — figures inside, of `n`, at least one.
    fn counted(inside: usize, n: usize) -> Self {
        let tail = (1.0 - LEVEL) / 2.0;
        let (inside, n) = (inside as u64, n as u64);
        Self {
            share: inside as f64 / n as f64,
            low: share_low(inside, n, tail),
            high: 1.0 - share_low(n - inside, n, tail),
        }
    }
}

impl std::fmt::Display for Coverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [share, low, high] = [self.share, self.low, self.high].map(|p| 100.0 * p);
        write!(f, "{share:.0} % ({low:.0} to {high:.0} %)")
    }
}

impl Record {
    /// Sums up.
    #[must_use]
    pub fn of(scored: &[Scored]) -> Self {
        let mean = |values: Vec<f64>| {
            let n = values.len() as f64;
            (n > 0.0).then(|| values.iter().sum::<f64>() / n)
        };
        let figures: Vec<&FigureScore> = scored.iter().filter_map(|s| s.figure.as_ref()).collect();
        let persisted: Vec<(f64, f64)> = figures
            .iter()
            .filter_map(|f| Some((f.crps, f.crps_persistence?)))
            .collect();
        let ratio = {
            let ours: f64 = persisted.iter().map(|(ours, _)| ours).sum();
            let last: f64 = persisted.iter().map(|(_, last)| last).sum();
            (last > 0.0).then(|| ours / last)
        };
        let held = |level: usize| {
            let held = figures.iter().filter(|f| f.inside[level]).count();
            Coverage::counted(held, figures.len())
        };
        Self {
            reports: scored.len(),
            log_score: mean(scored.iter().map(|s| s.log_score).collect()).unwrap_or(0.0),
            log_score_climatology: mean(scored.iter().map(|s| s.log_score_climatology).collect())
                .unwrap_or(0.0),
            crps: mean(figures.iter().map(|f| f.crps).collect()),
            crps_climatology: mean(figures.iter().map(|f| f.crps_climatology).collect()),
            crps_to_persistence: ratio,
            brier: mean(scored.iter().filter_map(|s| Some(s.event?.brier)).collect()),
            coverage: (!figures.is_empty()).then(|| [held(0), held(1), held(2)]),
        }
    }
}

/// The figure that a statement gives, if it gives one.
fn reported(statement: Statement) -> Option<f64> {
    match statement {
        Statement::Between(low, high) if low.is_finite() && high.is_finite() => {
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
            reported(observation.simulate_if(*truth, *misreport, &mut rng))
        });
        Weighted::equal(said.collect())
    };
    let figure = reported(observation.statement).map(|value| {
        let forecast = made_up(truths, key.child(1));
        let file = made_up(climatology, key.child(2));
        let inside = [0.5, 0.8, 0.9].map(|level| {
            let (low, high) = central_interval(&forecast, level);
            low <= value && value <= high
        });
        FigureScore {
            reported: value,
            median: forecast.quantile(0.5),
            crps: crps(&forecast, value),
            crps_climatology: crps(&file, value),
            crps_persistence: last.map(|last| (last - value).abs()),
            inside,
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

/// What was last reported under the same rule by `as_of`.
fn last_reported(later: &Observations, rows: &[Row], of: &Observation, as_of: Date) -> Option<f64> {
    later
        .used
        .iter()
        .filter(|o| o.rule == of.rule && rows[o.row].known_on(as_of))
        .filter_map(|o| Some((o.day, reported(o.statement)?)))
        .max_by_key(|(day, _)| *day)
        .map(|(_, value)| value)
}

/// Scores a kept forecast against the rows of `later` that it did not know and that are about days it speaks of.
#[must_use]
pub fn score_forecast(
    gateway: &Gateway,
    forecast: &Forecast,
    rows: &[Row],
    later: &Observations,
) -> Vec<Scored> {
    later
        .used
        .iter()
        .filter(|o| !rows[o.row].known_on(forecast.as_of) && o.window == 1)
        .filter_map(|observation| {
            let date = date_of(gateway, observation.day);
            let points = |climatology: bool| -> Option<Vec<f64>> {
                let mut sums = vec![0.0; crate::forecast::POINTS];
                for metric in &observation.rule.of {
                    let name = metric.name(gateway);
                    let series = forecast.series.iter().find(|s| s.metric == name)?;
                    let day = series.on(date)?;
                    let values = if climatology {
                        &day.climatology
                    } else {
                        &day.values
                    };
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum += value;
                    }
                }
                Some(
                    sums.into_iter()
                        .map(|x| figure_of(observation, x))
                        .collect(),
                )
            };
            let with = |points: Vec<f64>, misreport: f64| -> Vec<Seen> {
                points.into_iter().map(|truth| (truth, misreport)).collect()
            };
            let row = &rows[observation.row];
            let learned = forecast.misreport_of(row.source(), row.source_grade.letter());
            let truths = with(points(false)?, learned.unwrap_or(observation.misreport));
            let climatology = with(points(true)?, observation.misreport);
            let observation = Observation {
                copies: None,
                ..observation.clone()
            };
            let last = last_reported(later, rows, &observation, forecast.as_of);
            let key = StreamKey::new(forecast.seed).child(observation.row as u64);
            let (log_score, log_score_climatology, figure, event) =
                score(&observation, &truths, &climatology, last, key);
            Some(Scored {
                as_of: forecast.as_of,
                row: rows[observation.row].id.to_string(),
                date,
                metric: observation.of_in_words(gateway),
                log_score,
                log_score_climatology,
                figure,
                event,
            })
        })
        .collect()
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

/// Walks the dates of publication: at each, forecasts what is published next from what was known, and scores it.
///
/// * `kernel` — must reach the last day of the evidence.
/// * `progress` — is told of each date.
///
/// # Errors
/// [`WatchError`].
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
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Scored>, WatchError> {
    let bound = |as_of: Date| {
        bind(gateway, rules, rows, as_of)
            .map_err(|wrong| WatchError::Gateway(wrong[0].message.clone()))
    };
    let mut scored = Vec::new();
    for (known, next) in steps(gateway, rules, rows, until) {
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
        let (prior, posterior) = both_courses(kernel, belief, &question, &|_| {})?;
        let learned = learn(
            &observations,
            &posterior,
            &[],
            StreamKey::new(effort.seed).child(91),
        );
        for observation in &later.used {
            if rows[observation.row].known_on(known) {
                continue;
            }
            let observation = Observation {
                copies: None,
                ..observation.clone()
            };
            let row = &rows[observation.row];
            let source = observations.source(row.source(), row.source_grade);
            let truths = |courses: &[Course], source: Option<usize>| -> Vec<Seen> {
                let seen = courses.iter().enumerate().map(|(i, course)| {
                    let misreport = source.map(|source| learned.chance(i, source));
                    let truth = course.truth(&observation);
                    (truth, misreport.unwrap_or(observation.misreport))
                });
                seen.collect()
            };
            let last = last_reported(&later, rows, &observation, known);
            let key = StreamKey::new(effort.seed)
                .child(observation.row as u64)
                .child(observation.day as u64);
            let (log_score, log_score_climatology, figure, event) = score(
                &observation,
                &truths(&posterior, source),
                &truths(&prior, None),
                last,
                key,
            );
            scored.push(Scored {
                as_of: known,
                row: rows[observation.row].id.to_string(),
                date: date_of(gateway, observation.day),
                metric: observation.of_in_words(gateway),
                log_score,
                log_score_climatology,
                figure,
                event,
            });
        }
        progress(1);
    }
    Ok(scored)
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
