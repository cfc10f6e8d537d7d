//! Which files a command reads and which it writes. No output may destroy an input or another output.
//!
//! Paths of the command line are found by their type before any work is done: a `PathBuf` is read, an [`Output`] is
//! replaced as a whole, a [`Kept`] grows in place, an [`OutFolder`] receives files. A file that is only found while
//! others are read (a CSV file that the gateway file names, the gateway file of a study) is registered when it is
//! opened, with [`reads`]. Whichever of two clashing paths becomes known last is refused.
//!
//! One process runs one command, so the register is the process's.

mod place;
mod whole;

use std::any::TypeId;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::{ArgMatches, Command};

pub(crate) use self::place::reason;
use self::place::{Id, Place, is_one_name, place_of, try_to_write};
pub(crate) use self::whole::WholeFile;
use crate::output::Failure;

/// A file that a command replaces as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output(PathBuf);

/// A file that a command reads and adds to, such as the record of scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept(pub(crate) PathBuf);

/// A folder that receives files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutFolder(PathBuf);

impl From<OsString> for Output {
    fn from(path: OsString) -> Self {
        Output(path.into())
    }
}

impl From<OsString> for Kept {
    fn from(path: OsString) -> Self {
        Kept(path.into())
    }
}

impl From<OsString> for OutFolder {
    fn from(path: OsString) -> Self {
        OutFolder(path.into())
    }
}

/// What a command does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Read,
    Written,
    Kept,
}

/// A file that takes part in the command.
#[derive(Clone, Debug)]
struct Entry {
    /// Where it was named, such as `--report`; empty if another file names it.
    option: String,
    /// The path as it was given.
    shown: PathBuf,
    /// The path without symbolic links; none for what is not a file.
    real: Option<PathBuf>,
    /// What the file system knows it by, if it exists.
    id: Option<Id>,
    used: Use,
    /// Written through what the process has open, not replaced.
    stream: bool,
}

static REGISTER: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// An output that may replace the input that it follows: `--save` then holds all that `--resume` held and more.
const MAY_REPLACE: (&str, &str) = ("--save", "--resume");

/// Registers every path of the command line, and refuses those that clash or cannot be written.
pub(crate) fn check(command: &Command, matches: &ArgMatches) -> Result<(), Failure> {
    check_all(command, matches).map_err(Failure::BadInput)
}

fn check_all(command: &Command, matches: &ArgMatches) -> Result<(), String> {
    let mut at = (command, matches);
    while let Some((name, inner)) = at.1.subcommand()
        && let Some(found) = at.0.find_subcommand(name)
    {
        at = (found, inner);
    }
    let (command, matches) = at;
    register(standard_output())?;
    // Inputs first: an output that clashes with one is then named by its own option.
    for argument in command.get_arguments() {
        let kind = argument.get_value_parser().type_id();
        let id = argument.get_id().as_str();
        if kind == TypeId::of::<PathBuf>() {
            for path in values::<PathBuf>(matches, id) {
                register(entry(option_of(argument), path, Use::Read)?)?;
            }
        }
    }
    for argument in command.get_arguments() {
        let kind = argument.get_value_parser().type_id();
        let id = argument.get_id().as_str();
        if kind == TypeId::of::<Output>() {
            for output in values::<Output>(matches, id) {
                output.register(option_of(argument))?;
            }
        } else if kind == TypeId::of::<Kept>() {
            for kept in values::<Kept>(matches, id) {
                register(entry(option_of(argument), &kept.0, Use::Kept)?)?;
            }
        } else if kind == TypeId::of::<OutFolder>() {
            for folder in values::<OutFolder>(matches, id) {
                folder.can_be(&option_of(argument))?;
            }
        }
    }
    Ok(())
}

/// The values of an argument that was given or has a default.
fn values<'m, T: Clone + Send + Sync + 'static>(
    matches: &'m ArgMatches,
    id: &str,
) -> impl Iterator<Item = &'m T> {
    matches
        .try_get_many::<T>(id)
        .ok()
        .flatten()
        .into_iter()
        .flatten()
}

/// How an argument is called in messages: its option, or the name of its value.
fn option_of(argument: &clap::Arg) -> String {
    match (argument.get_long(), argument.get_value_names()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some([name, ..])) => name.to_string(),
        (None, _) => argument.get_id().to_string().to_uppercase(),
    }
}

/// Registers a file that is read now, and refuses it if the command would overwrite it.
pub(crate) fn reads(path: &Path) -> Result<(), String> {
    register(entry(String::new(), path, Use::Read)?)
}

/// Registers a file that is read and added to, and refuses it if the command uses it for something else.
pub(crate) fn keeps(path: &Path) -> Result<(), Failure> {
    entry(String::new(), path, Use::Kept)
        .and_then(register)
        .map_err(Failure::BadInput)
}

fn entry(option: String, path: &Path, used: Use) -> Result<Entry, String> {
    let (real, id, stream) = match place_of(path) {
        Ok(Place::File { real, id }) => (Some(real), id, false),
        Ok(Place::Stream { id }) => (None, id, true),
        Err(why) if used == Use::Written => return Err(cannot(&named(&option, path), &why)),
        // A file that cannot be found is told by its reader; `-` is standard input.
        Err(_) => (None, Id::of_open(path), false),
    };
    Ok(Entry {
        option,
        shown: path.to_path_buf(),
        real,
        id: if used == Use::Read && path.as_os_str() == "-" {
            Id::of_open(path)
        } else {
            id
        },
        used,
        stream,
    })
}

/// Where results are printed, if that is a file.
fn standard_output() -> Entry {
    Entry {
        option: "standard output".into(),
        shown: PathBuf::new(),
        real: None,
        id: Id::of_standard_output(),
        used: Use::Written,
        stream: true,
    }
}

fn cannot(name: &str, why: &str) -> String {
    format!("{name} cannot be written: {why}")
}

/// An option with its path, as messages name it.
fn named(option: &str, path: &Path) -> String {
    let path = path.display().to_string();
    if option.is_empty() {
        format!("`{path}`")
    } else if path.is_empty() {
        option.to_string()
    } else {
        format!("`{option} {path}`")
    }
}

impl Entry {
    fn name(&self) -> String {
        named(&self.option, &self.shown)
    }

    fn is_same(&self, other: &Entry) -> bool {
        // Two texts may go to one stream, one after the other.
        if self.stream && other.stream {
            return false;
        }
        match (self.id, other.id) {
            (Some(one), Some(two)) => one == two,
            (None, None) => match (&self.real, &other.real) {
                (Some(one), Some(two)) => one == two || is_one_name(one, two),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a command may use one file both ways.
    fn gets_along_with(&self, other: &Entry) -> bool {
        let may_replace = |new: &Entry, old: &Entry| (&*new.option, &*old.option) == MAY_REPLACE;
        match (self.used, other.used) {
            (Use::Read, Use::Read) => true,
            // One file that is kept, found twice.
            (Use::Kept, Use::Kept) => true,
            _ => may_replace(self, other) || may_replace(other, self),
        }
    }
}

fn register(new: Entry) -> Result<(), String> {
    let mut all = REGISTER.lock().unwrap_or_else(PoisonError::into_inner);
    let same: Vec<&Entry> = all.iter().filter(|known| known.is_same(&new)).collect();
    let again = |known: &&Entry| {
        known.used == new.used && (new.used != Use::Written || known.shown == new.shown)
    };
    // What the command line names is opened later, and may do then what it may now.
    if new.option.is_empty() && same.iter().any(again) {
        return Ok(());
    }
    if let Some(other) = same.iter().find(|other| !other.gets_along_with(&new)) {
        return Err(clash(&new, other));
    }
    all.push(new);
    Ok(())
}

fn clash(one: &Entry, two: &Entry) -> String {
    // The sentence begins with what would destroy, and says what would be destroyed.
    let (writer, other) = if one.used == Use::Written || two.used == Use::Read {
        (one, two)
    } else {
        (two, one)
    };
    let what = match other.used {
        Use::Read => "which this command reads",
        Use::Written => "which this command also writes",
        Use::Kept => "which this command adds to",
    };
    let remedy = if writer.option.is_empty() {
        "use two different files".to_string()
    } else {
        format!("give {} another name", writer.option)
    };
    format!(
        "{} is the same file as {}, {what}; nothing was run or written; {remedy}",
        writer.name(),
        other.name()
    )
}

impl Output {
    /// The path as it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Checks that it can be written and destroys nothing.
    fn register(&self, option: String) -> Result<(), String> {
        let new = entry(option, &self.0, Use::Written)?;
        let name = new.name();
        if let Ok(place) = place_of(&self.0) {
            try_to_write(&self.0, &place).map_err(|why| cannot(&name, &why))?;
        }
        register(new)
    }

    /// Its name without symbolic links, if there is no such file yet.
    #[cfg(feature = "ledger")]
    pub(crate) fn is_new(&self) -> Result<PathBuf, Failure> {
        match place_of(&self.0) {
            Ok(Place::File { real, .. }) if !real.exists() => Ok(real),
            Ok(_) => Err(Failure::BadInput(format!(
                "{} already exists and was not changed; choose another name",
                self.0.display()
            ))),
            Err(why) => Err(Failure::BadInput(cannot(
                &self.0.display().to_string(),
                &why,
            ))),
        }
    }

    /// Opens it for writing; it gets its name when it is whole.
    pub(crate) fn create(&self) -> Result<WholeFile, Failure> {
        WholeFile::create(&self.0)
    }

    /// Writes all of it at once.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut file = self.create()?;
        io::Write::write_all(&mut file, bytes).map_err(|error| file.cannot(&error))?;
        file.finish()
    }
}

impl OutFolder {
    pub(crate) fn at(path: &Path) -> Self {
        OutFolder(path.to_path_buf())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Refuses what can never become a folder.
    fn can_be(&self, option: &str) -> Result<(), String> {
        let there = self.0.ancestors().find_map(|path| {
            let path = if path.as_os_str().is_empty() {
                Path::new(".")
            } else {
                path
            };
            fs::metadata(path).ok().map(|about| (path, about.is_dir()))
        });
        match there {
            Some((path, false)) => Err(cannot(
                &named(option, &self.0),
                &format!("{} is a file, but a folder is needed", path.display()),
            )),
            _ => Ok(()),
        }
    }

    /// Makes the folder if it does not exist.
    pub(crate) fn make(&self) -> Result<(), Failure> {
        self.can_be("").map_err(Failure::BadInput)?;
        fs::create_dir_all(&self.0).map_err(|error| refused(&self.0, &error))
    }

    /// A file of the folder that the command will replace.
    pub(crate) fn file(&self, name: &str) -> Result<Output, Failure> {
        let output = Output(self.0.join(name));
        output.register(String::new()).map_err(Failure::BadInput)?;
        Ok(output)
    }
}

/// A path that cannot be used. The path is to blame, unless the disk is.
pub(crate) fn refused(path: &Path, error: &io::Error) -> Failure {
    let why = reason(error);
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Failure::Machine(format!("{} cannot be written: {why}", path.display()))
        }
        _ => Failure::BadInput(cannot(&path.display().to_string(), &why)),
    }
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;
    use std::path::PathBuf;

    use clap::CommandFactory;

    use super::{Kept, OutFolder, Output};
    use crate::Cli;

    /// Every argument of every command that names a file or folder, as `command argument use`.
    fn paths(command: &clap::Command, above: &str, into: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let kind = argument.get_value_parser().type_id();
            let used = if kind == TypeId::of::<PathBuf>() {
                "reads"
            } else if kind == TypeId::of::<Output>() {
                "writes"
            } else if kind == TypeId::of::<Kept>() {
                "keeps"
            } else if kind == TypeId::of::<OutFolder>() {
                "fills"
            } else {
                let names: Vec<String> = argument
                    .get_value_names()
                    .into_iter()
                    .flatten()
                    .map(ToString::to_string)
                    .collect();
                assert!(
                    !names
                        .iter()
                        .any(|name| name.contains('.') && !name.contains("..")),
                    "{above} {argument}: {names:?} looks like a file and has no type of a file"
                );
                continue;
            };
            into.push(format!("{above} {} {used}", super::option_of(argument)));
        }
        for inner in command.get_subcommands() {
            let name = format!("{above} {}", inner.get_name());
            paths(inner, name.trim(), into);
        }
    }

    #[test]
    fn every_output_of_every_command_goes_through_the_register() {
        let mut found = Vec::new();
        paths(&Cli::command(), "", &mut found);
        let writers: Vec<&str> = found
            .iter()
            .map(String::as_str)
            .filter(|line| !line.ends_with(" reads"))
            .collect();
        assert_eq!(writers, EXPECTED);
    }

    const EXPECTED: &[&str] = &[
        "simulate --per-replication writes",
        "simulate --trace writes",
        "report --out writes",
        "plan capacity --report writes",
        "plan bottleneck --report writes",
        "plan compare --report writes",
        "plan size --report writes",
        "plan sensitivity --report writes",
        "plan optimise --report writes",
        "plan hold --report writes",
        "plan need --report writes",
        "plan sweep --out fills",
        "watch estimate --save writes",
        "watch estimate --report writes",
        "watch estimate --record keeps",
        "watch forecast --save writes",
        "watch forecast --record keeps",
        "watch forecast --report writes",
        "watch compare --report writes",
        "watch next --report writes",
        "watch score --record keeps",
        "watch score --report writes",
        "watch backtest --record keeps",
        "watch backtest --report writes",
        "watch digest --record keeps",
        "watch digest --html writes",
        "ledger backup FILE writes",
        "ledger situation --out writes",
    ];
}
