//! Reads a file of rules: shapes of its tables, and everything that can be wrong in them.

use std::collections::BTreeMap;

use lazaret_gateway::Diagnostic;
use lazaret_gateway::diagnostic::{Location, Text};
use lazaret_gateway::model::{Dimension, Gateway};
use lazaret_vocabulary::near::suggestion;
use serde::Deserialize;
use toml::Spanned;

use super::{Look, Measure, Metric, Rule, Rules, STRENGTH};
use crate::changes::{self, Changes};
use crate::evidence::{InfoGrade, SourceGrade};
use crate::kernel::count::{Answers, Flow, Stops};
use crate::kind::{Kind, TRANSFER};

/// What may stand where a kind is named.
const KINDS_HELP: &str = "seen, recorded, rule, announced, expected or hearsay";

/// What the rules say was believed of unknowns before any evidence, as changes to the gateway file, such as
/// `unknown.hold_time=lognormal(38 d, 29 d)`. Nothing if `text` cannot be read, which [`read`] tells.
///
/// The gateway file is written from the evidence too; a prior taken from it would count the same rows twice.
#[must_use]
pub fn priors(text: &str) -> Vec<String> {
    let Ok(file) = toml::from_str::<File>(text) else {
        return Vec::new();
    };
    let priors = file.prior.into_iter();
    let priors = priors.map(|(name, prior)| format!("unknown.{name}={prior}"));
    let sets = file.set.into_iter();
    priors
        .chain(sets.map(|(key, value)| format!("{key}={value}")))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    prior: BTreeMap<String, String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    observe: Vec<Spanned<RuleFile>>,
    #[serde(default)]
    grades: GradesFile,
    #[serde(default)]
    source: BTreeMap<String, SourceFile>,
    #[serde(default)]
    kinds: BTreeMap<Spanned<String>, Spanned<KindFile>>,
    #[serde(default)]
    copies: CopiesFile,
    #[serde(default)]
    look: Vec<Spanned<LookFile>>,
    #[serde(default)]
    unknown: BTreeMap<Spanned<String>, UnknownFile>,
    #[serde(default)]
    flow: BTreeMap<Spanned<String>, FlowFile>,
}

/// How an unknown may change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnknownFile {
    changes: Spanned<String>,
}

/// How a source stops, and how it answers to the state of the place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowFile {
    stops: Option<Spanned<StopsFile>>,
    answers: Option<Spanned<AnswersFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StopsFile {
    runs_days: f64,
    pauses_days: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswersFile {
    of: String,
    above: f64,
    lets_through: f64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GradesFile {
    #[serde(default)]
    misreport: BTreeMap<Spanned<String>, Spanned<f64>>,
    #[serde(default)]
    error: BTreeMap<Spanned<String>, Spanned<f64>>,
    strength: Option<Spanned<f64>>,
    learn: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CopiesFile {
    stated: Option<Spanned<f64>>,
    alike: Option<Spanned<f64>>,
}

/// What a kind is off by, alone or with the chance that a yes or no of it holds.
#[derive(Deserialize)]
#[serde(untagged)]
enum KindFile {
    Spread(f64),
    Both {
        spread: Option<f64>,
        holds: Option<f64>,
    },
}

/// Whether a rule is about another place or year, or by how much that is off.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Transfer {
    Whether(bool),
    By(f64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceFile {
    misreport: Option<Spanned<f64>>,
    strength: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    subject: Spanned<String>,
    quantity: Spanned<String>,
    of: Spanned<Names>,
    measure: Spanned<Measure>,
    unit: Option<String>,
    scale: Option<Spanned<f64>>,
    window_days: Option<Spanned<i64>>,
    seen: Option<Spanned<f64>>,
    false_alarm: Option<Spanned<f64>>,
    above: Option<f64>,
    error_at_least: Option<Spanned<f64>>,
    range: Option<Spanned<[f64; 2]>>,
    kind: Option<Spanned<String>>,
    transfer: Option<Spanned<Transfer>>,
    size_m: Option<Spanned<f64>>,
    lag_days: Option<Spanned<i64>>,
    besides: Option<Spanned<[f64; 2]>>,
    scale_error: Option<Spanned<f64>>,
    up_to: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookFile {
    name: Spanned<String>,
    of: Spanned<Names>,
    measure: Spanned<Measure>,
    source_grade: Option<Spanned<String>>,
    info_grade: Option<Spanned<String>>,
    source: Option<String>,
    cost: Option<Spanned<f64>>,
    window_days: Option<Spanned<i64>>,
    seen: Option<Spanned<f64>>,
    false_alarm: Option<Spanned<f64>>,
    above: Option<f64>,
    error_at_least: Option<Spanned<f64>>,
    range: Option<Spanned<[f64; 2]>>,
    every_days: Option<Spanned<i64>>,
    first: Option<Spanned<String>>,
    works: Option<Spanned<f64>>,
}

/// Reads a file of rules for `gateway`.
///
/// # Errors
/// A mistake of syntax or shape alone; else everything that is wrong.
pub fn read(text: &str, gateway: &Gateway) -> Result<Rules, Vec<Diagnostic>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        vec![Diagnostic::error(
            "rules",
            place(&span),
            error.message().trim(),
        )]
    })?;
    let mut reader = Reader {
        gateway,
        means: gateway.unknowns.iter().map(|u| u.prior.mean()).collect(),
        diagnostics: Vec::new(),
    };
    let mut rules = Rules::default();
    for (grade, value) in &file.grades.misreport {
        match SourceGrade::parse(grade.get_ref()) {
            Some(known) => rules.misreport[known.index()] = reader.share(value),
            None => reader.error(&grade.span(), "this is not a grade of a source", "A to F"),
        }
    }
    for (grade, value) in &file.grades.error {
        match InfoGrade::parse(grade.get_ref()) {
            Some(known) => rules.error[known.index()] = reader.positive(value),
            None => reader.error(
                &grade.span(),
                "this is not a grade of information",
                "1 to 6",
            ),
        }
    }
    if let Some(strength) = &file.grades.strength {
        rules.strength = reader.strength(strength);
    }
    for (name, source) in &file.source {
        if let Some(misreport) = &source.misreport {
            let share = reader.share(misreport);
            rules.by_source.insert(name.clone(), share);
        }
        if let Some(strength) = &source.strength {
            let strength = reader.strength(strength);
            rules.strength_by_source.insert(name.clone(), strength);
        }
    }
    if file.grades.learn == Some(false) {
        rules.strength = f64::INFINITY;
        rules.strength_by_source.clear();
    }
    for (name, given) in &file.kinds {
        reader.kind_of(&mut rules, name, given);
    }
    if let Some(stated) = &file.copies.stated {
        rules.copies = reader.share(stated);
    }
    if let Some(alike) = &file.copies.alike {
        rules.alike = reader.share(alike);
    }
    let mut seen: Vec<(String, String)> = Vec::new();
    for rule in &file.observe {
        let given = rule.get_ref();
        let key = (
            given.subject.get_ref().clone(),
            given.quantity.get_ref().clone(),
        );
        if seen.contains(&key) {
            reader.error(
                &given.subject.span(),
                &format!("`{}` and `{}` are mapped twice", key.0, key.1),
                "remove one of the two",
            );
        }
        seen.push(key);
        rules.observe.push(reader.rule(given));
    }
    for look in &file.look {
        let look = reader.look(look.get_ref());
        rules.looks.push(look);
    }
    for (name, unknown) in &file.unknown {
        reader.changes(&mut rules, name, &unknown.changes);
    }
    for (name, flow) in &file.flow {
        reader.flow(&mut rules, name, flow);
    }
    if reader.diagnostics.is_empty() {
        Ok(rules)
    } else {
        Err(reader.diagnostics)
    }
}

fn place(span: &std::ops::Range<usize>) -> Location {
    Location {
        text: Text::File,
        start: span.start,
        end: span.end,
    }
}

struct Reader<'g> {
    gateway: &'g Gateway,
    means: Vec<f64>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, span: &std::ops::Range<usize>, message: &str, help: &str) {
        self.diagnostics
            .push(Diagnostic::error("rules", place(span), message).help(help));
    }

    /// How an unknown may change.
    fn changes(&mut self, rules: &mut Rules, name: &Spanned<String>, given: &Spanned<String>) {
        let known = self.gateway.unknowns.iter();
        let names: Vec<&str> = known.map(|unknown| unknown.name.as_str()).collect();
        if !names.contains(&name.get_ref().as_str()) {
            let help = format!("there are {}", names.join(", "));
            let message = format!("the gateway has no unknown `{}`", name.get_ref());
            self.error(&name.span(), &message, &help);
        }
        match Changes::parse(given.get_ref()) {
            Ok(changes) => {
                rules.changes.insert(name.get_ref().clone(), changes);
            }
            Err(why) => self.error(&given.span(), &why, changes::HELP),
        }
    }

    /// How a source stops and answers.
    fn flow(&mut self, rules: &mut Rules, name: &Spanned<String>, given: &FlowFile) {
        let sources = self.gateway.sources.iter();
        let names: Vec<&str> = sources.map(|source| source.name.as_str()).collect();
        if !names.contains(&name.get_ref().as_str()) {
            let help = format!("there are {}", names.join(", "));
            let message = format!("the gateway has no source `{}`", name.get_ref());
            self.error(&name.span(), &message, &help);
        }
        let mut flow = Flow::default();
        if let Some(stops) = &given.stops {
            let StopsFile {
                runs_days,
                pauses_days,
            } = *stops.get_ref();
            if !(1.0..=36_500.0).contains(&runs_days) || !(1.0..=36_500.0).contains(&pauses_days) {
                self.error(
                    &stops.span(),
                    "runs and pauses must last at least a day on average",
                    "write stops = { runs_days = 150, pauses_days = 60 }",
                );
            }
            flow.stops = Some(Stops {
                runs_days: runs_days.clamp(1.0, 36_500.0),
                pauses_days: pauses_days.clamp(1.0, 36_500.0),
            });
        }
        if let Some(answers) = &given.answers {
            let AnswersFile {
                of,
                above,
                lets_through,
            } = answers.get_ref();
            let help = "write answers = { of = \"queue\", above = 40, lets_through = 0.2 }; `of` is queue, inside or in.PLACE";
            let of = Metric::parse(of, self.gateway)
                .filter(|m| matches!(m, Metric::Queue | Metric::Inside | Metric::In(_)));
            if of.is_none()
                || !(0.0..=f64::MAX).contains(above)
                || !(0.0..=1.0).contains(lets_through)
            {
                self.error(
                    &answers.span(),
                    "a source responds to a number of waiting lots, by the share of convoys that it lets through",
                    help,
                );
            }
            flow.answers = of.map(|of| Answers {
                of,
                above: *above,
                lets_through: *lets_through,
            });
        }
        rules.flows.insert(name.get_ref().clone(), flow);
    }

    /// A share, kept off 0 and 1: a source that cannot err would make one contradiction fatal.
    fn share(&mut self, value: &Spanned<f64>) -> f64 {
        let share = *value.get_ref();
        if !(0.0..1.0).contains(&share) {
            self.error(
                &value.span(),
                &format!("{share} is not a probability below 1"),
                "write a number from 0 up to, not including, 1",
            );
        }
        share.clamp(1e-4, 0.9999)
    }

    fn positive(&mut self, value: &Spanned<f64>) -> f64 {
        let number = *value.get_ref();
        if !(number > 0.0 && number.is_finite()) {
            self.error(
                &value.span(),
                &format!("{number} is not above 0"),
                "write a number above 0",
            );
            return 1.0;
        }
        number
    }

    /// What a kind of statement is off by.
    fn kind_of(&mut self, rules: &mut Rules, name: &Spanned<String>, given: &Spanned<KindFile>) {
        let Some(kind) = Kind::parse(name.get_ref()) else {
            self.error(&name.span(), "this is not a kind of statement", KINDS_HELP);
            return;
        };
        let (spread, holds) = match *given.get_ref() {
            KindFile::Spread(spread) => (Some(spread), None),
            KindFile::Both { spread, holds } => (spread, holds),
        };
        if let Some(spread) = spread {
            rules.spread[kind.index()] = self.spread(spread, &given.span());
        }
        if let Some(holds) = holds {
            if !(0.5..=1.0).contains(&holds) {
                self.error(
                    &given.span(),
                    &format!("{holds} is not a probability from 0.5 to 1"),
                    "a statement that is true less than half of the time supports its opposite; write for example holds = 0.7",
                );
            }
            rules.holds[kind.index()] = holds.clamp(0.5, 1.0);
        }
    }

    /// The standard deviation of a logarithm.
    fn spread(&mut self, spread: f64, span: &std::ops::Range<usize>) -> f64 {
        if !(0.0..=5.0).contains(&spread) {
            self.error(
                span,
                &format!("{spread} is not a spread from 0 to 5"),
                "write the standard deviation of the logarithm: 0.7 is a factor of two either way",
            );
            return 0.0;
        }
        spread
    }

    /// A number of reports. Beta distributions of less than a tenth of a report, or of more than a million, are as good
    /// as certain from the first report on, or for ever.
    fn strength(&mut self, value: &Spanned<f64>) -> f64 {
        let number = *value.get_ref();
        if number.is_nan() || number < 0.1 {
            self.error(
                &value.span(),
                &format!("{number} reports are too few to weigh as much as a letter"),
                "write how many reports of a source weigh as much as its letter, such as 8, or learn = false under [grades]",
            );
            return STRENGTH;
        }
        if number > 1e6 { f64::INFINITY } else { number }
    }

    fn of(&mut self, of: &Spanned<Names>) -> Vec<Metric> {
        let names: &[String] = match of.get_ref() {
            Names::One(name) => std::slice::from_ref(name),
            Names::Many(names) => names,
        };
        if names.is_empty() {
            self.error(
                &of.span(),
                "this list is empty",
                "say what the figure measures in the gateway",
            );
        }
        let mut metrics = Vec::new();
        for name in names {
            if let Some(metric) = Metric::parse(name, self.gateway) {
                metrics.push(metric);
                continue;
            }
            let known = Metric::names(self.gateway);
            let help = suggestion(name, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("there are {}", known.join(", ")));
            self.error(&of.span(), &format!("the gateway has no `{name}`"), &help);
        }
        metrics
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the keys that rules and looks share"
    )]
    fn common(
        &mut self,
        of: &Spanned<Names>,
        measure: &Spanned<Measure>,
        window: Option<&Spanned<i64>>,
        seen: Option<&Spanned<f64>>,
        false_alarm: Option<&Spanned<f64>>,
        above: Option<f64>,
        error_at_least: Option<&Spanned<f64>>,
        range: Option<&Spanned<[f64; 2]>>,
    ) -> Rule {
        let metrics = self.of(of);
        let what = *measure.get_ref();
        let durations = metrics
            .iter()
            .filter(|m| m.dimension(self.gateway) == Dimension::Duration)
            .count();
        if durations != 0 && durations != metrics.len() {
            self.error(
                &of.span(),
                "this adds durations to numbers",
                "add like to like",
            );
        }
        let is_duration = durations > 0;
        if is_duration != (what == Measure::Duration) && !metrics.is_empty() {
            self.error(
                &measure.span(),
                if is_duration {
                    "a duration can only be measured as a duration"
                } else {
                    "this is not a duration"
                },
                "measure = \"duration\" goes with unknowns that are lengths of time",
            );
        }
        if what == Measure::Total && !metrics.iter().all(|m| m.flows()) {
            self.error(
                &of.span(),
                "only what happens in a day can be summed over days",
                "use convoys, vehicles, lots or dispatched",
            );
        }
        if matches!(what, Measure::Growth | Measure::Remains)
            && !metrics
                .iter()
                .all(|m| matches!(m, Metric::In(_) | Metric::Inside | Metric::Queue))
        {
            self.error(
                &of.span(),
                "only what stands somewhere can grow or remain",
                "use in.PLACE, inside or queue",
            );
        }
        let mut room = f64::NAN;
        if what == Measure::Share {
            match metrics[..] {
                [Metric::In(place)] => {
                    match crate::kernel::room(self.gateway, place, &self.means) {
                        Some(known) => room = known,
                        None => self.error(
                            &of.span(),
                            "this place has no limit, so there is no share of it",
                            "give its slots in the gateway file, or measure a count",
                        ),
                    }
                }
                [] => {}
                _ => self.error(
                    &of.span(),
                    "a share must be that of one place",
                    "write of = \"in.PLACE\"",
                ),
            }
        }
        let range = match range {
            Some(given) => {
                let [low, high] = *given.get_ref();
                if !(low < high && low.is_finite() && high.is_finite()) {
                    self.error(&given.span(), "this range is empty", "write [low, high]");
                }
                (low, high)
            }
            // Wide enough that an unrelated report could say nearly anything, in the unit of the measure.
            None => match what {
                Measure::Duration => (0.0, 120.0),
                Measure::Share | Measure::Remains => (0.0, 1.0),
                Measure::Growth => (-100.0, 400.0),
                Measure::Rate => (0.0, 100.0),
                Measure::Total => (0.0, 5000.0),
                _ => (0.0, 100.0),
            },
        };
        let window = match window {
            Some(days) if !(1..=31).contains(days.get_ref()) => {
                self.error(
                    &days.span(),
                    "a window has 1 to 31 days",
                    "write window_days = 7",
                );
                7
            }
            Some(days) => *days.get_ref() as usize,
            None => 7,
        };
        Rule {
            subject: String::new(),
            quantity: String::new(),
            of: metrics,
            measure: what,
            unit: None,
            scale: 1.0,
            window,
            seen: seen.map_or(1.0, |seen| {
                let share = self.positive(seen);
                if share > 1.0 {
                    self.error(
                        &seen.span(),
                        "a share cannot exceed 1",
                        "write a share up to 1",
                    );
                }
                share.min(1.0)
            }),
            false_alarm: false_alarm.map_or(0.02, |share| self.share(share)),
            above: above.unwrap_or(1.0),
            error_at_least: error_at_least.map_or(f64::NAN, |error| self.positive(error)),
            range,
            room,
            kind: None,
            transfer: 0.0,
            size_m: None,
            lag: 0,
            besides: (0.0, 0.0),
            scale_error: 0.0,
            up_to_reached: false,
        }
    }

    fn rule(&mut self, given: &RuleFile) -> Rule {
        let common = self.common(
            &given.of,
            &given.measure,
            given.window_days.as_ref(),
            given.seen.as_ref(),
            given.false_alarm.as_ref(),
            given.above,
            given.error_at_least.as_ref(),
            given.range.as_ref(),
        );
        let kind = given.kind.as_ref().and_then(|name| {
            let kind = Kind::parse(name.get_ref());
            if kind.is_none() {
                self.error(&name.span(), "this is not a kind of statement", KINDS_HELP);
            }
            kind
        });
        let transfer = given
            .transfer
            .as_ref()
            .map_or(0.0, |by| match *by.get_ref() {
                Transfer::Whether(true) => TRANSFER,
                Transfer::Whether(false) => 0.0,
                Transfer::By(spread) => self.spread(spread, &by.span()),
            });
        let size_m = given.size_m.as_ref().map(|size| self.positive(size));
        let lag = given.lag_days.as_ref().map_or(0, |lag| {
            if !(0..=366).contains(lag.get_ref()) {
                self.error(&lag.span(), "a lag is 0 to 366 days", "write lag_days = 10");
            }
            *lag.get_ref() as usize
        });
        let besides = given.besides.as_ref().map_or((0.0, 0.0), |by| {
            let [mean, sd] = *by.get_ref();
            if !(mean >= 0.0 && sd >= 0.0 && (mean + sd).is_finite()) {
                self.error(
                    &by.span(),
                    "this is not a mean and a standard deviation",
                    "write besides = [mean, sd] in the unit of the evidence, neither below 0",
                );
            }
            (mean, sd)
        });
        let scale_error = given.scale_error.as_ref();
        let scale_error =
            scale_error.map_or(0.0, |error| self.spread(*error.get_ref(), &error.span()));
        let up_to_reached = given.up_to.as_ref().is_some_and(|up_to| {
            let reached = up_to.get_ref() == "reached";
            if !reached && up_to.get_ref() != "at most" {
                self.error(
                    &up_to.span(),
                    "this is not a way to read a bound",
                    "write up_to = \"at most\", or \"reached\" where some were as long as that",
                );
            }
            reached
        });
        Rule {
            size_m,
            lag,
            besides,
            scale_error,
            up_to_reached,
            kind,
            transfer,
            subject: given.subject.get_ref().clone(),
            quantity: given.quantity.get_ref().clone(),
            unit: given.unit.clone(),
            scale: given
                .scale
                .as_ref()
                .map_or(1.0, |scale| self.positive(scale)),
            ..common
        }
    }

    fn look(&mut self, given: &LookFile) -> Look {
        let rule = self.common(
            &given.of,
            &given.measure,
            given.window_days.as_ref(),
            given.seen.as_ref(),
            given.false_alarm.as_ref(),
            given.above,
            given.error_at_least.as_ref(),
            given.range.as_ref(),
        );
        let mut letter = SourceGrade::parse("B");
        if let Some(grade) = &given.source_grade {
            letter = SourceGrade::parse(grade.get_ref());
            if letter.is_none() {
                self.error(&grade.span(), "this is not a grade of a source", "A to F");
            }
        }
        let mut digit = InfoGrade::parse("2");
        if let Some(grade) = &given.info_grade {
            digit = InfoGrade::parse(grade.get_ref());
            if digit.is_none() {
                self.error(
                    &grade.span(),
                    "this is not a grade of information",
                    "1 to 6",
                );
            }
        }
        let (letter, digit) = match (letter, digit) {
            (Some(letter), Some(digit)) => (letter, digit),
            // Reported above; anything harmless will do.
            _ => return self.look_without_grades(given, rule),
        };
        let every = given.every_days.as_ref().map_or(0, |days| {
            if !(1..=366).contains(days.get_ref()) {
                self.error(
                    &days.span(),
                    "a revisit takes 1 to 366 days",
                    "write every_days = 5",
                );
            }
            *days.get_ref() as usize
        });
        let first = given.first.as_ref().map_or(0, |first| {
            match first.get_ref().parse::<jiff::civil::Date>() {
                Ok(date) => crate::kernel::day_of(self.gateway, date),
                Err(_) => {
                    self.error(
                        &first.span(),
                        "this is not a date",
                        "write first = \"2022-02-03\"",
                    );
                    0
                }
            }
        });
        Look {
            name: given.name.get_ref().clone(),
            rule,
            grades: (letter, digit),
            source: given.source.clone(),
            cost: given.cost.as_ref().map_or(1.0, |cost| self.positive(cost)),
            calendar: (every, first),
            works: given.works.as_ref().map_or(1.0, |works| self.share(works)),
        }
    }

    fn look_without_grades(&mut self, given: &LookFile, rule: Rule) -> Look {
        let grades = SourceGrade::parse("F").zip(InfoGrade::parse("6"));
        let Some(grades) = grades else {
            unreachable!("F and 6 are grades");
        };
        Look {
            name: given.name.get_ref().clone(),
            rule,
            grades,
            source: None,
            cost: 1.0,
            calendar: (0, 0),
            works: 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    /// The reference of the keys.
    const REFERENCE: &str = include_str!("../../../../docs/watch-files.md");

    /// The keys of a table, as its reader names them when it meets one that it does not know.
    fn keys<T: DeserializeOwned>() -> Vec<String> {
        let error = toml::from_str::<T>("no_such_key = 1").err().unwrap();
        let (_, named) = error
            .message()
            .split_once("expected")
            .expect("keys are named");
        named
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    }

    /// The keys in the table under a heading.
    fn documented(heading: &str) -> Vec<String> {
        let from = REFERENCE
            .find(&format!("# {heading}\n"))
            .unwrap_or_else(|| panic!("no heading {heading}"));
        let body = &REFERENCE[from + 2..];
        let body = &body[..body.find("\n#").unwrap_or(body.len())];
        body.lines()
            .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
            .flat_map(|first| first.split('`').step_by(2))
            .map(str::to_owned)
            .collect()
    }

    fn same<T: DeserializeOwned>(heading: &str) {
        let (mut said, mut known) = (documented(heading), keys::<T>());
        said.sort();
        known.sort();
        assert_eq!(said, known, "docs/watch-files.md, {heading}");
    }

    #[test]
    fn every_key_of_an_observation_file_is_in_its_reference() {
        same::<File>("Observation files");
        same::<RuleFile>("`[[observe]]`");
        same::<LookFile>("`[[look]]`");
        same::<GradesFile>("`[grades]`");
        same::<SourceFile>("`[source.\"NAME\"]`");
        same::<CopiesFile>("`[copies]`");
        same::<UnknownFile>("`[unknown.NAME]`");
        same::<FlowFile>("`[flow.SOURCE]`");
        same::<crate::compare::File>("Hypothesis files");
        same::<crate::compare::HypothesisFile>("`[[hypothesis]]`");
    }
}
