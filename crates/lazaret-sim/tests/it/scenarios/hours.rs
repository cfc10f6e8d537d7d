//! Hours, shifts and closures.

use expect_test::expect;

use super::{check, check_only};

const SHIFT: &str = r#"
[source.r]
every = "20 h"
first = "0 h"
convoy = 2
[place.p]
slots = 1
shift = "07:00-09:00"
[[step]]
id = "unload"
at = "p"
takes = "90 min"
"#;

#[test]
fn work_pauses_while_its_place_is_closed_and_nobody_enters() {
    check(
        "28 h",
        SHIFT,
        expect![[r#"
        06:00 r-1 sets out with 2
        06:00 r-1 arrives
        06:00 r-1-1 waits for unload: p is closed
        06:00 r-1-2 waits for unload: p is closed
        07:00 p.1 opens
        07:00 r-1-1 takes a slot in p.1
        07:00 r-1-1 begins to be unloaded
        08:30 lot r-1-1-1 (general) is off
        08:30 r-1-1-1 is released
        08:30 r-1-1 is empty
        08:30 r-1-1 leaves p.1
        08:30 r-1-2 takes a slot in p.1
        08:30 r-1-2 begins to be unloaded
        08:30 r-1-1 is washed
        08:30 r-1-1 goes home
        08:30 r-1-1 is home
        09:00 p.1 closes: off shift
        09:00 unload of r-1-2 pauses: p is closed
        +1d 02:00 r-2 sets out with 2
        +1d 02:00 r-2 arrives
        +1d 02:00 r-2-1 waits for unload: p is closed
        +1d 02:00 r-2-2 waits for unload: p is closed
        +1d 07:00 p.1 opens
        +1d 07:00 unload of r-1-2 goes on
        +1d 08:00 lot r-1-2-1 (general) is off
        +1d 08:00 r-1-2-1 is released
        +1d 08:00 r-1-2 is empty
        +1d 08:00 r-1-2 leaves p.1
        +1d 08:00 r-2-1 takes a slot in p.1
        +1d 08:00 r-2-1 begins to be unloaded
        +1d 08:00 r-1-2 is washed
        +1d 08:00 r-1-2 goes home
        +1d 08:00 r-1-2 is home
        +1d 09:00 p.1 closes: off shift
        +1d 09:00 unload of r-2-1 pauses: p is closed
    "#]],
    );
}

#[test]
fn a_closure_has_a_reason() {
    check_only(
        &["closes", "opens", "pauses", "goes on"],
        "6 h",
        r#"
[source.r]
every = "20 h"
first = "0 h"
[place.p]
slots = 1
closed = [{ from = 2022-01-03T06:30:00, to = 2022-01-03T08:00:00, why = "flood" }]
[[step]]
id = "unload"
at = "p"
takes = "1 h"
"#,
        expect![[r#"
            06:30 p.1 closes: flood
            06:30 unload of r-1-1 pauses: p is closed
            08:00 p.1 opens
            08:00 unload of r-1-1 goes on
        "#]],
    );
}

#[test]
fn a_hold_is_no_work_and_runs_on() {
    check_only(
        &["hold", "closes", "opens", "released"],
        "7 h",
        r#"
[source.r]
every = "20 h"
first = "0 h"
[place.p]
slots = 1
[place.y]
slots = 1
closed = [{ from = 2022-01-03T07:00:00, to = 2022-01-03T09:00:00, why = "storm" }]
[[step]]
id = "unload"
at = "p"
takes = "30 min"
[[step]]
id = "hold"
at = "y"
takes = "1 h"
"#,
        expect![[r#"
            06:30 hold of r-1-1-1 begins, until 07:30
            07:00 y.1 closes: storm
            07:30 hold of r-1-1-1 ends
            07:30 r-1-1-1 is released
            09:00 y.1 opens
        "#]],
    );
}

fn crew(at_shift_end: &str) -> String {
    format!(
        r#"
[source.r]
every = "20 h"
first = "0 h"
convoy = 2
[place.p]
slots = 2
crew = "gang"
[crew.gang]
count = 1
shift = "06:00-08:00"
at_shift_end = "{at_shift_end}"
[[step]]
id = "unload"
at = "p"
takes = "90 min"
"#
    )
}

#[test]
fn a_shift_ends_and_work_goes_on_in_the_next() {
    check(
        "28 h",
        &crew("pause"),
        expect![[r#"
            06:00 r-1 sets out with 2
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 takes a slot in p.1
            06:00 r-1-1 begins to be unloaded
            06:00 r-1-2 waits for unload: no gang is free
            07:30 lot r-1-1-1 (general) is off
            07:30 r-1-1-1 is released
            07:30 r-1-1 is empty
            07:30 r-1-1 leaves p.1
            07:30 r-1-2 begins to be unloaded
            07:30 r-1-1 is washed
            07:30 r-1-1 goes home
            07:30 r-1-1 is home
            08:00 gang goes off shift
            08:00 unload of r-1-2 pauses: no gang is free
            +1d 02:00 r-2 sets out with 2
            +1d 02:00 r-2 arrives
            +1d 02:00 r-2-1 takes a slot in p.1
            +1d 02:00 r-2-2 waits for unload: no room in p
            +1d 02:00 r-2-1 waits for unload: no gang is free
            +1d 06:00 gang comes on shift
            +1d 06:00 unload of r-1-2 goes on
            +1d 07:00 lot r-1-2-1 (general) is off
            +1d 07:00 r-1-2-1 is released
            +1d 07:00 r-1-2 is empty
            +1d 07:00 r-1-2 leaves p.1
            +1d 07:00 r-2-2 takes a slot in p.1
            +1d 07:00 r-2-1 begins to be unloaded
            +1d 07:00 r-2-2 waits for unload: no gang is free
            +1d 07:00 r-1-2 is washed
            +1d 07:00 r-1-2 goes home
            +1d 07:00 r-1-2 is home
            +1d 08:00 gang goes off shift
            +1d 08:00 unload of r-2-1 pauses: no gang is free
        "#]],
    );
}

#[test]
fn or_work_is_finished_first_and_none_is_begun() {
    check(
        "28 h",
        &crew("finish"),
        expect![[r#"
            06:00 r-1 sets out with 2
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-2 takes a slot in p.1
            06:00 r-1-1 begins to be unloaded
            06:00 r-1-2 waits for unload: no gang is free
            07:30 lot r-1-1-1 (general) is off
            07:30 r-1-1-1 is released
            07:30 r-1-1 is empty
            07:30 r-1-1 leaves p.1
            07:30 r-1-2 begins to be unloaded
            07:30 r-1-1 is washed
            07:30 r-1-1 goes home
            07:30 r-1-1 is home
            08:00 gang goes off shift
            09:00 lot r-1-2-1 (general) is off
            09:00 r-1-2-1 is released
            09:00 r-1-2 is empty
            09:00 r-1-2 leaves p.1
            09:00 r-1-2 is washed
            09:00 r-1-2 goes home
            09:00 r-1-2 is home
            +1d 02:00 r-2 sets out with 2
            +1d 02:00 r-2 arrives
            +1d 02:00 r-2-1 takes a slot in p.1
            +1d 02:00 r-2-2 takes a slot in p.1
            +1d 02:00 r-2-1 waits for unload: no gang is free
            +1d 02:00 r-2-2 waits for unload: no gang is free
            +1d 06:00 gang comes on shift
            +1d 06:00 r-2-1 begins to be unloaded
            +1d 07:30 lot r-2-1-1 (general) is off
            +1d 07:30 r-2-1-1 is released
            +1d 07:30 r-2-1 is empty
            +1d 07:30 r-2-1 leaves p.1
            +1d 07:30 r-2-2 begins to be unloaded
            +1d 07:30 r-2-1 is washed
            +1d 07:30 r-2-1 goes home
            +1d 07:30 r-2-1 is home
            +1d 08:00 gang goes off shift
            +1d 09:00 lot r-2-2-1 (general) is off
            +1d 09:00 r-2-2-1 is released
            +1d 09:00 r-2-2 is empty
            +1d 09:00 r-2-2 leaves p.1
            +1d 09:00 r-2-2 is washed
            +1d 09:00 r-2-2 goes home
            +1d 09:00 r-2-2 is home
        "#]],
    );
}

#[test]
fn crews_rest_on_holidays() {
    let toml = crew("pause");
    let toml = format!("holidays = [2022-01-04]\n{toml}");
    check_only(
        &["shift"],
        "60 h",
        &toml,
        expect![[r#"
        08:00 gang goes off shift
        +2d 06:00 gang comes on shift
        +2d 08:00 gang goes off shift
    "#]],
    );
}

fn closed_source(rule: &str) -> String {
    format!(
        r#"
[source.r]
every = "2 h"
first = "0 h"
closed = [{{ from = 2022-01-03T07:00:00, to = 2022-01-03T11:00:00, why = "fog" }}]
{rule}
[place.p]
slots = 9
[[step]]
id = "unload"
at = "p"
"#
    )
}

#[test]
fn what_is_due_in_a_closure_does_not_run() {
    check_only(
        &["sets out", "does not"],
        "7 h",
        &closed_source(""),
        expect![[r#"
            06:00 r-1 sets out with 1
            08:00 a convoy from r does not run: closed: fog
            10:00 a convoy from r does not run: closed: fog
            12:00 r-4 sets out with 1
        "#]],
    );
}

#[test]
fn or_one_waits_for_the_end_of_it() {
    check_only(
        &["sets out", "does not"],
        "7 h",
        &closed_source("when_closed = \"wait\""),
        expect![[r#"
            06:00 r-1 sets out with 1
            10:00 a convoy from r does not run: closed: fog
            11:00 r-2 sets out with 1
            12:00 r-4 sets out with 1
        "#]],
    );
}

#[test]
fn timetables_are_local_to_their_zone() {
    // 16:00 in Shanghai is 08:00 UTC; 3 January 2022 is a Monday.
    check_only(
        &["sets out"],
        "60 h",
        r#"
[source.r]
timetable = { days = "Tue-Wed", times = ["16:00", "20:00"], zone = "Asia/Shanghai" }
[place.p]
slots = 9
[[step]]
id = "unload"
at = "p"
"#,
        expect![[r#"
            +1d 08:00 r-1 sets out with 1
            +1d 12:00 r-2 sets out with 1
            +2d 08:00 r-3 sets out with 1
            +2d 12:00 r-4 sets out with 1
        "#]],
    );
}

#[test]
fn a_source_opens_when_the_last_of_overlapping_closures_ends() {
    // The convoy that waits since 08:00 leaves before the one that is due when the source opens: its leaving was scheduled first.
    check_only(
        &["sets out", "does not run"],
        "2 d",
        r#"
[source.r]
timetable = { times = ["08:00", "20:00"] }
closed = [
    { from = 2022-01-03T07:00:00, to = 2022-01-04T12:00:00 },
    { from = 2022-01-03T07:30:00, to = 2022-01-04T20:00:00 },
]
when_closed = "wait"
[place.p]
slots = 9
[[step]]
id = "unload"
at = "p"
"#,
        expect![[r#"
            20:00 a convoy from r does not run: closed: 
            +1d 08:00 a convoy from r does not run: closed: 
            +1d 20:00 r-1 sets out with 1
            +1d 20:00 r-4 sets out with 1
        "#]],
    );
}
