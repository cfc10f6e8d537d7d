//! gateway-ref by hand with a ring of buckets over time.

use std::process::ExitCode;

use lazaret_bench::calendar::ring::Ring;
use lazaret_bench::run::{self, boxed};

fn main() -> ExitCode {
    run::main("ring_loop", &["ring"], boxed::<Ring>)
}
