//! Scores and their sums.

use lazaret_watch::attendance::Attendance;
use lazaret_watch::estimate::Effort;
use lazaret_watch::forecast::{Forecast, both_courses, of_courses};
use lazaret_watch::resume;
use lazaret_watch::score::{
    EventScore, FigureScore, Horizon, Kind, Origin, Record, Scored, Tally, backtest, score_forecast,
};

use crate::case::{Case, GATEWAY, count, effort};

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
            interval: Some((0.25, 2.0)),
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

/// A forecast that is made often does not count often, and what was foretold is told apart by kind and by how far
/// ahead.
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

/// What pages, digests and terminals show of the record is this, cell by cell.
#[test]
fn lines_of_a_tally_are_its_parts_and_then_their_sum() {
    let said = Scored {
        row: "b".into(),
        figure: None,
        event: Some(EventScore {
            probability: 0.9,
            happened: true,
            brier: 0.01,
            brier_climatology: 0.0099999,
        }),
        log_score: -0.1054,
        log_score_climatology: -0.25,
        ..figure(true)
    };
    let again = Scored {
        forecast: "g".into(),
        ..figure(true)
    };
    let tally = Tally::of(&[figure(true), said, again]);
    let cells: Vec<String> = tally
        .lines()
        .iter()
        .map(|line| {
            [
                line.foretold(),
                line.ahead().to_string(),
                line.reports.clone(),
                line.share(0),
                line.share(1),
                line.log_score.clone(),
                line.log_score_climatology.clone(),
                line.crps.clone(),
                line.brier.clone(),
                line.skill_to_persistence.clone(),
                line.skill_to_climatology.clone(),
            ]
            .join("|")
        })
        .collect();
    // A skill that rounds to nothing has no sign.
    assert_eq!(
        cells,
        [
            "a figure of a day|1 to 7 days|1|0 % (0 to 98 %)|100 % (3 to 100 %)|-1.00|-2.00|0.50|||0.50",
            "yes or no|1 to 7 days|1|||-0.11|-0.25||0.010||0.00",
            "all forecasts saved beforehand||2|0 % (0 to 98 %)|100 % (3 to 100 %)|-0.55|-1.12|0.50|0.010||0.50",
        ]
    );
    let superseded = tally.superseded_in_words().unwrap();
    assert!(superseded.starts_with("Superseded and not counted: 1 of"));
    assert_eq!(Tally::of(&[figure(true)]).superseded_in_words(), None);
}

#[test]
fn what_was_foretold_is_told_with_its_interval_where_the_record_has_it() {
    let told = figure(true).figure.unwrap();
    assert_eq!(told.foretold(), "1 (0.25 to 2)");
    let mut line = serde_json::to_value(told).unwrap();
    line.as_object_mut().unwrap().remove("interval");
    let of_old: FigureScore = serde_json::from_value(line).unwrap();
    assert_eq!(of_old.foretold(), "1");
}

/// Beside a forecast stand what the gateway file alone says, and what was last reported by the day of the forecast: not
/// what was reported before that, nor since.
#[test]
fn a_forecast_is_held_against_the_file_and_the_last_report() {
    let more = "[[observe]]\nsubject = \"yard\"\nquantity = \"goods\"\nof = \"in.yard\"\nmeasure = \"yes_no\"\n";
    let known = count("a", "2022-01-05", 9) + &count("b", "2022-01-10", 14);
    let case = Case::new(&known, more, "2022-01-12");
    let mut forecast: Forecast = case.ask(10, |kernel, belief, question| {
        let (prior, posterior) =
            both_courses(kernel, belief, question, &Attendance::nobody()).unwrap();
        of_courses(question, &prior, &posterior)
    });
    // As if it had been certain of 20 lots, and the file of 100 on the 18th and of none on the 19th.
    forecast.courses = None;
    let yard = forecast.series.iter_mut().find(|s| s.metric == "in.yard");
    for day in &mut yard.unwrap().days {
        day.values.fill(20.0);
        let file = if day.date.day() == 18 { 100.0 } else { 0.0 };
        day.climatology.fill(file);
    }
    let seen = count("e", "2022-01-19", 1).replace(",lots,1,1,1,,", ",goods,,1,,bool,");
    let since = count("c", "2022-01-16", 80) + &count("d", "2022-01-18", 20) + &seen;
    let after = Case::new(&format!("{known}{since}"), more, "2022-01-20");
    let scoring = score_forecast(&after.gateway, &forecast, &after.rows, &after.observations);
    let of = |id: &str| scoring.scored.iter().find(|s| s.row == id).unwrap();
    let figure = of("d").figure.unwrap();
    assert_eq!(figure.crps_persistence, Some(6.0));
    // Certain but for errors of counting and misreports; of the file 80 lots less those.
    assert!(figure.crps < 15.0, "{figure:?}");
    assert!(
        (60.0..81.0).contains(&figure.crps_climatology),
        "{figure:?}"
    );
    assert!(of("d").log_score > of("d").log_score_climatology + 2.0);
    let event = of("e").event.unwrap();
    assert!(
        event.brier < 0.05 && event.brier_climatology > 0.8,
        "{event:?}"
    );
}

#[test]
fn what_was_last_reported_is_taken_in_the_unit_of_what_is_reported_now() {
    let said = |id: &str, day: &str, length: &str| {
        format!("{id},{day},{day},clerk,press,hold,length,,{length},B,2,,\n")
    };
    let rows = said("a", "2022-01-04", "2,,week") + &said("b", "2022-01-06", "20,,day");
    let case = Case {
        effort: Effort {
            thetas: 32,
            states: 16,
            courses: 50,
            influence: false,
            ..effort(1)
        },
        ..Case::new(&rows, "", "2022-01-07")
    };
    let origin = resume::Origin {
        gateway: GATEWAY,
        rules: &case.rules_text,
    };
    let walk = case.ask(0, |kernel, belief, question| {
        backtest(
            kernel,
            &case.gateway,
            belief,
            &case.rules,
            &case.rows,
            case.as_of,
            question.effort,
            origin,
            &Attendance::nobody(),
        )
    });
    let scored = walk.unwrap().scoring.scored;
    let beside: Vec<Option<f64>> = scored
        .iter()
        .map(|one| one.figure.unwrap().crps_persistence)
        .collect();
    assert_eq!(beside, [None, Some(6.0)]);
}
