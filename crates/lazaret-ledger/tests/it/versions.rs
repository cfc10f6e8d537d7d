//! What a version asks of a lot it asks for good: a later and weaker one takes nothing away. A sample that is out, or told
//! nothing, holds the lot.

use lazaret_ledger::{Rule, Stage};
use lazaret_vocabulary::event::Happening as H;
use lazaret_vocabulary::event::entry::{Entry as E, LotPart, Outcome, PersonName, Tally};
use lazaret_vocabulary::event::rules::{TemperatureRule, TestRule, TreatmentRule};
use lazaret_vocabulary::event::{LotId, PlaceName};

use crate::scene::*;

/// Adopts the next version for lots that are held: these tests, and that long a wait.
fn adopt(scene: &mut Scene, version: u32, tests: &[(&str, i64)], hold_days: i64) {
    let mut next = protocol();
    next.version = version;
    next.held_too = true;
    next.from = scene.now;
    next.signatures = if tests.is_empty() { 1 } else { 2 };
    next.tests = (tests.iter())
        .map(|(test, not_before)| TestRule {
            test: lazaret_vocabulary::event::entry::TestName::new(*test),
            not_before_s: *not_before as u64,
        })
        .collect();
    if let Some(hold) = &mut next.hold {
        hold.hold_s = (hold_days * DAY) as u64;
    }
    let protocol = Box::new(next);
    let adopted = E::ProtocolAdopted {
        protocol: protocol.clone(),
    };
    let command = scene.command("admin", adopted.clone());
    if scene.submit(&command).is_err() {
        // It asks for less: somebody else proposes it, and it waits for a day.
        scene.say("chief", E::ProtocolProposed { protocol });
        scene.wait(DAY);
        scene.say("admin", adopted);
    }
}

fn treated(version_1: lazaret_vocabulary::event::rules::Protocol) -> Scene {
    let mut scene = Scene::with(rules(), vec![version_1]);
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.treat(&["w1-1".into()], 1);
    scene.say("crew", stored("w1-1", "yard", 1));
    scene
}

#[test]
fn a_weaker_version_takes_no_window_test_or_wait_away() {
    let mut plain = protocol();
    plain.tests.clear();
    let mut scene = treated(plain);
    // The second version asks for a swab from the tenth day, the third for nothing of that.
    adopt(&mut scene, 2, &[("swab", 10 * DAY)], 20);
    adopt(&mut scene, 3, &[], 1);
    scene.wait(2 * DAY);
    let early = scene.command("tester", sampled("w1-1", "s1"));
    let refusal = scene.submit(&early).unwrap_err();
    assert_eq!(
        (refusal.rule, refusal.warning.is_some()),
        (Rule::Tested, true)
    );
    let mut early = scene.command("tester", sampled("w1-1", "s1"));
    early.acknowledged = vec![lazaret_ledger::Warning::EarlySample];
    scene.submit(&early).unwrap();
    scene.say("tester", result("s1", Outcome::Negative));
    let lot = scene.lot("w1-1");
    assert_eq!(lot.tests_missing.len(), 1);
    // The card and the signature name all three.
    let versions: Vec<u32> = lot.protocols.iter().map(|pin| pin.version).collect();
    assert_eq!(versions, [1, 2, 3]);
    scene.wait(9 * DAY);
    scene.swab("w1-1", "s2", Outcome::Negative);
    let waits = scene.refused("officer", signed("w1-1", "officer"));
    assert_eq!(waits.rule, Rule::ClockRun);
    scene.wait(10 * DAY);
    let record = scene.say("officer", signed("w1-1", "officer"));
    let pins = record
        .events
        .iter()
        .find_map(|event| match &event.happening {
            H::Entry(E::Signed { pin, also, .. }) => {
                Some((pin.clone().map(|pin| pin.version), also.len()))
            }
            _ => None,
        });
    assert_eq!(pins, Some((Some(3), 2)));
    // Two signatures, as the first version asks.
    assert_eq!(scene.lot("w1-1").stage, Stage::Held);
    scene.say("chief", signed("w1-1", "chief"));
    assert_eq!(scene.lot("w1-1").stage, Stage::Released);
}

#[test]
fn parts_are_bound_by_what_bound_the_whole() {
    let mut scene = treated(protocol());
    adopt(&mut scene, 2, &[("swab", 12 * DAY)], 14);
    adopt(&mut scene, 3, &[], 14);
    scene.say(
        "crew",
        E::LotCounted {
            lot: LotId::new("w1-1"),
            tally: Tally {
                pieces: 2,
                mass_kg: 2,
            },
        },
    );
    scene.say(
        "yard",
        E::PersonPassedGate {
            person: PersonName::new("yard"),
        },
    );
    let part = |name: &str| LotPart {
        lot: LotId::new(name),
        tally: Tally {
            pieces: 1,
            mass_kg: 1,
        },
    };
    scene.say(
        "yard",
        E::LotSplit {
            lot: LotId::new("w1-1"),
            parts: vec![part("a"), part("b")],
        },
    );
    assert_eq!(scene.lot("a").protocols.len(), 3);
    scene.wait(10 * DAY);
    assert_eq!(
        scene.refused("tester", sampled("a", "s1")).rule,
        Rule::Tested
    );
    scene.wait(DAY);
    scene.swab("a", "s1", Outcome::Negative);
    assert!(scene.lot("a").tests_missing.is_empty());
}

#[test]
fn a_sample_that_is_out_or_told_nothing_holds_the_lot() {
    let mut scene = treated(protocol());
    scene.wait(11 * DAY);
    scene.swab("w1-1", "s1", Outcome::Negative);
    scene.say("tester", sampled("w1-1", "s2"));
    scene.wait(4 * DAY);
    let out = scene.refused("officer", signed("w1-1", "officer"));
    assert_eq!(
        (out.rule, out.fact.to_string().as_str()),
        (Rule::Tested, "w1-1 waits for the result of s2")
    );
    scene.say("tester", result("s2", Outcome::Inconclusive));
    let doubt = scene.refused("officer", signed("w1-1", "officer"));
    assert_eq!(
        (
            doubt.fact.to_string().as_str(),
            doubt.remedy.to_string().as_str()
        ),
        (
            "the last result of swab of w1-1 was inconclusive",
            "take another sample for swab"
        )
    );
    // An older sample that comes back negative says nothing of what the later one left open.
    let mut older = scene.command("tester", sampled("w1-1", "s0"));
    older.at = after(scene.now, -5 * 3_600 * 24 + 60);
    scene.submit(&older).unwrap();
    scene.say("tester", result("s0", Outcome::Negative));
    assert_eq!(
        scene
            .refused("officer", signed("w1-1", "officer"))
            .fact
            .to_string(),
        doubt.fact.to_string()
    );
    scene.swab("w1-1", "s3", Outcome::Negative);
    scene.say("officer", signed("w1-1", "officer"));
    scene.say("chief", signed("w1-1", "chief"));
    // Taken after the release, it stops the loading.
    scene.say("tester", sampled("w1-1", "s4"));
    let stays = scene.refused("dispatcher", loaded("w1-1", "d1"));
    assert_eq!(stays.fact.to_string(), "w1-1 waits for the result of s4");
    scene.say("tester", result("s4", Outcome::Negative));
    scene.say("dispatcher", loaded("w1-1", "d1"));
}

#[test]
fn other_temperatures_and_places_are_less() {
    let mut first = protocol();
    first.treatments[0].places = vec![PlaceName::new("warehouse")];
    first.treatments[0].temperatures = vec![TemperatureRule {
        from_mc: 56_000,
        below_mc: 90_000,
        contact_s: 1_800,
        readings_every_s: 300,
        lines: 2,
        excursions_s: 0,
    }];
    let scene = Scene::with(rules(), vec![first.clone()]);
    let less = |change: &dyn Fn(&mut TreatmentRule)| {
        let mut next = first.clone();
        next.version = 2;
        change(&mut next.treatments[0]);
        let less = scene.ledger.state().weaker_protocol(&next);
        (less.iter().map(ToString::to_string)).collect::<Vec<_>>()
    };
    assert!(less(&|_| ()).is_empty());
    assert_eq!(
        less(&|rule| rule.temperatures.clear()),
        ["standard: disinfect at other temperatures"]
    );
    assert_eq!(less(&|rule| rule.temperatures[0].lines = 1).len(), 1);
    assert_eq!(
        less(&|rule| rule.places.push(PlaceName::new("platform"))),
        ["standard: disinfect in other places"]
    );
    assert_eq!(less(&|rule| rule.places.clear()).len(), 1);
    assert_eq!(
        less(&|rule| rule.agents[0].bands[0].start_mg_m3 = 1).len(),
        1
    );
}
