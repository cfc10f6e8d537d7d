//! No output destroys an input or another output, and no answer is lost to a path that cannot be written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::watch::{QUICK, uiju};
use crate::{Said, lazaret};

/// A command, with `OUT` where it is told what to write, and the files that it reads.
struct Row {
    words: &'static str,
    reads: &'static [&'static str],
}

const fn row(words: &'static str, reads: &'static [&'static str]) -> Row {
    Row { words, reads }
}

const PLANNED: &[&str] = &["gateway.toml"];
const WATCHED: &[&str] = &["gateway.toml", "evidence.csv", "observe.toml"];

/// Every option of every command that writes a file.
const TABLE: &[Row] = &[
    row("report gateway.toml --limit 20 --out OUT", PLANNED),
    row(
        "simulate gateway.toml --replications 3 --per-replication OUT",
        PLANNED,
    ),
    row(
        "simulate gateway.toml --replications 3 --trace OUT",
        PLANNED,
    ),
    row(
        "simulate gateway.toml --replications 3 --set step.unload.takes=empirical(\"times.csv\",\"hours\",h) --trace OUT",
        &["gateway.toml", "times.csv"],
    ),
    row(
        "plan capacity gateway.toml --vary source.dandong.convoy --report OUT",
        PLANNED,
    ),
    row("plan bottleneck gateway.toml --report OUT", PLANNED),
    row(
        "plan compare gateway.toml --vs place.yard.slots=900 --vs-file other.toml --report OUT",
        &["gateway.toml", "other.toml"],
    ),
    row(
        "plan size gateway.toml --choose source.dandong.fleet=20..30 --so-that lots.arrived>=1 --report OUT",
        PLANNED,
    ),
    row("plan sensitivity gateway.toml --report OUT", PLANNED),
    row(
        "plan optimise study.toml --report OUT",
        &["study.toml", "gateway.toml"],
    ),
    row(
        "plan hold hazard.toml gateway.toml --report OUT",
        &["hazard.toml", "gateway.toml"],
    ),
    row("plan hold hazard.toml --report OUT", &["hazard.toml"]),
    row(
        "plan need gateway.toml --population 10 --replications 5 --report OUT",
        PLANNED,
    ),
    row(
        "watch estimate gateway.toml evidence.csv --save OUT",
        WATCHED,
    ),
    row(
        "watch estimate gateway.toml evidence.csv --report OUT --hypotheses explanations.toml",
        &[
            "gateway.toml",
            "evidence.csv",
            "observe.toml",
            "explanations.toml",
        ],
    ),
    row(
        "watch estimate gateway.toml evidence.csv --resume kept.json --report OUT",
        &["kept.json"],
    ),
    row(
        "watch forecast gateway.toml evidence.csv --until 2022-03-15 --save OUT",
        WATCHED,
    ),
    row(
        "watch forecast gateway.toml evidence.csv --until 2022-03-15 --report OUT --record record.jsonl",
        &[
            "gateway.toml",
            "evidence.csv",
            "observe.toml",
            "record.jsonl",
        ],
    ),
    row(
        "watch compare gateway.toml evidence.csv explanations.toml --report OUT",
        &[
            "gateway.toml",
            "evidence.csv",
            "observe.toml",
            "explanations.toml",
        ],
    ),
    row("watch next gateway.toml evidence.csv --report OUT", WATCHED),
    row(
        "watch score forecast.json evidence.csv --no-record --report OUT",
        &[
            "forecast.json",
            "evidence.csv",
            "gateway.toml",
            "observe.toml",
        ],
    ),
    row(
        "watch score forecast.json evidence.csv --record OUT",
        &[
            "forecast.json",
            "evidence.csv",
            "gateway.toml",
            "observe.toml",
        ],
    ),
    row(
        "watch backtest gateway.toml evidence.csv --report OUT",
        WATCHED,
    ),
    row(
        "watch backtest gateway.toml evidence.csv --record OUT",
        WATCHED,
    ),
    row(
        "watch digest gateway.toml evidence.csv --from 2022-01-24 --to 2022-02-03 --html OUT",
        WATCHED,
    ),
    row("new OUT", &["gateway.toml"]),
    row(
        "ledger backup OUT",
        &["lazaret-data/ledger.db", "lazaret-data/ledger.db-wal"],
    ),
    row("ledger import OUT", &["lazaret-data/ledger.db"]),
    row("ledger restore OUT", &["lazaret-data/ledger.db"]),
];

/// A folder with a file of every kind that a command reads.
fn folder() -> tempfile::TempDir {
    let folder = uiju(None);
    let here = folder.path();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    fs::copy(here.join("gateway.toml"), here.join("other.toml")).unwrap();
    fs::copy(
        examples.join("hazards/asf-feed.toml"),
        here.join("hazard.toml"),
    )
    .unwrap();
    let study = fs::read_to_string(examples.join("uiju/studies/crews-and-yard.toml")).unwrap();
    fs::write(
        here.join("study.toml"),
        study.replace("../gateway.toml", "gateway.toml"),
    )
    .unwrap();
    fs::write(here.join("times.csv"), "hours\n1\n2\n").unwrap();
    let forecast =
        "watch forecast gateway.toml evidence.csv --until 2022-02-10 --save forecast.json";
    assert_eq!(run(here, forecast, "").code, Some(0));
    // Without an end of line, as an editor may leave it.
    let kept = fs::read_to_string(here.join("forecast.json")).unwrap();
    fs::write(here.join("forecast.json"), kept.trim_end()).unwrap();
    fs::write(here.join("kept.json"), "{}").unwrap();
    fs::write(here.join("record.jsonl"), "").unwrap();
    fs::create_dir(here.join("lazaret-data")).unwrap();
    fs::write(here.join("lazaret-data/ledger.db"), "").unwrap();
    fs::create_dir(here.join("sub")).unwrap();
    folder
}

/// Every file below `folder` with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = fs::symlink_metadata(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if about.is_dir() {
            for (inner, bytes) in files(&path) {
                found.insert(format!("{name}/{inner}"), bytes);
            }
        } else if about.is_symlink() {
            let to = fs::read_link(&path).unwrap();
            found.insert(name, to.to_string_lossy().into_owned().into_bytes());
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

fn run(here: &Path, words: &str, out: &str) -> Said {
    let mut all: Vec<&str> = words
        .split(' ')
        .map(|word| if word == "OUT" { out } else { word })
        .collect();
    if words.starts_with("watch") && !words.starts_with("watch score") {
        all.extend(QUICK);
    }
    lazaret(here, &all)
}

#[test]
#[cfg(unix)]
fn no_output_of_any_command_destroys_an_input_by_any_name() {
    let folder = folder();
    let here = folder.path();
    std::os::unix::fs::symlink(".", here.join("same")).unwrap();
    for row in TABLE {
        for input in row.reads {
            let exists = here.join(input).exists();
            fs::remove_file(here.join("hard")).ok();
            fs::remove_file(here.join("link")).ok();
            let mut names = vec![
                input.to_string(),
                format!("./sub/../{input}"),
                format!("same/{input}"),
                here.join(input).display().to_string(),
            ];
            if exists {
                fs::hard_link(here.join(input), here.join("hard")).unwrap();
                names.push("hard".into());
            }
            std::os::unix::fs::symlink(format!("same/{input}"), here.join("link")).unwrap();
            names.push("link".into());
            for (at, name) in names.iter().enumerate() {
                // One file in all ways for every command; each other file by its own name and by a link.
                if at > 0 && name != "link" && *input != row.reads[0] {
                    continue;
                }
                if name == "hard" && row.words.starts_with("new") {
                    continue;
                }
                let before = files(here);
                let said = run(here, row.words, name);
                let what = format!("{} with {name}: {}", row.words, said.err);
                assert_eq!(said.code, Some(2), "{what}");
                assert_eq!(said.out, "", "{what}");
                assert!(files(here) == before, "{what}");
                if !row.words.starts_with("new") && !row.words.starts_with("ledger backup") {
                    // A diagnostic is wrapped to the width of the terminal.
                    let err = said.err.split_whitespace().collect::<Vec<_>>().join(" ");
                    assert!(err.contains("is the same file as"), "{what}");
                    assert!(said.err.contains(name.as_str()), "{what}");
                }
            }
        }
    }
}

#[test]
#[cfg(unix)]
fn a_path_that_cannot_be_written_is_refused_before_the_work() {
    let folder = folder();
    let here = folder.path();
    std::os::unix::fs::symlink("round", here.join("round")).unwrap();
    fs::write(here.join("protected"), "kept").unwrap();
    let mut rights = fs::metadata(here.join("protected")).unwrap().permissions();
    rights.set_readonly(true);
    fs::set_permissions(here.join("protected"), rights).unwrap();
    let long = "x".repeat(300);
    for row in TABLE {
        if row.words.starts_with("new") || row.words.starts_with("ledger") {
            continue;
        }
        // The record is opened when there is something to add.
        if row.words.contains("--record OUT") {
            continue;
        }
        for (out, why) in [
            ("nowhere/out", "the folder nowhere does not exist"),
            ("sub", "it is a folder"),
            ("sub/", "it is a folder"),
            ("new/", "it names a folder"),
            ("evidence.csv/out", "is a file, not a folder"),
            ("round", "form a circle"),
            ("protected", "the file is write-protected"),
            (long.as_str(), "the name is too long"),
            ("", "the name is empty"),
        ] {
            let before = files(here);
            let began = Instant::now();
            let said = run(here, row.words, out);
            let what = format!("{} with {out}: {}", row.words, said.err);
            assert_eq!(said.code, Some(2), "{what}");
            assert!(said.err.contains(why), "{what}");
            assert!(said.err.contains("cannot be written"), "{what}");
            assert!(files(here) == before, "{what}");
            assert!(began.elapsed().as_secs() < 30, "{what}");
        }
    }
}

#[test]
#[cfg(unix)]
fn two_outputs_are_two_files() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("there"), "old").unwrap();
    fs::hard_link(here.join("there"), here.join("hard")).unwrap();
    std::os::unix::fs::symlink("one", here.join("link")).unwrap();
    for (one, two) in [
        ("one", "one"),
        ("one", "./sub/../one"),
        ("link", "one"),
        ("there", "hard"),
    ] {
        for words in [
            "simulate gateway.toml --replications 3 --per-replication ONE --trace TWO",
            "watch estimate gateway.toml evidence.csv --save ONE --report TWO",
            "watch forecast gateway.toml evidence.csv --until 2022-03-15 --save ONE --report TWO",
            "watch backtest gateway.toml evidence.csv --record ONE --report TWO",
        ] {
            let before = files(here);
            let words = words.replace("ONE", one).replace("TWO", two);
            let said = run(here, &words, "");
            assert_eq!(said.code, Some(2), "{words}: {}", said.err);
            assert!(
                said.err.contains("is the same file as"),
                "{words}: {}",
                said.err
            );
            assert!(files(here) == before, "{words}");
        }
    }
    // The record that is kept without being named is an output, too.
    let before = files(here);
    let said = run(
        here,
        "watch backtest gateway.toml evidence.csv --report evidence.scores.jsonl",
        "",
    );
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(files(here) == before);
}

#[test]
#[cfg(unix)]
fn what_may_be_written_still_is() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let here = folder.path();
    let simulate = "simulate gateway.toml --replications 2 --json --trace OUT";
    // A link stays a link, and what it leads to is replaced; so if it leads nowhere yet.
    fs::write(here.join("sub/target"), "old").unwrap();
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(here.join("sub/target"), private).unwrap();
    for (link, target) in [("current", "sub/target"), ("dangling", "sub/new")] {
        std::os::unix::fs::symlink(target, here.join(link)).unwrap();
        let said = run(here, simulate, link);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(fs::symlink_metadata(here.join(link)).unwrap().is_symlink());
        assert!(
            fs::read_to_string(here.join(target))
                .unwrap()
                .starts_with('{')
        );
    }
    let mode = fs::metadata(here.join("sub/target")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600, "a private file stays private");
    // Devices and pipes are written as they are.
    for out in ["/dev/null", "/dev/stdout", "/dev/fd/1"] {
        let said = run(here, simulate, out);
        assert_eq!(said.code, Some(0), "{out}: {}", said.err);
        assert_eq!(said.out.starts_with("{\""), out != "/dev/null", "{out}");
    }
    let both =
        "simulate gateway.toml --replications 2 --trace /dev/null --per-replication /dev/null";
    assert_eq!(run(here, both, "").code, Some(0));
    // Where standard output is a file, both texts are in it, one after the other.
    let shell = |script: &str| {
        std::process::Command::new("sh")
            .current_dir(here)
            .args(["-c", script])
            .arg(assert_cmd::cargo::cargo_bin("lazaret"))
            .output()
            .unwrap()
    };
    let done =
        shell("\"$0\" simulate gateway.toml --replications 2 --json --trace /dev/stdout >both");
    assert!(done.status.success());
    let both = fs::read_to_string(here.join("both")).unwrap();
    assert!(both.starts_with("{\""), "the trace comes first");
    assert!(
        both.ends_with("}\n") && both.contains("\"gateway\": \"Uiju"),
        "then the answer"
    );
    // Standard input and output may be files, too.
    let before = files(here);
    let done = shell("\"$0\" simulate - --replications 2 --trace gateway.toml <gateway.toml");
    assert_eq!(done.status.code(), Some(2));
    let done = shell("\"$0\" check gateway.toml >>gateway.toml");
    assert_eq!(done.status.code(), Some(2));
    assert!(files(here) == before);
    // Nothing is left behind.
    let left = fs::read_dir(here).unwrap();
    for entry in left {
        let name = entry.unwrap().file_name();
        assert!(!name.to_string_lossy().ends_with(".part"), "{name:?}");
    }
}

#[test]
fn a_page_is_written_for_a_gateway_from_standard_input() {
    let folder = folder();
    let here = folder.path();
    let text = fs::read(here.join("gateway.toml")).unwrap();
    let done = assert_cmd::Command::cargo_bin("lazaret")
        .unwrap()
        .current_dir(here)
        .args(["plan", "need", "-", "--population", "10"])
        .args(["--replications", "2", "--report", "page.html"])
        .write_stdin(text)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert!(here.join("page.html").exists());
}

#[test]
fn a_sweep_overwrites_neither_its_study_nor_the_files_of_others() {
    let folder = folder();
    let here = folder.path();
    let study = "gateway = \"gateway.toml\"\nreplications = 2\n[design]\nkind = \"list\"\nfile = \"results.csv\"\n";
    fs::write(here.join("study.toml"), study).unwrap();
    fs::write(here.join("results.csv"), "crew.cleaner.count\n40\n").unwrap();
    let before = files(here);
    for words in [
        "plan sweep study.toml --out .",
        "plan sweep study.toml --out sub/.. --shard 0/2",
    ] {
        let said = run(here, words, "");
        assert_eq!(said.code, Some(2), "{}", said.err);
        assert!(said.err.contains("is the same file as"), "{}", said.err);
        assert!(files(here) == before);
    }
    let said = run(here, "plan sweep study.toml --out evidence.csv", "");
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("a folder is needed"), "{}", said.err);
    // A gateway file that somebody keeps in the folder is not the sweep's to overwrite.
    fs::write(here.join("sub/gateway.toml"), "mine").unwrap();
    let said = run(here, "plan sweep study.toml --out sub", "");
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(
        said.err
            .contains("is not the file from which this sweep was made"),
        "{}",
        said.err
    );
    assert_eq!(
        fs::read_to_string(here.join("sub/gateway.toml")).unwrap(),
        "mine"
    );
}
