//! ARCHITECTURE.md and the workspace say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn architecture() -> String {
    std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap()
}

/// The edges that ARCHITECTURE.md lists, as from → to.
fn listed() -> BTreeMap<String, BTreeSet<String>> {
    architecture()
        .lines()
        .filter_map(|line| line.split_once("->"))
        .map(|(from, to)| {
            (
                from.trim().to_string(),
                to.split_whitespace().map(str::to_string).collect(),
            )
        })
        .collect()
}

/// The edges of the workspace that are not listed.
fn unlisted(listed: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let mut found = Vec::new();
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let ours = dependency.name.starts_with("lazaret");
            if !ours || dependency.kind != DependencyKind::Normal {
                continue;
            }
            let known = listed
                .get(package.name.as_str())
                .is_some_and(|to| to.contains(&dependency.name));
            if !known {
                found.push(format!("{} -> {}", package.name, dependency.name));
            }
        }
    }
    found
}

#[test]
fn every_dependency_between_crates_is_listed() {
    assert_eq!(unlisted(&listed()), Vec::<String>::new());
}

#[test]
fn the_check_notices_an_edge_that_is_not_listed() {
    let mut listed = listed();
    listed
        .get_mut("lazaret-sim")
        .unwrap()
        .remove("lazaret-gateway");
    assert_eq!(unlisted(&listed), ["lazaret-sim -> lazaret-gateway"]);
}

/// The edges that are listed and that no crate has.
fn imaginary(listed: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let real: BTreeSet<String> = metadata
        .packages
        .iter()
        .flat_map(|package| {
            package
                .dependencies
                .iter()
                .filter(|to| to.kind == DependencyKind::Normal)
                .map(|to| format!("{} -> {}", package.name, to.name))
        })
        .collect();
    listed
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| format!("{from} -> {to}")))
        .filter(|edge| !real.contains(edge))
        .collect()
}

#[test]
fn every_listed_dependency_exists() {
    assert_eq!(imaginary(&listed()), Vec::<String>::new());
}

#[test]
fn the_check_notices_a_listed_edge_that_no_crate_has() {
    let mut listed = listed();
    listed
        .get_mut("lazaret-plan")
        .unwrap()
        .insert("lazaret-ledger".into());
    assert_eq!(imaginary(&listed), ["lazaret-plan -> lazaret-ledger"]);
}

#[test]
fn the_ledger_stands_on_no_reader_of_files() {
    let tree = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "-p",
            "lazaret-ledger",
            "-e",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("lazaret-vocabulary"), "{tree}");
    for heavy in ["toml", "csv", "statrs", "lazaret-gateway"] {
        let found = tree
            .lines()
            .any(|line| line.split(' ').next() == Some(heavy));
        assert!(!found, "the ledger depends on {heavy}:\n{tree}");
    }
}

#[test]
fn the_three_uses_do_not_know_one_another() {
    let listed = listed();
    let uses = ["lazaret-plan", "lazaret-ledger", "lazaret-watch"];
    for from in uses {
        let reached = listed.get(from).cloned().unwrap_or_default();
        assert!(
            uses.iter().all(|to| !reached.contains(*to)),
            "{from} knows another use"
        );
    }
}

#[test]
fn arrows_go_round_in_no_circle() {
    let listed = listed();
    for start in listed.keys() {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = listed[start].iter().collect();
        while let Some(at) = open.pop() {
            assert_ne!(at, start, "{start} depends on itself");
            if seen.insert(at) {
                open.extend(listed.get(at).into_iter().flatten());
            }
        }
    }
}

/// What of `wanted` is not in a list of features.
fn left_out(package: &cargo_metadata::Package, of: &str) -> Vec<String> {
    let features = &package.features;
    let list = features.get(of).cloned().unwrap_or_default();
    let optional = features
        .keys()
        .filter(|name| !["default", "full"].contains(&name.as_str()));
    optional
        .filter(|name| !list.contains(name))
        .cloned()
        .collect()
}

#[test]
fn no_feature_is_left_out_of_the_tests() {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let package = |name: &str| {
        let found = metadata.packages.iter().find(|p| p.name.as_str() == name);
        found.unwrap_or_else(|| panic!("{name} is not in the workspace"))
    };
    // `full` has every feature, and whatever builds tests builds `full`.
    let program = package("lazaret");
    assert_eq!(left_out(program, "full"), Vec::<String>::new());
    let itself = program
        .dependencies
        .iter()
        .find(|d| d.kind == DependencyKind::Development && d.name == "lazaret");
    assert!(itself.is_some_and(|d| d.features.contains(&"full".to_owned())));
    // The crates below test all that they have.
    for name in ["lazaret-server", "lazaret-store"] {
        assert_eq!(
            left_out(package(name), "default"),
            Vec::<String>::new(),
            "{name}"
        );
    }
    // The check notices a list that is short.
    assert!(left_out(program, "server").contains(&"parquet".to_owned()));
}

#[test]
fn a_version_says_what_is_inside() {
    let said = crate::lazaret(Path::new("."), &["--version"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for feature in [
        "ledger",
        "server",
        "postgres",
        "api-page",
        "workbooks",
        "parquet",
    ] {
        assert!(said.out.contains(feature), "{}", said.out);
    }
    assert!(!said.out.contains("without"), "{}", said.out);
    let short = crate::lazaret(Path::new("."), &["-V"]);
    assert_eq!(
        short.out,
        format!("lazaret {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_files_it_names_are_there() {
    let text = architecture();
    let named = text.split('`').skip(1).step_by(2).filter(|word| {
        let file = [".rs", ".md", ".toml"]
            .iter()
            .any(|end| word.ends_with(end))
            && word.contains('/');
        file || word.starts_with("crates/") || word.ends_with('/')
    });
    for path in named {
        let at = [root().join(path), root().join("crates").join(path)];
        let in_crate = root().join("crates/lazaret-gateway/src").join(path);
        let in_sim = root().join("crates/lazaret-sim/src").join(path);
        assert!(
            at.iter().chain([&in_crate, &in_sim]).any(|p| p.exists()),
            "{path} is not there"
        );
    }
}

/// Source files of the crates and of the screens with more than `most` lines. What a program wrote is left out.
fn longer_than(most: usize) -> Vec<String> {
    let mut long = Vec::new();
    let mut folders = vec![root().join("crates"), root().join("web/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                // Scenes of tests and catalogues of words are lists: they may be long.
                if !["tests", "target", "words"].contains(&&*name) {
                    folders.push(path);
                }
            } else if ["rs", "ts", "svelte"].contains(&name.rsplit('.').next().unwrap_or_default())
                && name != "schema.d.ts"
            {
                let lines = std::fs::read_to_string(&path).unwrap().lines().count();
                if lines > most {
                    long.push(format!("{}: {lines} lines", path.display()));
                }
            }
        }
    }
    long
}

#[test]
fn a_file_is_one_room() {
    assert_eq!(longer_than(900), Vec::<String>::new());
    // The check sees the files: some are longer than half of that.
    assert!(longer_than(450).len() > 20);
}

/// The names of tests in the last column of the table of attacks.
fn tests_of_attacks() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/threat-model.md")).unwrap();
    let table = text.split("## Attacks, defences, tests").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    (table.lines())
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .rsplit_once(" | ")
        })
        .flat_map(|(_, tests)| {
            let names = tests.split('`').skip(1).step_by(2).map(str::to_owned);
            names.collect::<Vec<_>>()
        })
        .collect()
}

/// The names of all tests of the workspace.
fn tests_there_are() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let plain = text.split("#[test]").skip(1);
                let after = plain.chain(text.split("#[tokio::test").skip(1));
                let named = after.filter_map(|text| {
                    let name = text.split("fn ").nth(1)?.split('(').next()?;
                    Some(name.to_owned())
                });
                tests.extend(named);
            }
        }
    }
    tests
}

#[test]
fn every_attack_of_the_threat_model_has_tests_that_exist() {
    let named = tests_of_attacks();
    assert!(named.len() > 40, "{named:?}");
    let there = tests_there_are();
    let missing: Vec<&String> = named.iter().filter(|name| !there.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(!there.contains("every_attack_has_a_test_that_was_never_written"));
}

/// The lines of the crates' sources, each with its file, without their tests and comments.
fn lines_of_sources() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("src"))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let file = path.strip_prefix(root().join("crates")).unwrap();
                let file = file.display().to_string();
                let own = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
                let code = own
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                lines.extend(code.map(|line| (file.clone(), line.to_owned())));
            }
        }
    }
    lines
}

/// What has one home, the file that is its home, and signs of it in a line of code.
const HOMES: [(&str, &str, &[&str]); 5] = [
    (
        "text into markup",
        "lazaret-vocabulary/src/markup.rs",
        &["fn escape", "\"&lt;\"", "\"&amp;\""],
    ),
    (
        "the style sheet",
        "lazaret-report/src/html.rs",
        &["<style", "const STYLE:", "@media"],
    ),
    (
        "what sets thousands apart",
        "lazaret-vocabulary/src/figures.rs",
        &[
            "\\u{202f}",
            "\u{202f}",
            "is_multiple_of(3)",
            "% 3 == 0",
            "chunks(3)",
        ],
    ),
    (
        "how a date is written",
        "lazaret-vocabulary/src/figures.rs",
        &["strftime("],
    ),
    (
        "the name that was meant",
        "lazaret-vocabulary/src/near.rs",
        &["did you mean", "jaro_winkler", "levenshtein"],
    ),
];

/// Lines outside the home of what they do.
fn strays(lines: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (what, home, signs) in HOMES {
        for (file, line) in lines.iter().filter(|(file, _)| file != home) {
            // The time of a cell is text for a program, in the form of ISO 8601.
            let for_programs = line.contains("%Y-%m-%dT%H:%M:%S");
            if signs.iter().any(|sign| line.contains(sign)) && !for_programs {
                found.push(format!(
                    "{what} is in {home}, not in {file}: {}",
                    line.trim()
                ));
            }
        }
    }
    found
}

#[test]
fn what_faces_share_has_one_home() {
    let lines = lines_of_sources();
    assert!(lines.len() > 40_000, "{} lines", lines.len());
    assert_eq!(strays(&lines), Vec::<String>::new());
    for (what, home, signs) in HOMES {
        let there = |(file, line): &&(String, String)| {
            file == home && signs.iter().any(|sign| line.contains(sign))
        };
        assert!(
            lines.iter().any(|line| there(&line)),
            "{what} is not in {home}"
        );
    }
}

#[test]
fn the_check_notices_a_second_home() {
    for line in [
        "fn escape(text: &str) -> String {",
        "let page = \"<style>b{color:red}</style>\";",
        "if (digits - at).is_multiple_of(3) { out.push(' '); }",
        "date.strftime(\"%d.%m.%Y\")",
        "format!(\"did you mean {near}?\")",
    ] {
        let planted = [("lazaret-server/src/label.rs".to_owned(), line.to_owned())];
        assert_eq!(strays(&planted).len(), 1, "{line}");
    }
}

#[test]
fn every_fuzz_target_is_built_listed_and_run_by_night() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let mut targets: Vec<String> = std::fs::read_dir(root().join("fuzz/fuzz_targets"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    targets.sort();
    let built: BTreeSet<String> = read("fuzz/Cargo.toml")
        .lines()
        .filter_map(|line| {
            line.strip_prefix("path = \"fuzz_targets/")?
                .strip_suffix(".rs\"")
        })
        .map(str::to_owned)
        .collect();
    let nightly = read(".github/workflows/nightly.yml");
    let run = nightly
        .split("target: [")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    let run: BTreeSet<String> = run.split(", ").map(str::to_owned).collect();
    let told = read("fuzz/README.md");
    let told: BTreeSet<String> = told
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    let there: BTreeSet<String> = targets.into_iter().collect();
    assert!(there.len() >= 8, "{there:?}");
    assert_eq!(built, there, "fuzz/Cargo.toml");
    assert_eq!(run, there, ".github/workflows/nightly.yml");
    assert_eq!(told, there, "fuzz/README.md");
    assert!(read(".github/workflows/gate.yml").contains("--manifest-path fuzz/Cargo.toml"));
}

/// Names of metrics as they may be spelt in code: whole, and the scope and end of those that each thing of a kind has.
fn spellings() -> (BTreeSet<String>, BTreeSet<(String, String)>) {
    let (mut whole, mut ends) = (BTreeSet::new(), BTreeSet::new());
    for row in lazaret_sim::metrics::reference().lines() {
        let Some(name) = row.strip_prefix("| `").and_then(|r| r.split('`').next()) else {
            continue;
        };
        match name.split_once(".<") {
            Some((scope, thing)) => {
                let end = thing.split_once('.').expect("a figure follows the thing").1;
                ends.insert((scope.to_owned(), end.to_owned()));
            }
            None => {
                whole.insert(name.to_owned());
            }
        }
    }
    (whole, ends)
}

/// Lines that spell a metric, or the end of one, outside the table of metrics.
fn spelt(lines: &[(String, String)]) -> Vec<String> {
    let (whole, ends) = spellings();
    let ends_alone: BTreeSet<&str> = ends
        .iter()
        .map(|(_, end)| end.as_str())
        .filter(|end| end.contains('.'))
        .collect();
    let spells = |text: &str| {
        let of_a_thing = || {
            let (scope, rest) = text.split_once(".{")?;
            let end = rest.split_once("}.")?.1;
            let known = |(s, e): &(String, String)| s == scope && (e == end || end.contains('{'));
            // A key of the gateway file has no figure's name; `{}.{}` may be either.
            Some(ends.iter().any(known))
        };
        let end = text.trim_start_matches('.');
        whole.contains(text) || ends_alone.contains(end) || of_a_thing().unwrap_or(false)
    };
    lines
        .iter()
        .filter(|(file, _)| !file.starts_with("lazaret-sim/src/metrics"))
        .filter(|(_, line)| line.split('"').skip(1).step_by(2).any(spells))
        .map(|(file, line)| format!("{file}: {}", line.trim()))
        .collect()
}

#[test]
fn a_metric_is_spelt_in_the_table_of_metrics_alone() {
    let (whole, ends) = spellings();
    assert!(whole.len() >= 20 && ends.len() >= 30, "{whole:?} {ends:?}");
    assert_eq!(spelt(&lines_of_sources()), Vec::<String>::new());
    // The check sees each way of spelling one.
    for line in [
        "let column = experiment.column(\"lots.arrived\")?;",
        "self.mean(&format!(\"place.{}.first_full\", place.name))",
        "let metric = |name: &str| format!(\"step.{}.{name}\", step.name);",
        "format!(\"place.{name}.blocked\")",
        "(\".wait.no_room.mean\", \"waits for room\"),",
    ] {
        let planted = [("lazaret-plan/src/simulated.rs".to_owned(), line.to_owned())];
        assert_eq!(spelt(&planted).len(), 1, "{line}");
    }
    let key = "format!(\"place.{name}.slots\")".to_owned();
    assert!(spelt(&[("lazaret-plan/src/simulated.rs".to_owned(), key)]).is_empty());
}
