//! What designs cost: a value keeps its unit, and what has no price is an error.

use std::ops::Range;

use lazaret_plan::designs::{Factor, Values};
use lazaret_plan::experiment::{Design, Experiment, ExperimentError, Metric, Rows};
use lazaret_plan::questions::optimise::{AimOf, OptimiseAnswer, Price, Study, ask};

/// An experiment that takes any design and measures nothing of interest.
struct Anything(Vec<Metric>);

impl Experiment for Anything {
    fn metrics(&self) -> &[Metric] {
        &self.0
    }

    fn run(&self, _: &Design, replications: Range<u64>) -> Result<Rows, ExperimentError> {
        let mut rows = Rows::empty(replications.start, 1);
        rows.values = replications.map(|r| r as f64).collect();
        Ok(rows)
    }
}

fn study(values: Values) -> Study {
    Study {
        decisions: vec![Factor {
            path: "every".into(),
            values,
        }],
        aims: vec![AimOf {
            metric: "cost".into(),
            minimise: true,
        }],
        prices: vec![Price {
            path: "every".into(),
            each: 2.0,
            free: 0.0,
            unit: None,
        }],
        constraints: Vec::new(),
        matters: 1.0,
        level: 0.95,
        replications: 10,
        designs: 10,
        seed: 1,
    }
}

fn solve(study: &Study) -> Result<OptimiseAnswer, String> {
    let metric = Metric {
        name: "lots".into(),
        unit: "lots".into(),
        meaning: "lots".into(),
    };
    ask(&Anything(vec![metric]), study).map_err(|e| e.to_string())
}

fn choice(all: &[&str]) -> Values {
    Values::Choice(all.iter().map(ToString::to_string).collect())
}

fn costs(study: &Study) -> Vec<f64> {
    let answer = solve(study).unwrap();
    answer.tried.iter().map(|t| t.cost).collect()
}

#[test]
fn a_day_costs_more_than_half_a_day() {
    let mut mixed = study(choice(&["\"12 h\"", "\"1 d\"", "\"6 h\"", "\"90 min\""]));
    assert_eq!(costs(&mixed), [24.0, 48.0, 12.0, 3.0]);
    let answer = solve(&mixed).unwrap();
    assert_eq!(
        answer.tried[answer.best.unwrap()].design,
        "every = \"90 min\""
    );
    assert_eq!(answer.prices[0].unit.as_deref(), Some("h"));
    // In the unit that is named, and with what is free taken off in that unit.
    mixed.prices[0].unit = Some("d".into());
    mixed.prices[0].free = 0.25;
    assert_eq!(costs(&mixed)[..3], [0.5, 1.5, 0.0]);
    // All in one unit: the price is of that unit.
    assert_eq!(
        costs(&study(choice(&["\"30 min\"", "\"60 min\""]))),
        [60.0, 120.0]
    );
    assert_eq!(costs(&study(Values::Integer(3, 5))), [6.0, 8.0, 10.0]);
}

#[test]
fn what_has_no_price_is_refused() {
    let refused = |study: &Study, what: &str| {
        let error = solve(study).unwrap_err();
        assert!(error.contains(what), "{error}");
    };
    for value in [
        "true",
        "\"exponential(30 min)\"",
        "[1, 2]",
        "\"06:00-18:00\"",
    ] {
        refused(&study(choice(&["1", value])), "is not a number");
    }
    refused(&study(choice(&["1", "\"1 d\""])), "name a unit");
    refused(&study(choice(&["\"1 kg\"", "\"1 d\""])), "a duration");
    let mut priced = study(Values::Integer(1, 3));
    priced.prices[0].unit = Some("parsecs".into());
    refused(&priced, "is not a unit");
    for (each, free) in [
        (-3.0, 0.0),
        (f64::NAN, 0.0),
        (f64::INFINITY, 0.0),
        (1.0, -1.0),
        (1.0, f64::NAN),
    ] {
        let mut priced = study(Values::Integer(1, 3));
        (priced.prices[0].each, priced.prices[0].free) = (each, free);
        refused(&priced, "must be 0 or more");
    }
    let mut priced = study(Values::Integer(4, 9));
    priced.prices[0].each = 3e307;
    refused(&priced, "too expensive to compute with");
    let twice = priced.prices[0].clone();
    priced.prices.push(twice);
    refused(&priced, "two prices");
}

#[test]
fn a_study_that_makes_no_sense_is_refused() {
    let refused = |change: &dyn Fn(&mut Study), what: &str| {
        let mut study = study(Values::Integer(1, 3));
        change(&mut study);
        let error = solve(&study).unwrap_err();
        assert!(error.contains(what), "{error}");
    };
    refused(&|s| s.prices.clear(), "nothing has a price");
    refused(&|s| s.aims[0].minimise = false, "cannot be maximised");
    refused(
        &|s| s.aims[0].metric = "costs".into(),
        "did you mean `cost`?",
    );
    refused(&|s| s.decisions.clear(), "has no decision");
    refused(&|s| s.designs = usize::MAX, "exceed the limit");
    refused(&|s| s.matters = f64::NAN, "`matters`");
    for (values, what) in [
        (Values::Integer(9, 4), "lower end first"),
        (Values::Integer(i64::MIN, i64::MAX), "too many values"),
        (choice(&[]), "an empty choice"),
        (Values::Real(1.0, f64::NAN, String::new()), "finite numbers"),
    ] {
        refused(&|s| s.decisions[0].values = values.clone(), what);
    }
}
