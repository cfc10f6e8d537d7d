//! Commands that this build does not have: they say which one line builds and runs them.

use std::ffi::OsString;

use clap::Args;

use crate::output::{Failure, quoted};

/// Whatever the command would be given.
#[derive(Args, Debug)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Arguments {
    #[arg(
        hide = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENT"
    )]
    words: Vec<OsString>,
}

/// Says how to get the command.
///
/// * `command` — its name.
pub(crate) fn run(command: &str, arguments: &Arguments) -> Result<(), Failure> {
    let words: String = arguments
        .words
        .iter()
        .map(|word| format!(" {}", quoted(word)))
        .collect();
    Err(Failure::BadInput(format!(
        "`lazaret {command}` is not in this build, which plans and watches. In the folder of the sources, this line builds \
         everything and runs it:\n  cargo run --release --features full -- {command}{words}"
    )))
}
