//! Designs cover what they promise to cover, and say when they cannot.

use lazaret_plan::designs::{
    DesignError, Factor, Values, grid, latin_hypercube, latin_points, sobol, sobol_points,
};
use proptest::prelude::*;

fn factor(path: &str, values: Values) -> Factor {
    Factor {
        path: path.into(),
        values,
    }
}

#[test]
fn a_grid_has_every_combination_once() {
    let factors = [
        factor("place.yard.slots", Values::Integer(10, 12)),
        factor(
            "step.hold.takes",
            Values::Choice(vec!["\"14 d\"".into(), "\"30 d\"".into()]),
        ),
    ];
    let designs = grid(&factors, 5).unwrap();
    let texts: Vec<String> = designs.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 6);
    assert_eq!(
        texts[0],
        "place.yard.slots = 10, step.hold.takes = \"14 d\""
    );
    assert_eq!(
        texts[5],
        "place.yard.slots = 12, step.hold.takes = \"30 d\""
    );
    let unique: std::collections::BTreeSet<&String> = texts.iter().collect();
    assert_eq!(unique.len(), 6);
}

#[test]
fn reals_carry_their_unit() {
    let values = Values::Real(1.0, 2.0, "h".into());
    assert_eq!(values.grid(3), ["\"1 h\"", "\"1.5 h\"", "\"2 h\""]);
    assert_eq!(Values::Real(0.0, 1.0, String::new()).at(0.25), "0.25");
}

#[test]
fn bad_studies_are_refused_with_the_reason() {
    assert!(matches!(grid(&[], 3), Err(DesignError::Empty(_))));
    let backwards = [factor("a", Values::Integer(5, 2))];
    assert!(
        grid(&backwards, 3)
            .unwrap_err()
            .to_string()
            .contains("write the lower end first")
    );
    let fine = [factor("a", Values::Integer(1, 100))];
    assert!(matches!(
        latin_hypercube(&fine, 0, 1),
        Err(DesignError::Empty(_))
    ));
    assert!(matches!(
        sobol(&fine, 100_000, 1),
        Err(DesignError::TooMany(_))
    ));
    let many: Vec<Factor> = (0..7)
        .map(|i| factor(&i.to_string(), Values::Integer(1, 100)))
        .collect();
    assert!(matches!(grid(&many, 100), Err(DesignError::TooMany(_))));
}

#[test]
fn sobol_points_fill_every_box() {
    // Any power-of-two box of volume 1/64 in two dimensions holds exactly 1 of the first 64 points.
    let points = sobol_points(2, 64, 5).unwrap();
    for bits in 0..=6 {
        let (nx, ny) = (1 << bits, 1 << (6 - bits));
        let mut seen = std::collections::BTreeSet::new();
        for p in &points {
            seen.insert(((p[0] * f64::from(nx)) as u32, (p[1] * f64::from(ny)) as u32));
        }
        assert_eq!(seen.len(), 64, "boxes {nx} × {ny}");
    }
    assert_ne!(
        points,
        sobol_points(2, 64, 6).unwrap(),
        "another seed is another scramble"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_latin_hypercube_uses_each_part_once(n in 1usize..60, d in 1usize..6, seed in any::<u64>()) {
        let points = latin_points(d, n, seed);
        for j in 0..d {
            let mut cells: Vec<usize> = points.iter().map(|p| (p[j] * n as f64) as usize).collect();
            cells.sort_unstable();
            prop_assert_eq!(cells, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn values_stay_in_their_range(low in -50i64..50, width in 0i64..50, u in 0.0f64..1.0) {
        let x: i64 = Values::Integer(low, low + width).at(u).parse().unwrap();
        prop_assert!(low <= x && x <= low + width);
    }
}

#[test]
fn what_makes_no_designs_is_refused_before_memory_is_taken() {
    let one = |values| {
        [Factor {
            path: "slots".into(),
            values,
        }]
    };
    let refused = |values: Values, what: &str| {
        let factors = one(values.clone());
        for error in [
            grid(&factors, 6).unwrap_err(),
            latin_hypercube(&factors, 6, 1).unwrap_err(),
            sobol(&factors, 6, 1).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(text.contains(what), "{values:?}: {text}");
            for debug in ["Integer(", "Real(", "Choice("] {
                assert!(!text.contains(debug), "{text}");
            }
        }
    };
    refused(
        Values::Integer(9, 4),
        "from 9 to 4: write the lower end first",
    );
    refused(Values::Integer(i64::MIN, i64::MAX), "too many values");
    refused(Values::Real(2.0, 1.0, "h".into()), "from 2 h to 1 h");
    refused(Values::Real(f64::NAN, 1.0, String::new()), "finite numbers");
    refused(
        Values::Real(0.0, f64::INFINITY, String::new()),
        "finite numbers",
    );
    refused(Values::Real(f64::MIN, f64::MAX, String::new()), "too wide");
    refused(Values::Choice(Vec::new()), "an empty choice");
    refused(Values::Choice(vec!["1".into(), "1".into()]), "twice");
    let wide = one(Values::Integer(4, 4_000_000_000));
    for levels in [4_000_000_000, usize::MAX] {
        let error = grid(&wide, levels).unwrap_err().to_string();
        assert!(error.contains("more than 1000000 designs"), "{error}");
    }
    assert!(
        grid(&wide, 0)
            .unwrap_err()
            .to_string()
            .contains("`levels` of 1 or more")
    );
    assert!(latin_hypercube(&wide, usize::MAX, 1).is_err());
    assert!(sobol(&wide, usize::MAX, 1).is_err());
    let twice = [wide[0].clone(), wide[0].clone()];
    assert!(
        grid(&twice, 2)
            .unwrap_err()
            .to_string()
            .contains("varied twice")
    );
    // A product that only together is too large, and one that just fits.
    let many = |n: i64| -> Vec<Factor> {
        ["a", "b", "c"]
            .map(|path| Factor {
                path: path.into(),
                values: Values::Integer(1, n),
            })
            .to_vec()
    };
    assert!(grid(&many(101), 101).is_err());
    assert_eq!(grid(&many(20), 20).unwrap().len(), 8000);
}
