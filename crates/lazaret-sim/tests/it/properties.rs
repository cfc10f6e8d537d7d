//! What holds in every gateway, checked on the traces of random ones by a slow and obvious book-keeper.
//!
//! The book-keeper knows the events and the file, and nothing of how the simulator works.

use std::collections::HashMap;

use lazaret_gateway::model::{Gateway, StepKind, Zone};
use lazaret_sim::{Model, Replication, Silent, Tell, World};
use lazaret_vocabulary::event::{Event, Happening as H, Spot, Thing};
use lazaret_vocabulary::time::GateTime;
use proptest::prelude::*;

/// A small gateway; every part may be short.
#[derive(Clone, Debug)]
struct Plan {
    every_h: u32,
    convoy: u32,
    lots: u32,
    fleet: Option<u32>,
    platform: (u32, u32),
    fill: &'static str,
    shed: (u32, u32),
    yard: (u32, u32),
    buffer: bool,
    apart: bool,
    shift: bool,
    each: bool,
    breaks: bool,
    shrink: bool,
    plugs: Option<u32>,
    crew: Option<(u32, bool)>,
    again: u32,
    hold_h: u32,
    departs: Option<(u32, u32, u32)>,
    wash_at: bool,
    twists: Twists,
}

/// Where features meet: each of these was wrong once.
#[derive(Clone, Copy, Debug, Default)]
struct Twists {
    /// From what the hold counts, as an index of [`CLOCKS`].
    clock: usize,
    /// The crew is named by the yard, where lots are inspected and held, and by the hold.
    crew_of_hold: bool,
    /// A second step in the place of the treatment, from which lots may pass again.
    dry: bool,
    /// Lots are treated where their vehicle is unloaded.
    in_place: bool,
    /// Vehicles are washed where they are unloaded.
    wash_there: bool,
    /// Unloading takes cranes as well, which fail, and of which there are fewer for a while.
    cranes: Option<(u32, u32)>,
    at_once: Option<u32>,
    /// All times are whole hours, so that much happens in one instant.
    ties: bool,
    closed: bool,
}

/// Clocks, each with what the trace calls the event from which they count.
const CLOCKS: [(&str, &str); 7] = [
    ("starts when disinfection ends", "end disinfect"),
    ("starts when disinfection starts", "start disinfect"),
    ("starts when check starts", "start check"),
    ("starts when check ends", "end check"),
    ("starts when unload starts", "start unload"),
    ("starts when unload ends", "end unload"),
    ("on arrival", "arrival"),
];

impl Plan {
    /// A file in which all times are whole hours, if that is wished.
    fn toml(&self) -> String {
        let toml = self.free_toml();
        if !self.twists.ties {
            return toml;
        }
        let mut out = String::new();
        for line in toml.lines() {
            let line = match line.split_once("\"uniform(") {
                Some((key, _)) => format!("{key}\"2 h\""),
                None => line
                    .replace("exponential(", "")
                    .replace(" h)", " h")
                    .replace("20 min", "1 h"),
            };
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    fn free_toml(&self) -> String {
        let twists = &self.twists;
        let turns = twists
            .at_once
            .map_or(String::new(), |n| format!("at_once = {n}\n"));
        let lots_each = if self.each {
            format!("each = \"lot\"\n{turns}")
        } else {
            String::new()
        };
        let (cranes, crane_of) = match twists.cranes {
            Some((n, fewer)) => (
                format!(
                    "[equipment.crane]\ncount = {n}\nbreaks = {{ every = \"exponential(20 h)\", repair = \"exponential(4 h)\" }}\n\
                     from = [{{ date = 2000-01-02, count = {fewer} }}, {{ date = 2000-01-05, count = {} }}]\n",
                    n + 1
                ),
                "needs = { crane = 1 }\n",
            ),
            None => (String::new(), ""),
        };
        let treated_at = if twists.in_place { "platform" } else { "shed" };
        let platform_zone = if twists.in_place {
            "dirty -> clean"
        } else {
            "dirty"
        };
        let dry = if twists.dry {
            format!(
                "[[step]]\nid = \"dry\"\nat = \"{treated_at}\"\ntakes = \"uniform(1 h, 3 h)\"\n"
            )
        } else {
            String::new()
        };
        let again_from = if twists.dry { "dry" } else { "disinfect" };
        let closed = if twists.closed {
            "closed = [{ from = 2000-01-02T10:00:00, to = 2000-01-03T02:00:00 }]\n"
        } else {
            ""
        };
        let clock = CLOCKS[twists.clock].0;
        let fleet = self
            .fleet
            .map_or(String::new(), |n| format!("fleet = {n}\n"));
        let apart = if self.apart {
            ", apart_from = \"b\""
        } else {
            ""
        };
        let shift = if self.shift {
            "shift = \"07:00-19:00\"\n"
        } else {
            ""
        };
        let breaks = if self.breaks {
            "breaks = { every = \"exponential(30 h)\", repair = \"exponential(5 h)\" }\n"
        } else {
            ""
        };
        let shrink = if self.shrink {
            "from = [{ date = 2000-01-03, count = 1 }, { date = 2000-01-06, count = 3 }]\n"
        } else {
            ""
        };
        let buffer = if self.buffer {
            "buffer = \"unlimited\"\n"
        } else {
            ""
        };
        let plugs = if self.plugs.is_some() {
            "holds = { plug = 1 }\n"
        } else {
            ""
        };
        let plug = self.plugs.map_or(String::new(), |n| {
            format!("[equipment.plug]\ncount = {n}\n")
        });
        let crew_of = if self.crew.is_some() {
            "crew = \"gang\"\n"
        } else {
            ""
        };
        let crew = self.crew.map_or(String::new(), |(n, finish)| {
            let rule = if finish { "finish" } else { "pause" };
            format!(
                "[crew.gang]\ncount = {n}\nshift = \"06:00-18:00\"\nat_shift_end = \"{rule}\"\n"
            )
        });
        let dispatch = self.departs.map_or(String::new(), |(every, least, most)| {
            format!("[[step]]\nid = \"dispatch\"\nat = \"yard\"\nevery = \"{every} h\"\nat_least = {least}\ntakes_up_to = {most}\n")
        });
        let crew_of_hold = if twists.crew_of_hold { crew_of } else { "" };
        let (bay, wash_at) = if twists.wash_there {
            ("", "wash_at = \"platform\"\n")
        } else if self.wash_at {
            (
                "[place.bay]\nslots = 1\nzone = \"dirty\"\n",
                "wash_at = \"bay\"\n",
            )
        } else {
            ("", "")
        };
        format!(
            r#"
[gateway]
name = "random"
length = "10 d"
[goods]
a = {{ share = 0.5, priority = 1{apart} }}
b = {{ share = 0.5 }}
[source.r]
every = "exponential({} h)"
convoy = {}
lots = {}
{fleet}{closed}
[place.gate]
slots = 3
zone = "dirty"
[place.platform]
count = {}
slots = {}
fill = "{}"
zone = "{platform_zone}"
{breaks}{plugs}{crew_of}
[place.shed]
count = {}
slots = {}
zone = "dirty -> clean"
{shift}{shrink}{buffer}
[place.yard]
count = {}
slots = {}
zone = "clean"
{crew_of_hold}
{bay}{plug}{crew}{cranes}
[[step]]
id = "check"
does = "handle"
at = "gate"
takes = "20 min"
[[step]]
id = "unload"
at = "platform"
takes = "uniform(10 min, 3 h)"
{crane_of}{lots_each}
[[step]]
id = "disinfect"
at = "{treated_at}"
takes = "uniform(1 h, 9 h)"
{dry}
[[step]]
id = "inspect"
at = "yard"
takes = "20 min"
again = {{ share = 0.{:02}, from = "{again_from}", at_most = 2 }}
fail = 0.05
destroy = 0.05
[[step]]
id = "hold"
at = "yard"
takes = "{h} h"
clock = "{clock}"
{crew_of_hold}
{dispatch}
[vehicle]
wash = "20 min"
{wash_at}back = "uniform(1 h, 9 h)"
"#,
            self.every_h,
            self.convoy,
            self.lots,
            self.platform.0,
            self.platform.1,
            self.fill,
            self.shed.0,
            self.shed.1,
            self.yard.0,
            self.yard.1,
            self.again,
            h = self.hold_h,
        )
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let arrivals = (
        2u32..30,
        1u32..6,
        1u32..4,
        proptest::option::of(6u32..20),
        (1u32..4, 1u32..5),
        prop::sample::select(vec!["pool", "one_by_one", "groups"]),
    );
    let places = (
        (2u32..4, 1u32..8),
        (2u32..4, 2u32..20),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    let work = (
        proptest::option::of(1u32..6),
        proptest::option::of((1u32..4, any::<bool>())),
        1u32..30,
        1u32..60,
        proptest::option::of((3u32..40, 1u32..9, 9u32..40)),
        any::<bool>(),
    );
    let twists = (
        (0..CLOCKS.len(), any::<bool>(), any::<bool>()),
        (prop::bool::weighted(0.2), prop::bool::weighted(0.2)),
        proptest::option::of((2u32..4, 0u32..3)),
        proptest::option::of(1u32..3),
        (any::<bool>(), any::<bool>()),
    );
    let twists = twists.prop_map(
        |((clock, crew_of_hold, dry), (in_place, wash_there), cranes, at_once, (ties, closed))| {
            Twists {
                clock,
                crew_of_hold,
                dry,
                in_place,
                wash_there,
                cranes,
                at_once,
                ties,
                closed,
            }
        },
    );
    (arrivals, places, work, twists).prop_map(
        |(
            (every_h, convoy, lots, fleet, platform, fill),
            (shed, yard, buffer, apart, shift, each, breaks, shrink),
            (plugs, crew, again, hold_h, departs, wash_at),
            twists,
        )| Plan {
            every_h,
            convoy,
            lots,
            fleet,
            platform,
            fill,
            shed,
            yard,
            buffer,
            apart,
            shift,
            each,
            breaks,
            shrink,
            plugs,
            crew,
            again,
            hold_h,
            departs,
            wash_at,
            twists,
        },
    )
}

/// Keeps the books of a trace and says what is wrong in it.
#[derive(Default)]
struct Books {
    zones: HashMap<String, Zone>,
    slots: HashMap<String, u32>,
    apart: bool,
    /// Where each step is done.
    places: HashMap<String, String>,
    departs: bool,
    /// Where each vehicle or lot has a slot, and since which unit.
    at: HashMap<String, Spot>,
    class: HashMap<String, String>,
    /// Lots that have been in a clean place since their latest treatment.
    clean: HashMap<String, bool>,
    outside: HashMap<String, u32>,
    arrived: u64,
    unloaded: u64,
    gone: u64,
    dispatched: u64,
    holds: HashMap<String, jiff::Timestamp>,
    /// What started and ended when, by the name of the vehicle or lot and what it was.
    marks: HashMap<(String, String), jiff::Timestamp>,
    clock: &'static str,
    held_for: i64,
    last: Option<jiff::Timestamp>,
    shrunk: bool,
}

impl Books {
    fn new(gateway: &Gateway, apart: bool, shrunk: bool) -> Books {
        let mut books = Books {
            apart,
            shrunk,
            ..Books::default()
        };
        for step in &gateway.steps {
            let place = gateway.places[step.at.index()].name.clone();
            books.places.insert(step.name.clone(), place);
            books.departs |= matches!(step.kind, StepKind::Dispatch(_));
        }
        for place in &gateway.places {
            books.zones.insert(place.name.clone(), place.zone);
            let slots = place
                .slots
                .as_ref()
                .map_or(f64::INFINITY, |s| s.known_constant().unwrap());
            books.slots.insert(place.name.clone(), slots as u32);
        }
        books
    }

    fn enter(&mut self, thing: &str, spot: &Spot) -> Result<(), String> {
        if let Some(old) = self.at.insert(thing.to_string(), spot.clone()) {
            return Err(format!("{thing} enters {spot:?} and is still in {old:?}"));
        }
        let there: Vec<&String> = self
            .at
            .iter()
            .filter(|(_, at)| *at == spot)
            .map(|(name, _)| name)
            .collect();
        // A place that is being taken down may hold more than it has for a while.
        let room = self.slots[spot.place.as_str()] as usize;
        if there.len() > room && !(self.shrunk && spot.place.as_str() == "shed") {
            return Err(format!(
                "{} things in {spot:?}, which has {room} slots",
                there.len()
            ));
        }
        if self.apart {
            let classes: Vec<&String> = there
                .iter()
                .filter_map(|name| self.class.get(*name))
                .collect();
            if classes.windows(2).any(|pair| pair[0] != pair[1]) {
                return Err(format!("{there:?} are kept apart and together in {spot:?}"));
            }
        }
        Ok(())
    }

    fn leave(&mut self, thing: &str) {
        self.at.remove(thing);
    }

    fn mark(&mut self, event: &Event) {
        let (of, what) = match &event.happening {
            H::ConvoyArrived { convoy, .. } => (convoy.to_string(), "arrival".to_string()),
            H::VehicleStepStarted { vehicle, step, .. }
            | H::UnloadingStarted { vehicle, step, .. } => {
                (vehicle.to_string(), format!("start {step}"))
            }
            H::VehicleStepEnded { vehicle, step, .. } => {
                (vehicle.to_string(), format!("end {step}"))
            }
            H::LotUnloaded { lot, .. } => (lot.to_string(), "end unload".to_string()),
            H::TreatmentStarted { lot, step, .. } => (lot.to_string(), format!("start {step}")),
            H::TreatmentEnded { lot, step, .. } => (lot.to_string(), format!("end {step}")),
            _ => return,
        };
        self.marks.insert((of, what), event.at);
    }

    fn take(&mut self, event: &Event) -> Result<(), String> {
        if self.last.is_some_and(|last| last > event.at) {
            return Err(format!("time runs back to {}", event.at));
        }
        self.last = Some(event.at);
        self.mark(event);
        match &event.happening {
            H::TreatmentStarted { lot, step, spot } | H::InspectionStarted { lot, step, spot } => {
                let stands = self.at.get(lot.as_str());
                if stands != Some(spot) || spot.place.as_str() != self.places[step.as_str()] {
                    return Err(format!(
                        "{step} of {lot} in {spot:?}, and it stands in {stands:?}"
                    ));
                }
            }
            H::HoldEnded { lot, .. } => {
                let (vehicle, _) = lot.as_str().rsplit_once('-').unwrap();
                let (convoy, _) = vehicle.rsplit_once('-').unwrap();
                let known = |of: &str| self.marks.get(&(of.to_string(), self.clock.to_string()));
                let from = known(lot.as_str())
                    .or_else(|| known(vehicle))
                    .or_else(|| known(convoy));
                let lasts = jiff::SignedDuration::from_hours(self.held_for);
                if from.is_none_or(|from| *from + lasts > event.at) {
                    return Err(format!(
                        "the hold of {lot} counts from {from:?} and ends at {}",
                        event.at
                    ));
                }
            }
            H::ConvoyArrived {
                convoy, vehicles, ..
            } => {
                self.outside
                    .insert(convoy.to_string(), vehicles.len() as u32);
                self.arrived += vehicles.len() as u64;
            }
            H::VehiclePlaced { vehicle, spot } => self.enter(vehicle.as_str(), spot)?,
            H::VehicleLeft { vehicle, .. } => self.leave(vehicle.as_str()),
            H::LotUnloaded { lot, goods, .. } => {
                self.unloaded += 1;
                self.class.insert(lot.to_string(), goods.to_string());
            }
            H::LotStored { lot, spot } => {
                let name = lot.as_str();
                self.leave(name);
                match self.zones[spot.place.as_str()] {
                    Zone::Clean => {
                        self.clean.insert(name.to_string(), true);
                    }
                    zone => {
                        let was_clean = self.clean.insert(name.to_string(), false) == Some(true);
                        // Back only to be treated again, so only into the place of the treatment.
                        if was_clean && zone != Zone::DirtyToClean {
                            return Err(format!("{name} goes from clean to dirty"));
                        }
                    }
                }
                self.enter(name, spot)?;
            }
            H::HoldStarted { lot, until, .. } | H::HoldRestarted { lot, until, .. } => {
                self.holds.insert(lot.to_string(), *until);
            }
            // A lot that waits for a step somewhere else without being held up has given up its slot.
            H::Waiting {
                thing: Thing::Lot(lot),
                step,
                ..
            } => {
                let next = &self.places[step.as_str()];
                if self
                    .at
                    .get(lot.as_str())
                    .is_some_and(|spot| spot.place.as_str() != next)
                {
                    self.leave(lot.as_str());
                }
            }
            H::LotReleased { lot } => match self.holds.get(lot.as_str()) {
                Some(until) if *until <= event.at => {
                    if !self.departs {
                        self.leave(lot.as_str());
                        self.gone += 1;
                        self.dispatched += 1;
                    }
                }
                other => {
                    return Err(format!(
                        "{lot} is released at {} with its hold {other:?}",
                        event.at
                    ));
                }
            },
            H::LotLoaded { lot, .. } => {
                self.leave(lot.as_str());
                self.gone += 1;
                self.dispatched += 1;
            }
            H::LotSentBack { lot } | H::LotDestroyed { lot } => {
                self.leave(lot.as_str());
                self.gone += 1;
            }
            _ => {}
        }
        Ok(())
    }
}

fn audit(plan: &Plan) -> Result<(), String> {
    let toml = plan.toml();
    let none = |_: &str| Err("no files".to_string());
    let reading = lazaret_gateway::read(&toml, &[] as &[&str], &none)
        .map_err(|wrong| wrong[0].plain(&toml, &[] as &[&str]))?;
    let model = Model::compile(&reading.gateway).map_err(|e| e.to_string())?;
    let mut books = Books::new(&reading.gateway, plan.apart, plan.shrink);
    books.clock = CLOCKS[plan.twists.clock].1;
    books.held_for = i64::from(plan.hold_h);
    let mut wrong = None;
    let mut world = World::new(
        &model,
        Tell(|event| {
            if wrong.is_none() {
                wrong = books.take(&event).err();
            }
        }),
    );
    let told = world
        .run(Replication::new(9, 0), GateTime::START)
        .unwrap()
        .clone();
    drop(world);
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let value = |name: &str| told.values[model.metrics().position(name).unwrap()];
    let here = value("lots.in_gateway");
    if value("lots.arrived") != (books.arrived * u64::from(plan.lots)) as f64 {
        return Err("arrivals do not add up".to_string());
    }
    let left = value("lots.arrived") - books.gone as f64;
    if left != here || value("lots.dispatched") != books.dispatched as f64 {
        return Err(format!("{left} lots should be here, {here} are said to be"));
    }
    let mut silent = World::new(&model, Silent);
    let quiet = silent.run(Replication::new(9, 0), GateTime::START).unwrap();
    for ((name, a), b) in model.metrics().iter().zip(&told.values).zip(&quiet.values) {
        if !(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())) {
            return Err(format!("{name}: {a} with a trace, {b} without"));
        }
        // Slots taken away while things stand in them may leave a place more than full.
        let share = name.ends_with("utilisation") && !name.starts_with("place");
        if *a < 0.0 || (share || name.ends_with(".full")) && *a > 1.0 + 1e-12 {
            return Err(format!("{name} is {a}"));
        }
    }
    for step in &reading.gateway.steps {
        let parts = [
            "no_room",
            "closed",
            "segregated",
            "no_resource",
            "no_departure",
        ];
        let of = |part: &str| value(&format!("step.{}.wait.{part}", step.name));
        let parts = parts.map(|part| of(&format!("{part}.mean")));
        let (wait, sum) = (of("mean"), parts.iter().sum::<f64>());
        if (wait - sum).abs() > 1e-9 * wait {
            return Err(format!(
                "the wait for {} is {wait}, and its parts {sum}",
                step.name
            ));
        }
    }
    Ok(())
}

/// 300 cases, or as many as `PROPTEST_CASES` says.
fn cases() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        default.cases
    } else {
        300
    };
    ProptestConfig { cases, ..default }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn nothing_is_lost_crowded_mixed_or_sent_back_to_the_dirty_side(plan in plans()) {
        if let Err(wrong) = audit(&plan) {
            return Err(TestCaseError::fail(format!("{wrong}\n{}", plan.toml())));
        }
    }
}

/// The book-keeper earns its place only if it sees what is wrong.
mod sabotage {
    use super::*;

    fn plan() -> Plan {
        Plan {
            every_h: 5,
            convoy: 4,
            lots: 2,
            fleet: None,
            platform: (2, 4),
            fill: "pool",
            shed: (2, 6),
            yard: (2, 60),
            buffer: false,
            apart: true,
            shift: false,
            each: false,
            breaks: false,
            shrink: false,
            plugs: None,
            crew: None,
            again: 10,
            hold_h: 10,
            departs: Some((12, 1, 40)),
            wash_at: false,
            twists: Twists::default(),
        }
    }

    fn told() -> (Gateway, Vec<Event>) {
        let none = |_: &str| Err("no files".to_string());
        let gateway = lazaret_gateway::read(&plan().toml(), &[] as &[&str], &none)
            .unwrap()
            .gateway;
        let model = Model::compile(&gateway).unwrap();
        let mut events = Vec::new();
        let mut world = World::new(&model, Tell(|event| events.push(event)));
        world.run(Replication::new(9, 0), GateTime::START).unwrap();
        drop(world);
        (gateway, events)
    }

    fn first_fault(gateway: &Gateway, events: &[Event]) -> Option<String> {
        let mut books = Books::new(gateway, true, false);
        (books.clock, books.held_for) = (CLOCKS[0].1, 10);
        events.iter().find_map(|event| books.take(event).err())
    }

    #[test]
    fn the_plan_itself_is_right() {
        audit(&plan()).unwrap();
        let (gateway, events) = told();
        assert_eq!(first_fault(&gateway, &events), None);
    }

    #[test]
    fn a_slot_taken_twice_is_seen() {
        let (gateway, events) = told();
        let kept: Vec<Event> = events
            .into_iter()
            .filter(|event| !matches!(event.happening, H::VehicleLeft { .. }))
            .collect();
        assert!(first_fault(&gateway, &kept).unwrap().contains("still in"));
    }

    #[test]
    fn a_release_too_early_is_seen() {
        let (gateway, mut events) = told();
        for event in &mut events {
            if let H::HoldStarted { until, .. } = &mut event.happening {
                *until += jiff::SignedDuration::from_hours(1);
            }
        }
        assert!(first_fault(&gateway, &events).unwrap().contains("released"));
    }

    #[test]
    fn a_hold_cut_short_is_seen() {
        let (gateway, mut events) = told();
        for event in &mut events {
            if let H::HoldEnded { .. } = &event.happening {
                event.at -= jiff::SignedDuration::from_secs(1);
            }
        }
        events.sort_by_key(|event| event.at);
        assert!(
            first_fault(&gateway, &events)
                .unwrap()
                .contains("counts from")
        );
    }

    #[test]
    fn a_treatment_elsewhere_is_seen() {
        let (gateway, mut events) = told();
        for event in &mut events {
            if let H::TreatmentStarted { spot, .. } = &mut event.happening {
                spot.unit += 1;
            }
        }
        assert!(
            first_fault(&gateway, &events)
                .unwrap()
                .contains("it stands in")
        );
    }

    #[test]
    fn a_mixture_is_seen() {
        let (gateway, mut events) = told();
        let mut nth = 0;
        for event in &mut events {
            if let H::LotUnloaded { goods, .. } = &mut event.happening {
                nth += 1;
                *goods =
                    lazaret_vocabulary::event::GoodsName::new(if nth % 2 == 0 { "a" } else { "b" });
            }
        }
        assert!(
            first_fault(&gateway, &events)
                .unwrap()
                .contains("kept apart")
        );
    }
}
