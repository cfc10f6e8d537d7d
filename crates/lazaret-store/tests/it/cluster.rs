//! PostgreSQL servers that are stopped, killed and frozen.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::postgres::{as_postgres, initialised};

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
