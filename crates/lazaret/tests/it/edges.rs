//! The edges of the command line: exit codes, odd values, the wrong file, closed pipes, full disks, narrow terminals.

use std::fs;
use std::path::Path;

use crate::{Said, file, lazaret};

const RIGHT: &str = include_str!("../../starter.toml");

fn words(here: &Path, text: &str) -> Said {
    lazaret(here, &text.split(' ').collect::<Vec<_>>())
}

#[test]
fn odd_values_are_refused_with_a_reason() {
    let (folder, _) = file("g.toml", RIGHT);
    let here = folder.path();
    let capacity = "plan capacity g.toml --vary source.north.convoy";
    for (text, reason) in [
        (format!("{capacity} --claim nan"), "`nan` is not a number"),
        (format!("{capacity} --claim inf"), "`inf` is not a number"),
        (
            format!("{capacity} --seed -1"),
            "`-1` is not a whole number from 0",
        ),
        (format!("{capacity} --level -1"), "strictly between 0 and 1"),
        (
            format!("{capacity} --replications -5"),
            "invalid value '-5'",
        ),
        (format!("{capacity} --range 5..-3"), "runs backwards"),
        (
            format!("{capacity} --range=-5..5"),
            "`source.north.convoy = -5` is not a gateway that can run",
        ),
        (
            "simulate g.toml --seed -1".into(),
            "`-1` is not a whole number from 0",
        ),
        (
            "plan need g.toml --population -5".into(),
            "a number above 0 is expected",
        ),
        (
            "plan need g.toml --population 0".into(),
            "a number above 0 is expected",
        ),
        (
            "plan need g.toml --population nan".into(),
            "`nan` is not a number",
        ),
        (
            "plan need g.toml --population 5 --before -1".into(),
            "a number above 0",
        ),
        (
            "plan need g.toml --population 5 --need medicine".into(),
            "is not CLASS=KG",
        ),
        (
            "plan need g.toml --population 5 --need medicine=-1".into(),
            "kilograms above 0",
        ),
        (
            "plan compare g.toml --vs place.yard.slots=9 --tolerance -1".into(),
            "a number of 0 or more",
        ),
        (
            "plan compare g.toml --vs place.yard.slots=".into(),
            "is incomplete; write PATH=VALUE",
        ),
    ] {
        let said = words(here, &text);
        assert_eq!(said.code, Some(2), "{text}: {}", said.err);
        assert_eq!(said.out, "", "{text}");
        assert!(said.err.contains(reason), "{text}: {}", said.err);
    }
    for empty in ["", " ", ";", " ; "] {
        let said = lazaret(here, &["plan", "compare", "g.toml", "--vs", empty]);
        assert_eq!(said.code, Some(2), "`{empty}`: {}", said.err);
        assert!(said.err.contains("it contains no change"), "{}", said.err);
    }
    // A value below 0 is one of the option's, and may be right.
    let said = words(
        here,
        &format!("{capacity} --claim -3 --range 1..2 --replications 2"),
    );
    assert!(!said.err.contains("unexpected argument"), "{}", said.err);
}

#[test]
fn the_wrong_kind_of_file_is_told_with_the_kind_that_is_wanted() {
    let folder = crate::watch::uiju(None);
    let here = folder.path();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    fs::copy(
        examples.join("hazards/asf-feed.toml"),
        here.join("hazard.toml"),
    )
    .unwrap();
    fs::write(here.join("study.toml"), "gateway = \"gateway.toml\"\n").unwrap();
    for (text, is, wanted) in [
        ("plan hold gateway.toml", "a gateway file", "a hazard file"),
        (
            "plan sweep gateway.toml --out out",
            "a gateway file",
            "a study file",
        ),
        (
            "plan optimise gateway.toml",
            "a gateway file",
            "a study file",
        ),
        ("plan optimise hazard.toml", "a hazard file", "a study file"),
        ("check evidence.csv", "evidence", "a gateway file"),
        ("simulate study.toml", "a study file", "a gateway file"),
        ("check observe.toml", "a file of rules", "a gateway file"),
        ("watch check gateway.toml", "a gateway file", "evidence"),
        (
            "watch estimate evidence.csv gateway.toml",
            "evidence",
            "a gateway file",
        ),
        (
            "watch estimate gateway.toml evidence.csv --observe explanations.toml",
            "a file of hypotheses",
            "a file of rules",
        ),
        (
            "watch compare gateway.toml evidence.csv observe.toml",
            "a file of rules",
            "a file of hypotheses",
        ),
        (
            "watch score evidence.csv evidence.csv",
            "evidence",
            "a forecast",
        ),
    ] {
        let said = words(here, text);
        assert_eq!(said.code, Some(2), "{text}: {}", said.err);
        assert!(
            said.err.contains(&format!("is {is}")),
            "{text}: {}",
            said.err
        );
        assert!(
            said.err.contains(wanted) && said.err.contains("is needed here"),
            "{text}: {}",
            said.err
        );
        assert!(said.err.lines().count() < 4, "{text}: {}", said.err);
    }
    let said = words(
        here,
        "watch estimate gateway.toml evidence.csv --resume hazard.toml",
    );
    assert!(
        said.err
            .contains("an estimate that `lazaret watch estimate --save` wrote"),
        "{}",
        said.err
    );
}

#[test]
fn bad_input_is_2_and_the_machine_is_1() {
    let (folder, _) = file("g.toml", RIGHT);
    let here = folder.path();
    fs::write(here.join("taken"), "").unwrap();
    for (arguments, code) in [
        (vec!["new", "taken"], 2),
        (vec!["new", "taken/inside"], 2),
        (vec!["new", &"x".repeat(300)], 2),
        (vec!["new", "-"], 2),
        (vec!["new", ""], 2),
        (
            vec!["serve", "g.toml", "--listen", "foo", "--data", "data"],
            2,
        ),
        (
            vec!["serve", "g.toml", "--listen", "127.0.0.1", "--data", "data"],
            2,
        ),
        (vec!["plan", "missing", "nowhere"], 2),
        (vec!["report", "g.toml", "--out", "taken/x.html"], 2),
    ] {
        let said = lazaret(here, &arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.err);
        assert!(
            said.err.starts_with("error: "),
            "{arguments:?}: {}",
            said.err
        );
        assert!(
            !said.err.contains("os error"),
            "{arguments:?}: {}",
            said.err
        );
    }
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let said = lazaret(
        here,
        &["serve", "g.toml", "--listen", &address, "--data", "data"],
    );
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(
        said.err.contains("another program is listening there"),
        "{}",
        said.err
    );
}

#[test]
fn commands_that_are_printed_can_be_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for name in ["의주 세관 1.toml", "it's", "a$b", "-dash"] {
        let said = lazaret(here, &["new", "--", name]);
        assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        let check = said
            .out
            .lines()
            .find(|line| line.contains("lazaret check"))
            .unwrap();
        let script = check.trim().replacen("lazaret", "\"$0\"", 1);
        let done = std::process::Command::new("sh")
            .current_dir(here)
            .args(["-c", &script])
            .arg(assert_cmd::cargo::cargo_bin("lazaret"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{script}: {done:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn closed_pipes_are_silent_and_full_disks_are_told_everywhere() {
    let (folder, _) = file("g.toml", RIGHT);
    let here = folder.path();
    let shell = |script: &str| {
        let done = std::process::Command::new("bash")
            .current_dir(here)
            .args(["-c", script])
            .arg(assert_cmd::cargo::cargo_bin("lazaret"))
            .output()
            .unwrap();
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    };
    let made = shell(
        "\"$0\" simulate g.toml --replications 1 --set 'gateway.length=\"20 d\"' --trace t.jsonl >/dev/null && \
         \"$0\" ledger import-trace g.toml t.jsonl --data data --shortest",
    );
    assert_eq!(made.0, Some(0), "{}", made.1);
    for command in [
        "--help",
        "--version",
        "plan --help",
        "check g.toml",
        "check g.toml --json",
        "schema",
        "man",
        "completions bash",
        "ledger export --data data",
        "ledger verify --data data",
        "plan hold hazard.toml --json",
    ] {
        let hazard =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/hazards/asf-feed.toml");
        fs::copy(hazard, here.join("hazard.toml")).unwrap();
        let full = shell(&format!("\"$0\" {command} >/dev/full"));
        assert_eq!(full.0, Some(1), "{command}: {}", full.1);
        assert!(
            full.1.contains("error: the result cannot be written"),
            "{command}: {}",
            full.1
        );
        // A reader that is gone before anything is written.
        let closed = shell(&format!(
            "exec 3> >(exec true); sleep 0.3; \"$0\" {command} >&3"
        ));
        assert_eq!(closed.0, Some(0), "{command}: {}", closed.1);
        assert!(!closed.1.contains("error"), "{command}: {}", closed.1);
    }
}

#[test]
fn what_is_missing_is_known_before_any_shard_is_whole() {
    let (folder, _) = file("g.toml", RIGHT);
    let here = folder.path();
    fs::create_dir(here.join("empty")).unwrap();
    let said = words(here, "plan missing empty");
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("was a sweep run into this folder?"),
        "{}",
        said.err
    );
    fs::write(
        here.join("study.toml"),
        "gateway = \"g.toml\"\nreplications = 1\nset = ['gateway.length=\"2 d\"']\n[vary]\n\"crew.cleaner.count\" = { from = 39, to = 41 }\n[design]\nkind = \"grid\"\nlevels = 3\n",
    )
    .unwrap();
    let said = words(here, "plan sweep study.toml --out out --shard 1/3");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(words(here, "plan missing out").out, "0,2\n");
    // All that was run has failed.
    for entry in fs::read_dir(here.join("out")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "lzs") {
            fs::remove_file(path).unwrap();
        }
    }
    let said = words(here, "plan missing out");
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "0-2\n"),
        "{}",
        said.err
    );
}

#[test]
fn man_pages_say_whose_they_are() {
    let here = Path::new(".");
    let page = words(here, "man plan capacity").out;
    assert!(page.contains(".TH lazaret-plan-capacity 1"), "{page}");
    assert!(page.contains("\"lazaret 0.1.0\""), "{page}");
    assert!(page.contains("lazaret\\-plan\\-capacity"), "{page}");
    let synopsis = page
        .split(".SH")
        .find(|part| part.trim_start().starts_with("SYNOPSIS"))
        .unwrap();
    for part in [
        "lazaret plan capacity",
        "\\-\\-vary\\fR \\fIPATH\\fR",
        "[\\fB\\-\\-report\\fR \\fIOUT.html\\fR]",
        "\\fIFILE\\fR",
    ] {
        assert!(synopsis.contains(part), "{part}: {synopsis}");
    }
    assert!(
        page.contains("EXIT STATUS") && page.contains("\\fB130\\fR"),
        "{page}"
    );
    let see = page.split(".SH \"SEE ALSO\"").nth(1).unwrap();
    assert!(
        see.contains("\\fBlazaret\\-plan\\fR(1)")
            && see.contains("\\fBlazaret\\-plan\\-size\\fR(1)"),
        "{see}"
    );
    assert!(!see.contains("capacity") && !see.contains("help"), "{see}");
    assert_eq!(words(here, "man lazaret-plan-capacity").out, page);
    assert!(
        words(here, "man ledger import-trace")
            .out
            .contains(".TH lazaret-ledger-import-trace 1")
    );
    assert!(!words(here, "man").out.contains("lazaret\\-help"));
    assert_eq!(words(here, "man plan nothing").code, Some(2));
}

#[test]
fn tables_and_long_lines_fit_the_terminal() {
    let (folder, _) = file("g.toml", RIGHT);
    let here = folder.path();
    let narrow = |text: &str, width: &str| {
        let done = assert_cmd::Command::cargo_bin("lazaret")
            .unwrap()
            .current_dir(here)
            .env("NO_COLOR", "1")
            .env("COLUMNS", width)
            .args(text.split(' '))
            .output()
            .unwrap();
        (
            String::from_utf8(done.stdout).unwrap(),
            String::from_utf8(done.stderr).unwrap(),
        )
    };
    for text in [
        "check g.toml",
        "simulate g.toml --replications 2",
        "plan bottleneck g.toml --replications 3",
        "plan compare g.toml --vs place.yard.slots=900 --replications 3",
    ] {
        let (out, _) = narrow(text, "72");
        for line in out.lines() {
            assert!(line.chars().count() <= 72, "{text}: {line}");
        }
        assert!(out.lines().count() > 5, "{text}: {out}");
    }
    // One line of a hundred thousand characters, with a mistake in its middle.
    let padding = "가".repeat(30_000);
    let long = format!("[gateway]\nname = \"x\"\nlist = [\"{padding}\", oops, \"{padding}\"]\n");
    fs::write(here.join("long.toml"), long).unwrap();
    let said = words(here, "check long.toml");
    assert_eq!(said.code, Some(2));
    assert!(said.err.len() < 10_000, "{} bytes", said.err.len());
    assert!(said.err.contains("oops"), "{}", said.err);
    assert!(said.err.contains("long.toml:3:"), "{}", said.err);
}
