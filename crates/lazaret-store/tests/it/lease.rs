//! One active writer; the other follows and takes over.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lazaret_ledger::Accepted;
use lazaret_store::{Live, LiveOptions, Standing, StoreError, SubmitError};

use crate::kill::{ADDRESS, ROUND};
use crate::scene::{note, on_each, sqlite, write_notes};

#[test]
fn a_second_server_stands_by_follows_and_takes_over() {
    on_each(|place| async move {
        let first = place.live().await;
        write_notes(&first, "a", 10).await;
        let options = LiveOptions {
            holder: "second".into(),
            ..LiveOptions::default()
        };
        let second = Live::start(place.open().await, options).await.unwrap();
        assert_eq!(second.standing(), Standing::Standby);
        assert!(matches!(
            second.submit(note("b", second.now())).await,
            Err(SubmitError::Standby { .. })
        ));
        write_notes(&first, "c", 10).await;
        // It follows.
        let patience = Duration::from_secs(10);
        tokio::time::timeout(patience, async {
            while second.seq() < first.seq() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .unwrap();
        let at_stop = first.seq();
        first.stop().await;
        tokio::time::timeout(patience, second.stands(Standing::Active))
            .await
            .unwrap();
        let receipt = second.submit(note("d", second.now())).await.unwrap();
        assert_eq!(receipt.seq, at_stop + 1);
        second.stop().await;
        let verified = place.open().await.verify("Test", None).await.unwrap();
        assert_eq!(verified.findings, []);
    });
}

#[test]
fn a_writer_that_lost_its_lease_cannot_write() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 3).await;
        live.stop().await;
        let store = place.open().await;
        let old = store.take_lease("old").await.unwrap().unwrap();
        let mut ledger = store.load().await.unwrap();
        let now = Timestamp::now;
        let Ok(Accepted::New(sealed)) = ledger.submit(&note("late", now()), now()) else {
            panic!("the note was not taken");
        };
        let token = old.token();
        // The old holder's process dies, another takes over; the old one's commit comes late.
        drop(old);
        let new = place.open().await;
        let taken = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                if let Some(lease) = new.take_lease("new").await.unwrap() {
                    break lease;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await
        .unwrap();
        assert!(taken.token() > token);
        let outcome = store.append(token, std::slice::from_ref(&*sealed)).await;
        assert!(
            matches!(outcome, Err(StoreError::Fenced { held, own }) if held == taken.token() && own == token),
            "{outcome:?}"
        );
        assert_eq!(new.head().await.unwrap().seq, 5);
        store
            .append(taken.token(), std::slice::from_ref(&*sealed))
            .await
            .unwrap();
        assert_eq!(new.head().await.unwrap().seq, 6);
        taken.give_back(&new).await.unwrap();
    });
}

#[test]
fn a_server_whose_lease_was_taken_says_unknown_and_reads_the_ledger_again() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 3).await;
        // Somebody raises the token behind its back, as a server across a broken network would.
        place
            .sql("UPDATE lease SET token = token + 1, holder = 'thief', until = until + 3600000000")
            .await;
        let mut outcome = live.submit(note("b", live.now())).await;
        // Its heartbeat, every two seconds, may notice before the write does; nothing was tried then, which is another
        // answer. The lease is given back and stolen again, until it is the write that finds out.
        for _ in 0..20 {
            if !matches!(outcome, Err(SubmitError::Unavailable { .. })) {
                break;
            }
            place.sql("UPDATE lease SET until = 0").await;
            tokio::time::timeout(Duration::from_secs(20), live.stands(Standing::Active))
                .await
                .unwrap();
            place
                .sql("UPDATE lease SET token = token + 1, holder = 'thief', until = until + 3600000000")
                .await;
            outcome = live.submit(note("b", live.now())).await;
        }
        assert!(matches!(outcome, Err(SubmitError::Unknown)), "{outcome:?}");
        tokio::time::timeout(Duration::from_secs(5), live.stands(Standing::Standby))
            .await
            .unwrap();
        // Until the ledger is read again, what was decided and not written may not be shown.
        let seen = loop {
            match live.read(|state, _| state.seq()).await {
                Ok(seen) => break seen,
                Err(SubmitError::Unknown | SubmitError::Unavailable { .. }) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(other) => panic!("{other:?}"),
            }
        };
        assert_eq!(seen.value, 5);
        live.stop().await;
    });
}

/// The process that writes is stopped in the midst of its work, and mostly of a commit, whose lock it then keeps.
#[test]
#[cfg(target_os = "linux")]
fn a_writer_that_is_frozen_under_load_is_replaced_within_ten_seconds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for round in 0..3 {
        let place = sqlite();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--ignored", "--nocapture"])
            .env(ADDRESS, &place.address)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(
            lines
                .by_ref()
                .any(|line| line.is_ok_and(|line| line == "ready"))
        );
        let acknowledged = Arc::new(Mutex::new(HashMap::new()));
        let reader = {
            let acknowledged = Arc::clone(&acknowledged);
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    if let [_, key, seq] = line.split(' ').collect::<Vec<_>>()[..] {
                        let seq: u64 = seq.parse().unwrap_or(0);
                        acknowledged.lock().unwrap().insert(key.to_owned(), seq);
                    }
                }
            })
        };
        runtime.block_on(async {
            let second = Live::start(place.open().await, LiveOptions::default())
                .await
                .unwrap();
            assert_eq!(second.standing(), Standing::Standby);
            tokio::time::sleep(Duration::from_millis(500 + 37 * round)).await;
            let stopped = Command::new("kill")
                .args(["-STOP", &child.id().to_string()])
                .status();
            assert!(stopped.unwrap().success());
            let frozen = Instant::now();
            second.stands(Standing::Active).await;
            second.submit(note("after", second.now())).await.unwrap();
            let took = frozen.elapsed();
            assert!(took < Duration::from_secs(10), "round {round}: {took:?}");
            // Thawed, if it is still there, it does not write and does not take the lease back.
            let _ = Command::new("kill")
                .args(["-CONT", &child.id().to_string()])
                .stderr(Stdio::null())
                .status();
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(second.standing(), Standing::Active);
            let _ = child.kill();
            let _ = child.wait();
            reader.join().unwrap();
            let mut found = HashMap::new();
            for row in second.store().after(0, u32::MAX).await.unwrap() {
                let key = row.record().unwrap().command.to_string();
                assert_eq!(found.insert(key, row.seq), None);
            }
            for (key, seq) in acknowledged
                .lock()
                .unwrap()
                .iter()
                .filter(|(_, seq)| **seq > 0)
            {
                assert_eq!(found.get(key), Some(seq), "{key}");
            }
            assert!(acknowledged.lock().unwrap().len() > 10);
            second.stop().await;
        });
    }
}
