//! The record of hits and misses that scoring keeps without being asked.

use std::path::Path;

use serde_json::Value;

use crate::watch::{HEAD, json, row, uiju, watch};
use crate::{Said, lazaret};

const RECORD: &str = "evidence.scores.jsonl";

fn score(folder: &Path, more: &[&str]) -> Said {
    let mut words = vec!["watch", "score", "forecast.json", "evidence.csv"];
    words.extend(more);
    lazaret(folder, &words)
}

fn scored(folder: &Path, more: &[&str]) -> Value {
    let said = score(folder, &[more, &["--json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

fn kept(folder: &Path) -> String {
    std::fs::read_to_string(folder.join(RECORD)).unwrap_or_default()
}

/// A forecast of 20 January until 20 February, and what was reported before and since.
fn foretold(later: &str) -> tempfile::TempDir {
    let wagons = "uiju_platform,wagons_on_site";
    let known = row("A", "2022-01-19", "2022-01-19", wagons, "17", "wagon,B,2");
    let folder = uiju(Some(&format!("{HEAD}{known}")));
    let save = ["--until", "2022-02-20", "--save", "forecast.json"];
    let said = watch(folder.path(), "forecast", &save);
    assert_eq!(said.code, Some(0), "{}", said.err);
    add(folder.path(), later);
    folder
}

fn add(folder: &Path, rows: &str) {
    let path = folder.join("evidence.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}{rows}")).unwrap();
}

fn wagons(id: &str, day: &str, count: &str) -> String {
    row(
        id,
        day,
        day,
        "uiju_platform,wagons_on_site",
        count,
        "wagon,B,2",
    )
}

#[test]
fn scores_are_kept_beside_the_evidence_and_each_counts_once() {
    let first = wagons("B", "2022-01-25", "16") + &wagons("C", "2022-02-01", "18");
    let folder = foretold(&first);
    let folder = folder.path();
    assert_eq!(scored(folder, &["--no-record"])["tally"], Value::Null);
    assert_eq!(kept(folder), "", "nothing is kept that is not wanted");

    let answer = scored(folder, &[]);
    assert_eq!(answer["scores"].as_array().unwrap().len(), 2);
    assert_eq!(kept(folder).lines().count(), 2);
    let horizons: Vec<&str> = answer["tally"]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["horizon"].as_str().unwrap())
        .collect();
    assert_eq!(horizons, ["week", "fortnight"]);

    let once = kept(folder);
    scored(folder, &[]);
    assert_eq!(kept(folder), once, "what is scored again is known already");

    add(folder, &wagons("D", "2022-02-10", "3"));
    scored(folder, &[]);
    let twice = kept(folder);
    assert!(
        twice.starts_with(&once) && twice.lines().count() == 3,
        "{twice}"
    );

    // A row that is corrected says something else: what was said first stays, the later counts.
    let path = folder.join("evidence.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replace(
            &wagons("D", "2022-02-10", "3"),
            &wagons("D", "2022-02-10", "15"),
        ),
    )
    .unwrap();
    let answer = scored(folder, &[]);
    assert_eq!(kept(folder).lines().count(), 4);
    assert_eq!(answer["tally"]["superseded"], 1);
    assert_eq!(answer["tally"]["sums"][0]["record"]["reports"], 3);

    let elsewhere = scored(folder, &["--record", "other.jsonl"]);
    assert_eq!(elsewhere["tally"]["sums"][0]["record"]["reports"], 3);
    assert_eq!(kept(folder).lines().count(), 4);

    let said = score(folder, &[]);
    assert!(
        said.out
            .contains("The record so far, evidence.scores.jsonl"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("all forecasts saved beforehand"),
        "{}",
        said.out
    );
}

#[test]
fn half_a_line_is_left_out_and_named_and_a_spoilt_line_is_refused_at_its_place() {
    let folder = foretold(&(wagons("B", "2022-01-25", "16") + &wagons("C", "2022-02-01", "18")));
    let folder = folder.path();
    scored(folder, &[]);
    let whole = kept(folder);
    let path = folder.join(RECORD);
    std::fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    let said = score(folder, &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("line 2, is incomplete"), "{}", said.err);
    assert_eq!(
        kept(folder),
        whole,
        "the score is added again, as a whole line"
    );

    // The last line is whole but for its end.
    std::fs::write(&path, whole.trim_end()).unwrap();
    assert_eq!(score(folder, &[]).err, "");
    assert_eq!(kept(folder), whole);

    std::fs::write(&path, format!("no score\n{whole}")).unwrap();
    let said = score(folder, &[]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("line 1 is not a score"), "{}", said.err);
    assert!(said.err.contains("--no-record"), "{}", said.err);
    assert_eq!(score(folder, &["--no-record"]).code, Some(0));
}

#[test]
fn rates_over_days_lengths_of_time_and_what_was_so_already_are_scored() {
    let rows = [
        // Seven days in the time of the forecast, five across its beginning, and one that ends after it.
        row(
            "R",
            "2022-01-25/2022-01-31",
            "2022-02-01",
            "service,wagons_per_day",
            "16",
            "wagon/day,B,2",
        ),
        row(
            "S",
            "2022-01-17/2022-01-23",
            "2022-02-01",
            "service,wagons_per_day",
            "16",
            "wagon/day,B,2",
        ),
        row(
            "T",
            "2022-02-15/2022-02-25",
            "2022-02-26",
            "service,wagons_per_day",
            "16",
            "wagon/day,B,2",
        ),
        row(
            "H",
            "2022-02-01",
            "2022-02-01",
            "goods,held",
            "20",
            "day,B,2",
        ),
        row(
            "P",
            "2022-01-18",
            "2022-02-01",
            "uiju_platform,wagons_on_site",
            "17",
            "wagon,B,2",
        ),
        row(
            "U",
            "2022-02-01",
            "2022-02-01",
            "elsewhere,wagons",
            "17",
            "wagon,B,2",
        ),
    ];
    let folder = foretold("");
    let folder = folder.path();
    let path = folder.join("observe.toml");
    let rules = std::fs::read_to_string(&path).unwrap();
    let more = "\n[[observe]]\nsubject = \"goods\"\nquantity = \"held\"\nof = \"hold_time\"\nmeasure = \"duration\"\n";
    std::fs::write(&path, format!("{rules}{more}")).unwrap();
    add(folder, &rows.concat());

    let answer = scored(folder, &[]);
    let scores = answer["scores"].as_array().unwrap();
    let of = |id: &str| scores.iter().find(|s| s["row"] == id);
    for (id, days) in [("R", 7), ("S", 7), ("H", 1), ("P", 1)] {
        let score = of(id).unwrap_or_else(|| panic!("{id} is not scored: {answer:#}"));
        assert_eq!(score["days"], days, "{id}");
        assert!(score["figure"]["crps"].is_number(), "{score:#}");
        let of = |what: &str| score["figure"].pointer(what).unwrap().as_f64().unwrap();
        let (low, high) = (of("/interval/0"), of("/interval/1"));
        assert!(low <= of("/median") && of("/median") <= high, "{score:#}");
        let inside = low <= of("/reported") && of("/reported") <= high;
        assert_eq!(score["figure"]["inside"][2], inside, "{score:#}");
    }
    // A train of 15 to 20 wagons a day: the mean over a week is far surer than a day.
    let median = of("R").unwrap()["figure"]["median"].as_f64().unwrap();
    assert!((12.0..=20.0).contains(&median), "{median}");
    let why = |id: &str| {
        let unscored = answer["unscored"].as_array().unwrap();
        let found = unscored.iter().find(|u| u["row"] == id).unwrap();
        found["why"].as_str().unwrap().to_string()
    };
    assert_eq!(
        why("T"),
        "about 2022-02-25, after the last day of the forecast"
    );
    assert_eq!(why("U"), "no observation rule says what it measures");
    let kinds: Vec<&str> = answer["tally"]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"over_days"), "{kinds:?}");

    // A forecast without courses speaks of days alone, and says so.
    let text = std::fs::read_to_string(folder.join("forecast.json")).unwrap();
    let mut forecast: Value = serde_json::from_str(&text).unwrap();
    forecast.as_object_mut().unwrap().remove("courses");
    std::fs::write(folder.join("forecast.json"), forecast.to_string()).unwrap();
    let answer = scored(folder, &["--no-record"]);
    let unscored = answer["unscored"].as_array().unwrap();
    let r = unscored.iter().find(|u| u["row"] == "R").unwrap();
    assert!(
        r["why"].as_str().unwrap().contains("stores no courses"),
        "{r}"
    );
}

#[test]
fn a_walk_adds_to_the_record_and_pages_show_it() {
    let folder = uiju(None);
    let folder = folder.path();
    let early = ["--as-of", "2022-01-21"];
    let first = json(folder, "backtest", &early);
    let scores = first["scores"].as_array().unwrap().len();
    assert!(scores > 3, "{first:#}");
    assert!(!first["unscored"].as_array().unwrap().is_empty());
    assert_eq!(kept(folder).lines().count(), scores);
    assert_eq!(json(folder, "backtest", &early), first);
    assert_eq!(
        kept(folder).lines().count(),
        scores,
        "a walk that is walked again counts once"
    );
    json(folder, "backtest", &[&early[..], &["--seed", "2"]].concat());
    assert_eq!(
        kept(folder).lines().count(),
        2 * scores,
        "another seed is another forecast"
    );

    let day = ["--as-of", "2022-01-21", "--report", "out.html"];
    let page = |question: &str, more: &[&str]| {
        let said = watch(folder, question, &[&day[..], more].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        std::fs::read_to_string(folder.join("out.html")).unwrap()
    };
    let heading = "Record of forecasts";
    let board = page("estimate", &["--no-influence"]);
    assert!(board.contains(heading) && board.contains("backtests"));
    assert!(board.contains(&format!(
        "Superseded and not counted: {scores} of the scores"
    )));
    assert!(page("forecast", &["--until", "2022-02-20"]).contains(heading));
    assert!(!page("forecast", &["--until", "2022-02-20", "--no-record"]).contains(heading));
    let digest = watch(
        folder,
        "digest",
        &["--from", "2022-01-18", "--to", "2022-01-21"],
    );
    assert!(
        digest.out.contains("## Record of forecasts"),
        "{}",
        digest.err
    );
    // A row that is not used is listed with the reason.
    let unused = digest.out.lines().filter(|line| line.contains("Not used"));
    let unused: Vec<&str> = unused.collect();
    assert!(
        !unused.is_empty()
            && unused
                .iter()
                .all(|line| line.contains("Not used: no observation rule says what it measures.")),
        "{unused:?}"
    );
    // The same cells stand on the terminal, in Markdown and on the page.
    let sums = json(folder, "backtest", &early)["tally"]["sums"].clone();
    let reports = sums[0]["record"]["reports"].to_string();
    let shares: Vec<String> = sums[0]["record"]["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| {
            let [share, low, high] =
                ["share", "low", "high"].map(|end| 100.0 * of[end].as_f64().unwrap());
            format!("{share:.0} % ({low:.0} to {high:.0} %)")
        })
        .collect();
    let line = format!("| all backtests |  | {reports} | {} |", shares.join(" | "));
    assert!(digest.out.contains(&line), "{line}\n{}", digest.out);
    let on_page = shares.iter().map(|share| {
        let (share, interval) = share.trim_end_matches(')').split_once(" (").unwrap();
        format!("<td>{share}<br><span class=\"soft\">{interval}</span></td>")
    });
    let line = format!(
        "<td class=\"words\"><b>all</b></td><td class=\"words\"></td><td>{reports}</td>{}",
        on_page.collect::<String>()
    );
    assert!(board.contains(&line), "{line}");
    let said = watch(folder, "backtest", &early);
    let line = said
        .out
        .lines()
        .find(|line| line.contains("all backtests"))
        .unwrap();
    let cells: Vec<&str> = line.split("  ").map(str::trim).collect();
    let cells: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells[1], reports);
    assert_eq!(cells[2..5], shares);
}
