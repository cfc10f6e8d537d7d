//! Who goes first, and who holds up whom.

use expect_test::expect;

use super::{check, check_only, figures, values};

#[test]
fn a_train_waits_while_the_only_platform_is_taken() {
    check(
        "4 h",
        r#"
[source.r]
every = "30 min"
first = "0 h"
convoy = 1
closed = [{ from = 2022-01-03T06:31:00, to = 2022-01-04T00:00:00 }]
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            06:00 r-1 sets out with 1
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-1 begins to be unloaded
            06:30 r-2 sets out with 1
            06:30 r-2 arrives
            06:30 r-2-1 waits for unload: no room in p
            07:00 lot r-1-1-1 (general) is off
            07:00 r-1-1-1 is released
            07:00 r-1-1 is empty
            07:00 r-1-1 leaves p.1
            07:00 r-2-1 takes a slot in p.1
            07:00 r-2-1 begins to be unloaded
            07:00 r-1-1 is washed
            07:00 r-1-1 goes home
            07:00 r-1-1 is home
            07:00 a convoy from r does not run: closed: 
            07:30 a convoy from r does not run: closed: 
            08:00 lot r-2-1-1 (general) is off
            08:00 r-2-1-1 is released
            08:00 r-2-1 is empty
            08:00 r-2-1 leaves p.1
            08:00 r-2-1 is washed
            08:00 r-2-1 goes home
            08:00 r-2-1 is home
            08:00 a convoy from r does not run: closed: 
            08:30 a convoy from r does not run: closed: 
            09:00 a convoy from r does not run: closed: 
            09:30 a convoy from r does not run: closed: 
            10:00 a convoy from r does not run: closed: 
        "#]],
    );
}

#[test]
fn vehicles_of_one_convoy_go_in_their_order() {
    check_only(
        &["takes", "waits"],
        "3 h",
        r#"
[source.r]
every = "9 h"
first = "0 h"
convoy = 3
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 waits for unload: no room in p
            06:00 r-1-3 waits for unload: no room in p
            07:00 r-1-2 takes a slot in p.1
            08:00 r-1-3 takes a slot in p.1
        "#]],
    );
}

#[test]
fn the_greater_priority_goes_first_but_interrupts_nobody() {
    check_only(
        &["arrives", "takes", "waits"],
        "5 h",
        r#"
[goods]
food = { priority = 1 }
rest = {}
[source.a]
every = "20 h"
first = "0 h"
convoy = 2
goods = "rest"
[source.b]
every = "20 h"
first = "30 min"
convoy = 1
goods = "food"
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            06:00 a-1 arrives
            06:00 a-1-1 takes a slot in p.1
            06:00 a-1-2 waits for unload: no room in p
            06:30 b-1 arrives
            06:30 b-1-1 waits for unload: no room in p
            07:00 b-1-1 takes a slot in p.1
            08:00 a-1-2 takes a slot in p.1
        "#]],
    );
}

const LINE: &str = r#"
[source.r]
every = "9 h"
first = "0 h"
convoy = 3
[place.p]
slots = 1
[place.w]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[[step]]
id = "disinfect"
at = "w"
takes = "3 h"
"#;

#[test]
fn who_is_done_and_finds_no_room_keeps_its_slot() {
    check(
        "6 h",
        LINE,
        expect![[r#"
        06:00 r-1 sets out with 3
        06:00 r-1 arrives
        06:00 r-1-1 takes a slot in p.1
        06:00 r-1-1 begins to be unloaded
        06:00 r-1-2 waits for unload: no room in p
        06:00 r-1-3 waits for unload: no room in p
        07:00 lot r-1-1-1 (general) is off
        07:00 r-1-1-1 takes a slot in w.1
        07:00 r-1-1-1 begins disinfect
        07:00 r-1-1 is empty
        07:00 r-1-1 leaves p.1
        07:00 r-1-2 takes a slot in p.1
        07:00 r-1-2 begins to be unloaded
        07:00 r-1-1 is washed
        07:00 r-1-1 goes home
        07:00 r-1-1 is home
        08:00 lot r-1-2-1 (general) is off
        08:00 r-1-2-1 is held up in p.1: no room in w
        10:00 r-1-1-1 ends disinfect
        10:00 r-1-1-1 is released
        10:00 r-1-2 is empty
        10:00 r-1-2 leaves p.1
        10:00 r-1-2-1 takes a slot in w.1
        10:00 r-1-2-1 begins disinfect
        10:00 r-1-3 takes a slot in p.1
        10:00 r-1-3 begins to be unloaded
        10:00 r-1-2 is washed
        10:00 r-1-2 goes home
        10:00 r-1-2 is home
        11:00 lot r-1-3-1 (general) is off
        11:00 r-1-3-1 is held up in p.1: no room in w
    "#]],
    );
    // The vehicle stands two hours longer than its unloading took, and the third waits for it.
    figures(
        &[
            "step.unload.blocked.mean",
            "place.p.blocked",
            "place.p.utilisation",
            "step.unload.wait.mean",
        ],
        "6 h",
        LINE,
        expect![[r#"
            step.unload.blocked.mean = 0.6666666666666666
            place.p.blocked = 0.5
            place.p.utilisation = 1
            step.unload.wait.mean = 1.6666666666666667
        "#]],
    );
}

#[test]
fn an_unlimited_buffer_takes_them_in() {
    check_only(
        &["leaves", "waits", "held", "begins"],
        "6 h",
        &LINE.replace("[place.w]\n", "[place.w]\nbuffer = \"unlimited\"\n"),
        expect![[r#"
            06:00 r-1-1 begins to be unloaded
            06:00 r-1-2 waits for unload: no room in p
            06:00 r-1-3 waits for unload: no room in p
            07:00 r-1-1-1 begins disinfect
            07:00 r-1-1 leaves p.1
            07:00 r-1-2 begins to be unloaded
            08:00 r-1-2-1 waits for disinfect: no room in w
            08:00 r-1-2 leaves p.1
            08:00 r-1-3 begins to be unloaded
            09:00 r-1-3-1 waits for disinfect: no room in w
            09:00 r-1-3 leaves p.1
            10:00 r-1-2-1 begins disinfect
        "#]],
    );
}

#[test]
fn a_vehicle_stays_until_its_last_lot_has_room() {
    check(
        "5 h",
        &LINE.replace("convoy = 3", "convoy = 1\nlots = 2"),
        expect![[r#"
            06:00 r-1 sets out with 1
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-1 begins to be unloaded
            07:00 lot r-1-1-1 (general) is off
            07:00 r-1-1-1 takes a slot in w.1
            07:00 r-1-1-1 begins disinfect
            07:00 lot r-1-1-2 (general) is off
            07:00 r-1-1-2 is held up in p.1: no room in w
            10:00 r-1-1-1 ends disinfect
            10:00 r-1-1-1 is released
            10:00 r-1-1 is empty
            10:00 r-1-1 leaves p.1
            10:00 r-1-1-2 takes a slot in w.1
            10:00 r-1-1-2 begins disinfect
            10:00 r-1-1 is washed
            10:00 r-1-1 goes home
            10:00 r-1-1 is home
        "#]],
    );
}

#[test]
fn lots_unloaded_one_by_one_share_the_vehicle_and_the_crane() {
    check(
        "5 h",
        r#"
[source.r]
every = "9 h"
first = "0 h"
convoy = 1
lots = 3
[place.p]
slots = 1
[place.w]
slots = 9
[equipment.crane]
count = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
each = "lot"
needs = { crane = 1 }
[[step]]
id = "disinfect"
at = "w"
takes = "30 min"
"#,
        expect![[r#"
            06:00 r-1 sets out with 1
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-1 begins to be unloaded
            06:00 r-1-1-2 waits for unload: no crane is free
            06:00 r-1-1-3 waits for unload: no crane is free
            07:00 lot r-1-1-1 (general) is off
            07:00 r-1-1-1 takes a slot in w.1
            07:00 r-1-1-1 begins disinfect
            07:30 r-1-1-1 ends disinfect
            07:30 r-1-1-1 is released
            08:00 lot r-1-1-2 (general) is off
            08:00 r-1-1-2 takes a slot in w.1
            08:00 r-1-1-2 begins disinfect
            08:30 r-1-1-2 ends disinfect
            08:30 r-1-1-2 is released
            09:00 lot r-1-1-3 (general) is off
            09:00 r-1-1 is empty
            09:00 r-1-1 leaves p.1
            09:00 r-1-1-3 takes a slot in w.1
            09:00 r-1-1-3 begins disinfect
            09:00 r-1-1 is washed
            09:00 r-1-1 goes home
            09:00 r-1-1 is home
            09:30 r-1-1-3 ends disinfect
            09:30 r-1-1-3 is released
        "#]],
    );
}

#[test]
fn a_slot_freed_at_an_instant_is_seen_by_the_train_of_that_instant() {
    check_only(
        &["arrives", "takes", "waits", "leaves"],
        "4 h",
        r#"
[source.r]
every = "1 h"
first = "0 h"
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            07:00 r-1-1 leaves p.1
            07:00 r-2 arrives
            07:00 r-2-1 takes a slot in p.1
            08:00 r-2-1 leaves p.1
            08:00 r-3 arrives
            08:00 r-3-1 takes a slot in p.1
            09:00 r-3-1 leaves p.1
            09:00 r-4 arrives
            09:00 r-4-1 takes a slot in p.1
            10:00 r-4-1 leaves p.1
            10:00 r-5 arrives
            10:00 r-5-1 takes a slot in p.1
        "#]],
    );
}

#[test]
fn the_last_instant_still_counts() {
    figures(
        &["lots.dispatched", "lots.in_gateway"],
        "2 h",
        r#"
[source.r]
every = "1 h"
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            lots.dispatched = 1
            lots.in_gateway = 1
        "#]],
    );
}

#[test]
fn steps_in_one_place_need_no_new_slot_and_other_classes_pass_them_by() {
    check_only(
        &["begins", "ends", "takes"],
        "9 h",
        r#"
[goods]
a = {}
b = {}
[source.x]
every = "20 h"
first = "0 h"
goods = "a"
[source.y]
every = "20 h"
first = "0 h"
goods = "b"
[place.p]
slots = 9
[place.w]
slots = 2
[[step]]
id = "unload"
at = "p"
[[step]]
id = "spray"
at = "w"
takes = "1 h"
[[step]]
id = "air"
at = "w"
takes = "2 h"
goods = "a"
"#,
        expect![[r#"
            06:00 x-1-1 takes a slot in p.1
            06:00 x-1-1 begins to be unloaded
            06:00 x-1-1-1 takes a slot in w.1
            06:00 x-1-1-1 begins spray
            06:00 y-1-1 takes a slot in p.1
            06:00 y-1-1 begins to be unloaded
            06:00 y-1-1-1 takes a slot in w.1
            06:00 y-1-1-1 begins spray
            07:00 x-1-1-1 ends spray
            07:00 x-1-1-1 begins air
            07:00 y-1-1-1 ends spray
            09:00 x-1-1-1 ends air
        "#]],
    );
}

#[test]
fn the_last_lot_takes_over_the_slot_of_its_vehicle() {
    let toml = |lots: u32, slots: u32, each: &str| {
        format!(
            r#"
[source.s]
every = "2 h"
first = "0 h"
lots = {lots}
[place.hall]
slots = {slots}
[[step]]
id = "unload"
at = "hall"
takes = "1 h"
{each}
[[step]]
id = "spray"
at = "hall"
takes = "1 h"
"#
        )
    };
    check_only(
        &["takes", "leaves", "begins", "ends", "held"],
        "4 h",
        &toml(1, 1, ""),
        expect![[r#"
            06:00 s-1-1 takes a slot in hall.1
            06:00 s-1-1 begins to be unloaded
            07:00 s-1-1 leaves hall.1
            07:00 s-1-1-1 takes a slot in hall.1
            07:00 s-1-1-1 begins spray
            08:00 s-1-1-1 ends spray
            08:00 s-2-1 takes a slot in hall.1
            08:00 s-2-1 begins to be unloaded
            09:00 s-2-1 leaves hall.1
            09:00 s-2-1-1 takes a slot in hall.1
            09:00 s-2-1-1 begins spray
            10:00 s-2-1-1 ends spray
            10:00 s-3-1 takes a slot in hall.1
            10:00 s-3-1 begins to be unloaded
        "#]],
    );
    // The first of two needs a slot besides that of the vehicle.
    check_only(
        &["takes", "leaves", "begins", "ends", "held"],
        "4 h",
        &toml(2, 2, ""),
        expect![[r#"
            06:00 s-1-1 takes a slot in hall.1
            06:00 s-1-1 begins to be unloaded
            07:00 s-1-1-1 takes a slot in hall.1
            07:00 s-1-1-1 begins spray
            07:00 s-1-1 leaves hall.1
            07:00 s-1-1-2 takes a slot in hall.1
            07:00 s-1-1-2 begins spray
            08:00 s-1-1-1 ends spray
            08:00 s-1-1-2 ends spray
            08:00 s-2-1 takes a slot in hall.1
            08:00 s-2-1 begins to be unloaded
            09:00 s-2-1-1 takes a slot in hall.1
            09:00 s-2-1-1 begins spray
            09:00 s-2-1 leaves hall.1
            09:00 s-2-1-2 takes a slot in hall.1
            09:00 s-2-1-2 begins spray
            10:00 s-2-1-1 ends spray
            10:00 s-2-1-2 ends spray
            10:00 s-3-1 takes a slot in hall.1
            10:00 s-3-1 begins to be unloaded
        "#]],
    );
    for each in ["", "each = \"lot\""] {
        let values = values("20 d", &toml(1, 1, each));
        assert_eq!(values["lots.dispatched"], 240.0);
        assert_eq!(values["place.hall.occupancy.max"], 1.0);
        assert_eq!(values["place.hall.blocked"], 0.0);
    }
}

#[test]
fn the_last_lot_does_not_wait_for_those_who_were_there_before() {
    // It waits in the queue of the hall behind the next vehicle until the lot before it has found room elsewhere.
    check_only(
        &["takes", "leaves", "begins", "ends", "held", "waits"],
        "7 h",
        r#"
[goods]
a = {}
b = {}
[source.s]
route = "sea"
every = "99 h"
first = "0 h"
convoy = 2
goods = { a = 0.5, b = 0.5 }
[source.t]
every = "99 h"
first = "30 min"
goods = "a"
[place.hall]
slots = 1
zone = "dirty -> clean"
[place.shed]
slots = 1
zone = "clean"
closed = [{ from = 2022-01-03T00:00:00, to = 2022-01-03T09:00:00 }]
[[step]]
id = "unload"
at = "hall"
takes = "1 h"
[[step]]
id = "spray"
at = "hall"
takes = "1 h"
goods = "a"
[[step]]
id = "dry"
at = "shed"
takes = "1 h"
goods = "b"
"#,
        expect![[r#"
            06:00 s-1-1 takes a slot in hall.1
            06:00 s-1-1 begins to be unloaded
            06:30 t-1-1 waits for unload: no room in hall
            07:00 s-1-1-1 is held up in hall.1: no room in hall
            07:00 s-1-1-2 is held up in hall.1: shed is closed
            09:00 s-1-1-2 takes a slot in shed.1
            09:00 s-1-1-2 begins dry
            09:00 s-1-1 leaves hall.1
            09:00 s-1-1-1 takes a slot in hall.1
            09:00 s-1-1-1 begins spray
            10:00 s-1-1-2 ends dry
            10:00 s-1-1-1 ends spray
            10:00 t-1-1 takes a slot in hall.1
            10:00 t-1-1 begins to be unloaded
            11:00 t-1-1 leaves hall.1
            11:00 t-1-1-1 takes a slot in hall.1
            11:00 t-1-1-1 begins spray
            12:00 t-1-1-1 ends spray
        "#]],
    );
}

fn one_by_one(at_once: &str) -> String {
    format!(
        r#"
[source.r]
every = "99 h"
first = "0 h"
lots = 4
[place.p]
slots = 1
[place.w]
slots = 9
[[step]]
id = "unload"
at = "p"
takes = "1 h"
each = "lot"
{at_once}
[[step]]
id = "disinfect"
at = "w"
takes = "30 min"
"#
    )
}

#[test]
fn at_once_limits_how_many_lots_of_a_vehicle_are_worked_on() {
    for (at_once, stays) in [
        ("at_once = 1", 4.0),
        ("at_once = 2", 2.0),
        ("at_once = 3", 2.0),
        ("at_once = 4", 1.0),
        ("", 1.0),
    ] {
        let values = values("9 h", &one_by_one(at_once));
        assert_eq!(values["vehicle.stay.mean"], stays, "{at_once}");
        // A lot is ready when its turn comes.
        assert_eq!(values["step.unload.wait.mean"], 0.0);
        assert_eq!(values["step.unload.started"], 4.0);
    }
    check_only(
        &["off", "empty"],
        "9 h",
        &one_by_one("at_once = 3"),
        expect![[r#"
            07:00 lot r-1-1-1 (general) is off
            07:00 lot r-1-1-2 (general) is off
            07:00 lot r-1-1-3 (general) is off
            08:00 lot r-1-1-4 (general) is off
            08:00 r-1-1 is empty
        "#]],
    );
}

#[test]
fn a_lot_whose_work_rests_keeps_its_turn() {
    let toml = one_by_one("at_once = 1\ncrew = \"gang\"");
    let values = values(
        "30 h",
        &format!("{toml}\n[crew.gang]\ncount = 2\nshift = \"06:00-08:30\"\n"),
    );
    assert_eq!(values["vehicle.stay.mean"], 25.5);
}

#[test]
fn blocking_is_booked_on_the_step_done_last() {
    let gate = r#"
[source.s]
every = "8 h"
convoy = 2
[place.gate]
slots = 1
[place.dock]
slots = 1
[[step]]
id = "check"
at = "gate"
does = "handle"
takes = "1 h"
[[step]]
id = "unload"
at = "dock"
takes = "2 h"
"#;
    let of_gate = values("16 h", gate);
    assert_eq!(of_gate["step.check.blocked.mean"], 0.5);
    assert_eq!(of_gate["step.unload.blocked.mean"], 0.0);
    // The second lot stands in the shed when the first is sent back to it.
    let again = r#"
[source.s]
every = "99 d"
first = "0 h"
convoy = 2
[place.dock]
slots = 1
[place.shed]
slots = 1
buffer = "none"
[place.hall]
slots = 2
[[step]]
id = "unload"
at = "dock"
takes = "1 h"
[[step]]
id = "spray"
at = "shed"
takes = "3 h"
[[step]]
id = "inspect"
at = "hall"
takes = "2 h"
again = { share = 1, from = "spray", at_most = 1 }
"#;
    let of_again = values("3 d", again);
    // The first is found wanting at 12:00 and has room from 13:00 on; the second at 15:00, and has room from 16:00 on. The second
    // vehicle is unloaded at 08:00, and its lot goes at 10:00.
    assert_eq!(of_again["step.inspect.blocked.mean"], 0.5);
    assert_eq!(of_again["step.unload.blocked.mean"], 1.0);
    assert_eq!(of_again["step.spray.blocked.mean"], 0.0);
}

#[test]
fn a_vehicle_is_blocked_once_all_its_lots_are_off() {
    let toml = r#"
[source.s]
every = "999 h"
first = "0 h"
lots = 3
[place.p]
slots = 1
[place.w]
slots = 1
closed = [{ from = 2022-01-03T06:00:00, to = 2022-01-03T10:00:00 }]
[equipment.crane]
count = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
each = "lot"
needs = { crane = 1 }
[[step]]
id = "treat"
at = "w"
takes = "30 min"
"#;
    // The last is off at 09:00; the lots go at 10:00, 10:30 and 11:00.
    assert_eq!(values("10 h", toml)["place.p.blocked"], 0.2);
    let open = toml.replace("T10:00:00", "T07:06:00");
    assert_eq!(values("10 h", &open)["place.p.blocked"], 0.0);
}

#[test]
fn only_those_without_a_first_slot_wait_outside() {
    let values = values(
        "10 d",
        r#"
[source.s]
every = "1 d"
first = "0 h"
convoy = 12
[place.gate]
slots = 12
[place.dock]
slots = 1
buffer = "unlimited"
[[step]]
id = "check"
at = "gate"
takes = "1 h"
does = "handle"
[[step]]
id = "unload"
at = "dock"
takes = "1 h"
"#,
    );
    assert_eq!(values["source.s.waiting.max"], 0.0);
    assert_eq!(values["step.unload.wait.no_room.mean"], 5.5);
}

#[test]
fn parts_of_a_wait_sum_to_it() {
    let toml = r#"
[source.s]
every = "13 h"
convoy = 2
[place.p]
slots = 1
[place.w]
slots = 2
shift = "06:00-18:00"
[crew.c]
count = 3
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[[step]]
id = "treat"
at = "w"
takes = "8 h"
needs = { c = 2 }
"#;
    figures(
        &[
            "step.treat.wait.mean",
            "step.treat.wait.no_room.mean",
            "step.treat.wait.closed.mean",
            "step.treat.wait.no_resource.mean",
        ],
        "4 d",
        toml,
        expect![[r#"
            step.treat.wait.mean = 21.6
            step.treat.wait.no_room.mean = 3.8
            step.treat.wait.closed.mean = 11.6
            step.treat.wait.no_resource.mean = 6.2
        "#]],
    );
    let of_always = values("31 h", &toml.replace("shift = \"06:00-18:00\"\n", ""));
    let parts = ["no_room", "closed", "segregated", "no_resource"];
    let sum: f64 = parts
        .iter()
        .map(|part| of_always[&format!("step.treat.wait.{part}.mean")])
        .sum();
    assert!((sum - of_always["step.treat.wait.mean"]).abs() < 1e-12);
}
