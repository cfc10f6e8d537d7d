//! A process that holds a SQLite file's lock and does not run.
//!
//! SQLite's locks belong to processes. One that is stopped in the midst of a commit keeps every other from writing for
//! as long as it is stopped, whatever lease it has. A transaction that was cut off is undone by the next who writes, so
//! that ending such a process costs nothing that was acknowledged. It is found by the lock that it holds on the file
//! beside the database, and only on Linux, which says who holds a lock.

use std::path::Path;

/// The process that holds `lock`, if it is stopped.
#[cfg(target_os = "linux")]
fn stopped_holder(lock: &Path) -> Option<i32> {
    use std::os::unix::fs::MetadataExt;
    let inode = std::fs::metadata(lock).ok()?.ino();
    let path = std::fs::canonicalize(lock).ok()?;
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        // 1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = words[..] else {
            return None;
        };
        if place.rsplit(':').next()?.parse() != Ok(inode) {
            return None;
        }
        let pid: i32 = pid.parse().ok()?;
        // A number alone may be that of a file on another disk.
        let holds = std::fs::read_dir(format!("/proc/{pid}/fd"))
            .ok()?
            .flatten()
            .any(|open| std::fs::read_link(open.path()).is_ok_and(|file| file == path));
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let state = stat.rsplit(')').next()?.trim_start().chars().next()?;
        (holds && state == 'T').then_some(pid)
    })
}

/// Ends the process that holds `lock` if it is stopped; whether there was one.
#[cfg(target_os = "linux")]
pub(crate) fn end_stopped_holder(lock: &Path) -> bool {
    use rustix::process::{Pid, Signal, kill_process};
    let Some(pid) = stopped_holder(lock) else {
        return false;
    };
    tracing::warn!(
        pid,
        "the writing server is stopped and holds the database's lock; it will be killed"
    );
    let ended = Pid::from_raw(pid).map(|process| kill_process(process, Signal::KILL));
    if let Some(Err(error)) = ended {
        tracing::error!(pid, %error, "it cannot be killed; end it yourself");
        return false;
    }
    true
}

/// Elsewhere nobody says who holds a lock.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end_stopped_holder(_: &Path) -> bool {
    false
}
