//! Cut and continue: a replication that is cut at an instant and started again from its situation goes on as the one that
//! was not cut, to the last event and figure, on random files in which all times are constants.
//!
//! With constants the condition on what has elapsed says nothing new, so both must be equal. What chance does to the rest
//! is tested in `tests/it/situations.rs`.

use lazaret_gateway::model::Gateway;
use lazaret_gateway::random::mix;
use lazaret_sim::{Model, Replication, Silent, Situation, Start, Tell, World};
use lazaret_vocabulary::event::{Event, Happening as H};
use lazaret_vocabulary::time::GateTime;

use crate::compare::{read, same_events, same_untraced};
use crate::write;

/// Takes something out of a situation.
type Saboteur = fn(&mut Situation);

/// Files that are cut before a change lands.
const FILES: u64 = 400;
/// Files that are cut by night.
const BY_NIGHT: u64 = 40_000;
/// Files in which a planted fault must show.
const PLANTED: u64 = 400;
/// How durations are told from numbers.
const UNITS: [&str; 4] = [" h", " d", " min", " s"];
/// Cuts of each file.
const CUTS: u64 = 3;

/// The file with every duration that is a distribution replaced by one of its parameters.
fn without_chance(toml: &str) -> String {
    let mut out = String::new();
    for line in toml.lines() {
        let mut line = line.to_string();
        if line.starts_with("u_") {
            out.push_str(&line);
            out.push('\n');
            continue;
        }
        if let Some(from) = line.find("'empirical(") {
            let to = from + 1 + line[from + 1..].find('\'').unwrap_or(0);
            line.replace_range(from..=to, "\"3 h\"");
        }
        let mut searched = 0;
        while let Some(open) = line[searched..].find('(').map(|at| searched + at) {
            let Some(close) = line[open..].find(')').map(|at| open + at) else {
                break;
            };
            let inside = &line[open + 1..close];
            let duration = UNITS.iter().any(|unit| inside.contains(unit))
                || inside.contains("u_time")
                || line[..open].ends_with("exponential");
            let name = line[..open]
                .rfind(|c: char| !c.is_ascii_alphabetic() && c != '_')
                .map_or(0, |at| at + 1);
            if !duration || name == open {
                searched = close;
                continue;
            }
            let parameters: Vec<&str> = inside.split([',', ':']).map(str::trim).collect();
            let unknown = parameters.iter().find(|p| p.contains("u_time"));
            let first = parameters
                .iter()
                .find(|p| UNITS.iter().any(|unit| p.contains(unit)) && !p.starts_with("0 "));
            let constant = unknown
                .or(first)
                .or(parameters.first())
                .map_or("2 h", |p| *p)
                .to_string();
            line.replace_range(name..=close, &constant);
            searched = name + constant.len();
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Events after `at`. A deadlock is found again at a start, and told then.
fn after(events: &[Event], at: jiff::Timestamp) -> Vec<Event> {
    let told = events.iter().filter(|event| event.at > at);
    told.filter(|event| !matches!(event.happening, H::Deadlocked { .. }))
        .cloned()
        .collect()
}

/// Cuts a gateway at `at` and compares. False if nothing was compared.
fn cut(
    gateway: &Gateway,
    number: u64,
    at: impl Fn(&[Event], &Gateway) -> i64,
    saboteur: Saboteur,
) -> Result<bool, String> {
    let Ok(model) = Model::compile(gateway) else {
        return Ok(false);
    };
    let replication = Replication::new(number, number);
    let mut whole = Vec::new();
    let mut world = World::new(&model, Tell(|event| whole.push(event)));
    if world.run(replication, GateTime::START).is_err() {
        return Ok(false);
    }
    drop(world);
    let at = at(&whole, gateway);
    if at <= 0 || at >= gateway.length.micros() {
        return Ok(false);
    }
    let at = GateTime::from_micros(at);
    let mut cut = World::new(&model, Tell(|_| ()));
    cut.start(replication, GateTime::START).unwrap();
    cut.advance(at);
    let mut situation = cut.situation();
    saboteur(&mut situation);
    let written = serde_json::to_string(&situation).unwrap();
    let situation: Situation = serde_json::from_str(&written).unwrap();
    let start =
        Start::new(&model, &situation).map_err(|wrong| format!("refused: {wrong:?}\n{written}"))?;
    let mut rest = Vec::new();
    let mut world = World::new(&model, Tell(|event| rest.push(event)));
    let mut told = world.run_from(&start, replication).unwrap().clone();
    let notes = world.start_notes();
    drop(world);
    let instant = at.instant(gateway.start);
    let describe = |what: String| format!("cut at {instant}: {what}\n{written:.2000}");
    let moved = rest
        .iter()
        .find(|event| event.at <= instant && !matches!(event.happening, H::Deadlocked { .. }));
    if let Some(moved) = moved {
        return Err(describe(format!("it moves at the start: {moved:?}")));
    }
    same_events(&after(&whole, instant), &after(&rest, instant)).map_err(describe)?;
    // The figures are those of a run whose warm-up ends at the cut, unless something else falls on that instant.
    if !whole.iter().any(|event| event.at == instant) {
        let mut world = World::new(&model, Tell(|_| ()));
        let mut warm = world.run(replication, at).unwrap().clone();
        warm.deadlock.clone_from(&told.deadlock);
        // When a place was full first is not known of what was before the cut.
        for (nth, name) in model.metrics().iter().enumerate() {
            if name.ends_with(".first_full") {
                warm.values[nth] = told.values[nth];
            }
        }
        // Nor is the reason for which things were kept out when they asked, of those that wait still.
        for stop in warm.standstills.iter_mut().chain(&mut told.standstills) {
            stop.cause.clear();
        }
        same_untraced(&model, &warm, &told).map_err(|what| describe(format!("figures: {what}")))?;
    }
    // Without listeners some events are worked out, before and after the cut.
    let mut silent = World::new(&model, Silent);
    let mut quiet = silent.run_from(&start, replication).unwrap().clone();
    for stop in quiet.standstills.iter_mut().chain(&mut told.standstills) {
        stop.cause.clear();
    }
    same_untraced(&model, &told, &quiet).map_err(describe)?;
    if notes.overdue + notes.stopped > 0 {
        return Err(describe(format!("{notes:?}")));
    }
    let mut silent = World::new(&model, Silent);
    silent.start(replication, GateTime::START).unwrap();
    silent.advance(at);
    let start =
        Start::new(&model, &silent.situation()).map_err(|wrong| format!("silent: {wrong:?}"))?;
    let mut silent = World::new(&model, Silent);
    let quiet = silent.run_from(&start, replication).unwrap().clone();
    let dispatched = model
        .metrics()
        .position("lots.dispatched")
        .expect("every gateway has it");
    if quiet.values[dispatched].to_bits() != told.values[dispatched].to_bits() {
        return Err(describe("a silent cut dispatches another number".into()));
    }
    Ok(true)
}

/// An instant of the run: that of an event for every second cut, else any.
fn instant(number: u64, nth: u64) -> impl Fn(&[Event], &Gateway) -> i64 {
    move |events, gateway| {
        let dice = mix(number.wrapping_mul(31).wrapping_add(nth).wrapping_add(1));
        if nth.is_multiple_of(2) && !events.is_empty() {
            let event = &events[(dice % events.len() as u64) as usize];
            return GateTime::of(event.at, gateway.start).micros();
        }
        (dice % gateway.length.micros().unsigned_abs().max(1)) as i64
    }
}

fn survey(files: std::ops::Range<u64>, saboteur: Saboteur) -> (u64, Vec<(u64, String)>) {
    let (mut compared, mut wrong) = (0, Vec::new());
    for number in files {
        let toml = without_chance(&write::file(number).toml());
        let Ok(gateway) = read(&toml) else {
            continue;
        };
        for nth in 0..CUTS {
            let gateway = &gateway;
            let found =
                std::panic::catch_unwind(|| cut(gateway, number, instant(number, nth), saboteur));
            match found {
                Ok(Ok(true)) => compared += 1,
                Ok(Ok(false)) => {}
                Ok(Err(what)) => wrong.push((number, what)),
                Err(panic) => {
                    let said = panic
                        .downcast_ref::<String>()
                        .cloned()
                        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                    wrong.push((number, format!("panic: {said:?}")));
                }
            }
        }
    }
    (compared, wrong)
}

#[test]
fn a_run_that_was_cut_goes_on_as_one_that_was_not() {
    let nightly = std::env::var_os("LAZARET_NIGHTLY").is_some();
    let files = if nightly { BY_NIGHT } else { FILES };
    let from = crate::number("LAZARET_TWIN_FROM").unwrap_or(0);
    let files = crate::number("LAZARET_TWIN_FILES").unwrap_or(files);
    let (compared, wrong) = survey(from..from + files, |_| ());
    for (number, what) in wrong.iter().take(40) {
        println!(
            "{number}: {}",
            what.lines().take(24).collect::<Vec<_>>().join("\n   ")
        );
    }
    println!("{compared} cuts agree, {} do not", wrong.len());
    assert!(
        wrong.is_empty(),
        "{} cuts differ, the first of file {}: {}",
        wrong.len(),
        wrong[0].0,
        wrong[0].1
    );
    assert!(compared > files, "too few files could be cut: {compared}");
}

/// The comparison earns its place only if it sees what is wrong.
#[test]
fn a_situation_that_forgets_something_is_seen() {
    let saboteurs: [(&str, Saboteur); 6] = [
        ("how long work has lasted", |situation| {
            situation
                .things
                .iter_mut()
                .for_each(|thing| thing.begun = Some(situation.at));
        }),
        ("work before a rest", |situation| {
            situation
                .things
                .iter_mut()
                .for_each(|thing| thing.worked_us = 0);
        }),
        ("who goes first", |situation| {
            situation.things.reverse();
            situation
                .things
                .iter_mut()
                .for_each(|thing| thing.turn = None);
        }),
        ("when convoys came last", |situation| {
            let at = situation.at;
            situation
                .sources
                .iter_mut()
                .for_each(|source| source.since = source.since.map(|_| at));
        }),
        ("what has broken", |situation| {
            situation.units.iter_mut().for_each(|unit| unit.life = None);
        }),
        ("who is treated again", |situation| {
            situation
                .things
                .iter_mut()
                .for_each(|thing| thing.again = 0);
        }),
    ];
    for (what, saboteur) in saboteurs {
        let seen = (0..PLANTED).any(|number| !survey(number..number + 1, saboteur).1.is_empty());
        assert!(
            seen,
            "a situation that forgets {what} goes on like one that does not"
        );
    }
}

#[test]
fn the_examples_can_be_cut() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut compared = 0;
    for example in std::fs::read_dir(examples).unwrap() {
        let folder = example.unwrap().path();
        let Ok(toml) = std::fs::read_to_string(folder.join("gateway.toml")) else {
            continue;
        };
        let toml = without_chance(&toml);
        let csv =
            |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
        let short = ["gateway.length=\"40 d\"", "gateway.warm_up=\"0 d\""];
        let gateway = lazaret_gateway::read(&toml, &short[..1], &csv);
        let gateway = match gateway {
            Ok(reading) => reading.gateway,
            Err(wrong) => panic!("{}: {}", folder.display(), wrong[0].plain(&toml, &short)),
        };
        for nth in 0..4 {
            match cut(&gateway, 1, instant(1, nth), |_| ()) {
                Ok(done) => compared += u32::from(done),
                Err(what) => panic!("{}: {what}", folder.display()),
            }
        }
    }
    assert!(compared >= 16, "{compared} cuts of examples");
}
