//! gateway-ref by hand with heaps and arrays.

use std::process::ExitCode;

use lazaret_bench::calendar::heap::{Heap, NearAndFar};
use lazaret_bench::run::{self, boxed};

fn main() -> ExitCode {
    run::main(
        "heap_loop",
        &["two", "one", "one-4ary", "two-4ary"],
        |options| match options.calendar.as_str() {
            "one" => boxed::<Heap<2>>(options),
            "two" => boxed::<NearAndFar<2>>(options),
            "one-4ary" => boxed::<Heap<4>>(options),
            _ => boxed::<NearAndFar<4>>(options),
        },
    )
}
