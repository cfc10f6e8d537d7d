//! Copies: online backup, export and import, and the way from one engine to the other.

use jiff::ToSpan;
use lazaret_store::{Office, Store, StoreError, export_records, import_records, transfer};

use crate::scene::{at, note, on_each, postgres, sqlite, write_notes};

#[test]
fn a_backup_taken_in_use_is_a_ledger_that_can_be_served() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 100).await;
        let writer = {
            let live = live.clone();
            tokio::spawn(async move { write_notes(&live, "b", 1000).await })
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup.db");
        let copied = live.store().backup(&file).await.unwrap();
        writer.await.unwrap();
        live.stop().await;
        assert!(copied.records.records >= 102);
        let again = live.store().backup(&file).await;
        assert!(matches!(again, Err(StoreError::NotEmpty(_))));

        let copy = Store::open_sqlite(&file).await.unwrap();
        let verified = copy.verify("Test", None).await.unwrap();
        assert_eq!(verified.findings, []);
        assert_eq!(verified.head, copied.records.head);
        let served = lazaret_store::Live::start(copy, Default::default())
            .await
            .unwrap();
        served.submit(note("c", served.now())).await.unwrap();
        served.stop().await;
    });
}

#[test]
fn an_export_read_in_again_is_the_same_chain() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 100).await;
        live.stop().await;
        let mut lines = Vec::new();
        let written = export_records(live.store(), &mut lines).await.unwrap();
        let other = sqlite();
        let store = other.open().await;
        let read = import_records(&store, &lines[..]).await.unwrap();
        assert_eq!(written, read);
        assert_eq!(store.head().await.unwrap(), written.head);
        let again = import_records(&store, &lines[..]).await;
        assert!(matches!(again, Err(StoreError::NotEmpty(_))));
    });
}

#[test]
fn a_wrong_line_is_named() {
    on_each(|place| async move {
        let live = place.live().await;
        write_notes(&live, "a", 20).await;
        live.stop().await;
        let mut lines = Vec::new();
        export_records(live.store(), &mut lines).await.unwrap();
        let text = String::from_utf8(lines).unwrap();
        let text = text.split_once('\n').unwrap().1;
        let edited = text.replace("note a-7", "note a-8");
        let cut = text.lines().take(8).chain(text.lines().skip(9));
        let cut: String = cut.map(|line| format!("{line}\n")).collect();
        let garbled = text.replacen("\"events\"", "\"vents\"", 5);
        for (wrong, expected) in [(edited, 11), (cut, 9), (garbled, 1)] {
            let store = sqlite();
            let store = store.open().await;
            match import_records(&store, wrong.as_bytes()).await {
                Err(StoreError::Line { line, .. }) => assert_eq!(line, expected),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn sqlite_to_postgres_and_back_keeps_records_and_office() {
    let Some(there) = postgres() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async move {
        let here = sqlite();
        let live = here.live().await;
        write_notes(&live, "a", 300).await;
        live.stop().await;
        let from = here.open().await;
        let now = at("2026-01-05T08:00:00Z");
        let office = Office::new(from.clone());
        office.make_account("kim", now).await.unwrap();
        office.set_password("kim", "hash").await.unwrap();
        office.set_preference("kim", "{}").await.unwrap();
        let later = now.checked_add(1.hour()).unwrap();
        office
            .open_session(&[1; 32], "kim", now, later)
            .await
            .unwrap();

        let to = there.open().await;
        let copied = transfer(&from, &to).await.unwrap();
        assert_eq!(copied.records.head, from.head().await.unwrap());
        let moved = Office::new(to.clone());
        assert_eq!(
            moved.accounts().await.unwrap(),
            office.accounts().await.unwrap()
        );
        assert_eq!(moved.session(&[1; 32], now).await.unwrap(), None);
        assert!(matches!(
            transfer(&from, &to).await,
            Err(StoreError::NotEmpty(_))
        ));

        let back = sqlite();
        let back = back.open().await;
        transfer(&to, &back).await.unwrap();
        assert_eq!(back.head().await.unwrap(), from.head().await.unwrap());
        assert_eq!(back.verify("Test", None).await.unwrap().findings, []);
    });
}
