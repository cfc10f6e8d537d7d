//! `lazaret schema`.

use clap::Args;

use crate::output::{Failure, print};

/// Print the JSON Schema of a gateway file, for editors
///
/// With it, editors that have a TOML language server complete and explain the keys of a gateway file. `lazaret new` writes it next to the file. For
/// another file save it with `lazaret schema > gateway.schema.json` and put `#:schema ./gateway.schema.json` at the top of the file.
#[derive(Args, Debug)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments) -> Result<(), Failure> {
    print(&text())
}

/// The schema as text.
pub(crate) fn text() -> String {
    format!("{:#}\n", lazaret_gateway::schema::schema())
}
