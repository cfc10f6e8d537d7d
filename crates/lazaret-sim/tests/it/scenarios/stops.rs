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
