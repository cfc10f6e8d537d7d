//! Small gateways without chance, and everything that happens in them.
//!
//! `UPDATE_EXPECT=1 cargo test -p lazaret-sim --test it` writes what happens into the tests. Read it as you would read
//! code: it shows what the simulator does, not that it is right.

#![allow(clippy::needless_pass_by_value)] // `expect!` makes a value, and reads best where it is made.

mod departures;
mod fleets;
mod holds;
mod hours;
mod instants;
mod queues;
mod resources;
mod sites;
mod stops;
mod units;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use expect_test::Expect;
use jiff::tz::TimeZone;
use lazaret_gateway::model::Gateway;
use lazaret_sim::{Measurements, Model, Replication, Silent, Tell, World};
use lazaret_vocabulary::event::{Cause, Event, Finding, Happening, Spot, Thing};
use lazaret_vocabulary::time::GateTime;

/// Runs a gateway that begins on Monday 3 January 2022 at 06:00 UTC and compares all that happens.
#[track_caller]
fn check(length: &str, toml: &str, expected: Expect) {
    expected.assert_eq(&trace(length, toml));
}

/// The same with only the lines that contain one of `words`.
#[track_caller]
fn check_only(words: &[&str], length: &str, toml: &str, expected: Expect) {
    let shown: String = trace(length, toml)
        .lines()
        .filter(|line| words.iter().any(|word| line.contains(word)))
        .flat_map(|line| [line, "\n"])
        .collect();
    expected.assert_eq(&shown);
}

#[track_caller]
fn read(length: &str, toml: &str) -> (Gateway, Model) {
    let text = format!(
        "[gateway]\nname = \"test\"\nstart = 2022-01-03T06:00:00\nlength = \"{length}\"\n{toml}"
    );
    let none = |_: &str| Err("no files".to_string());
    let gateway = match lazaret_gateway::read(&text, &[] as &[&str], &none) {
        Ok(reading) => reading.gateway,
        Err(wrong) => {
            let said: String = wrong
                .iter()
                .map(|d| d.plain(&text, &[] as &[&str]))
                .collect();
            panic!("{said}")
        }
    };
    let model = Model::compile(&gateway).unwrap();
    (gateway, model)
}

#[track_caller]
fn trace(length: &str, toml: &str) -> String {
    let (gateway, model) = read(length, toml);
    let mut lines = String::new();
    let mut world = World::new(&model, Tell(|event| tell(&gateway, &event, &mut lines)));
    let told = world
        .run(Replication::new(1, 0), GateTime::START)
        .unwrap()
        .clone();
    drop(world);
    // Nobody listening, some things are worked out without an event: the figures must be the same.
    let mut silent = World::new(&model, Silent);
    let quiet = silent.run(Replication::new(1, 0), GateTime::START).unwrap();
    for ((name, a), b) in model.metrics().iter().zip(&told.values).zip(&quiet.values) {
        assert!(
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            "{name}: {a} with a trace, {b} without"
        );
    }
    assert_eq!(told.standstills, quiet.standstills);
    assert_eq!(told.deadlock, quiet.deadlock);
    let Measurements { standstills, .. } = &told;
    for standstill in standstills {
        let _ = writeln!(
            lines,
            "at the end {} of {} still wait since {}: {}{}",
            standstill.things,
            gateway.steps[standstill.step.index()].name,
            clock(&gateway, standstill.since.instant(gateway.start)),
            standstill.cause,
            if standstill.overtaken {
                ", and were overtaken"
            } else {
                ""
            }
        );
    }
    lines
}

/// Measurements of one replication, each on a line.
#[track_caller]
fn figures(names: &[&str], length: &str, toml: &str, expected: Expect) {
    let (_, model) = read(length, toml);
    let mut world = World::new(&model, Silent);
    let outcome = world.run(Replication::new(1, 0), GateTime::START).unwrap();
    let text: String = names
        .iter()
        .map(|name| {
            let at = model
                .metrics()
                .position(name)
                .unwrap_or_else(|| panic!("no {name}"));
            format!("{name} = {}\n", outcome.values[at])
        })
        .collect();
    expected.assert_eq(&text);
}

/// Measurements of one replication by name, the same with a trace and without.
#[track_caller]
fn values(length: &str, toml: &str) -> BTreeMap<String, f64> {
    let _ = trace(length, toml);
    let (_, model) = read(length, toml);
    let mut world = World::new(&model, Silent);
    let outcome = world.run(Replication::new(1, 0), GateTime::START).unwrap();
    let names = model.metrics().iter().map(str::to_string);
    names.zip(outcome.values.iter().copied()).collect()
}

fn clock(gateway: &Gateway, at: jiff::Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(at);
    let first = TimeZone::UTC.to_datetime(gateway.start).date();
    let days = at.date().since(first).unwrap().get_days();
    let time = at.strftime(if at.second() == 0 {
        "%H:%M"
    } else {
        "%H:%M:%S"
    });
    if days == 0 {
        time.to_string()
    } else {
        format!("+{days}d {time}")
    }
}

fn at(spot: &Spot) -> String {
    format!("{}.{}", spot.place, spot.unit)
}

fn name(thing: &Thing) -> String {
    match thing {
        Thing::Convoy(id) => id.to_string(),
        Thing::Vehicle(id) => id.to_string(),
        Thing::Lot(id) => id.to_string(),
    }
}

fn why(cause: &Cause) -> String {
    match cause {
        Cause::NoRoom(place) => format!("no room in {place}"),
        Cause::Closed(place) => format!("{place} is closed"),
        Cause::Broken(place) => format!("{place} is broken"),
        Cause::Segregated(place) => format!("goods to be kept apart are in {place}"),
        Cause::NoResource(resource) => format!("no {resource} is free"),
        Cause::NoVehicle(source) => format!("too few are home at {source}"),
        Cause::SourceClosed(reason) => format!("closed: {reason}"),
        Cause::NoDeparture(step) => format!("until {step}"),
    }
}

/// One line for each happening.
fn tell(gateway: &Gateway, event: &Event, out: &mut String) {
    use Happening as H;
    let until = |at: &jiff::Timestamp| clock(gateway, *at);
    let line = match &event.happening {
        H::ConvoySent {
            convoy, vehicles, ..
        } => format!("{convoy} sets out with {vehicles}"),
        H::ConvoyCancelled { source, cause } => {
            format!("a convoy from {source} does not run: {}", why(cause))
        }
        H::ConvoyArrived { convoy, .. } => format!("{convoy} arrives"),
        H::VehiclePlaced { vehicle, spot } => format!("{vehicle} takes a slot in {}", at(spot)),
        H::VehicleLeft { vehicle, spot } => format!("{vehicle} leaves {}", at(spot)),
        H::VehicleStepStarted { vehicle, step, .. } => format!("{vehicle} begins {step}"),
        H::VehicleStepEnded { vehicle, step, .. } => format!("{vehicle} ends {step}"),
        H::UnloadingStarted { vehicle, .. } => format!("{vehicle} begins to be unloaded"),
        H::LotUnloaded { lot, goods, .. } => format!("lot {lot} ({goods}) is off"),
        H::LotStored { lot, spot } => format!("{lot} takes a slot in {}", at(spot)),
        H::TreatmentStarted { lot, step, .. } => format!("{lot} begins {step}"),
        H::TreatmentEnded { lot, step, .. } => format!("{lot} ends {step}"),
        H::WorkPaused { thing, step, cause } => {
            format!("{step} of {} pauses: {}", name(thing), why(cause))
        }
        H::WorkResumed { thing, step } => format!("{step} of {} goes on", name(thing)),
        H::InspectionStarted { lot, step, .. } => format!("{lot} begins {step}"),
        H::LotInspected { lot, step, finding } => format!(
            "{lot} {step}: {}",
            match finding {
                Finding::Pass => "passes",
                Finding::Again => "again",
                Finding::Fail => "fails",
                Finding::Destroy => "to be destroyed",
            }
        ),
        H::HoldStarted {
            lot, until: end, ..
        } => format!("hold of {lot} begins, until {}", until(end)),
        H::HoldRestarted {
            lot, until: end, ..
        } => format!("hold of {lot} begins anew, until {}", until(end)),
        H::HoldEnded { lot, .. } => format!("hold of {lot} ends"),
        H::LotReleased { lot } => format!("{lot} is released"),
        H::LotLoaded { lot, departure, .. } => format!("{lot} is loaded on {departure}"),
        H::Departed {
            departure, lots, ..
        } => format!("{departure} departs with {lots}"),
        H::DepartureCancelled { step, ready, least } => {
            format!("{step} does not leave: {ready} of at least {least}")
        }
        H::LotSent { lot, spot } => format!("{lot} sets out for {}", at(spot)),
        H::LotDestroyed { lot } => format!("{lot} is destroyed"),
        H::LotSentBack { lot } => format!("{lot} is sent back"),
        H::VehicleEmptied { vehicle } => format!("{vehicle} is empty"),
        H::VehicleWashed { vehicle } => format!("{vehicle} is washed"),
        H::VehicleReleased { vehicle } => format!("{vehicle} goes home"),
        H::VehicleReturned { vehicle, .. } => format!("{vehicle} is home"),
        H::PlaceOpened { spot } => format!("{} opens", at(spot)),
        H::PlaceClosed { spot, because } => format!("{} closes: {because}", at(spot)),
        H::PlaceBroken { spot } => format!("{} breaks", at(spot)),
        H::PlaceRepaired { spot } => format!("{} is repaired", at(spot)),
        H::CapacityChanged { place, slots } => format!("{place} has {slots} slots"),
        H::ShiftStarted { resource } => format!("{resource} comes on shift"),
        H::ShiftEnded { resource } => format!("{resource} goes off shift"),
        H::Waiting { thing, step, cause } => {
            format!("{} waits for {step}: {}", name(thing), why(cause))
        }
        H::Blocked {
            thing, spot, cause, ..
        } => format!("{} is held up in {}: {}", name(thing), at(spot), why(cause)),
        H::Deadlocked { places } => {
            let names: Vec<&str> = places
                .iter()
                .map(lazaret_vocabulary::event::PlaceName::as_str)
                .collect();
            format!("deadlock: {}", names.join(" -> "))
        }
        H::Entry(entry) => panic!("the simulator wrote {entry:?}"),
    };
    let _ = writeln!(out, "{} {line}", clock(gateway, event.at));
}
