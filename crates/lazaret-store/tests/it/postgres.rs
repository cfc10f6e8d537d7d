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
fn initialised(name: &str) -> Option<(PathBuf, bool, PathBuf)> {
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

/// A PostgreSQL server that a test may harm.
pub(crate) struct Cluster {
    bin: PathBuf,
    root: bool,
    data: PathBuf,
    port: u16,
}

static CLUSTERS: AtomicU32 = AtomicU32::new(0);

impl Cluster {
    /// None where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Cluster> {
        let name = format!("cluster-{}", CLUSTERS.fetch_add(1, Ordering::Relaxed));
        let Some((bin, root, data)) = initialised(&name) else {
            assert!(
                std::env::var_os("LAZARET_REQUIRE_POSTGRES").is_none(),
                "PostgreSQL is required here and could not be started"
            );
            let _ = writeln!(std::io::stderr(), "SKIPPED: no PostgreSQL server here");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?;
        let cluster = Cluster {
            bin,
            root,
            data,
            port: port.port(),
        };
        cluster.go();
        Some(cluster)
    }

    pub(crate) fn address(&self) -> String {
        format!("postgres://lazaret@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it, and waits until it answers.
    pub(crate) fn go(&self) {
        let options = format!(
            "-p {} -h 127.0.0.1 -c unix_socket_directories= -c max_connections=20 -c fsync=off -c client_connection_check_interval=200",
            self.port
        );
        // A server that was killed may leave processes that end a moment later.
        let began = Instant::now();
        while !self.ctl(&["-o", &options, "-l", "/dev/null", "-t", "30", "-w", "start"]) {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "PostgreSQL does not start"
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    pub(crate) fn stop(&self, mode: &str) {
        self.ctl(&["-m", mode, "-t", "30", "-w", "stop"]);
    }

    fn ctl(&self, arguments: &[&str]) -> bool {
        as_postgres(self.root, &self.bin.join("pg_ctl"))
            .arg("-D")
            .arg(&self.data)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Sends a signal to the server and to every process of it.
    pub(crate) fn signal(&self, signal: &str) {
        let Ok(text) = std::fs::read_to_string(self.data.join("postmaster.pid")) else {
            return;
        };
        let server = text.lines().next().unwrap_or_default().to_owned();
        let parent = |pid: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let rest = stat.rsplit(')').next()?.to_owned();
            rest.split_whitespace().nth(1).map(str::to_owned)
        };
        let mut processes = vec![server.clone()];
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_string_lossy().into_owned();
            if parent(&pid).as_deref() == Some(&*server) {
                processes.push(pid);
            }
        }
        let _ = Command::new("kill")
            .arg(format!("-{signal}"))
            .args(processes)
            .stderr(Stdio::null())
            .status();
    }

    /// Ends every connection and takes all that there are, until what it returns is dropped.
    pub(crate) fn fill(&self) -> Vec<Sitting> {
        let mut sitting = Vec::new();
        for _ in 0..20 {
            let child = Command::new("psql")
                .args(["-q", "-c"])
                .arg(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lazaret'; \
                     SELECT pg_sleep(60)",
                )
                .arg(self.address())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            sitting.extend(child.ok().map(Sitting));
        }
        sitting
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.signal("CONT");
        self.stop("immediate");
        if let Some(folder) = self.data.parent() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A client that does nothing but sit on its connection.
pub(crate) struct Sitting(Child);

impl Drop for Sitting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn as_postgres(root: bool, program: &Path) -> Command {
    if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command.current_dir("/");
        command
    } else {
        Command::new(program)
    }
}
