//! What whoever can write to the database cannot: the signature of a snapshot, the last number that was acknowledged. And
//! what a start and a reader make of damage.

use std::path::Path;
use std::time::{Duration, Instant};

use lazaret_ledger::Digest;
use lazaret_store::{
    Live, LiveOptions, Readiness, Store, StoreError, SubmitError, export_records, import_records,
};

use crate::scene::{Place, note, on_each, sqlite, write_notes};

async fn filled(place: &Place) {
    let live = place.live().await;
    write_notes(&live, "a", 48).await;
    live.stop().await;
    live.store().close().await;
}

/// Waits until the server knows whether it is ready.
async fn settled(live: &Live) -> Readiness {
    let began = Instant::now();
    while !live.checked() && began.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    live.readiness().await
}

#[track_caller]
fn says(readiness: &Readiness, what: &str) {
    match readiness {
        Readiness::Failing { why } => assert!(why.contains(what), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_snapshot_that_another_key_signed_is_passed_over() {
    on_each(|place| async move {
        filled(&place).await;
        let own = place.open().await;
        assert_eq!(own.from_snapshot(u64::MAX).await.unwrap().chain().seq, 50);
        // The very same state, signed by somebody who does not have the key.
        let bytes = own.load().await.unwrap().snapshot().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let forger = Store::open(&place.address)
            .await
            .unwrap()
            .keeping(elsewhere.path())
            .unwrap();
        place.sql("DELETE FROM snapshot").await;
        forger.keep_snapshot(50, &bytes).await.unwrap();
        assert_eq!(
            forger.from_snapshot(u64::MAX).await.unwrap().chain().seq,
            50
        );
        assert_eq!(own.from_snapshot(u64::MAX).await.unwrap().chain().seq, 0);
        // Nobody believes it without a key, and nobody makes one.
        let keyless = Store::open(&place.address).await.unwrap();
        assert_eq!(
            keyless.from_snapshot(u64::MAX).await.unwrap().chain().seq,
            0
        );
        place.sql("DELETE FROM snapshot").await;
        keyless.keep_snapshot(50, &bytes).await.unwrap();
        own.keep_snapshot(50, &bytes).await.unwrap();
        assert_eq!(own.from_snapshot(u64::MAX).await.unwrap().chain().seq, 50);
    });
}

#[test]
fn a_signed_snapshot_vouches_for_every_byte_of_it() {
    on_each(|place| async move {
        filled(&place).await;
        let own = place.open().await;
        let length = own.load().await.unwrap().snapshot().unwrap().len() + 64;
        // Every part: the signature, the head, and what follows, in steps.
        for from in (0..length).step_by(length / 40) {
            let flipped = format!(
                "UPDATE snapshot SET body = {} WHERE part = 1",
                if own.is_postgres() {
                    format!("set_byte(body, {from}, 255 - get_byte(body, {from}))")
                } else {
                    let byte = format!("substr(body, {}, 1)", from + 1);
                    format!(
                        "CAST(substr(body, 1, {from}) || CASE WHEN {byte} = x'01' THEN x'02' ELSE x'01' END || \
                         substr(body, {}) AS BLOB)",
                        from + 2
                    )
                }
            );
            place.sql(Box::leak(flipped.into_boxed_str())).await;
            let read = own.from_snapshot(u64::MAX).await.unwrap();
            assert_eq!(read.chain().seq, 0, "byte {from}");
            let bytes = own.load().await.unwrap().snapshot().unwrap();
            own.keep_snapshot(50, &bytes).await.unwrap();
        }
    });
}

#[test]
fn a_snapshot_of_another_history_is_passed_over() {
    on_each(|place| async move {
        filled(&place).await;
        let own = place.open().await;
        // Another ledger of the same length, with the same key.
        let other = sqlite();
        let twin = Store::open(&other.address)
            .await
            .unwrap()
            .keeping(place.beside.path())
            .unwrap();
        let live = Live::start(twin, LiveOptions::default()).await;
        drop(live);
        std::fs::remove_file(place.beside.path().join("ledger.last")).unwrap();
        let twin = Store::open(&other.address)
            .await
            .unwrap()
            .keeping(place.beside.path())
            .unwrap();
        let live = Live::start(twin.clone(), LiveOptions::default())
            .await
            .unwrap();
        live.stands(lazaret_store::Standing::Active).await;
        write_notes(&live, "b", 48).await;
        let bytes = twin.load().await.unwrap().snapshot().unwrap();
        live.stop().await;
        own.keep_snapshot(50, &bytes).await.unwrap();
        assert_eq!(own.from_snapshot(u64::MAX).await.unwrap().chain().seq, 0);
    });
}

#[test]
fn acknowledged_records_that_are_gone_are_missed_until_somebody_accepts_it() {
    on_each(|place| async move {
        filled(&place).await;
        place.sql("DELETE FROM record WHERE seq > 40").await;
        let live = place.live().await;
        let readiness = settled(&live).await;
        says(
            &readiness,
            "record 41: it and those up to 50 were acknowledged",
        );
        says(&readiness, "lazaret ledger accept");
        let refused = live.submit(note("b", live.now())).await;
        assert!(
            matches!(refused, Err(SubmitError::Halted { .. })),
            "{refused:?}"
        );
        // What is there can be read.
        assert_eq!(live.read(|state, _| state.seq()).await.unwrap().value, 40);
        live.stop().await;
        // It is not forgotten by another start.
        let live = place.live().await;
        says(&settled(&live).await, "record 41");
        live.stop().await;
        let store = place.open().await;
        let doubts = store.doubts("Test").await.unwrap();
        assert_eq!(doubts.len(), 1, "{doubts:?}");
        store
            .accept(&doubts, "ada", "the disk broke")
            .await
            .unwrap();
        let kept = std::fs::read_to_string(place.beside.path().join("ledger.accepted")).unwrap();
        assert!(
            kept.contains("the disk broke") && kept.contains("record 41"),
            "{kept}"
        );
        let live = place.live().await;
        assert_eq!(settled(&live).await, Readiness::Ready);
        assert_eq!(live.submit(note("b", live.now())).await.unwrap().seq, 41);
        live.stop().await;
    });
}

#[test]
fn another_end_of_the_chain_than_was_acknowledged_is_noticed() {
    on_each(|place| async move {
        filled(&place).await;
        place.sql("DELETE FROM record WHERE seq > 40").await;
        place.sql("DELETE FROM snapshot").await;
        // Written on by a program that knows nothing of what was acknowledged.
        let store = Store::open(&place.address).await.unwrap();
        let live = Live::start(store, LiveOptions::default()).await.unwrap();
        write_notes(&live, "other", 20).await;
        live.stop().await;
        let live = place.live().await;
        let readiness = settled(&live).await;
        says(
            &readiness,
            "record 50: it is not the record that was acknowledged",
        );
        live.stop().await;
    });
}

#[test]
fn a_log_that_was_cut_off_is_noticed_at_the_next_start() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let place = sqlite();
        filled(&place).await;
        let before = std::fs::read(&place.address).unwrap();
        let live = place.live().await;
        write_notes(&live, "b", 30).await;
        live.stop().await;
        live.store().close().await;
        // The file as it was before its log was copied back: as if the log had been zeroed.
        std::fs::write(&place.address, before).unwrap();
        let live = place.live().await;
        says(
            &settled(&live).await,
            "record 51: it and those up to 80 were acknowledged",
        );
        live.stop().await;
    });
}

#[test]
fn a_record_changed_before_the_snapshot_is_noticed_at_the_start() {
    on_each(|place| async move {
        filled(&place).await;
        let store = place.open().await;
        place
            .sql(if store.is_postgres() {
                "UPDATE record SET body = convert_to(replace(convert_from(body, 'UTF8'), 'note a-17', 'note a-71'), 'UTF8')"
            } else {
                "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'note a-17', 'note a-71') AS BLOB)"
            })
            .await;
        assert_eq!(store.from_snapshot(u64::MAX).await.unwrap().chain().seq, 50);
        let live = place.live().await;
        says(
            &settled(&live).await,
            "record 20: it was changed after it was sealed",
        );
        let refused = live.submit(note("b", live.now())).await;
        assert!(
            matches!(refused, Err(SubmitError::Halted { .. })),
            "{refused:?}"
        );
        live.stop().await;
        // Accepted, it stays accepted, and other damage is not.
        let doubts = store.doubts("Test").await.unwrap();
        store.accept(&doubts, "ada", "known").await.unwrap();
        let live = place.live().await;
        assert_eq!(settled(&live).await, Readiness::Ready);
        live.stop().await;
        place.sql("DELETE FROM record WHERE seq = 7").await;
        let live = place.live().await;
        says(&settled(&live).await, "record 7: it is missing");
        live.stop().await;
    });
}

#[test]
fn a_time_changed_beside_the_record_is_found() {
    on_each(|place| async move {
        filled(&place).await;
        place
            .sql("UPDATE record SET at = at + 1 WHERE seq = 30")
            .await;
        let store = place.open().await;
        let verified = store.verify("Test", None).await.unwrap();
        assert_eq!(verified.findings.len(), 1, "{:?}", verified.findings);
        assert_eq!(verified.findings[0].seq, 30);
        assert!(
            verified.findings[0]
                .what
                .contains("that column was changed")
        );
    });
}

/// A record as a newer program might write it, sealed as it should be.
fn newer(body: &[u8], old: &str, new: &str) -> (Vec<u8>, Digest) {
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains(old), "{text}");
    let text = text.replacen(old, new, 1);
    let digest = Digest::of(text.as_bytes());
    (text.into_bytes(), digest)
}

#[test]
fn what_a_newer_program_wrote_is_refused_by_start_verify_and_import_alike() {
    on_each(|place| async move {
        filled(&place).await;
        let store = place.open().await;
        let last = store.record(50).await.unwrap().unwrap();
        for (old, new) in [
            ("\"event\":\"noted\"", "\"event\":\"lot_blessed\""),
            ("\"seq\":50", "\"seq\":50,\"vow\":1"),
        ] {
            let (body, digest) = newer(&last.body, old, new);
            place.sql("DELETE FROM snapshot").await;
            let text = format!(
                "UPDATE record SET body = {0}, digest = {1} WHERE seq = 50",
                literal(&store, &body),
                literal(&store, &digest.0)
            );
            place.sql(Box::leak(text.into_boxed_str())).await;
            let newer = |what: &str| {
                assert!(what.contains("written by a newer program"), "{what}");
            };
            let verified = store.verify("Test", None).await.unwrap();
            assert_eq!(verified.findings.len(), 1);
            newer(&verified.findings[0].to_string());
            match store.load().await {
                Err(StoreError::Record { seq: 50, what }) => newer(&what),
                other => panic!("{other:?}"),
            }
            let mut lines = Vec::new();
            export_records(&store, &mut lines).await.unwrap();
            let other = sqlite();
            match import_records(&other.open().await, &lines[..]).await {
                Err(StoreError::Line { line: 51, what }) => newer(&what),
                other => panic!("{other:?}"),
            }
        }
    });
}

fn literal(store: &Store, bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if store.is_postgres() {
        format!("decode('{hex}', 'hex')")
    } else {
        format!("x'{hex}'")
    }
}

#[test]
fn an_export_says_its_format_and_a_newer_one_is_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let place = sqlite();
        filled(&place).await;
        let mut lines = Vec::new();
        export_records(&place.open().await, &mut lines)
            .await
            .unwrap();
        let text = String::from_utf8(lines).unwrap();
        let (head, rest) = text.split_once('\n').unwrap();
        assert_eq!(head, "{\"lazaret\":\"ledger\",\"format\":1}");
        // Exports from before there was a head are read as they were.
        let read = import_records(&sqlite().open().await, rest.as_bytes()).await;
        assert_eq!(read.unwrap().records, 50);
        for (head, what) in [
            (
                "{\"lazaret\":\"ledger\",\"format\":2}",
                "written by a newer program",
            ),
            ("{\"lazaret\":\"trace\",\"format\":1}", "not of a ledger"),
        ] {
            let text = format!("{head}\n{rest}");
            match import_records(&sqlite().open().await, text.as_bytes()).await {
                Err(StoreError::Line {
                    line: 1,
                    what: said,
                }) => assert!(said.contains(what), "{said}"),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_copy_is_verified_without_a_trace_and_a_newer_database_is_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let place = sqlite();
        filled(&place).await;
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.db");
        std::fs::copy(&place.address, &copy).unwrap();
        let names = || {
            let mut names: Vec<_> = std::fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            names.sort();
            names
        };
        let (before, listed) = (std::fs::read(&copy).unwrap(), names());
        let store = Store::open_reading(&copy.display().to_string())
            .await
            .unwrap();
        let verified = store.verify("Test", None).await.unwrap();
        assert_eq!((verified.records, &verified.findings[..]), (50, &[][..]));
        store.close().await;
        assert_eq!((std::fs::read(&copy).unwrap(), names()), (before, listed));

        place
            .sql("INSERT INTO migration (version) VALUES (99)")
            .await;
        for opened in [
            Store::open(&place.address).await,
            Store::open_reading(&place.address).await,
        ] {
            assert!(
                matches!(opened, Err(StoreError::Newer { found: 99, .. })),
                "{opened:?}"
            );
        }
        place.sql("DELETE FROM migration").await;
        let opened = Store::open(&place.address).await;
        assert!(
            matches!(opened, Err(StoreError::Version { found: 0 })),
            "{opened:?}"
        );
    });
}

#[test]
#[cfg(unix)]
fn nobody_else_can_read_a_ledger_or_what_is_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new/data");
        let file = data.join("ledger.db");
        let store = Store::open_sqlite(&file)
            .await
            .unwrap()
            .keeping(&data)
            .unwrap();
        let live = Live::start(store, LiveOptions::default()).await.unwrap();
        write_notes(&live, "a", 5).await;
        let backup = data.join("copy.db");
        live.store().backup(&backup).await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&data), 0o700);
        let mut seen = 0;
        for entry in std::fs::read_dir(&data).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            seen += 1;
        }
        assert!(seen >= 6, "{seen} files");
        live.stop().await;
        // A file from before is closed to others.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        Store::open_sqlite(&file).await.unwrap().close().await;
        assert_eq!(mode(&file), 0o600);
    });
}
