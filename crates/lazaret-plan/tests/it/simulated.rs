//! The methods on the simulator, against gateways whose answers are known exactly.

use lazaret_gateway::Document;
use lazaret_plan::compare::pairing_gain;
use lazaret_plan::experiment::{Design, Experiment, ExperimentError};
use lazaret_plan::questions::capacity::search::Range;
use lazaret_plan::questions::capacity::{CapacityQuestion, Sustained};
use lazaret_plan::questions::sensitivity::{Effort, Input};
use lazaret_plan::questions::{capacity, sensitivity};
use lazaret_plan::simulated::{Simulated, Unwatched, Watch};
use lazaret_vocabulary::time::GateTime;

fn no_files(_: &str) -> Result<String, String> {
    Err("no files here".into())
}

fn simulated<'a>(document: &'a Document, watch: &'a dyn Watch) -> Simulated<'a> {
    match Simulated::new(document, &[], &no_files, 7, GateTime::START, watch) {
        Ok(simulated) => simulated,
        Err(error) => panic!("{error:?}"),
    }
}

fn uiju() -> Document {
    let path = format!(
        "{}/../../examples/uiju/gateway.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    Document::parse(std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A yard of 140 slots in which each lot is held for exactly `HOLD`; everything else is quick and has room.
const YARD: &str = r#"
[gateway]
name = "yard"
length = "400 d"

[source.border]
every = "24 h"
convoy = 5

[place.platform]
slots = 500
zone = "dirty"

[place.yard]
slots = 140
zone = "dirty -> clean"

[[step]]
id = "unload"
at = "platform"
takes = "1 h"

[[step]]
id = "hold"
at = "yard"
takes = "HOLD"

[[step]]
id = "dispatch"
at = "yard"
every = "1 h"
"#;

#[test]
fn a_yard_of_slots_with_a_fixed_hold_sustains_slots_over_hold_exactly() {
    for (hold, exact) in [("14 d", 10.0), ("28 d", 5.0), ("35 d", 4.0)] {
        let document = Document::parse(YARD.replace("HOLD", hold)).unwrap();
        let experiment = simulated(&document, &Unwatched);
        let question = CapacityQuestion {
            path: "source.border.convoy".into(),
            range: Range {
                low: 1.0,
                high: 40.0,
                step: 1.0,
            },
            unit: String::new(),
            // Above the capacity lots back up onto the platform: they are blocked there.
            sustained: Sustained {
                metric: "place.platform.blocked".into(),
                limit: 0.0,
            },
            claim: Some(exact),
            overflow_metric: Some("place.yard.first_full".into()),
            cycles: None,
            load_metrics: experiment.load_metrics(),
            safe: 0.95,
            replications: 4,
            level: 0.95,
        };
        let answer = capacity::ask(&experiment, &question).unwrap();
        assert_eq!(answer.median_value.value, exact, "hold {hold}");
        assert_eq!(answer.limits[0].0, "place.yard.load");
        // 1.1 × the capacity, rounded up, is one more lot a day: the yard fills after so many days that it would need.
        let above = &answer.above[0];
        let days = above.overflow.unwrap().value / 24.0;
        assert!(
            (days - (140.0 / above.value).floor()).abs() < 1.1,
            "{days} days at {}",
            above.value
        );
    }
}

/// What a day brings is unloaded at two lots an hour: 48 a day, in one lorry or in many.
const DOCK: &str = r#"
[gateway]
name = "dock"
length = "LENGTH"

[source.road]
every = "24 h"
convoy = CONVOY
lots = LOTS

[place.dock]
slots = SLOTS

[equipment.crane]
count = 2

[[step]]
id = "unload"
at = "dock"
each = "lot"
at_once = 2
takes = "1 h"
needs = { crane = 1 }
"#;

/// The greatest value sustained in half of the futures, by the criterion that holds if none is given.
fn greatest(document: &Document, path: &str, high: f64) -> f64 {
    let experiment = simulated(document, &Unwatched);
    let question = CapacityQuestion {
        path: path.into(),
        range: Range {
            low: 1.0,
            high,
            step: 1.0,
        },
        unit: String::new(),
        sustained: Sustained::default(),
        claim: None,
        overflow_metric: None,
        cycles: None,
        load_metrics: experiment.load_metrics(),
        safe: 0.9,
        replications: 4,
        level: 0.95,
    };
    capacity::ask(&experiment, &question)
        .unwrap()
        .median_value
        .value
}

#[test]
fn a_larger_convoy_hides_no_growth_and_a_short_run_no_overload() {
    // 3 % above the capacity, 49, cannot be told from it.
    for length in ["2 d", "5 d", "30 d", "60 d", "180 d"] {
        let dock = |convoy: &str, lots: &str, slots: &str| {
            let file = DOCK.replace("LENGTH", length).replace("SLOTS", slots);
            let file = file.replace("CONVOY", convoy).replace("LOTS", lots);
            Document::parse(file).unwrap()
        };
        for (document, path) in [
            (dock("1", "4", "1"), "source.road.lots"),
            (dock("4", "1", "2"), "source.road.convoy"),
        ] {
            let found = greatest(&document, path, 65_535.0);
            assert!(
                (47.0..=50.0).contains(&found),
                "{path} over {length}: {found}"
            );
        }
    }
}

#[test]
fn a_queue_that_is_long_and_does_not_grow_is_sustained() {
    // Lorries come at random, up to 98 of 100 that the dock can unload: its line is long at times, and worked off.
    let file = r#"
[gateway]
name = "dock"
length = "400 d"
[source.road]
every = "exponential(1 h)"
[place.dock]
slots = 1
[[step]]
id = "unload"
at = "dock"
takes = "WORK min"
"#;
    let sustained = |work: &str| {
        let document = Document::parse(file.replace("WORK", work)).unwrap();
        let experiment = simulated(&document, &Unwatched);
        let growth = experiment
            .metrics()
            .iter()
            .position(|m| m.name == "gateway.growth");
        let rows = experiment.run(&Design::base(), 0..40).unwrap();
        let held = |growth: &f64| *growth <= Sustained::default().limit;
        rows.column(growth.unwrap())
            .iter()
            .filter(|x| held(x))
            .count()
    };
    assert_eq!(sustained("54"), 40, "nine tenths of the dock's time");
    assert!(sustained("59") >= 36, "98 % of the dock's time");
    // Twin: a tenth more than the dock can do shows.
    assert_eq!(sustained("66"), 0);
}

/// A line of one or more slots in which the work takes `WORK`, with whatever `MORE` says of its source or place.
fn line(source: &str, place: &str, work: &str, rest: &str, length: &str) -> Document {
    Document::parse(format!(
        "[gateway]\nname = \"line\"\nstart = 2022-01-03T00:00:00\nlength = \"{length}\"\n[source.road]\n{source}\n\
         [place.dock]\n{place}\n[[step]]\nid = \"unload\"\nat = \"dock\"\ntakes = \"{work}\"\n{rest}"
    ))
    .unwrap()
}

#[test]
fn what_is_not_worked_off_at_the_end_is_not_sustained_whenever_it_came() {
    let hourly = "every = \"1 h\"";
    // Twice what can be unloaded for four months, and then nothing for two; and six times as much from day 130 on.
    let early = format!("{hourly}\nclosed = [{{ from = 2022-05-03, to = 2022-07-10 }}]");
    let late = format!("{hourly}\nfirst = \"130 d\"");
    for source in [&early, &late] {
        let document = line(source, "slots = 1", "1 h", "", "180 d");
        let found = greatest(&document, "source.road.convoy", 6.0);
        assert!((found - 1.0).abs() < 1e-9, "{source}: {found}");
    }
    // A ship that comes once in the run does not make half of it the measure of the lorries.
    let rare = format!(
        "{late}\n[source.ship]\nroute = \"sea\"\nevery = \"170 d\"\nfirst = \"1 d\"\nconvoy = 20"
    );
    let document = line(&rare, "slots = 1", "1 h", "", "180 d");
    let found = greatest(&document, "source.road.convoy", 6.0);
    assert!((found - 1.0).abs() < 1e-9, "{found}");
    // Room for six until two thirds of the run, then for one: a lorry an hour of four hours' work needs four.
    let cut = "slots = 6\nfrom = [{ date = 2022-05-08, slots = 1 }]";
    let document = line(hourly, cut, "4 h", "", "180 d");
    assert_eq!(
        greatest(&document, "source.road.convoy", 6.0),
        f64::NEG_INFINITY
    );
}

#[test]
fn goods_that_wait_for_a_weekly_departure_are_no_growth() {
    // While holds fill, nothing waits for a departure in the first third, and up to a week's goods after that.
    let filling = "[place.yard]\nslots = 3000\n[[step]]\nid = \"hold\"\nat = \"yard\"\ntakes = \"30 d\"\n\
                   [[step]]\nid = \"dispatch\"\nat = \"yard\"\nevery = \"7 d\"\n";
    let at_once =
        "[place.yard]\nslots = 2000\n[[step]]\nid = \"dispatch\"\nat = \"yard\"\nevery = \"7 d\"\n";
    // The first departure in the middle of the week: a look at equal intervals misses the hour in which nothing waits.
    let midweek = at_once.replace("every = \"7 d\"", "every = \"7 d\"\nfirst = \"3 d\"");
    let timetable = at_once.replace(
        "every = \"7 d\"",
        "timetable = { days = \"Wed\", times = \"00:30\" }",
    );
    for (rest, length) in [
        (filling, "90 d"),
        (at_once, "14 d"),
        (at_once, "21 d"),
        (at_once, "60 d"),
        (&midweek, "21 d"),
        (&timetable, "21 d"),
    ] {
        let document = line(
            "route = \"rail\"\nevery = \"24 h\"",
            "slots = 60",
            "1 h",
            rest,
            length,
        );
        let found = greatest(&document, "source.road.convoy", 40.0);
        assert!(found >= 40.0, "{length}: {found}");
    }
    // A fortnight holds two weeks, which is too few to tell growth from: the answer says so.
    let cycles = |length: &str| {
        let document = line(
            "route = \"rail\"\nevery = \"24 h\"",
            "slots = 60",
            "1 h",
            at_once,
            length,
        );
        simulated(&document, &Unwatched).cycles().unwrap()
    };
    assert!((cycles("14 d") - 2.0).abs() < 1e-9);
    assert!((cycles("60 d") - 60.0 / 7.0).abs() < 1e-9);
    // Twin: a departure that takes half of what comes leaves the rest behind.
    let half = filling.replace("every = \"7 d\"", "every = \"7 d\"\ntakes_up_to = 70");
    let document = line(
        "route = \"rail\"\nevery = \"24 h\"",
        "slots = 60",
        "1 h",
        &half,
        "180 d",
    );
    let found = greatest(&document, "source.road.convoy", 40.0);
    assert!((9.0..=11.0).contains(&found), "{found}");
}

#[test]
fn a_claim_outside_the_range_is_run_and_not_guessed() {
    let document = line("every = \"30 min\"", "slots = 4", "1 h", "", "2 d");
    let experiment = simulated(&document, &Unwatched);
    let verdict = |range: (f64, f64), claim: f64| {
        let question = CapacityQuestion {
            path: "source.road.convoy".into(),
            range: Range {
                low: range.0,
                high: range.1,
                step: 1.0,
            },
            unit: String::new(),
            sustained: Sustained::default(),
            claim: Some(claim),
            overflow_metric: None,
            cycles: None,
            load_metrics: experiment.load_metrics(),
            safe: 0.9,
            replications: 40,
            level: 0.95,
        };
        capacity::ask(&experiment, &question)
            .unwrap()
            .claim
            .unwrap()
            .share
            .value
    };
    assert_eq!(verdict((1.0, 2.0), 2.0), 1.0);
    assert_eq!(verdict((1.0, 2.0), 20.0), 0.0);
    assert_eq!(verdict((1.0, 2.0), 65_536.0), 0.0, "no such convoy");
    assert_eq!(verdict((5.0, 9.0), 1.0), 1.0);
}

/// No limit anywhere: what is held on average is rate × hold, and both are unknown.
const FREE: &str = r#"
[gateway]
name = "free"
length = "720 d"
study = "steady"

[unknown]
gap = "uniform(6 h, 12 h)"
hold = "uniform(10 d, 20 d)"

[source.border]
every = "gap"
convoy = 1

[place.yard]
slots = 100000
zone = "dirty -> clean"

[[step]]
id = "unload"
at = "yard"
takes = "1 min"

[[step]]
id = "hold"
at = "yard"
takes = "hold"

[[step]]
id = "dispatch"
at = "yard"
every = "1 h"
"#;

#[test]
fn sobol_indices_of_a_free_yard_are_those_of_rate_times_hold() {
    let document = Document::parse(FREE).unwrap();
    let experiment = match Simulated::new(
        &document,
        &[],
        &no_files,
        7,
        GateTime::from_micros(60 * 86_400_000_000),
        &Unwatched,
    ) {
        Ok(e) => e,
        Err(e) => panic!("{e:?}"),
    };
    let inputs = [Input::Unknown("gap".into()), Input::Unknown("hold".into())];
    let effort = Effort {
        trajectories: 0,
        rows: 64,
        scrambles: 16,
        keep: 9,
        seed: 5,
    };
    let a = sensitivity::ask(&experiment, &inputs, "lots.in_gateway.mean", effort, 0.95).unwrap();
    // f = H / G with G uniform on 6..12 hours and H uniform on 240..480 hours. E[1/G] = ln 2 / 6, E[1/G²] = 1/72.
    let (m, s) = (2f64.ln() / 6.0, 1.0 / 72.0);
    let (mh, sh) = (360.0, 360.0 * 360.0 + 240.0 * 240.0 / 12.0);
    let all = s * sh - (m * mh).powi(2);
    let by_gap = (s - m * m) * mh * mh / all;
    let by_hold = m * m * (sh - mh * mh) / all;
    for (index, exact) in a.indices.inputs.iter().zip([by_gap, by_hold]) {
        assert!(
            (index.first.value - exact).abs() < 0.02,
            "{index:?}, exact {exact}"
        );
    }
    // Times are fixed and arrivals regular: hardly anything is left to chance.
    assert!(
        a.owed_to_variability() < 0.01,
        "{}",
        a.owed_to_variability()
    );
    assert!(
        (a.indices.mean / (m * mh) - 1.0).abs() < 0.02,
        "{} for {}",
        a.indices.mean,
        m * mh
    );
}

#[test]
fn a_range_cut_in_pieces_gives_the_same_rows_on_any_number_of_threads() {
    let document = uiju();
    let experiment = simulated(&document, &Unwatched);
    let whole = experiment.run(&Design::base(), 0..12).unwrap();
    let mut pieces = experiment.run(&Design::base(), 0..5).unwrap();
    pieces.append(&experiment.run(&Design::base(), 5..12).unwrap());
    let bits =
        |rows: &lazaret_plan::Rows| rows.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&whole), bits(&pieces));
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    assert_eq!(
        bits(&whole),
        bits(
            &one.install(|| experiment.run(&Design::base(), 0..12))
                .unwrap()
        )
    );
}

#[test]
fn common_random_numbers_cut_the_variance_of_natural_comparisons_at_least_five_times() {
    let document = uiju();
    let experiment = simulated(&document, &Unwatched);
    let metric = experiment.column("lots.dispatched").unwrap();
    let time = experiment.column("lots.time_in_gateway.mean").unwrap();
    let base = experiment.run(&Design::base(), 0..100).unwrap();
    for (path, value, column) in [
        ("place.yard.slots", "1400", time),
        ("crew.cleaner.count", "30", time),
        ("step.dispatch.takes_up_to", "45", metric),
        ("source.dandong.fleet", "80", metric),
    ] {
        let other = experiment
            .run(&Design::base().with(path, value), 0..100)
            .unwrap();
        let gain = pairing_gain(&base.column(column), &other.column(column));
        assert!(gain > 5.0, "{path} = {value}: {gain}");
    }
}

#[test]
fn pinned_unknowns_take_the_value_of_their_quantile_and_ranks_undo_it() {
    let document = Document::parse(FREE).unwrap();
    let experiment = simulated(&document, &Unwatched);
    let column = experiment.column("lots.time_in_gateway.mean").unwrap();
    let at = |u: f64| {
        experiment
            .run(&Design::base().pin("hold", u), 0..1)
            .unwrap()
            .column(column)[0]
            / 24.0
    };
    // The hold plus up to an hour until the next departure.
    assert!(
        (at(0.5) - 15.0).abs() < 0.1 && (at(0.9) - 19.0).abs() < 0.1,
        "{} {}",
        at(0.5),
        at(0.9)
    );
    let free = experiment
        .run(&Design::base(), 0..5)
        .unwrap()
        .column(column);
    for (r, days) in free.iter().map(|h| h / 24.0).enumerate() {
        let rank = experiment.unknown_ranks(r as u64)[1];
        assert!(
            (days - (10.0 + 10.0 * rank)).abs() < 0.1,
            "{days} at rank {rank}"
        );
    }
}

#[test]
fn wrong_designs_are_told_what_is_wrong() {
    let document = uiju();
    let experiment = simulated(&document, &Unwatched);
    let error = |design: Design| experiment.run(&design, 0..1).unwrap_err().to_string();
    let wrong = error(Design::base().with("place.yrad.slots", "3"));
    assert!(wrong.contains("yrad") && wrong.contains("yard"), "{wrong}");
    assert!(error(Design::base().pin("luck", 0.5)).contains("the file has clean_time, hold_time"));
    let metric = experiment.column("lots.dispatchd").unwrap_err();
    assert_eq!(
        metric.to_string(),
        "there is no metric `lots.dispatchd`; did you mean `lots.dispatched`?"
    );
}

#[test]
fn a_run_that_is_stopped_says_so() {
    struct Stopped;
    impl Watch for Stopped {
        fn ran(&self) {}
        fn stop(&self) -> bool {
            true
        }
    }
    let document = uiju();
    let experiment = simulated(&document, &Stopped);
    assert_eq!(
        experiment.run(&Design::base(), 0..5),
        Err(ExperimentError::Interrupted)
    );
}

/// Stops after so many runs.
struct After(std::sync::atomic::AtomicU64, u64);

impl Watch for After {
    fn ran(&self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn stop(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed) >= self.1
    }
}

#[test]
fn a_question_that_is_stopped_answers_from_the_futures_that_are_done() {
    let document = uiju();
    let ask = |watch: &dyn Watch, replications| {
        let experiment = simulated(&document, watch);
        let base = Design::base();
        let other = Design::base().with("crew.cleaner.count", "50");
        let metrics = ["lots.dispatched".to_owned()];
        lazaret_plan::questions::compare::ask(
            (&experiment, &base),
            &[(&experiment, other)],
            &metrics,
            replications,
            0.95,
            None,
        )
        .unwrap()
    };
    // Two designs in blocks of 64: after 300 runs two whole blocks of both are done.
    let stopped = ask(&After(0.into(), 300), 1000);
    assert_eq!((stopped.replications, stopped.partial), (128, true));
    let whole = ask(&Unwatched, 128);
    assert_eq!(stopped.metrics, whole.metrics);
    assert!(!whole.partial);
}

#[test]
fn a_row_is_what_the_simulator_measures_to_the_last_bit() {
    let document = uiju();
    let experiment = simulated(&document, &Unwatched);
    let rows = experiment.run(&Design::base(), 0..3).unwrap();
    let none = |name: &str| no_files(name);
    let gateway = document.read(&[] as &[String], &none).unwrap().gateway;
    let model = lazaret_sim::Model::compile(&gateway).unwrap();
    let mut world = lazaret_sim::World::new(&model, lazaret_sim::Silent);
    for r in 0..3 {
        let outcome = world
            .replicate(lazaret_sim::Replication::new(7, r), GateTime::START)
            .unwrap();
        for (i, (own, value)) in outcome.values.iter().zip(rows.row(r as usize)).enumerate() {
            let name = &experiment.metrics()[i].name;
            assert_eq!(own.to_bits(), value.to_bits(), "{name} in replication {r}");
        }
    }
}

#[test]
fn limits_may_have_units() {
    use lazaret_plan::condition::{Condition, Judge};
    let document = uiju();
    let experiment = simulated(&document, &Unwatched);
    let value = |text: &str| {
        let condition = Condition::parse(text).unwrap();
        Judge::new(&experiment, &condition).map(|_| condition.value)
    };
    assert_eq!(value("lots.time_in_gateway.p95 <= 5 d"), Ok(120.0));
    assert_eq!(value("lots.time_in_gateway.p95 <= 5d"), Ok(120.0));
    assert_eq!(value("lots.time_in_gateway.p95 <= 90 min"), Ok(1.5));
    assert_eq!(value("lots.time_in_gateway.p95 <= 5"), Ok(5.0));
    assert_eq!(value("place.yard.full <= 5 %"), Ok(0.05));
    assert_eq!(value("lots.dispatched >= 300"), Ok(300.0));
    for text in [
        "lots.dispatched >= 5 d",
        "lots.dispatched >= 5 %",
        "lots.time_in_gateway.p95 <= 5 %",
        "lots.time_in_gateway.p95 <= 5 kg",
    ] {
        let error = value(text).unwrap_err().to_string();
        assert!(error.contains("is counted in"), "{text}: {error}");
    }
    assert!(Condition::parse("lots.dispatched <= 5 parsecs").is_err());
    assert!(Condition::parse("lots.dispatched <= inf").is_err());
}
