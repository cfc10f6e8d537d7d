//! A trace of the simulator as commands.
//!
//! A trace says what happened in a yard that knows no offices. Importing adds the offices that must have been there:
//! an administrator who sets the rules that follow from the gateway file, one clerk who reports what happens, and two
//! officers who sign for each release. Everything then goes through [`decide`](crate::decide) like any other command,
//! so a trace that breaks a rule is refused, and one of the simulator is not.
//!
//! The rules that follow from a gateway file ask for the least that its distributions can draw: the shortest hold,
//! the shortest treatment. What was drawn is in the trace.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lazaret_gateway::distribution::Distribution;
use lazaret_gateway::event::entry::{Entry, PersonName, ProtocolName, Role};
use lazaret_gateway::event::rules::{
    ClockFrom, Contact, GoodsRule, HoldRule, InspectionRule, PeopleRule, PlaceRule, Protocol,
    RuleBook, Side, TreatmentRule, VehicleRule,
};
use lazaret_gateway::event::{
    Cause, DepartureId, Event, GoodsName, Happening, LotId, PlaceName, SourceName, Spot, StepName,
    Thing,
};
use lazaret_gateway::model::{
    Family, Fill, Gateway, GoodsIx, HoldClock, Quantity, Source, SourceIx, StepIx, StepKind, Term,
    Zone,
};

use crate::command::{Command, CommandId};
use crate::rule::Warning;

/// Who reports what happens.
const CLERK: &str = "simulated-clerk";
/// Who signs first.
const OFFICER: &str = "simulated-officer";
/// Who signs last.
const CHIEF: &str = "simulated-chief";
/// Who sets the rules.
const ADMINISTRATOR: &str = "simulated-administrator";

/// The rules that follow from a gateway file.
#[must_use]
pub fn rules_of(gateway: &Gateway) -> RuleBook {
    let dirty = dirty_places(gateway);
    RuleBook {
        gateway: gateway.name.clone(),
        time_zone: gateway.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        places: gateway
            .places
            .iter()
            .zip(&dirty)
            .map(|(place, &dirty)| {
                // Changes of capacity come as events; what they may reach is not known before.
                let fixed = place.changes.is_empty();
                let units = place.count.known_constant().filter(|_| fixed);
                let slots = place
                    .slots
                    .as_ref()
                    .and_then(Quantity::known_constant)
                    .filter(|_| fixed);
                let side = match place.zone {
                    Zone::Dirty => Side::Dirty,
                    Zone::Clean if !dirty => Side::Clean,
                    Zone::Clean | Zone::DirtyToClean => Side::DirtyToClean,
                };
                PlaceRule {
                    place: PlaceName::new(place.name.as_str()),
                    side,
                    units: units.map(|units| units as u32),
                    slots: slots.map(|slots| slots as u32),
                    pooled: place.fill == Fill::Pool && units.is_some() && slots.is_some(),
                    contact: if side == Side::DirtyToClean {
                        Contact::Traced
                    } else {
                        Contact::Apart
                    },
                    tail_s: 0,
                    leads_to: Vec::new(),
                }
            })
            .collect(),
        goods: gateway
            .goods
            .iter()
            .map(|class| GoodsRule {
                goods: GoodsName::new(class.name.as_str()),
                priority: class.priority,
                apart_from: class
                    .apart_from
                    .iter()
                    .map(|other| GoodsName::new(gateway.goods[other.index()].name.as_str()))
                    .collect(),
                spoiled_by: Vec::new(),
            })
            .collect(),
        vehicles: gateway
            .sources
            .iter()
            .map(|source| VehicleRule {
                source: SourceName::new(source.name.as_str()),
                wash: true,
                dwell_s: dwell_s(gateway, source),
                seal: false,
            })
            .collect(),
        people: PeopleRule::default(),
        mass_tolerance_permille: 5,
        clock_tolerance_s: 120,
        remember_s: 7 * 86_400,
    }
}

/// The protocols that follow from a gateway file: one for each class from each source that passes other steps than
/// most.
///
/// * `from` — since when they are in force.
/// * `signatures` — who must sign for a release.
#[must_use]
pub fn protocols_of(gateway: &Gateway, from: Timestamp, signatures: u8) -> Vec<Protocol> {
    let mut protocols = Vec::new();
    for (source_ix, source) in gateway.sources.iter().enumerate() {
        for (goods_ix, goods) in gateway.goods.iter().enumerate() {
            let path = gateway.path(SourceIx(source_ix as u16), GoodsIx(goods_ix as u16));
            let name = if gateway.sources.len() == 1 {
                goods.name.clone()
            } else {
                format!("{} from {}", goods.name, source.name)
            };
            protocols.push(Protocol {
                protocol: ProtocolName::new(name),
                version: 1,
                goods: vec![GoodsName::new(goods.name.as_str())],
                sources: if gateway.sources.len() == 1 {
                    Vec::new()
                } else {
                    vec![SourceName::new(source.name.as_str())]
                },
                from,
                held_too: false,
                treatments: treatments(gateway, &path, goods_ix),
                inspections: inspections(gateway, &path),
                tests: Vec::new(),
                hold: hold(gateway, &path, goods_ix),
                signatures,
            });
        }
    }
    protocols
}

/// Turns a trace into commands, event by event.
#[derive(Clone, Debug)]
pub struct Importer<'a> {
    gateway: &'a Gateway,
    count: u64,
    /// Lots on their way between sites, with the slot kept for them.
    sent: BTreeMap<LotId, Spot>,
    /// A release whose departure is not yet known.
    released: Option<(LotId, Timestamp)>,
    /// Lots that were unloaded and are not gone.
    here: BTreeMap<LotId, StepName>,
    /// Departures that go on to another site, and how many lots they took.
    onward: BTreeMap<DepartureId, u32>,
}

impl<'a> Importer<'a> {
    /// An importer for a trace of `gateway`.
    #[must_use]
    pub fn new(gateway: &'a Gateway) -> Self {
        Importer {
            gateway,
            count: 0,
            sent: BTreeMap::new(),
            released: None,
            here: BTreeMap::new(),
            onward: BTreeMap::new(),
        }
    }

    /// The commands that open the gateway at `at`: its rules, people and protocols.
    pub fn opening(&mut self, at: Timestamp) -> Vec<Command> {
        let mut commands = Vec::new();
        let rules = Entry::RulesAdopted {
            rules: Box::new(rules_of(self.gateway)),
        };
        commands.push(self.command(ADMINISTRATOR, at, rules));
        let people: [(&str, &[Role]); 4] = [
            (ADMINISTRATOR, &[Role::Administrator]),
            (CHIEF, &[Role::ChiefOfficer]),
            (OFFICER, &[Role::QuarantineOfficer]),
            (
                CLERK,
                &[
                    Role::YardMaster,
                    Role::Gate,
                    Role::Crew,
                    Role::QuarantineOfficer,
                    Role::ChiefOfficer,
                    Role::Dispatcher,
                ],
            ),
        ];
        for (person, roles) in people {
            let appointed = Entry::PersonAppointed {
                person: PersonName::new(person),
                roles: roles.to_vec(),
            };
            commands.push(self.command(ADMINISTRATOR, at, appointed));
        }
        for person in [CHIEF, OFFICER, CLERK] {
            let cleared = Entry::PersonCleared {
                person: PersonName::new(person),
                until: Timestamp::MAX,
                agents: Vec::new(),
            };
            commands.push(self.command(ADMINISTRATOR, at, cleared));
        }
        for protocol in protocols_of(self.gateway, at, 2) {
            let adopted = Entry::ProtocolAdopted {
                protocol: Box::new(protocol),
            };
            commands.push(self.command(ADMINISTRATOR, at, adopted));
        }
        commands
    }

    /// The commands of one event, to be decided at the instant of the event.
    pub fn commands(&mut self, event: &Event) -> Vec<Command> {
        use Happening as H;
        let at = event.at;
        let mut commands = Vec::new();
        self.settle_release(event, &mut commands);
        if let Some(lot) = lot_of(&event.happening) {
            let unknown = !self.here.contains_key(lot);
            if unknown && !matches!(event.happening, H::LotUnloaded { .. }) {
                // Work on a lot that is still in its vehicle: the ledger knows a lot from its unloading on.
                return commands;
            }
            let moves = matches!(event.happening, H::LotSent { .. } | H::LotStored { .. });
            if let Some(spot) = self.sent.remove(lot)
                && !moves
            {
                let stored = H::LotStored {
                    lot: lot.clone(),
                    spot,
                };
                commands.push(self.command(CLERK, at, stored));
            }
        }
        match &event.happening {
            H::LotUnloaded { lot, .. } => {
                self.here.insert(lot.clone(), StepName::new(""));
                commands.push(self.command(CLERK, at, event.happening.clone()));
            }
            H::LotSent { lot, spot } => {
                self.sent.insert(lot.clone(), spot.clone());
                commands.push(self.command(CLERK, at, event.happening.clone()));
            }
            H::HoldStarted { lot, step, until }
            | H::HoldRestarted {
                lot, step, until, ..
            } => {
                if self.is_last_hold(step) {
                    // The ledger has started or restarted the clock by itself; what was drawn may make it longer.
                    let started = H::HoldStarted {
                        lot: lot.clone(),
                        step: step.clone(),
                        until: *until,
                    };
                    commands.push(self.command(CLERK, at, started));
                }
            }
            H::HoldEnded { step, .. } if !self.is_last_hold(step) => {}
            H::LotReleased { lot } => self.released = Some((lot.clone(), at)),
            H::LotLoaded { departure, .. } if self.goes_on(departure) => {
                *self.onward.entry(departure.clone()).or_default() += 1;
            }
            H::Departed { departure, .. } if self.onward.remove(departure).is_some() => {}
            H::LotDestroyed { lot } | H::LotSentBack { lot } => {
                self.here.remove(lot);
                commands.push(self.command(CLERK, at, event.happening.clone()));
            }
            H::LotLoaded { lot, .. } => {
                self.here.remove(lot);
                commands.push(self.command(CLERK, at, event.happening.clone()));
            }
            _ => commands.push(self.command(CLERK, at, event.happening.clone())),
        }
        commands
    }

    /// The commands that are still owed after the last event.
    pub fn finish(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        if let Some((lot, at)) = self.released.take() {
            self.sign(&lot, at, &mut commands);
        }
        commands
    }

    /// A release is told before what the lot is released for.
    fn settle_release(&mut self, event: &Event, commands: &mut Vec<Command>) {
        let Some((lot, at)) = self.released.take() else {
            return;
        };
        match &event.happening {
            Happening::Waiting {
                thing: Thing::Lot(waits),
                cause: Cause::NoDeparture(step),
                ..
            } if *waits == lot => {
                // It only goes on to another site of the gateway, still held.
                if !self.is_onward(step) {
                    self.sign(&lot, at, commands);
                }
            }
            _ => {
                // No departure takes it: it is fetched the moment it is free.
                self.sign(&lot, at, commands);
                let departure = DepartureId::new(format!("fetched-{lot}"));
                let loaded = Happening::LotLoaded {
                    lot: lot.clone(),
                    departure: departure.clone(),
                };
                commands.push(self.command(CLERK, at, loaded));
                let departed = Happening::Departed {
                    departure,
                    step: StepName::new("fetched"),
                    lots: 1,
                };
                commands.push(self.command(CLERK, at, departed));
                self.here.remove(&lot);
            }
        }
    }

    fn sign(&mut self, lot: &LotId, at: Timestamp, commands: &mut Vec<Command>) {
        for signer in [OFFICER, CHIEF] {
            let signed = Entry::Signed {
                lot: lot.clone(),
                signer: PersonName::new(signer),
                meaning: "released in the simulation".into(),
                pin: None,
            };
            commands.push(self.command(signer, at, signed));
        }
    }

    fn command(&mut self, by: &str, at: Timestamp, what: impl Into<Happening>) -> Command {
        self.count += 1;
        let id = CommandId::new(format!("trace-{}", self.count))
            .expect("letters, a hyphen and digits are printable");
        Command {
            id,
            by: PersonName::new(by),
            device: None,
            site: None,
            issued_at: at,
            at,
            crew: Vec::new(),
            acknowledged: vec![
                Warning::NoPapers,
                Warning::UnverifiedMark,
                Warning::BackToDirty,
            ],
            corrects: None,
            what: what.into(),
        }
    }

    fn goes_on(&self, departure: &DepartureId) -> bool {
        departure
            .as_str()
            .rsplit_once('-')
            .is_some_and(|(step, _)| self.is_onward(&StepName::new(step)))
    }

    /// Whether lots go on after this dispatch, to another site.
    fn is_onward(&self, step: &StepName) -> bool {
        self.paths().any(|path| {
            let after = path
                .iter()
                .position(|ix| self.gateway.steps[ix.index()].name == step.as_str());
            after.is_some_and(|at| at + 1 < path.len())
        })
    }

    fn is_last_hold(&self, step: &StepName) -> bool {
        self.paths().any(|path| {
            last_hold(self.gateway, &path)
                .is_some_and(|ix| self.gateway.steps[ix.index()].name == step.as_str())
        })
    }

    fn paths(&self) -> impl Iterator<Item = Vec<StepIx>> + '_ {
        (0..self.gateway.sources.len()).flat_map(move |source| {
            (0..self.gateway.goods.len()).map(move |goods| {
                self.gateway
                    .path(SourceIx(source as u16), GoodsIx(goods as u16))
            })
        })
    }
}

/// The lot that an event is about, if it is about one.
fn lot_of(happening: &Happening) -> Option<&LotId> {
    use Happening as H;
    match happening {
        H::LotUnloaded { lot, .. }
        | H::LotStored { lot, .. }
        | H::TreatmentStarted { lot, .. }
        | H::TreatmentEnded { lot, .. }
        | H::InspectionStarted { lot, .. }
        | H::LotInspected { lot, .. }
        | H::HoldStarted { lot, .. }
        | H::HoldRestarted { lot, .. }
        | H::HoldEnded { lot, .. }
        | H::LotReleased { lot }
        | H::LotLoaded { lot, .. }
        | H::LotSent { lot, .. }
        | H::LotDestroyed { lot }
        | H::LotSentBack { lot }
        | H::WorkPaused {
            thing: Thing::Lot(lot),
            ..
        }
        | H::WorkResumed {
            thing: Thing::Lot(lot),
            ..
        }
        | H::Waiting {
            thing: Thing::Lot(lot),
            ..
        }
        | H::Blocked {
            thing: Thing::Lot(lot),
            ..
        } => Some(lot),
        _ => None,
    }
}

/// Places that some lot or vehicle enters before it is clean, whatever the file calls them.
fn dirty_places(gateway: &Gateway) -> Vec<bool> {
    let mut dirty = vec![false; gateway.places.len()];
    for source in 0..gateway.sources.len() {
        if let Some(place) = gateway.sources[source].vehicle.wash_at {
            dirty[place.index()] = true;
        }
        for goods in 0..gateway.goods.len() {
            let path = gateway.path(SourceIx(source as u16), GoodsIx(goods as u16));
            let step = |ix: &StepIx| &gateway.steps[ix.index()];
            let last = path.iter().rposition(|ix| {
                matches!(
                    step(ix).kind,
                    StepKind::Treat | StepKind::Handle | StepKind::Unload { .. }
                )
            });
            let again = path.iter().any(|ix| match &step(ix).kind {
                StepKind::Inspect(inspection) => inspection.again_from.is_some(),
                _ => false,
            });
            // A lot found wanting may be treated anywhere on the way to its last inspection.
            let last = if again {
                path.iter()
                    .rposition(|ix| matches!(step(ix).kind, StepKind::Inspect(_)))
                    .max(last)
            } else {
                last
            };
            for ix in path.iter().take(last.map_or(0, |last| last + 1)) {
                dirty[step(ix).at.index()] = true;
            }
        }
    }
    dirty
}

fn treatments(gateway: &Gateway, path: &[StepIx], goods: usize) -> Vec<TreatmentRule> {
    let mut rules: Vec<TreatmentRule> = Vec::new();
    for ix in path {
        let step = &gateway.steps[ix.index()];
        let named = rules.iter().any(|rule| rule.step.as_str() == step.name);
        if matches!(step.kind, StepKind::Treat) && !named {
            rules.push(TreatmentRule {
                step: StepName::new(step.name.as_str()),
                contact_s: least_s(gateway, &step.takes[goods]),
                agents: Vec::new(),
            });
        }
    }
    rules
}

fn inspections(gateway: &Gateway, path: &[StepIx]) -> Vec<InspectionRule> {
    path.iter()
        .enumerate()
        .filter_map(|(at, ix)| {
            let step = &gateway.steps[ix.index()];
            let StepKind::Inspect(inspection) = &step.kind else {
                return None;
            };
            let from = inspection
                .again_from
                .and_then(|from| path.iter().position(|ix| *ix == from))
                .unwrap_or(at);
            let again = path[from.min(at)..at]
                .iter()
                .map(|ix| &gateway.steps[ix.index()])
                .filter(|step| matches!(step.kind, StepKind::Treat))
                .map(|step| StepName::new(step.name.as_str()))
                .collect();
            Some(InspectionRule {
                step: StepName::new(step.name.as_str()),
                again: Some(again),
            })
        })
        .collect()
}

fn last_hold(gateway: &Gateway, path: &[StepIx]) -> Option<StepIx> {
    path.iter()
        .rev()
        .copied()
        .find(|ix| matches!(gateway.steps[ix.index()].kind, StepKind::Hold { .. }))
}

fn hold(gateway: &Gateway, path: &[StepIx], goods: usize) -> Option<HoldRule> {
    let step = &gateway.steps[last_hold(gateway, path)?.index()];
    let StepKind::Hold { clock } = step.kind else {
        return None;
    };
    let named = |ix: StepIx| StepName::new(gateway.steps[ix.index()].name.as_str());
    Some(HoldRule {
        step: StepName::new(step.name.as_str()),
        clock: match clock {
            HoldClock::Stored => ClockFrom::Stored(PlaceName::new(
                gateway.places[step.at.index()].name.as_str(),
            )),
            HoldClock::Arrival => ClockFrom::Arrival,
            HoldClock::StepStart(ix) => ClockFrom::StepStart(named(ix)),
            HoldClock::StepEnd(ix) => ClockFrom::StepEnd(named(ix)),
        },
        hold_s: least_s(
            gateway,
            gateway.goods[goods]
                .hold
                .as_ref()
                .unwrap_or(&step.takes[goods]),
        ),
    })
}

fn dwell_s(gateway: &Gateway, source: &Source) -> u64 {
    source
        .vehicle
        .quarantine
        .as_ref()
        .map_or(0, |quantity| least_s(gateway, quantity))
}

/// The least whole seconds that a quantity can draw; zero where it has no least.
fn least_s(gateway: &Gateway, quantity: &Quantity) -> u64 {
    let least = match (&quantity.family, quantity.terms.first()) {
        (
            Family::Constant
            | Family::Uniform
            | Family::UniformInt
            | Family::Triangular
            | Family::Pert,
            Some(term),
        ) => least_of(gateway, *term),
        (Family::Discrete(table), _) => table
            .iter()
            .map(|(value, _)| *value)
            .fold(f64::INFINITY, f64::min),
        (Family::Empirical(values), _) => values.first().copied().unwrap_or(0.0),
        _ => 0.0,
    };
    if least.is_finite() && least > 0.0 {
        least.floor() as u64
    } else {
        0
    }
}

fn least_of(gateway: &Gateway, term: Term) -> f64 {
    match term {
        Term::Value(value) => value,
        Term::Unknown(ix) => match &gateway.unknowns[ix.index()].prior {
            Distribution::Constant { value } => *value,
            Distribution::Uniform { low, .. }
            | Distribution::Triangular { low, .. }
            | Distribution::Pert { low, .. } => *low,
            Distribution::UniformInt { low, .. } => *low as f64,
            _ => 0.0,
        },
    }
}
