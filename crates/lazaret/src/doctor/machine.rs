//! What everything runs on: the program, the machine, the browser, the clock.

use std::path::{Path, PathBuf};

use super::{BUILD_ALL, Finding};
use crate::browser::{on_path, opener, printed};
use crate::parts;

/// Memory below which a study of a large gateway may fail, in MiB.
const MEMORY_MIB: u64 = 512;
/// Room on the disk below which a ledger is soon full, in MiB, and below which nothing works.
const DISK_MIB: (u64, u64) = (1024, 50);
/// The oldest Node.js that builds the screens.
const NODE: (u32, u32) = (20, 19);

/// What is in this program.
pub(super) fn program() -> Finding {
    let with = format!(
        "lazaret {} with {}",
        env!("CARGO_PKG_VERSION"),
        parts::inside().join(", ")
    );
    let without = parts::left_out();
    if without.is_empty() {
        return Finding::good("program", with);
    }
    Finding::note(
        "program",
        format!("{with}; without {}", without.join(", ")),
        format!("if you need them, run in a checkout: {BUILD_ALL}"),
    )
}

/// The threads that may run at once.
pub(super) fn processor() -> Finding {
    match std::thread::available_parallelism() {
        Ok(threads) => Finding::good("processor", format!("{threads} threads at once")),
        Err(error) => Finding::note(
            "processor",
            format!("its threads cannot be counted: {error}"),
            "say how many with --threads",
        ),
    }
}

/// The memory that is free, where the system says so in a file.
pub(super) fn memory() -> Option<Finding> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    memory_of(&text)
}

fn memory_of(text: &str) -> Option<Finding> {
    let line = text.lines().find(|l| l.starts_with("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    let mib = kib / 1024;
    let found = format!("{mib} MiB can be had");
    Some(if mib < MEMORY_MIB {
        Finding::note(
            "memory",
            found,
            format!(
                "large studies want {MEMORY_MIB} MiB; end other programs, or use fewer --threads"
            ),
        )
    } else {
        Finding::good("memory", found)
    })
}

/// The room where a ledger is or would be.
pub(super) fn disk(data: &Path) -> Finding {
    let folder = nearest(data);
    let asked = folder.to_string_lossy().into_owned();
    let free = printed("df", &["-Pk", "--", &asked]).and_then(|text| free_mib(&text));
    let Some(free) = free else {
        return Finding::skipped(
            "disk",
            "this system does not say in the usual way how much room there is",
            "",
        );
    };
    let found = format!("{free} MiB free in {}", folder.display());
    let remedy = "make room; a ledger that has none goes on reading and refuses to write";
    if free < DISK_MIB.1 {
        Finding::fault("disk", found, remedy)
    } else if free < DISK_MIB.0 {
        Finding::note("disk", found, remedy)
    } else {
        Finding::good("disk", found)
    }
}

/// The free room in what `df -Pk` prints: the fourth column of the last line, in KiB.
fn free_mib(text: &str) -> Option<u64> {
    let kib: u64 = text
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()?;
    Some(kib / 1024)
}

/// The folder itself if it exists, else the nearest one above it that does.
pub(super) fn nearest(folder: &Path) -> PathBuf {
    let mut at = Some(folder);
    while let Some(here) = at {
        if here.as_os_str().is_empty() {
            break;
        }
        if here.is_dir() {
            return here.to_path_buf();
        }
        at = here.parent();
    }
    PathBuf::from(".")
}

/// Whether a file can be made in a folder: one is made and removed.
pub(super) fn can_write(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".lazaret-doctor-{}", std::process::id()));
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    std::fs::remove_file(&path)
}

/// Whether results and passing files can be written.
pub(super) fn folders() -> Vec<Finding> {
    let here = Path::new(".");
    let passing = std::env::temp_dir();
    let here = match can_write(here) {
        Ok(()) => Finding::good("this folder", "results can be written here"),
        Err(error) => Finding::note(
            "this folder",
            format!("nothing can be written here: {error}"),
            "go to a folder of your own, or name one in --out, --report and --save",
        ),
    };
    let passing = match can_write(&passing) {
        Ok(()) => Finding::good(
            "temporary folder",
            format!("{} can be written", passing.display()),
        ),
        Err(error) => Finding::fault(
            "temporary folder",
            format!("{} cannot be written: {error}", passing.display()),
            "set TMPDIR to a folder that you may write to",
        ),
    };
    vec![here, passing]
}

/// What would show the pages and the screens.
pub(super) fn browser() -> Finding {
    match opener() {
        Some((program, _)) => {
            Finding::good("browser", format!("{} opens addresses", program.display()))
        }
        None => Finding::note(
            "browser",
            "none can be opened from here",
            "open the addresses and pages on another machine, or name a browser in BROWSER",
        ),
    }
}

/// Whether the operators' screens are in this program and, if not, whether they could be built.
pub(super) fn screens() -> Finding {
    if screens_inside() {
        return Finding::good(
            "screens",
            "the operators' screens are in this program; Node.js is not needed",
        );
    }
    let node = printed("node", &["--version"]);
    let npm = on_path(Path::new(if cfg!(windows) { "npm.cmd" } else { "npm" })).is_some();
    let missing = "the operators' screens are not in this program";
    match node.as_deref().map(|text| (text, node_version(text))) {
        Some((text, Some(version))) if version >= NODE && npm => Finding::note(
            "screens",
            format!("{missing}; Node.js {text} and npm, which build them, are here"),
            format!("run in a checkout: {BUILD_ALL}"),
        ),
        found => {
            let here = match found {
                Some((text, _)) if !npm => format!("Node.js {text} is here, npm is not"),
                Some((text, _)) => format!("Node.js {text} is too old or unknown"),
                None => "Node.js is not here".to_owned(),
            };
            Finding::note(
                "screens",
                format!("{missing}, and {here}"),
                format!(
                    "to have them, install Node.js {}.{} or later with npm, then run in a checkout: {BUILD_ALL}",
                    NODE.0, NODE.1
                ),
            )
        }
    }
}

#[cfg(feature = "server")]
fn screens_inside() -> bool {
    lazaret_server::has_screens()
}

#[cfg(not(feature = "server"))]
fn screens_inside() -> bool {
    false
}

/// The first two numbers of `v20.19.1`.
fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Whether the clock can be right, and whether somebody keeps it so.
pub(super) fn clock() -> Vec<Finding> {
    let now = jiff::Timestamp::now();
    // Before this program was written.
    let past = "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>();
    let set = if past.is_ok_and(|past| now < past) {
        Finding::fault(
            "clock",
            format!("it says {now:.0}, which is past"),
            "set the clock of this machine; a ledger would keep the wrong time for ever",
        )
    } else {
        Finding::good("clock", format!("it says {now:.0}"))
    };
    vec![set, synchronised()]
}

#[cfg(feature = "ledger")]
fn synchronised() -> Finding {
    if lazaret_store::system_kernel()() {
        return Finding::good("time service", "the clock of this machine is synchronised");
    }
    Finding::note(
        "time service",
        "neither systemd nor chrony says that the clock of this machine is synchronised",
        "`timedatectl set-ntp true`, or install chrony; without either, the ledger may ask two people for the time after a \
         restart of the machine",
    )
}

#[cfg(not(feature = "ledger"))]
fn synchronised() -> Finding {
    Finding::skipped(
        "time service",
        "only a ledger needs one, and this build has no ledger",
        format!("if you need it, run in a checkout: {BUILD_ALL}"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn room_is_read_from_what_df_prints() {
        let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 263 100 4194304 1% /x y\n";
        assert_eq!(free_mib(text), Some(4096));
        assert_eq!(free_mib("df: no such file\n"), None);
    }

    #[test]
    fn little_memory_is_a_note() {
        let state = |kib: u64| {
            memory_of(&format!("MemTotal: 9 kB\nMemAvailable:   {kib} kB\n")).map(|f| f.state)
        };
        assert_eq!(state(MEMORY_MIB * 1024), Some(State::Good));
        assert_eq!(state(MEMORY_MIB * 1024 - 1), Some(State::Note));
        assert!(memory_of("MemTotal: 9 kB\n").is_none());
    }

    #[test]
    fn versions_of_node_are_compared_as_numbers() {
        assert_eq!(node_version("v20.19.1\n"), Some((20, 19)));
        assert!(node_version("v9.20.0") < Some(NODE));
        assert!(node_version("v22.2.0") >= Some(NODE));
        assert_eq!(node_version("20"), None);
    }

    #[test]
    fn the_nearest_folder_is_one_that_exists() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(nearest(&folder.path().join("a/b")), folder.path());
        assert_eq!(nearest(Path::new("no-such-folder")), Path::new("."));
    }
}
