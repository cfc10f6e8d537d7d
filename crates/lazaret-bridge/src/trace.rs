//! A trace of the simulator as commands.
//!
//! A trace says what happened in a yard that knows no offices. Importing adds the offices that must have been there:
//! an administrator who sets the rules that follow from the gateway file, one clerk who reports what happens, and two
//! officers who sign for each release. Everything then goes through [`decide`](lazaret_ledger::decide) like any other command,
//! so a trace that breaks a rule is refused, and one of the simulator is not.
//!
//! Where the file leaves a length open, somebody states which counts: [`Stated::shortest`] for whatever the simulator may
//! have drawn.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lazaret_gateway::model::{Gateway, GoodsIx, SourceIx, StepIx};
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};
use lazaret_vocabulary::event::{
    Cause, DepartureId, Event, Happening, LotId, Spot, StepName, Thing,
};

use lazaret_ledger::Warning;
use lazaret_ledger::{Command, CommandId};

use crate::book::{last_hold, traced_protocols, traced_rules};
use crate::open::Stated;

/// Who reports what happens.
const CLERK: &str = "simulated-clerk";
/// Who signs first.
const OFFICER: &str = "simulated-officer";
/// Who signs last.
const CHIEF: &str = "simulated-chief";
/// The last day that a ledger takes.
const CLEARED_UNTIL: Timestamp = Timestamp::constant(7_258_032_000, 0);
/// Who sets the rules.
const ADMINISTRATOR: &str = "simulated-administrator";

/// Turns a trace into commands, event by event.
#[derive(Clone, Debug)]
pub struct Importer<'a> {
    gateway: &'a Gateway,
    stated: &'a Stated,
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
    ///
    /// * `stated` — what counts of the lengths and capacities that the file leaves open.
    #[must_use]
    pub fn new(gateway: &'a Gateway, stated: &'a Stated) -> Self {
        Importer {
            gateway,
            stated,
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
            rules: Box::new(traced_rules(self.gateway, self.stated)),
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
                until: CLEARED_UNTIL,
                agents: Vec::new(),
            };
            commands.push(self.command(ADMINISTRATOR, at, cleared));
        }
        for protocol in traced_protocols(self.gateway, at, 2, self.stated) {
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
                    wagon: None,
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
                also: Vec::new(),
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
            body: None,
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
