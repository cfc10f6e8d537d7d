//! What a SQLite file and its log look like after a power cut, with torn writes and flipped bits: everything from one
//! seed, on copies of real files.
//!
//! Nothing that was acknowledged may be missing after a torn write; and after a flipped bit no record may read as
//! anything but what was written: it is missed, refused or found by `verify`.

use std::path::Path;

use lazaret_ledger::{Accepted, Ledger, Sealed};
use lazaret_store::{Lease, Store};

use crate::scene::{at, note, opening, sqlite};

const SECTOR: usize = 512;

/// A generator that is short and the same everywhere (xorshift64*, Vigna2016).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        ((u128::from(drawn) * n as u128) >> 64) as usize
    }
}

/// A ledger that writes commits of its own, so that nothing else touches the files meanwhile.
struct Writer {
    store: Store,
    lease: Lease,
    ledger: Ledger,
    written: Vec<Sealed>,
    count: u32,
}

impl Writer {
    async fn open(file: &Path) -> Self {
        let store = Store::open_sqlite(file).await.unwrap();
        let lease = store.take_lease("writer").await.unwrap().unwrap();
        let mut writer = Writer {
            store,
            lease,
            ledger: Ledger::default(),
            written: Vec::new(),
            count: 0,
        };
        let now = at("2026-01-05T08:00:00Z");
        writer.commit(opening(now)).await;
        writer
    }

    async fn notes(&mut self, records: usize) {
        let now = at("2026-01-05T08:00:00Z");
        let mut commands = Vec::new();
        for _ in 0..records {
            self.count += 1;
            commands.push(note(&format!("n{}", self.count), now));
        }
        self.commit(commands).await;
    }

    async fn commit(&mut self, commands: Vec<lazaret_ledger::Command>) {
        let mut batch = Vec::new();
        for command in commands {
            match self.ledger.submit(&command, command.at) {
                Ok(Accepted::New(sealed)) => batch.push(*sealed),
                other => panic!("{other:?}"),
            }
        }
        self.store.append(self.lease.token(), &batch).await.unwrap();
        self.written.extend(batch);
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(test);
}

/// What a start from files finds: how many records, each as it was written, and a state that they make; or that
/// the files cannot be read. An error says what reads as something that was never written.
async fn found(db: &[u8], log: &[u8], written: &[Sealed]) -> Result<Option<usize>, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.db");
    std::fs::write(&file, db).unwrap();
    std::fs::write(folder.path().join("ledger.db-wal"), log).unwrap();
    let Ok(store) = Store::open_sqlite(&file).await else {
        return Ok(None);
    };
    let (verified, loaded) = (store.verify("Test", None).await, store.load().await);
    let rows = store.after(0, u32::MAX).await;
    store.close().await;
    let (Ok(verified), Ok(loaded), Ok(rows)) = (verified, loaded, rows) else {
        return Ok(None);
    };
    if !verified.findings.is_empty() {
        return Ok(None);
    }
    for (row, sealed) in rows.iter().zip(written) {
        if row.seq != sealed.record.seq || row.body != sealed.json {
            return Err(format!("record {} is not as it was written", row.seq));
        }
    }
    let end = rows
        .len()
        .checked_sub(1)
        .map_or_else(Default::default, |last| written[last].digest);
    if rows.len() > written.len() || loaded.chain().head != end {
        return Err("the state is not that of the records".into());
    }
    Ok(Some(rows.len()))
}

#[test]
fn a_torn_log_loses_nothing_that_was_acknowledged() {
    run(torn());
}

async fn torn() {
    let place = sqlite();
    let file = Path::new(&place.address);
    let log = file.with_extension("db-wal");
    let mut dice = Dice(20_261_124);
    let mut writer = Writer::open(file).await;
    let (mut short, mut more) = (0, 0);
    for _ in 0..12 {
        writer.notes(1 + dice.below(20)).await;
        let (acknowledged, safe) = (writer.written.len(), std::fs::read(&log).unwrap().len());
        for _ in 0..3 {
            writer.notes(1 + dice.below(20)).await;
        }
        let (db, whole) = (std::fs::read(file).unwrap(), std::fs::read(&log).unwrap());
        assert!(safe < whole.len(), "the log was begun anew");
        for _ in 0..6 {
            // The commits after `safe` were on their way: cut anywhere, sectors in any order.
            let mut torn = whole[..safe + dice.below(whole.len() - safe + 1)].to_vec();
            for from in (safe..torn.len()).step_by(SECTOR) {
                if dice.below(8) == 0 {
                    let to = torn.len().min(from + SECTOR);
                    torn[from..to].fill(0);
                }
            }
            let there = found(&db, &torn, &writer.written).await.unwrap();
            let there = there.expect("a torn log is no damage: it ends at its last whole commit");
            assert!(
                there >= acknowledged,
                "{there} of {acknowledged} records are left"
            );
            short += usize::from(there < writer.written.len());
            more += usize::from(there > acknowledged);
        }
    }
    // Both happen, or the cuts would prove nothing.
    assert!(short > 0 && more > 0, "{short} {more}");
}

#[test]
fn a_flipped_bit_never_reads_as_another_record() {
    run(flipped());
}

async fn flipped() {
    let place = sqlite();
    let file = Path::new(&place.address);
    let log = file.with_extension("db-wal");
    let mut dice = Dice(20_261_125);
    let mut writer = Writer::open(file).await;
    for _ in 0..10 {
        writer.notes(12).await;
    }
    let bytes = writer.ledger.snapshot().unwrap();
    let seq = writer.ledger.chain().seq;
    writer.store.keep_snapshot(seq, &bytes).await.unwrap();
    // Half of the records are in the file, the others in the log.
    writer.store.fold_log().await.unwrap();
    let db = std::fs::read(file).unwrap();
    for _ in 0..10 {
        writer.notes(12).await;
    }
    let whole = std::fs::read(&log).unwrap();
    let (mut noticed, mut unharmed) = (0, 0);
    for nth in 0..120 {
        let (mut db, mut log) = (db.clone(), whole.clone());
        let hit = if nth % 2 == 0 { &mut db } else { &mut log };
        let place = dice.below(hit.len());
        hit[place] ^= 1 << dice.below(8);
        match found(&db, &log, &writer.written).await {
            Ok(Some(there)) if there == writer.written.len() => unharmed += 1,
            Ok(_) => noticed += 1,
            Err(what) => panic!("a bit of byte {place} flipped (case {nth}): {what}"),
        }
    }
    assert!(noticed > 0 && unharmed > 0, "{noticed} {unharmed}");
}
