//! Kill -9 under load: nothing acknowledged is lost, nothing is applied twice.
//!
//! A child process writes as fast as it can and says on its output what was acknowledged. It is killed at a random
//! moment; the database is opened again, followed and compared. What was sent without an answer is sent again by the
//! next child under the same keys.
//!
//! `LAZARET_KILLS` sets how often (5 if not set); `LAZARET_KILL_SEED` the moments.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use lazaret_store::{Standing, Store};

use crate::scene::{Place, note, opening, postgres, sqlite};

pub(crate) const ADDRESS: &str = "LAZARET_KILL_ADDRESS";
pub(crate) const ROUND: &str = "LAZARET_KILL_ROUND";
const OWED: &str = "LAZARET_KILL_OWED";
const AT: &str = "LAZARET_KILL_AT";
const IN_FLIGHT: usize = 64;

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "run by the tests below as a child process"]
fn child() {
    let (Ok(address), Ok(round)) = (std::env::var(ADDRESS), std::env::var(ROUND)) else {
        return;
    };
    let owed = std::env::var(OWED).unwrap_or_default();
    // What is sent again is the same command, with the same times.
    let now = std::env::var(AT).map_or_else(|_| jiff::Timestamp::now(), |at| at.parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&address).await.unwrap();
        let live = lazaret_store::Live::start(store, Default::default())
            .await
            .unwrap();
        live.stands(Standing::Active).await;
        if live.seq() == 0 {
            for command in opening(live.now()) {
                live.submit(command).await.unwrap();
            }
        }
        say("ready");
        for key in owed.split(',').filter(|key| !key.is_empty()) {
            let receipt = live.submit(note(key, now)).await.unwrap();
            say(&format!("ack {key} {}", receipt.seq));
        }
        let mut writers = Vec::new();
        for writer in 0..IN_FLIGHT {
            let (live, round) = (live.clone(), round.clone());
            writers.push(tokio::spawn(async move {
                for n in 0.. {
                    let key = format!("r{round}-{writer}-{n}");
                    say(&format!("send {key}"));
                    let receipt = live.submit(note(&key, now)).await.unwrap();
                    say(&format!("ack {key} {}", receipt.seq));
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

fn say(line: &str) {
    // One write a line, so that a kill leaves at most the last one torn.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes());
    let _ = out.flush();
}

fn kills() -> u32 {
    let given = std::env::var("LAZARET_KILLS").ok();
    given.and_then(|count| count.parse().ok()).unwrap_or(5)
}

fn harness(place: &Place) {
    let seed = std::env::var("LAZARET_KILL_SEED").ok();
    let seed: u64 = seed
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(20_260_105);
    let mut random = seed;
    let now = jiff::Timestamp::now().to_string();
    let mut acknowledged: HashMap<String, u64> = HashMap::new();
    let mut owed: BTreeSet<String> = BTreeSet::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for round in 0..kills() {
        let list: Vec<&str> = owed.iter().map(String::as_str).collect();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--ignored", "--nocapture"])
            .env(ADDRESS, &place.address)
            .env(ROUND, round.to_string())
            .env(OWED, list.join(","))
            .env(AT, &now)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed some time after it began to write, so that every stage of a commit is hit sooner or later.
        for line in lines.by_ref() {
            if line.unwrap() == "ready" {
                break;
            }
        }
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_micros(random >> 33 & 0x3_ffff);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            child.kill().unwrap();
            child.wait().unwrap();
        });
        for line in lines.map_while(Result::ok) {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next()) {
                (Some("send"), Some(key), None) => {
                    owed.insert(key.into());
                }
                (Some("ack"), Some(key), Some(seq)) => {
                    // The last line may be torn in its number; then it only counts as sent.
                    let seq = seq.parse().unwrap();
                    owed.remove(key);
                    acknowledged.insert(key.into(), seq);
                }
                _ => {}
            }
        }
        killer.join().unwrap();
        runtime.block_on(check(place, &acknowledged, &owed, seed, round));
    }
    assert!(!acknowledged.is_empty(), "nothing was ever acknowledged");
    let _ = writeln!(
        std::io::stderr(),
        "killed {} times (seed {seed}): {} acknowledged, {} sent without answer",
        kills(),
        acknowledged.len(),
        owed.len()
    );
}

async fn check(
    place: &Place,
    acknowledged: &HashMap<String, u64>,
    owed: &BTreeSet<String>,
    seed: u64,
    round: u32,
) {
    let store = place.open().await;
    let verified = store.verify("Test", None).await.unwrap();
    assert_eq!(verified.findings, [], "seed {seed}, round {round}");
    let mut found: HashMap<String, u64> = HashMap::new();
    let mut after = 0;
    loop {
        let rows = store.after(after, 10_000).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = last.seq;
        for row in &rows {
            let key = row.record().unwrap().command.to_string();
            let twice = found.insert(key.clone(), row.seq);
            assert_eq!(
                twice, None,
                "seed {seed}, round {round}: {key} is there twice"
            );
        }
    }
    for (key, seq) in acknowledged {
        // A number whose line was torn is a prefix of the true one.
        let stored = found.get(key).copied();
        let torn = stored.is_some_and(|stored| stored.to_string().starts_with(&seq.to_string()));
        assert!(
            stored == Some(*seq) || torn,
            "seed {seed}, round {round}: {key} was acknowledged as {seq} and is {stored:?}"
        );
    }
    for key in found.keys().filter(|key| key.starts_with('r')) {
        assert!(
            acknowledged.contains_key(key) || owed.contains(key),
            "seed {seed}, round {round}: {key} was never sent"
        );
    }
    store.close().await;
}

#[test]
fn killed_under_load_on_sqlite() {
    harness(&sqlite());
}

#[test]
fn killed_under_load_on_postgres() {
    if let Some(place) = postgres() {
        harness(&place);
    }
}
