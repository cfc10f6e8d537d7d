//! A demonstration: a ledger filled by the simulator with weeks of plausible life, and a clock that can be run on.
//!
//! The simulator says what happens in the yard; the office around it is made up here: papers before each convoy, samples
//! and results, signatures that come some time after a clock has run, a count that does not agree with its papers.
//! Everything goes through the ledger like any other command. What somebody does in the demonstration may get in the way
//! of what the simulator foresaw; the ledger then refuses the simulator, not them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use lazaret_bridge::Importer;
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Command, CommandId};
use lazaret_sim::{Model, Replication, Tell, World};
use lazaret_store::{Live, Office};
use lazaret_vocabulary::event::entry::{
    Entry, ExceptionId, ManifestId, ManifestLine, Outcome, PersonName, Role, SampleId, Tally,
    TestName,
};
use lazaret_vocabulary::event::rules::TestRule;
use lazaret_vocabulary::event::{
    ConvoyId, Event, GoodsName, Happening, LotId, SourceName, VehicleId,
};
use lazaret_vocabulary::time::GateTime;
use tokio::sync::Mutex;

use crate::api::common::Problem;
use crate::api::session::DemoAccount;
use crate::offset::Offset;
use crate::secrets::hash;

/// The password of every account of a demonstration: it guards nothing.
const PASSWORD: &str = "lazaret-demo";

/// The people of a demonstration.
const PEOPLE: &[(&str, Role)] = &[
    ("yun", Role::YardMaster),
    ("dana", Role::DisinfectionLead),
    ("quinn", Role::QuarantineOfficer),
    // A second officer: who took a lot's sample may not sign for it.
    ("quill", Role::QuarantineOfficer),
    ("chen", Role::ChiefOfficer),
    ("dima", Role::Dispatcher),
    ("gil", Role::Gate),
    ("cleo", Role::Crew),
    ("audrey", Role::Auditor),
    ("ada", Role::Administrator),
];
/// Takes samples, so that the others may sign.
const LABORATORY: &str = "lab";
const ADMINISTRATOR: &str = "simulated-administrator";

/// A demonstration.
#[derive(Debug)]
pub struct Demo {
    offset: Arc<Offset>,
    script: Mutex<VecDeque<Command>>,
    ended: AtomicBool,
}

impl Demo {
    /// Makes up the life of a gateway.
    ///
    /// * `offset` — the clock that the ledger goes by; it is set to some weeks after the gateway's start.
    /// * `seed` — of the simulation.
    ///
    /// # Errors
    /// If the gateway cannot be simulated; the text says why.
    pub fn new(gateway: &Gateway, offset: Arc<Offset>, seed: u64) -> Result<Demo, String> {
        let model = Model::compile(gateway).map_err(|error| error.to_string())?;
        let mut events: Vec<Event> = Vec::new();
        let mut world = World::new(&model, Tell(|event| events.push(event)));
        if let Err(stuck) = world.run(Replication::new(seed, 0), GateTime::START) {
            // What happened before a standstill is life enough.
            tracing::warn!(?stuck, "the simulated gateway came to a standstill");
        }
        drop(world);
        let now = worth_a_look(gateway, &events);
        let script = Script::new(gateway, events, now).commands();
        let ahead = now.as_microsecond() - Timestamp::now().as_microsecond();
        offset.0.store(ahead, Ordering::Relaxed);
        Ok(Demo {
            offset,
            script: Mutex::new(script.into()),
            ended: AtomicBool::new(false),
        })
    }

    /// Lets everything happen that has happened by now: gives how many records were made, and which commands were refused
    /// and why.
    pub async fn catch_up(&self, live: &Live) -> (u64, Vec<String>) {
        let mut script = self.script.lock().await;
        self.play(&mut script, live, live.now()).await
    }

    /// Runs the clock on by `seconds`, and lets happen what the simulator foresees: how many records that made.
    pub async fn advance(&self, live: &Live, seconds: u64) -> u64 {
        let mut script = self.script.lock().await;
        let to = live.now() + SignedDuration::from_secs(seconds as i64);
        let (recorded, _) = self.play(&mut script, live, to).await;
        self.offset
            .0
            .fetch_add(seconds as i64 * 1_000_000, Ordering::Relaxed);
        recorded
    }

    /// Whether nothing is foreseen any more.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Who can sign in.
    #[must_use]
    pub fn accounts(&self) -> Vec<DemoAccount> {
        PEOPLE
            .iter()
            .map(|&(person, role)| DemoAccount {
                person: PersonName::new(person),
                password: PASSWORD.into(),
                roles: vec![role],
            })
            .collect()
    }

    /// Makes the accounts.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn make_accounts(&self, office: &Office) -> Result<(), Problem> {
        let hashed = hash(PASSWORD)?;
        for (person, _) in PEOPLE {
            office.make_account(person, Timestamp::now()).await?;
            office.set_password(person, &hashed).await?;
        }
        Ok(())
    }

    async fn play(
        &self,
        script: &mut VecDeque<Command>,
        live: &Live,
        to: Timestamp,
    ) -> (u64, Vec<String>) {
        let (mut recorded, mut refused) = (0, Vec::new());
        loop {
            let mut batch = Vec::new();
            while batch.len() < 512
                && let Some(command) = script.pop_front_if(|command| command.at <= to)
            {
                let at = command.at;
                batch.push((command, Some(at)));
            }
            if batch.is_empty() {
                break;
            }
            let said: Vec<_> = batch
                .iter()
                .map(|(command, _)| command.id.clone())
                .collect();
            for (id, outcome) in said.iter().zip(live.submit_all(batch).await) {
                match outcome {
                    Ok(_) => recorded += 1,
                    Err(error) => {
                        tracing::debug!(%id, %error, "the demonstration was refused");
                        refused.push(format!("{id}: {error}"));
                    }
                }
            }
        }
        self.ended.store(script.is_empty(), Ordering::Relaxed);
        (recorded, refused)
    }
}

/// What is known of a convoy from the whole trace.
#[derive(Default)]
struct Convoy {
    source: Option<SourceName>,
    arrives: Option<Timestamp>,
    lots: Vec<(VehicleId, LotId, GoodsName)>,
}

struct Script<'a> {
    gateway: &'a Gateway,
    events: Vec<Event>,
    now: Timestamp,
    commands: Vec<Command>,
    count: u64,
}

impl<'a> Script<'a> {
    fn new(gateway: &'a Gateway, events: Vec<Event>, now: Timestamp) -> Self {
        Script {
            gateway,
            events,
            now,
            commands: Vec::new(),
            count: 0,
        }
    }

    fn say(&mut self, by: &str, at: Timestamp, what: impl Into<Happening>) {
        self.count += 1;
        self.commands.push(Command {
            id: CommandId::new(format!("demo-{}", self.count))
                .expect("letters, a hyphen and digits are printable"),
            by: PersonName::new(by),
            device: None,
            site: None,
            issued_at: at,
            at,
            crew: Vec::new(),
            acknowledged: Vec::new(),
            corrects: None,
            body: None,
            what: what.into(),
        });
    }

    fn commands(mut self) -> Vec<Command> {
        let start = self.gateway.start;
        let stated = lazaret_bridge::Stated::shortest();
        let mut importer = Importer::new(self.gateway, &stated);
        let opening = importer.opening(start);
        let tested = self.open(opening);
        self.people();
        self.papers();
        let mut life = Vec::new();
        for event in &self.events {
            life.extend(importer.commands(event));
        }
        let (mut loaded, mut until) = (BTreeMap::new(), BTreeMap::new());
        let mut goods: HashMap<LotId, GoodsName> = HashMap::new();
        for command in &life {
            match &command.what {
                Happening::LotLoaded { lot, .. } => {
                    loaded.insert(lot.clone(), command.at);
                }
                Happening::HoldStarted { lot, until: at, .. } => {
                    until.insert(lot.clone(), *at);
                }
                Happening::LotUnloaded { lot, goods: of, .. } => {
                    goods.insert(lot.clone(), of.clone());
                }
                _ => {}
            }
        }
        self.samples(&until, &goods, tested.as_ref());
        self.counts(&life);
        for mut command in life {
            if let Happening::Entry(Entry::Signed { lot, signer, .. }) = &command.what {
                let first = signer.as_str().ends_with("officer");
                command.at = signed_at(
                    lot,
                    first,
                    command.at,
                    until.get(lot).copied(),
                    loaded.get(lot).copied(),
                );
                command.issued_at = command.at;
            }
            self.commands.push(command);
        }
        // By time; at the same instant in the order in which they were made up: rules, people, papers, life.
        self.commands.sort_by_key(|command| command.at);
        self.commands
    }

    /// Rules and protocols; the most urgent class of goods must pass a test as well. Gives that class.
    fn open(&mut self, opening: Vec<Command>) -> Option<GoodsName> {
        let urgent = self
            .gateway
            .goods
            .iter()
            .max_by_key(|class| class.priority)
            .filter(|class| class.priority > 0)
            .map(|class| GoodsName::new(class.name.as_str()));
        let mut tested = None;
        for mut command in opening {
            if let Happening::Entry(Entry::ProtocolAdopted { protocol }) = &mut command.what {
                let long = protocol
                    .hold
                    .as_ref()
                    .is_some_and(|hold| hold.hold_s >= 10 * 86_400);
                if long && urgent.as_ref().is_some_and(|u| protocol.goods.contains(u)) {
                    protocol.tests.push(TestRule {
                        test: TestName::new("swab"),
                        not_before_s: 5 * 86_400,
                    });
                    tested.clone_from(&urgent);
                }
            }
            self.commands.push(command);
        }
        tested
    }

    fn people(&mut self) {
        let start = self.gateway.start;
        let far = self.now + SignedDuration::from_hours(24 * 400);
        let mut everybody: Vec<(String, Vec<Role>, Timestamp)> = PEOPLE
            .iter()
            .map(|&(person, role)| (person.to_owned(), vec![role], far))
            .collect();
        everybody.push((LABORATORY.into(), vec![Role::QuarantineOfficer], far));
        for n in 1..=6 {
            // Some clearances lapse in the days to come, one has lapsed.
            let until = self.now + SignedDuration::from_hours(24 * (3 * n - 4));
            everybody.push((format!("crew-{n}"), vec![Role::Crew], until));
        }
        for (person, roles, until) in everybody {
            let person = PersonName::new(person);
            self.say(
                ADMINISTRATOR,
                start,
                Entry::PersonAppointed {
                    person: person.clone(),
                    roles,
                },
            );
            let cleared = Entry::PersonCleared {
                person: person.clone(),
                until,
                agents: Vec::new(),
            };
            self.say(ADMINISTRATOR, start, cleared);
            let on_shift = Entry::PersonShiftStarted {
                person: person.clone(),
            };
            let morning = self.now - SignedDuration::from_hours(5);
            let works = person.as_str() != "audrey" && person.as_str() != "ada";
            if works && until > self.now {
                self.say(person.as_str(), morning, on_shift);
            }
        }
    }

    /// Papers of each convoy, announced two days before it comes.
    fn papers(&mut self) {
        let mut convoys: BTreeMap<ConvoyId, Convoy> = BTreeMap::new();
        let mut of_vehicle: HashMap<VehicleId, ConvoyId> = HashMap::new();
        for event in &self.events {
            match &event.happening {
                Happening::ConvoyArrived {
                    convoy,
                    source,
                    vehicles,
                } => {
                    let known = convoys.entry(convoy.clone()).or_default();
                    known.source = Some(source.clone());
                    known.arrives = Some(event.at);
                    for vehicle in vehicles {
                        of_vehicle.insert(vehicle.clone(), convoy.clone());
                    }
                }
                Happening::LotUnloaded {
                    lot,
                    vehicle,
                    goods,
                    ..
                } => {
                    if let Some(convoy) = of_vehicle.get(vehicle) {
                        let known = convoys.entry(convoy.clone()).or_default();
                        known
                            .lots
                            .push((vehicle.clone(), lot.clone(), goods.clone()));
                    }
                }
                _ => {}
            }
        }
        let start = self.gateway.start;
        for (convoy, known) in convoys {
            let (Some(source), Some(arrives)) = (known.source, known.arrives) else {
                continue;
            };
            if known.lots.is_empty() {
                continue;
            }
            let announced = (arrives - SignedDuration::from_hours(48)).max(start);
            let lines = known
                .lots
                .into_iter()
                .map(|(vehicle, lot, goods)| ManifestLine {
                    tally: tally_of(&lot),
                    seals: vec![format!("S{:06}", draw(vehicle.as_str(), 2, 1_000_000))],
                    sender: Some(
                        ["Northern Trade", "Harbour Medical", "Plain Foods"]
                            [draw(lot.as_str(), 3, 3) as usize]
                            .into(),
                    ),
                    receiver: Some(
                        [
                            "Central depot",
                            "East clinic",
                            "South stores",
                            "Relief office",
                        ][draw(lot.as_str(), 4, 4) as usize]
                            .into(),
                    ),
                    hazards: Vec::new(),
                    vehicle,
                    lot,
                    goods,
                })
                .collect();
            let papers = Entry::ManifestAnnounced {
                manifest: ManifestId::new(format!("M-{convoy}")),
                convoy,
                source,
                due: Some(arrives),
                lines,
            };
            self.say("gil", announced, papers);
        }
    }

    /// A sample and its result for each lot of the class that is tested, in the last days of its hold.
    fn samples(
        &mut self,
        until: &BTreeMap<LotId, Timestamp>,
        goods: &HashMap<LotId, GoodsName>,
        tested: Option<&GoodsName>,
    ) {
        let hours = SignedDuration::from_hours;
        for (lot, until) in until {
            if tested.is_none() || goods.get(lot) != tested {
                continue;
            }
            let sample = SampleId::new(format!("S-{lot}"));
            let taken = *until - hours(96 - draw(lot.as_str(), 5, 24) as i64);
            let result = *until - hours(46 - draw(lot.as_str(), 6, 36) as i64);
            self.say(
                LABORATORY,
                taken,
                Entry::SampleTaken {
                    lot: lot.clone(),
                    sample: sample.clone(),
                    test: TestName::new("swab"),
                },
            );
            let exception = ExceptionId::new(format!("X-{sample}"));
            self.say(
                LABORATORY,
                result,
                Entry::ResultEntered {
                    sample,
                    outcome: Outcome::Negative,
                    exception,
                },
            );
        }
    }

    /// Lots are counted; the counts of two that came lately do not agree with their papers, and one package is torn.
    fn counts(&mut self, life: &[Command]) {
        let lately = self.now - SignedDuration::from_hours(30);
        // What is stopped must not leave in the same breath.
        let leaving: BTreeSet<&LotId> = life
            .iter()
            .filter(|command| command.at > lately && command.at < self.now)
            .filter_map(|command| match &command.what {
                Happening::LotLoaded { lot, .. }
                | Happening::LotSent { lot, .. }
                | Happening::Entry(Entry::Signed { lot, .. }) => Some(lot),
                _ => None,
            })
            .collect();
        let stored: Vec<(LotId, Timestamp)> = life
            .iter()
            .filter(|command| command.at > lately && command.at < self.now)
            .filter_map(|command| match &command.what {
                Happening::LotStored { lot, .. } if !leaving.contains(lot) => {
                    Some((lot.clone(), command.at))
                }
                _ => None,
            })
            .collect();
        for (n, (lot, at)) in stored
            .iter()
            .enumerate()
            .filter(|(n, _)| n % 9 == 4)
            .take(8)
        {
            let mut tally = tally_of(lot);
            if n % 27 == 4 {
                tally.pieces -= 2;
                tally.mass_kg -= tally.mass_kg / 12;
            }
            let counted = Entry::LotCounted {
                lot: lot.clone(),
                tally,
            };
            let later = (*at + SignedDuration::from_mins(20)).min(self.now);
            self.say("quinn", later, counted);
        }
        if let Some((lot, at)) = stored.last() {
            let opened = Entry::ExceptionOpened {
                exception: ExceptionId::new("X-torn"),
                lots: vec![lot.clone()],
                because: "packages torn, contents wet".into(),
            };
            let later = (*at + SignedDuration::from_mins(40)).min(self.now);
            self.say("quinn", later, opened);
        }
    }
}

/// When the newcomer looks: some days after the first lots ripened, ten hours before a departure, so that some wait for
/// signatures and some for the train. Where nothing ripens or leaves, after thirty days.
fn worth_a_look(gateway: &Gateway, events: &[Event]) -> Timestamp {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let first = events
        .iter()
        .filter_map(|event| match &event.happening {
            Happening::HoldStarted { until, .. } => Some(*until),
            _ => None,
        })
        .min();
    let plain = gateway.start + days(30);
    let last = events.last().map_or(plain, |event| event.at - days(2));
    let Some(first) = first else {
        return plain.min(last);
    };
    let from = (first + days(4)).max(gateway.start + days(20));
    events
        .iter()
        .filter(|event| matches!(event.happening, Happening::Departed { .. }))
        .map(|event| event.at - SignedDuration::from_hours(10))
        .find(|at| *at >= from)
        .unwrap_or(plain)
        .min(last)
}

/// When somebody signs: some hours after the clock has run, and before the lot is loaded.
fn signed_at(
    lot: &LotId,
    first: bool,
    told: Timestamp,
    until: Option<Timestamp>,
    loaded: Option<Timestamp>,
) -> Timestamp {
    let ripe = until.map_or(told, |until| until.max(told)).as_second() + 60;
    let end = loaded.map_or(ripe + 2 * 86_400, |at| at.as_second() - 2);
    if end <= ripe {
        // Fetched as soon as it is free.
        return told;
    }
    let room = end - ripe;
    // The first anywhere in the time there is, the second in what is left after it.
    let one = draw(lot.as_str(), 7, 900) as i64;
    let share = if first {
        one
    } else {
        one + (980 - one) * draw(lot.as_str(), 8, 1000) as i64 / 1000
    };
    let second = ripe + room * share / 1000 + i64::from(!first);
    Timestamp::from_second(second.min(end)).unwrap_or(told)
}

/// Pieces and mass by the papers.
fn tally_of(lot: &LotId) -> Tally {
    let pieces = 40 + draw(lot.as_str(), 1, 400) as u32;
    Tally {
        pieces,
        mass_kg: pieces * (12 + draw(lot.as_str(), 9, 30) as u32),
    }
}

/// A number below `below` that depends on a name and a purpose alone.
fn draw(name: &str, purpose: u8, below: u64) -> u64 {
    let digest = lazaret_ledger::Digest::of(format!("{purpose} {name}").as_bytes());
    let eight = digest.0[..8]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    eight % below
}
