//! The clocks of this server and those who bear them out, for the ledger's own time.
//!
//! What follows from them is decided in [`lazaret_ledger::clock`]; here they are only read.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use lazaret_ledger::State;
use lazaret_ledger::clock::{Reading, Time, Witnesses};
use tokio::time::Instant;

use crate::database::Store;

/// What reads the clocks of the server.
pub type Clock = Arc<dyn Fn() -> Reading + Send + Sync>;

/// Whether the kernel says that its clock is kept by a time server.
pub type Kernel = Arc<dyn Fn() -> bool + Send + Sync>;

/// How long what a device's clock said at sign-in counts.
const DEVICE: Duration = Duration::from_secs(3_600);
/// Devices kept; the oldest make room.
const DEVICES: usize = 1024;
/// How often witnesses are asked again while the time is in doubt.
const ASK: Duration = Duration::from_secs(10);
/// How long a witness may take to answer.
const ANSWER: Duration = Duration::from_secs(3);

/// The clocks of this machine.
#[must_use]
pub fn system_clock() -> Clock {
    let boot: Arc<str> = steady::run().into();
    Arc::new(move || Reading {
        wall: Timestamp::now(),
        boot: Arc::clone(&boot),
        steady_us: steady::micros(),
    })
}

/// A clock that is right by definition, such as that of a demonstration or a test: nothing else could know better.
#[must_use]
pub fn given_clock(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Clock {
    let boot: Arc<str> = "given".into();
    Arc::new(move || {
        let wall = now();
        Reading {
            wall,
            boot: Arc::clone(&boot),
            steady_us: wall.as_microsecond(),
        }
    })
}

/// Asks the time daemons of this machine whether the kernel's clock is kept right; no if none answers.
#[must_use]
pub fn system_kernel() -> Kernel {
    let says = |program: &str, arguments: &[&str], right: &str| {
        std::process::Command::new(program)
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .output()
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(right))
    };
    Arc::new(move || {
        let show = ["show", "--property=NTPSynchronized", "--value"];
        // systemd asks the kernel, whichever daemon keeps its clock; without systemd chrony is the usual one.
        says("timedatectl", &show, "yes")
            || says("chronyc", &["-n", "tracking"], "Leap status     : Normal")
    })
}

#[cfg(target_os = "linux")]
mod steady {
    use nix::time::{ClockId, clock_gettime};

    /// Names the present run of the machine.
    pub(super) fn run() -> String {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map_or_else(|_| super::process_run(), |id| id.trim().to_owned())
    }

    /// The clock that nobody sets and that goes on in sleep, in µs.
    pub(super) fn micros() -> i64 {
        clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(0, |at| {
            (at.tv_sec().saturating_mul(1_000_000)).saturating_add(at.tv_nsec() / 1_000)
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod steady {
    use std::sync::LazyLock;
    use std::time::Instant;

    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn run() -> String {
        super::process_run()
    }

    pub(super) fn micros() -> i64 {
        BEGAN.elapsed().as_micros().try_into().unwrap_or(i64::MAX)
    }
}

/// Names the run of this process, where that of the machine has no name.
fn process_run() -> String {
    format!(
        "process-{}-{}",
        std::process::id(),
        Timestamp::now().as_microsecond()
    )
}

/// Keeps the time of one server.
pub(crate) struct Timekeeper {
    clock: Clock,
    kernel: Kernel,
    witnesses: RwLock<Witnesses>,
    devices: RwLock<HashMap<String, (i64, Instant)>>,
    /// A reading, and the ledger's time at it, of a record that another server made.
    seen: RwLock<Option<(Reading, Timestamp)>>,
    asked: RwLock<Option<Instant>>,
}

impl Timekeeper {
    pub(crate) fn new(clock: Clock, kernel: Kernel) -> Self {
        Timekeeper {
            clock,
            kernel,
            witnesses: RwLock::default(),
            devices: RwLock::default(),
            seen: RwLock::default(),
            asked: RwLock::default(),
        }
    }

    pub(crate) fn reading(&self) -> Reading {
        (self.clock)()
    }

    /// What time it is for a ledger in `state`, and by which reading.
    pub(crate) fn time(&self, state: &State) -> (Reading, Time) {
        let reading = self.reading();
        let witnesses = self
            .witnesses
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let time = state.time(&reading, &witnesses, seen.as_ref());
        (reading, time)
    }

    /// Whether the ledger's time is known by the steady clock of this machine alone.
    pub(crate) fn is_tied(&self, state: &State) -> bool {
        matches!(self.time(state).1, Time::Known { note: None, .. })
    }

    /// A record was just seen that another server made: its time is this server's reading now.
    pub(crate) fn saw(&self, recorded_at: Timestamp) {
        let seen = (self.reading(), recorded_at);
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    /// A person's device said what time it is.
    pub(crate) fn device(&self, person: &str, says: Timestamp) {
        let wall = self.reading().wall.as_microsecond();
        let off = says.as_microsecond().saturating_sub(wall);
        let now = Instant::now();
        let mut devices = self.devices.write().unwrap_or_else(PoisonError::into_inner);
        devices.retain(|_, (_, at)| now.duration_since(*at) < DEVICE);
        if devices.len() < DEVICES || devices.contains_key(person) {
            devices.insert(person.to_owned(), (off, now));
        }
        let offs = devices.values().map(|(off, _)| *off).collect();
        drop(devices);
        let mut witnesses = (self.witnesses.write()).unwrap_or_else(PoisonError::into_inner);
        witnesses.devices = offs;
    }

    /// The time was settled: what devices said before says nothing about the clock as it is now.
    pub(crate) fn settled(&self) {
        (self.devices.write().unwrap_or_else(PoisonError::into_inner)).clear();
        let mut witnesses = (self.witnesses.write()).unwrap_or_else(PoisonError::into_inner);
        witnesses.devices.clear();
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Asks kernel and database, unless they were asked just now.
    pub(crate) async fn ask(&self, store: &Store) {
        let now = Instant::now();
        {
            let mut asked = self.asked.write().unwrap_or_else(PoisonError::into_inner);
            if asked.is_some_and(|at| now.duration_since(at) < ASK) {
                return;
            }
            *asked = Some(now);
        }
        let kernel = Arc::clone(&self.kernel);
        let kernel = tokio::task::spawn_blocking(move || kernel());
        let kernel = tokio::time::timeout(ANSWER, kernel).await;
        let kernel = kernel.is_ok_and(|says| says.unwrap_or(false));
        let database = tokio::time::timeout(ANSWER, store.other_clock()).await;
        let database = database
            .ok()
            .and_then(Result::ok)
            .flatten()
            .map(|says| says.saturating_sub(self.reading().wall.as_microsecond()));
        let mut witnesses = (self.witnesses.write()).unwrap_or_else(PoisonError::into_inner);
        (witnesses.kernel, witnesses.database) = (kernel, database);
    }
}
