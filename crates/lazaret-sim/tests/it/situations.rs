//! Starting from a situation: what chance does to the rest, and what is refused.

use lazaret_sim::{Model, Replication, Situation, Start, Tell, World};
use lazaret_vocabulary::event::{Event, Happening as H};
use lazaret_vocabulary::time::GateTime;

/// All kinds of elapsed time: intervals, journeys, work, rests after a shift, failures, holds, departures, ways home.
const YARD: &str = r#"
[gateway]
name = "yard"
start = 2000-01-01
length = "20 d"
[source.r]
every = "gamma(20 h, 6 h)"
convoy = 3
lots = 2
travel = "uniform(2 h, 14 h)"
fleet = 14
[source.r.vehicle]
wash = "uniform(1 h, 3 h)"
return = "quarantine 20 h"
back = "lognormal(15 h, 8 h)"
[crew.gang]
count = 2
shift = ["06:00-18:00"]
[place.track]
slots = 8
[place.shed]
slots = 6
zone = "dirty -> clean"
breaks = { every = "weibull(3.0, 60 h)", repair = "uniform(4 h, 12 h)" }
[place.yard]
slots = 200
zone = "clean"
[[step]]
id = "unload"
at = "track"
takes = "triangular(2 h, 5 h, 12 h)"
needs = { gang = 1 }
[[step]]
id = "disinfect"
at = "shed"
takes = "erlang(4, 10 h)"
[[step]]
id = "hold"
at = "yard"
takes = "uniform(30 h, 60 h)"
clock = "when stored"
[[step]]
id = "dispatch"
at = "yard"
every = "pert(8 h, 12 h, 24 h)"
takes_up_to = 5
"#;

fn model(toml: &str) -> Model {
    let none = |_: &str| Err("no files".to_string());
    let reading = match lazaret_gateway::read(toml, &[] as &[&str], &none) {
        Ok(reading) => reading,
        Err(wrong) => panic!("{}", wrong[0].plain(toml, &[] as &[&str])),
    };
    Model::compile(&reading.gateway).unwrap()
}

/// What is looked at after the cut, in hours from it or in counts; what has not come by the end counts as the end.
const LOOKS: [&str; 8] = [
    "next convoy",
    "next lot off a vehicle",
    "next treatment done",
    "next hold over",
    "next departure",
    "next vehicle home",
    "next failure or repair",
    "lots gone in three days",
];

fn looks(events: &[Event], at: jiff::Timestamp) -> [f64; 8] {
    let hours = |event: &Event| event.at.duration_since(at).as_secs_f64() / 3600.0;
    let first = |which: fn(&H) -> bool| {
        let found = events
            .iter()
            .find(|event| event.at > at && which(&event.happening));
        found.map_or(999.0, hours)
    };
    let gone = events.iter().filter(|event| {
        event.at > at && hours(event) < 72.0 && matches!(event.happening, H::LotLoaded { .. })
    });
    [
        first(|h| matches!(h, H::ConvoyArrived { .. })),
        first(|h| matches!(h, H::LotUnloaded { .. })),
        first(|h| matches!(h, H::TreatmentEnded { .. })),
        first(|h| matches!(h, H::HoldEnded { .. })),
        first(|h| matches!(h, H::Departed { .. })),
        first(|h| matches!(h, H::VehicleReturned { .. })),
        first(|h| matches!(h, H::PlaceBroken { .. } | H::PlaceRepaired { .. })),
        gone.count() as f64,
    ]
}

/// The greatest distance between the distribution functions of two samples of equal size, times √(n/2): above 2.6 in one of
/// 370,000 pairs of one distribution, in fewer if the values have ties or if the pairs resemble each other, as here.
fn distance(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_unstable_by(f64::total_cmp);
    b.sort_unstable_by(f64::total_cmp);
    let at = |of: &[f64], x: f64| of.partition_point(|&v| v <= x) as f64 / of.len() as f64;
    let most = a
        .iter()
        .chain(&b)
        .map(|&x| (at(&a, x) - at(&b, x)).abs())
        .fold(0.0, f64::max);
    most * (a.len() as f64 / 2.0).sqrt()
}

/// Cuts `n` replications at as many instants; what comes after in those that went on, and in those that started again
/// under other numbers.
fn samples(n: u64, saboteur: fn(&mut Situation)) -> Vec<f64> {
    let model = model(YARD);
    let (mut went_on, mut started) = (vec![Vec::new(); 8], vec![Vec::new(); 8]);
    for number in 0..n {
        let cut = GateTime::from_micros((100 * 60 + 37 * (number as i64 % 41)) * 60_000_000);
        let instant = cut.instant(model.gateway().start);
        let mut events = Vec::new();
        let mut world = World::new(&model, Tell(|event| events.push(event)));
        world
            .start(Replication::new(11, number), GateTime::START)
            .unwrap();
        world.advance(cut);
        let mut situation = world.situation();
        world.advance(GateTime::from_micros(model.gateway().length.micros()));
        drop(world);
        saboteur(&mut situation);
        let start = Start::new(&model, &situation).unwrap();
        let mut again = Vec::new();
        let mut world = World::new(&model, Tell(|event| again.push(event)));
        world
            .run_from(&start, Replication::new(12, number))
            .unwrap();
        assert_eq!(
            world.start_notes(),
            lazaret_sim::situation::StartNotes::default()
        );
        drop(world);
        for (nth, (a, b)) in looks(&events, instant)
            .into_iter()
            .zip(looks(&again, instant))
            .enumerate()
        {
            went_on[nth].push(a);
            started[nth].push(b);
        }
    }
    went_on
        .into_iter()
        .zip(started)
        .map(|(a, b)| distance(a, b))
        .collect()
}

/// Eight comparisons that each fail by chance once in 370,000 or less.
#[test]
fn what_comes_after_a_cut_is_distributed_as_if_nobody_had_cut() {
    for (look, found) in LOOKS.iter().zip(samples(700, |_| ())) {
        assert!(found < 2.6, "{look}: {found}");
    }
}

/// Each look must be able to see that the time that has elapsed is forgotten.
#[test]
fn if_what_has_elapsed_is_forgotten_each_look_sees_it() {
    let forgetful = samples(700, |situation| {
        let at = situation.at;
        for thing in &mut situation.things {
            thing.begun = Some(at);
            thing.worked_us = 0;
            // A hold is known by its end.
            thing.ends = thing.ends.map(|_| {
                at.saturating_add(jiff::SignedDuration::from_hours(45))
                    .unwrap()
            });
        }
        situation
            .sources
            .iter_mut()
            .for_each(|source| source.since = Some(at));
        situation
            .departures
            .iter_mut()
            .for_each(|departure| departure.since = Some(at));
        situation
            .convoys
            .iter_mut()
            .for_each(|convoy| convoy.sent = Some(at));
        for life in situation
            .units
            .iter_mut()
            .filter_map(|unit| unit.life.as_mut())
        {
            life.since = at;
        }
    });
    for (look, found) in LOOKS.iter().zip(forgetful) {
        let counts = look.starts_with("lots");
        assert!(counts || found > 2.6, "{look} does not see it: {found}");
    }
}

/// A gateway without chance that begins on 1 January 2000.
const QUAY: &str = r#"
[gateway]
name = "quay"
start = 2000-01-01
length = "10 d"
[goods]
grain = { share = 0.5 }
fish = {}
[source.trucks]
route = "road"
every = "48 h"
[crew.gang]
count = 1
[place.dock]
slots = 2
zone = "dirty -> clean"
[place.store]
slots = 3
zone = "clean"
[[step]]
id = "unload"
at = "dock"
takes = "5 h"
needs = { gang = 1 }
[[step]]
id = "hold"
at = "store"
takes = "24 h"
clock = "when stored"
"#;

/// The beginning of every situation of [`QUAY`], at noon of the second day.
const NOON: &str = r#""format":1,"gateway":"quay","at":"2000-01-02T12:00:00Z""#;

fn quay_start(rest: &str) -> (Model, Result<Start, Vec<lazaret_sim::SituationError>>) {
    let model = model(QUAY);
    let situation: Situation = serde_json::from_str(&format!("{{{NOON},{rest}}}")).unwrap();
    let start = Start::new(&model, &situation);
    (model, start)
}

/// What happens by the end of the third day, a line for each event, and what did not fit.
fn goes_on(rest: &str) -> (Vec<String>, lazaret_sim::situation::StartNotes) {
    let (model, start) = quay_start(rest);
    let mut lines = Vec::new();
    let mut world = World::new(
        &model,
        Tell(|event: Event| {
            let told = serde_json::to_value(&event).unwrap();
            let who = ["lot", "vehicle", "convoy"]
                .iter()
                .find_map(|key| told[key].as_str());
            let at = &told["at"].as_str().unwrap()[8..16];
            lines.push(format!(
                "{at} {} {}",
                told["event"].as_str().unwrap(),
                who.unwrap_or("")
            ));
        }),
    );
    world
        .start_from(&start.unwrap(), Replication::new(1, 0))
        .unwrap();
    world.advance(GateTime::from_micros(72 * 3_600_000_000));
    let notes = world.start_notes();
    drop(world);
    (lines, notes)
}

const LORRY: &str = r#""source":"trucks","goods":"grain","arrived":"2000-01-02T06:00:00Z","since":"2000-01-02T06:00:00Z""#;

fn lorry(number: u32, rest: &str) -> String {
    format!(
        r#"{{"name":"lorry {number}","convoy":{number},"vehicle":1,{LORRY},"aboard":[{{"name":"lot {number}","goods":"grain"}}],{rest}}}"#
    )
}

#[track_caller]
fn has(lines: &[String], line: &str) {
    assert!(
        lines.iter().any(|told| told == line),
        "no \"{line}\" among {lines:#?}"
    );
}

#[test]
fn work_in_hand_takes_what_is_left_of_it() {
    // Three of five hours are over: one before a rest, two since.
    let lorry = lorry(
        3,
        r#""doing":"in_work","step":"unload","place":"dock","begun":"2000-01-02T10:00:00Z","worked_us":3600000000"#,
    );
    let (lines, notes) = goes_on(&format!(r#""things":[{lorry}]"#));
    has(&lines, "02T14:00 lot_unloaded trucks-3-1-1");
    has(&lines, "02T14:00 hold_started trucks-3-1-1");
    assert_eq!(notes, lazaret_sim::situation::StartNotes::default());
}

#[test]
fn what_has_lasted_longer_than_it_can_ends_at_once_and_is_counted() {
    let lorry = lorry(
        3,
        r#""doing":"in_work","step":"unload","place":"dock","begun":"2000-01-02T06:00:00Z""#,
    );
    let (lines, notes) = goes_on(&format!(r#""things":[{lorry}]"#));
    has(&lines, "02T12:00 lot_unloaded trucks-3-1-1");
    assert_eq!(notes.overdue, 1);
}

#[test]
fn with_too_few_crews_the_work_begun_last_rests() {
    let first = lorry(
        3,
        r#""doing":"in_work","step":"unload","place":"dock","begun":"2000-01-02T10:00:00Z""#,
    );
    let last = lorry(
        4,
        r#""doing":"in_work","step":"unload","place":"dock","begun":"2000-01-02T11:00:00Z""#,
    );
    let (lines, notes) = goes_on(&format!(r#""things":[{last},{first}]"#));
    has(&lines, "02T15:00 lot_unloaded trucks-3-1-1");
    has(&lines, "02T15:00 work_resumed ");
    has(&lines, "02T19:00 lot_unloaded trucks-4-1-1");
    assert_eq!(notes.stopped, 1);
}

#[test]
fn what_is_done_asks_at_once_in_the_order_in_which_it_became_ready() {
    let late = lorry(3, r#""doing":"done","step":"unload""#)
        .replace("\"since\":\"2000-01-02T06", "\"since\":\"2000-01-02T07");
    let early = lorry(4, r#""doing":"done","step":"unload""#);
    let (lines, _) = goes_on(&format!(r#""things":[{late},{early}]"#));
    has(&lines, "02T17:00 lot_unloaded trucks-4-1-1");
    has(&lines, "02T22:00 lot_unloaded trucks-3-1-1");
}

#[test]
fn a_hold_ends_when_the_situation_says_or_when_the_file_does() {
    let lot = |number: u32, rest: &str| {
        format!(
            r#"{{"name":"lot {number}","convoy":{number},"vehicle":1,"lot":1,{LORRY},"doing":"held","step":"hold","place":"store"{rest}}}"#
        )
    };
    let (said, counted) = (lot(3, r#","ends":"2000-01-03T01:30:00Z""#), lot(4, ""));
    let over = lot(5, r#","ends":"2000-01-02T09:00:00Z""#);
    let (lines, _) = goes_on(&format!(r#""things":[{said},{counted},{over}]"#));
    has(&lines, "03T01:30 hold_ended trucks-3-1-1");
    has(&lines, "03T06:00 hold_ended trucks-4-1-1");
    has(&lines, "02T12:00 hold_ended trucks-5-1-1");
}

#[test]
fn convoys_come_when_they_are_announced_and_afterwards_as_the_source_says() {
    let ahead = r#"{"name":"c","source":"trucks","convoy":8,"vehicles":1,"arrives":"2000-01-02T15:00:00Z",
        "carries":[{"name":"v","lots":[{"name":"a","goods":"fish"},{"name":"b","goods":"fish"}]}]}"#;
    let source = r#"{"source":"trucks","convoys":8,"since":"2000-01-01T14:00:00Z"}"#;
    let (lines, _) = goes_on(&format!(r#""convoys":[{ahead}],"sources":[{source}]"#));
    has(&lines, "02T15:00 convoy_arrived trucks-8");
    has(&lines, "02T20:00 lot_unloaded trucks-8-1-2");
    has(&lines, "03T14:00 convoy_arrived trucks-9");
    // Where nothing is known of the last one the interval starts anew; where it is long ago, some were not recorded.
    let (lines, notes) = goes_on(r#""sources":[{"source":"trucks","convoys":8}]"#);
    assert!(!lines.iter().any(|line| line.contains("convoy_arrived")) && notes.overdue == 0);
    let model = model(&QUAY.replace("48 h", "7 h"));
    let text = format!(
        r#"{{{NOON},"sources":[{{"source":"trucks","convoys":1,"since":"2000-01-01T00:00:00Z"}}]}}"#
    );
    let start = Start::new(&model, &serde_json::from_str(&text).unwrap()).unwrap();
    let mut first = None;
    let mut world = World::new(
        &model,
        Tell(|event: Event| {
            if matches!(event.happening, H::ConvoyArrived { .. }) {
                first.get_or_insert(event.at.to_string());
            }
        }),
    );
    world.run_from(&start, Replication::new(1, 0)).unwrap();
    assert_eq!(world.start_notes().overdue, 1);
    drop(world);
    assert_eq!(first.as_deref(), Some("2000-01-02T18:00:00Z"));
}

#[test]
fn it_is_known_of_each_lot_when_it_left() {
    let lorry = lorry(3, r#""doing":"waits_for_room","step":"unload""#);
    let (model, start) = quay_start(&format!(r#""things":[{lorry}]"#));
    let start = start.unwrap();
    let names: Vec<&str> = start.lots().iter().map(|lot| lot.name.as_str()).collect();
    assert_eq!(names, ["lot 3"]);
    let mut world = World::new(&model, lazaret_sim::Silent);
    world.start_from(&start, Replication::new(1, 0)).unwrap();
    world.follow(&start);
    world.advance(GateTime::from_micros(10 * 24 * 3_600_000_000));
    // It begins at noon, is unloaded for five hours and held for 24.
    let left = world.left()[0].unwrap();
    assert_eq!(
        (left.at.micros() / 3_600_000_000, left.dispatched),
        (24 + 12 + 29, true)
    );
}

#[test]
fn what_cannot_be_is_refused_with_its_entry() {
    let refused = |rest: &str| -> String {
        let (_, start) = quay_start(rest);
        start
            .unwrap_err()
            .iter()
            .map(|wrong| format!("{wrong}\n"))
            .collect()
    };
    let with = |rest: &str| format!(r#""things":[{}]"#, lorry(3, rest));
    let cases = [
        (with(r#""doing":"in_work","step":"unlod","place":"dock""#), "things[0] (lorry 3): there is no step \"unlod\""),
        (with(r#""doing":"in_work","step":"unload","place":"store""#), "work is done in the place of its step"),
        (with(r#""doing":"held","step":"unload","place":"dock""#), "a hold needs the step of a hold"),
        (with(r#""doing":"done","step":"hold""#), "is not among the steps of a vehicle"),
        (with(r#""doing":"in_work","step":"unload","place":"dock","begun":"2000-01-03T00:00:00Z""#), "begun 2000-01-03T00:00:00Z is after the instant"),
        (with(r#""doing":"waits_for_room","step":"unload""#).replace("trucks", "trains"), "there is no source \"trains\""),
        (format!(r#""things":[{0},{0}]"#, lorry(3, r#""doing":"done","step":"unload""#)), "number them apart"),
        (r#""units":[{"place":"dock","unit":1,"life":{"broken":true,"since":"2000-01-02T00:00:00Z"}}]"#.into(), "does not say that this place breaks"),
        (r#""departures":[{"step":"unload","departures":1}]"#.into(), "is not a dispatch"),
    ];
    let lorry_3 = |rest: &str| lorry(3, rest);
    let waits = r#""doing":"waits_for_room","step":"unload""#;
    let works = r#""doing":"in_work","step":"unload","place":"dock""#;
    let lot_3 = format!(
        r#"{{"name":"lot 3","convoy":3,"vehicle":1,"lot":1,{LORRY},"doing":"done","step":"hold"}}"#
    );
    let impossible = [
        (with(&format!(r#"{works},"unit":0"#)), "there is no unit 0"),
        (
            with(&format!(r#"{works},"unit":99"#)),
            "units are numbered from 1 to 1",
        ),
        (
            with(&format!(r#"{works},"worked_us":9223372036854775807"#)),
            "longer than it has been here",
        ),
        (with(&format!(r#"{works},"worked_us":-1"#)), "below zero"),
        (
            with(&format!(
                r#"{waits},"waited":{{"no_room_us":9223372036854775807,"closed_us":9223372036854775807}}"#
            )),
            "longer than it has been here",
        ),
        (
            format!(r#""things":[{},{lot_3}]"#, lorry_3(waits)),
            "or a vehicle that has it aboard",
        ),
        (
            r#""sources":[{"source":"trucks","convoys":4294967295}]"#.into(),
            "convoys cannot be more than",
        ),
        (
            r#""sources":[{"source":"trucks","convoys":1,"since":"2222-01-01T00:00:00Z"}]"#.into(),
            "is after the instant of the situation",
        ),
        (
            r#""sources":[{"source":"trucks","convoys":1},{"source":"trucks","convoys":2}]"#.into(),
            "another entry says this already",
        ),
        (
            format!(
                r#""things":[{}],"convoys":[{{"name":"c","source":"trucks","convoy":3,"vehicles":1}}]"#,
                lorry_3(waits)
            ),
            "another entry is of this convoy",
        ),
        (
            r#""units":[{"place":"dock","unit":7}]"#.into(),
            "there is no unit 7",
        ),
    ];
    for (rest, said) in cases.into_iter().chain(impossible) {
        let told = refused(&rest);
        assert!(told.contains(said), "{told} does not say {said}");
    }
    let model = model(QUAY);
    let other: Situation =
        serde_json::from_str(&format!("{{{}}}", NOON.replace("\"quay\"", "\"key\""))).unwrap();
    assert!(
        Start::new(&model, &other).unwrap_err()[0]
            .what
            .contains("the file is of \"quay\"")
    );
    let late: Situation =
        serde_json::from_str(&format!("{{{}}}", NOON.replace("2000", "2001"))).unwrap();
    assert!(
        Start::new(&model, &late).unwrap_err()[0]
            .what
            .contains("make gateway.length longer")
    );
}

/// The same gateway and situation as a model whose runs begin with the situation, and a forecast of it.
#[test]
fn a_forecast_says_of_each_lot_place_and_departure_what_the_futures_do() {
    use lazaret_sim::forecast::{self, Settings};
    use std::ops::ControlFlow;
    let toml = QUAY
        .replace("\"5 h\"", "\"uniform(2 h, 12 h)\"")
        .replace("takes = \"24 h\"", "takes = \"uniform(1 d, 11 d)\"")
        + "[[step]]\nid = \"train\"\nat = \"store\"\ndoes = \"dispatch\"\nevery = \"12 h\"\ntakes_up_to = 4\n";
    let none = |_: &str| Err("no files".to_string());
    let gateway = lazaret_gateway::read(&toml, &[] as &[&str], &none)
        .unwrap_or_else(|wrong| panic!("{}", wrong[0].plain(&toml, &[] as &[&str])))
        .gateway;
    let held = |number: u32, ends: &str| {
        format!(
            r#"{{"name":"lot {number}","convoy":{number},"vehicle":1,"lot":1,{LORRY},"doing":"held","step":"hold","place":"store"{ends}}}"#
        )
    };
    let text = format!(
        r#"{{{NOON},"things":[{},{}],"sources":[{{"source":"trucks","convoys":5,"since":"2000-01-02T11:00:00Z"}}],"departures":[{{"step":"train","departures":1,"since":"2000-01-02T09:00:00Z"}}]}}"#,
        held(3, r#","ends":"2000-01-03T01:30:00Z""#),
        held(4, "")
    );
    let situation: Situation = serde_json::from_str(&text).unwrap();
    let model = Model::compile_from(&gateway, &situation).unwrap();
    let settings = Settings {
        seed: 1,
        futures: 400,
        days: 8,
        threads: 1,
    };
    let found = forecast::forecast(&model, &settings, || ControlFlow::Continue(())).unwrap();
    let on_two = forecast::forecast(
        &model,
        &Settings {
            threads: 3,
            ..settings
        },
        || ControlFlow::Continue(()),
    )
    .unwrap();
    assert_eq!(found, on_two);
    // The trains leave at 21:00 and 09:00; the first lot is free at half past one and takes that of nine.
    let hours = |at: Option<GateTime>| at.map(|at| at.micros() as f64 / 3.6e9);
    let known = &found.lots[0];
    assert_eq!(hours(known.leaves.low), Some(21.0));
    assert_eq!(
        (known.leaves.low, known.dispatched),
        (known.leaves.high, 1.0)
    );
    // The other was stored at six: its hold ends evenly between 1 and 11 days after that, and not yet at noon.
    let other = &found.lots[1];
    let (low, high) = (
        hours(other.leaves.low).unwrap(),
        hours(other.leaves.high).unwrap(),
    );
    // A tenth and nine tenths of the way, less the six hours, and six more on average for the train. The binomial error of
    // a tenth among 400 is 1.5 %, or 3.6 h; it is beyond four times that once in 16,000.
    assert!((low - (24.0 + 24.0)).abs() < 14.4 + 6.0, "{low}");
    assert!((high - (24.0 + 216.0)).abs() < 14.4 + 6.0, "{high}");
    let store = &found.places[1];
    assert_eq!((store.now, store.slots, store.days.len()), (2, Some(3), 8));
    assert_eq!(store.days[0].occupied.low, 2);
    // Nothing is full on the day on which at most two lots are there, and two more lorries have not come.
    assert_eq!(store.days[0].full, 0.0);
    assert_eq!(found.departures[0].days[0].lots.median, 1);
    assert_eq!(found.futures, 400);
}
