//! Commands in, records on disk, answers out.

use std::time::Duration;

use lazaret_store::SubmitError;

use crate::scene::{note, on_each, opening, write_notes};

#[test]
fn what_is_answered_is_in_the_database_and_chained() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 300).await;
        assert_eq!(live.seq(), 302);
        let store = place.open().await;
        assert_eq!(store.head().await.unwrap().seq, 302);
        let verified = store.verify("Test", None).await.unwrap();
        assert_eq!((verified.records, &verified.findings[..]), (302, &[][..]));
        live.stop().await;
    });
}

#[test]
fn many_commands_share_a_commit() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 1).await;
        let before = live.commits();
        let now = live.now();
        let all = (0..2000).map(|n| (note(&format!("b-{n}"), now), None));
        for outcome in live.submit_all(all).await {
            outcome.unwrap();
        }
        let commits = live.commits() - before;
        assert!(commits < 200, "2000 commands took {commits} commits");
        live.stop().await;
    });
}

#[test]
fn the_same_key_counts_once_also_after_a_restart() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 3).await;
        let now = live.now();
        let first = live.submit(note("once", now)).await.unwrap();
        let again = live.submit(note("once", now)).await.unwrap();
        assert_eq!(first.seq, again.seq);
        assert!(first.sealed.is_some() && again.sealed.is_none());
        live.stop().await;
        let live = place.live().await;
        let again = live.submit(note("once", now)).await.unwrap();
        assert_eq!(first.seq, again.seq);
        assert_eq!(live.seq(), first.seq);
        live.stop().await;
    });
}

#[test]
fn a_refusal_writes_nothing_and_names_its_rule() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 1).await;
        let mut stranger = note("b", live.now());
        stranger.by = lazaret_vocabulary::event::entry::PersonName::new("nobody");
        match live.submit(stranger).await {
            Err(SubmitError::Refused(refusal)) => assert_eq!(refusal.rule.code(), "R1"),
            other => panic!("{other:?}"),
        }
        assert_eq!(live.seq(), 3);
        live.stop().await;
    });
}

#[test]
fn a_reader_sees_only_what_is_on_disk() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 1).await;
        let writer = {
            let live = live.clone();
            tokio::spawn(async move { write_notes(&live, "w", 3000).await })
        };
        let store = place.open().await;
        let mut looks = 0;
        while !writer.is_finished() {
            let seen = live.read(|state, _| state.seq()).await.unwrap();
            let on_disk = store.head().await.unwrap().seq;
            assert!(seen.value <= on_disk, "{} > {on_disk}", seen.value);
            looks += 1;
        }
        writer.await.unwrap();
        assert!(looks > 0);
        live.stop().await;
    });
}

#[test]
fn listeners_hear_every_record_once_and_in_order() {
    on_each(|place| async move {
        let live = place.live().await;
        let mut feed = live.listen();
        write_notes(&live, "a", 500).await;
        for seq in 1..=502 {
            let heard = tokio::time::timeout(Duration::from_secs(5), feed.recv())
                .await
                .unwrap()
                .unwrap();
            assert_eq!(heard.record.seq, seq);
        }
        live.stop().await;
    });
}

#[test]
fn a_start_from_a_snapshot_gives_the_same_state_as_from_the_records() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 200).await;
        live.stop().await;
        let store = place.open().await;
        let from_snapshot = store.from_snapshot(u64::MAX).await.unwrap();
        assert_eq!(from_snapshot.chain().seq, 202);
        let mut from_records = lazaret_ledger::Ledger::default();
        store.catch_up(&mut from_records, u64::MAX).await.unwrap();
        assert_eq!(
            from_snapshot.snapshot().unwrap(),
            from_records.snapshot().unwrap()
        );
    });
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 20).await;
        live.stop().await;
        place
            .sql("UPDATE snapshot SET body = substr(body, 1, 90)")
            .await;
        let live = place.live().await;
        assert_eq!(live.seq(), 22);
        live.submit(note("after", live.now())).await.unwrap();
        live.stop().await;
    });
}

#[test]
fn a_stopped_ledger_says_so() {
    on_each(|place| async move {
        let live = place.live().await;
        let now = live.now();
        live.stop().await;
        let command = opening(now).remove(0);
        assert!(matches!(
            live.submit(command).await,
            Err(SubmitError::Stopped)
        ));
    });
}
