//! What a ledger as large as the largest port costs: memory, pages, contacts, starts, and following its chain.
//!
//! `scale LOTS ADDRESS`: so many held lots with some six records each, all through the ledger's rules, written to the
//! empty database at ADDRESS (a SQLite file or postgres://…). Prints one JSON object.

#![allow(clippy::disallowed_methods, reason = "a program that measures")]

use std::time::{Duration, Instant};

use lazaret_ledger::{Ledger, Sealed};
use lazaret_store::Store;
use lazaret_vocabulary::event::LotId;

mod full;
#[allow(dead_code, reason = "the ledger's tests use more of it")]
#[path = "../../../lazaret-ledger/tests/it/scene.rs"]
mod scene;

/// Records of one commit.
const BATCH: usize = 4096;
/// Lots of one vehicle, which share a bay.
const TOGETHER: usize = 20;
/// Lots in a bay at a time where contacts are asked for: each has 25 others.
const IN_CONTACT: usize = 26;
/// Looks of one kind.
const LOOKS: usize = 2000;
/// Lines of a page.
const PAGE: usize = 100;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of resident memory of this process.
fn resident() -> usize {
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok())
        .map_or(0, |pages| pages * 4096)
}

/// Milliseconds at a share of all.
fn at(times: &mut [Duration], share: f64) -> f64 {
    times.sort();
    let place = (times.len().saturating_sub(1) as f64 * share).round() as usize;
    times
        .get(place)
        .map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

fn vehicle_lot(nth: usize, together: usize) -> LotId {
    LotId::new(format!("v{:07}-{:02}", nth / together, nth % together))
}

/// Fills the ledger and the database at the same time.
async fn fill(store: &Store, lots: usize) -> Result<(Ledger, jiff::Timestamp), Failed> {
    let lease = store
        .take_lease("scale")
        .await?
        .ok_or("the lease is taken")?;
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<Sealed>>(4);
    let decided = tokio::task::spawn_blocking(move || {
        let mut batch = Vec::with_capacity(BATCH);
        let mut keep = |sealed| {
            batch.push(sealed);
            if batch.len() == BATCH {
                // If the database fails, the other side says so.
                let _ = sender.blocking_send(std::mem::take(&mut batch));
            }
        };
        let full = full::full(lots, TOGETHER, 10_000, true, &mut keep);
        let _ = sender.blocking_send(batch);
        full
    });
    while let Some(batch) = receiver.recv().await {
        store.append(lease.token(), &batch).await?;
    }
    lease.give_back(store).await?;
    store.fold_log().await?;
    Ok(decided.await?)
}

/// Milliseconds for all that one lot may have reached: how many, and how long the answer took.
fn contacts(lots: usize, bays: usize) -> (usize, f64, usize) {
    let (ledger, _) = full::full(
        lots / IN_CONTACT * IN_CONTACT,
        IN_CONTACT,
        bays,
        false,
        &mut |_| {},
    );
    let state = ledger.state();
    let (mut reached, mut worst) = (0, 0.0_f64);
    // Early ones reach the most.
    for nth in 0..3 {
        let began = Instant::now();
        let closure = state.contacts(&vehicle_lot(nth * bays * IN_CONTACT + nth, IN_CONTACT));
        worst = worst.max(seconds(began) * 1e3);
        reached = reached.max(closure.reached.len());
    }
    (
        reached,
        worst,
        lots / IN_CONTACT * IN_CONTACT * (IN_CONTACT - 1),
    )
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lots, address] = &arguments[..] else {
        return Err("scale LOTS ADDRESS".into());
    };
    let lots: usize = lots.parse()?;
    let mut found = serde_json::Map::new();
    let mut say = |name: &str, value: f64| {
        found.insert(name.into(), ((value * 1000.0).round() / 1000.0).into());
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let beside = tempfile::tempdir()?;
        let store = Store::open(address).await?.keeping(beside.path())?;
        let before = resident();
        let began = Instant::now();
        let (ledger, now) = fill(&store, lots).await?;
        let events = ledger.chain().seq;
        say("lots", lots as f64);
        say("records", events as f64);
        say("filled_s", seconds(began));
        say("bytes_a_lot", ledger.state().bytes() as f64 / lots as f64);
        say("resident_a_lot", (resident() - before) as f64 / lots as f64);

        let state = ledger.state();
        let (mut cursor, mut times) = (None, Vec::new());
        for _ in 0..LOOKS {
            let began = Instant::now();
            let page = state.hold_list(cursor, PAGE);
            times.push(began.elapsed());
            cursor = page.last().map(|line| line.cursor);
        }
        say("hold_list_p50_ms", at(&mut times, 0.5));
        say("hold_list_p99_ms", at(&mut times, 0.99));
        let (mut cursor, mut times) = (None, Vec::new());
        for _ in 0..LOOKS {
            let began = Instant::now();
            let page = state.release_queue(scene::after(now, 20 * scene::DAY), cursor, PAGE);
            times.push(began.elapsed());
            cursor = page.last().map(|line| line.cursor);
        }
        say("queue_p50_ms", at(&mut times, 0.5));
        say("queue_p99_ms", at(&mut times, 0.99));
        let mut times = Vec::new();
        for nth in 0..LOOKS {
            // Far from each other: none is in a cache.
            let lot = vehicle_lot(nth * 7919 % lots, TOGETHER);
            let began = Instant::now();
            let records = store.records(&state.lot_history(&lot)).await?;
            times.push(began.elapsed());
            assert!(records.len() >= 5, "{lot} has {} records", records.len());
        }
        say("history_p50_ms", at(&mut times, 0.5));
        say("history_p99_ms", at(&mut times, 0.99));

        let chain = ledger.chain();
        let began = Instant::now();
        let bytes = ledger.snapshot()?;
        say("snapshot_mb", bytes.len() as f64 / 1e6);
        drop(ledger);
        store.keep_snapshot(events, &bytes).await?;
        drop(bytes);
        say("snapshot_made_s", seconds(began));
        store.close().await;

        let began = Instant::now();
        let store = Store::open(address).await?.keeping(beside.path())?;
        let warm = store.load().await?;
        say("start_with_snapshot_s", seconds(began));
        assert_eq!(warm.chain(), chain);
        drop(warm);
        let began = Instant::now();
        let mut cold = Ledger::default();
        store.catch_up(&mut cold, u64::MAX).await?;
        say("start_without_s", seconds(began));
        assert_eq!(cold.chain(), chain);
        drop(cold);
        let began = Instant::now();
        let verified = store.verify("Test", None).await?;
        let took = seconds(began);
        assert_eq!((verified.head, verified.findings.len()), (chain, 0));
        say("verify_s", took);
        say("verify_per_s", events as f64 / took);
        store.close().await;
        Ok::<(), Failed>(())
    })?;
    for (name, bays) in [("some", 100), ("all", 1)] {
        let (reached, worst, links) = contacts(lots, bays);
        say(&format!("contacts_{name}_reached"), reached as f64);
        say(&format!("contacts_{name}_ms"), worst);
        say("contacts", links as f64);
    }
    #[allow(clippy::print_stdout, reason = "the result")]
    {
        println!("{}", serde_json::Value::Object(found));
    }
    Ok(())
}
