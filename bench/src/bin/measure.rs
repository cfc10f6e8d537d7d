//! Runs a program and tells what it cost: `measure REPORT.json PROGRAM [ARGUMENT...]`.
//!
//! A child's peak memory, as the kernel counts it, is never less than that of the process that started it.
//! That is why the stopwatch is this small program and not the Python script that calls it.

use std::fs;
use std::process::{Command, ExitCode};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(report), Some(program)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: measure REPORT.json PROGRAM [ARGUMENT...]");
        return ExitCode::from(2);
    };
    let clock = Instant::now();
    let status = match Command::new(&program).args(arguments).status() {
        Ok(status) => status,
        Err(error) => {
            eprintln!("measure: cannot start {}: {error}", program.display());
            return ExitCode::from(2);
        }
    };
    let wall = clock.elapsed().as_secs_f64();
    let usage = match getrusage(UsageWho::RUSAGE_CHILDREN) {
        Ok(usage) => usage,
        Err(error) => {
            eprintln!("measure: the system does not tell what a child has used: {error}");
            return ExitCode::from(2);
        }
    };
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 * 1e-6;
    let text = format!(
        "{{\"wall_s\": {wall:.6}, \"cpu_s\": {cpu:.6}, \"peak_kib\": {}, \"code\": {}}}\n",
        usage.max_rss(),
        status.code().unwrap_or(-1)
    );
    if let Err(error) = fs::write(&report, text) {
        eprintln!("measure: cannot write {}: {error}", report.display());
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}
