//! The files that every reader of the guide meets first read without an error or warning.

use lazaret_gateway::model::{
    Dimension, Family, HoldClock, StepIx, StepKind, Study, Term, UnknownIx, Zone,
};
use lazaret_gateway::{Reading, read};

fn no_files(_: &str) -> Result<String, String> {
    Err("there are no files in this test".to_string())
}

fn good(text: &str, overrides: &[&str]) -> Reading {
    match read(text, overrides, &no_files) {
        Ok(reading) => reading,
        Err(diagnostics) => panic!(
            "{}",
            diagnostics
                .iter()
                .map(|d| d.plain(text, overrides))
                .collect::<String>()
        ),
    }
}

const UIJU: &str = include_str!("../samples/uiju.toml");
const REFERENCE: &str = include_str!("../samples/reference.toml");

#[test]
fn the_first_file_of_the_guide_reads_unchanged() {
    let reading = good(UIJU, &[]);
    let gateway = reading.gateway;
    assert!(reading.warnings.is_empty(), "{:?}", reading.warnings);
    assert_eq!(gateway.name, "Uiju");
    assert_eq!(gateway.start.to_string(), "2022-01-15T23:00:00Z");
    assert_eq!(gateway.length.hours(), 180.0 * 24.0);
    assert_eq!(gateway.study, Study::Opening);
    let shares: Vec<Term> = gateway.goods.iter().map(|class| class.share).collect();
    assert_eq!(
        shares,
        [Term::Value(0.25), Term::Value(0.15), Term::Value(0.6)]
    );
    let StepKind::Hold { clock } = gateway.steps[2].kind else {
        panic!("the third step holds")
    };
    assert_eq!(clock, HoldClock::StepEnd(StepIx(1)));
    assert_eq!(gateway.steps[1].takes[0].family, Family::Constant);
    assert_eq!(
        gateway.steps[1].takes[0].terms,
        [Term::Unknown(UnknownIx(0))]
    );
    assert_eq!(gateway.steps[1].takes[0].dimension, Dimension::Duration);
    assert_eq!(gateway.places[1].needs.len(), 1);
    assert_eq!(
        gateway.places[1].changes[0].at.to_string(),
        "2022-02-28T15:00:00Z"
    );
    // A closure that ends on a day includes that day.
    assert_eq!(
        gateway.sources[0].closed[0].to.to_string(),
        "2022-02-03T15:00:00Z"
    );
}

#[test]
fn zones_that_are_not_given_follow_from_the_steps() {
    let gateway = good(REFERENCE, &[]).gateway;
    let zones: Vec<Zone> = gateway.places.iter().map(|place| place.zone).collect();
    assert_eq!(zones, [Zone::Dirty, Zone::DirtyToClean, Zone::Clean]);
    assert_eq!(gateway.goods[0].name, "general");
    assert!(matches!(
        gateway.steps[0].kind,
        StepKind::Unload { each_lot: false }
    ));
}

#[test]
fn overrides_change_what_the_file_says() {
    let gateway = good(
        UIJU,
        &[
            "place.yard.slots=440",
            "source.dandong.fleet=20",
            "step.hold.takes=\"14 d\"",
            "vehicle.return=\"quarantine 14 d\"",
            "unknown.hold_time=uniform(14 d, 90 d)",
            "goods.medicine.share=0.3",
            "gateway.length=365 d",
            "place.warehouse.from.0.count=7",
            "unknown.clean_time=30 h",
        ],
    )
    .gateway;
    let slots = gateway.places[2].slots.as_ref().unwrap();
    assert_eq!(slots.known_constant(), Some(440.0));
    assert_eq!(
        gateway.steps[2].takes[0].known_constant(),
        Some(14.0 * 86_400.0)
    );
    assert_eq!(gateway.unknowns[1].prior.mean(), 52.0 * 86_400.0);
    assert_eq!(gateway.unknowns[0].prior.mean(), 30.0 * 3_600.0);
    assert_eq!(gateway.length.hours(), 365.0 * 24.0);
    // The share that was set stays, the others are scaled to what it leaves.
    let shares: Vec<f64> = gateway.goods.iter().map(|c| c.share.value(&[])).collect();
    assert!((shares[0] - 0.3).abs() < 1e-12);
    assert!((shares[1] - 0.7 * 0.2).abs() < 1e-12);
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(gateway.sources[0].vehicle.quarantine.is_some());
}
