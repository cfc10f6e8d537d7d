//! What a gateway file leaves open, and a rule needs: lengths and capacities that somebody has to state.
//!
//! A planner may leave a hold between two weeks and a month. A ledger cannot: whoever founds it says which.

use std::collections::BTreeMap;
use std::fmt;

use lazaret_gateway::distribution::Distribution;
use lazaret_gateway::model::{Family, Fill, Gateway, GoodsIx, Quantity, SourceIx, StepKind, Term};
use lazaret_vocabulary::event::GoodsName;
use lazaret_vocabulary::event::rules::{Protocol, RuleBook};
use lazaret_vocabulary::time::{Span, seconds_per};

use crate::book::last_hold;

/// What somebody has to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenKind {
    /// The hold of a goods class.
    Hold,
    /// The time under treatment in a step.
    Contact,
    /// How long an emptied vehicle of a source stands before it goes home.
    Dwell,
    /// How many units a place has.
    Units,
    /// How many slots each unit of a place has.
    Slots,
}

impl OpenKind {
    /// All of them.
    pub const ALL: [OpenKind; 5] = [
        OpenKind::Hold,
        OpenKind::Contact,
        OpenKind::Dwell,
        OpenKind::Units,
        OpenKind::Slots,
    ];

    /// Its name, which is also that of its flag.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            OpenKind::Hold => "hold",
            OpenKind::Contact => "contact",
            OpenKind::Dwell => "dwell",
            OpenKind::Units => "units",
            OpenKind::Slots => "slots",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<OpenKind> {
        OpenKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is a length of time; otherwise it is a number.
    #[must_use]
    pub fn is_length(self) -> bool {
        !matches!(self, OpenKind::Units | OpenKind::Slots)
    }

    fn shown(self, amount: u64) -> String {
        if self.is_length() {
            let micros = i64::try_from(amount).unwrap_or(i64::MAX);
            Span::from_micros(micros.saturating_mul(1_000_000)).to_string()
        } else {
            amount.to_string()
        }
    }
}

/// A length or capacity that the file leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// What it is.
    pub kind: OpenKind,
    /// Of what: a class, a step with a class, a source or a place.
    pub name: String,
    /// Where the file leaves it open, as a path of `--set`, with the unknowns that it depends on.
    pub place: String,
    /// The least that the file allows: seconds, or a number.
    pub least: u64,
    /// The most that it allows; none if its distribution has no end.
    pub most: Option<u64>,
}

impl Open {
    /// The most as somebody would write it; none if there is none.
    #[must_use]
    pub fn longest(&self) -> Option<String> {
        self.most.map(|most| self.kind.shown(most))
    }

    /// What would settle it: an example of the flag.
    #[must_use]
    pub fn flag(&self) -> String {
        let example = self.longest().unwrap_or_else(|| {
            let least = if self.kind.is_length() { 86_400 } else { 1 };
            self.kind.shown(self.least.max(least))
        });
        let text = format!("{}={}", self.name, example.replace(' ', ""));
        let quoted = if text.contains(' ') {
            format!("'{text}'")
        } else {
            text
        };
        format!("--{} {quoted}", self.kind.name())
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.kind.shown(self.least);
        let range = match self.longest() {
            Some(most) => format!("{least} to {most}"),
            None => format!("{least} or more, without an end"),
        };
        write!(
            f,
            "{} of {}: {range} in the file ({})",
            self.kind.name(),
            self.name,
            self.place
        )
    }
}

/// What somebody stated of what a file leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// By kind and name; the empty name stands for all of a kind.
    amounts: BTreeMap<(OpenKind, String), u64>,
    shortest: bool,
}

impl Stated {
    /// States the least length that the file allows wherever it leaves one open, and no limit where it leaves room open:
    /// for the trace of a simulation, which drew what it drew.
    #[must_use]
    pub fn shortest() -> Self {
        Stated {
            amounts: BTreeMap::new(),
            shortest: true,
        }
    }

    /// States one amount in the words of a flag: `general=30d`, or `30d` for all of its kind.
    ///
    /// # Errors
    /// If it is not an amount of that kind, or was stated before.
    pub fn state(&mut self, kind: OpenKind, text: &str) -> Result<(), String> {
        let (name, amount) = text.rsplit_once('=').unwrap_or(("", text));
        let amount = read_amount(kind, amount.trim())
            .ok_or_else(|| format!("`{text}`: write {}", example(kind)))?;
        let key = (kind, name.trim().to_owned());
        if self.amounts.insert(key, amount).is_some() {
            return Err(format!("`{text}`: it is stated twice"));
        }
        Ok(())
    }

    fn of(&self, open: &Open) -> Option<u64> {
        if self.shortest {
            return Some(open.least);
        }
        names_of(open)
            .into_iter()
            .find_map(|name| self.amounts.get(&(open.kind, name)).copied())
    }

    /// What the file leaves open and nobody stated.
    #[must_use]
    pub fn missing(&self, gateway: &Gateway) -> Vec<Open> {
        let open = open_choices(gateway).into_iter();
        open.filter(|open| self.of(open).is_none()).collect()
    }

    /// What is wrong with what was stated, one sentence each: nothing in the file is called so, or the file excludes it.
    #[must_use]
    pub fn wrong(&self, gateway: &Gateway) -> Vec<String> {
        let open = open_choices(gateway);
        let mut wrong = Vec::new();
        for ((kind, name), amount) in &self.amounts {
            let meant: Vec<&Open> = (open.iter())
                .filter(|open| open.kind == *kind && names_of(open).contains(name))
                .collect();
            let said = format!("--{} {name}={}", kind.name(), kind.shown(*amount));
            if meant.is_empty() {
                wrong.push(format!(
                    "{said}: the file leaves no such {} open",
                    kind.name()
                ));
            }
            for open in meant {
                if *amount < open.least || open.most.is_some_and(|most| *amount > most) {
                    wrong.push(format!("{said}: outside {open}; change the file"));
                }
            }
        }
        wrong
    }

    /// What counts of everything that the file leaves open, one sentence each.
    #[must_use]
    pub fn told(&self, gateway: &Gateway) -> Vec<String> {
        let open = open_choices(gateway).into_iter();
        open.map(|open| {
            let amount = open.kind.shown(self.amount(&open));
            format!("{open}; the ledger starts with {amount}")
        })
        .collect()
    }

    /// The amount that counts: what was stated, else the most. What has no end and was not stated lasts a century:
    /// nobody has said that less will do.
    fn amount(&self, open: &Open) -> u64 {
        self.of(open).or(open.most).unwrap_or(CENTURY_S)
    }

    /// Puts what counts into protocols.
    pub(crate) fn settle_protocols(&self, gateway: &Gateway, protocols: &mut [Protocol]) {
        for open in open_choices(gateway) {
            let amount = self.amount(&open);
            for protocol in protocols.iter_mut() {
                match open.kind {
                    OpenKind::Hold if protocol.protocol.as_str() == open.name => {
                        if let Some(hold) = &mut protocol.hold {
                            hold.hold_s = amount;
                        }
                    }
                    OpenKind::Contact => {
                        let of = |step: &str, goods: &str| contact_name(step, goods) == open.name;
                        let goods = protocol.goods.iter().map(GoodsName::as_str).next();
                        for rule in &mut protocol.treatments {
                            if goods.is_some_and(|goods| of(rule.step.as_str(), goods)) {
                                rule.contact_s = amount;
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Puts what counts into rules.
    pub(crate) fn settle_rules(&self, gateway: &Gateway, rules: &mut RuleBook) {
        for open in open_choices(gateway) {
            let amount = self.amount(&open);
            // The least room would refuse what the simulator did with more.
            let number = u32::try_from(amount).ok().filter(|_| !self.shortest);
            for place in &mut rules.places {
                if place.place.as_str() == open.name {
                    match open.kind {
                        OpenKind::Units => place.units = number,
                        OpenKind::Slots => place.slots = number,
                        _ => {}
                    }
                }
            }
            for vehicle in &mut rules.vehicles {
                if open.kind == OpenKind::Dwell && vehicle.source.as_str() == open.name {
                    vehicle.dwell_s = amount;
                }
            }
        }
        for (place, rule) in gateway.places.iter().zip(&mut rules.places) {
            rule.pooled = place.fill == Fill::Pool && rule.units.is_some() && rule.slots.is_some();
        }
    }
}

/// A hundred years.
const CENTURY_S: u64 = 3_155_760_000;

fn contact_name(step: &str, goods: &str) -> String {
    format!("{step} of {goods}")
}

/// Names by which something open is called, the closest first.
fn names_of(open: &Open) -> Vec<String> {
    let mut names = vec![open.name.clone()];
    // `general from dandong` is a hold of `general`, `disinfect of general` a contact time of `disinfect`.
    let parts = match open.kind {
        OpenKind::Hold => open.name.split_once(" from "),
        OpenKind::Contact => open.name.split_once(" of "),
        _ => None,
    };
    names.extend(parts.map(|(first, _)| first.to_owned()));
    names.push(String::new());
    names
}

fn example(kind: OpenKind) -> &'static str {
    match kind {
        OpenKind::Hold => "CLASS=LENGTH, such as general=30d",
        OpenKind::Contact => "STEP=LENGTH, such as disinfect=48h",
        OpenKind::Dwell => "SOURCE=LENGTH, such as port=14d",
        OpenKind::Units => "PLACE=NUMBER, such as warehouse=10",
        OpenKind::Slots => "PLACE=NUMBER, such as yard=1200",
    }
}

/// A length with its unit, which must be whole seconds, or a whole number.
fn read_amount(kind: OpenKind, text: &str) -> Option<u64> {
    if !kind.is_length() {
        let number = text.parse::<u32>().ok()?;
        return Some(u64::from(number));
    }
    // `1 d 12 h` as well as `36h`.
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let unit = after.trim_start();
        let end = unit
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(unit.len());
        let (unit, after) = unit.split_at(end);
        seconds += number.parse::<f64>().ok()? * seconds_per(unit)?;
        rest = after.trim_start();
    }
    // Beyond some thousand years it is no length of anything.
    let fits = seconds.fract() == 0.0 && (0.0..=1e11).contains(&seconds) && !text.is_empty();
    fits.then_some(seconds as u64)
}

/// Everything that the file leaves open and a rule needs, in the order of the file.
#[must_use]
pub fn open_choices(gateway: &Gateway) -> Vec<Open> {
    let mut open: Vec<Open> = Vec::new();
    let mut add = |kind, name: String, place: String, quantity: &Quantity| {
        let Some((least, most)) = left_open(gateway, kind, quantity) else {
            return;
        };
        if open
            .iter()
            .any(|known| known.kind == kind && known.name == name)
        {
            return;
        }
        let unknowns: Vec<String> = (quantity.unknowns())
            .map(|ix| format!("unknown.{}", gateway.unknowns[ix.index()].name))
            .collect();
        let place = match unknowns.as_slice() {
            [] => place,
            unknowns => format!("{place}, by {}", unknowns.join(" and ")),
        };
        open.push(Open {
            kind,
            name,
            place,
            least,
            most,
        });
    };
    for place in &gateway.places {
        let path = format!("place.{}", place.name);
        add(
            OpenKind::Units,
            place.name.clone(),
            format!("{path}.count"),
            &place.count,
        );
        if let Some(slots) = &place.slots {
            add(
                OpenKind::Slots,
                place.name.clone(),
                format!("{path}.slots"),
                slots,
            );
        }
    }
    for (source_ix, source) in gateway.sources.iter().enumerate() {
        for (goods_ix, goods) in gateway.goods.iter().enumerate() {
            let path = gateway.path(SourceIx(source_ix as u16), GoodsIx(goods_ix as u16));
            for ix in &path {
                let step = &gateway.steps[ix.index()];
                if matches!(step.kind, StepKind::Treat) {
                    add(
                        OpenKind::Contact,
                        contact_name(&step.name, &goods.name),
                        format!("step.{}.takes", step.name),
                        &step.takes[goods_ix],
                    );
                }
            }
            let Some(hold) = last_hold(gateway, &path) else {
                continue;
            };
            let step = &gateway.steps[hold.index()];
            let (place, quantity) = match &goods.hold {
                Some(hold) => (format!("goods.{}.hold", goods.name), hold),
                None => (format!("step.{}.takes", step.name), &step.takes[goods_ix]),
            };
            add(
                OpenKind::Hold,
                protocol_name(gateway, &goods.name, &source.name),
                place,
                quantity,
            );
        }
        if let Some(quarantine) = &source.vehicle.quarantine {
            let name = source.name.clone();
            add(
                OpenKind::Dwell,
                name,
                "vehicle.quarantine".into(),
                quarantine,
            );
        }
    }
    open
}

/// What the protocol of a class from a source is called.
pub(crate) fn protocol_name(gateway: &Gateway, goods: &str, source: &str) -> String {
    if gateway.sources.len() == 1 {
        goods.to_owned()
    } else {
        format!("{goods} from {source}")
    }
}

/// The ends of a quantity that is not one number; none if it is.
fn left_open(gateway: &Gateway, kind: OpenKind, quantity: &Quantity) -> Option<(u64, Option<u64>)> {
    if quantity.known_constant().is_some() {
        return None;
    }
    let (least, most) = ends(gateway, quantity);
    let whole = |value: f64| if value > 0.0 { value as u64 } else { 0 };
    let (low, high) = if kind.is_length() {
        (least.floor(), most.map(f64::ceil))
    } else {
        // Two and a half slots are two.
        (least.floor(), most.map(f64::floor))
    };
    let (low, high) = (whole(low), high.filter(|high| high.is_finite()).map(whole));
    (high != Some(low)).then_some((low, high))
}

/// The least and the most that a quantity can be; no most if it has no end.
pub(crate) fn ends(gateway: &Gateway, quantity: &Quantity) -> (f64, Option<f64>) {
    let term = |term: Option<&Term>| term.map_or((0.0, None), |term| term_ends(gateway, *term));
    match &quantity.family {
        Family::Constant
        | Family::Uniform
        | Family::UniformInt
        | Family::Triangular
        | Family::Pert => {
            let ((least, _), (_, most)) =
                (term(quantity.terms.first()), term(quantity.terms.last()));
            (least, most)
        }
        Family::Normal if quantity.terms.len() == 4 => {
            let ((least, _), (_, most)) =
                (term(quantity.terms.get(2)), term(quantity.terms.get(3)));
            (least, most)
        }
        Family::Discrete(table) => {
            let values = table.iter().map(|(value, _)| *value);
            let least = values.clone().fold(f64::INFINITY, f64::min);
            (least, Some(values.fold(0.0, f64::max)))
        }
        Family::Empirical(values) => (
            values.first().copied().unwrap_or(0.0),
            Some(values.last().copied().unwrap_or(0.0)),
        ),
        Family::Exponential
        | Family::Normal
        | Family::LogNormal
        | Family::Gamma
        | Family::Erlang
        | Family::Weibull
        | Family::Poisson => (0.0, None),
    }
}

fn term_ends(gateway: &Gateway, term: Term) -> (f64, Option<f64>) {
    let unknown = match term {
        Term::Value(value) => return (value, Some(value)),
        Term::Unknown(ix) => &gateway.unknowns[ix.index()],
    };
    match &unknown.prior {
        Distribution::Constant { value } => (*value, Some(*value)),
        Distribution::Uniform { low, high }
        | Distribution::Triangular { low, high, .. }
        | Distribution::Pert { low, high, .. } => (*low, Some(*high)),
        Distribution::UniformInt { low, high } => (*low as f64, Some(*high as f64)),
        Distribution::Normal { low, high, .. } => {
            (*low, Some(*high).filter(|high| high.is_finite()))
        }
        _ => (0.0, None),
    }
}
