//! `lazaret new`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::output::{Failure, print};

/// Write a commented gateway file that runs, to be changed into yours
///
/// NAME becomes a folder with a gateway.toml in it; a NAME that ends in .toml becomes that file.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// What the gateway is called
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
        .filter(|stem| {
            !stem.is_empty()
                && !stem
                    .chars()
                    .any(|c| c.is_control() || c == '"' || c == '\\')
        })
        .ok_or_else(|| {
            Failure::BadInput(format!(
                "`{}` cannot be the name of a gateway",
                path.display()
            ))
        })?;
    let file = if is_file {
        path.clone()
    } else {
        fs::create_dir_all(path).map_err(|error| cannot_write(path, &error))?;
        path.join("gateway.toml")
    };
    let text = STARTER.replace("NAME", title);
    // Never over a file that is there: it may be weeks of somebody's work.
    let mut opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::BadInput(format!(
                "{} is there already and is left as it is; choose another name",
                file.display()
            )),
            _ => cannot_write(&file, &error),
        })?;
    opened
        .write_all(text.as_bytes())
        .map_err(|error| cannot_write(&file, &error))?;
    print(&format!(
        "wrote {0}\n\nNext:\n  lazaret check {0}\n  lazaret simulate {0}\n",
        file.display()
    ))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Machine(format!("{} cannot be written: {error}", path.display()))
}
