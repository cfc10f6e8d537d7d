//! Sums of scores.

use lazaret_watch::score::{FigureScore, Horizon, Kind, Origin, Record, Scored, Tally};

fn figure(inside: bool) -> Scored {
    Scored {
        origin: Origin::Forecast,
        forecast: "f".into(),
        as_of: "2022-01-20".parse().unwrap(),
        row: "a".into(),
        says: "1".into(),
        days: 1,
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

/// A forecast that is made often does not count often, and what was foretold is told apart by kind and by how far ahead.
#[test]
fn a_tally_counts_each_day_and_report_once() {
    let of = |row: &str, date: &str, days: usize, forecast: &str, inside: bool| Scored {
        row: row.into(),
        date: date.parse().unwrap(),
        days,
        forecast: forecast.into(),
        ..figure(inside)
    };
    let walked = Scored {
        origin: Origin::Backtest,
        ..of("a", "2022-01-25", 1, "w", true)
    };
    let tally = Tally::of(&[
        of("a", "2022-01-25", 1, "seed 1", true),
        of("b", "2022-01-25", 1, "seed 1", true),
        of("c", "2022-02-03", 7, "seed 1", true),
        of("a", "2022-01-25", 1, "seed 2", false),
        walked,
    ]);
    let parts: Vec<_> = tally
        .parts
        .iter()
        .map(|part| (part.origin, part.kind, part.horizon, part.record.reports))
        .collect();
    assert_eq!(
        parts,
        [
            (Origin::Forecast, Kind::Figure, Horizon::Week, 2),
            (Origin::Forecast, Kind::OverDays, Horizon::Fortnight, 1),
            (Origin::Backtest, Kind::Figure, Horizon::Week, 1),
        ]
    );
    assert_eq!(tally.superseded, 1);
    // The later of the two about `a` stands: one of two was inside the 80 % interval.
    let record = &tally.parts[0].record;
    assert_eq!(record.coverage.unwrap()[1].share, 0.5);
    // CRPS of a half beside one of 1 by the file alone.
    assert_eq!(record.skill_to_climatology, Some(0.5));
    assert_eq!(tally.sums[0].record.reports, 3);
}
