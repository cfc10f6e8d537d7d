//! Every cut, swap and edit of the records is found, and where.

use lazaret_ledger::chain::{Breakage, ChainBreak, verify};
use lazaret_ledger::{Accepted, Chain, Digest, Ledger, Restoring, Sealed};
use proptest::prelude::*;

use crate::scene::Scene;

/// The records of a scene, sealed anew.
fn sealed() -> Vec<Sealed> {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1", "w2"], "general");
    let mut chain = Chain::default();
    scene
        .records
        .iter()
        .map(|record| {
            let mut command = scene_command(record);
            command.by = record.by.clone();
            chain.seal(&command, record.events.clone(), record.recorded_at)
        })
        .collect()
}

fn scene_command(record: &lazaret_ledger::Record) -> lazaret_ledger::Command {
    lazaret_ledger::Command {
        id: record.command.clone(),
        by: record.by.clone(),
        device: None,
        site: None,
        issued_at: record.issued_at,
        at: record.recorded_at,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        body: None,
        what: record.events[0].happening.clone(),
    }
}

#[test]
fn an_unreadable_record_names_what_is_wrong_in_it() {
    use serde_json::{Value, json};

    let right: Value = serde_json::from_slice(&sealed()[0].json).unwrap();
    let at = "2022-01-17T01:00:00Z";
    let event = |mut event: Value| {
        event["at"] = json!(at);
        let mut record = right.clone();
        record["events"] = json!([right["events"][0], event]);
        record
    };
    let with = |field: &str, value: Value| {
        let mut record = right.clone();
        record[field] = value;
        record
    };
    let mut without = right.clone();
    without.as_object_mut().unwrap().remove("by");
    let cases = [
        (
            event(
                json!({ "event": "result_entered", "sample": "s", "outcome": "odd", "exception": "x" }),
            ),
            "(events[1]: result_entered: `outcome` cannot be \"odd\"",
        ),
        (
            event(json!({ "event": "lot_stored", "lot": "a", "place": "yard", "unit": "1" })),
            "(events[1]: lot_stored: `unit` cannot be \"1\"; write it like 1)",
        ),
        (
            event(json!({ "event": "signed", "lot": "a", "meaning": "released" })),
            "(events[1]: signed: `signer` is missing",
        ),
        (
            event(json!({ "event": "lot_storedd" })),
            "(events[1]: `event` cannot be \"lot_storedd\"; there is no such event",
        ),
        (
            with("events", json!("none")),
            "(`events` cannot be \"none\"",
        ),
        (
            with("seq", json!("two")),
            "(`seq` cannot be \"two\"; write it like 1)",
        ),
        (
            with("issued_at", json!("now")),
            "(`issued_at` cannot be \"now\"",
        ),
        (
            with("colour", json!("red")),
            "(`colour` is not a field here",
        ),
        (without, "(`by` is missing"),
    ];
    for (record, what) in cases {
        let json = serde_json::to_vec(&record).unwrap();
        // At the start, at an import, and by the auditor.
        let read = lazaret_ledger::chain::read(&json).unwrap_err();
        let judged = lazaret_audit::Auditor::default()
            .line(&json)
            .unwrap_err()
            .why;
        for said in [read, judged] {
            assert!(said.contains(what) && !said.contains("untagged"), "{said}");
        }
    }
    // Where the chain is followed, only the number and the link are read.
    let json = serde_json::to_vec(&with("seq", json!("two"))).unwrap();
    let broken = Chain::default().follow(&json, None).unwrap_err();
    let what = "record 1: its bytes are not a record: `seq` cannot be \"two\"; write it like 1";
    assert_eq!(broken.to_string(), what);
}

fn rows(sealed: &[Sealed]) -> Vec<(Vec<u8>, Digest)> {
    sealed.iter().map(|s| (s.json.clone(), s.digest)).collect()
}

fn check(rows: &[(Vec<u8>, Digest)], digests: bool) -> Result<Chain, ChainBreak> {
    verify(
        Chain::default(),
        rows.iter()
            .map(|(json, digest)| (&json[..], digests.then_some(*digest))),
    )
}

#[test]
fn a_whole_chain_follows_and_ends_where_it_was_sealed() {
    let sealed = sealed();
    let last = sealed.last().unwrap();
    for digests in [false, true] {
        let end = check(&rows(&sealed), digests).unwrap();
        assert_eq!((end.seq, end.head), (sealed.len() as u64, last.digest));
    }
    assert_eq!(last.record.digest(), last.digest);
}

#[test]
fn a_record_that_is_cut_or_swapped_is_found_at_its_place() {
    let whole = rows(&sealed());
    for at in 0..whole.len() - 1 {
        let mut cut = whole.clone();
        cut.remove(at);
        let found = check(&cut, false).unwrap_err();
        assert_eq!(found.at, at as u64 + 1);
        assert_eq!(
            found.what,
            Breakage::OutOfOrder {
                found: at as u64 + 2
            }
        );
        let mut swapped = whole.clone();
        swapped.swap(at, at + 1);
        assert_eq!(check(&swapped, false).unwrap_err().at, at as u64 + 1);
    }
}

proptest! {
    /// With digests beside the records an edit is found in the record itself, without them in the next one; only an
    /// edit of the very last needs a digest or a witness.
    #[test]
    fn a_flipped_bit_is_found(record in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut rows = rows(&sealed());
        let at = record.index(rows.len());
        let byte = byte.index(rows[at].0.len());
        rows[at].0[byte] ^= 1 << bit;
        let found = check(&rows, true).unwrap_err();
        prop_assert_eq!(found.at, at as u64 + 1);
        if at + 1 < rows.len() {
            let found = check(&rows, false).unwrap_err();
            prop_assert!(found.at == at as u64 + 1 || found.at == at as u64 + 2, "{}", found);
        }
    }
}

/// Whoever rewrites a record and seals everything after it anew gets another end, which a witness knows.
#[test]
fn a_rewritten_history_ends_elsewhere() {
    let honest = sealed();
    let mut chain = Chain::default();
    for (nth, sealed) in honest.iter().enumerate() {
        let mut record = sealed.record.clone();
        if nth == 3 {
            record.by = lazaret_vocabulary::event::entry::PersonName::new("somebody else");
        }
        chain.seal(&scene_command(&record), record.events, record.recorded_at);
    }
    assert_eq!(chain.seq, honest.len() as u64);
    assert_ne!(chain.head, honest.last().unwrap().digest);
}

#[test]
fn a_ledger_read_again_from_its_bytes_is_the_same() {
    let scene = Scene::open();
    let mut resealed = Ledger::default();
    for record in &scene.records {
        resealed.replay(record, record.digest()).unwrap();
    }
    assert_eq!(resealed.chain(), scene.ledger.chain());
    assert_eq!(
        resealed.snapshot().unwrap(),
        scene.ledger.snapshot().unwrap()
    );
    let mut scene = scene;
    let command = scene.command(
        "auditor",
        lazaret_vocabulary::event::Entry::Noted {
            thing: None,
            text: "read".into(),
        },
    );
    let Ok(Accepted::New(sealed)) = scene.ledger.submit(&command, scene.now) else {
        panic!("a note is accepted");
    };
    resealed.replay(&sealed.record, sealed.digest).unwrap();
    assert_eq!(resealed.chain(), scene.ledger.chain());
}

#[test]
fn a_damaged_snapshot_is_refused() {
    let scene = Scene::open();
    let bytes = scene.ledger.snapshot().unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Ledger::restore(&damaged).is_err(), "byte {at}");
    }
    for end in [0, 30, 43, 44, 100, bytes.len() - 1] {
        assert!(Ledger::restore(&bytes[..end]).is_err(), "up to {end}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(Ledger::restore(&longer).is_err());
}

#[test]
fn a_snapshot_in_an_older_layout_is_passed_over() {
    let bytes = Scene::open().ledger.snapshot().unwrap();
    for layout in [b"lazaret5", b"lazaret6"] {
        let mut old = bytes.clone();
        old[..8].copy_from_slice(layout);
        let refused = Ledger::restore(&old).unwrap_err();
        assert_eq!(refused.to_string(), "not a snapshot of this version");
    }
}

#[test]
fn a_snapshot_is_read_alike_in_whatever_slices_it_comes() {
    let scene = Scene::open();
    let bytes = scene.ledger.snapshot().unwrap();
    for slice in [1, 7, 43, 44, 45, 1000, bytes.len()] {
        let mut restoring = Restoring::default();
        let mut pieces = Vec::new();
        for slice in bytes.chunks(slice) {
            pieces.extend(restoring.feed(slice).unwrap());
        }
        // They may be decoded in any order.
        for piece in pieces.into_iter().rev() {
            restoring.put(piece.decode().unwrap());
        }
        let ledger = Ledger::restored(restoring).unwrap();
        assert_eq!(ledger.snapshot().unwrap(), bytes, "slices of {slice}");
        assert_eq!(ledger.chain(), scene.ledger.chain());
    }
}
