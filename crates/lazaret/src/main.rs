//! The binary of Lazaret.

use std::process::ExitCode;

fn main() -> ExitCode {
    lazaret::main()
}
