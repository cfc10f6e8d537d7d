//! Rows of the evidence as observations of a model: on which day, of what, and how likely given the truth.
//!
//! A row is a statement that a figure lies in an interval: a plain count of 16 says 15.5 to 16.5, "at least 15" says
//! 14.5 or more, "a fortnight to a month" says 14 to 30 days. Given the true figure x, the source sees x with an
//! [error](crate::likelihood) and then makes the statement; with the chance of a misreport, which follows from its
//! grade, it says something that has nothing to do with x. So
//!
//! p(row | x) = (1 − b) · P(lo ≤ what it sees ≤ hi) + b · (share of the range that the statement covers).
//!
//! b is the same for all rows of a source; what they teach about it is in [`grades`](crate::grades). What was not seen
//! but ruled, planned or guessed is off by more ([`kind`](crate::kind)), and rows that may retell one origin are
//! weighed together ([`stories`](crate::stories)).
//!
//! Every statement of whatever form is given its probability in this way, so that they can be compared and multiplied.

use jiff::civil::Date;
use lazaret_gateway::Diagnostic;
use lazaret_gateway::diagnostic::Location;
use lazaret_gateway::model::{Dimension, Gateway};
use lazaret_smc::random::Stream;

use crate::evidence::{Row, SourceGrade};
use crate::kernel::{Figures, day_of};
use crate::kind::Kind;
pub use crate::likelihood::Own;
use crate::rules::{Look, Measure, Metric, Rule, Rules};
use crate::sources::{Source, sources, unheard};
use crate::stories::{self, Retold, Story};

/// What a source says, in the unit of the evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statement {
    /// The figure lies between the two; either may be infinite.
    Between(f64, f64),
    /// Yes or no; for [`Measure::NoneSeen`], whether any were seen.
    Is(bool),
}

/// A row that says something about the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Position of the row in the evidence; for a look, of the look.
    pub row: usize,
    /// The day at whose end it is taken in.
    pub day: usize,
    /// Days that it is about, `day` the last of them: 1 unless it is a rate or a total.
    pub window: usize,
    /// What is said.
    pub statement: Statement,
    /// Relative standard error, by its digit.
    pub relative: f64,
    /// Least standard error, in the unit of the evidence.
    pub least: f64,
    /// What kind of statement it is.
    pub kind: Kind,
    /// Whether the row left that to be assumed.
    pub kind_assumed: bool,
    /// What it is off by for its kind and because it is about another place or year: the standard deviation of the
    /// logarithm.
    pub apart: f64,
    /// Chance that a yes or no of its kind is so.
    pub holds: f64,
    /// Bounds that its source gives beside its figure.
    pub own: Own,
    /// Chance of a misreport, by its letter.
    pub misreport: f64,
    /// Its source, by its number in [`Observations::sources`].
    pub source: Option<usize>,
    /// Whether later rows of its source learn from it.
    pub teaches: bool,
    /// Tells it from other rows wherever it stands among them.
    pub address: u64,
    /// The story of which it may retell the first row.
    pub retold: Option<Retold>,
    /// How it relates to the model.
    pub rule: Rule,
    /// Seconds of its unit, where it is a duration.
    pub unit: f64,
}

/// A row that says nothing about the model, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Unused {
    /// Position of the row in the evidence.
    pub row: usize,
    /// Why.
    pub why: Why,
}

/// Why a row is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No rule names its subject and quantity.
    NoRule,
    /// It gives no figure.
    NoValue,
    /// It was published after the day of which the answer is.
    NotYetPublished,
    /// It is about a time before the gateway opened.
    BeforeStart,
    /// What it reports comes to the gateway only after the day of which the answer is.
    NotYetThere,
    /// It compares two days and names only one.
    OneDay,
}

impl Why {
    /// In words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Why::NoRule => "no observation rule says what it measures",
            Why::NoValue => {
                "it gives no figure: a look that did not happen or showed nothing never counts as nothing there"
            }
            Why::NotYetPublished => "not yet published",
            Why::BeforeStart => "about a time before the gateway file starts",
            Why::NotYetThere => "with its lag it is about days after the day of the answer",
            Why::OneDay => "it compares two days: write both as date_observed, first/last",
        }
    }
}

/// The evidence as far as it was known on a day, ready to be weighed.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// What is used, in the order of publication within a day.
    pub used: Vec<Observation>,
    /// What is not.
    pub unused: Vec<Unused>,
    /// Positions in `used`, by day.
    pub by_day: Vec<Vec<usize>>,
    /// Who says what is used, in the order of their first rows.
    pub sources: Vec<Source>,
    /// Rows that may go back to one origin.
    pub stories: Vec<Story>,
    /// Sources that the rules name and that say nothing in the evidence, in words.
    pub unheard: Vec<String>,
    /// The day of which the answer is.
    pub last_day: usize,
    /// The longest window.
    pub window_most: usize,
    /// What stands somewhere and is compared with what stood there on an earlier day.
    pub compared: Vec<Metric>,
}

/// The most rows that are weighed.
pub const USED_MOST: usize = 20_000;

/// Decides what each row says about `gateway`, as far as it was known on `as_of`.
///
/// # Errors
/// Rows whose unit is not that of their rule, each at its characters.
pub fn bind(
    gateway: &Gateway,
    rules: &Rules,
    rows: &[Row],
    as_of: Date,
) -> Result<Observations, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let last_day = day_of(gateway, as_of).max(0) as usize;
    let mut found = Observations {
        last_day,
        window_most: 1,
        ..Observations::default()
    };
    for (at, row) in rows.iter().enumerate() {
        let rule = rules.find(&row.subject, &row.quantity);
        let factor = match rule {
            Some(rule) => match unit_of(row, rule) {
                Ok(factor) => factor,
                Err(diagnostic) => {
                    wrong.push(*diagnostic);
                    continue;
                }
            },
            None => 1.0,
        };
        let why = match rule {
            _ if !row.known_on(as_of) => Some(Why::NotYetPublished),
            None => Some(Why::NoRule),
            Some(_) if !row.has_value() => Some(Why::NoValue),
            Some(_) => None,
        };
        let of_unknowns = rule.is_some_and(|rule| {
            let unknown = |m: &Metric| matches!(m, Metric::Unknown(_));
            rule.of.iter().all(unknown)
        });
        let mut day = day_of(gateway, row.observed.last.min(as_of));
        let why = why.or_else(|| (day < 0 && !of_unknowns).then_some(Why::BeforeStart));
        let why = why.or_else(|| rule.and_then(|rule| cannot_be_placed(rule, row, day, last_day)));
        day += rule.map_or(0, |rule| rule.lag as i64);
        day -= i64::from(rule.is_some_and(|rule| of_the_day_before(rule, row, day)));
        let grows = rule.is_some_and(|rule| rule.measure == Measure::Growth);
        let least = if grows { -100.0 } else { 0.0 };
        if let (Some(_), None) = (rule, why)
            && let Some(negative) = [row.low, row.best, row.high]
                .into_iter()
                .flatten()
                .find(|x| *x < least)
        {
            wrong.push(
                Diagnostic::error(
                    "negative",
                    row.value_at(),
                    format!(
                        "row `{}` says {negative}, and what its rule measures is never below {least}",
                        row.id
                    ),
                )
                .help("correct the figure, or map this quantity to nothing"),
            );
            continue;
        }
        match (rule, why) {
            (Some(rule), None) => {
                let observation = observation(gateway, rules, rule, at, row, day, factor);
                found.window_most = found.window_most.max(observation.window);
                found.used.extend(in_parts(observation));
            }
            (_, why) => found.unused.push(Unused {
                row: at,
                why: why.unwrap_or(Why::NoRule),
            }),
        }
    }
    if found.used.len() > USED_MOST {
        wrong.push(
            Diagnostic::error(
                "too-many-rows",
                Location::TOP,
                format!(
                    "{} rows are about the gateway; at most {USED_MOST} can be weighed",
                    found.used.len()
                ),
            )
            .help("choose an earlier --as-of, or keep one row for each figure and source"),
        );
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    found
        .used
        .sort_by_key(|o| (o.day, rows[o.row].published.last, o.row));
    found.stories = stories::find(&mut found.used, rows, rules);
    let of = sources(found.used.iter().map(|o| &rows[o.row]), rules);
    for (at, observation) in found.used.iter_mut().enumerate() {
        observation.source = Some(of.of[at]);
        observation.teaches = of.teaches[at];
    }
    found.sources = of.all;
    found.unheard = unheard(rows, rules);
    for metric in (found.used.iter())
        .filter(|o| o.compares())
        .flat_map(|o| &o.rule.of)
    {
        if !found.compared.contains(metric) {
            found.compared.push(*metric);
        }
    }
    found.by_day = vec![Vec::new(); last_day + 1];
    for (at, observation) in found.used.iter().enumerate() {
        found.by_day[observation.day].push(at);
    }
    Ok(found)
}

/// Why a row of `rule` cannot be given a day, if so.
fn cannot_be_placed(rule: &Rule, row: &Row, day: i64, last_day: usize) -> Option<Why> {
    let two_days = matches!(
        rule.measure,
        Measure::Growth | Measure::Remains | Measure::FirstSeen
    );
    if two_days && row.observed.days() < 2 {
        return Some(Why::OneDay);
    }
    (day + rule.lag as i64 > last_day as i64).then_some(Why::NotYetThere)
}

/// Whether what stands somewhere was seen before noon: then it is nearer to the end of the day before.
fn of_the_day_before(rule: &Rule, row: &Row, day: i64) -> bool {
    let stands = |m: &Metric| matches!(m, Metric::In(_) | Metric::Inside | Metric::Queue);
    let instant = !matches!(rule.measure, Measure::Rate | Measure::Total);
    day > 0 && instant && rule.of.iter().all(stands) && row.hour.is_some_and(|hour| hour < 12.0)
}

/// A first sighting is two: none on the first day of the interval, some on the last. Everything else is one.
fn in_parts(observation: Observation) -> Vec<Observation> {
    if observation.rule.measure != Measure::FirstSeen {
        return vec![observation];
    }
    let part = |seen: bool, day: usize| {
        let mut part = observation.clone();
        part.rule.measure = Measure::NoneSeen;
        part.statement = Statement::Is(seen);
        (part.day, part.window) = (day, 1);
        part.address ^= u64::from(seen);
        part
    };
    let first = (observation.day + 1).saturating_sub(observation.window);
    vec![part(false, first), part(true, observation.day)]
}

/// Seconds of a unit of time.
fn seconds(unit: &str) -> Option<f64> {
    Some(match unit.trim_end_matches('s') {
        "second" => 1.0,
        "minute" | "min" => 60.0,
        "hour" | "h" => 3600.0,
        "day" | "d" => 86_400.0,
        "week" => 7.0 * 86_400.0,
        "month" => 30.4375 * 86_400.0,
        _ => return None,
    })
}

fn unit_of(row: &Row, rule: &Rule) -> Result<f64, Box<Diagnostic>> {
    let wrong = |message: String, help: String| {
        Err(Box::new(
            Diagnostic::error("unit", row.value_at(), message).help(help),
        ))
    };
    if rule.measure == Measure::Duration {
        return match seconds(&row.unit) {
            Some(seconds) => Ok(seconds),
            None if !row.has_value() => Ok(86_400.0),
            None => wrong(
                format!(
                    "`{}` is not a unit of time, but `{}` is a duration",
                    row.unit, row.quantity
                ),
                "write second, minute, hour, day, week or month".to_string(),
            ),
        };
    }
    match &rule.unit {
        Some(unit) if *unit != row.unit && row.has_value() => wrong(
            format!(
                "row `{}` is in `{}`, but its rule expects `{unit}`",
                row.id, row.unit
            ),
            "convert the figure, or map this quantity by a separate rule".to_string(),
        ),
        _ => Ok(1.0),
    }
}

fn observation(
    gateway: &Gateway,
    rules: &Rules,
    rule: &Rule,
    at: usize,
    row: &Row,
    day: i64,
    unit: f64,
) -> Observation {
    let day = day.max(0) as usize;
    let window = match rule.measure {
        Measure::Rate
        | Measure::Total
        | Measure::Growth
        | Measure::Remains
        | Measure::FirstSeen
            if row.observed.days() > 1 =>
        {
            let first = day_of(gateway, row.observed.first) + rule.lag as i64;
            day.saturating_sub(first.max(0) as usize) + 1
        }
        Measure::Rate => rule.window.min(day + 1),
        _ => 1,
    };
    let statement = statement(rule, row.low, row.best, row.high);
    let mut own_rule = rule.clone();
    own_rule.seen *= row.sight.as_ref().map_or(1.0, |s| s.share(rule.size_m));
    let kind = row.kind.or(rule.kind);
    let known = kind.unwrap_or_else(|| Kind::assumed(row));
    let spread = rules.spread[known.index()];
    Observation {
        row: at,
        day,
        window,
        statement,
        relative: rules.error[row.info_grade.index()].hypot(rule.scale_error),
        least: least(rule).hypot(rule.besides.1),
        kind: known,
        kind_assumed: kind.is_none(),
        apart: spread.hypot(rule.transfer),
        holds: rules.holds[known.index()],
        own: own(row),
        misreport: rules.misreport_of(row.source(), row.source_grade),
        source: None,
        teaches: false,
        address: address(&row.id),
        retold: None,
        rule: own_rule,
        unit,
    }
}

/// The bounds that a row gives beside its figure; a plain count gives none, as it fills all three columns with one.
fn own(row: &Row) -> Own {
    let best = row.best.unwrap_or(0.0);
    let apart =
        |bound: Option<f64>| bound.filter(|bound| row.best.is_some_and(|best| best != *bound));
    Own {
        best,
        low: apart(row.low),
        high: apart(row.high),
    }
}

/// A number that follows from an id alone (FNV-1a).
fn address(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Half of the last figure that a measure is given to.
fn rounding(measure: Measure) -> f64 {
    match measure {
        Measure::Share | Measure::Growth | Measure::Remains => 0.025,
        Measure::Rate => 0.25,
        _ => 0.5,
    }
}

/// Least standard error of a rule's rows, in the unit of the evidence.
fn least(rule: &Rule) -> f64 {
    if rule.error_at_least.is_nan() {
        match rule.measure {
            Measure::Share => 0.05,
            Measure::Growth | Measure::Remains => 0.1,
            Measure::Rate => 0.25,
            _ => 0.5,
        }
    } else if rule.measure == Measure::Growth {
        rule.error_at_least / 100.0
    } else {
        rule.error_at_least
    }
}

fn statement(rule: &Rule, low: Option<f64>, best: Option<f64>, high: Option<f64>) -> Statement {
    let value = best.or(low).or(high).unwrap_or(0.0);
    // A change of −40 percent is a share of 0.6: never below 0, as all other figures.
    let share = |percent: Option<f64>| percent.map(|p| 1.0 + p / 100.0);
    let (low, mut best, mut high) = match rule.measure {
        Measure::Growth => (share(low), share(best), share(high)),
        _ => (low, best, high),
    };
    if rule.up_to_reached && low.is_none() && best.is_none() {
        (best, high) = (high, None);
    }
    match rule.measure {
        Measure::NoneSeen | Measure::YesNo => Statement::Is(value > 0.5),
        Measure::AtLeast => Statement::Between(
            low.or(best).or(high).unwrap_or(0.0) - rounding(rule.measure),
            f64::INFINITY,
        ),
        _ => {
            let half = rounding(rule.measure);
            match (low, best, high) {
                // Bounds beside a figure say how far off it may be; they do not take its place.
                (_, Some(best), _) => Statement::Between(best - half, best + half),
                (Some(low), None, Some(high)) => Statement::Between(low - half, high + half),
                (Some(low), None, None) => Statement::Between(low - half, f64::INFINITY),
                (None, None, Some(high)) => Statement::Between(f64::NEG_INFINITY, high + half),
                (None, None, None) => Statement::Between(f64::NEG_INFINITY, f64::INFINITY),
            }
        }
    }
}

impl Observations {
    /// The number of the source `name` as far as it has the letter `letter`, if it says anything.
    #[must_use]
    pub fn source(&self, name: &str, letter: SourceGrade) -> Option<usize> {
        let is = |source: &Source| source.name == name && source.letter == letter;
        self.sources.iter().position(is)
    }
}

impl Observation {
    /// A look on `day`, before anything is seen.
    #[must_use]
    pub fn of_look(look: &Look, position: usize, day: usize, rules: &Rules) -> Self {
        let window = match look.rule.measure {
            Measure::Rate => look.rule.window.min(day + 1),
            Measure::Growth | Measure::Remains => (look.rule.window + 1).min(day + 1),
            _ => 1,
        };
        Self {
            row: position,
            day,
            window,
            statement: Statement::Is(false),
            relative: rules.error[look.grades.1.index()],
            least: least(&look.rule),
            kind: Kind::Seen,
            kind_assumed: false,
            apart: 0.0,
            holds: 1.0,
            own: Own::default(),
            misreport: match &look.source {
                Some(source) => rules.misreport_of(source, look.grades.0),
                None => rules.misreport[look.grades.0.index()],
            },
            source: None,
            teaches: false,
            address: position as u64,
            retold: None,
            rule: look.rule.clone(),
            unit: if look.rule.measure == Measure::Duration {
                86_400.0
            } else {
                1.0
            },
        }
    }

    /// The true figure, in the unit of the evidence.
    ///
    /// * `window` — sum of each flow over the observation's window: convoys, vehicles, lots, dispatched.
    /// * `first` — what stood there at the end of the first day of its window, where it compares two days.
    #[must_use]
    pub fn truth(
        &self,
        today: &Figures,
        window: &[f64; 4],
        first: Option<f64>,
        unknowns: &[f64],
    ) -> f64 {
        let total: f64 = self
            .rule
            .of
            .iter()
            .map(|metric| match metric {
                Metric::Convoys if self.window > 1 => window[0],
                Metric::Vehicles if self.window > 1 => window[1],
                Metric::Lots if self.window > 1 => window[2],
                Metric::Dispatched if self.window > 1 => window[3],
                _ => metric.value(today, unknowns),
            })
            .sum();
        self.figure_of_total(total, window[3], first)
    }

    /// The true figure, in the unit of the evidence, where its metrics add up to `total`.
    ///
    /// * `left` — lots that left over the window; `first` as for [`truth`](Self::truth).
    pub(crate) fn figure_of_total(&self, total: f64, left: f64, first: Option<f64>) -> f64 {
        let flows = self.rule.of.iter().all(|m| m.flows());
        let figure = match self.rule.measure {
            Measure::Share => total / self.rule.room,
            Measure::Rate if flows => total / self.window as f64,
            Measure::Duration => total / self.unit,
            // Nothing can grow from nothing by a share; one thing stands in for it.
            Measure::Growth => total / first.unwrap_or(total).max(1.0),
            // Those that have stood longest leave first.
            Measure::Remains => {
                let stood = first.unwrap_or(0.0);
                (stood - left).max(0.0) / stood.max(1.0)
            }
            _ => total,
        };
        figure * self.rule.scale + self.rule.besides.0
    }

    /// Whether it compares what stands somewhere on two days.
    #[must_use]
    pub fn compares(&self) -> bool {
        matches!(self.rule.measure, Measure::Growth | Measure::Remains) && self.window > 1
    }

    /// Days over which its flows are summed: of what remains, those after the first.
    #[must_use]
    pub fn summed(&self) -> usize {
        match (self.rule.measure, self.window) {
            (_, 0 | 1) => 0,
            (Measure::Remains, days) => days - 1,
            (_, days) => days,
        }
    }

    /// Log-probability of the statement if the true figure is `truth` and nothing is known of the source but its
    /// letter.
    #[must_use]
    pub fn log_likelihood(&self, truth: f64) -> f64 {
        self.log_likelihood_if(truth, self.misreport)
    }

    /// The same if a misreport has the chance `misreport`.
    #[must_use]
    pub fn log_likelihood_if(&self, truth: f64, misreport: f64) -> f64 {
        let p = (1.0 - misreport) * self.right(truth) + misreport * self.anything();
        self.repeated(p).ln()
    }

    /// Probability of the statement as a right report and as a misreport, if the true figure is `truth`.
    #[must_use]
    pub fn either(&self, truth: f64) -> (f64, f64) {
        let (right, wrong) = self.alone(truth);
        (self.repeated(right), self.repeated(wrong))
    }

    /// The same as if it repeated nothing.
    #[must_use]
    pub fn alone(&self, truth: f64) -> (f64, f64) {
        (self.right(truth), self.anything())
    }

    /// Probability of the statement if that of one that speaks for itself is `p`. Where it is a retelling, whether its source
    /// would have misreported is open, and nothing is learned about that.
    pub(crate) fn repeated(&self, p: f64) -> f64 {
        self.retold.map_or(p, |retold| {
            retold.chance * retold.likely + (1.0 - retold.chance) * p
        })
    }

    /// The error of its source about what is there to be seen: a figure, and the mean of what is seen of it.
    fn error_about(&self, truth: f64) -> (crate::likelihood::Error, f64) {
        let rule = &self.rule;
        // A rate or a duration is a figure; only of things can some be seen and others not.
        let (mean, thinning) = if rule.measure == Measure::Count && rule.seen < 1.0 {
            (
                truth * rule.seen,
                truth.max(0.0) * rule.seen * (1.0 - rule.seen),
            )
        } else {
            (truth, 0.0)
        };
        let error = crate::likelihood::Error {
            relative: self.relative,
            least: (self.least * self.least + thinning).sqrt(),
            apart: self.apart,
            own: self.own,
        };
        (error, mean)
    }

    /// Probability of the statement if the source reports what it sees.
    pub(crate) fn right(&self, truth: f64) -> f64 {
        let rule = &self.rule;
        match (self.statement, rule.measure) {
            (Statement::Is(seen), Measure::NoneSeen) => {
                let none =
                    (1.0 - rule.false_alarm) * (1.0 - rule.seen.min(0.999)).powf(truth.max(0.0));
                self.if_it_holds(if seen { 1.0 - none } else { none })
            }
            (Statement::Is(yes), _) => {
                let chance = if truth >= rule.above {
                    rule.seen.min(1.0 - rule.false_alarm)
                } else {
                    rule.false_alarm
                };
                self.if_it_holds(if yes { chance } else { 1.0 - chance })
            }
            (Statement::Between(low, high), _) => {
                let (error, mean) = self.error_about(truth);
                error.between(low, high, mean)
            }
        }
        .max(0.0)
    }

    /// A yes or no of its kind is so with a chance; else the opposite is.
    fn if_it_holds(&self, p: f64) -> f64 {
        self.holds * p + (1.0 - self.holds) * (1.0 - p)
    }

    /// Probability of the statement if it has nothing to do with the truth.
    fn anything(&self) -> f64 {
        match self.statement {
            Statement::Is(_) => 0.5,
            Statement::Between(low, high) => {
                let (from, to) = self.rule.range;
                let covered = (high.min(to) - low.max(from)) / (to - from);
                // What lies outside the range can still be said by somebody.
                covered.clamp(1e-4, 1.0)
            }
        }
    }

    /// What the source would say if the true figure were `truth`: a plain figure, or yes or no.
    pub fn simulate(&self, truth: f64, rng: &mut Stream) -> Statement {
        self.simulate_if(truth, self.misreport, rng)
    }

    /// The same if a misreport has the chance `misreport`.
    pub fn simulate_if(&self, truth: f64, misreport: f64, rng: &mut Stream) -> Statement {
        let rule = &self.rule;
        let wrong = rng.uniform() < misreport;
        match rule.measure {
            Measure::NoneSeen | Measure::YesNo => {
                if wrong {
                    return Statement::Is(rng.uniform() < 0.5);
                }
                let yes = Observation {
                    statement: Statement::Is(true),
                    ..self.clone()
                };
                Statement::Is(rng.uniform() < yes.right(truth))
            }
            measure => {
                let (from, to) = rule.range;
                let half = rounding(measure);
                let said = if wrong {
                    from + rng.uniform() * (to - from)
                } else {
                    let (error, mean) = self.error_about(truth);
                    error.draw(mean, rng)
                };
                let rounded = (said / (2.0 * half)).round() * 2.0 * half;
                Statement::Between(rounded - half, rounded + half)
            }
        }
    }

    /// Half of the last figure that its measure is given to.
    pub(crate) fn rounding(&self) -> f64 {
        rounding(self.rule.measure)
    }

    /// The figure that it gives: that which stands for an interval, or the bound that it names; none for a yes or no.
    #[must_use]
    pub fn figure(&self) -> Option<f64> {
        match self.statement {
            Statement::Is(_) => None,
            Statement::Between(low, high) => match (low.is_finite(), high.is_finite()) {
                // Of the ends without their rounding, the mean on the scale of logarithms.
                (true, true) => {
                    let half = rounding(self.rule.measure).min(0.5 * (high - low));
                    Some(((low + half).max(0.0) * (high - half).max(0.0)).sqrt())
                }
                (true, false) => Some(low + rounding(self.rule.measure)),
                (false, true) => Some(high - rounding(self.rule.measure)),
                (false, false) => None,
            },
        }
    }

    /// With another statement in its place.
    #[must_use]
    pub fn saying(&self, statement: Statement) -> Self {
        Self {
            statement,
            ..self.clone()
        }
    }

    /// What it is of, in words.
    #[must_use]
    pub fn of_in_words(&self, gateway: &Gateway) -> String {
        let names: Vec<String> = self.rule.of.iter().map(|m| m.name(gateway)).collect();
        names.join(" + ")
    }

    /// Whether it is about unknowns alone.
    #[must_use]
    pub fn is_duration(&self, gateway: &Gateway) -> bool {
        self.rule
            .of
            .iter()
            .all(|m| m.dimension(gateway) == Dimension::Duration)
    }
}
