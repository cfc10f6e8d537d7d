//! Somebody waits for an answer of the watcher: a bar on a terminal, and a clean end by Ctrl-C.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lazaret;
use crate::watch::{QUICK, uiju};

fn start(folder: &Path, words: &[&str]) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin("lazaret"))
        .current_dir(folder)
        .arg("watch")
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until Ctrl-C is listened for: until then it ends any process.
fn listens(child: &Child) {
    let began = Instant::now();
    loop {
        let path = format!("/proc/{}/status", child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
        // Signal number 2 is the second bit.
        if caught & 2 != 0 {
            return;
        }
        assert!(began.elapsed().as_secs() < 300, "nothing listens: {status}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn interrupt(child: Child) -> Output {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
    child.wait_with_output().unwrap()
}

/// Far more than a test would wait for.
const LONG: [&str; 6] = ["--thetas", "2000", "--states", "200", "--threads", "1"];

#[test]
fn half_an_answer_that_would_be_none_is_not_given() {
    let folder = uiju(None);
    let folder = folder.path();
    let day = ["--as-of", "2022-02-03"];
    for (question, what, more) in [
        (
            "forecast",
            "forecast",
            vec![
                "--until",
                "2022-03-01",
                "--save",
                "x.out",
                "--report",
                "y.out",
            ],
        ),
        ("next", "ranking of looks", vec!["--report", "y.out"]),
        (
            "estimate",
            "estimate",
            vec!["--save", "x.out", "--report", "y.out"],
        ),
        (
            "digest",
            "digest",
            vec![
                "--from",
                "2022-01-24",
                "--to",
                "2022-02-03",
                "--html",
                "y.out",
            ],
        ),
    ] {
        let mut words = vec![question, "gateway.toml", "evidence.csv"];
        words.extend(LONG);
        if question != "digest" {
            words.extend(day);
        }
        words.extend(more);
        let child = start(folder, &words);
        listens(&child);
        let ended = interrupt(child);
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(130), "{question}: {said}");
        assert!(
            said.contains(&format!("stopped before the {what} was complete")),
            "{said}"
        );
        assert!(ended.stdout.is_empty());
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains(".out"), "{question} left {name}");
        }
    }
}

/// How long `words` take to their end.
fn takes(folder: &Path, words: &[&str]) -> Duration {
    let began = Instant::now();
    let whole = lazaret(folder, &[&["watch"], words].concat());
    assert_eq!(whole.code, Some(0), "{}", whole.err);
    began.elapsed()
}

/// Interrupts `words` somewhere in the middle: after `first`, the time that their first part takes, or a few times that,
/// for the machine may be busy now and not have been then.
fn interrupted_in_the_middle(folder: &Path, words: &[&str], first: Duration, list: &str) -> Value {
    for times in [2, 3, 5, 8, 12] {
        let child = start(folder, words);
        listens(&child);
        std::thread::sleep(first * times);
        let ended = interrupt(child);
        let answer: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
        let any = answer
            .pointer(list)
            .and_then(Value::as_array)
            .is_some_and(|list| !list.is_empty());
        if any {
            assert_eq!(ended.status.code(), Some(130), "it was done before");
            return answer;
        }
    }
    panic!("nothing was known at any time");
}

#[test]
fn explanations_tried_by_then_are_judged_and_the_rest_named() {
    let folder = uiju(None);
    let folder = folder.path();
    let file = |count: usize| -> String {
        let each = (0..count).map(|i| {
            format!(
                "[[hypothesis]]\nid = \"h{i}\"\nset = [\"unknown.hold_time=lognormal({} d, 5 d)\"]\n",
                10.0 + i as f64 / 10.0
            )
        });
        each.collect()
    };
    std::fs::write(folder.join("one.toml"), file(1)).unwrap();
    std::fs::write(folder.join("many.toml"), file(200)).unwrap();
    let words = |name| {
        let mut words = vec![
            "compare",
            "gateway.toml",
            "evidence.csv",
            name,
            "--as-of",
            "2022-02-03",
            "--json",
        ];
        words.extend(QUICK);
        words
    };
    let first = takes(folder, &words("one.toml"));
    let list = "/groups/0/hypotheses";
    let answer = interrupted_in_the_middle(folder, &words("many.toml"), first, list);
    assert_eq!(answer["partial"], true);
    let tried = answer["groups"][0]["hypotheses"].as_array().unwrap();
    let not_tried = answer["not_tried"].as_array().unwrap();
    assert_eq!(tried.len() + not_tried.len(), 200);
    let beliefs: f64 = tried.iter().map(|h| h["posterior"].as_f64().unwrap()).sum();
    assert!((beliefs - 1.0).abs() < 1e-9, "{beliefs}");
}

/// Runs done by then give an answer that says so; kept it would pass for a whole one.
#[test]
fn runs_done_by_then_are_told_and_not_kept() {
    let folder = uiju(None);
    let folder = folder.path();
    let words = |runs, more: &[&'static str]| {
        let mut words = vec!["estimate", "gateway.toml", "evidence.csv", "--json"];
        words.extend(["--as-of", "2022-02-03", "--no-influence", "--runs", runs]);
        words.extend(["--thetas", "64", "--states", "32", "--threads", "1"]);
        words.extend(more);
        words
    };
    let first = takes(folder, &words("1", &[]));
    let many = words("100", &["--save", "kept.json"]);
    let answer = interrupted_in_the_middle(folder, &many, first, "/diagnostics");
    let said = answer["diagnostics"][0].as_str().unwrap();
    assert!(said.starts_with("PARTIAL"), "{said}");
    assert!(!folder.join("kept.json").exists());
}

#[test]
fn dates_walked_by_then_are_scored_and_kept() {
    let folder = uiju(None);
    let folder = folder.path();
    let words = |as_of| {
        let mut words = vec![
            "backtest",
            "gateway.toml",
            "evidence.csv",
            "--as-of",
            as_of,
            "--json",
        ];
        words.extend(["--thetas", "200", "--states", "100", "--threads", "1"]);
        words
    };
    let first = takes(
        folder,
        &[&words("2022-01-17")[..], &["--no-record"]].concat(),
    );
    let answer = interrupted_in_the_middle(folder, &words("2022-03-31"), first, "/scores");
    assert_eq!(answer["partial"], true);
    let scores = answer["scores"].as_array().unwrap().len();
    assert!(scores > 0);
    let kept = std::fs::read_to_string(folder.join("evidence.scores.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), scores, "every score is a whole line");
}

/// On a terminal each long question shows how far it is, to the very end; machines see none of it.
#[test]
fn a_bar_on_a_terminal_goes_to_its_end() {
    let folder = uiju(None);
    let folder = folder.path();
    let binary = assert_cmd::cargo::cargo_bin("lazaret");
    // Two explanations are as good as ten.
    let two = "[[hypothesis]]\nid = \"a\"\n[[hypothesis]]\nid = \"b\"\nset = [\"place.yard.slots=440\"]\n";
    std::fs::write(folder.join("two.toml"), two).unwrap();
    let files = "gateway.toml evidence.csv";
    let day = "--as-of 2022-01-19";
    let quick = "--thetas 16 --states 16 --runs 2 --threads 1";
    for question in [
        format!("estimate {files} {day} --report out.html --hypotheses two.toml"),
        format!("forecast {files} {day} --until 2022-01-25"),
        format!("compare {files} two.toml {day}"),
        format!("next {files} {day}"),
        format!("backtest {files} {day} --no-record"),
        format!("digest {files} --from 2022-01-18 --to 2022-01-19"),
    ] {
        let on_terminal = |more: &str| -> String {
            let line = format!("{} watch {question} {} {more}", binary.display(), quick);
            let output = Command::new("script")
                .current_dir(folder)
                .args(["-qec", &format!("{line} > answer.txt"), "/dev/null"])
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert!(output.status.success(), "{question}");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let seen = on_terminal("");
        let last = seen
            .rfind(" % ")
            .unwrap_or_else(|| panic!("no bar: {question}: {seen}"));
        assert_eq!(&seen[last - 3..last], "100", "{question}: {seen}");
        if question.starts_with("forecast") {
            assert!(
                !on_terminal("--json").contains(" % "),
                "machines want no bar"
            );
        }
    }
}
