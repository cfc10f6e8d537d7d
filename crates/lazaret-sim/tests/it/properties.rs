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
}

impl Plan {
    fn toml(&self) -> String {
        let lots_each = if self.each { "each = \"lot\"\n" } else { "" };
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
        let (bay, wash_at) = if self.wash_at {
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
{fleet}
[place.platform]
count = {}
slots = {}
fill = "{}"
zone = "dirty"
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
{bay}{plug}{crew}
[[step]]
id = "unload"
at = "platform"
takes = "uniform(10 min, 3 h)"
{lots_each}
[[step]]
id = "disinfect"
at = "shed"
takes = "uniform(1 h, 9 h)"
[[step]]
id = "inspect"
at = "yard"
takes = "20 min"
again = {{ share = 0.{:02}, from = "disinfect", at_most = 2 }}
fail = 0.05
destroy = 0.05
[[step]]
id = "hold"
at = "yard"
takes = "uniform({h} h, {h2} h)"
clock = "starts when disinfection ends"
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
            h2 = self.hold_h + 20,
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
    (arrivals, places, work).prop_map(
        |(
            (every_h, convoy, lots, fleet, platform, fill),
            (shed, yard, buffer, apart, shift, each, breaks, shrink),
            (plugs, crew, again, hold_h, departs, wash_at),
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

    fn take(&mut self, event: &Event) -> Result<(), String> {
        if self.last.is_some_and(|last| last > event.at) {
            return Err(format!("time runs back to {}", event.at));
        }
        self.last = Some(event.at);
        match &event.happening {
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
        if !((a - b).abs() <= 1e-9 * a.abs() || (a.is_nan() && b.is_nan())) {
            return Err(format!("{name}: {a} with a trace, {b} without"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

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
        assert!(first_fault(&gateway, &kept).unwrap().contains("slots"));
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
