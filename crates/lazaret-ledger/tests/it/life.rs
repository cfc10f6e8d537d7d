//! Random and hostile work on a small gateway, from one seed, with the oracle looking on.
//!
//! Most of it is what people do on a bad day: things in the wrong order, wrong names, late entries, tablets whose
//! clocks are off, commands sent twice, papers amended after arrival, protocols that change in the middle of a hold.
//! Some of it is malice: an officer who signs twice, dates entries back, releases by hand.

use std::collections::BTreeMap;
use std::time::Instant;

use jiff::Timestamp;
use lazaret_ledger::clock::{ClockNote, Known, Reading, Time, Witnesses, timeless};
use lazaret_ledger::{
    Chain, Command, CommandId, Correction, Decision, Record, Refusal, Rule, Sealed, Stage, State,
    Warning, apply, decide_without,
};
use lazaret_vocabulary::event::entry::{
    AgentName, Entry as E, ExceptionId, Hazard, LotPart, ManifestId, ManifestLine, Outcome,
    PersonName, ProtocolName, Role, SampleId, Soiled, StockLot, StockTest, StockTreatment, Tally,
    TestName,
};
use lazaret_vocabulary::event::rules::{
    ClockFrom, Contact, GoodsRule, HoldRule, InspectionRule, PlaceRule, Protocol, RuleBook,
    SetReading, Side, TemperatureRule, TestRule, TreatmentRule,
};
use lazaret_vocabulary::event::{
    ConvoyId, DepartureId, Event, Finding, GoodsName, Happening as H, LotId, PlaceName, SourceName,
    StepName, Thing, VehicleId,
};

use crate::disk::Disk;
use crate::judge::Oracle;
use crate::scene::{self, DAY, HOUR, after, spot, start};

/// A generator that is short, good enough and the same everywhere (xorshift64*, Vigna2016).
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// True once in `n`.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A life of the gateway.
struct Life {
    dice: Dice,
    without: Option<Rule>,
    state: State,
    chain: Chain,
    oracle: Oracle,
    now: Timestamp,
    count: u64,
    accepted: u64,
    refused: u64,
    records: Vec<Record>,
    sent: Vec<Command>,
    vehicles: Vec<String>,
    lots: Vec<String>,
    samples: Vec<String>,
    /// Samples whose results are not in, with their lots.
    out: Vec<(String, String)>,
    exceptions: Vec<String>,
    /// Records that state stock.
    stated: Vec<u64>,
    manifests: Vec<(String, String)>,
    departures: u32,
    convoys: u32,
    versions: [u32; 3],
    broken: Option<String>,
    disk: Option<Disk>,
    server: Server,
    /// When each record was truly made.
    made: Vec<Timestamp>,
    /// Judges by the true time, whatever the server's clock said.
    truth: Oracle,
    stopped: u32,
    settled: u32,
    /// Whether what is refused is put before the auditor as well, and what it said: how often, how often it named nothing.
    forges: bool,
    forged: BTreeMap<String, (u32, u32, String)>,
    /// Commands whose records were not synced yet: nobody has been told that they count.
    unanswered: Vec<Command>,
}

/// The server of a life: its clock, and who bears it out.
struct Server {
    /// Whether its clock goes wrong.
    hostile: bool,
    boot: u32,
    booted: Timestamp,
    /// How far its clock is ahead of the true time, µs.
    ahead: i64,
    /// Whether a time server is within reach. It says nothing about a clock that is wrong.
    kept: bool,
    /// Whether the devices of two people have just signed in.
    devices: bool,
    /// Whether the people who settle the time are wrong themselves now and then.
    misled: bool,
}

impl Server {
    fn reading(&self, now: Timestamp) -> Reading {
        let wall = now.as_microsecond() + self.ahead;
        Reading {
            wall: Timestamp::from_microsecond(wall).unwrap(),
            boot: format!("boot-{}", self.boot).into(),
            steady_us: now.as_microsecond() - self.booted.as_microsecond(),
        }
    }

    fn witnesses(&self) -> Witnesses {
        let devices = [-self.ahead + 1_000_000, -self.ahead - 2_000_000];
        Witnesses {
            kernel: self.kept && self.ahead.abs() < 1_000_000,
            database: None,
            devices: if self.devices {
                devices.to_vec()
            } else {
                Vec::new()
            },
        }
    }
}

/// What is as much as the tolerance of the rules, in µs.
const TOLERANCE: i64 = 120_000_000;

const PEOPLE: &[(&str, &[Role])] = &[
    ("admin", &[Role::Administrator]),
    ("yard", &[Role::YardMaster, Role::Gate]),
    ("lead", &[Role::DisinfectionLead]),
    ("tester", &[Role::QuarantineOfficer]),
    ("officer", &[Role::QuarantineOfficer]),
    ("chief", &[Role::ChiefOfficer]),
    ("chief2", &[Role::ChiefOfficer]),
    ("dispatcher", &[Role::Dispatcher]),
    ("crew", &[Role::Crew]),
    ("crew2", &[Role::Crew]),
    // Has every role that touches goods, and will use them against each other.
    (
        "rogue",
        &[
            Role::YardMaster,
            Role::DisinfectionLead,
            Role::QuarantineOfficer,
            Role::ChiefOfficer,
            Role::Dispatcher,
            Role::Crew,
        ],
    ),
];

fn life_rules() -> RuleBook {
    let place = |name: &str, side, units, slots, pooled, contact, tail_s| PlaceRule {
        place: PlaceName::new(name),
        side,
        units: Some(units),
        slots: Some(slots),
        pooled,
        contact,
        tail_s,
        leads_to: Vec::new(),
    };
    let mut rules = scene::rules();
    rules.places = vec![
        place("platform", Side::Dirty, 2, 3, false, Contact::Apart, 0),
        place("bay", Side::Dirty, 1, 2, false, Contact::Apart, 0),
        place(
            "warehouse",
            Side::DirtyToClean,
            3,
            3,
            false,
            Contact::Traced,
            6 * HOUR as u64,
        ),
        place("yard", Side::Clean, 1, 30, false, Contact::Apart, 0),
        place(
            "pile",
            Side::Clean,
            2,
            4,
            false,
            Contact::Mixing,
            2 * HOUR as u64,
        ),
        place("store", Side::Clean, 2, 5, true, Contact::Traced, 0),
    ];
    // Nothing leads from the yard back into the bay.
    rules.places[3].leads_to = ["pile", "store", "warehouse"].map(PlaceName::new).to_vec();
    rules.vehicles[0].seal = true;
    rules.goods.push(GoodsRule {
        goods: GoodsName::new("grain"),
        priority: 0,
        apart_from: Vec::new(),
        spoiled_by: Vec::new(),
    });
    rules.remember_s = 3 * DAY as u64;
    rules.weaker_after_s = Some(0);
    rules
}

fn life_protocols() -> Vec<Protocol> {
    let mut standard = scene::protocol();
    standard.hold = Some(HoldRule {
        step: StepName::new("hold"),
        clock: ClockFrom::StepEnd(StepName::new("disinfect")),
        hold_s: 3 * DAY as u64,
        before: Vec::new(),
    });
    standard.tests[0].not_before_s = DAY as u64;
    // Peroxide has a second way to pass, and chlorine asks for a start, a dose and a reading at a set time.
    let agents = &mut standard.treatments[0].agents;
    let mut weaker = agents[0].bands[1].clone();
    (weaker.ct_mg_h_m3, weaker.least_mg_m3) = (600, 0);
    agents[0].bands.push(weaker);
    for band in &mut agents[1].bands {
        band.start_mg_m3 = 240;
        band.dose_mg_m3 = 200;
        band.warmest_mc = Some(30_000);
        band.at = vec![SetReading {
            after_s: HOUR as u64,
            within_s: 15 * 60,
            least_mg_m3: 95,
        }];
    }
    let mut medicine = scene::protocol();
    medicine.protocol = ProtocolName::new("medicine");
    medicine.goods = vec![GoodsName::new("medicine")];
    medicine.tests.clear();
    medicine.inspections = vec![InspectionRule {
        step: StepName::new("look"),
        again: None,
    }];
    medicine.hold = Some(HoldRule {
        step: StepName::new("hold"),
        clock: ClockFrom::Arrival,
        hold_s: 2 * DAY as u64,
        // Medicine waits before it is treated.
        before: vec![StepName::new("disinfect")],
    });
    let mut acid = scene::protocol();
    acid.protocol = ProtocolName::new("acid");
    acid.goods = vec![GoodsName::new("acid")];
    acid.treatments = vec![TreatmentRule {
        step: StepName::new("disinfect"),
        contact_s: HOUR as u64,
        agents: Vec::new(),
        temperatures: vec![
            TemperatureRule {
                from_mc: 15_000,
                below_mc: 40_000,
                contact_s: 2 * HOUR as u64,
                readings_every_s: HOUR as u64,
                lines: 0,
                excursions_s: 0,
            },
            TemperatureRule {
                from_mc: 0,
                below_mc: 15_000,
                contact_s: 3 * HOUR as u64,
                readings_every_s: 2 * HOUR as u64,
                lines: 2,
                excursions_s: HOUR as u64,
            },
        ],
        places: vec![PlaceName::new("warehouse"), PlaceName::new("bay")],
    }];
    acid.tests[0].not_before_s = 0;
    acid.hold = None;
    // What was here before the ledger may have been treated without readings.
    let mut grain = standard.clone();
    grain.protocol = ProtocolName::new("grain");
    grain.goods = vec![GoodsName::new("grain")];
    grain.treatments[0].agents.clear();
    vec![standard, medicine, acid, grain]
}

impl Life {
    fn new(seed: u64, without: Option<Rule>, disk: Option<Disk>) -> Self {
        let mut life = Life {
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            without,
            state: State::default(),
            chain: Chain::default(),
            oracle: Oracle::default(),
            now: start(),
            count: 0,
            accepted: 0,
            refused: 0,
            records: Vec::new(),
            sent: Vec::new(),
            vehicles: Vec::new(),
            lots: Vec::new(),
            samples: Vec::new(),
            out: Vec::new(),
            exceptions: Vec::new(),
            stated: Vec::new(),
            manifests: Vec::new(),
            departures: 0,
            convoys: 0,
            versions: [1; 3],
            broken: None,
            disk,
            unanswered: Vec::new(),
            server: Server {
                hostile: false,
                boot: 1,
                booted: start(),
                ahead: 0,
                kept: true,
                devices: false,
                misled: false,
            },
            made: Vec::new(),
            truth: truth(),
            stopped: 0,
            settled: 0,
            forges: false,
            forged: BTreeMap::new(),
        };
        let mut rules = life_rules();
        // In some lives people carry contamination, in some they work in shifts.
        rules.people.contact_tail_s = seed.is_multiple_of(4).then_some(600);
        rules.people.on_shift = seed.is_multiple_of(5);
        life.say(
            "admin",
            E::RulesAdopted {
                rules: Box::new(rules),
            },
        );
        for (person, roles) in PEOPLE {
            life.say(
                "admin",
                E::PersonAppointed {
                    person: PersonName::new(*person),
                    roles: roles.to_vec(),
                },
            );
        }
        for (person, _) in PEOPLE {
            life.clear(person, 30);
        }
        life.begin_shifts();
        for protocol in life_protocols() {
            life.say(
                "admin",
                E::ProtocolAdopted {
                    protocol: Box::new(protocol),
                },
            );
        }
        if !seed.is_multiple_of(3) {
            for _ in 0..6 {
                life.stock();
            }
            for _ in 0..3 {
                life.witness();
            }
        }
        life
    }

    /// States what was here before the ledger, some of it as it cannot have been.
    fn stock(&mut self) {
        let by = *self
            .dice
            .pick(&["admin", "officer", "tester", "rogue", "crew"]);
        let count = 1 + self.dice.below(2);
        let lots: Vec<StockLot> = (0..count).map(|nth| self.stock_lot(nth)).collect();
        let names: Vec<String> = lots.iter().map(|lot| lot.lot.to_string()).collect();
        if self.say(by, E::StockRecorded { lots }) {
            self.stated.push(self.state.seq());
            self.lots.extend(names);
        }
    }

    fn stock_lot(&mut self, nth: usize) -> StockLot {
        let goods = *self
            .dice
            .pick(&["grain", "grain", "grain", "medicine", "acid", "general"]);
        let (place, unit) = if goods == "grain" {
            *self.dice.pick(&[
                ("yard", 1),
                ("pile", 1),
                ("pile", 2),
                ("store", 1),
                ("warehouse", 1),
            ])
        } else {
            *self
                .dice
                .pick(&[("warehouse", 1), ("warehouse", 2), ("platform", 1)])
        };
        let arrived = after(self.now, -(self.dice.below(12 * DAY as usize) as i64));
        let later = |life: &mut Life, at: Timestamp, most: i64| {
            let by = life.dice.below(most as usize) as i64;
            // Now and then it was before what it follows.
            after(at, if life.dice.one_in(25) { -by } else { by })
        };
        let unloaded = later(self, arrived, 6 * HOUR);
        let mut treatments = Vec::new();
        let mut ready = unloaded;
        if goods == "grain" && !self.dice.one_in(6) {
            let from = later(self, unloaded, 6 * HOUR);
            let to = after(from, 2 * HOUR - self.dice.below(20) as i64 * 6 + 60);
            ready = to;
            treatments.push(StockTreatment {
                step: StepName::new("disinfect"),
                from,
                to,
            });
        }
        let held_from = (!self.dice.one_in(4)).then(|| later(self, ready, DAY));
        let mut tests = Vec::new();
        if let Some(from) = held_from
            && goods == "grain"
            && self.dice.one_in(2)
        {
            tests.push(StockTest {
                test: TestName::new("swab"),
                sample: SampleId::new(format!("stock-{}-{nth}", self.count)),
                taken: later(self, after(from, DAY), 2 * DAY),
            });
        }
        StockLot {
            lot: LotId::new(format!("stock-{}-{nth}", self.count)),
            goods: GoodsName::new(goods),
            source: SourceName::new("dandong"),
            spot: spot(place, unit),
            tally: Tally {
                pieces: 10,
                mass_kg: 1_000,
            },
            hazards: Vec::new(),
            arrived,
            unloaded,
            treatments,
            tests,
            held_from: held_from.filter(|_| goods != "acid" && goods != "general"),
        }
    }

    /// Somebody says that they saw what another stated, whether they may or not.
    fn witness(&mut self) {
        let by = *self
            .dice
            .pick(&["officer", "chief", "tester", "admin", "rogue", "yard"]);
        let record = match self.stated.len() {
            0 => self.state.seq(),
            _ => *self.dice.pick(&self.stated.clone()),
        };
        self.say(by, E::StockWitnessed { record });
    }

    fn begin_shifts(&mut self) {
        if self
            .state
            .rules()
            .is_none_or(|rules| !rules.people.on_shift)
        {
            return;
        }
        for (person, _) in PEOPLE {
            let person = PersonName::new(*person);
            self.say("yard", E::PersonShiftStarted { person });
        }
    }

    fn clear(&mut self, person: &str, days: i64) {
        let by = if person == "admin" { "chief" } else { "admin" };
        let agents = if person == "crew2" {
            Vec::new()
        } else {
            vec![AgentName::new("peroxide"), AgentName::new("chlorine")]
        };
        self.say(
            by,
            E::PersonCleared {
                person: PersonName::new(person),
                until: after(self.now, days * DAY),
                agents,
            },
        );
    }

    fn command(&mut self, by: &str, what: impl Into<H>) -> Command {
        self.count += 1;
        let acknowledged = if self.dice.one_in(6) {
            Vec::new()
        } else {
            vec![
                Warning::NoPapers,
                Warning::UnverifiedMark,
                Warning::SealsDiffer,
                Warning::Loss,
                Warning::Near,
                Warning::BackToDirty,
                Warning::EarlySample,
            ]
        };
        let mut command = Command {
            id: CommandId::new(format!("c-{}", self.count)).unwrap(),
            by: PersonName::new(by),
            device: None,
            site: None,
            issued_at: self.now,
            at: self.now,
            crew: Vec::new(),
            acknowledged,
            corrects: None,
            body: None,
            what: what.into(),
        };
        match self.dice.below(40) {
            // A late entry.
            0 | 1 => {
                let late = match self.dice.below(12) {
                    0 => 60 * DAY,
                    1 => 36_600 * DAY,
                    2 | 3 => self.dice.below(2 * DAY as usize) as i64,
                    _ => self.dice.below(HOUR as usize) as i64,
                };
                command.at = after(self.now, -late);
            }
            // A tablet whose clock is ahead, a little or much.
            2 => {
                let ahead = *self.dice.pick(&[60, 100, 130, 3_600, 5 * DAY]);
                command.at = after(self.now, ahead);
                command.issued_at = command.at;
            }
            // One that was offline, perhaps too long.
            3 => command.issued_at = after(self.now, -(self.dice.below(4 * DAY as usize) as i64)),
            4 | 5 => {
                let who = *self
                    .dice
                    .pick(&["crew", "crew2", "lead", "rogue", "nobody"]);
                command.crew = vec![PersonName::new(who)];
            }
            6 => {
                let record = self.dice.below(self.chain.seq as usize + 3) as u64;
                let because = if self.dice.one_in(4) {
                    ""
                } else {
                    "a wrong scan"
                };
                command.corrects = Some(Correction {
                    record,
                    because: because.into(),
                });
            }
            _ => {}
        }
        command
    }

    fn say(&mut self, by: &str, what: impl Into<H>) -> bool {
        let command = self.command(by, what);
        self.submit(&command)
    }

    fn submit(&mut self, command: &Command) -> bool {
        if self.broken.is_some() {
            return false;
        }
        let Some((now, note)) = self.time(command) else {
            self.refused += 1;
            return false;
        };
        let accepted = match decide_without(&self.state, command, now, self.without) {
            Ok(Decision::Already { .. }) => false,
            Err(refusal) => {
                assert!(
                    !refusal.fact.to_string().is_empty() && !refusal.remedy.to_string().is_empty(),
                    "{refusal:?}"
                );
                self.refused += 1;
                if self.forges {
                    self.forge(command, &refusal, now, note);
                }
                false
            }
            Ok(Decision::Record(events)) => {
                let sealed = self.chain.seal_timed(command, events, now, note);
                if !self.keep(&sealed, Some(command)) {
                    return false;
                }
                self.accepted += 1;
                true
            }
        };
        if self.dice.one_in(10) {
            self.sent.push(command.clone());
        }
        accepted
    }

    /// Records what was refused all the same, as a ledger without that rule would, and looks whether the auditor names it.
    fn forge(
        &mut self,
        command: &Command,
        refusal: &Refusal,
        now: Timestamp,
        note: Option<ClockNote>,
    ) {
        let gone = decide_without(&self.state, command, now, Some(refusal.rule));
        let whole = matches!(gone, Ok(Decision::Record(_)));
        let events = match gone {
            Ok(Decision::Record(events)) => events,
            _ => raw(command, now),
        };
        let mut chain = self.chain;
        let sealed = chain.seal_timed(command, events, now, note);
        let named = self.oracle.would(&sealed.record).is_some();
        let json = serde_json::to_value(&command.what).unwrap();
        let fact = format!("{:?}", refusal.fact);
        let fact = fact.split([' ', '(', '{']).next().unwrap_or_default();
        let key = format!(
            "{} {} {fact}",
            refusal.rule.code(),
            json["event"].as_str().unwrap_or_default()
        );
        let count = self.forged.entry(key).or_default();
        count.0 += 1;
        if !named {
            count.1 += 1;
            if count.1 == 1 {
                count.2 = format!(
                    "whole {whole}: {}",
                    serde_json::to_string(&sealed.record).unwrap()
                );
            }
        }
    }

    /// Takes a record, and has it judged.
    fn keep(&mut self, sealed: &Sealed, command: Option<&Command>) -> bool {
        if let Err(broken) = apply(&mut self.state, &sealed.record) {
            self.broken = Some(broken.to_string());
            return false;
        }
        if let Some(disk) = &mut self.disk {
            let (state, chain) = (&self.state, self.chain);
            disk.write(sealed, || state.snapshot(&chain).unwrap_or_default());
            self.unanswered.extend(command.cloned());
            if disk.unsynced() == 0 {
                self.unanswered.clear();
            }
        }
        self.made.push(self.now);
        self.records.push(sealed.record.clone());
        self.judge(self.records.len() - 1);
        true
    }

    /// Has a record judged: by the ledger's time, and by the true time.
    fn judge(&mut self, nth: usize) {
        let record = &self.records[nth];
        self.oracle.look(record);
        if self.server.misled {
            // Whoever is told a wrong time by two people may be too early by the true one.
            return;
        }
        self.truth
            .look(&truly(record, &self.records, &self.made[..=nth]));
        // By the true time only what may not come too soon is of interest.
        let early = std::mem::take(&mut self.truth.wrong);
        let early = early
            .into_iter()
            .filter(|(code, _)| matches!(*code, "G3b" | "P1"))
            .map(|(code, what)| (code, format!("by the true time: {what}")));
        self.oracle.wrong.extend(early);
    }

    /// What time it is for the ledger; none if the command has to wait until that is known.
    fn time(&mut self, command: &Command) -> Option<(Timestamp, Option<ClockNote>)> {
        let reading = self.server.reading(self.now);
        if self.without == Some(Rule::OwnClock) {
            // As it was before the rule: a clock is believed, and only never goes back.
            return Some((self.state.not_before_last_record(reading.wall), None));
        }
        let confirms = matches!(command.what, H::Entry(E::TimeConfirmed { .. }));
        let confirmed = confirms.then(|| reading.note(Known::Confirmed));
        match self.state.time(&reading, &self.server.witnesses(), None) {
            Time::Known { now, note } => Some((now, confirmed.or(note))),
            Time::Doubted(doubted) => {
                self.stopped += 1;
                if doubted.lasting && self.state.clock_doubt().is_none() {
                    let sealed = self.chain.seal_doubt(&reading, &doubted);
                    self.keep(&sealed, None);
                }
                timeless(&command.what).then(|| (doubted.at_least, confirmed.or(doubted.note)))
            }
        }
    }

    /// The server's clock goes wrong, comes back, or its machine is started anew.
    fn clock_trouble(&mut self) {
        const S: i64 = 1_000_000;
        let sign = if self.dice.one_in(2) { 1 } else { -1 };
        match self.dice.below(12) {
            0 | 1 => {
                let jump = *self.dice.pick(&[300, HOUR, 6 * DAY, 20 * DAY, 400 * DAY]);
                self.server.ahead += sign * jump * S;
            }
            2 | 3 => self.server.ahead = 0,
            4..7 => self.server.ahead += sign * (1 + self.dice.below(50) as i64) * S,
            7 | 8 => {
                let off = *self.dice.pick(&[20, 90, HOUR, 2 * DAY, 6 * DAY]);
                self.wait(off);
                self.server.boot += 1;
                self.server.booted = self.now;
            }
            9 => self.server.kept = !self.server.kept,
            10 => self.server.devices = true,
            _ => self.server.devices = false,
        }
    }

    /// Two people settle what time it is; now and then they do it wrongly first.
    fn settle(&mut self) {
        let mut time = self.now;
        // A watch is a few seconds off.
        time = after(time, self.dice.below(7) as i64 - 3);
        if self.server.misled && self.dice.one_in(3) {
            time = after(
                time,
                *self.dice.pick(&[-DAY, -HOUR, 200, HOUR, 2 * DAY, 6 * DAY]),
            );
        }
        let by = if self.dice.one_in(8) {
            "chief"
        } else {
            "admin"
        };
        let stated = E::TimeStated {
            time,
            wrong_since: None,
            because: "by the radio".into(),
        };
        self.say(by, stated);
        let record = self.chain.seq;
        let pause = self.dice.below(600) as i64;
        self.wait(pause);
        let by = *self.dice.pick(&["admin", "chief", "crew", "officer"]);
        let confirmed = E::TimeConfirmed {
            record,
            time: None,
            wrong_since: None,
        };
        self.settled += u32::from(self.say(by, confirmed));
    }

    fn wait(&mut self, seconds: i64) {
        self.now = after(self.now, seconds);
    }

    fn some_lot(&mut self) -> Option<String> {
        if self.lots.is_empty() {
            return None;
        }
        // Mostly the latest, so that most are alive.
        let n = self.lots.len();
        let recent = n.saturating_sub(40);
        let at = if self.dice.one_in(20) {
            self.dice.below(n)
        } else {
            recent + self.dice.below(n - recent)
        };
        Some(self.lots[at].clone())
    }

    /// Mostly one that is still here: people work on what stands before them.
    fn some_lot_here(&mut self) -> Option<String> {
        let mut lot = self.some_lot()?;
        for _ in 0..3 {
            let view = self.state.lot_view(&LotId::new(lot.as_str()));
            if view.is_some_and(|view| {
                matches!(
                    view.stage,
                    Stage::Held | Stage::Released | Stage::Loaded | Stage::Sent
                )
            }) {
                break;
            }
            lot = self.some_lot()?;
        }
        Some(lot)
    }

    fn some_place(&mut self) -> (&'static str, u32) {
        let place = *self.dice.pick(&[
            "platform",
            "bay",
            "warehouse",
            "yard",
            "pile",
            "store",
            "nowhere",
        ]);
        (place, 1 + self.dice.below(3) as u32)
    }

    fn some_person(&mut self) -> &'static str {
        self.dice.pick(PEOPLE).0
    }

    /// The power fails, and the ledger starts again from its disk. Whoever had no answer sends again.
    fn crash(&mut self) {
        let Some(disk) = &mut self.disk else {
            return;
        };
        let found = match disk.crash() {
            Ok(found) => found,
            Err(what) => {
                self.broken = Some(what);
                return;
            }
        };
        self.chain = found.chain();
        self.state = found.state().clone();
        self.records.truncate(self.chain.seq as usize);
        self.made.truncate(self.records.len());
        self.oracle = Oracle::default();
        self.truth = truth();
        for nth in 0..self.records.len() {
            self.judge(nth);
        }
        for command in std::mem::take(&mut self.unanswered) {
            self.submit(&command);
        }
    }

    /// One thing that somebody does.
    fn step(&mut self) {
        if self.disk.as_mut().is_some_and(Disk::crashes_now) {
            self.crash();
        }
        let pause = *self.dice.pick(&[1, 5, 30, 60, 300, 900, 1_800]);
        self.wait(pause);
        if self.dice.one_in(60) {
            self.open_all();
            self.begin_shifts();
        }
        if self.server.hostile {
            if self.dice.one_in(60) {
                self.clock_trouble();
            }
            let reading = self.server.reading(self.now);
            let time = self.state.time(&reading, &self.server.witnesses(), None);
            let doubted = matches!(time, Time::Doubted(_));
            if doubted && self.dice.one_in(6) || self.server.misled && self.dice.one_in(100) {
                self.settle();
            }
        }
        if self.without == Some(Rule::Sick) && self.dice.one_in(100) {
            // Few fall sick otherwise: thirty lives without the rule passed in which nobody did who had worked that day.
            self.fall_sick("officer", "crew");
        }
        if self.dice.one_in(150) {
            // A witness who comes late; goods that somebody remembers late.
            if self.dice.one_in(4) {
                self.stock();
            } else {
                self.witness();
            }
        }
        match self.dice.below(100) {
            0..2 => self.convoy(),
            2..14 => self.vehicle_work(),
            14..70 => {
                if let Some(lot) = self.some_lot_here() {
                    self.next_for(&lot);
                }
            }
            70..73 => self.depart(),
            73..78 => self.people(),
            78..80 => self.replayed(),
            _ => self.mischief(),
        }
    }

    fn open_all(&mut self) {
        for view in self.state.places() {
            if view.closed.is_some() {
                let spot = view.spot.clone();
                self.say("yard", H::PlaceOpened { spot });
            }
            if view.broken {
                self.say("yard", H::PlaceRepaired { spot: view.spot });
            }
        }
    }

    fn convoy(&mut self) {
        self.convoys += 1;
        let name = format!("k{}", self.convoys);
        let count = 1 + self.dice.below(3);
        let vehicles: Vec<String> = (0..count)
            .map(|nth| {
                if self.dice.one_in(30) && !self.vehicles.is_empty() {
                    self.dice.pick(&self.vehicles.clone()).clone()
                } else {
                    format!("w{}-{nth}", self.convoys)
                }
            })
            .collect();
        if self.dice.one_in(8) {
            self.say(
                "yard",
                E::TrialDeclared {
                    convoy: ConvoyId::new(name.as_str()),
                },
            );
        }
        if !self.dice.one_in(3) {
            let manifest = format!("m{}", self.convoys);
            let lines = self.lines(&vehicles);
            let announced = E::ManifestAnnounced {
                manifest: ManifestId::new(manifest.as_str()),
                convoy: ConvoyId::new(name.as_str()),
                source: SourceName::new("dandong"),
                due: None,
                lines,
            };
            if self.say("yard", announced) {
                self.manifests.push((manifest, name.clone()));
            }
        }
        let arrived = H::ConvoyArrived {
            convoy: ConvoyId::new(name.as_str()),
            source: SourceName::new("dandong"),
            vehicles: vehicles
                .iter()
                .map(|v| VehicleId::new(v.as_str()))
                .collect(),
        };
        if self.say("yard", arrived) {
            self.vehicles.extend(vehicles);
        }
    }

    fn lines(&mut self, vehicles: &[String]) -> Vec<ManifestLine> {
        vehicles
            .iter()
            .flat_map(|vehicle| {
                let lots = 1 + self.dice.below(2);
                (0..lots)
                    .map(|nth| {
                        let hazard = *self.dice.pick(&[
                            "", "", "", "", "", "3", "5.1", "9", "2.1", "4.3", "6.2", "8", "1.4S",
                            "1.1 d", "1.3G",
                        ]);
                        ManifestLine {
                            vehicle: VehicleId::new(vehicle.as_str()),
                            lot: LotId::new(format!("{vehicle}-{}-{nth}", self.convoys)),
                            goods: GoodsName::new(
                                *self.dice.pick(&["general", "general", "medicine", "acid"]),
                            ),
                            tally: Tally {
                                pieces: 10,
                                mass_kg: 1_000,
                            },
                            hazards: if hazard.is_empty() {
                                Vec::new()
                            } else {
                                vec![Hazard::new(hazard)]
                            },
                            seals: Vec::new(),
                            sender: None,
                            receiver: None,
                        }
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// What a vehicle needs next, or something else.
    fn vehicle_work(&mut self) {
        let here: Vec<String> = self
            .state
            .vehicles_here()
            .map(|view| view.vehicle.to_string())
            .collect();
        if here.is_empty() {
            return;
        }
        let vehicle = self.dice.pick(&here).clone();
        let id = VehicleId::new(vehicle.as_str());
        let Some(view) = self.state.vehicle_view(&id) else {
            return;
        };
        let unit = 1 + self.dice.below(2) as u32;
        let place = *self
            .dice
            .pick(&["platform", "platform", "platform", "bay", "yard"]);
        match (view.spot.clone(), view.emptied, view.washed) {
            _ if self.dice.one_in(8) => {
                let what = match self.dice.below(4) {
                    0 => H::VehicleReleased { vehicle: id },
                    1 => H::VehicleWashed { vehicle: id },
                    2 => H::VehicleEmptied { vehicle: id },
                    _ => scene::placed(&vehicle, place, unit),
                };
                self.say("rogue", what.clone());
                self.say("yard", what);
            }
            (None, false, _) => {
                self.say("yard", scene::placed(&vehicle, place, unit));
            }
            (Some(at), false, _) => {
                self.say(
                    "yard",
                    H::UnloadingStarted {
                        vehicle: id.clone(),
                        step: StepName::new("unload"),
                        spot: at.clone(),
                    },
                );
                let convoy = view
                    .convoy
                    .map_or_else(String::new, |convoy| convoy.as_str().to_owned());
                for nth in 0..2 {
                    let lot = format!("{vehicle}-{}-{nth}", convoy.trim_start_matches('k'));
                    let known = self.state.lot_view(&LotId::new(lot.as_str()));
                    let goods = known.map_or_else(
                        || GoodsName::new(*self.dice.pick(&["general", "medicine", "acid"])),
                        |view| view.goods,
                    );
                    let goods = if self.dice.one_in(12) {
                        GoodsName::new("acid")
                    } else {
                        goods
                    };
                    let unloaded = H::LotUnloaded {
                        lot: LotId::new(lot.as_str()),
                        vehicle: id.clone(),
                        goods,
                        spot: at.clone(),
                    };
                    if self.say("yard", unloaded) {
                        self.lots.push(lot);
                    }
                }
                self.say("yard", H::VehicleEmptied { vehicle: id });
            }
            (_, true, None) => {
                self.say("lead", H::VehicleWashed { vehicle: id });
            }
            (_, true, Some(_)) => {
                self.say(
                    "yard",
                    E::VehicleSealed {
                        vehicle: id.clone(),
                        seal: "s".into(),
                    },
                );
                self.say("yard", H::VehicleReleased { vehicle: id });
            }
        }
    }

    /// What a lot needs next.
    fn next_for(&mut self, lot: &str) {
        let id = LotId::new(lot);
        let Some(view) = self.state.lot_view(&id) else {
            return;
        };
        let at = view
            .spot
            .as_ref()
            .map_or(("", 0), |spot| (spot.place.as_str(), spot.unit));
        let unit = 1 + self.dice.below(3) as u32;
        match view.stage {
            Stage::Held if view.rejected => {
                if self.dice.one_in(3) {
                    self.say("chief", H::LotDestroyed { lot: id });
                } else {
                    self.say("officer", H::LotSentBack { lot: id });
                }
            }
            Stage::Held if !view.treated && at.0 != "warehouse" => {
                self.say("yard", scene::stored(lot, "warehouse", unit));
            }
            Stage::Held if !view.treated => self.treat(lot, at.1),
            Stage::Held if at.0 == "warehouse" || at.0 == "platform" => {
                self.pass_gate("crew");
                let place = *self.dice.pick(&["yard", "yard", "pile", "store"]);
                self.say("crew", scene::stored(lot, place, unit));
            }
            Stage::Held if !view.exceptions.is_empty() && self.dice.one_in(4) => {
                let exception = view.exceptions[0].clone();
                self.say(
                    "chief",
                    E::ExceptionClosed {
                        exception,
                        because: "looked into".into(),
                    },
                );
            }
            Stage::Held if view.goods.as_str() == "medicine" && self.dice.one_in(3) => {
                self.pass_gate("tester");
                let finding = match self.dice.below(12) {
                    0 => Finding::Again,
                    1 => Finding::Fail,
                    2 => Finding::Destroy,
                    _ => Finding::Pass,
                };
                self.say(
                    "tester",
                    H::LotInspected {
                        lot: id,
                        step: StepName::new("look"),
                        finding,
                    },
                );
            }
            Stage::Held if !view.tests_missing.is_empty() => {
                self.pass_gate("tester");
                let sample = format!("s{}", self.count);
                if self.say("tester", scene::sampled(lot, &sample)) {
                    self.samples.push(sample.clone());
                    let outcome = match self.dice.below(30) {
                        0 => Outcome::Positive,
                        1 => Outcome::Inconclusive,
                        _ => Outcome::Negative,
                    };
                    if self.dice.one_in(8) {
                        self.out.push((lot.to_owned(), sample));
                    } else {
                        self.result(&sample, outcome);
                    }
                } else {
                    self.wait(HOUR);
                }
            }
            Stage::Held if self.out.iter().any(|(of, _)| of == lot) && !self.dice.one_in(4) => {
                let at = self.out.iter().position(|(of, _)| of == lot).unwrap_or(0);
                let (_, sample) = self.out.swap_remove(at);
                let outcome = if self.dice.one_in(8) {
                    Outcome::Inconclusive
                } else {
                    Outcome::Negative
                };
                self.result(&sample, outcome);
            }
            Stage::Held if self.dice.one_in(12) => {
                // Another sample, to be sure.
                self.pass_gate("tester");
                let sample = format!("s{}", self.count);
                if self.say("tester", scene::sampled(lot, &sample)) {
                    self.samples.push(sample.clone());
                    self.result(&sample, Outcome::Negative);
                }
            }
            Stage::Held => {
                let first = *self
                    .dice
                    .pick(&["officer", "officer", "officer", "tester", "rogue", "crew"]);
                self.say(first, scene::signed(lot, first));
                let last = *self.dice.pick(&["chief", "chief2", "officer", "rogue"]);
                self.say(last, scene::signed(lot, last));
                self.wait(HOUR);
            }
            Stage::Released => {
                let departure = format!("d{}", self.departures);
                self.pass_gate("dispatcher");
                let wagon = *self.dice.pick(&["", "t1", "t2", "t3", "t4"]);
                let what = H::LotLoaded {
                    lot: id,
                    departure: DepartureId::new(departure),
                    wagon: (!wagon.is_empty()).then(|| VehicleId::new(wagon)),
                };
                self.say("dispatcher", what);
            }
            Stage::Loaded if self.dice.one_in(10) => {
                self.pass_gate("crew");
                self.say("crew", scene::stored(lot, "yard", 1));
            }
            Stage::Sent => {
                self.pass_gate("crew");
                self.say("crew", scene::stored(lot, at.0, at.1));
            }
            _ => {}
        }
    }

    fn pass_gate(&mut self, person: &str) {
        if !self.dice.one_in(6) {
            self.say(
                "yard",
                E::PersonPassedGate {
                    person: PersonName::new(person),
                },
            );
        }
    }

    fn result(&mut self, sample: &str, outcome: Outcome) {
        let exception = format!("x{}", self.count);
        let result = E::ResultEntered {
            sample: SampleId::new(sample),
            outcome,
            exception: ExceptionId::new(exception.as_str()),
        };
        if self.say("tester", result) && outcome == Outcome::Positive {
            self.exceptions.push(exception);
        }
    }

    fn treat(&mut self, lot: &str, unit: u32) {
        let started = self.say("lead", scene::treatment_started(lot, unit));
        if !started && !self.dice.one_in(3) {
            return;
        }
        let agent = *self
            .dice
            .pick(&["peroxide", "peroxide", "peroxide", "chlorine", "vinegar"]);
        let doser = *self.dice.pick(&["lead", "lead", "lead", "crew2"]);
        if self.dice.one_in(12) {
            self.wait(20 * 60);
        }
        let mut dosed = scene::dosed(lot, agent);
        if let E::TreatmentDosed { dose_mg_m3, .. } = &mut dosed {
            *dose_mg_m3 = *self.dice.pick(&[None, Some(150), Some(250), Some(250)]);
        }
        self.say(doser, dosed);
        let lines: &[Option<&str>] = match self.dice.below(4) {
            0 | 1 => &[None],
            2 => &[Some("top"), Some("foot")],
            _ => &[None, Some("foot")],
        };
        let weak = self.dice.one_in(9);
        for nth in 0..=3 {
            if nth > 0 {
                self.wait(HOUR - 60);
            }
            let concentration = if weak { 90 } else { 250 + nth };
            let cold = if self.dice.one_in(25) { 9_000 } else { 20_000 };
            for line in lines {
                if self.dice.one_in(30) {
                    continue;
                }
                // The foot of the stack may be thinner or colder than its top.
                let thin = line.is_some() && self.dice.one_in(12);
                let concentration = if thin { 60 } else { concentration };
                self.reading(lot, *line, concentration, cold);
                if self.dice.one_in(40) {
                    self.reading(lot, *line, concentration + 1, cold);
                }
            }
            if nth > 0 && self.dice.one_in(12) {
                self.pause(lot);
                if self.dice.one_in(2) {
                    break;
                }
            }
        }
        self.say("lead", scene::treatment_ended(lot, unit));
    }

    fn reading(&mut self, lot: &str, line: Option<&str>, concentration: u32, cold: i32) {
        let now = self.now;
        let read = match line {
            Some(line) => scene::read_on(line, lot, now, concentration, cold),
            None => scene::read(lot, now, concentration, cold),
        };
        self.say("lead", read);
    }

    /// The treatment rests for a while; at times nobody says that it goes on.
    fn pause(&mut self, lot: &str) {
        self.say("lead", scene::paused(lot));
        let rest = *self.dice.pick(&[60, 1_800, HOUR, 2 * HOUR]);
        self.wait(rest / 2);
        if self.dice.one_in(3) {
            // The agent is let off: what is read meanwhile says nothing.
            let now = self.now;
            self.say("lead", scene::read(lot, now, 0, 2_000));
        }
        self.wait(rest / 2);
        if !self.dice.one_in(6) {
            self.say("crew", scene::resumed(lot));
            let now = self.now;
            self.say("lead", scene::read(lot, now, 250, 20_000));
        }
    }

    fn depart(&mut self) {
        let departure = format!("d{}", self.departures);
        let loaded = self
            .state
            .departure(&lazaret_vocabulary::event::DepartureId::new(
                departure.as_str(),
            ))
            .map_or(0, |(lots, _)| lots.len() as u32);
        let lots = if self.dice.one_in(6) {
            loaded + 1
        } else {
            loaded
        };
        if self.say("dispatcher", scene::departed(&departure, lots)) || self.dice.one_in(20) {
            self.departures += 1;
        }
    }

    fn people(&mut self) {
        let person = self.some_person();
        let name = PersonName::new(person);
        match self.dice.below(12) {
            0 if self.dice.one_in(3) => {
                self.say(
                    "officer",
                    E::ClearanceLapsed {
                        person: name,
                        because: "a cough".into(),
                    },
                );
            }
            1..8 => self.clear(person, 30),
            8 | 9 if self.dice.one_in(8) => {
                for (person, _) in PEOPLE {
                    self.clear(person, 30);
                }
            }
            10 => {
                self.say("yard", E::PersonShiftStarted { person: name });
            }
            11 if self.dice.one_in(2) => {
                self.say("yard", E::PersonShiftEnded { person: name });
            }
            0 | 11 if self.dice.one_in(6) => {
                self.fall_sick("yard", person);
            }
            _ => self.pass_gate(person),
        }
    }

    fn fall_sick(&mut self, by: &str, person: &str) {
        let exception = format!("x{}", self.count);
        let since = after(self.now, -(self.dice.below(DAY as usize) as i64));
        let sick = E::PersonReportedSick {
            person: PersonName::new(person),
            since,
            exception: ExceptionId::new(exception.as_str()),
        };
        if self.say(by, sick) {
            self.exceptions.push(exception);
        }
    }

    /// A command comes again, as it was.
    fn replayed(&mut self) {
        if self.sent.is_empty() {
            return;
        }
        let at = self.dice.below(self.sent.len());
        let command = self.sent[at].clone();
        self.submit(&command);
    }

    fn mischief(&mut self) {
        let Some(lot) = self.some_lot() else {
            return;
        };
        let id = LotId::new(lot.as_str());
        let other = self.some_lot().unwrap_or_else(|| lot.clone());
        let (place, unit) = self.some_place();
        let by = if self.dice.one_in(2) {
            "rogue"
        } else {
            self.some_person()
        };
        let name = format!("x{}", self.count);
        let soon = after(self.now, self.dice.below(HOUR as usize) as i64);
        let what: H = match self.dice.below(36) {
            0 => H::LotReleased { lot: id },
            1 => scene::loaded(&lot, &format!("d{}", self.departures)),
            2 => scene::signed(&lot, by).into(),
            3 => scene::signed(&lot, "chief").into(),
            4 => scene::stored(&lot, place, unit),
            5 => H::LotSent {
                lot: id,
                spot: spot(place, unit),
            },
            6 => H::HoldStarted {
                lot: id,
                step: StepName::new("hold"),
                until: soon,
            },
            7 => H::HoldRestarted {
                lot: id,
                step: StepName::new("hold"),
                until: soon,
                because: "to be sure".into(),
            },
            8 => H::HoldEnded {
                lot: id,
                step: StepName::new("hold"),
            },
            9 => E::ExceptionOpened {
                exception: ExceptionId::new(name.as_str()),
                lots: vec![id, LotId::new(other.as_str())],
                because: "looks odd".into(),
            }
            .into(),
            10 => {
                let exception = self.exceptions.last().cloned().unwrap_or(name);
                E::ExceptionClosed {
                    exception: ExceptionId::new(exception.as_str()),
                    because: "never mind".into(),
                }
                .into()
            }
            11 => E::ContactSeen {
                lots: vec![id, LotId::new(other.as_str())],
                because: "a pallet fell".into(),
            }
            .into(),
            12 if self.dice.one_in(3) => E::ContaminationFound {
                on: match self.dice.below(3) {
                    0 => Soiled::Lot(id),
                    1 => Soiled::Unit(PlaceName::new(place), unit),
                    _ => Soiled::Vehicle(VehicleId::new(
                        self.vehicles.last().map_or("", String::as_str),
                    )),
                },
                since: after(self.now, -(self.dice.below(3 * DAY as usize) as i64)),
                because: "droppings".into(),
                exception: ExceptionId::new(name.as_str()),
            }
            .into(),
            13 => {
                let pieces = 3 + self.dice.below(3) as u32;
                let part = |nth: u32, pieces, mass_kg| LotPart {
                    lot: LotId::new(format!("{lot}.{nth}")),
                    tally: Tally { pieces, mass_kg },
                };
                let half = self.dice.one_in(2);
                let parts = if half {
                    vec![part(1, 5, 500), part(2, 5, 500)]
                } else {
                    vec![part(1, pieces, 500), part(2, 5, 500)]
                };
                if self.say("yard", E::LotSplit { lot: id, parts }) {
                    self.lots.push(format!("{lot}.1"));
                    self.lots.push(format!("{lot}.2"));
                }
                return;
            }
            14 => E::LotCounted {
                lot: id,
                tally: Tally {
                    pieces: 10 - self.dice.below(2) as u32,
                    mass_kg: 1_000 - self.dice.below(12) as u32,
                },
            }
            .into(),
            15 => E::LossDeclared {
                lot: id,
                lost: Tally {
                    pieces: self.dice.below(3) as u32,
                    mass_kg: self.dice.below(300) as u32,
                },
                because: "wet".into(),
            }
            .into(),
            16 => {
                let from = after(self.now, -(self.dice.below(2 * DAY as usize) as i64));
                let witness = *self.dice.pick(&["lead", "yard", by]);
                let credit = E::ClockCredited {
                    lot: id.clone(),
                    from,
                    witness: PersonName::new(witness),
                };
                let asker = *self.dice.pick(&["officer", by]);
                self.say(asker, credit);
                let from = if self.dice.one_in(4) {
                    after(from, 60)
                } else {
                    from
                };
                let who = if self.dice.one_in(4) { by } else { witness };
                self.say(who, E::CreditWitnessed { lot: id, from });
                return;
            }
            17 => self.protocol_change(),
            18 => H::PlaceClosed {
                spot: spot(place, unit),
                because: "snow".into(),
            },
            19 | 20 => H::PlaceOpened {
                spot: spot(place, unit),
            },
            21 => H::PlaceBroken {
                spot: spot(place, unit),
            },
            22 | 23 => H::PlaceRepaired {
                spot: spot(place, unit),
            },
            24 if self.dice.one_in(4) => H::CapacityChanged {
                place: PlaceName::new(*self.dice.pick(&["store", "yard"])),
                slots: 8 + self.dice.below(20) as u32,
            },
            25 => H::LotDestroyed { lot: id },
            26 => H::LotSentBack { lot: id },
            27 => scene::treatment_ended(&lot, unit),
            28 => scene::treatment_started(&lot, unit),
            29 => {
                let sample = self.samples.last().cloned().unwrap_or_default();
                let outcome = *self.dice.pick(&[Outcome::Negative, Outcome::Positive]);
                self.result(&sample, outcome);
                return;
            }
            33 => E::SignatureWithdrawn {
                lot: id,
                signer: PersonName::new(*self.dice.pick(&[by, "officer", "chief"])),
                because: "too quick".into(),
            }
            .into(),
            34 if self.dice.one_in(2) => scene::resumed(&lot),
            34 => scene::paused(&lot),
            30 => self.paper_work(),
            31 => H::InspectionStarted {
                lot: id,
                step: StepName::new("look"),
                spot: spot(place, unit),
            },
            32 => {
                let vehicle = self.vehicles.last().cloned().unwrap_or_default();
                scene::unloaded(&lot, &vehicle, "general", place, unit)
            }
            _ => E::SampleTaken {
                lot: id,
                sample: SampleId::new(format!("s{}", self.count)),
                test: TestName::new("swab"),
            }
            .into(),
        };
        let also = matches!(
            what,
            H::PlaceClosed { .. }
                | H::PlaceOpened { .. }
                | H::PlaceBroken { .. }
                | H::PlaceRepaired { .. }
                | H::CapacityChanged { .. }
        ) || self.dice.one_in(3);
        if also {
            // By somebody who may.
            let by = *self
                .dice
                .pick(&["yard", "officer", "chief", "lead", "tester"]);
            self.say(by, what.clone());
        }
        self.say(by, what);
    }

    fn paper_work(&mut self) -> H {
        let (manifest, convoy) = self
            .manifests
            .last()
            .cloned()
            .unwrap_or_else(|| ("m".into(), "k".into()));
        let manifest = ManifestId::new(manifest.as_str());
        let because = "the sender says so".to_string();
        let _ = convoy;
        match self.dice.below(4) {
            0 => E::ManifestWithheld { manifest, because }.into(),
            1 => E::ManifestRefused { manifest, because }.into(),
            _ => {
                let n = self.vehicles.len();
                let vehicles: Vec<String> = self.vehicles[n.saturating_sub(2)..].to_vec();
                E::ManifestAmended {
                    manifest,
                    lines: self.lines(&vehicles),
                    because,
                }
                .into()
            }
        }
    }

    /// The next version of a protocol, harder or easier than the one before, for those held too or not.
    fn protocol_change(&mut self) -> H {
        let which = self.dice.below(3);
        let mut protocol = life_protocols().swap_remove(which);
        if !self.dice.one_in(5) {
            // Not too often: a version stays for some weeks.
            protocol.version = 0;
        } else {
            self.versions[which] += 1;
            protocol.version = self.versions[which];
        }
        protocol.held_too = self.dice.one_in(2);
        protocol.from = after(self.now, -(self.dice.below(100) as i64));
        protocol.signatures = 1 + self.dice.below(3) as u8;
        if let Some(hold) = &mut protocol.hold {
            hold.hold_s = HOUR as u64 * (24 + self.dice.below(72) as u64);
        }
        if self.dice.one_in(3) {
            protocol.tests = vec![TestRule {
                test: TestName::new("swab"),
                not_before_s: HOUR as u64 * self.dice.below(30) as u64,
            }];
        }
        let adopted: H = E::ProtocolAdopted {
            protocol: Box::new(protocol.clone()),
        }
        .into();
        self.say(
            "chief",
            E::ProtocolProposed {
                protocol: Box::new(protocol.clone()),
            },
        );
        let accepted = self.say("admin", adopted.clone());
        if !accepted && protocol.version != 0 {
            self.versions[which] -= 1;
        }
        adopted
    }

    /// What must agree between ledger and oracle whatever happened.
    fn agrees(&mut self, seed: u64) {
        for lot in &self.lots.clone() {
            let view = self.state.lot_view(&LotId::new(lot.as_str()));
            let own = view.and_then(|view| {
                matches!(
                    view.stage,
                    Stage::Held | Stage::Released | Stage::Loaded | Stage::Sent
                )
                .then_some(view.earliest.map(Timestamp::as_microsecond))
            });
            if own.is_some() && self.dice.one_in(20) {
                let closure: std::collections::BTreeMap<String, i64> = self
                    .state
                    .contacts(&LotId::new(lot.as_str()))
                    .reached
                    .into_iter()
                    .map(|chained| (chained.lot.to_string(), chained.since.as_microsecond()))
                    .collect();
                let theirs = self.oracle.closure(lot);
                assert_eq!(closure, theirs, "seed {seed}: the contacts of {lot}");
            }
            if let Some(own) = own {
                let theirs = self.oracle.earliest_of(lot);
                assert_eq!(own, theirs, "seed {seed}: the date of {lot}");
            }
        }
    }
}

/// A judge by the true time. What the ledger does not know it does not credit, and a witness may be a little off: by
/// as much as the tolerance things may happen sooner.
fn truth() -> Oracle {
    Oracle::with_slack(TOLERANCE)
}

/// A record as it would have been with a clock that is right.
///
/// * `made` — when each record was truly made, up to this one.
fn truly(record: &Record, records: &[Record], made: &[Timestamp]) -> Record {
    let nth = made.len() - 1;
    let stamps = |nth: usize| {
        let record = &records[nth];
        let confirmed = record
            .events
            .iter()
            .find_map(|event| match &event.happening {
                H::Entry(E::TimeConfirmed { time, .. }) => *time,
                _ => None,
            });
        [Some(record.recorded_at), confirmed]
    };
    // The latest record with that stamp: a clock that was put back may have given it twice.
    let true_time = |at: Timestamp| {
        (0..=nth)
            .rev()
            .take(400)
            .find(|&nth| stamps(nth).contains(&Some(at)))
            .map_or(at, |nth| made[nth])
    };
    let now = made[nth];
    let mut record = record.clone();
    record.recorded_at = now;
    for event in &mut record.events {
        let at = event.at;
        event.at = true_time(at).min(now);
        if let H::HoldStarted { until, .. } | H::HoldRestarted { until, .. } = &mut event.happening
        {
            let hold = until.as_microsecond() - at.as_microsecond();
            *until = Timestamp::from_microsecond(event.at.as_microsecond() + hold).unwrap();
        }
        // Of what nobody stated the record is when it counts from.
        if let H::Entry(E::StockCredited {
            from: Some(from), ..
        }) = &mut event.happening
        {
            *from = true_time(*from).min(now);
        }
    }
    record
}

/// A refused command as a record would have it, without what follows from it.
fn raw(command: &Command, now: Timestamp) -> Vec<Event> {
    let mut told: Vec<H> = Vec::new();
    if let Some(correction) = &command.corrects {
        told.push(
            E::Corrected {
                record: correction.record,
                because: correction.because.clone(),
            }
            .into(),
        );
    }
    for warning in &command.acknowledged {
        told.push(
            E::WarningAcknowledged {
                warning: warning.name().into(),
                by: command.by.clone(),
                fact: "seen".into(),
            }
            .into(),
        );
    }
    told.push(command.what.clone());
    let json = serde_json::to_value(&command.what).unwrap();
    let named = |name: &str| json[name].as_str().map(str::to_owned);
    let lot = named("lot").map(|lot| Thing::Lot(LotId::new(lot)));
    let vehicle = || named("vehicle").map(|vehicle| Thing::Vehicle(VehicleId::new(vehicle)));
    if let Some(thing) = lot.or_else(vehicle).filter(|_| !command.crew.is_empty()) {
        let people = command.crew.clone();
        told.push(E::Worked { thing, people }.into());
    }
    let at = command.at.min(now);
    let event = |happening| Event { at, happening };
    told.into_iter().map(event).collect()
}

/// Lives after which a rule that nobody missed counts as not tested.
const LIVES: u64 = 30;

struct Lived {
    life: Life,
    wrong: Vec<(&'static str, String)>,
}

fn live(seed: u64, steps: usize, without: Option<Rule>) -> Lived {
    live_on(seed, steps, without, None, without == Some(Rule::OwnClock))
}

/// A life on a server whose clock goes wrong, settled by people who are wrong themselves now and then.
fn live_misled(seed: u64, steps: usize) -> Lived {
    let mut life = Life::new(seed, None, None);
    (life.server.hostile, life.server.misled) = (true, true);
    for nth in 0..steps {
        life.step();
        if !life.oracle.wrong.is_empty() || life.broken.is_some() {
            break;
        }
        if nth % 250 == 0 {
            life.agrees(seed);
        }
    }
    let mut wrong = std::mem::take(&mut life.oracle.wrong);
    wrong.extend(life.broken.take().map(|what| ("broken", what)));
    Lived { life, wrong }
}

fn live_on(
    seed: u64,
    steps: usize,
    without: Option<Rule>,
    disk: Option<Disk>,
    clocks: bool,
) -> Lived {
    let mut life = Life::new(seed, without, disk);
    life.server.hostile = clocks;
    for nth in 0..steps {
        life.step();
        if !life.oracle.wrong.is_empty() || life.broken.is_some() {
            break;
        }
        if without.is_none() && nth % 250 == 0 {
            life.agrees(seed);
        }
    }
    let mut wrong = std::mem::take(&mut life.oracle.wrong);
    wrong.extend(life.broken.take().map(|what| ("broken", what)));
    Lived { life, wrong }
}

/// A number that the environment may set.
fn number(name: &str, or: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(or)
}

/// How many lives are asked for: twenty in the gate, a thousand by night.
fn asked_lives() -> u64 {
    let by_night = std::env::var_os("LAZARET_NIGHTLY").is_some();
    number("LAZARET_LIVES", if by_night { 1_000 } else { 20 })
}

/// Twenty lives; `LAZARET_LIVES` asks for more, and `LAZARET_SEED` for others than the first.
#[test]
fn no_life_breaks_a_rule() {
    let first = number("LAZARET_SEED", 1);
    let last = first.saturating_add(asked_lives().max(1));
    lives(first..last, false);
}

/// Twenty more, on a server whose clock jumps, drifts, stops and comes back.
#[test]
fn no_clock_lets_anything_go_too_soon() {
    let first = number("LAZARET_SEED", 1);
    let last = first.saturating_add(asked_lives().max(1));
    lives(first..last, true);
}

/// Whatever time two people confirm, and however often they take it back, ledger and auditor bring what was recorded to
/// the right time in the same way.
#[test]
fn whoever_confirms_a_wrong_time_is_followed_and_corrected() {
    let mut settled = 0;
    for seed in number("LAZARET_SEED", 1)..number("LAZARET_SEED", 1) + asked_lives() / 3 {
        let Lived { life, wrong } = live_misled(seed, 2_500);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        settled += life.settled;
    }
    assert!(settled > 10, "{settled}");
}

#[expect(
    clippy::print_stderr,
    reason = "how much was checked is part of the result"
)]
fn lives(seeds: std::ops::Range<u64>, clocks: bool) {
    let began = Instant::now();
    let lived = seeds.end - seeds.start;
    let (mut events, mut micros) = (0, 0);
    let (mut crashes, mut flips, mut torn) = (0, 0, 0);
    let (mut stopped, mut settled) = (0, 0);
    let mut credited = 0;
    let mut done = lazaret_ledger::Totals::default();
    for seed in seeds {
        let disk = Disk::new(seed, false);
        let Lived { life, wrong } = live_on(seed, 2_500, None, Some(disk), clocks);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        if let Some(disk) = &life.disk {
            crashes += disk.crashes;
            flips += disk.flips;
            torn += disk.torn;
        }
        // However often it was sent, and whatever the disk did: once.
        let keys: std::collections::HashSet<_> = life.records.iter().map(|r| &r.command).collect();
        assert_eq!(keys.len(), life.records.len(), "seed {seed}");
        stopped += life.stopped;
        settled += life.settled;
        let events_of = |record: &Record| record.events.clone();
        credited += (life.records.iter().flat_map(events_of))
            .filter(|event| {
                matches!(
                    event.happening,
                    H::Entry(E::StockCredited { from: Some(_), .. })
                )
            })
            .count();
        let totals = life.state.totals();
        done.lots_released += totals.lots_released;
        done.lots_departed += totals.lots_departed;
        done.vehicles_released += totals.vehicles_released;
        events += life.oracle.events;
        micros += life.now.as_microsecond() - start().as_microsecond();
        // The same records give the same state, byte for byte; so does a snapshot.
        let mut again = State::default();
        for record in &life.records {
            apply(&mut again, record).unwrap();
        }
        let bytes = life.state.snapshot(&life.chain).unwrap();
        assert!(bytes == again.snapshot(&life.chain).unwrap(), "seed {seed}");
        let (restored, chain) = State::restore(&bytes).unwrap();
        assert_eq!(chain, life.chain);
        assert!(bytes == restored.snapshot(&chain).unwrap(), "seed {seed}");
    }
    let years = micros as f64 / (365.25 * DAY as f64 * 1e6);
    let seconds = began.elapsed().as_secs_f64();
    eprintln!(
        "{years:.2} gateway-years and {events} checked events in {seconds:.1} s; {crashes} crashes, \
         {torn} torn sectors, {flips} flipped bits; {stopped} entries met a clock in doubt, which was settled {settled} times"
    );
    assert_eq!(stopped > 0 && settled > 0, clocks);
    assert!(crashes > 0 && torn > 0 && flips > 0);
    // Lives in which nothing ever leaves would prove nothing about leaving. While a clock is in doubt nothing leaves.
    let least = lived * if clocks { 3 } else { 5 };
    eprintln!("{done:?}");
    assert!(done.lots_departed > least, "{done:?}");
    assert!(done.vehicles_released > lived * 5, "{done:?}");
    assert!(
        credited as u64 > lived / 2,
        "{credited} lots were here before"
    );
}

/// What the ledger refuses and somebody records all the same, with everything that would follow, the auditor names.
#[test]
#[expect(
    clippy::print_stderr,
    reason = "how much was forged is part of the result"
)]
fn what_the_ledger_refuses_the_auditor_names() {
    let mut forged: BTreeMap<String, (u32, u32, String)> = BTreeMap::new();
    let first = number("LAZARET_SEED", 1);
    for seed in first..first + number("LAZARET_LIVES", asked_lives().div_ceil(10)) {
        let mut life = Life::new(seed, None, None);
        life.forges = true;
        for _ in 0..2_500 {
            life.step();
        }
        // Else everything that follows would be named for what came before it.
        assert!(
            life.oracle.wrong.is_empty(),
            "seed {seed}: {:#?}",
            life.oracle.wrong
        );
        for (key, (times, missed, what)) in life.forged {
            let row = forged.entry(key).or_default();
            (row.0, row.1) = (row.0 + times, row.1 + missed);
            if row.2.is_empty() {
                row.2 = what;
            }
        }
    }
    let missed: Vec<_> = (forged.iter()).filter(|(_, row)| row.1 > 0).collect();
    let times: u32 = forged.values().map(|row| row.0).sum();
    eprintln!("{times} forged records of {} kinds", forged.len());
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(forged.len() > 100, "{}", forged.len());
}

/// A disk that forgets what it said was safe is noticed in its first crash that loses anything.
#[test]
fn a_disk_that_lies_is_noticed() {
    let caught = (1..=5).any(|seed| {
        let disk = Disk::new(seed, true);
        let Lived { wrong, .. } = live_on(seed, 2_500, None, Some(disk), false);
        wrong
            .iter()
            .any(|(code, what)| *code == "broken" && what.contains("were acknowledged"))
    });
    assert!(caught);
}

/// Rules that a sabotaged ledger goes without. The rest are structure: names that do not exist have no row to act on
/// (K1), and parts of a lot inherit because they are copies of its row (G6); `docs/rules.md` says how those were
/// removed by hand.
#[test]
#[expect(
    clippy::print_stderr,
    reason = "what noticed each removal is part of the result"
)]
fn every_rule_that_is_removed_is_missed() {
    let mut unmissed = Vec::new();
    for &rule in Rule::ALL {
        if matches!(rule, Rule::Known | Rule::HoldsFollow) {
            continue;
        }
        let caught = (1..=LIVES).find_map(|seed| {
            let Lived { wrong, .. } = live(seed, 2_500, Some(rule));
            wrong
                .first()
                .map(|(code, what)| (seed, *code, what.clone()))
        });
        match caught {
            Some((seed, code, what)) => {
                eprintln!("without {}: seed {seed} breaks {code}, {what}", rule.code());
            }
            None => unmissed.push(rule.code()),
        }
    }
    assert!(
        unmissed.is_empty(),
        "nobody missed {unmissed:?} in {LIVES} lives"
    );
}
