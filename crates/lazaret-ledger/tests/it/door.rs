//! One fact by every door: what one way of saying it asks, every other way asks too.

use lazaret_ledger::{Refusal, Rule, Stage};
use lazaret_vocabulary::event::entry::{
    Entry as E, ExceptionId, Hazard, ManifestId, ManifestLine, PersonName, Role, Tally,
};
use lazaret_vocabulary::event::rules::Protocol;
use lazaret_vocabulary::event::{
    ConvoyId, GoodsName, Happening as H, LotId, SourceName, StepName, Thing, VehicleId,
};

use crate::scene::*;

fn papers(manifest: &str, convoy: &str, lines: Vec<ManifestLine>) -> E {
    E::ManifestAnnounced {
        manifest: ManifestId::new(manifest),
        convoy: ConvoyId::new(convoy),
        source: SourceName::new("dandong"),
        due: None,
        lines,
    }
}

fn amended(lines: Vec<ManifestLine>) -> E {
    E::ManifestAmended {
        manifest: ManifestId::new("papers"),
        lines,
        because: "the sender says so".into(),
    }
}

/// Exceptions that are open, with what they say.
fn open(scene: &Scene) -> Vec<String> {
    scene
        .ledger
        .state()
        .exceptions(true)
        .into_iter()
        .map(|exception| exception.because)
        .collect()
}

fn stopped(scene: &Scene, lot: &str) -> bool {
    !scene.lot(lot).exceptions.is_empty()
}

/// Papers of two vehicles, both here, the first in a slot.
fn with_papers() -> Scene {
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("v1"), line("v2")]));
    scene.say("yard", arrived("k1", &["v1", "v2"]));
    scene.say("yard", placed("v1", "platform", 1));
    scene
}

fn settle(scene: &mut Scene) {
    for exception in scene.ledger.state().exceptions(true) {
        scene.say(
            "chief",
            E::ExceptionClosed {
                exception: exception.exception,
                because: "looked into".into(),
            },
        );
    }
}

#[test]
fn goods_that_papers_drop_after_they_came_do_not_go_home_in_their_vehicle() {
    let mut scene = with_papers();
    scene.say("yard", amended(vec![line("v2")]));
    assert_eq!(
        open(&scene),
        ["papers papers changed after the goods had arrived: the sender says so"]
    );
    let emptied = H::VehicleEmptied {
        vehicle: VehicleId::new("v1"),
    };
    let refusal = scene.refused("yard", emptied.clone());
    assert_eq!(refusal.rule, Rule::Conserved);
    assert!(
        refusal
            .fact
            .to_string()
            .starts_with("the papers dropped v1-1 after vehicle v1 had arrived"),
        "{refusal}"
    );
    settle(&mut scene);
    scene.say("yard", emptied);
    // Taken back as a whole, it is the same.
    let mut scene = with_papers();
    scene.say(
        "yard",
        E::ManifestWithheld {
            manifest: ManifestId::new("papers"),
            because: "wrong train".into(),
        },
    );
    assert_eq!(open(&scene).len(), 1);
    let emptied = H::VehicleEmptied {
        vehicle: VehicleId::new("v1"),
    };
    assert_eq!(scene.refused("yard", emptied).rule, Rule::Conserved);
}

#[test]
fn papers_that_change_after_arrival_stop_what_they_change() {
    type Change = fn(&mut ManifestLine);
    let changes: [Change; 4] = [
        |line| line.goods = GoodsName::new("medicine"),
        |line| line.hazards = vec![Hazard::new("3")],
        |line| line.tally.pieces = 2,
        |line| line.vehicle = VehicleId::new("v2"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        for unloaded_first in [false, true] {
            let mut scene = with_papers();
            if unloaded_first {
                scene.say("yard", unloaded("v1-1", "v1", "general", "platform", 1));
            }
            let mut first = line("v1");
            change(&mut first);
            scene.say("yard", amended(vec![first, line("v2")]));
            assert!(
                stopped(&scene, "v1-1"),
                "change {number}, unloaded {unloaded_first}"
            );
            assert!(!stopped(&scene, "v2-1"));
        }
    }
    // A line more is goods that nobody announced.
    let mut scene = with_papers();
    let mut more = line("v1");
    more.lot = LotId::new("v1-2");
    scene.say("yard", amended(vec![line("v1"), more, line("v2")]));
    assert!(stopped(&scene, "v1-2") && !stopped(&scene, "v1-1"));
    // The same again changes nothing, and before the arrival papers may change freely.
    let mut scene = with_papers();
    scene.say("yard", amended(vec![line("v1"), line("v2")]));
    assert_eq!(open(&scene), Vec::<String>::new());
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("v1")]));
    scene.say("yard", amended(vec![line("v2")]));
    assert_eq!(open(&scene), Vec::<String>::new());
    // Refused when the goods are here: they stop.
    let mut scene = with_papers();
    scene.say("yard", unloaded("v1-1", "v1", "general", "platform", 1));
    scene.say(
        "officer",
        E::ManifestRefused {
            manifest: ManifestId::new("papers"),
            because: "not ours".into(),
        },
    );
    assert!(stopped(&scene, "v1-1"));
}

#[test]
fn papers_and_arrivals_are_compared_in_both_directions() {
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("v1"), line("v2")]));
    scene.say("yard", arrived("k1", &["v1", "v3"]));
    assert_eq!(
        open(&scene),
        [
            "arrived, but not on the papers: v3",
            "on the papers, but did not arrive: v2"
        ]
    );
    assert!(stopped(&scene, "v2-1") && !stopped(&scene, "v1-1"));
    // A lot that no paper names is stopped, whatever it is said to be.
    scene.say("yard", placed("v3", "platform", 1));
    scene.say("yard", unloaded("v3-1", "v3", "medicine", "platform", 1));
    assert!(stopped(&scene, "v3-1"));
    // The stop lasts until a chief officer settles it, and a lot that was announced has none.
    settle(&mut scene);
    assert!(!stopped(&scene, "v3-1"));
    // What comes without any papers was warned of at its arrival.
    let mut scene = Scene::open();
    scene.arrive("k1", &["v1"], "general");
    assert!(!stopped(&scene, "v1-1"));
}

/// A lot that came unannounced and that papers took up later is theirs: it does not fall off them without a word.
#[test]
fn what_papers_took_up_late_is_stopped_when_they_drop_it_or_are_refused() {
    let second = || ManifestLine {
        lot: LotId::new("v1-2"),
        ..line("v1")
    };
    let because = || "forged".to_owned();
    let manifest = || ManifestId::new("papers");
    for change in [
        amended(vec![line("v1")]),
        E::ManifestRefused {
            manifest: manifest(),
            because: because(),
        },
        E::ManifestWithheld {
            manifest: manifest(),
            because: because(),
        },
    ] {
        let mut scene = with_papers();
        for lot in ["v1-1", "v1-2"] {
            scene.say("yard", unloaded(lot, "v1", "general", "platform", 1));
        }
        assert!(stopped(&scene, "v1-2"));
        scene.say("yard", amended(vec![line("v1"), second()]));
        settle(&mut scene);
        assert!(!stopped(&scene, "v1-2"));
        scene.say("yard", change.clone());
        assert!(stopped(&scene, "v1-2"), "{change:?}");
    }
}

#[test]
fn a_declared_loss_stops_the_lot_like_a_count_that_differs() {
    let mut scene = with_papers();
    scene.say("yard", unloaded("v1-1", "v1", "general", "platform", 1));
    scene.say(
        "crew",
        E::LossDeclared {
            lot: LotId::new("v1-1"),
            lost: Tally {
                pieces: 1,
                mass_kg: 10,
            },
            because: "spilt".into(),
        },
    );
    assert!(stopped(&scene, "v1-1"));
    assert_eq!(
        open(&scene),
        ["1 pieces and 10 kg of v1-1 were declared lost: spilt"]
    );
}

#[test]
fn an_exception_of_the_ledger_never_joins_one_of_the_same_name() {
    let mut scene = with_papers();
    scene.say("yard", unloaded("v1-1", "v1", "general", "platform", 1));
    let next = scene.ledger.state().seq() + 3;
    let name = ExceptionId::new(format!("loss-{next}"));
    scene.say(
        "crew",
        E::ExceptionOpened {
            exception: name.clone(),
            lots: vec![LotId::new("v1-1")],
            because: "to be in the way".into(),
        },
    );
    settle(&mut scene);
    scene.say(
        "crew",
        E::LossDeclared {
            lot: LotId::new("v1-1"),
            lost: Tally {
                pieces: 1,
                mass_kg: 1,
            },
            because: "spilt".into(),
        },
    );
    assert!(stopped(&scene, "v1-1"));
    assert_eq!(open(&scene).len(), 1);
}

#[test]
fn unloading_a_lot_asks_what_its_beginning_asks() {
    let mut scene = Scene::open();
    scene.say("yard", arrived("k1", &["v1"]));
    scene.say("yard", placed("v1", "platform", 1));
    scene.say(
        "admin",
        E::ClearanceLapsed {
            person: PersonName::new("crew"),
            because: "training missed".into(),
        },
    );
    let started = H::UnloadingStarted {
        vehicle: VehicleId::new("v1"),
        step: StepName::new("unload"),
        spot: spot("platform", 1),
    };
    let first = scene.refused("crew", started);
    let lot = unloaded("v1-1", "v1", "general", "platform", 1);
    let second = scene.refused("crew", lot.clone());
    assert_eq!((first.rule, second.rule), (Rule::Cleared, Rule::Cleared));
    let mut command = scene.command("yard", lot.clone());
    command.crew = vec![PersonName::new("crew")];
    let warned = lazaret_ledger::Warning::NoPapers;
    command.acknowledged = vec![warned];
    assert_eq!(scene.submit(&command).unwrap_err().rule, Rule::Cleared);
    scene.say("yard", lot);
}

#[test]
fn sickness_is_reported_by_the_person_their_superior_or_an_officer_and_for_times_that_can_be() {
    let mut scene = Scene::open();
    let sick = |scene: &Scene, person: &str, ago: i64, name: &str| E::PersonReportedSick {
        person: PersonName::new(person),
        since: after(scene.now, -ago),
        exception: ExceptionId::new(name),
    };
    for (by, person) in [
        ("auditor", "chief"),
        ("crew", "yard"),
        ("yard", "chief"),
        ("dispatcher", "crew"),
    ] {
        let what = sick(&scene, person, 0, "x");
        assert_eq!(
            scene.refused(by, what).rule,
            Rule::Allowed,
            "{by} of {person}"
        );
    }
    for (number, (by, person)) in [
        ("crew", "crew"),
        ("yard", "dispatcher"),
        ("officer", "chief"),
    ]
    .into_iter()
    .enumerate()
    {
        let what = sick(&scene, person, DAY, &format!("x{number}"));
        scene.say(by, what);
    }
    for ago in [101 * DAY, -DAY] {
        let what = sick(&scene, "crew", ago, "y");
        assert_eq!(scene.refused("crew", what).rule, Rule::Skew);
    }
    let mut command = scene.command("crew", sick(&scene, "crew", 0, "y"));
    if let H::Entry(E::PersonReportedSick { since, .. }) = &mut command.what {
        *since = "-009998-01-01T00:00:00Z".parse().unwrap();
    }
    assert_eq!(scene.submit(&command).unwrap_err().rule, Rule::Skew);
}

/// One lot that lacks only signatures, under a protocol that asks for two.
fn ready() -> Scene {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.treat(&["w1-1".into()], 1);
    scene.say("crew", stored("w1-1", "yard", 1));
    scene.wait(11 * DAY);
    scene.swab(
        "w1-1",
        "s1",
        lazaret_vocabulary::event::entry::Outcome::Negative,
    );
    scene.wait(4 * DAY);
    scene
}

#[test]
fn a_signature_of_somebody_found_unfit_counts_no_more_at_the_release() {
    let lapse = E::ClearanceLapsed {
        person: PersonName::new("officer"),
        because: "fraud found".into(),
    };
    let dismiss = E::PersonAppointed {
        person: PersonName::new("officer"),
        roles: vec![Role::Crew],
    };
    for cause in [lapse, dismiss] {
        let mut scene = ready();
        scene.say("officer", signed("w1-1", "officer"));
        scene.say("admin", cause);
        let why = |scene: &Scene| -> Refusal {
            let reasons = scene
                .ledger
                .state()
                .why_held(&LotId::new("w1-1"), scene.now);
            reasons.into_iter().last().unwrap()
        };
        assert!(
            why(&scene)
                .fact
                .to_string()
                .starts_with("w1-1 has 0 of 2 signatures; that of officer no longer counts")
        );
        scene.say("chief", signed("w1-1", "chief"));
        assert_eq!(scene.lot("w1-1").stage, Stage::Held);
        assert_eq!(why(&scene).fact.to_string(), "w1-1 has 1 of 2 signatures");
        scene.say("chief2", signed("w1-1", "chief2"));
        assert_eq!(scene.lot("w1-1").stage, Stage::Released);
    }
    // A clearance that merely ran out takes nothing back.
    let mut scene = ready();
    scene.say(
        "admin",
        E::PersonCleared {
            person: PersonName::new("officer"),
            until: after(scene.now, HOUR),
            agents: Vec::new(),
        },
    );
    scene.say("officer", signed("w1-1", "officer"));
    scene.wait(2 * HOUR);
    scene.say("chief", signed("w1-1", "chief"));
    assert_eq!(scene.lot("w1-1").stage, Stage::Released);
}

#[test]
fn a_convoy_that_is_postponed_gets_a_new_date() {
    let mut scene = Scene::open();
    let postponed = |scene: &Scene, convoy: &str, days: i64| E::ConvoyPostponed {
        convoy: ConvoyId::new(convoy),
        due: after(scene.now, days * DAY),
        because: "snow on the line".into(),
    };
    assert_eq!(
        scene.refused("yard", postponed(&scene, "k1", 2)).rule,
        Rule::Known
    );
    scene.say("yard", announced("k1", vec![line("v1")]));
    assert_eq!(
        scene.refused("yard", postponed(&scene, "k1", -1)).rule,
        Rule::Skew
    );
    scene.say("yard", postponed(&scene, "k1", 2));
    let view = scene.ledger.state().manifests().next().unwrap();
    assert_eq!(view.due, Some(after(scene.now, 2 * DAY)));
    scene.say("yard", arrived("k1", &["v1"]));
    assert_eq!(
        scene.refused("yard", postponed(&scene, "k1", 3)).rule,
        Rule::Known
    );
}

#[test]
fn papers_come_again_after_they_were_taken_back() {
    let withheld = E::ManifestWithheld {
        manifest: ManifestId::new("papers"),
        because: "not loaded".into(),
    };
    // Under their own number, under another for the same convoy, and with another convoy.
    for (manifest, convoy) in [("papers", "k1"), ("papers-2", "k1"), ("papers-2", "k2")] {
        let mut scene = Scene::open();
        scene.say("yard", announced("k1", vec![line("v1")]));
        scene.say("yard", withheld.clone());
        scene.say("yard", papers(manifest, convoy, vec![line("v1")]));
        scene.say("yard", arrived(convoy, &["v1"]));
        scene.say("yard", placed("v1", "platform", 1));
        scene.say("yard", unloaded("v1-1", "v1", "general", "platform", 1));
        assert_eq!(open(&scene), Vec::<String>::new(), "{manifest} {convoy}");
    }
    // Once the convoy is here, other papers for it are no second chance.
    let mut scene = with_papers();
    scene.say("yard", withheld);
    let refusal = scene.refused("yard", papers("papers-2", "k1", vec![line("v1")]));
    assert_eq!(refusal.rule, Rule::Known);
}

#[test]
fn what_asks_for_less_needs_a_second_person_and_time() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.arrive_at("k0", "w0", "medicine", 2);
    let weaker = |change: &dyn Fn(&mut Protocol)| {
        let mut next = protocol();
        next.version = 2;
        change(&mut next);
        Box::new(next)
    };
    type Change = fn(&mut Protocol);
    let changes: [Change; 7] = [
        |p| p.treatments.clear(),
        |p| p.treatments[0].contact_s -= 1,
        |p| p.tests.clear(),
        |p| p.tests[0].not_before_s -= 1,
        |p| p.hold = None,
        |p| p.hold.as_mut().unwrap().hold_s -= 1,
        |p| p.signatures = 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let protocol = weaker(&change);
        assert!(
            !scene.ledger.state().weaker_protocol(&protocol).is_empty(),
            "{number}"
        );
        let refusal = scene.refused("chief", E::ProtocolAdopted { protocol });
        assert_eq!(refusal.rule, Rule::Allowed, "{number}: {refusal}");
    }
    // Under another name that speaks more closely of the goods, it is the same.
    let closer = weaker(&|p| {
        p.protocol = lazaret_vocabulary::event::entry::ProtocolName::new("quick");
        p.version = 1;
        p.goods = vec![GoodsName::new("general")];
        p.hold = None;
    });
    assert_eq!(
        scene
            .refused("chief", E::ProtocolAdopted { protocol: closer })
            .rule,
        Rule::Allowed
    );
    // One's own proposal does not count; another's does after a day, for the same text only.
    let empty = weaker(&|p| {
        p.treatments.clear();
        p.hold = None;
        p.tests.clear();
    });
    let adopted = E::ProtocolAdopted {
        protocol: empty.clone(),
    };
    let proposed = E::ProtocolProposed { protocol: empty };
    scene.say("chief", proposed);
    scene.wait(2 * DAY);
    assert_eq!(scene.refused("chief", adopted.clone()).rule, Rule::Allowed);
    let other = weaker(&|p| p.signatures = 1);
    assert_eq!(
        scene
            .refused("admin", E::ProtocolAdopted { protocol: other })
            .rule,
        Rule::Allowed
    );
    scene.say("admin", adopted);
    // The wait is that of the rules in force, and shortening it is itself asking for less.
    let mut lax = rules();
    lax.weaker_after_s = Some(0);
    let adopt = |rules| E::RulesAdopted {
        rules: Box::new(rules),
    };
    assert_eq!(
        scene.refused("admin", adopt(lax.clone())).rule,
        Rule::Allowed
    );
    scene.say(
        "admin",
        E::RulesProposed {
            rules: Box::new(lax.clone()),
        },
    );
    let early = scene.refused("chief", adopt(lax.clone()));
    assert_eq!(early.retry_at, Some(after(scene.now, DAY)));
    scene.wait(DAY);
    scene.say("chief", adopt(lax));
    type Looser = fn(&mut lazaret_vocabulary::event::rules::RuleBook);
    let looser: [Looser; 8] = [
        |r| r.vehicles[0].wash = false,
        |r| r.people.gate = false,
        |r| r.places[3].contact = lazaret_vocabulary::event::rules::Contact::Apart,
        |r| r.mass_tolerance_permille = 500,
        |r| r.goods[2].apart_from.clear(),
        // What is here would go home, or stand, as if nothing had been asked.
        |r| r.vehicles[0].source = SourceName::new("elsewhere"),
        |r| {
            let mut lax = r.vehicles[0].clone();
            lax.source = SourceName::new("elsewhere");
            lax.wash = false;
            r.vehicles.push(lax);
        },
        |r| drop(r.goods.remove(1)),
    ];
    for change in looser {
        let mut less = rules();
        less.weaker_after_s = Some(0);
        change(&mut less);
        assert_eq!(scene.refused("admin", adopt(less)).rule, Rule::Allowed);
    }
    let mut source = rules();
    source.weaker_after_s = Some(0);
    source.vehicles.push(source.vehicles[0].clone());
    source.vehicles[1].source = SourceName::new("elsewhere");
    scene.say("admin", adopt(source));
    // Asking for more needs nobody else.
    let mut more = rules();
    more.weaker_after_s = Some(0);
    more.people.on_shift = true;
    scene.say("admin", adopt(more));
}

#[test]
fn a_mistyped_lot_or_vehicle_is_voided_by_two_people_one_of_them_an_officer() {
    let void = |thing: Thing| E::NameVoided {
        thing,
        because: "read off the wrong line".into(),
    };
    let lot = || void(Thing::Lot(LotId::new("w1-1")));
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.say("crew", lot());
    assert_eq!(scene.refused("crew", lot()).rule, Rule::Known);
    assert_eq!(scene.refused("yard", lot()).rule, Rule::Allowed);
    assert_eq!(scene.lot("w1-1").stage, Stage::Held);
    scene.say("officer", lot());
    assert_eq!(scene.lot("w1-1").stage, Stage::Withdrawn);
    assert_eq!(scene.ledger.state().totals().lots_entered, 0);
    // The goods come off under their own name.
    scene.say("yard", unloaded("w1-9", "w1", "general", "platform", 1));
    // What was treated is here, and cannot be argued away.
    scene.say("yard", stored("w1-9", "warehouse", 1));
    scene.treat(&["w1-9".into()], 1);
    let treated = void(Thing::Lot(LotId::new("w1-9")));
    assert_eq!(scene.refused("officer", treated).rule, Rule::Known);
    // A vehicle: only one that was never opened.
    let vehicle = |name: &str| void(Thing::Vehicle(VehicleId::new(name)));
    assert_eq!(scene.refused("officer", vehicle("w1")).rule, Rule::Known);
    scene.say("yard", arrived("k2", &["w7"]));
    scene.say("yard", vehicle("w7"));
    scene.say("chief", vehicle("w7"));
    let view = scene
        .ledger
        .state()
        .vehicle_view(&VehicleId::new("w7"))
        .unwrap();
    assert!(!view.here);
    scene.say("yard", arrived("k3", &["w7"]));
}

/// Whoever takes the name of the exception that a count will open does not get the count settled with their own.
#[test]
fn nobody_takes_the_name_of_what_the_ledger_will_open() {
    let mut scene = Scene::open();
    scene.say("yard", papers("papers", "k1", vec![line("w1")]));
    scene.say("yard", arrived("k1", &["w1"]));
    scene.say("yard", placed("w1", "platform", 1));
    scene.say("yard", unloaded("w1-1", "w1", "general", "platform", 1));
    let taken = ExceptionId::new(format!("count-{}", scene.records.len() + 2));
    scene.say(
        "officer",
        E::ExceptionOpened {
            exception: taken.clone(),
            lots: vec![LotId::new("w1-1")],
            because: "a torn bag".into(),
        },
    );
    let tally = Tally {
        pieces: 1,
        mass_kg: 1,
    };
    let lot = LotId::new("w1-1");
    let record = scene.say("crew", E::LotCounted { lot, tally });
    assert!(
        format!("{:?}", record.events).contains("DiscrepancyFound"),
        "{record:?}"
    );
    scene.say(
        "chief",
        E::ExceptionClosed {
            exception: taken,
            because: "sewn up".into(),
        },
    );
    assert_eq!(scene.lot("w1-1").exceptions.len(), 1);
}

#[test]
fn a_treatment_ends_where_its_lot_is() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.say("lead", treatment_started("w1-1", 1));
    scene.wait(HOUR);
    assert_eq!(
        scene.refused("lead", treatment_ended("w1-1", 2)).rule,
        Rule::OnePlace
    );
    scene.say("lead", treatment_ended("w1-1", 1));
}

#[test]
fn a_class_that_is_dropped_asks_for_less_where_lots_of_it_are_here() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    let adopt = |rules| E::RulesAdopted {
        rules: Box::new(rules),
    };
    // Acid is kept apart from medicine; none of it is here.
    let mut without = rules();
    without.goods.remove(2);
    scene.say("admin", adopt(without.clone()));
    scene.say("admin", adopt(rules()));
    scene.arrive_at("k2", "w2", "acid", 2);
    assert_eq!(scene.refused("admin", adopt(without)).rule, Rule::Allowed);
}
