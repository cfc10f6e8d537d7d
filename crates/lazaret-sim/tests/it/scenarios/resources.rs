//! Crews and equipment.

use expect_test::expect;

use super::{check, check_only, figures, values};

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
