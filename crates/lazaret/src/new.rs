//! `lazaret new`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::files::{OutFolder, refused};
use crate::output::{Failure, print, quoted_path};

/// Write a commented starter gateway file that runs
///
/// NAME becomes a folder with a gateway.toml in it; a NAME that ends in .toml becomes that file.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Name of the gateway
    #[arg(value_name = "NAME")]
    name: PathBuf,
}

const STARTER: &str = include_str!("../starter.toml");

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.name;
    let is_file = path.extension().is_some_and(|ending| ending == "toml");
    let title = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        // `-` means standard input wherever a file is asked for.
        .filter(|stem| {
            !stem.is_empty()
                && *stem != "-"
                && !stem
                    .chars()
                    .any(|c| c.is_control() || c == '"' || c == '\\')
        })
        .ok_or_else(|| {
            Failure::BadInput(format!(
                "`{}` cannot be the name of a gateway; give a name such as border-yard",
                path.display()
            ))
        })?;
    let file = if is_file {
        path.clone()
    } else {
        OutFolder::at(path).make()?;
        path.join("gateway.toml")
    };
    let text = STARTER.replace("NAME", title);
    // Never over a file that exists: it may be weeks of somebody's work.
    let mut opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::BadInput(format!(
                "{} already exists and was not changed; choose another name",
                file.display()
            )),
            _ => refused(&file, &error),
        })?;
    if let Err(error) = opened.write_all(text.as_bytes()) {
        // Half a gateway file would only get in the way of the next attempt.
        let _ = std::fs::remove_file(&file);
        return Err(refused(&file, &error));
    }
    let quoted = quoted_path(&file);
    print(&format!(
        "wrote {}\n\nNext:\n  lazaret check {quoted}\n  lazaret simulate {quoted}\n",
        file.display()
    ))
}
