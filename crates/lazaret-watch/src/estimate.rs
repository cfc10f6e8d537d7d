//! What was known of a gateway on a day: unknowns and state given the evidence, and what each row did to them.

mod ask;
mod fit;
mod grid;
mod influence;
mod without;
mod words;

use jiff::civil::Date;
use lazaret_gateway::model::{Dimension, Gateway};
use lazaret_smc::at_once::Pool;
use lazaret_smc::prior::Prior;
use lazaret_smc::random::StreamKey;
use lazaret_smc::summary::Weighted;
use serde::{Serialize, Serializer};

pub use self::ask::{Ask, AskError};
use self::fit::conflicts;
pub(crate) use self::fit::predictive_check;
pub use self::grid::UNKNOWNS_MOST as GRID_UNKNOWNS_MOST;
use self::influence::LeavingOut;
pub use self::influence::steps;
use crate::attendance::Attendance;
use crate::belief::Belief;
use crate::course::courses_by_run;
pub use crate::course::{Course, followed, posterior_courses, prior_courses};
use crate::evidence::Words;
use crate::grades::{Chance, Graded, learn};
use crate::kernel::{Kernel, date_of};
pub(crate) use crate::question::Sampler;
pub use crate::question::{Effort, Question, WatchError, Weighed, weigh};
use crate::question::{sampler_of, seeds};
use crate::resume::{Kept, Origin};
use crate::rules::Metric;
use crate::site::Site;
use crate::writing::{number, percent};

/// Numbers that describe a distribution. Durations are in days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// 5 % lie below.
    pub q05: f64,
    /// A quarter lies below.
    pub q25: f64,
    /// The median.
    pub q50: f64,
    /// A quarter lies above.
    pub q75: f64,
    /// 5 % lie above.
    pub q95: f64,
    /// Monte Carlo standard errors of `q05`, `q50` and `q95`, over independent runs; none where no runs are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<[f64; 3]>,
}

/// The levels whose errors are told.
const LEVELS: [f64; 3] = [0.05, 0.5, 0.95];

impl Summary {
    /// Describes `of`.
    #[must_use]
    pub fn of(of: &Weighted) -> Self {
        Self {
            mean: of.mean(),
            sd: of.sd(),
            q05: of.quantile(0.05),
            q25: of.quantile(0.25),
            q50: of.quantile(0.5),
            q75: of.quantile(0.75),
            q95: of.quantile(0.95),
            errors: None,
        }
    }

    /// The greatest of its errors, in words; empty if they are not known.
    #[must_use]
    pub fn error_in_words(&self) -> String {
        self.errors.map_or(String::new(), |errors| {
            let greatest = errors.into_iter().fold(0.0, f64::max);
            format!("± {}", number(greatest))
        })
    }

    /// The median and, in brackets, its 90 % interval.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!(
            "{} ({} to {})",
            number(self.q50),
            number(self.q05),
            number(self.q95)
        )
    }
}

/// An unknown before and after the evidence.
#[derive(Clone, Debug, Serialize)]
pub struct UnknownEstimate {
    /// Its name.
    pub name: String,
    /// `d`, `kg` or nothing.
    pub unit: &'static str,
    /// Before the evidence.
    pub prior: Summary,
    /// After it.
    #[serde(flatten)]
    pub posterior: Summary,
    /// Information gained on it by the evidence, in nats: the divergence of the posterior from the prior.
    pub gained: f64,
    /// The bound that the posterior leans on, if it does.
    pub leans_on: Option<f64>,
    /// 40 slices of prior and posterior between the prior's extremes, each summing to 1.
    pub histogram: Histogram,
}

/// Shares in slices of equal width.
#[derive(Clone, Debug, Serialize)]
pub struct Histogram {
    /// Lower end of the first slice.
    pub from: f64,
    /// Upper end of the last.
    pub to: f64,
    /// Before the evidence.
    pub prior: Vec<f64>,
    /// After it.
    pub posterior: Vec<f64>,
}

/// A figure of one day before and after the evidence.
#[derive(Clone, Debug, Serialize)]
pub struct DayEstimate {
    /// The day; the figure is that at its end, or of what happened in it.
    pub date: Date,
    /// After the evidence.
    #[serde(flatten)]
    pub posterior: Summary,
    /// Before it.
    pub prior: Summary,
}

/// A figure over time.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// Its name, such as `in.yard`.
    pub metric: String,
    /// From day 0 on.
    pub days: Vec<DayEstimate>,
    /// What it can be at most, if there is a limit.
    pub room: Option<f64>,
}

/// What one row, or all rows of one source, did.
#[derive(Clone, Debug, Serialize)]
pub struct Influence {
    /// The row's id, or the source's name.
    pub name: String,
    /// Positions of the rows in the evidence.
    #[serde(skip)]
    pub rows: Vec<usize>,
    /// How far the posterior with it is from that without, in nats.
    pub moved: f64,
    /// By unknown: its mean with less its mean without, in days where it is a duration.
    pub shifts: Vec<Shift>,
    /// Log-evidence of it given all the rest: how well the rest foretells it.
    pub log_evidence: f64,
    /// Chance that it is a misreport, given everything; the mean over the rows of a source.
    pub misreport: f64,
    /// That chance before the rest is known.
    pub misreport_before: f64,
    /// Of a source: what the evidence leaves of the chance that a row of it is a misreport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<Chance>,
    /// Whether leaving it out was too great a change to be worked out by reweighting.
    pub rough: bool,
    /// Shape of the tail of the weights that stand for the answer without it; above 0.7 they could not be relied on. None
    /// where they hardly differ, or where filters ran again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pareto_k: Option<f64>,
    /// Of a source or story: what it says of each unknown by itself, as the log-likelihood in twelfths that are equally likely before any
    /// evidence, less the greatest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub says_of: Vec<SaysOf>,
}

impl Influence {
    /// Of a source, its chance of a misreport before and after the evidence; of a row, the chance that it is one.
    #[must_use]
    pub fn misreport_in_words(&self) -> String {
        let before = percent(self.misreport_before);
        match &self.learned {
            Some(chance) if chance.q05 < chance.q95 => format!(
                "{before} → {} ({} to {})",
                percent(chance.mean),
                percent(chance.q05),
                percent(chance.q95)
            ),
            // Nothing is learned about it.
            Some(_) => before,
            None => format!("{before} → {}", percent(self.misreport)),
        }
    }

    /// The shifts that are worth a word.
    #[must_use]
    pub fn shifts_in_words(&self) -> String {
        let worth = self.shifts.iter().filter(|s| s.mean.abs() >= 0.005);
        let each: Vec<String> = worth
            .map(|shift| {
                let said = format!("{} {:+.2} {}", shift.unknown, shift.mean, shift.unit);
                said.trim_end().to_string()
            })
            .collect();
        each.join(", ")
    }
}

/// What a group of rows says of an unknown, given all others.
#[derive(Clone, Debug, Serialize)]
pub struct SaysOf {
    /// The unknown.
    pub unknown: String,
    /// Middles of the parts, as quantiles of the prior; in days where it is a duration.
    pub at: Vec<f64>,
    /// Log-likelihood less the greatest; none where no value that was tried lies.
    pub log_likelihood: Vec<Option<f64>>,
}

/// A shift of an unknown's mean.
#[derive(Clone, Debug, Serialize)]
pub struct Shift {
    /// The unknown.
    pub unknown: String,
    /// With the row less without it.
    pub mean: f64,
    /// Its unit; empty for a plain number.
    pub unit: &'static str,
}

/// A row that the rest of the evidence speaks against.
#[derive(Clone, Debug, Serialize)]
pub struct Conflicting {
    /// The row's id.
    pub id: String,
    /// Its line in the file.
    pub line: u32,
    /// What it says.
    pub says: String,
    /// Chance that it is a misreport; 1 if it was impossible and left out.
    pub misreport: f64,
    /// Ids of rows about the same thing that say otherwise.
    pub with: Vec<String>,
    /// Whether it was left out of the answer.
    pub left_out: bool,
}

/// A row beside what the worlds that are believed would have it say. Figures are in the unit of the evidence, of a trend as a share
/// of what was there at first.
#[derive(Clone, Debug, Serialize)]
pub struct Predicted {
    /// The row's id.
    pub id: String,
    /// The last day that it is about.
    pub date: Date,
    /// What it says.
    pub says: String,
    /// Ends of what it says, where they are finite.
    pub low: Option<f64>,
    /// See `low`.
    pub high: Option<f64>,
    /// 5 % of the worlds would have it say less.
    pub q05: Option<f64>,
    /// Half would.
    pub q50: Option<f64>,
    /// 5 % would have it say more.
    pub q95: Option<f64>,
    /// Of a yes or no, the share that would have it say yes.
    pub yes: Option<f64>,
}

/// A row that is not used.
#[derive(Clone, Debug, Serialize)]
pub struct UnusedRow {
    /// Its id.
    pub id: Words,
    /// Its line in the file.
    pub line: u32,
    /// Why.
    pub why: &'static str,
}

/// The evidence of the model, over runs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EvidenceEstimate {
    /// Logarithm of the mean evidence.
    pub mean: f64,
    /// Standard deviation of the logarithm over runs that differ in the seed; none for a single run.
    pub spread: Option<f64>,
    /// Monte Carlo standard error of the mean.
    pub error: f64,
}

impl EvidenceEstimate {
    /// The evidence by all runs of a pool.
    pub(crate) fn of(pool: &Pool) -> Self {
        let known = pool.log_evidence_known();
        Self {
            mean: known.value,
            spread: Some(pool.log_evidence().spread()).filter(|spread| spread.is_finite()),
            error: known.error,
        }
    }
}

/// What is believed after the evidence, and by which run each course was found.
pub(crate) struct Posterior<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) courses: &'a [Course],
    pub(crate) by_run: &'a [usize],
}

impl Posterior<'_> {
    /// The share of the courses of which something is so, and its standard error: what the runs differ by, and at least
    /// what so many courses allow.
    pub(crate) fn share(&self, so: impl Fn(&Course) -> bool) -> (f64, f64) {
        let runs = self.pool.runs().len();
        let mut counts = vec![(0.0, 0.0); runs];
        for (course, run) in self.courses.iter().zip(self.by_run) {
            counts[*run].0 += f64::from(u8::from(so(course)));
            counts[*run].1 += 1.0;
        }
        let all = self.courses.len().max(1) as f64;
        let share = counts.iter().map(|(yes, _)| yes).sum::<f64>() / all;
        let effective = all.min(self.pool.effective_sample_size()).max(1.0);
        let within = (share * (1.0 - share) / effective).max(effective.powi(-2));
        let heard = counts.iter().filter(|(_, n)| *n > 0.0);
        let square: f64 = heard
            .clone()
            .map(|(yes, n)| (n / all * (yes / n - share)).powi(2))
            .sum();
        let heard = heard.count() as f64;
        let between = if heard > 1.0 {
            square * heard / (heard - 1.0)
        } else {
            0.0
        };
        (share, within.max(between).sqrt())
    }

    /// The share by run, of those that have courses.
    pub(crate) fn shares(&self, so: impl Fn(&Course) -> bool) -> Vec<f64> {
        let of_run = |run: usize| {
            let pairs = self.courses.iter().zip(self.by_run);
            let (mut yes, mut all) = (0.0, 0.0);
            for (course, _) in pairs.filter(|(_, by)| **by == run) {
                yes += f64::from(u8::from(so(course)));
                all += 1.0;
            }
            (all > 0.0).then(|| yes / all)
        };
        (0..self.pool.runs().len()).filter_map(of_run).collect()
    }

    /// Describes a figure of the courses, with its errors.
    fn summary(&self, value: impl Fn(&Course) -> f64, errors: bool) -> Summary {
        let all = Weighted::equal(self.courses.iter().map(&value).collect());
        let mut summary = Summary::of(&all);
        if errors {
            summary.errors = Some(LEVELS.map(|level| {
                let bound = all.quantile(level);
                let (_, error) = self.share(|course| value(course) <= bound);
                let at = |level: f64| all.quantile(level.clamp(0.0, 1.0));
                0.5 * (at(level + error) - at(level - error))
            }));
        }
        summary
    }
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// As it was asked.
    pub ask: String,
    /// Its probability given the evidence.
    pub probability: f64,
    /// Monte Carlo standard error of that, over independent runs.
    pub standard_error: f64,
    /// What each run says by itself.
    pub runs: Vec<f64>,
    /// Its probability before the evidence.
    pub prior: f64,
    /// Whether the gateway file alone says that it is so, or that it is not; none if it leaves it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<bool>,
}

impl Answer {
    /// The answer without what was asked.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.settled {
            Some(true) => {
                return "certain from the gateway file: its priors allow nothing else, so no evidence matters"
                    .to_string();
            }
            Some(false) => {
                return "excluded by the gateway file: its priors do not allow it, so no evidence matters"
                    .to_string();
            }
            None => {}
        }
        let by_run = if self.runs_differ() {
            let each: Vec<String> = self.runs.iter().map(|run| percent(*run)).collect();
            format!("; THE RUNS DIFFER: {} by run", each.join(", "))
        } else {
            String::new()
        };
        format!(
            "{} (± {:.1} points by chance of the computation{by_run}); before: {}",
            percent(self.probability),
            100.0 * self.standard_error,
            percent(self.prior)
        )
    }

    /// Whether the runs differ so much that what each says must be told.
    fn runs_differ(&self) -> bool {
        let least = self.runs.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = self.runs.iter().copied().fold(0.0, f64::max);
        greatest - least > 0.2
    }
}

/// What the evidence leaves of what is not known.
#[derive(Clone, Debug, Serialize)]
pub struct Estimate {
    /// The day of which the answer is.
    pub as_of: Date,
    /// The unknowns; in JSON by their names.
    #[serde(serialize_with = "by_name")]
    pub unknowns: Vec<UnknownEstimate>,
    /// The state over time; in JSON the days by the figure's name.
    #[serde(serialize_with = "by_metric")]
    pub state: Vec<Series>,
    /// Evidence of the model as a whole.
    pub log_evidence: EvidenceEstimate,
    /// What each row did, in the order taken in.
    pub rows: Vec<Influence>,
    /// What each source did.
    pub sources: Vec<Influence>,
    /// What each story did, told by one or by many; empty if no rows go back to one origin.
    pub stories: Vec<Influence>,
    /// What became of the grades of the sources, in the order of their first rows.
    pub grades: Vec<Graded>,
    /// Rows that the rest speaks against.
    pub conflicts: Vec<Conflicting>,
    /// What the answer would have each row say, beside what it says: the first 500 used.
    pub predicted: Vec<Predicted>,
    /// Rows that are not used.
    pub unused_rows: Vec<UnusedRow>,
    /// What to know before believing it, in words.
    pub diagnostics: Vec<String>,
    /// How likely a world of the posterior is to produce evidence as unlikely as this or more so.
    pub predictive_check: f64,
    /// Answers to what was asked.
    pub asks: Vec<Answer>,
    /// Courses drawn from what was believed before the evidence.
    #[serde(skip)]
    pub before: Vec<Course>,
    /// Courses drawn from what is believed after it.
    #[serde(skip)]
    pub after: Vec<Course>,
}

impl Estimate {
    /// Whether it was stopped before all was worked out.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.diagnostics
            .first()
            .is_some_and(|said| said.starts_with(PARTIAL))
    }
}

/// How the diagnostics of an answer begin that was stopped.
const PARTIAL: &str = "PARTIAL";

fn by_name<S: Serializer>(of: &[UnknownEstimate], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(of.iter().map(|unknown| (&unknown.name, unknown)))
}

fn by_metric<S: Serializer>(of: &[Series], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(of.iter().map(|series| (&series.metric, &series.days)))
}

/// Seconds to days, where it is a duration.
pub(crate) fn shown(dimension: Dimension, value: f64) -> f64 {
    match dimension {
        Dimension::Duration => value / 86_400.0,
        Dimension::Number | Dimension::Mass => value,
    }
}

pub(crate) fn unit(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Duration => "d",
        Dimension::Mass => "kg",
        Dimension::Number => "",
    }
}

/// Works out what the evidence leaves.
///
/// * `belief` — the prior of the gateway.
/// * `attendance` — is told of [`steps`] steps.
///
/// # Errors
/// [`WatchError`].
pub fn estimate<K: Kernel>(
    kernel: &K,
    belief: &Belief,
    question: &Question<'_>,
    asks: &[Ask],
    attendance: &Attendance<'_>,
) -> Result<Estimate, WatchError> {
    let course = Attended {
        attendance: *attendance,
        origin: Origin {
            gateway: "",
            rules: "",
        },
        earlier: None,
    };
    estimate_attended(kernel, belief, question, asks, &course).map(|(estimate, _)| estimate)
}

/// How an estimate goes on, is watched and is stopped.
#[derive(Clone, Copy)]
pub struct Attended<'a> {
    /// Who looks on. If an end is wanted once the first run is done, the answer is given without the other runs and
    /// without influences, and says so.
    pub attendance: Attendance<'a>,
    /// What it is made from.
    pub origin: Origin<'a>,
    /// An estimate to go on from.
    pub earlier: Option<&'a Kept>,
}

/// As [`estimate`], from where an earlier one was kept, with an end whenever one is wanted; also gives what to keep.
///
/// # Errors
/// [`WatchError`].
pub fn estimate_attended<K: Kernel>(
    kernel: &K,
    belief: &Belief,
    question: &Question<'_>,
    asks: &[Ask],
    course: &Attended<'_>,
) -> Result<(Estimate, Kept), WatchError> {
    if let Some(earlier) = course.earlier {
        earlier.check(question, course.origin)?;
    }
    let gateway = question.gateway;
    let observations = question.observations;
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let belief = &belief.seen_until(observations.last_day);
    let site = Site::new(kernel, observations, belief, &means, 1).map_err(WatchError::Gateway)?;
    let effort = question.effort;
    let seeds = seeds(effort);
    let unchanged = course.earlier.and_then(|earlier| earlier.same(question));
    let Weighed { pool, sampler } = match unchanged {
        Some(pool) => Weighed {
            pool: pool.clone(),
            sampler: sampler_of(pool, &site, belief, question)?,
        },
        None => weigh(&site, belief, question, &seeds, &course.attendance)?,
    };
    let kept = Kept::of(question, course.origin, &pool);
    let key = StreamKey::new(effort.seed).child(90);
    let prior = prior_courses(&site, belief, question, key.child(1));
    let (posterior, by_run) = courses_by_run(&site, &pool, &sampler, question, key.child(2))?;
    let known = Posterior {
        pool: &pool,
        courses: &posterior,
        by_run: &by_run,
    };

    let left_out: Vec<usize> = sampler.conflicts().iter().map(|c| c.row).collect();
    let learned = learn(observations, &posterior, &left_out, key.child(5));
    let unknowns = unknowns(gateway, belief, &pool, key.child(3));
    let (mut rows, mut sources, mut stories) = (Vec::new(), Vec::new(), Vec::new());
    let mut stopped = pool.runs().len() < seeds.len();
    if effort.influence {
        let left_out = LeavingOut {
            site: &site,
            sampler: &sampler,
            question,
            belief,
            learned: &learned,
            attendance: &course.attendance,
        };
        // Either all of them or none: half a table would be taken for the whole.
        match left_out.rows_and_sources()? {
            Some(all) => (rows, sources, stories) = all,
            None => stopped = true,
        }
    }
    let conflicts = conflicts(question, sampler.conflicts(), &learned.rows);
    let predictive_check = predictive_check(observations, &posterior, &learned, key.child(4));
    let mut answer = Estimate {
        as_of: question.as_of,
        state: state(gateway, question, &prior, &known),
        unknowns,
        log_evidence: EvidenceEstimate::of(&pool),
        rows,
        sources,
        stories,
        grades: learned.sources.clone(),
        conflicts,
        predicted: fit::predicted(question, &posterior, &learned, key.child(6)),
        unused_rows: unused(question),
        diagnostics: Vec::new(),
        predictive_check,
        asks: asks
            .iter()
            .map(|ask| ask.answer(question, belief, &known, &prior))
            .collect(),
        before: Vec::new(),
        after: Vec::new(),
    };
    answer.diagnostics = words::diagnostics(&answer, question, &pool, &sampler);
    if effort.grid && !stopped {
        answer
            .diagnostics
            .push(grid::check(&site, belief, question, &pool)?);
    }
    if stopped {
        let why = "PARTIAL: interrupted; the effect of each row was not computed, nor were all runs over seeds.";
        answer.diagnostics.insert(0, why.to_string());
    }
    (answer.before, answer.after) = (prior, posterior);
    Ok((answer, kept))
}

/// Rows that are not used, in the order of the file.
pub(crate) fn unused(question: &Question<'_>) -> Vec<UnusedRow> {
    question
        .observations
        .unused
        .iter()
        .map(|unused| UnusedRow {
            id: question.rows[unused.row].id.clone(),
            line: question.rows[unused.row].line,
            why: unused.why.in_words(),
        })
        .collect()
}

const SLICES: usize = 40;

fn unknowns(
    gateway: &Gateway,
    belief: &Belief,
    pool: &Pool,
    key: StreamKey,
) -> Vec<UnknownEstimate> {
    let draws: Vec<Vec<f64>> = (0..4000)
        .map(|i| belief.unknowns(&belief.prior.sample(&mut key.child(i).stream())))
        .collect();
    gateway
        .unknowns
        .iter()
        .enumerate()
        .map(|(at, unknown)| {
            let days = |value: f64| shown(unknown.dimension, value);
            let prior = Weighted::equal(draws.iter().map(|d| days(d[at])).collect());
            let value = |theta: &[f64]| days(belief.unknowns(theta)[at]);
            let posterior = pool.posterior_of(value);
            let errors = LEVELS.map(|level| pool.quantile(value, level).error);
            let (from, to) = (
                prior.quantile(0.001).min(posterior.quantile(0.001)),
                prior.quantile(0.999).max(posterior.quantile(0.999)),
            );
            let slices = |of: &Weighted| {
                let mut shares = vec![0.0; SLICES];
                for (value, weight) in of.values().iter().zip(of.weights()) {
                    let at = (value - from) / (to - from).max(1e-12) * SLICES as f64;
                    shares[(at.max(0.0) as usize).min(SLICES - 1)] += weight;
                }
                shares
            };
            let histogram = Histogram {
                from,
                to,
                prior: slices(&prior),
                posterior: slices(&posterior),
            };
            UnknownEstimate {
                name: unknown.name.clone(),
                unit: unit(unknown.dimension),
                gained: gained(&prior, &posterior),
                leans_on: leans_on(&unknown.prior, days, &prior, &posterior),
                prior: Summary::of(&prior),
                posterior: Summary {
                    errors: Some(errors),
                    ..Summary::of(&posterior)
                },
                histogram,
            }
        })
        .collect()
}

/// Divergence of the posterior from the prior in eight slices that are equally likely before the evidence: coarse,
/// so that the chance in the particles does not pass for information.
fn gained(prior: &Weighted, posterior: &Weighted) -> f64 {
    const COARSE: usize = 8;
    let mut below = 0.0;
    (1..=COARSE)
        .map(|i| {
            let share = if i == COARSE {
                1.0
            } else {
                posterior.cumulative(prior.quantile(i as f64 / COARSE as f64))
            };
            let q: f64 = share - below;
            below = share;
            if q > 0.0 {
                q * (q * COARSE as f64).ln()
            } else {
                0.0
            }
        })
        .sum::<f64>()
        .max(0.0)
}

/// A bound of the prior within whose twentieth more than a fifth of the posterior lies, and three times what lay there
/// before.
///
/// Or one within whose twentieth the evidence speaks for the values nearly as well as anywhere: then nothing but the
/// bound stands against those beyond it.
fn leans_on(
    of: &lazaret_gateway::distribution::Distribution,
    days: impl Fn(f64) -> f64,
    prior: &Weighted,
    posterior: &Weighted,
) -> Option<f64> {
    let (low, high) = of.support();
    if !(low.is_finite() && high.is_finite() && high > low) {
        return None;
    }
    let edge = (high - low) / 20.0;
    // How much better each twentieth explains the evidence than the prior as a whole.
    let (mut below, mut best) = ((0.0, 0.0), 0.0f64);
    for i in 1..=20 {
        let at = days(low + edge * f64::from(i));
        let next = (prior.cumulative(at), posterior.cumulative(at));
        if next.0 - below.0 > 0.005 {
            best = best.max((next.1 - below.1) / (next.0 - below.0));
        }
        below = next;
    }
    let told = gained(prior, posterior) > 0.1;
    let leans =
        |p: f64, q: f64| (q > 0.2 && q > 3.0 * p) || (told && p > 0.005 && q / p > 0.5 * best);
    let (a, b) = (days(low + edge), days(high - edge));
    if leans(prior.cumulative(a), posterior.cumulative(a)) {
        Some(days(low))
    } else if leans(1.0 - prior.cumulative(b), 1.0 - posterior.cumulative(b)) {
        Some(days(high))
    } else {
        None
    }
}

fn state(
    gateway: &Gateway,
    question: &Question<'_>,
    prior: &[Course],
    posterior: &Posterior<'_>,
) -> Vec<Series> {
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    followed(gateway)
        .into_iter()
        .map(|metric| {
            let days = (0..=question.until)
                .map(|day| {
                    let value = |course: &Course| course.value(metric, day);
                    let before = Weighted::equal(prior.iter().map(value).collect());
                    DayEstimate {
                        date: date_of(gateway, day),
                        // Errors of every day would take longer than they are looked at.
                        posterior: posterior.summary(value, day == question.observations.last_day),
                        prior: Summary::of(&before),
                    }
                })
                .collect();
            let room = match metric {
                Metric::In(place) => crate::kernel::room(gateway, place, &means),
                _ => None,
            };
            Series {
                metric: metric.name(gateway),
                days,
                room,
            }
        })
        .collect()
}
