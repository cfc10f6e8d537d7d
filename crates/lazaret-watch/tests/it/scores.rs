//! Sums of scores.

use lazaret_watch::score::{FigureScore, Record, Scored};

fn figure(inside: bool) -> Scored {
    Scored {
        as_of: "2022-01-20".parse().unwrap(),
        row: "a".into(),
        date: "2022-01-25".parse().unwrap(),
        metric: "in.yard".into(),
        log_score: -1.0,
        log_score_climatology: -2.0,
        figure: Some(FigureScore {
            reported: 1.0,
            median: 1.0,
            crps: 0.5,
            crps_climatology: 1.0,
            crps_persistence: None,
            inside: [false, inside, true],
            pit: 0.5,
        }),
        event: None,
    }
}

/// Bounds of nine in ten as in tables of Clopper and Pearson; none and all have one bound at the end.
#[test]
fn shares_of_hits_have_the_interval_of_their_number() {
    let scored: Vec<Scored> = (0..10).map(|number| figure(number > 0)).collect();
    let [none, most, all] = Record::of(&scored).coverage.unwrap();
    assert_eq!(
        (none.share, none.low, most.share, all.high),
        (0.0, 0.0, 0.9, 1.0)
    );
    for (found, table) in [
        (none.high, 0.3085),
        (most.low, 0.5550),
        (most.high, 0.9975),
        (all.low, 0.6915),
    ] {
        assert!((found - table).abs() < 5e-5, "{found} is not {table}");
    }
    assert_eq!(most.to_string(), "90 % (55 to 100 %)");
    assert_eq!(Record::of(&[]).coverage, None);
}
