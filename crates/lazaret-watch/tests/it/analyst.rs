//! What analysts work with: tables of choices, explanations day by day, rows beside their expectation, imports, track records.

use lazaret_smc::evidence::LogEvidence;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::compare::{Hypothesis, Trial, judge};
use lazaret_watch::estimate::{Ask, Effort, estimate};
use lazaret_watch::evidence;
use lazaret_watch::import::{Alike, catalogue, geojson};
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::sensitivity::{choices, lines, would_change};
use lazaret_watch::track::{STRENGTH, learn};

use crate::case::{Case, HEAD, effort};

fn alike() -> Alike<'static> {
    Alike {
        observer: "Analyst, one",
        subject: "yard",
        quantity: "lots",
        grades: "B2",
        prefix: "G-",
        published: None,
    }
}

#[test]
fn marks_of_a_geojson_file_become_a_count_a_day() {
    let mark = |day: &str| {
        format!(r#"{{"type":"Feature","properties":{{"date":"{day}"}},"geometry":null}}"#)
    };
    let file = |marks: &[String]| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{}]}}"#,
            marks.join(",")
        )
    };
    let text = file(&[
        mark("2022-01-18"),
        mark("2022-01-18T02:11:00Z"),
        mark("2022-01-20"),
    ]);
    let rows = evidence::read(&geojson(&text, None, &alike()).unwrap())
        .unwrap()
        .rows;
    let told: Vec<(String, Option<f64>)> = rows
        .iter()
        .map(|r| (r.observed.to_string(), r.best))
        .collect();
    assert_eq!(
        told,
        [
            ("2022-01-18".to_string(), Some(2.0)),
            ("2022-01-20".to_string(), Some(1.0))
        ]
    );
    assert_eq!(
        (rows[0].observer.as_str(), rows[0].id.as_str()),
        ("Analyst, one", "G-2022-01-18")
    );
    let wrong = geojson(&file(&[mark("2022-01-18"), mark("soon")]), None, &alike()).unwrap_err();
    assert!(wrong.contains("feature 2 has no day"), "{wrong}");
    assert!(
        geojson("{}", None, &alike())
            .unwrap_err()
            .contains("FeatureCollection")
    );
    assert!(
        geojson("[", None, &alike())
            .unwrap_err()
            .contains("not JSON")
    );
}

#[test]
fn images_of_a_catalogue_become_looks_that_say_nothing_by_themselves() {
    let text = "id,acquired,cloud_cover,gsd,view_angle\nS1,2022-01-18T02:11:00Z,40,3.7,12\n\"S,2\",2022-01-20,0,3.7,\n";
    let rows = evidence::read(&catalogue(text, &alike()).unwrap())
        .unwrap()
        .rows;
    let sight = rows[0].sight.as_deref().unwrap();
    assert_eq!(
        (sight.cloud, sight.resolution_m, sight.angle_deg),
        (Some(0.4), Some(3.7), Some(12.0))
    );
    assert_eq!(rows[1].id.as_str(), "G-S,2");
    assert!(rows.iter().all(|row| !row.has_value()));
    let wrong = |text: &str| catalogue(text, &alike()).unwrap_err();
    assert!(wrong("name,cloud\nx,1\n").contains("no column holds the day"));
    assert!(wrong("date,cloud\n2022-01-18,much\n").contains("line 2: `much` is not a cloud cover"));
    assert!(wrong("date\nyesterday\n").contains("line 2 has no day"));
}

#[test]
fn spreads_of_kinds_are_learned_from_what_was_seen_later() {
    let head = HEAD.trim_end().to_string() + ",kind\n";
    let row = |id: &str, observed: &str, published: &str, best: u32, kind: &str| {
        format!("{id},{observed},{published},x,press,yard,stay,,{best},,day,B,2,,,{kind}\n")
    };
    // Two guesses, of half and of a quarter of what was seen; a third is about a time of which nothing was seen.
    let text = head
        + &row("a", "2022-01-01/2022-03-01", "2022-01-02", 30, "expected")
        + &row("b", "2022-01-01/2022-03-01", "2022-01-03", 15, "expected")
        + &row("c", "2023-01-01", "2023-01-03", 15, "expected")
        + &row("d", "2022-02-01", "2022-02-02", 60, "seen")
        + &row("e", "2022-02-01", "2022-02-20", 90, "seen");
    let rows = evidence::read(&text).unwrap().rows;
    let learned = learn(&[&rows]);
    let of = |kind: &str| learned.iter().find(|l| l.kind == kind).unwrap();
    let (a, b) = (0.5_f64.ln(), 0.25_f64.ln());
    let exact = ((STRENGTH * 0.49 + a * a + b * b) / (STRENGTH + 2.0)).sqrt();
    assert_eq!(of("expected").outcomes, 2);
    assert!((of("expected").spread - exact).abs() < 1e-12);
    assert!((of("expected").bias - 0.5 * (a + b)).abs() < 1e-12);
    assert_eq!((of("rule").outcomes, of("rule").spread), (0, 0.35));
    // Twice the same file is twice the evidence.
    assert_eq!(learn(&[&rows, &rows])[2].outcomes, 4);
}

#[test]
fn beliefs_in_explanations_follow_the_days_of_the_rows() {
    let hypothesis = |id: &str| Hypothesis {
        id: id.to_string(),
        group: "g".to_string(),
        says: String::new(),
        weight: if id == "long" { 3.0 } else { 1.0 },
        set: vec![id.to_string()],
    };
    let trial = |increments: [f64; 3]| Trial {
        evidence: LogEvidence {
            runs: vec![increments.iter().sum()],
        },
        error: 0.0,
        disagreement: None,
        increments: increments.to_vec(),
        predictive_check: 0.5,
    };
    let ids: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
    let dates: Vec<jiff::civil::Date> = ["2022-01-03", "2022-01-03", "2022-01-09"]
        .map(|d| d.parse().unwrap())
        .to_vec();
    let hypotheses = [hypothesis("long"), hypothesis("short")];
    let trials = [trial([-1.0, -0.5, -2.0]), trial([-0.5, -0.5, -0.1])];
    let group = &judge(&hypotheses, &trials, &ids, &dates)[0];
    let told: Vec<f64> = group.over_time.iter().map(|of| of.beliefs[0]).collect();
    let by_hand = |log: f64| 3.0 * log.exp() / (1.0 + 3.0 * log.exp());
    assert_eq!(told.len(), 2);
    assert!(
        (told[0] - by_hand(-0.5)).abs() < 1e-12 && (told[1] - by_hand(-2.4)).abs() < 1e-12,
        "{told:?}"
    );
    assert!((told[1] - group.hypotheses[0].posterior.unwrap()).abs() < 1e-12);
}

fn guesses() -> Case {
    let head = HEAD.trim_end().to_string() + ",kind,story\n";
    let row = |id: &str, days: u32| {
        format!(
            "{id},2022-01-10,2022-01-11,{id},press,hold,length,{days},{days},{days},day,A,1,,,expected,tale\n"
        )
    };
    let text = head + &row("one", 44) + &row("two", 45) + &row("three", 44);
    let mut case = Case::of(&text, "[kinds]\nexpected = 0.7\n", "2022-01-12");
    case.effort = Effort {
        thetas: 256,
        runs: 2,
        ..effort(3)
    };
    case
}

#[test]
fn what_an_answer_owes_to_kinds_and_stories_stands_in_one_table() {
    let case = guesses();
    let all = choices(&case.rules);
    let (made, names) = case.ask(0, |_, _, question| {
        let ask = Ask::parse("hold_time > 32 d", question.gateway).unwrap();
        let kernel = |_: &_| {
            CountKernel::new(question.gateway, question.until + 1).map_err(|e| e.to_string())
        };
        let made = lines(kernel, question, &all, &[ask], &Attendance::nobody()).unwrap();
        (made, vec!["hold_time"])
    });
    let of = |says: &str| made.iter().find(|line| line.choice.contains(says)).unwrap();
    let p = |says: &str| of(says).asks[0].probability;
    assert_eq!(made[0].choice, "as the rules say");
    // A sighting of 44 days settles it, one guess at it does not; three guesses by as many heads say more than one.
    let told: Vec<(&str, f64)> = made
        .iter()
        .map(|line| (line.choice.as_str(), line.asks[0].probability))
        .collect();
    assert!(
        p("sharp as sightings") > p("as the rules say") + 0.2,
        "{told:?}"
    );
    assert!(
        p("speaks for itself") > p("as the rules say") + 0.03,
        "{told:?}"
    );
    assert!(
        p("spreads twice as wide") < p("as the rules say"),
        "{told:?}"
    );
    let said = would_change(&made, &names);
    assert!(said[0].contains("sightings"), "{said:?}");
    assert!(would_change(&made[..1], &names).is_empty());
}

#[test]
fn rows_stand_beside_what_would_be_expected_of_them_and_stories_say_what_they_say() {
    let case = guesses();
    let made = case.ask(0, |kernel, belief, question| {
        estimate(kernel, belief, question, &[], &Attendance::nobody()).unwrap()
    });
    let first = &made.predicted[0];
    assert_eq!((first.id.as_str(), first.says.as_str()), ("one", "44 day"));
    let (low, middle, high) = (first.q05.unwrap(), first.q50.unwrap(), first.q95.unwrap());
    assert!(
        low < middle && middle < high && low < 44.0 && 44.0 < high,
        "{first:?}"
    );
    // A guess of 44 days with the spread of a guess: its likelihood is greatest near 44 days, and falls on either side.
    let says = &made.stories[0].says_of[0];
    let best = says
        .log_likelihood
        .iter()
        .position(|log| *log == Some(0.0))
        .unwrap();
    assert!(says.at[best] > 25.0, "{says:?}");
    assert!(
        says.log_likelihood[0].is_none_or(|log| log < -0.7),
        "{says:?}"
    );
}
