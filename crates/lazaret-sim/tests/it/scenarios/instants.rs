//! What happens in one and the same instant.

use expect_test::expect;

use super::{check_only, values};

#[test]
fn a_place_and_its_crew_open_at_one_instant() {
    // Whoever opens first, the one that has waited longer and has the greater priority gets the gang.
    let toml = |shed: &str, gang: &str| {
        format!(
            r#"
[goods]
first = {{ priority = 1 }}
last = {{ priority = 0 }}
[source.first]
route = "road"
every = "99 d"
first = "0 h"
goods = "first"
[source.last]
route = "road"
every = "99 d"
first = "15 h"
goods = "last"
[place.dock]
slots = 9
[place.shed]
slots = 1
shift = "08:00-{shed}"
[crew.gang]
count = 1
shift = "08:00-{gang}"
[[step]]
id = "check"
at = "shed"
does = "handle"
goods = "first"
takes = "12 h"
crew = "gang"
[[step]]
id = "unload"
at = "dock"
takes = {{ last = "9 h", first = "0 h" }}
needs = {{ gang = 1 }}
"#
        )
    };
    for (shed, gang) in [("20:00", "18:00"), ("18:00", "20:00"), ("18:00", "18:00")] {
        let begun: Vec<String> = super::trace("2 d", &toml(shed, gang))
            .lines()
            .filter(|line| {
                line.contains("+1d 08:00") && (line.contains("begins") || line.contains("goes on"))
            })
            .map(str::to_string)
            .collect();
        assert_eq!(
            begun,
            ["+1d 08:00 check of first-1-1 goes on"],
            "{shed} {gang}"
        );
    }
}

#[test]
fn of_two_places_that_open_at_one_instant_the_greater_priority_gets_the_crew() {
    check_only(
        &["begins", "waits"],
        "5 h",
        r#"
[goods]
high = { priority = 1 }
low = { priority = 0 }
[source.low]
route = "road"
every = "99 d"
first = "0 h"
goods = "low"
[source.high]
route = "road"
every = "99 d"
first = "30 min"
goods = "high"
[place.a]
slots = 1
shift = "08:00-20:00"
[place.b]
slots = 1
shift = "08:00-20:00"
[crew.gang]
count = 1
[[step]]
id = "unload_low"
at = "a"
goods = "low"
takes = "1 h"
crew = "gang"
[[step]]
id = "unload_high"
at = "b"
goods = "high"
takes = "1 h"
crew = "gang"
"#,
        expect![[r#"
            06:00 low-1-1 waits for unload_low: a is closed
            06:30 high-1-1 waits for unload_high: b is closed
            08:00 high-1-1 begins to be unloaded
            08:00 low-1-1 waits for unload_low: no gang is free
            09:00 low-1-1 begins to be unloaded
        "#]],
    );
}

fn shift_of_eight_hours(place: &str, crew: &str) -> String {
    format!(
        r#"
[source.r]
every = "99 d"
first = "2 h"
[place.p]
slots = 1
{place}
[place.w]
slots = 1
[crew.gang]
count = 2
{crew}
[[step]]
id = "unload"
at = "p"
takes = "8 h"
needs = {{ gang = 2 }}
[[step]]
id = "repack"
at = "p"
takes = "1 h"
needs = {{ gang = 1 }}
"#
    )
}

#[test]
fn work_that_ends_with_the_shift_has_ended() {
    check_only(
        &["pauses", "off", "begins", "goes on", "ends", "waits"],
        "2 d",
        &shift_of_eight_hours("", "shift = \"08:00-16:00\""),
        expect![[r#"
            08:00 r-1-1 begins to be unloaded
            16:00 gang goes off shift
            16:00 lot r-1-1-1 (general) is off
            16:00 r-1-1-1 waits for repack: no gang is free
            +1d 08:00 r-1-1-1 begins repack
            +1d 09:00 r-1-1-1 ends repack
            +1d 16:00 gang goes off shift
        "#]],
    );
    let overtime = shift_of_eight_hours("", "shift = \"08:00-16:00\"\nat_shift_end = \"finish\"");
    assert_eq!(values("4 d", &overtime)["lots.time_in_gateway.mean"], 25.0);
}

#[test]
fn so_has_work_that_ends_when_its_place_closes_or_breaks() {
    for (place, crew, hours) in [
        ("shift = \"08:00-16:00\"", "", 25.0),
        (
            "closed = [{ from = 2022-01-03T16:00:00, to = 2022-01-03T18:00:00 }]",
            "",
            11.0,
        ),
        // The unit is broken from 16:00 to 16:30, and then after ten more hours.
        (
            "breaks = { every = \"10 h\", repair = \"30 min\" }",
            "",
            9.5,
        ),
        (
            "",
            "breaks = { every = \"10 h\", repair = \"30 min\" }",
            9.5,
        ),
        (
            "",
            "from = [{ date = 2022-01-03T16:00:00, count = 1 }]",
            9.0,
        ),
        (
            "",
            "from = [{ date = 2022-01-03T16:00:00, count = 0 }, { date = 2022-01-03T17:00:00, count = 1 }]",
            10.0,
        ),
    ] {
        let values = values("4 d", &shift_of_eight_hours(place, crew));
        assert_eq!(values["lots.time_in_gateway.mean"], hours, "{place} {crew}");
        assert_eq!(values["step.unload.paused.mean"], 0.0, "{place} {crew}");
    }
}

#[test]
fn work_a_second_too_long_is_stopped_all_the_same() {
    let toml = shift_of_eight_hours("", "shift = \"08:00-16:00\"").replace("8 h", "28801 s");
    let values = values("4 d", &toml);
    assert_eq!(values["step.unload.paused.mean"], 16.0);
}

#[test]
fn work_that_ends_makes_room_for_none_of_it_to_be_stopped() {
    // Of two who are at work when one crane goes, one ends just then: the other goes on.
    check_only(
        &["pauses", "empty"],
        "6 h",
        r#"
[source.a]
every = "99 d"
first = "0 h"
[source.b]
every = "99 d"
first = "1 h"
[place.p]
slots = 9
[equipment.crane]
count = 2
from = [{ date = 2022-01-03T08:00:00, count = 1 }]
[[step]]
id = "unload"
at = "p"
takes = "2 h"
needs = { crane = 1 }
"#,
        expect![[r#"
            08:00 a-1-1 is empty
            09:00 b-1-1 is empty
        "#]],
    );
}

#[test]
fn all_vehicles_of_a_convoy_have_arrived_before_the_first_moves() {
    // Each is gone in the instant in which it arrives, and yet all three were there.
    let toml = "[source.r]\nevery = \"40 h\"\nfirst = \"0 h\"\nconvoy = 3\n[place.p]\nslots = 1\n\
                [[step]]\nid = \"unload\"\nat = \"p\"\n";
    let values = values("20 h", toml);
    assert_eq!(values["lots.in_gateway.max"], 3.0);
    assert_eq!(values["lots.dispatched"], 3.0);
}

#[test]
fn vehicles_of_one_convoy_take_their_turns_in_their_order() {
    check_only(
        &["is off"],
        "20 h",
        r#"
[source.r]
every = "40 h"
first = "0 h"
convoy = 2
lots = 3
[place.p]
slots = 2
[[step]]
id = "unload"
at = "p"
each = "lot"
at_once = 1
"#,
        expect![[r#"
            06:00 lot r-1-1-1 (general) is off
            06:00 lot r-1-2-1 (general) is off
            06:00 lot r-1-1-2 (general) is off
            06:00 lot r-1-2-2 (general) is off
            06:00 lot r-1-1-3 (general) is off
            06:00 lot r-1-2-3 (general) is off
        "#]],
    );
}
