//! The count kernel agrees with the simulator in distribution.
//!
//! Both are run from the same unknowns, drawn from the priors of the file. On each of five days and for each figure
//! the means are compared by a z-score with an allowance for the rounding of time to slices: the means may differ by
//! `ALLOWANCE` of the spread of the simulator's figure (of its mean, where the spread is less). With the allowance the
//! false-alarm rate of one comparison is below 1e-5.

use lazaret_gateway::model::Gateway;
use lazaret_smc::random::StreamKey;
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::kernel::simulator::SimulatorKernel;
use lazaret_watch::kernel::{Figures, Kernel};

const RUNS: u64 = 300;
const ALLOWANCE: f64 = 0.25;
/// 4.4 standard errors: 1.1e-5 two-sided.
const LIMIT: f64 = 4.4;

fn read(text: &str) -> Gateway {
    let no_files = |_: &str| Err("no files here".to_string());
    let none: [&str; 0] = [];
    lazaret_gateway::read(text, &none, &no_files)
        .unwrap()
        .gateway
}

/// A gateway of one class of goods, of which `rest` says the rest.
fn opened(start: &str, days: u32, rest: &str) -> Gateway {
    let head = format!(
        "[gateway]\nname = \"Test\"\ntime_zone = \"UTC\"\nstart = {start}\nlength = \"{days} d\"\n[goods]\ngeneral = {{ share = 1 }}\n"
    );
    read(&(head + rest))
}

fn draws(gateway: &Gateway, run: u64) -> Vec<f64> {
    let key = lazaret_gateway::random::Key::new(5, run, 1);
    let unknowns = gateway.unknowns.iter().enumerate();
    unknowns
        .map(|(at, unknown)| {
            unknown
                .prior
                .sample(key, lazaret_gateway::random::mix(at as u64))
        })
        .collect()
}

fn courses<K: Kernel>(kernel: &K, gateway: &Gateway, days: usize, seed: u64) -> Vec<Vec<Figures>> {
    (0..RUNS)
        .map(|run| {
            let fixed = kernel.fix(&draws(gateway, run)).unwrap();
            let key = StreamKey::new(seed).child(run);
            let mut courses = kernel.start(&fixed, 1, &key.at(0));
            let mut course = vec![kernel.today(&courses, 0)];
            for day in 1..days {
                kernel.step(&fixed, &mut courses, day, &key.at(day));
                course.push(kernel.today(&courses, 0));
            }
            course
        })
        .collect()
}

type Figure = (&'static str, fn(&Figures) -> f64);

const FIGURES: [Figure; 8] = [
    ("vehicles", |f| f.vehicles.into()),
    ("inside", |f| f.inside.into()),
    ("queue", |f| f.queue.into()),
    ("dispatched_total", |f| f.dispatched_total.into()),
    ("place 0", |f| f.places[0].into()),
    ("place 1", |f| f.places[1].into()),
    ("place 2", |f| f.places[2].into()),
    ("convoys", |f| f.convoys.into()),
];

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}

/// Comparisons that fail, in words.
fn disagreements(a: &[Vec<Figures>], b: &[Vec<Figures>], days: &[usize]) -> Vec<String> {
    let mut found = Vec::new();
    for &day in days {
        for (name, figure) in FIGURES {
            let of = |courses: &[Vec<Figures>]| -> Vec<f64> {
                courses.iter().map(|course| figure(&course[day])).collect()
            };
            let ((m, s), (n, t)) = (moments(&of(a)), moments(&of(b)));
            // A figure of a lot or two is a matter of the slice in which it falls.
            let allowed = ALLOWANCE * s.max(0.1 * m).max(4.0);
            let error = ((s * s + t * t) / RUNS as f64).sqrt();
            if (m - n).abs() > allowed + LIMIT * error {
                found.push(format!(
                    "day {day}, {name}: {m:.2} and {n:.2}, spread {s:.2}"
                ));
            }
        }
    }
    found
}

fn check(gateway: &Gateway, days: usize) -> Vec<String> {
    let counts = CountKernel::new(gateway, days).unwrap();
    let simulator = SimulatorKernel::new(gateway, days).unwrap();
    let a = courses(&&simulator, gateway, days, 1);
    let b = courses(&counts, gateway, days, 2);
    let step = (days - 1) / 5;
    let looked_at: Vec<usize> = (1..=5).map(|i| i * step).collect();
    disagreements(&a, &b, &looked_at)
}

#[test]
fn uiju() {
    let gateway = read(include_str!("../../../../examples/uiju/gateway.toml"));
    let found = check(&gateway, 61);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_reference() {
    let gateway = read(include_str!(
        "../../../lazaret-gateway/tests/samples/reference.toml"
    ));
    let found = check(&gateway, 61);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_starter() {
    let gateway = read(include_str!("../../../lazaret/starter.toml"));
    let found = check(&gateway, 61);
    assert!(found.is_empty(), "{found:#?}");
}

/// What the examples leave out: lots that fail, a source that waits until it opens or has its vehicles back, two lots a
/// vehicle, vehicles home and lots ready at once, a departure that goes only if it is worth it.
const TURNS: &str = r#"
[source.south]
route       = "road"
every       = "exponential(16 h)"
convoy      = "uniform_int(4, 8)"
lots        = 2
travel      = "uniform(1 h, 6 h)"
fleet       = 13
when_short  = "wait"
when_closed = "wait"
closed      = [{ from = 2022-01-15, to = 2022-01-23, why = "flood" }]

[place.dock]
slots = 12
zone  = "dirty"

[place.bench]
slots = 16
zone  = "dirty -> clean"

[place.yard]
slots = 400
zone  = "clean"

[[step]]
id    = "unload"
at    = "dock"
takes = "uniform(3 h, 9 h)"

[[step]]
id    = "inspect"
at    = "bench"
takes = "uniform(5 h, 12 h)"
fail  = 0.3

[[step]]
id    = "hold"
at    = "yard"
takes = "uniform(0 h, 4 h)"

[[step]]
id          = "dispatch"
at          = "yard"
every       = "24 h"
at_least    = 16
takes_up_to = 100

[vehicle]
back = "uniform(0 h, 16 h)"
"#;

/// Nothing is left to chance, and what stands still is set going by one thing at a time: a shift that begins, a
/// departure that makes room, work that is over as soon as it began.
const CLOCKWORK: &str = r#"
[source.south]
route  = "road"
timetable = { days = "Mon-Sun", times = ["17:00"], zone = "UTC" }
convoy = 6
travel = "1 h"
when_closed = "wait"
closed = [{ from = 2022-01-10, to = 2022-01-12T12:00:00, why = "flood" }]

[place.dock]
slots = 6
zone  = "dirty"

[place.gate]
slots = 1
zone  = "dirty"

[place.hall]
slots = 8
zone  = "dirty -> clean"
crew  = "cleaner"

[crew.cleaner]
count = 8
shift = "08:00-20:00"

[place.yard]
slots = 30
zone  = "clean"

[[step]]
id    = "unload"
at    = "dock"
takes = "4 h"

[[step]]
id    = "weigh"
at    = "gate"
takes = "0 h"

[[step]]
id    = "clean"
at    = "hall"
takes = "8 h"

[[step]]
id    = "hold"
at    = "yard"
takes = "36 h"

[[step]]
id          = "dispatch"
at          = "yard"
timetable   = { days = "Mon-Sun", times = ["21:00"], zone = "UTC" }
takes_up_to = 5
"#;

/// So many lorries that they are drawn by the slice: with a memory and without, with a wait while the road is closed, and in
/// twos.
const LORRIES: &str = r#"
[unknown]
gap = "lognormal(16 min, 4 min)"

[source.north]
route  = "road"
every  = "exponential(gap)"
travel = "uniform(1 h, 7 h)"

[source.east]
route       = "road"
every       = "gamma(12 min, 8 min)"
convoy      = "uniform_int(1, 3)"
travel      = "2 h"
when_closed = "wait"
closed      = [{ from = 2024-05-08, to = 2024-05-12, why = "snow" }]

[place.gate]
slots = 300
zone  = "dirty"

[place.park]
slots = 4000
zone  = "dirty -> clean"

[[step]]
id    = "check"
at    = "gate"
takes = "triangular(1 h, 2 h, 4 h)"

[[step]]
id    = "hold"
at    = "park"
takes = "uniform(3 d, 6 d)"
clock = "when stored"

[[step]]
id          = "dispatch"
at          = "park"
every       = "12 h"
takes_up_to = 600
"#;

#[test]
fn lorries() {
    let opened = |rest: &str| opened("2024-05-01T00:00:00", 60, rest);
    let gateway = opened(LORRIES);
    let mut found = check(&gateway, 31);
    // What becomes ready in the slice of a departure is taken for in time: a slice of two hundred lots a day, which vary little, is
    // more than the allowance. That is so of any arrivals.
    found.retain(|said| !said.contains("dispatched_total"));
    assert!(found.is_empty(), "{found:#?}");
    // The same with a tenth more of them is noticed.
    let more = opened(&LORRIES.replace("gamma(12 min, 8 min)", "gamma(10.8 min, 7.2 min)"));
    let simulator = SimulatorKernel::new(&gateway, 31).unwrap();
    let counts = CountKernel::new(&more, 31).unwrap();
    let a = courses(&&simulator, &gateway, 31, 1);
    let b = courses(&counts, &more, 31, 2);
    assert!(!disagreements(&a, &b, &[6, 18, 30]).is_empty());
}

#[test]
fn every_turn() {
    let found = check(&opened("2022-01-03T00:00:00", 90, TURNS), 61);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn clockwork() {
    let found = check(&opened("2022-01-03T00:00:00", 60, CLOCKWORK), 41);
    assert!(found.is_empty(), "{found:#?}");
}

/// All that came leaves, once nothing comes any more: nothing is lost or made, also where courses are chosen.
#[test]
fn what_comes_leaves() {
    let text = include_str!("../../../../examples/uiju/gateway.toml");
    let from = "{ from = 2022-02-01, to = 2022-02-03, why";
    let closed = text.replace(from, "{ from = 2022-02-12, to = 2022-07-01, why");
    assert_ne!(text, closed);
    let gateway = read(&closed);
    let kernel = CountKernel::new(&gateway, 101).unwrap();
    let fixed = kernel.fix(&draws(&gateway, 3)).unwrap();
    let key = StreamKey::new(4);
    let mut courses = kernel.start(&fixed, 37, &key.at(0));
    let (mut came, mut dispatched) = (vec![0; 37], 0);
    for day in 0..=100 {
        if day > 0 {
            kernel.step(&fixed, &mut courses, day, &key.at(day));
        }
        if day == 25 {
            // Every course gets another place, and most another lane.
            let ancestors: Vec<u32> = (0..37).map(|place| place * 10 % 37).collect();
            let mut chosen = courses.clone();
            kernel.select(&courses, &ancestors, &mut chosen);
            courses = chosen;
            came = ancestors.iter().map(|a| came[*a as usize]).collect();
        }
        for (i, came) in came.iter_mut().enumerate() {
            let today = kernel.today(&courses, i);
            *came += today.lots;
            assert_eq!(today.inside + today.dispatched_total, *came, "day {day}");
            dispatched += today.dispatched;
        }
    }
    assert!(dispatched > 37 * 100);
    for i in 0..37 {
        let today = kernel.today(&courses, i);
        assert_eq!((today.inside, today.places), (0, [0; 8]), "course {i}");
    }
}

#[test]
fn more_lots_than_its_counters_hold_are_refused() {
    let text = include_str!("../../../../examples/uiju/gateway.toml");
    let large = text.replace("uniform_int(15, 20)", "20000");
    let gateway = read(&large.replace("fleet  = 60", "fleet  = 90000"));
    let refused = CountKernel::new(&gateway, 31).unwrap_err();
    assert!(refused.why.contains("between two departures"), "{refused}");
}

/// What a course does is not a matter of how many stand beside it, nor of where it is put.
#[test]
fn a_course_does_the_same_in_any_company() {
    for text in [
        include_str!("../../../../examples/uiju/gateway.toml"),
        include_str!("../../../lazaret-gateway/tests/samples/reference.toml"),
        include_str!("../../../lazaret/starter.toml"),
    ] {
        let gateway = read(text);
        let kernel = CountKernel::new(&gateway, 61).unwrap();
        let fixed = kernel.fix(&draws(&gateway, 3)).unwrap();
        let key = StreamKey::new(8);
        let figures = |courses: &_, count: usize| -> Vec<Figures> {
            (0..count).map(|i| kernel.today(courses, i)).collect()
        };
        let (mut few, mut many) = (
            kernel.start(&fixed, 5, &key.at(0)),
            kernel.start(&fixed, 37, &key.at(0)),
        );
        for day in 1..=40 {
            kernel.step(&fixed, &mut few, day, &key.at(day));
            kernel.step(&fixed, &mut many, day, &key.at(day));
            assert_eq!(figures(&few, 5), figures(&many, 5), "day {day}");
        }
        // Those that are chosen are what they were, all that shows later included: where one keeps its place it goes on
        // as it would have gone on without a choice.
        let ancestors = [36, 2, 2, 3, 0, 31, 6, 15, 3, 3, 3, 3, 4, 5, 6, 7, 8, 17, 9];
        let mut chosen = few.clone();
        kernel.select(&many, &ancestors, &mut chosen);
        let before = figures(&many, 37);
        for (ancestor, after) in ancestors.iter().zip(figures(&chosen, ancestors.len())) {
            assert_eq!(before[*ancestor as usize], after);
        }
        for day in 41..=60 {
            kernel.step(&fixed, &mut many, day, &key.at(day));
            kernel.step(&fixed, &mut chosen, day, &key.at(day));
            let (many, chosen) = (figures(&many, 37), figures(&chosen, ancestors.len()));
            for place in [2, 3, 6, 17] {
                assert_eq!(many[place], chosen[place], "day {day}");
            }
        }
    }
}

#[test]
fn a_hold_a_tenth_longer_is_noticed() {
    let text = include_str!("../../../lazaret-gateway/tests/samples/reference.toml");
    let gateway = read(text);
    let other = read(&text.replace("14 d, 21 d, 30 d", "15.4 d, 23 d, 33 d"));
    let simulator = SimulatorKernel::new(&gateway, 61).unwrap();
    let counts = CountKernel::new(&other, 61).unwrap();
    let a = courses(&&simulator, &gateway, 61, 1);
    let b = courses(&counts, &other, 61, 2);
    assert!(!disagreements(&a, &b, &[24, 36, 48, 60]).is_empty());
}

/// Every example that opens either agrees, or is refused with its reason.
#[test]
fn the_other_examples_agree_or_say_why_not() {
    let examples = [
        (
            "nampo",
            include_str!("../../../../examples/nampo/gateway.toml"),
        ),
        (
            "cold store",
            include_str!("../../../../examples/cold-store/gateway.toml"),
        ),
        (
            "fumigation",
            include_str!("../../../../examples/fumigation/gateway.toml"),
        ),
        (
            "break of gauge",
            include_str!("../../../../examples/break-of-gauge/gateway.toml"),
        ),
    ];
    let no_files = |_: &str| Err("no files here".to_string());
    let none: [&str; 0] = [];
    for (name, text) in examples {
        // Files that need a CSV file beside them are not read here.
        let Ok(reading) = lazaret_gateway::read(text, &none, &no_files) else {
            continue;
        };
        match CountKernel::new(&reading.gateway, 31) {
            Ok(_) => {
                let found = check(&reading.gateway, 31);
                assert!(found.is_empty(), "{name}: {found:#?}");
            }
            Err(refused) => assert!(
                !refused.what.is_empty() && !refused.why.is_empty(),
                "{name}: {refused}"
            ),
        }
    }
}
