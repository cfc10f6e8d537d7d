//! Futures that came to a stop keep no condition, are counted in every answer, and times count what is still inside.

use lazaret_gateway::Document;
use lazaret_plan::condition::{Condition, Judge};
use lazaret_plan::designs::{Factor, Values};
use lazaret_plan::experiment::{Design, Experiment};
use lazaret_plan::questions::bottleneck::OneMore;
use lazaret_plan::questions::capacity::search::Range;
use lazaret_plan::questions::capacity::{CapacityQuestion, Sustained};
use lazaret_plan::questions::optimise::{AimOf, ByProbability, Feasible, Price, Study};
use lazaret_plan::questions::sensitivity::{Effort, Input};
use lazaret_plan::questions::size::search::SizeTarget;
use lazaret_plan::questions::{bottleneck, capacity, compare, optimise, sensitivity, size};
use lazaret_plan::select::Aim;
use lazaret_plan::simulated::{Simulated, Unwatched};
use lazaret_plan::stops::STOPPED;
use lazaret_vocabulary::time::GateTime;

/// Rework that goes round two small places: it locks up within days, as every future of this length does.
const CIRCLE: &str = r#"
[gateway]
name = "rework"
length = "30 d"
[source.s]
route = "road"
every = "exponential(1 h)"
[place.gate]
slots = 20
[place.wash]
slots = 2
[place.lab]
slots = 2
[[step]]
id = "unload"
at = "gate"
takes = "5 min"
[[step]]
id = "treat"
at = "wash"
takes = "exponential(40 min)"
[[step]]
id = "inspect"
at = "lab"
takes = "exponential(40 min)"
again = { share = 0.3, from = "treat" }
"#;

/// Lots that cannot be finished: one slot, a lot every ten hours, twenty hours of work on each.
const SLOW: &str = r#"
[gateway]
name = "slow"
length = "40 d"
[source.s]
route = "road"
every = "10 h"
[place.dock]
slots = SLOTS
[[step]]
id = "unload"
at = "dock"
takes = "20 h"
"#;

fn with(text: &str, test: impl FnOnce(&Simulated<'_>)) {
    let document = Document::parse(text.to_owned()).unwrap();
    let none = |_: &str| Err("no files here".to_owned());
    match Simulated::new(&document, &[], &none, 7, GateTime::START, &Unwatched) {
        Ok(experiment) => test(&experiment),
        Err(error) => panic!("{error:?}"),
    }
}

fn target(most: u64) -> SizeTarget {
    SizeTarget {
        probability: 0.8,
        level: 0.95,
        batch: 20,
        most,
    }
}

#[test]
fn what_locks_up_is_never_shown_to_do_it() {
    with(CIRCLE, |x| {
        let condition = Condition::parse("lots.time_in_gateway.p95 <= 12").unwrap();
        let choose = [("place.lab.slots".to_owned(), 2..=3)];
        let a = size::ask(x, &Design::base(), &choose, &condition, target(40)).unwrap();
        assert!(a.sizing.smallest.is_empty(), "{:?}", a.sizing);
        for (candidate, stops) in a.sizing.looked_at.iter().zip(&a.stops) {
            assert_eq!(candidate.successes, 0, "{candidate:?}");
            assert_eq!((stops.of, stops.stopped), (candidate.n, candidate.n));
            assert_eq!(stops.deadlock, candidate.n, "{stops:?}");
        }
        // The time of what got through would have kept it: that is why it must not count.
        let rows = x.run(&Design::base(), 0..20).unwrap();
        let plain = x.column("lots.time_in_gateway.p95").unwrap();
        let flattering = rows
            .column(plain)
            .iter()
            .filter(|&&p95| p95 <= 12.0)
            .count();
        assert!(flattering >= 15, "{flattering}");
        // The same of any other figure that little work makes small, or that is good before the end.
        for text in [
            "step.treat.wait.mean <= 100",
            "lots.destroyed <= 0",
            "gateway.outside <= 1000000",
            "lots.dispatched >= 1",
            "place.gate.full <= 1",
        ] {
            let judge = Judge::new(x, &Condition::parse(text).unwrap()).unwrap();
            let held = (0..rows.len()).filter(|&i| judge.holds(|c| rows.row(i)[c]));
            assert_eq!(held.count(), 0, "{text}");
        }
        assert!(a.still_inside[0].unwrap() > 100.0, "{:?}", a.still_inside);
    });
}

#[test]
fn every_question_counts_the_futures_that_came_to_a_stop() {
    with(CIRCLE, |x| {
        let base = Design::base();
        let wider = Design::base().with("place.lab.slots", "3");
        let metrics = ["lots.time_in_gateway.mean".to_owned()];
        let a = compare::ask((x, &base), &[(x, wider.clone())], &metrics, 10, 0.95, None).unwrap();
        assert_eq!((a.baseline_stops.stopped, a.baseline_stops.of), (10, 10));
        assert_eq!(a.alternative_stops[0].stopped, 10);
        let one = OneMore {
            what: "one more slot in lab".into(),
            design: wider.clone(),
        };
        let a = bottleneck::ask(x, &[one], &metrics[0], Aim::Minimise, &[], 10, 0.95).unwrap();
        assert_eq!((a.stops.stopped, a.gains[0].stops.stopped), (10, 10));
        let question = CapacityQuestion {
            path: "place.wash.slots".into(),
            range: Range {
                low: 1.0,
                high: 3.0,
                step: 1.0,
            },
            unit: String::new(),
            sustained: Sustained {
                metric: "lots.time_in_gateway.mean".into(),
                limit: 24.0,
            },
            claim: None,
            overflow_metric: None,
            cycles: None,
            load_metrics: Vec::new(),
            safe: 0.9,
            replications: 10,
            level: 0.95,
        };
        let a = capacity::ask(x, &question).unwrap();
        assert_eq!((a.stops.stopped, a.stops.of), (10, 10), "{:?}", a.stops);
        let effort = Effort {
            trajectories: 2,
            rows: 2,
            scrambles: 8,
            keep: 4,
            seed: 1,
        };
        let vary = Input::Setting(Factor {
            path: "place.gate.slots".into(),
            values: Values::Integer(20, 40),
        });
        let a = sensitivity::ask(x, &[vary], "lots.dispatched", effort, 0.95).unwrap();
        assert_eq!((a.stops.stopped, a.stops.of), (a.runs, a.runs));
        let study = |constraints| Study {
            decisions: vec![Factor {
                path: "place.lab.slots".into(),
                values: Values::Integer(2, 3),
            }],
            aims: vec![AimOf {
                metric: "cost".into(),
                minimise: true,
            }],
            prices: vec![Price {
                path: "place.lab.slots".into(),
                each: 1.0,
                free: 0.0,
                unit: None,
            }],
            constraints,
            matters: 0.1,
            level: 0.95,
            replications: 10,
            designs: 10,
            seed: 1,
        };
        let quick = ByProbability {
            condition: Condition::parse("lots.time_in_gateway.p95 <= 12").unwrap(),
            probability: 0.5,
        };
        for constraints in [Vec::new(), vec![quick]] {
            let a = optimise::ask(x, &study(constraints)).unwrap();
            assert_eq!(a.best, None);
            for tried in &a.tried {
                assert_eq!(tried.stops.stopped, 10);
                assert_eq!(tried.feasible, Feasible::No);
            }
        }
    });
}

#[test]
fn times_count_what_is_still_inside() {
    // With room for all, lots that came in the last twenty hours are young and make nobody look quicker.
    with(&SLOW.replace("SLOTS", "10"), |x| {
        let rows = x.run(&Design::base(), 0..1).unwrap();
        for name in ["mean", "p50", "p95"] {
            let metric = format!("lots.time_in_gateway.{name}.with_inside");
            let value = rows.row(0)[x.column(&metric).unwrap()];
            assert!((value - 20.0).abs() < 1e-9, "{metric} is {value}");
        }
        assert_eq!(rows.row(0)[x.column(STOPPED).unwrap()], 0.0);
    });
    // With one slot half of all lots are still outside after forty days. Nobody is stuck, and yet of 96 lots no more than 48
    // were seen to leave: the last of them after 480 hours.
    with(&SLOW.replace("SLOTS", "1"), |x| {
        let rows = x.run(&Design::base(), 0..1).unwrap();
        let value = |name: &str| rows.row(0)[x.column(name).unwrap()];
        assert_eq!(value("gateway.deadlock"), 0.0);
        assert!(value("lots.time_in_gateway.p95") < 480.0);
        assert_eq!(value("lots.time_in_gateway.p95.with_inside"), f64::INFINITY);
        assert!(
            value("lots.time_in_gateway.mean.with_inside") > value("lots.time_in_gateway.mean")
        );
        assert!(value("step.unload.wait.mean.with_inside") > value("step.unload.wait.mean"));
        let judge = Condition::parse("lots.time_in_gateway.p95 <= 480").unwrap();
        let judge = Judge::new(x, &judge).unwrap();
        assert!(!judge.holds(|c| rows.row(0)[c]));
    });
}
