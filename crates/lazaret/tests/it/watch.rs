//! `lazaret watch`: evidence in, probabilities out.

use std::path::Path;

use serde_json::Value;

use crate::{Said, lazaret};

pub(crate) const QUICK: [&str; 8] = [
    "--thetas",
    "64",
    "--states",
    "32",
    "--runs",
    "2",
    "--threads",
    "1",
];
pub(crate) const HEAD: &str = "id,date_observed,date_published,observer,medium,subject,quantity,low,best,high,unit,admiralty_source,admiralty_info,claim,url\n";

/// Uiju in a fresh folder, with `evidence` in place of its own if some is given.
pub(crate) fn uiju(evidence: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/uiju");
    for name in ["gateway.toml", "observe.toml", "evidence.csv"] {
        std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
    // By another name, so that a board does not try them all unless it is asked to.
    let explanations = folder.path().join("explanations.toml");
    std::fs::copy(from.join("hypotheses.toml"), explanations).unwrap();
    if let Some(evidence) = evidence {
        std::fs::write(folder.path().join("evidence.csv"), evidence).unwrap();
    }
    folder
}

pub(crate) fn watch(folder: &Path, question: &str, more: &[&str]) -> Said {
    let mut words = vec!["watch", question, "gateway.toml", "evidence.csv"];
    words.extend(QUICK);
    words.extend(more);
    lazaret(folder, &words)
}

pub(crate) fn json(folder: &Path, question: &str, more: &[&str]) -> Value {
    let mut words = vec!["--json"];
    words.extend(more);
    let said = watch(folder, question, &words);
    assert_eq!(said.code, Some(0), "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

pub(crate) fn row(
    id: &str,
    day: &str,
    published: &str,
    what: &str,
    value: &str,
    grades: &str,
) -> String {
    format!("{id},{day},{published},somebody,press,{what},,{value},,{grades},said,\n")
}

#[test]
fn the_json_of_an_estimate_is_what_the_guide_promises() {
    let folder = uiju(None);
    let answer = json(
        folder.path(),
        "estimate",
        &[
            "--as-of",
            "2022-02-03",
            "--ask",
            "hold_time > 20 d",
            "--ask",
            "in.yard > 150",
        ],
    );
    assert_eq!(answer["as_of"], "2022-02-03");
    for figure in ["mean", "sd", "q05", "q25", "q50", "q75", "q95"] {
        assert!(
            answer["unknowns"]["hold_time"][figure].is_number(),
            "{figure}"
        );
        assert!(
            answer["unknowns"]["hold_time"]["prior"][figure].is_number(),
            "{figure}"
        );
        assert!(
            answer["state"]["in.yard"][0][figure].is_number(),
            "{figure}"
        );
    }
    // Days, not seconds: ten days to three months beforehand.
    let median = answer["unknowns"]["hold_time"]["q50"].as_f64().unwrap();
    assert!((10.0..60.0).contains(&median), "{median}");
    assert_eq!(answer["state"]["in.yard"][0]["date"], "2022-01-16");
    assert_eq!(answer["state"]["in.yard"][18]["date"], "2022-02-03");
    assert!(answer["log_evidence"]["mean"].is_number());
    assert!(answer["log_evidence"]["spread"].is_number());
    assert!(answer["conflicts"].is_array());
    assert!(
        answer["diagnostics"]
            .as_array()
            .is_some_and(|said| !said.is_empty())
    );
    for source in answer["sources"].as_array().unwrap() {
        assert!(source["learned"]["q05"].is_number(), "{source}");
    }
    let grades = answer["grades"].as_array().unwrap();
    let national = grades.iter().find(|g| g["source"] == "Rodong Sinmun");
    let national = national.unwrap();
    assert_eq!(
        (&national["letter"], &national["rows"]),
        (&"B".into(), &1.into())
    );
    assert_eq!(national["before"]["mean"], 0.08);
    assert!(national["after"]["mean"].is_number());
    let unused = answer["unused_rows"].as_array().unwrap();
    assert!(
        unused
            .iter()
            .all(|row| row["id"].is_string() && row["why"].is_string())
    );
    let used = answer["rows"].as_array().unwrap();
    assert_eq!(
        used.len() + unused.len(),
        78,
        "no row is dropped in silence"
    );
    for ask in answer["asks"].as_array().unwrap() {
        let p = ask["probability"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&p));
        assert!(
            ask["standard_error"]
                .as_f64()
                .is_some_and(|error| error < 0.2)
        );
    }
}

#[test]
fn wrong_evidence_is_shown_whole_and_at_its_place() {
    let mut text = HEAD.to_string();
    text += &row(
        "A",
        "2022-13-01",
        "2022-02-01",
        "uiju_platform,wagons_on_site",
        "4",
        "wagon,B,2",
    );
    text += &row(
        "B",
        "2022-01-20",
        "2022-02-01",
        "uiju_platform,wagons_on_site",
        "4",
        "wagon,Q,2",
    );
    text += &row(
        "B",
        "2022-01-20",
        "2022-01-10",
        "uiju_platform,wagons_on_site",
        "4",
        "wagon,B,2",
    );
    let folder = uiju(Some(&text));
    for question in [
        vec!["check", "evidence.csv"],
        vec!["estimate", "gateway.toml", "evidence.csv"],
    ] {
        let mut words = vec!["watch"];
        words.extend(question);
        let said = lazaret(folder.path(), &words);
        assert_eq!(said.code, Some(2));
        assert_eq!(said.out, "");
        // The date, the grade, the id that is there twice, and the row that was published before the event.
        for place in ["evidence.csv:2:3", "evidence.csv:3:", "evidence.csv:4:"] {
            assert!(said.err.contains(place), "{place} is not in\n{}", said.err);
        }
        assert!(
            said.err.contains("2022-13-01") && said.err.contains("`Q`"),
            "{}",
            said.err
        );
        assert!(said.err.contains("4 errors"), "{}", said.err);
    }
}

#[test]
fn what_is_wrong_in_many_rows_is_counted_and_listed_whole_for_machines() {
    let mut text = HEAD.to_string();
    let day = "2022-01-20";
    for i in 0..3000 {
        let (value, grades) = match i % 3 {
            0 => ("many", "wagon,B,2"),
            1 => ("4", "wagon,Q,2"),
            _ => ("4", "wagon,B,2"),
        };
        let id = format!("R{}", i % 2999);
        text += &row(&id, day, day, "uiju_platform,wagons_on_site", value, grades);
    }
    let folder = uiju(Some(&text));
    let said = lazaret(folder.path(), &["watch", "check", "evidence.csv"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    let sum = "evidence.csv: 2001 errors: 1000 bad-number, 1 duplicate-id, 1000 unknown-grade";
    assert!(said.err.contains(sum), "{}", said.err);
    assert!(said.err.contains("… and 1961 more"), "{}", said.err);
    // The lines of the first and, of those shown, the last.
    assert!(said.err.contains("evidence.csv:2:") && said.err.contains("evidence.csv:60:"));

    let said = lazaret(folder.path(), &["watch", "check", "evidence.csv", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(2), ""));
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&answer["ok"], &answer["errors"]),
        (&false.into(), &2001.into())
    );
    let listed = answer["diagnostics"].as_array().unwrap();
    assert_eq!(listed.len(), 2001);
    let last = &listed[2000];
    assert_eq!(last["code"], "duplicate-id");
    assert_eq!(last["labels"][0]["line"], 3001);
    assert_eq!(
        (&last["labels"][1]["line"], &last["labels"][1]["column"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn a_wrong_day_is_told_with_the_option_that_gave_it() {
    let folder = uiju(None);
    for (question, more, told) in [
        (
            "estimate",
            vec!["--as-of", "3 May"],
            "--as-of `3 May` is not a date",
        ),
        (
            "estimate",
            vec!["--as-of", "2040-01-01"],
            "is --as-of right?",
        ),
        (
            "forecast",
            vec!["--until", "soon"],
            "--until `soon` is not a date",
        ),
        (
            "forecast",
            vec!["--until", "2040-01-01"],
            "2040-01-01 is more than ten years after the gateway file starts on 2022-01-16; is --until right?",
        ),
        (
            "digest",
            vec!["--from", "x", "--to", "2022-01-20"],
            "--from `x` is not a date",
        ),
    ] {
        let said = watch(folder.path(), question, &more);
        assert_eq!(said.code, Some(2), "{question} {more:?}");
        assert!(said.err.contains(told), "{}", said.err);
    }
}

/// A walk over history goes on after the day to which the file was written; it does so, and says so.
#[test]
fn evidence_that_goes_on_after_the_file_ends_is_weighed_and_told() {
    let folder = uiju(None);
    let short = ["--set", "gateway.length=\"12 d\"", "--no-influence"];
    let said = watch(folder.path(), "estimate", &short);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = "describes the place until 2022-01-28, and the evidence goes on to 2022-02-03";
    assert!(said.err.contains(told), "{}", said.err);
    assert!(said.err.contains("gateway.length=\"19 d\""), "{}", said.err);
    let said = watch(folder.path(), "estimate", &["--no-influence"]);
    assert!(!said.err.contains("goes on to"), "{}", said.err);
}

#[test]
fn of_many_rows_that_nothing_maps_the_commonest_are_shown_and_all_are_listed_for_machines() {
    let mut text = HEAD.to_string();
    let day = "2022-01-20";
    for i in 0..400 {
        let of = format!("elsewhere_{},wagons", if i < 300 { i } else { 0 });
        text += &row(&format!("R{i}"), day, day, &of, "4", "wagon,B,2");
    }
    text += &row(
        "U",
        day,
        day,
        "uiju_platform,wagons_on_site",
        "4",
        "wagon,B,2",
    );
    let folder = uiju(Some(&text));
    let said = lazaret(folder.path(), &["watch", "check", "evidence.csv"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.out
            .starts_with("401 rows, no errors; 1 say something about Uiju, 400 do not\n")
    );
    assert!(said.out.contains("R0 R300"), "{}", said.out);
    assert!(
        said.out.contains("… and 240 rows of 240 more subjects"),
        "{}",
        said.out
    );
    let said = lazaret(folder.path(), &["watch", "check", "evidence.csv", "--json"]);
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answer["used"], serde_json::json!(["U"]));
    assert_eq!(answer["unused_rows"].as_array().unwrap().len(), 400);
    assert_eq!(answer["unused_rows"][399]["line"], 401);
    let page = watch(
        folder.path(),
        "estimate",
        &["--no-influence", "--report", "out.html"],
    );
    assert_eq!(page.code, Some(0), "{}", page.err);
}

#[test]
fn without_evidence_the_answer_is_the_prior() {
    let folder = uiju(Some(HEAD));
    let answer = json(folder.path(), "estimate", &["--as-of", "2022-02-03"]);
    let hold = &answer["unknowns"]["hold_time"];
    let (after, before) = (
        hold["mean"].as_f64().unwrap(),
        hold["prior"]["mean"].as_f64().unwrap(),
    );
    // 4,000 draws of a prior with a standard deviation of 29 days, a standard error of 0.46, beside an even grid: 6 of
    // them.
    assert!((after - before).abs() < 2.9, "{after} and {before}");
    let said = answer["diagnostics"][0].as_str().unwrap();
    assert!(said.contains("the answer is the prior"), "{said}");
    assert_eq!(answer["log_evidence"]["mean"], 0.0);
}

#[test]
fn what_was_published_later_was_not_known() {
    let folder = uiju(None);
    let early = json(folder.path(), "estimate", &["--as-of", "2022-01-20"]);
    let unused = early["unused_rows"].as_array().unwrap();
    assert!(unused.iter().any(|row| row["why"] == "not yet published"));
    let late = json(folder.path(), "estimate", &["--as-of", "2022-02-03"]);
    let used = |answer: &Value| answer["rows"].as_array().unwrap().len();
    assert!(used(&early) < used(&late));
}

#[test]
fn contradictions_are_reported_with_what_they_contradict() {
    let mut text = HEAD.to_string();
    let wagons = "uiju_platform,wagons_on_site";
    for (id, value) in [
        ("A1", "4"),
        ("A2", "4"),
        ("A3", "4"),
        ("B1", "38"),
        ("B2", "38"),
        ("B3", "38"),
    ] {
        let grades = if id.starts_with('A') {
            "wagon,A,1"
        } else {
            "wagon,D,1"
        };
        text += &row(id, "2022-01-26", "2022-01-27", wagons, value, grades);
    }
    let folder = uiju(Some(&text));
    let answer = json(folder.path(), "estimate", &["--as-of", "2022-02-03"]);
    let conflicts = answer["conflicts"].as_array().unwrap();
    assert!(!conflicts.is_empty(), "{answer:#}");
    for conflict in conflicts {
        let other = if conflict["id"].as_str().unwrap().starts_with('A') {
            'B'
        } else {
            'A'
        };
        let with = conflict["with"].as_array().unwrap();
        assert!(
            with.iter()
                .any(|id| id.as_str().unwrap().starts_with(other)),
            "{conflicts:?}"
        );
    }
}

#[test]
fn a_kept_estimate_goes_on_as_if_it_had_not_been_stopped() {
    let folder = uiju(None);
    let (early, late) = (["--as-of", "2022-01-27"], ["--as-of", "2022-02-03"]);
    let kept = watch(
        folder.path(),
        "estimate",
        &[&early[..], &["--save", "kept.json"]].concat(),
    );
    assert_eq!(kept.code, Some(0), "{}", kept.err);
    let resumed = json(
        folder.path(),
        "estimate",
        &[&late[..], &["--resume", "kept.json"]].concat(),
    );
    let whole = json(folder.path(), "estimate", &late);
    let hold =
        |answer: &Value, figure: &str| answer["unknowns"]["hold_time"][figure].as_f64().unwrap();
    // Late rows reweight what was there: another way to the same posterior, within a standard error or two of 64 draws.
    assert!((hold(&resumed, "mean") - hold(&whole, "mean")).abs() < 3.0);
    assert_eq!(
        resumed["rows"].as_array().unwrap().len(),
        whole["rows"].as_array().unwrap().len()
    );
    let at_once = json(
        folder.path(),
        "estimate",
        &[&early[..], &["--resume", "kept.json"]].concat(),
    );
    assert_eq!(
        at_once,
        json(folder.path(), "estimate", &early),
        "nothing new: the same to the last bit"
    );
}

#[test]
fn a_kept_estimate_of_something_else_is_refused() {
    let folder = uiju(None);
    let kept = watch(
        folder.path(),
        "estimate",
        &["--as-of", "2022-02-03", "--save", "kept.json"],
    );
    assert_eq!(kept.code, Some(0), "{}", kept.err);
    let evidence = std::fs::read_to_string(folder.path().join("evidence.csv")).unwrap();
    let refused = |more: &[&str], why: &str| {
        let said = watch(
            folder.path(),
            "estimate",
            &[more, &["--resume", "kept.json"]].concat(),
        );
        assert_eq!(said.code, Some(2), "{}", said.out);
        assert!(said.err.contains(why), "{why} is not in {}", said.err);
    };
    let day = ["--as-of", "2022-02-03"];
    refused(
        &[&day[..], &["--seed", "2"]].concat(),
        "its seed is 1, but 2 was requested",
    );
    refused(
        &[&day[..], &["--set", "place.yard.slots=900"]].concat(),
        "another gateway file",
    );
    refused(&["--as-of", "2022-01-20"], "published by 2022-02-03");
    let used = json(folder.path(), "estimate", &day)["rows"][0]["name"]
        .as_str()
        .unwrap()
        .to_string();
    let kept_as = |evidence: &str| {
        std::fs::write(folder.path().join("evidence.csv"), evidence).unwrap();
    };
    let regraded: String = evidence
        .lines()
        .map(|line| {
            if line.starts_with(&format!("{used},")) {
                // The grade of its source, which no row of the example has.
                let [a, b, c] = [",A,", ",B,", ",C,"].map(|grade| line.replacen(grade, ",E,", 1));
                let other = [a, b, c].into_iter().find(|other| other != line).unwrap();
                format!("{other}\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    kept_as(&regraded);
    refused(&day, &format!("row `{used}` (line "));
    kept_as(&evidence);
    let rules = folder.path().join("observe.toml");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, format!("{text}\n# other words\n")).unwrap();
    refused(&day, "other observation rules");
    std::fs::write(&rules, text).unwrap();
    let without: String = evidence
        .lines()
        .filter(|line| !line.starts_with(&format!("{used},")))
        .map(|line| format!("{line}\n"))
        .collect();
    kept_as(&without);
    refused(
        &day,
        &format!("row `{used}`, which it has weighed, is not in the evidence"),
    );
}

#[test]
fn threads_do_not_change_an_answer() {
    let folder = uiju(None);
    let with = |threads: &str| {
        let words = [
            "watch",
            "estimate",
            "gateway.toml",
            "evidence.csv",
            "--as-of",
            "2022-02-03",
            "--thetas",
            "64",
            "--states",
            "32",
            "--runs",
            "1",
            "--json",
            "--threads",
            threads,
        ];
        lazaret(folder.path(), &words).out
    };
    let one = with("1");
    assert!(one.len() > 1000);
    assert!(
        one == with("3"),
        "the same bytes on one thread and on three"
    );
}

#[test]
fn every_question_writes_a_page_that_needs_nothing_else() {
    let folder = uiju(None);
    let day = ["--as-of", "2022-02-03", "--report", "out.html"];
    let early = ["--as-of", "2022-01-24", "--report", "out.html"];
    let page = |said: Said| {
        assert_eq!(said.code, Some(0), "{}", said.err);
        let path = folder.path().join("out.html");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        assert!(text.starts_with("<!doctype html>") && text.ends_with("</html>\n"));
        assert!(
            !text.contains("<script") && !text.contains(" src="),
            "it loads something"
        );
        text
    };
    let board = page(watch(
        folder.path(),
        "estimate",
        &[&day[..], &["--ask", "hold_time > 20 d"]].concat(),
    ));
    assert!(board.contains("<h2>Unknowns"));
    // A probability stands with the error of its computation, a shift with its unit.
    let asked = board.split("hold_time &gt; 20 d</b>").nth(1).unwrap();
    let asked = asked.split("</tr>").next().unwrap();
    assert!(
        asked.contains(" points by chance of the computation"),
        "{asked}"
    );
    let moved = board.split("shifts of means").nth(1).unwrap();
    let shift = moved.split("hold_time ").nth(1).unwrap();
    let shift = shift.split(['<', ',']).next().unwrap();
    assert!(shift.ends_with(" d"), "{shift}");
    let forecast = [&day[..], &["--until", "2022-03-01", "--save", "kept.json"]].concat();
    assert!(page(watch(folder.path(), "forecast", &forecast)).contains("<h2>Dates"));
    let looks = page(watch(folder.path(), "next", &day));
    assert!(looks.contains(
        "should be looked at next to learn about hold_time, as known on 3 February 2022?"
    ));
    assert!(page(watch(folder.path(), "backtest", &early)).contains("Report by report"));
    let compare = [&["explanations.toml"], &day[..]].concat();
    assert!(page(watch(folder.path(), "compare", &compare)).contains("not distinguishable"));
    let score = [
        "watch",
        "score",
        "kept.json",
        "evidence.csv",
        "--report",
        "out.html",
    ];
    assert!(page(lazaret(folder.path(), &score)).contains("Record of forecasts"));
}
