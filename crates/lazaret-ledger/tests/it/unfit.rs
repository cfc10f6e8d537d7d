//! A signer who is found unfit: what rests on their signature and is here is released no more, and what has left is listed.

use lazaret_ledger::{Rule, Stage};
use lazaret_vocabulary::event::entry::{Entry as E, PersonName, Role};
use serde_json::json;

use crate::scene::*;

fn lapse(person: &str) -> E {
    E::ClearanceLapsed {
        person: PersonName::new(person),
        because: "forged results".into(),
    }
}

/// Three lots that officer and chief released: one is here, one loaded, one gone.
fn released() -> Scene {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1", "w2", "w3"], "general");
    for lot in &lots {
        scene.say("yard", stored(lot, "warehouse", 1));
    }
    scene.treat(&lots, 1);
    for lot in &lots {
        scene.say("crew", stored(lot, "yard", 1));
    }
    scene.wait(11 * DAY);
    for lot in &lots {
        scene.swab(
            lot,
            &format!("s-{lot}"),
            lazaret_vocabulary::event::entry::Outcome::Negative,
        );
    }
    scene.wait(4 * DAY);
    for lot in &lots {
        scene.say("officer", signed(lot, "officer"));
        scene.say("chief", signed(lot, "chief"));
    }
    scene.say("dispatcher", loaded("w3-1", "d1"));
    scene.say("dispatcher", departed("d1", 1));
    scene.say("dispatcher", loaded("w2-1", "d2"));
    scene
}

/// A signer, whether their clearance lapsed, and the lots that rest on them.
type Unfit = (String, bool, Vec<(String, Stage, bool)>);

fn resting(scene: &Scene) -> Vec<Unfit> {
    let unfit = scene.ledger.state().unfit_signers().into_iter();
    let lots = |lots: Vec<lazaret_ledger::RestingLot>| {
        (lots.into_iter())
            .map(|lot| (lot.lot.to_string(), lot.stage, lot.released))
            .collect()
    };
    unfit
        .map(|unfit| (unfit.signer.to_string(), unfit.lapsed, lots(unfit.lots)))
        .collect()
}

#[test]
fn releases_that_rest_on_somebody_found_unfit_are_taken_back_and_listed() {
    let mut scene = released();
    assert_eq!(resting(&scene), []);
    // Whoever takes the clearance need not be an officer.
    let record = scene.say("admin", lapse("officer"));
    let taken = record.events.iter().filter(|event| {
        matches!(&event.happening, lazaret_vocabulary::event::Happening::Entry(E::SignatureWithdrawn { signer, .. })
            if signer.as_str() == "officer")
    });
    assert_eq!(taken.count(), 2);
    assert_eq!(scene.lot("w1-1").stage, Stage::Held);
    assert_eq!(scene.lot("w1-1").signers, [PersonName::new("chief")]);
    // What is loaded does not leave, and what is here is not loaded.
    assert_eq!(
        scene.refused("dispatcher", departed("d2", 1)).rule,
        Rule::Held
    );
    assert_eq!(
        scene.refused("dispatcher", loaded("w1-1", "d2")).rule,
        Rule::Held
    );
    // What has left is there to be called back.
    assert_eq!(
        resting(&scene),
        [(
            "officer".into(),
            true,
            vec![("w3-1".into(), Stage::Departed, true)]
        )]
    );
    // Others sign anew, the chief last.
    scene.say("chief", withdrawn("w1-1", "chief"));
    scene.say(
        "admin",
        E::PersonAppointed {
            person: PersonName::new("second"),
            roles: vec![Role::QuarantineOfficer],
        },
    );
    let until = after(scene.now, DAY);
    scene.say(
        "admin",
        E::PersonCleared {
            person: PersonName::new("second"),
            until,
            agents: Vec::new(),
        },
    );
    scene.say("second", signed("w1-1", "second"));
    scene.say("chief", signed("w1-1", "chief"));
    assert_eq!(scene.lot("w1-1").stage, Stage::Released);
}

#[test]
fn whoever_is_no_officer_any_more_is_listed_and_their_releases_stand() {
    let mut scene = released();
    let gone = E::PersonAppointed {
        person: PersonName::new("officer"),
        roles: vec![Role::Auditor],
    };
    scene.say("admin", gone);
    // Somebody who changed their work for no fault: releases that were given stay, and can be looked at.
    assert_eq!(scene.lot("w1-1").stage, Stage::Released);
    let [(who, lapsed, lots)] = &resting(&scene)[..] else {
        panic!("{:?}", resting(&scene));
    };
    assert_eq!((who.as_str(), *lapsed, lots.len()), ("officer", false, 3));
}

#[test]
fn a_release_that_is_kept_for_somebody_unfit_is_named() {
    let scene = released();
    let lapsed = json!({"event": "clearance_lapsed", "person": "officer", "because": "x"});
    let taken = |lot: &str| json!({"event": "signature_withdrawn", "lot": lot, "signer": "officer", "because": "x"});
    let finding = crate::crafted::appended(&scene, "admin", &[lapsed.clone(), taken("w1-1")]);
    assert_eq!(
        (finding.rule, &*finding.what),
        ("G3e", "clearance_lapsed officer"),
        "{finding}"
    );
    // Nobody takes a release back with another's signature.
    let finding = crate::crafted::appended(&scene, "chief", &[taken("w1-1")]);
    assert_eq!(finding.rule, "G3e", "{finding}");
}
