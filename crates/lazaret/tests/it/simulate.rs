//! `lazaret simulate`: the result contract, reproducibility, files that are whole or absent.

use std::fs;

use serde_json::Value;

use super::{file, lazaret};

const GATEWAY: &str = r#"
[gateway]
name   = "Test"
start  = 2022-03-01T06:00:00
length = "30 d"

[unknown]
hold_time = "uniform(5 d, 10 d)"

[source.north]
every  = "exponential(24 h)"
convoy = "uniform_int(5, 9)"

[place]
track = { slots = 8, zone = "dirty" }
yard  = { slots = 60 }

[[step]]
id    = "unload"
at    = "track"
takes = "triangular(1 h, 2 h, 4 h)"

[[step]]
id    = "disinfect"
at    = "yard"
takes = "6 h"

[[step]]
id    = "hold"
at    = "yard"
takes = "hold_time"
clock = "starts when disinfection ends"

[[step]]
id    = "dispatch"
at    = "yard"
every = "24 h"
"#;

fn json(arguments: &[&str]) -> (Value, String) {
    let (folder, _) = file("gateway.toml", GATEWAY);
    let said = lazaret(
        folder.path(),
        &[&["simulate", "gateway.toml", "--json"], arguments].concat(),
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    (serde_json::from_str(&said.out).unwrap(), said.out)
}

#[test]
fn the_result_keeps_its_contract() {
    let (result, _) = json(&["--replications", "25", "--seed", "7"]);
    assert_eq!(result["gateway"], "Test");
    assert_eq!(result["seed"], 7);
    assert_eq!(result["replications"], 25);
    assert_eq!(result["study"], "opening");
    assert_eq!(result["partial"], false);
    assert_eq!(result["version"], env!("CARGO_PKG_VERSION"));
    assert!(result["settled"].is_boolean() && result["warnings"].is_array());
    // The hash of a file without overrides is what sha256sum prints for it.
    assert_eq!(
        result["file_hash"],
        "7fba2dbcdc59eb93c558fb6c5b4ca2dde3f6699083c1f5c838ccfbb7a91f5400"
    );
    let time = &result["metrics"]["lots.time_in_gateway.mean"];
    let (mean, low, high) = (
        time["mean"].as_f64().unwrap(),
        time["low"].as_f64().unwrap(),
        time["high"].as_f64().unwrap(),
    );
    assert!(low < mean && mean < high && time["level"] == 0.95 && time["n"] == 25);
    // Hold, disinfection, unloading and half a day until the next departure: in hours.
    assert!((120.0..300.0).contains(&mean), "{mean}");
    for name in [
        "lots.arrived",
        "lots.dispatched",
        "lots.in_gateway",
        "lots.time_in_gateway.p95",
        "step.hold.wait.mean",
        "step.unload.blocked.mean",
        "place.yard.occupancy.max",
        "place.yard.utilisation",
        "place.track.blocked",
        "vehicle.turn_round.p95",
        "vehicle.returned",
        "source.north.waiting.mean",
        "dispatch.dispatch.departures",
        "dispatch.dispatch.load.mean",
        "goods.general.time_in_gateway.p95",
    ] {
        assert!(result["metrics"][name]["n"].as_u64().unwrap() > 0, "{name}");
    }
}

#[test]
fn the_result_is_the_same_bytes_on_one_thread_and_on_two() {
    for stop in [
        &["--replications", "70"][..],
        &["--limit", "150"],
        &[
            "--until-half-width",
            "lots.in_gateway.mean=1.5",
            "--limit",
            "400",
        ],
    ] {
        let (_, one) = json(&[stop, &["--threads", "1"]].concat());
        let (_, two) = json(&[stop, &["--threads", "2"]].concat());
        assert!(one == two, "{stop:?}");
    }
    // It could differ: another seed gives other bytes.
    let (_, seed_1) = json(&["--replications", "70", "--seed", "1"]);
    let (_, seed_2) = json(&["--replications", "70", "--seed", "2"]);
    assert_ne!(seed_1, seed_2);
}

#[test]
fn what_was_never_measured_is_null() {
    let (result, _) = json(&["--replications", "3", "--set", "unknown.hold_time=\"40 d\""]);
    let time = &result["metrics"]["lots.time_in_gateway.mean"];
    assert!(time["mean"].is_null() && time["low"].is_null() && time["n"] == 0);
}

#[test]
fn it_says_what_ended_it() {
    let (result, _) = json(&["--until-half-width", "lots.in_gateway.mean=3"]);
    assert_eq!(result["stopped_by"], "precision");
    let estimate = &result["metrics"]["lots.in_gateway.mean"];
    let half = (estimate["high"].as_f64().unwrap() - estimate["low"].as_f64().unwrap()) / 2.0;
    assert!(half <= 3.0 && result["replications"].as_u64().unwrap() < 1000);
    let (result, _) = json(&["--limit", "20"]);
    assert_eq!(result["stopped_by"], "limit");
    assert_eq!(result["settled"], false);
}

#[test]
fn each_replication_has_a_row_and_the_rows_have_the_mean_of_the_result() {
    let (folder, _) = file("gateway.toml", GATEWAY);
    let said = lazaret(
        folder.path(),
        &[
            "simulate",
            "gateway.toml",
            "--json",
            "--replications",
            "12",
            "--per-replication",
            "rows.csv",
        ],
    );
    let result: Value = serde_json::from_str(&said.out).unwrap();
    let rows = fs::read_to_string(folder.path().join("rows.csv")).unwrap();
    let mut lines = rows.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(&head[..3], ["replication", "seed", "lots.arrived"]);
    let column = head
        .iter()
        .position(|&name| name == "lots.in_gateway.mean")
        .unwrap();
    let values: Vec<f64> = lines
        .enumerate()
        .map(|(nth, line)| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), head.len());
            assert_eq!((cells[0], cells[1]), (nth.to_string().as_str(), "1"));
            cells[column].parse().unwrap()
        })
        .collect();
    assert_eq!(values.len(), 12);
    let mean = values.iter().sum::<f64>() / 12.0;
    let said = result["metrics"]["lots.in_gateway.mean"]["mean"]
        .as_f64()
        .unwrap();
    assert!((mean - said).abs() < 1e-9 * said);
}

#[test]
fn the_trace_is_one_event_a_line_in_order_of_time() {
    let (folder, _) = file("gateway.toml", GATEWAY);
    let said = lazaret(
        folder.path(),
        &[
            "simulate",
            "gateway.toml",
            "--replications",
            "1",
            "--trace",
            "trace.jsonl",
        ],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    let trace = fs::read_to_string(folder.path().join("trace.jsonl")).unwrap();
    let events: Vec<lazaret_vocabulary::event::Event> = trace
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.len() > 100);
    assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
    // And nothing else is left in the folder.
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["gateway.toml", "trace.jsonl"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_and_leaves_nothing() {
    let (folder, _) = file("gateway.toml", GATEWAY);
    for option in ["--trace", "--per-replication"] {
        let said = lazaret(
            folder.path(),
            &[
                "simulate",
                "gateway.toml",
                "--replications",
                "500",
                option,
                "/dev/full",
            ],
        );
        assert_eq!(said.code, Some(1));
        assert!(
            said.err.contains("/dev/full cannot be written"),
            "{}",
            said.err
        );
    }
}

#[test]
#[cfg(unix)]
fn a_file_is_not_replaced_by_half_of_another() {
    let (folder, _) = file("gateway.toml", GATEWAY);
    fs::write(folder.path().join("rows.csv"), "precious").unwrap();
    // The process dies when it has written the few blocks that it may.
    let died = std::process::Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", "ulimit -f 8; exec \"$0\" \"$@\""])
        .arg(assert_cmd::cargo::cargo_bin("lazaret"))
        .args(["simulate", "gateway.toml", "--replications", "2000"])
        .args(["--per-replication", "rows.csv"])
        .output()
        .unwrap();
    assert!(!died.status.success());
    assert_eq!(
        fs::read_to_string(folder.path().join("rows.csv")).unwrap(),
        "precious"
    );
}

#[test]
fn mistakes_on_the_command_line_say_what_to_do() {
    let (folder, _) = file("gateway.toml", GATEWAY);
    for (arguments, hint) in [
        (
            &["--until-half-width", "lots.throughputt=1"][..],
            "did you mean `lots.throughput`?",
        ),
        (
            &["--until-half-width", "lots.throughput"],
            "write METRIC=VALUE",
        ),
        (
            &["--until-half-width", "lots.throughput=two"],
            "`two` is not a number",
        ),
        (
            &["--until-half-width", "lots.throughput=0"],
            "must be above 0",
        ),
        (&["--replications", "0"], "0 is not in 1.."),
        (&["--threads", "0"], "0 is not in 1.."),
        (
            &["--replications", "5", "--limit", "7"],
            "cannot be used with",
        ),
        (&["--set", "place.yrad.slots=3"], "yard"),
    ] {
        let said = lazaret(
            folder.path(),
            &[&["simulate", "gateway.toml"], arguments].concat(),
        );
        assert_eq!(said.code, Some(2), "{arguments:?}");
        assert!(said.err.contains(hint), "{arguments:?}: {}", said.err);
        assert_eq!(said.out, "");
    }
    let said = lazaret(
        folder.path(),
        &[
            "simulate",
            "gateway.toml",
            "--replications",
            "2",
            "--trace",
            "no/such/file",
        ],
    );
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("the folder no/such does not exist"),
        "{}",
        said.err
    );
}

#[test]
#[cfg(unix)]
fn ctrl_c_prints_what_is_known_and_calls_it_partial() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let (folder, _) = file("gateway.toml", GATEWAY);
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("lazaret"))
        .current_dir(folder.path())
        .args([
            "simulate",
            "gateway.toml",
            "--json",
            "--replications",
            "1000000000",
            "--per-replication",
            "rows.csv",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Once there are rows on disk there is something to tell.
    let part = || {
        fs::read_dir(folder.path()).unwrap().any(|entry| {
            let entry = entry.unwrap();
            entry.file_name().to_string_lossy().ends_with(".part")
                && entry.metadata().unwrap().len() > 0
        })
    };
    let began = std::time::Instant::now();
    while !part() {
        assert!(
            began.elapsed().as_secs() < 300,
            "no rows within five minutes"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let result: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(result["partial"], true);
    assert_eq!(result["settled"], false);
    assert_eq!(result["stopped_by"], "interrupt");
    // Rows that are not all keep their temporary name, which says that they are not.
    assert!(!folder.path().join("rows.csv").exists());
    let names = fs::read_dir(folder.path()).unwrap();
    let part = names
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".part"))
        .unwrap();
    let rows = fs::read_to_string(part).unwrap();
    assert_eq!(
        rows.lines().count() as u64,
        result["replications"].as_u64().unwrap() + 1
    );
}
