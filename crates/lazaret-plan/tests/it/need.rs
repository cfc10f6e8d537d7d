//! What a flow means.

use lazaret_plan::questions::need::{ClassFlow, meaning};

#[test]
fn a_flow_is_set_against_people_and_the_trade_before() {
    let flows = [
        ClassFlow {
            class: "medicine".into(),
            tonnes_a_year: 1000.0,
            need_kg_a_head_year: Some(0.5),
        },
        ClassFlow {
            class: "general".into(),
            tonnes_a_year: 3000.0,
            need_kg_a_head_year: None,
        },
    ];
    let m = meaning(&flows, 2_000_000.0, Some(40_000.0)).unwrap();
    assert_eq!(
        (m.tonnes_a_year, m.kg_a_head_year, m.share_of_before),
        (4000.0, 2.0, Some(0.1))
    );
    // 0.5 kg a head arrive and 0.5 kg a head are needed: a whole year's need for all.
    assert_eq!(
        (m.classes[0].days_of_need, m.classes[0].people_covered),
        (Some(365.0), Some(2_000_000.0))
    );
    assert_eq!(m.classes[1].days_of_need, None);
}

#[test]
fn numbers_that_mean_nothing_are_refused() {
    assert!(
        meaning(&[], 0.0, None)
            .unwrap_err()
            .to_string()
            .contains("the population must be above 0")
    );
    let negative = [ClassFlow {
        class: "x".into(),
        tonnes_a_year: -1.0,
        need_kg_a_head_year: None,
    }];
    assert!(
        meaning(&negative, 1.0, None)
            .unwrap_err()
            .to_string()
            .contains("the flow of x")
    );
    assert!(meaning(&[], 1.0, Some(0.0)).is_err());
}
