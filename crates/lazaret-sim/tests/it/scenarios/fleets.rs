//! Vehicles: fleets, washing, the way home.

use expect_test::expect;

use super::{check, check_only};

fn fleet(rule: &str) -> String {
    format!(
        r#"
[source.r]
every = "2 h"
first = "0 h"
convoy = 3
fleet = 4
travel = "30 min"
{rule}
[place.p]
slots = 9
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[vehicle]
back = "3 h"
"#
    )
}

#[test]
fn a_convoy_waits_for_its_vehicles_and_what_is_due_meanwhile_does_not_run() {
    check(
        "10 h",
        &fleet(""),
        expect![[r#"
        06:00 r-1 sets out with 3
        06:30 r-1 arrives
        06:30 r-1-1 takes a slot in p.1
        06:30 r-1-1 begins to be unloaded
        06:30 r-1-2 takes a slot in p.1
        06:30 r-1-2 begins to be unloaded
        06:30 r-1-3 takes a slot in p.1
        06:30 r-1-3 begins to be unloaded
        07:30 lot r-1-1-1 (general) is off
        07:30 r-1-1-1 is released
        07:30 r-1-1 is empty
        07:30 r-1-1 leaves p.1
        07:30 lot r-1-2-1 (general) is off
        07:30 r-1-2-1 is released
        07:30 r-1-2 is empty
        07:30 r-1-2 leaves p.1
        07:30 lot r-1-3-1 (general) is off
        07:30 r-1-3-1 is released
        07:30 r-1-3 is empty
        07:30 r-1-3 leaves p.1
        07:30 r-1-1 is washed
        07:30 r-1-2 is washed
        07:30 r-1-3 is washed
        07:30 r-1-1 goes home
        07:30 r-1-2 goes home
        07:30 r-1-3 goes home
        10:00 a convoy from r does not run: too few are home at r
        10:30 r-1-1 is home
        10:30 r-1-2 is home
        10:30 r-2 sets out with 3
        10:30 r-1-3 is home
        11:00 r-2 arrives
        11:00 r-2-1 takes a slot in p.1
        11:00 r-2-1 begins to be unloaded
        11:00 r-2-2 takes a slot in p.1
        11:00 r-2-2 begins to be unloaded
        11:00 r-2-3 takes a slot in p.1
        11:00 r-2-3 begins to be unloaded
        12:00 lot r-2-1-1 (general) is off
        12:00 r-2-1-1 is released
        12:00 r-2-1 is empty
        12:00 r-2-1 leaves p.1
        12:00 lot r-2-2-1 (general) is off
        12:00 r-2-2-1 is released
        12:00 r-2-2 is empty
        12:00 r-2-2 leaves p.1
        12:00 lot r-2-3-1 (general) is off
        12:00 r-2-3-1 is released
        12:00 r-2-3 is empty
        12:00 r-2-3 leaves p.1
        12:00 r-2-1 is washed
        12:00 r-2-2 is washed
        12:00 r-2-3 is washed
        12:00 r-2-1 goes home
        12:00 r-2-2 goes home
        12:00 r-2-3 goes home
        14:00 a convoy from r does not run: too few are home at r
        15:00 r-2-1 is home
        15:00 r-2-2 is home
        15:00 r-4 sets out with 3
        15:00 r-2-3 is home
        15:30 r-4 arrives
        15:30 r-4-1 takes a slot in p.1
        15:30 r-4-1 begins to be unloaded
        15:30 r-4-2 takes a slot in p.1
        15:30 r-4-2 begins to be unloaded
        15:30 r-4-3 takes a slot in p.1
        15:30 r-4-3 begins to be unloaded
    "#]],
    );
}

#[test]
fn or_it_goes_with_those_that_are_home() {
    check_only(
        &["sets out", "does not"],
        "10 h",
        &fleet("when_short = \"go_short\""),
        expect![[r#"
            06:00 r-1 sets out with 3
            08:00 r-2 sets out with 1
            10:00 a convoy from r does not run: too few are home at r
            12:00 r-4 sets out with 3
            14:00 r-5 sets out with 1
            16:00 a convoy from r does not run: too few are home at r
        "#]],
    );
}

#[test]
fn vehicles_are_washed_kept_and_sent_home() {
    check(
        "40 h",
        r#"
[source.r]
every = "90 h"
first = "0 h"
convoy = 1
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[vehicle]
wash = "2 h"
return = "quarantine 1 d"
back = "3 h"
"#,
        expect![[r#"
            06:00 r-1 sets out with 1
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-1 begins to be unloaded
            07:00 lot r-1-1-1 (general) is off
            07:00 r-1-1-1 is released
            07:00 r-1-1 is empty
            07:00 r-1-1 leaves p.1
            09:00 r-1-1 is washed
            +1d 09:00 r-1-1 goes home
            +1d 12:00 r-1-1 is home
        "#]],
    );
}

#[test]
fn a_washing_bay_is_a_place_like_others_and_may_hold_up_the_unloading() {
    check_only(
        &["wash", "takes", "leaves", "held", "waits"],
        "8 h",
        r#"
[source.r]
every = "90 h"
first = "0 h"
convoy = 2
[place.p]
slots = 2
[place.bay]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[vehicle]
wash = "2 h"
wash_at = "bay"
"#,
        expect![[r#"
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 takes a slot in p.1
            07:00 r-1-1 leaves p.1
            07:00 r-1-1 takes a slot in bay.1
            07:00 r-1-1 begins wash
            07:00 r-1-2 is held up in p.1: no room in bay
            09:00 r-1-1 is washed
            09:00 r-1-1 leaves bay.1
            09:00 r-1-2 leaves p.1
            09:00 r-1-2 takes a slot in bay.1
            09:00 r-1-2 begins wash
            11:00 r-1-2 is washed
            11:00 r-1-2 leaves bay.1
        "#]],
    );
}

#[test]
fn a_ship_waits_at_anchor_and_its_lots_are_of_several_classes() {
    check(
        "30 h",
        r#"
[goods]
a = { share = 0.5 }
b = { share = 0.5 }
[source.d]
route = "sea"
every = "99 h"
first = "0 h"
convoy = 3
[place.anchorage]
slots = "unlimited"
[place.berth]
slots = 1
[place.y]
slots = 9
[[step]]
id = "anchor"
at = "anchorage"
takes = "12 h"
[[step]]
id = "unload"
at = "berth"
takes = "4 h"
[[step]]
id = "hold"
at = "y"
takes = "6 h"
"#,
        expect![[r#"
            06:00 d-1 sets out with 1
            06:00 d-1 arrives
            06:00 d-1-1 takes a slot in anchorage.1
            06:00 d-1-1 begins anchor
            18:00 d-1-1 ends anchor
            18:00 d-1-1 leaves anchorage.1
            18:00 d-1-1 takes a slot in berth.1
            18:00 d-1-1 begins to be unloaded
            22:00 lot d-1-1-1 (b) is off
            22:00 d-1-1-1 takes a slot in y.1
            22:00 hold of d-1-1-1 begins, until +1d 04:00
            22:00 lot d-1-1-2 (a) is off
            22:00 d-1-1-2 takes a slot in y.1
            22:00 hold of d-1-1-2 begins, until +1d 04:00
            22:00 lot d-1-1-3 (a) is off
            22:00 d-1-1-3 takes a slot in y.1
            22:00 hold of d-1-1-3 begins, until +1d 04:00
            22:00 d-1-1 is empty
            22:00 d-1-1 leaves berth.1
            22:00 d-1-1 is washed
            22:00 d-1-1 goes home
            22:00 d-1-1 is home
            +1d 04:00 hold of d-1-1-1 ends
            +1d 04:00 d-1-1-1 is released
            +1d 04:00 hold of d-1-1-2 ends
            +1d 04:00 d-1-1-2 is released
            +1d 04:00 hold of d-1-1-3 ends
            +1d 04:00 d-1-1-3 is released
        "#]],
    );
}

#[test]
fn a_convoy_that_waited_for_its_vehicles_does_not_leave_a_closed_source() {
    check_only(
        &["sets out", "home", "does not run"],
        "4 d",
        r#"
[source.s]
every = "20 h"
first = "0 h"
fleet = 1
closed = [{ from = 2022-01-03T14:00:00, to = 2022-01-05T06:00:00, why = "holiday" }]
when_closed = "wait"
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[vehicle]
back = "33 h"
"#,
        expect![[r#"
            06:00 s-1 sets out with 1
            07:00 s-1-1 goes home
            +1d 16:00 s-1-1 is home
            +1d 22:00 a convoy from s does not run: closed: holiday
            +2d 06:00 s-2 sets out with 1
            +2d 07:00 s-2-1 goes home
            +3d 14:00 a convoy from s does not run: too few are home at s
            +3d 16:00 s-2-1 is home
            +3d 16:00 s-4 sets out with 1
            +3d 17:00 s-4-1 goes home
        "#]],
    );
    check_only(
        &["sets out", "home", "does not run"],
        "3 d",
        r#"
[source.s]
every = "6 h"
first = "0 h"
fleet = 1
closed = [{ from = 2022-01-03T14:00:00, to = 2022-01-05T06:00:00, why = "holiday" }]
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[vehicle]
back = "9 h"
"#,
        expect![[r#"
            06:00 s-1 sets out with 1
            07:00 s-1-1 goes home
            16:00 s-1-1 is home
            18:00 a convoy from s does not run: closed: holiday
            +1d 00:00 a convoy from s does not run: closed: holiday
            +1d 06:00 a convoy from s does not run: closed: holiday
            +1d 12:00 a convoy from s does not run: closed: holiday
            +1d 18:00 a convoy from s does not run: closed: holiday
            +2d 00:00 a convoy from s does not run: closed: holiday
            +2d 06:00 s-2 sets out with 1
            +2d 07:00 s-2-1 goes home
            +2d 12:00 a convoy from s does not run: too few are home at s
            +2d 16:00 s-2-1 is home
            +2d 16:00 s-9 sets out with 1
            +2d 17:00 s-9-1 goes home
            +3d 00:00 a convoy from s does not run: too few are home at s
            +3d 02:00 s-9-1 is home
            +3d 02:00 s-11 sets out with 1
            +3d 03:00 s-11-1 goes home
        "#]],
    );
}

#[test]
fn a_vehicle_may_be_washed_where_it_stands() {
    check_only(
        &["takes", "empty", "leaves", "washed"],
        "5 h",
        r#"
[source.s]
every = "2 h"
first = "0 h"
[place.platform]
slots = 1
[[step]]
id = "unload"
at = "platform"
takes = "1 h"
[vehicle]
wash = "1 h"
wash_at = "platform"
"#,
        expect![[r#"
            06:00 s-1-1 takes a slot in platform.1
            07:00 s-1-1 is empty
            08:00 s-1-1 is washed
            08:00 s-1-1 leaves platform.1
            08:00 s-2-1 takes a slot in platform.1
            09:00 s-2-1 is empty
            10:00 s-2-1 is washed
            10:00 s-2-1 leaves platform.1
            10:00 s-3-1 takes a slot in platform.1
            11:00 s-3-1 is empty
        "#]],
    );
}

#[test]
fn a_vehicle_that_has_handed_its_slot_over_waits_for_the_wash_without_one() {
    check_only(
        &[
            "takes", "empty", "leaves", "washed", "begins", "waits", "held",
        ],
        "8 h",
        r#"
[source.s]
every = "9 h"
first = "0 h"
[place.hall]
slots = 1
[[step]]
id = "unload"
at = "hall"
takes = "1 h"
[[step]]
id = "spray"
at = "hall"
takes = "2 h"
[vehicle]
wash = "1 h"
wash_at = "hall"
"#,
        expect![[r#"
            06:00 s-1-1 takes a slot in hall.1
            06:00 s-1-1 begins to be unloaded
            07:00 s-1-1 is empty
            07:00 s-1-1 leaves hall.1
            07:00 s-1-1 waits for wash: no room in hall
            07:00 s-1-1-1 takes a slot in hall.1
            07:00 s-1-1-1 begins spray
            09:00 s-1-1 takes a slot in hall.1
            09:00 s-1-1 begins wash
            10:00 s-1-1 is washed
            10:00 s-1-1 leaves hall.1
        "#]],
    );
}

#[test]
fn the_last_lot_goes_before_its_vehicle_into_the_place_where_that_is_washed() {
    // The shed has one slot. At 10:00 the lot leaves its vehicle for it, and the emptied vehicle asks for the same.
    check_only(
        &["shed", "is empty", "is washed"],
        "5 h",
        r#"
[source.r]
every = "150 min"
first = "0 h"
[place.p]
slots = 2
[place.shed]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[[step]]
id = "disinfect"
at = "shed"
takes = "2 h"
[vehicle]
wash = "1 h"
wash_at = "shed"
"#,
        expect![[r#"
            07:00 r-1-1-1 takes a slot in shed.1
            07:00 r-1-1 is empty
            07:00 r-1-1 is held up in p.1: no room in shed
            09:00 r-1-1 takes a slot in shed.1
            09:30 r-2-1-1 is held up in p.1: no room in shed
            10:00 r-1-1 is washed
            10:00 r-1-1 leaves shed.1
            10:00 r-2-1 is empty
            10:00 r-2-1 is held up in p.1: no room in shed
            10:00 r-2-1-1 takes a slot in shed.1
        "#]],
    );
}
