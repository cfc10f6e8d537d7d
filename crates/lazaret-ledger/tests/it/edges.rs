//! The edges of rules: each of these faults was once planted in `decide` and noticed by nobody.

use lazaret_ledger::{Refusal, Rule, Stage, Warning};
use lazaret_vocabulary::event::Happening as H;
use lazaret_vocabulary::event::entry::{
    Entry as E, ExceptionId, Hazard, LotPart, ManifestId, ManifestLine, Outcome, PersonName, Role,
    Soiled, Tally,
};
use lazaret_vocabulary::event::rules::{ClockFrom, HoldRule, InspectionRule, TestRule};
use lazaret_vocabulary::event::{
    DepartureId, Finding, LotId, PlaceName, SourceName, StepName, VehicleId,
};

use crate::scene::*;

fn person(name: &str) -> PersonName {
    PersonName::new(name)
}

fn cleared(name: &str, until: jiff::Timestamp) -> E {
    E::PersonCleared {
        person: person(name),
        until,
        agents: Vec::new(),
    }
}

#[test]
fn where_shifts_are_kept_who_is_off_shift_begins_nothing() {
    let mut book = rules();
    book.people.on_shift = true;
    let mut scene = Scene::with(book, vec![protocol()]);
    scene.say(
        "yard",
        E::PersonShiftStarted {
            person: person("yard"),
        },
    );
    let lots = scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored(&lots[0], "warehouse", 1));
    let refusal = scene.refused("lead", treatment_started(&lots[0], 1));
    assert_eq!(refusal.rule, Rule::Cleared);
    assert!(
        refusal.fact.to_string().contains("not on shift"),
        "{}",
        refusal.fact.to_string()
    );
    scene.say(
        "lead",
        E::PersonShiftStarted {
            person: person("lead"),
        },
    );
    scene.say("lead", treatment_started(&lots[0], 1));
}

#[test]
fn nobody_clears_themselves_and_no_clearance_ends_before_it_begins() {
    let mut scene = Scene::open();
    let until = after(scene.now, DAY);
    assert_eq!(
        scene.refused("admin", cleared("admin", until)).rule,
        Rule::Cleared
    );
    let now = scene.now;
    assert_eq!(
        scene.refused("admin", cleared("lead", now)).rule,
        Rule::Cleared
    );
    scene.say("admin", cleared("lead", after(now, 1)));
}

#[test]
fn rest_is_as_long_as_the_rules_say() {
    let mut scene = Scene::open();
    scene.say(
        "lead",
        E::PersonShiftStarted {
            person: person("lead"),
        },
    );
    scene.say(
        "lead",
        E::PersonShiftEnded {
            person: person("lead"),
        },
    );
    scene.wait(8 * HOUR - 1);
    let refusal = scene.refused(
        "lead",
        E::PersonShiftStarted {
            person: person("lead"),
        },
    );
    assert_eq!(refusal.rule, Rule::Cleared);
    scene.wait(1);
    scene.say(
        "lead",
        E::PersonShiftStarted {
            person: person("lead"),
        },
    );
}

#[test]
fn what_was_handled_at_the_very_instant_of_falling_sick_is_stopped() {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1"], "general");
    scene.wait(HOUR);
    scene.say("yard", stored(&lots[0], "warehouse", 1));
    let since = scene.now;
    let exception = ExceptionId::new("sick");
    scene.say(
        "officer",
        E::PersonReportedSick {
            person: person("yard"),
            since,
            exception: exception.clone(),
        },
    );
    assert_eq!(scene.lot(&lots[0]).exceptions, [exception]);
}

#[test]
fn a_lot_announced_on_one_vehicle_does_not_come_off_another() {
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("w1"), line("w2")]));
    scene.say("yard", arrived("k1", &["w1", "w2"]));
    scene.say("yard", placed("w1", "platform", 1));
    let other = unloaded("w2-1", "w1", "general", "platform", 1);
    assert_eq!(scene.refused("yard", other).rule, Rule::OnePlace);
    scene.say("yard", unloaded("w1-1", "w1", "general", "platform", 1));
}

#[test]
fn rules_and_protocols_that_make_no_sense_are_refused() {
    let mut scene = Scene::empty();
    let adopt = |rules| E::RulesAdopted {
        rules: Box::new(rules),
    };
    let mut none = rules();
    none.places[0].units = Some(0);
    assert_eq!(scene.refused("admin", adopt(none)).rule, Rule::Known);

    let mut scene = Scene::open();
    let adopt = |change: &dyn Fn(&mut lazaret_vocabulary::event::rules::Protocol)| {
        let mut next = protocol();
        next.version = 2;
        change(&mut next);
        E::ProtocolAdopted {
            protocol: Box::new(next),
        }
    };
    let overlap = adopt(&|p| p.treatments[0].agents[0].bands[0].below_mc = 15_001);
    assert!(
        scene
            .refused("admin", overlap)
            .fact
            .to_string()
            .contains("overlap")
    );
    let empty = adopt(&|p| p.treatments[0].agents[0].bands[0].below_mc = 5_000);
    assert!(
        scene
            .refused("admin", empty)
            .fact
            .to_string()
            .contains("empty")
    );
    let many = adopt(&|p| {
        p.inspections = (0..17)
            .map(|n| InspectionRule {
                step: StepName::new(format!("look{n}")),
                again: Default::default(),
            })
            .collect();
    });
    assert!(
        scene
            .refused("admin", many)
            .fact
            .to_string()
            .contains("more than 16")
    );
    let tests = |count: usize| {
        adopt(&move |p| {
            p.tests.extend((0..count).map(|n| TestRule {
                test: lazaret_vocabulary::event::entry::TestName::new(format!("t{n}")),
                not_before_s: 0,
            }));
        })
    };
    assert!(
        scene
            .refused("admin", tests(32))
            .fact
            .to_string()
            .contains("more than 32")
    );
    scene.say("admin", tests(31));
}

#[test]
fn a_clock_has_run_when_it_has_and_not_a_microsecond_before() {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored(&lots[0], "warehouse", 1));
    scene.treat(&lots, 1);
    let until = scene.lot(&lots[0]).earliest.unwrap();
    let ended = H::HoldEnded {
        lot: LotId::new(lots[0].as_str()),
        step: StepName::new("hold"),
    };
    let restarted = |until| H::HoldRestarted {
        lot: LotId::new(lots[0].as_str()),
        step: StepName::new("hold"),
        until,
        because: "seen again".into(),
    };
    let micro = jiff::SignedDuration::from_micros(1);
    assert_eq!(
        scene.refused("officer", restarted(until - micro)).rule,
        Rule::NeverShorter
    );
    scene.now = until - micro;
    assert_eq!(scene.refused("officer", ended.clone()).rule, Rule::ClockRun);
    scene.now = until;
    scene.say("officer", ended);
}

#[test]
fn only_who_is_alone_in_clearing_people_clears_themselves() {
    let mut scene = Scene::empty();
    scene.say(
        "admin",
        E::RulesAdopted {
            rules: Box::new(rules()),
        },
    );
    let appointed = |name, role| E::PersonAppointed {
        person: person(name),
        roles: vec![role],
    };
    scene.say("admin", appointed("admin", Role::Administrator));
    scene.say("admin", appointed("yard", Role::YardMaster));
    let until = after(scene.now, DAY);
    scene.say("admin", cleared("admin", until));
    scene.say("admin", appointed("officer", Role::QuarantineOfficer));
    let refusal = scene.refused("admin", cleared("admin", until));
    assert_eq!(refusal.rule, Rule::Cleared);
    assert_eq!(refusal.fact.to_string(), "admin would clear themselves");
}

#[test]
fn what_has_left_is_called_back_when_its_handler_falls_sick() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.release("w1-1", 1);
    scene.say("dispatcher", loaded("w1-1", "d1"));
    scene.say("dispatcher", departed("d1", 1));
    assert_eq!(scene.lot("w1-1").stage, Stage::Departed);
    let record = scene.say(
        "officer",
        E::PersonReportedSick {
            person: person("crew"),
            since: start(),
            exception: ExceptionId::new("sick"),
        },
    );
    let recalled = record.events.iter().any(|event| {
        matches!(&event.happening, H::Entry(E::LotRecalled { lot, .. }) if lot.as_str() == "w1-1")
    });
    assert!(recalled, "{:?}", record.events);
}

/// Held for a fortnight, with a clock that counts from `clock`, and nothing to be tested.
fn clocked(clock: ClockFrom) -> lazaret_vocabulary::event::rules::Protocol {
    let mut book = protocol();
    book.tests.clear();
    book.hold = book.hold.map(|hold| HoldRule { clock, ..hold });
    book
}

fn restarted(until: jiff::Timestamp) -> H {
    H::HoldRestarted {
        lot: LotId::new("w1-1"),
        step: StepName::new("hold"),
        until,
        because: "touched".into(),
    }
}

#[test]
fn no_hold_counts_from_before_the_last_contact() {
    // The wait counts from the beginning of the treatment, and the contact is in the midst of it.
    let clock = ClockFrom::StepStart(StepName::new("disinfect"));
    let mut scene = Scene::with(rules(), vec![clocked(clock)]);
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.say("lead", treatment_started("w1-1", 1));
    scene.say("lead", dosed("w1-1", "peroxide"));
    let mut contact = scene.now;
    for hour in 0..=3 {
        let now = scene.now;
        scene.say("lead", read("w1-1", now, 300, 20_000));
        if hour == 1 {
            contact = now;
            scene.say("officer", restarted(now));
        }
        if hour < 3 {
            scene.wait(HOUR);
        }
    }
    let record = scene.say("lead", treatment_ended("w1-1", 1));
    let begins = record
        .events
        .iter()
        .find_map(|event| match event.happening {
            H::HoldStarted { until, .. } => Some((event.at, until)),
            _ => None,
        });
    assert_eq!(begins, Some((contact, after(contact, 14 * DAY))));
    assert_eq!(scene.lot("w1-1").clock, Some(contact));
}

#[test]
fn a_hold_that_somebody_begins_counts_from_now_whatever_their_device_says() {
    let mut book = clocked(ClockFrom::StepEnd(StepName::new("look")));
    book.treatments.clear();
    let mut scene = Scene::with(rules(), vec![book]);
    scene.arrive("k1", &["w1"], "general");
    // The device is a minute ahead, as it may be: the contact was now all the same.
    let mut command = scene.command("officer", restarted(scene.now));
    command.at = after(scene.now, 60);
    scene.submit(&command).unwrap();
    let started = |until| H::HoldStarted {
        lot: LotId::new("w1-1"),
        step: StepName::new("hold"),
        until,
    };
    let least = after(scene.now, 14 * DAY);
    let refusal = scene.refused("officer", started(after(least, -1)));
    assert_eq!(refusal.rule, Rule::NeverShorter);
    scene.say("officer", started(least));
    assert_eq!(scene.lot("w1-1").earliest, Some(least));
}

#[test]
fn a_convoy_arrives_once_and_each_of_its_vehicles_once() {
    let mut scene = Scene::open();
    let refusal = scene.refused("yard", arrived("k1", &["w1", "w1"]));
    assert_eq!(refusal.fact.to_string(), "vehicle w1 is named twice");
    scene.say("yard", arrived("k1", &["w1"]));
    let refusal = scene.refused("yard", arrived("k1", &["w2"]));
    assert_eq!(
        refusal.fact.to_string(),
        "the arrival of k1 is already recorded"
    );
    let refusal = scene.refused("yard", arrived("k2", &["w1"]));
    assert_eq!(refusal.fact.to_string(), "vehicle w1 is already here");
    scene.say("yard", arrived("k2", &["w2"]));
}

/// What is said of a command whose author has seen no warning.
fn warned(scene: &mut Scene, by: &str, what: impl Into<H>) -> Option<Refusal> {
    let command = scene.command(by, what);
    scene.submit(&command).err()
}

#[test]
fn papers_that_were_withheld_are_no_papers() {
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("w1")]));
    scene.say(
        "yard",
        E::ManifestWithheld {
            manifest: ManifestId::new("papers"),
            because: "wrong train".into(),
        },
    );
    let refusal = warned(&mut scene, "yard", arrived("k1", &["w1"])).unwrap();
    assert_eq!(refusal.fact.to_string(), "no papers announced k1");
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("w1")]));
    assert_eq!(warned(&mut scene, "yard", arrived("k1", &["w1"])), None);
}

#[test]
fn wagons_of_one_train_separate_but_are_no_compartment_between() {
    // Class 5.1 must be separated from class 3, class 4.1 need not be, class 8 must be kept away from class 4.1, and
    // class 6.2 must have a compartment between.
    let together = |first: &str, hazard: &str, wagons: [Option<&str>; 2]| {
        let mut book = rules();
        book.places[0].units = Some(3);
        let mut scene = Scene::with(book, vec![protocol()]);
        let line = |vehicle, hazard: &str| ManifestLine {
            hazards: vec![Hazard::new(hazard)],
            ..line(vehicle)
        };
        scene.say(
            "yard",
            announced("k1", vec![line("w1", first), line("w2", hazard)]),
        );
        scene.say("yard", arrived("k1", &["w1", "w2"]));
        for (vehicle, unit) in [("w1", 1), ("w2", 3)] {
            let lot = format!("{vehicle}-1");
            scene.say("yard", placed(vehicle, "platform", unit));
            scene.say("yard", unloaded(&lot, vehicle, "general", "platform", unit));
        }
        let aboard = |lot: &str, wagon: Option<&str>| H::LotLoaded {
            lot: LotId::new(lot),
            departure: DepartureId::new("d1"),
            wagon: wagon.map(VehicleId::new),
        };
        scene.release("w1-1", 1);
        scene.say("dispatcher", aboard("w1-1", wagons[0]));
        scene.release("w2-1", 3);
        warned(&mut scene, "dispatcher", aboard("w2-1", wagons[1]))
    };
    let apart = [Some("t1"), Some("t2")];
    assert_eq!(together("3", "5.1", apart), None);
    assert_eq!(together("3", "4.1", [None, None]), None);
    assert_eq!(together("4.1", "8", apart), None);
    // In one wagon, however its mark is written, they are not separated.
    let refusal = together("3", "5.1", [Some("T 1"), Some("t-1")]).unwrap();
    assert_eq!(
        (refusal.warning, refusal.fact.to_string().as_str()),
        (
            None,
            "w1-1 (class 3) is in that wagon, and class 5.1 must be separated from it"
        )
    );
    let refusal = together("4.1", "8", [Some("t1"), Some("t1")]).unwrap();
    assert_eq!(refusal.warning, Some(Warning::Near));
    // Where nobody wrote down the wagons, somebody must say that they looked.
    for wagons in [[None, None], [Some("t1"), None], [None, Some("t1")]] {
        let refusal = together("3", "5.1", wagons).unwrap();
        assert_eq!(refusal.warning, Some(Warning::Near));
        assert_eq!(
            refusal.fact.to_string(),
            "w1-1 (class 3) must be in another wagon than w2-1 (class 5.1); it is not recorded which wagons they are in"
        );
    }
    let refusal = together("3", "6.2", apart).unwrap();
    assert_eq!((refusal.rule, refusal.warning), (Rule::Apart, None));
    assert!(
        refusal.fact.to_string().contains("whole compartment"),
        "{}",
        refusal.fact.to_string()
    );
}

#[test]
fn a_train_leaves_with_as_many_lots_as_are_said() {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1", "w2"], "general");
    for lot in &lots {
        scene.release(lot, 1);
        scene.say("dispatcher", loaded(lot, "d1"));
    }
    for wrong in [1, 3] {
        let refusal = scene.refused("dispatcher", departed("d1", wrong));
        assert_eq!(refusal.rule, Rule::Conserved);
    }
    scene.say("dispatcher", departed("d1", 2));
}

#[test]
fn nothing_is_home_that_has_not_left() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    let vehicle = || VehicleId::new("w1");
    let home = || H::VehicleReturned {
        vehicle: vehicle(),
        source: SourceName::new("dandong"),
    };
    assert_eq!(scene.refused("yard", home()).rule, Rule::OnePlace);
    scene.say("yard", H::VehicleEmptied { vehicle: vehicle() });
    scene.say("lead", H::VehicleWashed { vehicle: vehicle() });
    scene.wait(3 * HOUR);
    scene.say("yard", H::VehicleReleased { vehicle: vehicle() });
    scene.say("yard", home());
}

#[test]
fn a_mass_differs_beyond_the_tolerance_and_not_at_it() {
    for (found, differs) in [(995, false), (1_005, false), (994, true), (1_006, true)] {
        let mut scene = Scene::open();
        let mut heavy = line("w1");
        heavy.tally.mass_kg = 1_000;
        scene.say("yard", announced("k1", vec![heavy]));
        let lots = scene.arrive("k1", &["w1"], "general");
        scene.say(
            "yard",
            E::LotCounted {
                lot: LotId::new(lots[0].as_str()),
                tally: Tally {
                    pieces: 1,
                    mass_kg: found,
                },
            },
        );
        assert_eq!(scene.lot(&lots[0]).exceptions.len(), usize::from(differs));
    }
}

#[test]
fn one_part_is_no_split() {
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("w1")]));
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    let refusal = scene.refused(
        "crew",
        E::LotSplit {
            lot: LotId::new("w1-1"),
            parts: vec![LotPart {
                lot: LotId::new("a"),
                tally: line("w1").tally,
            }],
        },
    );
    assert_eq!(refusal.fact.to_string(), "w1-1 would become 1 parts");
}

#[test]
fn seals_are_compared_and_not_counted() {
    let mut scene = Scene::open();
    let mut sealed = line("w1");
    sealed.seals = vec!["A1".into(), "A2".into()];
    scene.say("yard", announced("k1", vec![sealed]));
    scene.say("yard", arrived("k1", &["w1"]));
    let checked = |seals: [&str; 2]| E::VehicleChecked {
        vehicle: VehicleId::new("w1"),
        mark: "w1".into(),
        seals: seals.map(String::from).to_vec(),
    };
    let refusal = warned(&mut scene, "yard", checked(["A1", "B2"])).unwrap();
    assert_eq!(
        refusal.fact.to_string(),
        "the papers list the seals A1, A2; found were A1, B2"
    );
    // In whatever order they hang.
    assert_eq!(warned(&mut scene, "yard", checked(["A2", "A1"])), None);
}

#[test]
fn nothing_is_read_of_a_treatment_before_it_begins() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.wait(HOUR);
    scene.say("lead", treatment_started("w1-1", 1));
    let began = scene.now;
    let refusal = scene.refused("lead", read("w1-1", after(began, -1), 300, 20_000));
    assert_eq!(refusal.rule, Rule::Treated);
    scene.say("lead", read("w1-1", began, 300, 20_000));
}

#[test]
fn papers_are_not_amended_to_name_what_has_left() {
    let mut scene = Scene::open();
    scene.say("yard", announced("k1", vec![line("w1")]));
    scene.arrive("k1", &["w1"], "general");
    let amended = || E::ManifestAmended {
        manifest: ManifestId::new("papers"),
        lines: vec![line("w1")],
        because: "written again".into(),
    };
    scene.say("yard", amended());
    scene.release("w1-1", 1);
    scene.say("dispatcher", loaded("w1-1", "d1"));
    scene.say("dispatcher", departed("d1", 1));
    let refusal = scene.refused("yard", amended());
    assert_eq!(refusal.rule, Rule::OnePlace);
    assert_eq!(
        refusal.fact.to_string(),
        "vehicle w1, lot w1-1: that lot is known from elsewhere"
    );
}

#[test]
fn who_fell_ill_handled_what_a_late_entry_says_too() {
    // Handled twice, and the earlier time is entered last: the other lot was beside it only then.
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1", "w2"], "general");
    scene.say("yard", stored(&lots[0], "warehouse", 1));
    scene.say("yard", stored(&lots[1], "warehouse", 1));
    let early = scene.now;
    scene.wait(HOUR);
    scene.say("yard", stored(&lots[1], "platform", 1));
    scene.wait(DAY);
    let count = |lot: &str| E::LotCounted {
        lot: LotId::new(lot),
        tally: Tally {
            pieces: 1,
            mass_kg: 10,
        },
    };
    scene.say("crew", count("w1-1"));
    let mut late = scene.command("crew", count("w1-1"));
    late.at = early;
    scene.submit(&late).unwrap();
    scene.say(
        "yard",
        E::PersonReportedSick {
            person: person("crew"),
            since: early,
            exception: ExceptionId::new("ill"),
        },
    );
    for lot in ["w1-1", "w2-1"] {
        assert_eq!(scene.lot(lot).exceptions.len(), 1, "{lot}");
    }
}

/// Whoever signs, a lot that failed its inspection goes nowhere but back or into the fire.
#[test]
fn what_failed_its_inspection_goes_back_or_is_destroyed() {
    let found = |finding| H::LotInspected {
        lot: LotId::new("w1-1"),
        step: StepName::new("look"),
        finding,
    };
    let mut scene = crate::crafted::held(15);
    scene.say("tester", found(Finding::Fail));
    let refusal = scene.refused("officer", signed("w1-1", "officer"));
    assert_eq!(refusal.rule, Rule::Decided);
    scene.say("tester", found(Finding::Destroy));
    let lot = LotId::new("w1-1");
    let back = scene.refused("officer", H::LotSentBack { lot });
    assert_eq!(back.rule, Rule::Decided);
}

#[test]
fn what_is_gone_or_never_came_leaves_by_no_way() {
    let mut scene = crate::crafted::held(15);
    let destroyed = |lot: &str| H::LotDestroyed {
        lot: LotId::new(lot),
    };
    scene.say("chief", destroyed("w1-1"));
    let again = scene.refused("chief", destroyed("w1-1"));
    assert_eq!(again.rule, Rule::OnePlace);
    let lot = LotId::new("w1-1");
    let back = scene.refused("officer", H::LotSentBack { lot });
    assert_eq!(back.rule, Rule::OnePlace);
    scene.say("yard", announced("k9", vec![line("w9")]));
    assert_eq!(scene.refused("chief", destroyed("w9-1")).rule, Rule::Known);
}

/// A lot on its way to another place neither waits there yet nor touches anybody there.
#[test]
fn what_is_sent_starts_and_touches_nothing_before_it_has_come() {
    let sent = |lot: &str, place: &str| H::LotSent {
        lot: LotId::new(lot),
        spot: spot(place, 1),
    };
    let events = |record: &lazaret_ledger::Record| -> Vec<&'static str> {
        record.events.iter().map(|e| e.happening.name()).collect()
    };
    let mut protocol = protocol();
    protocol.hold.as_mut().unwrap().clock = ClockFrom::Stored(PlaceName::new("yard"));
    let mut scene = Scene::with(rules(), vec![protocol]);
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.treat(&["w1-1".into()], 1);
    let record = scene.say("crew", sent("w1-1", "yard"));
    assert_eq!(events(&record), ["lot_sent"]);
    assert_eq!(scene.lot("w1-1").clock, None);
    scene.wait(DAY);
    let record = scene.say("crew", stored("w1-1", "yard", 1));
    assert_eq!(events(&record), ["lot_stored", "hold_started"]);
    assert_eq!(scene.lot("w1-1").clock, Some(scene.now));

    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1", "w2"], "general");
    for (unit, lot) in (1..).zip(&lots) {
        scene.say("yard", stored(lot, "warehouse", unit));
    }
    scene.treat(&lots[..1], 1);
    scene.say("crew", stored("w1-1", "pile", 1));
    let clean = scene.lot("w1-1").clock;
    scene.wait(DAY);
    scene.treat(&lots[1..], 2);
    let record = scene.say("crew", sent("w2-1", "pile"));
    assert_eq!(events(&record), ["lot_sent"]);
    assert_eq!(scene.lot("w1-1").clock, clean);
    scene.wait(HOUR);
    let record = scene.say("crew", stored("w2-1", "pile", 1));
    assert_eq!(events(&record), ["lot_stored", "hold_restarted"]);
    assert_eq!(scene.lot("w1-1").clock, Some(scene.now));
    let lines = crate::crafted::chained(&mut crate::crafted::records_of(&scene));
    assert_eq!(crate::crafted::judged(&lines), Ok(()));
}

/// Where lots share a clock, one that left a moment ago still counts while its place is infectious.
#[test]
fn who_comes_within_the_tail_of_a_later_clock_waits_anew() {
    let joined_after = |wait: i64| {
        let mut book = rules();
        book.places[3].tail_s = HOUR as u64;
        let mut scene = Scene::with(book, vec![protocol()]);
        let lots = scene.arrive("k1", &["w1", "w2"], "general");
        for (unit, lot) in (1..).zip(&lots) {
            scene.say("yard", stored(lot, "warehouse", unit));
        }
        scene.treat(&lots[..1], 1);
        scene.wait(DAY);
        scene.treat(&lots[1..], 2);
        scene.say("crew", stored("w2-1", "pile", 1));
        scene.say("crew", stored("w2-1", "yard", 1));
        scene.wait(wait);
        let record = scene.say("crew", stored("w1-1", "pile", 1));
        let restarts =
            |e: &lazaret_vocabulary::event::Event| e.happening.name() == "hold_restarted";
        record.events.iter().any(restarts)
    };
    assert!(joined_after(HOUR - 60));
    assert!(!joined_after(HOUR + 60));
}

/// What was destroyed after its release cannot be called back.
#[test]
fn what_was_destroyed_is_not_called_back() {
    let mut scene = Scene::open();
    let lots = scene.arrive("k1", &["w1", "w2"], "general");
    for lot in &lots {
        scene.say("yard", stored(lot, "warehouse", 1));
    }
    scene.treat(&lots, 1);
    for lot in &lots {
        scene.say("crew", stored(lot, "yard", 1));
    }
    scene.wait(11 * DAY);
    for lot in &lots {
        scene.swab(lot, &format!("s-{lot}"), Outcome::Negative);
    }
    scene.wait(4 * DAY);
    for lot in &lots {
        scene.say("officer", signed(lot, "officer"));
        scene.say("chief", signed(lot, "chief"));
    }
    let lot = LotId::new("w2-1");
    scene.say("chief", H::LotDestroyed { lot });
    let found = E::ContaminationFound {
        on: Soiled::Unit(PlaceName::new("warehouse"), 1),
        since: after(scene.now, -15 * DAY),
        because: "droppings".into(),
        exception: ExceptionId::new("x1"),
    };
    let record = scene.say("officer", found);
    let recalled: Vec<String> = (record.events.iter())
        .filter_map(|event| match &event.happening {
            H::Entry(E::LotRecalled { lot, .. }) => Some(lot.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(recalled, ["w1-1"]);
}

/// Whatever touches a lot with a later clock waits anew: seen together, or joined in a pile.
#[test]
fn whoever_touches_a_later_clock_waits_anew() {
    let begin = || {
        let mut scene = Scene::open();
        scene.arrive("k1", &["w1", "w2"], "general");
        for lot in ["w1-1", "w2-1"] {
            scene.say("yard", stored(lot, "warehouse", 1));
            scene.treat(&[lot.into()], 1);
            scene.say("crew", stored(lot, "yard", 1));
            scene.wait(2 * DAY);
        }
        scene
    };
    let restarted = |record: &lazaret_ledger::Record| -> Vec<String> {
        let lots = record
            .events
            .iter()
            .filter_map(|event| match &event.happening {
                H::HoldRestarted { lot, .. } => Some(lot.to_string()),
                _ => None,
            });
        lots.collect()
    };
    let mut scene = begin();
    let seen = scene.say(
        "crew",
        E::ContactSeen {
            lots: ["w1-1", "w2-1"].map(LotId::new).to_vec(),
            because: "a torn bag".into(),
        },
    );
    assert_eq!(restarted(&seen), ["w1-1"]);
    let mut scene = begin();
    scene.say("crew", stored("w2-1", "pile", 1));
    let joined = scene.say("crew", stored("w1-1", "pile", 1));
    assert_eq!(restarted(&joined), ["w1-1"]);
    let mut scene = begin();
    scene.say("crew", stored("w1-1", "pile", 1));
    let joined = scene.say("crew", stored("w2-1", "pile", 1));
    assert_eq!(restarted(&joined), ["w1-1"]);
}

/// A lot that is sent back to the dirty side waits anew from when it has come, not from when it was sent.
#[test]
fn what_is_sent_back_to_the_dirty_side_waits_anew_from_its_arrival_there() {
    let mut protocol = protocol();
    protocol.treatments.clear();
    protocol.hold.as_mut().unwrap().clock = ClockFrom::Arrival;
    let mut scene = Scene::with(rules(), vec![protocol]);
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.say("crew", stored("w1-1", "yard", 1));
    scene.wait(3 * DAY);
    let back = H::LotSent {
        lot: LotId::new("w1-1"),
        spot: spot("warehouse", 1),
    };
    let record = scene.say("crew", back);
    let names = |record: &lazaret_ledger::Record| -> Vec<&'static str> {
        record.events.iter().map(|e| e.happening.name()).collect()
    };
    assert!(!names(&record).contains(&"hold_started"), "{record:?}");
    assert_eq!(scene.lot("w1-1").clock, None);
    scene.wait(DAY);
    let record = scene.say("yard", stored("w1-1", "warehouse", 1));
    assert_eq!(names(&record), ["lot_stored", "hold_started"]);
    assert_eq!(scene.lot("w1-1").clock, Some(scene.now));
    let lines = crate::crafted::chained(&mut crate::crafted::records_of(&scene));
    assert_eq!(crate::crafted::judged(&lines), Ok(()));
}
