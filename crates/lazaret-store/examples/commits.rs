//! What a durable, checked and chained command costs, beside raw inserts of the same bytes.
//!
//! `commits GATEWAY.toml RECORDS ADDRESS RAW_ADDRESS`: both addresses name empty databases (SQLite files or postgres://…).
//! The commands are those of a simulated trace, with every rule on; every commit is synced. Prints one JSON object.

#![allow(clippy::disallowed_methods, reason = "a program that measures")]

use std::collections::VecDeque;
use std::io::Write;
use std::time::{Duration, Instant};

use lazaret_bridge::Importer;
use lazaret_ledger::{Command, Ledger};
use lazaret_sim::{Model, Replication, Tell, World};
use lazaret_store::{Live, LiveOptions, Store};
use lazaret_vocabulary::event::Event;
use lazaret_vocabulary::time::GateTime;

/// Commands in flight.
const IN_FLIGHT: usize = 256;
/// Commands a second of the test of latency.
const RATE: u32 = 2000;
/// Rounds of it, of ten seconds each.
const ROUNDS: usize = 3;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn commands(file: &str, count: usize) -> Result<Vec<Command>, Failed> {
    let text = std::fs::read_to_string(file)?;
    let no_files = |name: &str| Err(format!("{name} is not read here"));
    let gateway = lazaret_gateway::read(&text, &["gateway.length=4000 d"], &no_files)
        .map_err(|found| format!("{found:?}"))?
        .gateway;
    let model = Model::compile(&gateway).map_err(|error| error.to_string())?;
    let mut events: Vec<Event> = Vec::new();
    let mut world = World::new(&model, Tell(|event| events.push(event)));
    if let Err(stuck) = world.run(Replication::new(1, 0), GateTime::START) {
        return Err(format!("{stuck:?}").into());
    }
    drop(world);
    let stated = lazaret_bridge::Stated::shortest();
    let mut importer = Importer::new(&gateway, &stated);
    let mut commands = importer.opening(gateway.start);
    for event in &events {
        if commands.len() >= count {
            break;
        }
        commands.extend(importer.commands(event));
    }
    commands.truncate(count);
    Ok(commands)
}

async fn flight(live: &Live, commands: &[Command]) -> Result<(), Failed> {
    let mut pending = VecDeque::with_capacity(IN_FLIGHT);
    for command in commands {
        if pending.len() == IN_FLIGHT
            && let Some(oldest) = pending.pop_front()
        {
            lazaret_store::Pending::receipt(oldest).await?;
        }
        pending.push_back(live.send(command.clone(), Some(command.at)).await?);
    }
    for rest in pending {
        rest.receipt().await?;
    }
    Ok(())
}

/// Milliseconds from when each was due to its answer, in order of size.
async fn paced(live: &Live, commands: &[Command]) -> Result<Vec<f64>, Failed> {
    let began = Instant::now();
    let mut waits = Vec::with_capacity(commands.len());
    for (n, command) in (0_u32..).zip(commands) {
        let due = began + Duration::from_secs(1) * n / RATE;
        tokio::time::sleep_until(due.into()).await;
        let pending = live.send(command.clone(), Some(command.at)).await?;
        waits.push(tokio::spawn(async move {
            pending
                .receipt()
                .await
                .map(|_| due.elapsed().as_secs_f64() * 1e3)
        }));
    }
    let mut times = Vec::with_capacity(waits.len());
    for wait in waits {
        times.push(wait.await??);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Times in milliseconds, in order of size, that the disk alone takes for eight kilobytes written and synced, a few
/// hundred a second: no acknowledgement can be faster.
fn disk_alone() -> Result<Vec<f64>, Failed> {
    let path = std::env::temp_dir().join(format!("lazaret-commits-{}", std::process::id()));
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..1000 {
        let began = Instant::now();
        file.write_all(&[7; 8192])?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(2));
    }
    std::fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn share(times: &[f64], share: f64) -> f64 {
    let place = (times.len().saturating_sub(1) as f64 * share).round() as usize;
    times.get(place).copied().unwrap_or_default()
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, count, address, raw_address] = &arguments[..] else {
        return Err("commits GATEWAY.toml RECORDS ADDRESS RAW_ADDRESS".into());
    };
    let count: usize = count.parse()?;
    let paced_count = (RATE * 10) as usize;
    let all = commands(file, count + paced_count * ROUNDS)?;
    let (many, few) = all.split_at(all.len().saturating_sub(paced_count * ROUNDS));

    // Deciding alone, and the records for the raw inserts.
    let mut ledger = Ledger::default();
    let mut sealed = Vec::with_capacity(many.len());
    let began = Instant::now();
    for command in many {
        if let lazaret_ledger::Accepted::New(record) = ledger.submit(command, command.at)? {
            sealed.push(*record);
        }
    }
    let decide_s = began.elapsed().as_secs_f64();
    let bytes: usize = sealed.iter().map(|record| record.json.len()).sum();
    drop(ledger);

    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let raw = Store::open(raw_address).await?;
        let lease = raw.take_lease("raw").await?.ok_or("the lease is taken")?;
        let began = Instant::now();
        for batch in sealed.chunks(IN_FLIGHT) {
            raw.append(lease.token(), batch).await?;
        }
        let raw_s = began.elapsed().as_secs_f64();
        drop(sealed);

        let options = || LiveOptions {
            snapshot_every: u64::MAX / 2,
            ..LiveOptions::default()
        };
        let beside = tempfile::tempdir()?;
        let store = Store::open(address).await?.keeping(beside.path())?;
        let live = Live::start(store, options()).await?;
        let began = Instant::now();
        flight(&live, many).await?;
        let live_s = began.elapsed().as_secs_f64();
        let commits = live.commits();
        let (mut p50, mut p99, mut disk) = (Vec::new(), Vec::new(), Vec::new());
        for round in few.chunks(paced_count) {
            disk.push(share(&disk_alone()?, 0.99));
            let times = paced(&live, round).await?;
            p50.push(share(&times, 0.5));
            p99.push(share(&times, 0.99));
        }
        for rounds in [&mut p50, &mut p99, &mut disk] {
            rounds.sort_by(f64::total_cmp);
        }

        let store = Store::open(address).await?;
        let began = Instant::now();
        let cold = {
            let mut ledger = Ledger::default();
            store.catch_up(&mut ledger, u64::MAX).await?
        };
        let cold_s = began.elapsed().as_secs_f64();
        live.stop().await;
        let began = Instant::now();
        let warm = store.load().await?;
        let warm_s = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let verified = store.verify("Uiju", None).await?;
        let verify_s = began.elapsed().as_secs_f64();
        let per_second = |seconds: f64| many.len() as f64 / seconds;
        #[allow(clippy::print_stdout, reason = "the result")]
        {
            println!(
                "{{\"records\":{},\"bytes_a_record\":{:.0},\"decide_per_s\":{:.0},\"raw_per_s\":{:.0},\"live_per_s\":{:.0},\"of_raw\":{:.2},\"commands_a_commit\":{:.1},\"ack_p50_ms\":{:.2},\"ack_p99_ms\":{:.2},\"ack_p99_best_ms\":{:.2},\"disk_p99_ms\":{:.2},\"read_per_s\":{:.0},\"start_with_snapshot_s\":{:.2},\"verify_per_s\":{:.0},\"whole\":{},\"seq\":{}}}",
                many.len(),
                bytes as f64 / many.len() as f64,
                per_second(decide_s),
                per_second(raw_s),
                per_second(live_s),
                raw_s / live_s,
                many.len() as f64 / commits as f64,
                share(&p50, 0.5),
                share(&p99, 0.5),
                p99[0],
                share(&disk, 0.5),
                cold as f64 / cold_s,
                warm_s,
                verified.records as f64 / verify_s,
                verified.findings.is_empty(),
                warm.state().seq(),
            );
        }
        Ok(())
    })
}
