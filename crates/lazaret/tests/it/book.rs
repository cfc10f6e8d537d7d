//! The user's guide: its links lead somewhere, its commands exist, its tutorials run and print what they say.

#![allow(clippy::print_stderr, reason = "a test says what it left out")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// A page of the guide, by its path in the repository.
struct Page {
    path: String,
    text: String,
}

/// Every page that users read.
fn pages() -> Vec<Page> {
    let root = root();
    let mut files = vec![
        root.join("README.md"),
        root.join("ARCHITECTURE.md"),
        root.join("CONTRIBUTING.md"),
        root.join("SECURITY.md"),
        root.join("bench/RESULTS.md"),
    ];
    let mut folders = vec![root.join("docs"), root.join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                files.push(path);
            }
        }
    }
    let mut pages: Vec<Page> = files
        .iter()
        .map(|file| Page {
            path: file
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/"),
            text: fs::read_to_string(file).unwrap(),
        })
        .collect();
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    pages
}

/// A fenced block: what is written after the fence, and its lines.
struct Block {
    language: String,
    text: String,
}

/// The fenced blocks of a page, and the prose between them without what is in backticks.
fn taken_apart(text: &str) -> (Vec<Block>, String) {
    let mut blocks = Vec::new();
    let mut prose = String::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block {
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                let _ = writeln!(block.text, "{line}");
            }
            (None, None) => {
                let plain: Vec<&str> = line.split('`').step_by(2).collect();
                let _ = writeln!(prose, "{}", plain.join("``"));
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    (blocks, prose)
}

/// The targets of the links in prose.
fn links(prose: &str) -> Vec<&str> {
    prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
        .filter(|target| !target.contains(':'))
        .collect()
}

/// The places of a page that a link may name: its headings as GitHub and the book call them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut code = false;
    text.lines()
        .filter(|line| {
            code ^= line.starts_with("```");
            !code && line.starts_with('#')
        })
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            heading
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

/// The links of a page that lead nowhere.
fn broken(page: &Page) -> Vec<String> {
    let root = root();
    let folder = root.join(&page.path).parent().unwrap().to_path_buf();
    let (_, prose) = taken_apart(&page.text);
    links(&prose)
        .into_iter()
        .filter(|target| {
            let (path, place) = target.split_once('#').unwrap_or((target, ""));
            let to = if path.is_empty() {
                root.join(&page.path)
            } else {
                folder.join(path)
            };
            let named = || anchors(&fs::read_to_string(&to).unwrap_or_default()).contains(place);
            !(to.exists() && (place.is_empty() || named()))
        })
        .map(|target| format!("{}: {target}", page.path))
        .collect()
}

#[test]
fn every_link_of_the_guide_leads_somewhere() {
    let all: Vec<String> = pages().iter().flat_map(broken).collect();
    assert_eq!(all, Vec::<String>::new());
    let wrong = |text: &str| {
        broken(&Page {
            path: "docs/x.md".into(),
            text: text.into(),
        })
    };
    assert_eq!(wrong("[a](no.md)"), ["docs/x.md: no.md"]);
    assert_eq!(wrong("[a](plan.md#no)"), ["docs/x.md: plan.md#no"]);
    assert!(wrong("[a](plan.md#coverage-of-the-intervals) `[b](no.md)`").is_empty());
}

#[test]
fn the_book_has_every_page() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let listed: BTreeSet<PathBuf> = links(&summary)
        .into_iter()
        .map(|target| root().join("docs").join(target).canonicalize().unwrap())
        .collect();
    let missing: Vec<String> = pages()
        .into_iter()
        .map(|page| page.path)
        .filter(|path| path != "docs/SUMMARY.md" && !path.starts_with("bench"))
        .filter(|path| !listed.contains(&root().join(path)))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// A command line of a page, in words; and whether it can be run as it is.
#[derive(Debug)]
struct Line {
    words: Vec<String>,
    page: String,
    /// As it is written.
    text: String,
}

/// The commands of a page: in blocks of a shell, and in blocks that are set in by four blanks.
fn command_lines(page: &Page) -> Vec<Line> {
    let (blocks, prose) = taken_apart(&page.text);
    let mut scripts: Vec<String> = blocks
        .into_iter()
        .filter(|block| {
            ["sh", "console", "bash"].contains(&block.language.split(',').next().unwrap())
        })
        .map(|block| block.text)
        .collect();
    scripts.push(
        prose
            .lines()
            .filter_map(|line| line.strip_prefix("    lazaret "))
            .map(|line| format!("lazaret {line}\n"))
            .collect(),
    );
    scripts
        .iter()
        .flat_map(|script| {
            let joined = script.replace("\\\n", " ");
            joined.lines().map(str::to_owned).collect::<Vec<String>>()
        })
        .filter_map(|line| {
            let line = line.trim().trim_start_matches("$ ").to_owned();
            let line = line
                .strip_prefix("cargo run --release --bin lazaret -- ")
                .or_else(|| line.strip_prefix("cargo run --release --features full -- "))
                .map_or_else(|| line.clone(), |rest| format!("lazaret {rest}"));
            line.starts_with("lazaret ").then(|| Line {
                words: words(&line),
                page: page.path.clone(),
                text: line,
            })
        })
        .collect()
}

/// The words of a command line up to a comment, a pipe or an output, as a shell reads them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut within = false;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                within = true;
            }
            (None, '|' | '>' | '&') => break,
            (None, '#') if !within => break,
            (None, ' ') => {
                if within {
                    words.push(std::mem::take(&mut word));
                }
                within = false;
            }
            (None, c) => {
                word.push(c);
                within = true;
            }
        }
    }
    if within {
        // The number of the stream in `2>&1`.
        if !(word == "2" && line.contains("2>")) {
            words.push(word);
        }
    }
    words.retain(|word| word != "…" && word != "...");
    words
}

/// Why the program would not take a command line; none if it would.
fn refused(line: &Line) -> Option<String> {
    // What may be left out is written in brackets, and what readers fill in is a word for its kind.
    let bare = |word: &str| {
        let optional = word.trim_end_matches('…');
        match word.starts_with('[') || optional.ends_with(']') && !optional.contains('[') {
            true => optional.trim_matches(['[', ']']).to_owned(),
            false => word.to_owned(),
        }
    };
    let words: Vec<String> = line
        .words
        .iter()
        .filter(|word| *word != "$quick")
        .map(|word| match bare(word).as_str() {
            "SHELL" => "bash".to_owned(),
            "METRIC <= X" => "lots.dispatched <= 1".to_owned(),
            "PATH=LOW..HIGH" => "place.yard.slots=1..2".to_owned(),
            "I/N" => "0/2".to_owned(),
            "X" | "TONNES" => "1".to_owned(),
            word => word.to_owned(),
        })
        .collect();
    let error = lazaret::whole_command().try_get_matches_from(words).err()?;
    let told = !error.use_stderr();
    (!told).then(|| {
        let first = error.to_string().lines().next().unwrap_or("").to_owned();
        format!("{}: `{}`: {first}", line.page, line.text)
    })
}

#[test]
fn every_command_of_the_guide_is_one_that_the_program_takes() {
    let lines: Vec<Line> = pages().iter().flat_map(command_lines).collect();
    assert!(lines.len() > 80, "{}", lines.len());
    let wrong: Vec<String> = lines.iter().filter_map(refused).collect();
    assert_eq!(wrong, Vec::<String>::new());
    let planted = Page {
        path: "x.md".into(),
        text: "```sh\nlazaret simulate a.toml --replicatons 3 \\\n  --seed 1 # no\n```\n".into(),
    };
    let found = command_lines(&planted);
    assert_eq!(found.len(), 1);
    assert!(refused(&found[0]).unwrap().contains("--replicatons"));
}

#[test]
fn words_are_those_of_a_shell() {
    assert_eq!(
        words("lazaret x --set 'a=\"3 d\"' \"b c\" 2>&1 | head # no"),
        ["lazaret", "x", "--set", "a=\"3 d\"", "b c"]
    );
}

/// A folder as a reader has it who is in a checkout: with the examples in it.
fn checkout() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                copy(&path, &target);
            } else {
                fs::copy(&path, &target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("examples"), &folder.path().join("examples"));
    folder
}

fn is_there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a script in a folder, with the program first in the path. Returns what it printed, and how it ended.
fn bash(folder: &Path, script: &str) -> (String, bool) {
    let program = assert_cmd::cargo::cargo_bin!("lazaret");
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let file = folder.join("tutorial.sh");
    fs::write(&file, script).unwrap();
    let output = Command::new("bash")
        .arg(&file)
        .current_dir(folder)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "110")
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (text, output.status.success())
}

/// A line without what differs between widths.
fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What of the expected lines is not in the output, in that order: the first one.
fn missing<'e>(expected: &'e str, output: &str) -> Option<&'e str> {
    let mut lines = output.lines().map(plain);
    expected
        .lines()
        .filter(|line| !line.trim().is_empty())
        .find(|line| {
            let wanted = plain(line);
            !lines.any(|found| found.contains(&wanted))
        })
}

/// Runs the blocks of a tutorial one after the other in one shell, and compares each with the text below it.
///
/// * `change` — what is written differently here, such as a port that is free.
fn walk(tutorial: &str, change: &dyn Fn(&str) -> String) -> Result<(), String> {
    const END: &str = "@@@ the end of a block, with";
    let text = fs::read_to_string(root().join("docs/tutorials").join(tutorial)).unwrap();
    let (blocks, _) = taken_apart(&text);
    // A process that a tutorial leaves behind ends with the shell.
    let mut script = String::from("trap 'kill $(jobs -p) 2>/dev/null' EXIT\nexec 2>&1\n");
    let mut run: Vec<(&Block, Option<&Block>)> = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        if !["sh", "sh,fails"].contains(&block.language.as_str()) {
            continue;
        }
        let below = blocks.get(at + 1).filter(|next| next.language == "text");
        run.push((block, below));
        let _ = write!(
            script,
            "{}\necho \"{END} $?\"\n",
            change(block.text.trim_end())
        );
    }
    assert!(run.len() > 4, "{tutorial} has {} blocks", run.len());
    let folder = checkout();
    let (printed, _) = bash(folder.path(), &script);
    let mut parts = printed.split(END);
    let mut output = parts.next().unwrap_or("");
    for (block, below) in run {
        let part = parts
            .next()
            .ok_or_else(|| format!("{tutorial} stopped in:\n{}\n{output}", block.text))?;
        let (code, rest) = part.trim_start().split_once('\n').unwrap_or((part, ""));
        let fails = block.language.ends_with("fails");
        if (code.trim() == "0") == fails {
            return Err(format!(
                "{tutorial}, exit code {code} of:\n{}\n{output}",
                block.text
            ));
        }
        let expected = below.map(|below| change(&below.text));
        if let Some(line) = expected.as_deref().and_then(|text| missing(text, output)) {
            return Err(format!(
                "{tutorial} says that this is printed, and it is not:\n{line}\nby:\n{}\nwhich printed:\n{output}",
                block.text
            ));
        }
        output = rest;
    }
    Ok(())
}

#[test]
fn an_afternoon_at_a_quay_goes_as_written() {
    walk("planner.md", &str::to_owned).unwrap();
    // What is not printed is noticed.
    let wrong = walk("planner.md", &|block| {
        block.replace("--replications 100", "--replications 3")
    });
    assert!(wrong.unwrap_err().contains("says that this is printed"));
}

#[test]
fn a_week_in_the_yard_goes_as_written() {
    for program in ["curl", "jq"] {
        if !is_there(program) {
            assert!(
                std::env::var_os("LAZARET_REQUIRE_BROWSER").is_none(),
                "{program} is required for the officer's tutorial and is not installed"
            );
            eprintln!("SKIPPED: the officer's tutorial, because {program} is not installed");
            return;
        }
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    walk("officer.md", &|block| {
        block.replace("127.0.0.1:8181", &format!("127.0.0.1:{port}"))
    })
    .unwrap();
}

#[test]
fn three_weeks_of_evidence_go_as_written() {
    walk("analyst.md", &str::to_owned).unwrap();
}

/// Whether a command can be run as it is: it has no word for the reader to fill in, and it ends by itself.
fn runs_as_it_is(line: &Line) -> bool {
    let serves = ["serve", "demo"].contains(&line.words.get(1).map_or("", String::as_str));
    let to_fill_in = line.words.iter().skip(1).any(|word| {
        let letters = word.chars().filter(char::is_ascii_alphabetic);
        let big = letters.clone().all(|c| c.is_ascii_uppercase()) && letters.count() > 1;
        big || word.contains(['$', '…'])
            || [
                "GATEWAY", "EVIDENCE", "NAME", "FILE", "DIR", "STUDY", "HAZARD",
            ]
            .iter()
            .any(|placeholder| word.contains(placeholder))
    });
    let inputs_are_there = line.words.iter().skip(2).all(|word| {
        let input = [".toml", ".csv", ".jsonl", ".json"]
            .iter()
            .any(|end| word.ends_with(end));
        !input || word.contains('=') || root().join(word).exists() || line.page == "docs/how-to.md"
    });
    !serves && !to_fill_in && inputs_are_there
}

/// By day the commands of the how-to guide that are quick; by night every command of every page that can be run as it is.
#[test]
fn the_commands_of_the_guide_run() {
    let night = std::env::var_os("LAZARET_NIGHTLY").is_some_and(|value| value == "1");
    let mut ran = 0;
    for page in pages() {
        if page.path.starts_with("docs/tutorials") || !(night || page.path == "docs/how-to.md") {
            continue;
        }
        let folder = checkout();
        for line in command_lines(&page)
            .iter()
            .filter(|line| runs_as_it_is(line))
        {
            // A size, a sensitivity, a sweep and an estimate take their time.
            let slow = ["size", "sensitivity", "sweep", "estimate"];
            if !night
                && line
                    .words
                    .get(2)
                    .is_some_and(|word| slow.contains(&word.as_str()))
            {
                continue;
            }
            // A machine where tests run may have a note, and nothing worse.
            let (printed, good) = bash(folder.path(), &format!("exec 2>&1\n{}\n", line.text));
            assert!(good, "{}: {}\n{printed}", line.page, line.text);
            ran += 1;
        }
    }
    assert!(ran > 8, "{ran}");
    eprintln!("{ran} commands of the guide ran");
}
