//! `lazaret demo`.

use std::path::PathBuf;

use clap::Args;

use crate::output::{Failure, say};
use crate::serve;

/// Open a demonstration in the browser: weeks of simulated work on the operators' screens
///
/// Serves the example of Uiju, or FILE, as `lazaret serve FILE --demo` does, and opens its address. Nothing is real and
/// nothing is kept. Ctrl-C ends it.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// A gateway file [default: the example of Uiju, which is built in]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8080, or any free port if that one is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Print the address without opening a browser
    #[arg(long)]
    no_browser: bool,
}

/// The place that is shown if no other is named.
const UIJU: &str = include_str!("../../../examples/uiju/gateway.toml");
const USUAL: &str = "127.0.0.1:8080";

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder;
    let file = match &arguments.file {
        Some(file) => file.clone(),
        None => {
            folder = serve::Temporary::new()
                .map_err(|error| Failure::Machine(format!("no temporary folder: {error}")))?;
            let file = folder.path().join("gateway.toml");
            std::fs::write(&file, UIJU)
                .map_err(|error| Failure::Machine(format!("{}: {error}", file.display())))?;
            file
        }
    };
    let listen = arguments.listen.clone().unwrap_or_else(free);
    serve::demonstration(&file, &listen, !arguments.no_browser)
}

/// The usual address, or one with any port where another program has that.
fn free() -> String {
    match std::net::TcpListener::bind(USUAL) {
        Ok(_) => USUAL.to_owned(),
        Err(_) => {
            say(&format!("{USUAL} is taken; another port is used\n"));
            "127.0.0.1:0".to_owned()
        }
    }
}
