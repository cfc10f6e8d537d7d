//! The risk of a hold: closed forms, published cases, uncertain inputs, and files that are wrong.

use lazaret_plan::questions::hold::model::{Decay, Known, Test, Treatment, half_life_at};
use lazaret_plan::questions::hold::{Hazard, answer};
use lazaret_plan::uncertain::Uncertain;

fn example(name: &str) -> Hazard {
    let path = format!(
        "{}/../../examples/hazards/{name}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    Hazard::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn four_logs_take_thirteen_half_lives() {
    let half_lives = 10f64.powi(4).log2();
    assert!((half_lives - 13.2877).abs() < 1e-4);
    for h in [9.6, 14.2] {
        assert!((Decay::log_linear(h).days_to_inactivate(0.9999) - half_lives * h).abs() < 1e-6);
    }
}

#[test]
fn biphasic_decay_waits_for_its_slow_part() {
    // 1 % decays with a half-life of 20 days, the rest in hours: 99.99 % takes log2(100) slow half-lives.
    let decay = Decay {
        half_life_days: 0.2,
        lag_days: 0.0,
        slow_share: 0.01,
        slow_half_life_days: 20.0,
    };
    assert!((decay.days_to_inactivate(0.9999) - 20.0 * 100f64.log2()).abs() < 0.01);
    assert!((decay.survives(0.0) - 1.0).abs() < 1e-12);
    let never = Decay {
        slow_half_life_days: f64::INFINITY,
        ..decay
    };
    assert_eq!(never.days_to_inactivate(0.9999), f64::INFINITY);
    let lagged = Decay {
        lag_days: 3.0,
        ..Decay::log_linear(2.0)
    };
    assert!((lagged.survives(5.0) - 0.5).abs() < 1e-12 && lagged.survives(2.0) == 1.0);
}

#[test]
fn cooling_by_z_makes_the_half_life_ten_times_longer() {
    assert!((half_life_at(2.0, 20.0, 20.0, 12.0) - 2.0).abs() < 1e-12);
    assert!((half_life_at(2.0, 20.0, 8.0, 12.0) - 20.0).abs() < 1e-9);
}

#[test]
fn risk_is_the_product_of_its_causes() {
    let known = Known {
        prevalence: 0.01,
        load_log10: None,
        decay: Decay::log_linear(10.0),
        treatment: Some(Treatment {
            efficacy: 0.9,
            failure: 0.0,
        }),
        test: Some(Test {
            sensitivity: 0.8,
            specificity: 0.99,
            samples: 2,
            affected: 0.5,
        }),
    };
    // Each sample is positive with 0.5 × 0.8 + 0.5 × 0.01 = 0.405; two negatives: 0.595². After 10 days half is left.
    let exact = 0.01 * (0.5 * 0.1) * 0.595f64.powi(2);
    assert!((known.risk_a_lot(10.0) - exact).abs() < 1e-15);
    let released =
        0.01 * 0.595f64.powi(2) * 0.05 / (0.01 * 0.595f64.powi(2) + 0.99 * 0.99f64.powi(2));
    assert!((known.risk_a_released_lot(10.0) - released).abs() < 1e-15);
    // Days until the risk is a tenth of that of day 0: log2(10) half-lives.
    assert!(
        (known.shortest_hold(known.risk_a_lot(0.0) / 10.0, 365.0) - 10.0 * 10f64.log2()).abs()
            < 1e-6
    );
    assert_eq!(known.shortest_hold(1e-30, 365.0), f64::INFINITY);
}

#[test]
fn a_load_of_many_units_needs_all_of_them_dead() {
    let known = |load| Known {
        prevalence: 1.0,
        load_log10: Some(load),
        decay: Decay::log_linear(1.0),
        treatment: None,
        test: None,
    };
    // 10^6 units halved 20 times leave 0.954 on average: at least one with 1 - exp(-0.954).
    let left = 1e6 / 2f64.powi(20);
    assert!((known(6.0).live(20.0) - (1.0 - (-left).exp())).abs() < 1e-12);
    assert!(known(6.0).live(0.0) > 0.999_999);
    // A treatment that fails on a tenth of the lots leaves a tenth, however good it is elsewhere.
    let failing = Known {
        treatment: Some(Treatment {
            efficacy: 1.0,
            failure: 0.1,
        }),
        ..known(3.0)
    };
    assert!((failing.live(0.0) - 0.1).abs() < 1e-9);
}

#[test]
fn swine_fever_in_feed_gives_the_published_days() {
    // Stoian2019: conventional soybean meal 9.6 days, complete feed 14.2 days. The industry's table gives 125 days for the
    // meal, within the 95 % interval of its half-life (8.7 to 10.4 days: 116 to 138 days).
    let a = answer(&example("asf-feed"), 0.95, 4096, 1).unwrap();
    let r = a.for_reduction.unwrap();
    assert!((r.median_days - 9.6 * 1e4f64.log2()).abs() < 0.5, "{r:?}");
    assert!(r.low_days < 125.0 && 125.0 < r.high_days, "{r:?}");
    let half_lives = 1e4f64.log2();
    assert!(
        (r.low_days - half_lives * (9.6 - 1.96 * 0.4)).abs() < 0.5,
        "{r:?}"
    );
    assert!(
        (r.high_days - half_lives * (9.6 + 1.96 * 0.4)).abs() < 0.5,
        "{r:?}"
    );
    // Risk falls with every row of the table, and the interval encloses the median.
    for pair in a.table.windows(2) {
        assert!(pair[1].risk.median < pair[0].risk.median);
    }
    assert!(
        a.table
            .iter()
            .all(|d| d.risk.low <= d.risk.median && d.risk.median <= d.risk.high)
    );
}

#[test]
fn frost_keeps_a_virus_alive_where_warmth_would_kill_it() {
    let mut hazard = example("frozen-packaging");
    let cold = answer(&hazard, 0.95, 4096, 1).unwrap();
    hazard.hold.temperature = Some(Uncertain::Exactly(20.0));
    let warm = answer(&hazard, 0.95, 4096, 1).unwrap();
    assert!(warm.for_risk.sure_days < 60.0, "{:?}", warm.for_risk);
    assert!(
        cold.for_risk.never > 0.5,
        "a year of frost is no hold: {:?}",
        cold.for_risk
    );
}

#[test]
fn stink_bugs_are_met_by_treatment_not_by_waiting() {
    let hazard = example("stink-bugs");
    let treated = answer(&hazard, 0.95, 4096, 1).unwrap();
    let mut untreated = hazard.clone();
    untreated.treatment = None;
    let untreated = answer(&untreated, 0.95, 4096, 1).unwrap();
    let (first, last) = (
        untreated.table.first().unwrap(),
        untreated.table.last().unwrap(),
    );
    assert!(
        last.risk.median > 0.5 * first.risk.median,
        "insects in diapause outlive a hold"
    );
    assert!(treated.table[0].risk.median < 0.05 * first.risk.median);
}

#[test]
fn the_interval_over_one_uncertain_input_is_that_of_its_quantiles() {
    let text = r#"
        [hazard]
        name = "one unknown"
        prevalence = 0.01
        [goods.feed]
        half_life = "uniform(9.6 d, 14.2 d)"
        [hold]
        [target]
        risk = 1e-6
        reduction = 0.9999
        confidence = 0.9
    "#;
    let r = answer(&Hazard::parse(text).unwrap(), 0.95, 8192, 7)
        .unwrap()
        .for_reduction
        .unwrap();
    let at = |u: f64| (9.6 + u * 4.6) * 1e4f64.log2();
    for (got, u) in [
        (r.low_days, 0.025),
        (r.median_days, 0.5),
        (r.sure_days, 0.9),
        (r.high_days, 0.975),
    ] {
        assert!((got - at(u)).abs() < 0.05, "{got} for {}", at(u));
    }
}

#[test]
fn wrong_files_are_told_where_and_what() {
    let base = "[hazard]\nname = \"x\"\nprevalence = PREVALENCE\n[goods.feed]\nhalf_life = HALF\n[hold]\n[target]\nrisk = 1e-6\n";
    let error = |prevalence: &str, half: &str, extra: &str| {
        let text = base.replace("PREVALENCE", prevalence).replace("HALF", half) + extra;
        Hazard::parse(&text).unwrap_err().to_string()
    };
    assert!(
        error("1.5", "\"9 d\"", "").contains("`hazard.prevalence` is 1.5: a share between 0 and 1")
    );
    assert!(error("0.1", "\"normal(1 d, 1 d)\"", "").contains("goods.feed.half_life"));
    assert!(error("0.1", "\"uniform(3 d, 1 d)\"", "").contains("wrong order"));
    assert!(error("0.1", "\"9 fortnights\"", "").contains("`fortnights` is not a known unit"));
    assert!(error("0.1", "\"9 d\"", "[treatmint]\nefficacy = 1\n").contains("treatmint"));
    assert!(
        error("0.1", "\"9 d\"", "[goods.meat]\nhalf_life = 3\n")
            .contains("name the one that is held")
    );
    assert!(
        error("0.1", "\"9 d\"", "[test]\nsensitivity = 2\nsamples = 1\n")
            .contains("test.sensitivity")
    );
}

#[test]
fn quantities_are_read_as_the_gateway_file_writes_them() {
    let at = |text: &str, u| Uncertain::parse(text).unwrap().at(u);
    assert_eq!(at("36 h", 0.3), 1.5);
    assert_eq!(at("5 %", 0.3), 0.05);
    assert_eq!(at("1e-3", 0.3), 0.001);
    assert!((at("uniform(9.6 d, 14.2 d)", 0.5) - 11.9).abs() < 1e-12);
    // Triangular(0, 1, 4): a quarter of the mass lies below the mode.
    assert!((at("triangular(0, 1, 4)", 0.25) - 1.0).abs() < 1e-12);
    assert!((at("lognormal(3, 2)", 0.5) - 3.0).abs() < 1e-12);
    assert!((at("normal(9.6 d, 0.4 d)", 0.975) - 10.384).abs() < 1e-3);
    assert!(
        Uncertain::parse("uniform(1, 2")
            .unwrap_err()
            .to_string()
            .contains("not closed")
    );
    assert!(
        Uncertain::parse("poisson(3)")
            .unwrap_err()
            .to_string()
            .contains("not a known distribution")
    );
}
