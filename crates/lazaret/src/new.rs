//! `lazaret new`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::files::{OutFolder, refused};
use crate::output::{Failure, print, quoted_path};

/// Write a commented starter gateway file that runs
///
/// NAME becomes a folder with a gateway.toml in it; a NAME that ends in .toml becomes that file. The schema that editors use to
/// complete and explain the keys is written next to it.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Name of the gateway
    #[arg(value_name = "NAME")]
    name: PathBuf,
}

/// The schema next to the file: the first line of the starter names it.
const SCHEMA: &str = "gateway.schema.json";
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
    let schema = file.with_file_name(SCHEMA);
    let told = write_schema(&schema)?;
    let quoted = quoted_path(&file);
    print(&format!(
        "wrote {}\n{told}\nNext:\n  lazaret check {quoted}\n  lazaret simulate {quoted}\n",
        file.display()
    ))
}

/// Writes the schema, and says what it did. One that is there stays: it may be the one of other files in the folder.
fn write_schema(path: &Path) -> Result<String, Failure> {
    let text = crate::schema::text();
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    match made {
        Ok(mut opened) => {
            if let Err(error) = opened.write_all(text.as_bytes()) {
                let _ = std::fs::remove_file(path);
                return Err(refused(path, &error));
            }
            Ok(format!("wrote {}, for editors\n", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let same = std::fs::read_to_string(path).is_ok_and(|there| there == text);
            Ok(if same {
                String::new()
            } else {
                format!(
                    "{} is of another version and was not changed; `lazaret schema` prints this one\n",
                    path.display()
                )
            })
        }
        Err(error) => Err(refused(path, &error)),
    }
}
