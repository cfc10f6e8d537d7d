//! A private PostgreSQL server for the tests of one process, from Debian's package, on a free loopback port.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

struct Server {
    port: u16,
    /// While its input is open the server runs; when this process ends, however it ends, the server goes too.
    _guard: Child,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The address of a new, empty database; none where PostgreSQL is not installed.
///
/// With `LAZARET_REQUIRE_POSTGRES=1` its absence is a failure.
pub(crate) fn database() -> Option<String> {
    let Some(server) = SERVER.get_or_init(start) else {
        assert!(
            std::env::var_os("LAZARET_REQUIRE_POSTGRES").is_none(),
            "PostgreSQL is required here and could not be started"
        );
        // Not swallowed by the test harness, which only captures what goes through print macros.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no PostgreSQL server here; install the package postgresql to run this test"
        );
        return None;
    };
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let admin = format!("postgres://lazaret@127.0.0.1:{}/postgres", server.port);
    let made = Command::new("psql")
        .args(["-q", "-c", &format!("CREATE DATABASE {name}"), &admin])
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    assert!(made, "database {name} could not be made");
    Some(format!(
        "postgres://lazaret@127.0.0.1:{}/{name}",
        server.port
    ))
}

fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop()
}

/// A new, empty data folder: the programs, whether they must be run as another user, and the folder.
pub(crate) fn initialised(name: &str) -> Option<(PathBuf, bool, PathBuf)> {
    let bin = binaries()?;
    let folder = std::env::temp_dir().join(format!("lazaret-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).ok()?;
    let root = Command::new("id").arg("-u").output().ok()?.stdout == b"0\n";
    if root {
        // The server refuses to run as root; Debian's package brings a user for it.
        let given = Command::new("chown")
            .arg("postgres")
            .arg(&folder)
            .status()
            .ok()?;
        given.success().then_some(())?;
    }
    let data = folder.join("data");
    let made = as_postgres(root, &bin.join("initdb"))
        .args([
            "-U",
            "lazaret",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "-D",
        ])
        .arg(&data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .ok()?;
    made.success().then_some((bin, root, data))
}

fn start() -> Option<Server> {
    let (bin, root, data) = initialised("postgres")?;
    let port = TcpListener::bind("127.0.0.1:0")
        .ok()?
        .local_addr()
        .ok()?
        .port();
    let guard = as_postgres(root, Path::new("sh"))
        .arg("-c")
        .arg(
            r#""$0" -D "$1" -p "$2" -h 127.0.0.1 -c unix_socket_directories= -c max_connections=200 >"$1/log" 2>&1 </dev/null &
               server=$!; cat >/dev/null; kill -INT $server; wait $server; rm -rf "$1""#,
        )
        .arg(bin.join("postgres"))
        .arg(&data)
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .ok()?;
    let server = Server {
        port,
        _guard: guard,
    };
    let patience = Instant::now() + Duration::from_secs(30);
    while Instant::now() < patience {
        let ready = TcpStream::connect(("127.0.0.1", port)).is_ok()
            && Command::new("psql")
                .args(["-q", "-c", "SELECT 1"])
                .arg(format!("postgres://lazaret@127.0.0.1:{port}/postgres"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
        if ready {
            return Some(server);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    None
}

pub(crate) fn as_postgres(root: bool, program: &Path) -> Command {
    if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command.current_dir("/");
        command
    } else {
        Command::new(program)
    }
}
