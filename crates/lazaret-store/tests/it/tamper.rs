//! Every cut, swap and edit of the records is found, and its place is told.

use lazaret_store::{Checkpoint, Key, Live, LiveOptions, Store, Verified};

use crate::scene::{Place, on_each, write_notes};

async fn filled(place: &Place) -> Store {
    filled_with(place, 50).await
}

/// * `records` — more than the two of the opening.
async fn filled_with(place: &Place, records: usize) -> Store {
    let live = place.live().await;
    write_notes(&live, "a", records - 2).await;
    live.stop().await;
    place.open().await
}

async fn places_of(store: &Store) -> Vec<u64> {
    let verified: Verified = store.verify("Test", None).await.unwrap();
    verified
        .findings
        .iter()
        .map(|finding| finding.seq)
        .collect()
}

macro_rules! found {
    ($name:ident, $sql:expr, $places:expr) => {
        #[test]
        fn $name() {
            on_each(|place| async move {
                let store = filled(&place).await;
                assert_eq!(places_of(&store).await, Vec::<u64>::new());
                place.sql($sql).await;
                assert_eq!(places_of(&store).await, $places);
            });
        }
    };
}

found!(
    a_record_cut_out_is_missed,
    "DELETE FROM record WHERE seq = 20",
    [20]
);
found!(
    several_records_cut_out_are_missed,
    "DELETE FROM record WHERE seq BETWEEN 20 AND 25",
    [20]
);
found!(
    the_first_record_cut_out_is_missed,
    "DELETE FROM record WHERE seq = 1",
    [1]
);
found!(
    two_records_exchanged_are_both_found,
    "CREATE TABLE spare AS SELECT * FROM record WHERE seq IN (20, 30);
     UPDATE record SET body = (SELECT body FROM spare WHERE seq = 50 - record.seq),
                       digest = (SELECT digest FROM spare WHERE seq = 50 - record.seq)
     WHERE seq IN (20, 30);",
    // The records after them follow the right digests, which now stand elsewhere.
    [20, 21, 30, 31]
);
found!(
    a_digest_exchanged_is_found,
    "UPDATE record SET digest = (SELECT r.digest FROM record r WHERE r.seq = 7) WHERE seq = 40",
    [40, 41]
);

/// Pieces of 8,192 records are followed beside each other: what joins them must hold, too.
#[test]
fn a_break_between_two_pieces_of_work_is_found() {
    on_each(|place| async move {
        let store = filled_with(&place, 8_200).await;
        assert_eq!(places_of(&store).await, Vec::<u64>::new());
        let other = "UPDATE record SET digest = (SELECT r.digest FROM record r WHERE r.seq = 7) WHERE seq = 8192";
        place.sql(other).await;
        assert_eq!(places_of(&store).await, [8_192, 8_193]);
        place.sql("DELETE FROM record WHERE seq = 8192").await;
        assert_eq!(places_of(&store).await, [8_192]);
        place.sql("DELETE FROM record WHERE seq = 8193").await;
        assert_eq!(places_of(&store).await, [8_192]);
    });
}

#[test]
fn one_changed_byte_is_found_in_its_record() {
    on_each(|place| async move {
        let store = filled(&place).await;
        // `note a-17` becomes `note a-71` in the record of a-17.
        place
            .sql(if store.is_postgres() {
                "UPDATE record SET body = convert_to(replace(convert_from(body, 'UTF8'), 'note a-17', 'note a-71'), 'UTF8')"
            } else {
                "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'note a-17', 'note a-71') AS BLOB)"
            })
            .await;
        assert_eq!(places_of(&store).await, [20]);
    });
}

#[test]
fn a_record_made_up_at_the_end_needs_a_witness_only_if_it_is_consistent() {
    on_each(|place| async move {
        let store = filled(&place).await;
        place
            .sql("INSERT INTO record SELECT 51, at, body, digest FROM record WHERE seq = 50")
            .await;
        assert_eq!(places_of(&store).await, [51]);
    });
}

#[test]
fn a_cut_at_the_end_and_a_whole_new_history_are_found_by_a_checkpoint() {
    on_each(|place| async move {
        let store = filled(&place).await;
        let folder = tempfile::tempdir().unwrap();
        let key = Key::open(&folder.path().join("key")).unwrap();
        let now = jiff::Timestamp::now();
        let witness = key.sign("Test", store.head().await.unwrap(), now);
        store.keep_checkpoint(&witness).await.unwrap();
        assert_eq!(places_of(&store).await, Vec::<u64>::new());
        // Cut at the end.
        place.sql("DELETE FROM record WHERE seq > 45").await;
        assert_eq!(places_of(&store).await, [50]);
        // The checkpoint goes too; the witness outside has kept it.
        place.sql("DELETE FROM checkpoint").await;
        assert_eq!(places_of(&store).await, Vec::<u64>::new());
        let verified = store.verify("Test", Some(&witness)).await.unwrap();
        assert_eq!(verified.findings[0].seq, 50);
        // Written on to the same number, it is another history.
        place.sql("DELETE FROM snapshot").await;
        // Its writer has nothing of what is kept beside the database.
        let bare = Store::open(&place.address).await.unwrap();
        let live = Live::start(bare, LiveOptions::default()).await.unwrap();
        write_notes(&live, "b", 10).await;
        live.stop().await;
        let verified = store.verify("Test", Some(&witness)).await.unwrap();
        assert_eq!(verified.findings.len(), 1);
        assert!(verified.findings[0].what.contains("a witness saw digest"));
    });
}

#[test]
fn a_forged_checkpoint_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::open(&folder.path().join("key")).unwrap();
    let again = Key::open(&folder.path().join("key")).unwrap();
    let now = "2026-01-05T08:00:00Z".parse().unwrap();
    let chain = lazaret_ledger::Chain {
        seq: 7,
        head: lazaret_ledger::Digest::of(b"seven"),
    };
    let real = key.sign("Test", chain, now);
    assert_eq!(real, again.sign("Test", chain, now));
    assert!(real.is_signed("Test"));
    assert!(!real.is_signed("Another"));
    for forged in [
        Checkpoint {
            seq: 8,
            ..real.clone()
        },
        Checkpoint {
            digest: lazaret_ledger::Digest::of(b"eight"),
            ..real.clone()
        },
        Checkpoint {
            at: "2026-01-05T08:00:01Z".parse().unwrap(),
            ..real.clone()
        },
        Checkpoint {
            key: [9; 32],
            ..real.clone()
        },
    ] {
        assert!(!forged.is_signed("Test"), "{forged:?}");
    }
    let read = Checkpoint::read(
        real.seq,
        &real.digest.to_string(),
        real.at,
        &real.key_text(),
        &real.signature_text(),
    );
    assert_eq!(read, Some(real));
}
