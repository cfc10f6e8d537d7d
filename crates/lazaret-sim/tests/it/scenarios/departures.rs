//! Departures.

use expect_test::expect;
use lazaret_sim::{Replication, Silent, Tell, World};
use lazaret_vocabulary::time::GateTime;

use super::{check_only, figures, read};

fn departures(rule: &str) -> String {
    format!(
        r#"
[goods]
food = {{ priority = 1 }}
rest = {{}}
[source.a]
every = "60 h"
first = "0 h"
convoy = 3
goods = "rest"
[source.b]
every = "60 h"
first = "1 h"
convoy = 1
goods = "food"
[place.p]
slots = 9
[place.y]
slots = 9
[[step]]
id = "unload"
at = "p"
[[step]]
id = "hold"
at = "y"
takes = "2 h"
[[step]]
id = "dispatch"
at = "y"
every = "2 h"
{rule}
"#
    )
}

const WORDS: &[&str] = &["released", "is loaded", "depart", "does not"];

#[test]
fn a_departure_takes_the_greater_priority_then_who_was_ready_first() {
    check_only(
        WORDS,
        "9 h",
        &departures("takes_up_to = 2"),
        expect![[r#"
            08:00 a-1-1-1 is released
            08:00 a-1-2-1 is released
            08:00 a-1-3-1 is released
            08:00 a-1-1-1 is loaded on dispatch-1
            08:00 a-1-2-1 is loaded on dispatch-1
            08:00 dispatch-1 departs with 2
            09:00 b-1-1-1 is released
            10:00 b-1-1-1 is loaded on dispatch-2
            10:00 a-1-3-1 is loaded on dispatch-2
            10:00 dispatch-2 departs with 2
        "#]],
    );
}

#[test]
fn without_enough_it_does_not_leave() {
    check_only(
        WORDS,
        "9 h",
        &departures("at_least = 4"),
        expect![[r#"
            08:00 a-1-1-1 is released
            08:00 a-1-2-1 is released
            08:00 a-1-3-1 is released
            08:00 dispatch does not leave: 3 of at least 4
            09:00 b-1-1-1 is released
            10:00 b-1-1-1 is loaded on dispatch-2
            10:00 a-1-1-1 is loaded on dispatch-2
            10:00 a-1-2-1 is loaded on dispatch-2
            10:00 a-1-3-1 is loaded on dispatch-2
            10:00 dispatch-2 departs with 4
        "#]],
    );
}

#[test]
fn departures_without_any_lot_are_neither_made_nor_cancelled() {
    figures(
        &[
            "dispatch.dispatch.departures",
            "dispatch.dispatch.load.mean",
            "dispatch.dispatch.cancelled",
        ],
        "20 h",
        &departures("at_least = 4"),
        expect![[r#"
            dispatch.dispatch.departures = 1
            dispatch.dispatch.load.mean = 4
            dispatch.dispatch.cancelled = 1
        "#]],
    );
}

#[test]
fn a_hold_that_ends_at_the_instant_of_departure_is_over() {
    check_only(
        &["hold", "depart"],
        "5 h",
        &departures("first = \"2 h\""),
        expect![[r#"
            06:00 hold of a-1-1-1 begins, until 08:00
            06:00 hold of a-1-2-1 begins, until 08:00
            06:00 hold of a-1-3-1 begins, until 08:00
            07:00 hold of b-1-1-1 begins, until 09:00
            08:00 hold of a-1-1-1 ends
            08:00 hold of a-1-2-1 ends
            08:00 hold of a-1-3-1 ends
            08:00 dispatch-1 departs with 3
            09:00 hold of b-1-1-1 ends
            10:00 dispatch-2 departs with 1
        "#]],
    );
}

#[test]
fn released_lots_keep_their_slots_and_wait_without_blocking() {
    figures(
        &[
            "place.y.occupancy.mean",
            "place.y.blocked",
            "step.hold.blocked.mean",
            "step.dispatch.wait.mean",
        ],
        "8 h",
        &departures("first = \"7 h\""),
        expect![[r#"
            place.y.occupancy.mean = 3.375
            place.y.blocked = 0
            step.hold.blocked.mean = 0
            step.dispatch.wait.mean = 4.75
        "#]],
    );
}

#[test]
fn departures_by_a_timetable() {
    check_only(
        &["depart"],
        "50 h",
        &departures("").replace(
            "every = \"2 h\"",
            "timetable = { days = \"Tue\", times = [\"05:00\"] }",
        ),
        expect![[r#"
            +1d 05:00 dispatch-1 departs with 4
        "#]],
    );
}

#[test]
fn lots_without_a_dispatch_leave_after_their_last_step() {
    check_only(
        &["released", "depart"],
        "5 h",
        &departures("").replace(
            "[[step]]\nid = \"dispatch\"\nat = \"y\"\nevery = \"2 h\"\n",
            "",
        ),
        expect![[r#"
            08:00 a-1-1-1 is released
            08:00 a-1-2-1 is released
            08:00 a-1-3-1 is released
            09:00 b-1-1-1 is released
        "#]],
    );
}

#[test]
fn holds_that_ended_in_the_warm_up_do_not_count_after_it() {
    // The hold ends at 08:00 and the departure looks at 20:00; statistics start at noon in between.
    let (_, model) = read(
        "1 d",
        r#"
[source.r]
every = "40 h"
first = "0 h"
[place.p]
slots = 1
[place.y]
slots = 1
[[step]]
id = "unload"
at = "p"
[[step]]
id = "hold"
at = "y"
takes = "2 h"
[[step]]
id = "dispatch"
at = "y"
every = "14 h"
"#,
    );
    let at = model.metrics().position("step.hold.blocked.mean").unwrap();
    let mut told = World::new(&model, Tell(|_| ()));
    let mut quiet = World::new(&model, Silent);
    let mut after = |hours: i64| {
        let warm = GateTime::from_micros(hours * 3_600_000_000);
        let told = told.run(Replication::new(1, 0), warm).unwrap().values[at];
        let quiet = quiet.run(Replication::new(1, 0), warm).unwrap().values[at];
        [told, quiet]
    };
    assert!(after(6).iter().all(|mean| mean.is_nan()));
    // One that ends in the instant at which the warm-up does counts.
    assert_eq!(after(2), [0.0, 0.0]);
}

#[test]
fn a_lot_is_ready_to_depart_when_it_has_its_slot_there() {
    // The lot of `a` is unloaded at 08:00 and waits for room until 10:30, so those of `b`, whose hold ends at 10:00, go first.
    check_only(
        &["loaded", "takes a slot in y", "hold of"],
        "1 d",
        r#"
[source.a]
every = "40 h"
first = "2 h"
[source.b]
every = "40 h"
first = "0 h"
convoy = 2
[place.p]
slots = 2
[place.y]
slots = 2
[[step]]
id = "unload"
at = "p"
[[step]]
id = "hold"
at = "y"
takes = "4 h"
sources = "b"
[[step]]
id = "dispatch"
at = "y"
every = "270 min"
takes_up_to = 1
"#,
        expect![[r#"
            06:00 b-1-1 begins to be unloaded
            06:00 b-1-1-1 takes a slot in y.1
            06:00 hold of b-1-1-1 begins, until 10:00
            06:00 b-1-2 begins to be unloaded
            06:00 b-1-2-1 takes a slot in y.1
            06:00 hold of b-1-2-1 begins, until 10:00
            08:00 a-1-1 begins to be unloaded
            10:00 hold of b-1-1-1 ends
            10:00 hold of b-1-2-1 ends
            10:30 b-1-1-1 is loaded on dispatch-1
            10:30 a-1-1-1 takes a slot in y.1
            15:00 b-1-2-1 is loaded on dispatch-2
            19:30 a-1-1-1 is loaded on dispatch-3
        "#]],
    );
}
