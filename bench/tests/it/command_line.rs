//! Wrong command lines are refused with code 2 and a word on what is wrong.

use std::process::Command;

fn check(program: &str, arguments: &[&str], expected: &str) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("the program was built");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert!(message.contains(expected), "{arguments:?}: {message}");
}

#[test]
fn the_fast_loops_refuse() {
    for program in [
        env!("CARGO_BIN_EXE_heap_loop"),
        env!("CARGO_BIN_EXE_ring_loop"),
    ] {
        check(program, &["--replications"], "--replications needs a value");
        check(
            program,
            &["--replications", "-1"],
            "needs a whole number, not -1",
        );
        check(program, &["--replications", "0"], "at least 1");
        check(program, &["--yard-slots", "0"], "at least 1");
        check(program, &["--variant", "best"], "there is no variant best");
        check(program, &["--calendar", "paper"], "--calendar is one of");
        check(program, &["--fast"], "unknown option --fast");
    }
}

#[test]
fn the_plain_loop_refuses() {
    let program = env!("CARGO_BIN_EXE_plain_loop");
    check(program, &["--yard"], "--yard is unknown or needs a value");
    check(
        program,
        &["--yard", "many"],
        "needs a whole number, not many",
    );
    check(program, &["--platform", "0"], "at least 1");
    check(program, &["--fast", "1"], "unknown option --fast");
}

#[test]
fn csv_has_a_row_a_replication() {
    let output = Command::new(env!("CARGO_BIN_EXE_ring_loop"))
        .args(["--csv", "--replications", "3"])
        .output()
        .expect("the program was built");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines.iter().all(|line| line.split(',').count() == 8),
        "{text}"
    );
}
