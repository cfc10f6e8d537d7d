//! A train from its arrival to the dispatch of its goods, and what can go wrong on the way.

use lazaret_ledger::{Rule, Stage};
use lazaret_vocabulary::event::entry::Outcome;

use crate::scene::*;

/// Two lots of one wagon each, treated and in the yard.
fn held() -> (Scene, Vec<String>) {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1", "w2"], "general");
    for lot in &lots {
        scene.say("yard", stored(lot, "warehouse", 1));
    }
    scene.treat(&lots, 1);
    for lot in &lots {
        scene.say("crew", stored(lot, "yard", 1));
    }
    (scene, lots)
}

#[test]
fn a_train_goes_from_arrival_to_dispatch() {
    let (mut scene, lots) = held();
    let clock = scene.lot("w1-1").clock.expect("the clock runs");
    assert_eq!(scene.lot("w1-1").earliest, Some(after(clock, 14 * DAY)));
    scene.wait(11 * DAY);
    for lot in &lots {
        scene.swab(lot, &format!("s-{lot}"), Outcome::Negative);
    }
    let refusal = scene.refused("officer", signed("w1-1", "officer"));
    assert_eq!(refusal.rule, Rule::ClockRun);
    assert_eq!(refusal.retry_at, Some(after(clock, 14 * DAY)));
    scene.wait(4 * DAY);
    for lot in &lots {
        scene.say("officer", signed(lot, "officer"));
        assert_eq!(scene.lot(lot).stage, Stage::Held);
        scene.say("chief", signed(lot, "chief"));
        assert_eq!(scene.lot(lot).stage, Stage::Released);
        scene.say("dispatcher", loaded(lot, "d1"));
    }
    scene.say("dispatcher", departed("d1", 2));
    assert_eq!(scene.lot("w1-1").stage, Stage::Departed);
    assert_eq!(scene.ledger.state().totals().lots_departed, 2);
}
