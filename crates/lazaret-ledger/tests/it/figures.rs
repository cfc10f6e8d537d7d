//! What the ledger costs, measured where it matters: `cargo test --release -p lazaret-ledger --test it -- --ignored
//! --nocapture figures`. These are figures, not tests: they print, and fail only if the answer is wrong.

#![expect(clippy::print_stderr, reason = "figures are there to be read")]

use std::time::{Duration, Instant};

use lazaret_gateway::event::{Event, LotId};
use lazaret_gateway::time::GateTime;
use lazaret_ledger::chain::verify;
use lazaret_ledger::import::Importer;
use lazaret_ledger::{Chain, Decision, Ledger, Record, State, apply, decide};
use lazaret_sim::{Model, Replication, Tell, World};

use crate::full::full;
use crate::scene::{self, after};

fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Ten years of Uiju through decision, seal and application, one thread, no disk.
#[test]
#[ignore = "figures"]
fn figures_of_commands() {
    let no_files = |_: &str| Err("no files here".to_string());
    let text = include_str!("../../../../examples/uiju/gateway.toml");
    let gateway = lazaret_gateway::read(text, &["gateway.length=3650 d"], &no_files)
        .unwrap()
        .gateway;
    let model = Model::compile(&gateway).unwrap();
    let mut events: Vec<Event> = Vec::new();
    World::new(&model, Tell(|event| events.push(event)))
        .run(Replication::new(1, 0), GateTime::START)
        .unwrap();
    let mut importer = Importer::new(&gateway);
    let mut commands = importer.opening(gateway.start);
    for event in &events {
        commands.extend(importer.commands(event));
    }
    let (mut state, mut chain) = (State::default(), Chain::default());
    let mut rows = Vec::with_capacity(commands.len());
    let [mut deciding, mut sealing, mut applying] = [Duration::ZERO; 3];
    let began = Instant::now();
    for command in &commands {
        let start = Instant::now();
        let Ok(Decision::Record(events)) = decide(&state, command, command.at) else {
            panic!("{command:?}");
        };
        let decided = Instant::now();
        let sealed = chain.seal(command, events, command.at);
        let closed = Instant::now();
        apply(&mut state, &sealed.record).unwrap();
        applying += closed.elapsed();
        sealing += closed - decided;
        deciding += decided - start;
        rows.push(sealed.json);
    }
    let n = commands.len();
    let micros = |took: Duration| took.as_secs_f64() * 1e6 / n as f64;
    eprintln!(
        "{n} commands: {:.0}/s; decide {:.2} µs, seal {:.2} µs, apply {:.2} µs; {} bytes a record",
        per_second(n, began.elapsed()),
        micros(deciding),
        micros(sealing),
        micros(applying),
        rows.iter().map(Vec::len).sum::<usize>() / n
    );
    let began = Instant::now();
    let end = verify(Chain::default(), rows.iter().map(|row| (&row[..], None))).unwrap();
    assert_eq!(end, chain);
    eprintln!("verify: {:.0} records/s", per_second(n, began.elapsed()));
    let began = Instant::now();
    let records: Vec<Record> = rows
        .iter()
        .map(|row| serde_json::from_slice(row).unwrap())
        .collect();
    eprintln!("read JSON: {:.0} records/s", per_second(n, began.elapsed()));
    let began = Instant::now();
    let mut again = State::default();
    for record in &records {
        apply(&mut again, record).unwrap();
    }
    eprintln!(
        "apply again: {:.0} records/s",
        per_second(n, began.elapsed())
    );
    let began = Instant::now();
    let bytes = state.snapshot(&chain).unwrap();
    eprintln!("snapshot of {} bytes: {:?}", bytes.len(), began.elapsed());
    assert!(bytes == again.snapshot(&chain).unwrap());
    let began = Instant::now();
    State::restore(&bytes).unwrap();
    eprintln!("restored: {:?}", began.elapsed());
}

/// Bytes of resident memory of this process.
fn resident() -> usize {
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok())
        .map_or(0, |pages| pages * 4_096)
}

/// Two million lots held: memory, pages of lists, one history.
#[test]
#[ignore = "figures"]
fn figures_of_two_million_lots() {
    const LOTS: usize = 2_000_000;
    let before = resident();
    let began = Instant::now();
    let (ledger, now) = full(LOTS, 20, 10_000, true, &mut |_| {});
    eprintln!(
        "{LOTS} lots from {} records in {:?}: {} bytes of memory a lot ({} by capacity)",
        ledger.chain().seq,
        began.elapsed(),
        (resident() - before) / LOTS,
        ledger.state().bytes() / LOTS
    );
    let state = ledger.state();
    let mut worst = Duration::ZERO;
    let mut cursor = None;
    for _ in 0..1_000 {
        let began = Instant::now();
        let page = state.hold_list(cursor, 100);
        worst = worst.max(began.elapsed());
        cursor = page.last().map(|line| line.cursor);
    }
    eprintln!("hold list, a page of 100: worst of 1000 {worst:?}");
    let began = Instant::now();
    let page = state.release_queue(after(now, 20 * scene::DAY), None, 100);
    eprintln!(
        "release queue, a page of {}: {:?}",
        page.len(),
        began.elapsed()
    );
    let began = Instant::now();
    let history = state.lot_history(&LotId::new("v0050000-07"));
    eprintln!(
        "history of {} records: {:?}",
        history.len(),
        began.elapsed()
    );
    let began = Instant::now();
    let bytes = ledger.snapshot().unwrap();
    eprintln!(
        "snapshot of {} MB: {:?}",
        bytes.len() / 1_000_000,
        began.elapsed()
    );
    let began = Instant::now();
    Ledger::restore(&bytes).unwrap();
    eprintln!("restored: {:?}", began.elapsed());
}

/// Two million lots with fifty million contacts, 26 to a bay so that each has 25 others: what one of them may have
/// reached, if a bay links 20 000 of them and if it links them all.
#[test]
#[ignore = "figures"]
fn figures_of_contacts() {
    const LOTS: usize = 2_000_000;
    for bays in [100, 1] {
        let (ledger, _) = full(LOTS / 26 * 26, 26, bays, false, &mut |_| {});
        let state = ledger.state();
        for lot in ["v0000000-00", "v0040000-03"] {
            let began = Instant::now();
            let closure = state.contacts(&LotId::new(lot));
            eprintln!(
                "{bays} bays: {} lots reached from {lot} in {:?}",
                closure.reached.len(),
                began.elapsed()
            );
        }
    }
}
