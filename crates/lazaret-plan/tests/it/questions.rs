//! The planner's questions on a gateway so simple that every answer is known.

use std::cell::Cell;
use std::ops::Range;

use lazaret_plan::designs::{Factor, Values};
use lazaret_plan::experiment::{Design, Experiment, ExperimentError, Metric, Rows};
use lazaret_plan::questions::capacity::search::Range as Values1;
use lazaret_plan::questions::capacity::{CapacityQuestion, ClaimVerdict, Sustained};
use lazaret_plan::questions::optimise::{AimOf, ByProbability, Feasible, Method, Price, Study};
use lazaret_plan::questions::sensitivity::{Effort, Input};
use lazaret_plan::questions::size::Condition;
use lazaret_plan::questions::size::search::SizeTarget;
use lazaret_plan::questions::{
    self, QuestionError, bottleneck, capacity, compare, optimise, sensitivity, size,
};
use lazaret_plan::random::Stream;
use lazaret_plan::select::Aim;

/// A yard of `slots` slots with a hold of `hold` days, unknown and uniform on 10 to 30, and `intake` lots a day. It needs
/// intake × hold slots; what it lacks is `excess`. A `crew` that is too small for the intake lacks too.
struct Yard {
    metrics: Vec<Metric>,
    runs: Cell<u64>,
}

impl Yard {
    fn new() -> Self {
        let metric = |name: &str| Metric {
            name: name.into(),
            unit: "lots".into(),
            meaning: name.into(),
        };
        Yard {
            metrics: ["excess", "need", "yard.load", "crew.load"]
                .map(metric)
                .to_vec(),
            runs: Cell::new(0),
        }
    }
}

impl Experiment for Yard {
    fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    fn unknowns(&self) -> Vec<String> {
        vec!["hold".into(), "idle".into()]
    }

    fn unknown_ranks(&self, r: u64) -> Vec<f64> {
        vec![Stream::new(r, 1).uniform(), Stream::new(r, 2).uniform()]
    }

    fn run(&self, design: &Design, replications: Range<u64>) -> Result<Rows, ExperimentError> {
        let mut rows = Rows::empty(replications.start, 4);
        for r in replications {
            self.runs.set(self.runs.get() + 1);
            let setting = |path: &str, default: f64| {
                design
                    .changes
                    .iter()
                    .rev()
                    .find(|c| c.path == path)
                    .map_or(default, |c| c.value.parse().unwrap())
            };
            if let Some(c) = design
                .changes
                .iter()
                .find(|c| !["slots", "crew", "intake"].contains(&c.path.as_str()))
            {
                return Err(ExperimentError::BadDesign {
                    design: design.to_string(),
                    message: format!("no `{}`", c.path),
                });
            }
            let pinned = design.pinned.iter().find(|p| p.0 == "hold").map(|p| p.1);
            let hold = 10.0 + 20.0 * pinned.unwrap_or_else(|| self.unknown_ranks(r)[0]);
            let intake = setting("intake", 20.0);
            let luck = 10.0 * Stream::new(r, 3).normal();
            let need = intake * hold + luck;
            let (slots, crew) = (setting("slots", 400.0), setting("crew", 50.0));
            rows.values
                .extend([(need - slots).max(0.0), need, need / slots, intake / crew]);
        }
        Ok(rows)
    }
}

#[test]
fn capacity_depends_on_the_unknown_hold_and_nothing_else() {
    let yard = Yard::new();
    let question = CapacityQuestion {
        path: "intake".into(),
        range: Values1 {
            low: 1.0,
            high: 60.0,
            step: 1.0,
        },
        unit: String::new(),
        sustained: Sustained {
            metric: "excess".into(),
            limit: 0.0,
        },
        claim: Some(20.0),
        overflow_metric: Some("excess".into()),
        cycles: None,
        load_metrics: vec!["yard.load".into(), "crew.load".into()],
        safe: 0.9,
        replications: 400,
        level: 0.95,
    };
    let a = capacity::ask(&yard, &question).unwrap();
    // 400 slots over a hold of at most 28 days in 90 % of futures: 14.28, so 14; half of futures hold at most 20 days: 20.
    assert!(a.safe_value.holds(14.0), "{:?}", a.safe_value);
    assert!(
        a.median_value.holds(19.5) || a.median_value.holds(20.0),
        "{:?}",
        a.median_value
    );
    let claim = a.claim.unwrap();
    assert!(claim.share.holds(0.5), "{:?}", claim.share);
    assert_eq!(
        claim.verdict,
        ClaimVerdict::Depends {
            on: vec!["hold".into()]
        }
    );
    assert!(
        a.depends_on[0].correlation < -0.98 && a.depends_on.len() == 1,
        "{:?}",
        a.depends_on
    );
    assert_eq!(a.limits[0].0, "yard.load");
    // Above the capacity the excess grows.
    assert!(
        a.above
            .windows(2)
            .all(|w| w[0].sustained.value >= w[1].sustained.value)
    );
    // Both ends in 8 futures, 6 bisections of 400 replications, 60 looks at what limits, and 4 × 200 above.
    assert!(
        yard.runs.get() <= 2 * 8 + 6 * 400 + 60 + 800,
        "{} runs",
        yard.runs.get()
    );
}

#[test]
fn claims_that_surely_hold_or_fail_are_called_so() {
    let ask = |claim: f64| {
        let question = CapacityQuestion {
            path: "intake".into(),
            range: Values1 {
                low: 1.0,
                high: 60.0,
                step: 1.0,
            },
            unit: String::new(),
            sustained: Sustained {
                metric: "excess".into(),
                limit: 0.0,
            },
            claim: Some(claim),
            overflow_metric: None,
            cycles: None,
            load_metrics: vec![],
            safe: 0.9,
            replications: 200,
            level: 0.95,
        };
        capacity::ask(&Yard::new(), &question)
            .unwrap()
            .claim
            .unwrap()
            .verdict
    };
    assert_eq!(ask(10.0), ClaimVerdict::Yes);
    assert_eq!(ask(50.0), ClaimVerdict::No);
}

#[test]
fn the_value_of_one_more_slot_is_its_exact_derivative() {
    // Excess is positive where the hold is above 20 days: in half of futures. One more slot lowers it by one there.
    let candidates = [
        bottleneck::OneMore {
            what: "one more slot".into(),
            design: Design::base().with("slots", "401"),
        },
        bottleneck::OneMore {
            what: "one more in the crew".into(),
            design: Design::base().with("crew", "51"),
        },
    ];
    let losses = ["need".to_owned()];
    let a = bottleneck::ask(
        &Yard::new(),
        &candidates,
        "excess",
        Aim::Minimise,
        &losses,
        2000,
        0.95,
    )
    .unwrap();
    assert_eq!(a.gains[0].what, "one more slot");
    assert!(
        a.gains[0].gain.low <= 0.5 && 0.5 <= a.gains[0].gain.high,
        "{:?}",
        a.gains[0]
    );
    assert_eq!(
        a.gains[1].gain.verdict,
        lazaret_plan::compare::Verdict::Identical
    );
    // The paired difference has a variance of at most 1/4; independent runs of an excess with sd near 75 would have 10,000.
    assert!(a.gains[0].gain.pairing_gain > 1000.0);
}

#[test]
fn the_headline_is_the_largest_gain_and_not_the_surest() {
    use bottleneck::Headline;
    let one = |what: &str, path: &str, value: &str| bottleneck::OneMore {
        what: what.into(),
        design: Design::base().with(path, value),
    };
    let ask = |candidates: &[bottleneck::OneMore]| {
        bottleneck::ask(
            &Yard::new(),
            candidates,
            "need",
            Aim::Minimise,
            &[],
            200,
            0.95,
        )
        .unwrap()
    };
    // The need is intake × hold, about 400: one lot a day less lowers it by 20, a tenth of one by 2, which is half a per cent.
    let a = ask(&[
        one("a little", "intake", "19.9"),
        one("one", "intake", "19"),
    ]);
    assert_eq!(
        (a.gains[0].what.as_str(), &a.headline),
        ("one", &Headline::Build { gain: 0 })
    );
    let a = ask(&[one("a little", "intake", "19.9"), one("crew", "crew", "51")]);
    assert_eq!(a.headline, Headline::Nothing, "{:?}", a.gains);
    // Two that are worth the same are not told apart, however many futures are run.
    let a = ask(&[one("one", "intake", "19"), one("another", "intake", "19.0")]);
    assert!(
        matches!(&a.headline, Headline::Undecided { between, more: None } if between.len() == 2),
        "{:?}",
        a.headline
    );
}

#[test]
fn comparisons_name_what_does_not_exist() {
    let yard = Yard::new();
    let base = Design::base();
    let ask = |metric: &str, design: Design| {
        compare::ask(
            (&yard, &base),
            &[(&yard, design)],
            &[metric.to_owned()],
            10,
            0.95,
            None,
        )
        .unwrap_err()
    };
    assert_eq!(
        ask("exces", Design::base()).to_string(),
        "there is no metric `exces`; did you mean `excess`?"
    );
    let error = ask("excess", Design::base().with("tracks", "1"));
    assert!(
        matches!(
            error,
            QuestionError::Experiment(ExperimentError::BadDesign { .. })
        ),
        "{error}"
    );
}

#[test]
fn sizing_finds_the_slots_for_nine_futures_in_ten() {
    // Need is 20 × hold + N(0, 10²): its 90 % quantile is 20 × 28 plus what the luck adds, by integration 560.3.
    let choose = [("slots".to_owned(), 300i64..=800)];
    let target = SizeTarget {
        probability: 0.9,
        level: 0.95,
        batch: 500,
        most: 20_000,
    };
    let condition = Condition::parse("excess <= 0").unwrap();
    let a = size::ask(&Yard::new(), &Design::base(), &choose, &condition, target).unwrap();
    let found = &a.sizing.smallest[0];
    assert!((555..=585).contains(&found.numbers[0]), "{found:?}");
    assert!(found.low >= 0.9);
    assert!(
        Condition::parse("excess < 0")
            .unwrap_err()
            .contains("write METRIC <= NUMBER")
    );
    assert!(
        Condition::parse("excess <= a lot")
            .unwrap_err()
            .contains("not a number")
    );
}

#[test]
fn the_spread_is_shared_between_the_unknown_and_luck() {
    // Need: variance by the hold 400 × 20²/12 = 13333, by luck 100.
    let inputs = [Input::Unknown("hold".into()), Input::Unknown("idle".into())];
    let effort = Effort {
        trajectories: 10,
        rows: 128,
        scrambles: 16,
        keep: 2,
        seed: 7,
    };
    let a = sensitivity::ask(&Yard::new(), &inputs, "need", effort, 0.95).unwrap();
    let exact = 13_333.3 / 13_433.3;
    assert!(
        (a.indices.inputs[0].first.value - exact).abs() < 0.02,
        "{:?}",
        a.indices.inputs[0]
    );
    assert!((a.owed_to_inputs() - exact).abs() < 0.01);
    assert_eq!(a.screening[0].input, "hold");
    // 400 lots over the whole range of the hold, seen between its 1 % and 99 % quantiles: 0.98 of it.
    assert!(
        (a.screening[0].effect.mean - 392.0).abs() < 1e-6,
        "{:?}",
        a.screening[0].effect
    );
    assert_eq!(a.screening[1].effect.importance.value, 0.0);
    assert!(
        sensitivity::ask(&Yard::new(), &[], "need", effort, 0.95)
            .unwrap_err()
            .to_string()
            .contains("--vary")
    );
}

fn study(designs: usize) -> Study {
    let factor = |path: &str, low, high| Factor {
        path: path.into(),
        values: Values::Integer(low, high),
    };
    Study {
        decisions: vec![factor("slots", 500, 700)],
        aims: vec![AimOf {
            metric: "cost".into(),
            minimise: true,
        }],
        prices: vec![Price {
            path: "slots".into(),
            each: 2.0,
            free: 400.0,
            unit: None,
        }],
        constraints: vec![ByProbability {
            condition: Condition::parse("excess <= 0").unwrap(),
            probability: 0.9,
        }],
        matters: 1.0,
        level: 0.95,
        replications: 2000,
        designs,
        seed: 3,
    }
}

#[test]
fn the_cheapest_feasible_design_is_found_by_trying_all() {
    let a = optimise::ask(&Yard::new(), &study(201)).unwrap();
    assert_eq!(
        (a.tried.len(), a.of, &a.method),
        (201, Some(201), &Method::Certain)
    );
    let best = &a.tried[a.best.unwrap()];
    assert_eq!(best.feasible, Feasible::Yes);
    // 560 slots meet 90 %; to show it with 2,000 replications takes a few more.
    assert!(
        (560.0..590.0).contains(&(best.cost / 2.0 + 400.0)),
        "{best:?}"
    );
}

#[test]
fn a_surface_finds_it_with_a_tenth_of_the_designs() {
    let a = optimise::ask(&Yard::new(), &study(25)).unwrap();
    let best = &a.tried[a.best.unwrap()];
    assert!(a.tried.len() <= 25 && best.feasible != Feasible::No);
    assert!(
        (550.0..600.0).contains(&(best.cost / 2.0 + 400.0)),
        "{best:?}"
    );
}

#[test]
fn the_least_is_found_in_a_range_of_millions() {
    let mut wide = study(60);
    wide.decisions[0].values = Values::Integer(4, 9_000_000);
    let a = optimise::ask(&Yard::new(), &wide).unwrap();
    let best = &a.tried[a.best.unwrap()];
    assert_eq!(best.feasible, Feasible::Yes);
    let slots = best.cost / 2.0 + 400.0;
    assert!((560.0..590.0).contains(&slots), "{best:?}");
    assert!(
        matches!(a.method, Method::Surface { lowest: true, .. }),
        "{:?}",
        a.method
    );
    // True of what it says: one slot less was run, and not shown to do it.
    let less = format!("slots = {}", slots - 1.0);
    let less = a.tried.iter().find(|t| t.design == less).unwrap();
    assert_ne!(less.feasible, Feasible::Yes);
    assert!(a.tried.len() <= 60);
}

#[test]
fn two_aims_give_a_front_and_impossible_constraints_are_said() {
    let mut two = study(201);
    two.aims.push(AimOf {
        metric: "excess".into(),
        minimise: true,
    });
    two.constraints.clear();
    let a = optimise::ask(&Yard::new(), &two).unwrap();
    assert_eq!((a.best, &a.method), (None, &Method::Front));
    // Less cost is more excess all along, until no future is in excess any more: every design up to there is on the front.
    assert!(a.tried.iter().filter(|t| t.on_front).count() > 100);
    let mut none = study(201);
    none.decisions[0].values = Values::Integer(100, 150);
    let a = optimise::ask(&Yard::new(), &none).unwrap();
    assert_eq!((a.best, &a.method), (None, &Method::NoneFeasible));
}

#[test]
fn the_best_of_a_few_is_selected_with_a_guarantee() {
    let mut few = study(10);
    few.decisions = vec![Factor {
        path: "intake".into(),
        values: Values::Integer(18, 22),
    }];
    few.prices.clear();
    few.constraints.clear();
    few.aims = vec![AimOf {
        metric: "need".into(),
        minimise: true,
    }];
    few.matters = 5.0;
    few.replications = 20;
    let a = optimise::ask(&Yard::new(), &few).unwrap();
    assert!(matches!(a.method, Method::Kn { level: 0.95, .. }));
    assert_eq!(a.tried[a.best.unwrap()].design, "intake = 18");
    few.prices.push(Price {
        path: "slots".into(),
        each: 1.0,
        free: 0.0,
        unit: None,
    });
    let error: questions::QuestionError = optimise::ask(&Yard::new(), &few).unwrap_err();
    assert!(error.to_string().contains("not a decision of the study"));
}
