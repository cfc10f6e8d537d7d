//! A server whose clock jumps.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lazaret_ledger::Rule;
use lazaret_store::{Clock, Live, LiveOptions, SubmitError, system_clock};
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};

use crate::scene::{Place, note, on_each, says, write_notes};

const DAY: i64 = 86_400;

/// The clocks of this machine, but for a clock that can be set: so many seconds ahead.
fn clock(ahead: &Arc<AtomicI64>) -> Clock {
    let (ahead, system) = (Arc::clone(ahead), system_clock());
    Arc::new(move || {
        let mut reading = system();
        reading.wall += SignedDuration::from_secs(ahead.load(Ordering::Relaxed));
        reading
    })
}

async fn start(place: &Place, ahead: &Arc<AtomicI64>) -> Live {
    let options = LiveOptions {
        clock: clock(ahead),
        kernel: Arc::new(|| false),
        ..LiveOptions::default()
    };
    Live::start(place.open().await, options).await.unwrap()
}

async fn refused(live: &Live, key: &str) -> String {
    match live.submit(note(key, live.now())).await {
        Err(SubmitError::Clock { what, doubt }) => {
            // What the screens show is told from the data.
            let doubt = doubt.unwrap();
            assert!(what.starts_with(&doubt.to_string()), "{what}");
            what
        }
        other => panic!("{other:?}"),
    }
}

async fn settle(live: &Live, nth: u32) {
    let now = live.now();
    let stated = Entry::TimeStated {
        time: Timestamp::now(),
        wrong_since: None,
        because: "by the radio".into(),
    };
    let stated = live.submit(says(&format!("state-{nth}"), "ada", now, stated));
    let record = stated.await.unwrap().seq;
    let confirmed = || Entry::TimeConfirmed {
        record,
        time: None,
        wrong_since: None,
    };
    let alone = live.submit(says(&format!("alone-{nth}"), "ada", now, confirmed()));
    let Err(SubmitError::Refused(refusal)) = alone.await else {
        panic!("one person settled it");
    };
    assert_eq!(refusal.rule, Rule::OwnClock);
    live.submit(says(&format!("confirm-{nth}"), "eva", now, confirmed()))
        .await
        .unwrap();
}

#[test]
fn a_jump_stops_writing_until_two_people_confirm_the_time() {
    on_each(|place| async move {
        let ahead = Arc::new(AtomicI64::new(0));
        let live = start(&place, &ahead).await;
        write_notes(&live, "a", 3).await;
        let eva = Entry::PersonAppointed {
            person: PersonName::new("eva"),
            roles: vec![Role::Auditor],
        };
        live.submit(says("eva", "ada", live.now(), eva))
            .await
            .unwrap();
        for (nth, jump) in (0..).zip([660, 6 * DAY, -20 * DAY, 400 * DAY]) {
            ahead.store(jump, Ordering::Relaxed);
            let before = live.seq();
            let why = refused(&live, &format!("b-{nth}")).await;
            assert!(why.contains("jumped"), "{why}");
            assert!(live.clock_doubt().is_some());
            // The stop is on record, and reading goes on.
            assert_eq!(
                live.read(|state, _| state.seq()).await.unwrap().value,
                before + 1
            );
            ahead.store(0, Ordering::Relaxed);
            refused(&live, &format!("c-{nth}")).await;
            settle(&live, nth).await;
            write_notes(&live, &format!("d-{nth}"), 2).await;
            assert_eq!(live.clock_doubt(), None);
        }
        live.stop().await;
    });
}

#[test]
fn a_jump_is_noticed_without_a_command_and_outlives_a_restart() {
    on_each(|place| async move {
        let ahead = Arc::new(AtomicI64::new(0));
        let live = start(&place, &ahead).await;
        write_notes(&live, "a", 3).await;
        let seq = live.seq();
        ahead.store(6 * DAY, Ordering::Relaxed);
        tokio::time::timeout(Duration::from_secs(20), async {
            while live.seq() == seq {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await
        .expect("the jump is recorded by itself");
        live.stop().await;
        ahead.store(0, Ordering::Relaxed);
        let live = start(&place, &ahead).await;
        refused(&live, "b").await;
        live.stop().await;
        let found = place.open().await.verify("Test", None).await.unwrap();
        assert!(found.findings.is_empty(), "{found:?}");
        let named = found
            .clock
            .iter()
            .any(|f| f.what.contains("the ledger stopped"));
        assert!(named, "{found:?}");
    });
}

#[test]
fn a_jump_while_it_was_stopped_is_noticed_at_the_start_and_an_ordinary_restart_asks_nobody() {
    on_each(|place| async move {
        let ahead = Arc::new(AtomicI64::new(0));
        for nth in 0..3 {
            let live = start(&place, &ahead).await;
            write_notes(&live, &format!("a-{nth}"), 3).await;
            live.stop().await;
        }
        ahead.store(124 * 3_600, Ordering::Relaxed);
        let live = start(&place, &ahead).await;
        assert!(live.clock_doubt().is_some());
        refused(&live, "b").await;
        live.stop().await;
    });
}

#[test]
fn verify_names_a_record_from_the_future_and_a_stamp_that_goes_back() {
    on_each(|place| async move {
        // As an import would: each at its own instant.
        let live = place.live().await;
        write_notes(&live, "a", 2).await;
        let later = live.now() + SignedDuration::from_hours(124);
        let future = live.submit_all([(note("b", later), Some(later))]).await;
        assert!(future.iter().all(Result::is_ok));
        live.stop().await;
        let store = place.open().await;
        let found = store.verify("Test", None).await.unwrap();
        assert!(found.findings.is_empty(), "{found:?}");
        assert_eq!(found.clock.len(), 1, "{found:?}");
        assert!(
            found.clock[0].what.contains("by this machine's clock"),
            "{found:?}"
        );
        let live = place.live().await;
        let why = refused(&live, "c").await;
        assert!(why.contains("the last record was made at"), "{why}");
        live.stop().await;
    });
}
