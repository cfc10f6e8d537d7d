//! One scene for each rule: what is refused, in the three lines that a screen shows, and what is accepted once the
//! third line was done. Where a rule makes something happen instead, the scene looks at that.

use lazaret_ledger::{Correction, Refusal, Rule, Stage, Warning, Way};
use lazaret_vocabulary::event::entry::{
    AgentName, Entry as E, ExceptionId, Hazard, LotPart, ManifestLine, Outcome, PersonName, Soiled,
    Tally,
};
use lazaret_vocabulary::event::rules::{ClockFrom, HoldRule, Protocol};
use lazaret_vocabulary::event::{
    ConvoyId, Finding, Happening as H, LotId, PlaceName, StepName, VehicleId,
};

use crate::scene::*;

#[track_caller]
fn says(refusal: &Refusal, three_lines: &str) {
    let wanted: Vec<&str> = three_lines.trim().lines().map(str::trim).collect();
    let own = refusal.to_string();
    let own: Vec<&str> = own.lines().collect();
    assert_eq!(own, wanted);
}

/// Commands that a person says, in one spelling of everything.
fn says_all(scene: &mut Scene, by: &str, what: Vec<H>) {
    for what in what {
        scene.say(by, what);
    }
}

#[test]
fn k1_one_wagon_is_here_once_in_every_spelling() {
    let spellings = [
        "218124712173",
        "21 81 2471 217-3",
        "21-81-2471-217-3",
        "2181 2471 217-3",
        "21 81 2471 217 3",
        "２１８１２４７１２１７３",
    ];
    for first in spellings {
        let mut scene = Scene::open();
        scene.say("yard", arrived("k0", &[first]));
        for (number, again) in spellings.iter().enumerate() {
            let refusal = scene.refused("yard", arrived(&format!("k{}", number + 1), &[again]));
            assert_eq!(refusal.rule, Rule::OnePlace, "{again}");
            assert_eq!(
                refusal.fact.to_string(),
                format!("vehicle {first} is already here")
            );
        }
        // Twice in one convoy is found, too.
        let twice = scene.refused("yard", arrived("k9", &["5123 4567", "51234567"]));
        assert_eq!(twice.fact.to_string(), "vehicle 5123 4567 is named twice");
    }
}

#[test]
fn k1_papers_and_yard_may_spell_differently_and_the_first_spelling_is_kept() {
    let mut scene = Scene::open();
    let mut paper = line("csqu 305438 3");
    paper.lot = LotId::new("LOT-A1");
    paper.seals = vec!["S-17".into()];
    scene.say("yard", announced("K-1", vec![paper]));
    says_all(
        &mut scene,
        "yard",
        vec![
            arrived("k-1", &["CSQU3054383"]),
            E::VehicleChecked {
                vehicle: VehicleId::new("CSQU-305438-3"),
                mark: "CSQU 305438 3".into(),
                seals: vec!["s 17".into()],
            }
            .into(),
            placed("Csqu3054383", "Platform", 1),
            unloaded("lot\u{2011}a1", "csqu3054383", "GENERAL", "platform", 1),
        ],
    );
    let record = scene.say("YARD", stored("lot-a1\u{200b}", "Warehouse", 1));
    assert_eq!(record.by.as_str(), "yard");
    assert_eq!(record.events[0].happening, stored("LOT-A1", "warehouse", 1));
    let view = scene.lot("Lot-A1");
    assert_eq!(view.lot.as_str(), "LOT-A1");
    assert_eq!(view.vehicle.unwrap().as_str(), "csqu 305438 3");
    // No second lot under another spelling.
    for again in ["lot-A1", "ＬＯＴ-A1", "LOT-A1\u{feff}"] {
        let refusal = scene.refused(
            "yard",
            unloaded(again, "CSQU3054383", "general", "platform", 1),
        );
        assert_eq!(refusal.rule, Rule::OnePlace, "{again}");
    }
    let mut twice = vec![line("v1"), line("v2")];
    twice[0].lot = LotId::new("é-1");
    twice[1].lot = LotId::new("E\u{301}-1");
    let refusal = scene.refused(
        "yard",
        E::ManifestAnnounced {
            manifest: lazaret_vocabulary::event::entry::ManifestId::new("papers-2"),
            convoy: ConvoyId::new("k2"),
            source: lazaret_vocabulary::event::SourceName::new("dandong"),
            due: None,
            lines: twice,
        },
    );
    assert_eq!(refusal.fact.to_string(), "lot é-1 is on two lines");
}

#[test]
fn k1_people_who_look_alike_are_refused_and_lots_and_vehicles_are_warned_about() {
    let mut scene = in_warehouse("general");
    let appoint = |name: &str| E::PersonAppointed {
        person: PersonName::new(name),
        roles: vec![lazaret_vocabulary::event::entry::Role::Crew],
    };
    says(
        &scene.refused("admin", appoint("\u{441}rew")),
        "K1 a command must refer to things that exist, and create only new ones
        \u{441}rew looks like crew, which is another person
        choose a name that cannot be taken for another person's",
    );
    // The same name in another spelling is the same person.
    let record = scene.say("admin", appoint("CREW"));
    assert_eq!(record.events[0].happening, appoint("crew").into());
    let refusal = scene.refused("yard", unloaded("wl-1", "w1", "general", "platform", 1));
    assert_eq!(refusal.warning, Some(Warning::LookAlike), "{refusal}");
    assert_eq!(
        refusal.fact.to_string(),
        "wl-1 looks like w1-1, which is another lot"
    );
    for (one, other) in [("wl", "w1"), ("\u{461}1", "w1")] {
        let mut command = scene.command("yard", arrived("k9", &[one]));
        command.acknowledged = vec![Warning::NoPapers];
        let refusal = scene.submit(&command).unwrap_err();
        assert_eq!(refusal.warning, Some(Warning::LookAlike), "{refusal}");
        assert_eq!(
            refusal.fact.to_string(),
            format!("{one} looks like {other}, which is another vehicle")
        );
    }
    // On papers too, against each other as well.
    let refusal = scene.refused("yard", announced("k9", vec![line("v0"), line("vO")]));
    assert_eq!(refusal.warning, Some(Warning::LookAlike), "{refusal}");
    // Another spelling of one mark is that mark, and not a question.
    let refusal = scene.refused("yard", arrived("k9", &["W 1"]));
    assert_eq!(
        (refusal.rule, refusal.warning),
        (Rule::OnePlace, None),
        "{refusal}"
    );
}

#[test]
fn k1_names_have_limits_at_every_door() {
    let mut scene = Scene::open();
    let long = "x".repeat(65);
    for bad in ["", " ", "\u{200b}", "a\0b", "a\nb", "a\u{85}b", "--", &long] {
        for what in [
            arrived("k1", &[bad]),
            arrived(bad, &["v1"]),
            announced("k1", vec![line("v1"), line(bad)]).into(),
            E::PersonAppointed {
                person: PersonName::new(bad),
                roles: Vec::new(),
            }
            .into(),
            E::VehicleSealed {
                vehicle: VehicleId::new("v1"),
                seal: bad.into(),
            }
            .into(),
        ] {
            let by = if matches!(what, H::Entry(E::PersonAppointed { .. })) {
                "admin"
            } else {
                "yard"
            };
            let refusal = scene.refused(by, what);
            assert!(
                refusal.fact.to_string().contains("cannot be the name of"),
                "{refusal}"
            );
        }
        let mut command = scene.command("yard", arrived("k1", &["v1"]));
        command.device = Some(bad.into());
        assert_eq!(scene.submit(&command).unwrap_err().rule, Rule::Known);
    }
}

#[test]
fn k1_an_older_ledger_with_two_spellings_keeps_both_and_they_give_one_signature() {
    let mut scene = ready();
    // As an earlier version recorded it: a second person whose name differs in a capital.
    let mut record = scene.records.last().unwrap().clone();
    let chain = scene.ledger.chain();
    let event = |what: E| lazaret_vocabulary::event::Event {
        at: scene.now,
        happening: what.into(),
    };
    let person = PersonName::new("Officer");
    record.events = vec![
        event(E::PersonAppointed {
            person: person.clone(),
            roles: vec![lazaret_vocabulary::event::entry::Role::ChiefOfficer],
        }),
        event(E::PersonCleared {
            person: person.clone(),
            until: after(scene.now, DAY),
            agents: Vec::new(),
        }),
    ];
    record.by = PersonName::new("admin");
    record.seq = chain.seq + 1;
    record.previous = chain.head;
    record.command = lazaret_ledger::CommandId::new("old").unwrap();
    record.recorded_at = scene.now;
    record.body = None;
    let digest = record.digest();
    scene.ledger.replay(&record, digest).unwrap();
    assert_eq!(
        scene.ledger.state().double_spellings(),
        [("person", vec!["officer".to_owned(), "Officer".to_owned()])]
    );
    scene.say("officer", signed("w1-1", "officer"));
    let refusal = scene.refused("Officer", signed("w1-1", "Officer"));
    assert_eq!(
        refusal.fact.to_string(),
        "Officer has already signed for w1-1"
    );
    // Neither of the two is meant by a third spelling.
    let refusal = scene.refused(
        "admin",
        E::PersonPassedGate {
            person: PersonName::new("OFFICER"),
        },
    );
    assert_eq!(refusal.rule, Rule::Allowed);
    let refusal = scene.refused(
        "yard",
        E::PersonPassedGate {
            person: PersonName::new("OFFICER"),
        },
    );
    assert_eq!(
        refusal.fact.to_string(),
        "more than one person is called OFFICER in different spellings"
    );
    // A snapshot finds the same.
    let bytes = scene.ledger.snapshot().unwrap();
    let restored = lazaret_ledger::Ledger::restore(&bytes).unwrap();
    assert_eq!(restored.state().double_spellings().len(), 1);
    assert!(
        restored
            .state()
            .vehicle_view(&VehicleId::new("W-1"))
            .is_some()
    );
}

/// One lot of `goods` in warehouse 1, untreated.
fn in_warehouse(goods: &str) -> Scene {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], goods);
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene
}

/// One lot in the yard, its clock running.
fn in_yard() -> Scene {
    let mut scene = in_warehouse("general");
    scene.treat(&["w1-1".into()], 1);
    scene.say("crew", stored("w1-1", "yard", 1));
    scene
}

/// One lot that lacks only signatures.
fn ready() -> Scene {
    let mut scene = in_yard();
    scene.wait(11 * DAY);
    scene.swab("w1-1", "s1", Outcome::Negative);
    scene.wait(4 * DAY);
    scene
}

#[test]
fn g1_goods_are_held_from_entry_without_a_command() {
    let mut scene = ready();
    let now = scene.now;
    let state = scene.ledger.state();
    let refusal = state
        .may_leave(&LotId::new("w1-1"), Way::Inland, now)
        .unwrap_err();
    says(
        &refusal,
        "G1 goods are held from entry until they are released
        w1-1 has 0 of 2 signatures
        different cleared officers who neither treated nor tested it must sign, the last a chief",
    );
    assert_eq!(
        scene.refused("dispatcher", loaded("w1-1", "d1")).rule,
        Rule::Held
    );
    // Nobody can say that it is released, whatever their role.
    says(
        &scene.refused(
            "chief",
            H::LotReleased {
                lot: LotId::new("w1-1"),
            },
        ),
        "R1 each role may do only its own work
        this is recorded by the ledger itself
        sign for the release instead",
    );
}

#[test]
fn g2_goods_leave_only_by_the_way_that_was_decided() {
    let mut scene = in_warehouse("general");
    let look = |finding| H::LotInspected {
        lot: LotId::new("w1-1"),
        step: StepName::new("look"),
        finding,
    };
    scene.say("tester", look(Finding::Destroy));
    says(
        &scene.refused(
            "officer",
            H::LotSentBack {
                lot: LotId::new("w1-1"),
            },
        ),
        "G2 goods leave only by the way that was decided for them
        an inspection condemned w1-1
        record its destruction",
    );
    scene.say(
        "chief",
        H::LotDestroyed {
            lot: LotId::new("w1-1"),
        },
    );
    assert_eq!(scene.lot("w1-1").stage, Stage::Destroyed);
}

#[test]
fn g3a_every_treatment_must_be_valid() {
    let mut scene = in_warehouse("general");
    scene.say("lead", treatment_started("w1-1", 1));
    scene.say("lead", dosed("w1-1", "peroxide"));
    for hour in 0..3 {
        let now = scene.now;
        scene.say("lead", read("w1-1", now, 200 - hour, 20_000));
        scene.wait(HOUR);
    }
    let record = scene.say("lead", treatment_ended("w1-1", 1));
    let judged = record
        .events
        .iter()
        .find_map(|event| match &event.happening {
            H::Entry(E::TreatmentJudged {
                because,
                pin,
                ct_mg_h_m3,
                ..
            }) => Some((because.clone(), pin.version, *ct_mg_h_m3)),
            _ => None,
        });
    let fault = "concentration × time was 397 mg·h/m³ of 500 mg·h/m³ at 20.0 °C";
    assert_eq!(judged, Some((Some(fault.into()), 1, Some(397))));
    let reasons = scene
        .ledger
        .state()
        .why_held(&LotId::new("w1-1"), scene.now);
    says(
        &reasons[0],
        "G3a every treatment of the protocol must have ended and be valid
        w1-1 has no valid disinfect
        complete disinfect as its protocol requires",
    );
    scene.treat(&["w1-1".into()], 1);
    assert!(scene.lot("w1-1").treated);
}

#[test]
fn g3b_the_clock_must_have_run() {
    let mut scene = in_yard();
    scene.wait(11 * DAY);
    scene.swab("w1-1", "s1", Outcome::Negative);
    let refusal = scene.refused("officer", signed("w1-1", "officer"));
    says(
        &refusal,
        "G3b the quarantine clock must have run
        w1-1 is held until 2022-01-30T03:00:00Z (3 d from now)
        wait until 2022-01-30T03:00:00Z",
    );
    scene.now = refusal.retry_at.unwrap();
    scene.say("officer", signed("w1-1", "officer"));
}

#[test]
fn g3c_every_test_must_be_passed_within_the_hold() {
    let mut scene = in_yard();
    let early = scene.refused("tester", sampled("w1-1", "s0"));
    assert_eq!(
        (early.rule, early.warning),
        (Rule::Tested, Some(Warning::EarlySample))
    );
    scene.wait(15 * DAY);
    says(
        &scene.refused("officer", signed("w1-1", "officer")),
        "G3c every test and inspection of the protocol must have been passed
        w1-1 has not passed swab
        sample or inspect it for swab within its current hold",
    );
    scene.swab("w1-1", "s1", Outcome::Inconclusive);
    assert_eq!(
        scene.refused("officer", signed("w1-1", "officer")).rule,
        Rule::Tested
    );
    scene.swab("w1-1", "s2", Outcome::Negative);
    scene.say("officer", signed("w1-1", "officer"));
}

#[test]
fn g3d_no_exception_may_be_open() {
    let mut scene = ready();
    scene.say(
        "yard",
        E::ExceptionOpened {
            exception: ExceptionId::new("wet"),
            lots: vec![LotId::new("w1-1")],
            because: "stood in water".into(),
        },
    );
    says(
        &scene.refused("officer", signed("w1-1", "officer")),
        "G3d no exception may be open on the lot
        w1-1 is stopped by wet
        a chief officer must settle what stops it",
    );
    // Stopped goods can still be moved, counted and sampled.
    scene.say("crew", stored("w1-1", "pile", 1));
    scene.swab("w1-1", "s2", Outcome::Negative);
    scene.say(
        "chief",
        E::ExceptionClosed {
            exception: ExceptionId::new("wet"),
            because: "only the foil was wet".into(),
        },
    );
    scene.say("officer", signed("w1-1", "officer"));
}

#[test]
fn g3e_different_people_sign_and_a_chief_signs_last() {
    let mut scene = ready();
    says(
        &scene.refused("officer", signed("w1-1", "chief")),
        "G3e different people must sign, as many as the protocol requires, the last of them a chief officer
        officer would sign as chief
        each person signs for themselves",
    );
    scene.say("officer", signed("w1-1", "officer"));
    says(
        &scene.refused("officer", signed("w1-1", "officer")),
        "G3e different people must sign, as many as the protocol requires, the last of them a chief officer
        officer has already signed for w1-1
        another person must sign",
    );
    scene.say("chief", signed("w1-1", "chief"));
    assert_eq!(scene.lot("w1-1").stage, Stage::Released);
    let mut scene = ready();
    scene.say("chief", signed("w1-1", "chief"));
    says(
        &scene.refused("officer", signed("w1-1", "officer")),
        "G3e different people must sign, as many as the protocol requires, the last of them a chief officer
        officer is not a chief officer, and this is the last signature
        another chief officer must sign last, or chief takes their signature back and signs after officer",
    );
    scene.say("chief2", signed("w1-1", "chief2"));
    assert_eq!(scene.lot("w1-1").stage, Stage::Released);
}

#[test]
fn g3e_a_chief_who_signed_first_takes_it_back_and_signs_last() {
    let mut scene = ready();
    says(
        &scene.refused("chief", withdrawn("w1-1", "chief")),
        "K1 a command must refer to things that exist, and create only new ones
        chief has not signed for w1-1
        there is nothing to take back",
    );
    scene.say("chief", signed("w1-1", "chief"));
    says(
        &scene.refused("officer", withdrawn("w1-1", "chief")),
        "G3e different people must sign, as many as the protocol requires, the last of them a chief officer
        officer would take back the signature of chief
        each person can only take back their own; open an exception to stop the lot",
    );
    scene.say("chief", withdrawn("w1-1", "chief"));
    assert!(scene.lot("w1-1").signers.is_empty());
    scene.say("officer", signed("w1-1", "officer"));
    scene.say("chief", signed("w1-1", "chief"));
    assert_eq!(scene.lot("w1-1").stage, Stage::Released);
    // Once it is released, only an exception stops it.
    says(
        &scene.refused("chief", withdrawn("w1-1", "chief")),
        "G3e different people must sign, as many as the protocol requires, the last of them a chief officer
        w1-1 is released
        open an exception: it stops the lot and voids its signatures",
    );
    // The first of two signatures goes, the second stays, and its signer cannot fill both places.
    let mut three = protocol();
    three.signatures = 3;
    let mut scene = Scene::with(rules(), vec![three]);
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.treat(&["w1-1".into()], 1);
    scene.wait(15 * DAY);
    scene.swab("w1-1", "s1", Outcome::Negative);
    scene.say("officer", signed("w1-1", "officer"));
    scene.say("chief", signed("w1-1", "chief"));
    scene.say("officer", withdrawn("w1-1", "officer"));
    assert_eq!(scene.lot("w1-1").signers, [PersonName::new("chief")]);
    assert_eq!(
        scene.refused("chief", signed("w1-1", "chief")).rule,
        Rule::Signers
    );
    scene.say("officer", signed("w1-1", "officer"));
    scene.say("chief2", signed("w1-1", "chief2"));
    assert_eq!(scene.lot("w1-1").stage, Stage::Released);
}

#[test]
fn g3a_a_pause_and_the_time_before_the_agent_count_for_nothing() {
    let judged = |scene: &mut Scene| {
        let record = scene.say("lead", treatment_ended("w1-1", 1));
        let verdict = record
            .events
            .iter()
            .find_map(|event| match &event.happening {
                H::Entry(E::TreatmentJudged {
                    contact_s, because, ..
                }) => Some((*contact_s, because.clone())),
                _ => None,
            });
        verdict.unwrap()
    };
    let read_now = |scene: &mut Scene| {
        let now = scene.now;
        scene.say("lead", read("w1-1", now, 300, 20_000));
    };
    // An hour before the agent, an hour with it, an hour of pause, half an hour with it.
    let mut scene = in_warehouse("general");
    scene.say("lead", treatment_started("w1-1", 1));
    scene.wait(HOUR);
    scene.say("lead", dosed("w1-1", "peroxide"));
    read_now(&mut scene);
    scene.wait(HOUR);
    read_now(&mut scene);
    scene.say("lead", paused("w1-1"));
    scene.wait(HOUR);
    scene.say("lead", resumed("w1-1"));
    read_now(&mut scene);
    scene.wait(HOUR / 2);
    read_now(&mut scene);
    let (contact_s, because) = judged(&mut scene);
    assert_eq!(contact_s, 5_400);
    assert_eq!(
        because.as_deref(),
        Some("it lasted 1 hour 30 minutes of 2 hours, not counting pauses")
    );
    assert!(!scene.lot("w1-1").treated);
    // The same with two hours under the agent is enough, however long the pause was.
    let mut scene = in_warehouse("general");
    scene.say("lead", treatment_started("w1-1", 1));
    scene.say("lead", dosed("w1-1", "peroxide"));
    for _ in 0..2 {
        read_now(&mut scene);
        scene.wait(HOUR);
        read_now(&mut scene);
        scene.say("lead", paused("w1-1"));
        scene.wait(9 * HOUR);
        scene.say("lead", resumed("w1-1"));
    }
    read_now(&mut scene);
    assert_eq!(judged(&mut scene), (7_200, None));
    assert!(scene.lot("w1-1").treated);
}

#[test]
fn a7_a_signature_bears_name_time_meaning_and_version() {
    let mut scene = ready();
    let mute = E::Signed {
        lot: LotId::new("w1-1"),
        signer: PersonName::new("officer"),
        meaning: " ".into(),
        pin: None,
        also: Vec::new(),
    };
    says(
        &scene.refused("officer", mute),
        "G3e different people must sign, as many as the protocol requires, the last of them a chief officer
        the signature has no meaning
        state what is signed",
    );
    let record = scene.say("officer", signed("w1-1", "officer"));
    assert_eq!(
        (record.by.as_str(), record.recorded_at),
        ("officer", scene.now)
    );
    let Some(H::Entry(E::Signed {
        signer,
        meaning,
        pin,
        ..
    })) = record.events.last().map(|event| event.happening.clone())
    else {
        panic!("{record:?}");
    };
    assert_eq!(signer.as_str(), "officer");
    assert!(!meaning.is_empty());
    assert_eq!(pin, Some(protocol().pin()));
}

#[test]
fn g3f_who_tested_may_not_sign() {
    let mut scene = ready();
    says(
        &scene.refused("tester", signed("w1-1", "tester")),
        "G3f a signer must neither have treated nor tested the lot
        tester treated or tested w1-1
        a person who did neither must sign",
    );
}

#[test]
fn g4_the_clock_never_gets_shorter() {
    let mut scene = in_yard();
    let soon = after(scene.now, DAY);
    let shorter = H::HoldRestarted {
        lot: LotId::new("w1-1"),
        step: StepName::new("hold"),
        until: soon,
        because: "it looks fine".into(),
    };
    says(
        &scene.refused("officer", shorter),
        "G4 the clock of a hold never gets shorter
        w1-1 is held until 2022-01-30T03:00:00Z
        give that instant or a later one",
    );
}

#[test]
fn g4_a_protocol_that_changes_in_mid_hold_only_lengthens_and_shows_what_moves() {
    let mut scene = in_yard();
    let version = |version, days: u64| Protocol {
        version,
        held_too: true,
        from: start(),
        hold: Some(HoldRule {
            hold_s: days * DAY as u64,
            ..protocol().hold.unwrap()
        }),
        ..protocol()
    };
    let adopted = |protocol: &Protocol| E::ProtocolAdopted {
        protocol: Box::new(protocol.clone()),
    };
    let before = scene.lot("w1-1").earliest.unwrap();
    let longer = version(2, 21);
    let preview = scene.ledger.state().preview(&longer);
    assert_eq!(preview.len(), 1);
    assert_eq!(preview[0].before, Some(before));
    assert_eq!(preview[0].after, Some(after(before, 7 * DAY)));
    scene.say("admin", adopted(&longer));
    assert_eq!(scene.lot("w1-1").earliest, preview[0].after);
    let shorter = version(3, 1);
    assert!(scene.ledger.state().preview(&shorter).is_empty());
    // It asks for less, so that two people and a day are needed.
    scene.say(
        "chief",
        E::ProtocolProposed {
            protocol: Box::new(shorter.clone()),
        },
    );
    scene.wait(DAY);
    scene.say("admin", adopted(&shorter));
    assert_eq!(scene.lot("w1-1").earliest, preview[0].after);
}

#[test]
fn g4_a_wait_that_comes_before_the_treatment_runs_untreated_and_frees_nothing() {
    let mut first = protocol();
    first.hold = first.hold.map(|hold| HoldRule {
        clock: ClockFrom::Stored(PlaceName::new("warehouse")),
        before: vec![StepName::new("disinfect")],
        ..hold
    });
    let mut scene = Scene::with(rules(), vec![first.clone()]);
    scene.arrive("k1", &["w1"], "general");
    scene.wait(DAY);
    let entered = scene.now;
    scene.say("yard", stored("w1-1", "warehouse", 1));
    assert_eq!(scene.lot("w1-1").earliest, Some(after(entered, 14 * DAY)));
    scene.wait(12 * DAY);
    scene.swab("w1-1", "s1", Outcome::Negative);
    scene.wait(3 * DAY);
    says(
        &scene.refused("officer", signed("w1-1", "officer")),
        "G3a every treatment of the protocol must have ended and be valid
        w1-1 has no valid disinfect
        complete disinfect as its protocol requires",
    );
    // The treatment begins no second wait, and finding it wanting none either.
    scene.treat(&["w1-1".into()], 1);
    let again = H::LotInspected {
        lot: LotId::new("w1-1"),
        step: StepName::new("look"),
        finding: Finding::Again,
    };
    scene.say("tester", again);
    assert_eq!(scene.lot("w1-1").earliest, Some(after(entered, 14 * DAY)));
    scene.treat(&["w1-1".into()], 1);
    scene.swab("w1-1", "s2", Outcome::Negative);
    scene.say("officer", signed("w1-1", "officer"));
    // Back from the clean side it waits anew, from its return, and is treated anew.
    scene.say("crew", stored("w1-1", "yard", 1));
    scene.wait(HOUR);
    scene.say("yard", stored("w1-1", "warehouse", 2));
    let lot = scene.lot("w1-1");
    assert_eq!(lot.earliest, Some(after(scene.now, 14 * DAY)));
    assert!(!lot.treated);
    // A wait can only come before a treatment that there is.
    first.version = 2;
    first.treatments[0].step = StepName::new("spray");
    says(
        &scene.refused(
            "admin",
            E::ProtocolAdopted {
                protocol: Box::new(first),
            },
        ),
        "K1 a command must refer to things that exist, and create only new ones
        standard has a hold before disinfect, which is not one of its treatments
        name a treatment of the protocol, or leave it out",
    );
}

/// The clock waits for every treatment but those that the hold comes before: without this a lot could wait untreated and
/// be released as soon as the last treatment has ended.
#[test]
fn g4_the_clock_waits_for_every_treatment_that_does_not_come_after_the_wait() {
    let two = |before: &[&str]| {
        let mut protocol = protocol();
        let mut fumigate = protocol.treatments[0].clone();
        fumigate.step = StepName::new("fumigate");
        fumigate.agents.clear();
        protocol.treatments.push(fumigate);
        protocol.hold = protocol.hold.map(|hold| HoldRule {
            before: before.iter().map(|step| StepName::new(*step)).collect(),
            ..hold
        });
        let mut scene = Scene::with(rules(), vec![protocol]);
        scene.arrive("k1", &["w1"], "general");
        scene.say("yard", stored("w1-1", "warehouse", 1));
        scene
    };
    let by_hand = |scene: &Scene| H::HoldStarted {
        lot: LotId::new("w1-1"),
        step: StepName::new("hold"),
        until: after(scene.now, 14 * DAY),
    };
    let fumigate = |scene: &mut Scene| {
        let (lot, step) = (LotId::new("w1-1"), StepName::new("fumigate"));
        let spot = spot("warehouse", 1);
        scene.say(
            "lead",
            H::TreatmentStarted {
                lot: lot.clone(),
                step: step.clone(),
                spot: spot.clone(),
            },
        );
        scene.wait(3 * HOUR);
        scene.say("lead", H::TreatmentEnded { lot, step, spot });
    };
    let mut scene = two(&[]);
    let untreated = by_hand(&scene);
    assert_eq!(scene.refused("officer", untreated).rule, Rule::Treated);
    scene.treat(&["w1-1".into()], 1);
    assert_eq!(scene.lot("w1-1").earliest, None);
    let half = by_hand(&scene);
    assert_eq!(scene.refused("officer", half).rule, Rule::Treated);
    scene.wait(5 * DAY);
    fumigate(&mut scene);
    assert_eq!(scene.lot("w1-1").earliest, Some(after(scene.now, 14 * DAY)));
    // Where the wait comes before the second treatment, it begins with the end of the first.
    let mut scene = two(&["fumigate"]);
    scene.treat(&["w1-1".into()], 1);
    let begun = Some(after(scene.now, 14 * DAY));
    assert_eq!(scene.lot("w1-1").earliest, begun);
    scene.wait(5 * DAY);
    fumigate(&mut scene);
    assert_eq!(scene.lot("w1-1").earliest, begun);
}

#[test]
fn g5_pieces_and_mass_add_up() {
    let mut scene = in_yard();
    let count = |pieces, mass_kg| E::LotCounted {
        lot: LotId::new("w1-1"),
        tally: Tally { pieces, mass_kg },
    };
    scene.say("crew", count(10, 1_000));
    let part = |name: &str, pieces, mass_kg| LotPart {
        lot: LotId::new(name),
        tally: Tally { pieces, mass_kg },
    };
    let split = |second| E::LotSplit {
        lot: LotId::new("w1-1"),
        parts: vec![part("a", 5, 500), part("b", second, 500)],
    };
    says(
        &scene.refused("crew", split(4)),
        "G5 everything that came in must be here, have left, been destroyed or been declared lost
        the parts have 9 pieces and 1000 kg, and w1-1 has 10 and 1000 kg
        make the parts add up, or count the lot or declare a loss first",
    );
    // A count that differs stops the lot until somebody has said why.
    scene.say("crew", count(9, 900));
    assert_eq!(scene.lot("w1-1").exceptions.len(), 1);
}

#[test]
fn g6_what_holds_a_lot_holds_its_parts() {
    let mut scene = in_yard();
    scene.say(
        "yard",
        E::ExceptionOpened {
            exception: ExceptionId::new("wet"),
            lots: vec![LotId::new("w1-1")],
            because: "stood in water".into(),
        },
    );
    let whole = scene.lot("w1-1");
    let parts = ["a", "b"].map(|name| LotPart {
        lot: LotId::new(name),
        tally: Tally::default(),
    });
    scene.say(
        "crew",
        E::LotSplit {
            lot: LotId::new("w1-1"),
            parts: parts.to_vec(),
        },
    );
    for name in ["a", "b"] {
        let part = scene.lot(name);
        assert_eq!(part.earliest, whole.earliest);
        assert_eq!(part.exceptions, whole.exceptions);
        assert_eq!(part.handlers.last(), whole.handlers.last());
        assert_eq!(
            scene.refused("officer", signed(name, "officer")).rule,
            Rule::NoException
        );
    }
    assert_eq!(
        scene.refused("officer", signed("w1-1", "officer")).rule,
        Rule::OnePlace
    );
}

#[test]
fn g7_a_thing_is_in_one_place() {
    let mut scene = in_warehouse("general");
    says(
        &scene.refused("lead", treatment_started("w1-1", 2)),
        "G7 a thing is in one place at a time and moves only along existing ways
        w1-1 is in warehouse 1
        record that it was brought to warehouse 2 first",
    );
    assert_eq!(
        scene
            .refused("yard", unloaded("w1-1", "w1", "general", "platform", 1))
            .rule,
        Rule::OnePlace
    );
    // Where the rules know the ways, nothing takes another.
    let mut rules = rules();
    rules.places[0].leads_to = vec![PlaceName::new("warehouse")];
    let mut scene = Scene::with(rules, vec![protocol()]);
    scene.arrive("k1", &["w1"], "general");
    says(
        &scene.refused("crew", stored("w1-1", "pile", 1)),
        "G7 a thing is in one place at a time and moves only along existing ways
        no way leads from platform to pile for w1-1
        go by warehouse",
    );
    scene.say("yard", stored("w1-1", "warehouse", 1));
}

#[test]
fn g8_goods_cross_treated_and_never_come_back_without_starting_anew() {
    let mut scene = in_warehouse("general");
    says(
        &scene.refused("crew", stored("w1-1", "yard", 1)),
        "G8 goods cross from dirty to clean once, treated, and never back without starting again
        w1-1 is not treated as its protocol requires, and yard is clean
        complete its treatment first, or choose a place on the dirty side",
    );
    let mut scene = in_yard();
    let back = scene.refused("yard", stored("w1-1", "warehouse", 2));
    assert_eq!(
        (back.rule, back.warning),
        (Rule::OneWay, Some(Warning::BackToDirty))
    );
    scene.say("yard", stored("w1-1", "warehouse", 2));
    let lot = scene.lot("w1-1");
    assert!(!lot.treated && lot.clock.is_none(), "{lot:?}");
}

#[test]
fn g9_a_positive_test_stops_everything_it_may_have_reached_in_one_record() {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1", "w2", "w3"], "general");
    // w1 and w2 share a bay of the warehouse, w3 has one of its own.
    for (lot, unit) in lots.iter().zip([1, 1, 2]) {
        scene.say("yard", stored(lot, "warehouse", unit));
    }
    scene.treat(&lots[..2], 1);
    scene.treat(&lots[2..], 2);
    for lot in &lots {
        scene.say("crew", stored(lot, "yard", 1));
    }
    scene.wait(15 * DAY);
    scene.swab("w2-1", "s2", Outcome::Negative);
    scene.say("officer", signed("w2-1", "officer"));
    scene.say("chief", signed("w2-1", "chief"));
    scene.say("dispatcher", loaded("w2-1", "d1"));
    scene.say("dispatcher", departed("d1", 1));
    scene.say("tester", sampled("w1-1", "s1"));
    let record = scene.say("tester", result("s1", Outcome::Positive));
    let one_line = |event: &lazaret_vocabulary::event::Event| match &event.happening {
        H::Entry(E::LotFrozen { lot, .. }) => Some(format!("{lot} stopped")),
        H::Entry(E::LotRecalled {
            lot,
            link: Some(link),
            ..
        }) => Some(format!(
            "{lot} called back: with {} in {:?}",
            link.from, link.surface
        )),
        H::HoldRestarted { lot, .. } => Some(format!("{lot} starts anew")),
        _ => None,
    };
    let lines: Vec<String> = record.events.iter().filter_map(one_line).collect();
    assert_eq!(
        lines,
        [
            "w1-1 stopped",
            "w1-1 starts anew",
            "w2-1 called back: with w1-1 in Unit(PlaceName(\"warehouse\"), 1)",
        ]
    );
    assert!(scene.lot("w2-1").recalled);
    assert!(scene.lot("w3-1").exceptions.is_empty());
}

#[test]
fn c1_whoever_joins_a_pile_restarts_those_who_began_earlier() {
    let mut scene = Scene::open();
    for (convoy, vehicle) in [("k1", "w1"), ("k2", "w2")] {
        let lots = scene.arrive(convoy, &[vehicle], "general");
        scene.say("yard", stored(&lots[0], "warehouse", 1));
        scene.treat(&lots, 1);
        scene.say("crew", stored(&lots[0], "pile", 1));
        scene.say(
            "yard",
            H::VehicleLeft {
                vehicle: VehicleId::new(vehicle),
                spot: spot("platform", 1),
            },
        );
        scene.wait(DAY);
    }
    let (first, second) = (scene.lot("w1-1"), scene.lot("w2-1"));
    assert_eq!(
        first.clock, second.clock,
        "the older one starts anew when the younger one comes"
    );
    let history = scene.ledger.state().lot_history(&LotId::new("w1-1"));
    let last = &scene.records[*history.last().unwrap() as usize - 1];
    let because = last.events.iter().find_map(|event| match &event.happening {
        H::HoldRestarted { because, .. } => Some(because.clone()),
        _ => None,
    });
    assert_eq!(
        because.as_deref(),
        Some("w2-1 joined it in pile 1 (records 34 and 47)")
    );
}

#[test]
fn c1_contamination_restarts_what_was_there_since() {
    let mut scene = in_yard();
    let before = scene.lot("w1-1").clock;
    scene.wait(DAY);
    scene.say(
        "crew",
        E::ContaminationFound {
            on: Soiled::Unit(PlaceName::new("warehouse"), 1),
            since: after(scene.now, -2 * DAY),
            because: "droppings in the bay".into(),
            exception: ExceptionId::new("bay"),
        },
    );
    assert!(scene.lot("w1-1").clock > before);
}

#[test]
fn w1_a_vehicle_goes_home_empty_washed_and_rested() {
    let mut scene = in_warehouse("general");
    let home = || H::VehicleReleased {
        vehicle: VehicleId::new("w1"),
    };
    says(
        &scene.refused("yard", home()),
        "W1 a vehicle goes home only empty, washed after its last load, and as its source demands
        vehicle w1 is not empty
        record that it was emptied",
    );
    scene.say(
        "yard",
        H::VehicleEmptied {
            vehicle: VehicleId::new("w1"),
        },
    );
    assert_eq!(
        scene.refused("yard", home()).remedy.to_string(),
        "wash and disinfect it"
    );
    scene.say(
        "lead",
        H::VehicleWashed {
            vehicle: VehicleId::new("w1"),
        },
    );
    let refusal = scene.refused("yard", home());
    assert_eq!(refusal.retry_at, Some(after(scene.now, 3 * HOUR)));
    scene.wait(3 * HOUR);
    // Back on the dirty side it is dirty again (W2).
    scene.say("yard", placed("w1", "platform", 2));
    assert_eq!(
        scene.refused("yard", home()).remedy.to_string(),
        "wash and disinfect it"
    );
    scene.say(
        "lead",
        H::VehicleWashed {
            vehicle: VehicleId::new("w1"),
        },
    );
    scene.wait(3 * HOUR);
    scene.say("yard", home());
}

#[test]
fn p1_a_lapsed_clearance_stops_new_work_and_not_the_record() {
    let mut scene = in_warehouse("general");
    scene.say("lead", treatment_started("w1-1", 1));
    scene.say(
        "officer",
        E::ClearanceLapsed {
            person: PersonName::new("lead"),
            because: "temperature".into(),
        },
    );
    // What was begun is recorded to its end; nothing new begins.
    scene.wait(3 * HOUR);
    scene.say("lead", treatment_ended("w1-1", 1));
    says(
        &scene.refused("lead", treatment_started("w1-1", 1)),
        "P1 a person who works or signs must be cleared, trained for the agent, rested and on shift
        the clearance of lead ended at 2022-01-16T00:00:00Z
        renew the clearance, or let another person do it",
    );
}

#[test]
fn p2_who_worked_on_the_dirty_side_passes_the_gate() {
    let mut scene = in_yard();
    says(
        &scene.refused("yard", stored("w1-1", "pile", 1)),
        "P2 a person who worked on the dirty side must pass the personnel gate before working on the clean side
        yard worked on the dirty side and has not passed the personnel gate since
        record that they passed it, or let another person do it",
    );
    scene.say(
        "yard",
        E::PersonPassedGate {
            person: PersonName::new("yard"),
        },
    );
    scene.say("yard", stored("w1-1", "pile", 1));
}

#[test]
fn p3_who_reports_sick_stops_what_they_handled() {
    let mut scene = in_yard();
    scene.say(
        "yard",
        E::PersonReportedSick {
            person: PersonName::new("crew"),
            since: start(),
            exception: ExceptionId::new("crew-sick"),
        },
    );
    assert_eq!(
        scene.lot("w1-1").exceptions,
        [ExceptionId::new("crew-sick")]
    );
    assert_eq!(
        scene.refused("crew", stored("w1-1", "pile", 1)).rule,
        Rule::Cleared
    );
}

#[test]
fn s1_a_slot_never_holds_more_than_its_room() {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1", "w2", "w3", "w4"], "general");
    for lot in &lots[..3] {
        scene.say("yard", stored(lot, "warehouse", 1));
    }
    says(
        &scene.refused("yard", stored("w4-1", "warehouse", 1)),
        "S1 a slot never holds more than its room
        warehouse 1 has 3 slots, of which 3 are taken
        free a slot, or choose another unit",
    );
    scene.say(
        "yard",
        H::PlaceClosed {
            spot: spot("warehouse", 2),
            because: "frost".into(),
        },
    );
    says(
        &scene.refused("yard", stored("w4-1", "warehouse", 2)),
        "S1b a closed or broken place takes nothing new
        warehouse 2 is closed: frost
        choose another unit, or open or repair it first",
    );
    scene.say("yard", stored("w4-1", "warehouse", 3));
}

#[test]
fn s2_goods_that_must_be_apart_are_never_together() {
    let mut scene = Scene::open();
    let first = scene.arrive("k1", &["w1"], "medicine");
    let second = scene.arrive_at("k2", "w2", "acid", 2);
    scene.say("yard", stored(&first[0], "warehouse", 1));
    says(
        &scene.refused("yard", stored(&second, "warehouse", 1)),
        "S2 goods that must be kept apart are never together
        w1-1 (medicine) is in warehouse 1, and acid must be kept apart from it
        choose another unit",
    );
}

#[test]
fn s2_dangers_on_the_papers_count_too() {
    let mut scene = Scene::open();
    let line = |vehicle, hazard: &str| ManifestLine {
        hazards: vec![Hazard::new(hazard)],
        ..line(vehicle)
    };
    scene.say(
        "yard",
        announced("k1", vec![line("w1", "3"), line("w2", "5.1")]),
    );
    scene.say("yard", arrived("k1", &["w1", "w2"]));
    for (vehicle, unit) in [("w1", 1), ("w2", 2)] {
        scene.say("yard", placed(vehicle, "platform", unit));
        scene.say(
            "yard",
            unloaded(
                &format!("{vehicle}-1"),
                vehicle,
                "general",
                "platform",
                unit,
            ),
        );
    }
    scene.say("yard", stored("w1-1", "warehouse", 1));
    says(
        &scene.refused("yard", stored("w2-1", "warehouse", 1)),
        "S2 goods that must be kept apart are never together
        w1-1 (class 3) is in warehouse 1, and class 5.1 must be separated from it
        choose another unit",
    );
}

#[test]
fn s3_an_agent_must_suit_protocol_and_goods() {
    let mut scene = in_warehouse("medicine");
    scene.say("lead", treatment_started("w1-1", 1));
    says(
        &scene.refused("lead", dosed("w1-1", "vinegar")),
        "S3 an agent must be one that the protocol names and the goods tolerate
        the protocol of w1-1 does not name vinegar for disinfect
        use peroxide or chlorine",
    );
    assert_eq!(
        scene
            .refused("lead", dosed("w1-1", "chlorine"))
            .fact
            .to_string(),
        "chlorine spoils medicine"
    );
    scene.say("lead", dosed("w1-1", "peroxide"));
}

#[test]
fn a1_a_correction_names_the_record_and_obeys_every_rule() {
    let mut scene = in_warehouse("general");
    let wrong = scene.records.last().unwrap().seq;
    let mut command = scene.command("yard", stored("w1-1", "warehouse", 2));
    command.corrects = Some(Correction {
        record: wrong,
        because: String::new(),
    });
    assert_eq!(scene.submit(&command).unwrap_err().rule, Rule::Corrects);
    command.corrects = Some(Correction {
        record: wrong,
        because: "the wrong bay was scanned".into(),
    });
    let record = scene.submit(&command).unwrap().unwrap();
    assert!(matches!(
        &record.events[0].happening,
        H::Entry(E::Corrected { record, .. }) if *record == wrong
    ));
    assert_eq!(scene.lot("w1-1").spot, Some(spot("warehouse", 2)));
    // A correction is no way around the gate.
    let mut command = scene.command("dispatcher", loaded("w1-1", "d1"));
    command.corrects = Some(Correction {
        record: wrong,
        because: "it was to be loaded".into(),
    });
    assert_eq!(scene.submit(&command).unwrap_err().rule, Rule::Treated);
}

#[test]
fn a4_a_command_counts_once() {
    let mut scene = in_warehouse("general");
    let command = scene.command("yard", stored("w1-1", "warehouse", 2));
    assert!(scene.submit(&command).unwrap().is_some());
    let before = scene.ledger.chain();
    assert!(scene.submit(&command).unwrap().is_none());
    assert_eq!(scene.ledger.chain(), before);
    // A week later nobody can tell any more whether it was counted.
    scene.wait(8 * DAY);
    let again = scene.submit(&command);
    assert!(again.is_ok() || again.unwrap_err().rule == Rule::Once);
    let mut old = scene.command("yard", stored("w1-1", "warehouse", 3));
    old.issued_at = after(scene.now, -8 * DAY);
    assert_eq!(scene.submit(&old).unwrap_err().rule, Rule::Once);
}

#[test]
fn a4_a_key_belongs_to_one_sender_and_one_content() {
    let mut scene = in_warehouse("general");
    let note = |text: &str| E::Noted {
        thing: None,
        text: text.into(),
    };
    let first = scene.command("yard", note("first"));
    let record = scene.submit(&first).unwrap().unwrap();
    let mut other_content = first.clone();
    other_content.what = note("second").into();
    let mut other_sender = first.clone();
    other_sender.by = PersonName::new("crew");
    let mut other_time = first.clone();
    other_time.at = after(scene.now, -HOUR);
    let mut other_crew = first.clone();
    other_crew.crew = vec![PersonName::new("crew")];
    for other in [&other_content, &other_sender, &other_time, &other_crew] {
        says(
            &scene.submit(other).unwrap_err(),
            "A4 a command counts once
            the key t-27 was used for another command
            give this command another key; if a device counts its keys, its count has restarted",
        );
    }
    // More acknowledged than before is the same command.
    let mut same = first.clone();
    same.acknowledged = vec![Warning::Near];
    assert_eq!(scene.submit(&same).unwrap(), None);
    // A snapshot remembers it as the records do.
    let bytes = scene.ledger.snapshot().unwrap();
    let mut restored = lazaret_ledger::Ledger::restore(&bytes).unwrap();
    assert!(restored.submit(&first, scene.now).is_ok());
    assert!(restored.submit(&other_sender, scene.now).is_err());
    // Records made before bodies had digests: what they say is compared.
    let mut old = lazaret_ledger::Ledger::default();
    let mut chain = lazaret_ledger::Chain::default();
    for known in &scene.records {
        let mut known = known.clone();
        known.body = None;
        known.previous = chain.head;
        chain = lazaret_ledger::Chain {
            seq: known.seq,
            head: known.digest(),
        };
        old.replay(&known, known.digest()).unwrap();
    }
    assert_eq!(
        old.submit(&first, scene.now).unwrap(),
        lazaret_ledger::Accepted::Already { seq: record.seq }
    );
    assert!(old.submit(&other_content, scene.now).is_err());
    assert!(old.submit(&other_sender, scene.now).is_err());
}

#[test]
fn a8_a_warning_needs_somebody_who_has_seen_it() {
    let mut scene = Scene::open();
    let arrived = arrived("k1", &["21 81 2471 218-3"]);
    let refusal = scene.refused("yard", arrived.clone());
    says(
        &refusal,
        "K1 a command must refer to things that exist, and create only new ones
        the check digit of 21 81 2471 218-3 would have to be 1
        acknowledge `unverified_mark` if it is intended",
    );
    let record = scene.say("yard", arrived);
    assert!(matches!(
        &record.events[0].happening,
        H::Entry(E::WarningAcknowledged { by, .. }) if by.as_str() == "yard"
    ));
}

#[test]
fn a10_the_clock_of_a_tablet_releases_nothing_early() {
    let mut scene = in_warehouse("general");
    let mut command = scene.command("yard", stored("w1-1", "warehouse", 2));
    command.at = after(scene.now, DAY);
    let refusal = scene.submit(&command).unwrap_err();
    assert_eq!(refusal.rule, Rule::Skew);
    assert_eq!(
        refusal.remedy.to_string(),
        "set the device's clock and enter it again"
    );
    // A treatment entered a week late starts the clock now, and not a week ago.
    scene.wait(5 * DAY);
    let week_ago = after(scene.now, -5 * DAY);
    for (what, hours) in [
        (H::from(dosed("w1-1", "peroxide")), 0),
        (treatment_ended("w1-1", 1), 3),
    ] {
        if hours == 0 {
            let mut started = scene.command("lead", treatment_started("w1-1", 1));
            started.at = week_ago;
            scene.submit(&started).unwrap();
        }
        for hour in 0..=hours {
            if hours > 0 {
                scene.say(
                    "lead",
                    read("w1-1", after(week_ago, hour * HOUR), 300, 20_000),
                );
            }
        }
        let mut command = scene.command("lead", what);
        command.at = after(week_ago, hours * HOUR);
        scene.submit(&command).unwrap();
    }
    assert_eq!(scene.lot("w1-1").clock, Some(scene.now));
    // Credit for the week needs somebody else who saw it, and an entry of its own.
    let credit = |witness: &str, from| E::ClockCredited {
        lot: LotId::new("w1-1"),
        from,
        witness: PersonName::new(witness),
    };
    let ended = after(week_ago, 3 * HOUR);
    assert_eq!(
        scene.refused("officer", credit("officer", ended)).rule,
        Rule::Skew
    );
    assert_eq!(
        scene.refused("officer", credit("crew", week_ago)).rule,
        Rule::NeverShorter
    );
    let seen = |from| E::CreditWitnessed {
        lot: LotId::new("w1-1"),
        from,
    };
    assert_eq!(scene.refused("crew", seen(ended)).rule, Rule::Skew);
    // Asking credits nothing; only the witness who was named can say so, and of the same instant.
    let clock = scene.lot("w1-1").clock;
    scene.say("officer", credit("crew", ended));
    assert_eq!(scene.lot("w1-1").clock, clock);
    for (who, from) in [
        ("yard", ended),
        ("officer", ended),
        ("crew", after(ended, 60)),
    ] {
        assert_eq!(scene.refused(who, seen(from)).rule, Rule::Skew, "{who}");
    }
    scene.say("crew", seen(ended));
    assert_eq!(scene.lot("w1-1").earliest, Some(after(ended, 14 * DAY)));
    // It counts once.
    assert_eq!(scene.refused("crew", seen(ended)).rule, Rule::Skew);
}

#[test]
fn r1_each_role_does_its_own_work() {
    let mut scene = in_warehouse("general");
    says(
        &scene.refused("auditor", stored("w1-1", "warehouse", 2)),
        "R1 each role may do only its own work
        auditor is auditor
        yard master, crew may do this",
    );
    let refusal = scene.refused("stranger", stored("w1-1", "warehouse", 2));
    assert_eq!(refusal.fact.to_string(), "stranger is nobody here");
}

#[test]
fn x1_trial_runs_and_real_goods_are_kept_apart() {
    let mut scene = Scene::open();
    scene.say(
        "yard",
        E::TrialDeclared {
            convoy: ConvoyId::new("k1"),
        },
    );
    let trial = scene.arrive("k1", &["w1"], "general");
    let real = scene.arrive_at("k2", "w2", "general", 2);
    scene.say("yard", stored(&trial[0], "warehouse", 1));
    says(
        &scene.refused("yard", stored(&real, "warehouse", 1)),
        "X1 trial runs and real goods are kept apart
        warehouse 1 has w1-1, which belongs to a trial run
        choose another unit",
    );
}

#[test]
fn s3_training_is_for_the_agent() {
    let mut scene = in_warehouse("general");
    scene.say(
        "admin",
        E::PersonCleared {
            person: PersonName::new("lead"),
            until: after(scene.now, DAY),
            agents: vec![AgentName::new("chlorine")],
        },
    );
    scene.say("lead", treatment_started("w1-1", 1));
    let refusal = scene.refused("lead", dosed("w1-1", "peroxide"));
    assert_eq!(refusal.fact.to_string(), "lead is not trained for peroxide");
}

#[test]
fn c1_a_restart_voids_tests_and_signatures() {
    let mut scene = ready();
    scene.say("officer", signed("w1-1", "officer"));
    scene.say(
        "crew",
        E::ContaminationFound {
            on: Soiled::Lot(LotId::new("w1-1")),
            since: scene.now,
            because: "a torn bag".into(),
            exception: ExceptionId::new("bag"),
        },
    );
    let lot = scene.lot("w1-1");
    assert!(lot.signers.is_empty());
    assert_eq!(lot.tests_missing.len(), 1);
    assert_eq!(lot.clock, Some(scene.now));
}

#[test]
fn a10_a_clock_that_counts_from_the_beginning_of_a_step_counts_from_its_record() {
    let mut early = protocol();
    early.hold = early.hold.map(|hold| HoldRule {
        clock: lazaret_vocabulary::event::rules::ClockFrom::StepStart(StepName::new("disinfect")),
        ..hold
    });
    let mut scene = Scene::with(rules(), vec![early]);
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    let began = scene.now;
    scene.treat(&["w1-1".into()], 1);
    assert_eq!(scene.lot("w1-1").clock, Some(began));
}
