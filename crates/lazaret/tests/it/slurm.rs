//! A sweep as a Slurm job array on this machine: eight shards, one killed half-way and run again.
//!
//! Needs Debian's slurmctld and slurmd. Where they are not installed the test says so and passes, unless
//! `LAZARET_REQUIRE_SLURM=1` asks for them.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::plan::{example, lazaret};

/// A cluster of one node; ended when dropped.
struct Cluster {
    folder: tempfile::TempDir,
    daemons: Vec<Child>,
}

fn said(command: &mut Command) -> String {
    let Output { stdout, .. } = command.output().unwrap();
    String::from_utf8(stdout).unwrap().trim().to_owned()
}

/// Two free ports: both are held while the second is found, so that they differ.
fn free_ports() -> [u16; 2] {
    let held = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

impl Cluster {
    fn start() -> Option<Cluster> {
        let required = std::env::var("LAZARET_REQUIRE_SLURM").is_ok_and(|v| v == "1");
        let there = ["slurmctld", "slurmd", "sbatch"].iter().all(|name| {
            Command::new(name)
                .arg("-V")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok()
        });
        if !there {
            assert!(
                !required,
                "LAZARET_REQUIRE_SLURM=1, but slurmctld, slurmd or sbatch is not installed"
            );
            let _ = std::io::stderr().write_all(
                b"SKIPPED: Slurm is not installed (Debian: slurmctld, slurmd, slurm-client); the job array is not tested\n",
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display().to_string();
        let (host, user) = (
            said(Command::new("hostname").arg("-s")),
            said(Command::new("id").arg("-un")),
        );
        let [controller, node] = free_ports();
        for name in ["state", "spool"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let conf = format!(
            "ClusterName=lazaret\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser={user}\nSlurmdUser={user}\n\
             AuthType=auth/none\nCredType=cred/none\nSlurmctldPort={controller}\nSlurmdPort={node}\n\
             StateSaveLocation={at}/state\nSlurmdSpoolDir={at}/spool\nSlurmctldPidFile={at}/controller.pid\n\
             SlurmdPidFile={at}/node.pid\nSlurmctldLogFile={at}/controller.log\nSlurmdLogFile={at}/node.log\n\
             ProctrackType=proctrack/pgid\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\nSwitchType=switch/none\nMpiDefault=none\n\
             ReturnToService=2\nSlurmdParameters=config_overrides\nSchedulerParameters=batch_sched_delay=0,sched_interval=1\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN\n\
             PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        );
        let path = folder.path().join("slurm.conf");
        fs::write(&path, conf).unwrap();
        let daemons = ["slurmctld", "slurmd"]
            .iter()
            .map(|name| {
                Command::new(name)
                    .args(["-D", "-f", path.to_str().unwrap()])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let cluster = Cluster { folder, daemons };
        let started = Instant::now();
        while said(cluster.command("sinfo").args(["-h", "-o", "%t"])) != "idle" {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "the node did not come up:\n{}",
                cluster.logs()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
        Some(cluster)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command
            .env("SLURM_CONF", self.folder.path().join("slurm.conf"))
            .current_dir(self.folder.path());
        command
    }

    fn logs(&self) -> String {
        ["controller.log", "node.log"]
            .map(|name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default())
            .concat()
    }

    /// Submits the array and waits for its end; returns whether all tasks ended well.
    fn submit(&self, array: &str, program: &Path, study: &Path, out: &Path) -> bool {
        let script =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/slurm/sweep.sbatch");
        self.command("sbatch")
            .args(["--wait", "--export=ALL", &format!("--array={array}")])
            .arg(script)
            .env("LAZARET", program)
            .env("STUDY", study)
            .env("OUT", out)
            .env("SHARDS", "8")
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .success()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The node first, so that the controller sees it go.
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

#[test]
fn an_array_of_eight_shards_with_one_killed_and_run_again_merges_to_the_bytes_of_one_run() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (out, whole) = (folder.path().join("shards"), folder.path().join("whole"));
    let study = example("uiju/studies/small-sweep.toml")
        .canonicalize()
        .unwrap();
    let real = PathBuf::from(assert_cmd::cargo::cargo_bin!("lazaret"));
    // Shard 3 is killed, without a chance to tidy up, as soon as it has begun to write.
    let killer = folder.path().join("killer.sh");
    fs::write(
        &killer,
        r#"#!/bin/sh
whole() { ls "$OUT"/shard-00003* | grep -v '\.part$'; }
case "$*" in *' 3/8 '*)
  # It may be done before it can be killed: then its answer is taken away and it runs again.
  for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    "$REAL" "$@" &
    while kill -0 $! && ! ls "$OUT"/shard-00003*.part; do :; done
    kill -9 $!
    wait $!
    if ls "$OUT"/shard-00003*.part && [ -z "$(whole)" ]; then exit 137; fi
    rm -f "$OUT"/shard-00003*
  done
  exit 3;;
esac
exec "$REAL" "$@"
"#,
    )
    .unwrap();
    let mut permissions = fs::metadata(&killer).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&killer, permissions).unwrap();
    fs::create_dir(&out).unwrap();
    let wrapped = folder.path().join("lazaret.sh");
    fs::write(
        &wrapped,
        format!(
            "#!/bin/sh\nREAL='{}' exec '{}' \"$@\"\n",
            real.display(),
            killer.display()
        ),
    )
    .unwrap();
    let mut permissions = fs::metadata(&wrapped).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&wrapped, permissions).unwrap();

    assert!(
        !cluster.submit("0-7", &wrapped, &study, &out),
        "the killed task must show in the array's end"
    );
    let missing = lazaret(&["plan", "missing", out.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(missing.stdout).unwrap(),
        "3\n",
        "{}",
        cluster.logs()
    );
    assert!(
        cluster.submit("3", &real, &study, &out),
        "{}",
        cluster.logs()
    );
    assert!(
        lazaret(&["plan", "merge", out.to_str().unwrap()])
            .output()
            .unwrap()
            .status
            .success()
    );
    let one = [
        "plan",
        "sweep",
        study.to_str().unwrap(),
        "--out",
        whole.to_str().unwrap(),
    ];
    assert!(lazaret(&one).output().unwrap().status.success());
    assert_eq!(
        fs::read(out.join("results.csv")).unwrap(),
        fs::read(whole.join("results.csv")).unwrap()
    );
}
