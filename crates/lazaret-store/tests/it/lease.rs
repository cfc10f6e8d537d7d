//! One active writer; the other follows and takes over.

use std::time::Duration;

use lazaret_ledger::Accepted;
use lazaret_store::{Live, LiveOptions, Standing, StoreError, SubmitError};

use crate::scene::{note, on_each, write_notes};

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
        let now = lazaret_store::LiveOptions::default().clock;
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
        let outcome = live.submit(note("b", live.now())).await;
        assert!(matches!(outcome, Err(SubmitError::Unknown)), "{outcome:?}");
        tokio::time::timeout(Duration::from_secs(5), live.stands(Standing::Standby))
            .await
            .unwrap();
        // Until the ledger is read again, what was decided and not written may not be shown.
        let seen = loop {
            match live.read(|state, _| state.seq()).await {
                Ok(seen) => break seen,
                Err(SubmitError::Unknown) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(other) => panic!("{other:?}"),
            }
        };
        assert_eq!(seen.value, 5);
        live.stop().await;
    });
}
