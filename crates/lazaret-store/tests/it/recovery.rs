//! A database that fails: at every statement, in every way, and for real.
//!
//! What was acknowledged is on disk, once; nobody is shown what is not; nothing hangs; and the server comes back by
//! itself, at once calling itself ready only when it is.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lazaret_store::{Faults, Live, LiveOptions, Readiness, Store, Strike, SubmitError};

use crate::cluster::Cluster;
use crate::scene::{Place, note, on_each, write_notes};

/// Longer than anything here may take, on a machine that is busy.
const HANG: Duration = Duration::from_secs(40);

/// Strikes from the `from`th statement on, `count` times.
#[derive(Debug, Default)]
struct Plan {
    asked: AtomicU64,
    from: AtomicU64,
    count: AtomicU64,
    strike: Mutex<Option<Strike>>,
}

impl Plan {
    fn arm(&self, strike: Strike, from: u64, count: u64) {
        self.asked.store(0, Ordering::SeqCst);
        self.from.store(from, Ordering::SeqCst);
        self.count.store(count, Ordering::SeqCst);
        *self.strike.lock().unwrap() = Some(strike);
    }

    fn disarm(&self) {
        *self.strike.lock().unwrap() = None;
    }
}

impl Faults for Plan {
    fn strike(&self) -> Option<Strike> {
        let strike = *self.strike.lock().unwrap();
        strike?;
        let nth = self.asked.fetch_add(1, Ordering::SeqCst);
        let from = self.from.load(Ordering::SeqCst);
        let hit = (from..from + self.count.load(Ordering::SeqCst)).contains(&nth);
        strike.filter(|_| hit)
    }
}

async fn comes_back(live: &Live) {
    let began = Instant::now();
    loop {
        let readiness = live.readiness().await;
        if readiness == Readiness::Ready {
            return;
        }
        assert!(began.elapsed() < HANG, "still {readiness:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Sends a command under its key until it has a receipt.
async fn insists(live: &Live, key: &str) -> u64 {
    let began = Instant::now();
    // The same command each time, not another under its key.
    let command = note(key, live.now());
    loop {
        let outcome = tokio::time::timeout(HANG, live.submit(command.clone()))
            .await
            .unwrap_or_else(|_| panic!("{key} was never answered"));
        match outcome {
            Ok(receipt) => return receipt.seq,
            Err(
                SubmitError::Unknown
                | SubmitError::Unavailable { .. }
                | SubmitError::Standby { .. },
            ) => {}
            Err(other) => panic!("{key}: {other}"),
        }
        assert!(began.elapsed() < HANG, "{key} was not taken");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Nothing acknowledged is missing, nothing is there twice, and the chain is whole.
async fn check(store: &Store, acknowledged: &HashMap<String, u64>) {
    let verified = store.verify("Test", None).await.unwrap();
    assert_eq!(verified.findings, []);
    let mut found = HashMap::new();
    for row in store.after(0, u32::MAX).await.unwrap() {
        let key = row.record().unwrap().command.to_string();
        assert_eq!(
            found.insert(key.clone(), row.seq),
            None,
            "{key} is there twice"
        );
    }
    for (key, seq) in acknowledged {
        assert_eq!(found.get(key), Some(seq), "{key}");
    }
}

/// One fault after another in one life. The nth statement of a round fails, for each n that a round has.
async fn life(place: Place, strike: Strike, seed: u64) {
    let plain = place.open().await;
    let plan = Arc::new(Plan::default());
    let patience = match strike {
        Strike::Hang => Duration::from_millis(400),
        Strike::Fail(_) => Duration::from_secs(10),
    };
    let failing = place.open().await.failing(Arc::clone(&plan) as _, patience);
    let live = Live::start(failing, LiveOptions::default()).await.unwrap();
    write_notes(&live, "open", 3).await;
    let mut acknowledged = HashMap::new();
    let mut random = seed;
    // A round asks for some ten statements, and for as many again to recover.
    for from in 0..18 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let count = match strike {
            Strike::Hang => 1 + (random >> 60) % 2,
            Strike::Fail(_) => 1 + (random >> 60) % 7,
        };
        plan.arm(strike, from, count);
        let reading = Arc::new(AtomicBool::new(true));
        let reader = {
            let (live, plain, reading) = (live.clone(), plain.clone(), Arc::clone(&reading));
            tokio::spawn(async move {
                while reading.load(Ordering::SeqCst) {
                    let looked = tokio::time::timeout(HANG, live.read(|state, _| state.seq()));
                    if let Ok(seen) = looked.await.expect("a reader hangs") {
                        let on_disk = plain.head().await.unwrap().seq;
                        assert!(seen.value <= on_disk, "{} > {on_disk}", seen.value);
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        };
        let senders: Vec<_> = (0..6)
            .map(|sender| {
                let (live, key) = (live.clone(), format!("{from}-{sender}"));
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(2 * sender)).await;
                    (key.clone(), insists(&live, &key).await)
                })
            })
            .collect();
        for sender in senders {
            let (key, seq) = sender.await.unwrap();
            acknowledged.insert(key, seq);
        }
        plan.disarm();
        reading.store(false, Ordering::SeqCst);
        reader.await.unwrap();
    }
    comes_back(&live).await;
    // Who is ready takes a command at once.
    live.submit(note("last", live.now())).await.unwrap();
    check(&plain, &acknowledged).await;
    live.stop().await;
}

macro_rules! lives {
    ($($name:ident: $strike:expr;)+) => {$(
        #[test]
        fn $name() {
            on_each(|place| life(place, $strike, 20_261_130));
        }
    )+};
}

lives! {
    a_refused_connection_at_any_statement: Strike::Fail(ErrorKind::ConnectionRefused);
    a_lost_answer_at_any_statement: Strike::Fail(ErrorKind::ConnectionReset);
    a_full_disk_at_any_statement: Strike::Fail(ErrorKind::StorageFull);
    a_database_that_says_nothing_at_any_statement: Strike::Hang;
}

#[test]
fn while_the_disk_is_not_known_nothing_is_shown_and_nothing_hangs() {
    on_each(|place| async move {
        let plan = Arc::new(Plan::default());
        let failing = place
            .open()
            .await
            .failing(Arc::clone(&plan) as _, Duration::from_secs(10));
        let live = Live::start(failing, LiveOptions::default()).await.unwrap();
        write_notes(&live, "a", 3).await;
        plan.arm(Strike::Fail(ErrorKind::ConnectionRefused), 0, u64::MAX / 2);
        let outcome = live.submit(note("b", live.now())).await;
        assert!(matches!(outcome, Err(SubmitError::Unknown)), "{outcome:?}");
        for _ in 0..20 {
            let began = Instant::now();
            let seen = live.read(|state, _| state.seq()).await;
            assert!(
                matches!(seen, Err(SubmitError::Unavailable { .. })),
                "{seen:?}"
            );
            let readiness = live.readiness().await;
            assert!(
                matches!(readiness, Readiness::Failing { .. }),
                "{readiness:?}"
            );
            let outcome = live.submit(note("c", live.now())).await;
            assert!(
                matches!(
                    outcome,
                    Err(SubmitError::Unavailable { .. } | SubmitError::Unknown)
                ),
                "{outcome:?}"
            );
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "{:?}",
                began.elapsed()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        plan.disarm();
        comes_back(&live).await;
        assert_eq!(live.read(|state, _| state.seq()).await.unwrap().value, 5);
        assert_eq!(insists(&live, "b").await, 6);
        live.stop().await;
    });
}

#[test]
fn a_server_that_stops_while_the_database_is_gone_ends_soon() {
    on_each(|place| async move {
        let plan = Arc::new(Plan::default());
        let failing = place
            .open()
            .await
            .failing(Arc::clone(&plan) as _, Duration::from_secs(1));
        let live = Live::start(failing, LiveOptions::default()).await.unwrap();
        write_notes(&live, "a", 3).await;
        plan.arm(Strike::Hang, 0, u64::MAX / 2);
        let _ = live.submit(note("b", live.now())).await;
        let began = Instant::now();
        live.stop().await;
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{:?}",
            began.elapsed()
        );
    });
}

#[test]
fn while_another_program_locks_the_file_reading_goes_on_and_nobody_is_told_ready() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::{Connection, SqliteConnection};
        let place = crate::scene::sqlite();
        let live = place.live().await;
        write_notes(&live, "a", 3).await;
        let address = format!("sqlite://{}", place.address);
        let mut other = SqliteConnection::connect(&address).await.unwrap();
        sqlx::raw_sql("BEGIN EXCLUSIVE")
            .execute(&mut other)
            .await
            .unwrap();
        let began = Instant::now();
        while live.readiness().await == Readiness::Ready {
            assert!(began.elapsed() < Duration::from_secs(12), "still ready");
            let seen = tokio::time::timeout(Duration::from_secs(1), live.read(|s, _| s.seq()));
            assert_eq!(seen.await.unwrap().unwrap().value, 5);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        comes_back(&live).await;
        live.submit(note("b", live.now())).await.unwrap();
        live.stop().await;
    });
}

/// Writes under load while `harm` is done to a PostgreSQL server of its own.
fn under_load<F: Future<Output = ()>>(harm: impl Fn(Arc<Cluster>, Live) -> F) {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let cluster = Arc::new(cluster);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let place = Place::at(&cluster.address());
        let store = place
            .open()
            .await
            .failing(Arc::new(Plan::default()), Duration::from_secs(2));
        let live = Live::start(store, LiveOptions::default()).await.unwrap();
        write_notes(&live, "open", 3).await;
        let on = Arc::new(AtomicBool::new(true));
        let senders: Vec<_> = (0..12)
            .map(|sender| {
                let (live, on) = (live.clone(), Arc::clone(&on));
                tokio::spawn(async move {
                    let mut had = Vec::new();
                    for n in 0.. {
                        if !on.load(Ordering::SeqCst) {
                            break;
                        }
                        let key = format!("{sender}-{n}");
                        let seq = insists(&live, &key).await;
                        had.push((key, seq));
                    }
                    had
                })
            })
            .collect();
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            harm(Arc::clone(&cluster), live.clone()).await;
            let began = Instant::now();
            comes_back(&live).await;
            let seen = tokio::time::timeout(Duration::from_secs(5), live.read(|s, _| s.seq()));
            seen.await.expect("ready and does not answer").ok();
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "back after {:?}",
                began.elapsed()
            );
        }
        on.store(false, Ordering::SeqCst);
        let mut acknowledged = HashMap::new();
        for sender in senders {
            acknowledged.extend(sender.await.unwrap());
        }
        assert!(acknowledged.len() > 50, "{}", acknowledged.len());
        check(&place.open().await, &acknowledged).await;
        live.stop().await;
    });
}

#[test]
fn postgres_stopped_at_once_and_started_again() {
    under_load(|cluster, _| async move {
        cluster.stop("immediate");
        tokio::time::sleep(Duration::from_secs(1)).await;
        cluster.go();
    });
}

#[test]
fn postgres_killed_and_started_again() {
    under_load(|cluster, _| async move {
        cluster.signal("KILL");
        tokio::time::sleep(Duration::from_millis(500)).await;
        cluster.go();
    });
}

#[test]
fn postgres_frozen_and_thawed() {
    under_load(|cluster, live| async move {
        cluster.signal("STOP");
        tokio::time::sleep(Duration::from_secs(5)).await;
        let readiness = live.readiness().await;
        assert!(
            matches!(readiness, Readiness::Failing { .. }),
            "{readiness:?}"
        );
        cluster.signal("CONT");
    });
}

#[test]
fn postgres_without_connections_to_give() {
    under_load(|cluster, _| async move {
        // The server's connections are ended and others sit on all that there are.
        let sitting = cluster.fill();
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(sitting);
    });
}
