//! Crews and equipment.

use expect_test::expect;

use super::{check, check_only, figures, trace, values};

const TWO_PLACES: &str = r#"
[goods]
big = {}
small = {}
[source.a]
every = "30 h"
first = "0 h"
goods = "small"
[source.b]
every = "30 h"
first = "10 min"
goods = "big"
[source.c]
every = "30 h"
first = "20 min"
goods = "small"
[place.p]
slots = 9
[equipment.crane]
count = 2
[[step]]
id = "unload"
at = "p"
goods = "small"
takes = "1 h"
needs = { crane = 1 }
[[step]]
id = "unload_big"
at = "p"
goods = "big"
takes = "1 h"
needs = { crane = 2 }
"#;

#[test]
fn all_that_is_needed_is_taken_at_once_or_nothing_and_nobody_is_overtaken() {
    // One crane is free when the big one comes: it takes none, and the small one behind it waits too.
    check_only(
        &["waits", "begins"],
        "4 h",
        TWO_PLACES,
        expect![[r#"
        06:00 a-1-1 begins to be unloaded
        06:10 b-1-1 waits for unload_big: no crane is free
        06:20 c-1-1 waits for unload: no crane is free
        07:00 b-1-1 begins to be unloaded
        08:00 c-1-1 begins to be unloaded
    "#]],
    );
}

#[test]
fn a_plug_is_held_as_long_as_the_slot() {
    check(
        "5 h",
        r#"
[source.r]
every = "20 h"
first = "0 h"
convoy = 2
[place.p]
slots = 5
holds = { plug = 1 }
[place.w]
slots = 1
[equipment.plug]
count = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[[step]]
id = "disinfect"
at = "w"
takes = "1 h"
"#,
        expect![[r#"
            06:00 r-1 sets out with 2
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-1 begins to be unloaded
            06:00 r-1-2 waits for unload: no plug is free
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
            08:00 r-1-1-1 ends disinfect
            08:00 r-1-1-1 is released
            08:00 lot r-1-2-1 (general) is off
            08:00 r-1-2-1 takes a slot in w.1
            08:00 r-1-2-1 begins disinfect
            08:00 r-1-2 is empty
            08:00 r-1-2 leaves p.1
            08:00 r-1-2 is washed
            08:00 r-1-2 goes home
            08:00 r-1-2 is home
            09:00 r-1-2-1 ends disinfect
            09:00 r-1-2-1 is released
        "#]],
    );
}

#[test]
fn with_fewer_cranes_the_work_begun_last_stops() {
    check_only(
        &["begins", "pauses", "goes on", "empty"],
        "6 h",
        r#"
[source.r]
every = "10 min"
first = "90 min"
convoy = 1
closed = [{ from = 2022-01-03T07:45:00, to = 2022-01-04T00:00:00 }]
[place.p]
slots = 9
[equipment.crane]
count = 2
from = [{ date = 2022-01-03T08:00:00, count = 1 }, { date = 2022-01-03T09:00:00, count = 2 }]
[[step]]
id = "unload"
at = "p"
takes = "1 h"
needs = { crane = 1 }
"#,
        expect![[r#"
            07:30 r-1-1 begins to be unloaded
            07:40 r-2-1 begins to be unloaded
            08:00 unload of r-2-1 pauses: no crane is free
            08:30 r-1-1 is empty
            08:30 unload of r-2-1 goes on
            09:10 r-2-1 is empty
        "#]],
    );
}

#[test]
fn a_breakdown_of_equipment_and_its_repair() {
    check_only(
        &["begins", "pauses", "goes on", "empty", "waits"],
        "6 h",
        r#"
[source.r]
every = "20 h"
first = "90 min"
convoy = 2
[place.p]
slots = 9
[equipment.crane]
count = 1
breaks = { every = "2 h", repair = "30 min" }
[[step]]
id = "unload"
at = "p"
takes = "45 min"
needs = { crane = 1 }
"#,
        expect![[r#"
            07:30 r-1-1 begins to be unloaded
            07:30 r-1-2 waits for unload: no crane is free
            08:00 unload of r-1-1 pauses: no crane is free
            08:30 unload of r-1-1 goes on
            08:45 r-1-1 is empty
            08:45 r-1-2 begins to be unloaded
            09:30 r-1-2 is empty
        "#]],
    );
}

#[test]
fn use_counts_over_the_time_on_shift() {
    figures(
        &["crew.gang.in_use.mean", "crew.gang.utilisation"],
        "24 h",
        r#"
[source.r]
every = "40 h"
first = "0 h"
[place.p]
slots = 1
crew = "gang"
[crew.gang]
count = 2
shift = "06:00-18:00"
[[step]]
id = "unload"
at = "p"
takes = "6 h"
"#,
        expect![[r#"
            crew.gang.in_use.mean = 0.25
            crew.gang.utilisation = 0.25
        "#]],
    );
}

#[test]
fn a_hold_takes_no_crew_and_gives_none_back() {
    // Asked for twice what one cleaner can do, whether place or step names the crew and where the hold leads.
    for (of_place, of_step, of_hold) in [
        ("crew = \"cleaner\"", "", ""),
        ("needs = { cleaner = 1 }", "", ""),
        ("", "crew = \"cleaner\"", ""),
        ("", "crew = \"cleaner\"", "crew = \"cleaner\""),
        ("crew = \"cleaner\"", "", "needs = { cleaner = 3 }"),
    ] {
        for after in [
            "",
            "[[step]]\nid = \"dispatch\"\nat = \"w\"\nevery = \"1 h\"\n",
            "[[step]]\nid = \"repack\"\nat = \"w\"\n",
        ] {
            if after.contains("repack") && !of_place.is_empty() {
                // Repacking would need the cleaner too.
                continue;
            }
            let toml = format!(
                r#"
[source.s]
every = "12 h"
[place.p]
slots = 4
[place.w]
slots = "unlimited"
{of_place}
[crew.cleaner]
count = 1
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "24 h"
{of_step}
[[step]]
id = "hold"
at = "w"
takes = "30 min"
{of_hold}
{after}"#
            );
            // The first begins after half a day, so that 19 are done in 20 days, and the last of them has been held.
            let values = values("20 d", &toml);
            assert_eq!(values["lots.dispatched"], 19.0, "{toml}");
            assert_eq!(values["crew.cleaner.in_use.mean"], 19.5 / 20.0, "{toml}");
            assert_eq!(values["crew.cleaner.utilisation"], 19.5 / 20.0, "{toml}");
        }
    }
}

#[test]
fn nobody_is_overtaken_in_line_for_two_resources() {
    // Whichever of the two a resource is counted first, the greater priority begins first when both become free.
    for (first, second) in [("gang", "crane"), ("crane", "gang")] {
        let toml = format!(
            r#"
[goods]
x = {{ priority = 1 }}
k = {{ priority = 1 }}
high = {{ priority = 2 }}
low = {{ priority = 0 }}
[source.x]
route = "road"
every = "99 h"
first = "0 h"
goods = "x"
[source.high]
route = "road"
every = "99 h"
first = "10 min"
goods = "high"
[source.k]
route = "road"
every = "99 h"
first = "20 min"
goods = "k"
[source.low]
route = "road"
every = "99 h"
first = "30 min"
goods = "low"
[place.dock]
slots = 9
[crew.{first}]
count = 2
[crew.{second}]
count = 1
[[step]]
id = "paint"
at = "dock"
does = "handle"
goods = "k"
takes = "10 h"
crew = "gang"
[[step]]
id = "unload"
at = "dock"
takes = {{ x = "2 h", high = "1 h", low = "1 h", k = "0 h" }}
except = "k"
needs = {{ gang = 1, crane = 1 }}
[[step]]
id = "unload_k"
at = "dock"
goods = "k"
takes = "0 h"
"#
        );
        let toml = if first == "crane" {
            toml.replace(
                "[crew.crane]\ncount = 2\n[crew.gang]\ncount = 1",
                "[crew.crane]\ncount = 1\n[crew.gang]\ncount = 2",
            )
        } else {
            toml
        };
        let begun: Vec<String> = trace("12 h", &toml)
            .lines()
            .filter(|line| line.contains("begins to be") && !line.contains("k-1-1"))
            .map(|line| line[..12].to_string())
            .collect();
        assert_eq!(
            begun,
            ["06:00 x-1-1 ", "08:00 high-1", "09:00 low-1-"],
            "{first}"
        );
    }
}

#[test]
fn what_the_first_in_line_does_not_lack_goes_to_those_behind() {
    // The big one lacks a second crane; a gang is free, and the painter needs nothing else.
    check_only(
        &["begins", "waits"],
        "4 h",
        r#"
[goods]
big = { priority = 1 }
plain = {}
paint = {}
[source.plain]
every = "99 h"
first = "0 h"
goods = "plain"
[source.big]
every = "99 h"
first = "10 min"
goods = "big"
[source.paint]
every = "99 h"
first = "20 min"
goods = "paint"
[source.late]
every = "99 h"
first = "30 min"
goods = "plain"
[place.p]
slots = 9
[crew.gang]
count = 3
[equipment.crane]
count = 2
[[step]]
id = "unload_plain"
at = "p"
goods = "plain"
takes = "2 h"
needs = { crane = 1, gang = 1 }
[[step]]
id = "unload_big"
at = "p"
goods = "big"
takes = "1 h"
needs = { crane = 2, gang = 1 }
[[step]]
id = "unload_paint"
at = "p"
goods = "paint"
takes = "1 h"
needs = { gang = 1 }
"#,
        expect![[r#"
            06:00 plain-1-1 begins to be unloaded
            06:10 big-1-1 waits for unload_big: no crane is free
            06:20 paint-1-1 begins to be unloaded
            06:30 late-1-1 waits for unload_plain: no crane is free
            08:00 big-1-1 begins to be unloaded
            09:00 late-1-1 begins to be unloaded
        "#]],
    );
}

fn failing(count: u32, from: &str, breaks: &str, kind: &str) -> String {
    format!(
        r#"
[source.s]
route = "road"
every = "999 h"
first = "0 h"
convoy = {count}
[place.p]
slots = 9
[{kind}.e]
count = {count}
from = [{from}]
breaks = {{ {breaks} }}
[[step]]
id = "unload"
at = "p"
takes = "30 h"
needs = {{ e = 1 }}
"#
    )
}

#[test]
fn an_item_that_is_taken_away_fails_no_more() {
    for kind in ["equipment", "crew"] {
        // One of two is taken away after an hour; the other works from 0 to 10, 15 to 25 and 30 to 40 h.
        let toml = failing(
            2,
            "{ date = 2022-01-03T07:00:00, count = 1 }",
            "every = \"10 h\", repair = \"5 h\"",
            kind,
        )
        .replace("convoy = 2", "convoy = 1");
        let values_of = values("100 h", &toml);
        assert_eq!(values_of["lots.time_in_gateway.mean"], 40.0);
        assert_eq!(values_of[&format!("{kind}.e.utilisation")], 30.0 / 71.0);
        // None is left while the only one is broken: whole and there from 0 to 10 h.
        let toml = failing(
            1,
            "{ date = 2022-01-04T06:00:00, count = 0 }",
            "every = \"10 h\", repair = \"30 h\"",
            kind,
        )
        .replace("takes = \"30 h\"", "takes = \"5 h\"");
        assert_eq!(
            values("100 h", &toml)[&format!("{kind}.e.utilisation")],
            0.5
        );
    }
}

#[test]
fn an_item_that_comes_later_fails_too() {
    // The first is whole from 0 to 10, 15 to 25, 30 to 40 and from 45 h on; the second an hour later each time. The first vehicle goes
    // before the second: it is worked on from 0 to 11, 15 to 26 and 30 to 38 h; the second from 1 to 10, 16 to 25, 31 to 41 and 45 to 47 h.
    let toml = failing(
        1,
        "{ date = 2022-01-03T07:00:00, count = 2 }",
        "every = \"10 h\", repair = \"5 h\"",
        "equipment",
    )
    .replace("convoy = 1", "convoy = 2");
    assert_eq!(values("100 h", &toml)["lots.time_in_gateway.mean"], 42.5);
}

#[test]
fn an_item_that_comes_back_has_a_new_clock() {
    // There from 0 to 4 h and from 6 h on: it fails at 16 h, 10 h after it came back. Broken when it is taken away at 18 h, it is
    // still being repaired when it comes back at 19 h, until 21 h.
    let toml = failing(
        1,
        "{ date = 2022-01-03T10:00:00, count = 0 }, { date = 2022-01-03T12:00:00, count = 1 }, \
         { date = 2022-01-04T00:00:00, count = 0 }, { date = 2022-01-04T01:00:00, count = 1 }",
        "every = \"10 h\", repair = \"5 h\"",
        "equipment",
    )
    .replace("takes = \"30 h\"", "takes = \"20 h\"");
    let values = values("100 h", &toml);
    // 4 h before 10:00, 10 h up to 16 h, 6 h from 21 h on.
    assert_eq!(values["lots.time_in_gateway.mean"], 27.0);
}

#[test]
fn overtime_is_no_use_above_one() {
    let values = values(
        "10 d",
        r#"
[source.s]
every = "24 h"
first = "2 h"
[place.p]
slots = 9
crew = "c"
[crew.c]
count = 1
shift = "08:00-16:00"
at_shift_end = "finish"
[[step]]
id = "unload"
at = "p"
takes = "10 h"
"#,
    );
    assert_eq!(values["crew.c.utilisation"], 1.0);
}

#[test]
fn there_may_be_hundreds_of_crews() {
    for n in [250, 251, 252, 255, 256, 300] {
        let crews: String = (0..=n)
            .map(|nth| format!("[crew.c{nth}]\ncount = 1\nshift = \"08:00-16:00\"\n"))
            .collect();
        let toml = format!(
            r#"
[source.s]
every = "99 d"
first = "1 h"
route = "road"
[place.p]
slots = 9
[[step]]
id = "unload"
at = "p"
takes = "12 h"
crew = "c{n}"
{crews}"#
        );
        let told = trace("5 d", &toml);
        assert!(told.contains(&format!("pauses: no c{n} is free")), "{told}");
        assert_eq!(values("5 d", &toml)["lots.time_in_gateway.mean"], 29.0);
    }
}
