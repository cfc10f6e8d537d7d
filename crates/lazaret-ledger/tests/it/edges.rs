//! The edges of rules: each of these faults was once planted in `decide` and noticed by nobody.

use lazaret_gateway::event::Happening as H;
use lazaret_gateway::event::entry::{Entry as E, ExceptionId, PersonName};
use lazaret_gateway::event::rules::{InspectionRule, TestRule};
use lazaret_gateway::event::{LotId, StepName};
use lazaret_ledger::Rule;

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
    assert!(refusal.fact.contains("not on shift"), "{}", refusal.fact);
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
        "auditor",
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
    let adopt = |change: &dyn Fn(&mut lazaret_gateway::event::rules::Protocol)| {
        let mut next = protocol();
        next.version = 2;
        change(&mut next);
        E::ProtocolAdopted {
            protocol: Box::new(next),
        }
    };
    let overlap = adopt(&|p| p.treatments[0].agents[0].bands[0].below_mc = 15_001);
    assert!(scene.refused("admin", overlap).fact.contains("overlap"));
    let empty = adopt(&|p| p.treatments[0].agents[0].bands[0].below_mc = 5_000);
    assert!(scene.refused("admin", empty).fact.contains("empty"));
    let many = adopt(&|p| {
        p.inspections = (0..17)
            .map(|n| InspectionRule {
                step: StepName::new(format!("look{n}")),
                again: Default::default(),
            })
            .collect();
    });
    assert!(scene.refused("admin", many).fact.contains("more than 16"));
    let tests = |count: usize| {
        adopt(&move |p| {
            p.tests.extend((0..count).map(|n| TestRule {
                test: lazaret_gateway::event::entry::TestName::new(format!("t{n}")),
                not_before_s: 0,
            }));
        })
    };
    assert!(
        scene
            .refused("admin", tests(32))
            .fact
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
