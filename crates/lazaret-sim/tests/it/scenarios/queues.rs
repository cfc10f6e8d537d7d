//! Who goes first, and who holds up whom.

use expect_test::expect;

use super::{check, check_only, figures};

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
