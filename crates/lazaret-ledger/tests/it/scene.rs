//! A small gateway with its people, and a short way to say what happens there.

use jiff::{SignedDuration, Timestamp};
use lazaret_ledger::{Accepted, Command, CommandId, Ledger, LotView, Record, Refusal, Warning};
use lazaret_vocabulary::event::entry::{
    AgentName, Entry, ExceptionId, LineName, ManifestId, ManifestLine, Outcome, PersonName,
    Reading, Role, SampleId, Tally, TestName,
};
use lazaret_vocabulary::event::rules::{
    AgentRule, Band, ClockFrom, Contact, GoodsRule, HoldRule, PeopleRule, PlaceRule, Protocol,
    RuleBook, Side, TestRule, TreatmentRule, VehicleRule,
};
use lazaret_vocabulary::event::{
    Cause, ConvoyId, DepartureId, GoodsName, Happening, LotId, PlaceName, ResourceName, SourceName,
    Spot, StepName, Thing, VehicleId,
};

pub(crate) const DAY: i64 = 86_400;
pub(crate) const HOUR: i64 = 3_600;

/// A gateway in use: its ledger, every record so far, and its clock.
pub(crate) struct Scene {
    pub(crate) ledger: Ledger,
    pub(crate) records: Vec<Record>,
    pub(crate) now: Timestamp,
    next: u32,
}

/// The rules of the gateway: a track, a platform, a warehouse, a yard of separate places and one of shared clocks.
pub(crate) fn rules() -> RuleBook {
    let place = |name: &str, side, units, slots, contact| PlaceRule {
        place: PlaceName::new(name),
        side,
        units: Some(units),
        slots: Some(slots),
        pooled: false,
        contact,
        tail_s: 0,
        leads_to: Vec::new(),
    };
    RuleBook {
        gateway: "Test".into(),
        time_zone: "Asia/Pyongyang".into(),
        places: vec![
            place("platform", Side::Dirty, 2, 4, Contact::Apart),
            place("warehouse", Side::DirtyToClean, 4, 3, Contact::Traced),
            place("yard", Side::Clean, 1, 1_000, Contact::Apart),
            place("pile", Side::Clean, 3, 6, Contact::Mixing),
        ],
        goods: ["general", "medicine", "acid"]
            .into_iter()
            .map(|name| GoodsRule {
                goods: GoodsName::new(name),
                priority: i32::from(name == "medicine"),
                apart_from: if name == "acid" {
                    vec![GoodsName::new("medicine")]
                } else {
                    Vec::new()
                },
                spoiled_by: if name == "medicine" {
                    vec![AgentName::new("chlorine")]
                } else {
                    Vec::new()
                },
            })
            .collect(),
        vehicles: vec![VehicleRule {
            source: SourceName::new("dandong"),
            wash: true,
            dwell_s: 3 * HOUR as u64,
            seal: false,
        }],
        people: PeopleRule {
            on_shift: false,
            rest_s: 8 * HOUR as u64,
            gate: true,
            contact_tail_s: None,
        },
        mass_tolerance_permille: 5,
        clock_tolerance_s: 120,
        remember_s: 7 * DAY as u64,
        weaker_after_s: None,
    }
}

/// Two weeks after a treatment of two hours with 500 mg/m³·h, one test from the tenth day, two signatures.
pub(crate) fn protocol() -> Protocol {
    let band = |from_mc, below_mc, ct_mg_h_m3| Band {
        from_mc,
        below_mc,
        contact_s: 2 * HOUR as u64,
        least_mg_m3: 100,
        final_mg_m3: 150,
        ct_mg_h_m3,
        ..Band::default()
    };
    let agent = |name: &str| AgentRule {
        agent: AgentName::new(name),
        bands: vec![band(5_000, 15_000, 800), band(15_000, 40_000, 500)],
        readings_every_s: HOUR as u64,
        lines: 0,
    };
    Protocol {
        protocol: lazaret_vocabulary::event::entry::ProtocolName::new("standard"),
        version: 1,
        goods: Vec::new(),
        sources: Vec::new(),
        from: start(),
        held_too: false,
        treatments: vec![TreatmentRule {
            step: StepName::new("disinfect"),
            contact_s: 2 * HOUR as u64,
            agents: vec![agent("peroxide"), agent("chlorine")],
            temperatures: Vec::new(),
            places: Vec::new(),
        }],
        inspections: Vec::new(),
        tests: vec![TestRule {
            test: TestName::new("swab"),
            not_before_s: 10 * DAY as u64,
        }],
        hold: Some(HoldRule {
            step: StepName::new("hold"),
            clock: ClockFrom::StepEnd(StepName::new("disinfect")),
            hold_s: 14 * DAY as u64,
            before: Vec::new(),
        }),
        signatures: 2,
    }
}

pub(crate) fn start() -> Timestamp {
    "2022-01-16T00:00:00Z".parse().unwrap()
}

/// People of the scene: name and roles.
pub(crate) const PEOPLE: &[(&str, &[Role])] = &[
    ("admin", &[Role::Administrator]),
    ("yard", &[Role::YardMaster, Role::Gate]),
    ("lead", &[Role::DisinfectionLead]),
    ("tester", &[Role::QuarantineOfficer]),
    ("officer", &[Role::QuarantineOfficer]),
    ("chief", &[Role::ChiefOfficer]),
    ("chief2", &[Role::ChiefOfficer]),
    ("dispatcher", &[Role::Dispatcher]),
    ("crew", &[Role::Crew]),
    ("auditor", &[Role::Auditor]),
];

impl Scene {
    /// An empty ledger.
    pub(crate) fn empty() -> Self {
        Scene {
            ledger: Ledger::default(),
            records: Vec::new(),
            now: start(),
            next: 0,
        }
    }

    /// The gateway with its rules, protocol and people, everybody cleared for a year.
    pub(crate) fn open() -> Self {
        Scene::with(rules(), vec![protocol()])
    }

    pub(crate) fn with(rules: RuleBook, protocols: Vec<Protocol>) -> Self {
        let mut scene = Scene::empty();
        scene.say(
            "admin",
            Entry::RulesAdopted {
                rules: Box::new(rules),
            },
        );
        for (person, roles) in PEOPLE {
            scene.say(
                "admin",
                Entry::PersonAppointed {
                    person: PersonName::new(*person),
                    roles: roles.to_vec(),
                },
            );
        }
        for (person, _) in PEOPLE {
            let by = if *person == "admin" { "chief" } else { "admin" };
            scene.say(
                by,
                Entry::PersonCleared {
                    person: PersonName::new(*person),
                    until: after(scene.now, 365 * DAY),
                    agents: vec![AgentName::new("peroxide"), AgentName::new("chlorine")],
                },
            );
        }
        for protocol in protocols {
            scene.say(
                "admin",
                Entry::ProtocolAdopted {
                    protocol: Box::new(protocol),
                },
            );
        }
        scene
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now = after(self.now, seconds);
    }

    pub(crate) fn command(&mut self, by: &str, what: impl Into<Happening>) -> Command {
        self.next += 1;
        Command {
            id: CommandId::new(format!("t-{}", self.next)).unwrap(),
            by: PersonName::new(by),
            device: None,
            site: None,
            issued_at: self.now,
            at: self.now,
            crew: Vec::new(),
            acknowledged: Vec::new(),
            corrects: None,
            body: None,
            what: what.into(),
        }
    }

    pub(crate) fn submit(&mut self, command: &Command) -> Result<Option<Record>, Refusal> {
        match self.ledger.submit(command, self.now)? {
            Accepted::New(sealed) => {
                self.records.push(sealed.record.clone());
                Ok(Some(sealed.record))
            }
            Accepted::Already { .. } => Ok(None),
        }
    }

    /// Says something that must be accepted.
    #[track_caller]
    pub(crate) fn say(&mut self, by: &str, what: impl Into<Happening>) -> Record {
        let mut command = self.command(by, what);
        command.acknowledged = vec![
            Warning::NoPapers,
            Warning::UnverifiedMark,
            Warning::SealsDiffer,
            Warning::Loss,
            Warning::Near,
            Warning::BackToDirty,
        ];
        match self.submit(&command) {
            Ok(record) => record.expect("a new key"),
            Err(refusal) => panic!("{:?} refused:\n{refusal}", command.what),
        }
    }

    /// Says something that must be refused.
    #[track_caller]
    pub(crate) fn refused(&mut self, by: &str, what: impl Into<Happening>) -> Refusal {
        let command = self.command(by, what);
        match self.submit(&command) {
            Err(refusal) => refusal,
            Ok(_) => panic!("{:?} was accepted", command.what),
        }
    }

    pub(crate) fn lot(&self, lot: &str) -> LotView {
        self.ledger
            .state()
            .lot_view(&LotId::new(lot))
            .expect("the lot is known")
    }

    /// A convoy with one lot in each vehicle, unloaded onto the platform and stored in the warehouse.
    pub(crate) fn arrive(&mut self, convoy: &str, vehicles: &[&str], goods: &str) -> Vec<String> {
        self.say("yard", arrived(convoy, vehicles));
        let mut lots = Vec::new();
        for vehicle in vehicles {
            let lot = format!("{vehicle}-1");
            self.say("yard", placed(vehicle, "platform", 1));
            self.say("yard", unloaded(&lot, vehicle, goods, "platform", 1));
            lots.push(lot);
        }
        lots
    }

    /// A convoy of one vehicle with one lot, unloaded at that platform.
    pub(crate) fn arrive_at(
        &mut self,
        convoy: &str,
        vehicle: &str,
        goods: &str,
        unit: u32,
    ) -> String {
        self.say("yard", arrived(convoy, &[vehicle]));
        let lot = format!("{vehicle}-1");
        self.say("yard", placed(vehicle, "platform", unit));
        self.say("yard", unloaded(&lot, vehicle, goods, "platform", unit));
        lot
    }

    /// A valid treatment of lots that are in a unit of the warehouse, of three hours.
    pub(crate) fn treat(&mut self, lots: &[String], unit: u32) {
        for lot in lots {
            self.say("lead", treatment_started(lot, unit));
            self.say("lead", dosed(lot, "peroxide"));
        }
        for reading in 0..=3 {
            if reading > 0 {
                self.wait(HOUR);
            }
            for lot in lots {
                let now = self.now;
                self.say("lead", read(lot, now, 300, 20_000));
            }
        }
        for lot in lots {
            self.say("lead", treatment_ended(lot, unit));
        }
    }

    /// A negative swab, sampled now.
    pub(crate) fn swab(&mut self, lot: &str, sample: &str, outcome: Outcome) {
        self.say("tester", sampled(lot, sample));
        self.say("tester", result(sample, outcome));
    }

    /// From the platform to release: treated in that unit of the warehouse, held in the yard, tested and signed for.
    pub(crate) fn release(&mut self, lot: &str, unit: u32) {
        self.say("yard", stored(lot, "warehouse", unit));
        self.treat(&[lot.into()], unit);
        self.say("crew", stored(lot, "yard", 1));
        self.wait(11 * DAY);
        self.swab(lot, &format!("swab of {lot}"), Outcome::Negative);
        self.wait(4 * DAY);
        self.say("officer", signed(lot, "officer"));
        self.say("chief", signed(lot, "chief"));
    }
}

pub(crate) fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

pub(crate) fn spot(place: &str, unit: u32) -> Spot {
    Spot {
        place: PlaceName::new(place),
        unit,
    }
}

pub(crate) fn arrived(convoy: &str, vehicles: &[&str]) -> Happening {
    Happening::ConvoyArrived {
        convoy: ConvoyId::new(convoy),
        source: SourceName::new("dandong"),
        vehicles: vehicles.iter().map(|v| VehicleId::new(*v)).collect(),
    }
}

/// A line of papers: one piece of 10 kg on that vehicle, as the lot that [`Scene::arrive`] would unload.
pub(crate) fn line(vehicle: &str) -> ManifestLine {
    ManifestLine {
        vehicle: VehicleId::new(vehicle),
        lot: LotId::new(format!("{vehicle}-1")),
        goods: GoodsName::new("general"),
        tally: Tally {
            pieces: 1,
            mass_kg: 10,
        },
        hazards: Vec::new(),
        seals: Vec::new(),
        sender: None,
        receiver: None,
    }
}

/// Papers `papers` for a convoy.
pub(crate) fn announced(convoy: &str, lines: Vec<ManifestLine>) -> Entry {
    Entry::ManifestAnnounced {
        manifest: ManifestId::new("papers"),
        convoy: ConvoyId::new(convoy),
        source: SourceName::new("dandong"),
        due: None,
        lines,
    }
}

pub(crate) fn placed(vehicle: &str, place: &str, unit: u32) -> Happening {
    Happening::VehiclePlaced {
        vehicle: VehicleId::new(vehicle),
        spot: spot(place, unit),
    }
}

pub(crate) fn unloaded(lot: &str, vehicle: &str, goods: &str, place: &str, unit: u32) -> Happening {
    Happening::LotUnloaded {
        lot: LotId::new(lot),
        vehicle: VehicleId::new(vehicle),
        goods: GoodsName::new(goods),
        spot: spot(place, unit),
    }
}

pub(crate) fn stored(lot: &str, place: &str, unit: u32) -> Happening {
    Happening::LotStored {
        lot: LotId::new(lot),
        spot: spot(place, unit),
    }
}

pub(crate) fn treatment_started(lot: &str, unit: u32) -> Happening {
    Happening::TreatmentStarted {
        lot: LotId::new(lot),
        step: StepName::new("disinfect"),
        spot: spot("warehouse", unit),
    }
}

pub(crate) fn treatment_ended(lot: &str, unit: u32) -> Happening {
    Happening::TreatmentEnded {
        lot: LotId::new(lot),
        step: StepName::new("disinfect"),
        spot: spot("warehouse", unit),
    }
}

pub(crate) fn paused(lot: &str) -> Happening {
    Happening::WorkPaused {
        thing: Thing::Lot(LotId::new(lot)),
        step: StepName::new("disinfect"),
        cause: Cause::NoResource(ResourceName::new("crew")),
    }
}

pub(crate) fn resumed(lot: &str) -> Happening {
    Happening::WorkResumed {
        thing: Thing::Lot(LotId::new(lot)),
        step: StepName::new("disinfect"),
    }
}

pub(crate) fn withdrawn(lot: &str, signer: &str) -> Entry {
    Entry::SignatureWithdrawn {
        lot: LotId::new(lot),
        signer: PersonName::new(signer),
        because: "too quick".into(),
    }
}

pub(crate) fn dosed(lot: &str, agent: &str) -> Entry {
    Entry::TreatmentDosed {
        lot: LotId::new(lot),
        step: StepName::new("disinfect"),
        agent: AgentName::new(agent),
        batch: None,
        dose_mg_m3: None,
    }
}

pub(crate) fn read(
    lot: &str,
    at: Timestamp,
    concentration_mg_m3: u32,
    temperature_mc: i32,
) -> Entry {
    Entry::TreatmentRead {
        lot: LotId::new(lot),
        step: StepName::new("disinfect"),
        reading: Reading {
            at,
            concentration_mg_m3,
            temperature_mc,
            line: None,
        },
    }
}

/// As [`read`], on a line.
pub(crate) fn read_on(
    line: &str,
    lot: &str,
    at: Timestamp,
    concentration_mg_m3: u32,
    temperature_mc: i32,
) -> Entry {
    let mut entry = read(lot, at, concentration_mg_m3, temperature_mc);
    if let Entry::TreatmentRead { reading, .. } = &mut entry {
        reading.line = Some(LineName::new(line));
    }
    entry
}

pub(crate) fn sampled(lot: &str, sample: &str) -> Entry {
    Entry::SampleTaken {
        lot: LotId::new(lot),
        sample: SampleId::new(sample),
        test: TestName::new("swab"),
    }
}

pub(crate) fn result(sample: &str, outcome: Outcome) -> Entry {
    Entry::ResultEntered {
        sample: SampleId::new(sample),
        outcome,
        exception: ExceptionId::new(format!("x-{sample}")),
    }
}

pub(crate) fn signed(lot: &str, signer: &str) -> Entry {
    Entry::Signed {
        lot: LotId::new(lot),
        signer: PersonName::new(signer),
        meaning: "treated, held and tested as the protocol asks".into(),
        pin: None,
        also: Vec::new(),
    }
}

pub(crate) fn loaded(lot: &str, departure: &str) -> Happening {
    Happening::LotLoaded {
        lot: LotId::new(lot),
        departure: DepartureId::new(departure),
        wagon: None,
    }
}

pub(crate) fn departed(departure: &str, lots: u32) -> Happening {
    Happening::Departed {
        departure: DepartureId::new(departure),
        step: StepName::new("dispatch"),
        lots,
    }
}
