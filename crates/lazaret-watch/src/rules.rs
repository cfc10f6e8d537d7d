//! How evidence is read: what a subject and quantity measure in the gateway, and what grades are worth.
//!
//! The rules stand in a TOML file beside the gateway file, so that another gateway's evidence needs no code:
//!
//! ```toml
//! [[observe]]
//! subject  = "train_to_uiju"     # as in the evidence
//! quantity = "freight_wagons"
//! of       = "vehicles"          # what it is in the gateway
//! measure  = "count"             # how the figure relates to it
//!
//! [grades]
//! misreport = { A = 0.02, C = 0.25 }   # chance that such a source reports something unrelated to the truth
//! error     = { "1" = 0.05 }           # relative standard error of such information
//! strength  = 8                        # reports of a source that weigh as much as its letter
//! ```

use std::collections::BTreeMap;

use lazaret_gateway::Diagnostic;
use lazaret_gateway::diagnostic::{Location, Text};
use lazaret_gateway::model::{Dimension, Gateway, PlaceIx, UnknownIx};
use serde::Deserialize;
use toml::Spanned;

use crate::evidence::{InfoGrade, SourceGrade};
use crate::kernel::Figures;
use crate::kind::{HOLDS, Kind, SPREAD, TRANSFER};

/// What may stand where a kind is named.
const KINDS_HELP: &str = "seen, recorded, rule, announced, expected or hearsay";

/// Reports that weigh as much as a letter, unless the rules say otherwise. An assumption, like the letters' numbers: a
/// source graded 0.08 that errs in two of its first four reports is then believed to err in 22 of 100.
pub const STRENGTH: f64 = 8.0;

/// What a figure of the evidence is in the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Convoys that arrived in the day.
    Convoys,
    /// Vehicles that arrived in the day.
    Vehicles,
    /// Lots that arrived in the day.
    Lots,
    /// Lots that wait outside.
    Queue,
    /// Lots inside, the queue included.
    Inside,
    /// Lots that left inland in the day.
    Dispatched,
    /// Lots that left inland since the start.
    DispatchedTotal,
    /// What stands in a place.
    In(PlaceIx),
    /// An unknown, in its base unit.
    Unknown(UnknownIx),
}

/// Metrics that are not places or unknowns, by the names they have in files.
pub const METRICS: [(&str, Metric); 7] = [
    ("convoys", Metric::Convoys),
    ("vehicles", Metric::Vehicles),
    ("lots", Metric::Lots),
    ("queue", Metric::Queue),
    ("inside", Metric::Inside),
    ("dispatched", Metric::Dispatched),
    ("dispatched_total", Metric::DispatchedTotal),
];

impl Metric {
    /// The metric called `name` in a gateway: one of [`METRICS`], `in.PLACE`, or an unknown.
    #[must_use]
    pub fn parse(name: &str, gateway: &Gateway) -> Option<Metric> {
        if let Some((_, metric)) = METRICS.iter().find(|(known, _)| *known == name) {
            return Some(*metric);
        }
        if let Some(place) = name.strip_prefix("in.") {
            let at = gateway.places.iter().position(|p| p.name == place)?;
            return Some(Metric::In(PlaceIx(at as u16)));
        }
        let at = gateway.unknowns.iter().position(|u| u.name == name)?;
        Some(Metric::Unknown(UnknownIx(at as u16)))
    }

    /// Its name in files.
    #[must_use]
    pub fn name(self, gateway: &Gateway) -> String {
        match self {
            Metric::In(place) => format!("in.{}", gateway.places[place.index()].name),
            Metric::Unknown(unknown) => gateway.unknowns[unknown.index()].name.clone(),
            _ => METRICS
                .iter()
                .find(|(_, metric)| *metric == self)
                .map_or(String::new(), |(name, _)| (*name).to_string()),
        }
    }

    /// All names there are in `gateway`.
    #[must_use]
    pub fn names(gateway: &Gateway) -> Vec<String> {
        METRICS
            .iter()
            .map(|(name, _)| (*name).to_string())
            .chain(
                gateway
                    .places
                    .iter()
                    .map(|place| format!("in.{}", place.name)),
            )
            .chain(gateway.unknowns.iter().map(|unknown| unknown.name.clone()))
            .collect()
    }

    /// Whether it is something that flows, so that a sum over days means something.
    #[must_use]
    pub fn flows(self) -> bool {
        matches!(
            self,
            Metric::Convoys | Metric::Vehicles | Metric::Lots | Metric::Dispatched
        )
    }

    /// Its value on a day. Durations are in seconds.
    #[must_use]
    pub fn value(self, today: &Figures, unknowns: &[f64]) -> f64 {
        match self {
            Metric::Convoys => today.convoys.into(),
            Metric::Vehicles => today.vehicles.into(),
            Metric::Lots => today.lots.into(),
            Metric::Queue => today.queue.into(),
            Metric::Inside => today.inside.into(),
            Metric::Dispatched => today.dispatched.into(),
            Metric::DispatchedTotal => today.dispatched_total.into(),
            Metric::In(place) => today.places[place.index()].into(),
            Metric::Unknown(unknown) => unknowns[unknown.index()],
        }
    }

    /// What it measures.
    #[must_use]
    pub fn dimension(self, gateway: &Gateway) -> Dimension {
        match self {
            Metric::Unknown(unknown) => gateway.unknowns[unknown.index()].dimension,
            _ => Dimension::Number,
        }
    }
}

/// How a figure of the evidence relates to its metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A number of things, all of them or the share `seen`, as on an image.
    Count,
    /// The metric as a share of the room of its place, such as how much of a runway is covered.
    Share,
    /// A mean a day over a window.
    Rate,
    /// At least so many, whatever column the figure stands in.
    AtLeast,
    /// Nobody saw any: 0 says so, 1 says that some were seen.
    NoneSeen,
    /// A length of time.
    Duration,
    /// Yes (1) or no (0): whether the metric is `above` or more.
    YesNo,
    /// A sum over the days of the row's interval, such as a month.
    Total,
}

/// What one subject and quantity mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The subject.
    pub subject: String,
    /// The quantity.
    pub quantity: String,
    /// What it is in the gateway; several are added.
    pub of: Vec<Metric>,
    /// How it relates to that.
    pub measure: Measure,
    /// The unit in which the evidence must give it; durations take any unit of time.
    pub unit: Option<String>,
    /// One of the metric is so many in the evidence.
    pub scale: f64,
    /// Days that a rate is a mean over, if the row's own interval is a single day.
    pub window: usize,
    /// Share of the things that the instrument sees, or chance to see one of them.
    pub seen: f64,
    /// Chance to see what is not there.
    pub false_alarm: f64,
    /// Threshold of a yes.
    pub above: f64,
    /// Least standard error, in the unit of the evidence.
    pub error_at_least: f64,
    /// Where reports that have nothing to do with the truth lie, in the unit of the evidence.
    pub range: (f64, f64),
    /// The room that a share is a share of.
    pub room: f64,
    /// What kind of statement its rows are, where they do not say themselves.
    pub kind: Option<Kind>,
    /// What its rows are off by because they are about another place or year: the standard deviation of the logarithm.
    pub transfer: f64,
}

/// What an instrument would see if it looked, and what looking costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What to call it.
    pub name: String,
    /// As what it would enter the evidence.
    pub rule: Rule,
    /// Grades of what it says.
    pub grades: (SourceGrade, InfoGrade),
    /// The source of the evidence that makes it, whose rows tell how often it misreports; else its letter does.
    pub source: Option<String>,
    /// In any one unit.
    pub cost: f64,
}

/// All rules of a gateway's evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// What the evidence measures.
    pub observe: Vec<Rule>,
    /// Chance of a misreport, A to F.
    pub misreport: [f64; 6],
    /// Relative standard error, 1 to 6.
    pub error: [f64; 6],
    /// Chance of a misreport by the name of the source, where it is known better.
    pub by_source: BTreeMap<String, f64>,
    /// Reports of a source that weigh as much as its letter; infinite if nothing is learned about sources.
    pub strength: f64,
    /// The same by the name of the source.
    pub strength_by_source: BTreeMap<String, f64>,
    /// What statements are off by over and above their digit, by kind: the standard deviation of the logarithm.
    pub spread: [f64; 6],
    /// Chance that a yes or no is so, by kind.
    pub holds: [f64; 6],
    /// Chance that rows said to copy one another or to tell one story do go back to one origin.
    pub copies: f64,
    /// The same of rows of mouth or press that say nearly the same, if nothing is said.
    pub alike: f64,
    /// What could be looked at.
    pub looks: Vec<Look>,
}

/// Chance that a source of grade A to F reports what has nothing to do with the truth. An assumption: the Admiralty
/// words have no agreed numbers.
pub const MISREPORT: [f64; 6] = [0.02, 0.08, 0.20, 0.40, 0.65, 0.40];

/// Relative standard error of information of grade 1 to 6. An assumption, as above.
pub const ERROR: [f64; 6] = [0.05, 0.10, 0.20, 0.35, 0.60, 0.35];

impl Default for Rules {
    fn default() -> Self {
        Self {
            observe: Vec::new(),
            misreport: MISREPORT,
            error: ERROR,
            by_source: BTreeMap::new(),
            strength: STRENGTH,
            strength_by_source: BTreeMap::new(),
            spread: SPREAD,
            holds: HOLDS,
            copies: 0.9,
            alike: 0.3,
            looks: Vec::new(),
        }
    }
}

/// What the rules say was believed of unknowns before any evidence, as changes to the gateway file, such as
/// `unknown.hold_time=lognormal(38 d, 29 d)`. Nothing if `text` cannot be read, which [`read`] tells.
///
/// The gateway file is written from the evidence too; a prior taken from it would count the same rows twice.
#[must_use]
pub fn priors(text: &str) -> Vec<String> {
    let file: Option<File> = toml::from_str(text).ok();
    let priors = file.map(|file| file.prior).unwrap_or_default();
    let each = priors.into_iter();
    each.map(|(name, prior)| format!("unknown.{name}={prior}"))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    prior: BTreeMap<String, String>,
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
            None => reader.error(&grade.span(), "this is no grade of a source", "A to F"),
        }
    }
    for (grade, value) in &file.grades.error {
        match InfoGrade::parse(grade.get_ref()) {
            Some(known) => rules.error[known.index()] = reader.positive(value),
            None => reader.error(&grade.span(), "this is no grade of information", "1 to 6"),
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
                &format!("`{}` and `{}` are mapped a second time", key.0, key.1),
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

    /// A share, kept off 0 and 1: a source that cannot err would make one contradiction fatal.
    fn share(&mut self, value: &Spanned<f64>) -> f64 {
        let share = *value.get_ref();
        if !(0.0..1.0).contains(&share) {
            self.error(
                &value.span(),
                &format!("{share} is no chance below 1"),
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
                    &format!("{holds} is not a chance from 0.5 to 1"),
                    "what holds less often than not speaks for its opposite; write holds = 0.7, say",
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
                "name what the figure is in the gateway",
            );
        }
        let mut metrics = Vec::new();
        for name in names {
            if let Some(metric) = Metric::parse(name, self.gateway) {
                metrics.push(metric);
                continue;
            }
            let known = Metric::names(self.gateway);
            let near = known
                .iter()
                .map(|k| (strsim::jaro_winkler(k, name), k))
                .filter(|(score, _)| *score > 0.8)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let help = match near {
                Some((_, near)) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
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
                    "a duration is measured as a duration only"
                } else {
                    "this is no duration"
                },
                "measure = \"duration\" goes with unknowns that are lengths of time",
            );
        }
        if what == Measure::Total && !metrics.iter().all(|m| m.flows()) {
            self.error(
                &of.span(),
                "only what happens in a day can be added up over days",
                "use convoys, vehicles, lots or dispatched",
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
                            "this place has no limit, so nothing is a share of it",
                            "give its slots in the gateway file, or measure a count",
                        ),
                    }
                }
                [] => {}
                _ => self.error(
                    &of.span(),
                    "a share is that of one place",
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
                Measure::Share => (0.0, 1.0),
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
                        "more than all cannot be seen",
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
        Rule {
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
                self.error(&grade.span(), "this is no grade of a source", "A to F");
            }
        }
        let mut digit = InfoGrade::parse("2");
        if let Some(grade) = &given.info_grade {
            digit = InfoGrade::parse(grade.get_ref());
            if digit.is_none() {
                self.error(&grade.span(), "this is no grade of information", "1 to 6");
            }
        }
        let (letter, digit) = match (letter, digit) {
            (Some(letter), Some(digit)) => (letter, digit),
            // Reported above; anything harmless will do.
            _ => return self.look_without_grades(given, rule),
        };
        Look {
            name: given.name.get_ref().clone(),
            rule,
            grades: (letter, digit),
            source: given.source.clone(),
            cost: given.cost.as_ref().map_or(1.0, |cost| self.positive(cost)),
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
        }
    }
}

impl Rules {
    /// The rule for a subject and quantity.
    #[must_use]
    pub fn find(&self, subject: &str, quantity: &str) -> Option<&Rule> {
        self.observe
            .iter()
            .find(|rule| rule.subject == subject && rule.quantity == quantity)
    }

    /// Chance that a row of this source and grade is a misreport.
    #[must_use]
    pub fn misreport_of(&self, source: &str, grade: SourceGrade) -> f64 {
        let known = self.by_source.get(source).copied();
        known.unwrap_or(self.misreport[grade.index()])
    }

    /// Reports of this source that weigh as much as what is believed of it beforehand; infinite if nothing is learned.
    #[must_use]
    pub fn strength_of(&self, source: &str) -> f64 {
        let known = self.strength_by_source.get(source).copied();
        known.unwrap_or(self.strength)
    }
}
