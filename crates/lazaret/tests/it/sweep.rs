//! Sweeps in shards: the merged table has the bytes of the unsharded one, and nothing broken is taken for whole.

use std::fs;
use std::path::Path;

use super::plan::{example, lazaret};

const STUDY: &str = "uiju/studies/small-sweep.toml";

fn run(arguments: &[&str]) -> (bool, String, String) {
    let output = lazaret(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn sweep(folder: &Path, shard: Option<&str>) {
    let mut arguments = vec!["plan", "sweep", STUDY, "--out", folder.to_str().unwrap()];
    if let Some(shard) = shard {
        arguments.extend(["--shard", shard]);
    }
    let (done, _, said) = run(&arguments);
    assert!(done, "{said}");
}

#[test]
fn shards_in_any_order_make_the_same_files_as_one_run() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sweep(whole.path(), None);
    for i in [2, 0, 3] {
        sweep(parts.path(), Some(&format!("{i}/5")));
    }
    let folder = parts.path().to_str().unwrap();
    assert_eq!(run(&["plan", "missing", folder]).1, "1,4\n");
    let (done, _, said) = run(&["plan", "merge", folder]);
    assert!(
        !done && said.contains("2 of 5 shards are missing: 1,4"),
        "{said}"
    );
    assert!(
        !parts.path().join("results.csv").exists(),
        "nothing half-made"
    );
    sweep(parts.path(), Some("1/5"));
    sweep(parts.path(), Some("4/5"));
    assert_eq!(run(&["plan", "missing", folder]).1, "");
    assert!(run(&["plan", "merge", folder]).0);
    for file in ["results.csv", "columns.csv", "study.toml", "gateway.toml"] {
        assert_eq!(
            fs::read(whole.path().join(file)).unwrap(),
            fs::read(parts.path().join(file)).unwrap(),
            "{file}"
        );
    }
    if cfg!(feature = "parquet") {
        let file = "results.parquet";
        assert_eq!(
            fs::read(whole.path().join(file)).unwrap(),
            fs::read(parts.path().join(file)).unwrap()
        );
    }
    let csv = fs::read_to_string(whole.path().join("results.csv")).unwrap();
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let columns = fs::read_to_string(whole.path().join("columns.csv")).unwrap();
    assert_eq!(
        columns.lines().count(),
        header.len() + 1,
        "every column is documented"
    );
    assert_eq!(csv.lines().count(), 1 + 4 * 3);
}

#[test]
fn damaged_shards_and_strangers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().to_str().unwrap();
    for i in 0..2 {
        sweep(folder.path(), Some(&format!("{i}/2")));
    }
    let shard = folder.path().join("shard-00001-of-00002.lzs");
    let text = fs::read_to_string(&shard).unwrap();
    // Cut off, as by a full disk or a killed job.
    fs::write(&shard, &text[..text.len() - 200]).unwrap();
    let (_, numbers, said) = run(&["plan", "missing", name]);
    assert_eq!(numbers, "1\n");
    assert!(said.contains("cut off"), "{said}");
    // A changed digit.
    let at = text.rfind("\nend").unwrap() - 300;
    let at = at + text[at..].find('1').unwrap();
    fs::write(&shard, format!("{}2{}", &text[..at], &text[at + 1..])).unwrap();
    assert!(run(&["plan", "merge", name]).2.contains("damaged"));
    fs::write(&shard, &text).unwrap();
    assert!(run(&["plan", "merge", name]).0);
    // Another study in the same folder, and another split of this one.
    let other = example("uiju/studies/sweep.toml");
    let (done, _, said) = run(&[
        "plan",
        "sweep",
        other.to_str().unwrap(),
        "--out",
        name,
        "--shard",
        "0/2",
    ]);
    assert!(!done && said.contains("a separate folder"), "{said}");
    let (done, _, said) = run(&["plan", "sweep", STUDY, "--out", name, "--shard", "0/3"]);
    assert!(!done && said.contains("number of shards"), "{said}");
    let (done, _, said) = run(&["plan", "sweep", STUDY, "--out", name, "--shard", "3/3"]);
    assert!(!done && said.contains("does not exist"), "{said}");
    let empty = tempfile::tempdir().unwrap();
    assert!(
        run(&["plan", "merge", empty.path().to_str().unwrap()])
            .2
            .contains("no shard")
    );
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_in_the_middle_of_writing_leaves_nothing_that_looks_whole() {
    let folder = tempfile::tempdir().unwrap();
    // The shell's limit on file size, with its signal ignored, makes a write fail half-way as a full disk does: after 8 KiB.
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            script,
            assert_cmd::cargo::cargo_bin!("lazaret").to_str().unwrap(),
        ])
        .args([
            "plan",
            "sweep",
            STUDY,
            "--out",
            folder.path().to_str().unwrap(),
        ])
        .current_dir(example(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("shard-00000-of-00001.lzs"), "{said}");
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        left,
        ["sweep.json"],
        "not even a part of a file is left, only what was begun"
    );
    // With room again the same command does it, and again.
    sweep(folder.path(), None);
    sweep(folder.path(), None);
    assert!(folder.path().join("results.csv").exists());
}
