//! The twin and the engine side by side, and how a disagreement is made small.

use lazaret_gateway::model::Gateway;
use lazaret_sim::{Deadlock, Measurements, Model, Replication, Silent, Tell, World};
use lazaret_vocabulary::event::{Event, Happening as H};
use lazaret_vocabulary::time::GateTime;

use crate::faults::Fault;
use crate::play::{Play, Told};
use crate::write::{File, TIMES};

/// What keeps a file from being compared, or what differs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Agrees,
    /// The reader refuses it, or the unknowns make no distribution.
    Refused(String),
    Differs(String),
}

/// Reads a file as the program does.
pub(crate) fn read(toml: &str) -> Result<Gateway, String> {
    let csv = |name: &str| {
        if name == "times.csv" {
            Ok(TIMES.to_string())
        } else {
            Err("no such file".to_string())
        }
    };
    match lazaret_gateway::read(toml, &[] as &[&str], &csv) {
        Ok(reading) => Ok(reading.gateway),
        Err(wrong) => {
            let first = wrong.iter().find(|d| d.is_error()).unwrap_or(&wrong[0]);
            Err(first.plain(toml, &[] as &[&str]))
        }
    }
}

/// Where the warm-up of a replication ends: a third of them have one.
fn warm_up(gateway: &Gateway, number: u64) -> i64 {
    match number % 3 {
        0 => gateway.length.micros() / 4 / 1_000_000 * 1_000_000,
        _ => 0,
    }
}

/// Plays replication `number` of `toml` with both and compares all that they tell.
pub(crate) fn compare(toml: &str, number: u64, fault: Option<Fault>) -> Verdict {
    let gateway = match read(toml) {
        Ok(gateway) => gateway,
        Err(wrong) => return Verdict::Refused(wrong),
    };
    let model = match Model::compile(&gateway) {
        Ok(model) => model,
        Err(wrong) => return Verdict::Refused(wrong.to_string()),
    };
    let warm = warm_up(&gateway, number);
    let replication = Replication::new(number, number);
    let mut events = Vec::new();
    let mut world = World::new(&model, Tell(|event| events.push(event)));
    let told = match world.run(replication, GateTime::from_micros(warm)) {
        Ok(outcome) => outcome.clone(),
        Err(wrong) => return Verdict::Refused(wrong.to_string()),
    };
    drop(world);
    let mut silent = World::new(&model, Silent);
    let quiet = silent
        .run(replication, GateTime::from_micros(warm))
        .unwrap();
    let twin = Play::new(model.gateway(), replication, warm, fault).run();
    let differs = same_events(&events, &twin.events)
        .and_then(|()| same_figures(&model, &told, &twin))
        .and_then(|()| same_stops(&model, &told, &twin))
        .and_then(|()| same_untraced(&model, &told, quiet));
    match differs {
        Ok(()) => Verdict::Agrees,
        Err(what) => Verdict::Differs(what),
    }
}

/// Whether it only tells of what is: its place among the events of its instant means nothing.
fn only_tells(event: &Event) -> bool {
    matches!(
        event.happening,
        H::Waiting { .. }
            | H::Blocked { .. }
            | H::WorkPaused { .. }
            | H::ShiftStarted { .. }
            | H::ShiftEnded { .. }
            | H::PlaceOpened { .. }
            | H::PlaceClosed { .. }
            | H::PlaceBroken { .. }
            | H::PlaceRepaired { .. }
            | H::CapacityChanged { .. }
            | H::Deadlocked { .. }
    )
}

/// The events of each instant: what moves in its order, then what is told in the order of its words.
fn in_order(events: &[Event]) -> Vec<String> {
    let line = |event: &Event| match &event.happening {
        // Which circle of several is told, and from which place on, is open.
        H::Deadlocked { .. } => format!("{} deadlocked", event.at),
        other => format!("{} {other:?}", event.at),
    };
    let mut lines = Vec::new();
    for instant in events.chunk_by(|a, b| a.at == b.at) {
        lines.extend(instant.iter().filter(|event| !only_tells(event)).map(line));
        let mut told: Vec<String> = instant
            .iter()
            .filter(|event| only_tells(event))
            .map(line)
            .collect();
        told.sort_unstable();
        lines.extend(told);
    }
    lines
}

pub(crate) fn same_events(engine: &[Event], twin: &[Event]) -> Result<(), String> {
    let (engine, twin) = (in_order(engine), in_order(twin));
    let Some(at) = (0..engine.len().max(twin.len())).find(|&at| engine.get(at) != twin.get(at))
    else {
        return Ok(());
    };
    let around = |lines: &[String]| {
        let from = at.saturating_sub(4).min(lines.len());
        let until = (at + 5).min(lines.len());
        lines[from..until].join("\n  ")
    };
    Err(format!(
        "event {at} differs\nengine\n  {}\ntwin\n  {}",
        around(&engine),
        around(&twin)
    ))
}

fn same_figures(model: &Model, engine: &Measurements, twin: &Told) -> Result<(), String> {
    let named = twin.figures.named(model.gateway());
    if named.len() != model.metrics().len() {
        return Err(format!(
            "the engine has {} figures and the twin {}",
            model.metrics().len(),
            named.len()
        ));
    }
    for (name, &value) in model.metrics().iter().zip(&engine.values) {
        let Some(figure) = named.get(name) else {
            return Err(format!("the twin has no {name}"));
        };
        let mut off = 1e-9 * value.abs();
        if figure.binned {
            off += 0.001 * value.abs() + 0.5 / 3600.0;
        }
        let same = (value.is_nan() && figure.value.is_nan()) || (value - figure.value).abs() <= off;
        if !same {
            return Err(format!(
                "{name}: {value} in the engine, {} in the twin",
                figure.value
            ));
        }
    }
    Ok(())
}

fn same_stops(model: &Model, engine: &Measurements, twin: &Told) -> Result<(), String> {
    let of_engine: Vec<_> = engine
        .standstills
        .iter()
        .map(|s| (s.step.index(), s.things, s.since.micros(), s.overtaken))
        .collect();
    if of_engine != twin.standstills {
        return Err(format!(
            "standstills {of_engine:?} in the engine, {:?} in the twin",
            twin.standstills
        ));
    }
    match (&engine.deadlock, &twin.deadlock) {
        (None, None) => Ok(()),
        (Some(Deadlock { at, cycle }), Some((when, stuck)))
            if at.micros() == *when
                && !cycle.is_empty()
                && cycle.iter().all(|p| stuck.contains(&p.index())) =>
        {
            Ok(())
        }
        (engine, twin) => {
            let names = |places: &[usize]| {
                places
                    .iter()
                    .map(|&p| model.gateway().places[p].name.clone())
                    .collect::<Vec<_>>()
            };
            let twin = twin.as_ref().map(|(at, places)| (at, names(places)));
            Err(format!(
                "deadlock {engine:?} in the engine, {twin:?} in the twin"
            ))
        }
    }
}

pub(crate) fn same_untraced(
    model: &Model,
    told: &Measurements,
    quiet: &Measurements,
) -> Result<(), String> {
    for ((name, a), b) in model.metrics().iter().zip(&told.values).zip(&quiet.values) {
        if a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan()) {
            return Err(format!("{name}: {a} with a trace, {b} without"));
        }
    }
    if told.standstills != quiet.standstills || told.deadlock.is_some() != quiet.deadlock.is_some()
    {
        return Err(format!(
            "stops differ: with a trace {:?} and {:?}, without {:?} and {:?}",
            told.deadlock, told.standstills, quiet.deadlock, quiet.standstills
        ));
    }
    Ok(())
}

/// Catches what the engine panics with, so that the file can be shown.
pub(crate) fn verdict(file: &File, number: u64, fault: Option<Fault>) -> Verdict {
    let toml = file.toml();
    let played = std::panic::catch_unwind(|| compare(&toml, number, fault));
    played.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Verdict::Differs(format!("panic: {}", said.unwrap_or_default()))
    })
}

/// The smallest file that is left when parts are taken away as long as both still disagree, and how they do.
pub(crate) fn shrink(file: &File, number: u64, fault: Option<Fault>) -> (File, String) {
    let differs = |file: &File| match verdict(file, number, fault) {
        Verdict::Differs(what) => Some(what),
        _ => None,
    };
    let mut best = file.clone();
    let mut what = differs(&best).unwrap_or_default();
    loop {
        let before = best.clone();
        let mut nth = best.sections.len();
        while nth > 0 {
            nth -= 1;
            let mut smaller = best.clone();
            smaller.sections.remove(nth);
            if let Some(still) = differs(&smaller) {
                (best, what) = (smaller, still);
            }
        }
        for nth in 0..best.sections.len() {
            let mut key = best.sections[nth].keys.len();
            while key > 0 {
                key -= 1;
                let mut smaller = best.clone();
                smaller.sections[nth].keys.remove(key);
                if let Some(still) = differs(&smaller) {
                    (best, what) = (smaller, still);
                    continue;
                }
                for simple in ["\"1 h\"", "\"2 h\"", "1", "2"] {
                    let mut simpler = best.clone();
                    let value = &mut simpler.sections[nth].keys[key].1;
                    if key > 0 && value.len() > simple.len() {
                        *value = simple.to_string();
                        if let Some(still) = differs(&simpler) {
                            (best, what) = (simpler, still);
                            break;
                        }
                    }
                }
            }
        }
        if best == before {
            return (best, what);
        }
    }
}
