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

mod read;

use std::collections::BTreeMap;

use lazaret_gateway::model::{Dimension, Gateway, PlaceIx, UnknownIx};
use serde::Deserialize;

use crate::changes::Changes;
use crate::evidence::{InfoGrade, SourceGrade};
use crate::kernel::Figures;
use crate::kernel::count::Flow;
use crate::kind::{HOLDS, Kind, SPREAD};

pub use self::read::{priors, read};

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
    /// The change of what stands somewhere from the first to the last day of the row's interval, in percent.
    Growth,
    /// The share of what stood there on the first day of the row's interval that is there still on the last; 1 or 0 for all or none.
    Remains,
    /// On the first day of the row's interval none was seen, on the last some were.
    FirstSeen,
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
    /// Size of what is to be seen, in metres.
    pub size_m: Option<f64>,
    /// Days by which what is reported comes later at the gateway.
    pub lag: usize,
    /// What the figures hold of other routes: mean and standard deviation, in the unit of the evidence.
    pub besides: (f64, f64),
    /// Relative standard error of `scale`.
    pub scale_error: f64,
    /// Whether an upper bound alone says that so much was reached.
    pub up_to_reached: bool,
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
    /// Days between two looks of its calendar, and a day on which it looks; 0 if it may look on any day.
    pub calendar: (usize, i64),
    /// Chance that a look shows anything: no cloud, no other task.
    pub works: f64,
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
    /// How unknowns may change over time, by name.
    pub changes: BTreeMap<String, Changes>,
    /// How sources stop and answer to the state of the place, by their names in the gateway file.
    pub flows: BTreeMap<String, Flow>,
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
            changes: BTreeMap::new(),
            flows: BTreeMap::new(),
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
