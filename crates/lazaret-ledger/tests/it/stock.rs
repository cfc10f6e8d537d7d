//! Goods that were here before the ledger: what one person states counts once another has witnessed it, and never more.

use jiff::Timestamp;
use lazaret_ledger::{Rule, Stage, look_at_stock};
use lazaret_vocabulary::event::entry::{
    Entry as E, PersonName, Role, SampleId, StockLot, StockTest, StockTreatment, Tally, TestName,
};
use lazaret_vocabulary::event::rules::{ClockFrom, Protocol};
use lazaret_vocabulary::event::{GoodsName, LotId, SourceName, StepName};
use serde_json::json;

use crate::scene::*;

/// As the protocol of the scene, with a treatment that is not judged by readings.
fn plain() -> Protocol {
    let mut plain = protocol();
    plain.treatments[0].agents.clear();
    plain
}

fn scene() -> Scene {
    Scene::with(rules(), vec![plain()])
}

fn ago(days: i64) -> Timestamp {
    after(start(), -days * DAY)
}

/// A lot that came `days` before the ledger, was treated the day after, and is held since.
fn stock(lot: &str, days: i64) -> StockLot {
    let treated = after(ago(days), DAY);
    StockLot {
        lot: LotId::new(lot),
        goods: GoodsName::new("general"),
        source: SourceName::new("dandong"),
        spot: spot("yard", 1),
        tally: Tally {
            pieces: 4,
            mass_kg: 800,
        },
        hazards: Vec::new(),
        arrived: ago(days),
        unloaded: after(ago(days), HOUR),
        treatments: vec![StockTreatment {
            step: StepName::new("disinfect"),
            from: after(treated, -3 * HOUR),
            to: treated,
        }],
        tests: Vec::new(),
        held_from: Some(treated),
    }
}

fn stated(lots: &[StockLot]) -> E {
    E::StockRecorded {
        lots: lots.to_vec(),
    }
}

fn seen(record: u64) -> E {
    E::StockWitnessed { record }
}

fn tested(mut lot: StockLot, sample: &str, days_held: i64) -> StockLot {
    lot.tests.push(StockTest {
        test: TestName::new("swab"),
        sample: SampleId::new(sample),
        taken: after(lot.held_from.unwrap(), days_held * DAY),
    });
    lot
}

#[test]
fn what_was_here_before_counts_once_two_people_say_so() {
    let mut scene = scene();
    let lots = [tested(stock("old-1", 20), "s1", 11), stock("old-2", 5)];
    let record = scene.say("admin", stated(&lots)).seq;
    // Held like anything that comes this moment: untreated, untested, and no clock runs.
    let lot = scene.lot("old-1");
    assert_eq!(
        (lot.stage, lot.treated, lot.clock),
        (Stage::Held, false, None)
    );
    assert_eq!(lot.spot, Some(spot("yard", 1)));
    assert_eq!(
        scene.refused("officer", signed("old-1", "officer")).rule,
        Rule::Treated
    );
    // Nobody is their own witness, and no clerk is one.
    assert_eq!(scene.refused("admin", seen(record)).rule, Rule::Skew);
    assert_eq!(scene.refused("yard", seen(record)).rule, Rule::Allowed);
    assert_eq!(scene.refused("officer", seen(record + 1)).rule, Rule::Known);
    scene.wait(HOUR);
    scene.say("officer", seen(record));
    let lot = scene.lot("old-1");
    assert!(lot.treated && lot.tests_missing.is_empty());
    assert_eq!(lot.clock, Some(after(ago(20), DAY)));
    assert_eq!(lot.earliest, Some(after(ago(20), 15 * DAY)));
    assert_eq!(scene.lot("old-2").earliest, Some(after(ago(5), 15 * DAY)));
    assert_eq!(scene.refused("officer", seen(record)).rule, Rule::Known);
    // The first may be signed for; the second waits, and lacks its test.
    scene.say("officer", signed("old-1", "officer"));
    scene.say("chief", signed("old-1", "chief"));
    assert_eq!(scene.lot("old-1").stage, Stage::Released);
    assert_eq!(
        scene.refused("officer", signed("old-2", "officer")).rule,
        Rule::Tested
    );
    // Goods are here: rules that ask for less need a second person from now on.
    let mut less = plain();
    (less.version, less.signatures) = (2, 1);
    let adopted = E::ProtocolAdopted {
        protocol: Box::new(less),
    };
    assert_eq!(scene.refused("admin", adopted).rule, Rule::Allowed);
}

#[test]
fn what_nobody_witnesses_is_held_from_its_record() {
    let mut hold = plain();
    hold.treatments.clear();
    hold.tests.clear();
    hold.hold.as_mut().unwrap().clock = ClockFrom::Arrival;
    let mut scene = Scene::with(rules(), vec![hold]);
    let mut lot = stock("old-1", 30);
    lot.treatments.clear();
    lot.held_from = Some(lot.unloaded);
    let other = StockLot {
        lot: LotId::new("old-2"),
        held_from: None,
        ..lot.clone()
    };
    let record = scene.say("officer", stated(&[lot, other])).seq;
    for lot in ["old-1", "old-2"] {
        assert_eq!(
            scene.lot(lot).earliest,
            Some(after(start(), 14 * DAY)),
            "{lot}"
        );
    }
    // An ordinary credit does not reach what only the witness of the stock can tell.
    let credit = E::CreditAsked {
        lot: LotId::new("old-1"),
        from: after(start(), -DAY),
        witness: PersonName::new("tester"),
    };
    assert_eq!(scene.refused("officer", credit).rule, Rule::NeverShorter);
    scene.wait(DAY);
    scene.say("chief", seen(record));
    assert!(scene.lot("old-1").earliest.unwrap() < scene.now);
    // Of the second nothing was stated: it counts from its record.
    assert_eq!(scene.lot("old-2").earliest, Some(after(start(), 14 * DAY)));
}

#[test]
fn what_happens_meanwhile_is_not_undone_by_a_witness() {
    let mut scene = scene();
    let lots = ["a", "b", "c", "d"].map(|name| stock(name, 20));
    let record = scene.say("admin", stated(&lots)).seq;
    scene.wait(HOUR);
    let soiled = |lot: &str, name: &str, now| E::ContaminationFound {
        on: lazaret_vocabulary::event::entry::Soiled::Lot(LotId::new(lot)),
        since: now,
        because: "mould".into(),
        exception: lazaret_vocabulary::event::entry::ExceptionId::new(name),
    };
    let now = scene.now;
    scene.say("officer", soiled("a", "x1", now));
    // Back on the dirty side: what was done to it counts for nothing, whoever saw it.
    scene.say("crew", stored("b", "warehouse", 1));
    let part = |lot: &str, pieces, mass_kg| lazaret_vocabulary::event::entry::LotPart {
        lot: LotId::new(lot),
        tally: Tally { pieces, mass_kg },
    };
    scene.say(
        "yard",
        E::LotSplit {
            lot: LotId::new("c"),
            parts: vec![part("c1", 2, 400), part("c2", 2, 400)],
        },
    );
    scene.wait(HOUR);
    scene.say("tester", seen(record));
    assert_eq!(scene.lot("a").clock, Some(now), "its last contact");
    assert!(!scene.lot("b").treated && scene.lot("b").clock.is_none());
    for part in ["c1", "c2"] {
        assert_eq!(scene.lot(part).clock, Some(after(ago(20), DAY)), "{part}");
    }
    assert_eq!(scene.lot("d").clock, Some(after(ago(20), DAY)));
}

#[test]
fn those_who_share_a_clock_count_from_the_latest_of_them() {
    let mut scene = scene();
    let pile = |lot: &str, days| StockLot {
        spot: spot("pile", 1),
        ..stock(lot, days)
    };
    let record = scene
        .say("admin", stated(&[pile("a", 30), pile("b", 10)]))
        .seq;
    scene.say("officer", seen(record));
    for lot in ["a", "b"] {
        assert_eq!(scene.lot(lot).clock, Some(after(ago(10), DAY)), "{lot}");
    }
    // Another joins them: all begin anew, and so does it.
    scene.wait(DAY);
    let record = scene.say("admin", stated(&[pile("c", 30)])).seq;
    let joined = scene.now;
    scene.say("officer", seen(record));
    for lot in ["a", "b", "c"] {
        assert_eq!(scene.lot(lot).clock, Some(joined), "{lot}");
    }
}

#[test]
fn what_cannot_have_been_is_refused_lot_by_lot_and_nothing_is_taken() {
    let mut scene = scene();
    let right = || stock("right", 20);
    let change = |change: &dyn Fn(&mut StockLot)| {
        let mut lot = stock("wrong", 20);
        change(&mut lot);
        lot
    };
    let day = |days: i64| after(start(), days * DAY);
    let cases: Vec<(StockLot, Rule, &str)> = vec![
        (
            change(&|lot| lot.goods = GoodsName::new("gold")),
            Rule::Known,
            "there is no goods class gold",
        ),
        (
            change(&|lot| lot.source = SourceName::new("moon")),
            Rule::Known,
            "there is no source moon",
        ),
        (
            change(&|lot| lot.spot = spot("cellar", 1)),
            Rule::Known,
            "there is no place cellar",
        ),
        (
            change(&|lot| lot.spot = spot("yard", 2)),
            Rule::Known,
            "yard has no unit 2",
        ),
        (
            change(&|lot| lot.unloaded = ago(21)),
            Rule::Known,
            "its unloading at",
        ),
        (
            change(&|lot| (lot.arrived, lot.unloaded) = (day(1), day(2))),
            Rule::Known,
            "the time of this entry",
        ),
        (
            change(&|lot| lot.treatments[0].from = ago(21)),
            Rule::Known,
            "the beginning of disinfect at",
        ),
        (
            change(&|lot| lot.treatments[0].to = ago(21)),
            Rule::Known,
            "the end of disinfect at",
        ),
        (
            change(&|lot| lot.treatments[0].to = day(1)),
            Rule::Known,
            "the time of this entry",
        ),
        (
            change(&|lot| lot.treatments[0].from = after(lot.treatments[0].to, -HOUR)),
            Rule::Treated,
            "took 1 hour",
        ),
        (
            change(&|lot| lot.treatments[0].step = StepName::new("boil")),
            Rule::Known,
            "there is no step boil",
        ),
        (
            change(&|lot| lot.treatments.push(lot.treatments[0].clone())),
            Rule::Known,
            "disinfect twice",
        ),
        (
            change(&|lot| lot.treatments.clear()),
            Rule::OneWay,
            "is not treated",
        ),
        (
            change(&|lot| lot.held_from = Some(after(lot.treatments[0].to, -1))),
            Rule::Known,
            "the beginning of its hold at",
        ),
        (
            change(&|lot| lot.held_from = Some(day(1))),
            Rule::Known,
            "the time of this entry",
        ),
        (
            tested(stock("wrong", 20), "s1", 9),
            Rule::Tested,
            "for swab counts from",
        ),
        (
            tested(stock("wrong", 5), "s1", 11),
            Rule::Known,
            "the time of this entry",
        ),
        (
            change(&|lot| lot.hazards = vec![lazaret_vocabulary::event::entry::Hazard::new("99")]),
            Rule::Known,
            "no class of danger 99",
        ),
        (stock("right", 20), Rule::Known, "right is named twice"),
    ];
    for (wrong, rule, said) in cases {
        let lots = [right(), wrong.clone(), stock("after", 20)];
        let command = scene.command("admin", stated(&lots));
        let now = scene.now;
        let (faults, _) = look_at_stock(scene.ledger.state(), &command, now).unwrap();
        let places: Vec<usize> = faults.iter().map(|(at, _)| *at).collect();
        assert_eq!(places, [1], "{wrong:?}");
        assert!(
            faults[0].1.fact.to_string().contains(said),
            "{said}: {}",
            faults[0].1
        );
        let refusal = scene.refused("admin", stated(&lots));
        assert_eq!(
            (refusal.rule, &refusal.fact),
            (rule, &faults[0].1.fact),
            "{wrong:?}"
        );
        assert!(
            scene
                .ledger
                .state()
                .lot_view(&LotId::new("right"))
                .is_none()
        );
    }
    // Readings cannot be stated in a table.
    let mut with_agents = Scene::open();
    let refusal = with_agents.refused("admin", stated(&[right()]));
    assert!(
        refusal.fact.to_string().contains("judged by its readings"),
        "{refusal}"
    );
    // Room is counted with those of the same table.
    let pile = |nth: usize| StockLot {
        lot: LotId::new(format!("p{nth}")),
        spot: spot("pile", 1),
        ..right()
    };
    let full: Vec<StockLot> = (0..7).map(pile).collect();
    assert_eq!(scene.refused("admin", stated(&full)).rule, Rule::Room);
    // Nor are goods beside each other that must be apart.
    let acid = StockLot {
        goods: GoodsName::new("acid"),
        ..pile(1)
    };
    let medicine = StockLot {
        goods: GoodsName::new("medicine"),
        ..pile(2)
    };
    assert_eq!(
        scene.refused("admin", stated(&[acid, medicine])).rule,
        Rule::Apart
    );
    // What came after the first arrival that was recorded came by the gate.
    scene.say("yard", arrived("k1", &["w1"]));
    scene.wait(2 * DAY);
    let late = change(&|lot| {
        (lot.arrived, lot.unloaded) = (day(1), day(1));
        lot.treatments.clear();
        lot.held_from = None;
        lot.spot = spot("warehouse", 1);
    });
    let refusal = scene.refused("admin", stated(&[late]));
    assert!(
        refusal.fact.to_string().contains("records arrivals since"),
        "{refusal}"
    );
}

#[test]
fn two_who_vouch_are_people_who_may() {
    let mut scene = scene();
    let appoint = |person: &str, roles: Vec<Role>| E::PersonAppointed {
        person: PersonName::new(person),
        roles,
    };
    let lapse = |person: &str| E::ClearanceLapsed {
        person: PersonName::new(person),
        because: "fraud".into(),
    };
    scene.say("admin", appoint("admin2", vec![Role::Administrator]));
    let record = scene.say("admin", stated(&[stock("a", 20)])).seq;
    // Two administrators: no officer has seen it.
    assert_eq!(scene.refused("admin2", seen(record)).rule, Rule::Allowed);
    // An officer who is not cleared, and one who stated it and was found unfit since.
    let other = scene.say("tester", stated(&[stock("b", 20)])).seq;
    scene.say("admin", lapse("tester"));
    assert_eq!(scene.refused("tester", seen(record)).rule, Rule::Cleared);
    assert_eq!(
        scene.refused("tester", stated(&[stock("c", 20)])).rule,
        Rule::Cleared
    );
    assert_eq!(scene.refused("officer", seen(other)).rule, Rule::Cleared);
    assert_eq!(
        scene.refused("yard", stated(&[stock("c", 20)])).rule,
        Rule::Allowed
    );
    scene.say("officer", seen(record));
}

#[test]
fn the_preview_says_what_will_be() {
    let mut scene = scene();
    let pile = |lot: &str, days| StockLot {
        spot: spot("pile", 1),
        ..stock(lot, days)
    };
    let lots = [stock("a", 20), pile("b", 30), pile("c", 3)];
    let command = scene.command("admin", stated(&lots));
    let now = scene.now;
    let (faults, outlook) = look_at_stock(scene.ledger.state(), &command, now).unwrap();
    assert_eq!(faults, Vec::new());
    let record = scene.say("admin", stated(&lots)).seq;
    let dates = |scene: &Scene| ["a", "b", "c"].map(|lot| scene.lot(lot).earliest);
    let alone: Vec<_> = outlook.iter().map(|lot| lot.alone).collect();
    assert_eq!(alone, dates(&scene));
    scene.say("officer", seen(record));
    let witnessed: Vec<_> = outlook.iter().map(|lot| lot.witnessed).collect();
    assert_eq!(witnessed, dates(&scene));
}

#[test]
fn a_forged_credit_is_named() {
    let mut scene = scene();
    let record = scene
        .say("admin", stated(&[tested(stock("a", 20), "s1", 11)]))
        .seq;
    let witnessed = json!({"event": "stock_witnessed", "record": record});
    let credit = |from: Timestamp| json!({"event": "stock_credited", "lot": "a", "treated": ["disinfect"], "tests": ["swab"], "from": from.to_string()});
    let right = after(ago(20), DAY);
    for (by, events, rule) in [
        ("officer", vec![credit(right)], "R1"),
        ("admin", vec![witnessed.clone(), credit(right)], "A10"),
        ("yard", vec![witnessed.clone(), credit(right)], "R1"),
        (
            "officer",
            vec![witnessed.clone(), credit(after(right, -1))],
            "G4",
        ),
        (
            "officer",
            vec![json!({"event": "stock_witnessed", "record": record + 1})],
            "K1",
        ),
        (
            "officer",
            vec![
                witnessed.clone(),
                json!({"event": "stock_credited", "lot": "a", "from": right.to_string()}),
            ],
            "G3a",
        ),
        (
            "officer",
            vec![
                witnessed.clone(),
                json!({"event": "stock_credited", "lot": "a", "treated": ["boil"]}),
            ],
            "G3a",
        ),
    ] {
        let finding = crate::crafted::appended(&scene, by, &events);
        assert_eq!(finding.rule, rule, "{by} {events:?}: {finding}");
    }
    // What was stated itself cannot be made up either.
    let mut lot = serde_json::to_value(stock("b", 20)).unwrap();
    lot["held_from"] = json!(after(ago(20), -DAY).to_string());
    let made = json!({"event": "stock_recorded", "lots": [lot]});
    let finding = crate::crafted::appended(&scene, "admin", &[made]);
    assert_eq!(finding.rule, "G4", "{finding}");
}
