//! What a newcomer is told first: by the name alone, by `doctor`, by `demo`.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

use crate::{Said, lazaret};

/// Runs `doctor` with a `PATH` of its own.
fn doctor(folder: &Path, path: &str, arguments: &[&str]) -> Said {
    let output = Command::cargo_bin("lazaret")
        .unwrap()
        .current_dir(folder)
        .env("PATH", path)
        .env_remove("BROWSER")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env("COLUMNS", "200")
        .arg("doctor")
        // Any port: another server may listen on the usual one.
        .args(if arguments.contains(&"--server") {
            &[][..]
        } else {
            &["--listen", "127.0.0.1:0"][..]
        })
        .args(arguments)
        .output()
        .unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The line about a thing, and what to do.
fn line<'s>(said: &'s Said, about: &str) -> &'s str {
    said.out
        .lines()
        .find(|line| {
            line.split_once("  ")
                .is_some_and(|(_, rest)| rest.trim_start().starts_with(about))
        })
        .unwrap_or_else(|| panic!("nothing about {about}:\n{}{}", said.out, said.err))
}

#[test]
fn the_name_alone_says_what_to_do_in_one_screen() {
    let said = lazaret(Path::new("."), &[]);
    assert_eq!(said.code, Some(2));
    assert_eq!(said.out, "");
    assert!(said.err.lines().count() <= 24, "{}", said.err);
    assert!(
        said.err.lines().all(|line| line.chars().count() <= 90),
        "{}",
        said.err
    );
    // Every command that it names exists.
    let mut named = 0;
    for words in said
        .err
        .lines()
        .filter_map(|l| l.trim().strip_prefix("lazaret "))
    {
        let name = words.split(' ').next().unwrap();
        if name.starts_with('-') || words.starts_with("plans,") {
            continue;
        }
        assert_eq!(
            lazaret(Path::new("."), &[name, "--help"]).code,
            Some(0),
            "{name}"
        );
        named += 1;
    }
    assert!(named >= 8, "{}", said.err);
}

#[test]
fn a_machine_in_order_has_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var("PATH").unwrap();
    let said = doctor(folder.path(), &path, &[]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(
        line(&said, "program").starts_with("ok     program"),
        "{}",
        said.out
    );
    assert!(line(&said, "ledger folder").contains("is not there yet"));
    assert!(said.out.contains("\nno faults, "), "{}", said.out);
    // Nothing stays behind.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_not_here_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let said = doctor(folder.path(), "", &[]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(line(&said, "browser").starts_with("note"), "{}", said.out);
    assert!(
        line(&said, "time service").starts_with("note"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("timedatectl set-ntp true"),
        "{}",
        said.out
    );
    if !lazaret_server::has_screens() {
        assert!(
            line(&said, "screens").contains("Node.js is not here"),
            "{}",
            said.out
        );
        assert!(
            said.out.contains("install Node.js 20.19 or later"),
            "{}",
            said.out
        );
    }
}

#[test]
fn a_ledger_that_is_none_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("ledger.db"), "SQLite format 4\0").unwrap();
    let said = doctor(folder.path(), "", &["--data", "data"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(
        line(&said, "ledger folder").starts_with("FAULT"),
        "{}",
        said.out
    );
    assert!(said.err.contains("1 of "), "{}", said.err);
    fs::write(data.join("ledger.db"), "SQLite format 3\0and so on").unwrap();
    assert_eq!(doctor(folder.path(), "", &["--data", "data"]).code, Some(0));
    // A file where the folder should be.
    let said = doctor(folder.path(), "", &["--data", "data/ledger.db/x"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    let said = doctor(folder.path(), "", &["--data", "data/ledger.db"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_a_fault() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let key = data.join("checkpoint.key");
    fs::write(&key, "00").unwrap();
    for (mode, code) in [(0o640, 1), (0o604, 1), (0o600, 0)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let said = doctor(folder.path(), "", &["--data", "data"]);
        assert_eq!(said.code, Some(code), "{mode:o}: {}", said.out);
        assert_eq!(said.out.contains("chmod 600"), code == 1, "{}", said.out);
    }
}

#[test]
fn a_database_that_does_not_answer_is_a_fault_and_its_password_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let address = "postgres://ada:s3cret@127.0.0.1:1/none";
    let said = doctor(folder.path(), "", &["--database", address]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(line(&said, "database").contains("postgres://ada@127.0.0.1:1/none"));
    assert!(
        !said.out.contains("s3cret") && !said.err.contains("s3cret"),
        "{}",
        said.out
    );
    let said = doctor(folder.path(), "", &["--database", "mysql://h/n"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
}

#[test]
fn a_server_is_asked_whether_it_lives() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answers = [
        "HTTP/1.1 200 OK\r\n\r\nok\n",
        "HTTP/1.1 503 Busy\r\n\r\n{\"state\":\"standing by\"}",
    ];
    let server = std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            assert!(request.starts_with(b"GET /"));
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let said = doctor(Path::new("."), "", &["--server", &address]);
    server.join().unwrap();
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(line(&said, "ready").contains("standing by"), "{}", said.out);
    // It has ended: nobody answers.
    assert_eq!(
        doctor(Path::new("."), "", &["--server", &address]).code,
        Some(1)
    );
    assert_eq!(
        doctor(Path::new("."), "", &["--server", "h:80"]).code,
        Some(2)
    );
}

#[cfg(unix)]
#[test]
fn a_demonstration_opens_the_browser_at_its_address() {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let browser = folder.path().join("browser");
    let opened = folder.path().join("opened");
    fs::write(
        &browser,
        format!("#!/bin/sh\necho \"$1\" >'{}'\n", opened.display()),
    )
    .unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(
        folder.path().join("small.toml"),
        include_str!("../../starter.toml"),
    )
    .unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("lazaret"))
        .args(["demo", "small.toml", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .env("BROWSER", &browser)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Lazaret shows ") {
        line.clear();
        assert!(
            said.read_line(&mut line).unwrap() > 0,
            "it ended before it served"
        );
    }
    let address = line
        .trim()
        .strip_prefix("Lazaret shows ")
        .unwrap()
        .to_owned();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !opened.exists() || fs::read_to_string(&opened).unwrap().is_empty() {
        assert!(std::time::Instant::now() < until, "no browser was opened");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(fs::read_to_string(&opened).unwrap().trim(), address);
    let mut stream =
        std::net::TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    child.kill().unwrap();
    child.wait().unwrap();
}
