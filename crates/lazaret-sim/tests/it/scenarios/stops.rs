//! What comes to a stop.

use expect_test::expect;

use super::check_only;

#[test]
fn places_that_wait_for_each_other_are_a_deadlock() {
    // Lots found wanting go back to the warehouse, which is full of lots that wait to be inspected.
    check_only(
        &["deadlock", "held", "at the end", "again"],
        "3 d",
        r#"
[source.r]
every = "2 h"
first = "0 h"
convoy = 2
[place.p]
slots = 2
[place.w]
slots = 1
[place.i]
slots = 1
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "1 h"
[[step]]
id = "inspect"
at = "i"
takes = "1 h"
pass = 0
again = { share = 1, from = "disinfect", at_most = 9 }
"#,
        expect![[r#"
            06:00 r-1-2-1 is held up in p.1: no room in w
            08:00 r-1-1-1 inspect: again
            08:00 r-1-1-1 is held up in i.1: no room in w
            08:00 r-1-2-1 is held up in w.1: no room in i
            08:00 deadlock: w -> i
            08:00 r-2-1-1 is held up in p.1: no room in w
            08:00 r-2-2-1 is held up in p.1: no room in w
            at the end 52 of unload still wait since 10:00: no room in p
            at the end 3 of disinfect still wait since 08:00: no room in w
            at the end 1 of inspect still wait since 08:00: no room in i
        "#]],
    );
}

#[test]
fn a_wait_that_nothing_can_end_is_a_standstill() {
    check_only(
        &["at the end", "begins"],
        "3 d",
        r#"
[source.r]
every = "30 h"
first = "0 h"
[place.p]
slots = 2
crew = "gang"
[crew.gang]
count = 1
from = [{ date = 2022-01-03T07:00:00, count = 0 }]
[[step]]
id = "unload"
at = "p"
takes = "30 min"
"#,
        expect![[r#"
            06:00 r-1-1 begins to be unloaded
            at the end 1 of unload still wait since +1d 12:00: no gang is free
        "#]],
    );
}

#[test]
fn a_low_priority_may_starve() {
    check_only(
        &["at the end"],
        "3 d",
        r#"
[goods]
food = { priority = 1 }
rest = {}
[source.a]
every = "90 h"
first = "30 min"
goods = "rest"
[source.b]
every = "1 h"
first = "0 h"
convoy = 2
goods = "food"
[place.p]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            at the end 1 of unload still wait since 06:30: no room in p, and were overtaken
        "#]],
    );
}

#[test]
fn a_place_that_waits_for_itself_is_a_deadlock() {
    for each in ["", "each = \"lot\"", "each = \"lot\"\nat_once = 1"] {
        let told = super::trace(
            "3 d",
            &format!(
                r#"
[source.s]
every = "1 d"
first = "0 h"
convoy = 2
lots = 2
[place.hall]
slots = 2
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
            ),
        );
        let found = if each.contains("at_once") {
            "08:00"
        } else {
            "07:00"
        };
        assert!(
            told.contains(&format!("{found} deadlock: hall\n")),
            "{told}"
        );
    }
}

#[test]
fn a_place_that_is_still_to_grow_is_no_deadlock_yet() {
    check_only(
        &["deadlock", "held", "has"],
        "3 d",
        r#"
[source.s]
every = "1 d"
first = "0 h"
lots = 2
[place.hall]
slots = 1
from = [{ date = 2022-01-03T09:00:00, slots = 2 }]
[[step]]
id = "unload"
at = "hall"
takes = "1 h"
[[step]]
id = "spray"
at = "hall"
takes = "20 h"
"#,
        expect![[r#"
            07:00 s-1-1-1 is held up in hall.1: no room in hall
            07:00 s-1-1-2 is held up in hall.1: no room in hall
            09:00 hall has 2 slots
        "#]],
    );
}

#[test]
fn what_waits_for_a_place_that_opens_later_locks_up_when_it_has_opened() {
    // Asked for when it was closed, it is full of those that wait for the other when it opens.
    check_only(
        &["deadlock"],
        "3 d",
        r#"
[source.r]
every = "2 h"
first = "0 h"
convoy = 2
[place.p]
slots = 2
[place.w]
slots = 1
closed = [{ from = 2022-01-03T07:30:00, to = 2022-01-03T09:00:00 }]
[place.i]
slots = 1
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "1 h"
[[step]]
id = "inspect"
at = "i"
takes = "1 h"
pass = 0
again = { share = 1, from = "disinfect", at_most = 9 }
"#,
        expect![[r#"
            09:30 deadlock: w -> i
        "#]],
    );
}

#[test]
fn a_deadlock_is_found_when_what_was_broken_is_repaired() {
    // While the warehouse is broken somebody may yet be let in when it is repaired.
    check_only(
        &["deadlock", "repaired", "breaks", "held up"],
        "8 h",
        r#"
[source.r]
every = "2 h"
first = "0 h"
[place.p]
slots = 2
[place.w]
slots = 1
breaks = { every = "210 min", repair = "2 h" }
[place.i]
slots = 1
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "1 h"
[[step]]
id = "inspect"
at = "i"
takes = "3 h"
pass = 0
again = { share = 1, from = "disinfect", at_most = 9 }
"#,
        expect![[r#"
            09:00 r-2-1-1 is held up in w.1: no room in i
            09:30 w.1 breaks
            10:00 r-1-1-1 is held up in i.1: no room in w
            10:00 r-3-1-1 is held up in p.1: no room in w
            11:30 w.1 is repaired
            11:30 deadlock: w -> i
            12:00 r-4-1-1 is held up in p.1: no room in w
        "#]],
    );
}

#[test]
fn a_deadlock_is_found_when_the_last_that_could_move_has_left() {
    // The lot of the first source still rests in the hall, which has lost a slot, when those of the second wait for each other.
    check_only(
        &["deadlock", "released", "again", "has"],
        "12 h",
        r#"
[source.a]
every = "40 h"
first = "0 h"
[source.b]
every = "40 h"
first = "1 h"
convoy = 2
[place.p]
slots = 3
[place.w]
slots = 1
[place.i]
slots = 2
from = [{ date = 2022-01-03T10:00:00, slots = 1 }]
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "1 h"
[[step]]
id = "inspect"
at = "i"
takes = "1 h"
sources = "b"
pass = 0
again = { share = 1, from = "disinfect", at_most = 9 }
[[step]]
id = "rest"
does = "treat"
at = "i"
sources = "a"
takes = "5 h"
"#,
        expect![[r#"
            09:00 b-1-1-1 inspect: again
            10:00 i has 1 slots
            12:00 a-1-1-1 is released
            12:00 deadlock: w -> i
        "#]],
    );
}

#[test]
fn a_deadlock_is_found_when_the_last_that_could_move_departs() {
    // Without a listener a departure takes the lot by a way of its own.
    check_only(
        &["deadlock", "released", "again", "has"],
        "12 h",
        r#"
[source.a]
every = "40 h"
first = "0 h"
[source.b]
every = "40 h"
first = "1 h"
convoy = 2
[place.p]
slots = 3
[place.w]
slots = 1
[place.i]
slots = 2
from = [{ date = 2022-01-03T10:00:00, slots = 1 }]
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "1 h"
[[step]]
id = "inspect"
at = "i"
takes = "1 h"
sources = "b"
pass = 0
again = { share = 1, from = "disinfect", at_most = 9 }
[[step]]
id = "hold"
at = "i"
sources = "a"
takes = "2 h"
[[step]]
id = "dispatch"
at = "i"
sources = "a"
every = "6 h"
"#,
        expect![[r#"
            09:00 a-1-1-1 is released
            09:00 b-1-1-1 inspect: again
            10:00 i has 1 slots
            12:00 deadlock: w -> i
        "#]],
    );
}

#[test]
fn a_deadlock_is_found_when_the_last_that_could_move_goes_on_elsewhere() {
    // Without a listener the lot goes from one plain place to the other by a way of its own.
    check_only(
        &["deadlock", "released", "again", "has"],
        "12 h",
        r#"
[source.a]
every = "40 h"
first = "0 h"
[source.b]
every = "40 h"
first = "1 h"
convoy = 2
[place.p]
slots = 3
[place.w]
slots = 1
[place.i]
slots = 2
from = [{ date = 2022-01-03T10:00:00, slots = 1 }]
[place.j]
slots = 1
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "1 h"
[[step]]
id = "inspect"
at = "i"
takes = "1 h"
sources = "b"
pass = 0
again = { share = 1, from = "disinfect", at_most = 9 }
[[step]]
id = "rest"
does = "treat"
at = "i"
sources = "a"
takes = "5 h"
[[step]]
id = "air"
does = "treat"
at = "j"
sources = "a"
takes = "1 h"
"#,
        expect![[r#"
            09:00 b-1-1-1 inspect: again
            10:00 i has 1 slots
            12:00 deadlock: w -> i
            13:00 a-1-1-1 is released
        "#]],
    );
}

#[test]
fn slots_that_hold_what_others_need_are_part_of_a_circle() {
    // Both plugs are held by the gate, and the platform, which is empty, takes nobody without one.
    check_only(
        &["deadlock", "held up"],
        "12 h",
        r#"
[source.r]
every = "40 h"
first = "1 h"
convoy = 2
[place.gate]
slots = 3
holds = { plug = 1 }
[place.platform]
slots = 3
holds = { plug = 1 }
[equipment.plug]
count = 2
[[step]]
id = "check"
does = "handle"
at = "gate"
takes = "1 h"
[[step]]
id = "unload"
at = "platform"
"#,
        expect![[r#"
            08:00 r-1-1 is held up in gate.1: no plug is free
            08:00 r-1-2 is held up in gate.1: no plug is free
            08:00 deadlock: gate -> platform
        "#]],
    );
}

#[test]
fn a_place_that_holds_more_than_there_is_is_a_standstill_and_no_deadlock() {
    // The laboratory may send back to the platform, but what nobody can enter is no part of a circle.
    check_only(
        &["deadlock", "held up", "at the end"],
        "12 h",
        r#"
[source.r]
every = "40 h"
first = "1 h"
[place.platform]
slots = 1
[place.lab]
slots = 3
holds = { crane = 2 }
[equipment.crane]
count = 1
[[step]]
id = "unload"
at = "platform"
[[step]]
id = "dry"
does = "treat"
at = "platform"
[[step]]
id = "inspect"
at = "lab"
again = { share = 0.5, from = "dry" }
"#,
        expect![[r#"
            07:00 r-1-1-1 is held up in platform.1: no crane is free
            at the end 1 of inspect still wait since 07:00: no crane is free
        "#]],
    );
}

#[test]
fn the_reason_of_a_standstill_is_that_of_the_first_in_line() {
    // All three lots are ready in one instant; the first has the slot and lacks a plug, the others lack room.
    check_only(
        &["at the end"],
        "12 h",
        r#"
[source.r]
every = "40 h"
first = "1 h"
convoy = 3
[place.platform]
slots = 1
[place.shed]
slots = 1
needs = { plug = 2 }
[equipment.plug]
count = 1
[[step]]
id = "unload"
at = "platform"
[[step]]
id = "disinfect"
at = "shed"
"#,
        expect![[r#"
            at the end 1 of unload still wait since 07:00: no room in platform
            at the end 2 of disinfect still wait since 07:00: no plug is free
        "#]],
    );
}

#[test]
fn lots_kept_apart_from_each_others_vessels_may_lock_up() {
    // Vessels queue as `a`, nearly all lots are `b`: neither lot may take over the slot of its vessel beside the other vessel.
    check_only(
        &["deadlock", "held up"],
        "12 h",
        r#"
[goods]
a = { share = 0.0001, apart_from = "b" }
b = {}
[source.s]
route = "sea"
every = "40 h"
first = "0 h"
[source.t]
route = "sea"
every = "40 h"
first = "0 h"
[place.quay]
slots = 3
[[step]]
id = "unload"
at = "quay"
takes = "1 h"
[[step]]
id = "disinfect"
at = "quay"
takes = "2 h"
"#,
        expect![[r#"
            07:00 s-1-1-1 is held up in quay.1: goods to be kept apart are in quay
            07:00 t-1-1-1 is held up in quay.1: goods to be kept apart are in quay
            07:00 deadlock: quay
        "#]],
    );
}

#[test]
fn a_vehicle_that_waited_for_its_lots_and_then_for_its_washing_may_lock_up() {
    // The yard takes the second lot at 20:00. Its vehicle, held up since 07:00, is empty then and waits for the gate.
    check_only(
        &["deadlock", "held up", "is empty"],
        "1 d",
        r#"
[source.r]
every = "40 h"
first = "0 h"
convoy = 3
[place.gate]
slots = 1
[place.platform]
slots = 1
[place.yard]
slots = 1
[[step]]
id = "check"
at = "gate"
[[step]]
id = "unload"
at = "platform"
[[step]]
id = "hold"
at = "yard"
takes = "14 h"
[vehicle]
wash = "1 h"
wash_at = "gate"
"#,
        expect![[r#"
            06:00 r-1-1 is empty
            07:00 r-1-2-1 is held up in platform.1: no room in yard
            07:00 r-1-3 is held up in gate.1: no room in platform
            20:00 r-1-2 is empty
            20:00 r-1-2 is held up in platform.1: no room in gate
            20:00 deadlock: gate -> platform
        "#]],
    );
}
