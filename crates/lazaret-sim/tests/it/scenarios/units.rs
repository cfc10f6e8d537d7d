//! Units of a place: pools, one by one, groups, goods kept apart, failures.

use expect_test::expect;

use super::{check, check_only, figures, values};

fn places(fill: &str) -> String {
    format!(
        r#"
[source.r]
every = "90 min"
first = "0 h"
convoy = 3
[place.p]
count = 2
slots = 4
fill = "{fill}"
[[step]]
id = "unload"
at = "p"
takes = "2 h"
"#
    )
}

#[test]
fn a_pool_takes_any_free_slot_and_a_trace_names_the_emptiest_unit() {
    check_only(
        &["arrives", "takes", "waits"],
        "2 h",
        &places("pool"),
        expect![[r#"
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 takes a slot in p.2
            06:00 r-1-3 takes a slot in p.1
            07:30 r-2 arrives
            07:30 r-2-1 takes a slot in p.2
            07:30 r-2-2 takes a slot in p.1
            07:30 r-2-3 takes a slot in p.2
        "#]],
    );
}

#[test]
fn units_fill_one_by_one() {
    check_only(
        &["arrives", "takes", "waits"],
        "2 h",
        &places("one_by_one"),
        expect![[r#"
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 takes a slot in p.1
            06:00 r-1-3 takes a slot in p.1
            07:30 r-2 arrives
            07:30 r-2-1 takes a slot in p.1
            07:30 r-2-2 takes a slot in p.2
            07:30 r-2-3 takes a slot in p.2
        "#]],
    );
}

#[test]
fn a_unit_takes_one_group_at_a_time() {
    // Each convoy of three gets a unit of four to itself; the third waits until one is empty.
    check_only(
        &["arrives", "takes", "waits", "leaves"],
        "5 h",
        r#"
[source.r]
every = "30 min"
first = "0 h"
convoy = 3
closed = [{ from = 2022-01-03T07:15:00, to = 2022-01-04T00:00:00 }]
[place.p]
count = 2
slots = 4
fill = "groups"
[[step]]
id = "unload"
at = "p"
takes = "2 h"
"#,
        expect![[r#"
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 takes a slot in p.1
            06:00 r-1-3 takes a slot in p.1
            06:30 r-2 arrives
            06:30 r-2-1 takes a slot in p.2
            06:30 r-2-2 takes a slot in p.2
            06:30 r-2-3 takes a slot in p.2
            07:00 r-3 arrives
            07:00 r-3-1 waits for unload: no room in p
            07:00 r-3-2 waits for unload: no room in p
            07:00 r-3-3 waits for unload: no room in p
            08:00 r-1-1 leaves p.1
            08:00 r-1-2 leaves p.1
            08:00 r-1-3 leaves p.1
            08:00 r-3-1 takes a slot in p.1
            08:00 r-3-2 takes a slot in p.1
            08:00 r-3-3 takes a slot in p.1
            08:30 r-2-1 leaves p.2
            08:30 r-2-2 leaves p.2
            08:30 r-2-3 leaves p.2
            10:00 r-3-1 leaves p.1
            10:00 r-3-2 leaves p.1
            10:00 r-3-3 leaves p.1
        "#]],
    );
}

#[test]
fn a_convoy_too_long_for_a_unit_is_split() {
    check_only(
        &["takes", "waits"],
        "1 h",
        r#"
[source.r]
every = "20 h"
first = "0 h"
convoy = 5
[place.p]
count = 2
slots = 3
fill = "groups"
[[step]]
id = "unload"
at = "p"
takes = "2 h"
"#,
        expect![[r#"
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 takes a slot in p.1
            06:00 r-1-3 takes a slot in p.1
            06:00 r-1-4 takes a slot in p.2
            06:00 r-1-5 takes a slot in p.2
        "#]],
    );
}

const APART: &str = r#"
[goods]
seed = { apart_from = "salt" }
salt = {}
[source.a]
every = "30 h"
first = "0 h"
convoy = 1
goods = "seed"
[source.b]
every = "30 h"
first = "10 min"
convoy = 1
goods = "salt"
[source.c]
every = "30 h"
first = "20 min"
convoy = 1
goods = "seed"
[place.p]
count = 1
slots = 2
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#;

#[test]
fn goods_kept_apart_wait_until_the_others_are_gone_and_let_those_behind_pass() {
    check_only(
        &["takes", "waits"],
        "4 h",
        APART,
        expect![[r#"
        06:00 a-1-1 takes a slot in p.1
        06:10 b-1-1 waits for unload: goods to be kept apart are in p
        06:20 c-1-1 waits for unload: no room in p
        06:20 c-1-1 takes a slot in p.1
        07:20 b-1-1 takes a slot in p.1
    "#]],
    );
}

#[test]
fn with_a_second_unit_they_need_not_wait() {
    check_only(
        &["takes", "waits"],
        "4 h",
        &APART.replace("count = 1\nslots", "count = 2\nslots"),
        expect![[r#"
            06:00 a-1-1 takes a slot in p.1
            06:10 b-1-1 takes a slot in p.2
            06:20 c-1-1 takes a slot in p.1
        "#]],
    );
}

#[test]
fn a_broken_unit_pauses_its_work_and_takes_nobody() {
    // Both units break after two hours, for one hour.
    check(
        "6 h",
        r#"
[source.r]
every = "150 min"
first = "90 min"
convoy = 1
[place.p]
count = 1
slots = 2
breaks = { every = "2 h", repair = "1 h" }
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            07:30 r-1 sets out with 1
            07:30 r-1 arrives
            07:30 r-1-1 takes a slot in p.1
            07:30 r-1-1 begins to be unloaded
            08:00 p.1 breaks
            08:00 unload of r-1-1 pauses: p is broken
            09:00 p.1 is repaired
            09:00 unload of r-1-1 goes on
            09:30 lot r-1-1-1 (general) is off
            09:30 r-1-1-1 is released
            09:30 r-1-1 is empty
            09:30 r-1-1 leaves p.1
            09:30 r-1-1 is washed
            09:30 r-1-1 goes home
            09:30 r-1-1 is home
            10:00 r-2 sets out with 1
            10:00 r-2 arrives
            10:00 r-2-1 takes a slot in p.1
            10:00 r-2-1 begins to be unloaded
            11:00 p.1 breaks
            11:00 lot r-2-1-1 (general) is off
            11:00 r-2-1-1 is released
            11:00 r-2-1 is empty
            11:00 r-2-1 leaves p.1
            11:00 r-2-1 is washed
            11:00 r-2-1 goes home
            11:00 r-2-1 is home
            12:00 p.1 is repaired
        "#]],
    );
}

#[test]
fn capacity_follows_the_calendar_and_nobody_is_thrown_out() {
    check_only(
        &["takes", "waits", "has", "leaves"],
        "8 h",
        r#"
[source.r]
every = "20 h"
first = "0 h"
convoy = 5
[place.p]
slots = 3
from = [{ date = 2022-01-03T07:00:00, slots = 1 }, { date = 2022-01-03T09:00:00, slots = 2 }]
[[step]]
id = "unload"
at = "p"
takes = "2 h"
"#,
        expect![[r#"
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 takes a slot in p.1
            06:00 r-1-3 takes a slot in p.1
            06:00 r-1-4 waits for unload: no room in p
            06:00 r-1-5 waits for unload: no room in p
            07:00 p has 1 slots
            08:00 r-1-1 leaves p.1
            08:00 r-1-2 leaves p.1
            08:00 r-1-3 leaves p.1
            08:00 r-1-4 takes a slot in p.1
            09:00 p has 2 slots
            09:00 r-1-5 takes a slot in p.1
            10:00 r-1-4 leaves p.1
            11:00 r-1-5 leaves p.1
        "#]],
    );
}

#[test]
fn a_unit_that_comes_later_fails_from_then_on() {
    check_only(
        &["breaks", "repaired", "has"],
        "30 h",
        r#"
[source.r]
every = "99 h"
first = "0 h"
[place.p]
slots = 1
count = 1
from = [{ date = 2022-01-03T09:00:00, count = 2 }, { date = 2022-01-03T18:00:00, count = 1 }]
breaks = { every = "5 h", repair = "1 h" }
[[step]]
id = "unload"
at = "p"
takes = "40 min"
"#,
        expect![[r#"
            09:00 p has 2 slots
            11:00 p.1 breaks
            12:00 p.1 is repaired
            14:00 p.2 breaks
            15:00 p.2 is repaired
            17:00 p.1 breaks
            18:00 p has 1 slots
            18:00 p.1 is repaired
            23:00 p.1 breaks
            +1d 00:00 p.1 is repaired
            +1d 05:00 p.1 breaks
            +1d 06:00 p.1 is repaired
            +1d 11:00 p.1 breaks
            +1d 12:00 p.1 is repaired
        "#]],
    );
}

#[test]
fn a_unit_that_is_taken_away_while_it_is_broken_is_repaired() {
    // What stands in it waits for the repair.
    check_only(
        &["breaks", "repaired", "has", "pauses", "goes on", "empty"],
        "30 h",
        r#"
[source.r]
every = "99 h"
first = "0 h"
convoy = 2
[place.p]
slots = 1
count = 2
from = [{ date = 2022-01-03T09:00:00, count = 1 }]
breaks = { every = "2 h", repair = "3 h" }
[[step]]
id = "unload"
at = "p"
takes = "3 h"
"#,
        expect![[r#"
            08:00 p.1 breaks
            08:00 p.2 breaks
            08:00 unload of r-1-2 pauses: p is broken
            08:00 unload of r-1-1 pauses: p is broken
            09:00 p has 1 slots
            11:00 p.1 is repaired
            11:00 p.2 is repaired
            11:00 unload of r-1-1 goes on
            11:00 unload of r-1-2 goes on
            12:00 r-1-1 is empty
            12:00 r-1-2 is empty
            13:00 p.1 breaks
            16:00 p.1 is repaired
            18:00 p.1 breaks
            21:00 p.1 is repaired
            23:00 p.1 breaks
            +1d 02:00 p.1 is repaired
            +1d 04:00 p.1 breaks
            +1d 07:00 p.1 is repaired
            +1d 09:00 p.1 breaks
            +1d 12:00 p.1 is repaired
        "#]],
    );
}

#[test]
fn a_place_may_be_full_by_a_cut_of_its_capacity() {
    let values = values(
        "10 h",
        r#"
[source.r]
every = "99 h"
first = "0 h"
convoy = 2
[place.p]
slots = 3
from = [{ date = 2022-01-03T14:00:00, slots = 2 }]
[[step]]
id = "unload"
at = "p"
takes = "20 h"
"#,
    );
    assert_eq!(values["place.p.first_full"], 8.0);
    assert_eq!(values["place.p.full"], 0.2);
}

#[test]
fn what_a_place_had_before_a_change_at_the_start_was_never_there() {
    figures(
        &["place.p.first_full", "place.p.occupancy.max"],
        "20 h",
        r#"
[source.r]
every = "40 h"
first = "1 h"
[place.p]
count = 0
slots = 2
from = [{ date = 2022-01-03T06:00:00, count = 1 }]
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            place.p.first_full = NaN
            place.p.occupancy.max = 1
        "#]],
    );
}
