//! What a server would need: the folder of the ledger, the database, the address.

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::machine::{can_write, nearest};
use super::{BUILD_ALL, Finding};
use crate::output::quoted_path;

/// How every SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// The folder that holds a ledger, or would.
pub(super) fn folder(data: &Path) -> Finding {
    const ABOUT: &str = "ledger folder";
    let shown = data.display();
    if !data.exists() {
        let above = nearest(data);
        return match can_write(&above) {
            Ok(()) => Finding::good(
                ABOUT,
                format!("{shown} is not there yet; the first `lazaret serve` makes it"),
            ),
            Err(error) => Finding::fault(
                ABOUT,
                format!("{shown} cannot be made in {}: {error}", above.display()),
                "name a folder with --data where you may write",
            ),
        };
    }
    if let Err(error) = can_write(data) {
        return Finding::fault(
            ABOUT,
            format!("{shown} cannot be written: {error}"),
            format!(
                "it must be a folder of the user who serves: chown and chmod 700 {}",
                quoted_path(data)
            ),
        );
    }
    let key = data.join("checkpoint.key");
    if read_by_others(&key) {
        return Finding::fault(
            ABOUT,
            format!(
                "others on this machine can read {}, and could sign in the gateway's name",
                key.display()
            ),
            format!("chmod 600 {}, and ask who has read it", quoted_path(&key)),
        );
    }
    match head(&data.join("ledger.db")) {
        Err(error) if error.kind() == ErrorKind::NotFound => Finding::good(
            ABOUT,
            format!("{shown} can be written and has no SQLite ledger yet"),
        ),
        Err(error) => Finding::fault(
            ABOUT,
            format!(
                "{} cannot be read: {error}",
                data.join("ledger.db").display()
            ),
            "run the server as the user who owns it",
        ),
        // A file without anything in it is how SQLite begins one.
        Ok(head) if head.is_empty() || head == SQLITE => Finding::good(
            ABOUT,
            format!(
                "{shown} holds a ledger; `lazaret ledger verify --data {}` proves its records",
                quoted_path(data)
            ),
        ),
        Ok(_) => Finding::fault(
            ABOUT,
            format!(
                "{} is not a SQLite database",
                data.join("ledger.db").display()
            ),
            "restore a backup: docs/backup.md",
        ),
    }
}

/// The first bytes of a file, as many as a SQLite file begins with.
fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(SQLITE.len() as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn read_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn read_by_others(_path: &Path) -> bool {
    false
}

/// The PostgreSQL database, if one was named.
pub(super) fn database(address: Option<&str>) -> Finding {
    const ABOUT: &str = "database";
    let Some(address) = address else {
        return Finding::good(
            ABOUT,
            "SQLite, which needs no server; --database asks a PostgreSQL database",
        );
    };
    if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
        return Finding::fault(
            ABOUT,
            "what --database names is not the address of a PostgreSQL database",
            "write one such as postgres://user@host/name",
        );
    }
    asked(ABOUT, address)
}

#[cfg(feature = "postgres")]
fn asked(about: &'static str, address: &str) -> Finding {
    use lazaret_store::{Store, StoreError};
    let shown = without_password(address);
    let opened = crate::ledger::place::runtime()
        .map(|runtime| runtime.block_on(Store::open_reading(address)));
    match opened {
        Ok(Ok(_)) => Finding::good(about, format!("{shown} answers and holds a ledger")),
        Ok(Err(StoreError::NoLedger(_))) => Finding::good(
            about,
            format!("{shown} answers and is empty; the first `lazaret serve` founds the ledger"),
        ),
        Ok(Err(error)) => Finding::fault(
            about,
            format!("{shown}: {}", error.to_string().replace(address, &shown)),
            "start PostgreSQL, create the database (`createdb`), and set PGPASSWORD or PGPASSFILE",
        ),
        Err(_) => Finding::fault(about, "no runtime could be started", "end other programs"),
    }
}

#[cfg(not(feature = "postgres"))]
fn asked(about: &'static str, _address: &str) -> Finding {
    Finding::fault(
        about,
        "PostgreSQL is not in this build",
        format!("run in a checkout: {BUILD_ALL}"),
    )
}

/// An address without what is between the user's name and the host: a report is for others to read.
#[cfg(feature = "postgres")]
fn without_password(address: &str) -> String {
    let whole = || {
        let (scheme, rest) = address.split_once("://")?;
        let (user, host) = rest.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}@{host}"))
    };
    whole().unwrap_or_else(|| address.to_owned())
}

/// Whether a server could listen.
pub(super) fn address(listen: &str) -> Finding {
    const ABOUT: &str = "address";
    if cfg!(not(feature = "server")) {
        return Finding::skipped(
            ABOUT,
            "this build has no server",
            format!("if you need one, run in a checkout: {BUILD_ALL}"),
        );
    }
    match std::net::TcpListener::bind(listen) {
        Ok(_) => Finding::good(ABOUT, format!("{listen} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::note(
            ABOUT,
            format!("another program listens on {listen}; it may be the server"),
            "if it is not, choose another address with --listen",
        ),
        Err(error) => Finding::fault(
            ABOUT,
            format!("nobody can listen on {listen}: {error}"),
            "name an address of this machine and a port of 1024 or more with --listen, such as 127.0.0.1:8080",
        ),
    }
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        assert_eq!(
            without_password("postgres://u:p:@w@h/n"),
            "postgres://u@h/n"
        );
        assert_eq!(without_password("postgres://u@h/n"), "postgres://u@h/n");
        assert_eq!(without_password("postgres://h/n"), "postgres://h/n");
    }
}
